"""What replications say: means with their precision, paired differences with a verdict, ranks, quantiles, thresholds.

Two spreads are kept apart everywhere: the half-width tells how well the *mean* is known and shrinks with more
replications; the 5-95 % range tells how much *single runs* differ and does not. A missing value is counted and
reported, never taken for 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pixelsim.base.errors import Fault, InputError
from pixelsim.study.stopping import check_confidence, half_width, replications_needed

__all__ = [
    "BreakEven",
    "Correction",
    "Direction",
    "PairedDifference",
    "QuantileInterval",
    "Summary",
    "Verdict",
    "adjusted_p_values",
    "break_even",
    "correct",
    "decide",
    "paired",
    "quantile_interval",
    "summarise",
]

Floats = NDArray[np.float64]
Correction = Literal["holm", "bonferroni", "none"]
Key = TypeVar("Key")

# Differences this small, relative to the values, come from the order of a sum and not from the model.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Summary:
    """A sample of one response over replications.

    Parameters
    ----------
    mean
        Mean of the values that are there; NaN when none is.
    half_width
        Half-width of the Student t interval for the mean; NaN for fewer than two values.
    standard_deviation
        Sample standard deviation of single runs (divisor ``n - 1``); NaN for fewer than two values.
    low, high
        5 % and 95 % quantiles of single runs, interpolated between order statistics (the usual definition, number 7
        of Hyndman and Fan 1996); NaN for fewer than two values. From fewer than 20 runs the range is too narrow.
    n
        Number of values that are there.
    missing
        Number of replications without a value.
    confidence
        Probability in (0, 1) that the interval is meant to cover the true mean.
    unit
        Unit of the response, such as ``"USD"``; empty for a plain number.
    """

    mean: float
    half_width: float
    standard_deviation: float
    low: float
    high: float
    n: int
    missing: int
    confidence: float
    unit: str

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        gone = f"; {self.missing} missing" if self.missing else ""
        if self.n == 0:
            return f"no value{gone}"
        if self.n == 1:
            return f"{_number(self.mean)}{unit} from 1 run, which gives no half-width{gone}"
        return (
            f"{_number(self.mean)} ± {_number(self.half_width)}{unit} "
            f"({_percent(self.confidence)} interval of the mean, {self.n} runs); "
            f"single runs 5-95 %: {_number(self.low)} to {_number(self.high)}{gone}"
        )


def summarise(values: ArrayLike, confidence: float = 0.95, *, unit: str = "") -> Summary:
    """Summarise one response over replications.

    Parameters
    ----------
    values
        One number for each replication, NaN or None where it is missing; any length, 0 included.
    confidence
        Probability in (0, 1) for the interval of the mean.
    unit
        Unit of the response, for display.

    Raises
    ------
    InputError
        When a value is infinite or no number, or ``confidence`` is outside (0, 1).
    """
    check_confidence(confidence)
    everything = _numbers(values, "values")
    there = everything[~np.isnan(everything)]
    n = len(there)
    deviation = float(there.std(ddof=1)) if n > 1 else math.nan
    low, high = (float(q) for q in np.quantile(there, [0.05, 0.95])) if n > 1 else (math.nan, math.nan)
    return Summary(
        mean=float(there.mean()) if n else math.nan,
        half_width=half_width(deviation, n, confidence),
        standard_deviation=deviation,
        low=low,
        high=high,
        n=n,
        missing=len(everything) - n,
        confidence=confidence,
        unit=unit,
    )


class Direction(Enum):
    """Which way a response is good."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Verdict(Enum):
    """What a paired difference shows, in words."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    NO_DIFFERENCE_SHOWN = "no difference shown"
    EQUIVALENT = "equivalent within the margin"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The difference variant minus baseline over replications that share their random numbers.

    Parameters
    ----------
    mean
        Mean difference, in the unit of the response; NaN without a pair.
    standard_deviation
        Sample standard deviation of the differences; NaN for fewer than two pairs.
    n, missing
        Number of pairs with both values, and of pairs left out because a value is missing.
    correlation
        Correlation in [-1, 1] that the common random numbers reached; NaN when a side does not vary.
    variance_ratio
        Variance of the differences over what independent runs would give, ``var(baseline) + var(variant)``; below 1
        the pairing helps, and its inverse is the number of independent replications one pair is worth. NaN when
        neither side varies.
    confidence
        Probability in (0, 1) behind the interval; under a correction, that of this comparison alone.
    direction
        Which way the response is good.
    smallest_that_matters
        Smallest difference, in the unit of the response, that would change a decision; None when not stated.
    unit
        Unit of the response, for display.
    p_value
        Two-sided p value of "no difference", adjusted when a correction was applied; NaN for fewer than two pairs.
    family
        How many comparisons are judged together, and by which correction: ``"alone"``, ``"holm over 4"``.
    """

    mean: float
    standard_deviation: float
    n: int
    missing: int
    correlation: float
    variance_ratio: float
    confidence: float
    direction: Direction
    smallest_that_matters: float | None
    unit: str
    p_value: float
    family: str = "alone"

    @property
    def half_width(self) -> float:
        """Half-width of the Student t interval, in the unit of the response; NaN for fewer than two pairs."""
        return half_width(self.standard_deviation, self.n, self.confidence)

    @property
    def low(self) -> float:
        """Lower end of the interval of the mean difference."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval of the mean difference."""
        return self.mean + self.half_width

    @property
    def verdict(self) -> Verdict:
        """What the interval shows.

        Equivalent when all of it lies within the margin (two one-sided tests, each at half of ``1 - confidence``);
        else better or worse when it leaves out 0; else no difference shown, or undecided when a margin was stated.
        """
        margin = self.smallest_that_matters
        if self.n < 2:
            return Verdict.UNDECIDED
        if margin is not None and -margin <= self.low and self.high <= margin:
            return Verdict.EQUIVALENT
        if self.low <= 0 <= self.high:
            return Verdict.NO_DIFFERENCE_SHOWN if margin is None else Verdict.UNDECIDED
        if self.direction is Direction.NEITHER:
            return Verdict.DIFFERENT
        return Verdict.BETTER if (self.mean > 0) == (self.direction is Direction.HIGHER) else Verdict.WORSE

    @property
    def more_pairs(self) -> int | None:
        """Further pairs after which an undecided comparison is decided, if the spread of the differences stays.

        With a half-width of half the margin an interval that holds 0 cannot reach past the margin, whatever the
        mean turns out to be. 0 when it is decided; None when fewer than two pairs show no spread to plan with.
        """
        if self.verdict is not Verdict.UNDECIDED:
            return 0
        if self.n < 2 or self.smallest_that_matters is None:
            return None
        needed = replications_needed(self.standard_deviation, self.smallest_that_matters / 2, self.confidence)
        return max(1, needed - self.n)

    @property
    def sentence(self) -> str:
        """The verdict as one sentence with its numbers."""
        unit = f" {self.unit}" if self.unit else ""
        of = f" {self.missing} of {self.n + self.missing} pairs are left out for a missing value."
        gone = of if self.missing else ""
        if self.n < 2:
            few = "1 pair gives no interval" if self.n else "there is no pair"
            return f"Undecided: {few}; run at least 2.{gone}"
        margin = self.smallest_that_matters
        found = (
            f"mean difference {_number(self.mean, sign=True)}{unit} ({_percent(self.confidence)} interval "
            f"{_number(self.low, sign=True)} to {_number(self.high, sign=True)}, {self.n} pairs"
            f"{'' if self.family == 'alone' else ', ' + self.family})"
        )
        verdict = self.verdict
        head = verdict.value.capitalize()
        if verdict is Verdict.EQUIVALENT and margin is not None:
            head = f"Equivalent within the margin of {margin:,g}{unit}"
        elif verdict is Verdict.UNDECIDED:
            found += f"; about {self.more_pairs:,} more pairs decide it, if the spread stays"
        elif verdict is Verdict.NO_DIFFERENCE_SHOWN:
            found += ", which contains 0"
        elif margin is not None:
            shown = min(abs(self.low), abs(self.high)) >= margin
            found += f"; {'shown' if shown else 'not shown'} to reach the {margin:,g}{unit} that matter"
        if self.standard_deviation == 0:
            found += "; equal in every pair" if self.mean == 0 else "; the same difference in every pair"
        return f"{head}: {found}.{gone}"

    def __str__(self) -> str:
        return self.sentence

    def row(self) -> dict[str, Any]:
        """Give the difference as one row of a table; the keys are the column names."""
        return {
            "mean_difference": self.mean,
            "half_width": self.half_width,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "confidence": self.confidence,
            "p_value": self.p_value,
            "family": self.family,
            "pairs": self.n,
            "missing": self.missing,
            "correlation": self.correlation,
            "variance_ratio": self.variance_ratio,
            "verdict": self.verdict.value,
            "more_pairs": self.more_pairs,
            "sentence": self.sentence,
        }


