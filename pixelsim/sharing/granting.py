"""R07 to R10: linking a pixel to ad accounts, sharing it with partners, assigning it to members."""

from __future__ import annotations

from pixelsim.sharing.actions import AssignPixel, LinkPixel, SharePixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import admin_refusal, availability_refusal, exists, owner_name, person_refusal
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import PartnerMayLink, Rulebook
from pixelsim.world.entities import AccountRole, PixelLevel
from pixelsim.world.queries import account_role_of_business, is_linked, partnership_status, share_in_force
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = ["may_assign_pixel", "may_link", "may_share"]


def may_link(world: World, action: LinkPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R07 for the owner, R09 for a partner: which Business Center may link a pixel to which ad account.

    The owner links to any account it has access to; a partner to its own (setting ``partner_may_link``). Rights on
    both the pixel and the account are needed, and a refusal names both repairs (P09).
    """
    refusal = exists(world, "R07", business_centers=action.bc, pixels=action.pixel, ad_accounts=action.account)
    refusal = refusal or admin_refusal(world, "R07", action.actor, action.bc)
    if refusal is not None:
        return refusal
    pixel, account, bc = action.pixel, action.account, action.bc
    owner = world.pixels[pixel].owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if owner != bc:
        refusal = _partner_link_refusal(world, action, owner, rulebook)
        rule = "R09"
    else:
        refusal = availability_refusal(world, bc, None, rulebook) or _owner_link_refusal(world, bc, pixel, account)
        rule = "R07"
    if refusal is not None:
        return refusal
    if is_linked(world, pixel, account):
        return refuse("R07", Cause.ALREADY_LINKED, pixel=pixel, account=account)
    limit = rulebook.settings.links_per_account
    if limit is not None:
        held = sorted(code for code, linked in world.links if linked == account)
        if len(held) >= limit:
            return refuse("R07", Cause.ACCOUNT_HAS_TAG, account=account, held=", ".join(held), limit=str(limit))
    return allow(rule)


def _owner_link_refusal(world: World, bc: str, pixel: str, account: str) -> Decision | None:
    if account_role_of_business(world, bc, account) is not None or world.pixels[pixel].creator == account:
        return None
    home = world.ad_accounts[account].owner_bc
    if (bc, account) in world.account_grants and home is not None:
        status = partnership_status(world, home, bc)
        if status is RelationStatus.PENDING:
            waiting = bc if (home, bc) in world.partnerships else home
            return refuse("R07", Cause.PENDING, bc=home, partner=bc, waiting=waiting)
    return refuse("R07", Cause.NO_RIGHT_ON_ACCOUNT, bc=bc, pixel=pixel, account=account)


def _partner_link_refusal(world: World, action: LinkPixel, owner: str, rulebook: Rulebook) -> Decision | None:
    bc, pixel, account = action.bc, action.pixel, action.account
    if (pixel, bc) not in world.shares:
        return refuse("R09", Cause.NO_ACCESS, who=f"Business Center {bc}", pixel=pixel, owner=owner)
    if not share_in_force(world, pixel, bc):
        waiting = bc if (owner, bc) in world.partnerships else owner
        return refuse("R09", Cause.PENDING, bc=owner, partner=bc, waiting=waiting)
    if world.ad_accounts[account].owner_bc == bc:
        return None
    if (
        rulebook.settings.partner_may_link is PartnerMayLink.ADMIN_ACCESS
        and account_role_of_business(world, bc, account) is AccountRole.ADMIN
    ):
        return None
    return refuse("R09", Cause.NOT_OWN_ACCOUNT, bc=bc, account=account, owner=owner)


def may_share(world: World, action: SharePixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R08 and R09: the owning Business Center shares with a partner; who received a pixel can never share it on."""
    refusal = exists(world, "R08", business_centers=action.bc, business_centers_2=action.partner, pixels=action.pixel)
    refusal = refusal or admin_refusal(world, "R08", action.actor, action.bc)
    if refusal is not None:
        return refusal
    pixel, bc, partner = action.pixel, action.bc, action.partner
    owner = world.pixels[pixel].owner_bc
    if bc == partner:
        return refuse("R08", Cause.SELF_SHARE, bc=bc)
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if owner != bc:
        if (pixel, bc) in world.shares:
            return refuse("R09", Cause.NO_RESHARE, bc=bc, pixel=pixel, owner=owner, partner=partner)
        return refuse("R08", Cause.NOT_OWNER, what=f"Pixel {pixel}", owner=owner, bc=bc)
    if partner == owner:
        return refuse("R08", Cause.SELF_SHARE, bc=bc)
    refusal = availability_refusal(world, bc, partner, rulebook)
    if refusal is not None:
        return refusal
    if (pixel, partner) in world.shares:
        return refuse("R08", Cause.ALREADY_SHARED, pixel=pixel, partner=partner)
    if partnership_status(world, bc, partner) is RelationStatus.REJECTED:
        return refuse("R08", Cause.REJECTED, bc=bc, partner=partner)
    return allow("R08")


def may_assign_pixel(world: World, action: AssignPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R10: an Admin of the owning Business Center assigns the pixel to one of its members, at a level.

    A partner's Admin may do so for its own members only where ``partner_admin_may_grant_editing`` says so.
    """
    refusal = exists(world, "R10", business_centers=action.bc, pixels=action.pixel)
    refusal = refusal or admin_refusal(world, "R10", action.actor, action.bc)
    refusal = refusal or person_refusal(world, "R10", action.person)
    if refusal is not None:
        return refusal
    owner = world.pixels[action.pixel].owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=action.pixel)
    if owner != action.bc:
        partner = rulebook.settings.partner_admin_may_grant_editing and share_in_force(world, action.pixel, action.bc)
        if not partner:
            asked = owner_name(world, action.pixel)
            return refuse("R10", Cause.NOT_OWNER, what=f"Pixel {action.pixel}", owner=asked, bc=action.bc)
    if (action.bc, action.person) not in world.members:
        return refuse("R10", Cause.NOT_A_MEMBER, person=action.person, bc=action.bc)
    held = world.pixel_people.get((action.pixel, action.person))
    if held is not None and held.level is PixelLevel(action.level) and held.via == action.bc:
        return refuse("R10", Cause.ALREADY_SO, what=f"The level of {action.person} on pixel {action.pixel}")
    return allow("R10")
