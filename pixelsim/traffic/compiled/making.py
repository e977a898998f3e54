"""Instants of arrivals, and the events of sessions: one pass over each."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled
from pixelsim.traffic.compiled.draws import uniform

__all__ = ["instants", "stretches", "unfold"]

Bytes = NDArray[np.int8]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]

_Number = TypeVar("_Number", np.int64, np.int32, np.int8)
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
def unfold(
    sessions: tuple[Longs, Longs, Longs, NDArray[np.int32], Longs, Mask, Bytes],
    keys: NDArray[np.uint64],
    chances: Floats,
    places: Floats,
    rule: tuple[bool, int],
) -> tuple[tuple[Longs, Longs, Longs, Bytes, NDArray[np.int32], Longs, Longs, Bytes], int]:
    """Give the columns of the events of sessions but for their values, and how many come before the step's end.

    Those stand first, session by session; so do the later ones among themselves.

    Parameters
    ----------
    sessions
        Start and length in ms, person, origin, number, whether it ends in an order, and kind of visit.
    keys
        Keys by origin of the numbers that decide how deep a session goes.
    chances
        Share of sessions that reach each step of the funnel after the first one.
    places
        Where in a session its steps lie, as shares of its length; the last one is that of an order.
    rule
        Whether the first step is an event, and the end of the step in ms.
    """
    begin, length, person, origin, number, ordered, visit = sessions
    first, end = rule
    # Which steps there are is told by a bit each, and their numbers come from a table: a processor would guess branches
    # wrong for every session.
    shares = np.zeros(len(places), dtype=np.float64)
    shares[0], shares[1 : 1 + len(chances)] = first, chances
    depth = uniform(number, keys, origin)
    bits = np.zeros(len(begin), dtype=np.uint8)
    for one in range(len(places)):
        for session in range(len(begin)):
            bits[session] |= np.uint8((depth[session] < shares[one]) | (ordered[session] & (one > 0))) << np.uint8(one)
    numbers, counts = _steps_of(len(places))
    owner = np.empty(len(begin) * len(places) + len(places), dtype=np.uint32)
    step = np.empty(len(owner), dtype=np.int8)
    size = 0
    for session in range(len(begin)):
        for one in range(len(places)):
            owner[size + one], step[size + one] = session, numbers[bits[session], one]
        size += counts[bits[session]]
    at = np.empty(size, dtype=np.int64)
    later = np.empty((size, 3), dtype=np.int64)
    early, late = 0, 0
    for event in range(size):
        session, one = owner[event], step[event]
        instant = begin[session] + np.int64(places[one] * length[session])
        if instant < end:
            at[early], owner[early], step[early] = instant, session, one
            early += 1
        else:
            later[late, 0], later[late, 1], later[late, 2] = instant, session, one
            late += 1
    for event in range(late):
        row = early + event
        at[row], owner[row], step[row] = later[event, 0], later[event, 1], later[event, 2]
    owner, step = owner[:size], step[:size].copy()
    columns = (
        at,
        _picked(begin, owner),
        _picked(person, owner),
        step,
        _picked(origin, owner),
        _picked(number, owner),
        step.astype(np.int64),
        _picked(visit, owner),
    )
    return columns, early


@compiled
def _steps_of(steps: int) -> tuple[Bytes, Longs]:
    """Give for each set of steps, told by a bit each, their numbers in order, and how many they are."""
    numbers = np.zeros((1 << steps, steps), dtype=np.int8)
    counts = np.zeros(1 << steps, dtype=np.int64)
    for bits in range(1 << steps):
        for one in range(steps):
            if bits >> one & 1:
                numbers[bits, counts[bits]] = one
                counts[bits] += 1
    return numbers, counts


@compiled
def _picked(column: NDArray[_Number], rows: NDArray[np.uint32]) -> NDArray[_Number]:
    """Pick rows of a column: one column at a time is faster than row by row, since few addresses are in hand."""
    picked = np.empty(len(rows), dtype=column.dtype)
    for row in range(len(rows)):
        picked[row] = column[rows[row]]
    return picked


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
