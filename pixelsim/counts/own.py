"""Events that follow from ad groups' own touches: which of them these earn, and what becomes of the others."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.after_touch import NoRepeat
from pixelsim.counts.cells import Cells, adding, by_event
from pixelsim.counts.contender import Contender, Earned
from pixelsim.counts.draws import Draw, stacked
from pixelsim.counts.field import Field, Instants, cumulated
from pixelsim.counts.touching import Repeats, uncovered
from pixelsim.traffic.touches import TouchKind

__all__ = ["OwnTouches"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)


class OwnTouches:
    """The chances of the events that follow from contenders' touches, in contests that are alike.

    Parameters
    ----------
    contenders
        The ad groups of one contest after another.
    field, cells
        All touches that compete, and the cells.
    lags
        Lags in cells within which a touch can earn; events that come later still are looked at too.
    party
        Number of the party of each ad group of a contest, shape (groups,).
    """

    def __init__(self, contenders: Sequence[Contender], field: Field, cells: Cells, lags: int, party: Longs) -> None:
        self._party, self.contests = party, len(contenders) // len(party)
        self.contenders, self.field, self.cells, self._earning = contenders, field, cells, lags
        self.lags = min(max(one.tables[0].lags for one in contenders), len(cells))
        rows = [one.counts.rows for one in contenders]
        self._sizes = [len(some.cell) for some in rows]
        # Number of each row's ad group among all contenders, of its contest, and its place in that.
        self._group = np.repeat(np.arange(len(contenders)), self._sizes)
        self._contest, self._place = np.divmod(self._group, len(party))
        self._cell, self._start, self._end, self._authorised = (
            np.concatenate([getattr(some, name) for some in rows]) for name in ("cell", "start", "end", "authorised")
        )
        size = len(cells)
        # Sums by cell of the touch, of all ad groups of a contest and of each, as products with tables of 0 and 1.
        self._of_each = adding(self._cell + size * self._group, size * len(contenders))
        many = self.contests < len(contenders)
        self._of_all = adding(self._cell + size * self._contest, size * self.contests) if many else self._of_each
        self._once = np.stack([one.once for one in contenders[: len(party)]])
        self._event = np.minimum(self._cell[:, np.newaxis] + np.arange(lags), size - 1)
        self._ends, self._starts = (
            Instants.of(field.bins.borders, cells.borders),
            Instants.of(field.bins.borders, self._start),
        )
        self._duration = (cells.borders[self._event + 1] - self._start[:, np.newaxis]).astype(np.float64)
        inside, self._elapsed, self._soon = self._shares()
        # Only a click has its session right after it.
        self._soon[..., TouchKind.CLICK + 1 :] = 0.0
        may = self._access()
        self._eligible = inside * may[..., np.newaxis]
        self._vetoed = inside - self._eligible
        self._known: dict[bool, tuple[Floats, Floats]] = {}

    def _shares(self) -> Floats:
        """Give inside, elapsed and soon of every row's orders, shape (3, rows, lags, kinds)."""
        found = np.empty((3, len(self._cell), self._earning, self.field.kinds))
        for kind in range(self.field.kinds):
            tables = {id(one.tables[kind]): one.tables[kind] for one in self.contenders}
            which = np.array([id(one.tables[kind]) for one in self.contenders])[self._group]
            for key, table in tables.items():
                rows = np.flatnonzero(which == key)
                shares = table.of_rows(self._cell[rows], self._start[rows], self._end[rows], self._earning)
                for place, name in enumerate(("inside", "elapsed", "soon")):
                    found[place, rows, :, kind] = getattr(shares, name)
        return found

    def _access(self) -> Floats:
        """Give the chance that touch and event of each row and lag both find access, shape (rows, lags)."""
        cells = self.cells
        may = np.repeat(self._authorised[:, np.newaxis].astype(np.float64), self._earning, axis=1)
        if not self.field.cut:
            return may
        low, high = cells.borders[:-1], cells.borders[1:]
        for access in {tuple(one.access) for one in self.contenders} - {((0, int(cells.borders[-1])),)}:
            share = np.zeros(len(cells))
            for begin, upto in access:
                share += (np.minimum(high, upto) - np.maximum(low, begin)).clip(min=0) / (high - low)
            mine = np.array([tuple(one.access) == access for one in self.contenders])[self._group]
            may[mine] *= share[self._event[mine]]
            for cell in np.flatnonzero((share > 0) & (share < 1)).tolist():
                lag = cell - self._cell
                for row in np.flatnonzero(mine & self._authorised & (lag >= 0) & (lag < self._earning)).tolist():
                    may[row, lag[row]] = self._partly(row, cell)
        return may

    def _partly(self, row: int, cell: int) -> float:
        """Give the share of a row's orders in a cell that come while there is access."""
        contender = self.contenders[int(self._group[row])]
        low, high = int(self.cells.borders[cell]), int(self.cells.borders[cell + 1])

        def before(instant: int) -> float:
            if instant <= low or instant >= high:
                return float(instant >= high)
            return contender.tables[0].before(int(self._start[row]), int(self._end[row]), instant)

        return sum(before(upto) - before(begin) for begin, upto in contender.access)

    def _passed(self, *, vetoed: bool) -> tuple[Floats, Floats]:
        """Give the chances that a stronger and a later touch goes before, shape (rows, lags, kinds).

        Either the touches that may earn compete, or all touches do, as if access had not ended.
        """
        if vetoed not in self._known:
            self._known[vetoed] = self._passing(vetoed=vetoed)
        return self._known[vetoed]

    def _passing(self, *, vetoed: bool) -> tuple[Floats, Floats]:
        field, bins = self.field, self.field.bins
        stronger, later = np.zeros_like(self._elapsed), np.zeros_like(self._elapsed)
        for pattern, runs in field.runs(vetoed=vetoed):
            here = (self._event >= bins.cell[pattern.start]) & (self._event <= bins.cell[pattern.end - 1])
            before = np.zeros((self.contests, len(self.cells)))
            contest = np.broadcast_to(self._contest[:, np.newaxis], here.shape)[here]
            for kind in range(field.kinds):
                exponent = np.zeros(self._event.shape)
                stronger[here, kind] = -np.expm1(-before)[contest, self._event[here]]
                for window, (run, inside) in runs[kind].items():
                    exponent += self._between(run, np.minimum(self._elapsed[..., kind], window))
                    before = before + inside
                later[here, kind] = -np.expm1(-exponent[here])
        return stronger, later

    def _between(self, run: Floats, elapsed: Floats) -> Floats:
        """Give what cumulated quantities, shape (contests, borders), gain between touch and event, by rows and lags.

        It is the mean gain in so much time.
        """
        at_end = self._ends.read(run)[self._contest[:, np.newaxis], self._event + 1]
        low, high = (run[self._contest, self._starts.after + one] for one in (0, 1))
        since = at_end - (low + self._starts.far * (high - low))[:, np.newaxis]
        return np.asarray(since / self._duration * elapsed)

    def draw(
        self, draws: Sequence[Draw], repeats: Sequence[Sequence[Repeats]], no_repeat: NoRepeat | None = None
    ) -> Earned:
        """Draw which events are earned.

        Parameters
        ----------
        draws
            Opens the random streams of each contender.
        repeats
            For each name and party, the events that use a touch up where it earns one of them only.
        no_repeat
            What repeats do to credit, which has in it how a touch is used up; None where no event repeats another.
        """
        once = self._once[self._place]
        clicks = (self._followed("heard")[:, TouchKind.CLICK] + self._followed("bots"))[:, np.newaxis]
        kept = self._kept[:, : self._earning]
        won = np.where(once, np.minimum(self._followed("landed_once"), clicks), self._followed("landed"))
        stronger, later = self._passed(vetoed=False)
        share = np.repeat((self._eligible * (1 - stronger) * (1 - later))[..., np.newaxis], once.shape[1], axis=-1)
        unused = np.ones((1, 1, 1, 1, self.field.kinds, once.shape[1]))
        # A click with an order soon has that session right after it instead of one without an order.
        click = TouchKind.CLICK
        soon = (kept[:, :, click] * self._soon[:, :, click, np.newaxis]).sum(axis=1)
        if no_repeat is not None:
            share *= no_repeat.own_first[self._contest, self._place, self._cell]
        elif once.any():
            used = np.minimum(won / np.maximum(clicks - soon, 1.0), 1.0)
            fresh = 1 - (1 - self._soon[:, :, click, np.newaxis]) * used[:, np.newaxis]
            share[:, :, click] *= np.where(once[:, np.newaxis], fresh, 1.0)
            for event, parties in enumerate(repeats):
                for some in parties:
                    mine = (once[:, event] & some.party[self._place])[:, np.newaxis, np.newaxis]
                    share[..., event] *= np.where(mine, np.exp(-self._used(some)), 1.0)
            gone = np.minimum(won + soon, clicks)
            unused = self._unused(kept, gone)
        earned = stacked(draws, self._sizes)("own events").binomial(kept, np.clip(share, 0.0, 1.0, out=share))
        windows = np.array([one.tables[TouchKind.CLICK].window for one in self.contenders])
        earns = (self._authorised & (windows[self._group] > 0))[:, np.newaxis]
        counted = self._each(earned.sum(axis=2))
        missed = self._all(won * ~earns) + self._kept_by_event.sum(axis=2)
        free = missed - by_event(counted.sum(axis=1), 1)
        counted[:, :, :, 0] += self._each(won * earns)
        passed = stronger[..., np.newaxis], later[..., np.newaxis]
        if no_repeat is not None:
            passed = (
                passed[0],
                np.clip(1 - (1 - passed[1]) * no_repeat.own[self._contest, self._place, self._cell], 0.0, 1.0),
            )
        return self._told(kept * self._eligible[..., np.newaxis], passed, (counted, free, missed), unused)

    def _told(
        self, held: Floats, passed: tuple[Floats, Floats], found: tuple[Longs, Longs, Longs], unused: Floats
    ) -> Earned:
        """Sum up what is expected of the events that own touches could earn, shape (rows, lags, kinds, events)."""
        counted, free, missed = found
        stronger, later = passed
        behind, by_touch = held * stronger, self._all(held)
        return Earned(
            counted=counted,
            free=free,
            stray=missed - by_event(by_touch.sum(axis=3), 1),
            stronger=by_event(self._all(behind), 1),
            later=by_event(self._all((held - behind) * later), 1),
            held=by_touch,
            held_before=self._all(held * self._overtaken[..., np.newaxis]),
            unused=unused,
        )

    @functools.cached_property
    def _overtaken(self) -> Floats:
        """Give the chance that a touch of a row's cell comes after the one that an event follows from, before it.

        A touch and an event that are some time apart lie even where both still fall into their cells.
        """
        borders, lag = self.cells.borders, np.arange(self._earning)[:, np.newaxis]
        begin, end = self._start[:, np.newaxis, np.newaxis], self._end[:, np.newaxis, np.newaxis]
        event = self._event[..., np.newaxis]
        low = np.maximum(begin, borders[event] - self._elapsed)
        high = np.minimum(end, borders[event + 1] - self._elapsed)
        own = np.clip((low + high) / 2, begin, end)
        upto = np.where(lag == 0, np.minimum(own + self._elapsed, end), end)
        return np.asarray((upto - own) / np.maximum(upto - begin, 1.0))

    def _followed(self, name: str, part: tuple[slice, ...] = ()) -> Longs:
        """Give what followed from the touches of each row, or a part of this."""
        return np.concatenate([getattr(one.counts.followed, name)[part] for one in self.contenders])

    @functools.cached_property
    def _kept(self) -> Longs:
        """Kept copies of sessions with an order, or such sessions where one counts, (rows, lags, kinds, events).

        They are those within the longest window of any contender.
        """
        here = np.s_[:, : self.lags, : self.field.kinds]
        if not self._once.any():
            return self._followed("ordered", here)
        once = self._once[self._place][:, np.newaxis, np.newaxis]
        return np.where(once, self._followed("ordered_once", here), self._followed("ordered", here))

    @functools.cached_property
    def _kept_by_event(self) -> Longs:
        """The same of all ad groups by the event's cell, with those after all windows.

        It is of shape (contests, cells, kinds, events).
        """
        total = by_event(self._all(self._kept), 1)
        late = [np.where(one.once, one.counts.tally.late_once, one.counts.tally.late) for one in self.contenders]
        of_all = np.stack(late).reshape(self.contests, len(self._party), *late[0].shape)
        return np.asarray(total + of_all.sum(axis=1)[:, :, : self.field.kinds])

    def _used(self, repeats: Repeats) -> Floats:
        """Give the mean number of events that use a touch up before an event that follows from it."""
        used = np.zeros_like(self._elapsed)
        for kind in range(self.field.kinds):
            run, elapsed = cumulated(repeats.visits[kind]), self._elapsed[..., kind]
            visits = self._between(run, elapsed) * self._uncovered(repeats.party, kind, elapsed)
            for window, ended in repeats.others.items():
                visits += self._between(ended, np.maximum(elapsed - window, 0.0))
            used[..., kind] = visits + repeats.older[kind, self._contest, self._cell]
        return np.asarray(used)

    def _uncovered(self, party: NDArray[np.bool_], kind: int, elapsed: Floats) -> Floats:
        """Give the share of the time between touch and event that no touch of a party covers, shape (rows, lags)."""
        share, field = np.ones_like(elapsed), self.field
        for window, groups in field.covering(kind, party):
            run = cumulated(field.with_access[:, groups].sum(axis=1) / field.people[:, np.newaxis])
            share *= uncovered(self._between(run, elapsed), elapsed, window)
        return np.asarray(share)

    @functools.cached_property
    def _alone(self) -> Floats:
        """Give the chance that no touch with a shorter window is open at an event, shape (rows, lags, kinds)."""
        alone, field = np.ones_like(self._elapsed), self.field
        for kind, windows in enumerate(field.windows):
            for party, own in {*zip(self._party.tolist(), windows.tolist(), strict=True)}:
                rows = ((self._party == party) & (windows == own))[self._place]
                for window in np.unique(windows[(self._party == party) & (windows < own)]).tolist():
                    mine = (self._party == party) & (windows == window)
                    run = cumulated(field.a_person(field.with_access[:, kind, mine]))
                    came = self._between(run, np.minimum(self._elapsed[..., kind], window))
                    alone[rows, :, kind] *= np.exp(-came[rows])
        return np.asarray(alone)

    def by_touch(self) -> Floats:
        """Give the kept copies that follow from touches by their cell, shape (contests, groups, cells, events)."""
        once = self._once[self._place]
        landed = np.where(once, self._followed("landed_once"), self._followed("landed"))
        return np.asarray(self._each(landed + self._kept.sum(axis=(1, 2))), dtype=np.float64)

    def _unused(self, kept: Longs, at_once: Floats) -> Floats:
        """Give the share of touches without a conversion yet, (contests, groups, cells, lags, kinds, events).

        Parameters
        ----------
        kept
            Events of sessions with an order, shape (rows, lags, kinds, events).
        at_once
            Clicks that have one from the session right after them, shape (rows, events).
        """
        touches = self._followed("heard")
        clicks = self._each((touches[:, TouchKind.CLICK] + self._followed("bots"))[:, np.newaxis])
        heard = self._each(touches[:, : self.field.kinds])[:, :, :, np.newaxis, :, np.newaxis]
        alone = (1 - self._soon) * self._alone
        had = self._each(kept * alone[..., np.newaxis])
        had /= np.maximum(heard, 1)
        # Half of the events of a cell come before a random event in it.
        unused = np.empty_like(had)
        left: Floats | float = 1.0
        for lag in range(had.shape[3]):
            # Several times as fast as to cumulate along an axis in the middle.
            left = left - had[:, :, :, lag]
            np.add(left, had[:, :, :, lag] / 2, out=unused[:, :, :, lag])
        np.clip(unused, 0.0, 1.0, out=unused)
        unused[..., TouchKind.CLICK, :] *= (1 - self._each(at_once) / np.maximum(clicks, 1))[:, :, :, np.newaxis]
        np.copyto(unused, 1.0, where=~self._once[:, np.newaxis, np.newaxis, np.newaxis])
        return unused

    def returns(self) -> tuple[Floats, Longs]:
        """Give the kept copies of sessions with an order, of all ad groups of each contest.

        Returns
        -------
        later : ndarray of shape (contests, cells, lags, kinds, events)
            Those of a later session than the touch's, by touch cell and lag; after all windows, what is expected.
        by_event : ndarray of shape (contests, cells, kinds, events)
            All of them by the event's cell.
        """
        later = np.zeros((self.contests, len(self.cells), self.lags, self.field.kinds, self._once.shape[1]))
        at = np.minimum(np.arange(len(self.cells))[:, np.newaxis] + np.arange(self.lags), len(self.cells) - 1)
        orders = self._followed("later", np.s_[:, : self.lags, : self.field.kinds])
        groups = len(self._party)
        # Ad groups of one website with the same rule of counting have the same copies of an order.
        lots: dict[tuple[tuple[int, bytes], ...], list[int]] = {}
        for place in range(groups):
            lots.setdefault(
                tuple((id(one.counts.each), one.once.tobytes()) for one in self.contenders[place::groups]), []
            ).append(place)
        for places in lots.values():
            some = self.contenders[places[0] :: groups]
            each = np.stack([np.where(one.once, one.counts.each_once, one.counts.each) for one in some])
            of_cell = self._all(orders * np.isin(self._place, places)[:, np.newaxis, np.newaxis])
            later += of_cell[..., np.newaxis] * each[:, at][:, :, :, np.newaxis]
        kept = self._kept.astype(np.float64)
        kept[:, : self._earning] *= (1 - self._soon)[..., np.newaxis]
        later[:, :, : kept.shape[1]] += self._all(kept)
        return later, self._kept_by_event

    def expected(self, event: int) -> Earned:
        """Give what is expected of the events of a name if all touches may earn: by whom they are passed."""
        kept = self._kept[:, : self._earning, :, event : event + 1]
        every = self._kept_by_event[..., event : event + 1].sum(axis=2)
        unused = np.ones((1, 1, 1, 1, self.field.kinds, 1))
        size = (self.contests, len(self._party), len(self.cells), self._earning, 1)
        counted = np.zeros(size, dtype=np.int64)
        held = kept * (self._eligible + self._vetoed)[..., np.newaxis]
        stronger, later = (chance[..., np.newaxis] for chance in self._passed(vetoed=True))
        return self._told(held, (stronger, later), (counted, every, every), unused)

    def lost(self, draws: Sequence[Draw], event: int) -> Longs:
        """Draw the events of a name that touches would have earned, had access not ended, (contests, groups, cells)."""
        stronger, later = self._passed(vetoed=True)
        share = self._vetoed * (1 - stronger) * (1 - later)
        kept = self._kept[:, : self._earning, :, event]
        lost = self._each(stacked(draws, self._sizes)("lost purchases").binomial(kept, share).sum(axis=2))
        return by_event(lost, 2)

    def _all(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up by cell of the touch what rows have, over all ad groups of a contest, shape (contests, cells, ...)."""
        total: NDArray[Number] = np.asarray(self._of_all @ of_row.reshape(len(of_row), -1))
        return total.reshape(self.contests, len(self.cells), *of_row.shape[1:])

    def _each(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up by cell of the touch what rows have, for each ad group, (contests, groups, cells, ...)."""
        total: NDArray[Number] = np.asarray(self._of_each @ of_row.reshape(len(of_row), -1))
        return total.reshape(self.contests, len(self._party), len(self.cells), *of_row.shape[1:])
