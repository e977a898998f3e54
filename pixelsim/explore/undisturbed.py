"""Garbage between pieces of work and not in the midst of them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from typing import TypeVar

__all__ = ["QUIET", "Quiet", "tidied", "undisturbed", "undisturbed_steps"]

T = TypeVar("T")

QUIET = 0.3
"""Seconds after long work in which another choice may come, before anything else is done."""
BREATH = 0.02
"""Seconds between two things that are done while nothing goes on."""


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


class Quiet:
    """What is done step by step while nothing goes on, until it is cancelled.

    Parameters
    ----------
    loop
        The loop of the process.
    steps
        What is done; each step takes parts of a second, and between two of them others have their turn.
    wait
        Seconds until the first step.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, steps: Iterator[object], wait: float) -> None:
        self._loop, self._steps = loop, steps
        self._next = loop.call_later(wait, self._step)

    def _step(self) -> None:
        if next(self._steps, self) is not self:
            self._next = self._loop.call_later(BREATH, self._step)

    def cancel(self) -> None:
        """Do no more of it."""
        self._next.cancel()


def tidied() -> Iterator[int]:
    """Let Python look through all that there is, in one step.

    It takes a tenth of a second, and would come by itself after some long work, whatever is going on then.
    """
    yield gc.collect()
