"""What is kept of earlier runs: as much as there is room for."""

from __future__ import annotations

import pytest

from benchmarks.scenarios import small
from pixelsim.counts import count, delivery, kept, paid, willing
from pixelsim.counts.kept import Kept, share_room


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take all the room, and what there was before after the test."""
    monkeypatch.setattr(kept, "_part", 1)


def test_those_asked_for_longest_ago_are_forgotten_first() -> None:
    some: Kept[str, int] = Kept(10)
    for number, key in enumerate("abc"):
        some.keep(key, number, 3)
    assert some.get("a") == 0
    some.keep("d", 3, 4)
    assert [some.get(key) for key in "abcd"] == [0, None, 2, 3]
    assert (len(some), some.taken) == (3, 10)


def test_what_takes_more_than_all_room_forgets_nothing() -> None:
    some: Kept[str, int] = Kept(10)
    some.keep("a", 0, 10)
    some.keep("b", 1, 11)
    assert (some.get("a"), some.get("b"), some.taken) == (0, None, 10)


def test_what_is_kept_anew_takes_its_room_once() -> None:
    some: Kept[str, int] = Kept(10)
    for value, size in enumerate((8, 4, 6)):
        some.keep("a", value, size)
    assert (some.get("a"), len(some), some.taken) == (2, 1, 6)


def test_envelopes_take_no_more_room_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    few: Kept[object, object] = Kept(3 * 10_000)
    monkeypatch.setattr(delivery, "_KEPT", few)
    scenario = small(days=14)
    for number in range(4):
        count(scenario, 1, number)
    assert 0 < few.taken <= few.room


def test_processes_that_share_replications_share_the_room_too() -> None:
    some: Kept[str, int] = Kept(100)
    some.keep("a", 1, 60)
    share_room(2)
    assert some.room == 50
    some.keep("b", 2, 40)
    assert [some.get(key) for key in "ab"] == [None, 2]


def test_where_no_designs_are_explored_little_is_kept() -> None:
    """A study of many processes keeps some 30 MB in each."""
    share_room(kept._FEW)
    assert 20e6 < sum(module._KEPT.room for module in (delivery, paid, willing)) < 40e6
