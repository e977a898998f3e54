"""Measure how often the intervals cover the truth in 1,000 studies of known truth: ``python docs/make_coverage.py``.

The studies and the claims are those of ``tests/verification/test_intervals.py``, which has a smaller number of them in
every run and the same thousand behind the marker ``slow``.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "verification"))
PAGE = ROOT / "docs" / "coverage_of_intervals.md"
STUDIES = 1_000


def main() -> None:
    """Run all studies, and write the page."""
    from test_intervals import CLAIMS  # noqa: PLC0415 - found by the path above

    rows = []
    for claim in CLAIMS:
        holds, covered = claim.holds(STUDIES)
        name = claim.study.__name__.replace("_", " ")
        claimed = f"{claim.lowest:.3f}" if claim.lowest == claim.highest else f"{claim.lowest:.3f}-{claim.highest:.3f}"
        rows.append(f"| {name} | {claimed} | {covered:.3f} | {'yes' if holds else 'NO'} |")
    head = [
        "# How often the intervals cover the truth",
        "",
        f"Shares of {STUDIES:,} studies of known truth, made by `python docs/make_coverage.py`. A claim holds when the",
        "share lies inside the binomial bounds of 99.9 % around it. Claims of one value are exact; those of a range",
        "are of intervals that cover at least or about as often by their construction.",
        "",
        "| study | claimed | covered | holds |",
        "| --- | ---: | ---: | --- |",
    ]
    PAGE.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
