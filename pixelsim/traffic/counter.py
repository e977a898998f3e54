"""Uniform numbers by counter: the n-th number of a purpose and entity, without drawing the ones before it.

A number is a fixed function of a key, which depends on seed, replication, purpose and entity, and of a counter, such
as the draw number of a session or the number of a person. So a person blocks trackers in every session or in none,
a session's later fate does not depend on which other sessions there are, and nothing has to be carried along. The
function is the SplitMix64 generator (public domain), which is a counter followed by a mixer.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.traffic.kernels import chosen

__all__ = ["key_of", "keys_of", "uniform"]

_ANY: NDArray[np.integer] = np.empty(0, dtype=np.int32)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def key_of(streams: Streams, purpose: str, entity: str) -> np.uint64:
    """Give the key of one purpose and entity."""
    return np.uint64(streams.key(purpose, entity))


def keys_of(streams: Streams, purpose: str, entities: Iterable[str]) -> NDArray[np.uint64]:
    """Give the keys of one purpose for several entities, uint64 of shape (entities,)."""
    return np.array([key_of(streams, purpose, entity) for entity in entities], dtype=np.uint64)


def uniform(
    number: NDArray[np.int64], key: np.uint64 | NDArray[np.uint64], which: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Give the uniform numbers in [0, 1) that belong to counters.

    Parameters
    ----------
    number
        Counters, at least 0, shape (n,).
    key
        One key for all, or one for each, shape (n,).
    which
        Positions of the counters' keys, shape (n,), where ``key`` has them in another order.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    compiled = chosen()
    if compiled is not None and (which is not None or np.ndim(key) == 0):
        return compiled.uniform(number, np.atleast_1d(key), _ANY if which is None else which)
    mixed = (number.astype(np.uint64) + np.uint64(1)) * _STEP
    # Taking by NumPy's own type of positions is the fastest way.
    mixed += key if which is None else np.asarray(key).take(which.astype(np.intp))
    mixed ^= mixed >> np.uint64(30)
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(27)
    mixed *= _SECOND
    mixed ^= mixed >> np.uint64(31)
    mixed >>= np.uint64(11)
    return np.asarray(mixed * 2.0**-53, dtype=np.float64)
