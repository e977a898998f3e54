"""The oracle with everything that traffic can have beside the plain shop: weeks, products, markets, returns, edits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreeing import agree

from benchmarks.scenarios import ending_of, small
from pixelsim.scenario.plan import PlannedAction
from pixelsim.sharing.actions import EditAdGroup
from pixelsim.traffic.learning import Phase

WEEK = [float((hour * 7) % 11) for hour in range(168)]
"""Every day of another shape and weight, some hours without anything."""
NO_SUNDAY = [*([1.0] * 18 + [4.0] * 6) * 6, *[0.0] * 24]
PRODUCTS = [
    {"name": "shirt", "share": 0.7, "value": {"median": 20.0, "sigma": 0.3}, "refund_share": 0.5},
    {"name": "coat", "share": 0.2, "value": {"median": 150.0, "sigma": 0.5}},
    {"name": "gift card", "share": 0.1, "value": {"median": 25.0, "sigma": 0.0}, "refund_share": 0.0},
]
MARKETS = [
    {"name": "Japan", "share": 0.5, "utc_offset": "+09:00", "hours_of_week": WEEK, "order_rate": 0.3},
    {"name": "Brazil", "share": 0.3, "utc_offset": "-03:00", "weekdays": [1.0, 2.0, 3.0, 1.0, 1.0, 0.0, 0.0]},
    {"name": "Iran", "share": 0.2, "utc_offset": "+03:30"},
]
BOTS = {"junk": {"bots": 0.3, "preview_sessions": 10.0, "foreign_sessions": 10.0}}
FEATURES: dict[str, dict[str, Any]] = {
    "a shape of the week": {
        "site": {"hours_of_week": WEEK, "utc_offset": "+05:30"},
        "delivery": {"hours_of_week": NO_SUNDAY},
        "offsets": {"brand": "-08:00", "agency": "+09:30"},
        "days": 9,
    },
    "products and refunds": {"site": {"products": PRODUCTS, "refund_share": 0.2, "refund_days": 3.0}},
    "refunds without products": {"site": {"refund_share": 0.4}},
    "markets": {"site": {"markets": MARKETS, "daily_growth": 0.05}, "capture": BOTS, "delivery": {"bots": 0.2}},
    "people who come back": {"site": {"return_share": 0.6, "return_days": 0.8}, "capture": BOTS},
    "people who come back at once": {"site": {"return_share": 1.0, "return_days": 0.01}},
}


@pytest.mark.parametrize("name", FEATURES)
def test_features_one_by_one(name: str) -> None:
    agree(small(**FEATURES[name]))


def edit(day: float, group: str = "agency", **fields: Any) -> PlannedAction:
    action = EditAdGroup(actor=f"{group}_admin", ad_group=f"{group}_group", **fields)
    return PlannedAction(day=day, action=action, why="it has to change")


def test_edits_of_the_budget_in_the_midst_of_days() -> None:
    steps = (edit(1.3, budget_factor=2.0), edit(1.8, budget_factor=0.1), edit(4.0, budget_factor=3.0))
    found = agree(small(steps=steps, delivery={"budget_envelope": 6.0}, offsets={"agency": "+09:30"}))
    group = found.numbering.ad_groups.index("agency_group")
    factors = {part.at: part for part in found.shown if part.ad_group == group}
    assert len({at for at in factors if at % 86_400_000 == round(0.3 * 86_400_000)}) >= 1, "a part begins at the edit"


def test_edits_that_restart_learning() -> None:
    steps = (edit(4.4, creatives=True), edit(7.0, "brand", targeting="age"), edit(7.5, "second", budget_factor=0.9))
    rules = {"learned_at_start": False, "calm_conversions": 4, "stable_conversions": 12, "stable_days": 4}
    given = small(days=12, steps=steps, traffic={"learning": {**rules, "shared_history": 0.3}})
    found = agree(given)
    agency, brand = (found.numbering.ad_groups.index(f"{owner}_group") for owner in ("agency", "brand"))
    assert found.phases[3, agency] != Phase.LEARNING, "the fourth day has ended otherwise than it began"
    assert found.phases[4, agency] == Phase.LEARNING
    assert found.phases[7, brand] == Phase.LEARNING, "an edit at midnight acts at the end of the day that begins"


def everything(**more: Any) -> dict[str, Any]:
    site = {
        "markets": MARKETS,
        "products": PRODUCTS,
        "refund_share": 0.2,
        "return_share": 0.5,
        "return_days": 1.5,
        "population": "everybody",
        "hours_of_week": NO_SUNDAY,
    }
    return {
        "days": 9,
        "websites": ("shop", "outlet"),
        "site": site,
        "capture": {**BOTS, "server": {}, "navigations": 1.0, "weight": {"lost_per_second": 0.5}},
        "delivery": {"market": "Japan", "hours_of_week": WEEK, "budget_envelope": 1.5, "bots": 0.1},
        "traffic": {"learning": {"learned_at_start": False}},
        "own_pixel": True,
        "start": "2026-01-07T13:37:11+00:00",
        "offsets": {"brand": "-08:00", "agency": "+09:30"},
        "steps": (
            edit(1.3, budget_factor=1.5),
            edit(2.4, "brand", creatives=True),
            *ending_of("agency", stop=None, unshare=3.3),
            edit(5.2, "second", budget_factor=0.5),
        ),
        "policy": "continue",
        **more,
    }


@pytest.mark.parametrize("scope", ["pixel", "account"])
def test_everything_at_once(scope: str) -> None:
    found = agree(small(**everything(measurement={"scope": scope, "count": "once"})))
    kinds = {found.numbering.origins[n].kind for n in np.unique(found.orders.origin).tolist()}
    assert {"organic", "returning", "click", "after click"} <= kinds
    assert set(np.unique(found.orders.product).tolist()) == {0, 1, 2}
    assert set(np.unique(found.orders.market).tolist()) == {0, 1, 2}
    of_ads = found.orders.touch_at >= 0
    assert set(np.unique(found.orders.market[of_ads]).tolist()) == {0}, "the ads reach Japan alone"
    assert 0 < np.count_nonzero(found.orders.refund_at >= 0) < len(found.orders)
