"""The explorer of who sees what: a thin shell over :mod:`pixelsim.explore.viewing`."""

from __future__ import annotations

from typing import Any

from matplotlib.lines import Line2D

from pixelsim.base.clock import days
from pixelsim.explore.base import WIDTH, Explorer
from pixelsim.explore.code import scenario_code
from pixelsim.explore.moving import Background
from pixelsim.explore.tables import html_table
from pixelsim.explore.toolkit import widgets
from pixelsim.explore.viewing import View, view
from pixelsim.measure import viewers_of
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.show.names import Names
from pixelsim.show.style import COLOURS
from pixelsim.show.timeline import date_of, timeline_figure
from pixelsim.study.run import Run, run

__all__ = ["MovingDay", "WhoSeesWhat", "view_table"]


class MovingDay:
    """The timeline of a run with a line at one day; everything but the line is drawn once.

    Parameters
    ----------
    one
        The run.
    """

    def __init__(self, one: Run) -> None:
        self.run = one
        figure = timeline_figure(one, WIDTH)
        axes = figure.axes[0]
        self._background = Background(figure)
        self._line = Line2D([0, 0], [0, 1], color=COLOURS["lost"], linewidth=5, alpha=0.7, solid_capstyle="butt")
        self._line.set_transform(axes.get_xaxis_transform())
        axes.add_line(self._line)

    def png(self, day: float) -> bytes:
        """Give the picture with the line at a day; the same day gives the same bytes."""
        at = date_of(self.run, days(day))
        self._line.set_xdata([at, at])
        return self._background.png([self._line])


def view_table(seen: View, one: Run) -> str:
    """Give what a viewer sees as HTML: label, relation, decision, and the metrics."""
    names = Names(one.simulation.history.now)
    facts = [
        ("label in Events Manager (R19)", str(seen.label) or "none"),
        ("relation in the API", str(seen.relation) or "none"),
        (f"sees the pixel ({seen.decision.rule})", str(seen.decision.verdict)),
        ("why", names.reason(seen.decision)),
        *(("what would help", remedy) for remedy in names.remedies(seen.decision)),
    ]
    columns = ["where", "metric", "rule", "of", *EVENT_NAMES]
    return html_table(["", names.of("pixels", seen.pixel)], facts) + html_table(
        columns, seen.cells(), numeric=EVENT_NAMES
    )


class WhoSeesWhat(Explorer):
    """Shows what each viewer sees of a pixel on each day of one run.

    Parameters
    ----------
    scenario
        What is run, once.
    seed
        Root seed, at least 0.
    """

    kind = "who_sees_what"

    def __init__(self, scenario: Scenario, *, seed: int = 1) -> None:
        self.scenario, self.seed = scenario, seed
        self.run = run(scenario, seed=seed)
        self._picture = MovingDay(self.run)
        names = Names(self.run.simulation.history.now)
        pixels = self.run.simulation.numbering.pixels
        viewers = [found.name for found in viewers_of(self.run.simulation)]
        controls: dict[str, Any] = {
            "viewer": widgets.Dropdown(options=viewers, description="viewer", tooltip="who looks"),
            "pixel": widgets.Dropdown(
                options=[(names.of("pixels", code), code) for code in pixels],
                description="pixel",
                tooltip="what they look at",
            ),
            "day": widgets.IntSlider(
                value=scenario.days,
                min=0,
                max=scenario.days,
                description="day",
                tooltip="the beginning of this day of the run; day 0 is the start",
            ),
        }
        super().__init__("Who sees what", controls, "Timeline of one possible history, with a line at the day")
        if len(pixels) == 1:
            self.controls["pixel"].layout.display = "none"
        self.update()

    def refresh(self) -> None:
        """Show the day."""
        viewer, day = str(self.controls["viewer"].value), int(self.controls["day"].value)
        seen = view(self.run, viewer, day, self.controls["pixel"].value)
        self.paint(self._picture.png(day))
        self.table.value = view_table(seen, self.run)

    def as_code(self) -> str:
        """Give the call that brings the same table."""
        viewer, day, pixel = (self.controls[name].value for name in ("viewer", "day", "pixel"))
        return (
            f"{scenario_code(self.scenario)}\n"
            f"from pixelsim.explore.viewing import view\n\n"
            f"seen = view(ps.run(mine, seed={self.seed}), {viewer!r}, {day}, {pixel!r})\n"
            f"seen.label, seen.relation, str(seen.decision), seen.metrics"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Give the scenario and the seed."""
        return {"scenario": self.scenario.content_hash, "seed": self.seed}
