"""The explorer of metrics by viewer: a thin shell over :mod:`pixelsim.explore.metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pixelsim.explore.base import WIDTH, Explorer, html_table
from pixelsim.explore.code import scenario_code
from pixelsim.explore.metrics import SHOWN, MetricsFound, figures_of, metrics_found, metrics_picture, showing
from pixelsim.explore.remembering import Remembering
from pixelsim.explore.toolkit import widgets
from pixelsim.measure import Stage
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.digits import count
from pixelsim.show.frames import metrics_frame
from pixelsim.show.names import Names
from pixelsim.show.style import figure_png
from pixelsim.study.replicate import check_replications, replicate
from pixelsim.study.run import Run, run

__all__ = ["MetricsByViewer", "metrics_table"]


def metrics_table(found: MetricsFound, wanted: int) -> str:
    """Give the tables of an explorer: the five metrics by viewer, and the bridge.

    Parameters
    ----------
    found
        What the runs brought so far.
    wanted
        How many runs there are to be.
    """
    frame = metrics_frame(found.many, event=found.event, pixel=found.pixel).reset_index()
    viewers = [str(column) for column in frame.columns[2:]]
    over = f"{len(found.many)} runs" if len(found.many) == wanted else f"{len(found.many)} of {wanted} runs so far"
    steps = found.bridge.table()
    steps["step"] = [found.names[0], *steps["step"][1:-1], found.names[1]]
    rows = [(step, count(change), count(total)) for step, change, total in steps.itertuples(index=False)]
    return (
        html_table(["where", "metric", *viewers], frame.itertuples(index=False), numeric=viewers)
        + f"<div>means ± half-widths, {over}, seed {found.many.seed}</div><br>"
        + html_table(["from one figure to the other", "events", "so far"], rows, numeric=("events", "so far"))
        + f"<div>one possible history: the first run; left unexplained: {found.bridge.rest}</div>"
    )


class MetricsByViewer(Explorer):
    """Shows what each viewer reads of one event, and why any two figures differ.

    Parameters
    ----------
    scenario
        What is run.
    replications
        How many runs, at least 1.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        There is to be no run.
    """

    kind = "metrics_by_viewer"

    def __init__(self, scenario: Scenario, *, replications: int = 5, seed: int = 1) -> None:
        check_replications(replications)
        self.scenario, self.replications, self.seed = scenario, replications, seed
        self.found: MetricsFound | None = None
        self._memory = Remembering()
        self._first = lru_cache(maxsize=len(SHOWN))(self._run_first)
        names = Names(scenario.structure.world())
        figures = figures_of(scenario)
        controls: dict[str, Any] = {
            "event": widgets.Dropdown(
                options=list(EVENT_NAMES), value="Purchase", description="event", tooltip="what is counted"
            ),
            "pixel": widgets.Dropdown(
                options=[(names.of("pixels", pixel.code), pixel.code) for pixel in scenario.structure.pixels],
                description="pixel",
                tooltip="whose events are read",
            ),
            "shown": widgets.Dropdown(
                options=[(told, value) for value, told in SHOWN.items()],
                value=scenario.measurement.attributed_shown.value,
                description="receivers see events",
                tooltip="attributed events that are shown to receivers; page and API disagree, so it is a setting",
            ),
            "start": widgets.Dropdown(
                options=figures,
                value=Stage.HAPPENED.value,
                description="explain from",
                tooltip="the figure at which the bridge begins",
            ),
            "end": widgets.Dropdown(
                options=figures,
                value=Stage.ATTRIBUTED.value,
                description="to",
                tooltip="the figure at which the bridge ends",
            ),
        }
        told = "The five metrics as each viewer reads them, and the steps from one figure to another"
        super().__init__("Metrics by viewer", controls, told)
        if len(scenario.structure.pixels) == 1:
            self.controls["pixel"].layout.display = "none"
        self.update()

    def _variant(self) -> Scenario:
        return showing(self.scenario, str(self.controls["shown"].value))

    def _run_first(self, shown: str) -> Run:
        one = run(showing(self.scenario, shown), seed=self.seed)
        self._memory.keep(one)
        return one

    def refresh(self) -> None:
        """Show one run at once, and bring the others in one by one."""
        work = self._replicate()
        next(work)
        self.start(work, self.replications, done=len(self.found.many) if self.found else 1)

    def _replicate(self) -> Iterator[None]:
        event, pixel, shown, start, end = (
            str(self.controls[name].value) for name in ("event", "pixel", "shown", "start", "end")
        )
        scenario, first = self._variant(), self._first(shown)
        known = min(self._memory.known(scenario, seed=self.seed), self.replications)
        for done in range(max(1, known), self.replications + 1):
            many = replicate(scenario, done, seed=self.seed, executor=self._memory)
            self.found = metrics_found(scenario, event, start, end, pixel=pixel, many=many, first=first)
            self.table.value = metrics_table(self.found, self.replications)
            self.paint(figure_png(metrics_picture(self.found, WIDTH)))
            yield

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        values = (self.controls[name].value for name in ("event", "pixel", "shown", "start", "end"))
        event, pixel, shown, start, end = values
        lines = [
            scenario_code(self.scenario),
            "from pixelsim.explore.metrics import metrics_found",
            "",
            "found = metrics_found(",
            f"    mine, {event!r}, {start!r}, {end!r},",
            f"    pixel={pixel!r}, replications={self.replications}, seed={self.seed},",
            ")",
            f"print(ps.show.metrics_frame(found.many, event={event!r}, pixel={pixel!r}))",
            "found.bridge.table()",
        ]
        if self._variant() is not self.scenario:
            lines.insert(1, f'mine = mine.vary("measurement.attributed_shown", {shown!r})')
        return "\n".join(lines)

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenario, the seed and the number of runs."""
        return {"scenario": self.scenario.content_hash, "seed": self.seed, "replications": self.replications}
