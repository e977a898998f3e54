"""Tables whose columns change name and type between versions: converted on reading, never merged alike (case P135)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

import pandas as pd

from pixelsim.base.errors import Fault, InputError

__all__ = ["ColumnType", "align_versions"]

ColumnType = Literal["flag", "number", "list", "text"]

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
        out = table.copy()
        for name in (str(c) for c in table.columns):
            values = table[name]
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
