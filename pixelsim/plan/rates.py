"""Prices for plans and checks from a scenario's own figures: budgets, rates, page weight, learning, and delays."""

from __future__ import annotations

from dataclasses import dataclass

from pixelsim.base.clock import DAY
from pixelsim.base.money import decimals
from pixelsim.plan.costs import Cost, CostCase, CostKind, RateEstimator
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import Learning, SiteTraffic
from pixelsim.traffic.delay import delay_share
from pixelsim.world.queries import account_of_ad_group
from pixelsim.world.world import World

__all__ = ["ScenarioEstimator", "estimator_of"]

HALF_DAYS = range(14)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioEstimator:
    """Prices from flat daily rates, and those of page weight and of learning from a scenario's traffic.

    Parameters
    ----------
    rates
        What ad groups spend and bring on a day.
    sites
        Traffic by website, for what it costs that a page loads several pixels.
    learning
        What learning costs, for ad groups that have to learn anew.
    """

    rates: RateEstimator
    sites: dict[str, SiteTraffic]
    learning: Learning

    def estimate(self, world: World, case: CostCase) -> Cost | None:
        """Price what daily rates can, pages that load more than one pixel, and learning from zero.

        None for mixed signal, lost audiences and unwanted access: no public figure tells what they cost.
        """
        if case.kind is CostKind.SPLIT_SIGNAL and case.end is not None:
            return self._weight(world, case)
        if case.kind is CostKind.RELEARNING:
            return self._relearning(world, case)
        return self.rates.estimate(world, case)

    def _weight(self, world: World, case: CostCase) -> Cost:
        """Count the organic orders that the load time of the second and every further pixel costs."""
        days = ((case.end or 0) - case.start) / DAY
        lost = 0.0
        for key, site in sorted(self.sites.items()):
            website, weight = world.websites.get(key), site.capture.weight
            if website is not None and case.pixel in website.pixels:
                orders = site.organic_sessions * site.mean_order_rate * days
                lost += orders * (weight.kept_share(1) - weight.kept_share(len(website.pixels)))
        return Cost.of(None, lost, "organic orders lost to the load time of further pixels, in a week")

    def _relearning(self, world: World, case: CostCase) -> Cost | None:
        """Count what a first week of learning costs: all of it until calm, half of it for the rest of the week."""
        groups = case.ad_groups or tuple(
            key
            for key, group in sorted(world.ad_groups.items())
            if group.pixel == case.pixel and account_of_ad_group(world, key) in case.accounts and not group.deleted
        )
        brought = self.rates.conversions_per_day
        if any(group not in brought for group in groups):
            return None
        learning = self.learning
        share = 1 - learning.orders_share / learning.cpm_factor
        lost = 0.0
        for group in groups:
            rate = brought[group] * learning.orders_share / learning.cpm_factor
            calm = min(learning.calm_days, learning.calm_conversions / rate) if rate > 0 else 0
            lost += brought[group] * share * (calm + (7 - calm) / 2 if calm < 7 else 7)
        return Cost.of(None, lost, "conversions that do not come in a first week of learning")


def estimator_of(scenario: Scenario) -> ScenarioEstimator:
    """Give an estimator with the daily spend and conversions that a scenario expects of each ad group.

    Conversions are those that a report would show: orders inside a window of 7 days after a click, or 1 day after a
    view, whose event is captured. The mean delay is that of the orders inside 7 days, in steps of half a day.
    """
    traffic = scenario.traffic
    sites = {site.website: site.capture.seen_share for site in traffic.sites}
    currencies = {a.id: a.currency for a in scenario.structure.ad_accounts}
    accounts = {c.id: c.account for c in scenario.structure.campaigns}
    groups = {g.id: accounts[g.campaign] for g in scenario.structure.ad_groups}
    after_click, after_view = delay_share(traffic.delay, 7.0), delay_share(traffic.delay, 1.0)
    spend: dict[str, float] = {}
    conversions: dict[str, float] = {}
    for delivery in traffic.delivery:
        money = delivery.daily_budget * delivery.budget_spent
        impressions = money / delivery.cpm * 1000
        clicked = delivery.click_rate * delivery.conversion_rate * after_click
        viewed = (delivery.engaged_view_rate + delivery.view_rate) * after_view
        currency = currencies.get(groups.get(delivery.ad_group, ""), "USD")
        spend[delivery.ad_group] = money * 10 ** decimals(currency)
        conversions[delivery.ad_group] = impressions * (clicked + viewed) * sites.get(delivery.website, 1.0)
    shares = [delay_share(traffic.delay, (k + 1) / 2) - delay_share(traffic.delay, k / 2) for k in HALF_DAYS]
    mean = sum(share * (k + 0.5) / 2 for k, share in zip(HALF_DAYS, shares, strict=True)) / sum(shares)
    rates = RateEstimator(spend_per_day=spend, conversions_per_day=conversions, mean_delay_days=mean)
    sites_by_id = {site.website: site for site in traffic.sites}
    return ScenarioEstimator(rates=rates, sites=sites_by_id, learning=traffic.learning)
