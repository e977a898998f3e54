"""What else can be done when the way of a plan is closed: without the other side, without waiting, past the guard."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pixelsim.base.clock import DAY
from pixelsim.plan.costs import Cost, CostCase, CostKind, Estimator, price
from pixelsim.plan.draft import Draft
from pixelsim.plan.ending import EndBy, Ended, Ending, admins_of, draft_ending, ways_past_the_guard
from pixelsim.plan.findings import when
from pixelsim.plan.goals import NOBODY, UserState
from pixelsim.plan.people import Availability
from pixelsim.plan.replay import check_plan, explained
from pixelsim.plan.steps import Fallback, Step, StepKind
from pixelsim.sharing import actions as do
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import account_role_of_business, accounts_of_pixel, partnership_status
from pixelsim.world.relations import Effect, RelationStatus
from pixelsim.world.world import World

__all__ = ["fallbacks"]

WEEK = 7 * DAY
"""Horizon for what runs on after a forced end: a week until the other side acts by itself (assumption)."""


def fallbacks(ending: Ending, ended: Ended, estimator: Estimator | None) -> tuple[Fallback, ...]:
    """Give the other ways of ending access, the mildest first.

    Parameters
    ----------
    ending, ended
        What was planned, and the draft that came out of it.
    estimator
        Who prices them; without one, costs are not estimated.
    """
    return (
        *_without_the_other_side(ending, ended, estimator),
        *_by_the_partner(ending, estimator),
        *_without_waiting(ending, ended, estimator),
        *_past_the_guard(ending, estimator),
        *_replacement(ending, estimator),
    )


def _other_side(ending: Ending) -> str | None:
    """Give the Business Center whose people have to stop things: the partner, or the unlinked account's owner."""
    if ending.goal.partner is not None:
        return ending.goal.partner
    home = ending.world.ad_accounts[str(ending.goal.account)].owner_bc
    return None if home == ending.world.pixels[ending.goal.pixel].owner_bc else home


def _without_the_other_side(ending: Ending, ended: Ended, estimator: Estimator | None) -> Iterator[Fallback]:
    other = _other_side(ending)
    if other is None or other in ending.crew.unavailable:
        return
    theirs = {person for home, person in ending.world.members if home == other}
    if not any(step.can and set(step.can) <= theirs for step in ended.steps):
        return
    crew = dataclasses.replace(ending.crew, unavailable={**ending.crew.unavailable, other: Availability.REFUSES})
    yield _if_safe(
        dataclasses.replace(ending, crew=crew, revoke_first=True),
        estimator,
        name=f"do it without {other}",
        when_used=f"nobody of {other} acts",
        told="Access ends {when}, done by your own people.",
        otherwise="No safe way without them",
    )


def _if_safe(
    ending: Ending, estimator: Estimator | None, *, name: str, when_used: str, told: str, otherwise: str
) -> Fallback:
    """Draft another ending; unless it is safe, the fallback says why, and has neither steps nor a cost."""
    result = draft_ending(ending)
    safe, reasons = _judge(ending, result)
    return Fallback(
        name=name,
        when_used=when_used,
        consequence=told.replace("{when}", when(result.ended_at)) if safe else f"{otherwise}: {' '.join(reasons)}",
        safe=safe,
        steps=result.steps if safe else (),
        cost=_delivery_cost(ending, result, estimator) if safe else None,
    )


def _by_the_partner(ending: Ending, estimator: Estimator | None) -> Iterator[Fallback]:
    """Let the partner end the partnership, where the owner has no Admin left who could end the share."""
    world, partner = ending.world, ending.goal.partner
    owner = world.pixels[ending.goal.pixel].owner_bc
    bound = owner is not None and partner is not None and partnership_status(world, owner, partner)
    if bound is not RelationStatus.BOUND or admins_of(ending.crew.really(world), owner, ending.crew):
        return
    yield _if_safe(
        dataclasses.replace(ending, leave=True),
        estimator,
        name=f"have {partner} end the partnership",
        when_used=f"no Admin of {owner} is there, and {partner} helps",
        told=f"All that {owner} and {partner} share ends {{when}}, other pixels and roles too.",
        otherwise="It cannot be done",
    )


def _without_waiting(ending: Ending, ended: Ended, estimator: Estimator | None) -> Iterator[Fallback]:
    if not ended.waits or ended.ended_at is None:
        return
    hasty = dataclasses.replace(ending, wait=False)
    result = draft_ending(hasty)
    safe, _ = _judge(hasty, result)
    groups = tuple(
        user.id
        for user in ending.goal.users(ending.world, ending.begin)
        if user.kind == "ad_group" and user.state is not UserState.SCHEDULED
    )
    case = CostCase(
        kind=CostKind.CUT_WINDOW,
        pixel=ending.goal.pixel,
        ad_groups=groups,
        start=result.ended_at or ending.begin,
        end=ended.ended_at,
    )
    yield Fallback(
        name="do not wait for the windows",
        when_used=f"access has to end before {when(ended.ended_at)}",
        consequence=(
            f"Access ends {when(result.ended_at)}; conversions of earlier clicks that come later are not attributed."
        ),
        safe=safe,
        steps=result.steps,
        cost=price(estimator, ending.world, case),
    )


