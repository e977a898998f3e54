"""Write results in the shape of an Ads Manager export, so that every tool that reads one reads ours."""

from __future__ import annotations

import contextlib
import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.base.files import replacing
from pixelsim.base.money import decimals
from pixelsim.exchange.cells import guard_cell
from pixelsim.exchange.columns import NUMERIC, WHOLE, AliasTable, Column, alias_table
from pixelsim.exchange.rates import divide
from pixelsim.exchange.report import LEVELS, AdsReport, column_sum, several_currencies

__all__ = ["write_export"]

PRINTED_RATES = ("ctr", "cpc", "cpm", "cpa", "cvr")
EMPTY = "-"


def write_export(
    results: AdsReport | pd.DataFrame, path: str | Path, *, currency: str | None = None, footer: bool = True
) -> Path:
    """Write results as an Ads Manager CSV in English: byte-order mark, one row for each row, totals in the last.

    ``read_export`` gives the same numbers, names and ids back; ids that end in four zeros look rounded to it and need
    its ``known_ids``.

    Parameters
    ----------
    results
        A report, or a table with its canonical columns: at least one campaign, ad group or ad (``campaign_id``,
        ``campaign_name``, ...) and one quantity (``spend``, ``impressions``, ...). Other columns are not written.
    path
        The file; it is replaced as a whole or not at all.
    currency
        Three-letter code, where the table has no column ``currency``.
    footer
        Write a row of totals. People and budgets have none, and amounts in several currencies neither.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The table has no object or no quantity, no rows, a row without an object, a number that is not finite, or text
        that no file can hold.
    """
    path = Path(path)
    frame = results.frame if isinstance(results, AdsReport) else results
    currency = currency or (results.currency if isinstance(results, AdsReport) else None)
    if currency is not None and "currency" not in frame.columns:
        frame = frame.assign(currency=currency)
    table = alias_table()
    names = _written(frame, table, path)
    columns = [table.columns[n] for n in names]
    cells = [_cells(frame, column, currency) for column in columns]
    with _opened(path) as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([c.header for c in columns])
        try:
            writer.writerows(zip(*cells, strict=True))
            if footer:
                writer.writerow(_footer(frame, columns, currency))
        except UnicodeEncodeError as error:
            raise InputError.single(
                path.name,
                field="text",
                value=ascii(error.object[error.start : error.end]),
                rule="characters of Unicode; half a surrogate pair is none",
                remedy="correct the name",
            ) from None
    return path


def _written(frame: pd.DataFrame, table: AliasTable, path: Path) -> list[str]:
    """Choose the columns to write, in the order of the alias table with rates beside them; refuse what is no report."""
    own = [n for n, c in table.columns.items() if n in frame.columns and c.kind != "rate"]
    objects = [n for level in LEVELS for n in (f"{level}_id", f"{level}_name") if n in own]
    faults: list[Fault] = []
    if not objects:
        faults.append(
            Fault("columns", "object", "none", "a campaign, ad group or ad in every row", "add campaign_id or _name")
        )
    if not any(table.columns[n].additive for n in own):
        faults.append(Fault("columns", "quantity", "none", "spend, impressions or another quantity", "add a quantity"))
    if frame.empty:
        faults.append(Fault("rows", "rows", "none", "at least one row", "write a report that has rows"))
    if objects:
        level = next(lv for lv in reversed(LEVELS) if {f"{lv}_id", f"{lv}_name"} & set(objects))
        parts = [o for o in (f"{level}_id", f"{level}_name") if o in objects]
        lost = frame[parts].isna().all(axis=1)
        if lost.any():
            place = f"{int(lost.sum())} rows"
            faults.append(Fault(place, parts[0], "missing", f"the {level.replace('_', ' ')} of every row", "name it"))
    for name in own:
        faults += _number_faults(frame, table.columns[name])
    if faults:
        raise InputError(path.name, faults)
    rates = [
        n
        for n in PRINTED_RATES
        if table.columns[n].numerator in own and table.columns[n].denominators[0] in own and n not in own
    ]
    return [n for n in table.columns if n in own or n in rates]


