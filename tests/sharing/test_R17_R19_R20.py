"""Seeing: who sees a pixel's data, with which label, and what is left after revocation."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import market, no, settings, worded, yes

from pixelsim.base.clock import DAY
from pixelsim.sharing import (
    PRESETS,
    ApiRelation,
    Cause,
    Label,
    Rulebook,
    account_may_see,
    api_relation,
    label,
    may_see,
)
from pixelsim.sharing.actions import (
    ApprovePartnership,
    AssignAccount,
    AssignPixel,
    CreateAdGroup,
    GrantAccountAccess,
    LeavePerson,
    LinkPixel,
    RemoveMember,
    RevokeAccountAccess,
    SharePixel,
    UnassignPixel,
    UnlinkPixel,
    UnsharePixel,
)
from pixelsim.world import AccountRole, BusinessRole, PixelLevel

CUT = UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True)


@pytest.mark.parametrize("role", list(AccountRole))
def test_R17_any_role_on_an_account_with_access_sees(role):
    world = yes(market(), AssignAccount(actor="ann", account="acc_brand", person="tom", role=role))
    assert may_see(market(), "tom", "px").cause is Cause.NO_ACCESS
    decision = may_see(world, "tom", "px")
    assert (decision.verdict, decision.rule) == ("yes", "R17")


@pytest.mark.parametrize(
    ("person", "cause"),
    [
        ("ann", Cause.ALLOWED),
        ("cleo", Cause.ALLOWED),
        ("max", Cause.ALLOWED),
        ("amy", Cause.ASSET_NOT_ASSIGNED),
        ("tom", Cause.NO_ACCESS),
        ("lou", Cause.PERSON_LEFT),
        ("nobody", Cause.UNKNOWN_ID),
    ],
)
def test_R17_a_role_in_the_business_center_alone_shows_no_data(person, cause):
    decision = may_see(market(), person, "px")
    assert (decision.cause, decision.allowed) == (cause, cause is Cause.ALLOWED)
    assert worded(decision)


def test_R17_an_unknown_pixel_or_account_is_refused():
    assert may_see(market(), "ann", "nothing").cause is Cause.UNKNOWN_ID
    assert account_may_see(market(), "acc_brand", "nothing").cause is Cause.UNKNOWN_ID
    assert account_may_see(market(), "nowhere", "px").cause is Cause.UNKNOWN_ID


@pytest.mark.parametrize("level", list(PixelLevel))
def test_R17_who_was_assigned_the_pixel_sees_it_until_it_is_taken_away(level):
    world = yes(
        market(members={("bc_brand", "tom"): BusinessRole.STANDARD}),
        AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="tom", level=level),
    )
    assert may_see(world, "tom", "px").rule == "R10"
    taken = yes(world, UnassignPixel(actor="ann", bc="bc_brand", pixel="px", person="tom"))
    assert may_see(taken, "tom", "px").refused
    assert may_see(yes(world, RemoveMember(actor="ann", bc="bc_brand", person="tom")), "tom", "px").refused
    assert may_see(yes(world, LeavePerson(actor="tom")), "tom", "px").cause is Cause.PERSON_LEFT


def test_R17_a_level_through_a_partner_lasts_as_long_as_the_share():
    world = yes(market(), AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max"))
    assert may_see(world, "max", "px").rule == "R10"
    unsettled = world.without("partnerships", [("bc_brand", "bc_agency")])
    assert may_see(unsettled, "max", "px").rule == "R17"
    outside = world.without("members", [("bc_agency", "max")])
    assert may_see(outside, "max", "px").refused


def test_R17_a_role_through_a_business_center_is_capped_by_what_that_one_holds():
    grant = GrantAccountAccess(
        actor="ann", bc="bc_brand", account="acc_brand", partner="bc_agency", role=AccountRole.ANALYST
    )
    assign = AssignAccount(actor="amy", bc="bc_agency", account="acc_brand", person="max", role=AccountRole.OPERATOR)
    world = yes(market(), grant)
    no(world, assign, Cause.LEVEL_TOO_LOW, "R16")
    world = yes(world, dataclasses.replace(assign, role=AccountRole.ANALYST))
    higher = world.changed("account_people", ("acc_brand", "max"), role=AccountRole.ADMIN)
    group = CreateAdGroup(actor="max", campaign="camp", ad_group="x", pixel="px")
    yes(higher, group)
    cut = yes(higher, CUT)
    assert may_see(cut, "max", "px").rule == "R17"
    revoked = yes(cut, RevokeAccountAccess(actor="ann", bc="bc_brand", account="acc_brand", partner="bc_agency"))
    assert may_see(revoked, "max", "px").rule == "R20"


def test_R17_the_most_telling_reason_is_given():
    assert may_see(yes(market(), CUT), "max", "px").cause is Cause.REVOKED
    without = market().without("links", [("px", "acc_agency")])
    assert may_see(without, "max", "px").cause is Cause.OWNED_NOT_LINKED
    slow = settings(partnership_acceptance=1.0)
    waiting = yes(market(), SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third"), rulebook=slow)
    assert may_see(waiting, "tom", "px").cause is Cause.PENDING


def test_R19_labels_of_owner_receiver_and_others():
    world = market()
    assert {v: label(world, "px", v) for v in ("bc_brand", "acc_brand", "bc_agency", "acc_agency", "acc_third")} == {
        "bc_brand": Label.SHARED_BY_YOU,
        "acc_brand": Label.SHARED_BY_YOU,
        "bc_agency": Label.SHARED_WITH_YOU,
        "acc_agency": Label.SHARED_WITH_YOU,
        "acc_third": Label.NONE,
    }


def test_R19_an_unshared_pixel_has_none():
    for viewer in ("bc_brand", "acc_brand", "acc_agency"):
        assert label(market(), "px_new", viewer) is Label.NONE
    assert label(market(), "nothing", "bc_brand") is Label.NONE
    alone = market().without("links", [("px", "acc_agency")]).without("shares", [("px", "bc_agency")])
    assert label(alone, "px", "bc_brand") is Label.NONE
    linked = yes(alone, LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_brand2"))
    assert label(linked, "px", "bc_brand") is Label.SHARED_BY_YOU
    assert label(linked, "px", "acc_brand2") is Label.SHARED_WITH_YOU


def test_R19_a_pending_share_has_granted_nothing_yet():
    slow = settings(partnership_acceptance=1.0)
    alone = market().without("links", [("px", "acc_agency")]).without("shares", [("px", "bc_agency")])
    world = yes(alone, SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third"), rulebook=slow)
    assert label(world, "px", "bc_brand") is Label.NONE
    assert label(world, "px", "bc_third") is Label.NONE
    bound = yes(world, ApprovePartnership(actor="tom", bc="bc_third", partner="bc_brand"))
    assert label(bound, "px", "bc_brand") is Label.SHARED_BY_YOU
    assert label(bound, "px", "bc_third") is Label.SHARED_WITH_YOU


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize(
    "ending", [CUT, UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_agency", force=True)]
)
def test_R20_after_revocation_the_pixel_is_gone_for_that_account_under_every_preset(ending, preset):
    rulebook = Rulebook(policy=PRESETS[preset])
    world = yes(market(), ending, rulebook=rulebook, at=3 * DAY)
    decision = account_may_see(world, "acc_agency", "px")
    assert (decision.verdict, decision.rule, decision.cause) == ("no", "R20", Cause.REVOKED)
    assert may_see(world, "max", "px").rule == "R20"
    assert account_may_see(world, "acc_brand", "px").allowed
    assert label(world, "px", "acc_agency") is Label.NONE
    assert api_relation(world, "px", "acc_agency") is ApiRelation.UNBOUND


def test_R20_access_that_was_never_given_leaves_no_tombstone():
    decision = account_may_see(market(), "acc_third", "px")
    assert (decision.rule, decision.cause) == ("R17", Cause.NO_ACCESS)
    assert api_relation(market(), "px", "acc_third") is ApiRelation.NONE


def test_R20_a_new_link_gives_it_back():
    world = yes(market(), CUT, LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency"))
    assert account_may_see(world, "acc_agency", "px").allowed
    assert api_relation(world, "px", "acc_agency") is ApiRelation.SHARED


def test_R20_relations_as_the_api_lists_them():
    world = market()
    assert api_relation(world, "px_new", "acc_brand") is ApiRelation.NONE
    assert api_relation(world, "px", "acc_brand") is ApiRelation.TRANSFERRED
    assert api_relation(world, "px", "acc_agency") is ApiRelation.SHARED
    assert api_relation(world, "nothing", "acc_agency") is ApiRelation.NONE
