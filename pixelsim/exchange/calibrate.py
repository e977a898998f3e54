"""From an export to a scenario: what the file tells goes in with its rows, what it cannot tell keeps its default.

The file's campaigns take the place of the campaigns that the partner runs in a built-in scenario; the scheduled
campaign of the scenario stays, with the pooled rates of the file. A report shows only conversions that were captured
and fell inside a window, so the rates in truth are the reported ones divided by the share that a report can see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.exchange.estimate import CampaignEstimates, Estimate, Estimates, estimate
from pixelsim.exchange.read import read_export
from pixelsim.exchange.report import AdsReport
from pixelsim.scenario.base import Source, SourceKind
from pixelsim.scenario.builtin import scenario as builtin
from pixelsim.scenario.plan import Plan, PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.structure import AdGroupSpec, Structure
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic
from pixelsim.sharing.actions import Switch
from pixelsim.traffic.delay import delay_share
from pixelsim.world.entities import Ad, Campaign

__all__ = ["CLAIM_SHARES", "calibrate"]

CLAIM_SHARES = {"click": 189 / 321, "engaged_view": 42 / 321, "view": 90 / 321}
"""Shares of reported conversions by kind of touch: 321 purchases of one account, Korea 2026."""

VALUE_PER_COST = 2.5
"""Order value over cost per conversion where a file has no values (assumption: the return of a usual campaign)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One ad group of the file: ids, names, its share of the campaign's spend, and its ads."""

    ad_group: str
    name: str
    share: float
    ads: tuple[tuple[str, str], ...]


def calibrate(
    report: AdsReport | str | Path,
    scenario: Scenario | str = "agency",
    *,
    organic_sessions: float | None = None,
    encoding: str | None = None,
    accept_mismatch: bool = False,
) -> Scenario:
    """Fit a scenario to an Ads Manager export.

    Parameters
    ----------
    report
        The export, or its path.
    scenario
        A scenario in which one partner's ad account runs campaigns on a shared pixel, or the name of a built-in one.
    organic_sessions
        Organic sessions a day on the website, which no export has; None keeps the scenario's assumption.
    encoding, accept_mismatch
        Passed on to :func:`read_export` when ``report`` is a path.

    Raises
    ------
    InputError
        The file is refused, has nothing to calibrate from, or the scenario has no partner's account.
    """
    if not isinstance(report, AdsReport):
        report = read_export(report, encoding=encoding, accept_mismatch=accept_mismatch)
    base = builtin(scenario) if isinstance(scenario, str) else scenario
    found = estimate(report)
    usable = [c for c in found.campaigns if c.cpm and c.click_rate and c.conversions_per_click and c.daily_spend]
    if not usable and not report.by_day:
        raise InputError.single(
            report.source,
            field="date",
            value="none",
            rule="a column of days, without which daily spend cannot be told",
            remedy="export it by day",
        )
    if not usable:
        raise InputError.single(
            report.source,
            field="campaigns",
            value=f"{len(found.campaigns)} without spend, impressions or clicks",
            rule="at least one campaign with spend, impressions and clicks",
            remedy="export a period in which campaigns ran",
        )
    return _Fit(report, base, found, usable).scenario(organic_sessions)