def paired(
    baseline: ArrayLike,
    variant: ArrayLike,
    confidence: float = 0.95,
    *,
    direction: Direction | str = Direction.HIGHER,
    smallest_that_matters: float | None = None,
    unit: str = "",
) -> PairedDifference:
    """Compare two scenarios replication by replication, the same position being the same random numbers.

    Parameters
    ----------
    baseline, variant
        One number for each replication, equally long and in the same order; NaN or None where missing. A pair counts
        only when both are there.
    confidence
        Probability in (0, 1) for the interval of the mean difference.
    direction
        Which way the response is good: ``"higher"``, ``"lower"`` or ``"neither"``.
    smallest_that_matters
        Smallest difference that would change a decision, in the unit of the response, above 0.
    unit
        Unit of the response, for display.

    Raises
    ------
    InputError
        When the lengths differ, a value is infinite or no number, or another argument is outside its range.
    """
    check_confidence(confidence)
    a, b = _numbers(baseline, "baseline"), _numbers(variant, "variant")
    if len(a) != len(b):
        raise _refuse("variant", f"{len(b)} values", f"as long as the baseline's {len(a)}", "pair by replication")
    if smallest_that_matters is not None and not (math.isfinite(smallest_that_matters) and smallest_that_matters > 0):
        remedy = "leave it out when no difference is too small to matter"
        raise _refuse("smallest_that_matters", smallest_that_matters, "a finite number above 0", remedy)
    try:
        good = Direction(direction)
    except ValueError:
        rule = "one of " + ", ".join(d.value for d in Direction)
        raise _refuse("direction", direction, rule, "say which way the response is good") from None
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    n = len(a)
    differences = np.where(np.isclose(a, b, rtol=ROUNDING, atol=0), 0.0, b - a)
    mean = float(differences.mean()) if n else math.nan
    deviation = float(differences.std(ddof=1)) if n > 1 else math.nan
    if n > 1 and bool(np.isclose(differences, mean, rtol=ROUNDING, atol=0).all()):
        deviation = 0.0
    return PairedDifference(
        mean=mean,
        standard_deviation=deviation,
        n=n,
        missing=len(both) - n,
        correlation=_correlation(a, b),
        variance_ratio=_variance_ratio(a, b, deviation),
        confidence=confidence,
        direction=good,
        smallest_that_matters=smallest_that_matters,
        unit=unit,
        p_value=_p_value(mean, deviation, n),
    )


