"""Field cases about files: keys, missing values, ids, headers, times, versions, totals, units and currencies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import read_export
from pixelsim.exchange.foreign import in_currency
from pixelsim.exchange.funnel import availability, funnel
from pixelsim.exchange.history import UNKNOWN, with_history
from pixelsim.exchange.ids import check_ids
from pixelsim.exchange.keys import require_key, upsert
from pixelsim.exchange.layouts import align_versions
from pixelsim.exchange.times import read_times
from pixelsim.exchange.units import in_major_units
from pixelsim.exchange.warehouse import read_warehouse

DAY_0 = pd.Timestamp("2025-03-01")


def save(folder: Path, text: str, encoding: str = "utf-8", name: str = "report.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_P103_unit_of_each_column_is_stated_never_guessed(tmp_path: Path):
    table = pd.DataFrame({"cost_micros": [704_600_000], "value_cents": [352_300]})
    read = in_major_units(table, {"cost_micros": "micros", "value_cents": "cents"})
    assert read["cost"].tolist() == [704.60]
    assert read["value"].tolist() == [3523.00]
    assert read["value"].iloc[0] / read["cost"].iloc[0] == pytest.approx(5.00, abs=1e-12)
    with pytest.raises(InputError) as refused:
        in_major_units(table)
    assert [fault.field for fault in refused.value.faults] == ["cost_micros", "value_cents"]
    # The same holds when the columns come in an export.
    path = save(tmp_path, "campaign_id,cost_micros,purchase_value_cents\nc1,704600000,352300\n")
    with pytest.raises(InputError, match="unit is stated"):
        read_export(path)
    report = read_export(path, units={"cost_micros": "micros", "purchase_value_cents": "cents"})
    assert report.frame[["spend", "purchase_value"]].iloc[0].tolist() == [704.60, 3523.00]


def test_P110_late_import_uses_the_days_own_rate_and_reimport_replaces():
    rates = pd.DataFrame(
        {"date": [DAY_0, DAY_0 + pd.Timedelta(days=39)], "currency": ["GBP", "GBP"], "rate": [1.20, 1.30]}
    )
    key = ("source", "campaign_id", "date")
    row = {"source": ["tiktok"], "campaign_id": ["c1"], "date": [DAY_0], "currency": ["GBP"], "spend": [100.0]}
    # Both imports happen on day 40, when the rate is 1.30.
    table = upsert(None, pd.DataFrame(row), key)
    assert in_currency(table, rates, "EUR")["spend_eur"].tolist() == pytest.approx([120.00])
    table = upsert(table, pd.DataFrame(row | {"spend": [110.0]}), key)
    value = in_currency(table, rates, "EUR")
    assert value["spend_eur"].tolist() == pytest.approx([132.00])
    assert len(table) == 1
    assert value[["spend", "currency"]].to_numpy().tolist() == [[110.0, "GBP"]]


def test_P119_key_without_the_day_would_lose_twelve_of_fifteen_rows(tmp_path: Path):
    rows = [f"g{group},2025-03-0{day},{group}" for group in (1, 2, 3) for day in (1, 2, 3, 4, 5)]
    report = read_export(save(tmp_path, "Ad group ID,By Day,Cost\n" + "\n".join(rows) + "\n"))
    assert report.frame["ad_group_id"].nunique() == 3
    with pytest.raises(InputError, match=r"12 rows would be lost \(KEY_TOO_SMALL\)"):
        require_key(report.frame, ["ad_group_id"])
    with pytest.raises(InputError, match="KEY_TOO_SMALL"):
        upsert(None, report.frame, ["ad_group_id"])
    assert report.key == ("ad_group_id", "date")
    assert len(upsert(None, report.frame, report.key)) == 15


def test_P123_account_comes_from_the_file_name_or_is_refused_for_several(tmp_path: Path):
    text = "Campaign name,Cost\na,1\nb,2\n"
    named = read_export(save(tmp_path, text, name="report_7000000000000000101_2025-03.csv"))
    assert named.frame["account_id"].tolist() == ["7000000000000000101"] * 2
    assert "account_id 7000000000000000101 taken from the file name" in named.notes
    two = "Account name,Campaign name,Cost\nEU,a,1\nUS,b,2\nEU,c,3\n"
    path = save(tmp_path, two, name="both_7000000000000000101.csv")
    with pytest.raises(InputError, match="NO_ACCOUNT_ID") as refused:
        read_export(path)
    assert [fault.place for fault in refused.value.faults] == ["rows 2, 4", "rows 3"]
    told = read_export(path, account={"EU": "101", "US": "102"})
    assert told.frame["account_id"].tolist() == ["101", "102", "101"]


def test_P125_absent_empty_and_zero_are_three_things(tmp_path: Path):
    files = {
        "absent": "Campaign name,Clicks,Purchases\na,100,5\nb,50,1\n",
        "empty": "Campaign name,Clicks,Add to cart,Purchases\na,100,,5\nb,50,-,1\n",
        "zero": "Campaign name,Clicks,Add to cart,Purchases\na,100,0,5\nb,50,0,1\n",
    }
    reports = {name: read_export(save(tmp_path, text, name=f"{name}.csv")) for name, text in files.items()}
    states = {name: availability(report, "add_to_cart") for name, report in reports.items()}
    assert states == {"absent": "NOT_AVAILABLE", "empty": "EMPTY", "zero": "AVAILABLE"}
    assert "add_to_cart" not in reports["absent"].frame
    assert reports["empty"].frame["add_to_cart"].isna().all()
    assert reports["zero"].frame["add_to_cart"].tolist() == [0.0, 0.0]
    steps = ["clicks", "add_to_cart", "purchases"]
    for name in ("absent", "empty"):
        with pytest.raises(InputError, match="add_to_cart"):
            funnel(reports[name], steps)
    made = funnel(reports["zero"], steps)
    assert made["total"].tolist() == [150.0, 0.0, 6.0]
    assert made["rate"].iloc[1] == 0.0
    assert np.isnan(made["rate"].iloc[2])
    assert funnel(reports["absent"], ["clicks", "purchases"])["rate"].iloc[1] == 6 / 150


def test_P127_renamed_campaign_keeps_its_spend():
    report = pd.DataFrame({"campaign_id": ["c1"] * 9, "date": pd.date_range(DAY_0, periods=9), "spend": [10.0] * 9})
    history = pd.DataFrame(
        {
            "campaign_id": ["c1"] * 3,
            "campaign_name": ["A", "B", "C"],
            "updated_at": [DAY_0 + pd.Timedelta(days=d) for d in (0, 3, 6)],
        }
    )
    naive = report.merge(history, on="campaign_id")["spend"].sum()
    assert naive == 270.0
    latest = with_history(report, history, "campaign_id", name="campaign_name")
    assert latest.groupby("campaign_name")["spend"].sum().to_dict() == {"C": 90.0}
    by_day = with_history(report, history, "campaign_id", name="campaign_name", version="on_day")
    assert by_day.groupby("campaign_name")["spend"].sum().to_dict() == {"A": 30.0, "B": 30.0, "C": 30.0}
    shuffled = with_history(
        report.sample(frac=1, random_state=1),
        history.iloc[[2, 0, 1]],
        "campaign_id",
        name="campaign_name",
        version="on_day",
    )
    assert shuffled.groupby("campaign_name")["spend"].sum().to_dict() == {"A": 30.0, "B": 30.0, "C": 30.0}


@pytest.mark.parametrize("version", ["latest", "on_day"])
def test_P128_ids_come_from_the_report_not_from_the_history(version: str):
    report = pd.DataFrame({"ad_id": [str(k) for k in range(10)], "date": [DAY_0] * 10, "spend": [1.0] * 10})
    history = pd.DataFrame(
        {"ad_id": [str(k) for k in range(8)], "ad_name": [f"ad {k}" for k in range(8)], "updated_at": [DAY_0] * 8}
    )
    named = with_history(report, history, "ad_id", name="ad_name", version=version)
    assert named["ad_id"].tolist() == report["ad_id"].tolist()
    assert (named["ad_name"] == UNKNOWN).sum() == 2
    assert named["ad_id"].isna().sum() == 0
    with pytest.raises(InputError, match="an id in every row"):
        with_history(report.assign(ad_id=None), history, "ad_id", name="ad_name", version=version)


def warehouse(folder: Path, report: list[str], history: list[str]) -> Path:
    """Write a warehouse's report by day and its history of campaigns."""
    save(folder, "campaign_id,stat_time_day,spend\n" + "\n".join(report) + "\n", name="campaign_report_daily.csv")
    head = "campaign_id,campaign_name,updated_at\n"
    save(folder, head + "\n".join(history) + "\n", name="campaign_history.csv")
    return folder


