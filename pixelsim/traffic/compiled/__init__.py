"""Kernels that Numba compiles (extra ``fast``); imported late, and only where they are chosen.

None of them computes logarithms, exponentials or the like: those of NumPy and of a compiler may differ in the last bit.
"""

from __future__ import annotations

import functools

from pixelsim.base.errors import MissingExtraError
from pixelsim.traffic.kernel_set import Kernels

__all__ = ["load"]


@functools.cache
def load() -> Kernels:
    """Give the kernels; each is compiled at its first call, or comes from Numba's cache.

    Raises
    ------
    MissingExtraError
        Numba is not installed.
    """
    try:
        from pixelsim.traffic.compiled import (  # noqa: PLC0415 - they import Numba
            credit,
            dedup,
            draws,
            lookup,
            making,
            order,
            sending,
            tables,
        )
    except ImportError as error:
        raise MissingExtraError("the compiled kernels", "numba", "fast") from error
    return Kernels(
        uniform=draws.uniform,
        order=order.order,
        first_equal=lookup.first_equal,
        sieve=lookup.sieve,
        passing=lookup.passing,
        inverse=lookup.inverse,
        scatter=lookup.scatter,
        instants=making.instants,
        unfold=making.unfold,
        stretches=making.stretches,
        remember=credit.remember,
        rechain=credit.rechain,
        settle=credit.settle,
        whole_parts=tables.whole_parts,
        browser=sending.browser,
        server=sending.server,
        chain=dedup.chain,
    )
