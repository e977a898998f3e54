"""One self-contained HTML page: its frame, its style, its tables and its pictures; every text in it is escaped.

Nothing is fetched: pictures are data URIs, the style and the few lines of script stand in the page, and the page's own
policy forbids the browser everything else.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from matplotlib.figure import Figure

from pixelsim.show.style import NARROW, WIDE, figure_png

__all__ = ["Cell", "data_uri", "details", "facts", "page", "paragraph", "picture", "section", "table"]

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #1a1a1a; background: #fff;
  margin: 0 auto; padding: 1rem; max-width: 66rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; border-bottom: 2px solid #d4d4d4; padding-bottom: .2rem; }
p, ul { margin: .4rem 0; max-width: 48rem; }
nav ul { padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
a { color: #00568a; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dt { color: #5f5f5f; } dd { margin: 0; }
figure { margin: .8rem 0; }
picture img { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; margin: .6rem 0; }
.scroll:focus-visible, a:focus-visible, button:focus-visible, summary:focus-visible { outline: 3px solid #0072b2; }
table { border-collapse: collapse; font-size: .875rem; }
caption { text-align: left; font-weight: 600; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d4d4d4; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.missing { color: #5f5f5f; font-style: italic; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button::after { content: " \\2195"; color: #767676; }
th[aria-sort="ascending"] button::after { content: " \\2191"; color: #1a1a1a; }
th[aria-sort="descending"] button::after { content: " \\2193"; color: #1a1a1a; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
footer { margin-top: 2.5rem; color: #5f5f5f; font-size: .875rem; }
@media screen and (max-width: 600px) { body { padding: .6rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin: 0 0 .4rem; }
  table, caption, thead, tbody, tr, th, td { display: block; }
  thead tr { display: flex; flex-wrap: wrap; gap: .1rem .9rem; } th, td, td.number, th.number { padding: .1rem 0;
    border: 0; text-align: left; white-space: normal; }
  tbody tr { border: 1px solid #d4d4d4; border-radius: .3rem; padding: .4rem .6rem; margin: .5rem 0; }
  td { display: grid; grid-template-columns: 7rem 1fr; gap: .6rem; } td:empty { display: none; }
  td::before { content: attr(data-label); color: #5f5f5f; font-style: normal; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav, th button::after { display: none; }
  .scroll { overflow: visible; } table { font-size: 8pt; width: 100%; } td.number, th.number { white-space: normal; }
  h2, figure, tr, caption { break-inside: avoid; } h2 { break-after: avoid; } }
"""
_SCRIPT = """
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const head = button.closest("th"), body = head.closest("table").tBodies[0], place = head.cellIndex;
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[place].dataset.sort ?? row.cells[place].textContent;
  const rows = [...body.rows].map((row, order) => [key(row), order, row]);
  const both = (a, b) => a !== "" && b !== "" && !isNaN(a) && !isNaN(b);
  rows.sort(([a, i], [b, j]) => {
    if ((a === "") !== (b === "")) return a === "" ? 1 : -1;
    const less = both(a, b) ? a - b : a.localeCompare(b, "en", { numeric: true });
    return (up ? less : -less) || i - j;
  });
  body.append(...rows.map(([, , row]) => row));
});
for (const details of document.querySelectorAll("details"))
  addEventListener("beforeprint", () => { details.open = true; });
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, and the number that it is sorted by (None: by its text, NaN: always last)."""

    text: str
    sort: float | None = None
    missing: bool = False


def data_uri(png: bytes) -> str:
    """Give a PNG picture as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def paragraph(text: str) -> str:
    """Give a paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Give a list of names and values."""
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in pairs)}</dl>"


def section(anchor: str, heading: str, *parts: str) -> str:
    """Give a section with a heading that can be linked to; the parts are HTML."""
    name = escape(anchor, quote=True)
    head = f'<h2 id="{name}-h">{escape(heading)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-h">{head}{"".join(parts)}</section>'


def details(heading: str, html: str, *, opened: bool = False) -> str:
    """Give a part that is unfolded by a click; printed it is always unfolded."""
    return f"<details{' open' if opened else ''}><summary>{escape(heading)}</summary>{html}</details>"


def picture(wide: Figure, narrow: Figure, told: str) -> str:
    """Give a picture in two widths, of which the browser takes the one that fits.

    Parameters
    ----------
    wide, narrow
        The same picture for a page and for a phone.
    told
        What it shows, for those who cannot see it.
    """
    ratio = wide.get_figheight() / wide.get_figwidth()
    width = round(WIDE * 100)
    limit = round(NARROW * 100) + 210
    return (
        f'<figure><picture><source media="(max-width: {limit}px)" srcset="{data_uri(figure_png(narrow))}">'
        f'<img src="{data_uri(figure_png(wide))}" alt="{escape(told, quote=True)}" width="{width}" '
        f'height="{round(width * ratio)}"></picture></figure>'
    )


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell | str]], *, numeric: Iterable[str] = ()
) -> str:
    """Give a table that can be sorted by each of its columns, and that scrolls sideways by itself where it is too wide.

    Parameters
    ----------
    caption
        What it shows.
    columns
        Headings.
    rows
        Cells; a plain text is a cell that is sorted by its text.
    numeric
        Headings of the columns that stand to the right.
    """
    right = set(numeric)
    kinds = [' class="number"' if column in right else "" for column in columns]
    head = "".join(
        f'<th scope="col" role="columnheader"{kind}><button type="button">{escape(column)}</button></th>'
        for column, kind in zip(columns, kinds, strict=True)
    )
    body = "".join(
        f'<tr role="row">{"".join(_cell(c, name, name in right) for c, name in zip(row, columns, strict=True))}</tr>'
        for row in rows
    )
    label = escape(caption, quote=True)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f'<table role="table"><caption>{escape(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def _cell(cell: Cell | str, label: str, number: bool) -> str:  # noqa: FBT001 - the one place that calls it names it
    if isinstance(cell, str):
        cell = Cell(cell)
    classes = [name for name, on in (("number", number), ("missing", cell.missing)) if on]
    kind = f' class="{" ".join(classes)}"' if classes else ' dir="auto"'
    key = ""
    if cell.sort is not None:
        key = ' data-sort=""' if math.isnan(cell.sort) else f' data-sort="{cell.sort!r}"'
    # On a phone each row is a card, in which every value has its heading; a screen reader still finds a table.
    return f'<td role="cell" data-label="{escape(label, quote=True)}"{kind}{key}>{escape(cell.text)}</td>'


def page(title: str, lead: str, sections: Sequence[tuple[str, str, str]], footer: str) -> str:
    """Give the whole page.

    Parameters
    ----------
    title
        Plain text, in the head and as the first heading.
    lead
        HTML below the first heading.
    sections
        Anchor, heading and HTML of each section, in their order; the headings make the contents.
    footer
        Plain text at the end.
    """
    script = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{script}'"
    links = "".join(
        f'<li><a href="#{escape(anchor, quote=True)}">{escape(head)}</a></li>' for anchor, head, _ in sections
    )
    body = "\n".join(section(anchor, heading, html) for anchor, heading, html in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1>\n{lead}\n<nav aria-label="Contents"><ul>{links}</ul></nav></header>\n'
        f"<main>\n{body}\n</main>\n<footer>{paragraph(footer)}</footer>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )
