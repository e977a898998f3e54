"""Results as small tables of texts for notebooks: names in the place of ids, means with their half-widths."""

from __future__ import annotations

import pandas as pd

from pixelsim.show.digits import number
from pixelsim.show.metrics import readings
from pixelsim.show.names import Names
from pixelsim.show.tables import responses
from pixelsim.study.replicate import Replications
from pixelsim.study.run import Run

__all__ = ["change_log_frame", "metrics_frame", "outcomes_frame"]


def metrics_frame(result: Run | Replications, *, event: str = "Purchase", pixel: str | None = None) -> pd.DataFrame:
    """Give what each viewer reads of one event, the five metrics as rows and the viewers as columns.

    Parameters
    ----------
    result
        One run, or several: then means with the half-width of their interval.
    event
        A standard event.
    pixel
        Code of the pixel; the first one by default.

    Returns
    -------
    DataFrame
        Texts; "no access" with the rule where a viewer reads nothing. The rows are named by surface and metric.

    Raises
    ------
    UnknownNameError
        The pixel or the event does not exist.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for reading in readings(result, event, pixel):
        rows.setdefault((reading.surface, reading.metric), {})[reading.viewer] = reading.text
    index = pd.MultiIndex.from_tuples(rows, names=["surface", "metric"])
    return pd.DataFrame(list(rows.values()), index=index)


def outcomes_frame(replications: Replications) -> pd.DataFrame:
    """Give the outcomes that are not 0 in every run.

    Returns
    -------
    DataFrame
        Texts, one row for each outcome: ``outcome``, ``of`` (by name), ``mean ± half-width``, ``unit``,
        ``5-95 % of runs`` and ``from`` (truth or observed).
    """
    names = Names(replications.scenario.structure.world())
    rows = []
    for found in responses(replications, "outcome"):
        summary = found.summary
        if summary.mean == 0 and summary.high == 0:
            continue
        runs = f"{number(summary.low)} to {number(summary.high)}" if summary.n > 1 else ""
        rows.append((found["response"], names.any(found["object"]), found.text, found["unit"], runs, found["surface"]))
    return pd.DataFrame(rows, columns=["outcome", "of", "mean ± half-width", "unit", "5-95 % of runs", "from"])


def change_log_frame(run: Run) -> pd.DataFrame:
    """Give every attempt of a run with names.

    Returns
    -------
    DataFrame
        Texts, one row for each attempt: ``when``, ``who``, ``what``, ``verdict``, ``rule`` and ``why`` (what led to it,
        or the reason of a refusal); the index is the number in the change log.
    """
    names = Names(run.simulation.history.now)
    rows = [
        (
            f"{run.scenario.clock.to_datetime(record.at):%d %b %H:%M}",
            names.who(record.action),
            names.action(record.action),
            record.decision.verdict.value,
            record.decision.rule,
            record.note if record.decision.allowed else names.reason(record.decision),
        )
        for record in run.simulation.history.records
    ]
    numbers = pd.Index([record.number for record in run.simulation.history.records], name="number", dtype="int64")
    return pd.DataFrame(rows, columns=["when", "who", "what", "verdict", "rule", "why"], index=numbers)
