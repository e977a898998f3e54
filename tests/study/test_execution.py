"""Where tasks run: the results and their order are the same everywhere. Most of it needs no simulation."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest

from pixelsim.base.errors import InputError, PixelsimError
from pixelsim.study import replicate
from pixelsim.study.execution import Execution


def square(number):
    return number * number


def late_first(number):
    time.sleep(0.02 if number == 0 else 0)
    return number


class Shuffled(Executor):
    """Does nothing until it is waited for, and then in an order of its own."""

    def __init__(self, seed):
        self._random, self._lock, self.given, self.most = np.random.default_rng(seed), threading.Lock(), [], 0

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        with self._lock:
            self.given.append((future, function, args, kwargs))
            self.most = max(self.most, len(self.given))
        threading.Timer(0.001, self._do_one).start()
        return future

    def _do_one(self):
        with self._lock:
            future, function, args, kwargs = self.given.pop(int(self._random.integers(len(self.given))))
        if future.set_running_or_notify_cancel():
            future.set_result(function(*args, **kwargs))


class Client:
    """What Dask's client offers: executors that are made with its options."""

    def __init__(self):
        self.options = None

    def get_executor(self, **options):
        self.options = options
        return ThreadPoolExecutor(2)


class TestInOrder:
    @pytest.mark.parametrize("seed", range(3))
    def test_results_stand_in_the_order_of_the_items(self, seed):
        executor = Shuffled(seed)
        assert list(Execution(executor=executor).in_order(square, range(40), 40)) == [n * n for n in range(40)]
        assert executor.most > 1

    def test_one_late_result_holds_nobody_up_for_ever(self):
        with ThreadPoolExecutor(4) as pool:
            assert list(Execution(executor=pool).in_order(late_first, range(20), 20)) == list(range(20))

    def test_only_some_tasks_are_under_way_at_a_time(self):
        taken = []

        def items():
            for number in range(10_000):
                taken.append(number)
                yield number

        with (
            ThreadPoolExecutor(2) as pool,
            contextlib.closing(Execution(executor=pool).in_order(square, items(), 10_000)) as results,
        ):
            next(results)
        assert len(taken) < 1_000

    def test_an_error_of_a_task_comes_through(self):
        with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
            list(Execution(executor=pool).in_order(lambda n: 1 // n, range(3), 3))


class TestAsDone:
    def test_all_results_in_any_order(self):
        found = list(Execution(executor=Shuffled(5)).as_done(square, range(30), 30, lambda _: 1))
        assert sorted(found) == [n * n for n in range(30)]

    def test_cancel_leaves_the_rest_undone(self):
        answers = iter([False, False, False, True])
        execution = Execution(cancel=lambda: next(answers))
        assert list(execution.as_done(square, range(100), 100, lambda _: 1)) == [0, 1, 4, 9]


class TestProgress:
    @pytest.mark.parametrize("as_done", [False, True])
    def test_a_wrapper_counts_replications_and_the_results_pass_through(self, as_done):
        seen = []

        def wrapper(stream, total):
            for item in stream:
                seen.append(item)
                yield item
            seen.append(f"of {total}")

        execution = Execution(progress=wrapper)
        found = execution.as_done(square, [1, 2], 5, lambda r: r) if as_done else execution.in_order(square, [1, 2], 2)
        assert list(found) == [1, 4]
        assert seen == ([1, 4, None, None, None, "of 5"] if as_done else [1, 4, "of 2"])


class TestExecutors:
    def test_a_dask_like_client_gives_the_executor(self):
        client = Client()
        assert list(Execution(executor=client).in_order(square, range(5), 5)) == [0, 1, 4, 9, 16]
        assert client.options == {"pure": False}

    def test_refuses_what_is_no_executor(self):
        with pytest.raises(InputError, match=r"concurrent\.futures executor"):
            Execution(executor="dask")
        with pytest.raises(InputError, match="at least 1"):
            Execution(workers=0)

    def test_threads_give_the_same_replications(self, scenario):
        here = replicate(scenario, 3)
        with ThreadPoolExecutor(3) as pool:
            there = replicate(scenario, 3, executor=pool)
        assert there.frame().equals(here.frame())

    def test_a_worker_that_dies_is_told_of(self):
        with pytest.raises(PixelsimError, match="ran out of memory, or the script"):
            list(Execution(workers=2).in_order(os._exit, [3, 3], 2))

    def test_the_start_method_of_the_process_is_left_alone(self):
        before = multiprocessing.get_start_method()
        assert list(Execution(workers=2).in_order(math.isqrt, [0, 1, 4, 9], 4)) == [0, 1, 2, 3]
        assert multiprocessing.get_start_method() == before

    def test_dask(self, scenario):
        distributed = pytest.importorskip("distributed", reason="the extra `scale` (Dask distributed) is not installed")
        with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
            there = replicate(scenario, 3, executor=client)
        assert there.frame().equals(replicate(scenario, 3).frame())
