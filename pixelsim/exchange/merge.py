"""Overlapping exports of one account: the latest wins, and every changed number is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.columns import alias_table
from pixelsim.exchange.keys import require_key
from pixelsim.exchange.rates import recompute
from pixelsim.exchange.report import AdsReport, empty_checks, key_columns

__all__ = ["MergedReports", "merge_key", "merge_reports"]

ORDER = ["column", "before", "after", "difference", "before_source", "after_source"]


@dataclass(frozen=True, eq=False)
class MergedReports:
    """Several exports, made one.

    Parameters
    ----------
    report
        All rows, each from the latest export that has it; its frame has ``source`` beside ``source_row``.
    restatements
        One row for each number that a later export changed: the key columns, ``column``, ``before``, ``after``,
        ``difference`` (after less before), ``before_source``, ``after_source``.
    """

    report: AdsReport
    restatements: pd.DataFrame


def merge_reports(reports: Sequence[AdsReport]) -> MergedReports:
    """Put overlapping exports together, the latest of each row.

    A row is the same row if all its keys and its day are equal. Rows of an earlier export that a later one of the same
    days no longer has are kept, as Ads Manager leaves deleted ads out of its exports by default.

    Parameters
    ----------
    reports
        Reports in the order in which they were exported, the oldest first.

    Raises
    ------
    InputError
        There are none, they are not alike (level, days, currency, keys), or a report's rows share a key.
    """
    _require_alike(reports)
    first, *later = reports
    key = key_columns(first.frame)
    table = first.frame.assign(source=first.source)
    require_key(table, key, source=first.source)
    changes: list[pd.DataFrame] = []
    notes: list[str] = [f"{first.source}: {note}" for note in first.notes]
    for report in later:
        rows = report.frame.assign(source=report.source)
        require_key(rows, key, source=report.source)
        changes.append(_changes(table, rows, key))
        gone = _gone(table, rows, key)
        notes += [f"{report.source}: {note}" for note in report.notes]
        if gone:
            notes.append(f"{gone} rows of days in {report.source} are not in it any more; kept from earlier exports")
        both = pd.concat([table, rows], ignore_index=True)
        table = both.loc[~both.duplicated(key, keep="last")].reset_index(drop=True)
    by = [c for c in ("date", "hour") if c in table.columns]
    table = recompute(table.sort_values([*by, *(k for k in key if k not in by)], kind="stable", ignore_index=True))
    restated = pd.concat(changes, ignore_index=True) if changes else _changes(table.head(0), table.head(0), key)
    merged = replace(
        reports[-1],
        frame=table,
        footer=None,
        checks=empty_checks(),
        rejects=pd.concat([r.rejects.assign(source=r.source) for r in reports], ignore_index=True),
        notes=(*notes, f"{len(reports)} exports merged, {len(restated)} numbers restated"),
        unknown_columns=tuple(dict.fromkeys(c for r in reports for c in r.unknown_columns)),
        rate_checks=pd.concat([r.rate_checks.assign(source=r.source) for r in reports], ignore_index=True),
        mismatch=any(r.mismatch for r in reports),
        source=" + ".join(r.source for r in reports),
    )
    return MergedReports(merged, restated)


def _require_alike(reports: Sequence[AdsReport]) -> None:
    if not reports:
        raise InputError.single(
            "merge_reports", field="reports", value="none", rule="at least one report", remedy="pass a list of reports"
        )
    first = reports[0]
    faults = []
    for report in reports[1:]:
        for name, own, other in (
            ("level", first.level, report.level),
            ("by_day", first.by_day, report.by_day),
            ("currency", first.currency, report.currency),
            ("key", ", ".join(key_columns(first.frame)), ", ".join(key_columns(report.frame))),
        ):
            if own != other:
                faults.append(
                    Fault(report.source, name, str(other), f"{own}, as in {first.source}", "export both the same way")
                )
    if faults:
        raise InputError("merge_reports", faults)


def _quantities(table: pd.DataFrame) -> list[str]:
    columns = alias_table().columns
    return [c for c in table.columns if c in columns and columns[c].kind in {"count", "money", "people", "budget"}]


def merge_key(before: pd.DataFrame, after: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Put the rows that two reports of one shape share, as their key columns tell, side by side.

    Returns
    -------
    DataFrame
        The key columns, and every other column that both have, as ``<name>_before`` and ``<name>_after``.
    """
    names = [c for c in after.columns if c in before.columns and c not in key]
    return before[[*key, *names]].merge(
        after[[*key, *names]], on=list(key), suffixes=("_before", "_after"), validate="one_to_one"
    )


def _changes(table: pd.DataFrame, rows: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """List the numbers of rows in both tables that differ."""
    names = [c for c in _quantities(rows) if c in table.columns]
    both = merge_key(table, rows, key)
    found = []
    for name in names:
        before = both[f"{name}_before"].to_numpy(dtype=np.float64)
        after = both[f"{name}_after"].to_numpy(dtype=np.float64)
        changed = (before != after) & ~(np.isnan(before) & np.isnan(after))
        part = both.loc[changed, [*key, "source_before", "source_after"]].rename(
            columns={"source_before": "before_source", "source_after": "after_source"}
        )
        found.append(
            part.assign(column=name, before=before[changed], after=after[changed], difference=(after - before)[changed])
        )
    filled = [f for f in found if len(f)]
    if filled:
        changes: pd.DataFrame = pd.concat(filled, ignore_index=True)
        return changes.reindex(columns=[*key, *ORDER])
    return pd.DataFrame({name: pd.Series(dtype=object) for name in (*key, *ORDER)}).astype(
        {"before": np.float64, "after": np.float64, "difference": np.float64}
    )


def _gone(table: pd.DataFrame, rows: pd.DataFrame, key: Sequence[str]) -> int:
    """Count earlier rows of the later export's days that it does not have."""
    if "date" not in table.columns:
        return 0
    same_days = table.loc[table["date"].isin(rows["date"].unique()), list(key)]
    seen = same_days.merge(rows[list(key)], on=list(key), how="left", indicator=True)
    return int((seen["_merge"] == "left_only").sum())
