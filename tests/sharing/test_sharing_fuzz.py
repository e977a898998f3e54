"""Any action with any ids on any sound world: a decision, never a traceback; and what no allowed action may break."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharing_strategies import (
    ACCOUNTS,
    BUSINESSES,
    IDS,
    KINDS,
    PEOPLE,
    PIXELS,
    action_of,
    rulebooks,
    seeds,
    times,
    worlds,
)
from sharing_worlds import worded

from pixelsim.sharing import (
    VERBS,
    ApiRelation,
    Label,
    Reads,
    Rulebook,
    access_matrix,
    account_may_see,
    api_relation,
    apply,
    coverage_report,
    decide,
    explain,
    label,
    link_all,
    list_pixels,
    may_see,
    pixel_report,
    preview,
    residual_access,
    side_by_side,
    usable_pixels,
)
from pixelsim.sharing.actions import Action
from pixelsim.sharing.history import differences
from pixelsim.sharing.using import may_use_pixel
from pixelsim.world import World, ad_group_status, ad_status, integrity_faults, is_delivering
from pixelsim.world.queries import is_linked, pixel_level_of_person, share_in_force
from pixelsim.world.status import status_borders

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=100)
MANY = settings(derandomize=True, deadline=None, max_examples=30)
kinds = st.sampled_from(KINDS)


def snapshot(world: World) -> dict[str, dict[object, object]]:
    return {field.name: dict(getattr(world, field.name)) for field in dataclasses.fields(World)}


@EXAMPLES
@given(worlds)
def test_drawn_worlds_are_sound(world):
    assert integrity_faults(world) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@EXAMPLES
@given(world=worlds, seed=seeds, rulebook=rulebooks, at=times)
def test_any_action_gets_a_decision_and_a_refused_one_changes_nothing(kind, world, seed, rulebook, at):
    action = action_of(seed, kind, world)
    before = snapshot(world)
    outcome = apply(world, action, rulebook, at)
    assert snapshot(world) == before
    assert worded(outcome.decision)
    assert outcome.decision == decide(world, action, rulebook, at)
    if outcome.decision.allowed:
        assert integrity_faults(outcome.world) == []
        assert list(differences(world, outcome.world))
    else:
        assert outcome.world is world


@EXAMPLES
@given(worlds, kinds, seeds, rulebooks, times)
def test_deciding_twice_gives_the_same(world, kind, seed, rulebook, at):
    action = action_of(seed, kind, world)
    assert apply(world, action, rulebook, at) == apply(world, action, rulebook, at)


def test_an_action_of_no_known_kind_is_an_error_of_the_caller():
    with pytest.raises(KeyError):
        decide(World(), Action(actor="ann"), Rulebook(), 0)


@EXAMPLES
@given(worlds)
def test_R09_every_access_is_the_creators_or_over_at_most_one_share(world):
    for pixel in PIXELS:
        for account in ACCOUNTS:
            if is_linked(world, pixel, account) and world.pixels[pixel].creator != account:
                maker, owner = world.links[pixel, account].by_bc, world.pixels[pixel].owner_bc
                assert maker == owner or share_in_force(world, pixel, maker)


@EXAMPLES
@given(worlds)
def test_R16_nobody_uses_a_pixel_that_the_account_cannot_reach_and_R17_R20_nobody_sees_it_there(world):
    for pixel in PIXELS:
        for account in ACCOUNTS:
            reached = is_linked(world, pixel, account)
            assert account_may_see(world, account, pixel).allowed is reached
            for person in PEOPLE:
                assert reached or may_use_pixel(world, person, pixel, account).refused
                if may_use_pixel(world, person, pixel, account).allowed:
                    assert may_see(world, person, pixel).allowed
            if (pixel, account) in world.unbound:
                assert api_relation(world, pixel, account) is ApiRelation.UNBOUND
                assert label(world, pixel, account) in {Label.NONE, Label.SHARED_BY_YOU}


@EXAMPLES
@given(worlds, times)
def test_statuses_change_at_their_borders_only(world, at):
    for key in world.ad_groups:
        borders = status_borders(world, key)
        assert borders == sorted(borders)
        crossed = any(at < border <= at + 1 for border in borders)
        if not crossed:
            assert ad_group_status(world, key, at) is ad_group_status(world, key, at + 1)
        if is_delivering(world, key, at):
            assert any(
                ad.ad_group == key and ad_status(world, ad.id, at).primary == "STATUS_DELIVERY_OK"
                for ad in world.ads.values()
            )


anything = st.sampled_from(IDS)


@EXAMPLES
@given(worlds, rulebooks, anything, anything, st.sampled_from([*BUSINESSES, *IDS, None]), st.data())
def test_any_question_about_any_ids_gets_an_answer(world, rulebook, who, thing, active, data):
    for verb in VERBS:
        other = data.draw(anything)
        pair: str | tuple[str, str] = (thing, other) if verb in {"link", "unlink", "unshare"} else thing
        reads = Reads(pixels=frozenset(), accounts=frozenset({"acc_1"})) if data.draw(st.booleans()) else None
        decision = explain(world, who, verb, pair, active_bc=active, rulebook=rulebook, readable=reads)
        assert worded(decision)
        if verb in {"see", "use", "build audience", "share"}:
            assert worded(
                explain(world, who, verb, (thing, other), active_bc=active, rulebook=rulebook, readable=reads)
            )
    assert str(list_pixels(world, who, active))
    assert str(usable_pixels(world, thing))
    assert str(coverage_report(world, thing, accounts=[who, "acc_1"]))
    assert str(pixel_report(world, who, [thing, "acc_1"]))
    assert str(link_all(world, who, active or "", thing, [*ACCOUNTS, thing], rulebook, 0))
    assert label(world, thing, who) in Label
    assert api_relation(world, thing, who) in ApiRelation


@MANY
@given(worlds, rulebooks)
def test_the_matrix_agrees_with_the_rules(world, rulebook):
    table = access_matrix(world, rulebook)
    assert len(table) == len(PEOPLE) * len(ACCOUNTS) * len(PIXELS)
    for (person, pixel), rows in table.groupby(["person", "pixel"]):
        assert (rows["see"] == "yes").any() == may_see(world, str(person), str(pixel)).allowed
        assert rows["edit"].nunique() == rows["share"].nunique() == 1
        levels = pixel_level_of_person(world, str(pixel), str(person))
        assert levels is None or (rows["see"] == "yes").all()
    sharing = table[table["share"] == "yes"]
    assert all(world.pixels[pixel].owner_bc is not None for pixel in sharing["pixel"])


@MANY
@given(worlds)
def test_who_still_sees_or_edits_is_in_the_residual_table(world):
    for pixel in PIXELS:
        for person in PEOPLE:
            left = residual_access(world, pixel, after=person)
            assert may_see(world, person, pixel).refused or not left.empty
        for bc in BUSINESSES:
            staff = {person for holder, person in world.members if holder == bc}
            people = set(residual_access(world, pixel, after=bc).query("kind == 'person'")["who"])
            assert people <= staff


@EXAMPLES
@given(worlds, kinds, seeds, rulebooks, times)
def test_a_preview_tells_the_truth(world, kind, seed, rulebook, at):
    action = action_of(seed, kind, world)
    impact = preview(world, action, rulebook, at)
    outcome = apply(world, action, rulebook, at)
    assert impact.decision == outcome.decision
    if outcome.decision.allowed:
        for key, group in world.ad_groups.items():
            old, new = ad_group_status(world, key, at), ad_group_status(outcome.world, key, at)
            if old is not new and not group.deleted:
                assert (key, old, new) in {(item.id, item.before, item.after) for item in impact.affected}
    table = side_by_side(world, {"done": action}, rulebook, at)
    assert set(table["now"]) | set(table["done"]) <= {"runs", "stands"}
