"""The explorer of metrics by viewer: a thin shell over :mod:`pixelsim.explore.metrics`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from pixelsim.base.errors import PixelsimError
from pixelsim.explore.base import WIDTH
from pixelsim.explore.code import scenario_code
from pixelsim.explore.metrics import (
    SHOWN,
    MetricsFound,
    figures_of,
    metrics_found,
    metrics_picture,
    readings_figure,
    showing,
    shown_as,
    trust,
)
from pixelsim.explore.moving import Strip, quick_strip
from pixelsim.explore.remembering import Remembering
from pixelsim.explore.settling import Settling, runs_told
from pixelsim.explore.tables import html_table
from pixelsim.explore.toolkit import widgets
from pixelsim.measure import Stage
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.digits import count
from pixelsim.show.frames import metrics_frame
from pixelsim.show.names import Names
from pixelsim.study.detail import Detail
from pixelsim.study.replicate import Replications, check_replications, replicate
from pixelsim.study.run import Run, run

__all__ = ["MetricsByViewer", "metrics_table"]

_LISTS = ("event", "pixel", "shown", "start", "end")
_Asked = tuple[str, str, str, str, str]
"""What the lists say."""
_MOST = 32
"""Answers that are kept, with their pictures of some 100 kB; those looked at longest ago are forgotten first."""


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
    over = runs_told(len(found.many), wanted, found.many.detail)
    exactness = trust(found)
    if exactness:
        frame["in counts"] = [exactness.get(key, "") for key in zip(frame["surface"], frame["metric"], strict=True)]
    columns = ["where", "metric", *(str(column) for column in frame.columns[2:])]
    steps = found.bridge.table()
    steps["step"] = [found.names[0], *steps["step"][1:-1], found.names[1]]
    rows = [(step, count(change), count(total)) for step, change, total in steps.itertuples(index=False)]
    return (
        html_table(columns, frame.itertuples(index=False), numeric=viewers)
        + f"<div>means ± half-widths, {over}, seed {found.many.seed}</div><br>"
        + html_table(["from one figure to the other", "events", "so far"], rows, numeric=("events", "so far"))
        + f"<div>one possible history, event by event; left unexplained: {found.bridge.rest}</div>"
    )


class MetricsByViewer(Settling):
    """Shows what each viewer reads of one event, and why any two figures differ.

    Parameters
    ----------
    scenario
        What is run.
    replications
        How many runs, at least 1, in counts; the bridge is that of one run with events.
    seed
        Root seed, at least 0.

    Raises
    ------
    InputError
        There is to be no run.
    """

    kind = "metrics_by_viewer"

    def __init__(self, scenario: Scenario, *, replications: int = 50, seed: int = 1) -> None:
        check_replications(replications)
        self.scenario, self.seed = scenario, seed
        self._source = scenario_code(scenario)
        self.found: MetricsFound | None = None
        self._memory = Remembering()
        self._first = lru_cache(maxsize=len(SHOWN))(self._run_first)
        self._showing = lru_cache(maxsize=len(SHOWN))(lambda shown: showing(scenario, shown))
        self._many = lru_cache(maxsize=8)(self._replicated)
        self._answer = lru_cache(maxsize=_MOST)(self._answered)
        self._found = lru_cache(maxsize=_MOST)(self._asked_for)
        self._readings: dict[tuple[object, ...], Strip] = {}
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
        super().__init__("Metrics by viewer", controls, told, replications=replications)
        if len(scenario.structure.pixels) == 1:
            self.controls["pixel"].layout.display = "none"
        self.update()

    def _variant(self) -> Scenario:
        scenario: Scenario = self._showing(str(self.controls["shown"].value))
        return scenario

    def _replicated(self, shown: str, detail: Detail, done: int) -> Replications:
        return replicate(self._showing(shown), done, seed=self.seed, executor=self._memory, detail=detail)

    def _run_first(self, shown: str) -> Run:
        one = shown_as(self._happened, shown)
        self._memory.keep(one)
        return one

    @cached_property
    def _happened(self) -> Run:
        """The run with events, which is the same whatever receivers are shown of it."""
        return run(self.scenario, seed=self.seed)

    def known(self) -> int:
        """Give how many runs are there."""
        return self._memory.known(self._variant(), seed=self.seed, detail=self.detail)

    def prepare(self, replication: int) -> None:
        """Run one replication; that of the bridge serves as the first with events."""
        if self.detail == "events" and not replication:
            self._first(str(self.controls["shown"].value))
        self._memory.learn(self._variant(), seed=self.seed, replication=replication, detail=self.detail)

    def answer(self, done: int) -> None:
        """Show picture and tables of so many runs."""
        self.found, table, picture = self._answer(self._asked(), self.detail, done)
        self.table.value = table
        self.paint(picture)

    def _asked(self) -> _Asked:
        event, pixel, shown, start, end = (str(self.controls[name].value) for name in _LISTS)
        return event, pixel, shown, start, end

    def _answered(self, asked: _Asked, detail: Detail, done: int) -> tuple[MetricsFound, str, bytes]:
        """Give what is found, the tables and the picture."""
        found, above = self._found(asked, detail, done), self._above(asked, detail, done)
        return found, metrics_table(found, self.replications), metrics_picture(found, WIDTH, above)

    def _asked_for(self, asked: _Asked, detail: Detail, done: int) -> MetricsFound:
        event, pixel, shown, start, end = asked
        many, first = self._many(shown, detail, done), self._first(shown)
        return metrics_found(self._showing(shown), event, start, end, pixel=pixel, many=many, first=first)

    def _above(self, asked: _Asked, detail: Detail, done: int) -> Strip:
        """Draw what viewers read: another bridge leaves it as it is."""
        key = (*asked[:3], detail, done)
        if key not in self._readings:
            self._readings[key] = quick_strip(readings_figure(self._found(asked, detail, done), WIDTH))
            if len(self._readings) > _MOST:
                del self._readings[next(iter(self._readings))]
        return self._readings[key]

    def expect(self) -> Iterator[None]:
        """Answer for the choices beside that of the list that was moved last, first for the next one that way."""
        done, now = min(self.known(), self.replications), dict(zip(_LISTS, self._asked(), strict=True))
        name, before = self.moved
        # What else receivers are shown needs other runs.
        name = "event" if name in {"", "shown"} else name
        offered = [one[1] if isinstance(one, tuple) else one for one in self.controls[name].options]
        place = offered.index(now[name])
        way = -1 if before in offered and offered.index(before) > place else 1
        for one in (place + way, place - way):
            if 0 <= one < len(offered):
                event, pixel, shown, start, end = {**now, name: offered[one]}.values()
                asked = event, pixel, shown, start, end
                # What cannot be asked for is told to whoever asks for it.
                with contextlib.suppress(PixelsimError):
                    self._above(asked, self.detail, done)
                    yield
                    self._answer(asked, self.detail, done)
                yield

    def as_code(self) -> str:
        """Give the call that brings the same numbers."""
        event, pixel, shown, start, end = self._asked()
        detail = ", detail='counts'" if self.detail == "counts" else ""
        lines = [
            self._source,
            "from pixelsim.explore.metrics import metrics_found",
            "",
            "found = metrics_found(",
            f"    mine, {event!r}, {start!r}, {end!r},",
            f"    pixel={pixel!r}, replications={self.replications}, seed={self.seed}{detail},",
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
