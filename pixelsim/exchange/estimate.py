"""What an export tells about a model's inputs: estimates with intervals, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pixelsim.base.errors import InputError
from pixelsim.exchange.estimates import CampaignEstimates, Estimate, Estimates
from pixelsim.exchange.pooling import dispersion, pool_rates
from pixelsim.exchange.report import AdsReport, several_currencies

__all__ = ["CampaignEstimates", "Estimate", "Estimates", "estimate"]

FloatArray = NDArray[np.float64]

LEVEL = 0.95
FEWEST_IMPRESSIONS = 1000
"""Campaign days with fewer impressions say little about CPM (assumption)."""

WEEKDAY_DAYS = 28
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def estimate(report: AdsReport) -> Estimates:
    """Estimate a model's inputs from a report, each with an interval and the rows it rests on.

    CPM is log-normal over a campaign's days. Click rate and conversions per click are beta-binomial with partial
    pooling over campaigns. Reach is never used, since it does not add up.

    Raises
    ------
    InputError
        The report mixes currencies, so that its amounts cannot be added up.
    """
    if several_currencies(report.frame):
        raise InputError.single(
            report.source,
            field="currency",
            value=", ".join(sorted(report.frame["currency"].dropna().unique())),
            rule="one currency",
            remedy="convert the amounts first, or estimate each account alone",
        )
    days = _campaign_days(report)
    groups = [g for _, g in days.groupby("campaign", sort=True)]
    click_rates, click_reasons = _rates(report, groups, "click_rate", "clicks", "impressions")
    conversion_rates, conversion_reasons = _rates(report, groups, "conversions_per_click", "conversions", "clicks")
    campaigns = []
    for group, clicks, conversions in zip(groups, click_rates, conversion_rates, strict=True):
        campaign = str(group["campaign"].iloc[0])
        reasons: dict[str, str] = {}
        cpm, log_mean, log_sigma = _cpm(report, group, reasons)
        spend = _spend(report, group, reasons)
        budget = _budget(report, campaign, reasons)
        reasons |= {k: v[campaign] for k, v in (click_reasons | conversion_reasons).items() if campaign in v}
        campaigns.append(
            CampaignEstimates(
                campaign=campaign,
                name=str(group["name"].iloc[0]),
                cpm=cpm,
                cpm_log_mean=log_mean,
                cpm_log_sigma=log_sigma,
                click_rate=clicks,
                conversions_per_click=conversions,
                daily_spend=spend,
                budget=budget,
                reasons=reasons,
            )
        )
    shape, reason = _weekday_shape(report, days)
    return Estimates(
        campaigns=tuple(campaigns),
        currency=report.currency,
        weekday_shape=shape,
        weekday_reason=reason,
        rows=len(report.frame),
        days=int(report.frame["date"].nunique()) if report.by_day else 0,
        could_not_tell=_could_not_tell(report),
        notes=(
            "rates: counts divided by each campaign's scatter over its days, then beta-binomial with a common prior",
            f"CPM: campaign days with at least {FEWEST_IMPRESSIONS} impressions, where there are three such days",
            *(("the totals of the file differ from its rows",) if report.mismatch else ()),
        ),
    )


def _campaign_days(report: AdsReport) -> pd.DataFrame:
    """Add rows up to campaign days: ``campaign``, ``name``, ``date``, quantities, ``rows``."""
    frame = report.frame
    key = "campaign_id" if "campaign_id" in frame.columns else "campaign_name"
    if key not in frame.columns or frame[key].isna().any():
        raise InputError.single(
            report.source,
            field=key,
            value="missing",
            rule="the campaign of every row",
            remedy="export with the column Campaign ID or Campaign name",
        )
    wanted = [c for c in ("spend", "impressions", "clicks", "conversions") if c in frame.columns]
    by = ["campaign", *(["date"] if report.by_day else [])]
    table = frame.assign(campaign=frame[key].astype(str))
    table["name"] = frame["campaign_name"].fillna(table["campaign"]) if "campaign_name" in frame.columns else frame[key]
    grouped = table.groupby(by, sort=True)
    # min_count keeps a day missing when every one of its rows is.
    days = grouped[wanted].sum(min_count=1)
    days["name"], days["rows"] = grouped["name"].last(), grouped.size()
    return days.reset_index()


def _cpm(
    report: AdsReport, days: pd.DataFrame, reasons: dict[str, str]
) -> tuple[Estimate | None, Estimate | None, Estimate | None]:
    names = ("cpm", "cpm_log_mean", "cpm_log_sigma")
    if not {"spend", "impressions"} <= set(days.columns):
        reasons |= dict.fromkeys(names, "the file has no spend or no impressions")
        return None, None, None
    active = days.loc[(days["impressions"] > 0) & (days["spend"] > 0)]
    if active.empty:
        reasons |= dict.fromkeys(names, "no day with spend and impressions")
        return None, None, None
    large = active.loc[active["impressions"] >= FEWEST_IMPRESSIONS]
    used = large if len(large) >= 3 else active
    unit = f"{report.currency or 'currency'} per 1,000 impressions"
    rows = int(used["rows"].sum())
    logs = np.log(1000 * used["spend"].to_numpy(dtype=np.float64) / used["impressions"].to_numpy(dtype=np.float64))
    count = len(logs)
    source = f"{report.source}: {count} campaign days"
    if not report.by_day or count < 2:
        reason = "the file is not by day" if not report.by_day else "fewer than two days with impressions"
        reasons |= dict.fromkeys(names[1:], reason)
        value = float(np.exp(logs.mean()))
        nan = float("nan")
        return Estimate("cpm", value, nan, nan, unit, source, rows, nan), None, None
    mean, sigma = float(logs.mean()), float(logs.std(ddof=1))
    error = sigma / np.sqrt(count)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1)) * error
    log_mean = Estimate("cpm_log_mean", mean, mean - half, mean + half, f"ln({unit})", source, rows, float(error))
    chi = stats.chi2.ppf([0.5 + LEVEL / 2, 0.5 - LEVEL / 2], count - 1)
    bounds = sigma * np.sqrt((count - 1) / chi)
    sigma_error = sigma / np.sqrt(2 * (count - 1))
    log_sigma = Estimate(
        "cpm_log_sigma", sigma, float(bounds[0]), float(bounds[1]), "ln units", source, rows, float(sigma_error)
    )
    # Cox's interval of a log-normal mean: the logarithm of the mean is m + s^2 / 2.
    centre = mean + sigma**2 / 2
    spread = float(np.sqrt(sigma**2 / count + sigma**4 / (2 * (count - 1))))
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))
    value = float(np.exp(centre))
    low, high = float(np.exp(centre - z * spread)), float(np.exp(centre + z * spread))
    return Estimate("cpm", value, low, high, unit, source, rows, value * spread), log_mean, log_sigma


def _rates(
    report: AdsReport, groups: Sequence[pd.DataFrame], name: str, top: str, bottom: str
) -> tuple[list[Estimate | None], dict[str, dict[str, str]]]:
    """Estimate one rate of every campaign, pooled."""
    reasons: dict[str, str] = {}
    usable: list[int] = []
    totals: list[tuple[float, float, float, int]] = []
    for at, days in enumerate(groups):
        campaign = str(days["campaign"].iloc[0])
        if not {top, bottom} <= set(days.columns):
            reasons[campaign] = f"the file has no {top} or no {bottom}"
            continue
        known = days.loc[days[top].notna() & days[bottom].notna()]
        x, n = known[top].to_numpy(dtype=np.float64), known[bottom].to_numpy(dtype=np.float64)
        if not n.sum():
            reasons[campaign] = f"no {bottom}"
        elif x.sum() > n.sum():
            reasons[campaign] = f"more {top} than {bottom}: some were credited without them, so this is no rate"
        else:
            usable.append(at)
            totals.append((float(x.sum()), float(n.sum()), dispersion(x, n), int(known["rows"].sum())))
    found: list[Estimate | None] = [None] * len(groups)
    if totals:
        sums = np.asarray([t[:3] for t in totals], dtype=np.float64)
        rates = pool_rates(sums[:, 0], sums[:, 1], sums[:, 2])
        prior = (
            f"prior mean {rates.prior_mean:.4g}, strength {rates.prior_strength:.4g}"
            if rates.pooled
            else "Jeffreys' prior, as fewer than three campaigns can be compared"
        )
        for at, index in enumerate(usable):
            found[index] = Estimate(
                name,
                float(rates.mean[at]),
                float(rates.low[at]),
                float(rates.high[at]),
                f"{top} per {bottom.removesuffix('s')}",
                f"{report.source}: {totals[at][0]:.0f} of {totals[at][1]:.0f}, scatter {totals[at][2]:.3g}; {prior}",
                totals[at][3],
                float(rates.sd[at]),
            )
    return found, {name: reasons}


def _spend(report: AdsReport, days: pd.DataFrame, reasons: dict[str, str]) -> Estimate | None:
    if "spend" not in days.columns:
        reasons["daily_spend"] = "the file has no spend"
        return None
    if not report.by_day:
        reasons["daily_spend"] = "the file is not by day"
        return None
    active = days.loc[days["spend"] > 0]
    if active.empty:
        reasons["daily_spend"] = "no day with spend"
        return None
    spend = active["spend"].to_numpy(dtype=np.float64)
    count, value = len(spend), float(spend.mean())
    error = float(spend.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1)) * error if count > 1 else float("nan")
    what = "spend, not budget" if not {"budget", "ad_group_budget"} & set(report.frame.columns) else "spend"
    return Estimate(
        "daily_spend",
        value,
        value - half,
        value + half,
        f"{report.currency or 'currency'} per active day ({what})",
        f"{report.source}: {count} days with spend",
        int(active["rows"].sum()),
        error,
    )


def _budget(report: AdsReport, campaign: str, reasons: dict[str, str]) -> Estimate | None:
    frame = report.frame
    if "budget" not in frame.columns:
        reasons["budget"] = "the file has no budget column; daily_spend is what was spent"
        return None
    key = "campaign_id" if "campaign_id" in frame.columns else "campaign_name"
    rows = frame.loc[(frame[key].astype(str) == campaign) & frame["budget"].notna()]
    if len(rows["budget"].unique()) != 1:
        reasons["budget"] = "no budget is printed" if rows.empty else "the budget changes from row to row"
        return None
    value = float(rows["budget"].iloc[0])
    unit = f"{report.currency or 'currency'} (daily or lifetime, as the campaign is set)"
    return Estimate("budget", value, value, value, unit, f"{report.source}: as printed", len(rows), 0.0)


def _weekday_shape(report: AdsReport, days: pd.DataFrame) -> tuple[tuple[Estimate, ...] | None, str | None]:
    """Give each weekday's impressions relative to the mean day, from whole weeks.

    Each week is divided by its own mean day first, so that growth over the period does not bend the shape.
    """
    if not report.by_day or "impressions" not in days.columns:
        return None, "the file has no days" if not report.by_day else "the file has no impressions"
    daily = days.groupby("date")["impressions"].sum().sort_index()
    span = pd.date_range(daily.index.min(), daily.index.max(), freq="D")
    if len(span) < WEEKDAY_DAYS:
        return None, f"{len(span)} days are fewer than four weeks"
    full = daily.reindex(span, fill_value=0.0)
    weeks = full.to_numpy(dtype=np.float64)[: len(full) // 7 * 7].reshape(-1, 7)
    weeks = weeks[weeks.sum(axis=1) > 0]
    if len(weeks) < 4:
        return None, f"{len(weeks)} weeks with impressions are fewer than four"
    shares = weeks / weeks.mean(axis=1, keepdims=True)
    shares = np.roll(shares, span[0].weekday(), axis=1)
    count = len(shares)
    means, errors = shares.mean(axis=0), shares.std(axis=0, ddof=1) / np.sqrt(count)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1)) * errors
    rows = int(days["rows"].sum())
    return tuple(
        Estimate(
            name,
            float(means[at]),
            float(means[at] - half[at]),
            float(means[at] + half[at]),
            "impressions relative to the mean day",
            f"{report.source}: {count} weeks",
            rows,
            float(errors[at]),
        )
        for at, name in enumerate(WEEKDAYS)
    ), None


def _could_not_tell(report: AdsReport) -> tuple[str, ...]:
    """List what a model of the account needs and the file does not say."""
    have = set(report.frame.columns)
    absent = [
        (not {"budget", "ad_group_budget"} & have, "budgets: what was spent stands in for them"),
        ("time_zone" not in have, "the account's clock"),
        ("account_id" not in have, "which ad account this is"),
        ("purchase_value" not in have, "order values"),
        (report.currency is None, "the currency"),
        (not report.by_day, "how numbers vary from day to day"),
        (
            "cta_conversions" not in have and "cta_purchases" not in have,
            "which conversions followed clicks, which views",
        ),
    ]
    always = (
        "sessions that no ad brought",
        "the delay from click to conversion: days are those of the interaction",
        "events that the pixel lost or counted twice",
        "which pixel the ads use, and who else uses it",
        "whether ad groups were still learning",
    )
    return (*(what for missing, what in absent if missing), *always)
