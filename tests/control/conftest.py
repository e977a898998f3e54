"""Runs of the control plane alone: people act on SimPy's clock, no traffic is drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import simpy

from pixelsim.base.streams import Streams
from pixelsim.control import ControlPlane
from pixelsim.scenario import Scenario, scenario
from pixelsim.sharing.history import History

Act = Callable[..., History]


@pytest.fixture
def agency() -> Scenario:
    """A brand that unshares on day 15; two of the agency's campaigns run, one is scheduled for day 18."""
    return scenario("agency")


@pytest.fixture
def act() -> Act:
    """Let the people of a scenario act and give the history of what they did."""

    def run(one: Scenario, *, seed: int = 1, replication: int = 0) -> History:
        env = simpy.Environment()
        history = History(one.structure.world(), one.rulebook)
        ControlPlane(env, history, one.plan, Streams(seed, replication), end=one.length)
        env.run()
        return history

    return run
