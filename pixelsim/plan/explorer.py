"""Every order of actions of a small world: breadth first, each state once, every invariant in each state."""

from __future__ import annotations

import itertools
import operator
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pixelsim.base.clock import DAY
from pixelsim.plan.alphabet import Letter
from pixelsim.plan.invariants import INVARIANTS, LAWS, Invariant, Law
from pixelsim.plan.states import FIELDS, Key, StateTable, rename, symmetries
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.effects import perform
from pixelsim.sharing.engine import decide
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

Rules = Callable[[World, Action, Rulebook, int], Decision]
_INDEX = {name: index for index, name in enumerate(FIELDS)}


class _Watched:
    __slots__ = ("_seen", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[str, None] = {}

    def __getattr__(self, name: str) -> Any:
        self._seen[name] = None
        return getattr(self._world, name)


class DecisionCache:
    def __init__(self, letters, rulebook, rules):
        self.letters = letters; self.rulebook = rulebook; self.rules = rules
        self.held = [[] for _ in letters]
        self.misses = 0

    def first_allowed(self, number: int, key: Key, world: World) -> bool:
        for getter, table in self.held[number]:
            found = table.get(getter(key))
            if found is not None:
                return found
        self.misses += 1
        watched = _Watched(world)
        dec = self.rules(watched, self.letters[number].actions[0], self.rulebook, 0).allowed
        idx = tuple(sorted(_INDEX[n] for n in watched._seen))
        getter = operator.itemgetter(*idx)
        for g, table in self.held[number]:
            if repr(g) == repr(getter):
                table[getter(key)] = dec
                break
        else:
            self.held[number].append((getter, {getter(key): dec}))
        return dec


def quick(start, letters, rulebook, depth, swaps=()):
    import time
    fs = set(letters)
    def alike(names):
        return {tuple(rename(l.actions, names)) for l in letters} == {l.actions for l in letters}
    rens = symmetries(start, swaps, alike)
    table = StateTable(rens)
    key = table.key(start)
    canon, _ = table.canonical(key)
    visited = {canon: 0}
    frontier = [key]
    cache = DecisionCache(letters, rulebook, decide)
    trans = refused = 0
    t = {"decide": 0.0}
    t0 = time.perf_counter()
    for level in range(depth):
        nxt = []
        for key in frontier:
            world = table.world(key)
            for n, letter in enumerate(letters):
                if not cache.first_allowed(n, key, world):
                    refused += 1
                    continue
                after = world
                ok = True
                for i, a in enumerate(letter.actions):
                    if i and not decide(after, a, rulebook, 0).allowed:
                        ok = False; break
                    after = perform(after, a, rulebook, 0)
                if not ok:
                    refused += 1
                    continue
                trans += 1
                k2 = table.successor(world, key, after)
                c, _ = table.canonical(k2)
                if c not in visited:
                    visited[c] = len(visited)
                    nxt.append(k2)
        frontier = nxt
        print(level + 1, len(frontier), len(visited), trans, refused, cache.misses, len(table), round(time.perf_counter() - t0, 1), len(rens), flush=True)
