"""The order of times: a radix sort of words that carry time and row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled

__all__ = ["order"]

Longs = NDArray[np.int64]

_DIGIT = 14
"""Most bits of a digit: more of them make fewer passes, and tables that still fit a core's own cache."""
_ROW = np.uint64(32)
_ROWS = np.uint64(0xFFFFFFFF)
_ONE = np.uint32(1)


@compiled
def order(at: Longs) -> tuple[Longs, Longs]:
    """Give the stable order of times, and the positions in it whose time is also that of a neighbour.

    Times may span 2^32 ms, which are 49 days, and rows number 2^32; beyond that NumPy's stable sort does it.
    """
    size = len(at)
    result = np.empty(size, dtype=np.int64)
    if size == 0:
        return result, result
    low, high, ascending = at[0], at[0], True
    for row in range(1, size):
        low, high = min(low, at[row]), max(high, at[row])
        ascending &= at[row - 1] <= at[row]
    span = high - low
    if span >= 1 << 32:
        result = np.argsort(at, kind="mergesort")
        return result, _neighbours(at, result)
    words = np.empty(size, dtype=np.uint64)
    for row in range(size):
        words[row] = (np.uint64(at[row] - low) << _ROW) | np.uint64(row)
    if not ascending:
        words = _sorted(words, span)
    tied = np.empty(size, dtype=np.int64)
    ties = 0
    before = False
    for place in range(size):
        word = words[place]
        result[place] = np.int64(word & _ROWS)
        after = place + 1 < size and (words[place + 1] >> _ROW) == (word >> _ROW)
        if before or after:
            tied[ties] = place
            ties += 1
        before = after
    return result, tied[:ties].copy()


@compiled
def _sorted(words: NDArray[np.uint64], span: int) -> NDArray[np.uint64]:
    """Sort words by their high halves, which are at most ``span``, digit after digit."""
    size = len(words)
    bits = 0
    while span >> bits:
        bits += 1
    digits = (bits + _DIGIT - 1) // _DIGIT
    width = (bits + digits - 1) // max(digits, 1)
    other = np.empty(size, dtype=np.uint64)
    count = np.empty(1 << width, dtype=np.uint32)
    mask = np.uint64((1 << width) - 1)
    shift = _ROW
    for _ in range(digits):
        count[:] = 0
        for place in range(size):
            count[(words[place] >> shift) & mask] += _ONE
        begin = np.uint32(0)
        for digit in range(len(count)):
            begin, count[digit] = begin + count[digit], begin
        for place in range(size):
            digit = (words[place] >> shift) & mask
            other[count[digit]] = words[place]
            count[digit] += _ONE
        words, other = other, words
        shift += np.uint64(width)
    return words


@compiled
def _neighbours(at: Longs, result: Longs) -> Longs:
    """Give the positions whose time is also that of the position before or after."""
    found = np.empty(len(at), dtype=np.int64)
    count = 0
    for place in range(len(at)):
        now = at[result[place]]
        same = place > 0 and at[result[place - 1]] == now
        same |= place + 1 < len(at) and at[result[place + 1]] == now
        if same:
            found[count] = place
            count += 1
    return found[:count].copy()
