"""Ranks, quantiles and thresholds over replications: which option, how bad at worst, up to which level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from pixelsim.base.errors import Fault, InputError
from pixelsim.study.paired import paired
from pixelsim.study.statistics import Floats, numbers, refuse, summarise
from pixelsim.study.stopping import check_confidence

__all__ = ["BreakEven", "QuantileInterval", "break_even", "quantile_interval", "rank_costs"]


def rank_costs(costs: pd.DataFrame, confidence: float = 0.95, *, unit: str = "") -> pd.DataFrame:
    """Rank options by their expected cost, with its range and the chance that each is the cheapest.

    Parameters
    ----------
    costs
        One row for each option, one column for each replication (common random numbers down a column); numbers in
        one unit, lower is better. A replication with a missing cost is left out for every option.
    confidence
        Probability in (0, 1) for the intervals.
    unit
        Unit of the costs, for display.

    Returns
    -------
    DataFrame
        By option, the cheapest first: ``rank`` (equal means share one), ``expected_cost`` with ``half_width``, ``low``
        and ``high`` (5-95 % of single replications), ``chance_best`` (share of replications, equal costs sharing one
        equally; sums to 1), ``behind_best`` with ``behind_half_width`` (paired difference to the first row), ``n``,
        ``missing`` and ``unit``.

    Raises
    ------
    InputError
        When there is no option or no complete replication, an option is named twice, or a cost is no finite number.
    """
    check_confidence(confidence)
    if costs.empty:
        raise refuse("costs", f"{costs.shape[0]} x {costs.shape[1]}", "at least one option and replication", "run some")
    if not costs.index.is_unique:
        twice = ", ".join(str(name) for name in costs.index[costs.index.duplicated()].unique())
        raise refuse("options", twice, "named once each", "rename them")
    table = np.vstack([numbers(costs.iloc[i], str(costs.index[i])) for i in range(len(costs))])
    complete = ~np.isnan(table).any(axis=0)
    if not complete.any():
        gaps = ", ".join(f"{name}: {int(np.isnan(row).sum())}" for name, row in zip(costs.index, table, strict=True))
        raise refuse("costs", gaps, "a replication with no missing cost", "leave out the option that never has one")
    kept = table[:, complete]
    cheapest = kept == kept.min(axis=0)
    chance = (cheapest / cheapest.sum(axis=0)).mean(axis=1)
    first = kept[int(np.argmin(kept.mean(axis=1)))]
    rows = []
    for i, row in enumerate(kept):
        cost, behind = summarise(row, confidence, unit=unit), paired(first, row, confidence, unit=unit)
        rows.append(
            {
                "expected_cost": cost.mean,
                "half_width": cost.half_width,
                "low": cost.low,
                "high": cost.high,
                "chance_best": float(chance[i]),
                "behind_best": behind.mean,
                "behind_half_width": behind.half_width,
                "n": cost.n,
                "missing": int((~complete).sum()),
                "unit": unit,
            }
        )
    ranked = pd.DataFrame(rows, index=costs.index)
    ranked.insert(0, "rank", ranked["expected_cost"].rank(method="min").astype("int64"))
    return ranked.sort_values("rank", kind="stable")


@dataclass(frozen=True, slots=True)
class QuantileInterval:
    """A quantile of single runs with its interval.

    Parameters
    ----------
    estimate
        The sample quantile (interpolated, number 7 of Hyndman and Fan 1996); NaN without a value.
    low, high
        Ends of the interval; minus or plus infinity where too few runs bound it on that side.
    coverage
        Probability in [0, 1] that the interval covers the true quantile, at least what was asked for; exact for a
        continuous response, more for one with ties.
    n, missing
        Number of values that are there, and that are missing.
    """

    estimate: float
    low: float
    high: float
    coverage: float
    n: int
    missing: int


def quantile_interval(values: ArrayLike, probability: float, confidence: float = 0.95) -> QuantileInterval:
    """Give a quantile of single runs with an interval that assumes no distribution.

    The ends are order statistics. The number of values below the true quantile is binomial, so each end is the
    innermost order statistic that is passed with a probability of at most half of ``1 - confidence``.

    Parameters
    ----------
    values
        One number for each replication, NaN or None where missing.
    probability
        Which quantile, in (0, 1): 0.95 for the value that 95 % of runs stay under.
    confidence
        Probability in (0, 1) that the interval covers the true quantile.

    Raises
    ------
    InputError
        When an argument is outside its range.
    """
    check_confidence(confidence)
    if not 0 < probability < 1:
        raise refuse("probability", probability, "between 0 and 1, both excluded", "write 0.95 for 95 %")
    everything = numbers(values, "values")
    there = np.sort(everything[~np.isnan(everything)])
    n, tail = len(there), (1 - confidence) / 2
    # at_most[k] is the probability that at most k of the n values lie below the true quantile.
    at_most = np.asarray(special.bdtr(np.arange(n + 1, dtype=np.float64), n, probability))
    lower = int(np.count_nonzero(at_most <= tail))
    upper = int(np.argmax(at_most >= 1 - tail)) + 1
    return QuantileInterval(
        estimate=float(np.quantile(there, probability)) if n else math.nan,
        low=float(there[lower - 1]) if lower >= 1 else -math.inf,
        high=float(there[upper - 1]) if upper <= n else math.inf,
        coverage=float(at_most[upper - 1] - (at_most[lower - 1] if lower >= 1 else 0.0)),
        n=n,
        missing=len(everything) - n,
    )


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where a mean response meets a limit, over the levels of one factor.

    Parameters
    ----------
    level
        The lowest level at which the mean meets the limit; NaN when it does not within the levels tried.
    low, high
        The levels between which the limit can lie: the interval of the mean holds the limit at both and at the levels
        of none outside. Infinite where that reaches the first or the last level tried; NaN when no level qualifies.
    crossings
        All levels at which the mean meets the limit; more than one means that there is no single threshold.
    rising
        True when the mean passes from below to above at ``level``; None without a crossing or when it only touches.
    """

    level: float
    low: float
    high: float
    crossings: tuple[float, ...]
    rising: bool | None


