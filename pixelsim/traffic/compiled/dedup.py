"""De-duplication by event id in one walk over the copies, with the last opener of each chain in a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled
from pixelsim.traffic.compiled.lookup import mixed

__all__ = ["chain"]

Wholes = NDArray[np.integer]
Longs = NDArray[np.int64]


@compiled
def chain(
    columns: tuple[Longs, Wholes, Wholes, Longs, Wholes],
    windows: tuple[int, int, bool],
    codes: NDArray[np.int8],
    outcome: NDArray[np.int8],
    first: Longs,
) -> None:
    """Mark the copies that fall to an earlier one with their event id, in place.

    Parameters
    ----------
    columns
        Time received, ascending, pixel, event, event id (-1: none) and channel of each copy.
    windows
        The window of de-duplication and of merging in ms, and whether their ends are inside.
    codes
        Codes of a copy that is merged, and of one that is dropped.
    outcome, first
        What becomes of each copy, and the copy that it falls to: filled in with what holds when none falls.
    """
    at, pixel, event, event_id, channel = columns
    window, merge, inclusive = windows
    bits = 8
    while 1 << bits < 1.4 * len(at):
        bits += 1
    openers = np.full(1 << bits, -1, dtype=np.int32)
    last, shift = np.int64((1 << bits) - 1), np.uint64(64 - bits)
    for row in range(len(at)):
        mine = event_id[row]
        if mine < 0:
            continue
        place = np.int64(mixed(np.uint64(mine) ^ (np.uint64(pixel[row]) << np.uint64(52))) >> shift)
        opener = openers[place]
        while opener >= 0 and not (
            event_id[opener] == mine and pixel[opener] == pixel[row] and event[opener] == event[row]
        ):
            place = (place + 1) & last
            opener = openers[place]
        if opener >= 0:
            age = at[row] - at[opener]
            if age < window or (inclusive and age == window):
                near = merge > 0 and (age < merge or (inclusive and age == merge))
                outcome[row] = codes[0] if near and channel[row] != channel[opener] else codes[1]
                first[row] = opener
                continue
        openers[place] = row
