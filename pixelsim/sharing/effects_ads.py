"""What an allowed action does to websites, campaigns, audiences and payment methods: one pure function for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pixelsim.sharing import actions as do
from pixelsim.sharing.ad_edits import edit_ad_group, review_ends
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import Ad, AdGroup, Audience, Campaign
from pixelsim.world.queries import account_of_ad_group
from pixelsim.world.relations import PaymentShare
from pixelsim.world.status import is_delivering
from pixelsim.world.world import World

__all__ = ["ADS_EFFECTS"]


def _install(world: World, action: do.InstallPixel, _rulebook: Rulebook, _at: int) -> World:
    held = () if action.replace else world.websites[action.website].pixels
    return world.changed("websites", action.website, pixels=(*held, action.pixel))


def _uninstall(world: World, action: do.UninstallPixel, _rulebook: Rulebook, _at: int) -> World:
    kept = tuple(pixel for pixel in world.websites[action.website].pixels if pixel != action.pixel)
    return world.changed("websites", action.website, pixels=kept)


def _create_campaign(world: World, action: do.CreateCampaign, _rulebook: Rulebook, _at: int) -> World:
    campaign = Campaign(id=action.campaign, account=action.account, name=action.name or action.campaign)
    return world.with_item("campaigns", action.campaign, campaign)


def _create_ad_group(world: World, action: do.CreateAdGroup, rulebook: Rulebook, at: int) -> World:
    """R16a: published at once, and reviewed; applying an audience starts its expiry anew (P77)."""
    group = AdGroup(
        id=action.ad_group,
        campaign=action.campaign,
        name=action.name or action.ad_group,
        pixel=action.pixel,
        event=action.event,
        start=max(action.start, at),
        end=action.end,
        dayparting=action.dayparting,
        review_until=review_ends(rulebook.settings, at),
        click_days=action.click_days,
        engaged_view_days=action.engaged_view_days,
        view_days=action.view_days,
        count=action.count,
        audiences=action.audiences,
    )
    for audience in action.audiences:
        world = world.changed("audiences", audience, last_used=at)
    return world.with_item("ad_groups", action.ad_group, group)


def _create_ad(world: World, action: do.CreateAd, rulebook: Rulebook, at: int) -> World:
    ad = Ad(
        id=action.ad,
        ad_group=action.ad_group,
        name=action.name or action.ad,
        tracking_pixel=world.ad_groups[action.ad_group].pixel or action.tracking_pixel,
        review_until=review_ends(rulebook.settings, at),
    )
    return world.with_item("ads", action.ad, ad)


_MAPPINGS = {"campaign": "campaigns", "ad_group": "ad_groups", "ad": "ads"}


def _switch(world: World, action: do.Switch, _rulebook: Rulebook, at: int) -> World:
    """R16; what stops delivering stops using its audiences, whose expiry counts from then (R18, P77)."""
    if action.to != "on" and action.kind != "ad":
        for key, group in world.ad_groups.items():
            if group.audiences and action.id in {key, group.campaign} and is_delivering(world, key, at):
                for audience in group.audiences:
                    world = world.changed("audiences", audience, last_used=at)
    if action.to == "deleted":
        return world.changed(_MAPPINGS[action.kind], action.id, deleted=True)
    if action.to == "on" and action.kind != "campaign":
        return world.changed(_MAPPINGS[action.kind], action.id, on=True, waiting=False)
    return world.changed(_MAPPINGS[action.kind], action.id, on=action.to == "on")


def _set_tracking_pixel(world: World, action: do.SetTrackingPixel, _rulebook: Rulebook, _at: int) -> World:
    return world.changed("ads", action.ad, tracking_pixel=action.pixel, waiting=False)


def _build_audience(world: World, action: do.BuildAudience, _rulebook: Rulebook, at: int) -> World:
    audience = Audience(
        id=action.audience,
        account=action.account,
        name=action.name or action.audience,
        pixel=action.pixel,
        event=action.event,
        look_back_days=action.look_back_days,
        built_at=at,
    )
    return world.with_item("audiences", action.audience, audience)


def _build_lookalike(world: World, action: do.BuildLookalike, _rulebook: Rulebook, at: int) -> World:
    seed = world.audiences[action.seed]
    lookalike = Audience(
        id=action.audience,
        account=action.account,
        name=action.name or action.audience,
        pixel=seed.pixel,
        event=seed.event,
        look_back_days=seed.look_back_days,
        built_at=at,
        seed=seed.id,
    )
    return world.with_item("audiences", action.audience, lookalike)


def _share_audience(world: World, action: do.ShareAudience, _rulebook: Rulebook, _at: int) -> World:
    held = world.audiences[action.audience].shared_with
    return world.changed("audiences", action.audience, shared_with=(*held, action.account))


def _unshare_audience(world: World, action: do.UnshareAudience, _rulebook: Rulebook, _at: int) -> World:
    """R18: the receiver's ad groups are disconnected from the audience, and run on without it."""
    audience, account = action.audience, action.account
    kept = tuple(key for key in world.audiences[audience].shared_with if key != account)
    connected = {
        key: group
        for key, group in world.ad_groups.items()
        if audience in group.audiences and account_of_ad_group(world, key) == account
    }
    for key, group in connected.items():
        world = world.changed("ad_groups", key, audiences=tuple(a for a in group.audiences if a != audience))
    return world.changed("audiences", audience, shared_with=kept)


def _delete_audience(world: World, action: do.DeleteAudience, _rulebook: Rulebook, _at: int) -> World:
    return world.changed("audiences", action.audience, deleted=True)


def _share_payment(world: World, action: do.SharePayment, _rulebook: Rulebook, at: int) -> World:
    return world.with_item("payment_shares", (action.payment, action.partner), PaymentShare(since=at))


def _unshare_payment(world: World, action: do.UnsharePayment, _rulebook: Rulebook, _at: int) -> World:
    return world.without("payment_shares", [(action.payment, action.partner)])


def _set_payment_method(world: World, action: do.SetPaymentMethod, _rulebook: Rulebook, _at: int) -> World:
    return world.changed("ad_accounts", action.account, payment_method=action.payment)


ADS_EFFECTS: dict[type[do.Action], Callable[[World, Any, Rulebook, int], World]] = {
    do.InstallPixel: _install,
    do.UninstallPixel: _uninstall,
    do.CreateCampaign: _create_campaign,
    do.CreateAdGroup: _create_ad_group,
    do.CreateAd: _create_ad,
    do.EditAdGroup: edit_ad_group,
    do.Switch: _switch,
    do.SetTrackingPixel: _set_tracking_pixel,
    do.BuildAudience: _build_audience,
    do.BuildLookalike: _build_lookalike,
    do.ShareAudience: _share_audience,
    do.UnshareAudience: _unshare_audience,
    do.DeleteAudience: _delete_audience,
    do.SharePayment: _share_payment,
    do.UnsharePayment: _unshare_payment,
    do.SetPaymentMethod: _set_payment_method,
}
"""What each kind of action on ads does."""
