"""Outcomes and totals, recomputed from the decoded tables or from another run with the same luck."""

from __future__ import annotations

import pandas as pd
import pytest
from crowded_run import UNSHARED, crowded

import pixelsim as ps
from pixelsim.measure import OUTCOMES


@pytest.fixture(scope="module")
def served() -> ps.Run:
    """A run whose site sends each event twice, browser and server, so that copies are merged and dropped."""
    return ps.run(crowded(server=True), seed=5)


def value(run: ps.Run, outcome: str, item: str) -> float:
    table = run.outcomes()
    (found,) = table.loc[(table["outcome"] == outcome) & (table["object"] == item), "value"]
    return float(found)


ACCOUNTS = ["acc_agency", "acc_brand", "acc_outsider"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_spend_is_the_sum_of_the_delivery_table(tell, account):
    run = tell().run
    delivery = run.delivery()
    mine = delivery[delivery["account"] == account]
    assert value(run, "spend", account) == pytest.approx(mine["spend"].sum(), abs=1e-9)
    assert value(run, "orphaned spend", account) == pytest.approx(mine["orphaned_spend"].sum(), abs=1e-9)
    assert value(run, "blind days", account) == mine.loc[mine["orphaned_spend"] > 0, "day"].nunique()


def test_orphaned_spend_is_what_a_policy_that_pauses_saves(tell):
    run = tell().run
    paused = ps.run(run.scenario.replace(policy="pause"), seed=5)
    saved = value(run, "spend", "acc_agency") - value(paused, "spend", "acc_agency")
    assert value(run, "orphaned spend", "acc_agency") == pytest.approx(saved, abs=1e-9)
    assert value(paused, "orphaned spend", "acc_agency") == 0
    assert value(run, "orphaned spend", "acc_brand") == 0
    assert saved > 0


def test_blind_days_are_calendar_days_of_the_account(tell):
    run = tell().run
    # Access ends at 06:00 UTC on 11 January, 22:00 of the 10th at UTC-8; the run ends at 16:00 of the 16th there.
    assert UNSHARED == 6.25
    assert value(run, "blind days", "acc_agency") == len(pd.date_range("2026-01-10", "2026-01-16", freq="D"))


@pytest.mark.parametrize("variant", [{}, {"scope": "account"}, {"again": True}], ids=["pixel", "account", "again"])
def test_conversions_attributed_and_lost_are_those_worked_out_by_hand(tell, variant):
    story = tell(**variant)
    event = story.log["event"].tolist()
    for account in ACCOUNTS:
        won = sum(
            story.counts[v.row, account] for v in story.verdicts if account in v.claims and event[v.row] == "Purchase"
        )
        lost = sum(v.refused == account for v in story.verdicts if event[v.row] == "Purchase")
        assert value(story.run, "conversions attributed", account) == won
        assert value(story.run, "conversions lost to attribution", account) == lost
    assert value(story.run, "conversions lost to attribution", "acc_agency") > 0


def test_orders_in_truth_and_as_seen(tell):
    run, log = tell().run, tell().log
    purchase = log[log["event"] == "Purchase"]
    assert value(run, "orders", "all sites") == purchase["event_key"].nunique()
    seen = purchase.loc[purchase["loss"] == "received", "event_key"].nunique()
    assert value(run, "orders seen", "all sites") == seen
    assert value(run, "share of orders seen", "all sites") == pytest.approx(seen / purchase["event_key"].nunique())


def test_the_share_of_orders_seen_is_missing_without_orders():
    one = crowded()
    sites = tuple(site.replace(organic_sessions=0.0) for site in one.traffic.sites)
    run = ps.run(one.replace(traffic=one.traffic.replace(sites=sites, delivery=())), seed=1)
    assert value(run, "orders", "all sites") == 0
    assert pd.isna(value(run, "share of orders seen", "all sites"))


def test_refused_actions_are_the_rows_of_the_refused_table():
    one = crowded().replace(policy="strict").vary("policy.after_refused_unshare", "give_up")
    run = ps.run(one, seed=1)
    assert value(run, "refused actions", "all people") == len(run.refused()) == 1
    (row,) = run.refused().to_dict("records")
    assert (row["rule"], row["cause"]) == ("R12", "ACTIVE_CAMPAIGNS")
    assert "prospecting_1" in row["reason"]
    assert row["remedy"]


def test_every_outcome_has_a_meaning_a_unit_and_a_plane(tell):
    table = tell().run.outcomes()
    assert set(table["outcome"]) <= set(OUTCOMES)
    assert set(table["plane"]) == {"truth", "observed"}
    assert (table["unit"].str.len() > 0).all()
    assert not table.duplicated(["outcome", "object"]).any()


@pytest.mark.parametrize("which", ["browser only", "with a server leg"])
def test_totals_are_conserved_at_every_hop_and_equal_a_recount(tell, served, which):
    run = served if which == "with a server leg" else tell().run
    log = run.log()
    (row,) = run.conservation().to_dict("records")
    fate, credit = log["fate"].value_counts(), log["credit"].value_counts()
    assert row["sent"] == len(log)
    assert row["lost"] == fate["lost"] == (log["loss"] != "received").sum()
    assert row["kept"] == fate["kept"]
    assert row["merged"] == fate["merged"]
    assert row["dropped"] == fate["duplicate"] + fate["repeat"]
    assert row["attributed"] == credit["credited"]
    assert row["not counted again"] == credit["not_counted_again"]
    assert row["access ended"] == credit["access_ended"]
    assert row["outside window"] == credit["outside_window"]
    assert row["no touch"] == credit["no_touch"]
    assert row["sent"] == row["lost"] + row["received"]
    assert row["received"] == row["kept"] + row["merged"] + row["dropped"]
    reasons = ("attributed", "not counted again", "access ended", "outside window", "no touch")
    assert row["kept"] == sum(row[name] for name in reasons)
    if which == "with a server leg":
        assert min(row["merged"], row["dropped"], row["lost"]) > 0


def test_merged_and_dropped_copies_are_no_total_events(served):
    log = served.log()
    kept = log[log["fate"] == "kept"]
    # A copy counts anew only when it came more than 48 hours after the first one.
    again = kept[kept["event_key"].duplicated(keep=False)]
    received_at = again.groupby("event_key")["received"]
    gap = received_at.max() - received_at.min()
    assert (gap > pd.Timedelta(hours=48)).all()
    received = log.loc[log["loss"] == "received", "event_key"].nunique()
    assert received == kept["event_key"].nunique() == len(kept) - len(gap)
    table = served.metrics("brand")
    total = table[(table["surface"] == "Events Manager") & (table["metric"] == "total events")]["value"].sum()
    assert total == len(kept)


def test_all_accounts_that_see_the_pixel_read_the_same_total_events(tell):
    table = tell(again=True).run.metrics()
    total = table[table["metric"] == "total events"].dropna(subset="value")
    assert total.groupby("event")["value"].nunique().eq(1).all()
    assert total["viewer"].nunique() == 2
