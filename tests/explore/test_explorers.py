from __future__ import annotations

import asyncio
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from shown_code import executed

import pixelsim as ps
from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.explore.code import scenario_code
from pixelsim.explore.timing import timing
from pixelsim.explore.timing_chart import TimingPicture
from pixelsim.explore.timing_widget import timing_table
from pixelsim.explore.viewing import view
from pixelsim.explore.viewing_widget import view_table
from pixelsim.scenario import Scenario, write_scenario
from pixelsim.sharing import PRESETS, explain
from pixelsim.show.timeline import date_of, timeline_figure
from pixelsim.study import Run
from pixelsim.study.detail import Detail


@pytest.fixture(scope="module")
def quick(agency: Scenario) -> Scenario:
    """A scenario of its own, so that no built-in one has its name."""
    return agency.replace(name="quick")


def cells(html: str) -> list[str]:
    """Give the texts of a table's cells."""
    return re.findall(r"<td[^>]*>(.*?)</td>", html)


# ---- when to unshare ---------------------------------------------------------------------------------------------


def shown(quick: Scenario, days: int, preset: str, replications: int, detail: Detail) -> tuple[str, bytes]:
    """Give table and picture of a choice by the pure functions."""
    found, base = (
        timing(quick, *choice, replications=replications, seed=5, detail=detail)
        for choice in ((days, preset), (0, "documented"))
    )
    opened = timing(quick, 0, replications=replications, seed=5, detail="counts")
    table = timing_table(found, replications, base, "day 0, documented")
    return table, TimingPicture(opened).png(found)


def test_the_slider_shows_what_the_pure_function_gives(quick: Scenario) -> None:
    explorer = ps.explore.unshare_timing(quick, replications=3, seed=5)
    explorer.controls["days"].value = -3
    explorer.controls["preset"].value = "continue"
    assert (explorer.table.value, explorer.picture.value) == shown(quick, -3, "continue", 3, "counts")
    assert "3 runs, in counts, seed 5" in explorer.table.value
    # What rests on a closed form is told so, in the table and in the picture's colour and words.
    assert "approximate" in cells(explorer.table.value)


def test_the_button_runs_the_same_choice_event_by_event(quick: Scenario) -> None:
    explorer = ps.explore.unshare_timing(quick, replications=2, seed=5)
    explorer.controls["days"].value = -3
    explorer.controls["preset"].value = "continue"
    explorer.run_events.click()
    assert (explorer.table.value, explorer.picture.value) == shown(quick, -3, "continue", 2, "events")
    assert "2 runs, event by event, seed 5" in explorer.table.value
    assert "approximate" not in cells(explorer.table.value)
    assert "counts" not in explorer.as_code()
    saved, before = json.loads(json.dumps(explorer.state())), (explorer.table.value, explorer.picture.value)
    # The next choice is answered in counts again.
    explorer.controls["preset"].value = "pause"
    assert "2 runs, in counts" in explorer.table.value
    # What was run event by event comes back so, and elsewhere it is asked for.
    explorer.load(saved)
    assert (explorer.table.value, explorer.picture.value, explorer.message.value) == (*before, "")
    other = ps.explore.unshare_timing(quick, replications=2, seed=5)
    other.load(saved)
    assert "2 runs, in counts" in other.table.value
    assert "saved event by event" in other.message.value
    other.run_events.click()
    assert (other.state(), other.table.value, other.message.value) == (saved, before[0], "")
    with pytest.raises(InputError, match="detail is 'hours', but must be events or counts"):
        other.load({**saved, "detail": "hours"})


def test_while_the_slider_moves_one_run_answers_and_older_work_stops(quick: Scenario) -> None:
    async def notebook() -> None:
        explorer = ps.explore.unshare_timing(quick, replications=9, seed=5)
        await explorer.finished()
        for days in (1, 2, 3):
            explorer.controls["days"].value = days
            assert "1 of 9 runs so far, in counts" in explorer.table.value
            await asyncio.sleep(0)
        await explorer.finished()
        assert "9 runs, in counts" in explorer.table.value
        assert [len(explorer._runs["counts", (day, "documented")]) for day in (1, 2, 3)] == [1, 1, 9]
        assert explorer.failures == []

    asyncio.run(notebook())


