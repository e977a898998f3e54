"""Tables whose columns change name and type between versions: converted on reading, never merged alike (case P135)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.documents import parse_json, read_documents, rows_of
from pixelsim.exchange.warehouse import csv_table

__all__ = ["ColumnType", "align_versions", "read_versions"]

ColumnType = Literal["flag", "number", "list", "text"]

JSON = (".json", ".jsonl", ".ndjson")

_FLAGS: Mapping[str, bool] = {"0": False, "1": True, "false": False, "true": True, "no": False, "yes": True}
_CODE = re.compile(r"[A-Z]{3}")


def _flag(value: Any) -> bool | None:
    text = str(value).strip().lower()
    text = {"0.0": "0", "1.0": "1"}.get(text, text)
    return _FLAGS.get(text)


def _type_of(values: pd.Series[Any]) -> ColumnType:
    """Name the type of a column from all its cells."""
    known = [v for v in values if isinstance(v, list | tuple) or not pd.isna(v)]
    if known and all(isinstance(v, list | tuple) for v in known):
        return "list"
    if known and all(isinstance(v, bool) for v in known):
        return "flag"
    if known and pd.to_numeric(pd.Series([str(v) for v in known]), errors="coerce").notna().all():
        return "number"
    return "text"


def align_versions(
    tables: Mapping[str, pd.DataFrame],
    *,
    flags: Collection[str] = ("active",),
    currencies: Collection[str] = ("currency",),
) -> pd.DataFrame:
    """Put tables of several layout versions together.

    Parameters
    ----------
    tables
        Tables by the name of their version, such as ``v1`` and ``v2``.
    flags
        Columns that are yes or no in every version, written 0/1 or true/false.
    currencies
        Columns that must hold a three-letter code.

    Returns
    -------
    DataFrame
        All rows with ``version``; columns of other names stay apart, and flags are booleans.

    Raises
    ------
    InputError
        A flag or a currency is none, or one column has unlike types in two versions; all such cells at once.
    """
    faults: list[Fault] = []
    parts: list[pd.DataFrame] = []
    types: dict[str, tuple[str, ColumnType]] = {}
    for version, table in tables.items():
        twice = table.columns[table.columns.duplicated()].unique()
        faults += [
            Fault(
                f"{version}, column {name}", str(name), "several columns", "one column of a name", "rename the others"
            )
            for name in twice
        ]
        out = table.loc[:, ~table.columns.duplicated()].copy()
        for name in (str(c) for c in out.columns):
            values = out[name]
            if name in flags:
                read = [_flag(v) for v in values]
                faults += [
                    Fault(f"{version}, row {i + 1}", name, str(v), "0, 1, true or false", "correct the flag")
                    for i, (v, f) in enumerate(zip(values, read, strict=True))
                    if f is None
                ]
                out[name] = pd.Series(read, index=table.index, dtype=object)
                continue
            if name in currencies:
                faults += [
                    Fault(
                        f"{version}, row {i + 1}",
                        name,
                        str(v),
                        "a three-letter code such as USD",
                        "take the currency from the account; this version declares the column as something else",
                    )
                    for i, v in enumerate(values)
                    if not (isinstance(v, str) and _CODE.fullmatch(v))
                ]
                continue
            own = _type_of(values)
            before = types.setdefault(name, (version, own))
            if before[1] != own:
                faults.append(
                    Fault(
                        f"{version}, column {name}",
                        name,
                        own,
                        f"{before[1]}, as in {before[0]}",
                        "rename the column in one of them; unlike types are not merged",
                    )
                )
        parts.append(out.assign(version=version))
    if faults:
        raise InputError("layout versions", faults)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def read_versions(
    paths: Sequence[str | Path],
    *,
    flags: Collection[str] = ("active",),
    currencies: Collection[str] = ("currency",),
) -> pd.DataFrame:
    """Read files of several layout versions, each a version of its own, and put them together.

    Parameters
    ----------
    paths
        Tables in CSV, or JSON: a list of objects, or one object on each line. A cell of CSV that is a JSON list is one.
    flags, currencies
        As in :func:`align_versions`.

    Returns
    -------
    DataFrame
        As :func:`align_versions` gives it; ``version`` is the name of the file.

    Raises
    ------
    InputError
        A file cannot be read, a row has another number of cells than its header, or the versions do not fit; the
        faults of all files are listed.
    """
    tables: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for path in map(Path, paths):
        try:
            tables[path.name] = _documents(path) if path.suffix.lower() in JSON else _cells(path)
        except InputError as error:
            faults += [Fault(f"{error.source}, {f.place}", f.field, f.value, f.rule, f.remedy) for f in error.faults]
    if faults:
        raise InputError("layout versions", faults)
    return align_versions(tables, flags=flags, currencies=currencies)


def _documents(path: Path) -> pd.DataFrame:
    values, faults = read_documents(path)
    if faults:
        raise InputError(path.name, faults)
    return pd.DataFrame([row for _, value in values for row in rows_of(value if isinstance(value, list) else [value])])


def _cells(path: Path) -> pd.DataFrame:
    names, rows = csv_table(path)
    faults = [
        Fault(f"row {at}", "row", f"{len(row)} cells", f"{len(names)} cells, as the header has", "export it again")
        for at, row in enumerate(rows, 2)
        if row and len(row) != len(names)
    ]
    if faults:
        raise InputError(path.name, faults)
    cells = [[_listed(cell, path.name, at) for cell in row] for at, row in enumerate(rows, 2) if row]
    return pd.DataFrame(cells, columns=names, dtype=object)


def _listed(cell: str, source: str, row: int) -> Any:
    """Give a cell as it stands, an empty one as missing, and one in brackets as the list that it is."""
    text = cell.strip()
    if text.startswith("[") and text.endswith("]"):
        return parse_json(text, source, first_line=row)
    return text or None
