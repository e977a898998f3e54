"""The outcomes that decide, from counts: the same names, objects and units as from events, each with its exactness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, format_offset
from pixelsim.base.money import to_major
from pixelsim.counts.audiences import usable_from
from pixelsim.counts.copies import HOPS
from pixelsim.counts.exactness import Exactness, of_attribution, of_copies, of_sessions, worst
from pixelsim.counts.paid import PaidCounts, days_shown
from pixelsim.counts.result import Counts
from pixelsim.counts.sessions import PURCHASE
from pixelsim.counts.shop import shop_outcomes
from pixelsim.measure.outcomes import Outcome
from pixelsim.traffic.learning import Phase

__all__ = [
    "CountOutcome",
    "count_conservation",
    "count_delivery",
    "count_outcome_values",
    "count_outcomes",
    "count_purchases",
]

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CountOutcome:
    """An outcome of one replication in counts, and how far it can be trusted."""

    outcome: Outcome
    exactness: Exactness


def count_outcome_values(counts: Counts, stretch: Stretch | None = None) -> list[CountOutcome]:
    """Give every outcome of one replication, in the order of :func:`pixelsim.measure.outcome_values`.

    Parameters
    ----------
    counts
        One replication in counts.
    stretch
        Cells that count, from one to another (excluded); None: all of them. Conversions and orders count by the cell of
        their touch; attempts of people, learning phases and audiences stay whole.
    """
    first, last = stretch or (0, len(counts.cells))
    orders, seen = counts.orders(stretch)
    refused = sum(record.decision.refused for record in counts.history.records)
    share = seen / orders if orders else float("nan")
    whole = [
        Outcome("orders", "all sites", float(orders), "orders", "truth"),
        Outcome("orders seen", "all sites", float(seen), "orders", "observed"),
        Outcome("share of orders seen", "all sites", share, "share", "truth"),
    ]
    actions = Outcome("refused actions", "all people", float(refused), "actions", "observed")
    of_orders = of_sessions(counts.sites)
    return [
        *_of_accounts(counts, first, last),
        *of_learning(counts, first, last),
        *of_audiences(counts),
        *(CountOutcome(outcome, of_orders) for outcome in whole),
        *(CountOutcome(outcome, exactness) for outcome, exactness in shop_outcomes(counts, stretch)),
        CountOutcome(actions, Exactness.EXACT),
    ]


def _of_accounts(counts: Counts, first: int, last: int) -> Iterator[CountOutcome]:
    numbering, accounts = counts.numbering, counts.history.now.ad_accounts
    for number, account in enumerate(numbering.accounts):
        currency = accounts[account].currency
        groups = [n for n in counts.paid if numbering.group_account[n] == number]
        spend = orphaned = 0
        blind: set[int] = set()
        for n in groups:
            rows, spent = counts.paid[n].rows, counts.paid[n].spend
            here = (rows.cell >= first) & (rows.cell < last)
            without = here & ~rows.authorised & (spent > 0)
            spend, orphaned = spend + int(spent[here].sum()), orphaned + int(spent[without].sum())
            blind |= set(_days(counts, counts.paid[n], account)[without].tolist())
        credit = [counts.credit[n] for n in groups if n in counts.credit]
        won = sum(int(one.claims[PURCHASE, first:last].sum()) for one in credit)
        lost = sum(int(one.lost[first:last].sum()) for one in credit)
        pixels = {int(numbering.group_pixel[n]) for n in groups if n in counts.credit}
        earned = worst(of_attribution(counts, pixel, PURCHASE) for pixel in sorted(pixels))
        exact = Exactness.EXACT
        for name, value, unit, plane, exactness in (
            ("spend", to_major(spend, currency), currency, "truth", exact),
            ("orphaned spend", to_major(orphaned, currency), currency, "truth", exact),
            ("blind days", float(len(blind)), "days", "truth", exact),
            ("conversions attributed", float(won), "conversions", "observed", earned),
            ("conversions lost to attribution", float(lost), "conversions", "truth", earned),
        ):
            yield CountOutcome(Outcome(name, account, value, unit, plane), exactness)


def _days(counts: Counts, paid: PaidCounts, account: str) -> NDArray[np.int64]:
    """Give the day of the account's clock that each row lies in, days since 1970-01-01."""
    offset = counts.history.now.ad_accounts[account].utc_offset
    return counts.scenario.clock.day_index(paid.rows.start, offset)


def of_learning(counts: Counts, first: int, last: int) -> Iterator[CountOutcome]:
    """Count the days in learning of the ad groups that had not learned before the start (Q1)."""
    shown = days_shown(counts.paid, counts.phases.shape, (first, last))
    unsettled = ((counts.phases != Phase.STABLE) & shown).sum(axis=0).tolist()
    learned = (counts.phases[:1] == Phase.STABLE).any(axis=0).tolist()
    groups = counts.history.now.ad_groups
    for number, name in enumerate(counts.numbering.ad_groups):
        begins = groups[name].start if name in groups else 0
        if learned[number] or begins >= counts.scenario.length:
            continue
        exactness = Exactness.EXACT
        if number in counts.credit and counts.goals[number] >= 0:
            pixel = int(counts.numbering.group_pixel[number])
            exactness = of_attribution(counts, pixel, int(counts.goals[number]))
        outcome = Outcome("days in learning", name, float(unsettled[number]), "days", "truth")
        yield CountOutcome(outcome, exactness)


