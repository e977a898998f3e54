"""Which of the copies that a pixel kept repeat an event that their person had before, and so do not count after all.

Where event ids are made of the visitor, or nothing but a repeat window tells events apart, copies of different sessions
meet. All that one pixel hears of the people of a contest is looked at together here: what came by itself, and what
followed from every ad group that leads there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells, Hours, Spread
from pixelsim.counts.dead_time import Alive, Arrivals, ratio
from pixelsim.counts.draws import stream
from pixelsim.counts.field import BIN, Bins
from pixelsim.counts.heard import AGAIN, Heard
from pixelsim.counts.kernels import delay_table
from pixelsim.counts.ordered import Ordered
from pixelsim.counts.organic import Source
from pixelsim.counts.paid import AdGroupCounts, PaidCounts, add_by_cell
from pixelsim.counts.sessions import Fates
from pixelsim.traffic.touches import TouchKind

__all__ = ["Leader", "Repeated", "Repeating"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Key = tuple[str, int]
"""What a part of the events follows from: visits of a source, or landings, orders or late orders of an ad group."""

FOLLOWED = ("landed", "ordered", "late")
PASSES = 4
"""Rounds in which what parts keep is brought to what all keep together; each leaves the root of what was missing."""
CLICK = TouchKind.CLICK


@dataclass(frozen=True, slots=True, eq=False)
class Leader:
    """An ad group that leads to one of the websites.

    Parameters
    ----------
    counts
        What it brings about.
    heard
        What the pixel hears of sessions that it leads to.
    share
        Share of its touches that are of these people.
    own
        Whether it uses the pixel.
    """

    counts: AdGroupCounts
    heard: Heard
    share: float
    own: bool

    @property
    def landed(self) -> Floats:
        """Chance that a click has a session at once, without an order, of which the pixel hears, (cells, events)."""
        return np.outer(self.heard.stays, self.counts.delivery.landing_share * self.heard.landed)

    @property
    def with_orders(self) -> Floats:
        """The same with an order or without."""
        whole = self.counts.table.whole
        rate = self.counts.delivery.conversion_rate * whole.share[:, :1] * whole.soon[:, :1]
        return np.asarray(1 - (1 - self.landed) * (1 - rate * self.heard.ordered))


@dataclass(frozen=True, slots=True, eq=False)
class Repeated:
    """What is left once repeats are taken away.

    Parameters
    ----------
    paid
        What the ad groups of the pixel brought about, by number.
    gone
        Kept and matched events of people whom no ad brought, and sessions with any, that are not left, shape (2, cells,
        events).
    dropped, unmerged
        Copies that are not kept after all, and merged ones that count as dropped since what they were merged with is
        gone, shape (cells, events).
    previews
        Page views of preview hosts that repeat one of the same session, shape (cells,).
    arrivals, alive
        All events that can repeat one another, and the chances that they do not.
    behind
        By number, `Arrivals.behind` of the events that follow from an ad group's clicks.
    densest
        Most events of a name that a person has in the dead time, on average.
    """

    paid: dict[int, PaidCounts]
    gone: Longs
    dropped: Longs
    unmerged: Longs
    previews: Longs
    arrivals: Arrivals
    alive: Alive
    behind: dict[int, Floats]
    densest: float


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Units that belong together, and the chance that they repeat none, shape (..., events); cell of each, (...)."""

    units: Longs
    cell: Longs
    chance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Repeating:
    """People and a pixel where events of different sessions can be repeats of one another.

    Parameters
    ----------
    streams, name
        Random streams of the replication, and what names the pair there.
    cells, day
        The cells, and how visits spread over time.
    pixel, window
        The pixel, and the dead time in ms.
    sources
        What comes by itself, with what the pixel hears of it.
    leaders
        The ad groups that lead there, by number.
    """

    streams: Streams
    name: str
    cells: Cells
    day: Spread
    pixel: str
    window: int
    sources: Sequence[tuple[Source, Heard]]
    leaders: Mapping[int, Leader]

    @property
    def bins(self) -> Bins:
        """The bins that cells are cut into."""
        return Bins.of(self.cells, np.empty(0, dtype=np.int64))

    def moves_credit(self, ad_groups: Iterable[int]) -> bool:
        """Tell whether repeats have a part in who earns an event that is kept, among some ad groups.

        None where the window is shorter than a bin, or where a copy of an event is kept even if that repeats another;
        nor is it known where ad groups lead to other websites too.
        """
        beside = any(one.beside_any.any() for one in self._every_heard())
        return self.window >= BIN and not beside and self.leaders.keys() >= set(ad_groups)

    def share(self, day: Spread) -> Floats:
        """Give the share of each cell's traffic in its bins, shape (bins,)."""
        every = np.arange(len(self.cells))
        return self.bins.spread(day, every, self.cells.borders[:-1], self.cells.borders[1:], np.ones(len(every)))

    def settle(self, paid: Mapping[int, PaidCounts]) -> Repeated:
        """Draw what repeats what, given what the ad groups brought about among all people, or these, by number."""
        rng = stream(self.streams, "repeats", self.name)
        visits = [heard.units(rng, source.people, _sessions(source)) for source, heard in self.sources]
        led = {number: self._units(rng, one, paid[number]) for number, one in self.leaders.items()}
        bots = np.zeros((len(self.cells), AGAIN + 1))
        for number, one in self.leaders.items():
            bots += np.minimum(self._bots(one, paid[number]), led[number])
        by_bots = np.rint(bots).astype(np.int64)
        every = np.sum([np.zeros_like(by_bots), *visits, *led.values()], axis=0)
        arrivals, behind = self._arrivals(every - by_bots, paid)
        alive = Alive.of(rng, arrivals, self.cells, self.window)
        parts = self._parts(rng, paid, alive, behind)
        kept = _deal(rng, parts, every, alive.kept + by_bots)
        left = {
            n: _left(rng, one.heard, paid[n], [(parts[what, n].units, kept[what, n]) for what in FOLLOWED], alive)
            for n, one in self.leaders.items()
            if one.own
        }
        share = ratio(alive.kept + by_bots, every)
        moved, previews = np.zeros((2, len(self.cells), AGAIN)), np.zeros(len(self.cells))
        gone = np.zeros(moved.shape, dtype=np.int64)
        for place, (source, heard) in enumerate(self.sources):
            copies, some = source.kept_visits(self.streams, self.pixel)
            key = "visits", place
            gone += np.stack([copies, some]) - heard.copies(rng, copies, some, parts[key].units, kept[key])
            moved += heard.moved(source.people, visits[place] * share)
            moved[0, :, 0] += heard.moved_of_strangers(source.junk)
            previews += heard.moved_of_strangers(source.previews)
        for number, one in self.leaders.items():
            tally = paid[number].tally
            events = Fates(tally.events, tally.events, tally.again)
            moved += one.share * one.heard.moved(events, led[number] / one.share * share)
        # What is expected of each part comes to whole numbers together, but for copies of several for a unit.
        dropped, unmerged = np.rint(moved).astype(np.int64)
        of_previews = np.floor(previews + rng.random(len(previews))).astype(np.int64)
        a_person = (arrivals.every / arrivals.people).max(axis=1, initial=0.0) / np.diff(self.cells.borders)
        densest = float(a_person.max()) * self.window
        return Repeated(left, gone, dropped, unmerged, of_previews, arrivals, alive, behind, densest)

    def _units(self, rng: np.random.Generator, leader: Leader, counts: PaidCounts) -> Longs:
        """Count the units that follow from the touches of an ad group, by cell."""
        tally = counts.tally
        found = leader.heard.units(rng, Fates(tally.events, tally.events, tally.again), tally.sessions)
        return np.asarray(np.rint(found * leader.share), dtype=np.int64)

    def _bots(self, leader: Leader, counts: PaidCounts) -> Floats:
        """Give the expected units of bots that click, shape (cells, events)."""
        by_cell = add_by_cell(self.cells, counts.rows.cell, counts.followed.bots[:, np.newaxis]) * leader.heard.stays
        rates = leader.share * leader.counts.delivery.landing_share * leader.heard.of_plain[-1]
        return np.asarray(np.outer(by_cell, rates), dtype=np.float64)

    def _spread(self, every: Longs, paid: Mapping[int, PaidCounts]) -> Floats:
        """Give the share of each cell's events in its bins, of sessions right after clicks at the hours of these."""
        cell, own = self.bins.cell, self.share(self.day)[:, np.newaxis]

        def by_cell(of_bin: Floats) -> Floats:
            return np.stack([np.bincount(cell, weights=one) for one in of_bin.T], axis=1)

        at_once = np.zeros((len(cell), every.shape[1]))
        for number, one in self.leaders.items():
            counts, rates = paid[number], one.share * one.counts.delivery.landing_share * one.heard.at_once
            clicks = add_by_cell(self.cells, counts.rows.cell, counts.followed.touches[:, CLICK, np.newaxis])
            landed = np.outer(clicks * one.heard.stays, rates)
            at_once += landed[cell] * self.share(one.counts.table.day)[:, np.newaxis]
        spread = at_once + np.maximum(every - by_cell(at_once), 0.0)[cell] * own
        total = by_cell(spread)[cell]
        return np.where(total > 0, spread / np.where(total > 0, total, 1.0), own)

    def _arrivals(self, every: Longs, paid: Mapping[int, PaidCounts]) -> tuple[Arrivals, dict[int, Floats]]:
        """Give all that comes, and for each ad group the chance that a click's own session makes its order a repeat."""
        lags = max((one.counts.table.lags for one in self.leaders.values()), default=1)
        size = (len(self.cells), min(lags, len(self.cells)))
        led, both = np.zeros((2, *size, AGAIN + 1))
        waited, elapsed = np.zeros((2, *size))
        behind = {}
        for number, one in self.leaders.items():
            counts, (inside, wait) = paid[number], self._delay(one.counts, size[1])
            behind[number] = inside[..., np.newaxis] * one.landed[:, np.newaxis]
            rates = np.array([one.counts.delivery.conversion_rate, 1.0, 1.0]) * counts.followed.touches
            of_clicks = ratio(rates[:, CLICK], rates.sum(axis=1))[:, np.newaxis] * counts.followed.orders
            orders = np.zeros(size)
            np.add.at(orders, counts.rows.cell, one.share * of_clicks[:, : size[1]])
            came = orders[..., np.newaxis] * one.heard.each
            led += came
            both += came * behind[number]
            waited += orders * inside
            elapsed += orders * inside * wait
        people = np.max([one.alike for one in self._every_heard()], axis=0)
        spread = self._spread(every, paid)
        return Arrivals(every, spread, led, ratio(both, led), ratio(elapsed, waited), people), behind

    def _every_heard(self) -> list[Heard]:
        return [*(heard for _, heard in self.sources), *(one.heard for one in self.leaders.values())]

    def _delay(self, group: AdGroupCounts, lags: int) -> tuple[Floats, Floats]:
        """Give the share of orders in a later session within the window, and their mean ms after the click, by lag."""
        table = delay_table(
            self.cells,
            group.table.delay,
            Hours.of(group.delivery),
            group.traffic.days,
            soon=group.table.soon,
            window=self.window,
        ).whole
        return np.maximum(table.inside - table.soon, 0.0)[:, :lags], table.elapsed[:, :lags]

    def _parts(
        self, rng: np.random.Generator, paid: Mapping[int, PaidCounts], alive: Alive, behind: Mapping[int, Floats]
    ) -> dict[Key, _Part]:
        """Give the units that can be credited: visits, and what followed from touches of ad groups of the pixel."""
        every, chance = np.arange(len(self.cells)), alive.chance[:, :AGAIN]
        parts: dict[Key, _Part] = {}
        for place, (source, heard) in enumerate(self.sources):
            some = source.kept_visits(self.streams, self.pixel)[1]
            parts["visits", place] = _Part(heard.among(rng, some), every, chance)
        for number, one in self.leaders.items():
            if not one.own:
                continue
            followed, cell = paid[number].followed, paid[number].rows.cell
            bots = ratio(followed.bots, paid[number].clicks)[:, np.newaxis]
            parts["landed", number] = _Part(
                one.heard.among(rng, followed.landed_once), cell, bots + (1 - bots) * chance[cell]
            )
            ordered = followed.ordered_once
            width, kinds = ordered.shape[1:3]
            at = np.minimum(cell[:, np.newaxis] + np.arange(width), len(every) - 1)
            of_order = np.repeat(chance[at][:, :, np.newaxis], kinds, axis=2)
            after = alive.after_click(behind[number])[cell, :width, :AGAIN]
            of_order[:, : after.shape[1], CLICK] = after
            parts["ordered", number] = _Part(one.heard.among(rng, ordered), _spread_out(at, kinds), of_order)
            late = np.repeat(chance[:, np.newaxis], kinds, axis=1)
            units = one.heard.among(rng, paid[number].tally.late_once)
            parts["late", number] = _Part(units, _spread_out(every, kinds), late)
        return parts


