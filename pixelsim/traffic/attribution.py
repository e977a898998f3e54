"""Attribution: which touch, if any, earns a conversion event.

A touch can earn an event of the same person on the same pixel when it came no later than the event, and the event
lies inside the window that the touch's own ad group has for its kind. Clicks go over engaged views and engaged
views over plain views; within a kind the last one wins, and of equal times the one that stands last.

Touches of one kind and one window length form a class: if the last of a class is too old, so are all before it, and
one look at each class settles an event. Only a caller's veto (``eligible``) makes it step back to older touches.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.traffic.access import Grants
from pixelsim.traffic.keys import NONE, TimeLine, inside, latest, maybe_in, sort_groups
from pixelsim.traffic.touches import Touches, TouchKind, Windows, open_touches

__all__ = [
    "Claims",
    "Credit",
    "Reason",
    "Scope",
    "TouchKind",
    "Touches",
    "Windows",
    "credit",
    "last_source",
    "open_touches",
]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
FOREVER = np.iinfo(np.int64).max
Eligible = Callable[[Longs, Longs], Mask]
_Number = TypeVar("_Number", np.int64, np.int8)


class Reason(enum.IntEnum):
    """Why an event is credited, or why not."""

    CREDITED = 0
    NO_TOUCH = 1
    """The person had no earlier touch on this pixel."""
    OUTSIDE_WINDOW = 2
    """There were earlier touches, none inside its window."""
    ACCESS_ENDED = 3
    """Every touch inside its window was vetoed: its account could no longer earn with this pixel."""
    NOT_COUNTED_AGAIN = 4
    """Credited, but the count is *once* and the touch had its conversion already."""


class Scope(enum.StrEnum):
    """Whether the accounts on a pixel compete for an event or each claim it; no public source decides (P61)."""

    PIXEL = "pixel"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """Who counts which event as its own, one entry for each event and claiming account, ascending by event.

    Parameters
    ----------
    event, touch
        Positions of the events and of the touches that the claims rest on, int64.
    account
        Numbers of the claiming accounts, int32.
    """

    event: Longs
    account: NDArray[np.int32]
    touch: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Credit:
    """The result of attribution, one entry for each event, shape (n,).

    Parameters
    ----------
    touch
        Position of the touch that earns the event, over all accounts; -1 = none. int64.
    reason
        Codes of `Reason`, int8.
    refused
        Position of the best touch that was vetoed although it would have gone first; -1 = none. int64.
    claims
        Under scope *pixel* one claim for each credited event, under *account* one for each claiming account.
    """

    touch: Longs
    reason: NDArray[np.int8]
    refused: Longs
    claims: Claims


def credit(
    event_at: ArrayLike,
    event_person: ArrayLike,
    event_pixel: ArrayLike,
    touches: Touches,
    windows: Windows,
    *,
    scope: Scope | str = Scope.PIXEL,
    account: int | None = None,
    eligible: Eligible | Grants | None = None,
    inclusive: bool = True,
    memory: int | None = None,
) -> Credit:
    """Give each event to the touch that earns it.

    Parameters
    ----------
    event_at, event_person, event_pixel
        Time in ms, match key (-1 = none) and pixel of each event, whole numbers of shape (n,), in any order.
    touches
        The touches of all accounts.
    windows
        The windows of every ad group that has touches.
    scope
        *pixel*: an event is credited once over all accounts. *account*: besides, each account claims it for itself.
    account
        When given, only this account's touches count.
    eligible
        Tells which touches may be credited; for the others the next best one is tried. Either the intervals of access
        of each touch, or a function of positions of touches and of events, two equally long arrays.
    inclusive
        Whether an event exactly at a window's end is still inside. Default yes, an assumption (field case P65).
    memory
        Milliseconds after which a touch is as good as none, at least as long as any window; None: never.

    Raises
    ------
    InputError
        The events' columns differ in length, or an ad group of a touch has no windows.
    """
    at, person, pixel = (np.asarray(c, dtype=np.int64).reshape(-1) for c in (event_at, event_person, event_pixel))
    _check(at, person, pixel, touches, windows)
    book = _Book.of(touches, windows, account, inclusive=inclusive, memory=FOREVER if memory is None else memory)
    known = (person != NONE) & (pixel != NONE)
    event = np.flatnonzero(known)
    if np.any(at[1:] < at[:-1]):
        event = event[np.argsort(at[event], kind="stable")]
    if Scope(scope) is Scope.PIXEL:
        queries = TimeLine(at, person, pixel).take(event)
        lines = TimeLine(touches.at, touches.person, touches.pixel.astype(np.int64))
        touch, reason, refused = book.settle(queries, event, lines, eligible)
        touch, refused = (_scattered(column, event, len(at), NONE) for column in (touch, refused))
        reason = _scattered(reason, event, len(at), Reason.NO_TOUCH)
        credited = np.flatnonzero(touch != NONE)
        return Credit(touch, reason, refused, book.claims(credited, touch[credited]))
    lines, pairs = book.by_account()
    event, pair = _expand(event, TimeLine(at, person, pixel), pairs)
    queries = TimeLine(at[event], pair, np.zeros(len(pair), dtype=np.int64))
    found = book.settle(queries, event, lines, eligible)
    touch, refused = np.full(len(at), NONE), np.full(len(at), NONE)
    reason = np.full(len(at), Reason.NO_TOUCH, dtype=np.int8)
    begin = np.flatnonzero(np.diff(event, prepend=NONE))
    if len(begin):
        one = event[begin]
        touch[one], reason[one], refused[one] = book.over_accounts(found, begin)
    claimed = np.flatnonzero(found[0] != NONE)
    claimed = claimed[np.argsort(event[claimed], kind="stable")]
    return Credit(touch, reason, refused, book.claims(event[claimed], found[0][claimed]))


def _check(at: Longs, person: Longs, pixel: Longs, touches: Touches, windows: Windows) -> None:
    """Refuse columns that cannot be attributed."""
    faults = [
        Fault(f"$.{name}", name, f"{len(column)} rows", f"as long as the times ({len(at)})", "give one entry an event")
        for name, column in (("event_person", person), ("event_pixel", pixel))
        if len(column) != len(at)
    ]
    groups = windows.by_kind().shape[1]
    if len(touches) and (touches.ad_group.min() < 0 or touches.ad_group.max() >= groups):
        value = f"{touches.ad_group.min()} to {touches.ad_group.max()}"
        faults.append(Fault("$.ad_group", "ad_group", value, f"from 0 to {groups - 1}", "give its windows"))
    if faults:
        raise InputError("credit", faults)


def _expand(event: Longs, events: TimeLine, pairs: TimeLine) -> tuple[Longs, Longs]:
    """Repeat each event for every pair (row of ``pairs``, which ascend by key) that has its two keys."""
    event = event[maybe_in(events.key[event], pairs.key)]
    order, heads = sort_groups(
        np.concatenate([pairs.key, events.key[event]]), np.concatenate([pairs.second_key, events.second_key[event]])
    )
    is_pair = order < len(pairs.at)
    group = np.cumsum(heads) - 1
    pairs_of = np.bincount(group[is_pair], minlength=np.count_nonzero(heads))
    before = np.cumsum(pairs_of) - pairs_of
    low, number = np.empty(len(event), dtype=np.int64), np.empty(len(event), dtype=np.int64)
    mine, place = group[~is_pair], order[~is_pair] - len(pairs.at)
    low[place], number[place] = before[mine], pairs_of[mine]
    within = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    return np.repeat(event, number), np.repeat(low, number) + within


def _scattered(values: NDArray[_Number], index: Longs, size: int, rest: int) -> NDArray[_Number]:
    """Put values at their places in an array that is ``rest`` elsewhere."""
    whole = np.full(size, rest, dtype=values.dtype)
    whole[index] = values
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """The touches with their classes: what can earn, and for how long.

    Parameters
    ----------
    of_touch
        Class of each touch, -1 = of another account than the one asked for, int16.
    kind, window
        Kind and window in ms of each class, by kind; the last class is that of the windows switched off.
    """

    touches: Touches
    of_touch: NDArray[np.int16]
    kind: Longs
    window: Longs
    inclusive: bool
    memory: int

    @classmethod
    def of(cls, touches: Touches, windows: Windows, account: int | None, *, inclusive: bool, memory: int) -> _Book:
        table = windows.by_kind()
        code = np.zeros(table.shape, dtype=np.int16)
        groups = table.shape[1]
        cell = touches.kind * np.int64(groups) + touches.ad_group
        used = np.bincount(cell, minlength=table.size).reshape(table.shape) > 0
        kinds: list[int] = []
        lengths: list[int] = []
        for kind in TouchKind:
            for window in np.unique(table[kind, used[kind]]).tolist():
                if window > 0:
                    code[kind, table[kind] == window] = len(kinds)
                    kinds.append(int(kind))
                    lengths.append(window)
        code[table <= 0] = len(kinds)
        of_touch = code.reshape(-1)[cell]
        if account is not None:
            of_touch[touches.account != account] = NONE
        return cls(touches, of_touch, np.array(kinds, np.int64), np.array(lengths, np.int64), inclusive, memory)

    def settle(
        self, queries: TimeLine, event: Longs, lines: TimeLine, eligible: Eligible | Grants | None
    ) -> tuple[Longs, NDArray[np.int8], Longs]:
        """Give touch, reason and refused touch of each query; ``event`` is its position for the veto."""
        found = latest(queries, lines, self.of_touch, classes=len(self.kind) + 1, links=eligible is not None)
        at, last = queries.at[found.query], found.row
        newest = last.max(axis=0, initial=NONE)
        seen = newest != NONE
        seen[seen] = at[seen] - self.touches.at[newest[seen]] <= self.memory
        chosen = self.best(last, at)
        refused = np.full(len(chosen), NONE)
        open_ = np.flatnonzero(chosen != NONE) if eligible is not None else np.empty(0, dtype=np.int64)
        while eligible is not None and len(open_):
            asked = chosen[open_]
            if isinstance(eligible, Grants):
                vetoed = ~eligible.allow(asked, at[open_])
            else:
                vetoed = ~np.asarray(eligible(asked, event[found.query[open_]]), dtype=np.bool_)
            open_, asked = open_[vetoed], asked[vetoed]
            refused[open_] = np.where(refused[open_] == NONE, asked, refused[open_])
            last[self.of_touch[asked], open_] = found.previous[asked]
            chosen[open_] = self.best(last[:, open_], at[open_])
            open_ = open_[chosen[open_] != NONE]
        reason = np.where(seen, np.int8(Reason.OUTSIDE_WINDOW), np.int8(Reason.NO_TOUCH))
        reason[refused != NONE] = Reason.ACCESS_ENDED
        reason[chosen != NONE] = Reason.CREDITED
        return (
            _scattered(chosen, found.query, len(event), NONE),
            _scattered(reason, found.query, len(event), Reason.NO_TOUCH),
            _scattered(refused, found.query, len(event), NONE),
        )

    def best(self, last: NDArray[np.int32], at: Longs) -> Longs:
        """Choose among the last touches by class, shape (classes, a), those that win at times ``at``."""
        chosen = np.full(len(at), NONE)
        for kind in TouchKind:
            undecided = chosen == NONE
            for number in np.flatnonzero(self.kind == kind).tolist():
                there = np.flatnonzero(undecided & (last[number] != NONE))
                touch = last[number, there]
                age = at[there] - self.touches.at[touch]
                earns = inside(age, int(self.window[number]), inclusive=self.inclusive)
                there, touch = there[earns], touch[earns]
                chosen[there] = np.maximum(chosen[there], touch)
        return chosen

    def by_account(self) -> tuple[TimeLine, TimeLine]:
        """Key the touches by person, pixel and account at once; the pairs' own keys are person and pixel."""
        touches = self.touches
        usable = np.flatnonzero(self.of_touch != NONE)
        person, pixel = touches.person[usable], touches.pixel[usable].astype(np.int64)
        order, heads = sort_groups(person, pixel, touches.account[usable])
        pair = np.full(len(touches), NONE)
        pair[usable[order]] = np.cumsum(heads) - 1
        first = order[heads]
        none = np.zeros(len(touches), dtype=np.int64)
        return TimeLine(touches.at, pair, none), TimeLine(touches.at[usable[first]], person[first], pixel[first])

    def over_accounts(
        self, found: tuple[Longs, NDArray[np.int8], Longs], begin: Longs
    ) -> tuple[Longs, NDArray[np.int8], Longs]:
        """Reduce claims to one credit an event; an event's claims stand together, from ``begin`` on."""
        touch, reason, refused = found
        best, best_refused = (np.maximum.reduceat(self._rank(column), begin) for column in (touch, refused))
        weight = np.array([3, 0, 1, 2], dtype=np.int8)
        strongest = np.array([Reason.NO_TOUCH, Reason.OUTSIDE_WINDOW, Reason.ACCESS_ENDED, Reason.CREDITED], np.int8)
        most = np.maximum.reduceat(weight[reason], begin)
        return self._unrank(best), strongest[most], self._unrank(np.where(best_refused > best, best_refused, NONE))

    def _rank(self, touch: Longs) -> Longs:
        """Order touches by strength: kind first, then recency."""
        weaker = np.int64(TouchKind.VIEW) - self.touches.kind[touch]
        return np.where(touch == NONE, NONE, weaker * len(self.touches) + touch)

    def _unrank(self, rank: Longs) -> Longs:
        return np.where(rank == NONE, NONE, rank % max(len(self.touches), 1))

    def claims(self, event: Longs, touch: Longs) -> Claims:
        return Claims(event, self.touches.account[touch], touch)


