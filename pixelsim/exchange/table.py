"""The cells of a file, column by column: DuckDB for large regular text, Python for everything else."""

from __future__ import annotations

import contextlib
import csv
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import InputError
from pixelsim.exchange import numerals
from pixelsim.exchange.decoding import iterate_text
from pixelsim.exchange.header import Header, records
from pixelsim.exchange.numerals import Decimal

if TYPE_CHECKING:
    import duckdb

__all__ = ["MemoryTable", "RawTable", "Text", "open_text", "table_of_rows"]

FAST_FROM = 4 << 20
"""Size in bytes from which a text file is read by DuckDB; below it Python is faster than starting a database."""

_BATCH = 10_000
_BLOCK = 1 << 22

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """A column of text as codes into its distinct values.

    Parameters
    ----------
    codes
        Index into ``distinct`` for each row, int64.
    distinct
        Distinct cells exactly as they stand in the file, including those that say nothing.
    """

    codes: IntArray
    distinct: list[str]

    def at(self, row: int | np.integer) -> str:
        """Give the cell of one row."""
        return self.distinct[int(self.codes[row])]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Parameters
    ----------
    array
        Float64, NaN where missing or unreadable.
    bad_rows
        Rows whose cell is no number.
    bad_cells
        Those cells.
    """

    array: FloatArray
    bad_rows: IntArray
    bad_cells: list[str]


class RawTable(Protocol):
    """Rows of cells below a header, without blank rows; the last row is among them."""

    source_row: IntArray
    ragged: list[tuple[int, list[str]]]
    last_is_ragged: bool

    @property
    def rows(self) -> int:
        """Number of rows."""

    def sample(self, column: int, count: int = 2000) -> list[str]:
        """Give the first cells of a column, and the last one."""

    def text(self, column: int) -> Text:
        """Give a column as text."""

    def numbers(self, column: int, decimal: Decimal | None) -> Numbers:
        """Give a column as numbers in the file's style."""

    def close(self) -> None:
        """Release what the table holds."""


def _numbers_of(cells: Sequence[str], decimal: Decimal | None) -> Numbers:
    """Read numbers from cells, each distinct cell once."""
    codes, distinct = pd.factorize(np.asarray(cells, dtype=object))
    read = np.empty(len(distinct))
    bad = np.zeros(len(distinct), dtype=bool)
    for at, cell in enumerate(distinct):
        try:
            read[at] = numerals.parse_number(cell, decimal)
        except ValueError:
            read[at], bad[at] = math.nan, True
    if not len(codes):
        return Numbers(np.empty(0), np.empty(0, dtype=np.int64), [])
    bad_rows = np.flatnonzero(bad[codes]).astype(np.int64)
    return Numbers(read[codes], bad_rows, [cells[int(r)] for r in bad_rows])


@dataclass
class MemoryTable:
    """A table held as lists of cells; used for spreadsheets and for text that is small or irregular.

    Parameters
    ----------
    columns
        Cells of each column, by position.
    source_row
        Row number in the file of each row, from 1.
    ragged
        Row number and cells of rows that do not have as many cells as the header; they are not in ``columns``.
    last_is_ragged
        The last row had another number of cells and was padded or cut.
    """

    columns: list[list[str]]
    source_row: IntArray
    ragged: list[tuple[int, list[str]]] = field(default_factory=list)
    last_is_ragged: bool = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.source_row)

    def sample(self, column: int, count: int = 2000) -> list[str]:
        """Give the first cells of a column, and the last one."""
        cells = self.columns[column]
        return cells if len(cells) <= count else [*cells[:count], cells[-1]]

    def text(self, column: int) -> Text:
        """Give a column as text."""
        codes, values = pd.factorize(np.asarray(self.columns[column], dtype=object))
        return Text(codes.astype(np.int64), [str(v) for v in values])

    def numbers(self, column: int, decimal: Decimal | None) -> Numbers:
        """Give a column as numbers in the file's style."""
        return _numbers_of(self.columns[column], decimal)

    def close(self) -> None:
        """Hold nothing that must be released."""


