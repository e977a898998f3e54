"""People who come back, in counts: steps of chains against chains drawn one by one, and sizes of audiences."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from count_worlds import alike, grid
from numpy.typing import NDArray
from scipy import stats

from benchmarks.scenarios import SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY, HOUR, MINUTE, Clock
from pixelsim.counts import Exactness, count, count_outcome_values
from pixelsim.counts.audiences import audience_days, chains_with_visits
from pixelsim.counts.cells import Cells, Hours
from pixelsim.counts.exactness import of_attribution
from pixelsim.counts.returning import Chains, Comings, Pairs, return_table
from pixelsim.scenario.structure import AudienceSpec
from pixelsim.traffic.shapes import LocalDays

SIGMAS = 4.0
TIMEOUT = 30 * MINUTE
CLOCK = Clock(dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
HOURS = tuple(1.0 + 5.0 * (hour % 12 > 6) for hour in range(24))
CELLS = Cells.of(6, CLOCK, [0, 8 * HOUR, -8 * HOUR])


def comings(share: float, mean_days: float) -> Comings:
    days = LocalDays.on(CLOCK.start_offset, CLOCK.start_weekday, 0)
    return Comings(Hours(HOURS, (1.0,) * 7, None), days, 0.0, share, mean_days, TIMEOUT)


def chains_one_by_one(
    rng: np.random.Generator, number: int, share: float, mean_days: float
) -> list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
    """Give for the first sessions of six days and each return after them the chain, and instants before and after."""
    hour = rng.choice(24, size=number, p=np.array(HOURS) / sum(HOURS))
    at = (rng.integers(0, 6, number) * 24 + hour + rng.random(number)) * HOUR
    chain = np.arange(number)
    found = [(chain, np.full(number, -1.0), at)]
    for _ in range(7):
        comes = rng.random(len(chain)) < share
        chain, before = chain[comes], at[comes]
        at = before + TIMEOUT + rng.exponential(mean_days * DAY, len(before))
        found.append((chain, before, at))
    return found


@pytest.mark.parametrize("mean_days", [0.3, 3.0])
def test_steps_of_chains_are_those_of_chains_drawn_one_by_one(mean_days: float) -> None:
    number, share = 300_000, 0.6
    table, size = return_table(CELLS, comings(share, mean_days)), len(CELLS)
    borders = CELLS.borders
    total = np.zeros(size)
    drawn = chains_one_by_one(np.random.default_rng(3), number, share, mean_days)[1:]
    for step, (_, before, after) in zip(table.steps, drawn, strict=True):
        one, two = (np.searchsorted(borders, at, side="right") - 1 for at in (before, after))
        here = one < size
        found = np.zeros((size, size + 1))
        np.add.at(found, (one[here], np.minimum(two[here], size)), 1)
        total += found.sum(axis=0)[:size]
        from_cell = found.sum(axis=1)
        expected = np.zeros_like(found)
        for cell in range(size):
            expected[cell, cell:size] = from_cell[cell] * step[cell, : size - cell]
        many = expected[:, :size] > 20
        assert np.any(many) or mean_days > 1
        statistic = np.sum((found[:, :size] - expected[:, :size])[many] ** 2 / expected[:, :size][many])
        assert stats.chi2.sf(statistic, max(many.sum(), 1)) > stats.norm.sf(SIGMAS)
    expected_total = table.share(borders[:-1], borders[1:]) * number / 6
    # Returns come in chains, whose numbers scatter at most (1 + mean length) times as much as those of single ones.
    assert np.all(np.abs(total - expected_total) < SIGMAS * np.sqrt(expected_total * 2.5))


def test_days_scatter_together_as_chains_do() -> None:
    """Standard deviations of days, and the correlation of neighbours, over replications of both."""
    share, mean_days, runs = 0.7, 1.0, 400
    table, rng = return_table(CELLS, comings(share, mean_days)), np.random.default_rng(8)
    weight = (np.array(HOURS) / sum(HOURS)).reshape(3, 8).sum(axis=1)
    drawn, single = np.zeros((2, runs, 6))
    for run in range(runs):
        first = rng.poisson(np.tile(100 * weight, 6))[:, np.newaxis]
        back, chains = table.draw(rng, first, np.array([1]))
        assert np.array_equal(chains.sessions, (first + back)[:, 0])
        assert chains.of(0, len(CELLS)) == (first.sum() + back.sum(), first.sum())
        drawn[run] = back[:, 0].reshape(6, 3).sum(axis=1)
        for _, _, after in chains_one_by_one(rng, int(rng.poisson(600)), share, mean_days)[1:]:
            single[run] += np.bincount((after[after < 6 * DAY] // DAY).astype(np.int64), minlength=6)
    scatter = np.sqrt(single.var(axis=0) / runs + drawn.var(axis=0) / runs)
    assert np.all(np.abs(drawn.mean(axis=0) - single.mean(axis=0)) < SIGMAS * scatter)
    ratio = np.log(drawn.std(axis=0, ddof=1) / single.std(axis=0, ddof=1))
    assert np.all(np.abs(ratio) < SIGMAS / np.sqrt(runs))
    one, other = (np.corrcoef(days[:, 2], days[:, 3])[0, 1] for days in (drawn, single))
    assert one > 0.2
    assert abs(np.arctanh(one) - np.arctanh(other)) < SIGMAS * np.sqrt(2 / runs)


def test_chains_of_a_stretch_count_those_who_came_before_it_once() -> None:
    # Two first sessions in cell 0, one in cell 2; from cell 0 one return into cell 1, from there one into cell 2.
    chains = Chains(np.array([2, 1, 2]), Pairs(np.array([[0, 1, 0], [0, 1, 0], [0, 0, 0]])))
    assert chains.of(0, 3) == (5, 3)
    assert chains.of(1, 3) == (3, 2), "the return of cell 1 and its own return are one chain"
    assert chains.of(2, 3) == (2, 2)


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("with_event", [0.02, 0.3, 0.95])
def test_chains_with_a_visit_are_those_of_lengths_cut_at_seven_returns(share: float, with_event: float) -> None:
    rng = np.random.default_rng(4)
    length = np.minimum(rng.geometric(1 - share, size=200_000), 8)
    found = np.count_nonzero(rng.binomial(length, with_event))
    expected = chains_with_visits(with_event * length.sum(), float(length.sum()), float(len(length)))
    assert abs(found - expected) < SIGMAS * np.sqrt(expected)


def test_returns_earn_as_with_events() -> None:
    """Two in five sessions are followed by another, of people who are touched as often as there are people."""
    given = grid(1.0, steps=ending_of("agency", stop=9.3, unshare=8.4), policy="continue")
    given = given.vary("traffic.sites[shop].return_share", 0.4).vary("traffic.sites[shop].return_days", 3.0)
    alike(given, runs=4)
    found = {one.outcome.outcome: one.exactness for one in count_outcome_values(count(given, 1))}
    assert found["spend"] is Exactness.EXACT
    assert found["orders"] is Exactness.APPROXIMATE


def test_audiences_count_who_comes_back_once() -> None:
    """Against chains of people drawn one by one: those who came within the last four days of six."""
    share, mean_days, people = 0.6, 2.0, 2_000
    site = {"organic_sessions": 200.0, "people": people, "order_rate": 0.0, "hours": HOURS}
    site |= {"return_share": share, "return_days": mean_days}
    clear = {"blocked_people": 0.0, "refusing_people": 0.0, "untrackable_people": 0.0, "lost_events": 0.0}
    made = small(days=6, capture=clear, site=site, traffic={"delivery": []})
    audience = AudienceSpec(id="a", account="acc_brand", name="a", pixel=SMALL_PIXEL, look_back_days=4)
    made = made.replace(structure=made.structure.replace(audiences=(audience,)))
    found = np.array([audience_days(count(made, 3, n))[-1].people for n in range(60)], dtype=np.float64)
    rng, drawn = np.random.default_rng(6), np.zeros(300)
    first = 200 / sum(share**n for n in range(8))
    for run in range(len(drawn)):
        number = int(rng.poisson(6 * first))
        who = rng.integers(0, people, number)
        steps = chains_one_by_one(rng, number, share, mean_days)
        here = [chain[(at >= 2 * DAY) & (at < 6 * DAY)] for chain, _, at in steps]
        drawn[run] = len(np.unique(who[np.concatenate(here)]))
    tolerance = max(0.01 * drawn.mean(), 0.1 * drawn.std())
    assert abs(found.mean() - drawn.mean()) < tolerance + SIGMAS * drawn.std() / np.sqrt(60)
    assert abs(np.log(found.std(ddof=1) / drawn.std(ddof=1))) < np.log(1.1) + SIGMAS / np.sqrt(120)


def test_once_counted_credit_is_marked_where_most_come_back() -> None:
    labels = {}
    for share in (0.3, 0.6):
        given = small(days=6, site={"return_share": share, "people": 60_000}, measurement={"count": "once"})
        run = count(given, 3)
        pixel = run.numbering.pixels.index(SMALL_PIXEL)
        labels[share] = {of_attribution(run, pixel, event) for event in range(5)}
    assert labels == {0.3: {Exactness.APPROXIMATE}, 0.6: {Exactness.OUTSIDE}}
