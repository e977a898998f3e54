"""Time pixelsim against the same model in plain SimPy: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import gc
import json
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.bound import draw_and_sort
from benchmarks.reference import reference
from benchmarks.scenarios import busy
from pixelsim.base.errors import MissingExtraError
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.simulate import Simulation, simulate

SEED = 7
WORKLOADS = {"browser": False, "browser and server": True}
"""Workloads by name, and whether the shop's server sends every event once more."""
FULL, REDUCED = (100_000, 14), (20_000, 5)
"""Visits a day and days."""


def processor() -> str:
    """Name the processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or platform.machine()


def timed(work: Callable[[], int], repeats: int) -> tuple[int, float, float]:
    """Give what work returns, and its least seconds: of the processor, and on the wall."""
    cpu, wall, rows = [], [], 0
    for _ in range(repeats):
        gc.collect()
        begin, begin_cpu = time.perf_counter(), time.process_time()
        rows = work()
        cpu.append(time.process_time() - begin_cpu)
        wall.append(time.perf_counter() - begin)
    return rows, min(cpu), min(wall)


def can_compile() -> bool:
    """Make the compiled kernels ready, and tell whether Numba is installed."""
    try:
        simulate(busy(500, days=2), seed=SEED, compiled=True)
    except MissingExtraError:
        return False
    return True


def rows_of(simulation: Simulation) -> int:
    """Count the rows of the log."""
    return sum(len(part) for part in simulation.log_parts)


def run(scenario: Scenario, repeats: int, numba: bool) -> dict[str, dict[str, float]]:
    """Time one scenario in every way; the slow one is timed once."""
    ways: dict[str, tuple[Callable[[], int], int]] = {
        "pixelsim (NumPy)": (lambda: rows_of(simulate(scenario, seed=SEED)), repeats),
    }
    if numba:
        ways["pixelsim (Numba)"] = (lambda: rows_of(simulate(scenario, seed=SEED, compiled=True)), repeats)
    ways["plain SimPy"] = (lambda: len(reference(scenario, SEED).platform.log), 1)
    found: dict[str, dict[str, float]] = {}
    for name, (work, times) in ways.items():
        found[name] = _figures(*timed(work, times))
    rows = int(found["pixelsim (NumPy)"]["rows"])
    bound, cpu, wall = timed(lambda: draw_and_sort(rows, scenario.days, SEED), repeats)
    found["draws and sort alone"] = _figures(bound, cpu, wall)
    plain = found["plain SimPy"]["rows_per_second"]
    for figures in found.values():
        figures["times_plain"] = figures["rows_per_second"] / plain
    return found


def _figures(rows: int, cpu: float, wall: float) -> dict[str, float]:
    return {"rows": rows, "seconds": cpu, "wall_seconds": wall, "rows_per_second": rows / cpu}


def show(name: str, found: dict[str, dict[str, float]]) -> None:
    """Print one workload."""
    print(f"\n{name}")
    print(f"{'':24}{'log rows':>12}{'CPU s':>9}{'wall s':>9}{'rows/s':>13}{'x plain':>9}")
    for way, f in found.items():
        print(
            f"{way:24}{f['rows']:>12,.0f}{f['seconds']:>9.2f}{f['wall_seconds']:>9.2f}"
            f"{f['rows_per_second']:>13,.0f}{f['times_plain']:>9.1f}"
        )


def main() -> None:
    """Time, print, and write the record where one is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--reduced", action="store_true", help="a small size that ends within 50 seconds")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--visits", type=int, help="visits a day")
    parser.add_argument("--days", type=int, help="days")
    parser.add_argument("--repeats", type=int, default=3, help="runs of the fast ways, of which the best counts")
    given = parser.parse_args()
    visits, days = REDUCED if given.reduced else FULL
    visits, days = given.visits or visits, given.days or days
    machine: dict[str, Any] = {
        "processor": processor(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "simpy", "pixelsim")},
    }
    begin = time.perf_counter()
    numba = can_compile()
    if numba:
        machine["numba"] = version("numba")
        print(f"Compiled kernels ready after {time.perf_counter() - begin:.1f} s")
    print(f"{visits:,} visits a day, {days} days, 50 ad groups; {machine}")
    simulate(busy(500, days=2), seed=SEED)
    results = {}
    for name, server in WORKLOADS.items():
        results[name] = run(busy(visits, days=days, server=server), given.repeats, numba)
        show(name, results[name])
    if given.record is not None:
        record = {"machine": machine, "visits_a_day": visits, "days": days, "seed": SEED, "results": results}
        given.record.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(f"\nrecorded in {given.record}")


if __name__ == "__main__":
    main()
