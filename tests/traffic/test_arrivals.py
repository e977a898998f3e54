"""Arrivals: Poisson numbers, places in the day, and the same arrivals however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.streams import Streams
from pixelsim.traffic.arrivals import Arrivals, ArrivalStream
from pixelsim.traffic.shapes import DayShape, LocalDays, WeekShape

exact = settings(derandomize=True, deadline=None, max_examples=60)
FLAT = WeekShape((DayShape.of([1.0] * 24),), (1.0,) * 7)
UNEVEN = WeekShape((DayShape.of([float(hour % 5) for hour in range(24)]),), (1.0,) * 7)
EVEN_DAYS = LocalDays(origin=0, weekday=0)


def stream(
    mean: float = 20.0,
    *,
    seed: int = 7,
    entity: str = "shop",
    shape: WeekShape = FLAT,
    days: LocalDays = EVEN_DAYS,
    block_days: int = 7,
    slots: int | None = None,
) -> ArrivalStream:
    return ArrivalStream(
        Streams(seed),
        "sessions",
        entity,
        days=days,
        shape=shape,
        means=lambda first, last: np.full(last - first, mean),
        slots=None if slots is None else lambda first, last: np.full(last - first, slots),
        block_days=block_days,
    )


def together(parts: list[Arrivals]) -> list[list[int]]:
    return [np.concatenate([getattr(part, name) for part in parts]).tolist() for name in ("at", "slot", "number")]


@exact
@given(
    st.lists(st.integers(0, 20 * DAY), max_size=12).map(sorted),
    st.integers(1, 30),
    st.sampled_from([None, 5, 1000]),
    st.integers(-23, 0).map(lambda hour: hour * HOUR),
)
def test_same_arrivals_in_any_pieces(borders: list[int], block_days: int, slots: int | None, origin: int) -> None:
    days = LocalDays(origin=origin, weekday=2)
    whole = stream(shape=UNEVEN, days=days, slots=slots).until(20 * DAY)
    source = stream(shape=UNEVEN, days=days, block_days=block_days, slots=slots)
    assert together([source.until(border) for border in [*borders, 20 * DAY]]) == together([whole])


def test_in_order_of_time_and_within_bounds() -> None:
    source = stream(200.0, shape=UNEVEN)
    first, second = source.until(3 * DAY), source.until(5 * DAY)
    assert np.all(np.diff(np.concatenate([first.at, second.at])) >= 0)
    assert first.at.max() < 3 * DAY <= second.at.min()
    assert second.at.max() < 5 * DAY
    assert np.all(np.diff(np.concatenate([first.number, second.number])) == 1)
    assert len(source.until(5 * DAY)) == 0


def test_days_are_poisson_and_uncorrelated() -> None:
    counts = np.bincount(stream(50.0).until(400 * DAY).at // DAY, minlength=400)
    statistic = np.sum((counts - 50) ** 2 / 50)
    assert 1e-4 < stats.chi2.sf(statistic, 400) < 1 - 1e-4
    assert abs(np.corrcoef(counts[1:], counts[:-1])[0, 1]) < 4 / np.sqrt(399)


def test_first_day_may_have_begun_earlier() -> None:
    """Arrivals before the scenario's start are not handed out, and take nobody else's number."""
    begun = LocalDays(origin=-DAY // 2, weekday=0)
    late, whole = stream(1000.0, days=begun).until(3 * DAY // 2), stream(1000.0).until(2 * DAY)
    assert late.at.min() >= 0
    after = whole.at >= DAY // 2
    assert late.number.tolist() == whole.number[after].tolist()
    assert (late.at + DAY // 2).tolist() == whole.at[after].tolist()


def test_entities_have_arrivals_of_their_own() -> None:
    one, other = (stream(entity=entity).until(5 * DAY) for entity in ("shop", "outlet"))
    assert one.at.tolist() != other.at.tolist()
    assert one.at.tolist() == stream().until(5 * DAY).at.tolist()
    assert one.at.tolist() != stream(seed=8).until(5 * DAY).at.tolist()


def test_no_expectation_no_arrivals() -> None:
    assert len(stream(0.0).until(10 * DAY)) == 0
    assert len(stream(20.0).until(0)) == 0


def test_places_are_used_once_and_stand_in_their_middle() -> None:
    found = stream(40.0, slots=50).until(30 * DAY)
    day = found.at // DAY
    assert len(set(zip(day.tolist(), found.slot.tolist(), strict=True))) == len(found)
    assert np.all((found.slot >= 0) & (found.slot < 50))
    assert np.abs(found.at - (day * DAY + (found.slot + 0.5) * DAY / 50)).max() <= 1


@pytest.mark.parametrize("chance", [0.01, 0.3, 0.95])
def test_a_poisson_number_of_places_is_a_choice_of_each(chance: float) -> None:
    """With a mean of -ln(1 - p) for each place, each is chosen with chance p, independently of the others."""
    places, days = 400, 100
    found = stream(-places * np.log1p(-chance), slots=places).until(days * DAY)
    total = places * days
    assert abs(len(found) - chance * total) < 4 * np.sqrt(total * chance * (1 - chance))
    by_day = np.bincount(found.at // DAY, minlength=days)
    statistic = np.sum((by_day - places * chance) ** 2) / (places * chance * (1 - chance))
    assert 1e-4 < stats.chi2.sf(statistic, days) < 1 - 1e-4
    by_place = np.bincount(found.slot, minlength=places)
    statistic = np.sum((by_place - days * chance) ** 2) / (days * chance * (1 - chance))
    assert 1e-4 < stats.chi2.sf(statistic, places) < 1 - 1e-4


def test_days_without_places_have_no_arrivals() -> None:
    source = ArrivalStream(
        Streams(7),
        "clicks",
        "group",
        days=EVEN_DAYS,
        shape=FLAT,
        means=lambda first, last: np.where(np.arange(first, last) % 2 == 0, 30.0, 0.0),
        slots=lambda first, last: np.where(np.arange(first, last) % 2 == 0, 100, 0),
    )
    assert set((source.until(14 * DAY).at // DAY).tolist()) == {0, 2, 4, 6, 8, 10, 12}


def test_take_and_length() -> None:
    found = stream().until(DAY)
    picked = found.take(np.array([0, 2]))
    assert len(picked) == 2
    assert picked.number.tolist() == found.number[[0, 2]].tolist()
