"""Field cases of clocks and of report age, through the simulator."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from field_shops import DAY, HOUR, MINUTE, business, clicks, play, visits

from pixelsim.base.clock import format_offset
from pixelsim.base.errors import InputError
from pixelsim.exchange import merge_reports
from pixelsim.exchange.api_report import report_of_table
from pixelsim.measure import metrics
from pixelsim.scenario import Scenario
from pixelsim.sharing.actions import AnyAction


def daily(run, viewer: str, metric: str, *, surface: str = "Events Manager", **how) -> dict[str, tuple[int, str]]:
    """Give a viewer's purchases by calendar day with their states."""
    table = metrics(run.simulation, viewer, by="day", **how)
    rows = table[(table["metric"] == metric) & (table["event"] == "Purchase") & (table["surface"] == surface)]
    return {
        str(day.date()): (int(value), state)
        for day, value, state in zip(rows["day"], rows["value"], rows["state"], strict=True)
    }


# P111: a visitor buys at 00:30 Californian summer time on 11 July: 07:30 UTC, 23:30 of the 10th on the account's clock.


@pytest.mark.parametrize(
    ("offset", "counted_on"),
    [
        ("-08:00", "2026-07-10"),
        ("-07:30", "2026-07-11"),
        ("+05:30", "2026-07-11"),
        ("America/Los_Angeles", "2026-07-10"),
    ],
)
def test_P111_an_event_counts_on_the_accounts_day(offset, counted_on):
    one = business(days=3, links=[("px_1", "acc_1")], start=dt.datetime(2026, 7, 10, tzinfo=dt.UTC))
    one = one.vary("structure.ad_accounts[acc_1].utc_offset", offset)
    assert any("standard" in note or "summer time" in note for note in one.notes) == (offset[0] not in "+-")
    summer = dt.datetime(2026, 7, 11, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=-7)))
    run = play(one, [visits("shop", one.clock.to_ms(summer), 0, ordered=True)])
    own = {day for day, (value, _) in daily(run, "acc_1", "total events").items() if value}
    utc = {day for day, (value, _) in daily(run, "acc_0", "total events").items() if value}
    assert own == {counted_on}
    assert utc == {"2026-07-11"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [("-08:00", "-08:00"), ("+05:30", "+05:30"), ("America/Los_Angeles", "-08:00"), ("+05:45", None)],
)
def test_P111_accounts_are_created_on_whole_and_half_hours_and_zones_are_stored_as_fixed(written, kept):
    one = business(links=[("px_1", "acc_1")])
    path = "structure.ad_accounts[acc_1].utc_offset"
    if kept is None:
        with pytest.raises(InputError, match="whole or half hour"):
            one.vary(path, written)
        return
    made = one.vary(path, written)
    assert format_offset(made.structure.world().ad_accounts["acc_1"].utc_offset) == kept
    told = [f"stored as the fixed offset {kept}" in note for note in made.notes]
    assert told == ([] if written[0] in "+-" else [True])


def test_P111_an_accounts_clock_never_changes():
    one = business(links=[("px_1", "acc_1")])
    account = one.structure.world().ad_accounts["acc_1"]
    with pytest.raises(AttributeError):
        account.utc_offset = 0
    # What people can do has no word for it: no action names a clock, and a plan that invents one is refused.
    actions = [kind for union in get_args(get_args(AnyAction)[0]) for kind in (get_args(union) or (union,))]
    assert len(actions) > 20
    assert not any("offset" in name or "zone" in name for action in actions for name in action.__dataclass_fields__)
    step = {"day": 1.0, "action": {"do": "change_clock", "actor": "ann", "account": "acc_1", "utc_offset": "+00:00"}}
    with pytest.raises(InputError, match="change_clock"):
        Scenario.read(one.plain() | {"plan": {"steps": [step]}})


# P114: 28 August 01:00 typed as the start; 24 a day, spread evenly; the account's clock is UTC-4.


@pytest.mark.parametrize(
    ("clock_of_the_typed_time", "spent"), [(-3, 24.00), (-4, 23.00), (-5, 22.00)], ids=["UTC-3", "the account", "UTC-5"]
)
def test_P114_a_start_typed_on_another_clock_moves_the_budget_day(clock_of_the_typed_time, spent):
    typed = dt.datetime(2026, 8, 28, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=clock_of_the_typed_time)))
    begin = dt.datetime(2026, 8, 27, tzinfo=dt.UTC)
    one = business(
        days=4,
        start=begin,
        links=[("px_1", "acc_1")],
        groups={"g_1": {"account": "acc_1", "budget": 24.0, "start_day": (typed - begin) / dt.timedelta(days=1)}},
    ).vary("structure.ad_accounts[acc_1].utc_offset", "-04:00")
    delivery = play(one).delivery().set_index("day")["spend"]
    assert delivery[pd.Timestamp("2026-08-28")] == spent
    assert delivery[pd.Timestamp("2026-08-29")] == 24.00
    assert delivery.get(pd.Timestamp("2026-08-27"), 0) == 0


# P115: 100 clicks on day 0; 4 sales on day 0, 3 on day 1, 2 on day 4, 1 on day 7.


