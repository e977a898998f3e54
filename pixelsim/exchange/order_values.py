"""What orders are worth: a log-normal, from the values of purchase events, or its mean from a report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from pixelsim.exchange.combine import Combined
from pixelsim.exchange.estimates import Estimate

__all__ = ["event_values", "mean_value"]

LEVEL = 0.95
FEWEST_ORDERS = 20
"""Orders from which the spread of their values is told (assumption)."""

PURCHASE = "Purchase"


def event_values(orders: pd.DataFrame, currency: str | None, source: str) -> tuple[Estimate, Estimate] | str:
    """Estimate median and spread of order values from purchase events, or say why that is not possible.

    Parameters
    ----------
    orders
        Purchases without repeated copies: ``value`` (NaN where missing) and ``currency``.
    currency
        Currency of the scenario; None takes that of the events.
    source
        Where they are from.

    Returns
    -------
    tuple of Estimate, or str
        Median (currency units) and standard deviation of the logarithm.
    """
    valued = orders.loc[(orders["value"] > 0) & orders["currency"].notna()]
    codes = sorted(valued["currency"].unique())
    code = currency or (codes[0] if len(codes) == 1 else None)
    if code is None:
        return f"values in {', '.join(codes)} are not put together" if codes else "no purchase has value and currency"
    mine = np.log(valued.loc[valued["currency"] == code, "value"].to_numpy(dtype=np.float64))
    count = len(mine)
    if count < FEWEST_ORDERS:
        return f"{count} purchases with a value in {code} are fewer than {FEWEST_ORDERS}"
    told = f"{source}: {count} of {len(orders)} purchases have a value in {code}"
    mean, sigma = float(mine.mean()), float(mine.std(ddof=1))
    error = sigma / np.sqrt(count)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1)) * error
    median = float(np.exp(mean))
    chi = stats.chi2.ppf([0.5 + LEVEL / 2, 0.5 - LEVEL / 2], count - 1)
    low, high = (float(b) for b in sigma * np.sqrt((count - 1) / chi))
    return (
        Estimate(
            "order value, median",
            median,
            median * float(np.exp(-half)),
            median * float(np.exp(half)),
            code,
            told,
            count,
            median * float(error),
        ),
        Estimate(
            "order value, spread", sigma, low, high, "ln units", told, count, sigma / float(np.sqrt(2 * (count - 1)))
        ),
    )


def mean_value(combined: Combined) -> Estimate | str:
    """Estimate the mean value of a purchase from reports, as a ratio of sums over days.

    Parameters
    ----------
    combined
        Reports.

    Returns
    -------
    Estimate, or str
        In the reports' currency; or why there is none.
    """
    parts = []
    for report in combined.reports:
        if {"purchases", "purchase_value"} <= set(report.frame.columns):
            known = report.frame.dropna(subset=["purchases", "purchase_value"])
            day = known["date"] if report.by_day else known["source_row"]
            parts.append(known[["purchases", "purchase_value"]].assign(day=day, source=report.source))
    table = pd.concat(parts, ignore_index=True) if parts else None
    if table is None or not table["purchases"].sum() > 0 or not table["purchase_value"].sum() > 0:
        return "the file has no order values"
    sums = table.groupby("day")[["purchases", "purchase_value"]].sum()
    orders, value = (sums[c].to_numpy(dtype=np.float64) for c in ("purchases", "purchase_value"))
    count, mean, days = float(orders.sum()), float(value.sum() / orders.sum()), len(sums)
    rest = value - mean * orders
    error = float(np.sqrt(days / (days - 1) * (rest**2).sum()) / count) if days > 1 else float("nan")
    half = float(stats.norm.ppf(0.5 + LEVEL / 2)) * error
    source = f"{' + '.join(table['source'].unique())}: mean value of {count:g} purchases"
    unit = combined.currency or "currency units"
    return Estimate("order value, mean", mean, mean - half, mean + half, unit, source, len(table), error)
