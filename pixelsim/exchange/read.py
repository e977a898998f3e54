"""Read an Ads Manager export: one call from a file to a checked, tidy report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.accounts import fill_account
from pixelsim.exchange.build import Builder
from pixelsim.exchange.columns import AliasTable, alias_table
from pixelsim.exchange.decoding import find_encoding, first_bytes, head_text
from pixelsim.exchange.footer import total_faults
from pixelsim.exchange.header import Header, find_header, likely_header
from pixelsim.exchange.numerals import Decimal
from pixelsim.exchange.rates import divide, recompute, verify_rates
from pixelsim.exchange.remarks import one_currency, remarks
from pixelsim.exchange.report import LEVELS, AdsReport, Level, empty_checks, empty_rejects
from pixelsim.exchange.spreadsheet import is_spreadsheet, open_spreadsheet
from pixelsim.exchange.table import FAST_FROM, RawTable, open_text
from pixelsim.exchange.totals import compare_totals, has_footer, refuse_misplaced_totals

__all__ = ["build_report", "read_export"]

SHOWN_FAULTS = 20

Mask = NDArray[np.bool_]
Columns = dict[str, NDArray[np.object_] | NDArray[np.float64] | NDArray[np.datetime64]]


def read_export(
    path: str | Path,
    *,
    encoding: str | None = None,
    accept_mismatch: bool = False,
    account: str | Mapping[str, str] | None = None,
    languages: Collection[str] | None = None,
    decimal: Decimal | None = None,
    day_first: bool | None = None,
    known_ids: Iterable[str] = (),
    units: Mapping[str, str] | None = None,
    fast_from: int = FAST_FROM,
) -> AdsReport:
    """Read an Ads Manager export (CSV, or a spreadsheet with the extra ``excel``) in any known language.

    What cannot be read is refused with its row, column, rule and remedy; nothing is guessed silently. The last row is
    used as a check sum if it is a row of totals.

    Parameters
    ----------
    path
        The file.
    encoding
        Encoding of the text, where several fit; None to find it.
    accept_mismatch
        Read the rows although the file's own totals say otherwise; the report is then marked.
    account
        Id of the ad account of a file that does not name it, or ids by account name.
    languages
        Languages of the headers among ``en api ko ja zh pt es de fr``; None for all.
    decimal
        Decimal mark, where the file leaves it open.
    day_first
        For dates such as 05/01/2024: whether the day comes first.
    known_ids
        True ids, to repair ids that a spreadsheet rounded.
    units
        Unit of an amount by header: ``major``, ``cents``, ``milli``, ``micros``.
    fast_from
        Size in bytes from which DuckDB reads the text; both ways give the same report.

    Returns
    -------
    AdsReport

    Raises
    ------
    InputError
        The file is missing, empty, cannot be decoded or opened, is no export, has no row that can be read, or its
        totals differ from its rows.
    MissingExtraError
        The file is a spreadsheet and python-calamine is not installed.
    """
    path = Path(path)
    table = alias_table(languages)
    head = first_bytes(path)
    notes: list[str] = []
    raw: RawTable
    if is_spreadsheet(head):
        header, raw, found = open_spreadsheet(path, table)
        used = "spreadsheet"
    else:
        decoding = find_encoding(path, head, table, encoding)
        used, found = decoding.encoding, decoding.notes
        header = _header_of(path, head_text(head, used), table)
        raw = open_text(path, used, header, fast_from=fast_from)
    notes += found
    if header.above:
        notes.append(f"header found in row {header.row}, below: {' / '.join(header.above)[:80]}")
    try:
        builder = Builder(
            source=path.name,
            raw=raw,
            mapped=table.match(header.names),
            table=table,
            headers=header.names,
            decimal=decimal,
            day_first=day_first,
            known_ids=frozenset(known_ids),
            units=units or {},
            notes=notes,
        )
        return build_report(builder, header, used, accept_mismatch=accept_mismatch, account=account)
    finally:
        raw.close()


def _header_of(path: Path, text: str, table: AliasTable) -> Header:
    header = find_header(text, table)
    if header is None:
        raise table.refuse(path.name, likely_header(text))
    return header


def build_report(
    builder: Builder,
    header: Header,
    encoding: str,
    *,
    accept_mismatch: bool = False,
    account: str | Mapping[str, str] | None = None,
    totals: bool = True,
) -> AdsReport:
    """Make the report of a table whose columns are matched; the step that all readers share.

    Parameters
    ----------
    builder, header, encoding
        The table, its header, and how its text was read.
    accept_mismatch, account
        As in :func:`read_export`.
    totals
        The table may have a row of totals; False where its maker never writes one.

    Raises
    ------
    InputError
        No row can be read, or the totals differ from the rows.
    """
    raw, table = builder.raw, builder.table
    if raw.rows == 0:
        raise _no_rows(builder.source)
    builder.find_style()
    read = builder.read_numbers()
    quantities = builder.quantities(read)
    rates = builder.printed_rates(read)
    columns = _texts(builder)
    level, named = _level(columns, raw.rows)
    by_day = _times(builder, columns)

    days = columns["date"].astype("datetime64[s]") if by_day else None
    footer_row = totals and has_footer(builder, quantities, days)
    count = raw.rows - 1 if footer_row else raw.rows
    if footer_row:
        # Its label is no day and no id, and that is no fault.
        builder.rejects = builder.rejects.without(raw.rows - 1)
    elif raw.last_is_ragged:
        _refuse(builder, [raw.rows - 1], "row", "as many cells as the header", "export it again; the file was cut off")
    if count == 0 and not raw.ragged:
        raise _no_rows(builder.source)
    if totals:
        refuse_misplaced_totals(builder, quantities, count)
    _require(builder, named[:count], level, None if days is None else days[:count])

    keep = np.ones(count, dtype=bool)
    keep[[r for r in builder.rejects.rows if r < count]] = False
    rejects = _reject_table(builder, header)
    if not keep.any():
        raise InputError(builder.source, _faults(rejects) or [_no_rows(builder.source).faults[0]])

    taken: slice | Mask = slice(0, count) if keep.all() else np.append(keep, np.zeros(raw.rows - count, dtype=bool))
    parts = {name: values[taken] for name, values in quantities.items()}
    kept = {name: values[taken] for name, values in columns.items()} | parts
    source_row = raw.source_row[taken]
    printed = {n: replace(rate, array=rate.array[taken]) for n, rate in rates.items()}
    rate_checks, rate_notes = verify_rates(printed, parts, builder.decimals, source_row, table)
    frame, currency = _frame(builder, kept, source_row, rates)
    footer, checks = compare_totals(builder, quantities, parts, frame) if footer_row else (None, empty_checks())
    mismatch = not bool(checks["ok"].all())
    if mismatch and not accept_mismatch:
        faults = total_faults(checks, int(raw.source_row[-1]), len(frame))
        raise InputError(builder.source, faults + _faults(rejects))
    frame, account_notes = fill_account(frame, builder.source, account)
    frame = _ordered(frame, table)
    builder.notes += [*rate_notes, *account_notes, *remarks(frame, checks, footer, rejects, mismatch=mismatch)]
    if builder.mapped.unknown:
        shown = ", ".join(map(repr, builder.mapped.unknown[:5])) + (", ..." if len(builder.mapped.unknown) > 5 else "")
        builder.notes.append(f"{len(builder.mapped.unknown)} unknown columns not read: {shown}")
    language = next(iter(builder.mapped.languages), None)
    if language:
        builder.notes.append(f"headers read as {language}")
    return AdsReport(
        frame=frame,
        level=level,
        by_day=by_day,
        currency=currency,
        footer=footer,
        checks=checks,
        rejects=rejects,
        notes=tuple(dict.fromkeys(builder.notes)),
        encoding=encoding,
        delimiter=header.delimiter,
        unknown_columns=builder.mapped.unknown,
        rate_checks=rate_checks,
        mismatch=mismatch,
        language=language,
        source=builder.source,
    )


def _no_rows(source: str) -> InputError:
    return InputError.single(
        source,
        field="rows",
        value="none",
        rule="at least one row below the header that is no total",
        remedy="choose a period in which the account had campaigns, and export again",
    )


def _texts(builder: Builder) -> Columns:
    """Read names, ids, descriptions and currencies."""
    columns: Columns = {}
    for name in builder.of_kind("name", "breakdown", "text"):
        columns[name] = builder.strings(name)
    for name in builder.of_kind("id"):
        columns[name] = builder.identifiers(name)
    if "currency" in builder.position:
        columns["currency"] = builder.currencies()
    return {n: v for n, v in columns.items() if n == "currency" or any(x is not None for x in v)}


def _filled(values: NDArray[np.object_]) -> Mask:
    return np.asarray(pd.notna(values), dtype=bool)


def _level(columns: Columns, rows: int) -> tuple[Level, Mask]:
    """Give the narrowest level that the file names, and the rows that name an object of it."""
    for level in reversed(LEVELS):
        parts = [columns[f"{level}_{p}"] for p in ("name", "id") if f"{level}_{p}" in columns]
        if parts:
            named = np.zeros(rows, dtype=bool)
            for values in parts:
                named |= _filled(np.asarray(values, dtype=object))
            return level, named
    return "campaign", np.zeros(rows, dtype=bool)


def _times(builder: Builder, columns: Columns) -> bool:
    """Read day and hour; a column of days that says nothing in any row is none."""
    if "hour" in builder.position:
        hours, lost = builder.hours()
        if not lost.all():
            columns["hour"] = hours
    if "date" in builder.position:
        days, lost = builder.days()
        if not lost.all() or not builder.blank("date").all():
            columns["date"] = days
        else:
            builder.notes.append(f"{builder.header('date')} says nothing in any row")
    elif "hour" in columns:
        columns["date"] = columns["hour"].astype("datetime64[D]").astype("datetime64[s]")
    return "date" in columns


def _refuse(builder: Builder, rows: list[int], column: str, rule: str, remedy: str) -> None:
    builder.rejects.add(rows, column, [""] * len(rows), rule, remedy)


def _require(builder: Builder, named: Mask, level: Level, days: NDArray[np.datetime64] | None) -> None:
    """Refuse rows that name no object, and rows without a day in a report by day."""
    seen = set(builder.rejects.rows)
    place = builder.position.get(f"{level}_name", builder.position.get(f"{level}_id"))
    header = builder.headers[place].strip() if place is not None else level
    lost = [r for r in np.flatnonzero(~named).tolist() if r not in seen]
    _refuse(builder, lost, header, f"a row that names its {level.replace('_', ' ')}", "export again")
    if days is not None:
        name = "date" if "date" in builder.position else "hour"
        missing = [r for r in np.flatnonzero(np.isnat(days)).tolist() if r not in seen]
        _refuse(builder, missing, builder.header(name), "a day in every row of a report by day", "export again")


def _reject_table(builder: Builder, header: Header) -> pd.DataFrame:
    table = builder.rejects.frame(builder.raw.source_row) if builder.rejects.rows else empty_rejects()
    ragged = builder.raw.ragged
    if ragged:
        extra = pd.DataFrame(
            {
                "row": [number for number, _ in ragged],
                "column": "row",
                "value": [" | ".join(cells)[:200] for _, cells in ragged],
                "rule": [f"{len(header.names)} cells as in the header, not {len(cells)}" for _, cells in ragged],
                "remedy": "export it again; the row was cut off or has a separator too many",
            }
        )
        parts = [table, extra] if len(table) else [extra]
        table = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    return table


def _faults(rejects: pd.DataFrame) -> list[Fault]:
    faults = [
        Fault(f"row {row}, column {column}", column, value, rule, remedy)
        for row, column, value, rule, remedy in rejects.head(SHOWN_FAULTS).itertuples(index=False, name=None)
    ]
    if len(rejects) > SHOWN_FAULTS:
        more = len(rejects) - SHOWN_FAULTS
        faults.append(Fault("file", "rows", f"{more} more cells", "as above", "mend the file as above"))
    return faults


def _frame(
    builder: Builder, kept: Columns, source_row: NDArray[np.int64], rates: Iterable[str]
) -> tuple[pd.DataFrame, str | None]:
    """Put the columns together, with one currency and the rates recomputed."""
    frame = pd.DataFrame({name: pd.Series(values) for name, values in kept.items()})
    frame["source_row"] = source_row
    currency = one_currency(builder, frame)
    if currency is not None:
        frame["currency"] = currency
    frame = recompute(frame)
    for name in rates:
        column = builder.table.columns[name]
        below = column.denominators[0]
        if name not in frame.columns and column.numerator in frame.columns and below in frame.columns:
            frame[name] = divide(
                frame[column.numerator].to_numpy(dtype=np.float64),
                frame[below].to_numpy(dtype=np.float64),
                column.factor,
            )
    return frame, currency


def _ordered(frame: pd.DataFrame, table: AliasTable) -> pd.DataFrame:
    known = [c for c in table.columns if c in frame.columns]
    return frame[[*known, *(c for c in frame.columns if c not in table.columns)]]
