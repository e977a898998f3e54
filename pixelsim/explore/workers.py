"""Worker processes for the long work of explorers: shared by all explorers of a notebook's kernel, gone when idle.

The kernel's own process works too: it takes the next replication that nobody has, so that nothing waits for workers to
start, and each replication comes to the same wherever it is run. There are as many workers as cores but one, at most
`MOST`; none on one core, and none where the main module is a script, which each of them would run once more. The
environment variable ``PIXELSIM_WORKERS`` sets another number, 0 for none. Where processes cannot be had, or one of them
dies, this process does their work.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from pixelsim.base.errors import InputError

__all__ = ["VARIABLE", "WORKERS", "Shared", "Workers", "usual_workers"]

T = TypeVar("T")

VARIABLE = "PIXELSIM_WORKERS"
"""The environment variable that sets the number of workers."""
MOST = 7
"""Workers at most: each takes some 200 MB of memory."""
IDLE = 120.0
"""Seconds without work after which the workers end."""
WORTH = 1.0
"""Seconds of work that are left when workers are started: about what their imports take."""
_EACH = 2
"""Tasks that a worker has at a time: the one that it runs, and the next one."""
_MARKS = 256
"""Pieces of work, one after the other, that are told apart in the marks of what has been stopped."""


def usual_workers() -> int:
    """Give the number of worker processes for this kernel.

    Raises
    ------
    InputError
        The environment variable is set to something else than a number.
    """
    told = os.environ.get(VARIABLE, "").strip()
    if told:
        if not told.isdecimal():
            rule, remedy = "a whole number of at least 0", "set it to 0 for none, or leave it out"
            raise InputError.single("explorers", field=VARIABLE, value=told, rule=rule, remedy=remedy)
        return int(told)
    # A notebook's main module has no file.
    if getattr(sys.modules.get("__main__"), "__file__", None) is not None:
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores - 1, MOST)


# ---- in a worker -------------------------------------------------------------------------------------------------

_stopped: Any = ()
"""In a worker: a mark for each piece of work, 1 once it has been stopped."""


def _begin(stopped: Any) -> None:
    """Set a worker up: interrupts are the kernel's own, and it ends when the kernel does, however that comes about."""
    global _stopped  # noqa: PLW0603 - a process that is set up by its pool has no other place
    _stopped = stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, daemon=True).start()


def _outlive_nobody() -> None:
    kernel = multiprocessing.parent_process()
    if kernel is not None:
        kernel.join()
        os._exit(1)


def _do(mark: int, task: Callable[[], T]) -> T | None:
    """Do a task, unless its work has been stopped since it was given: then nobody asks for the result."""
    return None if _stopped[mark] else task()


# ---- in the kernel -----------------------------------------------------------------------------------------------


