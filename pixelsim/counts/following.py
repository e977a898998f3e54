"""What follows from the touches of ad groups: sessions, orders, and the copies that their own pixel keeps.

All ad groups that lead to one website and report to one pixel go through together. A touch can earn the orders within
its window, so of these the copies that count are drawn for each cell of touches and each lag; the orders after it are
looked at when they happen, in :mod:`pixelsim.counts.tally`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import Cells
from pixelsim.counts.copies import FateClasses
from pixelsim.counts.draws import Draw, stacked
from pixelsim.counts.kernels import OrderShares
from pixelsim.counts.pages import Pages
from pixelsim.counts.sessions import SessionEvents
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["Followed", "Follower", "Part"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Touches of one ad group.

    Parameters
    ----------
    draw
        Opens its streams.
    delivery
        Its rates.
    cell, touches
        Cell of each row, and its clicks, engaged views and views, shape (rows, kinds).
    shares
        Where the orders of each row fall.
    happen
        Share of each row's orders that happen.
    near
        How many lags, from the touch's own cell on, lie in the window of each kind of touch.
    """

    draw: Draw
    delivery: AdDelivery
    cell: Longs
    touches: Longs
    shares: OrderShares
    happen: Floats
    near: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What followed from touches; the first axis of each array is the row.

    Parameters
    ----------
    touches, bots, heard
        Touches by people, shape (rows, kinds); clicks by bots; and those of ``touches`` whose person pixels can hear of
        and match.
    orders, lost
        Sessions with an order, and sessions of any sort that load time drove away, shape (rows, lags in cells).
    landings
        Sessions right after a click, without an order.
    later
        Those of ``orders`` that come after the window of their touch, shape (rows, lags, kinds).
    landed, landed_once
        Kept and matched copies on the own pixel, from ``landings``, shape (rows, events); and sessions with any.
    ordered, ordered_once
        The same from orders within the window, shape (rows, lags within the longest window, kinds, events).
    classes, again
        Events of all sessions but those of ``later``, shape (rows, lags, visitors, events, classes of fates), and page
        views among them that are sent once more, shape (rows, lags, visitors); bots are the last visitors.
    """

    touches: Longs
    bots: Longs
    heard: Longs
    orders: Longs
    lost: Longs
    landings: Longs
    later: Longs
    landed: Longs
    landed_once: Longs
    ordered: Longs
    ordered_once: Longs
    classes: Longs
    again: Longs

    def take(self, index: Longs) -> Followed:
        """Pick rows; those that stand together are not copied."""
        rows: slice | Longs = index
        if len(index) and index[-1] - index[0] == len(index) - 1 and np.all(np.diff(index) == 1):
            rows = slice(int(index[0]), int(index[-1]) + 1)
        return self.rows(rows)

    def rows(self, rows: slice | Longs) -> Followed:
        """Pick rows."""
        return Followed(*(getattr(self, name)[rows] for name in self.__match_args__))

    @classmethod
    def join(cls, parts: Sequence[Followed]) -> Followed:
        """Put rows one after another."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__))


