"""Who has touched whom: the chance that a person's last eligible touch is of a given ad group and cell.

Closed form for independent people: touches fall on the people of a population at random, so the touches of one person
are Poisson with the touches of the cell over the population as their mean. A touch earns an event when it lies inside
its window and no later touch of its kind, and none of a stronger kind, does. Cells are cut into bins of a few hours
here; within a bin, touches and events are taken as even.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR
from pixelsim.counts.cells import Cells, Spread

__all__ = ["Bins", "Field", "Pattern", "Repeats", "Touching", "uncovered"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

BIN = 3 * HOUR
"""Longest bin: short enough that two touches of one person in one bin are rare wherever the closed form is tested."""
BLOCK = 28 * DAY
"""Events of so many ms are looked at together: it bounds memory and the size of exponents."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Bins of a run: borders in ms, and the cell that each lies in."""

    borders: Longs
    cell: Longs

    @classmethod
    def of(cls, cells: Cells, instants: Longs) -> Bins:
        """Cut cells into bins, and bins at instants."""
        parts = -(-np.diff(cells.borders) // BIN)
        cell = np.repeat(np.arange(len(cells)), parts)
        within = np.arange(len(cell)) - np.repeat(np.cumsum(parts) - parts, parts)
        begins = cells.borders[cell] + np.diff(cells.borders)[cell] * within // parts[cell]
        borders = np.unique(np.concatenate([begins, instants, cells.borders[-1:]]))
        return cls(borders, np.searchsorted(cells.borders, borders[:-1], side="right") - 1)

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
        return [int(window) for window in np.unique(self.windows[kind])]

    def covering(self, kind: int, party: Mask) -> Iterator[tuple[int, Mask]]:
        """Give the windows in ms that can end before a touch's of a kind does, with the touches that have them.

        They are of the kind or of a stronger one, and of a party, bool of shape (groups,); what has each window is told
        as bool of shape (kinds, groups).
        """
        mine = np.where(party & (np.arange(self.kinds)[:, np.newaxis] <= kind), self.windows, 0)
        for window in np.unique(mine[(mine > 0) & (mine < self.windows[kind][party].max(initial=0))]).tolist():
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
            for window in np.unique(windows).tolist():
                touches = (self.with_access[kind] + self.without[kind])[windows == window].sum(axis=0)
                run = np.concatenate([[0.0], np.cumsum(touches)])
                inside += run - np.interp(self.bins.borders - window, self.bins.borders, run)
        return float(inside.max()) / self.people


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Events a person that use a touch up, where it can earn one only, by kind of touch.

    Parameters
    ----------
    visits
        Events of visits that no ad led to, and those that follow from weaker touches, shape (kinds, bins).
    older
        Events that follow from touches before the one that is looked at, since then, by its cell and lag, shape
        (kinds, cells, lags).
    party
        The ad groups whose touches it is about, bool of shape (groups,): no event uses a touch up that comes while a
        later touch of the same party is open.
    others
        By window, events that follow from touches of other parties, cumulated by the touch's bin, shape (bins + 1,).
    """

    visits: Floats
    older: Floats
    party: Mask
    others: dict[int, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Bins from ``start`` to ``end`` (excluded) in which the same ad groups may earn, bool of shape (groups,)."""

    start: int
    end: int
    may: Mask


class Touching:
    """Chances of credit for a random person's event in a cell.

    Parameters
    ----------
    touches
        The touches that compete.
    cells
        The cells of the run.
    earning
        ``may``: the touches that may earn compete, and earn. Else all touches compete, as if access had not ended, and
        the chances are those of ``all`` of them or of the ``vetoed`` ones, which may not earn.
    """

    def __init__(self, touches: Field, cells: Cells, *, earning: Literal["may", "all", "vetoed"] = "may") -> None:
        self.field, self.cells, self.earning = touches, cells, earning
        longest = int(touches.windows.max(initial=0))
        self.lags = min(cells.lags(longest), len(cells))

    def _touches(self, pattern: Pattern) -> tuple[Floats, Floats]:
        """Give the touches that compete and those that earn, shape (kinds, groups, bins)."""
        field = self.field
        earn = field.with_access * pattern.may[:, np.newaxis]
        if self.earning == "may":
            return earn, earn
        every = field.with_access + field.without
        return every, every - earn if self.earning == "vetoed" else every

    def chances(self, repeats: Sequence[Repeats | None]) -> Floats:
        """Give the chance that a random person's event of a cell is earned by a touch of an ad group and cell.

        Parameters
        ----------
        repeats
            What uses a touch up, in one or several ways; None: a touch earns every event.

        Returns
        -------
        ndarray of float64, shape (ways, kinds, groups, cells, lags)
            By the touch's cell, and the event's as cells after it. A way that is None comes first; further ones that
            are None have the same chances.
        """
        field, bins = self.field, self.field.bins
        found = np.zeros((len(repeats), *field.windows.shape, len(self.cells), self.lags))
        longest = int(field.windows.max(initial=0))
        start = 0
        while start < len(bins):
            end = int(np.searchsorted(bins.borders, bins.borders[start] + BLOCK, side="right")) - 1
            end = max(int(np.searchsorted(bins.cell, bins.cell[min(end, len(bins)) - 1], side="right")), start + 1)
            first = int(np.searchsorted(bins.borders, bins.borders[start] - longest, side="right")) - 1
            first = int(np.searchsorted(bins.cell, bins.cell[max(first, 0)]))
            for pattern in field.patterns(start, end):
                self._add(found, pattern, first, repeats)
            start = end
        for way, repeat in enumerate(repeats):
            if repeat is None and way:
                found[way] = found[0]
        return found

    def _add(self, found: Floats, pattern: Pattern, first: int, repeats: Sequence[Repeats | None]) -> None:
        """Add the chances of the events of a pattern's bins, in place; touches before bin ``first`` are too old."""
        field, bins = self.field, self.field.bins
        d, e = slice(first, pattern.end), slice(pattern.start, pattern.end)
        compete, earn = self._touches(pattern)
        stronger = np.zeros(pattern.end - pattern.start)
        for kind, windows in enumerate(field.windows):
            rates = {w: compete[kind][windows == w].sum(axis=0) / field.people for w in field.lengths(kind)}
            if not any(rate[d].any() for rate in rates.values()):
                continue
            between, inside = self._between(rates, d, e)
            weight = np.exp(-between - stronger) * field.events[e]
            stronger = stronger + inside
            shares = {
                w: _inside(bins.borders.tobytes(), (d.start, d.stop), (e.start, e.stop), w) for w in rates if w > 0
            }
            groups = {w: np.flatnonzero((windows == w) & earn[kind][:, d].any(axis=1)) for w in shares}
            touches = {w: earn[kind][some, d] / field.people for w, some in groups.items()}
            free: dict[bytes, Floats | float] = {}
            for way, repeat in enumerate(repeats):
                if repeat is None and way:
                    continue
                left = weight
                if repeat is not None:
                    party = repeat.party.tobytes()
                    if party not in free:
                        free[party] = self._uncovered(repeat.party, kind, compete, (d, e))
                    left = weight * np.exp(-self._used(repeat, kind, free[party], (d, e)))
                for window, share in shares.items():
                    if len(groups[window]):
                        target = found[way, kind, :, :, : self.cells.lags(window)]
                        self._earned(target, groups[window], touches[window], left * share, (d, e))

    def _between(self, rates: dict[int, Floats], d: slice, e: slice) -> tuple[Floats, Floats]:
        """Give the touches a person between two bins that can still earn, and all that can, by the event's bin."""
        bins = self.field.bins
        between = np.zeros((d.stop - d.start, e.stop - e.start))
        inside = np.zeros(between.shape[1])
        for window, rate in rates.items():
            run = np.concatenate([[0.0], np.cumsum(rate)])
            middle = (run[:-1] + run[1:]) / 2
            open_since = np.interp(bins.middle[e] - window, bins.borders, run)
            between += np.maximum(middle[e] - np.maximum(middle[d][:, np.newaxis], open_since), 0.0)
            inside += middle[e] - open_since
        return between, inside

    def _uncovered(self, party: Mask, kind: int, compete: Floats, where: tuple[slice, slice]) -> Floats | float:
        """Give the share of the time between a touch of a bin and an event of another one that no touch covers."""
        (d, e), middle = where, self.field.bins.middle
        share: Floats | float = 1.0
        for window, groups in self.field.covering(kind, party):
            touches = compete[: kind + 1][groups[: kind + 1]].sum(axis=0) / self.field.people
            span = middle[e] - middle[d][:, np.newaxis]
            share = share * uncovered(self._gained(np.cumsum(touches), where), span, window)
        return share

    def _used(self, repeats: Repeats, kind: int, free: Floats | float, where: tuple[slice, slice]) -> Floats:
        """Give the mean number of events that use up a touch of a bin before an event of another one."""
        (d, e), bins = where, self.field.bins
        visits = self._gained(np.cumsum(repeats.visits[kind]), where) * free
        for window, run in repeats.others.items():
            ended = np.interp(bins.middle[e] - window, bins.borders, run)
            visits += np.maximum(ended - np.interp(bins.middle[d], bins.borders, run)[:, np.newaxis], 0.0)
        lag = np.clip(bins.cell[e] - bins.cell[d][:, np.newaxis], 0, self.lags - 1)
        return np.asarray(visits + repeats.older[kind, bins.cell[d][:, np.newaxis], lag])

    @staticmethod
    def _gained(run: Floats, where: tuple[slice, slice]) -> Floats:
        """Give what a quantity that is cumulated by bin gains between the middles of two bins."""
        before = np.append(0.0, run[:-1])
        middle, (d, e) = (before + run) / 2, where
        return np.maximum(middle[e] - middle[d][:, np.newaxis], 0.0)

    def _earned(self, found: Floats, groups: Longs, earn: Floats, chance: Floats, bins: tuple[slice, slice]) -> None:
        """Add up by cells, in place: chances by bin of the touch and bin of the event, times the touches a person."""
        cell, event = (self.field.bins.cell[some] for some in bins)
        first = int(event[0])
        of_event = np.add.reduceat(chance, np.flatnonzero(np.diff(event, prepend=-1)), axis=1)
        heads = np.flatnonzero(np.diff(cell, prepend=-1))
        for head, end in itertools.pairwise([*heads.tolist(), len(cell)]):
            one = int(cell[head])
            low, high = max(one, first), min(one + found.shape[-1], int(event[-1]) + 1)
            if low < high:
                earned = earn[:, head:end] @ of_event[head:end, low - first : high - first]
                found[groups, one, low - one : high - one] += earned


def uncovered(touches: Floats, span: Floats, window: int) -> Floats:
    """Give the share of the time between a touch and an event that no touch between them covers.

    At the event all of these are closed, so they lie a window before it, at least; how much time before an instant can
    hold an open one rises from 0 to a plateau and falls to 0 again.

    Parameters
    ----------
    touches
        Touches of this window that a person has between touch and event, on average.
    span
        Ms between touch and event, of the same shape.
    window
        How long such a touch is open, in ms.
    """
    part = np.divide(window, span, out=np.ones(np.shape(span)), where=span > window)
    plateau = np.minimum(part, 1 - part)
    exponent = touches * plateau
    slopes = np.divide(-2 * np.expm1(-exponent), touches, out=2 * plateau, where=exponent > 0)
    return np.asarray(slopes + (1 - 2 * plateau) * np.exp(-exponent))


@functools.lru_cache(maxsize=256)
def _inside(edges: bytes, touches: tuple[int, int], events: tuple[int, int], window: int) -> Floats:
    """Give the share of pairs, both even within their bins, of which the event comes after the touch and in its window.

    Parameters
    ----------
    edges
        Borders of the bins in ms, as bytes: with them the shares are kept, since they depend on nothing else.
    touches, events
        First and last bin (excluded) of the touches and of the events.
    window
        Length of the window in ms.
    """
    borders = np.frombuffer(edges, dtype=np.int64)
    one, two = borders[touches[0] : touches[1] + 1], borders[events[0] : events[1] + 1]
    touch, event = np.diff(one).astype(np.float64)[:, np.newaxis], np.diff(two).astype(np.float64)
    age = (two[:-1] + two[1:]) / 2 - ((one[:-1] + one[1:]) / 2)[:, np.newaxis]

    def before(limit: float) -> Floats:
        # The integral of two even distributions' difference: four parabolas.
        def area(shift: Floats) -> Floats:
            return np.maximum(limit - age + shift, 0.0) ** 2 / 2

        wide, narrow = (touch + event) / 2, np.abs(touch - event) / 2
        return np.asarray((area(wide) - area(narrow) - area(-narrow) + area(-wide)) / (touch * event))

    return np.clip(before(float(window)) - before(0.0), 0.0, 1.0)
