"""Units of amounts: stated for each column, never guessed (field case P103)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError, UnknownNameError

__all__ = ["UNITS", "in_major_units", "unit_size"]

UNITS: Mapping[str, int] = {"major": 1, "cents": 100, "milli": 1_000, "micros": 1_000_000}
"""How many of a unit make one of the currency's own."""

_SUSPECT = re.compile(r"[_\s](micros?|cents?|minor)$", re.IGNORECASE)


def unit_size(unit: str) -> int:
    """Give how many of a unit make one of the currency's own.

    Raises
    ------
    UnknownNameError
        The unit is not one of ``UNITS``.
    """
    if unit not in UNITS:
        raise UnknownNameError("unit of an amount", unit, tuple(UNITS))
    return UNITS[unit]


def in_major_units(
    table: pd.DataFrame, units: Mapping[str, str] | None = None, *, source: str = "table"
) -> pd.DataFrame:
    """Convert amounts to the currency's own unit, each column by its own stated unit.

    Parameters
    ----------
    table
        Amounts as numbers, whatever their unit.
    units
        For each column of amounts: ``major``, ``cents``, ``milli`` or ``micros``.
    source
        What to call the table in a refusal.

    Returns
    -------
    DataFrame
        The same columns, converted; a unit at the end of a name (``_micros``, ``_cents``) is dropped from it.

    Raises
    ------
    InputError
        A column's name speaks of a unit and the map does not say which one; or the map names no column.
    """
    given = dict(units or {})
    faults = [
        Fault(
            place=f"column {name}",
            field=str(name),
            value="an amount without a unit",
            rule="a column whose unit is stated",
            remedy=f"say it with units={{{str(name)!r}: 'micros'}} (or cents, milli, major)",
        )
        for name in table.columns
        if _SUSPECT.search(str(name)) and name not in given
    ]
    faults += [
        Fault(f"column {name}", str(name), "no such column", "a column of the table", "check the unit map")
        for name in given
        if name not in table.columns
    ]
    if faults:
        raise InputError(source, faults)
    out = table.copy()
    for name, unit in given.items():
        out[name] = table[name].to_numpy(dtype=np.float64) / unit_size(unit)
    return out.rename(columns={name: _SUSPECT.sub("", str(name)) for name in given})
