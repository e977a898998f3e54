"""Commands about files: what they say, and the scenario that is fitted to them."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.cli.printing import Printer, exact, number
from pixelsim.exchange.api_folder import ApiFolder
from pixelsim.exchange.calibrate import fitted
from pixelsim.exchange.estimates import Estimate
from pixelsim.exchange.event_table import EventTable
from pixelsim.exchange.evidence import Evidence, weigh
from pixelsim.exchange.gather import Gathered, gather
from pixelsim.exchange.report import MISMATCH, AdsReport
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.scenario.toml import dump_scenario

__all__ = ["calibrate_files", "import_files"]

REJECTS_SHOWN = 20


def import_files(
    paths: list[Path], *, encoding: str | None, currency: str | None = None, accept_mismatch: bool = False
) -> None:
    """Print what files are recognised as, what was guessed, left out, and whether totals fit.

    Everything is printed first; then a file whose totals differ is refused, unless that is accepted.

    Raises
    ------
    InputError
        A file is refused, its totals differ, or no call of its saved answers succeeded.
    """
    printer, refused = Printer(), []
    for path in paths:
        try:
            found = gather([path], encoding=encoding, currency=currency, accept_mismatch=True)
            _print_gathered(printer, found, accepted=accept_mismatch)
            if found.mismatch and not accept_mismatch:
                gather([path], encoding=encoding, currency=currency)
            if found.answers and all(folder.status == "failed" for folder in found.answers) and not found.events:
                raise _all_failed(path)
        except InputError as error:
            refused.append(error)
    if refused:
        faults = [fault for error in refused for fault in error.faults]
        raise refused[0] if len(refused) == 1 else InputError(" and ".join(e.source for e in refused), faults)


def _all_failed(path: Path) -> InputError:
    return InputError.single(
        str(path),
        field="answers",
        value="every call failed",
        rule="at least one call that succeeded",
        remedy="ask again with a token that has the rights, and save the new answers",
    )


def _print_gathered(printer: Printer, found: Gathered, *, accepted: bool) -> None:
    """Print what files hold; a mismatch that nobody has accepted yet is told by the totals alone."""
    for folder in found.answers:
        _print_answers(printer, folder)
    for report in found.reports:
        _print_report(printer, report, accepted=accepted)
    for events in found.events:
        _print_events(printer, events)
    for text in found.passed_over:
        printer.console.print(Text(f"passed over: {text}"))


def _title(read: AdsReport | EventTable | ApiFolder) -> str:
    """Say what was read: its name, what it has, and from when to when."""
    return repr(read)[1:-1].partition(" ")[2]


def _notes(printer: Printer, notes: tuple[str, ...]) -> None:
    for note in notes:
        printer.console.print(Text(f"  {note}"))


def _print_report(printer: Printer, report: AdsReport, *, accepted: bool) -> None:
    console = printer.console
    console.print(Text(_title(report)))
    # The list of all unknown columns follows, so that the note on the first of them says nothing new.
    skipped = (" unknown columns not read", *(() if accepted else (MISMATCH,)))
    _notes(printer, tuple(note for note in report.notes if not any(text in note for text in skipped)))
    if report.unknown_columns:
        console.print(Text(f"  columns not known and not read: {', '.join(report.unknown_columns)}"))
    if len(report.checks):
        table = printer.table("Totals", "column", "rows added up", "footer", "fits", right=("rows added up", "footer"))
        for _, row in report.checks.iterrows():
            fits = f"yes, {row['how']}" if row["ok"] else "no"
            table.add_row(row["column"], exact(row["sum_of_rows"]), exact(row["footer"]), fits)
        console.print(table)
    else:
        totals = ", ".join(f"{name} {exact(value)}" for name, value in report.totals().items())
        console.print(Text(f"  totals: {totals}; nothing in the file to check them against"))
    _print_rejects(printer, report)


def _print_rejects(printer: Printer, read: AdsReport | EventTable) -> None:
    rejects = read.rejects
    if not len(rejects):
        return
    table = printer.table("Left out", "row", "column", "value", "must be", "remedy", right=("row",))
    for _, row in rejects.head(REJECTS_SHOWN).iterrows():
        table.add_row(*(Text(str(row[name])) for name in ("row", "column", "value", "rule", "remedy")))
    printer.console.print(table)
    if len(rejects) > REJECTS_SHOWN:
        printer.console.print(Text(f"  and {len(rejects) - REJECTS_SHOWN} more cells"))


def _print_events(printer: Printer, events: EventTable) -> None:
    frame = events.frame
    printer.console.print(Text(_title(events)))
    known = frame["at"].dropna()
    if len(known):
        printer.console.print(Text(f"  from {known.min():%Y-%m-%d %H:%M} to {known.max():%Y-%m-%d %H:%M} UTC"))
    _notes(printer, events.notes)
    numbers = ("events", "browser", "server", "with event id", "with value")
    table = printer.table("Events", "event", *numbers, right=numbers)
    for name, rows in frame.groupby("event", sort=True):
        channels = rows["channel"].value_counts()
        cells = (len(rows), channels.get("browser", 0), channels.get("server", 0), rows["event_id"].notna().sum())
        table.add_row(Text(str(name)), *(f"{int(cell):,}" for cell in (*cells, rows["value"].notna().sum())))
    printer.console.print(table)
    _print_rejects(printer, events)


def _print_answers(printer: Printer, folder: ApiFolder) -> None:
    printer.console.print(Text(_title(folder)))
    table = printer.table("Answers", "place", "call", "status", "code", "rows", "message", right=("code", "rows"))
    for _, row in folder.summary().iterrows():
        code = "" if row.isna()["code"] else str(row["code"])
        cells = (row["place"], row["endpoint"], row["status"], code, row["rows"], row["message"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    printer.console.print(table)
    for text in folder.missing:
        printer.console.print(Text(f"  missing: {text}"))
    for fault in folder.unread:
        printer.console.print(Text(f"  not read: {fault}"))
    _notes(printer, folder.notes)


def calibrate_files(
    paths: list[Path],
    *,
    scenario: str,
    organic_sessions: float | None,
    out: Path | None,
    encoding: str | None,
    currency: str | None = None,
    accept_mismatch: bool = False,
) -> None:
    """Fit a scenario to files of any kind, and write it as a file whose comments say where each number came from.

    Raises
    ------
    InputError, UnknownNameError
        A file or the scenario is refused, or the scenario cannot be written.
    """
    base = find_scenario(scenario)
    gathered = gather(paths, encoding=encoding, currency=currency, accept_mismatch=accept_mismatch)
    evidence = weigh(gathered, base)
    made = fitted(base, evidence, organic_sessions=organic_sessions)
    text = _head(evidence, gathered) + dump_scenario(made)
    printer = Printer()
    if out is None:
        printer.console.out(text, highlight=False)
        return
    try:
        write_text(out, text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "calibrate", field="out", value=out, rule=f"a file to write ({reason})", remedy="choose another place"
        ) from None
    _print_evidence(printer, evidence)
    printer.console.print(f"Scenario written to [bold]{out}[/bold].")


def _head(evidence: Evidence, gathered: Gathered) -> str:
    """Give the first lines of a calibrated scenario: what it was made from, as comments."""
    read = [*map(_title, gathered.reports), *map(_title, gathered.events)]
    told = ["Made from:", *(f"  {text}" for text in read), "What the files tell:"]
    told += [f"  {text}" for text in evidence.lines()]
    told += ["What no file tells keeps its default:", *(f"  {text}" for text in evidence.untold), ""]
    lines = ("".join(c if c.isprintable() else " " for c in line) for line in told)
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _cell(found: Estimate | None, *, percent: bool = False) -> str:
    """Write an estimate with half of its interval."""
    if found is None:
        return "-"
    factor, unit = (100.0, " %") if percent else (1.0, "")
    half = (found.high - found.low) / 2 * factor
    shown = f"{number(found.value * factor)}{unit}"
    # Less than a thousandth of the value is not seen in its three digits.
    return shown if not half > abs(found.value) * factor / 1000 else f"{shown} ± {number(half, digits=2)}"


def _print_evidence(printer: Printer, evidence: Evidence) -> None:
    found = evidence.estimates
    unit = found.currency or "currency"
    columns = (f"spend a day, {unit}", f"CPM, {unit}", "click rate", "conversions per click")
    table = printer.table("Campaigns: estimate ± half of the 95 % interval", "campaign", *columns, right=columns)
    for campaign in found.campaigns:
        table.add_row(
            Text(campaign.name if campaign.ended is None else f"{campaign.name} (ended {campaign.ended:%Y-%m-%d})"),
            _cell(campaign.daily_spend),
            _cell(campaign.cpm),
            _cell(campaign.click_rate, percent=True),
            _cell(campaign.conversions_per_click, percent=True),
        )
    printer.console.print(table)
    for campaign in found.campaigns:
        lost = [f"{name.replace('_', ' ')}: {why}" for name, why in campaign.reasons.items() if name != "budget"]
        if lost:
            printer.console.print(Text(f"  {campaign.name} is left out: {'; '.join(lost)}"))
    for line in evidence.lines():
        printer.console.print(Text(f"  {line}"))
    printer.console.print(Text(f"  not told, so default or assumption: {'; '.join(evidence.untold)}"))
