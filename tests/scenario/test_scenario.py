"""A scenario is immutable data with a content hash; variants are made by name or by path."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
from pydantic import ValidationError

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.scenario import Plan, Scenario, Source, SourceKind, Viewer
from pixelsim.sharing.rulebook import PRESETS

CODE = "import pixelsim as ps; print(*(ps.scenario(n).content_hash for n in ('agency', 'ending', 'one_domain')))"


def test_the_content_hash_is_the_same_in_another_process_with_another_hash_seed():
    import pixelsim as ps

    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "4711"}
    )
    here = [ps.scenario(name).content_hash for name in ("agency", "ending", "one_domain")]
    assert done.stdout.split() == here
    assert len(set(here)) == 3
    assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in here)


def test_the_content_hash_does_not_depend_on_name_title_and_sources(small):
    source = {"traffic.delivery[g_agency].cpm": Source(kind=SourceKind.FILE, text="x", rows=3)}
    assert small.replace(name="other", title="words", sources=source).content_hash == small.content_hash


def test_the_content_hash_depends_on_every_other_value(small):
    changes = {
        "start": "2026-03-03T00:00:00Z",
        "days": 11,
        "policy": "pause",
        "viewers[brand].name": "the brand",
        "settings.recipient_may_edit": True,
        "settings.audience_deadline_days": 31.0,
        "measurement.scope": "account",
        "measurement.dedup_hours": 24.0,
        "structure.people[ann].name": "Anna",
        "structure.pixels[PX].advanced_matching": True,
        "structure.ad_groups[g_agency].click_days": 28,
        "structure.ad_accounts[acc_agency].utc_offset": "+05:30",
        "structure.websites[shop].domains": ["shop.example", "shop2.example"],
        "structure.members[0].role": "STANDARD",
        "structure.links": [],
        "traffic.block_days": 8,
        "traffic.delay.limit_days": 29.0,
        "traffic.sites[shop].value.median": 57.0,
        "traffic.sites[shop].capture.lost_events": 0.03,
        "traffic.delivery[g_brand].hours": [1.0] * 24,
        "plan.steps[0].day": 4.5,
        "plan.steps[1].why": "another reason",
        "plan.steps[0].action.to": "deleted",
        "plan.delays[ben].sigma": 0.6,
    }
    hashes = {small.content_hash}
    for path, value in changes.items():
        if path == "structure.links":
            bare = small.plain()["structure"] | {"links": [], "ad_groups": [], "ads": []}
            hashes.add(small.replace(structure=bare, traffic=small.traffic.replace(delivery=[])).content_hash)
        else:
            hashes.add(small.vary(path, value).content_hash)
    assert len(hashes) == 1 + len(changes)


def test_policy_by_the_name_of_a_preset(plain):
    for name, policy in PRESETS.items():
        assert Scenario.read(plain | {"policy": name}).policy == policy
        assert Scenario.read(plain).replace(policy=name).policy == policy
        assert Scenario.read(plain).vary("policy", name).policy == policy


def test_replace_checks_like_a_file_and_leaves_the_original_alone(small):
    before = small.content_hash
    variant = small.replace(days=12, name="longer")
    assert (variant.days, variant.name) == (12, "longer")
    assert (small.days, small.content_hash) == (10, before)
    with pytest.raises(InputError, match=r"variant of small: \$\.days: days is '0'"):
        small.replace(days=0)
    with pytest.raises(InputError, match=r"plan\.steps\[1\]\.day: day is '5', but must be before the end, day 5"):
        small.replace(days=5)
    with pytest.raises(UnknownNameError, match="scenario field 'dayz' does not exist; did you mean 'days'"):
        small.replace(dayz=3)


def test_parts_refuse_like_the_whole(small):
    with pytest.raises(InputError, match=r"SiteTraffic: \$\.organic_sessions: .* at least 0"):
        small.traffic.sites[0].replace(organic_sessions=-1.0)
    with pytest.raises(InputError, match="write organic_sessions"):
        small.traffic.sites[0].replace(organic_session=1.0)
    assert small.traffic.sites[0].replace(organic_sessions=7).organic_sessions == 7.0


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        ("days", 20, lambda s: s.days),
        ("policy.partner.effect", "not_delivering", lambda s: s.policy.partner.effect),
        ("traffic.sites[0].organic_sessions", 5.0, lambda s: s.traffic.sites[0].organic_sessions),
        ("traffic.sites.0.organic_sessions", 5.0, lambda s: s.traffic.sites[0].organic_sessions),
        ("traffic.sites[shop].funnel.view", 0.5, lambda s: s.traffic.sites[0].funnel.view),
        ("traffic.delivery[g_agency].daily_budget", 5.0, lambda s: s.traffic.delivery[1].daily_budget),
        ("structure.pixels[PX].name", "New", lambda s: s.structure.pixels[0].name),
        ("structure.ads[a_brand].name", "New", lambda s: s.structure.ads[0].name),
        ("plan.steps[1].day", 6.0, lambda s: s.plan.steps[1].day),
        ("plan.steps[1].action.partner", "bc_other", lambda s: s.plan.steps[1].action.partner),
        ("plan.delays[ben].median_hours", 1.0, lambda s: s.plan.delays["ben"].median_hours),
        ("plan.delays.ben.median_hours", 1.0, lambda s: s.plan.delays["ben"].median_hours),
        ("viewers[agency].account", "acc_other", lambda s: s.viewers[1].account),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_vary_changes_the_one_value_that_a_path_names(small, path, value, read):
    variant = small.vary(path, value)
    assert read(variant) == value
    assert read(small) != value
    assert variant.content_hash != small.content_hash


@pytest.mark.parametrize("key", ["a.b", "US [retargeting]", "a]b.c", "spring 2026 / ad group", "0", "[x]", "]", "g"])
def test_vary_reaches_ids_with_dots_spaces_and_brackets(plain, key):
    plain["structure"]["ad_groups"][1]["id"] = key
    plain["structure"]["ads"][1]["ad_group"] = key
    plain["traffic"]["delivery"][1]["ad_group"] = key
    one = Scenario.read(plain).vary(f"traffic.delivery[{key}].daily_budget", 77.0)
    assert [d.daily_budget for d in one.traffic.delivery] == [10.0, 77.0]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("dayz", "days"),
        ("", "name"),
        ("days.", "days"),
        ("days.hours", "days"),
        ("traffic.delivery[g_agncy].cpm", "traffic.delivery[g_agency].cpm"),
        ("traffic.delivry[g_agency].cpm", "traffic.delivery[g_agency].cpm"),
        ("traffic.delivery[9].cpm", "traffic.delivery[g_agency].cpm"),
        ("traffic.delivery.g_agency.cpm", "traffic.delivery[g_agency]"),
        ("policy.partner.efect", "policy.partner.effect"),
    ],
)
def test_vary_refuses_a_path_that_leads_nowhere_and_names_the_nearest(small, path, near):
    with pytest.raises(UnknownNameError, match="scenario path") as caught:
        small.vary(path, 1)
    assert any(near in known for known in caught.value.known)


def test_vary_refuses_a_wrong_value_with_its_place(small):
    with pytest.raises(InputError, match=r"\$\.traffic\.delivery\[1\]\.cpm: cpm is '0', but must be above 0"):
        small.vary("traffic.delivery[g_agency].cpm", 0)


def test_numbers_of_numpy_are_numbers(small):
    import numpy as np

    assert small.vary("traffic.sites[0].people", np.int64(5)).traffic.sites[0].people == 5
    assert small.replace(days=np.int64(12)).days == 12


def test_nothing_of_a_scenario_can_be_changed_in_place(small):
    with pytest.raises(ValidationError, match="frozen"):
        small.days = 5
    with pytest.raises(ValidationError, match="frozen"):
        small.traffic.sites[0].organic_sessions = 5.0
    with pytest.raises(AttributeError, match="cannot assign"):
        small.structure.people[0].name = "x"
    with pytest.raises(AttributeError, match="cannot assign"):
        small.policy.partner.guard = "none"
    for change in (
        lambda: small.plan.delays.update(ann=None),
        lambda: small.plan.delays.pop("ben"),
        small.sources.clear,
        lambda: small.sources.setdefault("x", None),
        lambda: small.plan.delays.__setitem__("ann", None),
        lambda: small.plan.delays.__delitem__("ben"),
        lambda: small.plan.delays.__ior__({"ann": None}),
    ):
        with pytest.raises(TypeError, match="does not change"):
            change()
    assert isinstance(small.structure.people, tuple)


def test_copies_and_other_processes_get_an_equal_scenario(small):
    for one in (copy.deepcopy(small), pickle.loads(pickle.dumps(small))):  # noqa: S301 - our own bytes
        assert one == small
        assert one.content_hash == small.content_hash
        with pytest.raises(TypeError, match="does not change"):
            one.plan.delays.clear()


def test_a_variant_shares_no_state_with_what_it_was_made_from(plain):
    one = Scenario.read(plain)
    plain["structure"]["people"][0]["name"] = "changed later"
    plain["plan"]["delays"]["ben"]["sigma"] = 9.0
    assert one.structure.people[0].name == "Ann"
    assert one.plan.delays["ben"].sigma == 0.5
    assert "ben" in one.replace(plan=Plan(delays=dict(one.plan.delays))).plan.delays


def test_P111_a_named_zone_is_told_in_the_notes(plain):
    plain["structure"]["ad_accounts"][1]["utc_offset"] = "America/Los_Angeles"
    plain["traffic"]["sites"][0]["utc_offset"] = "Europe/Berlin"
    one = Scenario.read(plain)
    assert one.structure.world().ad_accounts["acc_agency"].utc_offset == -8 * 3_600_000
    assert one.notes == (
        "ad account acc_agency: America/Los_Angeles is stored as the fixed offset -08:00, without summer time",
        "website shop: Europe/Berlin is stored as the fixed offset +01:00, without summer time",
    )
    assert Scenario.read(plain | {"structure": {}, "traffic": {}, "plan": {}, "viewers": []}).notes == ()


def test_days_count_from_the_start(small):
    world = small.vary("structure.ad_groups[g_brand].start_day", 1.5).structure.world()
    assert world.ad_groups["g_brand"].start == 129_600_000
    assert small.length == 10 * 86_400_000
    assert small.clock.start.isoformat() == "2026-03-02T00:00:00+00:00"


def test_viewers_are_plain_pairs(small):
    assert small.viewers[0] == Viewer(name="brand", account="acc_brand")


def test_where_a_value_comes_from(small):
    path = "traffic.delivery[g_agency].cpm"
    told = Source(kind=SourceKind.FILE, text="report", rows=4)
    assert small.replace(sources={path: told}).source_of(path) == told
    assert small.source_of(path).kind is SourceKind.GIVEN
    assert small.source_of(path, told) == told
