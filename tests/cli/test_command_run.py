"""``pixelsim run``: what it writes and prints, what its options do, and how it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import pixelsim as ps
from pixelsim.base.tables import read_parquet
from pixelsim.cli import main
from pixelsim.cli.run import RunJob
from pixelsim.scenario import Scenario, SourceKind, load_scenario, sample
from pixelsim.scenario.builtin import data_folder
from pixelsim.scenario.parameters import parameters

TABLES = (
    *("metrics", "outcomes", "metrics_by_day", "change_log", "refused", "delivery", "conservation", "parameters"),
)
FILES = {f"{name}.{ending}" for name in TABLES for ending in ("csv", "parquet")} | {
    "one_possible_history.parquet",
    "scenario.toml",
    "timeline.png",
}
QUICK = ("--days", "16", "--replications", "2", "--organic-sessions", "30")
TOGETHER = [*("run", "agency", "--seed", "7", "--unshare-first", "2.5", "--preset", "continue"), *QUICK]


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, both streams, and its folder."""

    code: object
    out: str
    err: str
    folder: Path

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / f"{name}.csv")


Call = Callable[..., Answer]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run the command in a folder of its own and catch what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, out: str | None = "out") -> Answer:
        words = [*map(str, arguments), *(["--out", out] if out is not None else [])]
        with pytest.raises(SystemExit) as end:
            main(words)
        streams = capsys.readouterr()
        return Answer(end.value.code, streams.out, streams.err, tmp_path / (out or "out"))

    return run


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of one run with several options."""
    folder = tmp_path_factory.mktemp("together") / "files"
    with pytest.raises(SystemExit) as end:
        main([*TOGETHER, "--out", str(folder)])
    assert end.value.code == 0
    return folder


def test_everything_is_written_and_nothing_else(together):
    assert {path.name for path in together.iterdir()} == FILES
    assert all(path.stat().st_size > 0 for path in together.iterdir())
    assert (together / "timeline.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_same_seed_gives_the_same_bytes_in_another_process(together, tmp_path):
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "COLUMNS": "60"}
    command = [sys.executable, "-m", "pixelsim", *TOGETHER, "--out", str(tmp_path / "there")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in sorted(FILES):
        assert (tmp_path / "there" / name).read_bytes() == (together / name).read_bytes(), name
    assert "agency" in done.stdout


def test_csv_and_parquet_hold_the_same_tables(together):
    for name in TABLES:
        text, binary = pd.read_csv(together / f"{name}.csv"), read_parquet(together / f"{name}.parquet")
        assert list(text.columns) == list(binary.columns), name
        assert len(text) == len(binary), name
        for column in text.select_dtypes("number"):
            pd.testing.assert_series_equal(
                text[column].astype(float), pd.to_numeric(binary[column]).astype(float), check_names=False
            )


def test_the_scenario_file_gives_the_run_again(together):
    one = load_scenario(together / "scenario.toml")
    metrics = pd.read_csv(together / "metrics.csv")
    assert set(metrics["scenario_hash"]) == {one.content_hash}
    assert set(metrics["seed"]) == {7}
    assert one.days == 16
    assert one.traffic.sites[0].organic_sessions == 30
    assert [(s.day, s.action.do) for s in one.plan.steps] == [
        (11.5, "unshare_pixel"),
        (14, "switch"),
        (14, "switch"),
    ]
    expected = ps.run(one, seed=7)
    pd.testing.assert_frame_equal(read_parquet(together / "conservation.parquet"), expected.conservation())
    assert len(read_parquet(together / "one_possible_history.parquet")) == len(expected.log())


def test_tables_tell_means_half_widths_and_the_numbers_of_replications(together):
    one = load_scenario(together / "scenario.toml")
    outcomes = pd.read_csv(together / "outcomes.csv").set_index(["outcome", "object"])
    spend = [ps.run(one, seed=7, replication=k).outcomes() for k in (0, 1)]
    values = [
        float(t.loc[(t["outcome"] == "orphaned spend") & (t["object"] == "acc_agency"), "value"].iloc[0]) for t in spend
    ]
    row = outcomes.loc[("orphaned spend", "acc_agency")]
    assert row["mean"] == pytest.approx(sum(values) / 2)
    # With two values the half-width is t(0.975, 1) = 12.7062 times half their distance.
    assert row["half_width"] == pytest.approx(12.7062047 * abs(values[0] - values[1]) / 2, rel=1e-6)
    assert row["replications"] == 2
    assert row["mean"] > 0


def test_what_is_printed_names_viewers_rules_refusals_sources_and_the_folder(call, tmp_path):
    folder = tmp_path / "out" / "agency"
    folder.mkdir(parents=True)
    (folder / "refused.csv").write_text("an older run", encoding="utf-8")
    answer = call("run", "agency", "--seed", 3, "--unshare-first", 1, "--days", 16, "--replications", 1, out=None)
    assert answer.code == 0
    assert answer.err == ""
    for word in ("brand", "agency", "outsider", "R24", "R25", "R26", "R27", "R20", "no access", "unshare"):
        assert word in answer.out, word
    assert "seed 3" in answer.out
    # Total events rest on the organic sessions, which are printed beside them with their source.
    assert "1,000 organic sessions a day" in answer.out
    assert "assumption: organic traffic is in no export" in answer.out
    assert "Tables, log and timeline are in" in answer.out
    # A refusal of the rules is a row of the result and no error.
    assert "Refused actions" in answer.out
    assert pd.read_csv(folder / "refused.csv")["cause"].tolist() == ["ACTIVE_CAMPAIGNS"]
    assert {path.name for path in folder.iterdir()} == FILES


def test_presets_decide_what_happens_after_the_unshare(call, together):
    answer = call("run", "agency", "--seed", 8, "--preset", "pause", "--unshare-first", 2, *QUICK)
    assert answer.code == 0
    paused = answer.table("outcomes").set_index(["outcome", "object"])["mean"]
    went_on = pd.read_csv(together / "outcomes.csv").set_index(["outcome", "object"])["mean"]
    assert paused["orphaned spend", "acc_agency"] == 0
    # Two campaigns at up to 120 and 60 a day go on for two days and the better half of a third.
    assert 0.8 * 2.5 * 180 < went_on["orphaned spend", "acc_agency"] <= 3 * 180
    # Organic sessions of the user are told as given; another seed is another history.
    assert "30.0 organic sessions a day" in answer.out
    assert "(given: given in scenario agency)" in answer.out
    log = "one_possible_history.parquet"
    assert (answer.folder / log).read_bytes() != (together / log).read_bytes()


WAREHOUSE = ("tiktok_campaign_country_report_data.csv", "tiktok_campaign_report_hourly_data.csv")
BY_DAY = ("en_custom_report_ad_day_bom.csv", "ko_ad_day_bom_dupheader.csv")


def told_from(name: str, one: Scenario) -> None:
    """Check that a calibrated scenario tells what is from the file and what is not."""
    assert f"calibrated from {name}" in one.title
    sources = {path: source for path, _, _, source in parameters(one)}
    assert {source.kind for source in sources.values()} >= {SourceKind.FILE, SourceKind.ASSUMPTION, SourceKind.DEFAULT}
    from_file = [source for source in sources.values() if source.kind is SourceKind.FILE]
    assert all(name in source.text and source.rows for source in from_file)


@pytest.mark.parametrize("name", [*BY_DAY, *WAREHOUSE])
def test_other_exports_by_day_calibrate_too(name):
    told_from(name, RunJob(scenario="agency", report=sample(name)).prepared())


def test_the_large_sample_runs_with_all_its_campaigns(call):
    path = sample("constructed_120_days.csv")
    job = ("run", "agency", "--report", path, "--days", 16, "--replications", 1, "--organic-sessions", 10)
    answer = call(*job)
    assert answer.code == 0, answer.err
    delivery = answer.table("delivery")
    groups = delivery.loc[delivery["account"] == "acc_agency", "ad_group"]
    told_from(path.name, load_scenario(answer.folder / "scenario.toml"))
    assert path.name in answer.out
    assert set(groups.str.split(" / ").str[0]) == set(pd.read_csv(path, dtype=str)["Campaign ID"].iloc[:-1])
    table = answer.table("parameters")
    assert (table["kind"] == "file").sum() >= 12 * 7
    assert (table.loc[table["kind"] == "file", "rows"] > 0).all()


OTHERS = sorted(path for path in sample("constructed_120_days.csv").parent.rglob("*.csv"))
REFUSED = {
    "ja_campaign_cp932.csv": "date",
    "tiktok_ad_history_data.csv": "the header of an Ads Manager export",
    "tiktok_ad_report_hourly_data.csv": "the campaign of every row",
    "tiktok_adgroup_history_data.csv": "the header of an Ads Manager export",
    "tiktok_adgroup_report_hourly_data.csv": "the campaign of every row",
    "tiktok_advertiser_data.csv": "the header of an Ads Manager export",
    "tiktok_campaign_history_data.csv": "the header of an Ads Manager export",
}


def test_every_sample_file_is_either_taken_or_told_why_not():
    names = {path.name for path in OTHERS}
    taken = {*BY_DAY, "constructed_120_days.csv"}
    assert set(REFUSED) | taken <= names
    # The rest are warehouse tables of campaigns by day or hour, which can be read as an export.
    assert names - set(REFUSED) - taken == set(WAREHOUSE)


@pytest.mark.parametrize(("name", "told"), REFUSED.items(), ids=REFUSED)
def test_a_file_that_cannot_calibrate_is_refused_in_one_sentence(call, name, told):
    answer = call("run", "agency", "--report", sample(name), *QUICK)
    refused(answer, told, name)


def refused(answer: Answer, *words: str) -> None:
    """Check a refusal: exit code 2, one sentence on the error stream, no traceback, nothing written."""
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    lines = answer.err.strip().splitlines()
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("pixelsim: ")
    for word in words:
        assert word in lines[0], lines[0]
    assert not answer.folder.exists()


def test_files_that_are_no_exports_are_refused(call, tmp_path):
    contents = {
        "empty.csv": b"",
        "bytes.csv": bytes(range(256)) * 40,
        "words.csv": b"this is no export\nat all\n",
        "header.csv": b"By Day,Campaign name,Cost,Impressions,Clicks (destination),Conversions,Currency\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        refused(call("run", "agency", "--report", name, *QUICK), name)
    refused(call("run", "agency", "--report", "missing.csv", *QUICK), "missing.csv", "No such file")
    (tmp_path / "nothing").mkdir()
    refused(call("run", "agency", "--report", "nothing", *QUICK), "a folder with exports")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("mine.toml", "No such file")),
        (b"", ("websites", "at least one website")),
        (b"\xff\xfe\x00", ("UTF-8",)),
        (b"days = = 3\n", ("line 1, column 8", "valid TOML")),
        (b"[[traffic.delivery]]\nad_group = 'g'\n", ("mine.toml",)),
    ],
    ids=["missing", "empty", "undecodable", "broken", "incomplete"],
)
def test_scenario_files_with_faults_are_refused(call, tmp_path, content, words):
    if content is not None:
        (tmp_path / "mine.toml").write_bytes(content)
    answer = call("run", "mine.toml", "--replications", 1)
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err
    assert not answer.folder.exists()


def test_a_negative_budget_in_a_scenario_file_is_told_with_its_place(call, tmp_path):
    text = (data_folder() / "scenarios" / "agency.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("daily_budget = 120.0", "daily_budget = -120.0"), encoding="utf-8")
    refused(call("run", "mine.toml"), "$.traffic.delivery[1].daily_budget", "-120.0", "at least 0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), ("scenario 'nowhere' does not exist", "agency")),
        (("agenci",), ("did you mean 'agency'",)),
        (("agency", "--preset", "stric"), ("preset 'stric' does not exist", "did you mean 'strict'")),
        (("agency", "--unshare-first", "99"), ("between 0 and 14, the day of the first stop",)),
        (("agency", "--unshare-first", "nan"), ("between 0 and 14",)),
        (("ending_never", "--unshare-first", "1"), ("at least one stop and one unshare",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and value[0].islower() else None,
)
def test_names_and_numbers_that_do_not_fit_are_refused(call, arguments, words):
    refused(call("run", *arguments), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--seed", "-1"), ("--seed", "0")),
        (("--seed", "many"), ("--seed", "integer")),
        (("--replications", "0"), ("--replications", "1")),
        (("--days", "0"), ("--days", "1")),
        (("--workers", "0"), ("--workers", "1")),
        (("--organic-sessions", "-3"), ("--organic-sessions", "0")),
        (("--sede", "3"), ("--sede", "--seed")),
    ],
    ids=lambda value: " ".join(value) if value[0].startswith("--") and len(value) == 2 and value[1] != "0" else None,
)
def test_options_out_of_range_are_refused_by_name(call, arguments, words):
    answer = call("run", "agency", *arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    last = answer.err.strip().splitlines()[-1]
    assert all(word in answer.err for word in words), answer.err
    assert last.startswith("Error: ")
    assert not answer.folder.exists()


def test_a_plan_after_the_end_is_told_step_by_step(call):
    answer = call("run", "agency", "--days", 10)
    assert answer.code == 2
    assert answer.err.count("before the end, day 10") == 3
    assert not answer.folder.exists()


def test_a_file_in_the_place_of_the_folder_is_refused_and_kept(call, tmp_path):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    answer = call("run", "agency", *QUICK, out="taken")
    assert answer.code == 2
    assert "must be a folder" in answer.err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written_to_is_refused(call):
    answer = call("run", "agency", *QUICK[:2], "--replications", 1, out="/proc/nowhere")
    assert answer.code == 2
    assert "a folder to write to" in answer.err
    assert "Traceback" not in answer.err
