"""Files of any kind: what each is recognised as, alone and in folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange.gather import Gathered, gather, read_report

EVENTS = "event,event_id,timestamp,value,currency\nPurchase,e1,2025-01-01T00:00:00Z,10,EUR\n"


def kinds(found: Gathered) -> tuple[int, int, int, int]:
    return len(found.reports), len(found.hourly), len(found.events), len(found.answers)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("constructed_120_days.csv", (1, 0, 0, 0)),
        ("ads_manager_and_api/campaign_report_dimension_A1.xlsx", (1, 0, 0, 0)),
        ("ads_manager_and_api/ja_campaign_cp932.csv", (1, 0, 0, 0)),
        ("ads_manager_and_api/api_report_integrated_get.json", (1, 0, 0, 1)),
        ("ads_manager_and_api/api_pixel_list.json", (0, 0, 0, 1)),
        ("ads_manager_and_api/events_api_payloads.json", (0, 0, 1, 0)),
        ("api_report_rows", (1, 0, 0, 1)),
        ("warehouse_fivetran", (1, 1, 0, 0)),
        ("ads_manager_and_api", (5, 0, 1, 1)),
        # One report of warehouse tables, the five above, the long one, and all answers together.
        (".", (8, 1, 1, 1)),
    ],
)
def test_each_sample_is_recognised_by_what_it_holds(samples: Path, name: str, kind: tuple[int, int, int, int]):
    assert kinds(gather([samples / name])) == kind


def test_a_table_without_the_header_of_an_export_is_a_log_of_events(write):
    found = gather([write(EVENTS)])
    assert kinds(found) == (0, 0, 1, 0)
    assert found.events[0].frame["value"].tolist() == [10.0]


def test_several_files_and_folders_are_read_in_the_order_given(samples: Path, write):
    found = gather([write(EVENTS), samples / "warehouse_fivetran", samples / "constructed_120_days.csv"])
    assert [report.source for report in found.reports] == [
        "tiktok_ad_report_hourly_data.csv",
        "constructed_120_days.csv",
    ]
    assert not found.mismatch


def test_the_faults_of_all_files_come_at_once(write):
    paths = [
        write("nothing,known\n1,2\n", name="one.csv"),
        write("[1, 2", name="two.json"),
        write("", name="three.csv"),
    ]
    with pytest.raises(InputError) as refused:
        gather(paths)
    assert {"one.csv", "two.json", "three.csv"} <= {f.place.split(",")[0] for f in refused.value.faults}


def test_a_folder_passes_over_what_is_something_else_but_not_what_is_damaged(tmp_path: Path, samples: Path):
    (tmp_path / "notes.txt").write_text("to do: call the agency\n", "utf-8")
    shutil.copy(samples / "ads_manager_and_api" / "ja_campaign_cp932.csv", tmp_path)
    found = gather([tmp_path])
    assert kinds(found) == (1, 0, 0, 0)
    assert found.passed_over == ("notes.txt has no header of an export and no events",)
    text = "Campaign name,Cost\na,1\nb,2\nTotal of 2 results,9\n"
    (tmp_path / "wrong.csv").write_text(text, "utf-8")
    with pytest.raises(InputError, match="TOTAL_MISMATCH"):
        gather([tmp_path])
    assert gather([tmp_path], accept_mismatch=True).mismatch


def test_answers_of_two_levels_are_two_reports(samples: Path, tmp_path: Path):
    shutil.copy(samples / "ads_manager_and_api" / "api_report_integrated_get.json", tmp_path)
    shutil.copy(samples / "api_report_rows" / "report_rows_transcribed.jsonl", tmp_path)
    found = gather([tmp_path])
    assert {report.level: len(report.frame) for report in found.reports} == {"campaign": 2, "ad": 3}
    assert [len(report.rejects) for report in found.reports] == [0, 0]
    assert sum(report.totals()["impressions"] for report in found.reports) == 118_707 + 15_689


def test_a_folder_of_nothing_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="a folder with exports, saved answers, warehouse tables or events"):
        gather([tmp_path])
    with pytest.raises(InputError, match="can be read"):
        gather([tmp_path / "nowhere.csv"])


def test_the_one_report_of_a_path(samples: Path):
    assert read_report(samples / "api_report_rows", currency="USD").currency == "USD"
    with pytest.raises(InputError, match="exactly one report"):
        read_report(samples / "ads_manager_and_api")
    with pytest.raises(InputError, match="'none', but must be exactly one report"):
        read_report(samples / "ads_manager_and_api" / "api_pixel_list.json")
