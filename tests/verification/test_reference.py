"""The product and the plain SimPy reference, each with random numbers of its own, have the same distributions.

Means and variances of some 45 responses over independent replications are compared by z scores; at a bound of 4 a
family of such scores is passed by chance in fewer than 1 of 100 studies when both are right. The full study
(``pytest -m slow tests/verification/test_reference.py``) takes 400 replications of each scenario.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.reference import reference
from benchmarks.scenarios import ending_of, small
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.actions import EditAdGroup
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.log import Fate
from pixelsim.traffic.simulate import simulate

BOUND = 4.0
COLUMNS = ("event", "pixel", "loss", "fate", "reason", "ad_group")

Counts = Counter[str]


def responses(rows: NDArray[np.int64], scenario: Scenario) -> Counts:
    """Count log rows by what they are; ``rows`` has a column for each of ``COLUMNS``."""
    found: Counts = Counter()
    event, pixel, loss, fate, reason, group = rows.T
    for names, column, which in (
        ([f"sent {name}" for name in EVENT_NAMES], event, slice(None)),
        ([f"pixel {n}" for n in range(len(scenario.structure.pixels))], pixel, slice(None)),
        ([f"loss {x.name}" for x in Loss], loss, slice(None)),
        ([f"fate {x.name}" for x in Fate], fate, slice(None)),
        ([f"reason {x.name}" for x in Reason], reason, reason >= 0),
        ([f"credited {name}" for name in EVENT_NAMES], event, group >= 0),
        ([f"group {n}" for n in range(len(scenario.structure.ad_groups))], group, group >= 0),
    ):
        counts = np.bincount(column[which], minlength=len(names))
        found.update(dict(zip(names, counts.tolist(), strict=True)))
    return found


def of_product(scenario: Scenario, seed: int) -> Counts:
    run = simulate(scenario, seed=seed)
    found = responses(np.stack([getattr(run.log, name).astype(np.int64) for name in COLUMNS], axis=1), scenario)
    for part in run.shown:
        found.update({"impressions": part.impressions, "clicks": part.clicks, "spend": part.spend})
    placed = run.orders.at < scenario.length
    found.update(
        {
            "sessions": int(run.sessions.sum()),
            "orders": int(placed.sum()),
            "orders of touches": int((placed & (run.orders.touch_at >= 0)).sum()),
            "orders seen": int((placed & run.orders.seen).sum()),
            "orders refunded": int(np.count_nonzero(run.orders.refund_at[placed] >= 0)),
            "refunds in time": int(
                np.count_nonzero((run.orders.refund_at[placed] >= 0) & (run.orders.refund_at[placed] < scenario.length))
            ),
            "sum of products": int(run.orders.product[placed].sum()),
            "sum of markets": int(run.orders.market[placed].sum()),
            "sessions of the first market": int(sum(sessions[:1].sum() for sessions in run.market_sessions)),
            "order value": int(np.log(run.orders.value[placed]).sum() * 100),
            "claims": len(run.claims),
            "conversions": int(run.claims.counted.sum()),
        }
    )
    return found


def of_reference(scenario: Scenario, seed: int) -> Counts:
    run = reference(scenario, seed)
    places = [4, 7, 11, 12, 13, 14]
    found = responses(np.array(run.platform.log, dtype=np.int64)[:, places], scenario)
    for flow in run.flows:
        for name in ("impressions", "clicks", "spend"):
            found[name] += sum(getattr(flow, name).values())
    orders = list(run.orders.values())
    found.update(
        {
            "sessions": sum(run.sessions),
            "orders": len(orders),
            "orders of touches": sum(order[1] >= 0 for order in orders),
            "orders seen": sum(order[4] for order in orders),
            "orders refunded": sum(order[7] >= 0 for order in orders),
            "refunds in time": sum(0 <= order[7] < scenario.length for order in orders),
            "sum of products": sum(order[5] for order in orders),
            "sum of markets": sum(order[6] for order in orders),
            "sessions of the first market": sum(sum(sessions[:1]) for sessions in run.market_sessions),
            "order value": int(sum(np.log([order[3] for order in orders])) * 100),
            "claims": len(run.platform.claims),
            "conversions": sum(claim[-1] for claim in run.platform.claims),
        }
    )
    return found


def samples(
    count: Callable[[Scenario, int], Counts], scenario: Scenario, replications: int
) -> dict[str, NDArray[np.float64]]:
    runs = [count(scenario, 1000 + n) for n in range(replications)]
    return {
        name: np.array([run[name] for run in runs], dtype=np.float64) for name in {key for run in runs for key in run}
    }


def z_scores(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Give the z score of the difference of means, and that of the logarithm of the ratio of variances.

    The variance of a logarithm of a sample variance is about (kurtosis - 1) / n, whatever the distribution.
    """
    n = len(one)
    variances = one.var(ddof=1), other.var(ddof=1)
    if variances == (0.0, 0.0):
        return (0.0, 0.0) if one[0] == other[0] else (np.inf, np.inf)
    mean = (one.mean() - other.mean()) / np.sqrt(sum(variances) / n)
    centred = np.concatenate([one - one.mean(), other - other.mean()])
    kurtosis = np.mean(centred**4) / np.mean(centred**2) ** 2
    return float(mean), float(np.log(variances[0] / variances[1]) / np.sqrt(2 * (kurtosis - 1) / n))


