"""How new ad groups learn: conversions of the last week by day of delivery, against what makes them stable (Q1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.errors import UnknownNameError
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.show.bands import band, days_told, finished, runs_of, stacked
from pixelsim.show.digits import plus_minus
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise
from pixelsim.traffic.learning import Phase
from pixelsim.traffic.simulate import Simulation

__all__ = ["LearningCurve", "learning_curve", "learning_curves", "learning_frame", "new_ad_groups"]


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """How one ad group learns in one run, by day of its delivery.

    Parameters
    ----------
    in_week
        Conversions of the last ``week`` days of delivery, those inherited with a shared pixel included; float64 of
        shape (days of delivery,).
    phase
        Codes of :class:`~pixelsim.traffic.learning.Phase` at the ends of the days; int8, same shape.
    inherited
        Conversions of the pixel's earlier week that counted for it on its first day.
    wanted, week
        Conversions in so many days that make it stable.
    """

    in_week: NDArray[np.float64]
    phase: NDArray[np.int8]
    inherited: float
    wanted: int
    week: int

    @property
    def days(self) -> float:
        """Days of delivery before it was stable: all of them where it never was."""
        return float(np.count_nonzero(self.phase != Phase.STABLE))

    @property
    def stable(self) -> bool:
        """Whether it was stable at the end."""
        return bool(self.phase[-1] == Phase.STABLE)


def _delivered(simulation: Simulation) -> list[NDArray[np.int64]]:
    """Give for each ad group the whole days since the start on which it delivered."""
    days: list[set[int]] = [set() for _ in simulation.numbering.ad_groups]
    for part in simulation.shown:
        if part.impressions and part.at // DAY < len(simulation.phases):
            days[part.ad_group].add(part.at // DAY)
    return [np.array(sorted(found), dtype=np.int64) for found in days]


def new_ad_groups(run: Run) -> list[str]:
    """List the ad groups that learned in a run: those that delivered, and had not learned before it began."""
    simulation = run.simulation
    delivered = _delivered(simulation)
    return [
        name
        for number, name in enumerate(simulation.numbering.ad_groups)
        if len(delivered[number]) and simulation.phases[0, number] != Phase.STABLE
    ]


def _conversions(simulation: Simulation) -> NDArray[np.float64]:
    """Count the conversions on which each ad group learns, those of its own goal, by day: (days, ad groups)."""
    claims, world, names = simulation.claims, simulation.history.now, simulation.numbering.ad_groups
    goals = np.array([EVENT_NAMES.index(world.ad_groups[name].event) for name in names], dtype=np.int64)
    day = claims.received // DAY
    mine = claims.counted & (claims.event == goals[claims.ad_group]) & (day < len(simulation.phases))
    table = np.zeros((len(simulation.phases), len(names)))
    np.add.at(table, (day[mine], claims.ad_group[mine]), 1.0)
    return table


def learning_curve(run: Run, ad_group: str) -> LearningCurve:
    """Give how an ad group learns in a run.

    Parameters
    ----------
    run
        What came of a scenario.
    ad_group
        Its id, one of :func:`new_ad_groups`.

    Raises
    ------
    UnknownNameError
        No ad group with this id learned in the run.
    """
    simulation, learning = run.simulation, run.scenario.traffic.learning
    known = new_ad_groups(run)
    if ad_group not in known:
        raise UnknownNameError("new ad group", ad_group, known)
    group = simulation.numbering.ad_groups.index(ad_group)
    days, conversions = _delivered(simulation)[group], _conversions(simulation)
    week, pixels = learning.stable_days, simulation.numbering.group_pixel
    before = conversions[max(0, days[0] - week) : days[0]]
    inherited = learning.shared_history * float(before[:, pixels == pixels[group]].sum())
    mine = conversions[days, group]
    mine[0] += inherited
    return LearningCurve(
        in_week=np.convolve(mine, np.ones(week))[: len(mine)],
        phase=simulation.phases[days, group],
        inherited=inherited,
        wanted=learning.stable_conversions,
        week=week,
    )


def _days(curves: Sequence[LearningCurve]) -> Summary:
    return summarise([curve.days for curve in curves])


def _stable(curves: Sequence[LearningCurve]) -> str:
    """Say in how many runs an ad group was stable at the end."""
    stable = sum(curve.stable for curve in curves)
    if len(curves) == 1:
        return "stable" if stable else "not stable"
    return f"stable in {stable} of {len(curves)} runs"


def learning_curves(
    ax: Axes, curves: Mapping[str, Sequence[LearningCurve]], *, title: str = "Learning of a new ad group"
) -> Axes:
    """Draw conversions of the last week by day of delivery, for one or several ways, and the line of what is stable.

    Parameters
    ----------
    ax
        Where to draw.
    curves
        For each name one ad group in one or several runs.
    title
        What learns.

    Raises
    ------
    InputError
        There is nothing to draw.
    """
    runs = runs_of(curves, "learning_curves")
    longest, wanted, week = 1, 0, 0
    for place, (name, found) in enumerate(curves.items()):
        table = stacked([curve.in_week for curve in found])
        told = f"{name}: {days_told(_days(found))} in learning, {_stable(found)}"
        band(ax, np.arange(1, table.shape[1] + 1), table, place, told)
        longest, wanted, week = max(longest, table.shape[1]), found[0].wanted, found[0].week
    ax.set(xlabel="day of delivery", ylabel=f"conversions in the last {week} days")
    return finished(ax, title=title, runs=runs, level=wanted, meaning=f"in {week} days: stable", x=(1, longest))


def learning_frame(curves: Mapping[str, Sequence[LearningCurve]]) -> pd.DataFrame:
    """Give what the picture shows as texts.

    Parameters
    ----------
    curves
        As for :func:`learning_curves`.

    Returns
    -------
    DataFrame
        One row for each name: ``way``, ``inherited conversions`` and ``days in learning`` (means ± half-widths), and
        ``at the end``.
    """
    rows = []
    for name, found in curves.items():
        days, inherited = _days(found), summarise([curve.inherited for curve in found])
        rows.append(
            (
                name,
                plus_minus(inherited.mean, inherited.half_width),
                plus_minus(days.mean, days.half_width),
                _stable(found),
            )
        )
    return pd.DataFrame(rows, columns=["way", "inherited conversions", "days in learning", "at the end"])
