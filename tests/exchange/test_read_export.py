from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.exchange import read_export

HEAD = "Campaign name,By Day,Cost,Impressions\n"


def refusal(path, **choices) -> str:
    """Read a file that must be refused with one clear sentence."""
    with pytest.raises(InputError) as refused:
        read_export(path, **choices)
    assert len(refused.value.faults) == 1
    return str(refused.value)


# The shipped samples, sums by hand from the text of the files


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("en_custom_report_ad_day_bom.csv", ("ad", True, "IDR", 15)),
        ("ko_ad_day_bom_dupheader.csv", ("ad", True, "KRW", 4)),
        ("ja_campaign_cp932.csv", ("campaign", False, "JPY", 2)),
        ("campaign_report_dimension_A1.xlsx", ("campaign", False, "KRW", 2)),
    ],
)
def test_sample_is_read_and_its_totals_agree(samples, name, shape):
    report = read_export(samples / "ads_manager_and_api" / name)
    assert (report.level, report.by_day, report.currency, len(report.frame)) == shape
    assert report.checks["ok"].all()
    assert set(report.checks["how"]) == {"equal"}
    assert {"spend", "impressions", "clicks", "conversions"} <= set(report.checks["column"])
    assert report.rate_checks["ok"].all()
    assert report.rejects.empty
    assert not report.mismatch


def test_japanese_sample_keeps_missing_apart_from_zero(samples):
    frame = read_export(samples / "ads_manager_and_api" / "ja_campaign_cp932.csv").frame
    assert frame["results"].isna().all()
    assert frame["conversions"].tolist() == [2.0, 0.0]
    assert frame["campaign_name"].tolist() == ["サンプルA　※コメントオフ", "サンプルB"]
    assert frame["budget"].tolist() == [7200.0, 5000.0]
    assert frame["ctr"].iloc[0] == 500 / 160000


def test_korean_sample_tells_number_and_value_apart_by_position(samples):
    report = read_export(samples / "ads_manager_and_api" / "ko_ad_day_bom_dupheader.csv")
    assert report.frame["purchases"].tolist() == [6.0, 2.0, 3.0, 5.0]
    assert report.frame["purchase_value"].tolist() == [1441212.0, 388122.0, 568512.0, 1210320.0]
    assert report.frame["campaign_id"].tolist() == ["1850000000000001"] * 4
    assert report.footer["reach"] == 193858.0
    assert "reach" not in set(report.checks["column"])
    assert "reach" not in report.totals()
    assert report.rate_checks.set_index("rate").loc["cvr", "basis"] == "impressions"


def test_spreadsheet_that_declares_one_cell_is_read_whole(samples):
    path = samples / "ads_manager_and_api" / "campaign_report_dimension_A1.xlsx"
    with zipfile.ZipFile(path) as book:
        assert b'<dimension ref="A1"' in book.read("xl/worksheets/sheet1.xml")
    report = read_export(path)
    assert report.frame["impressions"].tolist() == [1233794.0, 0.0]
    assert report.delimiter is None


def test_warehouse_tables_are_read_by_the_names_of_the_api(samples):
    report = read_export(samples / "warehouse_fivetran" / "tiktok_ad_report_hourly_data.csv")
    assert report.level == "ad"
    assert {"hour", "date", "ad_id", "spend", "reach"} <= set(report.frame.columns)
    assert "hour" in report.key


def test_constructed_sample_has_what_its_causes_say(samples):
    report = read_export(samples / "constructed_120_days.csv")
    assert len(report.frame) == 7200
    assert report.frame["ad_id"].nunique() == 60
    assert report.frame["ad_name"].nunique() == 5
    assert report.frame["date"].nunique() == 120
    assert not any("share all of" in note for note in report.notes)


# Shape


