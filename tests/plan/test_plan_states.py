from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.plan.alphabet import SWAPS, Letter, full_alphabet, running_world, small_world, written
from pixelsim.plan.cache import Memo
from pixelsim.plan.needs import Needs, named_ids
from pixelsim.plan.states import FIELDS, Memory, StateTable, rename, rewound, symmetries
from pixelsim.sharing import Cause, Rulebook, SharingSettings, decide
from pixelsim.sharing import actions as do
from pixelsim.world import Audience, AudienceAfter, Effect, Partnership, RelationStatus, Unbound, World, ad_group_status

LETTERS = full_alphabet()
times = st.integers(-5, 8)


def timed(start: int, end: int | None, review: int, deadline: int) -> World:
    world = with_ad_group(
        client_and_agency(),
        "g",
        start=start * DAY,
        end=None if end is None else end * DAY,
        review_until=max(0, review) * DAY,
        audiences=("au",),
    )
    world = world.with_item("audiences", "au", Audience(id="au", account="acc_a", name="au", pixel="py", built_at=-3))
    stone = Unbound(
        at=-DAY,
        effect=Effect.NOT_DELIVERING,
        tracking_only=Effect.NOT_DELIVERING,
        audiences=AudienceAfter.DEADLINE,
        audience_until=deadline * DAY,
    )
    return world.with_item("unbound", ("py", "acc_a"), stone)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(start=times, end=st.one_of(st.none(), times), review=times, deadline=times, by=st.integers(0, 9))
def test_a_world_set_back_looks_as_the_old_one_did_that_much_later(
    start: int, end: int | None, review: int, deadline: int, by: int
) -> None:
    world = timed(start, end, review, deadline)
    later = rewound(world, by * DAY)
    for ahead in range(10):
        assert ad_group_status(later, "g", ahead * DAY) is ad_group_status(world, "g", (by + ahead) * DAY)
    assert rewound(rewound(world, by * DAY), DAY) == rewound(world, (by + 1) * DAY)
    assert later.partnerships["bc_c", "bc_ag"].since == 0
    assert later.audiences["au"].built_at == 0


SHORT = Rulebook(settings=SharingSettings(audience_ready_hours=36.0, audience_expiry_days=3.0))
APPLY = do.CreateAdGroup(actor="otto", campaign="c_g", ad_group="new", audiences=("au",))
GIVE = do.ShareAudience(actor="otto", audience="au", account="acc_b")


def aged(built: int, used: int | None) -> World:
    """Give the client and agency with an audience of the agency's, and a second ad account to share it with."""
    world = with_ad_group(client_and_agency(), "g")
    other = dataclasses.replace(world.ad_accounts["acc_a"], id="acc_b")
    audience = Audience(id="au", account="acc_a", name="au", pixel="px", built_at=built, last_used=used)
    return world.with_item("ad_accounts", "acc_b", other).with_item("audiences", "au", audience)


@pytest.mark.parametrize("action", [APPLY, GIVE], ids=["apply", "share"])
@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    built=st.integers(-5 * DAY, 0),
    used=st.one_of(st.none(), st.integers(-5 * DAY, 0)),
    by=st.integers(0, 9),
    ahead=st.integers(0, 9),
)
def test_R18_reads_the_same_ages_off_a_world_set_back(
    action: do.Action, built: int, used: int | None, by: int, ahead: int
) -> None:
    world = aged(built, used)
    memory = Memory.of(world, [action], SHORT)
    later = rewound(world, by * DAY, memory)
    truly = decide(world, action, SHORT, (by + ahead) * DAY)
    told = decide(later, action, SHORT, ahead * DAY)
    assert (told.verdict, told.cause) == (truly.verdict, truly.cause)
    assert rewound(later, DAY, memory) == rewound(world, (by + 1) * DAY, memory)


def test_audiences_of_different_ages_are_different_states_where_an_action_asks_for_them() -> None:
    young, old, older = (aged(-days_ * DAY, None) for days_ in (1, 2, 40))
    assert [decide(world, APPLY, SHORT, 0).cause for world in (young, old, older)] == [
        Cause.NOT_READY,
        Cause.ALLOWED,
        Cause.EXPIRED,
    ]
    build = do.BuildAudience(actor="otto", account="acc_a", audience="new", pixel="px")
    for action, distinct in ((APPLY, 3), (GIVE, 3), (build, 1)):
        memory = Memory.of(young, [action], SHORT)
        table = StateTable(memory=memory)
        assert len({table.key(rewound(world, 0, memory)) for world in (young, old, older)}) == distinct
    memory = Memory.of(old, [APPLY], SHORT)
    table = StateTable(memory=memory)
    keys = [table.key(rewound(old, 0, memory))]
    for _ in range(6):
        keys.append(table.rewound(keys[-1], DAY))
    # Built 2 days ago: it expires once it is more than 3 days old, and looks the same for ever after that.
    assert len(set(keys)) == 3
    assert keys[2:] == [keys[2]] * 5


def test_the_week_turns_only_where_something_has_half_hours() -> None:
    world = with_ad_group(client_and_agency(), "g")
    assert rewound(world, DAY, Memory.of(world, [], SHORT)) == rewound(world, 0)
    halves = world.changed("ad_groups", "g", dayparting="0" * 48 + "1" * 288)
    memory = Memory.of(halves, [], SHORT)
    assert memory.weekly
    weekly = do.EditAdGroup(actor="otto", ad_group="g", dayparting="1" * 336)
    assert Memory.of(world, [weekly], SHORT).weekly
    for by in range(16):
        later = rewound(halves, by * DAY, memory)
        for hour in (0, 11, 23):
            at = hour * 3_600_000
            assert ad_group_status(later, "g", at) is ad_group_status(halves, "g", by * DAY + at)
    assert rewound(halves, 7 * DAY, memory) == rewound(halves, 0, memory)


