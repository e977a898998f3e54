"""Delivery of one ad group: impressions and spend by day and stretch of time, clicks and views that lead somewhere.

Impressions are counted, not drawn one by one: a day's number follows from budget, share spent and CPM, and its n-th
impression has a fixed place in the day. The number in any stretch of time is the difference of two whole numbers, so
that stretches add up exactly, and so does spend, which is cut to the currency's smallest unit and never exceeds the
budget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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

__all__ = ["BEST", "AdGroupTraffic", "Delivered", "Pace", "extend"]


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
        if last > len(self._impressions):
            extend([self], last)

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


def extend(several: Sequence[AdGroupTraffic], last: int) -> None:
    """Draw what is not there yet of the days up to ``last`` (excluded), of ad groups of which as many are there.

    Each draws from its own streams, and comes out as alone.
    """
    known = len(several[0]._impressions)  # noqa: SLF001 - of this module
    deliveries, scale = [one.delivery for one in several], _column([one._scale for one in several])  # noqa: SLF001
    weights = np.stack([one.days.weights(known, last, one.shape.weekdays) for one in several])
    budget = _column([one.daily_budget * one.budget_envelope for one in deliveries]) * weights * scale
    # A budget buys 1 / CPM impressions, whose mean is exp(sigma^2 / 2) too high; dividing that out lets money over
    # impressions of a long period be the parameter, which is how reports define CPM.
    normal = np.stack([one._price.standard_normal(last - known) for one in several])  # noqa: SLF001
    sigma, half = (_column(some) for some in zip(*((d.cpm_sigma, d.cpm_sigma**2 / 2) for d in deliveries), strict=True))
    cpm = _column([one.cpm for one in deliveries]) * np.exp(sigma * normal + half)
    uniform = np.stack([one._spent.random(last - known) for one in several])  # noqa: SLF001
    spent = np.floor(budget * _share_spent(uniform, deliveries))
    impressions = np.floor(spent * 1000 / (cpm * scale)).astype(np.int64)
    for one, number, price in zip(several, impressions, cpm, strict=True):
        one._impressions, one._cpm = np.append(one._impressions, number), np.append(one._cpm, price)  # noqa: SLF001


def _column(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)[:, np.newaxis]


def _share_spent(uniform: NDArray[np.float64], deliveries: Sequence[AdDelivery]) -> NDArray[np.float64]:
    """Turn uniform numbers, shape (ad groups, days), into shares of a budget.

    They are beta by mean and standard deviation, or the mean where this has no room.
    """
    share = np.broadcast_to(_column([one.budget_spent for one in deliveries]), uniform.shape).copy()
    varies = [
        place for place, one in enumerate(deliveries) if one.budget_spent not in {0.0, 1.0} and one.budget_spread**2 > 0
    ]
    if varies:
        shapes = [_beta(deliveries[place].budget_spent, deliveries[place].budget_spread) for place in varies]
        first, second = (_column(some) for some in zip(*shapes, strict=True))
        share[varies] = special.betaincinv(first, second, uniform[varies])
    return share


def _beta(mean: float, spread: float) -> tuple[float, float]:
    """Give the parameters of the beta distribution of a mean and a standard deviation that it has room for."""
    room = mean * (1 - mean)
    weight = room / min(spread**2, 0.99 * room) - 1
    return mean * weight, (1 - mean) * weight
