from __future__ import annotations

import asyncio

import pytest

import pixelsim as ps
from pixelsim.base.errors import InputError
from pixelsim.explore import page_widget
from pixelsim.explore.page_widget import BEST, EXPLORERS, WAYS, twins, variants
from pixelsim.scenario import Scenario, scenario_names
from pixelsim.sharing import PRESETS


@pytest.fixture(scope="module")
def quick(agency: Scenario) -> Scenario:
    return agency.replace(name="my_own")


def test_ways_are_built_in_scenarios_and_a_changed_one_has_no_twin() -> None:
    assert {name for ways in WAYS for name in ways} == set(scenario_names()) - {"agency"}
    assert list(twins(ps.scenario("many_domains_wrong"))) == ["many domains wrong", "many domains"]
    assert list(twins(ps.scenario("ending")))[1:] == ["ending unshare first", "ending only running", "ending never"]
    assert list(twins(ps.scenario("one_domain").replace(days=9))) == ["one domain"]


def test_a_scenario_with_an_exit_is_compared_with_other_orders_and_policies(quick: Scenario) -> None:
    found = variants(quick)
    assert list(found)[:2] == ["my own", "unshare 3 days before the stop"]
    assert found["unshare 3 days before the stop"].plan == quick.plan.unshare_first(3)
    assert [found[f"policy {name}"].policy for name in PRESETS if name != "documented"] == [
        policy for name, policy in PRESETS.items() if name != "documented"
    ]
    assert list(variants(ps.scenario("one_domain"))) == ["one domain", "one domain wrong"]


def test_every_explorer_is_shown_in_a_scenario_that_takes_it(quick: Scenario) -> None:
    page = ps.explore.page(quick, replications=1)
    kinds = {}
    # The best practices have a test of their own, and bring scenarios that take longer.
    for title in [title for title in EXPLORERS if title != BEST]:
        page.controls["explorer"].value = title
        assert page.slot.children == (page.shown,)
        kinds[title] = page.shown.kind
        assert page.as_code() == page.shown.as_code()
        assert bytes(page.shown.picture.value[:4]) == b"\x89PNG"
    assert len(set(kinds.values())) == len(kinds)
    assert page.failures == []


def test_own_scenarios_are_offered_first_and_named_as_such(quick: Scenario) -> None:
    page = ps.explore.page(quick, replications=1)
    assert page.controls["scenario"].options[0] == "my own (yours)"
    assert page.controls["scenario"].value == "my own (yours)"
    assert page.shown.scenario == quick
    assert len(page.controls["scenario"].options) == 1 + len(scenario_names())
    assert ps.explore.page(replications=1).controls["scenario"].value == "agency"


def test_where_an_explorer_does_not_fit_the_page_says_so_in_words(quick: Scenario) -> None:
    stopless = quick.replace(plan=quick.plan.replace(steps=()))
    page = ps.explore.page(stopless, replications=1)
    assert page.shown is None
    assert page.slot.children == ()
    assert "Not in this scenario: steps must be at least one stop and one unshare" in page.message.value
    assert page.as_code() == ""
    page.controls["explorer"].value = "Who sees what"
    assert page.shown.kind == "who_sees_what"
    assert page.message.value == ""
    assert page.failures == []


def test_best_practices_bring_their_own_scenarios(quick: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    permissions = EXPLORERS["Who may do what"]
    monkeypatch.setitem(page_widget.EXPLORERS, BEST, permissions)
    page = ps.explore.page(quick, replications=1)
    page.controls["explorer"].value = BEST
    assert page.controls["scenario"].layout.display == "none"
    assert page.caption.value == ""
    page.controls["explorer"].value = "Who may do what"
    assert page.controls["scenario"].layout.display == ""
    assert quick.title.split(",", maxsplit=1)[0].replace("'", "&#x27;") in page.caption.value


def test_another_explorer_stops_what_the_last_one_was_doing(quick: Scenario) -> None:
    async def notebook() -> None:
        page = ps.explore.page(quick, replications=300)
        first = page.shown
        assert page.working
        page.controls["explorer"].value = "Who may do what"
        assert not first.working
        await page.finished()
        assert not page.working

    asyncio.run(notebook())


def test_state_holds_the_page_and_what_is_on_it(quick: Scenario) -> None:
    page = ps.explore.page(quick, replications=1)
    page.controls["explorer"].value = "Who may do what"
    page.shown.controls["what"].value = "share"
    again = ps.explore.page(quick, replications=1)
    again.load(page.state())
    assert again.shown.controls["what"].value == "share"
    assert again.shown.table.value == page.shown.table.value
    assert again.static_html() == page.static_html()
    with pytest.raises(InputError, match="seed is"):
        ps.explore.page(quick, replications=1, seed=2).load(page.state())
