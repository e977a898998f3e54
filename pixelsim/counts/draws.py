"""Random numbers of many entities at once: each entity has streams of its own, whatever is drawn beside it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams

__all__ = ["Draw", "Numbers", "draw_of", "grouped", "inside", "stacked", "stream"]

MANY = 2_000
"""Numbers from which on it is quicker to draw only those that are not 0 anyway, if these are the fewer."""

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Opener = Callable[[str], np.random.Generator]


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


class Numbers:
    """Random numbers of a purpose, of entities whose rows stand one after another in every array.

    The stream of an entity is opened when something is drawn for it.

    Parameters
    ----------
    purpose
        What the numbers decide.
    openers
        What opens the stream of a purpose, for each entity.
    rows
        The entities that have rows, by their places, and these rows.
    """

    __slots__ = ("_opened", "_openers", "_purpose", "_rows")

    def __init__(self, purpose: str, openers: Sequence[Opener], rows: Sequence[tuple[int, slice]]) -> None:
        self._purpose, self._openers, self._rows = purpose, openers, rows
        self._opened: list[np.random.Generator | None] = [None] * len(openers)

    @property
    def generators(self) -> list[np.random.Generator]:
        """The generator of each entity."""
        return [self._open(place) for place in range(len(self._openers))]

    @property
    def _each(self) -> list[tuple[np.random.Generator, slice]]:
        """The generators of the entities that have rows, and these."""
        return [(self._open(place), rows) for place, rows in self._rows]

    def _open(self, place: int) -> np.random.Generator:
        found = self._opened[place]
        if found is None:
            found = self._opened[place] = self._openers[place](self._purpose)
        return found

    def binomial(self, n: Longs, p: Floats | float) -> Longs:
        """Draw how many of each number are chosen; ``p`` is one chance, or has a row for each of ``n``'s."""
        if n.size > MANY and 2 * np.count_nonzero(n) < n.size:
            return self._binomial_of_some(n, np.broadcast_to(p, n.shape))
        by_row = _by_row(p, n, n.ndim)
        if by_row is None:
            return _joined([rng.binomial(n[rows], p) for rng, rows in self._each], n.shape)
        return _joined([rng.binomial(n[rows], by_row[rows]) for rng, rows in self._each], n.shape)

    def _binomial_of_some(self, n: Longs, p: Floats) -> Longs:
        """Draw where something can be chosen: the rest is 0 and uses no numbers up, so that they are the same."""
        found, some = np.zeros(n.size, dtype=np.int64), np.flatnonzero(n)
        number, chance, each = n.reshape(-1)[some], p.reshape(-1)[some], n.size // len(n)
        ends = [rows.indices(len(n))[1] * each for _, rows in self._rows]
        here = itertools.pairwise([0, *np.searchsorted(some, ends).tolist()])
        parts = [
            rng.binomial(number[one:two], chance[one:two])
            for (rng, _), (one, two) in zip(self._each, here, strict=True)
        ]
        found[some] = _joined(parts, some.shape)
        return found.reshape(n.shape)

    def multinomial(self, n: Longs, p: Floats) -> Longs:
        """Deal out each number to a further last axis; ``p`` may have a row for each of ``n``'s."""
        by_row = _by_row(p, n, n.ndim + 1)
        parts = [rng.multinomial(n[rows], p if by_row is None else by_row[rows]) for rng, rows in self._each]
        return _joined(parts, (*n.shape, p.shape[-1]))

    def negative_binomial(self, n: Longs, p: Floats | float) -> Longs:
        """Draw the failures before so many successes, none before none; ``p`` as for `binomial`."""
        found, by_row = np.zeros(n.shape, dtype=np.int64), _by_row(p, n, n.ndim)
        for rng, rows in self._each:
            # None for no success: else an empty place would use numbers up.
            some = n[rows] > 0
            chance = np.broadcast_to(by_row[rows], some.shape)[some] if by_row is not None else p
            found[rows][some] = rng.negative_binomial(n[rows][some], chance)
        return found

    def hypergeometric(self, good: Longs, bad: Longs, chosen: Longs) -> Longs:
        """Draw how many of the chosen ones are good."""
        parts = [rng.hypergeometric(good[rows], bad[rows], chosen[rows]) for rng, rows in self._each]
        return _joined(parts, good.shape)


@dataclass(frozen=True, slots=True)
class Draw:
    """Opens the random numbers of any purpose, of entities whose rows stand one after another in every array.

    Parameters
    ----------
    openers, rows
        As of `Numbers`; a single entity has all rows.
    what
        What follows the name of every purpose.
    """

    openers: Sequence[Opener]
    rows: Sequence[tuple[int, slice]] = ((0, slice(None)),)
    what: str = ""

    def __call__(self, purpose: str) -> Numbers:
        """Open the random numbers of a purpose."""
        return Numbers(purpose + self.what, self.openers, self.rows)


def draw_of(streams: Streams, entity: str, block: int = 0, *, what: str = "") -> Draw:
    """Give what opens the streams of one entity, of a block and of what of it they are about, if anything."""
    return Draw((lambda purpose: stream(streams, purpose + what, entity, block),))


def inside(draw: Draw, what: str) -> Draw:
    """Name the streams of what happens in sessions by where these come from."""
    return replace(draw, what=f", {what}{draw.what}")


def stacked(draws: Sequence[Draw], sizes: Sequence[int]) -> Draw:
    """Give what opens the streams of several entities with so many rows each."""
    ends = itertools.pairwise(itertools.accumulate(sizes, initial=0))
    rows = [(place, slice(one, two)) for place, (one, two) in enumerate(ends) if two > one]
    return Draw([draw.openers[0] for draw in draws], rows)


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


def _joined(parts: Sequence[Longs], shape: tuple[int, ...]) -> Longs:
    """Put what was drawn for each entity together."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(shape, dtype=np.int64)
