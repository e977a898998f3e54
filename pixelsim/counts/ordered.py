"""Kept copies of the sessions with an order in the window of a touch: told by those that occur, which are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ordered"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """Sessions with an order within the window of a touch; those of a row, lag and kind are together.

    Parameters
    ----------
    row, lag, kind
        Row of the touches, how many cells later the sessions are, and kind of touch, shape (sessions,); they are in the
        order of these three.
    copies, once
        Kept and matched copies on the own pixel, and sessions with any, shape (sessions, events).
    """

    row: Longs
    lag: Longs
    kind: Longs
    copies: Longs
    once: Longs

    @classmethod
    def of(cls, row: Longs, lag: Longs, kind: Longs, copies: Longs, once: Longs) -> Ordered:
        """Put them in order."""
        order = np.lexsort((kind, lag, row))
        return cls(row[order], lag[order], kind[order], copies[order], once[order])

    @classmethod
    def found_in(cls, copies: Longs, once: Longs) -> Ordered:
        """Find them in tables, both of shape (rows, lags, kinds, events)."""
        row, lag, kind = where = np.nonzero(copies.any(axis=-1) | once.any(axis=-1))
        return cls(row, lag, kind, copies[where], once[where])

    @classmethod
    def join(cls, parts: Sequence[Ordered], sizes: Sequence[int]) -> Ordered:
        """Put those of one part after another's, which have so many rows of touches."""
        begins = np.cumsum([0, *sizes[:-1]])
        row = np.concatenate([part.row for part in parts]) + np.repeat(begins, [len(part.row) for part in parts])
        names = cls.__match_args__[1:]
        return cls(row, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def table(self, name: str, rows: int, lags: int, kinds: int) -> Longs:
        """Give ``copies`` or ``once`` as a table of shape (rows, lags, kinds, events)."""
        told = getattr(self, name)
        found = np.zeros((rows, lags, kinds, told.shape[1]), dtype=np.int64)
        found[self.row, self.lag, self.kind] = told
        return found

    def rows(self, edges: Longs) -> list[Ordered]:
        """Cut them up between one row and the next of some; rows count from there."""
        at = np.searchsorted(self.row, edges).tolist()
        return [
            Ordered(
                self.row[one:two] - edge,
                self.lag[one:two],
                self.kind[one:two],
                self.copies[one:two],
                self.once[one:two],
            )
            for one, two, edge in zip(at[:-1], at[1:], edges.tolist(), strict=False)
        ]
