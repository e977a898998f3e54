"""Rates (beta-binomial) and means (normal) of several groups, pooled as far as the groups are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

__all__ = ["PooledRates", "dispersion", "pool_means", "pool_rates"]

FloatArray = NDArray[np.float64]

FEWEST_GROUPS = 3
"""Groups from which their spread can be told; with fewer each stands alone on Jeffreys' prior."""

GRID = 41
"""Points of the grid over each hyperparameter."""

LOGIT_MEAN = (-18.0, 6.0)
LOG_STRENGTH = (0.0, 16.0)
"""Where the first grid looks for the common mean and for ``a + b``: rates from 1e-8, strengths from 1 to 9 million."""

NEGLIGIBLE = 14.0
"""Points this far below the largest log density (a millionth of it) are left out of the second grid."""


@dataclass(frozen=True, slots=True)
class PooledRates:
    """Posterior of each group's rate.

    Parameters
    ----------
    mean, sd, low, high
        Posterior mean, standard deviation and central 95 % interval for each group, float64.
    prior_mean, prior_strength
        Mean and ``a + b`` (geometric mean) of the Beta prior that the groups share.
    pooled
        The prior was learned from the groups; False: Jeffreys' prior.
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


def _log_density(x: FloatArray, n: FloatArray, logit_mean: FloatArray, log_strength: FloatArray) -> FloatArray:
    """Give the log posterior density of the hyperparameters on a grid, shape (means, strengths), up to a constant.

    Beta-binomial likelihood, and a prior that is flat in the mean and proportional to strength ** -1.5 (Gelman et al.,
    Bayesian Data Analysis, on hierarchical binomial models), written in the logit of the mean and the log of strength.
    """
    mean = special.expit(logit_mean)[:, None]
    out = np.empty((len(logit_mean), len(log_strength)))
    for at, log in enumerate(log_strength):
        a, b = mean * np.exp(log), (1 - mean) * np.exp(log)
        likelihood = (special.betaln(x + a, n - x + b) - special.betaln(a, b)).sum(axis=1)
        out[:, at] = likelihood + np.log(mean[:, 0]) + np.log1p(-mean[:, 0]) - log / 2
    return out


def _grid(x: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Find the hyperparameters that matter: two grids, the second over what the first finds likely, and its weights."""
    bounds = [LOGIT_MEAN, LOG_STRENGTH]
    for _ in range(3):
        means, strengths = (np.linspace(low, high, GRID) for low, high in bounds)
        log = _log_density(x, n, means, strengths)
        likely = log > log.max() - NEGLIGIBLE
        for axis, points in ((0, means), (1, strengths)):
            rows = np.flatnonzero(likely.any(axis=1 - axis))
            step = points[1] - points[0]
            low, high = (LOGIT_MEAN, LOG_STRENGTH)[axis]
            bounds[axis] = (max(low, points[rows[0]] - step), min(high, points[rows[-1]] + step))
    weights = np.exp(log - log.max())
    return means, strengths, weights / weights.sum()


def pool_rates(successes: FloatArray, trials: FloatArray, scatter: FloatArray) -> PooledRates:
    """Estimate each group's rate with partial pooling (hierarchical beta-binomial).

    Counts are divided by the group's scatter first, so that a group whose days vary more than a binomial counts as
    fewer trials and its interval is honest. Mean and strength of the common Beta prior are integrated over, so that
    groups which look alike do not make each other too sure.

    Parameters
    ----------
    successes, trials
        Totals of each group, float64, shape (groups,), ``0 <= successes <= trials``.
    scatter
        ``dispersion`` of each group, at least 1.
    """
    x, n = successes / scatter, trials / scatter
    used = n > 0
    if int(used.sum()) < FEWEST_GROUPS:
        a, b = x + 0.5, n - x + 0.5
        return _summary(a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)), 0.5, 1.0, pooled=False)
    means, strengths, weights = _grid(x[used], n[used])
    common = special.expit(means)[:, None]
    first, second = np.zeros(len(x)), np.zeros(len(x))
    for at, log in enumerate(strengths):
        a = x + common * np.exp(log)
        total = n + np.exp(log)
        first += weights[:, at] @ (a / total)
        second += weights[:, at] @ (a * (a + 1) / (total * (total + 1)))
    prior_mean = float(weights.sum(axis=1) @ common[:, 0])
    prior_strength = float(np.exp(weights.sum(axis=0) @ strengths))
    return _summary(first, second - first**2, prior_mean, prior_strength, pooled=True)


def _summary(
    mean: FloatArray, variance: FloatArray, prior_mean: float, prior_strength: float, *, pooled: bool
) -> PooledRates:
    """Describe posteriors by mean and variance; intervals are those of the Beta with the same two."""
    size = mean * (1 - mean) / variance - 1
    posterior = stats.beta(mean * size, (1 - mean) * size)
    low, high = (np.asarray(posterior.ppf(p), dtype=np.float64) for p in (0.025, 0.975))
    return PooledRates(mean, np.sqrt(variance), low, high, prior_mean, prior_strength, pooled)


def pool_means(means: FloatArray, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimate the mean of each group with partial pooling (hierarchical normal), such as means of logarithms.

    The groups' common mean and their spread are integrated over, flat in both (Gelman et al., Bayesian Data Analysis,
    on the hierarchical normal model).

    Parameters
    ----------
    means, errors
        Mean of each group and its standard error, above 0, shape (groups,).

    Returns
    -------
    mean, sd : ndarray, shape (groups,)
        Posterior of each group; what was given where there are fewer than three groups.
    """
    if len(means) < FEWEST_GROUPS:
        return means, errors
    spread = np.linspace(0.0, 4 * float(np.std(means, ddof=1)) + 2 * float(errors.min()), 10 * GRID)[:, None]
    total = errors**2 + spread**2
    known = 1 / (1 / total).sum(axis=1, keepdims=True)
    common = known * (means / total).sum(axis=1, keepdims=True)
    log = 0.5 * (np.log(known[:, 0]) - np.log(total).sum(axis=1) - ((means - common) ** 2 / total).sum(axis=1))
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    lean = errors**2 / total
    centre = (1 - lean) * means + lean * common
    first = weights @ centre
    variance = weights @ ((1 - lean) * errors**2 + lean**2 * known + (centre - first) ** 2)
    return first, np.sqrt(variance)
