"""What repeats do to credit: factors on the chances of a contest, from what comes to people after their last touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import SECOND
from pixelsim.counts.after_touch import AfterTouch, Coming, NoRepeat
from pixelsim.counts.cells import by_event
from pixelsim.counts.dead_time import ratio
from pixelsim.counts.field import Field
from pixelsim.counts.heard import AGAIN
from pixelsim.counts.kernels import within
from pixelsim.counts.repeated import Leader, Repeated, Repeating
from pixelsim.traffic.touches import TouchKind

__all__ = ["no_repeat"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

CLICK = TouchKind.CLICK


def no_repeat(
    repeating: Repeating,
    found: Repeated,
    field: Field,
    *,
    once: NDArray[np.bool_],
    numbers: Sequence[int],
    apart: bool,
) -> NoRepeat:
    """Give what repeats do to credit among some ad groups.

    Parameters
    ----------
    repeating, found
        Where events can repeat one another, and what is left without those that do.
    field
        The touches of these ad groups.
    once
        Which events count once for each touch, shape (groups, events).
    numbers
        Numbers of the ad groups.
    apart
        Whether they are of accounts that claim without regard to one another.
    """
    cells, alive = repeating.cells, found.alive
    mine = [repeating.leaders[number] for number in numbers]
    lags = min(cells.lags(int(field.windows.max(initial=0))), len(cells))
    windows = np.unique(field.windows)
    told = _AfterTouches(repeating, found, field, mine, windows=windows, lags=lags, apart=apart)
    at = np.minimum(np.arange(len(cells))[:, np.newaxis] + np.arange(lags), len(cells) - 1)
    random = alive.chance[at][..., :AGAIN]
    factors = np.ones((4, len(numbers), len(cells), lags, field.kinds, AGAIN))
    for place, (number, one) in enumerate(zip(numbers, mine, strict=True)):
        for kind in range(field.kinds):
            way = int(np.searchsorted(windows, field.windows[kind, place]))
            landed, kept, soon = np.zeros_like(one.landed), random, np.zeros((1, 1, 1))
            if kind == CLICK:
                landed, soon = one.landed, one.counts.table.whole.soon[:, :lags, np.newaxis]
                kept = alive.after_click(found.behind[number])[:, :lags, :AGAIN]
            at_once = one.with_orders if kind == CLICK else landed
            width = kept.shape[1]
            for target, first in ((0, False), (2, True)):
                own = told.own[way].chance(landed, first=first)[:, :width, :AGAIN]
                own = own + soon[:, :width] * (alive.chance[:, np.newaxis, :AGAIN] - own)
                factors[target, place, :, :width, kind] = ratio(own, kept)
                others = told.others[min(kind, 1)][way].chance(at_once, first=first)[..., :AGAIN]
                factors[target + 1, place, :, :, kind] = ratio(others, random)
    factors[2:] = np.where(once[:, np.newaxis, np.newaxis, np.newaxis], factors[2:], factors[:2])
    return NoRepeat(*factors)


class _AfterTouches:
    """What comes after touches, by attribution window.

    Parameters
    ----------
    repeating, found, field
        As for `no_repeat`.
    leaders
        The ad groups whose touches compete.
    windows, lags
        Attribution windows in ms, and the lags in cells that are looked at.
    apart
        As for `no_repeat`.
    """

    def __init__(
        self,
        repeating: Repeating,
        found: Repeated,
        field: Field,
        leaders: Sequence[Leader],
        *,
        windows: Longs,
        lags: int,
        apart: bool,
    ) -> None:
        bins, table = repeating.bins, leaders[0].counts.table
        cell = np.searchsorted(bins.borders, field.bins.borders[:-1], side="right") - 1
        clicks = field.with_access[0, CLICK] + field.without[0, CLICK]
        by_bin: Floats = np.stack(
            [np.bincount(cell, weights=one, minlength=len(bins)).astype(np.float64) for one in clicks]
        )
        step = np.append(0.0, np.arange(len(bins)) + 0.5) * float(bins.width.mean()) / SECOND
        share = by_bin.sum(axis=1) / max(by_bin.sum(), 1e-300)
        rates = np.stack([one.counts.delivery.conversion_rate * one.heard.ordered for one in leaders])
        # An order soon after a click is of the click's own session; any other touch has none.
        within_step, later = within(table.delay, step), within(table.delay, np.maximum(step, table.soon / SECOND))
        ordered = leaders[0].heard.ordered
        own = np.outer(np.diff(later), share @ rates), np.outer(np.diff(within_step), ordered)
        coming = replace(_coming(repeating, found, field, leaders, by_bin), within=within_step[1:], apart=apart)
        near = np.clip((windows[:, np.newaxis] / SECOND - step[:-1]) / np.diff(step), 0.0, 1.0)
        weights = by_bin.sum(axis=0), repeating.share(repeating.day)

        def go(own: Floats, delays: Floats) -> list[AfterTouch]:
            some = replace(coming, own=own)
            return AfterTouch.of(
                found.alive, some, repeating.cells, repeating.window, lags=lags, weights=weights, delays=delays
            )

        # Events that follow from the touch itself, and others, after a click and after any other kind of touch.
        self.own = go(np.zeros_like(own[0]), near * np.diff(later))
        self.others = [go(one, near) for one in own[: min(field.kinds, 2)]]


def _coming(repeating: Repeating, found: Repeated, field: Field, leaders: Sequence[Leader], clicks: Floats) -> Coming:
    """Give what comes to people, with nothing yet that depends on the time since a touch; clicks by group and bin."""
    bins, arrivals, people = repeating.bins, found.arrivals, found.arrivals.people
    each = clicks[..., np.newaxis] / max(int(field.people[0]), 1)
    at_once = np.sum([one * leader.landed[bins.cell] for one, leader in zip(each, leaders, strict=True)], axis=0)
    come = arrivals.every[bins.cell] * arrivals.spread / people
    # Orders that follow from the clicks of these ad groups, of all that follow from clicks.
    rates = np.stack([leader.counts.delivery.conversion_rate * leader.heard.each for leader in leaders])
    every_led = by_event(arrivals.led)
    part = np.minimum(ratio(clicks.sum(axis=1) @ rates, every_led.sum(axis=0)), 1.0)
    led = every_led[bins.cell] * repeating.share(repeating.day)[:, np.newaxis] / people * part
    return Coming(
        others=np.maximum(come - at_once - led, 0.0),
        led=led,
        within=np.zeros(len(bins)),
        own=np.zeros_like(led),
        covers=_covers(field, each, leaders, bins.cell, repeating.window),
    )


def _covers(
    field: Field, each: Floats, leaders: Sequence[Leader], cell: Longs, longest: int
) -> Mapping[int, tuple[Floats, Floats]]:
    """Give the clicks of windows up to the dead time, and their events at once, a person, by window."""
    covering = np.stack([one * leader.with_orders[cell] for one, leader in zip(each, leaders, strict=True)])
    windows = field.windows[CLICK]
    return {
        int(window): (each[windows == window, :, 0].sum(axis=0), covering[windows == window].sum(axis=0))
        for window in np.unique(windows)
        if 0 < window <= longest
    }
