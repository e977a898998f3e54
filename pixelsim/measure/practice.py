"""What sharing is claimed to bring, measured: Q1 learning, Q2 audiences, Q3 reporting, Q4 pages, Q5 consistency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd

from pixelsim.base.money import to_major
from pixelsim.measure.outcomes import PURCHASE, outcome_values
from pixelsim.traffic.log import Fate
from pixelsim.traffic.simulate import Simulation
from pixelsim.world.queries import accounts_of_pixel
from pixelsim.world.world import World

__all__ = ["claims_measured", "consistency", "consistency_rows", "double_counting"]


def _mean(simulation: Simulation, outcome: str) -> float:
    """Average an outcome over its objects, those without a value left out; NaN where none has one."""
    values = [o.value for o in outcome_values(simulation) if o.outcome == outcome]
    known = [v for v in values if v == v]  # noqa: PLR0124 - NaN is the one value that differs from itself
    return float(np.mean(known)) if known else float("nan")


def claims_measured(simulation: Simulation) -> pd.DataFrame:
    """Measure the claims Q1 to Q5 in one replication.

    Returns
    -------
    DataFrame
        Columns ``claim``, ``measure``, ``value`` (NaN where nothing can be measured), ``unit`` and ``better``
        (``lower`` or ``higher``).
    """
    rows = [
        *_reporting(simulation),
        *_page_weight(simulation),
        *(("Q5", *row) for row in consistency(simulation.history.now).itertuples(index=False)),
    ]
    learning = ("Q1", "days in learning, mean of new ad groups", _mean(simulation, "days in learning"), "days", "lower")
    usable = ("Q2", "days until usable, mean of audiences", _mean(simulation, "days until usable"), "days", "lower")
    columns = ["claim", "measure", "value", "unit", "better"]
    return pd.DataFrame([learning, usable, *rows], columns=columns).sort_values(
        "claim", kind="stable", ignore_index=True
    )


def _reporting(simulation: Simulation) -> Iterator[tuple[str, str, float, str, str]]:
    """Q3: tell whether everything is in one place, and whether anything is counted twice."""
    log, numbering = simulation.log, simulation.numbering
    kept = (log.fate == Fate.KEPT) & (log.event == PURCHASE)
    distinct = len(np.unique(log.key[kept]))
    of_pixel = [len(np.unique(log.key[kept & (log.pixel == pixel)])) for pixel in range(len(numbering.pixels))]
    fullest = max(of_pixel, default=0)
    share = fullest / distinct if distinct else float("nan")
    added = int(np.count_nonzero(kept)) / distinct if distinct else float("nan")
    yield "Q3", "share of seen orders in the fullest pixel", share, "share", "higher"
    yield "Q3", "purchases of all pixels over distinct orders seen", added, "times", "lower"
    claimed = double_counting(simulation)
    yield (
        "Q3",
        "claimed conversions over orders in truth",
        float(claimed["value"].loc["claimed over true"]),
        "times",
        "lower",
    )


def double_counting(simulation: Simulation) -> pd.DataFrame:
    """Compare what all accounts and pixels claim together with the shop's books.

    Returns
    -------
    DataFrame
        Index ``claimed conversions``, ``orders in truth``, ``claimed over true``, ``cost for each claimed``,
        ``cost for each true``, ``cost for each true, net of refunds``; columns ``value`` and ``unit``. Costs are
        missing where accounts have several currencies.
    """
    claims = simulation.claims
    claimed = int(np.count_nonzero((claims.event == PURCHASE) & claims.counted))
    orders = len(simulation.orders)
    kept = int(np.count_nonzero(simulation.orders.refund_at < 0))
    accounts = simulation.history.now.ad_accounts
    spend: Counter[str] = Counter()
    for part in simulation.shown:
        account = simulation.numbering.accounts[simulation.numbering.group_account[part.ad_group]]
        spend[accounts[account].currency] += part.spend
    one = next(iter(spend), "") if len(spend) <= 1 else ""
    money = to_major(spend[one], one) if one else float("nan")
    nothing = float("nan")
    rows = {
        "claimed conversions": (float(claimed), "conversions"),
        "orders in truth": (float(orders), "orders"),
        "claimed over true": (claimed / orders if orders else nothing, "times"),
        "cost for each claimed": (money / claimed if claimed else nothing, one or "several currencies"),
        "cost for each true": (money / orders if orders else nothing, one or "several currencies"),
        "cost for each true, net of refunds": (money / kept if kept else nothing, one or "several currencies"),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "unit"])


def _page_weight(simulation: Simulation) -> Iterator[tuple[str, str, float, str, str]]:
    """Q4: tell what pixels weigh on the pages."""
    scenario, world = simulation.scenario, simulation.history.now
    sites = {site.website: site.capture for site in scenario.traffic.sites}
    loads = [
        sum(sites[key].loads.get(code, 1) if key in sites else 1 for code in site.pixels)
        for key, site in sorted(world.websites.items())
    ]
    weight = [
        count * (sites[key].weight.milliseconds_per_pixel if key in sites else 0.0)
        for count, key in zip(loads, sorted(world.websites), strict=True)
    ]
    lost, stayed = int(simulation.lost_sessions.sum()), int(simulation.sessions.sum())
    yield "Q4", "pixels on a page, mean of sites", float(np.mean(loads)) if loads else float("nan"), "pixels", "lower"
    yield "Q4", "load time added to a page", float(np.mean(weight)) if weight else float("nan"), "ms", "lower"
    yield "Q4", "events sent", float(len(simulation.log)), "requests", "lower"
    yield "Q4", "sessions lost to load time", lost / max(lost + stayed, 1), "share", "lower"


def consistency(world: World) -> pd.DataFrame:
    """Q5: how many places have to be configured, and how far one edit reaches.

    Returns
    -------
    DataFrame
        Columns ``measure``, ``value``, ``unit`` and ``better``.
    """
    return pd.DataFrame(consistency_rows(world), columns=["measure", "value", "unit", "better"])


def consistency_rows(world: World) -> list[tuple[str, float, str, str]]:
    """Give the rows of `consistency`: measure, value, unit, and which way is better."""
    settings = Counter(
        (p.first_party_cookies, p.advanced_matching, p.events, p.statistic_type) for p in world.pixels.values()
    )
    reached = [len(accounts_of_pixel(world, code)) for code in sorted(world.pixels)]
    definitions = Counter((a.event, a.look_back_days) for a in world.audiences.values() if not a.deleted)
    pixels = {
        key: len({a.pixel for a in world.audiences.values() if (a.event, a.look_back_days) == key and not a.deleted})
        for key in definitions
    }
    return [
        ("pixels to configure", float(len(world.pixels)), "pixels", "lower"),
        (
            "ad accounts that an edit reaches, mean of pixels",
            float(np.mean(reached)) if reached else 0.0,
            "accounts",
            "higher",
        ),
        ("set-ups that differ between pixels", float(max(len(settings) - 1, 0)), "set-ups", "lower"),
        ("pixels behind equal audiences, most", float(max(pixels.values(), default=0)), "pixels", "lower"),
    ]
