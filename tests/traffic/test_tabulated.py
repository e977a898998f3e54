"""Whole parts from a table are those of the function itself, also next to whole numbers."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import special

from pixelsim.scenario.capture import ServerLeg
from pixelsim.traffic.capture import server_delay
from pixelsim.traffic.kernels import kernels
from pixelsim.traffic.tabulated import WholeParts


@pytest.mark.parametrize(("seconds", "sigma"), [(2.0, 1.0), (0.02, 0.3), (600.0, 1.5), (1.0, 0.0)])
def test_same_as_the_function(seconds: float, sigma: float) -> None:
    function = functools.partial(server_delay, ServerLeg(delay_seconds=seconds, delay_sigma=sigma))
    rng = np.random.default_rng(5)
    # Quantiles of whole milliseconds, and the numbers right and left of them.
    whole = np.unique(rng.integers(1, max(int(4000 * seconds), 3), 3000))
    border = special.ndtr(np.log(whole / (1000 * seconds)) / max(sigma, 1e-3))
    corners = np.array([2.0**-53, 1e-9, 1 / 64, 0.5, 63 / 64, 1 - 2.0**-53])
    grid = np.arange(4096) / 4096
    quantile = np.concatenate(
        [rng.random(40_000), corners, grid, *(np.nextafter(border, to) for to in (0, 1)), border]
    ).clip(2.0**-53, 1 - 2.0**-53)
    with kernels(compiled=True):
        found = WholeParts(function)(quantile)
    assert found.dtype == np.int64
    assert found.tolist() == np.floor(function(quantile)).astype(np.int64).tolist()
    assert found.tolist() == WholeParts(function)(quantile).tolist()


def test_the_function_is_asked_of_few() -> None:
    """A thirty-second lies at the ends, where it is always asked; between them hardly any is in doubt."""
    asked = []

    def function(quantile):
        asked.append(len(quantile))
        return 2000 * np.exp(special.ndtri(quantile))

    parts = WholeParts(function)
    with kernels(compiled=True):
        parts(np.empty(0))
        asked.clear()
        parts(np.random.default_rng(3).random(100_000))
    assert len(asked) == 1
    assert 0.028 < asked[0] / 100_000 < 0.035
