"""Traffic against closed formulas: counts, shapes, delays, delivery, money, losses. Bounds: 4 sigma, fixed seeds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmarks.scenarios import ending_of, small
from pixelsim.base.clock import DAY, HOUR
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import ConversionDelay
from pixelsim.sharing.actions import Switch
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.simulate import Simulation, simulate

SIGMAS = 4.0
EVERYBODY = 2_000_000_000
"""So many people that nobody comes twice in a short run."""
CLEAR = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}
NOBODY = {"organic_sessions": 0.0}
NO_ADS = {"daily_budget": 0.0}
MORNING = tuple(3.0 if hour < 6 else 1.0 for hour in range(24))


def close(found: float, expected: float, sigma: float) -> None:
    """Demand that a number lies within four standard deviations."""
    assert abs(found - expected) <= SIGMAS * sigma, f"{found} is {(found - expected) / sigma:.1f} sigma from {expected}"


def chi_square_fits(counts: NDArray[np.int64], expected: NDArray[np.float64], fitted: int = 0) -> None:
    """Demand that independent counts scatter around their expected numbers as Poisson numbers do, from both sides."""
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    freedom = len(counts) - fitted
    tail = stats.norm.sf(SIGMAS)
    assert tail < stats.chi2.sf(statistic, freedom) < 1 - tail


def arrivals(**fields: Any) -> NDArray[np.int64]:
    """Give the times of the first page views of organic sessions in a run without ads and losses."""
    run = simulate(small(capture=CLEAR, delivery=NO_ADS, **fields), seed=7)
    return run.log.at[run.log.event == 0]


def test_organic_sessions_of_a_day_are_poisson() -> None:
    by_day = np.bincount(arrivals(days=120, site={"organic_sessions": 300.0}) // DAY, minlength=120)
    chi_square_fits(by_day, np.full(120, 300.0))
    close(by_day.sum(), 36_000, np.sqrt(36_000))
    close(np.corrcoef(by_day[1:], by_day[:-1])[0, 1], 0.0, 1 / np.sqrt(119))


@pytest.mark.parametrize(("offset", "hours"), [("+00:00", 0.0), ("+05:30", 5.5), ("-09:30", -9.5)])
def test_hours_of_a_day_follow_the_shape_on_the_sites_clock(offset: str, hours: float) -> None:
    at = arrivals(days=40, site={"organic_sessions": 500.0, "hours": MORNING, "utc_offset": offset})
    local = np.bincount(((at + round(hours * HOUR)) % DAY) // HOUR, minlength=24)
    chi_square_fits(local, np.array(MORNING) / sum(MORNING) * 40 * 500)


def test_an_hour_is_evenly_filled() -> None:
    at = arrivals(days=40, site={"organic_sessions": 500.0, "hours": MORNING})
    chi_square_fits(np.bincount(at % HOUR // 60_000, minlength=60), np.full(60, 40 * 500 / 60))


def test_weekdays_keep_the_mean_of_a_week() -> None:
    weights = [2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    at = arrivals(days=70, site={"organic_sessions": 200.0, "weekdays": weights})  # day 0 is a Monday
    by_weekday = np.bincount(at // DAY % 7, minlength=7)
    chi_square_fits(by_weekday, np.array(weights) / np.mean(weights) * 200 * 10)


def test_growth_is_compound() -> None:
    at = arrivals(days=60, site={"organic_sessions": 100.0, "daily_growth": 0.03})
    chi_square_fits(np.bincount(at // DAY, minlength=60), 100 * 1.03 ** np.arange(60))


def test_start_within_a_day_leaves_the_rest_of_the_day() -> None:
    """At 13:37 on a clock of UTC and with an even day, 10 h 23 min of the first day are left."""
    flat = [1.0] * 24
    at = arrivals(
        days=2, start="2026-01-07T13:37:00+00:00", site={"organic_sessions": 5000.0, "hours": flat, "daily_growth": 1.0}
    )
    border = 10 * HOUR + 23 * 60_000
    left = 5000 * border / DAY
    close(np.count_nonzero(at < border), left, np.sqrt(left))
    close(np.count_nonzero((at >= border) & (at < border + DAY)), 10_000, 100)  # doubled on the second day


def shown_by_day(run: Simulation, name: str) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = defaultdict(int)
    for part in run.shown:
        found[part.ad_group, part.day] += getattr(part, name)
    return dict(found)


def test_clicks_are_binomial() -> None:
    run = simulate(small(days=60, delivery={"click_rate": 0.03}), seed=7)
    impressions, clicks = (
        np.array(list(shown_by_day(run, name).values()), dtype=np.float64) for name in ("impressions", "clicks")
    )
    assert np.all(clicks <= impressions)
    close(clicks.sum(), impressions.sum() * 0.03, np.sqrt(impressions.sum() * 0.03 * 0.97))
    statistic = float(np.sum((clicks - impressions * 0.03) ** 2 / (impressions * 0.03 * 0.97)))
    tail = stats.norm.sf(SIGMAS)
    assert tail < stats.chi2.sf(statistic, len(clicks)) < 1 - tail


def test_click_rate_one() -> None:
    run = simulate(small(delivery={"click_rate": 1.0, "daily_budget": 2.0}), seed=7)
    assert shown_by_day(run, "clicks") == shown_by_day(run, "impressions")


@pytest.mark.parametrize("kind", ["click", "engaged view", "view"])
def test_orders_by_kind_of_touch(kind: str) -> None:
    """Orders of touches of the first days, all of which come in the run, against touches times rate."""
    given = small(
        days=34,
        delivery={"conversion_rate": 0.2, "engaged_view_rate": 0.004, "view_rate": 0.006, "daily_budget": 40.0},
        site={"organic_sessions": 0.0, "people": EVERYBODY},
        steps=[PlannedAction(day=4, action=switch(owner, "off")) for owner in ("brand", "agency", "second")],
    )
    run = simulate(given, seed=7)
    origins = np.array([run.numbering.origins[o].kind for o in run.orders.origin.tolist()])
    after = {"click": ["click", "after click"], "engaged view": ["after engaged view"], "view": ["after view"]}[kind]
    impressions, clicks = (sum(getattr(part, name) for part in run.shown) for name in ("impressions", "clicks"))
    trials, rate = {"click": (clicks, 0.2), "engaged view": (impressions, 0.004), "view": (impressions, 0.006)}[kind]
    assert trials > 1000
    close(np.isin(origins, after).sum(), trials * rate, np.sqrt(trials * rate * (1 - rate)))


def switch(owner: str, to: str) -> Switch:
    return Switch(actor=f"{owner}_admin", kind="campaign", id=f"{owner}_campaign", to=to)


def mixture(delay: ConversionDelay, days: float) -> float:
    """Give the share of orders within some days: both parts cut at the limit, by SciPy's distributions."""
    fast = stats.lognorm(s=delay.fast_sigma, scale=np.exp(delay.fast_mu))
    slow = stats.weibull_min(c=delay.slow_shape, scale=delay.slow_scale)
    seconds, limit = days * 86_400, delay.limit_days * 86_400
    parts = ((delay.fast_share, fast), (1 - delay.fast_share, slow))
    return sum(share * part.cdf(seconds) / part.cdf(limit) for share, part in parts)


