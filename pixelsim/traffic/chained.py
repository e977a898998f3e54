"""Crediting by the compiled kernels: all remembered touches in one table that grows, chained by person and pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.attribution import Reason, Scope
from pixelsim.traffic.capture import Copies
from pixelsim.traffic.compiled import load
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.crediting import MEMORY, Crediting, logged
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.keys import NONE, order_of_time
from pixelsim.traffic.log import ClaimRows, Fate, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import Windows

__all__ = ["ChainedCrediting"]

_CODES = np.array(
    [
        Reason.CREDITED,
        Reason.NO_TOUCH,
        Reason.OUTSIDE_WINDOW,
        Reason.ACCESS_ENDED,
        Reason.NOT_COUNTED_AGAIN,
        Fate.KEPT,
    ],
    dtype=np.int8,
)
_FEWEST = 1 << 10
"""Touches for which there is room from the start on."""
_MANY = 1 << 19
"""Places up to which the index is made so large at once that it need not be made again soon."""
_WIDTH, _KINDS = 4, 4
"""Columns of the table of touches, and windows of an ad group: a power of 2, of which the kinds use three."""
_LINE = 64
"""Bytes that a processor fetches at once."""

Longs = NDArray[np.int64]


class ChainedCrediting(Crediting):
    """Gives what `Crediting` gives, in one walk over the events of a step.

    Nothing is picked or put together for a step: an event finds the newest touch of its person and pixel in a table
    and goes back from there.
    """

    def __init__(
        self,
        settings: MeasurementSettings,
        numbering: Numbering,
        windows: Windows,
        modes: NDArray[np.int8],
        access: AccessBook,
    ) -> None:
        super().__init__(settings, numbering, windows, modes, access)
        groups = len(numbering.ad_groups)
        window = np.zeros((groups, _KINDS), dtype=np.int64)
        window[:, :3] = windows.by_kind().T
        pixel, account = (
            np.array(column, dtype=np.int32) for column in (numbering.group_pixel, numbering.group_account)
        )
        self._terms = (window.reshape(-1), account, pixel, np.asarray(modes == CountMode.ONCE))
        self._size = 0
        self._table, self._heads = _table(_FEWEST), _heads(_FEWEST)

    def add(self, rows: TouchRows) -> None:
        """Append touches, none before those given earlier, in order of time."""
        order = order_of_time(rows.at, rows.ad_group, rows.kind, rows.number)
        begin, self._size = self._size, self._size + len(order)
        if self._size > len(self._table):
            earlier, self._table = self._table, _table(2 * self._size)
            self._table[:begin] = earlier[:begin]
        load().remember((rows.at, rows.person, rows.kind, rows.ad_group, rows.ad), order, self._table, begin)
        if self._size > len(self._heads):
            begin, self._heads = 0, _heads(self._size)
        load().rechain(self._table, begin, self._size, self._heads, self._terms[2])

    def settle(self, rows: Copies, fate: NDArray[np.int8]) -> tuple[LogRows, ClaimRows]:
        """Credit the kept events, and give the step's rows of log and claims."""
        _, account, pixel, _ = self._terms
        grants = self._grants(pixel, account, np.zeros(len(pixel), dtype=np.int64))
        none = np.empty((0, 0), dtype=np.int64)
        access = (
            (pixel, none, none, False, False)
            if grants is None
            else (grants.pair, grants.begin, grants.end, grants.cut, True)
        )
        alone = self.settings.scope.value == Scope.ACCOUNT
        credited, claimed = load().settle(
            (rows.at, rows.received, rows.match, rows.event, rows.pixel, rows.value, rows.key, fate),
            self._table,
            self._heads,
            self._terms,
            access,
            _CODES,
            (self.settings.last_instant, MEMORY, len(self.numbering.accounts) if alone else 0),
            self._rows,
        )
        self._rows += len(rows)
        return logged(rows, fate, *credited), ClaimRows(*claimed)

    def forget(self, oldest: int) -> None:
        """Drop the touches that no event at ``oldest`` ms or later can be told of, once they are half of all."""
        first = int(np.searchsorted(self._table[: self._size, 0], oldest - MEMORY))
        if 2 * first > max(self._size, _FEWEST):
            kept = self._table[first : self._size]
            self._size = len(kept)
            self._table, self._heads = _table(max(2 * self._size, _FEWEST)), _heads(self._size)
            self._table[: self._size] = kept
            load().rechain(self._table, 0, self._size, self._heads, self._terms[2])


def _table(room: int) -> Longs:
    """Give a table with room for so many touches, whose rows do not cross the lines of a cache."""
    size = room * _WIDTH
    space = np.zeros(size + _LINE // 8, dtype=np.int64)
    begin = -space.ctypes.data % _LINE // 8
    return space[begin : begin + size].reshape(room, _WIDTH)


def _heads(touches: int) -> NDArray[np.int32]:
    """Give an index without touches, with places for those that there are and a good many more."""
    return np.full(1 << max(2 * touches, min(16 * touches, _MANY), _FEWEST).bit_length(), NONE, dtype=np.int32)
