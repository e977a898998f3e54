"""The world through time: attempts, the changes they made, and the state at any instant, all from one record (R23).

Ties: actions of the same instant are done one after the other, in the order in which they were attempted; the state at
that instant is the one after all of them. Time never runs backwards: an action dated before the last one is refused.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pixelsim.sharing.actions import Action
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision, refuse
from pixelsim.sharing.engine import apply
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Change", "History", "Record", "differences"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one entity or relation that an action changed (R23); None stands for "was not there"."""

    kind: str
    id: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Record:
    """One attempt: when, who, what, the decision, and what it changed (empty when refused).

    ``number`` counts the attempts from 0; ``at`` is in ms since the scenario's start, for an attempt dated before the
    last one that one's; ``note`` tells what led to the attempt, such as a step of the plan or a retry.
    """

    number: int
    at: int
    action: Action
    decision: Decision
    changes: tuple[Change, ...]
    note: str = ""


def _fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return {"": value}


def differences(before: World, after: World) -> Iterator[Change]:
    """Give every field that differs between two worlds, by kind and id; pairs are written ``"one > other"``."""
    for spec in dataclasses.fields(World):
        old, new = getattr(before, spec.name), getattr(after, spec.name)
        if old is new:
            continue
        for key in [*old, *(k for k in new if k not in old)]:
            one, two = old.get(key), new.get(key)
            if one is two or one == two:
                continue
            name = key if isinstance(key, str) else " > ".join(key)
            if one is None or two is None:
                yield Change(spec.name, name, "", one, two)
                continue
            second = _fields(two)
            for field, value in _fields(one).items():
                if value != second[field]:
                    yield Change(spec.name, name, field, value, second[field])


class History:
    """A world and everything that was done to it.

    Parameters
    ----------
    world
        The state at the scenario's start.
    rulebook
        Unshare policy and settings, for the whole run.
    """

    def __init__(self, world: World, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.records: list[Record] = []
        self._times: list[int] = []
        self._versions: list[int] = []
        self._worlds: list[World] = [world]

    @property
    def now(self) -> World:
        """The state after the last attempt."""
        return self._worlds[-1]

    @property
    def versions(self) -> int:
        """How many different states there have been so far, the first included."""
        return len(self._worlds)

    def attempt(self, action: Action, at: int, note: str = "") -> Record:
        """Try an action, and record the attempt whether it was allowed or not.

        Parameters
        ----------
        action
            What a person wants to do.
        at
            Milliseconds since the scenario's start; a date before the last attempt's is refused.
        note
            What led to the attempt.
        """
        last = self.records[-1].at if self.records else None
        self._versions.append(len(self._worlds) - 1)
        if last is not None and at < last:
            decision = refuse("R23", Cause.CLOCK_BACKWARDS, at=str(at), last=str(last))
            return self._add(Record(len(self.records), last, action, decision, (), note))
        outcome = apply(self.now, action, self.rulebook, at)
        changes: tuple[Change, ...] = ()
        if outcome.world is not self.now:
            changes = tuple(differences(self.now, outcome.world))
            self._times.append(at)
            self._worlds.append(outcome.world)
        return self._add(Record(len(self.records), at, action, outcome.decision, changes, note))

    def _add(self, record: Record) -> Record:
        self.records.append(record)
        return record

    def before(self, record: Record) -> World:
        """Give the state that an attempt found: what was done at the same instant before it is done."""
        return self._worlds[self._versions[record.number]]

    def at(self, instant: int) -> World:
        """Give the state in force at an instant: all actions of that very instant are done."""
        return self._worlds[bisect.bisect_right(self._times, instant)]

    def spans(self, start: int, end: int) -> Iterator[tuple[int, int, World]]:
        """Give the states in force between two instants, as (from, to, world), without gaps.

        Parameters
        ----------
        start, end
            Milliseconds since the scenario's start, ``end`` excluded.
        """
        index = bisect.bisect_right(self._times, start)
        at = start
        while at < end:
            upto = self._times[index] if index < len(self._times) else end
            upto = min(upto, end)
            if upto > at:
                yield at, upto, self._worlds[index]
            at = max(at, upto)
            index += 1

    def diff(self, one: int, other: int) -> list[Change]:
        """List every field that differs between the states at two instants."""
        return list(differences(self.at(one), self.at(other)))
