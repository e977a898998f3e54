"""Availability, creating and transferring a pixel."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import market, no, settings, yes

from pixelsim.sharing import AvailabilitySide, Cause, Rulebook, orphaned_pixels
from pixelsim.sharing.actions import (
    AssignAccount,
    CreatePixel,
    GrantAccountAccess,
    LeavePerson,
    LinkPixel,
    RemoveMember,
    SharePixel,
    TransferPixel,
    UndoTransfer,
)
from pixelsim.sharing.ownership import same_name
from pixelsim.world import AccountGrant, AccountRole, BusinessCenter, BusinessCenterType, Pixel, World

SHARE = SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third")
LINK = LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_brand2")


def brand(kind: BusinessCenterType, *, managed: bool = False, verified: bool = False) -> World:
    return market().changed("business_centers", "bc_brand", type=kind, managed=managed, verified=verified)


@pytest.mark.parametrize("managed", [True, False])
@pytest.mark.parametrize("kind", [kind for kind in BusinessCenterType if kind is not BusinessCenterType.NORMAL])
def test_R01_direct_agency_and_small_business_may_share_managed_or_not(kind, managed):
    yes(brand(kind, managed=managed), SHARE, LINK)


def test_R01_unmanaged_regular_may_share_once_verified():
    yes(brand(BusinessCenterType.NORMAL, verified=True), SHARE, LINK)
    for action in (SHARE, LINK):
        decision = no(brand(BusinessCenterType.NORMAL), action, Cause.CONDITION_NOT_MET, "R01")
        assert "'verified'" in decision.reason
        assert "meet the condition 'verified' for bc_brand" in decision.remedies


def test_R01_managed_regular_may_never_share():
    world = brand(BusinessCenterType.NORMAL, managed=True, verified=True)
    for action in (SHARE, LINK):
        no(world, action, Cause.TYPE_NOT_ELIGIBLE, "R01")


def test_R01_condition_is_replaceable_and_named_and_asked_of_regular_ones_only():
    def spends(bc: BusinessCenter) -> str | None:
        return "spends 1,000 a month"

    rulebook = Rulebook(condition=spends)
    world = brand(BusinessCenterType.NORMAL, verified=True)
    decision = no(world, SHARE, Cause.CONDITION_NOT_MET, "R01", rulebook=rulebook)
    assert dict(decision.facts)["condition"] == "spends 1,000 a month"
    yes(brand(BusinessCenterType.DIRECT), SHARE, rulebook=rulebook)


def test_R01_side_that_is_checked_is_a_setting():
    world = market().changed("business_centers", "bc_third", type=BusinessCenterType.NORMAL)
    both = settings(availability_side=AvailabilitySide.BOTH_SIDES)
    yes(world, SHARE, rulebook=settings(availability_side=AvailabilitySide.SHARING_SIDE))
    assert dict(no(world, SHARE, Cause.CONDITION_NOT_MET, "R01", rulebook=both).facts)["bc"] == "bc_third"
    yes(world.changed("business_centers", "bc_third", verified=True), SHARE, rulebook=both)


def test_R01_partner_that_links_is_checked_where_both_sides_are():
    world = market().changed("business_centers", "bc_agency", type=BusinessCenterType.NORMAL)
    link = LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency2")
    yes(world, link)
    no(world, link, Cause.CONDITION_NOT_MET, "R01", rulebook=settings(availability_side=AvailabilitySide.BOTH_SIDES))


CREATE = CreatePixel(actor="ann", account="acc_brand", pixel="px_3", number="7000000000000000003", name="Shop 3")


def test_R02_an_admin_of_an_ad_account_creates_a_pixel_that_keeps_its_creator():
    world = yes(market(), CREATE)
    made = world.pixels["px_3"]
    assert (made.creator, made.owner_bc, made.number) == ("acc_brand", None, "7000000000000000003")
    moved = yes(world, TransferPixel(actor="ann", bc="bc_brand", pixel="px_3"))
    assert moved.pixels["px_3"].creator == "acc_brand"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.LEVEL_TOO_LOW),
        ({"actor": "amy"}, Cause.ASSET_NOT_ASSIGNED),
        ({"actor": "lou"}, Cause.PERSON_LEFT),
        ({"actor": "nobody"}, Cause.UNKNOWN_ID),
        ({"account": "nowhere"}, Cause.UNKNOWN_ID),
        ({"pixel": "px"}, Cause.DUPLICATE_ID),
        ({"number": "7000000000000000001"}, Cause.DUPLICATE_ID),
        ({"pixel": ""}, Cause.NOT_ALLOWED_VALUE),
        ({"number": ""}, Cause.NOT_ALLOWED_VALUE),
        ({"name": ""}, Cause.NOT_ALLOWED_VALUE),
        ({"name": "   "}, Cause.NOT_ALLOWED_VALUE),
        ({"name": "x" * 41}, Cause.NOT_ALLOWED_VALUE),
        ({"name": "Shop \N{SHOPPING TROLLEY}"}, Cause.NOT_ALLOWED_VALUE),
        ({"name": "  shop   MAIN "}, Cause.DUPLICATE_NAME),
    ],
)
def test_R02_creation_is_refused(changes, cause):
    no(market(), dataclasses.replace(CREATE, **changes), cause, "R02")


def test_R02_names_of_forty_characters_and_same_names_in_other_accounts_are_fine():
    yes(market(), dataclasses.replace(CREATE, name="x" * 40))
    yes(market(), dataclasses.replace(CREATE, actor="tom", account="acc_third", name="Shop main"))


def test_R02_names_are_compared_without_case_and_runs_of_white_space():
    assert same_name("Shop main", " shop \t MAIN\n")
    assert not same_name("Shop main", "Shopmain")


def test_R02_disabled_account_creates_nothing():
    world = market().changed("ad_accounts", "acc_brand", status="STATUS_DISABLE")
    no(world, CREATE, Cause.ACCOUNT_DISABLED, "R02")


@pytest.mark.parametrize("limit", [None, 2, 3])
def test_R02_pixels_of_an_account_may_be_limited(limit):
    rulebook = settings(links_per_account=limit)
    if limit == 2:
        assert dict(no(market(), CREATE, Cause.ACCOUNT_HAS_TAG, "R02", rulebook=rulebook).facts)["held"] == "px, px_new"
    else:
        yes(market(), CREATE, rulebook=rulebook)


def test_R03_a_pixel_is_shared_only_after_its_transfer():
    for action in (
        SharePixel(actor="ann", bc="bc_brand", pixel="px_new", partner="bc_agency"),
        LinkPixel(actor="ann", bc="bc_brand", pixel="px_new", account="acc_brand2"),
    ):
        no(market(), action, Cause.NOT_IN_BC, "R03")
        yes(market(), TransferPixel(actor="ann", bc="bc_brand", pixel="px_new"), action)


def test_R03_a_transfer_has_no_way_back_whoever_asks():
    undo = UndoTransfer(actor="ann", bc="bc_brand", pixel="px")
    decision = no(market(), undo, Cause.IRREVERSIBLE, "R03")
    assert decision.remedies == ("ask an Admin of bc_brand to share it",)
    no(market(), dataclasses.replace(undo, actor="nobody"), Cause.IRREVERSIBLE, "R03")
    no(market(), dataclasses.replace(undo, pixel="px_new"), Cause.NOT_IN_BC, "R03")
    no(market(), dataclasses.replace(undo, pixel="nothing"), Cause.UNKNOWN_ID, "R03")
    no(market(), dataclasses.replace(undo, bc="nowhere"), Cause.UNKNOWN_ID, "R03")


TRANSFER = TransferPixel(actor="ann", bc="bc_brand", pixel="px_new")


def test_R04_an_admin_names_the_pixel_by_its_code():
    assert yes(market(), TRANSFER).pixels["px_new"].owner_bc == "bc_brand"


def test_R04_an_unknown_code_says_whom_to_ask_and_the_number_is_no_code():
    decision = no(market(), dataclasses.replace(TRANSFER, pixel="PX_NEW"), Cause.UNKNOWN_CODE, "R04")
    assert "ask an Admin of the ad account that created it" in decision.remedy
    assert "pixel_id" not in decision.reason
    decision = no(market(), dataclasses.replace(TRANSFER, pixel="7000000000000000002"), Cause.UNKNOWN_CODE, "R04")
    assert "it is the API's pixel_id of one" in decision.reason


def test_R04_an_owned_pixel_says_who_owns_it_even_to_its_owner():
    for bc, actor in (("bc_agency", "amy"), ("bc_brand", "ann")):
        decision = no(market(), TransferPixel(actor=actor, bc=bc, pixel="px"), Cause.ALREADY_OWNED, "R04")
        assert decision.remedies == ("ask an Admin of bc_brand to share it",)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"actor": "amy"}, Cause.NOT_A_MEMBER),
        ({"actor": "lou"}, Cause.PERSON_LEFT),
        ({"actor": "nobody"}, Cause.UNKNOWN_ID),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID),
    ],
)
def test_R04_only_an_admin_of_that_business_center_transfers(changes, cause):
    no(market(), dataclasses.replace(TRANSFER, **changes), cause, "R04")


@pytest.mark.parametrize("role", [*AccountRole, None])
def test_R05_a_non_agency_needs_admin_access_to_the_creating_account(role):
    world = market(
        partnerships={("bc_brand", "bc_third"): market().partnerships["bc_brand", "bc_agency"]},
        account_grants={} if role is None else {("bc_third", "acc_brand"): AccountGrant(role=role)},
    )
    action = TransferPixel(actor="tom", bc="bc_third", pixel="px_new")
    if role is AccountRole.ADMIN:
        assert yes(world, action).pixels["px_new"].owner_bc == "bc_third"
    else:
        decision = no(world, action, Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, "R05")
        assert decision.remedies == ("have ad account acc_brand grant bc_third Admin access",)


def test_R05_a_grant_counts_only_over_a_bound_partnership():
    world = market(account_grants={("bc_third", "acc_brand"): AccountGrant(role=AccountRole.ADMIN)})
    action = TransferPixel(actor="tom", bc="bc_third", pixel="px_new")
    no(world, action, Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, "R05")


def test_R05_an_account_without_a_business_center_grants_access_by_its_own_admin():
    solo = Pixel(code="px_solo", number="7000000000000000009", name="Solo", creator="acc_solo")
    world = market(pixels={"px_solo": solo})
    grant = GrantAccountAccess(actor="tom", account="acc_solo", partner="bc_brand", role=AccountRole.ADMIN)
    action = TransferPixel(actor="ann", bc="bc_brand", pixel="px_solo")
    no(world, action, Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, "R05")
    assert yes(world, grant, action).pixels["px_solo"].owner_bc == "bc_brand"


def test_R05_nobody_can_hand_over_once_no_admin_is_left():
    world = yes(market().with_item("pixels", "px_s", Pixel(code="px_s", number="9", name="S", creator="acc_solo")))
    action = TransferPixel(actor="ann", bc="bc_brand", pixel="px_s")
    assert orphaned_pixels(world) == []
    gone = yes(world, LeavePerson(actor="tom"))
    assert orphaned_pixels(gone) == ["px_s"]
    no(gone, action, Cause.NO_ADMIN_LEFT, "R05")


def test_R05_a_pixel_is_orphaned_when_its_business_center_has_no_admin():
    world = yes(market(), RemoveMember(actor="ann", bc="bc_brand", person="ann"))
    assert orphaned_pixels(world) == ["px", "px_new"]
    kept = yes(market(), AssignAccount(actor="ann", account="acc_brand", person="tom", role=AccountRole.ADMIN))
    kept = yes(kept, RemoveMember(actor="ann", bc="bc_brand", person="ann"))
    assert orphaned_pixels(kept) == ["px"]


def agency_pixel(*, created_from: str | None) -> World:
    world = market().changed("ad_accounts", "acc_agency", created_from_bc=created_from)
    pixel = Pixel(code="px_a", number="7000000000000000004", name="A", creator="acc_agency")
    return world.with_item("pixels", "px_a", pixel)


@pytest.mark.parametrize("kind", [BusinessCenterType.AGENCY, BusinessCenterType.SELF_SERVICE_AGENCY])
def test_R06_an_agency_takes_only_pixels_of_accounts_created_from_it(kind):
    action = TransferPixel(actor="amy", bc="bc_agency", pixel="px_a")
    world = agency_pixel(created_from="bc_agency").changed("business_centers", "bc_agency", type=kind)
    assert yes(world, action).pixels["px_a"].owner_bc == "bc_agency"
    for other in (None, "bc_brand"):
        world = agency_pixel(created_from=other).changed("business_centers", "bc_agency", type=kind)
        decision = no(world, action, Cause.NOT_CREATED_FROM_BC, "R06")
        assert decision.remedies == ("let the client's Business Center take the pixel and share it with bc_agency",)


def test_R06_does_not_bind_a_non_agency():
    world = agency_pixel(created_from=None).changed("business_centers", "bc_agency", type=BusinessCenterType.DIRECT)
    yes(world, TransferPixel(actor="amy", bc="bc_agency", pixel="px_a"))
