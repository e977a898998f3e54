from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from pixelsim.explore.undisturbed import Quiet, undisturbed, undisturbed_steps


class Ring:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def collections() -> Iterator[list[int]]:
    """Give the generations that were collected, one after the other."""
    found: list[int] = []

    def note(phase: str, told: dict[str, Any]) -> None:
        if phase == "start":
            found.append(told["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_garbage_goes_after_the_block_and_not_inside_it(collections: list[int]) -> None:
    with undisturbed():
        gone = weakref.ref(Ring())
        many = [[number] for number in range(10 * gc.get_threshold()[0])]
        assert not collections
        assert gone() is not None
    assert collections == [0]
    assert gone() is None
    assert len(many) == 10 * gc.get_threshold()[0]
    assert gc.isenabled()


def test_a_block_in_a_block_and_one_that_fails_leave_it_as_it_was() -> None:
    with undisturbed():
        with undisturbed():
            pass
        assert not gc.isenabled()
    with pytest.raises(ValueError, match="failed"), undisturbed():
        raise ValueError("failed")
    assert gc.isenabled()


def test_each_step_of_work_is_undisturbed_and_what_is_between_is_not() -> None:
    def work() -> Iterator[bool]:
        for _ in range(3):
            yield gc.isenabled()

    inside = []
    for found in undisturbed_steps(work()):
        inside.append(found)
        assert gc.isenabled()
    assert inside == [False] * 3
    assert gc.isenabled()


@pytest.mark.parametrize(("upto", "done"), [(None, [0, 1, 2]), (1, [0])])
def test_steps_come_one_by_one_while_nothing_goes_on_until_they_are_cancelled(
    upto: int | None, done: list[int]
) -> None:
    found: list[int] = []

    async def notebook() -> None:
        quiet = Quiet(asyncio.get_running_loop(), map(found.append, range(3)), 0.01)
        assert not found
        while len(found) != (upto or 3):
            await asyncio.sleep(0)
        quiet.cancel()
        await asyncio.sleep(0.1)

    asyncio.run(notebook())
    assert found == done
