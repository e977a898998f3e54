"""Attribution in one pass over the events: the touches of each key form a chain from the last one back.

What a walk along a chain reads of a touch stands together in one row, and so does what a look into the table of keys
reads: a processor fetches memory by such rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled
from pixelsim.traffic.compiled.lookup import mixed

__all__ = ["settle"]

Bytes = NDArray[np.int8]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Lines = tuple[Longs, Longs, Longs]

_AT, _WINDOW, _KIND, _PREVIOUS = 0, 1, 2, 3
"""Columns of a touch in the table of touches."""


@compiled
def settle(  # noqa: PLR0917 - compiled functions are called by position
    queries: Lines,
    lines: Lines,
    touches: tuple[Bytes, Longs, NDArray[np.bool_]],
    grants: tuple[Ints, Longs, Longs, bool],
    reasons: Bytes,
    inclusive: bool,  # noqa: FBT001 - likewise
    memory: int,
) -> tuple[Longs, Bytes, Longs]:
    """Give touch, reason and refused touch of each query.

    Parameters
    ----------
    queries, lines
        Times and the two keys of events, in any order, and of touches, ascending in time.
    touches
        Kind and window in ms of each touch, and whether it is looked at.
    grants
        Number of the pair of pixel and account of each touch (none at all: every touch may earn), beginnings and ends
        of the intervals of each pair, shape (pairs, intervals), and whether access is needed at the event, too.
    reasons
        Codes for an event that is credited, that has no touch, whose touches are too old, and whose are refused.
    inclusive
        Whether an event exactly at a window's end is inside.
    memory
        After so many ms a touch is as good as none.
    """
    pair, begin, end, cut = grants
    table, rows = _chained(lines, touches)
    last = len(table) - 1
    touch = np.full(len(queries[0]), -1, dtype=np.int64)
    refused = np.full(len(queries[0]), -1, dtype=np.int64)
    reason = np.full(len(queries[0]), reasons[1], dtype=np.int8)
    for query in range(len(queries[0])):
        instant, key, second = queries[0][query], queries[1][query], queries[2][query]
        place = _home(key, second) & last
        while table[place, 1] >= 0 and (table[place, 0] != key or lines[2][table[place, 1]] != second):
            place = (place + 1) & last
        row = table[place, 1]
        while row >= 0 and rows[row, _AT] > instant:
            row = rows[row, _PREVIOUS]
        if row < 0 or instant - rows[row, _AT] > memory:
            continue
        reason[query] = reasons[2]
        newest, best, weakest = row, np.int64(-1), 0
        while best < 0 and weakest < 3:
            # The strongest kind that is still to be tried, from its newest touch back.
            row = newest
            while row >= 0:
                window = rows[row, _WINDOW]
                age = instant - rows[row, _AT]
                if rows[row, _KIND] == weakest and window > 0 and (age < window or (inclusive and age == window)):
                    if len(pair) == 0 or _allowed(pair[row], rows[row, _AT], instant, begin, end, cut):
                        best = row
                        break
                    if refused[query] < 0:
                        refused[query] = row
                row = rows[row, _PREVIOUS]
            weakest += 1
        touch[query] = best
        if best >= 0:
            reason[query] = reasons[0]
        elif refused[query] >= 0:
            reason[query] = reasons[3]
    return touch, reason, refused


@compiled
def _allowed(pair: int, touch_at: int, event_at: int, begin: Longs, end: Longs, cut: bool) -> bool:  # noqa: FBT001, PLR0917
    """Tell whether a pair had access at a touch, and, where it is cut, at the event."""
    at_touch, at_event = False, not cut
    if pair >= 0:
        for interval in range(begin.shape[1]):
            at_touch |= begin[pair, interval] <= touch_at < end[pair, interval]
            at_event |= begin[pair, interval] <= event_at < end[pair, interval]
    return at_touch and at_event


@compiled
def _chained(lines: Lines, touches: tuple[Bytes, Longs, NDArray[np.bool_]]) -> tuple[Longs, Longs]:
    """Chain touches by key: a table of keys by hash with the last touch of each, and the touches by row."""
    at, key, second = lines
    kind, window, used = touches
    bits = 8
    while 1 << bits < 1.4 * len(at):
        bits += 1
    table = np.full((1 << bits, 2), -1, dtype=np.int64)
    rows = np.empty((len(at), 4), dtype=np.int64)
    last = len(table) - 1
    for row in range(len(at)):
        rows[row, _AT] = at[row]
        rows[row, _WINDOW] = window[row]
        rows[row, _KIND] = kind[row]
        rows[row, _PREVIOUS] = -1
        if used[row]:
            place = _home(key[row], second[row]) & last
            while table[place, 1] >= 0 and (table[place, 0] != key[row] or second[table[place, 1]] != second[row]):
                place = (place + 1) & last
            rows[row, _PREVIOUS] = table[place, 1]
            table[place, 0] = key[row]
            table[place, 1] = row
    return table, rows


@compiled
def _home(key: int, second: int) -> np.int64:
    """Give a number from which the place of a key in a table follows."""
    return np.int64(mixed(np.uint64(key) ^ (np.uint64(second) << np.uint64(40))) >> np.uint64(20))
