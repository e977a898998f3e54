"""Beta-binomial rates of several groups, pooled as far as the groups are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

__all__ = ["PooledRates", "dispersion", "pool_rates"]

FloatArray = NDArray[np.float64]

FEWEST_GROUPS = 3
"""Groups from which their spread can be told; with fewer each stands alone on Jeffreys' prior."""

LARGEST_STRENGTH = 1e7
"""Bound of ``a + b`` of the prior, reached when the groups do not differ at all."""


@dataclass(frozen=True, slots=True)
class PooledRates:
    """Posterior of each group's rate.

    Parameters
    ----------
    mean, sd, low, high
        Posterior mean, standard deviation and central 95 % interval for each group, float64.
    prior_mean, prior_strength
        Mean and ``a + b`` of the Beta prior that the groups share.
    pooled
        The prior was fitted to the groups; False: Jeffreys' prior.
    """

    mean: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray
    prior_mean: float
    prior_strength: float
    pooled: bool


def dispersion(successes: FloatArray, trials: FloatArray) -> float:
    """Measure how much more a group's rows scatter than a binomial: Pearson's chi-square by degrees of freedom.

    Parameters
    ----------
    successes, trials
        Counts by row (day), float64, shape (n,); rows without trials are left out.

    Returns
    -------
    float
        At least 1; 1 where fewer than two rows have trials.
    """
    used = trials > 0
    x, n = successes[used], trials[used]
    rate = x.sum() / n.sum() if n.sum() else 0.0
    if len(n) < 2 or not 0 < rate < 1:
        return 1.0
    chi = float(((x - n * rate) ** 2 / (n * rate * (1 - rate))).sum())
    return max(1.0, chi / (len(n) - 1))


def _negative_log_likelihood(parameters: FloatArray, x: FloatArray, n: FloatArray) -> float:
    mean, strength = special.expit(parameters[0]), np.exp(parameters[1])
    a, b = mean * strength, (1 - mean) * strength
    return float(-(special.betaln(x + a, n - x + b) - special.betaln(a, b)).sum())


def pool_rates(successes: FloatArray, trials: FloatArray, scatter: FloatArray) -> PooledRates:
    """Estimate each group's rate with partial pooling (empirical Bayes, beta-binomial).

    Counts are divided by the group's scatter first, so that a group whose days vary more than a binomial counts as
    fewer trials and its interval is honest. The common Beta prior is the one of greatest likelihood.

    Parameters
    ----------
    successes, trials
        Totals of each group, float64, shape (groups,), ``0 <= successes <= trials``.
    scatter
        ``dispersion`` of each group, at least 1.
    """
    x, n = successes / scatter, trials / scatter
    used = n > 0
    pooled = int(used.sum()) >= FEWEST_GROUPS and 0 < x.sum() < n.sum()
    mean, strength = 0.5, 1.0
    if pooled:
        start = np.array([special.logit(x.sum() / n.sum()), np.log(200.0)])
        fit = optimize.minimize(
            _negative_log_likelihood,
            start,
            args=(x[used], n[used]),
            method="L-BFGS-B",
            bounds=[(-20.0, 20.0), (0.0, float(np.log(LARGEST_STRENGTH)))],
        )
        mean, strength = float(special.expit(fit.x[0])), float(np.exp(fit.x[1]))
    a, b = x + mean * strength, n - x + (1 - mean) * strength
    posterior = stats.beta(a, b)
    low, high = (np.asarray(posterior.ppf(p), dtype=np.float64) for p in (0.025, 0.975))
    sd = np.asarray(posterior.std(), dtype=np.float64)
    return PooledRates(a / (a + b), sd, low, high, mean, strength, pooled)
