"""What one ad group brings about, in counts: impressions, clicks, landed sessions, orders, and copies that count.

Everything is drawn for whole cells as if nothing stopped the ad group. Where people or learning cut a cell, the part
that happens is drawn apart, from a stream of that cell; so a change moves the numbers of its own cells alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Span
from pixelsim.counts.cells import Cells
from pixelsim.counts.delivery import CountedTraffic
from pixelsim.counts.kernels import DelayTable, OrderShares
from pixelsim.counts.pages import Pages
from pixelsim.counts.sessions import PURCHASE, Draw, Fates, SessionEvents, kept_copies, kept_once
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["AdGroupCounts", "Paces", "PaidCounts", "add_by_cell"]

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
    touches, bots
        Clicks, engaged views and views by people, shape (rows, kinds), and clicks by bots, by row.
    heard
        Those of ``touches`` whose person pixels can hear of and match.
    sessions, lost
        Sessions, and those that load time drove away, by cell.
    events, again
        Events of all its sessions by cell and fate, and page views among them that are sent once more.
    bought
        Fates of purchases by the row of their touch, shape (rows, fates); they add up to its orders.
    landed, landed_once
        Kept and matched copies on its own pixel, from clicks' sessions without an order, shape (rows, events); and
        sessions with any.
    ordered, ordered_once
        The same from sessions with an order, shape (rows, lags in cells, kinds, events).
    """

    rows: Rows
    spans: tuple[Span, ...]
    impressions: Longs
    spend: Longs
    touches: Longs
    bots: Longs
    heard: Longs
    sessions: Longs
    lost: Longs
    events: Longs
    again: Longs
    bought: Longs
    landed: Longs
    landed_once: Longs
    ordered: Longs
    ordered_once: Longs

    def followed(self, cells: Cells) -> Floats:
        """Give the kept and matched copies of people's sessions on its own pixel, expected, shape (cells, events)."""
        people = self.touches[:, TouchKind.CLICK] / np.maximum(self.clicks, 1)
        by_lag = self.ordered.sum(axis=2).astype(np.float64)
        by_lag[:, 0] += self.landed * people[:, np.newaxis]
        return add_by_cell(cells, self.rows.cell, by_lag)

    @property
    def clicks(self) -> Longs:
        """Clicks by row, those of bots included."""
        return np.asarray(self.touches[:, TouchKind.CLICK] + self.bots)


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    """What followed from the touches of some rows.

    The first axis of each array is the row; of ``sessions``, ``lost``, ``events``, ``again`` and
    ``ordered`` the next is the lag in cells from the row's own on.
    """

    touches: Longs
    bots: Longs
    heard: Longs
    sessions: Longs
    lost: Longs
    events: Longs
    again: Longs
    landed: Longs
    landed_once: Longs
    ordered: Longs
    ordered_once: Longs

    def take(self, index: Longs) -> _Followed:
        """Pick rows."""
        return _Followed(*(getattr(self, name)[index] for name in self.__match_args__))

    @classmethod
    def join(cls, parts: Sequence[_Followed]) -> _Followed:
        """Put rows one after another."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__))


class AdGroupCounts:
    """One ad group.

    Parameters
    ----------
    streams
        Random streams of the replication.
    delivery, traffic
        Its rates, and what it would deliver on each day.
    events, pages
        What happens in sessions of the website that it leads to, and that site's pages.
    pixel
        Code of its own pixel, if any.
    cells
        The cells of the run.
    table
        Where the orders of its touches fall.
    """

    def __init__(
        self,
        streams: Streams,
        delivery: AdDelivery,
        traffic: CountedTraffic,
        *,
        events: SessionEvents,
        pages: Pages,
        pixel: str | None,
        cells: Cells,
        table: DelayTable,
    ) -> None:
        self.streams, self.delivery, self.traffic, self.events = streams, delivery, traffic, events
        self.cells, self.table = cells, table
        self._stays = pages.stays
        self._kept = pages.kept(events.fates, pixel) if pixel is not None else None
        self._matched = events.visitors.matched
        self._day = (cells.start - traffic.days.origin) // DAY
        rates = (delivery.click_rate, delivery.engaged_view_rate, delivery.view_rate)
        best = np.ones(len(cells))
        envelope = np.full(len(cells), delivery.budget_envelope)
        self._impressions, _ = traffic.shown(cells.start, cells.borders[1:], best, envelope)
        self._touches = np.zeros((len(cells), len(TouchKind)), dtype=np.int64)
        for kind, rate in zip(TouchKind, rates, strict=True):
            if rate > 0:
                self._touches[:, kind] = self._draw(kind.name.lower()).binomial(self._impressions, rate)
        self.kinds = tuple(kind for kind, rate in zip(TouchKind, rates, strict=True) if rate > 0)
        self._followed: _Followed | None = None

    def _draw(self, purpose: str) -> np.random.Generator:
        return self.streams.generator(f"counts: {purpose}", self.delivery.ad_group)

    def count(self, spans: Sequence[Span], paces: Paces) -> PaidCounts:
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
        impressions, spend = self.traffic.shown(rows.start, rows.end, factor, budget)
        whole = (rows.start == self.cells.borders[rows.cell]) & (rows.end == self.cells.borders[rows.cell + 1])
        best = whole & (factor == 1) & (happen == 1) & (budget == self.delivery.budget_envelope)
        if self._followed is None:
            every = np.arange(len(self.cells))
            self._followed = self._follow(self._draw, every, self._touches, self.table.whole, np.ones(len(every)))
        parts, order = [self._followed.take(rows.cell[best])], [np.flatnonzero(best)]
        thinned = np.flatnonzero(whole & ~best)
        if len(thinned):
            rng = self._draw("thinned cells")
            parts.append(self._cut(rng, rows, thinned, impressions[thinned], happen[thinned]))
            order.append(thinned)
        for cell in np.unique(rows.cell[~whole]).tolist():
            index = np.flatnonzero(rows.cell == cell)
            rng = self.streams.generator("counts: cut cell", self.delivery.ad_group, cell)
            parts.append(self._cut(rng, rows, index, impressions[index], happen[index]))
            order.append(index)
        followed = _Followed.join(parts).take(np.argsort(np.concatenate(order)))
        return PaidCounts(
            rows=rows,
            spans=delivering,
            impressions=impressions,
            spend=spend,
            touches=followed.touches,
            bots=followed.bots,
            heard=followed.heard,
            sessions=add_by_cell(self.cells, rows.cell, followed.sessions),
            lost=add_by_cell(self.cells, rows.cell, followed.lost),
            events=add_by_cell(self.cells, rows.cell, followed.events),
            again=add_by_cell(self.cells, rows.cell, followed.again),
            bought=followed.events[:, :, PURCHASE].sum(axis=1),
            landed=followed.landed,
            landed_once=followed.landed_once,
            ordered=followed.ordered,
            ordered_once=followed.ordered_once,
        )

    def _cut(self, rng: np.random.Generator, rows: Rows, index: Longs, bought: Longs, happen: Floats) -> _Followed:
        """Draw parts of cells that happen: some of a cell's touches, and what follows from them."""
        cell = rows.cell[index]
        touches = np.zeros((len(index), len(TouchKind)), dtype=np.int64)
        left, rest = self._touches[cell].copy(), self._impressions[cell].copy()
        for turn in range(int(np.bincount(cell).max())):
            # Rows of one cell take their turns; every impression has the same chance, so those bought hold their
            # touches like balls drawn from an urn.
            now = np.flatnonzero(_turns(cell) == turn)
            for kind in self.kinds:
                held = left[now, kind]
                touches[now, kind] = rng.hypergeometric(held, rest[now] - held, bought[now])
            taken, same = touches[now], np.searchsorted(cell[now], cell)
            same = np.minimum(same, len(now) - 1)
            mine = cell[now][same] == cell
            left -= taken[same] * mine[:, np.newaxis]
            rest -= bought[now][same] * mine
        shares = self.table.of_rows(cell, rows.start[index], rows.end[index])
        return self._follow(lambda _: rng, cell, touches, shares, happen)

    def _follow(self, draw: Draw, cell: Longs, touches: Longs, shares: OrderShares, happen: Floats) -> _Followed:
        """Draw what follows from touches, shape (rows, kinds), to sessions, events and copies.

        An order within the session time-out is of the session right after the click, whether that would have landed
        or not; every other order comes in a session of its own.
        """
        visitors, rows, lags = self.events.visitors, len(cell), shares.share.shape[1]
        at = np.minimum(cell[:, np.newaxis] + np.arange(lags), len(self.cells) - 1)
        in_run = cell[:, np.newaxis] + np.arange(lags) < len(self.cells)
        stays = np.where(in_run, self._stays[at], 0.0)
        bots = np.zeros_like(touches[:, 0])
        if self.delivery.bots > 0:
            bots = draw("bots").binomial(touches[:, 0], self.delivery.bots)
            touches = touches - bots[:, np.newaxis] * (np.arange(len(TouchKind)) == TouchKind.CLICK)
        heard, fates = np.zeros_like(touches), self.events.fates.chances.shape[-1]
        sessions, lost = np.zeros((2, rows, lags), dtype=np.int64)
        events = np.zeros((rows, lags, len(EVENT_NAMES), fates), dtype=np.int64)
        again = np.zeros((rows, lags, fates), dtype=np.int64)
        landed = np.zeros((2, rows, len(EVENT_NAMES)), dtype=np.int64)
        ordered = np.zeros((2, rows, lags, len(TouchKind), len(EVENT_NAMES)), dtype=np.int64)

        def stay(purpose: str, came: Longs, share: Floats) -> Longs:
            """Keep the sessions that load time does not drive away, shape (rows, lags, ...), and count both."""
            stayed = came if np.all(share >= 1) else draw(f"stays, {purpose}").binomial(came, share)
            width = came.shape[1]
            sessions[:, :width] += stayed.sum(axis=-1)
            lost[:, :width] += (came - stayed).sum(axis=-1)
            return np.asarray(stayed)

        def hear(found: Fates, matched: Longs) -> tuple[Longs, Longs]:
            """Add events up; give the kept and matched copies at the ad group's own pixel, and sessions with any."""
            width = matched.shape[1]
            events[:, :width] += found.all
            again[:, :width] += found.again
            return self._keep(draw, found.matched, at[:, :width], matched)

        for kind in self.kinds:
            name = kind.name.lower()
            people = draw(f"people, {name}").multinomial(touches[:, kind], visitors.shares)
            heard[:, kind] = people @ self._matched
            rate = happen * (self.delivery.conversion_rate if kind is TouchKind.CLICK else 1.0)
            buyers = draw(f"buyers, {name}").binomial(people, rate[:, np.newaxis])
            orders = draw(f"delays, {name}").multinomial(buyers, _chances(shares.share))[..., :-1].swapaxes(1, 2)
            if kind is TouchKind.CLICK:
                soon = draw("soon").binomial(orders[:, :2], shares.soon[:, :2, np.newaxis]).sum(axis=1)
                clicks = np.append(people - soon, bots[:, np.newaxis], axis=1)
                came = draw("landing").binomial(clicks, self.delivery.landing_share)[:, np.newaxis]
                came = stay("landing", came, stays[:, :1, np.newaxis])
                found = self.events.people(_inside(draw, "landing"), came[..., :-1], np.zeros_like(came[..., :-1]))
                matched = came @ np.append(self._matched, 1)
                found = found + self.events.junk(_inside(draw, "bots"), came[..., -1])
                landed[:] = [copies[:, 0] for copies in hear(found, matched)]
            came = stay(f"orders, {name}", orders * in_run[..., np.newaxis], stays[..., np.newaxis])
            found = self.events.people(_inside(draw, f"orders, {name}"), np.zeros_like(came), came)
            ordered[:, :, :, kind] = hear(found, came @ self._matched)
        return _Followed(touches, bots, heard, sessions, lost, events, again, *landed, *ordered)

    def _keep(self, draw: Draw, matched: Longs, at: Longs, sessions: Longs) -> tuple[Longs, Longs]:
        """Count the kept copies at the ad group's own pixel, of events by fate, and the sessions with any."""
        if self._kept is None:
            none = np.zeros(matched.shape[:-1], dtype=np.int64)
            return none, none
        table, share = self._kept
        if share is not None:
            matched = draw("pixel on the page").binomial(matched, share[at])
        return kept_copies(matched, table), kept_once(matched, table, sessions)


def _turns(cell: Longs) -> Longs:
    """Give the place of each row among those of its cell, from 0 on; cells ascend."""
    first = np.searchsorted(cell, cell)
    return np.asarray(np.arange(len(cell)) - first)


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


def _chances(share: Floats) -> Floats:
    """Give chances of lags for each row, with a last one for the rest, so that roundings never make more than 1."""
    chances = np.append(share, np.zeros((len(share), 1)), axis=1)
    return np.asarray((chances / np.maximum(chances.sum(axis=1, keepdims=True), 1.0))[:, np.newaxis])


def _inside(draw: Draw, what: str) -> Draw:
    """Name the streams of what happens in sessions by where these come from."""
    return lambda purpose: draw(f"{purpose}, {what}")
