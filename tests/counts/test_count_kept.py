"""What is kept of earlier runs: as much as there is room for."""

from __future__ import annotations

from benchmarks.scenarios import small
from pixelsim.counts import count, delivery
from pixelsim.counts.kept import Kept


def test_those_asked_for_longest_ago_are_forgotten_first() -> None:
    kept: Kept[str, int] = Kept(10)
    for number, key in enumerate("abc"):
        kept.keep(key, number, 3)
    assert kept.get("a") == 0
    kept.keep("d", 3, 4)
    assert [kept.get(key) for key in "abcd"] == [0, None, 2, 3]
    assert (len(kept), kept.taken) == (3, 10)


def test_what_takes_more_than_all_room_forgets_nothing() -> None:
    kept: Kept[str, int] = Kept(10)
    kept.keep("a", 0, 10)
    kept.keep("b", 1, 11)
    assert (kept.get("a"), kept.get("b"), kept.taken) == (0, None, 10)


def test_what_is_kept_anew_takes_its_room_once() -> None:
    kept: Kept[str, int] = Kept(10)
    for value, size in enumerate((8, 4, 6)):
        kept.keep("a", value, size)
    assert (kept.get("a"), len(kept), kept.taken) == (2, 1, 6)


def test_envelopes_take_no_more_room_than_there_is(monkeypatch) -> None:
    few = Kept(3 * 10_000)
    monkeypatch.setattr(delivery, "_KEPT", few)
    scenario = small(days=14)
    for number in range(4):
        count(scenario, 1, number)
    assert 0 < few.taken <= few.room
