"""Server tokens of a pixel: who makes them, who revokes them, and why they outlive a partnership (R14's gap)."""

from __future__ import annotations

from pixelsim.sharing.actions import IssueToken, RevokeToken
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import admin_refusal, new_id_refusal, owner_name, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.queries import share_in_force
from pixelsim.world.world import World

__all__ = ["may_issue_token", "may_revoke_token", "may_send"]


def may_issue_token(world: World, action: IssueToken, _rulebook: Rulebook, _at: int) -> Decision:
    """R08's server side: an Admin of a Business Center that has the pixel makes a token for it."""
    pixel, bc = action.pixel, action.bc
    refusal = admin_refusal(world, "R08", action.actor, bc)
    if refusal is not None:
        return refusal
    if pixel not in world.pixels:
        return unknown_id("R08", "pixel", pixel)
    if world.pixels[pixel].owner_bc != bc and not share_in_force(world, pixel, bc):
        who = f"Business Center {bc}"
        return refuse("R08", Cause.NO_ACCESS, who=who, pixel=pixel, owner=owner_name(world, pixel))
    return new_id_refusal("R08", world.tokens, "token", action.token) or allow("R08")


def may_revoke_token(world: World, action: RevokeToken, _rulebook: Rulebook, _at: int) -> Decision:
    """R14's gap: a token outlives the partnership, until an Admin of the holder or of the owner revokes it (P29)."""
    token = world.tokens.get(action.token)
    if token is None:
        return unknown_id("R14", "token", action.token)
    owner = world.pixels[token.pixel].owner_bc
    refusal = admin_refusal(world, "R14", action.actor, token.holder_bc)
    if refusal is not None and owner is not None and owner != token.holder_bc:
        refusal = admin_refusal(world, "R14", action.actor, owner)
    if refusal is not None:
        return refusal
    if token.revoked:
        return refuse("R14", Cause.ALREADY_SO, what=f"token {token.id} is revoked already")
    return allow("R14")


def may_send(world: World, token: str) -> Decision:
    """R14's gap: the platform accepts what is sent with a token until it is revoked, whoever lost access (P29, P30)."""
    found = world.tokens.get(token)
    if found is None:
        return unknown_id("R14", "token", token)
    return refuse("R14", Cause.NOT_ACCEPTED, token=token) if found.revoked else allow("R14")
