"""What if: run, replicate, compare, sweep, and the statistics of responses.

::

    run(mine, seed=7)                                       # one possible history
    replicate(mine, 50, seed=7).summary()                   # means, half-widths, 5-95 % ranges
    branch({"now": now, "late": late}, at_day=10)           # one past, several futures
    compare(mine, late, replications=200).summary()         # paired differences with a verdict
    compare(mine, late, detail="counts")                    # the same in counts, at the same cost for any traffic
    decide(compare(mine, late), conversion_value=40)        # ranked by expected cost
    threshold(mine, "plan.steps[0].day", "orphaned spend, acc_agency", 100, [10, 12, 14])
    sweep(mine, {"policy": ["strict", "continue"]}, replications=50, out="study").summary()
    rerun("study", 7, point=1)                              # one run of a study again, with its log
"""

from pixelsim.study.attempts import Failure
from pixelsim.study.branching import branch
from pixelsim.study.compare import Comparison, compare
from pixelsim.study.count_run import CountRun
from pixelsim.study.decision import decide
from pixelsim.study.execution import Execution
from pixelsim.study.limits import Threshold, threshold
from pixelsim.study.paired import (
    Correction,
    Direction,
    PairedDifference,
    Verdict,
    adjusted_p_values,
    correct,
    paired,
)
from pixelsim.study.replicate import Replications, replicate
from pixelsim.study.results import Study, open_study, rerun
from pixelsim.study.run import Run, run
from pixelsim.study.sensitivity import sensitivity
from pixelsim.study.statistics import Summary, summarise
from pixelsim.study.stopping import Stopping, half_width, replications_needed, until_half_width
from pixelsim.study.sweep import sweep
from pixelsim.study.thresholds import BreakEven, QuantileInterval, break_even, quantile_interval, rank_costs
from pixelsim.study.window import Window

__all__ = [
    "BreakEven",
    "Comparison",
    "Correction",
    "CountRun",
    "Direction",
    "Execution",
    "Failure",
    "PairedDifference",
    "QuantileInterval",
    "Replications",
    "Run",
    "Stopping",
    "Study",
    "Summary",
    "Threshold",
    "Verdict",
    "Window",
    "adjusted_p_values",
    "branch",
    "break_even",
    "compare",
    "correct",
    "decide",
    "half_width",
    "open_study",
    "paired",
    "quantile_interval",
    "rank_costs",
    "replicate",
    "replications_needed",
    "rerun",
    "run",
    "sensitivity",
    "summarise",
    "sweep",
    "threshold",
    "until_half_width",
]
