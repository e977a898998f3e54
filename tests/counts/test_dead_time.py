"""Repeats of one person's events: the closed form against people and sessions that are followed one by one."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, MINUTE, SECOND
from pixelsim.counts.after_touch import AfterTouch, Coming
from pixelsim.counts.cells import Cells
from pixelsim.counts.dead_time import Alive, Arrivals, ViewsOfSession
from pixelsim.counts.field import Bins
from pixelsim.counts.touching import uncovered
from pixelsim.scenario.capture import Capture

SIGMAS = 4.0
PEOPLE, DAYS, WINDOW = 40_000, 8, 2 * DAY
VISITS, CLICKS, LANDED = 0.33, 0.29, 0.88
"""Visits and clicks a person and day, and the share of clicks with a session at once."""
CELLS = Cells(np.arange(DAYS + 1) * DAY, 1)
BINS = Bins.of(CELLS, np.empty(0, dtype=np.int64))
EVEN = np.full((len(BINS), 1), DAYS / len(BINS))
Floats = NDArray[np.float64]


@functools.cache
def one_by_one() -> tuple[Floats, Floats, Floats, Floats]:
    """Follow people: kept events by person; and of visits after a last click by its day and lag: all, kept, first."""
    rng = np.random.default_rng(5)
    numbers = rng.poisson(DAYS * VISITS * PEOPLE), rng.poisson(DAYS * CLICKS * PEOPLE)
    person = [rng.integers(0, PEOPLE, number) for number in numbers]
    at = [rng.uniform(0, DAYS * DAY, number) for number in numbers]
    landed = rng.random(numbers[1]) < LANDED
    # At equal times a click (0) comes before its own session (1); a visit (2) has a time of its own.
    kind = np.concatenate([np.full(numbers[0], 2), np.zeros(numbers[1]), np.ones(int(landed.sum()))])
    every, when = (np.concatenate([*both, both[1][landed]]) for both in (person, at))
    order = np.lexsort((kind, when, every))
    kept, (visits, free, first) = np.zeros(PEOPLE), np.zeros((3, DAYS, DAYS))
    last, head, click, used = -1, -np.inf, None, False
    for who, what, instant in zip(every[order].tolist(), kind[order].tolist(), when[order].tolist(), strict=True):
        if who != last:
            last, head, click, used = who, -np.inf, None, False
        if what == 0:
            click, used = instant, False
            continue
        alive = instant - head > WINDOW
        if what == 2 and click is not None:
            place = int(click // DAY), int(instant // DAY) - int(click // DAY)
            visits[place] += 1
            free[place] += alive
            first[place] += alive and not used
        if alive:
            head, used = instant, True
            kept[who] += 1
    return kept, visits, free, first


def arrivals(every: NDArray[np.int64]) -> Arrivals:
    size = (DAYS, DAYS, 1)
    none = np.zeros(size)
    return Arrivals(every[:, np.newaxis], EVEN, none, none, np.zeros(size[:2]), np.array([float(PEOPLE)]))


def test_events_kept_have_the_mean_and_the_spread_of_people_followed_one_by_one() -> None:
    """A dead time makes people alike: what they keep scatters far less than as many independent events would."""
    kept = one_by_one()[0]
    rng, runs = np.random.default_rng(7), 150
    daily = PEOPLE * (VISITS + CLICKS * LANDED)
    found = np.array([Alive.of(rng, arrivals(rng.poisson(daily, DAYS)), CELLS, WINDOW).kept.sum() for _ in range(runs)])
    mean, spread = kept.mean() * PEOPLE, kept.std() * np.sqrt(PEOPLE)
    assert abs(found.mean() - mean) < 0.002 * mean + SIGMAS * spread
    assert abs(np.log(found.std(ddof=1) / spread)) < SIGMAS / np.sqrt(2 * runs)
    assert found.std() < 0.75 * np.sqrt(found.mean())


def test_a_short_window_takes_the_share_of_the_dead_time_formula() -> None:
    """Kept = rate / (1 + rate * window), once the first window is over."""
    window, every = DAY // 8, np.full(DAYS, 12 * PEOPLE)
    found = Alive.of(np.random.default_rng(1), arrivals(every), CELLS, window)
    expected = every[1:] / (1 + 12 * window / DAY)
    assert found.kept[1:, 0] == pytest.approx(expected, rel=0.02)
    assert found.chance[1:, 0] == pytest.approx(expected / every[1:], rel=0.02)


def test_events_after_a_last_touch_are_kept_as_often_as_of_people_followed_one_by_one() -> None:
    _, visits, *kept = one_by_one()
    daily = np.full(DAYS, round(PEOPLE * (VISITS + CLICKS * LANDED)))
    alive = Alive.of(np.random.default_rng(1), arrivals(daily), CELLS, WINDOW)
    none, bins = np.zeros((len(BINS), 1)), np.ones(len(BINS))
    coming = Coming(others=VISITS * EVEN, led=none, within=bins, own=none, covers={})
    (found,) = AfterTouch.of(
        alive, coming, CELLS, WINDOW, lags=DAYS, weights=(bins, EVEN[:, 0]), delays=bins[np.newaxis]
    )
    some = visits > 500
    for number, first in zip(kept, (False, True), strict=True):
        chance = found.chance(np.full((DAYS, 1), LANDED), first=first)[..., 0]
        sigma = np.sqrt(visits * chance * (1 - chance))
        assert np.all(abs(number - visits * chance)[some] < (SIGMAS * sigma + 0.015 * visits)[some])
    assert some.sum() > 20


@pytest.mark.parametrize("page_views", ["auto", "manual", "both"])
@pytest.mark.parametrize("seconds", [40.0, 600.0, 2 * 86_400.0])
def test_page_views_of_a_session_repeat_one_another(page_views: str, seconds: float) -> None:
    """Sessions are drawn one by one: their length, their navigations, and which views are heard of."""
    heard, mean, longest, merge, number = 0.9, 1.5, 30.0, 5 * MINUTE, 5_000
    capture = Capture(navigations=mean, page_views=page_views)
    window = round(seconds * SECOND)
    found = ViewsOfSession.of(capture, heard, window=window, merge=merge, longest=longest)
    rng = np.random.default_rng(3)
    total = np.zeros((number, 5))
    length = np.minimum(rng.exponential(4.0, number), longest) * MINUTE
    navigations = rng.geometric(1 / (1 + mean), number) - 1
    for row, (span, count) in enumerate(zip(length.tolist(), navigations.tolist(), strict=True)):
        places = [0] * (page_views != "manual") + [
            n for n in range(1, count + 1) for _ in range(1 + (page_views == "both"))
        ]
        at = [place * span / (count + 1) for place in places]
        arrives = rng.random(len(at)) < heard
        head, kept = -np.inf, 0
        for instant in np.array(at)[arrives].tolist():
            if instant - head > window:
                head, kept = instant, kept + 1
        resent = rng.random(max(len(at) - 1, 0)) < heard
        total[row] = arrives.sum(), kept, arrives.any(), resent.sum(), resent.any()
    expected = np.array([found.heard, found.kept, found.some, found.resent, found.resent_some])
    sigma = total.std(axis=0) / np.sqrt(number)
    assert np.all(abs(total.mean(axis=0) - expected) < SIGMAS * sigma + 0.005)


@pytest.mark.parametrize(("touches", "window"), [(0.2, 0.1), (1.5, 0.3), (1.5, 0.7), (0.4, 1.2)])
def test_time_that_later_touches_cover(touches: float, window: float) -> None:
    """Touches at random between a touch (0) and an event (1), none of which is open at the event any more."""
    rng, size = np.random.default_rng(4), 40_000
    at, covered = rng.random(size), np.zeros(size, dtype=np.bool_)
    number = rng.poisson(touches, size)
    for place in range(int(number.max())):
        start = rng.random(size)
        covered |= (place < number) & (start + window < 1) & (start < at) & (at < start + window)
    found = uncovered(np.array([touches]), np.array([1000.0]), round(1000 * window))
    assert found[0] == pytest.approx(1 - covered.mean(), abs=SIGMAS * np.sqrt(0.25 / size))
