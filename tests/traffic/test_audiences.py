"""Audiences inside a run, against a recount of distinct people in the decoded log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from random_scenarios import structure

import pixelsim as ps
from pixelsim.scenario import Scenario

DAY = 86_400_000
LENGTH, UNLINKED, RELINKED = 9, 4.4, 6.6

AUDIENCES = {
    "views": ("acc_1", "px_1", "PageView", 3),
    "buyers": ("acc_1", "px_1", "Purchase", 30),
    "own": ("acc_0", "px_2", "ViewContent", 2),
    "lent": ("acc_2", "px_1", "PageView", 1),
}
"""Account, pixel, event and look-back; built on day 1.25, except the first, which is built on day 0."""


def shop(*, after: str = "frozen", relink: bool = False, server: bool = True, **settings: Any) -> ps.Run:
    """Run two sites of the same people; acc_2 loses px_1 on day 4.4, and may get it back on day 6.6."""
    build = {"do": "build_audience", "actor": "ann"}
    steps = [
        {
            "day": 0.0 if key == "views" else 1.25,
            "action": build
            | {"account": account, "audience": key, "pixel": pixel, "event": event, "look_back_days": look_back},
        }
        for key, (account, pixel, event, look_back) in AUDIENCES.items()
    ]
    link = {"actor": "ann", "bc": "bc", "pixel": "px_1", "account": "acc_2"}
    steps.append({"day": UNLINKED, "action": link | {"do": "unlink_pixel"}})
    if relink:
        steps.append({"day": RELINKED, "action": link | {"do": "link_pixel"}})
    site = {"organic_sessions": 70.0, "people": 150, "order_rate": 0.1, "population": "both"}
    leg = {"delay_seconds": 5_000.0, "delay_sigma": 2.0, "lost": 0.2}
    sites = [site | {"website": "a", "capture": {"server": leg if server else None}}, site | {"website": "b"}]
    return ps.run(
        Scenario.read(
            {
                "days": LENGTH,
                "structure": structure(),
                "traffic": {"sites": sites},
                "plan": {"steps": steps},
                "policy": "continue",
                "settings": {"audience_after_access": after, "audience_minimum": 40} | settings,
            }
        ),
        seed=11,
    )


def people(run: ps.Run, audience: str, day: int) -> set[int]:
    """Count who was seen in the look-back before the end of a day, by what had arrived until then."""
    _, pixel, event, look_back = AUDIENCES[audience]
    log = run.log()
    start = pd.Timestamp(run.scenario.start)
    end = start + pd.Timedelta(days=day)
    mine = log[(log["fate"] == "kept") & (log["pixel"] == pixel) & (log["event"] == event)]
    mine = mine[(mine["received"] < end) & (mine["at"] >= end - pd.Timedelta(days=look_back))]
    return set(mine["person"])


def by_day(run: ps.Run, audience: str) -> dict[int, tuple[int | None, bool, bool]]:
    """Give size, usability and whether it is frozen by the number of days gone."""
    days = [day for day in run.simulation.audiences if day.audience == audience]
    return {day.at // DAY: (day.people, day.usable, day.frozen) for day in days}


@pytest.fixture(scope="module")
def frozen() -> ps.Run:
    return shop()


@pytest.mark.parametrize("audience", ["views", "buyers", "own"])
def test_sizes_are_the_distinct_people_in_the_look_back(frozen, audience):
    found = by_day(frozen, audience)
    first = 1 if audience == "views" else 2
    assert list(found) == list(range(first, LENGTH + 1))
    expected = {day: len(people(frozen, audience, day)) for day in found}
    assert {day: size for day, (size, _, _) in found.items()} == expected
    assert len(set(expected.values())) > 3
    assert not any(is_frozen for _, _, is_frozen in found.values())
    assert set(frozen.simulation.members[audience].tolist()) == people(frozen, audience, LENGTH)


def test_people_leave_when_their_look_back_is_over_and_are_counted_once(frozen):
    log = frozen.log()
    views = log[(log["fate"] == "kept") & (log["pixel"] == "px_1") & (log["event"] == "PageView")]
    three_days = people(frozen, "views", LENGTH)
    assert len(three_days) < views["person"].nunique()
    inside = views[views["at"] >= views["at"].max() - pd.Timedelta(days=3)]
    assert len(three_days) < len(inside)


def test_an_audience_is_usable_once_it_is_ready_and_large_enough(frozen):
    for audience, built in (("views", 0.0), ("buyers", 1.25), ("own", 1.25)):
        for day, (size, usable, _) in by_day(frozen, audience).items():
            assert usable == (day - built >= 1 and size >= 40), (audience, day)
    assert {usable for _, usable, _ in by_day(frozen, "buyers").values()} == {True, False}


def test_a_frozen_audience_keeps_the_people_of_its_last_refresh(frozen):
    found = by_day(frozen, "lent")
    last = int(UNLINKED)
    kept = people(frozen, "lent", last)
    assert len(kept) >= 40
    for day, (size, usable, is_frozen) in found.items():
        if day <= last:
            assert (size, is_frozen) == (len(people(frozen, "lent", day)), False)
        else:
            assert (size, usable, is_frozen) == (len(kept), True, True)
    assert set(frozen.simulation.members["lent"].tolist()) == kept
    assert kept != people(frozen, "lent", LENGTH)


@pytest.mark.parametrize("after", ["lost", "pause_users"])
def test_a_lost_audience_has_no_size_and_not_the_size_0(after):
    run = shop(after=after)
    found = by_day(run, "lent")
    for day, row in found.items():
        if day > UNLINKED:
            assert row == (None, False, False)
        else:
            assert row[0] == len(people(run, "lent", day))
    assert "lent" not in run.simulation.members
    assert by_day(run, "views") == by_day(shop(), "views"), "what others lose is nothing to the rest"


def test_an_audience_with_a_deadline_is_frozen_until_then():
    run = shop(after="deadline", audience_deadline_days=2.5)
    kept = len(people(run, "lent", int(UNLINKED)))
    found = by_day(run, "lent")
    assert [found[day][0] for day in (5, 6)] == [kept, kept]
    assert [found[day][2] for day in (5, 6)] == [True, True]
    # Access ended on day 4.4, so the deadline falls on day 6.9.
    assert [found[day] for day in (7, 8, 9)] == [(None, False, False)] * 3


def test_an_account_that_gets_the_pixel_back_has_its_audience_refreshed_again():
    run = shop(relink=True)
    found = by_day(run, "lent")
    assert [is_frozen for _, _, is_frozen in found.values()] == [False] * 3 + [True] * 2 + [False] * 3
    for day in (7, 8, 9):
        assert found[day][0] == len(people(run, "lent", day))


def test_steps_of_the_run_change_no_audience():
    run = shop()
    for hours in (6, 12):
        other = ps.run(run.scenario.vary("traffic.step_hours", hours), seed=11)
        assert other.simulation.audiences == run.simulation.audiences
        for key, members in run.simulation.members.items():
            np.testing.assert_array_equal(other.simulation.members[key], members)


def test_audiences_change_nothing_that_they_look_at(frozen):
    plain = frozen.scenario.plain()
    plain["plan"]["steps"] = [s for s in plain["plan"]["steps"] if s["action"]["do"] != "build_audience"]
    without = ps.run(Scenario.read(plain), seed=11)
    assert without.simulation.audiences == ()
    pd.testing.assert_frame_equal(without.log(), frozen.log())
