"""Event logs of any web shop or tag manager: a CSV or Parquet table, with a map from fields to columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pixelsim.base.errors import Fault, InputError, nearest
from pixelsim.base.tables import read_parquet
from pixelsim.exchange.columns import normalise
from pixelsim.exchange.documents import NumberText
from pixelsim.exchange.event_payloads import read_event_payloads
from pixelsim.exchange.event_table import FIELDS, EventTable, Gatherer
from pixelsim.exchange.times import TimeUnit

__all__ = ["read_event_log", "read_events"]

Channel = Literal["browser", "server"]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "pixel": ("pixel", "pixel_code", "event_source_id", "pixel_id"),
    "event": ("event", "event_name", "event_type"),
    "event_id": ("event_id", "eventID"),
    "at": ("at", "event_time", "timestamp", "time", "occurred_at"),
    "received_at": ("received_at", "received", "server_time", "ingested_at"),
    "channel": ("channel", "source", "connection_method"),
    "visitor": ("visitor", "ttp", "_ttp", "anonymous_id"),
    "click_id": ("click_id", "ttclid"),
    "email": ("email", "hashed_email"),
    "phone": ("phone", "phone_number", "hashed_phone"),
    "external_id": ("external_id", "user_id", "customer_id"),
    "value": ("value", "revenue", "amount"),
    "currency": ("currency", "currency_code"),
    "order_id": ("order_id", "transaction_id", "order_number"),
    "page": ("page", "url", "page_url", "page_location"),
}
"""Names by which a column is recognised when no map is given."""

_CHANNELS = {"browser": "browser", "web": "browser", "pixel": "browser", "client": "browser", "server": "server"}
_CHANNELS |= {"api": "server", "capi": "server", "s2s": "server"}
_JSON = (".json", ".jsonl", ".ndjson")


def read_events(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    channel: Channel | None = None,
    unit: TimeUnit | None = None,
    by_size: bool = False,
    encoding: str = "utf-8-sig",
) -> EventTable:
    """Read events from any file: JSON of the Events API or the pixel, or a table in CSV or Parquet.

    Parameters
    ----------
    path
        The file; ``.json``, ``.jsonl``, ``.ndjson``, ``.parquet``, anything else is read as CSV.
    columns, channel, encoding
        For tables, as in :func:`read_event_log`.
    unit, by_size
        Unit of the times where they are mixed (field case P133).

    Raises
    ------
    InputError
        The file cannot be read, or has no event.
    """
    path = Path(path)
    if path.suffix.lower() in _JSON:
        return read_event_payloads(path, unit=unit, by_size=by_size)
    return read_event_log(path, columns, channel=channel, unit=unit, by_size=by_size, encoding=encoding)


def read_event_log(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    channel: Channel | None = None,
    unit: TimeUnit | None = None,
    by_size: bool = False,
    encoding: str = "utf-8-sig",
) -> EventTable:
    """Read a table of events.

    Parameters
    ----------
    path
        CSV (comma, semicolon, tab or bar) or ``.parquet``.
    columns
        Column of each field, such as ``{"event": "name", "at": "ts", "value": "total"}``; None to recognise them by
        their names.
    channel
        Channel of all rows, where the table does not say; ``browser`` where nothing is said.
    unit, by_size
        Unit of the times where they are mixed (field case P133).
    encoding
        Encoding of a CSV.

    Raises
    ------
    InputError
        The file cannot be read, has no rows, or no column is known to be the event's name.
    """
    path = Path(path)
    parquet = path.suffix.lower() == ".parquet"
    names, rows = _parquet(path) if parquet else _csv(path, encoding)
    used, notes = _used(names, columns, path.name)
    out = Gatherer(path.name, unit, by_size)
    out.notes += notes
    at = {field: names.index(name) for field, name in used.items()}
    unknown: dict[str, int] = {}
    read = 0
    for number, row in rows:
        read += 1
        if len(row) != len(names):
            rule = f"{len(names)} cells as in the header, not {len(row)}"
            out.faults.append(
                (number, "row", "", rule, "export it again; the row was cut off or has one cell too many")
            )
            continue
        event: dict[str, Any] = {field: row[place] for field, place in at.items()}
        told = str(event.get("channel") or "").strip().lower()
        event["channel"] = channel or _CHANNELS.get(told, "browser")
        if told and channel is None and told not in _CHANNELS:
            unknown[told] = unknown.get(told, 0) + 1
        out.add(number, "table", event)
    if not read:
        raise InputError.single(
            path.name, field="rows", value="none", rule="at least one event", remedy="export a period with visits"
        )
    if "channel" not in used and channel is None:
        out.notes.append("no column tells the channel; all events are taken as the browser's (say channel=)")
    out.notes += [f"{count} rows of channel {name!r} are taken as the browser's" for name, count in unknown.items()]
    return out.table()


def _used(names: Sequence[str], columns: Mapping[str, str] | None, source: str) -> tuple[dict[str, str], list[str]]:
    """Choose the column of each field; refuse maps that lead nowhere, and tables without an event's name."""
    if columns is None:
        folded = {normalise(n): n for n in reversed(names)}
        used = {
            field: folded[key]
            for field, aliases in ALIASES.items()
            if (key := next((normalise(a) for a in aliases if normalise(a) in folded), None)) is not None
        }
        notes = ["columns recognised: " + ", ".join(f"{field} = {name!r}" for field, name in used.items())]
        left = [n for n in names if n not in used.values()]
        if left:
            notes.append(f"{len(left)} columns not read: {', '.join(map(repr, left[:6]))}")
    else:
        used, notes = dict(columns), []
    faults = [
        Fault(
            "columns",
            field,
            name,
            f"a column of the table ({', '.join(nearest(name, names)) or ', '.join(names[:6])})",
            "correct the map",
        )
        for field, name in used.items()
        if name not in names
    ]
    faults += [
        Fault("columns", field, used[field], f"a field of an event ({', '.join(FIELDS)})", "correct the map")
        for field in used
        if field not in FIELDS
    ]
    if "event" not in used:
        shown = ", ".join(names[:8])
        rule, remedy = "a column with the event's name", "say columns={'event': ..., 'at': ..., 'event_id': ...}"
        faults.append(Fault("header", "event", shown, rule, remedy))
    if faults:
        raise InputError(source, faults)
    return used, notes


