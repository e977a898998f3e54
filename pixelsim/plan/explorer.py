"""Every order of actions of a small world: breadth first, each state once, every invariant in each state.

Depth counts what people do; the clock's steps cost nothing, so that every state is also seen at every later time.
With delays, an action is begun when the rules allow it, and done one or more steps of the clock later, when they may
no longer; up to ``in_flight`` actions are begun and not yet done at any time, and those due together are tried in
every order.
"""

from __future__ import annotations

import itertools
import operator
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pixelsim.base.clock import DAY
from pixelsim.plan.alphabet import Letter
from pixelsim.plan.invariants import INVARIANTS, LAWS, Invariant, Law
from pixelsim.plan.states import FIELDS, Key, StateTable, rename, rewound, symmetries
from pixelsim.plan.stories import Event, Story, became
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.effects import perform
from pixelsim.sharing.engine import decide
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["DecisionCache", "Exploration", "Rules", "explore", "find"]

Rules = Callable[[World, Action, Rulebook, int], Decision]
"""The function under test: the product's own :func:`pixelsim.sharing.decide`, or one with a fault put in."""
Flight = tuple[tuple[int, int], ...]
"""Actions begun and not done: pairs (steps left, number of the letter), sorted."""
_INDEX = {name: index for index, name in enumerate(FIELDS)}
_CLOCK = -1


class _Watched:
    """A world that remembers which of its mappings were read."""

    __slots__ = ("_world", "seen")

    def __init__(self, world: World) -> None:
        self._world = world
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.seen.add(name)
        return getattr(self._world, name)


class DecisionCache:
    """Decisions by what they read.

    A decision is a function of the mappings that it reads: while those are the same, so is the decision. What is read
    is watched when a decision is made for the first time, and where none of it has changed it is not made again.

    Parameters
    ----------
    actions
        The actions that will be decided, by number.
    rulebook
        Unshare policy and settings.
    rules
        The function that decides.
    """

    def __init__(self, actions: Sequence[Action], rulebook: Rulebook, rules: Rules) -> None:
        self._actions = actions
        self._rulebook = rulebook
        self._rules = rules
        self._held: list[dict[tuple[int, ...], dict[Any, bool]]] = [{} for _ in actions]
        self._getters: list[list[tuple[Callable[[Key], Any], dict[Any, bool]]]] = [[] for _ in actions]
        self.made = 0

    def allowed(self, number: int, key: Key, world: World) -> bool:
        """Whether an action, by its number, is allowed in a state."""
        for getter, table in self._getters[number]:
            known = table.get(getter(key))
            if known is not None:
                return known
        watched = _Watched(world)
        decision = self._rules(cast("World", watched), self._actions[number], self._rulebook, 0).allowed
        self.made += 1
        read = tuple(sorted(_INDEX[name] for name in watched.seen if name in _INDEX))
        fresh = self._held[number].get(read)
        getter = operator.itemgetter(*read) if read else _nothing
        if fresh is None:
            fresh = self._held[number][read] = {}
            self._getters[number].append((getter, fresh))
        fresh[getter(key)] = decision
        return decision


def _nothing(key: Key) -> tuple[()]:  # noqa: ARG001
    """Read nothing of a key, for a decision that depends on no state."""
    return ()
