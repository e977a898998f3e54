"""Tables by hash: first equal rows, and sieves; and rows put in their places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled

__all__ = ["first_equal", "inverse", "mixed", "passing", "scatter", "sieve"]

Longs = NDArray[np.int64]
Places = NDArray[np.uint32]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@compiled
def mixed(word: np.uint64) -> np.uint64:
    """Mix the bits of a word so that its high ones depend on all."""
    word *= _MIX
    word ^= word >> _HALF
    return word * _MIX


@compiled
def first_equal(key: NDArray[np.uint64]) -> Longs:
    """Give for each row the first row that equals it."""
    size = len(key)
    bits = 8
    while 1 << bits < 1.4 * size:
        bits += 1
    rows = np.full(1 << bits, -1, dtype=np.int32)
    last, shift = np.int64((1 << bits) - 1), np.uint64(64 - bits)
    first = np.empty(size, dtype=np.int64)
    for row in range(size):
        word = key[row]
        place = np.int64(mixed(word) >> shift)
        while rows[place] >= 0 and key[rows[place]] != word:
            place = (place + 1) & last
        if rows[place] < 0:
            rows[place] = row
        first[row] = rows[place]
    return first


@compiled
def sieve(wanted: NDArray[np.integer], bits: int) -> NDArray[np.bool_]:
    """Make the table of a sieve with 2^bits places."""
    table = np.zeros(1 << bits, dtype=np.bool_)
    shift = np.uint64(64 - bits)
    for value in wanted:
        table[(np.uint64(value) * _MIX) >> shift] = True
    return table


@compiled
def passing(values: NDArray[np.integer], table: NDArray[np.bool_], bits: int) -> Longs:
    """Give the positions of the values that pass a sieve."""
    shift = np.uint64(64 - bits)
    found = np.empty(len(values), dtype=np.int64)
    count = 0
    for row in range(len(values)):
        found[count] = row
        count += table[(np.uint64(values[row]) * _MIX) >> shift]
    return found[:count].copy()


@compiled
def inverse(order: Longs) -> Places:
    """Give the place of each row in an order that names all of them once; without a sign, which costs a look at it."""
    places = np.empty(len(order), dtype=np.uint32)
    for place in range(len(order)):
        places[order[place]] = place
    return places


@compiled
def scatter(values: NDArray[np.generic], places: Places, whole: NDArray[np.generic]) -> None:
    """Write values to their places in an array."""
    for row in range(len(places)):
        whole[places[row]] = values[row]
