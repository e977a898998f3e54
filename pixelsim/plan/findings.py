"""What was noticed in a structure: a code, a sentence, the ids concerned, the remedy and the cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from pixelsim.base.clock import DAY, Clock
from pixelsim.plan.costs import Cost

__all__ = ["Code", "Finding", "Severity", "brief", "findings_table", "when"]


class Severity(StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    """A practice is followed."""
    NOTE = "note"
    """Good to know before acting."""
    WARNING = "warning"
    """Costs something, or will when somebody acts."""
    FAULT = "fault"
    """Money, signal or control is being lost, or will be for certain."""


class Code(StrEnum):
    """What a finding is about, as a code that programs can compare."""

    AD_GROUPS_DELIVERING = "AD_GROUPS_DELIVERING"
    AD_GROUPS_SCHEDULED = "AD_GROUPS_SCHEDULED"
    AD_GROUPS_STOPPED = "AD_GROUPS_STOPPED"
    AGENCY_OWNS_PIXEL = "AGENCY_OWNS_PIXEL"
    AUDIENCES_BUILT = "AUDIENCES_BUILT"
    BUDGET_BELOW_MINIMUM = "BUDGET_BELOW_MINIMUM"
    CREATOR_AMONG_ACCOUNTS = "CREATOR_AMONG_ACCOUNTS"
    EMPTY_TAG_TARGET = "EMPTY_TAG_TARGET"
    FOLLOWS_B1 = "FOLLOWS_B1"
    FOLLOWS_B2 = "FOLLOWS_B2"
    FOLLOWS_B3 = "FOLLOWS_B3"
    FOLLOWS_B4 = "FOLLOWS_B4"
    HEADQUARTERS_OWNS_ALL = "HEADQUARTERS_OWNS_ALL"
    NEVER_UNSHARED = "NEVER_UNSHARED"
    NOBODY_EDITS = "NOBODY_EDITS"
    NOT_STOPPED_FIRST = "NOT_STOPPED_FIRST"
    NOT_ALL_IN_TIME = "NOT_ALL_IN_TIME"
    ONE_PIXEL_ON_ALL_DOMAINS = "ONE_PIXEL_ON_ALL_DOMAINS"
    OPEN_WINDOWS = "OPEN_WINDOWS"
    ORPHANED_SPEND = "ORPHANED_SPEND"
    PEOPLE_BY_NAME = "PEOPLE_BY_NAME"
    PIXELS_FOR_ONE_DOMAIN = "PIXELS_FOR_ONE_DOMAIN"
    PIXEL_WITHOUT_ADMIN = "PIXEL_WITHOUT_ADMIN"
    SHARED_ACCOUNTS = "SHARED_ACCOUNTS"
    SHARED_PAYMENT = "SHARED_PAYMENT"
    SHARED_TO_NOBODY = "SHARED_TO_NOBODY"
    SOLE_ADMIN = "SOLE_ADMIN"
    STEP_REFUSED = "STEP_REFUSED"
    TOKENS_HELD = "TOKENS_HELD"
    TOKENS_LEFT = "TOKENS_LEFT"
    TRACKING_ONLY_ADS = "TRACKING_ONLY_ADS"
    UNSHARED_BEFORE_STOP = "UNSHARED_BEFORE_STOP"
    ACCOUNTS = "ACCOUNTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing noticed.

    Parameters
    ----------
    code, severity
        What it is about, and how much it matters.
    subjects
        Ids of the objects concerned, in a stable order.
    sentence
        What was found, as one sentence.
    rule
        Id of the rule or practice behind it, such as ``"R15"`` or ``"B4"``.
    remedy
        What to do about it, as an imperative; empty for a note.
    since, until
        Milliseconds since the scenario's start from which on it is so, and until which it matters; None for from the
        start, and for without an end.
    cost
        What it costs; None for what costs nothing by itself.
    """

    code: Code
    severity: Severity
    subjects: tuple[str, ...]
    sentence: str
    rule: str
    remedy: str = ""
    since: int | None = None
    until: int | None = None
    cost: Cost | None = None

    def as_dict(self, clock: Clock | None = None) -> dict[str, Any]:
        """Give the finding as plain values, dates as days or, with a clock, as calendar instants."""
        return {
            "severity": self.severity.value,
            "code": self.code.value,
            "rule": self.rule,
            "subjects": list(self.subjects),
            "finding": self.sentence,
            "remedy": self.remedy,
            "since": when(self.since, clock),
            "until": when(self.until, clock),
            "cost": self.price,
        }

    def dated(self, since: int) -> Finding:
        """Give the finding as one that is so from an instant on."""
        return dataclasses.replace(self, since=since)

    @property
    def price(self) -> str:
        """The cost in words; empty for what costs nothing by itself."""
        return "" if self.cost is None else str(self.cost)

    def __str__(self) -> str:
        remedy = f" Remedy: {self.remedy}." if self.remedy else ""
        cost = f" Cost: {self.price}." if self.price else ""
        return f"{self.severity} ({self.rule}): {self.sentence}{remedy}{cost}"


def when(at: int | None, clock: Clock | None = None) -> str:
    """Write an instant in ms since the start: ``day 3.5``, or on a clock as an ISO date and time; empty for None."""
    if at is None:
        return ""
    if clock is not None:
        return clock.to_datetime(at).isoformat(sep=" ", timespec="minutes")
    return f"day {at / DAY:.4g}" if at % DAY else f"day {at // DAY}"


def brief(instant: str) -> str:
    """Write an instant without the parts that say nothing: no offset for UTC, no time for midnight."""
    return instant.removesuffix("+00:00").removesuffix(" 00:00")


def findings_table(findings: Iterable[Finding], clock: Clock | None = None) -> pd.DataFrame:
    """Give findings as a table, one row each.

    Returns
    -------
    DataFrame
        Columns severity, code, rule, subjects (ids joined by commas), finding, remedy, since, until, cost: all text.
    """
    columns = ["severity", "code", "rule", "subjects", "finding", "remedy", "since", "until", "cost"]
    rows = [finding.as_dict(clock) for finding in findings]
    for row in rows:
        row["subjects"] = ", ".join(row["subjects"])
    return pd.DataFrame(rows, columns=columns)
