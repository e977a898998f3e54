"""R23: the change log as a table, and out to CSV and JSON: when, who, what, the decision, before and after."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any

from pixelsim.base.clock import Clock
from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.sharing.actions import Action
from pixelsim.sharing.frames import table
from pixelsim.sharing.history import Change, History, Record

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "change_log", "change_rows", "write_change_log"]

COLUMNS = (
    "number",
    "at",
    "when",
    "who",
    "do",
    "details",
    "decision",
    "rule",
    "cause",
    "reason",
    "kind",
    "id",
    "field",
    "before",
    "after",
    "note",
)
"""Columns of the change log, see :func:`change_log`."""


def change_log(
    history: History, *, pixel: str | None = None, refused: bool = True, clock: Clock | None = None
) -> pd.DataFrame:
    """Give the change log of a history, one row for each changed field, and one for each attempt that changed nothing.

    Parameters
    ----------
    history
        What was attempted.
    pixel
        Code of a pixel: only what concerns it, as its own change log in Events Manager shows it (R22). All by default.
    refused
        Whether refused attempts are listed too.
    clock
        The scenario's clock, for the column ``when``; without it that column is empty.

    Returns
    -------
    DataFrame
        ``number`` of the attempt, ``at`` in ms since the scenario's start (int64), ``when`` in ISO 8601, ``who`` (id of
        the person), ``do`` (kind of action), ``details`` (the rest of the action, as JSON), ``decision``, ``rule``,
        ``cause``, ``reason``, then ``kind`` (mapping of the world), ``id``, ``field`` (empty when the whole entry came
        or went), ``before`` and ``after`` (missing for "was not there"), and ``note``.
    """
    return table(change_rows(history, pixel=pixel, refused=refused, clock=clock), COLUMNS)


def change_rows(
    history: History, *, pixel: str | None = None, refused: bool = True, clock: Clock | None = None
) -> list[tuple[Any, ...]]:
    """Give the rows of :func:`change_log` as plain values: numbers, texts and None."""
    rows: list[tuple[Any, ...]] = []
    for record in history.records:
        if record.decision.refused and not refused:
            continue
        changes: Iterable[Change | None] = record.changes or (None,)
        if pixel is not None and pixel != getattr(record.action, "pixel", None):
            changes = [change for change in record.changes if _concerns(history, change, pixel)]
        rows.extend(_row(record, change, clock) for change in changes)
    return rows


def _concerns(history: History, change: Change, pixel: str) -> bool:
    """Whether a change is one of a pixel: of its own fields, or of a relation or token that names it."""
    if change.kind == "pixels":
        return change.id == pixel
    if change.kind == "tokens":
        return history.now.tokens[change.id].pixel == pixel
    return change.kind in {"links", "shares", "unbound", "pixel_people"} and change.id.startswith(f"{pixel} > ")


def _row(record: Record, change: Change | None, clock: Clock | None) -> tuple[Any, ...]:
    decision = record.decision
    when = "" if clock is None else clock.to_datetime(record.at).isoformat()
    changed = (
        ("", "", "", None, None)
        if change is None
        else (change.kind, change.id, change.field, _text(change.before), _text(change.after))
    )
    return (
        record.number,
        record.at,
        when,
        record.action.actor,
        getattr(record.action, "do", ""),
        _details(record.action),
        decision.verdict.value,
        decision.rule,
        decision.cause.value,
        decision.reason,
        *changed,
        record.note,
    )


def _details(action: Action) -> str:
    values = {f.name: _plain(getattr(action, f.name)) for f in dataclasses.fields(action)}
    return json.dumps({k: v for k, v in values.items() if k not in {"actor", "do"}}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Reduce a value to what JSON knows."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def _text(value: Any) -> str | None:
    """Write a value of the world as a text: a text as it is, the rest as JSON; None stays None."""
    plain = _plain(value)
    return plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def write_change_log(
    history: History,
    path: str | os.PathLike[str],
    *,
    pixel: str | None = None,
    refused: bool = True,
    clock: Clock | None = None,
) -> pathlib.Path:
    """Write the change log to a CSV or JSON file, by the ending of its name.

    CSV is UTF-8 with a header; a cell that a spreadsheet would run as a formula gets an apostrophe before it, and
    "was not there" is an empty cell. JSON is a list of objects, with null for "was not there". There is never half a
    file.

    Parameters
    ----------
    history, pixel, refused, clock
        As for :func:`change_log`.
    path
        The file to write.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    InputError
        The name ends in neither ``.csv`` nor ``.json``.
    OSError
        The file cannot be written.
    """
    target = pathlib.Path(path)
    ending = target.suffix.lower()
    if ending not in {".csv", ".json"}:
        rule = "a file name that ends in .csv or .json"
        raise InputError.single("change log", field="path", value=target, rule=rule, remedy="change its ending")
    if ending == ".csv":
        from pixelsim.base.tables import write_csv  # noqa: PLC0415 - loads pandas, which the engine does without

        write_csv(change_log(history, pixel=pixel, refused=refused, clock=clock), target)
    else:
        rows = change_rows(history, pixel=pixel, refused=refused, clock=clock)
        records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        write_text(target, json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    return target