def _csv(path: Path, encoding: str) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    try:
        text = path.read_bytes().decode(encoding)
    except (OSError, UnicodeDecodeError, LookupError) as error:
        raise InputError.single(
            path.name,
            field="file",
            value=" ".join(str(error).split())[:80],
            rule=f"a file with text in {encoding}",
            remedy="check the path, or say encoding=",
        ) from None
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max((",", ";", "\t", "|"), key=first.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[Any]]] = []
    header: list[str] = []
    try:
        for cells in reader:
            if not any(c.strip() for c in cells):
                continue
            if not header:
                header = [c.strip() for c in cells]
            else:
                rows.append((reader.line_num, list(cells)))
    except csv.Error as error:
        raise InputError.single(
            path.name,
            place=f"row {reader.line_num}",
            field="file",
            value=str(error),
            rule="a CSV table with closed quotation marks",
            remedy="export it again",
        ) from None
    return header, iter(rows)


def _parquet(path: Path) -> tuple[list[str], Iterator[tuple[int, list[Any]]]]:
    frame = read_parquet(path)
    cells = [_cells(frame[name]) for name in frame.columns]
    return [str(n) for n in frame.columns], (
        (number, list(row)) for number, row in enumerate(zip(*cells, strict=True), 1)
    )


def _cells(column: pd.Series) -> list[Any]:
    """Give a column as text; numbers keep their digits and are marked as such."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return ["" if pd.isna(v) else v.isoformat() for v in column]
    if pd.api.types.is_bool_dtype(kind):
        return ["" if pd.isna(v) else str(bool(v)).lower() for v in column]
    if pd.api.types.is_integer_dtype(kind):
        return ["" if pd.isna(v) else NumberText(int(v)) for v in column]
    if pd.api.types.is_float_dtype(kind):
        # Whole numbers beside gaps come as floats; up to 2^53 they have all their digits.
        return ["" if pd.isna(v) else NumberText(int(v) if abs(v) < 2**53 and v == int(v) else v) for v in column]
    return ["" if v is None or (isinstance(v, float) and math.isnan(v)) else str(v) for v in column]
