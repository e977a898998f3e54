"""Learning against a loop over days, and its settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.traffic.learning import (
    LearningRules,
    Phase,
    begin_learning,
    deepest_goal,
    exits_on_duplicates,
    learn,
    learn_day,
)

exact = settings(derandomize=True, deadline=None, max_examples=200)


def reference(counts, restarts, rules, inherited):
    """Give the phase at each day's end from the counts since the last restart, by the definition."""
    phases = []
    for day in range(len(counts)):
        begin = max((d for d in range(day + 1) if restarts[d]), default=0)
        own = list(counts[begin : day + 1])
        own[0] += inherited
        age = len(own)
        weeks = [sum(own[max(0, end - rules.stable_days) : end]) for end in range(1, age + 1)]
        if any(week >= rules.stable_conversions for week in weeks):
            phases.append(Phase.STABLE)
        elif age >= rules.stable_days:
            phases.append(Phase.LIMITED)
        elif sum(own) >= rules.calm_conversions or age >= rules.calm_days:
            phases.append(Phase.CALM)
        else:
            phases.append(Phase.LEARNING)
    return phases


days = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([False, False, False, True])), min_size=1, max_size=15)


@exact
@given(days, st.integers(1, 8), st.integers(1, 5), st.integers(1, 15), st.integers(1, 5), st.sampled_from([0, 0.5, 1]))
def test_equals_the_definition(course, calm, calm_days, stable, stable_days, share):
    rules = LearningRules(calm, calm_days, stable, stable_days, share)
    counts, restarts = [c for c, _ in course], [r for _, r in course]
    path = learn([counts], rules, history=[6], restart=[restarts])
    assert path.phase[0].tolist() == reference(counts, restarts, rules, share * 6)


@exact
@given(st.lists(st.lists(st.integers(0, 20), min_size=9, max_size=9), min_size=1, max_size=5))
def test_ad_groups_do_not_touch_each_other(counts):
    together = learn(counts)
    for group, own in enumerate(counts):
        alone = learn([own])
        assert alone.phase[0].tolist() == together.phase[group].tolist()
        assert alone.end.calm_day[0] == together.end.calm_day[group]


def test_day_by_day_is_the_whole_course():
    counts = np.array([[4, 9, 0, 8, 3, 12, 2, 30], [1, 1, 1, 1, 1, 1, 1, 1]])
    rules = LearningRules(inherited_share=0.25)
    state = begin_learning([20, 0], rules)
    for day in range(counts.shape[1]):
        state = learn_day(state, counts[:, day], rules)
    path = learn(counts, rules, history=[20, 0])
    np.testing.assert_array_equal(state.phase, path.phase[:, -1])
    # 5 inherited and 4 + 9 + 0 + 8 make 26 on day 4; the last week of 64 has no inherited ones in it any more.
    assert state.calm_day.tolist() == [4, 7]
    assert state.calm_by_time.tolist() == [False, True]
    assert state.stable_day.tolist() == [8, -1]
    assert state.in_week.tolist() == [64, 7]


def test_nothing_is_inherited_by_default():
    np.testing.assert_array_equal(learn([[24, 0]], history=[1_000]).phase, [[Phase.LEARNING] * 2])


def test_inherited_history_leaves_the_week_with_the_first_day():
    path = learn([[0] * 8], LearningRules(inherited_share=1), history=[49])
    assert path.in_week[0].tolist() == [49] * 7 + [0]
    assert path.phase[0, 0] == Phase.CALM


def test_a_limited_ad_group_can_still_become_stable():
    path = learn([[3] * 7 + [25, 25]])
    assert path.phase[0, 6:].tolist() == [Phase.LIMITED, Phase.LIMITED, Phase.STABLE]


def test_no_exit_rests_on_duplicates_when_there_are_none():
    counts = np.array([[9] * 7, [2] * 7])
    assert exits_on_duplicates(counts, counts) == ()


def test_no_step_of_the_funnel_may_be_deep_enough():
    assert deepest_goal([("view", 40), ("purchase", 2)], 50) is None
    assert deepest_goal([("view", 50), ("purchase", 2)], 50) == "view"


def test_settings_are_checked_together():
    with pytest.raises(InputError) as caught:
        LearningRules(calm_days=0, stable_conversions=-1, inherited_share=1.5)
    assert [fault.field for fault in caught.value.faults] == ["calm_days", "stable_conversions", "inherited_share"]
    with pytest.raises(InputError, match="table by ad group and day"):
        learn([1, 2, 3])
    with pytest.raises(InputError, match="table by ad group and day"):
        learn([[1, -2]])
