"""Small tables of explorers, as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from pixelsim.show.picture import LEGIBLE, SCROLLS

__all__ = ["html_table"]

_FEW, _COLUMN = 4, 100
"""Columns for which a phone has room, and CSS pixels of each where there are more."""


def html_table(columns: Iterable[str], rows: Iterable[Iterable[str]], *, numeric: Iterable[str] = ()) -> str:
    """Give a small table as HTML; every text is escaped.

    Parameters
    ----------
    columns
        Headings; one that is empty stays so.
    rows
        Texts, as many in each row as there are headings.
    numeric
        Headings of the columns that stand to the right.
    """
    heads, right = list(columns), set(numeric)

    def looks(wrap: str) -> list[str]:
        # They stand in the elements, since a notebook that is not trusted yet drops style sheets.
        number, text = f' class="number" style="text-align:right{wrap}"', ' style="text-align:left"'
        return [number if head in right else text for head in heads]

    top = "".join(f'<th scope="col"{kind}>{escape(head)}</th>' for head, kind in zip(heads, looks(""), strict=True))
    kinds = looks(";white-space:nowrap")  # a number is not broken off before its half-width
    many = f' style="min-width:{max(LEGIBLE, _COLUMN * len(heads))}px"' if len(heads) > _FEW else ""
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{escape(cell)}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>"
        for row in rows
    )
    table = f"<table{many}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="pixelsim" style="{SCROLLS}">{table}</div>'
