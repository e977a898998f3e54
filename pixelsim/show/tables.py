"""The tables of the report: metrics, outcomes, actions and parameters, with names in the place of ids."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pixelsim.measure import OUTCOMES
from pixelsim.scenario.parameters import parameters
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.digits import NO_ACCESS, count, given, number, plus_minus
from pixelsim.show.names import Names
from pixelsim.show.page import Cell, details, facts, paragraph, table
from pixelsim.show.timeline import ONE_HISTORY
from pixelsim.study.replicate import Replications
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise

__all__ = [
    "Response",
    "change_log_table",
    "metric_table",
    "outcome_table",
    "parameter_rows",
    "refused_table",
    "responses",
]


@dataclass(frozen=True, slots=True)
class Response:
    """One response of the replications: its keys as text, and its summary."""

    keys: dict[str, str]
    summary: Summary

    def __getitem__(self, key: str) -> str:
        return self.keys[key]

    @property
    def text(self) -> str:
        """The mean with its half-width."""
        return plus_minus(self.summary.mean, self.summary.half_width)


def responses(replications: Replications, kind: str, **keys: str) -> Iterator[Response]:
    """Give the responses of a kind, ``"metric"`` or ``"outcome"``, whose keys have these values, in their order."""
    for row, values in zip(replications.names.to_dict("records"), replications.values.T, strict=True):
        if row["kind"] == kind and all(row[key] == value for key, value in keys.items()):
            yield Response({str(key): str(value) for key, value in row.items()}, summarise(values))


def _spread(response: Response, nothing: str) -> tuple[Cell, Cell]:
    """Give a response as mean with half-width, and as the range of single runs."""
    found = response.summary
    if found.n == 0:
        return Cell(nothing, math.nan, missing=True), Cell("", math.nan)
    gone = f" ({nothing} in {found.missing} of {found.n + found.missing} runs)" if found.missing else ""
    told = response.text + gone
    runs = Cell("–", math.nan)
    if found.n > 1:
        runs = Cell(f"{number(found.low)} to {number(found.high)}", found.low)
    return Cell(told, found.mean), runs


def metric_table(replications: Replications, names: Names, event: str) -> str:
    """Give what all viewers read of one event, as an HTML table."""
    columns = ["Viewer", "Where", "Metric", "Rule", "Of", "Mean", "5–95 % of runs"]
    cells = [
        (
            found["viewer"],
            found["surface"],
            found["response"],
            found["rule"],
            names.any(found["object"]) if found["object"] else f"pixel {names.of('pixels', found['pixel'])}",
            *_spread(found, NO_ACCESS),
        )
        for found in responses(replications, "metric", event=event)
    ]
    return table(f"{event} events", columns, cells, numeric=columns[-2:])


def outcome_table(replications: Replications, names: Names) -> str:
    """Give all outcomes with their meaning, as HTML."""
    columns = ["Outcome", "Of", "Mean", "Unit", "5–95 % of runs", "From"]
    every = list(responses(replications, "outcome"))
    something = {found["object"] for found in every if found.summary.low != 0 or found.summary.high != 0}
    nothing = dict.fromkeys(found["object"] for found in every if found["object"] not in something)
    cells = []
    for found in every:
        if found["object"] in nothing:
            continue
        mean, runs = _spread(found, "no value")
        cells.append((found["response"], names.any(found["object"]), mean, found["unit"], runs, found["surface"]))
    seen = dict.fromkeys(str(cell[0]) for cell in cells)
    meanings = facts((name, OUTCOMES[name]) for name in seen if name in OUTCOMES)
    note = "Truth is what happened, whether or not the platform could see it; observed is what the platform saw."
    if nothing:
        note += f" Everything is 0 in every run for: {', '.join(names.any(of) for of in nothing)}."
    return (
        paragraph(note)
        + table("Outcomes that decide", columns, cells, numeric=[columns[2], columns[4]])
        + details("What the outcomes mean", meanings)
    )


def change_log_table(run: Run, names: Names) -> str:
    """Give every attempt of a run with what it changed or why it was refused, numbered from 0, as HTML (R23)."""
    columns = ["No.", "When", "Who", "What", "Verdict", "Rule", "What changed, or why not", "Note"]
    cells = []
    for record in run.simulation.history.records:
        told = "; ".join(names.change(change) for change in record.changes) or "nothing"
        if not record.decision.allowed:
            told = names.reason(record.decision)
        cells.append(
            (
                Cell(str(record.number), record.number),
                Cell(_when(run, record.at), record.at),
                names.who(record.action),
                names.action(record.action),
                record.decision.verdict.value,
                record.decision.rule,
                told,
                record.note,
            )
        )
    if not cells:
        return paragraph("No action was planned.")
    note = paragraph(f"{ONE_HISTORY}; the numbers are those of the timeline (R23).")
    return note + table("Change log", columns, cells, numeric=["No."])


def _when(run: Run, at: int) -> str:
    return f"{run.scenario.clock.to_datetime(at):%d %b %Y %H:%M}"


def refused_table(run: Run, names: Names) -> str:
    """Give every refused action of a run with its remedy, as HTML."""
    columns = ["No.", "When", "Who", "What", "Rule", "Why", "Remedy"]
    cells = [
        (
            Cell(str(record.number), record.number),
            Cell(_when(run, record.at), record.at),
            names.who(record.action),
            names.action(record.action),
            record.decision.rule,
            names.reason(record.decision),
            "; or ".join(names.remedies(record.decision)),
        )
        for record in run.simulation.history.records
        if not record.decision.allowed
    ]
    if not cells:
        return paragraph("No action was refused in this history.")
    return table("Refused actions, and what would repair them", columns, cells, numeric=["No."])


def parameter_rows(scenario: Scenario, names: Names) -> str:
    """Give every parameter with its source; equal ones of several sites or ad groups share a row."""
    of: dict[tuple[str, str, str, str, str, str], list[str]] = {}
    for path, value, unit, source in parameters(scenario):
        owner, leaf = _owner(path, names)
        rows = "" if source.rows is None else count(source.rows)
        of.setdefault((leaf, _value(value), unit, source.kind.value, source.text, rows), []).append(owner)
    columns = ["Parameter", "Of", "Value", "Unit", "Kind", "Source", "Rows"]
    cells = [
        (leaf, _listed(owners), Cell(value, _sort(value)), unit, kind, text, Cell(rows, _sort(rows)))
        for (leaf, value, unit, kind, text, rows), owners in of.items()
    ]
    note = (
        "A figure from a file was measured in it; a default has a public source; a given one stands in the scenario; "
        "an assumption has no source, and should be replaced by a figure of one's own where it matters."
    )
    return paragraph(note) + table("Parameters and their sources", columns, cells, numeric=["Value", "Rows"])


def _owner(path: str, names: Names) -> tuple[str, str]:
    """Part a parameter's path into what it belongs to, by name, and its own name in words."""
    head, bracket, rest = path.partition("[")
    if not bracket:
        return "everything", path.removeprefix("traffic.").replace(".", ": ").replace("_", " ")
    key, _, leaf = rest.partition("].")
    kind = "websites" if head.endswith("sites") else "ad_groups"
    return names.of(kind, key), leaf.replace(".", ": ").replace("_", " ")


def _listed(owners: list[str], most: int = 3) -> str:
    shown = ", ".join(owners[:most])
    return f"{shown} and {len(owners) - most} more" if len(owners) > most else shown


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return given(value)
    if isinstance(value, tuple):
        parts = [_value(part) for part in value]
        return (
            ", ".join(dict.fromkeys(parts))
            if len(set(parts)) <= 3
            else f"{len(parts)} values, {parts[0]}, {parts[1]} …"
        )
    return str(value)


def _sort(text: str) -> float:
    """Give the number that a cell is sorted by, NaN for what is none."""
    try:
        return float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return math.nan
