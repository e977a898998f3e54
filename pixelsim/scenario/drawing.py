"""Uncertain parameters: replications of a scenario draw them, so that a forecast carries what was not known.

A source with a spread says how uncertain its value is. Each cause of uncertainty is one standard normal number for a
replication, from a stream of its own, so that two variants of a scenario draw the same numbers for what they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.errors import Fault
from pixelsim.base.streams import Streams
from pixelsim.scenario.base import Source
from pixelsim.scenario.parameters import parameters
from pixelsim.scenario.paths import put

if TYPE_CHECKING:
    from pixelsim.scenario.scenario import Scenario

__all__ = ["drawn", "spread_faults"]

FloatArray = NDArray[np.float64]

FARTHEST = 30.0
"""Logarithms by which a value moves at most: a factor of 1e13, beyond which nothing is a figure any more."""


def drawn(scenario: Scenario, seed: int, replication: int) -> Scenario:
    """Give the scenario of one replication: uncertain values are drawn, all others stay.

    Parameters
    ----------
    scenario
        A scenario; one whose sources have no spread is given back as it is.
    seed
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.

    Returns
    -------
    Scenario
        With the values that were drawn and without spreads, so that drawing it again changes nothing.

    Raises
    ------
    InputError
        A value that was drawn is refused where it stands.
    """
    uncertain = {path: source for path, source in scenario.sources.items() if source.spread}
    if not uncertain:
        return scenario
    streams = Streams(seed, replication)
    values = {path: value for path, value, _, _ in parameters(scenario)}
    data = scenario.plain()
    for path, source in uncertain.items():
        put(data, path, _moved(values[path], source, streams))
        data["sources"][path] |= {"spread": [], "scale": "ln"}
    return type(scenario).read(data, source=f"replication {replication} of {scenario.name}")


def spread_faults(scenario: Scenario) -> list[Fault]:
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


def _moved(value: Any, source: Source, streams: Streams) -> Any:
    """Move a value by its causes on its scale; shares stay shares, and a zero stays zero."""
    now = np.atleast_1d(np.asarray(value, dtype=np.float64))
    by = np.zeros(len(now))
    for spread in source.spread:
        errors = np.atleast_1d(spread.error)
        moves = errors * streams.generator("parameters", spread.cause).standard_normal(len(errors))
        by += np.repeat(moves, len(now) // len(errors))
    moved = _by(now, by, source.scale)
    if isinstance(value, tuple):
        # A shape keeps its sum: only its form is uncertain.
        return (moved * (now.sum() / moved.sum())).tolist() if moved.sum() > 0 else list(value)
    return float(moved[0])


def _by(now: FloatArray, by: FloatArray, scale: str) -> FloatArray:
    if scale == "plain":
        return now + by
    if scale == "logit":
        return np.asarray(special.expit(special.logit(now) + by), dtype=np.float64)
    return now * np.exp(np.clip(by, -FARTHEST, FARTHEST))
