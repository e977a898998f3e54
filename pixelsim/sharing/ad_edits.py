"""R16 and R16a: editing a published ad group, what of it is reviewed again, and what sets its learning back."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from pixelsim.base.clock import MINUTE
from pixelsim.sharing.actions import EditAdGroup
from pixelsim.sharing.audiences import audience_refusal
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, pixel_access_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook, SharingSettings
from pixelsim.world.entities import AccountRole, AdGroup
from pixelsim.world.queries import account_of_ad_group
from pixelsim.world.schedule import SLOTS, dayparting_fits
from pixelsim.world.world import World

__all__ = ["dayparting_refusal", "edit_ad_group", "may_edit_ad_group", "relearns", "review_ends", "reviewed"]


def _retargets(action: EditAdGroup, group: AdGroup) -> bool:
    """Whether an edit exchanges the audiences of an ad group."""
    return action.audiences is not None and action.audiences != group.audiences


def reviewed(action: EditAdGroup, group: AdGroup) -> bool:
    """Whether an edit is reviewed: one of targeting, age excepted, or of creatives; not of budget, bid or schedule.

    Source: the help centre's page on ad statuses.
    """
    return action.creatives or action.targeting == "other" or _retargets(action, group)


def relearns(action: EditAdGroup, group: AdGroup, settings: SharingSettings) -> bool:
    """Whether an edit sets learning back: one of targeting or creatives, or a large one of budget or bid.

    The help centre's page on the learning phase names all four; how large is the setting ``significant_change``.
    """
    changes = [abs(factor - 1) for factor in (action.budget_factor, action.bid_factor) if factor is not None]
    large = any(change > settings.significant_change for change in changes)
    return large or action.creatives or action.targeting is not None or _retargets(action, group)


def review_ends(settings: SharingSettings, at: int) -> int:
    """Give the instant in ms at which a review that begins at ``at`` is over; 0 where nothing is waited for."""
    minutes = settings.review_minutes
    return at + round(minutes * MINUTE) if minutes > 0 else 0


def dayparting_refusal(grid: str | None) -> Decision | None:
    """Refuse a grid of half hours that is none."""
    if grid is None or dayparting_fits(grid):
        return None
    shown = f"{len(grid)} characters long" if len(grid) != SLOTS else "without a half hour, or other than 0 and 1"
    allowed = "336 times 0 or 1, with at least one 1: a half hour each from Monday 00:00 on"
    return refuse("R16", Cause.NOT_ALLOWED_VALUE, field="dayparting", value=shown, allowed=allowed)


def may_edit_ad_group(world: World, action: EditAdGroup, rulebook: Rulebook, at: int) -> Decision:
    """R16b: an Admin or Operator of the account edits budget, bid, targeting, creatives and schedule of an ad group.

    New creatives are new ads with its pixel, so that they need the account's access to it (R13, R14). Pixel, event and
    windows cannot be edited at all (R16a).
    """
    group = world.ad_groups.get(action.ad_group)
    if group is None:
        return unknown_id("R16", "ad group", action.ad_group)
    account = account_of_ad_group(world, group.id)
    refusal = account_role_refusal(
        world, "R16", action.actor, account, AccountRole.OPERATOR, active_bc=action.active_bc
    )
    if refusal is not None:
        return refusal
    if group.deleted or world.campaigns[group.campaign].deleted:
        return refuse("R16", Cause.DELETED, what=f"Ad group {group.id}")
    if action.creatives and group.pixel is not None:
        refusal = pixel_access_refusal(world, "R16", group.pixel, account)
    refusal = refusal or _value_refusal(action, group, at) or dayparting_refusal(action.dayparting)
    for audience in action.audiences or ():
        if refusal is None and audience not in group.audiences:
            refusal = audience_refusal(world, audience, account, rulebook, at)
    if refusal is not None:
        return refusal
    if not action.creatives and action.targeting is None and _edited(group, action) == group:
        return refuse("R16", Cause.ALREADY_SO, what=f"ad group {group.id} is that way already")
    return allow("R16")


def _value_refusal(action: EditAdGroup, group: AdGroup, at: int) -> Decision | None:
    for field in ("budget_factor", "bid_factor"):
        factor = getattr(action, field)
        if factor is not None and not 0 < factor < math.inf:
            names = {"value": f"{factor:g}", "allowed": "a factor above 0, or switch the ad group off"}
            return refuse("R16", Cause.NOT_ALLOWED_VALUE, field=field, **names)
    soonest = max(at, group.start)
    if action.end is not None and action.end <= soonest:
        names = {"value": f"{action.end} ms", "allowed": f"more than {soonest} ms"}
        return refuse("R16", Cause.NOT_ALLOWED_VALUE, field="end", **names)
    return None


def _edited(group: AdGroup, action: EditAdGroup) -> AdGroup:
    changes: dict[str, Any] = {
        field: getattr(action, field)
        for field in ("audiences", "end", "dayparting")
        if getattr(action, field) is not None
    }
    for field in ("budget_factor", "bid_factor"):
        factor = getattr(action, field)
        if factor is not None:
            changes[field] = getattr(group, field) * factor
    return dataclasses.replace(group, **changes)


def edit_ad_group(world: World, action: EditAdGroup, rulebook: Rulebook, at: int) -> World:
    """Give the world after an edit: the new values, a review where one is due, and learning that begins anew.

    Applying an audience starts its expiry anew (P77).
    """
    group, settings = world.ad_groups[action.ad_group], rulebook.settings
    changes: dict[str, Any] = {}
    if reviewed(action, group):
        changes["denied"] = False
        ends = review_ends(settings, at)
        if ends > group.review_until:
            changes |= {"review_until": ends, "edited": True}
    if relearns(action, group, settings):
        changes["learning_from"] = at
    for audience in action.audiences or ():
        if audience not in group.audiences:
            world = world.changed("audiences", audience, last_used=at)
    return world.with_item("ad_groups", group.id, dataclasses.replace(_edited(group, action), **changes))
