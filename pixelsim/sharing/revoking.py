"""R11 to R15a: unlinking, unsharing, and the guard that watches campaigns in delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pixelsim.sharing.actions import RemovePartner, UnassignPixel, UnlinkPixel, UnsharePixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import admin_refusal, exists, owner_name
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Guard, GuardAppliesTo, Rulebook
from pixelsim.world.queries import partnership_status, pixel_users
from pixelsim.world.relations import RelationStatus
from pixelsim.world.status import DeliveryStatus, ad_status, is_delivering, is_scheduled
from pixelsim.world.world import World

__all__ = [
    "Users",
    "links_over_partnership",
    "links_through",
    "may_remove_partner",
    "may_unassign_pixel",
    "may_unlink",
    "may_unshare",
    "users_of",
]


@dataclass(frozen=True, slots=True)
class Users:
    """What uses a pixel in some accounts at one instant: ids in delivery, and ids scheduled to start later."""

    delivering: tuple[str, ...]
    scheduled: tuple[str, ...]


def users_of(world: World, pairs: Iterable[tuple[str, str]], at: int) -> Users:
    """List the ad groups and tracking-only ads (R16a) that use pixels in accounts.

    Parameters
    ----------
    world
        The state in force.
    pairs
        Pairs (pixel, ad account) whose access is about to end.
    at
        Milliseconds since the scenario's start.
    """
    delivering: list[str] = []
    scheduled: list[str] = []
    for pixel, account in pairs:
        for kind, key in pixel_users(world, pixel, account):
            if kind == "ad_group":
                group, runs = key, is_delivering(world, key, at)
            else:
                group = world.ads[key].ad_group
                runs = ad_status(world, key, at) is DeliveryStatus.DELIVERY_OK
            if runs:
                delivering.append(key)
            elif is_scheduled(world, group, at) and (kind == "ad_group" or world.ads[key].on):
                scheduled.append(key)
    return Users(tuple(delivering), tuple(scheduled))


def _guard(
    world: World, pairs: list[tuple[str, str]], guard: Guard, rulebook: Rulebook, at: int, *, api: bool, force: bool
) -> Decision | None:
    """R12: refuse while campaigns that use the pixel are active, as the policy's guard reads it."""
    users = users_of(world, pairs, at)
    api_free = api and rulebook.policy.guard_applies_to is GuardAppliesTo.UI_ONLY
    if force or api_free or guard is Guard.NONE:
        blocking: tuple[str, ...] = ()
    elif guard is Guard.ACTIVE:
        blocking = users.delivering
    else:
        blocking = users.delivering + users.scheduled
    free = tuple(key for key in users.scheduled if key not in blocking)
    accounts = ", ".join(sorted({account for _, account in pairs})) or "no ad account"
    names = {"account": accounts, "pixel": ", ".join(sorted({pixel for pixel, _ in pairs}))}
    if blocking:
        return refuse("R12", Cause.ACTIVE_CAMPAIGNS, blocking, free, **names)
    return allow("R12", free, **names) if free else None


def may_unlink(world: World, action: UnlinkPixel, rulebook: Rulebook, at: int) -> Decision:
    """R11 and R12: who made the link, or owns the pixel, may cut it; never the creating account's.

    Where the guard lets it pass, scheduled ones are named all the same: unsharing stops nobody's schedule (R15).
    """
    refusal = exists(world, "R12", business_centers=action.bc, pixels=action.pixel, ad_accounts=action.account)
    refusal = refusal or admin_refusal(world, "R12", action.actor, action.bc)
    if refusal is not None:
        return refusal
    pixel, account = world.pixels[action.pixel], action.account
    if pixel.creator == account:
        return refuse("R11", Cause.CREATOR_STAYS, account=account, pixel=pixel.code)
    link = world.links.get((pixel.code, account))
    if link is None:
        return refuse("R12", Cause.NOT_LINKED, pixel=pixel.code, account=account)
    if action.bc not in {pixel.owner_bc, link.by_bc}:
        asked = owner_name(world, pixel.code)
        return refuse("R12", Cause.NOT_OWNER, what=f"Pixel {pixel.code}", owner=asked, bc=action.bc)
    pairs = [(pixel.code, account)]
    decision = _guard(world, pairs, rulebook.policy.account.guard, rulebook, at, api=action.api, force=action.force)
    return decision if decision is not None else allow("R12")


