"""Counting: which credited events become conversions, and on which day they stand.

A number of conversions is only comparable with another one of the same count, day basis and clock; the functions here
make each of these explicit. People, as opposed to events, are counted by `Reach`, which cannot be added up.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.clock import Clock
from pixelsim.base.errors import InputError
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.keys import NONE, Sieve, first_equal, whole_numbers
from pixelsim.traffic.reporting import (
    DefinitionClash,
    Drop,
    RuleChange,
    SessionBridge,
    definitions_audit,
    find_drops,
    incomplete,
    seen,
    session_bridge,
    session_numbers,
    visible,
)

__all__ = [
    "CountMode",
    "CountState",
    "Counted",
    "DayBasis",
    "DefinitionClash",
    "Drop",
    "Reach",
    "RuleChange",
    "SessionBridge",
    "booked_day",
    "count_conversions",
    "daily_counts",
    "definitions_audit",
    "effective_window",
    "find_drops",
    "incomplete",
    "person_days",
    "seen",
    "session_bridge",
    "session_numbers",
    "visible",
]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]


class CountMode(enum.IntEnum):
    """How many conversions one touch can have for one event name."""

    EVERY = 0
    ONCE = 1
    BY_GOAL = 2
    """Every for purchase and value goals, once for others (TikTok help page on ad group attribution settings)."""


@dataclass(frozen=True, slots=True, eq=False)
class CountState:
    """The pairs of touch id and event name that had their one conversion in earlier blocks.

    Parameters
    ----------
    parts
        Touch ids and event names of each earlier block that has any, whole numbers; carrying them on copies nothing.
    """

    parts: tuple[tuple[Longs, NDArray[np.integer]], ...] = ()

    def forget(self, oldest: int) -> CountState:
        """Drop the pairs of touches before ``oldest``, the least id that can still earn credit."""
        kept = []
        for touch, event in self.parts:
            keep = touch >= oldest
            kept.append((touch, event) if keep.all() else (touch[keep], event[keep]))
        return CountState(tuple(part for part in kept if len(part[0])))


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Which events are conversions.

    Parameters
    ----------
    mask
        bool, shape (n,), in the caller's order.
    state
        What the next block has to be given.
    """

    mask: Mask
    state: CountState

    def mark(self, reason: NDArray[np.int8]) -> NDArray[np.int8]:
        """Give the reasons of attribution with `Reason.NOT_COUNTED_AGAIN` where a credited event does not count."""
        again = (reason == Reason.CREDITED) & ~self.mask
        return np.where(again, np.int8(Reason.NOT_COUNTED_AGAIN), reason)


def count_conversions(
    touch: ArrayLike,
    event: ArrayLike,
    at: ArrayLike,
    ad_group: ArrayLike,
    mode: ArrayLike,
    *,
    value_goal: ArrayLike | None = None,
    state: CountState | None = None,
) -> Counted:
    """Count credited events as conversions of their touches.

    Parameters
    ----------
    touch
        Id of the touch that earned each event (``Touches.id``, so that it holds over blocks), -1 = none: such an
        event is no conversion. Whole numbers, shape (n,).
    event
        Number of the event name, shape (n,).
    at
        Time in ms, shape (n,); under *once* the earliest counts, of equal times the one that stands first.
    ad_group
        Number of the touch's ad group, shape (n,); not looked at where ``touch`` is -1.
    mode
        Codes of `CountMode`: one for all, by ad group, or by ad group and event name.
    value_goal
        Whether each ad group is optimised for purchases or value; needed for *by goal*.
    state
        The state given by the block before; left out for the first block.

    Raises
    ------
    InputError
        *By goal* is asked for without ``value_goal``.
    """
    ids, names, groups, times = (whole_numbers(column) for column in (touch, event, ad_group, at))
    ids = ids.astype(np.int64, copy=False)
    credited = np.flatnonzero(ids != NONE)
    if np.any(times[1:] < times[:-1]):
        credited = credited[np.argsort(times[credited], kind="stable")]
    once = _once(groups.take(credited), names.take(credited), mode, value_goal)
    mask = np.zeros(len(ids), dtype=np.bool_)
    mask[credited[~once]] = True
    rows = credited[once]
    old = state or CountState()
    asked, named = ids.take(rows), names.take(rows)
    sieve = Sieve(asked)
    picked = [(earlier, name, sieve.positions(earlier)) for earlier, name in old.parts]
    before = first_equal(
        np.concatenate([*(earlier.take(here) for earlier, _, here in picked), asked]),
        np.concatenate([*(name.take(here) for _, name, here in picked), named]),
    )
    known = len(before) - len(rows)
    new = np.flatnonzero(before[known:] == np.arange(known, len(before)))
    mask[rows[new]] = True
    parts = ((asked.take(new), named.take(new)),) if len(new) else ()
    return Counted(mask, CountState((*old.parts, *parts)))


