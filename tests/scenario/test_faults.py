"""What is wrong with a scenario comes all at once, each fault with its place, its rule and its remedy."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pixelsim.base.errors import Fault, InputError
from pixelsim.scenario import Scenario, load_scenario

BROKEN = """\
name = "broken"
start = 2026-01-05T00:00:00
days = "28"
polcy = "strict"
policy = "strickt"

[[viewers]]
name = "a"
account = "acc_9"

[structure]
business_centers = [
  { id = "bc_a", name = "A", managed = "yes" },
  { id = "bc_a", name = "Twice" },
  { id = "bc_b", name = "B", typ = "DIRECT" },
]
people = [{ id = "ann", name = "Ann" }, { id = 7, name = "Seven" }]
ad_accounts = [
  { id = "acc_a", name = "A", owner_bc = "bc_a", currency = "usd", utc_offset = "+05:45" },
  { id = "acc_b", name = "B", owner_bc = "bc_b" },
]
pixels = [{ code = "PX", number = "1", name = "P", creator = "acc_a" }]
shares = [{ pixel = "PX", partner = "bc_b" }, { pixel = "PX", partner = "bc_b" }]
campaigns = [{ id = "c", account = "acc_b" }]
ad_groups = [
  { id = "g", campaign = "c", name = "g", pixel = "PX", click_days = 5 },
  { id = "h", campaign = "nowhere", name = "h", view_days = 2, engaged_view_days = 3 },
]

[[traffic.sites]]
website = "shop"
order_rate = 1.5
hours = [1.0, 2.0, 3.0]
organic_session = 3.0

[[traffic.delivery]]
ad_group = "g"
website = "shop"
daily_budget = -5.0
click_rate = true
conversion_rate = -0.1
cpm = nan

[[plan.steps]]
day = 99.0
action = { do = "swich", actor = "ann" }

[[plan.steps]]
day = -1.0
action = { do = "switch", actor = "bob", id = "c", kind = "campaign" }