def test_P127_P128_hold_when_warehouse_tables_are_imported(tmp_path: Path):
    renamed = [f"c1,{name},2025-03-{day:02d}T00:00:00Z" for name, day in (("A", 1), ("B", 4), ("C", 7))]
    days = [f"c1,2025-03-{day:02d},10" for day in range(1, 10)]
    (tmp_path / "renamed").mkdir()
    folder = warehouse(tmp_path / "renamed", days, renamed)
    frames = {version: read_warehouse(folder, version=version).frame for version in ("latest", "on_day")}
    spend = {version: frame.groupby("campaign_name")["spend"].sum() for version, frame in frames.items()}
    assert spend["latest"].to_dict() == {"C": 90.0}
    assert spend["on_day"].to_dict() == {"A": 30.0, "B": 30.0, "C": 30.0}
    (tmp_path / "lost").mkdir()
    folder = warehouse(
        tmp_path / "lost",
        [f"c{k},2025-03-01,1" for k in range(10)],
        [f"c{k},campaign {k},2025-03-01T00:00:00Z" for k in range(8)],
    )
    frame = read_warehouse(folder).frame
    assert frame["campaign_id"].tolist() == [f"c{k}" for k in range(10)]
    assert (frame["campaign_name"] == UNKNOWN).sum() == 2
    assert frame["spend"].sum() == 10.0


