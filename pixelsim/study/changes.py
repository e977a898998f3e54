"""What people tried in a run, as tables: every attempt with what it changed, and each refusal with its remedies."""

from __future__ import annotations

import pandas as pd

from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.history import History, Record

__all__ = ["change_log_of", "refused_of", "target_of"]

_SUBJECTS = ("pixel", "id", "ad_group", "campaign", "audience", "account", "partner", "person", "token", "website")


def target_of(record: Record) -> str:
    """Name what an action is about, and with whom."""
    action = record.action
    names = [str(getattr(action, name)) for name in _SUBJECTS if getattr(action, name, None) is not None]
    return " > ".join(names[:2])


def change_log_of(history: History, scenario: Scenario) -> pd.DataFrame:
    """Give every attempt of a run: when, who, what, decision, rule, reason, and each field it changed (R23)."""
    return pd.DataFrame(
        [row for record in history.records for row in _change_rows(record, scenario)],
        columns=["number", "at", "actor", "action", "target", "verdict", "rule", "reason", "changed", "note"],
    )


def refused_of(history: History, scenario: Scenario) -> pd.DataFrame:
    """Give every refused action of a run with rule, cause and remedy."""
    rows = []
    for record in history.records:
        if record.decision.allowed:
            continue
        rows.append(
            {
                "at": scenario.clock.to_datetime(record.at),
                "actor": record.action.actor,
                "action": getattr(record.action, "do", ""),
                "target": target_of(record),
                "rule": record.decision.rule,
                "cause": record.decision.cause.value,
                "reason": record.decision.reason,
                "remedy": "; or ".join(record.decision.remedies),
            }
        )
    return pd.DataFrame(rows, columns=["at", "actor", "action", "target", "rule", "cause", "reason", "remedy"])


def _change_rows(record: Record, scenario: Scenario) -> list[dict[str, object]]:
    changed = "; ".join(f"{c.kind} {c.id}{f' {c.field}' if c.field else ''}" for c in record.changes)
    return [
        {
            "number": record.number,
            "at": scenario.clock.to_datetime(record.at),
            "actor": record.action.actor,
            "action": getattr(record.action, "do", ""),
            "target": target_of(record),
            "verdict": record.decision.verdict.value,
            "rule": record.decision.rule,
            "reason": record.decision.reason,
            "changed": changed,
            "note": record.note,
        }
    ]
