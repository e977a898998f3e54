from __future__ import annotations

import itertools

import pytest

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.plan import SWAPS, Letter, explore, find, full_alphabet, running_world, small_world
from pixelsim.plan.alphabet import launch, written
from pixelsim.plan.invariants import Invariant
from pixelsim.plan.replay import orphaned_ad_groups
from pixelsim.plan.states import rename, rewound
from pixelsim.plan.stories import enact
from pixelsim.sharing import PRESETS, Cause, Decision, Rulebook, SharingSettings, Verdict, apply, decide
from pixelsim.sharing import actions as do
from pixelsim.world import World

LETTERS = full_alphabet()
RULES = Rulebook()


def done(world: World, letter: Letter, rulebook: Rulebook = RULES) -> World | None:
    for action in letter.actions:
        outcome = apply(world, action, rulebook, 0)
        if not outcome.decision.allowed:
            return None
        world = outcome.world
    return world


def closed(worlds: list[World]) -> list[World]:
    """Add every later look of some worlds, as the clock goes on."""
    for world in worlds:
        later = rewound(world, DAY)
        if later not in worlds:
            worlds.append(later)
    return worlds


def brute_force(start: World, depth: int) -> list[list[World]]:
    """Go through all orders without numbers, caches or renamings: lists of whole worlds, compared as wholes."""
    levels = [closed([rewound(start, 0)])]
    seen = list(levels[0])
    for _ in range(depth):
        level: list[World] = []
        for world in levels[-1]:
            for letter in LETTERS:
                after = done(world, letter)
                if after is not None and after not in seen and after not in level:
                    level.append(after)
        level = [world for world in closed(level) if world not in seen]
        seen += level
        levels.append(level)
    return levels


@pytest.mark.parametrize(("start", "depth"), [(small_world(), 3), (running_world(), 2)], ids=["empty", "running"])
def test_the_explorer_reaches_exactly_the_worlds_of_a_plain_search(start: World, depth: int) -> None:
    levels = brute_force(start, depth)
    plain = explore(start, LETTERS, RULES, depth=depth)
    assert plain.levels == tuple(len(level) for level in levels)
    assert plain.renamings == 1
    merged = explore(start, LETTERS, RULES, depth=depth, swaps=SWAPS)
    assert merged.renamings > 1
    groups = []
    for level in levels:
        orbits: list[World] = []
        for world in level:
            names = [rename(world, swap) for swap in SWAPS] + [rename(rename(world, SWAPS[0]), SWAPS[1])]
            alike = [world, *names] if merged.renamings == 4 else [world, names[0]]
            if not any(one in orbits for one in alike):
                orbits.append(world)
        groups.append(len(orbits))
    assert merged.levels == tuple(groups)


def test_with_delays_every_pair_of_actions_in_flight_is_a_state_of_its_own() -> None:
    # Two independent letters, allowed from the start: each is not begun, in flight with 1 or 2 steps left, or done.
    letters = [Letter.of(do.LeavePerson(actor=person)) for person in ("pit", "rob")]
    found = explore(small_world(), letters, RULES, depth=2, delays=(0, 1, 2))
    assert found.states == 4 * 4
    assert found.levels == (1, 6, 9)
    one_at_a_time = explore(small_world(), letters, RULES, depth=2, delays=(0, 1, 2), in_flight=1)
    assert one_at_a_time.states == 16 - 4


def test_actions_due_together_are_tried_in_both_orders() -> None:
    leave, switch = (
        Letter.of(do.LeavePerson(actor="pit")),
        Letter.of(do.Switch(actor="pit", kind="ad_group", id="g_p1", to="off")),
    )
    found = explore(running_world(), [leave, switch], RULES, depth=2, delays=(1,))
    still_on = find(
        running_world(),
        [leave, switch],
        RULES,
        lambda w: "pit left with g_p1 on" if w.people["pit"].left and w.ad_groups["g_p1"].on else None,
        depth=2,
    )
    assert still_on is not None
    assert found.refused > 0, "in one of the two orders pit has left already"


