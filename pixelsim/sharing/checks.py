"""The checks that many rules share: does it exist, is the person still there, which role do they hold.

Each gives a refusal, or None when there is nothing to object to; rules chain them and return the first refusal.
"""

from __future__ import annotations

from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision, refuse
from pixelsim.sharing.rulebook import AvailabilitySide, Rulebook
from pixelsim.world.entities import AccountRole, AccountStatus, BusinessCenterType, BusinessRole
from pixelsim.world.queries import (
    account_role_of_business,
    account_role_of_person,
    business_role,
    is_linked,
    partnership_status,
    share_in_force,
)
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = [
    "account_role_refusal",
    "admin_refusal",
    "availability_refusal",
    "exists",
    "owner_name",
    "person_refusal",
    "pixel_access_refusal",
]

_KINDS = {
    "business_centers": "Business Center",
    "people": "person",
    "ad_accounts": "ad account",
    "websites": "website",
    "pixels": "pixel",
    "campaigns": "campaign",
    "ad_groups": "ad group",
    "ads": "ad",
    "audiences": "audience",
    "tokens": "token",
}


def exists(world: World, rule: str, **ids: str) -> Decision | None:
    """Refuse when an id does not exist; each keyword is a mapping of the world, its value the id."""
    for name, key in ids.items():
        mapping = name.rstrip("_0123456789")
        if key not in getattr(world, mapping):
            return refuse(rule, Cause.UNKNOWN_ID, kind=_KINDS[mapping], id=key)
    return None


def person_refusal(world: World, rule: str, person: str) -> Decision | None:
    """Refuse when a person is unknown or has left."""
    found = world.people.get(person)
    if found is None:
        return refuse(rule, Cause.UNKNOWN_ID, kind="person", id=person)
    if found.left:
        return refuse(rule, Cause.PERSON_LEFT, person=person)
    return None


def admin_refusal(world: World, rule: str, person: str, bc: str) -> Decision | None:
    """Refuse when a person is no Admin of a Business Center."""
    refusal = exists(world, rule, business_centers=bc) or person_refusal(world, rule, person)
    if refusal is not None:
        return refusal
    role = business_role(world, bc, person)
    if role is None:
        return refuse(rule, Cause.NOT_A_MEMBER, person=person, bc=bc)
    if role is not BusinessRole.ADMIN:
        return refuse(rule, Cause.ROLE_TOO_LOW, person=person, bc=bc, role=role.value.title())
    return None


def availability_refusal(world: World, bc: str, partner: str | None, rulebook: Rulebook) -> Decision | None:
    """Refuse when a Business Center is not eligible for sharing (R01); the partner too, where the setting says so."""
    sides = [bc]
    if partner is not None and rulebook.settings.availability_side is AvailabilitySide.BOTH_SIDES:
        sides.append(partner)
    for side in sides:
        found = world.business_centers[side]
        if found.type is BusinessCenterType.NORMAL and found.managed:
            return refuse("R01", Cause.TYPE_NOT_ELIGIBLE, bc=side, type="managed regular")
        condition = rulebook.condition(found)
        if condition is not None:
            return refuse("R01", Cause.CONDITION_NOT_MET, bc=side, condition=condition)
    return None


def account_role_refusal(
    world: World, rule: str, person: str, account: str, needed: AccountRole, *, active_bc: str | None = None
) -> Decision | None:
    """Refuse when a person may not act in an ad account, telling the three causes of P20 apart."""
    refusal = exists(world, rule, ad_accounts=account) or person_refusal(world, rule, person)
    if refusal is not None:
        return refusal
    if active_bc is not None and account_role_of_business(world, active_bc, account) is None:
        home = world.ad_accounts[account].owner_bc
        if home is not None:
            asset = f"ad account {account}"
            return refuse(rule, Cause.WRONG_BC, person=person, bc=active_bc, asset=asset, other=home)
    role = account_role_of_person(world, account, person)
    if role is None:
        return refuse(rule, Cause.ASSET_NOT_ASSIGNED, person=person, asset=f"ad account {account}")
    if not role.at_least(needed):
        names = {"role": role.value.title(), "needed": needed.value.title()}
        return refuse(rule, Cause.LEVEL_TOO_LOW, person=person, account=account, **names)
    if needed is not AccountRole.ANALYST and world.ad_accounts[account].status is not AccountStatus.ENABLE:
        return refuse(rule, Cause.ACCOUNT_DISABLED, account=account)
    return None


def owner_name(world: World, pixel: str) -> str:
    """Name whom to ask about a pixel: its Business Center, or the creating ad account while it has none."""
    found = world.pixels[pixel]
    return found.owner_bc if found.owner_bc is not None else f"ad account {found.creator}"


def pixel_access_refusal(world: World, rule: str, pixel: str, account: str) -> Decision | None:
    """Refuse when an ad account has no access to a pixel, saying which of the usual reasons it is (P01, P06, R20)."""
    refusal = exists(world, rule, pixels=pixel, ad_accounts=account)
    if refusal is not None:
        return refusal
    if is_linked(world, pixel, account):
        return None
    owner = world.pixels[pixel].owner_bc
    names = {"pixel": pixel, "account": account, "owner": owner_name(world, pixel)}
    if (pixel, account) in world.unbound:
        return refuse(rule, Cause.REVOKED, **names)
    home = world.ad_accounts[account].owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if account_role_of_business(world, owner, account) is not None:
        return refuse(rule, Cause.OWNED_NOT_LINKED, **names)
    if home is not None and (pixel, home) in world.shares:
        if share_in_force(world, pixel, home):
            return refuse(rule, Cause.OWNED_NOT_LINKED, pixel=pixel, account=account, owner=home)
        if partnership_status(world, owner, home) is RelationStatus.PENDING:
            return refuse(rule, Cause.PENDING, bc=owner, partner=home, waiting=home)
    return refuse(rule, Cause.NO_ACCESS, who=f"ad account {account}", pixel=pixel, owner=names["owner"])
