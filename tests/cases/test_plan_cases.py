"""Field cases that a plan answers before anybody acts: P22, P26, P28, P29, P31, P32, P35, P39, P45."""

from __future__ import annotations

import dataclasses

import pytest

from pixelsim.base.clock import DAY, days
from pixelsim.plan import (
    SWAPS,
    Code,
    EndAccess,
    RateEstimator,
    StepKind,
    Tag,
    check,
    check_interleavings,
    check_plan,
    exit_policies,
    explore,
    full_alphabet,
    plan_transfer,
    plan_unshare,
    precheck_unshare,
    small_world,
)
from pixelsim.sharing import PRESETS, Cause, Rulebook, SharingSettings, residual_access
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    AudienceAfter,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Link,
    Partnership,
    Person,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    Token,
    Website,
    World,
)

CONTINUE, PAUSE, REFUSE = (Rulebook(policy=PRESETS[name]) for name in ("continue", "pause", "strict"))


def campaign(world: World, name: str, account: str, *, start: float = 0.0, end: float | None = None) -> World:
    """Add a campaign with one ad group and one ad on px_1, from one day to another."""
    world = world.with_item("campaigns", name, Campaign(id=name, account=account, name=name))
    group = AdGroup(
        id=f"ag_{name}",
        campaign=name,
        name=name,
        pixel="px_1",
        start=days(start),
        end=None if end is None else days(end),
    )
    world = world.with_item("ad_groups", group.id, group)
    return world.with_item(
        "ads", f"ad_{name}", Ad(id=f"ad_{name}", ad_group=group.id, name=name, tracking_pixel="px_1")
    )


