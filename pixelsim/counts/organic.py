"""Sessions of a website that no ad led to, in counts by cell: first ones, those of people who come back, and junk.

Each market has sources of its own, on its own clock; previews and foreign pages belong to no market.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells, Hours, ShapedDay, Spread
from pixelsim.counts.draws import draw_of, inside, stream
from pixelsim.counts.pages import Pages
from pixelsim.counts.returning import Chains, Comings, return_table
from pixelsim.counts.sessions import PURCHASE, Fates, SessionEvents, kept_copies, kept_once
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.sharing.history import History
from pixelsim.traffic.people import Returns
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["Source", "SourceMaker", "market_traffic"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Sessions of one website that no ad led to.

    Parameters
    ----------
    name
        Names its random streams.
    market
        Place of the market among the site's own, -1 for the whole site.
    events, pages, day
        What happens in its sessions, its pages through time, and how sessions spread over time.
    mean
        First sessions of an average day; with ``day``, it tells how many sessions a stretch of time has.
    sessions, lost
        Sessions, and those that load time drove away, previews and foreign pages among them, shape (cells,).
    people, junk, previews
        Events of people, of bots and foreign pages, and of previews, which no report shows.
    matched
        Sessions of people whom the platform can match, shape (cells,).
    chains
        The same sessions and those that return, by their place in chains; None for those who come for the first time,
        or where nobody comes back.
    """

    name: str
    market: int
    events: SessionEvents
    pages: Pages
    day: Spread
    mean: float
    sessions: Longs
    lost: Longs
    people: Fates
    junk: Fates
    previews: Fates
    matched: Longs
    chains: Chains | None = None

    def orders(self, stretch: tuple[int, int] | None = None) -> Longs:
        """Count orders by cell, of a stretch of cells or all."""
        first, last = stretch or (0, len(self.sessions))
        found = np.zeros(len(self.sessions), dtype=np.int64)
        found[first:last] = self.people.all[first:last, PURCHASE].sum(axis=-1)
        return found

    def kept(self, events: Fates, pixel: str) -> NDArray[np.float64]:
        """Give the expected kept copies of events at a pixel, shape (cells, events)."""
        return self.pages.expected(self.events.fates, events.all, pixel)

    def kept_visits(self, streams: Streams, pixel: str) -> tuple[Longs, Longs]:
        """Give the kept and matched events of people at a pixel.

        Returns
        -------
        copies, sessions : ndarray of int64, shape (cells, events)
            Kept copies, and sessions with any.
        """
        table, share = self.pages.kept(self.events.fates, pixel)
        matched = self.people.matched
        if share is not None:
            matched = stream(streams, "pixel on the page", f"{self.name} > {pixel}").binomial(matched, share)
        return kept_copies(matched, table), kept_once(matched, table, self.matched)


