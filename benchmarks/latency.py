"""Time explorers in a browser: ``python -m benchmarks.latency``.

A JupyterLab of its own shows the explorer of when to unshare, in Chromium without a GPU, with the built-in scenario
``agency``. Two times are printed, each from the key on the slider to the frame with the new picture: while the slider
moves (one run in counts), and until it has settled (50 paired runs in counts with their intervals, the moment that the
hand is given to move on included). Beside them stand their parts in this process: one run in counts, and one picture.

The aims are 0.15 s and 2 s. They hold for a machine that does nothing else; the times are of the wall, since a hand
waits on the wall.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from playwright.sync_api import Page, sync_playwright

from pixelsim.counts import count
from pixelsim.explore.timing import timing, variant
from pixelsim.explore.timing_chart import TimingPicture
from pixelsim.scenario import scenario

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from browser_lab import EXPLORER, FLAGS, RUN_ALL, open_notebook, running_lab  # noqa: E402 - what the browser's tests use

SEED = 7
CELL = f"import pixelsim as ps\nexplorer = ps.explore.unshare_timing(ps.scenario('agency'), seed={SEED})\nexplorer"
WATCH = """([picture, table]) => {
  const image = document.querySelector(picture);
  window.seen = {};
  const shown = () => {
    const now = performance.now();
    window.seen.first ??= now;
    if (/(^|\\n)\\s*50 runs, in counts/.test(document.querySelector(table).innerText)) window.seen.settled ??= now;
  };
  // A picture counts from the first frame in which it can be painted.
  image.addEventListener('load', () => requestAnimationFrame(shown));
  window.addEventListener('keydown', () => { window.pressed = performance.now(); window.seen = {}; }, true);
}"""
PAUSE = 0.1
"""Seconds between presses: the hand moves on before it is taken to rest."""
PICTURE, TABLE = f"{EXPLORER} img.widget-image", f"{EXPLORER} .widget-html:has(table)"


def seconds(work: Callable[[], object], repeats: int = 15) -> float:
    """Give the median seconds that work takes, caches warm."""
    work()
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def pressed(page: Page, key: str, what: str) -> float:
    """Press a key on the slider, and give the seconds to what comes of it."""
    # A picture that is still on its way from the press before is none of this one's.
    page.wait_for_timeout(1000 * PAUSE)
    page.keyboard.press(key)
    page.wait_for_function(f"() => window.seen.{what} !== undefined", timeout=30_000)
    return float(page.evaluate(f"() => (window.seen.{what} - window.pressed) / 1000"))


def measured(page: Page, presses: int) -> tuple[list[float], list[float]]:
    """Give the seconds to new pictures while the slider moves, and to settled ones."""
    page.wait_for_selector(f"{TABLE}:has-text('50 runs, in counts')", timeout=60_000)
    page.evaluate(WATCH, [PICTURE, TABLE])
    handle = page.locator(f"{EXPLORER} .widget-slider .noUi-handle").first
    handle.focus()
    # To the left end first, and from there through choices that were not looked at before.
    moving = [pressed(page, "ArrowLeft", "first") for _ in range(presses)]
    page.get_by_label("unshare policy").select_option("continue")
    page.wait_for_selector(f"{TABLE}:has-text('50 runs, in counts')", timeout=60_000)
    handle.focus()
    settled = [pressed(page, "ArrowRight", "settled") for _ in range(max(3, presses // 3))]
    return moving, settled


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--presses", type=int, default=12, help="presses of a key on the slider, at most 14")
    parser.add_argument("--screenshot", type=Path, help="where to put a picture of the page")
    given = parser.parse_args()
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if found is None:
        parser.error("Chromium is not installed (Debian: apt install chromium)")
    agency = scenario("agency")
    base, early = (timing(agency, days, replications=2, seed=SEED, detail="counts") for days in (0, -3))
    picture, moved = TimingPicture(base), variant(agency, -3, "documented")
    print(f"one run in counts {seconds(lambda: count(moved, SEED)):.3f} s, one picture ", end="")
    print(f"{seconds(lambda: picture.png(early)):.3f} s")
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [nbformat.v4.new_code_cell(CELL)]
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home), ROOT / "notebooks") as lab,
        sync_playwright() as playwright,
    ):
        (lab.folder / "latency.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        open_notebook(page, lab, "latency.ipynb")
        page.evaluate(RUN_ALL)
        times = zip(("slider to new picture", "slider to settled picture"), measured(page, given.presses), strict=True)
        for name, taken in times:
            print(f"{name}: median {statistics.median(taken):.3f} s, longest {max(taken):.3f} s of {len(taken)}")
        if given.screenshot:
            page.locator(EXPLORER).first.screenshot(path=given.screenshot)
        browser.close()


if __name__ == "__main__":
    main()
