"""History tables with several versions of an object, joined so that no row is lost or doubled (cases P127, P128)."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from pixelsim.base.errors import InputError

__all__ = ["UNKNOWN", "latest_versions", "with_history"]

UNKNOWN = "UNKNOWN"
"""Name of an object that the history does not have; its id stays what the report says."""


def latest_versions(history: pd.DataFrame, key: str, *, since: str = "updated_at") -> pd.DataFrame:
    """Give the latest version of each object.

    Parameters
    ----------
    history
        One row for each version of an object.
    key
        Column of its id.
    since
        Column of the instant from which a version holds.
    """
    ordered = history.sort_values(since, kind="stable")
    return ordered.loc[~ordered.duplicated(key, keep="last")].reset_index(drop=True)


def with_history(
    report: pd.DataFrame,
    history: pd.DataFrame,
    key: str,
    *,
    name: str,
    version: Literal["latest", "on_day"] = "latest",
    since: str = "updated_at",
    day: str = "date",
) -> pd.DataFrame:
    """Add an object's name from its history to every row of a report; never more or fewer rows than the report has.

    Parameters
    ----------
    report
        Rows with the object's id; ids come from here alone.
    history
        One row for each version of an object.
    key, name, since, day
        Columns: the id in both, the name in the history, the instant from which a version holds, the day of a row.
    version
        ``latest`` names every row as the object is called last, ``on_day`` as it was called on the row's day (before
        its first version: by the first).

    Returns
    -------
    DataFrame
        The report's rows in their order with ``name``; ``UNKNOWN`` where the history has no such id.

    Raises
    ------
    InputError
        The report has rows without an id.
    """
    if report[key].isna().any():
        raise InputError.single(
            "report",
            field=key,
            value="missing",
            rule="an id in every row",
            remedy="export with the id column; a history cannot supply it",
            place=f"{int(report[key].isna().sum())} rows",
        )
    latest = latest_versions(history, key, since=since)
    if version == "latest":
        names = report[key].map(latest.set_index(key)[name])
        return report.assign(**{name: names.fillna(UNKNOWN)})
    ordered = history.sort_values(since, kind="stable")
    first = ordered.loc[~ordered.duplicated(key, keep="first")].set_index(key)[name]
    right = ordered[[key, since, name]].rename(columns={since: "_since", name: "_name"})
    right["_since"] = right["_since"].astype("datetime64[ns]")
    right[key] = right[key].astype("object")
    left = pd.DataFrame(
        {
            # One dtype on both sides, or the join is refused: a table may hold text as object or as str.
            key: report[key].astype("object").reset_index(drop=True),
            "_day": report[day].astype("datetime64[ns]").to_numpy(),
            "_at": range(len(report)),
        }
    ).sort_values("_day", kind="stable")
    joined = pd.merge_asof(left, right, left_on="_day", right_on="_since", by=key, direction="backward")
    joined = joined.sort_values("_at")
    names = joined["_name"].fillna(joined[key].map(first)).fillna(UNKNOWN)
    return report.assign(**{name: names.to_numpy()})
