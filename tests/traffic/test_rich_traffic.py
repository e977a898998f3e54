"""Weeks, products, markets, returns, refunds and edits in whole runs, against their formulas; nothing else moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_scenarios import one_shop
from scipy import stats

from benchmarks.scenarios import small
from pixelsim.base.clock import DAY, HOUR
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.actions import EditAdGroup
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.simulate import Simulation, simulate

WEEK = [float(1 + (hour * 5) % 13) for hour in range(168)]
PRODUCTS = [
    {"name": "shirt", "share": 0.75, "value": {"median": 20.0, "sigma": 0.25}},
    {"name": "coat", "share": 0.25, "value": {"median": 160.0, "sigma": 0.5}, "refund_share": 0.6},
]
MARKETS = [
    {"name": "Japan", "share": 0.5, "utc_offset": "+09:00", "order_rate": 0.4},
    {"name": "Brazil", "share": 0.3, "utc_offset": "-03:00"},
    {"name": "Iran", "share": 0.2, "utc_offset": "+03:30", "hours": [0.0] * 20 + [1.0] * 4},
]
MONDAY = "2026-01-05T00:00:00+00:00"


def near(count: float, mean: float) -> bool:
    """Whether a Poisson number is within four standard deviations of its mean."""
    return bool(abs(count - mean) < 4 * np.sqrt(mean))


def kinds(run: Simulation, table: Any) -> np.ndarray:
    names = np.array([f"{o.kind} {o.market}".strip() for o in run.numbering.origins], dtype=object)
    return names[table.key >> 42]


def first_views(run: Simulation) -> Any:
    """Give the log rows of the first page of each session, at one pixel."""
    log = run.log
    return log.take((log.event == 0) & (log.pixel == 0) & (log.key & 255 == 0))


def same(one: Columns, other: Columns, *, but: tuple[str, ...] = ()) -> bool:
    return all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in one.names() if name not in but
    )


# Weeks


def test_a_week_of_hours_times_weekdays_is_what_hours_and_weekdays_are() -> None:
    hours, weekdays = [float(1 + hour % 5) for hour in range(24)], [3.0, 1.0, 1.0, 2.0, 0.0, 1.0, 6.0]
    apart = small(days=8, site={"hours": hours, "weekdays": weekdays}, delivery={"hours": hours, "weekdays": weekdays})
    week = [hour * day for day in weekdays for hour in hours]
    whole = small(days=8, site={"hours_of_week": week}, delivery={"hours_of_week": week})
    one, other = simulate(apart, 4), simulate(whole, 4)
    assert one.shown == other.shown
    assert one.log.key.tolist() == other.log.key.tolist()
    assert np.abs(one.log.at - other.log.at).max() <= 1, "the same instants but for roundings"


def test_sessions_of_every_hour_of_the_week_are_as_many_as_its_weight_says() -> None:
    shop = one_shop(days=28, hours_of_week=WEEK, organic_sessions=2_000.0, utc_offset="-05:00")
    at = first_views(simulate(shop, 2)).at
    hour = (at - 5 * HOUR + 7 * DAY) // HOUR % 168
    expected = np.array(WEEK) / np.sum(WEEK) * 7 * 2_000 * 4
    # The first and the last five hours of the run are of incomplete days, but whole weeks have passed.
    assert stats.chisquare(np.bincount(hour, minlength=168), expected * len(at) / expected.sum()).pvalue > 1e-3
    assert near(len(at), expected.sum())


def test_a_day_without_weight_has_neither_sessions_nor_impressions() -> None:
    week = [1.0] * 48 + [0.0] * 24 + [1.0] * 96
    run = simulate(small(days=7, start=MONDAY, site={"hours_of_week": week}, delivery={"hours_of_week": week}), 3)
    organic = first_views(run).take(kinds(run, first_views(run)) == "organic")
    assert np.bincount(organic.at // DAY, minlength=7)[2] == 0
    assert np.count_nonzero(np.bincount(organic.at // DAY, minlength=7)) == 6
    assert sum(part.impressions for part in run.shown if part.day == 2) == 0


# Products and refunds


def test_orders_are_of_products_by_their_shares_and_worth_what_these_are() -> None:
    orders = simulate(one_shop(days=10, order_rate=1.0, products=PRODUCTS), 5).orders
    n = len(orders)
    shirts = orders.product == 0
    assert abs(shirts.sum() - 0.75 * n) < 4 * np.sqrt(n * 0.75 * 0.25)
    for number, (median, sigma) in enumerate(((20.0, 0.25), (160.0, 0.5))):
        score = np.log(orders.value[orders.product == number] / 100 / median) / sigma
        assert stats.kstest(score, "norm").pvalue > 1e-3


def test_refunds_are_a_share_of_the_orders_at_exponential_times() -> None:
    orders = simulate(one_shop(days=10, order_rate=1.0, products=PRODUCTS, refund_share=0.1, refund_days=5.0), 5).orders
    for number, share in ((0, 0.1), (1, 0.6)):
        mine = orders.take(orders.product == number)
        back = mine.refund_at >= 0
        assert abs(back.sum() - share * len(mine)) < 4 * np.sqrt(len(mine) * share * (1 - share))
        days = (mine.refund_at - mine.at)[back] / DAY
        assert stats.kstest(days, stats.expon(scale=5.0).cdf).pvalue > 1e-3


def test_products_and_refunds_move_values_and_refunds_and_nothing_else() -> None:
    plain, sold, back = (
        simulate(small(site=site), 6)
        for site in ({}, {"products": PRODUCTS}, {"products": PRODUCTS, "refund_share": 0.3})
    )
    assert same(plain.log, sold.log, but=("value",))
    assert same(plain.orders, sold.orders, but=("value", "product", "refund_at"))
    assert same(sold.log, back.log), "the platform hears of no refund"
    assert same(sold.claims, back.claims)
    assert same(sold.orders, back.orders, but=("refund_at",))
    assert (plain.orders.product == -1).all()
    assert (plain.orders.refund_at == -1).all()


# Markets


@pytest.fixture(scope="module")
def world() -> Simulation:
    clocks = {"hours": [0.0] * 8 + [1.0] * 4 + [0.0] * 12}
    return simulate(one_shop(days=14, people=9_000, order_rate=0.1, markets=MARKETS, **clocks), 8)


def test_markets_have_their_share_of_sessions_on_their_own_clocks(world: Simulation) -> None:
    views = first_views(world)
    market = kinds(world, views)
    # Local hours 8 to 11 of the site's own shape, and the last four hours of the day where the market has its own.
    local = {"Japan": (9, range(8, 12)), "Brazil": (-3, range(8, 12)), "Iran": (3.5, range(20, 24))}
    for number, (name, share) in enumerate((("Japan", 0.5), ("Brazil", 0.3), ("Iran", 0.2))):
        mine = views.at[market == f"organic {name}"]
        offset, hours = local[name]
        assert set(((mine + int(offset * HOUR) + DAY) % DAY // HOUR).tolist()) == set(hours)
        assert near(len(mine), 14 * 400 * share)
        assert world.market_sessions[0][number] == len(mine)


def test_people_live_in_one_market_and_buy_at_its_rate(world: Simulation) -> None:
    views, market = first_views(world), kinds(world, first_views(world))
    homes = {name: set(views.person[market == f"organic {name}"].tolist()) for name in ("Japan", "Brazil", "Iran")}
    assert not homes["Japan"] & homes["Brazil"]
    assert not homes["Brazil"] & homes["Iran"]
    for number, (name, rate) in enumerate((("Japan", 0.4), ("Brazil", 0.1), ("Iran", 0.1))):
        count, n = np.count_nonzero(world.orders.market == number), world.market_sessions[0][number]
        assert abs(count - rate * n) < 4 * np.sqrt(n * rate * (1 - rate)), name
    assert (world.orders.market >= 0).all()


def test_an_ad_group_of_a_market_reaches_its_people_alone_at_the_same_instants() -> None:
    site = {"markets": MARKETS, "people": 3_000}
    everywhere, japan = simulate(small(site=site), 3), simulate(small(site=site, delivery={"market": "Japan"}), 3)
    of_ads = japan.orders.touch_at >= 0
    assert of_ads.any()
    assert set(japan.orders.market[of_ads].tolist()) == {0}
    assert set(everywhere.orders.market[everywhere.orders.touch_at >= 0].tolist()) == {0, 1, 2}
    assert everywhere.shown == japan.shown
    assert everywhere.orders.touch_at.tolist() == japan.orders.touch_at.tolist()


def test_a_market_of_one_site_leaves_the_other_site_as_it_is() -> None:
    plain = small(websites=("shop", "outlet"))
    some = plain.vary("traffic.sites[shop].markets", MARKETS)
    one, other = simulate(plain, 3), simulate(some, 3)
    outlet = one.numbering.sites.index("outlet")

    def orders(run: Simulation) -> list[tuple[int, ...]]:
        home = np.array([o.entity in {"outlet", "agency_group"} for o in run.numbering.origins])
        mine = run.orders.take(home[run.orders.origin])
        return list(zip(mine.at.tolist(), mine.value.tolist(), mine.seen.tolist(), strict=True))

    assert len(orders(one)) > 10
    assert orders(one) == orders(other)
    assert one.sessions[outlet] == other.sessions[outlet]


# Returns


def test_in_the_long_run_returns_leave_the_number_of_sessions_as_it_is() -> None:
    shop = one_shop(days=40, people=10**6, return_share=0.5, return_days=0.5, capture={"junk": {"bots": 0.2}})
    run = simulate(shop, 4)
    views = first_views(run)
    day = views.at // DAY
    late = day >= 10
    # Chains make the numbers of days a little more uneven than Poisson's: by the mean length of a visitor's chain.
    chain = sum((2 * n + 1) * 0.5**n for n in range(8)) / sum(0.5**n for n in range(8))
    assert abs(late.sum() - 30 * 400) < 4 * np.sqrt(30 * 400 * chain)
    assert np.count_nonzero(day == 0) < 400 * 0.8, "nobody comes back from before the start"
    back = kinds(run, views) == "returning"
    people = views.visit == 0
    known = set(views.person[people & ~back].tolist())
    assert set(views.person[back].tolist()) <= known
    bots = late & (views.visit == 1)
    assert abs(bots.sum() - 0.2 * late.sum()) < 5 * np.sqrt(late.sum() * 0.16 * chain)


def test_people_who_come_back_are_credited_to_ads_of_several_accounts() -> None:
    given = small(
        days=12, site={"return_share": 0.8, "return_days": 1.0, "people": 60}, measurement={"scope": "account"}
    )
    run = simulate(given, 3)
    back = kinds(run, run.log) == "returning"
    assert np.count_nonzero(back & (run.log.ad_group >= 0)) > 50
    accounts = {run.numbering.accounts[n] for n in np.unique(run.claims.account[back[run.claims.row]]).tolist()}
    assert accounts == {"acc_brand", "acc_agency", "acc_second"}


# Edits


def edited(day: float, factor: float, **parts: Any) -> Scenario:
    action = EditAdGroup(actor="agency_admin", ad_group="agency_group", budget_factor=factor)
    return small(days=4, steps=(PlannedAction(day=day, action=action, why="sales"),), **parts)


def impressions(run: Simulation, group: str = "agency_group") -> np.ndarray:
    number, found = run.numbering.ad_groups.index(group), np.zeros(4)
    for part in run.shown:
        if part.ad_group == number:
            found[part.day] += part.impressions
    return found


@pytest.mark.parametrize("factor", [0.25, 0.8, 1.25, 2.0])
def test_a_budget_edit_holds_from_its_instant_on(factor: float) -> None:
    # A large edit restarts learning, which costs nothing here.
    free = {"learning": {"cpm_factor": 1.0, "noise": 0.0, "orders_share": 1.0}}
    steady = {"delivery": {"budget_envelope": 2.0, "budget_spread": 0.0}, "traffic": free}
    before, after = simulate(small(days=4, **steady), 3), simulate(edited(1.5, factor, **steady), 3)
    one, other = impressions(before), impressions(after)
    assert one[0] == other[0]
    # Half of the second day by time is some share of its impressions, which only lies between the two.
    assert min(one[1], factor * one[1]) < other[1] < max(one[1], factor * one[1])
    assert np.abs(other[2:] - factor * one[2:]).max() <= np.ceil(factor)
    edit = 3 * DAY // 2
    early = before.log.take(before.log.received < edit)
    assert same(early, after.log.take(after.log.received < edit))
    for group in ("brand_group", "second_group"):
        assert impressions(before, group).tolist() == impressions(after, group).tolist()


def test_spend_never_exceeds_the_budget_that_an_edit_sets() -> None:
    given = edited(2.0, 1.5, delivery={"budget_envelope": 1.5, "budget_spent": 1.0, "budget_spread": 0.0})
    run = simulate(given, 3)
    number = run.numbering.ad_groups.index("agency_group")
    spend = np.zeros(4)
    for part in run.shown:
        if part.ad_group == number:
            spend[part.day] += part.spend
    assert (spend <= [800, 800, 1200, 1200]).all()
    assert (spend > [790, 790, 1190, 1190]).all()


def test_an_envelope_that_nobody_needs_leaves_the_expected_impressions_as_they_are() -> None:
    plain, wide = (simulate(small(days=4, delivery={"budget_envelope": e}), 3) for e in (1.0, 3.0))
    # Money is cut to cents before it buys impressions, and a cent of a CPM above 2 USD buys fewer than five.
    assert np.abs(impressions(plain) - impressions(wide)).max() <= 5


@pytest.mark.parametrize("steps", [{"step_hours": 5}, {"step_hours": 24, "block_days": 1}, {"block_days": 30}])
def test_steps_and_days_drawn_at_a_time_change_nothing(steps: dict[str, int]) -> None:
    parts: dict[str, Any] = {
        "site": {"markets": MARKETS, "products": PRODUCTS, "refund_share": 0.2, "return_share": 0.6}
        | {"return_days": 0.7, "hours_of_week": WEEK},
        "capture": {"server": {}, "junk": {"bots": 0.2, "preview_sessions": 5.0}},
        "delivery": {"budget_envelope": 2.0, "hours_of_week": WEEK, "market": "Japan"},
    }
    learning = {"learning": {"learned_at_start": False}}
    one = simulate(edited(1.3, 2.0, **parts, traffic=learning), 9)
    other = simulate(edited(1.3, 2.0, **parts, traffic=learning | steps), 9)
    assert same(one.log, other.log)
    assert same(one.claims, other.claims)
    rows = [sorted(zip(*(c.tolist() for c in run.orders.columns()), strict=True)) for run in (one, other)]
    assert rows[0] == rows[1]
    assert one.sessions.tolist() == other.sessions.tolist()
    assert one.market_sessions[0].tolist() == other.market_sessions[0].tolist()
    assert impressions(one).tolist() == impressions(other).tolist()
