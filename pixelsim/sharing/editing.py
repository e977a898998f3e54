"""R21 and R22: who may edit a pixel and what editing reaches; also which pixels a website's pages load."""

from __future__ import annotations

from collections.abc import Iterable

from pixelsim.sharing.actions import EditPixel, InstallPixel, UninstallPixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import name_refusal, person_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.ownership import duplicate_name
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, CountMode, PixelLevel
from pixelsim.world.queries import account_role_of_person, accounts_of_pixel, pixel_level_of_person
from pixelsim.world.world import World

__all__ = ["REACHED_BY_EDITOR", "edit_decision", "may_edit", "may_install", "may_uninstall"]

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

    Where ``recipient_may_edit`` is set, Admins of any ad account with access may edit too (the API's reading). A
    refusal names both repairs.
    """
    found = world.pixels.get(pixel)
    if found is None:
        return unknown_id("R21", "pixel", pixel)
    refusal = person_refusal(world, "R21", person)
    if refusal is not None:
        return refusal
    editors = accounts_of_pixel(world, pixel) if rulebook.settings.recipient_may_edit else [found.creator]
    if pixel_level_of_person(world, pixel, person) is PixelLevel.EDIT or any(
        account_role_of_person(world, account, person) is AccountRole.ADMIN for account in editors
    ):
        return allow("R21")
    names = {"person": person, "pixel": pixel, "creator": found.creator}
    if found.owner_bc is None:
        return refuse("R21", Cause.EDITING_BEFORE_TRANSFER, **names)
    return refuse("R21", Cause.EDITING_NOT_GRANTED, **names, owner=found.owner_bc)


def may_edit(world: World, action: EditPixel, rulebook: Rulebook, _at: int) -> Decision:
    """R21 and R22: an editor changes one of a pixel's settings."""
    decision = edit_decision(world, action.actor, action.pixel, rulebook)
    if not decision.allowed:
        return decision
    pixel, value, setting = world.pixels[action.pixel], action.value, action.setting
    refusal = _value_refusal(setting, value)
    if refusal is None and setting == "name":
        refusal = duplicate_name(world, "R22", pixel.creator, str(value), besides=pixel.code)
    if refusal is not None:
        return refusal
    if getattr(pixel, setting) == value:
        return refuse("R22", Cause.ALREADY_SO, what=f"{setting} of pixel {pixel.code} is {value} already")
    return allow("R21")


def _value_refusal(setting: str, value: object) -> Decision | None:
    """R22: refuse a setting that no editor reaches, or a value that does not fit it."""
    if setting == "name":
        return name_refusal("R22", "name", value)
    fits, allowed = {
        "first_party_cookies": (isinstance(value, bool), "true or false"),
        "advanced_matching": (isinstance(value, bool), "true or false"),
        "events": (_are_event_names(value), "a list of event names, each once"),
        "statistic_type": (value in (CountMode.EVERY, CountMode.ONCE), "every or once"),
    }.get(setting, (False, "one of name, first_party_cookies, advanced_matching, events, statistic_type"))
    return None if fits else refuse("R22", Cause.NOT_ALLOWED_VALUE, field=setting, value=repr(value), allowed=allowed)


def _are_event_names(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and all(isinstance(event, str) and event.strip() for event in value)
        and len(set(value)) == len(value)
    )


def may_install(world: World, action: InstallPixel, _rulebook: Rulebook, _at: int) -> Decision:
    """R02's pixel on a page: anyone with the code can install it, but never silently over another one (P03)."""
    refusal = _page_refusal(world, action.actor, action.website, action.pixel)
    if refusal is not None:
        return refusal
    held, pixel = world.websites[action.website].pixels, action.pixel
    if held == (pixel,) or (pixel in held and not action.replace):
        return refuse("R02", Cause.ALREADY_SO, what=f"pixel {pixel} is on website {action.website} already")
    if held and not action.beside and not action.replace:
        names = {"website": action.website, "held": ", ".join(held), "pixel": pixel}
        return refuse("R02", Cause.REPLACES_PIXEL, **names, losing=_losing(world, held))
    return allow("R02")


def may_uninstall(world: World, action: UninstallPixel, _rulebook: Rulebook, _at: int) -> Decision:
    """R02's pixel on a page: it can be taken off; what it has received stays readable to who has access (P38)."""
    refusal = _page_refusal(world, action.actor, action.website, action.pixel)
    if refusal is not None:
        return refusal
    if action.pixel not in world.websites[action.website].pixels:
        return refuse("R02", Cause.ALREADY_SO, what=f"pixel {action.pixel} is not on website {action.website}")
    return allow("R02")


def _page_refusal(world: World, person: str, website: str, pixel: str) -> Decision | None:
    if website not in world.websites:
        return unknown_id("R02", "website", website)
    if pixel not in world.pixels:
        return unknown_id("R02", "pixel", pixel)
    return person_refusal(world, "R02", person)


def _losing(world: World, pixels: Iterable[str]) -> str:
    """Name the campaigns whose ad groups optimise for pixels, or else the ad accounts that have access to them."""
    pixels = list(pixels)
    campaigns = {g.campaign for g in world.ad_groups.values() if g.pixel in pixels and not g.deleted}
    live = [world.campaigns[key] for key in sorted(campaigns) if not world.campaigns[key].deleted]
    if live:
        return ", ".join(f"campaign {c.id} of ad account {c.account}" for c in live)
    return "ad accounts " + ", ".join(sorted({a for pixel in pixels for a in accounts_of_pixel(world, pixel)}))
