"""A whole replication: conservation, common random numbers between variants, and scenarios at their edges."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import OWN_PIXEL, SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.base.streams import Streams
from pixelsim.scenario.builtin import scenario
from pixelsim.scenario.plan import Plan, PlannedAction
from pixelsim.scenario.practices import agency_clients
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.actions import UnsharePixel
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.delivery import AdGroupTraffic
from pixelsim.traffic.flow import AdFlow, AdSource
from pixelsim.traffic.identity import event_keys_as_text, person_base
from pixelsim.traffic.log import Fate
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.simulate import Simulation, simulate

PRESETS = ("documented", "strict", "pause", "continue")
CREDITED = (Reason.CREDITED, Reason.NOT_COUNTED_AGAIN)
UNSEEN = (Fate.MERGED, Fate.DUPLICATE, Fate.REPEAT)

captures = st.fixed_dictionaries(
    {
        "blocked_people": st.sampled_from([0.0, 0.3]),
        "refusing_people": st.sampled_from([0.0, 0.2]),
        "lost_events": st.sampled_from([0.0, 0.1]),
        "late_consent_people": st.sampled_from([0.0, 0.5]),
        "navigations": st.sampled_from([0.0, 1.5]),
        "browser_event_id": st.booleans(),
        "server": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {"event_id": st.sampled_from(["shared", "own", "missing"]), "lost": st.sampled_from([0.0, 0.2])}
            ),
        ),
        "junk": st.fixed_dictionaries({"bots": st.sampled_from([0.0, 0.2]), "foreign_sessions": st.just(5.0)}),
    }
)
small_scenarios = st.builds(
    small,
    days=st.integers(2, 4),
    websites=st.sampled_from([("shop",), ("shop", "outlet")]),
    capture=captures,
    site=st.fixed_dictionaries(
        {"organic_sessions": st.sampled_from([0.0, 40.0]), "people": st.sampled_from([1, 30, 5000])}
    ),
    delivery=st.fixed_dictionaries(
        {"daily_budget": st.sampled_from([0.0, 0.3, 8.0]), "click_rate": st.sampled_from([0.0, 0.02, 1.0])}
    ),
    traffic=st.fixed_dictionaries(
        {
            "step_hours": st.sampled_from([24, 6]),
            "learning": st.fixed_dictionaries({"learned_at_start": st.booleans()}),
        }
    ),
    offsets=st.fixed_dictionaries({"brand": st.sampled_from(["+00:00", "-08:30", "+11:00"])}),
    measurement=st.fixed_dictionaries(
        {
            "scope": st.sampled_from(["pixel", "account"]),
            "in_flight": st.sampled_from(["cut", "until_window_ends"]),
            "consent": st.sampled_from(["hold", "drop"]),
            "repeat_seconds": st.sampled_from([0.0, 300.0]),
        }
    ),
    policy=st.sampled_from(PRESETS),
    own_pixel=st.booleans(),
    steps=st.sampled_from(
        [(), ending_of("agency", stop=0.4, unshare=0.7), ending_of("agency", stop=None, unshare=1.2)]
    ),
)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(small_scenarios, st.integers(0, 1000))
def test_totals_are_conserved_at_every_hop(given: Scenario, seed: int) -> None:
    run = simulate(given, seed=seed)
    log, claims = run.log, run.claims
    for event in range(5):
        for pixel in range(len(run.numbering.pixels)):
            rows = (log.event == event) & (log.pixel == pixel)
            sent, lost = np.count_nonzero(rows), np.count_nonzero(rows & (log.fate == Fate.LOST))
            received = np.count_nonzero(rows & (log.loss == Loss.RECEIVED))
            assert sent == received + lost
            kept = np.count_nonzero(rows & (log.fate == Fate.KEPT))
            assert received == kept + np.count_nonzero(rows & np.isin(log.fate, UNSEEN))
            reasons = Counter(log.reason[rows & (log.fate == Fate.KEPT)].tolist())
            assert kept == sum(reasons[reason] for reason in Reason)
            credited = np.count_nonzero(rows & (log.ad_group >= 0))
            assert credited == reasons[Reason.CREDITED] + reasons[Reason.NOT_COUNTED_AGAIN]
    assert np.all((log.reason >= 0) == (log.fate == Fate.KEPT))
    assert np.all(np.diff(log.received) >= 0)
    assert np.all(log.received >= log.at)
    by_day = np.bincount(log.received // DAY, minlength=given.days)
    assert len(by_day) == given.days, "nothing is logged after the end"
    assert by_day.sum() == len(log)
    # Claims rest on credited rows, once for each account, and the row's own credit is one of them.
    rows_of_claims = claims.row.tolist()
    assert len(set(zip(rows_of_claims, claims.account.tolist(), strict=True))) == len(claims)
    assert set(rows_of_claims) == set(np.flatnonzero(log.ad_group >= 0).tolist())
    own = log.ad_group[claims.row] == claims.ad_group
    assert np.all(log.touch_at[claims.row][own] >= claims.touch_at[own])
    for part in run.shown:
        assert part.clicks >= 0
        assert part.impressions >= 0
        assert part.spend >= 0
    total: Counter[tuple[int, int, str]] = Counter()
    for part in run.shown:
        total.update({(part.ad_group, part.day, name): getattr(part, name) for name in ("impressions", "clicks")})
    assert all(total[group, day, "clicks"] <= total[group, day, "impressions"] for group, day, _ in list(total))


def would_be_orders(run: Simulation) -> set[tuple[str, int, int]]:
    """Give the orders that touches lead to before the end, from all ad groups at once and in one step."""
    given, found = run.scenario, set()
    clock, streams = given.clock, Streams(run.seed, run.replication)
    for delivery in given.traffic.delivery:
        number = run.numbering.ad_groups.index(delivery.ad_group)
        account = run.history.now.ad_accounts[run.numbering.accounts[run.numbering.group_account[number]]]
        days = LocalDays.on(clock.start_offset, clock.start_weekday, account.utc_offset)
        site = next(site for site in given.traffic.sites if site.website == delivery.website)
        flow = AdFlow(
            streams,
            [AdSource(number, delivery, AdGroupTraffic(streams, delivery, days, account.currency))],
            given.traffic.delay,
            people=(person_base(run.numbering, site.population or site.website), site.people),
            ads={key: n for n, key in enumerate(run.numbering.ads)},
        )
        orders = flow.step([run.timeline.ad_group(delivery.ad_group, 0, given.length)], given.length).orders
        before = orders.take(orders.at < given.length)
        found |= {
            (delivery.ad_group, at, touch)
            for at, touch in zip(before.at.tolist(), before.touch_at.tolist(), strict=True)
        }
    return found


@settings(derandomize=True, deadline=None, max_examples=25)
@given(small_scenarios, st.integers(0, 1000))
def test_every_order_appears_once(given: Scenario, seed: int) -> None:
    given = given.vary("traffic.learning.learned_at_start", value=True)
    run = simulate(given, seed=seed)
    orders = run.orders
    assert len(np.unique(orders.key)) == len(orders)
    assert np.all((orders.at >= 0) & (orders.at < given.length))
    of_touches = orders.take(orders.touch_at >= 0)
    found = [
        (run.numbering.origins[origin].entity, at, touch)
        for origin, at, touch in zip(
            of_touches.origin.tolist(), of_touches.at.tolist(), of_touches.touch_at.tolist(), strict=True
        )
    ]
    assert Counter(found) == Counter(dict.fromkeys(would_be_orders(run), 1))
    bought = run.log.event == 4
    assert set(run.log.key[bought].tolist()) <= set(orders.key.tolist())
    # Each order's event is tried once by the browser on every pixel of the page.
    browser = bought & (run.log.channel == 0)
    tried = Counter(zip(run.log.key[browser].tolist(), run.log.pixel[browser].tolist(), strict=True))
    assert set(tried.values()) <= {1}
    seen = set(run.log.key[bought & (run.log.loss == Loss.RECEIVED)].tolist())
    assert seen <= set(orders.key[orders.seen].tolist())


TRUTH = ("at", "received", "value", "loss", "channel", "event", "visit")


def decoded(run: Simulation, *columns: str) -> pd.DataFrame:
    """Give the log with names that mean the same in every variant, in its order."""
    log, numbers = run.log, run.numbering

    def named(index: Any, names: tuple[str, ...]) -> list[str]:
        return [names[i] if i >= 0 else "" for i in index.tolist()]

    frame = pd.DataFrame({name: getattr(log, name) for name in (*TRUTH, *columns)})
    frame["key"] = event_keys_as_text(log.key, numbers).to_numpy()
    frame["origin"] = frame["key"].str.rsplit(":", n=2).str[0]
    frame["pixel"] = named(log.pixel, numbers.pixels)
    frame["person"] = log.person & ((1 << 32) - 1)
    if columns:
        frame["ad_group"] = named(log.ad_group, numbers.ad_groups)
        frame["ad"] = named(log.ad, numbers.ads)
        frame["refused"] = named(log.refused_account, numbers.accounts)
    return frame


CREDIT = ("fate", "reason", "touch_at", "touch_kind")


def rows_where(run: Simulation, keep: Callable[[pd.DataFrame], pd.Series], *columns: str) -> list[tuple[Any, ...]]:
    """Give the decoded rows of a part of the log."""
    frame = decoded(run, *columns)
    return list(frame[keep(frame)].itertuples(index=False, name=None))


def ledger(run: Simulation, ad_group: str, until: int | None = None) -> list[tuple[int, ...]]:
    number = run.numbering.ad_groups.index(ad_group)
    return [
        (part.at, part.day, part.impressions, part.clicks, part.spend)
        for part in run.shown
        if part.ad_group == number and (until is None or part.at < until)
    ]


def agency_ends(day: float, preset: str) -> Scenario:
    """The built-in agency scenario with nothing but an unshare on a day."""
    given = scenario("agency").replace(days=24, policy=preset)
    unshare = next(step for step in given.plan.steps if isinstance(step.action, UnsharePixel))
    return given.replace(plan=Plan(steps=(PlannedAction(day=day, action=unshare.action),)))


@functools.cache
def ended(day: float, preset: str) -> Simulation:
    return simulate(agency_ends(day, preset), seed=7)


@pytest.mark.parametrize("preset", PRESETS)
def test_variants_are_the_same_before_their_first_difference(preset: str) -> None:
    early, late = ended(10, preset), ended(20, preset)
    assert [run.history.records[0].at for run in (early, late)] == [10 * DAY, 20 * DAY]

    def before(frame: pd.DataFrame) -> pd.Series:
        return frame["received"] < 10 * DAY

    rows = rows_where(early, before, *CREDIT)
    assert len(rows) > 10_000
    assert rows == rows_where(late, before, *CREDIT)
    for group in early.numbering.ad_groups:
        assert ledger(early, group, 10 * DAY) == ledger(late, group, 10 * DAY)


def of_the_brand(frame: pd.DataFrame) -> pd.Series:
    return frame["origin"].str.endswith(("shop", "brand_always_on_1"))


@pytest.mark.parametrize("preset", PRESETS)
def test_what_people_do_does_not_move_arrivals(preset: str) -> None:
    """To the end, organic visits and those of the brand's own ads are the same ones; stops thin the agency's only."""
    early, late, whole = ended(10, preset), ended(20, preset), ended(20, "continue")
    rows = rows_where(early, of_the_brand)
    assert len(rows) > 30_000
    assert rows == rows_where(late, of_the_brand)
    assert ledger(early, "brand_always_on_1") == ledger(late, "brand_always_on_1")
    everything = set(rows_where(whole, lambda frame: ~of_the_brand(frame)))
    for run in (early, late):
        of_agency = set(rows_where(run, lambda frame: ~of_the_brand(frame)))
        assert of_agency == everything if preset == "continue" else of_agency < everything


def test_presets_share_their_traffic() -> None:
    runs = [ended(10, preset) for preset in PRESETS]
    organic = [rows_where(run, lambda frame: frame["origin"] == "organic > shop") for run in runs]
    assert organic[0] == organic[1] == organic[2] == organic[3]


def test_untouched_sites_are_the_same_to_the_byte() -> None:
    """Clients with pixels of their own: what client 1 does is nothing to clients 2 and 3, credit included."""
    stay = agency_clients(clients=3, days=12)
    code = stay.structure.pixels[0].code
    end = UnsharePixel(actor="client_1_admin", bc="bc_client_1", pixel=code, partner="bc_agency")
    off = stay.replace(plan=stay.plan.also(PlannedAction(day=5.5, action=end)), policy="pause")
    one, other = simulate(stay, seed=7), simulate(off, seed=7)
    assert other.history.records[-1].decision.allowed
    codes = [pixel.code for pixel in stay.structure.pixels[1:]]

    def untouched(frame: pd.DataFrame) -> pd.Series:
        return frame["pixel"].isin(codes)

    rows = rows_where(one, untouched, *CREDIT)
    assert len(rows) > 10_000
    assert rows == rows_where(other, untouched, *CREDIT)
    for n in (2, 3):
        group = f"acc_client_{n}_campaign_1_group"
        assert ledger(one, group) == ledger(other, group)
    audiences = [[day for day in run.audiences if not day.audience.startswith("acc_client_1")] for run in (one, other)]
    assert audiences[0] == audiences[1] != []


def extended(add: Callable[[dict[str, Any]], None]) -> Scenario:
    data = small(days=4, own_pixel=True).plain()
    add(data)
    return Scenario.read(data)


def an_account(data: dict[str, Any]) -> None:
    structure = data["structure"]
    structure["ad_accounts"].append({**structure["ad_accounts"][0], "id": "acc_another", "name": "another"})
    structure["campaigns"].append({**structure["campaigns"][0], "id": "a_campaign", "account": "acc_another"})
    structure["ad_groups"].append({**structure["ad_groups"][0], "id": "a_group", "campaign": "a_campaign"})
    structure["ads"].append({**structure["ads"][0], "id": "a_ad", "ad_group": "a_group"})
    structure["links"].append({"pixel": SMALL_PIXEL, "account": "acc_another", "by_bc": "bc_brand"})
    data["traffic"]["delivery"].append({**data["traffic"]["delivery"][0], "ad_group": "a_group"})


def an_ad_group(data: dict[str, Any]) -> None:
    structure = data["structure"]
    structure["ad_groups"].append({**structure["ad_groups"][1], "id": "a_group"})
    structure["ads"].append({**structure["ads"][0], "id": "a_ad", "ad_group": "a_group"})
    data["traffic"]["delivery"].append({**data["traffic"]["delivery"][1], "ad_group": "a_group"})


def a_site(data: dict[str, Any]) -> None:
    data["structure"]["websites"].append({"id": "a_site", "name": "another", "pixels": [SMALL_PIXEL]})
    data["traffic"]["sites"].append({**data["traffic"]["sites"][0], "website": "a_site"})


def a_pixel(data: dict[str, Any]) -> None:
    first = data["structure"]["pixels"][0]
    data["structure"]["pixels"].append({**first, "code": "ANOTHERPIXEL00000001", "number": "7644201699552690009"})
    data["structure"]["websites"][0]["pixels"].append("ANOTHERPIXEL00000001")


@pytest.mark.parametrize("add", [an_account, an_ad_group, a_site, a_pixel])
def test_additions_move_nobody_elses_arrivals(add: Callable[[dict[str, Any]], None]) -> None:
    one, more = simulate(extended(lambda _: None), seed=7), simulate(extended(add), seed=7)

    def old(frame: pd.DataFrame) -> pd.Series:
        return ~frame["origin"].str.contains("> a_") & (frame["pixel"] != "ANOTHERPIXEL00000001")

    rows, others = (sorted(rows_where(run, old)) for run in (one, more))
    assert len(rows) > 1000
    assert rows == others
    assert len(more.log) > len(one.log)
    for group in one.numbering.ad_groups:
        assert ledger(one, group) == ledger(more, group)
    # On a pixel that the addition does not use, the touches that earn are the same too; only whether an event is its
    # touch's first may change, since the same people have more visits.
    own = [
        sorted(rows_where(run, lambda frame: old(frame) & (frame["pixel"] == OWN_PIXEL), "touch_at", "touch_kind"))
        for run in (one, more)
    ]
    assert own[0] == own[1] != []


def test_a_run_can_be_repeated() -> None:
    given = small()
    key = given.content_hash
    one, again = simulate(given, seed=7), simulate(given, seed=7)
    for name in one.log.names():
        assert getattr(one.log, name).tobytes() == getattr(again.log, name).tobytes()
    assert one.shown == again.shown
    assert given.content_hash == key
    for other in (simulate(given, seed=8), simulate(given, seed=7, replication=1)):
        assert other.log.at.tolist() != one.log.at.tolist()


@pytest.mark.parametrize(("field", "arguments"), [("seed", (-1, 0)), ("replication", (0, -1))])
def test_negative_numbers_are_refused(field: str, arguments: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"{field}.*-1.*at least 0"):
        simulate(small(), *arguments)


def test_a_scenario_without_a_website_is_refused() -> None:
    with pytest.raises(InputError, match="websites.*at least one website"):
        simulate(Scenario(), seed=7)


def quiet(**fields: Any) -> Scenario:
    return small(days=2, **{"site": {"organic_sessions": 0.0}, "delivery": {"daily_budget": 0.0}, **fields})


def test_nobody_comes() -> None:
    run = simulate(quiet(), seed=7)
    assert (len(run.log), len(run.claims), len(run.orders), run.sessions.tolist()) == (0, 0, 0, [0])
    assert sum(part.impressions + part.clicks + part.spend for part in run.shown) == 0
    assert run.phases.shape == (2, 3)


def test_no_ads_at_all() -> None:
    data = small(days=2).plain()
    data["traffic"]["delivery"] = []
    for name in ("campaigns", "ad_groups", "ads"):
        data["structure"][name] = []
    run = simulate(Scenario.read(data), seed=7)
    assert len(run.log) > 50
    assert set(run.log.reason[run.log.fate == Fate.KEPT].tolist()) == {Reason.NO_TOUCH}
    assert run.shown == ()


def test_a_website_without_traffic_or_pixel() -> None:
    data = small(days=2).plain()
    data["structure"]["websites"].append({"id": "silent", "name": "silent"})
    run = simulate(Scenario.read(data), seed=7)
    assert run.numbering.sites == ("shop", "silent")
    assert run.sessions[0] > 0
    assert run.sessions[1] == 0
    data["structure"]["websites"][0]["pixels"] = []
    deaf = simulate(Scenario.read(data), seed=7)
    assert len(deaf.log) == 0
    assert deaf.sessions.tolist() == run.sessions.tolist()
    assert not deaf.orders.seen.any()
    assert len(deaf.orders) == len(run.orders) > 0


def test_a_single_visitor() -> None:
    """All touches and all events are one person's, so that every kept event after a touch has one."""
    run = simulate(small(site={"people": 1}, capture={"blocked_people": 0.0, "refusing_people": 0.0}), seed=7)
    assert len(np.unique(run.log.person)) == 1
    first = min(run.log.touch_at[run.log.touch_at >= 0])
    later = run.log.at >= first
    assert Reason.NO_TOUCH not in run.log.reason[later]


