from __future__ import annotations

import dataclasses

import pytest
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY
from pixelsim.plan.goals import Condition, EndAccess, StopBy, UserState, pixel_users_at, removals
from pixelsim.sharing import PRESETS, Rulebook, apply
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    BusinessRole,
    Link,
    Person,
    PixelAssignment,
    PixelLevel,
    Token,
    World,
)

TO_PARTNER = EndAccess(pixel="px", partner="bc_ag")


def states(world: World, at: int = 0) -> dict[str, UserState]:
    return {user.id: user.state for user in pixel_users_at(world, "px", "acc_a", at)}


def test_users_of_a_pixel_deliver_start_by_themselves_rest_or_are_over() -> None:
    world = client_and_agency()
    world = with_ad_group(world, "runs")
    world = with_ad_group(world, "starts", start=DAY)
    world = with_ad_group(world, "in_review", review_until=DAY)
    world = with_ad_group(world, "off", on=False)
    world = with_ad_group(world, "over", start=-2 * DAY, end=-DAY)
    world = with_ad_group(world, "tracks", pixel=None, tracking="px")
    world = with_ad_group(world, "tracks_later", pixel=None, tracking="px", start=DAY)
    world = with_ad_group(world, "other", pixel=None)
    world = with_ad_group(world, "deleted")
    world = world.changed("campaigns", "c_deleted", deleted=True)
    assert states(world) == {
        "runs": UserState.DELIVERING,
        "starts": UserState.SCHEDULED,
        "in_review": UserState.SCHEDULED,
        "off": UserState.RESTING,
        "over": UserState.OVER,
        "d_tracks": UserState.DELIVERING,
        "d_tracks_later": UserState.SCHEDULED,
    }


def test_a_tracking_ad_that_is_off_rests_even_before_its_start() -> None:
    world = with_ad_group(client_and_agency(), "tracks", pixel=None, tracking="px", start=DAY)
    assert states(world.changed("ads", "d_tracks", on=False)) == {"d_tracks": UserState.RESTING}


@pytest.mark.parametrize(
    ("preset", "stop_by", "to", "resting"),
    [
        ("documented", StopBy.AUTO, "deleted", True),
        ("continue", StopBy.AUTO, "deleted", True),
        ("strict", StopBy.AUTO, "off", False),
        ("pause", StopBy.AUTO, "off", False),
        ("pause", StopBy.DELETED, "deleted", True),
        ("documented", StopBy.OFF, "off", False),
    ],
)
def test_ad_groups_are_deleted_where_they_would_run_on_and_switched_off_elsewhere(
    preset: str, stop_by: StopBy, to: str, *, resting: bool
) -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "runs"), "off", on=False)
    goal = dataclasses.replace(TO_PARTNER, stop_by=stop_by)
    stops = goal.in_the_way(world, Rulebook(policy=PRESETS[preset]), 0)
    expected = ["off", "runs"] if resting else ["runs"]
    assert sorted(stop.id for stop in stops) == expected
    assert {stop.to for stop in stops} == {to}


def test_tracking_only_ads_only_lose_their_tracking_pixel() -> None:
    world = with_ad_group(client_and_agency(), "tracks", pixel=None, tracking="px")
    assert TO_PARTNER.in_the_way(world, Rulebook(), 0) == (do.SetTrackingPixel(actor="", ad="d_tracks", pixel=None),)


def test_a_link_that_the_owner_made_to_the_partners_account_goes_with_the_share() -> None:
    world = client_and_agency().with_item("links", ("px", "acc_a"), Link(by_bc="bc_c"))
    assert TO_PARTNER.pairs(world) == [("px", "acc_a")]
    assert TO_PARTNER.deletes(world, "acc_a", Rulebook())
    assert TO_PARTNER.leftovers(world) == (do.UnsharePixel(actor="", bc="bc_c", pixel="px", partner="bc_ag"),)
    world = world.without("shares", [("px", "bc_ag")])
    assert not TO_PARTNER.deletes(world, "acc_a", Rulebook())
    assert do.UnlinkPixel(actor="", bc="bc_c", pixel="px", account="acc_a") in TO_PARTNER.leftovers(world)


