"""Which code does the heavy loops of a run: NumPy, or kernels that Numba compiles; results are the same bytes.

The choice belongs to how a run is carried out and not to its model, so it is not handed from function to function: it
holds inside a ``with`` block, for the thread or task that entered it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from pixelsim.traffic.kernel_set import Kernels

__all__ = ["chosen", "kernels"]

_CHOSEN: ContextVar[Kernels | None] = ContextVar("kernels", default=None)


def chosen() -> Kernels | None:
    """Give the compiled kernels if they were chosen, None for NumPy."""
    return _CHOSEN.get()


@contextlib.contextmanager
def kernels(*, compiled: bool) -> Iterator[None]:
    """Choose the compiled kernels, or NumPy, for what runs inside the block.

    The first choice in a process compiles them, or loads them from Numba's cache.

    Raises
    ------
    MissingExtraError
        Numba is not installed.
    """
    found: Kernels | None = None
    if compiled:
        from pixelsim.traffic.compiled import load  # noqa: PLC0415 - Numba is optional, and slow to import

        found = load()
    token = _CHOSEN.set(found)
    try:
        yield
    finally:
        _CHOSEN.reset(token)
