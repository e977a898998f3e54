"""Attribution in one pass over the events: the touches of each key form a chain from the last one back."""

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


@compiled
def settle(  # noqa: PLR0917 - compiled functions are called by position
    queries: Lines,
    lines: Lines,
    touches: tuple[Bytes, Longs, NDArray[np.bool_]],
    grants: tuple[Ints, Longs, Longs, bool],
    reasons: Bytes,
    inclusive: bool,  # noqa: FBT001 - likewise
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
    """
    at, kind, window = lines[0], touches[0], touches[1]
    pair, begin, end, cut = grants
    places, slots, previous = _chained(lines, touches[2])
    touch = np.full(len(queries[0]), -1, dtype=np.int64)
    refused = np.full(len(queries[0]), -1, dtype=np.int64)
    reason = np.full(len(queries[0]), reasons[1], dtype=np.int8)
    for query in range(len(queries[0])):
        instant = queries[0][query]
        last = places[_place(places, lines, queries[1][query], queries[2][query])]
        # The last touch of a key stands in the table's place only until a later one does: the chain begins in `slots`.
        row = slots[last] if last >= 0 else -1
        while row >= 0 and at[row] > instant:
            row = previous[row]
        if row < 0:
            continue
        reason[query] = reasons[2]
        newest, best, weakest = row, -1, 0
        while best < 0 and weakest < 3:
            # The strongest kind that is still to be tried, from its newest touch back.
            row = newest
            while row >= 0:
                age = instant - at[row]
                if (
                    kind[row] == weakest
                    and window[row] > 0
                    and (age < window[row] or (inclusive and age == window[row]))
                ):
                    if len(pair) == 0 or _allowed(pair[row], at[row], instant, begin, end, cut):
                        best = row
                        break
                    if refused[query] < 0:
                        refused[query] = row
                row = previous[row]
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
def _chained(lines: Lines, used: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Chain touches by key: a table of first touches by hash, the last touch of each first one, and the one before."""
    at, key, second = lines
    bits = 8
    while 1 << bits < 1.4 * len(at):
        bits += 1
    places = np.full(1 << bits, -1, dtype=np.int32)
    slots = np.full(len(at), -1, dtype=np.int32)
    previous = np.full(len(at), -1, dtype=np.int32)
    for row in range(len(at)):
        if used[row]:
            place = _place(places, lines, key[row], second[row])
            first = places[place]
            if first < 0:
                places[place] = row
                slots[row] = row
            else:
                previous[row] = slots[first]
                slots[first] = row
    return places, slots, previous


@compiled
def _place(places: Ints, lines: Lines, one: int, other: int) -> np.int64:
    """Give the place in the table of a key, or the first free one from its hash on."""
    last = len(places) - 1
    word = mixed(np.uint64(one) ^ (np.uint64(other) << np.uint64(40)))
    place = np.int64(word >> np.uint64(20)) & last
    while places[place] >= 0 and (lines[1][places[place]] != one or lines[2][places[place]] != other):
        place = (place + 1) & last
    return place
