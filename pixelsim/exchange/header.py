"""Where the header of an export is, and which character parts its cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pixelsim.exchange.columns import AliasTable

__all__ = ["DELIMITERS", "Header", "best_score", "find_header", "header_row", "records"]

DELIMITERS = (",", ";", "\t", "|")

SEARCHED = 30
"""Records at the top of a file among which the header is looked for; titles and blank lines come before it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file.

    Parameters
    ----------
    names
        Its cells as they stand in the file.
    row
        Its row number in the file, from 1.
    delimiter
        The character that parts cells; None in a spreadsheet.
    score
        How many headers the alias table knows.
    above
        Text of the lines above it (a title), blank lines left out.
    """

    names: tuple[str, ...]
    row: int
    delimiter: str | None
    score: int
    above: tuple[str, ...] = ()


def records(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Split text into rows of cells, strictly; quotation marks must be closed.

    Raises
    ------
    csv.Error
        A quotation mark is never closed, or text follows a closing one.
    """
    return csv.reader(lines, delimiter=delimiter, quotechar='"', doublequote=True, strict=True)


def _top(text: str, delimiter: str) -> list[list[str]]:
    """Give the first records of a text, up to the first that cannot be parted."""
    rows: list[list[str]] = []
    try:
        rows.extend(islice(records(io.StringIO(text, newline=""), delimiter), SEARCHED))
    except csv.Error:
        return rows
    return rows


def header_row(rows: Sequence[Sequence[str]], table: AliasTable, delimiter: str | None = None) -> Header | None:
    """Find the row that is the header of an export: the one with most known headers, the first of equals."""
    best: Header | None = None
    for at, row in enumerate(rows[:SEARCHED]):
        score = table.score(row)
        if score and (best is None or score > best.score):
            above = tuple(" ".join(c for c in r if c.strip()) for r in rows[:at] if any(c.strip() for c in r))
            best = Header(tuple(row), at + 1, delimiter, score, above)
    return best


def find_header(text: str, table: AliasTable) -> Header | None:
    """Find header and delimiter at the top of a file's text; None if nothing there is the header of an export."""
    text = text.removeprefix("\ufeff")
    found = [h for d in DELIMITERS if (h := header_row(_top(text, d), table, d)) is not None]
    return max(found, key=lambda h: h.score, default=None)


def best_score(text: str, table: AliasTable) -> int:
    """Count the known headers at the top of a text; 0 if it has no header of an export."""
    header = find_header(text, table)
    return 0 if header is None else header.score


def likely_header(text: str) -> list[str]:
    """Give the cells of the first row with most cells, for the message that no header was found."""
    rows = [row for d in DELIMITERS for row in _top(text.removeprefix("\ufeff"), d)]
    return max(rows, key=len, default=[])
