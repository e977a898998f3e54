from __future__ import annotations

import pytest
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.errors import UnknownNameError
from pixelsim.plan.people import Availability, Crew, Delays, variants, who_can
from pixelsim.sharing import Rulebook, SharingSettings
from pixelsim.sharing import actions as do
from pixelsim.world import AccountAssignment, AccountRole, Link

RULES = Rulebook()


def able(candidates: list) -> list[str]:
    return [candidate.person for candidate in candidates if candidate.decision.allowed]


def test_everybody_is_asked_whoever_the_action_names() -> None:
    world = with_ad_group(client_and_agency(), "g", "acc_c")
    off = do.Switch(actor="nobody", kind="ad_group", id="g", to="off")
    assert able(who_can(world, off, RULES, 0)) == ["cleo", "colin"]
    gone = world.changed("people", "cleo", left=True)
    assert [candidate.person for candidate in who_can(gone, off, RULES, 0)] == ["anna", "colin", "otto"]


def test_a_link_can_be_cut_from_the_owner_and_from_whoever_made_it() -> None:
    world = client_and_agency()
    cut = do.UnlinkPixel(actor="", bc="bc_c", pixel="px", account="acc_a")
    found = {c.person: c.action for c in who_can(world, cut, RULES, 0) if c.decision.allowed}
    assert {person: action.bc for person, action in found.items()} == {"cleo": "bc_c", "anna": "bc_ag"}
    own = world.with_item("links", ("px", "acc_a"), Link(by_bc="bc_c"))
    assert list(variants(own, cut)) == [cut]
    assert list(variants(world, do.UnlinkPixel(actor="", bc="bc_c", pixel="none", account="none"))) == [
        do.UnlinkPixel(actor="", bc="bc_c", pixel="none", account="none")
    ]


def test_a_role_on_an_account_can_be_taken_by_name_or_through_each_business_center() -> None:
    world = with_shared_account(client_and_agency())
    away = do.UnassignAccount(actor="", bc=None, account="acc_c", person="otto")
    assert {way.bc for way in variants(world, away)} == {None, "bc_ag", "bc_c"}
    by_name = world.with_item("account_people", ("acc_c", "otto"), AccountAssignment(role=AccountRole.OPERATOR))
    assert {way.bc for way in variants(by_name, away)} == {None, "bc_c"}


def test_either_side_can_end_a_partnership() -> None:
    end = do.RemovePartner(actor="", bc="bc_c", partner="bc_ag")
    assert able(who_can(client_and_agency(), end, RULES, 0)) == ["anna", "cleo"]


def test_delays_are_those_of_the_person_then_of_the_business_center_then_the_general_ones() -> None:
    world = client_and_agency()
    delays = Delays(default=2 * DAY, slow=9 * DAY, people={"otto": HOUR}, business_centers={"bc_c": 3 * DAY})
    crew = Crew(rulebook=RULES, delays=delays, unavailable={"anna": Availability.SLOW})
    assert [crew.delay(world, p) for p in ("otto", "colin", "anna")] == [HOUR, 3 * DAY, 9 * DAY]
    assert Crew(rulebook=RULES, delays=Delays(default=5)).delay(world, "cleo") == 5


def test_slow_people_are_asked_last_and_those_who_refuse_or_left_not_at_all() -> None:
    world = client_and_agency()
    crew = Crew(
        rulebook=RULES,
        delays=Delays(people={"otto": HOUR}),
        unavailable={"bc_c": Availability.SLOW, "colin": Availability.REFUSES, "anna": Availability.LEFT},
    )
    assert crew.there(crew.really(world)) == ["otto", "cleo"]
    assert crew.really(world).people["anna"].left
    assert not world.people["anna"].left


def test_own_people_are_asked_before_others_even_if_those_are_quicker() -> None:
    world = client_and_agency()
    crew = Crew(
        rulebook=RULES,
        own="bc_c",
        delays=Delays(people={"otto": HOUR, "colin": HOUR}),
        unavailable={"cleo": Availability.SLOW},
    )
    assert crew.there(world) == ["colin", "otto", "anna", "cleo"]


def test_an_approval_takes_at_least_the_acceptance_of_the_other_side() -> None:
    crew = Crew(rulebook=Rulebook(settings=SharingSettings(partnership_acceptance=4)), delays=Delays(default=DAY))
    approve = do.ApprovePartnership(actor="", bc="bc_ag", partner="bc_c")
    assert crew.time_for(client_and_agency(), approve, "anna") == 4 * DAY
    share = do.SharePixel(actor="", bc="bc_c", pixel="px", partner="bc_ag")
    assert crew.time_for(client_and_agency(), share, "cleo") == DAY


def test_names_that_do_not_exist_are_refused_with_the_nearest() -> None:
    crew = Crew(rulebook=RULES, unavailable={"ana": Availability.SLOW})
    with pytest.raises(UnknownNameError, match="'anna'"):
        crew.checked(client_and_agency())
