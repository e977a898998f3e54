"""Replications of a scenario: the same inputs with other luck, and what that says about each response."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError, PixelsimError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import Failed, Failure, Task, raise_if_all_failed
from pixelsim.study.detail import Detail
from pixelsim.study.execution import Cancel, Execution, ExecutorLike, Progress
from pixelsim.study.responses import (
    KEYS,
    Collected,
    Responses,
    joint_names,
    names_table,
    position,
    with_exactness,
)
from pixelsim.study.statistics import Floats, summarise
from pixelsim.study.window import WHOLE, Window

__all__ = ["KEYS", "Replications", "replicate"]


@dataclass(frozen=True, slots=True, eq=False)
class Replications:
    """Responses of several replications.

    Parameters
    ----------
    scenario, seed, window
        What was run.
    names
        A row for each response, columns `KEYS`.
    values
        float64 of shape (replications, responses), in the order of the replications from 0; NaN where a viewer had no
        access, and in the rows of replications that failed.
    asked
        Number of replications asked for; more than ``values`` has when the work was stopped.
    failures
        The replications that failed, each with seed and message.
    detail
        How they were run.
    exactness
        How far each response can be trusted, in runs in counts; empty in runs with events.
    """

    scenario: Scenario
    seed: int
    names: pd.DataFrame
    values: Floats
    asked: int
    failures: tuple[Failure, ...] = ()
    window: Window = WHOLE
    detail: Detail = "events"
    exactness: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def stopped(self) -> bool:
        """Whether the work was stopped before all replications were done."""
        return len(self) < self.asked

    def summary(self, confidence: float = 0.95) -> pd.DataFrame:
        """Give for each response its mean, the half-width of the mean, and the 5-95 % range of single runs.

        Returns
        -------
        DataFrame
            Columns `KEYS`, then ``mean``, ``half_width``, ``low``, ``high``, ``replications`` and ``missing``; of runs
            in counts also ``exactness``.
        """
        rows = [summarise(column, confidence) for column in self.values.T]
        numbers = pd.DataFrame(
            {
                "mean": [r.mean for r in rows],
                "half_width": [r.half_width for r in rows],
                "low": [r.low for r in rows],
                "high": [r.high for r in rows],
                "replications": [r.n for r in rows],
                "missing": [r.missing for r in rows],
            }
        )
        return with_exactness(pd.concat([self.names, numbers], axis=1), self.exactness)

    def frame(self) -> pd.DataFrame:
        """Give every value as one row: ``scenario_hash``, ``seed``, ``replication``, columns `KEYS`, ``value``."""
        runs, width = self.values.shape
        frame = self.names.loc[np.tile(np.arange(width), runs)].reset_index(drop=True)
        frame.insert(0, "scenario_hash", self.scenario.content_hash)
        frame.insert(1, "seed", self.seed)
        frame.insert(2, "replication", np.repeat(np.arange(runs), width))
        return frame.assign(value=self.values.ravel())

    def response(self, response: str, **keys: str) -> Floats:
        """Give the values of one response over the replications.

        Parameters
        ----------
        response
            Name of the metric or outcome.
        **keys
            Values of other columns of `KEYS`, such as ``viewer="brand"`` or ``object="acc_agency"``.

        Raises
        ------
        UnknownNameError
            There is no such name, or no such column.
        InputError
            None or several responses fit.
        """
        return np.asarray(self.values[:, position(self.names, response, keys)], dtype=np.float64)


def replicate(
    scenario: Scenario,
    replications: int = 50,
    *,
    seed: int = 1,
    workers: int = 1,
    executor: ExecutorLike | None = None,
    progress: Progress = None,
    cancel: Cancel | None = None,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Detail = "events",
) -> Replications:
    """Run a scenario many times with other luck.

    Results stand in the order of the replications, whatever ran first, and do not depend on the number of workers.
    An interrupt from the keyboard keeps the replications that are done, as far as none before them is missing.

    Parameters
    ----------
    scenario
        What to run.
    replications
        How many times, at least 1.
    seed
        Root seed; replication k is the same alone and in any batch.
    workers
        Processes; 1 runs here. Below about a second of work for each worker, one process is faster.
    executor
        Any ``concurrent.futures`` executor, or a client of Dask distributed, to use instead.
    progress
        True shows a bar; or a function that wraps the stream of results, and gets their number as well.
    cancel
        Asked after each replication, or each few in counts; True stops the work and keeps what is done.
    warm_up_days, cool_down_days
        Days simulated beside those that count; see :func:`pixelsim.study.run`.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic; see :func:`pixelsim.study.run`.

    Raises
    ------
    InputError
        ``replications``, ``workers`` or another argument is refused, or the scenario is.
    PixelsimError
        Nothing was done, since every replication failed or the work was cancelled at once.
    """
    check_replications(replications)
    execution = Execution(workers, executor, progress, cancel)
    task = Task((scenario,), seed, Window(warm_up_days, cool_down_days), detail)
    done: list[Responses | Failed] = []
    with contextlib.suppress(KeyboardInterrupt):
        for (result,) in task.rows(execution, replications):
            done.append(result)
    if not done:
        msg = "the work was stopped before the first replication was done"
        raise PixelsimError(msg)
    raise_if_all_failed(done)
    collected = Collected()
    for result in done:
        collected.add(result if isinstance(result, Responses) else None)
    failures = [task.failure(0, number, result) for number, result in enumerate(done) if isinstance(result, Failed)]
    names = joint_names([collected])
    return Replications(
        scenario,
        seed,
        names_table(names.values()),
        collected.values(list(names)),
        asked=replications,
        failures=tuple(failures),
        window=task.window,
        detail=detail,
        exactness=collected.exactness(list(names)),
    )


def check_replications(replications: int) -> None:
    """Refuse fewer than one replication.

    Raises
    ------
    InputError
        The number is below 1.
    """
    if replications < 1:
        raise InputError.single(
            "replicate",
            field="replications",
            value=replications,
            rule="a whole number of at least 1",
            remedy="ask for more",
        )
