"""Crediting by chains of touches gives the bytes that crediting by search gives, over any steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import ending_of, small
from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.sharing.history import History
from pixelsim.traffic import collector
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.capture import Copies
from pixelsim.traffic.chained import ChainedCrediting
from pixelsim.traffic.compiled import credit as compiled_credit
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.crediting import MEMORY, MOST_ADS, Crediting
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.kernels import kernels
from pixelsim.traffic.log import Fate
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.plane import DataPlane, Kept
from pixelsim.traffic.setup import timeline_of
from pixelsim.traffic.touches import Windows

UNSHARED = 2


def both(unshared: bool, modes: np.ndarray, **fields) -> tuple[list[Crediting], AccessBook]:
    """A crediting of each make, over three ad groups of three accounts; one may lose its access on day 2."""
    scenario = small(steps=ending_of("agency", stop=None, unshare=UNSHARED if unshared else None), policy="continue")
    history = History(scenario.structure.world(), scenario.rulebook)
    for step in scenario.plan.steps:
        assert history.attempt(step.action, step.at).decision.allowed
    numbering = Numbering.of(scenario, history.at(-1))
    windows = Windows(*(np.array(days) * DAY for days in ([28, 7, 1], [7, 1, 1], [7, 1, 0])))
    access = AccessBook(Timeline(history), numbering)
    given_ = (MeasurementSettings(**fields), numbering, windows, modes, access)
    return [make(*given_) for make in (Crediting, ChainedCrediting)], access


def touches(rng: np.random.Generator, size: int, people: int, begin: int, end: int) -> TouchRows:
    at = np.sort(rng.integers(begin, end, size))
    kinds = (people, 3, 3, 6, 10**6)
    person, kind, group, ad, number = (rng.integers(0, most, size) for most in kinds)
    narrow = (kind.astype(np.int8), group.astype(np.int32), ad.astype(np.int32))
    return TouchRows(at, person, *narrow, number, np.zeros(size, dtype=np.bool_))


def events(rng: np.random.Generator, size: int, people: int, begin: int, end: int) -> tuple[Copies, np.ndarray]:
    received = np.sort(rng.integers(begin, end, size))
    at = received - rng.integers(0, DAY // 8, size)
    person, match, event, key, pixel = (rng.integers(low, most, size) for low, most in LIMITS)
    match = np.where(match < 0, -1, person % people)
    none, small_ = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int8)
    narrow = event.astype(np.int8), key, key, pixel.astype(np.int32), small_, none + 5, small_, small_
    return Copies(at, received, person, person, match, *narrow), rng.choice(FATES, size)


LIMITS = ((0, 10**6), (-1, 6), (0, 5), (0, 10**9), (-1, 2))
FATES = np.array([Fate.KEPT, Fate.KEPT, Fate.MERGED, Fate.LOST], dtype=np.int8)


def alike(makes: list[Crediting], rows: Copies, fate: np.ndarray) -> int:
    """Let both settle the same events, compare all columns to the byte, and give the number of claims."""
    (log, claims), (fast_log, fast_claims) = (make.settle(rows, fate) for make in makes)
    for plain, fast in ((log, fast_log), (claims, fast_claims)):
        for name, one, other in zip(plain.names(), plain.columns(), fast.columns(), strict=True):
            assert (one.dtype, one.tolist()) == (other.dtype, other.tolist()), name
    return len(claims)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["pixel", "account"]),
    st.sampled_from(["cut", "until_window_ends"]),
    st.booleans(),
    st.booleans(),
)
def test_same_rows_as_by_search(seed, scope, in_flight, last_instant, unshared) -> None:
    rng = np.random.default_rng(seed)
    modes = rng.choice([int(CountMode.EVERY), int(CountMode.ONCE)], (3, 5)).astype(np.int8)
    makes, access = both(unshared, modes, scope=scope, in_flight=in_flight, last_instant=last_instant)
    people = int(rng.integers(1, 30))
    for day in range(4):
        begin, end = day * DAY, (day + 1) * DAY
        access.extend(end)
        for make in makes:
            make.add(touches(np.random.default_rng([seed, day]), 40, people, begin, end))
        alike(makes, *events(rng, 60, people, begin, end))
        for make in makes:
            make.forget(end - DAY // 8)


@pytest.mark.parametrize("scope", ["pixel", "account"])
def test_many_touches_that_are_forgotten_in_time(scope) -> None:
    """Tables grow with the touches of a month, and shrink when those of its first weeks can earn no more."""
    makes, access = both(False, np.full((3, 5), CountMode.ONCE, dtype=np.int8), scope=scope)
    chained = makes[1]
    assert isinstance(chained, ChainedCrediting)
    claims, sizes = 0, []
    for week in range(10):
        begin, end = week * 7 * DAY, (week + 1) * 7 * DAY
        access.extend(end)
        rng = np.random.default_rng(week)
        step = touches(rng, 900, 500, begin, end)
        for make in makes:
            make.add(step)
        claims += alike(makes, *events(rng, 300, 500, begin, end))
        for make in makes:
            make.forget(end - DAY)
        sizes.append(chained._size)
    assert claims > 200
    # Four weeks and a day are remembered, and the rest goes once it is half of all.
    remembered = 900 * (MEMORY + DAY) // (7 * DAY)
    assert max(sizes) <= 2 * remembered + 900
    assert sizes[-1] < 900 * 10


def test_kernels_have_room_for_every_ad_and_event_name() -> None:
    assert MOST_ADS == 1 << (compiled_credit._HAD - compiled_credit._AD)
    # The highest bit is the sign.
    assert len(EVENT_NAMES) <= 63 - compiled_credit._HAD


@pytest.mark.parametrize(("most", "way"), [(MOST_ADS, ChainedCrediting), (0, Crediting)])
def test_with_more_ads_than_kernels_tell_apart_numpy_credits(
    monkeypatch: pytest.MonkeyPatch, most: int, way: type[Crediting]
) -> None:
    monkeypatch.setattr(collector, "MOST_ADS", most)
    scenario = small(days=2)
    with kernels(compiled=True):
        plane = DataPlane(scenario, timeline_of(scenario), Streams(7), Kept())
    assert type(plane.collector._crediting) is way
