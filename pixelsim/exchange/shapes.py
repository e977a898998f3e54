"""How traffic is spread over the hours of a day and the days of a week, from reports by hour or by day, or from events.

A share is a ratio of sums over days (or weeks), and its error is that of a ratio of clustered counts: days differ as
wholes, so their rows are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pixelsim.exchange.combine import Combined
from pixelsim.exchange.estimates import Estimate

__all__ = ["HOURS", "WEEKDAYS", "Hourly", "Shape", "hourly_of", "hours_of", "report_weekdays", "weekdays_of"]

FloatArray = NDArray[np.float64]

LEVEL = 0.95
FEWEST_DAYS = 7
"""Days from which a shape of hours is told (assumption)."""
FEWEST_WEEKS = 4
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = tuple(f"hour {hour}" for hour in range(24))

Shape = tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Hourly:
    """Counts by hour.

    Parameters
    ----------
    day, hour
        Day since 1970-01-01 and hour of the day of each row on the clock that a shape is for, int64,
        shape (n,).
    weight
        What a row counts, at least 0, float64, shape (n,).
    source
        Where the rows are from.
    """

    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    weight: FloatArray
    source: str


def _estimates(
    names: tuple[str, ...], table: tuple[FloatArray, FloatArray, int], *, unit: str, source: str, rows: int
) -> Shape:
    """Make estimates of means and their errors from so many days or weeks."""
    means, errors, count = table
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1)) * errors
    return tuple(
        Estimate(name, float(m), float(m - h), float(m + h), unit, source, rows, float(e))
        for name, m, h, e in zip(names, means, half, errors, strict=True)
    )


def hours_of(rows: Hourly | str) -> Shape | str:
    """Estimate the share of each hour in a day, or say why there is none.

    Parameters
    ----------
    rows
        Counts by hour, or why there are none.

    Returns
    -------
    tuple of Estimate, or str
        24 shares that sum to 1.
    """
    if isinstance(rows, str):
        return rows
    numbers, place = np.unique(rows.day, return_inverse=True)
    table = np.zeros((len(numbers), 24))
    np.add.at(table, (place, rows.hour), rows.weight)
    table = table[table.sum(axis=1) > 0]
    count = len(table)
    if count < FEWEST_DAYS:
        return f"{count} days with hours are fewer than {FEWEST_DAYS}"
    if not (table.sum(axis=0) > 0).all():
        empty = ", ".join(map(str, np.flatnonzero(table.sum(axis=0) == 0)[:4]))
        return f"there are hours without anything ({empty}), which a scenario's schedule decides and no shape"
    whole = table.sum()
    shares = table.sum(axis=0) / whole
    rest = table - shares * table.sum(axis=1, keepdims=True)
    errors = np.sqrt(count / (count - 1) * (rest**2).sum(axis=0)) / whole
    return _estimates(
        HOURS,
        (shares, errors, count),
        unit="share of a day",
        source=f"{rows.source}: {count} days by hour",
        rows=len(rows.day),
    )


def weekdays_of(daily: pd.Series[float], source: str, unit: str, rows: int) -> Shape | str:
    """Estimate each weekday relative to the mean day from whole weeks, or say why that is not possible.

    Each week is divided by its own mean day first, so that growth over the period does not bend the shape.

    Parameters
    ----------
    daily
        One number for each day, indexed by day; a day that is absent counts as 0.
    source, unit, rows
        For the estimates.

    Returns
    -------
    tuple of Estimate, or str
        Seven weights around 1, Monday first.
    """
    span = pd.date_range(daily.index.min(), daily.index.max(), freq="D")
    if len(span) < 7 * FEWEST_WEEKS:
        return f"{len(span)} days are fewer than four weeks"
    full = daily.reindex(span, fill_value=0.0)
    weeks = full.to_numpy(dtype=np.float64)[: len(full) // 7 * 7].reshape(-1, 7)
    weeks = weeks[weeks.sum(axis=1) > 0]
    count = len(weeks)
    if count < FEWEST_WEEKS:
        return f"{count} weeks with {unit.split(maxsplit=1)[0]} are fewer than four"
    shares = np.roll(weeks / weeks.mean(axis=1, keepdims=True), span[0].weekday(), axis=1)
    errors = shares.std(axis=0, ddof=1) / np.sqrt(count)
    return _estimates(
        WEEKDAYS, (shares.mean(axis=0), errors, count), unit=unit, source=f"{source}: {count} weeks", rows=rows
    )


def report_weekdays(combined: Combined, days: pd.DataFrame) -> Shape | str:
    """Estimate the weekday shape of impressions from campaign days.

    Parameters
    ----------
    combined, days
        Reports, and their campaign days as :func:`~pixelsim.exchange.combine.campaign_days` gives them.
    """
    days = days.loc[days["date"].notna()]
    if days.empty:
        return "the file has no days"
    if "impressions" not in days.columns or not days["impressions"].notna().any():
        return "the file has no impressions"
    daily = days.groupby("date")["impressions"].sum().sort_index()
    return weekdays_of(daily, combined.source, "impressions relative to the mean day", int(days["rows"].sum()))


def hourly_of(hourly: Combined | None) -> Hourly | str:
    """Give the impressions by hour of all reports, each on its account's clock, or say that none has them.

    Parameters
    ----------
    hourly
        Reports by hour; None where there are none.
    """
    known = [r for r in hourly.reports if "impressions" in r.frame.columns] if hourly is not None else []
    if not known:
        return "no file has impressions by hour"
    frame = pd.concat([r.frame[["hour", "impressions"]] for r in known], ignore_index=True).dropna()
    at = frame["hour"].to_numpy(dtype="datetime64[h]").astype(np.int64)
    weight = np.maximum(frame["impressions"].to_numpy(dtype=np.float64), 0.0)
    return Hourly(at // 24, at % 24, weight, " + ".join(r.source for r in known))