def test_frame_is_tidy_and_typed(write):
    report = read_export(write(HEAD + "a,2024-01-05,1.50,100\nb,2024-01-06,-,-\n"))
    assert report.frame["date"].dtype.kind == "M"
    assert report.frame["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-05", "2024-01-06"]
    assert report.frame["spend"].dtype == np.float64
    assert np.isnan(report.frame["spend"].iloc[1])
    assert report.frame["source_row"].tolist() == [2, 3]
    assert report.footer is None
    assert report.encoding == "utf-8"
    assert report.delimiter == ","


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_separator_is_recognised(write, delimiter):
    text = (HEAD + "a,2024-01-05,1,100\n").replace(",", delimiter)
    report = read_export(write(text))
    assert report.delimiter == delimiter
    assert report.frame["impressions"].tolist() == [100.0]


def test_decimal_comma_with_thousands(write):
    report = read_export(write("Kampagnenname;Datum;Kosten;Impressionen\na;05.01.2024;1.234,50;12.345\n"))
    assert report.frame[["spend", "impressions"]].iloc[0].tolist() == [1234.5, 12345.0]
    assert "decimal comma" in report.notes


def test_thousands_in_whole_numbers_are_no_decimals(write):
    report = read_export(write("Kampagnenname;Datum;Kosten;Impressionen\na;05.01.2024;7;1.234\nb;05.01.2024;7;900\n"))
    assert report.frame["impressions"].tolist() == [1234.0, 900.0]


def test_open_decimal_mark_is_refused_until_said(write):
    path = write("Kampagnenname;Datum;Kosten\na;05.01.2024;1.234\n")
    assert "decimal=" in refusal(path)
    assert read_export(path, decimal=",").frame["spend"].tolist() == [1234.0]
    assert read_export(path, decimal=".").frame["spend"].tolist() == [1.234]


def test_decimal_mark_that_shows_late_is_still_found(write):
    rows = "".join(f"a;2024-01-{k % 28 + 1:02d};{k}\n" for k in range(3000))
    report = read_export(write("Kampagnenname;Datum;Kosten\n" + rows + "b;2024-01-01;0,5\nb;2024-01-02;1\n"))
    assert report.frame["spend"].iloc[-2] == 0.5
    assert report.rejects.empty


def test_currency_from_column_header_or_sign(write):
    assert read_export(write("Campaign name,Cost,Currency\na,1,usd\n")).currency == "USD"
    assert read_export(write("Campaign name,Cost (EUR)\na,1\n")).currency == "EUR"
    assert read_export(write("Campaign name,Cost\na,€1.50\n")).currency == "EUR"
    assert read_export(write("Campaign name,Cost\na,$1.50\n")).currency is None


def test_amounts_of_two_currencies_are_never_added_up(write):
    path = write("Account ID,Campaign name,Cost,Impressions,Currency\n1,a,5,10,USD\n2,b,7,20,EUR\n")
    report = read_export(path)
    assert report.currency is None
    assert report.totals().to_dict() == {"impressions": 30.0}


def test_many_unknown_columns_are_listed_not_lost(write):
    extra = [f"In-app event {k} (SKAN)" for k in range(849)]
    rows = ["a,2024-01-05,1.5,100" + ",0" * 849, "b,2024-01-05,2.5,300" + ",-" * 849]
    report = read_export(write(HEAD.strip() + "," + ",".join(extra) + "\n" + "\n".join(rows) + "\n"))
    assert report.unknown_columns == tuple(extra)
    assert report.totals()["spend"] == 4.0


def test_title_lines_above_the_header_are_said(write):
    report = read_export(write("Daily report\n2024-01-05 ~ 2024-01-06\n\n" + HEAD + "a,2024-01-05,1,100\n"))
    assert report.frame["source_row"].tolist() == [5]
    assert any("header found in row 4" in note for note in report.notes)


def test_equal_columns_are_read_once_and_different_ones_refused(write):
    same = read_export(write("Campaign name,Cost,Total cost\na,1,1\nb,2,2\n"))
    assert same.frame["spend"].tolist() == [1.0, 2.0]
    assert "hold different values" in refusal(write("Campaign name,Cost,Total cost\na,1,1\nb,2,3\n"))


