from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.timing import AFTER_STOP, brought, days_range, preset_of, timing, unshare_at, variant
from pixelsim.explore.timing_chart import TimingPicture, spent_by_day
from pixelsim.scenario import Scenario
from pixelsim.sharing import PRESETS, AfterRefusal
from pixelsim.sharing.actions import Switch, UnsharePixel
from pixelsim.show.story import spend_by_day
from pixelsim.study import replicate, run

AGENCY = "acc_agency"


def days_of(scenario: Scenario) -> tuple[list[float], list[float], list[str]]:
    """Give the days of the stops and of the unshares of a plan, and its order."""
    steps = scenario.plan.steps
    stops = [s.day for s in steps if isinstance(s.action, Switch)]
    unshares = [s.day for s in steps if isinstance(s.action, UnsharePixel)]
    return stops, unshares, [s.action.do for s in steps]


@pytest.mark.parametrize(("days", "unshare"), [(-14, 0.0), (-3, 11.0), (0, 14.0), (5, 19.0)])
def test_the_unshare_moves_and_the_stops_stay(days: int, unshare: float, agency: Scenario) -> None:
    stops, unshares, _ = days_of(variant(agency, days, "documented"))
    assert stops == [14.0, 14.0]
    assert unshares == [unshare]


def test_on_the_same_day_the_stop_comes_first(agency: Scenario) -> None:
    _, _, order = days_of(variant(agency, 0, "documented"))
    assert order == ["switch", "switch", "unshare_pixel"]


def test_stops_on_different_days_are_kept_apart(agency: Scenario) -> None:
    first, second, unshare = agency.plan.steps
    plan = agency.plan.replace(steps=(first.replace(day=10.0), second, unshare))
    moved = agency.replace(plan=plan)
    assert [s.day for s in unshare_at(plan, 2).steps if isinstance(s.action, UnsharePixel)] == [16.0]
    assert [s.day for s in unshare_at(plan, -2).steps if isinstance(s.action, UnsharePixel)] == [8.0]
    assert days_range(moved) == (-10, 14)


def test_days_are_limited_by_the_run_and_by_two_weeks(agency: Scenario) -> None:
    assert days_range(agency) == (-14, 14)
    # The stop is on day 14: day 19 is the last that a run of 20 days can hold.
    assert days_range(agency.replace(days=20)) == (-14, 5)
    early = agency.plan.replace(steps=tuple(s.replace(day=s.day - 12.5) for s in agency.plan.steps))
    assert days_range(agency.replace(plan=early, days=4)) == (-1, 2)


def test_every_day_in_the_range_can_be_run(agency: Scenario) -> None:
    for scenario in (agency, agency.replace(days=20)):
        for days in days_range(scenario):
            assert variant(scenario, days, "pause").plan.steps


def test_days_outside_and_plans_without_both_are_refused(agency: Scenario) -> None:
    with pytest.raises(InputError, match="before the end, day 35"):
        variant(agency, 21, "documented")
    with pytest.raises(InputError, match="days_before_stop"):
        variant(agency, -15, "documented")
    stops_only = agency.plan.replace(steps=agency.plan.steps[:2])
    for ask in (lambda: unshare_at(stops_only, 1), lambda: days_range(agency.replace(plan=stops_only))):
        with pytest.raises(InputError, match="2 stops, 0 unshares"):
            ask()


def test_presets_are_known_by_name(agency: Scenario) -> None:
    assert preset_of(agency) == "documented"
    assert preset_of(agency.replace(policy=PRESETS["strict"])) == "strict"
    with pytest.raises(UnknownNameError, match="preset 'strikt' does not exist; did you mean 'strict'"):
        variant(agency, 0, "strikt")


def test_an_unknown_policy_starts_from_the_documented_one(agency: Scenario) -> None:
    policy = agency.policy.__class__(after_refused_unshare=AfterRefusal.GIVE_UP)
    assert preset_of(agency.replace(policy=policy)) == "documented"


def test_numbers_are_those_of_the_replications(agency: Scenario) -> None:
    found = timing(agency, -3, "continue", replications=3, seed=5)
    many = replicate(variant(agency, -3, "continue"), 3, seed=5)
    for outcome in ("orphaned spend", "blind days", "conversions lost to attribution"):
        values = many.response(outcome, object=AGENCY)
        assert found.values(outcome, AGENCY) == pytest.approx(values)
        summary = found.summary(outcome, AGENCY)
        assert summary.mean == pytest.approx(values.mean())
        assert summary.low == pytest.approx(np.quantile(values, 0.05))
        assert summary.n == 3
    refused = many.response("refused actions").mean()
    assert found.summary("refused actions", "all people").mean == refused == 0


def test_continuing_without_access_costs_from_the_unshare_to_the_stop_and_the_whole_launch(agency: Scenario) -> None:
    # Unshared on day 11 and stopped on day 14: three days; the launch delivers on days 18 to 31: fourteen.
    assert timing(agency, -3, "continue", replications=1).summary("blind days", AGENCY).mean == 3 + 14
    assert timing(agency, 0, "continue", replications=1).summary("blind days", AGENCY).mean == 14


