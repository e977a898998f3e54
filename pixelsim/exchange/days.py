"""Days and hours as exports print them; a date that can be read in two ways is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Literal

from pixelsim.exchange.numerals import is_missing

__all__ = ["DayOrder", "decide_order", "parse_day", "parse_hour"]

DayOrder = Literal["day first", "month first"]

DAY_FIRST_LANGUAGES = frozenset({"de", "fr", "es", "pt"})
"""Languages whose editions write the day before the month."""

FIRST, LAST = dt.date(2010, 1, 1), dt.date(2100, 1, 1)
"""Days outside are no days of a report (assumption)."""

_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]0?0:00(?::00(?:\.0+)?)?Z?)?")
_SOLID = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_KOREAN = re.compile(r"(\d{4})(?:\.|년)\s*(\d{1,2})(?:\.|월)\s*(\d{1,2})(?:\.|일)?")
_HOUR = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2})(?::(\d{2})(?::\d{2}(?:\.\d+)?)?)?")


def _date(year: int, month: int, day: int, text: str) -> dt.date:
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise ValueError(text) from None
    if not FIRST <= found < LAST:
        raise ValueError(text)
    return found


def parse_day(text: str, order: DayOrder | None = None) -> dt.date | None:
    """Read one day.

    Parameters
    ----------
    text
        The cell; ``2024-01-05``, ``2024/1/5``, ``20240105``, ``2024年1月5日``, ``05.01.2024``, ``05/01/2024``.
    order
        What comes first in a date that ends in the year; None refuses such dates with slashes or hyphens.

    Returns
    -------
    date or None
        None if the cell says nothing.

    Raises
    ------
    ValueError
        The cell is no day, or a day that can be read in two ways.
    """
    if is_missing(text):
        return None
    body = text.strip()
    for pattern in (_YEAR_FIRST, _SOLID, _KOREAN):
        if match := pattern.fullmatch(body):
            year, month, day = (int(g) for g in match.groups())
            return _date(year, month, day, text)
    if match := _YEAR_LAST.fullmatch(body):
        first, mark, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
        if mark == "." or order == "day first":
            return _date(year, second, first, text)
        if order == "month first":
            return _date(year, first, second, text)
    raise ValueError(text)


def decide_order(cells: Iterable[str], languages: Iterable[str] = ()) -> tuple[DayOrder | None, str | None]:
    """Find whether day or month comes first in dates that end in the year.

    Returns
    -------
    order : {"day first", "month first"} or None
    note : str or None
        What decided, or why nothing does.
    """
    day_first = month_first = False
    example = None
    for cell in cells:
        match = _YEAR_LAST.fullmatch(cell.strip())
        if not match or match[2] == ".":
            continue
        example = cell.strip()
        day_first |= int(match[1]) > 12
        month_first |= int(match[3]) > 12
    if example is None:
        return None, None
    if day_first != month_first:
        order: DayOrder = "day first" if day_first else "month first"
        return order, f"dates such as {example} are read {order}, which days over 12 prove"
    if day_first and month_first:
        return None, "some dates can only be read day first and others only month first"
    language = next(iter(languages), None)
    if language in DAY_FIRST_LANGUAGES:
        return "day first", f"dates such as {example} are read day first, as the headers' language writes them"
    return None, f"dates such as {example} can be read day first or month first"


def parse_hour(text: str) -> dt.datetime | None:
    """Read the beginning of an hour, on the account's clock.

    Raises
    ------
    ValueError
        The cell is no hour.
    """
    if is_missing(text):
        return None
    match = _HOUR.fullmatch(text.strip())
    if not match or int(match[3] or 0) or int(match[2]) > 23:
        raise ValueError(text)
    day = parse_day(match[1])
    if day is None:
        raise ValueError(text)
    return dt.datetime(day.year, day.month, day.day, int(match[2]))  # noqa: DTZ001 - the account's own clock
