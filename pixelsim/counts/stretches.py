"""Stretches in which an ad group delivers, cut at the borders of cells."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.control.timeline import Span
from pixelsim.counts.cells import Cells

__all__ = ["Rows", "Stretches"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """Stretches of delivery inside of cells.

    Parameters
    ----------
    cell, start, end
        Where they are; times in ms since the scenario's start, ``end`` excluded.
    whole
        Whether they are the whole cell.
    authorised, span, budget
        Whether the account has access to the pixel; and the state of the ad group, and its budget as a factor of the
        one it was published with.
    day, account_day
        Day of the scenario, and the one in which the day of the account's clock begins; the first for one before it.
    """

    cell: Longs
    start: Longs
    end: Longs
    whole: Mask
    authorised: Mask
    span: Longs
    budget: Floats
    day: Longs
    account_day: Longs

    @functools.cached_property
    def told(self) -> tuple[bytes, ...]:
        """What rows have the same in which the same is delivered."""
        return tuple(getattr(self, name).tobytes() for name in self.__match_args__)

    @functools.cached_property
    def each_once(self) -> bool:
        """Whether they are whole cells, each once at most."""
        return bool(self.whole.all() and np.all(self.cell[1:] > self.cell[:-1]))

    @functools.cached_property
    def all_authorised(self) -> bool:
        """Whether there is access in all of them."""
        return bool(self.authorised.all())

    def every_once(self, cells: int, envelope: float) -> bool:
        """Tell whether they are so many whole cells, each once, in which a budget of this factor is spent."""
        return self.each_once and len(self.cell) == cells and bool(self.every_touch(envelope).all())

    def every_touch(self, envelope: float) -> Mask:
        """Tell in which of them everything is bought that a budget of this factor buys in a whole cell."""
        return np.asarray(self.whole & (self.budget == envelope))


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """The stretches in which an ad group delivers, and the same cut at the borders of cells."""

    spans: tuple[Span, ...]
    rows: Rows

    @classmethod
    def of(cls, spans: Iterable[Span], cells: Cells, origin: int) -> Stretches:
        """Cut stretches of delivery at the borders of cells.

        Parameters
        ----------
        spans
            States of the ad group over the run.
        cells
            The cells of the run.
        origin
            Beginning of a day on the account's clock, in ms since the scenario's start.
        """
        delivering = tuple(span for span in spans if span.delivering)
        at, parts = cells.borders, [np.zeros((5, 0), dtype=np.int64)]
        for number, span in enumerate(delivering):
            first, last = np.searchsorted(at, span.start, side="right") - 1, np.searchsorted(at, span.end) - 1
            cell = np.arange(first, last + 1)
            start, end = np.maximum(at[cell], span.start), np.minimum(at[cell + 1], span.end)
            parts.append(np.stack([cell, start, end, np.full(len(cell), span.authorised), np.full(len(cell), number)]))
        cell, start, end, authorised, place = np.concatenate(parts, axis=1)
        budget = np.array([span.budget for span in delivering], dtype=np.float64)[place]
        whole = (start == at[cell]) & (end == at[cell + 1])
        account_day = np.maximum(origin + (at[cell] - origin) // DAY * DAY, 0) // DAY
        told = (authorised.astype(np.bool_), place, budget, cells.day[cell], account_day)
        return cls(delivering, Rows(cell, start, end, whole, *told))
