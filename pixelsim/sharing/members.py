"""Who belongs to a Business Center and who was assigned which ad account: R10, R15a and R16 stand on them."""

from __future__ import annotations

from pixelsim.sharing.actions import AddMember, AssignAccount, LeavePerson, RemoveMember, UnassignAccount
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal, admin_refusal, limit_refusal, person_refusal, unknown_id
from pixelsim.sharing.decision import Decision, allow, refuse
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, BusinessRole
from pixelsim.world.queries import account_role_of_business
from pixelsim.world.world import World

__all__ = ["may_add_member", "may_assign_account", "may_leave", "may_remove_member", "may_unassign_account"]


def may_add_member(world: World, action: AddMember, rulebook: Rulebook, _at: int) -> Decision:
    """R10: an Admin adds people to the Business Center, or changes their role, up to the platform's numbers."""
    bc, person = action.bc, action.person
    refusal = admin_refusal(world, "R10", action.actor, bc) or person_refusal(world, "R10", person)
    if refusal is not None:
        return refusal
    held = world.members.get((bc, person))
    if held is action.role:
        what = f"{person} is {held.value.title()} of Business Center {bc} already"
        return refuse("R10", Cause.ALREADY_SO, what=what)
    holder = f"Business Center {bc}"
    if held is None:
        limit = rulebook.limits.members_per_business_center
        refusal = limit_refusal(
            "R10", holder, "members", limit=limit, items=world.members, counts=lambda key: key[0] == bc
        )
    if refusal is None and action.role is BusinessRole.ADMIN:
        limit = rulebook.limits.admins_per_business_center
        refusal = limit_refusal(
            "R10",
            holder,
            "Admins",
            limit=limit,
            items=world.members.items(),
            counts=lambda item: item[0][0] == bc and item[1] is BusinessRole.ADMIN,
        )
    return refusal or allow("R10")


def may_remove_member(world: World, action: RemoveMember, _rulebook: Rulebook, _at: int) -> Decision:
    """R15a: an Admin takes a person out of the Business Center; links and delivery stay as they are."""
    refusal = admin_refusal(world, "R15a", action.actor, action.bc)
    if refusal is not None:
        return refusal
    if action.person not in world.people:
        return unknown_id("R15a", "person", action.person)
    if (action.bc, action.person) not in world.members:
        return refuse("R15a", Cause.NOT_A_MEMBER, person=action.person, bc=action.bc)
    return allow("R15a")


def may_assign_account(world: World, action: AssignAccount, _rulebook: Rulebook, _at: int) -> Decision:
    """R16's second layer: an Admin of a Business Center with access assigns an ad account to one of its members.

    With ``bc`` None an Admin of the account adds the person by name; such people outlive every partnership (P28).
    What somebody holds in another way is changed by the account's owner only.
    """
    account, person, bc = action.account, action.person, action.bc
    found = world.ad_accounts.get(account)
    if found is None:
        return unknown_id("R16", "ad account", account)
    refusal = person_refusal(world, "R16", person)
    if refusal is not None:
        return refusal
    held = world.account_people.get((account, person))
    if bc is None:
        refusal = account_role_refusal(world, "R16", action.actor, account, AccountRole.ADMIN)
    else:
        refusal = admin_refusal(world, "R16", action.actor, bc) or _through_refusal(world, action, bc)
        if refusal is None and held is not None and bc not in {held.via, found.owner_bc}:
            via = "by name" if held.via is None else f"through Business Center {held.via}"
            asset = f"ad account {account}"
            return refuse("R16", Cause.HELD_OTHERWISE, person=person, asset=asset, via=via, bc=f"Business Center {bc}")
    if refusal is None and held is not None and held.via == bc and held.role is action.role:
        return refuse("R16", Cause.ALREADY_SO, what=f"{person} has that role on ad account {account} already")
    return refusal or allow("R16")


def _through_refusal(world: World, action: AssignAccount, bc: str) -> Decision | None:
    """Refuse a Business Center that has no role on an ad account to give on, or a person who is none of its own."""
    role = account_role_of_business(world, bc, action.account)
    if role is None:
        asset = f"ad account {action.account}"
        return refuse("R16", Cause.ASSET_NOT_ASSIGNED, person=f"Business Center {bc}", asset=asset)
    if (bc, action.person) not in world.members:
        return refuse("R16", Cause.NOT_A_MEMBER, person=action.person, bc=bc)
    if not role.at_least(action.role):
        names = {"role": role.value.title(), "needed": action.role.value.title()}
        person = f"Business Center {bc}"
        return refuse("R16", Cause.LEVEL_TOO_LOW, person=person, account=action.account, **names)
    return None


def may_unassign_account(world: World, action: UnassignAccount, _rulebook: Rulebook, _at: int) -> Decision:
    """R15a for accounts: an Admin of the Business Center it came through, of the owner, or of the account itself."""
    account, person, bc = action.account, action.person, action.bc
    found = world.ad_accounts.get(account)
    if found is None:
        return unknown_id("R15a", "ad account", account)
    if person not in world.people:
        return unknown_id("R15a", "person", person)
    held = world.account_people.get((account, person))
    if bc is None:
        refusal = account_role_refusal(world, "R15a", action.actor, account, AccountRole.ADMIN)
    else:
        refusal = admin_refusal(world, "R15a", action.actor, bc)
    if refusal is not None:
        return refusal
    if bc not in {None, found.owner_bc} and (held is None or bc != held.via):
        owner = found.owner_bc if found.owner_bc is not None else "its own Admins"
        return refuse("R15a", Cause.NOT_OWNER, what=f"Ad account {account}", owner=owner, bc=str(bc))
    if held is None:
        return refuse("R15a", Cause.ALREADY_SO, what=f"{person} has no role on ad account {account}")
    return allow("R15a")


def may_leave(world: World, action: LeavePerson, _rulebook: Rulebook, _at: int) -> Decision:
    """R10's people come and go: anyone who is still there may leave."""
    return person_refusal(world, "R10", action.actor) or allow("R10")
