"""What one ad group brings about, in counts: impressions, clicks, landed sessions, orders, and copies that count.

Everything is drawn for whole cells as if nothing stopped the ad group. Where people or learning cut a cell, the part
that happens is drawn apart, from a stream of that cell; so a change moves touches, orders and the copies that can earn
in its own cells alone. Fates that matter for totals only are drawn last, by the cell of the event.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.counts.cells import Cells, adding, by_event
from pixelsim.counts.delivery import Envelope
from pixelsim.counts.draws import Draw, draw_of, grouped
from pixelsim.counts.follower import Follower, Followers
from pixelsim.counts.following import Followed, Happened, follow
from pixelsim.counts.kept import Kept
from pixelsim.counts.kernels import DelayTable
from pixelsim.counts.stretches import Rows, Stretches
from pixelsim.counts.tally import Tally, tallies, turns
from pixelsim.counts.willing import Part
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["AdGroupCounts", "Paces", "PaidCounts", "add_by_cell", "by_people", "count_ad_groups", "days_shown"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Paces:
    """What learning does to an ad group, by day of the scenario: factor on CPM, and share of orders that happen.

    ``idle`` says that it does nothing on any day, as far as that is known.
    """

    cpm: Floats
    orders: Floats
    idle: bool = False

    @property
    def told(self) -> tuple[bytes, bytes]:
        """What paces have the same that do the same."""
        return self.cpm.tobytes(), self.orders.tobytes()

    def same(self, other: Paces) -> bool:
        """Tell whether another pace is the same on every day."""
        return np.array_equal(self.cpm, other.cpm) and np.array_equal(self.orders, other.orders)


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

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return _OBJECTS + sum(table.nbytes for table in self._tables)

    @property
    def _tables(self) -> list[Longs]:
        parts = (self, self.followed, self.followed.within, self.followed.late, self.tally)
        told = (getattr(part, name) for part in parts for name in part.__match_args__)
        return [table for table in told if isinstance(table, np.ndarray)]

    def fix(self) -> PaidCounts:
        """Let nobody write into it any more, as others will read it too."""
        for table in self._tables:
            table.setflags(write=False)
        return self

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
    parts, index
        Touches of which a part happens, and the rows that they stand for; the others stand for whole cells of which
        everything happens.
    """

    rows: Rows
    spans: tuple[Span, ...]
    impressions: Longs
    spend: Longs
    parts: Sequence[Part]
    index: Sequence[Longs]

    def places(self, whole: int, part: int) -> Longs:
        """Give where what followed from each row is, if that of whole cells begins at a place, and that of parts."""
        found = whole + self.rows.cell
        for index in self.index:
            found[index] = part + np.arange(len(index))
            part += len(index)
        return found


