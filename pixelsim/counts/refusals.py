"""What only events can tell, and counts refuse."""

from __future__ import annotations

from pixelsim.base.errors import Fault
from pixelsim.scenario.scenario import Scenario

__all__ = ["refusals"]


def refusals(_scenario: Scenario) -> list[Fault]:
    """List everything in a scenario that counts cannot tell; at present they can tell everything."""
    return []
