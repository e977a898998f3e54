from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pixelsim.base.errors import InputError
from pixelsim.study.statistics import summarise

# Ten average delays from Law, Simulation Modeling and Analysis, 4.5: mean 1.34, s2 = 0.17, 90 % interval 1.34 +- 0.24.
LAW = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09]

finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3))
exact = settings(derandomize=True, deadline=None, max_examples=60)


class TestSummary:
    def test_textbook_interval(self):
        found = summarise(LAW, confidence=0.90)
        assert round(found.mean, 2) == 1.34
        assert round(found.standard_deviation**2, 2) == 0.17
        assert round(found.half_width, 2) == 0.24

    def test_agrees_with_scipy(self):
        found = summarise(LAW, confidence=0.99)
        low, high = stats.t.interval(0.99, len(LAW) - 1, loc=np.mean(LAW), scale=stats.sem(LAW))
        assert found.mean - found.half_width == pytest.approx(low)
        assert found.mean + found.half_width == pytest.approx(high)

    def test_two_values_use_one_degree_of_freedom(self):
        # t(0.975, 1) is 12.706; dividing by n instead of n - 1 would give 4.303.
        found = summarise([0.0, 2.0])
        assert found.half_width == pytest.approx(12.7062047 * math.sqrt(2) / math.sqrt(2))

    def test_range_of_single_runs_is_not_the_interval_of_the_mean(self):
        found = summarise(np.arange(101.0))
        assert (found.low, found.high) == (5.0, 95.0)
        assert found.half_width == pytest.approx(1.98397 * math.sqrt(101 * 102 / 12) / math.sqrt(101), rel=1e-5)

    @pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, lambda values: pd.Series(values, dtype=object)])
    def test_however_a_row_is_given_it_is_the_same(self, kind):
        given = kind([4.0, np.nan, 6.5])
        assert summarise(given) == summarise([6.5, 4.0, None])
        with pytest.raises(InputError, match="infinite at position 1"):
            summarise(kind([4.0, -np.inf]))

    def test_what_is_masked_is_missing(self):
        found = summarise(np.ma.masked_array([4.0, 1e9, 6.0], mask=[False, True, False]))
        assert (found.mean, found.missing) == (5.0, 1)

    @pytest.mark.parametrize("gap", [np.nan, None, pd.NA])
    def test_missing_is_counted_and_never_zero(self, gap):
        found = summarise(pd.Series([4.0, gap, 6.0], dtype=object))
        assert (found.mean, found.n, found.missing) == (5.0, 2, 1)
        assert str(found).endswith("; 1 missing")

    def test_one_run_has_no_half_width_and_says_so(self):
        found = summarise([7.0], unit="USD")
        assert found.mean == 7.0
        assert math.isnan(found.half_width)
        assert math.isnan(found.low)
        assert str(found) == "7.000 USD from 1 run, which gives no half-width"

    def test_no_run_has_no_mean(self):
        found = summarise([np.nan, np.nan])
        assert (found.n, found.missing) == (0, 2)
        assert math.isnan(found.mean)
        assert str(found) == "no value; 2 missing"

    def test_reads_as_a_sentence(self):
        found = summarise([100_000.0, 100_002.0, 100_004.0], unit="USD")
        assert str(found) == (
            "100,002 ± 4.968 USD (95 % interval of the mean, 3 runs); single runs 5-95 %: 100,000 to 100,004"
        )

    @pytest.mark.parametrize(
        ("values", "part"),
        [([1.0, np.inf], "position 1"), (["a", "b"], "string"), ([[1.0], [2.0]], "number")],
    )
    def test_refuses_what_is_no_number(self, values, part):
        with pytest.raises(InputError, match=part):
            summarise(values)

    @pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, math.nan])
    def test_refuses_a_confidence_that_is_no_probability(self, confidence):
        with pytest.raises(InputError, match=r"write 0\.95 for 95 %"):
            summarise(LAW, confidence)

    @exact
    @given(st.lists(finite, min_size=2, max_size=30), finite, st.floats(0.01, 100))
    def test_moves_and_scales_with_its_values(self, values, shift, scale):
        plain = summarise(values)
        moved = summarise([shift + scale * v for v in values])
        assert moved.mean == pytest.approx(shift + scale * plain.mean, rel=1e-6, abs=1e-3)
        assert moved.half_width == pytest.approx(scale * plain.half_width, rel=1e-6, abs=1e-3)
