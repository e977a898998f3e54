"""How long ads run: days from the first to the last day with impressions, as Kaplan and Meier count survivors.

An ad that still runs on the last day of a report, or ran on its first day already, has lived at least that long; such
lives are cut off and not short.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from pixelsim.exchange.combine import object_label
from pixelsim.exchange.estimates import Estimate
from pixelsim.exchange.report import AdsReport

__all__ = ["ad_life", "ended_on"]

FEWEST_ADS = 10
"""Ads from which a median life is told (assumption)."""

LEVEL = 0.95

QUIET_DAYS = 7
"""Days without delivery up to the end of a report after which a campaign may have ended (assumption)."""


def ad_life(report: AdsReport) -> Estimate | str:
    """Estimate the median life of the objects that a report is about, in days, or say why that is not possible.

    Parameters
    ----------
    report
        A report by day with impressions; its ads, or the narrowest objects that it has.
    """
    frame = report.frame
    one = report.level.replace("_", " ")
    what = f"{one}s"
    if not report.by_day or "impressions" not in frame.columns:
        return "the file has no days with impressions"
    active = frame.loc[frame["impressions"] > 0]
    if active.empty:
        return "nothing had impressions"
    days = active.groupby(object_label(active, report.level))["date"].agg(["min", "max"])
    lived = ((days["max"] - days["min"]).dt.days + 1).to_numpy(dtype=np.float64)
    first, last = frame["date"].min(), frame["date"].max()
    cut = ((days["max"] == last) | (days["min"] == first)).to_numpy()
    if len(lived) < FEWEST_ADS:
        verb = f"{one} says" if len(lived) == 1 else f"{what} say"
        return f"{len(lived)} {verb} nothing yet: {FEWEST_ADS} are needed"
    ended = int((~cut).sum())
    if not ended:
        return f"each of {len(lived)} {what} ran on the first or on the last day, so that no life is known whole"
    alive = stats.ecdf(stats.CensoredData(uncensored=lived[~cut], right=lived[cut])).sf
    with warnings.catch_warnings():
        # Where all or none survive there is no interval; its NaN bounds say so already.
        warnings.simplefilter("ignore", RuntimeWarning)
        bounds = alive.confidence_interval(LEVEL, method="log-log")
    curves: tuple[Any, ...] = (alive, bounds.low, bounds.high)
    ages = np.asarray(alive.quantiles, dtype=np.float64)
    value, low, high = (float(np.min(ages[np.asarray(curve.probabilities) <= 0.5], initial=np.inf)) for curve in curves)
    source = f"{report.source}: {len(lived)} {what}, {ended} of them begin and end in it"
    if np.isinf(value):
        return f"more than half of {len(lived)} {what} outlive the file"
    return Estimate(f"life of {what}, median", value, low, high, "days", source, len(active))


def ended_on(days: pd.DataFrame) -> pd.Timestamp | None:
    """Give the last day of a campaign that stopped well before its report ends; None for one that may still run.

    A campaign that has paused before for as long as it has been quiet now may go on again.

    Parameters
    ----------
    days
        The days of one campaign, as :func:`~pixelsim.exchange.combine.campaign_days` gives them.
    """
    delivered = [c for c in ("spend", "impressions") if c in days.columns]
    active = days.loc[(days[delivered] > 0).any(axis=1), "date"].dropna().drop_duplicates().sort_values()
    if active.empty or "until" not in days.columns:
        return None
    last = pd.Timestamp(active.iloc[-1])
    quiet = (days["until"].max() - last).days
    pauses = active.diff().dt.days.iloc[1:] - 1
    longest = pauses.max() if len(pauses) else 0
    return last if quiet >= QUIET_DAYS and quiet > longest else None
