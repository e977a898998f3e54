"""The bound: what a log costs if nothing is done but to draw one number for each row and to sort the rows by time."""

from __future__ import annotations

import numpy as np

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams

__all__ = ["draw_and_sort"]


def draw_and_sort(rows: int, days: int, seed: int) -> int:
    """Draw and sort the times of a log, a day at a time as the product settles it.

    Returns
    -------
    int
        Number of rows.
    """
    generator = Streams(seed).generator("bound")
    drawn = 0
    for day in range(days):
        count = rows * (day + 1) // days - rows * day // days
        at = (generator.random(count) * DAY).astype(np.int64) + day * DAY
        at.sort()
        drawn += len(at)
    return drawn
