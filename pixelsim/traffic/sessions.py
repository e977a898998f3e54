"""Sessions on one website: organic ones, landed clicks, later returns with an order, and visits that are junk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import MINUTE
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.arrivals import ArrivalStream
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.counter import keys_of, uniform
from pixelsim.traffic.flow import FlowStep, WouldBeOrders
from pixelsim.traffic.identity import once_only, person_base
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.shapes import DayShape, LocalDays

__all__ = ["SessionSource", "Sessions", "Visit"]

Longs = NDArray[np.int64]

MEAN_MINUTES = 4.0
"""Mean time from the first page to the last event of a session that is not cut short (assumption)."""


class Visit(IntEnum):
    """What kind of visit a session is."""

    PERSON = 0
    BOT = 1
    PREVIEW = 2
    FOREIGN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sessions(Columns):
    """Sessions: start and length in ms, person, origin, draw number, whether it ends in an order, its touch, its kind.

    ``touch_at`` is the time in ms of the touch that led to the order, -1 where there is none; ``visit`` a `Visit`.
    """

    at: Longs
    length: Longs
    person: Longs
    origin: NDArray[np.int32]
    number: Longs
    ordered: NDArray[np.bool_]
    touch_at: Longs
    visit: NDArray[np.int8]


class SessionSource:
    """Hands out the sessions of one website in order of steps.

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
        *,
        days: LocalDays,
        session_length: int,
        block_days: int,
    ) -> None:
        self.traffic, self.numbering = traffic, numbering
        self.population = traffic.population or traffic.website
        self._length, self._days = session_length, days
        self._base = person_base(numbering, self.population)
        first = 4 * len(numbering.ad_groups) + 3 * number
        junk = traffic.capture.junk
        means = {
            ("organic sessions", first, Visit.PERSON): traffic.organic_sessions,
            ("preview sessions", first + 1, Visit.PREVIEW): junk.preview_sessions,
            ("foreign sessions", first + 2, Visit.FOREIGN): junk.foreign_sessions,
        }
        shape = DayShape.of(traffic.hours)
        self._arrivals = [
            (
                ArrivalStream(
                    streams,
                    purpose,
                    traffic.website,
                    days=days,
                    shape=shape,
                    means=self._means(mean),
                    block_days=block_days,
                ),
                origin,
                visit,
            )
            for (purpose, origin, visit), mean in means.items()
            if mean > 0
        ]
        purposes = ("person of a session", "order", "length", "bot", "stays")
        self._keys = {p: keys_of(streams, p, [o.key for o in numbering.origins]) for p in purposes}
        self._waiting: list[Sessions] = []
        self.lost = 0
        """Sessions that the load time of pixels has driven away so far."""

    def _means(self, mean: float) -> _Trend:
        return _Trend(self.traffic, self._days, mean)

    def until(self, end: int, flow: FlowStep | None, pixels: Sequence[tuple[int, int, Sequence[int]]]) -> Sessions:
        """Hand out the sessions before ``end`` ms that were not handed out yet.

        Parameters
        ----------
        end
            End of the step in ms.
        flow
            The step of the ad groups that lead here, if there are any.
        pixels
            Stretches (from, to, numbers of the pixels on the page), without gaps; their weight costs sessions.
        """
        parts = [self._of_arrivals(*source, end) for source in self._arrivals]
        if flow is not None:
            parts.extend(self._of_flow(flow))
        parts = [*self._waiting, *parts]
        if not parts:
            return _no_sessions()
        waiting = Sessions.join(parts)
        due = waiting.at < end
        self._waiting = [waiting.take(~due)]
        return self._staying(waiting.take(due), pixels)

    def _staying(self, sessions: Sessions, pixels: Sequence[tuple[int, int, Sequence[int]]]) -> Sessions:
        """Keep the sessions that the load time of the page's pixels does not drive away."""
        weight = self.traffic.capture.weight
        if weight.lost_per_second == 0:
            return sessions
        share = np.ones(len(sessions))
        loads = self.traffic.capture.loads
        for begin, upto, carried in pixels:
            loaded = sum(loads.get(self.numbering.pixels[pixel], 1) for pixel in carried)
            share[(sessions.at >= begin) & (sessions.at < upto)] = weight.kept_share(loaded)
        stays = uniform(sessions.number, self._keys["stays"][sessions.origin]) < share
        self.lost += int(np.count_nonzero(~stays))
        return sessions.take(stays)

    def _of_arrivals(self, stream: ArrivalStream, origin: int, visit: Visit, end: int) -> Sessions:
        found = stream.until(end)
        count = len(found)
        kind = np.full(count, visit, dtype=np.int8)
        if visit is Visit.PERSON:
            drawn = uniform(found.number, self._keys["person of a session"][origin])
            person = self._base + np.floor(drawn * self.traffic.people).astype(np.int64)
            ordered = uniform(found.number, self._keys["order"][origin]) < self.traffic.order_rate
            bots = self.traffic.capture.junk.bots
            if bots > 0:
                bot = uniform(found.number, self._keys["bot"][origin]) < bots
                kind[bot] = Visit.BOT
                person[bot] = once_only(self.numbering, self.population, origin, found.number[bot])
                ordered &= ~bot
        else:
            person = once_only(self.numbering, self.population, origin, found.number)
            ordered = np.zeros(count, dtype=np.bool_)
        origins = np.full(count, origin, dtype=np.int32)
        length = self._lengths(origins, found.number)
        return Sessions(found.at, length, person, origins, found.number, ordered, np.full(count, -1), kind)

    def _lengths(self, origin: NDArray[np.int32], number: Longs) -> Longs:
        """Draw lengths of sessions: exponential, cut at the session time-out."""
        minutes = -MEAN_MINUTES * np.log1p(-uniform(number, self._keys["length"][origin]))
        return np.asarray(np.minimum(np.floor(minutes * MINUTE), self._length - 1), dtype=np.int64)

    def _of_flow(self, flow: FlowStep) -> list[Sessions]:
        """Give the sessions of a step of ad groups: landed clicks at once, later orders in sessions of their own."""
        orders, landed = flow.orders, flow.touches.take(flow.landed)
        soon = (orders.kind == 0) & (orders.at - orders.touch_at < self._length)
        at_once, later = orders.take(soon), orders.take(~soon)
        origin = 4 * landed.ad_group
        # A click whose order comes at once has landed by definition; it is the same session as the landed one.
        buys = np.zeros(len(flow.touches), dtype=np.bool_)
        buys[at_once.touch] = True
        browses = ~buys[flow.landed]
        plain = landed.take(browses)
        browsing = Sessions(
            plain.at,
            self._lengths(origin[browses], plain.number),
            plain.person,
            origin[browses],
            plain.number,
            np.zeros(len(plain), dtype=np.bool_),
            np.full(len(plain), -1),
            np.where(plain.bot, np.int8(Visit.BOT), np.int8(Visit.PERSON)),
        )
        buying = Sessions(
            at_once.touch_at,
            at_once.at - at_once.touch_at,
            at_once.person,
            4 * at_once.ad_group,
            at_once.number,
            np.ones(len(at_once), dtype=np.bool_),
            at_once.touch_at,
            np.zeros(len(at_once), dtype=np.int8),
        )
        return [browsing, buying, self._returns(later)]

    def _returns(self, orders: WouldBeOrders) -> Sessions:
        """Give the later sessions in which orders are placed; a session begins a little before its order."""
        origin = (4 * orders.ad_group + 1 + orders.kind).astype(np.int32)
        length = np.minimum(self._lengths(origin, orders.number), orders.at - orders.touch_at)
        count = len(orders)
        return Sessions(
            orders.at - length,
            length,
            orders.person,
            origin,
            orders.number,
            np.ones(count, dtype=np.bool_),
            orders.touch_at,
            np.zeros(count, dtype=np.int8),
        )


@dataclass(frozen=True, slots=True)
class _Trend:
    """Expected sessions of a site's days: mean, growth and weekday."""

    traffic: SiteTraffic
    days: LocalDays
    mean: float

    def __call__(self, first: int, last: int) -> NDArray[np.float64]:
        trend = (1 + self.traffic.daily_growth) ** np.arange(first, last)
        weights = self.days.weights(first, last, self.traffic.weekdays)
        return np.asarray(self.mean * trend * weights, dtype=np.float64)


def _no_sessions() -> Sessions:
    none = np.empty(0, dtype=np.int64)
    return Sessions(none, none, none, none.astype(np.int32), none, none.astype(np.bool_), none, none.astype(np.int8))
