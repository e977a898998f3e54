"""R16 to R18: creating campaigns, ad groups, ads and audiences with a pixel, and switching them."""

from __future__ import annotations

from pixelsim.base.clock import DAY, HOUR
from pixelsim.sharing.actions import (
    BuildAudience,
    CreateAd,
    CreateAdGroup,
    CreateCampaign,
    DeleteAudience,
    SetAttribution,
    SetTrackingPixel,
    ShareAudience,
    Switch,
)
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, exists, pixel_access_refusal
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import account_of_ad, account_of_ad_group
from pixelsim.world.world import World

__all__ = [
    "CLICK_DAYS",
    "ENGAGED_VIEW_DAYS",
    "VIEW_DAYS",
    "may_build_audience",
    "may_create_ad",
    "may_create_ad_group",
    "may_create_campaign",
    "may_delete_audience",
    "may_set_attribution",
    "may_set_tracking_pixel",
    "may_share_audience",
    "may_switch",
    "may_use_audience",
    "window_refusal",
]

CLICK_DAYS = (1, 7, 14, 28)
ENGAGED_VIEW_DAYS = (1, 7)
VIEW_DAYS = (0, 1, 7)


def may_create_campaign(world: World, action: CreateCampaign, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16b: an Admin or Operator of the ad account creates a campaign."""
    refusal = account_role_refusal(
        world, "R16", action.actor, action.account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    if refusal is not None:
        return refusal
    if action.campaign in world.campaigns:
        return refuse("R16", Cause.DUPLICATE_ID, what=f"Campaign {action.campaign}")
    return allow("R16")


def window_refusal(field: str, value: int, allowed: tuple[int, ...]) -> Decision | None:
    """Refuse an attribution window that the platform does not have (R16a, P66)."""
    if value in allowed:
        return None
    shown = ", ".join(str(v) for v in allowed)
    return refuse("R16a", Cause.NOT_ALLOWED_VALUE, field=field, value=f"{value} days", allowed=shown)


def may_create_ad_group(world: World, action: CreateAdGroup, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16 and R16a: the account has access to the pixel, and the person is Admin or Operator of the account.

    R13 and R14 follow from it: once access was revoked, nothing new can be created with the pixel.
    """
    refusal = exists(world, "R16", campaigns=action.campaign)
    if refusal is not None:
        return refusal
    campaign = world.campaigns[action.campaign]
    account = campaign.account
    refusal = account_role_refusal(
        world, "R16", action.actor, account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    if refusal is None and action.pixel is not None:
        refusal = pixel_access_refusal(world, "R16", action.pixel, account)
    refusal = refusal or window_refusal("click_days", action.click_days, CLICK_DAYS)
    refusal = refusal or window_refusal("engaged_view_days", action.engaged_view_days, ENGAGED_VIEW_DAYS)
    refusal = refusal or window_refusal("view_days", action.view_days, VIEW_DAYS)
    if refusal is not None:
        return refusal
    for audience in action.audiences:
        refusal = exists(world, "R18", audiences=audience)
        if refusal is not None:
            return refusal
    if campaign.deleted:
        return refuse("R16", Cause.DELETED, what=f"Campaign {campaign.id}")
    if action.ad_group in world.ad_groups:
        return refuse("R16", Cause.DUPLICATE_ID, what=f"Ad group {action.ad_group}")
    if action.end is not None and action.end <= action.start:
        return refuse(
            "R16",
            Cause.NOT_ALLOWED_VALUE,
            field="end",
            value=f"{action.end} ms",
            allowed=f"more than {action.start} ms",
        )
    return allow("R16")


def may_create_ad(world: World, action: CreateAd, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16 and R16a: both the ad group's pixel and the tracking pixel have to be accessible still.

    The tracking pixel is the ad group's own when that is set, any accessible one otherwise.
    """
    refusal = exists(world, "R16", ad_groups=action.ad_group)
    if refusal is not None:
        return refusal
    group = world.ad_groups[action.ad_group]
    account = account_of_ad_group(world, group.id)
    refusal = account_role_refusal(
        world, "R16", action.actor, account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    for pixel in (group.pixel, action.tracking_pixel):
        if refusal is None and pixel is not None:
            refusal = pixel_access_refusal(world, "R16", pixel, account)
    if refusal is not None:
        return refusal
    if group.deleted:
        return refuse("R16", Cause.DELETED, what=f"Ad group {group.id}")
    if action.ad in world.ads:
        return refuse("R16", Cause.DUPLICATE_ID, what=f"Ad {action.ad}")
    if group.pixel is not None and action.tracking_pixel not in {None, group.pixel}:
        return refuse(
            "R16a",
            Cause.NOT_ALLOWED_VALUE,
            field="tracking_pixel",
            value=str(action.tracking_pixel),
            allowed=f"{group.pixel}, the ad group's own",
        )
    return allow("R16")


def may_switch(world: World, action: Switch, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16b for the life of an ad: Admin or Operator switches on or off, or deletes; deleted is for ever."""
    mapping = {"campaign": "campaigns", "ad_group": "ad_groups", "ad": "ads"}[action.kind]
    refusal = exists(world, "R16", **{mapping: action.id})
    if refusal is not None:
        return refusal
    if action.kind == "campaign":
        account = world.campaigns[action.id].account
    elif action.kind == "ad_group":
        account = account_of_ad_group(world, action.id)
    else:
        account = account_of_ad(world, action.id)
    refusal = account_role_refusal(world, "R16", action.actor, account, AccountRole.OPERATOR)
    if refusal is not None:
        return refusal
    found = getattr(world, mapping)[action.id]
    what = f"{action.kind.replace('_', ' ').capitalize()} {action.id}"
    if found.deleted:
        return refuse("R16", Cause.DELETED, what=what)
    waiting = getattr(found, "waiting", False)
    if action.to != "deleted" and found.on is (action.to == "on") and not waiting:
        return refuse("R16", Cause.ALREADY_SO, what=what)
    return allow("R16")


def may_set_tracking_pixel(world: World, action: SetTrackingPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16a: a tracking pixel may change, to the ad group's own when that is set, to an accessible one otherwise."""
    refusal = exists(world, "R16a", ads=action.ad)
    if refusal is not None:
        return refusal
    ad = world.ads[action.ad]
    account = account_of_ad(world, ad.id)
    refusal = account_role_refusal(world, "R16a", action.actor, account, AccountRole.OPERATOR)
    if refusal is None and action.pixel is not None:
        refusal = pixel_access_refusal(world, "R16a", action.pixel, account)
    if refusal is not None:
        return refusal
    if ad.deleted:
        return refuse("R16a", Cause.DELETED, what=f"Ad {ad.id}")
    group = world.ad_groups[ad.ad_group]
    if group.pixel is not None and action.pixel != group.pixel:
        return refuse(
            "R16a",
            Cause.NOT_ALLOWED_VALUE,
            field="tracking_pixel",
            value=str(action.pixel),
            allowed=f"{group.pixel}, the ad group's own",
        )
    if action.pixel == ad.tracking_pixel:
        return refuse("R16a", Cause.ALREADY_SO, what=f"The tracking pixel of ad {ad.id}")
    return allow("R16a")


def may_set_attribution(world: World, action: SetAttribution, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16a: windows and count are fixed once an ad group is published, whoever asks (P66)."""
    refusal = exists(world, "R16a", ad_groups=action.ad_group)
    if refusal is not None:
        return refusal
    fields = [name for name in ("click_days", "view_days", "count") if getattr(action, name) is not None]
    return refuse("R16a", Cause.PUBLISHED, ad_group=action.ad_group, field=" and ".join(fields) or "attribution")


def may_build_audience(world: World, action: BuildAudience, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R18: an Admin or Operator builds an audience from any pixel, own or shared, that the account has access to."""
    refusal = account_role_refusal(
        world, "R18", action.actor, action.account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    refusal = refusal or pixel_access_refusal(world, "R18", action.pixel, action.account)
    if refusal is not None:
        return refusal
    if action.audience in world.audiences:
        return refuse("R18", Cause.DUPLICATE_ID, what=f"Audience {action.audience}")
    if not 1 <= action.look_back_days <= 180:
        value = f"{action.look_back_days} days"
        return refuse("R18", Cause.NOT_ALLOWED_VALUE, field="look_back_days", value=value, allowed="1 to 180")
    return allow("R18")


def may_use_audience(
    world: World, actor: str, audience: str, account: str, *, matched: int, rulebook: Rulebook, at: int
) -> Decision:
    """R18: an audience can be targeted once it is ready and large enough, until it expires (P74, P77).

    Parameters
    ----------
    matched
        People matched now; people, not events.
    at
        Milliseconds since the scenario's start.
    """
    refusal = exists(world, "R18", audiences=audience)
    refusal = refusal or account_role_refusal(world, "R18", actor, account, AccountRole.OPERATOR)
    if refusal is not None:
        return refusal
    found, settings = world.audiences[audience], rulebook.settings
    if found.deleted:
        return refuse("R18", Cause.DELETED, what=f"Audience {audience}")
    if account != found.account and account not in found.shared_with:
        return refuse("R18", Cause.OTHER_BC, account=found.account, other=account)
    if matched < settings.audience_minimum:
        sizes = {"people": str(matched), "minimum": str(settings.audience_minimum)}
        return refuse("R18", Cause.TOO_SMALL, audience=audience, **sizes)
    age = (at - found.built_at) / HOUR
    if age < settings.audience_ready_hours:
        hours = {"hours": f"{age:g}", "ready": f"{settings.audience_ready_hours:g}"}
        return refuse("R18", Cause.NOT_READY, audience=audience, **hours)
    idle = (at - (found.last_used if found.last_used is not None else found.built_at)) / DAY
    if idle > settings.audience_expiry_days:
        return refuse("R18", Cause.EXPIRED, audience=audience, days=f"{settings.audience_expiry_days:g}")
    return allow("R18")


def may_share_audience(world: World, action: ShareAudience, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R18: audiences are shared inside one Business Center only, whatever pixels the other account holds (P25)."""
    refusal = exists(world, "R18", audiences=action.audience, ad_accounts=action.account)
    if refusal is not None:
        return refusal
    audience = world.audiences[action.audience]
    refusal = account_role_refusal(world, "R18", action.actor, audience.account, AccountRole.OPERATOR)
    if refusal is not None:
        return refusal
    if audience.deleted:
        return refuse("R18", Cause.DELETED, what=f"Audience {audience.id}")
    home = world.ad_accounts[audience.account].owner_bc
    if home is None or world.ad_accounts[action.account].owner_bc != home:
        return refuse("R18", Cause.OTHER_BC, account=audience.account, other=action.account)
    if action.account == audience.account or action.account in audience.shared_with:
        return refuse("R18", Cause.ALREADY_SO, what=f"Access of ad account {action.account} to {audience.id}")
    return allow("R18")


def may_delete_audience(world: World, action: DeleteAudience, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R18: an Admin or Operator of the account that built an audience deletes it."""
    refusal = exists(world, "R18", audiences=action.audience)
    if refusal is not None:
        return refusal
    audience = world.audiences[action.audience]
    refusal = account_role_refusal(world, "R18", action.actor, audience.account, AccountRole.OPERATOR)
    if refusal is not None:
        return refusal
    if audience.deleted:
        return refuse("R18", Cause.DELETED, what=f"Audience {audience.id}")
    return allow("R18")
