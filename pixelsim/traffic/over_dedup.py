"""Real events that de-duplication swallowed, since ids repeat across orders (field case P49)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import InputError
from pixelsim.traffic.dedup import Deduplicated
from pixelsim.traffic.keys import NONE

__all__ = ["OverDedup", "over_dedup"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OverDedup:
    """Copies that were dropped although they belong to another order than the copy they fell to (field case P49).

    Parameters
    ----------
    rows
        The rows dropped so, int64.
    lost
        Orders of which no copy was kept, int64, ascending.
    """

    rows: Longs
    lost: Longs

    def __str__(self) -> str:
        return f"event id repeats across different orders: {len(self.lost)}"


def over_dedup(order_of_row: ArrayLike, result: Deduplicated) -> OverDedup:
    """Find real events that deduplication swallowed, by the true order behind every row.

    Parameters
    ----------
    order_of_row
        Number of the order that sent each row, -1 = none, shape (n,).
    result
        The deduplication of all those rows in one call.

    Raises
    ------
    InputError
        The orders and the result differ in length.
    """
    order = np.asarray(order_of_row, dtype=np.int64)
    if len(order) != len(result.outcome):
        raise InputError.single(
            "over_dedup",
            field="order_of_row",
            value=f"{len(order)} rows",
            rule=f"one entry for each of the {len(result.outcome)} deduplicated rows",
            remedy="give -1 for rows without an order",
        )
    rows = np.flatnonzero(~result.kept & (order != NONE) & (order != order[result.first]))
    return OverDedup(rows, np.setdiff1d(order[rows], order[result.kept]))
