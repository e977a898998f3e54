from __future__ import annotations

import pytest
from plan_worlds import client_and_agency

from pixelsim.base.clock import DAY
from pixelsim.base.errors import UnknownNameError
from pixelsim.plan import ActionPlan, Path, check_plan, plan_share, plan_transfer, small_world
from pixelsim.sharing import Rulebook, SharingSettings
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountGrant,
    AccountRole,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Partnership,
    Pixel,
    RelationStatus,
    World,
)

ASKED = Rulebook(settings=SharingSettings(partnership_acceptance=3))


def fresh(**changes: object) -> World:
    """The small world with a pixel that is in no Business Center yet."""
    return small_world().with_item("pixels", "px", Pixel(code="px", number="1", name="n", creator="acc_own", **changes))


def titles(plan: ActionPlan) -> list[str]:
    return [step.title for step in plan.steps]


def test_sharing_a_fresh_pixel_needs_transfer_share_and_approval_before_it_is_read_back() -> None:
    plan = plan_share(fresh(), "px", to="bc_reg", rulebook=ASKED)
    assert plan.safe
    assert titles(plan) == [
        "transfer pixel px to Business Center bc_own",
        "share pixel px with Business Center bc_reg",
        "approve the partnership that bc_own asked bc_reg for",
        "read back from the other side that pixel px is there",
    ]
    assert [step.who for step in plan.steps] == ["ann", "ann", "rob", ""]
    assert [step.at for step in plan.steps] == [DAY, 2 * DAY, 5 * DAY, 5 * DAY]
    assert plan.steps[0].why.startswith("Without it: Pixel px belongs to no Business Center yet")


def test_what_is_shared_already_needs_nothing() -> None:
    plan = plan_share(client_and_agency(), "px", to="bc_ag")
    assert plan.safe
    assert plan.steps == ()


@pytest.mark.parametrize("asked_by_owner", [True, False])
def test_a_pending_partnership_is_approved_by_whoever_was_asked(*, asked_by_owner: bool) -> None:
    pair = ("bc_own", "bc_reg") if asked_by_owner else ("bc_reg", "bc_own")
    world = fresh(owner_bc="bc_own").with_item("partnerships", pair, Partnership(status=RelationStatus.PENDING))
    plan = plan_share(world, "px", to="bc_reg", rulebook=ASKED)
    assert plan.safe
    approval = plan.steps[1]
    assert approval.who == ("rob" if asked_by_owner else "ann")


@pytest.mark.parametrize("status", [RelationStatus.REJECTED, RelationStatus.REMOVED])
def test_a_partnership_that_was_rejected_or_ended_is_asked_for_again(status: RelationStatus) -> None:
    world = fresh(owner_bc="bc_own").with_item("partnerships", ("bc_own", "bc_reg"), Partnership(status=status))
    plan = plan_share(world, "px", to="bc_reg", rulebook=ASKED)
    assert plan.safe
    assert check_plan(world, plan, ASKED).reached


def test_a_share_that_outlived_its_partnership_is_put_in_force_again() -> None:
    world = client_and_agency().with_item("partnerships", ("bc_c", "bc_ag"), Partnership(status=RelationStatus.REMOVED))
    for rulebook in (Rulebook(), ASKED):
        plan = plan_share(world, "px", to="bc_ag", rulebook=rulebook)
        assert plan.safe
        assert titles(plan)[0] == "ask Business Center bc_ag to become a partner of bc_c"
    stubborn = plan_share(world, "px", to="bc_ag", unavailable={"cleo": "refuses", "anna": "refuses"})
    assert not stubborn.safe


def test_an_unverified_regular_business_center_meets_the_condition_first() -> None:
    regular = BusinessCenter(id="bc_own", name="Owner", type=BusinessCenterType.NORMAL)
    world = fresh(owner_bc="bc_own").with_item("business_centers", "bc_own", regular)
    plan = plan_share(world, "px", to="bc_reg")
    assert titles(plan)[0] == "meet the condition 'verified' for Business Center bc_own"
    assert plan.steps[0].must == "an Admin of bc_own, with the platform"
    managed = world.changed("business_centers", "bc_own", managed=True)
    assert not plan_share(managed, "px", to="bc_reg").safe


def test_a_pixel_that_no_business_center_can_take_is_said_to_be_so() -> None:
    world = fresh().changed("ad_accounts", "acc_own", owner_bc=None)
    for plan in (plan_share(world, "px", to="bc_reg"), plan_share(world, "px", to="acc_reg")):
        assert not plan.safe
        assert plan.reasons == (
            "Pixel px is in no Business Center, and no Business Center has Admin access to ad account acc_own.",
        )
    granted = world.with_item("account_grants", ("bc_reg", "acc_own"), AccountGrant(role=AccountRole.ADMIN))
    assert plan_share(granted, "px", to="bc_own").safe


def test_both_repairs_of_a_link_are_given_and_end_with_the_same_edge() -> None:
    world = fresh(owner_bc="bc_own")
    plan = plan_share(world, "px", to="acc_reg")
    assert titles(plan)[:2] == ["share pixel px with Business Center bc_reg", "link pixel px to ad account acc_reg"]
    detour = plan.fallbacks[0]
    assert detour.safe
    assert [step.title for step in detour.steps][1:3] == [
        "give Business Center bc_own the role Operator on ad account acc_reg",
        "link pixel px to ad account acc_reg",
    ]
    other = plan_share(world, "px", to="acc_reg", path=Path.SHARE_ACCOUNT)
    ends = [check_plan(world, steps, Rulebook()).world.links for steps in (plan.steps, other.steps)]
    assert [list(links) for links in ends] == [[("px", "acc_reg")]] * 2
    assert [links["px", "acc_reg"].by_bc for links in ends] == ["bc_reg", "bc_own"]


