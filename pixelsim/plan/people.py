"""Who can do an action, who is there to do it, and how long they take."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pixelsim.base.clock import DAY, days
from pixelsim.base.errors import UnknownNameError
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.engine import decide
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Availability", "Candidate", "Crew", "Delays", "ask", "variants", "who_can"]


class Availability(StrEnum):
    """Why somebody cannot be counted on."""

    REFUSES = "refuses"
    """Could act, but will not."""
    SLOW = "slow"
    """Acts, but takes long; asked only when nobody else can do it."""
    LEFT = "left"
    """Is gone, whatever the member list still says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long people take from being asked to having acted, in ms, at least 0.

    ``default`` is one day and ``slow`` one week: assumptions, no public figure exists. ``people`` gives single people
    their own delay, ``business_centers`` all members of a Business Center.
    """

    default: int = DAY
    slow: int = 7 * DAY
    people: Mapping[str, int] = field(default_factory=dict)
    business_centers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person who might do an action, the action as that person would do it, and the decision on it."""

    person: str
    action: Action
    decision: Decision


def variants(world: World, action: Action) -> Iterator[Action]:
    """Give the ways in which one and the same thing can be done, from the Business Centers it can be done from."""
    yield action
    match action:
        case do.UnlinkPixel():
            link = world.links.get((action.pixel, action.account))
            pixel = world.pixels.get(action.pixel)
            sides = {None if link is None else link.by_bc, None if pixel is None else pixel.owner_bc}
            for bc in sorted(side for side in sides if side is not None and side != action.bc):
                yield dataclasses.replace(action, bc=bc)
        case do.UnassignAccount():
            held = world.account_people.get((action.account, action.person))
            account = world.ad_accounts.get(action.account)
            homes = {None if held is None else held.via, None if account is None else account.owner_bc, None}
            for home in sorted(homes, key=str):
                if home != action.bc:
                    yield dataclasses.replace(action, bc=home)
        case do.RemovePartner():
            yield dataclasses.replace(action, bc=action.partner, partner=action.bc)
        case _:
            return


def who_can(world: World, action: Action, rulebook: Rulebook, at: int) -> list[Candidate]:
    """Ask the rules about every person who has not left, whoever ``action.actor`` is.

    Parameters
    ----------
    at
        Milliseconds since the scenario's start.

    Returns
    -------
    list of Candidate
        One for each person, by id: the first allowed way of doing it, else the last refusal.
    """
    return [
        ask(world, action, person, rulebook, at) for person in sorted(world.people) if not world.people[person].left
    ]


def ask(world: World, action: Action, person: str, rulebook: Rulebook, at: int) -> Candidate:
    """Ask the rules whether one person may do an action: the first allowed way of doing it, else the last refusal."""
    for way in variants(world, action):
        tried = dataclasses.replace(way, actor=person)
        candidate = Candidate(person, tried, decide(world, tried, rulebook, at))
        if candidate.decision.allowed:
            break
    return candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The people of a world as a planner may count on them.

    Parameters
    ----------
    rulebook
        Unshare policy and settings.
    delays
        How long people take.
    unavailable
        Availability by id of a person, or of a Business Center for all its members; a person's own entry counts first.
    own
        Id of the Business Center whose people are asked before others', or None.
    """

    rulebook: Rulebook
    delays: Delays = field(default_factory=Delays)
    unavailable: Mapping[str, Availability] = field(default_factory=dict)
    own: str | None = None

    def checked(self, world: World) -> Crew:
        """Give the crew back.

        Raises
        ------
        UnknownNameError
            ``unavailable`` or ``delays`` names somebody who does not exist.
        """
        named = [*self.unavailable, *self.delays.people, *self.delays.business_centers]
        known = [*world.people, *world.business_centers]
        for name in named:
            if name not in known:
                kind = "person or Business Center"
                raise UnknownNameError(kind, name, known)
        return self

    def availability(self, world: World, person: str) -> Availability | None:
        """Say why a person cannot be counted on, or None."""
        if person in self.unavailable:
            return Availability(self.unavailable[person])
        for home, member in sorted(world.members):
            if member == person and home in self.unavailable:
                return Availability(self.unavailable[home])
        return None

    def really(self, world: World) -> World:
        """Give the world in which those who left in fact have left."""
        for person, found in world.people.items():
            if not found.left and self.availability(world, person) is Availability.LEFT:
                world = world.changed("people", person, left=True)
        return world

    def delay(self, world: World, person: str) -> int:
        """Give the ms that a person takes from being asked to having acted."""
        if person in self.delays.people:
            return self.delays.people[person]
        for home, member in sorted(world.members):
            if member == person and home in self.delays.business_centers:
                return self.delays.business_centers[home]
        slow = self.availability(world, person) is Availability.SLOW
        return self.delays.slow if slow else self.delays.default

    def there(self, world: World) -> list[str]:
        """List the people who would act: own ones first, the quickest first, then by id; slow ones after all others."""
        ranked = []
        for person, found in world.people.items():
            status = self.availability(world, person)
            if not found.left and status is not Availability.REFUSES:
                slow, foreign = status is Availability.SLOW, (self.own, person) not in world.members
                ranked.append((slow, foreign, self.delay(world, person), person))
        return [person for *_, person in sorted(ranked)]

    def candidates(self, world: World, action: Action, asked: int) -> list[Candidate]:
        """Ask the rules about everybody who would act, each at the moment at which they would have acted.

        Parameters
        ----------
        asked
            When people are asked, in ms since the scenario's start.

        Returns
        -------
        list of Candidate
            In the order in which they are asked; who refuses or has left is not among them.
        """
        return [
            ask(world, action, person, self.rulebook, asked + self.time_for(world, action, person))
            for person in self.there(world)
        ]

    def time_for(self, world: World, action: Action, person: str) -> int:
        """Give the ms that a person takes for an action; an approval takes at least the other side's acceptance."""
        delay = self.delay(world, person)
        if isinstance(action, do.ApprovePartnership):
            delay = max(delay, days(self.rulebook.settings.partnership_acceptance))
        return delay
