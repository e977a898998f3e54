"""Linking to ad accounts, sharing with partners, assigning to members."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import market, no, settings, yes

from pixelsim.sharing import Cause, Limits, PartnerMayLink, Rulebook, account_may_see
from pixelsim.sharing.actions import (
    ApprovePartnership,
    AssignPixel,
    GrantAccountAccess,
    LinkPixel,
    RejectPartnership,
    RemovePartner,
    RequestPartnership,
    SharePixel,
    UnlinkPixel,
)
from pixelsim.world import (
    AccountGrant,
    AccountRole,
    BusinessRole,
    Partnership,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    RelationStatus,
)

LINK = LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_brand2")


def test_R07_the_owner_links_to_an_account_it_has_access_to():
    world = yes(market(), LINK)
    assert world.links["px", "acc_brand2"].by_bc == "bc_brand"
    assert account_may_see(world, "acc_brand2", "px").allowed


@pytest.mark.parametrize("role", list(AccountRole))
def test_R07_any_role_of_the_business_center_on_the_account_is_enough(role):
    bound = {("bc_third", "bc_brand"): Partnership()}
    world = market(partnerships=bound, account_grants={("bc_brand", "acc_third"): AccountGrant(role=role)})
    yes(world, dataclasses.replace(LINK, account="acc_third"))


@pytest.mark.parametrize(
    ("changes", "cause", "rule"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW, "R07"),
        ({"actor": "amy"}, Cause.NOT_A_MEMBER, "R07"),
        ({"actor": "lou"}, Cause.PERSON_LEFT, "R07"),
        ({"actor": "nobody"}, Cause.UNKNOWN_ID, "R07"),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID, "R07"),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID, "R07"),
        ({"account": "nowhere"}, Cause.UNKNOWN_ID, "R07"),
        ({"account": "acc_third"}, Cause.NO_RIGHT_ON_ACCOUNT, "R07"),
        ({"account": "acc_solo"}, Cause.NO_RIGHT_ON_ACCOUNT, "R07"),
        ({"account": "acc_brand"}, Cause.ALREADY_LINKED, "R07"),
        ({"pixel": "px_new"}, Cause.NOT_IN_BC, "R03"),
    ],
)
def test_R07_linking_is_refused(changes, cause, rule):
    no(market(), dataclasses.replace(LINK, **changes), cause, rule)


def test_R07_a_linked_account_is_not_linked_twice():
    no(yes(market(), LINK), LINK, Cause.ALREADY_LINKED, "R07")


def test_R07_a_creating_account_outside_the_business_center_is_linked_already():
    world = market().changed("pixels", "px", creator="acc_third")
    no(world, dataclasses.replace(LINK, account="acc_third"), Cause.ALREADY_LINKED, "R07")


def test_R07_a_grant_over_a_pending_partnership_waits_for_who_was_asked():
    slow = settings(partnership_acceptance=2.0)
    world = yes(market(), RequestPartnership(actor="tom", bc="bc_third", partner="bc_brand"), rulebook=slow)
    world = yes(world, GrantAccountAccess(actor="tom", bc="bc_third", account="acc_third", partner="bc_brand"))
    link = dataclasses.replace(LINK, account="acc_third")
    decision = no(world, link, Cause.PENDING, "R07")
    assert decision.remedies == ("have an Admin of bc_brand approve it",)
    assert account_may_see(world, "acc_third", "px").cause is Cause.PENDING
    yes(world, ApprovePartnership(actor="ann", bc="bc_brand", partner="bc_third"), link)


@pytest.mark.parametrize("limit", [None, 1, 2])
def test_R07_links_of_an_account_may_be_limited(limit):
    world = market().changed("pixels", "px_new", owner_bc="bc_brand")
    world = yes(world, LINK)
    second = dataclasses.replace(LINK, pixel="px_new")
    if limit == 1:
        decision = no(world, second, Cause.ACCOUNT_HAS_TAG, "R07", rulebook=settings(links_per_account=limit))
        assert dict(decision.facts)["held"] == "px"
    else:
        yes(world, second, rulebook=settings(links_per_account=limit))


SHARE = SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third")


def test_R08_an_admin_of_the_owner_shares_with_a_business_center_named_by_its_id():
    world = yes(market(), SHARE, at=70)
    assert world.shares["px", "bc_third"] == PixelShare(since=70)
    assert world.partnerships["bc_brand", "bc_third"] == Partnership(status=RelationStatus.BOUND, since=70)


@pytest.mark.parametrize(
    ("changes", "cause", "rule"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW, "R08"),
        ({"actor": "tom"}, Cause.NOT_A_MEMBER, "R08"),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID, "R08"),
        ({"partner": "nowhere"}, Cause.UNKNOWN_ID, "R08"),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID, "R08"),
        ({"partner": "bc_brand"}, Cause.SELF_SHARE, "R08"),
        ({"partner": "bc_agency"}, Cause.ALREADY_SHARED, "R08"),
        ({"pixel": "px_new"}, Cause.NOT_IN_BC, "R03"),
        ({"actor": "tom", "bc": "bc_third", "partner": "bc_agency"}, Cause.NOT_OWNER, "R08"),
    ],
)
def test_R08_sharing_is_refused(changes, cause, rule):
    no(market(), dataclasses.replace(SHARE, **changes), cause, rule)


def test_R08_a_share_waits_while_the_partnership_does():
    slow = settings(partnership_acceptance=1.0)
    world = yes(market(), SHARE, rulebook=slow)
    assert world.partnerships["bc_brand", "bc_third"].status is RelationStatus.PENDING
    assert no(world, SHARE, Cause.PENDING, "R08", rulebook=slow).remedies == ("have an Admin of bc_third approve it",)
    link = LinkPixel(actor="tom", bc="bc_third", pixel="px", account="acc_third")
    no(world, link, Cause.PENDING, "R09")
    assert account_may_see(world, "acc_third", "px").cause is Cause.PENDING
    yes(world, ApprovePartnership(actor="tom", bc="bc_third", partner="bc_brand"), link)


def test_R08_a_rejected_share_is_gone_and_has_to_be_asked_for_again():
    slow = settings(partnership_acceptance=1.0)
    world = yes(market(), SHARE, rulebook=slow)
    world = yes(
        world,
        GrantAccountAccess(actor="ann", bc="bc_brand", account="acc_brand2", partner="bc_third"),
        RejectPartnership(actor="tom", bc="bc_third", partner="bc_brand"),
    )
    assert ("px", "bc_third") not in world.shares
    assert ("bc_third", "acc_brand2") not in world.account_grants
    no(world, SHARE, Cause.REJECTED, "R08")
    grant = GrantAccountAccess(actor="ann", bc="bc_brand", account="acc_brand2", partner="bc_third")
    no(world, grant, Cause.REJECTED, "R08")
    yes(world, RequestPartnership(actor="ann", bc="bc_brand", partner="bc_third"), SHARE)


def test_R08_only_who_was_asked_answers():
    slow = settings(partnership_acceptance=1.0)
    request = RequestPartnership(actor="ann", bc="bc_brand", partner="bc_third")
    world = yes(market(), request, rulebook=slow)
    for kind in (ApprovePartnership, RejectPartnership):
        decision = no(world, kind(actor="ann", bc="bc_brand", partner="bc_third"), Cause.PENDING, "R08")
        assert dict(decision.facts)["waiting"] == "bc_third"
        no(world, kind(actor="max", bc="bc_agency", partner="bc_brand"), Cause.ROLE_TOO_LOW, "R08")
        no(world, kind(actor="amy", bc="bc_agency", partner="bc_brand"), Cause.ALREADY_SO, "R08")
        no(world, kind(actor="amy", bc="bc_agency", partner="bc_third"), Cause.NOT_PARTNER, "R08")
        no(world, kind(actor="amy", bc="bc_agency", partner="nowhere"), Cause.UNKNOWN_ID, "R08")
    no(world, request, Cause.PENDING, "R08", rulebook=slow)
    back = RequestPartnership(actor="tom", bc="bc_third", partner="bc_brand")
    assert no(world, back, Cause.PENDING, "R08").remedies == ("have an Admin of bc_third approve it",)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"partner": "bc_brand"}, Cause.SELF_SHARE),
        ({"partner": "bc_agency"}, Cause.ALREADY_SO),
        ({"partner": "nowhere"}, Cause.UNKNOWN_ID),
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
    ],
)
def test_R08_requesting_a_partnership_is_refused(changes, cause):
    request = RequestPartnership(actor="ann", bc="bc_brand", partner="bc_third")
    yes(market(), request)
    no(market(), dataclasses.replace(request, **changes), cause, "R08")


def test_R08_an_ended_partnership_may_be_asked_for_again_from_either_side():
    world = yes(market(), RemovePartner(actor="ann", bc="bc_brand", partner="bc_agency", force=True))
    assert world.partnerships["bc_brand", "bc_agency"].status is RelationStatus.REMOVED
    world = yes(world, RequestPartnership(actor="amy", bc="bc_agency", partner="bc_brand"))
    assert dict(world.partnerships) == {("bc_agency", "bc_brand"): Partnership()}


@pytest.mark.parametrize("limit", [None, 1, 2])
def test_R08_partners_of_a_pixel_may_be_limited(limit):
    rulebook = Rulebook(limits=Limits(partners_per_pixel=limit))
    if limit == 1:
        no(market(), SHARE, Cause.LIMIT_REACHED, "R08", rulebook=rulebook)
    else:
        yes(market(), SHARE, rulebook=rulebook)


PARTNER_LINK = LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency2")


def test_R09_a_partner_links_to_its_own_accounts():
    assert yes(market(), PARTNER_LINK).links["px", "acc_agency2"].by_bc == "bc_agency"


def test_R09_a_partner_never_shares_on():
    share_on = SharePixel(actor="amy", bc="bc_agency", pixel="px", partner="bc_third")
    decision = no(market(), share_on, Cause.NO_RESHARE, "R09")
    assert decision.remedies == ("have bc_brand share it with bc_third itself",)
    back = dataclasses.replace(share_on, partner="bc_brand")
    no(market(), back, Cause.OWNS_IT, "R09")


def test_R09_without_a_share_there_is_no_link():
    stranger = LinkPixel(actor="tom", bc="bc_third", pixel="px", account="acc_third")
    decision = no(market(), stranger, Cause.NO_ACCESS, "R09")
    assert decision.remedies == ("ask an Admin of bc_brand for access for Business Center bc_third",)
    unsettled = market(shares={("px", "bc_third"): PixelShare()})
    no(unsettled, stranger, Cause.NO_ACCESS, "R09")


def test_R09_a_partner_does_not_link_twice():
    no(market(), dataclasses.replace(PARTNER_LINK, account="acc_agency"), Cause.ALREADY_LINKED, "R09")


@pytest.mark.parametrize("setting", list(PartnerMayLink))
@pytest.mark.parametrize("role", list(AccountRole))
def test_R09_accounts_of_others_are_a_setting(setting, role):
    world = market(
        partnerships={("bc_third", "bc_agency"): Partnership()},
        account_grants={("bc_agency", "acc_third"): AccountGrant(role=role)},
    )
    link = dataclasses.replace(PARTNER_LINK, account="acc_third")
    rulebook = settings(partner_may_link=setting)
    if setting is PartnerMayLink.ADMIN_ACCESS and role is AccountRole.ADMIN:
        yes(world, link, rulebook=rulebook)
    else:
        decision = no(world, link, Cause.NOT_OWN_ACCOUNT, "R09", rulebook=rulebook)
        assert len(decision.remedies) == 2


def test_R09_who_made_the_link_may_unlink_it_and_so_may_the_owner():
    world = yes(market(), PARTNER_LINK)
    for actor, bc in (("amy", "bc_agency"), ("ann", "bc_brand")):
        yes(world, UnlinkPixel(actor=actor, bc=bc, pixel="px", account="acc_agency2"))
    made_by_owner = yes(market(), LINK)
    refused = UnlinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_brand2")
    no(made_by_owner, refused, Cause.NOT_OWNER, "R12")


ASSIGN = AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben", level=PixelLevel.EDIT)


@pytest.mark.parametrize("level", list(PixelLevel))
def test_R10_an_admin_assigns_the_pixel_to_a_member_at_a_level(level):
    world = yes(market(), dataclasses.replace(ASSIGN, level=level))
    assert world.pixel_people["px", "ben"] == PixelAssignment(level=level, via="bc_brand")
    no(world, dataclasses.replace(ASSIGN, level=level), Cause.ALREADY_SO, "R10")
    other = PixelLevel.VIEW if level is PixelLevel.EDIT else PixelLevel.EDIT
    assert yes(world, dataclasses.replace(ASSIGN, level=other)).pixel_people["px", "ben"].level is other


@pytest.mark.parametrize(
    ("changes", "cause", "rule"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW, "R10"),
        ({"actor": "amy"}, Cause.NOT_A_MEMBER, "R10"),
        ({"person": "max"}, Cause.NOT_A_MEMBER, "R10"),
        ({"person": "lou"}, Cause.PERSON_LEFT, "R10"),
        ({"person": "nobody"}, Cause.UNKNOWN_ID, "R10"),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID, "R10"),
        ({"pixel": "px_new"}, Cause.NOT_IN_BC, "R03"),
        ({"actor": "tom", "bc": "bc_third", "person": "tom"}, Cause.NOT_OWNER, "R10"),
    ],
)
def test_R10_assigning_is_refused(changes, cause, rule):
    no(market(), dataclasses.replace(ASSIGN, **changes), cause, rule)


@pytest.mark.parametrize("setting", [False, True])
@pytest.mark.parametrize("level", list(PixelLevel))
def test_R10_a_partner_assigns_for_viewing_and_for_editing_only_by_setting(setting, level):
    action = AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max", level=level)
    rulebook = settings(partner_admin_may_grant_editing=setting)
    if level is PixelLevel.VIEW or setting:
        yes(market(), action, rulebook=rulebook)
    else:
        no(market(), action, Cause.NOT_OWNER, "R10", rulebook=rulebook)


def test_R10_a_partner_cannot_change_what_the_owner_gave():
    world = market(members={("bc_brand", "max"): BusinessRole.STANDARD})
    world = yes(world, dataclasses.replace(ASSIGN, person="max"))
    action = AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max", level=PixelLevel.VIEW)
    decision = no(world, action, Cause.HELD_OTHERWISE, "R10")
    assert "through Business Center bc_brand" in decision.reason
    by_name = market(pixel_people={("px", "max"): PixelAssignment(level=PixelLevel.EDIT)})
    assert "by name" in no(by_name, action, Cause.HELD_OTHERWISE, "R10").reason


def test_R10_the_owner_may_change_what_a_partner_gave():
    world = market(members={("bc_brand", "max"): BusinessRole.STANDARD})
    world = yes(world, AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max"))
    world = yes(world, dataclasses.replace(ASSIGN, person="max"))
    assert world.pixel_people["px", "max"] == PixelAssignment(level=PixelLevel.EDIT, via="bc_brand")


@pytest.mark.parametrize("limit", [None, 1, 2])
def test_R10_people_of_a_pixel_may_be_limited(limit):
    rulebook = Rulebook(limits=Limits(people_per_pixel=limit))
    world = yes(market(), ASSIGN, rulebook=rulebook)
    second = dataclasses.replace(ASSIGN, person="cleo")
    if limit == 1:
        no(world, second, Cause.LIMIT_REACHED, "R10", rulebook=rulebook)
    else:
        yes(world, second, rulebook=rulebook)
