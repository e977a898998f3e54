"""The touches that compete for events: bins of a few hours, and how many touches a person has in them.

Cells are cut into bins here; within a bin, touches and events are taken as even.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import HOUR
from pixelsim.counts.cells import Cells, Spread

__all__ = ["BIN", "Bins", "Field", "Pattern"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BIN = 3 * HOUR
"""Longest bin: short enough that two touches of one person in one bin are rare wherever the closed form is tested."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Bins of a run: borders in ms, and the cell that each lies in."""

    borders: Longs
    cell: Longs

    @classmethod
    def of(cls, cells: Cells, instants: Longs) -> Bins:
        """Cut cells into bins, and bins at instants; the same cells and instants give the same object."""
        return _bins(cells.borders.tobytes(), instants.tobytes())

    def __len__(self) -> int:
        return len(self.cell)

    @property
    def middle(self) -> Floats:
        """Middle of each bin in ms."""
        return np.asarray((self.borders[:-1] + self.borders[1:]) / 2)

    @property
    def width(self) -> Floats:
        """Length of each bin in ms."""
        return np.diff(self.borders).astype(np.float64)

    def even(self, day: Spread) -> Floats:
        """Give how one event of each cell spreads over its bins, shape (bins,)."""
        return _even(self, day)

    def spread(
        self, day: Spread, cell: Longs, start: Longs, end: Longs, number: NDArray[np.integer] | Floats
    ) -> Floats:
        """Spread numbers of stretches of time over bins by the shape of a day; float64 of shape (..., bins)."""
        first, last = (np.searchsorted(self.cell, cell, side=side) for side in ("left", "right"))
        rows, number_of = np.repeat(np.arange(len(cell)), last - first), last - first
        bins = np.arange(len(rows)) - np.repeat(np.cumsum(number_of) - number_of - first, number_of)
        low, high = np.maximum(self.borders[bins], start[rows]), np.minimum(self.borders[bins + 1], end[rows])
        share = day.share(low, np.maximum(high, low))
        total = np.bincount(rows, weights=share, minlength=len(cell))
        share /= np.where(total > 0, total, 1.0)[rows]
        of_kinds = np.atleast_2d(number)[:, rows] * share
        spread = np.stack([np.bincount(bins, weights=one, minlength=len(self)) for one in of_kinds])
        return np.asarray(spread.reshape(*number.shape[:-1], len(self)), dtype=np.float64)


