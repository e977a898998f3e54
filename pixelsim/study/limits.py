"""Up to which level of a factor an outcome keeps a limit."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import Task
from pixelsim.study.choice import Wanted, labels
from pixelsim.study.detail import Detail
from pixelsim.study.execution import Cancel, Execution, ExecutorLike, Progress
from pixelsim.study.gather import Gathered
from pixelsim.study.replicate import check_replications
from pixelsim.study.statistics import Floats, number, percent, summarise
from pixelsim.study.thresholds import BreakEven, break_even
from pixelsim.study.window import Window

__all__ = ["Factor", "Threshold", "threshold"]

Factor = str | Callable[[float], Scenario]
"""A path for :meth:`Scenario.vary`, or a function that gives the scenario of a level."""


@dataclass(frozen=True, slots=True, eq=False)
class Threshold:
    """How an outcome goes with the levels of a factor, and where it meets a limit.

    Parameters
    ----------
    factor, outcome, unit
        Name of the factor, label of the outcome, and its unit.
    limit, keep
        What the outcome has to stay below or above.
    levels
        The levels tried, increasing.
    values
        float64 of shape (levels, replications), NaN where missing.
    found
        Where the mean meets the limit, with its interval.
    confidence
        Probability in (0, 1) behind every interval.
    """

    factor: str
    outcome: str
    unit: str
    limit: float
    keep: Literal["below", "above"]
    levels: tuple[float, ...]
    values: Floats
    found: BreakEven
    confidence: float

    def frame(self) -> pd.DataFrame:
        """Give the mean at each level.

        Returns
        -------
        DataFrame
            ``level``, ``mean``, ``half_width``, ``low`` and ``high`` (5-95 % of single replications),
            ``replications``, ``missing``, ``unit``, and ``keeps``: ``yes`` or ``no`` where the interval of the mean
            shows it, ``not shown`` otherwise.
        """
        rows = []
        for level, row in zip(self.levels, self.values, strict=True):
            one = summarise(row, self.confidence)
            rows.append(
                {
                    "level": level,
                    "mean": one.mean,
                    "half_width": one.half_width,
                    "low": one.low,
                    "high": one.high,
                    "replications": one.n,
                    "missing": one.missing,
                    "unit": self.unit,
                    "keeps": self._keeps(one.mean, one.half_width),
                }
            )
        return pd.DataFrame(rows)

    def _keeps(self, mean: float, half_width: float) -> str:
        sign = 1 if self.keep == "below" else -1
        best, worst = sign * (mean - self.limit) - half_width, sign * (mean - self.limit) + half_width
        if worst <= 0:
            return "yes"
        return "no" if best > 0 else "not shown"

    @property
    def kept_at(self) -> tuple[float, ...]:
        """The levels tried at which the limit is shown to be kept, by the interval of the mean."""
        table = self.frame()
        return tuple(table["level"][table["keeps"] == "yes"])

    @property
    def sentence(self) -> str:
        """The finding as one sentence with its numbers."""
        unit = f" {self.unit}" if self.unit else ""
        head = f"{self.outcome} stays {self.keep} {number(self.limit)}{unit}"
        runs = self.values.shape[1]
        found = self.found
        if not found.crossings:
            kept = len(self.kept_at)
            where = "at every level" if kept == len(self.levels) else "at no level" if not kept else "at some levels"
            return (
                f"{head} {where} of {self.factor} from {self.levels[0]:g} to {self.levels[-1]:g}, as far as "
                f"{runs} replications each show: there is no crossing."
            )
        if len(found.crossings) > 1 or found.rising is None:
            places = ", ".join(number(level) for level in found.crossings)
            return f"{head} on one side only of each of these levels of {self.factor}: {places}; there is no one limit."
        side = "up to" if found.rising == (self.keep == "below") else "from"
        low = "below the first level" if math.isinf(found.low) else number(found.low)
        high = "past the last level" if math.isinf(found.high) else number(found.high)
        return (
            f"{head} {side} level {number(found.level)} of {self.factor} ({percent(self.confidence)} interval "
            f"{low} to {high}, {runs} replications at each of {len(self.levels)} levels)."
        )

    def __str__(self) -> str:
        return self.sentence


def threshold(
    scenario: Scenario,
    factor: Factor,
    outcome: Wanted,
    limit: float,
    levels: Sequence[float],
    *,
    replications: int = 50,
    keep: Literal["below", "above"] = "below",
    name: str | None = None,
    seed: int = 1,
    confidence: float = 0.95,
    workers: int = 1,
    executor: ExecutorLike | None = None,
    progress: Progress = None,
    cancel: Cancel | None = None,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Detail = "events",
) -> Threshold:
    """Find up to which level of a factor an outcome keeps a limit, on the same random numbers at all levels.

    Parameters
    ----------
    scenario
        What the factor is a part of.
    factor
        A path such as ``"plan.steps[3].day"``; or a function that takes a level and gives the scenario, such as a plan
        with a step on that day.
    outcome
        One response, by name, label or columns; see :func:`pixelsim.study.compare`.
    limit
        What the mean of the outcome has to keep, in its unit.
    levels
        At least two levels, increasing; between them the mean is taken as a straight line.
    replications
        Replications at each level, at least 2.
    keep
        Whether the outcome has to stay ``"below"`` the limit or ``"above"`` it.
    name
        What the factor is called; its path or the function's name by default.
    seed, confidence
        Root seed; probability in (0, 1) for every interval.
    workers, executor, progress, cancel
        Where it runs and who watches; see :func:`pixelsim.study.replicate`.
    warm_up_days, cool_down_days
        Days simulated beside those that count; see :func:`pixelsim.study.run`.
    detail
        ``"events"``, or ``"counts"`` for traffic in counts; see :func:`pixelsim.study.run`.

    Raises
    ------
    InputError, UnknownNameError
        An argument or the scenario of a level is refused, or the outcome is not one response.
    PixelsimError
        Nothing was done, since the replications of a level all failed or the work was cancelled at once.
    """
    check_replications(replications)
    if keep not in {"below", "above"}:
        raise InputError.single("threshold", field="keep", value=keep, rule="below or above", remedy="choose one")
    scenarios = _scenarios(scenario, factor, levels)
    task = Task(scenarios, seed, Window(warm_up_days, cool_down_days), detail)
    execution = Execution(workers, executor, progress, cancel)
    gathered = Gathered(task, outcome)
    with contextlib.suppress(KeyboardInterrupt):
        for row in task.rows(execution, replications):
            gathered.add(row)
            _check_one(gathered)
    gathered.check()
    (position,) = gathered.chosen
    values = np.ascontiguousarray(gathered.values()[:, :, position].T)
    return Threshold(
        factor=name or _name_of(factor),
        outcome=labels(gathered.responses)[position],
        unit=gathered.responses["unit"].iloc[position],
        limit=limit,
        keep=keep,
        levels=tuple(float(level) for level in levels),
        values=values,
        found=break_even(list(levels), values, limit, confidence),
        confidence=confidence,
    )


def _check_one(gathered: Gathered) -> None:
    """Refuse a question that several responses fit, as soon as the first replication shows them."""
    if len(gathered.chosen) == 1 or not gathered.known:
        return
    raise InputError.single(
        "threshold",
        field="outcome",
        value="; ".join(labels(gathered.responses.iloc[gathered.chosen])),
        rule=f"one response, not {len(gathered.chosen)}",
        remedy="give its label, such as the first of these",
    )


def _name_of(factor: Factor) -> str:
    if isinstance(factor, str):
        return factor
    name = getattr(factor, "__name__", "")
    return name if name.isidentifier() else "the factor"


def _scenarios(scenario: Scenario, factor: Factor, levels: Sequence[float]) -> tuple[Scenario, ...]:
    """Give the scenario of every level; the faults of all of them come at once."""
    made: list[Scenario] = []
    faults: list[Fault] = []
    for level in levels:
        try:
            made.append(scenario.vary(factor, level) if isinstance(factor, str) else factor(level))
        except InputError as error:
            faults += [Fault(f"level {level:g}, {f.place}", f.field, f.value, f.rule, f.remedy) for f in error.faults]
    if faults:
        raise InputError("threshold", faults)
    return tuple(made)
