"""Who has touched whom: the chance that a person's last eligible touch is of a given ad group and cell.

Closed form for independent people: touches fall on the people of a population at random, so the touches of one person
are Poisson with the touches of the cell over the population as their mean. A touch earns an event when it lies inside
its window and no later touch of its kind, and none of a stronger kind, does. All of it is computed for pairs of a bin
of touches and a bin of events that a window can hold together.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells
from pixelsim.counts.field import Field, Pattern

__all__ = ["Repeats", "Touching", "uncovered"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


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
class _Band:
    """Pairs of bins, shape (bins, width): a bin of touches, and the event's as bins after it.

    After the run's end bins go on, one a cell, so that every touch has as many.

    Parameters
    ----------
    starts
        How many bins after each touch's the cells from its own on begin, shape (bins, lags + 1).
    place
        Where each pair lies among the cells of touches and lags of events, one lag after another in each cell, shape
        (bins, width).
    of_cell
        The bins of each cell, filled up with the number of bins where it has fewer than others, shape (cells, most).
    """

    starts: Longs
    place: Longs
    of_cell: Longs

    def width(self, lags: int) -> int:
        """Give how many bins the cells of so many lags have at most, and one more."""
        return int(self.starts[:, lags].max()) + 1

    def by_lag(self, of_pair: Floats, first: int, lags: int) -> Floats:
        """Add up pairs, shape (ways, bins, width), by lag in cells, of the touch's bins from the first one on.

        The result has all bins and one more, for the places of `of_cell` that hold none, shape (ways, bins + 1, lags).
        """
        ways, rows, width = of_pair.shape
        edges = self.starts[first : first + rows, : lags + 1] + np.arange(rows)[:, np.newaxis] * width
        edges = edges + (np.arange(ways) * rows * width)[:, np.newaxis, np.newaxis]
        found = np.zeros((ways, len(self.starts) + 1, lags))
        # What comes after the last lag is a part of its own, and dropped.
        sums = np.add.reduceat(of_pair.ravel(), edges.ravel()).reshape(ways, rows, lags + 1)
        found[:, first : first + rows] = sums[..., :lags]
        return found

    def by_cell(self, touches: Floats, of_bin: Floats) -> Floats:
        """Add up touches, shape (groups, bins), times what `by_lag` gives for each: (ways, groups, cells, lags)."""
        number = np.concatenate([touches, np.zeros((len(touches), 1))], axis=1)[:, self.of_cell]
        return np.asarray((number.transpose(1, 0, 2) @ of_bin[:, self.of_cell]).swapaxes(1, 2))


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Some bins of touches, and how many bins of events from each one's own on are looked at."""

    rows: slice
    width: int

    def ahead(self, of_bin: Floats) -> Floats:
        """Give what the bins of events have, shape (..., bins of touches, width); 0 after the run's end."""
        first, number = self.rows.start, self.rows.stop - self.rows.start
        some = np.zeros((*of_bin.shape[:-1], number + self.width))
        known = of_bin[..., first : first + some.shape[-1]]
        some[..., : known.shape[-1]] = known
        shape = (*of_bin.shape[:-1], number, self.width)
        return np.ndarray(shape, dtype=np.float64, buffer=some, strides=(*some.strides, 8))

    def gained(self, by_bin: Floats) -> Floats:
        """Give what quantities by bin, shape (..., bins), add up to between the middles of two bins."""
        run = np.cumsum(by_bin, axis=-1)
        middle = run - by_bin / 2
        gained = self.ahead(middle) - middle[..., self.rows, np.newaxis]
        return np.maximum(gained, 0.0, out=gained)


@functools.lru_cache(maxsize=64)
def _band(cell: bytes, lags: int) -> _Band:
    """Pair the bins of cells, by number as bytes: with them the band is kept, since it depends on nothing else."""
    of_bin = np.frombuffer(cell, dtype=np.int64)
    size, cells = len(of_bin), int(of_bin[-1]) + 1
    first = np.append(np.searchsorted(of_bin, np.arange(cells)), size + np.arange(lags + 1))
    starts = np.maximum(first[of_bin[:, np.newaxis] + np.arange(lags + 1)] - np.arange(size)[:, np.newaxis], 0)
    width = int(starts[:, lags].max()) + 1
    later = np.minimum(np.arange(size)[:, np.newaxis] + np.arange(width), size - 1)
    lag = np.clip(of_bin[later] - of_bin[:, np.newaxis], 0, lags - 1)
    most = int(np.diff(first[: cells + 1]).max())
    of_cell = first[:cells, np.newaxis] + np.arange(most)
    of_cell[of_cell >= first[1 : cells + 1, np.newaxis]] = size
    return _Band(starts, of_bin[:, np.newaxis] * lags + lag, of_cell)


