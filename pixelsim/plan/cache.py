"""Answers about states that are worked out once for all states in which nothing that they read has changed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar, cast

from pixelsim.plan.states import FIELDS, Key, StateTable
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Memo", "Rules"]

Rules = Callable[[World, Action, Rulebook, int], Decision]
"""The function under test: the product's own :func:`pixelsim.sharing.decide`, or one with a fault put in."""
T = TypeVar("T")
_Reader = Callable[[Key], Any]
_INDEX = {name: index for index, name in enumerate(FIELDS)}


def _reader(names: Collection[str]) -> _Reader:
    """Make the function that picks the numbers of some mappings out of a key."""
    indices = sorted(_INDEX[name] for name in names)
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
        # A method of the world may read whatever it likes.
        self.seen.update((name,) if name in _INDEX else FIELDS)
        return getattr(self._world, name)


class Memo(Generic[T]):
    """A function of a world, with its answers by what they were made from.

    While all that the function read is the same, so is its answer. What it reads is watched each time it is asked, and
    where none of that has changed since it is not asked again.

    Parameters
    ----------
    function
        Gives an answer, which is not None, from the mappings of a world alone.
    table
        The numbers of the mappings.
    """

    def __init__(self, function: Callable[[World], T], table: StateTable) -> None:
        self._function = function
        self._table = table
        self._held: dict[frozenset[str], tuple[_Reader, dict[Any, T]]] = {}
        self._readers: list[tuple[_Reader, dict[Any, T]]] = []
        self.asked = 0

    def of(self, key: Key) -> T:
        """Give the answer for the state of a key."""
        for pick, answers in self._readers:
            known = answers.get(pick(key))
            if known is not None:
                return known
        self.asked += 1
        watched = _Watched(self._table.world(key))
        answer = self._function(cast("World", watched))
        read = frozenset(watched.seen)
        if read not in self._held:
            self._held[read] = (_reader(read), {})
            self._readers = list(self._held.values())
        pick, answers = self._held[read]
        answers[pick(key)] = answer
        return answer
