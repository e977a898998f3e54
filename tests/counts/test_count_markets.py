"""Markets in counts: clocks and people of their own, and ad groups that reach one market only."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np
import pytest
from count_worlds import CLICKS_A_DAY, FOLLOWED, alike
from scipy import stats

from benchmarks.scenarios import SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.streams import Streams
from pixelsim.counts import Counts, count
from pixelsim.counts.audiences import audience_days
from pixelsim.counts.markets import deal, regions_of
from pixelsim.counts.tally import Tally
from pixelsim.scenario import Scenario
from pixelsim.scenario.structure import AudienceSpec

SIGMAS = 4.0
MARKETS: list[dict[str, Any]] = [
    {"name": "Japan", "share": 0.5, "utc_offset": "+09:00", "order_rate": 0.09},
    {"name": "Brazil", "share": 0.3, "utc_offset": "-03:00", "hours": [1.0] * 12 + [5.0] * 12},
    {"name": "France", "share": 0.2, "utc_offset": "+01:00"},
]


def world(
    reached: dict[str, str], touches: float = 1.0, *, site: dict[str, Any] | None = None, **parts: Any
) -> Scenario:
    """Three markets, so many touches a person in seven days; ad groups by owner reach what ``reached`` says."""
    people = round(CLICKS_A_DAY * 7 / touches)
    shop = {"organic_sessions": 1000.0, "people": people, "order_rate": 0.05, "markets": MARKETS, **(site or {})}
    given = {"daily_budget": 60.0, "cpm_sigma": 0.1, "engaged_view_rate": 0.0, "view_rate": 0.0}
    given |= parts.pop("delivery", {})
    made = small(days=parts.pop("days", 10), site=shop, delivery=given, **parts)
    for owner, market in reached.items():
        made = made.vary(f"traffic.delivery[{owner}_group].market", market)
    return made


def won(run: Counts, owner: str) -> np.ndarray:
    return run.credit[run.numbering.ad_groups.index(f"{owner}_group")].claims


def test_each_market_comes_on_its_own_clock() -> None:
    """Sessions by thirds of the UTC day, which accounts' clocks cut, against the hours of each market's clock."""
    hours = [float(hour < 8) for hour in range(24)]
    parts = [{**market, "hours": hours} for market in MARKETS]
    offsets = {"agency": "+08:00", "second": "-08:00"}
    made = small(
        days=40, delivery={"daily_budget": 0.0}, site={"organic_sessions": 900.0, "markets": parts}, offsets=offsets
    )
    run = count(made, 7)
    assert (run.cells.borders[:4] / HOUR).tolist() == [0, 8, 16, 24]
    for source, market, ahead in zip(run.sites[0].sources, MARKETS, (9, -3, 1), strict=True):
        local = (np.arange(24) + ahead) % 24
        weight = np.array(hours)[local].reshape(3, 8).sum(axis=1) / 8
        found, expected = source.sessions.reshape(40, 3).sum(axis=0), weight * 900 * market["share"] * 40
        assert np.all(found[expected == 0] == 0)
        here = expected > 0
        statistic = np.sum((found[here] - expected[here]) ** 2 / expected[here])
        assert stats.chi2.sf(statistic, here.sum()) > stats.norm.sf(SIGMAS)


def test_people_of_markets_are_those_of_the_population() -> None:
    run = count(world({}, capture={"blocked_people": 0.3}), 7)
    site = run.sites[0]
    assert site.sizes.sum() == site.events.traffic.people == sum(m.visitors.people.sum() for m in site.markets)
    assert np.array_equal(site.events.visitors.people, sum(m.visitors.people for m in site.markets))
    for market, size in zip(site.markets, site.sizes.tolist(), strict=True):
        browsing = sum(n for k, n in zip(market.visitors.kinds, market.visitors.people, strict=True) if k.browser)
        share = 0.7 * (1 - site.events.traffic.capture.refusing_people)
        assert abs(browsing - share * size) < SIGMAS * np.sqrt(share * (1 - share) * size)


def test_who_reaches_other_people_takes_nothing_away() -> None:
    """With each ad group in a market of its own, a rival's budget moves nobody; where they share people, it does."""
    apart = {"brand": "Japan", "agency": "Brazil", "second": "France"}
    budget = "traffic.delivery[agency_group].daily_budget"
    for reached, meets in ((apart, False), ({}, True)):
        one, more = (count(world(reached).vary(budget, money), 3) for money in (60.0, 600.0))
        assert won(more, "agency")[4].sum() > won(one, "agency")[4].sum()
        for owner in ("brand", "second"):
            assert np.array_equal(won(one, owner), won(more, owner)) is not meets
        if meets:
            assert won(more, "brand")[4].sum() < 0.9 * won(one, "brand")[4].sum()


