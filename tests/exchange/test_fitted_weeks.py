"""A week by the hour: found again where weekdays have hours of their own, and a product where they have not."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pixelsim.exchange import calibrate
from pixelsim.exchange.estimates import Estimate
from pixelsim.exchange.evidence import weigh
from pixelsim.exchange.gather import gather
from pixelsim.exchange.shapes import Hourly, weekdays_of
from pixelsim.exchange.week_shape import hours_of_week
from pixelsim.scenario import Scenario, dump_scenario
from pixelsim.scenario import scenario as builtin
from pixelsim.scenario.drawing import drawn
from pixelsim.scenario.shapes import FLAT_WEEK
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic

WORK = np.exp(-(((np.arange(24) - 14) / 6.0) ** 2)) + 0.05
WORK /= WORK.sum()
EVENING = np.exp(-(((np.arange(24) - 20) / 4.0) ** 2)) + 0.1
EVENING /= EVENING.sum()
WEEKDAYS = np.array([0.8, 0.9, 1.0, 1.0, 1.1, 1.3, 0.9])
FIRST = 20_150  # 2025-03-03, a Monday


def hours(mix: float) -> np.ndarray:
    """Give the hours of each weekday, shape (7, 24): weekends lean to the evening by a share."""
    weekend = (np.arange(7) > 4)[:, None]
    return np.where(weekend, (1 - mix) * WORK + mix * EVENING, WORK)


def drawn_weeks(
    seed: int, mix: float, *, weeks: int = 6, lumps: float = 0.0, first: int = FIRST + 2, sizes: float = 0.3
) -> Hourly:
    """Draw counts of days that differ in size, and hours that scatter more than by counting where there are lumps."""
    random = np.random.default_rng(seed)
    day = first + np.arange(7 * weeks + 3)
    weekday = (day - FIRST) % 7
    size = 3000 * WEEKDAYS[weekday] * np.exp(random.normal(0, sizes, len(day)))
    mean = size[:, None] * hours(mix)[weekday] * np.exp(random.normal(0, lumps, (len(day), 24)))
    counts = random.poisson(mean).ravel().astype(np.float64)
    return Hourly(np.repeat(day, 24), np.tile(np.arange(24), len(day)), counts, "log")


def fit(rows: Hourly) -> tuple[Estimate, ...] | str:
    daily = pd.Series(rows.weight).groupby(pd.to_datetime(rows.day, unit="D")).sum()
    return hours_of_week(rows, weekdays_of(daily, "log", "visits", len(rows.day)))


@pytest.mark.parametrize("lumps", [0.0, 0.3])
def test_a_known_week_is_found_again_within_the_stated_error(lumps: float):
    true = (24 * WEEKDAYS[:, None] * hours(0.4)).ravel()
    inside = []
    for seed in range(12):
        shape = fit(drawn_weeks(seed, 0.4, lumps=lumps))
        assert not isinstance(shape, str)
        assert len(shape) == 168
        assert sum(part.value for part in shape) == pytest.approx(168.0, rel=1e-9)
        inside += [part.low <= value <= part.high for part, value in zip(shape, true, strict=True)]
    # 2,016 intervals of 95 %; those of a day hang together, so that the share is known to about 2 points.
    assert 0.92 <= np.mean(inside) <= 0.98


def test_the_error_of_an_hour_is_as_stated_where_days_have_one_size():
    true = (24 * WEEKDAYS[:, None] * hours(0.4)).ravel()
    off = []
    for seed in range(12):
        shape = fit(drawn_weeks(seed, 0.4, sizes=0.0))
        assert not isinstance(shape, str)
        off += [(part.value - value) / part.sd for part, value in zip(shape, true, strict=True)]
    # 2,016 numbers: their standard deviation is known to under 3 %.
    assert np.std(off) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("lumps", [0.0, 0.3])
def test_a_product_stays_a_product(lumps: float):
    told = [fit(drawn_weeks(seed, 0.0, lumps=lumps)) for seed in range(30)]
    kept = sum(isinstance(shape, str) and "foretell no better" in shape for shape in told)
    # Each is wrong with a chance of 5 % at most; more than 4 of 30 have a chance below 2 %.
    assert kept >= 26


def test_shrinking_is_closer_to_the_truth_than_cells_and_than_the_product():
    true = 24 * WEEKDAYS[:, None] * hours(0.15)
    off = np.zeros(3)
    for seed in range(6):
        rows = drawn_weeks(seed, 0.15)
        shape = fit(rows)
        assert not isinstance(shape, str)
        table = np.zeros((7, 24))
        np.add.at(table, ((rows.day - FIRST) % 7, rows.hour), rows.weight)
        days = np.array([part.value for part in shape]).reshape(7, 24).mean(axis=1, keepdims=True)
        cells = 24 * days * table / table.sum(axis=1, keepdims=True)
        product = 24 * days * table.sum(axis=0) / table.sum()
        fitted = np.array([part.value for part in shape]).reshape(7, 24)
        off += [np.square(np.log(one / true)).mean() for one in (fitted, cells, product)]
    assert off[0] < min(off[1], off[2])


def test_monday_comes_first_wherever_the_file_begins():
    ways = [fit(drawn_weeks(3, 0.4, first=FIRST + shift, sizes=0.0)) for shift in range(7)]
    for shape in ways:
        assert not isinstance(shape, str)
        table = np.array([part.value for part in shape]).reshape(7, 24)
        assert table.mean(axis=1) == pytest.approx(WEEKDAYS.tolist(), abs=0.05)
        assert table[5, 20] / table[5].sum() > 1.3 * table[1, 20] / table[1].sum()
        assert shape[0].name == "monday hour 0"
        assert shape[167].name == "sunday hour 23"


def test_what_is_too_little_says_so():
    rows = drawn_weeks(1, 0.4)
    assert "no weekdays: 27 days" in str(hours_of_week(rows, "27 days are fewer than four weeks"))
    some = rows.day < FIRST + 2 + 27
    short = Hourly(rows.day[some], rows.hour[some], rows.weight[some], "log")
    weekdays = weekdays_of(pd.Series(1.0, index=pd.date_range("2025-03-03", periods=28)), "daily report", "visits", 28)
    assert hours_of_week(short, weekdays) == "3 whole weeks by the hour are fewer than four"
    closed = replace(rows, weight=np.where(rows.hour == 3, 0.0, rows.weight))
    assert "hours without anything" in str(hours_of_week(closed, weekdays))
    assert hours_of_week("no file has hours", weekdays) == "no file has hours"


def test_a_weekday_without_delivery_stays_without():
    rows = drawn_weeks(2, 0.4)
    shape = fit(replace(rows, weight=np.where((rows.day - FIRST) % 7 == 6, 0.0, rows.weight)))
    assert not isinstance(shape, str)
    assert [part.value for part in shape[144:]] == [0.0] * 24
    assert min(part.value for part in shape[:144]) > 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse by hour and page views, both of weeks whose weekends lean to the evening."""
    made = tmp_path_factory.mktemp("weeks")
    (made / "warehouse").mkdir()
    ads = drawn_weeks(5, 0.4)
    lines = ["campaign_id,stat_time_hour,spend,impressions,clicks,conversion\n"]
    for day, hour, count in zip(ads.day, ads.hour, ads.weight, strict=True):
        seen, clicks = int(count), int(count) // 50
        stamp = pd.Timestamp(int(day), unit="D") + pd.Timedelta(hours=int(hour))
        lines.append(f"c1,{stamp:%Y-%m-%d %H:%M:%S},{seen * 0.005:.3f},{seen},{clicks},{clicks // 20}\n")
    (made / "warehouse" / "campaign_report_hourly.csv").write_text("".join(lines), "utf-8")
    site = drawn_weeks(6, 0.4)
    few = np.random.default_rng(1).binomial(site.weight.astype(np.int64), 0.15)
    stamps = pd.to_datetime(np.repeat(site.day * 24 + site.hour, few), unit="h")
    visits = pd.DataFrame({"event": "PageView", "event_id": [f"e{k}" for k in range(len(stamps))], "timestamp": stamps})
    visits.to_csv(made / "events.csv", index=False)
    return made


