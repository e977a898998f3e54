"""Websites as pixels hear of them: what an ad group needs to know of where its touches lead to."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells
from pixelsim.counts.copies import FateClasses
from pixelsim.counts.draws import Draw
from pixelsim.counts.pages import Pages
from pixelsim.counts.sessions import Habits, SessionEvents
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["Follower", "Followers"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


class Follower:
    """What follows from touches that lead to one website, as pixels that keep the same hear of it.

    Parameters
    ----------
    events, pages
        What happens in sessions of the website, and its pages.
    classes
        Fates as the pixel of the ad groups tells them apart, see `Pages.classes`.
    cells
        The cells of the run.
    width
        Lags that lie in the window of any ad group on the pixel: so many has every table of what can be earned.
    """

    def __init__(self, events: SessionEvents, pages: Pages, classes: FateClasses, cells: Cells, width: int) -> None:
        self.events, self.classes, self.cells, self.width = events, classes, cells, width
        self.people, self.matched, self.stays = events.visitors.shares, events.visitors.matched, pages.stays
        self.audible = float(self.people @ self.matched)

    @functools.cached_property
    def alike(self) -> tuple[object, ...]:
        """What followers have the same whose touches go through together."""
        visitors, resends = self.events.visitors, self.events.traffic.capture.resends_previous
        return (len(self.cells), self.width, visitors.kinds, resends, *self.events.habits.alike, *self.classes.alike)

    @functools.cached_property
    def crowd(self) -> tuple[bytes, bytes]:
        """What followers have the same to which the same people come."""
        return self.people.tobytes(), self.matched.tobytes()

    @functools.cached_property
    def told(self) -> tuple[object, ...]:
        """What followers have the same of which the same follows from the same touches."""
        classes, habits = self.classes, self.events.habits
        rates = (self.stays, habits.steps, habits.navigations, classes.chances, classes.within)
        share = None if classes.share is None else classes.share.tobytes()
        return (self.alike, self.crowd, *(rate.tobytes() for rate in rates), share)

    @functools.cached_property
    def each(self) -> tuple[Floats, Floats]:
        """Kept and matched copies expected of a session with an order by its cell, (cells, events), and any of them."""
        views = np.ones(len(EVENT_NAMES))
        views[0] = self.events.views
        of_class = np.einsum("v,ve,vec->ec", self.people, self.events.matched[:-1], self.classes.chances[0, :-1])
        share = np.ones((1, 1, 1)) if self.classes.share is None else self.classes.share[0]
        tables = self.classes.table, self.classes.table > 0
        copies, once = ((of_class * share * table).sum(axis=-1) for table in tables)
        size = (len(self.cells), len(EVENT_NAMES))
        return np.broadcast_to(copies * views, size), np.broadcast_to(np.minimum(once * views, 1.0), size)


class Followers:
    """Followers that are alike but for their rates, of whatever run.

    Parameters
    ----------
    of_items
        The follower of each item that goes through.
    """

    def __init__(self, of_items: Sequence[Follower]) -> None:
        every = list(dict.fromkeys(of_items))
        place = {one: number for number, one in enumerate(every)}
        self.of = np.array([place[one] for one in of_items])
        first = every[0]
        self.cells, self.width, self.matched, self.events = len(first.cells), first.width, first.matched, first.events
        # The first axis of each array is the follower.
        self.people, self.stays = np.stack([one.people for one in every]), np.stack([one.stays for one in every])
        self.classes = FateClasses.together([one.classes for one in every])
        self._habits = Habits.together([one.events.habits for one in every])

    def happen(
        self, draw: Draw, plain: Longs, ordered: Longs, *, at: Longs, visitors: slice
    ) -> tuple[Longs, Longs, Longs]:
        """Draw the events of sessions without and with an order.

        Parameters
        ----------
        draw
            Opens the stream of a purpose.
        plain, ordered
            Sessions, shape (rows, kinds of visitor).
        at
            Follower of each row.
        visitors
            The kinds of visitor, bots last.

        Returns
        -------
        classes : ndarray of int64, shape (rows, kinds of visitor, events, classes of fates)
        again : ndarray of int64, shape (rows, kinds of visitor)
            Page views that are sent once more.
        matched : ndarray of int64, shape (rows, events, classes of fates)
            Those that the platform can match.
        """
        events, again = self._habits.happen(draw, plain, ordered, at)
        classes = self.classes.draw(draw("copies"), events, at, visitors)
        return classes, again, self.events.of_matched(classes, visitors)
