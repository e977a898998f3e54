"""A decision explains itself: verdict, rule, cause, and what would repair a refusal."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import StrEnum

from pixelsim.sharing.causes import WORDING, Cause

__all__ = ["Decision", "Verdict", "allow", "refuse", "unknown"]


class Verdict(StrEnum):
    """Answer to a permission question; unknown is an answer of its own, never a no (P07)."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one permission question.

    Parameters
    ----------
    verdict
        Yes, no or unknown.
    rule
        Id of the rule that decided, such as ``"R09"``.
    cause
        Why, as a code that programs can compare.
    facts
        Pairs (name, id) that fill the sentence in.
    blocking
        Ids of the objects that have to be stopped first (R12).
    scheduled
        Ids of scheduled objects that do not block, but would start later (R15).
    """

    verdict: Verdict
    rule: str
    cause: Cause
    facts: tuple[tuple[str, str], ...] = ()
    blocking: tuple[str, ...] = ()
    scheduled: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the verdict is yes."""
        return self.verdict is Verdict.YES

    @property
    def refused(self) -> bool:
        """Whether the verdict is no."""
        return self.verdict is Verdict.NO

    @property
    def reason(self) -> str:
        """One sentence: what, and why."""
        return WORDING[self.cause].sentence.format_map(self._names())

    @property
    def remedies(self) -> tuple[str, ...]:
        """What would repair a refusal, each an imperative sentence; empty for a yes."""
        return tuple(text.format_map(self._names()) for text in WORDING[self.cause].remedies)

    @property
    def remedy(self) -> str:
        """All remedies as one text, joined by "; or "."""
        return "; or ".join(self.remedies)

    def _names(self) -> dict[str, str]:
        return {
            "blocking": ", ".join(self.blocking),
            "scheduled": ", ".join(self.scheduled) or "none",
            **dict(self.facts),
        }

    def __str__(self) -> str:
        text = f"{self.verdict} ({self.rule}): {self.reason}"
        return f"{text} Remedy: {self.remedy}." if self.remedies else text


@functools.cache
def _plain_yes(rule: str) -> Decision:
    """Keep one yes for each rule: the explorer asks for millions of them."""
    return Decision(Verdict.YES, rule, Cause.ALLOWED)


def allow(rule: str, scheduled: tuple[str, ...] = (), /, **facts: str) -> Decision:
    """Make a yes by a rule."""
    if not scheduled and not facts:
        return _plain_yes(rule)
    return Decision(Verdict.YES, rule, Cause.ALLOWED, tuple(facts.items()), scheduled=scheduled)


def refuse(
    rule: str, cause: Cause, blocking: tuple[str, ...] = (), scheduled: tuple[str, ...] = (), /, **facts: str
) -> Decision:
    """Make a no by a rule, for a cause."""
    return Decision(Verdict.NO, rule, cause, tuple(facts.items()), blocking, scheduled)


def unknown(rule: str, cause: Cause, /, **facts: str) -> Decision:
    """Make an unknown: what was needed could not be read (P07)."""
    return Decision(Verdict.UNKNOWN, rule, cause, tuple(facts.items()))
