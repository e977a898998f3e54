"""What follows from touches by the cell in which it happens: sessions, events by fate, and copies of late orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pixelsim.counts.draws import Draw, grouped, stacked
from pixelsim.counts.follower import Follower, Followers
from pixelsim.counts.following import Followed
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["Tally", "Touched", "tallies", "turns"]

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


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """What followed from all touches of an ad group.

    Parameters
    ----------
    draw, follower
        Opens its streams; and where it leads to.
    cell, followed
        Cell of each row of touches, and what followed from them.
    """

    draw: Draw
    follower: Follower
    cell: Longs
    followed: Followed


def tallies(parts: Sequence[Touched]) -> list[Tally]:
    """Add up by cell what followed from the touches of some ad groups, and draw the fates of the events."""
    found: dict[int, Tally] = {}
    for places in grouped([(*part.follower.alike, part.followed.orders.shape[1]) for part in parts]):
        found |= zip(places, _tallies([parts[place] for place in places]), strict=True)
    return [found[place] for place in range(len(parts))]


def _tallies(parts: Sequence[Touched]) -> list[Tally]:
    """Do the same for ad groups that go through together."""
    to, draws, groups = Followers([part.follower for part in parts]), [part.draw for part in parts], len(parts)
    size = to.cells
    at, draw = np.repeat(to.of, size), stacked(draws, [size] * groups)
    places = _Places([part.cell for part in parts], size)

    def add(name: str) -> Longs:
        return places.add([getattr(part.followed, name) for part in parts])

    sessions, lost, later, classes, again = (add(name) for name in ("orders", "lost", "later", "classes", "again"))
    sessions += places.add([part.followed.landings[:, np.newaxis] for part in parts])
    # Rows are cells of ad groups; of those with a late order one for each kind of touch.
    row, kind = np.nonzero(later)
    some, cell = stacked(draws, np.bincount(row // size, minlength=groups).tolist()), row % size
    came = some("people, late orders").multinomial(later[row, kind], to.people[at[row]])
    what = "late orders"
    events, sent_again, matched = to.happen(some, what, np.zeros_like(came), came, at=at[row], visitors=slice(0, -1))
    copies = to.classes.kept(some(f"pixel on the page, {what}"), matched, (at[row], cell), came @ to.matched)
    late, late_once = np.zeros((2, *later.shape, len(EVENT_NAMES)), dtype=np.int64)
    late[row, kind], late_once[row, kind] = copies
    np.add.at(classes[:, :-1], row, events)
    np.add.at(again[:, :-1], row, sent_again)
    fates = to.classes.split(draw("fates"), classes, at)
    chosen = to.events.again(draw("sent again"), again, fates[:, :, 0]).sum(axis=1)
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
