"""Received copies, and those of earlier blocks on which later ones can still fall."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.keys import NONE, Sieve

__all__ = ["Copies", "DedupState", "carry", "relevant"]

Longs = NDArray[np.int64]
Wholes = NDArray[np.integer]
Mask = NDArray[np.bool_]
_FEW = 0.05
"""Share of a block up to which copies are carried along as they are: to pick among so few costs more than it saves."""


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

    def columns(self) -> tuple[Longs, Wholes, Wholes, Longs, Wholes, Longs]:
        """Give the columns, in their order."""
        return self.at, self.pixel, self.event, self.event_id, self.channel, self.visitor

    def take(self, index: Longs | Mask | slice) -> Copies:
        """Pick copies by position."""
        at, pixel, event, event_id, channel, visitor = self.columns()
        return Copies(at[index], pixel[index], event[index], event_id[index], channel[index], visitor[index])

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


def relevant(state: DedupState, block: Copies, tried: Mask) -> DedupState:
    """Pick the carried copies that share an event id, or a visitor of those that are tried on him, with the block."""
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


def carry(state: DedupState, block: Copies, open_: Mask, longest: int, returning: Longs | None) -> DedupState:
    """Keep the copies on which a later block's copies can still fall.

    Parameters
    ----------
    state, block
        What was carried so far, and the block just decided.
    open_
        Which of the block's copies count, so that others can fall to them, shape (n,).
    longest
        The longest window in ms.
    returning
        The event ids that can come again; None: all can.
    """
    if not len(block.at):
        return state
    now = int(block.at[-1])
    oldest = now - longest
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
    kept = kept[known & open_[kept]]
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
