"""What has to hold in every state and at every step, written anew from the rules' text, without the rule functions.

A :class:`Invariant` looks at one state, a :class:`Law` at one step. Both read the plain mappings of a world only, so
that a fault in the product's rules cannot hide in its own checks. Two of them hold the product's answers about a state
(who may see, which label) against the plain mappings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pixelsim.base.clock import MINUTE
from pixelsim.plan.replay import orphaned_ad_groups
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.rulebook import Guard, GuardAppliesTo, PartnerMayLink, Rulebook
from pixelsim.sharing.visibility import Label, account_may_see, label
from pixelsim.world.entities import AccountRole, AccountStatus, BusinessRole, PixelLevel
from pixelsim.world.relations import Effect, RelationStatus
from pixelsim.world.world import World

__all__ = ["INVARIANTS", "LAWS", "Invariant", "Law", "linked", "runs_now"]


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that holds in every state.

    Parameters
    ----------
    rule
        Id of the rule it restates.
    sentence
        What holds, as one sentence.
    fault
        Says what is wrong with a world, or gives None.
    """

    rule: str
    sentence: str
    fault: Callable[[World, Rulebook], str | None]


@dataclass(frozen=True, slots=True)
class Law:
    """Something that holds for every step of some kinds of action; ``kinds`` empty means for all.

    ``fault`` says what is wrong with a step (before, action, after), or gives None.
    """

    rule: str
    sentence: str
    kinds: tuple[type[Action], ...]
    fault: Callable[[World, Any, World, Rulebook], str | None]


# ---- plain readings of a world ---------------------------------------------------------------------------------------


def linked(world: World, pixel: str, account: str) -> bool:
    """Whether an ad account created a pixel, or a link is on record."""
    return world.pixels[pixel].creator == account or (pixel, account) in world.links


def runs_now(world: World, ad_group: str) -> bool:
    """Whether an ad group is on, in its schedule and half hours, with an ad that is on, in an account that may run."""
    group = world.ad_groups[ad_group]
    campaign = world.campaigns[group.campaign]
    if not (group.on and campaign.on) or group.deleted or campaign.deleted or group.waiting:
        return False
    if group.start > 0 or group.review_until > 0 or group.denied or (group.end is not None and group.end <= 0):
        return False
    account = world.ad_accounts[campaign.account]
    half_hours = -account.week_start // (30 * MINUTE)
    if account.status is not AccountStatus.ENABLE or (group.dayparting or "1" * 336)[half_hours % 336] == "0":
        return False
    mine = [ad for ad in world.ads.values() if ad.ad_group == ad_group and ad.on and not ad.deleted]
    return any(ad.review_until <= 0 for ad in mine)


def _partners(world: World, one: str, other: str) -> bool:
    found = (world.partnerships.get((one, other)), world.partnerships.get((other, one)))
    return any(held is not None and held.status is RelationStatus.BOUND for held in found)


def _admin(world: World, bc: str, person: str) -> bool:
    return world.members.get((bc, person)) is BusinessRole.ADMIN and not world.people[person].left


def _business_has(world: World, bc: str, account: str) -> AccountRole | None:
    home = world.ad_accounts[account].owner_bc
    if home == bc:
        return AccountRole.ADMIN
    grant = world.account_grants.get((bc, account))
    if grant is None or (home is not None and not _partners(world, home, bc)):
        return None
    return grant.role


def _may_run_ads(world: World, account: str, person: str) -> bool:
    held = world.account_people.get((account, person))
    if held is None or world.people[person].left or held.role is AccountRole.ANALYST:
        return False
    if held.via is None:
        return True
    role = _business_has(world, held.via, account)
    return (held.via, person) in world.members and role is not None and role is not AccountRole.ANALYST


# ---- states ----------------------------------------------------------------------------------------------------------


