"""What follows from touches by the cell in which it happens: sessions, events by fate, and copies of late orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pixelsim.counts.draws import Draw, inside, stacked
from pixelsim.counts.following import Followed, Follower

__all__ = ["Tally", "tallies", "turns"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What followed from the touches of an ad group, by cell.

    Parameters
    ----------
    sessions, lost
        Sessions, and those that load time drove away, shape (cells,).
    events, again
        Events of all sessions by fate, shape (cells, events, fates), and page views among them that are sent once
        more, shape (cells, fates).
    late, late_once
        Kept and matched copies on the own pixel from orders after the window of their touch, shape (cells, kinds,
        events); and sessions with any.
    """

    sessions: Longs
    lost: Longs
    events: Longs
    again: Longs
    late: Longs
    late_once: Longs


def tallies(
    follower: Follower, draws: Sequence[Draw], cells: Sequence[Longs], parts: Sequence[Followed]
) -> list[Tally]:
    """Add up by cell what followed from the touches of some ad groups, and draw the fates of the events.

    Parameters
    ----------
    follower
        Website and pixel of the ad groups.
    draws, cells, parts
        For each ad group: what opens its streams; the cell of each row of touches; and what followed from them.
    """
    size, groups = len(follower.cells), len(parts)
    draw = stacked(draws, [size] * groups)
    places = _Places([np.asarray(cell) for cell in cells], size)

    def add(name: str) -> Longs:
        return places.add([getattr(part, name) for part in parts])

    sessions, lost, later, classes, again = (add(name) for name in ("orders", "lost", "later", "classes", "again"))
    sessions += places.add([part.landings[:, np.newaxis] for part in parts])
    came = draw("people, late orders").multinomial(later, follower.events.visitors.shares)
    events, sent_again = follower.events.happen(inside(draw, "late orders"), np.zeros_like(came), came)
    found = follower.classes.draw(draw("copies, late orders"), events, slice(0, -1))
    at = np.tile(np.arange(size), groups)[:, np.newaxis]
    matched = follower.events.of_matched(found, slice(0, -1))
    late, late_once = follower.classes.kept(
        draw("pixel on the page, late orders"), matched, np.broadcast_to(at, later.shape), came @ follower.matched
    )
    classes[:, :-1] += found.sum(axis=1)
    again[:, :-1] += sent_again.sum(axis=1)
    fates = follower.classes.split(draw("fates"), classes)
    chosen = follower.events.again(draw("sent again"), again, fates[:, :, 0]).sum(axis=1)
    every = (sessions, lost, fates.sum(axis=1), chosen, late, late_once)
    return [Tally(*(table[one : one + size] for table in every)) for one in range(0, size * groups, size)]


def turns(cell: Longs) -> Longs:
    """Give the place of each row among those of its cell, from 0 on; cells ascend."""
    return np.asarray(np.arange(len(cell)) - np.searchsorted(cell, cell))


class _Places:
    """Rows of several ad groups in tables with a row for each of their cells."""

    def __init__(self, cells: Sequence[Longs], size: int) -> None:
        self.cell = np.concatenate([cell + number * size for number, cell in enumerate(cells)])
        self.size, self.groups = size, len(cells)
        self.ends = (self.cell // size + 1) * size
        # Where every cell has one row, the rows are the table.
        self.whole = np.array_equal(self.cell, np.arange(size * self.groups))
        self._adding: dict[int, sparse.csr_array] = {}

    def add(self, parts: Sequence[NDArray[Number]]) -> NDArray[Number]:
        """Add up by cell what rows have by lag from their own cell on; what falls after the end is none."""
        of_row: NDArray[Number] = np.concatenate(parts)
        shape = (self.groups * self.size, *of_row.shape[2:])
        if not self.whole:
            total: NDArray[Number] = np.asarray(self._of(of_row.shape[1]) @ of_row.reshape(-1, math.prod(shape[1:])))
            return total.reshape(shape)
        table = of_row.reshape(self.groups, self.size, *of_row.shape[1:])
        total = table[:, :, 0].copy()
        for lag in range(1, min(table.shape[2], self.size)):
            total[:, lag:] += table[:, : self.size - lag, lag]
        return total.reshape(shape)

    def _of(self, lags: int) -> sparse.csr_array:
        """Give the table of 0 and 1 whose product with rows and lags adds them up by cell."""
        if lags not in self._adding:
            to = self.cell[:, np.newaxis] + np.arange(lags)
            inside = to < self.ends[:, np.newaxis]
            place = np.flatnonzero(inside)
            shape = (self.groups * self.size, to.size)
            ones = np.ones(len(place), dtype=np.int64)
            self._adding[lags] = sparse.csr_array((ones, (to[inside], place)), shape=shape)
        return self._adding[lags]
