"""Cells: the stretches of time in which everything is counted, days cut at the midnight of each account's clock.

Cells repeat from day to day and do not depend on what people do, so that the same numbers are drawn in every variant.
What people do cuts a cell into parts, and only the cells that are cut are drawn apart.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pixelsim.base.clock import DAY, MINUTE, Clock
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["Cells", "Hours", "Mixed", "ShapedDay", "Spread", "adding", "by_event"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

PANEL = 5 * MINUTE
"""Length of a panel, in which a day's traffic is even; short against the delays of the first orders."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of a run.

    Parameters
    ----------
    borders
        Milliseconds since the scenario's start, ascending from 0 to the run's end, int64 of shape (cells + 1,).
    of_day
        Number of cells in each day of the scenario; cell 0 of a day begins with the day.
    """

    borders: Longs
    of_day: int

    @classmethod
    def of(cls, days: int, clock: Clock, offsets: Iterable[int]) -> Cells:
        """Cut the days of a run at the midnights of clocks.

        Parameters
        ----------
        days
            Length of the run in days.
        clock
            The scenario's calendar.
        offsets
            Milliseconds east of UTC of every clock by whose days anything is told.
        """
        begins = {LocalDays.on(clock.start_offset, clock.start_weekday, offset).origin % DAY for offset in offsets}
        within = np.array(sorted({0, *begins}), dtype=np.int64)
        table = np.arange(days, dtype=np.int64)[:, np.newaxis] * DAY + within
        return cls(np.append(table.ravel(), days * DAY), len(within))

    def __len__(self) -> int:
        return len(self.borders) - 1

    @property
    def start(self) -> Longs:
        """Where each cell begins, in ms."""
        return self.borders[:-1]

    @property
    def day(self) -> Longs:
        """Day of the scenario that each cell belongs to."""
        return np.arange(len(self)) // self.of_day

    def beyond(self, days: int) -> Longs:
        """Give the borders with so many more days after the end, as if the run went on."""
        more = self.borders[-1] + np.arange(days)[:, np.newaxis] * DAY + self.borders[: self.of_day]
        return np.concatenate([self.borders[:-1], more.ravel(), [self.borders[-1] + days * DAY]])

    def lags(self, duration: float) -> int:
        """Give how many cells, the first one included, an event up to so many ms after it can fall into."""
        return (int(-(-duration // DAY)) + 1) * self.of_day

    def holding(self, instant: int) -> int:
        """Give the number of the cell in which an instant of the run falls."""
        return int(np.searchsorted(self.borders, instant, side="right")) - 1


@dataclass(frozen=True, slots=True)
class Hours:
    """What a scenario says of the hours of traffic: a key under which what follows from them can be kept."""

    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    hours_of_week: tuple[float, ...] | None

    @classmethod
    def of(cls, shaped: SiteTraffic | AdDelivery) -> Hours:
        """Take them from a website or an ad group."""
        return cls(shaped.hours, shaped.weekdays, shaped.hours_of_week)


@dataclass(frozen=True, slots=True)
class ShapedDay:
    """A day's traffic on one clock: its shape over the hours, which may differ by weekday, and where days begin."""

    shape: WeekShape
    days: LocalDays

    @property
    def period(self) -> int:
        """Number of days after which the shapes repeat."""
        return len(self.shape.days)

    def cumulated(self, at: NDArray[np.integer]) -> Floats:
        """Give days gone by up to instants in ms, each day counted as far as its traffic has come."""
        day, within = np.divmod(np.asarray(at, dtype=np.int64) - self.days.origin, DAY)
        if self.period == 1:
            return np.asarray(day + self.shape.days[0].share(within), dtype=np.float64)
        found = day.astype(np.float64)
        for number in range(self.period):
            here = (day + self.days.weekday) % self.period == number
            found[here] += self.shape.on(number).share(within[here])
        return found

    def share(self, start: NDArray[np.integer], end: NDArray[np.integer]) -> Floats:
        """Give the traffic of stretches of time, in average days' traffic."""
        return self.cumulated(end) - self.cumulated(start)

    def expected(self, edges: Longs, mean: float, growth: float) -> Floats:
        """Give the sessions expected between instants: by the days that they lie in, with trend and weekday.

        Parameters
        ----------
        edges
            Instants in ms since the scenario's start, ascending from 0, shape (n + 1,).
        mean, growth
            Sessions of an average day without a trend, and their growth a day.
        """
        return _expected(self, edges.tobytes(), mean, growth)

    def nodes(self, start: int, end: int) -> tuple[Floats, Floats]:
        """Give instants in ms with weights that add up to 1, for averages over the traffic of a stretch of time.

        Within panels the traffic is even, so four Gauss points each leave no error that matters.
        """
        first = start + -(start - self.days.origin) % PANEL
        edges = np.array(sorted({start, *range(first, end, PANEL), end}), dtype=np.int64)
        weight = self.share(edges[:-1], edges[1:])
        total = weight.sum()
        weight = weight / total if total > 0 else np.diff(edges) / (end - start)
        half = np.diff(edges) / 2
        at = edges[:-1, np.newaxis] + half[:, np.newaxis] * (1 + _NODES)
        return at.ravel(), (weight[:, np.newaxis] * _WEIGHTS / 2).ravel()