def test_files_by_the_hour_bring_weeks_for_ads_and_for_the_website(folder: Path):
    gathered = gather([folder / "warehouse", folder / "events.csv"])
    mine = calibrate(gathered)
    (delivery,) = [d for d in mine.traffic.delivery if d.ad_group == "c1 / ad group"]
    site = mine.traffic.sites[0]
    true = (24 * WEEKDAYS[:, None] * hours(0.4)).ravel()
    for one, field, near in ((delivery, AdDelivery, 0.1), (site, SiteTraffic, 0.2)):
        assert one.hours_of_week is not None
        week = np.array(one.hours_of_week)
        assert np.median(abs(np.log(week / true))) < near
        assert (one.hours, one.weekdays) == (field.model_fields["hours"].default, FLAT_WEEK)
    source = mine.sources["traffic.delivery[c1 / ad group].hours_of_week"]
    assert source.rows == 45 * 24
    assert "campaign_report_hourly.csv: 6 weeks by the hour" in source.text
    assert "traffic.sites[shop].hours_of_week" in mine.sources
    lines = [line for line in weigh(gathered, builtin("agency")).lines() if line.startswith("week of")]
    assert len(lines) == 2
    assert all("better than hours times weekdays" in line for line in lines)


def test_a_calibrated_week_goes_through_a_file_and_into_the_replications(folder: Path):
    mine = calibrate(folder / "warehouse")
    assert Scenario.read(tomllib.loads(dump_scenario(mine))) == mine
    place = [d.ad_group for d in mine.traffic.delivery].index("c1 / ad group")
    now = np.array(mine.traffic.delivery[place].hours_of_week)
    weeks = np.array([drawn(mine, 1, k).traffic.delivery[place].hours_of_week for k in range(200)])
    spread = {s.cause: np.array(s.error) for s in mine.sources["traffic.delivery[c1 / ad group].hours_of_week"].spread}
    days, own = spread["weekdays of ads"], spread["hours of the week of ads"]
    assert (len(days), len(own)) == (7, 168)
    # Days as a whole are drawn with their own error, less what all seven have in common.
    logs = np.log((weeks / now).reshape(200, 7, 24).mean(axis=2))
    assert logs.std(axis=0).mean() == pytest.approx(days.mean() * np.sqrt(6 / 7), rel=0.2)


def test_another_calibration_of_a_calibrated_scenario_keeps_nothing_of_the_first(folder: Path, samples: Path):
    first = calibrate(folder / "warehouse")
    again = calibrate(samples / "constructed_120_days.csv", first)
    assert not [path for path in again.sources if "[c1 / ad group]" in path or "hours_of_week" in path]
    assert drawn(again, 1, 0).cross_faults() == []
