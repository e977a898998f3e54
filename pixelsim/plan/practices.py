"""Which good practice a structure follows: one pixel for all regions, one for each brand, the brand's own, an end."""

from __future__ import annotations

from collections.abc import Iterator

from pixelsim.plan.findings import Code, Finding, Severity
from pixelsim.plan.goals import UserState, pixel_users_at, removals
from pixelsim.world.entities import AccountRole, Website
from pixelsim.world.queries import account_role_of_business, accounts_of_pixel, is_linked, share_in_force
from pixelsim.world.world import World

__all__ = ["followed", "live_users", "owner_of", "sites", "users_beside_owner"]


def owner_of(world: World, pixel: str) -> str | None:
    """Give the Business Center that controls a pixel: its owner, or the home of the creating account before that."""
    found = world.pixels[pixel]
    return found.owner_bc if found.owner_bc is not None else world.ad_accounts[found.creator].owner_bc


def users_beside_owner(world: World, pixel: str) -> list[str]:
    """List the other Business Centers that use a pixel: it is shared with them, or linked to an account of theirs."""
    found = {bc for code, bc in world.shares if code == pixel and share_in_force(world, pixel, bc)}
    homes = {world.ad_accounts[account].owner_bc for account in accounts_of_pixel(world, pixel)}
    found |= {home for home in homes if home is not None}
    return sorted(found - {owner_of(world, pixel)})


def sites(world: World) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Join websites that answer on a common domain, and give (websites, pixels) of each such site, by website."""
    groups: list[list[Website]] = []
    for _, website in sorted(world.websites.items()):
        near = [group for group in groups if any(set(website.domains) & set(other.domains) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), website])
    found = []
    for group in groups:
        names = tuple(sorted(website.id for website in group))
        pixels = {pixel for website in group for pixel in website.pixels}
        found.append((names, tuple(sorted(pixel for pixel in pixels if pixel in world.pixels))))
    return sorted(found)


def live_users(world: World, pixel: str, account: str, at: int) -> list[str]:
    """List the ids in an account that deliver on a pixel, would start by themselves, or are switched on for it."""
    found = []
    for user in pixel_users_at(world, pixel, account, at):
        group = world.ad_groups[user.id if user.kind == "ad_group" else world.ads[user.id].ad_group]
        on = group.on and world.campaigns[group.campaign].on and (user.kind == "ad_group" or world.ads[user.id].on)
        if on and user.state is not UserState.OVER:
            found.append(user.id)
    return found


def followed(world: World, at: int) -> Iterator[Finding]:
    """Give a finding for each good practice that a part of the structure follows.

    Parameters
    ----------
    at
        Milliseconds since the scenario's start.
    """
    yield from _one_for_all_regions(world)
    yield from _one_for_each_brand(world)
    yield from _brand_owns_agency_uses(world)
    yield from _ended_cleanly(world, at)


def _good(code: Code, subjects: tuple[str, ...], sentence: str) -> Finding:
    return Finding(code=code, severity=Severity.GOOD, subjects=subjects, sentence=sentence, rule=code.value[-2:])


def _is_agency(world: World, bc: str | None) -> bool:
    return bc is not None and world.business_centers[bc].type.is_agency


def _one_for_all_regions(world: World) -> Iterator[Finding]:
    carried = {pixel for _, pixels in sites(world) for pixel in pixels}
    for names, pixels in sites(world):
        if len(pixels) != 1:
            continue
        pixel = pixels[0]
        if sum(owner_of(world, code) == owner_of(world, pixel) for code in carried) > 1:
            continue  # an owner of several sites' pixels is a matter of B2
        creator = world.pixels[pixel].creator
        regions = [
            bc
            for bc in users_beside_owner(world, pixel)
            if not _is_agency(world, bc) and account_role_of_business(world, bc, creator) is AccountRole.ADMIN
        ]
        if world.pixels[pixel].owner_bc is not None and regions and not _is_agency(world, owner_of(world, pixel)):
            sentence = (
                f"{', '.join(names)} has the one pixel {pixel}, owned by {owner_of(world, pixel)}; "
                f"used, with Admin access to create events and ads, by {', '.join(regions)}."
            )
            yield _good(Code.FOLLOWS_B1, (pixel, *regions), sentence)


def _one_for_each_brand(world: World) -> Iterator[Finding]:
    own = [(names, pixels[0]) for names, pixels in sites(world) if len(pixels) == 1]
    codes = [pixel for _, pixel in own]
    owners = [owner_of(world, pixel) for pixel in codes]
    apart = len(set(codes)) == len(codes) and len(set(owners)) > 1 and None not in owners
    if len(own) < 2 or not apart or any(_is_agency(world, owner) for owner in owners):
        return
    heads = [
        bc
        for bc in sorted(set(world.business_centers) - {str(owner) for owner in owners})
        if not _is_agency(world, bc)
        and all(
            account_role_of_business(world, bc, world.pixels[pixel].creator) is AccountRole.ADMIN for pixel in codes
        )
    ]
    for head in heads[:1]:
        sentence = f"Each of {len(own)} sites has its own pixel, owned by its own brand, and {head} has Admin access."
        yield _good(Code.FOLLOWS_B2, (head, *codes), sentence)


def _brand_owns_agency_uses(world: World) -> Iterator[Finding]:
    for pixel, agency in sorted(world.shares):
        owner = world.pixels[pixel].owner_bc
        if not _is_agency(world, agency) or _is_agency(world, owner) or not share_in_force(world, pixel, agency):
            continue
        accounts = [
            account
            for account in accounts_of_pixel(world, pixel)
            if account_role_of_business(world, agency, account) is not None
        ]
        if accounts:
            sentence = f"{owner} owns pixel {pixel}, and agency {agency} uses it in {', '.join(accounts)}."
            yield _good(Code.FOLLOWS_B3, (pixel, str(owner), agency), sentence)


def _ended_cleanly(world: World, at: int) -> Iterator[Finding]:
    """B4: access that was ended with nothing left that runs on it, and nobody who reaches the pixel another way."""
    ended: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for pixel, account in sorted(world.unbound):
        owner, partner = world.pixels[pixel].owner_bc, world.ad_accounts[account].owner_bc
        if owner is not None and partner is not None and partner != owner:
            ended.setdefault((owner, partner), []).append((pixel, account))
    for (owner, partner), cut in sorted(ended.items()):
        pixels = sorted(code for code, pixel in world.pixels.items() if pixel.owner_bc == owner)
        accounts = [key for key, account in sorted(world.ad_accounts.items()) if account.owner_bc == partner]
        shared = any((pixel, partner) in world.shares for pixel in pixels)
        linked = any(is_linked(world, pixel, account) for pixel in pixels for account in accounts)
        runs = any(live_users(world, pixel, account, at) for pixel, account in cut)
        if not (shared or linked or runs or any(removals(world, pixel, partner) for pixel in pixels)):
            sentence = f"{owner} has ended the access of {partner}, and nothing runs or reaches its pixels any more."
            yield _good(Code.FOLLOWS_B4, (owner, partner), sentence)
