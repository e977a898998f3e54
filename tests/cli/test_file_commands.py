"""The commands that read files: what is printed of each kind, exit codes, and the calibrated scenario."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pixelsim.base.tables import read_parquet
from pixelsim.cli.app import main
from pixelsim.scenario import load_scenario

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
WRONG = "By Day,Campaign name,Cost,Impressions\n2025-03-01,a,10.00,100\n2025-03-02,a,20.00,200\nTotal,-,31.00,300\n"


def called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Call the command line and give exit code, output and errors."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("constructed_120_days.csv", ["7200 ad rows", "97,608,629", "yes, equal", "last row read as totals"]),
        (
            "ads_manager_and_api/api_report_integrated_get.json",
            ["report/integrated/get", "complete", "2 campaign rows"],
        ),
        ("ads_manager_and_api/events_api_payloads.json", ["2 events", "AddToCart", "read as 'Purchase'"]),
        ("ads_manager_and_api/api_pixel_list.json", ["pixel/list", "4"]),
        ("warehouse_fivetran", ["4 ad rows", "hours added up to days", "CAN, USD are never added up"]),
        ("api_report_rows", ["3 ad rows", "columns not known and not read"]),
    ],
)
def test_import_says_what_each_kind_of_file_is(capsys: pytest.CaptureFixture[str], name: str, words: list[str]):
    code, out, _ = called(capsys, "import", SAMPLES / name)
    assert code == 0
    for word in words:
        assert word in out


def test_import_prints_everything_and_then_refuses_totals_that_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path, good = tmp_path / "wrong.csv", SAMPLES / "ads_manager_and_api" / "ja_campaign_cp932.csv"
    path.write_text(WRONG, "utf-8")
    code, out, err = called(capsys, "import", path, good)
    assert code == 2
    assert "TOTAL_MISMATCH" in err
    assert "spend is '31'" in err
    assert "--accept-mismatch" in err
    (spend,) = [line.split("│")[1:5] for line in out.splitlines() if line.startswith("│ spend")][:1]
    assert [cell.strip() for cell in spend] == ["spend", "30", "31", "no"]
    assert "accepted" not in out
    assert "ja_campaign_cp932.csv" in out
    code, out, err = called(capsys, "import", path, "--accept-mismatch")
    assert (code, err) == (0, "")
    assert "TOTAL_MISMATCH accepted for spend" in out


def test_import_lists_what_was_left_out_with_its_row_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "odd.csv"
    path.write_text("By Day,Campaign name,Cost\n2025-03-01,a,10.00\n2025-03-02,a,ten\nnever,a,3.00\n", "utf-8")
    code, out, _ = called(capsys, "import", path)
    assert code == 0
    assert "Left out" in out
    assert {line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")} >= {"3", "4"}


def test_answers_that_all_failed_are_shown_and_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "report_integrated_get.json"
    path.write_text('{"code": 40105, "message": "Access token is incorrect", "data": {}}', "utf-8")
    code, out, err = called(capsys, "import", path)
    assert code == 2
    assert "Access token is incorrect" in out
    assert "at least one call that succeeded" in err


def test_calibrate_writes_a_scenario_that_says_where_numbers_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "mine.toml"
    code, told, _ = called(capsys, "calibrate", SAMPLES / "constructed_120_days.csv", "-o", out)
    assert code == 0
    for words in ("UK retargeting 2025", "±", "life of ads", "default, since no file has events", "Scenario written"):
        assert words in told
    text = out.read_text("utf-8")
    assert text.startswith("# Made from:\n#   constructed_120_days.csv: 7200 ad rows")
    assert "# file: constructed_120_days.csv: 120 campaign days; cpm" in text
    assert load_scenario(out).title.endswith("calibrated from constructed_120_days.csv")
    code, told, _ = called(capsys, "calibrate", SAMPLES / "constructed_120_days.csv")
    assert told.strip() == text.strip()


def test_calibrate_refuses_currencies_that_cannot_be_added_up(capsys: pytest.CaptureFixture[str]):
    code, _, err = called(capsys, "calibrate", SAMPLES / "ads_manager_and_api")
    assert code == 2
    assert "one currency over all reports" in err


def test_an_accepted_mismatch_is_on_every_row_that_is_made_from_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = "".join(f"2025-03-{d:02d},c1,Spring,10.00,{4000 + 10 * d},40,2,USD\n" for d in range(1, 31))
    head = "By Day,Campaign ID,Campaign name,Cost,Impressions,Clicks (destination),Conversions,Currency\n"
    path, mine, out = tmp_path / "wrong.csv", tmp_path / "mine.toml", tmp_path / "out"
    path.write_text(f"{head}{rows}Total of 30 results,-,-,999.00,124650,1200,60,\n", "utf-8")
    assert called(capsys, "calibrate", path, "-o", mine)[0] == 2
    assert not mine.exists()
    assert called(capsys, "calibrate", path, "-o", mine, "--organic-sessions", 30, "--accept-mismatch")[0] == 0
    assert "TOTAL_MISMATCH accepted" in mine.read_text("utf-8")
    # The mark goes with the scenario file, and into every table and the report.
    code, told, _ = called(capsys, "run", mine, "--days", 16, "--replications", 1, "--out", out)
    assert code == 0
    assert "TOTAL_MISMATCH accepted" in told
    tables = sorted(out.glob("*.csv"))
    assert len(tables) == len([p for p in out.glob("*.parquet") if p.stem != "one_possible_history"]) == 8
    for table in tables:
        frame = pd.read_csv(table)
        assert (frame["mark"] == "TOTAL_MISMATCH accepted").all()
        assert "mark" in read_parquet(table.with_suffix(".parquet"))
    assert "mark" in read_parquet(out / "one_possible_history.parquet")
    page = tmp_path / "page.html"
    assert called(capsys, "report", mine, "--days", 16, "--replications", 2, "-o", page)[0] == 0
    assert "TOTAL_MISMATCH accepted" in page.read_text("utf-8")
    code, told, _ = called(capsys, "backtest", path, "--accept-mismatch", "--out", out / "back")
    assert code == 0
    assert "TOTAL_MISMATCH accepted" in told
    assert all("mark" in pd.read_csv(table) for table in (out / "back").glob("*.csv"))


HEAD = "By Day,Campaign ID,Campaign name,Cost,Impressions,Clicks (destination),Conversions,Currency\n"


def two_campaigns(folder: Path) -> Path:
    """Write a report of 42 days in which the second of two campaigns ends after 30."""
    days = pd.date_range("2025-03-01", periods=42)
    rows = [
        f"{day:%Y-%m-%d},{key},{name},{20 + at % 3}.00,{5000 + 10 * at},100,{4 + at % 3},EUR\n"
        for key, name, length in (("c1", "Spring", 42), ("c2", "Winter", 30))
        for at, day in enumerate(days[:length])
    ]
    path = folder / "two.csv"
    path.write_text(HEAD + "".join(rows), "utf-8")
    return path


def test_calibrate_says_which_campaigns_have_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    target = tmp_path / "mine.toml"
    code, out, _ = called(capsys, "calibrate", two_campaigns(tmp_path), "-o", target)
    assert code == 0
    assert "Winter (ended 2025-03-30)" in out
    text = target.read_text("utf-8")
    head = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert "left out, since they spend nothing any more: Winter on 2025-03-30" in head
    assert "by the hour" not in head  # there are no hours, which is said once
    mine = load_scenario(target)
    assert {"c1", "c2"} & {c.id for c in mine.structure.campaigns} == {"c1"}


def test_a_spread_of_nothing_is_refused_with_its_place_when_the_file_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "mine.toml"
    called(capsys, "calibrate", two_campaigns(tmp_path), "-o", target)
    right = '[sources."traffic.delivery[c1 / ad group].cpm"]'
    text = target.read_text("utf-8")
    assert text.count(right) == 1
    target.write_text(text.replace(right, right.replace("c1", "c9")), "utf-8")
    code, _, err = called(capsys, "check", target)
    assert code == 2
    plain = " ".join(err.split())
    assert "$.sources[traffic.delivery[c9 / ad group].cpm].spread" in plain
    assert "did you mean 'traffic.delivery[c1 / ad group].cpm'" in plain


def test_a_folder_of_two_accounts_is_imported_account_by_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    ids = ("7000000000000000101", "7000000000000000102")
    infos = [
        {"advertiser_id": key, "currency": "USD", "timezone": zone}
        for key, zone in zip(ids, ("UTC", "Asia/Tokyo"), strict=True)
    ]
    (tmp_path / "advertiser_info.json").write_text(json.dumps({"code": 0, "message": "OK", "data": {"list": infos}}))
    for key in ids:
        rows = [
            {
                "dimensions": {"campaign_id": f"c{key[-1]}", "stat_time_day": f"2026-04-{day:02d} 00:00:00"},
                "metrics": {"spend": "10.00", "impressions": "2000", "clicks": "20", "conversion": "2"},
            }
            for day in range(1, 29)
        ]
        body = {"code": 0, "message": "OK", "data": {"list": rows}}
        (tmp_path / f"report_integrated_get_{key}.json").write_text(json.dumps(body))
    code, out, _ = called(capsys, "import", tmp_path)
    assert code == 0
    for key in ids:
        assert f"ad account {key}: 28 campaign rows" in out
    code, out, _ = called(capsys, "calibrate", tmp_path, "-o", tmp_path / "mine.toml")
    assert code == 0
    assert "several clocks (Asia/Tokyo, UTC)" in " ".join(out.split())