def _spread_out(cell: Longs, kinds: int) -> Longs:
    return np.repeat(cell[..., np.newaxis], kinds, axis=-1)


def _sessions(source: Source) -> Longs:
    """Give the sessions of people, as many as those whom the platform can match tell."""
    visitors = source.events.visitors
    scale = int(visitors.people.sum()) / max(visitors.heard, 1)
    return np.asarray(np.rint(source.matched * scale), dtype=np.int64)


def _left(
    rng: np.random.Generator,
    heard: Heard,
    counts: PaidCounts,
    units: Sequence[tuple[Longs, Longs]],
    alive: Alive,
) -> PaidCounts:
    """Give what an ad group brought about, if so many of the units of `FOLLOWED` repeat none."""
    followed, tally = counts.followed, counts.tally
    landed, landed_once = heard.copies(rng, followed.landed, followed.landed_once, *units[0])
    ordered, ordered_once = heard.copies(rng, followed.ordered, followed.ordered_once, *units[1])
    late, late_once = heard.copies(rng, tally.late, tally.late_once, *units[2])
    copies, some = heard.expected(alive.chance[:, :AGAIN])
    return replace(
        counts,
        followed=replace(
            followed, landed=landed, landed_once=landed_once, within=Ordered.found_in(ordered, ordered_once)
        ),
        tally=replace(tally, late=late, late_once=late_once),
        each=counts.each * copies,
        each_once=counts.each_once * some,
    )


