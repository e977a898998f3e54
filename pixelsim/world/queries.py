"""Plain questions about a world: who has which role, which account reaches which pixel, which ads use it."""

from __future__ import annotations

from collections.abc import Iterator

from pixelsim.world.entities import AccountRole, Ad, AdGroup, BusinessRole, PixelLevel
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = [
    "account_of_ad",
    "account_of_ad_group",
    "account_role_of_business",
    "account_role_of_person",
    "accounts_of_pixel",
    "ad_groups_of_account",
    "ads_of_ad_group",
    "business_role",
    "is_linked",
    "partnership_status",
    "pixel_level_of_person",
    "pixel_users",
    "share_in_force",
]


def business_role(world: World, bc: str, person: str) -> BusinessRole | None:
    """Give a person's role in a Business Center, or None for outsiders and people who left."""
    found = world.people.get(person)
    if found is None or found.left:
        return None
    return world.members.get((bc, person))


def account_role_of_business(world: World, bc: str, account: str) -> AccountRole | None:
    """Give a Business Center's role on an ad account: Admin on its own, the granted one on others, or None."""
    found = world.ad_accounts.get(account)
    if found is None:
        return None
    if found.owner_bc == bc:
        return AccountRole.ADMIN
    grant = world.account_grants.get((bc, account))
    if grant is None:
        return None
    if found.owner_bc is not None and partnership_status(world, found.owner_bc, bc) is not RelationStatus.BOUND:
        return None
    return grant.role


def account_role_of_person(world: World, account: str, person: str) -> AccountRole | None:
    """Give a person's role on an ad account, capped by the role of the Business Center it comes through."""
    found = world.people.get(person)
    assignment = world.account_people.get((account, person))
    if found is None or found.left or assignment is None:
        return None
    if assignment.via is None:
        return assignment.role
    if world.members.get((assignment.via, person)) is None:
        return None
    cap = account_role_of_business(world, assignment.via, account)
    if cap is None:
        return None
    return assignment.role if cap.at_least(assignment.role) else cap


def partnership_status(world: World, one: str, other: str) -> RelationStatus | None:
    """Give the state of the partnership of two Business Centers, whoever asked for it; bound wins over the rest."""
    states = [p.status for key in ((one, other), (other, one)) if (p := world.partnerships.get(key)) is not None]
    for status in (
        RelationStatus.BOUND,
        RelationStatus.PENDING,
        RelationStatus.REJECTED,
        RelationStatus.REMOVED,
    ):
        if status in states:
            return status
    return None


def share_in_force(world: World, pixel: str, bc: str) -> bool:
    """Whether a pixel is shared with a Business Center over a bound partnership."""
    if (pixel, bc) not in world.shares:
        return False
    owner = world.pixels[pixel].owner_bc
    return owner is not None and partnership_status(world, owner, bc) is RelationStatus.BOUND


def is_linked(world: World, pixel: str, account: str) -> bool:
    """Whether an ad account has access to a pixel: it created it (R11), or is linked (R07, R09)."""
    found = world.pixels.get(pixel)
    return found is not None and (found.creator == account or (pixel, account) in world.links)


def accounts_of_pixel(world: World, pixel: str) -> list[str]:
    """List the ad accounts with access to a pixel: the creating one first, the linked ones by id."""
    creator = world.pixels[pixel].creator
    return [creator, *sorted(account for code, account in world.links if code == pixel and account != creator)]


def pixel_level_of_person(world: World, pixel: str, person: str) -> PixelLevel | None:
    """Give a person's own level on a pixel (R10), or None."""
    found = world.people.get(person)
    assignment = world.pixel_people.get((pixel, person))
    if found is None or found.left or assignment is None:
        return None
    if assignment.via is not None:
        if (assignment.via, person) not in world.members:
            return None
        owns = world.pixels[pixel].owner_bc == assignment.via
        if not owns and not share_in_force(world, pixel, assignment.via):
            return None
    return assignment.level


def account_of_ad_group(world: World, ad_group: str) -> str:
    """Give the id of the ad account that an ad group belongs to."""
    return world.campaigns[world.ad_groups[ad_group].campaign].account


def account_of_ad(world: World, ad: str) -> str:
    """Give the id of the ad account that an ad belongs to."""
    return account_of_ad_group(world, world.ads[ad].ad_group)


def ad_groups_of_account(world: World, account: str) -> list[AdGroup]:
    """List an account's ad groups that are not deleted, by id."""
    return [
        group
        for key, group in sorted(world.ad_groups.items())
        if not group.deleted and world.campaigns[group.campaign].account == account
    ]


def ads_of_ad_group(world: World, ad_group: str) -> list[Ad]:
    """List an ad group's ads that are not deleted, by id."""
    return [ad for _, ad in sorted(world.ads.items()) if ad.ad_group == ad_group and not ad.deleted]


def pixel_users(world: World, pixel: str, account: str) -> Iterator[tuple[str, str]]:
    """Give all that uses a pixel in an account, as ("ad_group" | "ad", id): optimisation first, then tracking only.

    The guard counts both (R16a). An ad whose ad group uses the same pixel is not listed again.
    """
    for group in ad_groups_of_account(world, account):
        if group.pixel == pixel:
            yield "ad_group", group.id
    for key, ad in sorted(world.ads.items()):
        if ad.tracking_pixel != pixel or ad.deleted:
            continue
        group = world.ad_groups[ad.ad_group]
        if group.pixel != pixel and world.campaigns[group.campaign].account == account:
            yield "ad", key