class Touching:
    """Chances of credit for a random person's event in a cell.

    Parameters
    ----------
    touches
        The touches that compete.
    cells
        The cells of the run.
    """

    def __init__(self, touches: Field, cells: Cells) -> None:
        self.field, self.cells = touches, cells
        longest = int(touches.windows.max(initial=0))
        self.lags = min(cells.lags(longest), len(cells))
        self._band = _band(touches.bins.cell.tobytes(), self.lags)

    def chances(self, repeats: Sequence[Repeats]) -> Floats:
        """Give the chance that a random person's event of a cell is earned by a touch of an ad group and cell.

        The touches that may earn compete, and earn.

        Parameters
        ----------
        repeats
            What uses a touch up, in some ways.

        Returns
        -------
        ndarray of float64, shape (1 + ways, kinds, groups, cells, lags)
            By the touch's cell, and the event's as cells after it; first the chance if a touch earns every event, and
            then the chances that it earns one which nothing has used it up for.
        """
        field = self.field
        found = np.zeros((len(repeats) + 1, 1, *field.windows.shape, len(self.cells), self.lags))
        for pattern in field.patterns(0, len(field.bins)):
            earn = field.with_access * pattern.may[:, np.newaxis]
            self._add(found, pattern, earn, [earn], repeats)
        return found[:, 0]

    def vetoed(self) -> tuple[Floats, Floats]:
        """Give the chances of all touches if access had not ended, and of those among them that may not earn.

        Both are of shape (kinds, groups, cells, lags), as those of `chances`.
        """
        field = self.field
        found = np.zeros((1, 2, *field.windows.shape, len(self.cells), self.lags))
        every = field.with_access + field.without
        for pattern in field.patterns(0, len(field.bins)):
            barred = every - field.with_access * pattern.may[:, np.newaxis]
            self._add(found, pattern, every, [every, barred], ())
        return found[0, 0], found[0, 1]

    def _add(
        self, found: Floats, pattern: Pattern, compete: Floats, earns: Sequence[Floats], repeats: Sequence[Repeats]
    ) -> None:
        """Add the chances of the events of a pattern's bins, in place, shape (ways, earns, kinds, groups, cells, lags).

        ``earns`` are touches whose chances are asked for, of the shape of those that compete.
        """
        field, bins = self.field, self.field.bins
        oldest = bins.borders[pattern.start] - int(field.windows.max(initial=0))
        first = bins.cell[max(int(np.searchsorted(bins.borders, oldest, side="right")) - 1, 0)]
        rows = slice(int(np.searchsorted(bins.cell, first)), pattern.end)
        events = np.zeros(len(bins))
        events[pattern.start : pattern.end] = field.events[pattern.start : pattern.end]
        stronger = np.zeros(len(bins))
        for kind, windows in enumerate(field.windows):
            rates = {w: compete[kind][windows == w].sum(axis=0) / field.people for w in field.lengths(kind)}
            if not any(rate[rows].any() for rate in rates.values()):
                continue
            lags = {w: min(self.cells.lags(w), self.lags) for w in rates if w > 0}
            pairs = _Pairs(rows, self._band.width(max(lags.values(), default=1)))
            between, inside = self._between(rates, pairs)
            weight = np.empty((1 + len(repeats), *between.shape))
            np.exp(-between, out=weight[0])
            weight[0] *= pairs.ahead(np.exp(-stronger) * events)
            stronger = stronger + inside
            if repeats:
                np.exp(-self._used(repeats, kind, compete, pairs), out=weight[1:])
                weight[1:] *= weight[0]
            for window, number in lags.items():
                each = self._each(weight, window, number, rows)
                for place, earn in enumerate(earns):
                    groups = np.flatnonzero((windows == window) & earn[kind][:, rows].any(axis=1))
                    if len(groups):
                        earned = self._band.by_cell(earn[kind][groups] / field.people, each)
                        found[:, place, kind, groups, :, :number] += earned

    def _each(self, weight: Floats, window: int, lags: int, rows: slice) -> Floats:
        """Give what a touch of each bin and of a window earns by lag, as `_Band.by_lag` does."""
        width = self._band.width(lags)
        share = _inside(self.field.bins.borders.tobytes(), window, width)[rows]
        return self._band.by_lag(weight[..., :width] * share, rows.start, lags)

    def _between(self, rates: Mapping[int, Floats], pairs: _Pairs) -> tuple[Floats, Floats]:
        """Give the touches a person between two bins that can still earn, and all that can, by the event's bin."""
        bins = self.field.bins
        between = np.zeros((pairs.rows.stop - pairs.rows.start, pairs.width))
        inside = np.zeros(len(bins))
        for window, rate in rates.items():
            run = np.concatenate([[0.0], np.cumsum(rate)])
            middle = (run[:-1] + run[1:]) / 2
            open_since = np.interp(bins.middle - window, bins.borders, run)
            gained = np.maximum(middle[pairs.rows, np.newaxis], pairs.ahead(open_since))
            np.subtract(pairs.ahead(middle), gained, out=gained)
            between += np.maximum(gained, 0.0, out=gained)
            inside += middle - open_since
        return between, inside

    def _used(self, repeats: Sequence[Repeats], kind: int, compete: Floats, pairs: _Pairs) -> Floats:
        """Give the mean number of events that use up a touch of a bin before an event of another one, for each way."""
        bins = self.field.bins
        visits = pairs.gained(np.stack([one.visits[kind] for one in repeats]))
        for party in {one.party.tobytes(): one.party for one in repeats}.values():
            free = self._uncovered(kind, compete, party, pairs)
            if free is not None:
                visits[[np.array_equal(one.party, party) for one in repeats]] *= free
        for way, one in enumerate(repeats):
            for window, run in one.others.items():
                ended = pairs.ahead(np.interp(bins.middle - window, bins.borders, run))
                since = np.interp(bins.middle[pairs.rows], bins.borders, run)[:, np.newaxis]
                visits[way] += np.maximum(ended - since, 0.0)
        older = np.stack([one.older[kind].ravel() for one in repeats])
        visits += older[:, self._band.place[pairs.rows, : pairs.width]]
        return visits

    def _uncovered(self, kind: int, compete: Floats, party: Mask, pairs: _Pairs) -> Floats | None:
        """Give the share of the time between a touch and an event of two bins that no touch of a party covers.

        None: nothing covers any of it.
        """
        share, middle = None, self.field.bins.middle
        for window, groups in self.field.covering(kind, party):
            touches = compete[: kind + 1][groups[: kind + 1]].sum(axis=0) / self.field.people
            span = np.maximum(pairs.ahead(middle) - middle[pairs.rows, np.newaxis], 0.0)
            free = uncovered(pairs.gained(touches), span, window)
            share = free if share is None else share * free
        return share


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


