"""The report that a file is read into: a tidy table, its checks, and everything that was left out or guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.exchange.columns import alias_table

__all__ = [
    "BREAKDOWNS",
    "MISMATCH",
    "AdsReport",
    "Level",
    "additive_columns",
    "empty_checks",
    "empty_rejects",
    "key_columns",
    "several_currencies",
]

Level = Literal["campaign", "ad_group", "ad"]

LEVELS: tuple[Level, ...] = ("campaign", "ad_group", "ad")
BREAKDOWNS = ("country", "gender", "age", "placement")
MISMATCH = "TOTAL_MISMATCH accepted"
"""Mark of everything that is made from a file whose totals differ from its rows."""

NEVER_ADDED = ("reach", "frequency", "budget", "ad_group_budget")
"""Columns of people and plans, which adding up over rows would falsify (field case P73)."""


def additive_columns(frame: pd.DataFrame) -> list[str]:
    """Give the columns of a report that may be added up over rows, in the frame's order."""
    columns = alias_table().columns
    return [c for c in frame.columns if c in columns and columns[c].additive]


def key_columns(frame: pd.DataFrame) -> list[str]:
    """Give all columns that together tell rows apart: account, every object (by id, else by name), breakdowns, time."""
    keys = []
    for level in ("account", *LEVELS):
        for part in ("id", "name"):
            name = f"{level}_{part}"
            if name in frame.columns and frame[name].notna().any():
                if part == "name" and f"{level}_id" in frame.columns and frame[f"{level}_id"].notna().all():
                    continue
                keys.append(name)
    return [*keys, *(c for c in (*BREAKDOWNS, "date", "hour") if c in frame.columns)]


def several_currencies(frame: pd.DataFrame) -> bool:
    """Say whether a report's rows are in more than one currency, so that amounts must not be added up."""
    return "currency" in frame.columns and len(frame["currency"].dropna().unique()) > 1


def empty_checks() -> pd.DataFrame:
    """Give a table of no checks."""
    return pd.DataFrame(
        {
            "column": pd.Series(dtype=object),
            "sum_of_rows": pd.Series(dtype=np.float64),
            "footer": pd.Series(dtype=np.float64),
            "ok": pd.Series(dtype=bool),
            "how": pd.Series(dtype=object),
        }
    )


def empty_rejects() -> pd.DataFrame:
    """Give a table of no rejects."""
    return pd.DataFrame(
        {
            "row": pd.Series(dtype=np.int64),
            "column": pd.Series(dtype=object),
            "value": pd.Series(dtype=object),
            "rule": pd.Series(dtype=object),
            "remedy": pd.Series(dtype=object),
        }
    )


@dataclass(frozen=True, eq=False)
class AdsReport:
    """An Ads Manager export, read.

    Parameters
    ----------
    frame
        One row for each row of the file that was accepted. Columns, where the file has them: ``date`` (datetime64),
        ``hour`` (datetime64, account's clock), names and ids (text), breakdowns, ``status``, ``budget``, ``currency``
        (three letters), quantities (float64, NaN = missing), the rates ``ctr``, ``cvr`` (conversions per click),
        ``cpc``, ``cpm``, ``cpa`` recomputed from them (fractions and currency, never percent), and ``source_row``
        (int64, row number in the file from 1).
    level
        What a row is about: campaign, ad group or ad.
    by_day
        There is one row for each day.
    currency
        Three-letter code, or None if the file does not say or mixes several.
    footer
        The totals that the file prints in its last row, by column; None if it has none.
    checks
        For each additive column of the footer: ``column``, ``sum_of_rows``, ``footer``, ``ok``, ``how`` (``equal``,
        ``rounding``, ``differs``).
    rejects
        Rows left out: ``row``, ``column``, ``value``, ``rule``, ``remedy``.
    notes
        What was recognised or guessed, in words.
    encoding, delimiter
        How the text was read; None for a spreadsheet's delimiter.
    unknown_columns
        Headers that no alias fits; they are not in ``frame``.
    rate_checks
        For each printed rate: ``rate``, ``basis`` (what it divides by), ``rows`` compared, ``off`` (rows out of printed
        precision), ``first_row`` (the first of these), ``ok``.
    mismatch
        The totals differ and the caller accepted it.
    language
        Language of most headers.
    source
        Name of the file.
    """

    frame: pd.DataFrame
    level: Level
    by_day: bool
    currency: str | None
    footer: Mapping[str, float] | None
    checks: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...]
    encoding: str
    delimiter: str | None
    unknown_columns: tuple[str, ...]
    rate_checks: pd.DataFrame = field(default_factory=pd.DataFrame)
    mismatch: bool = False
    language: str | None = None
    source: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that together tell rows apart; names repeat, so all objects and the day belong to it."""
        return tuple(key_columns(self.frame))

    @property
    def additive(self) -> tuple[str, ...]:
        """The columns that may be added up over rows."""
        return tuple(additive_columns(self.frame))

    def totals(self) -> pd.Series[float]:
        """Add up the additive columns; amounts only in a single currency, and people never.

        Returns
        -------
        Series of float64
            Sum for each additive column, NaN where every row is missing.
        """
        columns = alias_table().columns
        mixed = several_currencies(self.frame)
        names = [c for c in self.additive if not (mixed and columns[c].kind == "money")]
        return pd.Series({c: column_sum(self.frame[c].to_numpy(dtype=np.float64)) for c in names}, dtype=np.float64)

    def __repr__(self) -> str:
        days = ""
        if self.by_day and len(self.frame):
            days = f", {self.frame['date'].min():%Y-%m-%d} to {self.frame['date'].max():%Y-%m-%d}"
        state = " MISMATCH" if self.mismatch else ""
        left = f", {self.rejects['row'].nunique()} left out" if len(self.rejects) else ""
        return (
            f"<AdsReport {self.source}: {len(self.frame)} {self.level.replace('_', ' ')} rows{days}, "
            f"currency {self.currency or 'unknown'}{left}{state}>"
        )


def column_sum(values: NDArray[np.float64]) -> float:
    """Add up what is known; NaN if nothing is, so that a missing quantity does not become zero.

    Amounts of both signs are added exactly, since they may cancel; others lose nothing in NumPy's pairwise sum.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    return math.fsum(known) if known.min() < 0 else float(known.sum())
