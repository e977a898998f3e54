"""``pixelsim app`` in a browser: behind a token, without code, nothing from elsewhere, and the explorers work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page on a free port, with settings of its own, and give its address with the token."""
    home = tmp_path_factory.mktemp("app")
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    command = [sys.executable, "-m", "pixelsim", "app", "--no-browser", "--port=0", "--replications=2"]
    log = home / "app.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=out, text=True) as server,
    ):
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", server.stdout.readline())
        try:
            assert found, log.read_text(encoding="utf-8")
            yield found.group()
        finally:
            server.terminate()
            server.wait(20)


def opened(page: Page, address: str) -> None:
    """Open the page as soon as the server answers."""
    for _ in range(100):
        try:
            page.goto(address)
            break
        except Exception as error:
            if "CONNECTION_REFUSED" not in str(error):
                raise
            page.wait_for_timeout(200)
    page.wait_for_selector("img.widget-image[src]", timeout=45_000)


def test_the_page_shows_explorers_and_no_code_and_asks_nobody_else(page: Page, address: str, artefacts: Path) -> None:
    hosts: set[str | None] = set()
    page.on("response", lambda answer: hosts.add(urlsplit(answer.url).hostname))
    opened(page, address)
    assert page.title() == "pixelsim"
    assert page.locator(".jp-InputArea, .jp-CodeCell .highlight").count() == 0
    assert "ps.explore.page" not in page.content()
    assert page.get_by_label("in scenario").input_value() == "agency"
    page.screenshot(path=artefacts / "app_1280.png")

    page.get_by_label("in scenario").select_option("many domains")
    page.locator("[role=status]").filter(has_text="Not in this scenario").wait_for(timeout=20_000)
    page.get_by_label("in scenario").select_option("ending")
    page.wait_for_selector("img.widget-image[src]", timeout=20_000)
    question = page.get_by_label("explore", exact=True)
    question.focus()
    question.press("ArrowDown")
    assert question.input_value() == "Who sees what"
    table = page.locator(".widget-html:has(table)").filter(has_text="label in Events Manager")
    table.wait_for(timeout=20_000)
    assert "sees the pixel" in table.inner_text()
    assert page.locator("[role=alert]").count() == 0
    assert hosts <= {"127.0.0.1", None, ""}

    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for control in page.locator("select:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    page.screenshot(path=artefacts / "app_390.png")


def test_without_the_token_nothing_is_given(address: str) -> None:
    bare = address.partition("?")[0]
    for path in ("", "api/kernels", "voila/files/scenario.toml", "voila/files/pixelsim.ipynb"):
        try:
            with urllib.request.urlopen(f"{bare}{path}", timeout=10) as answer:  # noqa: S310 - an address of this machine
                given = answer.url
        except urllib.error.HTTPError as error:
            given = str(error.code)
        assert "/login" in given or given == "403", path
