"""Our own files read back: the same numbers, names and ids in every shape."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.exchange import read_export
from pixelsim.exchange.api_folder import read_api_folder
from pixelsim.exchange.api_report import read_api_report
from pixelsim.exchange.columns import alias_table
from pixelsim.exchange.event_log import read_events
from pixelsim.exchange.event_names import STANDARD_EVENTS
from pixelsim.exchange.export_api import API_FIELDS, write_api_report, write_event_stats
from pixelsim.exchange.export_events import write_event_payloads
from pixelsim.exchange.export_warehouse import write_warehouse
from pixelsim.exchange.warehouse import read_warehouse

SETTINGS = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
COUNT = st.none() | st.integers(0, 10**9)
MONEY = st.none() | st.floats(0, 1e9, allow_nan=False).map(lambda v: round(v, 6))
NAME = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8).filter(
    lambda t: t.lower() not in {"none", "nan", "unknown"} and t.strip("-–—'") == t
)
IDS = st.integers(10**14, 10**18 - 1).map(str)


@st.composite
def reports(draw: st.DrawFn) -> pd.DataFrame:
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    names = {i: draw(NAME) for i in ids}
    days = draw(st.lists(st.dates(pd.Timestamp("2020-01-01").date(), pd.Timestamp("2030-01-01").date()), min_size=1))
    keys = [(i, d) for i in ids for d in sorted(set(days))[:3]]
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime([d for _, d in keys]),
            "campaign_id": [i for i, _ in keys],
            "campaign_name": [names[i] for i, _ in keys],
        }
    )
    for column, values in (("spend", MONEY), ("impressions", COUNT), ("conversions", MONEY), ("purchase_value", MONEY)):
        drawn = [draw(values) for _ in keys]
        frame[column] = np.asarray([np.nan if v is None else v for v in drawn], dtype=np.float64)
    frame.loc[0, "spend"] = draw(st.floats(0, 1e6).map(lambda v: round(v, 2)))
    return frame


def same(made: pd.DataFrame, read: pd.DataFrame, names: list[str]) -> None:
    order = ["campaign_id", "date"]
    made, read = (f.sort_values(order, ignore_index=True)[[*order, *names]] for f in (made, read))
    for name in [*order, *names]:
        if made[name].dtype == np.float64:
            np.testing.assert_array_equal(made[name].to_numpy(), read[name].to_numpy(dtype=np.float64))
        else:
            assert [str(v) for v in made[name]] == [str(v) for v in read[name]], name


@SETTINGS
@given(reports(), st.integers(1, 4))
def test_report_rows_of_the_api(tmp_path: Path, frame: pd.DataFrame, page_size: int):
    path = write_api_report(frame, tmp_path / "report_integrated_get.json", currency="EUR", page_size=page_size)
    report = read_api_report(path)
    known = ["spend", "impressions", "conversions", "purchase_value"]
    same(frame, report.frame, ["campaign_name", *known])
    assert report.currency == "EUR"
    folder = read_api_folder(path)
    assert folder.status == "complete"
    assert len(folder.report().frame) == len(frame)


@SETTINGS
@given(reports())
def test_warehouse_tables(tmp_path: Path, frame: pd.DataFrame):
    for old in tmp_path.glob("*.csv"):
        old.unlink()
    write_warehouse(frame, tmp_path, currency="EUR")
    report = read_warehouse(tmp_path)
    same(frame, report.frame, ["campaign_name", "spend", "impressions", "conversions", "purchase_value"])
    assert report.currency == "EUR"


def test_warehouse_keeps_hours_accounts_and_renamed_objects(tmp_path: Path):
    frame = pd.DataFrame(
        {
            "hour": pd.to_datetime(["2025-03-01 05:00", "2025-03-01 06:00", "2025-03-04 07:00"]),
            "account_id": ["70", "70", "71"],
            "currency": ["EUR", "EUR", "USD"],
            "campaign_id": ["c1", "c1", "c2"],
            "campaign_name": ["one", "one", "=two"],
            "ad_id": ["a1", "a1", "a2"],
            "ad_name": ["old", "old", "-x"],
            "spend": [1.25, 2.5, 4.0],
            "clicks": [1.0, np.nan, 3.0],
        }
    )
    write_warehouse(frame, tmp_path)
    back = read_warehouse(tmp_path, by_hour=True, version="on_day").frame
    for name in frame.columns:
        if name == "clicks":
            np.testing.assert_array_equal(back[name].to_numpy(), frame[name].to_numpy())
        else:
            assert [str(v) for v in back[name]] == [str(v) for v in frame[name]], name
    days = read_warehouse(tmp_path).frame
    assert days["spend"].tolist() == [3.75, 4.0]
    renamed = frame.assign(ad_id="a1", ad_name=["old", "old", "new"], campaign_id="c1", campaign_name="one")
    write_warehouse(renamed.assign(account_id="70", currency="EUR"), tmp_path)
    assert read_warehouse(tmp_path, by_hour=True, version="on_day").frame["ad_name"].tolist() == ["old", "old", "new"]
    assert set(read_warehouse(tmp_path, by_hour=True).frame["ad_name"]) == {"new"}


def test_a_read_export_goes_through_both_shapes_with_its_totals(samples: Path, tmp_path: Path):
    report = read_export(samples / "constructed_120_days.csv")
    api = read_api_report(write_api_report(report, tmp_path / "report_integrated_get.json"))
    write_warehouse(report, tmp_path / "tables")
    tables = read_warehouse(tmp_path / "tables")
    for back in (api, tables):
        assert (
            back.totals()[["impressions", "clicks", "conversions"]].tolist()
            == report.totals()[["impressions", "clicks", "conversions"]].tolist()
        )
        assert back.totals()["spend"] == pytest.approx(report.totals()["spend"], rel=1e-12)
        assert back.level == "ad"
        assert back.currency == "USD"
        assert set(back.frame["campaign_name"]) == set(report.frame["campaign_name"])


@SETTINGS
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["P1", "P2"]),
            st.sampled_from([*STANDARD_EVENTS, "QuizDone"]),
            COUNT,
            COUNT,
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[:2],
    )
)
def test_event_statistics(tmp_path: Path, rows: list[tuple[str, str, int | None, int | None]]):
    table = pd.DataFrame(rows, columns=["pixel_id", "event", "total", "attributed"])
    table = table.astype({"total": float, "attributed": float})
    path = write_event_stats(table, tmp_path / "pixel_event_stats.json")
    back = read_api_folder(path).event_stats()
    order = ["pixel_id", "event"]
    table, back = (f.sort_values(order, ignore_index=True) for f in (table, back))
    assert back[order].to_numpy().tolist() == table[order].to_numpy().tolist()
    for name in ("total", "attributed"):
        np.testing.assert_array_equal(back[name].to_numpy(), table[name].to_numpy())
    assert back["custom"].tolist() == (back["event"] == "QuizDone").tolist()


TEXT = st.none() | st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@"), min_size=1
).filter(lambda t: t.strip().lower() not in {"null", "none", "nan", "undefined", "nil", "n/a", "-", "--"})
HASH = st.none() | st.text("0123456789abcdef", min_size=64, max_size=64)


@SETTINGS
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "pixel": st.sampled_from(["P1", "P2", None]),
                "event": st.sampled_from([*STANDARD_EVENTS, "QuizDone"]),
                "event_id": TEXT,
                "seconds": st.integers(1_300_000_000, 4_000_000_000),
                "channel": st.sampled_from(["browser", "server"]),
                "visitor": TEXT,
                "click_id": TEXT,
                "email": HASH,
                "phone": HASH,
                "external_id": HASH,
                "value": MONEY,
                "currency": st.sampled_from(["EUR", "USD", None]),
                "order_id": TEXT,
            }
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 3),
)
def test_events(tmp_path: Path, rows: list[dict[str, object]], batch: int):
    table = pd.DataFrame(rows).astype({"value": float})
    table["at"] = pd.to_datetime(table.pop("seconds"), unit="s").astype("datetime64[ms]")
    path = write_event_payloads(table, tmp_path / "events.jsonl", batch=batch)
    back = read_events(path).frame
    assert len(back) == len(table)
    for name in table.columns:
        made, read = table[name].tolist(), back[name].tolist()
        assert all((pd.isna(a) and pd.isna(b)) or a == b for a, b in zip(made, read, strict=True)), name
    for line in path.read_text("utf-8").splitlines():
        assert len(json.loads(line).get("data", [])) <= batch


def test_every_api_field_means_the_column_that_it_is_written_for():
    table = alias_table()
    for name, field in API_FIELDS.items():
        assert table.lookup(field)[0] == name


def test_tables_that_are_no_report_are_refused(tmp_path: Path):
    empty = pd.DataFrame({"campaign_id": ["c"], "spend": [np.inf], "date": pd.to_datetime(["2025-01-01"])})
    with pytest.raises(InputError, match="finite"):
        write_api_report(empty, tmp_path / "x.json")
    with pytest.raises(InputError, match="ids"):
        write_warehouse(pd.DataFrame({"campaign_name": ["c"], "spend": [1.0]}), tmp_path)
    with pytest.raises(InputError, match="event"):
        write_event_payloads(pd.DataFrame({"event": ["Lead"]}), tmp_path / "x.jsonl")
    with pytest.raises(InputError, match="counts"):
        write_event_stats(pd.DataFrame({"pixel_id": ["1"], "event": ["Lead"]}), tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []
