"""R18: building audiences from a pixel, using, sharing and deleting them."""

from __future__ import annotations

from pixelsim.base.clock import DAY, HOUR
from pixelsim.sharing.actions import BuildAudience, BuildLookalike, DeleteAudience, ShareAudience, UnshareAudience
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import (
    account_role_refusal,
    new_id_refusal,
    pixel_access_refusal,
    unknown_id,
)
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, Audience
from pixelsim.world.queries import audience_stopped, is_linked
from pixelsim.world.relations import AudienceAfter
from pixelsim.world.status import is_delivering
from pixelsim.world.world import World

__all__ = [
    "LONGEST_LOOK_BACK",
    "audience_refusal",
    "may_build_audience",
    "may_build_lookalike",
    "may_delete_audience",
    "may_share_audience",
    "may_unshare_audience",
    "may_use_audience",
    "used_until",
]

LONGEST_LOOK_BACK = 180
"""Days; the longest look-back of the platform's documented retargeting windows."""


def may_build_audience(world: World, action: BuildAudience, _rulebook: Rulebook, _at: int) -> Decision:
    """R18: an Admin or Operator builds an audience from any pixel, own or shared, that the account has access to."""
    refusal = (
        account_role_refusal(
            world, "R18", action.actor, action.account, AccountRole.OPERATOR, active_bc=action.active_bc
        )
        or pixel_access_refusal(world, "R18", action.pixel, action.account)
        or new_id_refusal("R18", world.audiences, "audience", action.audience)
    )
    if refusal is not None:
        return refusal
    if not 1 <= action.look_back_days <= LONGEST_LOOK_BACK:
        names = {"value": f"{action.look_back_days} days", "allowed": f"1 to {LONGEST_LOOK_BACK}"}
        return refuse("R18", Cause.NOT_ALLOWED_VALUE, field="look_back_days", **names)
    return allow("R18")


def used_until(world: World, audience: Audience, at: int) -> int:
    """Give the last instant, in ms up to ``at``, at which an audience was built, applied, or delivered to."""
    last = audience.built_at if audience.last_used is None else max(audience.built_at, audience.last_used)
    for key, group in world.ad_groups.items():
        if audience.id in group.audiences:
            until = at if group.end is None or at < group.end else group.end
            if is_delivering(world, key, until - (until == group.end)):
                last = max(last, until)
    return last


def audience_refusal(world: World, audience: str, account: str, rulebook: Rulebook, at: int) -> Decision | None:
    """Refuse to target an audience that is unknown, deleted, not shared, gone, not ready, or expired (R18, P77)."""
    found, settings = world.audiences.get(audience), rulebook.settings
    if found is None:
        return unknown_id("R18", "audience", audience)
    if found.deleted:
        return refuse("R18", Cause.DELETED, what=f"Audience {audience}")
    if account != found.account and account not in found.shared_with:
        return refuse("R18", Cause.AUDIENCE_NOT_SHARED, audience=audience, owner=found.account, account=account)
    if audience_stopped(world, found, at) or _disconnected(world, found):
        names = {"pixel": found.pixel, "account": found.account}
        return refuse("R18", Cause.AUDIENCE_GONE, audience=audience, **names)
    age = (at - found.built_at) / HOUR
    if age < settings.audience_ready_hours:
        hours = {"hours": f"{age:g}", "ready": f"{settings.audience_ready_hours:g}"}
        return refuse("R18", Cause.NOT_READY, audience=audience, **hours)
    return _expiry_refusal(world, found, rulebook, at)


def _disconnected(world: World, audience: Audience) -> bool:
    """Whether an audience is gone with the pixel, under ``lost``."""
    if audience.seed is not None or is_linked(world, audience.pixel, audience.account):
        return False
    tombstone = world.unbound.get((audience.pixel, audience.account))
    return tombstone is not None and tombstone.audiences is AudienceAfter.LOST


def _expiry_refusal(world: World, audience: Audience, rulebook: Rulebook, at: int) -> Decision | None:
    limit = rulebook.settings.audience_expiry_days
    if (at - used_until(world, audience, at)) / DAY <= limit:
        return None
    return refuse("R18", Cause.EXPIRED, audience=audience.id, days=f"{limit:g}")


