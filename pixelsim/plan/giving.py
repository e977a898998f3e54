"""Plan a share, a transfer or the start with a partner: the missing steps before it, and who can do each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum

from pixelsim.base.errors import UnknownNameError
from pixelsim.plan.draft import Draft, Result
from pixelsim.plan.goals import NOBODY, Condition
from pixelsim.plan.people import Availability, Crew, Delays
from pixelsim.plan.replay import check_plan, explained
from pixelsim.plan.steps import ActionPlan, Fallback, StepKind
from pixelsim.sharing import actions as do
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import (
    account_role_of_business,
    is_linked,
    partnership_status,
    share_in_force,
)
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = [
    "Path",
    "finish",
    "make_crew",
    "owner_to_be",
    "plan_share",
    "plan_transfer",
    "read_back",
    "share_in_draft",
]


class Path(StrEnum):
    """How a pixel reaches an ad account that its owner has no access to (P09)."""

    SHARE_PIXEL = "share_pixel"
    """Share the pixel with the account's Business Center, which links it; that Business Center may unlink it too."""
    SHARE_ACCOUNT = "share_account"
    """Let the account's Business Center share the account with the owner, which links it."""


def make_crew(
    world: World,
    rulebook: Rulebook | None,
    delays: Delays | None,
    unavailable: Mapping[str, Availability | str] | None,
) -> Crew:
    """Make the crew of a plan from what a user gives; names that do not exist are refused."""
    return Crew(
        rulebook=rulebook if rulebook is not None else Rulebook(),
        delays=delays if delays is not None else Delays(),
        unavailable={name: Availability(status) for name, status in (unavailable or {}).items()},
    ).checked(world)


def _known(kind: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, list(known))


def owner_to_be(world: World, pixel: str) -> str | None:
    """Give the Business Center that owns a pixel, or that would take it: the home of its account, or one with Admin."""
    found = world.pixels[pixel]
    if found.owner_bc is not None:
        return found.owner_bc
    home = world.ad_accounts[found.creator].owner_bc
    if home is not None:
        return home
    admins = (
        bc
        for bc in sorted(world.business_centers)
        if account_role_of_business(world, bc, found.creator) is AccountRole.ADMIN
    )
    return next(admins, None)


def finish(draft: Draft, condition: Condition, reasons: Sequence[str]) -> ActionPlan:
    """Replay a draft against the rules, and make the plan of it."""
    steps = draft.listed()
    check = check_plan(draft.start, steps, draft.crew.rulebook, goal=condition)
    found = explained(reasons, check)
    return ActionPlan(goal=condition, steps=steps, safe=not found, reasons=found)


def read_back(draft: Draft, what: str, bc: str | None, after: Sequence[int]) -> None:
    """Add the check from the other side: an accepted request may still be pending (P06)."""
    draft.manual(
        StepKind.VERIFY,
        f"read back from the other side that {what}",
        must=f"an Admin of {bc}" if bc is not None else "anyone on the other side",
        why="A request that was accepted may still wait for the other side, and then nothing can be linked.",
        rule="R08",
        after=after,
        waiting="everything before",
    )


def share_in_draft(draft: Draft, pixel: str, owner: str, partner: str) -> Result:
    """Share a pixel with a partner so that the share is in force: approve the partnership where it is pending."""
    new = partnership_status(draft.world, owner, partner) is None
    why = "The share itself; it asks for the partnership at once." if new else "The share itself."
    share = do.SharePixel(actor=NOBODY, bc=owner, pixel=pixel, partner=partner)
    result = draft.achieve(share, StepKind.ACT, why=why)
    if result.ok and partnership_status(draft.world, owner, partner) is not RelationStatus.BOUND:
        result = _bind(draft, owner, partner, result)
    return result


