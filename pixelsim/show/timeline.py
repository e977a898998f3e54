"""The timeline picture: who had access, what delivered, what was spent, and every action, on one axis of dates."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.dates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from pixelsim.base.clock import DAY
from pixelsim.show.digits import short
from pixelsim.show.names import Names
from pixelsim.show.story import Kind, Mark, MarkKind, Section, delivery, grants, marks, spend_by_day
from pixelsim.show.style import COLOURS, NARROW, WIDE, is_wide, new_figure, root_figure, set_title, styled, write_png
from pixelsim.study.count_run import CountRun
from pixelsim.study.run import Run

__all__ = [
    "LINES",
    "LOOKS",
    "ONE_HISTORY",
    "action_lines",
    "date_axis",
    "date_of",
    "timeline",
    "timeline_figure",
    "write_timeline",
]

mdates: Any = matplotlib.dates
"""The module without its types, which it has only in part."""
ONE_HISTORY = "One possible history"
"""What stands over every picture of a single run."""

LOOKS: dict[Kind, tuple[str, str, str]] = {
    Kind.ACCESS: (COLOURS["access"], "", "none"),
    Kind.DELIVERING: (COLOURS["delivering"], "", "none"),
    Kind.ORPHANED: (COLOURS["orphaned"], "////", "white"),
    Kind.UNAUTHORIZED: (COLOURS["waiting"], "....", "white"),
    Kind.REVIEW: ("white", "....", COLOURS["done"]),
    Kind.SCHEDULED: ("white", "////", COLOURS["done"]),
    Kind.OFF: (COLOURS["off"], "", "none"),
    Kind.DONE: (COLOURS["done"], "", "none"),
    Kind.OTHER: (COLOURS["off"], "xxxx", "white"),
}
"""Colour, hatch and edge of each kind of block."""
LINES: dict[MarkKind, tuple[str, Any, float]] = {
    MarkKind.UNSHARE: (COLOURS["unshare"], "solid", 1.6),
    MarkKind.ACTION: (COLOURS["muted"], "dotted", 1.0),
    MarkKind.REFUSED: (COLOURS["refused"], "dashed", 4.0),
}
"""Colour, line and width of each kind of mark."""

_TOP, _HEAD, _ROW, _LABEL, _BAR, _LEFT_OUT, _SPEND = 1.5, 0.8, 1.0, 0.52, 0.38, 0.7, 3.0
"""Heights in rows: strip of marks, heading, row, the label in it, its bar, line of what is left out, spend panel."""
_ROW_INCHES = 0.31
_HALO: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="white")]


@dataclass(frozen=True, slots=True)
class _Story:
    """What is drawn of one run."""

    run: Run
    sections: tuple[Section, ...]
    spend: dict[str, pd.DataFrame]
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, run: Run) -> _Story:
        names = Names(run.simulation.history.now, drawn=True)
        sections = (*grants(run, names), *delivery(run, names))
        return cls(run, sections, spend_by_day(run), tuple(marks(run, names)))

    @property
    def height(self) -> float:
        """Height of the picture, in rows."""
        rows = sum(_HEAD + _ROW * len(s.rows) + (_LEFT_OUT if s.left_out else 0) for s in self.sections)
        return self.top + rows + len(self.spend) * (_HEAD + _SPEND)

    @property
    def top(self) -> float:
        """Height of the strip of marks, in rows."""
        return _TOP if self.marks else 0.1

    def date(self, at: int) -> float:
        """Give an instant in ms as matplotlib's days."""
        return date_of(self.run, at)

    def dates(self, *at: int) -> list[float]:
        """Give instants in ms as matplotlib's days."""
        return [self.date(instant) for instant in at]


def date_of(run: Run | CountRun, at: int) -> float:
    """Give an instant in ms since the scenario's start as the timeline's x, in matplotlib's days."""
    return float(mdates.date2num(run.scenario.start)) + at / DAY


def timeline(ax: Axes, run: Run) -> Axes:
    """Draw grants, delivery and spend by day of one run, with every action marked.

    The picture shows one possible history, not a mean. Spend without access has a colour and a hatch of its own.

    Parameters
    ----------
    ax
        Where to draw; it gets names, dates on the clock of the scenario's start, and a legend below. Each currency's
        spend is in an axes of its own inside it, so that 1 + currencies axes come of it.
    run
        What to show.
    """
    return _draw(ax, _Story.of(run))


