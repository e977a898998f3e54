from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from worker_tasks import Unpacked, noted, parts, processes, refused, waited

import pixelsim as ps
from pixelsim.base.errors import InputError
from pixelsim.explore.workers import SPELL, VARIABLE, Shared, Workers, usual_workers


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """One worker, started once for all tests of this module."""
    found = Workers(1, worth=0.0)
    yield found
    found.close()


def all_of(workers: Workers, work: Callable[[Sequence[int]], Sequence[Any]], number: int) -> dict[int, Any]:
    """Do replications as an explorer does, and give what they came to."""

    async def notebook() -> dict[int, Any]:
        found: list[tuple[int, Any]] = []
        with workers.share(work, range(number)) as together:
            while together.left:
                found += together.step()
                await asyncio.sleep(0.001)
        assert len(found) == len(dict(found))
        return dict(found)

    return asyncio.run(notebook())


def awake(workers: Workers) -> None:
    """Wait until the worker does something."""
    until = time.monotonic() + 60
    while not workers.awake and time.monotonic() < until:
        all_of(workers, partial(waited, 0.02), 8)
    assert workers.awake


def test_an_explorer_shows_the_same_bytes_as_alone(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelsim.explore.settling.WORKERS", workers)
    awake(workers)
    given = []
    monkeypatch.setattr(workers, "give", lambda *task: given.append(task) or Workers.give(workers, *task))

    def opened() -> Any:
        return ps.explore.best_practice("agency_clients", sizes={"clients": 1}, replications=6, seed=5)

    async def notebook() -> Any:
        return await opened().finished()

    together = asyncio.run(notebook())
    assert given
    many = len(given)
    alone = opened()
    assert len(given) == many
    assert together.table.value == alone.table.value
    assert together.picture.value == alone.picture.value
    # Values that are missing differ from themselves, and not in what they are called.
    assert repr(together.found.runs) == repr(alone.found.runs)


def test_an_explorer_tells_once_that_a_worker_has_died(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Workers(0)
    lost.lose()
    monkeypatch.setattr("pixelsim.explore.settling.WORKERS", lost)
    explorer: Any = ps.explore.best_practice("agency_clients", sizes={"clients": 1}, replications=2, seed=5)
    assert "goes on alone" in explorer.message.value
    assert len(explorer.found.runs) == 2
    explorer.controls["clients"].value = 2
    assert not explorer.message.value


def test_processes_share_the_room_for_what_is_kept(workers: Workers) -> None:
    awake(workers)
    found = set(all_of(workers, parts, 12).values())
    assert {part for _, part in found} == {2}
    assert len(found) == 2


def test_each_process_keeps_to_its_replications_until_it_would_have_to_wait() -> None:
    for processes_there in (2, 3):
        together = Shared(Workers(processes_there - 1), processes_there - 1, parts, range(12))
        together._seconds = SPELL / 2
        taken: list[int] = []
        while len(taken) < 12:
            taken += together._next(here=True)
        own = list(range(0, 12, processes_there))
        assert taken[: len(own)] == own
        # Then it takes those whose turn with the others is last.
        assert {10, 11} & set(taken[len(own) : len(own) + 2])
        assert sorted(taken) == list(range(12))
        others = Shared(Workers(processes_there - 1), processes_there - 1, parts, range(12))
        assert others._next(here=False) == (1,)


def test_a_worker_begins_while_this_process_rests_and_only_if_it_is_there(workers: Workers, tmp_path: Path) -> None:
    awake(workers)
    none = Workers(1)

    async def begun(found: Workers, seconds: float) -> list[str]:
        """Give what is begun before the first step within so many seconds."""
        folder = tmp_path / str(found.running)
        folder.mkdir()
        with found.share(partial(noted, folder), range(4)) as together:
            together.begin()
            until = time.monotonic() + seconds
            while time.monotonic() < until and not list(folder.iterdir()):
                await asyncio.sleep(0.001)
            seen = [path.name for path in folder.iterdir()]
            while together.left:
                together.step()
                await asyncio.sleep(0.001)
        assert len(list(folder.iterdir())) == 4
        return seen

    assert asyncio.run(begun(workers, 30)) == ["1"]
    assert asyncio.run(begun(none, 0.1)) == []
    assert not none.running


def test_both_processes_take_replications_and_none_is_done_twice(workers: Workers, tmp_path: Path) -> None:
    awake(workers)
    found = all_of(workers, partial(noted, tmp_path), 10)
    assert sorted(found) == list(range(10))
    here = [process for process in found.values() if process == os.getpid()]
    assert 3 <= len(here) <= 7
    assert len(set(found.values())) == 2


def test_several_replications_go_in_one_go_as_long_as_a_page_can_wait() -> None:
    def goes(number: int, seconds: float, together: int = 10) -> list[int]:
        """Give how many of the replications, of so many seconds each, are done at a time."""
        found: list[int] = []

        def work(replications: Sequence[int]) -> Sequence[None]:
            found.append(len(replications))
            return waited(seconds, replications)

        assert len(all_of(Workers(0, together=together), work, number)) == number
        return found

    # The first alone, since nobody knows yet what they take.
    assert goes(24, 0.0, together=6) == [1, 6, 6, 6, 5]
    assert goes(24, 0.0, together=1) == [1] * 24
    slow = goes(8, 0.4 * SPELL)
    assert (slow[0], max(slow)) == (1, 2)


def test_what_is_stopped_is_not_begun_and_new_work_need_not_wait(workers: Workers, tmp_path: Path) -> None:
    awake(workers)
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()

    async def notebook() -> None:
        mark = workers.begin()
        work = pickle.dumps(partial(noted, old))
        given = [workers.give(1, mark, work, (number,)) for number in range(5)]
        assert not workers.room(1)
        workers.end(mark, [future for future in given if future is not None])
        with workers.share(partial(noted, new), range(20)) as together:
            # What was left over from before does not keep this process from beginning.
            assert os.getpid() in dict(together.step()).values()
            while together.left:
                together.step()
                await asyncio.sleep(0.001)

    asyncio.run(notebook())
    # The worker may have been at the first one; all others were given to it too, and dropped.
    assert len(list(old.iterdir())) <= 1
    assert len(list(new.iterdir())) == 20


def test_a_worker_imports_what_it_needs_for_work_that_nobody_waits_for_any_more(tmp_path: Path) -> None:
    """What it imports for the first choice is there for the second one, even if the first was over before."""
    workers = Workers(1, worth=0.0)

    async def notebook() -> None:
        mark = workers.begin()
        future = workers.give(1, mark, pickle.dumps(Unpacked(tmp_path)), (3, 4))
        assert future is not None
        workers.end(mark, [future])
        until = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < until:
            await asyncio.sleep(0.01)

    asyncio.run(notebook())
    workers.close()
    assert [path.name for path in tmp_path.iterdir()] == ["unpacked"]


def test_what_fails_in_a_worker_fails_here_in_the_same_way(workers: Workers) -> None:
    awake(workers)
    with pytest.raises(InputError, match="number is '3', but must be not 3"):
        all_of(workers, refused, 8)
    assert workers.running


def test_a_task_that_no_process_can_import_is_done_here(workers: Workers) -> None:
    awake(workers)
    assert all_of(workers, lambda numbers: [number * number for number in numbers], 5) == {
        number: number * number for number in range(5)
    }
    assert workers.running


def test_a_worker_that_dies_loses_nothing(workers: Workers, tmp_path: Path) -> None:
    awake(workers)

    async def notebook() -> dict[int, int]:
        found: list[tuple[int, int]] = []
        with workers.share(partial(noted, tmp_path), range(12)) as together:
            found += together.step()
            (worker,) = multiprocessing.active_children()
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)
            while together.left:
                found += together.step()
                await asyncio.sleep(0.001)
        return dict(found)

    assert sorted(asyncio.run(notebook())) == list(range(12))
    assert not workers.running
    assert "ended by itself" in workers.loss
    # From then on this process works alone.
    assert set(all_of(workers, processes, 6).values()) == {os.getpid()}
    assert not workers.running


def test_idle_workers_end_and_short_work_starts_none() -> None:
    workers = Workers(1, idle=0.05, worth=0.0)

    async def notebook() -> None:
        with workers.share(partial(waited, 0.01), range(3)) as together:
            while together.left:
                together.step()
            assert workers.running
        assert workers.running
        await asyncio.sleep(0.2)
        assert not workers.running

    asyncio.run(notebook())
    short = Workers(1)
    assert all_of(short, partial(waited, 0.01), 3) == dict.fromkeys(range(3))
    assert not short.running


def test_without_a_running_loop_or_without_processes_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def done(together: Shared[int]) -> set[int]:
        with together:
            return {process for _ in range(4) for _, process in together.step()}

    workers = Workers(1, worth=0.0)
    assert done(workers.share(processes, range(4))) == {os.getpid()}
    assert not workers.running

    def none(*_given: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr("pixelsim.explore.workers.ProcessPoolExecutor", none)
    assert set(all_of(workers, processes, 4).values()) == {os.getpid()}


def test_there_are_as_many_as_cores_but_one_and_none_for_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    # A script has a file, which each worker would run once more.
    main.__file__ = "script.py"
    assert usual_workers() == 0
    del main.__file__
    for cores, wanted in ((1, 0), (2, 1), (8, 7), (64, 7)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        assert usual_workers() == wanted
    monkeypatch.setenv(VARIABLE, "3")
    assert usual_workers() == 3
    monkeypatch.setenv(VARIABLE, "-1")
    with pytest.raises(InputError, match="PIXELSIM_WORKERS is '-1', but must be a whole number"):
        usual_workers()
