"""The commands and their options; the work is done elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pixelsim._version import __version__
from pixelsim.base.errors import InputError, PixelsimError, UnknownNameError
from pixelsim.cli.app_pages import pages
from pixelsim.cli.options import Days, Organic, Preset, Replications, Seed, Workers

__all__ = ["app", "main"]

app = typer.Typer(
    name="pixelsim",
    help="Rehearse pixel sharing before a live account is touched.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

Out = Annotated[Path | None, typer.Option(help="Folder for tables and picture; out/NAME when left out.")]


def _version(value: bool) -> None:  # noqa: FBT001 - typer hands the flag over by position
    if value:
        typer.echo(f"pixelsim {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Rehearse pixel sharing before a live account is touched."""


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or a .toml file.")] = "agency",
    *,
    report: Annotated[
        Path | None, typer.Option(help="Export, saved API answers or folder to calibrate the scenario from.")
    ] = None,
    organic_sessions: Organic = None,
    days: Days = None,
    preset: Preset = None,
    unshare_first: Annotated[
        float | None, typer.Option(help="Take the wrong order: unshare this many days before the first stop.")
    ] = None,
    seed: Seed = 1,
    replications: Replications = 50,
    workers: Workers = 1,
    out: Out = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the export, where it cannot be told.")] = None,
    accept_mismatch: Annotated[
        bool, typer.Option("--accept-mismatch", help="Go on although the export's totals differ from its rows.")
    ] = False,
) -> None:
    """Simulate a scenario and print what each party would read, what it costs, and who changed what."""
    from pixelsim.cli.run import RunJob  # noqa: PLC0415 - keeps --help fast

    RunJob(
        scenario=scenario,
        report=report,
        organic_sessions=organic_sessions,
        days=days,
        preset=preset,
        unshare_first=unshare_first,
        seed=seed,
        replications=replications,
        workers=workers,
        out=out,
        encoding=encoding,
        accept_mismatch=accept_mismatch,
    ).do()


@app.command("scenarios")
def scenarios() -> None:
    """List the built-in scenarios."""
    from pixelsim.scenario import scenario as find  # noqa: PLC0415 - keeps --help fast
    from pixelsim.scenario import scenario_names  # noqa: PLC0415

    width = max(len(name) for name in scenario_names())
    for name in scenario_names():
        typer.echo(f"{name:<{width}}  {find(name).title}")


Files = Annotated[
    list[Path],
    typer.Argument(help="Exports, saved API answers, event files, or folders of these or of warehouse tables."),
]
Currency = Annotated[str | None, typer.Option(help="Currency of the amounts in API answers, which do not say it.")]
Encoding = Annotated[str | None, typer.Option(help="Encoding of the files, where it cannot be told.")]
AcceptMismatch = Annotated[
    bool, typer.Option("--accept-mismatch", help="Go on although the totals differ from the rows.")
]


@app.command("import")
def import_(
    files: Files,
    *,
    encoding: Encoding = None,
    currency: Currency = None,
    accept_mismatch: AcceptMismatch = False,
) -> None:
    """Say what files are: recognised, guessed, left out, and whether their totals fit; exit code 2 if they do not."""
    from pixelsim.cli.files import import_files  # noqa: PLC0415

    import_files(files, encoding=encoding, currency=currency, accept_mismatch=accept_mismatch)


@app.command()
def calibrate(
    files: Files,
    *,
    scenario: Annotated[str, typer.Option(help="Scenario whose campaigns the file's take the place of.")] = "agency",
    organic_sessions: Organic = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Scenario file; printed when left out.")] = None,
    encoding: Encoding = None,
    currency: Currency = None,
    accept_mismatch: AcceptMismatch = False,
) -> None:
    """Fit a scenario to files of any kind, and say of each number where it came from and how sure it is."""
    from pixelsim.cli.files import calibrate_files  # noqa: PLC0415

    calibrate_files(
        files,
        scenario=scenario,
        organic_sessions=organic_sessions,
        out=out,
        encoding=encoding,
        currency=currency,
        accept_mismatch=accept_mismatch,
    )


