"""What happens on one website: sessions, their events, orders, and the copies that its pixels are sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import MINUTE
from pixelsim.base.money import decimals
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import EVENT_NAMES, SiteTraffic
from pixelsim.traffic.arrivals import ArrivalStream
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.counter import key_of, keys_of, uniform
from pixelsim.traffic.flow import FlowStep, TouchRows, WouldBeOrders
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.shapes import DayShape, LocalDays

__all__ = ["Copies", "Loss", "Orders", "Sessions", "Site", "SiteStep"]

Longs = NDArray[np.int64]

PURCHASE = EVENT_NAMES.index("Purchase")
STAGE_PLACES = np.array([0.0, 0.2, 0.5, 0.8, 1.0])
"""Where in a session its events lie, as shares of its length (assumption); the last one is the order's own instant."""
MEAN_MINUTES = 4.0
"""Mean time from the first page to the last event of a session that is not cut short (assumption)."""


class Loss(IntEnum):
    """Why a pixel never received an event that happened on the page."""

    RECEIVED = 0
    BLOCKED = 1
    NO_CONSENT = 2
    LEFT_TOO_SOON = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sessions(Columns):
    """Sessions: start and length in ms, person, number of the origin, draw number, whether it ends in an order."""

    at: Longs
    length: Longs
    person: Longs
    origin: NDArray[np.int32]
    number: Longs
    ordered: NDArray[np.bool_]
    touch_at: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Copies(Columns):
    """Copies of events, one for each pixel of the page: when, who, what, for which pixel, and whether it was lost."""

    at: Longs
    person: Longs
    event: NDArray[np.int8]
    event_id: Longs
    pixel: NDArray[np.int32]
    value: Longs
    loss: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Orders(Columns):
    """Orders in truth: time, time of the touch behind it (-1: organic), who, where from, value, and whether seen.

    ``seen`` tells whether the purchase event reached any pixel.
    """

    at: Longs
    touch_at: Longs
    person: Longs
    origin: NDArray[np.int32]
    number: Longs
    value: Longs
    seen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SiteStep:
    """What a website brought forth in one step."""

    touches: list[TouchRows]
    copies: Copies
    orders: Orders
    sessions: int