def test_the_second_repair_is_said_to_be_closed_where_it_is() -> None:
    plan = plan_share(fresh(owner_bc="bc_own"), "px", to="acc_reg", unavailable={"ann": "refuses"})
    assert not plan.safe
    assert plan.fallbacks == () or not plan.fallbacks[0].safe
    half = plan_share(fresh(owner_bc="bc_own"), "px", to="acc_reg", unavailable={"rob": "refuses"})
    assert not half.safe
    assert half.reasons[0].startswith("Nobody can link pixel px to ad account acc_reg (R07)")
    assert all(fallback.consequence.startswith("It cannot be done") for fallback in half.fallbacks)


def test_an_own_account_is_linked_straight_away_and_needs_no_other_way() -> None:
    world = client_and_agency().without("links", [("px", "acc_a")])
    own = world.with_item("ad_accounts", "acc_d", world.ad_accounts["acc_c"])
    plan = plan_share(own, "px", to="acc_d")
    assert titles(plan)[0] == "link pixel px to ad account acc_d"
    assert plan.fallbacks == ()
    linked = plan_share(client_and_agency(), "px", to="acc_a")
    assert linked.steps == ()
    assert linked.safe


def test_a_transfer_is_prepared_by_admin_access_and_people_leave_only_after_it() -> None:
    plan = plan_transfer(fresh(), "px", to_bc="bc_reg", leaving=["ann"])
    assert plan.safe
    assert titles(plan) == [
        "ask Business Center bc_reg to become a partner of bc_own",
        "give Business Center bc_reg the role Admin on ad account acc_own",
        "transfer pixel px to Business Center bc_reg",
        "check that Business Center bc_reg lists pixel px and can link it",
        "let ann leave",
    ]
    assert plan.steps[-1].can == ("ann",)
    assert "  - Who: ann\n" in plan.markdown()


def test_a_transfer_that_is_done_needs_a_check_only() -> None:
    plan = plan_transfer(fresh(owner_bc="bc_own"), "px", to_bc="bc_own")
    assert [step.kind.value for step in plan.steps] == ["verify"]
    assert plan.safe


def test_an_owned_pixel_is_shared_instead() -> None:
    plan = plan_transfer(fresh(owner_bc="bc_own"), "px", to_bc="bc_reg")
    assert not plan.safe
    assert "Pixel px already belongs to Business Center bc_own." in plan.reasons[0]
    assert plan.fallbacks[0].name == "let bc_own share it"
    assert plan.fallbacks[0].safe


def test_an_agency_takes_only_pixels_of_accounts_created_from_it() -> None:
    refused = plan_transfer(fresh(), "px", to_bc="bc_par")
    assert "(R06): bc_par is an agency" in refused.reasons[0]
    assert [step.title for step in refused.fallbacks[0].steps][:2] == [
        "transfer pixel px to Business Center bc_own",
        "share pixel px with Business Center bc_par",
    ]
    own = fresh().changed("pixels", "px", creator="acc_p1")
    assert plan_transfer(own, "px", to_bc="bc_par").safe
    nobody = fresh().changed("ad_accounts", "acc_own", owner_bc="bc_par")
    assert plan_transfer(nobody, "px", to_bc="bc_par").fallbacks == ()


def test_a_share_instead_that_is_closed_too_says_why() -> None:
    plan = plan_transfer(fresh(owner_bc="bc_own"), "px", to_bc="bc_reg", unavailable={"ann": "left"})
    assert not plan.fallbacks[0].safe
    assert plan.fallbacks[0].consequence.startswith("It cannot be done: Nobody can share pixel px")


def test_somebody_who_has_left_cannot_leave_again() -> None:
    plan = plan_transfer(fresh(), "px", to_bc="bc_own", leaving=["pit"], unavailable={"pit": "left"})
    assert not plan.safe
    assert plan.reasons[0].startswith("Nobody can let pit leave")


def test_unknown_names_are_refused() -> None:
    for call in (
        lambda: plan_share(fresh(), "py", to="bc_reg"),
        lambda: plan_share(fresh(), "px", to="bc_none"),
        lambda: plan_transfer(fresh(), "px", to_bc="bc_none"),
        lambda: plan_transfer(fresh(), "px", to_bc="bc_reg", leaving=["nobody"]),
    ):
        with pytest.raises(UnknownNameError):
            call()


def test_a_role_of_a_business_center_that_is_too_low_is_raised_first() -> None:
    world = fresh().with_item("partnerships", ("bc_own", "bc_reg"), Partnership())
    world = world.with_item("account_grants", ("bc_reg", "acc_own"), AccountGrant(role=AccountRole.OPERATOR))
    world = world.with_item("members", ("bc_own", "rob"), BusinessRole.STANDARD)
    plan = plan_transfer(world, "px", to_bc="bc_reg")
    assert titles(plan)[0] == "give Business Center bc_reg the role Admin on ad account acc_own"
    assert isinstance(plan.steps[0].action, do.GrantAccountAccess)
