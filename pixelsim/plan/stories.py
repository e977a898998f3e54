"""A path through the states of a small world, told so that a person can follow it step by step."""

from __future__ import annotations

from dataclasses import dataclass

from pixelsim.plan.alphabet import Letter
from pixelsim.plan.cache import Rules
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.effects import perform
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Event", "Story", "became", "enact"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens: at which step of the clock (from 0), what, and what became of it."""

    step: int
    what: str
    became: str = ""

    def __str__(self) -> str:
        return f"step {self.step}: {self.what}" + (f" - {self.became}" if self.became else "")


@dataclass(frozen=True, slots=True)
class Story:
    """Events in their order, and what is wrong after the last one.

    Parameters
    ----------
    events
        What happens, first to last.
    fault
        What is wrong in the end, as a clause.
    rule
        Id of the rule that it breaks.
    """

    events: tuple[Event, ...]
    fault: str
    rule: str

    @property
    def length(self) -> int:
        """How many events it takes."""
        return len(self.events)

    def __str__(self) -> str:
        lines = [f"{number}. {event}" for number, event in enumerate(self.events, 1)]
        return "\n".join([*lines, f"Then {self.fault} ({self.rule})."])


def became(decision: Decision) -> str:
    """Say in a few words what became of an attempt."""
    if decision.allowed:
        return f"allowed ({decision.rule})"
    return f"refused ({decision.rule}): {decision.reason}"


def enact(world: World, letter: Letter, rulebook: Rulebook, rules: Rules) -> tuple[World, Decision]:
    """Do all of a letter, or nothing: give the world after it, and the decision that settled it; the clock is at 0."""
    after = world
    for action in letter.actions:
        decision = rules(after, action, rulebook, 0)
        if not decision.allowed:
            return world, decision
        after = perform(after, action, rulebook, 0)
    return after, decision
