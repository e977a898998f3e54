"""The HTML report in a browser: no script fails, nothing is fetched, it fits a screen and a phone, tables sort."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

import pixelsim as ps

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mine = ps.scenario("agency")
    mine = mine.replace(plan=mine.plan.unshare_first(3))
    path = tmp_path_factory.mktemp("report") / "report.html"
    return ps.show.write_report(ps.replicate(mine, 3, seed=7), ps.run(mine, seed=7), path)


@pytest.fixture(params=[1280, 390])
def opened(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    faults: list[str] = []
    asked: list[str] = []

    def note(sent: Request) -> None:
        if not sent.url.startswith("data:"):
            asked.append(sent.url)

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("request", note)
    page.goto(report.as_uri())
    yield page
    page.close()
    assert faults == []
    assert asked == [report.as_uri()]


def test_the_report_fits_its_screen(opened: Page, artefacts: Path) -> None:
    width = opened.viewport_size["width"] if opened.viewport_size else 0
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    for image in opened.locator("img").all():
        assert image.evaluate("i => i.complete && i.naturalWidth > 0")
        box = image.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    opened.screenshot(path=artefacts / f"report_{width}.png", full_page=True)


def test_tables_sort_by_click_and_by_key(opened: Page) -> None:
    table = opened.locator("table", has=opened.locator("caption", has_text="Outcomes that decide"))
    column = "[...t.tBodies[0].rows].map(r => r.cells[2].dataset.sort)"
    before = table.evaluate(f"t => {column}")
    button = table.get_by_role("button", name="Mean")
    button.click()
    upward = [float(value) for value in table.evaluate(f"t => {column}")]
    assert upward == sorted(upward)
    assert sorted(before, key=float) == sorted(table.evaluate(f"t => {column}"), key=float)
    assert table.locator("th[aria-sort=ascending]").count() == 1
    button.focus()
    opened.keyboard.press("Enter")
    downward = [float(value) for value in table.evaluate(f"t => {column}")]
    assert downward == sorted(upward, reverse=True)


def test_rows_without_a_number_stay_last(opened: Page) -> None:
    table = opened.locator("table", has=opened.locator("caption", has_text="Purchase events"))
    column = "[...t.tBodies[0].rows].map(r => r.cells[5].dataset.sort)"
    for _ in range(2):
        table.get_by_role("button", name="Mean").click()
        values = table.evaluate(f"t => {column}")
        numbers = [value for value in values if value != ""]
        assert "" in values
        assert values[: len(numbers)] == numbers


def test_what_is_folded_is_unfolded_for_print(opened: Page) -> None:
    assert opened.locator("details:not([open])").count() > 0
    assert len(opened.pdf()) > 10_000
    assert opened.locator("details:not([open])").count() == 0
