"""Counts against the run with events: the same means, and the same spread, over a grid of touches a person.

Both runs draw the same prices and budgets, so differences of pairs are taken; clicks, people and orders are drawn
apart. The tolerance is the one that is promised: a hundredth of the mean or a tenth of the standard deviation, the
larger; on top of it comes what chance leaves open in so many pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from count_worlds import alike, both, grid

from benchmarks.scenarios import SMALL_PIXEL, ending_of, small
from pixelsim.counts import Exactness, count
from pixelsim.counts.copies import HOPS
from pixelsim.counts.exactness import of_attribution, of_copies
from pixelsim.scenario import scenario
from pixelsim.scenario.capture import EVENT_NAMES, Capture, Junk, PageWeight, ServerLeg


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


VISITOR = {"id_from": "visitor"}
REPEATS: dict[str, dict[str, Any]] = {
    "an id for each visitor": {"capture": VISITOR},
    "and a server, and several pages": {
        "capture": {**VISITOR, "navigations": 1.0, "server": {"delay_seconds": 20.0, "lost": 0.05}}
    },
    "no ids, ten minutes": {
        "capture": {"browser_event_id": False, "navigations": 1.0},
        "measurement": {"repeat_seconds": 600.0},
    },
    "no ids, a day": {"capture": {"browser_event_id": False}, "measurement": {"repeat_seconds": 86_400.0}},
}


@pytest.mark.parametrize("how", REPEATS)
def test_repeats_where_they_are_most(how: str) -> None:
    """What de-duplication drops of different sessions, and what that does to credit."""
    alike(grid(2.0, **REPEATS[how]), runs=3)


def test_repeats_of_every_sort_conserve_copies() -> None:
    """Several loads, junk, previews, pages that send views again, people who cannot be matched, a server of its own."""
    junk = Junk(bots=0.1, preview_sessions=20.0, foreign_sessions=20.0)
    made = Capture(
        id_from="visitor",
        server=ServerLeg(lost=0.1),
        loads={SMALL_PIXEL: 2},
        navigations=1.5,
        resends_previous=True,
        junk=junk,
        untrackable_people=0.3,
        other_checkout=0.2,
    )
    run = count(grid(2.0, capture=made.model_dump(mode="json"), steps=ending_of("agency", stop=9.3, unshare=6.4)), 5)
    for hops in (run.copies, run.previews):
        told = dict(zip(HOPS, np.moveaxis(hops, -1, 0), strict=True))
        assert np.array_equal(told["received"], told["kept"] + told["merged"] + told["dropped"])
        assert hops.min() >= 0
    credited = sum(credit.credited.sum(axis=(1, 2)) for credit in run.credit.values())
    assert np.all(credited <= run.copies[0, ..., HOPS.index("kept")].sum(axis=0))
    assert of_copies(run, 0) is Exactness.OUTSIDE


@pytest.mark.parametrize(
    ("touches", "parts", "copies", "credit"),
    [
        (2.0, {}, Exactness.EXACT, Exactness.APPROXIMATE),
        (3.0, {}, Exactness.EXACT, Exactness.OUTSIDE),
        (2.0, {"capture": VISITOR}, Exactness.APPROXIMATE, Exactness.APPROXIMATE),
        (3.0, {"capture": VISITOR}, Exactness.OUTSIDE, Exactness.OUTSIDE),
        (0.2, {"capture": VISITOR, "own_pixel": True}, Exactness.APPROXIMATE, Exactness.OUTSIDE),
        (2.0, {"capture": {"server": {"event_id": "missing"}}}, Exactness.OUTSIDE, Exactness.OUTSIDE),
        (0.002, {"capture": {"server": {"event_id": "missing"}}}, Exactness.APPROXIMATE, Exactness.APPROXIMATE),
    ],
)
def test_what_is_outside_of_the_grid_is_marked(
    touches: float, parts: dict[str, Any], copies: Exactness, credit: Exactness
) -> None:
    """Page views count once for each touch here, purchases always; the figures are in docs/counts.md."""
    run = count(grid(touches, **parts), 11)
    assert of_copies(run, 0) is copies
    for name in ("PageView", "Purchase"):
        assert of_attribution(run, 0, EVENT_NAMES.index(name)) is credit


@pytest.mark.slow
@pytest.mark.parametrize("how", REPEATS)
@pytest.mark.parametrize("touches", [0.02, 0.2, 2.0])
def test_means_and_spreads_of_repeats_over_the_grid(touches: float, how: str) -> None:
    alike(grid(touches, **REPEATS[how]), runs=250, spread=True)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["pixel", "account"])
@pytest.mark.parametrize("touches", [0.02, 0.2, 2.0])
def test_means_and_spreads_over_the_grid(touches: float, scope: str) -> None:
    alike(grid(touches, measurement={"scope": scope}), runs=250, spread=True)
