"""The compiled kernels give the bytes that NumPy gives, one by one and in whole runs."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import scenarios

from benchmarks.scenarios import ending_of, small
from pixelsim.base.errors import MissingExtraError
from pixelsim.base.streams import Streams
from pixelsim.scenario import Scenario
from pixelsim.traffic import compiled
from pixelsim.traffic.arrivals import ArrivalStream
from pixelsim.traffic.capture import Copies
from pixelsim.traffic.counter import uniform
from pixelsim.traffic.dedup import DedupRule, deduplicate
from pixelsim.traffic.kernels import chosen, kernels
from pixelsim.traffic.keys import Sieve, first_equal, order_of_time
from pixelsim.traffic.shapes import LocalDays, WeekShape
from pixelsim.traffic.simulate import Simulation, simulate

exact = settings(derandomize=True, deadline=None, max_examples=80)
FAR = 2**40
"""More ms than the compiled order sorts by digits."""


def both(work):
    """Give what work returns in NumPy, and in the compiled kernels."""
    plain = work()
    with kernels(compiled=True):
        return plain, work()


def same(one, other) -> bool:
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


def test_choice_holds_inside_its_block_only() -> None:
    assert chosen() is None
    with kernels(compiled=True):
        assert chosen() is compiled.load()
        with kernels(compiled=False):
            assert chosen() is None
        assert chosen() is compiled.load()
    assert chosen() is None


def test_extra_is_named_when_numba_is_missing(monkeypatch) -> None:
    compiled.load.cache_clear()
    for name in [name for name in sys.modules if name.startswith("pixelsim.traffic.compiled.")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(compiled, name.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingExtraError, match=r"pixelsim\[fast\]"):
        simulate(small(), 7, compiled=True)
    assert chosen() is None
    compiled.load.cache_clear()


@exact
@given(st.lists(st.sampled_from([0, 1, 2, 700, 86_399_999, FAR, -5]) | st.integers(0, 3 * 10**9), max_size=60))
def test_order_of_times(times) -> None:
    at = np.array(times, dtype=np.int64)
    then = np.arange(len(at))[::-1].copy() % 4
    for columns in ((), (then,), (then, at % 3)):
        assert same(*both(lambda columns=columns: order_of_time(at, *columns)))
    assert at[order_of_time(at)].tolist() == sorted(times)


@pytest.mark.parametrize("span", [1, 3, 2**11, 2**22 - 1, 2**32 - 1, 2**32])
def test_order_of_many_times(span: int) -> None:
    at = np.random.default_rng(2).integers(-span, 0, 30_000, endpoint=True)
    plain, fast = both(lambda: order_of_time(at))
    assert same(plain, fast)
    assert same(fast, np.argsort(at, kind="stable"))


@exact
@given(st.lists(st.integers(-3, 3) | st.integers(-(2**62), 2**62), max_size=50), st.integers(0, 6))
def test_first_equal_rows_and_sieves(values, few) -> None:
    column = np.array(values, dtype=np.int64)
    first, fast = both(lambda: first_equal(column))
    assert same(first, fast)
    assert first.tolist() == [values.index(value) for value in values]
    passed, fast = both(lambda: Sieve(column[:few]).positions(column))
    assert same(passed, fast)
    assert set(passed.tolist()) >= {n for n, value in enumerate(values) if value in values[:few]}


@exact
@given(st.lists(st.integers(0, 2**42), max_size=20), st.integers(1, 3))
def test_uniform_numbers(numbers, keys) -> None:
    number = np.array(numbers, dtype=np.int64)
    key = np.array([3, 2**63 + 11, 2**64 - 1], dtype=np.uint64)[:keys]
    which = np.arange(len(number), dtype=np.int32) % keys
    plain, fast = both(lambda: uniform(number, key, which))
    assert same(plain, fast)
    assert same(plain, uniform(number, key[which]))
    assert same(*both(lambda: uniform(number, np.uint64(9))))


@exact
@given(st.data())
def test_chains_of_event_ids(data) -> None:
    """In blocks that carry on what is still open, with copies that never came."""
    rows = st.tuples(
        st.integers(0, 40),
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from([-1, 0, 1, 2, 2 << 11, 2 << 20]),
        st.integers(0, 1),
        st.integers(-1, 1),
        st.booleans(),
    )
    table = sorted(data.draw(st.lists(rows, min_size=1, max_size=30)))
    columns = [np.array(column, dtype=np.int64) for column in zip(*table, strict=True)]
    lost = columns.pop().astype(np.bool_)
    window = data.draw(st.integers(0, 30))
    rule = DedupRule(window, data.draw(st.integers(0, window)), data.draw(st.integers(0, 9)), data.draw(st.booleans()))
    cut = data.draw(st.integers(0, len(table)))

    def in_blocks():
        state, found = None, []
        for block in (slice(0, cut), slice(cut, None)):
            part = deduplicate(*(column[block] for column in columns), rule, lost=lost[block], state=state)
            found.append(part)
            state = part.state
        return found

    for plain, fast in zip(*both(in_blocks), strict=True):
        assert same(plain.outcome, fast.outcome)
        assert same(plain.first, fast.first)
        assert same(plain.state.row, fast.state.row)


@pytest.mark.parametrize("slots", [None, 40, 100_000])
@pytest.mark.parametrize("weights", [[1.0] * 24, [0.0] * 6 + [1.0, 5.0] * 9])
def test_arrivals(slots: int | None, weights: list[float]) -> None:
    site = small(site={"hours": weights}).traffic.sites[0]

    def drawn() -> tuple[np.ndarray, ...]:
        stream = ArrivalStream(
            Streams(5, 0),
            "visits",
            "shop",
            days=LocalDays.on(0, 2, 5_400_000),
            shape=WeekShape.of(site),
            means=lambda first, last: np.full(last - first, 300.0),
            slots=None if slots is None else lambda first, last: np.full(last - first, slots),
            block_days=3,
        )
        found = stream.until(400_000_000)
        return found.at, found.slot, found.number

    for one, other in zip(*both(drawn), strict=True):
        assert same(one, other)
    assert len(drawn()[0]) > 100


@exact
@given(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(0, 99))
def test_tables_merged_in_an_order(sizes, seed) -> None:
    rng = np.random.default_rng(seed)
    types = [np.int64] * 5 + [np.int8] + [np.int64] * 2 + [np.int32, np.int8, np.int64, np.int8, np.int8]
    parts = [Copies(*(rng.integers(0, 99, size).astype(dtype) for dtype in types)) for size in sizes]
    order = rng.permutation(sum(sizes))
    for one, other in zip(*(table.columns() for table in both(lambda: Copies.merged(parts, order))), strict=True):
        assert same(one, other)


def outcome(run: Simulation) -> list[bytes]:
    tables = (run.log, run.claims, run.orders)
    counts = (run.sessions, run.lost_sessions, run.phases)
    return [c.tobytes() for table in tables for c in table.columns()] + [c.tobytes() for c in counts]


@settings(derandomize=True, deadline=None, max_examples=10)
@given(scenarios(days=3), st.integers(0, 99))
def test_whole_runs_of_random_businesses(scenario: Scenario, seed: int) -> None:
    assert outcome(simulate(scenario, seed, compiled=True)) == outcome(simulate(scenario, seed))


@pytest.mark.parametrize(
    "capture",
    [
        {"server": {}, "navigations": 2.0},
        {
            "server": {"event_id": "own", "sent": 0.7, "lost": 0.2},
            "resends_previous": True,
            "late_consent_people": 0.3,
            "refusing_people": 0.2,
            "blocked_people": 0.2,
        },
        {"server": {"event_id": "missing"}, "browser_event_id": False, "page_views": "manual"},
        {"id_from": "visitor", "server": {"cookie": False}, "junk": {"bots": 0.2, "preview_sessions": 9.0}},
    ],
)
def test_whole_runs_of_every_way_to_capture(capture: dict) -> None:
    steps = ending_of("agency", stop=3, unshare=3.5)
    given_ = small(capture=capture, steps=steps, policy="continue", measurement={"repeat_seconds": 60})
    assert outcome(simulate(given_, 7, compiled=True)) == outcome(simulate(given_, 7))
