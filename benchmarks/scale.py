"""Measure how a run and a sweep grow, and write it down: ``python -m benchmarks.scale benchmarks/scale.md``.

Each run is measured in a process of its own, so that its peak memory is its own. Sweeps are timed on one process, on
two, and on a local cluster of two Dask workers.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_bytes
from benchmarks.scenarios import busy, ending_of, small
from pixelsim.scenario.scenario import Scenario
from pixelsim.study import sweep
from pixelsim.traffic.simulate import simulate
from pixelsim.traffic.streaming import stream_log

__all__ = ["Measured", "measure"]

SEED = 7
DAY_OF_VISITS = 100_000
LARGE = 10_000_000_000
"""Events for which it is worked out what they would take."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: log rows, seconds on the wall, peak memory and bytes on disk."""

    name: str
    rows: int
    seconds: float
    peak: int
    disk: int


def in_memory(days: int) -> Measured:
    """Run and keep the log in memory; this process's peak memory is the run's."""
    began = time.perf_counter()
    found = simulate(busy(DAY_OF_VISITS, days=days), seed=SEED)
    seconds = time.perf_counter() - began
    return Measured(f"in memory, {days} days", sum(map(len, found.log_parts)), seconds, peak_bytes(), 0)


def on_disk(days: int) -> Measured:
    """Run and stream the log to Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        found = stream_log(busy(DAY_OF_VISITS, days=days), Path(folder) / "log", seed=SEED)
        seconds = time.perf_counter() - began
        disk = sum(path.stat().st_size for path in (Path(folder) / "log").iterdir())
    return Measured(f"to Parquet, {days} days", found.rows["log"], seconds, peak_bytes(), disk)


def measure(way: str, days: int) -> Measured:
    """Measure one run in a fresh process."""
    code = f"from benchmarks.scale import {way}; m = {way}({days}); print(m.rows, m.seconds, m.peak, m.disk, m.name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    rows, seconds, peak, disk, *name = done.stdout.split()
    return Measured(" ".join(name), int(rows), float(seconds), int(peak), int(disk))


def swept() -> Scenario:
    """Give the scenario of the sweeps: an agency that leaves, a few thousand events."""
    return small(days=28, site={"organic_sessions": 400.0}, steps=ending_of("agency", stop=14, unshare=14.5))


def time_sweep(replications: int, **how: Any) -> float:
    """Time a sweep of eight points, in seconds on the wall."""
    factors = {"traffic.delivery[0].daily_budget": [2.0, 4.0, 6.0, 8.0], "policy": ["strict", "continue"]}
    began = time.perf_counter()
    sweep(swept(), factors, replications=replications, seed=SEED, chunk=5, **how)
    return time.perf_counter() - began


def time_sweeps(replications: int) -> dict[str, float]:
    """Time the same sweep in all ways."""
    found = {
        "one process": time_sweep(replications),
        "two processes, their start included": time_sweep(replications, workers=2),
        "of which the start, and one replication a point": time_sweep(1, workers=2),
    }
    if importlib.util.find_spec("distributed") is not None:
        from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra

        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            time_sweep(1, executor=client)
            found["two Dask workers, started before"] = time_sweep(replications, executor=client)
    return found


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("file", type=Path, help="the page to write")
    parser.add_argument("--replications", type=int, default=30, help="replications of each point of the sweeps")
    given = parser.parse_args()
    runs = [measure(way, days) for way, days in (("in_memory", 7), ("in_memory", 28), ("on_disk", 7), ("on_disk", 28))]
    sweeps = time_sweeps(given.replications)
    given.file.write_text(page(runs, sweeps, given.replications), encoding="utf-8")
    print(given.file.read_text(encoding="utf-8"))


def page(runs: list[Measured], sweeps: dict[str, float], replications: int) -> str:
    """Write the page in Markdown."""
    one, longest = sweeps["one process"], runs[-1]
    rate, disk = longest.rows / longest.seconds, longest.disk / longest.rows
    hours, terabytes = LARGE / rate / 3600, LARGE * disk / 1e12
    growth = (runs[1].peak - runs[0].peak) / (runs[1].rows - runs[0].rows)
    lines = [
        "# Scale",
        "",
        "Made by `python -m benchmarks.scale benchmarks/scale.md`; the figures are of one machine:",
        (
            f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
            f"NumPy {version('numpy')}, DuckDB {version('duckdb')}."
        ),
        "",
        f"## One replication on one core: {DAY_OF_VISITS:,} visits a day, 50 ad groups, browser and server",
        "",
        "| where the log goes | log rows | seconds | rows a second | peak memory, MiB | bytes a row on disk |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {m.name} | {m.rows:,} | {m.seconds:.1f} | {m.rows / m.seconds:,.0f} | {m.peak / 2**20:,.0f} | "
            + (f"{m.disk / m.rows:.1f} |" if m.disk else "- |")
            for m in runs
        ),
        "",
        f"A log in memory costs {growth:.0f} bytes a row; a log on disk costs no memory that grows with its length.",
        "",
        f"## A sweep: 8 points, {replications} replications each, paired",
        "",
        "| where it runs | seconds | times one process |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {seconds:.1f} | {one / seconds:.2f} |" for name, seconds in sweeps.items()),
        "",
        "Replications are independent, so that more cores or machines take proportionally less time, up to the start",
        "of the workers. On one machine the standard pool is the default; Dask is for more than one.",
        "",
        "## What 10,000,000,000 log rows would take",
        "",
        (
            f"At {rate:,.0f} rows a second and core with the log on disk: {hours:,.1f} hours on one core, "
            f"{hours / 100:.2f} hours on 100, and {terabytes:.2f} TB of Parquet."
        ),
        "Rows of one replication come one after the other, so the cores are those of many replications or of many",
        "businesses. Memory stays that of one block and of what attribution and de-duplication remember.",
        'A what-if that needs no rows takes `detail="counts"`, whose cost does not depend on traffic.',
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
