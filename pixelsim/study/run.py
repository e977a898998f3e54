"""Run a scenario once, and look at what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
import pandas as pd

from pixelsim.base.clock import format_offset
from pixelsim.base.money import to_major
from pixelsim.measure import by_market, by_product, conservation, outcomes
from pixelsim.measure.metrics import Level
from pixelsim.measure.outcomes import PURCHASE
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.responses import responses_of, windowed_metrics
from pixelsim.study.told import TellingRun
from pixelsim.study.window import Window
from pixelsim.traffic.log import log_frame
from pixelsim.traffic.simulate import Simulation, simulate

__all__ = ["Run", "run", "run_in"]


@dataclass(frozen=True, slots=True, eq=False)
class Run(TellingRun[Simulation]):
    """One replication: one possible history, with its log, its figures and its change log."""

    def metrics(
        self,
        viewer: str | None = None,
        *,
        by: Literal["total", "day"] = "total",
        level: Level = "campaign",
        as_of: float | None = None,
    ) -> pd.DataFrame:
        """Give what viewers read (R24 to R27); see :func:`pixelsim.measure.metrics`."""
        return windowed_metrics(self.simulation, self.window, viewer, by=by, level=level, as_of=as_of)

    def outcomes(self) -> pd.DataFrame:
        """Give the outcomes that decide; see :func:`pixelsim.measure.outcomes`."""
        return outcomes(self.window.cut(self.simulation))

    def by_product(self) -> pd.DataFrame:
        """Give the orders and their value by website and product; see :func:`pixelsim.measure.by_product`."""
        return by_product(self.window.cut(self.simulation))

    def by_market(self) -> pd.DataFrame:
        """Give sessions, orders and their value by website and market; see :func:`pixelsim.measure.by_market`.

        With a warm-up or a cool-down ``sessions`` is missing.
        """
        return self._of_counted_days(by_market(self.window.cut(self.simulation)))

    def responses(self) -> pd.DataFrame:
        """Give all figures of the run by name, the same that replications are summarised by.

        Returns
        -------
        DataFrame
            Columns ``kind`` (metric, outcome, access), ``viewer``, ``surface``, ``response``, ``rule``, ``pixel``,
            ``event``, ``object``, ``unit``, ``reason`` and ``value``, missing where the viewer had no access.
        """
        return responses_of(self.simulation, self.window).frame()

    def conservation(self) -> pd.DataFrame:
        """Give the totals at every hop; see :func:`pixelsim.measure.conservation`."""
        return conservation(self.simulation)

    def log(self) -> pd.DataFrame:
        """Give the event log, one row for each copy of each event, with its fate and its reason."""
        sites = self.scenario.traffic.sites
        currency = sites[0].currency if sites else "USD"
        return log_frame(self.simulation.log, self.simulation.numbering, self.scenario.clock, currency)

    def delivery(self) -> pd.DataFrame:
        """Give impressions, clicks and spend of each ad group by day of its account, orphaned spend apart.

        Returns
        -------
        DataFrame
            Columns ``account``, ``ad_group``, ``day`` (the account's), ``utc_offset``, ``impressions``, ``clicks``,
            ``spend``, ``orphaned_spend`` and ``currency``.
        """
        numbering, world = self.simulation.numbering, self.simulation.history.now
        clock = self.scenario.clock
        rows = []
        for part in self.window.cut(self.simulation).shown:
            account = world.ad_accounts[numbering.accounts[numbering.group_account[part.ad_group]]]
            first = int(clock.day_index(np.zeros(1, np.int64), account.utc_offset)[0])
            spend = to_major(part.spend, account.currency)
            rows.append(
                {
                    "account": account.id,
                    "ad_group": numbering.ad_groups[part.ad_group],
                    "day": pd.Timestamp(first + part.day, unit="D"),
                    "utc_offset": f"UTC{format_offset(account.utc_offset)}",
                    "impressions": part.impressions,
                    "clicks": part.clicks,
                    "spend": spend,
                    "orphaned_spend": 0.0 if part.authorised else spend,
                    "currency": account.currency,
                }
            )
        keys = ["account", "ad_group", "day", "utc_offset", "currency"]
        numbers = ["impressions", "clicks", "spend", "orphaned_spend"]
        frame = pd.DataFrame(rows, columns=[*keys, *numbers])
        return frame.groupby(keys, as_index=False, sort=True)[numbers].sum()

    def purchases_by_day(self) -> pd.DataFrame:
        """Give the purchases that each account counts as conversions by day of the interaction, on its own clock.

        Returns
        -------
        DataFrame
            Columns ``account``, ``day`` and ``conversions_attributed``.
        """
        cut = self.window.cut(self.simulation)
        claims, clock = cut.claims, cut.scenario.clock
        parts = []
        for number, account in enumerate(cut.numbering.accounts):
            mine = (claims.account == number) & (claims.event == PURCHASE) & claims.counted
            offset = cut.history.now.ad_accounts[account].utc_offset
            days, counts = np.unique(clock.day_index(claims.touch_at[mine], offset), return_counts=True)
            day = pd.to_datetime(days, unit="D")
            parts.append(pd.DataFrame({"account": account, "day": day, "conversions_attributed": counts}))
        return pd.concat(parts, ignore_index=True)


@overload
def run(
    scenario: Scenario,
    *,
    seed: int = 1,
    replication: int = 0,
    compiled: bool = False,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Literal["events"] = "events",
) -> Run: ...


@overload
def run(
    scenario: Scenario,
    *,
    seed: int = 1,
    replication: int = 0,
    compiled: bool = False,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Literal["counts"],
) -> CountRun: ...


def run(
    scenario: Scenario,
    *,
    seed: int = 1,
    replication: int = 0,
    compiled: bool = False,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Detail = "events",
) -> Run | CountRun:
    """Run one replication of a scenario: one possible history, not a forecast.

    The run covers the instants from the scenario's start up to, and not including, its end.

    Parameters
    ----------
    scenario
        What to run; it is not changed.
    seed
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.
    compiled
        Whether Numba's compiled kernels (extra ``fast``) do the heavy loops; the result is the same bytes.
    warm_up_days, cool_down_days
        Days simulated before the start and after the end, whole numbers of at least 0, that do not count themselves:
        so that the first days have people with a past, and the last days' clicks have their orders (P151).
    detail
        ``"events"``: every event is drawn and the run has a log. ``"counts"``: the same model in counts, whose cost
        does not depend on traffic; each figure says whether it is exact in distribution or approximate.

    Raises
    ------
    InputError
        The seed, the replication, the detail or a number of days is refused, or the scenario has no website.
    """
    check_detail(detail)
    return run_in(detail, scenario, seed, replication, Window(warm_up_days, cool_down_days), compiled=compiled)


def run_in(
    detail: Detail, scenario: Scenario, seed: int, replication: int, window: Window, *, compiled: bool = False
) -> Run | CountRun:
    """Run one replication in a detail that is known at run time only; see `run`."""
    if detail == "counts":
        return CountRun.of(scenario, seed, replication, window)
    made = window.prepared(scenario, seed, replication)
    return Run(simulate(made, seed, replication, compiled=compiled), window, scenario)
