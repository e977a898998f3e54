"""Commands about files: what an export says, and the scenario that is fitted to it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from pixelsim.base.errors import InputError
from pixelsim.cli.printing import Printer, exact
from pixelsim.exchange.calibrate import calibrate
from pixelsim.exchange.read import read_export
from pixelsim.exchange.report import AdsReport
from pixelsim.scenario.toml import dump_scenario, write_scenario

__all__ = ["calibrate_files", "import_files"]


def import_files(paths: list[Path], *, encoding: str | None, accept_mismatch: bool) -> None:
    """Print what each export is recognised as, what was guessed, left out, and whether its totals fit.

    Raises
    ------
    InputError
        A file is refused; those before it have been printed.
    """
    printer = Printer()
    for path in paths:
        report = read_export(path, encoding=encoding, accept_mismatch=accept_mismatch)
        _print_report(printer, report)


def _print_report(printer: Printer, report: AdsReport) -> None:
    console: Console = printer.console
    console.print(Text(repr(report)[1:-1]))
    for note in report.notes:
        console.print(Text(f"  {note}"))
    if report.unknown_columns:
        console.print(Text(f"  not understood and left out: {', '.join(report.unknown_columns)}"))
    if len(report.checks):
        table = printer.table("Totals", "column", "rows added up", "footer", "fits", right=("rows added up", "footer"))
        for _, row in report.checks.iterrows():
            fits = f"yes, {row['how']}" if row["ok"] else "no"
            table.add_row(row["column"], exact(row["sum_of_rows"]), exact(row["footer"]), fits)
        console.print(table)
    else:
        totals = ", ".join(f"{name} {exact(value)}" for name, value in report.totals().items())
        console.print(Text(f"  totals: {totals}; the file has no footer to check them against"))
    off = report.rate_checks[~report.rate_checks["ok"]] if len(report.rate_checks) else report.rate_checks
    for _, row in off.iterrows():
        where = f"{row['off']} of {row['rows']} rows, first in row {row['first_row']}"
        told = f"  {row['rate']} over {row['basis']} is not what it should be in {where}"
        console.print(Text(told))
    if len(report.rejects):
        table = printer.table("Left out", "row", "column", "value", "must be", "remedy", right=("row",))
        for _, row in report.rejects.iterrows():
            table.add_row(*(Text(str(row[name])) for name in ("row", "column", "value", "rule", "remedy")))
        console.print(table)


def calibrate_files(
    paths: list[Path],
    *,
    scenario: str,
    organic_sessions: float | None,
    out: Path | None,
    encoding: str | None,
    accept_mismatch: bool,
) -> None:
    """Fit a scenario to an export, and write it as a file whose comments say where each number came from.

    Raises
    ------
    InputError
        A file is refused, or more than one is given.
    """
    if len(paths) != 1:
        raise InputError.single(
            "calibrate",
            field="files",
            value=len(paths),
            rule="exactly one export",
            remedy="join the exports of one account first",
        )
    found = calibrate(
        paths[0], scenario, organic_sessions=organic_sessions, encoding=encoding, accept_mismatch=accept_mismatch
    )
    if out is None:
        Printer().console.out(dump_scenario(found), highlight=False)
        return
    try:
        write_scenario(found, out)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "calibrate", field="out", value=out, rule=f"a file to write ({reason})", remedy="choose another place"
        ) from None
    Printer().console.print(f"Scenario written to [bold]{out}[/bold].")
