"""Attribution and counting in one pass over the events: remembered touches form chains from the newest back.

A touch stands in the table of touches as one row, since a processor fetches memory by such rows. The touches whose key
falls on one place of a table by hash form one chain; a walk passes over those of other keys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled
from pixelsim.traffic.compiled.lookup import mixed

__all__ = ["rechain", "remember", "settle"]

Bytes = NDArray[np.int8]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rows = tuple[Longs, Longs, Longs, Bytes, Ints, Longs, Longs, Bytes]
Terms = tuple[Longs, Ints, Ints, Mask]
Grants = tuple[Ints, Longs, Longs, bool, bool]
Credited = tuple[Bytes, Ints, Ints, Longs, Bytes, Ints]
Claimed = tuple[Longs, Longs, Longs, Longs, Bytes, Ints, Ints, Ints, Ints, Bytes, Longs, Longs, Mask]

_AT, _PERSON, _WHAT, _PREVIOUS = 0, 1, 2, 3
"""Columns of a touch in the table of touches: time, person, what it is, and the touch before it in its chain."""
_GROUP, _AD, _HAD = 2, 32, 56
"""Bits of what a touch is from which on its ad group, its ad, and the events stand for which it has had its conversion;
the lowest bits are its kind."""
_OF_KIND, _OF_CELL, _OF_AD = (1 << _GROUP) - 1, (1 << _AD) - 1, (1 << (_HAD - _AD)) - 1
_KINDS = np.int64(3)
_NONE = -1
_BLOCK = 256
"""Events that are looked up at a time: reads that do not wait for one another come together."""


@compiled
def _place(person: int, pixel: int, size: int) -> np.int64:
    """Give the place of a key in a table of ``size`` places, a power of 2."""
    word = mixed(np.uint64(person) ^ (np.uint64(pixel) << np.uint64(40)))
    return np.int64(word >> np.uint64(32)) & (size - 1)


@compiled
def remember(touches: tuple[Longs, Longs, Bytes, Ints, Ints], order: Longs, table: Longs, begin: int) -> None:
    """Write touches, given by time, person, kind, ad group and ad, to a table from a row on, in an order."""
    at, person, kind, group, ad = touches
    for number in range(len(order)):
        row, touch = begin + number, order[number]
        table[row, _AT], table[row, _PERSON] = at[touch], person[touch]
        table[row, _WHAT] = (np.int64(ad[touch]) << _AD) | (np.int64(group[touch]) << _GROUP) | kind[touch]


@compiled
def rechain(table: Longs, begin: int, end: int, heads: Ints, pixel_of: Ints) -> None:
    """Chain the touches of some rows of a table, given the newest touch of each place and the pixel of each group."""
    place = np.empty(_BLOCK, dtype=np.int64)
    for first in range(begin, end, _BLOCK):
        count = min(_BLOCK, end - first)
        for number in range(count):
            row = first + number
            group = (table[row, _WHAT] & _OF_CELL) >> _GROUP
            place[number] = _place(table[row, _PERSON], pixel_of[group], len(heads))
        for number in range(count):
            # Brings the places near; what stands there may still change in this block.
            table[first + number, _PREVIOUS] = heads[place[number]]
        for number in range(count):
            table[first + number, _PREVIOUS] = heads[place[number]]
            heads[place[number]] = first + number


@compiled
def settle(  # noqa: PLR0917 - compiled functions are called by position
    rows: Rows,
    table: Longs,
    heads: Ints,
    terms: Terms,
    grants: Grants,
    codes: Bytes,
    rule: tuple[bool, int, int],
    first_row: int,
) -> tuple[Credited, Claimed]:
    """Credit the kept events of a step, in the order in which they were received, and count them.

    Parameters
    ----------
    rows
        Time, time of arrival, key of the person, event, pixel, value and number of each event, and its fate.
    table, heads
        The touches, and the newest one of each place; that a touch has had its conversion is written to it.
    terms
        Window in ms by ad group and kind, account and pixel by ad group, and which events each ad group counts once.
    grants
        Number of the pair of pixel and account of each ad group, beginnings and ends of the intervals of each pair in
        ms, whether access is needed at the event, too, and whether touches need access at all.
    codes
        Of reasons: credited, no touch, touches too old, touches refused, not counted again; and the fate of an event
        that is kept.
    rule
        Whether an event exactly at a window's end is inside, the ms after which a touch is as good as none, and the
        number of accounts that each claim events for themselves, 0 where they compete.
    first_row
        Number of the first event in the log.

    Returns
    -------
    The log's columns from the reason to the account passed over, and the columns of the claims.
    """
    # Every array that the loops read is named once outside of them: to hand tuples on would count references each time.
    at, _, match, event, pixel, _, _, fate = rows
    window_of, account_of, pixel_of, once = terms
    pair_of, begin, end, cut, vetoes = grants
    inclusive, memory, accounts = rule
    size, ways = len(match), max(accounts, 1)
    reason = np.empty(size, dtype=np.int8)
    ad_group = np.empty(size, dtype=np.int32)
    ad = np.empty(size, dtype=np.int32)
    touch_at = np.empty(size, dtype=np.int64)
    touch_kind = np.empty(size, dtype=np.int8)
    passed_over = np.empty(size, dtype=np.int32)
    # Of each claim: row, time of the touch, what it is, and whether it counts.
    claims = np.empty((np.count_nonzero(fate == codes[5]) * ways, 4), dtype=np.int64)
    found = 0
    some, place, newest, owner, first_of = np.empty((5, _BLOCK), dtype=np.int64)
    earned = np.empty((_BLOCK * ways, 2), dtype=np.int64)
    # Reads of memory wait for one another least in short loops. And a processor guesses wrong where half of the rows go
    # one way, so rows are chosen by arithmetic and not by branches.
    for first in range(0, size, _BLOCK):
        count, left, earning, last = 0, 0, 0, min(first + _BLOCK, size)
        ad_group[first:last], ad[first:last], passed_over[first:last] = _NONE, _NONE, _NONE
        touch_at[first:last], touch_kind[first:last] = _NONE, _NONE
        for row in range(first, last):
            some[count] = row
            kept = fate[row] == codes[5]
            reason[row] = _NONE + kept * (codes[1] - _NONE)
            count += kept
        for number in range(count):
            row = some[number]
            place[number] = _place(match[row], pixel[row], len(heads))
        for number in range(count):
            newest[number] = heads[place[number]]
        for _ in range(2):
            for number in range(count):
                owner[number] = table[max(newest[number], 0), _PERSON]
            for number in range(count):
                row, touch = some[number], newest[number]
                known = max(touch, 0)
                passes = (owner[number] != match[row]) | (table[known, _AT] > at[row])
                newest[number] = touch + (table[known, _PREVIOUS] - touch) * (passes & (touch >= 0))
        for number in range(count):
            some[left], newest[left] = some[number], newest[number]
            left += newest[number] >= 0
        for number in range(left):
            row = some[number]
            key, second, instant = match[row], pixel[row], at[row]
            if key < 0 or second < 0:
                continue
            best, of_best, passed, of_passed, strongest = np.int64(_NONE), _KINDS, np.int64(_NONE), _KINDS, 0
            for account in range(ways):
                # Back along the chain: the newest allowed touch of the strongest kind; a refused one is remembered.
                mine, of_mine, refused, of_refused, seen = np.int64(_NONE), _KINDS, np.int64(_NONE), _KINDS, False
                touch, goes_on = newest[number], True
                while goes_on:
                    made, cell = table[touch, _AT], table[touch, _WHAT] & _OF_CELL
                    age, group, kind, window = instant - made, cell >> _GROUP, cell & _OF_KIND, window_of[cell]
                    same = (age >= 0) & (age <= memory) & (table[touch, _PERSON] == key) & (pixel_of[group] == second)
                    same &= (accounts == 0) | (account_of[group] == account)
                    seen |= same
                    earns = same & (kind < of_mine) & (window > 0) & ((age < window) | ((age == window) & inclusive))
                    if vetoes:
                        pair = pair_of[group]
                        then, now = False, not cut
                        for interval in range(begin.shape[1] if pair >= 0 else 0):
                            then |= begin[pair, interval] <= made < end[pair, interval]
                            now |= begin[pair, interval] <= instant < end[pair, interval]
                        if earns and not (then and now) and kind < of_refused:
                            refused, of_refused = touch, kind
                        earns &= then & now
                    mine, of_mine = (touch, kind) if earns else (mine, of_mine)
                    touch = table[touch, _PREVIOUS]
                    goes_on = (touch >= 0) & (of_mine > 0) & (age <= memory)
                strongest = max(strongest, 3 if mine >= 0 else 2 if refused >= 0 else 1 if seen else 0)
                if of_refused <= of_mine and (of_refused < of_passed or (of_refused == of_passed and refused > passed)):
                    passed, of_passed = refused, of_refused
                earned[earning, 0], earned[earning, 1] = number, mine
                earning += int(mine >= 0)
                better = (of_mine < of_best) | ((of_mine == of_best) & (mine > best))
                best, of_best = (mine, of_mine) if better else (best, of_best)
            first_of[number] = best
            reason[row] = codes[(1, 2, 3, 0)[strongest]]
            if passed >= 0 and (of_passed < of_best or (of_passed == of_best and passed > best)):
                passed_over[row] = account_of[(table[passed, _WHAT] & _OF_CELL) >> _GROUP]
        for claim in range(earning):
            number, touch = earned[claim, 0], earned[claim, 1]
            row, made, what = some[number], table[touch, _AT], table[touch, _WHAT]
            group = (what & _OF_CELL) >> _GROUP
            bit = np.int64(once[group, event[row]]) << (_HAD + event[row])
            counts = what & bit == 0
            table[touch, _WHAT] = what | bit
            claims[found, 0], claims[found, 1], claims[found, 2], claims[found, 3] = row, made, what, counts
            found += 1
            if touch == first_of[number]:
                reason[row] = codes[0] if counts else codes[4]
                ad_group[row], ad[row] = group, (what >> _AD) & _OF_AD
                touch_at[row], touch_kind[row] = made, what & _OF_KIND
    credited = (reason, ad_group, ad, touch_at, touch_kind, passed_over)
    return credited, _claimed(rows, claims[:found], account_of, first_row)


@compiled
def _claimed(rows: Rows, claims: Longs, account_of: Ints, first_row: int) -> Claimed:
    """Give the columns of claims."""
    event_at, event_received, _, events, pixels, values, keys, _ = rows
    size = len(claims)
    number, touch_at = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    at, received = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    value, key = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    event, kind = np.empty(size, dtype=np.int8), np.empty(size, dtype=np.int8)
    pixel, account = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    group, ad = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    counted = np.empty(size, dtype=np.bool_)
    for claim in range(size):
        row, what = claims[claim, 0], claims[claim, 2]
        number[claim], at[claim], received[claim] = first_row + row, event_at[row], event_received[row]
        event[claim], pixel[claim], value[claim], key[claim] = events[row], pixels[row], values[row], keys[row]
        of_group = (what & _OF_CELL) >> _GROUP
        touch_at[claim], kind[claim], group[claim] = claims[claim, 1], what & _OF_KIND, of_group
        account[claim], ad[claim] = account_of[of_group], (what >> _AD) & _OF_AD
        counted[claim] = claims[claim, 3] != 0
    return number, at, received, touch_at, event, pixel, account, group, ad, kind, value, key, counted
