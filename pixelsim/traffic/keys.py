"""Keyed time lines: equal rows brought together, and the last row of each class before a row.

Every kernel of measurement asks the same questions of its rows: which belong together, which begin a window, and what
came last. They are answered by sorting one packed word for each row, which is several times faster than sorting an
index by a key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import InputError
from pixelsim.traffic.kernels import chosen

__all__ = [
    "NONE",
    "Latest",
    "Sieve",
    "TimeLine",
    "first_equal",
    "inside",
    "latest",
    "maybe_in",
    "open_windows",
    "order_of_time",
    "order_with_ties",
    "pack_columns",
    "sort_groups",
    "whole_numbers",
]

NONE = -1
"""A missing event id, visitor, person, touch or order."""

_MIX = np.uint64(0x9E3779B97F4A7C15)
_RUNS = 16
"""Ascending runs, up to which they are merged and not sorted anew."""
_DIGIT, _DIGITS = 16, 3
"""Bits of a digit by which keys are sorted, and the most digits for which that is worth while."""

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]


def pack_columns(*columns: Sequence[NDArray[np.integer]]) -> tuple[NDArray[np.uint64], int]:
    """Write several whole-number columns as one key; keys are equal, and in order, just as the rows are.

    Parameters
    ----------
    columns
        Each column as one or more arrays that follow one another, the same lengths in every column.

    Returns
    -------
    key : ndarray of uint64, shape (n,)
    bits : int
        How many low bits of the key are used, at most 63.
    """
    key, bits = _offset(columns[0])
    for column in columns[1:]:
        code, width = _offset(column)
        if bits + width > 63:
            (key, bits), (code, width) = _rank(key), _rank(code)
        key <<= np.uint64(width)
        key |= code
        bits += width
    return (key, bits) if bits <= 63 else _rank(key)


def whole_numbers(column: ArrayLike) -> NDArray[np.integer]:
    """Give a column as whole numbers, in the type that it has, shape (n,)."""
    array = np.asarray(column).reshape(-1)
    return array if array.dtype.kind == "i" else array.astype(np.int64)


def _offset(parts: Sequence[NDArray[np.integer]]) -> tuple[NDArray[np.uint64], int]:
    """Copy a column, counted from its smallest value on."""
    column = np.concatenate(parts, dtype=np.int64)
    if not len(column):
        return column.view(np.uint64), 0
    low, high = int(column.min()), int(column.max())
    distance = column.view(np.uint64)
    # Unsigned subtraction wraps to the right distance even where int64 would overflow.
    distance -= np.uint64(low % 2**64)
    return distance, (high - low).bit_length()


def _rank(key: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], int]:
    """Renumber a key densely."""
    codes = np.unique(key, return_inverse=True)[1]
    return codes.astype(np.uint64), max(len(codes) - 1, 0).bit_length()


def _order(key: NDArray[np.uint64], bits: int) -> Longs:
    """Give the stable order of keys of which some low bits are used.

    NumPy sorts 16-bit numbers by their bytes, in a time that does not depend on how they lie. Up to three such passes
    are faster than one sort by comparison; on some processors even than the vectorised one.
    """
    if bits > _DIGITS * _DIGIT:
        return np.argsort(key, kind="stable")
    order = np.argsort(key.astype(np.uint16), kind="stable")
    for shift in range(_DIGIT, bits, _DIGIT):
        digit = (key >> np.uint64(shift)).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def _groups(key: NDArray[np.uint64], bits: int) -> tuple[Longs, Mask]:
    """Give the stable order of keys, and where in that order a key begins."""
    order = _order(key, bits)
    sorted_ = key[order]
    heads = np.ones(len(key), dtype=np.bool_)
    np.not_equal(sorted_[1:], sorted_[:-1], out=heads[1:])
    return order, heads


def sort_groups(*columns: NDArray[np.integer]) -> tuple[Longs, Mask]:
    """Bring equal rows together, in their own order within each group.

    Returns
    -------
    order : ndarray of int64, shape (n,)
        Row numbers, group after group.
    heads : ndarray of bool, shape (n,)
        Where in that order a group begins.
    """
    return _groups(*pack_columns(*([column] for column in columns)))


def first_equal(*columns: NDArray[np.integer]) -> Longs:
    """Give for each row the first row that equals it, its own number where there is none before it, shape (n,).

    A table with a place for each hash takes the first row of each place. Rows that find another row there are tried
    again with another hash.
    """
    only = len(columns) == 1
    compiled = chosen()
    key = columns[0].astype(np.uint64) if only else pack_columns(*([column] for column in columns))[0]
    if compiled is not None:
        return compiled.first_equal(key)
    size = len(key)
    first, rows, word = np.empty(size, dtype=np.int64), np.arange(size, dtype=np.int32), key
    bits = max(size.bit_length(), 8)
    table = np.empty(1 << bits, dtype=np.int32)
    while len(rows):
        word = word * _MIX
        word ^= word >> np.uint64(32)
        place = _hashed(word.copy(), bits)
        # Of several values for one place, the one assigned last stays: the first row.
        table[place[::-1]] = rows[::-1]
        head = table[place]
        own = key[rows] if len(rows) < size else key
        differs = np.flatnonzero(key[head] != own)
        first[rows] = head
        rows, word = rows[differs], word[differs]
    return first


def order_of_time(at: Longs, *then: NDArray[np.integer]) -> Longs:
    """Give the order of times in ms: positions, int64, shape (n,).

    Of equal times the row that is less in the further columns goes first, the first column before the others; of rows
    that are equal in all of them, the one that stands first.
    """
    return order_with_ties(at, (lambda rows: [column[rows] for column in then]) if then else None)


def order_with_ties(at: Longs, then: Callable[[Longs], Sequence[NDArray[np.integer]]] | None) -> Longs:
    """Give the order of times as `order_of_time` does, with further columns that are asked for only where times tie.

    Parameters
    ----------
    at
        Times in ms, int64, shape (n,).
    then
        Gives the further columns of the rows at some positions; None: there are none.
    """
    compiled = chosen()
    order, tied = compiled.order(at) if compiled is not None else _by_time(at, ties=then is not None)
    if then is not None and len(tied):
        rows = order[tied]
        order[tied] = rows[np.lexsort((*reversed(then(rows)), at[rows]))]
    return order


def _by_time(at: Longs, *, ties: bool) -> tuple[Longs, Longs]:
    """Give the stable order of times, and, if asked for, the positions in it whose time is also a neighbour's."""
    descents = np.count_nonzero(at[1:] < at[:-1])
    if not descents:
        order = np.arange(len(at))
    elif descents < _RUNS:
        # NumPy's stable sort by comparison merges what ascends already.
        order = np.argsort(at, kind="stable")
    else:
        order = _order(*_offset([at]))
    if not ties:
        return order, order[:0]
    sorted_ = at[order]
    same = np.flatnonzero(sorted_[1:] == sorted_[:-1])
    return order, np.union1d(same, same + 1)


