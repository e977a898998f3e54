from __future__ import annotations

import dataclasses

import pytest
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY
from pixelsim.plan import ActionPlan, Cost, CostCase, CostKind, Fallback, RateEstimator, check_plan, plan_unshare
from pixelsim.sharing import PRESETS, AfterRefusal, GuardAppliesTo, Rulebook
from pixelsim.world import AccountAssignment, AccountRole, BusinessRole, World

RATES = RateEstimator(spend_per_day={"g": 100}, conversions_per_day={"g": 3.0}, mean_delay_days=2.0)


def named(plan: ActionPlan, name: str) -> Fallback:
    return next(fallback for fallback in plan.fallbacks if fallback.name == name)


def policy(preset: str, **changes: object) -> Rulebook:
    return Rulebook(policy=dataclasses.replace(PRESETS[preset], **changes))


def running() -> World:
    return with_ad_group(client_and_agency(), "g")


def test_without_the_partner_there_is_no_safe_way_where_its_ads_would_run_on() -> None:
    alone = named(plan_unshare(running(), "px", from_="bc_ag"), "do it without bc_ag")
    assert not alone.safe
    assert alone.steps == ()
    assert alone.cost is None
    assert "otto refuses" in alone.consequence


def test_without_the_partner_access_ends_where_the_platform_stops_ads_and_no_guard_watches() -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag", rulebook=policy("pause"), estimator=RATES)
    alone = named(plan, "do it without bc_ag")
    assert alone.safe
    assert alone.consequence == "Access ends day 1, done by your own people."
    assert alone.cost is not None
    assert alone.cost.conversions == pytest.approx(7 * 3.0)
    end = next(step for step in alone.steps if step.kind == "end_access")
    assert end.why == "Nobody stops g, but without access the platform does: Pixel Unauthorized."


def test_without_the_partner_the_owner_stops_what_runs_in_its_own_account() -> None:
    world = with_ad_group(with_shared_account(client_and_agency()), "g", "acc_c").without("links", [("px", "acc_a")])
    world = with_ad_group(world, "h", "acc_a", pixel=None)
    plan = plan_unshare(world, "px", from_="bc_ag")
    assert all(fallback.name != "do it without bc_ag" for fallback in plan.fallbacks), "nobody of bc_ag is needed"


def test_an_unlinked_accounts_owner_is_the_other_side_unless_it_is_the_pixels_owner() -> None:
    plan = plan_unshare(running(), "px", from_="acc_a", estimator=RATES)
    assert not named(plan, "do it without bc_ag").safe
    world = client_and_agency()
    world = world.with_item("ad_accounts", "acc_d", dataclasses.replace(world.ad_accounts["acc_c"], id="acc_d"))
    world = world.with_item("links", ("px", "acc_d"), world.links["px", "acc_a"])
    own = plan_unshare(world, "px", from_="acc_d")
    assert all(not fallback.name.startswith("do it without") for fallback in own.fallbacks)


def test_not_waiting_costs_the_conversions_in_flight() -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag", estimator=RATES)
    hasty = named(plan, "do not wait for the windows")
    assert hasty.safe
    assert hasty.cost is not None
    assert hasty.cost.conversions == pytest.approx(3.0 * 2.0)
    assert check_plan(running(), hasty.steps, Rulebook(), goal=plan.goal).ok


@pytest.mark.parametrize("absence", ["left", "refuses"])
def test_where_the_owner_has_no_admin_left_the_partner_can_end_the_partnership(absence: str) -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag", unavailable={"cleo": absence}, estimator=RATES)
    assert not plan.safe
    leave = named(plan, "have bc_ag end the partnership")
    assert leave.safe
    assert leave.cost is not None
    assert leave.cost.conversions == pytest.approx(7 * 3.0)
    end = next(step for step in leave.steps if step.kind == "end_access")
    assert (end.who, end.title) == ("anna", "end the partnership of bc_ag and bc_c")
    world = running().changed("people", "cleo", left=True)
    done = check_plan(world, leave.steps, Rulebook())
    assert done.failed is None
    assert done.orphaned_spend == ()
    assert plan.goal.reached(done.world)
    alone = plan_unshare(running(), "px", from_="bc_ag", unavailable={"cleo": absence, "bc_ag": "refuses"})
    closed = named(alone, "have bc_ag end the partnership")
    assert (closed.safe, closed.steps, closed.price) == (False, (), "")
    assert closed.consequence.startswith("It cannot be done: ")
    there = plan_unshare(running(), "px", from_="bc_ag")
    assert all("partnership" not in fallback.name for fallback in there.fallbacks)


