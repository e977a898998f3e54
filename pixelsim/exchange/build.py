"""From cells to typed columns: each cell read once, each fault kept with its row, column, rule and remedy."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import InputError
from pixelsim.exchange import ids
from pixelsim.exchange.cells import is_blank, unguard_cell
from pixelsim.exchange.columns import WHOLE, AliasTable, Kind, Mapped
from pixelsim.exchange.days import DayOrder, decide_order, parse_day, parse_hour
from pixelsim.exchange.numerals import (
    Decimal,
    NumberStyle,
    currency_of,
    decide_decimal,
    is_missing,
    printed_decimals,
)
from pixelsim.exchange.rates import PrintedRate
from pixelsim.exchange.table import Numbers, RawTable, Text
from pixelsim.exchange.units import unit_size

__all__ = ["Builder", "Rejects"]

FloatArray = NDArray[np.float64]

ROUNDED_SHARE = 0.1
"""Share of long ids that may end in four zeros by chance (1 in 10,000 does); above it the column was rounded."""

_CODE = re.compile(r"[A-Z]{3}")


@dataclass
class Rejects:
    """Cells that were refused, by row of the table."""

    rows: list[int] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)

    def add(self, rows: Iterable[int], column: str, values: Iterable[str], rule: str, remedy: str) -> None:
        """Refuse cells of one column for one reason."""
        taken = [int(r) for r in rows]
        self.rows += taken
        self.columns += [column] * len(taken)
        self.values += list(values)
        self.rules += [rule] * len(taken)
        self.remedies += [remedy] * len(taken)

    def without(self, row: int) -> Rejects:
        """Give the refused cells of all rows but one."""
        stay = [at for at, r in enumerate(self.rows) if r != row]
        return Rejects(
            rows=[self.rows[at] for at in stay],
            columns=[self.columns[at] for at in stay],
            values=[self.values[at] for at in stay],
            rules=[self.rules[at] for at in stay],
            remedies=[self.remedies[at] for at in stay],
        )

    def frame(self, source_row: NDArray[np.int64]) -> pd.DataFrame:
        """Give the table of rejects, with row numbers of the file, in file order."""
        table = pd.DataFrame(
            {
                "row": source_row[np.asarray(self.rows, dtype=np.int64)],
                "column": self.columns,
                "value": self.values,
                "rule": self.rules,
                "remedy": self.remedies,
            }
        )
        return table.sort_values("row", kind="stable", ignore_index=True)


@dataclass
class Builder:
    """Reads the recognised columns of one file.

    Parameters
    ----------
    source, raw, mapped, table, headers
        The file's name, cells, matched headers, the alias table, and the headers as written.
    decimal, day_first, known_ids, units
        The caller's choices.
    """

    source: str
    raw: RawTable
    mapped: Mapped
    table: AliasTable
    headers: Sequence[str]
    decimal: Decimal | None = None
    day_first: bool | None = None
    known_ids: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)
    rejects: Rejects = field(default_factory=Rejects)
    notes: list[str] = field(default_factory=list)
    position: dict[str, int] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)
    symbols: set[str] = field(default_factory=set)
    _texts: dict[str, Text] = field(default_factory=dict)
    _samples: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.notes += self.mapped.repeated
        self.position = {name: self._one(name, at) for name, at in self.mapped.positions.items()}

    def kind(self, name: str) -> Kind:
        """Give the kind of a canonical column."""
        return self.table.columns[name].kind

    def header(self, name: str) -> str:
        """Give a canonical column's header as the file writes it."""
        return self.headers[self.position[name]].strip().lstrip("\ufeff")

    def of_kind(self, *kinds: Kind) -> list[str]:
        """List the recognised columns of some kinds, in file order."""
        return sorted((n for n in self.position if self.kind(n) in kinds), key=self.position.__getitem__)

    def _one(self, name: str, places: tuple[int, ...]) -> int:
        """Choose the column of a name that several headers mean: equal ones are one, different ones are refused."""
        if len(places) == 1:
            return places[0]
        texts = [self.raw.text(at) for at in places]
        first = np.asarray(texts[0].distinct, dtype=object)[texts[0].codes]
        shown = ", ".join(f"{self.headers[at].strip()!r} (column {at + 1})" for at in places)
        for other in texts[1:]:
            if not np.array_equal(first, np.asarray(other.distinct, dtype=object)[other.codes]):
                raise InputError.single(
                    self.source,
                    place="header",
                    field=name,
                    value=shown,
                    rule="one column for each quantity; these mean the same and hold different values",
                    remedy="export with one of them",
                )
        self.notes.append(f"{shown} hold the same values and are read once as {name}")
        return places[0]

    # Numbers

    def find_style(self) -> None:
        """Find the file's decimal mark from its first rows, unless the caller gave it."""
        if self.decimal is not None:
            return
        loose: list[str] = []
        whole: list[str] = []
        for name in self.of_kind("count", "money", "people", "budget", "rate"):
            (whole if self.kind(name) in {"count", "people"} else loose).extend(self.sample(name))
        style = decide_decimal(loose, whole)
        if style.decimal is None and style.note:
            raise self._no_style(style)
        self.decimal = style.decimal
        if style.note:
            self.notes.append(style.note)

    def sample(self, name: str) -> list[str]:
        """Give the first cells of a column and its last one, read once."""
        if name not in self._samples:
            self._samples[name] = self.raw.sample(self.position[name])
        return self._samples[name]

    def _no_style(self, style: NumberStyle) -> InputError:
        return InputError.single(
            self.source,
            field="decimal mark",
            value="unknown",
            rule=f"a point or a comma throughout; {style.note}",
            remedy="say decimal='.' or decimal=','",
        )

    def read_numbers(self) -> dict[str, Numbers]:
        """Read every numeric column; late cells may still tell the decimal mark of a file that starts without any."""
        names = self.of_kind("count", "money", "people", "budget", "rate")
        read = {name: self.raw.numbers(self.position[name], self.decimal) for name in names}
        if self.decimal is None:
            loose = [c for n in names if self.kind(n) not in {"count", "people"} for c in read[n].bad_cells]
            whole = [c for n in names if self.kind(n) in {"count", "people"} for c in read[n].bad_cells]
            style = decide_decimal(loose, whole)
            if style.decimal is None and style.note:
                raise self._no_style(style)
            if style.decimal is not None:
                self.decimal = style.decimal
                again = [n for n in names if len(read[n].bad_rows)]
                read |= {name: self.raw.numbers(self.position[name], self.decimal) for name in again}
        return read

    def quantities(self, read: Mapping[str, Numbers]) -> dict[str, FloatArray]:
        """Give the columns of quantities as float64 in the currency's own unit, refusing what is none."""
        out: dict[str, FloatArray] = {}
        for name in self.of_kind("count", "money", "people", "budget"):
            numbers, header = read[name], self.header(name)
            sample = self.sample(name)
            self.decimals[name] = printed_decimals(sample, self.decimal)
            self.rejects.add(
                numbers.bad_rows,
                header,
                numbers.bad_cells,
                "a number" + (f" with decimal mark {self.decimal!r}" if self.decimal else ""),
                "correct the cell in a new export, or say decimal=",
            )
            values = numbers.array
            if self.kind(name) in {"count", "people"}:
                wrong = values < 0
                if name in WHOLE:
                    wrong |= (values != np.round(values)) & np.isfinite(values)
                self._refuse_values(np.flatnonzero(wrong), name, "a whole number of at least 0")
            else:
                self.symbols |= {code for cell in sample if (code := currency_of(cell))}
                values = self._scaled(name, values)
            out[name] = values
        return out

    def _refuse_values(self, rows: NDArray[np.int64], name: str, rule: str) -> None:
        if len(rows):
            text = self.words(name)
            self.rejects.add(rows, self.header(name), (text.at(r) for r in rows), rule, "export the report again")

    def _scaled(self, name: str, values: FloatArray) -> FloatArray:
        header = self.header(name)
        unit = self.units.get(header)
        if unit is None:
            if name in self.mapped.units:
                raise InputError.single(
                    self.source,
                    place=f"column {header}",
                    field=header,
                    value="an amount without a unit",
                    rule="a column whose unit is stated",
                    remedy=f"say it with units={{{header!r}: 'micros'}} (or cents, milli, major)",
                )
            return values
        size = unit_size(unit)
        if size > 1:
            self.notes.append(f"{header} read in {unit} and divided by {size:,}")
            self.decimals[name] += len(str(size)) - 1
        return values / size

    def printed_rates(self, read: Mapping[str, Numbers]) -> dict[str, PrintedRate]:
        """Give the printed rates; they are compared, never used, so unreadable ones are no fault."""
        out = {}
        for name in self.of_kind("rate"):
            sample = self.sample(name)
            percent = any(c.rstrip().endswith(("%", "％")) for c in sample)
            out[name] = PrintedRate(read[name].array, printed_decimals(sample, self.decimal), percent)
        return out

    # Text

    def words(self, name: str) -> Text:
        """Give a column of text, read once."""
        if name not in self._texts:
            self._texts[name] = self.raw.text(self.position[name])
        return self._texts[name]

    def blank(self, name: str) -> NDArray[np.bool_]:
        """Say in which rows a column says nothing."""
        text = self.words(name)
        empty = np.asarray([is_blank(v) for v in text.distinct], dtype=bool)
        return empty[text.codes] if len(text.codes) else np.zeros(0, dtype=bool)

    def strings(self, name: str) -> NDArray[np.object_]:
        """Give a column of names or descriptions as text, None where it says nothing.

        The apostrophe that makes a cell harmless in a spreadsheet (``'=SUM``) is taken off again.
        """
        text = self.words(name)
        shown = [None if is_blank(v) else unguard_cell(v) for v in text.distinct]
        return np.asarray([*shown, None], dtype=object)[text.codes]

    def identifiers(self, name: str) -> NDArray[np.object_]:
        """Give a column of ids as text; ids that a spreadsheet rounded are repaired from known ids, or refused."""
        text = self.words(name)
        header = self.header(name)
        used: list[str | None] = []
        doubtful: list[int] = []
        refused: list[int] = []
        repaired = long = zeros = tails = 0
        for code, value in enumerate(text.distinct):
            if is_missing(value):
                used.append(None)
                continue
            finding = ids.inspect_id(value, self.known_ids)
            used.append(finding.id)
            tail = value.strip()[ids.KEPT_DIGITS :]
            long += bool(tail)
            zeros += bool(tail) and not tail.strip("0")
            tails += len(tail)
            repaired += finding.repaired
            if finding.status == "REFUSED":
                refused.append(code)
            elif finding.status == "LIKELY_ROUNDED" and not finding.repaired:
                doubtful.append(code)
        if repaired:
            self.notes.append(f"{repaired} rounded {header} repaired from the known ids")
        if not doubtful and zeros == long and tails >= ids.CERTAIN_ZEROS and not self.known_ids:
            doubtful = [c for c, v in enumerate(text.distinct) if len(v.strip()) > ids.KEPT_DIGITS]
        if doubtful and len(doubtful) > ROUNDED_SHARE * long:
            self._refuse_codes(text, doubtful, header, "an id with all its digits (LIKELY_ROUNDED)")
        elif doubtful:
            self.notes.append(f"{len(doubtful)} of {long} long {header} end in four zeros; kept, as chance allows")
        self._refuse_codes(text, refused, header, "an id with all its digits, not a rounded number")
        return np.asarray([*used, None], dtype=object)[text.codes]

    def _refuse_codes(self, text: Text, codes: Sequence[int], header: str, rule: str) -> None:
        if codes:
            rows = np.flatnonzero(np.isin(text.codes, codes))
            self.rejects.add(rows, header, (text.at(r) for r in rows), rule, ids.REMEDY)

    def currencies(self) -> NDArray[np.object_]:
        """Give the currency of each row as a three-letter code."""
        text = self.words("currency")
        codes = [None if is_missing(v) else v.strip().upper() for v in text.distinct]
        wrong = [i for i, c in enumerate(codes) if c is not None and not _CODE.fullmatch(c)]
        if wrong:
            rows = np.flatnonzero(np.isin(text.codes, wrong))
            self.rejects.add(
                rows, self.header("currency"), (text.at(r) for r in rows), "a code of three letters", "export again"
            )
        return np.asarray([*codes, None], dtype=object)[text.codes]

    # Time

    def days(self) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
        """Give the day of each row, and where it is missing or refused."""
        text = self.words("date")
        order, note = self._day_order(text)
        read: list[dt.date | None] = []
        wrong: list[int] = []
        for code, value in enumerate(text.distinct):
            try:
                read.append(parse_day(value, order))
            except ValueError:
                read.append(None)
                wrong.append(code)
        if note and (order or wrong):
            self.notes.append(note)
        rule = "one day, such as 2024-01-05" + (f"; {note}" if note and order is None else "")
        rows = np.flatnonzero(np.isin(text.codes, wrong))
        remedy = "say day_first=True or False" if note and order is None else "export with a breakdown by day"
        self.rejects.add(rows, self.header("date"), (text.at(r) for r in rows), rule, remedy)
        return _taken(read, text)

    def _day_order(self, text: Text) -> tuple[DayOrder | None, str | None]:
        if self.day_first is not None:
            return ("day first" if self.day_first else "month first"), None
        return decide_order(text.distinct, self.mapped.languages)

    def hours(self) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
        """Give the hour of each row on the account's clock, and where it is missing or refused."""
        text = self.words("hour")
        read: list[dt.datetime | None] = []
        wrong: list[int] = []
        for code, value in enumerate(text.distinct):
            try:
                read.append(parse_hour(value))
            except ValueError:
                read.append(None)
                wrong.append(code)
        rows = np.flatnonzero(np.isin(text.codes, wrong))
        self.rejects.add(
            rows,
            self.header("hour"),
            (text.at(r) for r in rows),
            "the beginning of an hour, such as 2024-01-05 14:00",
            "export with a breakdown by hour",
        )
        return _taken(read, text)


def _taken(read: Sequence[dt.date | None], text: Text) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    values = np.asarray([np.datetime64("NaT") if v is None else np.datetime64(v) for v in read], dtype="datetime64[s]")
    taken = values[text.codes] if len(values) else np.empty(0, dtype="datetime64[s]")
    return taken, np.isnat(taken)
