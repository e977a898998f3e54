"""People by what their browsers let through: lasting traits, the same in every session of a person.

How many people of a population have a trait is drawn once for a replication; sessions then find them in proportion.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.draws import stream
from pixelsim.scenario.capture import Capture

__all__ = ["JUNK", "VisitorKind", "Visitors", "kinds_of"]


@dataclass(frozen=True, slots=True, order=True)
class VisitorKind:
    """What a kind of visitor lets through.

    Parameters
    ----------
    browser, server
        Whether a pixel may hear of them from the browser, and from the site's server.
    matched, matched_at_checkout
        Whether the platform can match their events to touches, up to the cart and from the checkout on.
    late
        Whether they consent only after a while.
    person
        False for bots and other visits that are none.
    """

    browser: bool
    server: bool
    matched: bool
    matched_at_checkout: bool
    late: bool
    person: bool = True


JUNK = VisitorKind(browser=True, server=False, matched=True, matched_at_checkout=True, late=False, person=False)
"""Bots, previews and foreign pages: nothing blocks them, and no server relays them."""


@dataclass(frozen=True, eq=False)
class Visitors:
    """The kinds of people on a site, and how many people of the population are of each.

    Parameters
    ----------
    kinds
        All kinds that occur.
    people
        People of each kind, int64 of shape (kinds,); they add up to the population.
    """

    kinds: tuple[VisitorKind, ...]
    people: NDArray[np.int64]

    @classmethod
    def draw(cls, streams: Streams, population: str, size: int, capture: Capture) -> Visitors:
        """Draw how many people have which traits; each trait is independent of the others."""
        kinds, chances = _kinds_of(capture)
        return cls(kinds, stream(streams, "traits of people", population).multinomial(size, chances).astype(np.int64))

    @classmethod
    def together(cls, parts: Sequence[Visitors]) -> Visitors:
        """Give the people of several parts of a population, all of the same kinds."""
        return cls(parts[0].kinds, np.sum([part.people for part in parts], axis=0))

    @functools.cached_property
    def shares(self) -> NDArray[np.float64]:
        """Share of the population in each kind."""
        return np.asarray(self.people / self.people.sum(), dtype=np.float64)

    @functools.cached_property
    def matched(self) -> NDArray[np.int64]:
        """Which kinds the platform can match, as 0 and 1, shape (kinds,)."""
        return np.array([kind.matched for kind in self.kinds], dtype=np.int64)

    @functools.cached_property
    def matched_share(self) -> float:
        """Share of the people whom a pixel can hear of that the platform can match."""
        audible = sum(n for kind, n in zip(self.kinds, self.people, strict=True) if kind.browser or kind.server)
        return self.heard / max(int(audible), 1)

    @functools.cached_property
    def heard(self) -> int:
        """People whom a pixel can hear of and match."""
        return int(sum(n for kind, n in zip(self.kinds, self.people, strict=True) if kind.matched))


def kinds_of(capture: Capture) -> tuple[VisitorKind, ...]:
    """Give all kinds of people that occur on a site."""
    return _kinds_of(capture)[0]


@functools.lru_cache(maxsize=64)
def _kinds_of(capture: Capture) -> tuple[tuple[VisitorKind, ...], NDArray[np.float64]]:
    """Give the kinds of people that occur, and the chance of each."""
    chances = (
        capture.blocked_people,
        capture.refusing_people,
        capture.untrackable_people,
        0.0 if capture.click_id_passed else capture.other_checkout,
        capture.late_consent_people,
    )
    found: dict[VisitorKind, float] = {}
    for traits in itertools.product(*(_occurring(p) for p in chances)):
        kind = _kind(traits, server=capture.server is not None)
        of_traits = math.prod(p if has else 1 - p for has, p in zip(traits, chances, strict=True))
        found[kind] = found.get(kind, 0.0) + of_traits
    kinds = tuple(sorted(found, reverse=True))
    weights = np.array([found[kind] for kind in kinds])
    weights /= weights.sum()
    weights.setflags(write=False)
    return kinds, weights


def _occurring(chance: float) -> tuple[bool, ...]:
    """Give who there is, without and with a trait of this chance."""
    return tuple(has for has, some in ((False, chance < 1), (True, chance > 0)) if some)


def _kind(traits: tuple[bool, ...], *, server: bool) -> VisitorKind:
    blocks, refuses, untrackable, elsewhere, late = traits
    by_browser, by_server = not (blocks or refuses), server and not refuses
    if not (by_browser or by_server):
        return VisitorKind(browser=False, server=False, matched=False, matched_at_checkout=False, late=False)
    return VisitorKind(
        browser=by_browser,
        server=by_server,
        matched=not untrackable,
        matched_at_checkout=not (untrackable or elsewhere),
        late=late and by_browser,
    )
