"""Warehouse tables as a data pipeline loads them: reports by hour or day, and a history of what objects were called.

Ids in the report that the history never had stay in it under the name ``UNKNOWN`` (field case P128), and several
versions of one object never multiply its rows (P127).
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.exchange.accounts import NO_ACCOUNT
from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.cells import unguard_cell
from pixelsim.exchange.history import UNKNOWN, latest_versions, with_history
from pixelsim.exchange.rates import recompute
from pixelsim.exchange.report import AdsReport, Level, additive_columns, several_currencies

__all__ = ["Version", "WarehouseLevel", "csv_table", "is_warehouse", "read_warehouse"]

WarehouseLevel = Literal["campaign", "ad_group", "ad"]
Version = Literal["latest", "on_day"]

_TABLES = {"campaign": "campaign", "ad_group": "adgroup", "ad": "ad"}
_PARENTS = {"ad": ("ad_group_id", "campaign_id"), "ad_group": ("campaign_id",), "campaign": ()}
_ID_COLUMNS = {"adgroup_id": "ad_group_id", "advertiser_id": "account_id"}
_KEEP = re.compile(r"[^a-z0-9]+")


def read_warehouse(
    folder: str | Path,
    *,
    level: WarehouseLevel | None = None,
    version: Version = "latest",
    by_hour: bool = False,
) -> AdsReport:
    """Read a folder of warehouse tables as one report.

    Parameters
    ----------
    folder
        Folder with CSV tables whose names contain ``<level>_report_hourly`` or ``<level>_report_daily``, and, where
        there are any, ``<level>_history`` and ``advertiser``. Levels are ``campaign``, ``adgroup`` and ``ad``.
    level
        Level of the report; None for the narrowest one that has a report table.
    version
        ``latest`` names every row as the object is called last, ``on_day`` as it was called on the row's day.
    by_hour
        Keep the hours; otherwise hours are added up to days (people are not, and become missing).

    Raises
    ------
    InputError
        There is no such folder or report table, or a table cannot be read.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else []
    wanted: list[Level] = [level] if level is not None else ["ad", "ad_group", "campaign"]
    for one in wanted:
        reports = _matching(files, _TABLES[one], "report_hourly") or _matching(files, _TABLES[one], "report_daily")
        if reports:
            return _read(files, reports[0], one, version, by_hour=by_hour)
    raise InputError.single(
        str(folder),
        field="folder",
        value="no such table" if folder.is_dir() else "no such folder",
        rule=" or ".join(f"a table named like {_TABLES[one]}_report_hourly.csv" for one in wanted),
        remedy="export the tables of the warehouse as CSV under their own names",
    )


def is_warehouse(folder: Path) -> bool:
    """Say whether a folder has a report table of a warehouse."""
    files = list(folder.glob("*.csv"))
    return any(_matching(files, name, f"report_{by}") for name in _TABLES.values() for by in ("hourly", "daily"))


def _matching(files: list[Path], level: str, kind: str) -> list[Path]:
    pattern = re.compile(rf"(^|_){level}_{kind}(_|$)")
    return [f for f in files if pattern.search(f.stem.lower())]


def csv_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read a CSV table.

    Returns
    -------
    names : list of str
        Header in lower case, words joined by underscores.
    rows : list of list of str
        Cells of the rows below, as they stand.

    Raises
    ------
    InputError
        The file cannot be read, or has no header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream, strict=True))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError.single(
            path.name,
            field="file",
            value=" ".join(str(error).split())[:80],
            rule="a CSV table in UTF-8",
            remedy="export the table again",
        ) from None
    if not rows or not any(c.strip() for c in rows[0]):
        raise InputError.single(
            path.name, field="header", value="none", rule="the names of the columns", remedy="export with a header"
        )
    names = [_KEEP.sub("_", c.strip().lower()).strip("_") for c in rows[0]]
    return names, rows[1:]


def _history(files: list[Path], level: str, source: str) -> pd.DataFrame | None:
    """Read the history of a level: its ids and names, and ``updated_at``."""
    found = _matching(files, _TABLES[level], "history")
    if not found:
        return None
    names, rows = csv_table(found[0])
    whole = [row for row in rows if len(row) == len(names)]
    frame = pd.DataFrame(whole, columns=names, dtype=object)
    frame = frame.loc[:, ~frame.columns.duplicated()].rename(columns=_ID_COLUMNS)
    frame = frame.rename(columns={"adgroup_name": "ad_group_name"})
    key, since = f"{level}_id", next((c for c in ("updated_at", "fivetran_synced") if c in frame.columns), None)
    if key not in frame.columns or since is None:
        raise InputError.single(
            found[0].name,
            field="header",
            value=", ".join(names[:6]),
            rule=f"a history with {key.replace('ad_group', 'adgroup')} and updated_at",
            remedy=f"export the table again, or leave it out to read {source} without names",
        )
    for column in (f"{level}_name", key):
        if column in frame.columns:
            frame[column] = frame[column].map(unguard_cell)
    stamps = pd.to_datetime(frame[since], errors="coerce", format="mixed", utc=True)
    frame["updated_at"] = stamps.dt.tz_localize(None)
    frame = frame.loc[frame["updated_at"].notna() & (frame[key].str.strip() != "")]
    return frame.assign(**{key: frame[key].str.strip()})