[[plan.steps]]
day = 1.0
action = { actor = "ann" }
"""

EXPECTED = {
    "$.start": ("an instant with a time zone", "add an offset such as +00:00"),
    "$.days": ("a whole number", "without quotes"),
    "$.polcy": ("a field that exists", "write policy"),
    "$.policy": ("one of documented, strict, pause, continue", "choose a preset"),
    "$.viewers[0].account": ("the id of one of structure.ad_accounts", "acc_b or acc_a"),
    "$.structure.business_centers[0].managed": ("true or false", "without quotes"),
    "$.structure.business_centers[1].id": ("an id that occurs once", "its own id"),
    "$.structure.business_centers[2].typ": ("a field that exists", "write type"),
    "$.structure.people[1].id": ("text", "put it in quotes"),
    "$.structure.ad_accounts[0].currency": ("three capital letters", "ISO 4217"),
    "$.structure.ad_accounts[0].utc_offset": ("a whole or half hour within 14 hours of UTC", "nearest whole or half"),
    "$.structure.campaigns[0].name": ("present", "add it"),
    "$.structure.ad_groups[0].click_days": ("one of 1, 7, 14, 28 days", "a window that the platform has"),
    "$.structure.ad_groups[0].pixel": ("a pixel that ad account acc_b has access to (R16)", "link PX to acc_b"),
    "$.structure.ad_groups[1].view_days": ("one of 0, 1, 7 days", "a window that the platform has"),
    "$.structure.ad_groups[1].engaged_view_days": ("one of 1, 7 days", "a window that the platform has"),
    "$.structure.ad_groups[1].campaign": ("the id of one of structure.campaigns", "add it to structure.campaigns"),
    "$.structure.shares[0].pixel": ("transferred to a Business Center (R03)", "set owner_bc"),
    "$.structure.shares[1]": ("unlike entry 0", "keep one of the two"),
    "$.structure.shares[1].pixel": ("transferred to a Business Center (R03)", "set owner_bc"),
    "$.traffic.sites[0].order_rate": ("at most 1", "correct the value"),
    "$.traffic.sites[0].hours": ("a list of 24 entries", "give 24 instead of 3"),
    "$.traffic.sites[0].organic_session": ("a field that exists", "write organic_sessions"),
    "$.traffic.sites[0].website": ("the id of one of structure.websites", "add it to structure.websites"),
    "$.traffic.delivery[0].website": ("the id of one of structure.websites", "add it to structure.websites"),
    "$.traffic.delivery[0].daily_budget": ("at least 0", "correct the value"),
    "$.traffic.delivery[0].click_rate": ("a number", "without quotes"),
    "$.traffic.delivery[0].conversion_rate": ("at least 0", "correct the value"),
    "$.traffic.delivery[0].cpm": ("a finite number", "correct the value"),
    "$.plan.steps[0].action.do": ("an action that exists", "choose switch"),
    "$.plan.steps[1].day": ("at least 0", "correct the value"),
    "$.plan.steps[1].action.actor": ("the id of one of structure.people", "add it to structure.people"),
    "$.plan.steps[1].action.to": ("present", "add it"),
    "$.plan.steps[2].action": ("an action with a field 'do'", "say what is done"),
}


def test_a_broken_file_reports_all_its_faults_at_once_each_with_rule_and_remedy(write):
    path = write(BROKEN)
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    error = caught.value
    found = {fault.place: fault for fault in error.faults}
    assert set(found) == set(EXPECTED)
    assert len(error.faults) == len(EXPECTED)
    for place, (rule, remedy) in EXPECTED.items():
        assert rule in found[place].rule, place
        assert remedy in found[place].remedy, place
    assert error.source == str(path)
    assert str(error).startswith(f"{path}: {len(EXPECTED)} faults\n")


def test_faults_show_the_value_that_was_given(write):
    with pytest.raises(InputError) as caught:
        load_scenario(write(BROKEN))
    values = {fault.place: fault.value for fault in caught.value.faults}
    assert values["$.start"] == "2026-01-05T00:00:00"
    assert values["$.traffic.delivery[0].daily_budget"] == "-5.0"
    assert values["$.traffic.delivery[0].click_rate"] == "true"
    assert values["$.structure.ad_groups[0].click_days"] == "5"
    assert values["$.plan.steps[0].action.do"] == "swich"


def test_no_fault_names_a_place_that_the_file_does_not_have(write):
    # The tag of an action is no part of the file's own path.
    with pytest.raises(InputError) as caught:
        load_scenario(write(BROKEN))
    assert not [fault.place for fault in caught.value.faults if ".switch." in fault.place]


def faults_of(plain: dict[str, Any]) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        Scenario.read(plain)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        (("traffic", "sites", 0, "order_rate"), 1.0001, "at most 1"),
        (("traffic", "delivery", 0, "click_rate"), -0.0001, "at least 0"),
        (("traffic", "delivery", 0, "budget_spent"), 2.0, "at most 1"),
        (("traffic", "delivery", 0, "landing_share"), float("nan"), "a finite number"),
        (("traffic", "delivery", 1, "daily_budget"), -1, "at least 0"),
        (("traffic", "delivery", 1, "cpm"), 0.0, "above 0"),
        (("traffic", "delivery", 1, "cpm"), "4.0", "a number"),
        (("traffic", "delay", "fast_share"), 1.5, "at most 1"),
        (("traffic", "sites", 0, "people"), 0, "at least 1"),
        (("traffic", "sites", 0, "people"), 1.5, "a whole number"),
        (("traffic", "sites", 0, "currency"), "usd", "three capital letters"),
        (("traffic", "sites", 0, "utc_offset"), "+05:45", "a whole or half hour within 14 hours of UTC"),
        (("structure", "ad_groups", 0, "view_days"), 14, "one of 0, 1, 7 days"),
        (("structure", "ad_groups", 0, "start_day"), -1.0, "at least 0"),
        (("structure", "people", 0, "id"), "", "text that is not empty"),
        (("structure", "members", 0, "role"), "OWNER", "'ADMIN' or 'STANDARD'"),
        (("structure", "websites", 0, "pixels"), "PX", "a list"),
        (("structure", "websites"), {"id": "shop"}, "a list"),
        (("structure", "ads", 0), "a_brand", "a table of fields"),
        (("measurement", "scope"), "everybody", "'pixel' or 'account'"),
        (("measurement", "dedup_hours"), -1.0, "at least 0"),
        (("settings", "audience_after_access"), "gone", "'frozen', 'lost', 'deadline' or 'pause_users'"),
        (("policy",), "harsh", "one of documented, strict, pause, continue, or a table"),
        (("policy",), {"partner": {"guard": "none"}}, "present"),
        (("days",), 0, "at least 1"),
        (("days",), 4000, "at most 3660"),
        (("days",), True, "a whole number"),
        (("plan", "delays", "ben", "median_hours"), -1.0, "at least 0"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_single_wrong_value_is_told_with_its_place(plain, path, value, rule):
    here: Any = plain
    for step in path[:-1]:
        here = here.setdefault(step, {}) if isinstance(here, dict) else here[step]
    here[path[-1]] = value
    place = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    faults = faults_of(plain)
    (own,) = [fault for fault in faults if fault.place.startswith(place)]
    assert own.rule.startswith(rule)
    assert own.remedy


def test_a_start_without_a_time_zone_is_refused_as_text_and_as_an_object(plain):
    for start in ("2026-01-05T00:00:00", dt.datetime(2026, 1, 5)):
        (fault,) = faults_of(plain | {"start": start})
        assert (fault.place, fault.rule) == ("$.start", "an instant with a time zone")


@pytest.mark.parametrize(
    ("part", "name", "entry", "place"),
    [
        ("structure", "people", {"id": "ann", "name": "Another Ann"}, "$.structure.people[3].id"),
        ("structure", "pixels", {"code": "PX", "number": "9", "name": "x", "creator": "acc_brand"}, "pixels[2].code"),
        ("structure", "shares", {"pixel": "PX", "partner": "bc_other"}, "$.structure.shares[2]"),
        ("structure", "links", {"pixel": "PX", "account": "acc_agency", "by_bc": "bc_brand"}, "links[1]"),
        ("structure", "members", {"bc": "bc_brand", "person": "ann", "role": "STANDARD"}, "members[2]"),
        ("traffic", "sites", {"website": "shop"}, "$.traffic.sites[1].website"),
        ("traffic", "delivery", {"ad_group": "g_brand", "website": "shop"}, "$.traffic.delivery[2].ad_group"),
        ("", "viewers", {"name": "brand", "account": "acc_other"}, "$.viewers[2].name"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("$") else None,
)
def test_what_is_named_twice_is_told_at_the_second_place(plain, part, name, entry, place):
    (plain[part] if part else plain)[name].append(entry)
    faults = faults_of(plain)
    assert any(fault.place.endswith(place) for fault in faults), faults


@pytest.mark.parametrize(
    ("path", "home"),
    [
        (("structure", "ad_accounts", 0, "owner_bc"), "business_centers"),
        (("structure", "websites", 0, "pixels"), "pixels"),
        (("structure", "pixels", 0, "creator"), "ad_accounts"),
        (("structure", "campaigns", 0, "account"), "ad_accounts"),
        (("structure", "ad_groups", 0, "campaign"), "campaigns"),
        (("structure", "ad_groups", 0, "pixel"), "pixels"),
        (("structure", "ads", 0, "ad_group"), "ad_groups"),
        (("structure", "ads", 1, "tracking_pixel"), "pixels"),
        (("structure", "tokens", 0, "holder_bc"), "business_centers"),
        (("structure", "members", 0, "person"), "people"),
        (("structure", "account_people", 0, "via"), "business_centers"),
        (("structure", "account_grants", 0, "account"), "ad_accounts"),
        (("structure", "partnerships", 0, "partner"), "business_centers"),
        (("structure", "shares", 0, "partner"), "business_centers"),
        (("structure", "links", 0, "by_bc"), "business_centers"),
        (("structure", "pixel_people", 0, "person"), "people"),
        (("traffic", "sites", 0, "website"), "websites"),
        (("traffic", "delivery", 0, "ad_group"), "ad_groups"),
        (("traffic", "delivery", 0, "website"), "websites"),
        (("viewers", 0, "account"), "ad_accounts"),
        (("plan", "steps", 0, "action", "actor"), "people"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_reference_that_leads_nowhere_is_told_with_where_it_should_lead(plain, path, home):
    here: Any = plain
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = ["nobody"] if isinstance(here[path[-1]], list) else "nobody"
    place = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    (own,) = [fault for fault in faults_of(plain) if fault.value == "nobody"]
    assert own.place == place
    assert own.rule == f"the id of one of structure.{home}"


def test_a_slip_in_an_id_is_answered_with_the_nearest_ones(plain):
    plain["viewers"][1]["account"] = "acc_agncy"
    (fault,) = faults_of(plain)
    assert fault.remedy.startswith("write acc_agency")


def test_a_delay_of_an_unknown_person_is_refused(plain):
    plain["plan"]["delays"]["bob"] = {"median_hours": 1.0}
    (fault,) = faults_of(plain)
    assert (fault.place, fault.value) == ("$.plan.delays.bob", "bob")


def test_a_delivery_may_belong_to_an_ad_group_that_the_plan_creates(plain):
    create = {"do": "create_ad_group", "actor": "ann", "campaign": "c_brand", "ad_group": "g_new", "name": "New"}
    plain["plan"]["steps"].append({"day": 1.0, "action": create})
    plain["traffic"]["delivery"].append({"ad_group": "g_new", "website": "shop"})
    assert Scenario.read(plain).traffic.delivery[2].ad_group == "g_new"


def test_a_step_on_the_last_instant_is_after_the_end(plain):
    plain["plan"]["steps"][1]["day"] = 10.0
    (fault,) = faults_of(plain)
    assert (fault.place, fault.rule) == ("$.plan.steps[1].day", "before the end, day 10")
    plain["plan"]["steps"][1]["day"] = 9.999
    assert Scenario.read(plain).plan.steps[1].day == 9.999
