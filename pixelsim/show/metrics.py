"""What each viewer reads, as a picture: the five metrics of R24 to R27, "no access" where there is nothing to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from pixelsim.base.errors import UnknownNameError
from pixelsim.measure import Metric, Surface
from pixelsim.show.digits import NO_ACCESS, count, plus_minus
from pixelsim.show.names import Names
from pixelsim.show.style import COLOURS, SERIES, is_wide, set_title
from pixelsim.show.timeline import ONE_HISTORY
from pixelsim.study.replicate import Replications
from pixelsim.study.run import Run
from pixelsim.study.statistics import summarise

__all__ = ["METRICS", "Reading", "metrics_by_viewer", "readings"]

METRICS = (
    (Surface.EVENTS_MANAGER, Metric.TOTAL, "R24"),
    (Surface.EVENTS_MANAGER, Metric.ATTRIBUTED, "R25"),
    (Surface.ADS_MANAGER, Metric.TOTAL, "R26"),
    (Surface.ADS_MANAGER, Metric.ATTRIBUTED, "R26"),
    (Surface.ADS_MANAGER, Metric.CAMPAIGN, "R27"),
)
"""The five metrics with their rules, in the order of the rules."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one viewer reads as one metric.

    Parameters
    ----------
    viewer, surface, metric
        Who reads what and where.
    rule
        The rule that gives the figure, or that refuses it.
    mean
        The count of events, over the viewer's own campaigns where the metric is of the campaign level; NaN without
        access.
    half_width, low, high
        Half-width of the mean, and 5 % and 95 % of single runs; NaN for a single run.
    missing, runs
        In how many of the runs the viewer had no access.
    """

    viewer: str
    surface: str
    metric: str
    rule: str
    mean: float
    half_width: float
    low: float
    high: float
    missing: int
    runs: int

    @property
    def text(self) -> str:
        """The figure in words: a count, a mean with its half-width, or "no access"."""
        if self.missing == self.runs:
            return f"{NO_ACCESS} ({self.rule})"
        told = count(self.mean) if self.runs == 1 else plus_minus(self.mean, self.half_width)
        return f"{told}; {NO_ACCESS} in {self.missing} of {self.runs} runs" if self.missing else told


def _table(result: Run | Replications) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Give the names of metrics, and their values by run and metric."""
    if isinstance(result, Replications):
        metric = (result.names["kind"] == "metric").to_numpy()
        return result.names[metric].reset_index(drop=True), result.values[:, metric]
    read = result.metrics()
    names = read.rename(columns={"metric": "response"})
    return names, read["value"].to_numpy(dtype=np.float64, na_value=np.nan)[np.newaxis, :]


def pixel_of(pixel: str | None, known: Sequence[str]) -> str:
    """Give the pixel that is asked for, or the first one.

    Raises
    ------
    UnknownNameError
        There is no such pixel.
    """
    if pixel is None and known:
        return known[0]
    if pixel is None or pixel not in known:
        raise UnknownNameError("pixel", str(pixel), list(known))
    return pixel


def readings(result: Run | Replications, event: str = "Purchase", pixel: str | None = None) -> list[Reading]:
    """Give what all viewers read of one event of one pixel, metric by metric.

    Parameters
    ----------
    result
        One run, or several.
    event
        A standard event.
    pixel
        Code of the pixel; the first one by default.

    Raises
    ------
    UnknownNameError
        The pixel or the event does not exist.
    """
    names, values = _table(result)
    pixel = pixel_of(pixel, sorted(names["pixel"].unique()))
    if event not in set(names["event"]):
        raise UnknownNameError("event", event, sorted(names["event"].unique()))
    here = (names["pixel"] == pixel) & (names["event"] == event)
    found: list[Reading] = []
    for surface, metric, rule in METRICS:
        of_metric = here & (names["surface"] == surface.value) & (names["response"] == metric.value)
        for viewer in dict.fromkeys(names["viewer"]):
            columns = np.flatnonzero(of_metric & (names["viewer"] == viewer))
            total = values[:, columns].sum(axis=1) if len(columns) else np.zeros(len(values))
            summary = summarise(total)
            refused = names["rule"].iloc[columns[0]] if len(columns) else rule
            found.append(
                Reading(
                    viewer=viewer,
                    surface=surface.value,
                    metric=metric.value,
                    rule=refused if summary.n == 0 else rule,
                    mean=summary.mean,
                    half_width=summary.half_width,
                    low=summary.low,
                    high=summary.high,
                    missing=summary.missing,
                    runs=len(values),
                )
            )
    return found


