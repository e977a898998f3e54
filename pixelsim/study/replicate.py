"""Replications of a scenario: the same inputs with other luck, and what that says about each response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import InputError
from pixelsim.measure import metrics, outcome_values
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.statistics import summarise
from pixelsim.traffic.simulate import Simulation, simulate

__all__ = ["KEYS", "Replications", "replicate", "responses"]

KEYS = ("kind", "viewer", "surface", "response", "rule", "pixel", "event", "object", "unit", "reason")
"""Columns that name a response: a metric of a viewer, or an outcome."""

Floats = NDArray[np.float64]


def responses(simulation: Simulation) -> tuple[pd.DataFrame, Floats]:
    """Give the responses of one replication: names as a table with columns `KEYS`, and values, missing as NaN."""
    read = metrics(simulation)
    found = outcome_values(simulation)
    names = pd.concat(
        [
            pd.DataFrame(
                {
                    "kind": "metric",
                    "viewer": read["viewer"],
                    "surface": read["surface"],
                    "response": read["metric"],
                    "rule": read["rule"],
                    "pixel": read["pixel"],
                    "event": read["event"],
                    "object": read["object"],
                    "unit": "events",
                    "reason": read["reason"],
                }
            ),
            pd.DataFrame(
                {
                    "kind": "outcome",
                    "viewer": "",
                    "surface": [o.plane for o in found],
                    "response": [o.outcome for o in found],
                    "rule": "",
                    "pixel": "",
                    "event": "",
                    "object": [o.object for o in found],
                    "unit": [o.unit for o in found],
                    "reason": "",
                }
            ),
        ],
        ignore_index=True,
    )
    values = [read["value"].to_numpy(dtype=np.float64, na_value=np.nan), [o.value for o in found]]
    return names, np.concatenate([np.asarray(v, dtype=np.float64) for v in values])


@dataclass(frozen=True, slots=True, eq=False)
class Replications:
    """Responses of several replications.

    Parameters
    ----------
    scenario, seed
        What was run.
    names
        A row for each response, columns `KEYS`.
    values
        float64 of shape (replications, responses); NaN where a viewer had no access.
    """

    scenario: Scenario
    seed: int
    names: pd.DataFrame
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def summary(self, confidence: float = 0.95) -> pd.DataFrame:
        """Give for each response its mean, the half-width of the mean, and the 5-95 % range of single runs.

        Returns
        -------
        DataFrame
            Columns `KEYS`, then ``mean``, ``half_width``, ``low``, ``high``, ``replications`` and ``missing``.
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
        return pd.concat([self.names, numbers], axis=1)

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
        InputError
            None or several responses fit.
        """
        fits = self.names["response"] == response
        for key, value in keys.items():
            fits &= self.names[key] == value
        index = np.flatnonzero(fits)
        if len(index) != 1:
            raise InputError.single(
                "replications",
                field="response",
                value=f"{response} {keys}",
                rule=f"the name of exactly one response, not of {len(index)}",
                remedy="name viewer, surface, event or object as well",
            )
        return np.asarray(self.values[:, index[0]], dtype=np.float64)


def _one(scenario: Scenario, seed: int, replication: int) -> Floats:
    return responses(simulate(scenario, seed, replication))[1]


def replicate(
    scenario: Scenario,
    replications: int = 50,
    *,
    seed: int = 1,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Callable[[Iterable[Floats], int], Iterator[Floats]] | None = None,
) -> Replications:
    """Run a scenario many times with other luck.

    Results stand in the order of the replications, whatever ran first, and do not depend on the number of workers.

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
        Any ``concurrent.futures`` executor to use instead.
    progress
        Wraps the stream of results, to show how far it is; gets the total as well.

    Raises
    ------
    InputError
        ``replications`` or ``workers`` is below 1.
    """
    for field, value in (("replications", replications), ("workers", workers)):
        if value < 1:
            raise InputError.single(
                "replicate", field=field, value=value, rule="a whole number of at least 1", remedy="ask for more"
            )
    first = simulate(scenario, seed, 0)
    names, values = responses(first)
    task = partial(_one, scenario, seed)
    rest = range(1, replications)

    def results(pool: Executor | None) -> Iterator[Floats]:
        yield values
        yield from map(task, rest) if pool is None else pool.map(task, rest)

    def collect(stream: Iterator[Floats]) -> Floats:
        return np.stack(list(progress(stream, replications) if progress is not None else stream))

    if executor is not None:
        table = collect(results(executor))
    elif workers == 1:
        table = collect(results(None))
    else:
        with ProcessPoolExecutor(workers) as pool:
            table = collect(results(pool))
    return Replications(scenario, seed, names, table)
