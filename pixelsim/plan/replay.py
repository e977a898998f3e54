"""Replay a plan against the rules: the first step that fails, and every moment of orphaned spend on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pixelsim.base.clock import DAY
from pixelsim.plan.costs import delivering_spans
from pixelsim.plan.findings import when
from pixelsim.plan.goals import Goal
from pixelsim.plan.steps import ActionPlan, Step
from pixelsim.plan.wording import describe
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.history import History
from pixelsim.sharing.ownership import orphaned_pixels
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.queries import account_of_ad_group, is_linked
from pixelsim.world.status import is_delivering, status_borders
from pixelsim.world.world import World

__all__ = [
    "NOT_REACHED",
    "FailedStep",
    "OrphanedSpend",
    "PlanCheck",
    "check_plan",
    "explained",
    "is_satisfied",
    "orphaned_ad_groups",
    "orphaned_spend",
]


def is_satisfied(action: Action, decision: Decision) -> bool:
    """Whether a refusal only says that what the action is for is so already."""
    match decision.cause:
        case Cause.ALREADY_LINKED | Cause.ALREADY_SHARED | Cause.ALREADY_SO:
            return True
        case Cause.ALREADY_OWNED:
            return isinstance(action, do.TransferPixel) and dict(decision.facts).get("owner") == action.bc
        case Cause.DELETED:
            return isinstance(action, do.DeleteAudience) or (isinstance(action, do.Switch) and action.to != "on")
        case Cause.NOT_LINKED:
            return isinstance(action, do.UnlinkPixel)
        case Cause.NOT_SHARED:
            return isinstance(action, do.UnsharePixel)
        case _:
            return False


NOT_REACHED = "The goal is not reached after the last step."


@dataclass(frozen=True, slots=True)
class FailedStep:
    """The first step of a plan that the rules refuse: its number (from 1), its date in ms, and the decision."""

    number: int
    at: int
    action: Action
    decision: Decision

    def __str__(self) -> str:
        return f"step {self.number} ({when(self.at)}): {describe(self.action)}: {self.decision}"


@dataclass(frozen=True, slots=True)
class OrphanedSpend:
    """An interval in which an ad group delivers while its account has no access to its pixel; ms, ``end`` excluded.

    ``already`` tells that it did so before the first step.
    """

    ad_group: str
    account: str
    pixel: str
    start: int
    end: int
    already: bool = False

    def __str__(self) -> str:
        return (
            f"ad group {self.ad_group} delivers in ad account {self.account} without access to pixel {self.pixel}"
            f" from {when(self.start)} to {when(self.end)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCheck:
    """What a replay showed.

    Parameters
    ----------
    world
        The world after the last step that was done.
    failed
        The first step that was refused, or None; the replay stops there.
    orphaned_spend
        Every interval of orphaned spend up to ``until``, by start.
    orphaned_pixels
        Codes of pixels that nobody can hand over or share any more, though somebody could before (P39).
    until
        End of what was looked at, in ms since the scenario's start.
    reached
        Whether the goal is reached; None when no goal was given.
    """

    world: World
    failed: FailedStep | None
    orphaned_spend: tuple[OrphanedSpend, ...]
    orphaned_pixels: tuple[str, ...]
    until: int
    reached: bool | None

    @property
    def ok(self) -> bool:
        """Whether every step is allowed, nothing is orphaned, and the goal, where one was given, is reached.

        Spend that was orphaned before the first step counts only if the plan does not end it.
        """
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not ok, each as one sentence; empty when it is."""
        found: list[str] = []
        if self.failed is not None:
            found.append(f"The plan fails at {self.failed}")
        counted = [str(spend) for spend in self.orphaned_spend if not spend.already or spend.end >= self.until]
        found.extend(f"{text[:1].upper()}{text[1:]}." for text in counted)
        found.extend(f"Nobody is left who could hand pixel {pixel} over or share it." for pixel in self.orphaned_pixels)
        if self.reached is False:
            found.append(NOT_REACHED)
        return tuple(found)

    def __str__(self) -> str:
        return "ok" if self.ok else "\n".join(self.reasons)


def explained(reasons: Iterable[str], check: PlanCheck) -> tuple[str, ...]:
    """Join what a draft says against itself with what a replay shows; that the goal is missed, only if nothing else."""
    found = list(dict.fromkeys(reasons))
    found += [reason for reason in check.reasons if reason not in found and not (found and reason == NOT_REACHED)]
    return tuple(found)


