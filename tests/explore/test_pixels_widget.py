from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pixelsim as ps
from pixelsim.base.errors import InputError
from pixelsim.explore.pixels import Choice, Designs, compare_designs
from pixelsim.explore.pixels_widget import pixels_picture, pixels_tables
from pixelsim.scenario import Scenario, write_scenario
from pixelsim.scenario.measurement import Scope
from pixelsim.scenario.practices import one_domain

CHOICE = Choice(2, 80, 5)


@pytest.fixture(scope="module")
def mine() -> Scenario:
    return one_domain(regions=1, accounts_of_region=1, days=6).replace(name="quick")


@pytest.fixture(scope="module")
def expected(mine: Scenario) -> Designs:
    return compare_designs(mine, CHOICE, replications=1, seed=5, detail="counts")


@pytest.fixture(scope="module")
def first(mine: Scenario) -> Any:
    return ps.explore.one_pixel_or_many(mine, replications=1, seed=5)


@pytest.fixture
def explorer(first: Any) -> Iterator[Any]:
    """An explorer as it opens; what was run for it is kept from test to test."""
    opened = first.state()
    yield first
    if first.state() != opened:
        first.load(opened)


def test_it_opens_with_the_scenarios_own_values_and_a_pixel_for_every_account(explorer: Any, expected: Designs) -> None:
    values = {name: control.value for name, control in explorer.controls.items()}
    assert values == {"own": 2, "milliseconds": 80, "lost_percent": 5, "people": 0, "scope": "pixel"}
    assert explorer.controls["people"].label == "as given: 200,000"
    assert explorer.table.value == pixels_tables(expected, 1, 5)
    assert explorer.picture.value == pixels_picture(expected)
    assert explorer.failures == []


def test_every_control_changes_what_is_compared(explorer: Any, mine: Scenario) -> None:
    controls = {"own": 1, "milliseconds": 200, "lost_percent": 10, "people": 10_000, "scope": "account"}
    explorer.load({**explorer.state(), "controls": controls})
    choice = Choice(1, 200, 10, Scope.ACCOUNT, 10_000)
    assert explorer.choice == choice
    for detail in ("counts", "events"):
        found = compare_designs(mine, choice, replications=1, seed=5, detail=detail)
        assert explorer.table.value == pixels_tables(found, 1, 5)
        explorer.run_events.click()


def test_state_goes_through_json_and_belongs_to_its_scenario(explorer: Any, mine: Scenario) -> None:
    state = json.loads(json.dumps(explorer.state()))
    explorer.load(state)
    assert explorer.state() == state
    other = ps.explore.one_pixel_or_many(mine.replace(days=2), replications=1, seed=5)
    with pytest.raises(InputError, match="scenario is"):
        other.load(state)


def test_its_code_gives_the_same_numbers(
    explorer: Any, mine: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_scenario(mine, tmp_path / "quick.toml")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(explorer.as_code(), "shown", "exec"), names)  # noqa: S102 - the shown code is the subject
    assert pixels_tables(names["found"], 1, 5) == explorer.table.value


def test_a_saved_notebook_keeps_picture_and_tables_without_ids(explorer: Any) -> None:
    html = explorer.static_html()
    assert "data:image/png;base64," in html
    told = re.sub(r'src="[^"]*"', "", html)
    assert "<li>a sale is credited: once for each pixel</li>" in told
    assert not re.search(r"acc_|bc_|PIXEL0", told)
    assert explorer.told in told


def test_runs_come_in_pair_by_pair_and_cancel_keeps_what_is_there(mine: Scenario) -> None:
    async def notebook() -> None:
        explorer = ps.explore.one_pixel_or_many(mine, replications=400)
        assert "no runs yet" in explorer.table.value
        assert explorer.found is not None
        assert explorer.picture.value == pixels_picture(dataclasses.replace(explorer.found, runs=()))
        while explorer.progress.value < 1:
            await asyncio.sleep(0)
        explorer.cancel.click()
        await explorer.finished()
        done = len(explorer.found.runs)
        assert 1 <= done < 400
        assert f"{done} of 400 pairs so far, in counts" in explorer.table.value

    asyncio.run(notebook())


def test_a_scenario_in_which_nobody_shares_and_no_runs_are_refused(mine: Scenario) -> None:
    nobody = ps.scenario("many_domains")
    with pytest.raises(InputError, match="no ad account that advertises with a shared pixel"):
        ps.explore.one_pixel_or_many(nobody)
    with pytest.raises(InputError, match="replications is '0'"):
        ps.explore.one_pixel_or_many(mine, replications=0)
