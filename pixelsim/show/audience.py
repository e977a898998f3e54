"""How an audience grows: people by day, against the number from which it can be targeted (Q2, R18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.errors import UnknownNameError
from pixelsim.counts import Counts
from pixelsim.counts.audiences import audience_days
from pixelsim.show.bands import band, days_told, finished, runs_of, stacked
from pixelsim.show.digits import count, number, plus_minus
from pixelsim.study.count_run import CountRun
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise

__all__ = ["AudienceCurve", "audience_curve", "audience_frame", "audience_growth"]


@dataclass(frozen=True, slots=True, eq=False)
class AudienceCurve:
    """One audience in one run, at the end of each of its days.

    Parameters
    ----------
    day
        Ends of days, in days since the scenario's start, float64 of shape (days,).
    people
        People in it, NaN where it is lost; shape (days,).
    usable, frozen
        Whether it can be targeted, and whether it is refreshed no more; bool of shape (days,).
    built
        When it was built, in days since the scenario's start.
    minimum
        People from which it can be targeted.
    """

    day: NDArray[np.float64]
    people: NDArray[np.float64]
    usable: NDArray[np.bool_]
    frozen: NDArray[np.bool_]
    built: float
    minimum: int

    @property
    def wait(self) -> float:
        """Days from building it until it could be targeted first; NaN where it never could."""
        return float(self.day[self.usable.argmax()]) - self.built if self.usable.any() else float("nan")

    @property
    def state(self) -> str:
        """What it is at the end, in one word or two."""
        if np.isnan(self.people[-1]):
            return "lost"
        return ("frozen, " if self.frozen[-1] else "") + ("usable" if self.usable[-1] else "not usable")


def audience_curve(run: Run | CountRun, audience: str) -> AudienceCurve:
    """Give the days of an audience in a run.

    Parameters
    ----------
    run
        What came of a scenario.
    audience
        Its id.

    Raises
    ------
    UnknownNameError
        No audience of the run has this id.
    """
    simulation = run.simulation
    world = simulation.history.now
    every = audience_days(simulation) if isinstance(simulation, Counts) else simulation.audiences
    days = [day for day in every if day.audience == audience]
    if not days:
        raise UnknownNameError("audience", audience, sorted(world.audiences))
    return AudienceCurve(
        day=np.array([day.at / DAY for day in days]),
        people=np.array([np.nan if day.people is None else day.people for day in days], dtype=np.float64),
        usable=np.array([day.usable for day in days]),
        frozen=np.array([day.frozen for day in days]),
        built=world.audiences[audience].built_at / DAY,
        minimum=run.scenario.settings.audience_minimum,
    )


def _waits(curves: Sequence[AudienceCurve]) -> Summary:
    return summarise([curve.wait for curve in curves])


def _told(curves: Sequence[AudienceCurve]) -> str:
    """Say after how many days an audience could be targeted."""
    waits = _waits(curves)
    if not waits.n:
        return "never usable"
    some = f" in {waits.n} of {len(curves)} runs" if waits.missing else ""
    return f"usable after {days_told(waits)}{some}"


def audience_growth(
    ax: Axes, curves: Mapping[str, Sequence[AudienceCurve]], *, title: str = "People in the audience"
) -> Axes:
    """Draw people by day for one or several ways: mean and 5-95 % of runs, and the line of what can be targeted.

    Parameters
    ----------
    ax
        Where to draw.
    curves
        For each name the same audience in one or several runs.
    title
        What is counted.

    Raises
    ------
    InputError
        There is nothing to draw.
    """
    runs = runs_of(curves, "audience_growth")
    longest, minimum = 0.0, 0
    for place, (name, found) in enumerate(curves.items()):
        whole = max(found, key=lambda curve: len(curve.day))
        band(ax, whole.day, stacked([curve.people for curve in found]), place, f"{name}: {_told(found)}")
        longest, minimum = max(longest, float(whole.day[-1])), found[0].minimum
    ax.set(xlabel="days since the start", ylabel="people matched")
    return finished(ax, title=title, runs=runs, level=minimum, meaning="people: usable", x=(0, longest))


def audience_frame(curves: Mapping[str, Sequence[AudienceCurve]]) -> pd.DataFrame:
    """Give what the picture shows as texts.

    Parameters
    ----------
    curves
        As for :func:`audience_growth`.

    Returns
    -------
    DataFrame
        One row for each name: ``way``, ``days until usable`` (mean ± half-width), ``usable in`` (runs), ``people at the
        end`` (mean ± half-width), ``5–95 % of runs`` and ``at the end`` (usable, frozen, lost).
    """
    rows = []
    for name, found in curves.items():
        waits, people = _waits(found), summarise([curve.people[-1] for curve in found])
        states = list(dict.fromkeys(curve.state for curve in found))
        spread = f"{count(people.low)} to {count(people.high)}" if people.n > 1 else ""
        rows.append(
            (
                name,
                plus_minus(waits.mean, waits.half_width),
                f"{waits.n} of {len(found)} runs",
                number(people.mean) if people.n == 1 else plus_minus(people.mean, people.half_width),
                spread,
                " or ".join(states),
            )
        )
    columns = ["way", "days until usable", "usable in", "people at the end", "5–95 % of runs", "at the end"]
    return pd.DataFrame(rows, columns=columns)
