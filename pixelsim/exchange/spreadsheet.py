"""Spreadsheets (XLSX, XLS) as rows of text, so that one path reads every export."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.exchange.columns import AliasTable
from pixelsim.exchange.header import SEARCHED, Header, header_row
from pixelsim.exchange.table import MemoryTable, table_of_rows

__all__ = ["is_spreadsheet", "open_spreadsheet"]

EXACT = 2.0**53
"""Whole numbers up to here are exact in the floats that spreadsheets store."""

LARGEST_SHEET = 32_000_000
"""Cells of the largest sheet that is read: a million rows of 32 columns. A single damaged cell reference can claim
17,000 million, for which the reader below would ask memory at once."""

_ZIP = b"PK\x03\x04"
_MAGIC = (_ZIP, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_ATTRIBUTE = re.compile(rb"""\sr\s*=\s*["']([^"'<>]*)["']""")
_REFERENCE = re.compile(rb"([A-Za-z]{0,3})(\d{1,7})")
_BLOCK = 1 << 20


def is_spreadsheet(head: bytes) -> bool:
    """Say whether a file's first bytes are those of a spreadsheet, whatever it is called."""
    return head.startswith(_MAGIC)


def cell_text(value: Any) -> str:
    """Write a typed cell as the text an export in English would print.

    A whole number too large for a float comes out with the 15 digits a spreadsheet keeps, so that damaged ids show.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        exact = Decimal(repr(value) if abs(value) < EXACT else f"{value:.14e}")
        return format(exact.to_integral_value() if exact == exact.to_integral_value() else exact, "f")
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _require_size(path: Path) -> None:
    """Refuse a workbook with a cell so far away that its sheet could not be held, or without any sheet.

    Raises
    ------
    InputError
        The cell is too far away.
    ValueError
        A reference is none, or there is no sheet.
    """
    with zipfile.ZipFile(path) as book:
        sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml")]
        if not sheets:
            raise ValueError("the archive has no worksheet")
        for name in sheets:
            rows = columns = 0
            tail = b""
            with book.open(name) as stream:
                while block := stream.read(_BLOCK):
                    text = tail + block
                    for reference in _ATTRIBUTE.findall(text):
                        match = _REFERENCE.fullmatch(reference)
                        if match is None:
                            raise ValueError(f"{reference[:40].decode('latin-1')!r} is no reference of a cell")
                        rows = max(rows, int(match[2]))
                        columns = max(columns, _column_number(match[1]))
                    tail = text[-256:]
            if rows * columns > LARGEST_SHEET:
                raise InputError.single(
                    path.name,
                    place=name,
                    field="size",
                    value=f"{rows:,} rows by {columns:,} columns",
                    rule=f"a sheet of at most {LARGEST_SHEET:,} cells",
                    remedy="export it again as CSV; a stray or damaged cell stands far from the others",
                )


def _sheets(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise MissingExtraError("reading spreadsheets", "python-calamine", "excel") from None
    try:
        with path.open("rb") as stream:
            zipped = stream.read(4) == _ZIP
        if zipped:
            _require_size(path)
        with CalamineWorkbook.from_path(str(path)) as book:
            for name in book.sheet_names:
                # The declared size is ignored on purpose: Ads Manager declares A1 whatever the sheet holds.
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                yield name, [[cell_text(c) for c in row] for row in rows]
    except (
        CalamineError,
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise InputError.single(
            path.name,
            field="file",
            value=" ".join(str(error).split())[:80] or type(error).__name__,
            rule="a spreadsheet that can be opened",
            remedy="export it again as CSV or XLSX, without a password",
        ) from None


def open_spreadsheet(path: Path, table: AliasTable) -> tuple[Header, MemoryTable, tuple[str, ...]]:
    """Read the sheet of a workbook that has the header of an export.

    Returns
    -------
    header : Header
    rows : MemoryTable
    notes : tuple of str
        Which sheet was read, where there are several.

    Raises
    ------
    InputError
        The workbook cannot be opened, or no sheet has the header of an export.
    MissingExtraError
        python-calamine is not installed.
    """
    names: list[str] = []
    found: tuple[str, Header, list[list[str]]] | None = None
    seen: list[str] = []
    for name, rows in _sheets(path):
        names.append(name)
        header = header_row(rows, table)
        if header is not None and (found is None or header.score > found[1].score):
            found = name, header, rows
        seen = max([seen, *rows[:SEARCHED]], key=len)
    if found is None:
        raise table.refuse(path.name, seen)
    name, header, rows = found
    notes = (f"sheet {name!r} of {len(names)} read",) if len(names) > 1 else ()
    return header, table_of_rows(rows[header.row :], header.row + 1, len(header.names)), notes
