"""What the other side might do by itself while its access to a pixel is being ended."""

from __future__ import annotations

from pixelsim.base.clock import DAY
from pixelsim.plan.alphabet import Letter
from pixelsim.plan.goals import EndAccess
from pixelsim.sharing import actions as do
from pixelsim.world.entities import AccountRole, BusinessRole
from pixelsim.world.queries import account_role_of_person, is_linked
from pixelsim.world.world import World

__all__ = ["foreign_letters"]


def foreign_letters(world: World, goal: EndAccess) -> tuple[Letter, ...]:
    """List what the other side might do by itself while its access is being ended.

    It may switch on again what uses the pixel, launch something new on it, now or for the next step of the clock,
    link it to another of its ad accounts, and make itself a server token. Ending access itself is not among it: who
    does that while ads run has orphaned spend whatever the plan is.
    """
    letters: list[Letter] = []
    for pixel, account in goal.pairs(world):
        people = [
            person
            for person in sorted(world.people)
            if (role := account_role_of_person(world, account, person)) is not None
            and role.at_least(AccountRole.OPERATOR)
        ]
        for person in people[:1]:
            for group in sorted(world.ad_groups):
                found = world.ad_groups[group]
                if found.pixel == pixel and world.campaigns[found.campaign].account == account:
                    letters.append(Letter.of(do.Switch(actor=person, kind="ad_group", id=group, to="on")))
            letters += [_launch(person, account, pixel, start) for start in (0, DAY)]
    if goal.partner is not None:
        letters += _partner_letters(world, goal.pixel, goal.partner)
    return tuple(letters)


def _launch(person: str, account: str, pixel: str, start: int) -> Letter:
    tail = f"{account}_new{'_later' if start else ''}"
    letter = Letter.of(
        do.CreateCampaign(actor=person, account=account, campaign=f"c_{tail}"),
        do.CreateAdGroup(actor=person, campaign=f"c_{tail}", ad_group=f"g_{tail}", pixel=pixel, start=start),
        do.CreateAd(actor=person, ad_group=f"g_{tail}", ad=f"d_{tail}"),
    )
    when = " for the next step" if start else ""
    return Letter(f"{person}: launch something new{when} in ad account {account} on pixel {pixel}", letter.actions)


def _partner_letters(world: World, pixel: str, partner: str) -> list[Letter]:
    admins = sorted(p for (bc, p), role in world.members.items() if bc == partner and role is BusinessRole.ADMIN)
    letters: list[Letter] = []
    for admin in admins[:1]:
        letters += [
            Letter.of(do.LinkPixel(actor=admin, bc=partner, pixel=pixel, account=account))
            for account in sorted(world.ad_accounts)
            if world.ad_accounts[account].owner_bc == partner and not is_linked(world, pixel, account)
        ]
        letters.append(Letter.of(do.IssueToken(actor=admin, bc=partner, pixel=pixel, token=f"tk_{partner}_new")))
    return letters