def partner_world() -> World:
    """A client bc_c that owns px_1, and a partner bc_p that has it linked to its ad account acc_p."""
    return World.of(
        BusinessCenter(id="bc_c", name="client"),
        BusinessCenter(id="bc_p", name="partner", type=BusinessCenterType.AGENCY),
        *(Person(id=name, name=name) for name in ("carla", "pat")),
        AdAccount(id="acc_c", name="client", owner_bc="bc_c"),
        AdAccount(id="acc_p", name="partner", owner_bc="bc_p"),
        Pixel(code="px_1", number="1", name="site", creator="acc_c", owner_bc="bc_c"),
        members={("bc_c", "carla"): BusinessRole.ADMIN, ("bc_p", "pat"): BusinessRole.ADMIN},
        account_people={("acc_p", "pat"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_p")},
        partnerships={("bc_c", "bc_p"): Partnership()},
        shares={("px_1", "bc_p"): PixelShare()},
        links={("px_1", "acc_p"): Link(by_bc="bc_p")},
    )


UNSHARE = do.UnsharePixel(actor="carla", bc="bc_c", pixel="px_1", partner="bc_p")


def switch_off(group: str) -> do.Switch:
    return do.Switch(actor="pat", kind="ad_group", id=group, to="off")


def test_P26_plan_check_refuses_before_anybody_unshares() -> None:
    world = campaign(partner_world(), "camp_1", "acc_p")
    world = campaign(world, "camp_2", "acc_p", start=5.0, end=10.0)
    steps = [(days(3.5), UNSHARE), (days(8.0), switch_off("ag_camp_1")), (days(8.0), switch_off("ag_camp_2"))]

    refused = check_plan(world, steps, REFUSE)
    assert refused.failed is not None
    assert refused.failed.number == 1
    assert refused.failed.at == days(3.5)
    assert refused.failed.decision.cause is Cause.ACTIVE_CAMPAIGNS
    assert set(refused.failed.decision.blocking) == {"ag_camp_1", "ag_camp_2"}
    assert refused.world == world, "no state change"

    rates = {"ag_camp_1": 100, "ag_camp_2": 40}
    spans = check_plan(world, steps, CONTINUE).orphaned_spend
    spent = sum(rates[span.ad_group] * (span.end - span.start) / DAY for span in spans)
    assert spent == 4.5 * 100 + 3 * 40 == 570

    assert check_plan(world, steps, PAUSE).orphaned_spend == ()

    planned = plan_unshare(world, "px_1", from_="bc_p", by=days(3.5), rulebook=REFUSE, in_flight="until_window_ends")
    assert planned.safe
    assert planned.step("end_access").at == days(3.5)
    assert check_plan(world, planned, REFUSE).ok
    assert {step.title for step in planned.steps if step.kind in {StepKind.STOP, StepKind.CANCEL}} == {
        "switch ad group ag_camp_1 off",
        "switch ad group ag_camp_2 off",
    }


def agency_world() -> World:
    """P28's start: bc_c owns px_1, bc_ag is its partner; p1 came through it, p2 and p3 were added by name."""
    world = partner_world()
    world = world.with_item("business_centers", "bc_ag", BusinessCenter(id="bc_ag", name="agency"))
    for person in ("anna", "p1", "p2", "p3"):
        role = BusinessRole.ADMIN if person == "anna" else BusinessRole.STANDARD
        world = world.with_item("people", person, Person(id=person, name=person))
        world = world.with_item("members", ("bc_ag", person), role)
    world = world.with_item("ad_accounts", "acc_1", AdAccount(id="acc_1", name="client 1", owner_bc="bc_c"))
    world = world.with_item("account_people", ("acc_1", "carla"), AccountAssignment(role=AccountRole.ADMIN, via="bc_c"))
    world = world.with_item("links", ("px_1", "acc_1"), Link(by_bc="bc_c"))
    world = world.with_item("partnerships", ("bc_c", "bc_ag"), Partnership())
    world = world.with_item("shares", ("px_1", "bc_ag"), PixelShare())
    world = world.with_item("account_grants", ("bc_ag", "acc_1"), AccountGrant(role=AccountRole.OPERATOR))
    through = AccountAssignment(role=AccountRole.OPERATOR, via="bc_ag")
    world = world.with_item("account_people", ("acc_1", "p1"), through)
    world = world.with_item("account_people", ("acc_1", "p2"), AccountAssignment(role=AccountRole.OPERATOR))
    return world.with_item("pixel_people", ("px_1", "p3"), PixelAssignment(level=PixelLevel.EDIT))


def test_P28_plan_sweeps_people_who_were_added_by_name() -> None:
    world = agency_world()
    removed = check_plan(world, [(0, do.RemovePartner(actor="carla", bc="bc_c", partner="bc_ag"))], Rulebook()).world
    left = residual_access(removed, "px_1", after="bc_ag")
    assert set(zip(left["who"], left["reach"], strict=True)) == {("p2", "run ads on acc_1"), ("p3", "edit px_1")}

    for start in (world, removed):
        plan = plan_unshare(start, "px_1", from_="bc_ag")
        assert plan.safe
        swept = [step.title for step in plan.steps if step.kind is StepKind.SWEEP]
        assert "take ad account acc_1 away from p2" in swept
        assert "take pixel px_1 away from p3" in swept
        assert not any("p1" in title for title in swept), "p1 goes with the partner's own role"
        assert residual_access(check_plan(start, plan, Rulebook()).world, "px_1", after="bc_ag").empty
        recheck, verify = plan.step("recheck"), plan.step("verify")
        assert recheck.at == verify.at + 7 * DAY

    half = [step for step in plan.steps if "p3" not in step.title]
    missed = check_plan(removed, half, Rulebook(), goal=plan.goal)
    assert missed.reached is False


def test_P29_plan_revokes_the_token_apart() -> None:
    key = "k1"
    world = partner_world().with_item("tokens", key, Token(id=key, pixel="px_1", holder_bc="bc_p"))
    found = {finding.code for finding in precheck_unshare(world, "px_1", from_="bc_p")}
    assert Code.TOKENS_HELD in found
    plan = plan_unshare(world, "px_1", from_="bc_p")
    assert plan.step("revoke").number > plan.step("end_access").number
    assert check_plan(world, plan, Rulebook()).world.tokens[key].revoked
    assert not check_plan(world, [(0, UNSHARE)], Rulebook()).world.tokens[key].revoked


def test_P31_two_exit_policies_cost_what_the_formula_says() -> None:
    per_day = {"ag_a": 60, "ag_b": 90, "ag_c": 150}
    world = partner_world()
    for name in ("a", "b", "c"):
        world = campaign(world, name, "acc_p")
    lags = [0, 2, 7]
    estimator = RateEstimator(spend_per_day=per_day, conversions_per_day=dict.fromkeys(per_day, 1.0))
    table = exit_policies(
        world, "px_1", from_="bc_p", exit_at=30 * DAY, lags=lags, rulebook=CONTINUE, estimator=estimator
    )
    spend = table.pivot(index="lag_days", columns="policy", values="unattributed_spend")
    assert list(spend["off"]) == [0, 0, 0]
    assert list(spend["leave"]) == [sum(per_day.values()) * lag for lag in lags] == [0, 600, 2100]
    lost = table.pivot(index="lag_days", columns="policy", values="lost_conversions")
    assert list(lost["off"]) == [3.0 * lag for lag in lags]
    assert list(lost["leave"]) == [0, 0, 0]


def test_P32_plan_names_whose_audiences_have_to_be_replaced_first() -> None:
    world = campaign(partner_world(), "camp_v", "acc_p")
    world = world.with_item("audiences", "aud_v", Audience(id="aud_v", account="acc_p", name="v", pixel="px_1"))
    world = campaign(world, "camp_c", "acc_p").changed("ad_groups", "ag_camp_c", pixel=None, audiences=("aud_v",))
    rulebook = Rulebook(settings=SharingSettings(audience_after_access=AudienceAfter.PAUSE_USERS))
    plan = plan_unshare(world, "px_1", from_="bc_p", rulebook=rulebook)
    replace = plan.step("replace_audience")
    assert replace.title == "replace aud_v in ad group ag_camp_c of ad account acc_p"
    assert replace.number < plan.step("end_access").number


def test_P35_plan_keeps_access_until_the_last_window_has_closed() -> None:
    world = campaign(partner_world(), "camp_1", "acc_p")
    plan = plan_unshare(world, "px_1", from_="bc_p", now=10 * DAY)
    stopped = plan.step("stop").at
    assert stopped is not None
    assert plan.step("wait").at == stopped + 7 * DAY

    # 100 clicks on each of days 0 to 9, converting after 0, 3 or 6 days: all of those are due within the wait.
    due = [day + delay for day in range(10) for delay in (0, 3, 6)]
    assert max(due) * DAY < plan.step("end_access").at
    assert sum(at >= 10 for at in due) == 3 + 6, "which an unshare on day 10 would have lost"


def hand_over() -> World:
    """P39's start: bc_ag owns acc_1, which created px_1, and has its only Admin; the client sees the account only."""
    return World.of(
        BusinessCenter(id="bc_ag", name="agency"),
        BusinessCenter(id="bc_c", name="client"),
        *(Person(id=name, name=name) for name in ("anna", "carla")),
        AdAccount(id="acc_1", name="account", owner_bc="bc_ag", created_from_bc="bc_ag"),
        Pixel(code="px_1", number="1", name="site", creator="acc_1"),
        members={("bc_ag", "anna"): BusinessRole.ADMIN, ("bc_c", "carla"): BusinessRole.ADMIN},
        account_people={("acc_1", "anna"): AccountAssignment(role=AccountRole.ADMIN, via="bc_ag")},
        partnerships={("bc_ag", "bc_c"): Partnership()},
        account_grants={("bc_c", "acc_1"): AccountGrant(role=AccountRole.ANALYST)},
    )


def test_P39_planner_rejects_revoke_before_transfer_and_plans_the_other_order() -> None:
    world = hand_over()
    transfer = do.TransferPixel(actor="carla", bc="bc_c", pixel="px_1")
    grant = do.GrantAccountAccess(actor="anna", bc="bc_ag", account="acc_1", partner="bc_c", role=AccountRole.ADMIN)
    leave = do.LeavePerson(actor="anna")

    s1 = check_plan(world, [(0, leave), (DAY, transfer)], Rulebook())
    assert not s1.ok
    assert s1.failed is not None
    assert (s1.failed.number, s1.failed.decision.cause) == (2, Cause.NO_ADMIN_LEFT)
    assert len(s1.orphaned_pixels) == 1

    s2 = check_plan(world, [(0, grant), (DAY, transfer), (2 * DAY, leave)], Rulebook())
    assert s2.ok
    assert s2.orphaned_pixels == ()

    plan = plan_transfer(world, "px_1", to_bc="bc_c", leaving=["anna"])
    assert plan.safe
    assert [step.kind.value for step in plan.steps] == ["prepare", "act", "verify", "leave"]
    order = [step.action for step in plan.steps if step.action is not None]
    assert order == [grant, transfer, leave]
    assert check_interleavings(world, plan, Rulebook()).safe
    swapped = [
        dataclasses.replace(plan.steps[3], waits_for=()),
        *(dataclasses.replace(step, waits_for=()) for step in plan.steps[:2]),
    ]
    assert check_interleavings(world, swapped, Rulebook(), goal=plan.goal).story is not None


def test_P22_no_order_of_actions_hands_a_pixel_on() -> None:
    found = explore(small_world(), full_alphabet(), Rulebook(), depth=5, swaps=SWAPS)
    assert found.ok
    reshare = [name for name in found.letters if name.startswith("pam: share pixel")]
    assert reshare, "it is tried"
    assert found.refused > 0


def test_P45_lint_warns_on_an_empty_tag_target_with_two_pixels() -> None:
    world = partner_world().with_item(
        "websites", "shop", Website(id="shop", name="shop", domains=("shop.example",), pixels=("px_1", "px_2"))
    )
    tags = [Tag(website="shop", name="Purchase", pixel="px_1"), Tag(website="shop", name="Step4")]
    found = [finding for finding in check(world, tags=tags) if finding.code is Code.EMPTY_TAG_TARGET]
    assert [finding.subjects for finding in found] == [("shop", "Step4")]
    filled = [tags[0], dataclasses.replace(tags[1], pixel="px_2")]
    assert not any(finding.code is Code.EMPTY_TAG_TARGET for finding in check(world, tags=filled))


@pytest.mark.parametrize("rulebook", [CONTINUE, PAUSE, REFUSE], ids=["continue", "pause", "refuse"])
def test_P26_planned_order_has_no_moment_of_orphaned_spend_whatever_happens(rulebook: Rulebook) -> None:
    world = campaign(campaign(partner_world(), "camp_1", "acc_p"), "camp_2", "acc_p", start=2.0, end=10.0)
    plan = plan_unshare(world, "px_1", from_="bc_p", rulebook=rulebook)
    assert isinstance(plan.goal, EndAccess)
    assert check_interleavings(world, plan, rulebook).safe
