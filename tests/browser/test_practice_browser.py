"""The explorers of good practice and of one pixel or many in JupyterLab: keys, words, Cancel, and what was saved."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from browser_lab import EXPLORER, PICTURE_HASH, RUN_ALL, Lab, open_notebook, text_of
from playwright.sync_api import Locator, Page

from pixelsim.explore.practice import compare_ways
from pixelsim.explore.practice_widget import practice_picture, practice_tables, structure_strip

pytestmark = pytest.mark.browser

PRACTICE = "ps.explore.best_practice('agency_clients', sizes={'clients': 2}, replications=2, seed=7)"
PIXELS = "ps.explore.one_pixel_or_many(one_domain(regions=1, accounts_of_region=1), replications=5000)"
TABLES = ".widget-html:has(table)"


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook of code cells that were not run."""
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(sources)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), "utf-8")


def wait_for_text(page: Page, where: Locator, wanted: str) -> None:
    """Wait until a table says what it should, whatever its spaces."""
    page.wait_for_function(
        "([found, wanted]) => found.innerText.replace(/\\s+/g, '') === wanted",
        arg=[where.element_handle(), wanted],
        timeout=30_000,
    )


def test_both_explorers_obey_keys_and_stop(page: Page, lab: Lab, artefacts: Path) -> None:
    imports = "import pixelsim as ps\nfrom pixelsim.scenario.practices import one_domain\n"
    write_notebook(lab.folder / "practice.ipynb", imports + PRACTICE, PIXELS)
    open_notebook(page, lab, "practice.ipynb")
    page.evaluate(RUN_ALL)
    page.wait_for_function("s => document.querySelectorAll(s).length === 2", arg=f"{EXPLORER} img.widget-image")
    practice, pixels = page.locator(EXPLORER).all()

    tables = pixels.locator(TABLES)
    page.wait_for_function("t => /[1-9] of 5000/.test(t.innerText)", arg=tables.element_handle(), timeout=30_000)
    pixels.get_by_role("button", name="Cancel").click()
    pixels.locator("[role=status]:has-text('Stopped after')").wait_for(timeout=10_000)
    stopped = tables.inner_text()

    # Only the sliders of the business are there, each named for those who cannot see it.
    assert practice.get_by_text("regions", exact=True).is_hidden()
    practice.get_by_text("clients", exact=True).wait_for()
    handle = practice.locator(".widget-slider:visible .noUi-handle")
    assert handle.count() == 1
    handle.focus()
    page.keyboard.press("ArrowRight")
    expected = compare_ways("agency_clients", {"clients": 3}, replications=2, seed=7, detail="counts")
    wait_for_text(page, practice.locator(TABLES), text_of(practice_tables(expected, 2, 7)))
    png = practice_picture(expected, structure_strip(expected, "right"))
    assert page.evaluate(PICTURE_HASH, EXPLORER) == hashlib.sha256(png).hexdigest()

    for explorer, name in ((practice, "practice"), (pixels, "pixels")):
        explorer.locator("img.widget-image").scroll_into_view_if_needed()
        page.screenshot(path=artefacts / f"lab_{name}_1280.png")

    practice.get_by_label("business").select_option(index=1)
    practice.get_by_text("domains", exact=True).wait_for()
    assert practice.get_by_text("clients", exact=True).is_hidden()
    assert page.locator(f"{EXPLORER} [role=alert]").count() == 0
    assert tables.inner_text() == stopped

    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    for explorer, name in ((practice, "practice"), (pixels, "pixels")):
        for part in (
            explorer.locator(".widget-box:has(> img.widget-image)"),
            explorer.locator(TABLES),
        ):
            box = part.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 390
        explorer.locator(TABLES).scroll_into_view_if_needed()
        page.screenshot(path=artefacts / f"lab_{name}_390.png")


def test_saved_notebooks_show_picture_and_tables_before_they_are_run(page: Page, lab: Lab) -> None:
    open_notebook(page, lab, "03_agency_and_clients.ipynb")
    page.wait_for_selector('.jp-OutputArea img[alt^="Who has access to what"]', timeout=20_000)
    assert "pixels nobody can take from it" in page.inner_text(".jp-NotebookPanel")
