"""Paired differences on common random numbers: interval, verdict in words, and several of them judged together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pixelsim.study.statistics import Floats, number, numbers, percent, refuse
from pixelsim.study.stopping import check_confidence, half_width, replications_needed

__all__ = ["Correction", "Direction", "PairedDifference", "Verdict", "adjusted_p_values", "correct", "paired"]

Correction = Literal["holm", "bonferroni", "none"]
Key = TypeVar("Key")

# Differences this small, relative to the values, come from the order of a sum and not from the model.
ROUNDING = 1e-12


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
            f"mean difference {number(self.mean, sign=True)}{unit} ({percent(self.confidence)} interval "
            f"{number(self.low, sign=True)} to {number(self.high, sign=True)}, {self.n} pairs"
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
    a, b = numbers(baseline, "baseline"), numbers(variant, "variant")
    if len(a) != len(b):
        raise refuse("variant", f"{len(b)} values", f"as long as the baseline's {len(a)}", "pair by replication")
    if smallest_that_matters is not None and not (math.isfinite(smallest_that_matters) and smallest_that_matters > 0):
        remedy = "leave it out when no difference is too small to matter"
        raise refuse("smallest_that_matters", smallest_that_matters, "a finite number above 0", remedy)
    try:
        good = Direction(direction)
    except ValueError:
        rule = "one of " + ", ".join(d.value for d in Direction)
        raise refuse("direction", direction, rule, "say which way the response is good") from None
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
        raise refuse("correction", correction, "one of holm, bonferroni, none", "choose one")
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
        raise refuse("differences", f"confidences {sorted(levels)}", rule, "correct the original comparisons once")
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
