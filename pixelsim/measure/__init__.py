"""What is seen: the five metrics by viewer, and the outcomes that decide, observed and truth apart."""

from pixelsim.measure.auditing import audit_run
from pixelsim.measure.figures import Figure, Stage
from pixelsim.measure.metrics import Metric, Surface, metrics, viewers_of
from pixelsim.measure.organic import organic_sensitivity
from pixelsim.measure.outcomes import OUTCOMES, Outcome, conservation, outcome_values, outcomes
from pixelsim.measure.practice import claims_measured, consistency, double_counting
from pixelsim.measure.reconcile import Bridge, reconcile
from pixelsim.measure.shop import by_market, by_product, shop_ledger

__all__ = [
    "OUTCOMES",
    "Bridge",
    "Figure",
    "Metric",
    "Outcome",
    "Stage",
    "Surface",
    "audit_run",
    "by_market",
    "by_product",
    "claims_measured",
    "conservation",
    "consistency",
    "double_counting",
    "metrics",
    "organic_sensitivity",
    "outcome_values",
    "outcomes",
    "reconcile",
    "shop_ledger",
    "viewers_of",
]