@pytest.mark.parametrize("field", ["blocked_people", "refusing_people", "lost_events"])
def test_everything_is_lost(field: str) -> None:
    run = simulate(small(days=2, capture={field: 1.0}), seed=7)
    losses = {"blocked_people": Loss.BLOCKED, "refusing_people": Loss.NO_CONSENT, "lost_events": Loss.LEFT_TOO_SOON}
    assert len(run.log) > 100
    assert set(run.log.fate.tolist()) == {Fate.LOST}
    assert losses[field] in run.log.loss
    assert field == "lost_events" or set(run.log.loss.tolist()) == {losses[field]} | (
        {Loss.BLOCKED} if field == "refusing_people" else set()
    )
    assert len(run.claims) == 0
    assert len(run.orders) > 0
    assert not run.orders.seen.any()


def test_every_impression_is_clicked_lands_and_sells() -> None:
    sure = {"click_rate": 1.0, "landing_share": 1.0, "conversion_rate": 1.0, "daily_budget": 0.5, "view_rate": 0.0}
    run = simulate(quiet(delivery={**sure, "engaged_view_rate": 0.0}), seed=7)
    impressions = sum(part.impressions for part in run.shown)
    assert impressions == sum(part.clicks for part in run.shown) > 100
    sessions = [run.numbering.origins[key >> 42].kind for key in np.unique(run.log.key[run.log.event == 0]).tolist()]
    assert sessions.count("click") == impressions


