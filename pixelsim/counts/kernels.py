"""From the cell of a touch to the cells of its orders: the delay integrated over the hours of both.

A kernel is computed once for each delay, shape of a day and set of cells, and kept: it depends on no traffic and on
nothing that people do.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import DAY, SECOND
from pixelsim.counts.cells import Cells, Hours, ShapedDay
from pixelsim.scenario.traffic import ConversionDelay
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["DelayTable", "OrderShares", "delay_table", "within"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrderShares:
    """Where the orders of touches fall, for rows of touches and lags in cells; float64 of shape (rows, lags).

    Parameters
    ----------
    share
        Share of all orders; a row adds up to 1.
    soon
        Share of these that follow within the session time-out; a click and such an order are one session.
    inside
        Share of these that lie inside the attribution window.
    elapsed
        Mean ms between touch and order of those inside.
    """

    share: Floats
    soon: Floats
    inside: Floats
    elapsed: Floats

    @classmethod
    def join(cls, parts: Sequence[OrderShares]) -> OrderShares:
        """Put rows one after another."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__))

    def take(self, index: Longs, lags: int | None = None) -> OrderShares:
        """Pick rows, and of each the first lags."""
        return OrderShares(*(getattr(self, name)[:, :lags][index] for name in self.__match_args__))

    @functools.cached_property
    def chances(self) -> Floats:
        """Chances of lags for each row, with a last one for the rest, so that roundings never make more than 1."""
        chances = np.append(self.share, np.zeros((len(self.share), 1)), axis=1)
        return np.asarray(chances / np.maximum(chances.sum(axis=1, keepdims=True), 1.0))

    @functools.cached_property
    def soon_first(self) -> Floats:
        """What ``soon`` has of the lags at which an order can be so soon, shape (rows, at most 2)."""
        return self.soon[:, :2]


def _cut(seconds: Floats, delay: ConversionDelay) -> tuple[Floats, Floats, float, float]:
    """Give the cumulated shares of the two parts, and those up to the limit."""
    limit = delay.limit_days * DAY / SECOND
    at = np.append(np.clip(seconds, 0.0, limit).ravel(), limit)
    with np.errstate(divide="ignore"):
        score = (np.log(at) - delay.fast_mu) / delay.fast_sigma
    fast, slow = special.ndtr(score), -np.expm1(-((at / delay.slow_scale) ** delay.slow_shape))
    shape = seconds.shape
    return fast[:-1].reshape(shape), slow[:-1].reshape(shape), float(fast[-1]), float(slow[-1])


def within(delay: ConversionDelay, seconds: Floats) -> Floats:
    """Give the share of orders within times after the touch."""
    fast, slow, all_fast, all_slow = _cut(seconds, delay)
    return np.asarray(delay.fast_share * fast / all_fast + (1 - delay.fast_share) * slow / all_slow)


def _waited(delay: ConversionDelay, seconds: Floats) -> Floats:
    """Give the integral of the delay in seconds over the orders within times after the touch."""
    limit = delay.limit_days * DAY / SECOND
    at = np.clip(seconds, 0.0, limit)
    _, _, all_fast, all_slow = _cut(at, delay)
    with np.errstate(divide="ignore"):
        score = (np.log(at) - delay.fast_mu) / delay.fast_sigma - delay.fast_sigma
    fast = np.exp(delay.fast_mu + delay.fast_sigma**2 / 2) * special.ndtr(score)
    power = 1 + 1 / delay.slow_shape
    slow = (
        delay.slow_scale * special.gamma(power) * special.gammainc(power, (at / delay.slow_scale) ** delay.slow_shape)
    )
    return np.asarray(delay.fast_share * fast / all_fast + (1 - delay.fast_share) * slow / all_slow)


