"""The demand that a run agrees with the oracle."""

from __future__ import annotations

from benchmarks.agreement import compared
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.simulate import Simulation


def agree(given: Scenario, seed: int = 7) -> Simulation:
    """Compare log, claims, orders, learning, sessions and ledger of the two, and give the run."""
    found, told = compared(given, seed)
    assert told == []
    return found
