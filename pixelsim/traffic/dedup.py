"""Deduplication: which received copies of an event count, and which are the same event once more.

A copy is compared with one other copy only: the kept one that opened its window. With an event id, that is the
first of the same pixel, event name and event id. Without one, copies are never equal, with two exceptions that go
by the visitor's first-party cookie: a server copy is tried against the visitor's last kept copy of that event on
that pixel, and a positive ``repeat`` window drops repeats of any channel. The copy that arrives later is the one
that is tried, so a browser copy never loses to a server copy without an id that came before it.

Both chains are found on sorted groups, a round at a time over the groups that still have a copy past its window,
so that nothing loops over rows.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.clock import HOUR, MINUTE
from pixelsim.base.errors import Fault, InputError
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.keys import NONE, Sieve, first_equal, inside, maybe_in, open_windows, sort_groups, whole_numbers

__all__ = [
    "BROWSER",
    "SERVER",
    "Copies",
    "DedupOutcome",
    "DedupRule",
    "DedupState",
    "Deduplicated",
    "deduplicate",
]

BROWSER = 0
SERVER = 1

Longs = NDArray[np.int64]
_FEW = 0.05
"""Share of a block up to which copies are carried along as they are: to pick among so few costs more than it saves."""
Wholes = NDArray[np.integer]
Mask = NDArray[np.bool_]


class DedupOutcome(enum.IntEnum):
    """What became of a received copy."""

    KEPT = 0
    """It counts: the first of its event."""
    MERGED = 1
    """The other channel's copy, soon after the first: its match keys are added to the kept copy."""
    DUPLICATE = 2
    """Dropped as the same event once more."""
    REPEAT = 3
    """Dropped by the repeat window: same visitor and event, no event id."""


