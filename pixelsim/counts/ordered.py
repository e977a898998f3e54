"""Sessions with an order, told by those that occur: there are few for the rows, lags and kinds that they could have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["LateOrders", "Ordered"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _ByTouch:
    """Sessions by the touches that they follow from; those of a row, lag and kind are together.

    Parameters
    ----------
    row, lag, kind
        Row of the touches, how many cells later the sessions are, and kind of touch, shape (sessions,); they are in the
        order of these three.
    """

    row: Longs
    lag: Longs
    kind: Longs

    @classmethod
    def of(cls, row: Longs, lag: Longs, kind: Longs, *told: Longs) -> Self:
        """Put them in order, with what is told of each."""
        # One number for the three: nearly in order already, which makes it several times as fast as to sort by each.
        order = np.argsort((row * (lag.max(initial=0) + 1) + lag) * (kind.max(initial=0) + 1) + kind, kind="stable")
        columns: Any = (column[order] for column in (row, lag, kind, *told))
        return cls(*columns)

    @classmethod
    def join(cls, parts: Sequence[Self], sizes: Sequence[int]) -> Self:
        """Put those of one part after another's, which have so many rows of touches."""
        begins = np.cumsum([0, *sizes[:-1]])
        columns: Any = [np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__]
        found = cls(*columns)
        return replace(found, row=found.row + np.repeat(begins, [len(part.row) for part in parts]))

    def table(self, name: str, rows: int, lags: int, kinds: int) -> Longs:
        """Give what is told of each as a table of shape (rows, lags, kinds, ...)."""
        told = getattr(self, name)
        found = np.zeros((rows, lags, kinds, *told.shape[1:]), dtype=np.int64)
        found[self.row, self.lag, self.kind] = told
        return found

    def rows(self, edges: Longs) -> list[Self]:
        """Cut them up between one row and the next of some; rows count from there."""
        at, names = np.searchsorted(self.row, edges).tolist(), self.__match_args__[1:]
        found = []
        for one, two, edge in zip(at[:-1], at[1:], edges.tolist(), strict=False):
            columns: Any = (getattr(self, name)[one:two] for name in names)
            found.append(type(self)(self.row[one:two] - edge, *columns))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Ordered(_ByTouch):
    """Sessions with an order within the window of a touch.

    Parameters
    ----------
    row, lag, kind
        See `LateOrders`.
    copies, once
        Kept and matched copies on the own pixel, and sessions with any, shape (sessions, events).
    """

    copies: Longs
    once: Longs

    @classmethod
    def found_in(cls, copies: Longs, once: Longs) -> Self:
        """Find them in tables, both of shape (rows, lags, kinds, events)."""
        row, lag, kind = where = np.nonzero(copies.any(axis=-1) | once.any(axis=-1))
        return cls(row, lag, kind, copies[where], once[where])


@dataclass(frozen=True, slots=True, eq=False)
class LateOrders(_ByTouch):
    """Sessions with an order after the window of a touch.

    Parameters
    ----------
    row, lag, kind
        Row of the touches, how many cells later the sessions are, and kind of touch, shape (places,); they are in the
        order of these three.
    number
        How many there are.
    """

    number: Longs
