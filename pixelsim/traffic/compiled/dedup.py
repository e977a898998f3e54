"""De-duplication by event id in one walk over the copies, with the last opener of each chain in a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled
from pixelsim.traffic.compiled.lookup import mixed

__all__ = ["chain"]

Wholes = NDArray[np.integer]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Copies = tuple[Longs, Wholes, Wholes, Longs, Wholes, Longs]

_NEAR = np.uint64(0x7838)
"""Bits of an event id in which copies of near times differ: the low ones of the session's number and of the place."""


@compiled
def chain(  # noqa: PLR0917 - compiled functions are called by position
    copies: Copies,
    lost: Mask,
    carried: Copies,
    carried_row: Longs,
    windows: tuple[int, int, int, bool],
    codes: NDArray[np.int8],
    first_row: int,
) -> tuple[NDArray[np.int8], Longs, int]:
    """Tell which copies fall to an earlier one with their event id, and to which.

    Parameters
    ----------
    copies
        Time received, ascending, pixel, event, event id (-1: none), channel and visitor (-1: none) of each copy.
    lost
        Which copies count as having neither id nor visitor; shape (0,): none.
    carried, carried_row
        Earlier copies on which these can fall, and their row numbers.
    windows
        The windows of de-duplication, of merging and of repeats in ms, and whether their ends are inside.
    codes
        Codes of a copy that is kept, that is merged, and that is dropped, and of the server's channel.
    first_row
        Row number of the first copy.

    Returns
    -------
    What becomes of each copy, the row number of the one that it falls to, its own when kept, and how many copies would
    have to be tried on their visitor: that is not done here.
    """
    at, pixel, event, event_id, channel, visitor = copies
    old_at, old_pixel, old_event, old_id, old_channel, _ = carried
    window, merge, repeat, inclusive = windows
    old, some = len(old_at), len(lost) > 0
    outcome = np.full(len(at), codes[0], dtype=np.int8)
    first = np.empty(len(at), dtype=np.int64)
    bits = 8
    while 1 << bits < 1.4 * (old + len(at)):
        bits += 1
    # Openers count from the first carried copy on.
    openers = np.full(1 << bits, -1, dtype=np.int32)
    last, shift, tried = np.int64((1 << bits) - 1), np.uint64(64 - bits), 0
    for row in range(old):
        mine = old_id[row]
        if mine < 0:
            continue
        place = _place(mine, old_pixel[row], shift) & last
        opener = np.int64(openers[place])
        while opener >= 0 and not (
            old_id[opener] == mine and old_pixel[opener] == old_pixel[row] and old_event[opener] == old_event[row]
        ):
            place = (place + 1) & last
            opener = np.int64(openers[place])
        openers[place] = row
    for row in range(len(at)):
        first[row] = first_row + row
        mine = event_id[row]
        if some and lost[row]:
            continue
        if mine < 0:
            tried += visitor[row] >= 0 and (repeat > 0 or (channel[row] == codes[3] and window > 0))
            continue
        if window <= 0:
            continue
        place = _place(mine, pixel[row], shift) & last
        opener = np.int64(openers[place])
        while opener >= 0:
            if opener >= old:
                same = event_id[opener - old] == mine
                same = same and pixel[opener - old] == pixel[row] and event[opener - old] == event[row]
            else:
                same = old_id[opener] == mine
                same = same and old_pixel[opener] == pixel[row] and old_event[opener] == event[row]
            if same:
                break
            place = (place + 1) & last
            opener = np.int64(openers[place])
        if opener >= 0:
            fresh = opener >= old
            age = at[row] - (at[opener - old] if fresh else old_at[opener])
            if age < window or (inclusive and age == window):
                near = merge > 0 and (age < merge or (inclusive and age == merge))
                other = channel[row] != (channel[opener - old] if fresh else old_channel[opener])
                outcome[row] = codes[1] if near and other else codes[2]
                first[row] = first_row + opener - old if fresh else carried_row[opener]
                continue
        openers[place] = old + row
    return outcome, first, tried


@compiled
def _place(event_id: int, pixel: int, shift: np.uint64) -> np.int64:
    """Give the place of an id, those of one session and of the next ones side by side: they come at one time."""
    word = np.uint64(event_id)
    near = ((word >> np.uint64(3)) & np.uint64(7)) | ((word >> np.uint64(8)) & np.uint64(0x78))
    return np.int64((mixed((word & ~_NEAR) ^ (np.uint64(pixel) << np.uint64(52))) >> shift) + near)
