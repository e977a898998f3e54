"""What a reader of a report's numbers should know, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pixelsim.exchange.build import Builder
from pixelsim.exchange.report import MISMATCH, key_columns

__all__ = ["one_currency", "remarks"]


def one_currency(builder: Builder, frame: pd.DataFrame) -> str | None:
    """Give the file's one currency: from its column, a header such as ``Cost (USD)``, or a sign at the amounts."""
    if "currency" in frame.columns:
        codes = frame["currency"].dropna().unique().tolist()
        if len(codes) > 1:
            builder.notes.append(f"amounts in {', '.join(sorted(map(str, codes)))} are never added up together")
            return None
        if codes:
            if frame["currency"].isna().any():
                builder.notes.append(f"rows without a currency are read as {codes[0]}, the file's only one")
            return str(codes[0])
    if builder.mapped.currency:
        builder.notes.append(f"currency {builder.mapped.currency} taken from a header")
        return builder.mapped.currency
    if len(builder.symbols) == 1:
        code = next(iter(builder.symbols))
        builder.notes.append(f"currency {code} taken from the sign at the amounts")
        return code
    return None


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def remarks(
    frame: pd.DataFrame,
    checks: pd.DataFrame,
    footer: Mapping[str, float] | None,
    rejects: pd.DataFrame,
    *,
    mismatch: bool,
) -> list[str]:
    """Say what a reader of the numbers should know."""
    notes = []
    if footer is None:
        notes.append("no row of totals: nothing in the file to check the sums against")
    elif checks.empty:
        notes.append("the row of totals says nothing about the columns that can be added up")
    notes += [
        f"{check.column}: the rows add up to {check.sum_of_rows:.12g}, the totals say {check.footer:.12g}; "
        "within the rounding of the rows"
        for check in checks[checks["how"] == "rounding"].itertuples()
    ]
    if mismatch:
        wrong = ", ".join(checks.loc[~checks["ok"], "column"].astype(str))
        notes.append(f"{MISMATCH} for {wrong}")
    if len(rejects):
        notes.append(f"{_rows(rejects['row'].nunique())} left out; see rejects")
    quantities = [c for c in ("spend", "impressions", "clicks", "conversions") if c in frame.columns]
    zero = (frame[quantities] == 0).all(axis=1) if quantities else pd.Series(dtype=bool)
    if zero.any():
        count = int(zero.sum())
        notes.append(f"{_rows(count)} {'is' if count == 1 else 'are'} zero throughout; kept")
    if {"conversions", "impressions"} <= set(frame.columns):
        late = int(((frame["conversions"] > 0) & (frame["impressions"] == 0)).sum())
        if late:
            notes.append(f"{_rows(late)} with conversions without impressions; kept")
    if "spend" in frame.columns and (frame["spend"] < 0).any():
        notes.append(f"{_rows(int((frame['spend'] < 0).sum()))} with negative cost; kept")
    if "reach" in frame.columns:
        notes.append("reach counts people and is never added up over rows")
    keys = key_columns(frame)
    repeated = frame.duplicated(keys, keep=False)
    if repeated.any():
        first = frame.loc[repeated, "source_row"].head(4).tolist()
        notes.append(
            f"{int(repeated.sum())} rows share all of {', '.join(keys)} with another row (rows "
            f"{', '.join(map(str, first))}...); kept apart"
        )
    return notes
