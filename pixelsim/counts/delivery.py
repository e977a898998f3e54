"""Delivery of one ad group for many stretches of time at once: the impressions and the spend of the events."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells
from pixelsim.counts.draws import draw_of, grouped, stacked
from pixelsim.counts.kept import Kept
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.delivery import AdGroupTraffic, extend
from pixelsim.traffic.shapes import LocalDays, WeekShape
from pixelsim.traffic.touches import TouchKind

__all__ = ["CountedTraffic", "Envelope"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
_Key = tuple[Streams, AdDelivery, LocalDays, str, bytes]
"""What tells envelopes apart: luck, rates, days and currency of the account, and the borders of cells."""

ROOM = 32_000_000
"""Bytes of envelopes that are kept: at 28 days, those of 34 ad groups in some 180 runs."""
_OBJECTS = 4096
"""Bytes that an envelope takes besides its arrays, about."""
_KEPT: Kept[_Key, Envelope] = Kept(ROOM)


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
        total, price = self.priced(day)
        return _between(total, price * cpm_factor, (before, upto), thinning)

    def priced(self, day: Longs) -> tuple[Longs, Floats]:
        """Give the impressions of days, and what one of them costs in smallest money units."""
        return self.impressions(0, int(day.max(initial=0)) + 1)[day], self._cpm[day] * self._scale / 1000


def _between(
    total: Longs, price: Floats, shares: tuple[Floats, Floats], thinning: Floats | float = 1.0
) -> tuple[Longs, Longs]:
    """Give impressions and spend between two shares of days' traffic, from the whole days' impressions and prices."""
    # `np.clip` takes several times as long.
    places = (np.maximum(np.minimum(np.ceil(total * share - 0.5), total), 0) for share in shares)
    one, two = (np.floor(place / thinning) for place in places)
    spend = np.floor(two * price) - np.floor(one * price)
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

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return _OBJECTS + self.impressions.nbytes + self.spend.nbytes + self.touches.nbytes

    @classmethod
    def together(cls, wanted: Sequence[tuple[Streams, AdDelivery, LocalDays, str, Cells]]) -> list[Envelope]:
        """Draw those of several ad groups, of whatever run.

        The same one is given again for a run on the same luck, such as the other one of a pair, or one of the design
        that is looked at next; the last ones are kept.

        Parameters
        ----------
        wanted
            For each ad group, the random streams of the replication, its rates, the days on the clock of its account,
            the account's currency, and the cells of the run.
        """
        borders = {id(cells): cells.borders.tobytes() for *_, cells in wanted}
        keys = [(streams, of, days, currency, borders[id(cells)]) for streams, of, days, currency, cells in wanted]
        found = {key: envelope for key in dict.fromkeys(keys) if (envelope := _KEPT.get(key)) is not None}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        # Those whose days and hours are alike go through together.
        for places in grouped([(*_days_of(key), key[4]) for key in missing]):
            some = [missing[place] for place in places]
            for key, envelope in zip(some, _drawn(some), strict=True):
                found[key] = envelope
                _KEPT.keep(key, envelope, envelope.size)
        return [found[key] for key in keys]


def _days_of(key: _Key) -> tuple[WeekShape, LocalDays]:
    """Give the hours and the days of an ad group."""
    return WeekShape.of(key[1]), key[2]


def _drawn(keys: Sequence[_Key]) -> list[Envelope]:
    """Draw the envelopes of ad groups whose days and hours are alike."""
    traffic = [CountedTraffic(streams, delivery, days, currency) for streams, delivery, days, currency, _ in keys]
    day, shares = _shares_of(*_days_of(keys[0]), keys[0][4])
    extend(traffic, int(day.max(initial=0)) + 1)
    total, price = (np.stack(some) for some in zip(*(one.priced(day) for one in traffic), strict=True))
    impressions, spend = _between(total, price, shares)
    touches = np.zeros((*impressions.shape, len(TouchKind)), dtype=np.int64)
    draw = stacked([draw_of(streams, delivery.ad_group) for streams, delivery, *_ in keys], [len(day)] * len(keys))
    for kind, name in zip(TouchKind, ("click_rate", "engaged_view_rate", "view_rate"), strict=True):
        rate = np.repeat([float(getattr(delivery, name)) for _, delivery, *_ in keys], len(day))
        if rate.any():
            touches[..., kind] = draw(kind.name.lower()).binomial(impressions.ravel(), rate).reshape(impressions.shape)
    for drawn in (impressions, spend, touches):
        drawn.setflags(write=False)
    return [Envelope(*of_group) for of_group in zip(traffic, impressions, spend, touches, strict=True)]
