"""The compiled way to find last touches: one walk over both time lines, with a table of keys.

It gives the credit that `pixelsim.traffic.keys.latest` gives, byte for byte, so that no result depends on which of
the two was used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.errors import MissingExtraError
from pixelsim.traffic.keys import NONE, Finder, Latest, TimeLine, maybe_in, pack_columns

__all__ = ["finder"]

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]


def finder() -> Finder:
    """Give the compiled finder, for the argument of that name of ``pixelsim.traffic.attribution.credit``.

    The first call in a process compiles it, or loads it from Numba's cache.

    Raises
    ------
    MissingExtraError
        Numba is not installed.
    """
    walk = _compiled()

    def find(queries: TimeLine, rows: TimeLine, row_class: NDArray[np.int16], *, classes: int, links: bool) -> Latest:
        asked = np.flatnonzero(maybe_in(queries.key, rows.key))
        queries = queries.take(asked)
        used = maybe_in(rows.key, queries.key) & (row_class != NONE)
        packed, bits = pack_columns([rows.key, queries.key], [rows.second_key, queries.second_key])
        # Keys that are dense enough are places of the table themselves; others are hashed into one at most half full.
        room = (2 * int(np.count_nonzero(used))).bit_length()
        hashed = bits > room + 2
        keys = np.full(1 << room if hashed else 0, NONE, dtype=np.int64)
        last = np.full((1 << (room if hashed else bits), classes), NONE, dtype=np.int32)
        found = np.full((classes, len(asked)), NONE, dtype=np.int32)
        previous = np.full(len(used) if links else 0, NONE, dtype=np.int32)
        key = packed.view(np.int64)
        walk(
            (queries.at, key[len(used) :]),
            (rows.at, key[: len(used)]),
            np.where(used, row_class, np.int16(NONE)),
            (keys, last),
            (found, previous),
        )
        return Latest(asked, found, previous)

    return find


@functools.lru_cache(maxsize=1)
def _compiled() -> Callable[..., None]:
    """Compile the walk once a process."""
    try:
        import numba  # noqa: PLC0415 - the package is optional
    except ImportError as error:
        raise MissingExtraError("the compiled attribution kernel", "numba", "fast") from error
    return cast("Callable[..., None]", numba.njit(cache=True)(_walk))


def _walk(
    queries: tuple[Longs, Longs],
    rows: tuple[Longs, Longs],
    row_class: NDArray[np.int16],
    table: tuple[Longs, Ints],
    results: tuple[Ints, Ints],
) -> None:
    """Fill the results (found, previous) of queries and rows, both (time, key).

    The table is (key at each place, last row by place and class); its keys are empty when the place is the key
    itself, else a key stands at the first free place from its hash on. This is Python for Numba to compile.
    """
    query_at, query_key = queries
    row_at, row_key = rows
    key_at, last = table
    found, previous = results
    hashed = len(key_at) > 0
    mask = len(last) - 1
    row = 0
    for query in range(len(query_at)):
        while row < len(row_at) and row_at[row] <= query_at[query]:
            number = row_class[row]
            if number >= 0:
                key = row_key[row]
                place = key
                if hashed:
                    # The odd multiplier mixes the key; the overflow wraps once compiled.
                    mixed = key * 7046029254386353131
                    place = (mixed ^ (mixed >> 32)) & mask
                    while key_at[place] >= 0 and key_at[place] != key:
                        place = (place + 1) & mask
                    key_at[place] = key
                if len(previous):
                    previous[row] = last[place, number]
                last[place, number] = row
            row += 1
        key = query_key[query]
        place = key
        if hashed:
            mixed = key * 7046029254386353131
            place = (mixed ^ (mixed >> 32)) & mask
            while key_at[place] >= 0 and key_at[place] != key:
                place = (place + 1) & mask
        for number in range(last.shape[1]):
            found[number, query] = last[place, number]
