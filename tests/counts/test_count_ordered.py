"""Sessions with an order told by those that occur: the same as tables of all that could."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from pixelsim.counts.ordered import LateOrders, Ordered

Longs = NDArray[np.int64]
SHAPES = st.tuples(*(st.integers(1, high) for high in (6, 4, 3)))


@st.composite
def tables(draw: st.DrawFn, number: int) -> list[Longs]:
    """Give tables of one shape by row, lag and kind, with few numbers that are not 0."""
    shape = draw(SHAPES)
    few = st.one_of(st.just(0), st.just(0), st.integers(0, 5))
    return [draw(arrays.arrays(np.int64, (*shape, 2), elements=few)) for _ in range(number)]


@given(tables(2))
def test_what_is_found_in_tables_gives_them_again(both: list[Longs]) -> None:
    copies, once = both
    found = Ordered.found_in(copies, once)
    assert len(found.row) == np.count_nonzero((copies.sum(axis=-1) + once.sum(axis=-1)) > 0)
    assert np.array_equal(found.table("copies", *copies.shape[:3]), copies)
    assert np.array_equal(found.table("once", *once.shape[:3]), once)


@given(tables(2), st.randoms(use_true_random=False))
def test_any_order_is_put_in_that_of_row_lag_and_kind(both: list[Longs], random) -> None:
    found = Ordered.found_in(*both)
    mixed = np.array(random.sample(range(len(found.row)), len(found.row)), dtype=np.int64)
    columns = [getattr(found, name)[mixed] for name in ("row", "lag", "kind", "copies", "once")]
    again = Ordered.of(*columns)
    for name in ("row", "lag", "kind", "copies", "once"):
        assert np.array_equal(getattr(again, name), getattr(found, name)), name


@given(tables(1), st.data())
def test_rows_cut_up_and_joined_are_what_they_were(one: list[Longs], data: st.DataObject) -> None:
    number = one[0][..., 0]
    row, lag, kind = np.nonzero(number)
    whole = LateOrders(row, lag, kind, number[row, lag, kind])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(number)), max_size=3)))
    edges = np.array([0, *cuts, len(number)])
    parts = whole.rows(edges)
    for part, begin, end in zip(parts, edges[:-1], edges[1:], strict=True):
        assert np.array_equal(part.table("number", end - begin, *number.shape[1:]), number[begin:end])
    joined = LateOrders.join(parts, np.diff(edges).tolist())
    for name in ("row", "lag", "kind", "number"):
        assert np.array_equal(getattr(joined, name), getattr(whole, name)), name


@pytest.mark.parametrize("parts", [1, 3])
def test_where_nothing_occurs_there_is_nothing(parts: int) -> None:
    none = np.zeros(0, dtype=np.int64)
    joined = LateOrders.join([LateOrders.of(none, none, none, none)] * parts, [2] * parts)
    assert len(joined.row) == 0
    assert not joined.table("number", 2 * parts, 3, 1).any()