def of_audiences(counts: Counts) -> Iterator[CountOutcome]:
    """Count the days until each audience could be targeted (Q2); NaN where it never could."""
    audiences = counts.history.now.audiences
    usable = usable_from(counts) if audiences else {}
    for name in sorted(audiences):
        wait = (usable[name] - audiences[name].built_at) / DAY if name in usable else float("nan")
        outcome = Outcome("days until usable", name, wait, "days", "observed")
        yield CountOutcome(outcome, Exactness.APPROXIMATE)


def count_outcomes(counts: Counts, stretch: Stretch | None = None) -> pd.DataFrame:
    """Give the outcomes with columns ``outcome``, ``object``, ``value``, ``unit``, ``plane`` and ``exactness``.

    Parameters
    ----------
    counts, stretch
        As for `count_outcome_values`.
    """
    rows = [
        (
            one.outcome.outcome,
            one.outcome.object,
            one.outcome.value,
            one.outcome.unit,
            one.outcome.plane,
            one.exactness.value,
        )
        for one in count_outcome_values(counts, stretch)
    ]
    return pd.DataFrame(rows, columns=["outcome", "object", "value", "unit", "plane", "exactness"])


def count_conservation(counts: Counts) -> pd.DataFrame:
    """Give the totals at every hop, by pixel: sent, lost, received, kept, merged, dropped, attributed, unattributed."""
    rows = []
    hops = (counts.copies + counts.previews).sum(axis=(1, 2))
    for number, pixel in enumerate(counts.numbering.pixels):
        found = dict(zip(HOPS, hops[number].tolist(), strict=True))
        groups = [n for n in counts.credit if counts.numbering.group_pixel[n] == number]
        attributed = sum(int(counts.credit[n].credited.sum()) for n in groups)
        rows.append(
            {
                "pixel": pixel,
                "sent": found["sent"],
                "lost": found["sent"] - found["received"],
                "received": found["received"],
                "kept": found["kept"],
                "merged": found["merged"],
                "dropped": found["dropped"],
                "attributed": attributed,
                "unattributed": found["kept"] - attributed,
                "exactness": of_copies(counts, number).value,
            }
        )
    return pd.DataFrame(rows)


def count_delivery(counts: Counts, stretch: Stretch | None = None) -> pd.DataFrame:
    """Give impressions, clicks and spend of each ad group by day of its account, orphaned spend apart.

    Returns
    -------
    DataFrame
        The columns of :meth:`pixelsim.study.Run.delivery`; all of it is exact in distribution.
    """
    first, last = stretch or (0, len(counts.cells))
    numbering, parts = counts.numbering, []
    for number, paid in counts.paid.items():
        account = counts.history.now.ad_accounts[numbering.accounts[numbering.group_account[number]]]
        scale = to_major(1, account.currency)
        parts.append(
            pd.DataFrame(
                {
                    "account": account.id,
                    "ad_group": numbering.ad_groups[number],
                    "day": pd.to_datetime(_days(counts, paid, account.id), unit="D"),
                    "utc_offset": f"UTC{format_offset(account.utc_offset)}",
                    "currency": account.currency,
                    "impressions": paid.impressions,
                    "clicks": paid.clicks,
                    "spend": paid.spend * scale,
                    "orphaned_spend": np.where(paid.rows.authorised, 0, paid.spend) * scale,
                }
            )[(paid.rows.cell >= first) & (paid.rows.cell < last)]
        )
    keys, numbers = (
        ["account", "ad_group", "day", "utc_offset", "currency"],
        ["impressions", "clicks", "spend", "orphaned_spend"],
    )
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=[*keys, *numbers])
    return frame.groupby(keys, as_index=False, sort=True)[numbers].sum()


def count_purchases(counts: Counts, stretch: Stretch | None = None) -> pd.DataFrame:
    """Give the purchases that each account counts as conversions by day of the interaction, on its own clock.

    Returns
    -------
    DataFrame
        Columns ``account``, ``day`` and ``conversions_attributed``, without days that have none.
    """
    first, last = stretch or (0, len(counts.cells))
    parts = []
    for number, account in enumerate(counts.numbering.accounts):
        groups = [n for n in counts.credit if counts.numbering.group_account[n] == number]
        won = np.zeros(len(counts.cells), dtype=np.int64)
        for n in groups:
            won += counts.credit[n].claims[PURCHASE].sum(axis=1)
        cell = np.arange(first, last)[won[first:last] > 0]
        offset = counts.history.now.ad_accounts[account].utc_offset
        day = pd.to_datetime(counts.scenario.clock.day_index(counts.cells.start[cell], offset), unit="D")
        frame = pd.DataFrame({"account": account, "day": day, "conversions_attributed": won[cell]})
        parts.append(frame.groupby(["account", "day"], as_index=False).sum())
    return pd.concat(parts, ignore_index=True)
