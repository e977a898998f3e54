"""Sessions of a website that no ad led to, in counts by cell: first ones, those of people who come back, and junk.

Each market has sources of its own, on its own clock; previews and foreign pages belong to no market.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells, Hours, ShapedDay, Spread
from pixelsim.counts.draws import Draw, draw_of, grouped, inside, stacked, stream
from pixelsim.counts.pages import Pages
from pixelsim.counts.returning import Chains, Comings, ReturnTable, return_table
from pixelsim.counts.sessions import PURCHASE, Fates, SessionEvents, kept_copies, kept_once
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.sharing.history import History
from pixelsim.traffic.people import Returns
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["Source", "SourcePlan", "draw_sources", "market_traffic", "plans_of"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


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
    known
        What `kept_visits` gave before, by pixel, or by what pixels keep that are always on the pages.
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
    known: dict[str | bytes, tuple[Longs, Longs]] = field(default_factory=dict)

    def orders(self, stretch: tuple[int, int] | None = None) -> Longs:
        """Count orders by cell, of a stretch of cells or all."""
        first, last = stretch or (0, len(self.sessions))
        found = np.zeros(len(self.sessions), dtype=np.int64)
        found[first:last] = self.people.all[first:last, PURCHASE].sum(axis=-1)
        return found

    def kept(self, events: Fates, pixel: str, name: int) -> NDArray[np.float64]:
        """Give the expected kept copies at a pixel of the events of a name, shape (cells,)."""
        return self.pages.expected(self.events.fates, events.all[:, name], pixel, name)

    def kept_visits(self, streams: Streams, pixel: str) -> tuple[Longs, Longs]:
        """Give the kept and matched events of people at a pixel.

        Returns
        -------
        copies, sessions : ndarray of int64, shape (cells, events)
            Kept copies, and sessions with any.
        """
        table, share = self.pages.kept(self.events.fates, pixel)
        key = table.tobytes() if share is None else pixel
        if key not in self.known:
            matched = self.people.matched
            if share is not None:
                matched = stream(streams, "pixel on the page", f"{self.name} > {pixel}").binomial(matched, share)
            self.known[key] = kept_copies(matched, table), kept_once(matched, table, self.matched)
        return self.known[key]


@dataclass(frozen=True, slots=True, eq=False)
class SourcePlan:
    """What is known of a source before anything is drawn.

    Parameters
    ----------
    name, market, traffic, pages, day, mean
        As of `Source`, of those who come for the first time.
    expected
        Sessions expected by cell, of each purpose that has any, shape (cells,).
    stays
        Share of sessions that load time does not drive away, by cell; None where it drives nobody away.
    bots
        Share of bots among the sessions that are not returns.
    back
        How people come back, and the pages that they find then; None where nobody does.
    """

    name: str
    market: int
    traffic: SiteTraffic
    pages: Pages
    day: ShapedDay
    mean: float
    expected: Mapping[str, Floats]
    stays: Floats | None
    bots: float
    back: tuple[ReturnTable, Pages] | None


def plans_of(
    traffic: SiteTraffic,
    markets: Sequence[SiteTraffic],
    days: LocalDays,
    *,
    history: History,
    cells: Cells,
    timeout: int,
) -> tuple[SourcePlan, ...]:
    """Give the sources of a website: of its markets where it has any, and of the whole.

    Parameters
    ----------
    traffic, markets
        The site's parameters, and those of each market, as `market_traffic` gives them.
    days
        The days on the site's clock.
    history, cells
        What people did in the whole run, and the cells.
    timeout
        Milliseconds after which a return counts as a new session.
    """

    def plan(name: str, market: int, of: SiteTraffic, days: LocalDays, mean: float, *, back: bool) -> SourcePlan:
        day, junk = ShapedDay(WeekShape.of(of), days), of.capture.junk
        share, bots = Returns.first_share(of.return_share, junk.bots)
        means = {
            "organic sessions": mean * share,
            "preview sessions": junk.preview_sessions,
            "foreign sessions": junk.foreign_sessions,
        }
        expected = {
            what: day.expected(cells.borders, each, of.daily_growth) for what, each in means.items() if each > 0
        }
        pages = Pages.of(history, of, cells, day, name)
        again = None
        if back and of.return_share > 0:
            comings = Comings(Hours.of(of), days, of.daily_growth, of.return_share, of.return_days, timeout)
            table = return_table(cells, comings)
            again = table, Pages.of(history, of, cells, table, f"{name} > returning")
        return SourcePlan(name, market, of, pages, day, mean * share, expected, _leaving(pages), bots, again)

    if not markets:
        return (plan(traffic.website, -1, traffic, days, traffic.organic_sessions, back=True),)
    found = [
        plan(
            f"{traffic.website} > {traffic.markets[place].name}",
            place,
            market,
            days.moved(market.offset - traffic.offset),
            market.organic_sessions,
            back=True,
        )
        for place, market in enumerate(markets)
    ]
    if traffic.capture.junk.preview_sessions > 0 or traffic.capture.junk.foreign_sessions > 0:
        found.append(plan(traffic.website, -1, traffic, days, 0.0, back=False))
    return tuple(found)


def _leaving(pages: Pages) -> Floats | None:
    """Give the share of sessions that stay by cell; None where all do."""
    stays = pages.stays
    return None if np.all(stays >= 1) else stays


def draw_sources(wanted: Sequence[tuple[Streams, SourcePlan, SessionEvents]]) -> list[list[Source]]:
    """Draw sources of any websites and runs: those who come for the first time, and those of them who come back.

    Parameters
    ----------
    wanted
        Random streams of the source's run, what is known of it, and what happens in its sessions. Sources whose
        sessions go alike go through together; each has streams of its own.
    """
    found: dict[int, list[Source]] = {}
    for places in grouped([(events.fates, plan.traffic.funnel) for _, plan, events in wanted]):
        found |= zip(places, _Firsts([wanted[place] for place in places]).sources(), strict=True)
    return [found[place] for place in range(len(wanted))]


class _Firsts:
    """First sessions of sources whose sessions go alike, all rows one after another, in the making."""

    def __init__(self, wanted: Sequence[tuple[Streams, SourcePlan, SessionEvents]]) -> None:
        self.wanted, self.events = wanted, wanted[0][2]
        self.draws = [draw_of(streams, plan.name) for streams, plan, _ in wanted]
        self.sizes = [plan.pages.shares.shape[1] for _, plan, _ in wanted]
        self.ends = [0, *itertools.accumulate(self.sizes)]

    def _each(self) -> Iterator[tuple[Draw, SourcePlan, slice]]:
        for draw, (_, plan, _), (one, two) in zip(self.draws, self.wanted, itertools.pairwise(self.ends), strict=True):
            yield draw, plan, slice(one, two)

    def _arrive(self, what: str) -> tuple[Longs, Longs]:
        """Draw the sessions of a purpose, and those that load time drives away."""
        stayed, lost = np.zeros((2, self.ends[-1]), dtype=np.int64)
        for draw, plan, rows in self._each():
            if what in plan.expected:
                came = draw(what).generators[0].poisson(plan.expected[what])
                stayed[rows] = came if plan.stays is None else draw(f"stays, {what}").binomial(came, plan.stays)
                lost[rows] = came - stayed[rows]
        return stayed, lost

    def sources(self) -> Iterator[list[Source]]:
        """Give the sources of each."""
        rng = stacked(self.draws, self.sizes)
        events, bots = self.events, np.repeat([plan.bots for _, plan, _ in self.wanted], self.sizes)
        shares = np.repeat([one.visitors.shares for _, _, one in self.wanted], self.sizes, axis=0)
        rates = np.repeat([[plan.traffic.order_rate] for _, plan, _ in self.wanted], self.sizes, axis=0)
        visits, lost = self._arrive("organic sessions")
        previews, no_previews = self._arrive("preview sessions")
        foreign, no_foreign = self._arrive("foreign sessions")
        by_bots = rng("bots").binomial(visits, bots) if bots.any() else np.zeros_like(visits)
        kinds = rng("people of sessions").multinomial(visits - by_bots, shares)
        ordered = rng("orders").binomial(kinds, rates)
        sessions, away = visits + previews + foreign, lost + no_previews + no_foreign
        people = events.people(inside(rng, "organic"), kinds - ordered, ordered)
        junk = events.junk(inside(rng, "bots and foreign"), by_bots + foreign)
        by_previews = events.junk(inside(rng, "previews"), previews)
        matched = kinds @ events.visitors.matched
        for (streams, plan, own), (draw, _, rows) in zip(self.wanted, self._each(), strict=True):
            first = Source(
                name=plan.name,
                market=plan.market,
                events=own,
                pages=plan.pages,
                day=plan.day,
                mean=plan.mean,
                sessions=sessions[rows],
                lost=away[rows],
                people=_rows(people, rows),
                junk=_rows(junk, rows),
                previews=_rows(by_previews, rows),
                matched=matched[rows],
            )
            if plan.back is None:
                yield [first]
                continue
            came = kinds[rows]
            if lost[rows].any():
                came = came + _never_landed(draw, plan, lost[rows], own)
            yield [first, _back(streams, plan, plan.back, first, came)]


def _rows(fates: Fates, rows: slice) -> Fates:
    return Fates(fates.all[rows], fates.matched[rows], fates.again[rows])


def _never_landed(draw: Draw, plan: SourcePlan, lost: Longs, events: SessionEvents) -> Longs:
    """Give the people whom load time drove away, who may come back all the same, shape (cells, kinds)."""
    by_bots = draw("lost bots").binomial(lost, plan.bots) if plan.bots > 0 else np.zeros_like(lost)
    return draw("people of lost sessions").multinomial(lost - by_bots, events.visitors.shares)


def _back(streams: Streams, plan: SourcePlan, back: tuple[ReturnTable, Pages], first: Source, came: Longs) -> Source:
    """Draw the sessions of those who come back, of the people who came, shape (cells, kinds)."""
    (table, pages), events, name = back, first.events, f"{plan.name} > returning"
    rng, stays = draw_of(streams, name), _leaving(pages)
    returns, chains = table.draw(rng("returns").generators[0], came, events.visitors.matched)
    kinds = returns if stays is None else rng("stays").binomial(returns, np.tile(stays, (returns.shape[1], 1)).T)
    ordered = rng("orders").binomial(kinds, plan.traffic.order_rate)
    no_junk = events.junk(inside(rng, "none"), np.zeros(len(kinds), dtype=np.int64))
    return Source(
        name=name,
        market=first.market,
        events=events,
        pages=pages,
        day=table,
        mean=first.mean,
        sessions=kinds.sum(axis=1),
        lost=(returns - kinds).sum(axis=1),
        people=events.people(inside(rng, "returning"), kinds - ordered, ordered),
        junk=no_junk,
        previews=no_junk,
        matched=kinds @ events.visitors.matched,
        chains=chains,
    )


def market_traffic(traffic: SiteTraffic, market: int) -> SiteTraffic:
    """Give the traffic of a market's people as that of a site of its own; what is nobody's visit stays the site's."""
    junk = traffic.capture.junk.model_copy(update={"preview_sessions": 0.0, "foreign_sessions": 0.0})
    capture = traffic.capture.model_copy(update={"junk": junk})
    return traffic.in_market(traffic.markets[market]).model_copy(update={"capture": capture})
