from __future__ import annotations

import sys

import pytest
from study_scenarios import ending


@pytest.fixture(scope="session")
def scenario():
    return ending()


@pytest.fixture
def failing(monkeypatch):
    """Let simulations fail that a function picks by scenario and replication."""

    def install(picks, error=None):
        for name in ("pixelsim.study.run", "pixelsim.study.attempts"):
            module = sys.modules[name]
            real = module.simulate

            def simulate(scenario, seed, replication=0, real=real, **how):
                if picks(scenario, replication):
                    raise error or ZeroDivisionError("division by zero")
                return real(scenario, seed, replication, **how)

            monkeypatch.setattr(module, "simulate", simulate)

    return install