@functools.lru_cache(maxsize=64)
def _inside(edges: bytes, window: int, width: int) -> Floats:
    """Give the share of pairs, both even within their bins, of which the event comes after the touch and in its window.

    Parameters
    ----------
    edges
        Borders of the bins in ms, as bytes: with them the shares are kept, since they depend on nothing else.
    window
        Length of the window in ms.
    width
        How many bins of events from each touch's own on are looked at.

    Returns
    -------
    ndarray of float64, shape (bins, width)
    """
    borders = np.frombuffer(edges, dtype=np.int64).astype(np.float64)
    pairs, lengths = _Pairs(slice(0, len(borders) - 1), width), np.diff(borders)
    middle = borders[:-1] + lengths / 2
    # Bins after the run's end are of any length, and hold no event.
    touch, event = lengths[:, np.newaxis], np.maximum(pairs.ahead(lengths), 1.0)
    age = pairs.ahead(middle - middle[0]) - (middle - middle[0])[:, np.newaxis]
    in_run = pairs.ahead(np.ones(len(lengths))) > 0

    def before(limit: float) -> Floats:
        # The integral of two even distributions' difference: four parabolas.
        def area(shift: Floats) -> Floats:
            return np.asarray(np.maximum(limit - age + shift, 0.0) ** 2 / 2)

        wide, narrow = (touch + event) / 2, np.abs(touch - event) / 2
        return np.asarray((area(wide) - area(narrow) - area(-narrow) + area(-wide)) / (touch * event))

    return np.asarray(np.where(in_run, np.clip(before(float(window)) - before(0.0), 0.0, 1.0), 0.0))
