"""The lists that people and ad accounts are shown, and what is missing from them."""

from __future__ import annotations

import pytest
from sharing_worlds import market, settings, yes

from pixelsim.sharing import Cause, list_pixels, usable_pixels, visible_pixels
from pixelsim.sharing.actions import AssignPixel, LeavePerson, SharePixel, UnlinkPixel
from pixelsim.world import AccountAssignment, AccountRole, BusinessRole


def test_usable_pixels_and_the_reasons_for_those_that_are_missing():
    assert usable_pixels(market(), "acc_agency").pixels == ("px",)
    there = usable_pixels(market(), "acc_brand")
    assert (there.pixels, there.missing) == (("px", "px_new"), ())
    second = usable_pixels(market(), "acc_brand2")
    assert second.pixels == ()
    assert [(pixel, decision.cause) for pixel, decision in second.missing] == [("px", Cause.OWNED_NOT_LINKED)]
    assert str(second).startswith("no pixels\n  not px: no (R16): Business Center bc_brand has pixel px")


def test_usable_pixels_name_no_pixel_of_strangers():
    assert usable_pixels(market(), "acc_third").missing == ()
    assert str(usable_pixels(market(), "acc_third")) == "no pixels"


def test_usable_pixels_tell_revoked_and_pending_apart():
    cut = yes(market(), UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True))
    assert usable_pixels(cut, "acc_agency").missing[0][1].cause is Cause.REVOKED
    slow = settings(partnership_acceptance=1.0)
    waiting = yes(market(), SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third"), rulebook=slow)
    assert usable_pixels(waiting, "acc_third").missing[0][1].cause is Cause.PENDING


def test_usable_pixels_of_an_unknown_account_are_refused():
    found = usable_pixels(market(), "nowhere")
    assert found.decision.cause is Cause.UNKNOWN_ID
    assert str(found).startswith("no (R16): Ad account 'nowhere' does not exist.")


@pytest.mark.parametrize(
    ("person", "pixels"),
    [("ann", ["px", "px_new"]), ("max", ["px"]), ("amy", []), ("tom", []), ("lou", []), ("nobody", [])],
)
def test_visible_pixels(person, pixels):
    assert visible_pixels(market(), person) == pixels


def test_an_admin_finds_what_the_business_center_has_and_members_what_they_may_see():
    assert list_pixels(market(), "ann", "bc_brand").pixels == ("px", "px_new")
    assert list_pixels(market(), "amy", "bc_agency").pixels == ("px",)
    assert list_pixels(market(), "max", "bc_agency").pixels == ("px",)
    assert list_pixels(market(), "tom", "bc_third").pixels == ()
    assert list_pixels(market(), "tom", "bc_third").hint == ""
    given = yes(market(members={("bc_agency", "ben"): BusinessRole.STANDARD}))
    without = given.without("account_people", [("acc_brand", "ben"), ("acc_brand2", "ben")])
    assert list_pixels(without, "ben", "bc_agency").pixels == ()
    assigned = yes(without, AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="ben"))
    assert list_pixels(assigned, "ben", "bc_agency").pixels == ("px",)


def test_an_admin_without_any_role_does_not_find_pixels_that_are_in_no_business_center():
    world = market(members={("bc_brand", "amy"): BusinessRole.ADMIN})
    assert list_pixels(world, "amy", "bc_brand").pixels == ("px",)


def test_without_an_open_business_center_everything_is_listed_together():
    both = market(members={("bc_agency", "ann"): BusinessRole.ADMIN})
    assert list_pixels(both, "ann").pixels == ("px", "px_new")
    assert list_pixels(market(), "amy").pixels == ("px",)
    by_name = market(account_people={("acc_brand", "tom"): AccountAssignment(role=AccountRole.ANALYST)})
    assert list_pixels(by_name, "tom").pixels == ("px", "px_new")


def test_the_hint_counts_and_names_no_pixel():
    world = market(members={("bc_third", "ann"): BusinessRole.ADMIN, ("bc_agency", "ann"): BusinessRole.ADMIN})
    found = list_pixels(world, "ann", "bc_third")
    assert found.pixels == ()
    assert (
        found.hint
        == "ann can see 1 pixel in Business Center bc_agency, 2 pixels in Business Center bc_brand; switch to it"
    )
    assert "px" not in str(found).replace("pixel", "")
    assert list_pixels(world, "ann", "bc_brand").hint == ""


@pytest.mark.parametrize(
    ("person", "active", "cause"),
    [
        ("ann", "nowhere", Cause.UNKNOWN_ID),
        ("nobody", "bc_brand", Cause.UNKNOWN_ID),
        ("lou", None, Cause.PERSON_LEFT),
        ("ann", "bc_agency", Cause.NOT_A_MEMBER),
    ],
)
def test_lists_that_cannot_be_given_are_refused(person, active, cause):
    found = list_pixels(market(), person, active)
    assert (found.decision.cause, found.pixels) == (cause, ())


def test_people_who_left_are_shown_nothing():
    gone = yes(market(), LeavePerson(actor="ann"))
    assert list_pixels(gone, "ann", "bc_brand").decision.cause is Cause.PERSON_LEFT
