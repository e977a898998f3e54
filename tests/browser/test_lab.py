"""JupyterLab as people use it: the tour runs, the slider obeys the keyboard, Cancel stops, a saved notebook shows."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nbformat
import pytest
from browser_lab import EXPLORER, PICTURE_HASH, RUN_ALL, Lab, open_notebook, shown_text, text_of
from playwright.sync_api import Page

import pixelsim as ps
from pixelsim.explore.timing import timing
from pixelsim.explore.timing_chart import TimingPicture
from pixelsim.explore.timing_widget import timing_table

pytestmark = pytest.mark.browser


def test_the_tour_runs_and_the_slider_shows_what_the_pure_function_gives(page: Page, lab: Lab, artefacts: Path) -> None:
    open_notebook(page, lab, "00_tour.ipynb")
    # Opened and not run: the saved picture is there all the same.
    page.wait_for_selector('.jp-OutputArea img[alt^="Access, delivery and spend by day"]', timeout=20_000)
    page.evaluate(RUN_ALL)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    page.wait_for_selector(f"{EXPLORER} img.widget-image", timeout=20_000)
    prompts = page.locator(".jp-CodeCell .jp-InputArea-prompt").all_inner_texts()
    assert prompts
    assert all(prompt.strip("[]: \n").isdigit() for prompt in prompts)

    handle = page.locator(f"{EXPLORER} .widget-slider .noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expected, base = (timing(ps.scenario("agency"), days, replications=2, seed=7, detail="counts") for days in (-1, 0))
    table = text_of(timing_table(expected, 2, base, "day 0, documented"))
    page.wait_for_function(
        """([selector, wanted]) => {
            const found = document.querySelector(selector);
            return found && found.innerText.replace(/\\s+/g, '') === wanted;
        }""",
        arg=[f"{EXPLORER} .widget-html:has(table)", table],
        timeout=30_000,
    )
    assert shown_text(page) == table
    opened = timing(ps.scenario("agency"), 0, replications=1, seed=7, detail="counts")
    png = TimingPicture(opened).png(expected)
    assert page.evaluate(PICTURE_HASH, EXPLORER) == hashlib.sha256(png).hexdigest()
    assert page.locator(f"{EXPLORER} [role=alert]").count() == 0
    page.locator(EXPLORER).first.screenshot(path=artefacts / "lab_unshare_timing.png")
    page.screenshot(path=artefacts / "lab_1280.png")

    page.get_by_role("button", name="Show as code").first.click()
    code = page.inner_text(f"{EXPLORER} pre")
    assert "found = timing(mine, -1, 'documented', replications=2, seed=7, detail='counts')" in code
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    frame = page.locator(f"{EXPLORER} .widget-box:has(> img.widget-image)")
    box = frame.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    assert frame.evaluate("f => f.scrollWidth > f.clientWidth")
    page.locator(EXPLORER).first.scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "lab_390.png")


def test_events_are_run_by_a_button_and_cancel_stops_them(page: Page, lab: Lab, artefacts: Path) -> None:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [
        nbformat.v4.new_code_cell(
            "import pixelsim as ps\n"
            "explorer = ps.explore.unshare_timing(ps.scenario('agency'), replications=5000)\n"
            "explorer"
        )
    ]
    (lab.folder / "cancel.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    open_notebook(page, lab, "cancel.ipynb")
    page.evaluate(RUN_ALL)
    table = f"{EXPLORER} .widget-html:has(table)"
    page.wait_for_selector(f"{table}:has-text('in counts')", timeout=30_000)
    page.get_by_role("button", name="Run events").click()
    # Several runs are there, and many are still to come.
    several = "s => /([3-9]|\\d\\d) of 5000 runs so far, event by event/.test(document.querySelector(s)?.innerText)"
    page.wait_for_function(several, arg=table, timeout=30_000)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(f"{EXPLORER} [role=status]:has-text('Stopped after')", timeout=10_000)
    stopped = page.inner_text(table)
    page.wait_for_timeout(1500)
    assert page.inner_text(table) == stopped
    page.locator(EXPLORER).first.screenshot(path=artefacts / "lab_cancelled.png")
