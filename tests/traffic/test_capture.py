"""Capture inside whole runs: every copy is accounted for, losses are lasting traits, and steps change nothing."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import EVENTS, PIXELS, one_shop, scenarios

from pixelsim.measure import conservation
from pixelsim.scenario import Scenario
from pixelsim.scenario.capture import Capture
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.identity import origins_of
from pixelsim.traffic.log import Fate
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.simulate import Simulation, simulate

SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000


def table(simulation: Simulation) -> pd.DataFrame:
    """Give the log as plain numbers, with the site of each row."""
    log = simulation.log
    frame = pd.DataFrame({name: getattr(log, name) for name in log.names()})
    site_of = {"a": 0, "b": 1, "g_1": 0, "g_2": 0, "g_3": 1, "g_4": 0}
    sites = np.array([site_of[origin.entity] for origin in simulation.numbering.origins])
    return frame.assign(site=sites[origins_of(log.key)])


@settings(derandomize=True, deadline=None, max_examples=25)
@given(scenarios(), st.integers(0, 99))
def test_every_copy_is_accounted_for_with_its_reason(scenario, seed):
    simulation = simulate(scenario, seed)
    log = table(simulation)
    totals_are_conserved(simulation, log)
    copies_are_those_of_tags_loads_and_legs(simulation, log)
    losses_are_lasting_traits(scenario, log)
    ids_are_shared_own_or_missing(scenario, log)


def totals_are_conserved(simulation: Simulation, log: pd.DataFrame) -> None:
    """Sent = received + lost; received = kept + merged + dropped; kept = attributed + the rest with its reasons."""
    totals = conservation(simulation).set_index("pixel")
    assert totals["sent"].sum() == len(log)
    for (pixel, channel), rows in log.groupby(["pixel", "channel"]):
        received = rows["loss"] == Loss.RECEIVED
        assert channel in {0, 1}
        assert set(rows.loc[~received, "loss"]) <= set(Loss) - {Loss.RECEIVED}
        assert (rows.loc[~received, "fate"] == Fate.LOST).all()
        assert (rows.loc[received, "fate"] != Fate.LOST).all()
        assert PIXELS[pixel] in totals.index
    for number, pixel in enumerate(PIXELS):
        rows, row = log[log["pixel"] == number], totals.loc[pixel]
        fates = Counter(rows["fate"])
        assert row["sent"] == len(rows) == row["lost"] + row["received"]
        assert row["lost"] == (rows["loss"] != Loss.RECEIVED).sum() == fates[Fate.LOST]
        assert row["received"] == row["kept"] + row["merged"] + row["dropped"]
        assert (row["kept"], row["merged"]) == (fates[Fate.KEPT], fates[Fate.MERGED])
        assert row["dropped"] == fates[Fate.DUPLICATE] + fates[Fate.REPEAT]
        kept = rows[rows["fate"] == Fate.KEPT]
        reasons = Counter(kept["reason"])
        assert set(reasons) <= set(Reason)
        assert (rows.loc[rows["fate"] != Fate.KEPT, "reason"] == -1).all()
        unattributed = row["access ended"] + row["outside window"] + row["no touch"]
        assert row["kept"] == row["attributed"] + row["not counted again"] + unattributed
        assert row["attributed"] == reasons[Reason.CREDITED]
        assert row["not counted again"] == reasons[Reason.NOT_COUNTED_AGAIN]
        assert row["access ended"] == reasons[Reason.ACCESS_ENDED]


def copies_are_those_of_tags_loads_and_legs(simulation: Simulation, log: pd.DataFrame) -> None:
    """Each event has as many copies for each pixel and leg as the set-up of that instant says, and no others."""
    # Near the end, copies that are held or delayed have not come yet.
    early = log[log["at"] < 2 * DAY]
    for begin, end, world in simulation.history.spans(0, 2 * DAY):
        for number, site in enumerate(simulation.scenario.traffic.sites):
            now = early[(early["site"] == number) & (early["at"] >= begin) & (early["at"] < end)]
            on_page = world.websites[site.website].pixels
            assert {PIXELS[p] for p in now["pixel"]} <= set(on_page)
            for code in on_page:
                copies_of_pixel(site.capture, code, now[now["pixel"] == PIXELS.index(code)])
            server = now[(now["channel"] == 1) & (now["loss"] != Loss.NO_CONSENT)]
            if site.capture.server is not None and site.capture.server.token == "t_1":
                assert not (server["loss"] == Loss.TOKEN_REVOKED).any()


def copies_of_pixel(capture: Capture, code: str, rows: pd.DataFrame) -> None:
    """Check the copies of one pixel while the page carries it."""
    fires = {t.event for t in capture.tags if t.pixel in {None, code}} if capture.tags else set(EVENTS)
    assert {EVENTS[e] for e in rows["event"]} <= fires
    browser = rows[rows["channel"] == 0].groupby(["key", "event"]).size().reset_index(name="copies")
    loads = capture.loads.get(code, 1)
    again = browser["event"].eq(0) & capture.resends_previous
    assert browser["copies"].between(loads, loads + again).all()
    server = rows[rows["channel"] == 1]
    assert not server["key"].duplicated().any()
    assert (server["visit"] == Visit.PERSON).all()
    assert {EVENTS[e] for e in server["event"]} <= set(capture.server.events if capture.server else ())


def losses_are_lasting_traits(scenario: Scenario, log: pd.DataFrame) -> None:
    """People block and refuse always or never, and each leg loses by reasons of its own."""
    people = log[log["visit"] == Visit.PERSON]
    for number, site in enumerate(scenario.traffic.sites):
        capture = site.capture
        mine = people[people["site"] == number]
        browser, server = mine[mine["channel"] == 0], mine[mine["channel"] == 1]
        blocked = set(browser.loc[browser["loss"] == Loss.BLOCKED, "person"])
        assert (browser.loc[browser["person"].isin(blocked), "loss"] == Loss.BLOCKED).all()
        assert not (server["loss"].isin([Loss.BLOCKED, Loss.LEFT_TOO_SOON])).any()
        assert not (browser["loss"].isin([Loss.LOST_BY_RELAY, Loss.TOKEN_REVOKED])).any()
        if capture.blocked_people == 0:
            assert not blocked
        if capture.refusing_people == 0 and (
            capture.late_consent_people == 0 or scenario.measurement.consent == "hold"
        ):
            assert not (mine["loss"] == Loss.NO_CONSENT).any()
        if scenario.measurement.consent == "hold":
            refusing = set(mine.loc[mine["loss"] == Loss.NO_CONSENT, "person"])
            theirs = mine[mine["person"].isin(refusing)]
            assert theirs["loss"].isin([Loss.NO_CONSENT, Loss.BLOCKED]).all()
    junk = log[log["visit"] != Visit.PERSON]
    assert junk["loss"].isin([Loss.RECEIVED, Loss.LEFT_TOO_SOON]).all()


def ids_are_shared_own_or_missing(scenario: Scenario, log: pd.DataFrame) -> None:
    """Ids are those that the set-up of both legs says."""
    for number, site in enumerate(scenario.traffic.sites):
        capture = site.capture
        mine = log[log["site"] == number]
        browser, server = mine[mine["channel"] == 0], mine[mine["channel"] == 1]
        assert (browser["event_id"] >= 0).all() == capture.browser_event_id or browser.empty
        if capture.id_from == "event":
            with_id = mine[mine["event_id"] >= 0]
            assert with_id.groupby("event_id")["key"].nunique().le(1).all(), "an id belongs to one event"
        if capture.server is None:
            continue
        match capture.server.event_id:
            case "missing":
                assert (server["event_id"] == -1).all()
            case "own":
                assert (server["event_id"] >= 0).all()
                assert not set(server["event_id"]) & set(browser["event_id"])
            case "shared":
                shared = server[server["event_id"] >= 0]
                assert len(shared) == (len(server) if capture.browser_event_id else 0)
        if not capture.server.cookie:
            assert (server["visitor"] == -1).all()


def ordered(simulation: Simulation) -> dict[str, np.ndarray]:
    """Give log, claims and orders in an order that does not depend on the steps."""
    log, claims, orders = simulation.log, simulation.claims, simulation.orders
    by = np.lexsort((log.at, log.event_id, log.channel, log.pixel, log.key, log.received))
    found = {f"log {name}": getattr(log, name)[by] for name in log.names()}
    by = np.lexsort((claims.ad_group, claims.account, claims.received, claims.pixel, claims.key))
    found |= {f"claims {n}": getattr(claims, n)[by] for n in claims.names() if n != "row"}
    by = np.argsort(orders.key)
    return found | {f"orders {name}": getattr(orders, name)[by] for name in orders.names()}


@settings(derandomize=True, deadline=None, max_examples=10)
@given(
    scenarios(),
    st.integers(0, 99),
    st.sampled_from([1, 2, 5]),
    st.sampled_from([1, 5, 6, 12]),
)
def test_days_drawn_at_a_time_and_steps_change_nothing(scenario, seed, block_days, step_hours):
    one = simulate(scenario, seed)
    traffic = scenario.traffic.replace(block_days=block_days, step_hours=step_hours)
    other = simulate(scenario.replace(traffic=traffic), seed)
    first, second = ordered(one), ordered(other)
    for name, column in first.items():
        np.testing.assert_array_equal(column, second[name], err_msg=name)
    np.testing.assert_array_equal(one.phases, other.phases)
    np.testing.assert_array_equal(one.sessions, other.sessions)
    np.testing.assert_array_equal(one.lost_sessions, other.lost_sessions)
    assert delivered(one) == delivered(other)


def delivered(simulation: Simulation) -> dict[tuple[int, int], tuple[int, ...]]:
    """Add up what ad groups delivered by their account's days."""
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for part in simulation.shown:
        before = found.get((part.ad_group, part.day), (0, 0, 0))
        numbers = (part.impressions, part.clicks, part.spend)
        found[part.ad_group, part.day] = tuple(x + y for x, y in zip(before, numbers, strict=True))
    return found


