"""The shop's books from counts: the rows of events, sums that add up, and values against their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from count_worlds import SIGMAS
from scipy import stats

from benchmarks.scenarios import small
from pixelsim.counts import Counts, count, count_by_market, count_by_product, count_outcomes
from pixelsim.counts.shop import SINGLE, book_of
from pixelsim.measure import by_market, by_product, outcomes
from pixelsim.scenario import Scenario
from pixelsim.traffic.simulate import simulate

SITE: dict[str, Any] = {
    "refund_share": 0.3,
    "products": [
        {"name": "shirt", "share": 0.7, "value": {"median": 20.0, "sigma": 0.0}},
        {"name": "coat", "share": 0.3, "value": {"median": 100.0, "sigma": 0.0}, "refund_share": 0.0},
    ],
    "markets": [
        {"name": "Japan", "share": 0.6, "utc_offset": "+09:00"},
        {"name": "Brazil", "share": 0.4, "utc_offset": "-03:00"},
    ],
}
PRICES = {"shirt": 20.0, "coat": 100.0}


def shops() -> Scenario:
    """Two shops in two currencies, each with two products and two markets, one ad group in one market."""
    capture = {"blocked_people": 0.4, "junk": {"preview_sessions": 5.0, "bots": 0.1}}
    made = small(websites=("shop", "outlet"), site=SITE, capture=capture, delivery={"bots": 0.2})
    made = made.vary("traffic.sites[outlet].currency", "JPY")
    return made.vary("traffic.delivery[agency_group].market", "Japan")


@pytest.fixture(scope="module")
def sold() -> Counts:
    return count(shops(), 5)


def test_books_and_outcomes_have_the_rows_of_events(sold: Counts) -> None:
    events = simulate(shops(), 5)
    for of_events, of_counts, keys in (
        (by_product(events), count_by_product(sold), ["website", "product", "currency"]),
        (by_market(events), count_by_market(sold), ["website", "market", "currency"]),
        (outcomes(events), count_outcomes(sold), ["outcome", "object", "unit", "plane"]),
    ):
        assert [name for name in of_counts.columns if not name.startswith("exactness")] == list(of_events.columns)
        pd.testing.assert_frame_equal(of_counts[keys], of_events[keys])
        assert of_counts.notna().all(axis=None)


def test_a_site_without_parts_has_one_row_of_each() -> None:
    run = count(small(), 5)
    orders, seen = run.orders()
    for table, part in ((count_by_product(run), "product"), (count_by_market(run), "market")):
        assert table[["website", part, "orders", "orders seen"]].to_numpy().tolist() == [["shop", "", orders, seen]]
        assert table["exactness"].tolist() == ["exact"]
    assert count_by_market(run)["sessions"].tolist() == [run.sessions.sum()]
    assert not set(count_outcomes(run)["outcome"]) & {"net orders", "order value", "orders of a product"}


def test_values_are_prices_times_orders(sold: Counts) -> None:
    table = count_by_product(sold)
    price = table["product"].map(PRICES)
    assert (table["value"] == price * table["orders"]).all()
    assert (table["value seen"] == price * table["orders seen"]).all()
    assert (table["net value"] == price * (table["orders"] - table["orders refunded"])).all()
    assert (table.loc[table["product"] == "coat", "orders refunded"] == 0).all()


def test_products_and_markets_add_up_to_the_outcomes(sold: Counts) -> None:
    products, markets = count_by_product(sold), count_by_market(sold)
    found = count_outcomes(sold).set_index(["outcome", "object", "unit"])["value"]
    orders, seen = sold.orders()
    for table in (products, markets):
        assert (table["orders"].sum(), table["orders seen"].sum()) == (orders, seen)
        assert found["net orders", "all sites", "orders"] == orders - table["orders refunded"].sum()
        for currency, mine in table.groupby("currency"):
            assert found["order value", "all sites", currency] == pytest.approx(mine["value"].sum())
            assert found["net order value", "all sites", currency] == pytest.approx(mine["net value"].sum())
    assert found["orders of a market", "Japan (shop)", "orders"] == markets["orders"].iloc[0]
    assert markets.groupby("website")["sessions"].sum().tolist() == sold.sessions.sum(axis=1).tolist()
    assert (markets.loc[markets["market"] == "", "orders"] == 0).all()
    assert (markets["sessions"] > 0).all()


def test_parts_are_as_often_as_their_shares_say() -> None:
    """Products by their shares, refunds by theirs, and orders by people where nobody is reached apart."""
    made = small(days=60, site={**SITE, "organic_sessions": 600.0, "people": 20_000}, delivery={"daily_budget": 40.0})
    run = count(made, 4)
    orders = run.orders()[0]
    products, markets = count_by_product(run).set_index("product"), count_by_market(run).set_index("market")
    refunded = products["orders refunded"]["shirt"], products["orders"]["shirt"], 0.3
    for found, number, share in (
        (products["orders"]["shirt"], orders, 0.7),
        (markets["orders"]["Japan"], orders, 0.6),
        (markets["orders seen"]["Japan"], run.orders()[1], 0.6),
        refunded,
    ):
        assert abs(found - share * number) < SIGMAS * np.sqrt(share * (1 - share) * number)


def dear(sigma: float, sessions: float) -> Scenario:
    site = {"organic_sessions": sessions, "people": 10_000_000, "order_rate": 0.05, "refund_share": 0.0001}
    return small(days=2, site={**site, "value": {"median": 50.0, "sigma": sigma}}, traffic={"delivery": []})


@pytest.mark.parametrize(("sigma", "sessions"), [(0.5, 3_000.0), (0.5, 400_000.0), (1.24, 400_000.0)])
def test_sums_of_values_have_the_mean_and_spread_of_log_normal_ones(sigma: float, sessions: float) -> None:
    """Few values drawn one by one, and many at once: the same formula, over replications."""
    scores = []
    mean = 50 * np.exp(sigma**2 / 2)
    for replication in range(40):
        run = count(dear(sigma, sessions), 3, replication)
        book = book_of(run, run.sites[0])
        orders = book.orders.sum()
        assert (orders > 2 * SINGLE) == (sessions > 10_000)
        assert book.exactness.value == ("approximate" if sessions > 10_000 else "exact")
        scores.append((book.value.sum() / 100 - mean * orders) / (mean * np.sqrt(np.expm1(sigma**2) * orders)))
    assert abs(np.mean(scores)) < SIGMAS / np.sqrt(40)
    tail = stats.norm.sf(SIGMAS)
    assert tail < stats.chi2.sf(np.sum(np.square(scores)), 40) < 1 - tail


def test_sums_too_skewed_for_the_normal_law_are_marked() -> None:
    run = count(dear(2.0, 400_000.0), 3)
    assert book_of(run, run.sites[0]).exactness.value == "outside tested range"
    table = count_outcomes(run).set_index("outcome")["exactness"]
    assert (table["order value"], table["net orders"]) == ("outside tested range", "exact")


def test_orders_of_a_stretch_are_those_of_its_touches(sold: Counts) -> None:
    of_day = sold.cells.of_day
    for name in ("orders of a product", "orders of a market"):
        parts = [count_outcomes(sold, (day * of_day, (day + 1) * of_day)) for day in range(sold.scenario.days)]
        total = sum(table.loc[table["outcome"] == name, "value"].sum() for table in parts)
        assert total == sold.orders()[0]