def test_names_repeat_so_all_keys_and_the_day_tell_rows_apart(write):
    text = "Campaign name,Ad group name,Ad name,By Day,Cost\n"
    text += "".join(f"c,{g},ad 1,2024-01-0{d},1\n" for g in ("g1", "g2") for d in (1, 2))
    report = read_export(write(text))
    assert report.key == ("campaign_name", "ad_group_name", "ad_name", "date")
    assert not any("share all of" in note for note in report.notes)
    again = read_export(write(text + "c,g1,ad 1,2024-01-01,1\n", name="again.csv"))
    assert len(again.frame) == 5
    assert any("2 rows share all of" in note for note in again.notes)


def test_days_with_conversions_and_no_impressions_are_kept_and_said(write):
    report = read_export(write("Campaign name,By Day,Impressions,Conversions\na,2024-01-05,0,2\na,2024-01-06,0,0\n"))
    assert report.frame["conversions"].sum() == 2.0
    assert any("conversions without impressions" in note for note in report.notes)
    assert any("zero throughout" in note for note in report.notes)


# Totals


def test_totals_of_an_unknown_language_are_recognised_by_structure(write):
    text = HEAD + "a,2024-01-05,1.25,100\nb,2024-01-05,2.50,300\nKaikki yhteensä,-,3.75,400\n"
    report = read_export(write(text))
    assert len(report.frame) == 2
    assert report.footer == {"spend": 3.75, "impressions": 400.0}


def test_totals_that_differ_are_refused_unless_accepted(write):
    path = write(HEAD + "a,2024-01-05,1,100\nb,2024-01-05,2,300\nTotal of 2 results,-,4,400\n")
    message = refusal(path)
    assert "TOTAL_MISMATCH" in message
    assert "row 4" in message
    report = read_export(path, accept_mismatch=True)
    assert report.mismatch
    assert report.checks.set_index("column")["ok"].to_dict() == {"spend": False, "impressions": True}
    assert "MISMATCH" in repr(report)


def test_row_left_out_makes_the_totals_differ(write):
    path = write(HEAD + "a,2024-01-05,1,100\nb,2024-01-05,x,300\nTotal of 2 results,-,3,400\n")
    with pytest.raises(InputError) as refused:
        read_export(path)
    text = str(refused.value)
    assert "TOTAL_MISMATCH" in text
    assert "row 3, column Cost: Cost is 'x'" in text
    report = read_export(path, accept_mismatch=True)
    assert report.rejects[["row", "column", "value"]].to_numpy().tolist() == [[3, "Cost", "x"]]


def test_truncated_row_of_totals_is_still_a_check_sum(write):
    path = write(HEAD + "a,2024-01-05,1,100\nb,2024-01-05,2,300\nTotal of 2 results,-,3")
    report = read_export(path)
    assert len(report.frame) == 2
    assert report.footer == {"spend": 3.0}


# Rejects


def test_rejects_carry_row_column_value_rule_and_remedy(write):
    rows = [
        "a,2024-01-05,1,100",
        "b,05/13/x,1,100",
        "-,2024-01-05,1,100",
        "c,2024-01-05,1,1.5",
        "d,2024-01-05,1",
        "e,2024-01-05,2,7",
    ]
    report = read_export(write(HEAD + "\n".join(rows) + "\n"))
    assert report.frame["campaign_name"].tolist() == ["a", "e"]
    assert report.rejects["row"].tolist() == [3, 4, 5, 6]
    assert report.rejects["column"].tolist() == ["By Day", "Campaign name", "Impressions", "row"]
    assert (report.rejects["remedy"] != "").all()
    assert any("4 rows left out" in note for note in report.notes)


