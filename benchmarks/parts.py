"""Where the processor time of a run goes, by profile: ``python -m benchmarks.parts``.

Functions are summed with what they call; a part is that of a few functions that do not call one another. What calls
cost under the profiler is in it, so shares are for orientation.
"""

from __future__ import annotations

import argparse
import cProfile
from pathlib import Path

from benchmarks.scenarios import busy
from pixelsim.traffic.simulate import simulate

__all__ = ["PARTS", "shares"]

SEED = 7
PARTS = {
    "arrivals and touches of ads": [("flow", "step")],
    "sessions": [("sessions", "until")],
    "events of sessions": [("events", "unfold"), ("events", "orders")],
    "copies at the pixels: legs, losses, ids, cookies, consent": [("capture", "copies")],
    "order of time of copies, put in it": [("collector", "_arrived")],
    "de-duplication": [("collector", "_deduplicate")],
    "last touches, claims, once-counting, last columns of the log": [
        (module, name) for module in ("crediting", "chained") for name in ("add", "settle", "forget")
    ],
}
"""Parts of a run: the functions that each is made of, by module of ``pixelsim.traffic`` and name.
"""


def shares(visits: int, days: int, *, compiled: bool) -> dict[str, float]:
    """Give the share of each part of one run, browser and server; the rest is joining, picking, people, clock."""
    scenario = busy(visits, days=days)
    simulate(busy(500, days=2), seed=SEED, compiled=compiled)
    profile = cProfile.Profile()
    profile.runcall(simulate, scenario, seed=SEED, compiled=compiled)
    spent: dict[tuple[str, str], float] = {}
    # Rows of the profiler: code, calls, recursive calls, own time, time with what is called.
    for row in profile.getstats():
        if not isinstance(row.code, str):
            key = Path(row.code.co_filename).parent.name, Path(row.code.co_filename).stem, row.code.co_name
            if key[0] == "traffic":
                spent[key[1:]] = spent.get(key[1:], 0.0) + row.totaltime
    whole = spent["simulate", "simulate"]
    parts = {part: sum(spent.get(function, 0.0) for function in functions) / whole for part, functions in PARTS.items()}
    return parts | {"joining and picking rows, people, clock, the rest": 1 - sum(parts.values())}


def main() -> None:
    """Print the shares in NumPy and compiled, those of the dearest part first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parts", description=__doc__)
    parser.add_argument("--visits", type=int, default=100_000, help="visits a day")
    parser.add_argument("--days", type=int, default=14, help="days")
    given = parser.parse_args()
    numpy, compiled = (shares(given.visits, given.days, compiled=way) for way in (False, True))
    for part, share in sorted(numpy.items(), key=lambda one: -one[1]):
        print(f"| {part} | {100 * share:.0f} % | {100 * compiled[part]:.0f} % |")


if __name__ == "__main__":
    main()
