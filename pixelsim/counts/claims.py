"""Who earns which events: own touches first, then whoever else touched the same person.

An event that follows from a touch is earned by it unless its window is over, its account may not earn any more, or the
same person was touched again before the event. That last chance, the events that come to a touched person by other
ways, and events that do not count since the touch had its conversion, are the closed form of
:mod:`pixelsim.counts.touching`; all else is exact in distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.after_touch import NoRepeat
from pixelsim.counts.cells import Cells, by_event
from pixelsim.counts.contender import Contender, Earned
from pixelsim.counts.draws import Draw, draw_of, grouped, stream
from pixelsim.counts.field import Field, cumulated
from pixelsim.counts.own import OwnTouches
from pixelsim.counts.touching import Repeats, Touching
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["Claimed", "Contest", "settle"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

PURCHASE = EVENT_NAMES.index("Purchase")
AT_ONCE = 32
"""Contests that are settled together: more of them take no less time each, but leave the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """What the ad groups of a contest earned.

    Parameters
    ----------
    counted
        Conversions that count, int64 of shape (groups, events, cells, lags): by the touch's cell, and the event's as
        cells after it.
    lost
        Purchases that a touch of the ad group would have earned, had access not ended, by the event's cell, shape
        (groups, cells).
    moved
        Expected events that their own touch does not earn though it could, or that are earned without one, shape
        (events,): what rests on the closed form.
    densest
        Most touches a person in their windows.
    once
        Whether any of the ad groups counts an event once for each touch, shape (events,).
    """

    counted: Longs
    lost: Longs
    moved: Floats
    densest: float
    once: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """All ad groups whose touches can earn the same events.

    Parameters
    ----------
    streams, name
        Random streams of the replication, and what names this contest there.
    cells, field
        The cells, and the touches.
    contenders
        The ad groups, in the field's order.
    visits
        Kept and matched events of people whom no ad brought, and sessions with any, int64 of shape (2, cells, events).
    heard
        People of the population whom pixels can hear of and match.
    parties
        Number of each contender's party: parties claim without regard to one another, so that the same event can use
        up a touch of each.
    no_repeat
        What repeats do to credit; None where no event repeats another.
    """

    streams: Streams
    name: str
    cells: Cells
    field: Field
    contenders: Sequence[Contender]
    visits: Longs
    heard: int
    parties: Sequence[int]
    no_repeat: NoRepeat | None = None

    @property
    def alike(self) -> tuple[object, ...]:
        """What contests have in common that can be settled together."""
        of_copies = [id(one.counts.each) for one in self.contenders]
        rules = tuple(
            (one.once.tobytes(), of_copies.index(own)) for one, own in zip(self.contenders, of_copies, strict=True)
        )
        lags = tuple(one.tables[0].lags for one in self.contenders)
        cells = self.cells.borders.tobytes()
        return (cells, *self.field.alike, rules, lags, tuple(self.parties), self.no_repeat is None)


def settle(contests: Sequence[Contest]) -> list[Claimed]:
    """Draw what the ad groups of contests earn; those that are alike go through together, with the same result.

    Parameters
    ----------
    contests
        The contests, of any runs: each draws from streams of its own.
    """
    found: dict[int, Claimed] = {}
    for numbers in grouped([contest.alike for contest in contests]):
        for some in (numbers[first : first + AT_ONCE] for first in range(0, len(numbers), AT_ONCE)):
            found |= zip(some, _Alike([contests[number] for number in some]).settle(), strict=True)
    return [found[number] for number in range(len(contests))]


