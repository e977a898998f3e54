"""Replications in counts: the same people on the same clock, at the same cost for any traffic.

People act first, exactly as in the run with events: nothing that they do depends on traffic. What they did cuts the
cells; counts follow. Learning is a feedback from one day's conversions to the next days, and goes round until no phase
changes any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from pixelsim.base.errors import InputError
from pixelsim.base.memory import keep_freed_memory
from pixelsim.base.streams import Streams
from pixelsim.counts.result import Counts
from pixelsim.counts.rounds import Rounds, go_round
from pixelsim.counts.run import Run
from pixelsim.counts.stage import Stage
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.setup import run_faults

__all__ = ["count", "count_together"]


def count(scenario: Scenario, seed: int, replication: int = 0) -> Counts:
    """Run one replication of a scenario in counts.

    Parameters
    ----------
    scenario
        What to run; it is not changed.
    seed
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.

    Raises
    ------
    InputError
        The scenario has no website, or the seed or replication is negative.
    """
    return count_together([(scenario, seed, replication)])[0]


def count_together(asked: Sequence[tuple[Scenario, int, int]]) -> list[Counts]:
    """Run several replications of one scenario or more in counts, side by side.

    Each comes out as if it ran alone; but what is small in each of them is done for all at once, which takes less time.

    Parameters
    ----------
    asked
        Scenario, seed and replication of each run, as for :func:`count`.

    Raises
    ------
    InputError
        As :func:`count` does.
    """
    for scenario, seed, replication in asked:
        faults = run_faults(scenario, seed, replication)
        if faults:
            raise InputError(f"scenario {scenario.name}", faults)
    keep_freed_memory()
    wanted = [(scenario, Streams(seed, replication)) for scenario, seed, replication in asked]
    runs = [Rounds(run) for run in Run.begin([(Stage.of(scenario, streams), streams) for scenario, streams in wanted])]
    go_round(runs)
    return [one.result() for one in runs]
