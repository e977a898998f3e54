"""What one ad group brings about, in counts: impressions, clicks, landed sessions, orders, and copies that count.

Everything is drawn for whole cells as if nothing stopped the ad group. Where people or learning cut a cell, the part
that happens is drawn apart, from a stream of that cell; so a change moves touches, orders and the copies that can earn
in its own cells alone. Fates that matter for totals only are drawn last, by the cell of the event.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.counts.cells import Cells
from pixelsim.counts.delivery import Envelope
from pixelsim.counts.draws import Numbers, draw_of, stream
from pixelsim.counts.follower import Follower
from pixelsim.counts.following import Followed, Part, follow
from pixelsim.counts.kernels import DelayTable
from pixelsim.counts.tally import Tally, Touched, tallies, turns
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["AdGroupCounts", "Paces", "PaidCounts", "add_by_cell", "count_ad_groups"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Paces:
    """What learning does to an ad group, by day of the scenario: factor on CPM, and share of orders that happen."""

    cpm: Floats
    orders: Floats

    def same(self, other: Paces) -> bool:
        """Tell whether another pace is the same on every day."""
        return np.array_equal(self.cpm, other.cpm) and np.array_equal(self.orders, other.orders)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Stretches of delivery inside of cells: where, with access or not, and in which state of the ad group."""

    cell: Longs
    start: Longs
    end: Longs
    authorised: NDArray[np.bool_]
    span: Longs


@dataclass(frozen=True, slots=True, eq=False)
class PaidCounts:
    """What an ad group brought about.

    Parameters
    ----------
    rows, spans
        Its stretches of delivery, and the states that ``rows.span`` refers to.
    impressions, spend
        By row; spend in smallest money units.
    followed
        What followed from its touches, row by row.
    tally
        The same by the cell in which it happens.
    each, each_once
        Kept and matched copies expected of a session with an order, by its cell, float64 of shape (cells, events); and
        the chance of any.
    """

    rows: Rows
    spans: tuple[Span, ...]
    impressions: Longs
    spend: Longs
    followed: Followed
    tally: Tally
    each: Floats
    each_once: Floats

    def by_people(self, cells: Cells) -> Floats:
        """Give the kept and matched copies of people's sessions on its own pixel, expected, shape (cells, events)."""
        people = self.followed.touches[:, TouchKind.CLICK] / np.maximum(self.clicks, 1)
        by_lag = self.followed.ordered.sum(axis=2).astype(np.float64)
        by_lag[:, 0] += self.followed.landed * people[:, np.newaxis]
        return np.asarray(add_by_cell(cells, self.rows.cell, by_lag) + self.tally.late.sum(axis=1))

    @property
    def clicks(self) -> Longs:
        """Clicks by row, those of bots included."""
        return np.asarray(self.followed.touches[:, TouchKind.CLICK] + self.followed.bots)


@dataclass(frozen=True, slots=True, eq=False)
class _Delivered:
    """What an ad group delivered.

    Parameters
    ----------
    rows, spans, impressions, spend
        As of `PaidCounts`.
    whole
        The rows that stand for whole cells of which everything happens.
    parts, index
        Touches of which a part happens, and the rows that they stand for.
    """

    rows: Rows
    spans: tuple[Span, ...]
    impressions: Longs
    spend: Longs
    whole: Longs
    parts: Sequence[Part]
    index: Sequence[Longs]

    def followed(self, whole: Followed, parts: Sequence[Followed]) -> Followed:
        """Put what followed from each row together, from what follows from whole cells and from the parts."""
        followed = Followed.join([whole.take(self.rows.cell[self.whole]), *parts])
        return followed.take(np.argsort(np.concatenate([self.whole, *self.index]))) if parts else followed


