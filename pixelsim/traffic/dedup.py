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
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.clock import HOUR, MINUTE
from pixelsim.base.errors import Fault, InputError
from pixelsim.traffic.columns import replaced
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.keys import NONE, first_equal, inside, maybe_in, open_windows, sort_groups, whole_numbers
from pixelsim.traffic.open_copies import Copies, DedupState, carry, relevant

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

    @property
    def longest(self) -> int:
        """The longest window in ms."""
        return max(self.window, self.repeat)

    def within(self, age: Longs, window: int) -> Mask:
        """Tell which ages (ms since the kept copy) lie inside a window; a window of 0 holds none."""
        return inside(age, window, inclusive=self.inclusive)


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
    lost: Mask | None = None,
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
    lost
        Copies that never came, which have neither id nor cookie; None: there are none.
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
    found = _by_kernel(block, lost, rule, state)
    if found is not None:
        open_ = found[0] == DedupOutcome.KEPT
        if lost is not None:
            open_ &= ~lost
        return Deduplicated(*found, carry(state, block, open_, rule.longest, returning))
    if lost is not None:
        event_id, visitor = (replaced(column, lost, NONE) for column in (block.event_id, block.visitor))
        block = replace(block, event_id=event_id, visitor=visitor)
    tried = _tried(block, rule)
    carried = relevant(state, block, tried)
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
    return Deduplicated(outcome, first, carry(state, block, outcome == DedupOutcome.KEPT, rule.longest, returning))


def _by_kernel(
    block: Copies, lost: Mask | None, rule: DedupRule, state: DedupState
) -> tuple[NDArray[np.int8], Longs] | None:
    """Give outcome and first row of each copy by the compiled kernel; None where it is not chosen or not enough."""
    compiled = chosen()
    if compiled is None:
        return None
    carried = relevant(state, block, np.zeros(len(block.at), dtype=np.bool_))
    old = carried.copies if carried.parts else block.take(slice(0, 0))
    codes = np.array([DedupOutcome.KEPT, DedupOutcome.MERGED, DedupOutcome.DUPLICATE, SERVER], dtype=np.int8)
    outcome, first, tried = compiled.chain(
        block.columns(),
        np.empty(0, dtype=np.bool_) if lost is None else lost,
        old.columns(),
        carried.row,
        (rule.window, rule.merge, rule.repeat, rule.inclusive),
        codes,
        state.rows,
    )
    return None if tried else (outcome, first)


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


def _by_event_id(copies: Copies, rule: DedupRule, outcome: NDArray[np.int8], first: Longs) -> None:
    """Chain the copies that have an event id, in place."""
    # What has no id is given one of its own below -1, so that it equals nothing.
    missing = copies.event_id == NONE
    ids = copies.event_id - missing * np.arange(1, len(missing) + 1)
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
    limits = [(rule.longest, tail[server]), (rule.repeat, tail[~server])]
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
