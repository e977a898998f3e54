"""A run in counts, looked at in the same ways as one with events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.counts import (
    CountReading,
    Counts,
    count_by_market,
    count_by_product,
    count_conservation,
    count_delivery,
    count_metrics,
    count_outcome_values,
    count_outcomes,
    count_purchases,
    count_together,
)
from pixelsim.counts.exactness import Exactness
from pixelsim.measure.metrics import Level
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.responses import ACCESS, Key, Responses, days_with_access
from pixelsim.study.told import TellingRun
from pixelsim.study.window import WHOLE, Window

__all__ = ["CountRun", "count_responses"]


def _stretch(counts: Counts, window: Window) -> tuple[int, int] | None:
    """Give the cells of the days that count; None: all of them."""
    if window.whole:
        return None
    of_day = counts.cells.of_day
    return window.warm_up_days * of_day, len(counts.cells) - window.cool_down_days * of_day


def count_responses(counts: Counts, window: Window = WHOLE) -> Responses:
    """Give the responses of one replication in counts, named as those of events, each with its exactness.

    Parameters
    ----------
    counts
        One replication in counts.
    window
        The days that count.
    """
    stretch = _stretch(counts, window)
    rows: list[Key] = []
    values: list[float] = []
    exactness: list[str] = []
    for row in CountReading(counts, stretch=stretch).rows():
        told = (row.metric, row.rule, row.pixel, row.event, row.object, "events", row.reason)
        rows.append(("metric", row.viewer, row.surface, *told))
        values.append(float("nan") if row.value is None else float(row.value))
        exactness.append(row.exactness)
    for one in count_outcome_values(counts, stretch):
        found = one.outcome
        rows.append(("outcome", "", found.plane, found.outcome, "", "", "", found.object, found.unit, ""))
        values.append(found.value)
        exactness.append(one.exactness.value)
    for account, days in days_with_access(counts, window):
        rows.append(("access", "", "truth", ACCESS, "", "", "", account, "days", ""))
        values.append(days)
        exactness.append(Exactness.EXACT.value)
    return Responses.of(rows, values, exactness)


@dataclass(frozen=True, slots=True, eq=False)
class CountRun(TellingRun[Counts]):
    """One replication in counts: its figures and its change log, but no log of events."""

    @classmethod
    def of(cls, scenario: Scenario, seed: int, replication: int, window: Window) -> CountRun:
        """Run one replication in counts; see :func:`pixelsim.study.run`."""
        return cls.together([(scenario, seed, replication)], window)[0]

    @classmethod
    def together(cls, asked: Sequence[tuple[Scenario, int, int]], window: Window) -> list[CountRun]:
        """Run several replications side by side, by scenario, seed and replication; each is the same as alone."""
        made = [(window.prepared(*one), *one[1:]) for one in asked]
        return [cls(found, window, one[0]) for one, found in zip(asked, count_together(made), strict=True)]

    def metrics(
        self,
        viewer: str | None = None,
        *,
        by: Literal["total", "day"] = "total",
        level: Level = "campaign",
        as_of: float | None = None,
    ) -> pd.DataFrame:
        """Give what viewers read (R24 to R27); see :func:`pixelsim.counts.count_metrics`."""
        read_on = None if as_of is None else as_of + self.window.warm_up_days
        stretch = _stretch(self.simulation, self.window)
        return count_metrics(self.simulation, viewer, by=by, level=level, as_of=read_on, stretch=stretch)

    def outcomes(self) -> pd.DataFrame:
        """Give the outcomes that decide; see :func:`pixelsim.counts.count_outcomes`."""
        return count_outcomes(self.simulation, _stretch(self.simulation, self.window))

    def by_product(self) -> pd.DataFrame:
        """Give orders by product as :meth:`pixelsim.study.Run.by_product` does, and how exact orders and value are."""
        return count_by_product(self.simulation, _stretch(self.simulation, self.window))

    def by_market(self) -> pd.DataFrame:
        """Give orders by market as :meth:`pixelsim.study.Run.by_market` does, and how exact orders and value are."""
        return self._of_counted_days(count_by_market(self.simulation, _stretch(self.simulation, self.window)))

    def responses(self) -> pd.DataFrame:
        """Give all figures of the run by name, as :meth:`pixelsim.study.Run.responses` does, and ``exactness``."""
        return count_responses(self.simulation, self.window).frame()

    def conservation(self) -> pd.DataFrame:
        """Give the totals at every hop; see :func:`pixelsim.counts.count_conservation`."""
        return count_conservation(self.simulation)

    def delivery(self) -> pd.DataFrame:
        """Give impressions, clicks and spend by ad group and day; see :meth:`pixelsim.study.Run.delivery`."""
        return count_delivery(self.simulation, _stretch(self.simulation, self.window))

    def purchases_by_day(self) -> pd.DataFrame:
        """Give the purchases that accounts count, by day; see :meth:`pixelsim.study.Run.purchases_by_day`."""
        return count_purchases(self.simulation, _stretch(self.simulation, self.window))

    def log(self) -> pd.DataFrame:
        """Refuse to give a log of events: a run in counts has none.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError.single(
            "run", field="detail", value="counts", rule="events where a log is asked for", remedy='run it with "events"'
        )
