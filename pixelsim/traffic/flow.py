"""The flow of ads to one website: what was shown while ad groups delivered, whom it touched, and what they will do.

Touches that fall into a stretch without delivery never happen, and neither does what would have followed from them.
All ad groups of a website go through a step together, row by row in one table, so that a step costs about the same
with one ad group as with a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.scenario.traffic import AdDelivery, ConversionDelay
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.counter import keys_of, uniform
from pixelsim.traffic.delay import delays
from pixelsim.traffic.delivery import BEST, AdGroupTraffic, Pace
from pixelsim.traffic.identity import STRANGER
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.keys import order_of_time
from pixelsim.traffic.touches import TouchKind

__all__ = ["AdFlow", "AdSource", "FlowStep", "Shown", "TouchRows", "WouldBeOrders"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TouchRows(Columns):
    """Touches that happened: time in ms, person, kind, numbers of ad group and ad, draw number, whether by a bot."""

    at: Longs
    person: Longs
    kind: NDArray[np.int8]
    ad_group: NDArray[np.int32]
    ad: NDArray[np.int32]
    number: Longs
    bot: Mask


@dataclass(frozen=True, slots=True, eq=False)
class WouldBeOrders(Columns):
    """Orders that follow from touches.

    Time of order and touch in ms, person, kind, ad group, draw number, and the touch's position in its step.
    """

    at: Longs
    touch_at: Longs
    person: Longs
    kind: NDArray[np.int8]
    ad_group: NDArray[np.int32]
    number: Longs
    touch: Longs


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
    """What ad groups did in a step: money, touches, landed clicks (positions in ``touches``), orders to come."""

    shown: list[Shown]
    touches: TouchRows
    landed: Longs
    orders: WouldBeOrders


@dataclass(frozen=True, slots=True)
class AdSource:
    """One ad group: its number, its rates, what it would deliver on each day, and whom it reaches.

    ``people`` are the number of the first person and how many there are; None: all people of the website.
    """

    number: int
    delivery: AdDelivery
    traffic: AdGroupTraffic
    people: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Found(Columns):
    """What would be touched if everything delivered, ascending in time; ``source`` is a position among the sources."""

    at: Longs
    slot: Longs
    number: Longs
    kind: NDArray[np.int8]
    source: NDArray[np.int32]


class AdFlow:
    """The traffic of all ad groups that lead to one website, filtered by the stretches in which they deliver.

    Parameters
    ----------
    streams
        Random streams of the replication.
    sources
        The ad groups.
    delay
        Delay from a touch to its order.
    people
        Number of the first person of the website's population, and how many people there are in it.
    ads
        Numbers of ads by id.
    block_days
        Days drawn at a time.
    """

    def __init__(
        self,
        streams: Streams,
        sources: Sequence[AdSource],
        delay: ConversionDelay,
        *,
        people: tuple[int, int],
        ads: Mapping[str, int],
        block_days: int = 7,
    ) -> None:
        self.sources = sorted(sources, key=lambda source: source.number)
        self._people, self.ads, self._delay = people, ads, delay
        reached = [source.people or people for source in self.sources]
        self._some_people = np.array(reached, dtype=np.int64).reshape(-1, 2).T
        self._restricted = any(one != people for one in reached)
        self._block = block_days * DAY
        self._numbers = np.array([source.number for source in self.sources], dtype=np.int32)
        rates = [s.delivery for s in self.sources]
        self._conversion = np.array([d.conversion_rate for d in rates], dtype=np.float64)
        self._landing = np.array([d.landing_share for d in rates], dtype=np.float64)
        self._bots = np.array([d.bots for d in rates], dtype=np.float64)
        self._origins = np.array([s.traffic.days.origin for s in self.sources], dtype=np.int64)
        names = [f"{kind.name.lower()} > {d.ad_group}" for kind in TouchKind for d in rates]
        of_all = ("person", "ad", "part of the delay", "delay", "happens")
        of_clicks = ("landing", "conversion", "bot")
        self._keys = {purpose: keys_of(streams, purpose, names) for purpose in of_all}
        self._keys |= {purpose: keys_of(streams, purpose, names[: len(rates)]) for purpose in of_clicks}
        self._factors: list[dict[int, float]] = [{} for _ in self.sources]
        self._upto = self._drawn = 0
        self._waiting = _nothing_found()

    def step(self, spans: Sequence[Sequence[Span]], end: int, paces: Sequence[Pace] | None = None) -> FlowStep:
        """Give what happens in a step.

        Parameters
        ----------
        spans
            States of each ad group in the step, without gaps, in the order of ``sources``.
        end
            End of the step in ms.
        paces
            What learning does to each ad group in this step; none: nothing.
        """
        paces = paces if paces is not None else [BEST] * len(self.sources)
        self._set_prices(end, paces)
        found = self._until(end)
        stretches = [(i, span) for i, some in enumerate(spans) for span in some if span.delivering]
        if not stretches:
            return FlowStep([], _no_touches(), np.empty(0, np.int64), _no_orders())
        place, inside = _find(found, stretches)
        self._keep_bought(found, inside, place, stretches)
        rows, place = found.take(inside), place[inside]
        touches = self._touches(rows, place, stretches)
        clicks = np.flatnonzero(rows.kind == TouchKind.CLICK)
        shown = self._shown(stretches, rows.at[clicks], rows.source[clicks], place[clicks])
        reached = uniform(rows.number[clicks], self._keys["landing"], rows.source[clicks])
        landed = clicks[reached < self._landing[rows.source[clicks]]]
        happen = np.array([pace.orders for pace in paces])
        return FlowStep(shown, touches, landed, self._orders(rows, touches, clicks, happen))

    def _until(self, end: int) -> _Found:
        """Hand out what would be touched before ``end`` ms and was not handed out yet."""
        parts = [self._waiting]
        while self._drawn < end:
            self._drawn += self._block
            for i, source in enumerate(self.sources):
                for kind, some in source.traffic.ahead(self._drawn).items():
                    size = len(some)
                    kinds, sources = np.full(size, kind, np.int8), np.full(size, i, np.int32)
                    parts.append(_Found(some.at, some.slot, some.number, kinds, sources))
        if len(parts) > 1:
            self._waiting = _Found.join(parts)
            self._waiting = self._waiting.take(order_of_time(self._waiting.at))
        cut = int(np.searchsorted(self._waiting.at, end))
        found, self._waiting = self._waiting.take(slice(0, cut)), self._waiting.take(slice(cut, None))
        return found

    def _set_prices(self, end: int, paces: Sequence[Pace]) -> None:
        """Fix how much dearer impressions are on the accounts' days that begin in the step, for all of each day.

        A price that changed inside a day would let roundings add up to more than the day's budget.
        """
        for source, factors, pace in zip(self.sources, self._factors, paces, strict=True):
            days = source.traffic.days
            for day in range(days.of(self._upto), days.of(end - 1) + 1):
                factors.setdefault(day, pace.cpm)
        self._upto = end

    def _keep_bought(self, found: _Found, inside: Mask, place: Longs, stretches: Sequence[tuple[int, Span]]) -> None:
        """Drop, in place, the touches whose impressions are not bought at the prices and the budget of their time."""
        if not len(found):
            return
        day = (found.at - self._origins[found.source]) // DAY
        first, last = int(day.min()), int(day.max())
        table = np.array([[f.get(one, 1.0) for one in range(first, last + 1)] for f in self._factors])
        # How many are drawn for one that is bought, by stretch of time, at the best price.
        drawn = np.array([self.sources[i].traffic.thinning(budget=span.budget) for i, span in stretches])
        if (table > 1).any() or (drawn != 1).any():
            inside &= AdGroupTraffic.bought(found.slot, table[found.source, day - first] * drawn[place])

    def _touches(self, rows: _Found, place: Longs, stretches: Sequence[tuple[int, Span]]) -> TouchRows:
        """Choose whom and with which ad: someone of the population, or, for a share of the clicks, a bot."""
        key = rows.kind * np.int64(len(self.sources)) + rows.source
        group = self._numbers[rows.source]
        drawn = uniform(rows.number, self._keys["person"], key)
        first, count = self._some_people[:, rows.source] if self._restricted else self._people
        person = first + (drawn * count).astype(np.int64)
        bot = np.zeros(len(rows), dtype=np.bool_)
        if (self._bots > 0).any():
            clicks = np.flatnonzero(rows.kind == TouchKind.CLICK)
            number, source = rows.number[clicks], rows.source[clicks]
            bot[clicks] = uniform(number, self._keys["bot"], source) < self._bots[source]
            stranger = self._people[0] + STRANGER + (group.astype(np.int64) << 20) + rows.number
            person = np.where(bot, stranger, person)
        return TouchRows(
            rows.at, person, rows.kind, group, self._choose_ads(rows.number, key, place, stretches), rows.number, bot
        )

    def _choose_ads(
        self, number: Longs, key: Longs, place: Longs, stretches: Sequence[tuple[int, Span]]
    ) -> NDArray[np.int32]:
        """Choose the ad of each touch among those in delivery, each with the same chance."""
        sizes = np.array([len(span.ads) for _, span in stretches])
        table = np.full((len(stretches), int(sizes.max())), -1, dtype=np.int32)
        for i, (_, span) in enumerate(stretches):
            table[i, : len(span.ads)] = [self.ads[ad] for ad in span.ads]
        if table.shape[1] == 1:
            return np.asarray(table[place, 0], dtype=np.int32)
        column = (uniform(number, self._keys["ad"], key) * sizes[place]).astype(np.int64)
        return np.asarray(table[place, column], dtype=np.int32)

    def _shown(
        self, stretches: Sequence[tuple[int, Span]], at: Longs, source: NDArray[np.int32], place: Longs
    ) -> list[Shown]:
        """Give what stretches of delivery show, a part for each day of the account, with the clicks in it."""
        parts: list[tuple[int, Span, int, int, int]] = []
        firsts = np.empty(len(stretches), dtype=np.int64)
        for i, (owner, span) in enumerate(stretches):
            days = self.sources[owner].traffic.days
            first = days.of(span.start)
            firsts[i] = len(parts) - first
            parts.extend(
                (owner, span, day, max(days.begin(day), span.start), min(days.begin(day + 1), span.end))
                for day in range(first, days.of(span.end - 1) + 1)
            )
        clicks = np.bincount(firsts[place] + (at - self._origins[source]) // DAY, minlength=len(parts)).tolist()
        found: list[Shown] = []
        for (owner, span, day, begin, end), clicked in zip(parts, clicks, strict=True):
            one = self.sources[owner]
            found.extend(
                Shown(one.number, begin, day, part.impressions, clicked, part.spend, span.authorised)
                for part in one.traffic.delivered(begin, end, self._factors[owner][day], span.budget)
            )
        return found

    def _orders(self, rows: _Found, touches: TouchRows, clicks: Longs, happen: NDArray[np.float64]) -> WouldBeOrders:
        """Choose the touches that lead to an order, and when: a share of the clicks, and all views that are rows.

        Of these, the share ``happen`` of their ad group comes to pass.
        """
        leads = np.ones(len(rows), dtype=np.bool_)
        source = rows.source[clicks]
        chance = uniform(rows.number[clicks], self._keys["conversion"], source)
        leads[clicks] = (chance < self._conversion[source]) & ~touches.bot[clicks]
        index = np.flatnonzero(leads)
        source = rows.source[index]
        key = rows.kind[index] * np.int64(len(self.sources)) + source
        if (happen < 1).any():
            comes = uniform(rows.number[index], self._keys["happens"], key) < happen[source]
            index, key = index[comes], key[comes]
        number, touch_at = rows.number[index], rows.at[index]
        which = uniform(number, self._keys["part of the delay"], key)
        quantile = uniform(number, self._keys["delay"], key)
        return WouldBeOrders(
            touch_at + delays(self._delay, which, quantile),
            touch_at,
            touches.person[index],
            touches.kind[index],
            touches.ad_group[index],
            number,
            index,
        )


def _find(found: _Found, stretches: Sequence[tuple[int, Span]]) -> tuple[Longs, Mask]:
    """Give for each row the stretch of delivery of its source that began last, and whether the row is inside it."""
    owner = np.array([i for i, _ in stretches], dtype=np.int64)
    starts = np.array([span.start for _, span in stretches], dtype=np.int64)
    ends = np.array([span.end for _, span in stretches], dtype=np.int64)
    compiled = chosen()
    if compiled is not None:
        return compiled.stretches((found.source, found.at), owner, starts, ends)
    # Times of a scenario stay far below 2^44 ms, which are 500 years.
    place = np.searchsorted((owner << 44) + starts, (found.source.astype(np.int64) << 44) + found.at, side="right") - 1
    return place, (place >= 0) & (owner[place] == found.source) & (found.at < ends[place])


def _nothing_found() -> _Found:
    none = np.empty(0, dtype=np.int64)
    return _Found(none, none, none, none.astype(np.int8), none.astype(np.int32))


def _no_touches() -> TouchRows:
    none = np.empty(0, dtype=np.int64)
    small = none.astype(np.int32)
    return TouchRows(none, none, none.astype(np.int8), small, small, none, none.astype(np.bool_))


def _no_orders() -> WouldBeOrders:
    none = np.empty(0, dtype=np.int64)
    return WouldBeOrders(none, none, none, none.astype(np.int8), none.astype(np.int32), none, none)
