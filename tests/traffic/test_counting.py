"""Counting and reporting against plain loops and closed formulas."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY, HOUR, MINUTE, Clock
from pixelsim.base.errors import InputError
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.counting import (
    CountMode,
    CountState,
    DayBasis,
    Reach,
    RuleChange,
    booked_day,
    count_conversions,
    daily_counts,
    definitions_audit,
    effective_window,
    find_drops,
    incomplete,
    person_days,
    seen,
    session_numbers,
    visible,
)

exact = settings(derandomize=True, deadline=None, max_examples=200)

rows_of_events = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(0, 2), st.integers(0, 9), st.integers(0, 2)), max_size=30
)


def columns(rows):
    return (
        tuple(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
        if rows
        else tuple(np.empty(0, dtype=np.int64) for _ in range(4))
    )


def reference(rows, once):
    """Count one event after another in the order of time."""
    counted, had = [False] * len(rows), set()
    for row in sorted(range(len(rows)), key=lambda row: (rows[row][2], row)):
        touch, event, _, ad_group = rows[row]
        if touch == -1:
            continue
        if once(ad_group, event):
            counted[row] = (touch, event) not in had
            had.add((touch, event))
        else:
            counted[row] = True
    return counted


@exact
@given(
    rows_of_events,
    st.lists(st.sampled_from(list(CountMode)), min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_equals_a_loop_over_events(rows, modes, value_goal):
    def once(ad_group, _):
        return modes[ad_group] == CountMode.ONCE or (modes[ad_group] == CountMode.BY_GOAL and not value_goal[ad_group])

    result = count_conversions(*columns(rows), modes, value_goal=value_goal)
    assert result.mask.tolist() == reference(rows, once)


@exact
@given(
    rows_of_events,
    st.lists(
        st.lists(st.sampled_from([CountMode.EVERY, CountMode.ONCE]), min_size=3, max_size=3), min_size=3, max_size=3
    ),
)
def test_mode_may_differ_by_event_name(rows, modes):
    result = count_conversions(*columns(rows), modes)
    assert result.mask.tolist() == reference(rows, lambda ad_group, event: modes[ad_group][event] == CountMode.ONCE)


def pairs(state: CountState) -> list[tuple[int, int]]:
    """Give the pairs of touch and event that had their conversion."""
    return [pair for touch, event in state.parts for pair in zip(touch.tolist(), event.tolist(), strict=True)]


@exact
@given(rows_of_events, st.integers(0, 30))
def test_blocks_give_what_one_call_gives(rows, cut):
    rows = sorted(rows, key=lambda row: row[2])
    whole = count_conversions(*columns(rows), CountMode.ONCE).mask.tolist()
    early = count_conversions(*columns(rows[:cut]), CountMode.ONCE)
    late = count_conversions(*columns(rows[cut:]), CountMode.ONCE, state=early.state)
    assert early.mask.tolist() + late.mask.tolist() == whole
    assert len(pairs(late.state)) == sum(whole)


def test_state_forgets_touches_that_cannot_earn():
    state = count_conversions([4, 5, 5], [0, 0, 1], [1, 2, 3], [0, 0, 0], CountMode.ONCE).state.forget(5)
    assert pairs(state) == [(5, 0), (5, 1)]


def test_uncounted_credit_has_its_reason():
    result = count_conversions([7, 7, -1], [0, 0, 0], [0, 1, 2], [0, 0, -1], CountMode.ONCE)
    reason = np.array([Reason.CREDITED, Reason.CREDITED, Reason.OUTSIDE_WINDOW], dtype=np.int8)
    assert result.mark(reason).tolist() == [Reason.CREDITED, Reason.NOT_COUNTED_AGAIN, Reason.OUTSIDE_WINDOW]


def test_by_goal_needs_the_goals():
    with pytest.raises(InputError, match="value_goal"):
        count_conversions([1], [0], [0], [0], CountMode.BY_GOAL)


def test_days_follow_basis_and_clock():
    clock = Clock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    touch_at, event_at = np.array([20 * HOUR]), np.array([3 * DAY])
    start = (dt.date(2026, 3, 1) - dt.date(1970, 1, 1)).days
    assert booked_day(event_at, touch_at, DayBasis.INTERACTION, clock).tolist() == [start]
    assert booked_day(event_at, touch_at, "event", clock).tolist() == [start + 3]
    # At 20:00 UTC it is past midnight at +05:30, and at 00:00 UTC still the evening before at -08:00.
    assert booked_day(event_at, touch_at, "interaction", clock, 5 * HOUR + 30 * MINUTE).tolist() == [start + 1]
    assert booked_day(event_at, touch_at, "event", clock, -8 * HOUR).tolist() == [start + 2]


def test_daily_counts_leave_other_days_out():
    assert daily_counts([9, 10, 10, 12, 13], 10, 3).tolist() == [2, 0, 1]


@exact
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=30), st.integers(0, 4))
def test_seen_equals_a_loop(conversions, day):
    booked, known = [b for b, _ in conversions], [k for _, k in conversions]
    expected = [sum(b == day and k <= as_of for b, k in conversions) for as_of in range(8)]
    assert seen(booked, known, day, range(8)).tolist() == expected


def test_lag_hides_the_newest_events_and_flags_their_day():
    assert visible([0, 5, 6], now=10, lag=5).tolist() == [True, True, False]
    assert incomplete([5, 6], now=10, lag=5).tolist() == [False, True]


def test_window_cannot_outlive_every_key():
    assert effective_window([0, DAY, 28 * DAY], 7 * DAY).tolist() == [0, DAY, 7 * DAY]
    assert effective_window(28 * DAY, 7 * DAY, 390 * DAY) == 28 * DAY
    assert effective_window(28 * DAY) == 0


@exact
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), max_size=30), st.integers(0, 10))
def test_sessions_equal_a_loop(rows, timeout):
    at, visitor = np.array([r[0] for r in rows], dtype=np.int64), np.array([r[1] for r in rows], dtype=np.int64)
    numbers = session_numbers(at, visitor, timeout)
    groups: list[list[int]] = []
    for who in range(3):
        mine = sorted((row for row in range(len(rows)) if rows[row][1] == who), key=lambda row: rows[row][0])
        for before, row in zip([None, *mine], mine, strict=False):
            if before is None or rows[row][0] - rows[before][0] > timeout:
                groups.append([])
            groups[-1].append(row)
    found = [np.flatnonzero(numbers == number).tolist() for number in range(len(groups))]
    assert sorted(found) == sorted(sorted(group) for group in groups)
    assert len(np.unique(numbers)) == len(groups)


def test_reach_unites_and_refuses_to_add():
    one, other = Reach.of([3, 1, 1, -1]), Reach.of([3, 5])
    assert (len(one), len(other), len(one | other)) == (2, 2, 3)
    assert person_days([one, other]) == 4
    with pytest.raises(InputError, match=r"2 \+ 2.*union.*person_days"):
        one + other
    with pytest.raises(InputError, match="union"):
        sum([one, other])
    with pytest.raises(InputError, match="union"):
        np.sum(np.array([one, other], dtype=object))


def test_audit_names_every_source_once():
    found = definitions_audit({"px_a": ["Lead", "Purchase", "Purchase"], "px_b": ["Purchase"], "px_c": ["Purchase"]})
    assert [str(clash) for clash in found] == ["three sources for Purchase: px_a, px_b, px_c"]


def test_drops_have_their_cause():
    steady = np.full(20, 100.0)
    fall = np.where(np.arange(20) < 10, 100.0, 70.0)
    change = RuleChange(10, "7-day views end")
    assert [drop.cause for drop in find_drops(fall, steady, [change])] == ["rule"]
    assert [drop.cause for drop in find_drops(fall, steady)] == ["unknown"]
    assert [drop.cause for drop in find_drops(fall, fall, [change])] == ["orders"]
    assert find_drops(steady, steady, [change]) == ()


def test_a_single_low_day_is_no_drop():
    series = np.full(20, 100.0)
    series[8] = 60
    assert find_drops(series, np.full(20, 100.0)) == ()


def test_two_falls_are_two_drops():
    series = np.repeat([100.0, 80.0, 60.0], 10)
    found = find_drops(series, np.full(30, 100.0))
    assert [drop.day for drop in found] == [10, 20]
    np.testing.assert_allclose([drop.change for drop in found], [-0.2, -0.25])
