"""How often an event repeats one that its person had before: a counter with a dead time for each person.

De-duplication compares an event with the kept one that opened the window, so a person is like a particle counter that
hears nothing for a fixed time after each count (non-paralysable dead time: Müller, Nuclear Instruments and Methods 112,
1973). People are independent and alike, so the share of them who are deaf at an instant is the number of events kept
within the window before it, over the people; that holds for the drawn numbers too, and gives their spread. An order
that follows from a click comes to somebody who may be deaf since that click's own session.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import MINUTE
from pixelsim.counts.cells import Cells, by_event
from pixelsim.counts.field import Bins
from pixelsim.scenario.capture import Capture, PageViews
from pixelsim.traffic.events import MOST_NAVIGATIONS
from pixelsim.traffic.sessions import MEAN_MINUTES

__all__ = ["Alive", "Arrivals", "ViewsOfSession", "ratio"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Events that pixels hear of; the last axis of each array is the name.

    Parameters
    ----------
    every
        All of them by cell, int64 of shape (cells, events).
    spread
        Share of each cell's events in its bins, as `Bins.of` cuts them, shape (bins, events).
    led
        Those that follow from a click in a later session, expected, by the click's cell and lag, shape (cells, lags,
        events).
    behind
        Chance that one of these comes within the window after an event of the click's own session, of the same shape.
    elapsed
        Mean ms between click and event of those within the window, shape (cells, lags).
    people
        How many people the events come from, shape (events,).
    """

    every: Longs
    spread: Floats
    led: Floats
    behind: Floats
    elapsed: Floats
    people: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Alive:
    """Chances that an event repeats none before it.

    Parameters
    ----------
    kept
        How many of all events do not, int64 of shape (cells, events).
    chance
        Chance of an event that comes at random, shape (cells, events).
    since
        Chance that a person who was not deaf at a click's session has had nothing else since, by its cell and lag,
        shape (cells, lags, events).
    open_, run
        By bin: chance of an event that comes at random, shape (bins, events); and the events that repeat none, for each
        person, cumulated by border, shape (bins + 1, events).
    """

    kept: Longs
    chance: Floats
    since: Floats
    open_: Floats
    run: Floats

    @classmethod
    def of(cls, rng: np.random.Generator, arrivals: Arrivals, cells: Cells, window: int) -> Alive:
        """Go through the bins of a run.

        Parameters
        ----------
        rng
            Random numbers.
        arrivals
            Events by cell.
        cells
            The cells of the run.
        window
            The dead time in ms.
        """
        bins = Bins.of(cells, np.empty(0, dtype=np.int64))
        ends = np.searchsorted(bins.cell, np.arange(len(cells) + 1))
        reach = bins.middle - window
        # A window that begins in the bin itself holds none of the bins before it.
        place = np.clip(np.searchsorted(bins.borders, reach, side="right") - 1, 0, np.arange(len(bins)) - 1).clip(min=0)
        within = np.clip((reach - bins.borders[place]) / bins.width[place], 0.0, 1.0)
        own = np.minimum(0.5, window / bins.width)[:, np.newaxis] / arrivals.people
        size, names = arrivals.every.shape
        run = np.zeros((len(bins) + 1, names))
        kept, chance, ready = np.zeros_like(arrivals.every), np.ones((size, names)), np.ones((len(bins), names))
        since = _silence(arrivals, cells)
        led = by_event(arrivals.led)
        mine = ratio(led, np.maximum(arrivals.every, led))
        for cell in range(size):
            first, last = int(ends[cell]), int(ends[cell + 1])
            at, lags = _touches(cell, arrivals.led.shape[1])
            deaf = arrivals.led[at, lags] * arrivals.behind[at, lags] * since[at, lags]
            # Lag 0 is of this cell itself, whose chance is the one at hand.
            lost = mine[cell] * ratio((deaf[1:] * chance[at[1:]]).sum(axis=0), led[cell])
            same = mine[cell] * ratio(deaf[0], led[cell])
            came = rng.multinomial(arrivals.every[cell], arrivals.spread[first:last].T).T
            weight = np.zeros(names)
            for n, number in enumerate(range(first, last)):
                before = run[place[number]] + (run[place[number] + 1] - run[place[number]]) * within[number]
                open_ = np.maximum(1 - (run[number] - before) / arrivals.people, 0.0) / (1 + came[n] * own[number])
                heard = rng.binomial(came[n], np.clip(open_ * (1 - same) - lost, 0.0, 1.0))
                run[number + 1] = run[number] + heard
                kept[cell] += heard
                ready[number] = open_
                weight += open_ * arrivals.spread[number]
            chance[cell] = weight
        return cls(kept, chance, since, ready, run / arrivals.people)

    def after_click(self, behind: Floats) -> Floats:
        """Give the chance of an event that follows from a click, of which ``behind`` is as in `Arrivals`."""
        size, lags = behind.shape[:2]
        at = np.minimum(np.arange(size)[:, np.newaxis] + np.arange(lags), size - 1)
        lost = behind * self.since[:, :lags] * self.chance[:, np.newaxis]
        return np.asarray(np.maximum(self.chance[at] - lost, 0.0))