@dataclass(frozen=True, slots=True)
class DedupRule:
    """The windows of deduplication, all in milliseconds from the kept copy; 0 switches a window off.

    Parameters
    ----------
    window
        How long copies of one event are dropped. Default 48 hours (TikTok help page "Event deduplication").
    merge
        How long a copy from the other channel is merged instead of dropped, at most ``window``. Default 5 minutes
        (same source). With 0 such copies are dropped from the start.
    repeat
        How long a visitor's copies of one event without an event id are dropped. Default 0: the platform speaks of
        "a short time" and publishes no figure (field case P53).
    inclusive
        Whether a copy exactly at a window's end is still inside. Default yes, an assumption (field case P40).

    Raises
    ------
    InputError
        A window is negative, or ``merge`` is longer than ``window``.
    """

    window: int = 48 * HOUR
    merge: int = 5 * MINUTE
    repeat: int = 0
    inclusive: bool = True

    def __post_init__(self) -> None:
        faults = [
            Fault(f"$.{name}", name, str(value), "at least 0 milliseconds", "use 0 to switch the window off")
            for name, value in (("window", self.window), ("merge", self.merge), ("repeat", self.repeat))
            if value < 0
        ]
        if self.merge > max(self.window, 0):
            rule = f"at most the dedup window ({self.window} ms)"
            faults.append(Fault("$.merge", "merge", str(self.merge), rule, "shorten it or lengthen the window"))
        if faults:
            raise InputError("dedup rule", faults)

    def within(self, age: Longs, window: int) -> Mask:
        """Tell which ages (ms since the kept copy) lie inside a window; a window of 0 holds none."""
        return inside(age, window, inclusive=self.inclusive)


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Received copies of events, one entry for each, whole numbers of shape (n,).

    Parameters
    ----------
    at
        Time received, ms, ascending; of equal times the one that stands first was received first.
    pixel, event
        Numbers of pixel and event name.
    event_id
        Number of the event id, -1 = missing.
    channel
        0 browser, 1 server.
    visitor
        Number of the visitor's first-party cookie, -1 = none.
    """

    at: Longs
    pixel: Wholes
    event: Wholes
    event_id: Longs
    channel: Wholes
    visitor: Longs

    def __deepcopy__(self, memo: dict[int, object]) -> Copies:
        # Nothing changes it once it is made, so copies of what holds it may share it.
        return self

    def take(self, index: Longs | Mask | slice) -> Copies:
        """Pick copies by position."""
        return Copies(*(getattr(self, field.name)[index] for field in fields(self)))

    def then(self, later: Copies) -> Copies:
        """Append later copies."""
        return Copies(*(np.concatenate([getattr(self, f.name), getattr(later, f.name)]) for f in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class DedupState:
    """What a later block must know of the earlier ones: the kept copies whose windows are still open.

    Parameters
    ----------
    parts
        Those copies with their row numbers, counted over all blocks so far, in the order received: one part for each
        earlier block that has any, so that carrying them on copies nothing.
    rows
        How many rows all blocks so far had.
    now
        Time of the last row so far in ms, or None before the first.
    """

    parts: tuple[tuple[Copies, Longs], ...] = ()
    rows: int = 0
    now: int | None = None

    @property
    def copies(self) -> Copies:
        """The copies of all parts."""
        return functools.reduce(Copies.then, (copies for copies, _ in self.parts), _no_copies())

    @property
    def row(self) -> Longs:
        """The row numbers of all parts."""
        return np.concatenate([np.empty(0, dtype=np.int64), *(row for _, row in self.parts)])


@dataclass(frozen=True, slots=True, eq=False)
class Deduplicated:
    """The result of deduplication, one entry for each row, in the caller's order.

    Parameters
    ----------
    outcome
        Codes of `DedupOutcome`, int8, shape (n,).
    first
        Row number of the kept copy that each copy fell to; its own number when kept. int64, shape (n,). Counted
        over all blocks when blocks were fed one by one.
    state
        What the next block has to be given.
    """

    outcome: NDArray[np.int8]
    first: Longs
    state: DedupState

    @property
    def kept(self) -> Mask:
        """Which rows count."""
        return np.asarray(self.outcome == DedupOutcome.KEPT)

    def totals(self) -> dict[DedupOutcome, int]:
        """Count the rows by outcome; the counts add up to the rows received."""
        counts = np.bincount(self.outcome, minlength=len(DedupOutcome))
        return {outcome: int(counts[outcome]) for outcome in DedupOutcome}


def deduplicate(  # noqa: PLR0917 - one column of a log row each, in the log's order
    at: ArrayLike,
    pixel: ArrayLike,
    event: ArrayLike,
    event_id: ArrayLike,
    channel: ArrayLike,
    visitor: ArrayLike,
    rule: DedupRule | None = None,
    *,
    state: DedupState | None = None,
    returning: Longs | None = None,
) -> Deduplicated:
    """Decide for every received copy whether it counts, is merged or is dropped.

    A long series can be fed block by block: blocks fed in turn, each with the state that the one before gave, have
    exactly the result of one call on all of them.

    Parameters
    ----------
    at, pixel, event, event_id, channel, visitor
        The columns of `Copies`, whole numbers of shape (n,).
    rule
        The windows; the platform's own when left out.
    state
        The state given by the block before; left out for the first block.
    returning
        The event ids that can come again, where the caller knows them: only they are carried on. None: all can.

    Raises
    ------
    InputError
        The columns differ in length, the times descend (also against earlier blocks), or a channel is neither 0
        nor 1.
    """
    rule = rule or DedupRule()
    state = state or DedupState()
    block = Copies(
        whole_numbers(at).astype(np.int64, copy=False),
        whole_numbers(pixel),
        whole_numbers(event),
        whole_numbers(event_id).astype(np.int64, copy=False),
        whole_numbers(channel),
        whole_numbers(visitor).astype(np.int64, copy=False),
    )
    _check(block, state.now)
    tried = _tried(block, rule)
    carried = _relevant(state, block, tried)
    # Carried copies stand first and come out as kept again: what they could have fallen to is no longer there.
    copies = carried.copies.then(block) if carried.parts else block
    old = len(copies.at) - len(block.at)
    outcome = np.zeros(len(copies.at), dtype=np.int8)
    first = np.arange(len(copies.at))
    if rule.window > 0:
        _by_event_id(copies, rule, outcome, first)
    if tried.any():
        _by_visitor(copies, rule, outcome, first)
    outcome, first = outcome[old:], first[old:] + (state.rows - old)
    if old:
        earlier = first < state.rows
        first[earlier] = carried.row[first[earlier] - (state.rows - old)]
    return Deduplicated(outcome, first, _carry(state, block, outcome, rule, returning))


def _check(block: Copies, now: int | None) -> None:
    """Refuse columns that cannot be deduplicated."""
    at, channel = block.at, block.channel
    faults = [
        Fault(f"$.{f.name}", f.name, f"{len(column)} rows", f"as long as 'at' ({len(at)} rows)", "give one entry a row")
        for f in fields(block)
        if len(column := getattr(block, f.name)) != len(at)
    ]
    if len(at) and (np.any(at[1:] < at[:-1]) or (now is not None and at[0] < now)):
        rule = "in ascending order, also from block to block"
        faults.append(Fault("$.at", "at", "descending", rule, "sort the rows by time with a stable sort"))
    if len(channel) and (channel.min() < BROWSER or channel.max() > SERVER):
        value = f"{channel.min()} to {channel.max()}"
        faults.append(Fault("$.channel", "channel", value, "0 (browser) or 1 (server)", "recode the channel"))
    if faults:
        raise InputError("deduplicate", faults)


def _tried(copies: Copies, rule: DedupRule) -> Mask:
    """Mark the copies that are tried on the visitor's cookie: they have one, and no event id."""
    without: Mask = copies.event_id == NONE
    if not without.any():
        return without
    without &= copies.visitor != NONE
    if rule.repeat <= 0:
        without &= (copies.channel == SERVER) & (rule.window > 0)
    return without


