"""Half and twice the organic sessions: what is worked out of one run, against runs with so many."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scenarios import SMALL_PIXEL, small
from pixelsim.measure import organic_sensitivity
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.identity import event_keys_as_text
from pixelsim.traffic.simulate import simulate

SHOP = small(
    days=2,
    site={"return_share": 0.4, "return_days": 0.2},
    capture={"server": {}, "junk": {"preview_sessions": 20.0, "foreign_sessions": 20.0}},
)


def totals(given: Scenario, seeds: range) -> np.ndarray:
    """Count the page views that the pixel shows in total, without preview hosts, in each of several runs."""
    runs = [simulate(given, seed).log for seed in seeds]
    return np.array([np.count_nonzero((log.event == 0) & (log.fate == 0) & (log.visit != 2)) for log in runs])


def test_organic_events_are_those_of_sessions_that_no_ad_led_to() -> None:
    run = simulate(SHOP, 3)
    row = organic_sensitivity(run).set_index("event").loc["PageView"]
    keys = event_keys_as_text(run.log.key, run.numbering)
    mine = (run.log.event == 0) & (run.log.fate == 0)
    assert row["total"] == totals(SHOP, range(3, 4))[0]
    assert row["organic"] == np.count_nonzero(mine & keys.str.startswith(("organic > shop", "returning > shop")))
    assert row["pixel"] == SMALL_PIXEL
    assert (row["halved"], row["doubled"]) == (row["total"] - row["organic"] / 2, row["total"] + row["organic"])


@pytest.mark.parametrize(("factor", "column"), [(0.5, "halved"), (2.0, "doubled")])
def test_they_are_the_means_of_runs_with_half_or_twice_as_many(factor: float, column: str) -> None:
    seeds = range(100, 140)
    told = np.array(
        [organic_sensitivity(simulate(SHOP, seed)).set_index("event").loc["PageView", column] for seed in seeds]
    )
    found = totals(SHOP.vary("traffic.sites[shop].organic_sessions", 60.0 * factor), seeds)
    # The same seeds give the same ads, so that the pairs differ by the luck of organic sessions alone.
    deviation = (told - found).std(ddof=1) / np.sqrt(len(seeds))
    assert abs((told - found).mean()) < 4 * deviation
    assert abs((told - totals(SHOP, seeds)).mean()) > 10 * deviation, "both differ from the run itself"


def test_two_sites_of_one_pixel_have_their_own_parts() -> None:
    run = simulate(small(websites=("shop", "outlet"), days=2), 3)
    table = organic_sensitivity(run)
    views = table[table["event"] == "PageView"].set_index("website")
    assert views["total"].nunique() == 1
    assert 0 < views["organic"].sum() < views["total"].iloc[0]