def may_use_audience(
    world: World, actor: str, audience: str, account: str, *, matched: int, rulebook: Rulebook, at: int
) -> Decision:
    """R18: an audience can be targeted once it is ready and large enough, until it expires (P74, P77).

    Parameters
    ----------
    matched
        People matched now; people, not events.
    at
        Milliseconds since the scenario's start.
    """
    refusal = account_role_refusal(world, "R18", actor, account, AccountRole.OPERATOR)
    if refusal is None and audience in world.audiences and matched < rulebook.settings.audience_minimum:
        sizes = {"people": str(matched), "minimum": str(rulebook.settings.audience_minimum)}
        refusal = refuse("R18", Cause.TOO_SMALL, audience=audience, **sizes)
    return refusal or audience_refusal(world, audience, account, rulebook, at) or allow("R18")


def _builder_refusal(world: World, actor: str, audience: str) -> Decision | None:
    """Refuse what only an Admin or Operator of the account that built an audience may do with it."""
    found = world.audiences.get(audience)
    if found is None:
        return unknown_id("R18", "audience", audience)
    refusal = account_role_refusal(world, "R18", actor, found.account, AccountRole.OPERATOR)
    if refusal is None and found.deleted:
        return refuse("R18", Cause.DELETED, what=f"Audience {audience}")
    return refusal


def may_build_lookalike(world: World, action: BuildLookalike, _rulebook: Rulebook, _at: int) -> Decision:
    """R18: a lookalike is made from an audience of the account's own; who was lent one may only apply it."""
    account = action.account
    refusal = account_role_refusal(
        world, "R18", action.actor, account, AccountRole.OPERATOR, active_bc=action.active_bc
    ) or new_id_refusal("R18", world.audiences, "audience", action.audience)
    if refusal is not None:
        return refusal
    seed = world.audiences.get(action.seed)
    if seed is None:
        return unknown_id("R18", "audience", action.seed)
    if seed.account != account:
        return refuse("R18", Cause.AUDIENCE_NOT_SHARED, audience=seed.id, owner=seed.account, account=account)
    return refuse("R18", Cause.DELETED, what=f"Audience {seed.id}") if seed.deleted else allow("R18")


def may_share_audience(world: World, action: ShareAudience, rulebook: Rulebook, at: int) -> Decision:
    """R18: audiences are shared inside one Business Center only, whatever pixels the other account holds (P25)."""
    refusal = _builder_refusal(world, action.actor, action.audience)
    if refusal is not None:
        return refusal
    audience, account = world.audiences[action.audience], action.account
    if account not in world.ad_accounts:
        return unknown_id("R18", "ad account", account)
    home = world.ad_accounts[audience.account].owner_bc
    if home is None or world.ad_accounts[account].owner_bc != home:
        return refuse("R18", Cause.OTHER_BC, account=audience.account, other=account)
    if account == audience.account or account in audience.shared_with:
        return refuse("R18", Cause.ALREADY_SO, what=f"ad account {account} has audience {audience.id} already")
    return _expiry_refusal(world, audience, rulebook, at) or allow("R18")


def may_unshare_audience(world: World, action: UnshareAudience, _rulebook: Rulebook, _at: int) -> Decision:
    """R18: who built an audience stops sharing it; the receiver's ad groups are disconnected from it."""
    refusal = _builder_refusal(world, action.actor, action.audience)
    if refusal is not None:
        return refusal
    if action.account not in world.audiences[action.audience].shared_with:
        what = f"audience {action.audience} is not shared with ad account {action.account}"
        return refuse("R18", Cause.ALREADY_SO, what=what)
    return allow("R18")


def may_delete_audience(world: World, action: DeleteAudience, _rulebook: Rulebook, _at: int) -> Decision:
    """R18: an Admin or Operator of the account that built an audience deletes it, expired or not (P77)."""
    return _builder_refusal(world, action.actor, action.audience) or allow("R18")
