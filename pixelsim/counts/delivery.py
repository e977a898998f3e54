"""Delivery of one ad group for many stretches of time at once: the impressions and the spend of the events."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells
from pixelsim.counts.draws import draw_of
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.delivery import AdGroupTraffic
from pixelsim.traffic.shapes import LocalDays, WeekShape
from pixelsim.traffic.touches import TouchKind

__all__ = ["CountedTraffic", "Envelope"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


class CountedTraffic(AdGroupTraffic):
    """What one ad group would deliver: the same prices and places of impressions as in a run with events."""

    def __init__(self, streams: Streams, delivery: AdDelivery, days: LocalDays, currency: str) -> None:
        # Touches are counted, so no streams are opened for the instants of single ones.
        super().__init__(streams, _untouched(delivery), days, currency)

    def shown(self, start: Longs, end: Longs, cpm_factor: Floats, budget: Floats) -> tuple[Longs, Longs]:
        """Give impressions and spend (smallest money units) of stretches that lie inside days of the account.

        Parameters
        ----------
        start, end
            Milliseconds since the scenario's start, ``end`` excluded, shape (n,).
        cpm_factor
            How much dearer impressions are than drawn, at least 1, shape (n,).
        budget
            What edits have made of the budget, as a factor of ``daily_budget`` up to its envelope, shape (n,).
        """
        day = (start - self.days.origin) // DAY
        before, upto = (_share_before(self.shape, self.days, day, at) for at in (start, end))
        thinning = self.delivery.budget_envelope * cpm_factor / budget
        return self._between(day, (before, upto), cpm_factor, thinning)

    def shown_in(self, borders: bytes) -> tuple[Longs, Longs]:
        """Give the same between the borders of cells, as the whole budget buys them at the prices drawn."""
        return self._between(*_shares_of(self.shape, self.days, borders))

    def _between(
        self,
        day: Longs,
        shares: tuple[Floats, Floats],
        cpm_factor: Floats | float = 1.0,
        thinning: Floats | float = 1.0,
    ) -> tuple[Longs, Longs]:
        """Give impressions and spend between two shares of days' traffic."""
        total = self.impressions(0, int(day.max(initial=0)) + 1)[day]
        cpm = self._cpm[day] * self._scale / 1000 * cpm_factor
        # `np.clip` takes several times as long.
        places = (np.maximum(np.minimum(np.ceil(total * share - 0.5), total), 0) for share in shares)
        one, two = (np.floor(place / thinning) for place in places)
        spend = np.floor(two * cpm) - np.floor(one * cpm)
        return (two - one).astype(np.int64), spend.astype(np.int64)


@functools.lru_cache(maxsize=256)
def _untouched(delivery: AdDelivery) -> AdDelivery:
    return delivery.model_copy(update={"click_rate": 0.0, "engaged_view_rate": 0.0, "view_rate": 0.0})


def _share_before(shape: WeekShape, days: LocalDays, day: Longs, at: Longs) -> Floats:
    """Give the share of days' traffic that lies before instants in them."""
    within = at - (days.origin + day * DAY)
    share = shape.days[0].share(within)
    for number, other in enumerate(shape.days[1:], start=1):
        here = (day + days.weekday) % len(shape.days) == number
        share[here] = other.share(within[here])
    return share


@functools.lru_cache(maxsize=64)
def _shares_of(shape: WeekShape, days: LocalDays, borders: bytes) -> tuple[Longs, tuple[Floats, Floats]]:
    """Give the day of each cell, and the shares of its traffic that lie before the cell and up to its end."""
    edges = np.frombuffer(borders, dtype=np.int64)
    day = (edges[:-1] - days.origin) // DAY
    return day, (_share_before(shape, days, day, edges[:-1]), _share_before(shape, days, day, edges[1:]))


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """What an ad group would deliver if nothing stopped it.

    Parameters
    ----------
    traffic
        Its delivery.
    impressions, spend
        By cell; spend in smallest money units.
    touches
        Clicks, those of bots included, engaged views and views, int64 of shape (cells, kinds).
    """

    traffic: CountedTraffic
    impressions: Longs
    spend: Longs
    touches: Longs

    @classmethod
    def of(cls, streams: Streams, delivery: AdDelivery, days: LocalDays, currency: str, cells: Cells) -> Envelope:
        """Draw it; the same one is given again for a run on the same luck, such as the other one of a pair.

        The last ones are kept, of 80 bytes for each cell or day.

        Parameters
        ----------
        streams
            Random streams of the replication.
        delivery
            Its rates.
        days, currency
            Days on the clock of its account, and the account's currency.
        cells
            The cells of the run.
        """
        return _envelope(streams, delivery, days, currency, cells.borders.tobytes())


@functools.lru_cache(maxsize=128)
def _envelope(streams: Streams, delivery: AdDelivery, days: LocalDays, currency: str, borders: bytes) -> Envelope:
    traffic = CountedTraffic(streams, delivery, days, currency)
    impressions, spend = traffic.shown_in(borders)
    touches = np.zeros((len(impressions), len(TouchKind)), dtype=np.int64)
    rates = (delivery.click_rate, delivery.engaged_view_rate, delivery.view_rate)
    for kind, rate in zip(TouchKind, rates, strict=True):
        if rate > 0:
            touches[:, kind] = draw_of(streams, delivery.ad_group)(kind.name.lower()).binomial(impressions, rate)
    for drawn in (impressions, spend, touches):
        drawn.setflags(write=False)
    return Envelope(traffic, impressions, spend, touches)
