"""Field cases of ending a relationship, through the simulator: what is spent, stored and seen after the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from field_shops import MINUTE, business, play, visits

import pixelsim as ps
from pixelsim.scenario import Scenario
from pixelsim.sharing import explain
from pixelsim.world.status import DeliveryStatus, ad_group_status

DAY = 86_400_000
FLAT = [1.0] * 24
SURE = {"daily_budget": 0.0, "budget_spent": 1.0, "cpm": 1.0, "cpm_sigma": 0.0, "click_rate": 0.0006, "hours": FLAT}
"""Delivery without luck: the whole budget is spent, evenly over the day, at one price."""
SETTLED = {"orders_share": 1.0, "cpm_factor": 1.0, "noise": 0.0}
"""A learning phase that costs nothing."""


def off(day: float, campaign: str) -> dict[str, Any]:
    return {"day": day, "action": {"do": "switch", "actor": "buyer", "kind": "campaign", "id": campaign, "to": "off"}}


def unshare(day: float) -> dict[str, Any]:
    action = {"do": "unshare_pixel", "actor": "owner", "bc": "bc_o", "pixel": "px_1", "partner": "bc_p"}
    return {"day": day, "action": action}


def partner(
    days: int, campaigns: dict[str, tuple[float, float, float | None]], steps: list[Any], **parts: Any
) -> Scenario:
    """Make an owner with a pixel and a partner's account with campaigns: daily budget, start and end by id."""
    structure = {
        "business_centers": [
            {"id": "bc_o", "name": "Owner", "verified": True},
            {"id": "bc_p", "name": "Partner", "type": "AGENCY", "verified": True},
        ],
        "people": [{"id": "owner", "name": "Owner's Admin"}, {"id": "buyer", "name": "Partner's buyer"}],
        "members": [
            {"bc": "bc_o", "person": "owner", "role": "ADMIN"},
            {"bc": "bc_p", "person": "buyer", "role": "ADMIN"},
        ],
        "ad_accounts": [
            {"id": "acc_o", "name": "Owner's account", "owner_bc": "bc_o"},
            {"id": "acc_p", "name": "Partner's account", "owner_bc": "bc_p"},
        ],
        "account_people": [{"account": "acc_p", "person": "buyer", "role": "OPERATOR", "via": "bc_p"}],
        "websites": [{"id": "shop", "name": "Shop", "domains": ["shop.example"], "pixels": ["px_1"]}],
        "pixels": [{"code": "px_1", "number": "1", "name": "Shop", "creator": "acc_o", "owner_bc": "bc_o"}],
        "partnerships": [{"bc": "bc_o", "partner": "bc_p"}],
        "shares": [{"pixel": "px_1", "partner": "bc_p"}],
        "links": [{"pixel": "px_1", "account": "acc_p", "by_bc": "bc_p"}],
        "campaigns": [{"id": key, "account": "acc_p", "name": key} for key in campaigns],
        "ad_groups": [
            {"id": f"{key}_group", "campaign": key, "name": key, "pixel": "px_1", "start_day": start, "end_day": end}
            for key, (_, start, end) in campaigns.items()
        ],
        "ads": [{"id": f"{key}_ad", "ad_group": f"{key}_group", "name": key} for key in campaigns],
    }
    delivery = [
        SURE | {"ad_group": f"{key}_group", "website": "shop", "daily_budget": budget}
        for key, (budget, _, _) in campaigns.items()
    ]
    site = {"website": "shop", "organic_sessions": 50.0} | parts.pop("site", {})
    return Scenario.read(
        {
            "name": "ending",
            "start": "2026-02-02T00:00:00Z",
            "days": days,
            "structure": structure | parts.pop("structure", {}),
            "traffic": {"sites": [site], "delivery": delivery, "learning": SETTLED},
            "plan": {"steps": steps},
            "viewers": [{"name": "owner", "account": "acc_o"}, {"name": "partner", "account": "acc_p"}],
        }
        | parts
    )


def spend(run: ps.Run, column: str = "spend") -> float:
    return round(float(run.delivery()[column].sum()), 2)


# P26: camp_1 runs at 100 a day, camp_2 is scheduled for days 5 to 10 at 40 a day; unshared at 3.5, stopped at 8.


def P26(policy: str, after: str = "retry_after_stop") -> ps.Run:
    campaigns = {"camp_1": (100.0, 0.0, None), "camp_2": (40.0, 5.0, 10.0)}
    steps = [unshare(3.5), off(8.0, "camp_1"), off(8.0, "camp_2")]
    one = partner(12, campaigns, steps, policy=policy)
    return ps.run(one.vary("policy.after_refused_unshare", after), seed=26)