def table_of_rows(rows: Iterable[Sequence[str]], first_row: int, width: int) -> MemoryTable:
    """Build a table from rows of cells, blank rows left out.

    Parameters
    ----------
    rows
        The rows below the header, blank ones included, so that they are numbered as in the file.
    first_row
        Row number in the file of the first of them, from 1.
    width
        Number of cells of the header.
    """
    pool: dict[str, str] = {}
    columns: list[list[str]] = [[] for _ in range(width)]
    ragged: list[tuple[int, list[str]]] = []
    at: list[int] = []
    batch: list[list[str]] = []
    held: tuple[int, list[str]] | None = None

    def flush() -> None:
        for cells, part in zip(columns, zip(*batch, strict=True), strict=True):
            cells.extend(part)
        batch.clear()

    def take(number: int, row: list[str], *, last: bool) -> bool:
        """Keep one row; the last row is padded or cut, any other of a wrong length is set apart."""
        cut = row[:width] if not any(c.strip() for c in row[width:]) else row
        wrong = len(cut) != width
        if wrong and not last:
            ragged.append((number, cut))
            return True
        batch.append([pool.setdefault(c, c) for c in ((cut + [""] * width)[:width] if wrong else cut)])
        at.append(number)
        if len(batch) >= _BATCH:
            flush()
        return wrong

    for number, row in enumerate(rows, first_row):
        if any(cell and not cell.isspace() for cell in row):
            if held is not None:
                take(*held, last=False)
            held = number, list(row)
    last_is_ragged = take(*held, last=True) if held is not None else False
    if batch:
        flush()
    return MemoryTable(columns, np.asarray(at, dtype=np.int64), ragged, last_is_ragged)


class DuckTable:
    """A large, regular text file held by DuckDB; every irregularity makes the constructor step aside.

    Parameters
    ----------
    connection
        The database in memory with table ``cells``; column ``c<position>`` is text.
    rows
        Number of rows.
    first_row
        Row number in the file of the first row, from 1.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: int, first_row: int) -> None:
        self._connection = connection
        self._rows = rows
        self.source_row = np.arange(first_row, first_row + rows, dtype=np.int64)
        self.ragged: list[tuple[int, list[str]]] = []
        self.last_is_ragged = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self._rows

    def _select(self, what: str, rest: str = "") -> duckdb.DuckDBPyConnection:
        """Ask for one column ``v``."""
        return self._connection.execute(_query(what, rest))

    def sample(self, column: int, count: int = 2000) -> list[str]:
        """Give the first cells of a column, and the last one."""
        cell = f"coalesce(c{column}, '')"
        first = self._select(cell, f"limit {count}").fetchall()
        last = self._select(cell, f"limit 1 offset {self._rows - 1}").fetchall()
        return [c[0] for c in (*first, *last)]

    def text(self, column: int) -> Text:
        """Give a column as text."""
        cell = f"coalesce(c{column}, '')"
        self._connection.execute(f"create type kind as enum ({_query(f'distinct {cell}', 'order by v')})")
        series = self._select(f"{cell}::kind").df()["v"]
        self._connection.execute("drop type kind")
        return Text(series.cat.codes.to_numpy().astype(np.int64), [str(v) for v in series.cat.categories])

    def numbers(self, column: int, decimal: Decimal | None) -> Numbers:
        """Give a column as numbers in the file's style."""
        cell = f"c{column}"
        if decimal == ".":
            cast = (
                f"case when regexp_full_match({cell}, '{numerals.POINT_SQL}') then try_cast({cell} as double) "
                f"when regexp_full_match({cell}, '{numerals.GROUPED_SQL}') "
                f"then try_cast(replace({cell}, ',', '') as double) end"
            )
        elif decimal == ",":
            cast = (
                f"case when regexp_full_match({cell}, '{numerals.COMMA_SQL}') "
                f"then try_cast(replace(replace({cell}, '.', ''), ',', '.') as double) end"
            )
        else:
            cast = f"case when regexp_full_match({cell}, '{numerals.WHOLE_SQL}') then try_cast({cell} as double) end"
        values = np.asarray(np.ma.filled(self._select(cast).fetchnumpy()["v"], math.nan), dtype=np.float64)
        odd = np.flatnonzero(~np.isfinite(values)).astype(np.int64)
        if not len(odd):
            return Numbers(values, odd, [])
        cells = self._select(f"coalesce({cell}, '')", f"where not coalesce(isfinite({cast}), false)").fetchall()
        slow = _numbers_of([c[0] for c in cells], decimal)
        values[odd] = slow.array
        return Numbers(values, odd[slow.bad_rows], slow.bad_cells)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _query(what: str, rest: str) -> str:
    """Write a query for one column ``v``; its parts are made of positions and patterns of ours, never of cells."""
    return f"select {what} v from cells {rest}"  # noqa: S608 - see above


