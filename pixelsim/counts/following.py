"""What follows from the touches of ad groups: sessions, orders, and the copies that their own pixel keeps.

Ad groups whose websites and pixels are alike but for their rates go through together, whatever run they are of. The
sessions of an ad group stand in the order of time, so that what a change does to later ones moves no earlier one. A
touch can earn the orders within its window; what happens in the sessions of later ones is looked at by the cell of
these, in :mod:`pixelsim.counts.tally`, which takes as long for any number of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.draws import inside, stacked
from pixelsim.counts.follower import Followers
from pixelsim.counts.ordered import LateOrders, Ordered
from pixelsim.counts.willing import Orders, Part, willing
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.touches import TouchKind

__all__ = ["Followed", "Happened", "Sessions", "follow"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
LANDING = -1
"""Stands for the kind of touch where a session holds no order."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What followed from touches; the first axis of each array is the row.

    Parameters
    ----------
    touches, bots, heard
        Touches by people, shape (rows, kinds); clicks by bots; and those of ``touches`` whose person pixels can hear of
        and match.
    orders
        Sessions with an order, shape (rows, lags in cells).
    landings_of_bots
        Sessions of bots right after a click.
    returned
        Those of ``orders`` that follow a click in a later session than the one right after it.
    landed, landed_once
        Kept and matched copies on the own pixel from sessions right after a click without an order, shape (rows,
        events); and sessions with any.
    within
        The same from orders within the window.
    late
        Those of ``orders`` that come after it.
    width
        Number of lags within the longest window.
    """

    touches: Longs
    bots: Longs
    heard: Longs
    orders: Longs
    landings_of_bots: Longs
    returned: Longs
    landed: Longs
    landed_once: Longs
    within: Ordered
    late: LateOrders
    width: int

    @property
    def later(self) -> Longs:
        """Orders after the window of their touch, shape (rows, lags, kinds)."""
        rows, lags = self.orders.shape
        return self.late.table("number", rows, lags, self.touches.shape[1])

    @property
    def ordered(self) -> Longs:
        """Copies from orders within the window, shape (rows, lags within the longest window, kinds, events)."""
        return self.within.table("copies", len(self.bots), self.width, self.touches.shape[1])

    @property
    def ordered_once(self) -> Longs:
        """Sessions with any of these, of the same shape."""
        return self.within.table("once", len(self.bots), self.width, self.touches.shape[1])

    def split(self, sizes: Sequence[int]) -> list[Followed]:
        """Cut rows up, so many to each part."""
        edges = np.concatenate([[0], np.cumsum(sizes)])
        told: dict[str, Any] = {name: getattr(self, name) for name in self.__match_args__}
        tables: dict[str, Any] = {name: table for name, table in told.items() if isinstance(table, np.ndarray)}
        parts = zip(itertools.pairwise(edges.tolist()), self.within.rows(edges), self.late.rows(edges), strict=True)
        return [
            replace(self, within=within, late=late, **{name: table[one:two] for name, table in tables.items()})
            for (one, two), within, late in parts
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Sessions that followed from touches, but for those with a late order; those of a row, lag and kind together.

    The first axis of each array tells them.

    Parameters
    ----------
    row, lag, kind
        Which touches they follow from, how many cells later, and the kind of the touch whose order within its window
        they hold; `LANDING` for none.
    number, of_bots, lost
        How many there are, those of bots among them, and how many load time drove away.
    classes, again
        Their events, shape (visitors, events, classes of fates) each; and page views among them that are sent once
        more, shape (visitors,). Bots are the last visitors, and left out where there are none.
    copies, once
        Kept and matched copies on the own pixel, shape (events,), and sessions with any.
    """

    row: Longs
    lag: Longs
    kind: Longs
    number: Longs
    of_bots: Longs
    lost: Longs
    classes: Longs
    again: Longs
    copies: Longs
    once: Longs

    def pick(self, some: Mask | Longs, row: Longs) -> Sessions:
        """Pick some, and give them other rows."""
        return Sessions(row, *(getattr(self, name)[some] for name in self.__match_args__[1:]))

    @classmethod
    def join(cls, parts: Sequence[Sessions], first: Sequence[int] = ()) -> Sessions:
        """Put them one after another; the rows of each part begin at ``first``, if these are not the same ones."""
        visitors = max(part.again.shape[1] for part in parts)
        columns: Any = (
            np.concatenate([_of_visitors(getattr(part, name), visitors, name) for part in parts])
            for name in cls.__match_args__
        )
        found = cls(*columns)
        if not first:
            return found
        return replace(found, row=found.row + np.repeat(first, [len(part.row) for part in parts]))