@functools.lru_cache(maxsize=16)
def _every(cells: int) -> tuple[Longs, Floats]:
    """Give every cell, and all of it."""
    return np.arange(cells), np.ones(cells)


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
        self.draw = draw_of(streams, delivery.ad_group)
        self.cells, self.table = follower.cells, table
        self._near = tuple(min(self.cells.lags(window), len(self.cells)) for window in windows)
        self._impressions, self._spend, self._touches = envelope.impressions, envelope.spend, envelope.touches
        rates = (delivery.click_rate, delivery.engaged_view_rate, delivery.view_rate)
        self.kinds = tuple(kind for kind, rate in zip(TouchKind, rates, strict=True) if rate > 0)
        self.whole: tuple[Happened, slice] | None = None

    @property
    def of(self) -> tuple[Longs, DelayTable]:
        """What tells its touches and its table from all others, as long as they are there."""
        return self._touches, self.table

    def told(self, stretches: Stretches, paces: Paces) -> Hashable:
        """Tell what ad groups have the same that bring about the same."""
        touches, table = map(id, self.of)
        return (touches, table, self._near, self.follower.told, stretches.rows.told, paces.told)

    def every_cell(self) -> Part:
        """Give its touches as if nothing stopped it."""
        (every, ones), whole = _every(len(self.cells)), self.table.whole
        told = (self.draw, self.follower, self.delivery, every, self._touches)
        luck = (self.streams, self.delivery.ad_group, id(self._touches))
        return Part(*told, whole.chances, whole.soon_first, ones, self._near, luck)

    def deliver(self, stretches: Stretches, paces: Paces) -> _Delivered:
        """Count what happens in the stretches in which the ad group delivers.

        Parameters
        ----------
        stretches
            These stretches.
        paces
            What learning does to it.
        """
        rows = stretches.rows
        if paces.idle and rows.every_once(len(self.cells), self.delivery.budget_envelope):
            return _Delivered(rows, stretches.spans, self._impressions, self._spend, [], [])
        factor, happen = paces.cpm[rows.account_day], paces.orders[rows.day]
        impressions, spend = self._impressions[rows.cell], self._spend[rows.cell]
        every = rows.every_touch(self.delivery.budget_envelope)
        other = np.flatnonzero(~every | (factor != 1) | (happen != 1))
        if len(other):
            start, end, budget = rows.start[other], rows.end[other], rows.budget[other]
            impressions[other], spend[other] = self.traffic.shown(start, end, factor[other], budget)
        parts, index = [], []
        thinned = other[rows.whole[other]]
        if len(thinned):
            draw = draw_of(self.streams, self.delivery.ad_group, what=", thinned cells")
            parts.append(self._cut(draw, rows, thinned, impressions[thinned], happen[thinned]))
            index.append(thinned)
        for cell in sorted(set(rows.cell[~rows.whole].tolist())):
            some = np.flatnonzero(rows.cell == cell)
            draw = draw_of(self.streams, self.delivery.ad_group, cell, what=", cut cell")
            parts.append(self._cut(draw, rows, some, impressions[some], happen[some]))
            index.append(some)
        return _Delivered(rows, stretches.spans, impressions, spend, parts, index)

    def _cut(self, draw: Draw, rows: Rows, index: Longs, bought: Longs, happen: Floats) -> Part:
        """Draw parts of cells that happen: some of a cell's touches."""
        cell, urn = rows.cell[index], draw("touches")
        touches = np.zeros((len(index), len(TouchKind)), dtype=np.int64)
        left, rest, place = self._touches[cell], self._impressions[cell], turns(cell)
        last = int(place.max())
        for turn in range(last + 1):
            # Rows of one cell take their turns; every impression has the same chance, so those bought hold their
            # touches like balls drawn from an urn.
            now = np.flatnonzero(place == turn)
            for kind in self.kinds:
                held = left[now, kind]
                touches[now, kind] = urn.hypergeometric(held, rest[now] - held, bought[now])
            for row in now.tolist() if turn < last else ():
                same = cell == cell[row]
                left[same] -= touches[row]
                rest[same] -= bought[row]
        if rows.whole[index].all():
            chances, soon = self.table.whole.chances[cell], self.table.whole.soon_first[cell]
        else:
            shares = self.table.of_rows(cell, rows.start[index], rows.end[index])
            chances, soon = shares.chances, shares.soon_first
        told = (draw, self.follower, self.delivery, cell, touches)
        return Part(*told, chances, soon, happen, self._near)


ROOM = 192_000_000
"""Bytes that are kept of what ad groups brought about: at 28 days, some 5,000 ad groups in a run each."""
_OBJECTS = 3072
"""Bytes that it takes besides its arrays, about."""
_KEPT: Kept[Hashable, tuple[tuple[Longs, DelayTable], PaidCounts]] = Kept(ROOM)
"""With what it was counted from: as long as this is here, nothing else is told by the same places in memory."""


def count_ad_groups(jobs: Sequence[tuple[AdGroupCounts, Stretches, Paces]]) -> list[PaidCounts]:
    """Count what ad groups bring about, of whatever run; those that are alike go through together.

    Parameters
    ----------
    jobs
        Each ad group, the stretches in which it delivers, and what learning does to it. What was counted before for the
        same, such as for the design that was looked at last, is not counted again.
    """
    keys = [group.told(stretches, paces) for group, stretches, paces in jobs]
    found: dict[int, PaidCounts] = {}
    for place, (key, (group, stretches, _)) in enumerate(zip(keys, jobs, strict=True)):
        known = _KEPT.get(key)
        if known is not None:
            each, each_once = group.follower.each
            found[place] = replace(known[1], rows=stretches.rows, spans=stretches.spans, each=each, each_once=each_once)
    missing = [place for place in range(len(jobs)) if place not in found]
    for some in grouped([(*jobs[place][0].follower.alike, jobs[place][0].table.lags) for place in missing]):
        places = [missing[one] for one in some]
        for place, counts in zip(places, _count([jobs[place] for place in places]), strict=True):
            found[place] = counts.fix()
            _KEPT.keep(keys[place], (jobs[place][0].of, counts), counts.size)
    return [found[place] for place in range(len(jobs))]


