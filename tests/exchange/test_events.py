"""Events read from every shape: names, times, ids, hashing at the door."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.base.tables import write_parquet
from pixelsim.exchange.event_log import read_event_log, read_events
from pixelsim.exchange.event_names import STANDARD_EVENTS, api_event, standard_event

PIXEL = "D0SAMPLEC77U9J3L2402"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def save(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), "utf-8")
    return path


def test_sample_has_one_event_of_each_version(samples: Path):
    table = read_events(samples / "ads_manager_and_api" / "events_api_payloads.json")
    assert table.frame["event"].tolist() == ["AddToCart", "Purchase"]
    assert table.frame["sent_as"].tolist() == ["AddToCart", "CompletePayment"]
    assert table.frame["at"].tolist() == [pd.Timestamp(1704721970, unit="s"), pd.Timestamp("2020-09-17 19:49:27")]
    assert table.frame["value"].tolist() == [46.0, 46.0]
    assert set(table.frame["pixel"]) == {PIXEL}
    assert table.frame["page"].tolist() == ["shop.example.com/p/1", "shop.example.com/thanks"]
    assert table.frame["email"].iloc[0] == "08168cd80dfd534ab0f10af10f1303fe00af2d43ab5c1432360d137f8197e17a"


def test_batches_lines_and_browser_calls(tmp_path: Path):
    v1 = {
        "pixel_code": PIXEL,
        "batch": [
            {"type": "track", "event": "SubmitForm", "event_id": "a", "timestamp": "2025-01-01T00:00:00Z"},
            {"type": "track", "event": "Download", "event_id": "b", "timestamp": "2025-01-01T00:00:01Z"},
        ],
    }
    browser = {
        "event": "Pageview",
        "event_id": "c",
        "timestamp": "2025-01-01T00:00:02.500Z",
        "context": {"pixel": {"code": PIXEL}, "page": {"url": "https://shop.example/x?email=a@b.c"}},
    }
    v2 = {
        "event_source": "web",
        "event_source_id": PIXEL,
        "data": [{"event": "Purchase", "event_time": 1735689603, "event_id": "d"}],
    }
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(json.dumps(v) for v in (v1, browser, v2)), "utf-8")
    frame = read_events(path).frame
    assert frame["event"].tolist() == ["Lead", "Download", "PageView", "Purchase"]
    assert frame["channel"].tolist() == ["server", "server", "browser", "server"]
    assert frame["at"].dt.strftime("%H:%M:%S.%f").tolist() == [
        "00:00:00.000000",
        "00:00:01.000000",
        "00:00:02.500000",
        "00:00:03.000000",
    ]
    assert frame["page"].tolist()[2] == "shop.example/x"
    assert set(frame["pixel"]) == {PIXEL}


def test_raw_identifiers_are_hashed_and_kept_nowhere(tmp_path: Path):
    user = {"email": ["  Ann@Example.com "], "phone": ["0049 (170) 123-4567"], "external_id": "customer 7"}
    item = {
        "event": "Purchase",
        "event_time": 1735689603,
        "event_id": "ann@example.com",
        "user": user | {"ttp": "ann@example.com", "ip": "203.0.113.7", "user_agent": "secret agent"},
        "page": {"url": "https://u:p@shop.example/ann@example.com/x?mail=ann@example.com#ann@example.com"},
        "properties": {"value": "ann@example.com", "order_id": "ann@example.com", "currency": "EUR"},
    }
    path = save(
        tmp_path / "e.json", {"event_source_id": PIXEL, "data": [item, dict(item, event_time="ann@example.com")]}
    )
    table = read_events(path, unit="s")
    kept = " ".join([table.frame.to_csv(), table.rejects.to_csv(), *table.notes]).lower()
    for raw in ("ann@example", "123-4567", "491701234567", "customer 7", "203.0.113.7", "secret agent"):
        assert raw not in kept
    assert table.frame["email"].iloc[0] == sha("ann@example.com")
    assert table.frame["phone"].iloc[0] == sha("+491701234567")
    assert table.frame["external_id"].iloc[0] == sha("customer 7")
    assert any("came unhashed" in note for note in table.notes)


def test_log_table_with_a_map_and_with_recognised_columns(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text(
        "ts;name;eid;total;cur;leg\n"
        "1673031690121;CompletePayment;0273196;12.50;eur;capi\n"
        "1673031690122;AddToCart;;x;EUR;browser\n"
        "1673031690123;;e3;1;EUR;browser\n"
        "y;Search;e4;;;browser\n"
        "1673031690125;Search\n",
        "utf-8",
    )
    columns = {"at": "ts", "event": "name", "event_id": "eid", "value": "total", "currency": "cur", "channel": "leg"}
    table = read_event_log(path, columns)
    assert table.frame["source_row"].tolist() == [2, 3]
    assert table.frame["at"].iloc[0] == pd.Timestamp("2023-01-06 19:01:30.121")
    assert table.frame["event_id"].tolist() == ["0273196", None]
    assert table.frame["value"].iloc[0] == 12.5
    assert table.frame["currency"].tolist() == ["EUR", "EUR"]
    assert table.frame["channel"].tolist() == ["server", "browser"]
    assert table.rejects[["row", "column"]].to_numpy().tolist() == [
        [3, "value"],
        [4, "event"],
        [5, "at"],
        [6, "row"],
    ]
    plain = tmp_path / "plain.csv"
    plain.write_text("event_name,timestamp,revenue,other\nPurchase,2025-01-01T00:00:00+01:00,3,z\n", "utf-8")
    frame = read_event_log(plain).frame
    assert frame["at"].iloc[0] == pd.Timestamp("2024-12-31 23:00")
    assert frame["value"].iloc[0] == 3.0


def test_mixed_units_are_refused_unless_told(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text("event,time\nPurchase,1673031690\nPurchase,1673031690121\n", "utf-8")
    with pytest.raises(InputError, match="one unit"):
        read_event_log(path)
    frame = read_event_log(path, by_size=True).frame
    assert (frame["at"].iloc[1] - frame["at"].iloc[0]) == pd.Timedelta(milliseconds=121)


def test_parquet_log_reads_as_the_same_events(tmp_path: Path):
    rows = {
        "event": ["Purchase", "Lead", "Search"],
        "at": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03"]).astype("datetime64[ms]"),
        "event_id": ["007", "7", None],
        "value": [1.5, None, 2.0],
    }
    frame = pd.DataFrame(rows)
    write_parquet(frame, tmp_path / "log.parquet")
    frame.to_csv(tmp_path / "log.csv", index=False)
    one, other = read_event_log(tmp_path / "log.parquet"), read_event_log(tmp_path / "log.csv")
    shared = ["event", "event_id", "at", "value", "channel"]
    pd.testing.assert_frame_equal(one.frame[shared], other.frame[shared])
    assert one.frame["event_id"].tolist() == ["007", "7", None]


@pytest.mark.parametrize("columns", [{"event": "nope"}, {"event": "event", "colour": "event"}, {"at": "time"}])
def test_maps_that_lead_nowhere_are_refused(tmp_path: Path, columns: dict[str, str]):
    path = tmp_path / "log.csv"
    path.write_text("event,time\nPurchase,1673031690\n", "utf-8")
    with pytest.raises(InputError):
        read_event_log(path, columns)


def test_event_names_old_new_and_of_the_api():
    assert standard_event("CompletePayment") == standard_event("SHOPPING") == standard_event("complete_payment")
    assert standard_event("SubmitForm") == standard_event("FORM") == "Lead"
    assert standard_event(" QuizDone ") == "QuizDone"
    assert all(standard_event(str(api_event(name))) == name for name in STANDARD_EVENTS)


@settings(derandomize=True, deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["event", "event_time", "event_id", "user", "properties", "page", "data", "batch", "context"]
            ),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
                lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
                max_leaves=4,
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_json_is_read_or_refused(tmp_path: Path, value: list[dict[str, object]]):
    path = save(tmp_path / "e.json", value)
    try:
        table = read_events(path)
    except InputError:
        return
    assert set(table.frame["channel"]) <= {"browser", "server"}


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=80), st.sampled_from(["", "event,time\n"]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, head: str):
    for name in ("log.csv", "log.parquet", "e.json"):
        path = tmp_path / name
        path.write_bytes(head.encode() + data)
        try:
            read_events(path)
        except InputError:
            continue
