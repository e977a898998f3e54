"""Events of sessions: nested steps, navigations, order values."""

from __future__ import annotations

import numpy as np
import pytest
from random_scenarios import EVENTS, one_shop

from pixelsim.base.streams import Streams
from pixelsim.scenario import Scenario
from pixelsim.traffic.events import EventMaker, Events
from pixelsim.traffic.identity import event_key
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Sessions

COUNT = 20_000
MINUTE = 60_000


def sessions_of(scenario: Scenario, *, ordered: np.ndarray | None = None, length: int = 10 * MINUTE) -> Sessions:
    """Give organic sessions of different people, a minute apart, numbered from 0."""
    numbering = Numbering.of(scenario, scenario.structure.world())
    origin = [o.key for o in numbering.origins].index("organic > a")
    number = np.arange(COUNT)
    return Sessions(
        number * MINUTE,
        np.full(COUNT, length),
        number,
        np.full(COUNT, origin, dtype=np.int32),
        number,
        np.zeros(COUNT, dtype=np.bool_) if ordered is None else ordered,
        np.where(np.zeros(COUNT, dtype=np.bool_) if ordered is None else ordered, number * MINUTE - 1, -1),
        np.zeros(COUNT, dtype=np.int8),
    )


def unfold(ordered: np.ndarray | None = None, seed: int = 4, **site) -> tuple[Sessions, Events]:
    scenario = one_shop(**site)
    sessions = sessions_of(scenario, ordered=ordered)
    numbering = Numbering.of(scenario, scenario.structure.world())
    # All events come after the end of a step that ends at 0, and stand in the order of time.
    events, early = EventMaker(Streams(seed, 0), scenario.traffic.sites[0], numbering).unfold(sessions, 0)
    assert early == 0
    return sessions, events


def near(count: int, share: float) -> bool:
    return abs(count - COUNT * share) < 4 * np.sqrt(COUNT * share * (1 - share))


def test_steps_are_nested_and_have_the_shares_of_the_funnel():
    _, events = unfold(funnel={"view": 0.5, "cart": 0.2, "checkout": 0.1})
    reached = [set(events.person[events.event == step].tolist()) for step in range(5)]
    assert reached[0] == set(range(COUNT))
    assert near(len(reached[1]), 0.5)
    assert near(len(reached[2]), 0.2)
    assert near(len(reached[3]), 0.1)
    assert reached[1] > reached[2] > reached[3]
    assert reached[4] == set()


def test_a_session_with_an_order_passes_all_steps_and_ends_in_it():
    ordered = np.arange(COUNT) % 7 == 0
    sessions, events = unfold(ordered, funnel={"view": 0.0, "cart": 0.0, "checkout": 0.0})
    assert [int(np.count_nonzero(events.event == step)) for step in range(5)] == [COUNT, *[ordered.sum()] * 4]
    bought = events.event == 4
    assert (np.diff(events.at) >= 0).all()
    assert sorted(events.person[bought].tolist()) == np.flatnonzero(ordered).tolist()
    ends = sessions.at + sessions.length
    np.testing.assert_array_equal(events.at[bought], ends[events.person[bought]])
    assert (events.value[bought] > 0).all()
    assert (events.value[~bought] == -1).all()
    by_session = events.take(np.lexsort((events.place, events.person)))
    at = by_session.at[np.isin(by_session.person, np.flatnonzero(ordered))].reshape(-1, 5)
    assert (np.diff(at, axis=1) > 0).all()
    np.testing.assert_array_equal(at - at[:, :1], np.tile(np.array([0, 2, 5, 8, 10]) * MINUTE, (len(at), 1)))


@pytest.mark.parametrize("mean", [0.7, 4.0])
def test_navigations_are_geometric_around_their_mean(mean):
    _, events = unfold(capture={"navigations": mean})
    views = np.bincount(events.person[events.event == 0], minlength=COUNT) - 1
    assert abs(views.mean() - mean) < 4 * np.sqrt(mean * (1 + mean) / COUNT)
    # Geometric from 0 on: each further page has the same chance mean / (1 + mean).
    chance = mean / (1 + mean)
    for pages in (1, 2, 3):
        assert near(int(np.count_nonzero(views >= pages)), chance**pages)