@pytest.mark.parametrize("budget", [0.0, 0.001, 0.01, 0.05])
def test_tiny_budgets(budget: float) -> None:
    run = simulate(small(days=3, delivery={"daily_budget": budget, "click_rate": 1.0}), seed=7)
    for part in run.shown:
        assert part.spend <= budget * 100
        assert part.impressions <= budget / 0.5 * 1000
    assert sum(part.clicks for part in run.shown) == sum(part.impressions for part in run.shown)


@pytest.mark.parametrize("offset", ["-14:00", "-09:30", "+05:30", "+14:00"])
@pytest.mark.parametrize(
    "start", ["2026-01-05T00:00:00+00:00", "2026-01-07T23:59:59.999+00:00", "2026-03-01T11:00:00-09:30"]
)
def test_any_clock_and_start(offset: str, start: str) -> None:
    given = small(
        days=2, start=start, site={"utc_offset": offset}, offsets={"brand": offset}, traffic={"step_hours": 12}
    )
    run = simulate(given, seed=7)
    assert run.log.at.min() >= 0
    assert run.log.received.max() < 2 * DAY
    brand = [part for part in run.shown if part.ad_group == run.numbering.ad_groups.index("brand_group")]
    assert {part.day for part in brand} <= {0, 1, 2}
    assert sum(part.impressions for part in brand) > 0


def test_actions_of_one_instant_at_the_start_and_at_the_end() -> None:
    """An agency unshared at the very start never earns; one unshared at the end is not affected."""
    steps = ending_of("agency", stop=None, unshare=0.0)
    run = simulate(small(days=3, steps=steps, policy="continue"), seed=7)
    assert "agency_group" not in {run.numbering.ad_groups[g] for g in np.unique(run.log.ad_group).tolist() if g >= 0}
    assert Reason.ACCESS_ENDED in run.log.reason
    whole = simulate(small(days=3, policy="continue"), seed=7)
    last = simulate(small(days=3, steps=ending_of("agency", stop=None, unshare=2.999999), policy="continue"), seed=7)
    for name in whole.log.names():
        assert getattr(whole.log, name).tolist() == getattr(last.log, name).tolist()


def test_credit_needs_an_earlier_touch_of_the_same_person_and_pixel() -> None:
    run = simulate(small(own_pixel=True), seed=7)
    log, pixel_of = run.log, run.numbering.group_pixel
    credited = log.ad_group >= 0
    assert np.all(log.touch_at[credited] <= log.at[credited])
    assert np.all(pixel_of[log.ad_group[credited]] == log.pixel[credited])
    assert np.isin(log.reason[credited], CREDITED).all()
