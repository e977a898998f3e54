"""R16 and R16a: creating campaigns, ad groups and ads with a pixel, and switching them."""

from __future__ import annotations

from pixelsim.base.clock import DAY
from pixelsim.sharing.actions import (
    CreateAd,
    CreateAdGroup,
    CreateCampaign,
    SetAttribution,
    SetTrackingPixel,
    Switch,
)
from pixelsim.sharing.ad_edits import dayparting_refusal
from pixelsim.sharing.audiences import audience_refusal
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import (
    account_role_refusal,
    limit_refusal,
    new_id_refusal,
    pixel_access_refusal,
    unknown_id,
)
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, AdGroup
from pixelsim.world.queries import account_of_ad_group
from pixelsim.world.world import World

__all__ = [
    "CLICK_DAYS",
    "ENGAGED_VIEW_DAYS",
    "VIEW_DAYS",
    "may_create_ad",
    "may_create_ad_group",
    "may_create_campaign",
    "may_set_attribution",
    "may_set_tracking_pixel",
    "may_switch",
    "may_use_pixel",
    "window_refusal",
]

CLICK_DAYS = (1, 7, 14, 28)
ENGAGED_VIEW_DAYS = (1, 7)
VIEW_DAYS = (0, 1, 7)


def may_use_pixel(world: World, person: str, pixel: str, account: str, *, active_bc: str | None = None) -> Decision:
    """R16: the ad account has access to the pixel, and the person is Admin or Operator of the ad account."""
    refusal = account_role_refusal(world, "R16", person, account, AccountRole.OPERATOR, active_bc=active_bc)
    return refusal or pixel_access_refusal(world, "R16", pixel, account) or allow("R16")


def may_create_campaign(world: World, action: CreateCampaign, rulebook: Rulebook, _at: int) -> Decision:
    """R16b: an Admin or Operator of the ad account creates a campaign."""
    account = action.account
    refusal = account_role_refusal(
        world, "R16", action.actor, account, AccountRole.OPERATOR, active_bc=action.active_bc
    ) or new_id_refusal("R16", world.campaigns, "campaign", action.campaign)
    if refusal is not None:
        return refusal
    limit, campaigns = rulebook.limits.campaigns_per_account, world.campaigns.values()
    refusal = limit_refusal(
        "R16",
        f"Ad account {account}",
        "campaigns",
        limit=limit,
        items=campaigns,
        counts=lambda held: held.account == account and not held.deleted,
    )
    return refusal or allow("R16")


def window_refusal(field: str, value: int, allowed: tuple[int, ...]) -> Decision | None:
    """Refuse an attribution window that the platform does not have (R16a, P66)."""
    if value in allowed:
        return None
    shown = f"one of {', '.join(map(str, allowed))}"
    return refuse("R16a", Cause.NOT_ALLOWED_VALUE, field=field, value=f"{value} days", allowed=shown)


