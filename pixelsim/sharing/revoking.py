"""R11 to R15a: unlinking, unsharing, and the guard that watches campaigns in delivery."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pixelsim.sharing.actions import RemovePartner, UnassignPixel, UnlinkPixel, UnsharePixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import admin_refusal, bc_refusal, owner_name, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Guard, GuardAppliesTo, Rulebook, StopFirst
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
    "to_stop_first",
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


def to_stop_first(
    world: World, pairs: Iterable[tuple[str, str]], rulebook: Rulebook, at: int, *, under_pacing: Collection[str] = ()
) -> tuple[str, ...]:
    """R15: list what people who keep to the good practice stop or cancel before they end access to pixels.

    Parameters
    ----------
    world
        The state in force.
    pairs
        Pairs (pixel, ad account) whose access is about to end.
    rulebook
        Its setting ``stop_first`` says how the practice is read: everything in delivery, or only what under-paces.
    at
        Milliseconds since the scenario's start.
    under_pacing
        Ids of ad groups and ads that spend less than planned; looked at only under ``under_pacing``.

    Returns
    -------
    tuple of str
        Ids of ad groups and ads: those in delivery, then the scheduled ones, which are cancelled in either reading.
    """
    users = users_of(world, pairs, at)
    if rulebook.policy.stop_first is StopFirst.DELIVERING:
        return users.delivering + users.scheduled
    return tuple(key for key in users.delivering if key in under_pacing) + users.scheduled


def _guarded(
    world: World,
    rule: str,
    pairs: list[tuple[str, str]],
    *,
    guard: Guard,
    rulebook: Rulebook,
    at: int,
    api: bool,
    force: bool,
) -> Decision:
    """R12: refuse while campaigns that use the pixel are active, as the policy's guard reads it.

    What is scheduled and does not block is named all the same: unsharing stops nobody's schedule (R15).
    """
    users = users_of(world, pairs, at)
    unwatched = api and rulebook.policy.guard_applies_to is GuardAppliesTo.UI_ONLY
    blocking: tuple[str, ...] = ()
    free = users.scheduled
    if guard is not Guard.NONE and not force and not unwatched:
        blocking = users.delivering
        if guard is Guard.ACTIVE_AND_SCHEDULED:
            blocking, free = blocking + free, ()
    if not blocking and not free:
        return allow(rule)
    names = {
        "account": ", ".join(sorted({account for _, account in pairs})),
        "pixel": ", ".join(sorted({pixel for pixel, _ in pairs})),
    }
    if blocking:
        return refuse("R12", Cause.ACTIVE_CAMPAIGNS, blocking, free, **names)
    return allow(rule, free, **names)


def may_unlink(world: World, action: UnlinkPixel, rulebook: Rulebook, at: int) -> Decision:
    """R11 and R12: who made the link, or owns the pixel, may cut it; never the creating account's."""
    refusal = admin_refusal(world, "R12", action.actor, action.bc)
    if refusal is not None:
        return refusal
    pixel, account = world.pixels.get(action.pixel), action.account
    if pixel is None:
        return unknown_id("R12", "pixel", action.pixel)
    if account not in world.ad_accounts:
        return unknown_id("R12", "ad account", account)
    if pixel.creator == account:
        return refuse("R11", Cause.CREATOR_STAYS, account=account, pixel=pixel.code)
    link = world.links.get((pixel.code, account))
    if link is None:
        return refuse("R12", Cause.NOT_LINKED, pixel=pixel.code, account=account)
    if action.bc not in {pixel.owner_bc, link.by_bc}:
        asked = owner_name(world, pixel.code)
        return refuse("R12", Cause.NOT_OWNER, what=f"Pixel {pixel.code}", owner=asked, bc=action.bc)
    guard = rulebook.policy.account.guard
    pairs = [(pixel.code, account)]
    return _guarded(world, "R12", pairs, guard=guard, rulebook=rulebook, at=at, api=action.api, force=action.force)


