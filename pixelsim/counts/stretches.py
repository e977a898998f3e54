"""Stretches in which an ad group delivers, cut at the borders of cells."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.control.timeline import Span
from pixelsim.counts.cells import Cells

__all__ = ["Rows", "rows_of"]

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
    def each_once(self) -> bool:
        """Whether they are whole cells, each once at most."""
        return bool(self.whole.all() and np.all(self.cell[1:] > self.cell[:-1]))

    @functools.cached_property
    def all_authorised(self) -> bool:
        """Whether there is access in all of them."""
        return bool(self.authorised.all())

    def every_touch(self, envelope: float) -> Mask:
        """Tell in which of them everything is bought that a budget of this factor buys in a whole cell."""
        return np.asarray(self.whole & (self.budget == envelope))


def rows_of(spans: tuple[Span, ...], cells: Cells, origin: int) -> Rows:
    """Cut stretches of delivery at the borders of cells; the same ones give the same object.

    Parameters
    ----------
    spans
        Stretches in which the ad group delivers.
    cells
        The cells of the run.
    origin
        Beginning of a day on the account's clock, in ms since the scenario's start.
    """
    return _rows(spans, cells.borders.tobytes(), cells.of_day, origin)


@functools.lru_cache(maxsize=1024)
def _rows(spans: tuple[Span, ...], borders: bytes, of_day: int, origin: int) -> Rows:
    at, parts = np.frombuffer(borders, dtype=np.int64), [np.zeros((5, 0), dtype=np.int64)]
    for number, span in enumerate(spans):
        first, last = np.searchsorted(at, span.start, side="right") - 1, np.searchsorted(at, span.end) - 1
        cell = np.arange(first, last + 1)
        start, end = np.maximum(at[cell], span.start), np.minimum(at[cell + 1], span.end)
        parts.append(np.stack([cell, start, end, np.full(len(cell), span.authorised), np.full(len(cell), number)]))
    cell, start, end, authorised, place = np.concatenate(parts, axis=1)
    budget = np.array([span.budget for span in spans], dtype=np.float64)[place]
    whole = (start == at[cell]) & (end == at[cell + 1])
    account_day = np.maximum(origin + (at[cell] - origin) // DAY * DAY, 0) // DAY
    return Rows(cell, start, end, whole, authorised.astype(np.bool_), place, budget, cell // of_day, account_day)
