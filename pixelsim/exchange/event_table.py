"""Web events of any origin as one table: what happened, on which pixel, by which channel, with hashed identifiers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pixelsim.exchange.event_fields import event_id_text, harmless_text, hashed, page_of, shown, text_cell
from pixelsim.exchange.event_names import standard_event
from pixelsim.exchange.report import empty_rejects
from pixelsim.exchange.times import TimeUnit, read_times

__all__ = ["FIELDS", "EventTable", "Gatherer"]

FIELDS = (
    *("pixel", "event", "event_id", "at", "received_at", "channel", "visitor", "click_id", "email", "phone"),
    *("external_id", "value", "currency", "order_id", "page"),
)
"""Fields of an event that are kept."""

_TEXTS = ("pixel", "channel", "visitor", "click_id", "currency", "order_id")


@dataclass(frozen=True, eq=False)
class EventTable:
    """Web events, read.

    Parameters
    ----------
    frame
        One row for each event that was accepted: the columns of ``FIELDS`` and ``sent_as`` (the event's name as it
        came), ``source_row`` (int64: row of a table, or number of the event in a JSON file, from 1). ``at`` and
        ``received_at`` are datetime64[ms] in UTC, NaT where missing; ``value`` float64 in the currency's own unit, NaN
        where missing; ``channel`` is ``browser`` or ``server``; ``email``, ``phone`` and ``external_id`` are SHA-256;
        ``page`` is host and path. All else is text, None where missing.
    rejects
        Cells that were refused: ``row``, ``column``, ``value``, ``rule``, ``remedy``. A row without an event's name,
        or with a time that is none, is left out; one with a value that is no number stays without value.
    notes
        What was recognised or changed, in words.
    source
        Name of the file.
    """

    frame: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        left = f", {self.rejects['row'].nunique()} rows with faults" if len(self.rejects) else ""
        return f"<EventTable {self.source}: {len(self.frame)} events{left}>"


@dataclass
class Gatherer:
    """Collects events field by field and makes the table.

    Parameters
    ----------
    source
        Name of the file.
    unit, by_size
        Unit of the times, as in :func:`~pixelsim.exchange.times.read_times`.
    """

    source: str
    unit: TimeUnit | None = None
    by_size: bool = False
    rows: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in (*FIELDS, "sent_as")})
    times: dict[str, list[str]] = field(default_factory=lambda: {"at": [], "received_at": []})
    faults: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, row: int, kind: str, event: Mapping[str, Any]) -> None:
        """Add one event.

        Parameters
        ----------
        row
            Its number in the file.
        kind
            Format it came in; times are read for each format on its own.
        event
            Values by the names of ``FIELDS``, as they came: text, :class:`NumberText`, or anything else for nothing.
        """
        name = harmless_text(event.get("event"))
        if not name:
            self.faults.append((row, "event", "", "the name of an event", "leave the row out, or name the event"))
            return
        self.rows.append(row)
        self.kinds.append(kind)
        column = self.columns
        column["sent_as"].append(name)
        column["event"].append(standard_event(name))
        for text in _TEXTS:
            column[text].append(harmless_text(event.get(text)) or None)
        column["currency"][-1] = self._currency(row, event.get("currency"), column["currency"][-1])
        found, note = event_id_text(event.get("event_id"))
        column["event_id"].append(found)
        if note:
            self.counts[note] += 1
        column["page"].append(page_of(text_cell(event.get("page"))))
        for identifier in ("email", "phone", "external_id"):
            value, raw = hashed(text_cell(event.get(identifier)), identifier)
            column[identifier].append(value)
            self.counts[f"raw {identifier}"] += raw
        column["value"].append(self._value(row, event.get("value")))
        for time in ("at", "received_at"):
            self.times[time].append(text_cell(event.get(time)))

    def _currency(self, row: int, cell: Any, text: str | None) -> str | None:
        """Give a code in capitals; a truth value, which some versions of a layout have there, is none (P135)."""
        if str(cell).strip().lower() not in {"true", "false"}:
            return text and text.upper()
        remedy = "take the currency from the account; this version declares the column as something else"
        self.faults.append((row, "currency", shown(str(cell)), "a three-letter code such as USD", remedy))
        return None

    def _value(self, row: int, cell: Any) -> float:
        text = text_cell(cell)
        if not text:
            return math.nan
        try:
            value = float(text) if len(text) <= 64 else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            remedy = "send the amount with a decimal point and without a sign of the currency"
            self.faults.append((row, "value", shown(text), "a number", remedy))
            return math.nan
        return value

    def table(self) -> EventTable:
        """Make the table.

        Raises
        ------
        InputError
            Times of one format are in several units and nothing says which, or none of them is a time.
        """
        left: set[int] = set()
        made: dict[str, Any] = {}
        for name, cells in self.times.items():
            instants = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[ms]")
            for kind in dict.fromkeys(self.kinds):
                own = [c if k == kind else "" for c, k in zip(cells, self.kinds, strict=True)]
                instants = np.where(np.isnat(instants), self._instants(own, name, left), instants)
            made[name] = instants
        keep = np.asarray([row not in left for row in self.rows], dtype=bool)
        columns: dict[str, Any] = {}
        for name in (*FIELDS, "sent_as"):
            if name in made:
                columns[name] = made[name]
            elif name == "value":
                columns[name] = np.asarray(self.columns[name], dtype=np.float64)
            else:
                columns[name] = pd.Series(self.columns[name], dtype="object")
        frame = pd.DataFrame(columns)
        frame["source_row"] = np.asarray(self.rows, dtype=np.int64)
        rejects = empty_rejects()
        if self.faults:
            rejects = pd.DataFrame(sorted(self.faults), columns=["row", "column", "value", "rule", "remedy"])
        return EventTable(frame[keep].reset_index(drop=True), rejects, tuple(self._told()), self.source)

    def _instants(self, cells: Sequence[str], name: str, left: set[int]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
        """Read the times of one format; rows whose time is none are left out."""
        if not any(cells):
            return np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[ms]")
        read = read_times(
            cells, unit=self.unit, by_size=self.by_size, column=name, source=self.source, first_row=self._first_row()
        )
        for at, value, rule, remedy in zip(
            read.rejects["row"], read.rejects["value"], read.rejects["rule"], read.rejects["remedy"], strict=True
        ):
            row = self.rows[int(at) - self._first_row()]
            left.add(row)
            self.faults.append((row, name, shown(str(value)), str(rule), str(remedy)))
        return read.instants

    def _first_row(self) -> int:
        return self.rows[0] if self.rows else 1

    def _told(self) -> list[str]:
        told = {
            "number": "event ids came as numbers and are kept as text, digit by digit",
            "word": "event ids were a word for nothing (null, undefined) and count as missing",
            "personal": "event ids looked like e-mail addresses and are hashed",
            "raw email": "e-mail addresses came unhashed and were hashed on reading; the raw ones are not kept",
            "raw phone": "telephone numbers came unhashed and were hashed on reading; the raw ones are not kept",
            "raw external_id": "external ids came unhashed and were hashed on reading; the raw ones are not kept",
        }
        notes = [f"{self.counts[key]} {text}" for key, text in told.items() if self.counts[key]]
        renamed = Counter(
            (old, new) for old, new in zip(self.columns["sent_as"], self.columns["event"], strict=True) if old != new
        )
        notes += [f"{count} {old!r} read as {new!r}" for (old, new), count in sorted(renamed.items())[:12]]
        return [*self.notes, *notes]
