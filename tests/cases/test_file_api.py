"""Field cases about answers of the Business API and about events: codes inside, unknown is not none, ids are text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pixelsim.exchange.api_folder import read_api_folder
from pixelsim.exchange.api_world import world_from_api
from pixelsim.exchange.audit import audit_events
from pixelsim.exchange.event_log import read_events
from pixelsim.sharing.coverage import LinkState
from pixelsim.traffic.dedup import DedupOutcome


def save(folder: Path, name: str, code: int, rows: list[Any], key: str = "list") -> None:
    body = {"code": code, "message": "OK" if code == 0 else "told", "data": {key: rows}}
    (folder / name).write_text(json.dumps(body), "utf-8")


def test_P138_success_outside_error_inside(tmp_path: Path):
    def rows(first: int, count: int) -> list[dict[str, Any]]:
        return [
            {
                "dimensions": {"campaign_id": "c1", "stat_time_day": f"2026-04-{first + n:02d} 00:00:00"},
                "metrics": {"spend": "1.00", "impressions": "100", "clicks": "1"},
            }
            for n in range(count)
        ]

    save(tmp_path, "report_integrated_get_a.json", 0, rows(1, 5))
    save(tmp_path, "report_integrated_get_b.json", 20001, rows(10, 3))
    save(tmp_path, "report_integrated_get_c.json", 40002, [])
    found = read_api_folder(tmp_path)
    assert len(list(found.rows())) == 8
    assert len(found.report().frame) == 8
    assert [a.status for a in found.answers] == ["complete", "partial", "failed"]
    assert len(found.partial) == 1
    assert len(found.failed) == 1
    assert found.status == "partial"
    # Rows that came along with an error code are not used.
    save(tmp_path, "report_integrated_get_c.json", 40002, rows(20, 2))
    assert len(list(read_api_folder(tmp_path).rows())) == 8


def test_P07_a_failed_read_from_files_is_unknown_not_none(tmp_path: Path):
    pixel, accounts = "D0SAMPLEC77U9J3L2402", [f"70000000000000001{n:02d}" for n in (1, 2, 3)]
    info = [{"advertiser_id": a, "name": a, "currency": "USD", "timezone": "UTC"} for a in accounts]
    save(tmp_path, "advertiser_info.json", 0, info)
    save(tmp_path, f"bc_pixel_link_get_{pixel}.json", 40002, [])
    shared = {
        "pixel_code": pixel,
        "pixel_id": "7644201699552690002",
        "asset_ownership": {"ownership_status": False, "asset_relation_status": "SHARED", "owner_bc_id": "7001"},
    }
    save(tmp_path, f"pixel_list_{accounts[0]}.json", 0, [shared], key="pixels")
    imported = world_from_api(tmp_path)
    coverage = imported.coverage(pixel)
    assert coverage.rows[0] == (accounts[0], LinkState.LINKED, "account side")
    assert [state for _, state, _ in coverage.rows[1:]] == [LinkState.UNKNOWN, LinkState.UNKNOWN]
    assert coverage.counts[LinkState.NOT_LINKED] == 0
    assert "2 unknown" in str(coverage)
    assert "bc/pixel/link/get" in set(imported.unknown["kind"])
    assert imported.status == "partial"


def test_P137_event_id_that_looks_like_a_number(tmp_path: Path):
    ids: list[Any] = [273196, "273196", "0273196", "", None]
    data = [{"event": "Purchase", "event_time": 1735689600 + n, "event_id": i} for n, i in enumerate(ids)]
    path = tmp_path / "events.json"
    path.write_text(json.dumps({"event_source": "web", "event_source_id": "P1", "data": data}), "utf-8")
    events = read_events(path)
    assert events.frame["event_id"].tolist() == ["273196", "273196", "0273196", None, None]
    assert any("came as numbers" in note and note.startswith("1 ") for note in events.notes)
    audit = audit_events(events)
    # Only the second is the same as another; empty and null are equal to none, and not to each other.
    assert audit.outcome.tolist() == [0, DedupOutcome.DUPLICATE, 0, 0, 0]
    assert audit.count("no event id, server") == 2
