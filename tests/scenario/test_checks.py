"""What a scenario declares at its start could have come about by the rules; each fault names the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pixelsim.base.errors import InputError
from pixelsim.scenario import Scenario

Plain = dict[str, Any]
Spoil = Callable[[Plain], object]


def share_of_untransferred(s: Plain) -> None:
    s["shares"].append({"pixel": "PY", "partner": "bc_agency"})


def share_without_partnership(s: Plain) -> None:
    s["partnerships"].pop(1)


def share_over_ended_partnership(s: Plain) -> None:
    s["partnerships"][1]["status"] = "REMOVED"


def share_with_oneself(s: Plain) -> None:
    s["shares"].append({"pixel": "PX", "partner": "bc_brand"})


def share_of_an_unverified_regular(s: Plain) -> None:
    s["business_centers"][0] |= {"type": "NORMAL", "managed": False, "verified": False}


def link_by_a_stranger(s: Plain) -> None:
    s["shares"].pop(0)
    s["pixel_people"].pop(1)


def link_over_a_pending_partnership(s: Plain) -> None:
    s["links"].append({"pixel": "PX", "account": "acc_other", "by_bc": "bc_other"})


def link_of_untransferred(s: Plain) -> None:
    s["links"].append({"pixel": "PY", "account": "acc_brand", "by_bc": "bc_other"})


def owner_links_an_account_it_has_nothing_to_do_with(s: Plain) -> None:
    s["links"].append({"pixel": "PX", "account": "acc_other", "by_bc": "bc_brand"})


def partner_links_an_account_of_others(s: Plain) -> None:
    s["links"].append({"pixel": "PX", "account": "acc_other", "by_bc": "bc_agency"})


def ad_group_without_access(s: Plain) -> None:
    s["ad_groups"][2]["pixel"] = "PY"
    s["ads"].pop(2)


def tracking_without_access(s: Plain) -> None:
    s["ads"][2]["tracking_pixel"] = "PY"


def tracking_beside_the_ad_groups_own(s: Plain) -> None:
    s["ads"][0]["tracking_pixel"] = "PY"


def schedule_backwards(s: Plain) -> None:
    s["ad_groups"][0] |= {"start_day": 5.0, "end_day": 5.0}


def same_number_twice(s: Plain) -> None:
    s["pixels"][1]["number"] = "1"


def agency_owns_what_was_not_created_from_it(s: Plain) -> None:
    s["pixels"][1]["owner_bc"] = "bc_agency"


def role_through_a_business_that_the_person_is_not_in(s: Plain) -> None:
    s["account_people"][0]["via"] = "bc_agency"


def role_through_a_business_without_a_role(s: Plain) -> None:
    s["account_grants"].pop()


def grant_without_partnership(s: Plain) -> None:
    s["account_grants"].append({"bc": "bc_agency", "account": "acc_other"})


def partner_of_oneself(s: Plain) -> None:
    s["partnerships"].append({"bc": "bc_other", "partner": "bc_other"})


def level_through_a_business_that_the_person_is_not_in(s: Plain) -> None:
    s["pixel_people"][1]["via"] = "bc_brand"


def level_through_a_business_without_the_pixel(s: Plain) -> None:
    s["members"].append({"bc": "bc_other", "person": "cara"})
    s["pixel_people"][2] |= {"level": "VIEW", "via": "bc_other"}


def editing_through_a_partner(s: Plain) -> None:
    s["pixel_people"][1]["level"] = "EDIT"


def pixel_twice_on_a_page(s: Plain) -> None:
    s["websites"][0]["pixels"] = ["PX", "PX"]


CASES: list[tuple[Spoil, str, str]] = [
    (share_of_untransferred, "shares[2].pixel", "R03"),
    (share_without_partnership, "shares[1].partner", "R08"),
    (share_over_ended_partnership, "shares[1].partner", "R08"),
    (share_with_oneself, "shares[2].partner", "R08"),
    (share_of_an_unverified_regular, "shares[0].pixel", "R01"),
    (link_by_a_stranger, "links[0].by_bc", "R09"),
    (link_over_a_pending_partnership, "links[1].by_bc", "R09"),
    (link_of_untransferred, "links[1].pixel", "R03"),
    (owner_links_an_account_it_has_nothing_to_do_with, "links[1].account", "R07"),
    (partner_links_an_account_of_others, "links[1].account", "R09"),
    (ad_group_without_access, "ad_groups[2].pixel", "R16"),
    (tracking_without_access, "ads[2].tracking_pixel", "R16"),
    (tracking_beside_the_ad_groups_own, "ads[0].tracking_pixel", "R16a"),
    (schedule_backwards, "ad_groups[0].end_day", "start_day"),
    (same_number_twice, "pixels[1].number", "R02"),
    (agency_owns_what_was_not_created_from_it, "pixels[1].owner_bc", "R06"),
    (role_through_a_business_that_the_person_is_not_in, "account_people[0].via", "R16"),
    (role_through_a_business_without_a_role, "account_people[1].via", "R16"),
    (grant_without_partnership, "account_grants[1].bc", "R07"),
    (partner_of_oneself, "partnerships[2].partner", "R08"),
    (level_through_a_business_that_the_person_is_not_in, "pixel_people[1].via", "R10"),
    (level_through_a_business_without_the_pixel, "pixel_people[2].via", "R10"),
    (editing_through_a_partner, "pixel_people[1].level", "R21"),
    (pixel_twice_on_a_page, "websites[0].pixels", "once"),
]


def test_the_sound_scenario_has_no_fault(plain):
    assert Scenario.read(plain).cross_faults() == []


@pytest.mark.parametrize(("spoil", "place", "rule"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_what_the_rules_do_not_allow_is_a_fault_with_place_rule_and_remedy(plain, spoil, place, rule):
    spoil(plain["structure"])
    with pytest.raises(InputError) as caught:
        Scenario.read(plain)
    own = [fault for fault in caught.value.faults if fault.place == f"$.structure.{place}"]
    assert len(own) == 1, caught.value
    assert rule in own[0].rule
    assert len(own[0].remedy.split()) > 2


def test_settings_decide_which_accounts_a_partner_links(plain):
    structure = plain["structure"]
    structure["partnerships"].append({"bc": "bc_agency", "partner": "bc_other"})
    structure["account_grants"].append({"bc": "bc_agency", "account": "acc_other", "role": "ADMIN"})
    partner_links_an_account_of_others(structure)
    with pytest.raises(InputError, match=r"links\[1\]\.account.*R09"):
        Scenario.read(plain)
    assert (
        Scenario.read(plain | {"settings": {"partner_may_link": "admin_access"}}).structure.links[1].by_bc
        == "bc_agency"
    )


def test_settings_decide_whether_a_partner_grants_editing(plain):
    editing_through_a_partner(plain["structure"])
    with pytest.raises(InputError, match="R21"):
        Scenario.read(plain)
    assert Scenario.read(plain | {"settings": {"partner_admin_may_grant_editing": True}})


def test_a_verified_regular_business_center_shares(plain):
    plain["structure"]["business_centers"][0] |= {"type": "NORMAL", "managed": False, "verified": True}
    assert Scenario.read(plain)


def test_the_creating_account_needs_no_link(plain):
    plain["structure"]["campaigns"].append({"id": "c_other", "account": "acc_other", "name": "Own pixel"})
    plain["structure"]["ad_groups"].append({"id": "g_other", "campaign": "c_other", "name": "Own", "pixel": "PY"})
    assert Scenario.read(plain)


def test_rules_and_slips_are_told_together_and_a_dangling_entry_brings_no_further_fault(plain):
    structure = plain["structure"]
    share_of_untransferred(structure)
    structure["ad_groups"][1]["campaign"] = "nowhere"
    with pytest.raises(InputError) as caught:
        Scenario.read(plain)
    assert {fault.place for fault in caught.value.faults} == {
        "$.structure.ad_groups[1].campaign",
        "$.structure.shares[2].pixel",
    }
