"""Partnerships, members and ad-account roles: the relations that R05 to R10 and R16 to R18 stand on."""

from __future__ import annotations

from pixelsim.sharing.actions import (
    AddMember,
    ApprovePartnership,
    AssignAccount,
    GrantAccountAccess,
    LeavePerson,
    RejectPartnership,
    RemoveMember,
    RequestPartnership,
    RevokeAccountAccess,
    UnassignAccount,
)
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, admin_refusal, exists, person_refusal
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import account_role_of_business, partnership_status
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = [
    "may_add_member",
    "may_answer_partnership",
    "may_assign_account",
    "may_grant_account_access",
    "may_leave",
    "may_remove_member",
    "may_request_partnership",
    "may_revoke_account_access",
    "may_unassign_account",
]


def may_request_partnership(world: World, action: RequestPartnership, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R08: an Admin asks another Business Center to become a partner; a rejected or ended one may be asked again."""
    refusal = exists(world, "R08", business_centers=action.bc, business_centers_2=action.partner)
    refusal = refusal or admin_refusal(world, "R08", action.actor, action.bc)
    if refusal is not None:
        return refusal
    if action.bc == action.partner:
        return refuse("R08", Cause.SELF_SHARE, bc=action.bc)
    status = partnership_status(world, action.bc, action.partner)
    if status is RelationStatus.BOUND:
        return refuse("R08", Cause.ALREADY_SO, what=f"The partnership of {action.bc} and {action.partner}")
    if status is RelationStatus.PENDING:
        waiting = action.partner if (action.bc, action.partner) in world.partnerships else action.bc
        return refuse("R08", Cause.PENDING, bc=action.bc, partner=action.partner, waiting=waiting)
    return allow("R08")


def may_answer_partnership(
    world: World,
    action: ApprovePartnership | RejectPartnership,
    rulebook: Rulebook,  # noqa: ARG001
    at: int,  # noqa: ARG001
) -> Decision:
    """R08: only an Admin of the Business Center that was asked answers a pending request."""
    refusal = exists(world, "R08", business_centers=action.bc, business_centers_2=action.partner)
    refusal = refusal or admin_refusal(world, "R08", action.actor, action.bc)
    if refusal is not None:
        return refusal
    found = world.partnerships.get((action.partner, action.bc))
    if found is None or found.status is not RelationStatus.PENDING:
        return refuse("R08", Cause.NOT_PARTNER, bc=action.bc, partner=action.partner)
    return allow("R08")


def may_grant_account_access(world: World, action: GrantAccountAccess, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R05 and R07 rest on this: a Business Center shares an ad account of its own with a partner, at a role.

    While the partnership is pending the grant is recorded, and counts once it is approved (P06).
    """
    refusal = exists(
        world, "R07", business_centers=action.bc, business_centers_2=action.partner, ad_accounts=action.account
    )
    refusal = refusal or admin_refusal(world, "R07", action.actor, action.bc)
    if refusal is not None:
        return refusal
    if action.bc == action.partner:
        return refuse("R08", Cause.SELF_SHARE, bc=action.bc)
    owner = world.ad_accounts[action.account].owner_bc
    if owner != action.bc:
        asked = owner if owner is not None else f"the people of ad account {action.account}"
        return refuse("R07", Cause.NOT_OWNER, what=f"Ad account {action.account}", owner=asked, bc=action.bc)
    status = partnership_status(world, action.bc, action.partner)
    if status not in {RelationStatus.BOUND, RelationStatus.PENDING}:
        cause = Cause.REJECTED if status is RelationStatus.REJECTED else Cause.NOT_PARTNER
        return refuse("R08", cause, bc=action.bc, partner=action.partner)
    held = world.account_grants.get((action.partner, action.account))
    if held is not None and held.role is action.role:
        return refuse(
            "R07", Cause.ALREADY_SO, what=f"The role of Business Center {action.partner} on ad account {action.account}"
        )
    return allow("R07")


def may_revoke_account_access(world: World, action: RevokeAccountAccess, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R07: the owner of an ad account takes a partner's role back; no guard watches this."""
    refusal = exists(
        world, "R07", business_centers=action.bc, business_centers_2=action.partner, ad_accounts=action.account
    )
    refusal = refusal or admin_refusal(world, "R07", action.actor, action.bc)
    if refusal is not None:
        return refusal
    owner = world.ad_accounts[action.account].owner_bc
    if owner != action.bc:
        return refuse("R07", Cause.NOT_OWNER, what=f"Ad account {action.account}", owner=str(owner), bc=action.bc)
    if (action.partner, action.account) not in world.account_grants:
        what = f"That Business Center {action.partner} has no role on ad account {action.account}"
        return refuse("R07", Cause.ALREADY_SO, what=what)
    return allow("R07")


def may_add_member(world: World, action: AddMember, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R10: an Admin adds people to the Business Center, or changes their role."""
    refusal = admin_refusal(world, "R10", action.actor, action.bc) or person_refusal(world, "R10", action.person)
    if refusal is not None:
        return refusal
    if world.members.get((action.bc, action.person)) is action.role:
        return refuse("R10", Cause.ALREADY_SO, what=f"The role of {action.person} in Business Center {action.bc}")
    return allow("R10")


def may_remove_member(world: World, action: RemoveMember, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R15a: an Admin takes a person out of the Business Center."""
    refusal = admin_refusal(world, "R15a", action.actor, action.bc)
    if refusal is not None:
        return refusal
    if (action.bc, action.person) not in world.members:
        return refuse("R15a", Cause.NOT_A_MEMBER, person=action.person, bc=action.bc)
    return allow("R15a")


def may_assign_account(world: World, action: AssignAccount, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R16's second layer: an Admin of a Business Center with access assigns an ad account to one of its members.

    With ``bc`` None an Admin of the account adds the person by name; such people outlive every partnership (P28).
    """
    refusal = exists(world, "R16", ad_accounts=action.account) or person_refusal(world, "R16", action.person)
    if refusal is not None:
        return refusal
    if action.bc is None:
        refusal = account_role_refusal(world, "R16", action.actor, action.account, AccountRole.ADMIN)
        return refusal if refusal is not None else allow("R16")
    refusal = admin_refusal(world, "R16", action.actor, action.bc)
    if refusal is not None:
        return refusal
    role = account_role_of_business(world, action.bc, action.account)
    if role is None:
        return refuse(
            "R16", Cause.ASSET_NOT_ASSIGNED, person=f"Business Center {action.bc}", asset=f"ad account {action.account}"
        )
    if (action.bc, action.person) not in world.members:
        return refuse("R16", Cause.NOT_A_MEMBER, person=action.person, bc=action.bc)
    if not role.at_least(action.role):
        names = {"role": role.value.title(), "needed": action.role.value.title()}
        return refuse(
            "R16", Cause.LEVEL_TOO_LOW, person=f"Business Center {action.bc}", account=action.account, **names
        )
    return allow("R16")


def may_unassign_account(world: World, action: UnassignAccount, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R15a for accounts: an Admin of the Business Center it came through, or of the account, takes it away."""
    refusal = exists(world, "R15a", ad_accounts=action.account)
    if refusal is not None:
        return refusal
    if action.bc is None:
        refusal = account_role_refusal(world, "R15a", action.actor, action.account, AccountRole.ADMIN)
        if refusal is not None:
            return refusal
    else:
        refusal = admin_refusal(world, "R15a", action.actor, action.bc)
        if refusal is not None:
            return refusal
        if account_role_of_business(world, action.bc, action.account) is None:
            what = f"ad account {action.account}"
            return refuse("R15a", Cause.ASSET_NOT_ASSIGNED, person=f"Business Center {action.bc}", asset=what)
    if (action.account, action.person) not in world.account_people:
        what = f"That {action.person} has no role on ad account {action.account}"
        return refuse("R15a", Cause.ALREADY_SO, what=what)
    return allow("R15a")


def may_leave(world: World, action: LeavePerson, rulebook: Rulebook, at: int) -> Decision:  # noqa: ARG001
    """R10's people come and go: anyone who is still there may leave."""
    refusal = person_refusal(world, "R10", action.actor)
    return refusal if refusal is not None else allow("R10")
