"""Field cases of losses, through the simulator: gaps, the server leg, consent, untrackable people, removed tags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from field_shops import DAY, HOUR, MINUTE, SECOND, business, clicks, kept, play, read, visits

from pixelsim.base.errors import InputError
from pixelsim.measure import Figure, Stage, reconcile
from pixelsim.measure.gap import GapStatus, pixel_gap
from pixelsim.sharing import Cause, may_use_audience
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.consent import untrackable_share


@pytest.mark.parametrize(
    ("pixel", "percent", "status"),
    [(950, -20.8, GapStatus.FAULT_UNDER), (1_260, 5.0, GapStatus.NORMAL), (1_500, 25.0, GapStatus.FAULT_OVER)],
)
def test_P91_the_gap_between_orders_and_pixel(pixel, percent, status):
    gap = pixel_gap(1_200, pixel)
    assert round(100 * gap.gap, 1) == percent
    assert gap.status is status
    assert str(gap).startswith(f"pixel {pixel}, orders 1200: {percent:+.1f}% {status.name}")
    assert ("likely duplicates" in str(gap)) == (status is GapStatus.FAULT_OVER)


@pytest.mark.parametrize(
    ("pixel", "status"),
    [(1_100, "NORMAL"), (900, "NORMAL"), (1_101, "WATCH"), (1_150, "WATCH"), (850, "WATCH"), (1_151, "FAULT_OVER")],
)
def test_P91_limits_belong_to_the_better_side(pixel, status):
    assert pixel_gap(1_000, pixel).status == status
    with pytest.raises(InputError, match="3 faults"):
        pixel_gap(0, -1, normal=0.2, fault=0.1)


def test_P91_a_gap_of_the_simulator_is_bridged_without_a_rest():
    """1,200 orders, of which the pixel hears 950: the other 250 people block it."""
    one = business(sites={"shop": {"capture": {"blocked_people": 0.2}}})
    pilot = play(one, [visits("shop", HOUR, np.arange(6_000))]).simulation.log
    blocked = np.sort(pilot.person[pilot.loss == Loss.BLOCKED])
    free = np.sort(pilot.person[pilot.loss == Loss.RECEIVED])
    buyers = np.concatenate([free[:950], blocked[:250]])
    run = play(one, [visits("shop", np.arange(1_200) * MINUTE, buyers, ordered=True)])
    orders, seen = len(run.simulation.orders), read(run, "acc_0", "total events")
    gap = pixel_gap(orders, seen)
    assert (gap.orders, gap.pixel, gap.status) == (1_200, 950, "FAULT_UNDER")
    bridge = reconcile(run.simulation, Figure(stage=Stage.HAPPENED), Figure(stage=Stage.TOTAL))
    assert bridge.steps.to_dict("records") == [{"step": "less: lost: a blocker stopped it", "change": -250}]
    assert bridge.rest == 0


# P93: 650 actions, the relay receives all of them, 200 are lost between relay and platform.


def two_legs(blocked_people: float):
    leg = {"lost": 200 / 650, "delay_sigma": 0.0}
    return business(sites={"shop": {"capture": {"blocked_people": blocked_people, "server": leg}}})


def draws_and_people() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find session numbers whose server copy arrives or is lost, and people who let the browser through or block it."""
    log = play(two_legs(0.3), [visits("shop", HOUR, np.arange(4_000))]).simulation.log
    server = log.channel == 1
    arrives, lost = (np.sort(log.person[server & (log.loss == loss)]) for loss in (Loss.RECEIVED, Loss.LOST_BY_RELAY))
    open_, blocks = (np.sort(log.person[~server & (log.loss == loss)]) for loss in (Loss.RECEIVED, Loss.BLOCKED))
    assert len(arrives) + len(lost) == len(open_) + len(blocks) == 4_000
    return arrives, lost, open_, blocks