class _Fit:
    """One calibration in the making: collects parts of the scenario and the source of each value."""

    def __init__(self, report: AdsReport, base: Scenario, found: Estimates, usable: list[CampaignEstimates]) -> None:
        self.report, self.base, self.found, self.usable = report, base, found, usable
        self.account = _partner_account(base)
        self.sources: dict[str, Source] = {}
        self.currency = found.currency or _currency_of(base, self.account)
        mine = {c.id for c in base.structure.campaigns if c.account == self.account}
        groups = [g for g in base.structure.ad_groups if g.campaign in mine]
        self.kept_groups = [g for g in groups if g.start_day > 0]
        self.replaced = mine - {g.campaign for g in self.kept_groups}
        self.site = base.traffic.sites[0]
        self.template = next(
            (d for d in base.traffic.delivery if d.ad_group in {g.id for g in groups}),
            AdDelivery(ad_group="", website=self.site.website),
        )
        self.shares, self.shares_told = _claim_shares(report)
        self.pixel = groups[0].pixel if groups else base.structure.pixels[0].code

    def scenario(self, organic_sessions: float | None) -> Scenario:
        """Put the fitted scenario together."""
        structure = self.base.structure
        campaigns, ad_groups, delivery = [], [], []
        ads: list[Ad] = []
        for campaign in self.usable:
            campaigns.append(Campaign(id=campaign.campaign, account=self.account, name=campaign.name))
            for part in _parts(self.report, campaign):
                spec = AdGroupSpec(id=part.ad_group, campaign=campaign.campaign, name=part.name, pixel=self.pixel)
                ad_groups.append(spec)
                ads.extend(Ad(id=key, ad_group=part.ad_group, name=name) for key, name in part.ads)
                delivery.append(self._delivery(campaign, part))
        gone = {g.id for g in structure.ad_groups if g.campaign in self.replaced}
        kept = [d for d in self.base.traffic.delivery if d.ad_group not in gone]
        typical = float(np.median([d.daily_budget for d in delivery]))
        delivery.extend(self._pooled(d, typical) for d in kept)
        made = structure.replace(
            campaigns=(*(c for c in structure.campaigns if c.id not in self.replaced), *campaigns),
            ad_groups=(*(g for g in structure.ad_groups if g.id not in gone), *ad_groups),
            ads=(*(a for a in structure.ads if a.ad_group not in gone), *ads),
            ad_accounts=tuple(a.replace(currency=self.currency) for a in structure.ad_accounts),
        )
        site = self._site(organic_sessions)
        return self.base.replace(
            title=f"{self.base.title}; calibrated from {Path(self.report.source).name}",
            structure=made,
            traffic=self.base.traffic.replace(sites=(site, *self.base.traffic.sites[1:]), delivery=tuple(delivery)),
            plan=self._plan(made),
            sources={**self.base.sources, **self.sources},
        )

    def _note(self, ad_group: str, field: str, kind: SourceKind, text: str, rows: int | None = None) -> None:
        self.sources[f"traffic.delivery[{ad_group}].{field}"] = Source(kind=kind, text=text, rows=rows)

    def _from_file(self, ad_group: str, field: str, found: Estimate, more: str = "") -> None:
        self._note(ad_group, field, SourceKind.FILE, found.source + more, found.rows)

    def _delivery(self, campaign: CampaignEstimates, part: _Part) -> AdDelivery:
        """Give one ad group's delivery from its campaign's estimates."""
        cpm, clicks = campaign.cpm, campaign.click_rate
        conversions, spend = campaign.conversions_per_click, campaign.daily_spend
        if cpm is None or clicks is None or conversions is None or spend is None:  # filtered before
            raise InputError.single(
                self.report.source, field="campaign", value=campaign.name, rule="fully estimated", remedy="leave it out"
            )
        key = part.ad_group
        budget, spent = self._budget(key, campaign, spend)
        self._from_file(key, "cpm", cpm, "; money over impressions of a long period")
        self._from_file(key, "click_rate", clicks)
        rates = self._true_rates(conversions.value, clicks.value)
        for field, kind in (("conversion_rate", "click"), ("engaged_view_rate", "engaged_view"), ("view_rate", "view")):
            share = f"share {self.shares[kind]:.3g} by {kind.replace('_', ' ')}, {self.shares_told}"
            self._from_file(key, field, conversions, f"; {share}")
        sigma = self.template.cpm_sigma
        if campaign.cpm_log_sigma is not None:
            sigma = campaign.cpm_log_sigma.value
            self._from_file(key, "cpm_sigma", campaign.cpm_log_sigma)
        weekdays = self.template.weekdays
        if self.found.weekday_shape is not None:
            weekdays = tuple(day.value for day in self.found.weekday_shape)
            self._from_file(key, "weekdays", self.found.weekday_shape[0])
        else:
            self._note(key, "weekdays", SourceKind.ASSUMPTION, self.found.weekday_reason or "no shape in the file")
        return self.template.replace(
            ad_group=key,
            daily_budget=budget * part.share,
            budget_spent=spent,
            budget_spread=0.0,
            cpm=_money_over_impressions(campaign, cpm),
            cpm_sigma=sigma,
            click_rate=clicks.value,
            weekdays=weekdays,
            **rates,
        )

    def _budget(self, key: str, campaign: CampaignEstimates, spend: Estimate) -> tuple[float, float]:
        """Give a campaign's daily budget and the share of it that is spent; spend stands in where there is none."""
        budget = campaign.budget
        if budget is not None and budget.value >= spend.value > 0:
            self._from_file(key, "daily_budget", budget)
            self._from_file(key, "budget_spent", spend, "; over the budget that the file prints")
            self._note(key, "budget_spread", SourceKind.ASSUMPTION, "the mean share every day")
            return budget.value, spend.value / budget.value
        why = "the export has no budget" if budget is None else "more was spent than the budget that it prints"
        self._from_file(key, "daily_budget", spend, f"; spend on days with spend, since {why}")
        for field in ("budget_spent", "budget_spread"):
            self._note(key, field, SourceKind.ASSUMPTION, "spend stands in for the budget, all of it is spent")
        return spend.value, 1.0

    def _true_rates(self, conversions_per_click: float, click_rate: float) -> dict[str, float]:
        """Give the rates in truth behind a reported rate of conversions per click.

        A report sees the orders inside a window, 7 days after clicks and 1 day after views, whose event was captured.
        """
        delay, seen = self.base.traffic.delay, self.site.capture.seen_share
        seen = seen if seen > 0 else 1.0
        after_click, after_view = delay_share(delay, 7.0) * seen, delay_share(delay, 1.0) * seen
        per_impression = conversions_per_click * click_rate
        return {
            "conversion_rate": min(1.0, conversions_per_click * self.shares["click"] / after_click),
            "engaged_view_rate": min(1.0, per_impression * self.shares["engaged_view"] / after_view),
            "view_rate": min(1.0, per_impression * self.shares["view"] / after_view),
        }

    def _pooled(self, delivery: AdDelivery, typical_budget: float) -> AdDelivery:
        """Give an ad group that the file does not have the middle rates of the file."""
        key, count = delivery.ad_group, len(self.usable)
        which = f"median of the file's {count} campaigns" if count > 1 else "as the file's one campaign"
        text = f"{which}; the file does not have this ad group"
        for field in (
            *("daily_budget", "cpm", "cpm_sigma", "click_rate", "conversion_rate", "engaged_view_rate", "view_rate"),
            *("budget_spent", "budget_spread"),
        ):
            self._note(key, field, SourceKind.ASSUMPTION, text)

        def middle(name: str) -> float:
            values = [found.value for c in self.usable if (found := getattr(c, name)) is not None]
            return float(np.median(values)) if values else self.template.cpm_sigma

        prices = [_money_over_impressions(c, c.cpm) for c in self.usable if c.cpm is not None]
        click_rate = middle("click_rate")
        return delivery.replace(
            daily_budget=typical_budget,
            budget_spent=1.0,
            budget_spread=0.0,
            cpm=float(np.median(prices)),
            cpm_sigma=middle("cpm_log_sigma"),
            click_rate=click_rate,
            **self._true_rates(middle("conversions_per_click"), click_rate),
        )

    def _site(self, organic_sessions: float | None) -> SiteTraffic:
        key = f"traffic.sites[{self.site.website}]"
        site = self.site.replace(currency=self.currency)
        if organic_sessions is not None:
            site = site.replace(organic_sessions=organic_sessions)
            self.sources[f"{key}.organic_sessions"] = Source(kind=SourceKind.GIVEN, text="given by the user")
        frame = self.report.frame
        if {"purchases", "purchase_value"} <= set(frame.columns) and float(frame["purchases"].sum()) > 0:
            known = frame["purchase_value"].notna() & frame["purchases"].notna()
            count = float(frame.loc[known, "purchases"].sum())
            mean = float(frame.loc[known, "purchase_value"].sum()) / count
            # The mean of a log-normal value is exp(sigma^2 / 2) above its median.
            median = mean / float(np.exp(site.value.sigma**2 / 2))
            text = f"{self.report.source}: mean value of {count:g} purchases, with the default spread"
            rows = int(known.sum())
            self.sources[f"{key}.value.median"] = Source(kind=SourceKind.FILE, text=text, rows=rows)
            return site.replace(value=site.value.replace(median=median))
        spend = float(self.report.frame["spend"].sum())
        conversions = float(self.report.frame["conversions"].sum())
        if conversions > 0:
            cost = spend / conversions
            text = f"{VALUE_PER_COST} times the file's cost per conversion; the file has no order values"
            self.sources[f"{key}.value.median"] = Source(kind=SourceKind.ASSUMPTION, text=text)
            site = site.replace(value=site.value.replace(median=VALUE_PER_COST * cost))
        return site

    def _plan(self, structure: Structure) -> Plan:
        """Let each running campaign of the file be stopped where the scenario's own ones were."""
        stops = [s for s in self.base.plan.steps if isinstance(s.action, Switch) and s.action.id in self.replaced]
        if not stops:
            return self.base.plan
        first = stops[0]
        made = [
            PlannedAction(
                day=first.day,
                why=first.why,
                action=Switch(actor=first.action.actor, kind="campaign", id=campaign.campaign, to="off"),
            )
            for campaign in self.usable
        ]
        known = {c.id for c in structure.campaigns}
        rest = [s for s in self.base.plan.steps if s not in stops]
        kept = [s for s in rest if not (isinstance(s.action, Switch) and s.action.id not in known)]
        return self.base.plan.replace(steps=(*made, *kept))


