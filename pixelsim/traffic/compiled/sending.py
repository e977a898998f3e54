"""What browsers and servers send of events, and what becomes of it: one pass over the events for each of the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled
from pixelsim.traffic.compiled.draws import number_of, uniform

__all__ = ["browser", "server"]

Bytes = NDArray[np.int8]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]

_PERSON_BITS = np.int64((1 << 32) - 1)


@compiled
def browser(
    events: tuple[NDArray[np.int32], Longs, Longs, Longs, Bytes, Bytes],
    early: Mask,
    lost: tuple[NDArray[np.uint64], Floats],
    traits: tuple[NDArray[np.uint64], float, NDArray[np.uint64], float],
    codes: Bytes,
) -> tuple[Longs, Longs, Bytes, Mask]:
    """Give for each event counter, number, loss of the browser's copy, and whether its person refuses consent.

    Parameters
    ----------
    events
        Origin, number of the session, place in it, person, event and kind of visit.
    early
        Which events come before their person's consent, and are lost for it; shape (0,): none.
    lost
        Keys of the numbers that decide on lost copies by origin, and the shares that are lost by event.
    traits
        Key of refusing consent and the share of people who do, and the same of blocking trackers.
    codes
        Codes of losses: received, left too soon, no consent, blocked; and that of a person's visit.
    """
    origin, number, place, person, event, visit = events
    keys, shares = lost
    refuse_key, refusing, block_key, blocked = traits
    size, some = len(number), len(early) > 0
    counter = np.empty(size, dtype=np.int64)
    key = np.empty(size, dtype=np.int64)
    member = np.empty(size, dtype=np.int64)
    for row in range(size):
        counter[row] = (number[row] << 8) | place[row]
        key[row] = (np.int64(origin[row]) << 42) | counter[row]
        member[row] = person[row] & _PERSON_BITS
    # Numbers are drawn in loops of their own, which a processor runs several at a time.
    of_event = uniform(counter, keys, origin)
    refusing_at, blocking_at = uniform(member, refuse_key, origin), uniform(member, block_key, origin)
    loss = np.empty(size, dtype=np.int8)
    refuses = np.empty(size, dtype=np.bool_)
    for row in range(size):
        real = visit[row] == codes[4]
        refuses[row] = real & (refusing_at[row] < refusing)
        blocks = real & (blocking_at[row] < blocked)
        withheld = refuses[row] or (some and early[row])
        gone = of_event[row] < shares[event[row]]
        loss[row] = codes[3] if blocks else codes[2] if withheld else codes[1] if gone else codes[0]
    return counter, key, loss, refuses


@compiled
def server(  # noqa: PLR0917 - compiled functions are called by position
    events: tuple[Longs, NDArray[np.int32], Mask],
    rows: Longs,
    copies: tuple[Bytes, Bytes, Bytes],
    relays: Mask,
    keys: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]],
    shares: tuple[float, float, bool],
    codes: Bytes,
) -> tuple[Longs, Floats, Bytes]:
    """Give which browser copies a server sends once more, the quantiles of their delays, and their losses.

    Parameters
    ----------
    events, rows
        Counter, origin and refusal of consent of events, and which of them the copies are of.
    copies
        Event, kind of visit and loss of the browser's copies.
    relays
        Which events the server sends.
    keys
        Keys by origin of the numbers that decide on sending, on delays and on losses.
    shares
        The shares sent and lost, and whether the server's token holds.
    codes
        Codes of losses: received, no consent, lost by the relay, token revoked; and that of a person's visit.
    """
    counters, origins, refuses = events
    event, visit, browser_loss = copies
    sends, delays, losses = keys
    sent, lost, token = shares
    place = np.empty(len(rows), dtype=np.int64)
    quantile = np.empty(len(rows), dtype=np.float64)
    loss = np.empty(len(rows), dtype=np.int8)
    found = 0
    for row in range(len(rows)):
        counter, origin = counters[rows[row]], origins[rows[row]]
        is_sent = relays[event[row]] and visit[row] == codes[4]
        if sent < 1:
            is_sent = is_sent and number_of(counter, sends[origin]) < sent
        place[found], quantile[found] = row, number_of(counter, delays[origin])
        gone = lost > 0 and number_of(counter, losses[origin]) < lost
        loss[found] = codes[2] if gone else codes[0] if token else codes[3]
        # The browser's loss names the blocker before the refusal; a server is not blocked, but consent binds it too.
        if browser_loss[row] == codes[1] or refuses[rows[row]]:
            loss[found] = codes[1]
        found += is_sent
    return place[:found], quantile[:found], loss[:found]
