"""Whether the parts of a scenario's traffic fit together, and the plan: markets, shared people, raised budgets."""

from __future__ import annotations

from collections.abc import Iterator

from pixelsim.base.errors import Fault, nearest
from pixelsim.scenario.plan import Plan
from pixelsim.scenario.traffic import SiteTraffic, Traffic
from pixelsim.sharing.actions import EditAdGroup

__all__ = ["traffic_faults"]


def traffic_faults(traffic: Traffic, plan: Plan) -> Iterator[Fault]:
    """List what does not fit together, each fault with its place, the rule and a remedy.

    Parameters
    ----------
    traffic
        Sites and delivery; references that lead nowhere are passed over.
    plan
        What people do, of which edits of budgets matter.
    """
    yield from _empty_markets(traffic)
    yield from _populations(traffic)
    yield from _unknown_markets(traffic)
    yield from _envelopes(traffic, plan)


def _empty_markets(traffic: Traffic) -> Iterator[Fault]:
    for i, site in enumerate(traffic.sites):
        for j, market in enumerate(site.markets):
            if market.share * site.people < 1:
                place = f"$.traffic.sites[{i}].markets[{j}].share"
                rule = f"a share that is at least one of the site's {site.people} people"
                yield Fault(place, "share", f"{market.share:g}", rule, "raise people or the share, or leave it out")


def _populations(traffic: Traffic) -> Iterator[Fault]:
    """Find sites of the same people that divide them in different ways, where somebody would live in two markets."""
    first: dict[str, SiteTraffic] = {}
    for i, site in enumerate(traffic.sites):
        other = first.setdefault(site.population or site.website, site)
        if not (site.markets or other.markets) or _division(site) == _division(other):
            continue
        rule = f"of the same people and markets as website {other.website}, which has the same population"
        remedy = "give both the same people, and markets with the same names and shares in the same order"
        yield Fault(f"$.traffic.sites[{i}].markets", "population", site.population or site.website, rule, remedy)


def _division(site: SiteTraffic) -> tuple[int, tuple[tuple[str, float], ...]]:
    return site.people, tuple((market.name, market.share) for market in site.markets)


def _unknown_markets(traffic: Traffic) -> Iterator[Fault]:
    markets = {site.website: [market.name for market in site.markets] for site in traffic.sites}
    for i, delivery in enumerate(traffic.delivery):
        known = markets.get(delivery.website, [])
        if not delivery.market or delivery.market in known:
            continue
        close = nearest(delivery.market, known)
        remedy = f"write {' or '.join(close)}" if close else "add it to the site's markets, or leave it out"
        rule = f"a market of website {delivery.website}"
        yield Fault(f"$.traffic.delivery[{i}].market", "market", delivery.market, rule, remedy)


def _envelopes(traffic: Traffic, plan: Plan) -> Iterator[Fault]:
    """Find budgets that the plan may raise beyond what is drawn for them, if every raise comes to pass."""
    most: dict[str, float] = {}
    for step in plan.steps:
        match step.action:
            case EditAdGroup(ad_group=group, budget_factor=float() | int() as factor) if factor > 1:
                most[group] = most.get(group, 1.0) * factor
            case _:
                pass
    for i, delivery in enumerate(traffic.delivery):
        needed = most.get(delivery.ad_group, 1.0)
        if needed > delivery.budget_envelope * (1 + 1e-9):
            rule = f"at least {needed:g}, to which the plan may raise the budget"
            remedy = "set it so here and in every variant that is compared"
            place = f"$.traffic.delivery[{i}].budget_envelope"
            yield Fault(place, "budget_envelope", f"{delivery.budget_envelope:g}", rule, remedy)
