"""Commands that show: a report to mail, and the notebooks in JupyterLab."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.cli.printing import Printer
from pixelsim.cli.run import RunJob, progress
from pixelsim.scenario.builtin import data_folder
from pixelsim.show import write_report, write_study_report
from pixelsim.study.replicate import replicate
from pixelsim.study.results import open_study
from pixelsim.study.run import run

__all__ = ["lab_command", "open_lab", "report_page"]

QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""Settings of JupyterLab: no pop-up about news over the notebook."""


def report_page(job: RunJob, out: Path) -> None:
    """Run a scenario, or take a study from its folder, and write its report as one HTML file.

    Raises
    ------
    InputError, UnknownNameError
        The scenario, the report or an option is refused, or the file cannot be written.
    """
    write = partial(write_study_report, open_study(job.scenario)) if Path(job.scenario).is_dir() else _of_scenario(job)
    try:
        write(out)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "report", field="out", value=out, rule=f"a file to write ({reason})", remedy="choose another place"
        ) from None
    Printer().console.print(f"Report written to [bold]{out}[/bold].")


def _of_scenario(job: RunJob) -> Callable[[Path], Path]:
    """Run a scenario, and give what writes its report."""
    scenario = job.prepared()
    one = run(scenario, seed=job.seed)
    many = replicate(scenario, job.replications, seed=job.seed, workers=job.workers, progress=progress)
    return partial(write_report, many, one)


def lab_command(notebooks: Path, settings: Path, token: str, port: int, *, browser: bool) -> list[str]:
    """Give the command that serves the notebooks: on this machine only, behind a token."""
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={notebooks}",
        f"--LabApp.app_settings_dir={settings}",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]


def open_lab(folder: Path | None, *, port: int, browser: bool) -> int:
    """Open the notebooks in JupyterLab, and give its exit code when it ends.

    Raises
    ------
    MissingExtraError
        JupyterLab is not installed.
    InputError
        There is no folder of notebooks.
    """
    for package in ("jupyterlab", "ipywidgets"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError("the notebooks", package, "notebook")
    notebooks = folder if folder is not None else data_folder().parent / "notebooks"
    if not notebooks.is_dir():
        raise InputError.single(
            "lab",
            field="notebooks",
            value=notebooks,
            rule="a folder with notebooks",
            remedy="name one, such as the folder notebooks of a clone",
        )
    with tempfile.TemporaryDirectory(prefix="pixelsim-lab-") as settings:
        (Path(settings) / "overrides.json").write_text(json.dumps(QUIET), encoding="utf-8")
        command = lab_command(notebooks.resolve(), Path(settings), secrets.token_hex(16), port, browser=browser)
        return subprocess.call(command)  # noqa: S603 - a list made here, and no shell
