"""A log that goes to disk block by block: the same rows, the order of time across files, and flat memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks.scenarios import ending_of, small
from pixelsim.base.errors import InputError
from pixelsim.base.tables import read_parquet
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.run import Run
from pixelsim.traffic.setup import BLOCK_VISITS, block_days, borders_of, visits_a_day
from pixelsim.traffic.simulate import simulate
from pixelsim.traffic.streaming import LogFiles, stream_log

DAY = 86_400_000
SCENARIO = small(
    days=5, steps=ending_of("agency", stop=3, unshare=3.5), capture={"server": {}}, traffic={"step_hours": 8}
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> LogFiles:
    return stream_log(SCENARIO, tmp_path_factory.mktemp("log"), seed=7)


def test_files_hold_the_rows_of_a_run(files: LogFiles) -> None:
    whole = simulate(SCENARIO, seed=7)
    for name, table in (("log", whole.log), ("claims", whole.claims), ("orders", whole.orders)):
        written = pd.concat([read_parquet(files.path(name, block)) for block in range(files.blocks)])
        assert len(written) == len(table) == files.rows[name] > 0
        for column in table.names():
            np.testing.assert_array_equal(written[column].to_numpy(), getattr(table, column), err_msg=column)


def test_named_rows_are_those_of_a_run(files: LogFiles) -> None:
    whole = Run(simulate(SCENARIO, seed=7)).log()
    named = pd.concat(files.frames(), ignore_index=True)
    pd.testing.assert_frame_equal(named, whole, check_dtype=False, check_categorical=False)


def test_there_is_a_file_for_each_block_in_the_order_of_time(files: LogFiles) -> None:
    assert files.blocks == len(borders_of(SCENARIO)) == 15
    last = -1
    for block in range(files.blocks):
        received = read_parquet(files.path("log", block))["received"].to_numpy()
        assert (np.diff(received) >= 0).all()
        assert received[0] >= last
        last = received[-1]


def test_duckdb_reads_the_folder_as_one_table(files: LogFiles) -> None:
    table = duckdb.read_parquet(f"{files.folder}/log-*.parquet")
    found = table.aggregate("count(*) AS n, sum((fate = 0)::INT) AS kept").fetchall()
    assert found == [(files.rows["log"], files.fates["kept"])]
    assert sum(files.fates.values()) == files.rows["log"]


def test_the_folder_tells_what_it_holds(files: LogFiles) -> None:
    about = json.loads((files.folder / "run.json").read_text(encoding="utf-8"))
    assert about["seed"] == 7
    assert about["scenario_hash"] == SCENARIO.content_hash
    assert about["names"]["ad_groups"] == ["agency_group", "brand_group", "second_group"]
    assert about["rows"]["log"] == files.rows["log"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="empty folder"):
        stream_log(SCENARIO, tmp_path, seed=7)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_that_breaks_off_has_no_table_of_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pixelsim.traffic.streaming.write_parquet", full)
    with pytest.raises(OSError, match="No space"):
        stream_log(SCENARIO, tmp_path / "log", seed=7)
    assert not (tmp_path / "log" / "run.json").exists()


def many_visits(visits: float, days: int = 2) -> Scenario:
    return small(days=days, site={"organic_sessions": visits, "people": 100_000_000})


def test_days_with_many_visits_are_settled_in_parts() -> None:
    # Nothing is run here: 1.6 million visits and few paid ones are settled in 9 parts a day, and drawn a day at a time.
    scenario = many_visits(1_600_000)
    assert 1_600_000 < visits_a_day(scenario) < 1_600_200
    assert len(borders_of(scenario)) == 18
    assert {DAY, 2 * DAY} <= set(borders_of(scenario))
    assert np.diff([0, *borders_of(scenario)]).max() * visits_a_day(scenario) / DAY <= BLOCK_VISITS
    assert block_days(scenario) == 1
    assert (len(borders_of(many_visits(1_000))), block_days(many_visits(1_000))) == (2, 7)


MEASURED = """
import sys
from benchmarks.memory import peak_bytes
from benchmarks.scenarios import busy
from pixelsim.traffic.streaming import stream_log

visits, days, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
found = stream_log(busy(visits, days=days, server=True), folder, seed=7)
print(found.rows["log"], peak_bytes())
"""
GIB = 1 << 30


def measured(visits: int, days: int, folder: Path) -> tuple[int, int]:
    """Stream a log in a process of its own; give its rows, and the most memory in bytes."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(visits), str(days), str(folder)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, most = map(int, done.stdout.split())
    return rows, most


def test_ten_million_rows_stay_below_a_gibibyte(tmp_path: Path) -> None:
    rows, most = measured(320_000, 10, tmp_path)
    assert rows > 10_000_000
    assert most < GIB


@pytest.mark.slow
def test_a_hundred_million_rows_stay_below_a_gibibyte(tmp_path: Path) -> None:
    rows, most = measured(320_000, 100, tmp_path)
    assert rows > 100_000_000
    assert most < GIB
