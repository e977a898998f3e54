"""Time: int64 milliseconds since the scenario's start inside, timezone-aware instants at the edge.

Ad accounts have a clock of their own: a fixed offset from UTC in whole or half hours, without summer time
(field case P111). Nothing here knows of summer time on purpose.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.errors import InputError

__all__ = ["DAY", "HOUR", "MINUTE", "SECOND", "Clock", "days", "fixed_offset", "format_offset"]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def days(number: float) -> int:
    """Convert days to milliseconds, rounded once to the nearest millisecond."""
    return round(number * DAY)


_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)


def fixed_offset(text: str) -> tuple[int, str | None]:
    """Read an account's clock as a fixed offset from UTC.

    Parameters
    ----------
    text
        ``"+05:30"``, ``"-8"``, ``"UTC"`` or a named zone such as ``"America/Los_Angeles"``.

    Returns
    -------
    offset : int
        Milliseconds east of UTC.
    note : str or None
        What was changed on the way: a named zone is stored at its standard-time offset, all year.

    Raises
    ------
    InputError
        The zone is unknown, is no multiple of half an hour, or is over 14 hours away (field case P111).
    """
    stripped = text.strip()
    note = None
    if stripped.upper() in {"UTC", "GMT", "Z"}:
        minutes = 0
    elif match := _OFFSET.fullmatch(stripped):
        sign, hours, rest = match.groups()
        minutes = (int(hours) * 60 + int(rest or 0)) * (-1 if sign == "-" else 1)
    else:
        try:
            zone = zoneinfo.ZoneInfo(stripped)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError.single(
                "account clock",
                field="utc_offset",
                value=text,
                rule="a fixed offset such as '+05:30', or a named zone",
                remedy="give the offset that Ads Manager shows for the account",
            ) from None
        minutes = _standard_minutes(zone)
        note = f"{stripped} is stored as the fixed offset {format_offset(minutes * MINUTE)}, without summer time"
    if minutes % 30 or abs(minutes) > 14 * 60:
        raise InputError.single(
            "account clock",
            field="utc_offset",
            value=text,
            rule="a whole or half hour within 14 hours of UTC",
            remedy="choose the nearest whole or half hour; ad accounts have no quarter-hour clocks",
        )
    return minutes * MINUTE, note


def _standard_minutes(zone: zoneinfo.ZoneInfo) -> int:
    """Give the zone's offset without summer time: the smaller of January's and July's."""
    offsets = [dt.datetime(2026, month, 1, tzinfo=zone).utcoffset() or dt.timedelta() for month in (1, 7)]
    return int(min(offsets).total_seconds() // 60)


def format_offset(offset: int) -> str:
    """Write an offset in milliseconds as ``+HH:MM``."""
    minutes = abs(offset) // MINUTE
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The bridge between a scenario's milliseconds and the calendar.

    Parameters
    ----------
    start
        The timezone-aware instant at which millisecond 0 falls.
    """

    start: dt.datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise InputError.single(
                "scenario",
                field="start",
                value=self.start.isoformat(),
                rule="an instant with a time zone",
                remedy="add an offset such as +00:00",
                place="$.start",
            )

    def to_ms(self, instant: dt.datetime) -> int:
        """Give the milliseconds from the start to an instant, rounded to the nearest.

        Raises
        ------
        InputError
            The instant has no time zone.
        """
        if instant.tzinfo is None:
            raise InputError.single(
                "clock",
                field="instant",
                value=instant.isoformat(),
                rule="an instant with a time zone",
                remedy="add an offset such as +00:00",
            )
        return round((instant - self.start) / _MILLISECOND)

    def to_datetime(self, at: int, offset: int | None = None) -> dt.datetime:
        """Give the instant of ``at`` ms, on the start's own clock or on one ``offset`` ms east of UTC."""
        zone = self.start.tzinfo if offset is None else dt.timezone(dt.timedelta(milliseconds=offset))
        return (self.start + dt.timedelta(milliseconds=int(at))).astimezone(zone)

    @property
    def _epoch(self) -> int:
        """Milliseconds from 1970-01-01 UTC to the start, cut to whole ones."""
        return (self.start - _EPOCH) // _MILLISECOND

    @property
    def start_offset(self) -> int:
        """Milliseconds from UTC midnight of the start's day to the start, read on UTC's clock."""
        return self._epoch % DAY

    @property
    def start_weekday(self) -> int:
        """Weekday of the start's day on UTC's clock, Monday is 0."""
        return (self._epoch // DAY + _EPOCH.weekday()) % 7

    def day_index(self, at: NDArray[np.int64], offset: int = 0) -> NDArray[np.int64]:
        """Give the numbers of the calendar days of instants on a clock ``offset`` ms east of UTC.

        Parameters
        ----------
        at
            Milliseconds since the start, shape (n,).
        offset
            Milliseconds east of UTC of the clock whose midnights part the days.

        Returns
        -------
        ndarray of int64, shape (n,)
            Days since 1970-01-01 on that clock.
        """
        return np.asarray((at + (self._epoch + offset)) // DAY, dtype=np.int64)
