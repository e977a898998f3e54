"""Curves of several runs in one picture: the mean as a line, single runs as a band, and a mark on every line."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import InputError
from pixelsim.show.digits import number, plus_minus, short
from pixelsim.show.style import COLOURS, SERIES, is_wide, title_room
from pixelsim.show.timeline import ONE_HISTORY
from pixelsim.study.statistics import Summary

__all__ = ["band", "days_told", "finished", "runs_of", "stacked"]

_LINES = ("solid", "dashed", "dashdot", "dotted")
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
_MARKS_ON_A_LINE = 8
"""About how many marks tell a line from others; more would hide it."""


def stacked(curves: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Lay curves of different lengths side by side, shape (curves, longest), NaN where one has ended."""
    parts = [np.asarray(curve, dtype=np.float64) for curve in curves]
    return np.array(list(zip_longest(*parts, fillvalue=np.nan)), dtype=np.float64).reshape(-1, len(parts)).T


def band(ax: Axes, x: ArrayLike, values: ArrayLike, place: int, label: str) -> None:
    """Draw the mean of curves as a line, and 5-95 % of them as a band; what is missing in all curves is left out.

    Parameters
    ----------
    ax
        Where to draw.
    x
        Numbers of shape (points,).
    values
        Shape (curves, points), NaN where a curve has no value.
    place
        Number of the line in the picture from 0, which gives it its colour, its dashes and its mark.
    label
        What it says in the legend.
    """
    points, table = np.asarray(x, dtype=np.float64), np.atleast_2d(np.asarray(values, dtype=np.float64))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # points at which every curve is missing are NaN, as they should
        mean = np.nanmean(table, axis=0)
        low, high = np.nanquantile(table, [0.05, 0.95], axis=0)
    colour = SERIES[place % len(SERIES)]
    if len(table) > 1:
        ax.fill_between(points, low, high, color=colour, alpha=0.18, linewidth=0)
    every = max(1, len(points) // _MARKS_ON_A_LINE)
    ax.plot(
        points,
        mean,
        color=colour,
        linestyle=_LINES[place % len(_LINES)],
        marker=_MARKS[place % len(_MARKS)],
        markevery=(min(place, every - 1), every),
        markersize=5,
        label=label,
    )


def runs_of(curves: Mapping[str, Sequence[object]], chart: str) -> int:
    """Give how many runs there are of each way, at least.

    Raises
    ------
    InputError
        There is no way, or one without a run.
    """
    runs = min((len(found) for found in curves.values()), default=0)
    if not runs:
        raise InputError.single(
            chart,
            field="curves",
            value="none",
            rule="at least one curve for each name",
            remedy="give the curve of a run",
        )
    return runs


def days_told(days: Summary) -> str:
    """Write a mean number of days with its half-width."""
    told = plus_minus(days.mean, days.half_width)
    return f"{told} day{'' if told == '1' else 's'}"


def finished(ax: Axes, *, title: str, runs: int, level: float, meaning: str, x: tuple[float, float]) -> Axes:
    """Put on what all pictures of curves have: the level that is to be reached, whole days, title and legend.

    Parameters
    ----------
    ax
        Where the curves are.
    title
        What they show.
    runs
        How many runs are behind each.
    level, meaning
        The number that is to be reached, and what it means.
    x
        First and last day.
    """
    ax.axhline(level, color=COLOURS["text"], linewidth=1.2, linestyle=(0, (1, 1)), label=f"{number(level)} {meaning}")
    ax.set(xlim=x, ylim=(0, max(ax.get_ylim()[1], 1.25 * level)))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.yaxis.set_major_formatter(lambda value, _: short(value))
    ax.grid(axis="y")
    over = ONE_HISTORY if runs == 1 else f"Mean and 5–95 % of {runs} runs"
    ax.set_title("\n".join([*textwrap.wrap(title, title_room(ax, 36)), over]))
    handles, labels = ax.get_legend_handles_labels()
    room = 90 if is_wide(ax) else 46
    wrapped = ["\n".join(textwrap.wrap(label, room)) for label in labels]
    ax.legend(handles, wrapped, loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=3.4, handlelength=3.2)
    return ax
