"""What follows from touches by the cell in which it happens: sessions, events by fate, and copies of late orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

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
        # Where every cell has one row, the rows are the table.
        self.whole = np.array_equal(self.cell, np.arange(size * self.groups))
        turn = turns(self.cell)
        self.turns = [np.flatnonzero(turn == number) for number in range(int(turn.max(initial=-1)) + 1)]

    def add(self, parts: Sequence[NDArray[Number]]) -> NDArray[Number]:
        """Add up by cell what rows have by lag from their own cell on; what falls after the end is none."""
        table = self._by_touch(np.concatenate(parts))
        table = table.reshape(self.groups, self.size, *table.shape[1:])
        total = table[:, :, 0].copy()
        for lag in range(1, min(table.shape[2], self.size)):
            total[:, lag:] += table[:, : self.size - lag, lag]
        return total.reshape(self.groups * self.size, *table.shape[3:])

    def _by_touch(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up rows by the cell of their touches."""
        if self.whole:
            return of_row
        table = np.zeros((self.size * self.groups, *of_row.shape[1:]), dtype=of_row.dtype)
        for number, rows in enumerate(self.turns):
            # Two rows of one cell take their turns, so that no place is added to twice at once.
            if number == 0:
                table[self.cell[rows]] = of_row[rows]
            else:
                table[self.cell[rows]] += of_row[rows]
        return table
