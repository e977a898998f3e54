"""The outcomes that decide: spend after access ended, conversions lost to attribution, orders in truth and as seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.base.clock import DAY
from pixelsim.base.money import to_major
from pixelsim.measure.shop import by_market, by_product, shop_value
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.learning import Phase
from pixelsim.traffic.log import Fate
from pixelsim.traffic.simulate import Simulation

__all__ = ["OUTCOMES", "Outcome", "conservation", "outcome_values", "outcomes"]

PURCHASE = EVENT_NAMES.index("Purchase")

OUTCOMES = {
    "spend": "spend of the account",
    "orphaned spend": "spend after the account's access to its ad group's pixel had ended",
    "blind days": "days on which the account spent without access",
    "conversions attributed": "purchases that count as conversions of the account",
    "conversions lost to attribution": "purchases that a touch of the account would have earned, had access not ended",
    "days in learning": "days on which an ad group delivered and had not settled",
    "days until usable": "days from building an audience until it can be targeted; missing where it never could",
    "orders": "orders in truth",
    "orders seen": "orders whose purchase event reached a pixel",
    "share of orders seen": "orders seen over orders in truth",
    "net orders": "orders in truth that are not refunded, whenever the refunds come",
    "order value": "value of the orders in truth",
    "net order value": "value of the orders in truth that are not refunded",
    "orders of a product": "orders in truth of one product of a website",
    "orders of a market": "orders in truth of the people of one market of a website",
    "refused actions": "actions that the rules refused",
}
"""Every outcome by name, with its meaning."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of one replication; ``plane`` says whether it comes from the truth or from what was observed."""

    outcome: str
    object: str
    value: float
    unit: str
    plane: str


def _of_accounts(simulation: Simulation) -> Iterator[Outcome]:
    numbering, log = simulation.numbering, simulation.log
    accounts = simulation.history.now.ad_accounts
    by_account: dict[str, list[tuple[int, int, bool]]] = {}
    for part in simulation.shown:
        account = numbering.accounts[numbering.group_account[part.ad_group]]
        by_account.setdefault(account, []).append((part.day, part.spend, part.authorised))
    purchase = log.event == PURCHASE
    claims = simulation.claims
    for number, account in enumerate(numbering.accounts):
        parts = by_account.get(account, [])
        currency = accounts[account].currency
        orphaned = [(day, spend) for day, spend, authorised in parts if not authorised and spend > 0]
        won = np.count_nonzero((claims.account == number) & (claims.event == PURCHASE) & claims.counted)
        lost = np.count_nonzero((log.refused_account == number) & purchase)
        yield Outcome("spend", account, to_major(sum(s for _, s, _ in parts), currency), currency, "truth")
        yield Outcome("orphaned spend", account, to_major(sum(s for _, s in orphaned), currency), currency, "truth")
        yield Outcome("blind days", account, float(len({day for day, _ in orphaned})), "days", "truth")
        yield Outcome("conversions attributed", account, float(won), "conversions", "observed")
        yield Outcome("conversions lost to attribution", account, float(lost), "conversions", "truth")