class Sieve:
    """Lets pass all values that are wanted, and perhaps a few more: a table by a hash.

    Parameters
    ----------
    wanted
        Whole numbers.
    """

    def __init__(self, wanted: NDArray[np.integer]) -> None:
        self._any = len(wanted) > 0
        self._bits = max((4 * len(wanted)).bit_length(), 8)
        compiled = chosen()
        if self._any and compiled is not None:
            self._table = compiled.sieve(wanted, self._bits)
        elif self._any:
            self._table = np.zeros(1 << self._bits, dtype=np.bool_)
            self._table[_hashed(wanted.astype(np.uint64), self._bits)] = True

    def passes(self, values: NDArray[np.integer]) -> Mask:
        """Mark the values that pass."""
        if not self._any:
            return np.zeros(len(values), dtype=np.bool_)
        return np.asarray(self._table[_hashed(values.astype(np.uint64), self._bits)])

    def positions(self, values: NDArray[np.integer]) -> Longs:
        """Give the positions of the values that pass, ascending."""
        compiled = chosen()
        if self._any and compiled is not None:
            return compiled.passing(values, self._table, self._bits)
        return np.flatnonzero(self.passes(values))


def maybe_in(values: NDArray[np.integer], wanted: NDArray[np.integer]) -> Mask:
    """Mark all values that occur in ``wanted``, and perhaps a few more."""
    return Sieve(wanted).passes(values)


def _hashed(word: NDArray[np.uint64], bits: int) -> Longs:
    """Turn words, which are used up, into places of a table: an odd factor carries every bit to the high ones."""
    word *= _MIX
    word >>= np.uint64(64 - bits)
    return word.view(np.int64)


def inside(age: Longs, window: int | Longs, *, inclusive: bool) -> Mask:
    """Tell which ages in ms, all at least 0, lie inside a window; a window of 0 holds none."""
    return np.asarray((age <= window if inclusive else age < window) & np.greater(window, 0))


def open_windows(at: Longs, heads: Mask, limits: Sequence[tuple[int, Longs | None]], *, inclusive: bool) -> None:
    """Mark in ``heads`` every row that lies past the window of the head before it, and so opens a new one.

    A round finds the next opener of every group that still has one, so there are as many rounds as openers in the
    longest chain, over ever fewer groups.

    Parameters
    ----------
    at
        Times in ms, ascending from head to head, shape (n,).
    heads
        Where a group begins, shape (n,); changed in place.
    limits
        Windows in ms, each with the ascending positions that it holds for (None = all). Positions of no limit are
        heads already.
    inclusive
        Whether a row exactly at a window's end is still inside.
    """
    if not limits:
        return
    opener = np.flatnonzero(heads)
    end = np.append(opener[1:], len(at))
    late = (end - opener > 1) & ~inside(
        at[end - 1] - at[opener], min(window for window, _ in limits), inclusive=inclusive
    )
    opener, end = opener[late], end[late]
    while len(opener):
        following = end
        for window, positions in limits:
            border = at[opener] + window
            if positions is None:
                found = _first_past(at, opener + 1, end, border, inclusive=inclusive)
            else:
                low, high = np.searchsorted(positions, opener, "right"), np.searchsorted(positions, end)
                found = _first_past(at[positions], low, high, border, inclusive=inclusive)
                found = np.where(found < high, positions[np.minimum(found, len(positions) - 1)], end)
            following = np.minimum(following, found)
        more = following < end
        opener, end = following[more], end[more]
        heads[opener] = True