def test_a_choice_that_was_seen_before_comes_back_the_same(quick: Scenario) -> None:
    explorer = ps.explore.unshare_timing(quick, replications=2)
    first = explorer.table.value, explorer.picture.value
    explorer.controls["days"].value = 4
    second = explorer.table.value, explorer.picture.value
    explorer.controls["days"].value = 0
    assert (explorer.table.value, explorer.picture.value) == first != second


def test_the_controls_offer_what_can_be_run(quick: Scenario) -> None:
    days, preset = ps.explore.unshare_timing(quick, replications=1).controls.values()
    assert (days.min, days.max, days.value) == (-14, 14, 0)
    assert list(preset.options) == list(PRESETS)
    assert preset.value == "documented"


def test_runs_come_in_one_by_one_and_cancel_keeps_what_is_there(quick: Scenario) -> None:
    async def notebook() -> None:
        explorer = ps.explore.unshare_timing(quick, replications=500)
        assert "1 of 500 runs so far" in explorer.table.value
        explorer.run_events.click()
        assert "1 of 500 runs so far, event by event" in explorer.table.value
        while explorer.progress.value < 3:
            await asyncio.sleep(0)
        explorer.cancel.click()
        await explorer.finished()
        done = len(explorer.found.runs)
        assert 3 <= done < 500
        assert f"{done} of 500 runs so far" in explorer.table.value
        assert f"Stopped after {done} of 500 runs." in explorer.message.value

    asyncio.run(notebook())


def test_awaited_the_static_picture_has_all_runs(quick: Scenario) -> None:
    async def notebook() -> str:
        explorer = await ps.explore.unshare_timing(quick, replications=3).finished()
        return str(explorer._repr_mimebundle_()["text/html"])

    html = asyncio.run(notebook())
    assert "3 runs, in counts, seed 1" in html
    assert html == asyncio.run(notebook())


