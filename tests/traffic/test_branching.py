"""One past, several futures: the same bytes as runs in full, and no future touches another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import ending_of, small
from pixelsim.base.errors import InputError
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.branching import branches
from pixelsim.traffic.plane import DataPlane
from pixelsim.traffic.simulate import Simulation, simulate


def same(one: Simulation, other: Simulation) -> None:
    for name in ("log", "claims", "orders"):
        left, right = getattr(one, name), getattr(other, name)
        for column in left.names():
            a, b = getattr(left, column), getattr(right, column)
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes(), (name, column)
    assert one.shown == other.shown
    assert one.phases.tobytes() == other.phases.tobytes()
    assert one.sessions.tobytes() == other.sessions.tobytes()
    assert one.lost_sessions.tobytes() == other.lost_sessions.tobytes()
    assert one.audiences == other.audiences
    assert one.members.keys() == other.members.keys()
    assert one.history.records == other.history.records


def ends(stop: float | None, unshare: float | None, **parts: object) -> Scenario:
    return small(days=6, steps=ending_of("agency", stop=stop, unshare=unshare), **parts)  # type: ignore[arg-type]


LIVELY = {
    "capture": {"server": {"event_id": "own"}, "navigations": 1.5, "late_consent_people": 0.3},
    "traffic": {"step_hours": 7, "learning": {"learned_at_start": False}},
}


@settings(derandomize=True, deadline=None, max_examples=8)
@given(st.floats(0.0, 5.6), st.integers(0, 50), st.booleans())
def test_branches_are_full_runs_to_the_last_byte(at: float, seed: int, lively: bool) -> None:
    parts = LIVELY if lively else {}
    variants = {"stays": ends(None, None, **parts), "leaves": ends(at, at + 0.3, **parts)}
    variants["told to go on"] = variants["leaves"].replace(policy="continue")
    for name, found in branches(variants, at, seed=seed).items():
        same(found, simulate(variants[name], seed=seed))


def test_every_replication_has_a_past_of_its_own() -> None:
    variants = {"stays": ends(None, None), "leaves": ends(4, 4.5)}
    found = branches(variants, 4, seed=3, replication=2)
    same(found["leaves"], simulate(variants["leaves"], seed=3, replication=2))
    assert found["stays"].replication == 2


def test_the_past_is_brought_forth_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[int] = []
    original = DataPlane.settle
    monkeypatch.setattr(DataPlane, "settle", lambda plane, end: (settled.append(end), original(plane, end))[1])
    branches({"a": ends(None, None), "b": ends(5, 5.5), "c": ends(4.9, None)}, 4.5, seed=1)
    assert len(settled) == 4 + 3 * 2


def test_two_branches_do_not_touch_each_other() -> None:
    stays = ends(None, None)
    alone = branches({"stays": stays}, 3, seed=5)["stays"]
    beside = branches({"leaves": ends(3.2, 3.4), "stays": stays}, 3, seed=5)["stays"]
    same(alone, beside)
    assert not np.shares_memory(alone.sessions, beside.sessions)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (ends(2, 2.5), "plan"),
        (small(days=7), "days"),
        (ends(5, 5.5, site={"organic_sessions": 61.0}), "traffic"),
        (ends(5, 5.5, measurement={"scope": "account"}), "measurement"),
    ],
)
def test_without_a_common_past_there_are_no_branches(other: Scenario, field: str) -> None:
    with pytest.raises(InputError) as caught:
        branches({"one": ends(5, 5.5), "other": other}, 4, seed=1)
    assert field in {fault.field for fault in caught.value.faults}
    assert all(fault.place.startswith("$.variants[other]") for fault in caught.value.faults)


@pytest.mark.parametrize("day", [-0.1, 6.1])
def test_the_day_lies_in_the_run(day: float) -> None:
    with pytest.raises(InputError, match="at_day"):
        branches({"one": ends(5, 5.5)}, day, seed=1)


def test_at_least_one_scenario() -> None:
    with pytest.raises(InputError, match="variants"):
        branches({}, 1, seed=1)
