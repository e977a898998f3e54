"""The touches that compete for events: bins of a few hours, and how many touches a person has in them.

Cells are cut into bins here; within a bin, touches and events are taken as even.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import HOUR
from pixelsim.counts.cells import Cells, Spread

__all__ = ["BIN", "Bins", "Field", "Instants", "Pattern", "cumulated"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BIN = 3 * HOUR
"""Longest bin: short enough that two touches of one person in one bin are rare wherever the closed form is tested."""


@dataclass(frozen=True, eq=False)
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

    def ago(self, window: int, *, of_borders: bool = False) -> Instants:
        """Look up the instants a window of ms before the middle of each bin, or before its borders."""
        return _ago(self, window, of_borders=of_borders)

    def spread(
        self, day: Spread, cell: Longs, start: Longs, end: Longs, number: NDArray[np.integer] | Floats
    ) -> Floats:
        """Spread numbers of stretches of time over bins by the shape of a day; float64 of shape (..., bins)."""
        edges = self._edges
        if np.all(cell[1:] > cell[:-1]) and np.all(start == edges[cell]) and np.all(end == edges[cell + 1]):
            return self.spread_whole(day, cell, number)
        return self._spread(day, cell, start, end, number)

    def spread_whole(self, day: Spread, cell: Longs, number: NDArray[np.integer] | Floats) -> Floats:
        """Spread numbers of whole cells, each once at most: how these spread is known."""
        of_cell = np.zeros((*number.shape[:-1], len(self._edges) - 1))
        of_cell[..., cell] = number
        return np.asarray(of_cell[..., self.cell] * self.even(day))

    @functools.cached_property
    def _edges(self) -> Longs:
        """Borders of cells in ms."""
        return np.append(self.borders[:-1][np.flatnonzero(np.diff(self.cell, prepend=-1))], self.borders[-1])

    def _spread(
        self, day: Spread, cell: Longs, start: Longs, end: Longs, number: NDArray[np.integer] | Floats
    ) -> Floats:
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
    edges = bins._edges  # noqa: SLF001 - of this module
    cells = len(edges) - 1
    return bins._spread(day, np.arange(cells), edges[:-1], edges[1:], np.ones(cells))  # noqa: SLF001


@functools.lru_cache(maxsize=256)
def _ago(bins: Bins, window: int, *, of_borders: bool) -> Instants:
    return Instants.of(bins.borders, (bins.borders if of_borders else bins.middle) - window)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Bins from ``start`` to ``end`` (excluded) in which the same ad groups may earn, bool of shape (groups,)."""

    start: int
    end: int
    may: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The touches that compete for the events of people, in one contest or in several that are alike.

    Contests are alike that have the same bins, windows, and access; only how many touches and people there are differs.

    Parameters
    ----------
    bins
        The bins.
    windows
        Attribution windows in ms by kind of touch and ad group, shape (kinds, groups).
    people
        Size of the population of each contest, shape (contests,).
    with_access, without
        Touches by people, made with and without access to the pixel, shape (contests, kinds, groups, bins).
    access
        Whether each ad group's account has access in each bin, shape (groups, bins).
    cut
        Whether an account without access at the time of an event can earn it.
    events
        How the events of each cell fall into its bins, shape (contests, bins).
    known
        What `runs` gave before.
    """

    bins: Bins
    windows: Longs
    people: Longs
    with_access: Floats
    without: Floats
    access: Mask
    cut: bool
    events: Floats
    known: dict[bool, list[tuple[Pattern, list[dict[int, tuple[Floats, Floats]]]]]] = field(default_factory=dict)

    @property
    def alike(self) -> tuple[object, ...]:
        """What contests have in common that can be looked at together."""
        same = (self.windows.shape, self.windows.tobytes(), self.access.tobytes())
        return (id(self.bins), *same, self.cut, self.vetoed)

    @classmethod
    def together(cls, fields: Sequence[Field]) -> Field:
        """Put the fields of contests that are alike together."""
        return replace(
            fields[0],
            people=np.concatenate([one.people for one in fields]),
            with_access=np.concatenate([one.with_access for one in fields]),
            without=np.concatenate([one.without for one in fields]),
            events=np.concatenate([one.events for one in fields]),
            known={},
        )

    @property
    def kinds(self) -> int:
        """Number of kinds of touch that are looked at, from clicks on."""
        return len(self.windows)

    @property
    def vetoed(self) -> bool:
        """Whether some touch may not earn some event since access had ended."""
        return bool(self.without.any() or (self.cut and not self.access.all()))

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

    def a_person(self, touches: Floats) -> Floats:
        """Add up touches of groups, shape (contests, groups, bins), and give those that a person has of them."""
        return np.asarray(touches.sum(axis=1) / self.people[:, np.newaxis])

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
            Pattern; and for each kind, by window, the touches a person cumulated by border of bins, shape (contests,
            bins + 1), and those inside the window of an event in the middle of each cell, shape (contests, cells).
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
                touches = self.a_person(every[:, kind, self.windows[kind] == window])
                if touches.any():
                    run = cumulated(touches)
                    inside = Instants.of(borders, middle).read(run) - Instants.of(borders, middle - window).read(run)
                    of_kind[window] = (run, inside)
            found.append(of_kind)
        return found

    def densest(self) -> Floats:
        """Give the most touches of any kind that a person has in their windows, on average, at any time, by contest."""
        inside = np.zeros((len(self.people), len(self.bins) + 1))
        for kind in range(self.kinds):
            for window in self.lengths(kind):
                mine = self.windows[kind] == window
                run = cumulated((self.with_access[:, kind, mine] + self.without[:, kind, mine]).sum(axis=1))
                inside += run - self.bins.ago(window, of_borders=True).read(run)
        return np.asarray(inside.max(axis=1) / self.people)


@dataclass(frozen=True, slots=True, eq=False)
class Instants:
    """Where instants lie among borders: after which one, and how far to the next, from 0 to 1.

    Parameters
    ----------
    after, far
        Of the shape of the instants; what lies before the first border or after the last one lies at it.
    """

    after: Longs
    far: Floats

    @classmethod
    def of(cls, borders: Longs, instants: NDArray[np.integer] | Floats) -> Instants:
        """Look instants up; both are in ms, and borders ascend."""
        after = np.clip(np.searchsorted(borders, instants, side="right") - 1, 0, len(borders) - 2)
        far = (instants - borders[after]) / (borders[after + 1] - borders[after])
        return cls(after, np.clip(far, 0.0, 1.0))

    def read(self, run: Floats) -> Floats:
        """Give a quantity that is cumulated by border, shape (..., borders), at the instants; they come last."""
        low = run[..., self.after]
        return np.asarray(low + self.far * (run[..., self.after + 1] - low))


def cumulated(by_bin: Floats) -> Floats:
    """Cumulate by border what bins have, shape (..., bins); the result has one more."""
    run = np.zeros((*by_bin.shape[:-1], by_bin.shape[-1] + 1))
    np.cumsum(by_bin, axis=-1, out=run[..., 1:])
    return run
