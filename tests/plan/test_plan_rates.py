"""Prices from a scenario's own figures, against the formulas worked out by hand."""

from __future__ import annotations

import math

import pytest

from pixelsim.base.clock import DAY
from pixelsim.plan import CostCase, CostKind
from pixelsim.plan.rates import estimator_of
from pixelsim.scenario.practices import agency_clients, ending, one_domain
from pixelsim.world.queries import accounts_of_pixel

GROUP = "acc_agency_campaign_1_group"


def test_a_week_of_delivery_costs_its_budget_and_brings_what_a_report_would_show():
    one = ending()
    delivery = one.traffic.delivery[0]
    week = CostCase(kind=CostKind.UNATTRIBUTED_SPEND, ad_groups=(GROUP,), start=0, end=7 * DAY)
    cost = estimator_of(one).estimate(one.structure.world(), week)
    assert cost is not None
    assert cost.amount("USD") == 7 * 50 * 0.95 * 100
    # Of all orders of clicks, those within 7 days (each part of the delay's distribution is cut at 30 days) that the
    # pixel sees: 10 % of people block it, 5 % refuse consent, 2 % of events are lost.
    delay = one.traffic.delay

    def fast(days: float) -> float:
        return 0.5 * (1 + math.erf((math.log(days * 86_400) - delay.fast_mu) / (delay.fast_sigma * math.sqrt(2))))

    def slow(days: float) -> float:
        return 1 - math.exp(-((days * 86_400 / delay.slow_scale) ** delay.slow_shape))

    within = delay.fast_share * fast(7) / fast(30) + (1 - delay.fast_share) * slow(7) / slow(30)
    clicks = 7 * 50 * 0.95 / delivery.cpm * 1000 * delivery.click_rate
    expected = clicks * delivery.conversion_rate * within * 0.9 * 0.95 * 0.98
    assert cost.conversions == pytest.approx(expected, rel=1e-6)


def test_further_pixels_on_a_page_cost_orders_by_their_load_time():
    wrong = one_domain(regions=2, wrong=True)
    world, estimator = wrong.structure.world(), estimator_of(wrong)
    case = CostCase(kind=CostKind.SPLIT_SIGNAL, pixel=wrong.structure.pixels[0].code, start=0, end=7 * DAY)
    cost = estimator.estimate(world, case)
    assert cost is not None
    # 400 sessions a day with 0.8 % orders; 5 % of sessions leave with each second, 80 ms with each of 3 pixels.
    expected = 7 * 400 * 0.008 * (0.95**0.08 - 0.95**0.24)
    assert cost.conversions == pytest.approx(expected)
    right = one_domain(regions=2)
    alone = estimator_of(right).estimate(right.structure.world(), case)
    assert alone is not None
    assert alone.conversions == 0
    gone = estimator.estimate(world.without("websites", ["global"]), case)
    assert gone is not None
    assert gone.conversions == 0


def test_learning_from_zero_costs_all_until_calm_and_half_for_the_rest_of_a_week():
    one = agency_clients(clients=1, wrong=True)
    world, estimator = one.structure.world(), estimator_of(one)
    pixel = one.structure.pixels[0].code
    case = CostCase(kind=CostKind.RELEARNING, pixel=pixel, accounts=tuple(accounts_of_pixel(world, pixel)))
    cost = estimator.estimate(world, case)
    assert cost is not None
    (group,) = world.ad_groups
    rate = estimator.rates.conversions_per_day[group]
    # Learning leaves 80 % of the orders, and impressions at 1.15 of the price.
    kept = 0.8 / 1.15
    calm = min(7.0, 25 / (rate * kept))
    assert cost.conversions == pytest.approx(rate * (1 - kept) * (calm + (7 - calm) / 2))
    named = estimator.estimate(world, CostCase(kind=CostKind.RELEARNING, pixel=pixel, ad_groups=(group,)))
    assert named == cost
    slow = one.vary(f"traffic.delivery[{group}].daily_budget", 0.0)
    nothing = estimator_of(slow).estimate(world, case)
    assert nothing is not None
    assert nothing.conversions == 0
    unknown = CostCase(kind=CostKind.RELEARNING, pixel=pixel, ad_groups=("elsewhere",))
    assert estimator.estimate(world, unknown) is None
    long = one.vary("traffic.learning.calm_days", 30).vary("traffic.learning.calm_conversions", 10_000)
    whole = estimator_of(long).estimate(world, case)
    assert whole is not None
    assert whole.conversions == pytest.approx(7 * rate * (1 - kept))


def test_what_no_public_figure_tells_is_not_estimated():
    one = ending()
    estimator, world = estimator_of(one), one.structure.world()
    for kind in (CostKind.MIXED_SIGNAL, CostKind.LOST_AUDIENCE, CostKind.UNWANTED_ACCESS):
        assert estimator.estimate(world, CostCase(kind=kind, end=DAY)) is None
