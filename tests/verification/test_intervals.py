"""Do the intervals cover what they say? Studies of samples whose truth is known.

Share of 1,000 studies that covered the truth (``pytest -m slow tests/verification/test_intervals.py``):

==================================================  =======  =======
study                                               nominal  covered
==================================================  =======  =======
mean of 2 normal responses                             95 %   95.1 %
mean of 10 normal responses                            95 %   95.1 %
mean of 30 exponential responses                       95 %   91.5 %
conversion rate with cool-down, 30 runs                95 %   95.5 %
paired difference, 20 pairs                            95 %   95.9 %
90 % quantile of 200 exponential responses             95 %   96.7 %
threshold on a line, 20 replications                   95 %   96.4 %
no false alarm among 5 outcomes, Holm                  95 %   95.7 %
no false alarm among 5 outcomes, uncorrected         77.4 %   77.1 %
not called equivalent when the truth is the margin   97.5 %   96.9 %
mean, sequential stopping with look-ahead 5            95 %   95.0 %
mean, sequential stopping at the first dip             95 %   94.1 %
==================================================  =======  =======

A share from 1,000 studies is known to about 1.4 points either way. The t interval is exact for normal responses and
falls short for skewed ones, which more replications mend. The quantile interval, the threshold and Holm's families are
conservative by construction. Uncorrected, five outcomes without an effect raise a false alarm in 1 - 0.95**5 of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from pixelsim.study.paired import Verdict, correct, paired
from pixelsim.study.statistics import summarise
from pixelsim.study.stopping import until_half_width
from pixelsim.study.thresholds import break_even, quantile_interval

Study = Callable[[np.random.Generator], bool]


def mean_of_normal(generator: np.random.Generator, n: int) -> bool:
    found = summarise(generator.normal(20, 5, n))
    return abs(found.mean - 20) <= found.half_width


def mean_of_two(generator: np.random.Generator) -> bool:
    return mean_of_normal(generator, 2)


def mean_of_ten(generator: np.random.Generator) -> bool:
    return mean_of_normal(generator, 10)


def mean_of_skewed(generator: np.random.Generator) -> bool:
    """Thirty exponential costs with a true mean of 4."""
    found = summarise(generator.exponential(4, 30))
    return abs(found.mean - 4) <= found.half_width


def conversion_rate_with_cool_down(generator: np.random.Generator) -> bool:
    """Thirty runs of 100 clicks a day for 30 days, 10 % of which buy, every delay followed to its end."""
    found = summarise(generator.binomial(100 * 30, 0.10, 30) / 3_000)
    return abs(found.mean - 0.10) <= found.half_width


def paired_difference(generator: np.random.Generator) -> bool:
    """Twenty pairs that share most of their noise, with a true difference of 1."""
    shared = generator.normal(100, 10, 20)
    found = paired(shared + generator.normal(0, 2, 20), shared + 1 + generator.normal(0, 2, 20))
    return found.low <= 1 <= found.high


def quantile_of_skewed(generator: np.random.Generator) -> bool:
    """The 90 % quantile of 200 exponential values, which is the mean times the logarithm of 10."""
    found = quantile_interval(generator.exponential(3, 200), 0.9)
    return found.low <= 3 * np.log(10) <= found.high


def threshold_on_a_line(generator: np.random.Generator) -> bool:
    """Six levels, 20 replications with shared noise; the mean is 3 + 2 x and meets 8 at 2.5."""
    levels = np.arange(6.0)
    shared = generator.normal(0, 2, (1, 20))
    found = break_even(levels, 3 + 2 * levels[:, None] + shared + generator.normal(0, 1, (6, 20)), 8.0)
    return found.low <= 2.5 <= found.high


def no_false_alarm(generator: np.random.Generator, correction: str) -> bool:
    """Five outcomes that share their noise and differ in nothing: none of them may be shown to differ."""
    family = {}
    for outcome in range(5):
        a, b = generator.normal(0, 1, (2, 25))
        family[outcome] = paired(a, b, direction="neither")
    judged = correct(family, correction)  # type: ignore[arg-type]
    return all(d.verdict is Verdict.NO_DIFFERENCE_SHOWN for d in judged.values())


def holm_family(generator: np.random.Generator) -> bool:
    return no_false_alarm(generator, "holm")


def uncorrected_family(generator: np.random.Generator) -> bool:
    return no_false_alarm(generator, "none")


def equivalence_at_the_margin(generator: np.random.Generator) -> bool:
    """A true difference of just the margin may be called equivalent in 2.5 % of studies only."""
    found = paired(np.zeros(40), generator.normal(1.0, 1.5, 40), smallest_that_matters=1.0)
    return found.verdict is not Verdict.EQUIVALENT


def stopped_mean(generator: np.random.Generator, look_ahead: int) -> bool:
    found = until_half_width(
        lambda _: float(generator.normal(0, 1)), 0.3, look_ahead=look_ahead, minimum=5, maximum=400
    )
    return abs(float(found.values.mean())) <= float(found.half_widths[-1])


def stopped_with_look_ahead(generator: np.random.Generator) -> bool:
    return stopped_mean(generator, 5)


def stopped_at_the_first_dip(generator: np.random.Generator) -> bool:
    return stopped_mean(generator, 0)


@dataclass(frozen=True)
class Claim:
    """A study and the lowest and highest share of covered truths that it may really have."""

    study: Study
    lowest: float
    highest: float

    def holds(self, studies: int) -> tuple[bool, float]:
        """Count the covered truths and set them against the binomial bounds of 99.9 % around the claim."""
        covered = sum(self.study(np.random.default_rng([2_023, number])) for number in range(studies))
        least = stats.binom.ppf(0.0005, studies, self.lowest)
        most = stats.binom.ppf(0.9995, studies, self.highest)
        return bool(least <= covered <= most), covered / studies


CLAIMS = [
    Claim(mean_of_two, 0.95, 0.95),
    Claim(mean_of_ten, 0.95, 0.95),
    Claim(mean_of_skewed, 0.90, 0.95),
    Claim(conversion_rate_with_cool_down, 0.94, 0.96),
    Claim(paired_difference, 0.95, 0.95),
    Claim(quantile_of_skewed, 0.95, 1.0),
    Claim(threshold_on_a_line, 0.95, 1.0),
    Claim(holm_family, 0.95, 1.0),
    # Independent and uncorrected: 0.95 to the fifth, which shows that the correction does something.
    Claim(uncorrected_family, 0.95**5, 0.95**5),
    Claim(equivalence_at_the_margin, 0.975, 1.0),
    Claim(stopped_with_look_ahead, 0.90, 0.96),
    Claim(stopped_at_the_first_dip, 0.80, 0.95),
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.study.__name__)
def test_covers_as_claimed_in_150_studies(claim):
    holds, covered = claim.holds(150)
    assert holds, f"covered {covered:.3f}, claimed {claim.lowest:.3f} to {claim.highest:.3f}"


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.study.__name__)
def test_covers_as_claimed_in_1000_studies(claim):
    holds, covered = claim.holds(1_000)
    assert holds, f"covered {covered:.3f}, claimed {claim.lowest:.3f} to {claim.highest:.3f}"


def test_a_divisor_of_n_in_the_place_of_n_minus_1_would_be_found():
    """With t(n) for two values the interval covers atan(4.30) * 2 / pi = 85.5 %, outside the bounds of the claim."""
    too_narrow = stats.t.ppf(0.975, 2) / stats.t.ppf(0.975, 1)

    def narrow(generator: np.random.Generator) -> bool:
        found = summarise(generator.normal(20, 5, 2))
        return abs(found.mean - 20) <= found.half_width * too_narrow

    holds, covered = Claim(narrow, 0.95, 0.95).holds(150)
    assert not holds
    assert covered == pytest.approx(2 / np.pi * np.arctan(stats.t.ppf(0.975, 2)), abs=0.1)