def _count(jobs: Sequence[tuple[AdGroupCounts, Stretches, Paces]]) -> Iterator[PaidCounts]:
    """Do the same for ad groups that are alike."""
    groups = [group for group, _, _ in jobs]
    made = [group.deliver(stretches, paces) for group, stretches, paces in jobs]
    fresh, size = [group for group in groups if group.whole is None], len(groups[0].cells)
    parts = [*(group.every_cell() for group in fresh), *(part for one in made for part in one.parts)]
    drawn = [follow(parts)] if parts else []
    for number, group in enumerate(fresh):
        group.whole = drawn[0], slice(number * size, (number + 1) * size)
    if len(fresh) < len(groups):
        wholes = [group.whole[0].rows(group.whole[1]) for group in groups if group.whole is not None]
        drawn = [*wholes, *(one.rows(slice(len(fresh) * size, None)) for one in drawn)]
    # Whole cells of all ad groups stand before the parts.
    cut = itertools.accumulate((sum(map(len, one.index)) for one in made), initial=len(groups) * size)
    places = [one.places(number * size, part) for number, (one, part) in enumerate(zip(made, cut, strict=False))]
    happened = Happened.join(drawn).take(np.concatenate(places))
    first, to = groups[0], Followers([group.follower for group in groups])
    followed = happened.followed(first.table.lags, first.follower.width)
    by_cell = tallies(to, [group.draw for group in groups], [one.rows.cell for one in made], happened)
    for group, one, tally, of_rows in zip(groups, made, by_cell, followed.split([*map(len, places)]), strict=True):
        told = (one.rows, one.spans, one.impressions, one.spend, of_rows, tally)
        yield PaidCounts(*told, *group.follower.each)


def by_people(cells: Cells, paid: Sequence[PaidCounts]) -> Floats:
    """Give the kept and matched copies of people's sessions on each ad group's own pixel, (groups, cells, events).

    They are expected: what a bot's sessions bring is not told apart from what a person's do.
    """
    if not paid:
        return np.zeros((0, len(cells), len(EVENT_NAMES)))
    size, every = len(cells), np.arange(len(paid)) * len(cells)
    of_rows = [one.followed for one in paid]
    touches, bots, landed = (
        np.concatenate([getattr(one, name) for one in of_rows]) for name in ("touches", "bots", "landed")
    )
    clicks = touches[:, TouchKind.CLICK]
    cell = np.concatenate([one.rows.cell + begin for one, begin in zip(paid, every, strict=True)])
    found = adding(cell, size * len(paid)) @ (landed * (clicks / np.maximum(clicks + bots, 1))[:, np.newaxis])
    held = [one.within for one in of_rows]
    event = np.concatenate([paid[n].rows.cell[some.row] + some.lag + every[n] for n, some in enumerate(held)])
    found += adding(event, size * len(paid)) @ np.concatenate([some.copies for some in held])
    found += np.concatenate([one.tally.late.sum(axis=1) for one in paid])
    return np.asarray(found.reshape(len(paid), size, -1))


def days_shown(
    paid: Mapping[int, PaidCounts], size: tuple[int, ...], cells: tuple[int, int] | None = None
) -> NDArray[np.bool_]:
    """Tell on which days ad groups, by number, delivered; in cells from one to another (excluded), or in all of them.

    The result is of shape ``size``: days and ad groups.
    """
    shown = np.zeros(size, dtype=np.bool_)
    if paid:
        rows = [one.rows for one in paid.values()]
        number = np.repeat([*paid], [len(one.cell) for one in rows])
        day, cell = (np.concatenate([getattr(one, name) for one in rows]) for name in ("day", "cell"))
        here = np.concatenate([one.impressions for one in paid.values()]) > 0
        if cells is not None:
            here &= (cell >= cells[0]) & (cell < cells[1])
        shown[day[here], number[here]] = True
    return shown


def add_by_cell(cells: Cells, cell: Longs, lagged: NDArray[Number]) -> NDArray[Number]:
    """Add up by cell what rows have by lag from their own cell on; what falls after the end is none."""
    of_cell = np.zeros((len(cells), *lagged.shape[1:]), dtype=lagged.dtype)
    if np.all(cell[1:] > cell[:-1]):
        of_cell[cell] = lagged
    else:
        np.add.at(of_cell, cell, lagged)
    return by_event(of_cell)
