"""Runs in counts that go side by side come out as if each ran alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from count_worlds import FOLLOWED

from benchmarks.scenarios import ending_of, small
from pixelsim.base.errors import InputError
from pixelsim.counts import Counts, count, count_together, forget
from pixelsim.scenario.practices import agency_clients
from pixelsim.scenario.scenario import Scenario


def told(counts: Counts) -> list[bytes | float]:
    """Give the bytes of all that a run tells."""
    parts: list[bytes | float] = [counts.copies.tobytes(), counts.phases.tobytes()]
    for number, credit in sorted(counts.credit.items()):
        parts += [number, credit.claims.tobytes(), credit.credited.tobytes(), credit.lost.tobytes()]
    for _, claimed in sorted(counts.contests.items()):
        parts += [claimed.moved.tobytes(), claimed.densest]
    for number, paid in sorted(counts.paid.items()):
        parts += [number, paid.impressions.tobytes(), paid.spend.tobytes()]
        parts += [getattr(paid.followed, name).tobytes() for name in FOLLOWED]
        parts += [getattr(paid.tally, field.name).tobytes() for field in dataclasses.fields(paid.tally)]
    return parts


def varied() -> list[Scenario]:
    """Scenarios of other websites, pixels, rules and dates."""
    ending = ending_of("agency", stop=3, unshare=3.5)
    return [
        small(days=8),
        small(days=8, websites=("shop", "other"), own_pixel=True, offsets={"agency": "+05:30", "second": "-08:00"}),
        small(days=8, steps=ending, measurement={"scope": "account", "in_flight": "until_window_ends"}),
        small(days=8, steps=ending, capture={"server": {}}),
        small(
            days=8,
            capture={"server": {"event_id": "missing"}, "browser_event_id": False},
            measurement={"repeat_seconds": 60},
        ),
        *(small(days=8, delivery={"bots": bots}) for bots in (0.0, 0.2)),
        small(days=8, capture={"page_views": "manual", "navigations": 1.5, "weight": {"lost_per_second": 0.5}}),
        agency_clients(clients=3),
    ]


def test_runs_of_several_scenarios_are_the_same_bytes_together_and_alone() -> None:
    asked = [(scenario, 3, replication) for scenario in varied() for replication in (0, 4)]
    together = count_together(asked)
    for one, found in zip(asked, together, strict=True):
        forget()
        assert (found.scenario, found.seed, found.replication) == one
        assert told(found) == told(count(*one)), one[0].name


def test_order_and_company_change_nothing() -> None:
    scenario = agency_clients(clients=2)
    forth = count_together([(scenario, 1, k) for k in range(4)])
    forget()
    back = count_together([(scenario, 1, k) for k in reversed(range(4))])
    assert [told(one) for one in forth] == [told(one) for one in reversed(back)]


def test_what_is_kept_of_other_designs_on_the_same_luck_changes_nothing() -> None:
    """Some have ad groups, websites, pages or dates in common, and others nothing."""
    scenarios = [*varied(), agency_clients(clients=2), agency_clients(clients=4), *one_after_another()]
    cold = []
    for scenario in scenarios:
        forget()
        cold.append(told(count(scenario, 3, 1)))
    forget()
    for _ in range(2):
        for scenario, alone in zip(scenarios, cold, strict=True):
            assert told(count(scenario, 3, 1)) == alone, scenario.name


def one_after_another() -> Iterator[Scenario]:
    """Give designs of which each differs in one thing from the one before."""
    heavy, landing = {"weight": {"lost_per_second": 0.5}}, {"click_rate": 0.02, "landing_share": 0.5}
    late, early = (ending_of("agency", stop=3, unshare=day) for day in (3.5, 2.5))
    yield small(days=8, capture=heavy)
    yield small(days=8, capture=heavy, steps=late)
    yield small(days=8, capture=heavy, steps=early)
    yield small(days=8, capture=heavy, steps=early, own_pixel=True)
    yield small(days=8, capture=heavy, steps=early, delivery={"click_rate": 0.02})
    yield small(days=8, capture=heavy, delivery=landing)
    yield small(days=8, capture=heavy, delivery=landing, measurement={"count": "every"})
    # From the second on there are rows without anything that follows.
    yield from (small(days=8, delivery={"click_rate": rate, "conversion_rate": rate}) for rate in (1e-7, 0.0))
    yield from (small(days=8, steps=some, delivery={"click_rate": 1e-7}) for some in (late, early))


def test_faults_of_any_run_are_told_before_anything_runs() -> None:
    with pytest.raises(InputError, match="replication"):
        count_together([(small(days=2), 1, 0), (small(days=2), 1, -1)])