def _of_learning(simulation: Simulation) -> Iterator[Outcome]:
    """Count the days in learning of the ad groups that had not learned before the start, or were set back (Q1)."""
    for number, name in enumerate(simulation.numbering.ad_groups):
        phases = simulation.phases[:, number]
        if len(phases) and np.all(phases == Phase.STABLE):
            continue
        group = simulation.history.now.ad_groups.get(name)
        first = group.start if group is not None else 0
        days = {part.at // DAY for part in simulation.shown if part.ad_group == number and part.impressions}
        unsettled = [day for day in days if day < len(phases) and phases[day] != Phase.STABLE]
        if first < simulation.scenario.length:
            yield Outcome("days in learning", name, float(len(unsettled)), "days", "truth")


def _of_audiences(simulation: Simulation) -> Iterator[Outcome]:
    """Count the days until each audience could be targeted (Q2); NaN where it never could."""
    audiences = simulation.history.now.audiences
    for name in sorted(audiences):
        usable = [day.at for day in simulation.audiences if day.audience == name and day.usable]
        wait = (usable[0] - audiences[name].built_at) / DAY if usable else float("nan")
        yield Outcome("days until usable", name, wait, "days", "observed")


def _of_shops(simulation: Simulation) -> Iterator[Outcome]:
    """Give what the shops' own books say, as far as the scenario tells refunds, products and markets apart."""
    sites = simulation.scenario.traffic.sites
    if any(s.refund_share > 0 or any(p.refund_share for p in s.products) for s in sites):
        kept = int(np.count_nonzero(simulation.orders.refund_at < 0))
        yield Outcome("net orders", "all sites", float(kept), "orders", "truth")
        for currency, gross, net in shop_value(simulation):
            yield Outcome("order value", "all sites", to_major(gross, currency), currency, "truth")
            yield Outcome("net order value", "all sites", to_major(net, currency), currency, "truth")
    if any(site.products for site in sites):
        yield from _parts("product", by_product(simulation))
    if any(site.markets for site in sites):
        yield from _parts("market", by_market(simulation))


def _parts(kind: str, table: pd.DataFrame) -> Iterator[Outcome]:
    for website, name, count in zip(table["website"], table[kind], table["orders"], strict=True):
        if name:
            yield Outcome(f"orders of a {kind}", f"{name} ({website})", float(count), "orders", "truth")


def outcome_values(simulation: Simulation) -> list[Outcome]:
    """Give every outcome of one replication, in a fixed order.

    The share of orders seen is missing (NaN) where there was no order.
    """
    orders = len(simulation.orders)
    seen = int(np.count_nonzero(simulation.orders.seen))
    refused = sum(record.decision.refused for record in simulation.history.records)
    return [
        *_of_accounts(simulation),
        *_of_learning(simulation),
        *_of_audiences(simulation),
        Outcome("orders", "all sites", float(orders), "orders", "truth"),
        Outcome("orders seen", "all sites", float(seen), "orders", "observed"),
        Outcome("share of orders seen", "all sites", seen / orders if orders else float("nan"), "share", "truth"),
        *_of_shops(simulation),
        Outcome("refused actions", "all people", float(refused), "actions", "observed"),
    ]


def outcomes(simulation: Simulation) -> pd.DataFrame:
    """Give the outcomes as a table with columns ``outcome``, ``object``, ``value``, ``unit`` and ``plane``."""
    return pd.DataFrame(
        [(o.outcome, o.object, o.value, o.unit, o.plane) for o in outcome_values(simulation)],
        columns=["outcome", "object", "value", "unit", "plane"],
    )


def conservation(simulation: Simulation) -> pd.DataFrame:
    """Give the totals at every hop, by pixel: sent, lost, received, kept, merged, dropped, attributed, unattributed."""
    log = simulation.log
    rows = []
    for number, pixel in enumerate(simulation.numbering.pixels):
        here = log.pixel == number
        fate = np.bincount(log.fate[here], minlength=len(Fate))
        reason = log.reason[here & (log.fate == Fate.KEPT)]
        rows.append(
            {
                "pixel": pixel,
                "sent": int(here.sum()),
                "lost": int(fate[Fate.LOST]),
                "received": int(here.sum() - fate[Fate.LOST]),
                "kept": int(fate[Fate.KEPT]),
                "merged": int(fate[Fate.MERGED]),
                "dropped": int(fate[Fate.DUPLICATE] + fate[Fate.REPEAT]),
                "attributed": int(np.count_nonzero(reason == Reason.CREDITED)),
                "not counted again": int(np.count_nonzero(reason == Reason.NOT_COUNTED_AGAIN)),
                "access ended": int(np.count_nonzero(reason == Reason.ACCESS_ENDED)),
                "outside window": int(np.count_nonzero(reason == Reason.OUTSIDE_WINDOW)),
                "no touch": int(np.count_nonzero(reason == Reason.NO_TOUCH)),
            }
        )
    return pd.DataFrame(rows)
