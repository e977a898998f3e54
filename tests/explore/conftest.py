from __future__ import annotations

import pytest

from pixelsim.scenario import Scenario, scenario
from pixelsim.study import Run, run


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explorers work without workers, whatever process the tests run in; the tests of workers make their own."""
    monkeypatch.setenv("PIXELSIM_WORKERS", "0")


@pytest.fixture(scope="session")
def agency() -> Scenario:
    """Stops on day 14, unshare on day 15, a forgotten launch from day 18 to day 32, 35 days in all; little traffic."""
    found = scenario("agency")
    site = found.traffic.sites[0].replace(organic_sessions=60.0)
    delivery = tuple(d.replace(daily_budget=d.daily_budget / 10) for d in found.traffic.delivery)
    return found.replace(traffic=found.traffic.replace(sites=(site,), delivery=delivery))


@pytest.fixture(scope="session")
def one(agency: Scenario) -> Run:
    return run(agency, seed=7)
