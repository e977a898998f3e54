"""Random streams: named by meaning, independent of each other, the same in every process."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from pixelsim.base.streams import Streams

PURPOSES = ("arrivals", "conversion", "delay", "bots")


def test_P141_no_two_streams_are_equal_in_any_run_nor_across_runs():
    draws = {
        (replication, purpose): Streams(0, replication).generator(purpose, "ag_1").random(100)
        for replication in range(10)
        for purpose in PURPOSES
    }
    assert len(draws) == 40
    for one, other in itertools.combinations(draws, 2):
        assert not np.isin(draws[one], draws[other]).any(), (one, other)


@pytest.mark.parametrize(
    "other",
    [Streams(8, 3), Streams(7, 4), Streams(0, 0)],
    ids=["another root", "another replication", "both zero"],
)
def test_every_part_of_the_name_counts(other):
    mine = Streams(7, 3)
    first = mine.generator("clicks", "ag_1", 2).random(8)
    for changed in (
        other.generator("clicks", "ag_1", 2),
        mine.generator("click", "ag_1", 2),
        mine.generator("clicks", "ag_2", 2),
        mine.generator("clicks", "ag_1", 3),
        mine.generator("ag_1", "clicks", 2),
    ):
        assert not np.isin(changed.random(8), first).any()


def test_root_and_replication_do_not_add_up_to_the_same_stream():
    seen = {tuple(Streams(root, k).generator("x").integers(0, 2**62, 2)) for root in range(12) for k in range(12)}
    assert len(seen) == 144


def test_asking_twice_begins_at_the_beginning_and_moves_nobody():
    streams = Streams(7)
    first = streams.generator("delay", "a")
    used = first.random(1000)
    untouched = streams.generator("delay", "b").random(5)
    assert np.array_equal(streams.generator("delay", "a").random(1000), used)
    assert np.array_equal(Streams(7).generator("delay", "b").random(5), untouched)


def test_numbers_are_the_same_in_another_process_with_another_hash_seed():
    told = "(one := Streams(7, 2)).key('späte Käufe'), one.generator('delay', 'ag 1').integers(0, 2**62, 4).tolist()"
    code = f"from pixelsim.base.streams import Streams; print({told})"
    one = Streams(7, 2)
    here = f"{one.key('späte Käufe')} {one.generator('delay', 'ag 1').integers(0, 2**62, 4).tolist()}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "4711"}
    )
    assert done.stdout.strip() == here


def test_keys_have_64_bits_and_differ():
    names = [f"entity {i}" for i in range(2000)]
    keys = [Streams(7).key(name) for name in names]
    assert len(set(keys)) == len(names)
    # Both halves differ as well, as far as chance lets 2,000 words of 32 bits.
    assert all(len({key >> shift & 0xFFFFFFFF for key in keys}) >= len(names) - 1 for shift in (0, 32))
    assert all(0 <= key < 2**64 for key in keys)


def test_neighbouring_streams_are_uncorrelated_and_uniform():
    draws = np.array([Streams(1, k).generator("x", "e").random(2000) for k in range(30)])
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 0.001
    correlation = np.corrcoef(draws)[np.triu_indices(30, 1)]
    # Fisher: correlations of independent rows have standard deviation 1 / sqrt(n).
    assert np.abs(correlation).max() < stats.norm.isf(0.001 / len(correlation) / 2) / np.sqrt(2000)


def test_generators_spawned_from_a_stream_are_its_own_and_differ():
    # Designs of scipy spawn generators from the one that they are given.
    mine, again, other = (Streams(7).generator("design", name) for name in ("a", "a", "b"))
    spawned = [*mine.spawn(2), *mine.spawn(1), *other.spawn(1), Streams(7).generator("design", "a")]
    first = [tuple(one.integers(0, 2**62, 3)) for one in spawned]
    assert len(set(first)) == 5
    assert tuple(again.spawn(1)[0].integers(0, 2**62, 3)) == first[0]
