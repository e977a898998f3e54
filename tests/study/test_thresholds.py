from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pixelsim.base.errors import InputError
from pixelsim.study.thresholds import break_even, quantile_interval, rank_costs

# Ten average delays from Law, Simulation Modeling and Analysis, 4.5: mean 1.34, s2 = 0.17, 90 % interval 1.34 +- 0.24.
LAW = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09]

exact = settings(derandomize=True, deadline=None, max_examples=60)


class TestRankCosts:
    def test_ranks_by_expected_cost_and_not_by_chance(self):
        # b is the cheapest in three of four replications, and the dearest on average.
        costs = pd.DataFrame({0: [10, 9, 11], 1: [10, 9, 12], 2: [10, 9, 13], 3: [10, 50, 12]}, index=["a", "b", "c"])
        found = rank_costs(costs, unit="USD")
        assert list(found.index) == ["a", "c", "b"]
        assert list(found["rank"]) == [1, 2, 3]
        assert list(found["expected_cost"]) == [10, 12, 19.25]
        assert list(found["chance_best"]) == [0.25, 0, 0.75]
        assert list(found["behind_best"]) == [0, 2, 9.25]
        assert found.loc["c", "behind_half_width"] == pytest.approx(
            stats.t.ppf(0.975, 3) * np.std([1, 2, 3, 2], ddof=1) / 2
        )

    def test_a_tie_shares_the_chance_and_the_rank(self):
        found = rank_costs(pd.DataFrame([[1.0, 2.0], [1.0, 2.0], [5.0, 5.0]], index=["a", "b", "c"]))
        assert list(found["chance_best"]) == [0.5, 0.5, 0]
        assert list(found["rank"]) == [1, 1, 3]

    def test_a_gap_drops_the_replication_for_every_option(self):
        found = rank_costs(pd.DataFrame([[1.0, 100.0, 3.0], [2.0, np.nan, 4.0]], index=["a", "b"]))
        assert list(found["expected_cost"]) == [2.0, 3.0]
        assert list(found["n"]) == [2, 2]
        assert list(found["missing"]) == [1, 1]

    @pytest.mark.parametrize(
        ("costs", "part"),
        [
            (pd.DataFrame(), "at least one option"),
            (pd.DataFrame([[1.0], [np.nan]], index=["a", "b"]), "b: 1"),
            (pd.DataFrame([[1.0], [2.0]], index=["a", "a"]), "named once"),
            (pd.DataFrame([[1.0, np.inf]], index=["a"]), "infinite at position 1"),
        ],
    )
    def test_refusals(self, costs, part):
        with pytest.raises(InputError, match=part):
            rank_costs(costs)

    @exact
    @given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5))
    def test_chances_sum_to_one(self, costs):
        assert rank_costs(pd.DataFrame(costs))["chance_best"].sum() == pytest.approx(1)


class TestQuantileInterval:
    @pytest.mark.parametrize("probability", [0.05, 0.3, 0.5, 0.95])
    @pytest.mark.parametrize("n", [30, 101, 400])
    def test_agrees_with_scipys_binomial_interval(self, probability, n):
        values = np.random.default_rng(3).normal(size=n)
        found = quantile_interval(values, probability)
        reference = stats.quantile_test(values, q=0.0, p=probability).confidence_interval(0.95)
        expected = [-np.inf if math.isnan(reference.low) else reference.low]
        expected.append(np.inf if math.isnan(reference.high) else reference.high)
        assert [found.low, found.high] == expected

    def test_median_of_ten_by_hand(self):
        # Binomial(10, 1/2): P(B <= 1) = 11/1024 and P(B <= 2) = 56/1024, so the ends are the 2nd and 9th values.
        found = quantile_interval(np.arange(1.0, 11.0), 0.5)
        assert (found.estimate, found.low, found.high) == (5.5, 2.0, 9.0)
        assert found.coverage == pytest.approx(1 - 2 * 11 / 1024)

    def test_too_few_runs_leave_an_end_open(self):
        found = quantile_interval(np.arange(20.0), 0.95)
        assert found.high == math.inf
        assert found.low > 0
        # 0.95 ** n <= 0.025 from n = 72 on.
        assert quantile_interval(np.arange(71.0), 0.95).high == math.inf
        assert quantile_interval(np.arange(72.0), 0.95).high == 71.0

    def test_gaps_and_nothing(self):
        assert quantile_interval([3.0, np.nan], 0.5).missing == 1
        nothing = quantile_interval([], 0.5)
        assert math.isnan(nothing.estimate)
        assert (nothing.low, nothing.high, nothing.n) == (-math.inf, math.inf, 0)

    def test_refuses_a_percentage(self):
        with pytest.raises(InputError, match=r"write 0\.95 for 95 %"):
            quantile_interval(LAW, 95)


