"""A study on disk: the same bytes whatever runs it, nothing lost but the chunk in hand, tidy tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_scenarios import ending

from pixelsim import __version__
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.base.tables import read_parquet
from pixelsim.study import open_study, replicate, rerun, run, sweep
from pixelsim.study.design import design_of
from pixelsim.study.results import Study

POLICY, BUDGET = "policy", "traffic.delivery[launch_1].daily_budget"
FACTORS = {POLICY: ["strict", "continue"], BUDGET: [60.0]}
ASKED = {"replications": 3, "seed": 3, "chunk": 2}
SPENT = {"response": "orphaned spend", "object": "acc_agency"}


def files(folder: Path) -> dict[str, bytes]:
    """Everything that has to be the same everywhere."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "run_times.jsonl")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def in_a_process(code: str) -> subprocess.Popen[bytes]:
    """Start fresh Python on code without a file, as a notebook's kernel does."""
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    text = f"from study_scenarios import *\nfrom pixelsim.study import sweep\n{code}"
    return subprocess.Popen([sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": paths})


class Backwards(Executor):
    """Runs what it was given from the last to the first, four tasks at a time."""

    def __init__(self):
        self.given = []

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        self.given.append((future, function, args, kwargs))
        if len(self.given) == 4:
            for one, call, inputs, named in reversed(self.given):
                one.set_result(call(*inputs, **named))
            self.given.clear()
        return future


@pytest.fixture(scope="module")
def study(scenario, tmp_path_factory):
    return sweep(scenario, FACTORS, out=tmp_path_factory.mktemp("study") / "serial", **ASKED)


class TestTables:
    def test_values_are_those_of_the_runs_alone(self, study):
        frame = study.frame(**SPENT)
        assert list(frame["point"]) == [0] * 3 + [1] * 3
        assert list(frame["replication"]) == [0, 1, 2] * 2
        for point in (0, 1):
            alone = replicate(study.scenario(point), 3, seed=3).response("orphaned spend", object="acc_agency")
            assert np.array_equal(frame["value"][frame["point"] == point], alone)

    def test_every_response_of_a_run_is_there_once(self, study):
        alone = run(study.scenario(1), seed=3, replication=2).responses()
        stored = study.table("responses").query("point == 1 and replication == 2").reset_index(drop=True)
        columns = ["kind", "viewer", "surface", "response", "rule", "pixel", "event", "object", "unit", "reason"]
        assert stored[columns].fillna("").equals(alone[columns])
        assert np.array_equal(stored["value"], alone["value"], equal_nan=True)

    def test_runs_carry_hash_seed_version_and_parameters(self, study):
        runs = study.runs()
        assert len(runs) == 6
        assert list(runs.columns[:3]) == ["point", POLICY, BUDGET]
        assert list(runs[POLICY]) == ["strict"] * 3 + ["continue"] * 3
        assert set(runs["seed"]) == {3}
        assert set(runs["version"]) == {__version__}
        assert set(runs["status"]) == {"ok"}
        assert list(runs["scenario_hash"].unique()) == [study.scenario(p).content_hash for p in (0, 1)]
        assert runs["orders"].tolist() == study.frame("orders")["value"].tolist()

    def test_accounts_and_days_add_up(self, study):
        accounts, daily = study.table("accounts"), study.table("daily")
        keys = ["point", "replication", "account"]
        sums = daily.groupby(keys)[["spend", "orphaned_spend", "conversions_attributed"]].sum()
        whole = accounts.set_index(keys).loc[sums.index]
        for column in sums:
            assert sums[column].to_numpy() == pytest.approx(whole[column].to_numpy())
        assert accounts["account"].nunique() == 3
        one = daily.query("point == 1 and replication == 0")
        delivered = run(study.scenario(1), seed=3).delivery()
        assert one["clicks"].sum() == delivered["clicks"].sum()
        assert set(one["day"]) == set(delivered["day"])

    def test_no_parameters_in_the_big_tables_unless_they_are_joined(self, study):
        for table in ("daily", "accounts", "responses"):
            assert not set(study.factors) & set(study.table(table).columns)
        joined = study.table("daily", parameters=True)
        assert set(joined.query(f"{POLICY} == 'strict'")["point"]) == {0}
        for path in study.folder.glob("daily/*.parquet"):
            assert not set(study.factors) & set(read_parquet(path).columns)

    def test_summary_by_point(self, study):
        found = study.summary([f"{SPENT['response']}, {SPENT['object']}", "orders"])
        assert list(found["point"]) == [0, 0, 1, 1]
        values = study.frame(**SPENT).query("point == 1")["value"]
        row = found.query("point == 1").iloc[0]
        assert (row["mean"], row["replications"], row["missing"]) == (pytest.approx(values.mean()), 3, 0)
        assert {"orphaned spend, acc_agency", "days in learning, launch_1"} <= set(study.summary()["outcome"])

    def test_unknown_names(self, study):
        with pytest.raises(UnknownNameError, match="did you mean 'orphaned spend'"):
            study.frame("orphan spend")
        with pytest.raises(UnknownNameError, match="column of responses"):
            study.frame(account="acc_agency")
        with pytest.raises(UnknownNameError, match="table"):
            study.table("events")

    def test_says_what_it_is(self, study):
        assert str(study) == (
            f"2 design points of 2 factors, 3 replications each, seed 3: 6 of 6 done; in {study.folder}"
        )


class TestAgain:
    def test_opened_it_is_the_same(self, study):
        opened = open_study(study.folder)
        assert opened.points.equals(study.points)
        assert opened.asked == study.asked
        assert opened.complete
        assert opened.summary("orders").equals(study.summary("orders"))
        assert opened.replications_of(1).frame().equals(replicate(study.scenario(1), 3, seed=3).frame())

    @pytest.mark.parametrize("how", ["study", "folder", "text"])
    def test_rerun_repeats_one_run_alone(self, study, how):
        source = {"study": study, "folder": study.folder, "text": str(study.folder)}[how]
        one = rerun(source, 2, point=1)
        value = study.frame(**SPENT).query("point == 1 and replication == 2")["value"].item()
        assert one.response(**SPENT) == value
        assert one.scenario.policy == ending(policy="continue").policy

    def test_points_that_do_not_exist(self, study):
        with pytest.raises(InputError, match="from 0 to 1"):
            rerun(study, 0, point=2)

    def test_no_study(self, tmp_path):
        with pytest.raises(InputError, match="folder with a study"):
            open_study(tmp_path)


class TestSameBytes:
    def test_asked_again_nothing_runs_and_nothing_changes(self, scenario, study, failing):
        before = files(study.folder)
        failing(lambda *_: True)
        again = sweep(scenario, FACTORS, out=study.folder, **ASKED)
        assert again.complete
        assert files(study.folder) == before

    def test_backwards(self, scenario, study, tmp_path):
        sweep(scenario, FACTORS, out=tmp_path / "study", executor=Backwards(), **ASKED)
        assert files(tmp_path / "study") == files(study.folder)

    def test_two_processes_from_a_notebook(self, study, tmp_path):
        code = f"""
import multiprocessing
study = sweep(ending(), {FACTORS!r}, out={str(tmp_path / "study")!r}, workers=2, **{ASKED!r})
assert multiprocessing.get_start_method() == multiprocessing.get_all_start_methods()[0]
assert study.complete
"""
        assert in_a_process(code).wait(timeout=120) == 0
        assert files(tmp_path / "study") == files(study.folder)
        hosts = pd.read_json(tmp_path / "study" / "run_times.jsonl", lines=True)
        assert len(hosts) == 6
        assert (hosts["seconds"] > 0).all()

    def test_stopped_and_taken_up_again_with_more_replications(self, scenario, study, tmp_path):
        left = iter([False, True])
        out = tmp_path / "study"
        first = {**ASKED, "replications": 1, "cancel": lambda: next(left)}
        stopped = sweep(scenario, FACTORS, out=out, **first)
        assert (stopped.done, stopped.expected, stopped.complete) == (2, 2, True)
        left = iter([True])
        stopped = sweep(scenario, FACTORS, out=out, **{**first, "replications": 3})
        assert (stopped.done, stopped.expected, stopped.complete) == (3, 6, False)
        assert stopped.summary("orders")["replications"].tolist() == [2, 1]
        assert sweep(scenario, FACTORS, out=out, **ASKED).complete
        assert files(out) == files(study.folder)

    def test_fewer_replications_read_less(self, scenario, study):
        fewer = sweep(scenario, FACTORS, out=study.folder, **{**ASKED, "replications": 2})
        assert (fewer.done, fewer.complete) == (4, True)
        assert fewer.runs()["replication"].max() == 1
        sweep(scenario, FACTORS, out=study.folder, **ASKED)

    def test_an_interrupt_keeps_the_chunks_that_are_done(self, scenario, tmp_path, failing):
        failing(lambda _, replication: replication == 2, error=KeyboardInterrupt())
        stopped = sweep(scenario, FACTORS, out=tmp_path / "study", **ASKED)
        assert stopped.done == 2

    def test_killed_it_loses_the_chunk_in_hand_and_goes_on(self, scenario, study, tmp_path):
        out = tmp_path / "study"
        process = in_a_process(f"sweep(ending(), {FACTORS!r}, out={str(out)!r}, **{ASKED!r})")
        deadline = time.monotonic() + 120
        while not list(out.glob("runs/*.parquet")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
        killed = open_study(out)
        done = killed.done
        assert 2 <= done < killed.expected
        kept = {
            name: text for name, text in files(out).items() if name.startswith("runs/") and name.endswith("parquet")
        }
        assert all(files(study.folder)[name] == text for name, text in kept.items())
        resumed = sweep(scenario, FACTORS, out=out, **ASKED)
        assert resumed.complete
        assert {name: text for name, text in files(out).items() if ".part" not in name} == files(study.folder)
        # What was stored before was not run again.
        beside = pd.read_json(out / "run_times.jsonl", lines=True)
        assert (beside["process"] == os.getpid()).sum() == killed.expected - done
        assert len(beside.drop_duplicates(["point", "replication"])) == killed.expected

    def test_half_written_files_of_long_ago_are_removed(self, scenario, study):
        old, new = (study.folder / "runs" / f".point.parquet.{name}.part" for name in ("old", "new"))
        for path in (old, new):
            path.write_bytes(b"half")
        os.utime(old, (0, 0))
        sweep(scenario, FACTORS, out=study.folder, **ASKED)
        assert not old.exists()
        assert new.exists()
        new.unlink()


class TestRefusals:
    @pytest.mark.parametrize("changed", [{"seed": 4}, {"chunk": 3}, {"cool_down_days": 1}])
    def test_a_folder_with_another_study(self, scenario, study, changed):
        before = files(study.folder)
        with pytest.raises(InputError, match="as in the study that the folder holds"):
            sweep(scenario, FACTORS, out=study.folder, **{**ASKED, **changed})
        with pytest.raises(InputError, match="design_hash"):
            sweep(scenario, {POLICY: ["strict"]}, out=study.folder, **ASKED)
        assert files(study.folder) == before

    def test_a_folder_with_something_else(self, scenario, tmp_path):
        (tmp_path / "mine.txt").write_text("keep me")
        with pytest.raises(InputError, match="new or empty folder"):
            sweep(scenario, FACTORS, out=tmp_path)
        assert (tmp_path / "mine.txt").read_text() == "keep me"

    @pytest.mark.parametrize(
        ("arguments", "error", "part"),
        [
            ({"factors": {"polcy": ["strict"]}}, UnknownNameError, "policy"),
            ({"replications": 0}, InputError, "at least 1"),
            ({"chunk": 0}, InputError, "at least 1"),
            ({"seed": -1}, InputError, "at least 0"),
            ({"seed": 2**63}, InputError, "at most"),
        ],
    )
    def test_nothing_is_written_when_an_argument_is_refused(self, scenario, tmp_path, arguments, error, part):
        with pytest.raises(error, match=part):
            sweep(scenario, **{"factors": FACTORS, "out": tmp_path / "study", **arguments})
        assert not (tmp_path / "study").exists()


class TestFailures:
    def test_levels_that_are_refused_are_points_with_the_reason(self, scenario):
        found = sweep(scenario, {"days": [5, 1, 6]}, replications=1)
        assert found.points["status"].tolist() == ["ready", "refused", "ready"]
        assert "must be before the end, day 1" in found.points["message"][1]
        assert found.complete
        assert found.runs()["days"].tolist() == [5, 6]
        assert "1 point refused" in str(found)
        with pytest.raises(InputError, match="must be before the end"):
            found.rerun(0, point=1)

    def test_failed_replications_are_rows_with_seed_and_message(self, scenario, failing, monkeypatch):
        failing(lambda _, replication: replication in {1, 2})
        found = sweep(scenario, {"days": [5]}, replications=4, chunk=4)
        failures = found.failures()
        assert failures["replication"].tolist() == [1, 2]
        assert failures["message"].tolist() == ["ZeroDivisionError: division by zero"] * 2
        assert failures["seed"].tolist() == [1, 1]
        assert found.runs()["status"].tolist() == ["ok", "failed", "failed", "ok"]
        assert found.summary("orders")[["replications", "missing"]].to_numpy().tolist() == [[2, 2]]
        assert "2 failed" in str(found)
        assert [f.replication for f in found.replications_of(0).failures] == [1, 2]
        beside = pd.read_json(found.folder / "run_times.jsonl", lines=True)
        assert "in simulate" in beside["traceback"][1]
        assert beside["traceback"][0] == ""
        with pytest.raises(ZeroDivisionError):
            rerun(found, 1)
        monkeypatch.undo()
        assert rerun(found, 1).response("orders") == run(scenario, replication=1).response("orders")

    def test_when_all_fail_the_rows_are_there_and_the_others_empty(self, scenario, failing):
        failing(lambda *_: True)
        found = sweep(scenario, {"days": [5]}, replications=2)
        assert len(found.failures()) == 2
        assert len(found.table("daily")) == len(found.frame()) == len(found.summary()) == 0
        assert found.replications_of(0).values.shape == (2, 0)


class TestWithoutAFolder:
    def test_it_is_gone_with_the_study(self, scenario):
        found = sweep(scenario, {"days": [5]}, replications=1)
        folder = found.folder
        assert (folder / "study.json").is_file()
        del found
        assert not folder.exists()

    def test_a_window_is_kept(self, scenario):
        found = sweep(scenario, {"days": [5]}, replications=1, cool_down_days=2)
        assert found.window.cool_down_days == 2
        alone = run(scenario, cool_down_days=2)
        assert found.frame(**SPENT)["value"].item() == alone.response(**SPENT)
        assert rerun(found, 0).metrics("brand").equals(alone.metrics("brand"))

    def test_latin_and_sobol_by_the_seed(self, scenario):
        ranges = {BUDGET: (10.0, 90.0)}
        for method in ("latin", "sobol"):
            found = sweep(scenario, ranges, method=method, n=2, replications=1, seed=8)
            expected = design_of(ranges, method, n=2, seed=8).table()[BUDGET]
            assert found.points[BUDGET].tolist() == expected.tolist()
            assert isinstance(found, Study)

    def test_progress_counts_replications(self, scenario, capsys):
        sweep(scenario, {"days": [5, 6]}, replications=2, progress=True)
        assert "4/4" in capsys.readouterr().err
