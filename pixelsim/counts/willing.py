"""What people make of touches, whatever is on the pages that these lead to: who comes, who orders, and when.

It is the same in all designs that people are the same in: where several of them run side by side on the same luck, or
one after the other, it is drawn once. Ad groups go through together, whatever run they are of; each draws from its own
streams.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.draws import Draw, stacked
from pixelsim.counts.follower import Follower
from pixelsim.counts.kept import Kept
from pixelsim.scenario.traffic import AdDelivery
from pixelsim.traffic.touches import TouchKind

__all__ = ["Orders", "Part", "Willing", "willing"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
_TABLES = ("touches", "bots", "heard", "soon", "landings", "people")
"""Arrays of `Willing`."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Touches of one ad group.

    Parameters
    ----------
    draw
        Opens its streams.
    follower, delivery
        Where it leads to, and its rates.
    cell, touches
        Cell of each row, and its clicks, engaged views and views, shape (rows, kinds).
    chances, soon
        Chances of lags for the orders of each row, as of `OrderShares`; and what share of those of the first lags
        follows within the session time-out, shape (rows, at most 2).
    happen
        Share of each row's orders that happen.
    near
        How many lags, from the touch's own cell on, lie in the window of each kind of touch.
    luck
        Two parts of which the same is told have the same streams and touches; None: no other part has these.
    """

    draw: Draw
    follower: Follower
    delivery: AdDelivery
    cell: Longs
    touches: Longs
    chances: Floats
    soon: Floats
    happen: Floats
    near: tuple[int, ...]
    luck: Hashable = None

    @property
    def alike(self) -> Hashable:
        """What parts have the same of which people make the same."""
        rates = (self.delivery.conversion_rate, self.delivery.bots, self.delivery.landing_share)
        return (self.luck, rates, id(self.chances), id(self.soon), self.near, self.follower.crowd)


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Sessions with an order, those of a row, lag and kind together; those of a part stand together.

    Parameters
    ----------
    row, lag, kind
        Which touches they follow from, how many cells later, and the kind of touch.
    number
        How many there are.
    """

    row: Longs
    lag: Longs
    kind: Longs
    number: Longs

    @property
    def columns(self) -> tuple[Longs, Longs, Longs, Longs]:
        """Row, lag, kind and number."""
        return self.row, self.lag, self.kind, self.number

    def pick(self, some: Longs | NDArray[np.bool_] | slice, row: Longs | None = None) -> Orders:
        """Pick some, and give them other rows if these are told."""
        row = self.row[some] if row is None else row
        return Orders(row, self.lag[some], self.kind[some], self.number[some])

    @classmethod
    def join(cls, parts: Sequence[Orders]) -> Orders:
        """Put some one after another."""
        columns = ([getattr(part, name) for part in parts] for name in cls.__match_args__)
        return cls(*(np.concatenate(column) if column else np.zeros(0, dtype=np.int64) for column in columns))


