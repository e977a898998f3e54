"""R17, R19 and R20: who sees a pixel, with which label, and what the API says of the relation."""

from __future__ import annotations

from enum import StrEnum

from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import exists, owner_name, person_refusal, pixel_access_refusal
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.world.queries import (
    account_role_of_person,
    accounts_of_pixel,
    is_linked,
    pixel_level_of_person,
)
from pixelsim.world.world import World

__all__ = ["ApiRelation", "Label", "account_may_see", "api_relation", "label", "may_see"]


class Label(StrEnum):
    """Label beside a pixel in Events Manager (R19)."""

    SHARED_BY_YOU = "Shared by you"
    SHARED_WITH_YOU = "Shared with you"
    NONE = ""


class ApiRelation(StrEnum):
    """The API's relation of a pixel to an ad account; ``NONE`` stands for its null."""

    NONE = ""
    TRANSFERRED = "TRANSFERRED"
    SHARED = "SHARED"
    UNBOUND = "UNBOUND"


def account_may_see(world: World, account: str, pixel: str) -> Decision:
    """R17 and R20: whether an ad account's Events Manager shows a pixel, its events and its reports."""
    refusal = pixel_access_refusal(world, "R17", pixel, account)
    if refusal is None:
        return allow("R17")
    if refusal.cause is Cause.REVOKED:
        names = dict(refusal.facts)
        return refuse("R20", Cause.REVOKED, **names)
    return refusal


def may_see(world: World, person: str, pixel: str) -> Decision:
    """R17: anyone with any role on an ad account that has access sees a pixel's data; so does who was assigned it."""
    refusal = exists(world, "R17", pixels=pixel) or person_refusal(world, "R17", person)
    if refusal is not None:
        return refusal
    if pixel_level_of_person(world, pixel, person) is not None:
        return allow("R10")
    for account in accounts_of_pixel(world, pixel):
        if account_role_of_person(world, account, person) is not None:
            return allow("R17")
    for code, account in sorted(world.unbound):
        if code == pixel and account_role_of_person(world, account, person) is not None:
            return account_may_see(world, account, pixel)
    held = [
        account for account in sorted(world.ad_accounts) if account_role_of_person(world, account, person) is not None
    ]
    for account in held:
        decision = account_may_see(world, account, pixel)
        if decision.cause in {Cause.OWNED_NOT_LINKED, Cause.PENDING}:
            return decision
    if not held:
        return refuse("R17", Cause.ASSET_NOT_ASSIGNED, person=person, asset=f"pixel {pixel} or an ad account with it")
    return refuse("R17", Cause.NO_ACCESS, who=person, pixel=pixel, owner=owner_name(world, pixel))


def label(world: World, pixel: str, viewer: str) -> Label:
    """R19: the label that a viewer, an ad account or a Business Center, sees beside a pixel.

    The owner (both the creating ad account and the owning Business Center) sees *Shared by you* once others were
    granted access; a receiver sees *Shared with you*; an unshared pixel has none.
    """
    found = world.pixels[pixel]
    if viewer in {found.creator, found.owner_bc}:
        others = any(code == pixel for code, _ in world.shares) or any(
            code == pixel and account != found.creator for code, account in world.links
        )
        return Label.SHARED_BY_YOU if others else Label.NONE
    if is_linked(world, pixel, viewer) or (pixel, viewer) in world.shares:
        return Label.SHARED_WITH_YOU
    return Label.NONE


def api_relation(world: World, pixel: str, account: str) -> ApiRelation:
    """Give the relation as the API reports it: after revocation a tombstone stays, listed as ``UNBOUND`` (R20)."""
    found = world.pixels[pixel]
    if found.creator == account:
        return ApiRelation.TRANSFERRED if found.owner_bc is not None else ApiRelation.NONE
    if (pixel, account) in world.links:
        return ApiRelation.SHARED
    return ApiRelation.UNBOUND if (pixel, account) in world.unbound else ApiRelation.NONE
