"""The comparison of the product with the oracle: everything that both bring forth has to be the same, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from benchmarks.oracle import OracleRun, oracle
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.simulate import Simulation, simulate

__all__ = ["compared", "rows_of"]

CLAIM = ("row", "at", "touch_at", "event", "key", "account", "ad_group", "ad", "kind", "counted")
ORDER = ("key", "at", "touch_at", "person", "value", "seen", "product", "market", "refund_at")
LEDGER = ("impressions", "clicks", "spend")


def rows_of(table: Columns, names: Iterable[str] | None = None) -> list[tuple[int, ...]]:
    """Give a table as tuples."""
    return list(zip(*(getattr(table, name).tolist() for name in names or table.names()), strict=True))


def compared(scenario: Scenario, seed: int = 7) -> tuple[Simulation, list[str]]:
    """Run a scenario in both ways.

    Returns
    -------
    Simulation, list of str
        The product's run, and what differs: the first row of the log, and each of claims, orders, sessions, learning
        and ledger; empty where the two agree.
    """
    found, expected = simulate(scenario, seed=seed), oracle(scenario, seed)
    log, plain = rows_of(found.log), expected.platform.log
    rows = enumerate(zip(log, plain, strict=False))
    told = [f"log row {n}: {row}, but in the oracle {other}" for n, (row, other) in rows if row != other][:1]
    pairs: dict[str, tuple[Any, Any]] = {
        "number of log rows": (len(log), len(plain)),
        "claims": (sorted(rows_of(found.claims, CLAIM)), sorted(expected.platform.claims)),
        "orders": (
            sorted(rows_of(found.orders, ORDER)),
            sorted((key, *order) for key, order in expected.orders.items()),
        ),
        "sessions": (found.sessions.tolist(), expected.sessions),
        "sessions of markets": ([one.tolist() for one in found.market_sessions], expected.market_sessions),
        "learning": (found.phases.tolist(), expected.learning.phases),
        "ledger": (_shown(found), _booked(expected)),
    }
    return found, [
        *told,
        *(f"{name}: {one}, but in the oracle {other}" for name, (one, other) in pairs.items() if one != other),
    ]


def _shown(found: Simulation) -> dict[tuple[int, int, str], int]:
    ledger: Counter[tuple[int, int, str]] = Counter()
    for part in found.shown:
        for name in LEDGER:
            ledger[part.ad_group, part.day, name] += getattr(part, name)
    return {key: amount for key, amount in ledger.items() if amount}


def _booked(expected: OracleRun) -> dict[tuple[int, int, str], int]:
    return {
        (flow.number, day, name): amount
        for flow in expected.flows
        for name in LEDGER
        for day, amount in getattr(flow, name).items()
        if amount
    }
