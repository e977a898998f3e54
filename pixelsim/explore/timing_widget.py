"""The explorer of when to unshare: a thin shell over :mod:`pixelsim.explore.timing`."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

from pixelsim.explore.code import scenario_code
from pixelsim.explore.settling import Settling, runs_told
from pixelsim.explore.tables import html_table
from pixelsim.explore.timing import Brought, Timing, brought, days_range, preset_of, variant
from pixelsim.explore.timing_chart import TimingPicture
from pixelsim.explore.toolkit import widgets
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import PRESETS
from pixelsim.show.digits import number, plus_minus
from pixelsim.show.timeline import action_lines
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail
from pixelsim.study.replicate import check_replications
from pixelsim.study.run import Run, run_in
from pixelsim.study.window import WHOLE

__all__ = ["UnshareTiming", "timing_table"]

COLUMNS = ("outcome", "of", "mean ± half-width", "unit", "single runs, 5–95 %")
_Choice = tuple[int, str]
"""Days from the stop to the unshare, and name of the policy."""


def timing_table(found: Timing, wanted: int, base: Timing | None = None, named: str = "") -> str:
    """Give the table of an explorer: what each outcome comes to, from the runs that are done, and what people did.

    Parameters
    ----------
    found
        What the runs brought so far.
    wanted
        How many runs there are to be.
    base, named
        Another choice to compare with, pair by pair, and what it is called.
    """
    columns, numeric = list(COLUMNS), [COLUMNS[2], COLUMNS[4]]
    rows = [
        [outcome, of, plus_minus(summary.mean, summary.half_width), unit, _spread(summary.low, summary.high, summary.n)]
        for outcome, of, unit, summary in found.rows()
    ]
    if base is not None:
        columns += [f"minus {named}", "verdict"]
        numeric.append(columns[-2])
        for row, pair in zip(rows, found.against(base), strict=True):
            row += [plus_minus(pair.mean, pair.half_width, sign=True), pair.verdict.value if pair.n > 1 else ""]
    if found.in_counts:
        columns.append("in counts")
        for row, exactness in zip(rows, found.exactness(), strict=True):
            row.append(exactness)
    simulation = found.first.simulation
    over = runs_told(len(found.runs), wanted, "counts" if found.in_counts else "events")
    done = "".join(f"<li>{escape(line)}</li>" for line in action_lines(found.first, 1000))
    return (
        html_table(columns, rows, numeric=numeric)
        + f"<div>{over}, seed {simulation.seed}{'; verdicts are judged together (Holm)' if base else ''}.</div>"
        + f'<div class="pixelsim">What people did in the run of the picture:<ul>{done}</ul></div>'
    )


def _spread(low: float, high: float, runs: int) -> str:
    return f"{number(low)} to {number(high)}" if runs > 1 else ""


class UnshareTiming(Settling):
    """Moves the day of the unshare against the stop, under each unshare policy.

    Parameters
    ----------
    scenario
        Its plan has at least one stop and one unshare.
    replications
        Runs for each choice, at least 1; each is compared with the same run of the choice at the opening.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        The plan lacks a stop or an unshare, or there is to be no run.
    """

    kind = "unshare_timing"

    def __init__(self, scenario: Scenario, *, replications: int = 50, seed: int = 1) -> None:
        check_replications(replications)
        low, high = days_range(scenario)
        self.scenario, self.seed = scenario, seed
        self._source = scenario_code(scenario)
        self.found: Timing | None = None
        self.opened: _Choice = min(max(0, low), high), preset_of(scenario)
        # Choices that were looked at before come back at once.
        self._runs: dict[tuple[Detail, _Choice], list[Brought]] = {}
        self._first = lru_cache(maxsize=64)(self._run_first)
        self._variant = lru_cache(maxsize=64)(lambda chosen: variant(scenario, *chosen))
        self._picture: TimingPicture | None = None
        days = widgets.IntSlider(
            value=self.opened[0],
            min=low,
            max=high,
            description="days after the stop",
            tooltip="negative: unshare first, and stop that many days later",
        )
        preset = widgets.Dropdown(
            options=list(PRESETS),
            value=self.opened[1],
            description="unshare policy",
            tooltip="how the platform treats an unshare while campaigns still use the pixel (R12, R13, R15)",
        )
        told = (
            "Access, delivery and spend by day of one possible history, and what all runs come to; "
            "bars are parts of what the choice at the opening came to"
        )
        controls = {"days": days, "preset": preset}
        super().__init__("When to unshare", controls, told, replications=replications)
        self.update()

    def _chosen(self) -> _Choice:
        return int(self.controls["days"].value), str(self.controls["preset"].value)

    def _run(self, detail: Detail, chosen: _Choice, replication: int) -> Run | CountRun:
        return run_in(detail, self._variant(chosen), self.seed, replication, WHOLE)

    def _run_first(self, detail: Detail, chosen: _Choice) -> Run | CountRun:
        return self._run(detail, chosen, 0)

    def _done(self, chosen: _Choice) -> list[Brought]:
        return self._runs.setdefault((self.detail, chosen), [])

    def known(self) -> int:
        """Give how many runs of the choice and of the one at the opening are there."""
        return min(len(self._done(chosen)) for chosen in (self.opened, self._chosen()))

    def prepare(self, replication: int) -> None:
        """Run the choice, and the one at the opening on the same random numbers where it has not been."""
        for chosen in (self.opened, self._chosen()):
            done = self._done(chosen)
            while len(done) <= replication:
                one = self._run(self.detail, chosen, len(done)) if done else self._first(self.detail, chosen)
                done.append(brought(one))

    def _timing(self, chosen: _Choice, done: int) -> Timing:
        first = self._first(self.detail, chosen)
        return Timing(first.scenario, first, tuple(self._done(chosen)[:done]))

    def answer(self, done: int) -> None:
        """Show picture and table of so many runs."""
        chosen = self._chosen()
        self.found, base = self._timing(chosen, done), self._timing(self.opened, done)
        other = None if chosen == self.opened else base
        self.table.value = timing_table(self.found, self.replications, other, f"day {self.opened[0]}, {self.opened[1]}")
        self._picture = self._picture or TimingPicture(base)
        self.paint(self._picture.png(self.found))

    def as_code(self) -> str:
        """Give the calls that bring the same numbers."""
        how = f"replications={self.replications}, seed={self.seed}"
        how += ", detail='counts'" if self.detail == "counts" else ""
        days, preset = self._chosen()
        return (
            f"{self._source}\n"
            f"from pixelsim.explore.timing import timing\n\n"
            f"found = timing(mine, {days}, {preset!r}, {how})\n"
            f"base = timing(mine, {self.opened[0]}, {self.opened[1]!r}, {how})\n"
            f"found.rows(), found.against(base)"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenario, the seed and the number of runs."""
        return {"scenario": self.scenario.content_hash, "seed": self.seed, "replications": self.replications}
