"""Garbage between pieces of work and not in the midst of them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from typing import TypeVar

__all__ = ["tidy_later", "undisturbed", "undisturbed_steps"]

T = TypeVar("T")

QUIET = 0.3
"""Seconds after long work in which another choice may come, before all garbage is looked for."""


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


def tidy_later(loop: asyncio.AbstractEventLoop) -> asyncio.TimerHandle:
    """Let Python look through all that there is when nothing has gone on for a moment, and not during the next choice.

    It takes a tenth of a second, and would come by itself after a few choices, whatever is going on then.
    """
    return loop.call_later(QUIET, gc.collect)
