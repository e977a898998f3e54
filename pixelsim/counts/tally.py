"""What follows from touches by the cell in which it happens: sessions, events by fate, and copies of late orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.draws import Draw, stacked
from pixelsim.counts.follower import Followers
from pixelsim.counts.following import Followed
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["Tally", "tallies", "turns"]

Longs = NDArray[np.int64]


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


def tallies(to: Followers, draws: Sequence[Draw], cells: Sequence[Longs], followed: Followed) -> list[Tally]:
    """Add up by cell what followed from the touches of some ad groups, and draw the fates of the events.

    Parameters
    ----------
    to
        Where the ad groups lead to.
    draws, cells
        For each ad group, what opens its streams, and the cell of each row of its touches.
    followed
        What followed from the touches, all rows one after another.
    """
    size, groups = to.cells, len(draws)
    at, draw = np.repeat(to.of, size), stacked(draws, [size] * groups)
    add = _Places(cells, size).add
    names = ("orders", "lost", "later", "classes", "again")
    sessions, lost, later, classes, again = (add(getattr(followed, name)) for name in names)
    sessions += add(followed.landings[:, np.newaxis])
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
        self.size, self.groups = size, len(cells)
        place = np.concatenate([cell + number * size for number, cell in enumerate(cells)])
        # Rows of one place stand together.
        self.begins = np.flatnonzero(np.diff(place, prepend=-1))
        self.place, self.alone = place[self.begins], len(self.begins) == len(place)

    def add(self, of_row: Longs) -> Longs:
        """Add up by cell what rows have by lag from their own cell on; what falls after the end is none."""
        of_place = of_row if self.alone else np.add.reduceat(of_row, self.begins)
        if len(self.place) < self.groups * self.size:
            table = np.zeros((self.groups * self.size, *of_row.shape[1:]), dtype=np.int64)
            table[self.place] = of_place
            of_place = table
        table = of_place.reshape(self.groups, self.size, *of_row.shape[1:])
        total = table[:, :, 0].copy()
        for lag in range(1, min(table.shape[2], self.size)):
            total[:, lag:] += table[:, : self.size - lag, lag]
        return total.reshape(-1, *of_row.shape[2:])
