"""Scenarios of a few ad groups, and figures of runs with events and in counts under the same names."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenarios import small
from pixelsim.counts import Counts, count
from pixelsim.counts.copies import HOPS
from pixelsim.counts.following import Followed
from pixelsim.scenario import Scenario
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.log import Fate
from pixelsim.traffic.simulate import Simulation, simulate

EVERYBODY = 2_000_000_000
"""So many people that nobody is touched twice in a short run."""
CLICKS_A_DAY = 850
"""About so many clicks a day have the three ad groups of `grid` together."""

FOLLOWED = (
    *(field.name for field in dataclasses.fields(Followed) if field.name not in {"within", "late", "width"}),
    "later",
    "ordered",
    "ordered_once",
)
"""All tables of what followed from touches."""

SIGMAS = 4.0
DRAWN_ALIKE = ("impressions", "spend", "orphaned spend")
"""What both details take from the same streams."""


def grid(touches: float, **parts: Any) -> Scenario:
    """Three ad groups whose clicks in seven days give each person so many touches."""
    people = round(CLICKS_A_DAY * 7 / touches)
    site = {"organic_sessions": 1000.0, "people": people, "order_rate": 0.05}
    delivery = {"daily_budget": 60.0, "cpm_sigma": 0.1, "engaged_view_rate": 0.0, "view_rate": 0.0}
    return small(days=14, site=site, delivery=delivery, **parts)


def of_events(run: Simulation) -> dict[str, float]:
    """Give the totals of a run with events."""
    log, claims, names = run.log, run.claims, run.numbering
    found = {"sessions": run.sessions.sum(), "orders": len(run.orders), "seen": run.orders.seen.sum()}
    for number, name in enumerate(names.ad_groups):
        parts = [part for part in run.shown if part.ad_group == number]
        mine = (claims.ad_group == number) & claims.counted
        found[f"impressions of {name}"] = sum(part.impressions for part in parts)
        found[f"spend of {name}"] = sum(part.spend for part in parts)
        found[f"orphaned spend of {name}"] = sum(part.spend for part in parts if not part.authorised)
        found[f"clicks of {name}"] = sum(part.clicks for part in parts)
        for event in range(5):
            won = (log.ad_group == number) & (log.event == event) & (log.reason == Reason.CREDITED)
            found[f"claims {event} of {name}"] = (mine & (claims.event == event)).sum()
            found[f"credited {event} of {name}"] = won.sum()
    for number, name in enumerate(names.accounts):
        found[f"lost of {name}"] = ((log.refused_account == number) & (log.event == 4)).sum()
    for number, name in enumerate(names.pixels):
        here = log.pixel == number
        fate = np.bincount(log.fate[here], minlength=5)
        found[f"sent at {name}"] = here.sum()
        found[f"received at {name}"] = here.sum() - fate[Fate.LOST]
        found[f"merged at {name}"] = fate[Fate.MERGED]
        found[f"dropped at {name}"] = fate[Fate.DUPLICATE] + fate[Fate.REPEAT]
        for event in range(5):
            found[f"kept {event} at {name}"] = (here & (log.fate == Fate.KEPT) & (log.event == event)).sum()
    return {key: float(value) for key, value in found.items()}


def of_counts(run: Counts) -> dict[str, float]:
    """Give the same totals of a run in counts."""
    names = run.numbering
    found: dict[str, Any] = {"sessions": run.sessions.sum()}
    found["orders"], found["seen"] = run.orders()
    lost = dict.fromkeys(names.accounts, 0)
    for number, paid in run.paid.items():
        name = names.ad_groups[number]
        found[f"impressions of {name}"] = paid.impressions.sum()
        found[f"spend of {name}"] = paid.spend.sum()
        found[f"orphaned spend of {name}"] = paid.spend[~paid.rows.authorised].sum()
        found[f"clicks of {name}"] = paid.clicks.sum()
        # An ad group without a pixel earns nothing.
        credit = run.credit.get(number)
        for event in range(5):
            found[f"claims {event} of {name}"] = credit.claims[event].sum() if credit else 0
            found[f"credited {event} of {name}"] = credit.credited[event].sum() if credit else 0
        lost[names.accounts[names.group_account[number]]] += credit.lost.sum() if credit else 0
    found |= {f"lost of {name}": value for name, value in lost.items()}
    for number, name in enumerate(names.pixels):
        hops = dict(zip(HOPS, (run.copies + run.previews)[number].sum(axis=0).T, strict=True))
        for hop in ("sent", "received", "merged", "dropped"):
            found[f"{hop} at {name}"] = hops[hop].sum()
        for event in range(5):
            found[f"kept {event} at {name}"] = hops["kept"][event]
    return {key: float(value) for key, value in found.items()}


def both(scenario: Scenario, runs: int, seed: int = 11) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Give the totals of replications with events and in counts, each shape (runs,)."""
    events = [of_events(simulate(scenario, seed, number)) for number in range(runs)]
    counts = [of_counts(count(scenario, seed, number)) for number in range(runs)]
    return {key: (np.array([one[key] for one in events]), np.array([one[key] for one in counts])) for key in counts[0]}


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
