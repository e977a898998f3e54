"""Time explorers in a browser: ``python -m benchmarks.latency``, or with the names of some explorers.

A JupyterLab of its own shows each explorer that is moved, in Chromium without a GPU, with built-in scenarios. Two times
are printed for each, from the key on the slider or list to the frame with the new picture: while the hand moves (the
first answer), and until it has settled (50 runs or pairs in counts with their intervals, the moment that the hand is
given to move on included; explorers of one run, or that ask the same runs anew, have no such time). Explorers of pairs
are timed around a usual size and from the largest that they offer; the sizes stand in the line. Beside
them stand two parts of the first explorer in this process: one run in counts, and one picture.

The aims are 0.15 s and 2 s. They hold for a machine that does nothing else; the times are of the wall, since a hand
waits on the wall.
"""

from __future__ import annotations

import argparse
import itertools
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


SLIDER, LIST = ".widget-slider:visible .noUi-handle", "select:visible"


@dataclass(frozen=True)
class Timed:
    """An explorer with a slider or a list, and how it is timed.

    Parameters
    ----------
    call
        Makes it; ``twins`` gives a scenario and the other ways of the same practice.
    ready
        How the line begins that is there when all runs are; empty where there is one run only.
    key, control, place
        The key that is pressed, and which of the sliders or lists moves.
    picture
        Whether the key moves the picture, and not the table alone.
    rests
        Whether runs come in when the hand rests.
    most
        Presses for which there are values.
    size
        What the first slider counts, which is the size of the business; empty where none does.
    looks
        Seconds for which what is there at first is looked at, `LAST` at least.
    """

    call: str
    ready: str = "50 runs, in counts"
    key: str = "ArrowRight"
    control: str = SLIDER
    place: int = 0
    picture: bool = True
    rests: bool = True
    most: int = 6
    size: str = ""
    looks: float = 0.0


PAIRS = "50 pairs, in counts"
OWN = "pixels of their own"
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
    "metrics_by_viewer": Timed(
        "metrics_by_viewer(ps.scenario('agency'))", key="ArrowUp", control=LIST, rests=False, most=4
    ),
    "best_practice, usual": Timed("best_practice('agency_clients', sizes={'clients': 2})", PAIRS, size="clients"),
    "best_practice, most clients": Timed(
        # One more than the slider offers, from which the first step goes to the largest.
        "best_practice('agency_clients', sizes={'clients': 13})",
        PAIRS,
        key="ArrowLeft",
        size="clients",
    ),
    "best_practice, most domains": Timed(
        "best_practice('many_domains', sizes={'domains': 13, 'brands': 8})",
        PAIRS,
        key="ArrowLeft",
        size="domains",
    ),
    "best_practice, most regions": Timed(
        "best_practice('one_domain', sizes={'regions': 9, 'accounts_of_region': 3})",
        PAIRS,
        key="ArrowLeft",
        size="regions",
    ),
    # From the usual size to the largest at once: most of the business was not there before.
    "best_practice, all regions": Timed(
        "best_practice('one_domain', sizes={'regions': 3, 'accounts_of_region': 3})",
        PAIRS,
        key="End",
        most=1,
        size="regions",
        looks=2.0,
    ),
    "one_pixel_or_many, usual": Timed(
        "one_pixel_or_many(one_domain(regions=3, accounts_of_region=1))", PAIRS, place=1, size=OWN
    ),
    "one_pixel_or_many, largest": Timed("one_pixel_or_many(ps.scenario('one_domain'))", PAIRS, place=1, size=OWN),
    "who_sees_what": Timed("who_sees_what(ps.scenario('agency'))", "", key="ArrowLeft", rests=False),
}
"""Every explorer that has a slider, and the one that has lists instead."""
WATCH = """([picture, table, words, moves]) => {
  const image = document.querySelector(picture), told = document.querySelector(table);
  window.seen = {};
  const settled = () => words && told.innerText.split('\\n').some(line => line.trim().startsWith(words));
  const tell = () => window.waiting?.(window.seen);
  // What comes counts from the first frame in which it can be painted, and is settled when the last of it has come.
  const came = first => requestAnimationFrame(() => {
    const now = performance.now();
    if (first) window.seen.first ??= now;
    if (settled()) window.seen.settled = now;
    tell();
  });
  image.addEventListener('load', () => came(true));
  new MutationObserver(() => came(!moves)).observe(told, {subtree: true, childList: true, characterData: true});
  window.addEventListener('keydown', () => { window.pressed = performance.now(); window.seen = {}; }, true);
}"""
COME = """what => new Promise((come, fail) => {
  setTimeout(() => fail(new Error(`nothing came that is ${what}`)), 120000);
  window.waiting = seen => { if (seen[what] !== undefined) come(); };
  window.waiting(window.seen);
})"""
"""Waits without looking again and again: a page that is asked at every frame draws 60 of them a second meanwhile."""
PAUSE = 0.1
"""Seconds between presses: the hand moves on before it is taken to rest."""
LAST = 0.4
"""Seconds within which the last of an answer comes after its beginning."""
SIZE = f"{EXPLORER} .widget-slider:visible .widget-readout"
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
    """Press a key on the control, and give the seconds to what comes of it."""
    # A picture that is still on its way from the press before is none of this one's.
    page.wait_for_timeout(1000 * PAUSE)
    page.keyboard.press(key)
    page.evaluate(COME, what)
    if what == "settled":
        # Table and picture come one after the other.
        page.wait_for_timeout(1000 * LAST)
    return float(page.evaluate(f"() => (window.seen.{what} - window.pressed) / 1000"))


