"""Where the copies meet: order, de-duplication, credit and counting, by hand and in any number of steps."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY, HOUR, MINUTE
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.history import History
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Copies, Loss
from pixelsim.traffic.collector import Collector, dedup_rule
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.log import ClaimRows, Fate, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import TouchKind, Windows

exact = settings(derandomize=True, deadline=None, max_examples=60)
AGENCY, BRAND, SECOND = range(3)
"""Numbers of the ad groups, by id, and of their accounts."""
PURCHASE = 4

Event = dict[str, int]


class Remembering(Collector):
    """A collector that keeps what its steps gave."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.log: list[LogRows] = []
        self.claims: list[ClaimRows] = []

    def collect(self, *args: Any) -> tuple[LogRows, ClaimRows]:
        log, claims = super().collect(*args)
        self.log.append(log)
        self.claims.append(claims)
        return log, claims


def collector(*, mode: CountMode = CountMode.EVERY, unshare: float | None = None, **fields: Any) -> Remembering:
    given: Scenario = small(steps=ending_of("agency", stop=None, unshare=unshare), policy="continue")
    history = History(given.structure.world(), given.rulebook)
    for step in given.plan.steps:
        assert history.attempt(step.action, step.at).decision.allowed
    numbering = Numbering.of(given, history.at(-1))
    windows = Windows(*(np.array(days) * DAY for days in ([28, 7, 1], [7, 1, 1], [7, 1, 0])))
    return Remembering(
        MeasurementSettings(**fields),
        numbering,
        windows,
        np.full((3, 5), mode, dtype=np.int8),
        AccessBook(Timeline(history), numbering),
    )


def copies(*events: Event) -> Copies:
    """Browser copies with ids and losses; what is not given is that of person 1's purchase."""
    rows = []
    for number, event in enumerate(events):
        row = {"at": 0, "person": 1, "event": PURCHASE, "key": number, "pixel": 0, "channel": 0, "value": 100}
        row |= {"visit": 0, "loss": 0, **event}
        row = {"received": row["at"], "visitor": row["person"], "match": row["person"], "event_id": row["key"], **row}
        rows.append(row)
    types = dict(zip(Copies.names(), ("q", "q", "q", "q", "q", "b", "q", "q", "i", "b", "q", "b", "b"), strict=True))
    return Copies(*(np.array([row[name] for row in rows], dtype=kind) for name, kind in types.items()))


def touches(*rows: tuple[int, int, int, int]) -> TouchRows:
    """Touches as (time, person, kind, ad group)."""
    at, person, kind, group = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(4))
    n = len(rows)
    return TouchRows(
        at,
        person,
        kind.astype(np.int8),
        group.astype(np.int32),
        (group * 2).astype(np.int32),
        np.arange(n, dtype=np.int64),
        np.zeros(n, dtype=np.bool_),
    )


CLICK, ENGAGED, VIEW = (int(kind) for kind in TouchKind)


def settled(found: Collector) -> tuple[list[str], list[str], list[int]]:
    log = LogRows.join(found.log)
    fates = [Fate(fate).name for fate in log.fate.tolist()]
    reasons = [Reason(reason).name if reason >= 0 else "" for reason in log.reason.tolist()]
    return fates, reasons, log.ad_group.tolist()


def test_windows_of_dedup_are_the_settings() -> None:
    rule = dedup_rule(MeasurementSettings(dedup_hours=2, merge_minutes=1.5, repeat_seconds=0.25, last_instant=False))
    assert (rule.window, rule.merge, rule.repeat, rule.inclusive) == (2 * HOUR, 90_000, 250, False)
    # Merging is a case of de-duplication, so that it cannot reach further.
    assert dedup_rule(MeasurementSettings(dedup_hours=0.05, merge_minutes=5)).merge == 3 * MINUTE


def test_order_of_ties() -> None:
    """By time of arrival; of one instant by event, pixel, channel and id."""
    rows = copies(
        {"at": 5, "key": 2, "event_id": 9},
        {"at": 5, "key": 1, "pixel": 1, "event_id": 8},
        {"at": 9, "received": 4, "key": 3, "event_id": 7},
        {"at": 5, "key": 1, "pixel": 0, "channel": 1, "event_id": 6},
        {"at": 5, "key": 1, "pixel": 0, "channel": 0, "event_id": 5},
        {"at": 5, "key": 1, "pixel": 0, "channel": 0, "event_id": 4},
    )
    found = collector()
    found.collect([], [rows], DAY)
    assert LogRows.join(found.log).event_id.tolist() == [7, 4, 5, 6, 8, 9]