def _ownership(world: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for pixel, _ in (*world.shares, *((code, bc) for code, bc in world.links)):
        if world.pixels[pixel].owner_bc is None:
            return f"{pixel} is given to others though it is in no Business Center"
    return None


def _two_edges(world: World, rulebook: Rulebook) -> str | None:
    own_only = rulebook.settings.partner_may_link is PartnerMayLink.OWNED
    for (pixel, account), link in world.links.items():
        owner = world.pixels[pixel].owner_bc
        if link.by_bc == owner:
            continue
        if (pixel, link.by_bc) not in world.shares:
            return f"{account} has {pixel} through {link.by_bc}, with whom {owner} does not share it"
        home = world.ad_accounts[account].owner_bc
        if own_only and home != link.by_bc:
            return f"{account} of {home} has {pixel} through {link.by_bc}: two shares deep"
    return None


def _creator(world: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for code, pixel in world.pixels.items():
        if (code, pixel.creator) in world.unbound:
            return f"{pixel.creator} created {code} and lost its link"
    return None


def _no_link_left(world: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for pair in world.links:
        if pair in world.unbound:
            return f"{pair[1]} is linked to {pair[0]} and unbound from it at once"
    for (pixel, person), held in world.pixel_people.items():
        owner = world.pixels[pixel].owner_bc
        if held.via is not None and held.via != owner and (pixel, held.via) not in world.shares:
            return f"{person} holds {pixel} through {held.via}, with whom it is not shared"
    return None


def _members(world: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for (pixel, person), held in world.pixel_people.items():
        if held.via is not None and (held.via, person) not in world.members:
            return f"{person} holds {pixel} through {held.via} without being a member there"
    for (account, person), assigned in world.account_people.items():
        if assigned.via is not None and (assigned.via, person) not in world.members:
            return f"{person} holds {account} through {assigned.via} without being a member there"
    return None


def _seen(world: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for pixel in world.pixels:
        for account in world.ad_accounts:
            if account_may_see(world, account, pixel).allowed is not linked(world, pixel, account):
                return f"whether {account} sees {pixel} does not follow its link"
    return None


def _labels(world: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for code, pixel in world.pixels.items():
        owner = pixel.owner_bc
        given = any(held == code and owner and _partners(world, owner, bc) for held, bc in world.shares) or any(
            held == code and account != pixel.creator for held, account in world.links
        )
        mine = label(world, code, pixel.creator)
        if mine is not (Label.SHARED_BY_YOU if given else Label.NONE):
            return f"the owner of {code} reads {mine.value!r}"
        for account in world.ad_accounts:
            theirs = label(world, code, account)
            if account != pixel.creator and (theirs is Label.SHARED_WITH_YOU) is not ((code, account) in world.links):
                return f"{account} reads {theirs.value!r} beside {code}"
    return None


def _no_orphan(world: World, rulebook: Rulebook) -> str | None:
    """Under ``not_delivering`` nothing ever spends without access, in whichever order people act."""
    policy = rulebook.policy
    if Effect.KEEP_DELIVERING in {policy.account.effect, policy.partner.effect}:
        return None
    return next((f"{group} delivers without access to its pixel" for group in orphaned_ad_groups(world, 0)), None)


INVARIANTS: tuple[Invariant, ...] = (
    Invariant("R03", "Only a pixel in a Business Center is shared or linked.", _ownership),
    Invariant("R09", "No access over two share edges.", _two_edges),
    Invariant("R10", "Who holds something through a Business Center is its member.", _members),
    Invariant("R11", "The creating account's link is never gone.", _creator),
    Invariant("R13", "Where access stops delivery, nothing spends without access.", _no_orphan),
    Invariant("R14", "Nothing is left of a share that has ended.", _no_link_left),
    Invariant("R19", "The labels follow from shares and links.", _labels),
    Invariant("R20", "An ad account sees a pixel exactly while it is linked.", _seen),
)
"""What holds in every state."""


# ---- steps -----------------------------------------------------------------------------------------------------------


def _identity(before: World, action: Action, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    if before.pixels is after.pixels:
        return None
    for code, pixel in before.pixels.items():
        new = after.pixels.get(code)
        if new is None or (new.creator, new.number) != (pixel.creator, pixel.number):
            return f"{code} lost its creator or its number"
        if pixel.owner_bc is not None and new.owner_bc != pixel.owner_bc:
            return f"{code} left {pixel.owner_bc}"
    numbers = [pixel.number for pixel in after.pixels.values()]
    return "two pixels have the same number" if len(set(numbers)) < len(numbers) else None


def _transfer(before: World, action: do.TransferPixel, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    creator = before.pixels[action.pixel].creator
    if not _admin(before, action.bc, action.actor):
        return f"{action.actor} is no Admin of {action.bc}"
    if before.business_centers[action.bc].type.is_agency:
        right = before.ad_accounts[creator].created_from_bc == action.bc
    else:
        right = _business_has(before, action.bc, creator) is AccountRole.ADMIN
    return None if right else f"{action.bc} took a pixel of {creator}, which it does not hold"


def _link(before: World, action: do.LinkPixel, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    owner = before.pixels[action.pixel].owner_bc
    if not _admin(before, action.bc, action.actor):
        return f"{action.actor} is no Admin of {action.bc}"
    if action.bc == owner:
        return None if _business_has(before, owner, action.account) else f"{owner} has no access to {action.account}"
    shared = owner is not None and (action.pixel, action.bc) in before.shares and _partners(before, owner, action.bc)
    return None if shared else f"{action.bc} linked a pixel that nobody shares with it"


def _share(before: World, action: do.SharePixel, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    if before.pixels[action.pixel].owner_bc != action.bc:
        return f"{action.bc} shares {action.pixel}, which it does not own"
    return None if _admin(before, action.bc, action.actor) else f"{action.actor} is no Admin of {action.bc}"


def _ending(before: World, after: World) -> list[tuple[str, str]]:
    return [pair for pair in before.links if pair not in after.links]


def _guarded(
    before: World, action: do.UnlinkPixel | do.UnsharePixel | do.RemovePartner, after: World, rulebook: Rulebook
) -> str | None:
    policy = rulebook.policy
    guard = policy.account.guard if isinstance(action, do.UnlinkPixel) else policy.partner.guard
    free = action.force or (action.api and policy.guard_applies_to is GuardAppliesTo.UI_ONLY)
    for pixel, account in _ending(before, after):
        if before.pixels[pixel].creator == account:
            return f"{account} created {pixel} and was unlinked"
        for key, group in before.ad_groups.items():
            if group.pixel != pixel or before.campaigns[group.campaign].account != account:
                continue
            if not free and guard is not Guard.NONE and runs_now(before, key):
                return f"{account} was cut off while {key} was running"
    return None


def _untouched(before: World, action: Action, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    same = (before.campaigns, before.ad_groups, before.ads) == (after.campaigns, after.ad_groups, after.ads)
    return None if same else "switches or schedules changed"


def _cut_clean(before: World, action: Action, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    for pair in _ending(before, after):
        if pair not in after.unbound:
            return f"the link of {pair[1]} to {pair[0]} left no trace"
    if isinstance(action, do.UnsharePixel):
        left = [pair for pair, link in after.links.items() if pair[0] == action.pixel and link.by_bc == action.partner]
        return f"{action.partner} kept its link to {left[0][1]}" if left else None
    return None


def _only_that_person(before: World, action: do.UnassignPixel, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    gone = set(before.pixel_people) - set(after.pixel_people)
    same = (before.links, before.shares, before.ad_groups) == (after.links, after.shares, after.ad_groups)
    return None if same and gone == {(action.pixel, action.person)} else "something else than that level changed"


def _new_ads(before: World, action: do.CreateAdGroup, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    group = after.ad_groups[action.ad_group]
    account = after.campaigns[group.campaign].account
    if group.pixel is not None and not linked(before, group.pixel, account):
        return f"{account} has no access to {group.pixel}"
    return None if _may_run_ads(before, account, action.actor) else f"{action.actor} runs no ads in {account}"


def _edited(before: World, action: do.EditAdGroup, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    old, new = before.ad_groups[action.ad_group], after.ad_groups[action.ad_group]
    account = before.campaigns[old.campaign].account
    fixed = ("campaign", "pixel", "event", "start", "on", "click_days", "engaged_view_days", "view_days", "count")
    if any(getattr(old, name) != getattr(new, name) for name in fixed):
        return f"what is fixed in {action.ad_group} changed"
    if action.creatives and old.pixel is not None and not linked(before, old.pixel, account):
        return f"{account} has no access to {old.pixel}"
    return None if _may_run_ads(before, account, action.actor) else f"{action.actor} runs no ads in {account}"


def _audience(before: World, action: do.BuildAudience, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    if not linked(before, action.pixel, action.account):
        return f"{action.account} has no access to {action.pixel}"
    return None if _may_run_ads(before, action.account, action.actor) else f"{action.actor} runs no ads there"


def _edit(before: World, action: do.EditPixel, after: World, rulebook: Rulebook) -> str | None:  # noqa: ARG001
    pixel = before.pixels[action.pixel]
    held = before.account_people.get((pixel.creator, action.actor))
    if held is not None and held.role is AccountRole.ADMIN and _may_run_ads(before, pixel.creator, action.actor):
        return None
    level = before.pixel_people.get((action.pixel, action.actor))
    return None if level is not None and level.level is PixelLevel.EDIT else f"{action.actor} holds no pixel editing"


_ENDS = (do.UnlinkPixel, do.UnsharePixel, do.RemovePartner)

LAWS: tuple[Law, ...] = (
    Law("R02", "A pixel keeps its creator, its number, and its Business Center.", (), _identity),
    Law("R05", "An Admin transfers, to a Business Center that holds the account.", (do.TransferPixel,), _transfer),
    Law("R07", "An Admin links a pixel that is his to link.", (do.LinkPixel,), _link),
    Law("R08", "Only the owner shares.", (do.SharePixel,), _share),
    Law("R12", "Nothing that runs is cut off where a guard watches.", _ENDS, _guarded),
    Law("R15", "Ending access changes no switch and no schedule.", _ENDS, _untouched),
    Law("R14", "Ending access leaves no link, but a trace of each.", _ENDS, _cut_clean),
    Law("R15a", "Taking a pixel from a member touches nothing else.", (do.UnassignPixel,), _only_that_person),
    Law("R16", "New ads need access and an Operator.", (do.CreateAdGroup,), _new_ads),
    Law(
        "R16", "Edits need an Operator, leave what is fixed, and new creatives need access.", (do.EditAdGroup,), _edited
    ),
    Law("R18", "New audiences need access and an Operator.", (do.BuildAudience,), _audience),
    Law("R21", "Only editors edit.", (do.EditPixel,), _edit),
)
"""What holds for every step."""
