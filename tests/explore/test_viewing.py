from __future__ import annotations

import pandas as pd
import pytest

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.viewing import as_of, view
from pixelsim.scenario import Scenario
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.sharing import ApiRelation, Label
from pixelsim.study import Run, run


def cut(scenario: Scenario, days: int) -> Scenario:
    """Give the scenario as if it ended after some days."""
    steps = tuple(step for step in scenario.plan.steps if step.day < days)
    return scenario.replace(days=days, plan=scenario.plan.replace(steps=steps))


@pytest.mark.parametrize("days", [1, 9, 13, 17, 24])
def test_a_run_cut_off_is_the_run_that_ended_there(days: int, one: Run, agency: Scenario) -> None:
    then, ended = as_of(one, days * DAY), run(cut(agency, days), seed=7)
    pd.testing.assert_frame_equal(then.metrics(), ended.metrics())
    assert then.simulation.history.now == ended.simulation.history.now
    spent = ["account", "ad_group", "day", "spend", "orphaned_spend"]
    pd.testing.assert_frame_equal(then.delivery()[spent], ended.delivery()[spent])


def test_the_whole_run_is_the_run_as_of_its_end(one: Run) -> None:
    whole = as_of(one, one.scenario.length)
    pd.testing.assert_frame_equal(whole.metrics(), one.metrics())
    pd.testing.assert_frame_equal(whole.change_log(), one.change_log())


def test_nothing_is_there_at_the_start(one: Run) -> None:
    values = as_of(one, 0).metrics("brand")["value"]
    assert (values == 0).all()


def test_instants_outside_the_run_are_refused(one: Run) -> None:
    for at in (-1, one.scenario.length + 1):
        with pytest.raises(InputError, match=f"at is '{at}'"):
            as_of(one, at)


@pytest.mark.parametrize(
    ("viewer", "day", "label", "relation", "verdict", "rule"),
    [
        ("brand", 14, Label.SHARED_BY_YOU, ApiRelation.TRANSFERRED, "yes", "R17"),
        ("brand", 15, Label.NONE, ApiRelation.TRANSFERRED, "yes", "R17"),
        ("agency", 14.99, Label.SHARED_WITH_YOU, ApiRelation.SHARED, "yes", "R17"),
        ("agency", 15, Label.NONE, ApiRelation.UNBOUND, "no", "R20"),
        ("outsider", 3, Label.NONE, ApiRelation.NONE, "no", "R17"),
    ],
)
def test_label_relation_and_decision_follow_the_day(
    viewer: str, day: float, label: Label, relation: ApiRelation, verdict: str, rule: str, one: Run
) -> None:
    seen = view(one, viewer, day)
    assert (seen.label, seen.relation, seen.decision.verdict, seen.decision.rule) == (label, relation, verdict, rule)


def test_a_viewer_without_access_reads_no_access_and_keeps_its_own_campaigns(one: Run) -> None:
    table = view(one, "agency", 16).metrics
    surfaces = table.groupby("surface", sort=False)["Purchase"].apply(lambda values: values.isna().sum())
    assert dict(surfaces) == {"Events Manager": 2, "Ads Manager": 2}
    own = table[table["rule"] == "R27"]
    assert list(own["object"]) == ["Launch, scheduled", "Prospecting", "Retargeting"]
    assert own[list(EVENT_NAMES)].notna().all(axis=None)


def test_cells_say_no_access_in_words(one: Run) -> None:
    cells = view(one, "outsider", 10).cells()
    assert all(row[4:] == ["no access"] * 5 for row in cells)
    first = view(one, "brand", 10)
    assert first.cells()[0] == [
        "Events Manager",
        "total events",
        "R24",
        "",
        *(f"{first.metrics[event].iloc[0]:,}" for event in EVENT_NAMES),
    ]


def test_counts_only_grow_while_access_lasts(one: Run) -> None:
    pageviews = [view(one, "brand", day).metrics["PageView"].iloc[0] for day in range(0, 36, 5)]
    assert pageviews[0] == 0
    assert pageviews == sorted(pageviews)
    assert pageviews[-1] > pageviews[1] > 0


def test_unknown_viewers_pixels_and_days_are_refused(one: Run) -> None:
    with pytest.raises(UnknownNameError, match="viewer 'agenzy' does not exist; did you mean 'agency'"):
        view(one, "agenzy", 3)
    with pytest.raises(UnknownNameError, match="pixel 'PX'"):
        view(one, "brand", 3, "PX")
    with pytest.raises(InputError, match="choose a day of the run"):
        view(one, "brand", 36)
