"""Saved Business API answers: the code inside, pages, reports, statistics and the world they tell of."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.errors import InputError
from pixelsim.exchange import calibrate
from pixelsim.exchange.api_folder import read_api_folder
from pixelsim.exchange.api_report import read_api_report
from pixelsim.exchange.api_status import delivery_status
from pixelsim.exchange.api_world import world_from_api
from pixelsim.world.entities import BusinessCenterType, CountMode
from pixelsim.world.integrity import integrity_faults
from pixelsim.world.status import DeliveryStatus

BC, ACCOUNT, OTHER = "7000000000000000001", "7000000000000000101", "7000000000000000102"
PARTNER = "7000000000000000009"
PIXEL, NUMBER = "D0SAMPLEC77U9J3L2402", "7644201699552690002"


def answer(rows: list[Any], code: int = 0, key: str = "list", **page: int) -> dict[str, Any]:
    info = {"page_info": page} if page else {}
    return {"code": code, "message": "OK", "data": {key: rows, **info}}


def save(folder: Path, name: str, value: Any) -> None:
    (folder / name).write_text(json.dumps(value), "utf-8")


def row(campaign: str, day: int, spend: str = "10.00") -> dict[str, Any]:
    return {
        "dimensions": {"campaign_id": campaign, "stat_time_day": f"2026-04-{day:02d} 00:00:00"},
        "metrics": {"spend": spend, "impressions": "2000", "clicks": "20", "conversion": "2"},
    }


def test_sample_report_answer_has_the_numbers_of_the_file(samples: Path):
    report = read_api_report(samples / "ads_manager_and_api" / "api_report_integrated_get.json", currency="KRW")
    assert report.frame["campaign_id"].tolist() == ["1850000000000001", "1850000000000002"]
    assert report.totals()["spend"] == 318212.0
    assert report.totals()["impressions"] == 118707.0
    assert report.frame["ctr"].iloc[0] == pytest.approx(349 / 118707)
    assert report.by_day
    assert report.level == "campaign"
    assert calibrate(report).structure.campaigns


def test_sample_report_lines_keep_ids_that_came_as_numbers(samples: Path):
    report = read_api_report(samples / "api_report_rows" / "report_rows_transcribed.jsonl")
    assert set(report.frame["ad_id"]) == {"1728545390695442"}
    assert report.frame["impressions"].tolist() == [5870.0, 6137.0, 3682.0]
    assert report.totals()["spend"] == 60.0
    assert any("digit by digit" in note for note in report.notes)


def test_pages_are_joined_and_a_missing_one_is_reported(tmp_path: Path):
    for page in (1, 3):
        save(
            tmp_path,
            f"report_integrated_get_{page}.json",
            answer([row("c1", page)], page=page, total_page=3, total_number=3, page_size=1),
        )
    found = read_api_folder(tmp_path)
    assert found.status == "partial"
    assert found.missing == ("report/integrated/get: 1 of 3 pages missing (2)",)
    assert len(found.report().frame) == 2
    save(
        tmp_path,
        "report_integrated_get_2.json",
        answer([row("c1", 2)], page=2, total_page=3, total_number=3, page_size=1),
    )
    whole = read_api_folder(tmp_path)
    assert whole.status == "complete"
    assert whole.report().totals()["spend"] == 30.0


def test_a_page_saved_twice_counts_once(tmp_path: Path):
    for name in ("report_integrated_get.json", "report_integrated_get (1).json"):
        save(tmp_path, name, answer([row("c1", 1)], page=1, total_page=1, total_number=1))
    found = read_api_folder(tmp_path)
    assert found.report().totals()["spend"] == 10.0
    assert any("read once" in note for note in found.notes)


def test_currency_comes_from_the_ad_account(tmp_path: Path):
    save(tmp_path, "advertiser_info.json", answer([{"advertiser_id": ACCOUNT, "currency": "EUR", "timezone": "UTC"}]))
    save(tmp_path, f"report_integrated_get_{ACCOUNT}.json", answer([row("c1", 1), row("c2", 1)]))
    report = read_api_folder(tmp_path).report()
    assert report.currency == "EUR"
    assert set(report.frame["account_id"]) == {ACCOUNT}


def test_statistics_by_todays_event_names(samples: Path):
    stats = read_api_folder(samples / "ads_manager_and_api").event_stats().set_index("event")
    assert stats.loc["Purchase", ["total", "browser", "server", "attributed"]].tolist() == [240, 170, 70, 31]
    assert bool(stats.loc["QuizDone", "custom"])
    assert (stats["browser"] + stats["server"] == stats["total"]).all()


def test_http_status_outside_means_nothing(tmp_path: Path):
    body = {"code": 40002, "message": "no permission", "data": {}}
    save(tmp_path, "pixel_list.json", {"status": 200, "path": "/open_api/v1.3/pixel/list/", "response": body})
    found = read_api_folder(tmp_path)
    assert found.status == "failed"
    assert [(a.endpoint, a.code) for a in found.failed] == [("pixel/list", 40002)]


def test_success_without_a_list_is_no_empty_list(tmp_path: Path):
    save(tmp_path, f"bc_pixel_link_get_{PIXEL}.json", {"code": 0, "message": "OK", "data": {}})
    assert read_api_folder(tmp_path).status == "failed"


def test_a_saved_request_tells_what_was_asked(tmp_path: Path):
    saved = {
        "endpoint": "/bc/pixel/link/get/",
        "request": {"bc_id": BC, "pixel_code": PIXEL},
        "response": answer([{"advertiser_id": ACCOUNT}], page=1, total_page=1, total_number=1),
    }
    save(tmp_path, "links.json", saved)
    imported = world_from_api(tmp_path)
    assert imported.links[["pixel", "account", "state", "source"]].to_numpy().tolist() == [
        [PIXEL, ACCOUNT, "linked", "pixel side"]
    ]
    assert imported.world.links[PIXEL, ACCOUNT].by_bc == BC


def _pixel(relation: str | None, *, owner: bool, number: str = NUMBER, code: str = PIXEL) -> dict[str, Any]:
    ownership: dict[str, Any] = {"ownership_status": owner, "owner_bc_id": BC if relation else ""}
    if relation:
        ownership["asset_relation_status"] = relation
    return {"pixel_id": number, "pixel_code": code, "pixel_name": "P", "asset_ownership": ownership}


def test_pixel_relations_become_creator_link_and_tombstone(tmp_path: Path):
    save(tmp_path, f"pixel_list_{ACCOUNT}.json", answer([_pixel("TRANSFERRED", owner=True)], key="pixels"))
    save(tmp_path, f"pixel_list_{OTHER}.json", answer([_pixel("SHARED", owner=False)], key="pixels"))
    save(tmp_path, "pixel_list_7000000000000000103.json", answer([_pixel("UNBOUND", owner=False)], key="pixels"))
    imported = world_from_api(tmp_path)
    world = imported.world
    assert world.pixels[PIXEL].creator == ACCOUNT
    assert world.pixels[PIXEL].owner_bc == BC
    assert set(world.links) == {(PIXEL, OTHER)}
    assert set(world.unbound) == {(PIXEL, "7000000000000000103")}
    assert integrity_faults(world) == []
    states = dict(zip(imported.links["account"], imported.links["state"], strict=True))
    assert states == {ACCOUNT: "linked", OTHER: "linked", "7000000000000000103": "not linked"}


def test_campaigns_with_pixel_windows_schedule_and_both_spellings(tmp_path: Path):
    start = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    save(tmp_path, f"pixel_list_{ACCOUNT}.json", answer([_pixel(None, owner=True)], key="pixels"))
    save(
        tmp_path,
        "campaign_get.json",
        answer(
            [
                {"campaign_id": "11", "campaign_name": "C", "advertiser_id": ACCOUNT, "operation_status": "ENABLE"},
                {
                    "campaign_id": "12",
                    "campaign_name": "D",
                    "advertiser_id": ACCOUNT,
                    "operation_status": "DISABLE",
                    "secondary_status": "CAMPAIGN_STATUS_DELETE",
                },
            ]
        ),
    )
    group = {
        "adgroup_id": "21",
        "adgroup_name": "G",
        "campaign_id": "11",
        "advertiser_id": ACCOUNT,
        "pixel_id": NUMBER,
        "optimization_event": "SHOPPING",
        "operation_status": "ENABLE",
        "secondary_status": "ADGROUP_STATUS_DELIVERY_OK",
        "schedule_type": "SCHEDULE_START_END",
        "schedule_start_time": "2026-05-03 06:00:00",
        "schedule_end_time": "2026-05-10 00:00:00",
        "click_attribution_window": "FOURTEEN_DAYS",
        "view_attribution_window": "OFF",
        "attribution_event_count": "ONCE",
    }
    save(tmp_path, "adgroup_get.json", answer([group]))
    ads = [
        {"ad_id": f"3{n}", "ad_name": "A", "adgroup_id": "21", "operation_status": "ENABLE", "secondary_status": status}
        for n, status in enumerate(["AD_STAUS_PIXEL_UNBIND", "AD_STATUS_PIXEL_UNBIND"])
    ]
    save(tmp_path, "ad_get.json", answer(ads))
    imported = world_from_api(tmp_path, start=start)
    read = imported.world.ad_groups["21"]
    assert (read.pixel, read.event, read.click_days, read.view_days, read.count) == (
        PIXEL,
        "Purchase",
        14,
        0,
        CountMode.ONCE,
    )
    assert read.start == 2 * DAY + 6 * HOUR
    assert read.end == 9 * DAY
    assert imported.world.campaigns["12"].deleted
    assert not imported.world.campaigns["12"].on
    ad_rows = imported.statuses[imported.statuses["level"] == "ad"]
    assert ad_rows["meaning"].tolist() == ["PIXEL_UNBIND", "PIXEL_UNBIND"]
    assert integrity_faults(imported.world) == []


@pytest.mark.parametrize(
    ("told", "meaning"),
    [
        ("AD_STAUS_PIXEL_UNBIND", DeliveryStatus.PIXEL_UNBIND),
        ("AD_STATUS_PIXEL_UNBIND", DeliveryStatus.PIXEL_UNBIND),
        ("ADGROUP_STATUS_PIXEL_UNBIND", DeliveryStatus.PIXEL_UNBIND),
        ("ADGROUP_STATUS_TIME_DONE", DeliveryStatus.TIME_DONE),
        ("AD_STATUS_DONE", DeliveryStatus.TIME_DONE),
        ("CAMPAIGN_STATUS_ENABLE", DeliveryStatus.DELIVERY_OK),
        ("SOMETHING_NEW", None),
    ],
)
def test_statuses_by_every_spelling(told: str, meaning: DeliveryStatus | None):
    assert delivery_status(told) is meaning


def test_businesses_partners_and_accounts(tmp_path: Path):
    info = {"bc_id": BC, "name": "HQ", "type": "SELF_SERVICE", "verification_status": "VERIFIED"}
    save(tmp_path, "bc_get.json", answer([{"bc_info": info, "user_role": "ADMIN"}]))
    save(tmp_path, f"bc_partner_get_{BC}.json", answer([{"bc_id": PARTNER, "bc_name": "Agency"}]))
    assets = [
        {"asset_type": "ADVERTISER", "asset_id": ACCOUNT, "asset_name": "EU", "relation_type": "OWNER_BC"},
        {
            "asset_type": "ADVERTISER",
            "asset_id": OTHER,
            "asset_name": "A",
            "relation_type": "OWNER_PARTNER",
            "relation_status": "BOUND",
            "owner_bc_name": "Agency",
            "advertiser_role": "OPERATOR",
        },
    ]
    save(tmp_path, f"bc_asset_get_ADVERTISER_{BC}.json", answer(assets))
    accounts = [
        {"advertiser_id": ACCOUNT, "name": "EU", "currency": "EUR", "timezone": "Etc/GMT-1", "status": "STATUS_ENABLE"}
    ]
    save(tmp_path, "advertiser_info.json", answer(accounts))
    world = world_from_api(tmp_path).world
    assert world.business_centers[BC].type is BusinessCenterType.SELF_SERVICE
    assert world.business_centers[BC].verified
    assert (BC, PARTNER) in world.partnerships
    assert world.ad_accounts[ACCOUNT].owner_bc == BC
    assert world.ad_accounts[ACCOUNT].currency == "EUR"
    assert world.ad_accounts[ACCOUNT].utc_offset == HOUR
    assert world.ad_accounts[OTHER].owner_bc == PARTNER
    assert world.account_grants[BC, OTHER].role.value == "OPERATOR"
    assert integrity_faults(world) == []


def test_folder_without_answers_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no JSON file"):
        read_api_folder(tmp_path)
    save(tmp_path, "x.json", {"hello": 1})
    with pytest.raises(InputError, match="at least one answer"):
        read_api_folder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        read_api_folder(tmp_path / "nowhere")


def test_a_broken_file_beside_good_ones_is_listed(tmp_path: Path):
    save(tmp_path, "report_integrated_get.json", answer([row("c1", 1)]))
    (tmp_path / "bc_get.json").write_text('{"code": 0, "data": {"list": [', "utf-8")
    found = read_api_folder(tmp_path)
    assert found.status == "partial"
    assert found.unread[0].place == "bc_get.json, row 1"
    assert "file" in set(world_from_api(found).unknown["kind"])
