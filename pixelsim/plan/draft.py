"""A plan in the making: do an action if the rules let somebody do it, else repair what they object to first.

This is means-ends analysis: the refusals of the rules say what is missing, :mod:`pixelsim.plan.repairs` says what
would help, and the same is asked of that in turn. Everything is tried on a copy of the world, step by step, at the
dates at which people would have acted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pixelsim.plan.people import Availability, Candidate, Crew, who_can
from pixelsim.plan.repairs import Manual, Way, is_personal, repairs
from pixelsim.plan.replay import is_satisfied
from pixelsim.plan.steps import Step, StepKind
from pixelsim.plan.wording import describe, must
from pixelsim.sharing.actions import Action, LinkPixel
from pixelsim.sharing.engine import apply
from pixelsim.world.queries import is_linked
from pixelsim.world.world import World

__all__ = ["Draft", "Result", "State"]

DEEPEST = 6
"""How many repairs may stand on one another; real chains have at most four (share, request, approve, assign)."""


class State(StrEnum):
    """How an attempt in a draft ended."""

    DONE = "done"
    SATISFIED = "satisfied"
    """It is so already; nothing had to be done."""
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, the numbers of the steps to wait for after it, and why it is blocked."""

    state: State
    numbers: tuple[int, ...] = ()
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether what was asked for is so now."""
        return self.state is not State.BLOCKED


@dataclass(frozen=True, slots=True)
class _Words:
    """What a step says of itself."""

    why: str
    rule: str
    waiting: str
    go_back_to: int | None


class Draft:
    """Steps so far, and the world after them.

    Parameters
    ----------
    world
        The state before the first step.
    crew
        The people who can be counted on.
    begin
        When the first step may be asked for, in ms since the scenario's start.
    """

    def __init__(self, world: World, crew: Crew, begin: int) -> None:
        self.start = crew.really(world)
        self.world = self.start
        self.crew = crew
        self.begin = begin
        self.steps: list[Step] = []
        self._trying: list[Action] = []

    def ready(self, after: Iterable[int]) -> int:
        """Give the instant (ms) at which all the numbered steps are done."""
        return max([self.begin, *(at for n in after if (at := self.steps[n - 1].at) is not None)])

    def manual(
        self,
        kind: StepKind,
        task: str,
        *,
        must: str,
        why: str,
        rule: str,
        can: Sequence[str] = (),
        after: Sequence[int] = (),
        waiting: str = "",
        takes: int = 0,
        go_back_to: int | None = None,
    ) -> int:
        """Add a manual task that takes ``takes`` ms, and give its number."""
        ready = self.ready(after)
        step = Step(
            number=len(self.steps) + 1,
            kind=kind,
            task=task,
            ask_at=ready,
            at=ready + takes,
            must=must,
            can=tuple(can),
            waits_for=tuple(dict.fromkeys(after)),
            waiting=waiting,
            why=why,
            rule=rule,
            go_back_to=go_back_to,
        )
        self.steps.append(step)
        return step.number

    def achieve(
        self,
        action: Action,
        kind: StepKind,
        *,
        why: str,
        rule: str = "",
        after: Sequence[int] = (),
        waiting: str = "",
        go_back_to: int | None = None,
        by: str | None = None,
    ) -> Result:
        """Do an action, with whatever has to come before it; a blocked attempt leaves the draft as it was.

        Parameters
        ----------
        action
            What is to be done; its actor is chosen among those who may and would.
        kind, why, rule, waiting, go_back_to
            What the step says of itself; without a rule, that of the decision.
        after
            Numbers of the steps that have to be done first.
        by
            Id of the one person who does it, where it is nobody else's.
        """
        key = dataclasses.replace(action, actor="")
        if key in self._trying or len(self._trying) >= DEEPEST:
            return Result(State.BLOCKED, (), f"To {describe(action)} would need itself.")
        saved = (self.world, len(self.steps))
        self._trying.append(key)
        words = _Words(why, rule, waiting, go_back_to)
        result = self._achieve(action, kind, words, after, by)
        self._trying.pop()
        if not result.ok:
            self.world = saved[0]
            del self.steps[saved[1] :]
        return result

    def _achieve(
        self,
        action: Action,
        kind: StepKind,
        words: _Words,
        after: Sequence[int],
        by: str | None,
    ) -> Result:
        before: list[int] = []
        seen: set[tuple[object, ...]] = set()
        while True:
            waits = tuple(dict.fromkeys((*after, *before)))
            candidates = self.crew.candidates(self.world, action, self.ready(waits))
            candidates = [candidate for candidate in candidates if by is None or candidate.person == by]
            allowed = [candidate for candidate in candidates if candidate.decision.allowed]
            if allowed:
                return self._do(allowed, kind, words, waits)
            ranked = sorted(candidates, key=is_personal)
            if self._is_so(action) or (ranked and is_satisfied(action, ranked[0].decision)):
                return Result(State.SATISFIED, waits)
            repaired = self._repair(action, ranked, waits, seen)
            if not repaired.ok:
                reason = " ".join(part for part in (self._reason(action, ranked), repaired.reason) if part)
                return Result(State.BLOCKED, (), reason)
            before.extend(repaired.numbers)

    def _is_so(self, action: Action) -> bool:
        """Whether somebody else has made so, by a repair, what this action would make so itself."""
        return isinstance(action, LinkPixel) and is_linked(self.world, action.pixel, action.account)

    def _do(
        self,
        allowed: list[Candidate],
        kind: StepKind,
        words: _Words,
        waits: tuple[int, ...],
    ) -> Result:
        chosen = allowed[0]
        asked = self.ready(waits)
        at = asked + self.crew.time_for(self.world, chosen.action, chosen.person)
        step = Step(
            number=len(self.steps) + 1,
            kind=kind,
            action=chosen.action,
            ask_at=asked,
            at=at,
            must=must(self.world, chosen.action),
            can=tuple(sorted(candidate.person for candidate in allowed)),
            waits_for=waits,
            waiting=words.waiting or ("that has to be in force" if waits else ""),
            why=words.why,
            rule=words.rule or chosen.decision.rule,
            go_back_to=words.go_back_to,
        )
        self.steps.append(step)
        self.world = apply(self.world, chosen.action, self.crew.rulebook, at).world
        return Result(State.DONE, (step.number,))

    def _repair(
        self, action: Action, ranked: list[Candidate], waits: tuple[int, ...], seen: set[tuple[object, ...]]
    ) -> Result:
        """Repair the first refusal that can be repaired; each one is tried once only."""
        closed = ""
        for candidate in ranked:
            decision = candidate.decision
            mark = (decision.cause, None if is_personal(candidate) else decision.facts)
            if mark in seen:
                continue
            seen.add(mark)
            for way in repairs(self.world, action, candidate, self.crew):
                taken = self._take(way, f"Without it: {decision.reason}", decision.rule, waits)
                if taken.ok:
                    return taken
                closed = closed or taken.reason
        return Result(State.BLOCKED, (), closed)

    def _take(self, way: Way, why: str, rule: str, after: tuple[int, ...]) -> Result:
        """Take one way of repair as a whole, or not at all."""
        saved = (self.world, len(self.steps))
        numbers: list[int] = []
        for part in way:
            waits = (*after, *numbers)
            if isinstance(part, Manual):
                takes = self.crew.delays.default
                number = self.manual(
                    StepKind.PREPARE, part.task, must=part.must, why=why, rule=rule, after=waits, takes=takes
                )
                self.world = part.change(self.world)
                numbers.append(number)
                continue
            result = self.achieve(part, StepKind.PREPARE, why=why, after=waits)
            if not result.ok:
                self.world = saved[0]
                del self.steps[saved[1] :]
                return result
            numbers.extend(number for number in result.numbers if number not in numbers)
        return Result(State.DONE, tuple(numbers))

    def _reason(self, action: Action, ranked: list[Candidate]) -> str:
        """Say why nobody can do an action: the rules object, or those who could are not there."""
        what = f"Nobody can {describe(action)}"
        if ranked and not is_personal(ranked[0]):
            decision = ranked[0].decision
            return f"{what} ({decision.rule}): {decision.reason}"
        asked = who_can(self.world, action, self.crew.rulebook, self.begin)
        able = [candidate.person for candidate in asked if not is_personal(candidate)]
        unwilling = [person for person in able if self.crew.availability(self.world, person) is Availability.REFUSES]
        if unwilling:
            verb = "refuses" if len(unwilling) == 1 else "refuse"
            return f"{what}: it needs {must(self.world, action)}, and {', '.join(unwilling)} {verb}."
        return f"{what}: it needs {must(self.world, action)}, and there is none."

    def listed(self) -> tuple[Step, ...]:
        """Give the steps in the order of their dates, numbered anew from 1."""
        order = sorted(self.steps, key=lambda step: (step.at if step.at is not None else self.begin, step.number))
        new = {step.number: number for number, step in enumerate(order, 1)}
        return tuple(
            dataclasses.replace(
                step,
                number=new[step.number],
                waits_for=tuple(sorted(new[number] for number in step.waits_for)),
                go_back_to=None if step.go_back_to is None else new[step.go_back_to],
            )
            for step in order
        )