def hops(run) -> tuple[int, int, int, int]:
    log = run.log()
    browser, server = log[log["channel"] == "browser"], log[log["channel"] == "server"]
    received = [(leg["loss"] == "received").sum() for leg in (browser, server)]
    return received[0], len(server), received[1], sum(kept(run, "pixel", event="PageView").values())


def test_P93_the_server_leg_loses_a_third_and_every_hop_is_counted():
    arrives, lost, open_, blocks = draws_and_people()
    numbers = np.concatenate([arrives[:450], lost[:200]])
    at = np.arange(650) * MINUTE
    assert hops(play(two_legs(0.0), [visits("shop", at, open_[:650], number=numbers)])) == (650, 650, 450, 650)
    # Of the 195 whose browser is blocked the server saves the same 450 in 650: 135.
    people = np.concatenate([open_[:315], blocks[:135], open_[315:455], blocks[135:195]])
    run = play(two_legs(0.3), [visits("shop", at, people, number=numbers)])
    assert hops(run) == (455, 650, 450, 590)
    assert 455 + 195 * 450 / 650 == 590


# P95: events before consent are held or lost; consent comes 4 to 6.4 seconds after the visit begins.


@pytest.fixture(scope="module")
def consenting():
    """Three numbers of sessions whose consent comes between the third event (4 s) and the fourth (6.4 s)."""
    capture = {"late_consent_people": 1.0, "consent_seconds": 5.0}
    one = business(sites={"shop": {"capture": capture}}, measurement={"consent": "hold"})
    log = play(one, [visits("shop", HOUR, np.arange(500))]).simulation.log
    wait = log.received - HOUR
    assert (wait > 0).all()
    chosen = log.person[(wait > 4 * SECOND) & (wait < 6.4 * SECOND)][:3]
    assert len(chosen) == 3
    return one, [visits("shop", HOUR, [0, 1, 2], number=chosen, length=8 * SECOND, ordered=True)]


def test_P95_held_events_are_sent_at_the_grant_under_their_own_times(consenting):
    one, came = consenting
    log = play(one, came).log()
    assert len(log) == 15
    assert (log["loss"] == "received").all()
    begin = pd.Timestamp(one.start) + pd.Timedelta(hours=1)
    for _, own in log.groupby("person"):
        own = own.sort_values("at")
        assert ((own["at"] - begin) / pd.Timedelta(seconds=1)).tolist() == [0, 1.6, 4, 6.4, 8]
        wait = (own["received"] - own["at"]) / pd.Timedelta(seconds=1)
        assert (wait.iloc[:3] > 0).all()
        assert own["received"].iloc[:3].nunique() == 1, "all at the one grant"
        assert wait.iloc[3:].tolist() == [0, 0]


def test_P95_dropped_events_are_lost_for_want_of_consent(consenting):
    one, came = consenting
    log = play(one.vary("measurement.consent", "drop"), came).log().sort_values(["person", "at"])
    assert log["loss"].tolist() == (["no_consent"] * 3 + ["received"] * 2) * 3
    assert (log["received"] == log["at"]).all()


@pytest.mark.parametrize("consent", ["hold", "drop"])
def test_P95_nothing_is_sent_of_those_who_never_consent(consenting, consent):
    one, came = consenting
    never = one.vary("traffic.sites[0].capture.refusing_people", 1.0).vary("measurement.consent", consent)
    log = play(never, came).log()
    assert len(log) == 15
    assert (log["loss"] == "no_consent").all()


# P96: an audience of 1,300, of whom the app-tracking prompt makes 29.7 % (US) or 12.5 % (world) untrackable.