class _Alike:
    """Contests that are alike; the first axis of all that they have is the contest."""

    def __init__(self, contests: Sequence[Contest]) -> None:
        first = contests[0]
        self.contests, self.cells, self._party = contests, first.cells, np.array(first.parties)
        self.field = Field.together([one.field for one in contests])
        self.contenders = [contender for one in contests for contender in one.contenders]
        self.once = np.stack([one.once for one in first.contenders])
        self.any_once: NDArray[np.bool_] = np.asarray(self.once.any(axis=0))
        self.visits = np.stack([one.visits for one in contests])
        self.heard = np.array([max(one.heard, 1) for one in contests])
        factors = [one.no_repeat for one in contests if one.no_repeat is not None]
        self.no_repeat = NoRepeat.together(factors) if factors else None
        self._touching = Touching(self.field, self.cells)
        self._lags = self._touching.lags
        self._own = OwnTouches(self.contenders, self.field, self.cells, self._lags, self._party)

    def settle(self) -> list[Claimed]:
        """Draw what each ad group earns."""
        repeats = self._repeats()
        chances, fresh = self._chances(repeats)
        earned = self._own.draw(self._draws(), repeats, self.no_repeat)
        counted = earned.counted
        others = self._others(slice(None), chances, fresh, earned)
        counted += self._deal("others' events", self.visits[:, 0] + earned.free, others)
        moved = others.sum(axis=(1, 2, 3)) + (earned.stronger + earned.later).sum(axis=(1, 2))
        lost = np.zeros((len(self.contests), len(self.once), len(self.cells)), dtype=np.int64)
        if self.field.vetoed:
            lost = self._lost()
        found = zip(np.moveaxis(counted, 4, 2), lost, moved, self.field.densest().tolist(), strict=True)
        return [Claimed(*of_contest, self.any_once) for of_contest in found]

    def _draws(self) -> list[Draw]:
        """Give what opens the streams of each ad group in each contest."""
        return [draw_of(one.streams, f"{one.name}, {group.name}") for one in self.contests for group in one.contenders]

    def _chances(self, repeats: Sequence[Sequence[Repeats]]) -> tuple[Floats, Floats]:
        """Give the chances that touches earn an event, and those that they earn one of a name that counts for them.

        They are of shape (contests, kinds, groups, cells, lags), and of the same shape and names.
        """
        ways = [one for of_name in repeats for one in of_name]
        found = self._touching.chances(ways)
        fresh, number = np.repeat(found[0][..., np.newaxis], len(EVENT_NAMES), axis=-1), 1
        for event, of_name in enumerate(repeats):
            for one in of_name:
                uses = one.party & self.once[:, event]
                fresh[..., event][:, :, uses] = found[number][:, :, uses]
                number += 1
        return found[0], fresh

    def _repeats(self) -> list[list[Repeats]]:
        """Give for each name and party the events that a person whom pixels can hear of has after a touch.

        While the touch is the last one, they come by themselves, or follow from weaker touches or from touches before.
        A name of which all events count has none.
        """
        if not self.any_once.any() or self.no_repeat is not None:
            return [[] for _ in EVENT_NAMES]
        cell, share = self.field.bins.cell, self.field.events / self.heard[:, np.newaxis]
        later, at_all = self._own.returns()
        weaker = np.cumsum(at_all[:, :, ::-1], axis=2)[:, :, ::-1] - at_all
        visits = (self.visits[:, 1, :, np.newaxis] + weaker)[:, cell] * share[:, :, np.newaxis, np.newaxis]
        every_later = np.cumsum(later, axis=3)
        earlier = _earlier(every_later, every_later / 2, self._lags)
        older = np.cumsum(earlier, axis=2) - earlier / 2
        older /= self.heard[:, np.newaxis, np.newaxis, np.newaxis, np.newaxis]
        by_touch = None
        if len(set(self._party.tolist())) > 1:
            by_touch = self._own.by_touch()[:, :, cell] * share[:, np.newaxis, :, np.newaxis]
        return [
            [
                Repeats(
                    visits[..., event].transpose(2, 0, 1),
                    np.moveaxis(older[..., event], 3, 0),
                    self._party == party,
                    self._of_others(by_touch[..., event], self._party != party) if by_touch is not None else {},
                )
                for party in np.unique(self._party).tolist()
            ]
            if used
            else []
            for event, used in enumerate(self.any_once.tolist())
        ]

    def _of_others(self, by_touch: Floats, others: NDArray[np.bool_]) -> dict[int, Floats]:
        """Cumulate events by the touch's bin, shape (contests, groups, bins), for each window of clicks of some."""
        windows = self.field.windows[0]
        return {
            int(window): cumulated(by_touch[:, others & (windows == window)].sum(axis=1))
            for window in np.unique(windows[others])
        }

    def _others(self, names: slice, chances: Floats, of_touch: Floats, earned: Earned) -> Floats:
        """Give the expected events of some names that touches earn which they do not follow from.

        Parameters
        ----------
        names
            The names, which are the last axis of all that has one.
        chances, of_touch
            Chances that touches earn an event, shape (contests, kinds, groups, cells, lags); and that it counts, with
            names.
        earned
            What they earn of the events that follow from them.

        Returns
        -------
        ndarray of float64, shape (contests, groups, cells, lags, names)
        """
        at = np.arange(len(self.cells))[:, np.newaxis] + np.arange(self._lags)
        in_run, at = (at < len(self.cells))[..., np.newaxis], np.minimum(at, len(self.cells) - 1)
        once, free = self.once[:, np.newaxis, names], self.visits[:, :, np.newaxis, :, names]
        stray = np.where(once, free[:, 1], free[:, 0]) + earned.stray[:, np.newaxis]
        stray_at = stray[:, :, at]
        stray_at *= in_run
        total, every = np.zeros(stray_at.shape), chances[..., np.newaxis]
        unused = earned.unused
        if self.no_repeat is not None:
            every = every * np.moveaxis(self.no_repeat.others[..., names], 4, 1)
            unused = unused * self.no_repeat.others_first[..., names]
        for kind in range(self.field.kinds):
            weight = of_touch[:, kind] * unused[..., kind, :]
            total += weight * stray_at
            if earned.later[:, :, kind].any():
                earlier = _earlier(earned.held[:, :, :, kind], earned.held_before[:, :, :, kind])
                of_event = by_event((every[:, kind].sum(axis=1) * earlier), 1)
                total += (
                    weight * (earlier * (_ratio(earned.later[:, :, kind], of_event)[:, at] * in_run))[:, np.newaxis]
                )
            weaker = earned.stronger[:, :, kind + 1 :].sum(axis=2)
            if weaker.any():
                of_event = np.broadcast_to(by_event(every[:, : kind + 1].sum(axis=(1, 2)), 1), weaker.shape)
                total += weight * (_ratio(weaker, of_event)[:, at] * in_run)[:, np.newaxis]
        return total

    def _lost(self) -> Longs:
        """Draw the purchases that touches would have earned, had access not ended."""
        every, vetoed = self._touching.vetoed()
        lost, expected = self._own.lost(self._draws(), PURCHASE), self._own.expected(PURCHASE)
        others = self._others(slice(PURCHASE, PURCHASE + 1), every, vetoed[..., np.newaxis], expected)
        free = self.visits[:, 0, :, PURCHASE] + expected.free[..., 0] - lost.sum(axis=1)
        dealt = self._deal("others' lost purchases", free[..., np.newaxis], others)[..., 0]
        for lag in range(self._lags):
            lost[:, :, lag:] += dealt[:, :, : len(self.cells) - lag, lag]
        return lost

    def _deal(self, purpose: str, free: Longs, expected: Floats) -> Longs:
        """Deal out the free events of each cell and name to touches by their expected numbers.

        ``free`` is of shape (contests, cells, names), ``expected`` and the result of shape (contests, groups, cells,
        lags, names).
        """
        contests, groups, size, lags, names = expected.shape
        # A last touch, to which nothing is dealt out in the end, stands for nobody's.
        chance = np.zeros((contests, names, size, groups * lags + 1))
        by_event = chance[..., :-1].reshape(contests, names, size, groups, lags)
        for lag in range(lags):
            by_event[:, :, lag:, :, lag] = expected[:, :, : size - lag, lag].transpose(0, 3, 2, 1)
        chance[..., :-1] = by_event.reshape(contests, names, size, -1)
        free = free.swapaxes(1, 2)
        chance /= np.maximum(np.maximum(free, chance.sum(axis=-1)), 1e-300)[..., np.newaxis]
        generators = [stream(one.streams, purpose, one.name) for one in self.contests]
        drawn = [rng.multinomial(*of_contest) for rng, *of_contest in zip(generators, free, chance, strict=True)]
        dealt = np.stack(drawn)[..., :-1].reshape(contests, names, size, groups, lags)
        found = np.zeros(expected.shape, dtype=np.int64)
        for lag in range(lags):
            found[:, :, : size - lag, lag] = dealt[:, :, lag:, :, lag].transpose(0, 3, 2, 1)
        return found


def _earlier(held: Floats, before: Floats, lags: int | None = None) -> Floats:
    """Give for each touch cell and lag how many events of that time follow from touches before it in the same way.

    ``held`` has events by cell of their own touch and lag, shape (contests, cells, lags, ...), and ``before`` those of
    them whose touch stands before another one of the same cell. Only so many lags are given; None: all.
    """
    size, every = held.shape[1:3]
    lags = every if lags is None else min(lags, every)
    found = np.empty((*held.shape[:2], lags, *held.shape[3:]))
    # Those of touches longer before, by the event's cell.
    older = np.zeros((len(held), size + every, *held.shape[3:]))
    for lag in reversed(range(every)):
        if lag < lags:
            np.add(older[:, lag : lag + size], before[:, :, lag], out=found[:, :, lag])
        older[:, lag : lag + size] += held[:, :, lag]
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
