"""The responses of one replication, named, and how those of several replications are laid side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.counts import Counts, Exactness
from pixelsim.measure import metrics, outcome_values
from pixelsim.measure.metrics import Level
from pixelsim.scenario.measurement import DayBasis
from pixelsim.study.statistics import Floats
from pixelsim.study.window import WHOLE, Window
from pixelsim.traffic.simulate import Simulation

__all__ = [
    "ACCESS",
    "IDENTITY",
    "KEYS",
    "Collected",
    "Key",
    "Responses",
    "days_with_access",
    "joint_names",
    "least_exact",
    "names_table",
    "position",
    "responses_of",
    "windowed_metrics",
    "with_exactness",
]

KEYS = ("kind", "viewer", "surface", "response", "rule", "pixel", "event", "object", "unit", "reason")
"""Columns that name a response: a metric of a viewer, an outcome, or days with access."""

IDENTITY = ("kind", "viewer", "surface", "response", "pixel", "event", "object", "unit")
"""The columns of `KEYS` that tell responses apart; rule and reason say how a value came about in one replication."""

ACCESS = "days with access"
"""Days on which an ad account had access to a pixel that another account created; decimals count parts of days."""

Key = tuple[str, ...]
_IDENTITY = tuple(KEYS.index(name) for name in IDENTITY)
_RANKS = tuple(exactness.value for exactness in Exactness)
_REASON, _OBJECT = KEYS.index("reason"), IDENTITY.index("object")


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """All responses of one replication.

    Parameters
    ----------
    rows
        For each response the texts of the columns `KEYS`.
    values
        float64 of shape (responses,); NaN where there is no value.
    exactness
        How far each can be trusted, in a run in counts; empty in one with events.
    """

    rows: tuple[Key, ...]
    values: Floats
    exactness: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Sequence[Key], values: Sequence[float], exactness: Sequence[str]) -> Responses:
        """Take responses one by one."""
        return cls(tuple(rows), np.array(values, dtype=np.float64), tuple(exactness))

    def frame(self) -> pd.DataFrame:
        """Give the responses as a table with columns `KEYS` and ``value``, and ``exactness`` in a run in counts."""
        return with_exactness(names_table(self.rows).assign(value=self.values), self.exactness)


def windowed_metrics(
    simulation: Simulation,
    window: Window,
    viewer: str | None = None,
    *,
    by: Literal["total", "day"] = "total",
    level: Level = "campaign",
    as_of: float | None = None,
) -> pd.DataFrame:
    """Give what viewers read of the days that count; see :func:`pixelsim.measure.metrics`.

    Figures by event day come from events of these days, figures by interaction day from touches of these days,
    whenever their conversions come in. Access is that of the simulation's end, the cool-down included.

    Parameters
    ----------
    simulation
        One replication.
    window
        The days that count.
    viewer, by, level
        As for the metrics of everything.
    as_of
        Day since the scenario's start, the warm-up left out, on which the reports are read.
    """
    if window.whole:
        return metrics(simulation, viewer, by=by, level=level, as_of=as_of)
    read_on = None if as_of is None else as_of + window.warm_up_days
    parts = []
    for basis in DayBasis:
        read = metrics(window.cut(simulation, basis), viewer, by=by, level=level, as_of=read_on)
        counted = read[_counted_days(read, simulation, window)].reset_index(drop=True)
        parts.append(counted[counted["day_basis"] == basis.value])
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def _counted_days(frame: pd.DataFrame, simulation: Simulation, window: Window) -> pd.Series:
    """Mark the rows without a day, and those of days that count on the clock of the row's account."""
    start, end = window.bounds(simulation)
    marked = frame["day"].isna()
    for account in frame["account"].unique():
        offset = simulation.history.now.ad_accounts[account].utc_offset
        days = simulation.scenario.clock.day_index(np.array([start, end - 1], dtype=np.int64), offset)
        first, last = (pd.Timestamp(int(day), unit="D") for day in days)
        marked |= (frame["account"] == account) & frame["day"].between(first, last)
    return marked


def days_with_access(simulation: Simulation | Counts, window: Window) -> list[tuple[str, float]]:
    """Count for each account the days on which it could use some pixel of others."""
    start, end = window.bounds(simulation)
    world, timeline = simulation.history.now, simulation.timeline
    found = []
    for account in simulation.numbering.accounts:
        held: list[tuple[int, int]] = []
        for code in simulation.numbering.pixels:
            if code in world.pixels and world.pixels[code].creator != account:
                held.extend(timeline.access(code, account, start, end))
        total, known = 0, start
        for begin, upto in sorted(held):
            total += max(0, upto - max(begin, known))
            known = max(known, upto)
        found.append((account, total / DAY))
    return found