Shape = Annotated[str, typer.Option("--format", help="table, markdown or json.")]


def _shape(text: str) -> Any:
    """Check how something is to be printed."""
    if text not in {"table", "markdown", "json"}:
        raise UnknownNameError("format", text, ["table", "markdown", "json"])
    return text


@app.command()
def check(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or a .toml file.")],
    *,
    shape: Shape = "table",
) -> None:
    """Check a scenario's start, plan and end against the good practices: what breaks one, and what that costs."""
    from pixelsim.cli.plans import check_scenario  # noqa: PLC0415

    check_scenario(scenario, shape=_shape(shape))


@app.command()
def plan(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or a .toml file.")],
    *,
    unshare_from: Annotated[str | None, typer.Option(help="Business Center or ad account that loses access.")] = None,
    share_with: Annotated[str | None, typer.Option(help="Business Center or ad account that gets access.")] = None,
    transfer_to: Annotated[str | None, typer.Option(help="Business Center that takes the pixel.")] = None,
    pixel: Annotated[str | None, typer.Option(help="Pixel code; may be left out where there is one only.")] = None,
    by: Annotated[str | None, typer.Option(help="Day since the start, or date, by which access has ended.")] = None,
    unavailable: Annotated[
        list[str] | None,
        typer.Option(help="Who cannot be counted on, as ID=refuses, ID=slow or ID=left; may be repeated."),
    ] = None,
    shape: Shape = "table",
) -> None:
    """Plan an unshare, a share or a transfer: dated steps, who does them, fallbacks; exit code 1 if none is safe."""
    from pixelsim.cli.plans import make_plan  # noqa: PLC0415

    asked = {"unshare": unshare_from, "share": share_with, "transfer": transfer_to}
    wanted = [(goal, party) for goal, party in asked.items() if party is not None]
    if len(wanted) != 1:
        raise InputError.single(
            "plan",
            field="goal",
            value=f"{len(wanted)} goals",
            rule="one of --unshare-from, --share-with, --transfer-to",
            remedy="say what is to be planned",
        )
    goal: Any = wanted[0][0]
    options = {"by": by, "unavailable": unavailable or (), "shape": _shape(shape)}
    if not make_plan(scenario, goal=goal, pixel=pixel, party=wanted[0][1], **options):
        raise typer.Exit(1)


@app.command()
def audit(
    files: Annotated[list[Path], typer.Argument(help="Events: JSON of the Events API or the pixel, CSV, Parquet.")],
    *,
    column: Annotated[
        list[str] | None, typer.Option(help="What a column of a log is, as NAME=COLUMN; may be repeated.")
    ] = None,
    late_days: Annotated[float, typer.Option(min=0, help="Days after which an event counts as late.")] = 7.0,
    out: Annotated[Path | None, typer.Option(help="Folder for the findings as CSV.")] = None,
) -> None:
    """Look events over: duplicates, missing ids, two pixels on a page, late or absurd ones; exit code 1 if any."""
    from pixelsim.cli.exchange import audit_files  # noqa: PLC0415

    columns = dict(_pair(text) for text in column or ())
    if audit_files(files, columns=columns or None, late_days=late_days, out=out):
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, str]:
    """Read NAME=COLUMN."""
    name, sign, column = text.partition("=")
    if not (name and sign and column):
        raise InputError.single(
            "audit", field="column", value=text, rule="of the form NAME=COLUMN", remedy="write event_id=order, say"
        )
    return name, column


