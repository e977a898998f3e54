from __future__ import annotations

import pytest
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.plan import ActionPlan, Condition, Step, StepKind, check_plan
from pixelsim.plan.replay import OrphanedSpend, explained, is_satisfied, orphaned_ad_groups
from pixelsim.sharing import PRESETS, Cause, Rulebook, decide, orphaned_pixels
from pixelsim.sharing import actions as do
from pixelsim.world import Audience

CONTINUE = Rulebook(policy=PRESETS["continue"])
UNSHARE = do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag")


def off(group: str) -> do.Switch:
    return do.Switch(actor="otto", kind="ad_group", id=group, to="off")


def test_the_first_refused_step_is_reported_and_nothing_after_it_is_done() -> None:
    world = with_ad_group(client_and_agency(), "g")
    check = check_plan(world, [(DAY, UNSHARE), (2 * DAY, off("g"))], Rulebook())
    assert check.failed is not None
    assert (check.failed.number, check.failed.decision.cause) == (1, Cause.ACTIVE_CAMPAIGNS)
    assert check.world.ad_groups["g"].on
    assert "g in acc_a still use pixel px" in str(check)
    assert not check.ok


def test_a_good_order_is_ok() -> None:
    world = with_ad_group(client_and_agency(), "g")
    check = check_plan(world, [(DAY, off("g")), (2 * DAY, UNSHARE)], Rulebook())
    assert check.ok
    assert str(check) == "ok"
    assert check.reached is None


def test_orphaned_spend_lasts_from_the_unshare_to_the_stop_or_to_the_end_of_the_schedule() -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "g"), "later", start=5 * DAY, end=7 * DAY)
    check = check_plan(world, [(DAY, UNSHARE), (3 * DAY, off("g"))], CONTINUE)
    assert check.orphaned_spend == (
        OrphanedSpend("g", "acc_a", "px", DAY, 3 * DAY),
        OrphanedSpend("later", "acc_a", "px", 5 * DAY, 7 * DAY),
    )
    assert check.reasons[0] == (
        "Ad group g delivers in ad account acc_a without access to pixel px from day 1 to day 3."
    )


def test_spend_that_is_broken_off_and_taken_up_again_makes_two_intervals() -> None:
    world = with_ad_group(client_and_agency(), "g")
    on = do.Switch(actor="otto", kind="ad_group", id="g", to="on")
    steps = [(0, UNSHARE), (DAY, off("g")), (2 * DAY, on), (3 * DAY, off("g"))]
    spans = [(spend.start, spend.end) for spend in check_plan(world, steps, CONTINUE).orphaned_spend]
    assert spans == [(0, DAY), (2 * DAY, 3 * DAY)]


def test_other_changes_do_not_cut_an_interval_in_two() -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "g"), "none", pixel=None)
    steps = [(0, UNSHARE), (DAY, do.LeavePerson(actor="colin")), (2 * DAY, off("g"))]
    spans = [(spend.start, spend.end) for spend in check_plan(world, steps, CONTINUE).orphaned_spend]
    assert spans == [(0, 2 * DAY)]


def test_until_bounds_the_look_ahead() -> None:
    world = with_ad_group(client_and_agency(), "later", start=5 * DAY)
    assert check_plan(world, [(0, UNSHARE)], CONTINUE, until=5 * DAY).ok
    assert not check_plan(world, [(0, UNSHARE)], CONTINUE, until=5 * DAY + 1).ok
    assert not check_plan(world, [(0, UNSHARE)], CONTINUE).ok


def test_steps_without_a_date_follow_the_one_before_and_manual_ones_are_passed_over() -> None:
    world = with_ad_group(client_and_agency(), "g")
    steps = [
        Step(number=1, kind=StepKind.NOTIFY, task="tell them", at=DAY),
        Step(number=2, kind=StepKind.STOP, action=off("g")),
        Step(number=3, kind=StepKind.END_ACCESS, action=UNSHARE, at=4 * DAY),
    ]
    assert check_plan(world, steps, Rulebook()).ok
    swapped = [steps[2], steps[1]]
    failed = check_plan(world, swapped, Rulebook()).failed
    assert failed is not None
    assert (failed.number, failed.at) == (3, 4 * DAY)


