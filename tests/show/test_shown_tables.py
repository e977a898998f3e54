from __future__ import annotations

import dataclasses
import math

import pytest
from test_page import outline

from pixelsim.show.names import Names
from pixelsim.show.tables import _sort, _value, metric_table, outcome_table, parameter_rows, responses
from pixelsim.study import Replications


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (0.05, "0.05"),
        (200_000, "200,000"),
        ((1.0, 1.0, 1.0), "1"),
        ((1, 2, 3), "1, 2, 3"),
        ((0.1, 0.2, 0.3, 0.4), "4 values, 0.1, 0.2 …"),
        ("text", "text"),
    ],
)
def test_values_of_parameters_are_short(value: object, text: str) -> None:
    assert _value(value) == text


def test_what_is_no_number_sorts_last() -> None:
    assert _sort("1,866,734") == 1866734
    assert _sort("−0.5") == -0.5
    assert math.isnan(_sort("4 values, 0.1, 0.2 …"))
    assert math.isnan(_sort(""))


def test_responses_are_found_by_their_keys(many: Replications) -> None:
    found = list(responses(many, "outcome", object="acc_agency"))
    assert {response["object"] for response in found} == {"acc_agency"}
    spent = next(r for r in found if r["response"] == "orphaned spend")
    assert spent.summary.mean == pytest.approx(many.response("orphaned spend", object="acc_agency").mean())
    assert list(responses(many, "outcome", object="nobody")) == []


def test_what_is_0_in_every_run_is_said_in_one_sentence(many: Replications) -> None:
    names = Names(many.scenario.structure.world())
    texts = outline(outcome_table(many, names)).texts
    sentence = next(text for text in texts if "Everything is 0 in every run for" in text)
    assert "An account without access" in sentence
    assert texts.count("An account without access") == 0


def test_access_in_some_runs_is_said_beside_the_mean(many: Replications) -> None:
    values = many.values.copy()
    brand = ((many.names["viewer"] == "brand") & (many.names["kind"] == "metric")).to_numpy()
    values[0, brand] = math.nan
    partly = dataclasses.replace(many, values=values)
    texts = outline(metric_table(partly, Names(many.scenario.structure.world()), "Purchase")).texts
    assert sum(text.endswith("(no access in 1 of 4 runs)") for text in texts) == 5


def test_equal_parameters_of_several_ad_groups_share_a_row(many: Replications) -> None:
    scenario = many.scenario
    names = Names(scenario.structure.world())
    texts = outline(parameter_rows(scenario, names)).texts
    assert texts.count("daily budget") == len({d.daily_budget for d in scenario.traffic.delivery})
    assert any(text.endswith(" and 1 more") for text in texts)