@functools.lru_cache(maxsize=64)
def _bins(borders: bytes, instants: bytes) -> Bins:
    of_cells, cuts = (np.frombuffer(some, dtype=np.int64) for some in (borders, instants))
    lengths = np.diff(of_cells)
    parts = -(-lengths // BIN)
    cell = np.repeat(np.arange(len(lengths)), parts)
    within = np.arange(len(cell)) - np.repeat(np.cumsum(parts) - parts, parts)
    begins = of_cells[cell] + lengths[cell] * within // parts[cell]
    edges = np.unique(np.concatenate([begins, cuts, of_cells[-1:]]))
    return Bins(edges, np.searchsorted(of_cells, edges[:-1], side="right") - 1)


@functools.lru_cache(maxsize=64)
def _even(bins: Bins, day: Spread) -> Floats:
    heads = np.flatnonzero(np.diff(bins.cell, prepend=-1))
    begins, ends = bins.borders[:-1][heads], np.append(bins.borders[:-1][heads[1:]], bins.borders[-1])
    return bins.spread(day, bins.cell[heads], begins, ends, np.ones(len(heads)))


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Bins from ``start`` to ``end`` (excluded) in which the same ad groups may earn, bool of shape (groups,)."""

    start: int
    end: int
    may: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The touches that compete for the events of a population's people.

    Parameters
    ----------
    bins
        The bins.
    windows
        Attribution windows in ms by kind of touch and ad group, shape (kinds, groups).
    people
        Size of the population.
    with_access, without
        Touches by people, made with and without access to the pixel, shape (kinds, groups, bins).
    access
        Whether each ad group's account has access in each bin, shape (groups, bins).
    cut
        Whether an account without access at the time of an event can earn it.
    events
        How the events of each cell fall into its bins, shape (bins,).
    known
        What `runs` gave before.
    """

    bins: Bins
    windows: Longs
    people: int
    with_access: Floats
    without: Floats
    access: Mask
    cut: bool
    events: Floats
    known: dict[bool, list[tuple[Pattern, list[dict[int, tuple[Floats, Floats]]]]]] = field(default_factory=dict)

    @property
    def kinds(self) -> int:
        """Number of kinds of touch that are looked at, from clicks on."""
        return len(self.windows)

    def lengths(self, kind: int) -> list[int]:
        """Give the windows in ms that ad groups have for a kind, each once."""
        return sorted(set(self.windows[kind].tolist()))

    def covering(self, kind: int, party: Mask) -> Iterator[tuple[int, Mask]]:
        """Give the windows in ms that can end before a touch's of a kind does, with the touches that have them.

        They are of the kind or of a stronger one, and of a party, bool of shape (groups,); what has each window is told
        as bool of shape (kinds, groups).
        """
        mine = np.where(party & (np.arange(self.kinds)[:, np.newaxis] <= kind), self.windows, 0)
        longest = int(self.windows[kind][party].max(initial=0))
        for window in sorted({one for one in mine.ravel().tolist() if 0 < one < longest}):
            yield window, mine == window

    @property
    def vetoed(self) -> bool:
        """Whether some touch may not earn some event since access had ended."""
        return bool(self.without.any() or (self.cut and not self.access.all()))

    def patterns(self, start: int, end: int) -> Iterator[Pattern]:
        """Give the stretches of bins in which the same accounts have access, between two bins."""
        may = self.access[:, start:end] if self.cut else np.ones_like(self.access[:, start:end])
        change = np.flatnonzero(np.any(may[:, 1:] != may[:, :-1], axis=0)) + 1
        edges = [0, *change.tolist(), end - start]
        for one, two in itertools.pairwise(edges):
            yield Pattern(start + one, start + two, may[:, one])

    def runs(self, *, vetoed: bool) -> list[tuple[Pattern, list[dict[int, tuple[Floats, Floats]]]]]:
        """Give for each pattern and kind, by window, the touches a person that compete.

        Parameters
        ----------
        vetoed
            Whether those compete that may not earn.

        Returns
        -------
        list of pairs
            Pattern; and for each kind, by window, the touches a person cumulated by border of bins, and those inside
            the window of an event in the middle of each cell.
        """
        if vetoed not in self.known:
            self.known[vetoed] = [(one, self._runs_of(one, vetoed=vetoed)) for one in self.patterns(0, len(self.bins))]
        return self.known[vetoed]

    def _runs_of(self, pattern: Pattern, *, vetoed: bool) -> list[dict[int, tuple[Floats, Floats]]]:
        every = self.with_access + self.without if vetoed else self.with_access * pattern.may[:, np.newaxis]
        borders = self.bins.borders
        edges = borders[np.flatnonzero(np.diff(self.bins.cell, prepend=-1))]
        middle = (edges + np.append(edges[1:], borders[-1])) / 2
        found: list[dict[int, tuple[Floats, Floats]]] = []
        for kind in range(self.kinds):
            of_kind = {}
            for window in self.lengths(kind):
                touches = every[kind][self.windows[kind] == window].sum(axis=0) / self.people
                if touches.any():
                    run = np.concatenate([[0.0], np.cumsum(touches)])
                    inside = np.interp(middle, borders, run) - np.interp(middle - window, borders, run)
                    of_kind[window] = (run, inside)
            found.append(of_kind)
        return found

    def densest(self) -> float:
        """Give the most touches of any kind that a person has in their windows, on average, at any time."""
        inside = np.zeros(len(self.bins) + 1)
        for kind, windows in enumerate(self.windows):
            for window in self.lengths(kind):
                touches = (self.with_access[kind] + self.without[kind])[windows == window].sum(axis=0)
                run = np.concatenate([[0.0], np.cumsum(touches)])
                inside += run - np.interp(self.bins.borders - window, self.bins.borders, run)
        return float(inside.max()) / self.people
