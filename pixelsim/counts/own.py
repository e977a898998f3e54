"""Events that follow from ad groups' own touches: which of them these earn, and what becomes of the others."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.after_touch import NoRepeat
from pixelsim.counts.cells import Cells, by_event
from pixelsim.counts.contender import Contender, Earned
from pixelsim.counts.draws import Draw, stacked
from pixelsim.counts.field import Field, Instants, cumulated
from pixelsim.counts.held import Held, TouchRows
from pixelsim.counts.touching import Repeats, uncovered
from pixelsim.traffic.touches import TouchKind

__all__ = ["OwnTouches"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


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
        self.contenders, self.field, self.cells = contenders, field, cells
        self.lags = min(max(one.tables[0].lags for one in contenders), len(cells))
        self._rows = TouchRows(contenders, len(party), len(cells))
        self._once = np.stack([one.once for one in contenders[: len(party)]])
        self._every = Held.of(self._rows, self._once, self.lags, field.kinds)
        # What is told of events that can be earned is told by such sessions, in their order.
        self._held = held = self._every.within(lags)
        self._ends, self._starts = (
            Instants.of(field.bins.borders, cells.borders),
            Instants.of(field.bins.borders, held.start),
        )
        self._duration = (cells.borders[held.event + 1] - held.start).astype(np.float64)
        inside, self._elapsed, self._soon = self._shares()
        # Only a click has its session right after it.
        self._soon *= held.kind == TouchKind.CLICK
        may = self._access()
        self._eligible = inside * may
        self._vetoed = inside - self._eligible
        self._known: dict[bool, tuple[Floats, Floats]] = {}

    def _shares(self) -> Floats:
        """Give inside, elapsed and soon of the orders, shape (3, sessions)."""
        held = self._held
        found = np.empty((3, len(held)))
        for kind in range(self.field.kinds):
            tables = {id(one.tables[kind]): one.tables[kind] for one in self.contenders}
            which = np.array([id(one.tables[kind]) for one in self.contenders])[held.group]
            for key, table in tables.items():
                some = np.flatnonzero((which == key) & (held.kind == kind))
                shares = table.at(held.cell[some], held.start[some], held.end[some], held.lag[some])
                for place, name in enumerate(("inside", "elapsed", "soon")):
                    found[place, some] = getattr(shares, name)
        return found

    def _access(self) -> Floats:
        """Give the chance that touch and event both find access, shape (sessions,)."""
        cells, held = self.cells, self._held
        may = self._rows.authorised[held.row].astype(np.float64)
        if not self.field.cut:
            return may
        low, high = cells.borders[:-1], cells.borders[1:]
        for access in {tuple(one.access) for one in self.contenders} - {((0, int(cells.borders[-1])),)}:
            share = np.zeros(len(cells))
            for begin, upto in access:
                share += (np.minimum(high, upto) - np.maximum(low, begin)).clip(min=0) / (high - low)
            mine = np.array([tuple(one.access) == access for one in self.contenders])[held.group]
            partly = mine & ((share > 0) & (share < 1))[held.event] & (may > 0)
            may[mine] *= share[held.event[mine]]
            for number in np.flatnonzero(partly).tolist():
                may[number] = self._partly(number)
        return may

    def _partly(self, number: int) -> float:
        """Give the share of orders like those of a session, in its cell, that come while there is access."""
        held, cell = self._held, int(self._held.event[number])
        contender = self.contenders[int(held.group[number])]
        low, high = int(self.cells.borders[cell]), int(self.cells.borders[cell + 1])

        def before(instant: int) -> float:
            if instant <= low or instant >= high:
                return float(instant >= high)
            return contender.tables[0].before(int(held.start[number]), int(held.end[number]), instant)

        return sum(before(upto) - before(begin) for begin, upto in contender.access)

    def _passed(self, *, vetoed: bool) -> tuple[Floats, Floats]:
        """Give the chances that a stronger and a later touch goes before, shape (sessions,).

        Either the touches that may earn compete, or all touches do, as if access had not ended.
        """
        if vetoed not in self._known:
            self._known[vetoed] = self._passing(vetoed=vetoed)
        return self._known[vetoed]

    def _passing(self, *, vetoed: bool) -> tuple[Floats, Floats]:
        field, cell, held = self.field, self.field.bins.cell, self._held
        stronger, later = np.zeros((2, len(held)))
        for pattern, runs in field.runs(vetoed=vetoed):
            here = (held.event >= cell[pattern.start]) & (held.event <= cell[pattern.end - 1])
            before = np.zeros((self.contests, len(self.cells)))
            for kind in range(field.kinds):
                some = np.flatnonzero(here & (held.kind == kind))
                exponent = np.zeros(len(some))
                stronger[some] = -np.expm1(-before)[held.contest[some], held.event[some]]
                for window, (run, inside) in runs[kind].items():
                    exponent += self._between(run, np.minimum(self._elapsed[some], window), some)
                    before = before + inside
                later[some] = -np.expm1(-exponent)
        return stronger, later

    def _between(self, run: Floats, elapsed: Floats, some: Longs) -> Floats:
        """Give what cumulated quantities, shape (contests, borders), gain between touch and event, for some sessions.

        It is the mean gain in so much time.
        """
        contest, after = self._held.contest[some], self._starts.after[some]
        at_end = self._ends.read(run)[contest, self._held.event[some] + 1]
        low, high = (run[contest, after + one] for one in (0, 1))
        since = at_end - (low + self._starts.far[some] * (high - low))
        return np.asarray(since / self._duration[some] * elapsed)

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
        rows, held = self._rows, self._held
        once, clicks = self._once[rows.place], (rows.heard[:, TouchKind.CLICK] + rows.bots)[:, np.newaxis]
        won = np.where(once, np.minimum(rows.of("landed_once"), clicks), rows.of("landed"))
        stronger, later = self._passed(vetoed=False)
        share = np.repeat((self._eligible * (1 - stronger) * (1 - later))[:, np.newaxis], once.shape[1], axis=1)
        unused = np.ones((1, 1, 1, 1, self.field.kinds, once.shape[1]))
        at = (held.contest, held.place, held.cell, held.lag, held.kind)
        if no_repeat is not None:
            share *= no_repeat.own_first[at]
        elif once.any():
            # A click with an order soon has that session right after it instead of one without an order.
            soon = held.by_row(held.kept * self._soon[:, np.newaxis])
            used = np.minimum(won / np.maximum(clicks - soon, 1.0), 1.0)
            fresh = 1 - (1 - self._soon[:, np.newaxis]) * used[held.row]
            share *= np.where(once[held.row] & (held.kind == TouchKind.CLICK)[:, np.newaxis], fresh, 1.0)
            for event, parties in enumerate(repeats):
                for some in parties:
                    mine = self._once[held.place, event] & some.party[held.place]
                    share[:, event] *= np.where(mine, np.exp(-self._used(some)), 1.0)
            unused = self._unused(np.minimum(won + soon, clicks))
        urn = stacked(draws, np.bincount(held.group, minlength=len(self.contenders)).tolist())("own events")
        earned = urn.binomial(held.kept, np.clip(share, 0.0, 1.0, out=share))
        windows = np.array([one.tables[TouchKind.CLICK].window for one in self.contenders])
        earns = (rows.authorised & (windows[rows.group] > 0))[:, np.newaxis]
        counted = held.each(earned).sum(axis=4)
        missed = rows.of_all(won * ~earns) + self._kept_by_event.sum(axis=2)
        free = missed - by_event(counted.sum(axis=1), 1)
        counted[:, :, :, 0] += rows.of_each(won * earns)
        passed = stronger[:, np.newaxis], later[:, np.newaxis]
        if no_repeat is not None:
            passed = passed[0], np.clip(1 - (1 - passed[1]) * no_repeat.own[at], 0.0, 1.0)
        return self._told(held.kept * self._eligible[:, np.newaxis], passed, (counted, free, missed), unused)

    def _told(
        self, could: Floats, passed: tuple[Floats, Floats], found: tuple[Longs, Longs, Longs], unused: Floats
    ) -> Earned:
        """Sum up what is expected of the events that own touches could earn, shape (sessions, events)."""
        counted, free, missed = found
        stronger, later = passed
        behind = could * stronger
        return Earned(
            counted=counted,
            free=free,
            stray=missed - self._held.by_event(could).sum(axis=2),
            stronger=self._held.by_event(behind),
            later=self._held.by_event((could - behind) * later),
            held=self._held.all(could),
            held_before=self._held.all(could * self._overtaken[:, np.newaxis]),
            unused=unused,
        )

    @functools.cached_property
    def _overtaken(self) -> Floats:
        """Give the chance that a touch of the same cell comes after the one that an event follows from, before it.

        A touch and an event that are some time apart lie even where both still fall into their cells.
        """
        borders, held = self.cells.borders, self._held
        low = np.maximum(held.start, borders[held.event] - self._elapsed)
        high = np.minimum(held.end, borders[held.event + 1] - self._elapsed)
        own = np.clip((low + high) / 2, held.start, held.end)
        upto = np.where(held.lag == 0, np.minimum(own + self._elapsed, held.end), held.end)
        return np.asarray((upto - own) / np.maximum(upto - held.start, 1.0))

    @functools.cached_property
    def _kept_by_event(self) -> Longs:
        """The kept copies of all ad groups by the event's cell, with those after all windows.

        It is of shape (contests, cells, kinds, events).
        """
        tallies, size = [one.counts.tally for one in self.contenders], (self.contests, len(self._party))
        late, late_once = (
            np.stack([getattr(one, name)[:, : self.field.kinds] for one in tallies]) for name in ("late", "late_once")
        )
        late, late_once = late.reshape(*size, *late.shape[1:]), late_once.reshape(*size, *late.shape[1:])
        of_all = np.where(self._once[:, np.newaxis, np.newaxis], late_once, late).sum(axis=1)
        return np.asarray(self._every.by_event(self._every.kept) + of_all)

    def _used(self, repeats: Repeats) -> Floats:
        """Give the mean number of events that use a touch up before an event that follows from it."""
        held, used = self._held, np.zeros(len(self._held))
        for kind in range(self.field.kinds):
            some = np.flatnonzero(held.kind == kind)
            run, elapsed = cumulated(repeats.visits[kind]), self._elapsed[some]
            visits = self._between(run, elapsed, some) * self._uncovered(repeats.party, kind, some)
            for window, ended in repeats.others.items():
                visits += self._between(ended, np.maximum(elapsed - window, 0.0), some)
            used[some] = visits + repeats.older[kind, held.contest[some], held.cell[some], held.lag[some]]
        return used

    def _uncovered(self, party: NDArray[np.bool_], kind: int, some: Longs) -> Floats:
        """Give the share of the time between touch and event that no touch of a party covers, for some sessions."""
        share, field, elapsed = np.ones(len(some)), self.field, self._elapsed[some]
        for window, groups in field.covering(kind, party):
            run = cumulated(field.with_access[:, groups].sum(axis=1) / field.people[:, np.newaxis])
            share *= uncovered(self._between(run, elapsed, some), elapsed, window)
        return share

    @functools.cached_property
    def _alone(self) -> Floats:
        """Give the chance that no touch with a shorter window is open at an event, shape (sessions,)."""
        held, alone, field = self._held, np.ones(len(self._held)), self.field
        for kind, windows in enumerate(field.windows):
            for party, own in {*zip(self._party.tolist(), windows.tolist(), strict=True)}:
                of_own = ((self._party == party) & (windows == own))[held.place]
                some = np.flatnonzero(of_own & (held.kind == kind))
                for window in np.unique(windows[(self._party == party) & (windows < own)]).tolist():
                    mine = (self._party == party) & (windows == window)
                    run = cumulated(field.a_person(field.with_access[:, kind, mine]))
                    alone[some] *= np.exp(-self._between(run, np.minimum(self._elapsed[some], window), some))
        return alone

    def by_touch(self) -> Floats:
        """Give the kept copies that follow from touches by their cell, shape (contests, groups, cells, events)."""
        once = self._once[self._rows.place]
        landed = np.where(once, self._rows.of("landed_once"), self._rows.of("landed"))
        return np.asarray(self._rows.of_each(landed + self._every.by_row(self._every.kept)), dtype=np.float64)

    def _unused(self, at_once: Floats) -> Floats:
        """Give the share of touches without a conversion yet, (contests, groups, cells, lags, kinds, events).

        Parameters
        ----------
        at_once
            Clicks that have one from the session right after them, shape (rows, events).
        """
        rows = self._rows
        clicks = rows.of_each((rows.heard[:, TouchKind.CLICK] + rows.bots)[:, np.newaxis])
        heard = rows.of_each(rows.heard[:, : self.field.kinds])[:, :, :, np.newaxis, :, np.newaxis]
        alone = (1 - self._soon) * self._alone
        had = self._held.each(self._held.kept * alone[:, np.newaxis])
        had /= np.maximum(heard, 1)
        # Half of the events of a cell come before a random event in it.
        unused = np.empty_like(had)
        left: Floats | float = 1.0
        for lag in range(had.shape[3]):
            # Several times as fast as to cumulate along an axis in the middle.
            left = left - had[:, :, :, lag]
            np.add(left, had[:, :, :, lag] / 2, out=unused[:, :, :, lag])
        np.clip(unused, 0.0, 1.0, out=unused)
        unused[..., TouchKind.CLICK, :] *= (1 - rows.of_each(at_once) / np.maximum(clicks, 1))[:, :, :, np.newaxis]
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
        every, size = self._every, (self.contests, len(self.cells), self.lags, self.field.kinds)
        later = np.zeros((*size, self._once.shape[1]))
        at = np.minimum(np.arange(len(self.cells))[:, np.newaxis] + np.arange(self.lags), len(self.cells) - 1)
        late = self._rows.late
        spot = np.ravel_multi_index(
            (self._rows.contest[late.row], self._rows.cell[late.row], late.lag, late.kind), size
        )
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
            mine = late.number * np.isin(self._rows.place[late.row], places)
            of_cell = np.bincount(spot, weights=mine, minlength=math.prod(size)).reshape(size)
            later += of_cell[..., np.newaxis] * each[:, at][:, :, :, np.newaxis]
        kept = self._held.kept * (1 - self._soon)[:, np.newaxis]
        later[:, :, : self._held.lags] += self._held.all(kept)
        rest = every.beyond(self._held.lags)
        np.add.at(later, (rest.contest, rest.cell, rest.lag, rest.kind), rest.kept)
        return later, self._kept_by_event

    def expected(self, event: int) -> Earned:
        """Give what is expected of the events of a name if all touches may earn: by whom they are passed."""
        every = self._kept_by_event[..., event : event + 1].sum(axis=2)
        unused = np.ones((1, 1, 1, 1, self.field.kinds, 1))
        size = (self.contests, len(self._party), len(self.cells), self._held.lags, 1)
        could = self._held.kept[:, event : event + 1] * (self._eligible + self._vetoed)[:, np.newaxis]
        stronger, later = (chance[:, np.newaxis] for chance in self._passed(vetoed=True))
        return self._told(could, (stronger, later), (np.zeros(size, dtype=np.int64), every, every), unused)

    def lost(self, draws: Sequence[Draw], event: int) -> Longs:
        """Draw the events of a name that touches would have earned, had access not ended, (contests, groups, cells)."""
        stronger, later = self._passed(vetoed=True)
        share = self._vetoed * (1 - stronger) * (1 - later)
        urn = stacked(draws, np.bincount(self._held.group, minlength=len(self.contenders)).tolist())("lost purchases")
        return by_event(self._held.each(urn.binomial(self._held.kept[:, event], share)).sum(axis=4), 2)
