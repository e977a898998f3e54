"""Who may do what, as pure functions: which questions there are, what they can be asked about, and the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pixelsim.base.errors import UnknownNameError
from pixelsim.sharing import VERBS, Decision, Rulebook, explain
from pixelsim.show.names import Names
from pixelsim.world.world import World

__all__ = ["QUESTIONS", "Question", "ask", "choices", "told"]

Kind = Literal["people", "tokens", "pixels", "ad_accounts", "business_centers"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a verb is asked about.

    Parameters
    ----------
    who
        Kinds of those who can be asked about.
    first
        Kind of the thing it is about.
    second
        Kind of the other thing it is about, None where there is none.
    needs_second
        Whether the question makes no sense without it.
    """

    who: tuple[Kind, ...]
    first: Kind
    second: Kind | None = None
    needs_second: bool = False


_DATA = Question(("people", "ad_accounts"), "pixels", "ad_accounts")
_EDIT = Question(("people",), "pixels")
_ACCOUNT = Question(("people",), "ad_accounts")
QUESTIONS: dict[str, Question] = {
    "see": _DATA,
    "use": _DATA,
    "build audience": _DATA,
    "edit": _EDIT,
    "change log": _EDIT,
    "test events": _EDIT,
    "diagnostics": _EDIT,
    "share": Question(("people",), "pixels", "business_centers"),
    "unshare": Question(("people",), "pixels", "business_centers", needs_second=True),
    "link": Question(("people",), "pixels", "ad_accounts", needs_second=True),
    "unlink": Question(("people",), "pixels", "ad_accounts", needs_second=True),
    "transfer": _EDIT,
    "create campaign": _ACCOUNT,
    "create pixel": _ACCOUNT,
    "send": Question(("tokens",), "pixels"),
}
"""Every verb of :func:`pixelsim.sharing.explain`, and what it can be asked about."""


def choices(world: World, kinds: tuple[Kind, ...]) -> list[tuple[str, str]]:
    """Give the things of some kinds as pairs of name and id, kind by kind in the order of the names."""
    names = Names(world)
    words = {"people": "", "tokens": "token ", "ad_accounts": "ad account ", "pixels": "", "business_centers": ""}
    found: list[tuple[str, str]] = []
    for kind in kinds:
        word = words[kind] if len(kinds) > 1 else ""
        pairs = [(f"{word}{names.of(kind, key)}", key) for key in getattr(world, kind)]
        found += sorted(pairs, key=lambda pair: (pair[0].casefold(), pair[1]))
    return found


def ask(
    world: World,
    who: str,
    what: str,
    first: str,
    second: str | None = None,
    *,
    active_bc: str | None = None,
    rulebook: Rulebook | None = None,
) -> Decision:
    """Answer who may do what; a second thing that the verb does not know is left out.

    Parameters
    ----------
    world
        The state in force.
    who, first, second
        Ids, see :data:`QUESTIONS`.
    what
        A verb.
    active_bc
        The Business Center that is open on the person's screen; None tries all of theirs.
    rulebook
        Unshare policy, settings and limits; the documented ones by default.

    Raises
    ------
    UnknownNameError
        There is no such verb.
    InputError
        The verb needs a second thing, and there is none.
    """
    if what not in QUESTIONS:
        raise UnknownNameError("verb", what, VERBS)
    pair = second is not None and QUESTIONS[what].second is not None
    on = (first, second) if pair and second is not None else first
    return explain(world, who, what, on, active_bc=active_bc, rulebook=rulebook)


def told(world: World, decision: Decision) -> list[tuple[str, str]]:
    """Give a decision as pairs of words, with names in the place of ids: answer, rule, cause, why, and what to do."""
    names = Names(world)
    remedies = names.remedies(decision)
    return [
        ("Answer", decision.verdict.value),
        ("Rule", decision.rule),
        ("Cause", decision.cause.value),
        ("Why", names.reason(decision)),
        *(("What would help", remedy) for remedy in remedies),
    ]
