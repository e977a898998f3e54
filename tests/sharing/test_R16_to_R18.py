"""Using a pixel: campaigns, ad groups, ads, and audiences."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import DOCUMENTED, market, no, settings, worded, yes

from pixelsim.base.clock import DAY, HOUR
from pixelsim.sharing import Cause, Limits, Rulebook, may_use_audience
from pixelsim.sharing.actions import (
    BuildAudience,
    BuildLookalike,
    CreateAd,
    CreateAdGroup,
    CreateCampaign,
    DeleteAudience,
    SetAttribution,
    SetTrackingPixel,
    ShareAudience,
    Switch,
    UnlinkPixel,
    UnshareAudience,
)
from pixelsim.sharing.using import CLICK_DAYS, ENGAGED_VIEW_DAYS, VIEW_DAYS, may_use_pixel
from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    AccountStatus,
    AudienceAfter,
    CountMode,
    DeliveryStatus,
    World,
    ad_group_status,
    is_delivering,
    queries,
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
    assert ad_group_status(gone, "ag_run", 0) is (DeliveryStatus.DELIVERY_OK if kind == "ad" else DeliveryStatus.DELETE)
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


BUILD = BuildAudience(actor="max", account="acc_agency", audience="new", pixel="px")


@pytest.mark.parametrize("value", list(AccountRole))
def test_R18_takes_an_admin_or_operator_of_an_account_with_access(value):
    world = role(market(), value)
    if value is AccountRole.ANALYST:
        no(world, BUILD, Cause.LEVEL_TOO_LOW, "R18")
    else:
        made = yes(world, BUILD, at=DAY).audiences["new"]
        assert (made.account, made.pixel, made.built_at) == ("acc_agency", "px", DAY)


def test_R18_works_for_own_and_shared_pixels_alike():
    yes(market(), dataclasses.replace(BUILD, actor="ben", account="acc_brand"))
    no(market(), dataclasses.replace(BUILD, account="acc_agency2"), Cause.OWNED_NOT_LINKED, "R18")
    no(market(), dataclasses.replace(BUILD, actor="tom", account="acc_third"), Cause.NO_ACCESS, "R18")


@pytest.mark.parametrize(("days", "allowed"), [(0, False), (1, True), (180, True), (181, False)])
def test_R18_look_back_is_1_to_180_days(days, allowed):
    action = dataclasses.replace(BUILD, look_back_days=days)
    if allowed:
        yes(market(), action)
    else:
        no(market(), action, Cause.NOT_ALLOWED_VALUE, "R18")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"audience": "aud"}, Cause.DUPLICATE_ID),
        ({"audience": ""}, Cause.NOT_ALLOWED_VALUE),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID),
        ({"active_bc": "bc_brand"}, Cause.WRONG_BC),
    ],
)
def test_R18_building_is_refused(changes, cause):
    no(market(), dataclasses.replace(BUILD, **changes), cause, "R18")


def use(
    world: World, *, matched: int = 1000, at: int = 0, account: str = "acc_agency", rulebook: Rulebook = DOCUMENTED
):
    decision = may_use_audience(world, "max", "aud", account, matched=matched, rulebook=rulebook, at=at)
    assert worded(decision)
    assert decision.rule == "R18"
    return decision.cause


@pytest.mark.parametrize("minimum", [1000, 1])
def test_R18_size_is_counted_in_people(minimum):
    rulebook = settings(audience_minimum=minimum)
    assert use(market(), matched=minimum - 1, rulebook=rulebook) is Cause.TOO_SMALL
    assert use(market(), matched=minimum, rulebook=rulebook) is Cause.ALLOWED


@pytest.mark.parametrize("hours", [0, 24, 48])
def test_R18_readiness_is_a_setting(hours):
    rulebook = settings(audience_ready_hours=float(hours))
    world = market().changed("audiences", "aud", built_at=0)
    assert use(world, at=hours * HOUR, rulebook=rulebook) is Cause.ALLOWED
    if hours:
        assert use(world, at=hours * HOUR - 1, rulebook=rulebook) is Cause.NOT_READY
        group = dataclasses.replace(GROUP, audiences=("aud",))
        no(world, group, Cause.NOT_READY, "R18", rulebook=rulebook, at=hours * HOUR - 1)
        yes(world, group, rulebook=rulebook, at=hours * HOUR)


@pytest.mark.parametrize("days", [365, 180])
def test_R18_expiry_counts_from_the_last_use_and_is_a_setting(days):
    rulebook = settings(audience_expiry_days=float(days))
    world = market().changed("audiences", "aud", built_at=0)
    assert use(world, at=days * DAY, rulebook=rulebook) is Cause.ALLOWED
    assert use(world, at=days * DAY + 1, rulebook=rulebook) is Cause.EXPIRED
    applied = yes(world, dataclasses.replace(GROUP, audiences=("aud",), end=11 * DAY), rulebook=rulebook, at=10 * DAY)
    assert applied.audiences["aud"].last_used == 10 * DAY
    assert use(applied, at=(10 + days) * DAY, rulebook=rulebook) is Cause.ALLOWED
    assert use(applied, at=(10 + days) * DAY + 1, rulebook=rulebook) is Cause.EXPIRED


def test_R18_an_audience_in_delivery_does_not_expire():
    world = yes(market(), dataclasses.replace(GROUP, audiences=("aud",)))
    assert use(world, at=1000 * DAY) is Cause.ALLOWED
    assert use(yes(world, Switch(actor="max", kind="ad_group", id="new", to="off")), at=1000 * DAY) is Cause.EXPIRED


def test_R18_targeting_is_refused():
    group = dataclasses.replace(GROUP, audiences=("aud",))
    no(market(), dataclasses.replace(group, audiences=("nothing",)), Cause.UNKNOWN_ID, "R18")
    no(market().changed("audiences", "aud", deleted=True), group, Cause.DELETED, "R18")
    no(market().changed("audiences", "aud", account="acc_agency2"), group, Cause.AUDIENCE_NOT_SHARED, "R18")
    yes(market().changed("audiences", "aud", account="acc_agency2", shared_with=("acc_agency",)), group)
    assert (
        may_use_audience(market(), "ben", "aud", "acc_agency", matched=10, rulebook=DOCUMENTED, at=0).cause
        is Cause.ASSET_NOT_ASSIGNED
    )
    assert (
        may_use_audience(market(), "max", "nothing", "acc_agency", matched=10, rulebook=DOCUMENTED, at=0).cause
        is Cause.UNKNOWN_ID
    )


CUT = UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True)
AFTER = {
    # delivering at once, delivering after the deadline of 3 days, usable at once, usable after the deadline
    AudienceAfter.FROZEN: (True, True, True, True),
    AudienceAfter.LOST: (True, True, False, False),
    AudienceAfter.DEADLINE: (True, False, True, False),
    AudienceAfter.PAUSE_USERS: (False, False, False, False),
}


@pytest.mark.parametrize("after", list(AudienceAfter))
def test_R18_what_becomes_of_an_audience_after_access_ends_is_a_setting(after):
    rulebook = settings(audience_after_access=after, audience_deadline_days=3.0)
    group = CreateAdGroup(actor="max", campaign="camp", ad_group="new", audiences=("aud",))
    world = yes(market(), group, CUT, rulebook=rulebook)
    runs_now, runs_later, usable_now, usable_later = AFTER[after]
    for at, runs, usable in ((3 * DAY - 1, runs_now, usable_now), (3 * DAY, runs_later, usable_later)):
        expected = DeliveryStatus.DELIVERY_OK if runs else DeliveryStatus.ASSET_AUTHORIZATION_LOST
        assert ad_group_status(world, "new", at) is expected
        assert use(world, at=at, rulebook=rulebook) is (Cause.ALLOWED if usable else Cause.AUDIENCE_GONE)
    no(world, BUILD, Cause.REVOKED, "R18", rulebook=rulebook)


@pytest.mark.parametrize("after", list(AudienceAfter))
def test_R18_a_lookalike_has_its_own_members_and_stays(after):
    rulebook = settings(audience_after_access=after, audience_deadline_days=0.0)
    world = yes(market(), BuildLookalike(actor="max", account="acc_agency", audience="like", seed="aud"), at=-2 * DAY)
    group = CreateAdGroup(actor="max", campaign="camp", ad_group="new", audiences=("like",))
    world = yes(world, group, CUT, rulebook=rulebook)
    assert ad_group_status(world, "new", DAY) is DeliveryStatus.DELIVERY_OK
    decision = may_use_audience(world, "max", "like", "acc_agency", matched=1000, rulebook=rulebook, at=DAY)
    assert decision.allowed


LIKE = BuildLookalike(actor="max", account="acc_agency", audience="like", seed="aud")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ASSET_NOT_ASSIGNED),
        ({"audience": "aud"}, Cause.DUPLICATE_ID),
        ({"seed": "nothing"}, Cause.UNKNOWN_ID),
        ({"account": "acc_agency2"}, Cause.AUDIENCE_NOT_SHARED),
    ],
)
def test_R18_a_lookalike_is_made_from_an_audience_of_the_accounts_own(changes, cause):
    assert yes(market(), LIKE).audiences["like"].seed == "aud"
    no(market(), dataclasses.replace(LIKE, **changes), cause, "R18")


def test_R18_a_lookalike_is_not_made_from_a_deleted_seed():
    no(market().changed("audiences", "aud", deleted=True), LIKE, Cause.DELETED, "R18")


GIVE = ShareAudience(actor="max", audience="aud", account="acc_agency2")


def test_R18_audiences_are_shared_inside_one_business_center():
    world = yes(market(), GIVE)
    assert world.audiences["aud"].shared_with == ("acc_agency2",)
    no(world, GIVE, Cause.ALREADY_SO, "R18")
    no(market(), dataclasses.replace(GIVE, account="acc_agency"), Cause.ALREADY_SO, "R18")
    no(market(), dataclasses.replace(GIVE, account="acc_brand2"), Cause.OTHER_BC, "R18")
    no(market(), dataclasses.replace(GIVE, account="nowhere"), Cause.UNKNOWN_ID, "R18")
    no(market(), dataclasses.replace(GIVE, audience="nothing"), Cause.UNKNOWN_ID, "R18")
    no(market(), dataclasses.replace(GIVE, actor="ben"), Cause.ASSET_NOT_ASSIGNED, "R18")
    no(market(), GIVE, Cause.EXPIRED, "R18", at=400 * DAY)
    alone = (
        market()
        .changed("ad_accounts", "acc_agency", owner_bc=None)
        .changed("ad_accounts", "acc_agency2", owner_bc=None)
    )
    by_name = alone.with_item("account_people", ("acc_agency", "max"), AccountAssignment(role=AccountRole.OPERATOR))
    no(by_name, GIVE, Cause.OTHER_BC, "R18")


def test_R18_the_receivers_ad_groups_are_disconnected_when_sharing_ends():
    world = yes(
        market(),
        GIVE,
        CreateCampaign(actor="max", account="acc_agency2", campaign="camp2"),
        CreateAdGroup(actor="max", campaign="camp2", ad_group="there", audiences=("aud",)),
        CreateAdGroup(actor="max", campaign="camp", ad_group="here", audiences=("aud",)),
    )
    take = UnshareAudience(actor="max", audience="aud", account="acc_agency2")
    after = yes(world, take)
    assert after.ad_groups["there"].audiences == ()
    assert after.ad_groups["here"].audiences == ("aud",)
    assert ad_group_status(after, "there", 0) is DeliveryStatus.DELIVERY_OK
    no(after, take, Cause.ALREADY_SO, "R18")
    no(world, dataclasses.replace(take, audience="nothing"), Cause.UNKNOWN_ID, "R18")


def test_R18_a_deleted_audience_is_gone_for_good_even_when_it_has_expired():
    delete = DeleteAudience(actor="max", audience="aud")
    gone = yes(market(), delete, at=400 * DAY)
    assert gone.audiences["aud"].deleted
    no(gone, delete, Cause.DELETED, "R18")
    no(market(), dataclasses.replace(delete, actor="ben"), Cause.ASSET_NOT_ASSIGNED, "R18")
    no(market(), dataclasses.replace(delete, audience="nothing"), Cause.UNKNOWN_ID, "R18")


def test_R18_an_audience_that_does_not_exist_stops_what_targets_it():
    world = market().changed("ad_groups", "ag_run", audiences=("nothing",))
    assert ad_group_status(world, "ag_run", 0) is DeliveryStatus.ASSET_AUTHORIZATION_LOST
    assert queries.audience_stopped(market(), market().audiences["aud"], 0) is False
