"""Random numbers of many entities at once: each has those that it has alone, whatever is drawn beside it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pixelsim.base.streams import Streams
from pixelsim.counts.draws import MANY, Draw, draw_of, inside, stacked

STREAMS = Streams(5, 2)
SIZES = (3, 0, 40, 7)
"""Rows of four entities."""
WIDTHS = pytest.mark.parametrize("width", [4, 1 + MANY // 10], ids=["few", "many"])


def table(width: int, *, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of which a share is 0, and chances by row."""
    rng = np.random.default_rng(1)
    n = rng.integers(1, 50, (sum(SIZES), width)) * (rng.random((sum(SIZES), width)) >= share)
    return n, rng.random((sum(SIZES), 1))


def drawn_alone(method: str, *arrays: np.ndarray) -> np.ndarray:
    """Draw for each entity from its own stream, as NumPy does."""
    ends = np.cumsum([0, *SIZES])
    found = []
    for place, (one, two) in enumerate(itertools.pairwise(ends)):
        rng = STREAMS.generator("counts: clicks, landing", f"entity {place}")
        found.append(getattr(rng, method)(*(array[one:two] for array in arrays)))
    return np.concatenate(found)


@pytest.fixture
def together():
    draws = [draw_of(STREAMS, f"entity {place}") for place in range(len(SIZES))]
    return inside(stacked(draws, SIZES), "landing")("clicks")


@WIDTHS
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_binomial_numbers_are_each_entity_s_own(together, width, share) -> None:
    n, p = table(width, share=share)
    assert np.array_equal(together.binomial(n, p), drawn_alone("binomial", n, np.broadcast_to(p, n.shape)))


def test_numbers_dealt_out_and_drawn_from_an_urn_are_each_entity_s_own(together) -> None:
    n, p = table(4, share=0.2)
    chances = np.concatenate([p, 1 - p], axis=1)[:, np.newaxis]
    first = together.multinomial(n, chances)
    assert np.array_equal(first, drawn_alone("multinomial", n, chances))
    assert np.array_equal(first.sum(axis=-1), n)
    urn = together.hypergeometric(n, n + 1, n)
    assert np.all((urn >= 0) & (urn <= n))


def test_failures_before_no_success_are_none_and_use_nothing_up(together) -> None:
    n, p = table(1, share=0.5)
    found = together.negative_binomial(n, p)
    some = n[:, 0] > 0
    assert not found[~some].any()
    rng = STREAMS.generator("counts: clicks, landing", "entity 0")
    rows = np.flatnonzero(some[: SIZES[0]])
    assert np.array_equal(found[rows], rng.negative_binomial(n[rows], p[rows]))


def test_a_stream_is_opened_only_for_those_who_have_rows() -> None:
    asked = []

    def opener(place: int):
        return lambda purpose: asked.append((place, purpose)) or np.random.default_rng(place)

    numbers = stacked([Draw([opener(place)]) for place in range(len(SIZES))], SIZES)("clicks")
    assert not asked
    numbers.binomial(np.ones((sum(SIZES), 1), dtype=np.int64), 0.5)
    numbers.binomial(np.ones((sum(SIZES), 1), dtype=np.int64), 0.5)
    assert asked == [(0, "clicks"), (2, "clicks"), (3, "clicks")]


def test_parts_of_an_entity_have_streams_of_their_own_for_each_purpose() -> None:
    n = np.full(50, 1000)
    drawn = [
        draw_of(STREAMS, "one", block, what=what)(purpose).binomial(n, 0.5)
        for purpose in ("first", "second")
        for what in ("", ", cut cell")
        for block in (0, 1)
    ]
    assert len({one.tobytes() for one in drawn}) == len(drawn)
    same = draw_of(STREAMS, "one", 1, what=", cut cell")("second").binomial(n, 0.5)
    assert np.array_equal(same, drawn[-1])
