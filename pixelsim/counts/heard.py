"""What one pixel hears of the sessions of a website where events of different sessions can repeat one another."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.copies import HOPS
from pixelsim.counts.dead_time import ViewsOfSession, ratio
from pixelsim.counts.pages import Pages
from pixelsim.counts.sessions import Fates, SessionEvents
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.collector import dedup_rule

__all__ = ["AGAIN", "Heard"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

AGAIN = len(EVENT_NAMES)
"""Place of the page views that the next page sends once more, whose ids are of their own, after the events' names."""


class Heard:
    """What one pixel hears of sessions of one sort.

    Events of people are counted in units: an event of a name in a session, of which page views are one however many
    there are. Arrays of units over events have a place more, for `AGAIN`.

    Parameters
    ----------
    events, pages
        What happens in the sessions, and the pages that they find.
    pixel
        Code of the pixel.
    window, longest
        The dead time in ms, and the session time-out in minutes.
    """

    def __init__(self, events: SessionEvents, pages: Pages, pixel: str, *, window: int, longest: float) -> None:
        self.traffic, self.stays, fates = events.traffic, pages.stays, events.fates
        kept, merged = HOPS.index("kept"), HOPS.index("merged")
        tables = []
        for state in pages.states:
            on = int(pixel in state.pixels)
            beside = fates.beside_repeats(pixel, token=state.token) * on
            hops = fates.at_pixel(pixel, token=state.token) * on
            first = hops[..., kept] - beside
            tables.append(np.stack([first, first > 0, beside, hops[..., merged]]))
        every = np.array(tables, dtype=np.float64)
        most_first, opens, most_beside, _ = every.max(axis=0)
        # Copies of each fate that are kept unless the event is a repeat, whether there are any, and merged copies.
        self.first, self.opens, _, self.merged = np.einsum("sc,sxjf->xcjf", pages.shares, every)
        on_page = np.array([pixel in state.pixels for state in pages.states]) @ pages.shares
        self.resent = on_page[:, np.newaxis] * fates.again_at_pixel(pixel)[:, kept]
        self._by_kind(events, np.einsum("vjf,jf->vj", fates.chances, opens), window, longest)
        chances, people = fates.chances[:-1], self.people
        copies = np.einsum("vjf,xjf,v->xj", chances, np.stack([most_first, most_beside]), people)
        self.beside_share = ratio(copies[1], copies.sum(axis=0))
        # Of units, those with such a copy too; and units among the events with any copy.
        units, both, every_one = (
            np.einsum("vjf,jf,v->j", chances, some, people)
            for some in (opens, opens * (most_beside > 0), np.maximum(opens, most_beside > 0))
        )
        self.beside_any = np.minimum(ratio(both, units), 1.0)
        self._units_share = np.where(every_one > 0, np.minimum(ratio(units, every_one), 1.0), 1.0)
        self._multiple = ratio(most_first.max(axis=1), opens.max(axis=1))

    def _by_kind(self, events: SessionEvents, chance: Floats, window: int, longest: float) -> None:
        """Set the chances that units are heard of, by kind of visitor, junk last, shape (kinds, events)."""
        visitors, capture = events.visitors, self.traffic.capture
        make = functools.partial(
            ViewsOfSession.of, capture, window=window, merge=dedup_rule(events.fates.settings).merge, longest=longest
        )
        self.people = visitors.people.astype(np.float64)
        self.views = make(float(_mean(chance[:-1, 0], self.people * chance[:-1, 0])))
        each = [make(one) for one in chance[:, 0].tolist()]
        self.of_order = np.column_stack([chance, [one.resent_some for one in each]])
        self.of_order[:, 0] = [one.some for one in each]
        funnel = self.traffic.funnel
        self.of_plain = self.of_order * np.array([1.0, funnel.view, funnel.cart, funnel.checkout, 0.0, 1.0])

    @property
    def each(self) -> Floats:
        """Units expected of a session with an order, shape (events,)."""
        return _mean(self.of_order[:-1], self.people)

    @property
    def at_once(self) -> Floats:
        """Units expected of a session without an order, shape (events,)."""
        return _mean(self.of_plain[:-1], self.people)

    @property
    def landed(self) -> Floats:
        """Units of a session without an order, if one with an order of the same person is heard of."""
        return _mean(self.of_plain[:-1], self.people[:, np.newaxis] * self.of_order[:-1])

    @property
    def ordered(self) -> Floats:
        """Units of a session with an order, if another one of the same person is heard of."""
        return _mean(self.of_order[:-1], self.people[:, np.newaxis] * self.of_order[:-1])

    @property
    def alike(self) -> Floats:
        """How many people alike the units come from, if some people are heard of more often, shape (events,)."""
        chance = self.of_order[:-1]
        return np.maximum(ratio((chance.T @ self.people) ** 2, (chance**2).T @ self.people), 1.0)

    @property
    def _navigates(self) -> bool:
        return self.traffic.capture.navigations > 0

    def units(self, rng: np.random.Generator, events: Fates, sessions: Longs) -> Longs:
        """Count units by cell, shape (cells, events), in so many sessions, shape (cells,)."""
        heard = np.einsum("cjf,cjf->cj", events.all, self.opens)
        found = np.rint(np.append(heard, np.zeros((len(heard), 1)), axis=1)).astype(np.int64)
        if self._navigates:
            found[:, 0] = np.minimum(rng.binomial(sessions, self.each[0]), found[:, 0])
            resent = (events.again * self.resent).sum(axis=1)
            found[:, AGAIN] = np.rint(resent * self.views.resent_some / max(self.views.resent, 1e-300))
        return np.asarray(found)

    def among(self, rng: np.random.Generator, some: Longs) -> Longs:
        """Count the units among events with any kept copy, shape (..., events): the others are kept in any case."""
        return rng.binomial(some, self._units_share) if (self._units_share < 1).any() else some

    def copies(
        self, rng: np.random.Generator, copies: Longs, some: Longs, units: Longs, kept: Longs
    ) -> tuple[Longs, Longs]:
        """Give the copies that are left, and the events with any, if so many of the units repeat none.

        Arrays are of shape (..., events), without `AGAIN`.
        """
        by_unit = ratio(copies * (1 - self.beside_share), units)
        if self._navigates:
            by_unit[..., 0] = self._multiple[0] * self.views.kept / max(self.views.some, 1e-300)
        left = np.minimum(kept * by_unit + copies * self.beside_share, copies)
        gone = units - kept
        if self.beside_any.any():
            gone -= rng.binomial(gone, self.beside_any)
        return np.floor(left + rng.random(left.shape)).astype(np.int64), some - gone

    def expected(self, chance: Floats) -> tuple[Floats, Floats]:
        """Give the shares of copies, and of units with any, that are left if units repeat none with such chances."""
        copies, some = (chance + (1 - chance) * beside for beside in (self.beside_share, self.beside_any))
        copies[..., 0] *= self.views.kept / max(self.views.heard, 1e-300)
        return copies, some

    def moved(self, events: Fates, units: Floats) -> Floats:
        """Give the copies that are dropped after all, if so many units repeat none, shape (2, cells, events).

        The first are those among the kept copies, the others those among the merged ones: what they were merged with is
        gone.
        """
        first, opened, merged = (
            np.einsum("cjf,cjf->cj", events.all, table) for table in (self.first, self.opens, self.merged)
        )
        left, with_merged = units[:, :AGAIN] * ratio(first, opened), ratio(units[:, :AGAIN], opened)
        if self._navigates:
            left[:, 0] *= self.views.kept / max(self.views.some, 1e-300)
            with_merged[:, 0] *= 1 + self.views.soon / max(self.views.some, 1e-300)
        dropped = np.maximum(first - left, 0.0)
        dropped[:, 0] += np.maximum((events.again * self.resent).sum(axis=1) - units[:, AGAIN], 0.0)
        return np.stack([dropped, merged * np.maximum(1 - with_merged, 0.0)])

    def moved_of_strangers(self, events: Fates) -> Floats:
        """Give the kept page views of visitors who come once that repeat one of the same session, shape (cells,)."""
        views = np.einsum("cf,cf->c", events.all[:, 0], self.first[:, 0])
        again = (events.again * self.resent).sum(axis=1)
        repeats = views * (1 - self.views.kept / max(self.views.heard, 1e-300))
        repeats += again * (1 - self.views.resent_some / max(self.views.resent, 1e-300)) * self._navigates
        return np.asarray(repeats)


def _mean(values: Floats, weight: Floats) -> Floats:
    """Give the mean over kinds of visitor, on the first axis."""
    weights = np.broadcast_to(weight.T, values.T.shape).T
    return np.asarray((values * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-300))
