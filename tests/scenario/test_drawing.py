"""Uncertain parameters: what a replication draws, on which scale, and what two variants share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit

from pixelsim.base.errors import InputError
from pixelsim.scenario import Scenario, Source, SourceKind, dump_scenario, load_scenario, scenario
from pixelsim.scenario.base import Spread
from pixelsim.scenario.drawing import drawn
from pixelsim.scenario.shapes import FLAT_WEEK
from pixelsim.scenario.traffic import SiteTraffic

CPM, CLICK = "traffic.delivery[launch_1].cpm", "traffic.delivery[launch_1].click_rate"
VALUE, DELAY, HOURS = "traffic.sites[shop].value.median", "traffic.delay.fast_mu", "traffic.sites[shop].hours"


def told(spreads: dict[str, list[tuple[str, object]]], scale: str = "ln") -> Scenario:
    """Give the agency's scenario with some uncertain values."""
    sources = {
        path: Source(
            kind=SourceKind.FILE, text="file", scale=scale, spread=tuple(Spread(cause=c, error=e) for c, e in causes)
        )
        for path, causes in spreads.items()
    }
    return scenario("agency").replace(sources=sources)


def values(one: Scenario, count: int = 400) -> np.ndarray:
    """Give CPM and click rate of the launch in many replications."""
    rows = []
    for replication in range(count):
        (delivery,) = [d for d in drawn(one, 5, replication).traffic.delivery if d.ad_group == "launch_1"]
        rows.append((delivery.cpm, delivery.click_rate))
    return np.array(rows)


def test_without_a_spread_nothing_is_drawn():
    one = scenario("agency")
    assert drawn(one, 1, 0) is one


def test_logarithms_have_the_stated_error_and_common_causes_move_together():
    one = told({CPM: [("price", 0.1)], CLICK: [("price", -0.2), ("own", 0.1)]})
    (now,) = [d for d in one.traffic.delivery if d.ad_group == "launch_1"]
    logs = np.log(values(one) / [now.cpm, now.click_rate])
    # Standard deviations of 400 normal numbers are known to 3.5 %, their mean to 5 % of one of them.
    assert logs.std(axis=0) == pytest.approx([0.1, np.hypot(0.2, 0.1)], rel=0.12)
    assert abs(logs.mean(axis=0) / logs.std(axis=0)).max() < 0.2
    assert np.corrcoef(logs.T)[0, 1] == pytest.approx(-0.2 / np.hypot(0.2, 0.1), abs=0.05)


def test_logit_keeps_shares_inside_and_adds_there():
    one = told({CLICK: [("own", 3.0)]}, "logit")
    rates = values(one)[:, 1]
    assert ((rates > 0) & (rates < 1)).all()
    (now,) = [d for d in one.traffic.delivery if d.ad_group == "launch_1"]
    assert np.std(logit(rates) - logit(now.click_rate)) == pytest.approx(3.0, rel=0.12)


def test_plain_errors_are_added_and_shapes_keep_their_sum():
    one = told({DELAY: [("delay", 0.5)]}, "plain")
    moved = [drawn(one, 1, k).traffic.delay.fast_mu - one.traffic.delay.fast_mu for k in range(300)]
    assert np.std(moved) == pytest.approx(0.5, rel=0.15)
    one = told({HOURS: [("hours", (0.2,) * 24)]})
    before, after = np.array(one.traffic.sites[0].hours), np.array(drawn(one, 1, 3).traffic.sites[0].hours)
    assert after.sum() == pytest.approx(before.sum(), rel=1e-12)
    assert np.std(np.log(after / before)) == pytest.approx(0.2, rel=0.5)


def test_a_cause_is_the_same_number_whatever_else_is_drawn():
    alone, both = told({CPM: [("price", 0.1)]}), told({VALUE: [("value", 0.3)], CPM: [("price", 0.1)]})
    assert values(alone, 5)[:, 0].tolist() == values(both, 5)[:, 0].tolist()
    assert len(set(values(alone, 5)[:, 0])) == 5
    assert drawn(alone, 1, 0) == drawn(alone, 1, 0) != drawn(alone, 2, 0)


def test_a_drawn_scenario_is_certain():
    once = drawn(told({CPM: [("price", 0.1)]}), 1, 0)
    assert drawn(once, 1, 5) is once
    assert once.sources[CPM].text == "file"


def test_a_spread_is_an_input_and_counts_in_the_hash():
    one, other = told({CPM: [("price", 0.1)]}), told({CPM: [("price", 0.2)]})
    assert len({one.content_hash, other.content_hash, scenario("agency").content_hash}) == 3
    assert told({}).content_hash == scenario("agency").content_hash


def test_spreads_that_fit_nothing_are_refused_when_a_file_is_read(tmp_path: Path):
    text = dump_scenario(told({CPM: [("a", 0.1)], HOURS: [("b", (0.1,) * 24)], VALUE: [("c", 0.1)]}))
    wrong = text.replace(f'[sources."{CPM}"]', '[sources."traffic.delivery[lunch_1].cpm"]')
    wrong = wrong.replace(f"error = [{', '.join(['0.1'] * 24)}]", "error = [0.1, 0.1, 0.1, 0.1, 0.1]")
    wrong = wrong.replace('cause = "c", error = 0.1', 'cause = "c", error = [0.1, 0.2]')
    path = tmp_path / "mine.toml"
    path.write_text(wrong, "utf-8")
    with pytest.raises(InputError) as refused:
        load_scenario(path)
    faults = {(fault.place, fault.field) for fault in refused.value.faults}
    assert faults == {
        ("$.sources[traffic.delivery[lunch_1].cpm].spread", "path"),
        (f"$.sources[{HOURS}].spread", "error"),
        (f"$.sources[{VALUE}].spread", "error"),
    }
    assert f"did you mean '{CPM}'" in str(refused.value)
    with pytest.raises(InputError, match="in force"):
        told({"traffic.sites[shop].hours_of_week": [("a", (0.1,) * 168)]})


def test_a_run_of_numbers_moves_as_one():
    week = tuple(1.0 + 0.1 * (hour % 7) for hour in range(168))
    path = "traffic.sites[shop].hours_of_week"
    bare = scenario("agency")
    site = bare.traffic.sites[0]
    plain = site.replace(hours=SiteTraffic.model_fields["hours"].default, weekdays=FLAT_WEEK, hours_of_week=week)
    bare = bare.replace(traffic=bare.traffic.replace(sites=(plain,)))
    spread = (Spread(cause="weekdays", error=(0.2,) * 7),)
    one = bare.replace(sources={path: Source(kind=SourceKind.FILE, text="file", spread=spread)})
    moved = [np.array(drawn(one, 1, k).traffic.sites[0].hours_of_week) for k in range(300)]
    logs = np.log(np.array(moved) / week).reshape(300, 7, 24)
    assert np.ptp(logs, axis=2).max() < 1e-9
    # Of seven errors of 0.2, what all have in common goes with the sum that a shape keeps: sqrt(6/7) of each is left.
    assert logs[:, :, 0].std() == pytest.approx(0.2 * np.sqrt(6 / 7), rel=0.1)