def _relevant(state: DedupState, block: Copies, tried: Mask) -> DedupState:
    """Pick the carried copies that share an event id or a tried visitor with the block, or seem to."""
    if sum(len(row) for _, row in state.parts) <= _FEW * len(block.at):
        return DedupState(state.parts)
    ids, visitors = Sieve(block.event_id), Sieve(block.visitor[tried])
    parts = []
    for copies, row in state.parts:
        same = ids.passes(copies.event_id) & (copies.event_id != NONE)
        here = np.flatnonzero(same | visitors.passes(copies.visitor))
        if len(here):
            parts.append((copies.take(here), row[here]))
    return DedupState(tuple(parts))


def _by_event_id(copies: Copies, rule: DedupRule, outcome: NDArray[np.int8], first: Longs) -> None:
    """Chain the copies that have an event id, in place."""
    compiled = chosen()
    if compiled is not None:
        columns = (copies.at, copies.pixel, copies.event, copies.event_id, copies.channel)
        codes = np.array([DedupOutcome.MERGED, DedupOutcome.DUPLICATE], dtype=np.int8)
        compiled.chain(columns, (rule.window, rule.merge, rule.inclusive), codes, outcome, first)
        return
    # What has no id is given one of its own below -1, so that it equals nothing.
    missing = copies.event_id == NONE
    ids = np.where(missing, -2 - np.arange(len(missing)), copies.event_id)
    fell, kept = _fallen(first_equal(ids))
    if (copies.pixel[fell] != copies.pixel[kept]).any() or (copies.event[fell] != copies.event[kept]).any():
        # An id stands for several pixels or events, as where two pixels are on a page.
        fell, kept = _fallen(first_equal(copies.pixel, copies.event, ids))
    if not rule.within(copies.at[fell] - copies.at[kept], rule.window).all():
        rows = np.flatnonzero(~missing)
        order, heads = sort_groups(copies.pixel[rows], copies.event[rows], copies.event_id[rows])
        rows = rows[order]
        open_windows(copies.at[rows], heads, [(rule.window, None)], inclusive=rule.inclusive)
        fell, kept = _split(rows, heads)
    age = copies.at[fell] - copies.at[kept]
    merged = rule.within(age, rule.merge) & (copies.channel[fell] != copies.channel[kept])
    outcome[fell] = np.where(merged, DedupOutcome.MERGED, DedupOutcome.DUPLICATE)
    first[fell] = kept


