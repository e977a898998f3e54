from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats
from study_scenarios import cancelled, ending, slow_people

from pixelsim.base.errors import InputError, PixelsimError, UnknownNameError
from pixelsim.study import Verdict, compare, paired, replicate, run

ORPHANED = "orphaned spend, acc_agency"


@pytest.fixture(scope="module")
def variants(scenario):
    return scenario, cancelled(4.0), scenario.replace(policy="strict")


@pytest.fixture(scope="module")
def found(variants):
    return compare(*variants, replications=4, seed=5, names=["forgotten", "cancelled", "strict"])


class TestCompare:
    def test_every_replication_is_the_run_alone(self, variants, found):
        for place, one in enumerate(variants):
            alone = run(one, seed=5, replication=2)
            position = found.responses.query("response == 'orphaned spend' and object == 'acc_agency'").index[0]
            assert found.values[2, place, position] == alone.response("orphaned spend", object="acc_agency")

    def test_differences_are_paired_over_the_same_random_numbers(self, variants, found):
        a, b = (replicate(v, 4, seed=5).response("orphaned spend", object="acc_agency") for v in variants[:2])
        interval = stats.ttest_rel(b, a).confidence_interval(found.differences["cancelled", ORPHANED].confidence)
        row = found.summary().query("variant == 'cancelled' and outcome == @ORPHANED").iloc[0]
        assert row["mean_difference"] == pytest.approx((b - a).mean())
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
        assert row["correlation"] == pytest.approx(stats.pearsonr(a, b).statistic)
        assert (row["baseline_mean"], row["variant_mean"]) == pytest.approx((a.mean(), b.mean()))
        assert (row["unit"], row["verdict"], row["baseline"]) == ("USD", "better", "forgotten")

    def test_what_no_variant_touches_is_equal_to_the_last_event(self, found):
        for variant in ("cancelled", "strict"):
            brand = found.differences[variant, "conversions attributed, acc_brand"]
            assert (brand.mean, brand.standard_deviation) == (0, 0)
            assert brand.verdict is Verdict.NO_DIFFERENCE_SHOWN
        assert any("no difference shown" in sentence for sentence in found.sentences())

    def test_all_outcomes_and_variants_are_one_family(self, found):
        size = 2 * len(found.outcomes)
        assert {d.family for d in found.differences.values()} == {f"holm over {size}"}
        assert len(found.summary()) == len(found.sentences()) == size

    def test_sentences_name_variant_baseline_and_outcome(self, found):
        sentence = found.sentences()[list(found.differences).index(("strict", ORPHANED))]
        assert sentence.startswith("strict against forgotten, orphaned spend, acc_agency: better: mean difference -")
        assert str(found) == "\n".join(found.sentences())

    def test_frame_is_raw_and_tidy(self, variants, found):
        frame = found.frame()
        assert len(frame) == found.values.size
        some = frame.query("scenario == 'strict' and response == 'orders'")
        assert list(some["replication"]) == [0, 1, 2, 3]
        assert set(some["scenario_hash"]) == {variants[2].content_hash}
        assert np.array_equal(some["value"], replicate(variants[2], 4, seed=5).response("orders"))

    def test_one_variant_for_a_chart_and_one_scenario_alone(self, variants, found):
        assert found.of() == found.of("cancelled")
        assert set(found.of("strict")) == {label for _, label in found.differences}
        assert (
            found.replications("strict").response("orders").tolist()
            == found.frame().query("scenario == 'strict' and response == 'orders'")["value"].tolist()
        )
        for call in (found.of, found.replications):
            with pytest.raises(InputError, match="choose one"):
                call("other")

    def test_the_result_is_the_same_on_threads(self, variants, found):
        with ThreadPoolExecutor(3) as pool:
            there = compare(*variants, replications=4, seed=5, names=found.names, executor=pool)
        assert there.summary().equals(found.summary())


class TestQuestions:
    def test_outcomes_margin_and_correction(self, scenario):
        found = compare(
            scenario,
            cancelled(4.9),
            replications=3,
            outcomes=[ORPHANED, "orders, all sites"],
            smallest_that_matters={ORPHANED: 60.0},
            correction="none",
        )
        one, other = found.differences.values()
        assert one.smallest_that_matters == 60.0
        assert one.verdict is Verdict.EQUIVALENT
        assert other.smallest_that_matters is None
        assert one.family == "alone"

    def test_names_of_scenarios(self, scenario):
        other = cancelled(4.0).replace(name="other")
        quick = {"replications": 1, "outcomes": ORPHANED}
        assert compare(scenario, other, **quick).names == ("ending", "other")
        assert compare(scenario, scenario, **quick).names == ("baseline", "variant")
        assert compare(scenario, scenario, scenario, **quick).names == ("baseline", "variant 1", "variant 2")
        for names in (["a"], ["a", "a"]):
            with pytest.raises(InputError, match="2 names, each another"):
                compare(scenario, other, names=names)

    def test_one_pair_decides_nothing(self, scenario):
        found = compare(scenario, cancelled(4.0), replications=1, outcomes=ORPHANED)
        assert found.summary()["verdict"].tolist() == ["undecided"]
        assert found.summary()["more_pairs"].isna().all()

    @pytest.mark.parametrize(
        ("arguments", "error", "part"),
        [
            ({"outcomes": "orphan spend"}, UnknownNameError, "orphaned spend"),
            ({"replications": 0}, InputError, "at least 1"),
            ({"confidence": 95}, InputError, r"0\.95"),
            ({"correction": "sidak"}, InputError, "holm, bonferroni, none"),
            ({"smallest_that_matters": 1.0}, InputError, "several units"),
            ({"until_half_width": -1.0, "outcomes": ORPHANED}, InputError, "above 0"),
        ],
    )
    def test_refusals(self, scenario, arguments, error, part):
        with pytest.raises(error, match=part):
            compare(scenario, cancelled(4.0), **{"replications": 2, **arguments})


