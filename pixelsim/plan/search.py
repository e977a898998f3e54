"""The breadth-first search of the explorer: tables, counts, and the way back from each state."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence

from pixelsim.plan.alphabet import Letter
from pixelsim.plan.cache import Memo, Rules
from pixelsim.plan.invariants import Invariant, Law
from pixelsim.plan.needs import Needs
from pixelsim.plan.states import Key, Memory, StateTable, rename, rewound, symmetries
from pixelsim.plan.stories import Event, Story, became, enact
from pixelsim.sharing.actions import Action
from pixelsim.sharing.effects import perform
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["SHIFT", "Search"]

Flight = tuple[tuple[int, int], ...]
"""Actions begun and not done: pairs (steps left, number of the letter), sorted."""
State = tuple[Key, Flight]
SHIFT = 8
"""A move is coded as letter * 8 + delay, or as -1 - (which order) for a step of the clock."""


class Search:
    """One breadth-first search: tables, counts, and the way back from each state."""

    def __init__(
        self,
        start: World,
        letters: Sequence[Letter],
        rulebook: Rulebook,
        *,
        step: int,
        swaps: Iterable[Mapping[str, str]],
        invariants: Sequence[Invariant],
        laws: Sequence[Law],
        rules: Rules,
    ) -> None:
        self.letters, self.rulebook, self.rules, self.step = tuple(letters), rulebook, rules, step
        memory = Memory.of(start, (action for letter in letters for action in letter.actions), rulebook)
        self.start = rewound(start, 0, memory)
        plain = [letter.actions for letter in letters]
        known = set(plain)

        def same_alphabet(names: Mapping[str, str]) -> bool:
            return {rename(actions, names) for actions in plain} == known

        self.table = StateTable(symmetries(self.start, swaps, same_alphabet), memory)
        number_of = {actions: number for number, actions in enumerate(plain)}
        self._letter_images = [
            [number_of[rename(actions, names)] for actions in plain] for names in self.table.renamings
        ]
        self.decisions = [Memo(self._first(letter), self.table) for letter in letters]
        self._needs = Needs(self.letters, self.table)
        self._laws = {kind: [law for law in laws if not law.kinds or kind in law.kinds] for kind in _kinds(letters)}
        self._invariants = [(invariant, Memo(self._fault(invariant), self.table)) for invariant in invariants]
        self._seen: dict[Key | State, int] = {}
        self._parents, self._moves = array("q"), array("i")
        self._delays: tuple[int, ...] = (0,)
        self._in_flight = 0
        self.levels: list[int] = []
        self.transitions = self.refused = self.skipped = 0
        self.stories: list[Story] = []
        self._told: set[tuple[str, str]] = set()

    def _first(self, letter: Letter) -> Callable[[World], bool]:
        return lambda world: self.rules(world, letter.actions[0], self.rulebook, 0).allowed

    def _fault(self, invariant: Invariant) -> Callable[[World], str]:
        return lambda world: invariant.fault(world, self.rulebook) or ""

    def run(self, depth: int, delays: tuple[int, ...], in_flight: int, *, stop: bool) -> None:
        """Search level by level; a level grows while the clock alone leads to new states."""
        self._delays, self._in_flight = delays, in_flight
        level: list[tuple[int, Key, Flight]] = []
        self._reach(-1, 0, self.table.key(self.start), (), level)
        for done in range(depth + 1):
            following: list[tuple[int, Key, Flight]] = []
            for index, key, flight in level:  # grows while it is gone through
                self._tick(index, key, flight, level)
                if done < depth:
                    self._begin(index, key, flight, following)
                if self.stories and stop:
                    del self.stories[1:]
                    self.levels.append(len(level))
                    return
            self.levels.append(len(level))
            level = following

    # ---- moves -------------------------------------------------------------------------------------------------------

    def _begin(
        self,
        index: int,
        key: Key,
        flight: Flight,
        following: list[tuple[int, Key, Flight]],
    ) -> None:
        world = self.table.world(key)
        numbers = self._needs.of(key)
        self.skipped += len(self.letters) - len(numbers)
        full = len(flight) >= self._in_flight
        waiting = {number for _, number in flight}
        for number in numbers:
            if number in waiting:  # what is begun is not begun again before it is done
                continue
            after = self._do(index, number * SHIFT, number, world) if self.decisions[number].of(key) else None
            if after is None:
                self.refused += 1
                continue
            for delay in self._delays:
                if delay == 0:
                    self.transitions += 1
                    self._reach(index, number * SHIFT, self.table.successor(world, key, after), flight, following)
                elif not full:
                    self.transitions += 1
                    begun = tuple(sorted((*flight, (delay, number))))
                    self._reach(index, number * SHIFT + delay, key, begun, following)

    def _do(self, index: int, move: int, number: int, world: World) -> World | None:
        """Do all of a letter, or nothing; the laws are tested on each of its actions."""
        for position, action in enumerate(self.letters[number].actions):
            if position and not self.rules(world, action, self.rulebook, 0).allowed:
                return None
            after = perform(world, action, self.rulebook, 0)
            for law in self._laws[type(action)]:
                fault = law.fault(world, action, after, self.rulebook)
                if fault is not None:
                    self._tell(index, move, fault, law.rule)
            world = after
        return world

    def _tick(self, index: int, key: Key, flight: Flight, level: list[tuple[int, Key, Flight]]) -> None:
        """Let the clock go on by one step; what is due then is tried in every order."""
        later = self.table.rewound(key, self.step)
        if later == key and not flight:
            return
        due = [number for left, number in flight if left == 1]
        rest = tuple((left - 1, number) for left, number in flight if left > 1)
        for which, order in enumerate(itertools.permutations(due)):
            self.transitions += 1
            self._reach(index, -1 - which, self._land(index, -1 - which, later, order), rest, level)

    def _land(self, index: int, move: int, key: Key, order: tuple[int, ...]) -> Key:
        """Give the key after some actions that are due have been tried one after the other."""
        for number in order:
            world = self.table.world(key)
            after = self._do(index, move, number, world) if self.decisions[number].of(key) else None
            if after is None:
                self.refused += 1
            else:
                key = self.table.successor(world, key, after)
        return key

    # ---- states ------------------------------------------------------------------------------------------------------

    def _reach(self, parent: int, move: int, key: Key, flight: Flight, level: list[tuple[int, Key, Flight]]) -> None:
        """Note a state unless it was there before, under whichever names."""
        state = self._canonical(key, flight)
        if state in self._seen:
            return
        index = self._seen[state] = len(self._seen)
        self._parents.append(parent)
        self._moves.append(move)
        level.append((index, key, flight))
        for invariant, memo in self._invariants:
            fault = memo.of(key)
            if fault:
                self._tell(parent, move, fault, invariant.rule)

    def _canonical(self, key: Key, flight: Flight) -> Key | State:
        table = self.table
        if not flight:
            return table.canonical(key)
        return min(
            (table.image(which, key), tuple(sorted((left, images[number]) for left, number in flight)))
            for which, images in enumerate(self._letter_images)
        )

    # ---- stories -----------------------------------------------------------------------------------------------------

    def _tell(self, index: int, move: int, fault: str, rule: str) -> None:
        """Keep the story of a fault: the way to a state, and one move more. Of each rule the first is the shortest."""
        if (rule, fault) in self._told:
            return
        self._told.add((rule, fault))
        moves = [move] if index >= 0 else []
        while index > 0:
            moves.append(self._moves[index])
            index = self._parents[index]
        self.stories.append(Story(tuple(self._events(reversed(moves))), fault, rule))

    def _events(self, moves: Iterable[int]) -> list[Event]:
        world, clock, flight, events = self.start, 0, list[tuple[int, int]](), list[Event]()
        for move in moves:
            if move >= 0:
                number, delay = divmod(move, SHIFT)
                if delay:
                    steps = f"begun; it takes {delay} step{'s' if delay > 1 else ''}"
                    events.append(Event(clock, self.letters[number].name, steps))
                    flight = sorted([*flight, (delay, number)])
                else:
                    world = self._enact(world, number, clock, events)
                continue
            clock += 1
            world = rewound(world, self.step)
            due = [number for left, number in flight if left == 1]
            flight = [(left - 1, number) for left, number in flight if left > 1]
            events.append(Event(clock, "the clock goes on by one step"))
            for number in list(itertools.permutations(due))[-1 - move]:
                world = self._enact(world, number, clock, events)
        return events

    def _enact(self, world: World, number: int, clock: int, events: list[Event]) -> World:
        after, decision = enact(world, self.letters[number], self.rulebook, self.rules)
        events.append(Event(clock, self.letters[number].name, became(decision)))
        return after


def _kinds(letters: Sequence[Letter]) -> set[type[Action]]:
    return {type(action) for letter in letters for action in letter.actions}