def metrics_by_viewer(
    ax: Axes, result: Run | Replications, *, event: str = "Purchase", pixel: str | None = None
) -> Axes:
    """Draw what each viewer reads: five metrics, a bar for each viewer, "no access" where there is nothing to read.

    Parameters
    ----------
    ax
        Where to draw.
    result
        One run, or several: then bars are means, with the half-width of the mean as a thick and 5-95 % of single runs
        as a thin line.
    event
        A standard event.
    pixel
        Code of the pixel; the first one by default.
    """
    found = readings(result, event, pixel)
    names, _ = _table(result)
    code = pixel_of(pixel, sorted(names["pixel"].unique()))
    viewers = list(dict.fromkeys(reading.viewer for reading in found))
    step = len(viewers) + 1.3
    largest = max([r.high if np.isfinite(r.high) else r.mean for r in found if np.isfinite(r.mean)], default=1.0) or 1.0
    for place, reading in enumerate(found):
        metric, viewer = divmod(place, len(viewers))
        y = metric * step + viewer + 1.0
        colour = SERIES[viewer % len(SERIES)]
        end = 0.0
        if np.isfinite(reading.mean):
            ax.barh(y, reading.mean, height=0.8, color=colour, label=reading.viewer if metric == 0 else None)
            end = reading.mean
        if np.isfinite(reading.half_width):
            ax.plot([reading.low, reading.high], [y, y], color="black", linewidth=0.8)
            ax.plot(
                [reading.mean - reading.half_width, reading.mean + reading.half_width],
                [y, y],
                color="black",
                linewidth=2.6,
                solid_capstyle="butt",
            )
            end = max(reading.high, reading.mean + reading.half_width)
        style: dict[str, Any] = (
            {"color": COLOURS["muted"], "style": "italic"} if reading.missing == reading.runs else {}
        )
        ax.text(end + 0.012 * largest, y, f"{reading.viewer}: {reading.text}", va="center", size=8, **style)
    for metric, (surface, kind, rule) in enumerate(METRICS):
        heading = f"{surface.value}: {kind.value} ({rule})"
        ax.text(0, metric * step + 0.22, heading, va="center", weight="bold", size=8, color=COLOURS["muted"])
    ax.set(ylim=(len(METRICS) * step - 0.3, -0.3), xlim=(0, largest * 1.45), yticks=[])
    ax.set_xlabel(f"{event} events in {result.scenario.days} days")
    ax.xaxis.set_major_formatter(lambda value, _: count(value))
    ax.grid(axis="x")
    world = result.scenario.structure.world()
    name = Names(world, drawn=True).of("pixels", code)
    over = f"mean of {len(result)} runs" if isinstance(result, Replications) else ONE_HISTORY.lower()
    set_title(ax, f"Pixel {name} as each viewer reads it", over, narrow=42)
    if isinstance(result, Replications):
        ax.legend(
            handles=[
                Line2D([], [], color="black", linewidth=2.6, label="95 % interval of the mean"),
                Line2D([], [], color="black", linewidth=0.8, label="5–95 % of single runs"),
            ],
            loc="upper right",
            bbox_to_anchor=(1, 0),
            borderaxespad=3.4,
            ncols=2 if is_wide(ax) else 1,
        )
    return ax