def _deal(rng: np.random.Generator, parts: Mapping[Key, _Part], every: Longs, total: Longs) -> dict[Key, Longs]:
    """Draw which units of parts are kept, so that with all others they come to the total of each cell.

    The others are units of no part, which are kept as often as all.
    """
    units = np.concatenate([part.units.reshape(-1, AGAIN) for part in parts.values()])
    cell = np.concatenate([part.cell.reshape(-1) for part in parts.values()])
    chance = np.concatenate([part.chance.reshape(-1, AGAIN) for part in parts.values()])

    def by_cell(of_row: Longs) -> Longs:
        columns = [np.bincount(cell, weights=one, minlength=len(every)) for one in of_row.T]
        return np.rint(np.stack(columns, axis=1)).astype(np.int64)

    rest = np.maximum(every[:, :AGAIN] - by_cell(units), 0)
    kept, kept_rest = (
        rng.binomial(units, chance.clip(0, 1)),
        rng.binomial(rest, ratio(total, every)[:, :AGAIN].clip(0, 1)),
    )
    for _ in range(PASSES):
        have, room = by_cell(kept) + kept_rest, by_cell(units - kept) + rest - kept_rest
        missing = total[:, :AGAIN] - have
        away, more = ratio(np.maximum(-missing, 0), have).clip(max=1), ratio(np.maximum(missing, 0), room).clip(max=1)
        kept += rng.binomial(units - kept, more[cell]) - rng.binomial(kept, away[cell])
        kept_rest += rng.binomial(rest - kept_rest, more) - rng.binomial(kept_rest, away)
    found, first = {}, 0
    for key, part in parts.items():
        last = first + part.units.size // AGAIN
        found[key] = kept[first:last].reshape(part.units.shape)
        first = last
    return found
