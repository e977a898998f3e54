"""What pixels weigh on a page, as a picture: load time that each adds, and sessions that load time costs (Q4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pixelsim.base.errors import InputError
from pixelsim.scenario.capture import PageWeight
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.digits import given, number, plus_minus
from pixelsim.show.style import COLOURS, SERIES, is_wide, set_title
from pixelsim.study.count_run import CountRun
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise

__all__ = ["PageLoad", "page_loads", "page_weight"]

_MARKS = "osD^vP"
"""What tells designs apart beside their colour."""


@dataclass(frozen=True, slots=True)
class PageLoad:
    """Pages that carry equally many pixels of equal weight, and the sessions that came to them.

    Parameters
    ----------
    pixels
        Pixels that each page loads; one that is loaded twice counts twice.
    weight
        What a pixel costs.
    came, lost
        Sessions, and those of them that load time cost, run by run; empty before any run.
    """

    pixels: int
    weight: PageWeight
    came: tuple[int, ...]
    lost: tuple[int, ...]

    @property
    def milliseconds(self) -> float:
        """Load time that the pixels add to each page."""
        return self.pixels * self.weight.milliseconds_per_pixel

    @property
    def lost_share(self) -> Summary:
        """Share of sessions lost to load time, over the runs; runs without a session have none."""
        shares = [lost / came if came else float("nan") for lost, came in zip(self.lost, self.came, strict=True)]
        return summarise(shares)

    def also(self, other: Self) -> Self:
        """Give the same pages with the runs of ``other`` after their own."""
        return replace(self, came=self.came + other.came, lost=self.lost + other.lost)


def page_loads(source: Run | CountRun | Scenario) -> tuple[PageLoad, ...]:
    """Give what pages carry, websites of equal load together, the lightest first.

    Parameters
    ----------
    source
        A run, or a scenario that was not run: then there are no sessions.
    """
    one = None if isinstance(source, Scenario) else source
    scenario = source if isinstance(source, Scenario) else source.scenario
    websites = (scenario.structure.world() if one is None else one.simulation.history.now).websites
    found: dict[tuple[int, float, float], PageLoad] = {}
    for site in scenario.traffic.sites:
        capture, none = site.capture, () if one is None else (0,)
        pixels = sum(capture.loads.get(code, 1) for code in websites[site.website].pixels)
        weight = capture.weight
        kind = (pixels, weight.milliseconds_per_pixel, weight.lost_per_second)
        page = found.setdefault(kind, PageLoad(pixels, weight, none, none))
        if one is not None:
            place = one.simulation.numbering.sites.index(site.website)
            # Of a run in counts they are by cell.
            lost = int(one.simulation.lost_sessions[place].sum())
            came = lost + int(one.simulation.sessions[place].sum())
            found[kind] = replace(page, came=(page.came[0] + came,), lost=(page.lost[0] + lost,))
    return tuple(found[kind] for kind in sorted(found))


def page_weight(ax: Axes, designs: Mapping[str, Sequence[PageLoad]]) -> Axes:
    """Draw what the pixels of a page cost: the share of sessions lost as a curve over the number of pixels.

    The curve is what the weight of a pixel says; each mark is what runs of a design brought, with the 95 % interval of
    its mean, and the load time that its pixels add.

    Parameters
    ----------
    ax
        Where to draw.
    designs
        Pages by the name of the design.

    Raises
    ------
    InputError
        There is no page to draw.
    """
    pages = [(name, page) for name, loads in designs.items() for page in loads]
    if not pages:
        raise InputError.single(
            "page weight", field="designs", value="no pages", rule="at least one page", remedy="give a run's page loads"
        )
    most = max(page.pixels for _, page in pages)
    counts = np.arange(0, max(most + 1, 4) + 1)
    weights = {(w.milliseconds_per_pixel, w.lost_per_second): w for w in (page.weight for _, page in pages)}
    for weight in weights.values():
        told = (
            f"{given(weight.milliseconds_per_pixel)} ms a pixel, {given(100 * weight.lost_per_second)} % lost a second"
        )
        expected = [100 * (1 - weight.kept_share(int(k))) for k in counts]
        ax.plot(counts, expected, color=COLOURS["muted"], linestyle="dashed", label=told)
    top = max(ax.get_ylim()[1], 1e-3)
    names = list(designs)
    for name, page in pages:
        colour, mark = SERIES[names.index(name) % len(SERIES)], _MARKS[names.index(name) % len(_MARKS)]
        summary = page.lost_share
        mean, half = 100 * summary.mean, 100 * summary.half_width
        error = half if np.isfinite(half) else 0.0
        measured = f"{plus_minus(mean, half)} % lost, " if summary.n else ""
        label = f"{name}: {measured}{number(page.milliseconds)} ms added"
        ax.errorbar(page.pixels, mean, error, fmt=mark, color=colour, markersize=8, capsize=4, label=label)
        top = max(top, (mean + error) * 1.08 if np.isfinite(mean) else top)
    ax.set(xlim=(0, counts[-1]), ylim=(0, top))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))
    ax.set_xlabel("pixels on a page")
    ax.set_ylabel("sessions lost to load time, %")
    ax.grid(axis="y")
    if is_wide(ax):
        ax.legend(loc="upper left")
    else:
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.22), borderaxespad=0, borderpad=0)
    set_title(ax, "What pixels weigh on a page")
    return ax
