"""Instants of arrivals, and the events of sessions: one pass over each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled

__all__ = ["instants", "stages"]

Bytes = NDArray[np.int8]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]

_BELOW_ONE = np.nextafter(1.0, 0.0)


@compiled
def instants(
    gaps: Floats, counts: Longs, slots: Longs, shape: tuple[Floats, Floats, int, int], began: tuple[int, int]
) -> tuple[Longs, Longs, Longs]:
    """Give time, slot and number of the arrivals of some days.

    Parameters
    ----------
    gaps
        Gaps between the arrivals of each day, those to its beginning and end included, in any unit.
    counts, slots
        Arrivals and slots of each day; no slots at all: places are continuous, and the slot is -1.
    shape
        Cumulative share at each full hour, the milliseconds of each hour for all of the day's traffic, and the length
        of an hour and of a day in ms.
    began
        Instant in ms at which the first day begins, and the number of its first arrival.
    """
    cumulative, pace, hour_length, day_length = shape
    size = len(gaps) - len(counts)
    at = np.empty(size, dtype=np.int64)
    slot = np.full(size, -1, dtype=np.int64)
    number = np.empty(size, dtype=np.int64)
    row, found, gap = 0, 0, 0
    for day in range(len(counts)):
        whole = 0.0
        for place in range(gap, gap + counts[day] + 1):
            whole += gaps[place]
        hour, before, upto = 0, np.int64(-1), 0.0
        begin = began[0] + day * day_length
        for _ in range(counts[day]):
            upto += gaps[gap]
            quantile = min(upto / whole, _BELOW_ONE)
            gap += 1
            row += 1
            if len(slots):
                own = np.int64(quantile * slots[day])
                if own == before:
                    continue
                before = own
                slot[found] = own
                quantile = (own + 0.5) / slots[day]
            while hour < 23 and cumulative[hour + 1] <= quantile:
                hour += 1
            of_day = np.int64(hour * np.float64(hour_length) + (quantile - cumulative[hour]) * pace[hour])
            at[found] = begin + (of_day if of_day < day_length else day_length - 1)
            number[found] = began[1] + row - 1
            found += 1
        gap += 1
    return at[:found], slot[:found], number[:found]


@compiled
def stages(
    sessions: tuple[Longs, Longs, Mask, Floats],
    chances: Floats,
    places: Floats,
    first: bool,  # noqa: FBT001 - compiled functions are called by position
    end: int,
) -> tuple[Longs, Bytes, Longs, Longs, int]:
    """Give the steps of the funnel: row of the session, event, place in the session, and time in ms.

    Those before ``end`` ms stand first; how many they are comes last.

    Parameters
    ----------
    sessions
        Start and length in ms, whether it ends in an order, and how deep it goes, in [0, 1).
    chances
        Share of sessions that reach each step after the first one.
    places
        Where in a session its steps lie, as shares of its length; the last one is that of an order.
    first
        Whether the first step is an event.
    """
    begin, length, ordered, depth = sessions
    most = len(begin) * len(places)
    row = np.empty(most, dtype=np.int64)
    event = np.empty(most, dtype=np.int8)
    place = np.empty(most, dtype=np.int64)
    at = np.empty(most, dtype=np.int64)
    later = np.empty((most, 3), dtype=np.int64)
    found, late = 0, 0
    for session in range(len(begin)):
        for step in range(len(places)):
            if step == 0:
                happens = first
            elif step <= len(chances):
                happens = ordered[session] or depth[session] < chances[step - 1]
            else:
                happens = ordered[session]
            if happens:
                instant = begin[session] + np.int64(places[step] * length[session])
                if instant >= end:
                    later[late, 0], later[late, 1], later[late, 2] = session, step, instant
                    late += 1
                else:
                    row[found], event[found], place[found], at[found] = session, step, step, instant
                    found += 1
    for number in range(late):
        session, step, instant = later[number]
        row[found + number], event[found + number], place[found + number] = session, step, step
        at[found + number] = instant
    whole = found + late
    return row[:whole], event[:whole], place[:whole], at[:whole], found


@compiled
def stretches(rows: tuple[NDArray[np.int32], Longs], owner: Longs, begin: Longs, end: Longs) -> tuple[Longs, Mask]:
    """Give for each row the stretch of its owner that began last, and whether the row is inside it.

    Parameters
    ----------
    rows
        Owner and time in ms of each row.
    owner, begin, end
        Owner, beginning and end of each stretch, in ms, ordered by owner and beginning.
    """
    owners, at = rows
    place = np.empty(len(at), dtype=np.int64)
    inside = np.empty(len(at), dtype=np.bool_)
    most = 0
    for number in range(len(owner)):
        most = max(most, owner[number])
    after = np.zeros(most + 1, dtype=np.int64)
    for number in range(len(owner)):
        after[owner[number]] = number + 1
    for row in range(len(at)):
        mine = owners[row]
        last = after[mine] - 1 if mine <= most else -1
        while last >= 0 and owner[last] == mine and begin[last] > at[row]:
            last -= 1
        place[row] = last
        inside[row] = last >= 0 and owner[last] == mine and at[row] < end[last]
    return place, inside