def _bind(draft: Draft, owner: str, partner: str, shared: Result) -> Result:
    """Have a partnership approved that is pending, or asked for again where it has ended."""
    done = shared.numbers
    if partnership_status(draft.world, owner, partner) is not RelationStatus.PENDING:
        request = do.RequestPartnership(actor=NOBODY, bc=owner, partner=partner)
        result = draft.achieve(request, StepKind.PREPARE, why="The partnership has ended.", after=done)
        if not result.ok or partnership_status(draft.world, owner, partner) is RelationStatus.BOUND:
            return result
        done = (*done, *result.numbers)
    asked, other = (partner, owner) if (owner, partner) in draft.world.partnerships else (owner, partner)
    approve = do.ApprovePartnership(actor=NOBODY, bc=asked, partner=other)
    why = "Until the other side approves, the partnership is pending and nothing can be linked."
    return draft.achieve(approve, StepKind.ACT, why=why, after=done, waiting="the request")


def plan_share(
    world: World,
    pixel: str,
    *,
    to: str,
    now: int = 0,
    path: Path | str = Path.SHARE_PIXEL,
    rulebook: Rulebook | None = None,
    delays: Delays | None = None,
    unavailable: Mapping[str, Availability | str] | None = None,
) -> ActionPlan:
    """Plan how a pixel is shared with a partner, or linked to an ad account, with everything that has to come first.

    Parameters
    ----------
    world
        The state now.
    pixel
        Code of the pixel.
    to
        Id of a Business Center, or of an ad account.
    now
        When the first step may be asked for, in ms since the scenario's start.
    path
        How the pixel reaches an ad account that its owner has no access to; the other way is given as a fallback.
    rulebook, delays, unavailable
        As for :func:`plan_unshare`.

    Returns
    -------
    ActionPlan
        The missing steps (conditions, transfer, partnership, approval, account access), the share or link, and a
        check from the other side.

    Raises
    ------
    UnknownNameError
        A name does not exist.
    """
    _known("pixel", pixel, world.pixels)
    crew = make_crew(world, rulebook, delays, unavailable)
    if to in world.business_centers:
        return _plan_share_with(Draft(world, crew, now), pixel, to)
    _known("Business Center or ad account", to, {**world.business_centers, **world.ad_accounts})
    chosen = Path(path)
    other = Path.SHARE_ACCOUNT if chosen is Path.SHARE_PIXEL else Path.SHARE_PIXEL
    plan = _plan_link(Draft(world, crew, now), pixel, to, chosen)
    detour = _plan_link(Draft(world, crew, now), pixel, to, other)
    if [step.action for step in detour.steps] == [step.action for step in plan.steps]:
        return plan
    words = {
        Path.SHARE_PIXEL: "The account's Business Center makes the link, and may cut it too.",
        Path.SHARE_ACCOUNT: "The owner makes the link, and alone may cut it; it gets a role on the account.",
    }
    fallback = Fallback(
        name=other.value.replace("_", " ") + " instead",
        when_used="the first way is not wanted, or somebody there will not act",
        consequence=words[other] if detour.safe else "It cannot be done: " + " ".join(detour.reasons),
        safe=detour.safe,
        steps=detour.steps if detour.safe else (),
    )
    return dataclasses.replace(plan, fallbacks=(fallback,))


def _plan_share_with(draft: Draft, pixel: str, to: str) -> ActionPlan:
    condition = Condition(f"share pixel {pixel} with Business Center {to}", lambda w: share_in_force(w, pixel, to))
    owner = owner_to_be(draft.world, pixel)
    if owner is None:
        return finish(draft, condition, [_nobody_takes(draft.world, pixel)])
    result = share_in_draft(draft, pixel, owner, to)
    if draft.steps:
        read_back(draft, f"pixel {pixel} is there", to, [step.number for step in draft.steps])
    return finish(draft, condition, [] if result.ok else [result.reason])


def _nobody_takes(world: World, pixel: str) -> str:
    creator = world.pixels[pixel].creator
    return f"Pixel {pixel} is in no Business Center, and no Business Center has Admin access to ad account {creator}."


