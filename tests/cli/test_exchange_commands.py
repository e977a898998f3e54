"""The commands about files: what they print, what they write, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.cli.exchange import (
    SHAPES,
    audit_files,
    backtest_file,
    export_run,
)
from pixelsim.cli.histories import report_of_run, stats_of_run
from pixelsim.exchange import read_api_folder, read_events
from pixelsim.exchange.gather import gather, read_report
from pixelsim.scenario.builtin import scenario
from pixelsim.study.run import Run, run

SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture(scope="module")
def agency() -> Run:
    """One history of the agency's scenario, with the seed that the command takes by default."""
    return run(scenario("agency"), seed=1)


def test_audit_prints_findings_with_rows_and_counts_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "log.csv"
    path.write_text(
        "event,event_id,timestamp,value,currency,email\n"
        "Purchase,e1,2025-01-01T00:00:00Z,10,EUR,ann@example.com\n"
        "Purchase,e1,2025-01-01T01:00:00Z,10,EUR,\n"
        "Purchase,,2025-01-01T02:00:00Z,-3,EUR,\n"
        "Purchase,e3,yesterday,4,EUR,\n",
        "utf-8",
    )
    found = audit_files([path], out=tmp_path / "out")
    told = capsys.readouterr().out
    assert found == 3  # duplicates, no event id, negative values
    for words in ("duplicates", "negative values", "kept 2", "yesterday", "came unhashed", "not told"):
        assert words in told
    assert "ann@example" not in told
    written = pd.read_csv(tmp_path / "out" / "log_findings.csv").set_index("finding")
    assert written.loc["duplicates", "rows"] == 3
    assert written.loc["negative values", "rows"] == 4


def test_backtest_prints_bands_beside_the_spreadsheet_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    found = backtest_file(SAMPLES / "constructed_120_days.csv", replications=300, out=tmp_path)
    told = capsys.readouterr().out
    for words in ("inside 90 %", "sheet 90 %", "clicks", "Drift"):
        assert words in told
    table = pd.read_csv(tmp_path / "backtest.csv")
    assert table["quantity"].tolist() == found.table["quantity"].tolist()
    assert len(pd.read_csv(tmp_path / "backtest_days.csv")) == 60 * len(table)


@pytest.mark.parametrize("shape", ["export", "api", "warehouse"])
def test_a_run_written_as_a_report_reads_back_with_its_numbers(tmp_path: Path, agency: Run, shape: str):
    out = tmp_path / {"export": "r.csv", "api": "report_integrated_get.json", "warehouse": "tables"}[shape]
    export_run("agency", shape=shape, out=out)
    reports = gather([out]).reports
    made = report_of_run(agency)
    # An answer of the API names its ad accounts, each of which is a report of its own.
    assert len(reports) == (made["account_id"].nunique() if shape == "api" else 1)
    totals = pd.DataFrame([report.totals() for report in reports]).sum()
    for name in ("spend", "impressions", "clicks", "conversions", "purchases"):
        assert totals[name] == pytest.approx(made[name].sum(), rel=1e-12), name
    assert totals["impressions"] == agency.delivery()["impressions"].sum()
    assert {report.currency for report in reports} == {"USD"}


def test_conversions_of_a_report_are_the_metric_that_the_account_reads(agency: Run):
    made = report_of_run(agency, "acc_brand")
    metrics = agency.metrics(level="ad_group")
    own = metrics[
        (metrics["account"] == "acc_brand")
        & (metrics["rule"] == "R27")
        & (metrics["surface"] == "Ads Manager")
        & (metrics["event"] == "Purchase")
        & metrics["object"].isin(made["ad_group_id"].unique())
    ].drop_duplicates("object")
    assert made["purchases"].sum() == own["value"].astype(float).sum()
    assert set(made["account_id"]) == {"acc_brand"}


def test_events_and_statistics_of_a_run(tmp_path: Path, agency: Run):
    log = agency.log()
    heard = log[log["fate"].astype(str) != "lost"]
    (events,) = export_run("agency", shape="events", out=tmp_path / "events.jsonl")
    frame = read_events(events).frame
    assert len(frame) == len(heard)
    assert frame["value"].sum() == pytest.approx(heard["value"].astype(float).sum())
    assert frame["event"].value_counts().to_dict() == heard["event"].astype(str).value_counts().to_dict()
    (path,) = export_run("agency", shape="stats", out=tmp_path / "pixel_event_stats.json", account="acc_brand")
    stats = read_api_folder(path).event_stats().set_index("event")
    kept = log[log["fate"].astype(str) == "kept"]
    assert stats["total"].sum() == len(kept)
    np.testing.assert_array_equal(stats["browser"] + stats["server"], stats["total"])
    credited = kept[(kept["credit"].astype(str) == "credited") & (kept["account"].astype(str) == "acc_brand")]
    assert stats["attributed"].sum() == len(credited)


def test_an_unlinked_account_gets_no_statistics(agency: Run):
    with pytest.raises(InputError, match="linked to a pixel"):
        stats_of_run(agency, "acc_agency")


def test_any_report_is_told_by_what_it_is():
    assert read_report(SAMPLES / "constructed_120_days.csv").level == "ad"
    api = read_report(SAMPLES / "ads_manager_and_api" / "api_report_integrated_get.json", currency="KRW")
    assert api.currency == "KRW"
    assert len(read_report(SAMPLES / "warehouse_fivetran").frame) == 4
    assert len(read_report(SAMPLES / "api_report_rows").frame) == 3


def test_wrong_names_and_places_are_refused(tmp_path: Path):
    with pytest.raises(UnknownNameError, match="shape"):
        export_run("agency", shape="xml", out=tmp_path / "x")
    with pytest.raises(UnknownNameError, match="ad account"):
        export_run("agency", shape="api", out=tmp_path / "x.json", account="acc_brnd")
    with pytest.raises(InputError, match="asks for statistics"):
        export_run("agency", shape="stats", out=tmp_path / "x.json")
    blocked = tmp_path / "file"
    blocked.write_text("x", "utf-8")
    for shape in SHAPES:
        with pytest.raises(InputError):
            export_run("agency", shape=shape, out=blocked / "x", account="acc_brand")
    with pytest.raises(InputError):
        audit_files([tmp_path / "nowhere.csv"])
    with pytest.raises(InputError):
        backtest_file(tmp_path / "nowhere.csv")
    assert blocked.read_text("utf-8") == "x"


def test_a_failed_answer_is_no_report(tmp_path: Path):
    path = tmp_path / "report_integrated_get.json"
    path.write_text(json.dumps({"code": 40100, "message": "Too many requests", "data": {}}), "utf-8")
    with pytest.raises(InputError, match="40100"):
        read_report(path)
