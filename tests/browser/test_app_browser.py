"""``pixelsim app`` in a browser: behind a token, without code, nothing from elsewhere, and the explorers work."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser_lab import text_of
from playwright.sync_api import Page

import pixelsim as ps
from pixelsim.explore.audience import accounts_of, growth
from pixelsim.explore.audience_widget import growth_figure, growth_table
from pixelsim.explore.base import WIDTH
from pixelsim.explore.comparing import differing_figure
from pixelsim.explore.comparing_widget import comparison_table
from pixelsim.explore.moving import quick_png
from pixelsim.explore.page_widget import BEST, COUNTED, twins, variants
from pixelsim.explore.pixels import Choice, compare_designs, sharers
from pixelsim.explore.pixels_widget import pixels_picture, pixels_tables
from pixelsim.explore.practice import compare_ways
from pixelsim.explore.practice_widget import practice_picture, practice_tables, structure_strip
from pixelsim.explore.timing import timing
from pixelsim.explore.timing_chart import TimingPicture
from pixelsim.explore.timing_widget import timing_table
from pixelsim.explore.viewing import view
from pixelsim.explore.viewing_widget import MovingDay, view_table
from pixelsim.measure import viewers_of
from pixelsim.scenario import Scenario, scenario

pytestmark = pytest.mark.browser
RUNS = COUNTED
"""Runs of an explorer in counts, where the page is served with one replication."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page on a free port, with settings of its own, and give its address with the token."""
    home = tmp_path_factory.mktemp("app")
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    command = [sys.executable, "-m", "pixelsim", "app", "--no-browser", "--port=0", "--replications=1"]
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


Expected = tuple[str, bytes]
"""Table and picture that a pure function gives."""


def timing_expected(mine: Scenario) -> Expected:
    how: dict[str, Any] = {"replications": RUNS, "seed": 1, "detail": "counts"}
    found, base = (timing(mine, days, **how) for days in (1, 0))
    return timing_table(found, RUNS, base, "day 0, documented"), TimingPicture(base).png(found)


def viewing_expected(mine: Scenario) -> Expected:
    one = ps.run(mine, seed=1)
    viewer = viewers_of(one.simulation)[0].name
    return view_table(view(one, viewer, mine.days - 1), one), MovingDay(one).png(mine.days - 1)


def audience_expected(mine: Scenario) -> Expected:
    ways = twins(mine)
    name, account = accounts_of(ways)[0]
    found = growth(ways, account, "PageView", 31, replications=RUNS, seed=1, detail="counts")
    return growth_table(found, RUNS, 1), quick_png(growth_figure(found, f"People with PageView in 31 days, {name}"))


def comparing_expected(mine: Scenario) -> Expected:
    (one, first), (other, second), *_ = variants(mine).items()
    both = ps.compare(first, second, replications=RUNS, seed=1, names=[one, other], detail="counts")
    return comparison_table(both, RUNS, 41), quick_png(differing_figure(both, WIDTH))


def pixels_expected(mine: Scenario) -> Expected:
    weight = mine.traffic.sites[0].capture.weight
    heavier = round(weight.milliseconds_per_pixel) + 10
    choice = Choice(len(sharers(mine)), heavier, round(100 * weight.lost_per_second), mine.measurement.scope)
    found = compare_designs(mine, choice, replications=RUNS, seed=1, detail="counts")
    return pixels_tables(found, RUNS, 1), pixels_picture(found)


def practice_expected(_: Scenario) -> Expected:
    found = compare_ways("one_domain", {"regions": 4}, replications=RUNS, seed=1, detail="counts")
    return practice_tables(found, RUNS, 1), practice_picture(found, structure_strip(found, "right"))


SLIDERS: dict[str, tuple[int, str, Callable[[Scenario], Expected]]] = {
    "Who sees what": (0, "ArrowLeft", viewing_expected),
    "How an audience grows": (0, "ArrowRight", audience_expected),
    "Two variants compared": (0, "ArrowRight", comparing_expected),
    "One pixel or many": (1, "ArrowRight", pixels_expected),
    "Best practice": (0, "ArrowRight", practice_expected),
    "When to unshare": (0, "ArrowRight", timing_expected),
}
"""Every explorer with a slider: which of its sliders is moved, by which key, and what is then to be seen."""
SEEN = """async ([selector, table, picture]) => {
  const told = [...document.querySelectorAll(selector)].map(e => e.innerText.replace(/\\s+/g, ''));
  if (!told.includes(table)) return false;
  const bytes = await (await fetch(document.querySelector('img.widget-image').src)).arrayBuffer();
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map(b => b.toString(16).padStart(2, '0')).join('') === picture;
}"""


def test_sliders_move_by_keys_and_show_what_pure_functions_give(page: Page, address: str, artefacts: Path) -> None:
    opened(page, address)
    page.get_by_label("in scenario").select_option("ending")
    question = page.get_by_label("explore", exact=True)
    for title, (slider, key, expected) in SLIDERS.items():
        question.select_option(title)
        heading = "Good practice and its wrong way" if title == BEST else title
        page.locator("b").get_by_text(heading, exact=True).wait_for(timeout=30_000)
        handle = page.locator(".widget-slider:visible .noUi-handle").nth(slider)
        handle.focus()
        page.keyboard.press(key)
        table, picture = expected(scenario("ending"))
        wanted = [".widget-html:has(table)", text_of(table), hashlib.sha256(picture).hexdigest()]
        page.wait_for_function(SEEN, arg=wanted, timeout=30_000)
        page.screenshot(path=artefacts / f"app_{title.replace(' ', '_').lower()}_1280.png")
    assert page.locator("[role=alert]").count() == 0


def test_without_the_token_nothing_is_given(address: str) -> None:
    bare = address.partition("?")[0]
    for path in ("", "api/kernels", "voila/files/scenario.toml", "voila/files/pixelsim.ipynb"):
        try:
            with urllib.request.urlopen(f"{bare}{path}", timeout=10) as answer:  # noqa: S310 - an address of this machine
                given = answer.url
        except urllib.error.HTTPError as error:
            given = str(error.code)
        assert "/login" in given or given == "403", path