class AdGroupCounts:
    """One ad group.

    Parameters
    ----------
    streams
        Random streams of the replication.
    delivery, envelope
        Its rates, and what it would deliver if nothing stopped it.
    follower
        The website that it leads to, and its own pixel.
    table
        Where the orders of its touches fall.
    windows
        Attribution window in ms of each kind of touch.
    """

    def __init__(
        self,
        streams: Streams,
        delivery: AdDelivery,
        envelope: Envelope,
        *,
        follower: Follower,
        table: DelayTable,
        windows: Sequence[int],
    ) -> None:
        self.streams, self.delivery, self.traffic, self.follower = streams, delivery, envelope.traffic, follower
        self.cells, self.table = follower.cells, table
        cells = self.cells
        self._near = tuple(min(cells.lags(window), len(cells)) for window in windows)
        self._day = (cells.start - self.traffic.days.origin) // DAY
        self._impressions, self._spend, self._touches = envelope.impressions, envelope.spend, envelope.touches
        rates = (delivery.click_rate, delivery.engaged_view_rate, delivery.view_rate)
        self.kinds = tuple(kind for kind, rate in zip(TouchKind, rates, strict=True) if rate > 0)
        self.whole: Followed | None = None

    def draw(self, purpose: str) -> Numbers:
        """Open its stream of a purpose."""
        return draw_of(self.streams, self.delivery.ad_group)(purpose)

    def every_cell(self) -> Part:
        """Give its touches as if nothing stopped it."""
        every = np.arange(len(self.cells))
        happen = np.ones(len(every))
        return Part(self.draw, self.follower, self.delivery, every, self._touches, self.table.whole, happen, self._near)

    def deliver(self, spans: Sequence[Span], paces: Paces) -> _Delivered:
        """Count what happens in the stretches in which the ad group delivers.

        Parameters
        ----------
        spans
            States of the ad group over the run.
        paces
            What learning does to it.
        """
        delivering = tuple(span for span in spans if span.delivering)
        rows = _rows(delivering, self.cells)
        begins = np.maximum(self.traffic.days.origin + self._day[rows.cell] * DAY, 0)
        factor, happen = paces.cpm[begins // DAY], paces.orders[self.cells.day[rows.cell]]
        budget = np.array([span.budget for span in delivering], dtype=np.float64)[rows.span]
        uncut = (rows.start == self.cells.borders[rows.cell]) & (rows.end == self.cells.borders[rows.cell + 1])
        best = uncut & (factor == 1) & (happen == 1) & (budget == self.delivery.budget_envelope)
        impressions, spend = self._impressions[rows.cell], self._spend[rows.cell]
        if not best.all():
            impressions[~best], spend[~best] = self.traffic.shown(
                *(some[~best] for some in (rows.start, rows.end, factor, budget))
            )
        parts, index = [], []
        thinned = np.flatnonzero(uncut & ~best)
        if len(thinned):
            rng = self.draw("thinned cells")
            parts.append(self._cut(rng, rows, thinned, impressions[thinned], happen[thinned]))
            index.append(thinned)
        for cell in np.unique(rows.cell[~uncut]).tolist():
            some = np.flatnonzero(rows.cell == cell)
            rng = Numbers((stream(self.streams, "cut cell", self.delivery.ad_group, cell),), (0,))
            parts.append(self._cut(rng, rows, some, impressions[some], happen[some]))
            index.append(some)
        return _Delivered(rows, delivering, impressions, spend, np.flatnonzero(best), parts, index)

    def _cut(self, rng: Numbers, rows: Rows, index: Longs, bought: Longs, happen: Floats) -> Part:
        """Draw parts of cells that happen: some of a cell's touches."""
        cell = rows.cell[index]
        touches = np.zeros((len(index), len(TouchKind)), dtype=np.int64)
        left, rest = self._touches[cell].copy(), self._impressions[cell].copy()
        for turn in range(int(np.bincount(cell).max())):
            # Rows of one cell take their turns; every impression has the same chance, so those bought hold their
            # touches like balls drawn from an urn.
            now = np.flatnonzero(turns(cell) == turn)
            for kind in self.kinds:
                held = left[now, kind]
                touches[now, kind] = rng.hypergeometric(held, rest[now] - held, bought[now])
            taken, same = touches[now], np.searchsorted(cell[now], cell)
            same = np.minimum(same, len(now) - 1)
            mine = cell[now][same] == cell
            left -= taken[same] * mine[:, np.newaxis]
            rest -= bought[now][same] * mine
        shares = self.table.of_rows(cell, rows.start[index], rows.end[index])
        return Part(lambda _: rng, self.follower, self.delivery, cell, touches, shares, happen, self._near)


def count_ad_groups(jobs: Sequence[tuple[AdGroupCounts, Sequence[Span], Paces]]) -> list[PaidCounts]:
    """Count what ad groups bring about, all of them together, of whatever run.

    Parameters
    ----------
    jobs
        Each ad group, its states over the run, and what learning does to it.
    """
    groups = [group for group, _, _ in jobs]
    fresh = [group for group in groups if group.whole is None]
    made = [group.deliver(spans, paces) for group, spans, paces in jobs]
    found = iter(follow([*(group.every_cell() for group in fresh), *(part for one in made for part in one.parts)]))
    for group in fresh:
        group.whole = next(found)
    followed = [
        one.followed(group.whole, list(itertools.islice(found, len(one.parts))))
        for one, group in zip(made, groups, strict=True)
        if group.whole is not None
    ]
    touched = [
        Touched(group.draw, group.follower, one.rows.cell, of_rows)
        for group, one, of_rows in zip(groups, made, followed, strict=True)
    ]
    return [
        PaidCounts(one.rows, one.spans, one.impressions, one.spend, told.followed, tally, *told.follower.each)
        for one, told, tally in zip(made, touched, tallies(touched), strict=True)
    ]


def add_by_cell(cells: Cells, cell: Longs, lagged: NDArray[Number]) -> NDArray[Number]:
    """Add up by cell what rows have by lag from their own cell on; what falls after the end is none."""
    lags = lagged.shape[1]
    total = np.zeros((len(cells) + lags, *lagged.shape[2:]), dtype=lagged.dtype)
    for one, row in zip(cell.tolist(), lagged, strict=True):
        total[one : one + lags] += row
    return total[: len(cells)]


def _rows(spans: Sequence[Span], cells: Cells) -> Rows:
    """Cut stretches of delivery at the borders of cells."""
    parts: list[NDArray[np.int64]] = []
    for number, span in enumerate(spans):
        first, last = cells.holding(span.start), int(np.searchsorted(cells.borders, span.end)) - 1
        cell = np.arange(first, last + 1)
        start, end = np.maximum(cells.borders[cell], span.start), np.minimum(cells.borders[cell + 1], span.end)
        parts.append(np.stack([cell, start, end, np.full(len(cell), span.authorised), np.full(len(cell), number)]))
    table = np.concatenate(parts, axis=1) if parts else np.zeros((5, 0), dtype=np.int64)
    return Rows(table[0], table[1], table[2], table[3].astype(np.bool_), table[4])
