"""The audit of events against a log whose faults were put in by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelsim.exchange.audit import audit_events
from pixelsim.exchange.event_log import read_event_log
from pixelsim.exchange.event_table import EventTable
from pixelsim.traffic.dedup import DedupOutcome

HEADER = "pixel,event,event_id,at,received_at,channel,visitor,value,currency,order_id,page\n"
DAY = 86_400


def table(path: Path, rows: list[str]) -> EventTable:
    file = path / "log.csv"
    file.write_text(HEADER + "".join(f"{row}\n" for row in rows), "utf-8")
    return read_event_log(file)


def row(
    at: int,
    *,
    pixel: str = "P1",
    event: str = "Purchase",
    event_id: str = "",
    late: int = 0,
    channel: str = "browser",
    value: str = "10",
    currency: str = "USD",
    order: str = "",
    page: str = "",
) -> str:
    start = 1_735_689_600
    times = f"{start + at},{start + at + late}"
    return f"{pixel},{event},{event_id},{times},{channel},,{value},{currency},{order},{page}"


def test_duplicates_merged_copies_and_orders_counted_twice(tmp_path: Path):
    events = table(
        tmp_path,
        [
            row(0, event_id="e1", order="o1"),
            row(10, event_id="e1", order="o1", channel="server"),  # within 5 minutes: merged
            row(3600, event_id="e1", order="o1", channel="server"),  # within 48 hours: duplicate
            row(3 * DAY, event_id="e1", order="o1"),  # after 48 hours: counts again
            row(3 * DAY + 60, event_id="e2", order="o2"),
            row(3 * DAY + 70, order="o2", channel="server"),  # no id: counts again
            row(3 * DAY + 80, event_id="e2", order="o3"),  # another order, swallowed
        ],
    )
    audit = audit_events(events)
    assert audit.dedup == {"kept": 4, "merged": 1, "duplicate": 2, "repeat": 0}
    assert audit.outcome.tolist()[:3] == [DedupOutcome.KEPT, DedupOutcome.MERGED, DedupOutcome.DUPLICATE]
    findings = audit.findings.set_index("finding")
    assert findings.loc["duplicates", "rows"] == "4, 8"
    assert findings.loc["counted twice", "rows"] == "5, 7"
    assert findings.loc["different orders with one event id", "rows"] == "8"
    assert findings.loc["no event id, server", ["count", "of"]].tolist() == [1, 3]
    assert findings.loc["no event id, browser", "count"] == 0


def test_several_pixels_on_one_view_of_a_page(tmp_path: Path):
    page = "https://shop.example/a"
    events = table(
        tmp_path,
        [
            row(0, pixel="P1", event="PageView", page=page, value=""),
            row(1, pixel="P2", event="PageView", page=page, value=""),
            row(500, pixel="P1", event="PageView", page=page, value=""),
            row(900, pixel="P2", event="PageView", page="https://shop.example/b", value=""),
        ],
    )
    found = audit_events(events).findings.set_index("finding")
    assert found.loc["several pixels on a page", "rows"] == "2, 3"


def test_late_future_negative_absurd_and_mixed(tmp_path: Path):
    rows = [row(i, event_id=f"e{i}") for i in range(20)]
    rows += [
        row(30, event_id="f1", late=8 * DAY),
        row(31, event_id="f2", late=-600),
        row(32, event_id="f3", value="-5"),
        row(33, event_id="f4", value="0"),
        row(34, event_id="f5", value="1000000"),
        row(35, event_id="f6", currency="EUR"),
        row(36, event_id="f7", currency=""),
        row(37, event_id="f8", currency="dollar"),
        row(38, event_id="f9", value=""),
    ]
    audit = audit_events(table(tmp_path, rows))
    found = audit.findings.set_index("finding")["rows"].to_dict()
    assert found["late events"] == "22"
    assert found["events from the future"] == "23"
    assert found["negative values"] == "24"
    assert found["purchases worth nothing"] == "25"
    assert found["absurd values"] == "26"
    assert found["mixed currencies"] == "27"
    assert found["value without currency"] == "28"
    assert found["currencies that are none"] == "29"
    cover = audit.coverage.set_index("event").loc["Purchase"]
    assert (cover["events"], cover["with_value"]) == (29, 28)
    assert cover["share"] == pytest.approx(27 / 29)


def test_what_is_not_told_is_said(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text("event,at\nPurchase,2025-01-01T00:00:00Z\n", "utf-8")
    audit = audit_events(read_event_log(path))
    assert any("late" in text for text in audit.not_told)
    assert any("received" in text for text in audit.not_told)
    assert audit.dedup["kept"] == 1


def test_every_event_has_one_outcome_whatever_the_order_of_rows(tmp_path: Path):
    random = np.random.default_rng(5)
    rows = [
        row(int(at), event_id=f"e{at % 13}", channel="server" if at % 2 else "browser", order=f"o{at % 13}")
        for at in random.integers(0, 10 * DAY, 300)
    ]
    one = audit_events(table(tmp_path, rows))
    other = audit_events(table(tmp_path, sorted(rows, key=lambda r: int(r.split(",")[4]))))
    assert sum(one.dedup.values()) == 300
    assert one.dedup["kept"] + one.dedup["merged"] + one.dedup["duplicate"] == 300
    assert abs(one.dedup["kept"] - other.dedup["kept"]) == 0


def test_no_events_is_no_fault(tmp_path: Path):
    file = tmp_path / "log.csv"
    file.write_text(HEADER + "P1,,e,1735689600,1735689600,browser,,1,USD,o,\n", "utf-8")
    audit = audit_events(read_event_log(file))
    assert sum(audit.dedup.values()) == 0
    assert (audit.findings["count"] == 0).all()