def orphaned_ad_groups(world: World, at: int, upto: int | None = None) -> Iterator[str]:
    """Give the ad groups that deliver while their account has no access to their pixel, by id.

    Parameters
    ----------
    at, upto
        The instant at which it is looked, or the two between which the world stays as it is, the second excluded; ms
        since the scenario's start.
    """
    for key, group in sorted(world.ad_groups.items()):
        if group.pixel is None or group.deleted or is_linked(world, group.pixel, account_of_ad_group(world, key)):
            continue
        if is_delivering(world, key, at) if upto is None else any(delivering_spans(world, key, at, upto)):
            yield key


def _dated(steps: ActionPlan | Iterable[Step | tuple[int, Action]]) -> list[tuple[int, int, Action]]:
    """Give (number, ms, action) of every step that has an action, in the order in which they are done."""
    listed: list[Step | tuple[int, Action]] = list(steps.steps) if isinstance(steps, ActionPlan) else list(steps)
    found: list[tuple[int, int, Action]] = []
    last = 0
    for position, step in enumerate(listed, 1):
        if isinstance(step, Step):
            if step.action is not None:
                found.append((step.number, last if step.at is None else step.at, step.action))
            last = last if step.at is None else step.at
        else:
            found.append((position, *step))
    return found


def check_plan(
    world: World,
    steps: ActionPlan | Iterable[Step | tuple[int, Action]],
    rulebook: Rulebook,
    *,
    goal: Goal | None = None,
    until: int | None = None,
) -> PlanCheck:
    """Replay steps against the rules, before anybody does them.

    A step that is refused because what it is for is so already counts as done.

    Parameters
    ----------
    world
        The state before the first step.
    steps
        A plan, its steps, or pairs (ms since the scenario's start, action). A step without a date is done at the date
        of the one before it. Manual tasks are passed over.
    rulebook
        Unshare policy and settings.
    goal
        What has to be reached at the end; the plan's own goal when a plan is given.
    until
        How far to look for orphaned spend after the last step, in ms; by default until the last date in any schedule,
        and one day more.

    Returns
    -------
    PlanCheck
        The first step that fails, moments of orphaned spend, pixels that nobody can hand over any more.
    """
    if goal is None and isinstance(steps, ActionPlan):
        goal = steps.goal
    history = History(world, rulebook)
    failed = None
    dated = _dated(steps)
    start = last = dated[0][1] if dated else 0
    for number, at, action in dated:
        record = history.attempt(action, at, note=f"step {number}")
        last = max(last, at)
        if not record.decision.allowed and not is_satisfied(action, record.decision):
            failed = FailedStep(number, at, action, record.decision)
            break
    after = history.now
    if until is None:
        borders = [border for group in after.ad_groups for border in status_borders(after, group)]
        until = max([last, *borders]) + DAY
    already = set(orphaned_pixels(world))
    return PlanCheck(
        world=after,
        failed=failed,
        orphaned_spend=tuple(orphaned_spend(history, start, until)),
        orphaned_pixels=tuple(code for code in orphaned_pixels(after) if code not in already),
        until=until,
        reached=None if goal is None or failed is not None else goal.reached(after),
    )


def orphaned_spend(history: History, start: int, until: int) -> list[OrphanedSpend]:
    """List the intervals of orphaned spend of a history, by start; adjoining ones of an ad group are joined.

    Parameters
    ----------
    start, until
        Between which instants it is looked, ``until`` excluded; ms since the scenario's start.
    """
    before = set(orphaned_ad_groups(history.at(start - 1), start))
    open_spans: dict[str, OrphanedSpend] = {}
    closed: list[OrphanedSpend] = []
    for begin, end, world in history.spans(start, until):
        for key, group in sorted(world.ad_groups.items()):
            if group.pixel is None:
                continue
            account = account_of_ad_group(world, key)
            if is_linked(world, group.pixel, account):
                continue
            for first, stop in delivering_spans(world, key, begin, end):
                held = open_spans.pop(key, None)
                if held is not None and held.end != first:
                    closed.append(held)
                    held = None
                begun = held.start if held else first
                open_spans[key] = OrphanedSpend(
                    key, account, group.pixel, begun, stop, key in before and begun == start
                )
    return sorted([*closed, *open_spans.values()], key=lambda spend: (spend.start, spend.ad_group))