@pytest.fixture(scope="module")
def growing():
    one = business(
        days=40,
        links=[("px_1", "acc_1")],
        groups={"g_1": {"account": "acc_1"}},
        start=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    )
    wait = np.repeat([0, 1, 4, 7], [4, 3, 2, 1]) * DAY
    came = visits("shop", 12 * HOUR + wait, np.arange(10), ordered=True)
    return play(one, [came], [clicks("g_1", 12 * HOUR, np.arange(100))])


CAMPAIGN = {"metric": "attributed events (campaign level)", "surface": "Ads Manager"}


def copy_of_day_0(seen: list[int], look_back: int) -> float:
    """Pull a report at the end of each day, reading so many days back, and keep the merged copy."""
    names = ["campaign_id", "stat_time_day", "spend", "impressions", "clicks", "conversion"]
    days = [f"2026-03-0{day + 1}" for day in range(len(seen))]
    pulls = [
        report_of_table(
            names,
            [["c1", day, "10", "1000", "100", str(seen[at] if day == days[0] else 0)] for day in days[: at + 1]][
                -look_back - 1 :
            ],
            f"pull of {days[at]}",
        )
        for at in range(len(seen))
    ]
    frame = merge_reports(pulls).report.frame
    assert len(frame) == len(days)
    return float(frame.loc[frame["date"] == days[0], "conversions"].sum())


def test_P115_conversions_of_a_past_day_keep_changing(growing):
    reads = [daily(growing, "acc_1", **CAMPAIGN, as_of=day + 1.0)["2026-03-01"] for day in range(9)]
    assert [value for value, _ in reads] == [4, 7, 7, 7, 9, 9, 9, 10, 10]
    assert {state for _, state in reads} == {"may grow"}, "until no window of the platform is open any more"
    kept_copies = {look_back: copy_of_day_0([value for value, _ in reads], look_back) for look_back in (0, 3, 7)}
    assert kept_copies == {0: 4, 3: 7, 7: 10}
    final = daily(growing, "acc_1", **CAMPAIGN, as_of=29.0)
    assert final["2026-03-01"] == (10, "final")
    assert daily(growing, "acc_1", **CAMPAIGN)["2026-03-01"] == (10, "final")


def test_P115_real_time_conversions_stand_on_the_days_of_the_sales(growing):
    table = daily(growing, "acc_1", "attributed events")
    values = [value for value, _ in table.values()]
    assert values[:8] == [4, 3, 0, 0, 2, 0, 0, 1]
    assert sum(values) == 10
    by_event = growing.scenario.vary("measurement.day_basis", "event")
    again = dataclasses.replace(growing.simulation, scenario=by_event)
    table = metrics(again, "acc_1", by="day")
    rows = table[(table["metric"] == CAMPAIGN["metric"]) & (table["event"] == "Purchase")]
    assert rows["value"].tolist()[:8] == values[:8]


# P116: a purchase in the middle of each hour; data arrive 11 hours late.


@pytest.fixture(scope="module")
def lagging():
    one = business(days=3, measurement={"reporting_lag_hours": 11.0})
    return play(one, [visits("shop", np.arange(48) * HOUR + 30 * MINUTE, np.arange(48), ordered=True)])


@pytest.mark.parametrize(
    ("hour", "yesterday", "today"),
    [(9, (22, "incomplete"), (0, "incomplete")), (11, (24, "final"), (0, "incomplete"))],
)
def test_P116_data_younger_than_the_lag_are_not_in_and_their_days_are_incomplete(lagging, hour, yesterday, today):
    table = daily(lagging, "acc_0", "total events", as_of=1 + hour / 24)
    assert table == {"2026-01-05": yesterday, "2026-01-06": today}


def test_P116_an_event_exactly_as_old_as_the_lag_is_in(lagging):
    assert daily(lagging, "acc_0", "total events", as_of=(23.5 + 11) / 24)["2026-01-05"] == (24, "incomplete")
    assert daily(lagging, "acc_0", "total events", as_of=(23.5 + 11) / 24 - 1e-6)["2026-01-05"] == (23, "incomplete")


# P118: ten events an hour; finished days are rolled up at 09:00 UTC of the next one.


@pytest.mark.parametrize(("clock", "rolled_up"), [("00:30", 0), ("08:59", 0), ("09:01", 240)])
def test_P118_yesterday_is_served_from_live_rows_until_the_roll_up_is_in(clock, rolled_up):
    run = play(business(days=3), [visits("shop", np.arange(480) * 6 * MINUTE, np.arange(480), ordered=True)])
    hours, minutes = map(int, clock.split(":"))
    now = 1 + (hours + minutes / 60) / 24
    right = daily(run, "acc_0", "total events", as_of=now)["2026-01-05"]
    assert right == (240, "final")
    # The fault: finished days come from the last roll-up alone, and a day's is made nine hours after its end.
    last_roll_up = np.floor(now - 9 / 24)
    finished = daily(run, "acc_0", "total events", as_of=last_roll_up) if last_roll_up >= 1 else {}
    assert finished.get("2026-01-05", (0, ""))[0] == rolled_up
