from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.plan import ActionPlan, Availability, Code, Delays, StepKind, check_plan, plan_unshare
from pixelsim.sharing import PRESETS, AfterRefusal, GuardAppliesTo, Rulebook, SharingSettings, decide, residual_access
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountGrant,
    AccountRole,
    AccountStatus,
    Audience,
    AudienceAfter,
    Effect,
    Link,
    PixelAssignment,
    PixelLevel,
    Token,
    World,
)

STRICT = Rulebook(policy=PRESETS["strict"])


def kinds(plan: ActionPlan) -> list[str]:
    return [step.kind.value for step in plan.steps]


def titles(plan: ActionPlan, kind: StepKind) -> list[str]:
    return [step.title for step in plan.steps if step.kind is kind]


def full_world() -> World:
    key = "tk"
    world = with_ad_group(with_shared_account(client_and_agency()), "runs")
    world = with_ad_group(world, "later", start=30 * DAY)
    world = with_ad_group(world, "tracks", pixel=None, tracking="px")
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    return world.with_item("pixel_people", ("px", "otto"), PixelAssignment(level=PixelLevel.EDIT))


def test_the_order_is_notify_stop_cancel_wait_look_unshare_revoke_sweep_verify_recheck() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag")
    assert plan.safe
    assert kinds(plan) == [
        "notify", "cancel", "stop", "untrack", "wait", "look", "end_access", "revoke", "sweep", "sweep",
        "verify", "recheck",
    ]  # fmt: skip
    assert [step.number for step in plan.steps] == list(range(1, 13))
    assert all(waited < step.number for step in plan.steps for waited in step.waits_for)


def test_dates_add_up_from_the_delays_and_the_window() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag", now=10 * DAY, delays=Delays(default=2 * DAY))
    at = {step.kind: step.at for step in plan.steps}
    assert at[StepKind.NOTIFY] == 10 * DAY
    assert at[StepKind.STOP] == at[StepKind.CANCEL] == 12 * DAY
    assert at[StepKind.WAIT] == at[StepKind.LOOK] == (12 + 7) * DAY
    assert at[StepKind.END_ACCESS] == 21 * DAY
    assert at[StepKind.REVOKE] == at[StepKind.SWEEP] == 23 * DAY
    assert at[StepKind.VERIFY] == 25 * DAY
    assert at[StepKind.RECHECK] == 32 * DAY


def test_with_a_deadline_the_stops_come_as_late_as_it_allows() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag", by=40 * DAY)
    assert plan.step("end_access").at == 40 * DAY
    assert plan.step("notify").at == 0
    assert plan.step("stop").at == (40 - 1 - 7) * DAY
    assert plan.step("stop").ask_at == 31 * DAY
    later = next(step for step in plan.steps if step.title.endswith("later"))
    assert later.kind is StepKind.STOP, "by then it has started"


def test_a_deadline_that_is_too_early_is_said_and_a_faster_way_is_offered() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag", by=5 * DAY)
    late = next(finding for finding in plan.findings if finding.code is Code.NOT_ALL_IN_TIME)
    assert late.sentence == "Access can safely end day 9, not day 5."
    assert plan.step("end_access").at == 9 * DAY
    hasty = next(fallback for fallback in plan.fallbacks if fallback.name == "do not wait for the windows")
    assert hasty.safe
    assert StepKind.WAIT not in [step.kind for step in hasty.steps]
    assert hasty.consequence.startswith("Access ends day 2;")


def test_conversions_that_keep_their_window_need_no_wait() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag", in_flight="until_window_ends")
    assert "wait" not in kinds(plan)
    assert all(fallback.name != "do not wait for the windows" for fallback in plan.fallbacks)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_safe_plan_exists_under_every_preset_and_leaves_nothing_behind(preset: str) -> None:
    world, rulebook = full_world(), Rulebook(policy=PRESETS[preset])
    plan = plan_unshare(world, "px", from_="bc_ag", rulebook=rulebook)
    check = check_plan(world, plan, rulebook)
    assert plan.safe
    assert check.ok
    assert residual_access(check.world, "px", after="bc_ag").empty


def test_every_person_who_can_is_named_and_nobody_else() -> None:
    world = with_ad_group(client_and_agency(), "own", "acc_c")
    world = world.without("links", [("px", "acc_a")])
    plan = plan_unshare(with_ad_group(full_world(), "own", "acc_c"), "px", from_="bc_ag")
    history = full_world()
    for step in plan.steps:
        if step.action is None:
            continue
        able = {
            person
            for person in world.people
            if decide(history, dataclasses.replace(step.action, actor=person), Rulebook(), step.at or 0).allowed
        }
        assert able <= set(step.can), step.title
        assert step.who in step.can
        history = check_plan(history, [(step.at or 0, step.action)], Rulebook()).world