def test_an_account_goal_is_reached_when_its_link_is_gone() -> None:
    world = client_and_agency()
    goal = EndAccess(pixel="px", account="acc_a")
    assert goal.sentence == "end the access of ad account acc_a to pixel px"
    assert not goal.reached(world)
    assert goal.leftovers(world) == (do.UnlinkPixel(actor="", bc="bc_c", pixel="px", account="acc_a"),)
    cut = world.without("links", [("px", "acc_a")])
    assert goal.reached(cut)
    assert goal.pairs(cut) == []
    assert not EndAccess(pixel="px", account="acc_c").reached(world)


def test_what_outlives_a_share_is_listed_with_what_takes_it_away() -> None:
    world = with_shared_account(client_and_agency())
    world = world.with_item("people", "olga", Person(id="olga", name="olga"))
    world = world.with_item("people", "gone", Person(id="gone", name="gone", left=True))
    world = world.with_items(
        "pixel_people",
        {
            ("px", "otto"): PixelAssignment(level=PixelLevel.EDIT, via=None),
            ("px", "anna"): PixelAssignment(level=PixelLevel.VIEW, via="bc_ag"),
            ("px", "colin"): PixelAssignment(level=PixelLevel.EDIT, via="bc_c"),
            ("px", "gone"): PixelAssignment(level=PixelLevel.EDIT, via=None),
        },
    )
    world = world.with_items(
        "account_people",
        {
            ("acc_c", "olga"): AccountAssignment(role=AccountRole.ANALYST),
            ("acc_c", "anna"): AccountAssignment(role=AccountRole.OPERATOR),
            ("acc_c", "gone"): AccountAssignment(role=AccountRole.ADMIN),
        },
    )
    key = "tk"
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    found = {(residual.holder, residual.what) for residual in removals(world, "px", "bc_ag")}
    assert found == {
        ("tk", "send events to px"),
        ("otto", "edit px"),
        ("anna", "see px"),
        ("bc_ag", "use px in acc_c"),
        ("olga", "see on acc_c"),
        ("anna", "run ads on acc_c"),
    }


def test_people_of_the_owner_or_of_a_third_party_are_not_swept() -> None:
    world = client_and_agency().with_item("people", "third", Person(id="third", name="third"))
    world = world.with_item("members", ("bc_x", "third"), BusinessRole.STANDARD)
    for person in ("colin", "third"):
        world = world.with_item("account_people", ("acc_c", person), AccountAssignment(role=AccountRole.OPERATOR))
        world = world.with_item("pixel_people", ("px", person), PixelAssignment(level=PixelLevel.EDIT))
    assert removals(world, "px", "bc_ag") == []


def test_each_removal_takes_exactly_its_own_residual_away() -> None:
    world = with_shared_account(client_and_agency())
    key = "tk"
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    world = world.with_item("pixel_people", ("px", "otto"), PixelAssignment(level=PixelLevel.EDIT))
    before = removals(world, "px", "bc_ag")
    for residual in before:
        outcome = apply(world, dataclasses.replace(residual.action, actor="cleo"), Rulebook(), 0)
        assert outcome.decision.allowed, outcome.decision
        left = removals(outcome.world, "px", "bc_ag")
        assert [r.holder for r in left] == [r.holder for r in before if r is not residual]


def test_a_partner_whose_account_created_the_pixel_never_loses_it() -> None:
    world = client_and_agency()
    world = (
        world.changed("pixels", "px", creator="acc_a")
        .without("shares", [("px", "bc_ag")])
        .without("links", [("px", "acc_a")])
    )
    assert TO_PARTNER.leftovers(world) == ()
    assert not TO_PARTNER.reached(world)


def test_a_pixel_in_no_business_center_leaves_nothing_that_could_be_unshared() -> None:
    world = client_and_agency().changed("pixels", "px", owner_bc=None)
    assert all(not isinstance(a, do.UnsharePixel | do.UnlinkPixel) for a in TO_PARTNER.leftovers(world))


def test_a_plain_condition_has_nothing_in_its_way_and_leaves_nothing() -> None:
    goal = Condition("share nothing", lambda world: not world.shares)
    assert goal.in_the_way(client_and_agency(), Rulebook(), 0) == goal.leftovers(client_and_agency()) == ()
    assert not goal.reached(client_and_agency())


def test_roles_of_others_on_accounts_are_nobodys_leftovers() -> None:
    world = client_and_agency().with_item("account_grants", ("bc_x", "acc_c"), AccountGrant(role=AccountRole.OPERATOR))
    assert removals(world, "px", "bc_ag") == []