@exact
@given(st.permutations(range(8)))
def test_order_does_not_depend_on_how_copies_come(order: list[int]) -> None:
    rows = copies(*({"at": at, "key": key, "pixel": pixel} for at in (3, 4) for key in (0, 1) for pixel in (0, 1)))
    logs = []
    for given_rows in (rows, rows.take(np.array(order))):
        found = collector()
        found.collect([], [given_rows], DAY)
        logs.append(LogRows.join(found.log))
    for name in logs[0].names():
        assert getattr(logs[0], name).tolist() == getattr(logs[1], name).tolist()


def test_the_strongest_touch_wins_over_later_weaker_ones() -> None:
    found = collector()
    found.collect(
        [touches((10, 1, CLICK, BRAND), (20, 1, ENGAGED, AGENCY), (30, 1, VIEW, SECOND), (40, 2, CLICK, SECOND))],
        [copies({"at": 50})],
        DAY,
    )
    assert settled(found) == (["KEPT"], ["CREDITED"], [BRAND])
    claims = ClaimRows.join(found.claims)
    assert (claims.touch_at.tolist(), claims.account.tolist(), claims.ad.tolist()) == ([10], [BRAND], [2 * BRAND])


def test_of_equal_kinds_the_last_wins_and_later_touches_do_not_count() -> None:
    found = collector()
    found.collect(
        [touches((10, 1, CLICK, BRAND), (20, 1, CLICK, AGENCY), (60, 1, CLICK, SECOND))], [copies({"at": 50})], DAY
    )
    assert settled(found)[2] == [AGENCY]


def test_a_touch_at_the_events_own_instant_counts() -> None:
    found = collector()
    found.collect([touches((50, 1, CLICK, BRAND))], [copies({"at": 50})], DAY)
    assert settled(found)[1] == ["CREDITED"]


def test_windows_end_with_their_last_instant() -> None:
    for inclusive, expected in ((True, "CREDITED"), (False, "OUTSIDE_WINDOW")):
        found = collector(last_instant=inclusive)
        found.collect([touches((10, 1, CLICK, BRAND))], [copies({"at": 10 + 7 * DAY}, {"at": 11 + 7 * DAY})], 8 * DAY)
        assert settled(found)[1] == [expected, "OUTSIDE_WINDOW"]


def test_a_touch_is_forgotten_after_the_longest_window() -> None:
    found = collector()
    found.collect([touches((10, 1, CLICK, SECOND))], [copies()], DAY)
    found.collect([], [copies({"at": 10 + 28 * DAY}, {"at": 11 + 28 * DAY})], 30 * DAY)
    assert settled(found)[1] == ["OUTSIDE_WINDOW", "NO_TOUCH"]


@pytest.mark.parametrize(("in_flight", "expected"), [("cut", "ACCESS_ENDED"), ("until_window_ends", "CREDITED")])
def test_access_that_ended_before_the_event(in_flight: str, expected: str) -> None:
    found = collector(unshare=2.0, in_flight=in_flight)
    found.collect([touches((DAY, 1, CLICK, AGENCY))], [copies({"at": 3 * DAY})], 4 * DAY)
    log = LogRows.join(found.log)
    assert settled(found)[1] == [expected]
    assert log.refused_account.tolist() == [AGENCY if expected == "ACCESS_ENDED" else -1]


def test_a_touch_without_access_never_earns_and_the_next_best_does() -> None:
    found = collector(unshare=2.0, in_flight="until_window_ends")
    found.collect([touches((DAY, 1, CLICK, BRAND), (3 * DAY, 1, CLICK, AGENCY))], [copies({"at": 4 * DAY})], 5 * DAY)
    log = LogRows.join(found.log)
    assert settled(found) == (["KEPT"], ["CREDITED"], [BRAND])
    assert log.refused_account.tolist() == [AGENCY], "the touch that would have gone first is named"


def test_each_account_claims_under_scope_account() -> None:
    found = collector(scope="account")
    found.collect(
        [touches((10, 1, CLICK, BRAND), (20, 1, CLICK, AGENCY), (30, 1, VIEW, SECOND))], [copies({"at": 50})], DAY
    )
    claims = ClaimRows.join(found.claims)
    # The second agency has no view-through window, so that its view claims nothing.
    assert sorted(zip(claims.account.tolist(), claims.touch_at.tolist(), strict=True)) == [(AGENCY, 20), (BRAND, 10)]
    assert settled(found)[2] == [AGENCY]


