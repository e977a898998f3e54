"""Arrivals: a day's number is Poisson, and each arrival has its place in the day and a number of its own.

The numbers of days come from one stream and those of arrivals from another, each drawn once and in the order of days.
They are drawn some days at a time, which changes the speed and never the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.streams import Streams
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.kernels import chosen
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["ArrivalStream", "Arrivals"]

_NO_SLOTS = np.empty(0, dtype=np.int64)
_BELOW_ONE = np.nextafter(1.0, 0.0)

Means = Callable[[int, int], NDArray[np.float64]]
"""Gives the expected numbers of arrivals of the days from one to another (excluded)."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals(Columns):
    """Arrivals ascending in time.

    Parameters
    ----------
    at
        Milliseconds since the scenario's start, int64, shape (n,).
    slot
        Place of each arrival among the day's slots, -1 where the day has none, int64, shape (n,).
    number
        Draw number of each arrival in its stream, int64, shape (n,); it is the counter of all that is drawn for it.
    """

    at: NDArray[np.int64]
    slot: NDArray[np.int64]
    number: NDArray[np.int64]


class ArrivalStream:
    """All arrivals of one purpose and entity, handed out in order of time.

    Parameters
    ----------
    streams, purpose, entity
        Name the random streams.
    days, shape, means
        The clock of the days, the shape of the week, and the expected number of each day.
    slots
        Gives whole numbers of places of each day, such as impressions; two arrivals never share a place, which turns
        the Poisson number of a day into an exact choice of places. None: places are continuous.
    block_days
        Days drawn at a time, at least 1.
    """

    def __init__(
        self,
        streams: Streams,
        purpose: str,
        entity: str,
        *,
        days: LocalDays,
        shape: WeekShape,
        means: Means,
        slots: Callable[[int, int], NDArray[np.int64]] | None = None,
        block_days: int = 7,
    ) -> None:
        self._numbers = streams.generator(f"{purpose}: number of a day", entity)
        self._places = streams.generator(purpose, entity)
        self._days, self._shape = days, shape
        self._means, self._slots, self._block = means, slots, block_days
        self._next_day = 0
        self._drawn = 0
        self._waiting = _nobody()

    def until(self, end: int) -> Arrivals:
        """Hand out all arrivals not yet handed out that come before ``end`` ms."""
        waiting = Arrivals.join([self._waiting, *self._blocks(end)])
        cut = int(np.searchsorted(waiting.at, end, side="left"))
        self._waiting = waiting.take(slice(cut, None))
        return waiting.take(slice(0, cut))

    def ahead(self, end: int) -> Arrivals:
        """Hand out all arrivals not yet handed out that come before ``end`` ms, and as many later ones as are drawn."""
        found = Arrivals.join([self._waiting, *self._blocks(end)])
        self._waiting = _nobody()
        return found

    def _blocks(self, end: int) -> Iterator[Arrivals]:
        """Draw days, a block at a time, as far as some may come before ``end`` ms."""
        while self._days.begin(self._next_day) < end:
            first, last = self._next_day, self._next_day + self._block
            counts = self._numbers.poisson(self._means(first, last))
            # The gaps between uniform numbers in their order, those to 0 and 1 included, are exponential numbers over
            # their sum: so nothing has to be sorted.
            total = int(counts.sum())
            gaps = self._places.standard_exponential(total + len(counts))
            slots = _NO_SLOTS if self._slots is None else self._slots(first, last)
            new = self._placed(gaps, counts, slots, first)
            if first == 0:
                new = new.take(slice(int(np.searchsorted(new.at, 0)), None))
            self._next_day, self._drawn = last, self._drawn + total
            yield new

    def _placed(
        self, gaps: NDArray[np.float64], counts: NDArray[np.int64], slots: NDArray[np.int64], first: int
    ) -> Arrivals:
        """Give the arrivals of the days from ``first`` on, from the gaps between them and to the ends of each day."""
        compiled = chosen()
        if compiled is not None and len(self._shape.days) == 1:
            shape = self._shape.days[0]
            began = self._days.begin(first), self._drawn
            return Arrivals(*compiled.instants(gaps, counts, slots, (shape.cumulative, shape.pace, HOUR, DAY), began))
        day = np.repeat(np.arange(len(counts)), counts)
        number = self._drawn + np.arange(len(day))
        quantile, slot = _ascending(gaps, counts), np.full(len(day), -1)
        if len(slots):
            slot = np.floor(quantile * slots[day]).astype(np.int64)
            fresh = np.ones(len(day), dtype=np.bool_)
            fresh[1:] = (slot[1:] != slot[:-1]) | (day[1:] != day[:-1])
            day, number, slot = day[fresh], number[fresh], slot[fresh]
            quantile = (slot + 0.5) / slots[day]
        of_day = self._shape.instant(quantile, day, self._days.weekday + first)
        return Arrivals(self._days.begin(first) + day * DAY + of_day, slot, number)


def _ascending(gaps: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give uniform numbers in [0, 1) that ascend within each of some days; each day is summed for itself."""
    place = np.empty(len(gaps) - len(counts), dtype=np.float64)
    done = 0
    for number, count in enumerate(counts.tolist()):
        upto = gaps[done + number : done + number + count + 1].cumsum()
        np.divide(upto[:-1], upto[-1], out=place[done : done + count])
        done += count
    return np.minimum(place, _BELOW_ONE, out=place)


def _nobody() -> Arrivals:
    none = np.empty(0, dtype=np.int64)
    return Arrivals(none, none, none)
