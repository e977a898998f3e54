"""What happens in sessions: page views and funnel steps as events, and orders in truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import DAY
from pixelsim.base.money import decimals
from pixelsim.base.streams import Streams
from pixelsim.scenario.capture import EVENT_NAMES, PageViews
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.counter import keys_of, uniform
from pixelsim.traffic.identity import event_key
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.keys import order_of_time
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.people import People
from pixelsim.traffic.sessions import Sessions

__all__ = ["EventMaker", "Events", "Orders"]

Longs = NDArray[np.int64]

PURCHASE = EVENT_NAMES.index("Purchase")
STAGE_PLACES = np.array([0.0, 0.2, 0.5, 0.8, 1.0])
"""Where in a session its events lie, as shares of its length (assumption); the last one is the order's own instant."""
_UNFOLDED = ("at", "length", "person", "origin", "number", "ordered", "visit")
"""Columns of sessions that the compiled kernel reads."""
MOST_NAVIGATIONS = 49
"""Navigations of a session beyond these are not counted; event numbers have room for no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Events(Columns):
    """Events on a site's pages, once each, whatever pixels hear of them.

    ``session_at`` is the start of the session in ms; ``origin``, ``number`` and ``place`` identify the event; ``value``
    is in smallest money units, -1 where the event has none; ``visit`` a `Visit`.
    """

    at: Longs
    session_at: Longs
    person: Longs
    event: NDArray[np.int8]
    origin: NDArray[np.int32]
    number: Longs
    place: Longs
    value: Longs
    visit: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Orders(Columns):
    """Orders in truth: time, time of the touch behind it (-1: organic), who, where from, value, and whether seen.

    ``key`` is the number of the purchase event; ``seen`` tells whether a copy of the purchase event reached any pixel;
    ``product`` and ``market`` are positions among the site's own, -1 where it has none; ``refund_at`` is the time in ms
    at which the whole value is given back, which may lie after the end, -1 for never.
    """

    at: Longs
    touch_at: Longs
    person: Longs
    origin: NDArray[np.int32]
    number: Longs
    key: Longs
    value: Longs
    seen: NDArray[np.bool_]
    product: NDArray[np.int16]
    market: NDArray[np.int16]
    refund_at: Longs


class EventMaker:
    """Unfolds the sessions of one website into events.

    Parameters
    ----------
    streams
        Random streams of the replication.
    traffic
        The site's parameters.
    numbering
        Numbers of everything in the run.
    """

    def __init__(self, streams: Streams, traffic: SiteTraffic, numbering: Numbering) -> None:
        self.traffic = traffic
        self._scale = 10 ** decimals(traffic.currency)
        self._people = People.of(numbering, traffic)
        values = [product.value for product in traffic.products] or [traffic.value]
        self._medians = np.array([value.median for value in values])
        self._sigmas = np.array([value.sigma for value in values])
        self._products = np.cumsum([product.share for product in traffic.products])
        given = [product.refund_share for product in traffic.products] or [None]
        self._refunds = np.array([traffic.refund_share if share is None else share for share in given])
        # Keys of a purpose are one for each origin, so those that nothing asks for are not made.
        purposes = {
            "depth": True,
            "order value": True,
            "navigations": traffic.capture.navigations > 0,
            "product": len(values) > 1,
            "refund": self._refunds.any(),
            "time to refund": self._refunds.any(),
        }
        origins = [o.key for o in numbering.origins]
        self._keys = {purpose: keys_of(streams, purpose, origins) for purpose, asked in purposes.items() if asked}

    def unfold(self, sessions: Sessions, end: int) -> tuple[Events, int]:
        """Give the events of sessions, and how many of them come before ``end`` ms.

        These stand first, in no order of their own; the others follow in the order of time.
        """
        compiled = chosen()
        capture, funnel = self.traffic.capture, self.traffic.funnel
        if compiled is not None and capture.navigations == 0:
            columns, count = compiled.unfold(
                tuple(getattr(sessions, name) for name in _UNFOLDED),
                self._keys["depth"],
                np.array((funnel.view, funnel.cart, funnel.checkout)),
                STAGE_PLACES,
                (capture.page_views is not PageViews.MANUAL, end),
            )
        else:
            columns, count = self._unfolded(sessions, end)
        by_time = count + order_of_time(columns[0][count:])
        for column in columns:
            column[count:] = column[by_time]
        at, session_at, person, event, origin, number, place, visit = columns
        value = np.full(len(at), -1, dtype=np.int64)
        bought = np.flatnonzero(event == PURCHASE)
        value[bought] = self._values(origin[bought], number[bought])
        return Events(at, session_at, person, event, origin, number, place, value, visit), count

    def _unfolded(self, sessions: Sessions, end: int) -> tuple[tuple[NDArray[Any], ...], int]:
        """Give the columns of events but for their values, and how many come before ``end`` ms: those stand first."""
        row, event, place, at = self._stages(sessions)
        if self.traffic.capture.navigations > 0:
            more = self._navigations(sessions)
            row, event = np.concatenate([row, more[0]]), np.concatenate([event, more[1]])
            place, at = np.concatenate([place, more[2]]), np.concatenate([at, more[3]])
        due = at < end
        early, late = np.flatnonzero(due), np.flatnonzero(~due)
        order = np.concatenate([early, late])
        row = row.take(order)
        columns = (
            at.take(order),
            sessions.at.take(row),
            sessions.person.take(row),
            event.take(order),
            sessions.origin.take(row),
            sessions.number.take(row),
            place.take(order),
            sessions.visit.take(row),
        )
        return columns, len(early)

    def _stages(self, sessions: Sessions) -> tuple[Longs, NDArray[np.int8], Longs, Longs]:
        """Give the steps of the funnel: row of the session, event, place in the session, and time in ms."""
        funnel, ordered = self.traffic.funnel, sessions.ordered
        depth = uniform(sessions.number, self._keys["depth"], sessions.origin)
        stages = np.empty((len(sessions), len(EVENT_NAMES)), dtype=np.bool_)
        stages[:, 0] = self.traffic.capture.page_views is not PageViews.MANUAL
        for stage, chance in enumerate((funnel.view, funnel.cart, funnel.checkout), start=1):
            stages[:, stage] = ordered | (depth < chance)
        stages[:, PURCHASE] = ordered
        row, event = np.nonzero(stages)
        at = sessions.at[row] + (STAGE_PLACES[event] * sessions.length[row]).astype(np.int64)
        return row, event.astype(np.int8), event, at

    def _navigations(self, sessions: Sessions) -> tuple[Longs, NDArray[np.int8], Longs, Longs]:
        """Give the page views of navigations inside the site: one each, or two where both sides report them (P47)."""
        mean = self.traffic.capture.navigations
        drawn = uniform(sessions.number, self._keys["navigations"], sessions.origin)
        # Geometric from 0 on: each page leads to a further one with the same chance.
        count = np.floor(np.log1p(-drawn) / np.log(mean / (1 + mean))).astype(np.int64)
        twice = 2 if self.traffic.capture.page_views is PageViews.BOTH else 1
        count = np.minimum(count, MOST_NAVIGATIONS // twice)
        row = np.repeat(np.arange(len(sessions)), count * twice)
        within = np.arange(len(row)) - np.repeat(np.cumsum(count * twice) - count * twice, count * twice)
        share = (within // twice + 1) / (count[row] + 1)
        at = sessions.at[row] + np.floor(share * sessions.length[row]).astype(np.int64)
        return row, np.zeros(len(row), dtype=np.int8), (within + 1) * len(EVENT_NAMES), at

    def _values(self, origin: NDArray[np.int32], number: Longs) -> Longs:
        """Draw order values in smallest money units."""
        product = self._product(origin, number)
        score = special.ndtri(uniform(number, self._keys["order value"], origin))
        value = self._medians[product] * np.exp(self._sigmas[product] * score)
        return np.asarray(np.rint(value * self._scale), dtype=np.int64)

    def _product(self, origin: NDArray[np.int32], number: Longs) -> Longs:
        """Choose the product of each order, by its shares; the first where there are no others."""
        if len(self._medians) == 1:
            return np.zeros(len(number), dtype=np.int64)
        drawn = uniform(number, self._keys["product"], origin)
        # The sum of the shares may miss 1 by a rounding, and the last product has what is missing.
        return np.searchsorted(self._products[:-1], drawn, side="right")

    def _refund(self, at: Longs, origin: NDArray[np.int32], number: Longs, product: Longs) -> Longs:
        """Draw when orders are refunded, in ms, -1 for never: a share of them, at an exponential time after each."""
        if not self._refunds.any():
            return np.full(len(at), -1)
        refunded = uniform(number, self._keys["refund"], origin) < self._refunds[product]
        later = -np.log1p(-uniform(number, self._keys["time to refund"], origin))
        return np.where(refunded, at + np.floor(later * self.traffic.refund_days * DAY).astype(np.int64), -1)

    def orders(self, events: Events, sessions: Sessions, heard: NDArray[np.bool_], end: int) -> Orders:
        """Give the orders behind the purchase events before ``end`` ms, whose sessions have to be among those given.

        They stand in the order of time, at one instant in that of their keys.
        ``heard`` tells for each event whether a copy of it reached a pixel.
        """
        bought, touch = _bought(events, sessions, end)
        at, origin, number = events.at[bought], events.origin[bought], events.number[bought]
        product = self._product(origin, number)
        return Orders(
            at,
            touch,
            events.person[bought],
            origin,
            number,
            event_key(origin, number, events.place[bought]),
            events.value[bought],
            heard[bought],
            (product if self.traffic.products else np.full(len(at), -1)).astype(np.int16),
            self._people.market_of(events.person[bought]),
            self._refund(at, origin, number, product),
        )


def _bought(events: Events, sessions: Sessions, end: int) -> tuple[Longs, Longs]:
    """Give the positions of the purchase events before ``end`` ms, and the time of the touch behind each, or -1."""
    bought = np.flatnonzero((events.event == PURCHASE) & (events.at < end))
    purchases = event_key(events.origin[bought], events.number[bought], events.place[bought])
    bought = bought[order_of_time(events.at[bought], purchases)]
    ordered = np.flatnonzero(sessions.ordered)
    key = event_key(sessions.origin[ordered], sessions.number[ordered], np.zeros(len(ordered), dtype=np.int64))
    mine = event_key(events.origin[bought], events.number[bought], np.zeros(len(bought), dtype=np.int64))
    order = np.argsort(key, kind="stable")
    return bought, sessions.touch_at[ordered[order[np.searchsorted(key[order], mine)]]]
