from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pixelsim.base.errors import InputError
from pixelsim.study.paired import Direction, PairedDifference, Verdict, adjusted_p_values, correct, paired

# Ten average delays from Law, Simulation Modeling and Analysis, 4.5: mean 1.34, s2 = 0.17, 90 % interval 1.34 +- 0.24.
LAW = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09]

# Hours of extra sleep under two drugs, Student 1908: mean difference 1.58, t = 4.0621, p = 0.002833.
FIRST_DRUG = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND_DRUG = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3))
exact = settings(derandomize=True, deadline=None, max_examples=60)


def difference(mean: float, deviation: float, n: int, **changes: object) -> PairedDifference:
    """A difference with given mean and spread: two values on each side of the mean, repeated."""
    half = n // 2
    step = deviation * math.sqrt((n - 1) / n)
    values = np.array([mean - step] * half + [mean + step] * half)
    return paired(np.zeros(n), values, **changes)  # type: ignore[arg-type]


class TestPaired:
    def test_students_sleep(self):
        found = paired(FIRST_DRUG, SECOND_DRUG, unit="h")
        assert round(found.mean, 2) == 1.58
        assert round(found.p_value, 6) == 0.002833
        assert found.verdict is Verdict.BETTER
        assert found.sentence == "Better: mean difference +1.580 h (95 % interval +0.7001 to +2.460, 10 pairs)."

    def test_agrees_with_scipy(self):
        found = paired(FIRST_DRUG, SECOND_DRUG, confidence=0.9)
        reference = stats.ttest_rel(SECOND_DRUG, FIRST_DRUG)
        interval = reference.confidence_interval(0.9)
        assert found.p_value == pytest.approx(reference.pvalue)
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
        assert found.correlation == pytest.approx(stats.pearsonr(FIRST_DRUG, SECOND_DRUG).statistic)

    def test_variance_ratio_follows_from_the_correlation(self):
        # var(b - a) = var(a) + var(b) - 2 r sd(a) sd(b)
        found = paired(FIRST_DRUG, SECOND_DRUG)
        sd_a, sd_b = np.std(FIRST_DRUG, ddof=1), np.std(SECOND_DRUG, ddof=1)
        expected = 1 - 2 * found.correlation * sd_a * sd_b / (sd_a**2 + sd_b**2)
        assert found.variance_ratio == pytest.approx(expected)

    def test_a_pair_with_a_gap_is_left_out_and_reported(self):
        found = paired([1.0, np.nan, 3.0, 4.0], [2.0, 2.0, 5.0, np.nan])
        assert (found.n, found.missing, found.mean) == (2, 2, 1.5)
        assert found.sentence.endswith("2 of 4 pairs are left out for a missing value.")

    def test_one_pair_decides_nothing(self):
        found = paired([1.0], [5.0], smallest_that_matters=1)
        assert found.verdict is Verdict.UNDECIDED
        assert found.more_pairs is None
        assert found.sentence == "Undecided: 1 pair gives no interval; run at least 2."

    def test_no_pair_decides_nothing(self):
        found = paired([np.nan], [5.0])
        assert math.isnan(found.mean)
        assert found.sentence.startswith("Undecided: there is no pair")

    def test_equal_in_every_pair(self):
        found = paired(LAW, LAW)
        assert (found.mean, found.half_width, found.p_value) == (0, 0, 1)
        assert found.variance_ratio == 0
        assert found.verdict is Verdict.NO_DIFFERENCE_SHOWN
        assert "equal in every pair" in found.sentence

    def test_the_order_of_a_sum_is_no_difference(self):
        found = paired([0.3] * 5, [0.1 + 0.2] * 5)
        assert found.verdict is Verdict.NO_DIFFERENCE_SHOWN

    def test_the_same_shift_in_every_pair_is_certain(self):
        found = paired([1.0, 2.0, 3.0], [2.5, 3.5, 4.5], direction="lower")
        assert (found.mean, found.half_width, found.p_value) == (1.5, 0, 0)
        assert found.correlation == pytest.approx(1)
        assert found.verdict is Verdict.WORSE
        assert found.sentence.endswith("; the same difference in every pair.")

    def test_sides_that_do_not_vary_have_no_correlation(self):
        found = paired([1.0, 1.0, 1.0], [2.0, 2.0, 2.0])
        assert math.isnan(found.correlation)
        assert math.isnan(found.variance_ratio)

    @pytest.mark.parametrize(
        ("arguments", "part"),
        [
            ({"variant": [1.0, 2.0]}, "as long as the baseline's 3"),
            ({"direction": "up"}, "one of higher, lower, neither"),
            ({"smallest_that_matters": 0}, "above 0"),
            ({"smallest_that_matters": math.nan}, "above 0"),
            ({"confidence": 95}, r"write 0\.95"),
            ({"baseline": [1.0, 2.0, np.inf]}, "infinite at position 2"),
        ],
    )
    def test_refusals(self, arguments, part):
        with pytest.raises(InputError, match=part):
            paired(**{"baseline": [1.0, 2.0, 3.0], "variant": [1.0, 2.0, 4.0], **arguments})

    @exact
    @given(st.lists(st.tuples(finite, finite), min_size=2, max_size=25))
    def test_swapping_the_sides_turns_the_answer_round(self, pairs):
        a, b = zip(*pairs, strict=True)
        there, back = paired(a, b), paired(b, a)
        assert back.mean == pytest.approx(-there.mean)
        assert back.half_width == pytest.approx(there.half_width)
        opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
        assert back.verdict is opposite.get(there.verdict, there.verdict)

    @exact
    @given(st.lists(st.tuples(finite, finite), min_size=2, max_size=25))
    def test_a_gap_is_the_same_as_leaving_the_pair_out(self, pairs):
        a, b = (list(side) for side in zip(*pairs, strict=True))
        assert paired([*a, 1.0], [*b, np.nan]).row() == pytest.approx(
            {**paired(a, b).row(), "missing": 1, "sentence": paired([*a, 1.0], [*b, np.nan]).sentence}, nan_ok=True
        )