def test_parts_of_what_an_ad_group_brings_about_add_up() -> None:
    run = count(world({}), 3)
    number = run.numbering.ad_groups.index("agency_group")
    whole = run.paid[number]
    regions = regions_of("shop", run.sites[0].events.traffic, ["Brazil", ""], run.sites[0].sizes)
    assert [region.markets for region in regions] == [(1,), (0, 2)]
    assert [region.share for region in regions] == pytest.approx([0.3, 0.7], abs=1e-3)
    parts = deal(Streams(3), "agency_group", whole, [region.share for region in regions])
    tallied = [field.name for field in dataclasses.fields(Tally)]
    for name in (*(f"followed.{one}" for one in FOLLOWED), *(f"tally.{one}" for one in tallied)):
        of = operator.attrgetter(name)
        assert np.array_equal(sum(of(part) for part in parts), of(whole)), name
    clicks = whole.followed.touches.sum()
    assert abs(parts[0].followed.touches.sum() - 0.3 * clicks) < SIGMAS * np.sqrt(0.21 * clicks)
    for part in parts:
        assert np.all(part.followed.heard <= part.followed.touches)
        assert np.all(part.followed.landed_once <= part.followed.landed)
        assert np.all(part.tally.late_once <= part.tally.late)


@pytest.mark.parametrize("scope", ["pixel", "account"])
def test_markets_earn_as_with_events(scope: str) -> None:
    """One ad group reaches Japan, one Brazil, and one everybody, at a touch a person."""
    alike(world({"brand": "Japan", "second": "Brazil"}, measurement={"scope": scope}), runs=4)


def test_audiences_of_one_markets_people_fill_up_sooner() -> None:
    """A third of the people, all of whom the ads reach: as many boxes, hit by as many clicks."""
    site = {"organic_sessions": 0.0, "order_rate": 0.0}
    capture = {"blocked_people": 0.0, "refusing_people": 0.0, "untrackable_people": 0.0, "lost_events": 0.0}
    clicked = AudienceSpec(id="clicked", account="acc_brand", name="clicked", pixel=SMALL_PIXEL)
    everyone = {"brand": "Brazil", "agency": "Brazil", "second": "Brazil"}
    for reached, share in (({}, 1.0), (everyone, 0.3)):
        made = world(reached, 2.0, site=site, capture=capture, delivery={"conversion_rate": 0.0})
        run = count(made.replace(structure=made.structure.replace(audiences=(clicked,))), 5)
        people = round(share * run.sites[0].sizes.sum())
        landed = sum(int(paid.tally.sessions.sum()) for paid in run.paid.values())
        expected = people * -np.expm1(-landed / people)
        sigma = np.sqrt(people * np.exp(-landed / people))
        assert abs((audience_days(run)[-1].people or 0) - expected) < SIGMAS * sigma


def test_the_shortest_window_can_be_cut_too() -> None:
    """An ad group whose window is far shorter than others' on its pixel loses access within a day."""
    steps = ending_of("second", stop=5.3, unshare=4.4)
    run = count(small(days=14, steps=steps, policy="continue"), 1)
    cut = run.paid[run.numbering.ad_groups.index("second_group")].rows
    assert np.any((cut.end > 4 * DAY) & (cut.end < 5 * DAY))
    assert won(run, "second")[4].sum() > 0
