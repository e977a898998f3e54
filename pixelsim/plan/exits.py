"""Compare the two exit policies of agencies, off or leave, over the time a client takes to react (P31)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import pandas as pd

from pixelsim.base.clock import days
from pixelsim.plan.costs import Cost, CostCase, CostKind, Estimator, price
from pixelsim.plan.goals import NOBODY, UserState
from pixelsim.plan.people import who_can
from pixelsim.plan.precheck import end_access
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.engine import apply
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.status import is_delivering
from pixelsim.world.world import World

__all__ = ["exit_policies"]

COLUMNS = (
    "policy",
    "lag_days",
    "unshare",
    "currency",
    "unattributed_spend",
    "unattributed_conversions",
    "lost_conversions",
)


def exit_policies(
    world: World,
    pixel: str,
    *,
    from_: str,
    exit_at: int,
    lags: Sequence[float],
    rulebook: Rulebook,
    estimator: Estimator | None,
) -> pd.DataFrame:
    """Compare leaving with everything off and leaving everything as it is.

    Under ``off`` all that delivers or would start is switched off at the exit, then the pixel is unshared: nothing is
    spent unapproved, and the client does without delivery until it reacts. Under ``leave`` the pixel is unshared and
    nothing is stopped.

    Parameters
    ----------
    world
        The state before the exit.
    pixel
        Code of the pixel.
    from_
        Id of the partner's Business Center, or of one ad account.
    exit_at
        When the contract ends, in ms since the scenario's start.
    lags
        Days from the exit until the client reacts, each at least 0.
    rulebook
        Unshare policy and settings.
    estimator
        Who prices spend and conversions; without one they are missing.

    Returns
    -------
    DataFrame
        One row for each policy, lag and currency: policy (``off``, ``leave``), lag_days, unshare (the decision),
        currency, unattributed_spend (whole smallest units), unattributed_conversions, lost_conversions (those that do
        not come because delivery stands still); NaN where the unshare was refused or nothing was estimated.
    """
    goal = end_access(world, pixel, from_)
    users = [user for user in goal.users(world, exit_at) if user.state in {UserState.DELIVERING, UserState.SCHEDULED}]
    groups = tuple(user.id for user in users if user.kind == "ad_group")
    accounts = tuple(sorted({user.account for user in users}))
    owner = world.pixels[pixel].owner_bc or NOBODY
    end: Action = (
        do.UnsharePixel(actor=NOBODY, bc=owner, pixel=pixel, partner=from_)
        if goal.partner is not None
        else do.UnlinkPixel(actor=NOBODY, bc=owner, pixel=pixel, account=from_)
    )
    stopped = world
    for group in groups:
        stopped, _ = _by_anyone(
            stopped, do.Switch(actor=NOBODY, kind="ad_group", id=group, to="off"), rulebook, exit_at
        )
    rows: list[dict[str, object]] = []
    for policy, before in (("off", stopped), ("leave", world)):
        after, decision = _by_anyone(before, end, rulebook, exit_at)
        halted = tuple(group for group in groups if not is_delivering(after, group, _first(after, group, exit_at)))
        case = CostCase(
            kind=CostKind.UNATTRIBUTED_SPEND, pixel=pixel, accounts=accounts, ad_groups=groups, start=exit_at
        )
        for lag in lags:
            spent = lost = None
            if decision.allowed:
                spent = price(estimator, after, dataclasses.replace(case, end=exit_at + days(lag)))
                still = dataclasses.replace(case, kind=CostKind.LOST_DELIVERY, ad_groups=halted)
                lost = price(estimator, after, dataclasses.replace(still, end=exit_at + days(lag)))
            shared = {
                "policy": policy,
                "lag_days": float(lag),
                "unshare": "done" if decision.allowed else str(decision),
            }
            rows.extend({**shared, **row} for row in _amounts(spent, lost, _currencies(world, accounts)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _first(world: World, ad_group: str, at: int) -> int:
    """Give the first instant from ``at`` on at which an ad group's schedule lets it deliver."""
    return max(at, world.ad_groups[ad_group].start)


def _currencies(world: World, accounts: tuple[str, ...]) -> list[str]:
    return sorted({world.ad_accounts[account].currency for account in accounts}) or [""]


def _by_anyone(world: World, action: Action, rulebook: Rulebook, at: int) -> tuple[World, Decision]:
    """Let the first person do an action whom the rules let; else give the clearest refusal."""
    candidates = who_can(world, action, rulebook, at)
    for candidate in candidates:
        if candidate.decision.allowed:
            return apply(world, candidate.action, rulebook, at).world, candidate.decision
    blocked = [candidate.decision for candidate in candidates if candidate.decision.blocking]
    return world, (blocked or [candidate.decision for candidate in candidates])[0]


def _amounts(spent: Cost | None, lost: Cost | None, currencies: list[str]) -> list[dict[str, object]]:
    amounts = None if spent is None or spent.spend is None else dict(spent.spend)
    return [
        {
            "currency": currency,
            "unattributed_spend": math.nan if amounts is None else float(amounts.get(currency, 0)),
            "unattributed_conversions": _number(None if spent is None else spent.conversions),
            "lost_conversions": _number(None if lost is None else lost.conversions),
        }
        for currency in currencies
    ]


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
