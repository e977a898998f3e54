"""Random businesses, with whatever traffic can have, agree with the oracle row by row."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import scenarios

from benchmarks.agreement import compared
from pixelsim.scenario import Scenario


@settings(derandomize=True, deadline=None, max_examples=12)
@given(scenarios(days=3), st.integers(0, 99))
def test_random_businesses_agree_with_the_oracle(scenario: Scenario, seed: int) -> None:
    assert compared(scenario, seed)[1] == []
