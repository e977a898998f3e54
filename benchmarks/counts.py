"""Time runs in counts against plain SimPy, and against the same run with more traffic: ``python -m benchmarks.counts``.

The plain model is timed on a few days of the same traffic, since all of them would take it many minutes; its seconds
grow with its log rows, and the rows of all days are counted in the run in counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks.reference import reference
from benchmarks.scenarios import busy
from pixelsim.counts import count, count_outcome_values, count_together, forget
from pixelsim.scenario import scenario as find_scenario
from pixelsim.scenario.scenario import Scenario
from pixelsim.study import compare

SEED = 7
VISITS, DAYS, AD_GROUPS = 100_000, 90, 50
TIMES_TRAFFIC = 1_000
PLAIN_DAYS = 2
"""Days of the same traffic that the plain model is timed on."""


def seconds(work: Callable[[int], object], repeats: int) -> float:
    """Give the least processor seconds that work takes, each time on other luck; what luck does not touch is warm.

    Nothing is kept from one time to the next, as it is for designs on the same luck.
    """
    work(0)
    taken = []
    for number in range(1, repeats + 1):
        forget()
        begin = time.process_time()
        work(number)
        taken.append(time.process_time() - begin)
    return min(taken)


def once(scenario: Scenario) -> Callable[[int], object]:
    """Give the work of one replication: counts and the outcomes that decide."""
    return lambda number: count_outcome_values(count(scenario, SEED, number))


def plain_rate(visits: int, *, server: bool) -> float:
    """Give the log rows a second of the plain SimPy model at so many visits a day."""
    scenario = busy(visits, ad_groups=AD_GROUPS, days=PLAIN_DAYS, server=server)
    begin = time.process_time()
    rows = len(reference(scenario, SEED).platform.log)
    return rows / (time.process_time() - begin)


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counts", description=__doc__)
    parser.add_argument("--visits", type=int, default=VISITS, help="visits a day")
    parser.add_argument("--days", type=int, default=DAYS, help="days")
    parser.add_argument("--repeats", type=int, default=9, help="runs, of which the fastest counts")
    given = parser.parse_args()
    print(f"{given.visits:,} visits a day, {given.days} days, {AD_GROUPS} ad groups, processor seconds")
    for name, server in (("browser", False), ("browser and server", True)):
        small = busy(given.visits, ad_groups=AD_GROUPS, days=given.days, server=server)
        large = busy(TIMES_TRAFFIC * given.visits, ad_groups=AD_GROUPS, days=given.days, server=server)
        rows = int(count(small, SEED).copies[..., 0].sum())
        plain = rows / plain_rate(given.visits, server=server)
        fast, more = (seconds(once(one), given.repeats) for one in (small, large))
        print(
            f"{name:20} {fast:7.3f} s; plain SimPy {plain:7,.0f} s for {rows:,} log rows: {plain / fast:,.0f} times; "
            f"{TIMES_TRAFFIC:,} times the traffic {more:7.3f} s: {more / fast:.2f} times the time"
        )
    agency = find_scenario("agency")
    late = agency.replace(plan=agency.plan.unshare_first(days_before_stop=3))
    alone = seconds(lambda lot: [count(agency, SEED, number) for number in range(8 * lot, 8 * lot + 8)], 5)
    beside = seconds(lambda lot: count_together([(agency, SEED, n) for n in range(1000 + 8 * lot, 1008 + 8 * lot)]), 5)
    pairs = seconds(lambda lot: compare(agency, late, replications=50, seed=SEED + lot, detail="counts"), 1)
    print(
        f"8 runs of the agency scenario one by one {alone:.3f} s, side by side {beside:.3f} s; "
        f"50 pairs with an earlier unshare {pairs:.2f} s"
    )


if __name__ == "__main__":
    main()
