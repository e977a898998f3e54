"""The explorer of when to unshare: a thin shell over :mod:`pixelsim.explore.timing`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pixelsim.base.errors import InputError
from pixelsim.explore.base import WIDTH, Explorer, html_table
from pixelsim.explore.code import scenario_code
from pixelsim.explore.timing import Timing, days_range, outcomes_of, preset_of, variant
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import PRESETS
from pixelsim.show.digits import number, plus_minus
from pixelsim.show.style import figure_png
from pixelsim.show.timeline import timeline_figure
from pixelsim.study.run import Run, run

__all__ = ["UnshareTiming", "timing_table"]

COLUMNS = ("outcome", "of", "mean ± half-width", "unit", "single runs, 5–95 %")


def timing_table(found: Timing, wanted: int) -> str:
    """Give the table of an explorer: what each outcome comes to, from the runs that are done.

    Parameters
    ----------
    found
        What the runs brought so far.
    wanted
        How many runs there are to be.
    """
    rows = []
    for outcome, of, unit, summary in found.rows():
        spread = f"{number(summary.low)} to {number(summary.high)}" if summary.n > 1 else ""
        rows.append((outcome, of, plus_minus(summary.mean, summary.half_width), unit, spread))
    done = len(found.runs)
    over = f"{done} runs" if done == wanted else f"{done} of {wanted} runs so far"
    return (
        html_table(COLUMNS, rows, numeric=(COLUMNS[2], COLUMNS[4]))
        + f"<div>{over}, seed {found.first.simulation.seed}</div>"
    )


class UnshareTiming(Explorer):
    """Moves the day of the unshare against the stop, under each unshare policy.

    Parameters
    ----------
    scenario
        Its plan has at least one stop and one unshare.
    replications
        Runs for each choice, at least 1.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        The plan lacks a stop or an unshare, or there is to be no run.
    """

    kind = "unshare_timing"

    def __init__(self, scenario: Scenario, *, replications: int = 10, seed: int = 1) -> None:
        if replications < 1:
            raise InputError.single(
                "unshare_timing", field="replications", value=replications, rule="at least 1", remedy="ask for more"
            )
        low, high = days_range(scenario)
        self.scenario, self.replications, self.seed = scenario, replications, seed
        self.found: Timing | None = None
        # Choices that were looked at before come back at once.
        self._outcomes = lru_cache(maxsize=2048)(self._run_outcomes)
        self._first = lru_cache(maxsize=4)(self._run_first)
        days = widgets.IntSlider(
            value=min(max(0, low), high),
            min=low,
            max=high,
            description="days after the stop",
            tooltip="negative: unshare first, and stop that many days later",
            continuous_update=False,
        )
        preset = widgets.Dropdown(
            options=list(PRESETS),
            value=preset_of(scenario),
            description="unshare policy",
            tooltip="how the platform treats an unshare while campaigns still use the pixel (R12, R13, R15)",
        )
        told = "Timeline of one possible history: access, delivery and spend by day"
        super().__init__("When to unshare", {"days": days, "preset": preset}, told)
        self.update()

    def _variant(self, days: int, preset: str) -> Scenario:
        return variant(self.scenario, days, preset)

    def _run_first(self, days: int, preset: str) -> tuple[Run, bytes]:
        one = run(self._variant(days, preset), seed=self.seed)
        return one, figure_png(timeline_figure(one, WIDTH))

    def _run_outcomes(self, days: int, preset: str, replication: int) -> dict[tuple[str, str, str], float]:
        if replication == 0:
            return outcomes_of(self._first(days, preset)[0])
        return outcomes_of(run(self._variant(days, preset), seed=self.seed, replication=replication))

    def refresh(self) -> None:
        """Show one run at once, and bring the others in one by one."""
        days, preset = int(self.controls["days"].value), str(self.controls["preset"].value)
        first, png = self._first(days, preset)
        self.found = Timing(first.scenario, first, (self._outcomes(days, preset, 0),))
        self.paint(png)
        self.table.value = timing_table(self.found, self.replications)
        if self.replications > 1:
            self.start(self._replicate(days, preset, first), self.replications, done=1)

    def _replicate(self, days: int, preset: str, first: Run) -> Iterator[None]:
        runs = [self._outcomes(days, preset, 0)]
        for replication in range(1, self.replications):
            runs.append(self._outcomes(days, preset, replication))
            self.found = Timing(first.scenario, first, tuple(runs))
            self.table.value = timing_table(self.found, self.replications)
            yield

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        days, preset = self.controls["days"].value, self.controls["preset"].value
        return (
            f"{scenario_code(self.scenario)}\n"
            f"from pixelsim.explore.timing import timing\n\n"
            f"found = timing(mine, {days}, {preset!r}, replications={self.replications}, seed={self.seed})\n"
            f"found.rows()"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenario, the seed and the number of runs."""
        return {"scenario": self.scenario.content_hash, "seed": self.seed, "replications": self.replications}
