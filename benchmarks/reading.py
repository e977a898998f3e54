"""Time the reader of exports against ``pandas.read_csv`` alone: ``python -m benchmarks.reading``.

Each way runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Reading", "make_export", "time_reading"]

ROWS, DAYS = 1_000_000, 365

HEADER = (
    "By Day,Campaign name,Campaign ID,Ad group name,Ad group ID,Ad name,Ad ID,Cost,CPC (destination),CPM,Impressions,"
    "Clicks (destination),CTR (destination),Conversions,Cost per conversion,Conversion rate (CVR),Reach,Frequency,"
    "Total purchases,Total purchase value,Video views,Currency\n"
)

_MEASURE = """
import sys, time
from benchmarks.memory import peak_bytes
{prepare}
start = time.perf_counter()
{read}
seconds = time.perf_counter() - start
print({told}, seconds, peak_bytes() / 1024**3)
"""

WAYS = {
    "pixelsim": _MEASURE.format(
        prepare="from pixelsim.exchange import read_export",
        read="report = read_export(sys.argv[1])",
        told='len(report.frame), int(report.totals()["impressions"]), int(report.checks["ok"].all())',
    ),
    "pandas.read_csv": _MEASURE.format(
        prepare="import pandas as pd",
        read='frame = pd.read_csv(sys.argv[1], encoding="utf-8-sig")',
        told='len(frame) - 1, int(frame["Impressions"].iloc[:-1].sum()), 1',
    ),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of reading a file: rows, sum of impressions, whether totals fit, seconds, and peak memory in GiB."""

    rows: int
    impressions: int
    agrees: bool
    seconds: float
    peak: float


def make_export(path: Path, rows: int = ROWS) -> int:
    """Write an export of many rows by 22 columns with its totals, and give the sum of its impressions."""
    impressions = clicks = cents = 0
    with path.open("w", encoding="utf-8-sig") as out:
        out.write(HEADER)
        for row in range(rows):
            ad, day = divmod(row, DAYS)
            seen = 500 + row * 7919 % 50_000
            hit, cost = seen // 100, seen * (60 + ad % 40) // 100
            impressions, clicks, cents = impressions + seen, clicks + hit, cents + cost
            out.write(
                f"2024-{day // 31 + 1:02d}-{day % 28 + 1:02d},campaign {ad // 50},{1850000000000001 + ad // 50},"
                f"group {ad // 10},{1850000001000001 + ad // 10},creative {ad}.mov,{1850000002000001 + ad},"
                f"{cost / 100:.2f},{cost / 100 / hit:.2f},{10 * cost / seen:.2f},{seen},{hit},{100 * hit / seen:.2f},"
                f"0,0.00,0.00,{seen // 2},{seen / (seen // 2):.2f},0,0.00,{seen - 77},USD\n"
            )
        out.write(
            f"Total of {rows} results,-,-,-,-,-,-,{cents / 100:.2f},{cents / 100 / clicks:.2f},"
            f"{10 * cents / impressions:.2f},{impressions},{clicks},{100 * clicks / impressions:.2f},0,0.00,0.00,"
            f"900000,5.00,0,0.00,{impressions - 77 * rows},USD\n"
        )
    return impressions


def time_reading(way: str, path: Path) -> Reading:
    """Read a file in a process of its own, in one of ``WAYS``."""
    command = [sys.executable, "-c", WAYS[way], str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - a list made here
    rows, impressions, agrees, seconds, peak = done.stdout.split()
    return Reading(int(rows), int(impressions), agrees == "1", float(seconds), float(peak))


def main() -> None:
    """Make the file, time each way, and print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the export")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each way, of which the fastest counts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        make_export(path, given.rows)
        print(f"{given.rows:,} rows, 22 columns, {path.stat().st_size / 1e6:,.0f} MB")
        print(f"{'':18}{'seconds':>9}{'rows/s':>12}{'peak GiB':>10}")
        best = {}
        for way in WAYS:
            runs = [time_reading(way, path) for _ in range(given.repeats)]
            best[way] = min(run.seconds for run in runs)
            peak = max(run.peak for run in runs)
            print(f"{way:18}{best[way]:>9.2f}{given.rows / best[way]:>12,.0f}{peak:>10.2f}")
    print(f"pixelsim over pandas.read_csv alone: {best['pixelsim'] / best['pandas.read_csv']:.2f} times")


if __name__ == "__main__":
    main()
