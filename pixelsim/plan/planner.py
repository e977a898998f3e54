"""Plan an unshare: what to stop, in which order, by when, who can do it, and what to do if somebody will not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from pixelsim.base.errors import InputError
from pixelsim.plan.costs import CostCase, CostKind, Estimator, price
from pixelsim.plan.ending import EndBy, Ended, Ending, InFlight, draft_ending, ways_past_the_guard
from pixelsim.plan.fallbacks import fallbacks
from pixelsim.plan.findings import Code, Finding, Severity, when
from pixelsim.plan.goals import EndAccess, StopBy
from pixelsim.plan.people import Availability, Crew, Delays
from pixelsim.plan.precheck import end_access, precheck_unshare
from pixelsim.plan.replay import check_plan, explained
from pixelsim.plan.steps import ActionPlan
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["plan_unshare"]


def plan_unshare(
    world: World,
    pixel: str,
    *,
    from_: str,
    by: int | None = None,
    now: int = 0,
    rulebook: Rulebook | None = None,
    delays: Delays | None = None,
    estimator: Estimator | None = None,
    unavailable: Mapping[str, Availability | str] | None = None,
    in_flight: InFlight | str = InFlight.CUT,
    stop_by: StopBy | str = StopBy.AUTO,
) -> ActionPlan:
    """Plan how a pixel is unshared from a partner, or unlinked from an ad account, without orphaned spend (B4).

    The order is: notify; stop what delivers, cancel what would start, take the pixel off tracking-only ads; replace
    audiences that would be lost; wait until the last attribution window has closed, where conversions in flight are
    cut; look once more; end the access; revoke tokens; take roles and people away; verify; check again a week later.

    Parameters
    ----------
    world
        The state now.
    pixel
        Code of the pixel.
    from_
        Id of the partner's Business Center, or of one ad account.
    by
        When access has to have ended, in ms since the scenario's start; stops are then asked for as late as that
        allows. Without it everything is asked for as soon as possible.
    now
        When people are told, in ms since the scenario's start.
    rulebook
        Unshare policy and settings; the documented ones by default.
    delays
        How long people take; one day each by default.
    estimator
        Who prices findings and fallbacks; without one, costs are not estimated.
    unavailable
        Who refuses, is slow or has left, by id of a person, or of a Business Center for all its members.
    in_flight
        ``cut`` (nothing is attributed any more once access has ended) or ``until_window_ends``.
    stop_by
        How ad groups are stopped; by default deleted where the policy would let them deliver without access.

    Returns
    -------
    ActionPlan
        Dated steps, findings, fallbacks with their cost, and whether it is safe; ``reasons`` say why no safe plan
        exists.

    Raises
    ------
    UnknownNameError
        A name does not exist.
    InputError
        ``by`` is before ``now``.
    """
    goal = end_access(world, pixel, from_, StopBy(stop_by))
    rulebook = rulebook if rulebook is not None else Rulebook()
    if by is not None and by < now:
        raise InputError.single(
            "plan_unshare",
            field="by",
            value=when(by),
            rule=f"not before now, {when(now)}",
            remedy="give a later date, or none to end access as soon as possible",
        )
    crew = Crew(
        rulebook=rulebook,
        delays=delays if delays is not None else Delays(),
        unavailable={name: Availability(status) for name, status in (unavailable or {}).items()},
        own=world.pixels[pixel].owner_bc,
    ).checked(world)
    ending = Ending(
        world=world,
        goal=goal,
        crew=crew,
        now=now,
        begin=now,
        in_flight=InFlight(in_flight),
        revoke_first=_refuses(crew, goal),
        ways=(EndBy.SCREEN, *ways_past_the_guard(rulebook.policy)),
    )
    ending, ended = _dated(ending, by)
    check = check_plan(crew.really(world), ended.steps, rulebook, goal=goal)
    reasons = explained(ended.reasons, check)
    findings = precheck_unshare(
        world, pixel, from_=from_, at=now, rulebook=rulebook, estimator=estimator, stop_by=goal.stop_by
    )
    if by is not None and ended.ended_at is not None and ended.ended_at > by:
        findings.append(_too_late(world, goal, by, ended.ended_at, estimator))
    return ActionPlan(
        goal=goal,
        steps=ended.steps,
        findings=tuple(findings),
        fallbacks=fallbacks(ending, ended, estimator),
        safe=not reasons,
        reasons=reasons,
    )


def _refuses(crew: Crew, goal: EndAccess) -> bool:
    """Whether the partner as a whole cannot be counted on, so that its roles are taken away first."""
    return goal.partner is not None and crew.unavailable.get(goal.partner) is Availability.REFUSES


def _dated(ending: Ending, by: int | None) -> tuple[Ending, Ended]:
    """Draft at the earliest dates, and then as late as the deadline allows."""
    ended = draft_ending(ending)
    if by is None or ended.ended_at is None or ended.ended_at >= by:
        return ending, ended
    later = dataclasses.replace(ending, begin=ending.begin + by - ended.ended_at)
    moved = draft_ending(later)
    if moved.ended_at is None or moved.ended_at > by:
        return ending, ended
    return later, moved


def _too_late(world: World, goal: EndAccess, by: int, ended_at: int, estimator: Estimator | None) -> Finding:
    case = CostCase(kind=CostKind.UNWANTED_ACCESS, pixel=goal.pixel, start=by, end=ended_at)
    return Finding(
        code=Code.NOT_ALL_IN_TIME,
        severity=Severity.WARNING,
        subjects=(goal.pixel,),
        sentence=f"Access can safely end {when(ended_at)}, not {when(by)}.",
        rule="B4",
        remedy="begin earlier, ask quicker people, or take one of the fallbacks",
        until=ended_at,
        cost=price(estimator, world, case),
    )
