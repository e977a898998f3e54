"""R17, R19 and R20: who sees a pixel, with which label, and what the API says of the relation."""

from __future__ import annotations

from enum import StrEnum

from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import owner_name, person_refusal, pixel_access_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.world.queries import (
    accounts_of_person,
    accounts_of_pixel,
    is_linked,
    pixel_level_of_person,
    share_in_force,
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
        return refuse("R20", Cause.REVOKED, **dict(refusal.facts))
    return refusal


_TELLING = (Cause.REVOKED, Cause.PENDING, Cause.OWNED_NOT_LINKED)
"""Reasons of an ad account that tell its people more than "no access", the most telling first."""


def may_see(world: World, person: str, pixel: str) -> Decision:
    """R17: anyone with any role on an ad account that has access sees a pixel's data; so does who was assigned it.

    A refusal gives the most telling reason among the ad accounts that the person holds: revoked, pending, not linked.
    """
    if pixel not in world.pixels:
        return unknown_id("R17", "pixel", pixel)
    refusal = person_refusal(world, "R17", person)
    if refusal is not None:
        return refusal
    if pixel_level_of_person(world, pixel, person) is not None:
        return allow("R10")
    held = accounts_of_person(world, person)
    if not held:
        return refuse("R17", Cause.ASSET_NOT_ASSIGNED, person=person, asset=f"pixel {pixel} or an ad account with it")
    decisions = [account_may_see(world, account, pixel) for account in held]
    for decision in decisions:
        if decision.allowed:
            return decision
    for cause in _TELLING:
        for decision in decisions:
            if decision.cause is cause:
                return decision
    return refuse("R17", Cause.NO_ACCESS, who=person, pixel=pixel, owner=owner_name(world, pixel))


def label(world: World, pixel: str, viewer: str) -> Label:
    """R19: the label that a viewer, an ad account or a Business Center, sees beside a pixel.

    The owner (both the creating ad account and the owning Business Center) sees *Shared by you* once others were
    granted access; a receiver sees *Shared with you*; an unshared pixel has none, nor has one that does not exist. A
    share over a partnership that is still pending has granted nothing yet.
    """
    found = world.pixels.get(pixel)
    if found is None:
        return Label.NONE
    if viewer in {found.creator, found.owner_bc}:
        others = len(accounts_of_pixel(world, pixel)) > 1 or any(
            code == pixel and share_in_force(world, pixel, bc) for code, bc in world.shares
        )
        return Label.SHARED_BY_YOU if others else Label.NONE
    if is_linked(world, pixel, viewer) or share_in_force(world, pixel, viewer):
        return Label.SHARED_WITH_YOU
    return Label.NONE


def api_relation(world: World, pixel: str, account: str) -> ApiRelation:
    """Give the relation as the API reports it: after revocation a tombstone stays, listed as ``UNBOUND`` (R20)."""
    found = world.pixels.get(pixel)
    if found is None:
        return ApiRelation.NONE
    if found.creator == account:
        return ApiRelation.TRANSFERRED if found.owner_bc is not None else ApiRelation.NONE
    if (pixel, account) in world.links:
        return ApiRelation.SHARED
    return ApiRelation.UNBOUND if (pixel, account) in world.unbound else ApiRelation.NONE
