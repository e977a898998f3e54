"""Columns of times: seconds, milliseconds or ISO text, never guessed where they are mixed (field case P133)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.report import empty_rejects

__all__ = ["TimeUnit", "Times", "read_times"]

TimeUnit = Literal["s", "ms", "iso"]

MILLISECONDS_FROM = 10**12
"""Numbers below are seconds: the rule of one public connector (field case P133)."""

FIRST_MS = 1_262_304_000_000
LAST_MS = 4_102_444_800_000
"""2010 and 2100 in milliseconds; instants outside are refused (assumption)."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, eq=False)
class Times:
    """A column of times, read.

    Parameters
    ----------
    instants
        datetime64[ms] in UTC, NaT where refused or missing.
    rejects
        Refused cells: ``row``, ``column``, ``value``, ``rule``, ``remedy``.
    unit
        The unit of all cells; None if they are mixed and the rule was switched on.
    """

    instants: NDArray[np.datetime64]
    rejects: pd.DataFrame
    unit: TimeUnit | None


def _unit_of(text: str) -> TimeUnit | None:
    if _NUMBER.fullmatch(text):
        return "ms" if int(text) >= MILLISECONDS_FROM else "s"
    return "iso" if re.match(r"\d{4}-\d{2}-\d{2}", text) else None


def _instant(text: str, unit: TimeUnit) -> int | None:
    """Give milliseconds since 1970 in UTC, or None if the cell is no time in that unit."""
    if unit == "iso":
        try:
            stamp = pd.Timestamp(text)
        except ValueError:
            return None
        stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
        at = round(stamp.timestamp() * 1000)
    elif _NUMBER.fullmatch(text) and len(text) < 20:
        at = int(text) * (1000 if unit == "s" else 1)
    else:
        return None
    return at if FIRST_MS <= at < LAST_MS else None


def read_times(
    cells: Sequence[str],
    *,
    unit: TimeUnit | None = None,
    by_size: bool = False,
    column: str = "time",
    source: str = "table",
    first_row: int = 2,
) -> Times:
    """Read a column of times.

    Parameters
    ----------
    cells
        Text of each cell: whole seconds or milliseconds since 1970, or ISO 8601 (UTC where it names no zone).
    unit
        Unit of the whole column; None to recognise it, which needs all cells to agree.
    by_size
        Switches the rule on that numbers below 10^12 are seconds and others milliseconds, cell by cell.
    column, source
        What to call column and table in rejects and refusals.
    first_row
        Row number in the file of the first cell.

    Raises
    ------
    InputError
        Cells are in different units and neither ``unit`` nor ``by_size`` is given, or none is a time.
    """
    texts = [c.strip() for c in cells]
    told = {u for t in texts if t not in {"", "-", "0"} and (u := _unit_of(t)) is not None}
    if unit is None and not by_size:
        if len(told) != 1:
            rows = {u: first_row + next(i for i, t in enumerate(texts) if t != "0" and _unit_of(t) == u) for u in told}
            raise InputError.single(
                source,
                place=", ".join(f"row {row}" for row in rows.values()) or f"column {column}",
                field=column,
                value=" and ".join(f"{u} in row {row}" for u, row in rows.items()) or "no times",
                rule="times in one unit (s, ms or iso)",
                remedy="say unit=, or by_size=True to read numbers below 10^12 as seconds",
            )
        unit = next(iter(told))
    instants = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[ms]")
    faults: list[Fault] = []
    for at, text in enumerate(texts):
        if text in {"", "-"}:
            continue
        own = unit or _unit_of(text)
        read = None if own is None else _instant(text, own)
        if read is None:
            rule = f"a time between 2010 and 2100 in {unit}" if unit else "a time between 2010 and 2100"
            faults.append(Fault(str(first_row + at), column, text, rule, "correct the cell, or leave it empty"))
        else:
            instants[at] = np.datetime64(read, "ms")
    rejects = empty_rejects()
    if faults:
        rejects = pd.DataFrame(
            {
                "row": np.asarray([int(f.place) for f in faults], dtype=np.int64),
                "column": [f.field for f in faults],
                "value": [f.value for f in faults],
                "rule": [f.rule for f in faults],
                "remedy": [f.remedy for f in faults],
            }
        )
    return Times(instants, rejects, unit)
