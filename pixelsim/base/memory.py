"""Memory of large arrays between one use and the next."""

from __future__ import annotations

import functools

import numpy as np

__all__ = ["keep_freed_memory"]

_LARGEST = (32 << 20) - (64 << 10)
"""Bytes, a little less than the largest threshold of glibc on 64 bits: 32 MiB (mallopt(3), M_MMAP_THRESHOLD)."""


@functools.cache
def keep_freed_memory() -> None:
    """Let glibc keep the memory of freed arrays for the next ones, instead of giving it back to the system each time.

    Once a block of some size is freed, glibc takes that size as the threshold up to which it keeps memory, and twice as
    much as what it keeps at most (mallopt(3)). A run allocates and frees arrays of several MB all the time; with the
    thresholds that glibc begins with, a tenth of a run in counts was the system handing out the same pages again. Where
    there is no glibc, nothing happens.
    """
    np.empty(_LARGEST, dtype=np.uint8)