class TestVerdict:
    """Intervals are mean +- t(n - 1) s / sqrt(n); at n = 100 and s = 1 the half-width is 0.1984."""

    @pytest.mark.parametrize(
        ("mean", "margin", "expected"),
        [
            (0.10, None, Verdict.NO_DIFFERENCE_SHOWN),
            (0.30, None, Verdict.BETTER),
            (-0.30, None, Verdict.WORSE),
            (0.10, 0.25, Verdict.UNDECIDED),
            (0.10, 0.31, Verdict.EQUIVALENT),
            (0.30, 0.25, Verdict.BETTER),
            (0.30, 0.60, Verdict.EQUIVALENT),
            (-0.30, 0.25, Verdict.WORSE),
            (0.00, 0.15, Verdict.UNDECIDED),
        ],
    )
    def test_by_where_the_interval_lies(self, mean, margin, expected):
        assert difference(mean, 1.0, 100, smallest_that_matters=margin).verdict is expected

    def test_direction_turns_better_into_worse(self):
        assert difference(0.3, 1.0, 100, direction="lower").verdict is Verdict.WORSE
        assert difference(-0.3, 1.0, 100, direction=Direction.LOWER).verdict is Verdict.BETTER

    def test_a_response_without_a_good_way_is_only_different(self):
        assert difference(-0.3, 1.0, 100, direction="neither").verdict is Verdict.DIFFERENT

    @pytest.mark.parametrize(("mean", "word"), [(0.3, "not shown"), (0.5, "shown")])
    def test_says_whether_it_is_shown_to_matter(self, mean, word):
        text = difference(mean, 1.0, 100, smallest_that_matters=0.25, unit="USD").sentence
        assert text.endswith(f"; {word} to reach the 0.25 USD that matter.")

    def test_no_difference_shown_says_that_the_interval_contains_zero(self):
        assert "which contains 0" in difference(0.1, 1.0, 100).sentence

    @pytest.mark.parametrize("mean", [0.0, 0.1, -0.19])
    def test_the_pairs_it_asks_for_decide_it_whatever_the_mean(self, mean):
        undecided = difference(mean, 1.0, 100, smallest_that_matters=0.18)
        assert undecided.verdict is Verdict.UNDECIDED
        more = undecided.more_pairs
        assert more is not None
        # The half-width is then at most half the margin, and was not with one pair fewer.
        n = 100 + more
        assert stats.t.ppf(0.975, n - 1) / math.sqrt(n) <= 0.09
        assert stats.t.ppf(0.975, n - 2) / math.sqrt(n - 1) > 0.09
        assert f"about {more:,} more pairs" in undecided.sentence
        for later in np.linspace(-0.5, 0.5, 101):
            settled = difference(float(later), 1.0, n + n % 2, smallest_that_matters=0.18)
            assert settled.verdict is not Verdict.UNDECIDED

    def test_a_decided_comparison_asks_for_no_more(self):
        assert difference(0.3, 1.0, 100, smallest_that_matters=0.1).more_pairs == 0


