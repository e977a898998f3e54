"""From sessions to events, in counts by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.copies import CopyFates
from pixelsim.counts.draws import Draw, Numbers
from pixelsim.counts.visitors import Visitors
from pixelsim.scenario.capture import EVENT_NAMES, PageViews
from pixelsim.scenario.traffic import SiteTraffic

__all__ = ["PURCHASE", "Fates", "Habits", "SessionEvents", "kept_copies", "kept_once"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

PURCHASE = EVENT_NAMES.index("Purchase")
CHECKOUT = EVENT_NAMES.index("InitiateCheckout")


@dataclass(frozen=True, slots=True, eq=False)
class Fates:
    """Events by fate of their copies; int64 of shape (..., events, fates), ``again`` (..., fates).

    ``matched`` are those of ``all`` whose person the platform can match; ``again`` are the page views among ``all``
    that the next page of the session sends once more.
    """

    all: Longs
    matched: Longs
    again: Longs

    def __add__(self, other: Fates) -> Fates:
        """Add up two tables of the same shape."""
        return Fates(self.all + other.all, self.matched + other.matched, self.again + other.again)


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """How deep people go in sessions of websites, and how many pages they look at.

    Parameters
    ----------
    order
        Places of the funnel's steps before the order, from the most frequent on.
    first_view, views_each
        Page views of the first page of a session, and of every further one.
    steps, navigations
        Of each website, the chances of these steps, each given the one before, shape (websites, steps); and the
        further pages expected of a session, shape (websites,).
    """

    order: tuple[int, ...]
    first_view: int
    views_each: int
    steps: Floats
    navigations: Floats

    @classmethod
    def of(cls, traffic: SiteTraffic) -> Habits:
        """Give the habits of one website."""
        chances = np.array([traffic.funnel.view, traffic.funnel.cart, traffic.funnel.checkout])
        order = np.argsort(-chances, kind="stable")
        falling = chances[order]
        before = np.concatenate([[1.0], falling[:-1]])
        steps = np.divide(falling, before, out=np.zeros(3), where=before > 0)
        capture = traffic.capture
        return cls(
            tuple(order.tolist()),
            int(capture.page_views is not PageViews.MANUAL),
            2 if capture.page_views is PageViews.BOTH else 1,
            steps[np.newaxis],
            np.array([capture.navigations]),
        )

    @property
    def alike(self) -> tuple[object, ...]:
        """What websites have the same whose sessions go through together."""
        return self.order, self.first_view, self.views_each

    @classmethod
    def together(cls, parts: Sequence[Habits]) -> Habits:
        """Put websites that are alike one after another."""
        first, steps = parts[0], np.concatenate([one.steps for one in parts])
        navigations = np.concatenate([one.navigations for one in parts])
        return cls(first.order, first.first_view, first.views_each, steps, navigations)

    def happen(self, draw: Draw, plain: Longs, ordered: Longs, website: Longs) -> tuple[Longs, Longs]:
        """Give the events of sessions without and with an order by name, and the page views that are sent once more.

        Parameters
        ----------
        draw
            Opens the stream of a purpose: depth, page views.
        plain, ordered
            Sessions, int64 of shape (rows, ...).
        website
            Place of each row's website.

        Returns
        -------
        events : ndarray of int64, shape (rows, ..., events)
        again : ndarray of int64, shape (rows, ...)
            Page views that are followed by another one.
        """
        sessions = plain + ordered
        events = np.empty((*plain.shape, len(EVENT_NAMES)), dtype=np.int64)
        events[..., 1:] = ordered[..., np.newaxis]
        at = (website, *[np.newaxis] * (plain.ndim - 1))
        if plain.any():
            depth, reach = draw("depth"), plain
            for place, chance in zip(self.order, self.steps.T, strict=True):
                reach = depth.binomial(reach, chance[at])
                events[..., 1 + place] += reach
        views = self.first_view * sessions
        again = np.zeros_like(sessions)
        if self.navigations.any():
            # Geometric numbers of navigations add up to a negative binomial one, of the sessions that have any.
            navigating, mean = draw("page views"), self.navigations[at]
            if self.first_view:
                again = navigated = self.views_each * navigating.negative_binomial(sessions, 1 / (1 + mean))
            else:
                some = navigating.binomial(sessions, mean / (1 + mean))
                navigated = self.views_each * (some + navigating.negative_binomial(some, 1 / (1 + mean)))
                again = navigated - some
            views = views + navigated
        events[..., 0] = views
        return events, again


class SessionEvents:
    """What happens in the sessions of one website, whoever comes: funnel, page views, copies.

    Parameters
    ----------
    traffic
        The site's parameters.
    visitors
        The kinds of people; one kind more, the last, stands for junk.
    fates
        What becomes of copies, for the kinds and for junk.
    """

    def __init__(self, traffic: SiteTraffic, visitors: Visitors, fates: CopyFates) -> None:
        self.traffic, self.visitors, self.fates = traffic, visitors, fates
        self.habits = Habits.of(traffic)
        matched = [[k.matched] * CHECKOUT + [k.matched_at_checkout] * (PURCHASE + 1 - CHECKOUT) for k in visitors.kinds]
        self.matched = np.array([*matched, [1] * len(EVENT_NAMES)], dtype=np.int64)

    @property
    def population(self) -> str:
        """Name of the people who come here."""
        return self.traffic.population or self.traffic.website

    @property
    def views(self) -> float:
        """Page views expected of a session."""
        return self.habits.first_view + self.habits.views_each * self.traffic.capture.navigations

    def people(self, draw: Draw, plain: Longs, ordered: Longs) -> Fates:
        """Give the events of people's sessions.

        Parameters
        ----------
        draw
            Opens the stream of a purpose: depth, page views, copies.
        plain, ordered
            Sessions without and with an order, int64 of shape (..., kinds).
        """
        events, again = self.happen(draw, plain, ordered)
        copies, shape = draw("copies"), (*plain.shape[:-1], *self.fates.chances.shape[1:])
        total, matched = np.zeros((2, *shape), dtype=np.int64)
        sent_again = np.zeros((*shape[:-2], shape[-1]), dtype=np.int64)
        for kind, counts in enumerate(self.matched[:-1]):
            of_kind = events[..., kind, :]
            if self.fates.silent(kind):
                total[..., 0] += of_kind
                if self.traffic.capture.resends_previous:
                    sent_again[..., 0] += again[..., kind]
                continue
            found = self.fates.draw(copies, of_kind, kind)
            total += found
            matched += found if counts.all() else found * counts[:, np.newaxis]
            sent_again += self.again(copies, again[..., kind], found[..., 0, :])
        return Fates(total, matched, sent_again)

    def of_matched(self, found: Longs, visitors: slice) -> Longs:
        """Add up what the platform can match, shape (rows, kinds of visitor, events, ...), over the visitors."""
        total = np.zeros((len(found), *found.shape[2:]), dtype=np.int64)
        for visitor, events in enumerate(self.matched[visitors]):
            if events.all():
                total += found[:, visitor]
            elif events.any():
                total += found[:, visitor] * events[:, np.newaxis]
        return total

    def junk(self, draw: Draw, sessions: Longs) -> Fates:
        """Give the events of bots and other visits that are none, shape (...)."""
        if not sessions.any():
            none = np.zeros((*sessions.shape, *self.fates.chances.shape[1:]), dtype=np.int64)
            return Fates(none, none, none[..., 0, :])
        plain = sessions[..., np.newaxis]
        events, again = self.happen(draw, plain, np.zeros_like(plain))
        copies = draw("copies")
        found = self.fates.draw(copies, events[..., 0, :], len(self.visitors.kinds))
        return Fates(found, found, self.again(copies, again[..., 0], found[..., 0, :]))

    def happen(self, draw: Draw, plain: Longs, ordered: Longs) -> tuple[Longs, Longs]:
        """Give the events of sessions, and the page views that are sent once more, as `Habits.happen` does."""
        return self.habits.happen(draw, plain, ordered, np.zeros(len(plain), dtype=np.int64))

    def again(self, rng: Numbers, again: Longs, views: Longs) -> Longs:
        """Choose the fates of the page views that are sent once more, among those of all page views."""
        chosen = np.zeros_like(views)
        if not self.traffic.capture.resends_previous:
            return chosen
        left, rest = again.copy(), views.sum(axis=-1)
        for fate in range(views.shape[-1]):
            rest = rest - views[..., fate]
            chosen[..., fate] = rng.hypergeometric(views[..., fate], rest, left)
            left = left - chosen[..., fate]
        return chosen


def kept_once(events: Longs, table: Longs, sessions: Longs) -> Longs:
    """Count the sessions with a kept copy of each event: at most one for each event, and one for each session."""
    return np.minimum(kept_copies(events, np.minimum(table, 1)), sessions[..., np.newaxis])


def kept_copies(events: Longs, table: Longs) -> Longs:
    """Count what a table of kept copies, shape (events, fates), says of events by fate, shape (..., events)."""
    total = np.zeros(events.shape[:-1], dtype=np.int64)
    for fate in np.flatnonzero(table.any(axis=0)).tolist():
        total += events[..., fate] * table[:, fate]
    return total
