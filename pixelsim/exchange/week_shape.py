"""A week by the hour: hours that differ from weekday to weekday, as far as the files show that they do.

Each weekday's hours are shrunk toward those of all days: its counts are Dirichlet-multinomial around the common hours,
with a weight of that prior which all weekdays share and which the counts tell (empirical Bayes). Counts are divided by
how much more days scatter than a multinomial. Whether weekdays differ at all is judged by weeks that were left out: a
week by the hour has to foretell them better than the product of hours and weekdays does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from pixelsim.exchange.estimates import Estimate
from pixelsim.exchange.shapes import FEWEST_WEEKS, LEVEL, WEEKDAYS, Hourly, Shape

__all__ = ["HOURS_OF_WEEK", "hours_of_week"]

FloatArray = NDArray[np.float64]

HOURS_OF_WEEK = tuple(f"{day} hour {hour}" for day in WEEKDAYS for hour in range(24))

LOG_WEIGHTS = np.linspace(0.0, 18.0, 73)
"""Logarithms of the prior weights that are tried, in counts: from 1 to 65 million, where weekdays are all alike."""
SURE = 0.95
"""Confidence that left-out weeks are foretold better before weekdays get hours of their own (assumption)."""


def hours_of_week(rows: Hourly | str, weekdays: Shape | str) -> Shape | str:
    """Estimate the weight of each hour of a week, or say why hours and weekdays are kept.

    Parameters
    ----------
    rows
        Counts by hour, or why there are none.
    weekdays
        Weights of Monday to Sunday, around 1, which may rest on more days than have hours; or why there are none.

    Returns
    -------
    tuple of Estimate, or str
        168 weights around 1, Monday 00 first.
    """
    if isinstance(rows, str) or isinstance(weekdays, str):
        return rows if isinstance(rows, str) else f"no weekdays: {weekdays}"
    table = _weeks(rows)
    if len(table) < FEWEST_WEEKS:
        return f"{len(table)} whole weeks by the hour are fewer than four"
    if not (table.sum(axis=(0, 1)) > 0).all():
        return "there are hours without anything, which a scenario's schedule decides and no shape"
    gain, error = _gain(table)
    least = float(stats.t.ppf(SURE, len(table) - 1)) * error
    told = f"{gain:+.3g} in the log likelihood of each left-out week, of which {least:.2g} may be chance"
    if not gain > least:
        return f"weekdays with hours of their own foretell no better: {told}"
    scatter = _scatter(table)
    counts = table.sum(axis=0) / scatter
    common = counts.sum(axis=0) / counts.sum()
    prior = _prior_weight(counts, common)
    strength = counts.sum(axis=1, keepdims=True) + prior
    within = (counts + prior * common) / strength
    # Relative errors: a weekday's own, and that of its hours, whose posterior is a Dirichlet distribution.
    hourly = np.sqrt((1 - within) / (within * (strength + 1)))
    days = np.array([part.value for part in weekdays])
    daily = np.array([part.sd / part.value if part.value else 0.0 for part in weekdays])[:, None]
    value = 24 * days[:, None] * within
    sides = float(stats.t.ppf(0.5 + LEVEL / 2, len(table) - 1)), float(stats.norm.ppf(0.5 + LEVEL / 2))
    half = value * np.hypot(sides[0] * daily, sides[1] * hourly)
    text = (
        f"{rows.source}: {len(table)} weeks by the hour, scatter {scatter:.3g}, hours of each weekday shrunk toward "
        f"common ones that weigh {prior * scatter:,.0f} counts; better than hours times weekdays by {told}"
    )
    cells = zip(HOURS_OF_WEEK, value.ravel(), half.ravel(), (value * np.hypot(daily, hourly)).ravel(), strict=True)
    unit = "weight, relative to the mean hour"
    return tuple(
        Estimate(name, float(v), max(0.0, float(v - h)), float(v + h), unit, text, len(rows.day), float(e))
        for name, v, h, e in cells
    )


def _weeks(rows: Hourly) -> FloatArray:
    """Add rows up to whole weeks from the first day on: shape (weeks, 7, 24), Monday first; empty weeks left out."""
    if not len(rows.day):
        return np.zeros((0, 7, 24))
    day = rows.day
    first = int(day.min())
    count = (int(day.max()) + 1 - first) // 7
    table = np.zeros((count, 7, 24))
    inside = day < first + 7 * count
    day = day[inside]
    # 1970-01-01 was a Thursday.
    np.add.at(table, ((day - first) // 7, (day + 3) % 7, rows.hour[inside]), rows.weight[inside])
    return np.asarray(table[table.sum(axis=(1, 2)) > 0], dtype=np.float64)


def _scatter(table: FloatArray) -> float:
    """Measure how much more the hours of a day scatter around their weekday's than a multinomial, at least 1."""
    sums = table.sum(axis=0)
    whole = sums.sum(axis=1, keepdims=True)
    expected = table.sum(axis=2, keepdims=True) * np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0)
    cells = expected > 0
    chi = float(((table - expected)[cells] ** 2 / expected[cells]).sum())
    # A weekday's days lose one day for their common hours, and each day one hour for its own sum.
    hours = (sums > 0).sum(axis=1)
    days = (table.sum(axis=2) > 0).sum(axis=0)
    freedom = float(((days - 1) * (hours - 1))[days > 1].sum())
    return max(1.0, chi / freedom) if freedom else 1.0


def _prior_weight(counts: FloatArray, common: FloatArray) -> float:
    """Find the prior weight under which the weekdays' counts, shape (7, 24), are most likely."""
    weights = np.exp(LOG_WEIGHTS)
    alpha = weights[:, None, None] * common
    log = (special.gammaln(alpha + counts) - special.gammaln(alpha)).sum(axis=(1, 2))
    totals = counts.sum(axis=1)
    log += (special.gammaln(weights[:, None]) - special.gammaln(weights[:, None] + totals)).sum(axis=1)
    return float(weights[int(np.argmax(log))])


def _gain(table: FloatArray) -> tuple[float, float]:
    """Compare what the other weeks foretell of each one: mean gain in log likelihood over the product, and its error.

    Given the sums of its days, a week's hours are multinomial, with counts divided by their scatter. The common hours
    have half a count in each, so that an hour that was empty elsewhere is not impossible.
    """
    gains = np.empty(len(table))
    for at, left_out in enumerate(table):
        rest = np.delete(table, at, axis=0)
        scatter = _scatter(rest)
        counts = rest.sum(axis=0) / scatter
        common = (counts.sum(axis=0) + 0.5) / (counts.sum() + 12.0)
        prior = _prior_weight(counts, common)
        own = (counts + prior * common) / (counts.sum(axis=1, keepdims=True) + prior)
        gains[at] = float((left_out / scatter * (np.log(own) - np.log(common))).sum())
    return float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains)))