def test_a_plan_brings_its_own_goal_and_an_empty_one_misses_it() -> None:
    world = client_and_agency()
    goal = Condition("own nothing", lambda after: not after.shares)
    plan = ActionPlan(goal=goal, steps=())
    check = check_plan(world, plan, Rulebook())
    assert check.reached is False
    assert check.reasons == ("The goal is not reached after the last step.",)
    assert explained(["The partner refuses."], check) == ("The partner refuses.",)
    assert explained([], check) == check.reasons


@pytest.mark.parametrize(
    ("action", "satisfied"),
    [
        (do.Switch(actor="otto", kind="ad_group", id="g", to="on"), True),
        (do.SharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag"), True),
        (do.LinkPixel(actor="anna", bc="bc_ag", pixel="px", account="acc_a"), True),
        (do.TransferPixel(actor="cleo", bc="bc_c", pixel="px"), True),
        (do.TransferPixel(actor="anna", bc="bc_ag", pixel="px"), False),
        (do.Switch(actor="otto", kind="ad_group", id="dead", to="off"), True),
        (do.Switch(actor="otto", kind="ad_group", id="dead", to="on"), False),
        (do.DeleteAudience(actor="otto", audience="au"), True),
        (do.UnlinkPixel(actor="cleo", bc="bc_c", pixel="px", account="acc_x"), True),
        (do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_x"), True),
        (do.UnlinkPixel(actor="cleo", bc="bc_c", pixel="px", account="acc_c"), False),
    ],
)
def test_a_refusal_that_says_it_is_so_already_is_no_failure(action: do.Action, *, satisfied: bool) -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "g"), "dead")
    world = world.changed("ad_groups", "dead", deleted=True)
    world = world.with_item("business_centers", "bc_x", world.business_centers["bc_ag"])
    world = world.with_item("ad_accounts", "acc_x", world.ad_accounts["acc_a"])
    world = world.with_item("audiences", "au", Audience(id="au", account="acc_a", name="au", pixel="px", deleted=True))
    decision = decide(world, action, Rulebook(), 0)
    assert decision.refused
    assert is_satisfied(action, decision) is satisfied


def test_a_pixel_is_orphaned_when_nobody_can_hand_it_over_and_only_new_orphans_count() -> None:
    world = client_and_agency().changed("pixels", "px", owner_bc=None)
    assert orphaned_pixels(world) == []
    leave = [(0, do.LeavePerson(actor="cleo"))]
    check = check_plan(world, leave, Rulebook())
    assert check.orphaned_pixels == ("px",)
    assert "Nobody is left who could hand pixel px over or share it." in check.reasons
    assert check_plan(check.world, [(0, do.LeavePerson(actor="otto"))], Rulebook()).orphaned_pixels == ()
    owned = check_plan(client_and_agency(), leave, Rulebook())
    assert owned.orphaned_pixels == ("px",), "its Business Center has no Admin left who could share it"


def test_only_what_delivers_without_a_link_is_orphaned() -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "g"), "dead")
    world = world.changed("ad_groups", "dead", deleted=True)
    assert list(orphaned_ad_groups(world, 0)) == []
    cut = world.without("links", [("px", "acc_a")])
    assert list(orphaned_ad_groups(cut, 0)) == ["g"]
    assert list(orphaned_ad_groups(cut.changed("ad_groups", "g", on=False), 0)) == []
    later = cut.changed("ad_groups", "g", start=DAY)
    assert list(orphaned_ad_groups(later, 0)) == list(orphaned_ad_groups(later, 0, DAY)) == []
    assert list(orphaned_ad_groups(later, 0, DAY + 1)) == ["g"]


def test_somebody_who_left_fails_at_the_step_with_the_decision() -> None:
    world = client_and_agency().changed("people", "cleo", left=True)
    check = check_plan(world, [(0, UNSHARE)], Rulebook())
    assert check.failed is not None
    assert (check.failed.number, check.failed.decision.cause) == (1, Cause.PERSON_LEFT)
    assert check.world == world


def test_spend_that_was_orphaned_before_counts_only_if_the_plan_does_not_end_it() -> None:
    world = check_plan(with_ad_group(client_and_agency(), "g"), [(0, UNSHARE)], CONTINUE).world
    ended = check_plan(world, [(DAY, do.LeavePerson(actor="colin")), (2 * DAY, off("g"))], CONTINUE)
    assert [(spend.start, spend.end, spend.already) for spend in ended.orphaned_spend] == [(DAY, 2 * DAY, True)]
    assert ended.ok
    assert not check_plan(world, [(DAY, do.LeavePerson(actor="colin"))], CONTINUE).ok
