from __future__ import annotations

import datetime as dt

import pytest

from pixelsim.base.clock import DAY, HOUR, Clock
from pixelsim.plan.costs import Cost
from pixelsim.plan.findings import Code, Finding, Severity, findings_table, when

CLOCK = Clock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("at", "clock", "text"),
    [
        (None, None, ""),
        (0, None, "day 0"),
        (3 * DAY, None, "day 3"),
        (3 * DAY + 12 * HOUR, None, "day 3.5"),
        (DAY + HOUR, CLOCK, "2026-03-02 01:00+00:00"),
    ],
)
def test_an_instant_is_written_as_a_day_or_on_a_clock(at: int | None, clock: Clock | None, text: str) -> None:
    assert when(at, clock) == text


def finding(severity: Severity, cost: Cost | None = None) -> Finding:
    return Finding(
        code=Code.TOKENS_HELD,
        severity=severity,
        subjects=("tk", "bc"),
        sentence="A token is held.",
        rule="R14",
        remedy="revoke it",
        until=DAY,
        cost=cost,
    )


def test_a_finding_reads_as_one_line_and_a_note_has_no_price() -> None:
    unknown = finding(Severity.WARNING, Cost())
    assert str(unknown) == "warning (R14): A token is held. Remedy: revoke it. Cost: not estimated."
    assert unknown.as_dict()["cost"] == "not estimated"
    assert finding(Severity.WARNING).as_dict()["cost"] == ""
    later = finding(Severity.WARNING).dated(2 * DAY)
    assert (later.as_dict()["since"], finding(Severity.WARNING).as_dict()["since"]) == ("day 2", "")
    assert str(finding(Severity.NOTE)) == "note (R14): A token is held. Remedy: revoke it."
    assert str(finding(Severity.FAULT, Cost.of({"EUR": 500}, None, ""))).endswith("Cost: 5 EUR.")


def test_findings_make_a_table_of_text_with_the_same_columns_when_there_are_none() -> None:
    table = findings_table([finding(Severity.WARNING)], CLOCK)
    row = table.iloc[0]
    assert (row["subjects"], row["code"], row["until"]) == ("tk, bc", "TOKENS_HELD", "2026-03-02 00:00+00:00")
    assert list(findings_table([]).columns) == list(table.columns)
