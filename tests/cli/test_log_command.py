"""``pixelsim log``: the event log of one replication on disk, told in three lines, or one sentence and exit code 2."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

import pixelsim as ps
from pixelsim.base.tables import read_parquet
from pixelsim.cli import main
from pixelsim.study import Run


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@functools.cache
def whole_run() -> Run:
    return ps.run(ps.scenario("agency"), seed=3)


@pytest.mark.parametrize("way", [[], ["--compiled"]])
def test_files_and_words_are_of_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], way: list[str]) -> None:
    folder = tmp_path / "log"
    code, out, _ = told(["log", "agency", "-o", str(folder), "--seed", "3", *way], capsys)
    assert code == 0
    one = whole_run()
    rows = sum(len(read_parquet(path)) for path in sorted(folder.glob("log-*.parquet")))
    assert rows == len(one.simulation.log)
    assert out.startswith(f"agency, seed 3, replication 0: {rows:,} copies of events (")
    assert f"{len(one.simulation.orders):,} orders in truth" in out
    assert (folder / "run.json").exists()


def test_a_folder_in_use_and_a_place_that_is_none_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("mine")
    for place, words in ((tmp_path, "new or empty folder"), (tmp_path / "mine" / "log", "a folder to write to")):
        code, out, err = told(["log", "agency", "-o", str(place)], capsys)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1


def test_an_unknown_scenario_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(["log", "agancy", "-o", str(tmp_path / "log")], capsys)
    assert code == 2
    assert "agency" in err
    assert not (tmp_path / "log").exists()
