"""Rates: recomputed from their parts; the printed ones only tell whether the columns were understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.exchange.columns import AliasTable, Column

__all__ = ["PrintedRate", "divide", "recompute", "verify_rates"]

FloatArray = NDArray[np.float64]

RECOMPUTED = {
    "ctr": ("clicks", "impressions", 1.0),
    "cvr": ("conversions", "clicks", 1.0),
    "cpc": ("spend", "clicks", 1.0),
    "cpm": ("spend", "impressions", 1000.0),
    "cpa": ("spend", "conversions", 1.0),
}
"""Rates that every report has: numerator, denominator, factor. CVR is per click, whatever the edition prints."""


@dataclass(frozen=True, slots=True)
class PrintedRate:
    """A rate as a file prints it.

    Parameters
    ----------
    array
        The printed numbers without percent sign, NaN where missing.
    decimals
        Decimals printed.
    percent
        The cells carry a percent sign.
    """

    array: FloatArray
    decimals: int
    percent: bool


def divide(numerator: FloatArray, denominator: FloatArray, factor: float = 1.0) -> FloatArray:
    """Divide where the denominator is known and not zero; NaN elsewhere."""
    out = np.full(len(numerator), np.nan)
    np.divide(numerator * factor, denominator, out=out, where=np.nan_to_num(denominator) != 0)
    return out


def recompute(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the frame with the rates computed from its quantities (NaN where a part is missing or zero)."""
    made = {}
    for name, (top, bottom, factor) in RECOMPUTED.items():
        if top in frame.columns and bottom in frame.columns:
            made[name] = divide(frame[top].to_numpy(dtype=np.float64), frame[bottom].to_numpy(dtype=np.float64), factor)
    return frame.assign(**made)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well one reading of a printed rate (what it divides by, and its unit) fits the quantities."""

    basis: str
    compared: NDArray[np.int64]
    off: NDArray[np.int64]
    distance: float


def _fit(
    printed: PrintedRate,
    column: Column,
    parts: Mapping[str, FloatArray],
    digits: int,
    *,
    basis: str,
    scale: float,
) -> _Fit:
    below = parts[basis]
    right = divide(parts[column.numerator], below, column.factor) * scale
    compared = np.flatnonzero(np.isfinite(right) & np.isfinite(printed.array))
    # Editions round or cut off, so a printed rate may be off by a whole unit of its last digit; an amount was itself
    # rounded to half a unit of its last digit, which matters where the denominator is small.
    half = 0.5 * 10.0**-digits if digits else 0.0
    allowed = (
        10.0**-printed.decimals * (1 + 1e-9)
        + half * column.factor * scale / np.abs(below[compared])
        + 1e-9 * np.abs(right[compared])
    )
    distance = np.abs(printed.array[compared] - right[compared])
    return _Fit(basis, compared, compared[distance > allowed], float(distance.sum()))


def verify_rates(
    printed: Mapping[str, PrintedRate],
    parts: Mapping[str, FloatArray],
    decimals: Mapping[str, int],
    source_row: NDArray[np.int64],
    table: AliasTable,
) -> tuple[pd.DataFrame, list[str]]:
    """Compare printed rates with the quantities they are made of.

    Parameters
    ----------
    printed
        Printed rates by canonical name.
    parts
        Quantities by canonical name, float64, same rows.
    decimals
        Decimals printed in each quantity.
    source_row
        Row number in the file of each row.

    Returns
    -------
    checks : DataFrame
        ``rate``, ``basis``, ``rows``, ``off``, ``first_row``, ``ok``.
    notes : list of str
        What stands out: a rate over impressions, or one that does not fit.
    """
    rows, notes = [], []
    for name, rate in printed.items():
        column = table.columns[name]
        if column.numerator not in parts:
            continue
        scales = (1.0,) if column.money else ((100.0,) if rate.percent else (100.0, 1.0))
        bases = [*column.denominators, *(("clicks_all",) if "clicks" in column.denominators else ())]
        digits = decimals.get(column.numerator, 0)
        fits = [_fit(rate, column, parts, digits, basis=b, scale=s) for b in bases if b in parts for s in scales]
        if not fits or not len(fits[0].compared):
            continue
        best = min(fits, key=lambda f: (len(f.off), f.distance))
        misses = len(best.off)
        first = int(source_row[best.off[0]]) if misses else -1
        rows.append((name, best.basis, len(best.compared), misses, first, misses == 0))
        if misses:
            notes.append(
                f"printed {column.header} differs from {column.numerator} / {best.basis} in {misses} of "
                f"{len(best.compared)} rows, first in row {first}; the recomputed rate is used"
            )
        elif name == "cvr" and all(len(f.off) for f in fits if f.basis == "clicks"):
            notes.append("the printed conversion rate is per impression in this edition; cvr here is per click")
    frame = pd.DataFrame(rows, columns=["rate", "basis", "rows", "off", "first_row", "ok"])
    return frame.astype({"rows": np.int64, "off": np.int64, "first_row": np.int64, "ok": bool}), notes
