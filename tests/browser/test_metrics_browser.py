"""Three explorers in JupyterLab: every control has its name, tables are what pure functions give, all fits a phone."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from browser_lab import EXPLORER, RUN_ALL, Lab, open_notebook, text_of
from playwright.sync_api import Locator, Page

import pixelsim as ps
from pixelsim.explore.audience import growth
from pixelsim.explore.audience_widget import growth_table
from pixelsim.explore.comparing_widget import comparison_table
from pixelsim.explore.metrics import metrics_found
from pixelsim.explore.metrics_widget import metrics_table
from pixelsim.scenario import Scenario

pytestmark = pytest.mark.browser

SET_UP = """import pixelsim as ps
mine = ps.scenario('ending').replace(days=20)
ways = {'as it is': mine, 'unshared early': mine.replace(plan=mine.plan.unshare_first(3))}"""
CELLS = (
    SET_UP,
    "ps.explore.metrics_by_viewer(mine, replications=2, seed=7)",
    "ps.explore.audience_growth(ways, replications=2, seed=7)",
    "ps.explore.compare_variants(ways, replications=2, seed=7)",
)
TABLE = ".widget-html:has(table)"
SAME = """([element, wanted]) => element.innerText.replace(/\\s+/g, '') === wanted"""


def ways() -> dict[str, Scenario]:
    mine = ps.scenario("ending").replace(days=20)
    return {"as it is": mine, "unshared early": mine.replace(plan=mine.plan.unshare_first(3))}


@pytest.fixture
def explorers(page: Page, lab: Lab) -> list[Locator]:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    (lab.folder / "explorers.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    open_notebook(page, lab, "explorers.ipynb")
    page.evaluate(RUN_ALL)
    found = page.locator(EXPLORER)
    found.nth(2).locator("img.widget-image").wait_for(timeout=30_000)
    return [found.nth(number) for number in range(3)]


def shows(page: Page, explorer: Locator, table: str) -> None:
    """Wait until an explorer shows a table, whatever its spaces."""
    element = explorer.locator(TABLE).element_handle()
    page.wait_for_function(SAME, arg=[element, text_of(table)], timeout=20_000)


def test_three_explorers_show_what_pure_functions_give(page: Page, explorers: list[Locator], artefacts: Path) -> None:
    metrics, audience, comparison = explorers
    mine = ways()["as it is"]
    event, cells = metrics.get_by_label("event", exact=True), page.locator(".jp-Cell").count()
    event.focus()
    # Lists are moved by keys, and keep letters that would add cells to the notebook.
    for key in ("ArrowUp", "ArrowUp", "b"):
        page.keyboard.press(key)
    assert (event.input_value(), page.locator(".jp-Cell").count()) == ("AddToCart", cells)
    expected = metrics_found(mine, "AddToCart", replications=2, seed=7, detail="counts")
    shows(page, metrics, metrics_table(expected, 2))

    handle = audience.locator(".widget-slider .noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.keyboard.press("ArrowRight")
    shows(
        page,
        audience,
        growth_table(growth(ways(), "acc_agency", "PageView", 31, replications=2, seed=7, detail="counts"), 2, 7),
    )

    comparison.get_by_label("baseline", exact=True).select_option("unshared early")
    names = ("unshared early", "as it is")
    both = ps.compare(*(ways()[name] for name in names), replications=2, seed=7, names=names, detail="counts")
    shows(page, comparison, comparison_table(both, 2, 40))

    assert page.locator("[role=alert]").count() == 0
    for name, explorer in zip(("metrics", "audience", "comparison"), explorers, strict=True):
        explorer.screenshot(path=artefacts / f"lab_{name}.png")
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    for name, explorer in zip(("metrics", "audience", "comparison"), explorers, strict=True):
        explorer.scroll_into_view_if_needed()
        for part in explorer.locator("select, .widget-slider, .widget-box:has(> img.widget-image)").all():
            box = part.bounding_box()
            assert box is None or box["x"] + box["width"] <= 390
        explorer.screenshot(path=artefacts / f"lab_{name}_390.png")
