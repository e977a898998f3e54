"""What an export tells about a model's inputs: estimates with intervals, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pixelsim.exchange.ad_life import ended_on
from pixelsim.exchange.combine import Combined, campaign_days, combine
from pixelsim.exchange.conversion_delay import come_by
from pixelsim.exchange.estimates import CampaignEstimates, Estimate, Estimates
from pixelsim.exchange.pooling import FEWEST_GROUPS, dispersion, pool_means, pool_rates
from pixelsim.exchange.report import AdsReport
from pixelsim.exchange.shapes import hourly_of, hours_of, report_weekdays
from pixelsim.exchange.week_shape import hours_of_week
from pixelsim.scenario.traffic import ConversionDelay

__all__ = ["CampaignEstimates", "Estimate", "Estimates", "estimate"]

FloatArray = NDArray[np.float64]
Price = tuple[Estimate | None, Estimate | None, Estimate | None]
"""CPM, mean and scatter of its logarithm."""

LEVEL = 0.95
WILDEST = 3.0
"""Scatter of a campaign's log CPM, a factor of 20 from day to day, beyond which a file is damaged (assumption)."""
LARGEST = 100.0
"""Logarithms beyond this are no prices; two days of a damaged file can have such an interval."""
FEWEST_IMPRESSIONS = 1000
"""Campaign days with fewer impressions say little about CPM (assumption)."""


def estimate(
    reports: AdsReport | Combined, hourly: Combined | None = None, delay: ConversionDelay | None = None
) -> Estimates:
    """Estimate a model's inputs from reports, each with an interval and the rows it rests on.

    CPM is log-normal over a campaign's days; click rate and conversions per click are beta-binomial; each is partly
    pooled over all campaigns. Reach is never used, since it does not add up.

    Parameters
    ----------
    reports
        One report, or several put together by :func:`~pixelsim.exchange.combine.combine`.
    hourly
        The same by hour, where there are any: for the shapes of hours.
    delay
        Delay from click to order, where the files tell it: conversions of a report's last days are then taken to be as
        incomplete as it says, with the window of clicks for all of them (assumption).

    Raises
    ------
    InputError
        A report mixes currencies, so that its amounts cannot be added up, or does not name its campaigns.
    """
    combined = reports if isinstance(reports, Combined) else combine([reports])
    days, left_out = campaign_days(combined)
    groups = [_Campaign(g, combined.reports[int(g["report"].iloc[0])]) for _, g in days.groupby("campaign", sort=True)]
    click_rates, click_reasons = _rates(groups, "click_rate", "clicks", "impressions")
    complete = [_completeness(group, delay) for group in groups]
    conversion_rates, conversion_reasons = _rates(groups, "conversions_per_click", "conversions", "clicks", complete)
    reasons_of: list[dict[str, str]] = [{} for _ in groups]
    prices = _pooled_prices([_cpm(group, reasons) for group, reasons in zip(groups, reasons_of, strict=True)])
    campaigns = []
    for group, price, reasons, clicks, conversions in zip(
        groups, prices, reasons_of, click_rates, conversion_rates, strict=True
    ):
        cpm, log_mean, log_sigma = price
        spend = _spend(group, reasons)
        budget = _budget(group, reasons)
        reasons |= {k: v[group.key] for k, v in (click_reasons | conversion_reasons).items() if group.key in v}
        campaigns.append(
            CampaignEstimates(
                campaign=group.key,
                name=str(group.days["name"].iloc[0]),
                cpm=cpm,
                cpm_log_mean=log_mean,
                cpm_log_sigma=log_sigma,
                click_rate=clicks,
                conversions_per_click=conversions,
                daily_spend=spend,
                budget=budget,
                reasons=reasons,
                ended=ended_on(group.days),
            )
        )
    by_hour, weekdays = hourly_of(hourly), report_weekdays(combined, days)
    hours, week = hours_of(by_hour), hours_of_week(by_hour, weekdays)
    return Estimates(
        campaigns=tuple(campaigns),
        currency=combined.currency,
        weekday_shape=None if isinstance(weekdays, str) else weekdays,
        weekday_reason=weekdays if isinstance(weekdays, str) else None,
        hour_shape=None if isinstance(hours, str) else hours,
        hour_reason=hours if isinstance(hours, str) else None,
        week_shape=None if isinstance(week, str) else week,
        week_reason=week if isinstance(week, str) else None,
        rows=sum(len(report.frame) for report in combined.reports),
        days=int(days["date"].nunique()),
        could_not_tell=_could_not_tell(combined),
        notes=(
            *combined.notes,
            *left_out,
            "rates: counts divided by each campaign's scatter over its days, then beta-binomial with a common prior",
            _late(groups, complete, delay),
            f"CPM: campaign days with at least {FEWEST_IMPRESSIONS} impressions, where there are three such days",
            *(("the totals of the file differ from its rows",) if combined.mismatch else ()),
        ),
    )


