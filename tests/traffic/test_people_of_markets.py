"""People of markets, and people who come back: stretches of numbers, and chains against their sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import one_shop
from scipy import stats

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.traffic.identity import STRANGER
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.people import People, Returns

MINUTE = 60_000
TIMEOUT = 30 * MINUTE


def people_of(shares: list[float], people: int) -> People:
    shop = one_shop(people=people, markets=[{"name": f"m{n}", "share": share} for n, share in enumerate(shares)])
    return People.of(Numbering.of(shop, shop.structure.world()), shop.traffic.sites[0])


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(100, 100_000))
def test_markets_divide_the_people_without_a_rest(weights: list[int], people: int) -> None:
    shares = [weight / sum(weights) for weight in weights]
    found = people_of(shares, people)
    base, whole = found.stretch()
    assert whole == people
    first = base
    for number, share in enumerate(shares):
        begin, count = found.stretch(number)
        assert begin == first
        assert abs(count - share * people) <= 1
        assert set(found.market_of(np.array([begin, begin + count - 1])).tolist()) == {number}
        first += count
    assert first == base + people


def test_those_who_come_once_live_in_no_market() -> None:
    base, _ = people_of([0.5, 0.5], 100).stretch()
    assert people_of([0.5, 0.5], 100).market_of(np.array([base + STRANGER, base + STRANGER + 7])).tolist() == [-1, -1]


def test_without_markets_nobody_lives_in_one() -> None:
    found = people_of([], 100)
    assert found.stretch() == (found.base, 100)
    assert found.market_of(np.arange(100) + found.base).tolist() == [-1] * 100


FIRST = np.arange(40_000) * MINUTE


def returns(share: float, *, days: float = 2.0, seed: int = 5) -> Returns:
    return Returns(Streams(seed), "returning > shop", share, days, TIMEOUT)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_chains_have_the_sum_of_a_geometric_series_cut_at_seven(share: float) -> None:
    row, _, number = returns(share).after(FIRST, np.arange(len(FIRST)))
    mean = sum(share**n for n in range(8))
    assert Returns.sessions_a_person(share) == pytest.approx(mean)
    chains = 1 + np.bincount(row, minlength=len(FIRST))
    # The chance of at least n returns is share^n, up to seven of them.
    second = sum((2 * n + 1) * share**n for n in range(8))
    deviation = np.sqrt((second - mean**2) / len(FIRST))
    assert abs(chains.mean() - mean) < 4 * deviation
    assert chains.max() <= 8
    assert len(np.unique(number)) == len(number), "every return has a draw number of its own"


def test_times_away_are_exponential_beyond_the_time_out() -> None:
    row, at, number = returns(0.7, days=2.0).after(FIRST, np.arange(len(FIRST)))
    nth = number & 7
    order = np.lexsort((nth, row))
    row, at, nth = row[order], at[order], nth[order]
    before = np.where(nth == 1, FIRST[row], np.concatenate([[0], at[:-1]]))
    away = (at - before - TIMEOUT) / DAY
    assert away.min() >= 0
    assert stats.kstest(away, stats.expon(scale=2.0).cdf).pvalue > 1e-3


def test_a_persons_returns_do_not_depend_on_the_others() -> None:
    chance = returns(0.5)
    row, at, number = chance.after(FIRST, np.arange(len(FIRST)))
    some = np.flatnonzero(FIRST // MINUTE % 3 == 0)
    few_row, few_at, few_number = chance.after(FIRST[some], some)
    kept = np.isin(row, some)
    assert sorted(zip(at[kept].tolist(), number[kept].tolist(), strict=True)) == sorted(
        zip(few_at.tolist(), few_number.tolist(), strict=True)
    )
    assert len(few_row) == kept.sum()


@pytest.mark.parametrize(("share", "bots"), [(0.0, 0.3), (0.5, 0.0), (0.5, 0.3), (0.9, 0.8)])
def test_first_sessions_are_as_many_as_keep_the_mean_of_all_and_the_share_of_bots(share: float, bots: float) -> None:
    first, of_first = Returns.first_share(share, bots)
    people = first * (1 - of_first) * Returns.sessions_a_person(share)
    assert first * of_first == pytest.approx(bots)
    assert people + first * of_first == pytest.approx(1.0)
