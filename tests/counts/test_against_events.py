"""Counts against the run with events: the same means, and the same spread, over a grid of touches a person.

Both runs draw the same prices and budgets, so differences of pairs are taken; clicks, people and orders are drawn
apart. The tolerance is the one that is promised: a hundredth of the mean or a tenth of the standard deviation, the
larger; on top of it comes what chance leaves open in so many pairs.
"""

from __future__ import annotations

import numpy as np
import pytest
from count_worlds import both, grid

from benchmarks.scenarios import ending_of, small
from pixelsim.counts import Exactness, count
from pixelsim.counts.exactness import of_attribution
from pixelsim.scenario import Scenario, scenario
from pixelsim.scenario.capture import EVENT_NAMES, Capture, Junk, PageWeight, ServerLeg

SIGMAS = 4.0
DRAWN_ALIKE = ("impressions", "spend", "orphaned spend")
"""What both details take from the same streams."""


def alike(given: Scenario, runs: int, *, spread: bool = False) -> dict[str, float]:
    """Demand that means, and spreads where asked for, agree; give how far means are apart, in shares."""
    apart = {}
    for key, (events, counts) in both(given, runs).items():
        difference = counts - events
        # So few pairs can look alike by luck: what is drawn apart scatters as two Poisson numbers do, at least.
        by_luck = 0.0 if key.startswith(DRAWN_ALIKE) else np.sqrt(events.mean() + counts.mean())
        sigma = max(difference.std(ddof=1), by_luck) / np.sqrt(runs)
        tolerance = max(0.01 * events.mean(), 0.1 * events.std(ddof=1))
        assert abs(difference.mean()) <= tolerance + SIGMAS * sigma, (key, events.mean(), counts.mean(), sigma)
        apart[key] = difference.mean() / max(events.mean(), 1)
        if spread and events.std() > 0 and events.mean() > 5:
            # The logarithm of a standard deviation scatters by 1 / sqrt(2 n) in each of the two.
            ratio = np.log(counts.std(ddof=1) / events.std(ddof=1))
            assert abs(ratio) <= np.log(1.1) + SIGMAS / np.sqrt(runs), (key, events.std(), counts.std())
    return apart


@pytest.mark.parametrize("scope", ["pixel", "account"])
@pytest.mark.parametrize("touches", [0.02, 0.2, 2.0])
def test_attribution_over_the_grid(touches: float, scope: str) -> None:
    alike(grid(touches, measurement={"scope": scope}), runs=4)


def test_money_is_the_same_to_the_cent() -> None:
    for key, (events, counts) in both(scenario("agency"), runs=2).items():
        if "spend" in key and "launch" not in key:
            assert events.tolist() == counts.tolist(), key


def test_views_servers_junk_weight_and_an_ending() -> None:
    """Everything at once: three kinds of touch, both legs, bots, navigations, load time, and access that ends."""
    server = ServerLeg(lost=0.1, delay_seconds=200.0)
    junk = Junk(bots=0.1, preview_sessions=10.0, foreign_sessions=10.0)
    weight = PageWeight(lost_per_second=0.5)
    made = Capture(server=server, navigations=1.5, resends_previous=True, junk=junk, weight=weight, other_checkout=0.2)
    given = small(
        days=10,
        site={"organic_sessions": 400.0, "people": 20_000},
        capture=made.model_dump(mode="json"),
        delivery={"daily_budget": 30.0, "bots": 0.1},
        steps=ending_of("agency", stop=7.3, unshare=4.4),
        policy="continue",
    )
    alike(given, runs=4)


@pytest.mark.parametrize(
    ("touches", "scope", "once"),
    [(0.2, "account", False), (1.0, "account", True), (1.0, "pixel", False), (2.0, "pixel", True)],
)
def test_what_the_grid_showed_to_be_off_is_marked(touches: float, scope: str, once: bool) -> None:
    """Page views count once for each touch here, purchases always; the figures are in docs/counts.md."""
    run = count(grid(touches, measurement={"scope": scope}), 11)
    of_views, of_purchases = (of_attribution(run, 0, EVENT_NAMES.index(name)) for name in ("PageView", "Purchase"))
    assert of_views is (Exactness.OUTSIDE if once else Exactness.APPROXIMATE)
    assert of_purchases is Exactness.APPROXIMATE


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["pixel", "account"])
@pytest.mark.parametrize("touches", [0.02, 0.2, 2.0])
def test_means_and_spreads_over_the_grid(touches: float, scope: str) -> None:
    alike(grid(touches, measurement={"scope": scope}), runs=250, spread=True)