@pytest.mark.parametrize(
    ("device", "adoption", "opt_in", "percent", "size", "usable"),
    [(0.55, 0.75, 0.28, 29.7, 914, False), (0.27, 0.70, 0.34, 12.5, 1_138, True)],
    ids=["US", "world"],
)
def test_P96_an_audience_shrinks_by_the_people_who_cannot_be_tracked(device, adoption, opt_in, percent, size, usable):
    share = untrackable_share(device, adoption, opt_in)
    assert round(100 * share, 1) == percent
    build = {"do": "build_audience", "account": "acc_0", "audience": "visitors", "pixel": "px_1"}
    one = business(
        days=2,
        sites={"shop": {"capture": {"untrackable_people": share}}},
        links=[("px_1", "acc_1")],
        groups={"g_1": {"account": "acc_1"}},
        steps=[(0.0, build)],
    )
    # Who can be tracked shows in whose visit is credited to the ad that everybody clicked before.
    everybody = np.arange(4_000)
    pilot = play(one, [visits("shop", 2 * HOUR, everybody)], [clicks("g_1", HOUR, everybody)]).simulation.log
    matched = np.sort(pilot.person[pilot.touch_at >= 0])
    lost = np.setdiff1d(everybody, matched)
    assert abs(len(lost) - 4_000 * share) < 4 * np.sqrt(4_000 * share * (1 - share))
    people = np.concatenate([matched[:size], lost[: 1_300 - size]])
    run = play(one, [visits("shop", np.arange(1_300) * SECOND, people)])
    assert len(np.unique(run.simulation.log.person)) == 1_300
    last = run.simulation.audiences[-1]
    assert (last.people, last.usable) == (size, usable)
    decision = may_use_audience(
        run.simulation.history.now, "ann", "visitors", "acc_0", matched=last.people, rulebook=one.rulebook, at=last.at
    )
    assert decision.cause is (Cause.ALLOWED if usable else Cause.TOO_SMALL)


# P35: 100 clicks on each of days 0 to 9, of which 10 convert: 5 at once, 3 after three days, 2 after six.


@pytest.mark.parametrize(("removed", "counted"), [(10.0, 79), (17.0, 100)])
def test_P35_the_old_tag_is_kept_for_a_whole_window(removed, counted):
    take = {"do": "uninstall_pixel", "website": "shop", "pixel": "px_1"}
    one = business(days=18, links=[("px_1", "acc_1")], groups={"g_1": {"account": "acc_1"}}, steps=[(removed, take)])
    day = np.repeat(np.arange(10), 100)
    person = np.arange(1_000)
    click_at = day * DAY + person % 100 * MINUTE
    buys = person % 100 < 10
    delay = np.tile(np.repeat([0, 3, 6], [5, 3, 2]), 10) * DAY
    came = visits("shop", click_at[buys] + delay + MINUTE, person[buys], ordered=True)
    run = play(one, [came], [clicks("g_1", click_at, person)])
    assert len(run.simulation.orders) == 100
    assert read(run, "acc_1", "attributed events") == counted
    bridge = reconcile(run.simulation, Figure(stage=Stage.HAPPENED), Figure(stage=Stage.ATTRIBUTED))
    lost = [{"step": "less: the pixel was not on the page", "change": counted - 100}] if counted < 100 else []
    assert bridge.steps.to_dict("records") == lost


# P38: one event an hour to px_1 and px_2; px_2 is removed at the start of day 2; settings refresh at 03, 09, 15, 21.


def test_P38_a_removed_pixel_hears_until_the_next_settings_refresh_and_stays_readable():
    take = {"do": "uninstall_pixel", "website": "shop", "pixel": "px_2"}
    one = business(
        days=4,
        sites={"shop": {"pixels": ["px_1", "px_2"]}},
        pixels={"px_1": "acc_0", "px_2": "acc_1"},
        steps=[(2.0, take)],
        settings={"settings_refresh_hours": 6.0, "settings_refresh_from_hour": 3.0},
    )
    run = play(one, [visits("shop", np.arange(96) * HOUR, np.arange(96))])
    assert kept(run, "pixel", event="PageView") == {"px_1": 96, "px_2": 48 + 3}
    assert read(run, "acc_1", "total events", event="PageView") == 51
    last = run.log().query("pixel == 'px_2'")["at"].max()
    assert last == pd.Timestamp(one.start) + pd.Timedelta(days=2, hours=2), "the settings change wins the tie at 03:00"
