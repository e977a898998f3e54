"""Editing a published ad group: what may be edited, what is reviewed again, and what sets learning back."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import market, no, settings, yes

from pixelsim.base.clock import DAY, HOUR, MINUTE
from pixelsim.sharing import Cause, Limits, Rulebook
from pixelsim.sharing.actions import CreateAd, CreateAdGroup, CreatePixel, EditAdGroup, Switch, TransferPixel
from pixelsim.world import (
    Ad,
    AdAccount,
    AdGroup,
    Campaign,
    DeliveryStatus,
    World,
    ad_group_status,
    ad_status,
    is_delivering,
    is_scheduled,
)

EDIT = EditAdGroup(actor="max", ad_group="ag_run")
REVIEW = settings(review_minutes=90.0)
OFFICE = ("0" * 18 + "1" * 16 + "0" * 14) * 5 + "0" * 96
"""Monday to Friday, 9:00 to 17:00."""


def edit(**changes: object) -> EditAdGroup:
    return dataclasses.replace(EDIT, **changes)


def test_R16_budget_and_bid_are_multiplied_by_what_is_in_force():
    world = yes(market(), edit(budget_factor=1.5), edit(budget_factor=0.5, bid_factor=1.2))
    group = world.ad_groups["ag_run"]
    assert (group.budget_factor, group.bid_factor) == (pytest.approx(0.75), pytest.approx(1.2))


@pytest.mark.parametrize(
    ("changes", "relearns"),
    [
        # Changes are kept within 50 %, the bound included.
        ({"budget_factor": 1.5}, False),
        ({"budget_factor": 1.51}, True),
        ({"budget_factor": 0.5}, False),
        ({"budget_factor": 0.49}, True),
        ({"bid_factor": 2.0}, True),
        ({"bid_factor": 1.1, "budget_factor": 0.9}, False),
        ({"creatives": True}, True),
        ({"audiences": ("aud",)}, True),
        ({"targeting": "age"}, True),
        ({"targeting": "other"}, True),
        ({"end": 9 * DAY}, False),
        ({"dayparting": OFFICE}, False),
    ],
)
def test_R16_large_edits_set_learning_back_at_their_instant(changes, relearns):
    world = yes(market(), edit(**changes), at=DAY)
    assert world.ad_groups["ag_run"].learning_from == (DAY if relearns else None)
    assert world.ad_groups["ag_later"].learning_from is None


def test_R16_how_large_a_change_counts_is_a_setting():
    for share, expected in ((0.19, DAY), (0.2, None)):
        world = yes(market(), edit(budget_factor=0.8125), rulebook=settings(significant_change=share), at=DAY)
        assert world.ad_groups["ag_run"].learning_from is (None if share >= 0.1875 else expected)
    tight = yes(market(), edit(budget_factor=1.25), rulebook=settings(significant_change=0.2), at=DAY)
    assert tight.ad_groups["ag_run"].learning_from == DAY


@pytest.mark.parametrize(
    ("changes", "reviewed"),
    [
        ({"creatives": True}, True),
        ({"targeting": "other"}, True),
        ({"audiences": ("aud",)}, True),
        ({"targeting": "age"}, False),
        ({"budget_factor": 3.0, "bid_factor": 3.0}, False),
        ({"end": 9 * DAY, "dayparting": "1" * 336}, False),
        ({"audiences": (), "bid_factor": 2.0}, False),
    ],
)
def test_R16_edits_of_targeting_and_creatives_are_reviewed_again(changes, reviewed):
    world = yes(market(), edit(**changes), rulebook=REVIEW, at=HOUR)
    expected = DeliveryStatus.REAUDIT if reviewed else DeliveryStatus.DELIVERY_OK
    assert ad_group_status(world, "ag_run", HOUR + 90 * MINUTE - 1) is expected
    assert ad_status(world, "ad_run", HOUR + 90 * MINUTE - 1) is expected
    assert is_scheduled(world, "ag_run", HOUR) is reviewed, "it starts again by itself"
    assert ad_group_status(world, "ag_run", HOUR + 90 * MINUTE) is DeliveryStatus.DELIVERY_OK


def test_R16_what_is_published_is_reviewed_first():
    world = yes(market(), CreateAd(actor="max", ad_group="ag_run", ad="new"), rulebook=REVIEW)
    assert ad_status(world, "new", 90 * MINUTE - 1) is DeliveryStatus.AUDIT
    assert ad_status(world, "new", 90 * MINUTE) is DeliveryStatus.DELIVERY_OK
    assert is_delivering(world, "ag_run", 0), "the ads that it had run on"
    group = CreateAdGroup(actor="max", campaign="camp", ad_group="fresh", pixel="px")
    world = yes(market(), group, CreateAd(actor="max", ad_group="fresh", ad="spot"), rulebook=REVIEW, at=DAY)
    assert [ad_group_status(world, "fresh", DAY + t) for t in (0, 90 * MINUTE)] == ["AUDIT", "DELIVERY_OK"]
    at_once = yes(market(), group, CreateAd(actor="max", ad_group="fresh", ad="spot"))
    assert is_delivering(at_once, "fresh", 0), "no review is waited for unless one is set"


def test_R16_what_is_in_review_cannot_be_switched_on_but_off():
    world = yes(market(), edit(creatives=True), rulebook=REVIEW)
    off = Switch(actor="max", kind="ad_group", id="ag_run", to="off")
    on = dataclasses.replace(off, to="on")
    resting = yes(world, off)
    assert no(resting, on, Cause.IN_REVIEW, "R16").reason.startswith("Ad group ag_run is in review until day 0.0625")
    assert is_delivering(yes(resting, on, at=90 * MINUTE), "ag_run", 90 * MINUTE)
    ad = yes(market(), CreateAd(actor="max", ad_group="ag_run", ad="new"), rulebook=REVIEW)
    ad = yes(ad, Switch(actor="max", kind="ad", id="new", to="off"))
    no(ad, Switch(actor="max", kind="ad", id="new", to="on"), Cause.IN_REVIEW, "R16")
    yes(resting, Switch(actor="max", kind="ad_group", id="ag_run", to="deleted"))


def test_R16_an_ad_group_that_was_turned_down_is_reviewed_again_once_it_is_edited():
    denied = market().changed("ad_groups", "ag_run", denied=True)
    assert ad_group_status(denied, "ag_run", 0) is ad_status(denied, "ad_run", 0) is DeliveryStatus.AUDIT_DENY
    assert not is_scheduled(denied, "ag_run", 0)
    cheaper = yes(denied, edit(bid_factor=0.9))
    assert ad_group_status(cheaper, "ag_run", 0) is DeliveryStatus.AUDIT_DENY
    mended = yes(denied, edit(creatives=True), rulebook=REVIEW)
    assert [ad_group_status(mended, "ag_run", t) for t in (0, 90 * MINUTE)] == ["REAUDIT", "DELIVERY_OK"]


def test_R13_new_creatives_need_access_to_the_pixel_and_a_budget_does_not():
    cut = market().without("links", [("px", "acc_agency")])
    no(cut, edit(creatives=True), Cause.OWNED_NOT_LINKED, "R16")
    yes(cut, edit(budget_factor=0.5))
    yes(cut, dataclasses.replace(EDIT, ad_group="ag_track", creatives=True))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"ad_group": "nothing", "creatives": True}, Cause.UNKNOWN_ID),
        ({"actor": "ben", "creatives": True}, Cause.ASSET_NOT_ASSIGNED),
        ({"active_bc": "bc_brand", "creatives": True}, Cause.WRONG_BC),
        ({"budget_factor": 0.0}, Cause.NOT_ALLOWED_VALUE),
        ({"bid_factor": -1.0}, Cause.NOT_ALLOWED_VALUE),
        ({"budget_factor": float("nan")}, Cause.NOT_ALLOWED_VALUE),
        ({"budget_factor": float("inf")}, Cause.NOT_ALLOWED_VALUE),
        ({"end": DAY}, Cause.NOT_ALLOWED_VALUE),
        ({"dayparting": "0" * 336}, Cause.NOT_ALLOWED_VALUE),
        ({"dayparting": "1" * 48}, Cause.NOT_ALLOWED_VALUE),
        ({"dayparting": "x" * 336}, Cause.NOT_ALLOWED_VALUE),
        ({"audiences": ("nothing",)}, Cause.UNKNOWN_ID),
        ({}, Cause.ALREADY_SO),
        ({"budget_factor": 1.0, "audiences": ()}, Cause.ALREADY_SO),
    ],
)
def test_R16_edits_that_are_refused(changes, cause):
    no(
        market(),
        edit(**changes),
        cause,
        "R16" if cause is not Cause.UNKNOWN_ID or "ad_group" in changes else "R18",
        at=DAY,
    )


def test_R16_what_is_deleted_is_edited_no_more():
    for name, key in (("ad_groups", "ag_run"), ("campaigns", "camp")):
        no(market().changed(name, key, deleted=True), edit(bid_factor=2.0), Cause.DELETED, "R16")


def test_R18_targeting_an_audience_by_an_edit_starts_its_expiry_anew():
    world = yes(market(), edit(audiences=("aud",)), at=DAY)
    assert (world.ad_groups["ag_run"].audiences, world.audiences["aud"].last_used) == (("aud",), DAY)
    again = yes(world, edit(audiences=("aud",), bid_factor=1.1), at=2 * DAY)
    assert again.audiences["aud"].last_used == DAY
    assert again.ad_groups["ag_run"].learning_from == DAY, "the audiences stayed as they were"
    young = market().changed("audiences", "aud", built_at=DAY)
    no(young, edit(audiences=("aud",)), Cause.NOT_READY, "R18", at=DAY)


def test_R16_dayparting_of_a_new_ad_group_is_checked_and_kept():
    group = CreateAdGroup(actor="max", campaign="camp", ad_group="fresh", pixel="px", dayparting=OFFICE)
    assert yes(market(), group).ad_groups["fresh"].dayparting == OFFICE
    no(market(), dataclasses.replace(group, dayparting="1"), Cause.NOT_ALLOWED_VALUE, "R16")


def test_R12_the_guard_counts_what_rests_between_its_half_hours_as_scheduled():
    world = market().changed("ad_groups", "ag_run", dayparting=OFFICE)
    assert is_scheduled(world, "ag_run", 0)
    assert is_delivering(world, "ag_run", 9 * HOUR)
    assert not is_scheduled(world, "ag_run", 9 * HOUR)


def many(count: int) -> World:
    """Give the market with an account of its own for ad groups, all switched on."""
    world = market().with_item("ad_accounts", "acc_more", AdAccount(id="acc_more", name="M", owner_bc="bc_agency"))
    world = world.with_item("campaigns", "more", Campaign(id="more", account="acc_more", name="M"))
    world = world.with_items("account_people", {("acc_more", "max"): world.account_people["acc_agency2", "max"]})
    for key in [f"g{n}" for n in range(count)]:
        world = world.with_item("ad_groups", key, AdGroup(id=key, campaign="more", name=key))
        world = world.with_item("ads", key, Ad(id=key, ad_group=key, name=key))
    return world


def test_R16_an_account_has_as_many_active_ad_groups_as_its_spend_allows():
    tier = Rulebook(limits=Limits(active_ad_groups_per_account=2))
    more = CreateAdGroup(actor="max", campaign="more", ad_group="new")
    assert no(many(2), more, Cause.LIMIT_REACHED, "R16", rulebook=tier).reason == (
        "Ad account acc_more has 2 active ad groups, the most that the platform allows."
    )
    yes(many(1), more, rulebook=tier)
    off = many(2).changed("ad_groups", "g0", on=False)
    full = yes(off, more, rulebook=tier)
    on = Switch(actor="max", kind="ad_group", id="g0", to="on")
    no(full, on, Cause.LIMIT_REACHED, "R16", rulebook=tier)
    yes(off, on, rulebook=tier)
    yes(full, on)
    yes(many(2).changed("campaigns", "more", on=False), more, rulebook=tier)
    waiting = many(2).changed("ad_groups", "g0", waiting=True)
    assert not yes(waiting, on, rulebook=tier).ad_groups["g0"].waiting, "it is counted already"


def test_R02_R03_numbers_of_pixels_can_be_limited():
    create = CreatePixel(actor="ann", account="acc_brand", pixel="px_2", number="7000000000000000003", name="Two")
    no(market(), create, Cause.LIMIT_REACHED, "R02", rulebook=Rulebook(limits=Limits(pixels_per_account=2)))
    yes(market(), create, rulebook=Rulebook(limits=Limits(pixels_per_account=3)))
    take = TransferPixel(actor="ann", bc="bc_brand", pixel="px_new")
    no(market(), take, Cause.LIMIT_REACHED, "R05", rulebook=Rulebook(limits=Limits(pixels_per_business_center=1)))
    yes(market(), take, rulebook=Rulebook(limits=Limits(pixels_per_business_center=2)))
