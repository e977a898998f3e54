"""From files to a scenario: what they tell goes in with its rows, what they cannot tell keeps its default.

The files' campaigns take the place of the campaigns that the partner runs in a built-in scenario; the scheduled
campaign of the scenario stays, with the pooled rates of the files. A report shows only conversions that were captured
and fell inside a window, so the rates in truth are the reported ones divided by the share that a report can see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pixelsim.base.errors import InputError
from pixelsim.exchange.calibrated_delivery import DeliveryFit
from pixelsim.exchange.calibrated_site import fitted_delay, fitted_site
from pixelsim.exchange.combine import Combined, object_label
from pixelsim.exchange.estimates import CampaignEstimates
from pixelsim.exchange.evidence import Evidence, weigh
from pixelsim.exchange.gather import Gathered, gather
from pixelsim.exchange.origins import Origins
from pixelsim.exchange.report import MISMATCH, AdsReport
from pixelsim.scenario.builtin import scenario as builtin
from pixelsim.scenario.parameters import parameters
from pixelsim.scenario.plan import Plan, PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.structure import AdGroupSpec, Structure
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.sharing.actions import Switch
from pixelsim.world.entities import Ad, Campaign

__all__ = ["calibrate", "fitted"]

Files = AdsReport | Gathered | str | Path | Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class _Part:
    """One ad group of the files: ids, names, its share of the campaign's spend, and its ads."""

    ad_group: str
    name: str
    share: float
    ads: tuple[tuple[str, str], ...]


def calibrate(
    files: Files,
    scenario: Scenario | str = "agency",
    *,
    organic_sessions: float | None = None,
    encoding: str | None = None,
    currency: str | None = None,
    accept_mismatch: bool = False,
) -> Scenario:
    """Fit a scenario to files of any kind: exports, saved answers of the API, warehouse tables, events.

    Each estimated value has its source, its rows and its uncertainty in ``sources``, from which
    :func:`~pixelsim.scenario.drawing.drawn` draws the parameters of each replication.

    Parameters
    ----------
    files
        A report, one path or several, or what :func:`~pixelsim.exchange.gather.gather` read.
    scenario
        A scenario in which one partner's ad account runs campaigns on a shared pixel, or the name of a built-in one.
    organic_sessions
        Organic sessions a day on the website, which no export has; None keeps the scenario's assumption.
    encoding, currency, accept_mismatch
        Passed on to :func:`~pixelsim.exchange.gather.gather` when ``files`` are paths.

    Raises
    ------
    InputError
        A file is refused, there is nothing to calibrate from, or the scenario has no partner's account.
    """
    if isinstance(files, AdsReport):
        hourly = (files,) if "hour" in files.frame.columns else ()
        gathered = Gathered(reports=(files,), hourly=hourly)
    elif isinstance(files, Gathered):
        gathered = files
    else:
        paths = [files] if isinstance(files, str | Path) else list(files)
        gathered = gather(paths, encoding=encoding, currency=currency, accept_mismatch=accept_mismatch)
    base = builtin(scenario) if isinstance(scenario, str) else scenario
    return fitted(base, weigh(gathered, base), organic_sessions=organic_sessions)


def fitted(base: Scenario, evidence: Evidence, *, organic_sessions: float | None = None) -> Scenario:
    """Fit a scenario to what files tell.

    Parameters
    ----------
    base, organic_sessions
        As in :func:`calibrate`.
    evidence
        What the files tell.

    Raises
    ------
    InputError
        No campaign can be estimated, or the scenario has no partner's account.
    """
    found, reports = evidence.estimates, evidence.reports
    usable = evidence.usable
    if not usable and not any(report.by_day for report in reports.reports):
        raise InputError.single(
            reports.source,
            field="date",
            value="none",
            rule="a column of days, without which daily spend cannot be told",
            remedy="export it by day",
        )
    if not usable:
        raise InputError.single(
            reports.source,
            field="campaigns",
            value=f"{len(found.campaigns)} without spend, impressions or clicks",
            rule="at least one campaign with spend, impressions and clicks",
            remedy="export a period in which campaigns ran",
        )
    return _Fit(base, evidence).scenario(organic_sessions)


