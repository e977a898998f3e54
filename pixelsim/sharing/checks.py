"""The checks that many rules share: does it exist, is the person still there, which role do they hold.

Each gives a refusal, or None when there is nothing to object to; rules chain them and return the first refusal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision, refuse
from pixelsim.sharing.rulebook import AvailabilitySide, Rulebook
from pixelsim.world.entities import AccountRole, AccountStatus, BusinessCenterType, BusinessRole
from pixelsim.world.queries import (
    account_role_of_business,
    account_role_of_person,
    is_linked,
    partnership_status,
    share_in_force,
    waiting_side,
)
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = [
    "account_role_refusal",
    "admin_refusal",
    "availability_refusal",
    "bc_refusal",
    "limit_refusal",
    "name_refusal",
    "new_id_refusal",
    "owner_name",
    "person_refusal",
    "pixel_access_refusal",
    "unknown_id",
]

_Item = TypeVar("_Item")
_LONGEST_NAME = 40


def unknown_id(rule: str, kind: str, key: str) -> Decision:
    """Refuse an id that does not exist; ``kind`` says what it should name."""
    return refuse(rule, Cause.UNKNOWN_ID, kind=kind[:1].upper() + kind[1:], id=key)


def bc_refusal(world: World, rule: str, bc: str) -> Decision | None:
    """Refuse when a Business Center does not exist."""
    return None if bc in world.business_centers else unknown_id(rule, "Business Center", bc)


def new_id_refusal(rule: str, taken: Mapping[str, object], kind: str, key: str) -> Decision | None:
    """Refuse an identifier for something new that is empty or taken."""
    if key in taken:
        return refuse(rule, Cause.DUPLICATE_ID, what=f"{kind} {key}")
    if not key:
        return refuse(
            rule, Cause.NOT_ALLOWED_VALUE, field=f"the identifier of a new {kind}", value="empty", allowed="one"
        )
    return None


def name_refusal(rule: str, field: str, name: object) -> Decision | None:
    """Refuse a pixel's name that is no text of 1 to 40 characters, or that holds emoji (the API's limits).

    Emoji are taken to be the characters that Unicode files under "other symbols" (assumption).
    """
    fits = isinstance(name, str) and name.strip() != "" and len(name) <= _LONGEST_NAME
    if fits and not any(unicodedata.category(character) == "So" for character in str(name)):
        return None
    allowed = f"a name of 1 to {_LONGEST_NAME} characters without emoji"
    return refuse(rule, Cause.NOT_ALLOWED_VALUE, field=field, value=repr(name), allowed=allowed)


def limit_refusal(
    rule: str, holder: str, things: str, *, limit: int | None, items: Collection[_Item], counts: Callable[[_Item], bool]
) -> Decision | None:
    """Refuse one more of something when ``limit`` of the items that count are there already."""
    if limit is None or len(items) < limit:
        return None
    count = sum(1 for item in items if counts(item))
    if count < limit:
        return None
    return refuse(rule, Cause.LIMIT_REACHED, holder=holder, things=things, count=str(count))


def person_refusal(world: World, rule: str, person: str) -> Decision | None:
    """Refuse when a person is unknown or has left."""
    found = world.people.get(person)
    if found is None:
        return unknown_id(rule, "person", person)
    if found.left:
        return refuse(rule, Cause.PERSON_LEFT, person=person)
    return None


def admin_refusal(world: World, rule: str, person: str, bc: str) -> Decision | None:
    """Refuse when a person is no Admin of a Business Center."""
    if bc not in world.business_centers:
        return unknown_id(rule, "Business Center", bc)
    refusal = person_refusal(world, rule, person)
    if refusal is not None:
        return refusal
    role = world.members.get((bc, person))
    if role is BusinessRole.ADMIN:
        return None
    if role is None:
        return refuse(rule, Cause.NOT_A_MEMBER, person=person, bc=bc)
    return refuse(rule, Cause.ROLE_TOO_LOW, person=person, bc=bc, role=role.value.title())


def availability_refusal(world: World, owner: str, partner: str | None, rulebook: Rulebook) -> Decision | None:
    """Refuse when a Business Center is not eligible for sharing (R01).

    The side that shares is the owner's; the partner's side is looked at only where the setting says "both sides".
    Business Centers of the types direct, agency and small-business are eligible, managed or not; unmanaged regular ones
    under the rulebook's condition; managed regular ones are not.
    """
    sides = [owner]
    if partner is not None and rulebook.settings.availability_side is AvailabilitySide.BOTH_SIDES:
        sides.append(partner)
    for side in sides:
        found = world.business_centers[side]
        if found.type is not BusinessCenterType.NORMAL:
            continue
        if found.managed:
            return refuse("R01", Cause.TYPE_NOT_ELIGIBLE, bc=side, type="managed regular")
        condition = rulebook.condition(found)
        if condition is not None:
            return refuse("R01", Cause.CONDITION_NOT_MET, bc=side, condition=condition)
    return None


def account_role_refusal(
    world: World, rule: str, person: str, account: str, needed: AccountRole, *, active_bc: str | None = None
) -> Decision | None:
    """Refuse when a person may not act in an ad account, telling the three causes of P20 apart.

    The asset was never assigned, the level is too low, or another Business Center is open on the screen.
    """
    found = world.ad_accounts.get(account)
    if found is None:
        return unknown_id(rule, "ad account", account)
    refusal = person_refusal(world, rule, person)
    if refusal is not None:
        return refusal
    if active_bc is not None:
        if active_bc not in world.business_centers:
            return unknown_id(rule, "Business Center", active_bc)
        if found.owner_bc is not None and account_role_of_business(world, active_bc, account) is None:
            names = {"asset": f"ad account {account}", "other": found.owner_bc}
            return refuse(rule, Cause.WRONG_BC, person=person, bc=active_bc, **names)
    role = account_role_of_person(world, account, person)
    if role is None:
        return refuse(rule, Cause.ASSET_NOT_ASSIGNED, person=person, asset=f"ad account {account}")
    if not role.at_least(needed):
        names = {"role": role.value.title(), "needed": needed.value.title()}
        return refuse(rule, Cause.LEVEL_TOO_LOW, person=person, account=account, **names)
    if found.status is not AccountStatus.ENABLE and needed is not AccountRole.ANALYST:
        return refuse(rule, Cause.ACCOUNT_DISABLED, account=account)
    return None


def owner_name(world: World, pixel: str) -> str:
    """Name whom to ask about a pixel: its Business Center, or the creating ad account while it has none."""
    found = world.pixels[pixel]
    return found.owner_bc if found.owner_bc is not None else f"ad account {found.creator}"


def pixel_access_refusal(world: World, rule: str, pixel: str, account: str) -> Decision | None:
    """Refuse when an ad account has no access to a pixel, saying which of the usual reasons it is (P01, P06, R20)."""
    if pixel not in world.pixels:
        return unknown_id(rule, "pixel", pixel)
    if account not in world.ad_accounts:
        return unknown_id(rule, "ad account", account)
    if is_linked(world, pixel, account):
        return None
    owner = world.pixels[pixel].owner_bc
    if owner is None:
        return refuse("R03", Cause.NOT_IN_BC, pixel=pixel)
    if (pixel, account) in world.unbound:
        return refuse(rule, Cause.REVOKED, pixel=pixel, account=account, owner=owner)
    home = world.ad_accounts[account].owner_bc
    if account_role_of_business(world, owner, account) is not None:
        return refuse(rule, Cause.OWNED_NOT_LINKED, pixel=pixel, account=account, owner=owner)
    if home is not None:
        if share_in_force(world, pixel, home):
            return refuse(rule, Cause.OWNED_NOT_LINKED, pixel=pixel, account=account, owner=home)
        recorded = (pixel, home) in world.shares or (owner, account) in world.account_grants
        if recorded and partnership_status(world, owner, home) is RelationStatus.PENDING:
            return refuse(rule, Cause.PENDING, bc=owner, partner=home, waiting=waiting_side(world, owner, home))
    return refuse(rule, Cause.NO_ACCESS, who=f"ad account {account}", pixel=pixel, owner=owner)