@dataclass(frozen=True, slots=True, eq=False)
class Willing:
    """What people make of touches; rows are those of the touches, part after part.

    Parameters
    ----------
    touches, bots
        Touches by people, shape (rows, kinds), and clicks by bots.
    heard
        Those of ``touches`` whose person pixels can hear of and match.
    soon
        Clicks with an order within the session time-out, shape (rows, at most 2): the order's lag.
    landings
        Clicks that would land without such an order, by kind of visitor, shape (rows, visitors); bots come last.
    orders, people
        Orders within the window of their touch, and the same by kind of visitor, shape (orders, kinds of people).
    late
        Orders after it.
    """

    touches: Longs
    bots: Longs
    heard: Longs
    soon: Longs
    landings: Longs
    orders: Orders
    people: Longs
    late: Orders

    @classmethod
    def join(cls, parts: Sequence[Willing]) -> Willing:
        """Put what people make of the touches of some one after another."""
        if len(parts) == 1:
            return parts[0]
        begins = [0, *itertools.accumulate(len(part.bots) for part in parts)][:-1]
        tables = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _TABLES}
        moved = (
            Orders.join([of.pick(slice(None), of.row + begin) for of, begin in zip(some, begins, strict=True)])
            for some in ([part.orders for part in parts], [part.late for part in parts])
        )
        orders, late = moved
        return cls(**tables, orders=orders, late=late)

    def split(self, sizes: Sequence[int]) -> Iterator[Willing]:
        """Give what people make of the touches of each part, which have so many rows each."""
        begins = [0, *itertools.accumulate(sizes)]
        within, late = (np.searchsorted(of.row, begins).tolist() for of in (self.orders, self.late))
        for place, (one, two) in enumerate(itertools.pairwise(begins)):
            here, after = slice(*within[place : place + 2]), slice(*late[place : place + 2])
            yield Willing(
                touches=self.touches[one:two],
                bots=self.bots[one:two],
                heard=self.heard[one:two],
                soon=self.soon[one:two],
                landings=self.landings[one:two],
                orders=self.orders.pick(here, self.orders.row[here] - one),
                people=self.people[here],
                late=self.late.pick(after, self.late.row[after] - one),
            )

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        tables = [getattr(self, name) for name in _TABLES]
        return sum(table.nbytes for table in (*tables, *self.orders.columns, *self.late.columns))

    def spread(self, sizes: Sequence[int], of: Sequence[int]) -> Willing:
        """Give the same for parts that share what people make of their touches.

        Parameters
        ----------
        sizes
            Rows of each part that there is.
        of
            The part that each of those wanted has it from, by its place.
        """
        begins = [0, *itertools.accumulate(sizes)]
        rows = np.concatenate([np.arange(begins[one], begins[one + 1]) for one in of])
        moved = np.cumsum([0, *(sizes[one] for one in of)])[:-1] - np.array([begins[one] for one in of])

        def of_parts(orders: Orders) -> tuple[Longs, Longs]:
            first = np.searchsorted(orders.row, begins)
            some = [np.arange(first[one], first[one + 1]) for one in of]
            at = np.concatenate(some)
            return at, orders.row[at] + np.repeat(moved, [len(one) for one in some])

        within, row = of_parts(self.orders)
        return Willing(
            touches=self.touches[rows],
            bots=self.bots[rows],
            heard=self.heard[rows],
            soon=self.soon[rows],
            landings=self.landings[rows],
            orders=self.orders.pick(within, row),
            people=self.people[within],
            late=self.late.pick(*of_parts(self.late)),
        )


ROOM = 40_000_000
"""Bytes that are kept of what people made of touches: at 28 days and some hundred clicks a day, 4,000 ad groups
in a run each."""
_OBJECTS = 2048
"""Bytes that it takes besides its arrays, about."""
_KEPT: Kept[Hashable, tuple[tuple[Longs, Floats, Floats], Willing]] = Kept(ROOM)
"""With what it was drawn for: as long as this is here, nothing else is told by the same places in memory."""


def willing(parts: Sequence[Part]) -> Willing:
    """Draw what people make of touches, once for all parts in which they make the same."""
    places: dict[Hashable, int] = {}
    first = [number if one.luck is None else places.setdefault(one.alike, number) for number, one in enumerate(parts)]
    own = sorted(set(first))
    known = {number: found for number in own if (found := _known(parts[number])) is not None}
    missing = [number for number in own if number not in known]
    drawn = _Drawing([parts[number] for number in missing]).found() if missing else None
    if drawn is not None:
        _keep([parts[number] for number in missing], drawn)
        if len(missing) == len(parts):
            return drawn
    told = [*known.values()] if drawn is None else [*known.values(), drawn]
    place = {number: place for place, number in enumerate([*known, *missing])}
    sizes = [len(parts[number].cell) for number in place]
    return Willing.join(told).spread(sizes, [place[number] for number in first])


def _known(part: Part) -> Willing | None:
    found = None if part.luck is None else _KEPT.get(part.alike)
    return None if found is None else found[1]


def _keep(parts: Sequence[Part], drawn: Willing) -> None:
    """Keep what was drawn for parts whose luck others can have."""
    for part, found in zip(parts, drawn.split([len(part.cell) for part in parts]), strict=True):
        if part.luck is not None:
            _KEPT.keep(part.alike, ((part.touches, part.chances, part.soon), found), _OBJECTS + found.size)


