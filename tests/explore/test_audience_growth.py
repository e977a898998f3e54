from __future__ import annotations

import asyncio
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from shown_code import executed

import pixelsim as ps
from pixelsim.base.errors import InputError
from pixelsim.explore.audience import (
    AUDIENCE,
    access_ends,
    accounts_of,
    checked,
    grown,
    growth,
    regrown,
    with_audience,
)
from pixelsim.explore.audience_widget import growth_figure, growth_table
from pixelsim.explore.moving import quick_png
from pixelsim.scenario import Scenario, write_scenario
from pixelsim.scenario.practices import many_domains
from pixelsim.sharing.actions import BuildAudience
from pixelsim.show.style import figure_png
from pixelsim.study.count_run import CountRun
from pixelsim.study.run import run_in
from pixelsim.study.window import WHOLE

FEW = {"brands": 2, "domains": 2}


@pytest.fixture(scope="module")
def ways() -> dict[str, Scenario]:
    """Two domains, each with its own pixel or both with the one of headquarters; little traffic."""
    found = {"each alone": many_domains(**FEW, days=7), "together": many_domains(**FEW, days=7, wrong=True)}
    return {name: small(scenario) for name, scenario in found.items()}


def small(scenario: Scenario) -> Scenario:
    sites = tuple(site.replace(organic_sessions=100.0) for site in scenario.traffic.sites)
    kept = tuple(d.replace(daily_budget=5.0) for d in scenario.traffic.delivery)
    plan = scenario.plan.replace(steps=scenario.plan.steps[:1])
    return scenario.replace(traffic=scenario.traffic.replace(sites=sites, delivery=kept), plan=plan)


def test_every_account_that_can_use_a_pixel_can_be_asked_about(ways: dict[str, Scenario], agency: Scenario) -> None:
    assert accounts_of(ways) == [
        ("Brand 1, domain 1", "acc_domain_1"),
        ("Brand 2, domain 2", "acc_domain_2"),
        ("Headquarters", "acc_hq"),
    ]
    # The outsider's account has access to nothing.
    assert [key for _, key in accounts_of({"": agency})] == ["acc_agency", "acc_brand"]


def test_the_audience_is_built_by_somebody_who_may_from_the_pixel_of_the_accounts_ads(
    ways: dict[str, Scenario], agency: Scenario
) -> None:
    pixels = {}
    for name, scenario in ways.items():
        action = with_audience(scenario, "acc_domain_1", "AddToCart", 14).plan.steps[0].action
        assert isinstance(action, BuildAudience)
        assert (action.audience, action.event, action.look_back_days) == (AUDIENCE, "AddToCart", 14)
        pixels[name] = action.pixel
    assert pixels == {"each alone": "PIXEL000000000000001", "together": "PIXEL000000000000003"}
    first = with_audience(agency, "acc_agency").plan.steps[0]
    assert (first.day, first.action.actor) == (0.0, "agency_admin")
    assert ps.run(with_audience(agency, "acc_agency"), seed=1).refused().empty


def test_an_account_that_builds_one_anyway_keeps_its_day(ways: dict[str, Scenario]) -> None:
    assert with_audience(ways["together"], "acc_domain_1").plan.steps[0].day == 1.0
    assert with_audience(ways["together"], "acc_domain_2").plan.steps[0].day == 0.0


def test_a_pixel_on_both_domains_matches_the_people_of_both(ways: dict[str, Scenario]) -> None:
    found = growth(ways, "acc_domain_1", replications=2, seed=3)
    other = growth({"": ways["each alone"]}, "acc_domain_2", replications=2, seed=3).ways[""]
    for alone, beside, both in zip(found.ways["each alone"], other, found.ways["together"], strict=True):
        # The sites have no people in common, and sharing changes nobody's visits.
        last = [curve.people[-1] for curve in (alone, beside)]
        assert both.people[-1] == sum(last)


def test_sizes_in_counts_are_those_of_events(ways: dict[str, Scenario]) -> None:
    scenario = with_audience(ways["each alone"], "acc_domain_1", "PageView", 30)
    sizes = {
        detail: np.array([grown(scenario, seed=3, replication=k, detail=detail).people for k in range(12)])
        for detail in ("counts", "events")
    }
    assert sizes["counts"].shape == sizes["events"].shape
    last = {detail: found[:, -1] for detail, found in sizes.items()}
    error = np.sqrt(sum(np.var(found, ddof=1) / len(found) for found in last.values()))
    # The closed form is within 1 % of the mean; the rest is luck of 12 runs each.
    assert abs(last["counts"].mean() - last["events"].mean()) < 0.01 * last["events"].mean() + 3.5 * error


