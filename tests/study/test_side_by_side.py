"""Studies in counts run several replications side by side, and come out as if each ran alone."""

from __future__ import annotations

import numpy as np
import pytest

import pixelsim as ps
from benchmarks.scenarios import small
from pixelsim.base.errors import PixelsimError
from pixelsim.study import attempts
from pixelsim.study.attempts import Failed, Task
from pixelsim.study.window import WHOLE


def variants() -> tuple[ps.Scenario, ps.Scenario]:
    scenario = small(days=6)
    return scenario, scenario.vary("measurement.scope", "account")


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_any_number_at_a_time_gives_the_same_comparison(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    scenarios = variants()
    monkeypatch.setattr(attempts, "AT_ONCE", 1)
    alone = ps.compare(*scenarios, replications=5, detail="counts", names=("pixel", "account"))
    monkeypatch.setattr(attempts, "AT_ONCE", at_once)
    found = ps.compare(*scenarios, replications=5, detail="counts", names=("pixel", "account"))
    assert np.array_equal(alone.values, found.values, equal_nan=True)
    assert alone.responses.equals(found.responses)


def test_a_run_that_fails_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scenarios = variants()
    together = attempts.CountRun.together

    def refuses(asked, window):
        if any(replication == 1 and scenario is scenarios[1] for scenario, _, replication in asked):
            msg = "this one fails"
            raise PixelsimError(msg)
        return together(asked, window)

    monkeypatch.setattr(attempts.CountRun, "together", refuses)
    rows = Task(scenarios, 1, WHOLE, "counts").several(range(3))
    failed = [(k, place) for k, row in enumerate(rows) for place, one in enumerate(row) if isinstance(one, Failed)]
    assert failed == [(1, 1)]
    result = rows[1][1]
    assert isinstance(result, Failed)
    assert "this one fails" in result.message


def test_work_that_is_stopped_between_lots_keeps_what_is_done() -> None:
    seen = []

    def stop() -> bool:
        seen.append(1)
        return len(seen) == 2

    found = ps.replicate(small(days=4), 40, detail="counts", cancel=stop)
    assert len(found.values) == 2 * attempts.AT_ONCE
