"""What exists at the start of a scenario beyond shares and ads: audiences, payment methods, half hours, limits."""

from __future__ import annotations

import copy
import dataclasses
import tomllib
from typing import Any

import pytest

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.errors import InputError
from pixelsim.scenario import AdGroupSpec, Scenario, dump_scenario
from pixelsim.sharing import Limits
from pixelsim.sharing.history import History
from pixelsim.world import AdGroup, Audience, PaymentMethod, PaymentShare, ad_group_status

EVENINGS = ("0" * 36 + "1" * 12) * 7
"""Every day from 18:00 on."""


@pytest.fixture
def rich(plain: dict[str, Any]) -> dict[str, Any]:
    """The small scenario with audiences, a payment method lent to the agency, half hours and limits."""
    structure = plain["structure"]
    structure["ad_accounts"].append({"id": "acc_two", "name": "Agency 2", "owner_bc": "bc_agency"})
    structure["ad_accounts"][1] |= {"payment_method": "card", "utc_offset": "-08:00"}
    structure["ad_groups"][1] |= {"audiences": ["au", "like"], "dayparting": EVENINGS, "review_until_day": 0.5}
    structure["audiences"] = [
        {"id": "au", "account": "acc_agency", "name": "Visitors", "pixel": "PX", "shared_with": ["acc_two"]},
        {
            "id": "like",
            "account": "acc_agency",
            "name": "Alike",
            "pixel": "PX",
            "event": "Purchase",
            "seed": "au",
            "look_back_days": 90,
            "built_day": -40.5,
            "last_used_day": -2.0,
        },
    ]
    structure["payment_methods"] = [{"id": "card", "name": "Card", "owner_bc": "bc_brand"}]
    structure["payment_shares"] = [{"payment": "card", "partner": "bc_agency"}]
    plain["limits"] = {"ads_per_pixel": 4, "campaigns_per_account": "unlimited"}
    return plain


def test_audiences_payment_methods_and_half_hours_are_in_the_world(rich):
    world = Scenario.read(rich).structure.world()
    assert world.audiences["au"] == Audience(
        id="au", account="acc_agency", name="Visitors", pixel="PX", built_at=-DAY, shared_with=("acc_two",)
    )
    like = world.audiences["like"]
    assert (like.seed, like.look_back_days, like.event) == ("au", 90, "Purchase")
    assert (like.built_at, like.last_used) == (-40 * DAY - 12 * HOUR, -2 * DAY)
    assert world.payment_methods == {"card": PaymentMethod(id="card", name="Card", owner_bc="bc_brand")}
    assert world.payment_shares == {("card", "bc_agency"): PaymentShare()}
    assert [world.ad_accounts[a].payment_method for a in ("acc_agency", "acc_two")] == ["card", None]
    group = world.ad_groups["g_agency"]
    assert (group.audiences, group.dayparting, group.review_until) == (("au", "like"), EVENINGS, 12 * HOUR)