def all_clicks_known() -> Scenario:
    """Clicks of four days, all by different people, and a run long enough for each order."""
    return small(
        days=34,
        capture=CLEAR,
        site={"organic_sessions": 0.0, "people": EVERYBODY},
        delivery={
            "conversion_rate": 0.5,
            "engaged_view_rate": 0.0,
            "view_rate": 0.0,
            "daily_budget": 60.0,
            "click_rate": 0.1,
        },
        steps=[PlannedAction(day=4, action=switch(owner, "off")) for owner in ("brand", "agency", "second")],
    )


@pytest.mark.parametrize("days", [0.01, 1.0, 7.0, 14.0, 28.0])
def test_delays_follow_the_mixture(days: float) -> None:
    orders = simulate(all_clicks_known(), seed=7).orders
    assert len(orders) > 5000
    share = mixture(ConversionDelay(), days)
    within = np.count_nonzero(orders.at - orders.touch_at <= days * DAY)
    close(within, share * len(orders), np.sqrt(share * (1 - share) * len(orders)))


@pytest.mark.parametrize(("owner", "window"), [("brand", 7), ("agency", 28), ("second", 1)])
def test_orders_beyond_the_click_window_are_not_credited(owner: str, window: int) -> None:
    run = simulate(all_clicks_known(), seed=7)
    log, names = run.log, run.numbering.origins
    bought = log.event == 4
    mine = np.array([names[key >> 42].entity == f"{owner}_group" for key in log.key[bought].tolist()])
    reason, total = log.reason[bought][mine], int(mine.sum())
    share = mixture(ConversionDelay(), window)
    close(np.count_nonzero(reason == Reason.CREDITED), share * total, np.sqrt(share * (1 - share) * total))
    # Whoever is not credited clicked too long ago; who clicked over 28 days ago is not remembered.
    forgotten = np.count_nonzero(reason == Reason.NO_TOUCH)
    late = 1 - mixture(ConversionDelay(), 28)
    close(forgotten, late * total, np.sqrt(late * (1 - late) * total))
    assert np.count_nonzero(reason == Reason.OUTSIDE_WINDOW) + forgotten == np.count_nonzero(reason != Reason.CREDITED)