class _Drawing:
    """Touches of parts, and what people make of them, in the making."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts, self.sizes = parts, [len(part.cell) for part in parts]
        self.draws = [part.draw for part in parts]
        self.draw, self.item = stacked(self.draws, self.sizes), np.repeat(np.arange(len(parts)), self.sizes)
        self.touches, self.cell = self._of_rows("touches"), self._of_rows("cell")
        self.people = np.repeat([part.follower.people for part in parts], self.sizes, axis=0)
        self.audible = np.repeat([part.follower.audible for part in parts], self.sizes)
        self.bots = np.zeros(len(self.cell), dtype=np.int64)
        share = self._rates("bots")
        if share.any():
            self.bots = self.draw("bots").binomial(self.touches[:, TouchKind.CLICK], share)
            self.touches[:, TouchKind.CLICK] -= self.bots
        self.heard, self.soon = np.zeros_like(self.touches), np.zeros(self._of_rows("soon").shape, dtype=np.int64)
        self.heard_soon = np.zeros_like(self.bots)

    def _of_rows(self, name: str) -> Any:
        """Give what the rows of all parts have, one after another."""
        return np.concatenate([getattr(part, name) for part in self.parts])

    def _rates(self, name: str) -> Floats:
        """Give a rate of each row's ad group."""
        return np.repeat([float(getattr(part.delivery, name)) for part in self.parts], self.sizes)

    def found(self) -> Willing:
        """Draw what people make of the touches."""
        found = Orders.join([self._order(kind) for kind in TouchKind if self.touches[:, kind].any()])
        # Those of a part stand together, with all kinds of touch.
        orders = found.pick(np.argsort(self.item[found.row], kind="stable"))
        near = np.array([part.near for part in self.parts])[self.item[orders.row], orders.kind]
        late = orders.pick(orders.lag >= near)
        orders = orders.pick(orders.lag < near)
        sizes = np.bincount(self.item[orders.row], minlength=len(self.parts)).tolist()
        people = stacked(self.draws, sizes)("people of orders").multinomial(orders.number, self.people[orders.row])
        landings = self._land()
        return Willing(self.touches, self.bots, self.heard, self.soon, landings, orders, people, late)

    def _order(self, kind: TouchKind) -> Orders:
        """Draw the orders of a kind of touch that come before the run's end."""
        name, touches, parts = kind.name.lower(), self.touches[:, kind], self.parts
        rate = self._of_rows("happen") * (self._rates("conversion_rate") if kind is TouchKind.CLICK else 1.0)
        # Who buys is drawn apart from when, and who lands from what sort of person it is: so designs in which more of
        # them do have the same others.
        buyers = self.draw(f"buyers, {name}").binomial(touches, rate)
        orders = self.draw(f"delays, {name}").multinomial(buyers, self._of_rows("chances"))[:, :-1]
        if kind is TouchKind.CLICK:
            self._order_soon(orders)
        else:
            self.heard[:, kind] = self.draw(f"heard, {name}").binomial(touches, self.audible)
        row, lag = np.nonzero(orders)
        before = self.cell[row] + lag < len(parts[0].follower.cells)
        row, lag = row[before], lag[before]
        return Orders(row, lag, np.full_like(row, kind), orders[row, lag])

    def _order_soon(self, orders: Longs) -> None:
        """Draw the clicks with an order in the session right after them, and those of them that pixels hear of."""
        soon, first = self._of_rows("soon"), orders[:, : self.soon.shape[1]]
        if not first.any():
            return
        audible = self.audible[:, np.newaxis]
        chances = np.stack([soon * audible, soon * (1 - audible), 1 - soon], axis=-1)
        dealt = self.draw("soon").multinomial(first, chances)
        self.soon, self.heard_soon = dealt[..., :2].sum(axis=-1), dealt[..., 0].sum(axis=1)

    def _land(self) -> Longs:
        """Draw the clicks that would land without an order, by kind of visitor."""
        share = self._rates("landing_share")
        clicks = self.touches[:, TouchKind.CLICK] - self.soon.sum(axis=1)
        people = self.draw("people, landing").multinomial(clicks, self.people)
        matched = np.repeat([part.follower.matched for part in self.parts], self.sizes, axis=0)
        self.heard[:, TouchKind.CLICK] = (people * matched).sum(axis=1) + self.heard_soon
        clicking = np.append(people, self.bots[:, np.newaxis], axis=1)
        return self.draw("landing").binomial(clicking, share[:, np.newaxis])