class TestBreakEven:
    def test_two_straight_lines_by_hand(self):
        # Means 0, 2, 8 at levels 0, 1, 3; they meet 5 half way between 1 and 3. With a spread of +-d around each mean
        # of two values the half-width is t(0.975, 1) * d.
        outcomes = np.array([[0.0, 0.0], [2.0, 2.0], [8.0, 8.0]]) + np.array([[-0.1, 0.1]] * 3)
        found = break_even([0, 1, 3], outcomes, 5.0)
        assert found.level == pytest.approx(2.0)
        assert found.rising is True
        assert (found.low, found.high) == pytest.approx((2 - 12.7062047 * 0.1 / 3, 2 + 12.7062047 * 0.1 / 3))

    def test_without_spread_the_interval_is_the_level(self):
        found = break_even([0, 10], [[4.0, 4.0], [0.0, 0.0]], 1.0)
        assert (found.low, found.level, found.high) == (7.5, 7.5, 7.5)
        assert found.rising is False

    def test_open_where_the_levels_end(self):
        found = break_even([0, 10], [[-1.0, 1.2], [3.0, 5.0]], 0.0)
        assert found.low == -math.inf
        assert math.isnan(found.level)

    def test_never_met(self):
        found = break_even([0, 1], [[1.0, 1.0], [2.0, 2.0]], 5.0)
        assert math.isnan(found.level)
        assert math.isnan(found.low)
        assert found.crossings == ()
        assert found.rising is None

    def test_several_thresholds_are_all_named(self):
        found = break_even([0, 1, 2], [[0.0, 0.0], [2.0, 2.0], [0.0, 0.0]], 1.0)
        assert found.crossings == (0.5, 1.5)
        assert (found.low, found.high) == (0.5, 1.5)

    def test_a_touch_is_no_passage(self):
        found = break_even([0, 1, 2], [[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]], 0.0)
        assert found.crossings == (1.0,)
        assert found.rising is None

    @exact
    @given(st.floats(0.5, 9.5), st.floats(0.1, 5), st.floats(-50, 50), st.integers(3, 9))
    def test_finds_the_root_of_a_line(self, root, slope, limit, count):
        levels = np.linspace(0, 10, count)
        mean = limit + slope * (levels - root)
        noise = np.random.default_rng(count).normal(size=(1, 6))
        found = break_even(levels, mean[:, None] + noise - noise.mean(), limit)
        assert found.level == pytest.approx(root)
        assert found.low <= found.level <= found.high

    @pytest.mark.parametrize(
        ("levels", "outcomes", "part"),
        [
            ([1], [[1.0, 2.0]], "at least two, strictly increasing"),
            ([1, 1], [[1.0, 2.0], [1.0, 2.0]], "strictly increasing"),
            ([1, 2], [[1.0, 2.0]], "give a row for a level"),
            ([1, 2], [[1.0, np.nan], [1.0, 2.0]], "level 1: outcomes is '1 values'"),
        ],
    )
    def test_refusals(self, levels, outcomes, part):
        with pytest.raises(InputError, match=part):
            break_even(levels, outcomes, 0.0)
