"""Sessions on one website: organic ones, landed clicks, later returns with an order, and visits that are junk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from pixelsim.traffic.identity import once_only
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.people import People, Returns
from pixelsim.traffic.shapes import LocalDays, WeekShape

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
        numbering: Numbering,
        *,
        days: LocalDays,
        session_length: int,
        block_days: int,
    ) -> None:
        self.traffic, self.numbering = traffic, numbering
        self.population = traffic.population or traffic.website
        self.people = People.of(numbering, traffic)
        self._length, self._days = session_length, days
        share, self._bots = Returns.first_share(traffic.return_share, traffic.capture.junk.bots)
        places: list[int | None] = [*range(len(traffic.markets))] or [None]
        organic = places if traffic.organic_sessions > 0 else []
        self._sources = [self._organic(streams, place, share, block_days) for place in organic]
        junk = traffic.capture.junk
        for kind, visit, mean in (
            ("preview", Visit.PREVIEW, junk.preview_sessions),
            ("foreign", Visit.FOREIGN, junk.foreign_sessions),
        ):
            if mean > 0:
                arrivals = self._arrivals(
                    streams, f"{kind} sessions", traffic.website, traffic, mean=mean, block_days=block_days
                )
                self._sources.append(_Source(arrivals, numbering.origin(kind, traffic.website), visit))
        stays = traffic.capture.weight.lost_per_second > 0
        purposes = {"person of a session": True, "order": True, "length": True, "bot": self._bots > 0, "stays": stays}
        origins = [o.key for o in numbering.origins]
        self._keys = {purpose: keys_of(streams, purpose, origins) for purpose, asked in purposes.items() if asked}
        self._waiting: list[Sessions] = []
        self.lost = 0
        """Sessions that the load time of pixels has driven away so far."""
        self.of_markets = np.zeros(len(traffic.markets), dtype=np.int64)
        """Sessions of each market so far."""

    def _organic(self, streams: Streams, place: int | None, share: float, block_days: int) -> _Source:
        """Give the organic sessions of a market, and of those who come back to it, or of the whole site."""
        traffic, site = self.traffic, self.traffic.website
        market = "" if place is None else traffic.markets[place].name
        if place is not None:
            traffic = traffic.in_market(traffic.markets[place])
        entity = f"{site} > {market}" if market else site
        mean = traffic.organic_sessions * share
        arrivals = self._arrivals(streams, "organic sessions", entity, traffic, mean=mean, block_days=block_days)
        returns, back = None, -1
        if traffic.return_share > 0:
            back = self.numbering.origin("returning", site, market)
            entity = self.numbering.origins[back].key
            returns = Returns(streams, entity, traffic.return_share, traffic.return_days, self._length)
        number = self.numbering.origin("organic", site, market)
        people = self.people.stretch(place)
        return _Source(arrivals, number, Visit.PERSON, traffic.order_rate, people, returns, back, place)

    def _arrivals(
        self, streams: Streams, purpose: str, entity: str, traffic: SiteTraffic, *, mean: float, block_days: int
    ) -> ArrivalStream:
        """Give the arrivals of a site or market on its clock."""
        days = self._days.moved(traffic.offset - self.traffic.offset)
        shape = WeekShape.of(traffic)
        means = _Trend(traffic.daily_growth, shape.weekdays, days, mean)
        return ArrivalStream(streams, purpose, entity, days=days, shape=shape, means=means, block_days=block_days)

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
        parts = [sessions for source in self._sources for sessions in self._of_source(source, end)]
        if flow is not None:
            parts.extend(self._of_flow(flow))
        due, later = [_no_sessions()], [_no_sessions()]
        for part in [*self._waiting, *parts]:
            waits = part.at >= end
            if waits.any():
                later.append(part.take(waits))
                part = part.take(~waits)  # noqa: PLW2901 - most parts are due as they are
            due.append(part)
        self._waiting = [Sessions.join(later)]
        found = self._staying(Sessions.join(due), pixels)
        if self.people.named:
            market = self._market_of(found)
            self.of_markets += np.bincount(market[market >= 0], minlength=len(self.of_markets))
        return found

    def _market_of(self, sessions: Sessions) -> NDArray[np.int16]:
        """Give the market of each session, -1 for none: the one whose clock it keeps, or its person's."""
        market = self.people.market_of(sessions.person)
        for source in self._sources:
            if source.place is not None:
                market[sessions.origin == source.origin] = source.place
        return market

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
        stays = uniform(sessions.number, self._keys["stays"], sessions.origin) < share
        self.lost += int(np.count_nonzero(~stays))
        return sessions.take(stays)

    def _of_source(self, source: _Source, end: int) -> Iterator[Sessions]:
        """Hand out sessions that no ad leads to, and the returns that follow from them."""
        found = source.arrivals.until(end)
        first = self._arrived(source, found.at, found.number)
        yield first
        if source.returns is not None:
            people = np.flatnonzero(first.visit == Visit.PERSON)
            row, at, number = source.returns.after(first.at[people], first.number[people])
            yield self._of_people(source, at, number, first.person[people[row]], back=True)

    def _arrived(self, source: _Source, at: Longs, number: Longs) -> Sessions:
        if source.visit is not Visit.PERSON:
            return self._once(source, at, number, source.visit)
        drawn = uniform(number, self._keys["person of a session"][source.origin])
        first, count = source.people
        sessions = self._of_people(source, at, number, first + np.floor(drawn * count).astype(np.int64))
        if self._bots > 0:
            bot = uniform(number, self._keys["bot"][source.origin]) < self._bots
            once = self._once(source, at, number, Visit.BOT)
            sessions = sessions.with_columns(
                person=np.where(bot, once.person, sessions.person),
                ordered=sessions.ordered & ~bot,
                visit=np.where(bot, once.visit, sessions.visit),
            )
        return sessions

    def _of_people(self, source: _Source, at: Longs, number: Longs, person: Longs, *, back: bool = False) -> Sessions:
        """Give sessions of people who may buy, and who come for the first time or come back."""
        origin = np.full(len(at), source.back if back else source.origin, dtype=np.int32)
        ordered = uniform(number, self._keys["order"], origin) < source.order_rate
        visit = np.full(len(at), Visit.PERSON, dtype=np.int8)
        length = self._lengths(origin, number)
        return Sessions(at, length, person, origin, number, ordered, np.full(len(at), -1), visit)

    def _once(self, source: _Source, at: Longs, number: Longs, visit: Visit) -> Sessions:
        """Give sessions of somebody who comes once, and buys nothing."""
        origin = np.full(len(at), source.origin, dtype=np.int32)
        person = once_only(self.numbering, self.population, source.origin, number)
        nothing, kind = np.zeros(len(at), dtype=np.bool_), np.full(len(at), visit, dtype=np.int8)
        length = self._lengths(origin, number)
        return Sessions(at, length, person, origin, number, nothing, np.full(len(at), -1), kind)

    def _lengths(self, origin: NDArray[np.int32], number: Longs) -> Longs:
        """Draw lengths of sessions: exponential, cut at the session time-out."""
        minutes = -MEAN_MINUTES * np.log1p(-uniform(number, self._keys["length"], origin))
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
class _Source:
    """Sessions that no ad leads to: arrivals, origin, kind, order rate, people, returns with their origin, market."""

    arrivals: ArrivalStream
    origin: int
    visit: Visit
    order_rate: float = 0.0
    people: tuple[int, int] = (0, 0)
    returns: Returns | None = None
    back: int = -1
    place: int | None = None


@dataclass(frozen=True, slots=True)
class _Trend:
    """Expected sessions of the days of a clock: mean, growth and weekday."""

    growth: float
    weekdays: tuple[float, ...]
    days: LocalDays
    mean: float

    def __call__(self, first: int, last: int) -> NDArray[np.float64]:
        trend = (1 + self.growth) ** np.arange(first, last)
        return np.asarray(self.mean * trend * self.days.weights(first, last, self.weekdays), dtype=np.float64)


def _no_sessions() -> Sessions:
    none = np.empty(0, dtype=np.int64)
    return Sessions(none, none, none, none.astype(np.int32), none, none.astype(np.bool_), none, none.astype(np.int8))
