"""Partnerships of Business Centers, and the roles they give each other on ad accounts: R05 to R09 stand on them."""

from __future__ import annotations

from pixelsim.sharing.actions import (
    ApprovePartnership,
    GrantAccountAccess,
    RejectPartnership,
    RequestPartnership,
    RevokeAccountAccess,
)
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, admin_refusal, bc_refusal, limit_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import partnership_status, waiting_side
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = [
    "may_answer_partnership",
    "may_grant_account_access",
    "may_request_partnership",
    "may_revoke_account_access",
]


def may_request_partnership(world: World, action: RequestPartnership, _rulebook: Rulebook, _at: int) -> Decision:
    """R08: an Admin asks another Business Center to become a partner; a rejected or ended one may be asked again."""
    bc, partner = action.bc, action.partner
    refusal = admin_refusal(world, "R08", action.actor, bc) or bc_refusal(world, "R08", partner)
    if refusal is not None:
        return refusal
    if bc == partner:
        return refuse("R08", Cause.SELF_SHARE, bc=bc)
    status = partnership_status(world, bc, partner)
    if status is RelationStatus.BOUND:
        return refuse("R08", Cause.ALREADY_SO, what=f"Business Centers {bc} and {partner} are partners already")
    if status is RelationStatus.PENDING:
        return refuse("R08", Cause.PENDING, bc=bc, partner=partner, waiting=waiting_side(world, bc, partner))
    return allow("R08")


def may_answer_partnership(
    world: World, action: ApprovePartnership | RejectPartnership, _rulebook: Rulebook, _at: int
) -> Decision:
    """R08: only an Admin of the Business Center that was asked answers a pending request."""
    bc, partner = action.bc, action.partner
    refusal = admin_refusal(world, "R08", action.actor, bc) or bc_refusal(world, "R08", partner)
    if refusal is not None:
        return refusal
    found = world.partnerships.get((partner, bc))
    if found is not None and found.status is RelationStatus.PENDING:
        return allow("R08")
    status = partnership_status(world, bc, partner)
    if status is RelationStatus.PENDING:
        return refuse("R08", Cause.PENDING, bc=bc, partner=partner, waiting=partner)
    if status is RelationStatus.BOUND:
        return refuse("R08", Cause.ALREADY_SO, what=f"Business Centers {bc} and {partner} are partners already")
    return refuse("R08", Cause.NOT_PARTNER, bc=bc, partner=partner)


def _account_owner_refusal(
    world: World, action: GrantAccountAccess | RevokeAccountAccess, rule: str
) -> Decision | None:
    """Refuse who does not hold an ad account: its Business Center's Admins, or its own where it has none."""
    account = world.ad_accounts.get(action.account)
    if account is None:
        return unknown_id(rule, "ad account", action.account)
    if action.bc is None:
        refusal = account_role_refusal(world, rule, action.actor, account.id, AccountRole.ADMIN)
        if refusal is None and account.owner_bc is not None:
            what = f"Ad account {account.id}"
            return refuse(rule, Cause.NOT_OWNER, what=what, owner=account.owner_bc, bc="(none)")
        return refusal
    refusal = admin_refusal(world, rule, action.actor, action.bc)
    if refusal is not None:
        return refusal
    given_up = isinstance(action, RevokeAccountAccess) and action.bc == action.partner
    if account.owner_bc != action.bc and not given_up:
        owner = account.owner_bc if account.owner_bc is not None else "its own Admins"
        return refuse(rule, Cause.NOT_OWNER, what=f"Ad account {account.id}", owner=owner, bc=action.bc)
    return None


def may_grant_account_access(world: World, action: GrantAccountAccess, rulebook: Rulebook, _at: int) -> Decision:
    """R05 and R07 rest on this: the owner of an ad account shares it with a partner, at a role.

    While the partnership is pending the grant is recorded, and counts once it is approved (P06). A role is raised in
    place; to lower it, it has to be revoked first.
    """
    account, partner = action.account, action.partner
    refusal = bc_refusal(world, "R07", partner) or _account_owner_refusal(world, action, "R07")
    if refusal is not None:
        return refusal
    owner = world.ad_accounts[account].owner_bc
    if owner is not None:
        if owner == partner:
            return refuse("R08", Cause.SELF_SHARE, bc=owner)
        status = partnership_status(world, owner, partner)
        if status is RelationStatus.REJECTED:
            return refuse("R08", Cause.REJECTED, bc=owner, partner=partner)
        if status not in {RelationStatus.BOUND, RelationStatus.PENDING}:
            return refuse("R08", Cause.NOT_PARTNER, bc=owner, partner=partner)
    held = world.account_grants.get((partner, account))
    if held is not None and held.role.at_least(action.role):
        if held.role is action.role:
            what = f"Business Center {partner} is {held.role.value.title()} on ad account {account} already"
            return refuse("R07", Cause.ALREADY_SO, what=what)
        roles = {"held": held.role.value.title(), "wanted": action.role.value.title()}
        return refuse("R07", Cause.DOWNGRADE, partner=partner, account=account, **roles)
    if held is None and not world.business_centers[partner].type.is_agency:
        refusal = limit_refusal(
            "R07",
            f"Business Center {partner}",
            "ad accounts",
            limit=rulebook.limits.accounts_per_business_center,
            items=[*(a.owner_bc for a in world.ad_accounts.values()), *(bc for bc, _ in world.account_grants)],
            counts=lambda holder: holder == partner,
        )
    return refusal or allow("R07")


def may_revoke_account_access(world: World, action: RevokeAccountAccess, _rulebook: Rulebook, _at: int) -> Decision:
    """R07: the owner of an ad account takes a partner's role back, or the partner gives it up; no guard watches it."""
    refusal = bc_refusal(world, "R07", action.partner) or _account_owner_refusal(world, action, "R07")
    if refusal is not None:
        return refusal
    if (action.partner, action.account) not in world.account_grants:
        what = f"Business Center {action.partner} has no granted role on ad account {action.account}"
        return refuse("R07", Cause.ALREADY_SO, what=what)
    return allow("R07")