def _plan_link(draft: Draft, pixel: str, to: str, path: Path) -> ActionPlan:
    condition = Condition(f"link pixel {pixel} to ad account {to}", lambda w: is_linked(w, pixel, to))
    owner, home = owner_to_be(draft.world, pixel), draft.world.ad_accounts[to].owner_bc
    if owner is None:
        return finish(draft, condition, [_nobody_takes(draft.world, pixel)])
    before: tuple[int, ...] = ()
    reached = account_role_of_business(draft.world, owner, to) is not None
    if path is Path.SHARE_ACCOUNT and home is not None and not reached:
        grant = do.GrantAccountAccess(actor=NOBODY, bc=home, account=to, partner=owner)
        granted = draft.achieve(grant, StepKind.PREPARE, why="The owner links only to accounts that it has access to.")
        if not granted.ok:
            return finish(draft, condition, [granted.reason])
        before = granted.numbers
    link = do.LinkPixel(actor=NOBODY, bc=owner, pixel=pixel, account=to)
    result = draft.achieve(link, StepKind.ACT, why="The link itself.", after=before)
    if result.ok and draft.steps:
        read_back(draft, f"ad account {to} shows pixel {pixel}", home, [step.number for step in draft.steps])
    return finish(draft, condition, [] if result.ok else [result.reason])


def plan_transfer(
    world: World,
    pixel: str,
    *,
    to_bc: str,
    leaving: Sequence[str] = (),
    now: int = 0,
    rulebook: Rulebook | None = None,
    delays: Delays | None = None,
    unavailable: Mapping[str, Availability | str] | None = None,
) -> ActionPlan:
    """Plan how a pixel is transferred to a Business Center: transfer, verify, and only then let people leave (P39).

    Parameters
    ----------
    world
        The state now.
    pixel
        Code of the pixel.
    to_bc
        Id of the Business Center that takes it, for ever (R03).
    leaving
        Ids of people who leave once the transfer is verified.
    now
        When the first step may be asked for, in ms since the scenario's start.
    rulebook, delays, unavailable
        As for :func:`plan_unshare`.

    Returns
    -------
    ActionPlan
        The missing steps, the transfer, the check, and then the leaving; where a transfer is impossible, the reason,
        and a share as fallback.

    Raises
    ------
    UnknownNameError
        A name does not exist.
    """
    _known("pixel", pixel, world.pixels)
    _known("Business Center", to_bc, world.business_centers)
    for person in leaving:
        _known("person", person, world.people)
    crew = make_crew(world, rulebook, delays, unavailable)
    condition = Condition(
        f"transfer pixel {pixel} to Business Center {to_bc}", lambda w: w.pixels[pixel].owner_bc == to_bc
    )
    draft = Draft(world, crew, now)
    transfer = do.TransferPixel(actor=NOBODY, bc=to_bc, pixel=pixel)
    result = draft.achieve(transfer, StepKind.ACT, why="The transfer itself; it has no way back.")
    if not result.ok:
        plan = finish(draft, condition, [result.reason])
        return dataclasses.replace(plan, fallbacks=_share_instead(Draft(world, crew, now), pixel, to_bc))
    verified = draft.manual(
        StepKind.VERIFY,
        f"check that Business Center {to_bc} lists pixel {pixel} and can link it",
        must=f"an Admin of {to_bc}",
        why="Once the last Admin has gone, nobody can hand the pixel over any more.",
        rule="R05",
        after=result.numbers,
        waiting="the transfer",
        takes=crew.delays.default,
    )
    reasons = []
    for person in leaving:
        left = draft.achieve(
            do.LeavePerson(actor=person),
            StepKind.LEAVE,
            why="Revoking before the transfer would have left nobody to hand the pixel over.",
            rule="R05",
            after=(verified,),
            waiting="the check",
            by=person,
        )
        if not left.ok:
            reasons.append(left.reason)
    return finish(draft, condition, reasons)


def _share_instead(draft: Draft, pixel: str, to_bc: str) -> tuple[Fallback, ...]:
    """Give the share that does what a refused transfer was for."""
    owner = owner_to_be(draft.world, pixel)
    if owner is None or owner == to_bc:
        return ()
    plan = _plan_share_with(draft, pixel, to_bc)
    words = f"Business Center {owner} is the owner, and {to_bc} uses the pixel in its own accounts."
    return (
        Fallback(
            name=f"let {owner} share it",
            when_used="access is enough and ownership is not needed",
            consequence=words if plan.safe else "It cannot be done: " + " ".join(plan.reasons),
            safe=plan.safe,
            steps=plan.steps if plan.safe else (),
        ),
    )
