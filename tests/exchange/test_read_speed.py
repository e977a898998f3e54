"""The reader's memory; its speed is printed by the benchmark and is no test."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reading import make_export, time_reading


def test_fifty_thousand_rows_are_read_whole_and_in_little_memory(tmp_path: Path):
    path = tmp_path / "small.csv"
    wanted = make_export(path, 50_000)
    found, alone = time_reading("pixelsim", path), time_reading("pandas.read_csv", path)
    assert (found.rows, found.impressions, found.agrees) == (50_000, wanted, True)
    assert (alone.rows, alone.impressions) == (50_000, wanted)
    assert found.peak < 0.8


@pytest.mark.slow
def test_a_million_rows_take_less_than_one_and_a_half_gib(tmp_path: Path):
    path = tmp_path / "million.csv"
    wanted = make_export(path)
    found = time_reading("pixelsim", path)
    assert (found.rows, found.impressions, found.agrees) == (1_000_000, wanted, True)
    assert found.peak < 1.5