def test_refused_attempts_and_missing_ids_are_counted() -> None:
    letters = [
        Letter.of(do.UnsharePixel(actor="ann", bc="bc_own", pixel="px_1", partner="bc_par")),
        Letter.of(do.AddMember(actor="rob", bc="bc_own", person="pit")),
    ]
    found = explore(small_world(), letters, RULES, depth=3)
    assert (found.states, found.transitions, found.refused, found.skipped) == (1, 0, 1, 1)
    text = found.text()
    assert "alphabet: 2 letters, and the clock\n  ann: unshare pixel px_1" in text
    assert "states: 1 (1 + 0 + 0 + 0), merged under 1 renamings" in text
    assert text.endswith("everything held")
    assert "unshare" not in found.text(alphabet=False)


def letting(cause: Cause):
    """The product's rules with one fault: what they refuse for a cause is allowed."""

    def rules(world: World, action: do.Action, rulebook: Rulebook, at: int) -> Decision:
        decision = decide(world, action, rulebook, at)
        return Decision(Verdict.YES, decision.rule, Cause.ALLOWED) if decision.cause is cause else decision

    return rules


@pytest.mark.parametrize(
    ("cause", "start", "rules", "length"),
    [
        (Cause.NO_RESHARE, "empty", {"R08"}, 4),
        (Cause.CREATOR_STAYS, "empty", {"R11"}, 2),
        (Cause.NOT_OWN_ACCOUNT, "empty", {"R09"}, 4),
        (Cause.NOT_IN_BC, "empty", {"R08", "R07", "R16", "R18"}, 2),
        (Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, "empty", {"R05"}, 2),
        (Cause.ALREADY_OWNED, "empty", {"R02", "R05"}, 3),
        (Cause.NO_ACCESS, "empty", {"R16", "R07", "R18"}, 3),
        (Cause.ACTIVE_CAMPAIGNS, "running", {"R12"}, 1),
        (Cause.NOT_OWNER, "empty", {"R15a"}, 2),
    ],
)
def test_a_rule_with_a_fault_put_in_is_found_by_the_shortest_story(
    cause: Cause, start: str, rules: set[str], length: int
) -> None:
    world = small_world() if start == "empty" else running_world()
    found = explore(world, LETTERS, RULES, depth=4, swaps=SWAPS, rules=letting(cause))
    assert not found.ok
    story = found.stories[0]
    assert story.rule in rules
    assert story.length == length
    assert found.text(alphabet=False).endswith(str(story))
    shorter = explore(world, LETTERS, RULES, depth=length - 1, swaps=SWAPS, rules=letting(cause))
    assert shorter.ok


def test_the_story_of_a_reshare_can_be_read() -> None:
    found = explore(small_world(), LETTERS, RULES, depth=4, swaps=SWAPS, rules=letting(Cause.NO_RESHARE))
    assert (
        str(found.stories[0])
        == """\
1. step 0: ann: create pixel px_1 in ad account acc_own - allowed (R02)
2. step 0: ann: transfer pixel px_1 to Business Center bc_own - allowed (R05)
3. step 0: ann: share pixel px_1 with Business Center bc_par - allowed (R08)
4. step 0: pam: share pixel px_1 with Business Center bc_reg - allowed (R09)
Then bc_par shares px_1, which it does not own (R08)."""
    )


def test_all_faults_are_told_once_each_when_it_goes_on() -> None:
    found = explore(small_world(), LETTERS, RULES, depth=3, swaps=SWAPS, rules=letting(Cause.NOT_IN_BC), stop=False)
    faults = [(story.rule, story.fault) for story in found.stories]
    assert len(faults) == len(set(faults)) > 1
    assert found.depth == 3
    assert len(found.levels) == 4


def test_a_delayed_action_is_told_with_its_delay() -> None:
    left = Invariant("R00", "", lambda w, _: "pit is gone and g_p1 is off" if gone_and_off(w) else None)
    letters = [
        Letter.of(do.Switch(actor="pit", kind="ad_group", id="g_p1", to="off")),
        Letter.of(do.LeavePerson(actor="pit")),
    ]
    found = explore(running_world(), letters, RULES, depth=2, delays=(1, 2), invariants=(left,), laws=())
    told = [event.became or event.what for event in found.stories[0].events]
    assert told.count("begun; it takes 1 step") == 2
    assert told.count("allowed (R16)") == told.count("allowed (R10)") == 1
    assert "the clock goes on by one step" in told


def gone_and_off(world: World) -> bool:
    return world.people["pit"].left and not world.ad_groups["g_p1"].on


