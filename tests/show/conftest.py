from __future__ import annotations

import pytest
from show_figures import small

from pixelsim.scenario import Scenario, scenario
from pixelsim.study import Replications, Run, replicate, run


@pytest.fixture(scope="session")
def agency() -> Scenario:
    """Stops on day 14, unshare on day 15, a forgotten launch from day 18 to day 32, 35 days in all."""
    return small(scenario("agency"))


@pytest.fixture(scope="session")
def one(agency: Scenario) -> Run:
    return run(agency, seed=7)


@pytest.fixture(scope="session")
def wrong_order(agency: Scenario) -> Run:
    """Unshare on day 11, three days before the stops: refused (R12), done once what blocked it was stopped."""
    return run(agency.replace(plan=agency.plan.unshare_first(3)), seed=7)


@pytest.fixture(scope="session")
def many(agency: Scenario) -> Replications:
    return replicate(agency, 4, seed=7)
