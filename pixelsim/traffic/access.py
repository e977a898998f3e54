"""Which account had access to which pixel at which instant, looked up for many events at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.control.timeline import Timeline
from pixelsim.traffic.numbering import Numbering

__all__ = ["AccessBook", "Grants"]

Ints = NDArray[np.int32]
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

    def grants(self, pixel: Ints, account: Ints, at: Longs, *, cut: bool) -> Grants:
        """Give what decides which of some touches may earn.

        Parameters
        ----------
        pixel, account, at
            Numbers and times in ms of the touches, shape (m,).
        cut
            Whether a touch needs access at the event that it earns, too.
        """
        most = max((len(held) for held in self._intervals.values()), default=0)
        # Pairs that are not in the book, those without a pixel among them, find -1: the last place is that of -1.
        number = np.full((len(self._numbering.pixels) + 1, len(self._numbering.accounts) + 1), -1, dtype=np.int32)
        begin, end = np.zeros((2, len(self._intervals), most), dtype=np.int64)
        for place, (pair, held) in enumerate(self._intervals.items()):
            number[pair] = place
            begin[place, : len(held)] = [one for one, _ in held]
            end[place, : len(held)] = [upto for _, upto in held]
        return Grants(at, number[pixel, account], begin, end, cut)

    def has(self, pixel: Ints, account: Ints, at: Longs) -> Mask:
        """Tell for each entry whether the account had access to the pixel at the instant, shape (n,)."""
        grants = self.grants(pixel, account, at, cut=False)
        return grants.held(np.arange(len(at)), at)


@dataclass(frozen=True, slots=True, eq=False)
class Grants:
    """Which touches may earn: made while their account had access, and, if ``cut``, only as long as it has.

    Parameters
    ----------
    at
        Times of the touches in ms, shape (m,).
    pair
        Number of each touch's pair of pixel and account, -1: never had access, shape (m,).
    begin, end
        Intervals of access of each pair in ms, ``end`` excluded, shape (pairs, intervals); empty ones fill up.
    cut
        Whether access is needed at the event, too.
    """

    at: Longs
    pair: Ints
    begin: Longs
    end: Longs
    cut: bool

    def held(self, touch: Longs, at: Longs) -> Mask:
        """Tell whether the pairs of touches, given by position, had access at instants in ms."""
        pair = self.pair[touch]
        found = np.zeros(len(at), dtype=np.bool_)
        for begin, end in zip(self.begin.T, self.end.T, strict=True):
            found |= (begin[pair] <= at) & (at < end[pair])
        return found & (pair >= 0)

    def allow(self, touch: Longs, event_at: Longs) -> Mask:
        """Tell whether touches, given by position, may earn events at instants in ms."""
        may = self.held(touch, self.at[touch])
        return may & self.held(touch, event_at) if self.cut else may
