"""Who has touched whom: the chance that a person's last eligible touch is of a given ad group and cell.

Closed form for independent people: touches fall on the people of a population at random, so the touches of one person
are Poisson with the touches of the cell over the population as their mean. A touch earns an event when it lies inside
its window and no later touch of its kind, and none of a stronger kind, does. All of it is computed for pairs of a bin
of touches and a bin of events that a window can hold together.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells
from pixelsim.counts.field import Bins, Field, Instants, Pattern, cumulated

__all__ = ["Repeats", "Touching", "uncovered"]

MOST = 300.0
"""Powers of e up to this one and down to its opposite are floating-point numbers, and so is the ratio of any two."""

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Events a person that use a touch up, where it can earn one only, by kind of touch, in contests that are alike.

    Parameters
    ----------
    visits
        Events of visits that no ad led to, and those that follow from weaker touches, shape (kinds, contests, bins).
    older
        Events that follow from touches before the one that is looked at, since then, by its cell and lag, shape
        (kinds, contests, cells, lags).
    party
        The ad groups whose touches it is about, bool of shape (groups,): no event uses a touch up that comes while a
        later touch of the same party is open.
    others
        By window, events that follow from touches of other parties, cumulated by the touch's bin, shape (contests,
        bins + 1).
    """

    visits: Floats
    older: Floats
    party: Mask
    others: dict[int, Floats]

    def of_contest(self, contest: int) -> Repeats:
        """Give what is about one of the contests."""
        only = slice(contest, contest + 1)
        others = {window: run[only] for window, run in self.others.items()}
        return Repeats(self.visits[:, only], self.older[:, only], self.party, others)


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """Pairs of bins, shape (bins, width): a bin of touches, and the event's as bins after it.

    After the run's end bins go on, one a cell, so that every touch has as many.

    Parameters
    ----------
    starts
        How many bins after each touch's the cells from its own on begin, shape (bins, lags + 1).
    of_cell
        The bins of each cell, filled up with the number of bins where it has fewer than others, shape (cells, most).
    """

    starts: Longs
    of_cell: Longs

    def width(self, lags: int) -> int:
        """Give how many bins the cells of so many lags have at most, and one more."""
        return int(self.starts[:, lags].max()) + 1

    def edges(self, rows: slice, lags: int, width: int, contests: int) -> Longs:
        """Give where lags begin among the pairs of some bins of touches and contests, for `by_lag`."""
        number = rows.stop - rows.start
        edges = self.starts[rows, : lags + 1] + np.arange(number)[:, np.newaxis] * width
        return np.asarray((edges + (np.arange(contests) * number * width)[:, np.newaxis, np.newaxis]).ravel())

    def by_cell(self, touches: Floats, of_bin: Floats) -> Floats:
        """Add up touches, shape (contests, groups, bins), times what each bin's earn by lag, (contests, bins, lags).

        The result is of shape (contests, groups, cells, lags).
        """
        number, each = (
            np.concatenate([some, np.zeros_like(some.take([0], axis))], axis=axis).take(self.of_cell, axis)
            for some, axis in ((touches, 2), (of_bin, 1))
        )
        return np.asarray((number.swapaxes(1, 2) @ each).swapaxes(1, 2))


def _by_lag(of_pair: Floats, edges: Longs, lags: int) -> Floats:
    """Add up pairs, shape (contests, rows, width), by lag in cells: (contests, rows, lags)."""
    # What comes after the last lag is a part of its own, and dropped.
    sums = np.add.reduceat(of_pair.ravel(), edges).reshape(*of_pair.shape[:2], lags + 1)
    return np.asarray(sums[..., :lags])


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
    most = int(np.diff(first[: cells + 1]).max())
    of_cell = first[:cells, np.newaxis] + np.arange(most)
    of_cell[of_cell >= first[1 : cells + 1, np.newaxis]] = size
    return _Band(starts, of_cell)


