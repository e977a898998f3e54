"""Where the plain model's random numbers come from: it draws none itself.

The reference draws its own; the oracle looks up those of the product, so that both must come to the same log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from benchmarks.ads import Flow
from benchmarks.sites import PlainSite, Source

__all__ = ["Draw", "Draws"]

Draw = Callable[..., float]
"""Draws a uniform number for a purpose, and for some purposes for the place of an event in its session."""


class Draws(Protocol):
    """Where random numbers come from."""

    def sessions(self, source: Source) -> Iterator[tuple[int, int]]:
        """Give time and draw number of sessions that no ad leads to and that are no returns, ascending."""
        ...

    def touches(self, flow: Flow, kind: int) -> Iterator[tuple[int, int, int]]:
        """Give time, place in the day and draw number of an ad group's touches if nothing stopped it, ascending."""
        ...

    def session(self, origin: int, number: int) -> Draw:
        """Give the draws of a session."""
        ...

    def touch(self, flow: Flow, kind: int, number: int) -> Draw:
        """Give the draws of a touch."""
        ...

    def traits(self, site: PlainSite, person: int) -> tuple[float, ...]:
        """Draw the uniform numbers that decide a person's five lasting traits."""
        ...

    def stranger(self, site: PlainSite, origin: int, number: int) -> int:
        """Give somebody who comes once only, in a session of an origin."""
        ...

    def price(self, flow: Flow, day: int) -> float:
        """Draw an ad group's CPM of a day."""
        ...

    def spent(self, flow: Flow, day: int) -> float:
        """Draw the share of its budget that an ad group spends on a day."""
        ...

    def noise(self, ad_group: int, day: int) -> float:
        """Draw the uniform number behind an ad group's price of a day while it learns."""
        ...