def test_the_week_begins_on_each_accounts_own_monday(rich):
    # 2 March 2026 is a Monday; at 0:00 UTC it is still Sunday, 16:00, where clocks are 8 hours behind.
    world = Scenario.read(rich).structure.world()
    assert world.ad_accounts["acc_brand"].week_start == 0
    assert world.ad_accounts["acc_agency"].week_start == -(6 * DAY + 16 * HOUR)
    statuses = [ad_group_status(world, "g_agency", hour * HOUR).value for hour in (0, 11, 12, 25, 26, 31, 32)]
    # In review until noon; 18:00 to midnight there is 2:00 to 8:00 here.
    assert statuses == ["AUDIT", "AUDIT", "NOT_START", "NOT_START", "DELIVERY_OK", "DELIVERY_OK", "NOT_START"]
    thursday = Scenario.read({**rich, "start": "2026-03-05T06:30:00+02:00"}).structure.world()
    assert thursday.ad_accounts["acc_brand"].week_start == -(3 * DAY + 4 * HOUR + HOUR // 2)


def test_all_of_it_reads_back_from_a_file(rich):
    one = Scenario.read(rich)
    text = dump_scenario(one)
    again = Scenario.read(tomllib.loads(text))
    assert again == one
    assert again.content_hash == one.content_hash
    assert again.structure.world() == one.structure.world()
    assert 'campaigns_per_account = "unlimited"' in text
    assert "members_per_business_center" not in text


def test_limits_are_those_of_the_rules(rich):
    one = Scenario.read(rich)
    assert one.rulebook.limits == Limits(ads_per_pixel=4, campaigns_per_account=None)
    assert one.vary("limits.ads_per_pixel", "unlimited").limits.ads_per_pixel is None
    assert one.vary("limits.admins_per_business_center", 3).limits == dataclasses.replace(
        one.limits, admins_per_business_center=3
    )
    assert one.vary("limits.ads_per_pixel", 5).content_hash != one.content_hash


@pytest.mark.parametrize("value", [0, -1, 2.5, "many", True])
def test_a_limit_is_a_number_or_unlimited(rich, value):
    rich["limits"]["ads_per_pixel"] = value
    with pytest.raises(InputError) as caught:
        Scenario.read(rich)
    assert [fault.place for fault in caught.value.faults] == ["$.limits.ads_per_pixel"]


def test_edits_and_half_hours_can_be_planned(rich):
    edit = {"do": "edit_ad_group", "actor": "ben", "ad_group": "g_agency", "budget_factor": 2.0, "dayparting": EVENINGS}
    rich["plan"]["steps"].append({"day": 2.0, "action": edit})
    rich["traffic"]["delivery"][1]["budget_envelope"] = 2.0
    one = Scenario.read(rich)
    assert Scenario.read(tomllib.loads(dump_scenario(one))) == one
    history = History(one.structure.world(), one.rulebook)
    assert history.attempt(one.plan.steps[-1].action, 2 * DAY).decision.allowed
    assert history.now.ad_groups["g_agency"].learning_from == 2 * DAY


def spoilt(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(data)
    name, number, field = path.split(".")
    data["structure"][name][int(number)][field] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "place", "says"),
    [
        ("audiences.0.account", "nowhere", "audiences[0].account", "structure.ad_accounts"),
        ("audiences.0.pixel", "PZ", "audiences[0].pixel", "structure.pixels"),
        ("audiences.0.pixel", "PY", "audiences[0].pixel", "R18"),
        ("audiences.0.shared_with", ["acc_brand"], "audiences[0].shared_with", "R18"),
        ("audiences.0.shared_with", ["acc_tow"], "audiences[0].shared_with", "write acc_two"),
        ("audiences.0.look_back_days", 0, "audiences[0].look_back_days", "at least 1"),
        ("audiences.0.look_back_days", 181, "audiences[0].look_back_days", "at most 180"),
        ("audiences.0.built_day", 0.5, "audiences[0].built_day", "at most 0"),
        ("audiences.1.last_used_day", 1.0, "audiences[1].last_used_day", "at most 0"),
        ("audiences.1.id", "au", "audiences[1].id", "occurs once"),
        ("audiences.1.seed", "nothing", "audiences[1].seed", "structure.audiences"),
        ("audiences.1.seed", "like", "audiences[1].seed", "circle"),
        ("ad_groups.0.audiences", ["au"], "ad_groups[0].audiences", "R18"),
        ("ad_groups.1.audiences", ["au", "aux"], "ad_groups[1].audiences", "write au"),
        ("ad_groups.1.dayparting", "0" * 336, "ad_groups[1].dayparting", "336 times 0 or 1"),
        ("ad_groups.1.dayparting", "1", "ad_groups[1].dayparting", "336 times 0 or 1"),
        ("ad_accounts.1.payment_method", "cash", "ad_accounts[1].payment_method", "structure.payment_methods"),
        ("ad_accounts.2.payment_method", "card", "ad_accounts[2].payment_method", "P34"),
        ("payment_methods.0.owner_bc", "bc", "payment_methods[0].owner_bc", "structure.business_centers"),
        ("payment_shares.0.payment", "cash", "payment_shares[0].payment", "structure.payment_methods"),
        ("payment_shares.0.partner", "bc_other", "payment_shares[0].partner", "P34"),
        ("payment_shares.0.partner", "bc_brand", "payment_shares[0].partner", "P34"),
    ],
)
def test_every_fault_has_its_place_and_its_remedy(rich, path, value, place, says):
    with pytest.raises(InputError) as caught:
        Scenario.read(spoilt(rich, path, value))
    faults = {fault.place: fault for fault in caught.value.faults}
    fault = faults[f"$.structure.{place}"]
    assert says in f"{fault.rule}; {fault.remedy}"


def test_a_circle_of_seeds_is_found_from_each_of_its_members(rich):
    rich["structure"]["audiences"][0]["seed"] = "like"
    with pytest.raises(InputError) as caught:
        Scenario.read(rich)
    assert [fault.place for fault in caught.value.faults] == [f"$.structure.audiences[{n}].seed" for n in (0, 1)]
    rich["structure"]["audiences"][0] |= {"seed": None, "account": "acc_brand", "shared_with": ["acc_agency"]}
    with pytest.raises(InputError, match="choose a seed of the same ad account"):
        Scenario.read(rich)


def test_a_payment_method_is_lent_to_a_partner_once(rich):
    rich["structure"]["payment_shares"] *= 2
    with pytest.raises(InputError, match="unlike entry 0"):
        Scenario.read(rich)


def test_an_ad_group_of_the_start_keeps_every_field():
    fields = {field.name for field in dataclasses.fields(AdGroup)}
    # What only happens while a scenario runs is not declared.
    later = {"edited", "waiting", "deleted", "learning_from", "budget_factor", "bid_factor"}
    renamed = {"start": "start_day", "end": "end_day", "review_until": "review_until_day"}
    assert {renamed.get(name, name) for name in fields - later} == set(AdGroupSpec.model_fields)