@dataclass(frozen=True, slots=True, eq=False)
class Happened:
    """What followed from touches: the rows of these, and the sessions.

    Parameters
    ----------
    touches, bots, heard, soon
        As of `Willing`.
    sessions
        The sessions, but for those with a late order.
    late, away
        These, and those of them that load time drove away, of which the rows, lags and kinds are the same.
    """

    touches: Longs
    bots: Longs
    heard: Longs
    soon: Longs
    sessions: Sessions
    late: Orders
    away: Longs

    def __len__(self) -> int:
        return len(self.bots)

    def rows(self, rows: slice) -> Happened:
        """Pick some rows that stand together."""
        return self.take(np.arange(*rows.indices(len(self))))

    def take(self, rows: Longs) -> Happened:
        """Pick rows, each of them once at most; all of them in their order are not copied."""
        if np.array_equal(rows, np.arange(len(self))):
            return self
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        some, late = (np.flatnonzero(place[of.row] >= 0) for of in (self.sessions, self.late))
        return Happened(
            touches=self.touches[rows],
            bots=self.bots[rows],
            heard=self.heard[rows],
            soon=self.soon[rows],
            sessions=self.sessions.pick(some, place[self.sessions.row[some]]),
            late=self.late.pick(late, place[self.late.row[late]]),
            away=self.away[late],
        )

    @classmethod
    def join(cls, parts: Sequence[Happened]) -> Happened:
        """Put rows one after another."""
        if len(parts) == 1:
            return parts[0]
        begins = [0, *itertools.accumulate(len(part) for part in parts)][:-1]
        late = [replace(part.late, row=part.late.row + begin) for part, begin in zip(parts, begins, strict=True)]
        return cls(
            touches=np.concatenate([part.touches for part in parts]),
            bots=np.concatenate([part.bots for part in parts]),
            heard=np.concatenate([part.heard for part in parts]),
            soon=np.concatenate([part.soon for part in parts]),
            sessions=Sessions.join([part.sessions for part in parts], begins),
            late=Orders.join(late),
            away=np.concatenate([part.away for part in parts]),
        )

    def followed(self, lags: int, width: int) -> Followed:
        """Tell by the touches what followed from them; only the first ``width`` of all lags lie in a window."""
        sessions, late, rows = self.sessions, self.late, len(self)
        landed, landed_once = np.zeros((2, rows, len(EVENT_NAMES)), dtype=np.int64)
        landings_of_bots = np.zeros(rows, dtype=np.int64)
        orders, returned = np.zeros((2, rows, lags), dtype=np.int64)
        here = sessions.kind == LANDING
        where = sessions.row[here]
        landed[where], landed_once[where] = sessions.copies[here], sessions.once[here]
        landings_of_bots[where] = sessions.of_bots[here]
        for kind in TouchKind:
            for of in (sessions, late):
                some = np.flatnonzero(of.kind == kind)
                row, lag, number = of.row[some], of.lag[some], of.number[some]
                orders[row, lag] += number
                if kind is TouchKind.CLICK:
                    returned[row, lag] = number
        first = returned[:, : self.soon.shape[1]]
        first -= np.minimum(self.soon, first)
        held = np.flatnonzero(sessions.kind != LANDING)
        return Followed(
            touches=self.touches,
            bots=self.bots,
            heard=self.heard,
            orders=orders,
            landings_of_bots=landings_of_bots,
            returned=returned,
            landed=landed,
            landed_once=landed_once,
            within=Ordered.of(
                sessions.row[held], sessions.lag[held], sessions.kind[held], sessions.copies[held], sessions.once[held]
            ),
            late=LateOrders.of(late.row, late.lag, late.kind, late.number),
            width=min(width, lags),
        )


