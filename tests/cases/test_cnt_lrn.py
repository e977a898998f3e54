"""Field cases of counting, learning, consent and report age, on the kernels alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from pixelsim.base.clock import DAY, HOUR, SECOND, Clock
from pixelsim.base.errors import InputError
from pixelsim.traffic.attribution import Touches, Windows, credit
from pixelsim.traffic.consent import Signal, WhileRevoked, audience_after_loss, release_events, untrackable_share
from pixelsim.traffic.counting import (
    CountMode,
    DayBasis,
    Reach,
    booked_day,
    count_conversions,
    daily_counts,
    definitions_audit,
    incomplete,
    person_days,
    seen,
    visible,
)
from pixelsim.traffic.dedup import BROWSER, SERVER, deduplicate
from pixelsim.traffic.learning import LearningRules, Phase, deepest_goal, exits_on_duplicates, learn


def test_P59_a_definition_of_ones_own_and_one_shared():
    sources = {"px_hq": ["Purchase"], "px_1": ["Purchase"]}
    order = np.repeat(np.arange(40), 2)
    pixel = np.tile([0, 1], 40)
    result = deduplicate(order * HOUR, pixel, np.zeros(80), order, np.zeros(80), np.full(80, -1))
    assert np.count_nonzero(result.kept) == 80
    assert [str(clash) for clash in definitions_audit(sources)] == ["two sources for Purchase: px_hq, px_1"]
    primary = list(sources).index("px_hq")
    assert np.count_nonzero(result.kept & (pixel == primary)) == 40
    assert definitions_audit({"px_hq": sources["px_hq"]}) == ()


HOTEL, CAR = 0, 1


@pytest.mark.parametrize(
    ("mode", "after_one_click", "after_two"),
    [
        (CountMode.EVERY, 5, 6),
        (CountMode.ONCE, 2, 3),
        ([[CountMode.EVERY, CountMode.ONCE]], 4, 5),
    ],
    ids=["every", "once", "hotels every, cars once"],
)
def test_P71_every_conversion_or_one_per_interaction(mode, after_one_click, after_two):
    touch, event = [0] * 5 + [1], [HOTEL] * 3 + [CAR] * 2 + [HOTEL]
    mask = count_conversions(touch, event, np.arange(6), np.zeros(6), mode).mask
    assert mask[:5].sum() == after_one_click
    assert mask.sum() == after_two


def test_P73_unique_people_do_not_add_up():
    # 90 people; 25 of them come on a second day.
    day = np.concatenate([np.arange(90) % 7, (np.arange(25) + 1) % 7])
    person = np.concatenate([np.arange(90), np.arange(25)])
    daily = [Reach.of(person[day == number]) for number in range(7)]
    assert person_days(daily) == 115
    week = Reach.of(person)
    assert len(week) == 90
    by_account = [Reach.of(np.arange(60)), Reach.of(np.arange(30, 80)), Reach.of(np.arange(50, 90))]
    assert [len(reach) for reach in by_account] == [60, 50, 40]
    assert len(by_account[0] | by_account[1] | by_account[2]) == 90
    with pytest.raises(InputError, match="union"):
        sum(daily)


def test_P79_leaving_the_learning_phase():
    rules = LearningRules(calm_conversions=25, calm_days=7, stable_conversions=50, stable_days=7)
    path = learn(np.repeat([[5], [8], [3]], 7, axis=1), rules)
    assert path.end.calm_day.tolist() == [5, 4, 7]
    assert path.end.calm_by_time.tolist() == [False, False, True]
    assert path.end.in_week.tolist() == [35, 56, 21]
    assert path.phase[:, -1].tolist() == [Phase.LIMITED, Phase.STABLE, Phase.LIMITED]


def test_P81_duplicates_make_learning_look_finished():
    order = np.repeat(np.arange(35), 2)
    day = order // 5
    at = day * DAY + (order % 5) * HOUR + np.tile([0, 10 * SECOND], 35)
    none = np.zeros(70, dtype=np.int64)
    kept = deduplicate(at, none, none, order, np.tile([BROWSER, SERVER], 35), order).kept
    raw, true = daily_counts(day, 0, 7), daily_counts(day[kept], 0, 7)
    assert (raw.sum(), true.sum()) == (70, 35)
    assert learn([raw]).phase[0, -1] == Phase.STABLE
    assert learn([true]).phase[0, -1] == Phase.LIMITED
    (warning,) = exits_on_duplicates([raw], [true])
    # Ten a day reach 50 on day 5, when there are 25 real ones.
    assert (warning.ad_group, warning.day, warning.counted, warning.true) == (0, 5, 50, 25)
    assert "learning exit rests on duplicates" in str(warning)


@pytest.mark.parametrize(("threshold", "goal"), [(50, "checkout"), (100, "cart")])
def test_P82_too_few_purchases(threshold, goal):
    assert deepest_goal([("view", 4_000), ("cart", 260), ("checkout", 70), ("purchase", 22)], threshold) == goal


@pytest.mark.parametrize(("while_revoked", "seventh"), [(WhileRevoked.HOLD, 8 * SECOND), (WhileRevoked.DROP, -1)])
def test_P95_events_held_until_consent(while_revoked, seventh):
    seconds = np.array([1, 2, 3, 5, 7, 9]) * SECOND
    never = np.array([1, 5]) * SECOND
    result = release_events(
        np.concatenate([seconds, never]),
        [0] * 6 + [1] * 2,
        np.array([4, 6, 8]) * SECOND,
        [0, 0, 0],
        [Signal.GRANT, Signal.REVOKE, Signal.GRANT],
        while_revoked=while_revoked,
    )
    own = result.sent_at[:6].tolist()
    assert own == [4 * SECOND] * 3 + [5 * SECOND, seventh, 9 * SECOND]
    assert result.sent_at[6:].tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("device", "adoption", "opt_in", "percent", "size", "usable"),
    [(0.55, 0.75, 0.28, 29.7, 914, False), (0.27, 0.70, 0.34, 12.5, 1_138, True)],
    ids=["US", "world"],
)
def test_P96_users_who_cannot_be_tracked(device, adoption, opt_in, percent, size, usable):
    share = untrackable_share(device, adoption, opt_in)
    assert round(100 * share, 1) == percent
    assert audience_after_loss(1_300, share) == (size, usable)


def test_P115_conversions_of_past_days_keep_changing():
    click_at = np.full(100, 12 * HOUR)
    wait = np.repeat([0, 1, 4, 7], [4, 3, 2, 1])
    buyer = np.arange(10)
    touches = Touches.of(click_at, np.arange(100))
    sale_at = click_at[buyer] + wait * DAY
    result = credit(sale_at, buyer, np.zeros(10), touches, Windows.alike(click=7 * DAY))
    clock = Clock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    first = int(clock.day_index(np.array([0]))[0])
    booked = booked_day(sale_at, touches.at[result.touch], DayBasis.INTERACTION, clock)
    known = booked_day(sale_at, touches.at[result.touch], DayBasis.EVENT, clock)
    assert seen(booked, known, first, first + np.arange(9)).tolist() == [4, 7, 7, 7, 9, 9, 9, 10, 10]
    look_back = np.array([0, 3, 7])
    assert seen(booked, known, first, first + look_back).tolist() == [4, 7, 10]
    real_time = daily_counts(known, first, 8)
    assert real_time.tolist() == [4, 3, 0, 0, 2, 0, 0, 1]
    assert real_time.sum() == daily_counts(booked, first, 8)[0] == 10


@pytest.mark.parametrize(
    ("hour", "yesterday", "today", "flags"), [(9, 22, 0, [True, True]), (11, 24, 0, [False, True])]
)
def test_P116_reporting_lags_by_eleven_hours(hour, yesterday, today, flags):
    at = np.arange(48) * HOUR + HOUR // 2
    now, lag = DAY + hour * HOUR, 11 * HOUR
    counts = daily_counts(at[visible(at, now, lag)] // DAY, 0, 2)
    assert counts.tolist() == [yesterday, today]
    assert incomplete([DAY, 2 * DAY], now, lag).tolist() == flags