def test_an_account_is_unlinked_by_its_own_rule() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    plan = plan_unshare(world, "px", from_="acc_a")
    assert plan.safe
    assert titles(plan, StepKind.STOP) == ["switch ad group runs off"]
    end = plan.step("end_access")
    assert isinstance(end.action, do.UnlinkPixel)
    assert end.can == ("anna", "cleo")
    assert "sweep" not in kinds(plan)


def test_the_creating_account_has_no_safe_plan_but_a_replacement() -> None:
    plan = plan_unshare(client_and_agency(), "px", from_="acc_c")
    assert not plan.safe
    assert len(plan.reasons) == 1
    assert plan.reasons[0].startswith(
        "Nobody can unlink pixel px from ad account acc_c (R11): Ad account acc_c created"
    )
    assert [fallback.name for fallback in plan.fallbacks] == ["move to a replacement pixel"]
    assert plan.fallbacks[0].safe


def test_a_partner_that_owns_the_creating_account_keeps_it() -> None:
    world = client_and_agency().changed("pixels", "px", creator="acc_a").without("links", [("px", "acc_a")])
    plan = plan_unshare(world, "px", from_="bc_ag")
    assert not plan.safe
    assert plan.reasons == ("The goal is not reached after the last step.",)
    assert any(finding.code is Code.CREATOR_AMONG_ACCOUNTS for finding in plan.findings)


def test_a_pixel_in_no_business_center_cannot_be_unlinked_by_anybody() -> None:
    world = client_and_agency().changed("pixels", "px", owner_bc=None).without("shares", [("px", "bc_ag")])
    plan = plan_unshare(world, "px", from_="acc_c")
    assert not plan.safe
    assert plan.fallbacks[0].consequence == "It cannot be done: no ad account of the owner can create a pixel."


def test_what_was_unshared_too_early_is_stopped_and_swept() -> None:
    early = do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag")
    world = check_plan(full_world(), [(0, early)], Rulebook(policy=PRESETS["continue"])).world
    plan = plan_unshare(world, "px", from_="bc_ag", now=DAY)
    assert plan.safe
    assert not {"end_access", "wait"} & set(kinds(plan))
    assert titles(plan, StepKind.STOP) == ["delete ad group runs"]
    assert titles(plan, StepKind.CANCEL) == ["delete ad group later"]
    assert len(titles(plan, StepKind.SWEEP)) == 2


def test_a_partner_that_refuses_makes_an_unshare_unsafe_where_ads_would_run_on() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag", unavailable={"bc_ag": "refuses"})
    assert not plan.safe
    assert "it needs an Admin or Operator of ad account acc_a, and otto refuses" in plan.reasons[0]
    assert "would leave later, runs spending unattributed" in plan.reasons[-1]
    assert "end_access" not in kinds(plan)


def test_an_admin_of_the_partner_takes_over_from_an_operator_who_left() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    plan = plan_unshare(world, "px", from_="bc_ag", unavailable={"otto": "left"})
    assert plan.safe
    assert titles(plan, StepKind.PREPARE) == ["assign ad account acc_a to anna as Operator"]
    assert plan.step("stop").who == "anna"


def test_the_partners_admin_gone_too_leaves_nobody() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    plan = plan_unshare(world, "px", from_="bc_ag", unavailable={"otto": "left", "anna": "left"})
    assert not plan.safe
    assert plan.reasons[0].endswith("it needs an Admin or Operator of ad account acc_a, and there is none.")


def test_where_the_platform_stops_ads_a_refusing_partner_is_unshared_past_the_guard() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    policy = dataclasses.replace(PRESETS["strict"], guard_applies_to=GuardAppliesTo.UI_ONLY)
    plan = plan_unshare(world, "px", from_="bc_ag", rulebook=Rulebook(policy=policy), unavailable={"bc_ag": "refuses"})
    assert plan.safe
    assert plan.step("end_access").title.endswith("through the API")
    refused = plan_unshare(world, "px", from_="bc_ag", rulebook=STRICT, unavailable={"bc_ag": "refuses"})
    assert not refused.safe
    assert refused.reasons[0].startswith("Nobody can switch ad group runs off")
    assert refused.reasons[1].startswith("Nobody can unshare pixel px from Business Center bc_ag (R12)")


