from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.exchange import read_export
from pixelsim.exchange.cells import guard_cell, unguard_cell
from pixelsim.exchange.export import write_export

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).filter(str.strip)
NASTY = st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "'=x", "-", "--", " -", "\t=x", 'a "b", c', "a;b", "line\nbreak", "None"]
)
COUNTS = st.one_of(st.none(), st.integers(0, 10**12).map(float))
AMOUNTS = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**12).map(lambda cents: cents / 100),
    st.floats(-1e9, 1e12, allow_nan=False, allow_infinity=False, allow_subnormal=False),
)
DAYS = st.dates(dt.date(2019, 1, 1), dt.date(2035, 1, 1))
IDS = st.integers(10**17, 10**19).map(lambda n: str(n // 10 * 10 + 7))


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a table of results at any level, with or without days, ids, currency and quantities."""
    count = draw(st.integers(1, 6))

    def column(values: st.SearchStrategy) -> list:
        return draw(st.lists(values, min_size=count, max_size=count))

    frame: dict[str, list] = {}
    if draw(st.booleans()):
        frame["date"] = [pd.Timestamp(d) for d in column(DAYS)]
    level = draw(st.sampled_from(["campaign", "ad_group", "ad"]))
    frame[f"{level}_name"] = column(st.one_of(NAMES, NASTY))
    if draw(st.booleans()):
        frame[f"{level}_id"] = column(IDS)
    frame["spend"] = column(AMOUNTS)
    for name in ("impressions", "clicks", "reach"):
        if draw(st.booleans()):
            frame[name] = column(COUNTS)
    if draw(st.booleans()):
        frame["conversions"] = column(st.one_of(st.none(), st.floats(0, 1e6, allow_subnormal=False)))
    currency = draw(st.sampled_from([None, "USD", "KRW", "KWD"]))
    if currency:
        frame["currency"] = [currency] * count
    return pd.DataFrame(frame)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(tables())
def test_reading_our_own_export_gives_the_same_numbers_back(frame: pd.DataFrame):
    with tempfile.TemporaryDirectory() as folder:
        report = read_export(write_export(frame, Path(folder) / "own.csv"))
    assert report.rejects.empty
    assert report.checks["ok"].all()
    assert set(report.checks["how"]) <= {"equal"}
    assert report.footer is not None
    for name in frame.columns:
        if name in {"spend", "impressions", "clicks", "reach", "conversions"}:
            wanted = frame[name].to_numpy(dtype=np.float64)
            if np.isnan(wanted).all() and name not in report.frame.columns:
                continue
            assert np.array_equal(report.frame[name].to_numpy(dtype=np.float64), wanted, equal_nan=True), name
        else:
            assert report.frame[name].tolist() == frame[name].tolist(), name


@settings(derandomize=True, deadline=None)
@given(st.one_of(NAMES, NASTY, NASTY.map(lambda t: "''" + t)))
def test_guarded_cell_starts_no_formula_and_gives_its_text_back(text: str):
    guarded = guard_cell(text)
    assert guarded.lstrip()[:1] not in {"=", "+", "-", "@"}
    assert unguard_cell(guarded) == text


def test_shape_of_the_file(tmp_path):
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(["2025-01-01", "2025-01-02"]),
            "campaign_name": ["=cmd()", "b"],
            "campaign_id": ["1850000000000001", "1850000000000002"],
            "spend": [10.5, -2.0],
            "impressions": [1000.0, 3000.0],
            "clicks": [10.0, np.nan],
            "reach": [700.0, 900.0],
        }
    )
    data = write_export(frame, tmp_path / "out.csv", currency="USD").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    header = ["By Day", "Campaign name", "Campaign ID", "Currency", "Cost", "Impressions", "Clicks (destination)"]
    header += ["Reach", "CTR (destination)", "CPC (destination)", "CPM"]
    assert data.decode("utf-8-sig").split("\r\n") == [
        ",".join(header),
        "2025-01-01,'=cmd(),1850000000000001,USD,10.50,1000,10,700,1.00%,1.05,10.50",
        "2025-01-02,b,1850000000000002,USD,-2.00,3000,-,900,0.00,0.00,-0.67",
        "Total of 2 results,-,-,USD,8.50,4000,10,-,0.25%,0.85,2.12",
        "",
    ]


def test_report_written_and_read_again_is_the_same(samples, tmp_path):
    first = read_export(samples / "constructed_120_days.csv")
    again = read_export(write_export(first, tmp_path / "again.csv"))
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert again.rate_checks["ok"].all()


def test_faults_of_a_table_come_all_at_once(tmp_path):
    frame = pd.DataFrame(
        {"campaign_name": ["a", None], "impressions": [1.5, 2.0], "spend": [np.inf, 1.0], "reach": [-1, 2]}
    )
    with pytest.raises(InputError) as refused:
        write_export(frame, tmp_path / "out.csv")
    assert [f.field for f in refused.value.faults] == ["campaign_name", "spend", "impressions", "reach"]
    with pytest.raises(InputError) as refused:
        write_export(pd.DataFrame({"date": []}), tmp_path / "out.csv")
    assert [f.field for f in refused.value.faults] == ["object", "quantity", "rows"]


def test_no_half_file_is_left_behind(tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("before")
    frame = pd.DataFrame({"campaign_name": ["a", "\ud800"], "spend": [1.0, 2.0]})
    with pytest.raises(InputError, match="surrogate"):
        write_export(frame, target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(InputError, match="folder that can be written to"):
        write_export(frame, target / "nowhere" / "out.csv")
