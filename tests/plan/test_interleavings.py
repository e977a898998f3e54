from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY
from pixelsim.plan import (
    Condition,
    EndAccess,
    Letter,
    Step,
    StepKind,
    StopBy,
    check_interleavings,
    foreign_letters,
    plan_transfer,
    plan_unshare,
)
from pixelsim.sharing import PRESETS, GuardAppliesTo, Rulebook
from pixelsim.sharing import actions as do
from pixelsim.world import Pixel, PixelAssignment, PixelLevel, Token, World

CONTINUE = Rulebook(policy=PRESETS["continue"])
GOAL = EndAccess(pixel="px", partner="bc_ag")
UNSHARE = do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag")


def running() -> World:
    return with_ad_group(client_and_agency(), "g")


def full() -> World:
    key = "tk"
    world = with_ad_group(with_shared_account(running()), "later", start=2 * DAY)
    world = with_ad_group(world, "tracks", pixel=None, tracking="px")
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    return world.with_item("pixel_people", ("px", "otto"), PixelAssignment(level=PixelLevel.EDIT))


def switch(number: int, group: str, to: str = "off", **changes: object) -> Step:
    action = do.Switch(actor="otto", kind="ad_group", id=group, to=to)
    return Step(number=number, kind=StepKind.STOP, action=action, can=("otto",), **changes)


def unshare(number: int, **changes: object) -> Step:
    return Step(number=number, kind=StepKind.ACT, action=UNSHARE, can=("cleo",), **changes)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_planned_unshare_of_everything_is_safe_in_every_order(preset: str) -> None:
    rulebook = Rulebook(policy=PRESETS[preset])
    plan = plan_unshare(full(), "px", from_="bc_ag", rulebook=rulebook, in_flight="until_window_ends")
    found = check_interleavings(full(), plan, rulebook, delays=(0, 2))
    assert found.safe, found.text()
    assert found.ends > 0
    assert found.text().endswith("safe in every order")


@pytest.mark.parametrize("delays", [(0,), (0, 1, 2)])
def test_a_plain_unlink_is_safe_in_every_order(delays: tuple[int, ...]) -> None:
    plan = plan_unshare(running(), "px", from_="acc_a")
    assert check_interleavings(running(), plan, Rulebook(), delays=delays).safe


def test_unsharing_first_is_told_in_one_line() -> None:
    found = check_interleavings(running(), [unshare(1)], CONTINUE)
    assert not found.safe
    assert str(found.story) == (
        "1. step 0: [1] cleo: unshare pixel px from Business Center bc_ag - allowed (R14)\n"
        "Then ad group g delivers while its account has no access to pixel px (R15)."
    )
    assert "not safe:\n1. step 0" in found.text()


def test_stopping_only_what_runs_leaves_the_scheduled_one_to_the_clock() -> None:
    world = with_ad_group(running(), "later", start=DAY)
    steps = [switch(1, "g"), unshare(2, waits_for=(1,))]
    found = check_interleavings(world, steps, Rulebook())
    assert found.story is not None
    assert [event.what for event in found.story.events] == [
        "[1] otto: switch ad group g off",
        "[2] cleo: unshare pixel px from Business Center bc_ag",
        "the clock goes on by one step",
    ]


def test_a_guard_that_refuses_and_goes_back_to_nothing_is_tried_until_it_passes() -> None:
    steps = [switch(1, "g"), unshare(2)]
    found = check_interleavings(running(), steps, Rulebook())
    assert found.safe, "the guard refuses until the stop is done"
    assert found.refused > 0


def test_switching_off_is_not_enough_where_ads_run_on_and_deleting_is() -> None:
    weak = plan_unshare(running(), "px", from_="bc_ag", rulebook=CONTINUE, stop_by=StopBy.OFF)
    assert weak.safe, "in its own order it is"
    found = check_interleavings(running(), weak, CONTINUE)
    assert found.story is not None
    assert found.story.events[-1].what == "by itself, otto: switch ad group g on"
    firm = plan_unshare(running(), "px", from_="bc_ag", rulebook=CONTINUE)
    assert check_interleavings(running(), firm, CONTINUE).safe


