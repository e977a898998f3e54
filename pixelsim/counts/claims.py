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
from pixelsim.counts.draws import Draw, draw_of, stream
from pixelsim.counts.field import Field
from pixelsim.counts.own import OwnTouches
from pixelsim.counts.touching import Repeats, Touching
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["Claimed", "Contest"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

PURCHASE = EVENT_NAMES.index("Purchase")


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

    def __init__(
        self,
        streams: Streams,
        name: str,
        *,
        cells: Cells,
        field: Field,
        contenders: Sequence[Contender],
        visits: Longs,
        heard: int,
        parties: Sequence[int],
        no_repeat: NoRepeat | None = None,
    ) -> None:
        self.streams, self.name, self.cells, self.field = streams, name, cells, field
        self.contenders, self.visits, self.heard = contenders, visits, max(heard, 1)
        self._touching = Touching(field, cells)
        self.no_repeat = no_repeat
        self._lags, self._party = self._touching.lags, np.array(parties)
        self._own = OwnTouches(contenders, field, cells, self._lags, self._party)

    def settle(self) -> Claimed:
        """Draw what each ad group earns."""
        repeats = self._repeats()
        chances, fresh = self._chances(repeats)
        earned = self._own.draw(self._draws(), repeats, self.no_repeat)
        counted = earned.counted
        rng = stream(self.streams, "others' events", self.name)
        others = self._others(slice(None), chances, fresh, earned)
        counted += _deal(rng, self.visits[0] + earned.free, others)
        moved = others.sum(axis=(0, 1, 2)) + (earned.stronger + earned.later).sum(axis=(0, 1))
        lost = np.zeros((len(self.contenders), len(self.cells)), dtype=np.int64)
        if self.field.vetoed:
            lost = self._lost()
        once_any = np.any([one.once for one in self.contenders], axis=0)
        return Claimed(np.moveaxis(counted, 3, 1), lost, moved, self.field.densest(), once_any)

    def _draws(self) -> list[Draw]:
        """Give what opens the streams of each ad group in this contest."""
        return [draw_of(self.streams, f"{self.name}, {one.name}") for one in self.contenders]

    def _chances(self, repeats: Sequence[Sequence[Repeats]]) -> tuple[Floats, Floats]:
        """Give the chances that touches earn an event, and those that they earn one of a name that counts for them.

        They are of shape (kinds, groups, cells, lags), and of the same shape and names.
        """
        ways = [one for of_name in repeats for one in of_name]
        found = self._touching.chances(ways)
        fresh, number = np.repeat(found[0][..., np.newaxis], len(EVENT_NAMES), axis=-1), 1
        for event, of_name in enumerate(repeats):
            for one in of_name:
                uses = one.party & np.array([contender.once[event] for contender in self.contenders])
                fresh[..., event][:, uses] = found[number][:, uses]
                number += 1
        return found[0], fresh

    def _repeats(self) -> list[list[Repeats]]:
        """Give for each name and party the events that a person whom pixels can hear of has after a touch.

        While the touch is the last one, they come by themselves, or follow from weaker touches or from touches before.
        A name of which all events count has none.
        """
        once = np.any([one.once for one in self.contenders], axis=0)
        if not once.any() or self.no_repeat is not None:
            return [[] for _ in EVENT_NAMES]
        cell, share = self.field.bins.cell, self.field.events / self.heard
        later, at_all = self._own.returns()
        weaker = np.cumsum(at_all[:, ::-1], axis=1)[:, ::-1] - at_all
        visits = (self.visits[1][:, np.newaxis] + weaker)[cell] * share[:, np.newaxis, np.newaxis]
        every_later = np.cumsum(later, axis=2)
        earlier = _earlier(every_later, every_later / 2)
        older = (np.cumsum(earlier, axis=1) - earlier / 2)[:, : self._lags] / self.heard
        by_touch = self._own.by_touch()[:, cell] * share[:, np.newaxis] if len(set(self._party)) > 1 else None
        return [
            [
                Repeats(
                    visits[..., event].T,
                    np.moveaxis(older[..., event], 2, 0),
                    self._party == party,
                    self._of_others(by_touch[..., event], self._party != party) if by_touch is not None else {},
                )
                for party in np.unique(self._party).tolist()
            ]
            if used
            else []
            for event, used in enumerate(once.tolist())
        ]

    def _of_others(self, by_touch: Floats, others: NDArray[np.bool_]) -> dict[int, Floats]:
        """Cumulate events by the touch's bin, shape (groups, bins), for each window of clicks of some ad groups."""
        windows = self.field.windows[0]
        return {
            int(window): np.append(0.0, np.cumsum(by_touch[others & (windows == window)].sum(axis=0)))
            for window in np.unique(windows[others])
        }

    def _others(self, names: slice, chances: Floats, of_touch: Floats, earned: Earned) -> Floats:
        """Give the expected events of some names that touches earn which they do not follow from.

        Parameters
        ----------
        names
            The names, which are the last axis of all that has one.
        chances, of_touch
            Chances that touches earn an event, shape (kinds, groups, cells, lags); and that it counts, with names.
        earned
            What they earn of the events that follow from them.

        Returns
        -------
        ndarray of float64, shape (groups, cells, lags, names)
        """
        at = np.arange(len(self.cells))[:, np.newaxis] + np.arange(self._lags)
        in_run, at = (at < len(self.cells))[..., np.newaxis], np.minimum(at, len(self.cells) - 1)
        once = np.stack([one.once[names] for one in self.contenders])[:, np.newaxis]
        stray = np.where(once, self.visits[1, :, names], self.visits[0, :, names]) + earned.stray
        stray_at = stray[:, at]
        stray_at *= in_run
        total, every = np.zeros(of_touch.shape[1:]), chances[..., np.newaxis]
        unused = earned.unused
        if self.no_repeat is not None:
            every = every * np.moveaxis(self.no_repeat.others[..., names], 3, 0)
            unused = unused * self.no_repeat.others_first[..., names]
        for kind in range(self.field.kinds):
            weight = of_touch[kind] * unused[..., kind, :]
            total += weight * stray_at
            if earned.later[:, kind].any():
                earlier = _earlier(earned.held[:, :, kind], earned.held_before[:, :, kind])
                of_event = by_event(every[kind].sum(axis=0) * earlier)
                total += weight * (earlier * (_ratio(earned.later[:, kind], of_event)[at] * in_run))
            weaker = earned.stronger[:, kind + 1 :].sum(axis=1)
            if weaker.any():
                of_event = np.broadcast_to(by_event(every[: kind + 1].sum(axis=(0, 1))), weaker.shape)
                total += weight * (_ratio(weaker, of_event)[at] * in_run)
        return total

    def _lost(self) -> Longs:
        """Draw the purchases that touches would have earned, had access not ended."""
        every, vetoed = self._touching.vetoed()
        lost, expected = self._own.lost(self._draws(), PURCHASE), self._own.expected(PURCHASE)
        others = self._others(slice(PURCHASE, PURCHASE + 1), every, vetoed[..., np.newaxis], expected)
        free = self.visits[0, :, PURCHASE] + expected.free[:, 0] - lost.sum(axis=0)
        dealt = _deal(stream(self.streams, "others' lost purchases", self.name), free[:, np.newaxis], others)[..., 0]
        for lag in range(self._lags):
            lost[:, lag:] += dealt[:, : len(self.cells) - lag, lag]
        return lost


def _earlier(held: Floats, before: Floats) -> Floats:
    """Give for each touch cell and lag how many events of that time follow from touches before it in the same way.

    ``held`` has events by cell of their own touch and lag, shape (cells, lags, ...), and ``before`` those of them whose
    touch stands before another one of the same cell.
    """
    size, lags = held.shape[:2]
    found = np.zeros_like(held)
    of_event = np.zeros((size + lags, *held.shape[1:]))
    for lag in range(lags):
        of_event[lag : lag + size, lag] = held[:, lag]
    older = np.cumsum(of_event[:, ::-1], axis=1)[:, ::-1] - of_event
    for lag in range(lags):
        found[:, lag] = older[lag : lag + size, lag] + before[:, lag]
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _deal(rng: np.random.Generator, free: Longs, expected: Floats) -> Longs:
    """Deal out the free events of each cell and name to touches by their expected numbers.

    ``free`` is of shape (cells, names), ``expected`` and the result of shape (groups, cells, lags, names).
    """
    groups, size, lags, names = expected.shape
    # A last touch, to which nothing is dealt out in the end, stands for nobody's.
    chance = np.zeros((names, size, groups * lags + 1))
    by_event = chance[..., :-1].reshape(names, size, groups, lags)
    for lag in range(lags):
        by_event[:, lag:, :, lag] = expected[:, : size - lag, lag].transpose(2, 1, 0)
    chance[..., :-1] = by_event.reshape(names, size, -1)
    chance /= np.maximum(np.maximum(free.T, chance.sum(axis=-1)), 1e-300)[..., np.newaxis]
    dealt = rng.multinomial(free.T, chance)[..., :-1].reshape(names, size, groups, lags)
    found = np.zeros(expected.shape, dtype=np.int64)
    for lag in range(lags):
        found[:, : size - lag, lag] = dealt[:, lag:, :, lag].transpose(2, 1, 0)
    return found