def _read(files: list[Path], path: Path, level: Level, version: Version, *, by_hour: bool) -> AdsReport:
    names, rows = csv_table(path)
    known = [n for n in names if n not in {"fivetran_synced", "fivetran_id"}]
    at = [names.index(n) for n in known]
    width = len(names)
    # A row that was cut off keeps its length, so that it is refused with its row number.
    cells = [[row[i] for i in at] if len(row) == width else row for row in rows]
    report = report_of_table(known, cells, path.name, first_row=2)
    notes = list(report.notes)
    frame = report.frame
    if not by_hour and "hour" in frame.columns:
        frame = _by_day(frame, level)
        notes.append("hours added up to days on the account's clock; people are not added up")
    frame = _named(frame, files, level, version=version, notes=notes, source=path.name)
    frame, currency = _accounts(frame, files, notes)
    if "account_id" in frame.columns:
        notes = [n for n in notes if n != NO_ACCOUNT]
    return replace(
        report,
        frame=frame,
        level=level,
        by_day="date" in frame.columns,
        currency=currency or report.currency,
        notes=tuple(dict.fromkeys(notes)),
    )


def _by_day(frame: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Add hours up to days; columns that cannot be added up are left out."""
    texts = [c for c in frame.columns if c.endswith("_id") or c in {"currency", "country", "account_name"}]
    keys = [*texts, "date"] if texts else [f"{level}_id", "date"]
    sums = [c for c in additive_columns(frame) if c not in keys]
    grouped = frame.groupby(keys, sort=False, dropna=False)
    days = grouped[sums].sum(min_count=1)
    days["source_row"] = grouped["source_row"].min()
    return recompute(days.reset_index())


def _named(
    frame: pd.DataFrame, files: list[Path], level: Level, *, version: Version, notes: list[str], source: str
) -> pd.DataFrame:
    """Add names and parents from the histories; an id that no history has stays, under the name UNKNOWN."""
    history = _history(files, level, source)
    key = f"{level}_id"
    if history is None:
        notes.append(f"no {_TABLES[level]} history: rows have ids and no names")
        return frame
    name = f"{level}_name"
    frame = frame.assign(**{key: frame[key].astype(object)})
    latest = latest_versions(history, key).set_index(key)
    for parent in (*_PARENTS[level], "account_id"):
        if parent in latest.columns and parent not in frame.columns:
            frame = frame.assign(
                **{parent: frame[key].map(latest[parent]).replace("", np.nan).fillna(UNKNOWN).astype(object)}
            )
    if name in history.columns:
        frame = with_history(frame, history, key, name=name, version=version)
    lost = sorted(set(frame[key]) - set(history[key]))
    if lost:
        shown = ", ".join(map(str, lost[:5])) + (", ..." if len(lost) > 5 else "")
        notes.append(f"{len(lost)} {key} are in no history and called {UNKNOWN}: {shown}; their rows are kept")
    many = int(history.duplicated(key).sum())
    if many:
        notes.append(f"{_TABLES[level]} history has {many} earlier versions; rows are named by the {version} one")
    for parent in _PARENTS[level]:
        up = parent.removesuffix("_id")
        above = _history(files, up, source)
        if above is not None and f"{up}_name" in above.columns and parent in frame.columns:
            frame = with_history(frame, above, parent, name=f"{up}_name", version=version)
    return frame


def _accounts(frame: pd.DataFrame, files: list[Path], notes: list[str]) -> tuple[pd.DataFrame, str | None]:
    """Add each row's currency from the table of ad accounts."""
    found = [f for f in files if re.search(r"(^|_)advertiser(_data)?$", f.stem.lower())]
    if "account_id" not in frame.columns or not found or "currency" in frame.columns:
        return frame, None
    names, rows = csv_table(found[0])
    key = next((n for n in ("id", "advertiser_id") if n in names), None)
    if key is None or "currency" not in names:
        return frame, None
    codes = {
        row[names.index(key)].strip(): code
        for row in rows
        if len(row) == len(names) and re.fullmatch("[A-Z]{3}", code := row[names.index("currency")].strip().upper())
    }
    frame = frame.assign(currency=frame["account_id"].map(codes))
    known = sorted(frame["currency"].dropna().unique())
    lost = int(frame["currency"].isna().sum())
    if lost:
        notes.append(f"{lost} rows are of ad accounts that {found[0].name} does not have; their currency is missing")
    if several_currencies(frame):
        notes.append(f"amounts in {', '.join(known)} are never added up together")
        return frame, None
    return (frame, str(known[0])) if known and not lost else (frame, None)
