"""Spreads of figures that fit none, or not its length."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from pixelsim.base.errors import Fault
from pixelsim.scenario.base import Source
from pixelsim.scenario.parameters import Figured, parameters

__all__ = ["spread_faults"]


def spread_faults(scenario: Figured) -> list[Fault]:
    """List spreads that belong to no figure of a scenario's traffic, or do not fit its length."""
    uncertain = {path: source for path, source in scenario.sources.items() if source.spread}
    if not uncertain:
        return []
    values = {path: value for path, value, _, _ in parameters(scenario)}
    return [fault for path, source in uncertain.items() for fault in _faults(path, source, values)]


def _faults(path: str, source: Source, values: Mapping[str, Any]) -> list[Fault]:
    place, value = f"$.sources[{path}].spread", values.get(path)
    if not isinstance(value, int | float | tuple):
        near = get_close_matches(path, values, 1)
        remedy = f"did you mean '{near[0]}'? Else take it out" if near else "correct the path, or take it out"
        return [Fault(place, "path", path, "a figure of the scenario's traffic that is in force", remedy)]
    length = len(value) if isinstance(value, tuple) else 1
    faults = []
    for spread in source.spread:
        errors = np.atleast_1d(spread.error)
        runs = len(errors) > 1 and length % len(errors) == 0
        if not (len(errors) == length or runs) or not np.isfinite(errors).all():
            rule = f"{length} finite numbers, as the value has, or one for each of equally long runs of them"
            faults.append(
                Fault(place, "error", str(spread.error), rule if length > 1 else "a finite number", "mend it")
            )
    return faults
