"""Who has touched whom: the chance that a person's last eligible touch is of a given ad group and cell.

Closed form for independent people: touches fall on the people of a population at random, so the touches of one person
are Poisson with the touches of the cell over the population as their mean. A touch earns an event when it lies inside
its window and no later touch of its kind, and none of a stronger kind, does.

Where a touch's cell and an event's lie so far apart that each window holds all of their instants or none, what comes
between the two is a sum of what comes from the touch to its cell's end, from there to the event's cell, and in this up
to the event; its chance is a product, and no pair of instants need be looked at. The few other lags, and those where
windows of several lengths cover one another, are computed for pairs of a bin of touches and a bin of events.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells
from pixelsim.counts.field import Bins, Field, Pattern, cumulated

__all__ = ["Repeats", "Touching", "uncovered"]

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


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """Bins by their place in cells, and times between cells.

    Parameters
    ----------
    of_cell
        The bins of each cell, and of as many cells after the run's end as there are lags; filled up with the number of
        bins where a cell has fewer than others, shape (most, cells + lags).
    edges
        First bin of each cell, and the number of bins for cells after the run's end, shape (cells + lags + 1,).
    least, most
        Shortest and longest time in ms between an instant of a cell and one of the cell so many lags later, by lag.
    """

    of_cell: Longs
    edges: Longs
    least: Sequence[int]
    most: Sequence[int]

    def of(self, by_bin: Floats) -> Floats:
        """Give what bins have, shape (..., contests, bins), by place and cell; 0 where there is none.

        The result is of shape (..., most, cells + lags, contests): what is done to pairs of bins goes through cells and
        contests in one go, and sums over bins are taken one after the other, however many contests there are.
        """
        before = by_bin.ndim - 2
        some = np.zeros((*by_bin.shape[:-2], by_bin.shape[-1] + 1, by_bin.shape[-2]))
        some[..., :-1, :] = by_bin.swapaxes(-1, -2)
        return some.take(self.of_cell, axis=before)

    def holds(self, window: int, lag: int) -> bool:
        """Whether a window of ms holds all pairs of instants so many lags apart."""
        return self.most[lag] <= window

    def splits(self, window: int, lag: int) -> bool:
        """Whether a window holds some such pairs and others not."""
        return self.least[lag] < window < self.most[lag]


@functools.lru_cache(maxsize=64)
def _blocks(bins: Bins, lags: int) -> _Blocks:
    cells = int(bins.cell[-1]) + 1
    edges = np.append(np.searchsorted(bins.cell, np.arange(cells)), np.full(lags + 1, len(bins)))
    of_cell = edges[:-1] + np.arange(int(np.diff(edges).max()))[:, np.newaxis]
    of_cell[of_cell >= edges[1:]] = len(bins)
    borders = bins.borders[edges[: cells + 1]]
    least = [int((borders[lag:-1] - borders[1 : len(borders) - lag]).min()) for lag in range(lags)]
    most = [int((borders[lag + 1 :] - borders[: cells - lag]).max()) for lag in range(lags)]
    return _Blocks(of_cell, edges, least, most)


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """The touches of a kind that compete for the events of some bins.

    Parameters
    ----------
    kind, cells
        The kind, and the cells of touches that are looked at.
    rates, inside
        Touches a person by window and bin, shape (contests, bins); and those inside the window of an event in the
        middle of a bin.
    events
        Weight of events by bin, shape (contests, bins).
    compete
        Touches of this kind and the stronger ones that compete, shape (contests, kinds, groups, bins).
    earns
        Touches a person whose chances are asked for, of each sort by group and then as of `_Blocks.of`.
    repeats
        What uses a touch up, in some ways.
    """

    kind: int
    cells: slice
    rates: Mapping[int, Floats]
    inside: Mapping[int, Floats]
    events: Floats
    compete: Floats
    earns: Sequence[Floats]
    repeats: Sequence[Repeats]

    def later(self, lag: int) -> slice:
        """Give the cells of events so many lags after those of touches."""
        return slice(self.cells.start + lag, self.cells.stop + lag)


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
        self._blocks = _blocks(touches.bins, self.lags)

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
        cells = slice(int(first), int(bins.cell[pattern.end - 1]) + 1)
        events = np.zeros_like(field.events)
        events[:, pattern.start : pattern.end] = field.events[:, pattern.start : pattern.end]
        stronger = np.zeros_like(events)
        for kind, windows in enumerate(field.windows):
            rates = {w: field.a_person(compete[:, kind, windows == w]) for w in field.lengths(kind) if w > 0}
            if not any(rate.any() for rate in rates.values()):
                continue
            inside = {window: self._inside(rate, window) for window, rate in rates.items()}
            weight = np.exp(-stronger) * events
            stronger = stronger + np.sum([*inside.values()], axis=0)
            each = [(earn[:, kind] / field.people[:, np.newaxis, np.newaxis]).swapaxes(0, 1) for earn in earns]
            touches = [self._blocks.of(one) for one in each]
            of_kind = _Kind(kind, cells, rates, inside, weight, compete[:, : kind + 1], touches, repeats)
            self._add_kind(found[:, :, :, kind], of_kind)

    def _inside(self, rate: Floats, window: int) -> Floats:
        """Give the touches a person inside the window of an event in the middle of each bin."""
        run = cumulated(rate)
        return _middle(run) - self.field.bins.ago(window).read(run)

    def _add_kind(self, found: Floats, of: _Kind) -> None:
        """Do it for touches of a kind, shape (ways, earns, contests, groups, cells, lags)."""
        blocks, windows = self._blocks, self.field.windows[of.kind]
        covered = [any(True for _ in self.field.covering(of.kind, one.party)) for one in of.repeats]
        # The ways in which the chance is a product, and those in which windows cover a part of the time between.
        product, other = ([way for way, one in enumerate([False, *covered]) if one is said] for said in (False, True))
        number = {window: min(self.cells.lags(window), self.lags) for window in of.rates}
        known = {*number, *(window for one in of.repeats for window in one.others)}
        apart: dict[frozenset[int], list[int]] = {}
        for lag in range(max(number.values())):
            ways = [*product, *other]
            if lag and not any(blocks.splits(window, lag) for window in known):
                apart.setdefault(frozenset(w for w in known if blocks.holds(w, lag)), []).append(lag)
                ways = other
            if ways:
                weight, here = self._weight(of, lag), of.cells
                used = [self._used(of.repeats[way - 1], of, lag) if way else None for way in ways]
                for window in (window for window, lags in number.items() if lag < lags):
                    within = _within(self.field.bins, window, self.lags, lag)[:, :, here] * weight
                    groups = windows == window
                    for way, gone in zip(ways, used, strict=True):
                        each = (within if gone is None else within * gone).sum(axis=1)
                        for target, touch in zip(found[way, ..., lag], of.earns, strict=True):
                            target[:, groups, here] += (touch[groups, :, here] * each).sum(axis=1).transpose(2, 0, 1)
        for open_, lags in apart.items():
            if product and not open_.isdisjoint(number):
                self._add_apart(found, of, product, open_, slice(lags[0], lags[-1] + 1))

    def _weight(self, of: _Kind, lag: int) -> Floats:
        """Give the weight of events so many lags after touches, shape (most, most, cells, contests)."""
        blocks, later, between = self._blocks, of.later(lag), np.zeros((1, 1, 1, 1))
        for window, rate in of.rates.items():
            middle = _middle(cumulated(rate))
            since, middle = blocks.of(middle - of.inside[window])[:, later], blocks.of(middle)
            gained = middle[:, later] - np.maximum(middle[:, np.newaxis, of.cells], since)
            between = between + np.maximum(gained, 0.0, out=gained)
        return np.asarray(np.exp(-between) * blocks.of(of.events)[:, later])

    def _used(self, repeats: Repeats, of: _Kind, lag: int) -> Floats:
        """Give the chance that nothing uses a touch up before an event so many lags later, of the shape of weights."""
        blocks, bins = self._blocks, self.field.bins

        def between(run: Floats, until: Floats | None = None) -> Floats:
            at_touch = blocks.of(run)
            at_event = at_touch if until is None else blocks.of(until)
            gained = at_event[:, of.later(lag)] - at_touch[:, np.newaxis, of.cells]
            return np.maximum(gained, 0.0, out=gained)

        used = between(_middle(cumulated(repeats.visits[of.kind])))
        for window, groups in self.field.covering(of.kind, repeats.party):
            touches = of.compete[:, groups[: of.kind + 1]].sum(axis=1) / self.field.people[:, np.newaxis]
            used *= uncovered(between(_middle(cumulated(touches))), between(bins.middle[np.newaxis]), window)
        for window, run in repeats.others.items():
            used += between(_middle(run), bins.ago(window).read(run))
        used += repeats.older[of.kind][:, of.cells, lag].T
        return np.exp(-used, out=used)

    def _add_apart(self, found: Floats, of: _Kind, ways: Sequence[int], open_: AbstractSet[int], lags: slice) -> None:
        """Add the chances of events some lags after touches, at which some windows are open and all others are not."""
        blocks, bins = self._blocks, self.field.bins
        groups = np.isin(self.field.windows[of.kind], [*open_])
        parts = [(rate, of.inside[window], window in open_) for window, rate in of.rates.items()]
        none = np.zeros_like(of.events)
        every = np.sum([none, *(rate for rate, _, is_open in parts if is_open)], axis=0)
        closed = np.sum([none, *(inside for _, inside, is_open in parts if not is_open)], axis=0)
        ahead = cumulated(np.stack([every + (of.repeats[way - 1].visits[of.kind] if way else 0.0) for way in ways]))
        behind, middle = ahead.copy(), _middle(ahead)
        for place, way in enumerate(ways):
            for window, run in of.repeats[way - 1].others.items() if way else ():
                if window not in open_:
                    # What ends before the event and began after the touch, by the border of its end.
                    behind[place] += bins.ago(window, of_borders=True).read(run)
                    middle[place] += bins.ago(window).read(run)
                    ahead[place] += run
        # Shapes (ways, most, cells, contests), and without bins (ways, cells, contests).
        begins, ends = (run.swapaxes(1, 2)[:, blocks.edges] for run in (behind, ahead))
        # From the touch to the end of its cell, and from the beginning of the event's cell to the event; where there is
        # no bin there is no touch and no event.
        first = np.exp(np.minimum(blocks.of(_middle(ahead)) - ends[:, np.newaxis, 1:], 0.0))[:, :, of.cells]
        last = np.exp(np.minimum(begins[:, np.newaxis, :-1] - blocks.of(middle), 0.0))
        last *= blocks.of(of.events * np.exp(-closed))
        cell = np.arange(of.cells.start, of.cells.stop)[:, np.newaxis]
        at = cell + np.arange(lags.start, lags.stop)
        between = np.exp(np.minimum(ends[:, cell + 1] - begins[:, at], 0.0)) * last.sum(axis=1)[:, at]
        for way, of_touch, some in zip(ways, first, between.transpose(0, 3, 1, 2), strict=True):
            older = of.repeats[way - 1].older[of.kind][:, of.cells, lags] if way else np.zeros((1, 1, 1))
            of_pair = some * np.exp(-older)
            for target, touch in zip(found[way], of.earns, strict=True):
                mine = (touch[groups, :, of.cells] * of_touch).sum(axis=1).transpose(2, 0, 1)
                target[:, groups, of.cells, lags] += mine[..., np.newaxis] * of_pair[:, np.newaxis]


def _middle(run: Floats) -> Floats:
    """Give a quantity that is cumulated by border in the middle of each bin."""
    return np.asarray((run[..., :-1] + run[..., 1:]) / 2)


def uncovered(touches: Floats, span: Floats, window: int) -> Floats:
    """Give the share of the time between a touch and an event that no touch between them covers.

    At the event all of these are closed, so they lie a window before it, at least; how much time before an instant can
    hold an open one rises from 0 to a plateau and falls to 0 again.

    Parameters
    ----------
    touches
        Touches of this window that a person has between touch and event, on average.
    span
        Ms between touch and event, of that shape or one that goes with it.
    window
        How long such a touch is open, in ms.
    """
    part = np.divide(window, span, out=np.ones(np.shape(span)), where=span > window)
    plateau = np.broadcast_to(np.minimum(part, 1 - part), touches.shape)
    exponent = touches * plateau
    slopes = np.divide(-2 * np.expm1(-exponent), touches, out=2 * plateau, where=exponent > 0)
    return np.asarray(slopes + (1 - 2 * plateau) * np.exp(-exponent))


@functools.lru_cache(maxsize=256)
def _within(bins: Bins, window: int, lags: int, lag: int) -> Floats:
    """Give the share of pairs, both even within their bins, of which the event comes after the touch and in its window.

    Parameters
    ----------
    bins, lags
        The bins, and how many lags are looked at.
    window
        Length of the window in ms.
    lag
        How many cells after the touch's the event's is.

    Returns
    -------
    ndarray of float64, shape (most, most, cells, 1)
        By the place of the touch's bin in its cell, and of the event's.
    """
    blocks = _blocks(bins, lags)
    cells = blocks.of_cell.shape[1] - lags
    start, length = (blocks.of(some.astype(np.float64)[np.newaxis]) for some in (bins.borders[:-1], bins.width))
    touch, event = length[:, np.newaxis, :cells], length[:, lag : lag + cells]
    middle = start + length / 2
    age, there = middle[:, lag : lag + cells] - middle[:, np.newaxis, :cells], (touch > 0) & (event > 0)

    def before(limit: float) -> Floats:
        # The integral of two even distributions' difference: four parabolas.
        def area(shift: Floats) -> Floats:
            return np.asarray(np.maximum(limit - age + shift, 0.0) ** 2 / 2)

        wide, narrow = (touch + event) / 2, np.abs(touch - event) / 2
        areas = area(wide) - area(narrow) - area(-narrow) + area(-wide)
        return np.divide(areas, touch * event, out=np.zeros(there.shape), where=there)

    return np.clip(before(float(window)) - before(0.0), 0.0, 1.0)