def places_before(impressions: int, share: float) -> int:
    """Count the impressions whose middle lies before a share of the day."""
    return int(np.count_nonzero((np.arange(impressions) + 0.5) / impressions < share)) if impressions else 0


def test_half_a_day_without_delivery_is_the_shapes_share() -> None:
    fields: dict[str, Any] = {"days": 6, "delivery": {"hours": MORNING}}
    whole = simulate(small(**fields), seed=7)
    half = simulate(small(**fields, steps=[PlannedAction(day=2.5, action=switch("agency", "off"))]), seed=7)
    group = whole.numbering.ad_groups.index("agency_group")
    full, cut = shown_by_day(whole, "impressions"), shown_by_day(half, "impressions")
    until_noon = sum(MORNING[:12]) / sum(MORNING)
    assert cut[group, 2] == places_before(full[group, 2], until_noon)
    assert sum(cut.get((group, day), 0) for day in range(3, 6)) == 0
    assert {key: n for key, n in cut.items() if key[0] != group} == {k: n for k, n in full.items() if k[0] != group}
    assert np.array_equal(*(run.log.at[run.log.at < 2.5 * DAY] for run in (whole, half)))


def test_stop_and_go_leave_the_parts_between() -> None:
    steps = [
        PlannedAction(day=1 + hour / 24, action=switch("brand", to))
        for hour, to in ((3, "off"), (7, "on"), (7.5, "off"), (20.25, "on"))
    ]
    whole, parts = (shown_by_day(simulate(small(steps=s), seed=7), "impressions") for s in ((), steps))
    hours = np.array(small().traffic.delivery[0].hours)
    share = np.concatenate([[0.0], np.cumsum(hours) / hours.sum()])

    def at(hour: float) -> float:
        return float(np.interp(hour, np.arange(25), share))

    group = 1
    assert whole[group, 1] > 100
    edges = [0, 3, 7, 7.5, 20.25, 24]
    counts = [places_before(whole[group, 1], at(edge)) for edge in edges]
    assert parts[group, 1] == (counts[1] - counts[0]) + (counts[3] - counts[2]) + (counts[5] - counts[4])


def test_losses_multiply() -> None:
    capture = {"blocked_people": 0.2, "refusing_people": 0.1, "lost_events": 0.05}
    run = simulate(
        small(days=10, capture=capture, delivery=NO_ADS, site={"organic_sessions": 3000.0, "people": EVERYBODY}), seed=7
    )
    first = run.log.event == 0
    total, received = int(first.sum()), int((first & (run.log.loss == Loss.RECEIVED)).sum())
    share = 0.8 * 0.9 * 0.95
    close(received, share * total, np.sqrt(total * share * (1 - share)))
    blocked = int((first & (run.log.loss == Loss.BLOCKED)).sum())
    close(blocked, 0.2 * total, np.sqrt(total * 0.2 * 0.8))
    refused = int((first & (run.log.loss == Loss.NO_CONSENT)).sum())
    close(refused, 0.8 * 0.1 * total, np.sqrt(total * 0.08 * 0.92))


def test_traits_last() -> None:
    """Who blocks trackers does so in every session; the share is one of people, not of events."""
    capture = {"blocked_people": 0.3, "refusing_people": 0.0, "lost_events": 0.0}
    run = simulate(
        small(days=20, capture=capture, delivery=NO_ADS, site={"organic_sessions": 500.0, "people": 2000}), seed=7
    )
    blocked: dict[int, set[bool]] = defaultdict(set)
    for person, loss in zip(run.log.person.tolist(), run.log.loss.tolist(), strict=True):
        blocked[person].add(loss == Loss.BLOCKED)
    assert all(len(states) == 1 for states in blocked.values())
    close(sum(states == {True} for states in blocked.values()), 0.3 * len(blocked), np.sqrt(0.21 * len(blocked)))


def test_two_pixels_cost_their_load_time() -> None:
    """A second of load time that costs half of the sessions, spread over two pixels of 250 ms, keeps 0.5 ** 0.5."""
    weight = {"lost_per_second": 0.5, "milliseconds_per_pixel": 250.0}
    given = small(
        days=10,
        own_pixel=True,
        capture={**CLEAR, "weight": weight},
        delivery=NO_ADS,
        site={"organic_sessions": 2000.0, "people": EVERYBODY},
    )
    run, light = (
        simulate(given, seed=7),
        simulate(given.vary("traffic.sites[0].capture.weight.lost_per_second", 0.0), seed=7),
    )
    share, total = 0.5**0.5, int(light.sessions.sum())
    close(int(run.sessions.sum()), share * total, np.sqrt(total * share * (1 - share)))
    assert set(run.log.key.tolist()) < set(light.log.key.tolist())


