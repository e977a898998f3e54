"""The row of totals: recognised by structure in any language, and used as check sum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import Fault
from pixelsim.exchange.report import column_sum, empty_checks

__all__ = ["LastRow", "check_totals", "is_footer", "total_faults"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LastRow:
    """What the last row of a file looks like beside the rows above it.

    Parameters
    ----------
    label
        Its first cell that says something.
    rows_above
        Number of rows above it.
    keys_empty
        Every key column (objects, ids, day, breakdowns) other than the label's is empty, and at least one of them is
        filled in a row above.
    day_missing
        The file has a day in its rows, and this row has none.
    texts_empty
        Every descriptive column (status, budget, objective) is empty, and at least one is filled above.
    sums
        Sum of the rows above, by additive column; NaN where every row is missing.
    cells
        This row's cells of these columns, NaN where missing.
    largest
        Largest cell above, by the same columns.
    filled
        Rows above in which the column is not zero, by the same columns.
    """

    label: str
    rows_above: int
    keys_empty: bool
    day_missing: bool
    texts_empty: bool
    sums: Mapping[str, float]
    cells: Mapping[str, float]
    largest: Mapping[str, float]
    filled: Mapping[str, int]


def _same(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-12 * max(abs(left), abs(right), 1.0)


def _labelled(label: str, rows: int, patterns: Sequence[re.Pattern[str]]) -> tuple[bool, bool]:
    """Say whether a label reads as a total, and whether it at least counts the rows above."""
    text = " ".join(label.split())
    named = any(p.search(text) for p in patterns)
    numbers = re.findall(r"(?<![\d:/.-])\d[\d.,]*(?![\d:/-])", text) if any(c.isalpha() for c in text) else []
    counted = any(re.sub(r"[.,]", "", number) == str(rows) for number in numbers)
    return named, counted


def is_footer(last: LastRow, patterns: Sequence[re.Pattern[str]]) -> tuple[bool, str | None]:
    """Decide whether the last row is a row of totals.

    The decision weighs structure (keys, day and descriptions empty), arithmetic (its cells equal the sums of the rows
    above) and the label; no single one is needed, and no language.

    Returns
    -------
    footer : bool
    note : str or None
        What decided, or why a row that looks a little like a total was read as data.
    """
    named, counted = _labelled(last.label, last.rows_above, patterns)
    told = [c for c in last.cells if not np.isnan(last.cells[c]) and last.sums[c] and not np.isnan(last.sums[c])]
    equal = [c for c in told if _same(last.cells[c], last.sums[c])]
    some_equal = bool(equal)
    most_equal = some_equal and 2 * len(equal) >= len(told)
    proof = len(equal) >= 2 and len(equal) == len(told) and max(last.filled[c] for c in equal) >= 2
    plausible = all(last.cells[c] >= last.largest[c] for c in told)
    bare = last.keys_empty or last.texts_empty
    reasons = [
        word
        for word, holds in (
            (f"its label {last.label!r}", named),
            ("its label counts the rows", counted and not named),
            ("its keys are empty", last.keys_empty),
            ("it has no day", last.day_missing),
            ("its descriptions are empty", last.texts_empty),
            ("its numbers are the sums", most_equal),
        )
        if holds
    ]
    decided = (
        (named and (bare or last.day_missing or some_equal or plausible))
        or (counted and (bare or last.day_missing or some_equal))
        or (last.keys_empty and (some_equal or plausible))
        or (last.day_missing and some_equal)
        or (last.texts_empty and most_equal)
        or proof
    )
    if decided:
        return True, "last row read as totals: " + ", ".join(reasons)
    if named or counted or most_equal:
        return False, f"last row {last.label!r} read as data, though " + ", ".join(reasons)
    return False, None


def check_totals(
    footer: Mapping[str, float],
    columns: Mapping[str, FloatArray],
    decimals: Mapping[str, int],
) -> pd.DataFrame:
    """Compare a file's totals with the sums of its rows.

    Counts and amounts printed without decimals have to be equal. Amounts printed with decimals may differ by what
    rounding each row to its last digit can add up to: half a unit of the footer plus five standard deviations of the
    sum of ``n`` rounding errors, each uniform over one unit (sd = unit * sqrt(n / 12)).

    Parameters
    ----------
    footer
        Totals as read, by additive column, NaN where the footer is empty.
    columns
        The rows' cells by the same columns.
    decimals
        Decimals printed, by the same columns.

    Returns
    -------
    DataFrame
        ``column``, ``sum_of_rows``, ``footer``, ``ok``, ``how`` (``equal``, ``rounding``, ``differs``).
    """
    rows = []
    for name, total in footer.items():
        if np.isnan(total):
            continue
        values = columns[name]
        added = column_sum(values)
        added = 0.0 if np.isnan(added) else added
        printed = decimals.get(name, 0)
        allowed = 0.0
        if printed:
            unit = 10.0**-printed
            counted = int(np.count_nonzero(np.nan_to_num(values)))
            allowed = 0.5 * unit + 5 * unit * float(np.sqrt(counted / 12)) if counted > 1 else 0.0
        off = 0.0 if _same(added, total) else abs(added - total)
        how = "equal" if not off else ("rounding" if off <= allowed else "differs")
        rows.append((name, added, total, how != "differs", how))
    if not rows:
        return empty_checks()
    return pd.DataFrame(rows, columns=["column", "sum_of_rows", "footer", "ok", "how"])


def total_faults(checks: pd.DataFrame, row: int, rows: int) -> list[Fault]:
    """Make one fault for each total that differs (field case P136)."""
    return [
        Fault(
            place=f"row {row} (totals)",
            field=str(check.column),
            value=f"{check.footer:.12g}",
            rule=f"{check.sum_of_rows:.12g}, the sum of the {rows} accepted rows (TOTAL_MISMATCH)",
            remedy="export the file again, or read the rows as they are with accept_mismatch=True (--accept-mismatch)",
        )
        for check in checks.itertuples()
        if not check.ok
    ]