def _number_faults(frame: pd.DataFrame, column: Column) -> list[Fault]:
    """Refuse numbers that no export can have."""
    if column.kind not in NUMERIC:
        return []
    values = frame[column.name].to_numpy(dtype=np.float64)
    known = values[~np.isnan(values)]
    place = f"column {column.name}"
    if np.isinf(known).any():
        return [Fault(place, column.name, "infinite", "a finite number", "leave it missing instead")]
    counted = column.kind in {"count", "people"}
    if counted and (known < 0).any():
        return [Fault(place, column.name, f"{known.min():g}", "at least 0", "correct the table")]
    if column.name in WHOLE and (known != np.round(known)).any():
        wrong = known[known != np.round(known)][0]
        return [Fault(place, column.name, f"{wrong:g}", "a whole number", "round the counts of each row")]
    return []


def _cells(frame: pd.DataFrame, column: Column, currency: str | None) -> Sequence[str]:
    if column.kind == "rate":
        return [_rate(v, column) for v in _rate_values(frame, column)]
    values = frame[column.name]
    if column.kind == "date":
        return [EMPTY if pd.isna(v) else f"{v:%Y-%m-%d}" for v in values]
    if column.kind == "hour":
        return [EMPTY if pd.isna(v) else f"{v:%Y-%m-%d %H:00}" for v in values]
    if column.kind in NUMERIC:
        places = decimals(currency) if currency and column.kind in {"money", "budget"} else 0
        return [_number(v, places) for v in values.to_numpy(dtype=np.float64)]
    return [EMPTY if pd.isna(v) or not str(v).strip() else guard_cell(str(v)) for v in values]


def _number(value: float, places: int) -> str:
    """Print a number with at least its currency's decimals, and as many as it takes to read the same one back."""
    if math.isnan(value):
        return EMPTY
    text = f"{value:.{places}f}"
    if float(text) != value:
        text = np.format_float_positional(value, unique=True, trim="-")
    # Three decimals could be read as thousands; a fourth tells.
    return f"{text}0" if text[-4:-3] == "." else text


def _rate_values(frame: pd.DataFrame, column: Column) -> np.ndarray[Any, np.dtype[np.float64]]:
    return divide(
        frame[column.numerator].to_numpy(dtype=np.float64),
        frame[column.denominators[0]].to_numpy(dtype=np.float64),
        column.factor,
    )


def _rate(value: float, column: Column) -> str:
    """Print a rate as Ads Manager does: two decimals, shares in percent, 0 where there is none."""
    if math.isnan(value):
        return "0.00"
    return f"{value:.2f}" if column.money else f"{100 * value:.2f}%"


def _footer(frame: pd.DataFrame, columns: Sequence[Column], currency: str | None) -> list[str]:
    """Make the row of totals: label, dashes for what tells rows apart, sums for what may be added up."""
    mixed = several_currencies(frame)
    sums: Mapping[str, float] = {
        c.name: column_sum(frame[c.name].to_numpy(dtype=np.float64))
        for c in columns
        if c.additive and not (mixed and c.kind == "money")
    }
    row = []
    for at, column in enumerate(columns):
        if at == 0:
            row.append(f"Total of {len(frame)} results")
        elif column.name in sums:
            places = decimals(currency) if currency and column.kind == "money" else 0
            row.append(_number(sums[column.name], places))
        elif column.kind == "rate" and column.numerator in sums and column.denominators[0] in sums:
            top, below = (np.asarray([sums[n]]) for n in (column.numerator, column.denominators[0]))
            row.append(_rate(float(divide(top, below, column.factor)[0]), column))
        elif column.kind == "currency" and not mixed:
            known = frame["currency"].dropna()
            row.append(EMPTY if known.empty else str(known.iloc[0]))
        else:
            row.append(EMPTY)
    return row


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """Open a temporary file that takes the target's place, so that no half file is ever seen."""
    try:
        with replacing(path) as part, part.open("w", encoding="utf-8-sig", newline="") as out:
            yield out
    except OSError as error:
        raise InputError.single(
            str(path),
            field="path",
            value=path.parent,
            rule=f"a folder that can be written to ({error.strerror})",
            remedy="choose another folder",
        ) from None
