from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pixelsim.base.errors import InputError
from pixelsim.study.stopping import half_width, replications_needed, until_half_width


def from_list(values):
    return lambda replication: values[replication]


class TestHalfWidth:
    @pytest.mark.parametrize(("n", "confidence"), [(2, 0.95), (10, 0.9), (200, 0.99)])
    def test_is_students(self, n, confidence):
        assert half_width(3.0, n, confidence) == pytest.approx(
            stats.t.ppf((1 + confidence) / 2, n - 1) * 3 / math.sqrt(n)
        )

    @pytest.mark.parametrize("n", [0, 1])
    def test_one_value_has_none(self, n):
        assert math.isnan(half_width(3.0, n))


class TestReplicationsNeeded:
    @settings(derandomize=True, deadline=None, max_examples=60)
    @given(st.floats(0.01, 50), st.floats(0.05, 5), st.sampled_from([0.8, 0.95, 0.99]))
    def test_is_the_smallest_that_reaches_the_target(self, deviation, target, confidence):
        n = replications_needed(deviation, target, confidence)
        assert half_width(deviation, n, confidence) <= target
        assert n == 2 or half_width(deviation, n - 1, confidence) > target

    def test_normal_approximation_for_many(self):
        # (1.959964 * 100 / 1) squared is 38,414.6; Student's t asks for two more.
        assert replications_needed(100.0, 1.0) in range(38_415, 38_420)

    def test_no_spread_needs_two(self):
        assert replications_needed(0.0, 1.0) == 2

    @pytest.mark.parametrize(
        ("deviation", "target"), [(1.0, 0.0), (1.0, -1.0), (1.0, math.nan), (math.inf, 1.0), (-1, 1)]
    )
    def test_refusals(self, deviation, target):
        with pytest.raises(InputError):
            replications_needed(deviation, target)


class TestUntilHalfWidth:
    def test_stops_after_the_look_ahead_and_says_where_it_was_enough(self):
        # +-1 in turn: s is about 1, so the half-width falls like t / sqrt(n).
        values = list(itertools.islice(itertools.cycle([1.0, -1.0]), 200))
        found = until_half_width(from_list(values), 0.5, look_ahead=7, minimum=4, maximum=200)
        widths = [stats.t.ppf(0.975, n - 1) * np.std(values[:n], ddof=1) / math.sqrt(n) for n in range(4, 60)]
        first = 4 + next(i for i in range(len(widths)) if all(w <= 0.5 for w in widths[i : i + 8]))
        assert found.enough_at == first
        assert len(found.values) == first + 7
        assert found.half_widths[first - 1] == pytest.approx(widths[first - 4])
        assert found.reached

    def test_a_lucky_dip_does_not_end_the_run(self):
        # Four near-equal values look precise; the fifth shows that they were not.
        values = [1.0, 1.01, 0.99, 1.0, 9.0, *[1.0, 3.0] * 200]
        hasty = until_half_width(from_list(values), 0.3, look_ahead=0, minimum=4, maximum=400)
        patient = until_half_width(from_list(values), 0.3, look_ahead=5, minimum=4, maximum=400)
        assert hasty.enough_at == 4
        assert patient.enough_at is not None
        assert patient.enough_at > 40

    def test_look_ahead_grows_with_the_number_needed(self):
        values = np.random.default_rng(5).normal(size=2_000)
        found = until_half_width(from_list(values), 0.1, look_ahead=5, minimum=10, maximum=2_000)
        assert found.enough_at is not None
        assert found.enough_at > 200
        assert len(found.values) == found.enough_at + 5 * found.enough_at // 100

    def test_a_mean_of_zero_is_no_obstacle(self):
        values = np.random.default_rng(6).normal(size=1_000)
        found = until_half_width(from_list(values - values.mean()), 0.25)
        assert found.reached

    def test_gives_up_at_the_maximum_and_says_so(self):
        values = np.random.default_rng(7).normal(size=50)
        found = until_half_width(from_list(values), 0.01, maximum=50)
        assert not found.reached
        assert len(found.values) == 50
        assert str(found).startswith("the target 0.01 was not held within 50 replications")

    def test_a_target_reached_too_late_to_look_ahead_is_not_held(self):
        values = [1.0, -1.0] * 20
        whole = until_half_width(from_list(values), 0.5, look_ahead=5, minimum=4, maximum=40)
        assert whole.enough_at is not None
        short = until_half_width(from_list(values), 0.5, look_ahead=5, minimum=4, maximum=whole.enough_at + 4)
        assert not short.reached

    def test_missing_values_are_counted_and_do_not_count_as_values(self):
        values = [math.nan, *[1.0, -1.0] * 50]
        plain = until_half_width(from_list(values[1:]), 0.5, minimum=4, look_ahead=3)
        found = until_half_width(from_list(values), 0.5, minimum=4, look_ahead=3)
        assert found.missing == 1
        assert plain.enough_at is not None
        assert found.enough_at == plain.enough_at + 1
        assert found.half_widths[-1] == pytest.approx(plain.half_widths[-1])
        assert str(found).endswith("; 1 missing")

    def test_nothing_but_missing_values_ends_at_the_maximum(self):
        found = until_half_width(lambda _: math.nan, 1.0, maximum=12)
        assert not found.reached
        assert found.missing == 12
        assert "fewer than two gave a value" in str(found)

    def test_a_constant_response_is_reported_as_such(self):
        found = until_half_width(lambda _: 3.0, 1.0)
        assert found.enough_at == 10
        assert "a spread was not seen" in str(found)

    @settings(derandomize=True, deadline=None, max_examples=30)
    @given(st.lists(st.floats(-1e9, 1e9), min_size=12, max_size=40))
    def test_running_half_width_is_the_one_of_the_whole_sample(self, values):
        found = until_half_width(from_list(values), 1e-9, maximum=len(values))
        n = len(found.values)
        expected = stats.t.ppf(0.975, n - 1) * np.std(found.values, ddof=1) / math.sqrt(n)
        assert found.half_widths[-1] == pytest.approx(expected, rel=1e-6, abs=1e-6)

    @pytest.mark.parametrize(
        ("arguments", "part"),
        [
            ({"target": 0.0}, "target"),
            ({"look_ahead": -1}, "look_ahead"),
            ({"minimum": 1}, "one value shows no spread"),
            ({"minimum": 20, "maximum": 10}, "at least the minimum of 20"),
            ({"confidence": 95}, "confidence"),
        ],
    )
    def test_refusals(self, arguments, part):
        with pytest.raises(InputError, match=part):
            until_half_width(lambda _: 1.0, **{"target": 1.0, **arguments})

    def test_refuses_an_infinite_response_by_its_replication(self):
        with pytest.raises(InputError, match="replication 3"):
            until_half_width(lambda r: math.inf if r == 3 else float(r), 1.0)