@pytest.mark.parametrize(("event", "days", "after"), [("AddToCart", 2, "frozen"), ("PageView", 30, "lost")])
def test_another_event_or_look_back_is_read_from_the_same_run_in_counts(
    event: str, days: int, after: str, agency: Scenario
) -> None:
    """It is what a run of its own would have brought, an unshare with the audience in it included."""
    first = run_in("counts", with_audience(agency, "acc_agency", "Purchase", 9, after), 3, 0, WHOLE)
    assert isinstance(first, CountRun)
    found = regrown(first, event, days)
    expected = grown(with_audience(agency, "acc_agency", event, days, after), seed=3, detail="counts")
    for name in ("day", "people", "usable", "frozen"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert (found.built, found.minimum) == (expected.built, expected.minimum)
    assert len(set(expected.people[~np.isnan(expected.people)])) > 3


def test_a_shorter_look_back_holds_fewer_people(ways: dict[str, Scenario]) -> None:
    scenario = ways["each alone"]
    one, all_days = (grown(with_audience(scenario, "acc_domain_1", "PageView", n)) for n in (1, 30))
    # It is built on day 1, and first refreshed at the end of the second day.
    assert (one.people < all_days.people).all()


@pytest.mark.parametrize(("after", "state"), [("frozen", "frozen, "), ("lost", "lost"), ("pause_users", "lost")])
def test_what_becomes_of_it_after_access_has_ended_is_a_setting(after: str, state: str, agency: Scenario) -> None:
    found = grown(with_audience(agency, "acc_agency", "PageView", 30, after), seed=1)
    assert found.state.startswith(state)
    assert np.isfinite(found.people[found.day <= 15]).all()


def test_scenarios_that_cannot_have_it_are_named_with_the_reason(ways: dict[str, Scenario], agency: Scenario) -> None:
    taken, refused = checked({**ways, "agency": agency}, "acc_outsider", "PageView", 30, "frozen")
    assert taken == {}
    assert set(refused) == {"each alone", "together", "agency"}
    assert refused["together"] == "The ad account does not exist there."
    assert "an ad account with access to a pixel" in refused["agency"]
    nobody = agency.structure.replace(account_people=())
    with pytest.raises(InputError, match="somebody may build an audience"):
        with_audience(agency.replace(structure=nobody, plan=agency.plan.replace(steps=())), "acc_brand")


def test_only_plans_that_end_access_ask_what_comes_after(ways: dict[str, Scenario], agency: Scenario) -> None:
    assert not access_ends(ways)
    assert access_ends({**ways, "agency": agency})
    assert ps.explore.audience_growth(ways, replications=1).controls["after"].layout.display == "none"
    assert ps.explore.audience_growth({"agency": agency}, replications=1).controls["after"].layout.display is None


# ---- the explorer ------------------------------------------------------------------------------------------------


def test_its_controls_show_what_the_pure_function_gives(ways: dict[str, Scenario]) -> None:
    explorer = ps.explore.audience_growth(ways, replications=2, seed=3)
    explorer.controls["look_back"].value = 3
    explorer.load({**explorer.state(), "controls": {"account": "acc_domain_2", "event": "ViewContent"}})
    title = "People with ViewContent in 3 days, Brand 2, domain 2"
    for detail in ("counts", "events"):
        expected = growth(ways, "acc_domain_2", "ViewContent", 3, replications=2, seed=3, detail=detail)
        assert explorer.table.value == growth_table(expected, 2, 3)
        assert explorer.picture.value == quick_png(growth_figure(expected, title))
        assert ("approximate" in explorer.table.value) == (detail == "counts")
        explorer.run_events.click()
    assert explorer.failures == []
    assert "acc_domain" not in explorer.static_html()


def test_an_account_of_one_scenario_only_is_drawn_alone(ways: dict[str, Scenario], agency: Scenario) -> None:
    explorer = ps.explore.audience_growth({"domains": ways["together"], "agency": agency}, replications=1)
    explorer.controls["account"].value = "acc_agency"
    assert list(explorer.found.ways) == ["agency"]
    assert "The ad account does not exist there." in explorer.table.value


def test_runs_come_in_one_by_one_and_cancel_keeps_what_is_there(ways: dict[str, Scenario]) -> None:
    async def notebook() -> None:
        explorer = ps.explore.audience_growth(ways, replications=300)
        assert "1 of 300 runs so far, in counts" in explorer.table.value
        while explorer.progress.value < 3:
            await asyncio.sleep(0)
        explorer.cancel.click()
        await explorer.finished()
        done = explorer.found.runs
        assert 3 <= done < 300
        assert f"{done} of 300 runs so far" in explorer.table.value
        # Looked at again, what was run before comes back at once.
        explorer.update()
        assert explorer.progress.value == done
        explorer.stop()

    asyncio.run(notebook())


def test_its_code_and_its_state_bring_the_same_back(
    ways: dict[str, Scenario], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = ps.explore.audience_growth(ways, replications=1)
    explorer.controls["look_back"].value = 2
    for name, scenario in ways.items():
        write_scenario(scenario, tmp_path / f"{name.replace(' ', '_')}.toml")
    found = executed(explorer.as_code(), tmp_path, monkeypatch)["found"]
    assert growth_table(found, 1, 1) == explorer.table.value
    again = ps.explore.audience_growth(ways, replications=1)
    again.load(explorer.state())
    assert (again.table.value, again.picture.value) == (explorer.table.value, explorer.picture.value)
    with pytest.raises(InputError, match="seed is"):
        ps.explore.audience_growth(ways, replications=1, seed=9).load(explorer.state())


def test_a_picture_without_any_audience_says_so(ways: dict[str, Scenario]) -> None:
    found = dataclasses.replace(growth(ways, "acc_hq", replications=1), ways={}, refused={"together": "No."})
    assert imread(io.BytesIO(figure_png(growth_figure(found, "nothing")))).min() < 0.5
    assert "No." in growth_table(found, 1, 1)
    assert "runs" not in growth_table(found, 1, 1)


def test_nothing_to_ask_about_and_no_runs_are_refused(ways: dict[str, Scenario], agency: Scenario) -> None:
    with pytest.raises(InputError, match="replications is '0'"):
        ps.explore.audience_growth(ways, replications=0)
    with pytest.raises(InputError, match="in which an ad account can use a pixel"):
        ps.explore.audience_growth({})
