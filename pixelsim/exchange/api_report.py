"""Report rows of the Business API as a report: the same checks as for an export, no row of totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pixelsim.base.errors import InputError
from pixelsim.exchange.answers import Answer, answers_in
from pixelsim.exchange.build import Builder
from pixelsim.exchange.columns import alias_table
from pixelsim.exchange.documents import NumberText, as_row, read_documents
from pixelsim.exchange.header import Header
from pixelsim.exchange.read import build_report
from pixelsim.exchange.report import AdsReport
from pixelsim.exchange.table import table_of_rows

__all__ = ["read_api_report", "report_of_rows", "report_of_table"]


def _cell(value: Any) -> str:
    """Give a JSON value as a cell; lists, objects and truth values are none of a report's quantities."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else type(value).__name__


def report_of_table(
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    source: str,
    *,
    account: str | Mapping[str, str] | None = None,
    notes: Iterable[str] = (),
    first_row: int = 1,
    known_ids: Iterable[str] = (),
) -> AdsReport:
    """Make a report of cells with a header, as an export but never with a row of totals.

    Parameters
    ----------
    names
        Headers in any known language, or the API's field names.
    rows
        Cells of each row, numbers with a decimal point.
    source
        Name of the file or folder.
    account
        Id of the ad account, or ids by account name.
    notes
        What a reader should know already.
    first_row
        Row number in the file of the first row of cells.
    known_ids
        Ids that are known to be whole, however many zeros they end in.

    Raises
    ------
    InputError
        Nothing is known by these names, or no row can be read.
    """
    table = alias_table()
    score = table.score(list(names))
    if not score:
        raise table.refuse(source, names)
    builder = Builder(
        source=source,
        raw=table_of_rows(rows, first_row, len(names)),
        mapped=table.match(names),
        table=table,
        headers=list(names),
        decimal=".",
        day_first=None,
        known_ids=frozenset(known_ids),
        notes=list(notes),
    )
    return build_report(builder, Header(tuple(names), 0, None, score), "utf-8", account=account, totals=False)


def report_of_rows(
    rows: Iterable[Mapping[str, Any]],
    source: str,
    *,
    currency: str | None = None,
    account: str | None = None,
    notes: Iterable[str] = (),
) -> AdsReport:
    """Make a report of rows of ``dimensions`` and ``metrics``.

    Parameters
    ----------
    rows
        Rows of the report call; ``source_row`` numbers them from 1.
    source
        Name of the file or folder.
    currency
        Three-letter code of the amounts, which the rows do not say unless ``currency`` was asked for as a metric.
    account
        Id of the ad account, where the rows do not say.
    notes
        What a reader should know already.

    Raises
    ------
    InputError
        There are no rows, or none can be read.
    """
    flat = [{**as_row(row.get("dimensions")), **as_row(row.get("metrics"))} for row in rows]
    names = list(dict.fromkeys(str(name) for row in flat for name in row))
    if not flat:
        raise InputError.single(
            source, field="rows", value="none", rule="at least one row of a report", remedy="ask for days with delivery"
        )
    told = list(notes)
    if currency is not None and "currency" not in names:
        names.append("currency")
        flat = [{**row, "currency": currency} for row in flat]
        told.append(f"currency {currency} is that of the ad account; the rows do not say")
    widths = {n for n in names if any(type(row.get(n)) is NumberText for row in flat) and n.endswith("_id")}
    if widths:
        told.append(f"{', '.join(sorted(widths))} came as numbers and are kept digit by digit")
    cells = [[_cell(row.get(name)) for name in names] for row in flat]
    # No spreadsheet came between the API and this file, so ids that end in zeros are no rounded ones.
    places = [at for at, name in enumerate(names) if name.endswith("_id")]
    known = {row[at].strip() for row in cells for at in places}
    return report_of_table(names, cells, source, account=account, notes=told, known_ids=known)


def read_api_report(path: str | Path, *, currency: str | None = None, account: str | None = None) -> AdsReport:
    """Read answers of the report call from a file: one answer, several, or one row of a report on each line.

    Parameters
    ----------
    path
        A JSON file, or JSON lines.
    currency, account
        As in :func:`report_of_rows`.

    Raises
    ------
    InputError
        The file cannot be read, or has no row of a report.
    """
    path = Path(path)
    values, faults = read_documents(path)
    found = [a for at, value in values for a in answers_in(value, path.name, f"{path.name} row {at}")]
    reports = [a for a in found if a.endpoint == "report/integrated/get"]
    failed = [a for a in found if a.status == "failed"]
    notes = [f"{a.place} failed with code {a.code}: {a.message}" for a in failed]
    notes += [f"{f.place} is not read: {f.value}" for f in faults]
    rows = [row for a in reports for row in a.rows]
    if not rows and failed:
        raise InputError.single(
            path.name,
            place=failed[0].place,
            field="code",
            value=f"{failed[0].code}, {failed[0].message}",
            rule="0 or 20001; the call failed inside, whatever its HTTP status",
            remedy="ask again, and save the new answer",
        )
    return report_of_rows(rows, path.name, currency=currency, account=account or _account(reports), notes=notes)


def _account(answers: Sequence[Answer]) -> str | None:
    ids = {a.asked["advertiser_id"] for a in answers if "advertiser_id" in a.asked}
    return ids.pop() if len(ids) == 1 else None