def last_source(
    event_at: ArrayLike,
    event_person: ArrayLike,
    visit_at: ArrayLike,
    visit_person: ArrayLike,
    visit_source: ArrayLike,
    *,
    ignored: Iterable[int] = (),
) -> Longs:
    """Name the source of the last visit before each event, as web analytics does, passing over ignored ones.

    A payment page that sends the buyer back would otherwise take the credit (field case P70).

    Parameters
    ----------
    event_at, event_person
        Time in ms and person of each event, ascending in time, shape (n,).
    visit_at, visit_person, visit_source
        Time in ms, person and number of the referring source of each visit, ascending in time, shape (m,).
    ignored
        Numbers of the sources that cannot be an origin.

    Returns
    -------
    ndarray of int64, shape (n,)
        Numbers of the sources, -1 = no earlier visit.
    """
    at, person = np.asarray(event_at, dtype=np.int64), np.asarray(event_person, dtype=np.int64)
    source = np.asarray(visit_source, dtype=np.int64)
    queries = TimeLine(at, person, np.zeros(len(at), dtype=np.int64))
    lines = TimeLine(
        np.asarray(visit_at, dtype=np.int64), np.asarray(visit_person, dtype=np.int64), np.zeros_like(source)
    )
    counted = np.where(np.isin(source, list(ignored)), NONE, 0).astype(np.int16)
    found = latest(queries, lines, counted, classes=1)
    result = np.full(len(at), NONE)
    known = found.row[0] != NONE
    result[found.query[known]] = source[found.row[0, known]]
    return result