def _past_the_guard(ending: Ending, estimator: Estimator | None) -> Iterator[Fallback]:
    words = {
        EndBy.API: ("unshare through the API", "the screen refuses, and the guard does not watch the API"),
        EndBy.FORCE: ("force it", "the guard refuses, and people may pass it"),
    }
    for way in ways_past_the_guard(ending.crew.rulebook.policy):
        bold = dataclasses.replace(ending, ways=(way,), stop=False, wait=False)
        result = draft_ending(bold)
        safe, reasons = _judge(bold, result)
        effects = {ending.goal.effect(ending.world, account, ending.crew.rulebook) for _, account in _pairs(ending)}
        runs_on = Effect.KEEP_DELIVERING in effects
        if result.ended_at is None:
            consequence = "It cannot be done: " + " ".join(reasons)
        elif runs_on:
            consequence = "What runs goes on spending without attribution until somebody stops it; priced for a week."
        else:
            consequence = "What runs stops at once as Pixel Unauthorized; priced for a week without delivery."
        name, clause = words[way]
        yield Fallback(
            name=name,
            when_used=clause,
            consequence=consequence,
            safe=safe,
            steps=() if result.ended_at is None else result.steps,
            cost=_forced_cost(ending, result, estimator, runs_on=runs_on),
        )


def _replacement(ending: Ending, estimator: Estimator | None) -> Iterator[Fallback]:
    """Leave the old pixel to the other side, and move to a new one that it never had."""
    steps, reason = _replacement_steps(ending)
    world, pixel = ending.world, ending.goal.pixel
    owner = world.pixels[pixel].owner_bc
    own = tuple(account for account in accounts_of_pixel(world, pixel) if world.ad_accounts[account].owner_bc == owner)
    groups = tuple(
        key
        for key, group in sorted(world.ad_groups.items())
        if group.pixel == pixel and not group.deleted and world.campaigns[group.campaign].account in own
    )
    case = CostCase(kind=CostKind.RELEARNING, pixel=pixel, accounts=own, ad_groups=groups, start=ending.begin)
    consequence = (
        f"The other side keeps pixel {pixel}, which gets no more events; your ad groups on it ({len(groups)}) have to "
        "be made anew and learn from zero, and audiences fill up again."
    )
    yield Fallback(
        name="move to a replacement pixel",
        when_used="access cannot be ended at all",
        consequence=consequence if steps else f"It cannot be done: {reason}",
        safe=bool(steps),
        steps=steps,
        cost=price(estimator, world, case) if steps else None,
    )


def _replacement_steps(ending: Ending) -> tuple[tuple[Step, ...], str]:
    world, pixel = ending.world, ending.world.pixels[ending.goal.pixel]
    owner = pixel.owner_bc
    homes = [
        account
        for account in sorted(world.ad_accounts, key=lambda account: (account != pixel.creator, account))
        if owner is not None and account_role_of_business(world, owner, account) is AccountRole.ADMIN
    ]
    if owner is None or not homes:
        return (), "no ad account of the owner can create a pixel."
    draft = Draft(world, ending.crew, ending.now)
    new = f"{pixel.code}-replacement"
    create = do.CreatePixel(
        actor=NOBODY,
        account=homes[0],
        pixel=new,
        number=f"{pixel.number}-replacement",
        name=f"{pixel.name[:28]} replacement",
    )
    why = "The other side never had access to it; both identifiers are given by the platform."
    made = draft.achieve(create, StepKind.ACT, why=why)
    if not made.ok:
        return (), made.reason
    actions: list[do.Action] = [do.TransferPixel(actor=NOBODY, bc=owner, pixel=new)]
    actions += [
        do.LinkPixel(actor=NOBODY, bc=owner, pixel=new, account=account)
        for account in accounts_of_pixel(world, pixel.code)
        if world.ad_accounts[account].owner_bc == owner and account != homes[0]
    ]
    actions += [
        do.InstallPixel(actor=NOBODY, website=site, pixel=new, replace=True)
        for site, found in sorted(world.websites.items())
        if pixel.code in found.pixels
    ]
    last = made.numbers
    for action in actions:
        result = draft.achieve(action, StepKind.ACT, why="So that your own accounts and sites use it.", after=last)
        if not result.ok:
            return (), result.reason
        last = result.numbers
    return draft.listed(), ""


def _pairs(ending: Ending) -> list[tuple[str, str]]:
    return ending.goal.pairs(ending.world)


def _judge(ending: Ending, ended: Ended) -> tuple[bool, tuple[str, ...]]:
    """Replay a draft; whether it ends access without orphaned spend, and why not."""
    world: World = ending.crew.really(ending.world)
    check = check_plan(world, ended.steps, ending.crew.rulebook, goal=ending.goal)
    reasons = explained(ended.reasons, check)
    return not reasons and ended.ended_at is not None, reasons


def _delivery_cost(ending: Ending, ended: Ended, estimator: Estimator | None) -> Cost | None:
    """Price a week without what was stopped."""
    groups = tuple(
        user.id
        for user in ending.goal.users(ending.world, ending.begin)
        if user.kind == "ad_group" and user.state in {UserState.DELIVERING, UserState.SCHEDULED}
    )
    start = ended.ended_at if ended.ended_at is not None else ending.begin
    case = CostCase(
        kind=CostKind.LOST_DELIVERY,
        pixel=ending.goal.pixel,
        accounts=tuple(sorted({account for _, account in _pairs(ending)})),
        ad_groups=groups,
        start=start,
        end=start + WEEK,
    )
    return price(estimator, ending.world, case)


def _forced_cost(ending: Ending, ended: Ended, estimator: Estimator | None, *, runs_on: bool) -> Cost | None:
    if ended.ended_at is None:
        return None
    if not runs_on:
        return _delivery_cost(ending, ended, estimator)
    groups = tuple(user.id for user in ending.goal.users(ending.world, ending.begin) if user.kind == "ad_group")
    case = CostCase(
        kind=CostKind.UNATTRIBUTED_SPEND,
        pixel=ending.goal.pixel,
        accounts=tuple(sorted({account for _, account in _pairs(ending)})),
        ad_groups=groups,
        start=ended.ended_at,
        end=ended.ended_at + WEEK,
    )
    return price(estimator, ending.world, case)
