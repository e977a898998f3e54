from __future__ import annotations

import datetime as dt
import zipfile

import pandas as pd
import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import read_export
from pixelsim.exchange.spreadsheet import cell_text

openpyxl = pytest.importorskip("openpyxl")


def book(path, **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("x", "x"),
        (True, "TRUE"),
        (7, "7"),
        (7.0, "7"),
        (0.0188, "0.0188"),
        (1e-7, "0.0000001"),
        (1850000000000001.0, "1850000000000001"),
        (7.654321098765432e18, "7654321098765430000"),
        (dt.date(2024, 1, 5), "2024-01-05"),
        (dt.datetime(2024, 1, 5), "2024-01-05"),
        (dt.datetime(2024, 1, 5, 14), "2024-01-05 14:00:00"),
        (dt.time(14, 30), "14:30:00"),
        (dt.timedelta(hours=1), "1:00:00"),
    ],
)
def test_typed_cells_become_the_text_an_export_prints(value, text):
    assert cell_text(value) == text


def test_sheet_with_the_header_is_found_among_several(tmp_path):
    head = ["Campaign name", "By Day", "Cost", "Impressions"]
    path = book(
        tmp_path / "two.xlsx",
        Notes=[["made by", "me"]],
        Data=[["March"], [], head, ["a", dt.date(2025, 3, 1), 1.25, 100], ["Total", "-", 1.25, 100]],
    )
    report = read_export(path)
    assert "sheet 'Data' of 2 read" in report.notes
    assert report.frame["date"].tolist() == [pd.Timestamp(2025, 3, 1)]
    assert report.frame["source_row"].tolist() == [4]
    assert report.checks["ok"].all()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (b"XFD1048576", "1,048,576 rows by 16,384 columns"),
        (b"LTotal4", "'LTotal4' is no reference"),
        (b"T99999999", "'T99999999' is no reference"),
    ],
)
def test_damaged_cell_reference_asks_for_no_memory(tmp_path, samples, reference, message):
    path = tmp_path / "far.xlsx"
    with (
        zipfile.ZipFile(samples / "ads_manager_and_api" / "campaign_report_dimension_A1.xlsx") as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b'r="T4"', b'r="' + reference + b'"') if "sheet1" in name else data)
    with pytest.raises(InputError, match=message):
        read_export(path)


def test_archive_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("content.xml", "<x/>")
    with pytest.raises(InputError, match="no worksheet"):
        read_export(path)


def test_kind_of_file_is_told_by_its_bytes_not_by_its_name(tmp_path):
    path = book(tmp_path / "x.xlsx", S=[["Campaign name", "Cost"], ["a", 1]])
    wrong = path.rename(tmp_path / "report.csv")
    assert read_export(wrong).encoding == "spreadsheet"
