from __future__ import annotations

import numpy as np
import pytest
from study_scenarios import slow_people

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.study import run
from pixelsim.study.responses import (
    IDENTITY,
    KEYS,
    Collected,
    Responses,
    joint_names,
    names_table,
    position,
    responses_of,
)


def row(response, *, kind="outcome", viewer="", rule="", thing="", reason=""):
    return (kind, viewer, "", response, rule, "", "", thing, "", reason)


@pytest.fixture(scope="module")
def one(scenario):
    return run(scenario, seed=2)


class TestOfASimulation:
    def test_metrics_and_outcomes_of_the_run_in_their_order(self, one):
        table = one.responses()
        metric, outcome = (table[table["kind"] == kind].reset_index(drop=True) for kind in ("metric", "outcome"))
        read = one.metrics()
        assert metric["value"].to_numpy() == pytest.approx(
            read["value"].to_numpy(dtype=float, na_value=np.nan), nan_ok=True
        )
        assert list(metric["response"]) == list(read["metric"])
        assert list(outcome["response"]) == list(one.outcomes()["outcome"])
        assert outcome["value"].to_numpy() == pytest.approx(one.outcomes()["value"].to_numpy(), nan_ok=True)

    def test_every_response_has_a_name_of_its_own(self, one):
        assert not one.responses().duplicated(list(IDENTITY)).any()

    def test_days_with_access_by_hand(self, one):
        # Unshared on day 2 of 5; the brand's account created the pixel and needs no access to one of others.
        assert one.response("days with access", object="acc_agency") == 2.0
        assert one.response("days with access", object="acc_brand") == 0.0

    def test_days_with_access_end_with_the_unshare_of_a_slow_person(self):
        one = run(slow_people(), seed=3)
        unshares = one.change_log().query("action == 'unshare_pixel' and verdict == 'yes'")
        ends = [one.scenario.clock.to_ms(at) / DAY for at in unshares["at"]] or [5.0]
        assert one.response("days with access", object="acc_agency") == pytest.approx(ends[0])


class TestPosition:
    def test_one(self, one):
        assert one.response("orders") == one.outcomes().set_index("outcome")["value"]["orders"]

    def test_unknown_name_says_the_nearest(self, one):
        with pytest.raises(UnknownNameError, match="did you mean 'orphaned spend'"):
            one.response("orphan spend")

    def test_unknown_column(self, one):
        with pytest.raises(UnknownNameError, match="column of responses 'acount' does not exist"):
            one.response("spend", acount="acc_agency")

    def test_several(self, one):
        with pytest.raises(InputError, match="exactly one response, not of 3"):
            one.response("spend")

    def test_none_fits(self, one):
        with pytest.raises(InputError, match="not of 0"):
            position(one.responses(), "spend", {"object": "acc_nobody"})


class TestCollected:
    def test_matches_by_name_and_not_by_position(self):
        collected = Collected()
        collected.add(Responses((row("a"), row("b")), np.array([1.0, 2.0])))
        collected.add(Responses((row("b"), row("c")), np.array([20.0, 30.0])))
        collected.add(None)
        keys = collected.keys()
        assert [key[IDENTITY.index("response")] for key in keys] == ["a", "b", "c"]
        assert collected.values(keys) == pytest.approx(
            np.array([[1, 2, np.nan], [np.nan, 20, 30], [np.nan] * 3]), nan_ok=True
        )
        assert np.isnan(collected.latest(keys[0]))

    def test_the_rule_is_that_of_a_replication_with_access(self):
        collected = Collected()
        collected.add(Responses((row("a", rule="R20", reason="no access"),), np.array([np.nan])))
        collected.add(Responses((row("a", rule="R24"),), np.array([3.0])))
        names = names_table(joint_names([collected]).values())
        assert (names["rule"][0], names["reason"][0]) == ("R24", "")

    def test_a_refusal_without_object_gives_way_to_the_objects_of_another_replication(self):
        refused = row("x", kind="metric", viewer="agency", reason="no access")
        first, second = Collected(), Collected()
        first.add(Responses((refused,), np.array([np.nan])))
        second.add(Responses((row("x", kind="metric", viewer="agency", thing="camp"),), np.array([3.0])))
        assert [key[IDENTITY.index("object")] for key in joint_names([first])] == [""]
        assert [key[IDENTITY.index("object")] for key in joint_names([first, second])] == ["camp"]

    def test_nothing(self):
        collected = Collected()
        collected.add(None)
        assert collected.values(collected.keys()).shape == (1, 0)
        assert list(names_table([]).columns) == list(KEYS)


def test_responses_do_not_depend_on_what_was_asked_before(one):
    first, second = responses_of(one.simulation), responses_of(one.simulation)
    assert first.rows == second.rows
    assert np.array_equal(first.values, second.values, equal_nan=True)
