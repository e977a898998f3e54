"""Many accounts in one call: each part has its own outcome, and one refused part does not void the rest (P19)."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pixelsim.sharing.actions import Action, LinkPixel, UnlinkPixel
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision, Verdict, refuse
from pixelsim.sharing.engine import apply
from pixelsim.sharing.frames import table
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Batch", "BatchState", "Part", "PartState", "link_all", "unlink_all"]


class PartState(StrEnum):
    """What became of one part of a call."""

    OK = "ok"
    SKIPPED = "skipped"
    """Waiting for the other side of a partnership; to be tried again, not a failure (P06)."""
    UNKNOWN = "unknown"
    """What was needed could not be read (P07)."""
    REFUSED = "refused"


class BatchState(StrEnum):
    """What became of a call as a whole (P19)."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a call: the ad account it is about, and the decision."""

    account: str
    decision: Decision

    @property
    def state(self) -> PartState:
        """Skipped where a partnership is pending, otherwise as the verdict says."""
        if self.decision.verdict is Verdict.YES:
            return PartState.OK
        if self.decision.verdict is Verdict.UNKNOWN:
            return PartState.UNKNOWN
        return PartState.SKIPPED if self.decision.cause is Cause.PENDING else PartState.REFUSED


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of a call over several ad accounts, in the order in which they were named.

    Parameters
    ----------
    parts
        One for each account.
    world
        The state after the call.
    """

    parts: tuple[Part, ...]
    world: World

    @property
    def state(self) -> BatchState:
        """Complete when every part went well, failed when none did (and there was one), partial otherwise."""
        good = sum(part.state is PartState.OK for part in self.parts)
        if good == len(self.parts):
            return BatchState.COMPLETE
        return BatchState.PARTIAL if good else BatchState.FAILED

    @property
    def counts(self) -> dict[PartState, int]:
        """How many parts are in each state, those with none included."""
        found = collections.Counter(part.state for part in self.parts)
        return {state: found[state] for state in PartState}

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each account: ``account``, ``state``, ``rule``, ``cause``, ``reason``, ``remedy``."""
        rows = [
            (p.account, p.state.value, p.decision.rule, p.decision.cause.value, p.decision.reason, p.decision.remedy)
            for p in self.parts
        ]
        return table(rows, ["account", "state", "rule", "cause", "reason", "remedy"])

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {state}" for state, number in self.counts.items() if number)
        lines = [f"{self.state}: {counts or 'no ad accounts'} of {len(self.parts)}"]
        lines += [f"  {p.account}: {p.state} - {p.decision}" for p in self.parts if p.state is not PartState.OK]
        return "\n".join(lines)


def link_all(  # noqa: PLR0917 - the call as the API has it
    world: World, actor: str, bc: str, pixel: str, accounts: Iterable[str], rulebook: Rulebook, at: int
) -> Batch:
    """Link a pixel to several ad accounts in one call; each is decided for itself, in the order given.

    Parameters
    ----------
    world
        The state in force.
    actor, bc
        The person who acts, and the Business Center acted from.
    pixel
        Code of the pixel.
    accounts
        Ids of the ad accounts; more than the setting ``accounts_per_call`` (100) are refused as a whole.
    rulebook
        Unshare policy, settings and limits.
    at
        Milliseconds since the scenario's start.
    """
    return _each(world, accounts, lambda a: LinkPixel(actor=actor, bc=bc, pixel=pixel, account=a), rulebook, at)


def unlink_all(  # noqa: PLR0917 - the call as the API has it
    world: World, actor: str, bc: str, pixel: str, accounts: Iterable[str], rulebook: Rulebook, at: int
) -> Batch:
    """Unlink a pixel from several ad accounts in one call of the API; see :func:`link_all`."""
    return _each(
        world, accounts, lambda a: UnlinkPixel(actor=actor, bc=bc, pixel=pixel, account=a, api=True), rulebook, at
    )


def _each(world: World, accounts: Iterable[str], action: Callable[[str], Action], rulebook: Rulebook, at: int) -> Batch:
    named: Sequence[str] = list(accounts)
    limit = rulebook.settings.accounts_per_call
    if len(named) > limit:
        decision = refuse("R07", Cause.TOO_MANY, count=str(len(named)), limit=str(limit))
        return Batch(tuple(Part(account, decision) for account in named), world)
    parts: list[Part] = []
    for account in named:
        outcome = apply(world, action(account), rulebook, at)
        world = outcome.world
        parts.append(Part(account, outcome.decision))
    return Batch(tuple(parts), world)
