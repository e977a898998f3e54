"""What is seen: the five metrics by viewer, and the outcomes that decide, observed and truth apart."""

from pixelsim.measure.metrics import Metric, Surface, metrics, viewers_of
from pixelsim.measure.outcomes import OUTCOMES, Outcome, conservation, outcome_values, outcomes

__all__ = [
    "OUTCOMES",
    "Metric",
    "Outcome",
    "Surface",
    "conservation",
    "metrics",
    "outcome_values",
    "outcomes",
    "viewers_of",
]
