"""The bridge between two figures as a picture: each reason for which one counts events that the other does not."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pixelsim.measure import Bridge
from pixelsim.show.digits import count, short
from pixelsim.show.style import COLOURS, is_wide, set_title
from pixelsim.show.timeline import ONE_HISTORY

__all__ = ["bridge"]


def bridge(ax: Axes, found: Bridge, *, start: str = "", end: str = "") -> Axes:
    """Draw the way from one figure to another: both as bars, and every step between them with its reason.

    Parameters
    ----------
    ax
        Where to draw.
    found
        The bridge of one run, see :func:`pixelsim.measure.reconcile`.
    start, end
        What the two figures are called; their own words by default.
    """
    changes = [int(change) for change in found.steps["change"]]
    # The sign beside each bar says already whether it is less or more.
    reasons = [step.removeprefix("less: ").replace("plus, not in", "not in") for step in found.steps["step"]]
    names = [start or str(found.start), *reasons, end or str(found.end)]
    largest = max(1, found.start_value, found.end_value)
    total = found.start_value
    ax.barh(0, total, height=0.72, color=COLOURS["observed"])
    ends = [total]
    for place, change in enumerate(changes, start=1):
        colour, hatch = (COLOURS["lost"], "////") if change < 0 else (COLOURS["delivering"], "....")
        left = min(total, total + change)
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0}
        ax.barh(place, abs(change), left=left, height=0.72, **look)
        total += change
        ends.append(max(total, total - change))
        largest = max(largest, ends[-1])
    ax.barh(len(changes) + 1, found.end_value, height=0.72, color=COLOURS["observed"])
    ends.append(found.end_value)
    told = [count(found.start_value), *(_signed(change) for change in changes), count(found.end_value)]
    for place, (edge, text) in enumerate(zip(ends, told, strict=True)):
        ax.text(edge + 0.01 * largest, place, text, va="center", size=8)
    room = 46 if is_wide(ax) else 20
    ax.set_yticks(range(len(names)), ["\n".join(textwrap.wrap(name, room)) for name in names])
    for place, label in enumerate(ax.get_yticklabels()):
        label.set_fontweight("bold" if place in {0, len(changes) + 1} else "normal")
    ax.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, largest * (1.1 if is_wide(ax) else 1.35)))
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    ax.set_xlabel(f"{found.start.event} events")
    set_title(ax, "From one figure to the other", ONE_HISTORY.lower(), narrow=30)
    return ax


def _signed(change: int) -> str:
    return f"+{count(change)}" if change > 0 else count(change)
