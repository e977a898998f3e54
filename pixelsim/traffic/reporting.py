"""Reporting: why two reports of the same conversions differ.

Reports are read at different ages, some data arrive late, web analytics counts single sessions, an account may read
two pixels that define one event, and a platform may retire a window overnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.clock import MINUTE
from pixelsim.traffic.keys import sort_groups

__all__ = [
    "DefinitionClash",
    "Drop",
    "RuleChange",
    "SessionBridge",
    "definitions_audit",
    "find_drops",
    "incomplete",
    "seen",
    "session_bridge",
    "session_numbers",
    "visible",
]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]


def seen(booked: ArrayLike, known: ArrayLike, day: int, as_of: ArrayLike) -> Longs:
    """Tell what a report of one day says when it is read later: conversions booked on it so far (P115).

    A copy that is re-read for some days of look-back and then left alone holds ``seen(..., day, day + look_back)``.

    Parameters
    ----------
    booked, known
        Day on which each conversion is booked, and day on which it becomes known, shape (n,).
    day
        The reported day.
    as_of
        Days at whose ends the report is read, any shape.

    Returns
    -------
    ndarray of int64
        The counts, in the shape of ``as_of``.
    """
    mine = np.sort(np.asarray(known, dtype=np.int64)[np.asarray(booked) == day])
    return np.asarray(np.searchsorted(mine, as_of, side="right"), dtype=np.int64)


def visible(at: ArrayLike, now: int, lag: int) -> Mask:
    """Tell which events a report read at ``now`` contains when data take ``lag`` ms to arrive (P116)."""
    return np.asarray(np.asarray(at, dtype=np.int64) <= now - lag)


def incomplete(day_end: ArrayLike, now: int, lag: int) -> Mask:
    """Tell which days, given by their ends in ms, a report read at ``now`` may not show in full yet (P116)."""
    return np.asarray(np.asarray(day_end, dtype=np.int64) > now - lag)


def session_numbers(at: ArrayLike, visitor: ArrayLike, timeout: int = 30 * MINUTE) -> Longs:
    """Part the rows of each visitor into sessions: a pause longer than ``timeout`` ms begins a new one.

    The default of 30 minutes is the usual session timeout of web analytics (Google Analytics help).

    Parameters
    ----------
    at, visitor
        Time in ms and number of the visitor of each page view, click or event, shape (n,), in any order.

    Returns
    -------
    ndarray of int64, shape (n,)
        Numbers of the sessions from 0 on.
    """
    times, who = np.asarray(at, dtype=np.int64), np.asarray(visitor, dtype=np.int64)
    in_time = np.argsort(times, kind="stable")
    order, heads = sort_groups(who[in_time])
    rows = in_time[order]
    heads[1:] |= np.diff(times[rows]) > timeout
    numbers = np.empty(len(times), dtype=np.int64)
    numbers[rows] = np.cumsum(heads) - 1
    return numbers


@dataclass(frozen=True, slots=True)
class SessionBridge:
    """The step from a platform's conversions to those of single-session web analytics (P62).

    Parameters
    ----------
    multi_session
        Conversions credited within the window, over all visits.
    single_session
        Those in the very session of the credited click.
    """

    multi_session: int
    single_session: int

    @property
    def later_session(self) -> int:
        """Conversions in a later session than the click's."""
        return self.multi_session - self.single_session


def session_bridge(event_session: ArrayLike, touch_session: ArrayLike) -> SessionBridge:
    """Compare the sessions of credited events and of their touches, shape (n,) both."""
    events = np.asarray(event_session)
    return SessionBridge(len(events), int(np.count_nonzero(events == np.asarray(touch_session))))


@dataclass(frozen=True, slots=True)
class DefinitionClash:
    """One event name that an account counts from more than one pixel."""

    name: str
    sources: tuple[str, ...]

    def __str__(self) -> str:
        count = {2: "two", 3: "three", 4: "four"}.get(len(self.sources), str(len(self.sources)))
        return f"{count} sources for {self.name}: {', '.join(self.sources)}"


def definitions_audit(sources: Mapping[str, Iterable[str]]) -> tuple[DefinitionClash, ...]:
    """Find event names that would be counted twice because several pixels of an account define them (P59).

    Parameters
    ----------
    sources
        For each pixel that the account reads, the event names that it records, in the order to be told.
    """
    found: dict[str, list[str]] = {}
    for pixel, names in sources.items():
        for name in dict.fromkeys(names):
            found.setdefault(name, []).append(pixel)
    return tuple(DefinitionClash(name, tuple(pixels)) for name, pixels in found.items() if len(pixels) > 1)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A day from which reports follow another rule, such as the end of an attribution window."""

    day: int
    text: str


@dataclass(frozen=True, slots=True)
class Drop:
    """A day on which a reported series fell to a lower level.

    Parameters
    ----------
    day
        The first day on the lower level.
    change, orders_change
        Relative change of the series and of the true orders against their levels before, -0.2 = a fifth less.
    rule
        The rule change that stands on that day, or None.
    """

    day: int
    change: float
    orders_change: float
    rule: RuleChange | None

    @property
    def cause(self) -> str:
        """``"rule"`` when a rule changed and orders fell less than half as much, else ``"orders"`` or ``"unknown"``."""
        if self.orders_change <= self.change / 2:
            return "orders"
        return "rule" if self.rule else "unknown"


def find_drops(
    series: ArrayLike,
    orders: ArrayLike,
    changes: Iterable[RuleChange] = (),
    *,
    threshold: float = 0.1,
    level_days: int = 7,
) -> tuple[Drop, ...]:
    """Find the days from which a series stands lower by at least ``threshold`` than before (P67).

    The level before a day is the mean of the days before it, the level after is the mean from it on, both over at
    most ``level_days`` days and not past the fall before; the day itself has to be low too.

    Parameters
    ----------
    series, orders
        Reported conversions and true orders by day, the same shape (days,).
    changes
        The rule changes on the time line, in the numbering of ``series``.
    threshold
        Smallest relative fall, in (0, 1]. Default a tenth, an assumption.
    level_days
        How many days make a level. Default a week, so that weekdays weigh alike.
    """
    values, true = np.asarray(series, dtype=np.float64), np.asarray(orders, dtype=np.float64)
    by_day = {change.day: change for change in changes}
    drops: list[Drop] = []
    since = 0
    for day in range(1, len(values)):
        before, after = slice(max(since, day - level_days), day), slice(day, day + level_days)
        level, level_of_orders = values[before].mean(), true[before].mean()
        if level > 0 and max(values[day], values[after].mean()) <= level * (1 - threshold):
            fall = float(true[after].mean() / level_of_orders - 1) if level_of_orders > 0 else 0.0
            drops.append(Drop(day, float(values[after].mean() / level - 1), fall, by_day.get(day)))
            since = day
    return tuple(drops)