def show(lab: Lab, browser: Browser, name: str, given: argparse.Namespace) -> None:
    """Time one explorer, opened anew for each kind of answer, and print its times; all choices are new ones."""
    timed = EXPLORERS[name]
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    imports = "import pixelsim as ps\nfrom pixelsim.explore.page_widget import twins\n"
    imports += "from pixelsim.scenario.practices import one_domain\n"
    notebook.cells = [nbformat.v4.new_code_cell(f"{imports}ps.explore.{timed.call}")]
    (lab.folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    presses = {"first": min(given.presses, timed.most)}
    if timed.rests:
        presses["settled"] = min(max(2, given.presses // 2), timed.most)
    for what, times in presses.items():
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        open_notebook(page, lab, f"{name}.ipynb")
        page.evaluate(RUN_ALL)
        page.wait_for_selector(f"{TABLE}:has-text('{timed.ready}')", timeout=120_000)
        page.wait_for_timeout(1000 * max(timed.looks, LAST))
        page.evaluate(WATCH, [PICTURE, TABLE, timed.ready if what == "settled" else "", timed.picture])
        page.locator(f"{EXPLORER} {timed.control}").nth(timed.place).focus()
        taken, sizes = [], []
        for _ in range(times):
            taken.append(pressed(page, timed.key, what))
            sizes += page.locator(SIZE).all_inner_texts()[:1] if timed.size else []
        words = f"key to {'new' if what == 'first' else 'settled'} picture"
        told = f"median {statistics.median(taken):.3f} s, longest {max(taken):.3f} s of {times}"
        told += f"; {', '.join(dict.fromkeys(sizes))} {timed.size}" if sizes else ""
        print(f"{name:<30} {words:<22} {told}", flush=True)
        if given.screenshots:
            page.locator(EXPLORER).first.screenshot(path=given.screenshots / f"{name}.png")
        # Its kernel would go on with runs that nobody looks at.
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("explorers", nargs="*", metavar="EXPLORER", help=f"some of: {'; '.join(EXPLORERS)}")
    parser.add_argument("--presses", type=int, default=6, help="presses of a key on each control, at most 6")
    parser.add_argument("--screenshots", type=Path, help="folder for pictures of the explorers")
    given = parser.parse_args()
    chosen = {name: [key for key in EXPLORERS if name in {key, key.partition(",")[0]}] for name in given.explorers}
    unknown = [name for name in given.explorers if not chosen[name]]
    if unknown or not 1 <= given.presses <= 6:
        parser.error(f"no explorer {unknown[0]!r}" if unknown else "from 1 to 6 presses")
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if found is None:
        parser.error("Chromium is not installed (Debian: apt install chromium)")
    agency = scenario("agency")
    base, early = (timing(agency, days, replications=2, seed=SEED, detail="counts") for days in (0, -3))
    picture, moved, fresh = TimingPicture(base), variant(agency, -3, "documented"), itertools.count(2)
    print(f"one run in counts {seconds(lambda: count(moved, SEED, next(fresh))):.3f} s, one picture ", end="")
    print(f"{seconds(lambda: picture.png(early)):.3f} s")
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home), ROOT / "notebooks") as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for name in dict.fromkeys(key for keys in chosen.values() for key in keys) or EXPLORERS:
            show(lab, browser, name, given)
        browser.close()


if __name__ == "__main__":
    main()
