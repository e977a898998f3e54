"""Delivery of one ad group: what budgets buy, how parts of days add up, and thinning by dearer prices."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.delivery import BEST, AdGroupTraffic, Pace
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.touches import TouchKind

exact = settings(derandomize=True, deadline=None, max_examples=60)
EVEN_DAYS = LocalDays(origin=0, weekday=0)
STEADY: dict[str, Any] = {"cpm_sigma": 0.0, "budget_spread": 0.0}


def traffic(
    *, currency: str = "USD", days: LocalDays = EVEN_DAYS, seed: int = 7, block_days: int = 7, **fields: Any
) -> AdGroupTraffic:
    delivery = AdDelivery(ad_group="group", website="shop", **fields)
    return AdGroupTraffic(Streams(seed), delivery, days, currency, block_days=block_days)


def test_a_budget_buys_its_impressions() -> None:
    """Nine tenths of 40 at 5 a thousand are 7,200 impressions."""
    found = traffic(daily_budget=40.0, budget_spent=0.9, cpm=5.0, **STEADY)
    assert found.impressions(0, 5).tolist() == [7200] * 5
    assert [(part.impressions, part.spend) for part in found.delivered(0, 2 * DAY)] == [(7200, 3600)] * 2


def test_weekdays_move_the_budget() -> None:
    found = traffic(
        daily_budget=40.0, budget_spent=1.0, cpm=5.0, weekdays=[7.0, 0, 0, 0, 0, 0, 0], days=LocalDays(0, 5), **STEADY
    )
    assert found.impressions(0, 9).tolist() == [0, 0, 56_000, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("currency", "unit"), [("USD", 100), ("JPY", 1), ("KWD", 1000)])
def test_spend_is_in_the_smallest_unit_of_the_currency(currency: str, unit: int) -> None:
    found = traffic(daily_budget=4000.0, budget_spent=0.5, cpm=500.0, currency=currency, **STEADY)
    part = found.delivered(0, DAY)[0]
    assert (part.impressions, part.spend) == (4000, 2000 * unit)


@pytest.mark.parametrize("budget", [0.0, 0.004, 0.01])
def test_budgets_that_buy_next_to_nothing(budget: float) -> None:
    """Less than a cent buys nothing; a cent buys the two impressions that it pays for at 4.03 a thousand."""
    found = traffic(daily_budget=budget, budget_spent=1.0, cpm=4.03, click_rate=1.0, **STEADY)
    part = found.delivered(0, DAY)[0]
    assert part.impressions == (2 if budget == 0.01 else 0)
    assert part.spend == 0, "two impressions cost 0.8 cents, cut to whole ones"
    assert len(found.touches(DAY)[TouchKind.CLICK]) == part.impressions


@exact
@given(
    st.lists(st.integers(0, 3 * DAY), min_size=1, max_size=6).map(lambda cuts: sorted({0, *cuts, 3 * DAY})),
    st.integers(-20, 20).map(lambda halves: halves * HOUR // 2),
    st.floats(1.0, 3.0),
    st.floats(0.1, 50.0),
)
def test_parts_add_up_to_days(cuts: list[int], offset: int, factor: float, budget: float) -> None:
    days = LocalDays.on(5 * HOUR, 2, offset)
    found = traffic(days=days, daily_budget=budget)
    whole = {part.day: part for part in found.delivered(0, 3 * DAY, factor)}
    for name in ("impressions", "spend"):
        total = dict.fromkeys(whole, 0)
        for one, two in itertools.pairwise(cuts):
            for part in found.delivered(one, two, factor):
                assert getattr(part, name) >= 0
                total[part.day] += getattr(part, name)
        assert total == {day: getattr(part, name) for day, part in whole.items()}


@exact
@given(st.floats(0.01, 200.0), st.floats(0.05, 500.0), st.floats(1.0, 3.0), st.integers(0, 2**20))
def test_no_day_spends_more_than_its_budget(budget: float, cpm: float, factor: float, seed: int) -> None:
    found = traffic(daily_budget=budget, cpm=cpm, budget_spent=1.0, seed=seed)
    for part in found.delivered(0, 7 * DAY, factor):
        assert part.spend <= budget * 100
        assert part.impressions <= found.impressions(part.day, part.day + 1)[0]


def test_dearer_impressions_are_fewer_at_the_same_places() -> None:
    slot = np.arange(10_000)
    for factor in (1.0, 1.15, 2.0, 3.7):
        bought = AdGroupTraffic.bought(slot, factor)
        assert bought.sum() == int(10_000 / factor)
        # Any first part of a day buys its own share.
        assert np.array_equal(np.cumsum(bought), ((slot + 1) / factor).astype(np.int64))
    assert AdGroupTraffic.bought(slot, 1.0).all()


def test_days_do_not_depend_on_what_is_asked_first() -> None:
    one, other = traffic(), traffic()
    later = one.impressions(5, 9).tolist()
    assert later == other.impressions(0, 9).tolist()[5:]
    assert traffic(seed=8).impressions(0, 9).tolist() != other.impressions(0, 9).tolist()


def test_clicks_stand_where_their_impressions_are() -> None:
    found = traffic(daily_budget=400.0, click_rate=0.2, hours=[0.0] * 6 + [1.0] * 6 + [0.0] * 12, **STEADY)
    clicks = found.touches(DAY)[TouchKind.CLICK]
    impressions = int(found.impressions(0, 1)[0])
    assert len(np.unique(clicks.slot)) == len(clicks)
    assert clicks.slot.max() < impressions
    assert np.all((clicks.at >= 6 * HOUR) & (clicks.at < 12 * HOUR))
    # Each stretch has its clicks among its own impressions.
    for hour in range(6, 12):
        before = found.delivered(0, hour * HOUR)[0].impressions
        assert np.array_equal(clicks.at < hour * HOUR, clicks.slot < before)


def test_kinds_of_touch_are_drawn_apart() -> None:
    alone = traffic(click_rate=0.05).touches(5 * DAY)
    beside = traffic(click_rate=0.05, view_rate=0.01, engaged_view_rate=0.01).touches(5 * DAY)
    assert set(alone) == {TouchKind.CLICK}
    assert set(beside) == set(TouchKind)
    assert alone[TouchKind.CLICK].at.tolist() == beside[TouchKind.CLICK].at.tolist()
    assert traffic(click_rate=0.0).touches(5 * DAY) == {}


def test_click_rate_one_takes_every_impression() -> None:
    found = traffic(daily_budget=5.0, click_rate=1.0)
    assert len(found.touches(DAY)[TouchKind.CLICK]) == found.impressions(0, 1)[0]


def test_share_of_the_budget_is_at_most_all_of_it() -> None:
    wide = traffic(daily_budget=1000.0, budget_spent=0.9, budget_spread=1.0, cpm_sigma=0.0)
    money = wide.impressions(0, 500) * 4.03 / 1000
    assert money.max() <= 1000
    assert money.min() >= 0
    assert traffic(daily_budget=1000.0, budget_spent=0.0).impressions(0, 5).tolist() == [0] * 5


def test_best_pace_changes_nothing() -> None:
    assert Pace() == BEST
    assert (BEST.cpm, BEST.orders) == (1.0, 1.0)
