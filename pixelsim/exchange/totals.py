"""The totals of a file beside its rows: finding the row that prints them, also where sorting has moved it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.exchange.build import Builder
from pixelsim.exchange.columns import OBJECTS
from pixelsim.exchange.footer import LastRow, check_totals, is_footer
from pixelsim.exchange.numerals import is_missing
from pixelsim.exchange.report import BREAKDOWNS, column_sum, several_currencies

__all__ = ["compare_totals", "has_footer", "refuse_misplaced_totals"]

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

KEYS = frozenset(f"{level}_{part}" for level in OBJECTS for part in ("name", "id")) | {"date", "hour", *BREAKDOWNS}
LABEL_WITHIN = 6
"""The label of a row of totals stands in one of the first cells (assumption)."""


def has_footer(builder: Builder, quantities: Mapping[str, FloatArray], days: NDArray[np.datetime64] | None) -> bool:
    """Gather what the last row looks like, and decide whether it is a row of totals.

    Parameters
    ----------
    builder
        The columns of the file.
    quantities
        Its quantities, all rows.
    days
        The day of every row, NaT where there is none; None in a report without days.
    """
    raw = builder.raw
    last = raw.rows - 1
    cells = [raw.sample(at, 1)[-1] for at in range(min(LABEL_WITHIN, len(builder.headers)))]
    label_at = next((at for at, cell in enumerate(cells) if not is_missing(cell)), 0)

    def bare(names: Iterable[str]) -> bool:
        """Say whether all these columns are empty in the last row and at least one is filled above."""
        above = False
        for name in names:
            if builder.position[name] == label_at:
                continue
            empty = builder.blank(name)
            if not empty[last]:
                return False
            above |= not empty[:last].all()
        return above

    sums, values, largest, filled = {}, {}, {}, {}
    for name, column in quantities.items():
        if builder.table.columns[name].additive:
            above = column[:last]
            known = above[~np.isnan(above)]
            sums[name], values[name] = column_sum(above), float(column[last])
            largest[name] = float(known.max()) if len(known) else -np.inf
            filled[name] = int(np.count_nonzero(known))
    time = "date" if "date" in builder.position else "hour"
    day_missing = days is not None and bool(np.isnat(days[last]))
    day_missing = day_missing and (builder.position[time] == label_at or bool(builder.blank(time)[last]))
    found, note = is_footer(
        LastRow(
            label=cells[label_at],
            rows_above=last + len(raw.ragged),
            keys_empty=bare(n for n in builder.position if n in KEYS),
            day_missing=day_missing,
            texts_empty=bare(builder.of_kind("text", "budget")),
            sums=sums,
            cells=values,
            largest=largest,
            filled=filled,
        ),
        builder.table.footer_labels,
    )
    if note:
        builder.notes.append(note)
    return found


def refuse_misplaced_totals(builder: Builder, quantities: Mapping[str, FloatArray], count: int) -> None:
    """Refuse rows of totals that stand among the rows, as after sorting in a spreadsheet.

    Such a row either reads as a total and has empty keys, descriptions or the sums of all other rows; or it is the one
    row whose every quantity is the sum of all others.
    """
    named = _labelled(builder, count)
    sums = _sums_of_others({n: v[:count] for n, v in quantities.items() if builder.table.columns[n].additive}, count)
    found = (named & (_bare(builder, count) | sums)) | (sums if sums.sum() == 1 else False)
    rows = np.flatnonzero(found)
    if len(rows):
        name = _label_column(builder)
        label = builder.words(name)
        builder.rejects.add(
            rows,
            builder.header(name),
            (label.at(r) for r in rows),
            "a row of totals only at the end of the file (was it sorted?)",
            "export it again, or delete the row",
        )


def _label_column(builder: Builder) -> str:
    """Give the first column that names objects (or their ids); a sorted file keeps its label there."""
    keys = [n for n in builder.position if n in KEYS]
    names = [n for n in keys if n.endswith("_name")] or keys
    return min(names, key=builder.position.__getitem__)


def _labelled(builder: Builder, count: int) -> Mask:
    text = builder.words(_label_column(builder))
    shown = (" ".join(v.split()) for v in text.distinct)
    hits = np.asarray([any(p.search(v) for p in builder.table.footer_labels) for v in shown], dtype=bool)
    return hits[text.codes[:count]] if hits.any() else np.zeros(count, dtype=bool)


def _bare(builder: Builder, count: int) -> Mask:
    """Say which rows have every other key or every description empty, where some row has one."""
    label = _label_column(builder)
    out = np.zeros(count, dtype=bool)
    for names in ([n for n in builder.position if n in KEYS], builder.of_kind("text", "budget")):
        blanks = [builder.blank(n)[:count] for n in names if n != label]
        blanks = [b for b in blanks if not b.all()]
        if blanks:
            out |= np.logical_and.reduce(blanks)
    return out


def _sums_of_others(columns: Mapping[str, FloatArray], count: int) -> Mask:
    """Say which rows are, in every told quantity of at least two, the sum of all other rows."""
    if count < 3:
        return np.zeros(count, dtype=bool)
    same = np.ones(count, dtype=bool)
    told = several = 0
    for values in columns.values():
        total = column_sum(values)
        if np.isnan(total) or not total:
            continue
        told += 1
        several += int(np.count_nonzero(np.nan_to_num(values))) >= 3
        same &= np.abs(2 * values - total) <= 1e-12 * max(abs(total), 1.0)
    return same if told >= 2 and several else np.zeros(count, dtype=bool)


def compare_totals(
    builder: Builder, quantities: Mapping[str, FloatArray], parts: Mapping[str, FloatArray], frame: pd.DataFrame
) -> tuple[dict[str, float], pd.DataFrame]:
    """Read the row of totals and compare it with the accepted rows.

    Parameters
    ----------
    builder
        The columns of the file.
    quantities
        Quantities of all rows, the totals last.
    parts
        Quantities of the accepted rows.
    frame
        The accepted rows, with their currency.

    Returns
    -------
    footer : dict of str to float
        Totals as printed.
    checks : DataFrame
        As of ``check_totals``; amounts of several currencies are not compared, and people never.
    """
    footer = {name: float(values[-1]) for name, values in quantities.items() if not np.isnan(values[-1])}
    columns = builder.table.columns
    mixed = several_currencies(frame)
    compared = {
        name: total
        for name, total in footer.items()
        if columns[name].additive and not (mixed and columns[name].kind == "money")
    }
    reach = footer.get("reach")
    if reach is not None:
        known = parts["reach"][~np.isnan(parts["reach"])]
        if len(known) and not known.max() <= reach <= known.sum():
            builder.notes.append(
                f"total reach {reach:,.0f} is outside what the rows allow, {known.max():,.0f} to {known.sum():,.0f}"
            )
    return footer, check_totals(compared, parts, builder.decimals)
