"""The people who can come to a website: how many, which of them live in which market, and when they come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.traffic.counter import key_of, uniform
from pixelsim.traffic.identity import STRANGER, in_population, person_base
from pixelsim.traffic.numbering import Numbering

__all__ = ["MOST_RETURNS", "People", "Returns"]

Longs = NDArray[np.int64]

MOST_RETURNS = 7
"""Most sessions of one chain of returns; their draw numbers are the first session's and three bits."""
RETURN_BITS = 3


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The population of a website, of which each market has a stretch of numbers for good.

    Parameters
    ----------
    base
        Number of the first person.
    bounds
        First number inside the population of each market, and the size of the population, int64, shape (markets + 1,);
        a site without markets has one.
    named
        Whether the site has markets at all.
    """

    base: int
    bounds: Longs
    named: bool

    @classmethod
    def of(cls, numbering: Numbering, traffic: SiteTraffic) -> People:
        """Divide the people of a site among its markets, by their shares."""
        base = person_base(numbering, traffic.population or traffic.website)
        upto = np.cumsum([market.share for market in traffic.markets] or [1.0])
        bounds = np.concatenate([[0], np.floor(upto * traffic.people + 0.5).astype(np.int64)])
        bounds[-1] = traffic.people
        return cls(base, bounds, bool(traffic.markets))

    def stretch(self, market: int | None = None) -> tuple[int, int]:
        """Give the number of the first person, and how many there are: of a market, or None for all."""
        first, last = (0, len(self.bounds) - 1) if market is None else (market, market + 1)
        return self.base + int(self.bounds[first]), int(self.bounds[last] - self.bounds[first])

    def market_of(self, person: Longs) -> NDArray[np.int16]:
        """Give the market that each person lives in; -1 for those who come once, and where there are no markets."""
        if not self.named:
            return np.full(len(person), -1, dtype=np.int16)
        place = in_population(person)
        found = np.searchsorted(self.bounds, place, side="right") - 1
        return np.where(place < STRANGER, found, -1).astype(np.int16)


class Returns:
    """Who comes back after an organic session, how often, and when.

    Parameters
    ----------
    streams
        Random streams of the replication.
    entity
        Text that names the random streams of these sessions.
    share
        Chance in [0, 1] that a session is followed by another, up to seven in a row.
    mean_days
        Mean of the exponential time until then.
    session_length
        Milliseconds after a session's start before which it is still the same session; the time counts from there.
    """

    def __init__(self, streams: Streams, entity: str, share: float, mean_days: float, session_length: int) -> None:
        self.share, self._gap, self._length = share, mean_days * DAY, session_length
        self._comes, self._wait = (key_of(streams, purpose, entity) for purpose in ("comes back", "time away"))

    @staticmethod
    def sessions_a_person(share: float) -> float:
        """Give the expected sessions of a chain, the first one included."""
        return float(sum(share**n for n in range(MOST_RETURNS + 1)))

    @classmethod
    def first_share(cls, share: float, bots: float = 0.0) -> tuple[float, float]:
        """Give the share of organic sessions that are no returns, and the share of bots among these.

        Bots do not come back, and are the share ``bots`` of all organic sessions.
        """
        if share == 0:
            return 1.0, bots
        first = bots + (1 - bots) / cls.sessions_a_person(share)
        return first, bots / first

    def after(self, at: Longs, number: Longs) -> tuple[Longs, Longs, Longs]:
        """Give the returns that follow first sessions.

        Parameters
        ----------
        at, number
            Time in ms and draw number of the first sessions, shape (n,).

        Returns
        -------
        row, at, number : ndarray of int64, shape (m,)
            Position of the first session, time in ms, and draw number of each return.
        """
        row = np.arange(len(at))
        found: list[tuple[Longs, Longs, Longs]] = []
        for nth in range(1, MOST_RETURNS + 1):
            own = number[row] << RETURN_BITS | nth
            comes = uniform(own, self._comes) < self.share
            row, own, at = row[comes], own[comes], at[comes]
            away = np.floor(-self._gap * np.log1p(-uniform(own, self._wait))).astype(np.int64)
            at = at + self._length + away
            found.append((row, at, own))
        return _joined(found)


def _joined(parts: Sequence[tuple[Longs, Longs, Longs]]) -> tuple[Longs, Longs, Longs]:
    row, at, number = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return row, at, number
