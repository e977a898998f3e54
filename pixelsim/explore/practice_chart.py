"""Pictures of two designs: quantities one below the other, with a bar for each design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from pixelsim.counts import Exactness
from pixelsim.explore.moving import Strip, keep_words, quick_strip, rounded_up
from pixelsim.show.digits import count, plus_minus
from pixelsim.show.style import COLOURS, SERIES, new_figure, placed, set_title, styled

__all__ = ["NOT_RUN", "Bars", "pair_bars_figure", "rough", "waiting_strip"]

_HATCHES = ("", "////")
"""What tells the designs apart beside their colour."""
NOT_RUN = "not run yet"
"""What stands where a figure is still to come."""
_ROW_INCHES = 0.19
_THICK = 0.82
"""Rows that a bar is thick."""
_HEAD = 1.15
"""Rows that the heading of a pair takes."""
_STEP = _HEAD + 2.4
"""Rows that a pair takes with its heading."""
_TOP, _BOTTOM, _SIDE = 0.28, 0.5, 0.25
"""Inches around the bars: title and legend, axis, and half of the axis's last mark."""


@dataclass(frozen=True, slots=True)
class Bars:
    """One quantity under both designs.

    Parameters
    ----------
    heading
        What is counted, and for whom.
    means, half_widths
        One for each design; NaN for a mean that is missing, and for a half-width that one run cannot give.
    missing
        What is written in the place of a mean that is missing.
    """

    heading: str
    means: tuple[float, float]
    half_widths: tuple[float, float]
    missing: str = ""


def rough(told: str, exactness: str) -> str:
    """Give the heading of a quantity, which says if it is not exact in counts."""
    return told if exactness in ("", Exactness.EXACT.value) else f"{told} ({exactness})"


def pair_bars_figure(bars: Sequence[Bars], designs: tuple[str, str], *, width: float, title: str, unit: str) -> Figure:
    """Draw quantities under two designs, a bar for each, with the half-width of each mean.

    Parameters
    ----------
    bars
        What is drawn, from top to bottom.
    designs
        Names of the designs.
    width
        Inches; the figure is as tall as it needs to be.
    title
        What is compared.
    unit
        What the axis counts.
    """
    tall = _TOP + _BOTTOM + _ROW_INCHES * len(bars) * _STEP
    figure = new_figure(width, tall)
    with styled():
        ax = placed(figure, left=_SIDE, right=_SIDE, top=_TOP, height=tall - _TOP - _BOTTOM)
        ax.set_xlabel(unit)
        handles = [
            Patch(facecolor=SERIES[n], hatch=_HATCHES[n], edgecolor="white", linewidth=0, label=name)
            for n, name in enumerate(designs)
        ]
        ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.1)
        set_title(ax, title)
        for place, bar in enumerate(bars):
            y = place * _STEP + 0.3
            # A little off the axis, which would touch the first letter.
            there: dict[str, Any] = {"xytext": (3, 0), "textcoords": "offset points", "va": "center"}
            ax.annotate(bar.heading, (0, y), **there, weight="bold", size=8, color=COLOURS["muted"])
        keep_words(ax)
        _draw_bars(ax, bars)
    return figure


@lru_cache(maxsize=16)
def waiting_strip(headings: tuple[str, ...], designs: tuple[str, str], *, width: float, title: str, unit: str) -> Strip:
    """Draw quantities before any run, which look the same for many choices; see `pair_bars_figure`."""
    none = (float("nan"), float("nan"))
    bars = [Bars(heading, none, none, NOT_RUN) for heading in headings]
    return quick_strip(pair_bars_figure(bars, designs, width=width, title=title, unit=unit))


def _draw_bars(ax: Axes, bars: Sequence[Bars]) -> None:
    ends = [m + (h if np.isfinite(h) else 0.0) for b in bars for m, h in zip(b.means, b.half_widths, strict=True)]
    known = [end for end in ends if np.isfinite(end)]
    largest = max(known, default=1.0) or 1.0
    for place, bar in enumerate(bars):
        top = place * _STEP
        for number, (mean, half) in enumerate(zip(bar.means, bar.half_widths, strict=True)):
            y, end = top + _HEAD + number, 0.0
            if np.isfinite(mean):
                colour, hatch = SERIES[number], _HATCHES[number]
                # Bars one by one, and not as a chart of them: that takes several times as long.
                bar_of_mean = Rectangle((0, y - _THICK / 2), mean, _THICK, fc=colour, hatch=hatch, ec="white", lw=0)
                ax.add_patch(bar_of_mean)
                end = mean
            if np.isfinite(half) and half > 0:
                ends_of_mean = [mean - half, mean + half]
                ax.add_line(Line2D(ends_of_mean, [y, y], color="black", linewidth=1.6, solid_capstyle="butt"))
                end = mean + half
            there = plus_minus(mean, half) if np.isfinite(half) else count(mean)
            told = there if np.isfinite(mean) else bar.missing
            style: dict[str, Any] = {} if np.isfinite(mean) else {"style": "italic", "color": COLOURS["muted"]}
            ax.text(end + 0.012 * largest, y, told, va="center", size=8, **style)
    ax.set(ylim=(len(bars) * _STEP - 0.4, -0.3), xlim=(0, rounded_up(largest * 1.16)), yticks=[])
    if not known:
        # A scale of nothing would count 0, 0, 0, 1.
        ax.set_xticks([])
    ax.xaxis.set_major_formatter(lambda value, _: count(value))
    ax.grid(axis="x")