def _first_past(values: Longs, low: Longs, high: Longs, border: Longs, *, inclusive: bool) -> Longs:
    """Give the first position in [low, high) whose ascending value is past the border, else high."""
    while np.any(undecided := low < high):
        middle = np.minimum((low + high) >> 1, len(values) - 1)
        holds = values[middle] <= border if inclusive else values[middle] < border
        low = np.where(undecided & holds, middle + 1, low)
        high = np.where(undecided & ~holds, middle, high)
    return low


@dataclass(frozen=True, slots=True, eq=False)
class TimeLine:
    """Rows with a time and a key of two numbers, int64, shape (n,), ascending in time."""

    at: Longs
    key: Longs
    second_key: Longs

    def take(self, index: Longs) -> TimeLine:
        """Pick rows by ascending position."""
        return TimeLine(self.at.take(index), self.key.take(index), self.second_key.take(index))


@dataclass(frozen=True, slots=True, eq=False)
class Latest:
    """The last row of each class at or before each query that has the query's key.

    Parameters
    ----------
    query
        Positions of the queries that were looked at, int64, shape (a,); the others have no row of their key.
    row
        Positions of the last rows by class, -1 = none, int32, shape (classes, a).
    previous
        For each row the one before it of the same key and class, -1 = none, int32, shape (m,); empty unless
        ``links`` were asked for.
    """

    query: Longs
    row: NDArray[np.int32]
    previous: NDArray[np.int32]


def latest(
    queries: TimeLine, rows: TimeLine, row_class: NDArray[np.int16], *, classes: int, links: bool = False
) -> Latest:
    """Find the last row of each class at or before each query, among the rows with the query's key.

    Of rows at one time the one that stands last is the last; a row at the query's own time counts as before it.

    Parameters
    ----------
    queries, rows
        The two time lines.
    row_class
        The class of each row, from 0 to ``classes`` - 1, or -1 to leave it out; int16, shape (m,).
    classes
        How many classes there are.
    links
        Whether to fill ``previous`` too.

    Raises
    ------
    InputError
        There are more than 2,147,483,647 rows.
    """
    if len(rows.at) > np.iinfo(np.int32).max:
        raise InputError.single(
            "latest",
            field="rows",
            value=len(rows.at),
            rule="at most 2147483647 rows in one call",
            remedy="feed the rows in blocks",
        )
    asked = np.flatnonzero(maybe_in(queries.key, rows.key))
    used = np.flatnonzero(maybe_in(rows.key, queries.key[asked]) & (row_class != NONE))
    queries, rows = queries.take(asked), rows.take(used)
    # Places in the joint time line, rows first: a stable sort of two ascending runs is one merge.
    order = np.argsort(np.concatenate([rows.at, queries.at]), kind="stable")
    total = len(order)
    count = np.arange(total)
    key, bits = pack_columns([rows.key, queries.key], [rows.second_key, queries.second_key])
    by_key, heads = _groups(key[order], bits)
    # Random gathers cost a few times less from narrow columns, and masks as factors less than np.where.
    of_class = np.concatenate([row_class[used], np.full(len(asked), classes, np.int16)])[order][by_key]
    position = np.concatenate([used, asked]).astype(np.int32)[order][by_key]
    count *= heads
    begin = np.maximum.accumulate(count, out=count)
    slot = np.flatnonzero(of_class == classes)
    begin_of_slot = begin[slot]
    found = np.zeros((classes, len(slot)), dtype=np.int32)
    previous = np.full(len(row_class) if links else 0, NONE, dtype=np.int32)
    for number in range(classes):
        here = of_class == number
        member = np.flatnonzero(here)
        if not len(member):
            continue
        before = np.cumsum(here, dtype=np.int32)[slot]
        same_key = np.concatenate([[NONE], member])[before] >= begin_of_slot
        found[number] = np.concatenate([[0], position[member] + 1], dtype=np.int32)[before] * same_key
        if links:
            chained = member[:-1] >= begin[member[1:]]
            previous[position[member[1:][chained]]] = position[member[:-1][chained]]
    found -= 1
    return Latest(position[slot].astype(np.int64), found, previous)