def may_create_ad_group(world: World, action: CreateAdGroup, rulebook: Rulebook, at: int) -> Decision:
    """R16 and R16a: the account has access to the pixel, and the person is Admin or Operator of the account.

    R13 and R14 follow from it: once access was revoked, nothing new can be created with the pixel. Whether an audience
    is large enough is asked apart, since it takes a count of people (R18).
    """
    campaign = world.campaigns.get(action.campaign)
    if campaign is None:
        return unknown_id("R16", "campaign", action.campaign)
    account, pixel = campaign.account, action.pixel
    refusal = account_role_refusal(
        world, "R16", action.actor, account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    if refusal is None and pixel is not None:
        refusal = pixel_access_refusal(world, "R16", pixel, account)
    refusal = (
        refusal
        or window_refusal("click_days", action.click_days, CLICK_DAYS)
        or window_refusal("engaged_view_days", action.engaged_view_days, ENGAGED_VIEW_DAYS)
        or window_refusal("view_days", action.view_days, VIEW_DAYS)
        or dayparting_refusal(action.dayparting)
        or new_id_refusal("R16", world.ad_groups, "ad group", action.ad_group)
    )
    if refusal is not None:
        return refusal
    for audience in action.audiences:
        refusal = audience_refusal(world, audience, account, rulebook, at)
        if refusal is not None:
            return refusal
    if campaign.deleted:
        return refuse("R16", Cause.DELETED, what=f"Campaign {campaign.id}")
    start = max(action.start, at)
    if action.end is not None and action.end <= start:
        names = {"value": f"{action.end} ms", "allowed": f"more than {start} ms"}
        return refuse("R16", Cause.NOT_ALLOWED_VALUE, field="end", **names)
    limit, groups = rulebook.limits.ad_groups_per_campaign, world.ad_groups.values()
    refusal = limit_refusal(
        "R16",
        f"Campaign {campaign.id}",
        "ad groups",
        limit=limit,
        items=groups,
        counts=lambda held: held.campaign == campaign.id and not held.deleted,
    )
    return refusal or _quota_refusal(world, account, rulebook) or allow("R16")


def _quota_refusal(world: World, account: str, rulebook: Rulebook) -> Decision | None:
    """Refuse one more active ad group in an account that has as many as its spend allows."""
    campaigns = world.campaigns

    def active(group: AdGroup) -> bool:
        campaign = campaigns[group.campaign]
        return campaign.account == account and campaign.on and group.on and not (group.deleted or campaign.deleted)

    limit, groups = rulebook.limits.active_ad_groups_per_account, world.ad_groups.values()
    return limit_refusal("R16", f"Ad account {account}", "active ad groups", limit=limit, items=groups, counts=active)


def _tracking_refusal(group: AdGroup, pixel: str | None) -> Decision | None:
    """R16a: a tracking pixel is the ad group's own when that is set."""
    if group.pixel is None or pixel == group.pixel:
        return None
    names = {"value": pixel or "none", "allowed": f"{group.pixel}, the ad group's own"}
    return refuse("R16a", Cause.NOT_ALLOWED_VALUE, field="tracking_pixel", **names)


def may_create_ad(world: World, action: CreateAd, rulebook: Rulebook, _at: int) -> Decision:
    """R16 and R16a: both the ad group's pixel and the tracking pixel have to be accessible still.

    The tracking pixel is the ad group's own when that is set, any accessible one otherwise.
    """
    group = world.ad_groups.get(action.ad_group)
    if group is None:
        return unknown_id("R16", "ad group", action.ad_group)
    campaign = world.campaigns[group.campaign]
    refusal = account_role_refusal(
        world, "R16", action.actor, campaign.account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    if refusal is None and action.tracking_pixel is not None:
        refusal = _tracking_refusal(group, action.tracking_pixel)
    pixel = group.pixel or action.tracking_pixel
    if refusal is None and pixel is not None:
        refusal = pixel_access_refusal(world, "R16", pixel, campaign.account)
    refusal = refusal or new_id_refusal("R16", world.ads, "ad", action.ad)
    if refusal is not None:
        return refusal
    if group.deleted or campaign.deleted:
        return refuse("R16", Cause.DELETED, what=f"Ad group {group.id}")
    return _ad_limits(world, group.id, pixel, rulebook) or allow("R16")


def _ad_limits(world: World, ad_group: str, pixel: str | None, rulebook: Rulebook) -> Decision | None:
    limits, ads = rulebook.limits, world.ads.values()
    refusal = limit_refusal(
        "R16",
        f"Ad group {ad_group}",
        "ads",
        limit=limits.ads_per_ad_group,
        items=ads,
        counts=lambda held: held.ad_group == ad_group and not held.deleted,
    )
    if refusal is not None or pixel is None:
        return refusal
    return limit_refusal(
        "R16",
        f"Pixel {pixel}",
        "ads",
        limit=limits.ads_per_pixel,
        items=ads,
        counts=lambda held: held.tracking_pixel == pixel and not held.deleted,
    )


def may_switch(world: World, action: Switch, rulebook: Rulebook, at: int) -> Decision:
    """R16b for the life of an ad: Admin or Operator switches on or off, or deletes; deleted is for ever.

    What is in review cannot be switched on (the help centre's page on ad statuses).
    """
    kind, key = action.kind, action.id
    what = f"{kind.replace('_', ' ')} {key}"
    gone, review = None, 0
    if kind == "campaign":
        campaign = world.campaigns.get(key)
        if campaign is None:
            return unknown_id("R16", "campaign", key)
        found_on, waiting = campaign.on, False
    else:
        ad = world.ads.get(key) if kind == "ad" else None
        group = world.ad_groups.get(key if ad is None else ad.ad_group)
        if group is None or (kind == "ad" and ad is None):
            return unknown_id("R16", kind.replace("_", " "), key)
        campaign = world.campaigns[group.campaign]
        item = group if ad is None else ad
        found_on, waiting, review = item.on, item.waiting, item.review_until
        gone = what if item.deleted else f"ad group {group.id}" if group.deleted else None
    refusal = account_role_refusal(world, "R16", action.actor, campaign.account, AccountRole.OPERATOR)
    if refusal is not None:
        return refusal
    if gone is None and campaign.deleted:
        gone = f"campaign {campaign.id}"
    if gone is not None:
        return refuse("R16", Cause.DELETED, what=gone.capitalize())
    if action.to != "deleted" and found_on is (action.to == "on") and not (waiting and action.to == "on"):
        return refuse("R16", Cause.ALREADY_SO, what=f"{what} is {action.to} already")
    if action.to != "on":
        return allow("R16")
    if at < review:
        return refuse("R16", Cause.IN_REVIEW, what=what.capitalize(), day=f"{review / DAY:.4g}")
    quota = _quota_refusal(world, campaign.account, rulebook) if kind == "ad_group" and not found_on else None
    return quota or allow("R16")


def may_set_tracking_pixel(world: World, action: SetTrackingPixel, _rulebook: Rulebook, _at: int) -> Decision:
    """R16a: a tracking pixel may change, to the ad group's own when that is set, to an accessible one otherwise."""
    ad = world.ads.get(action.ad)
    if ad is None:
        return unknown_id("R16a", "ad", action.ad)
    account = account_of_ad_group(world, ad.ad_group)
    refusal = account_role_refusal(world, "R16a", action.actor, account, AccountRole.OPERATOR)
    refusal = refusal or _tracking_refusal(world.ad_groups[ad.ad_group], action.pixel)
    if refusal is None and action.pixel is not None:
        refusal = pixel_access_refusal(world, "R16a", action.pixel, account)
    if refusal is not None:
        return refusal
    if ad.deleted:
        return refuse("R16a", Cause.DELETED, what=f"Ad {ad.id}")
    if action.pixel == ad.tracking_pixel:
        return refuse("R16a", Cause.ALREADY_SO, what=f"that is the tracking pixel of ad {ad.id} already")
    return allow("R16a")


def may_set_attribution(world: World, action: SetAttribution, _rulebook: Rulebook, _at: int) -> Decision:
    """R16a: windows and count are fixed once an ad group is published, whoever asks (P66)."""
    if action.ad_group not in world.ad_groups:
        return unknown_id("R16a", "ad group", action.ad_group)
    fields = [name for name in ("click_days", "view_days", "count") if getattr(action, name) is not None]
    return refuse("R16a", Cause.PUBLISHED, ad_group=action.ad_group, field=" and ".join(fields) or "attribution")