@dataclass(frozen=True, eq=False)
class _Campaign:
    """The days of one campaign, and the report that they are from."""

    days: pd.DataFrame
    report: AdsReport

    @property
    def key(self) -> str:
        return str(self.days["campaign"].iloc[0])


def _known(days: pd.DataFrame, *columns: str) -> bool:
    """Whether a campaign's report has some quantities; other reports' columns are missing throughout."""
    return all(column in days.columns and days[column].notna().any() for column in columns)


def _cpm(campaign: _Campaign, reasons: dict[str, str]) -> Price:
    report, days = campaign.report, campaign.days
    names = ("cpm", "cpm_log_mean", "cpm_log_sigma")
    if not _known(days, "spend", "impressions"):
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
    source, nan = f"{report.source}: {count} campaign days", float("nan")
    if not report.by_day or count < 2:
        reason = "the file is not by day" if not report.by_day else "fewer than two days with impressions"
        reasons |= dict.fromkeys(names[1:], reason)
        value = float(np.exp(logs.mean()))
        return Estimate("cpm", value, nan, nan, unit, source, rows, nan), None, None
    mean, sigma = float(logs.mean()), float(logs.std(ddof=1))
    if sigma > WILDEST:
        reasons |= dict.fromkeys(names, f"CPM of its {count} days differ as no prices do (scatter {sigma:.1f} in logs)")
        return None, None, None
    error = sigma / np.sqrt(count)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1)) * error
    log_mean = Estimate("cpm_log_mean", mean, mean - half, mean + half, f"ln({unit})", source, rows, float(error))
    chi = stats.chi2.ppf([0.5 + LEVEL / 2, 0.5 - LEVEL / 2], count - 1)
    bounds = sigma * np.sqrt((count - 1) / chi)
    sigma_error = sigma / np.sqrt(2 * (count - 1))
    log_sigma = Estimate(
        "cpm_log_sigma", sigma, float(bounds[0]), float(bounds[1]), "ln units", source, rows, float(sigma_error)
    )
    centre = mean + sigma**2 / 2
    return Estimate("cpm", float(np.exp(centre)), nan, nan, unit, source, rows, nan), log_mean, log_sigma


def _pooled_prices(prices: Sequence[Price]) -> list[Price]:
    """Pool the campaigns' mean log CPMs, and give each CPM its value and interval from that.

    A campaign with a single day is as uncertain as the others scatter in the middle.
    """
    sigmas = [sigma.value for _, _, sigma in prices if sigma is not None and sigma.value > 0]
    if not sigmas:
        return list(prices)
    typical, z = float(np.median(sigmas)), float(stats.norm.ppf(0.5 + LEVEL / 2))
    known = [at for at, (cpm, _, _) in enumerate(prices) if cpm is not None]
    means, errors = np.empty(len(known)), np.empty(len(known))
    for place, at in enumerate(known):
        cpm, mean, _ = prices[at]
        means[place] = mean.value if mean is not None else np.log(cpm.value if cpm is not None else np.nan)
        errors[place] = mean.sd if mean is not None and mean.sd > 0 else typical
    pooled, sds = pool_means(means, errors)
    made = list(prices)
    for place, at in enumerate(known):
        cpm, mean, sigma = prices[at]
        if cpm is None:
            continue
        # The logarithm of a log-normal's mean is m + s^2 / 2, with Cox's interval.
        scatter = sigma.value if sigma is not None else 0.0
        spread = float(np.hypot(sds[place], sigma.value * sigma.sd if sigma is not None else 0.0))
        centre = float(pooled[place]) + scatter**2 / 2
        value = float(np.exp(centre))
        low, high = (float(np.exp(np.clip(centre + side * z * spread, -LARGEST, LARGEST))) for side in (-1, 1))
        told = f"; pooled with {len(known) - 1} other campaigns" if len(known) >= FEWEST_GROUPS else ""
        found = replace(cpm, value=value, low=low, high=high, sd=value * spread, source=f"{cpm.source}{told}")
        made[at] = (found, mean, sigma)
    return made