class Site:
    """A website's people and pages.

    Parameters
    ----------
    streams
        Random streams of the replication.
    traffic
        The site's parameters.
    number
        Number of the site.
    numbering
        Numbers of everything in the run.
    days
        Days on the site's clock.
    session_length
        Milliseconds after which a return counts as a new session.
    block_days
        Days drawn at a time.
    """

    def __init__(
        self,
        streams: Streams,
        traffic: SiteTraffic,
        number: int,
        numbering: Numbering,
        days: LocalDays,
        *,
        session_length: int,
        block_days: int,
    ) -> None:
        self.traffic, self.number, self.numbering = traffic, number, numbering
        self.population = traffic.population or traffic.website
        self._session_length = session_length
        self._scale = 10 ** decimals(traffic.currency)
        self._organic_origin = 4 * len(numbering.ad_groups) + number
        self._days = days
        self._organic = ArrivalStream(
            streams,
            "organic sessions",
            traffic.website,
            days=days,
            shape=DayShape.of(traffic.hours),
            means=self._organic_means,
            block_days=block_days,
        )
        names = [origin.key for origin in numbering.origins]
        self._keys = {
            purpose: keys_of(streams, purpose, names)
            for purpose in ("person of a session", "order", "depth", "length", "order value", "event lost")
        }
        self._blocked = key_of(streams, "blocks trackers", self.population)
        self._refuses = key_of(streams, "refuses consent", self.population)
        self._waiting: list[Sessions] = []

    def _organic_means(self, first: int, last: int) -> NDArray[np.float64]:
        day = np.arange(first, last)
        trend = (1 + self.traffic.daily_growth) ** day
        weights = self._days.weights(first, last, self.traffic.weekdays)
        return np.asarray(self.traffic.organic_sessions * trend * weights, dtype=np.float64)

    def step(self, flows: Sequence[FlowStep], pixels: Sequence[tuple[int, int, Sequence[int]]], end: int) -> SiteStep:
        """Give what happens on the site up to ``end`` ms, from where the last step ended.

        Parameters
        ----------
        flows
            The step of each ad group that leads here.
        pixels
            Stretches (from, to, numbers of the pixels on the page), without gaps.
        end
            End of the step in ms.
        """
        parts = [self._organic_sessions(end)]
        for flow in flows:
            parts.extend(self._sessions_of(flow))
        waiting = Sessions.join([*self._waiting, *parts])
        due = waiting.at < end
        sessions = waiting.take(due)
        self._waiting = [waiting.take(~due)]
        copies, orders = self._events(sessions, pixels)
        return SiteStep([flow.touches for flow in flows], copies, orders, len(sessions))

    def _organic_sessions(self, end: int) -> Sessions:
        found = self._organic.until(end)
        origin = np.full(len(found), self._organic_origin, dtype=np.int32)
        key = self._keys["person of a session"][self._organic_origin]
        person = np.floor(uniform(found.number, key) * self.traffic.people).astype(np.int64)
        ordered = uniform(found.number, self._keys["order"][self._organic_origin]) < self.traffic.order_rate
        length = self._lengths(origin, found.number)
        return Sessions(found.at, length, person, origin, found.number, ordered, np.full(len(found), -1))

    def _lengths(self, origin: NDArray[np.int32], number: Longs) -> Longs:
        """Draw lengths of sessions: exponential, cut at the session time-out."""
        minutes = -MEAN_MINUTES * np.log1p(-uniform(number, self._keys["length"][origin]))
        return np.asarray(np.minimum(np.floor(minutes * MINUTE), self._session_length - 1), dtype=np.int64)

    def _sessions_of(self, flow: FlowStep) -> list[Sessions]:
        """Give the sessions of an ad group's step: landed clicks at once, later orders in sessions of their own."""
        orders, landed = flow.orders, flow.touches.take(flow.landed)
        soon = (orders.kind == 0) & (orders.at - orders.touch_at < self._session_length)
        at_once, later = orders.take(soon), orders.take(~soon)
        origin = 4 * landed.ad_group
        # A click whose order comes at once has landed by definition; it is the same session as the landed one.
        buys = np.isin(landed.number, at_once.number, assume_unique=True)
        plain = landed.take(~buys)
        browsing = Sessions(
            plain.at,
            self._lengths(origin[~buys], plain.number),
            plain.person,
            origin[~buys],
            plain.number,
            np.zeros(len(plain), dtype=np.bool_),
            np.full(len(plain), -1),
        )
        buying = Sessions(
            at_once.touch_at,
            at_once.at - at_once.touch_at,
            at_once.person,
            4 * at_once.ad_group,
            at_once.number,
            np.ones(len(at_once), dtype=np.bool_),
            at_once.touch_at,
        )
        return [browsing, buying, self._returns(later)]

    def _returns(self, orders: WouldBeOrders) -> Sessions:
        """Give the later sessions in which orders are placed; a session begins a little before its order."""
        origin = (4 * orders.ad_group + 1 + orders.kind).astype(np.int32)
        length = np.minimum(self._lengths(origin, orders.number), orders.at - orders.touch_at)
        ordered = np.ones(len(orders), dtype=np.bool_)
        return Sessions(orders.at - length, length, orders.person, origin, orders.number, ordered, orders.touch_at)

    def _events(self, sessions: Sessions, pixels: Sequence[tuple[int, int, Sequence[int]]]) -> tuple[Copies, Orders]:
        """Unfold sessions into events, decide which are lost, and copy each to every pixel of its page."""
        funnel, ordered = self.traffic.funnel, sessions.ordered
        depth = uniform(sessions.number, self._keys["depth"][sessions.origin])
        stages = np.stack(
            [
                np.ones(len(sessions), dtype=np.bool_),
                ordered | (depth < funnel.view),
                ordered | (depth < funnel.cart),
                ordered | (depth < funnel.checkout),
                ordered,
            ],
            axis=1,
        )
        row, event = np.nonzero(stages)
        at = sessions.at[row] + np.floor(STAGE_PLACES[event] * sessions.length[row]).astype(np.int64)
        origin, number, person = sessions.origin[row], sessions.number[row], sessions.person[row]
        counter = number * len(EVENT_NAMES) + event
        loss = self._losses(person, uniform(counter, self._keys["event lost"][origin]))
        value = np.full(len(row), -1, dtype=np.int64)
        bought = np.flatnonzero(event == PURCHASE)
        value[bought] = self._values(origin[bought], number[bought])
        event_id = ((origin.astype(np.int64) << 40) | number) * 8 + event
        parts: list[Copies] = []
        seen = np.zeros(len(row), dtype=np.bool_)
        for begin, upto, carried in pixels:
            here = np.flatnonzero((at >= begin) & (at < upto))
            seen[here] = (loss[here] == Loss.RECEIVED) & bool(len(carried))
            parts.extend(
                Copies(
                    at[here],
                    person[here],
                    event[here].astype(np.int8),
                    event_id[here],
                    np.full(len(here), pixel, dtype=np.int32),
                    value[here],
                    loss[here],
                )
                for pixel in carried
            )
        orders = Orders(
            at[bought],
            sessions.touch_at[row[bought]],
            person[bought],
            origin[bought],
            number[bought],
            value[bought],
            seen[bought],
        )
        return Copies.join(parts) if parts else _no_copies(), orders

    def _losses(self, person: Longs, left: NDArray[np.float64]) -> NDArray[np.int8]:
        """Decide why an event is lost: the person blocks or refuses, or the page was left too soon."""
        capture = self.traffic.capture
        loss = np.where(left < capture.lost_events, np.int8(Loss.LEFT_TOO_SOON), np.int8(Loss.RECEIVED))
        loss[uniform(person, self._refuses) < capture.refusing_people] = Loss.NO_CONSENT
        loss[uniform(person, self._blocked) < capture.blocked_people] = Loss.BLOCKED
        return loss

    def _values(self, origin: NDArray[np.int32], number: Longs) -> Longs:
        """Draw order values in smallest money units."""
        value = self.traffic.value
        score = special.ndtri(uniform(number, self._keys["order value"][origin]))
        return np.asarray(np.rint(value.median * np.exp(value.sigma * score) * self._scale), dtype=np.int64)


def _no_copies() -> Copies:
    none = np.empty(0, dtype=np.int64)
    return Copies(none, none, none.astype(np.int8), none, none.astype(np.int32), none, none.astype(np.int8))