def test_P129_ids_are_text_and_rounded_ones_are_found(tmp_path: Path):
    true = ["7654321098765432109", "39089837499752854", "39089837499752864"]
    read = ["7654321098765432109", "7654321098765430000", "3.91E+16", "39089837499752854", "39089837499752864"]
    found = check_ids(read, known=true)
    assert found["status"].tolist() == ["OK", "LIKELY_ROUNDED", "REFUSED", "OK", "OK"]
    assert found["id"].tolist()[0] == "7654321098765432109"
    assert str(int(float(read[0]))) == "7654321098765431808"  # what a float would have made of it
    assert found.loc[1, "candidates"] == "7654321098765432109"
    assert pd.isna(found.loc[2, "id"])
    assert found["id"].tolist()[3:] == true[1:]
    # Through a file and out again, the last two stay different.
    from pixelsim.exchange.export import write_export

    path = save(tmp_path, "Campaign ID,Cost\n" + "".join(f"{i},1\n" for i in (read[0], *read[3:])))
    report = read_export(write_export(read_export(path), tmp_path / "again.csv"))
    assert report.frame["campaign_id"].tolist() == [read[0], *read[3:]]


@pytest.mark.parametrize(
    ("text", "encoding", "noted"),
    [
        ("\ufeffcampaign_id,spend\nc1,5\n", "utf-8", True),
        ('\ufeff"campaign_id","spend"\nc1,5\n', "utf-8", True),
        ("campaign_id,spend\nc1,5\n", "utf-16", True),
        ("campaign_id,spend\nc1,5\n", "utf-8", False),
    ],
    ids=["mark", "quoted", "utf-16", "none"],
)
def test_P130_byte_order_mark_is_taken_off_the_first_header(tmp_path: Path, text: str, encoding: str, noted: bool):
    report = read_export(save(tmp_path, text, encoding))
    assert list(report.frame.columns) == ["campaign_id", "spend", "source_row"]
    assert report.frame.iloc[0].tolist() == ["c1", 5.0, 2]
    assert any("byte-order mark" in note for note in report.notes) == noted


