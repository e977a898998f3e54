"""Saved answers of several ad accounts in one folder: read apart, and put together like files of several accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import calibrate
from pixelsim.exchange.api_folder import read_api_folder
from pixelsim.exchange.combine import combine
from pixelsim.exchange.conversion_delay import SeenPulls, pulls_of
from pixelsim.exchange.gather import gather

FIRST, SECOND = "7000000000000000101", "7000000000000000102"


def rows(campaign: str, days: range, *, impressions: int = 4000, conversions: int = 4) -> list[dict[str, Any]]:
    return [
        {
            "dimensions": {"campaign_id": campaign, "stat_time_day": f"2026-04-{day:02d} 00:00:00"},
            "metrics": {
                "campaign_name": "Spring",
                "spend": f"{10 + day}.00",
                "impressions": str(impressions + 10 * day),
                "clicks": "60",
                "conversion": str(conversions),
            },
        }
        for day in days
    ]


def save(folder: Path, name: str, listed: list[dict[str, Any]], **request: str) -> None:
    body = {"code": 0, "message": "OK", "data": {"list": listed}}
    folder.mkdir(exist_ok=True)
    text = {"path": "report/integrated/get", "request": request, "response": body} if request else body
    (folder / name).write_text(json.dumps(text), "utf-8")


def accounts(folder: Path, second: str = "USD", zone: str = "Asia/Tokyo") -> None:
    save(
        folder,
        "advertiser_info.json",
        [
            {"advertiser_id": FIRST, "currency": "USD", "timezone": "Etc/GMT+5"},
            {"advertiser_id": SECOND, "currency": second, "timezone": zone},
        ],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two accounts, each with one campaign of the same name; one is told by a request, the other by the file's name."""
    accounts(tmp_path)
    save(tmp_path, "a.json", rows("c1", range(1, 29)), advertiser_id=FIRST)
    save(tmp_path, f"report_integrated_get_{SECOND}.json", rows("c2", range(3, 25), impressions=8000))
    return tmp_path


def test_each_account_is_a_report_with_its_own_currency_and_clock(folder: Path):
    first, second = read_api_folder(folder).reports()
    assert [set(r.frame["account_id"]) for r in (first, second)] == [{FIRST}, {SECOND}]
    assert [set(r.frame["time_zone"]) for r in (first, second)] == [{"Etc/GMT+5"}, {"Asia/Tokyo"}]
    assert [r.currency for r in (first, second)] == ["USD", "USD"]
    assert [r.source.rpartition(", ")[2] for r in (first, second)] == [f"ad account {FIRST}", f"ad account {SECOND}"]
    assert [r.totals()["spend"] for r in (first, second)] == [sum(range(11, 39)), sum(range(13, 35))]
    assert sum(len(r.rejects) for r in (first, second)) == 0


def test_they_are_put_together_and_no_row_is_lost_or_doubled(folder: Path):
    both = combine(gather([folder]).reports)
    (report,) = both.reports
    assert report.totals()["spend"] == sum(range(11, 39)) + sum(range(13, 35))
    assert report.frame["account_id"].value_counts().to_dict() == {FIRST: 28, SECOND: 22}
    assert any("several clocks (Asia/Tokyo, Etc/GMT+5)" in note for note in both.notes)
    mine = calibrate(folder)
    budgets = {d.ad_group: d.daily_budget for d in mine.traffic.delivery if d.ad_group.startswith("c")}
    # The mean of 11 to 38, and of 13 to 34.
    assert budgets == {"c1 / ad group": pytest.approx(24.5), "c2 / ad group": pytest.approx(23.5)}


def test_one_report_of_all_says_whose_each_row_is(folder: Path):
    report = read_api_folder(folder).report()
    assert report.frame.groupby("account_id")["campaign_id"].unique().map(list).to_dict() == {
        FIRST: ["c1"],
        SECOND: ["c2"],
    }
    assert report.currency == "USD"


def test_amounts_of_two_currencies_are_read_apart_and_never_added(tmp_path: Path):
    accounts(tmp_path, second="JPY")
    save(tmp_path, "a.json", rows("c1", range(1, 29)), advertiser_id=FIRST)
    save(tmp_path, "b.json", rows("c2", range(1, 29)), advertiser_id=SECOND)
    found = read_api_folder(tmp_path)
    assert [r.currency for r in found.reports()] == ["USD", "JPY"]
    assert "spend" not in found.report().totals()
    with pytest.raises(InputError, match="one currency over all reports"):
        calibrate(tmp_path)
    # What advertiser/info says of an account goes before what the caller says of all that do not tell.
    assert [r.currency for r in found.reports(currency="EUR")] == ["USD", "JPY"]


def test_levels_and_accounts_are_both_kept_apart(folder: Path):
    ads = [
        {**row, "dimensions": {**row["dimensions"], "ad_id": f"9{at}"}}
        for at, row in enumerate(rows("c2", range(3, 6)))
    ]
    save(folder, "ads.json", ads, advertiser_id=SECOND)
    found = {(r.level, r.frame["account_id"].iloc[0]): len(r.frame) for r in read_api_folder(folder).reports()}
    assert found == {("campaign", FIRST): 28, ("campaign", SECOND): 22, ("ad", SECOND): 3}


def test_rows_that_name_their_account_need_no_request(tmp_path: Path):
    accounts(tmp_path)
    both = [
        {**row, "dimensions": {**row["dimensions"], "advertiser_id": account}}
        for campaign, account in (("c1", FIRST), ("c2", SECOND))
        for row in rows(campaign, range(1, 29))
    ]
    save(tmp_path, "report_integrated_get.json", both)
    found = read_api_folder(tmp_path).reports()
    assert [set(r.frame["account_id"]) for r in found] == [{FIRST}, {SECOND}]
    assert [set(r.frame["time_zone"]) for r in found] == [{"Etc/GMT+5"}, {"Asia/Tokyo"}]


def test_pulls_of_one_account_are_compared_across_those_of_another(tmp_path: Path):
    for number, (account, campaign, end, late) in enumerate(
        [(FIRST, "c1", 20, 5), (SECOND, "c2", 21, 5), (FIRST, "c1", 24, 9), (SECOND, "c2", 25, 9)]
    ):
        place = tmp_path / str(number)
        save(place, "report.json", rows(campaign, range(1, end + 1), conversions=late), advertiser_id=account)
    both = combine(gather([tmp_path / str(number) for number in range(4)]).reports)
    seen = pulls_of(both.pulls[0])
    assert isinstance(seen, SeenPulls)
    # The last seven days of each account's first pull, four days later.
    assert len(seen.early) == 14
    assert set(seen.late - seen.early) == {4}
    assert set(zip(seen.before, seen.after, strict=True)) == {(5.0, 9.0)}
