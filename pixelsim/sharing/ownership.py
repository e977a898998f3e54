"""R01 to R06: creating a pixel, and transferring it to a Business Center for ever."""

from __future__ import annotations

from pixelsim.sharing.actions import CreatePixel, TransferPixel, UndoTransfer
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import (
    account_role_refusal,
    admin_refusal,
    bc_refusal,
    limit_refusal,
    name_refusal,
    new_id_refusal,
    unknown_id,
)
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, BusinessRole
from pixelsim.world.queries import account_role_of_business, account_role_of_person
from pixelsim.world.world import World

__all__ = [
    "duplicate_name",
    "has_admin",
    "may_create_pixel",
    "may_transfer",
    "may_undo_transfer",
    "orphaned_pixels",
    "same_name",
    "tag_refusal",
]


def same_name(one: str, other: str) -> bool:
    """Whether two pixel names are the same once case and runs of white space are ignored (P13)."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def duplicate_name(world: World, rule: str, account: str, name: str, *, besides: str | None = None) -> Decision | None:
    """Refuse a name that another pixel of the creating ad account already has (P13); ``besides`` is not looked at."""
    for pixel in world.pixels.values():
        if pixel.creator == account and pixel.code != besides and same_name(pixel.name, name):
            return refuse(rule, Cause.DUPLICATE_NAME, account=account, name=name, pixel=pixel.code)
    return None


def tag_refusal(world: World, rule: str, account: str, rulebook: Rulebook) -> Decision | None:
    """Refuse one more pixel in an ad account that holds as many as a network allows (P23); no limit by default."""
    limit = rulebook.settings.links_per_account
    if limit is None:
        return None
    held = {code for code, linked in world.links if linked == account}
    held.update(code for code, pixel in world.pixels.items() if pixel.creator == account)
    if len(held) < limit:
        return None
    return refuse(rule, Cause.ACCOUNT_HAS_TAG, account=account, held=", ".join(sorted(held)), limit=str(limit))


def may_create_pixel(world: World, action: CreatePixel, rulebook: Rulebook, _at: int) -> Decision:
    """R02: an Admin of an ad account creates a pixel; both its identifiers are unique, and so is its name there.

    Pixels cannot be deleted, so that a blind retry of a create would leave a second one for ever (P13).
    """
    refusal = (
        account_role_refusal(world, "R02", action.actor, action.account, AccountRole.ADMIN)
        or new_id_refusal("R02", world.pixels, "pixel", action.pixel)
        or new_id_refusal("R02", {p.number: p for p in world.pixels.values()}, "pixel number", action.number)
        or name_refusal("R02", "name", action.name)
        or duplicate_name(world, "R02", action.account, action.name)
        or tag_refusal(world, "R02", action.account, rulebook)
        or limit_refusal(
            "R02",
            f"Ad account {action.account}",
            "pixels of its own",
            limit=rulebook.limits.pixels_per_account,
            items=world.pixels.values(),
            counts=lambda held: held.creator == action.account,
        )
    )
    return refusal or allow("R02")


def has_admin(world: World, account: str) -> bool:
    """Whether anybody is left who holds Admin on an ad account, by name or through a Business Center."""
    if any(
        account_role_of_person(world, account, person) is AccountRole.ADMIN
        for key, person in world.account_people
        if key == account
    ):
        return True
    return any(
        _has_admin(world, bc) and account_role_of_business(world, bc, account) is AccountRole.ADMIN
        for bc in world.business_centers
    )


def _has_admin(world: World, bc: str) -> bool:
    return any(
        role is BusinessRole.ADMIN and holder == bc and not world.people[person].left
        for (holder, person), role in world.members.items()
    )


def orphaned_pixels(world: World) -> list[str]:
    """List the pixels that nobody can hand over or share any more, by code (P39).

    Such a pixel is owned by a Business Center without an Admin, or by none while its creating ad account has no Admin.
    """
    return sorted(
        code
        for code, pixel in world.pixels.items()
        if not (has_admin(world, pixel.creator) if pixel.owner_bc is None else _has_admin(world, pixel.owner_bc))
    )


def may_transfer(world: World, action: TransferPixel, rulebook: Rulebook, _at: int) -> Decision:
    """R03 to R06: an Admin names the pixel by its code, and the Business Center holds the creating account.

    A non-agency needs Admin access to the creating ad account (R05); an agency takes only pixels of accounts that were
    created from it (R06). An unknown code, or a pixel that a Business Center owns already, is refused, saying whom to
    ask (R04).
    """
    refusal = admin_refusal(world, "R04", action.actor, action.bc)
    if refusal is not None:
        return refusal
    pixel, bc = world.pixels.get(action.pixel), world.business_centers[action.bc]
    if pixel is None:
        numbers = {known.number for known in world.pixels.values()}
        hint = "; it is the API's pixel_id of one" if action.pixel in numbers else ""
        return refuse("R04", Cause.UNKNOWN_CODE, id=action.pixel, hint=hint)
    if pixel.owner_bc is not None:
        return refuse("R04", Cause.ALREADY_OWNED, pixel=pixel.code, owner=pixel.owner_bc)
    account = world.ad_accounts[pixel.creator]
    if bc.type.is_agency:
        if account.created_from_bc != bc.id:
            return refuse("R06", Cause.NOT_CREATED_FROM_BC, bc=bc.id, account=account.id)
        return _pixels_refusal(world, "R06", bc.id, rulebook) or allow("R06")
    if account_role_of_business(world, bc.id, account.id) is AccountRole.ADMIN:
        return _pixels_refusal(world, "R05", bc.id, rulebook) or allow("R05")
    if not has_admin(world, account.id):
        return refuse("R05", Cause.NO_ADMIN_LEFT, account=account.id, pixel=pixel.code)
    return refuse("R05", Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, bc=bc.id, account=account.id, pixel=pixel.code)


def _pixels_refusal(world: World, rule: str, bc: str, rulebook: Rulebook) -> Decision | None:
    """Refuse one more pixel in a Business Center that owns as many as it may."""
    limit, pixels = rulebook.limits.pixels_per_business_center, world.pixels.values()
    holder = f"Business Center {bc}"
    return limit_refusal(rule, holder, "pixels", limit=limit, items=pixels, counts=lambda held: held.owner_bc == bc)


def may_undo_transfer(world: World, action: UndoTransfer, _rulebook: Rulebook, _at: int) -> Decision:
    """R03: a transfer has no way back, whoever asks."""
    refusal = bc_refusal(world, "R03", action.bc)
    if refusal is not None:
        return refusal
    pixel = world.pixels.get(action.pixel)
    if pixel is None:
        return unknown_id("R03", "pixel", action.pixel)
    if pixel.owner_bc is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel.code)
    return refuse("R03", Cause.IRREVERSIBLE, pixel=pixel.code, owner=pixel.owner_bc)
