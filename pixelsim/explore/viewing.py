"""Who sees what on a day, as pure functions: a run cut off at an instant, and what a viewer reads of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.base.clock import days
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.control.timeline import Timeline
from pixelsim.measure import viewers_of
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.history import History
from pixelsim.sharing.visibility import ApiRelation, Label, account_may_see, api_relation, label
from pixelsim.show.digits import NO_ACCESS, count
from pixelsim.show.names import Names
from pixelsim.study.run import Run

__all__ = ["View", "as_of", "view"]


def as_of(run: Run, at: int) -> Run:
    """Give a run as it stood at an instant: what was done and measured by then, and nothing of what came later.

    Parameters
    ----------
    run
        The whole run; it is not changed.
    at
        Milliseconds since the scenario's start; actions of that very instant are done, events of it are not yet there.

    Raises
    ------
    InputError
        The instant is before the start or after the end.
    """
    simulation, scenario = run.simulation, run.scenario
    if not 0 <= at <= scenario.length:
        raise InputError.single(
            "as_of", field="at", value=at, rule=f"between 0 and {scenario.length} ms", remedy="choose a day of the run"
        )
    history = History(scenario.structure.world(), scenario.rulebook)
    for record in simulation.history.records:
        if record.at <= at:
            history.attempt(record.action, record.at, record.note)
    log, claims, orders = simulation.log, simulation.claims, simulation.orders
    clock, accounts = scenario.clock, simulation.history.now.ad_accounts
    names, number = simulation.numbering.accounts, simulation.numbering.group_account
    offsets = {i: accounts[name].utc_offset for i, name in enumerate(names)}
    borders = {i: int(clock.day_index(np.array([at]), offset)[0]) for i, offset in offsets.items()}
    firsts = {i: int(clock.day_index(np.array([0]), offset)[0]) for i, offset in offsets.items()}
    shown = tuple(
        part for part in simulation.shown if firsts[number[part.ad_group]] + part.day < borders[number[part.ad_group]]
    )
    cut = dataclasses.replace(
        simulation,
        history=history,
        timeline=Timeline(history),
        log_parts=(log.take(log.at < at),),
        claim_parts=(claims.take(claims.at < at),),
        orders=orders.take(orders.at < at),
        shown=shown,
    )
    return Run(cut)


@dataclass(frozen=True, slots=True)
class View:
    """What one viewer sees of one pixel at one instant.

    Parameters
    ----------
    viewer, account, pixel
        Who looks, from which ad account, at which pixel (ids).
    at
        Milliseconds since the scenario's start.
    label, relation
        Label in Events Manager (R19), and the API's relation.
    decision
        Whether Events Manager shows the pixel (R17, R20).
    metrics
        One row for each surface, metric and object; columns ``surface``, ``metric``, ``rule``, ``object`` (by name)
        and one for each standard event, Int64, missing without access.
    """

    viewer: str
    account: str
    pixel: str
    at: int
    label: Label
    relation: ApiRelation
    decision: Decision
    metrics: pd.DataFrame

    def cells(self) -> list[list[str]]:
        """Give the metrics as texts: counts, and "no access" where there is nothing to read."""
        return [
            [
                str(row["surface"]),
                str(row["metric"]),
                str(row["rule"]),
                str(row["object"]),
                *(NO_ACCESS if pd.isna(row[event]) else count(int(row[event])) for event in EVENT_NAMES),
            ]
            for _, row in self.metrics.iterrows()
        ]


def view(run: Run, viewer: str, day: float, pixel: str | None = None) -> View:
    """Give what a viewer sees at the beginning of a day of a run.

    Parameters
    ----------
    run
        The whole run.
    viewer
        Name of a viewer of the scenario, or the id of an ad account where it names none.
    day
        Days since the scenario's start, between 0 and its length.
    pixel
        Code of the pixel; the first one by default.

    Raises
    ------
    UnknownNameError
        There is no such viewer or pixel.
    InputError
        The day is outside the run.
    """
    at = days(day)
    account = viewers_of(run.simulation, viewer)[0].account
    pixels = run.simulation.numbering.pixels
    code = pixels[0] if pixel is None and pixels else pixel
    if code is None or code not in pixels:
        raise UnknownNameError("pixel", str(pixel), list(pixels))
    then = as_of(run, at)
    world = then.simulation.history.now
    read = then.metrics(viewer)
    read = read[read["pixel"] == code]
    names = Names(world)
    rows = []
    for (surface, metric, of), part in read.groupby(["surface", "metric", "object"], sort=False):
        values = dict(zip(part["event"], part["value"], strict=True))
        rows.append(
            {
                "surface": surface,
                "metric": metric,
                "rule": part["rule"].iloc[0],
                "object": names.any(str(of)) if of else "",
                **{event: values[event] for event in EVENT_NAMES},
            }
        )
    table = pd.DataFrame(rows, columns=["surface", "metric", "rule", "object", *EVENT_NAMES])
    return View(
        viewer=viewer,
        account=account,
        pixel=code,
        at=at,
        label=label(world, code, account),
        relation=api_relation(world, code, account),
        decision=account_may_see(world, account, code),
        metrics=table.astype(dict.fromkeys(EVENT_NAMES, "Int64")),
    )
