"""Shapes of days and weeks: shares with errors that hold, and reasons where there are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.combine import combine
from pixelsim.exchange.shapes import Hourly, hourly_of, hours_of, weekdays_of

TRUE = np.exp(-(((np.arange(24) - 15) / 6.0) ** 2)) + 0.05
TRUE /= TRUE.sum()


def hourly(seed: int, days: int = 30) -> Hourly:
    """Draw counts by hour of days that differ in size by a factor of about two."""
    random = np.random.default_rng(seed)
    size = 4000 * np.exp(random.normal(0, 0.6, days))
    counts = random.poisson(size[:, None] * TRUE)
    return Hourly(np.repeat(np.arange(days), 24), np.tile(np.arange(24), days), counts.ravel().astype(float), "log")


def test_hours_are_shares_of_all_days_and_intervals_cover_the_truth():
    inside = []
    for seed in range(20):
        shape = hours_of(hourly(seed))
        assert not isinstance(shape, str)
        assert sum(part.value for part in shape) == pytest.approx(1.0, rel=1e-12)
        inside += [part.low <= true <= part.high for part, true in zip(shape, TRUE, strict=True)]
    # 480 intervals of 95 %: the share inside is known to about 1.5 points, allowing for their dependence.
    assert 0.91 <= np.mean(inside) <= 0.98


def test_hours_need_a_week_and_every_hour():
    assert hours_of(hourly(1, days=6)) == "6 days with hours are fewer than 7"
    rows = hourly(1)
    closed = replace(rows, weight=np.where(rows.hour == 3, 0.0, rows.weight))
    assert "hours without anything (3)" in str(hours_of(closed))


def test_hours_of_a_report_by_hour_are_those_of_its_impressions():
    drawn = hourly(4, days=10)
    weight = drawn.weight
    stamps = pd.Timestamp("2025-03-01") + pd.to_timedelta(drawn.day * 24 + drawn.hour, unit="h")
    rows = [["c1", f"{at:%Y-%m-%d %H:%M:%S}", "1.00", f"{w:.0f}"] for at, w in zip(stamps, weight, strict=True)]
    report = report_of_table(["campaign_id", "stat_time_hour", "spend", "impressions"], rows, "hours")
    shape = hours_of(hourly_of(combine([report])))
    assert not isinstance(shape, str)
    by_hand = weight.reshape(10, 24).sum(axis=0) / weight.sum()
    assert [part.value for part in shape] == pytest.approx(by_hand.tolist())
    assert shape[0].rows == 240
    assert hours_of(hourly_of(None)) == "no file has impressions by hour"


def test_weekdays_are_free_of_growth_and_start_on_monday():
    weights = np.array([0.8, 0.9, 1.0, 1.0, 1.1, 1.3, 0.9])
    days = pd.date_range("2025-01-01", periods=56)  # a Wednesday
    daily = pd.Series(100 * weights[days.day_of_week] * np.repeat(np.exp(0.2 * np.arange(8)), 7), index=days)
    shape = weekdays_of(daily, "log", "visits", 56)
    assert [part.value for part in shape] == pytest.approx(weights.tolist(), rel=1e-9)
    assert "fewer than four weeks" in str(weekdays_of(daily.iloc[:27], "log", "visits", 27))
