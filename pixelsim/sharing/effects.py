"""What an allowed action does to the world: one pure function for each action."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from pixelsim.base.clock import days
from pixelsim.sharing import actions as do
from pixelsim.sharing.revoking import links_over_partnership, links_through
from pixelsim.sharing.rulebook import AfterRelink, Rulebook
from pixelsim.world.entities import Ad, AdGroup, Audience, Campaign, CountMode, Pixel, Token
from pixelsim.world.queries import partnership_status, pixel_users
from pixelsim.world.relations import (
    AccountAssignment,
    AccountGrant,
    AudienceAfter,
    Effect,
    Link,
    Partnership,
    PixelAssignment,
    PixelShare,
    RelationStatus,
    Unbound,
)
from pixelsim.world.world import World

__all__ = ["perform"]


def perform(world: World, action: do.Action, rulebook: Rulebook, at: int) -> World:
    """Give the world after an action that was allowed.

    Raises
    ------
    TypeError
        The action is of no known kind.
    """
    match action:
        case do.CreatePixel():
            pixel = Pixel(code=action.pixel, number=action.number, name=action.name, creator=action.account)
            return world.with_item("pixels", action.pixel, pixel)
        case do.TransferPixel():
            return world.changed("pixels", action.pixel, owner_bc=action.bc)
        case do.LinkPixel():
            return _link(world, action, rulebook, at)
        case do.UnlinkPixel():
            return _cut(world, [(action.pixel, action.account)], rulebook.policy.account.effect, rulebook, at)
        case do.SharePixel():
            world = _become_partners(world, action.bc, action.partner, rulebook, at)
            return world.with_item("shares", (action.pixel, action.partner), PixelShare(since=at))
        case do.UnsharePixel():
            return _unshare(world, action.pixel, action.partner, rulebook, at)
        case do.AssignPixel():
            assignment = PixelAssignment(level=action.level, via=action.bc)
            return world.with_item("pixel_people", (action.pixel, action.person), assignment)
        case do.UnassignPixel():
            return world.without("pixel_people", [(action.pixel, action.person)])
        case do.EditPixel():
            value = CountMode(str(action.value)) if action.setting == "statistic_type" else action.value
            return world.changed("pixels", action.pixel, **{action.setting: value})
        case do.InstallPixel():
            held = () if action.replace else world.websites[action.website].pixels
            return world.changed("websites", action.website, pixels=(*held, action.pixel))
        case do.IssueToken():
            token = Token(id=action.token, pixel=action.pixel, holder_bc=action.bc)
            return world.with_item("tokens", action.token, token)
        case do.RevokeToken():
            return world.changed("tokens", action.token, revoked=True)
        case _:
            return _perform_on_people(world, action, rulebook, at)


def _perform_on_people(world: World, action: do.Action, rulebook: Rulebook, at: int) -> World:
    match action:
        case do.RequestPartnership():
            return _become_partners(world, action.bc, action.partner, rulebook, at)
        case do.ApprovePartnership():
            bound = Partnership(status=RelationStatus.BOUND, since=at)
            return world.with_item("partnerships", (action.partner, action.bc), bound)
        case do.RejectPartnership():
            rejected = Partnership(status=RelationStatus.REJECTED, since=at)
            return world.with_item("partnerships", (action.partner, action.bc), rejected)
        case do.RemovePartner():
            return _remove_partner(world, action, rulebook, at)
        case do.GrantAccountAccess():
            grant = AccountGrant(role=action.role, since=at)
            return world.with_item("account_grants", (action.partner, action.account), grant)
        case do.RevokeAccountAccess():
            return _revoke_account(world, action.partner, [action.account])
        case do.AddMember():
            return world.with_item("members", (action.bc, action.person), action.role)
        case do.RemoveMember():
            return _remove_member(world, action.bc, action.person)
        case do.AssignAccount():
            assigned = AccountAssignment(role=action.role, via=action.bc)
            return world.with_item("account_people", (action.account, action.person), assigned)
        case do.UnassignAccount():
            return world.without("account_people", [(action.account, action.person)])
        case do.LeavePerson():
            return world.changed("people", action.actor, left=True)
        case _:
            return _perform_on_ads(world, action, at)


def _perform_on_ads(world: World, action: do.Action, at: int) -> World:
    match action:
        case do.CreateCampaign():
            campaign = Campaign(id=action.campaign, account=action.account, name=action.name or action.campaign)
            return world.with_item("campaigns", action.campaign, campaign)
        case do.CreateAdGroup():
            group = AdGroup(
                id=action.ad_group,
                campaign=action.campaign,
                name=action.name or action.ad_group,
                pixel=action.pixel,
                event=action.event,
                start=max(action.start, at),
                end=action.end,
                click_days=action.click_days,
                engaged_view_days=action.engaged_view_days,
                view_days=action.view_days,
                count=action.count,
                audiences=action.audiences,
            )
            return world.with_item("ad_groups", action.ad_group, group)
        case do.CreateAd():
            pixel = world.ad_groups[action.ad_group].pixel or action.tracking_pixel
            ad = Ad(id=action.ad, ad_group=action.ad_group, name=action.name or action.ad, tracking_pixel=pixel)
            return world.with_item("ads", action.ad, ad)
        case do.Switch():
            return _switch(world, action)
        case do.SetTrackingPixel():
            return world.changed("ads", action.ad, tracking_pixel=action.pixel)
        case do.BuildAudience():
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
        case do.ShareAudience():
            held = world.audiences[action.audience].shared_with
            return world.changed("audiences", action.audience, shared_with=(*held, action.account))
        case do.DeleteAudience():
            return world.changed("audiences", action.audience, deleted=True)
        case _:
            msg = f"{type(action).__name__} is no action that changes the world"
            raise TypeError(msg)


def _become_partners(world: World, one: str, other: str, rulebook: Rulebook, at: int) -> World:
    """Record a partnership: bound at once where acceptance takes no time, pending until approved otherwise."""
    if partnership_status(world, one, other) in {RelationStatus.BOUND, RelationStatus.PENDING}:
        return world
    at_once = rulebook.settings.partnership_acceptance <= 0
    status = RelationStatus.BOUND if at_once else RelationStatus.PENDING
    world = world.without("partnerships", [(other, one)])
    return world.with_item("partnerships", (one, other), Partnership(status=status, since=at))


def _link(world: World, action: do.LinkPixel, rulebook: Rulebook, at: int) -> World:
    pair = (action.pixel, action.account)
    tombstone = world.unbound.get(pair)
    stopped = tombstone is not None and tombstone.effect is Effect.NOT_DELIVERING
    if stopped and rulebook.settings.after_relink is AfterRelink.BY_HAND:
        for kind, key in pixel_users(world, *pair):
            if kind == "ad_group":
                world = world.changed("ad_groups", key, waiting=True)
    return world.without("unbound", [pair]).with_item("links", pair, Link(by_bc=action.bc, since=at))


def _cut(world: World, pairs: Iterable[tuple[str, str]], effect: Effect, rulebook: Rulebook, at: int) -> World:
    """Remove links and leave a tombstone for each, with the effects in force at this instant (R13, R20)."""
    pairs = list(pairs)
    settings = rulebook.settings
    until = None
    if settings.audience_after_access is AudienceAfter.DEADLINE:
        until = at + days(settings.audience_deadline_days)
    tombstone = Unbound(
        at=at,
        effect=effect,
        tracking_only=rulebook.policy.tracking_only,
        audiences=settings.audience_after_access,
        audience_until=until,
    )
    world = world.without("links", pairs)
    return dataclasses.replace(world, unbound={**world.unbound, **dict.fromkeys(pairs, tombstone)})


def _unshare(world: World, pixel: str, partner: str, rulebook: Rulebook, at: int) -> World:
    """R14: the share is gone, every link that the partner made is gone, and so are levels it gave its members."""
    world = _cut(world, links_through(world, pixel, partner), rulebook.policy.partner.effect, rulebook, at)
    given = [key for key, held in world.pixel_people.items() if key[0] == pixel and held.via == partner]
    return world.without("shares", [(pixel, partner)]).without("pixel_people", given)


def _remove_partner(world: World, action: do.RemovePartner, rulebook: Rulebook, at: int) -> World:
    sides = {action.bc, action.partner}
    shares = [key for key in world.shares if {world.pixels[key[0]].owner_bc, key[1]} == sides]
    links = links_over_partnership(world, action.bc, action.partner)
    world = _cut(world, links, rulebook.policy.partner.effect, rulebook, at).without("shares", shares)
    shared = {(pixel, receiver) for pixel, receiver in shares}
    given = [key for key, held in world.pixel_people.items() if (key[0], held.via) in shared]
    world = world.without("pixel_people", given)
    for one, other in ((action.bc, action.partner), (action.partner, action.bc)):
        granted = [
            account
            for bc, account in world.account_grants
            if bc == other and world.ad_accounts[account].owner_bc == one
        ]
        world = _revoke_account(world, other, granted)
    keys = [key for key in ((action.bc, action.partner), (action.partner, action.bc)) if key in world.partnerships]
    ended = Partnership(status=RelationStatus.REMOVED, since=at)
    return dataclasses.replace(world, partnerships={**world.partnerships, **dict.fromkeys(keys, ended)})


def _revoke_account(world: World, bc: str, accounts: Iterable[str]) -> World:
    """Take a Business Center's role on accounts away, and with it the roles of people who came through it."""
    accounts = set(accounts)
    people = [key for key, held in world.account_people.items() if key[0] in accounts and held.via == bc]
    return world.without("account_grants", [(bc, account) for account in accounts]).without("account_people", people)


def _remove_member(world: World, bc: str, person: str) -> World:
    accounts = [key for key, held in world.account_people.items() if key[1] == person and held.via == bc]
    pixels = [key for key, held in world.pixel_people.items() if key[1] == person and held.via == bc]
    world = world.without("members", [(bc, person)])
    return world.without("account_people", accounts).without("pixel_people", pixels)


def _switch(world: World, action: do.Switch) -> World:
    mapping = {"campaign": "campaigns", "ad_group": "ad_groups", "ad": "ads"}[action.kind]
    if action.to == "deleted":
        return world.changed(mapping, action.id, deleted=True)
    changes: dict[str, object] = {"on": action.to == "on"}
    if action.kind == "ad_group" and action.to == "on":
        changes["waiting"] = False
    return world.changed(mapping, action.id, **changes)
