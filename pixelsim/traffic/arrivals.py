"""Arrivals: a day's number is Poisson, and each arrival has its place in the day and a number of its own.

The numbers of days come from one stream and those of arrivals from another, each drawn once and in the order of days.
They are drawn some days at a time, which changes the speed and never the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["ArrivalStream", "Arrivals"]

Means = Callable[[int, int], NDArray[np.float64]]
"""Gives the expected numbers of arrivals of the days from one to another (excluded)."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
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

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Arrivals:
        """Pick some arrivals by position or mask."""
        return Arrivals(self.at[index], self.slot[index], self.number[index])

    def __len__(self) -> int:
        return len(self.at)


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
        none = np.empty(0, dtype=np.int64)
        self._waiting = Arrivals(none, none, none)

    def until(self, end: int) -> Arrivals:
        """Hand out all arrivals not yet handed out that come before ``end`` ms."""
        while self._days.begin(self._next_day) < end:
            self._draw()
        cut = int(np.searchsorted(self._waiting.at, end, side="left"))
        given = self._waiting.take(slice(0, cut))
        self._waiting = self._waiting.take(slice(cut, None))
        return given

    def _draw(self) -> None:
        first, last = self._next_day, self._next_day + self._block
        counts = self._numbers.poisson(self._means(first, last))
        day = np.repeat(np.arange(last - first), counts)
        # Sorting the values themselves is several times faster than sorting an index; numbers follow the order of time.
        place = np.sort(day + self._places.random(len(day))) - day
        number = self._drawn + np.arange(len(day))
        if self._slots is None:
            quantile, slot = place, np.full(len(day), -1)
        else:
            slots = self._slots(first, last)
            slot = np.floor(place * slots[day]).astype(np.int64)
            fresh = np.ones(len(day), dtype=np.bool_)
            fresh[1:] = (slot[1:] != slot[:-1]) | (day[1:] != day[:-1])
            day, number, slot = day[fresh], number[fresh], slot[fresh]
            quantile = (slot + 0.5) / slots[day]
        of_day = self._shape.instant(quantile, day, self._days.weekday + first)
        new = Arrivals(self._days.begin(first) + day * DAY + of_day, slot, number)
        if first == 0:
            new = new.take(new.at >= 0)
        self._waiting = Arrivals(
            np.concatenate([self._waiting.at, new.at]),
            np.concatenate([self._waiting.slot, new.slot]),
            np.concatenate([self._waiting.number, new.number]),
        )
        self._next_day, self._drawn = last, self._drawn + int(counts.sum())
