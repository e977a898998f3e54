"""The reader's speed and memory on a million rows; the figures are kept in the docs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROWS, DAYS = 1_000_000, 365

HEADER = (
    "By Day,Campaign name,Campaign ID,Ad group name,Ad group ID,Ad name,Ad ID,Cost,CPC (destination),CPM,Impressions,"
    "Clicks (destination),CTR (destination),Conversions,Cost per conversion,Conversion rate (CVR),Reach,Frequency,"
    "Total purchases,Total purchase value,Video views,Currency\n"
)

READ = """
import resource, sys, time
from pixelsim.exchange import read_export
start = time.perf_counter()
report = read_export(sys.argv[1])
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
print(len(report.frame), int(report.totals()["impressions"]), bool(report.checks["ok"].all()), seconds, peak)
"""


def make(path: Path) -> int:
    """Write an export of a million rows by 22 columns and give the sum of its impressions."""
    impressions = clicks = cents = 0
    with path.open("w", encoding="utf-8-sig") as out:
        out.write(HEADER)
        for row in range(ROWS):
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
            f"Total of {ROWS} results,-,-,-,-,-,-,{cents / 100:.2f},{cents / 100 / clicks:.2f},"
            f"{10 * cents / impressions:.2f},{impressions},{clicks},{100 * clicks / impressions:.2f},0,0.00,0.00,"
            f"900000,5.00,0,0.00,{impressions - 77 * ROWS},USD\n"
        )
    return impressions


@pytest.mark.slow
def test_a_million_rows_take_less_than_ten_seconds_and_one_and_a_half_gib(tmp_path: Path):
    path = tmp_path / "million.csv"
    wanted = make(path)
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    rows, impressions, agree, seconds, peak = done.stdout.split()
    assert (int(rows), int(impressions), agree) == (ROWS, wanted, "True")
    assert float(seconds) < 10.0
    assert float(peak) < 1.5
