"""Every way in which a plan can be carried out: each step with every delay, and one act of somebody else anywhere.

A plan is safe here when each of these ways ends in the goal, and none has a moment in which an ad group delivers
while its account has no access to its pixel. The first that does not is told as a story, the shortest there is.

How people carry a plan out: a step may be begun once all that it waits for is done, up to ``in_flight`` steps at a
time; it is done after its delay, by whoever of its people may then. A refused step goes back to where the plan says.
*Look* and *verify* steps stop and take away what they find at that moment; whoever ends the access looks once more in
the same sitting, and goes back to the *look* when something runs.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from pixelsim.base.clock import DAY
from pixelsim.plan.alphabet import Letter
from pixelsim.plan.cache import Memo, Rules
from pixelsim.plan.foreign import foreign_letters
from pixelsim.plan.goals import EndAccess, Goal
from pixelsim.plan.people import variants, who_can
from pixelsim.plan.replay import is_satisfied, orphaned_ad_groups
from pixelsim.plan.states import Key, Memory, StateTable, rewound
from pixelsim.plan.steps import ActionPlan, Step, StepKind
from pixelsim.plan.stories import Event, Story, became, enact
from pixelsim.plan.wording import describe
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.effects import perform
from pixelsim.sharing.engine import decide
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Interleavings", "check_interleavings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleavings:
    """What all ways of carrying a plan out come to.

    Parameters
    ----------
    states, transitions, refused
        Distinct states, moves between them, and refused attempts.
    foreign
        Names of what somebody else might do.
    ends
        Number of states in which every step is done.
    story
        The shortest way to a moment of orphaned spend, to an end without the goal, or to where the plan is stuck; None
        when every way is good.
    """

    states: int
    transitions: int
    refused: int
    foreign: tuple[str, ...]
    ends: int
    story: Story | None

    @property
    def safe(self) -> bool:
        """Whether every way ends in the goal without a moment of orphaned spend."""
        return self.story is None and self.ends > 0

    def text(self) -> str:
        """Write the result as lines of text."""
        lines = [f"{self.states:,} states, {self.transitions:,} transitions, {self.refused:,} refused attempts"]
        lines += [f"somebody else might, once: {name}" for name in self.foreign]
        lines.append("safe in every order" if self.safe else f"not safe:\n{self.story}")
        return "\n".join(lines)


def check_interleavings(
    world: World,
    plan: ActionPlan | Sequence[Step],
    rulebook: Rulebook,
    *,
    goal: Goal | None = None,
    foreign: Sequence[Letter] | None = None,
    delays: Sequence[int] = (0, 1, 2),
    in_flight: int = 2,
    at: int = 0,
    step: int = DAY,
    rules: Rules = decide,
) -> Interleavings:
    """Carry a plan out in every way.

    Parameters
    ----------
    world
        The state before the first step.
    plan
        A plan, or steps; their numbers and what they wait for count, their dates do not.
    rulebook
        Unshare policy and settings.
    goal
        What has to be reached, and what a *look* tests; the plan's own by default.
    foreign
        What somebody else might do, once and at any moment; by default :func:`foreign_letters` of an unshare, and
        nothing otherwise.
    delays
        Delays that each step may have, in whole steps of the clock.
    in_flight
        How many steps may be begun and not done at once.
    at
        The instant of ``world`` in ms since the scenario's start; the clock goes on from there.
    step
        Length of a step of the clock in ms.
    rules
        The function that decides.

    Returns
    -------
    Interleavings
        Counts, and the shortest story of what goes wrong, if anything can.
    """
    steps = plan.steps if isinstance(plan, ActionPlan) else tuple(plan)
    if goal is None and isinstance(plan, ActionPlan):
        goal = plan.goal
    if foreign is None:
        foreign = foreign_letters(rewound(world, at), goal) if isinstance(goal, EndAccess) else ()
    planned = [found.action for found in steps if found.action is not None]
    memory = Memory.of(world, [*planned, *(action for letter in foreign for action in letter.actions)], rulebook)
    search = _Search(
        rewound(world, at, memory),
        steps,
        rulebook,
        goal=goal,
        foreign=tuple(foreign),
        step=step,
        rules=rules,
        memory=memory,
    )
    story = search.run(tuple(delays), in_flight)
    return Interleavings(
        states=len(search.seen),
        transitions=len(search.edges) // 2,
        refused=search.refused,
        foreign=tuple(letter.name for letter in foreign),
        ends=len(search.ends),
        story=story,
    )


Flight = tuple[tuple[int, int], ...]
State = tuple[Key, int, Flight, bool]
"""World, pattern of the steps that are done, steps begun as (steps left, index), and whether the other side acted."""


class Act(StrEnum):
    """Kinds of moves."""

    BEGIN = "begin"
    CLOCK = "clock"
    FOREIGN = "foreign"


Move = tuple[Act, int, int]
"""(begin, index of the step, delay), (clock, which order of what is due, 0) or (foreign, number of the letter, 0)."""


class _Search:
    """One breadth-first search over the ways of carrying a plan out."""

    def __init__(
        self,
        start: World,
        steps: tuple[Step, ...],
        rulebook: Rulebook,
        *,
        goal: Goal | None,
        foreign: tuple[Letter, ...],
        step: int,
        rules: Rules,
        memory: Memory,
    ) -> None:
        self.start, self.steps, self.rulebook, self.goal = start, steps, rulebook, goal
        self.foreign, self.step, self.rules = foreign, step, rules
        self.table = StateTable(memory=memory)
        index_of = {found.number: index for index, found in enumerate(steps)}
        self._waits = [sum(1 << index_of[number] for number in found.waits_for) for found in steps]
        self._back = [0 if found.go_back_to is None else 1 << index_of[found.go_back_to] for found in steps]
        self._all = (1 << len(steps)) - 1
        self.seen: dict[State, int] = {}
        self.edges = array("q")
        self._came: list[tuple[int, Move]] = []
        self.ends: list[int] = []
        self.refused = 0
        self._orphan = Memo(lambda world: next(orphaned_ad_groups(world, 0), ""), self.table)
        self._orphan_soon = Memo(lambda world: next(orphaned_ad_groups(world, 0, step), ""), self.table)
        self._fault: tuple[int, str, str] | None = None

    def run(self, delays: tuple[int, ...], in_flight: int) -> Story | None:
        """Search, and give the shortest story of what goes wrong, if anything can."""
        queue: list[State] = []
        self._reach(0, (Act.CLOCK, 0, 0), (self.table.key(self.start), 0, (), False), queue)
        for state in queue:  # grows while it is gone through
            index = self.seen[state]
            for move in self._moves(state, delays, in_flight):
                if move[0] is Act.CLOCK:
                    self._note_orphan(index, state[0], self._orphan_soon.of(state[0]))
                after = self._after(state, move, [])
                if after is not None:
                    self._reach(index, move, after, queue)
            if self._fault is not None:
                break
        told: list[Event] = []
        if self._fault is None:
            self._fault = self._stuck(queue, told)
        if self._fault is None:
            return None
        found, fault, rule = self._fault
        return Story((*self._events(found), *told), fault, rule)

    # ---- moves -------------------------------------------------------------------------------------------------------

    def _ready(self, done: int, flight: Flight) -> list[int]:
        """List the steps that can be begun: not done, not begun, and all that they wait for is done."""
        begun = {index for _, index in flight}
        return [
            index
            for index, waits in enumerate(self._waits)
            if not done >> index & 1 and index not in begun and waits & ~done == 0
        ]

    def _moves(self, state: State, delays: tuple[int, ...], in_flight: int) -> Iterator[Move]:
        key, done, flight, acted = state
        for index in self._ready(done, flight):
            for delay in delays:
                if delay == 0 or len(flight) < in_flight:
                    yield Act.BEGIN, index, delay
        if flight or self.table.rewound(key, self.step) != key:
            due = sum(left == 1 for left, _ in flight)
            for which in range(math.factorial(due)):
                yield Act.CLOCK, which, 0
        if not acted:
            for number in range(len(self.foreign)):
                yield Act.FOREIGN, number, 0

    def _after(self, state: State, move: Move, told: list[Event], clock: int = 0) -> State | None:
        """Give the state after a move, or None for an act of the other side that the rules refuse."""
        key, done, flight, acted = state
        kind, number, delay = move
        if kind is Act.FOREIGN:
            after = self._foreign(self.table.world(key), number, told, clock)
            return None if after is None else (self.table.key(after), done, flight, True)
        if kind is Act.BEGIN:
            if delay:
                steps = f"begun; it takes {delay} step{'s' if delay > 1 else ''}"
                told.append(Event(clock, self._name(number), steps))
                return key, done, tuple(sorted((*flight, (delay, number)))), acted
            key, done = self._finish(key, done, number, told, clock)
            return key, done, flight, acted
        told.append(Event(clock + 1, "the clock goes on by one step"))
        key = self.table.rewound(key, self.step)
        due = [index for left, index in flight if left == 1]
        rest = tuple((left - 1, index) for left, index in flight if left > 1)
        for index in list(itertools.permutations(due))[number]:
            key, done = self._finish(key, done, index, told, clock + 1)
        return key, done, rest, acted

    def _foreign(self, world: World, number: int, told: list[Event], clock: int) -> World | None:
        letter = self.foreign[number]
        after, decision = enact(world, letter, self.rulebook, self.rules)
        self.refused += not decision.allowed
        told.append(Event(clock, f"by itself, {letter.name}", became(decision)))
        return after if decision.allowed else None

    def _finish(self, key: Key, done: int, index: int, told: list[Event], clock: int) -> tuple[Key, int]:
        """Carry a step out at the end of its delay; give the key and the pattern of the steps that are done."""
        step, bit, world = self.steps[index], 1 << index, self.table.world(key)
        if step.action is None:
            found = self._found(step, world)
            for action in found:
                world = self._by_anyone(world, action, told, clock)
            told.append(Event(clock, self._name(index), "done" if not found else "done, with what was found"))
            left = found and self._found(step, world)
            return self.table.key(world), done if left else done | bit
        if self._looks(step) and self.goal is not None and self.goal.in_the_way(world, self.rulebook, 0):
            told.append(Event(clock, self._name(index), "put off: something runs again"))
            return key, done & ~self._back[index]
        chosen, decision = self._decided(world, step, step.action)
        if decision.allowed:
            told.append(Event(clock, self._name(index), became(decision)))
            return self.table.key(perform(world, chosen, self.rulebook, 0)), done | bit
        self.refused += 1
        told.append(Event(clock, self._name(index), became(decision)))
        return key, done | bit if is_satisfied(chosen, decision) else done & ~self._back[index]

    def _looks(self, step: Step) -> bool:
        """Whether whoever does a step looks once more: for an end of access that no guard is meant to be passed by."""
        past = isinstance(step.action, do.UnlinkPixel | do.UnsharePixel) and (step.action.api or step.action.force)
        return step.kind is StepKind.END_ACCESS and not past

    def _found(self, step: Step, world: World) -> tuple[Action, ...]:
        if self.goal is None:
            return ()
        if step.kind is StepKind.LOOK:
            return self.goal.in_the_way(world, self.rulebook, 0)
        if step.kind in {StepKind.VERIFY, StepKind.RECHECK}:
            return self.goal.leftovers(world)
        return ()

    def _by_anyone(self, world: World, action: Action, told: list[Event], clock: int) -> World:
        for candidate in who_can(world, action, self.rulebook, 0):
            if self.rules(world, candidate.action, self.rulebook, 0).allowed:
                told.append(Event(clock, f"{candidate.person}: {describe(candidate.action)}", "found and done"))
                return perform(world, candidate.action, self.rulebook, 0)
        return world

    def _decided(self, world: World, step: Step, action: Action) -> tuple[Action, Decision]:
        """Let the step's own person do it, else another one of those who can."""
        decision = self.rules(world, action, self.rulebook, 0)
        for person in step.can:
            if decision.allowed or is_satisfied(action, decision):
                break
            for way in variants(world, action):
                tried = dataclasses.replace(way, actor=person)
                other = self.rules(world, tried, self.rulebook, 0)
                if other.allowed:
                    return tried, other
        return action, decision

    def _name(self, index: int) -> str:
        step = self.steps[index]
        who = f"{step.who}: " if step.who else ""
        return f"[{step.number}] {who}{step.title}"

    # ---- states ------------------------------------------------------------------------------------------------------

    def _reach(self, parent: int, move: Move, state: State, queue: list[State]) -> None:
        index = self.seen.get(state)
        if index is None:
            index = self.seen[state] = len(self.seen)
            self._came.append((parent, move))
            queue.append(state)
            self._test(index, state)
        self.edges.append(parent)
        self.edges.append(index)

    def _test(self, index: int, state: State) -> None:
        key, done, flight, _ = state
        self._note_orphan(index, key, self._orphan.of(key))
        if done == self._all and not flight:
            self.ends.append(index)
            if self.goal is not None and not self.goal.reached(self.table.world(key)):
                self._note(index, f"every step is done, but the goal is not reached: {self.goal.sentence}", "B4")

    def _note_orphan(self, index: int, key: Key, group: str) -> None:
        """Note an ad group that delivers without access: in a state, or somewhere in the step of the clock after it."""
        if group:
            pixel = self.table.world(key).ad_groups[group].pixel
            self._note(index, f"ad group {group} delivers while its account has no access to pixel {pixel}", "R15")

    def _note(self, index: int, fault: str, rule: str) -> None:
        self._fault = self._fault or (index, fault, rule)

    def _stuck(self, queue: list[State], told: list[Event]) -> tuple[int, str, str] | None:
        """Find the first state from which no way leads to an end."""
        before: dict[int, list[int]] = {}
        for parent, child in zip(self.edges[::2], self.edges[1::2], strict=True):
            before.setdefault(child, []).append(parent)
        reaching, waiting = set(self.ends), list(self.ends)
        while waiting:
            for parent in before.get(waiting.pop(), ()):
                if parent not in reaching:
                    reaching.add(parent)
                    waiting.append(parent)
        stuck = [state for state in queue if self.seen[state] not in reaching]
        if not stuck:
            return None
        key, done, flight, _ = max(stuck, key=lambda state: (state[1].bit_count(), -self.seen[state]))
        index = self.seen[key, done, flight, _]
        names = []
        for number in self._ready(done, flight):
            names.append(str(self.steps[number].number))
            self._finish(key, done, number, told, 0)
        return index, f"the plan is stuck at step {', '.join(names)}", "B4"

    def _events(self, index: int) -> list[Event]:
        moves: list[Move] = []
        while index:
            parent, move = self._came[index]
            moves.append(move)
            index = parent
        state: State | None = (self.table.key(self.start), 0, (), False)
        told: list[Event] = []
        clock = 0
        for move in reversed(moves):
            state = self._after(cast("State", state), move, told, clock)
            clock += move[0] is Act.CLOCK
        return told