def test_without_a_look_a_launch_just_before_the_unshare_spends() -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag", rulebook=CONTINUE)
    blind = [
        dataclasses.replace(step, kind=StepKind.ACT, go_back_to=None)
        for step in plan.steps
        if step.kind in {StepKind.NOTIFY, StepKind.STOP, StepKind.END_ACCESS}
    ]
    blind[-1] = dataclasses.replace(blind[-1], waits_for=(blind[-2].number,))
    found = check_interleavings(running(), blind, CONTINUE, foreign=foreign_letters(running(), GOAL))
    assert found.story is not None
    assert any("launch something new" in event.what for event in found.story.events)


def test_a_token_made_in_between_is_found_by_the_check_and_a_plan_without_one_misses_it() -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag")
    assert check_interleavings(running(), plan, Rulebook()).safe
    careless = [step for step in plan.steps if step.kind not in {StepKind.VERIFY, StepKind.RECHECK}]
    found = check_interleavings(running(), careless, Rulebook(), goal=GOAL)
    assert found.story is not None
    assert found.story.fault.startswith("every step is done, but the goal is not reached")
    assert any("make the server token tk_bc_ag_new" in event.what for event in found.story.events)


def test_a_plan_whose_only_person_leaves_is_stuck_at_that_step() -> None:
    plan = plan_unshare(running(), "px", from_="bc_ag", unavailable={"anna": "refuses"})
    leaves = [Letter.of(do.LeavePerson(actor="otto"))]
    found = check_interleavings(running(), plan, Rulebook(), foreign=leaves)
    assert found.story is not None
    assert found.story.fault == "the plan is stuck at step 2"
    assert found.story.events[-1].became == "refused (R16): otto has left and can do nothing any more."


def test_another_of_those_who_can_takes_over() -> None:
    world = with_ad_group(client_and_agency(), "g", "acc_c").without("links", [("px", "acc_a")])
    step = Step(
        number=1,
        kind=StepKind.STOP,
        can=("cleo", "colin"),
        action=do.Switch(actor="colin", kind="ad_group", id="g", to="off"),
    )
    goal = Condition("switch g off", lambda after: not after.ad_groups["g"].on)
    leaves = [Letter.of(do.LeavePerson(actor="colin"))]
    assert check_interleavings(world, [step], Rulebook(), goal=goal, foreign=leaves).safe
    done = [Letter.of(dataclasses.replace(step.action, actor="cleo"))]
    assert check_interleavings(world, [step], Rulebook(), goal=goal, foreign=done).safe, "it is so already"


def test_steps_in_flight_are_bounded_and_due_together_in_every_order() -> None:
    world = with_ad_group(with_ad_group(running(), "h"), "i")
    steps = [switch(n, group) for n, group in enumerate(("g", "h", "i"), 1)]
    counts = [check_interleavings(world, steps, Rulebook(), in_flight=n, delays=(1, 2)).states for n in (1, 2, 3)]
    # Done or not for each of 3 steps; one, two or three of the rest in flight with 1 or 2 steps left.
    assert counts == [8 + 12 * 2, 8 + 12 * 2 + 6 * 4, 8 + 12 * 2 + 6 * 4 + 8]


def test_a_refused_unshare_by_the_api_looks_at_nothing() -> None:
    policy = dataclasses.replace(PRESETS["strict"], guard_applies_to=GuardAppliesTo.UI_ONLY)
    past = Step(
        number=2, kind=StepKind.END_ACCESS, action=dataclasses.replace(UNSHARE, api=True), can=("cleo",), go_back_to=1
    )
    first = Step(number=1, kind=StepKind.NOTIFY, task="tell them")
    found = check_interleavings(running(), [first, past], Rulebook(policy=policy), goal=GOAL, foreign=())
    assert found.safe


def test_a_look_that_nobody_can_act_on_is_stuck() -> None:
    world = running().changed("people", "otto", left=True).changed("people", "anna", left=True)
    look = Step(number=1, kind=StepKind.LOOK, task="look")
    found = check_interleavings(world, [look], Rulebook(), goal=GOAL, foreign=())
    assert found.story is not None
    assert found.story.fault == "the plan is stuck at step 1"
    nothing = check_interleavings(world, [look], Rulebook(), foreign=())
    assert nothing.safe, "without a goal there is nothing to look for"


