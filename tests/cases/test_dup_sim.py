"""Field cases of duplicates, through the simulator: tags, loads, second pixels, repeats, and their audits."""

from __future__ import annotations

import numpy as np
import pytest
from field_shops import DAY, HOUR, MINUTE, SECOND, business, kept, play, read, visits

from pixelsim.measure.audit import (
    AuditCode,
    audit_ids,
    audit_installs,
    audit_purchases,
    audit_senders,
    audit_tags,
    installs,
    learning_is_reliable,
    purchase_findings,
)
from pixelsim.measure.outcomes import conservation
from pixelsim.traffic.dedup import BROWSER, deduplicate

NO_ID = {"browser_event_id": False}


@pytest.mark.parametrize(
    ("seconds", "server", "purchases", "fate"),
    [
        (4 * 60, {}, 1, "merged"),
        (10 * 60, {}, 1, "duplicate"),
        (47 * 3600 + 59 * 60, {}, 1, "duplicate"),
        (48 * 3600, {}, 1, "duplicate"),
        (48 * 3600 + 60, {}, 2, "kept"),
        (10 * 60, {"event_id": "own"}, 2, "kept"),
        (10 * 60, {"event_id": "missing"}, 1, "duplicate"),
        (10 * 60, {"event_id": "missing", "cookie": False}, 2, "kept"),
    ],
    ids=["within merge", "a", "b", "exactly 48 h", "c", "e", "no id but a cookie", "no id, no cookie"],
)
def test_P40_a_server_copy_counts_again_only_late_or_under_another_id(seconds, server, purchases, fate):
    leg = {"events": ["Purchase"], "delay_seconds": float(seconds), "delay_sigma": 0.0} | server
    one = business(days=3, sites={"shop": {"capture": {"server": leg}}})
    run = play(one, [visits("shop", HOUR, 0, ordered=True)])
    assert kept(run, "pixel") == {"px_1": purchases}
    log = run.log()
    (copy,) = log.loc[log["channel"] == "server", "fate"]
    assert copy == fate


def sales(count: int, **how) -> list:
    """Give orders of different people, one each hour."""
    return [visits("shop", np.arange(count) * HOUR, np.arange(count), ordered=True, **how)]


@pytest.mark.parametrize(
    ("capture", "purchases", "loads"),
    [
        ({"loads": {"px_1": 3}} | NO_ID, 60, 3),
        (NO_ID, 20, 1),
        ({"loads": {"px_1": 3}, "id_per_load": False}, 20, 3),
        ({"loads": {"px_1": 3}, "id_per_load": True}, 60, 3),
    ],
    ids=["three installs", "one left", "one id an order", "an id for each install"],
)
def test_P43_one_sale_shows_as_three(capture, purchases, loads):
    run = play(business(sites={"shop": {"capture": capture}}), sales(20))
    assert kept(run, "pixel") == {"px_1": purchases}
    assert len(run.simulation.orders) == 20
    assert installs(run.simulation).to_dict("records") == [{"website": "shop", "pixel": "px_1", "loads": loads}]
    found = audit_installs(run.simulation)
    assert [(f.code, f.count) for f in found] == ([(AuditCode.LOADED_AGAIN, 3)] if loads == 3 else [])
    if found:
        assert found[0].sentence == "shop loads the same pixel px_1 3 times"
        assert "remove the extra installations" in str(found[0])
    over = [f.code for f in audit_purchases(run.simulation)]
    assert (AuditCode.PURCHASES_OVER_ORDERS in over) == (purchases == 60)


def test_P43_a_page_view_that_is_sent_once_more_is_no_second_installation():
    capture = {"resends_previous": True, "navigations": 3.0}
    run = play(business(sites={"shop": {"capture": capture}}), sales(20, length=10 * MINUTE))
    assert len(kept(run, "event_key", event="PageView")) < sum(kept(run, "event_key", event="PageView").values())
    assert audit_installs(run.simulation) == ()