def test_P131_headers_in_german_by_alias_and_never_by_position(tmp_path: Path):
    first = save(tmp_path, "Kampagnen-ID;Ausgaben;Datum\nc1;1,50;2025-03-01\n", name="first.csv")
    second = save(tmp_path, "Datum;Kampagnen-ID;Ausgaben\n2025-03-01;c1;1,50\n", name="second.csv")
    frames = [read_export(p, languages=["de"]).frame for p in (first, second)]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert frames[0].iloc[0][["campaign_id", "spend"]].tolist() == ["c1", 1.5]
    with pytest.raises(InputError) as refused:
        read_export(first, languages=["en"])
    message = str(refused.value)
    assert "Kampagnen-ID; Ausgaben; Datum" in message
    assert "'Kampagnen-ID' (nearest known: 'Campaign ID'" in message


def test_P133_seconds_milliseconds_and_iso_are_told_apart():
    wanted = dt.datetime(2023, 1, 6, 19, 1, 30, tzinfo=dt.UTC)
    for cell, extra in (("1673031690", 0), ("1673031690121", 121), ("2023-01-06T19:01:30Z", 0)):
        at = read_times([cell]).instants[0].astype("datetime64[ms]").astype(object).replace(tzinfo=dt.UTC)
        assert at == wanted + dt.timedelta(milliseconds=extra)
    refused = read_times(["1673031690", "x", "0"], column="event_time")
    assert refused.rejects[["row", "value"]].to_numpy().tolist() == [[3, "x"], [4, "0"]]
    assert np.isnat(refused.instants[1:]).all()
    mixed = ["1673031690", "1673031690121"]
    with pytest.raises(InputError, match="times in one unit"):
        read_times(mixed)
    assert read_times(mixed, by_size=True).instants.astype(np.int64).tolist() == [1673031690000, 1673031690121]
    # Milliseconds declared as seconds are a year over 50,000, and refused as such.
    assert read_times(["1673031690121"], unit="s").rejects["row"].tolist() == [2]


def test_P135_versions_are_converted_and_unlike_columns_stay_apart():
    first = pd.DataFrame({"active": [0, 1], "age": ["25-34", "35-44"]})
    second = pd.DataFrame({"active": ["true", "false"], "age_groups": [["25-34", "35-44"], ["18-24"]]})
    both = align_versions({"v1": first, "v2": second})
    assert both["active"].tolist() == [False, True, True, False]
    assert both["age"].tolist()[:2] == ["25-34", "35-44"]
    assert both["age"].isna().tolist() == [False, False, True, True]
    assert both["age_groups"].tolist()[2:] == [["25-34", "35-44"], ["18-24"]]
    with pytest.raises(InputError, match="three-letter code") as refused:
        align_versions({"v1": first, "v2": second.assign(currency=True)})
    assert [fault.place for fault in refused.value.faults] == ["v2, row 1", "v2, row 2"]
    with pytest.raises(InputError, match="unlike types are not merged"):
        align_versions({"v1": first, "v2": second.rename(columns={"age_groups": "age"})})


def test_P136_row_of_totals_is_recognised_and_checked(tmp_path: Path):
    def text(total: int) -> str:
        rows = "".join(f"campaign {k},2025-03-01,10\n" for k in range(10))
        return f"Report of March 2025\nCampaign name,By Day,Cost\n{rows}Total,--,{total}\n"

    report = read_export(save(tmp_path, text(100)))
    assert len(report.frame) == 10
    assert report.totals()["spend"] == 100.0
    assert report.checks[["sum_of_rows", "footer", "ok"]].to_numpy().tolist() == [[100.0, 100.0, True]]
    wrong = save(tmp_path, text(110), name="wrong.csv")
    with pytest.raises(InputError, match="TOTAL_MISMATCH") as refused:
        read_export(wrong)
    (fault,) = refused.value.faults
    assert fault.value == "110"
    assert "100, the sum of the 10 accepted rows" in fault.rule
    assert read_export(wrong, accept_mismatch=True).mismatch
