"""Results as warehouse tables: a report by hour or day, histories of names, and the ad accounts."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.base.files import write_text
from pixelsim.exchange.cells import guard_cell
from pixelsim.exchange.columns import NUMERIC, alias_table
from pixelsim.exchange.export_api import API_FIELDS, number_text
from pixelsim.exchange.history import UNKNOWN
from pixelsim.exchange.report import LEVELS, AdsReport, Level

__all__ = ["write_warehouse"]

_TABLES = {"campaign": "campaign", "ad_group": "adgroup", "ad": "ad"}
FIRST_VERSION = pd.Timestamp("2000-01-01")
"""When the first version of each name begins: before every report."""


def write_warehouse(
    results: AdsReport | pd.DataFrame, folder: str | Path, *, currency: str | None = None
) -> list[Path]:
    """Write results as warehouse tables: ``<level>_report_hourly`` or ``_daily``, histories, ``advertiser``.

    :func:`~pixelsim.exchange.warehouse.read_warehouse` gives the same numbers back, with ``by_hour=True`` for a report
    by hour, and with ``version="on_day"`` where objects were renamed.

    Parameters
    ----------
    results
        A report by day or hour, or a table with its canonical columns; ids of its level in every row.
    folder
        Where the tables go; made if need be.
    currency
        Three-letter code, where the table has no column ``currency``.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        The table lacks ids, days or a quantity, or the files cannot be written.
    """
    folder = Path(folder)
    frame = results.frame if isinstance(results, AdsReport) else results
    currency = currency or (results.currency if isinstance(results, AdsReport) else None)
    level = _level(frame, folder.name)
    key = f"{level}_id"
    time = "hour" if "hour" in frame.columns else "date"
    columns = alias_table().columns
    numbers = [n for n, c in columns.items() if n in frame.columns and c.kind in NUMERIC and c.kind != "rate"]
    kept = [key, time, *(["country"] if "country" in frame.columns else []), *numbers]
    if "currency" in frame.columns and "account_id" not in frame.columns:
        kept.append("currency")
    elif currency is not None and "account_id" not in frame.columns:
        frame, kept = frame.assign(currency=currency), [*kept, "currency"]
    kind = "hourly" if time == "hour" else "daily"
    made = {f"{_TABLES[level]}_report_{kind}.csv": _csv([_field(n) for n in kept], _report_rows(frame, kept))}
    made |= _histories(frame, level)
    if "account_id" in frame.columns:
        codes = frame["currency"] if "currency" in frame.columns else pd.Series(currency, index=frame.index)
        pairs = pd.DataFrame({"id": frame["account_id"], "currency": codes}).dropna().drop_duplicates("id")
        pairs = pairs[pairs["id"] != UNKNOWN]
        made["advertiser.csv"] = _csv(["id", "currency"], pairs.astype(str).to_numpy().tolist())
    paths = []
    for name, text in made.items():
        try:
            write_text(folder / name, text)
        except (OSError, UnicodeEncodeError) as error:
            reason = getattr(error, "strerror", None) or "a name is no Unicode text"
            raise InputError.single(
                name, field="file", value=folder, rule=f"a table that can be written ({reason})", remedy="correct it"
            ) from None
        paths.append(folder / name)
    return paths


def _field(name: str) -> str:
    return API_FIELDS.get(name, name)


def _level(frame: pd.DataFrame, source: str) -> Level:
    """Give the narrowest level that has ids in every row."""
    columns = alias_table().columns
    found = [lv for lv in LEVELS if f"{lv}_id" in frame.columns and frame[f"{lv}_id"].notna().all()]
    faults = []
    if not found:
        faults.append(Fault("columns", "id", "none", "campaign_id, ad_group_id or ad_id in every row", "add the ids"))
    if not {"date", "hour"} & set(frame.columns):
        faults.append(Fault("columns", "date", "none", "a report by day or hour", "add date"))
    if not any(n in frame.columns and c.additive for n, c in columns.items()):
        faults.append(Fault("columns", "quantity", "none", "spend, impressions or another quantity", "add a quantity"))
    if frame.empty:
        faults.append(Fault("rows", "rows", "none", "at least one row", "write a report that has rows"))
    if faults:
        raise InputError(source, faults)
    return found[-1]


def _report_rows(frame: pd.DataFrame, kept: list[str]) -> list[list[str]]:
    columns = alias_table().columns
    cells: list[list[str]] = []
    for name in kept:
        values = frame[name]
        if columns[name].kind in NUMERIC:
            numbers = values.to_numpy(dtype=np.float64).tolist()
            cells.append(["" if not math.isfinite(v) else number_text(v) for v in numbers])
        elif columns[name].kind in {"date", "hour"}:
            cells.append(["" if pd.isna(v) else f"{v:%Y-%m-%d %H}:00:00" for v in values])
        else:
            cells.append(["" if pd.isna(v) else guard_cell(str(v)) for v in values])
    return [list(row) for row in zip(*cells, strict=True)]


def _histories(frame: pd.DataFrame, level: Level) -> dict[str, str]:
    """Make the history of each level that has ids: a version for each name, from the day on which it is first seen."""
    day = (frame["date"] if "date" in frame.columns else frame["hour"]).astype("datetime64[s]").dt.normalize()
    made = {}
    for at, one in enumerate(LEVELS[: LEVELS.index(level) + 1]):
        key, name = f"{one}_id", f"{one}_name"
        if key not in frame.columns:
            continue
        parents = [p for p in ("account_id", *(f"{up}_id" for up in LEVELS[:at])) if p in frame.columns]
        names = [name] if name in frame.columns else []
        table = frame[[key, *names, *parents]].assign(_day=day)
        table = table[table[key].notna() & (table[key] != UNKNOWN)].sort_values("_day", kind="stable")
        if names:
            table = table[table[name].notna() & (table[name] != UNKNOWN)]
            # A version for every change of name, also back to an earlier one.
            table = table[table[name] != table.groupby(key)[name].shift()]
        else:
            table = table.drop_duplicates(key)
        since = table["_day"].where(table.duplicated(key), FIRST_VERSION)
        rows = [
            ["" if pd.isna(v) else guard_cell(str(v)) for v in values]
            for values in table[[key, *names, *parents]].itertuples(index=False, name=None)
        ]
        rows = [[*row, f"{stamp:%Y-%m-%d %H:%M:%S}"] for row, stamp in zip(rows, since, strict=True)]
        header = [_field(n) for n in (key, *names, *parents)]
        made[f"{_TABLES[one]}_history.csv"] = _csv([*header, "updated_at"], rows)
    return made


def _csv(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
