from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

import pixelsim as ps
from pixelsim.explore.remembering import Remembering
from pixelsim.scenario import Scenario
from pixelsim.study import attempts


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the number of every replication that is really run."""
    runs: list[int] = []
    simulate = attempts.simulate

    def noted(scenario: Scenario, seed: int, replication: int) -> object:
        runs.append(replication)
        return simulate(scenario, seed, replication)

    monkeypatch.setattr(attempts, "simulate", noted)
    return runs


def test_a_comparison_with_it_is_the_same_as_without(agency: Scenario) -> None:
    late = agency.replace(plan=agency.plan.unshare_first(3))
    memory = Remembering()
    for count in (1, 2, 3):
        found = ps.compare(agency, late, replications=count, seed=5, executor=memory)
    assert found.summary().equals(ps.compare(agency, late, replications=3, seed=5).summary())


def test_each_replication_is_run_once_whatever_it_is_asked_for(agency: Scenario, counted: list[int]) -> None:
    late, strict = agency.replace(plan=agency.plan.unshare_first(3)), agency.replace(policy="strict")
    memory = Remembering()
    ps.compare(agency, late, replications=2, executor=memory)
    assert counted == [0, 0, 1, 1]
    ps.compare(agency, late, replications=3, executor=memory)
    assert counted == [0, 0, 1, 1, 2, 2]
    ps.compare(agency, strict, replications=3, executor=memory)
    assert counted == [0, 0, 1, 1, 2, 2, 0, 1, 2]
    ps.replicate(strict, 3, executor=memory)
    assert len(counted) == 9
    ps.replicate(strict, 1, seed=2, executor=memory)
    assert len(counted) == 10


def test_it_tells_how_many_it_has_of_all_scenarios(agency: Scenario) -> None:
    memory, strict = Remembering(), agency.replace(policy="strict")
    ps.replicate(agency, 3, seed=4, executor=memory)
    ps.replicate(strict, 2, seed=4, executor=memory)
    assert [memory.known(agency, seed=4), memory.known(strict, seed=4), memory.known(agency, strict, seed=4)] == [
        3,
        2,
        2,
    ]
    assert memory.known(agency, seed=5) == 0


def test_a_replication_is_learnt_ahead_in_either_detail(agency: Scenario, counted: list[int]) -> None:
    memory = Remembering()
    memory.learn(agency, seed=4, replication=0)
    memory.learn(agency, seed=4, replication=0, detail="counts")
    assert counted == [0]
    assert memory.known(agency, seed=4) == memory.known(agency, seed=4, detail="counts") == 1
    found = ps.replicate(agency, 1, seed=4, executor=memory, detail="counts")
    assert found.exactness
    assert counted == [0]


def test_a_run_made_elsewhere_is_not_made_again(agency: Scenario, counted: list[int]) -> None:
    memory = Remembering()
    memory.keep(ps.run(agency, seed=4))
    assert memory.known(agency, seed=4) == 1
    found = ps.replicate(agency, 2, seed=4, executor=memory)
    assert counted == [1]
    assert found.summary().equals(ps.replicate(agency, 2, seed=4).summary())


def test_other_tasks_run_as_on_any_executor() -> None:
    memory = Remembering()
    with ThreadPoolExecutor(1) as pool:
        assert [memory.submit(max, 3, 5).result(), pool.submit(max, 3, 5).result()] == [5, 5]
    with pytest.raises(ZeroDivisionError):
        memory.submit(divmod, 1, 0).result()
