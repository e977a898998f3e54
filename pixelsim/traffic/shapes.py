"""Shapes of a day: how a day's traffic spreads over its hours, and the way back from a quantile to an instant."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.errors import InputError

__all__ = ["DayShape", "LocalDays", "Shaped", "WeekShape"]


@dataclass(frozen=True, eq=False)
class DayShape:
    """Cumulative share of a day's traffic at each full hour, float64 of shape (25,), from 0 to 1; straight between."""

    cumulative: NDArray[np.float64]

    @functools.cached_property
    def pace(self) -> NDArray[np.float64]:
        """Milliseconds of each hour for all of the day's traffic."""
        width = np.diff(self.cumulative)
        return HOUR / np.where(width > 0, width, 1.0)

    @classmethod
    def of(cls, hours: Sequence[float]) -> DayShape:
        """Make the shape of 24 weights, which need not add up to 1.

        Raises
        ------
        InputError
            All weights are 0.
        """
        weights = np.asarray(hours, dtype=np.float64)
        total = weights.sum()
        if total <= 0:
            raise InputError.single(
                "traffic", field="hours", value="all 0", rule="at least one hour above 0", remedy="give a shape"
            )
        cumulative = np.concatenate([[0.0], np.cumsum(weights) / total])
        cumulative[-1] = 1.0
        return cls(cumulative)

    def share(self, of_day: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the share of the day's traffic before instants, in ms since midnight, clipped to the day."""
        return np.interp(of_day / HOUR, np.arange(25.0), self.cumulative)

    def share_at(self, of_day: int) -> float:
        """Give the share of the day's traffic before one instant, in ms since midnight, from 0 to 24 hours."""
        hour, rest = divmod(of_day, HOUR)
        low = float(self.cumulative[hour])
        return low + (float(self.cumulative[hour + 1]) - low) * (rest / HOUR) if rest else low

    def instant(self, quantile: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the instant, in ms since midnight, at which a share in [0, 1) of the day's traffic has passed."""
        hour = np.minimum(np.searchsorted(self.cumulative, quantile, side="right") - 1, 23)
        at = hour * float(HOUR) + (quantile - self.cumulative.take(hour)) * self.pace.take(hour)
        return np.minimum(at.astype(np.int64), DAY - 1)


class Shaped(Protocol):
    """What has shapes of day and week: weights of 24 hours and 7 days, or of the 168 hours of a week in their place."""

    @property
    def hours(self) -> Sequence[float]:
        """Weights of the hours 0 to 23."""
        ...

    @property
    def weekdays(self) -> Sequence[float]:
        """Weights of Monday to Sunday."""
        ...

    @property
    def hours_of_week(self) -> Sequence[float] | None:
        """Weights of the hours of a week, Monday 00 first; None: hours and weekdays hold."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WeekShape:
    """How traffic spreads over a week: weights of its days, Monday first, and the shape of each, or one for all."""

    days: tuple[DayShape, ...]
    weekdays: tuple[float, ...]

    @classmethod
    def of(cls, shaped: Shaped) -> WeekShape:
        """Make the shape of what a scenario says.

        Raises
        ------
        InputError
            All weights are 0.
        """
        week = shaped.hours_of_week
        return _week_shape(tuple(shaped.hours), tuple(shaped.weekdays), None if week is None else tuple(week))

    def on(self, day: int) -> DayShape:
        """Give the shape of a day, by the number of days since a Monday."""
        return self.days[day % len(self.days)]

    def instant(self, quantile: NDArray[np.float64], day: NDArray[np.int64], first: int) -> NDArray[np.int64]:
        """Give the instants, in ms since midnight, at which shares of the traffic of days have passed.

        Parameters
        ----------
        quantile, day
            Shares in [0, 1) of a day's traffic, and the number of that day, shape (n,).
        first
            Weekday of day 0, Monday is 0.
        """
        if len(self.days) == 1:
            return self.days[0].instant(quantile)
        at = np.empty(len(quantile), dtype=np.int64)
        weekday = (day + first) % 7
        for number, shape in enumerate(self.days):
            rows = np.flatnonzero(weekday == number)
            at[rows] = shape.instant(quantile[rows])
        return at


@functools.lru_cache(maxsize=256)
def _week_shape(
    hours: tuple[float, ...], weekdays: tuple[float, ...], hours_of_week: tuple[float, ...] | None
) -> WeekShape:
    if hours_of_week is None:
        return WeekShape((DayShape.of(hours),), weekdays)
    table = np.asarray(hours_of_week, dtype=np.float64).reshape(7, 24)
    sums = table.sum(axis=1)
    # A day without any weight has no traffic, whatever its shape.
    shapes = (np.where(total > 0, row, 1.0).tolist() for row, total in zip(table, sums, strict=True))
    return WeekShape(tuple(DayShape.of(row) for row in shapes), tuple(sums.tolist()))


@dataclass(frozen=True, slots=True)
class LocalDays:
    """Days on one clock, numbered from 0, the day in which the scenario starts.

    Parameters
    ----------
    origin
        Milliseconds since the scenario's start at which day 0 began, at most 0.
    weekday
        Weekday of day 0, Monday is 0.
    """

    origin: int
    weekday: int

    @classmethod
    def on(cls, start_of_day: int, weekday_utc: int, offset: int) -> LocalDays:
        """Make the days of a clock ``offset`` ms east of UTC.

        Parameters
        ----------
        start_of_day
            Milliseconds from UTC midnight to the scenario's start.
        weekday_utc
            Weekday of that UTC day, Monday is 0.
        """
        local = start_of_day + offset
        return cls(origin=-(local % DAY), weekday=(weekday_utc + local // DAY) % 7)

    def moved(self, by: int) -> LocalDays:
        """Give the days of a clock that is ``by`` ms further east."""
        local = by - self.origin
        return LocalDays(origin=-(local % DAY), weekday=(self.weekday + local // DAY) % 7)

    def begin(self, day: int) -> int:
        """Give the instant in ms at which a day begins."""
        return self.origin + day * DAY

    def of(self, at: int) -> int:
        """Give the number of the day in which an instant falls."""
        return (at - self.origin) // DAY

    def weights(self, first: int, last: int, weekdays: Sequence[float]) -> NDArray[np.float64]:
        """Give the weekday weights of days ``first`` to ``last`` (excluded), scaled to a mean of 1 over a week."""
        table = np.asarray(weekdays, dtype=np.float64)
        mean = table.mean()
        table = table / mean if mean > 0 else table
        return table[(np.arange(first, last) + self.weekday) % 7]
