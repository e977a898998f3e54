"""Field cases of attribution, on the attribution kernels alone."""

from __future__ import annotations

import numpy as np
import pytest

from pixelsim.base.clock import DAY, HOUR, MINUTE, SECOND
from pixelsim.traffic.attribution import Reason, Scope, Touches, TouchKind, Windows, credit, last_source
from pixelsim.traffic.counting import (
    RuleChange,
    daily_counts,
    effective_window,
    find_drops,
    session_bridge,
    session_numbers,
)
from pixelsim.traffic.models import Position, Share, channel_credit


def test_P55_click_beats_view_and_the_last_of_each_kind_wins():
    a, b, c = 0, 1, 2
    touches = Touches.of(
        [0, 2 * DAY, 6 * DAY + 20 * HOUR],
        [1] * 3,
        [TouchKind.CLICK, TouchKind.CLICK, TouchKind.VIEW],
        ad_group=[a, b, c],
    )
    windows = Windows.alike(3, click=7 * DAY, view=DAY)
    both = credit([7 * DAY + HOUR, 9 * DAY + HOUR], [1, 1], [0, 0], touches, windows)
    assert both.touch.tolist() == [b, -1]
    assert both.reason.tolist() == [Reason.CREDITED, Reason.OUTSIDE_WINDOW]
    only_view = touches.take(np.array([False, False, True]))
    late = credit([7 * DAY + 19 * HOUR, 7 * DAY + 21 * HOUR], [1, 1], [0, 0], only_view, windows)
    assert [only_view.ad_group[touch] if touch >= 0 else None for touch in late.touch] == [c, None]


@pytest.mark.parametrize(("scope", "by_account"), [(Scope.PIXEL, {1: 120, 2: 50}), (Scope.ACCOUNT, {1: 120, 2: 80})])
def test_P61_total_events_are_not_attributed_events(scope, by_account):
    # Buyers 0-119 came after ads of account 1, buyers 90-169 after ads of account 2; 30 had both, account 1's last.
    buyer = np.concatenate([np.arange(120), np.arange(90, 170)])
    account = np.repeat([1, 2], [120, 80])
    touches = Touches.of(np.where(account == 1, 2 * DAY, DAY), buyer, account=account, ad_group=account)
    total = 1_000
    result = credit(np.full(total, 3 * DAY), np.arange(total), np.zeros(total), touches, Windows.alike(3), scope=scope)
    attributed = np.count_nonzero(result.touch != -1)
    claimed = dict(
        zip(*(column.tolist() for column in np.unique(result.claims.account, return_counts=True)), strict=True)
    )
    assert attributed == 170
    assert attributed <= total
    assert claimed == by_account
    assert sum(claimed.values()) == (170 if scope is Scope.PIXEL else 200)
    campaign = credit(np.full(total, 3 * DAY), np.arange(total), np.zeros(total), touches, Windows.alike(3), account=2)
    assert np.count_nonzero(campaign.touch != -1) == 80


def test_P62_multi_session_against_single_session():
    click_at = np.arange(100) * MINUTE
    buyer = np.arange(18)
    wait = np.repeat([12 * MINUTE, 20 * HOUR, 3 * DAY + HOUR], [6, 9, 3])
    order_at = click_at[buyer] + wait
    touches = Touches.of(click_at, np.arange(100))
    result = credit(order_at, buyer, np.zeros(18), touches, Windows.alike(click=7 * DAY))
    assert np.count_nonzero(result.touch != -1) == 18
    session = session_numbers(np.concatenate([touches.at, order_at]), np.concatenate([touches.person, buyer]))
    bridge = session_bridge(session[100:], session[result.touch])
    assert (bridge.multi_session, bridge.single_session, bridge.later_session) == (18, 6, 12)


