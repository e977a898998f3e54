"""Compare scenarios on common random numbers: paired differences, their intervals, and a verdict in words."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pixelsim.base.errors import InputError
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import Failure, Task
from pixelsim.study.choice import Wanted, by_label, direction_of, labels
from pixelsim.study.detail import Detail
from pixelsim.study.execution import Cancel, Execution, ExecutorLike, Progress
from pixelsim.study.gather import Gathered, Pair, Targets
from pixelsim.study.paired import Correction, PairedDifference, correct, paired
from pixelsim.study.replicate import Replications, check_replications
from pixelsim.study.statistics import Floats
from pixelsim.study.stopping import Stopping, check_confidence
from pixelsim.study.window import Window

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Scenarios compared, replication by replication, on the same random numbers.

    Parameters
    ----------
    names, scenarios
        The scenarios; the first is the baseline.
    seed, window
        How they were run.
    responses
        A row for each response of any of them, columns `KEYS`.
    values
        float64 of shape (replications, scenarios, responses), NaN where missing.
    outcomes
        Positions of the responses that are compared.
    differences
        Variant minus baseline by variant and label of the response, all judged together.
    correction
        How they are judged together.
    asked
        Number of replications asked for at most; more than ``values`` has when the work was stopped.
    stopping
        Whether each half-width asked for was reached, by variant and label; empty when none was.
    failures
        Replications that failed, each with seed and message; their pairs are missing.
    detail
        How they were run.
    exactness
        How far each response can be trusted, in runs in counts; empty in runs with events.
    """

    names: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    seed: int
    window: Window
    responses: pd.DataFrame
    values: Floats
    outcomes: tuple[int, ...]
    differences: Mapping[Pair, PairedDifference]
    correction: Correction
    asked: int
    stopping: Mapping[Pair, Stopping]
    failures: tuple[Failure, ...]
    detail: Detail = "events"
    exactness: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def baseline(self) -> str:
        """Name of what the others are compared with."""
        return self.names[0]

    @property
    def stopped(self) -> bool:
        """Whether the work was stopped, by the keyboard or by ``cancel``, before it had what was asked for."""
        if not self.stopping:
            return len(self) < self.asked
        return len(self) < self.asked and not all(found.reached for found in self.stopping.values())

    def of(self, variant: str | None = None) -> dict[str, PairedDifference]:
        """Give the differences of one variant by label of the response, as a chart takes them.

        Parameters
        ----------
        variant
            Its name; the first variant by default.

        Raises
        ------
        InputError
            No variant has this name.
        """
        name = self.names[1] if variant is None else variant
        if name not in self.names[1:]:
            raise InputError.single(
                "comparison",
                field="variant",
                value=name,
                rule="one of " + ", ".join(self.names[1:]),
                remedy="choose one",
            )
        return {label: found for (one, label), found in self.differences.items() if one == name}

    def summary(self) -> pd.DataFrame:
        """Give every difference as one row.

        Returns
        -------
        DataFrame
            ``variant``, ``baseline``, ``outcome`` (the label), ``response``, ``object``, ``viewer``, the two means over
            the pairs that are complete, then ``mean_difference``, ``half_width``, ``low``, ``high``, ``unit``,
            ``confidence``, ``p_value``, ``family``, ``pairs``, ``missing``, ``correlation``, ``variance_ratio``,
            ``verdict``, ``more_pairs`` and ``sentence``; of runs in counts also ``exactness``.
        """
        labelled = labels(self.responses)
        rows = []
        for place, variant in enumerate(self.names[1:], start=1):
            for i in self.outcomes:
                a, b = self.values[:, 0, i], self.values[:, place, i]
                both = ~(np.isnan(a) | np.isnan(b))
                named = self.responses.iloc[i]
                rows.append(
                    {
                        "variant": variant,
                        "baseline": self.baseline,
                        "outcome": labelled[i],
                        "response": named["response"],
                        "object": named["object"],
                        "viewer": named["viewer"],
                        "baseline_mean": float(a[both].mean()) if both.any() else np.nan,
                        "variant_mean": float(b[both].mean()) if both.any() else np.nan,
                        **self.differences[variant, labelled[i]].row(),
                        **({"exactness": self.exactness[i]} if self.exactness else {}),
                    }
                )
        return pd.DataFrame(rows).astype({"more_pairs": "Int64"})

    def sentences(self) -> list[str]:
        """Give every verdict as one sentence with its numbers."""
        return [
            f"{variant} against {self.baseline}, {label}: {found.sentence[0].lower()}{found.sentence[1:]}"
            for (variant, label), found in self.differences.items()
        ]

    def frame(self) -> pd.DataFrame:
        """Give every value of every scenario as one row.

        Returns
        -------
        DataFrame
            Columns ``scenario`` (its name), ``scenario_hash``, ``seed``, ``replication``, `KEYS` and ``value``.
        """
        runs, variants, width = self.values.shape
        frame = self.responses.loc[np.tile(np.arange(width), runs * variants)].reset_index(drop=True)
        hashes = np.array([scenario.content_hash for scenario in self.scenarios], dtype=object)
        variant = np.tile(np.repeat(np.arange(variants), width), runs)
        frame.insert(0, "scenario", np.array(self.names, dtype=object)[variant])
        frame.insert(1, "scenario_hash", hashes[variant])
        frame.insert(2, "seed", self.seed)
        frame.insert(3, "replication", np.repeat(np.arange(runs), variants * width))
        frame["value"] = self.values.ravel()
        return frame.astype({"scenario": "str", "scenario_hash": "str"})

    def replications(self, name: str | None = None) -> Replications:
        """Give the replications of one of the scenarios alone; of the baseline by default.

        Raises
        ------
        InputError
            No scenario has this name.
        """
        one = self.baseline if name is None else name
        if one not in self.names:
            raise InputError.single(
                "comparison", field="name", value=one, rule="one of " + ", ".join(self.names), remedy="choose one"
            )
        place = self.names.index(one)
        failures = tuple(f for f in self.failures if f.scenario is self.scenarios[place])
        values = self.values[:, place]
        return Replications(
            self.scenarios[place],
            self.seed,
            self.responses,
            values,
            self.asked,
            failures,
            self.window,
            self.detail,
            self.exactness,
        )

    def __str__(self) -> str:
        return "\n".join(self.sentences())


