"""Events that repeat none, told by the time since a person's last touch: what credit to it needs to know.

While no other touch comes, a person hears of no further session right after a click; so an event that comes some time
after their last touch is a repeat more seldom, and more often if the click's own session was the event's first. Steps
of one bin go forward from the touches of every bin, with the chances of what the person has had since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pixelsim.counts.cells import Cells
from pixelsim.counts.dead_time import Alive
from pixelsim.counts.field import Bins

__all__ = ["AfterTouch", "Coming", "NoRepeat"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Coming:
    """What comes to a person after a touch while no other touch that is open does: expected events a person.

    Parameters
    ----------
    others
        Those that follow from no touch that competes, by bin, shape (bins, events).
    led, within
        Those that follow from touches that do, by bin, and which share of these follow from touches less than so many
        bins before, shape (bins,).
    own
        Those that follow from the touch itself so many bins after it, shape (bins, events).
    covers
        By attribution window: touches whose window is over before their events make no repeats any more, by bin,
        shape (bins,), and those of their events that come at once, shape (bins, events).
    apart
        Whether accounts claim without regard to one another; else what comes while a touch of `covers` is open does not
        use an earlier touch up.
    """

    others: Floats
    led: Floats
    within: Floats
    own: Floats
    covers: Mapping[int, tuple[Floats, Floats]]
    apart: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class AfterTouch:
    """Chances that an event repeats none, by the cell of its person's last touch and the event's lag.

    Each array has the shape (cells, lags, events). ``landed`` is what is known of the session right after the touch:
    that there was none (``without``), or that one was heard of (``with_session``).

    Parameters
    ----------
    without, with_session
        Chance that the event repeats none.
    first_without, first_with_session
        Chance that it does so and is the first that counts since the touch.
    """

    without: Floats
    with_session: Floats
    first_without: Floats
    first_with_session: Floats

    def chance(self, landed: Floats, *, first: bool) -> Floats:
        """Mix the chances, for touches of which a share ``landed``, shape (cells, events), has a session at once."""
        one, two = (self.first_without, self.first_with_session) if first else (self.without, self.with_session)
        share = landed[:, np.newaxis]
        return np.asarray((1 - share) * one + share * two)

    @classmethod
    def of(
        cls,
        alive: Alive,
        coming: Coming,
        cells: Cells,
        window: int,
        *,
        lags: int,
        weights: tuple[Floats, Floats],
        delays: Floats,
    ) -> list[AfterTouch]:
        """Go forward from every bin; the results are means over touches and events of cells, one for each delay.

        Parameters
        ----------
        alive
            What repeats what.
        coming
            What comes to a person after their last touch.
        cells
            The cells of the run.
        window
            The dead time in ms.
        lags
            Lags in cells that are looked at.
        weights
            Touches and events by bin, shape (bins,).
        delays
            Weights of events so many bins after their touch, shape (delays, bins).
        """
        bins = Bins.of(cells, np.empty(0, dtype=np.int64))
        touches, events = weights
        size, names = coming.others.shape
        state = _States(alive, coming, bins, window)
        total = np.zeros((len(delays), len(cells) * lags))
        found = np.zeros((len(delays), len(cells) * lags, 4 * names))
        for step in range(size):
            upto = size - step
            lag = bins.cell[step:] - bins.cell[:upto]
            if lag.min() >= lags:
                break
            # Of pairs in one bin half have the event after the touch.
            weight = touches[:upto] * events[step:] * (0.5 if step == 0 else 1.0) * (lag < lags)
            place = bins.cell[:upto] * lags + np.minimum(lag, lags - 1)
            sums = sparse.csr_array((weight, (place, np.arange(upto))), shape=(total.shape[1], upto))
            number, value = sums.sum(axis=1), sums @ state.told(step)
            for way, delay in enumerate(delays):
                total[way] += delay[step] * number
                found[way] += delay[step] * value
            if step + 1 < size:
                state.forward(step)
        mean = np.divide(found, total[..., np.newaxis], out=np.ones_like(found), where=total[..., np.newaxis] > 0)
        parts = np.moveaxis(mean.reshape(len(delays), len(cells), lags, 4, names), 3, 1)
        return [cls(*of_delay) for of_delay in parts]


@dataclass(frozen=True, slots=True, eq=False)
class NoRepeat:
    """What repeats do to credit: factors on the chances of kept events, shape (groups, cells, lags, kinds, events).

    Parameters
    ----------
    own, others
        On the chance that no touch comes between an event and the one that it follows from, and on the chance that an
        event falls to a touch that it does not follow from.
    own_first, others_first
        The same where the event has to be the first that counts since the touch; as above where every one counts.
    """

    own: Floats
    others: Floats
    own_first: Floats
    others_first: Floats

    @classmethod
    def together(cls, parts: Sequence[NoRepeat]) -> NoRepeat:
        """Put those of several contests together; each array has a first axis for the contest."""
        return cls(*(np.stack([getattr(one, name) for one in parts]) for name in cls.__match_args__))


class _States:
    """What a person has had since a touch in each bin: chances, shape (bins, events), some steps later."""

    def __init__(self, alive: Alive, coming: Coming, bins: Bins, window: int) -> None:
        self._bins, self._window, self._before, self._open = bins, window, alive.run, alive.open_
        self._coming = coming
        none = np.zeros_like(self._open)
        self._cover = sum((at_once for _, at_once in coming.covers.values()), start=none)
        self._covers = {
            window: (_cumulated(touches[:, np.newaxis]), _cumulated(at_once))
            for window, (touches, at_once) in coming.covers.items()
        }
        self._uses = _cumulated(coming.others + coming.led)
        # Not deaf at the instant: ready at the touch, deaf then, or deaf by the touch's own session; and of the first
        # two those for whom nothing has counted since.
        self._states = np.stack([self._open, none, none, self._open, none])
        self._deafened: list[Floats] = []

    def told(self, step: int) -> Floats:
        """Give the four chances of `AfterTouch` so many steps after touches, shape (bins, 4 * events)."""
        bins, ready = self._bins, self._states
        end, start = bins.middle[step:], bins.middle[: len(bins) - step]
        late, used = np.zeros((2, *ready[0].shape))
        for window, (touches, at_once) in self._covers.items():
            # Whoever is asked for has no open touch: those in the window before the event have not come.
            since = np.maximum(start, end - window)
            late += _gained(bins, at_once, since, end)
            used += _gained(bins, touches, since, end) * _gained(bins, self._uses, since, end) / 2
        used *= not self._coming.apart
        # A session that repeated none was the first itself.
        every, first = np.exp(late), np.exp(late - used)
        parts = [(ready[0] + ready[1]) * every, (ready[2] + ready[1]) * every]
        return np.concatenate([*parts, (ready[3] + ready[4]) * first, ready[4] * first], axis=1)

    def forward(self, step: int) -> None:
        """Go from so many steps after the touch to one more."""
        bins, upto = self._bins, len(self._bins) - step - 1
        start, now, later = bins.middle[:upto], bins.middle[step : step + upto], bins.middle[step + 1 :]
        others, led, covers = (
            (one[step : step + upto] + one[step + 1 :]) / 2
            for one in (self._coming.others, self._coming.led, self._cover)
        )
        uses = others + led * (1 - self._coming.within[step]) + self._coming.own[step]
        open_ = sum(
            (
                _gained(bins, touches, np.maximum(start, now - window), now)
                for window, (touches, _) in self._covers.items()
            ),
            start=np.zeros((upto, 1)),
        )
        states, stay = self._states[:, :upto], np.exp(-uses - covers)
        lost = states * (1 - stay)
        # Of those for whom nothing has counted yet, only what comes with a touch of its own leaves that so.
        lost[3:] *= (not self._coming.apart) * (covers - uses * np.expm1(-open_)) / np.maximum(uses + covers, 1e-300)
        self._deafened.append(lost)
        gained = self._hear_again(float(np.mean(later - now)), upto)
        # Windows that were open before the touch and end in this step, and the one of the touch's own session.
        gained[[1, 4]] += _gained(
            bins, self._before, np.minimum(now - self._window, start), np.minimum(later - self._window, start)
        )
        own = (later - start > self._window) & (now - start <= self._window)
        gained[2] += own[:, np.newaxis] * self._open[:upto]
        self._states = states * stay + gained * np.sqrt(stay)

    def _hear_again(self, width: float, upto: int) -> Floats:
        """Give who hears again in this step since an event after the touch was a window ago."""
        found = np.zeros((5, upto, self._open.shape[1]))
        place = len(self._deafened) - 1 - self._window / width
        for number in range(max(int(np.floor(place)), 0), min(int(np.floor(place)) + 2, len(self._deafened))):
            found += max(1 - abs(place - number), 0.0) * self._deafened[number][:, :upto]
        return found


def _cumulated(by_bin: Floats) -> Floats:
    return np.concatenate([np.zeros((1, by_bin.shape[1])), np.cumsum(by_bin, axis=0)])


def _gained(bins: Bins, run: Floats, since: Floats, upto: Floats) -> Floats:
    """Give what quantities that are cumulated by border gain between instants, shape (instants, events)."""
    return np.stack([np.interp(upto, bins.borders, one) - np.interp(since, bins.borders, one) for one in run.T], axis=1)