def break_even(levels: ArrayLike, outcomes: ArrayLike, limit: float, confidence: float = 0.95) -> BreakEven:
    """Find the level of a factor at which the mean response meets a limit, with an interval.

    Between the levels the mean is taken as a straight line. The interval holds every level at which the Student t
    interval of the mean contains the limit: it covers a true threshold at least with the confidence asked for (the
    straight line between two half-widths is never below the half-width of a mean between them).

    Parameters
    ----------
    levels
        At least two levels of the factor, strictly increasing.
    outcomes
        Numbers of shape (levels, replications), NaN where missing; at least two values at each level.
    limit
        The value of the response to meet, in its unit.
    confidence
        Probability in (0, 1).

    Raises
    ------
    InputError
        When a shape or a value is outside its range.
    """
    x = numbers(levels, "levels")
    if len(x) < 2 or not bool((np.diff(x) > 0).all()):
        raise refuse("levels", x.tolist(), "at least two, strictly increasing", "sort them and drop repeats")
    table = np.asarray(outcomes, dtype=np.float64)
    if table.ndim != 2 or len(table) != len(x):
        raise refuse("outcomes", f"shape {table.shape}", f"of shape ({len(x)}, replications)", "give a row for a level")
    if not math.isfinite(limit):
        raise refuse("limit", limit, "a finite number", "give it in the unit of the response")
    at = [summarise(row, confidence) for row in table]
    thin = [
        Fault(f"level {level:g}", "outcomes", f"{s.n} values", "at least two", "run more replications there")
        for level, s in zip(x, at, strict=True)
        if s.n < 2
    ]
    if thin:
        raise InputError("break_even", thin)
    mean = np.array([s.mean for s in at]) - limit
    width = np.array([s.half_width for s in at])
    crossings = _roots(x, mean)
    # The limit is held where |mean| <= width; the borders of that set are roots, or the ends of the range.
    ends = x[[0, -1]][np.abs(mean[[0, -1]]) <= width[[0, -1]]]
    held = np.concatenate([_roots(x, mean - width), _roots(x, mean + width), ends])
    low, high = (float(held.min()), float(held.max())) if len(held) else (math.nan, math.nan)
    rising = None
    if len(crossings):
        around = mean[x < crossings[0]][-1:], mean[x > crossings[0]][:1]
        if all(len(side) for side in around) and around[0][0] * around[1][0] < 0:
            rising = bool(around[1][0] > 0)
    return BreakEven(
        level=float(crossings[0]) if len(crossings) else math.nan,
        low=-math.inf if low == x[0] else low,
        high=math.inf if high == x[-1] else high,
        crossings=tuple(float(c) for c in crossings),
        rising=rising,
    )


def _roots(x: Floats, y: Floats) -> Floats:
    """Find where the straight lines through the points meet 0."""
    change = np.flatnonzero(y[:-1] * y[1:] < 0)
    between = x[change] - y[change] * (x[change + 1] - x[change]) / (y[change + 1] - y[change])
    return np.unique(np.concatenate([x[y == 0], between]))