def test_an_owner_stops_the_partners_ads_in_its_own_account() -> None:
    world = with_ad_group(with_shared_account(client_and_agency()), "shared", "acc_c")
    world = world.without("links", [("px", "acc_a")])
    plan = plan_unshare(world, "px", from_="bc_ag", unavailable={"bc_ag": "refuses"})
    assert plan.safe
    assert plan.steps[1].title == "take ad account acc_c away from Business Center bc_ag"
    assert plan.steps[1].why.startswith("So that nobody of bc_ag")


def test_the_owner_takes_away_what_it_can_itself() -> None:
    plan = plan_unshare(full_world(), "px", from_="bc_ag")
    assert plan.step("revoke").who == "cleo"
    assert plan.step("revoke").can == ("anna", "cleo")


def test_slow_people_set_the_date_and_the_quick_ones_are_asked_first() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    slow = plan_unshare(
        world, "px", from_="bc_ag", unavailable={"otto": Availability.SLOW}, in_flight="until_window_ends"
    )
    assert slow.step("stop").at == 7 * DAY
    world = with_shared_account(world)
    world = with_ad_group(world, "own", "acc_c")
    plan = plan_unshare(world, "px", from_="bc_ag", delays=Delays(people={"otto": 5 * DAY, "cleo": DAY}))
    assert plan.safe


def test_audiences_are_replaced_where_they_go_with_the_access() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    world = world.with_item("audiences", "au", Audience(id="au", account="acc_a", name="au", pixel="px"))
    world = with_ad_group(world, "targets", pixel=None, audiences=("au",))
    world = with_ad_group(world, "asleep", pixel=None, audiences=("au",), on=False)
    world = with_ad_group(world, "over", pixel=None, audiences=("au",), start=-2 * DAY, end=-DAY)
    assert "replace_audience" not in kinds(plan_unshare(world, "px", from_="bc_ag"))
    pausing = Rulebook(settings=SharingSettings(audience_after_access=AudienceAfter.PAUSE_USERS))
    plan = plan_unshare(world, "px", from_="bc_ag", rulebook=pausing)
    assert titles(plan, StepKind.REPLACE_AUDIENCE) == ["replace au in ad group targets of ad account acc_a"]
    assert plan.step("replace_audience").number < plan.step("end_access").number


def test_a_resting_ad_group_in_a_disabled_account_is_left_to_be_deleted_by_hand() -> None:
    world = with_ad_group(client_and_agency(), "asleep", on=False)
    disabled = world.changed("ad_accounts", "acc_a", status=AccountStatus.DISABLE)
    plan = plan_unshare(disabled, "px", from_="bc_ag")
    assert plan.step("retire").action is None
    assert plan.step("retire").title.endswith("once the account's standing is restored")
    assert plan.safe
    alone = plan_unshare(world, "px", from_="bc_ag", unavailable={"bc_ag": "refuses"})
    assert alone.step("retire").title == "see to it that ad group asleep in acc_a is deleted"
    assert plan_unshare(world, "px", from_="bc_ag").step("retire").title == "delete ad group asleep"


def test_tracking_only_ads_that_nobody_changes_count_by_their_own_effect() -> None:
    world = with_ad_group(client_and_agency(), "tracks", pixel=None, tracking="px")
    keep = dataclasses.replace(PRESETS["continue"], tracking_only=Effect.KEEP_DELIVERING)
    stop = dataclasses.replace(PRESETS["continue"], tracking_only=Effect.NOT_DELIVERING)
    unsafe = plan_unshare(world, "px", from_="bc_ag", rulebook=Rulebook(policy=keep), unavailable={"bc_ag": "refuses"})
    assert "would leave d_tracks spending" in unsafe.reasons[-1]
    ends = plan_unshare(world, "px", from_="bc_ag", rulebook=Rulebook(policy=stop), unavailable={"bc_ag": "refuses"})
    assert "end_access" in kinds(ends)


def test_a_sweep_that_nobody_can_do_is_said() -> None:
    world = full_world()
    plan = plan_unshare(world, "px", from_="bc_ag", unavailable={"cleo": "refuses", "anna": "slow"})
    assert not plan.safe
    assert any("cleo refuses" in reason for reason in plan.reasons)


