"""Uniform numbers by counter: fixed, even, and independent between keys and counters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pixelsim.base.streams import Streams
from pixelsim.traffic.counter import key_of, keys_of, uniform

NUMBERS = np.arange(200_000)


def test_published_numbers() -> None:
    """The first outputs of SplitMix64 for the seed 1234567, as published with its reference implementation."""
    published = np.array([6457827717110365317, 3203168211198807973, 9817491932198370423], dtype=np.uint64)
    assert uniform(np.arange(3), np.uint64(1234567)).tolist() == ((published >> np.uint64(11)) * 2.0**-53).tolist()


def test_a_number_does_not_depend_on_the_others() -> None:
    key = key_of(Streams(7), "order", "shop")
    whole = uniform(NUMBERS[:1000], key)
    assert uniform(NUMBERS[500:510], key).tolist() == whole[500:510].tolist()
    assert uniform(NUMBERS[:1000][::-1], key).tolist() == whole[::-1].tolist()


def test_a_key_for_each_number() -> None:
    keys = keys_of(Streams(7), "order", ["one", "other"])
    which = np.array([0, 1, 1, 0])
    number = np.array([5, 5, 6, 6])
    expected = [uniform(number[i : i + 1], keys[which[i]])[0] for i in range(4)]
    assert uniform(number, keys[which]).tolist() == expected


def test_arguments_stay_as_they_are() -> None:
    number, keys = np.arange(5), keys_of(Streams(7), "order", "abcde")
    before = number.copy(), keys.copy()
    uniform(number, keys)
    assert np.array_equal(number, before[0])
    assert np.array_equal(keys, before[1])


@pytest.mark.parametrize("change", [("purpose", "depth", "shop"), ("entity", "order", "outlet")])
def test_keys_are_of_their_meaning(change: tuple[str, str, str]) -> None:
    _, purpose, entity = change
    assert key_of(Streams(7), purpose, entity) != key_of(Streams(7), "order", "shop")
    assert key_of(Streams(7), purpose, entity) == key_of(Streams(7), purpose, entity)


def test_seeds_and_replications_have_keys_of_their_own() -> None:
    keys = {int(key_of(Streams(root, replication), "order", "shop")) for root in range(5) for replication in range(5)}
    assert len(keys) == 25


def test_even() -> None:
    drawn = uniform(NUMBERS, key_of(Streams(7), "order", "shop"))
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert stats.kstest(drawn, "uniform").pvalue > 1e-4
    assert abs(drawn.mean() - 0.5) < 4 * np.sqrt(1 / 12 / len(drawn))


@pytest.mark.parametrize("lag", [1, 2, 256])
def test_neighbours_are_independent(lag: int) -> None:
    """Counters of events of one session differ by less than 256, those of neighbouring sessions by 256."""
    drawn = uniform(NUMBERS, key_of(Streams(7), "event lost", "shop"))
    assert abs(np.corrcoef(drawn[lag:], drawn[:-lag])[0, 1]) < 4 / np.sqrt(len(drawn) - lag)


def test_purposes_are_independent() -> None:
    one, other = (uniform(NUMBERS, key_of(Streams(7), purpose, "shop")) for purpose in ("order", "depth"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(one))
    both = np.mean((one < 0.1) & (other < 0.1))
    assert abs(both - 0.01) < 4 * np.sqrt(0.01 * 0.99 / len(one))
