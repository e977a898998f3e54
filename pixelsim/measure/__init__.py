"""What is seen: the five metrics by viewer, and the outcomes that decide, observed and truth apart."""

from pixelsim.measure.figures import Figure, Stage
from pixelsim.measure.metrics import Metric, Surface, metrics, viewers_of
from pixelsim.measure.outcomes import OUTCOMES, Outcome, conservation, outcome_values, outcomes
from pixelsim.measure.practice import claims_measured, consistency, double_counting
from pixelsim.measure.reconcile import Bridge, reconcile

__all__ = [
    "OUTCOMES",
    "Bridge",
    "Figure",
    "Metric",
    "Outcome",
    "Stage",
    "Surface",
    "claims_measured",
    "conservation",
    "consistency",
    "double_counting",
    "metrics",
    "outcome_values",
    "outcomes",
    "reconcile",
    "viewers_of",
]