def test_one_conversion_for_each_touch_over_steps() -> None:
    found = collector(mode=CountMode.ONCE)
    found.collect([touches((10, 1, CLICK, BRAND))], [copies({"at": 50}, {"at": 60, "event": 0})], DAY)
    found.collect([touches((DAY, 1, CLICK, BRAND))], [copies({"at": DAY - 1, "received": DAY + 5, "key": 8})], 2 * DAY)
    found.collect([], [copies({"at": 2 * DAY, "key": 9}, {"at": 2 * DAY + 1, "key": 10})], 3 * DAY)
    assert settled(found)[1] == ["CREDITED", "CREDITED", "NOT_COUNTED_AGAIN", "CREDITED", "NOT_COUNTED_AGAIN"]
    claims = ClaimRows.join(found.claims)
    assert claims.counted.tolist() == [True, True, False, True, False]
    assert claims.row.tolist() == [0, 1, 2, 3, 4]


def test_lost_and_repeated_copies_earn_nothing() -> None:
    found = collector()
    found.collect(
        [touches((10, 1, CLICK, BRAND))],
        [
            copies(
                {"at": 50, "key": 1, "loss": Loss.BLOCKED},
                {"at": 60, "key": 2},
                {"at": 60, "received": 61, "key": 2, "channel": 1},
                {"at": 60, "received": 60 + 6 * MINUTE, "key": 2, "channel": 1},
                {"at": 60, "received": 70, "key": 2},
                {"at": 60, "received": 61 + 48 * HOUR, "key": 2},
            )
        ],
        3 * DAY,
    )
    fates, reasons, _ = settled(found)
    assert fates == ["LOST", "KEPT", "MERGED", "DUPLICATE", "DUPLICATE", "KEPT"]
    assert reasons == ["", "CREDITED", "", "", "", "CREDITED"]


def test_people_who_cannot_be_matched_have_no_touch() -> None:
    found = collector()
    found.collect([touches((10, 1, CLICK, BRAND))], [copies({"at": 50, "match": -1})], DAY)
    assert settled(found)[1] == ["NO_TOUCH"]


def test_copies_wait_for_the_step_in_which_they_arrive() -> None:
    found = collector()
    found.collect([touches((10, 1, CLICK, BRAND))], [copies({"at": 50, "received": DAY})], DAY)
    assert len(LogRows.join(found.log)) == 0
    found.collect([], [copies()], 2 * DAY)
    log = LogRows.join(found.log)
    assert (log.at.tolist(), log.received.tolist(), log.reason.tolist()) == ([50], [DAY], [Reason.CREDITED])


def test_nothing_at_all() -> None:
    found = collector()
    found.collect([], [copies()], DAY)
    assert len(LogRows.join(found.log)) == len(ClaimRows.join(found.claims)) == 0


events = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 40).map(lambda n: n * 6 * HOUR),
            "late": st.sampled_from([0, 1, 3 * HOUR, DAY]),
            "person": st.integers(0, 2),
            "event": st.sampled_from([0, PURCHASE]),
            "key": st.integers(0, 6),
            "channel": st.integers(0, 1),
            "loss": st.sampled_from([0, 0, 0, 1]),
        }
    ),
    max_size=25,
)
touched = st.lists(
    st.tuples(st.integers(0, 40).map(lambda n: n * 6 * HOUR), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
    max_size=15,
)


@exact
@given(events, touched, st.lists(st.integers(0, 44), max_size=6), st.booleans(), st.sampled_from(["pixel", "account"]))
def test_any_steps_have_the_same_result(
    sent: list[Event], rows: list[tuple[int, int, int, int]], cuts: list[int], cut: bool, scope: str
) -> None:
    """Copies and touches are handed over when they happen, in few steps or in many."""
    rows = sorted(rows)
    all_touches = touches(*rows) if rows else None
    made = [
        {**{k: v for k, v in event.items() if k != "late"}, "received": event["at"] + event["late"]} for event in sent
    ]
    all_copies = copies(*made)
    results = []
    for borders in ([12 * DAY], sorted({*(n * 6 * HOUR for n in cuts), 12 * DAY} - {0})):
        found = collector(
            mode=CountMode.ONCE, unshare=5.0, in_flight="cut" if cut else "until_window_ends", scope=scope
        )
        begin = 0
        for end in borders:
            step_touches = (
                [] if all_touches is None else [all_touches.take((all_touches.at >= begin) & (all_touches.at < end))]
            )
            now = (all_copies.at >= begin) & (all_copies.at < end)
            found.collect(step_touches, [all_copies.take(now)], end)
            begin = end
        log, claims = LogRows.join(found.log), ClaimRows.join(found.claims)
        results.append([getattr(t, name).tolist() for t in (log, claims) for name in t.names()])
    assert results[0] == results[1]


def test_small_scenarios_use_the_numbers_above() -> None:
    given = small()
    numbering = Numbering.of(given, given.structure.world())
    assert numbering.ad_groups == ("agency_group", "brand_group", "second_group")
    assert numbering.pixels == (SMALL_PIXEL,)
    assert given.start == dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
