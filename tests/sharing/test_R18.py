"""Audiences built from a pixel: who builds, targets, shares and deletes them."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import DOCUMENTED, market, no, settings, worded, yes

from pixelsim.base.clock import DAY, HOUR
from pixelsim.sharing import Cause, Rulebook, may_use_audience
from pixelsim.sharing.actions import (
    BuildAudience,
    BuildLookalike,
    CreateAd,
    CreateAdGroup,
    CreateCampaign,
    DeleteAudience,
    ShareAudience,
    Switch,
    UnlinkPixel,
    UnshareAudience,
)
from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    AudienceAfter,
    DeliveryStatus,
    World,
    ad_group_status,
    queries,
)

GROUP = CreateAdGroup(actor="max", campaign="camp", ad_group="new", pixel="px")
NEW_AD = CreateAd(actor="max", ad_group="new", ad="new")


def role(world: World, value: AccountRole) -> World:
    held = AccountAssignment(role=value, via="bc_agency")
    return world.with_item("account_people", ("acc_agency", "max"), held)


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
    world = yes(market(), dataclasses.replace(GROUP, audiences=("aud",)), NEW_AD)
    assert use(world, at=1000 * DAY) is Cause.ALLOWED
    assert use(yes(world, Switch(actor="max", kind="ad_group", id="new", to="off")), at=1000 * DAY) is Cause.EXPIRED


@pytest.mark.parametrize("key", ["new", "camp"])
@pytest.mark.parametrize("to", ["off", "deleted"])
def test_R18_the_year_of_an_audience_counts_from_the_end_of_its_delivery(key, to):
    world = yes(market(), dataclasses.replace(GROUP, audiences=("aud",)), NEW_AD)
    kind = "ad_group" if key == "new" else "campaign"
    off = yes(world, Switch(actor="max", kind=kind, id=key, to=to), at=300 * DAY)
    assert use(off, at=665 * DAY) is Cause.ALLOWED
    assert use(off, at=665 * DAY + 1) is Cause.EXPIRED
    resting = yes(world, Switch(actor="max", kind="ad", id="new", to="off"), at=0)
    late = yes(resting, Switch(actor="max", kind=kind, id=key, to=to), at=300 * DAY)
    assert use(late, at=366 * DAY) is Cause.EXPIRED, "what rests uses no audience"


def test_R18_a_schedule_that_ends_ends_the_use_of_an_audience():
    ended = yes(market(), dataclasses.replace(GROUP, audiences=("aud",), end=200 * DAY), NEW_AD)
    assert use(ended, at=565 * DAY) is Cause.ALLOWED
    assert use(ended, at=565 * DAY + 1) is Cause.EXPIRED


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
    world = yes(market(), group, NEW_AD, CUT, rulebook=rulebook)
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
    world = yes(world, group, NEW_AD, CUT, rulebook=rulebook)
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
        CreateAd(actor="max", ad_group="there", ad="there"),
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