@dataclass(frozen=True, slots=True, eq=False)
class _Fresh:
    """The chance that nothing has used a touch of a bin up before an event: a product of three.

    Parameters
    ----------
    touch
        By the touch's bin, shape (contests, rows, 1).
    pair
        By pair, shape (contests, rows, width).
    older
        By the touch's bin and the event's lag, shape (contests, rows, lags).
    """

    touch: Floats
    pair: Floats
    older: Floats

    @classmethod
    def of(cls, repeats: Repeats, kind: int, free: Floats | None, bins: Bins, pairs: _Pairs) -> _Fresh:
        """Give the chances after touches of a kind.

        Events use a touch up while it is ``free`` of others, shape (contests, rows, width); None: all the time.
        """
        visits = repeats.visits[kind]
        older = np.exp(-repeats.older[kind])[:, bins.cell[pairs.rows]]
        middle = np.cumsum(visits, axis=-1) - visits / 2
        middle -= (middle[:, :1] + middle[:, -1:]) / 2
        # What comes between two instants is a difference, so its chance is a product, with far fewer powers: unless
        # other touches come into it, or there is so much that the powers are no numbers any more.
        product = (np.abs(middle).max(axis=-1) < MOST) & (free is None and not repeats.others)
        if product.all():
            return cls(np.exp(middle[:, pairs.rows, np.newaxis]), pairs.ahead(np.exp(-middle)), older)
        if product.any():
            parts = [cls.of(repeats.of_contest(one), kind, free, bins, pairs) for one in range(len(visits))]
            return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in cls.__match_args__))
        used = pairs.gained(visits)
        if free is not None:
            used *= free
        for window, run in repeats.others.items():
            ended = Instants.of(bins.borders, bins.middle - window).read(run)
            since = Instants.of(bins.borders, bins.middle[pairs.rows]).read(run)[..., np.newaxis]
            used += np.maximum(pairs.ahead(ended) - since, 0.0)
        return cls(np.ones((*older.shape[:2], 1)), np.exp(-used), older)

    def weigh(self, weight: Floats, edges: Longs, lags: int) -> Floats:
        """Weigh pairs, shape (contests, rows, width or less), and add them up as `_by_lag` does."""
        found = _by_lag(weight * self.pair[..., : weight.shape[-1]], edges, lags)
        found *= self.touch * self.older[..., :lags]
        return found


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
        ndarray of float64, shape (1 + ways, contests, kinds, groups, cells, lags)
            By the touch's cell, and the event's as cells after it; first the chance if a touch earns every event, and
            then the chances that it earns one which nothing has used it up for.
        """
        field = self.field
        found = np.zeros((1 + len(repeats), 1, len(field.people), *field.windows.shape, len(self.cells), self.lags))
        for pattern in field.patterns(0, len(field.bins)):
            earn = field.with_access * pattern.may[:, np.newaxis]
            self._add(found, pattern, earn, [earn], repeats)
        return found[:, 0]

    def vetoed(self) -> tuple[Floats, Floats]:
        """Give the chances of all touches if access had not ended, and of those among them that may not earn.

        Both are of shape (contests, kinds, groups, cells, lags), as those of `chances`.
        """
        field = self.field
        found = np.zeros((1, 2, len(field.people), *field.windows.shape, len(self.cells), self.lags))
        every = field.with_access + field.without
        for pattern in field.patterns(0, len(field.bins)):
            barred = every - field.with_access * pattern.may[:, np.newaxis]
            self._add(found, pattern, every, [every, barred], ())
        return found[0, 0], found[0, 1]

    def _add(
        self, found: Floats, pattern: Pattern, compete: Floats, earns: Sequence[Floats], repeats: Sequence[Repeats]
    ) -> None:
        """Add the chances of the events of a pattern's bins, in place.

        ``found`` is of shape (ways, earns, contests, kinds, groups, cells, lags), and ``earns`` are touches whose
        chances are asked for, of the shape of those that compete.
        """
        field, bins = self.field, self.field.bins
        oldest = bins.borders[pattern.start] - int(field.windows.max(initial=0))
        first = bins.cell[max(int(np.searchsorted(bins.borders, oldest, side="right")) - 1, 0)]
        rows = slice(int(np.searchsorted(bins.cell, first)), pattern.end)
        events = np.zeros_like(field.events)
        events[:, pattern.start : pattern.end] = field.events[:, pattern.start : pattern.end]
        stronger = np.zeros_like(events)
        for kind, windows in enumerate(field.windows):
            rates = {w: field.a_person(compete[:, kind, windows == w]) for w in field.lengths(kind)}
            if not any(rate[:, rows].any() for rate in rates.values()):
                continue
            lags = {w: min(self.cells.lags(w), self.lags) for w in rates if w > 0}
            pairs = _Pairs(rows, self._band.width(max(lags.values(), default=1)))
            between, inside = self._between(rates, pairs)
            weight = np.exp(-between, out=between)
            weight *= pairs.ahead(np.exp(-stronger) * events)
            stronger = stronger + inside
            fresh = self._fresh(repeats, kind, compete, pairs)
            for window, number in lags.items():
                mine = [np.flatnonzero((windows == window) & earn[:, kind, :, rows].any(axis=(0, 2))) for earn in earns]
                for of_way, each in zip(found, self._each(weight, window, number, rows, fresh), strict=True):
                    for target, earn, groups in zip(of_way[:, :, kind], earns, mine, strict=True):
                        if len(groups):
                            touches = earn[:, kind, groups] / field.people[:, np.newaxis, np.newaxis]
                            target[:, groups, :, :number] += self._band.by_cell(touches, each)

    def _each(self, weight: Floats, window: int, lags: int, rows: slice, fresh: Sequence[_Fresh]) -> Iterator[Floats]:
        """Give what a touch of each bin and of a window earns by lag, shape (contests, bins, lags), way by way."""
        width, size = self._band.width(lags), len(self.field.bins)
        edges = self._band.edges(rows, lags, width, len(weight))
        weight = weight[..., :width] * _inside(self.field.bins.borders.tobytes(), window, width)[rows]
        for of_row in itertools.chain(
            [_by_lag(weight, edges, lags)], (one.weigh(weight, edges, lags) for one in fresh)
        ):
            every = np.zeros((len(weight), size, lags))
            every[:, rows] = of_row
            yield every

    def _between(self, rates: Mapping[int, Floats], pairs: _Pairs) -> tuple[Floats, Floats]:
        """Give the touches a person between two bins that can still earn, and all that can, by the event's bin."""
        bins = self.field.bins
        between, inside = np.zeros((1, 1, 1)), np.zeros((1, 1))
        for window, rate in rates.items():
            run = cumulated(rate)
            middle = (run[:, :-1] + run[:, 1:]) / 2
            open_since = Instants.of(bins.borders, bins.middle - window).read(run)
            gained = np.maximum(middle[:, pairs.rows, np.newaxis], pairs.ahead(open_since))
            np.subtract(pairs.ahead(middle), gained, out=gained)
            between = between + np.maximum(gained, 0.0, out=gained)
            inside = inside + (middle - open_since)
        return between, inside

    def _fresh(self, repeats: Sequence[Repeats], kind: int, compete: Floats, pairs: _Pairs) -> list[_Fresh]:
        """Give for each way the chances that nothing has used a touch up before an event."""
        parties = {one.party.tobytes(): one.party for one in repeats}
        free = {key: self._uncovered(kind, compete, party, pairs) for key, party in parties.items()}
        return [_Fresh.of(one, kind, free[one.party.tobytes()], self.field.bins, pairs) for one in repeats]

    def _uncovered(self, kind: int, compete: Floats, party: Mask, pairs: _Pairs) -> Floats | None:
        """Give the share of the time between a touch and an event of two bins that no touch of a party covers.

        None: nothing covers any of it.
        """
        share, middle = None, self.field.bins.middle
        for window, groups in self.field.covering(kind, party):
            touches = compete[:, : kind + 1][:, groups[: kind + 1]].sum(axis=1) / self.field.people[:, np.newaxis]
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
        Ms between touch and event, of that shape or without its first axis.
    window
        How long such a touch is open, in ms.
    """
    part = np.divide(window, span, out=np.ones(np.shape(span)), where=span > window)
    plateau = np.broadcast_to(np.minimum(part, 1 - part), touches.shape)
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
