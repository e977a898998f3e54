"""What a step, a delay or a structure costs: an estimator that is passed in answers, or nothing is estimated.

The planner knows rules, not traffic. It describes what it wants priced as a :class:`CostCase`; a study, a calibrated
scenario or the plain rates of :class:`RateEstimator` give the :class:`Cost`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pixelsim.base.clock import DAY
from pixelsim.base.money import to_major
from pixelsim.world.queries import account_of_ad_group
from pixelsim.world.schedule import open_spans
from pixelsim.world.status import is_delivering, status_changes
from pixelsim.world.world import World

__all__ = [
    "NOT_ESTIMATED",
    "Cost",
    "CostCase",
    "CostKind",
    "Estimator",
    "RateEstimator",
    "combined",
    "delivering_spans",
    "price",
]

NOT_ESTIMATED = "not estimated"


class CostKind(StrEnum):
    """What is to be priced."""

    UNATTRIBUTED_SPEND = "unattributed_spend"
    """Spend of ad groups while their account has no access to their pixel, and the conversions that nobody sees."""
    LOST_DELIVERY = "lost_delivery"
    """Conversions that do not come because ad groups stand still that would have delivered."""
    CUT_WINDOW = "cut_window"
    """Conversions of earlier clicks that are no longer attributed, since access ended inside their window."""
    RELEARNING = "relearning"
    """Learning that starts from zero: with a replacement pixel, or in ad groups made anew."""
    LOST_AUDIENCE = "lost_audience"
    """Audiences that stop being usable or stop being refreshed."""
    SPLIT_SIGNAL = "split_signal"
    """Events and audiences scattered over several pixels, and pages that load each of them."""
    MIXED_SIGNAL = "mixed_signal"
    """Events of several domains on one pixel, so that ads learn from visitors that are not theirs."""
    UNWANTED_ACCESS = "unwanted_access"
    """Somebody sees or sends events who should not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A cost: money by currency, conversions, or both; what was not estimated is None, never 0.

    Parameters
    ----------
    spend
        Pairs (currency, whole smallest units), ordered by currency: amounts of different currencies never add up.
    conversions
        Expected number of conversions concerned, at least 0, or None.
    basis
        How it was found, in words.
    """

    spend: tuple[tuple[str, int], ...] | None = None
    conversions: float | None = None
    basis: str = ""

    @classmethod
    def of(cls, spend: Mapping[str, float] | None, conversions: float | None, basis: str) -> Cost:
        """Make a cost from amounts in smallest units by currency, each rounded once."""
        pairs = None if spend is None else tuple((name, round(amount)) for name, amount in sorted(spend.items()))
        return cls(spend=pairs, conversions=conversions, basis=basis)

    def amount(self, currency: str) -> int:
        """Give the spend in one currency, in whole smallest units; 0 where the cost has none in it."""
        return dict(self.spend or ()).get(currency, 0)

    def __str__(self) -> str:
        parts = [f"{_rounded(to_major(amount, currency))} {currency}" for currency, amount in self.spend or ()]
        if self.spend == ():
            parts.append("no spend")
        if self.conversions is not None:
            parts.append(f"{_rounded(self.conversions)} conversions")
        return ", ".join(parts) if parts else NOT_ESTIMATED


def _rounded(value: float) -> str:
    """Write an expectation with three digits, or whole where it has more than those."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def combined(costs: Iterable[Cost | None]) -> Cost | None:
    """Add costs up, by currency; what one of them does not know the sum does not know, and of none there is none."""
    found = [cost for cost in costs if cost is not None]
    if not found:
        return None
    spend: dict[str, float] | None = None
    if all(cost.spend is not None for cost in found):
        spend = {}
        for currency, amount in (pair for cost in found for pair in cost.spend or ()):
            spend[currency] = spend.get(currency, 0) + amount
    known = [cost.conversions for cost in found if cost.conversions is not None]
    return Cost.of(spend, sum(known) if len(known) == len(found) else None, found[0].basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCase:
    """What is to be priced.

    Parameters
    ----------
    kind
        Which cost is asked for.
    pixel
        Code of the pixel concerned, or None.
    accounts, ad_groups
        Ids of the ad accounts and ad groups concerned, in a stable order.
    start, end
        Milliseconds since the scenario's start, ``end`` excluded; None where it has no end.
    """

    kind: CostKind
    pixel: str | None = None
    accounts: tuple[str, ...] = ()
    ad_groups: tuple[str, ...] = ()
    start: int = 0
    end: int | None = None


class Estimator(Protocol):
    """Whoever can price a case: a study with a calibrated scenario, or plain rates."""

    def estimate(self, world: World, case: CostCase) -> Cost | None:
        """Give the cost of a case in a world, or None where this estimator knows nothing of it."""


def price(estimator: Estimator | None, world: World, case: CostCase) -> Cost:
    """Ask the estimator, if there is one; what it knows nothing of is a cost that is not estimated."""
    found = None if estimator is None else estimator.estimate(world, case)
    return Cost() if found is None else found


def delivering_spans(world: World, ad_group: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the intervals in which an ad group delivers, while the world stays as it is.

    Parameters
    ----------
    start, end
        Milliseconds since the scenario's start, ``end`` excluded.
    """
    for begin, stop in itertools.pairwise([start, *status_changes(world, ad_group, start, end), end]):
        if begin < stop and is_delivering(world, ad_group, begin):
            yield begin, stop


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEstimator:
    """Prices from flat daily rates: what an ad group spends and brings on each day on which it delivers.

    Parameters
    ----------
    spend_per_day
        Whole smallest units of the account's currency per day, by ad group.
    conversions_per_day
        Attributed conversions per day, by ad group; an ad group that is not listed has no estimate.
    mean_delay_days
        Mean days from click to conversion, at least 0, for conversions in flight when access is cut: by Little's law
        there are rate times mean delay of them. None leaves them unestimated.
    """

    spend_per_day: Mapping[str, float]
    conversions_per_day: Mapping[str, float] = field(default_factory=dict)
    mean_delay_days: float | None = None

    def estimate(self, world: World, case: CostCase) -> Cost | None:
        """Price unattributed spend, lost delivery and cut windows; None for every other kind."""
        if case.kind is CostKind.UNATTRIBUTED_SPEND and case.end is not None:
            days = {
                group: sum(stop - begin for begin, stop in delivering_spans(world, group, case.start, case.end)) / DAY
                for group in case.ad_groups
            }
            return Cost.of(self._spend(world, days), self._conversions(days), "daily rates times days in delivery")
        if case.kind is CostKind.LOST_DELIVERY and case.end is not None:
            days = {group: _days_scheduled(world, group, case.start, case.end) for group in case.ad_groups}
            return Cost.of(None, self._conversions(days), "daily rates times days on which delivery stands still")
        if case.kind is CostKind.CUT_WINDOW and self.mean_delay_days is not None:
            held = dict.fromkeys(case.ad_groups, self.mean_delay_days)
            return Cost.of(None, self._conversions(held), "daily rates times mean delay from click to conversion")
        return None

    def _spend(self, world: World, days: Mapping[str, float]) -> dict[str, float] | None:
        if any(group not in self.spend_per_day for group in days):
            return None
        total: dict[str, float] = {}
        for group, number in days.items():
            currency = world.ad_accounts[account_of_ad_group(world, group)].currency
            total[currency] = total.get(currency, 0.0) + self.spend_per_day[group] * number
        return total

    def _conversions(self, days: Mapping[str, float]) -> float | None:
        if any(group not in self.conversions_per_day for group in days):
            return None
        return sum(self.conversions_per_day[group] * number for group, number in days.items())


def _days_scheduled(world: World, ad_group: str, start: int, end: int) -> float:
    """Count the days between two instants that lie inside an ad group's schedule."""
    week_start = world.ad_accounts[account_of_ad_group(world, ad_group)].week_start
    spans = open_spans(world.ad_groups[ad_group], week_start, start, end)
    return sum(stop - begin for begin, stop in spans) / DAY