def _regular(path: Path, delimiter: str) -> int | None:
    """Count the lines of a UTF-8 text, or None if it has something in which two readers of CSV could differ."""
    mark = delimiter.encode()
    doubtful = (mark + b' "', b'" ' + mark)
    newlines = returns = pairs = 0
    tail = b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            joined = tail + block
            if b"\0" in block or (b'"' in block and any(d in joined for d in doubtful)):
                return None
            newlines += block.count(b"\n")
            if b"\r" in joined:
                returns += block.count(b"\r")
                pairs += joined.count(b"\r\n")
            tail = block[-1:] if block[-1:] != b"\n" else b""
    if returns != pairs or pairs not in {0, newlines}:
        return None
    return newlines + bool(tail)


def _try_duckdb(path: Path, encoding: str, header: Header) -> DuckTable | None:
    """Read regular text with DuckDB; None whenever its answer could differ from Python's."""
    import duckdb  # noqa: PLC0415 - only large files need it

    delimiter = header.delimiter or ","
    if any("\n" in text or "\r" in text for text in (*header.names, *header.above)):
        return None
    names = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header.names)))  # positions, never text of the file
    with contextlib.ExitStack() as stack:
        source = path
        if encoding not in {"utf-8", "utf-8-sig"}:
            source = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelsim-"))) / "utf8.csv"
            with source.open("w", encoding="utf-8", newline="") as out:
                out.writelines(iterate_text(path, encoding))
        lines = _regular(source, delimiter)
        if lines is None:
            return None
        connection = duckdb.connect()
        try:
            connection.execute("set enable_progress_bar = false")
            connection.execute(
                "create table cells as select * from read_csv(?, columns={" + names + "}, auto_detect=false, "  # noqa: S608
                "header=false, skip=?, delim=?, quote='\"', escape='\"', nullstr='', null_padding=false, "
                "ignore_errors=false)",
                [str(source), header.row, delimiter],
            )
            rows = int(connection.execute("select count(*) from cells").fetchall()[0][0])
        except duckdb.Error:
            connection.close()
            return None
    if rows != lines - header.row or rows == 0:
        connection.close()
        return None
    return DuckTable(connection, rows, header.row + 1)


def open_text(path: Path, encoding: str, header: Header, *, fast_from: int = FAST_FROM) -> RawTable:
    """Read the rows of a text file below its header.

    Parameters
    ----------
    path, encoding
        The file, and an encoding that decodes the whole of it.
    header
        Its header.
    fast_from
        Size in bytes from which DuckDB reads the file, if it is regular.

    Raises
    ------
    InputError
        A quotation mark is never closed, or a cell is longer than any export's.
    """
    if path.stat().st_size >= fast_from:
        table = _try_duckdb(path, encoding, header)
        if table is not None:
            return table
    with path.open("r", encoding=encoding, newline="") as stream:
        counted = _Counted(stream)
        try:
            rows = islice(records(counted, header.delimiter or ","), header.row, None)
            return table_of_rows(rows, header.row + 1, len(header.names))
        except csv.Error as error:
            raise InputError.single(
                path.name,
                place=f"line {counted.lines}",
                field="row",
                value=str(error),
                rule="cells in which every quotation mark is closed",
                remedy="export it again; the file was cut off or edited",
            ) from None


class _Counted:
    """Lines of a stream, counted as they are read."""

    def __init__(self, stream: Iterable[str]) -> None:
        self._stream = iter(stream)
        self.lines = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self.lines += 1
        return line