@pytest.mark.parametrize(("inclusive", "at_the_end"), [(True, True), (False, False)])
@pytest.mark.parametrize("first_of_the_person", [True, False])
def test_P65_is_the_last_instant_inside(inclusive, at_the_end, first_of_the_person):
    click = 10 * DAY
    window = 7 * DAY
    gaps = [0, window - SECOND, window, window + SECOND, -SECOND]
    touches = Touches.of([click], [1], ad_group=0)
    if not first_of_the_person:
        touches = Touches.of([DAY, click], [1, 1], [TouchKind.VIEW, TouchKind.CLICK], ad_group=[1, 0])
    result = credit(
        [click + gap for gap in gaps], [1] * 5, [0] * 5, touches, Windows.alike(2, click=window), inclusive=inclusive
    )
    assert (result.touch != -1).tolist() == [True, True, at_the_end, False, False]


def test_P67_a_retired_window_drops_the_series_overnight():
    day = np.repeat(np.arange(20), 100)
    kind = np.tile(np.repeat([TouchKind.CLICK, TouchKind.VIEW], [60, 40]), 20)
    # Twenty views lie 20 hours back, twenty more 2 to 6.75 days.
    back = np.tile(np.concatenate([np.full(60, HOUR), np.full(20, 20 * HOUR), (2 + np.arange(20) / 4) * DAY]), 20)
    order_at = (day + 7) * DAY + 12 * HOUR
    person = np.arange(2_000)
    touches = Touches.of(order_at - back.astype(np.int64), person, kind)
    before = Windows.alike(click=7 * DAY, view=7 * DAY)
    old = credit(order_at, person, np.zeros(2_000), touches, before).touch
    new = credit(order_at, person, np.zeros(2_000), touches, before.capped(view=DAY)).touch
    series = daily_counts(day[np.where(day < 10, old, new) != -1], 0, 20)
    assert series.tolist() == [100] * 10 + [80] * 10
    orders = np.bincount(day)
    change = RuleChange(10, "view windows over one day are retired")
    (drop,) = find_drops(series, orders, [change])
    assert (drop.day, drop.rule, drop.cause) == (10, change, "rule")
    assert drop.change == pytest.approx(-0.2)
    assert drop.orders_change == 0


def test_P68_every_model_keeps_the_total():
    rng = np.random.default_rng(68)
    length = np.concatenate([[1, 1, 2, 2], rng.integers(1, 7, 196)])
    path = np.repeat(np.arange(200), length)
    channel = rng.integers(0, 4, len(path))
    converted = np.zeros(200, dtype=bool)
    converted[[0, 2, *rng.choice(np.arange(4, 200), 71, replace=False)]] = True
    assert converted.sum() == 73

    def by_channel(model):
        return channel_credit(path, channel, converted, model, channels=4)

    models = [*Share, Position(0.4, 0.2, 0.4), Position(0, 0, 1), Position(1, 0, 0)]
    for model in models:
        assert by_channel(model).sum() == pytest.approx(73, abs=1e-9)
    ends = np.cumsum(length)
    last = np.bincount(channel[ends - 1][converted], minlength=4)
    first = np.bincount(channel[ends - length][converted], minlength=4)
    for model, expected in (
        (Share.LAST, last),
        (Position(0, 0, 1), last),
        (Share.FIRST, first),
        (Position(1, 0, 0), first),
    ):
        np.testing.assert_allclose(by_channel(model), expected, atol=1e-9)


@pytest.mark.parametrize(("ignored", "origin"), [((), "payment.example"), (("payment.example",), "the ad")])
def test_P70_payment_page_takes_the_credit(ignored, origin):
    sources = ["the ad", "payment.example"]
    found = last_source(
        [10 * MINUTE], [1], [0, 8 * MINUTE], [1, 1], [0, 1], ignored=[sources.index(name) for name in ignored]
    )
    assert sources[found[0]] == origin


@pytest.mark.parametrize(("lives", "attributed"), [((7 * DAY,), 2), ((7 * DAY, 390 * DAY), 4)])
def test_P89_click_id_lives_shorter_than_the_window(lives, attributed):
    window = effective_window(np.full(1, 28 * DAY), *lives)
    off = np.zeros(1, dtype=np.int64)
    order_at = np.array([1, 6, 8, 20]) * DAY
    result = credit(
        order_at, np.arange(4), np.zeros(4), Touches.of(np.zeros(4), np.arange(4)), Windows(window, off, off)
    )
    assert np.count_nonzero(result.touch != -1) == attributed
