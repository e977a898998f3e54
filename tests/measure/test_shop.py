"""The shop's books: products, markets and refunds recounted from the orders and the log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.scenarios import small
from pixelsim.base.errors import InputError
from pixelsim.measure import by_market, by_product, double_counting, outcomes, shop_ledger
from pixelsim.traffic.simulate import Simulation, simulate

SITE: dict[str, Any] = {
    "refund_share": 0.3,
    "refund_days": 4.0,
    "products": [
        {"name": "shirt", "share": 0.7, "value": {"median": 20.0, "sigma": 0.0}},
        {"name": "coat", "share": 0.3, "value": {"median": 100.0, "sigma": 0.0}, "refund_share": 0.0},
    ],
    "markets": [
        {"name": "Japan", "share": 0.5, "utc_offset": "+09:00"},
        {"name": "Brazil", "share": 0.5, "utc_offset": "-03:00"},
    ],
}


@pytest.fixture(scope="module")
def sold() -> Simulation:
    capture = {"blocked_people": 0.4, "junk": {"preview_sessions": 5.0, "bots": 0.1}}
    return simulate(small(websites=("shop", "outlet"), site=SITE, capture=capture), 5)


def outcome(run: Simulation, name: str, item: str = "all sites") -> float:
    table = outcomes(run)
    (value,) = table.loc[(table["outcome"] == name) & (table["object"] == item), "value"]
    return float(value)


def test_values_are_prices_times_orders(sold: Simulation) -> None:
    table = by_product(sold)
    assert list(table["product"]) == ["shirt", "coat", "shirt", "coat"]
    price = table["product"].map({"shirt": 20.0, "coat": 100.0})
    assert (table["value"] == price * table["orders"]).all()
    assert (table["value seen"] == price * table["orders seen"]).all()
    assert (table["net value"] == price * (table["orders"] - table["orders refunded"])).all()
    assert (table.loc[table["product"] == "coat", "orders refunded"] == 0).all()
    assert (table.loc[table["product"] == "shirt", "orders refunded"] > 0).all()
    assert table["orders"].sum() == len(sold.orders)


def test_orders_seen_are_those_whose_purchase_event_the_log_has(sold: Simulation) -> None:
    log = sold.log
    heard = set(log.key[(log.event == 4) & (log.loss == 0)].tolist())
    seen = sum(key in heard for key in sold.orders.key.tolist())
    for table in (by_product(sold), by_market(sold)):
        assert table["orders seen"].sum() == seen < table["orders"].sum() == len(sold.orders)


def test_markets_and_nobodys_visits_add_up(sold: Simulation) -> None:
    table = by_market(sold)
    assert list(table["market"]) == ["Japan", "Brazil", "", "Japan", "Brazil", ""]
    assert table.groupby("website")["sessions"].sum().to_dict() == dict(
        zip(sold.numbering.sites, sold.sessions.tolist(), strict=True)
    )
    assert (table.loc[table["market"] == "", "orders"] == 0).all()
    assert (table["sessions"] > 0).all()


def test_a_site_without_parts_has_one_row_of_each() -> None:
    run = simulate(small(), 5)
    for table, part in ((by_product(run), "product"), (by_market(run), "market")):
        assert table[["website", part, "orders"]].to_numpy().tolist() == [["shop", "", len(run.orders)]]
    assert by_market(run)["sessions"].tolist() == run.sessions.tolist()
    assert not set(outcomes(run)["outcome"]) & {"net orders", "order value", "orders of a product"}


def test_outcomes_net_of_refunds_stand_beside_the_claims(sold: Simulation) -> None:
    kept = int(np.count_nonzero(sold.orders.refund_at < 0))
    assert outcome(sold, "net orders") == kept < outcome(sold, "orders")
    assert outcome(sold, "order value") == by_product(sold)["value"].sum()
    assert outcome(sold, "net order value") == by_product(sold)["net value"].sum()
    assert outcome(sold, "orders of a market", "Japan (shop)") == by_market(sold)["orders"].iloc[0]
    table = double_counting(sold)["value"]
    spend = sum(part.spend for part in sold.shown) / 100
    assert table["cost for each true"] == pytest.approx(spend / len(sold.orders))
    assert table["cost for each true, net of refunds"] == pytest.approx(spend / kept)


def test_the_ledger_has_each_refund_on_its_own_day(sold: Simulation) -> None:
    """P106 and P107: over all months both bases agree; by month they part."""
    ledger = shop_ledger(sold)
    orders = sold.orders
    refunded = orders.refund_at >= 0
    assert ledger.gross == orders.value.sum()
    assert ledger.refunded == orders.value[refunded].sum()
    start = pd.Timestamp(sold.scenario.start).tz_localize(None)
    days = (start + pd.to_timedelta(orders.refund_at[refunded], unit="ms")).floor("D")
    assert sorted(ledger.refund_day.astype("datetime64[ns]").tolist()) == sorted(
        days.to_numpy().astype("datetime64[ns]").tolist()
    )
    by_order, by_refund = ledger.by_month("order"), ledger.by_month("refund")
    assert by_order["net"].sum() == pytest.approx(by_refund["net"].sum())


def test_currencies_are_never_added() -> None:
    given = small(websites=("shop", "outlet"), site={"refund_share": 0.5}, days=2).vary(
        "traffic.sites[outlet].currency", "JPY"
    )
    run = simulate(given, 5)
    with pytest.raises(InputError, match="one of JPY, USD"):
        shop_ledger(run)
    yen, dollars = shop_ledger(run, "JPY"), shop_ledger(run, "USD")
    assert len(yen.order_amount) + len(dollars.order_amount) == len(run.orders)
    table = outcomes(run)
    value = table[table["outcome"] == "order value"].set_index("unit")["value"]
    assert value.to_dict() == {"JPY": float(yen.gross), "USD": dollars.gross / 100}