def _money_over_impressions(campaign: CampaignEstimates, cpm: Estimate) -> float:
    """Give the CPM that money over impressions comes to, from the mean of the days' CPMs.

    For a log-normal CPM the mean of its days is exp(sigma^2 / 2) above its median, and what a fixed budget buys is
    that much below it.
    """
    sigma = campaign.cpm_log_sigma.value if campaign.cpm_log_sigma is not None else 0.0
    return float(cpm.value * np.exp(-(sigma**2)))


def _claim_shares(report: AdsReport) -> tuple[dict[str, float], str]:
    """Give the shares of conversions by kind of touch: the file's own where it has them, else published ones."""
    columns = {"click": "cta_purchases", "engaged_view": "evta_purchases", "view": "vta_purchases"}
    if all(column in report.frame.columns for column in columns.values()):
        counts = {kind: float(report.frame[column].sum()) for kind, column in columns.items()}
        total = sum(counts.values())
        if total > 0:
            return {kind: count / total for kind, count in counts.items()}, f"of {total:g} purchases in the file"
    return CLAIM_SHARES, "of 321 purchases of one account, Korea 2026"


def _partner_account(scenario: Scenario) -> str:
    """Name the account that a partner links to a shared pixel and that runs campaigns."""
    running = {c.account for c in scenario.structure.campaigns}
    for link in scenario.structure.links:
        if link.account in running:
            return link.account
    raise InputError.single(
        f"scenario {scenario.name}",
        field="links",
        value="none to an account with campaigns",
        rule="one linked ad account with campaigns, which the file's campaigns can replace",
        remedy="calibrate a scenario such as 'agency'",
        place="$.structure.links",
    )


