"""The commands about plans: what `check` finds on the way of a plan, and what `plan` says when somebody is missing."""

from __future__ import annotations

import json

import pytest

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.cli import main
from pixelsim.cli.plans import check_scenario, make_plan

GOAL = {"goal": "unshare", "pixel": None, "party": "bc_agency", "by": None}


def test_check_tells_the_forgotten_campaign_by_name_with_its_cost(capsys):
    check_scenario("ending_only_running", shape="table")
    shown = " ".join(capsys.readouterr().out.split())
    assert "“Agency, scheduled” spends in" in shown
    assert "acc_agency" not in shown
    check_scenario("ending_only_running", shape="json")
    records = json.loads(capsys.readouterr().out)
    spend = next(record for record in records if record["code"] == "ORPHANED_SPEND")
    # 17 days at 95 % of a daily budget of 50.
    assert spend["cost"].startswith("808 USD")
    assert spend["since"] == "2026-01-23 00:00+00:00"


def test_check_tells_the_same_fault_of_many_once_and_names_the_others(capsys):
    check_scenario("agency_clients_wrong", shape="table")
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert shown.count("owns pixel") == 1
    assert "So it is with 7 more: Client 2's shop" in shown
    check_scenario("agency_clients_wrong", shape="markdown")
    lines = capsys.readouterr().out.splitlines()
    assert sum("owns pixel" in line for line in lines) == 8
    assert lines[0].startswith("# agency_clients_wrong: ")


@pytest.mark.parametrize(
    ("unavailable", "safe", "says"),
    [
        ((), True, "a safe plan"),
        (("bc_agency=slow",), True, "a safe plan"),
        (("bc_agency=refuses",), False, "would leave “Agency, running”"),
        (("client_admin=left",), False, "have “Agency” end the partnership"),
    ],
)
def test_plan_says_what_can_be_done_without_somebody(capsys, unavailable, safe, says):
    assert make_plan("ending", **GOAL, unavailable=unavailable, shape="table") is safe
    assert says in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_somebody_slow_is_waited_for(capsys):
    ends = []
    for unavailable in ((), ("bc_agency=slow",)):
        make_plan("ending", **GOAL, unavailable=unavailable, shape="json")
        steps = json.loads(capsys.readouterr().out)["steps"]
        ends.append(next(step["done_ms"] for step in steps if step["kind"] == "end_access"))
    assert ends[1] - ends[0] == 6 * 86_400_000, "a week instead of a day"


def test_names_that_do_not_fit_are_refused_together():
    with pytest.raises(InputError) as caught:
        make_plan("ending", **GOAL, unavailable=("bc_agency=away", "cleo"), shape="table")
    assert [fault.value for fault in caught.value.faults] == ["bc_agency=away", "cleo"]
    with pytest.raises(UnknownNameError):
        make_plan("ending", **GOAL, unavailable=("nobody=left",), shape="table")


def test_the_exit_code_tells_whether_a_safe_plan_exists(capsys):
    command = ["plan", "ending", "--unshare-from", "bc_agency"]
    for more, code in (((), 0), (("--unavailable", "bc_agency=refuses"), 1), (("--unavailable", "x"), 2)):
        with pytest.raises(SystemExit) as left:
            main([*command, *more])
        assert left.value.code == code
    assert "no safe plan" in capsys.readouterr().out