@pytest.mark.parametrize(
    ("name", "changes", "ending"),
    [
        ("unshare through the API", {"guard_applies_to": GuardAppliesTo.UI_ONLY}, "through the API"),
        ("force it", {"after_refused_unshare": AfterRefusal.FORCE}, "past the guard"),
    ],
)
def test_past_the_guard_costs_a_week_of_spend_where_ads_run_on(
    name: str, changes: dict[str, object], ending: str
) -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag", rulebook=policy("documented", **changes), estimator=RATES)
    bold = named(plan, name)
    assert not bold.safe
    assert any(step.title.endswith(ending) for step in bold.steps)
    assert bold.cost is not None
    assert bold.cost.amount("USD") == 7 * 100
    assert "goes on spending without attribution" in bold.consequence


@pytest.mark.parametrize("preset", ["strict"])
def test_past_the_guard_is_safe_and_costs_a_week_of_delivery_where_ads_stop(preset: str) -> None:
    rulebook = policy(preset, guard_applies_to=GuardAppliesTo.UI_ONLY)
    plan = plan_unshare(running(), "px", from_="bc_ag", rulebook=rulebook, estimator=RATES)
    bold = named(plan, "unshare through the API")
    assert bold.safe
    assert bold.cost == Cost.of(None, 7 * 3.0, "daily rates times days on which delivery stands still")
    assert "Pixel Unauthorized" in bold.consequence


def test_without_a_guard_there_is_nothing_to_pass() -> None:
    rulebook = policy("continue", guard_applies_to=GuardAppliesTo.UI_ONLY, after_refused_unshare=AfterRefusal.FORCE)
    names = {fallback.name for fallback in plan_unshare(running(), "px", from_="bc_ag", rulebook=rulebook).fallbacks}
    assert names.isdisjoint({"unshare through the API", "force it"})


def test_where_nobody_can_end_access_no_way_past_the_guard_helps() -> None:
    rulebook = policy("documented", guard_applies_to=GuardAppliesTo.UI_ONLY)
    plan = plan_unshare(
        running(), "px", from_="bc_ag", rulebook=rulebook, unavailable={"cleo": "refuses"}, estimator=RATES
    )
    bold = named(plan, "unshare through the API")
    assert not bold.safe
    assert bold.consequence.startswith("It cannot be done: Nobody can unshare")
    assert (bold.steps, bold.cost) == ((), None)
    assert named(plan, "move to a replacement pixel").consequence.startswith("It cannot be done: Nobody can")


class Relearning:
    """Prices relearning only: 10 conversions for each ad group made anew."""

    def estimate(self, world: World, case: CostCase) -> Cost | None:
        return Cost.of(None, 10.0 * len(case.ad_groups), "test") if case.kind is CostKind.RELEARNING else None


def test_a_replacement_pixel_is_made_transferred_linked_and_installed() -> None:
    world = with_ad_group(running(), "own", "acc_c")
    second = dataclasses.replace(world.ad_accounts["acc_c"], id="acc_d")
    world = world.with_item("ad_accounts", "acc_d", second)
    world = world.with_item("links", ("px", "acc_d"), dataclasses.replace(world.links["px", "acc_a"], by_bc="bc_c"))
    plan = plan_unshare(world, "px", from_="bc_ag", estimator=Relearning())
    moved = named(plan, "move to a replacement pixel")
    assert moved.safe
    assert [step.title for step in moved.steps] == [
        "create pixel px-replacement in ad account acc_c",
        "transfer pixel px-replacement to Business Center bc_c",
        "link pixel px-replacement to ad account acc_d",
        "install pixel px-replacement on website shop in place of what it carries",
    ]
    assert moved.cost == Cost.of(None, 10.0, "test")
    after = check_plan(world, moved.steps, Rulebook()).world
    assert after.websites["shop"].pixels == ("px-replacement",)
    assert after.links["px", "acc_a"].by_bc == "bc_ag"


def test_an_operator_is_found_for_a_partner_with_several_people() -> None:
    world = running().with_item("members", ("bc_ag", "colin"), BusinessRole.STANDARD)
    plan = plan_unshare(world, "px", from_="bc_ag", unavailable={"otto": "refuses"}, now=DAY)
    assert plan.safe
    assert plan.step("prepare").title == "assign ad account acc_a to colin as Operator", "your own people come first"


def test_a_replacement_that_nobody_can_transfer_is_said_to_be_closed() -> None:
    admin = AccountAssignment(role=AccountRole.ADMIN, via="bc_c")
    world = running().with_item("account_people", ("acc_c", "colin"), admin)
    plan = plan_unshare(world, "px", from_="bc_ag", unavailable={"cleo": "refuses"})
    moved = named(plan, "move to a replacement pixel")
    assert not moved.safe
    assert "Nobody can transfer pixel px-replacement to Business Center bc_c" in moved.consequence