class TestUntilHalfWidth:
    def test_adds_replications_until_it_holds_through_the_look_ahead(self, scenario):
        other = ending(policy="strict")
        found = compare(
            scenario,
            other,
            replications=3,
            outcomes=["orders seen, all sites", ORPHANED],
            until_half_width={ORPHANED: 5.0},
            look_ahead=2,
            maximum=30,
            correction="none",
        )
        stopping = found.stopping["variant", ORPHANED]
        differences = paired(*found.values[:, :, found.outcomes[1]].T)
        assert stopping.reached
        assert not found.stopped
        assert len(found) == stopping.enough_at + 2
        assert differences.half_width <= 5.0
        # The half-width dips under the target before, and rises above it again: that was too early to stop.
        widths = [paired(*found.values[:n, :, found.outcomes[1]].T).half_width for n in range(3, len(found) + 1)]
        first_dip = next(n for n, width in enumerate(widths, start=3) if width <= 5.0)
        assert stopping.enough_at > first_dip
        assert widths[stopping.enough_at - 4] > 5.0
        assert max(widths[stopping.enough_at - 3 :]) <= 5.0

    def test_gives_up_at_the_maximum_and_says_so(self, scenario):
        found = compare(
            scenario,
            ending(policy="strict"),
            replications=2,
            outcomes=ORPHANED,
            until_half_width=0.001,
            maximum=4,
        )
        assert len(found) == 4
        assert not found.stopping["variant", ORPHANED].reached
        assert "was not held within 4 replications" in str(found.stopping["variant", ORPHANED])

    def test_the_number_does_not_depend_on_the_workers(self, scenario):
        arguments = {"replications": 2, "outcomes": ORPHANED, "until_half_width": 20.0, "look_ahead": 1, "maximum": 6}
        here = compare(scenario, ending(policy="strict"), **arguments)
        with ThreadPoolExecutor(3) as pool:
            there = compare(scenario, ending(policy="strict"), executor=pool, **arguments)
        assert there.frame().equals(here.frame())


class TestGapsAndFailures:
    def test_a_viewer_without_access_on_one_side_leaves_the_pair_out(self, scenario):
        never = scenario.replace(plan={})
        asked = {"viewer": "agency", "surface": "Events Manager", "event": "Purchase", "response": "total events"}
        found = compare(never, slow_people(), replications=4, seed=3, outcomes=asked)
        (one,) = found.differences.values()
        gone = int(np.isnan(found.values[:, 1, found.outcomes[0]]).sum())
        assert 0 < gone < 4
        assert (one.n, one.missing) == (4 - gone, gone)
        assert f"{gone} of 4 pairs are left out" in found.sentences()[0]

    def test_a_failed_side_leaves_the_pair_out(self, scenario, failing):
        other = cancelled(4.0)
        failing(lambda one, replication: replication == 1 and one == other)
        found = compare(scenario, other, replications=3, outcomes=ORPHANED)
        assert [(f.scenario, f.replication) for f in found.failures] == [(other, 1)]
        assert next(iter(found.differences.values())).missing == 1
        assert found.replications("variant").failures == found.failures
        assert found.replications().failures == ()

    def test_a_variant_that_always_fails_is_an_error(self, scenario, failing):
        other = cancelled(4.0)
        failing(lambda one, _: one == other)
        with pytest.raises(PixelsimError, match="every replication failed"):
            compare(scenario, other, replications=2)

    def test_an_interrupt_keeps_the_pairs_that_are_done(self, scenario, failing):
        failing(lambda _, replication: replication == 2, error=KeyboardInterrupt())
        found = compare(scenario, cancelled(4.0), replications=9, outcomes=ORPHANED)
        assert len(found) == 2
        assert found.stopped
        failing(lambda *_: True, error=KeyboardInterrupt())
        with pytest.raises(PixelsimError, match="before the first"):
            compare(scenario, scenario, replications=2)
