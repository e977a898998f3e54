"""Random numbers of many entities at once: each entity has streams of its own, whatever is drawn beside it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams

__all__ = ["Draw", "Numbers", "draw_of", "grouped", "inside", "stacked", "stream"]

MANY = 10_000
"""Numbers from which on it is quicker to draw only those that are not 0 anyway."""

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


def stream(streams: Streams, purpose: str, entity: str = "", block: int = 0) -> np.random.Generator:
    """Open the stream of one purpose and entity at its beginning, apart from all streams of events.

    Parameters
    ----------
    streams
        Random streams of the replication.
    purpose, entity, block
        What names the stream.
    """
    return streams.generator(f"counts: {purpose}", entity, block)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Generators of several entities whose rows stand one after another in every array.

    Parameters
    ----------
    generators
        One for each entity.
    ends
        First row of each entity, and the end of the last one's.
    """

    generators: Sequence[np.random.Generator]
    ends: Sequence[int]

    def _rows(self, size: int) -> Iterator[tuple[np.random.Generator, slice]]:
        if len(self.generators) == 1:
            yield self.generators[0], slice(0, size)
            return
        for generator, (one, two) in zip(self.generators, itertools.pairwise(self.ends), strict=True):
            yield generator, slice(one, two)

    def binomial(self, n: Longs, p: Floats | float) -> Longs:
        """Draw how many of each number are chosen; ``p`` is one chance, or has a row for each of ``n``'s."""
        if n.size > MANY and isinstance(p, np.ndarray):
            return self._binomial_of_some(n, np.broadcast_to(p, n.shape))
        found, by_row = np.empty(n.shape, dtype=np.int64), _by_row(p, n, n.ndim)
        for rng, rows in self._rows(len(n)):
            found[rows] = rng.binomial(n[rows], by_row[rows] if by_row is not None else p)
        return found

    def _binomial_of_some(self, n: Longs, p: Floats) -> Longs:
        """Draw where something can be chosen: the rest is 0 and uses no numbers up, so that they are the same."""
        found, some = np.zeros(n.shape, dtype=np.int64), (n > 0) & (p > 0)
        ends = [0, *np.cumsum(some.reshape(len(n), -1).sum(axis=1)).tolist()]
        number, chance = n[some], p[some]
        drawn = np.empty_like(number)
        for rng, rows in self._rows(len(n)):
            here = slice(ends[rows.start], ends[rows.stop])
            drawn[here] = rng.binomial(number[here], chance[here])
        found[some] = drawn
        return found

    def multinomial(self, n: Longs, p: Floats) -> Longs:
        """Deal out each number to a further last axis; ``p`` may have a row for each of ``n``'s."""
        found, by_row = np.empty((*n.shape, p.shape[-1]), dtype=np.int64), _by_row(p, n, n.ndim + 1)
        for rng, rows in self._rows(len(n)):
            found[rows] = rng.multinomial(n[rows], by_row[rows] if by_row is not None else p)
        return found

    def negative_binomial(self, n: Longs, p: Floats | float) -> Longs:
        """Draw the failures before so many successes, none before none; ``p`` as for `binomial`."""
        found, by_row = np.zeros(n.shape, dtype=np.int64), _by_row(p, n, n.ndim)
        for rng, rows in self._rows(len(n)):
            # None for no success: else an empty place would use numbers up.
            some = n[rows] > 0
            chance = np.broadcast_to(by_row[rows], some.shape)[some] if by_row is not None else p
            found[rows][some] = rng.negative_binomial(n[rows][some], chance)
        return found

    def hypergeometric(self, good: Longs, bad: Longs, chosen: Longs) -> Longs:
        """Draw how many of the chosen ones are good."""
        found = np.empty(good.shape, dtype=np.int64)
        for rng, rows in self._rows(len(good)):
            found[rows] = rng.hypergeometric(good[rows], bad[rows], chosen[rows])
        return found


Draw = Callable[[str], Numbers]
"""Opens the random numbers of a purpose."""


def draw_of(streams: Streams, entity: str) -> Draw:
    """Give what opens the streams of one entity."""
    return lambda purpose: Numbers((stream(streams, purpose, entity),), (0,))


def inside(draw: Draw, what: str) -> Draw:
    """Name the streams of what happens in sessions by where these come from."""
    return lambda purpose: draw(f"{purpose}, {what}")


def stacked(draws: Sequence[Draw], sizes: Sequence[int]) -> Draw:
    """Give what opens the streams of several entities with so many rows each."""
    ends = [0, *itertools.accumulate(sizes)]
    return lambda purpose: Numbers([draw(purpose).generators[0] for draw in draws], ends)


def grouped(alike: Sequence[Hashable]) -> list[list[int]]:
    """Give the places of entities that go through together, those of which the same is told."""
    found: dict[Hashable, list[int]] = {}
    for place, one in enumerate(alike):
        found.setdefault(one, []).append(place)
    return list(found.values())


def _by_row(p: Floats | float, n: Longs, dimensions: int) -> Floats | None:
    """Give chances that differ by row as an array with the rows of ``n``; None where all rows have the same."""
    if isinstance(p, np.ndarray) and p.ndim == dimensions and p.shape[0] == len(n):
        return p
    return None
