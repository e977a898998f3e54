"""What followed from the touches of contenders: row by row, and the sessions with an order in the window of a touch."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pixelsim.counts.cells import adding
from pixelsim.counts.contender import Contender
from pixelsim.counts.ordered import LateOrders, Ordered

__all__ = ["Held", "TouchRows"]

Longs = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)


class TouchRows:
    """The touches of contenders, row by row, in contests that are alike.

    Parameters
    ----------
    contenders
        The ad groups of one contest after another.
    groups, cells
        How many ad groups each contest has, and how many cells.
    """

    def __init__(self, contenders: Sequence[Contender], groups: int, cells: int) -> None:
        self.contests, self.groups, self.cells = len(contenders) // groups, groups, cells
        self._followed = [one.counts.followed for one in contenders]
        rows = [one.counts.rows for one in contenders]
        # Number of each row's ad group among all contenders, of its contest, and its place in that.
        self._sizes = [len(some.cell) for some in rows]
        self.group = np.repeat(np.arange(len(contenders)), self._sizes)
        self.contest, self.place = np.divmod(self.group, groups)
        self.cell, self.start, self.end, self.authorised = (
            np.concatenate([getattr(some, name) for some in rows]) for name in ("cell", "start", "end", "authorised")
        )
        self.heard, self.bots = self.of("heard"), self.of("bots")
        # Sums by cell are products with tables of 0 and 1.
        self._to_each = adding(self.cell + cells * self.group, cells * len(contenders))
        self._to_all = adding(self.cell + cells * self.contest, cells * self.contests) if groups > 1 else self._to_each

    def __len__(self) -> int:
        return len(self.group)

    @property
    def ordered(self) -> Ordered:
        """Sessions with an order within the window of a touch."""
        return Ordered.join([one.within for one in self._followed], self._sizes)

    @property
    def late(self) -> LateOrders:
        """Orders after it."""
        return LateOrders.join([one.late for one in self._followed], self._sizes)

    def of(self, name: str) -> Longs:
        """Give what followed from the touches of each row."""
        return np.concatenate([getattr(one, name) for one in self._followed])

    def of_each(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up by cell what rows have, shape (rows, ...), for each ad group, shape (contests, groups, cells, ...)."""
        return _sums(self._to_each, of_row, self.contests, self.groups, self.cells)

    def of_all(self, of_row: NDArray[Number]) -> NDArray[Number]:
        """Add up by cell what rows have over all ad groups of a contest, shape (contests, cells, ...)."""
        return _sums(self._to_all, of_row, self.contests, self.cells)


@dataclass(frozen=True, eq=False)
class Held:
    """Sessions with an order in the window of a touch, as far as they occur; those of a row, lag and kind together.

    Parameters
    ----------
    rows
        The touches that they follow from.
    lags, kinds
        How many lags in cells and kinds of touch are looked at.
    row, lag, kind
        Row of the touches, how many cells later the sessions are, and kind of touch; in the order of these three.
    kept
        Kept copies of the sessions, or sessions where one counts, shape (sessions, events).
    """

    rows: TouchRows
    lags: int
    kinds: int
    row: Longs
    lag: Longs
    kind: Longs
    kept: Longs

    @classmethod
    def of(cls, rows: TouchRows, once: NDArray[np.bool_], lags: int, kinds: int) -> Held:
        """Find them; ``once`` tells by ad group and event whether one counts for each touch."""
        ordered = rows.ordered
        row, lag, kind, kept = (ordered.row, ordered.lag, ordered.kind, ordered.copies)
        if once.any():
            kept = np.where(once[rows.place[row]], ordered.once, kept)
        return cls(rows, lags, kinds, row, lag, kind, kept)

    def __len__(self) -> int:
        return len(self.row)

    def within(self, lags: int) -> Held:
        """Give those of the first lags."""
        return self if self.lags <= lags else replace(self._pick(np.flatnonzero(self.lag < lags)), lags=lags)

    def beyond(self, lags: int) -> Held:
        """Give those of later lags."""
        return self._pick(np.flatnonzero(self.lag >= lags))

    def _pick(self, some: Longs) -> Held:
        return replace(self, row=self.row[some], lag=self.lag[some], kind=self.kind[some], kept=self.kept[some])

    @functools.cached_property
    def group(self) -> Longs:
        """Number of the ad group among all contenders."""
        return self.rows.group[self.row]

    @functools.cached_property
    def contest(self) -> Longs:
        """Number of the contest."""
        return self.rows.contest[self.row]

    @functools.cached_property
    def place(self) -> Longs:
        """Place of the ad group in its contest."""
        return self.rows.place[self.row]

    @functools.cached_property
    def cell(self) -> Longs:
        """Cell of the touches."""
        return self.rows.cell[self.row]

    @functools.cached_property
    def event(self) -> Longs:
        """Cell of the sessions."""
        return self.cell + self.lag

    @functools.cached_property
    def start(self) -> Longs:
        """Beginning of the row of touches in ms."""
        return self.rows.start[self.row]

    @functools.cached_property
    def end(self) -> Longs:
        """End of the row of touches in ms."""
        return self.rows.end[self.row]

    def by_row(self, of_session: NDArray[Number]) -> NDArray[Number]:
        """Add up by row of touches what sessions have, shape (sessions, events)."""
        return np.asarray(self._to_rows @ of_session)

    def by_event(self, of_session: NDArray[Number]) -> NDArray[Number]:
        """Add up by contest, the sessions' cell, and kind of touch."""
        return _sums(self._to_events, of_session, self.rows.contests, self.rows.cells, self.kinds)

    def each(self, of_session: NDArray[Number]) -> NDArray[Number]:
        """Add up by contest, ad group, cell of the touch, lag and kind."""
        rows = self.rows
        return _sums(self._to_each, of_session, rows.contests, rows.groups, rows.cells, self.lags, self.kinds)

    def all(self, of_session: NDArray[Number]) -> NDArray[Number]:
        """Add up by contest, cell of the touch, lag and kind, over all ad groups."""
        return _sums(self._to_all, of_session, self.rows.contests, self.rows.cells, self.lags, self.kinds)

    @functools.cached_property
    def _to_rows(self) -> sparse.csr_array:
        return adding(self.row, len(self.rows))

    @functools.cached_property
    def _to_events(self) -> sparse.csr_array:
        return _adding((self.contest, self.rows.contests), (self.event, self.rows.cells), (self.kind, self.kinds))

    @functools.cached_property
    def _to_each(self) -> sparse.csr_array:
        groups = self.rows.contests * self.rows.groups
        return _adding((self.group, groups), *self._of_touch)

    @functools.cached_property
    def _to_all(self) -> sparse.csr_array:
        if self.rows.groups == 1:
            return self._to_each
        return _adding((self.contest, self.rows.contests), *self._of_touch)

    @property
    def _of_touch(self) -> tuple[tuple[Longs, int], ...]:
        return (self.cell, self.rows.cells), (self.lag, self.lags), (self.kind, self.kinds)


def _adding(*axes: tuple[Longs, int]) -> sparse.csr_array:
    """Give the table whose product adds up by several axes, each told by places and their number."""
    places, size = zip(*axes, strict=True)
    return adding(np.ravel_multi_index(places, size), math.prod(size))


def _sums(table: sparse.csr_array, of: NDArray[Number], *size: int) -> NDArray[Number]:
    """Add up what has further axes after the first, and give it with so many axes instead of that."""
    total: NDArray[Number] = np.asarray(table @ of)
    return total.reshape(*size, *of.shape[1:])