def test_a_world_without_anything_timed_is_the_same_object_later() -> None:
    assert rewound(small_world(), DAY) is not None
    world = rewound(client_and_agency(), 0)
    assert rewound(world, 5 * DAY) is world


def test_renaming_exchanges_keys_fields_and_tuples_and_undoes_itself() -> None:
    world = running_world()
    for swap in SWAPS:
        changed = rename(world, swap)
        assert rename(changed, swap) == world
    assert rename(("px_1", ("px_2", 3)), SWAPS[1]) == ("px_2", ("px_1", 3))
    assert rename(RelationStatus.BOUND, {"BOUND": "x"}) is RelationStatus.BOUND
    assert rename({"px_1": "a"}, {"px_1": "px_9"}) == {"px_9": "a"}


def test_only_what_leaves_the_world_and_the_rest_as_they_are_is_a_symmetry() -> None:
    everything = [{}, SWAPS[0], SWAPS[1]]
    found = symmetries(small_world(), SWAPS, lambda _: True)
    assert len(found) == 4
    assert all(swap in found for swap in everything)
    assert len(symmetries(running_world(), SWAPS, lambda _: True)) == 2
    assert symmetries(small_world(), SWAPS, lambda _: False) == [{}]


def walk(numbers: list[int]) -> World:
    """Do the letters of a list that the rules allow, one after the other."""
    world = small_world()
    for number in numbers:
        with contextlib.suppress(InputError):
            world = written(world, [LETTERS[number]], Rulebook())
    return world


walks = st.lists(st.integers(0, len(LETTERS) - 1), max_size=14)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(one=walks, other=walks)
def test_two_worlds_have_the_same_key_exactly_if_they_are_equal(one: list[int], other: list[int]) -> None:
    first, second = walk(one), walk(other)
    table = StateTable()
    assert (table.key(first) == table.key(second)) is (first == second)
    assert table.world(table.key(first)) == first


@settings(derandomize=True, deadline=None, max_examples=60)
@given(numbers=walks)
def test_names_that_mean_the_same_have_one_canonical_key(numbers: list[int]) -> None:
    world = walk(numbers)
    table = StateTable(symmetries(small_world(), SWAPS, lambda _: True))
    keys = {table.canonical(table.key(rename(world, names))) for names in table.renamings}
    assert len(keys) == 1
    for which, names in enumerate(table.renamings):
        assert table.world(table.image(which, table.key(world))) == rename(world, names)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(numbers=walks, last=st.integers(0, len(LETTERS) - 1))
def test_the_key_of_a_successor_is_the_key_of_its_world(numbers: list[int], last: int) -> None:
    table = StateTable()
    before = table.world(table.key(walk(numbers)))
    after = walk([*numbers, last])
    key = table.key(before)
    assert table.successor(before, key, after) == table.key(after)
    assert table.successor(before, key, before) is key
    assert table.world(table.rewound(key, DAY)) == rewound(before, DAY)
    assert len(table) >= len(FIELDS)


def test_an_answer_is_asked_for_again_only_when_something_it_read_has_changed() -> None:
    table = StateTable()
    asked: list[int] = []

    def links(world: World) -> int:
        asked.append(len(world.links))
        return len(world.links) + 1

    memo = Memo(links, table)
    world = client_and_agency()
    key = table.key(world)
    elsewhere = table.key(world.with_item("partnerships", ("a", "b"), Partnership()))
    cut = table.key(world.without("links", [("px", "acc_a")]))
    assert [memo.of(k) for k in (key, elsewhere, cut, cut, key)] == [2, 2, 1, 1, 2]
    assert asked == [1, 0]
    assert memo.asked == 2


def test_an_answer_that_reads_nothing_or_calls_a_method_of_the_world_is_still_right() -> None:
    table = StateTable()
    world = client_and_agency()
    other = world.with_item("partnerships", ("a", "b"), Partnership())
    constant = Memo(lambda _: "same", table)
    assert [constant.of(table.key(w)) for w in (world, other)] == ["same", "same"]
    assert constant.asked == 1
    whole = Memo(lambda w: len(w.without("links", []).partnerships), table)
    assert [whole.of(table.key(w)) for w in (world, other)] == [1, 2]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (do.CreatePixel(actor="ann", account="acc", pixel="px", number="1", name="n"), {("ad_accounts", "acc")}),
        (do.Switch(actor="pit", kind="ad", id="d", to="off"), {("ads", "d")}),
        (do.RevokeToken(actor="ann", token="t" + "k"), {("tokens", "tk")}),
        (do.SetTrackingPixel(actor="ann", ad="d", pixel=None), {("ads", "d")}),
    ],
)
def test_what_an_action_names_has_to_exist_but_not_what_it_makes(action: do.Action, expected: set) -> None:
    assert named_ids(Letter.of(action)) == expected


def test_a_launch_needs_no_campaign_of_its_own_making() -> None:
    launch = next(letter for letter in LETTERS if "launch campaign c_p1" in letter.name)
    assert named_ids(launch) == {("ad_accounts", "acc_p1"), ("pixels", launch.actions[1].pixel)}


@settings(derandomize=True, deadline=None, max_examples=40)
@given(numbers=walks)
def test_the_letters_worth_a_try_are_those_whose_ids_exist(numbers: list[int]) -> None:
    table = StateTable()
    world = walk(numbers)
    expected = [
        number
        for number, letter in enumerate(LETTERS)
        if all(key in getattr(world, mapping) for mapping, key in named_ids(letter))
    ]
    needs = Needs(LETTERS, table)
    assert needs.of(table.key(world)) == expected
    assert needs.of(table.key(world)) == expected
