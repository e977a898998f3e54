from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.plan.costs import (
    NOT_ESTIMATED,
    Cost,
    CostCase,
    CostKind,
    RateEstimator,
    combined,
    delivering_spans,
    price,
)


def test_a_cost_writes_money_by_currency_and_conversions_and_never_a_zero_for_the_unknown() -> None:
    assert str(Cost.of({"USD": 12_345.4, "JPY": 700}, 2.5, "x")) == "700 JPY, 123 USD, 2.5 conversions"
    assert str(Cost.of({"EUR": 1_234}, 1_234.5, "x")) == "12.3 EUR, 1,234 conversions"
    assert str(Cost()) == NOT_ESTIMATED
    assert str(Cost.of({}, None, "x")) == "no spend"
    assert Cost.of({"USD": 1.0}, None, "").amount("EUR") == 0


def test_an_ad_group_delivers_inside_its_schedule_and_review_only() -> None:
    world = with_ad_group(client_and_agency(), "g", start=DAY, end=4 * DAY, review_until=2 * DAY)
    assert list(delivering_spans(world, "g", 0, 10 * DAY)) == [(2 * DAY, 4 * DAY)]
    assert list(delivering_spans(world, "g", 3 * DAY, 3 * DAY)) == []


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    start=st.integers(0, 9),
    length=st.integers(1, 9),
    first=st.integers(0, 12),
    span=st.integers(0, 12),
    rate=st.integers(0, 500),
    per_day=st.floats(0, 20),
)
def test_unattributed_spend_is_rate_times_days_in_delivery(
    start: int, length: int, first: int, span: int, rate: int, per_day: float
) -> None:
    world = with_ad_group(client_and_agency(), "g", start=start * DAY, end=(start + length) * DAY)
    estimator = RateEstimator(spend_per_day={"g": rate}, conversions_per_day={"g": per_day})
    case = CostCase(kind=CostKind.UNATTRIBUTED_SPEND, ad_groups=("g",), start=first * DAY, end=(first + span) * DAY)
    days = len(set(range(start, start + length)) & set(range(first, first + span)))
    cost = estimator.estimate(world, case)
    assert cost is not None
    assert cost.amount("USD") == rate * days
    assert cost.conversions == pytest.approx(per_day * days)


def test_lost_delivery_counts_the_days_of_the_schedule_whatever_the_switch_says() -> None:
    world = with_ad_group(client_and_agency(), "g", start=2 * DAY, end=5 * DAY, on=False)
    estimator = RateEstimator(spend_per_day={}, conversions_per_day={"g": 4.0})
    case = CostCase(kind=CostKind.LOST_DELIVERY, ad_groups=("g",), start=0, end=4 * DAY)
    cost = estimator.estimate(world, case)
    assert cost is not None
    assert cost.spend is None
    assert cost.conversions == pytest.approx(4.0 * 2)


def test_conversions_in_flight_follow_littles_law() -> None:
    world = with_ad_group(client_and_agency(), "g")
    case = CostCase(kind=CostKind.CUT_WINDOW, ad_groups=("g",))
    rates = {"g": 6.0}
    known = RateEstimator(spend_per_day={}, conversions_per_day=rates, mean_delay_days=1.5)
    cost = known.estimate(world, case)
    assert cost is not None
    assert cost.conversions == pytest.approx(9.0)
    assert RateEstimator(spend_per_day={}, conversions_per_day=rates).estimate(world, case) is None


def test_costs_add_up_by_currency_and_one_unknown_part_makes_the_sum_unknown() -> None:
    one, two = Cost.of({"USD": 100, "JPY": 7}, 1.5, "x"), Cost.of({"USD": 50}, 2.0, "y")
    assert combined([one, None, two]) == Cost.of({"USD": 150, "JPY": 7}, 3.5, "x")
    assert combined([one, Cost()]) == Cost(basis="x")
    assert combined([one, Cost.of(None, 1.0, "z")]) == Cost.of(None, 2.5, "x")
    assert combined([None, None]) is None


def test_what_has_no_rate_or_no_end_or_no_formula_is_not_estimated() -> None:
    world = with_ad_group(client_and_agency(), "g")
    estimator = RateEstimator(spend_per_day={"other": 1})
    bounded = CostCase(kind=CostKind.UNATTRIBUTED_SPEND, ad_groups=("g",), start=0, end=DAY)
    assert str(estimator.estimate(world, bounded)) == NOT_ESTIMATED
    assert estimator.estimate(world, CostCase(kind=CostKind.UNATTRIBUTED_SPEND, ad_groups=("g",))) is None
    assert estimator.estimate(world, CostCase(kind=CostKind.RELEARNING, ad_groups=("g",), end=DAY)) is None
    assert price(None, world, bounded) == Cost()
    assert price(estimator, world, CostCase(kind=CostKind.MIXED_SIGNAL)) == Cost()
