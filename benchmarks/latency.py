"""Time explorers in a browser: ``python -m benchmarks.latency``, or with the names of some explorers.

A JupyterLab of its own shows each explorer that has a slider, in Chromium without a GPU, with built-in scenarios. Two
times are printed for each, from the key on the slider to the frame with the new picture: while the slider moves (the
first answer), and until it has settled (50 runs or pairs in counts with their intervals, the moment that the hand is
given to move on included; explorers of one run have no such time). Beside them stand two parts of the first explorer in
this process: one run in counts, and one picture.

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
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright

from pixelsim.counts import count
from pixelsim.explore.timing import timing, variant
from pixelsim.explore.timing_chart import TimingPicture
from pixelsim.scenario import scenario

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from browser_lab import EXPLORER, FLAGS, RUN_ALL, Lab, open_notebook, running_lab  # noqa: E402 - what the browser's tests use

SEED = 7


@dataclass(frozen=True)
class Timed:
    """An explorer with a slider, and how it is timed.

    Parameters
    ----------
    call
        Makes it; ``twins`` gives a scenario and the other ways of the same practice.
    settled
        How the line begins that is there when all runs are; empty where there is one run only.
    key, slider
        The key that is pressed, and which of the sliders moves.
    picture
        Whether the slider moves the picture, and not the table alone.
    """

    call: str
    settled: str = "50 runs, in counts"
    key: str = "ArrowRight"
    slider: int = 0
    picture: bool = True


PAIRS = "50 pairs, in counts"
EXPLORERS = {
    "unshare_timing": Timed("unshare_timing(ps.scenario('agency'))", key="ArrowLeft"),
    "audience_growth": Timed(
        "audience_growth(twins(ps.scenario('ending')), replications=50)", "Of each 50 runs, in counts"
    ),
    "audience_growth, many domains": Timed(
        "audience_growth(twins(ps.scenario('many_domains')), replications=50)", "Of each 50 runs, in counts"
    ),
    "compare_variants": Timed(
        "compare_variants(twins(ps.scenario('ending')))", "The same in every pair", picture=False
    ),
    "best_practice": Timed("best_practice('agency_clients')", PAIRS),
    "one_pixel_or_many": Timed("one_pixel_or_many(ps.scenario('one_domain'))", PAIRS, slider=1),
    "who_sees_what": Timed("who_sees_what(ps.scenario('agency'))", "", key="ArrowLeft"),
}
"""Every explorer that has a slider."""
WATCH = """([picture, table, words, moves]) => {
  const image = document.querySelector(picture), told = document.querySelector(table);
  window.seen = {};
  const settled = () => words && told.innerText.split('\\n').some(line => line.trim().startsWith(words));
  // What comes counts from the first frame in which it can be painted, and is settled when the last of it has come.
  const came = first => requestAnimationFrame(() => {
    const now = performance.now();
    if (first) window.seen.first ??= now;
    if (settled()) window.seen.settled = now;
  });
  image.addEventListener('load', () => came(true));
  new MutationObserver(() => came(!moves)).observe(told, {subtree: true, childList: true, characterData: true});
  window.addEventListener('keydown', () => { window.pressed = performance.now(); window.seen = {}; }, true);
}"""
PAUSE = 0.1
"""Seconds between presses: the hand moves on before it is taken to rest."""
LAST = 0.4
"""Seconds within which the last of an answer comes after its beginning."""
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
    page.wait_for_function(f"() => window.seen.{what} !== undefined", timeout=120_000)
    if what == "settled":
        # Table and picture come one after the other.
        page.wait_for_timeout(1000 * LAST)
    return float(page.evaluate(f"() => (window.seen.{what} - window.pressed) / 1000"))


def measured(page: Page, timed: Timed, presses: int) -> dict[str, list[float]]:
    """Give the seconds to new pictures while the slider moves, and to settled ones, of choices that are all new."""

    def wait() -> None:
        page.wait_for_selector(f"{TABLE}:has-text('{timed.settled}')", timeout=120_000)
        page.wait_for_timeout(1000 * LAST)

    wait()
    page.evaluate(WATCH, [PICTURE, TABLE, timed.settled, timed.picture])
    page.locator(f"{EXPLORER} .widget-slider:visible .noUi-handle").nth(timed.slider).focus()
    found = {"first": [pressed(page, timed.key, "first") for _ in range(presses)]}
    if timed.settled:
        wait()
        found["settled"] = [pressed(page, timed.key, "settled") for _ in range(max(2, presses // 2))]
    return found


def show(lab: Lab, browser: Browser, name: str, given: argparse.Namespace) -> None:
    """Time one explorer and print its times."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    cell = f"import pixelsim as ps\nfrom pixelsim.explore.page_widget import twins\nps.explore.{EXPLORERS[name].call}"
    notebook.cells = [nbformat.v4.new_code_cell(cell)]
    (lab.folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    open_notebook(page, lab, f"{name}.ipynb")
    page.evaluate(RUN_ALL)
    for what, taken in measured(page, EXPLORERS[name], given.presses).items():
        words = "slider to new picture" if what == "first" else "slider to settled picture"
        times = f"median {statistics.median(taken):.3f} s, longest {max(taken):.3f} s of {len(taken)}"
        print(f"{name:<30} {words:<26} {times}", flush=True)
    if given.screenshots:
        page.locator(EXPLORER).first.screenshot(path=given.screenshots / f"{name}.png")
    page.close()


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("explorers", nargs="*", metavar="EXPLORER", help=f"some of: {'; '.join(EXPLORERS)}")
    parser.add_argument("--presses", type=int, default=6, help="presses of a key on each slider, at most 6")
    parser.add_argument("--screenshots", type=Path, help="folder for pictures of the explorers")
    given = parser.parse_args()
    unknown = [name for name in given.explorers if name not in EXPLORERS]
    if unknown or not 1 <= given.presses <= 6:
        parser.error(f"no explorer {unknown[0]!r}" if unknown else "from 1 to 6 presses")
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if found is None:
        parser.error("Chromium is not installed (Debian: apt install chromium)")
    agency = scenario("agency")
    base, early = (timing(agency, days, replications=2, seed=SEED, detail="counts") for days in (0, -3))
    picture, moved = TimingPicture(base), variant(agency, -3, "documented")
    print(f"one run in counts {seconds(lambda: count(moved, SEED)):.3f} s, one picture ", end="")
    print(f"{seconds(lambda: picture.png(early)):.3f} s")
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home), ROOT / "notebooks") as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for name in given.explorers or EXPLORERS:
            show(lab, browser, name, given)
        browser.close()


if __name__ == "__main__":
    main()
