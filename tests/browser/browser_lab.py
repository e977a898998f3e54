"""A JupyterLab of the tests' own, and what tests do in it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Page

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
"""What Chromium is started with."""
RUN_ALL = """async () => {
  const app = window.jupyterapp; await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready; await panel.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
}"""
EXPLORER = ".jp-OutputArea .widget-vbox"
PICTURE_HASH = """async (selector) => {
  const image = document.querySelector(selector + ' img.widget-image');
  const bytes = await (await fetch(image.src)).arrayBuffer();
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map(b => b.toString(16).padStart(2, '0')).join('');
}"""


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that runs for the tests only."""

    address: str
    token: str
    folder: Path

    def url(self, notebook: str) -> str:
        """Give the address at which a notebook opens."""
        return f"{self.address}/lab/tree/{notebook}?token={self.token}&reset"


@contextlib.contextmanager
def running_lab(home: Path, notebooks: Path) -> Iterator[Lab]:
    """Start JupyterLab on a free port of this machine only, with folders and a token of its own.

    ``home`` takes all that it writes; the notebooks are copied into it.
    """
    folder, settings = home / "notebooks", home / "settings"
    folder.mkdir()
    settings.mkdir()
    # No news pop-up, and cells outside the screen stay in the page, so that tests find them.
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }
    (settings / "overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
    for notebook in notebooks.glob("*.ipynb"):
        shutil.copy(notebook, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": "user-settings",
        "IPYTHONDIR": "ipython",
    }
    variables = {**os.environ, **{name: str(home / part) for name, part in own.items()}, "PIXELSIM_REPLICATIONS": "2"}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"),
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
        "--expose-app-in-browser",
        f"--LabApp.app_settings_dir={settings}",
    ]
    log = home / "lab.log"
    with log.open("wb") as out, subprocess.Popen(command, env=variables, stdout=out, stderr=out) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            answers(f"{address}/api/status?token={token}", process, log)
            yield Lab(address, token, folder)
        finally:
            process.terminate()
            process.wait(20)


def answers(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60.0) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - an address of this machine, made above
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def open_notebook(page: Page, lab: Lab, name: str) -> None:
    """Open a notebook, and wait until its cells are there."""
    page.goto(lab.url(name))
    page.wait_for_function(
        "() => window.jupyterapp && document.querySelector('.jp-NotebookPanel .jp-Cell')", timeout=60_000
    )


def text_of(html: str) -> str:
    """Give the text of an HTML table without spaces, as a browser shows it."""
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", html)))


def shown_text(page: Page) -> str:
    """Give the text of an explorer's table without spaces."""
    return "".join(page.inner_text(f"{EXPLORER} .widget-html:has(table)").split())