@dataclass(frozen=True, slots=True, eq=False)
class DelayTable:
    """Orders after touches on one clock, one delay and one window.

    Parameters
    ----------
    delay
        From touch to order.
    day
        Hours and clock of the touches.
    borders
        Borders of cells in ms, going on after the run's end far enough for every order.
    lags
        How many cells from the touch's own on are looked at.
    soon, window
        The session time-out and the attribution window in ms.
    of_day
        Cells in each day.
    whole
        The shares of touches in whole cells.
    known, known_before
        What `of_rows` and `before` gave of parts of cells.
    """

    delay: ConversionDelay
    day: ShapedDay
    borders: Longs
    lags: int
    soon: int
    window: int
    of_day: int
    whole: OrderShares
    known: dict[tuple[int, int, int], OrderShares] = field(default_factory=dict)
    known_before: dict[tuple[int, int, int], float] = field(default_factory=dict)

    def of_rows(self, cell: Longs, start: Longs, end: Longs, lags: int | None = None) -> OrderShares:
        """Give the shares of touches in parts of cells, shape (rows, lags); None: all lags."""
        found = self.whole.take(cell, lags)
        for row, part in self._parts(cell, start, end):
            for name in OrderShares.__match_args__:
                getattr(found, name)[row] = getattr(part, name)[0, :lags]
        return found

    def at(self, cell: Longs, start: Longs, end: Longs, lag: Longs) -> OrderShares:
        """Give the shares of touches in parts of cells at one lag each, shape (rows,)."""
        found = OrderShares(*(getattr(self.whole, name)[cell, lag] for name in OrderShares.__match_args__))
        for row, part in self._parts(cell, start, end):
            for name in OrderShares.__match_args__:
                getattr(found, name)[row] = getattr(part, name)[0, lag[row]]
        return found

    def _parts(self, cell: Longs, start: Longs, end: Longs) -> Iterator[tuple[int, OrderShares]]:
        """Give the rows that are not whole cells, with their shares."""
        for row in np.flatnonzero((start != self.borders[cell]) | (end != self.borders[cell + 1])).tolist():
            yield row, self._of_part(int(cell[row]), int(start[row]), int(end[row]))

    def _of_part(self, cell: int, start: int, end: int) -> OrderShares:
        """Give the shares of touches in a part of a cell; the same part of another day has the same."""
        begin = int(self.borders[cell])
        key = (cell % (self.of_day * self.day.period), start - begin, end - begin)
        if key not in self.known:
            later = self.borders[cell + 1 : cell + 1 + self.lags] - start
            self.known[key] = _shares(self, start, end, later[np.newaxis])
        return self.known[key]

    def before(self, start: int, end: int, instant: int) -> float:
        """Give the share of orders up to an instant, among those in its cell, of touches in a part of a cell."""
        key = (start, end, instant)
        if key not in self.known_before:
            self.known_before[key] = self._before(start, end, instant)
        return self.known_before[key]

    def _before(self, start: int, end: int, instant: int) -> float:
        at = int(np.searchsorted(self.borders, instant, side="right"))
        edges = np.array([self.borders[at - 1], instant, self.borders[at]], dtype=np.int64)
        nodes, weights = self.day.nodes(start, end)
        wait = np.maximum((edges[:, np.newaxis] - nodes) / SECOND, 0.0)
        low, middle, high = (within(self.delay, wait) @ weights).tolist()
        return (middle - low) / (high - low) if high > low else 0.0


def _shares(table: DelayTable, start: int, end: int, later: Longs) -> OrderShares:
    """Give the shares of touches in a stretch, by times from its start to the borders of later cells."""
    nodes, weights = table.day.nodes(start, end)
    since = nodes - start
    known, place = np.unique(later, return_inverse=True)
    place = place.reshape(later.shape)
    wait = np.maximum((known[:, np.newaxis] - since) / SECOND, 0.0)
    soon, window = table.soon / SECOND, table.window / SECOND

    def cumulated(values: Floats) -> Floats:
        return np.diff((values @ weights)[place], axis=1, prepend=0.0)

    share = np.maximum(cumulated(within(table.delay, wait)), 0.0)
    early = cumulated(within(table.delay, np.minimum(wait, soon)))
    inside = cumulated(within(table.delay, np.minimum(wait, window)))
    waited = cumulated(_waited(table.delay, np.minimum(wait, window)))
    return OrderShares(share, _ratio(early, share), _ratio(inside, share), _ratio(waited, inside) * SECOND)


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 1e-15)
    return np.maximum(ratio, 0.0)


def delay_table(
    cells: Cells, delay: ConversionDelay, hours: Hours, days: LocalDays, *, soon: int, window: int, longest: int = 0
) -> DelayTable:
    """Give the orders after touches; a table asked for before is given again.

    Parameters
    ----------
    cells
        The cells of the run.
    delay
        From touch to order.
    hours, days
        Shape and clock of the touches' days.
    soon, window
        The session time-out and the attribution window in ms.
    longest
        The table reaches so many ms at least, even where no order comes so late.
    """
    return _table(cells.borders.tobytes(), cells.of_day, delay, hours, days, soon, window, longest)


@functools.lru_cache(maxsize=256)
def _table(  # noqa: PLR0917 - the key of the cache
    borders: bytes,
    of_day: int,
    delay: ConversionDelay,
    hours: Hours,
    days: LocalDays,
    soon: int,
    window: int,
    longest: int,
) -> DelayTable:
    cells = Cells(np.frombuffer(borders, dtype=np.int64), of_day)
    lags = cells.lags(max(delay.limit_days * DAY, longest))
    longer = cells.beyond(lags // of_day + 8)
    none = OrderShares(*(np.zeros((0, lags)) for _ in OrderShares.__match_args__))
    table = DelayTable(delay, ShapedDay(WeekShape.of(hours), days), longer, lags, soon, window, of_day, none)
    # Cells repeat from day to day, or from week to week where weekdays differ, and with them the shares.
    period = of_day * table.day.period
    of_period = [
        _shares(table, int(longer[i]), int(longer[i + 1]), (longer[i + 1 : i + 1 + lags] - longer[i])[np.newaxis])
        for i in range(period)
    ]
    return replace(table, whole=OrderShares.join(of_period).take(np.arange(len(cells)) % period))
