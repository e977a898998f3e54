"""Where events go: the steps of a purchase as the pixel saw them, and what is lost or credited at each hop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.show.digits import count, number, short
from pixelsim.show.metrics import pixel_of
from pixelsim.show.names import Names
from pixelsim.show.style import COLOURS, is_wide, set_title
from pixelsim.show.timeline import ONE_HISTORY
from pixelsim.study.run import Run
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.log import Fate

__all__ = ["Hop", "event_flow", "funnel", "funnel_table", "hops"]

_HOPS = (("sent", ()), ("received", ("lost",)), ("kept", ("merged", "dropped")))
"""Totals of the conservation table, and what is taken off before each; all other columns come before the last one."""
_LAST = "attributed"


@dataclass(frozen=True, slots=True)
class Hop:
    """One bar of the flow: a total, or a part that goes no further; ``start`` and ``end`` are events."""

    name: str
    start: int
    end: int
    total: bool

    @property
    def size(self) -> int:
        """Events of the bar."""
        return self.end - self.start


def hops(run: Run, pixel: str | None = None) -> list[Hop]:
    """Give the flow of one pixel's events from sent to attributed, hop by hop; nothing is left unexplained.

    Parameters
    ----------
    run
        What to show.
    pixel
        Code of the pixel; the first one by default.

    Raises
    ------
    UnknownNameError
        There is no such pixel.
    """
    table = run.conservation().set_index("pixel")
    found_row = table.loc[pixel_of(pixel, list(table.index))]
    row = {str(name): int(value) for name, value in found_row.to_dict().items()}
    known = {name for total, parts in _HOPS for name in (total, *parts)}
    rest = tuple(str(name) for name in table.columns if name not in known and name != _LAST)
    found: list[Hop] = []
    for total, parts in (*_HOPS, (_LAST, rest)):
        for part in parts:
            if row[part]:
                left = found[-1].start if found and not found[-1].total else found[-1].end
                found.append(Hop(part, left - row[part], left, total=False))
        found.append(Hop(total, 0, row[total], total=True))
    return found


def event_flow(ax: Axes, run: Run, *, pixel: str | None = None) -> Axes:
    """Draw the flow of one pixel's events from sent to attributed, with what is taken off at each hop.

    Parameters
    ----------
    ax
        Where to draw.
    run
        What to show.
    pixel
        Code of the pixel; the first one by default.
    """
    found = hops(run, pixel)
    sent = max(1, found[0].end)
    for place, hop in enumerate(found):
        colour, hatch = (COLOURS["observed"], "") if hop.total else (COLOURS["lost"], "////")
        ax.barh(place, hop.size, left=hop.start, height=0.72, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
        sign = "" if hop.total else "−"
        told = f"{sign}{count(hop.size)} ({number(100 * hop.size / sent, 2)} %)"
        ax.text(hop.end + 0.01 * sent, place, told, va="center", size=8)
    ax.set_yticks(range(len(found)), [hop.name if hop.total else f"− {hop.name}" for hop in found])
    for label, hop in zip(ax.get_yticklabels(), found, strict=True):
        label.set_fontweight("bold" if hop.total else "normal")
    ax.set(ylim=(len(found) - 0.4, -0.6), xlim=(0, sent * (1.15 if is_wide(ax) else 1.6)))
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    gap = " " if is_wide(ax) else "\n"
    ax.set_xlabel(f"events in {run.scenario.days} days;{gap}shares of what was sent")
    set_title(ax, f"What became of the events sent to pixel {_name(run, pixel)}", ONE_HISTORY.lower(), narrow=30)
    return ax


def _name(run: Run, pixel: str | None) -> str:
    code = pixel_of(pixel, run.simulation.numbering.pixels)
    return Names(run.simulation.history.now, drawn=True).of("pixels", code)


def funnel_table(run: Run, pixel: str | None = None) -> pd.DataFrame:
    """Give the steps of a purchase as one pixel saw them.

    Returns
    -------
    DataFrame
        One row for each standard event, columns ``event``, ``kept`` (after de-duplication), ``attributed`` (those
        credited to an ad), and ``share`` (of the step before; missing for the first step, and where that had none).

    Raises
    ------
    UnknownNameError
        There is no such pixel.
    """
    log, pixels = run.simulation.log, run.simulation.numbering.pixels
    here = log.pixel == pixels.index(pixel_of(pixel, pixels))
    kept = np.bincount(log.event[here & (log.fate == Fate.KEPT)], minlength=len(EVENT_NAMES))
    credited = np.bincount(log.event[here & (log.reason == Reason.CREDITED)], minlength=len(EVENT_NAMES))
    before = np.concatenate([[0], kept[:-1]])
    share = np.divide(kept, before, out=np.full(len(kept), np.nan), where=before > 0)
    return pd.DataFrame({"event": list(EVENT_NAMES), "kept": kept, "attributed": credited, "share": share})


def funnel(ax: Axes, run: Run, *, pixel: str | None = None) -> Axes:
    """Draw the steps of a purchase as one pixel saw them, and the part of each step that is credited to an ad.

    Parameters
    ----------
    ax
        Where to draw.
    run
        What to show.
    pixel
        Code of the pixel; the first one by default.
    """
    table = funnel_table(run, pixel)
    places, largest = np.arange(len(table)), max(1, int(table["kept"].max()))
    ax.barh(places, table["kept"], height=0.72, color=COLOURS["spend"], label="kept by the pixel")
    ax.barh(places, table["attributed"], height=0.34, color=COLOURS["observed"], label="of these attributed to an ad")
    for place, (kept, share) in enumerate(zip(table["kept"].tolist(), table["share"].tolist(), strict=True)):
        step = "" if np.isnan(share) else f" ({number(100 * share, 2)} % of the last step)"
        ax.text(kept + 0.01 * largest, place, f"{count(kept)}{step}", va="center", size=8)
    ax.set_yticks(places, table["event"])
    ax.set(ylim=(len(table) - 0.4, -0.6), xlim=(0, largest * (1.2 if is_wide(ax) else 1.75)))
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    ax.set_xlabel(f"events in {run.scenario.days} days")
    set_title(ax, f"Steps of a purchase as pixel {_name(run, pixel)} saw them", ONE_HISTORY.lower(), narrow=30)
    ax.legend(loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=3.4, ncols=2 if is_wide(ax) else 1)
    return ax
