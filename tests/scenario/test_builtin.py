"""Built-in scenarios and samples: each loads, runs, and speaks of things by names that people use."""

from __future__ import annotations

import math

import pytest

import pixelsim as ps
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.scenario import Plan, Scenario, sample, scenario, scenario_names
from pixelsim.scenario.builtin import data_folder
from pixelsim.scenario.practices import agency_clients, ending, many_domains, one_domain
from pixelsim.sharing.visibility import Label, label

GENERIC = {"foo", "bar", "baz", "test", "todo", "example", "x", "dummy", "lorem"}
ENTITIES = ("business_centers", "people", "ad_accounts", "websites", "pixels", "campaigns", "ad_groups", "ads")


def test_all_the_practices_and_the_scenario_files_are_listed():
    files = {path.stem for path in (data_folder() / "scenarios").glob("*.toml")}
    assert "agency" in files
    assert files < set(scenario_names())
    assert scenario_names() == sorted(set(scenario_names()))
    for practice in ("one_domain", "many_domains", "agency_clients", "ending"):
        ways = [name for name in scenario_names() if name.startswith(practice)]
        assert len(ways) > 1, practice


@pytest.mark.parametrize("name", scenario_names())
def test_a_built_in_scenario_is_sound_and_speaks_of_things_by_name(name):
    one = scenario(name)
    assert one.cross_faults() == []
    assert one.name == name
    assert len(one.title.split()) > 4
    for kind in ENTITIES:
        entities = getattr(one.structure, kind)
        for entity in entities:
            key = entity.code if kind == "pixels" else entity.id
            assert entity.name[0].isupper(), (kind, entity.name)
            assert entity.name != key
            assert not set(entity.name.lower().split()) & GENERIC
        if kind in {"business_centers", "people", "ad_accounts"}:
            assert len({entity.name for entity in entities}) == len(entities), kind
    for pixel in one.structure.pixels:
        assert (len(pixel.code), len(pixel.number)) == (20, 19)
    assert len({viewer.account for viewer in one.viewers}) >= 1


@pytest.mark.parametrize("name", scenario_names())
def test_owner_and_receiver_see_the_labels_of_r19_at_the_start(name):
    one = scenario(name)
    world = one.structure.world()
    for pixel in one.structure.pixels:
        receivers = [s.partner for s in one.structure.shares if s.pixel == pixel.code]
        linked = [k.account for k in one.structure.links if k.pixel == pixel.code]
        owner = Label.SHARED_BY_YOU if receivers or linked else Label.NONE
        assert label(world, pixel.code, pixel.creator) is owner
        assert pixel.owner_bc is not None
        assert label(world, pixel.code, pixel.owner_bc) is owner
        for viewer in (*receivers, *linked):
            assert label(world, pixel.code, viewer) is Label.SHARED_WITH_YOU
        strangers = {a.id for a in one.structure.ad_accounts} - {pixel.creator, *linked}
        assert all(label(world, pixel.code, viewer) is Label.NONE for viewer in strangers)


def shortened(one: Scenario) -> Scenario:
    """Give a scenario of two days and little organic traffic, with the steps of its plan that fall into them."""
    steps = tuple(step for step in one.plan.steps if step.day < 2)
    sites = tuple(site.replace(organic_sessions=40.0) for site in one.traffic.sites)
    return one.replace(days=2, plan=Plan(steps=steps), traffic=one.traffic.replace(sites=sites))


@pytest.mark.parametrize("name", [n for n in scenario_names() if n != "agency"])
def test_a_built_in_scenario_runs(name):
    result = ps.run(shortened(scenario(name)), seed=3)
    values = result.outcomes().set_index(["outcome", "object"])["value"]
    spend = values["spend"].sum()
    budget = sum(d.daily_budget for d in scenario(name).traffic.delivery) * 2
    assert 0.5 * budget < spend <= budget
    assert values["orders", "all sites"] > 0
    assert len(result.metrics()) > 0


def test_the_agency_scenario_runs_to_its_end_with_the_figures_it_promises():
    result = ps.run(scenario("agency"), seed=3)
    values = result.outcomes().set_index(["outcome", "object"])["value"]
    # The forgotten campaign spends 14 days at up to 80 after the unshare on day 15 under the preset 'documented'.
    assert 0.8 * 14 * 80 < values["orphaned spend", "acc_agency"] <= 14 * 80
    assert values["blind days", "acc_agency"] == 14
    assert values["orphaned spend", "acc_brand"] == 0
    assert values["conversions lost to attribution", "acc_agency"] > 0
    assert not any(math.isnan(value) for value in values)
    assert len(result.refused()) == 0


@pytest.mark.parametrize("way", ["right", "unshare_first", "only_running", "never"])
def test_the_ways_of_ending_differ_in_what_they_leave_behind(way):
    world = ps.run(ending(way=way, stop_day=2, days=8), seed=1).simulation.history.now
    assert bool(world.shares) == (way == "never")
    running = {key for key, campaign in world.campaigns.items() if campaign.on and key.startswith("acc_agency")}
    scheduled = "acc_agency_campaign_2"
    assert running == (set() if way in {"right", "unshare_first"} else {scheduled})


def test_practices_come_in_any_size():
    assert len(one_domain(regions=2, accounts_of_region=4).structure.ad_accounts) == 2 + 2 * 4
    assert len(many_domains(brands=2, domains=3).structure.websites) == 3
    assert len(agency_clients(clients=3).structure.pixels) == 3


def test_sizes_and_ways_that_do_not_exist_are_refused():
    with pytest.raises(InputError, match=r"regions is '0'.*\n.*accounts_of_region is '201'"):
        one_domain(regions=0, accounts_of_region=201)
    with pytest.raises(InputError, match=r"domains is '2\.5'"):
        many_domains(domains=2.5)
    with pytest.raises(UnknownNameError, match="way of ending 'abrupt' does not exist"):
        ending(way="abrupt")
    with pytest.raises(InputError, match="before the end, day 10"):
        ending(days=10)


def test_an_unknown_scenario_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'agency'"):
        scenario("agenci")


def test_a_name_that_ends_in_toml_is_a_file(tmp_path):
    with pytest.raises(InputError, match="a file that can be read"):
        scenario(str(tmp_path / "mine.toml"))
    (tmp_path / "mine.TOML").write_text("days = 3\n", encoding="utf-8")
    assert scenario(str(tmp_path / "mine.TOML")).days == 3


def test_samples_are_found_by_name_and_by_path():
    assert sample("constructed_120_days.csv").is_file()
    by_path = sample("ads_manager_and_api/ja_campaign_cp932.csv")
    assert sample("ja_campaign_cp932.csv") == by_path
    with pytest.raises(UnknownNameError, match=r"did you mean 'constructed_120_days.csv'"):
        sample("constructed_120_day.csv")
    with pytest.raises(UnknownNameError, match="LICENSE"):
        sample("LICENSE")