class TestCorrection:
    def test_holm_by_hand(self):
        # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 = 0.02, 0.03, 0.06, 0.04, made non-decreasing.
        assert adjusted_p_values([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_bonferroni_and_none_by_hand(self):
        assert adjusted_p_values([0.01, 0.4], "bonferroni") == pytest.approx([0.02, 0.8])
        assert adjusted_p_values([0.3, 0.6], "bonferroni") == pytest.approx([0.6, 1.0])
        assert adjusted_p_values([0.01, 0.4], "none") == pytest.approx([0.01, 0.4])

    def test_a_comparison_without_a_test_does_not_count(self):
        found = adjusted_p_values([0.01, np.nan, 0.04], "bonferroni")
        assert found == pytest.approx([0.02, np.nan, 0.08], nan_ok=True)

    @exact
    @given(st.lists(st.floats(0, 1), max_size=12))
    def test_holm_lies_between_none_and_bonferroni_and_keeps_the_order(self, p):
        holm, bonferroni = adjusted_p_values(p, "holm"), adjusted_p_values(p, "bonferroni")
        assert (holm >= np.array(p)).all()
        assert (holm <= bonferroni).all()
        assert (np.diff(holm[np.argsort(p, kind="stable")]) >= 0).all()

    def test_four_outcomes_of_one_question(self):
        # t = mean * 10; two-sided p with 99 degrees of freedom: 0.00032, 0.0144, 0.0356, 0.549.
        alone = {
            name: difference(mean, 1.0, 100)
            for name, mean in [("spend", 0.373), ("orders", 0.249), ("audience", 0.213), ("weight", 0.06)]
        }
        verdicts = {
            rule: [d.verdict is Verdict.BETTER for d in correct(alone, rule).values()]  # type: ignore[arg-type]
            for rule in ("none", "holm", "bonferroni")
        }
        # Thresholds: none 0.05 each; Bonferroni 0.0125 each; Holm 0.0125, 0.0167, 0.025 in this order.
        assert verdicts["none"] == [True, True, True, False]
        assert verdicts["holm"] == [True, True, False, False]
        assert verdicts["bonferroni"] == [True, False, False, False]

    def test_bonferroni_intervals_are_scipys_at_the_stricter_level(self):
        found = correct({"a": paired(FIRST_DRUG, SECOND_DRUG), "b": paired(LAW, LAW[::-1])}, "bonferroni")
        interval = stats.ttest_rel(SECOND_DRUG, FIRST_DRUG).confidence_interval(0.975)
        assert (found["a"].low, found["a"].high) == pytest.approx((interval.low, interval.high))
        assert "97.5 % interval" in found["a"].sentence
        assert "bonferroni over 2" in found["a"].sentence

    @exact
    @given(st.lists(st.tuples(st.floats(-0.6, 0.6), st.floats(0.2, 2)), min_size=1, max_size=8))
    def test_verdict_interval_and_p_value_never_contradict(self, cases):
        alone = {i: difference(mean, deviation, 50) for i, (mean, deviation) in enumerate(cases)}
        for rule in ("holm", "bonferroni", "none"):
            for d in correct(alone, rule).values():  # type: ignore[arg-type]
                if abs(d.p_value - 0.05) > 1e-9:
                    assert (d.verdict is Verdict.NO_DIFFERENCE_SHOWN) == (d.p_value > 0.05)

    def test_an_empty_family_stays_empty(self):
        assert correct({}) == {}

    def test_refuses_a_second_correction(self):
        once = correct({"a": difference(0.3, 1.0, 100), "b": difference(0.1, 1.0, 100)})
        with pytest.raises(InputError, match="correct the original comparisons once"):
            correct(once)

    def test_refuses_an_unknown_correction(self):
        with pytest.raises(InputError, match="one of holm, bonferroni, none"):
            correct({"a": difference(0.3, 1.0, 100)}, "sidak")  # type: ignore[arg-type]
