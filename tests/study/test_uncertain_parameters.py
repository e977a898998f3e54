"""Replications of a calibrated scenario draw what is not known, and say what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from study_scenarios import ending

from pixelsim.scenario import Scenario
from pixelsim.scenario.base import Source, SourceKind, Spread
from pixelsim.study import branch, compare, replicate, run, sweep

ERROR = 0.5


def first_delivery(scenario: Scenario) -> str:
    return f"traffic.delivery[{scenario.traffic.delivery[0].ad_group}].daily_budget"


@pytest.fixture(scope="module")
def uncertain() -> Scenario:
    given = ending()
    spread = (Spread(cause="budget", error=ERROR),)
    return given.replace(
        sources={first_delivery(given): Source(kind=SourceKind.FILE, text="a file", rows=9, spread=spread)}
    )


def budget(scenario: Scenario) -> float:
    return scenario.traffic.delivery[0].daily_budget


def test_each_replication_draws_its_own_value(uncertain: Scenario) -> None:
    drawn = [budget(run(uncertain, seed=3, replication=n, detail="counts").scenario) for n in range(60)]
    moved = np.log(np.array(drawn) / budget(uncertain))
    assert abs(moved.mean()) < 4 * ERROR / np.sqrt(60)
    assert 0.6 * ERROR < moved.std(ddof=1) < 1.5 * ERROR
    assert budget(run(uncertain, seed=3, replication=7).scenario) == drawn[7]


def test_what_was_asked_for_is_told_beside_what_was_run(uncertain: Scenario) -> None:
    for detail in ("events", "counts"):
        one = run(uncertain, seed=3, detail=detail)
        assert one.asked == uncertain
        assert budget(one.scenario) != budget(uncertain)
        table = one.parameters()
        told = table[table["parameter"] == first_delivery(uncertain)]["value"].iloc[0]
        assert float(told) == budget(uncertain)


def test_a_certain_scenario_is_run_as_it_is() -> None:
    given = ending()
    assert run(given, seed=3).scenario == given


def test_replications_carry_the_uncertainty(uncertain: Scenario) -> None:
    key = {"object": uncertain.structure.ad_accounts[0].id}
    certain, spread = (replicate(s, 12, seed=3, detail="counts") for s in (ending(), uncertain))
    account = key["object"]
    sums = [r.response("spend", object=account).std(ddof=1) for r in (certain, spread)]
    assert sums[1] > 2 * sums[0]
    assert spread.scenario == uncertain


def test_variants_of_a_pair_draw_the_same(uncertain: Scenario) -> None:
    found = compare(uncertain, uncertain.replace(policy="strict"), replications=3, seed=3, detail="counts")
    brand = found.differences[found.names[1], "conversions attributed, acc_brand"]
    assert (brand.mean, brand.standard_deviation) == (0, 0)


def test_branches_and_sweeps_draw_too(uncertain: Scenario) -> None:
    alone = run(uncertain, seed=3, replication=2)
    beside = branch({"one": uncertain}, at_day=2, seed=3, replication=2)["one"]
    assert beside.scenario == alone.scenario
    assert beside.asked == uncertain
    account = uncertain.structure.ad_accounts[0].id
    rows = sweep(uncertain, {"days": [5]}, replications=3, seed=3).frame("spend")
    spent = rows[(rows["object"] == account) & (rows["replication"] == 2)]["value"]
    assert spent.tolist() == [alone.response("spend", object=account)]
