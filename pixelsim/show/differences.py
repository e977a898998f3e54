"""Paired differences with their intervals, as a picture: which way a variant moves what decides, and how surely."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from pixelsim.base.errors import InputError
from pixelsim.show.digits import number, plus_minus
from pixelsim.show.style import COLOURS, is_wide, root_figure, set_title
from pixelsim.study.paired import PairedDifference, Verdict

__all__ = ["difference"]

_CHARACTERS = 13
"""Characters that an inch has room for."""

_COLOURS = {
    Verdict.BETTER: COLOURS["delivering"],
    Verdict.WORSE: COLOURS["orphaned"],
    Verdict.DIFFERENT: COLOURS["observed"],
    Verdict.EQUIVALENT: COLOURS["muted"],
    Verdict.NO_DIFFERENCE_SHOWN: COLOURS["muted"],
    Verdict.UNDECIDED: COLOURS["waiting"],
}


def difference(ax: Axes, differences: Mapping[str, PairedDifference], *, title: str = "Variant minus baseline") -> Axes:
    """Draw paired differences: the mean as a point, its interval as a line, and both in numbers beside it.

    Every row has a scale of its own, since units differ; only the line of no difference is common to all.

    Parameters
    ----------
    ax
        Where to draw.
    differences
        What is compared, by its name.
    title
        What is taken from what.

    Raises
    ------
    InputError
        There is nothing to draw.
    """
    if not differences:
        raise InputError.single(
            "difference",
            field="differences",
            value="none",
            rule="at least one paired difference",
            remedy="compare something",
        )
    told = {name: _told(found) for name, found in differences.items()}
    # Where a name and its numbers would meet, the numbers go below in all rows.
    longest = max(1.2 * len(name) + len(numbers) for name, numbers in told.items())
    below = -0.62 if longest < _CHARACTERS * root_figure(ax).get_figwidth() else 0.6
    for place, (name, found) in enumerate(differences.items()):
        half = found.half_width if np.isfinite(found.half_width) else 0.0
        mean = found.mean if np.isfinite(found.mean) else 0.0
        scale = max(abs(mean) + half, 1e-300)
        colour = _COLOURS[found.verdict]
        y = 2.0 * place
        ax.plot([0, 0], [y - 0.36, y + 0.36], color=COLOURS["text"], linewidth=1, zorder=1)
        ax.plot(
            [(mean - half) / scale, (mean + half) / scale], [y, y], color=colour, linewidth=3, solid_capstyle="butt"
        )
        ax.plot([mean / scale], [y], marker="o", markersize=7, color=colour, markeredgecolor="white")
        ax.text(-1.1, y - 0.62, name, weight="bold", size=9, va="center")
        ax.text(1.1, y + below, told[name], size=8.5, va="center", ha="right")
    ax.set(ylim=(2 * len(differences) - 0.9, -1.3), xlim=(-1.15, 1.15), yticks=[], xticks=[0])
    ax.set_xticklabels(["no difference"])
    ax.spines["left"].set_visible(False)
    levels = {found.confidence for found in differences.values()}
    level = f"{number(100 * min(levels))} % interval" if len(levels) == 1 else "interval, all judged together"
    interval = f"mean of the paired differences and its {level}"
    ax.set_xlabel(interval + ("; " if is_wide(ax) else ";\n") + "each row has a scale of its own")
    set_title(ax, title, narrow=44)
    return ax


def _told(found: PairedDifference) -> str:
    """Say what a difference comes to: its mean, its half-width, its unit, its verdict."""
    unit = f" {found.unit}" if found.unit else ""
    pairs = f"{found.n} pair{'' if found.n == 1 else 's'}"
    return f"{plus_minus(found.mean, found.half_width, sign=True)}{unit}: {found.verdict.value}, {pairs}"
