"""The commands that show or hand on a whole run: log, report, notebooks, and the page of explorers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelsim.cli.options import Days, FromExport, Organic, Preset, Replications, Seed, Workers

__all__ = ["pages"]

pages = typer.Typer()


@pages.command()
def log(
    scenario: Annotated[str, typer.Argument(help="Name of a built-in scenario, or a .toml file.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="New or empty folder for the Parquet files.")],
    seed: Seed = 1,
    replication: Annotated[int, typer.Option(min=0, help="Number of the replication.")] = 0,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Use the compiled kernels (extra fast); the same rows.")
    ] = False,
) -> None:
    """Write the event log of one replication to Parquet, block by block, in memory that does not grow with it."""
    from pixelsim.cli.histories import write_log  # noqa: PLC0415 - keeps --help fast

    write_log(scenario, out, seed=seed, replication=replication, compiled=compiled)


@pages.command()
def report(
    scenario: Annotated[
        str, typer.Argument(help="Name of a built-in scenario, a .toml file, or the folder of a study.")
    ] = "agency",
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")] = Path("report.html"),
    from_export: FromExport = None,
    organic_sessions: Organic = None,
    days: Days = None,
    preset: Preset = None,
    seed: Seed = 1,
    replications: Replications = 50,
    workers: Workers = 1,
) -> None:
    """Write a report as one HTML file to mail: figures, timeline, change log, and every assumption."""
    from pixelsim.cli.pages import report_page  # noqa: PLC0415
    from pixelsim.cli.run import RunJob  # noqa: PLC0415

    job = RunJob(
        scenario=scenario,
        report=from_export,
        organic_sessions=organic_sessions,
        days=days,
        preset=preset,
        seed=seed,
        replications=replications,
        workers=workers,
    )
    report_page(job, out)


@pages.command()
def lab(
    notebooks: Annotated[Path | None, typer.Argument(help="Folder of notebooks; the shipped ones.")] = None,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on, at 127.0.0.1 only.")] = 8888,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab, on this machine only and behind a token."""
    from pixelsim.cli.pages import open_lab  # noqa: PLC0415

    raise typer.Exit(open_lab(notebooks, port=port, browser=browser))


@pages.command("app")
def app_(
    scenario: Annotated[str | None, typer.Argument(help="Name of a built-in scenario, or a .toml file.")] = None,
    *,
    from_export: FromExport = None,
    organic_sessions: Organic = None,
    seed: Seed = 1,
    replications: Replications = 5,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on, at 127.0.0.1 only; 0: any.")] = 8866,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Serve the explorers as a page for colleagues without Python, on this machine only and behind a token."""
    from pixelsim.cli.run import RunJob  # noqa: PLC0415 - keeps --help fast
    from pixelsim.cli.serving import open_app  # noqa: PLC0415

    job = None
    if scenario is not None or from_export is not None or organic_sessions is not None:
        job = RunJob(scenario=scenario or "agency", report=from_export, organic_sessions=organic_sessions)
    open_app(job, replications=replications, seed=seed, port=port, browser=browser)
