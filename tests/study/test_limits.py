from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from study_scenarios import cancelled

from pixelsim.base.errors import InputError, PixelsimError, UnknownNameError
from pixelsim.study import run, threshold

ORPHANED = "orphaned spend, acc_agency"
LEVELS = [3.5, 4.0, 4.5]


@pytest.fixture(scope="module")
def spends():
    return np.array(
        [run(cancelled(4.0), replication=k).response("orphaned spend", object="acc_agency") for k in range(3)]
    )


class TestThreshold:
    def test_the_latest_day_to_cancel_the_forgotten_campaign(self, scenario, spends):
        """Nothing is spent before day 3; the mean at day 4 is known, and between two levels it is a straight line."""
        found = threshold(scenario, cancelled, ORPHANED, spends.mean(), LEVELS, replications=3)
        assert found.found.level == pytest.approx(4.0)
        assert found.found.rising is True
        assert found.values[1] == pytest.approx(spends)
        table = found.frame()
        assert table["mean"].is_monotonic_increasing
        assert table["keeps"].tolist() == ["yes", "not shown", "no"]
        assert found.kept_at == (3.5,)
        limit = f"{spends.mean():.2f} USD"
        assert found.sentence.startswith(
            f"{ORPHANED} stays below {limit} up to level 4.000 of cancelled (95 % interval"
        )

    def test_by_a_path_on_the_same_random_numbers(self, scenario):
        """Spend follows the budget in proportion, replication by replication: the limit is met where it is halved."""
        path = "traffic.delivery[launch_1].daily_budget"
        found = threshold(scenario, path, ORPHANED, 100.0, [40.0, 80.0, 120.0], replications=3)
        assert found.values[0] * 2 == pytest.approx(found.values[1], rel=0.01)
        assert found.factor == path
        assert found.found.level == pytest.approx(80.0 * 100.0 / found.values[1].mean(), rel=0.02)
        above = dataclasses.replace(found, keep="above")
        assert "stays above 100.0 USD from level" in above.sentence
        assert above.kept_at == tuple(level for level in found.levels if level not in found.kept_at)

    def test_no_crossing(self, scenario):
        found = threshold(scenario, cancelled, ORPHANED, 1e6, LEVELS, replications=2, name="day of cancelling")
        assert found.found.crossings == ()
        assert str(found).startswith(
            f"{ORPHANED} stays below 1,000,000 USD at every level of day of cancelling from 3.5"
        )

    def test_the_faults_of_all_levels_come_at_once(self, scenario):
        with pytest.raises(InputError) as error:
            threshold(scenario, "days", ORPHANED, 1.0, [1, 2, 6])
        assert {fault.place.split(",")[0] for fault in error.value.faults} == {"level 1", "level 2"}

    @pytest.mark.parametrize(
        ("arguments", "error", "part"),
        [
            ({"outcome": "orphaned spend"}, InputError, "one response, not 3"),
            ({"outcome": "orphan"}, UnknownNameError, "does not exist"),
            ({"keep": "near"}, InputError, "below or above"),
            ({"replications": 1}, InputError, "at least two"),
            ({"levels": [4.0, 3.5]}, InputError, "strictly increasing"),
            ({"factor": "traffic.deliveries"}, UnknownNameError, "scenario path"),
        ],
    )
    def test_refusals(self, scenario, arguments, error, part):
        asked = {"factor": cancelled, "outcome": ORPHANED, "limit": 1.0, "levels": LEVELS, "replications": 2}
        with pytest.raises(error, match=part):
            threshold(scenario, **{**asked, **arguments})

    def test_failures_are_missing_and_a_level_that_always_fails_is_an_error(self, scenario, failing):
        level = cancelled(4.0)
        failing(lambda one, replication: one == level and replication == 1)
        found = threshold(scenario, cancelled, ORPHANED, 1.0, LEVELS, replications=3)
        assert found.frame()["missing"].tolist() == [0, 1, 0]
        failing(lambda one, _: one == level)
        with pytest.raises(PixelsimError, match="every replication failed"):
            threshold(scenario, cancelled, ORPHANED, 1.0, LEVELS, replications=2)
