"""The whole part of a smooth function of a quantile, for many quantiles at once: by a table that knows where it fails.

A compiled kernel may not compute exponentials or normal quantiles, whose last bits differ from compiler to compiler.
But it may look up what lies between points that NumPy and SciPy computed: a parabola through three points of a short
stretch misses the function by far less than one, so that the whole part is known unless the parabola comes close to a
whole number. Only there the function itself is asked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.kernels import chosen

__all__ = ["WholeParts"]

Floats = NDArray[np.float64]
_CELLS = 4096
_EDGE = _CELLS // 64
"""Cells at either end in which a function may be too steep for a parabola: there it is always asked."""
_SAFETY = 16.0
"""How many times the miss that was measured between the points counts as the greatest possible (assumption)."""


class WholeParts:
    """Whole parts of a function of numbers in [0, 1).

    Parameters
    ----------
    function
        Gives the values, at least 0, of many numbers at once; three times differentiable between its ends.
    """

    def __init__(self, function: Callable[[Floats], Floats]) -> None:
        self._function = function
        self._table: Floats | None = None

    def __call__(self, quantile: Floats) -> NDArray[np.int64]:
        """Give the whole parts, int64, shape (n,)."""
        compiled = chosen()
        if compiled is None:
            return self._exact(quantile)
        if self._table is None:
            self._table = self._tabulated()
        whole, doubtful = compiled.whole_parts(quantile, self._table)
        whole[doubtful] = self._exact(quantile[doubtful])
        return whole

    def _exact(self, quantile: Floats) -> NDArray[np.int64]:
        return np.floor(self._function(quantile)).astype(np.int64)

    def _tabulated(self) -> Floats:
        """Give for each cell the parabola by powers of the place in it, from 0 to 1, and how far it may miss."""
        cells = np.arange(_EDGE, _CELLS - _EDGE)
        one, early, middle, late, two = (self._function((cells + part) / _CELLS) for part in (0, 0.25, 0.5, 0.75, 1))
        square = 2 * (one - 2 * middle + two)
        slope = two - one - square
        # A parabola through both ends and the middle misses most near the quarters.
        missed = [np.abs(one + at * (slope + at * square) - value) for at, value in ((0.25, early), (0.75, late))]
        margin = _SAFETY * np.maximum(*missed) + 1e-9 * np.maximum(one, two)
        table = np.full((_CELLS, 4), np.inf)
        table[cells] = np.stack([one, slope, square, margin], axis=1)
        table[:_EDGE, :3] = table[-_EDGE:, :3] = 0.0
        return table
