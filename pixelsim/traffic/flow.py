"""The flow of one ad group: what was shown while it delivered, whom it touched, and what they will do.

Touches that fall into a stretch without delivery never happen, and neither does what would have followed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.scenario.traffic import AdDelivery, ConversionDelay
from pixelsim.traffic.arrivals import Arrivals
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.counter import key_of, uniform
from pixelsim.traffic.delay import delays
from pixelsim.traffic.delivery import BEST, AdGroupTraffic, Pace
from pixelsim.traffic.identity import STRANGER
from pixelsim.traffic.touches import TouchKind

__all__ = ["AdGroupFlow", "FlowStep", "Shown", "TouchRows", "WouldBeOrders"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TouchRows(Columns):
    """Touches that happened: time in ms, person, kind, numbers of ad group and ad, draw number, whether by a bot."""

    at: Longs
    person: Longs
    kind: NDArray[np.int8]
    ad_group: NDArray[np.int32]
    ad: NDArray[np.int32]
    number: Longs
    bot: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class WouldBeOrders(Columns):
    """Orders that follow from touches: time of touch and order in ms, person, kind, ad group, draw number."""

    at: Longs
    touch_at: Longs
    person: Longs
    kind: NDArray[np.int8]
    ad_group: NDArray[np.int32]
    number: Longs


@dataclass(frozen=True, slots=True)
class Shown:
    """Impressions, clicks and spend (smallest money units) of one ad group in one part of an account's day.

    ``at`` is the beginning of the part in ms since the scenario's start.
    """

    ad_group: int
    at: int
    day: int
    impressions: int
    clicks: int
    spend: int
    authorised: bool


@dataclass(frozen=True, slots=True, eq=False)
class FlowStep:
    """What one ad group did in a step: money, touches, landed clicks (positions in ``touches``), orders to come."""

    shown: list[Shown]
    touches: TouchRows
    landed: Longs
    orders: WouldBeOrders


class AdGroupFlow:
    """One ad group's traffic, filtered by the stretches in which it delivers.

    Parameters
    ----------
    streams
        Random streams of the replication.
    number
        Number of the ad group.
    delivery, delay, traffic
        Rates, delay to the order, and what would be delivered on each day.
    people
        Number of the first person of the website's population, and how many people there are in it.
    ads
        Numbers of ads by id.
    """

    def __init__(
        self,
        streams: Streams,
        number: int,
        delivery: AdDelivery,
        delay: ConversionDelay,
        traffic: AdGroupTraffic,
        *,
        people: tuple[int, int],
        ads: Mapping[str, int],
    ) -> None:
        self.number, self.delivery, self.delay, self.traffic = number, delivery, delay, traffic
        (self._first, self._people), self.ads = people, ads
        purposes = ("person", "ad", "landing", "conversion", "part of the delay", "delay", "bot", "happens")
        self._factors: dict[int, float] = {}
        self._upto = 0
        self._keys = {
            (purpose, kind): key_of(streams, purpose, f"{kind.name.lower()} > {delivery.ad_group}")
            for purpose in purposes
            for kind in TouchKind
        }

    def step(self, spans: list[Span], end: int, pace: Pace = BEST) -> FlowStep:
        """Give what happens in a step.

        Parameters
        ----------
        spans
            States of the ad group in the step, without gaps.
        end
            End of the step in ms.
        pace
            What learning does to the ad group in this step.
        """
        self._set_prices(end, pace)
        delivering = [span for span in spans if span.delivering]
        shown: list[Shown] = []
        rows: list[TouchRows] = []
        arrivals = self.traffic.touches(end)
        if not delivering:
            return FlowStep(shown, _no_touches(), np.empty(0, np.int64), _no_orders())
        starts = np.array([span.start for span in delivering], dtype=np.int64)
        ends = np.array([span.end for span in delivering], dtype=np.int64)
        for kind, found in arrivals.items():
            span = np.searchsorted(starts, found.at, side="right") - 1
            inside = (span >= 0) & (found.at < ends[span])
            self._keep_bought(found, inside)
            here, span = found.take(inside), span[inside]
            person, bot = self._people_of(here.number, kind)
            rows.append(
                TouchRows(
                    here.at,
                    person,
                    np.full(len(here), kind, dtype=np.int8),
                    np.full(len(here), self.number, dtype=np.int32),
                    self._choose_ads(here.number, kind, span, delivering),
                    here.number,
                    bot,
                )
            )
        clicks = rows[0].at if TouchKind.CLICK in arrivals else np.empty(0, np.int64)
        for one in delivering:
            shown.extend(self._shown(one, clicks))
        touches = TouchRows.join(rows) if rows else _no_touches()
        return FlowStep(shown, touches, self._landed(touches), self._orders(touches, pace.orders))

    def _set_prices(self, end: int, pace: Pace) -> None:
        """Fix how much dearer impressions are on the account's days that begin in the step, for all of each day.

        A price that changed inside a day would let roundings add up to more than the day's budget.
        """
        days = self.traffic.days
        for day in range(days.of(self._upto), days.of(end - 1) + 1):
            self._factors.setdefault(day, pace.cpm)
        self._upto = end

    def _keep_bought(self, found: Arrivals, inside: NDArray[np.bool_]) -> None:
        """Drop, in place, the touches whose impressions are not bought at the prices of their days."""
        day = (found.at - self.traffic.days.origin) // DAY
        for one in np.unique(day).tolist():
            factor = self._factors[one]
            if factor > 1:
                here = day == one
                inside[here] &= self.traffic.bought(found.slot[here], factor)

    def _people_of(self, number: Longs, kind: TouchKind) -> tuple[Longs, NDArray[np.bool_]]:
        """Choose who is touched: someone of the population, or, for a share of the clicks, a bot that comes once."""
        drawn = uniform(number, self._keys["person", kind])
        person = self._first + np.floor(drawn * self._people).astype(np.int64)
        if kind is not TouchKind.CLICK or self.delivery.bots == 0:
            return person, np.zeros(len(number), dtype=np.bool_)
        bot = uniform(number, self._keys["bot", kind]) < self.delivery.bots
        stranger = self._first + STRANGER + (self.number << 20) + number
        return np.where(bot, stranger, person), bot

    def _choose_ads(self, number: Longs, kind: TouchKind, span: Longs, spans: list[Span]) -> NDArray[np.int32]:
        """Choose the ad of each touch among those in delivery, each with the same chance."""
        table = np.full((len(spans), max(len(s.ads) for s in spans)), -1, dtype=np.int32)
        for i, one in enumerate(spans):
            table[i, : len(one.ads)] = [self.ads[ad] for ad in one.ads]
        sizes = np.array([len(s.ads) for s in spans])[span]
        place = np.floor(uniform(number, self._keys["ad", kind]) * sizes).astype(np.int64)
        return np.asarray(table[span, place], dtype=np.int32)

    def _shown(self, span: Span, clicks: Longs) -> list[Shown]:
        """Give what a stretch of delivery shows, a part for each day of the account."""
        days, found = self.traffic.days, []
        for day in range(days.of(span.start), days.of(span.end - 1) + 1):
            begin, end = max(days.begin(day), span.start), min(days.begin(day + 1), span.end)
            low, high = np.searchsorted(clicks, [begin, end])
            for part in self.traffic.delivered(begin, end, self._factors[day]):
                shown = (part.impressions, int(high - low), part.spend, span.authorised)
                found.append(Shown(self.number, begin, part.day, *shown))
        return found

    def _landed(self, touches: TouchRows) -> Longs:
        """Give the positions of the clicks that reach the page."""
        clicks = np.flatnonzero(touches.kind == TouchKind.CLICK)
        reached = uniform(touches.number[clicks], self._keys["landing", TouchKind.CLICK])
        return clicks[reached < self.delivery.landing_share]

    def _orders(self, touches: TouchRows, happen: float) -> WouldBeOrders:
        """Choose the touches that lead to an order, and when: a share of the clicks, and all views that are rows.

        Of these, the share ``happen`` comes to pass.
        """
        parts = []
        for kind in TouchKind:
            index = np.flatnonzero(touches.kind == kind)
            if kind is TouchKind.CLICK:
                chance = uniform(touches.number[index], self._keys["conversion", kind])
                index = index[(chance < self.delivery.conversion_rate) & ~touches.bot[index]]
            if happen < 1:
                index = index[uniform(touches.number[index], self._keys["happens", kind]) < happen]
            rows = touches.take(index)
            which = uniform(rows.number, self._keys["part of the delay", kind])
            quantile = uniform(rows.number, self._keys["delay", kind])
            at = rows.at + delays(self.delay, which, quantile)
            parts.append(WouldBeOrders(at, rows.at, rows.person, rows.kind, rows.ad_group, rows.number))
        return WouldBeOrders.join(parts)


def _no_touches() -> TouchRows:
    none = np.empty(0, dtype=np.int64)
    small = none.astype(np.int32)
    return TouchRows(none, none, none.astype(np.int8), small, small, none, none.astype(np.bool_))


def _no_orders() -> WouldBeOrders:
    none = np.empty(0, dtype=np.int64)
    return WouldBeOrders(none, none, none, none.astype(np.int8), none.astype(np.int32), none)
