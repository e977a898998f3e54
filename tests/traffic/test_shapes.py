"""Shapes of a day and days on a clock, against plain calendars and Riemann sums."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY, HOUR, Clock
from pixelsim.base.errors import InputError
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.shapes import DayShape, LocalDays, WeekShape

exact = settings(derandomize=True, deadline=None, max_examples=100)
weights = st.lists(st.floats(0.0, 10.0).map(lambda w: round(w, 2)), min_size=24, max_size=24).filter(
    lambda h: sum(h) > 0
)


def test_flat_day_passes_evenly() -> None:
    shape = DayShape.of([2.0] * 24)
    of_day = np.array([0, DAY // 4, DAY // 2, DAY])
    assert shape.share(of_day) == pytest.approx([0.0, 0.25, 0.5, 1.0])
    assert shape.instant(np.array([0.0, 0.25, 0.5])).tolist() == [0, DAY // 4, DAY // 2]


def test_share_is_the_part_of_the_weights_that_has_passed() -> None:
    hours = [0.0] * 24
    hours[8], hours[20] = 1.0, 3.0
    shape = DayShape.of(hours)
    of_day = np.array([8, 8.5, 9, 20, 20.5, 21, 24]) * HOUR
    assert shape.share(of_day.astype(np.int64)) == pytest.approx([0, 0.125, 0.25, 0.25, 0.625, 1.0, 1.0])


def test_instants_outside_the_day_are_clipped() -> None:
    shape = DayShape.of([1.0] * 24)
    assert shape.share(np.array([-HOUR, DAY + HOUR])).tolist() == [0.0, 1.0]


@exact
@given(weights, st.lists(st.floats(0.0, 1.0, exclude_max=True), min_size=1, max_size=20))
def test_instant_is_the_inverse_of_share(hours: list[float], quantiles: list[float]) -> None:
    shape = DayShape.of(hours)
    quantile = np.array(quantiles)
    at = shape.instant(quantile)
    assert np.all((at >= 0) & (at < DAY))
    # An instant is cut to a whole millisecond, in which at most the busiest hour's share passes.
    slack = max(hours) / sum(hours) / HOUR + 1e-12
    assert np.all(shape.share(at) <= quantile + 1e-12)
    assert np.all(quantile <= shape.share(at + 1) + slack)


@exact
@given(weights)
def test_nothing_falls_into_hours_without_weight(hours: list[float]) -> None:
    at = DayShape.of(hours).instant((np.arange(500) + 0.5) / 500)
    assert all(hours[hour] > 0 for hour in np.unique(at // HOUR).tolist())


def test_no_weight_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="at least one hour above 0"):
        DayShape.of([0.0] * 24)


@exact
@given(
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2027, 1, 1)).map(
        lambda t: t.replace(microsecond=0, tzinfo=dt.UTC)
    ),
    st.integers(-28, 28).map(lambda halves: halves * HOUR // 2),
    st.integers(0, 40 * DAY),
)
def test_days_are_those_of_a_calendar(start: dt.datetime, offset: int, at: int) -> None:
    clock = Clock(start)
    days = LocalDays.on(clock.start_offset, clock.start_weekday, offset)
    zone = dt.timezone(dt.timedelta(milliseconds=offset))
    here, then = start.astimezone(zone), (start + dt.timedelta(milliseconds=at)).astimezone(zone)
    number = (then.date() - here.date()).days
    assert days.of(at) == number
    midnight = dt.datetime.combine(then.date(), dt.time(), zone)
    assert days.begin(number) == round((midnight - start) / dt.timedelta(milliseconds=1))
    # A weight of its own for each weekday tells which one a day is.
    weight = days.weights(number, number + 1, [1, 2, 3, 4, 5, 6, 7])[0]
    assert round(weight * 4) == then.weekday() + 1


def test_weights_have_a_mean_of_one_over_a_week() -> None:
    days = LocalDays(origin=0, weekday=3)
    assert days.weights(0, 7, [5, 0, 0, 1, 1, 2, 9]).mean() == pytest.approx(1.0)
    assert days.weights(0, 3, [0.0] * 7).tolist() == [0.0, 0.0, 0.0]


def test_first_day_began_before_the_start() -> None:
    """At 13:37 UTC it is 23:07 on a clock of +09:30, so that its day began 23 h 7 min earlier."""
    clock = Clock(dt.datetime(2026, 1, 7, 13, 37, tzinfo=dt.UTC))
    days = LocalDays.on(clock.start_offset, clock.start_weekday, 9 * HOUR + HOUR // 2)
    assert days.origin == -(23 * HOUR + 7 * 60_000)
    assert days.weekday == 2  # still a Wednesday
    assert days.of(53 * 60_000 - 1) == 0
    assert days.of(53 * 60_000) == 1


def test_moved_days_are_those_of_the_other_clock() -> None:
    for one in range(-28, 29, 5):
        for other in range(-28, 29, 7):
            by = (other - one) * HOUR // 2
            days = LocalDays.on(13 * HOUR, 3, one * HOUR // 2)
            assert days.moved(by) == LocalDays.on(13 * HOUR, 3, other * HOUR // 2)


@exact
@given(st.lists(st.integers(0, 5), min_size=168, max_size=168).filter(any), st.integers(0, 6))
def test_a_week_gives_every_day_its_own_shape_and_weight(hours: list[int], first: int) -> None:
    week = WeekShape.of(SiteTraffic(website="shop", hours_of_week=tuple(map(float, hours))))
    quantile, day = np.tile((np.arange(50) + 0.5) / 50, 14), np.repeat(np.arange(14), 50)
    at = week.instant(quantile, day, first)
    for number in range(14):
        weekday = (number + first) % 7
        own = hours[24 * weekday : 24 * weekday + 24]
        assert week.weekdays[weekday] == sum(own)
        shape = DayShape.of([float(hour) for hour in own] if any(own) else [1.0] * 24)
        assert at[day == number].tolist() == shape.instant(quantile[:50]).tolist()
        assert week.on(number + first).share(np.array([6 * HOUR]))[0] == shape.share(np.array([6 * HOUR]))[0]
