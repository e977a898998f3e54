"""Delivery of one ad group: impressions and spend by day and stretch of time, clicks and views that lead somewhere.

Impressions are counted, not drawn one by one: a day's number follows from budget, share spent and CPM, and its n-th
impression has a fixed place in the day. The number in any stretch of time is the difference of two whole numbers, so
that stretches add up exactly, and so does spend, which is cut to the currency's smallest unit and never exceeds the
budget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import DAY
from pixelsim.base.money import decimals
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.arrivals import Arrivals, ArrivalStream
from pixelsim.traffic.shapes import LocalDays, WeekShape
from pixelsim.traffic.touches import TouchKind

__all__ = ["BEST", "AdGroupTraffic", "Delivered", "Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """What learning does to an ad group: factor on its CPM (at least 1), and share of its orders that happen."""

    cpm: float = 1.0
    orders: float = 1.0


BEST = Pace()
"""The pace of an ad group whose delivery has settled."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """Impressions and spend (smallest money units) of one day's part."""

    day: int
    impressions: int
    spend: int


class AdGroupTraffic:
    """What one ad group would deliver on each day of its account if nothing stopped it.

    Parameters
    ----------
    streams
        Random streams of the replication.
    delivery
        Budget, prices and rates.
    days
        Days on the account's clock.
    currency
        Currency of the account.
    block_days
        Days drawn at a time.
    """

    def __init__(
        self,
        streams: Streams,
        delivery: AdDelivery,
        days: LocalDays,
        currency: str,
        *,
        block_days: int = 7,
    ) -> None:
        self.delivery, self.days = delivery, days
        self.shape = WeekShape.of(delivery)
        self._scale = 10 ** decimals(currency)
        self._price = streams.generator("price of a day", delivery.ad_group)
        self._spent = streams.generator("share of the budget spent", delivery.ad_group)
        self._impressions = np.empty(0, dtype=np.int64)
        self._cpm = np.empty(0, dtype=np.float64)
        rates = {
            TouchKind.CLICK: delivery.click_rate,
            TouchKind.ENGAGED_VIEW: delivery.engaged_view_rate,
            TouchKind.VIEW: delivery.view_rate,
        }
        names = {TouchKind.CLICK: "clicks", TouchKind.ENGAGED_VIEW: "engaged views", TouchKind.VIEW: "views"}
        self._streams = {
            kind: ArrivalStream(
                streams,
                names[kind],
                delivery.ad_group,
                days=days,
                shape=self.shape,
                means=self._means(rate),
                slots=self.impressions,
                block_days=block_days,
            )
            for kind, rate in rates.items()
            if rate > 0
        }

    def _means(self, rate: float) -> _Thinned:
        return _Thinned(self, -np.log1p(-min(rate, 1 - 1e-9)))

    def impressions(self, first: int, last: int) -> NDArray[np.int64]:
        """Give the impressions of days ``first`` to ``last`` (excluded) that the budget's envelope buys, int64."""
        self._extend(last)
        return self._impressions[first:last]

    def _extend(self, last: int) -> None:
        known = len(self._impressions)
        if last <= known:
            return
        count = last - known
        delivery = self.delivery
        weights = self.days.weights(known, last, self.shape.weekdays)
        budget = delivery.daily_budget * delivery.budget_envelope * weights * self._scale
        # A budget buys 1 / CPM impressions, whose mean is exp(sigma^2 / 2) too high; dividing that out lets money over
        # impressions of a long period be the parameter, which is how reports define CPM.
        normal = self._price.standard_normal(count)
        cpm = delivery.cpm * np.exp(delivery.cpm_sigma * normal + delivery.cpm_sigma**2 / 2)
        share = _share_spent(self._spent.random(count), delivery.budget_spent, delivery.budget_spread)
        self._impressions = np.concatenate(
            [self._impressions, np.floor(np.floor(budget * share) * 1000 / (cpm * self._scale)).astype(np.int64)]
        )
        self._cpm = np.concatenate([self._cpm, cpm])

    def thinning(self, cpm_factor: float = 1.0, budget: float = 1.0) -> float:
        """Give how many of the impressions drawn there are for one that is bought, at least 1.

        Parameters
        ----------
        cpm_factor
            How much dearer impressions are than drawn, at least 1.
        budget
            What edits have made of the budget, as a factor of ``daily_budget`` up to its envelope.
        """
        return self.delivery.budget_envelope * cpm_factor / budget

    def delivered(self, start: int, end: int, cpm_factor: float = 1.0, budget: float = 1.0) -> list[Delivered]:
        """Give impressions and spend between two instants in which the ad group delivers, a part for each day.

        Parameters
        ----------
        start, end
            Milliseconds since the scenario's start, ``end`` excluded.
        cpm_factor
            How much dearer impressions are than drawn, at least 1; the money then buys that many fewer.
        budget
            What edits have made of the budget between the two instants, as a factor of ``daily_budget``.
        """
        parts: list[Delivered] = []
        thinning = self.thinning(cpm_factor, budget)
        for day in range(self.days.of(start), self.days.of(end - 1) + 1):
            begin = self.days.begin(day)
            self._extend(day + 1)
            total = int(self._impressions[day])
            shape = self.shape.on(self.days.weekday + day)
            one, two = (self._before(total, shape.share_at(min(max(at - begin, 0), DAY))) for at in (start, end))
            cpm = float(self._cpm[day]) * self._scale / 1000 * cpm_factor
            one, two = int(one / thinning), int(two / thinning)
            parts.append(Delivered(day, two - one, int(two * cpm) - int(one * cpm)))
        return parts

    @staticmethod
    def bought(slot: NDArray[np.int64], thinning: float | NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which impressions, by their place in the day, are still bought when that many are drawn for one."""
        return np.asarray(((slot + 1) / thinning).astype(np.int64) > (slot / thinning).astype(np.int64))

    @staticmethod
    def _before(total: int, share: float) -> int:
        """Count the impressions whose place in the day lies before a share of the day's traffic."""
        return min(max(math.ceil(total * share - 0.5), 0), total)

    def touches(self, end: int) -> dict[TouchKind, Arrivals]:
        """Hand out the clicks and views before ``end`` ms that were not handed out yet, by kind."""
        return {kind: stream.until(end) for kind, stream in self._streams.items()}

    def ahead(self, end: int) -> dict[TouchKind, Arrivals]:
        """Hand out those, and as many later ones as are drawn."""
        return {kind: stream.ahead(end) for kind, stream in self._streams.items()}


@dataclass(frozen=True, slots=True)
class _Thinned:
    """Expected Poisson numbers of a day whose impressions are each chosen at a rate."""

    traffic: AdGroupTraffic
    rate: float

    def __call__(self, first: int, last: int) -> NDArray[np.float64]:
        return np.asarray(self.traffic.impressions(first, last) * self.rate, dtype=np.float64)


def _share_spent(uniform: NDArray[np.float64], mean: float, spread: float) -> NDArray[np.float64]:
    """Turn uniform numbers into shares of a budget: beta by mean and standard deviation, the mean where it has none."""
    variance = spread**2
    if mean in {0.0, 1.0} or variance == 0:
        return np.full(len(uniform), mean)
    room = mean * (1 - mean)
    weight = room / min(variance, 0.99 * room) - 1
    return np.asarray(special.betaincinv(mean * weight, (1 - mean) * weight, uniform), dtype=np.float64)
