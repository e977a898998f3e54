"""Which account had access to which pixel at which instant, looked up for many events at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.control.timeline import Timeline
from pixelsim.traffic.numbering import Numbering

__all__ = ["AccessBook"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]


class AccessBook:
    """The access intervals of every pair of pixel and ad account that has ad groups, up to an instant.

    Parameters
    ----------
    timeline
        Grants as intervals.
    numbering
        Numbers of pixels and accounts.
    """

    def __init__(self, timeline: Timeline, numbering: Numbering) -> None:
        self._timeline, self._numbering = timeline, numbering
        pairs = {
            (int(pixel), int(account))
            for pixel, account in zip(numbering.group_pixel, numbering.group_account, strict=True)
            if pixel >= 0 and account >= 0
        }
        self._intervals: dict[tuple[int, int], list[tuple[int, int]]] = {pair: [] for pair in sorted(pairs)}
        self._known = 0

    def extend(self, end: int) -> None:
        """Learn the grants from where the book ends up to ``end`` ms."""
        for (pixel, account), held in self._intervals.items():
            ids = self._numbering.pixels[pixel], self._numbering.accounts[account]
            for begin, upto in self._timeline.access(*ids, self._known, end):
                if held and held[-1][1] == begin:
                    held[-1] = (held[-1][0], upto)
                else:
                    held.append((begin, upto))
        self._known = end

    @property
    def always(self) -> bool:
        """Whether every pair has had access without a gap so far."""
        return all(held == [(0, self._known)] for held in self._intervals.values())

    def has(self, pixel: NDArray[np.int32], account: NDArray[np.int32], at: Longs) -> Mask:
        """Tell for each entry whether the account had access to the pixel at the instant, shape (n,)."""
        result = np.zeros(len(at), dtype=np.bool_)
        for (one, other), held in self._intervals.items():
            rows = np.flatnonzero((pixel == one) & (account == other))
            if not len(rows) or not held:
                continue
            borders = np.array(held, dtype=np.int64)
            index = np.searchsorted(borders[:, 0], at[rows], side="right") - 1
            result[rows] = (index >= 0) & (at[rows] < borders[index, 1])
        return result
