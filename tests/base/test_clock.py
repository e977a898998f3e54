"""The clock: fixed offsets of ad accounts, and the bridge between milliseconds and the calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY, HOUR, MINUTE, SECOND, Clock, days, fixed_offset, format_offset
from pixelsim.base.errors import InputError

UTC = dt.UTC
EPOCH = dt.date(1970, 1, 1)


def test_units_build_on_each_other():
    assert (SECOND, MINUTE, HOUR, DAY) == (1_000, 60_000, 3_600_000, 86_400_000)


def test_days_are_rounded_once_to_the_nearest_millisecond():
    assert days(3.5) == 302_400_000
    assert days(1 / DAY) == 1
    assert days(0.4 / DAY) == 0
    assert days(0.6 / DAY) == 1


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+05:30", 330),
        ("+0530", 330),
        ("+530", 330),
        ("-08:00", -480),
        ("-8", -480),
        (" +08 ", 480),
        ("UTC+9", 540),
        ("utc-03:30", -210),
        ("GMT+00:00", 0),
        ("UTC", 0),
        ("gmt", 0),
        ("Z", 0),
        ("+14:00", 840),
        ("-12:00", -720),
    ],
)
def test_written_offsets(text, minutes):
    assert fixed_offset(text) == (minutes * MINUTE, None)


@pytest.mark.parametrize("text", ["+05:45", "-00:15", "+14:30", "-15", "Asia/Kathmandu"])
def test_P111_only_whole_and_half_hours_within_fourteen(text):
    with pytest.raises(InputError, match="whole or half hour within 14 hours") as caught:
        fixed_offset(text)
    assert caught.value.faults[0].value == text
    assert "quarter-hour" in caught.value.faults[0].remedy


@pytest.mark.parametrize(
    "text", ["", "Mars/Olympus", "+5:", "+05:60", "+05:90", "05:30", "+123:00", "../etc", "America"]
)
def test_what_is_no_clock_is_refused(text):
    with pytest.raises(InputError, match="a fixed offset such as"):
        fixed_offset(text)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("America/Los_Angeles", "-08:00"),
        ("Europe/Berlin", "+01:00"),
        ("Australia/Sydney", "+10:00"),
        ("Australia/Lord_Howe", "+10:30"),
        ("Asia/Kolkata", "+05:30"),
        ("Europe/Dublin", "+00:00"),
    ],
)
def test_P111_a_named_zone_is_kept_at_its_standard_time_with_a_note(zone, offset):
    found, note = fixed_offset(zone)
    assert format_offset(found) == offset
    assert note == f"{zone} is stored as the fixed offset {offset}, without summer time"


def test_P111_a_californian_summer_night_counts_on_the_day_before():
    # 00:30 on 11 July by the wall clock of summer time, UTC-7, is 23:30 on the 10th on the account's clock, UTC-8.
    clock = Clock(dt.datetime(2026, 7, 1, tzinfo=UTC))
    bought = dt.datetime(2026, 7, 11, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=-7)))
    assert bought.astimezone(UTC) == dt.datetime(2026, 7, 11, 7, 30, tzinfo=UTC)
    offset, _ = fixed_offset("America/Los_Angeles")
    at = clock.to_ms(bought)
    assert clock.to_datetime(at, offset).replace(tzinfo=None) == dt.datetime(2026, 7, 10, 23, 30)
    (day,) = clock.day_index(np.array([at]), offset)
    assert EPOCH + dt.timedelta(days=int(day)) == dt.date(2026, 7, 10)


@given(st.integers(-28, 28))
def test_an_offset_written_out_reads_back(half_hours):
    offset = half_hours * 30 * MINUTE
    assert fixed_offset(format_offset(offset)) == (offset, None)


def test_a_clock_needs_a_time_zone():
    naive = dt.datetime(2026, 1, 5)
    with pytest.raises(InputError, match=r"\$\.start: start is '2026-01-05T00:00:00', but must be an instant with a"):
        Clock(naive)
    with pytest.raises(InputError, match="an instant with a time zone"):
        Clock(dt.datetime(2026, 1, 5, tzinfo=UTC)).to_ms(naive)


def test_instants_keep_the_zone_of_the_start_unless_another_is_asked_for():
    clock = Clock(dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=9))))
    assert clock.to_datetime(0) == clock.start
    assert clock.to_datetime(DAY).utcoffset() == dt.timedelta(hours=9)
    assert clock.to_datetime(DAY, -8 * HOUR).utcoffset() == dt.timedelta(hours=-8)
    assert clock.to_datetime(DAY, -8 * HOUR) == clock.to_datetime(DAY)


AWARE = st.builds(
    lambda moment, hours: moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours))),
    st.datetimes(dt.datetime(1960, 1, 1), dt.datetime(2100, 1, 1)),
    st.sampled_from([-11, -8, 0, 5.5, 9, 13]),
)


@settings(derandomize=True, deadline=None)
@given(AWARE, st.integers(-(10**12), 10**12))
def test_milliseconds_and_instants_are_each_others_inverse(start, at):
    clock = Clock(start)
    assert clock.to_ms(clock.to_datetime(at)) == at


@settings(derandomize=True, deadline=None)
@given(AWARE, st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=5), st.integers(-28, 28))
def test_days_are_those_of_the_calendar_on_any_clock(start, at, half_hours):
    start = start.replace(microsecond=start.microsecond // 1000 * 1000)
    clock = Clock(start)
    zone = dt.timezone(dt.timedelta(minutes=30 * half_hours))
    expected = [((start + dt.timedelta(milliseconds=t)).astimezone(zone).date() - EPOCH).days for t in at]
    assert clock.day_index(np.array(at), half_hours * 30 * MINUTE).tolist() == expected


@settings(derandomize=True, deadline=None)
@given(AWARE)
def test_start_of_day_and_weekday_are_read_on_utc(start):
    clock, utc = Clock(start), start.astimezone(UTC)
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0)
    assert clock.start_offset == (utc - midnight) // dt.timedelta(milliseconds=1)
    assert clock.start_weekday == utc.weekday()