def compare(
    a: Scenario,
    b: Scenario,
    *more: Scenario,
    replications: int = 50,
    seed: int = 1,
    outcomes: Wanted | Sequence[Wanted] | None = None,
    smallest_that_matters: float | Mapping[str, float] | None = None,
    correction: Correction = "holm",
    confidence: float = 0.95,
    until_half_width: float | Mapping[str, float] | None = None,
    look_ahead: int = 5,
    maximum: int = 1_000,
    names: Sequence[str] | None = None,
    workers: int = 1,
    executor: ExecutorLike | None = None,
    progress: Progress = None,
    cancel: Cancel | None = None,
    warm_up_days: int = 0,
    cool_down_days: int = 0,
    detail: Detail = "events",
) -> Comparison:
    """Compare variants with a baseline, each replication on the same random numbers for all of them.

    Parameters
    ----------
    a
        The baseline.
    b, *more
        The variants.
    replications
        Pairs, at least 1 (one decides nothing); with ``until_half_width`` the pairs that are run in any case.
    seed
        Root seed.
    outcomes
        What is compared: names (``"orphaned spend"``), labels (``"orphaned spend, acc_agency"``), or mappings of
        columns such as ``{"viewer": "brand", "response": "total events", "event": "Purchase"}``. By default the
        outcomes that decide, of all accounts with campaigns.
    smallest_that_matters
        Smallest difference that would change a decision, in the unit of the outcome; one number where all share a
        unit, or numbers by name or label.
    correction
        How several outcomes and variants are judged together: ``"holm"``, ``"bonferroni"`` or ``"none"``.
    confidence
        Probability in (0, 1) for each interval, before the correction.
    until_half_width
        Run further replications until the half-width of every difference named is at most this, and stays so for
        ``look_ahead`` more; given like ``smallest_that_matters``. It is the half-width before the correction.
    look_ahead, maximum
        See :func:`pixelsim.study.until_half_width`; ``maximum`` is the most pairs that are run.
    names
        Names of the scenarios in tables and sentences; their own by default, or baseline and variant where those are
        the same.
    workers, executor, progress, cancel
        Where it runs and who watches; see :func:`pixelsim.study.replicate`. The result is the same.
    warm_up_days, cool_down_days
        Days simulated beside those that count; see :func:`pixelsim.study.run`.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic; see :func:`pixelsim.study.run`. What
        no variant touches differs by exactly 0 under both; for what is changed the correlation reached is told.

    Raises
    ------
    InputError, UnknownNameError
        An argument is refused, or an outcome does not exist.
    PixelsimError
        Nothing was done, since every replication failed or the work was cancelled at once.
    """
    scenarios = (a, b, *more)
    named = _names(scenarios, names)
    check_replications(replications)
    check_confidence(confidence)
    task = Task(scenarios, seed, Window(warm_up_days, cool_down_days), detail)
    execution = Execution(workers, executor, progress, cancel)
    asked = replications if until_half_width is None else max(maximum, replications)
    gathered = Gathered(task, outcomes)
    targets = Targets(
        gathered, named, until_half_width, confidence=confidence, look_ahead=look_ahead, minimum=replications
    )
    with (
        contextlib.suppress(KeyboardInterrupt),
        contextlib.closing(task.rows(execution, asked)) as rows,
    ):
        for row in rows:
            gathered.add(row)
            if targets.held():
                break
    gathered.check()
    responses, chosen = gathered.responses, gathered.chosen
    values = gathered.values()
    margins = by_label(smallest_that_matters, responses.iloc[chosen], "smallest_that_matters")
    labelled = labels(responses)
    differences = {
        (variant, labelled[i]): paired(
            values[:, 0, i],
            values[:, place, i],
            confidence,
            direction=direction_of(responses["response"].iloc[i]),
            smallest_that_matters=margins.get(labelled[i]),
            unit=responses["unit"].iloc[i],
        )
        for place, variant in enumerate(named[1:], start=1)
        for i in chosen
    }
    return Comparison(
        names=named,
        scenarios=scenarios,
        seed=seed,
        window=task.window,
        responses=responses,
        values=values,
        outcomes=tuple(chosen),
        differences=correct(differences, correction),
        correction=correction,
        asked=asked,
        stopping=targets.stopping(),
        failures=tuple(gathered.failures),
        detail=detail,
        exactness=gathered.exactness(),
    )


def _names(scenarios: Sequence[Scenario], names: Sequence[str] | None) -> tuple[str, ...]:
    """Give a name for each scenario, none twice."""
    if names is None:
        own = [scenario.name for scenario in scenarios]
        if len(set(own)) == len(own):
            return tuple(own)
        variants = ["variant"] if len(own) == 2 else [f"variant {i}" for i in range(1, len(own))]
        return ("baseline", *variants)
    if len(names) != len(scenarios) or len(set(names)) != len(names):
        raise InputError.single(
            "compare",
            field="names",
            value=", ".join(names),
            rule=f"{len(scenarios)} names, each another",
            remedy="name every scenario, the baseline first",
        )
    return tuple(names)