def test_order_values_are_log_normal() -> None:
    value = {"median": 80.0, "sigma": 0.5}
    run = simulate(small(days=20, delivery=NO_ADS, site={"organic_sessions": 2000.0, "value": value}), seed=7)
    logs = np.log(run.orders.value / 100)
    assert len(logs) > 3000
    close(logs.mean(), np.log(80), 0.5 / np.sqrt(len(logs)))
    close(logs.std(), 0.5, 0.5 / np.sqrt(2 * len(logs)))


@pytest.mark.parametrize("fields", [{}, {"steps": ending_of("agency", stop=2.3, unshare=3.1)}], ids=["whole", "cut"])
def test_spend_is_impressions_times_price(fields: dict[str, Any]) -> None:
    """Without spread a day's price is the parameter; what is spent is cut to whole cents at each end of a stretch."""
    run = simulate(small(days=8, delivery={"cpm_sigma": 0.0, "cpm": 5.37}, **fields), seed=7)
    impressions, spend = shown_by_day(run, "impressions"), shown_by_day(run, "spend")
    for key, cents in spend.items():
        assert abs(cents - impressions[key] * 5.37 / 10) < 1
    assert max(spend.values()) <= 800


@pytest.mark.parametrize("cpm", [0.5, 4.03, 300.0])
def test_spend_stays_below_the_budget_of_the_day(cpm: float) -> None:
    """Budgets follow the weekday of each account's own calendar: in California a Sunday when the run starts."""
    weekdays = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0]
    first = {"brand_group": 0, "agency_group": 6, "second_group": 0}  # Monday is 0
    given = small(
        days=8,
        delivery={"cpm": cpm, "budget_spent": 1.0, "weekdays": weekdays},
        offsets={"agency": "-08:00", "second": "+05:30"},
    )
    for seed in range(4):
        run = simulate(given, seed=seed)
        for (group, day), cents in shown_by_day(run, "spend").items():
            budget = 800 * weekdays[(first[run.numbering.ad_groups[group]] + day) % 7]
            assert 0 <= cents <= budget
            whole = given.length // DAY > day > 0
            # All is spent but for the price of one more impression, which is log-normal: ten times the CPM is more.
            assert not whole or cents > budget - 1 - 10 * cpm / 10


def test_learning_does_not_spend_more_than_the_budget() -> None:
    """Prices change with the scenario's days, in the middle of the days of accounts on other clocks."""
    for seed in range(10):
        given = small(
            offsets={"brand": "-08:00", "agency": "+09:30", "second": "+05:30"},
            delivery={"budget_spent": 1.0, "daily_budget": 20.0, "cpm": 1000.0, "cpm_sigma": 0.1},
            traffic={"learning": {"learned_at_start": False, "noise": 0.3}},
        )
        assert max(shown_by_day(simulate(given, seed=seed), "spend").values()) <= 2000


def test_share_of_the_budget_spent() -> None:
    money = {"budget_spent": 0.8, "budget_spread": 0.1, "daily_budget": 100.0, "click_rate": 0.001, "view_rate": 0.0}
    run = simulate(small(days=80, site=NOBODY, delivery=money), seed=7)
    spend = np.array(list(shown_by_day(run, "spend").values())) / 10_000
    assert len(spend) == 240
    close(spend.mean(), 0.8, 0.1 / np.sqrt(240))
    close(spend.std(), 0.1, 0.1 / np.sqrt(2 * 240))


def test_price_of_a_long_period_is_the_parameter() -> None:
    """Money over impressions of many days comes to the CPM given, although days differ by log-normal factors."""
    quiet = {"click_rate": 0.0, "view_rate": 0.0, "engaged_view_rate": 0.0}
    given = small(days=120, site=NOBODY, delivery={"cpm": 4.0, "cpm_sigma": 0.45, "budget_spread": 0.0, **quiet})
    run = simulate(given, seed=7)
    impressions = np.array(list(shown_by_day(run, "impressions").values()), dtype=np.float64)
    spend = sum(shown_by_day(run, "spend").values()) / 100
    close(
        1000 * spend / impressions.sum(), 4.0, 4.0 * impressions.std() / impressions.mean() / np.sqrt(len(impressions))
    )


