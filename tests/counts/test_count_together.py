"""Runs in counts that go side by side come out as if each ran alone."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scenarios import ending_of, small
from pixelsim.base.errors import InputError
from pixelsim.counts import Counts, count, count_together, touching
from pixelsim.counts.cells import Cells
from pixelsim.counts.field import Bins, Field
from pixelsim.counts.touching import Repeats, Touching
from pixelsim.scenario.practices import agency_clients
from pixelsim.scenario.scenario import Scenario

DAY = 86_400_000


def told(counts: Counts) -> list[bytes | float]:
    """Give the bytes of all that a run tells."""
    parts: list[bytes | float] = [counts.copies.tobytes(), counts.phases.tobytes()]
    for number, credit in sorted(counts.credit.items()):
        parts += [number, credit.claims.tobytes(), credit.credited.tobytes(), credit.lost.tobytes()]
    for _, claimed in sorted(counts.contests.items()):
        parts += [claimed.moved.tobytes(), claimed.densest]
    for number, paid in sorted(counts.paid.items()):
        parts += [number, paid.impressions.tobytes(), paid.spend.tobytes(), paid.followed.orders.tobytes()]
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
        agency_clients(clients=3),
    ]


def test_runs_of_several_scenarios_are_the_same_bytes_together_and_alone() -> None:
    asked = [(scenario, 3, replication) for scenario in varied() for replication in (0, 4)]
    together = count_together(asked)
    for one, found in zip(asked, together, strict=True):
        assert (found.scenario, found.seed, found.replication) == one
        assert told(found) == told(count(*one)), one[0].name


def test_order_and_company_change_nothing() -> None:
    scenario = agency_clients(clients=2)
    forth = count_together([(scenario, 1, k) for k in range(4)])
    back = count_together([(scenario, 1, k) for k in reversed(range(4))])
    assert [told(one) for one in forth] == [told(one) for one in reversed(back)]


def test_faults_of_any_run_are_told_before_anything_runs() -> None:
    with pytest.raises(InputError, match="replication"):
        count_together([(small(days=2), 1, 0), (small(days=2), 1, -1)])


def _contests(visits: list[float]) -> tuple[Touching, Repeats]:
    """Contests that differ in the events of their people only."""
    cells = Cells.of(10, small().clock, {0})
    bins = Bins.of(cells, np.empty(0, dtype=np.int64))
    size, number = len(bins), len(visits)
    touches = np.broadcast_to(20.0 + 10 * np.sin(np.arange(size) / 3), (number, 1, 2, size)) * [[[1.0], [0.5]]]
    even = 1 / np.bincount(bins.cell)[bins.cell]
    field = Field(
        bins=bins,
        windows=np.full((1, 2), 7 * DAY, dtype=np.int64),
        people=np.full(number, 1000, dtype=np.int64),
        with_access=touches,
        without=np.zeros_like(touches),
        access=np.ones((2, size), dtype=np.bool_),
        cut=False,
        events=np.broadcast_to(even, (number, size)),
    )
    made = Touching(field, cells)
    older = np.full((1, number, len(cells), made.lags), 0.1)
    events = np.array(visits)[:, np.newaxis] * np.linspace(0.5, 1.5, size)
    return made, Repeats(events[np.newaxis], older, np.ones(2, dtype=np.bool_), {})


@pytest.mark.parametrize("visits", [[0.01, 0.3], [0.3, 60.0], [60.0, 90.0]])
def test_powers_of_any_size_give_the_chances_of_single_pairs(
    visits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty events a person in three hours: cumulated, their powers of e are no numbers any more."""
    made, repeats = _contests(visits)
    found = made.chances([repeats])
    for place, one in enumerate(visits):
        alone, of_one = _contests([one])
        assert np.array_equal(found[:, place : place + 1], alone.chances([of_one]))
    monkeypatch.setattr(touching, "MOST", 0.0)
    np.testing.assert_allclose(found, made.chances([repeats]), rtol=1e-9, atol=1e-300)
    assert np.all(np.isfinite(found))
    assert found[1].max() > 0
