"""Tables on disk: CSV that no spreadsheet takes for formulas, and Parquet through DuckDB, the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.base.files import replacing, write_text

if TYPE_CHECKING:
    import duckdb

__all__ = ["csv_text", "harmless", "read_parquet", "write_csv", "write_parquet"]

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """Give a text that a spreadsheet shows instead of running: a quote goes before what may begin a formula.

    That is ``= + - @``, their full-width forms, and tab, return and line feed. A lone ``-`` (a missing value in many
    reports) and plain numbers stay as they are.
    """
    if not text.startswith(_DANGEROUS) or text in {"-", "--"}:
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def csv_text(frame: pd.DataFrame) -> str:
    """Write a table as CSV text: comma, plain line feeds, missing values empty, no index.

    Text is made harmless for spreadsheets, and its returns become line feeds: some readers end a row at a return.
    """
    safe = frame.copy(deep=False)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name].dtype) and not _is_time(safe[name]):
            column = safe[name].astype("object")
            safe[name] = column.map(lambda value: _cell(value) if isinstance(value, str) else value)
    safe.columns = [_cell(str(name)) for name in safe.columns]
    return safe.to_csv(index=False, lineterminator="\n")


def _cell(text: str) -> str:
    return harmless(text.replace("\r\n", "\n").replace("\r", "\n"))


def _is_time(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column.dtype)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as a CSV file, whole or not at all."""
    write_text(path, csv_text(frame))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table of types that Parquet has: categories and unknown objects become text."""
    made = frame.copy(deep=False)
    for name in made.columns:
        kind = made[name].dtype
        if isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_object_dtype(kind):
            made[name] = made[name].astype("object").where(made[name].notna(), None).astype("str")
            made[name] = made[name].where(frame[name].notna())
        elif _is_time(made[name]) and getattr(kind, "tz", None) is not None:
            made[name] = made[name].dt.tz_convert("UTC")
    return made


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as a Parquet file in row order, whole or not at all."""
    connection = _connect()
    table = _plain(frame)
    try:
        connection.register("table_to_write", table)
        with replacing(path) as temporary:
            target = str(temporary).replace("'", "''")
            connection.execute(
                f"COPY (SELECT * FROM table_to_write) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608
            )
    finally:
        connection.close()


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file: instants in UTC, missing text as NaN, whole numbers with gaps as ``Int64``.

    Raises
    ------
    InputError
        The file is missing or is no Parquet file.
    """
    import duckdb  # noqa: PLC0415 - heavy, and needed only where Parquet is read or written

    connection = _connect()
    try:
        table = connection.read_parquet(str(path))
        found: pd.DataFrame = table.df()
        texts = [name for name, kind in zip(table.columns, table.types, strict=True) if str(kind) == "VARCHAR"]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError.single(
            str(path), field="file", value=reason, rule="a Parquet file that can be read", remedy="check the path"
        ) from None
    finally:
        connection.close()
    for name, column in found.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            found[name] = column.dt.tz_convert("UTC")
    for name in texts:
        missing = found[name].isna()
        found[name] = found[name].astype("str").mask(missing, np.nan)
    return found


def _connect() -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - heavy, and needed only where Parquet is read or written

    return duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": True})
