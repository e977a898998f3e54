"""Worker processes for the long work of explorers: shared by all explorers of a notebook's kernel, gone when idle.

The kernel's own process works too: it takes the next replications that nobody has, so that nothing waits for workers to
start, and each replication comes to the same wherever it is run. Several are done in one go, which is sooner than one
by one, but not for longer than a page can wait. There are as many workers as cores but one, at most
`MOST`; none on one core, and none where the main module is a script, which each of them would run once more. The
environment variable ``PIXELSIM_WORKERS`` sets another number, 0 for none. Where processes cannot be had, or one of them
dies, this process does their work.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from pixelsim.base.errors import InputError
from pixelsim.counts.kept import share_room
from pixelsim.explore.undisturbed import undisturbed

__all__ = ["VARIABLE", "WORKERS", "Shared", "Workers", "usual_workers"]

T = TypeVar("T")
Work = Callable[[Sequence[int]], Sequence[T]]
"""Does replications, and gives what each came to."""

VARIABLE = "PIXELSIM_WORKERS"
"""The environment variable that sets the number of workers."""
MOST = 7
"""Workers at most: each takes some 200 MB of memory, besides what all of them keep of runs."""
IDLE = 120.0
"""Seconds without work after which the workers end."""
WORTH = 1.0
"""Seconds of work that are left when workers are started: about what their imports take."""
SPELL = 0.2
"""Seconds that replications take at most which are done in one go: so long a page waits, and work takes to stop."""
TOGETHER = 10
"""Replications at most that are done in one go: more would only take more memory."""
LOSS = "A helping process ended by itself, perhaps for lack of memory: this notebook goes on alone, and more slowly."
"""What is told where a worker has died."""
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


def _begin(stopped: Any, work: bytes, processes: int) -> None:
    """Set a worker up: interrupts are the kernel's own, and it ends when the kernel does, however that comes about.

    It imports what the first work needs, whether that is still asked for then or not: this takes longer than all else,
    and the next choice needs the same. What it keeps of runs takes a part of the room, as it does a part of them.
    """
    global _stopped  # noqa: PLW0603 - a process that is set up by its pool has no other place
    _stopped = stopped
    share_room(processes)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    # What fails here fails once more where somebody waits for it.
    with contextlib.suppress(Exception):
        _unpacked(work)
    # Nobody looks for garbage any more in what is there now: it is what was imported, most of all.
    gc.freeze()


def _outlive_nobody() -> None:
    kernel = multiprocessing.parent_process()
    if kernel is not None:
        kernel.join()
        os._exit(1)


def _do(mark: int, work: bytes, replications: tuple[int, ...]) -> Sequence[Any] | None:
    """Do replications, unless their work has been stopped since they were given: then nobody asks for the result."""
    if _stopped[mark]:
        return None
    with undisturbed():
        return _unpacked(work)(replications)


@functools.lru_cache(maxsize=2)
def _unpacked(work: bytes) -> Work[Any]:
    """Give what was packed; what follows from its scenarios is kept with these for all replications."""
    found: Work[Any] = pickle.loads(work)  # noqa: S301 - comes from the kernel, as everything that a worker does
    return found


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
    together
        Replications that are done in one go, at most.
    """

    def __init__(
        self, number: int | None = None, *, idle: float = IDLE, worth: float = WORTH, together: int = TOGETHER
    ) -> None:
        self.idle, self.worth, self.together = idle, worth, together
        self.number = number
        self.awake = False
        """Whether one of them has done something."""
        self._failed = False
        self.loss = ""
        """What to tell once about a worker that has died; empty where none has, and once it is told."""
        self._pool: ProcessPoolExecutor | None = None
        self._stopped: Any = ()
        self._given: set[Future[Any]] = set()
        self._works = self._begun = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether they have been started."""
        return self._pool is not None

    def share(self, work: Work[T], replications: Iterable[int]) -> Shared[T]:
        """Share work with them; see `Shared`.

        Outside of a running event loop there is nobody to share with, since nothing goes on beside the work.
        """
        number = 0
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            number = usual_workers() if self.number is None else self.number
        number = 0 if self._failed else number
        share_room(number + 1)
        return Shared(self, number, work, replications)

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

    def give(
        self, number: int, mark: int, work: bytes, replications: tuple[int, ...]
    ) -> Future[Sequence[Any] | None] | None:
        """Give replications to one of so many workers, which are started if need be; None where that is impossible.

        Parameters
        ----------
        number
            How many workers there are to be.
        mark
            Of the piece of work.
        work
            What does it, packed.
        replications
            What is to be done in one go.
        """
        try:
            if self._pool is None:
                # The start method of the user's process stays what it is.
                spawn = multiprocessing.get_context("spawn")
                self._stopped = spawn.RawArray("b", _MARKS)
                self._pool = ProcessPoolExecutor(number, spawn, _begin, (self._stopped, work, number + 1))
            future = self._pool.submit(_do, mark, work, replications)
        except BrokenExecutor:
            self.lose()
            return None
        except (ImportError, NotImplementedError, OSError, RuntimeError, ValueError):
            # No semaphores, no memory, or too many processes.
            self.fail()
            return None
        self._given.add(future)
        return future

    def fail(self) -> None:
        """Do without workers from now on, as one of them has died or cannot be had."""
        self._failed = True
        self.close()

    def lose(self) -> None:
        """Do without workers from now on, as one of them has died in the midst of a task."""
        self.fail()
        self.loss = LOSS


class Shared(Generic[T]):
    """Replications that this process and its workers do together, to be used in a ``with`` block.

    Parameters
    ----------
    workers
        Who helps.
    number
        How many of them; 0 for none.
    work
        Does replications: a function that other processes can import, all of it picklable.
    replications
        What is to be done, the first ones first.
    """

    def __init__(self, workers: Workers, number: int, work: Work[T], replications: Iterable[int]) -> None:
        self._workers, self._number, self._work = workers, number, work
        self._waiting = sorted(replications)
        self._out: dict[tuple[int, ...], Future[Sequence[T] | None]] = {}
        self._packed = b""
        self._mark = 0
        self._seconds = 0.0
        """What one replication takes, as far as is known."""

    def __enter__(self) -> Self:
        self._mark = self._workers.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._workers.end(self._mark, self._out.values())

    @property
    def left(self) -> bool:
        """Whether anything is to come."""
        return bool(self._waiting or self._out)

    def begin(self) -> None:
        """Give a first replication to a worker that is there already, while this process does something else."""
        if self._workers.awake and self._number and self._waiting and self._room():
            self._submit()

    def step(self) -> list[tuple[int, T]]:
        """Do the next replications that nobody has, and give what is done here or by workers since the last step."""
        self._give()
        found: list[tuple[int, T]] = []
        if not self._waiting and self._out and not self._workers.awake:
            # Nothing is left to do here, and no worker is ready yet: nobody waits for them.
            self._take_back(min(self._out)).cancel()
        if self._waiting:
            replications, begin = self._next(here=True), time.perf_counter()
            found += zip(replications, self._work(replications), strict=True)
            self._seconds = (time.perf_counter() - begin) / len(replications)
        found += self._come()
        # What is done between two steps, such as a picture, keeps nobody waiting.
        self._give()
        return found

    def _next(self, *, here: bool) -> tuple[int, ...]:
        """Take what is done in one go: one replication first, and with workers fewer towards the end.

        Replications are this process's or the workers' by their number, as far as nobody has to wait for that: so each
        finds again what it kept of the same luck when the next choice is made.
        """
        most = min(int(SPELL / self._seconds), self._workers.together) if self._seconds else 1
        fair = -(-len(self._waiting) // (2 * (self._number + 1))) if self._number else len(self._waiting)
        number = max(min(most, fair), 1)
        own = (
            [one for one in self._waiting if (one % (self._number + 1) == 0) is here] if self._number else self._waiting
        )
        taken = own[:number] or self._waiting[-number:]
        self._waiting = [one for one in self._waiting if one not in taken]
        return tuple(taken)

    def _take_back(self, replications: tuple[int, ...]) -> Future[Sequence[T] | None]:
        """Put what a worker has back among what is to be done, the first ones first."""
        self._waiting = sorted((*replications, *self._waiting))
        return self._out.pop(replications)

    def _give(self) -> None:
        """Give tasks to workers that wait for one, but leave as much here as they have each."""
        if not self._workers.running and self._seconds * len(self._waiting) <= self._workers.worth:
            return
        while self._number and len(self._waiting) * self._number > sum(map(len, self._out)) and self._room():
            self._submit()

    def _submit(self) -> None:
        """Give the next replications to a worker."""
        replications = self._next(here=False)
        future = self._workers.give(self._number, self._mark, self._packed, replications)
        if future is None:
            self._number = 0
            self._waiting = sorted((*replications, *self._waiting))
        else:
            self._out[replications] = future

    def _room(self) -> bool:
        """Whether a worker waits for something, and the work can be packed for it."""
        if not self._packed:
            try:
                self._packed = pickle.dumps(self._work)
            except (AttributeError, TypeError, pickle.PicklingError):
                # No other process can have it.
                self._number = 0
                return False
        return self._workers.room(self._number)

    def _come(self) -> list[tuple[int, T]]:
        """Give what workers have done; what they could not do is done here later, and fails here if it must."""
        found: list[tuple[int, Any]] = []
        for replications, future in sorted(self._out.items(), key=lambda one: one[0], reverse=True):
            if not future.done():
                continue
            failure = None if future.cancelled() else future.exception()
            if future.cancelled() or failure is not None:
                self._number = 0
                self._take_back(replications)
                if isinstance(failure, BrokenExecutor):
                    self._workers.lose()
            else:
                self._workers.awake = True
                del self._out[replications]
                found += zip(replications, future.result() or (), strict=True)
        return sorted(found, key=lambda one: one[0])


WORKERS = Workers()
"""Those of this kernel."""