def _once(
    ad_group: NDArray[np.integer], event: NDArray[np.integer], mode: ArrayLike, value_goal: ArrayLike | None
) -> Mask:
    """Tell for each row whether its ad group counts its event name once."""
    modes = np.asarray(mode, dtype=np.int8)
    if modes.ndim == 0:
        own = np.full(len(ad_group), modes)
    else:
        own = modes[ad_group] if modes.ndim == 1 else modes[ad_group, event]
    by_goal = own == CountMode.BY_GOAL
    if value_goal is None:
        if by_goal.any():
            raise InputError.single(
                "count_conversions",
                field="value_goal",
                value=None,
                rule="true or false for each ad group when the count is by goal",
                remedy="tell which ad groups are optimised for purchases or value",
            )
        return np.asarray(own == CountMode.ONCE)
    return np.asarray((own == CountMode.ONCE) | (by_goal & ~np.asarray(value_goal, dtype=np.bool_)[ad_group]))


class DayBasis(enum.StrEnum):
    """The day on which a conversion stands in a report."""

    INTERACTION = "interaction"
    """The day of the touch that earned it, as Ads Manager books it; past days keep growing."""
    EVENT = "event"
    """The day of the event itself, as *real-time* conversions and Events Manager show it."""


def booked_day(event_at: Longs, touch_at: Longs, basis: DayBasis | str, clock: Clock, offset: int = 0) -> Longs:
    """Give the calendar day of each conversion on an account's clock.

    Parameters
    ----------
    event_at, touch_at
        Times in ms of the events and of the touches that earned them, shape (n,).
    basis
        Which of the two decides.
    clock
        The scenario's clock.
    offset
        The account's fixed distance east of UTC in ms.

    Returns
    -------
    ndarray of int64, shape (n,)
        Days since 1970-01-01 on the account's clock.
    """
    return clock.day_index(touch_at if DayBasis(basis) is DayBasis.INTERACTION else event_at, offset)


def daily_counts(day: ArrayLike, first: int, days: int) -> Longs:
    """Count events by day over ``days`` days from ``first`` on; events of other days are left out."""
    number = np.asarray(day, dtype=np.int64) - first
    return np.bincount(number[(number >= 0) & (number < days)], minlength=days).astype(np.int64)


def effective_window(window: ArrayLike, *life: ArrayLike) -> Longs:
    """Shorten attribution windows to the life of the longest-lived key that joins event and touch (P89).

    Parameters
    ----------
    window
        Windows in ms, 0 = off.
    life
        How long each available key lasts in ms: click id, first-party cookie. With none the windows are 0.
    """
    longest = np.max(np.stack(np.broadcast_arrays(*life)), axis=0) if life else np.int64(0)
    return np.asarray(np.minimum(window, longest), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A set of people; it can be united with another one but not added, since people overlap (P73).

    Parameters
    ----------
    people
        Numbers of the people, int64, ascending, each once.
    """

    people: Longs

    @classmethod
    def of(cls, person: ArrayLike) -> Reach:
        """Make the reach of rows that name people; -1 stands for nobody."""
        people = np.unique(np.asarray(person, dtype=np.int64))
        return cls(people[people != NONE])

    def __len__(self) -> int:
        return len(self.people)

    def __or__(self, other: Reach) -> Reach:
        return Reach(np.union1d(self.people, other.people))

    def __add__(self, other: object) -> NoReturn:
        raise InputError.single(
            "reach",
            field="sum of reach",
            value=f"{len(self)} + {len(other) if isinstance(other, Reach) else other}",
            rule="a union, because the same people can stand in both",
            remedy="unite them with '|', or ask for person_days() by that name",
        )

    __radd__ = __add__


def person_days(reaches: Iterable[Reach]) -> int:
    """Add up daily (or other partial) reach under the name of what that is: person-days, not people."""
    return sum(len(reach) for reach in reaches)
