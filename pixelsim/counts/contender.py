"""Ad groups whose touches can earn events, and what becomes of the events that follow from these touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.kernels import DelayTable
from pixelsim.counts.paid import PaidCounts

__all__ = ["Contender", "Earned"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """An ad group whose touches can earn events.

    Parameters
    ----------
    name
        Its id.
    counts
        What it brought about.
    tables
        Where its orders fall, by kind of touch: each kind has a window of its own.
    once
        Which events count once for each touch, bool of shape (events,).
    access
        Stretches in which its account has access to the pixel, as (from, to) in ms.
    """

    name: str
    counts: PaidCounts
    tables: Sequence[DelayTable]
    once: NDArray[np.bool_]
    access: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Earned:
    """What became of the events that follow from contenders' touches, in contests that are alike.

    The first axis of each array is the contest, and the last one is the name.

    Parameters
    ----------
    counted
        Those that their own touches earn and that count, by ad group, cell of the touch and lag, int64 of shape
        (contests, groups, cells, lags, events).
    free
        The others, by the event's cell, int64 of shape (contests, cells, events).
    stray
        Expected events among the free ones that no touch of their own can earn, by the event's cell.
    stronger, later
        Expected events among them that a stronger kind of touch, and a later one of the same kind, goes before, by
        the event's cell and the own touch's kind, shape (contests, cells, kinds, events).
    held
        Expected events that their own touch could earn, by its cell, lag and kind, shape (contests, cells, lags, kinds,
        events).
    held_before
        Those among them that another touch of the own touch's cell, and before the event, comes after.
    unused
        Share of touches that have no conversion of the name yet from what follows from them, shape (contests, groups,
        cells, lags, kinds, events), or one for all; 1 where every event counts.
    """

    counted: Longs
    free: Longs
    stray: Floats
    stronger: Floats
    later: Floats
    held: Floats
    held_before: Floats
    unused: Floats
