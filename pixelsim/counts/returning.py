"""People who come back to a website: how many sessions of each cell are followed by another one, and in which cell.

The time away is exponential, so that somebody who has been away since an earlier cell comes with the same chance at
each instant, whenever that was. Each step of a chain therefore takes only the cell of the session before; the means of
every step are those of the whole chain, on a grid of half hours. What this leaves out is that a session whose
predecessor lies in the same cell stands later in it than others: counts with returns are approximate, by far less than
the tolerance.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from pixelsim.base.clock import DAY, MINUTE
from pixelsim.counts.cells import Cells, Hours, ShapedDay, by_event
from pixelsim.traffic.people import MOST_RETURNS
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["Chains", "Comings", "Pairs", "ReturnTable", "return_table"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

GRID = 30 * MINUTE
"""Longest stretch in which the sessions of an instant are taken as even; clocks differ by half hours."""
SHORTEST = 5 * MINUTE
"""Shortest such stretch: where a run begins at an odd instant, borders of cells move to the nearest one."""


@dataclass(frozen=True, slots=True)
class Comings:
    """How people come for the first time and again: everything that the steps of chains depend on.

    Parameters
    ----------
    hours, days
        Shape and clock of the days of first sessions.
    growth
        Growth of first sessions a day.
    share, mean_days
        Chance that a session is followed by another, and the mean of the exponential time until then.
    timeout
        Milliseconds after a session's start before which it is still the same session; the time counts from there.
    """

    hours: Hours
    days: LocalDays
    growth: float
    share: float
    mean_days: float
    timeout: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of sessions of one person, the second next after the first.

    Parameters
    ----------
    by_lag
        By the first one's cell, and the second one's as cells after it, shape (cells, lags).
    """

    by_lag: Longs | Floats

    @functools.cached_property
    def _earlier(self) -> Floats:
        """Pairs whose first session lies before one border and the second before another, shape (border, border)."""
        size, lags = self.by_lag.shape
        table = np.zeros((size + 1, size + 1 + lags))
        cell = np.arange(1, size + 1)[:, np.newaxis]
        table[cell, cell + np.arange(lags)] = self.by_lag
        return np.cumsum(np.cumsum(table[:, : size + 1], axis=0), axis=1)

    def within(self, begin: Longs, end: Longs) -> Floats:
        """Count the pairs of which both lie in stretches of cells, from one to another (excluded)."""
        return np.asarray(self._earlier[-1, end] - self._earlier[begin, end])


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Sessions of people whom the platform can match: all by cell, shape (cells,), and those of one chain as pairs."""

    sessions: Longs
    pairs: Pairs

    def of(self, begin: Longs, end: Longs) -> tuple[Floats, Floats]:
        """Count the sessions in stretches of cells from one to another (excluded), and the chains they belong to."""
        run = np.append(0, np.cumsum(self.sessions))
        sessions = (run[end] - run[begin]).astype(np.float64)
        return sessions, sessions - self.pairs.within(begin, end)


@dataclass(frozen=True, slots=True, eq=False)
class ReturnTable:
    """Steps of chains of returns.

    Parameters
    ----------
    comings
        How people come.
    steps
        Of those who come back after the n-th session of a chain in a cell, the share that comes so many cells later,
        float64 of shape (n, cells, lags).
    edges, expected
        Instants in ms, and returns expected up to each, in first sessions of an average day.
    """

    comings: Comings
    steps: Floats
    edges: Longs
    expected: Floats

    def share(self, start: NDArray[np.integer], end: NDArray[np.integer]) -> Floats:
        """Give the returns expected in stretches of time, in first sessions of an average day."""
        one, two = (np.interp(at, self.edges, self.expected) for at in (start, end))
        return np.asarray(two - one)

    def draw(self, rng: np.random.Generator, first: Longs, matched: Longs) -> tuple[Longs, Chains]:
        """Draw who comes back when.

        Parameters
        ----------
        rng
            Random numbers.
        first
            First sessions, whether load time drives them away or not, int64 of shape (cells, kinds).
        matched
            Which kinds of people the platform can match, as 0 and 1, shape (kinds,).

        Returns
        -------
        returns : ndarray of int64, shape (cells, kinds)
        chains : Chains
        """
        size = len(first)
        total, before = np.zeros_like(first), first
        again = np.zeros((size, size), dtype=np.int64)
        for step in self.steps:
            chances = np.append(step, np.maximum(1 - step.sum(axis=1, keepdims=True), 0.0), axis=1)
            chances /= chances.sum(axis=1, keepdims=True)
            after = np.zeros_like(before)
            for kind, some in enumerate(before.T):
                moved = rng.multinomial(rng.binomial(some, self.comings.share), chances)[:, :-1]
                after[:, kind] = by_event(moved)
                again += moved * matched[kind]
            total, before = total + after, after
        return total, Chains((first + total) @ matched, Pairs(again))


def return_table(cells: Cells, comings: Comings) -> ReturnTable:
    """Give the steps of chains of returns; a table asked for before is given again."""
    return _table(tuple(cells.borders.tolist()), comings)


@functools.lru_cache(maxsize=16)
def _table(borders: tuple[int, ...], comings: Comings) -> ReturnTable:
    grid, size = max(math.gcd(GRID, *borders), SHORTEST), len(borders) - 1
    of_cell = (np.array(borders, dtype=np.int64) + grid // 2) // grid
    edges = np.arange(int(of_cell[-1]) + 1) * grid
    within = _within(edges.astype(np.float64), grid, comings)
    day = ShapedDay(WeekShape.of(comings.hours), comings.days)
    before = day.expected(edges, 1.0, comings.growth)
    steps = np.zeros((MOST_RETURNS, size, size))
    total = np.zeros_like(before)
    for step in steps:
        for cell, (one, two) in enumerate(zip(of_cell[:-1].tolist(), of_cell[1:].tolist(), strict=True)):
            here = before[one:two]
            weight = here / here.sum() if here.sum() > 0 else np.full(two - one, 1 / max(two - one, 1))
            # How many stretches of the grid end between the session and each later border.
            ends = np.maximum(of_cell[cell + 1 :] - np.arange(one, two)[:, np.newaxis], 0)
            step[cell, : size - cell] = np.diff(weight @ within[ends], prepend=0.0)
        gained = np.diff(within)
        before = np.maximum(comings.share * signal.fftconvolve(before, gained)[: len(before)], 0.0)
        total += before
    return ReturnTable(comings, steps, edges, np.concatenate([[0.0], np.cumsum(total)]))


def _within(later: Floats, grid: int, comings: Comings) -> Floats:
    """Give the share that has come back by times after the beginning of a stretch in which they came evenly."""
    mean = comings.mean_days * DAY

    def waited(time: Floats) -> Floats:
        """Integrate the share that is back over the time since the first instant at which somebody can be."""
        left = np.maximum(time - comings.timeout, 0.0)
        return np.asarray(left + mean * np.expm1(-left / mean))

    return (waited(later) - waited(later - grid)) / grid
