"""A plan of action: ordered, dated steps with who must and who can do each, and what is done if one fails."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

import pandas as pd

from pixelsim.base.clock import Clock
from pixelsim.plan.costs import Cost
from pixelsim.plan.findings import Finding, brief, when
from pixelsim.plan.goals import Goal
from pixelsim.plan.wording import describe
from pixelsim.sharing.actions import Action

__all__ = ["ActionPlan", "Fallback", "Step", "StepKind"]


class StepKind(StrEnum):
    """What a step is for."""

    NOTIFY = "notify"
    PREPARE = "prepare"
    STOP = "stop"
    CANCEL = "cancel"
    RETIRE = "retire"
    UNTRACK = "untrack"
    REPLACE_AUDIENCE = "replace_audience"
    WAIT = "wait"
    LOOK = "look"
    END_ACCESS = "end_access"
    REVOKE = "revoke"
    SWEEP = "sweep"
    ACT = "act"
    VERIFY = "verify"
    LEAVE = "leave"
    RECHECK = "recheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan.

    Parameters
    ----------
    number
        Number of the step, from 1; steps are listed in the order of their dates.
    kind
        What it is for.
    ask_at, at
        When to ask for it, and when it is done, in ms since the scenario's start; None for an undated step.
    action
        What is done, as a record that the rules can decide; None for a manual task.
    task
        What is done by hand, for a step without an action.
    must
        Who must do it, as a role in words.
    can
        Ids of all people whom the rules let do it at that moment, and who would.
    waits_for
        Numbers of the steps that have to be done first.
    waiting
        What it waits for, in words; empty when it can begin at once.
    why, rule
        Why it is there, as one sentence, and the id of the rule or practice behind it.
    go_back_to
        Number of the step to go back to when this one finds something, or is refused; None when there is none.
    """

    number: int
    kind: StepKind
    action: Action | None = None
    task: str = ""
    ask_at: int | None = None
    at: int | None = None
    must: str = ""
    can: tuple[str, ...] = ()
    waits_for: tuple[int, ...] = ()
    waiting: str = ""
    why: str = ""
    rule: str = ""
    go_back_to: int | None = None

    @property
    def title(self) -> str:
        """What is done, in the imperative."""
        return self.task if self.action is None else describe(self.action)

    @property
    def who(self) -> str:
        """Id of the person who is to do it; empty for a manual task."""
        return "" if self.action is None else self.action.actor

    def as_dict(self, clock: Clock | None = None) -> dict[str, Any]:
        """Give the step as plain values that JSON can hold."""
        return {
            "number": self.number,
            "kind": self.kind.value,
            "ask": when(self.ask_at, clock),
            "done": when(self.at, clock),
            "ask_ms": self.ask_at,
            "done_ms": self.at,
            "what": self.title,
            "who": self.who,
            "must": self.must,
            "can": list(self.can),
            "waits_for": list(self.waits_for),
            "waiting": self.waiting,
            "why": self.why,
            "rule": self.rule,
            "go_back_to": self.go_back_to,
            "action": None if self.action is None else _plain(dataclasses.asdict(self.action)),
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What can be done when a plan's way is closed.

    Parameters
    ----------
    name
        Short name, such as ``"unshare through the API"``.
    when_used
        When it is for, as a clause.
    consequence
        What follows from it, as one sentence.
    safe
        Whether it leaves no moment in which an ad group spends without access.
    steps
        Its steps, in the order of their dates; empty where it cannot be done, and ``consequence`` says why.
    cost
        What it costs; None where it cannot be done.
    """

    name: str
    when_used: str
    consequence: str
    safe: bool
    steps: tuple[Step, ...] = ()
    cost: Cost | None = None

    @property
    def price(self) -> str:
        """The cost in words; empty where it cannot be done."""
        return "" if self.cost is None else str(self.cost)

    def as_dict(self, clock: Clock | None = None) -> dict[str, Any]:
        """Give the fallback as plain values that JSON can hold."""
        return {
            "name": self.name,
            "when": self.when_used,
            "consequence": self.consequence,
            "safe": self.safe,
            "cost": self.price,
            "steps": [step.as_dict(clock) for step in self.steps],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """A plan: the goal, its steps, what was found before, what else could be done, and whether it is safe.

    Parameters
    ----------
    goal
        What is to be reached; also what the steps *look* and *verify* test.
    steps
        Steps in the order of their dates, numbered from 1.
    findings
        What was found before acting.
    fallbacks
        Other ways, with their cost.
    safe
        Whether the steps, replayed against the rules, are all allowed, reach the goal, and leave no moment in which
        an ad group spends without access to its pixel.
    reasons
        Why no safe plan exists; empty for a safe one.
    """

    goal: Goal
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    safe: bool = True
    reasons: tuple[str, ...] = ()

    def step(self, kind: StepKind | str) -> Step:
        """Give the first step of a kind.

        Raises
        ------
        LookupError
            The plan has no such step.
        """
        for step in self.steps:
            if step.kind is StepKind(kind):
                return step
        kinds = ", ".join(dict.fromkeys(step.kind.value for step in self.steps))
        msg = f"The plan has no step of kind {StepKind(kind).value!r}; its kinds are: {kinds}."
        raise LookupError(msg)

    def table(self, clock: Clock | None = None) -> pd.DataFrame:
        """Give the steps as a table, one row each.

        Parameters
        ----------
        clock
            The scenario's clock; without one, dates are days since the start.

        Returns
        -------
        DataFrame
            Columns number (int), kind, ask, done, what, who, must, can, waits_for, waiting, why, rule (text).
        """
        columns = ["number", "kind", "ask", "done", "what", "who", "must", "can", "waits_for", "waiting", "why", "rule"]
        rows = [step.as_dict(clock) for step in self.steps]
        for row in rows:
            row["can"] = ", ".join(row["can"])
            row["waits_for"] = ", ".join(str(number) for number in row["waits_for"])
        return pd.DataFrame(rows, columns=columns)

    def markdown(self, clock: Clock | None = None) -> str:
        """Give the plan as a Markdown checklist that can be pasted into a ticket or a mail."""
        lines = [f"# {_capital(self.goal.sentence)}", "", f"**Safe: {'yes' if self.safe else 'no'}.**"]
        if self.reasons:
            lines += ["", *(f"- {reason}" for reason in self.reasons)]
        if self.findings:
            lines += ["", "## Before you begin", "", *(f"- {finding}" for finding in self.findings)]
        lines += ["", "## Steps" if self.safe else "## Steps, as far as they go", ""]
        lines += [line for step in self.steps for line in _step_lines(step, clock)] or ["There is nothing to do."]
        if self.fallbacks:
            lines += ["", "## If that way is closed", ""]
            lines += [line for fallback in self.fallbacks for line in _fallback_lines(fallback)]
        return "\n".join(lines) + "\n"

    def as_dict(self, clock: Clock | None = None) -> dict[str, Any]:
        """Give the plan as plain values that JSON can hold."""
        return {
            "goal": self.goal.sentence,
            "safe": self.safe,
            "reasons": list(self.reasons),
            "findings": [finding.as_dict(clock) for finding in self.findings],
            "steps": [step.as_dict(clock) for step in self.steps],
            "fallbacks": [fallback.as_dict(clock) for fallback in self.fallbacks],
        }

    def json(self, clock: Clock | None = None) -> str:
        """Give the plan as JSON text, indented by two."""
        return json.dumps(self.as_dict(clock), indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        return self.markdown()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _step_lines(step: Step, clock: Clock | None) -> list[str]:
    done = brief(when(step.at, clock))
    lines = [f"- [ ] **{step.number}.** {_capital(step.title)}{f' ({done})' if done else ''}"]
    others = ", ".join(person for person in step.can if person != step.who)
    if step.who:
        role = f", as {step.must}" if step.must else ""
        lines.append(f"  - Who: {step.who}{role}{f'; could also: {others}' if others else ''}")
    elif step.must:
        lines.append(f"  - Who: {step.must}{f': {others}' if others else ''}")
    if step.waits_for:
        numbers = ", ".join(str(number) for number in step.waits_for)
        lines.append(f"  - Waits for: step{'s' if len(step.waits_for) > 1 else ''} {numbers}: {step.waiting}")
    elif step.waiting:
        lines.append(f"  - Waits for: {step.waiting}")
    lines.append(f"  - Why: {step.why}{f' ({step.rule})' if step.rule else ''}")
    if step.go_back_to is not None:
        lines.append(f"  - If it finds something, or is refused: go back to step {step.go_back_to}.")
    return lines


def _fallback_lines(fallback: Fallback) -> list[str]:
    safe = "safe" if fallback.safe else "not safe"
    price = f"; cost: {fallback.price}" if fallback.price else ""
    lines = [f"- **{_capital(fallback.name)}** ({safe}{price})."]
    lines.append(f"  For when {fallback.when_used}. {fallback.consequence}")
    return [*lines, *(f"  {number}. {_capital(step.title)}" for number, step in enumerate(fallback.steps, 1))]
