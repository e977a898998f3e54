from __future__ import annotations

import asyncio
from pathlib import Path

import pandas as pd
import pytest
from shown_code import executed

import pixelsim as ps
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.base import WIDTH
from pixelsim.explore.metrics import (
    SHOWN,
    MetricsFound,
    figure_of,
    figures_of,
    metrics_found,
    metrics_picture,
    readings_figure,
    showing,
    shown_as,
    trust,
)
from pixelsim.explore.metrics_widget import metrics_table
from pixelsim.explore.moving import Strip
from pixelsim.measure import Stage
from pixelsim.scenario import Scenario, write_scenario
from pixelsim.scenario.practices import many_domains
from pixelsim.study import Replications, Run


@pytest.fixture(scope="module")
def quick(agency: Scenario) -> Scenario:
    """A scenario of its own, so that no built-in one has its name."""
    return agency.replace(name="quick")


@pytest.fixture(scope="module")
def many(agency: Scenario) -> Replications:
    return ps.replicate(agency, 1)


def test_figures_go_from_the_truth_to_accounts_and_campaigns_by_name(agency: Scenario) -> None:
    found = dict(figures_of(agency))
    assert list(found)[:2] == ["what happened, in truth", "copies sent to the pixel"]
    assert found["attributed to Brand's account"] == "account acc_brand"
    assert found["attributed to campaign Launch, scheduled (R27)"] == "campaign launch"
    # The outsider has no campaign, so that nothing can be attributed to it.
    assert len(found) == 5 + 2 + 4
    assert not any("acc_" in name for name in found)


KEYS = ("happened", "total events", "attributed events", "account acc_brand", "campaign brand_always_on")


@pytest.mark.parametrize("event", ["PageView", "Purchase"])
def test_figures_are_what_viewers_read(event: str, one: Run, many: Replications) -> None:
    read = one.metrics()
    read = read[(read["event"] == event) & (read["viewer"] == "brand")].set_index(["surface", "metric"])["value"]
    found = {
        key: metrics_found(one.scenario, event, key, key, first=one, replications=1)
        for _, key in figures_of(one.scenario)
    }
    assert found["total events"].bridge.end_value == read["Events Manager", "total events"]
    assert found["attributed events"].bridge.end_value == read["Ads Manager", "attributed events"]
    campaigns = "Ads Manager", "attributed events (campaign level)"
    assert found["account acc_brand"].bridge.end_value == read[campaigns]
    assert found["campaign brand_always_on"].bridge.end_value == read[campaigns]
    if event == "Purchase":
        assert found["happened"].bridge.end_value == len(one.simulation.orders)


def test_a_bridge_leaves_nothing_unexplained_between_any_two(one: Run, many: Replications) -> None:
    keys = [key for _, key in figures_of(one.scenario)]
    for start in keys:
        for end in keys:
            found = metrics_found(one.scenario, "Purchase", start, end, many=many, first=one)
            assert found.bridge.rest == 0
            assert found.bridge.start_value + found.bridge.steps["change"].sum() == found.bridge.end_value


def test_unknown_figures_and_pixels_are_refused(agency: Scenario, one: Run) -> None:
    with pytest.raises(
        UnknownNameError, match="figure 'campaign lunch' does not exist; did you mean 'campaign launch'"
    ):
        figure_of(agency, "campaign lunch")
    with pytest.raises(UnknownNameError, match="pixel 'PX'"):
        metrics_found(agency, pixel="PX", first=one)
    with pytest.raises(InputError, match="replications is '0'"):
        ps.explore.metrics_by_viewer(agency, replications=0)


def test_what_a_receiver_is_shown_is_a_setting(agency: Scenario) -> None:
    # While the agency still has access, on day 10, it reads the attributed events of all ads, or of its own.
    assert showing(agency, "any_ad_on_pixel") is agency
    values = {}
    for shown in SHOWN:
        read = ps.run(showing(agency, shown), seed=7).metrics("agency", as_of=10)
        purchases = read[read["event"] == "Purchase"]
        attributed = purchases[purchases["metric"] == "attributed events"]["value"].max()
        own = purchases[purchases["metric"].str.contains("campaign")]["value"].sum()
        values[shown] = attributed - own
    assert values["own_ads"] == 0
    assert values["any_ad_on_pixel"] > 0


# ---- the explorer ------------------------------------------------------------------------------------------------


def test_its_controls_show_what_the_pure_function_gives(quick: Scenario) -> None:
    explorer = ps.explore.metrics_by_viewer(quick, replications=2, seed=5)
    explorer.controls["event"].value = "AddToCart"
    explorer.load({**explorer.state(), "controls": {"start": Stage.SENT.value, "end": "campaign retargeting"}})
    asked = (quick, "AddToCart", "sent", "campaign retargeting")
    for detail in ("events", "counts"):
        expected = metrics_found(*asked, replications=2, seed=5, detail=detail)
        explorer.run_events.click() if detail == "events" else explorer.update()
        assert explorer.table.value == metrics_table(expected, 2)
        assert explorer.picture.value == metrics_picture(expected, 8.0)
        assert ("approximate" in explorer.table.value) == (detail == "counts")
    assert "left unexplained: 0" in explorer.table.value
    assert explorer.failures == []
    shown = explorer.static_html()
    assert "attributed to campaign Retargeting (R27)" in shown
    assert "acc_agency" not in shown


