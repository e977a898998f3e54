"""Campaigns that have ended are no part of a forecast, and conversions still to come are counted."""

from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest

from pixelsim.exchange import AdsReport, calibrate, estimate
from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.combine import combine
from pixelsim.exchange.conversion_delay import come_by
from pixelsim.exchange.evidence import weigh
from pixelsim.exchange.gather import Gathered
from pixelsim.scenario import Scenario, dump_scenario
from pixelsim.scenario import scenario as builtin
from pixelsim.scenario.traffic import ConversionDelay

DAYS = pd.date_range("2025-03-01", periods=42)
NAMES = ["campaign_id", "campaign_name", "stat_time_day", "spend", "impressions", "clicks", "conversion"]


def made(active: dict[str, list[int]], *, zeros: bool = True) -> AdsReport:
    """Make a report of campaigns that deliver on the days with these numbers; other days are rows of 0, or none."""
    rows = []
    for key, days in active.items():
        for at, day in enumerate(DAYS):
            on = at in days
            if on or zeros:
                numbers = [f"{20 + at % 3}.00", str(5000 + 10 * at), "100", "5"] if on else ["0"] * 4
                rows.append([key, f"Name {key}", f"{day:%Y-%m-%d}", *numbers])
    return report_of_table(NAMES, rows, "days")


FLIGHTS = {
    "steady": list(range(42)),
    "ended": list(range(30)),
    "pausing": [*range(5), *range(20, 34)],
    "weekend": [at for at in range(42) if DAYS[at].weekday() > 4],
    "yesterday": list(range(38)),
}


@pytest.mark.parametrize("zeros", [True, False])
def test_a_campaign_has_ended_when_it_is_quiet_for_longer_than_it_ever_was(zeros: bool):
    ended = {c.campaign: c.ended for c in estimate(made(FLIGHTS, zeros=zeros)).campaigns}
    # "pausing" was quiet for 15 days before, and is for 8 now; "yesterday" for 4.
    assert ended == {"steady": None, "ended": DAYS[29], "pausing": None, "weekend": None, "yesterday": None}


def test_an_ended_campaign_gets_no_budget_and_the_scenario_says_so():
    report = made(FLIGHTS)
    mine = calibrate(report)
    campaigns = {c.id for c in mine.structure.campaigns}
    assert "ended" not in campaigns
    assert {"steady", "pausing", "weekend", "yesterday"} <= campaigns
    assert not [d for d in mine.traffic.delivery if d.ad_group.startswith("ended")]
    assert not [step for step in mine.plan.steps if getattr(step.action, "id", "") == "ended"]
    assert mine.title.endswith("calibrated from days; without 1 that had ended")
    assert mine.cross_faults() == []
    assert Scenario.read(tomllib.loads(dump_scenario(mine))) == mine
    lines = list(weigh(Gathered(reports=(report,)), builtin("agency")).lines())
    assert "campaigns that have ended, left out, since they spend nothing any more: Name ended on 2025-03-30" in lines
    # Its rates are still among those from which the others are pooled, and from which new ad groups get theirs.
    (launch,) = {mine.sources[f"traffic.delivery[{g}].cpm"].text for g in ("launch_1", "brand_always_on_1")}
    assert launch.startswith("median of the file's 5 campaigns")


def test_where_all_have_ended_they_are_what_is_left_to_show():
    report = made({"one": list(range(20)), "two": list(range(10, 25)), "never": []})
    mine = calibrate(report)
    assert {"one", "two"} <= {c.id for c in mine.structure.campaigns}
    lines = list(weigh(Gathered(reports=(report,)), builtin("agency")).lines())
    told = "campaigns that have ended, kept, as all campaigns have: Name one on 2025-03-20, Name two on 2025-03-25"
    # The report's last rows are all zero, and yet they are days that it has.
    assert told in lines
    assert mine.title.endswith("calibrated from days")


def test_accounts_whose_reports_end_on_different_days_are_judged_each_by_its_own():
    names = ["advertiser_id", *NAMES]
    rows = [
        [account, key, key, f"{day:%Y-%m-%d}", "20.00", "5000", "100", "5"]
        for account, key, length in (("7000000000000000101", "a", 42), ("7000000000000000102", "b", 30))
        for day in DAYS[:length]
    ]
    assert [c.ended for c in estimate(report_of_table(names, rows, "two")).campaigns] == [None, None]