def test_P44_a_second_pixel_doubles_the_accounts_result():
    unlink = {"do": "unlink_pixel", "bc": "bc", "pixel": "px_2", "account": "acc_1"}
    one = business(
        days=5,
        sites={"shop": {"pixels": ["px_1", "px_2"], "capture": {"id_from": "event"}}},
        pixels={"px_1": "acc_0", "px_2": "acc_0"},
        links=[("px_1", "acc_1"), ("px_2", "acc_1")],
        groups={"g_1": {"account": "acc_1", "budget": 1_000.0, "end_day": 4.0}},
    )
    run = play(one, [visits("shop", np.arange(100) * HOUR // 2, np.arange(100), ordered=True)])
    spend = run.delivery()["spend"].sum()
    assert spend == 4_000
    log = run.log()
    bought = log[(log["event"] == "Purchase") & (log["fate"] == "kept")]
    ids = bought.groupby("pixel", observed=True)["event_id"].apply(set)
    assert ids["px_1"] == ids["px_2"], "the same ids on both, and yet both count"
    revenue = bought.groupby("pixel", observed=True)["value"].sum()
    assert revenue.to_dict() == {"px_1": 10_000, "px_2": 10_000}
    assert read(run, "acc_1", "total events") == 200
    assert revenue.sum() / spend == 5.0
    (finding,) = audit_installs(run.simulation)
    assert finding.sentence == "shop carries 2 pixels (px_1, px_2)"

    late = play(
        one.replace(plan={"steps": [{"day": 4.5, "action": {"actor": "ann"} | unlink}]}),
        [visits("shop", np.arange(100) * HOUR // 2, np.arange(100), ordered=True)],
    )
    table = late.metrics("acc_1")
    table = table[(table["rule"] != "R27") & (table["event"] == "Purchase") & (table["metric"] == "total events")]
    by_pixel = table[table["surface"] == "Events Manager"].set_index("pixel")["value"]
    assert by_pixel.isna().to_dict() == {"px_1": False, "px_2": True}
    after = by_pixel["px_1"] * 100 / spend
    assert after == 2.5
    assert after / 5.0 - 1 == -0.5


@pytest.mark.parametrize(("target", "step_on_a"), [(None, 100), ("px_b", 0)])
def test_P45_a_tag_without_a_pixel_fires_on_every_pixel_of_the_page(target, step_on_a):
    """The case's fourth step is the standard event InitiateCheckout."""
    tags = [{"event": "Purchase", "pixel": "px_a"}, {"event": "InitiateCheckout", "pixel": target}]
    one = business(
        sites={"shop": {"pixels": ["px_a", "px_b"], "capture": {"tags": tags}}},
        pixels={"px_a": "acc_0", "px_b": "acc_1"},
    )
    run = play(one, [visits("shop", np.arange(100) * MINUTE, np.arange(100), ordered=True)])
    expected = {("px_a", "Purchase"): 100, ("px_b", "InitiateCheckout"): 100}
    if step_on_a:
        expected["px_a", "InitiateCheckout"] = step_on_a
    assert kept(run, "pixel", "event", event=None) == expected
    warned = audit_tags(one)
    assert [(f.code, f.subject) for f in warned] == ([(AuditCode.EMPTY_TAG_TARGET, "shop")] if target is None else [])
    if warned:
        assert "the tag for InitiateCheckout on shop names no pixel, so it fires on all 2 of the page" in str(warned[0])


def test_P45_an_empty_target_is_fine_where_the_page_has_one_pixel():
    tags = [{"event": "Purchase", "pixel": None}]
    assert audit_tags(business(sites={"shop": {"capture": {"tags": tags}}})) == ()


def with_navigations(count: int, wanted: int, page_views: str, **capture) -> tuple:
    """Give a shop, and draw numbers of sessions that have exactly so many navigations inside the site."""
    one = business(sites={"shop": {"capture": {"navigations": 4.0, "page_views": "auto"} | capture}})
    pilot = play(one, [visits("shop", HOUR, np.arange(20_000), length=10 * MINUTE)])
    views = np.bincount(pilot.simulation.log.person, minlength=20_000)
    numbers = np.flatnonzero(views == 1 + wanted)[:count]
    assert len(numbers) == count
    return one.vary("traffic.sites[0].capture.page_views", page_views), numbers


@pytest.mark.parametrize(("reported", "views"), [("auto", 5_000), ("manual", 4_000), ("both", 9_000)])
def test_P47_page_views_of_a_single_page_site(reported, views):
    one, numbers = with_navigations(1_000, 4, reported)
    came = visits("shop", HOUR, np.arange(1_000), length=10 * MINUTE, number=numbers, ordered=np.arange(1_000) < 30)
    run = play(one, [came])
    assert sum(kept(run, "pixel", event="PageView").values()) == views
    assert sum(kept(run, "pixel").values()) == 30
    assert len(run.simulation.orders) == 30


def test_P48_a_page_view_is_sent_again_with_a_fresh_id():
    one, numbers = with_navigations(1, 9, "auto")
    again = one.vary("traffic.sites[0].capture.resends_previous", True)
    came = visits("shop", HOUR, 0, length=20 * MINUTE, number=numbers)
    assert sum(kept(play(one, [came]), "pixel", event="PageView").values()) == 10
    run = play(again, [came])
    log = run.log()
    assert len(log) == 10 + 9
    assert log["event_id"].nunique() == 19
    assert log["event_key"].nunique() == 10
    assert (log["fate"] == "kept").all(), "ids tell no repeats apart, and nothing else is tried by default"
    twice = log[log["event_key"].duplicated(keep=False)].sort_values("received").groupby("event_key")["received"]
    first_seen = log.groupby("event_key")["received"].min().sort_values()
    gaps = {key: rows.iloc[1] for key, rows in twice}
    following = dict(zip(first_seen.index[:-1], first_seen.iloc[1:], strict=True))
    assert gaps == following, "each goes out once more with the page after it"


@pytest.mark.parametrize(("id_from", "counted"), [("visitor", 100), ("event", 140)])
def test_P49_a_real_second_sale_is_dropped_where_the_id_is_the_visitors(id_from, counted):
    one = business(sites={"shop": {"capture": {"id_from": id_from}}})
    first = visits("shop", HOUR, np.arange(100), ordered=True)
    upsell = visits("shop", HOUR + 4 * MINUTE, np.arange(40), ordered=True, number=np.arange(100, 140))
    run = play(one, [first, upsell])
    assert len(run.simulation.orders) == 140
    assert kept(run, "pixel") == {"px_1": counted}
    found = audit_ids(run.simulation)
    sentences = ["event id repeats across different orders: 40"] if id_from == "visitor" else []
    assert [f.sentence for f in found] == sentences


def test_P51_auto_tracking_floods_purchases_nobody_coded():
    real, auto = 30, 3_500
    at = np.sort(np.concatenate([np.arange(real) * HOUR, np.repeat(np.arange(real) * HOUR, auto)]))
    none = np.zeros(len(at), dtype=np.int64)
    stored = int(deduplicate(at, none, none, none - 1, none + BROWSER, none).kept.sum())
    assert stored == 105_000 + 30
    findings = purchase_findings(stored, 1_000, 30)
    assert {f.code: f.count for f in findings} == {
        AuditCode.PURCHASES_OVER_VISITORS: pytest.approx(105.03),
        AuditCode.PURCHASES_OVER_ORDERS: 3_501,
    }
    assert not learning_is_reliable(findings)
    assert purchase_findings(30, 1_000, 30) == ()
    assert learning_is_reliable(purchase_findings(30, 1_000, 30))


@pytest.mark.parametrize(("repeat", "reported"), [(0, 4), (10 * 60, 1), (24 * 3600, 1)])
def test_P53_raw_events_rise_whatever_the_repeat_window(repeat, reported):
    """The page loads its code four times, as a buyer would who refreshes it three times, without an id."""
    one = business(sites={"shop": {"capture": {"loads": {"px_1": 4}} | NO_ID}}, measurement={"repeat_seconds": repeat})
    run = play(one, [visits("shop", HOUR, 0, ordered=True)])
    log = run.log()
    assert (log.loc[log["event"] == "Purchase", "loss"] == "received").sum() == 4
    assert kept(run, "pixel") == {"px_1": reported}
    (totals,) = conservation(run.simulation).to_dict("records")
    assert totals["dropped"] == 5 * (4 - reported)


@pytest.mark.parametrize(("blocked", "goal_events"), [(0.0, 100), (1.0, 0)])
def test_P54_a_server_that_sends_another_name_feeds_no_purchase_goal(blocked, goal_events):
    """The browser sends payments only, the server only the order placed (here InitiateCheckout)."""
    capture = {
        "blocked_people": blocked,
        "lost_by_event": {"InitiateCheckout": 1.0},
        "server": {"events": ["InitiateCheckout"], "delay_sigma": 0.0},
    }
    run = play(business(sites={"shop": {"capture": capture}}), sales(20) + sales_of_others(80))
    found = kept(run, "event", event=None)
    assert found.get("Purchase", 0) == goal_events
    assert found["InitiateCheckout"] == 100
    log = run.log()
    assert not log["fate"].isin(["merged", "duplicate"]).any(), "nothing is de-duplicated between names"


def sales_of_others(count: int) -> list:
    at = np.arange(count) * 10 * MINUTE
    return [visits("shop", at, 1_000 + np.arange(count), ordered=True, number=1_000 + np.arange(count))]


def token_run():
    """P29: 100 events a day by browser and by the partner's server; partner removed on day 10, token revoked on 15."""
    remove = {"do": "remove_partner", "bc": "bc", "partner": "bc_ag"}
    revoke = {"do": "revoke_token", "token": "t_1"}
    server = {"token": "t_1", "delay_sigma": 0.0, "delay_seconds": 2.0}
    one = business(
        days=20,
        sites={"shop": {"capture": {"server": server}}},
        steps=[(10.0, remove), (15.0, revoke)],
        structure={
            "business_centers": [
                {"id": "bc", "name": "Owner", "verified": True},
                {"id": "bc_ag", "name": "Agency", "type": "AGENCY", "verified": True},
            ],
            "partnerships": [{"bc": "bc", "partner": "bc_ag"}],
            "shares": [{"pixel": "px_1", "partner": "bc_ag"}],
            "tokens": [{"id": "t_1", "pixel": "px_1", "holder_bc": "bc_ag"}],
        },
    )
    at = (np.arange(20)[:, None] * DAY + np.arange(100) * 10 * MINUTE).ravel()
    return play(one, [visits("shop", at, np.arange(len(at)) % 500)])


def test_P29_the_audit_counts_what_comes_from_a_party_without_access():
    run = token_run()
    assert [row["verdict"] for row in run.change_log().to_dict("records")] == ["yes", "yes"]
    log = run.log()
    received = log[log["loss"] == "received"]
    assert received.groupby("channel", observed=True).size().to_dict() == {"browser": 2_000, "server": 1_500}
    day = (log["at"] - log["at"].min().floor("D")).dt.days
    assert (log[log["fate"] == "kept"].groupby(day).size() == 100).all()
    assert sum(kept(run, "pixel", event="PageView").values()) == 2_000
    (finding,) = audit_senders(run.simulation)
    assert finding.sentence == "500 events from a party without access (token t_1 of bc_ag)"
    assert (finding.count, finding.remedy) == (500, "revoke the token")


def test_P29_the_owners_own_token_is_nobodys_fault():
    server = {"token": "t_1", "delay_sigma": 0.0}
    one = business(
        sites={"shop": {"capture": {"server": server}}},
        structure={"tokens": [{"id": "t_1", "pixel": "px_1", "holder_bc": "bc"}]},
    )
    run = play(one, [visits("shop", np.arange(10) * SECOND, np.arange(10))])
    assert (run.log()["channel"] == "server").sum() == 10
    assert audit_senders(run.simulation) == ()
