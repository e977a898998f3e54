"""Garbage between pieces of work and not in the midst of them."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import TypeVar

__all__ = ["undisturbed", "undisturbed_steps"]

T = TypeVar("T")


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let Python look for garbage after the block and not inside it, for a block that takes parts of a second.

    What a lot of runs or a picture is made of is alive until it is done. A collection in its midst finds nothing,
    takes all of it for old, and brings on a collection of everything that the process has imported: a sixth of a
    second. After the block nearly all of it is garbage, and young.
    """
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        if usual:
            gc.enable()


def undisturbed_steps(work: Iterator[T]) -> Iterator[T]:
    """Give what work gives, each step of it undisturbed."""
    while True:
        with undisturbed():
            try:
                found = next(work)
            except StopIteration:
                return
        yield found