def _completeness(campaign: _Campaign, delay: ConversionDelay | None) -> FloatArray:
    """Give the share of each day's conversions that its report has; 1 where no delay is known."""
    days = campaign.days
    if delay is None or not campaign.report.by_day:
        return np.ones(len(days))
    return come_by(delay, np.asarray((days["pulled"] - days["date"]).dt.days, dtype=np.int64))


def _late(groups: Sequence[_Campaign], complete: Sequence[FloatArray], delay: ConversionDelay | None) -> str:
    """Say how conversions that come in after a report was made are counted."""
    if delay is None:
        return (
            "conversions of a file's last days may still have come in after it was made; they are taken as they stand"
        )
    clicks = counted = 0.0
    for group, share in zip(groups, complete, strict=True):
        if _known(group.days, "clicks"):
            late = group.days["clicks"].fillna(0.0).to_numpy(dtype=np.float64) * (share < 1)
            clicks, counted = clicks + float(late.sum()), counted + float((late * share).sum())
    return (
        f"conversions of a file's last days are completed by the delay: {clicks:,.0f} clicks whose window was open "
        f"count as {counted:,.0f}"
    )


def _rates(
    groups: Sequence[_Campaign], name: str, top: str, bottom: str, complete: Sequence[FloatArray] | None = None
) -> tuple[list[Estimate | None], dict[str, dict[str, str]]]:
    """Estimate one rate of every campaign, pooled; days count as far as what they lead to is in the report."""
    reasons: dict[str, str] = {}
    usable: list[int] = []
    totals: list[tuple[float, float, float, int, str]] = []
    for at, group in enumerate(groups):
        campaign, days = group.key, group.days
        if not _known(days, top, bottom):
            reasons[campaign] = f"the file has no {top} or no {bottom}"
            continue
        both = days[top].notna() & days[bottom].notna()
        known = days.loc[both]
        x, whole = known[top].to_numpy(dtype=np.float64), known[bottom].to_numpy(dtype=np.float64)
        n = whole if complete is None else whole * complete[at][both.to_numpy()]
        if not n.sum():
            reasons[campaign] = f"no {bottom}"
        elif x.sum() > n.sum():
            reasons[campaign] = f"more {top} than {bottom}: some were credited without them, so this is no rate"
        else:
            usable.append(at)
            told = f"{x.sum():.0f} of {whole.sum():.0f}"
            if n.sum() < whole.sum():
                told += f", which count as {n.sum():.1f} until their window is over"
            totals.append((float(x.sum()), float(n.sum()), dispersion(x, n), int(known["rows"].sum()), told))
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
                f"{groups[index].report.source}: {totals[at][4]}, scatter {totals[at][2]:.3g}; {prior}",
                totals[at][3],
                float(rates.sd[at]),
            )
    return found, {name: reasons}


def _spend(campaign: _Campaign, reasons: dict[str, str]) -> Estimate | None:
    report, days = campaign.report, campaign.days
    if not _known(days, "spend"):
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


def _budget(campaign: _Campaign, reasons: dict[str, str]) -> Estimate | None:
    report, frame = campaign.report, campaign.report.frame
    if "budget" not in frame.columns:
        reasons["budget"] = "the file has no budget column; daily_spend is what was spent"
        return None
    key = "campaign_id" if "campaign_id" in frame.columns else "campaign_name"
    rows = frame.loc[(frame[key].astype(str) == campaign.key) & frame["budget"].notna()]
    if len(rows["budget"].unique()) != 1:
        reasons["budget"] = "no budget is printed" if rows.empty else "the budget changes from row to row"
        return None
    value = float(rows["budget"].iloc[0])
    unit = f"{report.currency or 'currency'} (daily or lifetime, as the campaign is set)"
    return Estimate("budget", value, value, value, unit, f"{report.source}: as printed", len(rows), 0.0)


def _could_not_tell(combined: Combined) -> tuple[str, ...]:
    """List what a model of the account needs and the files do not say."""
    have = {column for report in combined.reports for column in report.frame.columns}
    absent = [
        (not {"budget", "ad_group_budget"} & have, "budgets: what was spent stands in for them"),
        ("time_zone" not in have, "the account's clock"),
        ("account_id" not in have, "which ad account this is"),
        ("purchase_value" not in have, "order values"),
        (combined.currency is None, "the currency"),
        (not any(report.by_day for report in combined.reports), "how numbers vary from day to day"),
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
