"""The shop's own books of a run: orders and value by product and by market, in truth and as a pixel saw them, refunds.

No platform hears of refunds (P106), so what was observed is never net of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.base.money import to_major
from pixelsim.measure.domains import sites_of_events
from pixelsim.measure.money import Ledger
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.events import Orders
from pixelsim.traffic.simulate import Simulation

__all__ = ["by_market", "by_product", "shop_ledger", "shop_value"]

COLUMNS = {
    "orders": "orders in truth",
    "orders seen": "orders whose purchase event reached a pixel",
    "orders refunded": "orders whose value is given back, some of them after the end of the run",
    "value": "value of the orders in truth",
    "value seen": "value of the orders whose purchase event reached a pixel",
    "net value": "value of the orders in truth that are not refunded",
}


def _specs(simulation: Simulation) -> Mapping[str, SiteTraffic]:
    return {site.website: site for site in simulation.scenario.traffic.sites}


def _sums(orders: Orders, currency: str) -> dict[str, float | int | str]:
    """Count some orders, and add their values up."""
    kept = orders.refund_at < 0
    money = {
        "value": orders.value.sum(),
        "value seen": orders.value[orders.seen].sum(),
        "net value": orders.value[kept].sum(),
    }
    return {
        "orders": len(orders),
        "orders seen": int(np.count_nonzero(orders.seen)),
        "orders refunded": int(np.count_nonzero(~kept)),
        **{name: to_major(int(minor), currency) for name, minor in money.items()},
        "currency": currency,
    }


def by_product(simulation: Simulation) -> pd.DataFrame:
    """Give the orders and their value by website and product, in truth and as seen.

    Returns
    -------
    DataFrame
        Columns ``website``, ``product`` (empty for a website without products), ``orders``, ``orders seen``, ``orders
        refunded``, ``value``, ``value seen``, ``net value`` (in currency units) and ``currency``. Refunds count
        whenever they come, so that the sums do not depend on when the run ends.
    """
    site, rows = sites_of_events(simulation, simulation.orders.key), []
    for website, spec in _specs(simulation).items():
        here = simulation.orders.take(site == simulation.numbering.sites.index(website))
        for number, name in enumerate([product.name for product in spec.products] or [""]):
            mine = here.take(here.product == number) if spec.products else here
            rows.append({"website": website, "product": name, **_sums(mine, spec.currency)})
    return pd.DataFrame(rows, columns=["website", "product", *COLUMNS, "currency"])


def by_market(simulation: Simulation) -> pd.DataFrame:
    """Give sessions, orders and their value by website and market, in truth and as seen.

    Sessions and orders of a market are those of its people, whether ads led to them or not. Visits that are nobody's
    (previews, pages of others, bots that click ads) have no market.

    Returns
    -------
    DataFrame
        Columns ``website``, ``market`` (empty for what has none), ``sessions``, and those of `by_product`.
    """
    site, rows = sites_of_events(simulation, simulation.orders.key), []
    for website, spec in _specs(simulation).items():
        place = simulation.numbering.sites.index(website)
        here = simulation.orders.take(site == place)
        sessions = simulation.market_sessions[place].tolist()
        nobodys = int(simulation.sessions[place]) - sum(sessions)
        known = [(n, market.name, count) for n, (market, count) in enumerate(zip(spec.markets, sessions, strict=True))]
        if nobodys or not known:
            known.append((-1, "", nobodys))
        for number, name, count in known:
            mine = here.take(here.market == number)
            rows.append({"website": website, "market": name, "sessions": count, **_sums(mine, spec.currency)})
    return pd.DataFrame(rows, columns=["website", "market", "sessions", *COLUMNS, "currency"])


def _orders_in(simulation: Simulation, currency: str) -> Orders:
    specs = _specs(simulation)
    mine = np.array([key in specs and specs[key].currency == currency for key in simulation.numbering.sites])
    return simulation.orders.take(mine[sites_of_events(simulation, simulation.orders.key)])


def shop_value(simulation: Simulation) -> list[tuple[str, int, int]]:
    """Give, by currency, the value of all orders and of those that are not refunded, in smallest units."""
    found = []
    for currency in sorted({site.currency for site in simulation.scenario.traffic.sites}):
        orders = _orders_in(simulation, currency)
        found.append((currency, int(orders.value.sum()), int(orders.value[orders.refund_at < 0].sum())))
    return found


def shop_ledger(simulation: Simulation, currency: str | None = None) -> Ledger:
    """Give the shop's books in one currency, with each order and each refund on its day in UTC (P106, P107).

    Parameters
    ----------
    simulation
        One replication.
    currency
        Which orders are meant; may be left out where all websites sell in the same currency.

    Raises
    ------
    UnknownNameError, InputError
        No website sells in that currency, or several are sold in and none is named.
    """
    chosen = _chosen(currency, sorted({site.currency for site in simulation.scenario.traffic.sites}))
    orders = _orders_in(simulation, chosen)
    refunded = np.flatnonzero(orders.refund_at >= 0)
    clock = simulation.scenario.clock
    return Ledger.of(
        chosen,
        _calendar(clock.day_index(orders.at, 0)),
        orders.value,
        refund_order=refunded,
        refund_day=_calendar(clock.day_index(orders.refund_at[refunded], 0)),
        refund_amount=orders.value[refunded],
    )


def _chosen(currency: str | None, known: list[str]) -> str:
    if currency is None and len(known) != 1:
        raise InputError.single(
            "shop ledger",
            field="currency",
            value="none",
            rule=f"one of {', '.join(known) or 'those that websites sell in'}",
            remedy="name the currency; amounts of several are never added",
        )
    chosen = known[0] if currency is None else currency
    if chosen not in known:
        raise UnknownNameError("currency", chosen, known)
    return chosen


def _calendar(day: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Give days since 1970 as calendar days."""
    return day.astype("datetime64[D]")
