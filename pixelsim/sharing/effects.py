"""What an allowed action does to pixels, links, shares, partnerships and people: one pure function for each.

Effects on campaigns, audiences and payment methods are in ``effects_ads``. All take the world, the action, the rulebook
and the instant, and give the world after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pixelsim.base.clock import days
from pixelsim.sharing import actions as do
from pixelsim.sharing.effects_ads import ADS_EFFECTS
from pixelsim.sharing.revoking import links_over_partnership, links_through
from pixelsim.sharing.rulebook import AfterRelink, Rulebook
from pixelsim.world.entities import CountMode, Pixel, Token
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

__all__ = ["EFFECTS", "perform"]


def perform(world: World, action: do.Action, rulebook: Rulebook, at: int) -> World:
    """Give the world after an action that was allowed.

    Raises
    ------
    KeyError
        The action is of a kind that never changes the world, or of no known kind.
    """
    return EFFECTS[type(action)](world, action, rulebook, at)


def _create_pixel(world: World, action: do.CreatePixel, _rulebook: Rulebook, _at: int) -> World:
    pixel = Pixel(code=action.pixel, number=action.number, name=action.name, creator=action.account)
    return world.with_item("pixels", action.pixel, pixel)


def _transfer(world: World, action: do.TransferPixel, _rulebook: Rulebook, _at: int) -> World:
    return world.changed("pixels", action.pixel, owner_bc=action.bc)


def _link(world: World, action: do.LinkPixel, rulebook: Rulebook, at: int) -> World:
    """R07: the link; where delivery resumes by hand only, what the cut stopped goes on waiting for a person."""
    pair = (action.pixel, action.account)
    tombstone = world.unbound.get(pair)
    if tombstone is not None:
        if rulebook.settings.after_relink is AfterRelink.BY_HAND:
            for kind, key in pixel_users(world, *pair):
                effect = tombstone.effect if kind == "ad_group" else tombstone.tracking_only
                if effect is Effect.NOT_DELIVERING:
                    world = world.changed("ad_groups" if kind == "ad_group" else "ads", key, waiting=True)
        world = world.without("unbound", [pair])
    return world.with_item("links", pair, Link(by_bc=action.bc, since=at))


def _cut(world: World, pairs: Iterable[tuple[str, str]], effect: Effect, rulebook: Rulebook, at: int) -> World:
    """Remove links and leave a tombstone for each, with the effects in force at this instant (R13, R20)."""
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
    pairs = list(pairs)
    return world.without("links", pairs).with_items("unbound", dict.fromkeys(pairs, tombstone))


def _unlink(world: World, action: do.UnlinkPixel, rulebook: Rulebook, at: int) -> World:
    return _cut(world, [(action.pixel, action.account)], rulebook.policy.account.effect, rulebook, at)


def _share(world: World, action: do.SharePixel, rulebook: Rulebook, at: int) -> World:
    world = _become_partners(world, action, rulebook, at)
    return world.with_item("shares", (action.pixel, action.partner), PixelShare(since=at))


def _unshare(world: World, action: do.UnsharePixel, rulebook: Rulebook, at: int) -> World:
    """R14: share and links are gone, and so are the levels on the pixel that the partner gave to its members."""
    pixel, partner = action.pixel, action.partner
    world = _cut(world, links_through(world, pixel, partner), rulebook.policy.partner.effect, rulebook, at)
    given = [key for key, held in world.pixel_people.items() if key[0] == pixel and held.via == partner]
    return world.without("shares", [(pixel, partner)]).without("pixel_people", given)


def _assign_pixel(world: World, action: do.AssignPixel, _rulebook: Rulebook, _at: int) -> World:
    assignment = PixelAssignment(level=action.level, via=action.bc)
    return world.with_item("pixel_people", (action.pixel, action.person), assignment)


def _unassign_pixel(world: World, action: do.UnassignPixel, _rulebook: Rulebook, _at: int) -> World:
    return world.without("pixel_people", [(action.pixel, action.person)])


def _edit(world: World, action: do.EditPixel, _rulebook: Rulebook, _at: int) -> World:
    value = CountMode(str(action.value)) if action.setting == "statistic_type" else action.value
    return world.changed("pixels", action.pixel, **{action.setting: value})


def _issue_token(world: World, action: do.IssueToken, _rulebook: Rulebook, _at: int) -> World:
    return world.with_item("tokens", action.token, Token(id=action.token, pixel=action.pixel, holder_bc=action.bc))


def _revoke_token(world: World, action: do.RevokeToken, _rulebook: Rulebook, _at: int) -> World:
    return world.changed("tokens", action.token, revoked=True)


def _become_partners(world: World, action: do.RequestPartnership | do.SharePixel, rulebook: Rulebook, at: int) -> World:
    """R08: a partnership, bound at once where acceptance takes no time, pending until approved otherwise."""
    one, other = action.bc, action.partner
    if partnership_status(world, one, other) in {RelationStatus.BOUND, RelationStatus.PENDING}:
        return world
    at_once = rulebook.settings.partnership_acceptance <= 0
    status = RelationStatus.BOUND if at_once else RelationStatus.PENDING
    world = world.without("partnerships", [(other, one)])
    return world.with_item("partnerships", (one, other), Partnership(status=status, since=at))


def _approve(world: World, action: do.ApprovePartnership, _rulebook: Rulebook, at: int) -> World:
    bound = Partnership(status=RelationStatus.BOUND, since=at)
    return world.with_item("partnerships", (action.partner, action.bc), bound)


def _reject(world: World, action: do.RejectPartnership, _rulebook: Rulebook, at: int) -> World:
    """R08: what was recorded over a pending partnership never came into force, and goes with it."""
    rejected = Partnership(status=RelationStatus.REJECTED, since=at)
    world = world.with_item("partnerships", (action.partner, action.bc), rejected)
    return _end_grants(_end_shares(world, action.bc, action.partner), action.bc, action.partner)


def _remove_partner(world: World, action: do.RemovePartner, rulebook: Rulebook, at: int) -> World:
    """R14: the partnership, its shares, links and account roles end; tokens, payment and people by name stay (P28)."""
    one, other = action.bc, action.partner
    world = _cut(world, links_over_partnership(world, one, other), rulebook.policy.partner.effect, rulebook, at)
    world = _end_grants(_end_shares(world, one, other), one, other)
    ended = Partnership(status=RelationStatus.REMOVED, since=at)
    keys = [key for key in ((one, other), (other, one)) if key in world.partnerships]
    return world.with_items("partnerships", dict.fromkeys(keys, ended))


def _end_shares(world: World, one: str, other: str) -> World:
    """End the shares between two Business Centers, and the levels that a receiver gave to its members."""
    pixels = world.pixels
    shares = [key for key in world.shares if {pixels[key[0]].owner_bc, key[1]} == {one, other}]
    given = [key for key, held in world.pixel_people.items() if (key[0], held.via) in shares]
    return world.without("shares", shares).without("pixel_people", given)


def _end_grants(world: World, one: str, other: str) -> World:
    """End the roles that two Business Centers gave each other on their ad accounts."""
    for holder, owner in ((one, other), (other, one)):
        accounts = [a for bc, a in world.account_grants if bc == holder and world.ad_accounts[a].owner_bc == owner]
        world = _end_roles(world, holder, accounts)
    return world


def _end_roles(world: World, bc: str, accounts: Iterable[str]) -> World:
    """Take a Business Center's role on accounts away, and with it the roles of people who came through it."""
    accounts = set(accounts)
    people = [key for key, held in world.account_people.items() if key[0] in accounts and held.via == bc]
    return world.without("account_grants", [(bc, account) for account in accounts]).without("account_people", people)


