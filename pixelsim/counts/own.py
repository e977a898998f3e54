"""Events that follow from an ad group's own touches: which of them it earns, and what becomes of the others."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells, by_event
from pixelsim.counts.kernels import DelayTable
from pixelsim.counts.paid import PaidCounts
from pixelsim.counts.touching import Field, Repeats
from pixelsim.traffic.touches import TouchKind

__all__ = ["Contender", "Earned", "OwnTouches"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """An ad group whose touches can earn events.

    Parameters
    ----------
    name
        Its id.
    counts
        What it brought about.
    tables
        Where its orders fall, by kind of touch: each kind has a window of its own.
    once
        Which events count once for each touch, bool of shape (events,).
    access
        Stretches in which its account has access to the pixel, as (from, to) in ms.
    """

    name: str
    counts: PaidCounts
    tables: Sequence[DelayTable]
    once: NDArray[np.bool_]
    access: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Earned:
    """What became of the events that follow from a contender's touches; the last axis of each array is the name.

    Parameters
    ----------
    counted
        Those that its touches earn and that count, by cell of the touch and lag, int64 of shape (cells, lags, events).
    free
        The others, by the event's cell, int64 of shape (cells, events).
    stray
        Expected events among the free ones that no touch of its own can earn, by the event's cell.
    stronger, later
        Expected events among them that a stronger kind of touch, and a later one of the same kind, goes before, by
        the event's cell and the own touch's kind, shape (cells, kinds, events).
    held
        Expected events that a touch could earn, by its cell, lag and kind, shape (cells, lags, kinds, events).
    unused
        Share of its touches that have no conversion of the name yet from what follows from them, of the same shape; 1
        where every event counts.
    """

    counted: Longs
    free: Longs
    stray: Floats
    stronger: Floats
    later: Floats
    held: Floats
    unused: Floats


class OwnTouches:
    """The chances of the events that follow from a contender's touches.

    Parameters
    ----------
    contender, field, cells
        The ad group, all touches that compete, and the cells.
    lags
        Lags in cells within which a touch can earn; events that come later still are looked at too.
    vetoed
        False: the touches that may earn compete. True: all touches do, as if access had not ended.
    """

    def __init__(self, contender: Contender, field: Field, cells: Cells, lags: int, *, vetoed: bool = False) -> None:
        self.contender, self.field, self.cells, self._earning = contender, field, cells, lags
        self.lags = min(contender.tables[0].lags, len(cells))
        self._rows = rows = contender.counts.rows
        self._cell, self._apart = rows.cell, bool(np.all(rows.cell[1:] > rows.cell[:-1]))
        self._event = np.minimum(rows.cell[:, np.newaxis] + np.arange(lags), len(cells) - 1)
        self._duration = (cells.borders[self._event + 1] - rows.start[:, np.newaxis]).astype(np.float64)
        shares = [table.of_rows(rows.cell, rows.start, rows.end) for table in contender.tables[: field.kinds]]
        inside, self._elapsed, self._soon = (
            np.stack([getattr(share, name)[:, :lags] for share in shares], axis=-1)
            for name in ("inside", "elapsed", "soon")
        )
        # Only a click has its session right after it.
        self._soon[..., TouchKind.CLICK + 1 :] = 0.0
        may = self._access()
        self._eligible = inside * may[..., np.newaxis]
        self._vetoed = inside - self._eligible
        self._stronger, self._later = self._passed(vetoed=vetoed)

    def _access(self) -> Floats:
        """Give the chance that touch and event of each row and lag both find access, shape (rows, lags)."""
        contender, cells, rows = self.contender, self.cells, self.contender.counts.rows
        may = np.repeat(rows.authorised[:, np.newaxis].astype(np.float64), self._earning, axis=1)
        if not self.field.cut or list(contender.access) == [(0, int(cells.borders[-1]))]:
            return may
        low, high = cells.borders[:-1], cells.borders[1:]
        share = np.zeros(len(cells))
        for begin, upto in contender.access:
            share += (np.minimum(high, upto) - np.maximum(low, begin)).clip(min=0) / (high - low)
        may *= share[self._event]
        for cell in np.flatnonzero((share > 0) & (share < 1)).tolist():
            lag = cell - rows.cell
            for row in np.flatnonzero(rows.authorised & (lag >= 0) & (lag < self._earning)).tolist():
                may[row, lag[row]] = self._partly(row, cell)
        return may

    def _partly(self, row: int, cell: int) -> float:
        """Give the share of a row's orders in a cell that come while there is access."""
        rows, table = self.contender.counts.rows, self.contender.tables[0]
        low, high = int(self.cells.borders[cell]), int(self.cells.borders[cell + 1])

        def before(instant: int) -> float:
            if instant <= low or instant >= high:
                return float(instant >= high)
            return table.before(int(rows.start[row]), int(rows.end[row]), instant)

        return sum(before(upto) - before(begin) for begin, upto in self.contender.access)

    def _passed(self, *, vetoed: bool) -> tuple[Floats, Floats]:
        """Give the chances that a stronger and a later touch goes before, shape (rows, lags, kinds)."""
        field, bins = self.field, self.field.bins
        stronger, later = np.zeros_like(self._elapsed), np.zeros_like(self._elapsed)
        for pattern, runs in field.runs(vetoed=vetoed):
            here = (self._event >= bins.cell[pattern.start]) & (self._event <= bins.cell[pattern.end - 1])
            before = np.zeros(len(self.cells))
            for kind in range(field.kinds):
                exponent = np.zeros(self._event.shape)
                stronger[here, kind] = -np.expm1(-before[self._event[here]])
                for window, (run, inside) in runs[kind].items():
                    exponent += self._between(run, np.minimum(self._elapsed[..., kind], window))
                    before = before + inside
                later[here, kind] = -np.expm1(-exponent[here])
        return stronger, later

    def _between(self, run: Floats, elapsed: Floats) -> Floats:
        """Give what a cumulated quantity gains between touch and event, by rows and lags: its mean gain in a time."""
        borders = self.field.bins.borders
        at_end = np.interp(self.cells.borders, borders, run)
        since = at_end[self._event + 1] - np.interp(self._rows.start, borders, run)[:, np.newaxis]
        return np.asarray(since / self._duration * elapsed)

    def draw(self, rng: np.random.Generator, repeats: Sequence[Repeats | None]) -> Earned:
        """Draw which events are earned.

        Parameters
        ----------
        rng
            Random stream.
        repeats
            For each name, the events that use a touch up where it earns one of them only; None where it earns all.
        """
        counts, near = self.contender.counts, slice(0, self._earning)
        kept = self._kept[:, near]
        clicks = (counts.heard[:, TouchKind.CLICK] + counts.bots)[:, np.newaxis]
        once = self.contender.once
        won = np.where(once, np.minimum(counts.landed_once, clicks), counts.landed)
        held = kept * self._eligible[..., np.newaxis]
        stays = (self._eligible * (1 - self._stronger) * (1 - self._later))[..., np.newaxis]
        unused = np.ones((len(self.cells), self._earning, self.field.kinds, len(repeats)))
        share = np.broadcast_to(stays, kept.shape)
        if once.any():
            # A click with an order soon has that session right after it instead of one without an order.
            soon = (kept * self._soon[..., np.newaxis]).sum(axis=(1, 2))
            used = np.minimum(won / np.maximum(clicks - soon, 1.0), 1.0)
            fresh = 1 - (1 - self._soon)[:, :, :1, np.newaxis] * used[:, np.newaxis, np.newaxis]
            share = share * np.exp(-np.stack([self._used(some) for some in repeats], axis=-1))
            share[:, :, :1] *= np.where(once, fresh, 1.0)
            gone = np.minimum(won + soon, clicks)
            unused = np.where(once, self._unused(kept * (1 - self._soon)[..., np.newaxis], gone), 1.0)
        earned = rng.binomial(kept, share)
        earns = (counts.rows.authorised & (self.contender.tables[TouchKind.CLICK].window > 0))[:, np.newaxis]
        counted = self._to_cells(earned.sum(axis=2))
        missed = self._to_cells(won * ~earns) + self._kept_by_event.sum(axis=1)
        free = missed - by_event(counted)
        counted[:, 0] += self._to_cells(won * earns)
        passed, by_touch = held * self._stronger[..., np.newaxis], self._to_cells(held)
        return Earned(
            counted=counted,
            free=free,
            stray=missed - by_event(by_touch.sum(axis=2)),
            stronger=self._by_event(passed),
            later=self._by_event((held - passed) * self._later[..., np.newaxis]),
            held=by_touch,
            unused=unused,
        )

    @functools.cached_property
    def _kept(self) -> Longs:
        """Kept copies of sessions with an order, or such sessions where one counts, (rows, lags, kinds, events)."""
        here = np.s_[:, : self.lags, : self.field.kinds]
        counts = self.contender.counts
        return np.where(self.contender.once, counts.ordered_once[here], counts.ordered[here])

    @functools.cached_property
    def _kept_by_event(self) -> Longs:
        """The same by the event's cell, shape (cells, kinds, events)."""
        return self._by_event(self._kept)

    def _used(self, repeats: Repeats | None) -> Floats:
        """Give the mean number of events that use a touch up before an event that follows from it."""
        used = np.zeros_like(self._elapsed)
        if repeats is not None:
            for kind in range(self.field.kinds):
                run, older = np.concatenate([[0.0], np.cumsum(repeats.visits[kind])]), repeats.older[kind, self._cell]
                used[..., kind] = self._between(run, self._elapsed[..., kind])
                used[..., kind] += older
        return used

    def _unused(self, later: Floats, at_once: Floats) -> Floats:
        """Give the share of touches without a conversion yet, shape (cells, lags, kinds, events).

        Parameters
        ----------
        later
            Events of later sessions, shape (rows, lags, kinds, events).
        at_once
            Clicks that have one from the session right after them, shape (rows, events).
        """
        counts = self.contender.counts
        heard = self._to_cells(counts.heard[:, : self.field.kinds])[:, np.newaxis, :, np.newaxis]
        had = self._to_cells(later)
        # Half of the events of a cell come before a random event in it.
        before = np.cumsum(had, axis=1) - had / 2
        unused = 1 - np.clip(before / np.maximum(heard, 1), 0.0, 1.0)
        clicks = self._to_cells((counts.heard[:, 0] + counts.bots)[:, np.newaxis])
        unused[:, :, 0] *= (1 - self._to_cells(at_once) / np.maximum(clicks, 1))[:, np.newaxis]
        return unused

    def returns(self) -> tuple[Floats, Longs]:
        """Give the kept copies of sessions with an order.

        Returns
        -------
        later : ndarray of shape (cells, lags, kinds, events)
            Those of a later session than the touch's, by touch cell and lag.
        by_event : ndarray of shape (cells, kinds, events)
            All of them by the event's cell.
        """
        later = self._kept.astype(np.float64)
        later[:, : self._earning] *= (1 - self._soon)[..., np.newaxis]
        return self._to_cells(later), self._kept_by_event

    def expected(self) -> Earned:
        """Give what is expected of its events if all touches may earn: by whom they are passed; nothing is counted."""
        kept, inside = self._kept[:, : self._earning], (self._eligible + self._vetoed)[..., np.newaxis]
        held = kept * inside
        passed, by_touch = held * self._stronger[..., np.newaxis], self._to_cells(held)
        every = self._kept_by_event.sum(axis=1)
        return Earned(
            counted=np.zeros((*by_touch.shape[:2], kept.shape[-1]), dtype=np.int64),
            free=every,
            stray=every - by_event(by_touch.sum(axis=2)),
            stronger=self._by_event(passed),
            later=self._by_event((held - passed) * self._later[..., np.newaxis]),
            held=by_touch,
            unused=np.ones_like(by_touch),
        )

    def lost(self, rng: np.random.Generator, event: int) -> Longs:
        """Draw the events of a name that its touches would have earned, had access not ended, by the event's cell."""
        share = self._vetoed * (1 - self._stronger) * (1 - self._later)
        lost = rng.binomial(self._kept[:, : self._earning, :, event], share).sum(axis=2)
        return by_event(self._to_cells(lost.astype(np.int64)))

    def _to_cells(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up by cell of the touch what rows have."""
        total = np.zeros((len(self.cells), *of_row.shape[1:]), dtype=of_row.dtype)
        if self._apart:
            total[self._cell] = of_row
        else:
            np.add.at(total, self._cell, of_row)
        return total

    def _by_event(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up by the event's cell what rows have by lag, shape (rows, lags, ...)."""
        return by_event(self._to_cells(of_row))
