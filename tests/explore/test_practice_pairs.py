from __future__ import annotations

import math

import numpy as np
import pytest

from pixelsim.base.errors import InputError
from pixelsim.counts import Exactness
from pixelsim.explore.practice_pairs import CLAIMS, Claim, claims_of, contrasts, percentages
from pixelsim.measure import claims_measured
from pixelsim.scenario import Scenario
from pixelsim.study import Run, run
from pixelsim.study.paired import Verdict

WEIGHT = Claim("Q4", "load time", "ms", "lower")
REACH = Claim("Q5", "accounts", "accounts", "higher")
WAIT = Claim("Q2", "days", "days", "lower")


def test_a_run_gives_every_measure_of_the_claims_that_are_asked_for(one: Run) -> None:
    (found, trust), table = claims_of(one), claims_measured(one.simulation)
    assert [claim.measure for claim in found] == table["measure"].tolist()
    np.testing.assert_array_equal(list(found.values()), table["value"].to_numpy())
    assert {claim.claim for claim in found} == set(CLAIMS)
    assert trust == {}
    assert {claim.claim for claim in claims_of(one, ("Q3", "Q5"))[0]} == {"Q3", "Q5"}


def test_in_counts_every_measure_says_how_far_it_can_be_trusted(agency: Scenario) -> None:
    found, trust = claims_of(run(agency, seed=7, detail="counts"))
    assert list(found) == list(trust)
    told = {claim.measure: exactness.value for claim, exactness in trust.items()}
    assert told["events sent"] == told["pixels to configure"] == told["sessions lost to load time"] == "exact"
    # Credit between accounts that share people is a closed form.
    assert told["claimed conversions over orders in truth"] == "approximate"
    (one,) = contrasts([{WAIT: 1.0}], [{WAIT: 2.0}], [{WAIT: Exactness.EXACT}, {WAIT: Exactness.OUTSIDE}])
    assert one.exactness == "outside tested range"


def test_differences_are_second_minus_first_run_by_run() -> None:
    first = [{WEIGHT: 300.0, REACH: 1.0}, {WEIGHT: 320.0, REACH: 1.0}, {WEIGHT: 310.0, REACH: 1.0}]
    second = [{WEIGHT: 80.0, REACH: 5.0}, {WEIGHT: 90.0, REACH: 5.0}, {WEIGHT: 100.0, REACH: 5.0}]
    weight, reach = contrasts(first, second)
    assert (weight.first.mean, weight.second.mean) == (310, 90)
    # Differences -220, -230, -210: standard deviation 10; Student's t at 2 degrees of freedom is 4.302653.
    assert weight.difference.mean == -220
    assert weight.first.half_width == pytest.approx(4.302653 * 10 / math.sqrt(3), rel=1e-6)
    assert weight.difference.verdict is Verdict.BETTER
    assert (reach.difference.mean, reach.difference.half_width) == (4, 0)
    assert reach.difference.verdict is Verdict.BETTER
    assert weight.difference.family == reach.difference.family == "holm over 2"


def test_better_follows_the_direction_of_the_measure() -> None:
    heavy, light = [{WEIGHT: 300.0, REACH: 5.0}] * 2, [{WEIGHT: 80.0, REACH: 1.0}] * 2
    assert [c.difference.verdict for c in contrasts(heavy, light)] == [Verdict.BETTER, Verdict.WORSE]
    assert [c.difference.verdict for c in contrasts(light, heavy)] == [Verdict.WORSE, Verdict.BETTER]


def test_what_was_not_measured_is_missing_and_never_zero() -> None:
    (found,) = contrasts([{WAIT: math.nan}, {WAIT: 3.0}], [{WAIT: 2.0}, {WAIT: 1.0}])
    assert (found.first.n, found.first.missing, found.second.n) == (1, 1, 2)
    assert (found.difference.n, found.difference.missing) == (1, 1)
    assert found.difference.verdict is Verdict.UNDECIDED


def test_without_runs_there_is_nothing_to_compare_and_unequal_numbers_of_runs_are_refused() -> None:
    assert contrasts([], []) == []
    with pytest.raises(InputError, match="as long as the baseline's 2"):
        contrasts([{WAIT: 1.0}] * 2, [{WAIT: 1.0}])


def test_shares_are_shown_as_per_cent() -> None:
    assert percentages(Claim("Q4", "sessions lost", "share", "lower")) == (100, "%")
    assert percentages(WEIGHT) == (1, "ms")
