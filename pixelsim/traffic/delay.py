"""Delay from a touchpoint to its order: a fast log-normal part and a slow Weibull part, cut at a limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.clock import DAY, SECOND
from pixelsim.scenario.traffic import ConversionDelay

__all__ = ["delay_share", "delays"]


def _fast_share(delay: ConversionDelay, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        score = (np.log(seconds) - delay.fast_mu) / delay.fast_sigma
    return np.asarray(special.ndtr(score), dtype=np.float64)


def _slow_share(delay: ConversionDelay, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-np.expm1(-((seconds / delay.slow_scale) ** delay.slow_shape)), dtype=np.float64)


def delay_share(delay: ConversionDelay, within_days: float) -> float:
    """Give the share of orders that come within some days of their touchpoint, in [0, 1]."""
    limit = np.array([delay.limit_days * DAY / SECOND])
    here = np.minimum(np.array([within_days * DAY / SECOND]), limit)
    fast = _fast_share(delay, here) / _fast_share(delay, limit)
    slow = _slow_share(delay, here) / _slow_share(delay, limit)
    return float((delay.fast_share * fast + (1 - delay.fast_share) * slow)[0])


def delays(delay: ConversionDelay, which: NDArray[np.float64], quantile: NDArray[np.float64]) -> NDArray[np.int64]:
    """Turn two uniform numbers in [0, 1) for each order into its delay, by the inverse of each part.

    Parameters
    ----------
    delay
        The mixture.
    which
        Chooses the part, shape (n,).
    quantile
        Quantile inside the part, cut at the limit, shape (n,).

    Returns
    -------
    ndarray of int64, shape (n,)
        Delays in ms, at least 0 and at most the limit.
    """
    limit = np.array([delay.limit_days * DAY / SECOND])
    seconds = np.empty(len(which), dtype=np.float64)
    fast = which < delay.fast_share
    score = special.ndtri(quantile[fast] * _fast_share(delay, limit))
    seconds[fast] = np.exp(delay.fast_mu + delay.fast_sigma * score)
    slow = ~fast
    inside = quantile[slow] * _slow_share(delay, limit)
    seconds[slow] = delay.slow_scale * (-np.log1p(-inside)) ** (1 / delay.slow_shape)
    return np.asarray(np.minimum(np.floor(seconds * SECOND), limit * SECOND), dtype=np.int64)
