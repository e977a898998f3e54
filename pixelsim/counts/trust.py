"""How a figure in counts compares with the same figure of a run with events."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["Exactness", "worst"]


class Exactness(StrEnum):
    """How a figure compares with the same figure of a run with events."""

    EXACT = "exact"
    """It has the same distribution."""
    APPROXIMATE = "approximate"
    """Mean and spread agree within the tolerance that the closed form was tested to."""
    OUTSIDE = "outside tested range"
    """The closed form was not tested where it is used here."""


def worst(found: Iterable[Exactness]) -> Exactness:
    """Give how far a figure can be trusted that is made of several."""
    return max(found, key=list(Exactness).index, default=Exactness.EXACT)
