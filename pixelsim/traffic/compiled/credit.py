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
_KINDS = 3


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
    places, rows, sieve, shift = _chained(lines, touches)
    made = _with_access(lines[0], pair, begin, end)
    vetoes, last = len(pair) > 0, len(places) - 1
    touch = np.full(len(queries[0]), -1, dtype=np.int64)
    refused = np.full(len(queries[0]), -1, dtype=np.int64)
    reason = np.full(len(queries[0]), reasons[1], dtype=np.int8)
    for query in range(len(queries[0])):
        instant, key, second = queries[0][query], queries[1][query], queries[2][query]
        word = _mixed(key, second)
        if not sieve[word >> (shift - _FINER)]:
            continue
        place = np.int64(word >> shift)
        while places[place] >= 0 and (lines[1][places[place]] != key or lines[2][places[place]] != second):
            place = (place + 1) & last
        row = np.int64(places[place])
        while row >= 0 and rows[row, _AT] > instant:
            row = rows[row, _PREVIOUS]
        if row < 0 or instant - rows[row, _AT] > memory:
            continue
        # Along the chain, the newest allowed touch of the strongest kind wins; one refused before it is remembered.
        best, of_best, passed, of_passed = np.int64(-1), _KINDS, np.int64(-1), _KINDS
        while row >= 0 and of_best > 0:
            kind, window = rows[row, _KIND], rows[row, _WINDOW]
            age = instant - rows[row, _AT]
            if kind < of_best and window > 0 and (age < window or (inclusive and age == window)):
                may = True
                if vetoes:
                    may = made[row]
                    if may and cut:
                        may = False
                        for interval in range(begin.shape[1]):
                            may |= begin[pair[row], interval] <= instant < end[pair[row], interval]
                if may:
                    best, of_best = row, kind
                elif kind < of_passed:
                    passed, of_passed = row, kind
            row = rows[row, _PREVIOUS]
        touch[query] = best
        if passed >= 0 and of_passed <= of_best:
            refused[query] = passed
        if best >= 0:
            reason[query] = reasons[0]
        else:
            reason[query] = reasons[3] if passed >= 0 else reasons[2]
    return touch, reason, refused


@compiled
def _with_access(at: Longs, pair: Ints, begin: Longs, end: Longs) -> NDArray[np.bool_]:
    """Tell which touches were made while their pair had access; empty where no pairs are given."""
    made = np.zeros(len(pair), dtype=np.bool_)
    for row in range(len(pair)):
        if pair[row] >= 0:
            for interval in range(begin.shape[1]):
                made[row] |= begin[pair[row], interval] <= at[row] < end[pair[row], interval]
    return made


_FINER = np.uint64(2)
"""Bits by which the sieve is finer than the table of keys."""


@compiled
def _chained(
    lines: Lines, touches: tuple[Bytes, Longs, NDArray[np.bool_]]
) -> tuple[Ints, Longs, NDArray[np.bool_], np.uint64]:
    """Chain touches by key.

    Returns a table by hash with the last touch of each key, the touches by row, a sieve of keys, and the bits by which
    a hash is shifted to a place of the table.
    """
    at, key, second = lines
    kind, window, used = touches
    bits = 8
    while 1 << bits < 1.4 * len(at):
        bits += 1
    places = np.full(1 << bits, -1, dtype=np.int32)
    sieve = np.zeros(1 << (bits + 2), dtype=np.bool_)
    rows = np.empty((len(at), 4), dtype=np.int64)
    last, shift = len(places) - 1, np.uint64(64 - bits)
    for row in range(len(at)):
        rows[row, _AT] = at[row]
        rows[row, _WINDOW] = window[row]
        rows[row, _KIND] = kind[row]
        rows[row, _PREVIOUS] = -1
        if used[row]:
            word = _mixed(key[row], second[row])
            sieve[word >> (shift - _FINER)] = True
            place = np.int64(word >> shift)
            while places[place] >= 0 and (key[places[place]] != key[row] or second[places[place]] != second[row]):
                place = (place + 1) & last
            rows[row, _PREVIOUS] = places[place]
            places[place] = row
    return places, rows, sieve, shift


@compiled
def _mixed(key: int, second: int) -> np.uint64:
    """Hash the two keys of a row."""
    return mixed(np.uint64(key) ^ (np.uint64(second) << np.uint64(40)))
