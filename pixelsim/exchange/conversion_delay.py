"""The delay from click to order, fitted to delays that were seen and to figures that later pulls changed.

A log begins and ends, so late orders of late clicks are not in it: each delay counts given that it could be seen. Two
pulls of one day count as so many conversions of the later one having come by the earlier. The mixture's parameters
have the scenario's own as a weak prior, so that what the files leave open stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from pixelsim.exchange.merge import merge_key
from pixelsim.exchange.report import AdsReport
from pixelsim.scenario.traffic import ConversionDelay
from pixelsim.traffic.delay import delay_share

__all__ = ["FIELDS", "SCALES", "FittedDelay", "SeenDelays", "SeenPulls", "come_by", "fit_delay", "pulls_of"]

FloatArray = NDArray[np.float64]

FIELDS = ("fast_share", "fast_mu", "fast_sigma", "slow_shape", "slow_scale")
SCALES: tuple[Literal["logit", "plain", "ln"], ...] = ("logit", "plain", "ln", "ln", "ln")
PRIOR = np.array([1.0, 1.0, 0.5, 0.5, 1.0])
"""Standard deviations of the prior on the scale of each parameter (assumption)."""

DAY = 86_400.0
FEWEST_DELAYS = 30
"""Delays, or conversions of pulls, from which anything is fitted (assumption)."""
MOST_DELAYS = 4_000
"""Delays that are worked with; more are thinned evenly and weigh more."""
WINDOW_DAYS = 7
"""Window of reports in days; conversions after it are in none."""
MOMENTS = (np.arange(12) + 0.5) / 12
"""Moments of a day at which its clicks are taken to be, as shares of the day."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenDelays:
    """Delays from a click to its order.

    Parameters
    ----------
    seconds
        The delays, above 0, shape (n,).
    seen_for
        How long each click was watched before the log ends, at least the delay, shape (n,).
    source
        Where they are from.
    """

    seconds: FloatArray
    seen_for: FloatArray
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class SeenPulls:
    """Days in an earlier and a later pull.

    Parameters
    ----------
    early, late
        Whole days between the end of the day and each pull, shape (days,).
    before, after
        Conversions of the day in each, shape (days,).
    source
        The files.
    """

    early: NDArray[np.int64]
    late: NDArray[np.int64]
    before: FloatArray
    after: FloatArray
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class FittedDelay:
    """A fitted delay.

    Parameters
    ----------
    delay
        Most likely parameters.
    loadings
        What independent causes move on each parameter's scale, shape (causes, 5): a root of the covariance.
    source
        The files, and what they had.
    rows
        Orders or days that it rests on.
    """

    delay: ConversionDelay
    loadings: FloatArray
    source: str
    rows: int

    def moved(self, cause: FloatArray) -> ConversionDelay:
        """Give the delay with one cause's loadings, shape (5,), added on the parameters' scales."""
        return _delay(_point(self.delay) + cause, self.delay)


def pulls_of(pulls: Sequence[AdsReport]) -> SeenPulls | str:
    """Compare pulls of one shape day by day; each is taken to be made at the end of its last day (assumption).

    Parameters
    ----------
    pulls
        Reports of one shape, the earliest first.
    """
    # The latest of the earlier pulls that shares days: between pulls of one ad account there may be those of another.
    pairs = ((_shared(first, later) for first in reversed(pulls[:at])) for at, later in enumerate(pulls))
    rows = [found for earlier in pairs if (found := next((p for p in earlier if p is not None), None)) is not None]
    if not rows:
        return "no day is in two reports that were made on different days"
    table = pd.concat(rows, ignore_index=True)
    grown = table.loc[(table["conversions_before"] <= table["conversions_after"]) & (table["early"] < WINDOW_DAYS)]
    total = float(grown["conversions_after"].sum())
    if total < FEWEST_DELAYS:
        return f"days that could still grow have {total:g} conversions, fewer than {FEWEST_DELAYS}"
    return SeenPulls(
        early=grown["early"].to_numpy(dtype=np.int64),
        late=grown["late"].to_numpy(dtype=np.int64),
        before=np.round(grown["conversions_before"].to_numpy(dtype=np.float64)),
        after=np.round(grown["conversions_after"].to_numpy(dtype=np.float64)),
        source=f"{len(pulls)} pulls up to {pulls[-1].source}, {len(grown)} days that could still grow",
    )


def _shared(first: AdsReport, later: AdsReport) -> pd.DataFrame | None:
    """Give the days that two pulls share with the conversions of both, or None where they tell nothing."""
    if not (first.by_day and later.by_day and "conversions" in first.frame and "conversions" in later.frame):
        return None
    ends = [report.frame["date"].max() for report in (first, later)]
    both = merge_key(first.frame, later.frame, first.key)[["date", "conversions_before", "conversions_after"]].dropna()
    if not ends[0] < ends[1] or both.empty:
        return None
    daily = both.groupby("date", as_index=False).sum()
    early, late = ((end - daily["date"]).dt.days.to_numpy() for end in ends)
    return daily.assign(early=early, late=late)


def _point(delay: ConversionDelay) -> FloatArray:
    """Give the parameters on their scales."""
    values = np.array([getattr(delay, name) for name in FIELDS])
    share = np.clip(values[0], 1e-6, 1 - 1e-6)
    return np.array([special.logit(share), values[1], *np.log(values[2:])])


def _delay(point: FloatArray, base: ConversionDelay) -> ConversionDelay:
    """Give the parameters back from their scales."""
    made = [special.expit(point[0]), point[1], *np.exp(point[2:])]
    return base.replace(**{name: float(value) for name, value in zip(FIELDS, made, strict=True)})


