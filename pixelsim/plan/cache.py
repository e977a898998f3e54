"""Decisions that are made once for all states in which nothing that they read has changed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

from pixelsim.plan.states import FIELDS, Key
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["DecisionCache", "Rules", "reader"]

Rules = Callable[[World, Action, Rulebook, int], Decision]
"""The function under test: the product's own :func:`pixelsim.sharing.decide`, or one with a fault put in."""
Reader = Callable[[Key], Any]
_INDEX = {name: index for index, name in enumerate(FIELDS)}


def reader(names: Sequence[str]) -> Reader:
    """Make the function that picks the numbers of some mappings out of a key."""
    indices = sorted(_INDEX[name] for name in names if name in _INDEX)
    return operator.itemgetter(*indices) if indices else _nothing


def _nothing(key: Key) -> tuple[()]:  # noqa: ARG001
    return ()


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
        self._held: list[dict[frozenset[str], tuple[Reader, dict[Any, bool]]]] = [{} for _ in actions]
        self._readers: list[list[tuple[Reader, dict[Any, bool]]]] = [[] for _ in actions]
        self.made = 0

    def allowed(self, number: int, key: Key, world: World) -> bool:
        """Whether an action, by its number, is allowed in a state."""
        for pick, table in self._readers[number]:
            known = table.get(pick(key))
            if known is not None:
                return known
        watched = _Watched(world)
        decision = self._rules(cast("World", watched), self._actions[number], self._rulebook, 0).allowed
        self.made += 1
        read = frozenset(watched.seen)
        if read not in self._held[number]:
            self._held[number][read] = (reader(sorted(read)), {})
            self._readers[number] = list(self._held[number].values())
        pick, table = self._held[number][read]
        table[pick(key)] = decision
        return decision