def test_ids_rounded_by_a_spreadsheet_are_refused_or_repaired(write):
    path = write("Campaign ID,Cost\n1.73E+18,5\n")
    assert "not a rounded number" in refusal(path)
    path = write("Campaign ID,Cost\n7654321098765430000,5\n")
    assert "LIKELY_ROUNDED" in refusal(path)
    report = read_export(path, known_ids=["7654321098765432109"])
    assert report.frame["campaign_id"].tolist() == ["7654321098765432109"]
    assert any("repaired" in note for note in report.notes)


def test_short_tails_of_zeros_in_every_id_are_no_chance(write):
    ids = [f"17285453906{k:04d}0" for k in range(5200, 5206)]
    with pytest.raises(InputError, match="LIKELY_ROUNDED"):
        read_export(write("Ad ID,Cost\n" + "".join(f"{i},1\n" for i in ids)))
    ids[-1] = ids[-1][:-1] + "7"
    assert len(read_export(write("Ad ID,Cost\n" + "".join(f"{i},1\n" for i in ids))).frame) == 6


def test_one_id_in_many_may_end_in_zeros_by_chance(write):
    ids = [f"18500000001234{k:05d}" for k in range(9990, 10011)]
    report = read_export(write("Ad ID,Cost\n" + "".join(f"{i},1\n" for i in ids)))
    assert report.frame["ad_id"].tolist() == ids
    assert any("as chance allows" in note for note in report.notes)


def test_ids_as_numbers_in_a_spreadsheet_are_refused(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Campaign ID", "Cost"])
    book.active.append([7654321098765432109, 5])
    book.save(tmp_path / "ids.xlsx")
    assert "LIKELY_ROUNDED" in refusal(tmp_path / "ids.xlsx")


# Broken files


def test_missing_and_empty_files(tmp_path):
    assert "can be read" in refusal(tmp_path / "nowhere.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "0 bytes" in refusal(tmp_path / "empty.csv")
    assert "can be read" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["hello", "a,b,c\n1,2,3\n", "\n\n\n", "Date,Cost\n2024-01-05,1\n", "{}"])
def test_text_that_is_no_export(write, text):
    assert "header of an Ads Manager export" in refusal(write(text))


def test_export_without_rows(write):
    assert "at least one row" in refusal(write(HEAD))
    assert "at least one row" in refusal(write(HEAD + "Total of 0 results,-,0,0\n"))


def test_quotation_mark_that_is_never_closed(write):
    message = refusal(write(HEAD + 'a,2024-01-05,1,100\n"b,2024-01-05,1,100\n'))
    assert "quotation mark is closed" in message
    assert "line 3" in message


def test_spreadsheets_that_cannot_be_opened(tmp_path, samples):
    broken = (samples / "ads_manager_and_api" / "campaign_report_dimension_A1.xlsx").read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(broken[:3000])
    assert "spreadsheet that can be opened" in refusal(tmp_path / "cut.xlsx")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["name", "amount"])
    book.save(tmp_path / "other.xlsx")
    assert "header of an Ads Manager export" in refusal(tmp_path / "other.xlsx")