def _mixture(point: FloatArray, seconds: FloatArray, limit: float) -> tuple[FloatArray, FloatArray]:
    """Give the distribution function and the log density of the mixture cut at the limit."""
    share, (sigma, shape, scale) = special.expit(point[0]), np.exp(point[2:])
    score, cut = ((np.log(at) - point[1]) / sigma for at in (seconds, limit))
    power, most = ((at / scale) ** shape for at in (seconds, limit))
    fast, slow = special.ndtr(score) / special.ndtr(cut), np.expm1(-power) / np.expm1(-most)
    density = np.logaddexp(
        np.log(share) - score**2 / 2 - np.log(sigma * np.sqrt(2 * np.pi)) - special.log_ndtr(cut),
        np.log1p(-share) + np.log(shape * power) - power - np.log(-np.expm1(-most)),
    )
    return share * fast + (1 - share) * slow, density - np.log(seconds)


def _come_by(point: FloatArray, age: NDArray[np.int64], limit: float) -> FloatArray:
    """Give the share of orders of a day's clicks that a report has when the day has been over for some days."""
    seconds = np.minimum(DAY * (age[:, None] + MOMENTS), DAY * WINDOW_DAYS)
    share = _mixture(point, np.minimum(seconds, limit), limit)[0].mean(axis=1)
    return np.asarray(share, dtype=np.float64)


def come_by(delay: ConversionDelay, age: NDArray[np.int64]) -> FloatArray:
    """Give the share of a day's conversions inside the window that a report has.

    Parameters
    ----------
    delay
        Delay from click to order.
    age
        Whole days between the end of each day and the report, at least 0, shape (days,).

    Returns
    -------
    ndarray of float64, shape (days,)
        In (0, 1]; 1 from the window's length on.
    """
    point, limit = _point(delay), delay.limit_days * DAY
    window = _come_by(point, np.array([WINDOW_DAYS]), limit)
    return np.minimum(1.0, _come_by(point, np.minimum(age, WINDOW_DAYS), limit) / window)


def fit_delay(base: ConversionDelay, delays: SeenDelays | None, pulls: SeenPulls | None) -> FittedDelay | str:
    """Fit the delay, or say why nothing is fitted.

    Parameters
    ----------
    base
        Parameters of the scenario: the prior, and the limit.
    delays, pulls
        What was seen; None where there is nothing.
    """
    if delays is not None and len(delays.seconds) < FEWEST_DELAYS:
        delays = None
    if delays is None and pulls is None:
        return f"fewer than {FEWEST_DELAYS} clicks whose order is known"
    start, limit = _point(base), base.limit_days * DAY
    weight, seconds, seen = 1.0, np.empty(0), np.empty(0)
    if delays is not None:
        order = np.argsort(delays.seconds, kind="stable")
        picked = order[np.linspace(0, len(order) - 1, min(len(order), MOST_DELAYS)).astype(np.int64)]
        weight = len(order) / len(picked)
        seconds = np.clip(delays.seconds[picked], 1.0, limit)
        seen = np.clip(delays.seen_for[picked], seconds, limit)

    def lost(point: FloatArray) -> float:
        """Give the negative log posterior density."""
        total = 0.5 * float((((point - start) / PRIOR) ** 2).sum())
        if len(seconds):
            density = _mixture(point, seconds, limit)[1]
            total -= weight * float((density - np.log(_mixture(point, seen, limit)[0])).sum())
        if pulls is not None:
            ratio = _come_by(point, pulls.early, limit) / _come_by(point, pulls.late, limit)
            chance = stats.binom.logpmf(pulls.before, pulls.after, np.minimum(ratio, 1 - 1e-12))
            total -= float(np.sum(chance))
        return total if np.isfinite(total) else 1e15

    best = optimize.minimize(
        lost, start, method="L-BFGS-B", bounds=[(v - 6 * s, v + 6 * s) for v, s in zip(start, PRIOR, strict=True)]
    )
    covariance = np.linalg.inv(_curvature(lost, best.x))
    size, axes = np.linalg.eigh(covariance)
    loadings = (axes * np.sqrt(np.clip(size, 0.0, PRIOR.max() ** 2))).T
    fitted = _delay(best.x, base)
    told = [f"{len(delays.seconds)} orders after a click in {delays.source}"] if delays is not None else []
    told += [pulls.source] if pulls is not None else []
    within = f"{delay_share(fitted, 1.0):.0%} of orders within a day, {delay_share(fitted, 7.0):.0%} within a week"
    rows = (len(delays.seconds) if delays is not None else 0) + (len(pulls.early) if pulls is not None else 0)
    return FittedDelay(fitted, loadings, f"{' and '.join(told)}: {within}", rows)


def _curvature(function: Callable[[FloatArray], float], point: FloatArray) -> FloatArray:
    """Give the second derivatives at a minimum by central differences, made positive definite by the prior's size."""
    step = 0.02 * PRIOR
    count = len(point)
    out = np.empty((count, count))
    shifts = np.diag(step)
    at = function(point)
    for i in range(count):
        for j in range(i, count):
            if i == j:
                change = function(point + shifts[i]) - 2 * at + function(point - shifts[i])
            else:
                change = (
                    function(point + shifts[i] + shifts[j])
                    - function(point + shifts[i] - shifts[j])
                    - function(point - shifts[i] + shifts[j])
                    + function(point - shifts[i] - shifts[j])
                ) / 4
            out[i, j] = out[j, i] = change / (step[i] * step[j])
    size, axes = np.linalg.eigh(out)
    # Data can only add to what the prior knows; a flat direction of the search is known as well as before.
    definite = (axes * np.maximum(size, 0.5 / PRIOR.max() ** 2)) @ axes.T
    return np.asarray(definite, dtype=np.float64)