def test_a_deadline_before_now_and_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="'day 1', but must be not before now, day 2"):
        plan_unshare(client_and_agency(), "px", from_="bc_ag", by=DAY, now=2 * DAY)
    with pytest.raises(UnknownNameError):
        plan_unshare(client_and_agency(), "px", from_="nobody")
    with pytest.raises(UnknownNameError):
        plan_unshare(client_and_agency(), "px", from_="bc_ag", unavailable={"nobody": "slow"})
    with pytest.raises(ValueError, match="lazy"):
        plan_unshare(client_and_agency(), "px", from_="bc_ag", unavailable={"otto": "lazy"})


group = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["acc_a", "acc_c"]),
        "start": st.integers(-20, 20),
        "length": st.one_of(st.none(), st.integers(1, 25)),
        "on": st.booleans(),
        "tracks": st.booleans(),
    }
)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(
    groups=st.lists(group, max_size=4),
    preset=st.sampled_from(sorted(PRESETS)),
    shared=st.booleans(),
    token=st.booleans(),
    by=st.one_of(st.none(), st.integers(0, 60)),
    gone=st.sampled_from([{}, {"otto": "left"}, {"bc_ag": "refuses"}, {"anna": "slow"}]),
    guard=st.sampled_from(list(GuardAppliesTo)),
    after=st.sampled_from(list(AfterRefusal)),
)
def test_a_plan_that_calls_itself_safe_replays_without_a_refusal_or_a_moment_of_orphaned_spend(
    groups: list[dict],
    preset: str,
    *,
    shared: bool,
    token: bool,
    by: int | None,
    gone: dict,
    guard: GuardAppliesTo,
    after: AfterRefusal,
) -> None:
    world = client_and_agency()
    world = with_shared_account(world) if shared else world
    for number, spec in enumerate(groups):
        start = spec["start"] * DAY
        end = None if spec["length"] is None else start + spec["length"] * DAY
        world = with_ad_group(
            world,
            f"g{number}",
            spec["account"],
            pixel=None if spec["tracks"] else "px",
            tracking="px",
            start=start,
            end=end,
            on=spec["on"],
        )
    if token:
        world = world.with_item("tokens", "t", Token(id="t", pixel="px", holder_bc="bc_ag"))
    policy = dataclasses.replace(PRESETS[preset], guard_applies_to=guard, after_refused_unshare=after)
    rulebook = Rulebook(policy=policy)
    plan = plan_unshare(
        world, "px", from_="bc_ag", by=None if by is None else by * DAY, rulebook=rulebook, unavailable=gone
    )
    assert plan.safe is (not plan.reasons)
    dates = [step.at for step in plan.steps]
    assert dates == sorted(dates)
    assert all(step.ask_at <= step.at for step in plan.steps)
    really = world.changed("people", "otto", left=True) if gone.get("otto") == "left" else world
    check = check_plan(really, plan.steps, rulebook, goal=plan.goal)
    assert check.failed is None
    assert not check.orphaned_spend
    if plan.safe:
        assert check.reached
        assert residual_access(check.world, "px", after="bc_ag").empty
        if by is not None and not any(finding.code is Code.NOT_ALL_IN_TIME for finding in plan.findings):
            assert plan.step("end_access").at <= by * DAY
    for fallback in plan.fallbacks:
        if fallback.safe and fallback.name != "move to a replacement pixel":
            again = check_plan(really, fallback.steps, rulebook, goal=plan.goal)
            assert not again.orphaned_spend


def test_an_account_that_is_not_linked_needs_no_step_to_end_its_access() -> None:
    plan = plan_unshare(client_and_agency().without("links", [("px", "acc_a")]), "px", from_="acc_a")
    assert plan.safe
    assert kinds(plan) == ["notify", "look", "verify", "recheck"]


def test_a_role_on_a_third_partys_account_that_nobody_takes_away_is_said() -> None:
    world = client_and_agency()
    world = world.with_item("business_centers", "bc_x", world.business_centers["bc_c"])
    world = world.with_item("ad_accounts", "acc_x", dataclasses.replace(world.ad_accounts["acc_c"], owner_bc="bc_x"))
    world = world.with_item("links", ("px", "acc_x"), Link(by_bc="bc_c"))
    world = world.with_item("account_grants", ("bc_ag", "acc_x"), AccountGrant(role=AccountRole.OPERATOR))
    world = world.with_item("account_grants", ("bc_c", "acc_x"), AccountGrant(role=AccountRole.OPERATOR))
    plan = plan_unshare(world, "px", from_="bc_ag")
    assert not plan.safe
    what = "Nobody can take ad account acc_x away from Business Center bc_ag"
    assert plan.reasons == (f"{what}: it needs an Admin of bc_x, and there is none.",)