def test_page_views_of_both_sides_are_two_for_each_navigation_and_one_for_the_first_load():
    by = {}
    for reported in ("auto", "manual", "both"):
        _, events = unfold(capture={"navigations": 2.0, "page_views": reported})
        by[reported] = np.bincount(events.person[events.event == 0], minlength=COUNT)
    navigations = by["manual"]
    np.testing.assert_array_equal(by["auto"], navigations + 1)
    # More than 24 navigations of a session are not counted where each has two views.
    few = navigations <= 24
    assert few.mean() > 0.99
    np.testing.assert_array_equal(by["both"][few], 2 * navigations[few] + 1)
    assert by["both"].max() <= 49
    assert navigations.max() <= 49


def test_events_of_a_session_have_places_of_their_own_and_lie_within_it():
    ordered = np.arange(COUNT) % 3 == 0
    sessions, events = unfold(ordered, capture={"navigations": 6.0, "page_views": "both"})
    key = event_key(events.origin, events.number, events.place)
    assert len(np.unique(key)) == len(key)
    assert events.place.max() < 256
    begin, length = sessions.at[events.person], sessions.length[events.person]
    assert ((events.at >= begin) & (events.at <= begin + length)).all()
    np.testing.assert_array_equal(events.session_at, begin)
    assert (events.event == events.place % 5).all()
    assert len(EVENTS) == 5


@pytest.mark.parametrize(("currency", "scale"), [("USD", 100), ("JPY", 1), ("KWD", 1_000)])
def test_order_values_are_log_normal_in_smallest_units(currency, scale):
    everybody = np.ones(COUNT, dtype=np.bool_)
    _, events = unfold(everybody, value={"median": 56.66, "sigma": 1.24}, currency=currency)
    value = events.value[events.event == 4] / scale
    assert near(int(np.count_nonzero(value < 56.66)), 0.5)
    if scale > 1:
        score = np.log(value / 56.66) / 1.24
        assert abs(score.std() - 1) < 4 / np.sqrt(2 * COUNT)
    _, flat = unfold(everybody, value={"median": 12.5, "sigma": 0.0}, currency=currency)
    assert set(flat.value.tolist()) == {-1, round(12.5 * scale)}


def test_orders_name_their_session_touch_and_whether_they_were_heard():
    ordered = np.arange(COUNT) % 5 == 0
    sessions, events = unfold(ordered, capture={"navigations": 1.0})
    heard = events.person % 2 == 0
    scenario = one_shop(capture={"navigations": 1.0})
    maker = EventMaker(Streams(4, 0), scenario.traffic.sites[0], Numbering.of(scenario, scenario.structure.world()))
    orders = maker.orders(events, sessions, heard, COUNT * MINUTE + 10 * MINUTE)
    who = np.flatnonzero(ordered)
    np.testing.assert_array_equal(orders.person, who)
    np.testing.assert_array_equal(orders.touch_at, who * MINUTE - 1)
    np.testing.assert_array_equal(orders.at, sessions.at[who] + 10 * MINUTE)
    np.testing.assert_array_equal(orders.seen, who % 2 == 0)
    np.testing.assert_array_equal(orders.key & 255, np.full(len(who), 4))


def test_events_of_a_step_stand_before_those_that_are_still_to_come():
    scenario = one_shop(capture={"navigations": 1.0})
    sessions = sessions_of(scenario)
    maker = EventMaker(Streams(4, 0), scenario.traffic.sites[0], Numbering.of(scenario, scenario.structure.world()))
    whole, _ = maker.unfold(sessions, 0)
    end = COUNT * MINUTE // 2
    events, early = maker.unfold(sessions, end)
    assert early == np.count_nonzero(whole.at < end)
    assert (events.at[:early] < end).all()
    assert (events.at[early:] >= end).all()
    assert (np.diff(events.at[early:]) >= 0).all()
    ids = (events.number << 8 | events.place, whole.number << 8 | whole.place)
    assert sorted(ids[0].tolist()) == sorted(ids[1].tolist())