def links_through(world: World, pixel: str, partner: str) -> list[tuple[str, str]]:
    """List the links that a partner made, as pairs (pixel, ad account), by account."""
    return sorted(key for key, link in world.links.items() if key[0] == pixel and link.by_bc == partner)


def may_unshare(world: World, action: UnsharePixel, rulebook: Rulebook, at: int) -> Decision:
    """R12 and R14: the owner ends a partner's share, unless the guard finds active campaigns in its accounts."""
    refusal = exists(world, "R14", business_centers=action.bc, business_centers_2=action.partner, pixels=action.pixel)
    refusal = refusal or admin_refusal(world, "R14", action.actor, action.bc)
    if refusal is not None:
        return refusal
    if world.pixels[action.pixel].owner_bc != action.bc:
        asked = owner_name(world, action.pixel)
        return refuse("R14", Cause.NOT_OWNER, what=f"Pixel {action.pixel}", owner=asked, bc=action.bc)
    if (action.pixel, action.partner) not in world.shares:
        return refuse("R14", Cause.NOT_SHARED, pixel=action.pixel, partner=action.partner)
    pairs = links_through(world, action.pixel, action.partner)
    decision = _guard(world, pairs, rulebook.policy.partner.guard, rulebook, at, api=action.api, force=action.force)
    return decision if decision is not None else allow("R14")


def links_over_partnership(world: World, one: str, other: str) -> list[tuple[str, str]]:
    """List the links that rest on shares between two Business Centers, in either direction."""
    found: list[tuple[str, str]] = []
    for pixel, receiver in sorted(world.shares):
        if {world.pixels[pixel].owner_bc, receiver} == {one, other}:
            found.extend(links_through(world, pixel, receiver))
    return found


def may_remove_partner(world: World, action: RemovePartner, rulebook: Rulebook, at: int) -> Decision:
    """R12 and R14 for a whole partnership: an Admin of either side ends it, under the partner's guard."""
    refusal = exists(world, "R14", business_centers=action.bc, business_centers_2=action.partner)
    refusal = refusal or admin_refusal(world, "R14", action.actor, action.bc)
    if refusal is not None:
        return refusal
    status = partnership_status(world, action.bc, action.partner)
    if status not in {RelationStatus.BOUND, RelationStatus.PENDING}:
        return refuse("R14", Cause.NOT_PARTNER, bc=action.bc, partner=action.partner)
    pairs = links_over_partnership(world, action.bc, action.partner)
    decision = _guard(world, pairs, rulebook.policy.partner.guard, rulebook, at, api=action.api, force=action.force)
    return decision if decision is not None else allow("R14")


def may_unassign_pixel(world: World, action: UnassignPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R15a: taking a pixel away from a member touches no link and no delivery, so no guard watches it."""
    refusal = exists(world, "R15a", business_centers=action.bc, pixels=action.pixel)
    refusal = refusal or admin_refusal(world, "R15a", action.actor, action.bc)
    if refusal is not None:
        return refusal
    held = world.pixel_people.get((action.pixel, action.person))
    if held is None:
        what = f"That {action.person} has no level on pixel {action.pixel}"
        return refuse("R15a", Cause.ALREADY_SO, what=what)
    if action.bc not in {held.via, world.pixels[action.pixel].owner_bc}:
        asked = owner_name(world, action.pixel)
        return refuse("R15a", Cause.NOT_OWNER, what=f"Pixel {action.pixel}", owner=asked, bc=action.bc)
    return allow("R15a")