def _by_visitor(copies: Copies, rule: DedupRule, outcome: NDArray[np.int8], first: Longs) -> None:
    """Chain the copies without an event id on the visitor's cookie, in place."""
    tried = _tried(copies, rule)
    member = (outcome == DedupOutcome.KEPT) & (copies.visitor != NONE)
    rows = np.flatnonzero(member & maybe_in(copies.visitor, copies.visitor[tried]))
    order, heads = sort_groups(copies.pixel[rows], copies.event[rows], copies.visitor[rows])
    rows = rows[order]
    heads |= ~tried[rows]
    tail = np.flatnonzero(~heads)
    server = copies.channel[rows[tail]] == SERVER
    limits = [(max(rule.window, rule.repeat), tail[server]), (rule.repeat, tail[~server])]
    limits = [limit for limit in limits if len(limit[1])]
    open_windows(copies.at[rows], heads, limits, inclusive=rule.inclusive)
    fell, kept = _split(rows, heads)
    age = copies.at[fell] - copies.at[kept]
    same_event = (copies.channel[fell] == SERVER) & rule.within(age, rule.window)
    merged = same_event & rule.within(age, rule.merge) & (copies.channel[kept] == BROWSER)
    dropped = np.where(same_event, DedupOutcome.DUPLICATE, DedupOutcome.REPEAT)
    outcome[fell] = np.where(merged, DedupOutcome.MERGED, dropped)
    first[fell] = kept


def _fallen(first: Longs) -> tuple[Longs, Longs]:
    """Give the rows that equal an earlier one, and that one for each."""
    fell = np.flatnonzero(first != np.arange(len(first)))
    return fell, first[fell]


def _split(rows: Longs, heads: Mask) -> tuple[Longs, Longs]:
    """Give the rows that are no head, and for each the head before it."""
    tail = np.flatnonzero(~heads)
    positions = np.maximum.accumulate(heads * np.arange(len(heads)))
    return rows[tail], rows[positions[tail]]


def _carry(
    state: DedupState, block: Copies, outcome: NDArray[np.int8], rule: DedupRule, returning: Longs | None
) -> DedupState:
    """Keep the copies on which a later block's copies can still fall."""
    if not len(block.at):
        return state
    now = int(block.at[-1])
    oldest = now - max(rule.window, rule.repeat)
    since = int(np.searchsorted(block.at, oldest))
    earlier = state.parts
    if returning is None:
        kept = np.arange(since, len(block.at))
    else:
        ids = Sieve(returning)
        kept = since + ids.positions(block.event_id[since:])
        picked = ((copies, row, ids.positions(copies.event_id)) for copies, row in earlier)
        earlier = tuple((copies.take(here), row[here]) for copies, row, here in picked if len(here))
    known = (block.event_id[kept] != NONE) | (block.visitor[kept] != NONE)
    kept = kept[known & (outcome[kept] == DedupOutcome.KEPT)]
    parts = [*earlier, (block.take(kept), kept + state.rows)]
    firsts = [int(np.searchsorted(copies.at, oldest)) for copies, _ in parts]
    still = tuple(
        (copies.take(slice(first, None)), row[first:])
        for (copies, row), first in zip(parts, firsts, strict=True)
        if first < len(row)
    )
    return DedupState(still, state.rows + len(block.at), now)


def _no_copies() -> Copies:
    none = np.empty(0, dtype=np.int64)
    return Copies(none, none, none, none, none, none)