def test_days_of_an_account_begin_at_its_midnight() -> None:
    """An ad group that shows ads in its first hour only, on a clock of +09:30, is clicked from 14:30 to 15:30 UTC."""
    first_hour = [1.0] + [0.0] * 23
    run = simulate(
        small(offsets={"brand": "+09:30", "agency": "-04:00"}, delivery={"hours": first_hour, "click_rate": 0.1}),
        seed=7,
    )
    for owner, begin in (("brand", 14.5), ("agency", 4.0), ("second", 0.0)):
        group = run.numbering.ad_groups.index(f"{owner}_group")
        of_day = run.claims.touch_at[run.claims.ad_group == group] % DAY
        assert len(of_day) > 50
        assert of_day.min() >= begin * HOUR
        assert of_day.max() < (begin + 1) * HOUR
        days = {part.day for part in run.shown if part.ad_group == group and part.impressions}
        assert len(days) == 6, "six nights of its own"


def same_bytes(one: Simulation, other: Simulation) -> None:
    for table in ("log", "claims"):
        left, right = getattr(one, table), getattr(other, table)
        for name in left.names():
            assert getattr(left, name).tobytes() == getattr(right, name).tobytes(), f"{table}.{name}"
    orders = [
        sorted(zip(*(getattr(run.orders, n).tolist() for n in run.orders.names()), strict=True)) for run in (one, other)
    ]
    assert orders[0] == orders[1]
    assert one.sessions.tolist() == other.sessions.tolist()
    assert one.phases.tolist() == other.phases.tolist()
    for name in ("impressions", "clicks", "spend"):
        assert shown_by_day(one, name) == shown_by_day(other, name)


RICH: dict[str, Any] = {
    "days": 9,
    "websites": ("shop", "outlet"),
    "site": {"population": "everybody", "utc_offset": "-03:30", "daily_growth": 0.02},
    "offsets": {"brand": "-08:00", "agency": "+09:30"},
    "capture": {"server": {"token": None}, "navigations": 1.0},
    "start": "2026-01-07T13:37:11+00:00",
    "steps": ending_of("agency", stop=3.1, unshare=4.3),
}


@pytest.mark.parametrize("block_days", [1, 28])
def test_days_drawn_at_a_time_do_not_matter(block_days: int) -> None:
    given = small(**RICH)
    same_bytes(simulate(given, seed=7), simulate(given.vary("traffic.block_days", block_days), seed=7))


@pytest.mark.parametrize(("step_hours", "learned"), [(6, True), (6, False), (1, False)])
def test_steps_do_not_matter(step_hours: int, learned: bool) -> None:
    given = small(**RICH).vary("traffic.learning.learned_at_start", learned)
    same_bytes(simulate(given, seed=7), simulate(given.vary("traffic.step_hours", step_hours), seed=7))


def test_steps_that_do_not_divide_a_day_do_not_matter() -> None:
    given = small(**RICH).vary("traffic.learning.learned_at_start", False)
    same_bytes(simulate(given, seed=7), simulate(given.vary("traffic.step_hours", 7), seed=7))


def test_steps_do_not_matter_with_late_copies() -> None:
    capture = {"server": {"delay_seconds": 3000.0, "delay_sigma": 1.0}, "blocked_people": 0.9, "navigations": 2.0}
    given = small(capture=capture, measurement={"count": "once"})
    same_bytes(simulate(given, seed=7), simulate(given.vary("traffic.step_hours", 3), seed=7))


def test_learning_thins_orders_and_impressions() -> None:
    """Without noise, an ad group that never settles buys 1 / 1.5 of the impressions and loses 0.4 of its orders."""
    learning = {
        "learned_at_start": False,
        "calm_conversions": 10**6,
        "calm_days": 10**4,
        "stable_conversions": 10**6,
        "stable_days": 10**4,
        "orders_share": 0.6,
        "cpm_factor": 1.5,
        "noise": 0.0,
    }
    fields: dict[str, Any] = {"days": 15, "site": {"organic_sessions": 0.0, "people": EVERYBODY}}
    slow = simulate(small(**fields, traffic={"learning": learning}), seed=7)
    best = simulate(small(**fields), seed=7)
    full, left = shown_by_day(best, "impressions"), shown_by_day(slow, "impressions")
    assert left == {key: int(total / 1.5) for key, total in full.items()}
    possible, happened = set(best.orders.key.tolist()), set(slow.orders.key.tolist())
    assert happened < possible
    share = 0.6 / 1.5
    close(len(happened), share * len(possible), np.sqrt(len(possible) * share * (1 - share)))