def responses_of(simulation: Simulation, window: Window = WHOLE) -> Responses:
    """Give the responses of one replication: what viewers read, the outcomes that decide, and days with access.

    Parameters
    ----------
    simulation
        One replication.
    window
        The days that count.
    """
    read = windowed_metrics(simulation, window)
    columns = (read[name] for name in ("viewer", "surface", "metric", "rule", "pixel", "event", "object", "reason"))
    rows: list[Key] = [
        ("metric", viewer, surface, metric, rule, pixel, event, thing, "events", reason)
        for viewer, surface, metric, rule, pixel, event, thing, reason in zip(*columns, strict=True)
    ]
    values = [read["value"].to_numpy(dtype=np.float64, na_value=np.nan)]
    outcomes = outcome_values(window.cut(simulation))
    rows += [("outcome", "", o.plane, o.outcome, "", "", "", o.object, o.unit, "") for o in outcomes]
    access = days_with_access(simulation, window)
    rows += [("access", "", "truth", ACCESS, "", "", "", account, "days", "") for account, _ in access]
    values += [np.array([o.value for o in outcomes]), np.array([number for _, number in access])]
    return Responses(tuple(rows), np.concatenate(values, dtype=np.float64))


def position(names: pd.DataFrame, response: str, keys: dict[str, str]) -> int:
    """Give the row of the one response that has a name and some keys.

    Raises
    ------
    UnknownNameError
        There is no such name, or no such column.
    InputError
        None or several rows fit.
    """
    unknown = [key for key in keys if key not in names.columns]
    if unknown:
        raise UnknownNameError("column of responses", unknown[0], [str(name) for name in names.columns])
    fits = names["response"] == response
    if not fits.any():
        raise UnknownNameError("response", response, sorted(names["response"].unique()))
    for key, value in keys.items():
        fits &= names[key] == value
    index = np.flatnonzero(fits)
    if len(index) != 1:
        raise InputError.single(
            "responses",
            field="response",
            value=f"{response} {keys}",
            rule=f"the name of exactly one response, not of {len(index)}",
            remedy="name viewer, surface, event or object as well",
        )
    return int(index[0])


@dataclass(slots=True)
class Collected:
    """Responses of several replications in the making; what one replication lacks is missing there.

    People's delays can differ from one replication to the next, and with them who has access and what exists, so
    responses are matched by name and never by position.
    """

    count: int = 0
    rows: dict[Key, Key] = field(default_factory=dict)
    _exactness: dict[Key, str] = field(default_factory=dict)
    _values: dict[Key, dict[int, float]] = field(default_factory=dict)

    def add(self, responses: Responses | None) -> None:
        """Take the next replication; None when it gave nothing."""
        if responses is not None:
            for row, value in zip(responses.rows, responses.values.tolist(), strict=True):
                key = tuple(row[i] for i in _IDENTITY)
                known = self.rows.get(key)
                if known is None or (known[_REASON] and not row[_REASON]):
                    self.rows[key] = row
                self._values.setdefault(key, {})[self.count] = value
            self._judge(responses)
        self.count += 1

    def _judge(self, responses: Responses) -> None:
        """Keep for each response the least that any replication says of its exactness."""
        for row, exactness in zip(responses.rows, responses.exactness, strict=False):
            key = tuple(row[i] for i in _IDENTITY)
            known = self._exactness.get(key, exactness)
            self._exactness[key] = max(known, exactness, key=_RANKS.index)

    def exactness(self, keys: Sequence[Key]) -> tuple[str, ...]:
        """Give how far responses can be trusted; empty for runs with events."""
        return tuple(self._exactness.get(key, _RANKS[0]) for key in keys) if self._exactness else ()

    def keys(self) -> list[Key]:
        """List the responses, each by its texts of `IDENTITY`, in the order of their first appearance."""
        return list(joint_names([self]))

    def latest(self, key: Key) -> float:
        """Give one response of the replication taken last, NaN where it lacks it."""
        return self._values.get(key, {}).get(self.count - 1, np.nan)

    def column(self, key: Key) -> Floats:
        """Give one response over the replications, NaN where one lacks it."""
        found = self._values.get(key, {})
        return np.array([found.get(number, np.nan) for number in range(self.count)], dtype=np.float64)

    def values(self, keys: Sequence[Key]) -> Floats:
        """Give values of shape (replications, responses)."""
        table = np.array([self.column(key) for key in keys], dtype=np.float64)
        return table.reshape(len(keys), self.count).T


def joint_names(parts: Sequence[Collected]) -> dict[Key, Key]:
    """Give the texts of `KEYS` of all responses of several scenarios, by their texts of `IDENTITY`.

    A refusal names no object; it is left out where another replication or scenario names them for the same viewer.
    """
    found: dict[Key, Key] = {}
    for part in parts:
        for key, row in part.rows.items():
            if key not in found or (found[key][_REASON] and not row[_REASON]):
                found[key] = row
    named = {key[:_OBJECT] for key in found if key[_OBJECT]}
    return {k: row for k, row in found.items() if k[_OBJECT] or k[0] != "metric" or k[:_OBJECT] not in named}


def with_exactness(table: pd.DataFrame, exactness: Sequence[str]) -> pd.DataFrame:
    """Put ``exactness`` beside responses, where runs in counts have it."""
    return table.assign(exactness=pd.array(list(exactness), dtype="str")) if exactness else table


def least_exact(parts: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Give the least exactness of each response over several scenarios."""
    return tuple(max(some, key=_RANKS.index) for some in zip(*parts, strict=True)) if all(parts) else ()


def names_table(rows: Iterable[Key]) -> pd.DataFrame:
    """Give the names of responses as a table with columns `KEYS`."""
    return pd.DataFrame(list(rows), columns=list(KEYS), dtype="str")
