"""How a daily figure drifts and scatters: a level that wanders, a slope, and noise, each with its uncertainty.

The logarithm of figure over expectation is a level plus noise. From day to day the level moves by a constant slope and
a random step (a local level model with drift, filtered by Kalman's recursion). Sizes of step and noise are not fixed
at their best values but weighed over a grid, so that bands of a short series are honest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Drift", "fit_drift", "weekday_effects"]

FloatArray = NDArray[np.float64]

STEPS = np.concatenate([[0.0], np.geomspace(0.002, 0.25, 12)])
"""Sizes of a day's random step that are weighed, in logarithms."""

NOISES = np.geomspace(0.01, 2.5, 26)
"""Sizes of a day's noise that are weighed, in logarithms."""

TYPICAL_STEP = 0.01
"""Scale of the prior of the step (half-Cauchy) where there is one: 1 % a day (assumption)."""

NO_STEP = 0.5
"""Prior probability that the level does not wander at all (assumption)."""

SLOPE = 0.003
"""Standard deviation of the prior of the slope: 0.3 % a day (assumption)."""

LEVEL = 1.0
"""Standard deviation of the prior of the first level: the expectation may be wrong by a factor of 2.7 (assumption)."""


@dataclass(frozen=True, eq=False)
class Drift:
    """A fitted model of one figure.

    Parameters
    ----------
    weights
        Posterior probability of each pair of sizes, shape (pairs,).
    step, noise
        The sizes of each pair, in logarithms, shape (pairs,).
    mean, covariance
        Level and slope at the end of the series for each pair, shapes (pairs, 2) and (pairs, 2, 2).
    """

    weights: FloatArray
    step: FloatArray
    noise: FloatArray
    mean: FloatArray
    covariance: FloatArray

    @property
    def slope(self) -> float:
        """Posterior mean of the slope, in logarithms a day."""
        return float(self.weights @ self.mean[:, 1])

    @property
    def typical_step(self) -> float:
        """Posterior mean of the size of a day's random step, in logarithms."""
        return float(self.weights @ self.step)

    @property
    def typical_noise(self) -> float:
        """Posterior mean of the size of a day's noise, in logarithms."""
        return float(self.weights @ self.noise)

    def paths(self, days: int, count: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Draw futures.

        Parameters
        ----------
        days
            Length of each.
        count
            How many.
        random
            Where the luck comes from.

        Returns
        -------
        level : ndarray, shape (count, days)
            Level of each day, in logarithms.
        noise : ndarray, shape (count, days)
            Noise of each day for a variance factor of 1.
        """
        pair = random.choice(len(self.weights), size=count, p=self.weights)
        root = np.linalg.cholesky(self.covariance + 1e-14 * np.eye(2))
        start = self.mean[pair] + np.einsum("nij,nj->ni", root[pair], random.standard_normal((count, 2)))
        steps = start[:, 1:] + self.step[pair, None] * random.standard_normal((count, days))
        level = start[:, :1] + np.cumsum(steps, axis=1)
        return level, self.noise[pair, None] * random.standard_normal((count, days))


def fit_drift(log_ratio: FloatArray, factor: FloatArray, known: FloatArray) -> Drift:
    """Fit the model to the logarithm of figure over expectation.

    Parameters
    ----------
    log_ratio
        One entry for each day, NaN where there is none.
    factor, known
        The variance of a day's deviation from the level is ``noise**2 * factor + known``; ``known`` is that of
        counting. Shape of ``log_ratio``.
    """
    step, noise = (a.reshape(-1) for a in np.meshgrid(STEPS, NOISES, indexing="ij"))
    pairs = len(step)
    mean = np.zeros((pairs, 2))
    covariance = np.zeros((pairs, 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = LEVEL**2, SLOPE**2
    # A geometric grid has steps as wide as their size, which turns the density into probabilities.
    sizes = STEPS[1:] / (1 + (STEPS[1:] / TYPICAL_STEP) ** 2)
    prior = np.concatenate([[NO_STEP], (1 - NO_STEP) * sizes / sizes.sum()])
    log = np.log(np.repeat(prior, len(NOISES)))
    for at, value in enumerate(log_ratio):
        if at:
            mean[:, 0] += mean[:, 1]
            c01, c11 = covariance[:, 0, 1], covariance[:, 1, 1]
            covariance[:, 0, 0] += 2 * c01 + c11 + step**2
            covariance[:, 0, 1] = covariance[:, 1, 0] = c01 + c11
        if np.isnan(value):
            continue
        error = value - mean[:, 0]
        total = covariance[:, 0, 0] + noise**2 * factor[at] + known[at]
        gain = covariance[:, :, 0] / total[:, None]
        log -= 0.5 * (np.log(total) + error**2 / total)
        mean += gain * error[:, None]
        covariance -= gain[:, :, None] * covariance[:, None, 0, :]
    weights = np.exp(log - log.max())
    return Drift(weights / weights.sum(), step, noise, mean, (covariance + covariance.transpose(0, 2, 1)) / 2)


def weekday_effects(log_ratio: FloatArray, weekday: NDArray[np.int64]) -> FloatArray:
    """Estimate the effect of each weekday on a figure, shrunk as far as weekdays look alike.

    Parameters
    ----------
    log_ratio
        One entry for each day, NaN where there is none.
    weekday
        0 (Monday) to 6 for each day.

    Returns
    -------
    ndarray, shape (7,)
        Effects in logarithms with mean 0; all 0 with fewer than four weeks.
    """
    effects = np.zeros(7)
    if np.count_nonzero(~np.isnan(log_ratio)) < 28:
        return effects
    kernel = np.ones(7)
    known = ~np.isnan(log_ratio)
    filled = np.where(known, log_ratio, 0.0)
    around = np.convolve(filled, kernel, mode="same") / np.maximum(np.convolve(known, kernel, mode="same"), 1)
    # The ends have no whole week around them, which would bend the shape.
    rest = np.where(known, log_ratio - around, np.nan)[3:-3]
    days = weekday[3:-3]
    groups = [rest[(days == d) & ~np.isnan(rest)] for d in range(7)]
    if min(map(len, groups)) < 3:
        return effects
    means = np.asarray([g.mean() for g in groups])
    errors = np.asarray([g.var(ddof=1) / len(g) for g in groups])
    between = max(0.0, float(means.var(ddof=1) - errors.mean()))
    if between == 0.0:
        return effects
    effects = means * between / (between + errors)
    return np.asarray(effects - effects.mean(), dtype=np.float64)