class Follower:
    """What follows from touches that lead to one website, as one pixel hears of it.

    Parameters
    ----------
    events, pages
        What happens in sessions of the website, and its pages.
    pixel
        Code of the pixel of the ad groups, if any.
    cells
        The cells of the run.
    """

    def __init__(self, events: SessionEvents, pages: Pages, pixel: str | None, cells: Cells) -> None:
        self.events, self.cells = events, cells
        visitors = events.visitors
        self.shares, self.matched = visitors.shares, visitors.matched
        self._stays = pages.stays
        self.classes = FateClasses.of(events.fates, pages.kept(events.fates, pixel) if pixel is not None else None)
        self.of_junk = len(visitors.kinds)

    def follow(self, parts: Sequence[Part]) -> list[Followed]:
        """Draw what follows from the touches of some ad groups.

        An order within the session time-out is of the session right after the click, whether that would have landed
        or not; every other order comes in a session of its own.
        """
        sizes = [len(part.cell) for part in parts]
        draw = stacked([part.draw for part in parts], sizes)
        cell, touches, happen = (
            np.concatenate([getattr(part, n) for part in parts]) for n in ("cell", "touches", "happen")
        )
        lags, width = parts[0].shares.share.shape[1], max(max(part.near) for part in parts)
        at = cell[:, np.newaxis] + np.arange(lags)
        in_run, at = at < len(self.cells), np.minimum(at, len(self.cells) - 1)
        stays = self._stays[at]

        def of_parts(name: str) -> Floats:
            return np.repeat([getattr(part.delivery, name) for part in parts], sizes)

        def stay(purpose: str, came: Longs, share: Floats) -> Longs:
            """Keep the sessions that load time does not drive away, and count the others."""
            if np.all(share >= 1):
                return came
            stayed = draw(f"stays, {purpose}").binomial(came, share)
            lost[:, : came.shape[1]] += came - stayed
            return stayed

        bots, some = np.zeros(len(cell), dtype=np.int64), of_parts("bots")
        if some.any():
            bots = draw("bots").binomial(touches[:, 0], some)
            touches[:, TouchKind.CLICK] -= bots
        heard, lost = np.zeros_like(touches), np.zeros((len(cell), lags), dtype=np.int64)
        orders, soon = np.zeros((len(cell), lags, len(TouchKind)), dtype=np.int64), np.zeros((len(cell), 2), np.int64)
        size = (len(cell), width, len(TouchKind), len(EVENT_NAMES))
        ordered, once = np.zeros((2, *size), dtype=np.int64)
        within = np.concatenate(
            [
                np.broadcast_to(np.arange(lags)[:, np.newaxis] < part.near, (len(part.cell), *orders.shape[1:]))
                for part in parts
            ]
        )
        visitors = self.of_junk + 1
        classes = np.zeros((len(cell), width, visitors, len(EVENT_NAMES), self.classes.number), dtype=np.int64)
        again = np.zeros((len(cell), width, visitors), dtype=np.int64)
        for kind in TouchKind:
            if not touches[:, kind].any():
                continue
            name = kind.name.lower()
            rate = happen * (of_parts("conversion_rate") if kind is TouchKind.CLICK else 1.0)
            buyers, delays, first = draw(f"buyers, {name}").binomial(touches[:, kind], rate), draw(f"delays, {name}"), 0
            for part, rng in zip(parts, delays.generators, strict=True):
                rows = slice(first, first := first + len(part.cell))
                orders[rows, :, kind] = rng.multinomial(buyers[rows], _chances(part.shares.share))[:, :-1]
            if kind is TouchKind.CLICK:
                shares = np.concatenate([part.shares.soon[:, :2] for part in parts])
                soon = draw("soon").binomial(orders[:, :2, kind], shares)
            orders[..., kind] = stay(f"orders, {name}", orders[..., kind] * in_run, stays)
            near = orders[:, :width, kind] * within[:, :width, kind]
            came = draw(f"people, {name}").multinomial(near, self.shares)
            events, sent_again = self.events.happen(_inside(draw, f"orders, {name}"), np.zeros_like(came), came)
            found = self.classes.draw(draw(f"copies, orders, {name}"), events, slice(0, -1))
            classes[:, :, :-1] += found
            again[:, :, :-1] += sent_again
            ordered[:, :, kind], once[:, :, kind] = self.classes.kept(
                draw, found, at[:, :width], self.events.matched, came @ self.matched
            )
            missed = soon.sum(axis=1) if kind is TouchKind.CLICK else 0
            landing = touches[:, kind] - missed
            if kind is TouchKind.CLICK:
                people = draw("people, landing").multinomial(landing, self.shares)
                heard[:, kind] = people @ self.matched
                heard[:, kind] += draw("heard soon").binomial(missed, self.shares @ self.matched)
            else:
                heard[:, kind] = draw(f"heard, {name}").binomial(landing, self.shares @ self.matched)
        came = draw("landing").binomial(
            np.append(people, bots[:, np.newaxis], axis=1), of_parts("landing_share")[:, np.newaxis]
        )
        return []


def _chances(share: Floats) -> Floats:
    """Give chances of lags for each row, with a last one for the rest, so that roundings never make more than 1."""
    chances = np.append(share, np.zeros((len(share), 1)), axis=1)
    return np.asarray(chances / np.maximum(chances.sum(axis=1, keepdims=True), 1.0))


def _inside(draw: Draw, what: str) -> Draw:
    """Name the streams of what happens in sessions by where these come from."""
    return lambda purpose: draw(f"{purpose}, {what}")
