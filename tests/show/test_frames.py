from __future__ import annotations

import pandas as pd
import pytest

from pixelsim.base.errors import UnknownNameError
from pixelsim.show.frames import change_log_frame, metrics_frame, outcomes_frame
from pixelsim.show.tables import responses
from pixelsim.study import Replications, Run

TOTAL = ("Events Manager", "total events")
CAMPAIGNS = ("Ads Manager", "attributed events (campaign level)")


def test_metrics_stand_by_viewer_and_no_access_is_said(one: Run) -> None:
    frame = metrics_frame(one)
    assert list(frame.columns) == ["brand", "agency", "outsider"]
    assert len(frame) == 5
    read = one.metrics("brand").query("event == 'Purchase' and rule == 'R24'")["value"].item()
    assert frame.loc[TOTAL].to_dict() == {
        "brand": f"{read:,}",
        "agency": "no access (R20)",
        "outsider": "no access (R17)",
    }
    own = one.metrics("agency").query("event == 'Purchase' and rule == 'R27'")["value"].sum()
    assert frame.loc[CAMPAIGNS, "agency"] == f"{own:,}"


def test_means_of_several_runs_carry_half_widths(many: Replications) -> None:
    frame = metrics_frame(many, event="PageView")
    assert " ± " in frame.loc[TOTAL, "brand"]
    with pytest.raises(UnknownNameError, match="event 'Kauf'"):
        metrics_frame(many, event="Kauf")


def test_outcomes_are_named_and_those_that_are_always_0_left_out(many: Replications) -> None:
    frame = outcomes_frame(many)
    assert "An account without access" not in set(frame["of"])
    spent = frame[(frame["outcome"] == "orphaned spend") & (frame["of"] == "Agency's account for the brand")]
    expected = next(r for r in responses(many, "outcome", response="orphaned spend", object="acc_agency"))
    assert spent["mean ± half-width"].item() == expected.text
    assert spent["unit"].item() == "USD"
    assert spent["from"].item() == "truth"
    assert " to " in spent["5-95 % of runs"].item()


def test_the_change_log_is_told_with_names(one: Run, wrong_order: Run) -> None:
    frame = change_log_frame(one)
    assert list(frame.index) == list(one.change_log()["number"])
    assert frame.loc[2].to_dict() == {
        "when": "20 Jan 00:00",
        "who": "Brand's Admin",
        "what": "unshare pixel “Brand's shop” from Business Center “Agency”",
        "verdict": "yes",
        "rule": "R14",
        "why": one.scenario.plan.steps[2].why,
    }
    refused = change_log_frame(wrong_order).loc[0]
    assert (refused["verdict"], refused["rule"]) == ("no", "R12")
    assert "“Prospecting”, “Retargeting”" in refused["why"]


def test_without_actions_the_change_log_is_an_empty_table(agency: object) -> None:
    from pixelsim.scenario import Scenario
    from pixelsim.study import run

    assert isinstance(agency, Scenario)
    quiet = run(agency.replace(plan=agency.plan.replace(steps=()), days=2), seed=1)
    frame = change_log_frame(quiet)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 0