CALM = {"cpm_sigma": 0.1}
"""Prices that move less than by default, so that less noise hides a difference."""

SCENARIOS: dict[str, dict[str, Any]] = {
    "one pixel, unshared while ads run on": {
        "steps": ending_of("agency", stop=None, unshare=3.3),
        "policy": "continue",
        "days": 5,
        "delivery": CALM,
    },
    "two pixels, servers, clocks, stopped and unshared": {
        "steps": ending_of("agency", stop=2.6, unshare=3.3),
        "own_pixel": True,
        "websites": ("shop", "outlet"),
        "site": {"population": "everybody", "utc_offset": "-03:30", "organic_sessions": 40.0, "daily_growth": 0.05},
        "offsets": {"brand": "-08:00", "agency": "+09:30"},
        "capture": {"server": {"lost": 0.05, "delay_seconds": 100.0, "delay_sigma": 1.5}},
        "start": "2026-01-07T13:37:11+00:00",
        "days": 5,
        "delivery": CALM,
    },
    "learning, consent, several loads, each account for itself": {
        "days": 5,
        "capture": {"late_consent_people": 0.4, "id_from": "visitor", "navigations": 1.0, "other_checkout": 0.2},
        "measurement": {"scope": "account", "consent": "hold", "dedup_hours": 6.0, "count": "once"},
        "traffic": {"learning": {"learned_at_start": False, "calm_conversions": 4, "stable_conversions": 10}},
    },
    "a week, products, markets, returns, refunds, edits": {
        "days": 4,
        "site": {
            "hours_of_week": [float(hour % 5) for hour in range(168)],
            "return_share": 0.6,
            "return_days": 0.5,
            "refund_share": 0.4,
            "refund_days": 2.0,
            "products": [{"name": "shirt", "share": 0.7}, {"name": "coat", "share": 0.3, "refund_share": 0.1}],
            "markets": [
                {"name": "Japan", "share": 0.6, "utc_offset": "+09:00", "order_rate": 0.3},
                {
                    "name": "Brazil",
                    "share": 0.4,
                    "utc_offset": "-03:00",
                    "weekdays": [1.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0],
                },
            ],
        },
        "capture": {"junk": {"bots": 0.2}},
        "delivery": {**CALM, "market": "Brazil", "budget_envelope": 2.0},
        "steps": (
            PlannedAction(day=1.4, action=EditAdGroup(actor="brand_admin", ad_group="brand_group", budget_factor=2.0)),
            PlannedAction(
                day=2.4, action=EditAdGroup(actor="agency_admin", ad_group="agency_group", budget_factor=0.3)
            ),
        ),
    },
}


def compare(name: str, replications: int) -> None:
    given = small(**SCENARIOS[name])
    product = samples(of_product, given, replications)
    plain = samples(of_reference, given, replications)
    assert set(product) == set(plain)
    scores = {key: z_scores(product[key], plain[key]) for key in sorted(product)}
    assert {key: found for key, found in scores.items() if max(map(abs, found)) > BOUND} == {}
    # Many scores: that none is large could hide a common small shift, which the mean square shows.
    means = np.array([found[0] for found in scores.values() if found[0] != 0])
    assert np.mean(means**2) < 4


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_distributions(name: str) -> None:
    compare(name, 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_same_distributions_at_length(name: str) -> None:
    compare(name, 400)


def test_a_wrong_rate_is_found() -> None:
    """The comparison has power: a rate of 0.25 orders a click is told from one of 0.2."""
    right = small(days=4, delivery={"cpm_sigma": 0.0, "view_rate": 0.0, "engaged_view_rate": 0.0})
    wrong = right
    for n in range(3):
        wrong = wrong.vary(f"traffic.delivery[{n}].conversion_rate", 0.25)
    one, other = samples(of_product, right, 30), samples(of_reference, wrong, 30)
    assert abs(z_scores(one["orders of touches"], other["orders of touches"])[0]) > BOUND


def test_reference_repeats_itself() -> None:
    given = small(days=3)
    assert reference(given, 5).platform.log == reference(given, 5).platform.log
    assert reference(given, 5).platform.log != reference(given, 6).platform.log
