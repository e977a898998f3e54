"""Sweep a scenario over factors: every design point replicated, stored as it goes, and taken up where it stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.chunks import Chunk, ChunkRows, run_chunk
from pixelsim.study.design import Design, Factors, Method, design_of
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.execution import Cancel, Execution, ExecutorLike, Progress
from pixelsim.study.replicate import check_replications
from pixelsim.study.results import Study, TemporaryFolder
from pixelsim.study.store import Identity, Store
from pixelsim.study.window import Window

__all__ = ["run_design", "sweep"]


def sweep(
    scenario: Scenario,
    factors: Factors | pd.DataFrame,
    *,
    method: Method = "grid",
    n: int | None = None,
    replications: int = 10,
    seed: int = 1,
    out: str | Path | None = None,
    workers: int = 1,
    executor: ExecutorLike | None = None,
    progress: Progress = None,
    cancel: Cancel | None = None,
    chunk: int = 10,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Detail = "events",
) -> Study:
    """Run a scenario at many combinations of levels, on the same random numbers at all of them.

    Each chunk of replications is stored as soon as it is done. The same call goes on where it stopped, whatever
    stopped it, and stores the same bytes with any number of workers. More replications may be asked for later.

    Parameters
    ----------
    scenario
        What the factors are a part of.
    factors
        Levels by path into the scenario, such as ``{"policy.partner.effect": ["not_delivering", "keep_delivering"]}``;
        or a finished design, a table with one column for each path and one row for each point.
    method, n
        ``"grid"`` for all combinations, ``"latin"`` for a Latin hypercube or ``"sobol"`` for a Sobol sequence of ``n``
        points, where a tuple ``(low, high)`` stands for all numbers between.
    replications
        Replications at each design point, at least 1.
    seed
        Root seed, from 0 to 2**63 - 1; it also chooses the points of ``"latin"`` and ``"sobol"``.
    out
        Folder of the study; without one it goes to a temporary folder that lives as long as the result.
    workers, executor, progress, cancel
        Where it runs and who watches; see :func:`pixelsim.study.replicate`. An interrupt from the keyboard keeps all
        chunks that are done.
    chunk
        Replications that are run and stored together, at least 1: what is lost at most when a process is killed.
    warm_up_days, cool_down_days
        Days simulated beside those that count; see :func:`pixelsim.study.run`.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic; see :func:`pixelsim.study.run`.

    Returns
    -------
    Study
        The tables. Levels that the scenario refuses are points with the reason, and replications that fail are rows
        with their message.

    Raises
    ------
    InputError, UnknownNameError
        An argument is refused, a path leads nowhere, or the folder holds something else.
    """
    design = design_of(factors, method, n=n, seed=seed)
    execution = Execution(workers, executor, progress, cancel)
    window = Window(warm_up_days, cool_down_days)
    return run_design(
        scenario,
        design,
        replications=replications,
        seed=seed,
        out=out,
        execution=execution,
        chunk=chunk,
        window=window,
        detail=detail,
    )


def run_design(
    scenario: Scenario,
    design: Design,
    *,
    replications: int,
    seed: int,
    out: str | Path | None,
    execution: Execution,
    chunk: int,
    window: Window,
    detail: Detail = "events",
) -> Study:
    """Run every point of a finished design; see `sweep`."""
    check_replications(replications)
    check_detail(detail)
    replications, seed, chunk = int(replications), int(seed), int(chunk)
    for field, value, low, high in (("chunk", chunk, 1, None), ("seed", seed, 0, 2**63 - 1)):
        if value < low or (high is not None and value > high):
            rule = f"a whole number of at least {low}" + (f" and at most {high}" if high is not None else "")
            raise InputError.single("sweep", field=field, value=value, rule=rule, remedy="choose another number")
    keeper = TemporaryFolder() if out is None else None
    store = Store(keeper.path if keeper is not None else Path(str(out)))
    points = _points(scenario, design)
    asked = Identity(
        scenario=scenario.name,
        scenario_hash=scenario.content_hash,
        design_hash=design.content_hash,
        seed=seed,
        replications=replications,
        chunk=chunk,
        warm_up_days=window.warm_up_days,
        cool_down_days=window.cool_down_days,
        detail=detail,
    )
    store.begin(asked, scenario, design, points)
    study = Study(store, asked, points, keeper)
    missing = store.missing(_chunks(scenario, design, points, asked))
    with contextlib.suppress(KeyboardInterrupt):
        for rows in execution.as_done(run_chunk, missing, study.expected - study.done, _size):
            store.write(rows)
    return study


def _points(scenario: Scenario, design: Design) -> pd.DataFrame:
    """Give the design points as a table; only one scenario is held at a time."""
    rows = []
    for number in range(len(design)):
        point = design.point(scenario, number)
        refused = point.scenario is None
        key = point.scenario.content_hash if point.scenario is not None else ""
        rows.append((key, "refused" if refused else "ready", point.message))
    table = design.table()
    table.insert(0, "point", range(len(design)))
    outcome = pd.DataFrame(rows, columns=["scenario_hash", "status", "message"], dtype="str")
    return pd.concat([table, outcome], axis=1)


def _chunks(scenario: Scenario, design: Design, points: pd.DataFrame, asked: Identity) -> Iterator[Chunk]:
    """Give the chunks of all design points that are ready; borders come from replication numbers alone."""
    for number in points["point"][points["status"] == "ready"]:
        found = design.point(scenario, int(number)).scenario
        if found is None:
            continue
        for first in range(0, asked.replications, asked.chunk):
            end = min(first + asked.chunk, asked.replications)
            yield Chunk(int(number), found, asked.seed, asked.window, first, end, asked.detail)


def _size(rows: ChunkRows) -> int:
    return rows.end - rows.first
