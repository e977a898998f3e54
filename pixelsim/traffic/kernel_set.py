"""The heavy loops of a run that can be compiled, as one set of functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kernels"]

Bytes = NDArray[np.int8]
Longs = NDArray[np.int64]
Words = NDArray[np.uint64]
Places = NDArray[np.uint32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kernels:
    """The compiled kernels; each does what the function of its name in NumPy does.

    Parameters
    ----------
    uniform
        Numbers by counter from (counters, keys, position of each counter's key).
    order
        Stable order of times, and the positions in that order whose time is also that of a neighbour.
    first_equal
        For each row of one column the first row that equals it.
    sieve, passing
        Make the table of a sieve of so many bits from what is wanted; give the positions of the values that pass it.
    inverse, scatter
        The place of each row in an order that names all of them once; write values to places of an array.
    instants, unfold, stretches
        Times of arrivals, the events of sessions, and the stretch of delivery that each touch would fall into; see
        `pixelsim.traffic.compiled.making`.
    remember, rechain, settle
        The touches and the crediting of `pixelsim.traffic.chained`; see `pixelsim.traffic.compiled.credit`.
    whole_parts
        Whole parts of a function, and the positions at which they are in doubt; see `pixelsim.traffic.tabulated`.
    browser, server
        Numbers and losses of events, and what a server sends; see `pixelsim.traffic.compiled.sending`.
    chain
        De-duplication by event id; see `pixelsim.traffic.compiled.dedup`.
    """

    uniform: Callable[[Longs, Words, NDArray[np.integer]], NDArray[np.float64]]
    order: Callable[[Longs], tuple[Longs, Longs]]
    first_equal: Callable[[Words], Longs]
    sieve: Callable[[NDArray[np.integer], int], Mask]
    passing: Callable[[NDArray[np.integer], Mask, int], Longs]
    inverse: Callable[[Longs], Places]
    scatter: Callable[[NDArray[Any], Places, NDArray[Any]], None]
    instants: Callable[..., tuple[Longs, Longs, Longs]]
    unfold: Callable[..., tuple[tuple[NDArray[Any], ...], int]]
    stretches: Callable[..., tuple[Longs, Mask]]
    remember: Callable[..., None]
    rechain: Callable[..., None]
    settle: Callable[..., tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]]
    whole_parts: Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[Longs, Longs]]
    browser: Callable[..., tuple[Longs, Longs, Bytes, Mask]]
    server: Callable[..., tuple[Longs, NDArray[np.float64], Bytes]]
    chain: Callable[..., tuple[Bytes, Longs, int]]
