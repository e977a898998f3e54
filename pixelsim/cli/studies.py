"""Commands of studies: compare scenarios, sweep factors, run one replication of a study again."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
from rich.text import Text

from pixelsim.base.errors import InputError
from pixelsim.base.tables import write_csv, write_parquet
from pixelsim.cli.printing import Printer, number
from pixelsim.cli.run import progress
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.study import Run, compare, rerun, sweep
from pixelsim.study.detail import Detail

__all__ = ["compare_scenarios", "rerun_one", "sweep_file"]

SWEEP_FIELDS = ("scenario", "factors", "method", "n", "replications", "warm_up_days", "cool_down_days")


def compare_scenarios(
    names: list[str],
    *,
    replications: int,
    seed: int,
    workers: int,
    matters: float | None,
    out: Path | None,
    detail: Detail = "events",
) -> None:
    """Print paired differences of scenarios to the first one, with a verdict in words.

    Raises
    ------
    InputError, UnknownNameError
        A scenario or an option is refused.
    """
    if len(names) < 2:
        raise InputError.single(
            "compare", field="scenarios", value=len(names), rule="at least two", remedy="name a baseline and a variant"
        )
    baseline, variant, *more = (find_scenario(name) for name in names)
    found = compare(
        baseline,
        variant,
        *more,
        replications=replications,
        seed=seed,
        workers=workers,
        smallest_that_matters=matters,
        progress=progress,
        detail=detail,
    )
    summary = found.summary()
    printer = Printer()
    title = f"Differences to {found.baseline}: {len(found)} pairs on common random numbers, Holm's correction"
    columns = ("variant", "outcome", "baseline", "variant's", "difference", "correlation", "verdict")
    table = printer.table(title, *columns, *_trust(summary), right=columns[2:6])
    for _, row in summary.iterrows():
        difference = f"{number(row['mean_difference'])} ± {number(row['half_width'], digits=2)} {row['unit']}"
        means = (number(row["baseline_mean"]), number(row["variant_mean"]))
        cells = (
            row["variant"],
            row["outcome"],
            *means,
            difference,
            number(row["correlation"], digits=2),
            row["verdict"],
            *(row[name] for name in _trust(summary)),
        )
        table.add_row(*(Text(str(cell)) for cell in cells))
    printer.console.print(table)
    for sentence in found.sentences():
        printer.console.print(Text(f"  {sentence}"))
    if out is not None:
        _write(out, {"differences": summary, "values": found.frame()})
        printer.console.print(f"Tables are in [bold]{out}[/bold].")


def _trust(table: pd.DataFrame) -> list[str]:
    """Give the column that says how exact figures in counts are, where there is one."""
    return [name for name in ("exactness",) if name in table.columns]


def sweep_file(path: Path, *, seed: int, workers: int, out: Path, detail: Detail = "events") -> None:
    """Run the sweep that a TOML file describes, and print the mean of each outcome at each design point.

    The file has ``scenario``, a table ``factors`` of levels by path, and, where wanted, ``method``, ``n``,
    ``replications``, ``warm_up_days`` and ``cool_down_days``.

    Raises
    ------
    InputError, UnknownNameError
        The file or anything in it is refused.
    """
    asked = _read(path)
    found = sweep(
        find_scenario(str(asked.pop("scenario", "agency"))),
        asked.pop("factors"),
        seed=seed,
        workers=workers,
        out=out,
        progress=True,
        detail=detail,
        **asked,
    )
    printer = Printer()
    summary = found.summary()
    printer.console.print(Text(str(found)))
    shown = ["point", *found.factors, "outcome"]
    columns = ["mean", "5-95 % of runs", "unit", *_trust(summary)]
    table = printer.table("Means at each design point", *shown, *columns, right=("mean",))
    for _, row in summary.iterrows():
        mean = f"{number(row['mean'])} ± {number(row['half_width'], digits=2)}"
        runs = f"{number(row['low'])} to {number(row['high'])}"
        cells = [*(row[name] for name in shown), mean, runs, row["unit"], *(row[name] for name in _trust(summary))]
        table.add_row(*(Text(str(cell)) for cell in cells))
    printer.console.print(table)
    _write(out, {"summary": summary})
    printer.console.print(f"The study is in [bold]{out}[/bold].")


def _read(path: Path) -> dict[str, Any]:
    try:
        asked = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            str(path), field="file", value=reason, rule="a file that can be read", remedy="check the path"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError.single(
            str(path), field="file", value=error, rule="valid TOML", remedy="mend the place named"
        ) from None
    unknown = [name for name in asked if name not in SWEEP_FIELDS]
    if unknown or not isinstance(asked.get("factors"), dict):
        value = ", ".join(unknown) or "no table of factors"
        rule = f"made of {', '.join(SWEEP_FIELDS)}, factors being a table of levels by path"
        raise InputError.single(str(path), field="sweep", value=value, rule=rule, remedy="correct the file")
    return asked


def rerun_one(folder: Path, *, replication: int, point: int, out: Path | None) -> None:
    """Run one replication of a stored study again, and print its outcomes and change log.

    Raises
    ------
    InputError
        The folder holds no study, or the study has no such replication.
    """
    one = rerun(folder, replication, point=point)
    printer = Printer()
    table = printer.table(
        f"Replication {replication} at point {point}", "outcome", "of", "value", "unit", right=("value",)
    )
    for _, row in one.outcomes().iterrows():
        table.add_row(row["outcome"], row["object"], number(row["value"]), row["unit"])
    printer.console.print(table)
    printer.change_log(one)
    if out is not None:
        log = {"log": one.log()} if isinstance(one, Run) else {}
        _write(out, {"metrics": one.metrics(), "outcomes": one.outcomes(), **log})
        printer.console.print(f"Tables are in [bold]{out}[/bold].")


def _write(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write tables as CSV and Parquet, a user's mistake told in words."""
    try:
        for name, table in tables.items():
            write_csv(table, folder / f"{name}.csv")
            write_parquet(table, folder / f"{name}.parquet")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "tables", field="out", value=folder, rule=f"a folder to write to ({reason})", remedy="choose another place"
        ) from None
