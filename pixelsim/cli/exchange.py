"""Commands about real files: audit events, check a forecast, and write a run in the shapes that other tools read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from rich.text import Text

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.base.tables import write_csv
from pixelsim.cli.histories import events_of_run, report_of_run, stats_of_run
from pixelsim.cli.printing import Printer, exact, number
from pixelsim.exchange.audit import Audit, audit_events
from pixelsim.exchange.backtest import Backtest, backtest
from pixelsim.exchange.event_log import Channel, read_events
from pixelsim.exchange.export import write_export
from pixelsim.exchange.export_api import write_api_report, write_event_stats
from pixelsim.exchange.export_events import write_event_payloads
from pixelsim.exchange.export_warehouse import write_warehouse
from pixelsim.exchange.gather import read_report
from pixelsim.exchange.report import MISMATCH
from pixelsim.exchange.times import TimeUnit
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.study.run import Run, run

__all__ = ["SHAPES", "audit_files", "backtest_file", "export_run"]

SHAPES = ("export", "api", "warehouse", "events", "stats")
"""Shapes of :func:`export_run`: Ads Manager export, report call, warehouse tables, event payloads, statistics call."""


def audit_files(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    channel: Channel | None = None,
    unit: TimeUnit | None = None,
    by_size: bool = False,
    late_days: float = 7.0,
    out: Path | None = None,
) -> int:
    """Print what is wrong with files of events.

    Parameters
    ----------
    paths
        Files of events: JSON of the Events API or the pixel, CSV, Parquet.
    columns, channel, unit, by_size
        As in :func:`~pixelsim.exchange.event_log.read_events`.
    late_days
        Days after which an event counts as late.
    out
        Folder for the findings as CSV, one table for each file.

    Returns
    -------
    int
        Findings that need a remedy, over all files; merged copies and former names are none.

    Raises
    ------
    InputError
        A file is refused; those before it have been printed.
    """
    printer, total = Printer(), 0
    for path in paths:
        events = read_events(path, columns=columns, channel=channel, unit=unit, by_size=by_size)
        found = audit_events(events, late_days=late_days)
        printer.console.print(Text(repr(events)[1:-1]))
        for note in events.notes:
            printer.console.print(Text(f"  {note}"))
        total += _print_audit(printer, found)
        if len(events.rejects):
            table = printer.table("Not read", "row", "column", "value", "must be", "remedy", right=("row",))
            for _, row in events.rejects.head(20).iterrows():
                table.add_row(*(Text(str(row[name])) for name in ("row", "column", "value", "rule", "remedy")))
            printer.console.print(table)
        if out is not None:
            _written(found.findings, out / f"{path.stem}_findings.csv")
    return total


def _print_audit(printer: Printer, found: Audit) -> int:
    harmless = {"merged copies", "former event names"}
    table = printer.table(
        "Findings", "finding", "events", "share", "rows", "meaning", "remedy", right=("events", "share")
    )
    some = found.findings[found.findings["count"] > 0]
    for _, row in some.iterrows():
        shown = row["rows"] if len(row["rows"]) <= 40 else row["rows"][:37] + "..."
        cells = (row["finding"], exact(row["count"]), f"{row['share']:.1%}", shown, row["meaning"], row["remedy"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    if len(some):
        printer.console.print(table)
    told = ", ".join(f"{name} {count:,}" for name, count in found.dedup.items())
    printer.console.print(Text(f"  deduplication: {told}"))
    none = found.findings.loc[found.findings["count"] == 0, "finding"].tolist()
    if none:
        printer.console.print(Text(f"  looked for and not found: {', '.join(none)}"))
    for text in found.not_told:
        printer.console.print(Text(f"  not told: {text}"))
    if len(found.coverage):
        cover = printer.table("Values", "event", "events", "with value and currency", "currencies", right=("events",))
        for _, row in found.coverage.iterrows():
            cover.add_row(Text(row["event"]), exact(row["events"]), f"{row['share']:.1%}", Text(row["currencies"]))
        printer.console.print(cover)
    return int((~some["finding"].isin(harmless)).sum())


def backtest_file(
    path: Path,
    *,
    share: float = 0.5,
    spend: Literal["given", "free"] = "given",
    replications: int = 2000,
    seed: int = 1,
    currency: str | None = None,
    encoding: str | None = None,
    accept_mismatch: bool = False,
    out: Path | None = None,
) -> Backtest:
    """Print how well a forecast from the first part of a report meets the rest of it.

    Parameters
    ----------
    path
        As in :func:`~pixelsim.exchange.gather.read_report`, which also takes ``currency``, ``encoding`` and
        ``accept_mismatch``.
    share, spend, replications, seed
        As in :func:`~pixelsim.exchange.backtest.backtest`.
    out
        Folder for the tables as CSV.

    Raises
    ------
    InputError
        The report is refused, or has too few days.
    """
    report = read_report(path, currency=currency, encoding=encoding, accept_mismatch=accept_mismatch)
    found = backtest(report, share, spend, replications=replications, seed=seed)
    printer = Printer()
    printer.console.print(Text(repr(report)[1:-1].partition(" ")[2]))
    told = "known" if spend == "given" else "forecast too"
    title = f"Estimated on {found.first_days} days, {found.rest_days} days forecast; spend {told}"
    right = (
        "inside 90 %",
        "inside 50 %",
        "total forecast",
        "total came",
        "off by",
        "sheet 90 %",
        "sheet 50 %",
        "sheet off",
    )
    table = printer.table(title, "quantity", *right, right=right)
    for _, row in found.table.iterrows():
        table.add_row(
            row["quantity"],
            *(f"{row[name]:.0%}" for name in ("inside_90", "inside_50")),
            f"{_three(row['forecast'])} ({_three(row['low_90'])} to {_three(row['high_90'])})",
            _three(row["actual"]),
            f"{row['bias']:+.1%}",
            *(f"{row[name]:.0%}" for name in ("sheet_90", "sheet_50")),
            f"{row['sheet_bias']:+.1%}",
        )
    printer.console.print(table)
    printer.console.print(
        "  inside: share of days inside the band; it should be the band's own percentage. "
        "sheet: mean of the first part, plus and minus 1.645 or 0.674 standard deviations."
    )
    drift = printer.table("Drift and scatter in the first part", "figure", "slope a day", "step a day", "noise a day")
    for _, row in found.drift.iterrows():
        drift.add_row(row["figure"], f"{row['slope']:+.2%}", f"{row['step']:.1%}", f"{row['noise']:.1%}")
    printer.console.print(drift)
    for note in found.notes:
        printer.console.print(Text(f"  {note}"))
    if out is not None:
        for name, frame in (("backtest", found.table), ("backtest_days", found.days), ("backtest_drift", found.drift)):
            _written(frame.assign(mark=MISMATCH) if found.mismatch else frame, out / f"{name}.csv")
    return found


def _three(value: float) -> str:
    """Write a total with three digits that count."""
    return number(float(f"{value:.3g}"))


def _written(table: pd.DataFrame, target: Path) -> None:
    """Write a table, and say in words why that is not possible."""
    try:
        write_csv(table, target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "out", field="out", value=target, rule=f"a place to write to ({reason})", remedy="choose another place"
        ) from None


def export_run(
    scenario: str,
    *,
    shape: str = "export",
    out: Path,
    account: str | None = None,
    seed: int = 1,
    replication: int = 0,
) -> list[Path]:
    """Simulate one possible history and write it in the shape of a real file.

    Parameters
    ----------
    scenario
        Name of a built-in scenario, or a ``.toml`` file.
    shape
        One of ``SHAPES``.
    out
        The file; for ``warehouse`` the folder.
    account
        The ad account whose report or statistics are written; None for all in a report. Statistics need one, since
        attributed events are those of the asking account's ads.
    seed, replication
        Which history.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError, UnknownNameError
        The scenario, the shape or the account is refused, or nothing can be written.
    """
    if shape not in SHAPES:
        raise UnknownNameError("shape", shape, list(SHAPES))
    found = find_scenario(scenario)
    accounts = [a.id for a in found.structure.ad_accounts]
    if account is not None and account not in accounts:
        raise UnknownNameError("ad account", account, accounts)
    if shape == "stats" and account is None:
        raise InputError.single(
            "export",
            field="account",
            value="none",
            rule="the ad account that asks for statistics",
            remedy=f"say one of {', '.join(accounts)}",
        )
    one = run(found, seed=seed, replication=replication)
    try:
        made = _export(one, shape, out, account)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "export", field="out", value=out, rule=f"a place to write to ({reason})", remedy="choose another place"
        ) from None
    for path in made:
        Printer().console.print(f"Written: [bold]{path}[/bold]")
    return made


def _export(one: Run, shape: str, out: Path, account: str | None) -> list[Path]:
    if shape == "events":
        return [write_event_payloads(events_of_run(one), out)]
    if shape == "stats":
        return [write_event_stats(stats_of_run(one, account or ""), out)]
    report = report_of_run(one, account)
    if shape == "warehouse":
        return write_warehouse(report, out)
    out.parent.mkdir(parents=True, exist_ok=True)
    return [write_export(report, out) if shape == "export" else write_api_report(report, out)]
