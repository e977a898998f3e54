"""Every order of actions of a small world: breadth first, each state once, every invariant in each state.

Depth counts what people do; the clock's steps cost nothing, so that every state is also seen at every later time.
With delays, an action is begun when the rules allow it, and done one or more steps of the clock later, when they may
no longer; up to ``in_flight`` actions are begun and not yet done at any time, and those due together are tried in
every order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.plan.alphabet import Letter
from pixelsim.plan.cache import Rules
from pixelsim.plan.invariants import INVARIANTS, LAWS, Invariant, Law
from pixelsim.plan.search import SHIFT, Search
from pixelsim.plan.stories import Story
from pixelsim.sharing.engine import decide
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

__all__ = ["Exploration", "explore", "find"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What an exhaustive exploration went through, and what it found.

    Parameters
    ----------
    letters
        Names of the letters of the alphabet.
    depth, delays, in_flight
        How many actions deep, which delays (in steps of the clock), and how many may be begun and not done at once.
    levels
        Number of new states after 0, 1, 2, ... actions.
    transitions
        Number of allowed moves tried, the clock's among them.
    refused
        Number of attempts that the rules refused.
    skipped
        Number of attempts left out, since something that they name does not exist.
    decisions
        Number of decisions really made; the rest followed from one in which all that was read was the same.
    renamings
        Number of renamings, the identity among them, under which two states counted as one.
    tested
        Ids of the rules whose invariants were tested in each state, and whose laws were tested at each step.
    stories
        What was found, the shortest story first; empty when everything held.
    """

    letters: tuple[str, ...]
    depth: int
    delays: tuple[int, ...]
    in_flight: int
    levels: tuple[int, ...]
    transitions: int
    refused: int
    skipped: int
    decisions: int
    renamings: int
    tested: tuple[str, ...]
    stories: tuple[Story, ...]

    @property
    def states(self) -> int:
        """Number of distinct states."""
        return sum(self.levels)

    @property
    def ok(self) -> bool:
        """Whether every invariant and every law held."""
        return not self.stories

    def text(self, *, alphabet: bool = True) -> str:
        """Write what was gone through as lines of text, with the whole alphabet or without."""
        lines = [f"alphabet: {len(self.letters)} letters, and the clock"]
        if alphabet:
            lines += [f"  {name}" for name in self.letters]
        delays = ", ".join(str(delay) for delay in self.delays)
        levels = " + ".join(f"{number:,}" for number in self.levels)
        lines += [
            f"depth {self.depth}, delays {delays}, at most {self.in_flight} actions in flight",
            f"states: {self.states:,} ({levels}), merged under {self.renamings} renamings",
            f"transitions: {self.transitions:,}",
            f"refused attempts: {self.refused:,}; skipped, since an id did not exist: {self.skipped:,}",
            f"decisions made: {self.decisions:,}",
            f"tested: {', '.join(self.tested)}",
        ]
        lines.append("everything held" if self.ok else "\n\n".join(str(story) for story in self.stories))
        return "\n".join(lines)


def explore(
    start: World,
    letters: Sequence[Letter],
    rulebook: Rulebook,
    *,
    depth: int,
    delays: Sequence[int] = (0,),
    in_flight: int = 2,
    step: int = DAY,
    swaps: Iterable[Mapping[str, str]] = (),
    invariants: Sequence[Invariant] = INVARIANTS,
    laws: Sequence[Law] = LAWS,
    rules: Rules = decide,
    stop: bool = True,
) -> Exploration:
    """Go through all orders of actions from a world, up to a depth.

    Parameters
    ----------
    start
        The world to begin with, its clock at 0.
    letters
        What people can do.
    rulebook
        Unshare policy and settings.
    depth
        How many actions deep, at least 0.
    delays
        Delays that each action may have, in whole steps of the clock from 0 to 7.
    in_flight
        How many actions with a delay may be begun and not done at once.
    step
        Length of a step of the clock in ms.
    swaps
        Exchanges of names to try as symmetries; those that change the world or the alphabet are not used.
    invariants, laws
        What is tested in each state and at each step.
    rules
        The function that decides; exchange it to see that a faulty one is found.
    stop
        Whether to stop at the first fault, which is the one with the fewest actions.

    Returns
    -------
    Exploration
        Counts, and a story for each fault.

    Raises
    ------
    InputError
        The depth is negative, or a delay is out of bounds.
    """
    if depth < 0 or not delays or not all(0 <= delay < SHIFT for delay in delays):
        raise InputError.single(
            "explore",
            field="depth, delays",
            value=f"{depth}, {tuple(delays)}",
            rule=f"a depth of at least 0, and delays from 0 to {SHIFT - 1} steps",
            remedy="choose a depth and delays in these bounds",
        )
    search = Search(start, letters, rulebook, step=step, swaps=swaps, invariants=invariants, laws=laws, rules=rules)
    search.run(depth, tuple(delays), in_flight, stop=stop)
    return Exploration(
        letters=tuple(letter.name for letter in letters),
        depth=depth,
        delays=tuple(delays),
        in_flight=in_flight,
        levels=tuple(search.levels),
        transitions=search.transitions,
        refused=search.refused,
        skipped=search.skipped,
        decisions=sum(memo.asked for memo in search.decisions),
        renamings=len(search.table.renamings),
        tested=tuple(sorted({one.rule for one in invariants} | {one.rule for one in laws})),
        stories=tuple(search.stories),
    )


def find(
    start: World,
    letters: Sequence[Letter],
    rulebook: Rulebook,
    target: Callable[[World], str | None],
    *,
    depth: int,
    rule: str = "",
    swaps: Iterable[Mapping[str, str]] = (),
    step: int = DAY,
) -> Story | None:
    """Find the shortest way to a state that a test describes.

    Parameters
    ----------
    target
        Says what is so in a world, as a clause, or gives None; the clock stands at 0.
    rule
        Id of the rule that the story is about.
    start, letters, rulebook, depth, swaps, step
        As for :func:`explore`.

    Returns
    -------
    Story or None
        The story with the fewest actions, or None when no such state exists within the depth.
    """
    wanted = Invariant(rule, "", lambda world, _: target(world))
    found = explore(start, letters, rulebook, depth=depth, step=step, swaps=swaps, invariants=(wanted,), laws=())
    return found.stories[0] if found.stories else None