def _currency_of(scenario: Scenario, account: str) -> str:
    return next(a.currency for a in scenario.structure.ad_accounts if a.id == account)


def _parts(report: AdsReport, campaign: CampaignEstimates) -> Iterator[_Part]:
    """Give the ad groups of one campaign of the file, with their shares of its spend, in the order of the file."""
    frame = report.frame
    mine = frame[_label(frame, "campaign") == campaign.campaign]
    total = float(mine["spend"].sum())
    if report.level == "campaign":
        only = campaign.campaign
        yield _Part(f"{only} / ad group", campaign.name, 1.0, ((f"{only} / ad", campaign.name),))
        return
    groups = _label(mine, "ad_group")
    for group in dict.fromkeys(groups.dropna()):
        rows = mine[groups == group]
        share = float(rows["spend"].sum()) / total
        if share == 0:
            continue
        key = f"{campaign.campaign} / {group}"
        name = str(rows["ad_group_name"].iloc[0]) if "ad_group_name" in rows else group
        if report.level == "ad":
            labels, names = _label(rows, "ad"), rows.get("ad_name", _label(rows, "ad"))
            ads = {f"{key} / {ad}": str(n) for ad, n in zip(labels, names, strict=True)}
        else:
            ads = {f"{key} / ad": name}
        yield _Part(key, name, share, tuple(ads.items()))


def _label(frame: pd.DataFrame, level: str) -> pd.Series:
    """Give what names the objects of a level: the id where the file has ids, else the name."""
    ids = f"{level}_id"
    if ids in frame.columns and frame[ids].notna().all():
        return frame[ids]
    return frame[f"{level}_name"]
