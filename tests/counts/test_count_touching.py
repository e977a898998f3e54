"""Chances of credit by cell are those of all pairs of instants, each taken for itself."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchmarks.scenarios import small
from pixelsim.counts.cells import Cells
from pixelsim.counts.field import Bins, Field
from pixelsim.counts.touching import Repeats, Touching

HOUR = 3_600_000
DAY = 24 * HOUR
PEOPLE = 500
WINDOWS = np.array([[7 * DAY, 3 * DAY, 7 * DAY], [DAY, DAY, 2 * DAY]], dtype=np.int64)
"""Clicks and engaged views of three ad groups."""


def wave(size: int, *, mean: float, phase: float) -> np.ndarray:
    return mean * (1 + 0.6 * np.sin(np.arange(size) / 5 + phase))


class World:
    """Contests of twelve days in bins of three hours; access ends for the second ad group on the seventh day."""

    def __init__(self, visits: list[float], windows: np.ndarray, *, parties: bool, cut: bool = True) -> None:
        self.cells = Cells.of(12, small().clock, {0})
        instants = np.array([7 * DAY], dtype=np.int64)
        self.bins = Bins.of(self.cells, instants)
        size, kinds, groups, number = len(self.bins), *windows.shape, len(visits)
        assert np.all(self.bins.width == 3 * HOUR)
        touches = np.array([[wave(size, mean=3.0 + k + g, phase=k + g) for g in range(groups)] for k in range(kinds)])
        touches = np.stack([touches * (1 + contest) for contest in range(number)])
        access = np.ones((groups, size), dtype=np.bool_)
        access[1, self.bins.borders[:-1] >= 7 * DAY] = False
        held = access if cut else np.ones_like(access)
        even = 1 / np.bincount(self.bins.cell)[self.bins.cell]
        self.field = Field(
            bins=self.bins,
            windows=windows,
            people=np.full(number, PEOPLE, dtype=np.int64),
            with_access=touches * held,
            without=touches * ~held,
            access=access,
            cut=cut,
            events=np.broadcast_to(even, (number, size)),
        )
        self.touching = Touching(self.field, self.cells)
        lags = self.touching.lags
        rng = np.random.default_rng(5)
        older = rng.uniform(0.0, 0.3, (kinds, number, len(self.cells), lags))
        events = np.array([[wave(size, mean=v / (1 + k), phase=2.0) for v in visits] for k in range(kinds)])
        mine = np.array([True, False, True]) if parties else np.ones(groups, dtype=np.bool_)
        others = {}
        if parties:
            run = np.cumsum(np.stack([wave(size, mean=v / 3, phase=1.0) for v in visits]), axis=1)
            others = {3 * DAY: np.concatenate([np.zeros((number, 1)), run], axis=1)}
        self.repeats = Repeats(events, older, mine, others)

    def pair(self, contest: int, kind: int, group: int, touch: int, event: int) -> tuple[float, float]:
        """Give the chance that an event of a bin is earned by touches of another, and by fresh ones, from scratch."""
        field, repeats, bins = self.field, self.repeats, self.bins
        apart, window = (event - touch) * 3 * HOUR, int(field.windows[kind, group])
        # Both are even in their bins, so half of the pairs at either end of the window are inside.
        share = 1.0 if 0 < apart < window else 0.5 if apart in {0, window} else 0.0
        may = field.access[:, event] if field.cut else np.ones(len(field.access), dtype=np.bool_)
        rate = field.with_access[contest] * may[:, np.newaxis] / PEOPLE

        def between(of_bin: np.ndarray, first: float, last: float) -> float:
            """Add up what lies between two instants, counted in bins from the start."""
            edges = np.arange(len(of_bin) + 1)
            inside = np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)
            return float((of_bin * np.clip(inside, 0.0, 1.0)).sum())

        now, since = event + 0.5, touch + 0.5
        passed = 0.0
        for stronger, other in itertools.product(range(kind + 1), range(rate.shape[1])):
            opened = now - field.windows[stronger, other] / (3 * HOUR)
            passed += between(rate[stronger, other], opened if stronger < kind else max(opened, since), now)
        used = between(repeats.visits[kind, contest], since, now)
        party = np.flatnonzero(repeats.party)
        longest = int(field.windows[kind, party].max())
        for window_of_others in sorted(set(field.windows[: kind + 1, party].ravel().tolist())):
            if 0 < window_of_others < longest:
                chosen = [
                    (k, g) for k in range(kind + 1) for g in party.tolist() if field.windows[k, g] == window_of_others
                ]
                came = sum(between(rate[k, g], since, now) for k, g in chosen)
                used *= self.uncovered(came, (event - touch) * 3 * HOUR, window_of_others)
        for window_of_others, run in repeats.others.items():
            used += between(np.diff(run[contest]), since, now - window_of_others / (3 * HOUR))
        lag = bins.cell[event] - bins.cell[touch]
        used += float(repeats.older[kind, contest, bins.cell[touch], lag])
        earned = rate[kind, group, touch] * share * math.exp(-passed) * float(field.events[contest, event])
        return earned, earned * math.exp(-used)

    @staticmethod
    def uncovered(touches: float, span: float, window: int) -> float:
        """Give the mean chance that none of evenly spread touches covers an instant, by adding up instants."""
        if touches == 0 or span <= window:
            return 1.0
        at = (np.arange(20_000) + 0.5) / 20_000 * span
        # A touch is looked at only if it is closed at the event: it lies a window before it, and covers a window.
        open_ = np.minimum(np.minimum(at, window), np.minimum(span - at, span - window))
        return float(np.mean(np.exp(-touches * np.maximum(open_, 0.0) / span)))

    def chances(self, contest: int) -> tuple[np.ndarray, np.ndarray]:
        """Add up all pairs of a contest."""
        kinds, groups = self.field.windows.shape
        found = np.zeros((2, kinds, groups, len(self.cells), self.touching.lags))
        cell = self.bins.cell.tolist()
        for kind, group in itertools.product(range(kinds), range(groups)):
            reach = int(self.field.windows[kind, group]) // (3 * HOUR)
            for touch in range(len(cell)):
                for event in range(touch, min(touch + reach + 1, len(cell))):
                    place = kind, group, cell[touch], cell[event] - cell[touch]
                    found[(slice(None), *place)] += self.pair(contest, kind, group, touch, event)
        return found[0], found[1]


@pytest.mark.parametrize(
    ("windows", "parties"),
    [(WINDOWS[:1, :1].repeat(3, axis=1), False), (WINDOWS[:, [0, 0, 0]], True), (WINDOWS, False)],
    ids=["one window", "two parties", "windows of many lengths"],
)
def test_chances_are_the_sum_of_all_pairs(windows: np.ndarray, *, parties: bool) -> None:
    world = World([0.05], windows, parties=parties)
    every, fresh = world.touching.chances([world.repeats])[:, 0]
    expected, expected_fresh = world.chances(0)
    np.testing.assert_allclose(every, expected, rtol=1e-9, atol=1e-15)
    # What covers a time is added up in steps by the reference.
    np.testing.assert_allclose(fresh, expected_fresh, rtol=1e-4 if windows is WINDOWS else 1e-9, atol=1e-15)


@pytest.mark.parametrize("visits", [[0.01, 0.3], [0.3, 60.0], [60.0, 90.0]])
def test_contests_together_have_the_chances_of_each_alone(visits: list[float]) -> None:
    """Sixty events a person in three hours leave no touch fresh, and no number that is none."""
    world = World(visits, WINDOWS, parties=True)
    found = world.touching.chances([world.repeats])
    assert np.all(np.isfinite(found))
    for contest in range(len(visits)):
        field = world.field
        only = slice(contest, contest + 1)
        alone = Field(
            field.bins,
            field.windows,
            field.people[only],
            field.with_access[only],
            field.without[only],
            field.access,
            field.cut,
            field.events[only],
        )
        repeats = world.repeats
        of_one = Repeats(
            repeats.visits[:, only],
            repeats.older[:, only],
            repeats.party,
            {window: run[only] for window, run in repeats.others.items()},
        )
        assert np.array_equal(found[:, only], Touching(alone, world.cells).chances([of_one]))


def test_touches_that_may_not_earn_have_what_all_would_without_them() -> None:
    """If access had not ended, all touches would compete; those that may earn are the rest."""
    world = World([0.05], WINDOWS, parties=False)
    every, barred = world.touching.vetoed()
    open_ = World([0.05], WINDOWS, parties=False, cut=False)
    np.testing.assert_allclose(every, open_.touching.chances([])[0], rtol=1e-12)
    ended = world.cells.borders[:-1] >= 7 * DAY
    assert np.all(barred[:, :, [0, 2]] == 0)
    assert np.all(barred[0, 0, 1, ended] == every[0, 0, 1, ended])
    assert barred[0, 0, 1].sum() > 0