def links_through(world: World, pixel: str, partner: str) -> list[tuple[str, str]]:
    """List the links that end with a partner's share, as pairs (pixel, ad account), by account.

    R14: links that the partner made are gone, and none of the ad accounts that it owns can use the pixel any more, even
    where the owner made the link. The creating ad account keeps its own (R11).
    """
    creator = world.pixels[pixel].creator
    return sorted(
        key
        for key, link in world.links.items()
        if key[0] == pixel
        and key[1] != creator
        and (link.by_bc == partner or world.ad_accounts[key[1]].owner_bc == partner)
    )


def may_unshare(world: World, action: UnsharePixel, rulebook: Rulebook, at: int) -> Decision:
    """R12 and R14: the owner ends a partner's share, unless the guard finds active campaigns in its accounts."""
    pixel, bc, partner = action.pixel, action.bc, action.partner
    refusal = admin_refusal(world, "R14", action.actor, bc) or bc_refusal(world, "R14", partner)
    if refusal is not None:
        return refusal
    if pixel not in world.pixels:
        return unknown_id("R14", "pixel", pixel)
    if world.pixels[pixel].owner_bc != bc:
        return refuse("R14", Cause.NOT_OWNER, what=f"Pixel {pixel}", owner=owner_name(world, pixel), bc=bc)
    if (pixel, partner) not in world.shares:
        return refuse("R14", Cause.NOT_SHARED, what=f"Pixel {pixel}", partner=partner)
    guard = rulebook.policy.partner.guard
    pairs = links_through(world, pixel, partner)
    return _guarded(world, "R14", pairs, guard=guard, rulebook=rulebook, at=at, api=action.api, force=action.force)


def links_over_partnership(world: World, one: str, other: str) -> list[tuple[str, str]]:
    """List the links that end with the partnership of two Business Centers, in either direction, by pixel."""
    found: list[tuple[str, str]] = []
    for pixel, entity in sorted(world.pixels.items()):
        if entity.owner_bc == one:
            found.extend(links_through(world, pixel, other))
        elif entity.owner_bc == other:
            found.extend(links_through(world, pixel, one))
    return found


def may_remove_partner(world: World, action: RemovePartner, rulebook: Rulebook, at: int) -> Decision:
    """R12 and R14 for a whole partnership: an Admin of either side ends it, under the partner's guard."""
    bc, partner = action.bc, action.partner
    refusal = admin_refusal(world, "R14", action.actor, bc) or bc_refusal(world, "R14", partner)
    if refusal is not None:
        return refusal
    if partnership_status(world, bc, partner) not in {RelationStatus.BOUND, RelationStatus.PENDING}:
        return refuse("R14", Cause.NOT_PARTNER, bc=bc, partner=partner)
    guard = rulebook.policy.partner.guard
    pairs = links_over_partnership(world, bc, partner)
    return _guarded(world, "R14", pairs, guard=guard, rulebook=rulebook, at=at, api=action.api, force=action.force)


def may_unassign_pixel(world: World, action: UnassignPixel, _rulebook: Rulebook, _at: int) -> Decision:
    """R15a: taking a pixel away from a member touches no link and no delivery, so no guard watches it.

    The Business Center that gave the level may do it, and the one that owns the pixel.
    """
    pixel, bc, person = action.pixel, action.bc, action.person
    refusal = admin_refusal(world, "R15a", action.actor, bc)
    if refusal is not None:
        return refusal
    if pixel not in world.pixels:
        return unknown_id("R15a", "pixel", pixel)
    if person not in world.people:
        return unknown_id("R15a", "person", person)
    held = world.pixel_people.get((pixel, person))
    if bc != world.pixels[pixel].owner_bc and (held is None or bc != held.via):
        return refuse("R15a", Cause.NOT_OWNER, what=f"Pixel {pixel}", owner=owner_name(world, pixel), bc=bc)
    if held is None:
        return refuse("R15a", Cause.ALREADY_SO, what=f"{person} has no level on pixel {pixel}")
    return allow("R15a")
