"""Delivery of one ad group for many stretches of time at once: the impressions and the spend of the events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.delivery import AdGroupTraffic
from pixelsim.traffic.shapes import LocalDays

__all__ = ["CountedTraffic"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


class CountedTraffic(AdGroupTraffic):
    """What one ad group would deliver: the same prices and places of impressions as in a run with events."""

    def __init__(
        self, streams: Streams, delivery: AdDelivery, days: LocalDays, currency: str, *, block_days: int
    ) -> None:
        # Touches are counted, so no streams are opened for the instants of single ones.
        untouched = delivery.model_copy(update={"click_rate": 0.0, "engaged_view_rate": 0.0, "view_rate": 0.0})
        super().__init__(streams, untouched, days, currency, block_days=block_days)

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
        total = self.impressions(0, int(day.max(initial=0)) + 1)[day]
        cpm = self._cpm[day] * self._scale / 1000 * cpm_factor
        thinning = self.delivery.budget_envelope * cpm_factor / budget
        one, two = (np.floor(self._places(total, day, at) / thinning) for at in (start, end))
        spend = np.floor(two * cpm) - np.floor(one * cpm)
        return (two - one).astype(np.int64), spend.astype(np.int64)

    def _places(self, total: Longs, day: Longs, at: Longs) -> Floats:
        """Count the impressions of days whose place lies before instants in them."""
        within = at - (self.days.origin + day * DAY)
        shapes = self.shape.days
        share = shapes[0].share(within)
        for number, shape in enumerate(shapes[1:], start=1):
            here = (day + self.days.weekday) % len(shapes) == number
            share[here] = shape.share(within[here])
        return np.asarray(np.clip(np.ceil(total * share - 0.5), 0, total), dtype=np.float64)