def test_spreadsheet_without_the_reader_says_what_to_install(samples, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pixelsim\[excel\]'"):
        read_export(samples / "ads_manager_and_api" / "campaign_report_dimension_A1.xlsx")


def test_file_whose_every_row_is_refused_lists_the_faults(write):
    with pytest.raises(InputError) as refused:
        read_export(write(HEAD + "a,yesterday,1,100\nb,today,1,100\n"))
    assert [f.place for f in refused.value.faults] == ["row 2, column By Day", "row 3, column By Day"]


def test_rows_that_name_nothing_are_refused(write):
    with pytest.raises(InputError, match="a row that names its campaign"):
        read_export(write("Campaign name,Cost,Impressions\n-,1,10\n--,2,20\n,3,30\n"))


def test_open_dates_are_refused_until_said(write):
    path = write(HEAD + "a,05/01/2024,1,100\n")
    assert "day_first" in refusal(path)
    assert read_export(path, day_first=True).frame["date"].tolist() == [pd.Timestamp(2024, 1, 5)]
    assert read_export(path, day_first=False).frame["date"].tolist() == [pd.Timestamp(2024, 5, 1)]


def test_totals_moved_by_sorting_are_left_out_and_said(write):
    text = "Campaign name,Primary status,Cost,Impressions\nTotal of 3 results,-,6,60\n"
    text += "a,Active,1,10\nb,Active,2,20\nc,Paused,3,30\n"
    report = read_export(write(text))
    assert report.totals().to_dict() == {"spend": 6.0, "impressions": 60.0}
    assert report.rejects["row"].tolist() == [2]
    assert "at the end of the file" in report.rejects.loc[0, "rule"]


def test_moved_totals_of_an_unknown_language_are_found_by_their_sums(write):
    report = read_export(write("Campaign name,Cost,Impressions\na,1,10\nyhteensä,6,60\nb,2,20\nc,3,30\n"))
    assert report.totals().to_dict() == {"spend": 6.0, "impressions": 60.0}
    assert report.rejects["value"].tolist() == ["yhteensä"]


def test_two_campaigns_with_equal_numbers_are_no_totals(write):
    report = read_export(write("Campaign name,Cost,Impressions\na,1,10\nb,1,10\n"))
    assert len(report.frame) == 2
    assert any("read as data" in note for note in report.notes)


def test_header_alone_with_totals_of_nothing(write):
    assert "at least one row" in refusal(write("Nombre de la campaña,Coste\nTotal: 0 resultados,0\n"))


def test_currency_that_is_no_code_and_hour_that_is_none_are_refused(write):
    text = "Ad name,Stat time hour,Cost,Currency\na,2025-03-01 10:00,1,USD\n"
    text += "b,2025-03-01 10:30,1,USD\nc,2025-03-01 11:00,1,true\n"
    report = read_export(write(text))
    assert report.frame["ad_name"].tolist() == ["a"]
    assert report.frame["date"].tolist() == [pd.Timestamp(2025, 3, 1)]
    assert report.rejects[["row", "column", "value"]].to_numpy().tolist() == [
        [3, "Stat time hour", "2025-03-01 10:30"],
        [4, "Currency", "true"],
    ]


def test_gaps_in_the_currency_are_filled_from_the_files_only_one(write):
    report = read_export(write("Campaign name,Cost,Currency\na,1,USD\nb,2,-\n"))
    assert report.frame["currency"].tolist() == ["USD", "USD"]
    assert any("rows without a currency are read as USD" in note for note in report.notes)


def test_many_faults_are_counted_after_the_first_twenty(write):
    rows = "".join(f"c{k},day {k},1,1\n" for k in range(30))
    with pytest.raises(InputError) as refused:
        read_export(write(HEAD + rows))
    assert len(refused.value.faults) == 21
    assert "10 more cells" in str(refused.value.faults[-1])


def test_total_reach_outside_what_the_rows_allow_is_said(write):
    text = "Campaign name,By Day,Cost,Reach\na,2025-03-01,1,100\nb,2025-03-01,2,200\nTotal,-,3,{}\n"
    assert not any("total reach" in n for n in read_export(write(text.format(250))).notes)
    assert any("total reach 301 is outside" in n for n in read_export(write(text.format(301))).notes)


def test_column_of_days_that_says_nothing_is_none(write):
    report = read_export(write(HEAD + "a,-,1,100\nb,-,2,200\n"))
    assert not report.by_day
    assert "By Day says nothing in any row" in report.notes


def test_unknown_headers_are_listed_in_the_notes(write):
    report = read_export(write("Campaign name,Mystery,Cost\na,5,1\n"))
    assert report.unknown_columns == ("Mystery",)
    assert "1 unknown columns not read: 'Mystery'" in report.notes
