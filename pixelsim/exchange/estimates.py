"""Estimates as data: a number, its interval, its unit, and the rows of the file that it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from pixelsim.base.errors import UnknownNameError

__all__ = ["CampaignEstimates", "Estimate", "Estimates", "shown"]


def shown(value: float) -> str:
    """Write a number with four digits, or as a whole number where it is large."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number read from an export.

    Parameters
    ----------
    name
        What it is.
    value
        Best value.
    low, high
        Bounds of the 95 % interval.
    unit
        Its unit in words.
    source
        The file and what was done to its rows.
    rows
        Rows of the file that it rests on.
    sd
        Standard error or posterior standard deviation; NaN where one row tells no spread.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    source: str
    rows: int
    sd: float = float("nan")

    def __str__(self) -> str:
        return f"{self.name} {self.value:.6g} [{self.low:.6g}, {self.high:.6g}] {self.unit} ({self.rows} rows)"


@dataclass(frozen=True, slots=True)
class CampaignEstimates:
    """Estimates of one campaign; None where the file cannot tell, with the reason in ``reasons``.

    Parameters
    ----------
    campaign
        Its id, or its name if the file has no ids.
    name
        Its name, or its id.
    cpm
        Mean cost of 1,000 impressions over its days.
    cpm_log_mean, cpm_log_sigma
        Mean and day-to-day standard deviation of the logarithm of CPM.
    click_rate
        Clicks (destination) per impression.
    conversions_per_click
        Conversions per click, on the day of the interaction.
    daily_spend
        Mean spend on days with spend; not the budget, which this export may not have.
    budget
        Budget as the file prints it.
    reasons
        Why an estimate is None, by its name.
    ended
        Its last day, if it stopped delivering well before its report ends.
    """

    campaign: str
    name: str
    cpm: Estimate | None
    cpm_log_mean: Estimate | None
    cpm_log_sigma: Estimate | None
    click_rate: Estimate | None
    conversions_per_click: Estimate | None
    daily_spend: Estimate | None
    budget: Estimate | None
    reasons: dict[str, str]
    ended: pd.Timestamp | None = None

    def __iter__(self) -> Iterator[Estimate]:
        for name in _NAMES:
            found = getattr(self, name)
            if found is not None:
                yield found


_NAMES = (
    "cpm",
    "cpm_log_mean",
    "cpm_log_sigma",
    "click_rate",
    "conversions_per_click",
    "daily_spend",
    "budget",
)


@dataclass(frozen=True, slots=True)
class Estimates:
    """All that an export tells.

    Parameters
    ----------
    campaigns
        Estimates of each campaign, in the order of their ids.
    currency
        Three-letter code, or None.
    weekday_shape
        Impressions of each weekday relative to the mean day, Monday first; None with ``weekday_reason``.
    weekday_reason
        Why there is no weekday shape.
    hour_shape, hour_reason
        The same for the share of impressions of each hour on the account's clock, 0 first.
    week_shape, week_reason
        The same for the weight of each hour of a week, Monday 00 first, where weekdays have hours of their own.
    rows, days
        Rows and distinct days of the file.
    could_not_tell
        What a model needs and this file does not say.
    notes
        How the estimates were made.
    """

    campaigns: tuple[CampaignEstimates, ...]
    currency: str | None
    weekday_shape: tuple[Estimate, ...] | None
    weekday_reason: str | None
    hour_shape: tuple[Estimate, ...] | None
    hour_reason: str | None
    week_shape: tuple[Estimate, ...] | None
    week_reason: str | None
    rows: int
    days: int
    could_not_tell: tuple[str, ...]
    notes: tuple[str, ...]

    def campaign(self, campaign: str) -> CampaignEstimates:
        """Give the estimates of one campaign, by id or name.

        Raises
        ------
        UnknownNameError
            There is none, or the name belongs to several.
        """
        found = [c for c in self.campaigns if c.campaign == campaign] or [
            c for c in self.campaigns if c.name == campaign
        ]
        if len(found) != 1:
            raise UnknownNameError("campaign", campaign, [c.campaign for c in self.campaigns])
        return found[0]

    def table(self) -> pd.DataFrame:
        """Give every estimate as a row: ``campaign``, ``name``, ``estimate``, ``value``, bounds, ``sd``, unit, rows."""
        rows = [
            (c.campaign, c.name, e.name, e.value, e.low, e.high, e.sd, e.unit, e.rows)
            for c in self.campaigns
            for e in c
        ]
        columns = ["campaign", "name", "estimate", "value", "low", "high", "sd", "unit", "rows"]
        return pd.DataFrame(rows, columns=columns)