def test_what_receivers_are_shown_moves_no_event(quick: Scenario) -> None:
    other = next(value for value in SHOWN if value != quick.measurement.attributed_shown.value)
    again = shown_as(ps.run(quick, seed=5), other)
    expected = ps.run(showing(quick, other), seed=5)
    assert again.scenario == expected.scenario
    for name in ("metrics", "outcomes", "log"):
        pd.testing.assert_frame_equal(getattr(again, name)(), getattr(expected, name)())


def test_each_metric_says_how_far_it_can_be_trusted(quick: Scenario, one: Run) -> None:
    counted = metrics_found(quick, first=one, replications=2, detail="counts")
    told = trust(counted)
    assert len(told) == 5
    # Copies at the pixel are exact in distribution; credit between accounts that share people is a closed form.
    assert {metric: told[surface, metric] for surface, metric in told if surface == "Events Manager"} == {
        "total events": "exact",
        "attributed events": "approximate",
    }
    axes = readings_figure(counted, 8.0).axes[0]
    assert axes.get_xlabel().endswith("approximate: attributed events, attributed events (campaign level)")
    assert trust(metrics_found(quick, first=one, many=ps.replicate(quick, 1))) == {}


def test_one_pixel_is_not_asked_for_and_of_several_each_can_be(quick: Scenario) -> None:
    assert ps.explore.metrics_by_viewer(quick, replications=1).controls["pixel"].layout.display == "none"
    several = ps.explore.metrics_by_viewer(many_domains(brands=2, domains=2, days=3), replications=1)
    assert several.controls["pixel"].layout.display is None
    first = several.table.value
    several.controls["pixel"].value = "PIXEL000000000000002"
    assert several.table.value != first
    assert several.failures == []


def test_once_nothing_goes_on_the_choices_beside_are_drawn_already(
    quick: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelsim.explore.base.QUIET", 0.01)
    drawn: list[tuple[str, ...]] = []

    def noted(found: MetricsFound, width: float, readings: Strip | None = None) -> bytes:
        drawn.append((found.event, *found.names))
        return metrics_picture(found, width, readings)

    monkeypatch.setattr("pixelsim.explore.metrics_widget.metrics_picture", noted)

    async def settled(number: int) -> None:
        for _ in range(3000):
            if len(drawn) >= number:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert len(drawn) == number, drawn

    async def notebook() -> None:
        explorer = ps.explore.metrics_by_viewer(quick, replications=1, seed=3)
        await explorer.finished()
        # Purchase is the last event.
        await settled(2)
        for event, number in (("InitiateCheckout", 3), ("AddToCart", 4), ("InitiateCheckout", 4)):
            before = len(drawn)
            explorer.controls["event"].value = event
            assert len(drawn) == before
            assert explorer.found.event == event
            await settled(number)
        alone = metrics_picture(explorer.found, WIDTH)
        assert explorer.picture.value == alone

    asyncio.run(notebook())


def test_runs_come_in_one_by_one_and_cancel_keeps_what_is_there(quick: Scenario) -> None:
    async def notebook() -> None:
        explorer = ps.explore.metrics_by_viewer(quick, replications=300)
        assert "1 of 300 runs so far, in counts" in explorer.table.value
        while explorer.progress.value < 3:
            await asyncio.sleep(0)
        explorer.cancel.click()
        await explorer.finished()
        done = len(explorer.found.many)
        assert 3 <= done < 300
        assert f"{done} of 300 runs so far" in explorer.table.value
        # Another question about the same runs is answered from memory.
        explorer.controls["event"].value = "PageView"
        assert len(explorer.found.many) == done
        explorer.stop()

    asyncio.run(notebook())


def test_its_code_and_its_state_bring_the_same_back(
    quick: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = ps.explore.metrics_by_viewer(quick, replications=1, seed=3)
    explorer.controls["shown"].value = "own_ads"
    explorer.controls["end"].value = "account acc_agency"
    write_scenario(quick, tmp_path / "quick.toml")
    ran = executed(explorer.as_code(), tmp_path, monkeypatch)
    assert metrics_table(ran["found"], 1) == explorer.table.value
    assert "no access (R17)" in ran["printed"]
    again = ps.explore.metrics_by_viewer(quick, replications=1, seed=3)
    again.load(explorer.state())
    assert (again.table.value, again.picture.value) == (explorer.table.value, explorer.picture.value)