class Workers:
    """The worker processes of one kernel.

    Parameters
    ----------
    number
        How many; by default as many as `usual_workers` says when work begins.
    idle
        Seconds without work after which they end.
    worth
        Seconds of work for which they are started.
    """

    def __init__(self, number: int | None = None, *, idle: float = IDLE, worth: float = WORTH) -> None:
        self.idle, self.worth = idle, worth
        self.number = number
        self.awake = False
        """Whether one of them has done something."""
        self._failed = False
        self._pool: ProcessPoolExecutor | None = None
        self._stopped: Any = ()
        self._given: set[Future[Any]] = set()
        self._works = self._begun = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether they have been started."""
        return self._pool is not None

    def share(self, task: Callable[[int], Callable[[], T]], replications: Iterable[int]) -> Shared[T]:
        """Share work with them; see `Shared`.

        Outside of a running event loop there is nobody to share with, since nothing goes on beside the work.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return Shared(self, 0, task, replications)
        number = usual_workers() if self.number is None else self.number
        return Shared(self, 0 if self._failed else number, task, replications)

    def begin(self) -> int:
        """Begin a piece of work, and give its mark."""
        self._works += 1
        self._begun += 1
        mark = self._begun % _MARKS
        if self.running:
            self._stopped[mark] = 0
        if self._timer is not None:
            self._timer.cancel()
        return mark

    def end(self, mark: int, given: Iterable[Future[Any]]) -> None:
        """End a piece of work: what has not begun will not, and what is running is let finish.

        Parameters
        ----------
        mark
            Of the work.
        given
            Its tasks that are still with workers.
        """
        self._works -= 1
        for future in given:
            future.cancel()
        if self.running:
            self._stopped[mark] = 1
            if not self._works:
                self._rest()

    def _rest(self) -> None:
        try:
            self._timer = asyncio.get_running_loop().call_later(self.idle, self._retire)
        except RuntimeError:
            # The loop has ended, and with it the kernel's work.
            self.close()

    def _retire(self) -> None:
        if not self._works:
            self.close()

    def close(self) -> None:
        """End the workers; the next long work starts others."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool, self.awake = None, False
        self._given.clear()

    def room(self, number: int) -> bool:
        """Whether one of so many workers is waiting for a task."""
        self._given = {future for future in self._given if not future.done()}
        return len(self._given) < _EACH * number

    def give(self, number: int, mark: int, task: Callable[[], T]) -> Future[T | None] | None:
        """Give a task to one of so many workers, which are started if need be; None where that is impossible."""
        try:
            if self._pool is None:
                # The start method of the user's process stays what it is.
                spawn = multiprocessing.get_context("spawn")
                self._stopped = spawn.RawArray("b", _MARKS)
                self._pool = ProcessPoolExecutor(number, spawn, _begin, (self._stopped,))
            future = self._pool.submit(_do, mark, task)
        except (ImportError, NotImplementedError, OSError, RuntimeError, ValueError):
            # No semaphores, no memory, too many processes, or workers that have died.
            self.fail()
            return None
        self._given.add(future)
        return future

    def fail(self) -> None:
        """Do without workers from now on, as one of them has died or cannot be had."""
        self._failed = True
        self.close()


class Shared(Generic[T]):
    """Replications that this process and its workers do together, to be used in a ``with`` block.

    Parameters
    ----------
    workers
        Who helps.
    number
        How many of them; 0 for none.
    task
        Gives for a replication a function without arguments that other processes can import, all of it picklable.
    replications
        What is to be done, the first ones first.
    """

    def __init__(
        self, workers: Workers, number: int, task: Callable[[int], Callable[[], T]], replications: Iterable[int]
    ) -> None:
        self._workers, self._number, self._task = workers, number, task
        self._waiting = deque(replications)
        self._out: dict[int, Future[T | None]] = {}
        self._mark = 0
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._mark = self._workers.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._workers.end(self._mark, self._out.values())

    @property
    def left(self) -> bool:
        """Whether anything is to come."""
        return bool(self._waiting or self._out)

    def step(self) -> list[tuple[int, T]]:
        """Do the next replication that nobody has, and give what is done here or by workers since the last step."""
        self._give()
        found = []
        if not self._waiting and self._out and not self._workers.awake:
            # Nothing is left to do here, and no worker is ready yet: nobody waits for them.
            self._waiting.append(min(self._out))
            self._out.pop(self._waiting[0]).cancel()
        if self._waiting:
            replication, begin = self._waiting.popleft(), time.perf_counter()
            found.append((replication, self._task(replication)()))
            self._seconds = time.perf_counter() - begin
        return found + self._come()

    def _give(self) -> None:
        """Give tasks to workers that wait for one, but leave as much here as they have each."""
        if not self._workers.running and self._seconds * len(self._waiting) <= self._workers.worth:
            return
        while self._number and len(self._waiting) * self._number > len(self._out) and self._workers.room(self._number):
            replication = self._waiting[0]
            future = self._workers.give(self._number, self._mark, self._task(replication))
            if future is None:
                self._number = 0
                return
            self._out[self._waiting.popleft()] = future

    def _come(self) -> list[tuple[int, T]]:
        """Give what workers have done; what they could not do is done here later, and fails here if it must."""
        found: list[tuple[int, Any]] = []
        for replication, future in sorted(self._out.items()):
            if not future.done():
                continue
            del self._out[replication]
            failure = None if future.cancelled() else future.exception()
            if future.cancelled() or failure is not None:
                self._number = 0
                self._waiting.appendleft(replication)
                if isinstance(failure, BrokenExecutor):
                    self._workers.fail()
            else:
                self._workers.awake = True
                found.append((replication, future.result()))
        return found


WORKERS = Workers()
"""Those of this kernel."""
