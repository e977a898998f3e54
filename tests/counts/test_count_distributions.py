"""Counts against formulas: what is exact in distribution has the mean and the spread of its formula."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from count_worlds import EVERYBODY
from numpy.typing import NDArray
from scipy import stats

from benchmarks.scenarios import SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY, HOUR
from pixelsim.counts import Counts, count
from pixelsim.counts.audiences import audience_days, different_people, people_spread
from pixelsim.counts.copies import HOPS
from pixelsim.scenario import Scenario
from pixelsim.scenario.structure import AudienceSpec
from pixelsim.scenario.traffic import ConversionDelay
from pixelsim.traffic.delay import delay_share

SIGMAS = 4.0
CLEAR = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}


def close(found: float, expected: float, sigma: float) -> None:
    """Demand that a number lies within four standard deviations."""
    assert abs(found - expected) <= SIGMAS * sigma, f"{found} is {(found - expected) / sigma:.1f} sigma from {expected}"


def chi_square_fits(counts: NDArray[np.int64], expected: NDArray[np.float64]) -> None:
    """Demand that independent counts scatter around their expected numbers as Poisson numbers do, from both sides."""
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    tail = stats.norm.sf(SIGMAS)
    assert tail < stats.chi2.sf(statistic, len(counts)) < 1 - tail


def quiet(days: int = 34, **fields: object) -> Scenario:
    """Ad groups without organic visits, of a population in which nobody is touched twice, that stop on day 4."""
    given = {"daily_budget": 60.0, "conversion_rate": 0.5, "click_rate": 0.1}
    given |= {"engaged_view_rate": 0.0, "view_rate": 0.0, **fields}
    steps = [s for owner in ("brand", "agency", "second") for s in ending_of(owner, stop=4.0, unshare=None)]
    site = {"organic_sessions": 0.0, "people": EVERYBODY}
    counting = {"scope": "account", "count": "every"}
    return small(days=days, capture=CLEAR, site=site, delivery=given, steps=steps, measurement=counting)


def test_organic_sessions_of_a_day_are_poisson() -> None:
    made = small(days=200, delivery={"daily_budget": 0.0}, site={"organic_sessions": 300.0, "daily_growth": 0.002})
    chi_square_fits(count(made, 7).sessions[0], 300 * 1.002 ** np.arange(200))


@pytest.mark.parametrize("offset", ["+00:00", "-09:30"])
def test_cells_of_another_clock_have_the_hours_share(offset: str) -> None:
    hours = [3.0 if hour < 6 else 1.0 for hour in range(24)]
    site = {"organic_sessions": 900.0, "hours": hours, "utc_offset": "+02:00"}
    made = small(days=60, delivery={"daily_budget": 0.0}, site=site, offsets={"agency": offset})
    run = count(made, 7)
    of_day = run.sessions[0].reshape(60, -1).sum(axis=0)
    at = (np.arange(0, DAY, HOUR // 2) // (HOUR // 2) / 2 + 2) % 24
    weight = np.array(hours)[at.astype(int)] / sum(hours) / 2
    edges = (run.cells.borders[: run.cells.of_day + 1] // (HOUR // 2)).tolist()
    expected = np.array([weight[one:two].sum() for one, two in itertools.pairwise(edges)]) * 900 * 60
    chi_square_fits(of_day, expected)


def test_clicks_are_binomial_and_land_as_often_as_they_should() -> None:
    given = {"click_rate": 0.03, "conversion_rate": 0.0, "bots": 0.2, "landing_share": 0.7}
    run = count(small(days=120, site={"organic_sessions": 0.0}, delivery=given), 7)
    impressions, clicks = (
        np.concatenate([getattr(p, n) for p in run.paid.values()]) for n in ("impressions", "clicks")
    )
    expected, variance = impressions * 0.03, impressions * 0.03 * 0.97
    close(clicks.sum(), expected.sum(), np.sqrt(variance.sum()))
    statistic, tail = float(np.sum((clicks - expected) ** 2 / variance)), stats.norm.sf(SIGMAS)
    assert tail < stats.chi2.sf(statistic, len(clicks)) < 1 - tail
    bots = sum(paid.followed.bots.sum() for paid in run.paid.values())
    close(bots, 0.2 * clicks.sum(), np.sqrt(0.16 * clicks.sum()))
    landed = sum(paid.tally.sessions.sum() for paid in run.paid.values())
    views = sum(0.004 + 0.002 for _ in run.paid) / len(run.paid) * impressions.sum()
    close(landed, 0.7 * clicks.sum() + views, np.sqrt(0.21 * clicks.sum() + 2 * views))


def test_orders_wait_as_long_as_the_mixture_says() -> None:
    """All orders of four days of clicks, by the number of days between them."""
    run = count(quiet(), 7)
    clicks = sum(int(paid.clicks.sum()) for paid in run.paid.values())
    close(run.orders()[0], clicks / 2, np.sqrt(clicks) / 2)
    by_lag = sum(paid.followed.orders.sum(axis=0) for paid in run.paid.values())
    chi_square_fits(by_lag[:30], _share_by_lag(run)[:30] * clicks / 2)


def _share_by_lag(run: Counts) -> NDArray[np.float64]:
    """Share of orders by days between touch and order, by a sum over every minute of the touches' day."""
    hours = np.array(run.scenario.traffic.delivery[0].hours)
    at = np.arange(30_000, DAY, 60_000)
    weight = hours[at // HOUR] / hours[at // HOUR].sum()
    days = np.arange(1, 32)
    before = [[delay_share(ConversionDelay(), max(day - one / DAY, 0.0)) for one in at[::20]] for day in days]
    return np.diff(np.array(before) @ (weight[::20] / weight[::20].sum()), prepend=0.0)


@pytest.mark.parametrize(("owner", "window"), [("brand", 7), ("agency", 28), ("second", 1)])
def test_own_orders_inside_the_window_are_claimed(owner: str, window: int) -> None:
    run = count(quiet(), 7)
    number = run.numbering.ad_groups.index(f"{owner}_group")
    orders = int(run.paid[number].followed.orders.sum())
    share = delay_share(ConversionDelay(), window)
    close(run.credit[number].claims[4].sum(), share * orders, np.sqrt(share * (1 - share) * orders))


def test_own_orders_stand_on_the_days_of_click_and_order() -> None:
    """Conversions by interaction day and event day together, against the kernel's own sum over minutes."""
    totals = np.zeros((4, 8))
    clicks = np.zeros(4)
    for replication in range(4):
        run = count(quiet(days=12), 7, replication)
        number = run.numbering.ad_groups.index("brand_group")
        totals += run.credit[number].claims[4][:4, :8]
        clicks += np.bincount(run.paid[number].rows.cell, weights=run.paid[number].clicks, minlength=4)[:4]
    # The eighth lag is cut by the window inside of the cell, so it is left to the test of the window.
    expected = clicks[:, np.newaxis] / 2 * _share_by_lag(run)[np.newaxis, :7]
    chi_square_fits(totals[:, :7].ravel().astype(np.int64), expected.ravel())


@pytest.mark.parametrize("visits", [10, 100, 1000])
def test_people_behind_visits_are_counted_once(visits: int) -> None:
    """0.02, 0.2 and 2 visits a person, thrown at people one by one."""
    rng, runs = np.random.default_rng(5), 4000
    thrown = np.sort(rng.integers(0, 500, size=(runs, visits)), axis=1)
    drawn = 1 + np.count_nonzero(np.diff(thrown, axis=1), axis=1)
    spread = float(people_spread(np.array(float(visits)), 500))
    close(float(different_people(np.array(float(visits)), 500)), float(drawn.mean()), drawn.std() / np.sqrt(runs))
    # The logarithm of a standard deviation of n numbers scatters by 1 / sqrt(2 n); fewer than 500 people add 1 %.
    assert abs(np.log(spread / drawn.std())) < 0.01 + SIGMAS / np.sqrt(2 * runs)


@pytest.mark.parametrize("people", [30_000, 1_500])
def test_audiences_vary_as_much_as_people_do(people: int) -> None:
    """Poisson visits of independent people: a binomial number of them has come at all."""
    site = {"organic_sessions": 400.0, "people": people, "order_rate": 0.0}
    capture = {**CLEAR, "untrackable_people": 0.0}
    made = small(days=8, capture=capture, site=site, traffic={"delivery": []})
    visitors = AudienceSpec(id="visitors", account="acc_brand", name="visitors", pixel=SMALL_PIXEL)
    made = made.replace(structure=made.structure.replace(audiences=(visitors,)))
    sizes = np.array([audience_days(count(made, 3, n))[-1].people for n in range(100)], dtype=np.float64)
    share = -np.expm1(-400 * 8 / people)
    expected, sigma = people * share, np.sqrt(people * share * (1 - share))
    close(float(sizes.mean()), expected, sigma / np.sqrt(100))
    assert abs(np.log(sizes.std(ddof=1) / sigma)) < np.log(1.1) + SIGMAS / np.sqrt(200)


def test_audiences_count_once_who_clicks_and_orders_later() -> None:
    """Each click is somebody else's; whoever lands and comes back with an order is one person with two visits."""
    made = quiet(days=8, landing_share=0.7).vary("traffic.delay.limit_days", 3.0)
    made = made.vary("traffic.sites[shop].capture.untrackable_people", 0.0)
    specs = {
        event: AudienceSpec(id=event, account="acc_brand", name=event, pixel=SMALL_PIXEL, event=event)
        for event in ("PageView", "ViewContent", "Purchase")
    }
    made = made.replace(structure=made.structure.replace(audiences=tuple(specs.values())))
    run = count(made, 3)
    clicks = sum(int(paid.clicks.sum()) for paid in run.paid.values())
    found = {day.audience: day.people or 0 for day in audience_days(run) if day.at == 8 * DAY}
    view = made.traffic.sites[0].funnel.view
    # Half of the clicks order: so many come at all, so many look at a product, and so many buy.
    for event, share in (("PageView", 0.7 + 0.3 * 0.5), ("ViewContent", 0.5 + 0.5 * 0.7 * view), ("Purchase", 0.5)):
        close(found[event], share * clicks, np.sqrt(share * (1 - share) * clicks))


def test_all_own_orders_are_claimed_where_none_waits_as_long_as_the_window() -> None:
    """No order comes later than three days after its click, and windows reach 28 days."""
    run = count(quiet(days=8).vary("traffic.delay.limit_days", 3.0), 3)
    for owner in ("brand", "agency"):
        number = run.numbering.ad_groups.index(f"{owner}_group")
        orders = int(run.paid[number].followed.orders.sum())
        assert run.credit[number].claims[4].sum() == orders > 0


@pytest.mark.parametrize("resends", [False, True])
def test_page_views_of_people_whom_no_pixel_hears_are_sent_once_each(resends: bool) -> None:
    """With one navigation a session on average a session has two page views, and one more where each is sent again."""
    capture = {"navigations": 1.0, "resends_previous": resends, "blocked_people": 0.5}
    given = small(days=20, capture=capture, site={"organic_sessions": 2000.0}, delivery={"daily_budget": 0.0})
    run = count(given, 3)
    sessions = int(run.sessions.sum())
    sent = int(run.copies[0, :, 0, HOPS.index("sent")].sum())
    # The variance of a geometric number with mean 1 is 2, and four times that where each navigation is a view twice.
    expected, variance = (3, 8) if resends else (2, 2)
    assert abs(sent - expected * sessions) < 4 * np.sqrt(variance * sessions)
