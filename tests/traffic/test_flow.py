"""The flow of one ad group: touches where it delivers, ads, bots, landings and orders to come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.scenario.traffic import AdDelivery, ConversionDelay
from pixelsim.traffic.delivery import BEST, AdGroupTraffic, Pace
from pixelsim.traffic.flow import AdFlow, AdSource, FlowStep
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.touches import TouchKind
from pixelsim.world.status import DeliveryStatus

ADS = {"ad_a": 4, "ad_b": 5, "ad_c": 6}
FIRST, PEOPLE = 3 << 32, 50
RATES: dict[str, Any] = {
    "daily_budget": 60.0,
    "click_rate": 0.05,
    "engaged_view_rate": 0.01,
    "view_rate": 0.01,
    "conversion_rate": 0.3,
}


class OneAdGroup:
    """The flow of a single ad group."""

    def __init__(self, *, seed: int = 7, **fields: Any) -> None:
        delivery = AdDelivery(ad_group="group", website="shop", **{**RATES, **fields})
        streams = Streams(seed)
        source = AdSource(2, delivery, AdGroupTraffic(streams, delivery, LocalDays(0, 0), "USD"))
        self.flow = AdFlow(streams, [source], ConversionDelay(), people=(FIRST, PEOPLE), ads=ADS)

    def step(self, spans: list[Span], end: int, pace: Pace = BEST) -> FlowStep:
        return self.flow.step([spans], end, [pace])


def flow(*, seed: int = 7, **fields: Any) -> OneAdGroup:
    return OneAdGroup(seed=seed, **fields)


def span(start: float, end: float, *ads: str, authorised: bool = True) -> Span:
    status = DeliveryStatus.DELIVERY_OK if ads else DeliveryStatus.CAMPAIGN_DISABLE
    return Span(int(start * DAY), int(end * DAY), status, ads, authorised)


def totals(step: FlowStep) -> tuple[int, int, int]:
    return (
        sum(part.impressions for part in step.shown),
        sum(part.clicks for part in step.shown),
        sum(part.spend for part in step.shown),
    )


def test_touches_fall_into_delivery_only() -> None:
    step = flow().step([span(0, 0.5, "ad_a"), span(0.5, 1.25), span(1.25, 2, "ad_b")], 2 * DAY)
    at = step.touches.at
    assert len(at) > 100
    assert not np.any((at >= 0.5 * DAY) & (at < 1.25 * DAY))
    assert set(step.touches.ad[at < DAY // 2].tolist()) == {4}
    assert set(step.touches.ad[at > DAY].tolist()) == {5}
    assert set(step.touches.ad_group.tolist()) == {2}


def test_what_was_thinned_moves_nobody_else() -> None:
    whole = flow().step([span(0, 2, "ad_a", "ad_b")], 2 * DAY)
    part = flow().step([span(0, 0.5), span(0.5, 2, "ad_a", "ad_b")], 2 * DAY)
    kept = whole.touches.take(whole.touches.at >= DAY // 2)
    for name in kept.names():
        assert getattr(kept, name).tolist() == getattr(part.touches, name).tolist(), name
    orders = whole.orders.take(whole.orders.touch_at >= DAY // 2)
    assert orders.at.tolist() == part.orders.at.tolist()


def test_steps_are_parts_of_the_whole() -> None:
    whole = flow().step([span(0, 3, "ad_a", "ad_b")], 3 * DAY)
    source = flow()
    steps = [source.step([span(day, day + 1, "ad_a", "ad_b")], (day + 1) * DAY) for day in range(3)]
    assert sorted(whole.touches.at.tolist()) == sorted(at for step in steps for at in step.touches.at.tolist())
    assert sorted(whole.orders.at.tolist()) == sorted(at for step in steps for at in step.orders.at.tolist())
    assert np.sum([totals(step) for step in steps], axis=0).tolist() == list(totals(whole))


def test_nothing_delivered_nothing_happens() -> None:
    source = flow()
    step = source.step([span(0, 1)], DAY)
    assert (step.shown, len(step.touches), len(step.landed), len(step.orders)) == ([], 0, 0, 0)
    # What would have been touched meanwhile does not come later.
    assert source.step([span(1, 2, "ad_a")], 2 * DAY).touches.at.min() >= DAY


def test_not_created_yet() -> None:
    assert len(flow().step([], DAY).touches) == 0


def test_clicks_in_the_ledger_are_touches() -> None:
    step = flow().step([span(0, 0.3, "ad_a"), span(0.6, 2.5, "ad_a")], 3 * DAY)
    clicks = np.count_nonzero(step.touches.kind == TouchKind.CLICK)
    assert totals(step)[1] == clicks
    for part in step.shown:
        assert part.clicks <= part.impressions
    assert [(part.at, part.day) for part in step.shown] == [
        (0, 0),
        (int(0.6 * DAY), 0),
        (DAY, 1),
        (2 * DAY, 2),
    ]


def test_ledger_tells_whether_access_was_there() -> None:
    step = flow().step([span(0, 1, "ad_a"), span(1, 2, "ad_a", authorised=False)], 2 * DAY)
    assert [part.authorised for part in step.shown] == [True, False]


def test_ads_in_delivery_share_touches_evenly() -> None:
    touches = flow(daily_budget=400.0).step([span(0, 4, *ADS)], 4 * DAY).touches
    counts = np.bincount(touches.ad, minlength=7)[4:]
    assert np.abs(counts - len(touches) / 3).max() < 4 * np.sqrt(len(touches) * 2 / 9)


def test_people_are_those_of_the_site() -> None:
    touches = flow(daily_budget=400.0).step([span(0, 4, "ad_a")], 4 * DAY).touches
    counts = np.bincount(touches.person - FIRST, minlength=PEOPLE)
    assert len(counts) == PEOPLE
    mean = len(touches) / PEOPLE
    assert np.abs(counts - mean).max() < 5 * np.sqrt(mean)


def test_landings_and_orders_have_their_shares() -> None:
    step = flow(daily_budget=400.0, landing_share=0.7).step([span(0, 4, "ad_a")], 4 * DAY)
    clicks = np.flatnonzero(step.touches.kind == TouchKind.CLICK)
    assert set(step.landed.tolist()) <= set(clicks.tolist())
    n = len(clicks)
    assert abs(len(step.landed) - 0.7 * n) < 4 * np.sqrt(0.21 * n)
    of_clicks = np.count_nonzero(step.orders.kind == TouchKind.CLICK)
    assert abs(of_clicks - 0.3 * n) < 4 * np.sqrt(0.21 * n)
    # Views are rows only where they lead to an order.
    for kind in (TouchKind.VIEW, TouchKind.ENGAGED_VIEW):
        assert np.count_nonzero(step.orders.kind == kind) == np.count_nonzero(step.touches.kind == kind)
    assert np.all(step.orders.at >= step.orders.touch_at)


def test_orders_belong_to_their_touches() -> None:
    step = flow().step([span(0, 2, "ad_a")], 2 * DAY)
    touches = {
        (kind, number): (at, person)
        for kind, number, at, person in zip(
            step.touches.kind.tolist(),
            step.touches.number.tolist(),
            step.touches.at.tolist(),
            step.touches.person.tolist(),
            strict=True,
        )
    }
    for kind, number, at, person in zip(
        step.orders.kind.tolist(),
        step.orders.number.tolist(),
        step.orders.touch_at.tolist(),
        step.orders.person.tolist(),
        strict=True,
    ):
        assert touches[kind, number] == (at, person)


def test_bots_click_and_never_order() -> None:
    step = flow(daily_budget=400.0, bots=0.4).step([span(0, 4, "ad_a")], 4 * DAY)
    touches = step.touches
    clicks = touches.kind == TouchKind.CLICK
    n = int(clicks.sum())
    assert abs(int(touches.bot.sum()) - 0.4 * n) < 4 * np.sqrt(0.24 * n)
    assert not touches.bot[~clicks].any()
    bots, buyers = set(touches.person[touches.bot].tolist()), set(step.orders.person.tolist())
    assert len(bots) == touches.bot.sum(), "a bot comes once"
    assert not bots & buyers
    people = touches.person[~touches.bot]
    assert people.max() < FIRST + PEOPLE


def test_learning_thins_what_was_drawn() -> None:
    best = flow().step([span(0, 2, "ad_a")], 2 * DAY)
    slow = flow().step([span(0, 2, "ad_a")], 2 * DAY, Pace(cpm=1.6, orders=0.5))
    numbers = [set(zip(s.touches.kind.tolist(), s.touches.number.tolist(), strict=True)) for s in (best, slow)]
    assert numbers[1] < numbers[0]
    orders = [set(s.orders.at.tolist()) for s in (best, slow)]
    assert orders[1] < orders[0]
    of_day = [part.impressions for part in best.shown]
    assert [part.impressions for part in slow.shown] == [int(n / 1.6) for n in of_day]
    assert abs(totals(slow)[2] - totals(best)[2]) <= 4, "dearer and fewer cost the same, up to a whole impression"


@pytest.mark.parametrize("rates", [{"click_rate": 0.0}, {"view_rate": 0.0, "engaged_view_rate": 0.0}])
def test_kinds_can_be_missing(rates: dict[str, float]) -> None:
    step = flow(**rates).step([span(0, 1, "ad_a")], DAY)
    kinds = {TouchKind(kind) for kind in np.unique(step.touches.kind).tolist()}
    clicked = "click_rate" not in rates
    assert kinds == ({TouchKind.CLICK} if clicked else {TouchKind.VIEW, TouchKind.ENGAGED_VIEW})
    assert (totals(step)[1] > 0) == clicked


def test_nothing_is_bought_without_a_budget() -> None:
    step = flow(daily_budget=0.0).step([span(0, 1, "ad_a")], DAY)
    assert totals(step) == (0, 0, 0)
    assert len(step.touches) == len(step.orders) == 0


def test_hours_without_weight() -> None:
    hours = [0.0] * 24
    hours[5] = 1.0
    step = flow(hours=hours).step([span(0, 2, "ad_a")], 2 * DAY)
    assert set((step.touches.at % DAY // HOUR).tolist()) == {5}


def test_ad_groups_that_go_together_are_as_if_each_went_alone() -> None:
    streams, names = Streams(7), ("one", "two", "three")
    days = {"one": LocalDays(0, 0), "two": LocalDays(-5 * HOUR, 2), "three": LocalDays(-23 * HOUR, 6)}
    rates = {"one": {}, "two": {"bots": 0.3, "landing_share": 0.5}, "three": {"daily_budget": 200.0}}

    def source(name: str) -> AdSource:
        delivery = AdDelivery(ad_group=name, website="shop", **{**RATES, **rates[name]})
        return AdSource(names.index(name), delivery, AdGroupTraffic(streams, delivery, days[name], "USD"))

    spans = {"one": [span(0, 2, "ad_a")], "two": [span(0, 0.7), span(0.7, 2, "ad_a", "ad_b")], "three": []}
    spans["three"] = [span(0, 1.1, "ad_b", "ad_c"), span(1.1, 1.6), span(1.6, 2, "ad_c", authorised=False)]
    paces = {"one": Pace(cpm=1.3, orders=0.6), "two": BEST, "three": BEST}

    def made(*together: str) -> FlowStep:
        flow = AdFlow(streams, [source(name) for name in together], ConversionDelay(), people=(FIRST, PEOPLE), ads=ADS)
        order = [names[one.number] for one in flow.sources]
        return flow.step([spans[name] for name in order], 2 * DAY, [paces[name] for name in order])

    def rows(*steps: FlowStep) -> list[tuple[Any, ...]]:
        tables = [columns for step in steps for columns in (step.touches.columns(), step.orders.columns()[:-1])]
        return sorted(row for table in tables for row in zip(*(column.tolist() for column in table), strict=True))

    alone = [made(name) for name in names]
    together = made("three", "one", "two")
    assert rows(together) == rows(*alone)
    assert sorted(map(repr, together.shown)) == sorted(repr(part) for step in alone for part in step.shown)
    assert sum(len(step.landed) for step in alone) == len(together.landed)
    assert np.all(np.diff(together.touches.at) >= 0)
