"""Uncertain parameters: replications of a scenario draw them, so that a forecast carries what was not known.

A source with a spread says how uncertain its value is. Each cause of uncertainty is one standard normal number for a
replication, from a stream of its own, so that two variants of a scenario draw the same numbers for what they share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.streams import Streams
from pixelsim.scenario.base import Source
from pixelsim.scenario.parameters import parameters
from pixelsim.scenario.paths import put
from pixelsim.scenario.scenario import Scenario

__all__ = ["drawn"]

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
