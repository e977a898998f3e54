"""Whole parts of a function from a table of parabolas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.compiled.compiling import compiled

__all__ = ["whole_parts"]

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@compiled
def whole_parts(quantile: Floats, table: Floats) -> tuple[Longs, Longs]:
    """Give the whole parts of a function, and the positions at which they are in doubt.

    Parameters
    ----------
    quantile
        Numbers in [0, 1).
    table
        For each of equally wide cells the value at its beginning, the factors of the place in the cell and of its
        square, and how far the sum may miss the function.
    """
    cells = len(table)
    whole = np.empty(len(quantile), dtype=np.int64)
    doubtful = np.empty(len(quantile) + 1, dtype=np.int64)
    doubts = 0
    for row in range(len(quantile)):
        place = quantile[row] * cells
        cell = np.int64(place)
        place -= cell
        value = table[cell, 0] + place * (table[cell, 1] + place * table[cell, 2])
        whole[row] = np.int64(value)
        rest, margin = value - whole[row], table[cell, 3]
        doubtful[doubts] = row
        doubts += not (margin < rest < 1 - margin)
    return whole, doubtful[:doubts]
