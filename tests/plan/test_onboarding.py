from __future__ import annotations

import pytest
from plan_worlds import client_and_agency, with_shared_account

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.plan import ActionPlan, check_interleavings, check_plan, plan_onboard, small_world
from pixelsim.sharing import Rulebook, SharingSettings, decide
from pixelsim.sharing import actions as do
from pixelsim.world import AccountAssignment, AccountRole, Person, Pixel, World

ASKED = Rulebook(settings=SharingSettings(partnership_acceptance=2))


def fresh() -> World:
    return small_world().with_item("pixels", "px", Pixel(code="px", number="1", name="n", creator="acc_own"))


def titles(plan: ActionPlan) -> list[str]:
    return [step.title for step in plan.steps]


@pytest.mark.parametrize("rulebook", [Rulebook(), ASKED], ids=["at once", "asked"])
def test_everything_that_is_missing_is_planned_and_then_its_people_can_run_ads(rulebook: Rulebook) -> None:
    world = fresh().with_item("people", "new", Person(id="new", name="new"))
    plan = plan_onboard(
        world,
        partner="bc_par",
        pixels=["px"],
        accounts=["acc_own", "acc_p1"],
        people=["pit", "new"],
        editors=["pit"],
        rulebook=rulebook,
    )
    assert plan.safe, plan.reasons
    after = check_plan(world, plan, rulebook).world
    for account, campaign in (("acc_own", "c1"), ("acc_p1", "c2")):
        for person in ("pit", "new"):
            made = do.CreateCampaign(actor=person, account=account, campaign=campaign)
            assert decide(after, made, rulebook, 0).allowed
        assert ("px", account) in after.links or after.pixels["px"].creator == account
    edit = do.EditPixel(actor="pit", pixel="px", setting="first_party_cookies", value=False)
    assert decide(after, edit, rulebook, 0).allowed
    assert "make new a member of Business Center bc_par as Standard" in titles(plan)
    assert plan.steps[-1].kind == "verify"
    assert check_interleavings(world, plan, rulebook, delays=(0, 1)).safe


def test_what_is_so_already_is_left_out() -> None:
    world = with_shared_account(client_and_agency())
    accounts = ["acc_a", "acc_c"]
    plan = plan_onboard(world, partner="bc_ag", pixels=["px"], accounts=accounts, people=["otto"], editors=["cleo"])
    assert plan.steps == ()
    assert plan.safe


def test_only_missing_links_and_roles_are_planned() -> None:
    world = with_shared_account(client_and_agency()).without("links", [("px", "acc_a")])
    world = world.with_item(
        "account_people", ("acc_a", "otto"), AccountAssignment(role=AccountRole.ANALYST, via="bc_ag")
    )
    plan = plan_onboard(world, partner="bc_ag", pixels=["px"], accounts=["acc_a"], people=["otto"])
    assert set(titles(plan)) == {
        "link pixel px to ad account acc_a",
        "assign ad account acc_a to otto as Operator",
        "read back from the other side that its people see px in acc_a",
    }


def test_an_account_in_no_business_center_cannot_be_shared() -> None:
    world = client_and_agency().changed("ad_accounts", "acc_c", owner_bc=None)
    plan = plan_onboard(world, partner="bc_ag", pixels=["px"], accounts=["acc_c"], people=["otto"])
    assert not plan.safe
    assert plan.reasons[0] == "Ad account acc_c is in no Business Center, so none can share it."


def test_editing_is_granted_by_the_partner_where_the_setting_says_so() -> None:
    rulebook = Rulebook(settings=SharingSettings(partner_admin_may_grant_editing=True))
    plan = plan_onboard(
        client_and_agency(), partner="bc_ag", pixels=["px"], accounts=["acc_a"], editors=["otto"], rulebook=rulebook
    )
    assert plan.safe
    assert (plan.steps[0].title, plan.steps[0].who) == ("assign pixel px to otto at level Edit", "anna")


def test_a_pixel_that_nobody_can_take_stops_the_onboarding() -> None:
    world = fresh().changed("ad_accounts", "acc_own", owner_bc=None)
    plan = plan_onboard(world, partner="bc_par", pixels=["px"], accounts=["acc_p1"], editors=["pit"])
    assert not plan.safe


def test_a_refusing_owner_is_said() -> None:
    plan = plan_onboard(
        fresh(), partner="bc_par", pixels=["px"], accounts=["acc_own"], people=["pit"], unavailable={"ann": "refuses"}
    )
    assert not plan.safe
    assert any("ann refuses" in reason for reason in plan.reasons)


def test_names_and_empty_lists_are_refused() -> None:
    world = client_and_agency()
    with pytest.raises(InputError, match="pixels is 'none', but must be at least one"):
        plan_onboard(world, partner="bc_ag", pixels=[], accounts=["acc_a"])
    for change in (
        {"partner": "bc_x"},
        {"pixels": ["py"]},
        {"accounts": ["acc_x"]},
        {"people": ["who"]},
        {"editors": ["who"]},
    ):
        arguments: dict = {"partner": "bc_ag", "pixels": ["px"], "accounts": ["acc_a"], **change}
        with pytest.raises(UnknownNameError):
            plan_onboard(world, **arguments)