def test_its_code_gives_the_same_numbers(quick: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = ps.explore.unshare_timing(quick, replications=2, seed=3)
    explorer.controls["days"].value = -2
    write_scenario(quick, tmp_path / "quick.toml")
    ran = executed(explorer.as_code(), tmp_path, monkeypatch)
    assert ran["found"].rows() == explorer.found.rows()
    assert timing_table(ran["found"], 2, ran["base"], "day 0, documented") == explorer.table.value


def test_its_state_belongs_to_its_scenario(quick: Scenario) -> None:
    explorer = ps.explore.unshare_timing(quick, replications=1)
    other = ps.explore.unshare_timing(quick.replace(days=33), replications=1)
    with pytest.raises(InputError, match="scenario is"):
        other.load(explorer.state())
    explorer.load({**explorer.state(), "controls": {"days": 2}})
    assert explorer.controls["days"].value == 2


def test_plans_that_cannot_be_moved_and_no_runs_are_refused(quick: Scenario) -> None:
    with pytest.raises(InputError, match="at least one stop and one unshare"):
        ps.explore.unshare_timing(quick.replace(plan=quick.plan.replace(steps=())))
    with pytest.raises(InputError, match="replications is '0'"):
        ps.explore.unshare_timing(quick, replications=0)


# ---- who sees what -----------------------------------------------------------------------------------------------


def test_viewer_and_day_show_what_the_pure_function_gives(quick: Scenario) -> None:
    explorer = ps.explore.who_sees_what(quick, seed=7)
    explorer.controls["viewer"].value = "agency"
    explorer.controls["day"].value = 15
    one = ps.run(quick, seed=7)
    assert explorer.table.value == view_table(view(one, "agency", 15), one)
    assert "UNBOUND" in explorer.table.value
    assert "no access" in explorer.table.value
    assert "acc_agency" not in explorer.table.value


def test_only_the_line_moves_in_the_picture(quick: Scenario) -> None:
    explorer = ps.explore.who_sees_what(quick)
    explorer.controls["day"].value = 10
    first = imread(io.BytesIO(explorer.picture.value))
    explorer.controls["day"].value = 20
    second = imread(io.BytesIO(explorer.picture.value))
    changed = np.flatnonzero((first != second).any(axis=(0, 2)))
    explorer.controls["day"].value = 10
    assert np.array_equal(imread(io.BytesIO(explorer.picture.value)), first)
    # Two lines of a few dots each, ten days apart, and nothing else.
    groups = np.split(changed, np.flatnonzero(np.diff(changed) > 1) + 1)
    assert len(groups) == 2
    assert all(3 <= len(group) <= 16 for group in groups)
    axes = timeline_figure(explorer.run, 8.0).axes[0]
    share = np.diff([group.mean() for group in groups])[0] / first.shape[1]
    days = 10 / (date_of(explorer.run, explorer.run.scenario.length) - date_of(explorer.run, 0))
    assert share == pytest.approx(days * axes.get_position().width, rel=0.25)


def test_a_single_pixel_is_not_asked_for(quick: Scenario) -> None:
    assert ps.explore.who_sees_what(quick).controls["pixel"].layout.display == "none"


def test_its_code_gives_the_same_view(quick: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = ps.explore.who_sees_what(quick, seed=2)
    explorer.controls["day"].value = 12
    write_scenario(quick, tmp_path / "quick.toml")
    seen = executed(explorer.as_code(), tmp_path, monkeypatch)["seen"]
    pd.testing.assert_frame_equal(seen.metrics, view(explorer.run, "brand", 12).metrics)
    assert explorer.fingerprint() == {"scenario": quick.content_hash, "seed": 2}


# ---- who may do what ---------------------------------------------------------------------------------------------


def test_every_verb_can_be_asked_and_its_code_prints_the_same(
    one: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = one.simulation.history.now
    explorer = ps.explore.permissions(world)
    for verb in explorer.controls["what"].options:
        explorer.controls["what"].value = verb
        if explorer.controls["who"].value is None:
            assert verb == "send"
            assert "nobody or nothing to ask about" in explorer.table.value
            continue
        printed = executed(explorer.as_code(), tmp_path, monkeypatch, world=world)["printed"]
        answer = printed.split(" ", 1)[0]
        assert cells(explorer.table.value)[:2] == ["Answer", answer]
    assert explorer.failures == []


def test_choices_follow_the_verb_and_what_still_fits_stays(one: Run) -> None:
    explorer = ps.explore.permissions(one.simulation.history.now)
    controls = explorer.controls
    controls["who"].value = "agency_admin"
    controls["second"].value = "acc_brand"
    controls["what"].value = "share"
    assert controls["who"].value == "agency_admin"
    assert {value for _, value in controls["second"].options} == {"", "bc_agency", "bc_brand", "bc_outsider"}
    assert controls["second"].value == ""
    controls["what"].value = "edit"
    assert controls["second"].layout.display == "none"
    controls["what"].value = "create campaign"
    assert {value for _, value in controls["first"].options} == {"acc_agency", "acc_brand", "acc_outsider"}


def test_the_open_business_center_is_asked_from(one: Run) -> None:
    world = one.simulation.history.now
    explorer = ps.explore.permissions(world)
    explorer.load(
        {
            "explorer": "permissions",
            "controls": {
                "what": "share",
                "who": "brand_admin",
                "first": "BRANDSHOPPIXEL000001",
                "second": "bc_outsider",
                "active_bc": "bc_agency",
            },
        }
    )
    decision = explain(world, "brand_admin", "share", ("BRANDSHOPPIXEL000001", "bc_outsider"), active_bc="bc_agency")
    assert cells(explorer.table.value)[4:6] == ["Cause", decision.cause.value]
    assert "active_bc='bc_agency'" in explorer.as_code()
    again = ps.explore.permissions(world)
    again.load(explorer.state())
    assert again.table.value == explorer.table.value


# ---- code and extra ----------------------------------------------------------------------------------------------


def test_a_built_in_scenario_is_called_by_its_name_and_any_other_read_from_a_file(quick: Scenario) -> None:
    assert scenario_code(ps.scenario("agency")).endswith("mine = ps.scenario('agency')")
    changed = ps.scenario("agency").replace(days=36)
    assert "ps.load_scenario('agency.toml')" in scenario_code(changed)
    assert "ps.load_scenario('quick.toml')" in scenario_code(quick)


def test_without_the_extra_the_package_is_named(monkeypatch: pytest.MonkeyPatch, quick: Scenario) -> None:
    for name in [name for name in sys.modules if name.startswith("pixelsim.explore.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    for explore in (ps.explore.unshare_timing, ps.explore.who_sees_what):
        with pytest.raises(
            MissingExtraError, match=r"'ipywidgets'; install it with: pip install 'pixelsim\[notebook\]'"
        ):
            explore(quick)
    with pytest.raises(MissingExtraError, match="an explorer needs"):
        ps.explore.permissions(quick.structure.world())
