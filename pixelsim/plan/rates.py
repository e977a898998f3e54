"""Prices for plans and checks from a scenario's own figures: budgets, rates, and the delay from click to order."""

from __future__ import annotations

from pixelsim.base.money import decimals
from pixelsim.plan.costs import RateEstimator
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.delay import delay_share

__all__ = ["estimator_of"]

HALF_DAYS = range(14)


def estimator_of(scenario: Scenario) -> RateEstimator:
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
    return RateEstimator(spend_per_day=spend, conversions_per_day=conversions, mean_delay_days=mean)
