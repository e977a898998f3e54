"""R01 to R06: creating a pixel, and transferring it to a Business Center for ever."""

from __future__ import annotations

from pixelsim.sharing.actions import CreatePixel, TransferPixel, UndoTransfer
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, admin_refusal, exists
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, BusinessRole
from pixelsim.world.queries import account_role_of_business, account_role_of_person
from pixelsim.world.world import World

__all__ = ["has_admin", "may_create_pixel", "may_transfer", "may_undo_transfer", "same_name"]


def same_name(one: str, other: str) -> bool:
    """Whether two pixel names are the same once case and runs of white space are ignored (P13)."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def may_create_pixel(world: World, action: CreatePixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R02: an Admin of an ad account creates a pixel; both its identifiers are unique, and so is its name there.

    Pixels cannot be deleted, so that a blind retry of a create would leave a second one for ever (P13).
    """
    refusal = account_role_refusal(world, "R02", action.actor, action.account, AccountRole.ADMIN)
    if refusal is not None:
        return refusal
    if action.pixel in world.pixels:
        return refuse("R02", Cause.DUPLICATE_ID, what=f"Pixel {action.pixel}")
    for pixel in world.pixels.values():
        if pixel.number == action.number:
            return refuse("R02", Cause.DUPLICATE_ID, what=f"Pixel number {action.number}")
        if pixel.creator == action.account and same_name(pixel.name, action.name):
            return refuse("R02", Cause.DUPLICATE_NAME, account=action.account, name=action.name, pixel=pixel.code)
    return allow("R02")


def has_admin(world: World, account: str) -> bool:
    """Whether anybody is left who holds Admin on an ad account, by name or through a Business Center."""
    if any(
        account_role_of_person(world, account, person) is AccountRole.ADMIN
        for key, person in world.account_people
        if key == account
    ):
        return True
    return any(
        role is BusinessRole.ADMIN
        and not world.people[person].left
        and account_role_of_business(world, bc, account) is AccountRole.ADMIN
        for (bc, person), role in world.members.items()
    )


def may_transfer(world: World, action: TransferPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R03 to R06: an Admin names the pixel by its code, and the Business Center holds the creating account.

    A non-agency needs Admin access to the creating ad account (R05); an agency takes only pixels of accounts that were
    created from it (R06). A pixel that a Business Center owns already is refused, saying whom to ask (R04).
    """
    refusal = exists(world, "R04", business_centers=action.bc) or exists(world, "R04", pixels=action.pixel)
    refusal = refusal or admin_refusal(world, "R04", action.actor, action.bc)
    if refusal is not None:
        return refusal
    pixel, bc = world.pixels[action.pixel], world.business_centers[action.bc]
    if pixel.owner_bc is not None:
        return refuse("R04", Cause.ALREADY_OWNED, pixel=pixel.code, owner=pixel.owner_bc)
    account = world.ad_accounts[pixel.creator]
    if bc.type.is_agency:
        if account.created_from_bc != bc.id:
            return refuse("R06", Cause.NOT_CREATED_FROM_BC, bc=bc.id, account=account.id)
        return allow("R06")
    if account_role_of_business(world, bc.id, account.id) is AccountRole.ADMIN:
        return allow("R05")
    if not has_admin(world, account.id):
        return refuse("R05", Cause.NO_ADMIN_LEFT, account=account.id, pixel=pixel.code)
    return refuse("R05", Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, bc=bc.id, account=account.id, pixel=pixel.code)


def may_undo_transfer(world: World, action: UndoTransfer, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R03: a transfer has no way back, whoever asks."""
    refusal = exists(world, "R03", business_centers=action.bc, pixels=action.pixel)
    if refusal is not None:
        return refusal
    owner = world.pixels[action.pixel].owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=action.pixel)
    return refuse("R03", Cause.IRREVERSIBLE, pixel=action.pixel, owner=owner)