def _of_visitors(column: NDArray[Any], visitors: int, name: str) -> NDArray[Any]:
    """Give a column of sessions with so many kinds of visitor, none of those that were left out."""
    if name not in {"classes", "again"} or column.shape[1] == visitors:
        return column
    found = np.zeros((len(column), visitors, *column.shape[2:]), dtype=np.int64)
    found[:, : column.shape[1]] = column
    return found


def follow(parts: Sequence[Part]) -> Happened:
    """Draw what follows from the touches of ad groups that lead to followers which are alike.

    An order within the session time-out is of the session right after the click, whether that would have landed or not;
    every other order comes in a session of its own.
    """
    came, to = willing(parts), Followers([part.follower for part in parts])
    rows = _Rows(parts, to)
    every = np.arange(len(rows.item))
    # In the order of time, as rows are.
    in_time = np.argsort(rows.begin[came.orders.row] + came.orders.lag, kind="stable")
    none, landing = np.zeros_like(every), np.full_like(every, LANDING)
    sessions = [
        _Meeting(rows, "orders", came.orders.pick(in_time)).meet(came.people[in_time]),
        _Meeting(rows, "landing", Orders(every, none, landing, came.landings.sum(axis=1))).meet(came.landings),
    ]
    away = _Meeting(rows, "late orders", came.late).leave(came.late.number)
    late = replace(came.late, number=came.late.number - away)
    return Happened(came.touches, came.bots, came.heard, came.soon, Sessions.join(sessions), late, away)


class _Rows:
    """Rows of touches, and where they lead to.

    Parameters
    ----------
    parts
        The parts that they are of.
    to
        Where they lead to.
    """

    def __init__(self, parts: Sequence[Part], to: Followers) -> None:
        self.to, self.draws = to, [part.draw for part in parts]
        self.item = np.repeat(np.arange(len(parts)), [len(part.cell) for part in parts])
        self.cell = np.concatenate([part.cell for part in parts])
        # Cells of all parts, one after another.
        self.begin = self.item * to.cells + self.cell


class _Meeting:
    """Sessions on the pages that they come to, in the making.

    Parameters
    ----------
    rows
        The touches that they follow from.
    what
        What they are of, in the names of their streams.
    of
        The sessions, by touch; those of a part stand together.
    """

    def __init__(self, rows: _Rows, what: str, of: Orders) -> None:
        self.to, self.of, item = rows.to, of, rows.item[of.row]
        self.website, self.at = rows.to.of[item], rows.cell[of.row] + of.lag
        number = np.bincount(item, minlength=len(rows.draws)).tolist()
        self.draw = inside(stacked(rows.draws, number), what)

    def leave(self, would: Longs) -> Longs:
        """Draw those that load time drives away, of the shape of those that would stay else; first axis: sessions."""
        leaves = 1 - self.to.stays[self.website, self.at]
        if not leaves.any():
            return np.zeros_like(would)
        # Those whom nothing drives away use no numbers up.
        return self.draw("leaves").binomial(would, leaves.reshape(-1, *[1] * (would.ndim - 1)))

    def meet(self, would: Longs) -> Sessions:
        """Draw what happens in them.

        Parameters
        ----------
        would
            How many there would be, if no page drove any away, by kind of visitor, shape (sessions, visitors); bots are
            the last ones, and can be left out.
        """
        to, of, people = self.to, self.of, len(self.to.matched)
        # In most runs there are no bots.
        visitors = slice(None) if would[:, people:].any() else slice(0, -1)
        would = would if visitors.stop is None else would[:, :people]
        stayed, ordered = would - self.leave(would), (of.kind != LANDING)[:, np.newaxis]
        plain, with_order = stayed * ~ordered, stayed * ordered
        classes, again, matched = to.happen(self.draw, plain, with_order, at=self.website, visitors=visitors)
        heard = stayed @ np.append(to.matched, 1)[visitors]
        copies, once = to.classes.kept(self.draw("pixel on the page"), matched, (self.website, self.at), heard)
        total = stayed.sum(axis=1)
        of_bots, lost = total - stayed[:, :people].sum(axis=1), would.sum(axis=1) - total
        return Sessions(of.row, of.lag, of.kind, total, of_bots, lost, classes, again, copies, once)
