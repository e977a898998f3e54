"""The bridge between two figures: every event that one counts and the other does not, with the reason, and no rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.measure.figures import Figure, rows_of
from pixelsim.traffic.simulate import Simulation

__all__ = ["Bridge", "reconcile"]


@dataclass(frozen=True, slots=True, eq=False)
class Bridge:
    """The way from one figure to another.

    Parameters
    ----------
    start, end
        The two figures.
    start_value, end_value
        Their counts.
    steps
        Columns ``step`` (words), ``change`` (events, signed).
    """

    start: Figure
    end: Figure
    start_value: int
    end_value: int
    steps: pd.DataFrame

    @property
    def rest(self) -> int:
        """What the steps leave unexplained; 0 by construction, since both figures are sets of the same rows."""
        return self.end_value - self.start_value - int(self.steps["change"].sum())

    def table(self) -> pd.DataFrame:
        """Give the bridge as one table: first figure, every step, last figure, with a running total."""
        rows = [(str(self.start), self.start_value, self.start_value)]
        total = self.start_value
        for step, change in self.steps.itertuples(index=False):
            total += change
            rows.append((step, change, total))
        rows.append((str(self.end), self.end_value, self.end_value))
        return pd.DataFrame(rows, columns=["step", "change", "total"])


def reconcile(simulation: Simulation, start: Figure, end: Figure) -> Bridge:
    """Explain the difference of two figures, event by event.

    Parameters
    ----------
    simulation
        One replication.
    start, end
        Figures of the same event and pixel; anything else may differ.

    Raises
    ------
    InputError
        The figures are of different events or pixels.
    """
    for field in ("event", "pixel"):
        one, other = getattr(start, field), getattr(end, field)
        if one != other:
            raise InputError.single(
                "reconcile",
                field=field,
                value=f"{one} and {other}",
                rule="the same for both figures",
                remedy="compare figures of one event on one pixel",
            )
    rows = rows_of(simulation, start.event, start.pixel)
    not_start, not_end = rows.reason(start), rows.reason(end)
    in_start, in_end = not_start == "", not_end == ""
    gone = pd.Series(not_end[in_start & ~in_end])
    come = pd.Series(not_start[in_end & ~in_start])
    steps = [(f"less: {why}", -int(count)) for why, count in _counts(gone)]
    steps += [(f"plus, not in the first figure: {why}", int(count)) for why, count in _counts(come)]
    return Bridge(
        start,
        end,
        int(np.count_nonzero(in_start)),
        int(np.count_nonzero(in_end)),
        pd.DataFrame(steps, columns=["step", "change"]).astype({"change": "int64"}),
    )


def _counts(reasons: pd.Series) -> list[tuple[str, int]]:
    """Count reasons, in the order of their words, so that the same difference is always told the same way."""
    found = reasons.value_counts()
    return sorted((str(why), int(count)) for why, count in found.items())
