"""Field cases of duplicate events, on the deduplication kernel alone."""

from __future__ import annotations

import numpy as np
import pytest

from pixelsim.base.clock import DAY, HOUR, MINUTE
from pixelsim.traffic.dedup import BROWSER, SERVER, DedupOutcome, DedupRule, deduplicate
from pixelsim.traffic.over_dedup import over_dedup

PURCHASE, ADD_TO_CART = 0, 1
NO_ID = -1


def kept_by(result, *columns):
    """Count the kept rows by the given columns."""
    counts: dict[tuple[int, ...], int] = {}
    for row in np.flatnonzero(result.kept).tolist():
        key = tuple(int(column[row]) for column in columns)
        counts[key] = counts.get(key, 0) + 1
    return counts


@pytest.mark.parametrize(
    ("copy", "purchases", "elsewhere"),
    [
        ({"at": 10 * MINUTE}, 1, {}),
        ({"at": 47 * HOUR + 59 * MINUTE}, 1, {}),
        ({"at": 48 * HOUR + MINUTE}, 2, {}),
        ({"at": HOUR, "channel": BROWSER}, 1, {}),
        ({"at": 10 * MINUTE, "event_id": 2}, 2, {}),
        ({"at": 10 * MINUTE, "event": ADD_TO_CART}, 1, {(1, ADD_TO_CART): 1}),
        ({"at": 10 * MINUTE, "pixel": 2}, 1, {(2, PURCHASE): 1}),
        ({"at": 48 * HOUR}, 1, {}),
    ],
    ids=["a", "b", "c", "d", "e", "f", "g", "exactly-48h"],
)
def test_P40_same_event_and_id_within_48_hours(copy, purchases, elsewhere):
    second = {"at": 0, "pixel": 1, "event": PURCHASE, "event_id": 1, "channel": SERVER} | copy
    pixel, event = [1, second["pixel"]], [PURCHASE, second["event"]]
    result = deduplicate(
        [0, second["at"]], pixel, event, [1, second["event_id"]], [BROWSER, second["channel"]], [-1, -1]
    )
    assert kept_by(result, pixel, event) == {(1, PURCHASE): purchases} | elsewhere


def test_P40_window_runs_from_the_first_copy():
    # The copy at 47 h 59 min is dropped and does not prolong the window: the one at 48 h 01 min counts.
    at = [0, 47 * HOUR + 59 * MINUTE, 48 * HOUR + MINUTE]
    result = deduplicate(at, [1] * 3, [PURCHASE] * 3, [1] * 3, [BROWSER, SERVER, SERVER], [-1] * 3)
    assert result.outcome.tolist() == [DedupOutcome.KEPT, DedupOutcome.DUPLICATE, DedupOutcome.KEPT]


@pytest.mark.parametrize(("installs", "with_id", "purchases"), [(3, False, 60), (1, False, 20), (3, True, 20)])
def test_P43_one_sale_shows_as_three(installs, with_id, purchases):
    order = np.repeat(np.arange(20), installs)
    at = order * HOUR + np.tile(np.arange(installs) * 200, 20)
    none = np.zeros(len(order), dtype=np.int64)
    result = deduplicate(at, none, none, order if with_id else np.full(len(order), NO_ID), none, order)
    assert np.count_nonzero(result.kept) == purchases


def test_P44_second_pixel_doubles_the_result():
    spend, basket = 4_000, 100
    order = np.repeat(np.arange(100), 2)
    pixel = np.tile([1, 2], 100)
    result = deduplicate(order * HOUR, pixel, np.zeros(200), order, np.zeros(200), order)
    by_pixel = kept_by(result, pixel)
    assert by_pixel == {(1,): 100, (2,): 100}
    assert sum(by_pixel.values()) * basket / spend == 5.0
    after_unlink = by_pixel[1,] * basket / spend
    assert after_unlink == 2.5
    assert after_unlink / 5.0 - 1 == -0.5


@pytest.mark.parametrize(("by_order", "counted"), [(False, 100), (True, 140)])
def test_P49_a_real_second_sale_is_dropped(by_order, counted):
    visitor = np.concatenate([np.arange(100), np.arange(40)])
    order = np.arange(140)
    at = visitor * HOUR + np.repeat([0, 4 * MINUTE], [100, 40])
    in_time = np.argsort(at, kind="stable")
    none = np.zeros(140, dtype=np.int64)
    event_id = (order if by_order else visitor)[in_time]
    result = deduplicate(at[in_time], none, none, event_id, none, visitor[in_time])
    assert np.count_nonzero(result.kept) == counted
    lost = over_dedup(order[in_time], result)
    assert len(lost.lost) == 140 - counted
    assert str(lost) == f"event id repeats across different orders: {140 - counted}"
    np.testing.assert_array_equal(lost.lost, [] if by_order else np.arange(100, 140))


@pytest.mark.parametrize(("repeat", "reported"), [(0, 4), (10 * MINUTE, 1), (24 * HOUR, 1)])
def test_P53_refreshing_the_thank_you_page(repeat, reported):
    at = [0, 40_000, 80_000, 2 * MINUTE]
    result = deduplicate(at, [0] * 4, [PURCHASE] * 4, [NO_ID] * 4, [BROWSER] * 4, [8] * 4, DedupRule(repeat=repeat))
    assert len(result.outcome) == 4
    assert np.count_nonzero(result.kept) == reported
    assert result.totals()[DedupOutcome.REPEAT] == 4 - reported


@pytest.mark.parametrize(("browser_on", "goal_events"), [(True, 100), (False, 0)])
def test_P54_purchase_sent_under_the_wrong_name(browser_on, goal_events):
    complete_payment, place_an_order = 0, 1
    order = np.repeat(np.arange(100), 2)
    channel = np.tile([BROWSER, SERVER], 100)
    event = np.where(channel == BROWSER, complete_payment, place_an_order)
    received = np.flatnonzero(browser_on | (channel == SERVER))
    log = [column[received] for column in (order * MINUTE, np.zeros(200), event, order, channel, order)]
    result = deduplicate(*log)
    counts = np.bincount(log[2][result.kept], minlength=2)
    assert counts.tolist() == [goal_events, 100]


def test_P40_holds_whatever_the_blocks():
    # A day of pauses, so that windows stay open over block borders.
    at = np.array([0, DAY, 2 * DAY - MINUTE, 2 * DAY + MINUTE, 3 * DAY])
    columns = [at, *(np.ones(5, dtype=np.int64) for _ in range(3)), np.zeros(5, dtype=np.int64), np.full(5, -1)]
    state, kept = None, []
    for row in range(5):
        part = deduplicate(*(column[row : row + 1] for column in columns), state=state)
        state, kept = part.state, kept + part.kept.tolist()
    assert kept == [True, False, False, True, False]
