"""Tables on disk: no formulas in CSV, and Parquet that comes back as it went, the same bytes every time."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.base.tables import csv_text, harmless, read_parquet, write_csv, write_parquet


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://evil.example","x")',
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "-08:00",
        "＝1+1",
        "＠SUM(A1)",
    ],
)
def test_formulas_lose_their_power(text):
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "-", "--", "plain", "a=b", "-1.5", "+3", "-1e5", "UTC-08:00", "é"])
def test_what_no_spreadsheet_runs_stays_as_it_is(text):
    assert harmless(text) == text


def test_csv_guards_cells_of_every_kind_of_text_and_the_header():
    frame = pd.DataFrame(
        {
            "=name": ["=1", "ok"],
            "kind": pd.Categorical(["@x", "y"]),
            "mixed": pd.Series(["=1", 5], dtype="object"),
            "number": [-1.5, np.nan],
        }
    )
    rows = list(csv.reader(io.StringIO(csv_text(frame))))
    assert rows == [["'=name", "kind", "mixed", "number"], ["'=1", "'@x", "'=1", "-1.5"], ["ok", "y", "5", ""]]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_no_cell_of_any_text_begins_a_formula(texts):
    text = csv_text(pd.DataFrame({"text": pd.Series(texts, dtype="object")}))
    assert "\r" not in text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [row[0] if row else "" for row in rows[1:]]
    for given_text, cell in zip(texts, cells, strict=True):
        plain = given_text.replace("\r\n", "\n").replace("\r", "\n")
        assert cell in {plain, "'" + plain}
        if cell[:1] in tuple("=+-@\t\n＝＋－＠") and cell not in {"-", "--"}:
            float(cell)


def test_a_return_inside_a_cell_begins_no_row():
    (row,) = list(csv.reader(io.StringIO(csv_text(pd.DataFrame({"a": ["x\r=1+1\r\ny"], "b": [1]})))))[1:]
    assert row == ["x\n=1+1\ny", "1"]


def test_csv_is_utf8_with_commas_line_feeds_and_empty_cells_for_missing(tmp_path: Path):
    frame = pd.DataFrame({"who": ["Ä, B", None], "count": pd.array([3, None], dtype="Int64"), "yes": [True, False]})
    write_csv(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == 'who,count,yes\n"Ä, B",3,True\n,,False\n'.encode()


def everything() -> pd.DataFrame:
    """One column of each kind that a result has, with gaps, in an order that is not sorted."""
    return pd.DataFrame(
        {
            "long": np.array([2**62 + 1, -3, 7], dtype=np.int64),
            "small": np.array([1, -1, 3], dtype=np.int8),
            "real": [0.1, np.nan, -1e300],
            "gaps": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "yes": [True, False, True],
            "text": ["a", None, "=1"],
            "kind": pd.Categorical(["u", None, "v"], categories=["v", "u"]),
            "instant": pd.to_datetime(["2026-01-05T00:00:00.123Z", None, "2026-07-01T00:00:00.000Z"]),
            "day": pd.to_datetime(["2026-01-05", None, "2026-01-06"]),
        }
    )


def test_parquet_comes_back_with_values_gaps_and_order(tmp_path: Path):
    frame = everything()
    write_parquet(frame, tmp_path / "t.parquet")
    back = read_parquet(tmp_path / "t.parquet")
    assert list(back.columns) == list(frame.columns)
    for name in frame.columns:
        assert back[name].isna().tolist() == frame[name].isna().tolist(), name
        assert back[name].dropna().tolist() == frame[name].dropna().tolist(), name
    assert back["long"].dtype == np.int64
    assert back["small"].dtype == np.int8
    assert str(back["instant"].dtype) == "datetime64[us, UTC]"


def test_an_empty_table_keeps_its_columns_and_their_types(tmp_path: Path):
    write_parquet(everything().iloc[:0], tmp_path / "t.parquet")
    back = read_parquet(tmp_path / "t.parquet")
    assert len(back) == 0
    assert list(back.columns) == list(everything().columns)
    assert back["long"].dtype == np.int64
    assert back["text"].dtype == back["kind"].dtype == pd.Series(["x"], dtype="str").dtype


def test_writing_does_not_change_the_table(tmp_path: Path):
    frame = everything()
    write_parquet(frame, tmp_path / "t.parquet")
    write_csv(frame, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(frame, everything())


CODE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_tables import everything
from pixelsim.base.tables import write_csv, write_parquet
write_parquet(everything(), Path(sys.argv[2]) / "t.parquet")
write_csv(everything(), Path(sys.argv[2]) / "t.csv")
"""


def test_the_same_table_gives_the_same_bytes_in_another_process_and_time_zone(tmp_path: Path):
    write_parquet(everything(), tmp_path / "t.parquet")
    write_csv(everything(), tmp_path / "t.csv")
    there = tmp_path / "there"
    there.mkdir()
    command = [sys.executable, "-c", CODE, str(Path(__file__).parent), str(there)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"})
    for name in ("t.parquet", "t.csv"):
        assert (there / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_a_quote_in_the_folder_name_is_no_trouble(tmp_path: Path):
    path = tmp_path / "it's here" / "t.parquet"
    write_parquet(everything(), path)
    assert len(read_parquet(path)) == 3


@pytest.mark.parametrize("content", [None, b"", b"no parquet at all"], ids=["missing", "empty", "something else"])
def test_what_is_no_parquet_file_is_refused_in_words(tmp_path: Path, content: bytes | None):
    path = tmp_path / "t.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="a Parquet file that can be read"):
        read_parquet(path)
