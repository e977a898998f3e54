"""What follows from the touches of ad groups: sessions, orders, and the copies that their own pixel keeps.

All ad groups that lead to one website and report to pixels that keep the same go through together. A touch can earn the
orders within its window, so of these the copies that count are drawn for each cell of touches and each lag; the orders
after it are looked at when they happen, in :mod:`pixelsim.counts.tally`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells
from pixelsim.counts.copies import FateClasses
from pixelsim.counts.draws import Draw, inside, stacked
from pixelsim.counts.kernels import OrderShares
from pixelsim.counts.pages import Pages
from pixelsim.counts.sessions import SessionEvents
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["Followed", "Follower", "Part"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Touches of one ad group.

    Parameters
    ----------
    draw
        Opens its streams.
    delivery
        Its rates.
    cell, touches
        Cell of each row, and its clicks, engaged views and views, shape (rows, kinds).
    shares
        Where the orders of each row fall.
    happen
        Share of each row's orders that happen.
    near
        How many lags, from the touch's own cell on, lie in the window of each kind of touch.
    """

    draw: Draw
    delivery: AdDelivery
    cell: Longs
    touches: Longs
    shares: OrderShares
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

    def take(self, index: Longs) -> Followed:
        """Pick rows; those that stand together are not copied."""
        rows: slice | Longs = index
        if len(index) and index[-1] - index[0] == len(index) - 1 and np.all(np.diff(index) == 1):
            rows = slice(int(index[0]), int(index[-1]) + 1)
        return self.rows(rows)

    def rows(self, rows: slice | Longs) -> Followed:
        """Pick rows."""
        return Followed(*(getattr(self, name)[rows] for name in self.__match_args__))

    @classmethod
    def join(cls, parts: Sequence[Followed]) -> Followed:
        """Put rows one after another."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__))


class Follower:
    """What follows from touches that lead to one website, as pixels that keep the same hear of it.

    Parameters
    ----------
    events, pages
        What happens in sessions of the website, and its pages.
    kept
        What the pixel of the ad groups keeps, as `Pages.kept` gives it; None: they have none.
    cells
        The cells of the run.
    width
        Lags that lie in the window of any ad group on the pixel: so many has every table of what can be earned.
    """

    def __init__(
        self, events: SessionEvents, pages: Pages, kept: tuple[Longs, Floats | None] | None, cells: Cells, width: int
    ) -> None:
        self.events, self.cells, self.width = events, cells, width
        visitors = events.visitors
        self.matched, self.stays = visitors.matched, pages.stays
        self.classes = FateClasses.of(events.fates, kept)

    @functools.cached_property
    def each(self) -> tuple[Floats, Floats]:
        """Kept and matched copies expected of a session with an order by its cell, (cells, events), and any of them."""
        shares = self.events.visitors.shares
        views = np.ones(len(EVENT_NAMES))
        views[0] = self.events.views
        of_class = np.einsum("v,ve,vec->ec", shares, self.events.matched[:-1], self.classes.chances[:-1])
        share = np.ones((1, 1, 1)) if self.classes.share is None else self.classes.share
        tables = self.classes.table, self.classes.table > 0
        copies, once = ((of_class * share * table).sum(axis=-1) for table in tables)
        size = (len(self.cells), len(EVENT_NAMES))
        return np.broadcast_to(copies * views, size), np.broadcast_to(np.minimum(once * views, 1.0), size)

    def follow(self, parts: Sequence[Part]) -> list[Followed]:
        """Draw what follows from the touches of some ad groups.

        An order within the session time-out is of the session right after the click, whether that would have landed
        or not; every other order comes in a session of its own.
        """
        if not parts:
            return []
        made = _Making(self, parts)
        for kind in TouchKind:
            if made.touches[:, kind].any():
                made.order(kind)
                made.visit(kind)
        made.land()
        return made.result()


class _Making:
    """Rows of several ad groups in the making."""

    def __init__(self, follower: Follower, parts: Sequence[Part]) -> None:
        self.of, self.parts, self.sizes = follower, parts, [len(part.cell) for part in parts]
        self.draw = stacked([part.draw for part in parts], self.sizes)
        cell, self.touches = (np.concatenate([getattr(part, name) for part in parts]) for name in ("cell", "touches"))
        self.happen = np.concatenate([part.happen for part in parts])
        rows, lags, kinds, names = len(cell), parts[0].shares.share.shape[1], len(TouchKind), len(EVENT_NAMES)
        self.width = width = min(follower.width, lags)
        at = cell[:, np.newaxis] + np.arange(lags)
        self.in_run, self.at = at < len(follower.cells), np.minimum(at, len(follower.cells) - 1)
        self.stays, self.people = follower.stays[self.at], follower.events.visitors.shares
        self.bots, share = np.zeros(rows, dtype=np.int64), self._rates("bots")
        if share.any():
            self.bots = self.draw("bots").binomial(self.touches[:, TouchKind.CLICK], share)
            self.touches[:, TouchKind.CLICK] -= self.bots
        self.heard, self.soon = np.zeros_like(self.touches), np.zeros((rows, 2), dtype=np.int64)
        self.orders, self.later = np.zeros((2, rows, lags, kinds), dtype=np.int64)
        self.lost, self.returned = np.zeros((2, rows, lags), dtype=np.int64)
        self.ordered, self.ordered_once = np.zeros((2, rows, width, kinds, names), dtype=np.int64)
        visitors = len(self.people) + 1
        self.classes = np.zeros((rows, width, visitors, names, follower.classes.number), dtype=np.int64)
        self.again = np.zeros((rows, width, visitors), dtype=np.int64)

    def _rates(self, name: str) -> Floats:
        """Give a rate of each row's ad group."""
        return np.repeat([float(getattr(part.delivery, name)) for part in self.parts], self.sizes)

    def _stay(self, purpose: str, came: Longs, share: Floats) -> Longs:
        """Keep the sessions that load time does not drive away, shape (rows, lags, ...), and count the others."""
        if np.all(share >= 1):
            return came
        stayed = self.draw(f"stays, {purpose}").binomial(came, share)
        self.lost[:, : came.shape[1]] += (came - stayed).reshape(*came.shape[:2], -1).sum(axis=-1)
        return stayed

    def order(self, kind: TouchKind) -> None:
        """Draw when the orders of a kind of touch come."""
        name, touches = kind.name.lower(), self.touches[:, kind]
        rate = self.happen * (self._rates("conversion_rate") if kind is TouchKind.CLICK else 1.0)
        buyers, first = self.draw(f"buyers, {name}").binomial(touches, rate), 0
        orders = self.orders[..., kind]
        for part, rng in zip(self.parts, self.draw(f"delays, {name}").generators, strict=True):
            rows = slice(first, first + len(part.cell))
            orders[rows] = rng.multinomial(buyers[rows], part.shares.chances)[:, :-1]
            first = rows.stop
        if kind is TouchKind.CLICK:
            share = np.concatenate([part.shares.soon[:, :2] for part in self.parts])
            self.soon = self.draw("soon").binomial(orders[:, :2], share)
        orders[...] = self._stay(f"orders, {name}", orders * self.in_run, self.stays)
        if kind is TouchKind.CLICK:
            self.returned = orders.copy()
            self.returned[:, :2] -= np.minimum(self.soon, orders[:, :2])

    def visit(self, kind: TouchKind) -> None:
        """Draw what happens in the sessions with an order that lie within the window of a kind of touch."""
        name, lags = kind.name.lower(), np.arange(self.orders.shape[1])
        width = min(max(part.near[kind] for part in self.parts), self.width)
        within = np.repeat([lags < part.near[kind] for part in self.parts], self.sizes, axis=0)
        self.later[..., kind] = self.orders[..., kind] * ~within
        near = self.orders[:, :width, kind] - self.later[:, :width, kind]
        came = self.draw(f"people, {name}").multinomial(near, self.people)
        heard = self._happen(f"orders, {name}", np.zeros_like(came), came, slice(0, -1))
        kept = self._keep(heard, came @ self.of.matched)
        self.ordered[:, :width, kind], self.ordered_once[:, :width, kind] = kept
        if kind is not TouchKind.CLICK:
            self.heard[:, kind] = self.draw(f"heard, {name}").binomial(self.touches[:, kind], self._audible)

    @property
    def _audible(self) -> float:
        """Share of the people whom pixels can hear of and match."""
        return float(self.people @ self.of.matched)

    def land(self) -> None:
        """Draw the sessions right after clicks, those without an order."""
        follower, soon = self.of, self.soon.sum(axis=1)
        people = self.draw("people, landing").multinomial(self.touches[:, TouchKind.CLICK] - soon, self.people)
        of_soon = self.draw("heard, soon").binomial(soon, self._audible)
        self.heard[:, TouchKind.CLICK] = people @ follower.matched + of_soon
        clicks = np.append(people, self.bots[:, np.newaxis], axis=1)
        came = self.draw("landing").binomial(clicks, np.tile(self._rates("landing_share"), (clicks.shape[1], 1)).T)
        came = self._stay("landing", came[:, np.newaxis], self.stays[:, :1, np.newaxis])
        people, bots = came[..., :-1], came[..., -1:]
        self.landings, self.landings_of_bots = came[:, 0].sum(axis=-1), bots[:, 0, 0]
        heard = self._happen("landing", people, np.zeros_like(people), slice(0, -1))
        by_bots = self._happen("bots", bots, np.zeros_like(bots), slice(-1, None)) if bots.any() else 0
        landed, once = self._keep(heard + by_bots, people @ follower.matched + bots[..., 0])
        self.landed, self.landed_once = landed[:, 0], once[:, 0]

    def _happen(self, what: str, plain: Longs, ordered: Longs, visitors: slice) -> Longs:
        """Draw the events of sessions by class, count them, and give those that the platform can match."""
        width = plain.shape[1]
        events, again = self.of.events.happen(inside(self.draw, what), plain, ordered)
        found = self.of.classes.draw(self.draw(f"copies, {what}"), events, visitors)
        self.classes[:, :width, visitors] += found
        self.again[:, :width, visitors] += again
        return self.of.events.of_matched(found, visitors)

    def _keep(self, matched: Longs, sessions: Longs) -> tuple[Longs, Longs]:
        """Count the kept copies at the own pixel, of events by class, and the sessions with any."""
        return self.of.classes.kept(self.draw("pixel on the page"), matched, self.at[:, : matched.shape[1]], sessions)

    def result(self) -> list[Followed]:
        """Give what followed from each part."""
        every = Followed(
            touches=self.touches,
            bots=self.bots,
            heard=self.heard,
            orders=self.orders.sum(axis=-1),
            lost=self.lost,
            landings=self.landings,
            landings_of_bots=self.landings_of_bots,
            returned=self.returned,
            later=self.later,
            landed=self.landed,
            landed_once=self.landed_once,
            ordered=self.ordered,
            ordered_once=self.ordered_once,
            classes=self.classes,
            again=self.again,
        )
        ends = np.cumsum([0, *self.sizes]).tolist()
        return [every.rows(slice(one, two)) for one, two in itertools.pairwise(ends)]