def test_a_transfer_is_safe_in_every_order() -> None:
    world = client_and_agency().with_item("pixels", "new", Pixel(code="new", number="2", name="n", creator="acc_c"))
    plan = plan_transfer(world, "new", to_bc="bc_c", leaving=["colin"])
    found = check_interleavings(world, plan, Rulebook())
    assert found.safe
    assert found.foreign == ()


def test_the_clock_starts_at_the_plans_own_instant() -> None:
    world = with_ad_group(client_and_agency(), "later", start=5 * DAY, end=6 * DAY)
    assert not check_interleavings(world, [unshare(1)], Rulebook(), at=4 * DAY).safe
    assert check_interleavings(world, [unshare(1)], Rulebook(), at=6 * DAY).safe


def test_the_other_side_might_switch_launch_link_and_make_a_token() -> None:
    world = running().with_item("ad_accounts", "acc_b", client_and_agency().ad_accounts["acc_a"])
    names = [letter.name for letter in foreign_letters(world, GOAL)]
    assert names == [
        "otto: switch ad group g on",
        "otto: launch something new in ad account acc_a on pixel px",
        "otto: launch something new for the next step in ad account acc_a on pixel px",
        "anna: link pixel px to ad account acc_b",
        "anna: make the server token tk_bc_ag_new for pixel px, held by bc_ag",
    ]
    only = [letter.name for letter in foreign_letters(world, EndAccess(pixel="px", account="acc_a"))]
    assert only == names[:3]
    nobody = world.without("account_people", [("acc_a", "otto")]).without("members", [("bc_ag", "anna")])
    assert foreign_letters(nobody, GOAL) == ()


NOON = ("0" * 24 + "1" * 4 + "0" * 20) * 7
"""Every day from 12:00 to 14:00."""


def test_what_runs_for_two_hours_a_day_is_found_although_the_clock_looks_at_midnight() -> None:
    world = running().changed("ad_groups", "g", dayparting=NOON)
    found = check_interleavings(world, [unshare(1)], CONTINUE, foreign=())
    assert found.story is not None
    assert found.story.fault == "ad group g delivers while its account has no access to pixel px"
    plan = plan_unshare(world, "px", from_="bc_ag", rulebook=CONTINUE)
    assert [step.kind for step in plan.steps if step.action is not None][:1] == [StepKind.CANCEL]
    assert check_interleavings(world, plan, CONTINUE).safe
    weekend = world.changed("ad_groups", "g", dayparting="0" * 240 + "1" * 96, end=5 * DAY)
    assert check_interleavings(weekend, [unshare(1)], CONTINUE, foreign=()).safe, "its half hours come after its end"


group = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["acc_a", "acc_c"]),
        "start": st.integers(-2, 3),
        "length": st.one_of(st.none(), st.integers(1, 4)),
        "on": st.booleans(),
        "tracks": st.booleans(),
    }
)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    groups=st.lists(group, max_size=3),
    preset=st.sampled_from(sorted(PRESETS)),
    shared=st.booleans(),
    token=st.booleans(),
)
def test_a_plan_that_calls_itself_safe_is_safe_in_every_order(
    groups: list[dict], preset: str, *, shared: bool, token: bool
) -> None:
    world = with_shared_account(client_and_agency()) if shared else client_and_agency()
    for number, spec in enumerate(groups):
        start = spec["start"] * DAY
        end = None if spec["length"] is None else start + spec["length"] * DAY
        pixel = None if spec["tracks"] else "px"
        world = with_ad_group(
            world, f"g{number}", spec["account"], pixel=pixel, tracking="px", start=start, end=end, on=spec["on"]
        )
    if token:
        world = world.with_item("tokens", "t", Token(id="t", pixel="px", holder_bc="bc_ag"))
    rulebook = Rulebook(policy=PRESETS[preset])
    plan = plan_unshare(world, "px", from_="bc_ag", rulebook=rulebook)
    assert plan.safe
    found = check_interleavings(world, plan, rulebook, delays=(0, 1))
    assert found.safe, found.text()
