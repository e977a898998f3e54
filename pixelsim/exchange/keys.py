"""Keys: what tells rows apart, and replacing rows by key without losing or doubling any (field cases P110, P119)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pixelsim.base.errors import Fault, InputError

__all__ = ["require_key", "upsert"]


def _require_columns(table: pd.DataFrame, key: Sequence[str], source: str) -> None:
    lost = [name for name in key if name not in table.columns]
    if lost or not key:
        raise InputError(
            source,
            [
                Fault(f"column {name}", "key", f"no column {name}", "made of columns of the table", "check the key")
                for name in lost or ["(none)"]
            ],
        )


def require_key(table: pd.DataFrame, key: Sequence[str], *, source: str = "table") -> None:
    """Refuse a key that does not tell all rows apart, saying how many rows it would lose.

    Parameters
    ----------
    table
        Any table.
    key
        Names of the columns that should tell its rows apart.
    source
        What to call the table in the refusal.

    Raises
    ------
    InputError
        Several rows share a key (KEY_TOO_SMALL), or a column does not exist.
    """
    _require_columns(table, key, source)
    repeated = table.duplicated(list(key), keep=False)
    if not repeated.any():
        return
    lost = int(table.duplicated(list(key)).sum())
    rows = table.loc[repeated, "source_row"] if "source_row" in table.columns else table.index[repeated].to_series() + 1
    shown = ", ".join(str(r) for r in rows.head(6).tolist())
    raise InputError.single(
        source,
        place=f"rows {shown}" + (", ..." if len(rows) > 6 else ""),
        field="key",
        value=", ".join(key),
        rule=f"enough to tell all {len(table)} rows apart; {lost} rows would be lost (KEY_TOO_SMALL)",
        remedy="add the day, the ids of all levels, and every breakdown (hour, country, ...) to the key",
    )


def upsert(table: pd.DataFrame | None, rows: pd.DataFrame, key: Sequence[str], *, source: str = "rows") -> pd.DataFrame:
    """Replace the rows of a table that have the same key as new rows, and add the rest.

    Parameters
    ----------
    table
        The table so far; None or empty at the first import.
    rows
        New rows; they win over old ones with the same key.
    key
        Columns that tell rows apart, such as source, campaign and day.
    source
        What to call the new rows in a refusal.

    Returns
    -------
    DataFrame
        Old rows whose key is not among the new ones, then the new rows; a fresh index.

    Raises
    ------
    InputError
        Several new rows share a key, or several old ones do, or a column does not exist.
    """
    require_key(rows, key, source=source)
    if table is None or table.empty:
        return rows.reset_index(drop=True)
    require_key(table, key, source="table")
    both = pd.concat([table, rows], ignore_index=True)
    return both.loc[~both.duplicated(list(key), keep="last")].reset_index(drop=True)
