"""The command that serves the explorers as a page for colleagues without Python: on this machine, behind a token."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import secrets
import socket
import sys
import tempfile
import threading
import time
import webbrowser
from pathlib import Path
from typing import Any

from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.cli.run import RunJob
from pixelsim.scenario.toml import write_scenario

__all__ = ["app_arguments", "open_app", "page_notebook"]

HOST = "127.0.0.1"
NAME = "pixelsim.ipynb"
"""The page's notebook; its name is the title in the browser."""
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: data: blob:; "
    "frame-ancestors 'self'; form-action 'self'"
)
"""What the page may load: only what this machine serves, so that nobody else hears of it."""
IDLE = 1200
"""Seconds after which the Python of a page that nobody looks at any more ends."""
PATIENCE = 60.0
"""Seconds within which the server has to answer before a browser is opened."""


def page_notebook(scenario: str | None, *, replications: int, seed: int) -> str:
    """Give the notebook behind the page as text: one cell, which nobody gets to see.

    Parameters
    ----------
    scenario
        File of the user's own scenario, relative to the notebook; None for the built-in ones.
    replications, seed
        As for :func:`pixelsim.explore.page`.
    """
    mine = "" if scenario is None else f"ps.load_scenario({scenario!r}), "
    source = f"import pixelsim as ps\n\nps.explore.page({mine}replications={replications}, seed={seed})"
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "page",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def app_arguments(notebook: Path, port: int) -> list[str]:
    """Give what Voila is called with: this machine only, a token asked for, no code, no trace of an error."""
    return [
        str(notebook),
        f"--Voila.ip={HOST}",
        f"--port={port}",
        "--Voila.port_retries=0",
        "--Voila.log_level=WARN",
        "--no-browser",
        # The token comes from the environment, so that a list of processes does not show it.
        "--Voila.auto_token=True",
        "--strip_sources=True",
        "--VoilaConfiguration.show_tracebacks=False",
        f"--MappingKernelManager.cull_idle_timeout={IDLE}",
        "--MappingKernelManager.cull_interval=60",
    ]


def _free_port(port: int) -> int:
    """Give the port if it can be had, or any that can for 0.

    Raises
    ------
    InputError
        Something else is served there.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            raise InputError.single(
                "app", field="port", value=port, rule="a port that is free", remedy="choose another one by --port"
            ) from None
        return int(tried.getsockname()[1])


def _open_when_ready(url: str, port: int) -> None:
    """Open a browser as soon as the server takes connections."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            webbrowser.open(url)
            return


def open_app(job: RunJob | None, *, replications: int, seed: int, port: int, browser: bool) -> None:
    """Serve the explorers as a page until somebody stops it.

    Parameters
    ----------
    job
        The user's own scenario; None for the built-in ones alone.
    replications, seed
        As for :func:`pixelsim.explore.page`.
    port
        Where to serve; 0 for any that is free.
    browser
        Whether to open a browser.

    Raises
    ------
    MissingExtraError
        Voila is not installed.
    InputError, UnknownNameError
        The scenario is refused, or the port is taken.
    """
    for package in ("voila", "ipywidgets", "ipykernel"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError("the page of explorers", package, "app")
    scenario = None if job is None else job.prepared()
    found, token = _free_port(port), secrets.token_urlsafe(24)
    url = f"http://{HOST}:{found}/?token={token}"
    with tempfile.TemporaryDirectory(prefix="pixelsim-app-") as home:
        # A folder with nothing else in it, since what lies beside a page can be asked for.
        if scenario is not None:
            write_scenario(scenario, Path(home) / "scenario.toml")
        notebook = Path(home) / NAME
        own = None if scenario is None else "scenario.toml"
        notebook.write_text(page_notebook(own, replications=replications, seed=seed), encoding="utf-8")
        os.environ["JUPYTER_TOKEN"] = token
        sys.stdout.write(f"The explorers are at {url}\nOnly this machine can reach them. Ctrl+C stops them.\n")
        sys.stdout.flush()
        if browser:
            threading.Thread(target=_open_when_ready, args=(url, found), daemon=True).start()
        voila: Any = importlib.import_module("voila.app")
        headers = {"headers": {"Content-Security-Policy": POLICY}}
        voila.Voila.launch_instance(app_arguments(notebook, found), tornado_settings=headers)
