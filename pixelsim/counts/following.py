"""What follows from the touches of ad groups: sessions, orders, and the copies that their own pixel keeps.

Ad groups whose websites and pixels are alike but for their rates go through together, whatever run they are of. A touch
can earn the orders within its window, so of these the copies that count are drawn for each cell of touches and each
lag; the orders after it are looked at when they happen, in :mod:`pixelsim.counts.tally`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.draws import Draw, stacked
from pixelsim.counts.follower import Follower, Followers
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["Followed", "Part", "follow"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
_Where = tuple[Longs, Longs] | tuple[slice, int]
"""Rows and lags of sessions."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Touches of one ad group.

    Parameters
    ----------
    draw
        Opens its streams.
    follower, delivery
        Where it leads to, and its rates.
    cell, touches
        Cell of each row, and its clicks, engaged views and views, shape (rows, kinds).
    chances, soon
        Chances of lags for the orders of each row, as of `OrderShares`; and what share of those of the first lags
        follows within the session time-out, shape (rows, at most 2).
    happen
        Share of each row's orders that happen.
    near
        How many lags, from the touch's own cell on, lie in the window of each kind of touch.
    """

    draw: Draw
    follower: Follower
    delivery: AdDelivery
    cell: Longs
    touches: Longs
    chances: Floats
    soon: Floats
    happen: Floats
    near: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What followed from touches; the first axis of each array is the row.

    Parameters
    ----------
    touches, bots, heard
        Touches by people, shape (rows, kinds); clicks by bots; and those of ``touches`` whose person pixels can hear of
        and match.
    orders, lost
        Sessions with an order, and sessions of any sort that load time drove away, shape (rows, lags in cells).
    landings, landings_of_bots
        Sessions right after a click, without an order; and those of bots among them.
    returned
        Those of ``orders`` that follow a click in a later session than the one right after it.
    later
        Those of ``orders`` that come after the window of their touch, shape (rows, lags, kinds).
    landed, landed_once
        Kept and matched copies on the own pixel, from ``landings``, shape (rows, events); and sessions with any.
    ordered, ordered_once
        The same from orders within the window, shape (rows, lags within the longest window, kinds, events).
    classes, again
        Events of all sessions but those of ``later``, shape (rows, lags, visitors, events, classes of fates), and page
        views among them that are sent once more, shape (rows, lags, visitors); bots are the last visitors.
    """

    touches: Longs
    bots: Longs
    heard: Longs
    orders: Longs
    lost: Longs
    landings: Longs
    landings_of_bots: Longs
    returned: Longs
    later: Longs
    landed: Longs
    landed_once: Longs
    ordered: Longs
    ordered_once: Longs
    classes: Longs
    again: Longs

    def take(self, rows: Longs) -> Followed:
        """Pick rows; all of them in their order are not copied."""
        return self if np.array_equal(rows, np.arange(len(self.bots))) else self.rows(rows)

    def rows(self, rows: slice | Longs) -> Followed:
        """Pick rows."""
        return Followed(*(getattr(self, name)[rows] for name in self.__match_args__))

    @classmethod
    def join(cls, parts: Sequence[Followed]) -> Followed:
        """Put rows one after another."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__))


def follow(parts: Sequence[Part]) -> Followed:
    """Draw what follows from the touches of ad groups that lead to followers which are alike.

    An order within the session time-out is of the session right after the click, whether that would have landed or not;
    every other order comes in a session of its own.
    """
    made = _Making(parts)
    for kind in TouchKind:
        if made.touches[:, kind].any():
            made.visit(kind, made.order(kind))
    made.land()
    return Followed(*(getattr(made, name) for name in Followed.__match_args__))


@dataclass(frozen=True, slots=True, eq=False)
class _Sessions:
    """Sessions of rows, by how many cells they come after their touches: row, lag and number of each."""

    row: Longs
    lag: Longs
    number: Longs

    def only(self, some: NDArray[np.bool_]) -> _Sessions:
        """Pick some."""
        return _Sessions(self.row[some], self.lag[some], self.number[some])


class _Making:
    """Rows of several ad groups in the making."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts, self.sizes = parts, [len(part.cell) for part in parts]
        self.to = Followers([part.follower for part in parts])
        self.draws = [part.draw for part in parts]
        self.draw, self.item = stacked(self.draws, self.sizes), np.repeat(np.arange(len(parts)), self.sizes)
        self.at = self.to.of[self.item]
        self.cell, self.touches = self._of_rows("cell"), self._of_rows("touches")
        self.happen, self.chances = self._of_rows("happen"), self._of_rows("chances")
        self.near = np.array([part.near for part in parts])
        rows, lags, kinds, names = len(self.cell), self.chances.shape[1] - 1, len(TouchKind), len(EVENT_NAMES)
        self.bots, share = np.zeros(rows, dtype=np.int64), self._rates("bots")
        if share.any():
            self.bots = self.draw("bots").binomial(self.touches[:, TouchKind.CLICK], share)
            self.touches[:, TouchKind.CLICK] -= self.bots
        width, visitors = min(self.to.width, lags), len(self.to.matched) + 1
        self.heard, self.soon = np.zeros_like(self.touches), np.zeros((rows, 2), dtype=np.int64)
        self.orders, self.lost, self.returned = np.zeros((3, rows, lags), dtype=np.int64)
        self.later = np.zeros((rows, lags, kinds), dtype=np.int64)
        self.ordered, self.ordered_once = np.zeros((2, rows, width, kinds, names), dtype=np.int64)
        self.classes = np.zeros((rows, width, visitors, names, self.to.classes.number), dtype=np.int64)
        self.again = np.zeros((rows, width, visitors), dtype=np.int64)

    def _of_rows(self, name: str) -> Any:
        """Give what the rows of all parts have, one after another."""
        return np.concatenate([getattr(part, name) for part in self.parts])

    def _rates(self, name: str) -> Floats:
        """Give a rate of each row's ad group."""
        return np.repeat([float(getattr(part.delivery, name)) for part in self.parts], self.sizes)

    def _of(self, rows: Longs | slice) -> Draw:
        """Give what opens the streams for some rows."""
        return stacked(self.draws, np.bincount(self.item[rows], minlength=len(self.parts)).tolist())

    def _stay(self, purpose: str, came: Longs, where: _Where, lags: int) -> Longs:
        """Keep the sessions that load time does not drive away, and count the others.

        Ad groups that lead to pages which drive nobody away within so many lags draw nothing.
        """
        (row, lag), stays = where, self.to.stays
        if np.all(stays >= 1):
            return came
        seen = np.append(stays, np.ones((len(stays), lags - 1)), axis=1)
        least = np.lib.stride_tricks.sliding_window_view(seen, lags, axis=1).min(axis=-1)
        drives = np.bincount(self.item, weights=least[self.at, self.cell] < 1) > 0
        shape = (-1, *[1] * (came.ndim - 1))
        share = stays[self.at[row], self.cell[row] + lag].reshape(shape)
        unsure = came * drives[self.item[row]].reshape(shape)
        lost = unsure - self._of(row)(f"stays, {purpose}").binomial(unsure, np.broadcast_to(share, came.shape))
        self.lost[where] += lost.reshape(len(lost), -1).sum(axis=1)
        return came - lost

    def order(self, kind: TouchKind) -> _Sessions:
        """Draw when the orders of a kind of touch come."""
        name, touches = kind.name.lower(), self.touches[:, kind]
        rate = self.happen * (self._rates("conversion_rate") if kind is TouchKind.CLICK else 1.0)
        buyers = self.draw(f"buyers, {name}").binomial(touches, rate)
        orders = self.draw(f"delays, {name}").multinomial(buyers, self.chances)[:, :-1]
        if kind is TouchKind.CLICK:
            self.soon = self.draw("soon").binomial(orders[:, :2], self._of_rows("soon"))
        row, lag = np.nonzero(orders)
        found = _Sessions(row, lag, orders[row, lag])
        found = found.only(self.cell[row] + lag < self.to.cells)
        stayed = self._stay(f"orders, {name}", found.number, (found.row, found.lag), orders.shape[1])
        found = _Sessions(found.row, found.lag, stayed)
        self.orders[found.row, found.lag] += stayed
        if kind is TouchKind.CLICK:
            self.returned = self.orders.copy()
            self.returned[:, :2] -= np.minimum(self.soon, self.orders[:, :2])
        return found

    def visit(self, kind: TouchKind, orders: _Sessions) -> None:
        """Draw what happens in the sessions with an order that lie within the window of a kind of touch."""
        name, near = kind.name.lower(), self.near[:, kind][self.item[orders.row]]
        later = orders.only(orders.lag >= near)
        self.later[later.row, later.lag, kind] = later.number
        some = orders.only((orders.lag < np.minimum(near, self.ordered.shape[1])) & (orders.number > 0))
        at, draw = self.at[some.row], self._of(some.row)
        came = draw(f"people, {name}").multinomial(some.number, self.to.people[at])
        matched = self._happen(f"orders, {name}", np.zeros_like(came), came, (some.row, some.lag), slice(0, -1))
        kept = self._keep(matched, (some.row, some.lag), came @ self.to.matched)
        self.ordered[some.row, some.lag, kind], self.ordered_once[some.row, some.lag, kind] = kept
        if kind is not TouchKind.CLICK:
            audible = self.to.audible[self.at]
            self.heard[:, kind] = self.draw(f"heard, {name}").binomial(self.touches[:, kind], audible)

    def land(self) -> None:
        """Draw the sessions right after clicks, those without an order."""
        to, soon, here = self.to, self.soon.sum(axis=1), (slice(None), 0)
        people = self.draw("people, landing").multinomial(self.touches[:, TouchKind.CLICK] - soon, to.people[self.at])
        of_soon = self.draw("heard, soon").binomial(soon, to.audible[self.at])
        self.heard[:, TouchKind.CLICK] = people @ to.matched + of_soon
        clicks = np.append(people, self.bots[:, np.newaxis], axis=1)
        landed = self.draw("landing").binomial(clicks, self._rates("landing_share")[:, np.newaxis])
        came = self._stay("landing", landed, here, 1)
        people, bots = came[:, :-1], came[:, -1:]
        self.landings, self.landings_of_bots = came.sum(axis=1), bots[:, 0]
        matched = self._happen("landing", people, np.zeros_like(people), here, slice(0, -1))
        if bots.any():
            matched += self._happen("bots", bots, np.zeros_like(bots), here, slice(-1, None))
        self.landed, self.landed_once = self._keep(matched, here, people @ to.matched + bots[:, 0])

    def _happen(self, what: str, plain: Longs, ordered: Longs, where: _Where, visitors: slice) -> Longs:
        """Draw the events of sessions of rows and lags by class, count them, and give those that can be matched."""
        row, draw = where[0], self._of(where[0])
        found, again, matched = self.to.happen(draw, what, plain, ordered, at=self.at[row], visitors=visitors)
        self.classes[(*where, visitors)] += found
        self.again[(*where, visitors)] += again
        return matched

    def _keep(self, matched: Longs, where: _Where, sessions: Longs) -> tuple[Longs, Longs]:
        """Count the kept copies at the own pixel, of events by class, and the sessions with any."""
        row, lag = where
        rng, at = self._of(row)("pixel on the page"), (self.at[row], self.cell[row] + lag)
        return self.to.classes.kept(rng, matched, at, sessions)