def served(**capture) -> Scenario:
    """Give one shop of people who come once and often buy; only what is given can happen to its events."""
    return one_shop(order_rate=0.3, capture=capture)


@pytest.mark.parametrize(
    ("capture", "loss", "share", "of"),
    [
        ({"blocked_people": 0.3}, Loss.BLOCKED, 0.3, "person"),
        ({"refusing_people": 0.2}, Loss.NO_CONSENT, 0.2, "person"),
        ({"lost_events": 0.25}, Loss.LEFT_TOO_SOON, 0.25, "key"),
        ({"lost_events": 0.0, "lost_by_event": {"Purchase": 0.5}}, Loss.LEFT_TOO_SOON, 0.5, "purchase"),
        ({"server": {"lost": 0.3}}, Loss.LOST_BY_RELAY, 0.3, "server"),
    ],
    ids=["blocked", "refusing", "left", "left, purchases", "relay"],
)
def test_shares_are_those_of_the_parameters(capture, loss, share, of):
    log = table(simulate(served(**capture), 3))
    log = log[log["pixel"] == 0]
    if of == "purchase":
        assert not (log.loc[log["event"] != 4, "loss"] == loss).any()
        log = log[log["event"] == 4]
    if of == "server":
        log = log[log["channel"] == 1]
    units = log.drop_duplicates("person" if of == "person" else "key")
    n = len(units)
    assert n > 200
    assert abs((units["loss"] == loss).mean() - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_consent_binds_the_server_too_and_a_blocker_does_not():
    log = table(simulate(served(server={}, refusing_people=0.5, blocked_people=0.5), 3))
    log = log[log["pixel"] == 0]
    browser, server = (log[log["channel"] == channel].set_index("key") for channel in (0, 1))
    both = server["loss"].rename("server").to_frame().join(browser["loss"].rename("browser"))
    pairs = set(zip(both["browser"], both["server"], strict=True))
    # Of a blocked browser one cannot tell whether its person refused; of the server's copy one can.
    assert pairs == {
        (Loss.RECEIVED, Loss.RECEIVED),
        (Loss.NO_CONSENT, Loss.NO_CONSENT),
        (Loss.BLOCKED, Loss.RECEIVED),
        (Loss.BLOCKED, Loss.NO_CONSENT),
    }


def test_server_delays_are_log_normal_around_their_median():
    log = table(simulate(served(server={"delay_seconds": 40.0, "delay_sigma": 0.7}), 3))
    delay = (log["received"] - log["at"])[(log["channel"] == 1) & (log["at"] < DAY)]
    score = np.log(delay / SECOND / 40.0) / 0.7
    n = len(score)
    assert abs(score.mean()) < 4 / np.sqrt(n)
    assert abs(score.std() - 1) < 4 / np.sqrt(2 * n)


def test_a_copy_that_is_sent_later_never_arrives_before_its_event():
    capture = {"server": {"delay_seconds": 500.0, "delay_sigma": 2.0}, "late_consent_people": 0.5}
    one = served(**capture).vary("measurement.consent", "hold")
    log = table(simulate(one, 3))
    assert (log["received"] >= log["at"]).all()
    assert (log["received"] < one.length).all()
    assert (log["received"].diff().dropna() >= 0).all()


def test_a_token_that_nobody_knows_sends_nothing_that_is_accepted():
    log = table(simulate(served(server={"token": "t_9"}), 3))
    server = log[log["channel"] == 1]
    assert len(server) > 100
    assert (server["loss"] == Loss.TOKEN_REVOKED).all()


def test_orders_are_those_placed_before_the_end_and_lie_in_their_own_step():
    one = served().vary("traffic.sites[0].hours", [0.0] * 23 + [1.0])
    simulation = simulate(one, 5)
    later = simulate(one.replace(days=3), 5)
    at = simulation.orders.at
    assert len(at) > 100
    assert at.max() < one.length
    crossing = later.orders.at[(later.orders.at >= one.length) & (later.orders.at < one.length + HOUR // 2)]
    assert len(crossing) > 0, "sessions that cross the end place orders after it, which belong to no one's books yet"
    bought = simulation.log.key[simulation.log.event == 4]
    assert set(bought) == set(simulation.orders.key)
    np.testing.assert_array_equal(np.sort(at), np.sort(later.orders.at[later.orders.at < one.length]))


@dataclasses.dataclass(frozen=True)
class Weighed:
    """A run's sessions that came and that were driven away."""

    came: int
    lost: int


def weighed(loads: dict[str, int]) -> Weighed:
    weight = {"milliseconds_per_pixel": 500.0, "lost_per_second": 0.4}
    simulation = simulate(served(weight=weight, loads=loads), 3)
    return Weighed(int(simulation.sessions.sum()), int(simulation.lost_sessions.sum()))


def test_each_load_of_a_pixel_costs_sessions():
    # The page carries px_1 and px_3; loaded once each they take a second, so 40 % of sessions leave.
    plain, thrice, none = weighed({}), weighed({"px_1": 3}), weighed({"px_1": 0, "px_3": 0})
    total = plain.came + plain.lost
    assert thrice.came + thrice.lost == none.came + none.lost == total
    for found, seconds in ((plain, 1.0), (thrice, 2.0)):
        share = 1 - 0.6**seconds
        assert abs(found.lost / total - share) < 4 * np.sqrt(share * (1 - share) / total)
    assert none.lost == 0
    assert thrice.lost > plain.lost


def test_another_population_moves_nobodys_traits():
    capture = {"blocked_people": 0.3, "refusing_people": 0.2, "untrackable_people": 0.3, "other_checkout": 0.3}
    alone = one_shop(order_rate=0.3, capture=capture, population="people")
    first = alone.traffic.sites[0].replace(website="b", population="yet others")
    both = alone.replace(traffic=alone.traffic.replace(sites=(*alone.traffic.sites, first)))
    logs = []
    for scenario in (alone, both):
        log = table(simulate(scenario, 3))
        logs.append(log[log["site"] == 0].reset_index(drop=True))
    assert (logs[0]["person"] != logs[1]["person"]).all(), "the numbers move"
    for column in ("at", "event", "loss", "fate", "value"):
        np.testing.assert_array_equal(logs[0][column], logs[1][column], err_msg=column)
    elsewhere = [log["visitor"] - log["person"] for log in logs]
    np.testing.assert_array_equal(*elsewhere)
    assert (elsewhere[0] > 0).any()
