"""R07 to R10: linking a pixel to ad accounts, sharing it with partners, assigning it to members."""

from __future__ import annotations

from pixelsim.sharing.actions import AssignPixel, LinkPixel, SharePixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import (
    admin_refusal,
    availability_refusal,
    bc_refusal,
    limit_refusal,
    person_refusal,
    unknown_id,
)
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.ownership import tag_refusal
from pixelsim.sharing.rulebook import PartnerMayLink, Rulebook
from pixelsim.world.entities import AccountRole, PixelLevel
from pixelsim.world.queries import (
    account_role_of_business,
    is_linked,
    partnership_status,
    share_in_force,
    waiting_side,
)
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = ["may_assign_pixel", "may_link", "may_share", "owner_share_refusal"]


def may_link(world: World, action: LinkPixel, rulebook: Rulebook, _at: int) -> Decision:
    """R07 for the owner, R09 for a partner: which Business Center may link a pixel to which ad account.

    The owner links to any account it has access to; a partner to its own (setting ``partner_may_link``). Rights on
    both the pixel and the account are needed, and a refusal names both repairs (P09).
    """
    pixel, account, bc = action.pixel, action.account, action.bc
    refusal = admin_refusal(world, "R07", action.actor, bc)
    if refusal is not None:
        return refusal
    found = world.pixels.get(pixel)
    if found is None:
        return unknown_id("R07", "pixel", pixel)
    if account not in world.ad_accounts:
        return unknown_id("R07", "ad account", account)
    owner = found.owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if owner == bc:
        rule = "R07"
        refusal = _owner_link_refusal(world, bc, pixel, account) or availability_refusal(world, bc, None, rulebook)
    else:
        rule = "R09"
        refusal = _partner_link_refusal(world, action, owner, rulebook)
        refusal = refusal or availability_refusal(world, owner, bc, rulebook)
    if refusal is not None:
        return refusal
    if is_linked(world, pixel, account):
        return refuse(rule, Cause.ALREADY_LINKED, pixel=pixel, account=account)
    return tag_refusal(world, rule, account, rulebook) or allow(rule)


def _owner_link_refusal(world: World, bc: str, pixel: str, account: str) -> Decision | None:
    if account_role_of_business(world, bc, account) is not None or world.pixels[pixel].creator == account:
        return None
    home = world.ad_accounts[account].owner_bc
    if (
        home is not None
        and (bc, account) in world.account_grants
        and partnership_status(world, home, bc) is RelationStatus.PENDING
    ):
        return refuse("R07", Cause.PENDING, bc=home, partner=bc, waiting=waiting_side(world, home, bc))
    return refuse("R07", Cause.NO_RIGHT_ON_ACCOUNT, bc=bc, pixel=pixel, account=account)


def _partner_link_refusal(world: World, action: LinkPixel, owner: str, rulebook: Rulebook) -> Decision | None:
    bc, pixel, account = action.bc, action.pixel, action.account
    if not share_in_force(world, pixel, bc):
        if (pixel, bc) in world.shares and partnership_status(world, owner, bc) is RelationStatus.PENDING:
            return refuse("R09", Cause.PENDING, bc=owner, partner=bc, waiting=waiting_side(world, owner, bc))
        return refuse("R09", Cause.NO_ACCESS, who=f"Business Center {bc}", pixel=pixel, owner=owner)
    if world.ad_accounts[account].owner_bc == bc:
        return None
    if (
        rulebook.settings.partner_may_link is PartnerMayLink.ADMIN_ACCESS
        and account_role_of_business(world, bc, account) is AccountRole.ADMIN
    ):
        return None
    return refuse("R09", Cause.NOT_OWN_ACCOUNT, bc=bc, pixel=pixel, account=account, owner=owner)


