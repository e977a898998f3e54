"""Warehouse tables: hours to days, names from histories, ids that no history has."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import calibrate
from pixelsim.exchange.history import UNKNOWN
from pixelsim.exchange.warehouse import WarehouseLevel, read_warehouse


@pytest.mark.parametrize(("level", "table"), [("campaign", "campaign"), ("ad_group", "adgroup"), ("ad", "ad")])
@pytest.mark.parametrize("version", ["latest", "on_day"])
def test_sample_keeps_every_number_of_its_report(samples: Path, level: WarehouseLevel, table: str, version: str):
    folder = samples / "warehouse_fivetran"
    report = read_warehouse(folder, level=level, version=version)  # type: ignore[arg-type]
    raw = pd.read_csv(folder / f"tiktok_{table}_report_hourly_data.csv")
    for column, name in (("SPEND", "spend"), ("IMPRESSIONS", "impressions"), ("CLICKS", "clicks")):
        assert report.frame[name].sum() == pytest.approx(raw[column].sum())
    assert f"{level}_name" in report.frame.columns


def _tables(folder: Path) -> None:
    (folder / "campaign_report_hourly.csv").write_text(
        "campaign_id,stat_time_hour,spend,impressions,clicks,conversion,reach\n"
        "1,2025-03-01 05:00:00,1.50,1000,10,1,900\n"
        "1,2025-03-01 06:00:00,2.50,1500,20,,800\n"
        "1,2025-03-05 06:00:00,4.00,2500,30,2,2000\n"
        "9,2025-03-05 06:00:00,8.00,5000,50,3,4000\n",
        "utf-8",
    )
    (folder / "campaign_history.csv").write_text(
        "campaign_id,updated_at,advertiser_id,campaign_name\n"
        "1,2025-02-01 00:00:00,70,old\n"
        "1,2025-03-03 00:00:00,70,new\n",
        "utf-8",
    )
    (folder / "advertiser.csv").write_text("id,currency\n70,EUR\n", "utf-8")


def test_hours_are_added_up_and_missing_stays_missing(tmp_path: Path):
    _tables(tmp_path)
    report = read_warehouse(tmp_path)
    frame = report.frame.set_index(["campaign_id", "date"])
    day = frame.loc[("1", pd.Timestamp("2025-03-01"))]
    assert (day["spend"], day["impressions"], day["conversions"]) == (4.0, 2500.0, 1.0)
    assert day["cpm"] == pytest.approx(1.6)
    assert "reach" not in report.frame.columns
    hours = read_warehouse(tmp_path, by_hour=True)
    assert len(hours.frame) == 4
    assert hours.frame["source_row"].tolist() == [2, 3, 4, 5]


def test_versions_never_multiply_rows_and_unknown_ids_stay(tmp_path: Path):
    _tables(tmp_path)
    latest = read_warehouse(tmp_path)
    assert latest.frame["campaign_name"].tolist() == ["new", "new", UNKNOWN]
    on_day = read_warehouse(tmp_path, version="on_day")
    assert on_day.frame["campaign_name"].tolist() == ["old", "new", UNKNOWN]
    for report in (latest, on_day):
        assert report.totals()["spend"] == 16.0
        assert report.frame["campaign_id"].tolist() == ["1", "1", "9"]
        assert report.frame["account_id"].tolist() == ["70", "70", UNKNOWN]
    assert latest.frame["currency"].tolist()[:2] == ["EUR", "EUR"]
    assert any("in no history" in note for note in latest.notes)


def test_warehouse_report_can_be_calibrated_from(samples: Path):
    report = read_warehouse(samples / "warehouse_fivetran", level="ad_group")
    assert calibrate(report).structure.ad_groups


@pytest.mark.parametrize(
    "text", ["", "\n", "a,b\n1,2\n", 'campaign_id,stat_time_hour,spend\n"1', "campaign_id,spend\n"]
)
def test_broken_tables_are_refused(tmp_path: Path, text: str):
    (tmp_path / "campaign_report_hourly.csv").write_text(text, "utf-8")
    with pytest.raises(InputError):
        read_warehouse(tmp_path)


def test_folder_without_tables_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such table"):
        read_warehouse(tmp_path)