TRUE = ConversionDelay(fast_share=0.6, fast_mu=9.0, fast_sigma=1.2, slow_shape=0.8, slow_scale=300_000.0)


def waits(random: np.random.Generator, count: int) -> np.ndarray:
    """Draw delays in days from the true mixture by its definition; those over its limit of 30 days again."""
    out = np.empty(0)
    while len(out) < count:
        fast, slow = random.lognormal(9.0, 1.2, count), 300_000.0 * random.weibull(0.8, count)
        both = np.where(random.random(count) < 0.6, fast, slow) / 86_400
        out = np.concatenate([out, both[both <= 30]])
    return out[:count]


def test_shares_that_have_come_in_are_those_of_drawn_delays():
    random = np.random.default_rng(4)
    wait, moment = waits(random, 400_000), random.random(400_000)
    inside = wait <= 7
    age = np.array([0, 1, 3, 6, 7, 30])
    by_hand = [((wait + moment <= a + 1) & inside).sum() / inside.sum() for a in age[:-1]]
    # The two mixtures are cut at the limit each for itself or together: less than half a percent apart.
    assert come_by(TRUE, age)[:5] == pytest.approx([*by_hand[:4], 1.0], abs=0.012)
    assert come_by(TRUE, age)[4:].tolist() == [1.0, 1.0]


def pull(end: int, orders: list[np.ndarray]) -> AdsReport:
    """Make the pull at the end of a day: conversions within 7 days of the click that have come by then."""
    rows = []
    for at in range(end + 1):
        moment = np.linspace(0, 1, len(orders[at]), endpoint=False)
        count = int(((orders[at] <= 7) & (orders[at] + moment <= end + 1 - at)).sum())
        rows.append(["c1", "Spring", f"{DAYS[at]:%Y-%m-%d}", "50.00", "90000", "1500", str(count)])
    return report_of_table(NAMES, rows, f"pull_{end}")


def test_conversions_of_the_last_days_are_completed_where_pulls_tell_the_delay():
    random = np.random.default_rng(8)
    orders = [waits(random, 150) for _ in range(15)]
    truth = np.mean([(day <= 7).sum() for day in orders]) / 1500
    pulls = [pull(end, orders) for end in (8, 10, 12, 14)]
    plain = estimate(combine(pulls)).campaign("c1").conversions_per_click
    evidence = weigh(Gathered(reports=tuple(pulls)), builtin("agency"))
    full = evidence.estimates.campaign("c1").conversions_per_click
    assert plain is not None
    assert full is not None
    # Of 15 days 7 are open; as they stand, the rate is too low by more than its own error.
    assert plain.value < truth - 2 * plain.sd
    assert full.value == pytest.approx(truth, abs=2 * full.sd)
    assert "of 22500, which count as" in full.source
    assert any("completed by the delay: 10,500 clicks" in note for note in evidence.estimates.notes)


def test_without_a_delay_the_last_days_are_taken_as_they_stand_and_that_is_said():
    found = estimate(made({"steady": list(range(42))}))
    assert any("taken as they stand" in note for note in found.notes)
    rate = found.campaign("steady").conversions_per_click
    assert rate is not None
    # 210 of 4,200 with half a conversion and half a click without one, as Jeffreys' prior adds them.
    assert rate.value == pytest.approx(210.5 / 4201)


def test_days_that_only_an_earlier_pull_has_are_as_old_as_that_pull():
    random = np.random.default_rng(8)
    orders = [waits(random, 150) for _ in range(15)]
    early, late = pull(8, orders), pull(14, orders)
    kept = late.frame["date"] >= DAYS[5]
    later = report_of_table(
        NAMES,
        [
            ["c1", "Spring", f"{r.date:%Y-%m-%d}", "50.00", "90000", "1500", f"{r.conversions:.0f}"]
            for r in late.frame[kept].itertuples()
        ],
        "later",
    )
    (rate,) = (c.conversions_per_click for c in estimate(combine([early, later]), delay=TRUE).campaigns)
    assert rate is not None
    # Days 0 to 4 are from the pull at the end of day 8, days 5 to 14 from the one at the end of day 14.
    ages = np.array([*(8 - np.arange(5)), *(14 - np.arange(5, 15))])
    counted = 1500 * come_by(TRUE, ages).sum()
    assert f"which count as {counted:.1f}" in rate.source
