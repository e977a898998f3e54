"""What follows from touches by the cell in which it happens: sessions, events by fate, and copies of late orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pixelsim.counts.cells import adding
from pixelsim.counts.draws import Draw, inside, stacked
from pixelsim.counts.follower import Followers
from pixelsim.counts.following import Happened
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.touches import TouchKind

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


def tallies(to: Followers, draws: Sequence[Draw], cells: Sequence[Longs], happened: Happened) -> list[Tally]:
    """Add up by cell what followed from the touches of some ad groups, and draw the fates of the events.

    Parameters
    ----------
    to
        Where the ad groups lead to.
    draws, cells
        For each ad group, what opens its streams, and the cell of each row of its touches.
    happened
        What followed from the touches, all rows one after another.
    """
    size, groups, sessions = to.cells, len(draws), happened.sessions
    of_row, rows = np.concatenate([cell + number * size for number, cell in enumerate(cells)]), groups * size
    to_cells = adding(of_row[sessions.row] + sessions.lag, rows)
    number, lost = to_cells @ sessions.number, to_cells @ sessions.lost
    classes, again = (_by_cell(to_cells, some, to) for some in (sessions.classes, sessions.again))
    at, draw = np.repeat(to.of, size), stacked(draws, [size] * groups)
    # Late orders of a cell go together, by the kind of their touch.
    orders, place = happened.late, of_row[happened.late.row] + happened.late.lag
    later, gone = np.zeros((2, rows, len(TouchKind)), dtype=np.int64)
    np.add.at(later, (place, orders.kind), orders.number)
    np.add.at(gone, (place, orders.kind), happened.away)
    row, kind = np.nonzero(later)
    some = inside(stacked(draws, np.bincount(row // size, minlength=groups).tolist()), "late orders")
    came = some("people").multinomial(later[row, kind], to.people[at[row]])
    events, sent_again, matched = to.happen(some, np.zeros_like(came), came, at=at[row], visitors=slice(0, -1))
    where = (at[row], row % size)
    copies = to.classes.kept(some("pixel on the page"), matched, where, came @ to.matched)
    late, late_once = np.zeros((2, *later.shape, len(EVENT_NAMES)), dtype=np.int64)
    late[row, kind], late_once[row, kind] = copies
    np.add.at(classes[:, :-1], row, events)
    np.add.at(again[:, :-1], row, sent_again)
    fates = to.classes.split(draw("fates"), classes, at)
    chosen = to.events.again(draw("sent again"), again, fates[:, :, 0]).sum(axis=1)
    number, lost = number + later.sum(axis=1), lost + gone.sum(axis=1)
    every = (number, lost, fates.sum(axis=1), chosen, late, late_once)
    return [Tally(*(table[one : one + size] for table in every)) for one in range(0, rows, size)]


def _by_cell(to_cells: sparse.csr_array, of_sessions: Longs, to: Followers) -> Longs:
    """Add up by cell what sessions have by visitor, and give none for bots where these were left out."""
    size, visitors = to_cells.shape[0], of_sessions.shape[1]
    found = np.zeros((size, len(to.matched) + 1, *of_sessions.shape[2:]), dtype=np.int64)
    of_cell = to_cells @ of_sessions.reshape(len(of_sessions), math.prod(of_sessions.shape[1:]))
    found[:, :visitors] = of_cell.reshape(size, *of_sessions.shape[1:])
    return found


def turns(cell: Longs) -> Longs:
    """Give the place of each row among those of its cell, from 0 on; cells ascend."""
    return np.asarray(np.arange(len(cell)) - np.searchsorted(cell, cell))