def _draw(ax: Axes, story: _Story) -> Axes:
    run, total = story.run, story.height
    first, last = story.dates(0, run.scenario.length)
    ax.set(xlim=(first, last), ylim=(total, 0), yticks=[])
    ax.spines["left"].set_visible(False)
    set_title(ax, ONE_HISTORY, f"replication {run.simulation.replication} of seed {run.simulation.seed}")
    date_axis(ax, run)
    top = _draw_sections(ax, story)
    for currency, table in story.spend.items():
        _write(ax, story, top + _HEAD - 0.14, f"Spend a day, {currency}", heading=True)
        low = 1 - (top + _HEAD + _SPEND) / total
        inner = ax.inset_axes((0, low, 1, (_SPEND - 0.1) / total), sharex=ax, zorder=1)
        _draw_spend(inner, story, table)
        top += _HEAD + _SPEND
    _draw_marks(ax, story)
    handles = list(_handles(story))
    below = ScaledTranslation(0, -0.46, root_figure(ax).dpi_scale_trans)
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=ax.transAxes + below,
        borderaxespad=0,
        borderpad=0,
        ncols=min(len(handles), 4 if is_wide(ax) else 1),
    )
    return ax


def date_axis(ax: Axes, run: Run | CountRun) -> None:
    """Put dates on an axes' x axis, on the clock of the scenario's start."""
    scenario = run.scenario
    zone, long = scenario.start.tzinfo, scenario.days > 200
    locator = mdates.AutoDateLocator(tz=zone, minticks=3, maxticks=9 if is_wide(ax) else 5)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%b %Y" if long else "%d %b", tz=zone))
    years = sorted({scenario.start.year, scenario.clock.to_datetime(scenario.length - 1).year})
    ax.set_xlabel(f"date in {'–'.join(map(str, years))}, {scenario.start:%Z}", loc="right", labelpad=1, size=8)
    ax.grid(axis="x")


def _write(ax: Axes, story: _Story, y: float, text: str, *, heading: bool = False) -> None:
    """Write a line at the left edge, cut to what fits beside the edge of the picture."""
    weight, colour = ("bold", COLOURS["muted"]) if heading else ("normal", COLOURS["text"])
    room = 110 if is_wide(ax) else 44 if heading else 48
    shown = text if len(text) <= room else f"{text[: room - 1]}…"
    line = ax.text(story.date(0), y, shown, va="bottom", weight=weight, color=colour, size=8.5, zorder=4)
    line.set_path_effects(_HALO)
    line.set_in_layout(False)


def _draw_sections(ax: Axes, story: _Story) -> float:
    """Draw headings and rows, and give where they end."""
    top = story.top
    for section in story.sections:
        detail = section.detail if is_wide(ax) else ""
        _write(ax, story, top + _HEAD - 0.14, section.heading + detail, heading=True)
        top += _HEAD
        for row in section.rows:
            _write(ax, story, top + _LABEL - 0.04, row.label)
            for block in row.blocks:
                colour, hatch, edge = LOOKS[block.kind]
                start, end = story.dates(block.start, block.end)
                ax.broken_barh(
                    [(start, end - start)],
                    (top + _LABEL, _BAR),
                    facecolor=colour,
                    edgecolor=edge,
                    hatch=hatch,
                    linewidth=0.6 if colour == "white" else 0,
                )
            top += _ROW
        if section.left_out:
            _write(ax, story, top + _LABEL, section.left_out)
            top += _LEFT_OUT
    return top


def _draw_spend(ax: Axes, story: _Story, table: pd.DataFrame) -> None:
    """Draw spend by day, what was spent without access on top of the rest."""
    starts = story.dates(*(int(at) for at in table["start"]))
    spend, orphaned = table["spend"].to_numpy(float), table["orphaned"].to_numpy(float)
    look: dict[str, Any] = {"width": 0.86, "align": "edge", "linewidth": 0}
    ax.bar(starts, spend, color=COLOURS["spend"], **look)
    colour, hatch, edge = LOOKS[Kind.ORPHANED]
    some = orphaned > 0
    ax.bar(
        [start for start, there in zip(starts, some, strict=True) if there],
        orphaned[some],
        bottom=spend[some],
        color=colour,
        edgecolor=edge,
        hatch=hatch,
        **look,
    )
    ax.set_ylim(0, max(1e-9, float((spend + orphaned).max(initial=0))) * 1.08)
    ax.patch.set_visible(False)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.grid(axis="y")


def _near(story: _Story, share: float) -> Iterator[list[Mark]]:
    """Put marks together whose numbers would overlap: those within a share of the run's length."""
    group: list[Mark] = []
    for mark in story.marks:
        if group and mark.at - group[0].at > share * story.run.scenario.length:
            yield group
            group = []
        group.append(mark)
    if group:
        yield group


