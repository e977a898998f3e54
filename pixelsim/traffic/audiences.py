"""Audiences inside a run: who was matched by a pixel inside a look-back window, refreshed at the end of each day.

People are counted once, however many events they have, and sizes of audiences are never added up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, days
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import actions as do
from pixelsim.traffic.capture import Copies
from pixelsim.traffic.numbering import Numbering
from pixelsim.world.entities import Audience
from pixelsim.world.queries import is_linked
from pixelsim.world.relations import AudienceAfter
from pixelsim.world.world import World

__all__ = ["AudienceBook", "AudienceDay"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AudienceDay:
    """An audience at the end of a day: how many people, and whether it can be targeted.

    ``people`` is None where the audience is lost; ``frozen`` says that it is not refreshed any more.
    """

    audience: str
    at: int
    people: int | None
    usable: bool
    frozen: bool


@dataclass(slots=True)
class _Seen:
    """People seen by a pixel with an event, ascending, and when each was seen last."""

    person: Longs = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    last: Longs = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def add(self, person: Longs, at: Longs) -> None:
        """Take people seen at times that are not before those taken earlier."""
        both, when = np.concatenate([self.person, person]), np.concatenate([self.last, at])
        order = np.lexsort((when, both))
        both, when = both[order], when[order]
        last = np.append(both[1:] != both[:-1], True) if len(both) else np.empty(0, dtype=np.bool_)
        self.person, self.last = both[last], when[last]

    def since(self, instant: int) -> Longs:
        """Give the people seen at an instant or later."""
        return self.person[self.last >= instant]


class AudienceBook:
    """Keeps what the audiences of a scenario need, and nothing where it has none.

    Parameters
    ----------
    scenario
        Its audiences are those of the start and those that the plan builds.
    world
        The state at the start.
    numbering
        Numbers of pixels.
    """

    def __init__(self, scenario: Scenario, world: World, numbering: Numbering) -> None:
        built = [
            (s.action.pixel, s.action.event) for s in scenario.plan.steps if isinstance(s.action, do.BuildAudience)
        ]
        wanted = {(a.pixel, a.event) for a in world.audiences.values()} | set(built)
        self._seen = {
            (numbering.pixels.index(pixel), EVENT_NAMES.index(event)): _Seen()
            for pixel, event in sorted(wanted)
            if pixel in numbering.pixels and event in EVENT_NAMES
        }
        self._numbering, self._settings = numbering, scenario.settings
        self.members: dict[str, Longs] = {}
        self.days: list[AudienceDay] = []

    @property
    def listens(self) -> bool:
        """Whether any audience wants to hear of events."""
        return bool(self._seen)

    def add(self, kept: Copies) -> None:
        """Take kept copies of a step; people whom the platform cannot match are in no audience."""
        for (pixel, event), seen in self._seen.items():
            rows = np.flatnonzero((kept.pixel == pixel) & (kept.event == event) & (kept.match >= 0))
            seen.add(kept.match[rows], kept.at[rows])

    def end_of_day(self, world: World, at: int) -> None:
        """Refresh the audiences that exist at the end of a day."""
        for key, audience in sorted(world.audiences.items()):
            if audience.deleted or audience.event not in EVENT_NAMES:
                continue
            self.days.append(self._refresh(key, audience, world, at))

    def _refresh(self, key: str, audience: Audience, world: World, at: int) -> AudienceDay:
        settings = self._settings
        ready = at - audience.built_at >= settings.audience_ready_hours * DAY / 24
        if is_linked(world, audience.pixel, audience.account):
            pair = (self._numbering.pixels.index(audience.pixel), EVENT_NAMES.index(audience.event))
            self.members[key] = self._seen[pair].since(at - days(audience.look_back_days))
            people = len(self.members[key])
            return AudienceDay(key, at, people, ready and people >= settings.audience_minimum, frozen=False)
        tombstone = world.unbound.get((audience.pixel, audience.account))
        after = tombstone.audiences if tombstone is not None else AudienceAfter.LOST
        until = tombstone.audience_until if tombstone is not None else None
        gone = after in {AudienceAfter.LOST, AudienceAfter.PAUSE_USERS} or (until is not None and at >= until)
        if gone:
            self.members.pop(key, None)
            return AudienceDay(key, at, None, usable=False, frozen=False)
        people = len(self.members.get(key, ()))
        return AudienceDay(key, at, people, ready and people >= settings.audience_minimum, frozen=True)