def _correlation(a: Floats, b: Floats) -> float:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return math.nan
    return float(np.corrcoef(a, b)[0, 1])


def _variance_ratio(a: Floats, b: Floats, deviation: float) -> float:
    if len(a) < 2:
        return math.nan
    independent = float(a.var(ddof=1) + b.var(ddof=1))
    return deviation**2 / independent if independent > 0 else math.nan


def _p_value(mean: float, deviation: float, n: int) -> float:
    if n < 2:
        return math.nan
    if deviation == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * special.stdtr(n - 1, -abs(mean) / (deviation / math.sqrt(n))))


def adjusted_p_values(p_values: ArrayLike, correction: Correction = "holm") -> Floats:
    """Adjust the p values of comparisons that are judged together, so that one level fits the whole family.

    Parameters
    ----------
    p_values
        Numbers in [0, 1]; NaN (no test was possible) stays NaN and does not count for the family.
    correction
        ``"holm"`` (Holm 1979, step-down, never weaker than Bonferroni), ``"bonferroni"`` or ``"none"``.

    Raises
    ------
    InputError
        When the correction is unknown.
    """
    p = np.array(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(p))
    m = len(tested)
    if correction == "bonferroni":
        p[tested] = np.minimum(1.0, m * p[tested])
    elif correction == "holm":
        order = tested[np.argsort(p[tested], kind="stable")]
        stepped = np.arange(m, 0, -1) * p[order]
        p[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    elif correction != "none":
        raise _refuse("correction", correction, "one of holm, bonferroni, none", "choose one")
    return p


def correct(
    differences: Mapping[Key, PairedDifference], correction: Correction = "holm"
) -> dict[Key, PairedDifference]:
    """Judge several outcomes or variants together, so that the chance of any false "shown" stays in hand.

    Each comparison keeps its numbers; its interval, p value and verdict are drawn at the level of the correction.
    Under ``"bonferroni"`` the intervals hold jointly. Under ``"holm"`` more differences are shown, each interval
    being drawn at the level of its step: together they guard *that* a difference exists, not jointly its size.

    Parameters
    ----------
    differences
        The comparisons of one question by any key, all made alone and at one confidence.
    correction
        ``"holm"``, ``"bonferroni"`` or ``"none"``.

    Raises
    ------
    InputError
        When the correction is unknown, or the comparisons differ in confidence or were corrected before.
    """
    alone = list(differences.values())
    p = np.array([d.p_value for d in alone], dtype=np.float64)
    adjusted = adjusted_p_values(p, correction)
    if correction == "none" or not alone:
        return dict(differences)
    levels = {d.confidence for d in alone}
    if len(levels) > 1 or any(d.family != "alone" for d in alone):
        rule = "comparisons made alone at one confidence"
        raise _refuse("differences", f"confidences {sorted(levels)}", rule, "correct the original comparisons once")
    alpha = 1 - alone[0].confidence
    tested = np.flatnonzero(~np.isnan(p))
    m = len(tested)
    share = np.full(len(p), max(m, 1))
    if correction == "holm":
        # A comparison that is shown is judged at its own step, all the others at the step where Holm stops.
        order = tested[np.argsort(p[tested], kind="stable")]
        shown = int(np.count_nonzero(adjusted[order] <= alpha))
        share[order] = [m - min(i, shown) for i in range(m)]
    family = f"{correction} over {m}"
    return {
        key: replace(d, confidence=1 - alpha / int(share[i]), p_value=float(adjusted[i]), family=family)
        for i, (key, d) in enumerate(differences.items())
    }


def decide(costs: pd.DataFrame, confidence: float = 0.95, *, unit: str = "") -> pd.DataFrame:
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
        raise _refuse(
            "costs", f"{costs.shape[0]} x {costs.shape[1]}", "at least one option and replication", "run some"
        )
    if not costs.index.is_unique:
        twice = ", ".join(str(name) for name in costs.index[costs.index.duplicated()].unique())
        raise _refuse("options", twice, "named once each", "rename them")
    table = np.vstack([_numbers(costs.iloc[i], str(costs.index[i])) for i in range(len(costs))])
    complete = ~np.isnan(table).any(axis=0)
    if not complete.any():
        gaps = ", ".join(f"{name}: {int(np.isnan(row).sum())}" for name, row in zip(costs.index, table, strict=True))
        raise _refuse("costs", gaps, "a replication with no missing cost", "leave out the option that never has one")
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
        raise _refuse("probability", probability, "between 0 and 1, both excluded", "write 0.95 for 95 %")
    everything = _numbers(values, "values")
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
    x = _numbers(levels, "levels")
    if len(x) < 2 or not bool((np.diff(x) > 0).all()):
        raise _refuse("levels", x.tolist(), "at least two, strictly increasing", "sort them and drop repeats")
    table = np.asarray(outcomes, dtype=np.float64)
    if table.ndim != 2 or len(table) != len(x):
        raise _refuse(
            "outcomes", f"shape {table.shape}", f"of shape ({len(x)}, replications)", "give a row for a level"
        )
    if not math.isfinite(limit):
        raise _refuse("limit", limit, "a finite number", "give it in the unit of the response")
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


def _numbers(values: ArrayLike, name: str) -> Floats:
    """Read a one-dimensional sample as floats, missing as NaN."""
    try:
        sample = pd.Series(values)
        kind = pd.api.types.infer_dtype(sample, skipna=True)
    except (TypeError, ValueError) as error:
        raise _refuse(name, error, "a plain row of numbers", "give one number for each replication") from None
    if kind not in {"floating", "integer", "mixed-integer-float", "boolean", "decimal", "empty"}:
        raise _refuse(name, f"of type {kind}", "a row of numbers", "convert it first, missing ones to NaN")
    numbers = np.asarray(sample.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    if bool(np.isinf(numbers).any()):
        first = int(np.flatnonzero(np.isinf(numbers))[0])
        raise _refuse(name, f"infinite at position {first}", "finite, or NaN when missing", "mark it as missing")
    return numbers


def _refuse(field: str, value: object, rule: str, remedy: str) -> InputError:
    return InputError.single("statistics", field=field, value=value, rule=rule, remedy=remedy)


def _number(value: float, *, sign: bool = False) -> str:
    """Write a number with about four significant digits and no exponent where it can be read without one."""
    plus = "+" if sign and value > 0 else ""
    size = abs(value)
    if size == 0 or not 1e-6 <= size < 1e15:
        return f"{plus}{value:.4g}"
    return f"{plus}{value:,.{max(0, 3 - math.floor(math.log10(size)))}f}"


def _percent(confidence: float) -> str:
    return f"{100 * confidence:.4g} %"