def test_P26_continue_spends_570_after_the_unshare_and_nobody_of_the_partner_sees_it():
    run = P26("continue")
    assert spend(run, "orphaned_spend") == 4.5 * 100 + 3 * 40 == 570
    assert spend(run) == 8 * 100 + 3 * 40
    assert [row["verdict"] for row in run.change_log().to_dict("records")] == ["yes"] * 3
    log = run.log()
    after = log[(log["at"] >= pd.Timestamp("2026-02-05T12:00Z")) & (log["fate"] == "kept")]
    assert len(after) > 300
    assert (after["credit"] == "access_ended").any()
    partner_reads, owner_reads = run.metrics("partner"), run.metrics("owner")
    seen = partner_reads[partner_reads["metric"] != "attributed events (campaign level)"]
    assert seen["value"].isna().all()
    assert set(seen["rule"]) == {"R20"}
    total = owner_reads[(owner_reads["surface"] == "Events Manager") & (owner_reads["metric"] == "total events")]
    assert total["value"].sum() == (log["fate"] == "kept").sum()


def test_P26_pause_spends_nothing_after_the_unshare():
    run = P26("pause")
    assert spend(run, "orphaned_spend") == 0
    assert spend(run) == 3.5 * 100
    world = run.simulation.history.at(6 * DAY)
    for group in ("camp_1_group", "camp_2_group"):
        assert ad_group_status(world, group, 6 * DAY) is DeliveryStatus.PIXEL_UNBIND
    assert all(campaign.on for campaign in world.campaigns.values())


def test_P26_refuse_rejects_the_unshare_listing_both_and_changes_nothing():
    run = P26("strict", "give_up")
    refused = [record for record in run.simulation.history.records if record.decision.refused]
    assert len(refused) == 1
    assert refused[0].at == 3.5 * DAY
    assert set(refused[0].decision.blocking) == {"camp_1_group", "camp_2_group"}
    assert refused[0].changes == ()
    (row,) = run.refused().to_dict("records")
    assert row["rule"] == "R12"
    assert "camp_1_group" in row["reason"]
    assert "camp_2_group" in row["reason"]
    before, after = run.simulation.history.at(int(3.5 * DAY) - 1), run.simulation.history.at(int(3.5 * DAY))
    assert before == after
    assert spend(run) == 800 + 120 == 920
    assert spend(run, "orphaned_spend") == 0
    assert ("px_1", "acc_p") in run.simulation.history.now.links


def test_P26_the_policies_part_ways_only_at_the_unshare():
    logs = []
    for run in (P26("continue"), P26("pause"), P26("strict", "give_up")):
        log = run.log()
        logs.append(log[log["received"] < pd.Timestamp("2026-02-05T12:00Z")].reset_index(drop=True))
    pd.testing.assert_frame_equal(logs[0], logs[1])
    pd.testing.assert_frame_equal(logs[0], logs[2])


# P31: three campaigns at 60, 90 and 150 a day; the pixel is unshared on day 30; who switches off, and when?

BUDGETS = {"camp_1": 60.0, "camp_2": 90.0, "camp_3": 150.0}


def P31(policy: str, lag: int) -> ps.Run:
    """OFF: everything is switched off at the exit. LEAVE: it stays as it is until the client reacts, days later."""
    stops = [off(30.0 if policy == "OFF" else 30.0 + lag, key) for key in BUDGETS]
    steps = [*stops, unshare(30.0)] if policy == "OFF" else [unshare(30.0), *stops]
    campaigns = {key: (budget, 0.0, None) for key, budget in BUDGETS.items()}
    return ps.run(partner(40, campaigns, steps, policy="continue", site={"organic_sessions": 5.0}), seed=31)


def orders_of_days(run: ps.Run, first: float, last: float) -> int:
    at = run.simulation.orders.touch_at
    return int(np.count_nonzero((at >= first * DAY) & (at < last * DAY)))


@pytest.mark.parametrize(("lag", "unapproved"), [(0, 0), (2, 600), (7, 2_100)])
def test_P31_leaving_costs_unapproved_spend_and_switching_off_costs_conversions(lag, unapproved):
    left, switched_off = P31("LEAVE", lag), P31("OFF", lag)
    assert spend(left, "orphaned_spend") == unapproved
    assert spend(switched_off, "orphaned_spend") == 0
    assert spend(switched_off) == 30 * 300
    assert spend(left) == 30 * 300 + unapproved
    # The other column of the table: orders that the days of the lag brought, which switching off gives away.
    lost = len(left.simulation.orders) - len(switched_off.simulation.orders)
    due = [t for t in left.simulation.orders.at if t < 40 * DAY]
    assert len(due) == len(left.simulation.orders)
    assert lost == orders_of_days(left, 30, 30 + lag)
    assert (lost > 0) == (lag > 0)
    assert orders_of_days(left, 0, 30) == orders_of_days(switched_off, 0, 30)


def test_P31_nothing_that_was_left_running_is_attributed_after_the_exit():
    log = P31("LEAVE", 7).log()
    exit_day = pd.Timestamp("2026-02-02T00:00Z") + pd.Timedelta(days=30)
    assert not (log["credit"].isin(["credited", "not_counted_again"]) & (log["at"] >= exit_day)).any()
    assert (log["credit"] == "access_ended").any()


# P29: the partner's server sends every event once more; the partner is removed on day 10, its token revoked on day 15.