@dataclass(frozen=True, slots=True)
class SourceMaker:
    """Draws the sources of websites.

    Parameters
    ----------
    streams, history, cells
        Random streams of the replication, what people did in the whole run, and the cells.
    timeout
        Milliseconds after which a return counts as a new session.
    """

    streams: Streams
    history: History
    cells: Cells
    timeout: int

    def of(self, site: SessionEvents, markets: Sequence[SessionEvents], days: LocalDays) -> Iterator[Source]:
        """Draw the sources of a website: of its markets where it has any, and of the whole.

        Parameters
        ----------
        site, markets
            What happens in sessions of its people, and of each market's.
        days
            The days on the site's clock.
        """
        traffic = site.traffic
        for place, market in enumerate(markets):
            name = f"{traffic.website} > {traffic.markets[place].name}"
            yield from self._of_people(name, place, market, days.moved(market.traffic.offset - traffic.offset))
        if not markets:
            yield from self._of_people(traffic.website, -1, site, days)
        elif traffic.capture.junk.preview_sessions > 0 or traffic.capture.junk.foreign_sessions > 0:
            yield self._first(traffic.website, -1, site, days, 0.0)[0]

    def _of_people(self, name: str, market: int, events: SessionEvents, days: LocalDays) -> Iterator[Source]:
        """Draw those who come for the first time, and those of them who come back."""
        traffic = events.traffic
        first, came = self._first(name, market, events, days, traffic.organic_sessions)
        yield first
        if traffic.return_share > 0:
            yield self._back(first, came, days)

    def _first(
        self, name: str, market: int, events: SessionEvents, days: LocalDays, mean: float
    ) -> tuple[Source, Longs]:
        """Draw first sessions; with them go the people who came, stayed they or not, shape (cells, kinds)."""
        traffic, cells = events.traffic, self.cells
        day = ShapedDay(WeekShape.of(traffic), days)
        pages = Pages.of(self.history, traffic, cells, day, name)
        rng = draw_of(self.streams, name)
        junk, shares, stays = traffic.capture.junk, events.visitors.shares, pages.stays
        share, of_bots = Returns.first_share(traffic.return_share, junk.bots)

        def arrive(what: str, mean: float) -> tuple[Longs, Longs]:
            if mean <= 0:
                none = np.zeros(len(cells), dtype=np.int64)
                return none, none
            expected = day.expected(cells.borders, mean, traffic.daily_growth)
            came = rng(what).generators[0].poisson(expected)
            stayed = came if np.all(stays >= 1) else rng(f"stays, {what}").binomial(came, stays)
            return stayed, came - stayed

        def bots_among(what: str, visits: Longs) -> Longs:
            return rng(what).binomial(visits, of_bots) if of_bots > 0 else np.zeros_like(visits)

        visits, lost = arrive("organic sessions", mean * share)
        previews, no_previews = arrive("preview sessions", junk.preview_sessions)
        foreign, no_foreign = arrive("foreign sessions", junk.foreign_sessions)
        bots = bots_among("bots", visits)
        kinds = rng("people of sessions").multinomial(visits - bots, shares)
        ordered = rng("orders").binomial(kinds, traffic.order_rate)
        came = kinds
        if traffic.return_share > 0 and lost.any():
            came = kinds + rng("people of lost sessions").multinomial(lost - bots_among("lost bots", lost), shares)
        source = Source(
            name=name,
            market=market,
            events=events,
            pages=pages,
            day=day,
            mean=mean * share,
            sessions=visits + previews + foreign,
            lost=lost + no_previews + no_foreign,
            people=events.people(inside(rng, "organic"), kinds - ordered, ordered),
            junk=events.junk(inside(rng, "bots and foreign"), bots + foreign),
            previews=events.junk(inside(rng, "previews"), previews),
            matched=kinds @ events.visitors.matched,
        )
        return source, came

    def _back(self, first: Source, came: Longs, days: LocalDays) -> Source:
        """Draw the sessions of those who come back."""
        events, name = first.events, f"{first.name} > returning"
        traffic, visitors = events.traffic, events.visitors
        comings = Comings(
            Hours.of(traffic), days, traffic.daily_growth, traffic.return_share, traffic.return_days, self.timeout
        )
        table = return_table(self.cells, comings)
        rng = draw_of(self.streams, name)
        back, chains = table.draw(rng("returns").generators[0], came, visitors.matched)
        pages = Pages.of(self.history, traffic, self.cells, table, name)
        stays = pages.stays
        kinds = back if np.all(stays >= 1) else rng("stays").binomial(back, np.tile(stays, (back.shape[1], 1)).T)
        ordered = rng("orders").binomial(kinds, traffic.order_rate)
        none = np.zeros(len(self.cells), dtype=np.int64)
        no_junk = events.junk(inside(rng, "none"), none)
        return Source(
            name=name,
            market=first.market,
            events=events,
            pages=pages,
            day=table,
            mean=first.mean,
            sessions=kinds.sum(axis=1),
            lost=(back - kinds).sum(axis=1),
            people=events.people(inside(rng, "returning"), kinds - ordered, ordered),
            junk=no_junk,
            previews=no_junk,
            matched=kinds @ visitors.matched,
            chains=chains,
        )


def market_traffic(traffic: SiteTraffic, market: int) -> SiteTraffic:
    """Give the traffic of a market's people as that of a site of its own; what is nobody's visit stays the site's."""
    junk = traffic.capture.junk.model_copy(update={"preview_sessions": 0.0, "foreign_sessions": 0.0})
    capture = traffic.capture.model_copy(update={"junk": junk})
    return traffic.in_market(traffic.markets[market]).model_copy(update={"capture": capture})