@functools.lru_cache(maxsize=256)
def _expected(day: ShapedDay, instants: bytes, mean: float, growth: float) -> Floats:
    """Give `ShapedDay.expected`, which depends on nothing that is drawn."""
    days, edges = day.days, np.frombuffer(instants, dtype=np.int64)
    numbers = np.arange(days.of(int(edges[-1]) - 1) + 1)
    of_day = mean * (1 + growth) ** numbers * days.weights(0, len(numbers), day.shape.weekdays)
    midnights = days.origin + numbers * DAY
    cuts = np.unique(np.concatenate([edges, midnights[midnights > 0]]))
    of_cut = of_day[(cuts[:-1] - days.origin) // DAY] * day.share(cuts[:-1], cuts[1:])
    place = np.searchsorted(edges, cuts[:-1], side="right") - 1
    found = np.bincount(place, weights=of_cut, minlength=len(edges) - 1).astype(np.float64)
    found.setflags(write=False)
    return found


class Spread(Protocol):
    """How traffic spreads over time."""

    def __hash__(self) -> int:
        """Tell it from others, so that what follows from it can be kept."""
        ...

    def share(self, start: NDArray[np.integer], end: NDArray[np.integer]) -> Floats:
        """Give the traffic of stretches of time, in any unit."""
        ...


@dataclass(frozen=True, slots=True)
class Mixed:
    """Traffic of several kinds, each with its weight; a weight is in units of its own spread."""

    parts: tuple[tuple[float, Spread], ...]

    def share(self, start: NDArray[np.integer], end: NDArray[np.integer]) -> Floats:
        """Give the traffic of stretches of time."""
        return np.asarray(sum(weight * spread.share(start, end) for weight, spread in self.parts))


def by_event(of_touch: NDArray[Number], axis: int = 0) -> NDArray[Number]:
    """Add up by the event's cell what touch cells have by lag: two axes, one after the other, become one."""
    size, lags = of_touch.shape[axis : axis + 2]
    before: tuple[Any, ...] = (slice(None),) * axis
    total = np.zeros((*of_touch.shape[:axis], size + lags, *of_touch.shape[axis + 2 :]), dtype=of_touch.dtype)
    for lag in range(lags):
        total[(*before, slice(lag, lag + size))] += of_touch[(*before, slice(None), lag)]
    return total[(*before, slice(size))]


def adding(place: Longs, size: int) -> sparse.csr_array:
    """Give the table of 0 and 1 whose product with rows adds up those of each place, shape (size, rows)."""
    order = np.argsort(place, kind="stable")
    begins = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=size))])
    return sparse.csr_array((np.ones(len(place), dtype=np.int64), order, begins), shape=(size, len(place)))
