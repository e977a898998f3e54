"""Which factors an outcome depends on: Sobol indices over ranges of factors, by SALib (extra ``sensitivity``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.base.streams import Streams
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import respond
from pixelsim.study.choice import Wanted, choose, labels
from pixelsim.study.design import Factors, place
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.execution import Cancel, Execution, ExecutorLike, Progress
from pixelsim.study.responses import Responses, names_table
from pixelsim.study.results import Study
from pixelsim.study.statistics import Floats
from pixelsim.study.stopping import check_confidence
from pixelsim.study.sweep import run_design
from pixelsim.study.window import Window

__all__ = ["sensitivity"]


def sensitivity(
    scenario: Scenario,
    factors: Factors,
    outcomes: Wanted | Sequence[Wanted],
    *,
    n: int = 64,
    replications: int = 5,
    seed: int = 1,
    confidence: float = 0.95,
    out: str | Path | None = None,
    workers: int = 1,
    executor: ExecutorLike | None = None,
    progress: Progress = None,
    cancel: Cancel | None = None,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Detail = "events",
) -> pd.DataFrame:
    """Tell how much of an outcome's variation over ranges of factors each factor causes.

    The design is Saltelli's: ``n * (factors + 2)`` points, each replicated on the same random numbers, so that what is
    explained is the mean of the outcome and not its luck.

    Parameters
    ----------
    scenario
        What the factors are a part of.
    factors
        For each path a tuple ``(low, high)``, or a list of levels that are equally likely.
    outcomes
        One or several responses, by name, label or columns; see :func:`pixelsim.study.compare`.
    n
        Size of the base sample, a power of 2.
    replications
        Replications at each point.
    seed
        Root seed, at least 0.
    confidence
        Probability in (0, 1) for the half-widths, which come from resampling the points.
    out, workers, executor, progress, cancel, warm_up_days, cool_down_days, detail
        As for :func:`pixelsim.study.sweep`.

    Returns
    -------
    DataFrame
        ``outcome`` (its label), ``factor``, ``first_order`` and ``total`` (shares of the variance, estimates that may
        leave [0, 1] a little) with ``first_order_half_width`` and ``total_half_width``; missing where the outcome
        is the same at every point.

    Raises
    ------
    MissingExtraError
        SALib is not installed.
    InputError, UnknownNameError
        An argument is refused, levels are refused at some point, or replications are missing.
    """
    sampling, analysis = _salib()
    check_confidence(confidence)
    check_detail(detail)
    if n < 2 or n & (n - 1):
        raise InputError.single(
            "sensitivity", field="n", value=n, rule="a power of 2, at least 2", remedy="choose 64 or 128"
        )
    if not factors:
        raise InputError.single(
            "sensitivity", field="factors", value="none", rule="at least one path", remedy="name a factor"
        )
    window = Window(warm_up_days, cool_down_days)
    _check_outcomes(scenario, outcomes, seed, window, detail)
    names = list(factors)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    generator = Streams(seed).generator("design", "sensitivity")
    cube = np.asarray(sampling.sample(problem, n, calc_second_order=False, seed=generator), dtype=np.float64)
    study = run_design(
        scenario,
        place(factors, cube),
        replications=replications,
        seed=seed,
        out=out,
        execution=Execution(workers, executor, progress, cancel),
        chunk=replications,
        window=window,
        detail=detail,
    )
    means = _means(study, outcomes)
    rows: list[dict[str, Any]] = []
    for label, values in means.items():
        # SALib takes the seed 0 for none at all, and would then use the global generator.
        found = _indices(analysis, problem, values, confidence, 1 + seed % (2**31 - 1))
        rows += [{"outcome": label, "factor": name, **index} for name, index in zip(names, found, strict=True)]
    return pd.DataFrame(rows)


def _check_outcomes(
    scenario: Scenario, outcomes: Wanted | Sequence[Wanted], seed: int, window: Window, detail: Detail
) -> None:
    """Refuse names that do not exist before hundreds of points are run."""
    one = respond(scenario, seed, 0, window, detail)
    if isinstance(one, Responses):
        choose(names_table(one.rows), outcomes)


def _salib() -> tuple[Any, Any]:
    """Import SALib's sampling and analysis of Sobol indices."""
    try:
        from SALib.analyze import sobol as analysis  # noqa: PLC0415 - an optional package
        from SALib.sample import sobol as sampling  # noqa: PLC0415 - an optional package
    except ImportError as error:
        purpose = "sensitivity by Sobol indices"
        raise MissingExtraError(purpose, "SALib", "sensitivity") from error
    return sampling, analysis


def _indices(
    analysis: Any, problem: dict[str, Any], values: Floats, confidence: float, seed: int
) -> list[dict[str, float]]:
    """Give the indices of every factor."""
    if np.ptp(values) == 0:
        nothing = dict.fromkeys(("first_order", "first_order_half_width", "total", "total_half_width"), np.nan)
        return [dict(nothing) for _ in problem["names"]]
    found = analysis.analyze(problem, values, calc_second_order=False, conf_level=confidence, seed=seed)
    columns = {"first_order": "S1", "first_order_half_width": "S1_conf", "total": "ST", "total_half_width": "ST_conf"}
    return [{name: float(found[key][i]) for name, key in columns.items()} for i in range(int(problem["num_vars"]))]


def _means(study: Study, outcomes: Wanted | Sequence[Wanted]) -> dict[str, Floats]:
    """Give the mean of each response at every point, by its label."""
    refused = study.points[study.points["status"] == "refused"]
    if len(refused):
        raise InputError.single(
            "sensitivity",
            field="factors",
            value=f"{len(refused)} of {len(study.points)} points",
            rule=f"levels that the scenario takes everywhere: {refused['message'].iloc[0]}",
            remedy="narrow the ranges",
        )
    if not study.complete:
        raise InputError.single(
            "sensitivity",
            field="replications",
            value=f"{study.done} of {study.expected} done",
            rule="all of them",
            remedy=f"ask the same again with out={str(study.folder)!r}, which goes on",
        )
    means: dict[str, list[float]] = {}
    for point in range(len(study.points)):
        found = study.replications_of(point)
        if found.failures:
            raise InputError.single(
                "sensitivity",
                field=f"point {point}",
                value=found.failures[0].message,
                rule="replications that succeed",
                remedy="narrow the ranges",
            )
        chosen = choose(found.names, outcomes)
        for label, position in zip(labels(found.names.iloc[chosen]), chosen, strict=True):
            means.setdefault(label, []).append(float(found.values[:, position].mean()))
    gaps = [
        label for label, values in means.items() if len(values) < len(study.points) or not np.isfinite(values).all()
    ]
    if gaps:
        raise InputError.single(
            "sensitivity",
            field="outcomes",
            value=gaps[0],
            rule="a response that every replication of every point has",
            remedy="choose another one",
        )
    return {label: np.array(values) for label, values in means.items()}