@app.command()
def backtest(
    file: Annotated[Path, typer.Argument(help="Export, saved API answers, or a folder of either.")],
    *,
    share: Annotated[float, typer.Option(min=0.1, max=0.9, help="Share of the days that is calibrated on.")] = 0.5,
    spend: Annotated[str, typer.Option(help="given: each day's spend is known; free: it is forecast too.")] = "given",
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables as CSV.")] = None,
    encoding: Encoding = None,
    currency: Currency = None,
    accept_mismatch: AcceptMismatch = False,
) -> None:
    """Calibrate on the first part of a report, forecast the rest, and say how well the bands hold."""
    from pixelsim.cli.exchange import backtest_file  # noqa: PLC0415

    if spend not in {"given", "free"}:
        raise UnknownNameError("spend", spend, ["given", "free"])
    known: Any = spend
    backtest_file(
        file,
        share=share,
        spend=known,
        seed=seed,
        out=out,
        encoding=encoding,
        currency=currency,
        accept_mismatch=accept_mismatch,
    )


@app.command("export")
def export_(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or a .toml file.")] = "agency",
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; a folder for warehouse tables.")],
    shape: Annotated[str, typer.Option("--shape", help="export, api, stats, events or warehouse.")] = "export",
    account: Annotated[str | None, typer.Option(help="Ad account whose report is written.")] = None,
    seed: Seed = 1,
) -> None:
    """Simulate one possible history and write it in the shape of a real file."""
    from pixelsim.cli.exchange import export_run  # noqa: PLC0415

    export_run(scenario, shape=shape, out=out, account=account, seed=seed)


InDetail = Annotated[
    Literal["events", "counts"], typer.Option(help="events, or counts for a cost that does not depend on traffic.")
]


@app.command()
def compare(
    scenarios: Annotated[list[str], typer.Argument(help="A baseline and its variants: names or .toml files.")],
    *,
    replications: Replications = 50,
    seed: Seed = 1,
    workers: Workers = 1,
    matters: Annotated[float | None, typer.Option(help="Smallest difference that matters, in each unit.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables.")] = None,
    detail: InDetail = "events",
) -> None:
    """Compare scenarios on the same random numbers: paired differences, half-widths, verdicts in words."""
    from pixelsim.cli.studies import compare_scenarios  # noqa: PLC0415

    compare_scenarios(
        scenarios, replications=replications, seed=seed, workers=workers, matters=matters, out=out, detail=detail
    )


@app.command()
def sweep(
    file: Annotated[Path, typer.Argument(help="TOML file with scenario, factors and method.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder of the study; the same call goes on where it stopped.")],
    seed: Seed = 1,
    workers: Workers = 1,
    detail: InDetail = "events",
) -> None:
    """Run a scenario at many combinations of levels, and keep the study on disk."""
    from pixelsim.cli.studies import sweep_file  # noqa: PLC0415

    sweep_file(file, seed=seed, workers=workers, out=out, detail=detail)


@app.command("rerun")
def rerun_(
    study: Annotated[Path, typer.Argument(help="Folder of a study.")],
    replication: Annotated[int, typer.Argument(min=0, help="Number of the replication.")],
    *,
    point: Annotated[int, typer.Option(min=0, help="Number of the design point.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for its tables and its log.")] = None,
) -> None:
    """Run one replication of a stored study again, with its log."""
    from pixelsim.cli.studies import rerun_one  # noqa: PLC0415

    rerun_one(study, replication=replication, point=point, out=out)


app.add_typer(pages)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    A user's mistake is told in words on the error stream, with exit code 2; an interrupt ends with 130.
    """
    command: Any = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="pixelsim", standalone_mode=False)
    except PixelsimError as error:
        sys.stderr.write(f"pixelsim: {error}\n")
        code = 2
    except typer.Abort:
        sys.stderr.write("pixelsim: stopped\n")
        code = 130
    except KeyboardInterrupt:
        sys.stderr.write("pixelsim: stopped\n")
        code = 130
    except Exception as error:
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        code = getattr(error, "exit_code", 2)
    sys.exit(code if isinstance(code, int) else 0)
