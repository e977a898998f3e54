"""Using a pixel: campaigns, ad groups and ads."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import market, no, yes

from pixelsim.base.clock import DAY
from pixelsim.sharing import Cause, Limits, Rulebook
from pixelsim.sharing.actions import (
    CreateAd,
    CreateAdGroup,
    CreateCampaign,
    SetAttribution,
    SetTrackingPixel,
    Switch,
    UnlinkPixel,
)
from pixelsim.sharing.using import CLICK_DAYS, ENGAGED_VIEW_DAYS, VIEW_DAYS, may_use_pixel
from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    AccountStatus,
    CountMode,
    DeliveryStatus,
    World,
    ad_group_status,
    is_delivering,
)

CAMPAIGN = CreateCampaign(actor="max", account="acc_agency", campaign="new")
GROUP = CreateAdGroup(actor="max", campaign="camp", ad_group="new", pixel="px")
AD = CreateAd(actor="max", ad_group="ag_run", ad="new")
TRACKING_AD = CreateAd(actor="max", ad_group="ag_track", ad="new", tracking_pixel="px")


def role(world: World, value: AccountRole) -> World:
    held = AccountAssignment(role=value, via="bc_agency")
    return world.with_item("account_people", ("acc_agency", "max"), held)


@pytest.mark.parametrize("value", list(AccountRole))
@pytest.mark.parametrize("action", [CAMPAIGN, GROUP, AD, TRACKING_AD])
def test_R16_takes_an_admin_or_operator_of_the_account(action, value):
    world = role(market(), value)
    if value is AccountRole.ANALYST:
        decision = no(world, action, Cause.LEVEL_TOO_LOW, "R16")
        assert decision.remedies == ("raise max to Operator on ad account acc_agency",)
    else:
        yes(world, action)


def test_R16_takes_access_of_the_account_to_the_pixel():
    world = yes(market(), CreateCampaign(actor="ben", account="acc_brand2", campaign="camp2"))
    group = CreateAdGroup(actor="ben", campaign="camp2", ad_group="new", pixel="px")
    decision = no(world, group, Cause.OWNED_NOT_LINKED, "R16")
    assert decision.remedies == ("have an Admin of bc_brand link it to ad account acc_brand2",)
    yes(world, dataclasses.replace(group, pixel=None))
    no(world, dataclasses.replace(group, pixel="nothing"), Cause.UNKNOWN_ID, "R16")
    no(world, dataclasses.replace(group, pixel="px_new"), Cause.NOT_IN_BC, "R03")


def test_R16_says_which_side_has_to_link():
    assert may_use_pixel(market(), "max", "px", "acc_agency").allowed
    cases = {
        ("max", "acc_agency2"): (Cause.OWNED_NOT_LINKED, "bc_agency"),
        ("ben", "acc_brand2"): (Cause.OWNED_NOT_LINKED, "bc_brand"),
        ("tom", "acc_third"): (Cause.NO_ACCESS, "bc_brand"),
        ("tom", "acc_solo"): (Cause.NO_ACCESS, "bc_brand"),
    }
    for (person, account), (cause, owner) in cases.items():
        decision = may_use_pixel(market(), person, "px", account)
        assert (decision.cause, dict(decision.facts)["owner"]) == (cause, owner)


@pytest.mark.parametrize(
    ("active", "cause"),
    [(None, None), ("bc_agency", None), ("bc_brand", Cause.WRONG_BC), ("nowhere", Cause.UNKNOWN_ID)],
)
@pytest.mark.parametrize("action", [CAMPAIGN, GROUP, AD])
def test_R16_asks_for_the_right_business_center_on_the_screen(action, active, cause):
    action = dataclasses.replace(action, active_bc=active)
    if cause is None:
        yes(market(), action)
    else:
        no(market(), action, cause, "R16")


def test_R16_an_account_without_a_business_center_has_no_wrong_one():
    yes(market(), CreateCampaign(actor="tom", account="acc_solo", campaign="new", active_bc="bc_third"))


@pytest.mark.parametrize("status", list(AccountStatus))
def test_R16_needs_an_account_in_good_standing(status):
    world = market().changed("ad_accounts", "acc_agency", status=status)
    for action in (CAMPAIGN, GROUP, AD, Switch(actor="max", kind="campaign", id="camp", to="off")):
        if status is AccountStatus.ENABLE:
            yes(world, action)
        else:
            no(world, action, Cause.ACCOUNT_DISABLED, "R16")


@pytest.mark.parametrize(
    ("action", "changes", "cause"),
    [
        (CAMPAIGN, {"campaign": "camp"}, Cause.DUPLICATE_ID),
        (CAMPAIGN, {"campaign": ""}, Cause.NOT_ALLOWED_VALUE),
        (CAMPAIGN, {"account": "nowhere"}, Cause.UNKNOWN_ID),
        (CAMPAIGN, {"actor": "nobody"}, Cause.UNKNOWN_ID),
        (GROUP, {"campaign": "nothing"}, Cause.UNKNOWN_ID),
        (GROUP, {"ad_group": "ag_run"}, Cause.DUPLICATE_ID),
        (GROUP, {"end": 0}, Cause.NOT_ALLOWED_VALUE),
        (GROUP, {"start": 5, "end": 5}, Cause.NOT_ALLOWED_VALUE),
        (AD, {"ad_group": "nothing"}, Cause.UNKNOWN_ID),
        (AD, {"ad": "ad_run"}, Cause.DUPLICATE_ID),
    ],
)
def test_R16_creating_is_refused(action, changes, cause):
    no(market(), dataclasses.replace(action, **changes), cause, "R16")


def test_R16_an_ad_group_may_not_end_before_it_is_published():
    late = dataclasses.replace(GROUP, start=0, end=DAY)
    assert yes(market(), late, at=DAY - 1).ad_groups["new"].start == DAY - 1
    no(market(), late, Cause.NOT_ALLOWED_VALUE, "R16", at=DAY)


def test_R16_nothing_is_made_under_what_is_deleted():
    gone = market().changed("campaigns", "camp", deleted=True)
    no(gone, GROUP, Cause.DELETED, "R16")
    no(gone, AD, Cause.DELETED, "R16")
    no(market().changed("ad_groups", "ag_run", deleted=True), AD, Cause.DELETED, "R16")


@pytest.mark.parametrize(
    ("action", "limits", "room"),
    [
        (CAMPAIGN, Limits(campaigns_per_account=1), Limits(campaigns_per_account=2)),
        (GROUP, Limits(ad_groups_per_campaign=3), Limits(ad_groups_per_campaign=4)),
        (AD, Limits(ads_per_ad_group=1), Limits(ads_per_ad_group=2)),
        (AD, Limits(ads_per_pixel=3), Limits(ads_per_pixel=4)),
        (TRACKING_AD, Limits(ads_per_pixel=3, ads_per_ad_group=None), Limits(ads_per_pixel=None)),
    ],
)
def test_R16_has_the_platforms_numbers(action, limits, room):
    no(market(), action, Cause.LIMIT_REACHED, "R16", rulebook=Rulebook(limits=limits))
    yes(market(), action, rulebook=Rulebook(limits=room))


def test_R16_what_is_deleted_or_elsewhere_does_not_count_towards_the_numbers():
    world = market().changed("campaigns", "camp", deleted=True)
    yes(world, CAMPAIGN, rulebook=Rulebook(limits=Limits(campaigns_per_account=1)))
    other = CreateCampaign(actor="ben", account="acc_brand", campaign="new")
    yes(market(), other, rulebook=Rulebook(limits=Limits(campaigns_per_account=1)))
    no_pixel = CreateAd(actor="max", ad_group="ag_track", ad="new")
    yes(market(), no_pixel, rulebook=Rulebook(limits=Limits(ads_per_pixel=1)))


@pytest.mark.parametrize("kind", ["campaign", "ad_group", "ad"])
def test_R16_switching_off_on_and_deleting(kind):
    key = {"campaign": "camp", "ad_group": "ag_run", "ad": "ad_run"}[kind]
    switch = Switch(actor="max", kind=kind, id=key, to="off")
    on = dataclasses.replace(switch, to="on")
    no(market(), on, Cause.ALREADY_SO, "R16")
    off = yes(market(), switch)
    assert not is_delivering(off, "ag_run", 0)
    no(off, switch, Cause.ALREADY_SO, "R16")
    assert is_delivering(yes(off, on), "ag_run", 0)
    gone = yes(market(), dataclasses.replace(switch, to="deleted"))
    assert ad_group_status(gone, "ag_run", 0) is (DeliveryStatus.CREATE if kind == "ad" else DeliveryStatus.DELETE)
    for to in ("on", "off", "deleted"):
        no(gone, dataclasses.replace(switch, to=to), Cause.DELETED, "R16")
    no(market(), dataclasses.replace(switch, id="nothing"), Cause.UNKNOWN_ID, "R16")
    no(market(), dataclasses.replace(switch, actor="ben"), Cause.ASSET_NOT_ASSIGNED, "R16")


def test_R16_nothing_is_switched_under_what_is_deleted():
    gone = market().changed("campaigns", "camp", deleted=True)
    for kind, key in (("ad_group", "ag_run"), ("ad", "ad_run")):
        decision = no(gone, Switch(actor="max", kind=kind, id=key, to="off"), Cause.DELETED, "R16")
        assert decision.reason == "Campaign camp is deleted and cannot be changed."
    gone = market().changed("ad_groups", "ag_run", deleted=True)
    decision = no(gone, Switch(actor="max", kind="ad", id="ad_run", to="off"), Cause.DELETED, "R16")
    assert decision.reason == "Ad group ag_run is deleted and cannot be changed."


def test_R16a_an_ad_takes_the_pixel_of_its_ad_group():
    assert yes(market(), AD).ads["new"].tracking_pixel == "px"
    assert yes(market(), dataclasses.replace(AD, tracking_pixel="px")).ads["new"].tracking_pixel == "px"
    no(market(), dataclasses.replace(AD, tracking_pixel="px_new"), Cause.NOT_ALLOWED_VALUE, "R16a")


def test_R16a_a_tracking_pixel_is_any_accessible_one_where_the_ad_group_has_none():
    assert yes(market(), TRACKING_AD).ads["new"].tracking_pixel == "px"
    no(market(), dataclasses.replace(TRACKING_AD, tracking_pixel="px_new"), Cause.NOT_IN_BC, "R03")
    assert yes(market(), dataclasses.replace(TRACKING_AD, tracking_pixel=None)).ads["new"].tracking_pixel is None


def test_R16a_a_tracking_pixel_may_change_and_an_optimisation_pixel_may_not():
    change = SetTrackingPixel(actor="max", ad="ad_track", pixel=None)
    assert yes(market(), change).ads["ad_track"].tracking_pixel is None
    no(market(), dataclasses.replace(change, pixel="px"), Cause.ALREADY_SO, "R16a")
    no(market(), dataclasses.replace(change, pixel="px_new"), Cause.NOT_IN_BC, "R03")
    no(market(), dataclasses.replace(change, ad="nothing"), Cause.UNKNOWN_ID, "R16a")
    no(market(), dataclasses.replace(change, actor="ben"), Cause.ASSET_NOT_ASSIGNED, "R16a")
    no(market(), dataclasses.replace(change, ad="ad_run"), Cause.NOT_ALLOWED_VALUE, "R16a")
    gone = market().changed("ads", "ad_track", deleted=True)
    no(gone, change, Cause.DELETED, "R16a")


def test_R16a_a_lost_tracking_pixel_may_be_exchanged_to_deliver_again():
    cut = yes(market(), UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True))
    free = yes(cut, SetTrackingPixel(actor="max", ad="ad_track", pixel=None))
    assert not is_delivering(cut, "ag_track", 0)
    assert is_delivering(free, "ag_track", 0)


@pytest.mark.parametrize("field", ["click_days", "engaged_view_days", "view_days"])
def test_R16a_windows_are_those_that_the_platform_has(field):
    allowed = {"click_days": CLICK_DAYS, "engaged_view_days": ENGAGED_VIEW_DAYS, "view_days": VIEW_DAYS}[field]
    for value in range(31):
        action = dataclasses.replace(GROUP, **{field: value})
        if value in allowed:
            assert getattr(yes(market(), action).ad_groups["new"], field) == value
        else:
            decision = no(market(), action, Cause.NOT_ALLOWED_VALUE, "R16a")
            assert decision.remedies == (f"choose one of {', '.join(map(str, allowed))}",)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"click_days": 1}, "click_days"),
        ({"view_days": 0, "count": CountMode.ONCE}, "view_days and count"),
        ({}, "attribution"),
    ],
)
def test_R16a_windows_and_count_are_fixed_once_published(changes, field):
    action = SetAttribution(actor="max", ad_group="ag_run", **changes)
    decision = no(market(), action, Cause.PUBLISHED, "R16a")
    assert dict(decision.facts)["field"] == field
    no(market(), dataclasses.replace(action, ad_group="nothing"), Cause.UNKNOWN_ID, "R16a")
