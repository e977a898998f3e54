"""Unlinking, unsharing, the guard, what stops, and what goes on."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import market, no, settings, yes

from pixelsim.base.clock import DAY
from pixelsim.sharing import (
    PRESETS,
    AfterRelink,
    Cause,
    Guard,
    GuardAppliesTo,
    Rulebook,
    StopFirst,
    UnsharePolicy,
    apply,
    to_stop_first,
)
from pixelsim.sharing.actions import (
    AssignPixel,
    CreateAd,
    CreateAdGroup,
    GrantAccountAccess,
    LinkPixel,
    RemoveMember,
    RemovePartner,
    Switch,
    UnassignPixel,
    UnlinkPixel,
    UnsharePixel,
)
from pixelsim.sharing.revoking import links_over_partnership, links_through
from pixelsim.world import (
    AccountGrant,
    AccountRole,
    Ad,
    AdGroup,
    BusinessRole,
    DeliveryStatus,
    Effect,
    Link,
    Partnership,
    Pixel,
    PixelLevel,
    PixelShare,
    World,
    ad_group_status,
    ad_status,
    is_delivering,
)

UNLINK = UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency")
UNSHARE = UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_agency")
REMOVE = RemovePartner(actor="ann", bc="bc_brand", partner="bc_agency")
ENDINGS = {"unlink": UNLINK, "unshare": UNSHARE, "remove partner": REMOVE}
ON_PX = ("ag_run", "ad_track")
"""What delivers on the pixel in the market; ``ag_later`` is scheduled."""


def stopped(world: World) -> World:
    """Switch off all that uses the pixel."""
    return yes(
        world,
        Switch(actor="max", kind="ad_group", id="ag_run", to="off"),
        Switch(actor="max", kind="ad", id="ad_track", to="off"),
        Switch(actor="max", kind="ad_group", id="ag_later", to="off"),
    )


def test_R11_the_creating_account_is_never_unlinked():
    own = dataclasses.replace(UNLINK, account="acc_brand", force=True)
    decision = no(market(), own, Cause.CREATOR_STAYS, "R11")
    assert decision.remedies == ("leave the link, and stop the account's ads instead",)
    recorded = market(links={("px", "acc_brand"): Link(by_bc="bc_brand")})
    no(recorded, own, Cause.CREATOR_STAYS, "R11")


def test_R11_the_creating_account_keeps_its_link_when_its_business_center_is_unshared():
    world = market().changed("pixels", "px", creator="acc_agency")
    world = yes(world, UNSHARE, rulebook=Rulebook(policy=PRESETS["pause"]))
    assert is_delivering(world, "ag_run", 0)
    assert ("px", "acc_agency") not in world.unbound


def test_R11_other_links_may_be_removed():
    assert ("px", "acc_agency") not in yes(stopped(market()), UNLINK).links


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"actor": "tom", "bc": "bc_third"}, Cause.NOT_OWNER),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID),
        ({"account": "nowhere"}, Cause.UNKNOWN_ID),
        ({"account": "acc_brand2"}, Cause.NOT_LINKED),
    ],
)
def test_R12_unlinking_is_refused(changes, cause):
    no(stopped(market()), dataclasses.replace(UNLINK, **changes), cause, "R12")


GUARDS = {
    Guard.NONE: ((), ("ag_later",)),
    Guard.ACTIVE: (ON_PX, ("ag_later",)),
    Guard.ACTIVE_AND_SCHEDULED: ((*ON_PX, "ag_later"), ()),
}


@pytest.mark.parametrize("guard", list(Guard))
@pytest.mark.parametrize("ending", list(ENDINGS))
def test_R12_the_guard_lists_every_blocking_object_and_the_scheduled_ones_apart(ending, guard):
    policy = UnsharePolicy.of(guard, Effect.NOT_DELIVERING)
    blocking, scheduled = GUARDS[guard]
    decision = apply(market(), ENDINGS[ending], Rulebook(policy=policy), 0).decision
    assert (decision.blocking, decision.scheduled) == (blocking, scheduled)
    assert decision.refused is bool(blocking)
    if decision.refused:
        assert (decision.rule, decision.cause) == ("R12", Cause.ACTIVE_CAMPAIGNS)
        assert all(key in decision.reason for key in (*blocking, *scheduled))


@pytest.mark.parametrize("ending", list(ENDINGS))
def test_R12_is_met_once_everything_is_stopped(ending):
    no(market(), ENDINGS[ending], Cause.ACTIVE_CAMPAIGNS, "R12")
    yes(stopped(market()), ENDINGS[ending])


def test_R12_account_and_partner_have_a_guard_of_their_own():
    free, strict = PRESETS["continue"], PRESETS["strict"]
    mixed = Rulebook(policy=dataclasses.replace(strict, partner=free.partner))
    no(market(), UNLINK, Cause.ACTIVE_CAMPAIGNS, "R12", rulebook=mixed)
    yes(market(), UNSHARE, rulebook=mixed)


@pytest.mark.parametrize("applies", list(GuardAppliesTo))
@pytest.mark.parametrize("api", [False, True])
@pytest.mark.parametrize("ending", list(ENDINGS))
def test_R12_whether_the_api_is_guarded_is_a_setting(ending, api, applies):
    rulebook = Rulebook(policy=UnsharePolicy(guard_applies_to=applies))
    action = dataclasses.replace(ENDINGS[ending], api=api)
    if api and applies is GuardAppliesTo.UI_ONLY:
        yes(market(), action, rulebook=rulebook)
    else:
        no(market(), action, Cause.ACTIVE_CAMPAIGNS, "R12", rulebook=rulebook)


@pytest.mark.parametrize("ending", list(ENDINGS))
def test_R12_force_passes_the_guard(ending):
    yes(market(), dataclasses.replace(ENDINGS[ending], force=True))


@pytest.mark.parametrize(
    "spared",
    [
        lambda w: w.changed("ad_accounts", "acc_agency", status="STATUS_LIMIT"),
        lambda w: w.changed("campaigns", "camp", on=False),
        lambda w: w.changed("campaigns", "camp", deleted=True),
        lambda w: w.changed("ads", "ad_run", on=False).changed("ads", "ad_track", deleted=True),
        lambda w: w.changed("ad_groups", "ag_run", end=0).changed("ad_groups", "ag_track", deleted=True),
        lambda w: w.changed("ad_groups", "ag_run", review_until=1).changed("ad_groups", "ag_track", on=False),
    ],
)
def test_R12_only_what_delivers_now_is_active(spared):
    yes(spared(market()), UNLINK)


def test_R12_a_scheduled_tracking_only_ad_is_named_unless_it_is_off():
    later = AdGroup(id="ag_t2", campaign="camp", name="Tracking later", start=DAY)
    ad = Ad(id="ad_t2", ad_group="ag_t2", name="Tracking later", tracking_pixel="px")
    world = market(ad_groups={"ag_t2": later}, ads={"ad_t2": ad})
    assert apply(world, UNLINK, Rulebook(), 0).decision.scheduled == ("ag_later", "ad_t2")
    off = world.changed("ads", "ad_t2", on=False)
    assert apply(off, UNLINK, Rulebook(), 0).decision.scheduled == ("ag_later",)


def test_R13_after_an_unlink_nothing_new_and_existing_ads_are_paused():
    world = yes(market(), dataclasses.replace(UNLINK, force=True), at=DAY)
    assert ad_group_status(world, "ag_run", DAY) is DeliveryStatus.PIXEL_UNBIND
    assert ad_status(world, "ad_track", DAY) is DeliveryStatus.PIXEL_UNBIND
    assert world.campaigns["camp"].on
    assert world.ad_groups["ag_run"].on
    no(world, CreateAdGroup(actor="max", campaign="camp", ad_group="new", pixel="px"), Cause.REVOKED, "R16", at=DAY)
    no(world, CreateAd(actor="max", ad_group="ag_run", ad="new"), Cause.REVOKED, "R16", at=DAY)
    no(world, CreateAd(actor="max", ad_group="ag_track", ad="new", tracking_pixel="px"), Cause.REVOKED, "R16", at=DAY)
    yes(world, CreateAd(actor="max", ad_group="ag_track", ad="new"), at=DAY)


@pytest.mark.parametrize("tracking", list(Effect))
@pytest.mark.parametrize("partner", list(Effect))
@pytest.mark.parametrize("account", list(Effect))
def test_R13_effect_is_a_setting_for_account_partner_and_tracking_only(account, partner, tracking):
    base = UnsharePolicy(tracking_only=tracking)
    policy = dataclasses.replace(
        base,
        account=dataclasses.replace(base.account, effect=account),
        partner=dataclasses.replace(base.partner, effect=partner),
    )
    statuses = {Effect.NOT_DELIVERING: DeliveryStatus.PIXEL_UNBIND, Effect.KEEP_DELIVERING: DeliveryStatus.DELIVERY_OK}
    for action, effect in ((UNLINK, account), (UNSHARE, partner), (REMOVE, partner)):
        world = yes(market(), dataclasses.replace(action, force=True), rulebook=Rulebook(policy=policy))
        assert ad_group_status(world, "ag_run", 0) is statuses[effect]
        assert ad_status(world, "ad_run", 0) is statuses[effect]
        assert ad_status(world, "ad_track", 0) is statuses[tracking]


def test_R13_a_scheduled_ad_group_never_starts_once_its_pixel_is_gone():
    world = yes(market(), dataclasses.replace(UNLINK, force=True))
    for at in (0, 5 * DAY):
        assert ad_group_status(world, "ag_later", at) is DeliveryStatus.PIXEL_UNBIND


def test_R14_share_and_links_of_the_partner_are_gone():
    world = yes(market(), LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency2"))
    world = yes(world, dataclasses.replace(UNSHARE, force=True), at=9)
    assert ("px", "bc_agency") not in world.shares
    assert not world.links
    assert {key: tomb.at for key, tomb in world.unbound.items()} == {("px", "acc_agency"): 9, ("px", "acc_agency2"): 9}
    no(world, LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency2"), Cause.NO_ACCESS, "R09")
    for account, campaign in (("acc_agency", "camp"),):
        action = CreateAdGroup(actor="max", campaign=campaign, ad_group=f"new_{account}", pixel="px")
        no(world, action, Cause.REVOKED, "R16")


def test_R14_reaches_the_partners_accounts_that_the_owner_linked():
    world = yes(
        market(),
        GrantAccountAccess(actor="amy", bc="bc_agency", account="acc_agency2", partner="bc_brand"),
        LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency2"),
        LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_brand2"),
    )
    assert world.links["px", "acc_agency2"].by_bc == "bc_brand"
    assert links_through(world, "px", "bc_agency") == [("px", "acc_agency"), ("px", "acc_agency2")]
    world = yes(world, dataclasses.replace(UNSHARE, force=True))
    assert set(world.links) == {("px", "acc_brand2")}


def test_R14_levels_that_the_partner_gave_end_with_the_share_and_others_stay():
    world = yes(
        market(members={("bc_brand", "tom"): BusinessRole.STANDARD}),
        AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max"),
        AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="tom", level=PixelLevel.EDIT),
    )
    for ending in (UNSHARE, REMOVE):
        after = yes(world, dataclasses.replace(ending, force=True))
        assert set(after.pixel_people) == {("px", "tom")}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"actor": "amy", "bc": "bc_agency"}, Cause.NOT_OWNER),
        ({"partner": "bc_third"}, Cause.NOT_SHARED),
        ({"partner": "bc_brand"}, Cause.NOT_SHARED),
        ({"partner": "nowhere"}, Cause.UNKNOWN_ID),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID),
        ({"pixel": "px_new"}, Cause.NOT_OWNER),
    ],
)
def test_R14_unsharing_is_refused(changes, cause):
    no(market(), dataclasses.replace(UNSHARE, **changes), cause, "R14")


def test_R14_removing_the_partner_ends_shares_links_and_roles_both_ways():
    world = market(
        pixels={"px_a": Pixel(code="px_a", number="4", name="A", creator="acc_agency", owner_bc="bc_agency")},
        shares={("px_a", "bc_brand"): PixelShare()},
        links={("px_a", "acc_brand2"): Link(by_bc="bc_brand")},
        account_grants={
            ("bc_agency", "acc_brand"): AccountGrant(role=AccountRole.OPERATOR),
            ("bc_brand", "acc_agency"): AccountGrant(role=AccountRole.ANALYST),
            ("bc_third", "acc_brand"): AccountGrant(role=AccountRole.ANALYST),
        },
        partnerships={("bc_brand", "bc_third"): Partnership()},
    )
    assert links_over_partnership(world, "bc_agency", "bc_brand") == [("px", "acc_agency"), ("px_a", "acc_brand2")]
    for action in (REMOVE, RemovePartner(actor="amy", bc="bc_agency", partner="bc_brand")):
        after = yes(world, dataclasses.replace(action, force=True))
        assert not after.shares
        assert not after.links
        assert set(after.account_grants) == {("bc_third", "acc_brand")}
        assert after.partnerships["bc_brand", "bc_agency"].status == "REMOVED"
        assert after.partnerships["bc_brand", "bc_third"].status == "BOUND"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"partner": "bc_third"}, Cause.NOT_PARTNER),
        ({"partner": "bc_brand"}, Cause.NOT_PARTNER),
        ({"partner": "nowhere"}, Cause.UNKNOWN_ID),
    ],
)
def test_R14_removing_a_partner_is_refused(changes, cause):
    no(market(), dataclasses.replace(REMOVE, **changes), cause, "R14")


def test_R15_unsharing_stops_neither_delivery_nor_schedule_where_the_partner_keeps_delivering():
    world = yes(market(), dataclasses.replace(UNSHARE, force=True))
    assert is_delivering(world, "ag_run", 0)
    assert ad_group_status(world, "ag_later", 0) is DeliveryStatus.NOT_START
    assert is_delivering(world, "ag_later", 5 * DAY)


def test_R15_what_is_scheduled_is_named_even_where_the_unshare_is_allowed():
    world = yes(market(), Switch(actor="max", kind="ad_group", id="ag_run", to="off"))
    world = yes(world, Switch(actor="max", kind="ad", id="ad_track", to="off"))
    decision = apply(world, UNSHARE, Rulebook(), 0).decision
    assert decision.allowed
    assert decision.scheduled == ("ag_later",)


@pytest.mark.parametrize("reading", list(StopFirst))
def test_R15_how_stop_first_is_read_is_a_setting(reading):
    rulebook = Rulebook(policy=UnsharePolicy(stop_first=reading))
    pairs = [("px", "acc_agency")]
    expected = {StopFirst.DELIVERING: (*ON_PX, "ag_later"), StopFirst.UNDER_PACING: ("ad_track", "ag_later")}
    assert to_stop_first(market(), pairs, rulebook, 0, under_pacing={"ad_track"}) == expected[reading]
    assert to_stop_first(stopped(market()), pairs, rulebook, 0, under_pacing={"ad_track"}) == ()


@pytest.mark.parametrize("choice", list(AfterRelink))
def test_R15_whether_delivery_resumes_after_a_relink_is_a_setting(choice):
    rulebook = settings(after_relink=choice)
    world = yes(market(), dataclasses.replace(UNLINK, force=True))
    world = yes(world, LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency"), rulebook=rulebook)
    assert ("px", "acc_agency") not in world.unbound
    resumed = choice is AfterRelink.RESUMES
    expected = DeliveryStatus.DELIVERY_OK if resumed else DeliveryStatus.PIXEL_UNBIND
    assert ad_group_status(world, "ag_run", 0) is expected
    assert ad_status(world, "ad_track", 0) is expected
    on = (
        Switch(actor="max", kind="ad_group", id="ag_run", to="on"),
        Switch(actor="max", kind="ad", id="ad_track", to="on"),
    )
    if resumed:
        for action in on:
            no(world, action, Cause.ALREADY_SO, "R16")
    else:
        world = yes(world, *on)
        assert ad_group_status(world, "ag_run", 0) is DeliveryStatus.DELIVERY_OK
        assert ad_status(world, "ad_track", 0) is DeliveryStatus.DELIVERY_OK
        later = Switch(actor="max", kind="ad_group", id="ag_later", to="off")
        assert yes(world, later).ad_groups["ag_later"].waiting


def test_R15_nothing_waits_by_hand_where_nothing_had_stopped():
    rulebook = Rulebook(policy=PRESETS["continue"], settings=settings(after_relink=AfterRelink.BY_HAND).settings)
    world = yes(
        market(), UNLINK, LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency"), rulebook=rulebook
    )
    assert not any(group.waiting for group in world.ad_groups.values())
    assert not any(ad.waiting for ad in world.ads.values())


def member_with_level() -> World:
    return yes(market(), AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben", level=PixelLevel.EDIT))


TAKE = UnassignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben")


def test_R15a_taking_a_pixel_from_a_member_touches_no_link_and_no_delivery():
    before = member_with_level()
    world = yes(before, TAKE)
    assert not world.pixel_people
    assert (world.links, world.ad_groups, world.ads) == (before.links, before.ad_groups, before.ads)
    assert is_delivering(world, "ag_run", 0)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID),
        ({"person": "nobody"}, Cause.UNKNOWN_ID),
        ({"person": "cleo"}, Cause.ALREADY_SO),
        ({"actor": "amy", "bc": "bc_agency"}, Cause.NOT_OWNER),
        ({"actor": "tom", "bc": "bc_third", "person": "cleo"}, Cause.NOT_OWNER),
    ],
)
def test_R15a_taking_a_pixel_away_is_refused(changes, cause):
    no(member_with_level(), dataclasses.replace(TAKE, **changes), cause, "R15a")


def test_R15a_a_partner_takes_away_what_it_gave():
    world = yes(market(), AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max"))
    for actor, bc in (("amy", "bc_agency"), ("ann", "bc_brand")):
        assert not yes(world, UnassignPixel(actor=actor, bc=bc, pixel="px", person="max")).pixel_people


def test_R15a_removing_a_member_ends_what_came_through_that_business_center_only():
    world = yes(market(), AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max"))
    world = market(
        pixel_people=world.pixel_people,
        account_people={("acc_solo", "max"): market().account_people["acc_solo", "tom"]},
    )
    after = yes(world, RemoveMember(actor="amy", bc="bc_agency", person="max"))
    assert ("bc_agency", "max") not in after.members
    assert not after.pixel_people
    assert [key for key in after.account_people if key[1] == "max"] == [("acc_solo", "max")]
    assert after.links == world.links
    assert is_delivering(after, "ag_run", 0)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "max"}, Cause.ROLE_TOO_LOW),
        ({"person": "ben"}, Cause.NOT_A_MEMBER),
        ({"person": "nobody"}, Cause.UNKNOWN_ID),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID),
    ],
)
def test_R15a_removing_a_member_is_refused(changes, cause):
    action = RemoveMember(actor="amy", bc="bc_agency", person="max")
    no(market(), dataclasses.replace(action, **changes), cause, "R15a")