def test_the_guard_refuses_the_wrong_order_once_and_then_it_is_done(agency: Scenario) -> None:
    assert timing(agency, -3, "documented", replications=1).summary("refused actions", "all people").mean == 1
    assert timing(agency, 0, "documented", replications=1).summary("refused actions", "all people").mean == 0


def test_pausing_leaves_nothing_orphaned(agency: Scenario) -> None:
    found = timing(agency, -3, "pause", replications=1)
    assert found.summary("orphaned spend", AGENCY).mean == 0


def test_a_late_unshare_leaves_days_of_access(agency: Scenario) -> None:
    assert timing(agency, 3, "pause", replications=1).summary(AFTER_STOP, AGENCY).mean == 3
    assert timing(agency, -3, "pause", replications=1).summary(AFTER_STOP, AGENCY).mean == 0


def test_an_account_that_lost_nothing_has_no_rows(agency: Scenario) -> None:
    values = brought(run(variant(agency, 0, "documented"), seed=1)).values
    assert {of for _, of, _ in values} == {AGENCY, "all people"}


def test_stops_in_another_account_count_where_the_account_has_none_of_its_own(agency: Scenario) -> None:
    brand = Switch(actor="brand_admin", kind="campaign", id="brand_always_on", to="off")
    steps = (agency.plan.steps[0].replace(action=brand), agency.plan.steps[2])
    moved = agency.replace(plan=agency.plan.replace(steps=steps), policy=PRESETS["pause"])
    assert timing(moved, 2, "pause", replications=1).summary(AFTER_STOP, AGENCY).mean == 2


def test_rows_are_named_for_people(agency: Scenario) -> None:
    rows = timing(agency, 0, "documented", replications=2).rows()
    assert [(outcome, of, unit) for outcome, of, unit, _ in rows] == [
        ("orphaned spend", "Agency's account for the brand", "USD"),
        ("blind days", "Agency's account for the brand", "days"),
        ("conversions lost to attribution", "Agency's account for the brand", "conversions"),
        (AFTER_STOP, "Agency's account for the brand", "days"),
        ("refused actions", "all people", "actions"),
    ]
    assert all(summary.n == 2 for *_, summary in rows)


def test_unknown_outcomes_and_no_runs_are_refused(agency: Scenario) -> None:
    with pytest.raises(UnknownNameError, match="outcome 'orphaned spent of acc_agency'"):
        timing(agency, 0, replications=1).summary("orphaned spent", AGENCY)
    with pytest.raises(InputError, match="replications is '0'"):
        timing(agency, 0, replications=0)


# ---- in counts ---------------------------------------------------------------------------------------------------


def test_counts_bring_the_rows_of_events_and_say_how_far_they_can_be_trusted(agency: Scenario) -> None:
    counted, events = (timing(agency, -3, "continue", replications=2, detail=d) for d in ("counts", "events"))
    assert [row[:3] for row in counted.rows()] == [row[:3] for row in events.rows()]
    assert (counted.in_counts, events.in_counts) == (True, False)
    # Money, days and people are what the events are; conversions rest on a closed form, since accounts compete.
    assert counted.exactness() == ["exact", "exact", "approximate", "exact", "exact"]
    assert events.exactness() == [""] * 5
    for outcome in ("orphaned spend", "blind days"):
        assert counted.values(outcome, AGENCY) == pytest.approx(events.values(outcome, AGENCY))


def test_differences_are_taken_pair_by_pair(agency: Scenario) -> None:
    early, late = (timing(agency, day, "continue", replications=4, detail="counts") for day in (-3, 0))
    for (outcome, *_), found, key in zip(early.rows(), early.against(late), early.keys(), strict=True):
        both = early.values(outcome, key[1]), late.values(outcome, key[1])
        assert found.mean == pytest.approx(np.mean(np.subtract(*both)))
        assert found.n == 4
    # Three more days are blind, in every pair.
    assert [d.mean for d in early.against(late)][1] == 3
    assert early.against(late)[1].half_width == 0


def test_days_of_spend_in_counts_are_those_of_the_delivery_table(agency: Scenario) -> None:
    one = run(variant(agency, -3, "continue"), seed=2, detail="counts")
    table = spend_by_day(one)["USD"]
    at, spend, orphaned = spent_by_day(one)["USD"]
    assert list(at) == list(table["start"])
    assert list(spend) == pytest.approx(table["spend"].tolist())
    assert list(orphaned) == pytest.approx(table["orphaned"].tolist())
    assert orphaned.sum() > 0


def test_only_what_moves_is_drawn_anew(agency: Scenario) -> None:
    base, early = (timing(agency, day, "continue", replications=1, detail="counts") for day in (0, -5))
    picture = TimingPicture(base)
    first, second = (imread(io.BytesIO(picture.png(found))) for found in (base, early))
    assert np.array_equal(imread(io.BytesIO(picture.png(base))), first)
    changed = (first != second).any(axis=2)
    assert changed.any()
    # Names of rows and the scale of spend are to the left of the dates, and stay to the last dot.
    assert not changed[:, : int(0.29 * first.shape[1])].any()