@pytest.fixture(scope="module")
def token_run() -> ps.Run:
    """One page view a session, nothing lost, about 100 a day, each sent by browser and by the partner's server."""
    remove = {"do": "remove_partner", "actor": "owner", "bc": "bc_o", "partner": "bc_p"}
    revoke = {"do": "revoke_token", "actor": "owner", "token": "t_1"}
    steps = [{"day": 10.0, "action": remove}, {"day": 15.0, "action": revoke}]
    site = {
        "organic_sessions": 100.0,
        "order_rate": 0.0,
        "funnel": {"view": 0.0, "cart": 0.0, "checkout": 0.0},
        "capture": {
            "blocked_people": 0.0,
            "refusing_people": 0.0,
            "lost_events": 0.0,
            "server": {"token": "t_1", "delay_sigma": 0.0},
        },
    }
    tokens = {"tokens": [{"id": "t_1", "pixel": "px_1", "holder_bc": "bc_p"}]}
    return ps.run(partner(20, {}, steps, policy="continue", site=site, structure=tokens), seed=29)


def test_P29_a_server_token_outlives_the_partnership_until_it_is_revoked(token_run):
    assert [row["verdict"] for row in token_run.change_log().to_dict("records")] == ["yes", "yes"]
    log = token_run.log()
    day = (log["at"] - pd.Timestamp("2026-02-02T00:00Z")) // pd.Timedelta(days=1)
    received = log[log["loss"] == "received"]
    browser = received[received["channel"] == "browser"].groupby(day).size()
    server = received[received["channel"] == "server"].groupby(day).size()
    kept = log[log["fate"] == "kept"].groupby(day).size()
    # About 100 a day: a Poisson total of 2,000 lies within four standard deviations.
    assert abs(int(browser.sum()) - 2_000) < 4 * np.sqrt(2_000)
    # Stored after de-duplication: every event once, on all 20 days, although each came twice until the token went.
    assert kept.tolist() == browser.tolist()
    assert kept.index.tolist() == list(range(20))
    assert server.index.tolist() == list(range(15))
    assert server.tolist() == browser.tolist()[:15]


def test_P29_events_from_a_party_without_access_are_those_between_removal_and_revocation(token_run):
    log, history = token_run.log(), token_run.simulation.history
    removed, revoked = (pd.Timestamp("2026-02-02T00:00Z") + pd.Timedelta(days=d) for d in (10, 15))
    world = history.at(12 * DAY)
    assert ("px_1", "acc_p") not in world.links
    assert not world.tokens["t_1"].revoked
    accepted = log[(log["channel"] == "server") & (log["loss"] == "received")]
    without_access = accepted[accepted["at"] >= removed]
    browser = log[(log["channel"] == "browser") & (log["at"] >= removed) & (log["at"] < revoked)]
    assert len(without_access) == len(browser)
    assert abs(len(without_access) - 500) < 4 * np.sqrt(500)
    assert without_access["at"].max() < revoked


# P30: a connected tool holds a token and reads 400 purchases; disconnected on day 1, its token is rotated on day 35.


def test_P30_what_the_platform_has_received_stays_when_a_tool_is_disconnected():
    held = {"id": "k1", "pixel": "px_1", "holder_bc": "bc_t"}
    one = business(
        days=40,
        structure={
            "business_centers": [
                {"id": "bc", "name": "Owner", "verified": True},
                {"id": "bc_t", "name": "Tool", "verified": True},
            ],
            "ad_accounts": [
                {"id": "acc_0", "name": "Owner's account", "owner_bc": "bc"},
                {"id": "acc_1", "name": "Tool's account", "owner_bc": "bc_t"},
            ],
            "account_people": [],
            "partnerships": [{"bc": "bc", "partner": "bc_t"}],
            "shares": [{"pixel": "px_1", "partner": "bc_t"}],
            "links": [{"pixel": "px_1", "account": "acc_1", "by_bc": "bc_t"}],
            "tokens": [held],
        },
        steps=[
            (1.0, {"do": "remove_partner", "bc": "bc", "partner": "bc_t"}),
            (35.0, {"do": "revoke_token", "token": "k1"}),
        ],
    )
    run = play(one, [visits("shop", np.arange(400) * MINUTE, np.arange(400), ordered=True)])
    assert [record.decision.allowed for record in run.simulation.history.records] == [True, True]

    def purchases(viewer: str, day: float) -> pd.Series:
        table = run.metrics(viewer, as_of=day)
        rows = (
            table["metric"].eq("total events") & table["event"].eq("Purchase") & table["surface"].eq("Events Manager")
        )
        return table.loc[rows, "value"]

    for day in (0.9, 1.0, 31.0, 39.0):
        assert purchases("acc_0", day).tolist() == [400], "the platform's, throughout"
    assert purchases("acc_1", 0.9).tolist() == [400]
    for day in (1.0, 31.0):
        assert purchases("acc_1", day).isna().all(), "the tool's, gone at once, and by day 30 at the latest"
    accepted = [explain(run.simulation.history.at(day * DAY), "k1", "send", "px_1").allowed for day in (1, 2, 34, 35)]
    assert accepted == [True, True, True, False]
