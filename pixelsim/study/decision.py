"""Which option to take: what each is expected to cost, and how often it is the best."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError, UnknownNameError
from pixelsim.study.compare import Comparison
from pixelsim.study.responses import ACCESS
from pixelsim.study.statistics import Floats
from pixelsim.study.thresholds import rank_costs

__all__ = ["decide"]

ORPHANED, LOST = "orphaned spend", "conversions lost to attribution"


def decide(
    comparison: Comparison,
    *,
    conversion_value: float,
    delay_cost_per_day: float = 0.0,
    accounts: str | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Rank compared scenarios by what they are expected to cost.

    The cost of a replication is the orphaned spend, plus the value of the conversions lost to attribution, plus the
    cost of every day on which access has not ended yet.

    Parameters
    ----------
    comparison
        The options, run on the same random numbers.
    conversion_value
        What a lost conversion is worth, in the currency of the accounts, at least 0.
    delay_cost_per_day
        What a day costs on which one of the accounts still has access to a pixel of others, in the same currency, at
        least 0. Days of several accounts are not added up: the account that has access longest counts.
    accounts
        Ids of the ad accounts that count, all of one currency; all of them by default.
    confidence
        Probability in (0, 1) for the intervals.

    Returns
    -------
    DataFrame
        By option, the cheapest first: the columns of :func:`pixelsim.study.rank_costs`, and the three parts of the
        expected cost as ``orphaned_spend``, ``lost_conversions`` and ``delay``.

    Raises
    ------
    UnknownNameError
        An account does not exist.
    InputError
        A value is negative or not finite, the accounts have several currencies, or no replication is complete.
    """
    _check_costs(conversion_value=conversion_value, delay_cost_per_day=delay_cost_per_day)
    chosen = _accounts(comparison, accounts)
    currency = _currency(comparison, chosen)
    parts = {
        "orphaned_spend": _values(comparison, ORPHANED, chosen).sum(axis=2),
        "lost_conversions": conversion_value * _values(comparison, LOST, chosen).sum(axis=2),
        "delay": delay_cost_per_day * _values(comparison, ACCESS, chosen).max(axis=2),
    }
    total = np.sum(list(parts.values()), axis=0)
    ranked = rank_costs(
        pd.DataFrame(total.T, index=pd.Index(comparison.names, name="option")),
        confidence,
        unit=currency,
    )
    complete = ~np.isnan(total).any(axis=1)
    for name, values in parts.items():
        ranked[name] = pd.Series(values[complete].mean(axis=0), index=list(comparison.names))
    return ranked


def _check_costs(**costs: float) -> None:
    faults = [
        Fault("$", name, str(cost), "a finite amount of at least 0", "give it in the currency of the accounts")
        for name, cost in costs.items()
        if not (math.isfinite(cost) and cost >= 0)
    ]
    if faults:
        raise InputError("decide", faults)


def _accounts(comparison: Comparison, accounts: str | Sequence[str] | None) -> list[str]:
    names = comparison.responses
    known = sorted(names["object"][names["response"] == ORPHANED])
    if accounts is None:
        return known
    asked = [accounts] if isinstance(accounts, str) else list(accounts)
    for account in asked:
        if account not in known:
            raise UnknownNameError("ad account", account, known)
    return asked


def _currency(comparison: Comparison, accounts: Sequence[str]) -> str:
    names = comparison.responses
    rows = names[(names["response"] == ORPHANED) & names["object"].isin(accounts)]
    currencies = sorted(set(rows["unit"]))
    if len(currencies) != 1:
        raise InputError.single(
            "decide",
            field="accounts",
            value=", ".join(accounts) or "none",
            rule=f"accounts of one currency, not of {', '.join(currencies) or 'none'}",
            remedy="name the accounts that count, and decide for each currency alone",
        )
    return str(currencies[0])


def _values(comparison: Comparison, response: str, accounts: Sequence[str]) -> Floats:
    """Give a response of the accounts, shape (replications, options, accounts)."""
    names = comparison.responses
    position = {thing: i for i, thing in enumerate(names["object"]) if names["response"].iloc[i] == response}
    return comparison.values[:, :, [position[account] for account in accounts]]
