"""Where replications run: here, in processes of our own, or on any executor; always with the same results.

Results never depend on where or in which order they came about. Only a few tasks are under way at a time, so that
memory does not grow with their number.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from pixelsim.base.errors import InputError, PixelsimError

__all__ = ["Cancel", "Execution", "ExecutorLike", "Progress"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Cancel = Callable[[], bool]
"""Asked between tasks; True stops the work and keeps what is done."""
Progress = bool | Callable[[Iterable[Any], int], Iterator[Any]] | None
"""True for a bar, or a wrapper of the stream of results that gets their number as well."""

UNDER_WAY = 256
"""Tasks given to an executor of the user's at a time: enough for a cluster, few enough for one computer's memory."""


@runtime_checkable
class DaskClient(Protocol):
    """What a client of Dask distributed offers here."""

    def get_executor(self, **options: Any) -> Executor:
        """Give an executor of the standard library's kind."""


ExecutorLike = Executor | DaskClient


@dataclass(frozen=True, slots=True)
class Execution:
    """Where tasks run, and who watches.

    Parameters
    ----------
    workers
        Processes of our own, at least 1; 1 runs here. They are started afresh (spawn), so they work from a notebook;
        a script that starts them has to be guarded by ``if __name__ == "__main__":``.
    executor
        Any ``concurrent.futures`` executor, or a client of Dask distributed (extra ``scale``), to use instead.
    progress
        True shows a bar; or a function that wraps the stream of results and gets their number.
    cancel
        Asked after each result; once it gives True, no more results come.

    Raises
    ------
    InputError
        ``workers`` is below 1, or the executor is none.
    """

    workers: int = 1
    executor: ExecutorLike | None = None
    progress: Progress = None
    cancel: Cancel | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError.single(
                "executor",
                field="workers",
                value=self.workers,
                rule="a whole number of at least 1",
                remedy="ask for more",
            )
        if self.executor is not None and not isinstance(self.executor, Executor | DaskClient):
            raise InputError.single(
                "executor",
                field="executor",
                value=type(self.executor).__name__,
                rule="a concurrent.futures executor or a client of Dask distributed",
                remedy="give workers=2 for processes of our own",
            )

    def in_order(
        self,
        task: Callable[[Item], Result],
        items: Iterable[Item],
        total: int,
        *,
        several: Callable[[Sequence[Item]], Iterable[Result]] | None = None,
        at_once: int = 1,
    ) -> Generator[Result]:
        """Give the results of a task in the order of its items.

        Parameters
        ----------
        task
            A function that other processes can import.
        items
            What it is given, one at a time; may be more than is used.
        total
            How many results are expected, for the progress shown.
        several, at_once
            A function that is given so many items at a time and has the same results, for processes of our own; None:
            there is none. An executor of the user's gets one item at a time, so that it can share them out.
        """
        if several is None or at_once == 1 or self.executor is not None:
            results = self._sorted(task, items)
        else:
            results = itertools.chain.from_iterable(self._sorted(several, _lots(items, at_once)))
        yield from self._shown(results, total, lambda _: 1)

    def as_done(
        self, task: Callable[[Item], Result], items: Iterable[Item], total: int, size: Callable[[Result], int]
    ) -> Generator[Result]:
        """Give the results of a task as they come in, in any order.

        Parameters
        ----------
        task, items
            As for `in_order`.
        total, size
            Number of replications behind all results, and behind one.
        """
        yield from self._shown((result for _, result in self._stream(task, items)), total, size)

    def _sorted(self, task: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        early: dict[int, Result] = {}
        due = 0
        for number, result in self._stream(task, items):
            early[number] = result
            while due in early:
                yield early.pop(due)
                due += 1

    def _stream(self, task: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
        """Give the number and the result of each item, until they are all done or the work is cancelled."""
        numbered = enumerate(items)
        if self.executor is None and self.workers == 1:
            for number, item in numbered:
                yield number, task(item)
                if self._cancelled:
                    return
            return
        with self._pool() as (pool, most):
            waiting: dict[Future[Result], int] = {}
            try:
                while True:
                    for number, item in numbered:
                        waiting[pool.submit(task, item)] = number
                        if len(waiting) >= most:
                            break
                    if not waiting:
                        return
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        yield waiting.pop(future), future.result()
                        if self._cancelled:
                            return
            except BrokenExecutor as error:
                msg = (
                    "a worker process ended by itself: it ran out of memory, or the script that started it has no "
                    '`if __name__ == "__main__":` around the call; what a study had stored is kept, use fewer workers '
                    "or add the guard"
                )
                raise PixelsimError(msg) from error
            finally:
                for future in waiting:
                    future.cancel()

    @contextlib.contextmanager
    def _pool(self) -> Iterator[tuple[Executor, int]]:
        """Give the executor, and how many tasks it is given at a time; processes of our own end with the block."""
        if isinstance(self.executor, Executor):
            yield self.executor, UNDER_WAY
        elif self.executor is not None:
            # The same task may be asked for twice on purpose: nothing is taken from Dask's memory of results.
            yield self.executor.get_executor(pure=False), UNDER_WAY
        else:
            # A context of our own: the start method of the user's process stays what it is. Workers leave interrupts
            # from the keyboard to the process that started them, so that a study ends in one place.
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(self.workers, spawn, signal.signal, (signal.SIGINT, signal.SIG_IGN))
            try:
                yield pool, 2 * self.workers
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    @property
    def _cancelled(self) -> bool:
        return self.cancel is not None and bool(self.cancel())

    def _shown(self, stream: Iterator[Result], total: int, size: Callable[[Result], int]) -> Iterator[Result]:
        if callable(self.progress):
            yield from (result for result in self.progress(_counted(stream, size), total) if result is not None)
        elif self.progress and total:
            from tqdm.auto import tqdm  # noqa: PLC0415 - looks for a notebook when it is imported

            with tqdm(total=total, desc="replications", unit="run") as bar:
                for result in stream:
                    bar.update(size(result))
                    yield result
        else:
            yield from stream


def _lots(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    rest = iter(items)
    while lot := tuple(itertools.islice(rest, size)):
        yield lot


def _counted(stream: Iterator[Result], size: Callable[[Result], int]) -> Iterator[Result | None]:
    """Give each result, and None for every further replication behind it, so that a wrapper counts replications."""
    for result in stream:
        yield result
        yield from itertools.repeat(None, size(result) - 1)