class _Fit:
    """One calibration in the making: collects parts of the scenario and the source of each value."""

    def __init__(self, base: Scenario, evidence: Evidence) -> None:
        self.base, self.evidence = base, evidence
        # An ended campaign has no budget in the days to come; where all have ended, they are what is left to show.
        self.campaigns = evidence.running or evidence.ended
        self.account = _partner_account(base)
        self.origins = Origins(marked=evidence.reports.mismatch)
        self.currency = evidence.estimates.currency or _currency_of(base, self.account)
        mine = {c.id for c in base.structure.campaigns if c.account == self.account}
        groups = [g for g in base.structure.ad_groups if g.campaign in mine]
        self.replaced = mine - {g.campaign for g in groups if g.start_day > 0}
        site = base.traffic.sites[0]
        self.template = next(
            (d for d in base.traffic.delivery if d.ad_group in {g.id for g in groups}),
            AdDelivery(ad_group="", website=site.website),
        )
        kept = {c.id for c in base.structure.campaigns} - self.replaced
        # A file may use the id of a campaign that stays, as a file of an earlier run of the scenario does.
        self.ids = {c.campaign: f"{c.campaign} (file)" if c.campaign in kept else c.campaign for c in self.campaigns}
        self.pixel = groups[0].pixel if groups else base.structure.pixels[0].code

    def scenario(self, organic_sessions: float | None) -> Scenario:
        """Put the fitted scenario together."""
        structure, traffic = self.base.structure, self.base.traffic
        delay = fitted_delay(traffic.delay, self.evidence, self.origins)
        site = fitted_site(
            traffic.sites[0],
            self.evidence,
            self.origins,
            currency=self.currency,
            organic_sessions=organic_sessions,
        )
        fit = DeliveryFit(self.evidence, site, delay, self.origins)
        campaigns, ad_groups, delivery = [], [], []
        ads: list[Ad] = []
        for campaign in self.campaigns:
            own = self.ids[campaign.campaign]
            campaigns.append(Campaign(id=own, account=self.account, name=campaign.name))
            for part in _parts(self.evidence.reports, campaign):
                spec = AdGroupSpec(id=part.ad_group, campaign=own, name=part.name, pixel=self.pixel)
                ad_groups.append(spec)
                ads.extend(Ad(id=key, ad_group=part.ad_group, name=name) for key, name in part.ads)
                delivery.append(fit.delivery(self.template, part.ad_group, part.share, campaign))
        gone = {g.id for g in structure.ad_groups if g.campaign in self.replaced}
        typical = float(np.median([d.daily_budget for d in delivery]))
        delivery.extend(fit.pooled(d, typical) for d in traffic.delivery if d.ad_group not in gone)
        made = structure.replace(
            campaigns=(*(c for c in structure.campaigns if c.id not in self.replaced), *campaigns),
            ad_groups=(*(g for g in structure.ad_groups if g.id not in gone), *ad_groups),
            ads=(*(a for a in structure.ads if a.ad_group not in gone), *ads),
            ad_accounts=tuple(a.replace(currency=self.currency) for a in structure.ad_accounts),
        )
        gone_by = len(self.evidence.usable) - len(self.campaigns)
        mark = f"; without {gone_by} that had ended" if gone_by else ""
        mark += f"; {MISMATCH}" if self.evidence.reports.mismatch else ""
        sites = (site, *traffic.sites[1:])
        fitted = self.base.replace(
            title=f"{self.base.title}; calibrated from {self.evidence.reports.source}{mark}",
            structure=made,
            traffic=traffic.replace(sites=sites, delivery=tuple(delivery), delay=delay),
            plan=self._plan(made),
            sources=self.origins.sources,
        )
        # What the scenario itself knew of its values holds for those that are still what they were.
        before, after = ({path: value for path, value, _, _ in parameters(one)} for one in (self.base, fitted))
        kept = {path: source for path, source in self.base.sources.items() if before.get(path) == after.get(path)}
        return fitted.replace(sources={**kept, **self.origins.sources}) if kept else fitted

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
                action=Switch(actor=first.action.actor, kind="campaign", id=self.ids[campaign.campaign], to="off"),
            )
            for campaign in self.campaigns
        ]
        known = {c.id for c in structure.campaigns}
        rest = [s for s in self.base.plan.steps if s not in stops]
        kept = [s for s in rest if not (isinstance(s.action, Switch) and s.action.id not in known)]
        return self.base.plan.replace(steps=(*made, *kept))


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


def _parts(reports: Combined, campaign: CampaignEstimates) -> Iterator[_Part]:
    """Give the ad groups of one campaign of the files, with their shares of its spend, in the order of the file."""
    report, mine = next(
        (report, report.frame[own])
        for report in reports.reports
        if (own := object_label(report.frame, "campaign") == campaign.campaign).any()
    )
    total = float(mine["spend"].sum())
    if report.level == "campaign":
        only = campaign.campaign
        yield _Part(f"{only} / ad group", campaign.name, 1.0, ((f"{only} / ad", campaign.name),))
        return
    groups = object_label(mine, "ad_group")
    for group in dict.fromkeys(groups.dropna()):
        rows = mine[groups == group]
        share = float(rows["spend"].sum()) / total
        if share == 0:
            continue
        key = f"{campaign.campaign} / {group}"
        name = str(rows["ad_group_name"].iloc[0]) if "ad_group_name" in rows else group
        if report.level == "ad":
            labels = object_label(rows, "ad")
            ads = {f"{key} / {ad}": str(n) for ad, n in zip(labels, rows.get("ad_name", labels), strict=True)}
        else:
            ads = {f"{key} / ad": name}
        yield _Part(key, name, share, tuple(ads.items()))