def owner_share_refusal(world: World, pixel: str, bc: str, partner: str | None) -> Decision | None:
    """R03, R08 and R09: only the owning Business Center shares; who received a pixel can never share it on.

    ``partner`` is None when it is asked whether the pixel may be shared at all.
    """
    owner = world.pixels[pixel].owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if owner == bc:
        return None
    if partner == owner:
        return refuse("R09", Cause.OWNS_IT, pixel=pixel, partner=owner)
    if (pixel, bc) in world.shares:
        other = partner or "the other Business Center"
        return refuse("R09", Cause.NO_RESHARE, bc=bc, pixel=pixel, owner=owner, partner=other)
    return refuse("R08", Cause.NOT_OWNER, what=f"Pixel {pixel}", owner=owner, bc=bc)


def may_share(world: World, action: SharePixel, rulebook: Rulebook, _at: int) -> Decision:
    """R08 and R09: an Admin of the owning Business Center shares with a partner, named by its id."""
    pixel, bc, partner = action.pixel, action.bc, action.partner
    refusal = admin_refusal(world, "R08", action.actor, bc) or bc_refusal(world, "R08", partner)
    if refusal is not None:
        return refusal
    if pixel not in world.pixels:
        return unknown_id("R08", "pixel", pixel)
    if bc == partner:
        return refuse("R08", Cause.SELF_SHARE, bc=bc)
    refusal = owner_share_refusal(world, pixel, bc, partner) or availability_refusal(world, bc, partner, rulebook)
    if refusal is not None:
        return refusal
    status = partnership_status(world, bc, partner)
    if status is RelationStatus.REJECTED:
        return refuse("R08", Cause.REJECTED, bc=bc, partner=partner)
    if (pixel, partner) in world.shares:
        if status is RelationStatus.PENDING:
            return refuse("R08", Cause.PENDING, bc=bc, partner=partner, waiting=waiting_side(world, bc, partner))
        return refuse("R08", Cause.ALREADY_SHARED, pixel=pixel, partner=partner)
    limit = rulebook.limits.partners_per_pixel
    refusal = limit_refusal(
        "R08", f"Pixel {pixel}", "partners", limit=limit, items=world.shares, counts=lambda key: key[0] == pixel
    )
    return refusal or allow("R08")


def may_assign_pixel(world: World, action: AssignPixel, rulebook: Rulebook, _at: int) -> Decision:
    """R10: an Admin of a Business Center assigns the pixel to one of its members, at a level.

    A partner that the pixel is shared with may assign it to its own members for viewing; pixel editing only where
    ``partner_admin_may_grant_editing`` says so. It cannot change what somebody was given by the owner.
    """
    pixel, bc, person = action.pixel, action.bc, action.person
    refusal = admin_refusal(world, "R10", action.actor, bc) or person_refusal(world, "R10", person)
    if refusal is not None:
        return refusal
    found = world.pixels.get(pixel)
    if found is None:
        return unknown_id("R10", "pixel", pixel)
    owner = found.owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if owner != bc:
        grantable = action.level is PixelLevel.VIEW or rulebook.settings.partner_admin_may_grant_editing
        if not grantable or not share_in_force(world, pixel, bc):
            what = f"Pixel editing of pixel {pixel}" if action.level is PixelLevel.EDIT else f"Pixel {pixel}"
            return refuse("R10", Cause.NOT_OWNER, what=what, owner=owner, bc=bc)
    if (bc, person) not in world.members:
        return refuse("R10", Cause.NOT_A_MEMBER, person=person, bc=bc)
    held = world.pixel_people.get((pixel, person))
    if held is None:
        limit = rulebook.limits.people_per_pixel
        refusal = limit_refusal(
            "R10",
            f"Pixel {pixel}",
            "members",
            limit=limit,
            items=world.pixel_people,
            counts=lambda key: key[0] == pixel,
        )
        return refusal or allow("R10")
    if held.via == bc and held.level is action.level:
        return refuse("R10", Cause.ALREADY_SO, what=f"{person} has that level on pixel {pixel} already")
    if bc not in {held.via, owner}:
        via = "by name" if held.via is None else f"through Business Center {held.via}"
        return refuse(
            "R10", Cause.HELD_OTHERWISE, person=person, asset=f"pixel {pixel}", via=via, bc=f"Business Center {bc}"
        )
    return allow("R10")
