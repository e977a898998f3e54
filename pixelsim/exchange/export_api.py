"""Results in the shapes of Business API answers: report rows with numbers as text, and event statistics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.base.files import write_text
from pixelsim.exchange.api_stats import STATISTICS
from pixelsim.exchange.columns import NUMERIC, alias_table
from pixelsim.exchange.event_names import api_event, is_standard
from pixelsim.exchange.report import LEVELS, AdsReport

__all__ = ["write_api_report", "write_event_stats", "write_json"]

PAGE_SIZE = 1000
"""Rows of a page of the report call, at most."""

API_FIELDS: Mapping[str, str] = {
    "date": "stat_time_day",
    "hour": "stat_time_hour",
    "account_id": "advertiser_id",
    "account_name": "advertiser_name",
    "ad_group_id": "adgroup_id",
    "ad_group_name": "adgroup_name",
    "country": "country_code",
    "conversions": "conversion",
    "conversions_by_event_time": "real_time_conversion",
    "purchases": "complete_payment",
    "purchase_value": "total_complete_payment_value",
    "cta_purchases": "cta_purchase",
    "evta_purchases": "evta_purchase",
    "vta_purchases": "vta_purchase",
    "video_views": "video_play_actions",
    "video_views_2s": "video_watched_2s",
    "video_views_6s": "video_watched_6s",
    "video_views_100": "video_views_p100",
}
"""Fields that the API calls otherwise than this package does."""

DIMENSIONS = frozenset(
    {"date", "hour", "account_id", "campaign_id", "ad_group_id", "ad_id", "country", "gender", "age"}
)


def write_json(value: Any, path: Path, source: str) -> Path:
    """Write a JSON value, whole or not at all.

    Raises
    ------
    InputError
        The file cannot be written, or a text has half a surrogate pair.
    """
    try:
        write_text(path, json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    except UnicodeEncodeError as error:
        value, rule = ascii(error.object[error.start : error.end]), "characters of Unicode"
        raise InputError.single(source, field="text", value=value, rule=rule, remedy="correct the name") from None
    except OSError as error:
        rule = f"a file that can be written ({error.strerror})"
        raise InputError.single(source, field="path", value=path, rule=rule, remedy="choose another place") from None
    return path


def number_text(value: float) -> str:
    """Print a number so that the same one is read back, whole where it is whole."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return np.format_float_positional(value, unique=True, trim="-")


def _envelope(rows: Sequence[Any], page: int, pages: int, total: int, size: int) -> dict[str, Any]:
    info = {"page": page, "page_size": size, "total_number": total, "total_page": pages}
    return {"code": 0, "message": "OK", "data": {"page_info": info, "list": list(rows)}}


def write_api_report(
    results: AdsReport | pd.DataFrame, path: str | Path, *, currency: str | None = None, page_size: int = PAGE_SIZE
) -> Path:
    """Write results as answers of ``report/integrated/get``: one answer, or a list of pages.

    :func:`~pixelsim.exchange.api_report.read_api_report` gives the same quantities, names and ids back.

    Parameters
    ----------
    results
        A report, or a table with its canonical columns: at least one campaign, ad group or ad and one quantity.
    path
        The file; it is replaced as a whole or not at all.
    currency
        Three-letter code, where the table has no column ``currency``.
    page_size
        Rows of a page, 1 to 1,000.

    Raises
    ------
    InputError
        The table has no object, no quantity, no rows, a number that is not finite, or cannot be written.
    """
    path = Path(path)
    frame = results.frame if isinstance(results, AdsReport) else results
    currency = currency or (results.currency if isinstance(results, AdsReport) else None)
    if currency is not None and "currency" not in frame.columns:
        frame = frame.assign(currency=currency)
    names = _written(frame, path.name, page_size)
    columns = [_values(frame, name) for name in names]
    rows = [_row(names, cells) for cells in zip(*columns, strict=True)]
    pages = math.ceil(len(rows) / page_size)
    made = [
        _envelope(rows[at * page_size : (at + 1) * page_size], at + 1, pages, len(rows), page_size)
        for at in range(pages)
    ]
    return write_json(made[0] if pages == 1 else made, path, path.name)


def _written(frame: pd.DataFrame, source: str, page_size: int) -> list[str]:
    columns = alias_table().columns
    names = [n for n, c in columns.items() if n in frame.columns and c.kind != "rate"]
    faults = []
    if not any(f"{level}_{part}" in names for level in LEVELS for part in ("id", "name")):
        faults.append(Fault("columns", "object", "none", "a campaign, ad group or ad", "add campaign_id or _name"))
    if not any(columns[n].additive for n in names):
        faults.append(Fault("columns", "quantity", "none", "spend, impressions or another quantity", "add a quantity"))
    if frame.empty:
        faults.append(Fault("rows", "rows", "none", "at least one row", "write a report that has rows"))
    if not 1 <= page_size <= PAGE_SIZE:
        faults.append(Fault("page_size", "page_size", str(page_size), "1 to 1,000", "leave it out"))
    faults += [
        Fault(f"column {name}", name, "infinite", "a finite number", "leave it missing instead")
        for name in names
        if columns[name].kind in NUMERIC and np.isinf(frame[name].to_numpy(dtype=np.float64)).any()
    ]
    if faults:
        raise InputError(source, faults)
    return names


def _values(frame: pd.DataFrame, name: str) -> list[str | None]:
    kind = alias_table().columns[name].kind
    values = frame[name]
    if kind == "date":
        return [None if pd.isna(v) else f"{v:%Y-%m-%d} 00:00:00" for v in values]
    if kind == "hour":
        return [None if pd.isna(v) else f"{v:%Y-%m-%d %H}:00:00" for v in values]
    if kind in NUMERIC:
        return [None if math.isnan(v) else number_text(v) for v in values.to_numpy(dtype=np.float64).tolist()]
    return [None if pd.isna(v) else str(v) for v in values]


def _row(names: Sequence[str], cells: Sequence[str | None]) -> dict[str, dict[str, str | None]]:
    row: dict[str, dict[str, str | None]] = {"dimensions": {}, "metrics": {}}
    for name, cell in zip(names, cells, strict=True):
        row["dimensions" if name in DIMENSIONS else "metrics"][API_FIELDS.get(name, name)] = cell
    return row


def write_event_stats(table: pd.DataFrame, path: str | Path) -> Path:
    """Write event statistics as an answer of ``pixel/event/stats``.

    Parameters
    ----------
    table
        ``pixel_id``, ``event`` and any of ``total``, ``browser``, ``server``, ``attributed``, ``previews``: whole
        numbers of at least 0, NaN where unknown.
    path
        The file.

    Raises
    ------
    InputError
        A column is missing, or a count is none.
    """
    path = Path(path)
    counts = {field: name for field, name in STATISTICS.items() if name in table.columns}
    faults = [
        Fault("columns", name, "missing", "a column of the table", "add it")
        for name in ("pixel_id", "event")
        if name not in table.columns or table[name].isna().any()
    ]
    for name in counts.values():
        values = table[name].to_numpy(dtype=np.float64)
        known = values[~np.isnan(values)]
        if ((known < 0) | (known != np.round(known))).any():
            faults.append(Fault(f"column {name}", name, "no count", "whole numbers of at least 0", "correct the table"))
    if not counts:
        faults.append(Fault("columns", "counts", "none", f"one of {', '.join(STATISTICS.values())}", "add one"))
    if faults:
        raise InputError(path.name, faults)
    listed = []
    for pixel, part in table.groupby("pixel_id", sort=False):
        statistics: list[dict[str, Any]] = []
        for row in part.to_dict("records"):
            event = str(row["event"])
            key = "pixel_event_type" if is_standard(event) else "custom_event_type"
            numbers = {field: int(row[name]) for field, name in counts.items() if not math.isnan(row[name])}
            statistics.append({key: api_event(event) or event, **numbers})
        listed.append({"pixel_id": str(pixel), "statistics": statistics})
    return write_json({"code": 0, "message": "OK", "data": {"list": listed}}, path, path.name)