def test_a_letter_is_done_as_a_whole_or_not_at_all() -> None:
    letter = launch("acc_p1", "px_1")
    after, decision = enact(small_world(), letter, RULES, decide)
    assert after == small_world()
    assert decision.cause is Cause.UNKNOWN_ID
    after, decision = enact(
        running_world().without("campaigns", ["c_p1"]).without("ad_groups", ["g_p1"]).without("ads", ["d_p1"]),
        letter,
        RULES,
        decide,
    )
    assert decision.allowed
    assert set(after.ads) >= {"d_p1"}


def test_scheduled_delivery_starts_by_the_clock_alone() -> None:
    story = find(
        running_world(),
        LETTERS,
        RULES,
        lambda w: next((f"{group} delivers without access" for group in orphaned_ad_groups(w, 0)), None),
        depth=2,
        rule="R15",
        swaps=SWAPS,
    )
    assert (
        str(story)
        == """\
1. step 1: the clock goes on by one step
2. step 1: ann: unshare pixel px_1 from Business Center bc_reg - allowed (R14)
3. step 2: the clock goes on by one step
Then g_reg delivers without access (R15)."""
    )
    strict = Rulebook(policy=PRESETS["strict"])
    nowhere = find(
        running_world(), LETTERS, strict, lambda w: next(orphaned_ad_groups(w, 0), None), depth=2, swaps=SWAPS
    )
    assert nowhere is None


def test_an_audience_is_ready_after_a_day_and_expires_when_nobody_uses_it() -> None:
    rules = Rulebook(settings=SharingSettings(audience_expiry_days=2.0))
    build = Letter.of(do.BuildAudience(actor="pit", account="acc_p1", audience="au", pixel="px_1"))
    target = Letter.of(do.CreateAdGroup(actor="pit", campaign="c_p1", ad_group="g_new", audiences=("au",)))
    targeted = find(
        running_world(),
        [build, target],
        rules,
        lambda w: "g_new targets au" if "g_new" in w.ad_groups else None,
        depth=2,
    )
    assert targeted is not None
    assert [event.step for event in targeted.events] == [0, 1, 1]
    found = explore(running_world(), [build, target], rules, depth=1)
    # The region's launch starts in 2 steps: 3 states. Two steps before it, a new audience is 0 days old; one step
    # before, 0 or 1; once it has started, 0, 1, 2 or more, which is expired and does not age any further.
    assert found.levels == (3, 1 + 2 + 4)
    assert found.refused > 0
    blind = explore(running_world(), [build], rules, depth=1)
    assert blind.levels == (3, 3), "nothing in this alphabet asks for ages"


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("acceptance", [0.0, 1.0])
def test_everything_holds_near_the_start_under_every_preset(preset: str, acceptance: float) -> None:
    rulebook = Rulebook(policy=PRESETS[preset], settings=SharingSettings(partnership_acceptance=acceptance))
    for start, depth in ((small_world(), 5), (running_world(), 2)):
        found = explore(start, LETTERS, rulebook, depth=depth, swaps=SWAPS)
        assert found.ok, found.text(alphabet=False)
    assert explore(running_world(), LETTERS, rulebook, depth=1, swaps=SWAPS, delays=(0, 1, 2)).ok


def test_the_small_world_is_what_it_says_and_every_letter_is_different() -> None:
    assert len(LETTERS) == len({letter.name for letter in LETTERS}) == len({letter.actions for letter in LETTERS})
    world = running_world()
    assert (len(world.business_centers), len(world.ad_accounts), len(world.pixels), len(world.campaigns)) == (
        3,
        4,
        2,
        4,
    )
    assert launch("acc_p1", "px_1", start=3).name.endswith("to start in 3 steps")
    assert launch("acc_p1", "px_1", start=1).name.endswith("to start in 1 step")
    for one, other in itertools.combinations(LETTERS, 2):
        assert one.name != other.name


def test_letters_that_the_rules_refuse_cannot_be_written() -> None:
    with pytest.raises(InputError, match="launch campaign c_p1"):
        written(small_world(), [launch("acc_p1", "px_1")], RULES)


@pytest.mark.parametrize(("depth", "delays"), [(-1, (0,)), (1, ()), (1, (0, 8)), (1, (-1,))])
def test_a_depth_or_a_delay_out_of_bounds_is_refused(depth: int, delays: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="delays from 0 to 7 steps"):
        explore(small_world(), LETTERS, RULES, depth=depth, delays=delays)
