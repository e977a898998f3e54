"""The measures of Q1 to Q5 in runs of practices and their wrong ways, each against a recount of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import pixelsim as ps
from pixelsim.measure import claims_measured, consistency, double_counting
from pixelsim.scenario import Scenario, practices

DAY = 86_400_000


def small(scenario: Scenario, **learning: object) -> Scenario:
    """Make a practice small: few sessions and budgets, so that the recount is quick."""
    plain = scenario.plain()
    for site in plain["traffic"]["sites"]:
        site |= {"organic_sessions": 40.0, "people": 300, "order_rate": 0.1}
    for delivery in plain["traffic"]["delivery"]:
        delivery |= {"daily_budget": 10.0, "click_rate": 0.05, "conversion_rate": 0.2}
    plain["traffic"]["learning"] |= {"stable_conversions": 8, "calm_conversions": 4} | learning
    plain["settings"] |= {"audience_minimum": 120}
    return Scenario.read(plain)


MADE = {
    "one_domain": lambda: small(practices.one_domain(regions=2, accounts_of_region=2, days=12)),
    "one_domain_wrong": lambda: small(practices.one_domain(regions=2, accounts_of_region=2, days=12, wrong=True)),
    "many_domains_wrong": lambda: small(
        practices.many_domains(brands=2, domains=3, days=12, wrong=True), stable_conversions=30
    ),
    "agency_clients": lambda: small(practices.agency_clients(clients=2, days=12)),
}


@pytest.fixture(scope="module", params=[*MADE])
def run(request) -> ps.Run:
    return ps.run(MADE[request.param](), seed=3)


@pytest.fixture(scope="module")
def pair() -> tuple[ps.Run, ps.Run]:
    return ps.run(MADE["one_domain"](), seed=3), ps.run(MADE["one_domain_wrong"](), seed=3)


def measure(run: ps.Run, claim: str, begins: str) -> float:
    table = claims_measured(run.simulation)
    (value,) = table.loc[(table["claim"] == claim) & table["measure"].str.startswith(begins), "value"]
    return float(value)


def test_Q1_days_in_learning_are_days_of_delivery_before_the_ad_group_was_stable(run):
    simulation = run.simulation
    new = [g.id for g in run.scenario.structure.ad_groups if g.start_day > 0]
    counts = []
    for name in new:
        group = simulation.numbering.ad_groups.index(name)
        days = {part.at // DAY for part in simulation.shown if part.ad_group == group and part.impressions > 0}
        counts.append(sum(simulation.phases[day, group] != 2 for day in days))
    if new:
        assert measure(run, "Q1", "days in learning") == pytest.approx(np.mean(counts))
        assert sum(counts) > 0
    else:
        assert np.isnan(measure(run, "Q1", "days in learning"))


def test_Q2_days_until_usable_are_those_from_the_building(run):
    waits = []
    for audience, found in run.simulation.history.now.audiences.items():
        usable = [day.at for day in run.simulation.audiences if day.audience == audience and day.usable]
        waits += [(min(usable) - found.built_at) / DAY] if usable else []
    value = measure(run, "Q2", "days until usable")
    assert value == pytest.approx(np.mean(waits)) if waits else np.isnan(value)


def test_Q3_reporting_is_recounted_from_the_log(run):
    log = run.log()
    bought = log[(log["event"] == "Purchase") & (log["fate"] == "kept")]
    distinct = bought["event_key"].nunique()
    fullest = bought.groupby("pixel", observed=True)["event_key"].nunique().max()
    assert measure(run, "Q3", "share of seen orders") == pytest.approx(fullest / distinct)
    assert measure(run, "Q3", "purchases of all pixels") == pytest.approx(len(bought) / distinct)
    claims = run.simulation.claims
    claimed = int(np.count_nonzero(claims.counted & (claims.event == 4)))
    assert measure(run, "Q3", "claimed conversions") == pytest.approx(claimed / len(run.simulation.orders))


def test_Q3_a_share_is_never_more_than_all_however_often_a_pixel_is_loaded():
    plain = MADE["agency_clients"]().plain()
    for site in plain["traffic"]["sites"]:
        site["capture"] |= {"browser_event_id": False, "loads": {"PIXEL000000000000001": 3}}
    run = ps.run(Scenario.read(plain), seed=3)
    log = run.log()
    bought = log[(log["event"] == "Purchase") & (log["fate"] == "kept")]
    keys = bought.groupby("pixel", observed=True)["event_key"].nunique()
    share = measure(run, "Q3", "share of seen orders")
    assert share == pytest.approx(keys.max() / keys.sum())
    assert share < 1
    assert measure(run, "Q3", "purchases of all pixels") > 1.5


def test_Q4_pages_carry_what_their_sites_say(run):
    scenario, simulation = run.scenario, run.simulation
    carried = {site.id: len(site.pixels) for site in scenario.structure.websites}
    weight = {site.website: site.capture.weight.milliseconds_per_pixel for site in scenario.traffic.sites}
    assert measure(run, "Q4", "pixels on a page") == pytest.approx(np.mean([*carried.values()]))
    added = [carried[key] * weight[key] for key in carried]
    assert measure(run, "Q4", "load time added") == pytest.approx(np.mean(added))
    assert measure(run, "Q4", "events sent") == len(run.log())
    lost, stayed = simulation.lost_sessions.sum(), simulation.sessions.sum()
    assert measure(run, "Q4", "sessions lost") == pytest.approx(lost / (lost + stayed))
    # The parameters say how many of the sessions leave: 5 % for each second of load time.
    seconds = np.array([carried[key] * weight[key] / 1000 for key in sorted(carried)])
    came = simulation.lost_sessions + simulation.sessions
    share = 1 - 0.95**seconds
    assert (np.abs(simulation.lost_sessions - came * share) < 4 * np.sqrt(came * share * (1 - share))).all()


def test_Q4_a_pixel_for_each_region_costs_requests_and_sessions(pair):
    shared, own = pair
    assert measure(shared, "Q4", "pixels on a page") == 1
    assert measure(own, "Q4", "pixels on a page") == 3
    assert measure(own, "Q4", "events sent") > 2.5 * measure(shared, "Q4", "events sent")
    assert measure(own, "Q4", "sessions lost") > measure(shared, "Q4", "sessions lost") > 0
    assert measure(own, "Q3", "purchases of all pixels") > 2.5
    assert measure(shared, "Q3", "purchases of all pixels") == 1


def test_Q5_places_to_configure_and_accounts_that_an_edit_reaches(pair):
    shared, own = (consistency(run.simulation.history.now).set_index("measure")["value"] for run in pair)
    # Headquarters have two accounts and each of the two regions has two: one pixel reaches all six, or two each.
    assert (shared["pixels to configure"], own["pixels to configure"]) == (1, 3)
    reached = "ad accounts that an edit reaches, mean of pixels"
    assert (shared[reached], own[reached]) == (6, 2)
    assert shared["pixels behind equal audiences, most"] == 1
    assert own["pixels behind equal audiences, most"] == 2
    differ = "set-ups that differ between pixels"
    assert (shared[differ], own[differ]) == (0, 0)


def test_Q5_set_ups_that_differ_are_counted():
    plain = MADE["one_domain_wrong"]().plain()
    pixels = plain["structure"]["pixels"]
    pixels[0]["statistic_type"] = "once"
    pixels[1]["advanced_matching"] = True
    world = Scenario.read(plain).structure.world()
    table = consistency(world).set_index("measure")["value"]
    assert table["set-ups that differ between pixels"] == 2
    pixels[1]["advanced_matching"], pixels[1]["statistic_type"] = False, "once"
    again = consistency(Scenario.read(plain).structure.world()).set_index("measure")["value"]
    assert again["set-ups that differ between pixels"] == 1


def test_claims_are_put_beside_the_books(run):
    table = double_counting(run.simulation)
    claims, orders = run.simulation.claims, len(run.simulation.orders)
    claimed = int(np.count_nonzero(claims.counted & (claims.event == 4)))
    spend = run.delivery()["spend"].sum()
    assert table["value"].tolist() == pytest.approx(
        [claimed, orders, claimed / orders, spend / claimed, spend / orders, spend / orders]
    )
    assert table["unit"].tolist() == ["conversions", "orders", "times", "USD", "USD", "USD"]


def test_costs_are_missing_where_accounts_have_several_currencies():
    plain = MADE["agency_clients"]().plain()
    plain["structure"]["ad_accounts"][0]["currency"] = "JPY"
    for delivery in plain["traffic"]["delivery"]:
        delivery["daily_budget"] = 500.0
    table = double_counting(ps.run(Scenario.read(plain), seed=3).simulation)
    assert table.loc[["cost for each claimed", "cost for each true"], "value"].isna().all()
    assert set(table.loc[["cost for each claimed", "cost for each true"], "unit"]) == {"several currencies"}
    assert table["value"].loc["claimed conversions"] > 0


def test_every_measure_says_its_unit_and_which_way_is_better(run):
    table = claims_measured(run.simulation)
    assert table["claim"].tolist() == sorted(table["claim"])
    assert set(table["claim"]) == {"Q1", "Q2", "Q3", "Q4", "Q5"}
    assert set(table["better"]) == {"lower", "higher"}
    assert (table["unit"].str.len() > 0).all()
    assert not table.duplicated(["claim", "measure"]).any()
    assert isinstance(table, pd.DataFrame)


def test_nothing_is_measured_where_nothing_happens():
    plain = MADE["agency_clients"]().plain()
    plain["traffic"]["delivery"] = []
    for site in plain["traffic"]["sites"]:
        site["organic_sessions"] = 0.0
    run = ps.run(Scenario.read(plain), seed=3)
    table = claims_measured(run.simulation).set_index("measure")["value"]
    assert np.isnan(table["share of seen orders in the fullest pixel"])
    assert np.isnan(table["claimed conversions over orders in truth"])
    assert table["events sent"] == 0
    assert table["sessions lost to load time"] == 0
