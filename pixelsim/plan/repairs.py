"""What would turn a refusal into a yes: for each cause, the ways to repair it, as actions or manual tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pixelsim.plan.goals import NOBODY
from pixelsim.plan.people import Candidate, Crew
from pixelsim.plan.wording import account_of
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import owner_name
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import account_role_of_business
from pixelsim.world.world import World

__all__ = ["PERSONAL", "Manual", "Way", "is_personal", "repairs"]

PERSONAL = frozenset(
    {
        Cause.ASSET_NOT_ASSIGNED,
        Cause.EDITING_BEFORE_TRANSFER,
        Cause.EDITING_NOT_GRANTED,
        Cause.LEVEL_TOO_LOW,
        Cause.NOT_A_MEMBER,
        Cause.PERSON_LEFT,
        Cause.ROLE_TOO_LOW,
        Cause.WRONG_BC,
    }
)
"""Causes that object to the person who acts, not to the thing done: somebody else may do it."""


@dataclass(frozen=True, slots=True)
class Manual:
    """A repair that no action stands for: what to do, who must, and the world once it is done."""

    task: str
    must: str
    change: Callable[[World], World]


Way = tuple[Action | Manual, ...]
"""One way to repair a refusal: all of it, in this order."""


def is_personal(candidate: Candidate) -> bool:
    """Whether a refusal objects to the person who would act."""
    decision = candidate.decision
    names = dict(decision.facts)
    return decision.cause in PERSONAL and names.get("person", candidate.person) == candidate.person


def repairs(world: World, action: Action, candidate: Candidate, crew: Crew) -> Iterator[Way]:
    """Give the ways to repair a refusal, the usual one first.

    Parameters
    ----------
    world
        The state in which the action was refused.
    action
        What was to be done.
    candidate
        Who tried it, and the refusal.
    crew
        The people who can be counted on.
    """
    if is_personal(candidate):
        yield from _give_a_role(world, action, crew)
        return
    names = dict(candidate.decision.facts)
    match candidate.decision.cause:
        case Cause.NOT_IN_BC:
            yield from _transfer(world, action, names["pixel"])
        case Cause.NEED_ADMIN_ON_OWNER_ACCOUNT:
            yield from _grant(world, names["account"], names["bc"], AccountRole.ADMIN)
        case Cause.NOT_PARTNER | Cause.REJECTED:
            yield (do.RequestPartnership(actor=NOBODY, bc=names["bc"], partner=names["partner"]),)
        case Cause.PENDING:
            waiting = names["waiting"]
            other = names["bc"] if waiting == names["partner"] else names["partner"]
            yield (do.ApprovePartnership(actor=NOBODY, bc=waiting, partner=other),)
        case Cause.NOT_A_MEMBER:
            yield (do.AddMember(actor=NOBODY, bc=names["bc"], person=names["person"]),)
        case Cause.ASSET_NOT_ASSIGNED | Cause.LEVEL_TOO_LOW if isinstance(action, do.AssignAccount) and action.bc:
            yield from _grant(world, action.account, action.bc, action.role)
        case Cause.NO_RIGHT_ON_ACCOUNT | Cause.NOT_OWN_ACCOUNT:
            yield from _reach_account(world, action, names["pixel"], names["account"])
        case Cause.NO_ACCESS if isinstance(action, do.LinkPixel | do.IssueToken):
            yield (do.SharePixel(actor=NOBODY, bc=names["owner"], pixel=names["pixel"], partner=action.bc),)
        case Cause.NO_ACCESS | Cause.OWNED_NOT_LINKED | Cause.REVOKED:
            account = str(account_of(world, action))
            yield (do.LinkPixel(actor=NOBODY, bc=names["owner"], pixel=names["pixel"], account=account),)
        case Cause.ACTIVE_CAMPAIGNS:
            yield _stop(world, candidate.decision.blocking)
        case Cause.CONDITION_NOT_MET:
            bc, condition = names["bc"], names["condition"]
            yield (
                Manual(
                    f"meet the condition '{condition}' for Business Center {bc}",
                    f"an Admin of {bc}, with the platform",
                    lambda before: before.changed("business_centers", bc, verified=True),
                ),
            )
        case _:
            return


def _transfer(world: World, action: Action, pixel: str) -> Iterator[Way]:
    """Transfer a pixel that is in no Business Center: to the one that acts, else to the creating account's."""
    home = world.ad_accounts[world.pixels[pixel].creator].owner_bc
    for bc in dict.fromkeys((getattr(action, "bc", None), home)):
        if bc is not None:
            yield (do.TransferPixel(actor=NOBODY, bc=bc, pixel=pixel),)


def _grant(world: World, account: str, bc: str, role: AccountRole) -> Iterator[Way]:
    home = world.ad_accounts[account].owner_bc
    if home is not None and home != bc:
        yield (do.GrantAccountAccess(actor=NOBODY, bc=home, account=account, partner=bc, role=role),)


def _reach_account(world: World, action: Action, pixel: str, account: str) -> Iterator[Way]:
    """P09: share the pixel with the account's Business Center and let it link, or share the account with the owner."""
    owner, home = owner_name(world, pixel), world.ad_accounts[account].owner_bc
    if home is None:
        return
    share: tuple[Action, ...] = ()
    if (pixel, home) not in world.shares:
        share = (do.SharePixel(actor=NOBODY, bc=owner, pixel=pixel, partner=home),)
    yield (*share, do.LinkPixel(actor=NOBODY, bc=home, pixel=pixel, account=account))
    grant = do.GrantAccountAccess(actor=NOBODY, bc=home, account=account, partner=owner)
    link = do.LinkPixel(actor=NOBODY, bc=owner, pixel=pixel, account=account)
    # The owner's own attempt is made again anyway, once it has the account.
    yield (grant,) if isinstance(action, do.LinkPixel) and action.bc == owner else (grant, link)


def _stop(world: World, blocking: tuple[str, ...]) -> Way:
    """Switch off what the guard lists: ad groups, or ads that use the pixel for tracking only."""
    return tuple(
        do.Switch(actor=NOBODY, kind="ad_group" if key in world.ad_groups else "ad", id=key, to="off")
        for key in blocking
    )


def _give_a_role(world: World, action: Action, crew: Crew) -> Iterator[Way]:
    """Assign the ad account to somebody who is there, through a Business Center that has enough access to it."""
    account = account_of(world, action)
    if account is None:
        return
    needed = AccountRole.ADMIN if isinstance(action, do.CreatePixel | do.AssignAccount) else AccountRole.OPERATOR
    owner = world.ad_accounts[account].owner_bc
    homes = sorted(world.business_centers, key=lambda bc: (bc != owner, bc))
    for person in crew.there(world):
        for bc in homes:
            role = account_role_of_business(world, bc, account)
            if role is not None and role.at_least(needed) and (bc, person) in world.members:
                yield (do.AssignAccount(actor=NOBODY, bc=bc, account=account, person=person, role=needed),)