@dataclass(frozen=True, slots=True)
class ViewsOfSession:
    """Page views of one session as a pixel hears of them.

    Parameters
    ----------
    heard, kept
        Expected views that it hears of, and those among them that repeat none of the same session.
    some
        Chance that it hears of any.
    soon
        Expected further views that it hears of within the merge window after the first.
    resent, resent_some
        Expected views that it hears of once more with the next page, and the chance of any.
    """

    heard: float
    kept: float
    some: float
    soon: float
    resent: float
    resent_some: float

    @classmethod
    def of(cls, capture: Capture, heard: float, *, window: int, merge: int, longest: float) -> ViewsOfSession:
        """Go through all numbers of navigations, which lie even in a session, and through its lengths.

        Parameters
        ----------
        capture
            What the site sends.
        heard
            Chance that the pixel hears of a view.
        window, merge
            How long a view makes others repeats of it, and server copies of others copies of it, in ms.
        longest
            Session time-out in minutes.
        """
        return cls(*_views(capture.page_views, capture.navigations, heard, (window, merge), longest))


@functools.lru_cache(maxsize=256)
def _views(
    page_views: PageViews, mean: float, heard: float, windows: tuple[int, int], longest: float
) -> tuple[float, ...]:
    """Give the fields of `ViewsOfSession`."""
    first, twice = page_views is not PageViews.MANUAL, 1 + (page_views is PageViews.BOTH)
    (window, merge), either = windows, 1 - (1 - heard) ** twice
    length = np.minimum(-MEAN_MINUTES * np.log1p(-(np.arange(400) + 0.5) / 400), longest) * MINUTE
    total = np.zeros(6)
    for number in range(MOST_NAVIGATIONS // twice + 1 if mean > 0 else 1):
        weight = (mean / (1 + mean)) ** number / (1 + mean)
        gap = np.maximum(length / (number + 1), 1.0)
        # A view counts again so many places after one that did, and not before.
        step = np.floor(window / gap).astype(np.int64) + 1
        kept = np.zeros((number + 2, len(gap)))
        for place in range(number, -1 if first else 0, -1):
            here = heard if place == 0 else either
            after = kept[np.minimum(place + step, number + 1), np.arange(len(gap))]
            kept[place] = here * (1 + after) + (1 - here) * kept[place + 1]
        views = int(first) + twice * number
        near = np.minimum(np.floor(merge / gap), number - (not first)).clip(min=0).mean() * twice
        followed = max(views - 1, 0)
        told = (views * heard, kept[0 if first else 1].mean(), 1 - (1 - heard) ** views)
        resent = (followed * heard, 1 - (1 - heard) ** followed)
        total += weight * np.array([*told, near * heard, *resent])
    return tuple(total.tolist())


def _touches(cell: int, lags: int) -> tuple[Longs, Longs]:
    """Give the cells of the clicks from which events of a cell can follow, and their lags, from its own on."""
    lag = np.arange(min(cell + 1, lags))
    return cell - lag, lag


def _silence(arrivals: Arrivals, cells: Cells) -> Floats:
    """Give the chance that nothing else came to a person between click and event, shape (cells, lags, events)."""
    run = np.concatenate([np.zeros((1, len(arrivals.people))), np.cumsum(arrivals.every, axis=0)]) / arrivals.people
    size, lags = arrivals.elapsed.shape
    end = np.minimum(np.arange(size)[:, np.newaxis] + np.arange(lags) + 1, size)
    span = (cells.borders[end] - cells.borders[:-1, np.newaxis])[..., np.newaxis]
    came = (run[end] - run[:-1, np.newaxis]) / span * arrivals.elapsed[..., np.newaxis]
    return np.asarray(np.exp(-came))


def ratio(part: Floats | Longs, whole: Floats | Longs) -> Floats:
    """Divide, where there is something to divide by; 0 elsewhere."""
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(np.shape(part), np.shape(whole))), where=whole > 0)
