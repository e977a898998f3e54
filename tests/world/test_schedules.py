"""Dates, review and the half hours of a week: when the clock alone lets an ad group deliver."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY, HOUR, MINUTE
from pixelsim.world import AdGroup
from pixelsim.world.schedule import (
    HALF_HOUR,
    SLOTS,
    WEEK,
    dayparting_fits,
    flips,
    in_daypart,
    open_spans,
    opens_at,
)

NIGHTS = ("1" * 12 + "0" * 36) * 7
"""Every day from 0:00 to 6:00."""


def group(**changes: object) -> AdGroup:
    return AdGroup(id="g", campaign="c", name="G", **changes)


@pytest.mark.parametrize(
    ("text", "fits"),
    [(NIGHTS, True), ("1" * SLOTS, True), ("0" * SLOTS, False), ("1" * 335, False), ("1" * 335 + "2", False)],
)
def test_a_grid_has_336_half_hours_and_at_least_one_in_which_ads_run(text, fits):
    assert SLOTS == 336
    assert dayparting_fits(text) is fits


def test_half_hours_count_from_monday_on_the_accounts_own_clock():
    nights = group(dayparting=NIGHTS)
    assert [in_daypart(nights, 0, at) for at in (0, 6 * HOUR - 1, 6 * HOUR, DAY - 1, DAY)] == [
        True,
        True,
        False,
        False,
        True,
    ]
    # An account 8 hours behind: its midnight is at 8:00 of the scenario's clock.
    behind = -WEEK + 8 * HOUR
    assert [in_daypart(nights, behind, at * HOUR) for at in (0, 7, 8, 13, 14)] == [False, False, True, True, False]
    sunday = group(dayparting="0" * 288 + "1" * 48)
    assert [in_daypart(sunday, -3 * DAY, day * DAY) for day in range(7)] == [
        False,
        False,
        False,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("changes", "at", "expected"),
    [
        ({}, 5, 5),
        ({"start": 9}, 5, 9),
        ({"start": 9, "review_until": 12}, 5, 12),
        ({"end": 9}, 9, None),
        ({"dayparting": NIGHTS}, 5 * HOUR, 5 * HOUR),
        ({"dayparting": NIGHTS}, 6 * HOUR, DAY),
        ({"dayparting": NIGHTS, "end": DAY}, 6 * HOUR, None),
        ({"dayparting": NIGHTS, "end": DAY + 1}, 6 * HOUR, DAY),
        ({"dayparting": NIGHTS, "start": DAY + 7 * HOUR}, 0, 2 * DAY),
        ({"dayparting": "0" * SLOTS}, 0, None),
    ],
)
def test_when_it_may_deliver_next(changes, at, expected):
    assert opens_at(group(**changes), 0, at) == expected


grids = st.lists(st.booleans(), min_size=SLOTS, max_size=SLOTS).map(lambda bits: "".join("01"[bit] for bit in bits))


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    grid=st.one_of(st.none(), grids),
    week_start=st.integers(-WEEK + 1, 0),
    dates=st.tuples(*[st.integers(-2 * DAY, 12 * DAY)] * 5),
)
def test_open_spans_and_flips_are_what_a_look_at_every_instant_says(grid, week_start, dates):
    start, end, review, one, two = dates
    first, last = sorted((one, two))
    item = group(dayparting=grid, start=start, end=end, review_until=max(0, review))

    def runs(at: int) -> bool:
        slot = (at - week_start) // (30 * MINUTE)
        bit = grid is None or grid[slot % 336] == "1"
        return at >= start and at >= max(0, review) and at < end and bit

    spans = list(open_spans(item, week_start, first, last))
    edges = sorted({first, last, *(at for span in spans for at in span), *flips(item, week_start, first, last)})
    probes = {at + d for at in [*edges, start, end, max(0, review)] for d in (-1, 0, 1)}
    probes |= set(range(first, last, HALF_HOUR // 2 * 7 + 1))
    for at in sorted(p for p in probes if first <= p < last):
        assert runs(at) is any(a <= at < b for a, b in spans)
    ahead = opens_at(item, week_start, first)
    assert ahead is None or (runs(ahead) and not any(first <= a < ahead for a, _ in spans))
