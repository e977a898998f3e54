"""The report of a study on disk: what each design point comes to, what moves the outcomes, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelsim._version import __version__
from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.show.digits import given, number, plus_minus
from pixelsim.show.names import Names
from pixelsim.show.page import Cell, facts, page, paragraph, picture, table
from pixelsim.show.style import NARROW, WIDE, new_figure, set_title, styled
from pixelsim.show.tables import parameter_rows
from pixelsim.study.results import Study

__all__ = ["study_points", "study_report", "write_study_report"]

MOST_POINTS = 40
"""Points drawn at most; the tables have all of them."""


def study_report(study: Study, *, title: str = "", pictures: bool = True) -> str:
    """Give a study as one self-contained HTML page, to be read on a phone and printed.

    Parameters
    ----------
    study
        A study; unfinished ones are shown as far as they are.
    title
        First heading; the base scenario's title by default.
    pictures
        Whether there are pictures; what they show is in the tables too.

    Raises
    ------
    InputError
        Nothing of the study is stored yet.
    """
    summary = study.summary() if study.done else pd.DataFrame()
    if not len(summary):
        raise InputError.single(
            "report",
            field="study",
            value=study.folder,
            rule="a study with stored replications",
            remedy="run the sweep again, which goes on where it stopped",
        )
    base = study.scenario(int(summary["point"].iloc[0]))
    names = Names(base.structure.world())
    spread = summary.groupby("outcome", sort=False)["mean"].agg(["min", "max"])
    moved = [str(outcome) for outcome in spread.index[spread["min"] < spread["max"]]]
    charts = [_picture(summary, outcome, study.factors, names) for outcome in moved] if pictures else []
    sections = [
        (
            "short",
            "In short",
            f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in _short(summary, study, names))}</ul>",
        ),
        ("outcomes", "Outcomes by design point", "".join(charts) + _outcome_table(summary, study.factors, names)),
        ("design", "The design", _design_table(study)),
        ("assumptions", "What the figures rest on", _varied(study) + parameter_rows(base, names)),
    ]
    if len(study.failures()):
        sections.insert(3, ("failures", "Replications that failed", _failure_table(study)))
    heading = title or f"Study: {base.title or base.name}"
    footer = (
        f"pixelsim {__version__}, base scenario {base.name}, seed {study.seed}. "
        "A simulation rehearses decisions; it is no forecast, and its figures are only as good as what they rest on."
    )
    return page(heading, facts(_facts(study, base.name)), sections, footer)


def write_study_report(study: Study, path: str | Path, *, title: str = "", pictures: bool = True) -> Path:
    """Write the report of a study as an HTML file, whole or not at all, and give its path; see `study_report`."""
    target = Path(path)
    write_text(target, study_report(study, title=title, pictures=pictures))
    return target


def study_points(ax: Axes, rows: pd.DataFrame, factors: Sequence[str], title: str = "") -> Axes:
    """Draw an outcome at each design point: mean with its half-width, and the 5-95 % range of single runs behind it.

    Parameters
    ----------
    ax
        Where to draw.
    rows
        Rows of ``Study.summary()`` of one outcome.
    factors
        The factors. A single factor in numbers is the horizontal axis; else the points stand side by side, in the order
        of their means.
    title
        Heading.

    Returns
    -------
    Axes
    """
    numeric = len(factors) == 1 and pd.api.types.is_numeric_dtype(rows[factors[0]])
    rows = rows.sort_values(factors[0] if numeric else "mean", kind="stable").tail(MOST_POINTS)
    place = rows[factors[0]].to_numpy(dtype=np.float64) if numeric else np.arange(len(rows), dtype=np.float64)
    mean, half = (rows[name].to_numpy(dtype=np.float64) for name in ("mean", "half_width"))
    ax.vlines(place, rows["low"], rows["high"], color="0.75", linewidth=5, label="5-95 % of single runs")
    ax.errorbar(place, mean, np.nan_to_num(half), fmt="o", capsize=3, markersize=4, label="mean and its half-width")
    if numeric:
        ax.set_xlabel(_last(factors[0]))
    else:
        ax.set_xticks(place, [str(point) for point in rows["point"]], rotation=90 if len(rows) > 15 else 0)
        ax.set_xlabel("design point, by mean")
    ax.set_ylabel(str(rows["unit"].iloc[0]))
    ax.margins(x=0.05)
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.24), ncols=2, borderaxespad=0.0)
    set_title(ax, title)
    return ax


def _picture(summary: pd.DataFrame, outcome: str, factors: list[str], names: Names) -> str:
    rows = summary[summary["outcome"] == outcome]
    told = _named(outcome, names)
    draw = partial(study_points, rows=rows, factors=factors, title=told[0].upper() + told[1:])
    figures = []
    for width in (WIDE, NARROW):
        figure = new_figure(width, 2.8)
        with styled():
            draw(figure.subplots())
        figures.append(figure)
    words = "; ".join(
        f"point {row['point']}: {plus_minus(row['mean'], row['half_width'])} {row['unit']}"
        for row in rows.to_dict("records")
    )
    return picture(figures[0], figures[1], f"{told}. {words}.")


def _facts(study: Study, scenario: str) -> Iterator[tuple[str, str]]:
    yield "Base scenario", scenario
    yield (
        "Design",
        f"{len(study.points)} points of {len(study.factors)} factors, {study.replications} replications each",
    )
    yield "Done", f"{study.done} of {study.expected} replications, seed {study.seed}"
    yield "Detail", study.asked.detail
    yield "Version", f"pixelsim {__version__}"


def _short(summary: pd.DataFrame, study: Study, names: Names) -> Iterator[str]:
    """Say for each outcome between which points it lies, or that it does not move."""
    still: list[str] = []
    for outcome, rows in summary.groupby("outcome", sort=False):
        known = sorted(rows.dropna(subset="mean").to_dict("records"), key=lambda row: float(row["mean"]))
        told = _named(str(outcome), names)
        told = told[0].upper() + told[1:]
        if not known:
            yield f"{told}: missing at every point, since nobody had access."
            continue
        least, most = known[0], known[-1]
        if least["mean"] == most["mean"]:
            still.append(f"{told[0].lower()}{told[1:]} ({number(least['mean'])} {least['unit']})")
            continue
        low, high = (plus_minus(row["mean"], row["half_width"]) for row in (least, most))
        yield (f"{told}: from {low} {least['unit']} at {_where(least, study)} to {high} at {_where(most, study)}.")
    if still:
        yield f"The same at every point: {'; '.join(still)}."


def _where(row: dict[Any, Any], study: Study) -> str:
    levels = ", ".join(f"{_last(factor)} {_level(row[factor])}" for factor in study.factors)
    return f"point {row['point']} ({levels})"


def _outcome_table(summary: pd.DataFrame, factors: list[str], names: Names) -> str:
    exact = "exactness" in summary
    columns = ["outcome", "point", *map(_last, factors), "mean ± half-width", "5-95 % of single runs", "unit", "runs"]
    columns += ["exactness"] if exact else []
    rows = []
    for row in summary.to_dict("records"):
        missing = bool(np.isnan(row["mean"]))
        value = (
            Cell("no access", missing=True)
            if missing
            else Cell(plus_minus(row["mean"], row["half_width"]), sort=float(row["mean"]))
        )
        span = "" if missing else f"{number(row['low'])} to {number(row['high'])}"
        cells: list[Cell | str] = [_named(row["outcome"], names), Cell(str(row["point"]), sort=float(row["point"]))]
        cells += [_cell(row[factor]) for factor in factors]
        cells += [value, span, str(row["unit"]), Cell(str(row["replications"]), sort=float(row["replications"]))]
        rows.append([*cells, str(row["exactness"])] if exact else cells)
    return table("Outcomes by design point", columns, rows, numeric=["point", "mean ± half-width", "runs"])


def _design_table(study: Study) -> str:
    points = study.points
    rows = [
        [Cell(str(row["point"]), sort=float(row["point"])), *(_cell(row[f]) for f in study.factors), str(row["status"])]
        for row in points.reset_index().to_dict("records")
    ]
    return table("Levels of the factors", ["point", *study.factors, "status"], rows, numeric=["point"])


def _failure_table(study: Study) -> str:
    rows = [
        [str(row["point"]), str(row["replication"]), str(row["seed"]), str(row["message"])]
        for row in study.failures().to_dict("records")
    ]
    return table("Failures, each of which can be run again alone", ["point", "replication", "seed", "message"], rows)


def _varied(study: Study) -> str:
    varied = ", ".join(study.factors)
    return paragraph(f"The parameters of the first point; the study varies {varied}.")


def _named(outcome: str, names: Names) -> str:
    """Give an outcome's label with names in the place of ids."""
    response, found, thing = outcome.partition(", ")
    if not found:
        return outcome
    return f"{response}, {names.any(thing)}"


def _last(factor: str) -> str:
    """Give the last part of a path, which names the parameter."""
    return factor.rpartition(".")[2]


def _level(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return given(float(value)) if isinstance(value, int | float | np.number) else str(value)


def _cell(value: Any) -> Cell | str:
    text = _level(value)
    numeric = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
    return Cell(text, sort=float(value)) if numeric else text
