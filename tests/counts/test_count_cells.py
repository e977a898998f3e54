"""Cells, the places of traffic in them, and the kernels from touches to orders."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from pixelsim.base.clock import DAY, HOUR, MINUTE, Clock
from pixelsim.counts.cells import Cells, Hours, ShapedDay, by_event
from pixelsim.counts.kernels import delay_table
from pixelsim.scenario.traffic import AdDelivery, ConversionDelay
from pixelsim.traffic.shapes import LocalDays, WeekShape

CLOCK = Clock(dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
AD = AdDelivery(ad_group="a", website="w")
WEEK = AdDelivery(ad_group="a", website="w", hours_of_week=tuple(1.0 + (h % 24 == h // 24) * 30 for h in range(168)))


def days(offset: float = 0.0) -> LocalDays:
    return LocalDays.on(CLOCK.start_offset, CLOCK.start_weekday, round(offset * HOUR))


def test_cells_are_days_cut_at_each_clocks_midnight() -> None:
    cells = Cells.of(2, CLOCK, [0, round(5.5 * HOUR), -8 * HOUR])
    assert (cells.borders / HOUR).tolist() == [0, 8, 18.5, 24, 32, 42.5, 48]
    assert cells.day.tolist() == [0, 0, 0, 1, 1, 1]
    assert [cells.holding(at) for at in (0, 8 * HOUR - 1, 8 * HOUR, 2 * DAY - 1)] == [0, 0, 1, 5]
    assert (cells.beyond(1)[6:] / HOUR).tolist() == [48, 56, 66.5, 72]


def test_events_of_all_lags_add_up_by_their_own_cell() -> None:
    table = np.arange(12).reshape(4, 3)
    # Cell 3 has the touches of 3 with lag 0, of 2 with lag 1 and of 1 with lag 2: 9 + 7 + 5.
    assert by_event(table).tolist() == [0, 1 + 3, 2 + 4 + 6, 21]


@pytest.mark.parametrize("ads", [AD, WEEK])
@pytest.mark.parametrize("offset", [0.0, 5.5, -9.5])
def test_shares_of_a_week_follow_the_hours(ads: AdDelivery, offset: float) -> None:
    day = ShapedDay(WeekShape.of(ads), days(offset))
    hours = np.arange(-24, 24 * 15) * HOUR  # Hours of the scenario; each is one hour, or two halves, of the clock.
    weights = np.array(ads.hours_of_week or ads.hours * 7, dtype=np.float64).reshape(7, 24)
    weights = (weights / weights.sum(axis=1, keepdims=True)).ravel()
    at = np.arange(hours[0], hours[-1], HOUR // 2) // (HOUR // 2)
    of_half = weights[((at / 2 + offset) // 1 % 168).astype(int)] / 2
    expected = of_half.reshape(-1, 2).sum(axis=1)
    np.testing.assert_allclose(day.share(hours[:-1], hours[1:]), expected, atol=1e-12)


def test_nodes_average_over_the_traffic_of_a_stretch() -> None:
    day = ShapedDay(WeekShape.of(AD), days())
    at, weight = day.nodes(7 * HOUR + 20 * MINUTE, 9 * HOUR)
    hours = np.array(AD.hours)
    expected = np.average([7 + 2 / 3, 8.5], weights=[hours[7] * 2 / 3, hours[8]])
    assert weight.sum() == pytest.approx(1, abs=1e-12)
    assert at @ weight / HOUR == pytest.approx(expected, abs=1e-9)


def mixture(delay: ConversionDelay, within: np.ndarray) -> np.ndarray:
    """Share of orders within times in seconds: both parts cut at the limit, by SciPy's distributions."""
    fast = stats.lognorm(s=delay.fast_sigma, scale=np.exp(delay.fast_mu))
    slow = stats.weibull_min(c=delay.slow_shape, scale=delay.slow_scale)
    limit = delay.limit_days * 86_400
    within = np.clip(within, 0, limit)
    fast_part = delay.fast_share * fast.cdf(within) / fast.cdf(limit)
    return fast_part + (1 - delay.fast_share) * slow.cdf(within) / slow.cdf(limit)


@pytest.mark.parametrize("clocks", [[0], [0, 5 * HOUR]])
def test_kernel_is_the_delay_over_the_hours_of_touches(clocks: list[int]) -> None:
    """Against a sum over every 20 seconds of the touches' cell."""
    cells, delay = Cells.of(20, CLOCK, clocks), ConversionDelay()
    table = delay_table(cells, delay, Hours.of(AD), days(), soon=30 * MINUTE, window=7 * DAY)
    for place in range(len(clocks)):
        start, end = cells.borders[place], cells.borders[place + 1]
        at = np.arange(start + 10_000, end, 20_000)
        weight = np.array(AD.hours)[at // HOUR]
        wait = (cells.beyond(40)[place + 1 : place + 1 + table.lags][:, np.newaxis] - at) / 1000
        cumulated = np.average(mixture(delay, wait), axis=1, weights=weight)
        inside = np.average(mixture(delay, np.minimum(wait, 7 * 86_400)), axis=1, weights=weight)
        soon = np.average(mixture(delay, np.minimum(wait, 1800)), axis=1, weights=weight)
        share = np.diff(cumulated, prepend=0)
        row = table.whole.take(np.array([place + len(clocks)]))
        np.testing.assert_allclose(row.share[0], share, atol=2e-6)
        np.testing.assert_allclose(row.share[0] * row.inside[0], np.diff(inside, prepend=0), atol=2e-6)
        np.testing.assert_allclose(row.share[0] * row.soon[0], np.diff(soon, prepend=0), atol=2e-6)
        assert row.share.sum() == pytest.approx(1, abs=1e-9)


def test_parts_of_a_cell_make_the_whole() -> None:
    cells, delay = Cells.of(10, CLOCK, [0]), ConversionDelay()
    table = delay_table(cells, delay, Hours.of(AD), days(), soon=30 * MINUTE, window=DAY)
    cut = 2 * DAY + 9 * HOUR + 123_456
    cell, start, end = np.array([2, 2]), np.array([2 * DAY, cut]), np.array([cut, 3 * DAY])
    parts = table.of_rows(cell, start, end)
    weight = table.day.share(start, end)
    for name in ("share", "inside", "elapsed"):
        whole = getattr(table.whole, name)[2] * (1 if name == "share" else table.whole.share[2])
        of_parts = getattr(parts, name) * (1 if name == "share" else parts.share)
        if name == "elapsed":
            whole, of_parts = whole * table.whole.inside[2], of_parts * parts.inside
        np.testing.assert_allclose(weight @ of_parts, whole, rtol=2e-4, atol=1e-7 * max(1, np.abs(whole).max()))


def test_orders_before_an_instant_of_their_cell() -> None:
    cells, delay = Cells.of(10, CLOCK, [0]), ConversionDelay()
    table = delay_table(cells, delay, Hours.of(AD), days(), soon=30 * MINUTE, window=DAY)
    noon = 4 * DAY + 12 * HOUR
    at = np.arange(2 * DAY + 10_000, 3 * DAY, 20_000)
    weight = np.array(AD.hours)[at % DAY // HOUR]
    low, middle, high = (
        np.average(mixture(delay, (edge - at) / 1000), weights=weight) for edge in (4 * DAY, noon, 5 * DAY)
    )
    assert table.before(2 * DAY, 3 * DAY, noon) == pytest.approx((middle - low) / (high - low), abs=1e-5)
