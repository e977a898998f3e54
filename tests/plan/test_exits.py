from __future__ import annotations

import math

import pytest
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.plan import RateEstimator, exit_policies
from pixelsim.sharing import PRESETS, Rulebook
from pixelsim.world import World

RATES = RateEstimator(spend_per_day={"g": 100, "later": 40}, conversions_per_day={"g": 2.0, "later": 1.0})


def world() -> World:
    return with_ad_group(with_ad_group(client_and_agency(), "g"), "later", start=12 * DAY)


def test_leaving_everything_spends_unattributed_where_ads_run_on() -> None:
    table = exit_policies(
        world(),
        "px",
        from_="bc_ag",
        exit_at=10 * DAY,
        lags=[0, 4],
        rulebook=Rulebook(policy=PRESETS["continue"]),
        estimator=RATES,
    )
    found = table.set_index(["policy", "lag_days"])
    assert found.loc[("off", 4.0), "unattributed_spend"] == 0
    assert found.loc[("off", 4.0), "lost_conversions"] == pytest.approx(4 * 2.0 + 2 * 1.0)
    assert found.loc[("leave", 0.0), "unattributed_spend"] == 0
    assert found.loc[("leave", 4.0), "unattributed_spend"] == 4 * 100 + 2 * 40
    assert found.loc[("leave", 4.0), "unattributed_conversions"] == pytest.approx(4 * 2.0 + 2 * 1.0)
    assert found.loc[("leave", 4.0), "lost_conversions"] == 0
    assert set(table["unshare"]) == {"done"}
    assert set(table["currency"]) == {"USD"}


def test_where_the_platform_stops_ads_leaving_loses_delivery_instead() -> None:
    table = exit_policies(
        world(),
        "px",
        from_="acc_a",
        exit_at=10 * DAY,
        lags=[4],
        rulebook=Rulebook(policy=PRESETS["pause"]),
        estimator=RATES,
    ).set_index("policy")
    assert table.loc["leave", "unattributed_spend"] == 0
    assert table.loc["leave", "lost_conversions"] == pytest.approx(10.0)


def test_a_guard_refuses_to_leave_and_the_row_says_so() -> None:
    table = exit_policies(
        world(),
        "px",
        from_="bc_ag",
        exit_at=10 * DAY,
        lags=[4],
        rulebook=Rulebook(policy=PRESETS["strict"]),
        estimator=RATES,
    ).set_index("policy")
    assert table.loc["leave", "unshare"].startswith("no (R12)")
    assert math.isnan(table.loc["leave", "unattributed_spend"])
    assert table.loc["off", "unshare"] == "done"


def test_without_an_estimator_everything_is_missing_never_zero() -> None:
    table = exit_policies(
        world(),
        "px",
        from_="bc_ag",
        exit_at=DAY,
        lags=[1],
        rulebook=Rulebook(policy=PRESETS["continue"]),
        estimator=None,
    )
    assert table[["unattributed_spend", "unattributed_conversions", "lost_conversions"]].isna().all(axis=None)


def test_with_nothing_running_there_is_one_row_a_policy_without_a_currency() -> None:
    empty = client_and_agency().without("shares", [("px", "bc_ag")])
    table = exit_policies(empty, "px", from_="bc_ag", exit_at=0, lags=[1], rulebook=Rulebook(), estimator=RATES)
    assert list(table["currency"]) == ["", ""]
    assert table["unshare"].str.startswith("no (R14)").all()
