"""Plain questions about a world: who has which role, which account reaches which pixel, which ads use it."""

from __future__ import annotations

from collections.abc import Iterator

from pixelsim.world.entities import AccountRole, Ad, AdGroup, Audience, BusinessRole, PixelLevel
from pixelsim.world.relations import AudienceAfter, RelationStatus
from pixelsim.world.world import World

__all__ = [
    "account_of_ad",
    "account_of_ad_group",
    "account_role_of_business",
    "account_role_of_person",
    "accounts_of_person",
    "accounts_of_pixel",
    "ad_groups_of_account",
    "ads_of_ad_group",
    "audience_stopped",
    "business_role",
    "is_billed",
    "is_linked",
    "partnership_status",
    "pixel_level_of_person",
    "pixel_users",
    "share_in_force",
    "waiting_side",
]

_STRONGEST_FIRST = (
    RelationStatus.BOUND,
    RelationStatus.PENDING,
    RelationStatus.REJECTED,
    RelationStatus.REMOVED,
)


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
    first = world.partnerships.get((one, other))
    second = world.partnerships.get((other, one))
    if first is None:
        return None if second is None else second.status
    if second is None:
        return first.status
    return min(first.status, second.status, key=_STRONGEST_FIRST.index)


def waiting_side(world: World, one: str, other: str) -> str:
    """Name the side that has to approve the pending partnership of two Business Centers."""
    asked = world.partnerships.get((one, other))
    return other if asked is not None and asked.status is RelationStatus.PENDING else one


def share_in_force(world: World, pixel: str, bc: str) -> bool:
    """Whether a pixel is shared with a Business Center over a bound partnership."""
    if (pixel, bc) not in world.shares:
        return False
    owner = world.pixels[pixel].owner_bc
    return owner is not None and partnership_status(world, owner, bc) is RelationStatus.BOUND


def is_billed(world: World, account: str) -> bool:
    """Whether an ad account can pay: by its own billing, or by a method that its Business Center owns or is lent."""
    found = world.ad_accounts[account]
    if found.payment_method is None:
        return True
    method = world.payment_methods.get(found.payment_method)
    if method is None or found.owner_bc is None:
        return False
    return method.owner_bc == found.owner_bc or (method.id, found.owner_bc) in world.payment_shares


def audience_stopped(world: World, audience: Audience, at: int) -> bool:
    """Whether what uses an audience stops, since its builder lost the pixel: paused, or past the deadline.

    A frozen audience stays usable, a lost one is disconnected from its users, who run on without it; a lookalike has
    its own members and does not hang on the pixel.

    Parameters
    ----------
    at
        Milliseconds since the scenario's start; the deadline's own instant is past it.
    """
    if audience.seed is not None or is_linked(world, audience.pixel, audience.account):
        return False
    tombstone = world.unbound.get((audience.pixel, audience.account))
    if tombstone is None or tombstone.audiences in {AudienceAfter.FROZEN, AudienceAfter.LOST}:
        return False
    return tombstone.audience_until is None or at >= tombstone.audience_until


def is_linked(world: World, pixel: str, account: str) -> bool:
    """Whether an ad account has access to a pixel: it created it (R11), or is linked (R07, R09)."""
    found = world.pixels.get(pixel)
    return found is not None and (found.creator == account or (pixel, account) in world.links)


def accounts_of_pixel(world: World, pixel: str) -> list[str]:
    """List the ad accounts with access to a pixel: the creating one first, the linked ones by id."""
    creator = world.pixels[pixel].creator
    return [creator, *sorted(account for code, account in world.links if code == pixel and account != creator)]


def accounts_of_person(world: World, person: str) -> list[str]:
    """List the ad accounts on which a person has any role in force, by id."""
    return sorted(
        account
        for account, holder in world.account_people
        if holder == person and account_role_of_person(world, account, person) is not None
    )


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
    campaigns = world.campaigns
    found = [g for g in world.ad_groups.values() if not g.deleted and campaigns[g.campaign].account == account]
    return sorted(found, key=lambda group: group.id)


def ads_of_ad_group(world: World, ad_group: str) -> list[Ad]:
    """List an ad group's ads that are not deleted, by id."""
    found = [ad for ad in world.ads.values() if ad.ad_group == ad_group and not ad.deleted]
    return sorted(found, key=lambda ad: ad.id)


def pixel_users(world: World, pixel: str, account: str) -> Iterator[tuple[str, str]]:
    """Give all that uses a pixel in an account, as ("ad_group" | "ad", id): optimisation first, then tracking only.

    The guard counts both (R16a). An ad whose ad group uses the same pixel is not listed again; nor is anything deleted,
    itself or with the campaign or ad group above it.
    """
    campaigns, groups = world.campaigns, world.ad_groups
    optimising: list[str] = []
    tracking: list[str] = []
    for key, group in groups.items():
        if group.pixel == pixel and not group.deleted:
            campaign = campaigns[group.campaign]
            if campaign.account == account and not campaign.deleted:
                optimising.append(key)
    for key, ad in world.ads.items():
        if ad.tracking_pixel == pixel and not ad.deleted:
            group = groups[ad.ad_group]
            if group.pixel != pixel and not group.deleted:
                campaign = campaigns[group.campaign]
                if campaign.account == account and not campaign.deleted:
                    tracking.append(key)
    optimising.sort()
    tracking.sort()
    for key in optimising:
        yield "ad_group", key
    for key in tracking:
        yield "ad", key
