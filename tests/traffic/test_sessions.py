"""Sessions: organic, landed, returning with an order, and junk; handed out in steps without a difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import GROUPS, SITES, one_shop, structure

from pixelsim.base.streams import Streams
from pixelsim.scenario import Scenario
from pixelsim.traffic.identity import STRANGER
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Sessions, SessionSource, Visit
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.simulate import simulate

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
TIMEOUT = 30 * MINUTE
PAGES = [(0, 100 * DAY, [0, 1])]


def source(scenario: Scenario, *, seed: int = 1, block_days: int = 7, offset: int = 0) -> SessionSource:
    numbering = Numbering.of(scenario, scenario.structure.world())
    return SessionSource(
        Streams(seed, 0),
        scenario.traffic.sites[0],
        numbering,
        days=LocalDays.on(0, 0, offset),
        session_length=TIMEOUT,
        block_days=block_days,
    )


def rows(sessions: Sessions) -> set[tuple[int, ...]]:
    return set(zip(*(column.tolist() for column in sessions.columns()), strict=True))


JUNK = {"junk": {"bots": 0.2, "preview_sessions": 30.0, "foreign_sessions": 20.0}}


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 4 * DAY - 1), max_size=6, unique=True),
    st.integers(0, 9),
    st.integers(1, 5),
    st.sampled_from([0, -8 * HOUR, 11 * HOUR // 2]),
)
def test_steps_and_days_drawn_at_a_time_hand_out_the_same_sessions(borders, seed, block_days, offset):
    shop = one_shop(days=4, capture=JUNK | {"weight": {"lost_per_second": 0.6}})
    whole = source(shop, seed=seed, offset=offset)
    at_once = rows(whole.until(4 * DAY, None, PAGES))
    parts, found = source(shop, seed=seed, block_days=block_days, offset=offset), []
    for begin, end in zip([0, *sorted(borders)], [*sorted(borders), 4 * DAY], strict=True):
        step = parts.until(end, None, PAGES)
        assert ((step.at >= begin) & (step.at < end)).all()
        found.extend(rows(step))
    assert len(found) == len(set(found))
    assert set(found) == at_once
    assert parts.lost == whole.lost > 0


@pytest.fixture(scope="module")
def organic() -> Sessions:
    shop = one_shop(days=20, order_rate=0.2, people=500, capture=JUNK)
    return source(shop).until(20 * DAY, None, PAGES)


def test_numbers_of_sessions_are_those_of_the_parameters(organic):
    for visit, mean in ((Visit.PREVIEW, 30.0), (Visit.FOREIGN, 20.0)):
        count = int(np.count_nonzero(organic.visit == visit))
        assert abs(count - 20 * mean) < 4 * np.sqrt(20 * mean), visit
    people = organic.visit <= Visit.BOT
    n = int(people.sum())
    assert abs(n - 20 * 400) < 4 * np.sqrt(20 * 400)
    bots = np.count_nonzero(organic.visit == Visit.BOT)
    assert abs(bots - 0.2 * n) < 4 * np.sqrt(n * 0.2 * 0.8)
    real = organic.visit == Visit.PERSON
    orders = np.count_nonzero(organic.ordered)
    assert abs(orders - 0.2 * real.sum()) < 4 * np.sqrt(real.sum() * 0.2 * 0.8)


def test_only_people_buy_and_only_people_come_again(organic):
    assert (organic.visit[organic.ordered] == Visit.PERSON).all()
    strangers = organic.person[organic.visit != Visit.PERSON]
    assert len(np.unique(strangers)) == len(strangers)
    assert (strangers >= STRANGER).all()
    people = organic.person[organic.visit == Visit.PERSON]
    assert people.min() >= 0
    assert people.max() < 500
    assert len(np.unique(people)) == 500, "6,400 visits of 500 people leave nobody out"
    assert (organic.touch_at == -1).all()


def test_lengths_are_exponential_with_a_mean_of_four_minutes_and_cut_at_the_time_out(organic):
    minutes = organic.length / MINUTE
    assert organic.length.max() < TIMEOUT
    # The mean of an exponential cut at 30 minutes: 4 (1 - exp(-7.5)).
    mean = 4.0 * (1 - np.exp(-7.5))
    assert abs(minutes.mean() - mean) < 4 * 4.0 / np.sqrt(len(minutes))
    assert abs((minutes < 4 * np.log(2)).mean() - 0.5) < 4 * 0.5 / np.sqrt(len(minutes))


def test_draw_numbers_are_given_once_for_each_origin(organic):
    pairs = np.stack([organic.origin.astype(np.int64), organic.number])
    assert np.unique(pairs, axis=1).shape[1] == len(organic)


def test_trend_and_weekdays_shape_the_numbers_of_days():
    shop = one_shop(organic_sessions=2_000.0, daily_growth=0.1, weekdays=[0.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    found = source(shop).until(7 * DAY, None, PAGES)
    count = np.bincount(found.at // DAY, minlength=7)
    expected = 2_000 * 1.1 ** np.arange(7) * np.array([0, 2, 1, 1, 1, 1, 1])
    assert count[0] == 0
    assert (np.abs(count[1:] - expected[1:]) < 4 * np.sqrt(expected[1:])).all()


# Sessions that follow from ads, inside a whole run.


@pytest.fixture(scope="module")
def ads():
    """Two sites of the same people, no organic traffic, ads that lead to many orders soon and late."""
    site = {"organic_sessions": 0.0, "population": "both", "people": 10_000}
    clean = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}
    delivery = [
        {"ad_group": k, "website": where, "daily_budget": 20.0, "click_rate": 0.05, "conversion_rate": 0.4}
        | {"engaged_view_rate": 0.004, "view_rate": 0.006, "landing_share": 0.7}
        for k, (_, _, where) in GROUPS.items()
    ]
    sites = [site | {"website": key, "capture": clean} for key in SITES]
    traffic = {"sites": sites, "delivery": delivery, "learning": {"orders_share": 1.0, "cpm_factor": 1.0, "noise": 0.0}}
    plain = {"days": 8, "structure": structure(), "traffic": traffic, "policy": "continue"}
    return simulate(Scenario.read(plain), 3)


def test_an_order_within_the_time_out_of_a_click_belongs_to_the_clicks_own_session(ads):
    kinds = np.array([o.kind for o in ads.numbering.origins], dtype=object)[ads.orders.origin]
    delay = ads.orders.at - ads.orders.touch_at
    assert (delay >= 0).all()
    assert set(kinds) == {"click", "after click", "after engaged view", "after view"}
    assert (delay[kinds == "click"] < TIMEOUT).all()
    assert (delay[kinds == "after click"] >= TIMEOUT).all()


def test_every_order_has_a_session_with_all_steps_that_ends_in_it(ads):
    log = ads.log
    first_pixel = np.isin(log.pixel, [0])
    steps = {
        key: (log.event[first_pixel & (log.key >> 8 == key)], log.at[first_pixel & (log.key >> 8 == key)])
        for key in (ads.orders.key >> 8)[:60].tolist()
    }
    for key, (event, at) in steps.items():
        assert sorted(event.tolist()) == [0, 1, 2, 3, 4], key
        assert (np.diff(at[np.argsort(event)]) >= 0).all()
        assert at.max() == ads.orders.at[ads.orders.key >> 8 == key][0]
        assert at.max() - at.min() < TIMEOUT


def test_landing_share_is_of_the_clicks_that_do_not_buy_at_once(ads):
    clicks = sum(part.clicks for part in ads.shown)
    kinds = np.array([o.kind for o in ads.numbering.origins], dtype=object)
    log = ads.log
    view = (log.event == 0) & (log.pixel == 0)
    landed = len(np.unique(log.key[view & (kinds[log.key >> 42] == "click")]))
    soon = int(np.count_nonzero(kinds[ads.orders.origin] == "click"))
    share = (landed - soon) / (clicks - soon)
    assert abs(share - 0.7) < 4 * np.sqrt(0.21 / clicks) + soon * 1e-9
    assert landed <= clicks
