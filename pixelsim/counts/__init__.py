"""The same model in counts: what-ifs whose cost does not depend on traffic.

::

    run = count(scenario("agency"), seed=7)
    count_metrics(run, "brand")        # the five metrics of R24 to R27, each row with its exactness
    count_outcomes(run)                # the outcomes that decide

What a run has in common with earlier ones on the same luck is kept for it, up to a limit; `forget` lets go of that.
"""

from pixelsim.counts.exactness import Exactness
from pixelsim.counts.kept import forget
from pixelsim.counts.metrics import CountReading, count_metrics
from pixelsim.counts.outcomes import (
    CountOutcome,
    count_conservation,
    count_delivery,
    count_outcome_values,
    count_outcomes,
    count_purchases,
)
from pixelsim.counts.result import Counts
from pixelsim.counts.shop import count_by_market, count_by_product
from pixelsim.counts.simulate import count, count_together

__all__ = [
    "CountOutcome",
    "CountReading",
    "Counts",
    "Exactness",
    "count",
    "count_by_market",
    "count_by_product",
    "count_conservation",
    "count_delivery",
    "count_metrics",
    "count_outcome_values",
    "count_outcomes",
    "count_purchases",
    "count_together",
    "forget",
]