def _draw_marks(ax: Axes, story: _Story) -> None:
    """Draw a line for each action through all rows, and its number in the strip above them."""
    for (at, kind), _ in itertools.groupby(story.marks, key=lambda mark: (mark.at, mark.kind)):
        colour, style, width = LINES[kind]
        top = 1 - 0.95 / story.height
        under = 2.9 if kind is MarkKind.REFUSED else 3
        ax.axvline(story.date(at), ymax=top, color=colour, linestyle=style, linewidth=width, zorder=under)
    for group in _near(story, 0.03 if is_wide(ax) else 0.09):
        numbers = f"{group[0].number}" if len(group) == 1 else f"{group[0].number}–{group[-1].number}"
        kinds = {mark.kind for mark in group}
        kind = next(k for k in (MarkKind.UNSHARE, MarkKind.REFUSED, MarkKind.ACTION) if k in kinds)
        colour = LINES[kind][0]
        at = next(mark.at for mark in group if mark.kind is kind)
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": colour, "linewidth": 1.0}
        if kind is MarkKind.UNSHARE:
            box["facecolor"] = colour
        ax.text(
            story.date(at),
            0.95,
            numbers,
            ha="center",
            va="center",
            size=7.5,
            color="white" if kind is MarkKind.UNSHARE else colour,
            bbox=box,
            zorder=5,
        )
        words = list(dict.fromkeys(mark.kind.value for mark in group if mark.kind is not MarkKind.ACTION))
        if words:
            share = at / story.run.scenario.length
            side = "left" if share < 0.1 else "right" if share > 0.9 else "center"
            ax.text(story.date(at), 0.35, ", ".join(words), ha=side, va="center", size=8, color=colour)


def _handles(story: _Story) -> Iterator[Patch | Line2D]:
    """Give the legend's entries: kinds of block, then spend, then kinds of mark, each only if it is drawn."""
    seen = {block.kind for section in story.sections for row in section.rows for block in row.blocks}
    orphaned = any((table["orphaned"] > 0).any() for table in story.spend.values())
    for kind in Kind:
        if kind in seen or (kind is Kind.ORPHANED and orphaned):
            colour, hatch, edge = LOOKS[kind]
            label = "delivery and spend without access" if kind is Kind.ORPHANED else kind.value
            yield Patch(facecolor=colour, hatch=hatch, edgecolor=edge, label=label)
    if story.spend:
        yield Patch(facecolor=COLOURS["spend"], label="spend")
    for mark in MarkKind:
        if any(found.kind is mark for found in story.marks):
            colour, style, width = LINES[mark]
            yield Line2D([], [], color=colour, linestyle=style, linewidth=min(width, 2.0), label=mark.value)


def action_lines(run: Run | CountRun, columns: int, most: int = 16) -> list[str]:
    """Give the key of the marks as lines of text: number, time, who, what.

    Parameters
    ----------
    columns
        Characters of a line, at least 20; longer sentences go on in the next line.
    most
        Actions listed; a last line counts the rest.
    """
    names = Names(run.simulation.history.now, drawn=True)
    found = marks(run, names)
    lines: list[str] = []
    for mark in found[:most]:
        when = run.scenario.clock.to_datetime(mark.at)
        told = f"{mark.number}  {when:%d %b %H:%M}  {mark.text}"
        lines += textwrap.wrap(told, columns, subsequent_indent="    ")
    if len(found) > most:
        lines.append(f"and {len(found) - most} more, in the change log")
    return lines or ["No action was planned."]


def timeline_figure(run: Run, width: float = WIDE) -> Figure:
    """Give the timeline with the key of its marks below, as tall as it needs to be.

    Parameters
    ----------
    run
        What to show.
    width
        Inches.
    """
    story = _Story.of(run)
    lines = action_lines(run, math.floor(width * (14 if width > 6 else 12.5)))
    line_inches = 0.155
    legend = len(list(_handles(story)))
    legend = math.ceil(legend / 4) if width > 6 else legend
    heights = [story.height * _ROW_INCHES + 0.95 + 0.17 * legend, line_inches * (len(lines) + 1)]
    figure = new_figure(width, sum(heights))
    with styled():
        upper, lower = figure.subplots(2, 1, height_ratios=heights)
        _draw(upper, story)
        lower.set_axis_off()
        lower.text(0, 1, "\n".join(lines), va="top", size=8.5, linespacing=1.25, transform=lower.transAxes)
    return figure


def write_timeline(run: Run, path: str | Path, *, narrow: bool = False) -> Path:
    """Write the timeline of a run as a PNG file, whole or not at all.

    Parameters
    ----------
    run
        What to show.
    path
        The file.
    narrow
        For a phone of 390 CSS pixels instead of a page.

    Returns
    -------
    Path
        The file written.
    """
    return write_png(timeline_figure(run, NARROW if narrow else WIDE), path)