def _grant_account(world: World, action: do.GrantAccountAccess, _rulebook: Rulebook, at: int) -> World:
    grant = AccountGrant(role=action.role, since=at)
    return world.with_item("account_grants", (action.partner, action.account), grant)


def _revoke_account(world: World, action: do.RevokeAccountAccess, _rulebook: Rulebook, _at: int) -> World:
    return _end_roles(world, action.partner, [action.account])


def _add_member(world: World, action: do.AddMember, _rulebook: Rulebook, _at: int) -> World:
    return world.with_item("members", (action.bc, action.person), action.role)


def _remove_member(world: World, action: do.RemoveMember, _rulebook: Rulebook, _at: int) -> World:
    bc, person = action.bc, action.person
    accounts = [key for key, held in world.account_people.items() if key[1] == person and held.via == bc]
    pixels = [key for key, held in world.pixel_people.items() if key[1] == person and held.via == bc]
    return world.without("members", [(bc, person)]).without("account_people", accounts).without("pixel_people", pixels)


def _assign_account(world: World, action: do.AssignAccount, _rulebook: Rulebook, _at: int) -> World:
    assigned = AccountAssignment(role=action.role, via=action.bc)
    return world.with_item("account_people", (action.account, action.person), assigned)


def _unassign_account(world: World, action: do.UnassignAccount, _rulebook: Rulebook, _at: int) -> World:
    return world.without("account_people", [(action.account, action.person)])


def _leave(world: World, action: do.LeavePerson, _rulebook: Rulebook, _at: int) -> World:
    return world.changed("people", action.actor, left=True)


EFFECTS: dict[type[do.Action], Callable[[World, Any, Rulebook, int], World]] = {
    do.CreatePixel: _create_pixel,
    do.TransferPixel: _transfer,
    do.LinkPixel: _link,
    do.UnlinkPixel: _unlink,
    do.SharePixel: _share,
    do.UnsharePixel: _unshare,
    do.AssignPixel: _assign_pixel,
    do.UnassignPixel: _unassign_pixel,
    do.EditPixel: _edit,
    do.IssueToken: _issue_token,
    do.RevokeToken: _revoke_token,
    do.RequestPartnership: _become_partners,
    do.ApprovePartnership: _approve,
    do.RejectPartnership: _reject,
    do.RemovePartner: _remove_partner,
    do.GrantAccountAccess: _grant_account,
    do.RevokeAccountAccess: _revoke_account,
    do.AddMember: _add_member,
    do.RemoveMember: _remove_member,
    do.AssignAccount: _assign_account,
    do.UnassignAccount: _unassign_account,
    do.LeavePerson: _leave,
    **ADS_EFFECTS,
}
"""What each kind of action does; those that are always refused (R03, R16a) have no effect."""
