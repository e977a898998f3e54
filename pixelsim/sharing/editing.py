"""R21 and R22: who may edit a pixel and what editing reaches; also tokens, and pixels on a website."""

from __future__ import annotations

from pixelsim.sharing.actions import EditPixel, InstallPixel, IssueToken, RevokeToken
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import admin_refusal, exists, owner_name, person_refusal
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.sharing.visibility import may_see
from pixelsim.world.entities import AccountRole, CountMode, PixelLevel
from pixelsim.world.queries import (
    account_role_of_person,
    accounts_of_pixel,
    pixel_level_of_person,
    share_in_force,
)
from pixelsim.world.world import World

__all__ = ["REACHED_BY_EDITOR", "edit_decision", "may_edit", "may_install", "may_issue_token", "may_revoke_token"]

REACHED_BY_EDITOR = (
    "test events",
    "diagnostics",
    "change log",
    "first-party cookies",
    "automatic advanced matching",
    "pixel name",
    "event set-up",
    "event statistic type",
)
"""R22: what an editor of a pixel reaches in Events Manager."""


def edit_decision(world: World, person: str, pixel: str, rulebook: Rulebook) -> Decision:
    """R21: editing is for Admins of the creating ad account, and for people granted pixel editing.

    Where ``recipient_may_edit`` is set, Admins of any ad account with access may edit too (the API's reading).
    """
    refusal = exists(world, "R21", pixels=pixel) or person_refusal(world, "R21", person)
    if refusal is not None:
        return refusal
    found = world.pixels[pixel]
    if account_role_of_person(world, found.creator, person) is AccountRole.ADMIN:
        return allow("R21")
    if pixel_level_of_person(world, pixel, person) is PixelLevel.EDIT:
        return allow("R21")
    if rulebook.settings.recipient_may_edit and any(
        account_role_of_person(world, account, person) is AccountRole.ADMIN
        for account in accounts_of_pixel(world, pixel)
    ):
        return allow("R21")
    owner = owner_name(world, pixel)
    if not may_see(world, person, pixel).allowed:
        return refuse("R21", Cause.NO_ACCESS, who=person, pixel=pixel, owner=owner)
    return refuse("R21", Cause.EDITING_NOT_GRANTED, person=person, pixel=pixel, owner=owner, creator=found.creator)


def may_edit(world: World, action: EditPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R21 and R22: an editor changes one of a pixel's settings."""
    decision = edit_decision(world, action.actor, action.pixel, rulebook)
    if not decision.allowed:
        return decision
    value, setting = action.value, action.setting
    fitting = {
        "name": isinstance(value, str) and 0 < len(value) <= 40,
        "first_party_cookies": isinstance(value, bool),
        "advanced_matching": isinstance(value, bool),
        "events": isinstance(value, tuple),
        "statistic_type": value in {CountMode.EVERY.value, CountMode.ONCE.value},
    }[setting]
    if not fitting:
        allowed = {
            "name": "a name of 1 to 40 characters",
            "events": "a list of event names",
            "statistic_type": "every, once",
        }.get(setting, "true, false")
        return refuse("R22", Cause.NOT_ALLOWED_VALUE, field=setting, value=str(value), allowed=allowed)
    if getattr(world.pixels[action.pixel], setting) == value:
        return refuse("R22", Cause.ALREADY_SO, what=f"{setting} of pixel {action.pixel}")
    return allow("R21")


def may_install(world: World, action: InstallPixel, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R02's pixel on a page: anyone with the code can install it, but never silently over another one (P03)."""
    refusal = exists(world, "R02", websites=action.website, pixels=action.pixel)
    refusal = refusal or person_refusal(world, "R02", action.actor)
    if refusal is not None:
        return refusal
    held = world.websites[action.website].pixels
    if action.pixel in held and not action.replace:
        return refuse("R02", Cause.ALREADY_SO, what=f"Pixel {action.pixel} on website {action.website}")
    if held and not action.beside and not action.replace:
        return refuse("R02", Cause.REPLACES_PIXEL, website=action.website, held=", ".join(held))
    return allow("R02")


def may_issue_token(world: World, action: IssueToken, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R08's server side: an Admin of a Business Center that has the pixel makes a token for it."""
    refusal = exists(world, "R08", business_centers=action.bc, pixels=action.pixel)
    refusal = refusal or admin_refusal(world, "R08", action.actor, action.bc)
    if refusal is not None:
        return refusal
    if action.token in world.tokens:
        return refuse("R08", Cause.DUPLICATE_ID, what=f"Token {action.token}")
    owner = world.pixels[action.pixel].owner_bc
    if owner != action.bc and not share_in_force(world, action.pixel, action.bc):
        asked = owner_name(world, action.pixel)
        return refuse("R08", Cause.NO_ACCESS, who=f"Business Center {action.bc}", pixel=action.pixel, owner=asked)
    return allow("R08")


def may_revoke_token(world: World, action: RevokeToken, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R14's gap: a token outlives the partnership, until an Admin of the holder or of the owner revokes it (P29)."""
    refusal = exists(world, "R14", tokens=action.token)
    if refusal is not None:
        return refusal
    token = world.tokens[action.token]
    if token.revoked:
        return refuse("R14", Cause.ALREADY_SO, what=f"Token {token.id}")
    sides = [token.holder_bc]
    owner = world.pixels[token.pixel].owner_bc
    if owner is not None and owner != token.holder_bc:
        sides.append(owner)
    refusals = [admin_refusal(world, "R14", action.actor, bc) for bc in sides]
    for refusal in refusals:
        if refusal is None:
            return allow("R14")
    return refusals[-1] or allow("R14")
