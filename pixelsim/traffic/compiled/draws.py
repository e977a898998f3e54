"""Numbers by counter, one pass over the counters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled

__all__ = ["number_of", "uniform"]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _ONE = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(1)


@compiled
def number_of(counter: int, key: np.uint64) -> float:
    """Give the number of one counter."""
    mixed = (np.uint64(counter) + _ONE) * _STEP + key
    mixed ^= mixed >> _S30
    mixed *= _FIRST
    mixed ^= mixed >> _S27
    mixed *= _SECOND
    mixed ^= mixed >> _S31
    return np.float64(mixed >> _S11) * 2.0**-53


@compiled
def uniform(number: NDArray[np.int64], keys: NDArray[np.uint64], which: NDArray[np.integer]) -> NDArray[np.float64]:
    """Give the numbers of `pixelsim.traffic.counter.uniform`; with one key for all, ``which`` is not looked at."""
    drawn = np.empty(len(number), dtype=np.float64)
    one = len(keys) == 1
    key = keys[0]
    for row in range(len(number)):
        if not one:
            key = keys[which[row]]
        drawn[row] = number_of(number[row], key)
    return drawn
