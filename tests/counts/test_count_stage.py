"""What luck does not touch about runs in counts, and what runs on the same luck have in common."""

from __future__ import annotations

import pytest

import pixelsim as ps
from benchmarks.scenarios import small
from pixelsim.base.streams import Streams
from pixelsim.counts import count
from pixelsim.counts.audiences import audience_days, usable_from
from pixelsim.counts.delivery import Envelope
from pixelsim.counts.stage import _KEPT, MOST, Stage
from pixelsim.scenario.plan import HumanDelay
from pixelsim.scenario.practices import agency_clients
from pixelsim.traffic.delivery import AdGroupTraffic


def test_one_stage_does_for_all_runs_of_a_scenario() -> None:
    scenario = small(days=3)
    stage = Stage.of(scenario, Streams(1, 0))
    assert Stage.of(scenario, Streams(2, 5)) is stage
    runs = [count(scenario, 1, number) for number in range(2)]
    assert all(run.history is stage.timeline.history for run in runs)
    assert (runs[0].copies != runs[1].copies).any()


def test_scenarios_looked_at_long_ago_are_forgotten() -> None:
    first = small(days=2)
    stage = Stage.of(first, Streams(1))
    for _ in range(MOST):
        Stage.of(small(days=2), Streams(1))
    assert len(_KEPT) == MOST
    assert Stage.of(first, Streams(1)) is not stage


@pytest.mark.parametrize(("delay", "drawn"), [(HumanDelay(median_hours=20.0, sigma=0.0), False), (None, True)])
def test_where_delays_of_people_are_drawn_each_run_has_its_own(delay: HumanDelay | None, drawn: bool) -> None:
    given = ps.scenario("ending")
    people = sorted({step.action.actor for step in given.plan.steps})
    chosen = delay or HumanDelay(median_hours=20.0, sigma=1.0)
    given = given.replace(plan=given.plan.replace(delays=dict.fromkeys(people, chosen)))
    acted = [[record.at for record in Stage.of(given, Streams(1, n)).timeline.history.records] for n in range(2)]
    assert (acted[0] != acted[1]) is drawn


@pytest.mark.parametrize("offset", ["+00:00", "+05:30"])
def test_what_an_ad_group_would_deliver_is_that_of_events(offset: str) -> None:
    scenario = small(days=5, offsets={"agency": offset}, delivery={"hours_of_week": tuple(range(1, 169))})
    streams = Streams(3, 1)
    stage = Stage.of(scenario, streams)
    for group in stage.ad_groups:
        told = (group.delivery, group.days, group.currency, stage.cells)
        (found,) = Envelope.together([(streams, *told)])
        assert Envelope.together([(Streams(3, 1), *told)]) == [found]
        traffic = AdGroupTraffic(streams, group.delivery, group.days, group.currency)
        for cell, (begin, end) in enumerate(zip(stage.cells.borders[:-1], stage.cells.borders[1:], strict=True)):
            parts = traffic.delivered(int(begin), int(end), budget=group.delivery.budget_envelope)
            assert found.impressions[cell] == sum(part.impressions for part in parts)
            assert found.spend[cell] == sum(part.spend for part in parts)
        with pytest.raises(ValueError, match="read-only"):
            found.touches[0] = 1


def test_audiences_are_usable_from_the_first_day_on_which_they_are() -> None:
    run = count(agency_clients(clients=2), 1)
    days = audience_days(run)
    expected = {day.audience: day.at for day in reversed(days) if day.usable}
    assert usable_from(run) == expected
    assert expected


def test_a_pixel_is_carried_by_the_websites_whose_pages_have_it() -> None:
    run = count(agency_clients(clients=2), 1)
    told = {code: [site.events.traffic.website for site in sites] for code, sites in run.carrying.items()}
    world = run.history.now
    assert told == {
        code: sorted(w for w, site in world.websites.items() if code in site.pixels) for code in world.pixels
    }
    received = run.copies.sum(axis=(1, 2))[:, 1]
    assert dict(zip(run.numbering.pixels, received > 0, strict=True)) == {
        code: bool(sites) for code, sites in told.items()
    }
