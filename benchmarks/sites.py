"""Websites in plain Python: their pages over time, their markets, and where sessions come from that no ad leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.ads import Calendar, Week
from pixelsim.base.clock import fixed_offset
from pixelsim.base.money import decimals
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.sharing.history import History
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Visit

__all__ = ["LONGEST_CHAIN", "PlainSite", "Source"]

LONGEST_CHAIN = 7
"""Most returns in a row."""


@dataclass(frozen=True)
class Source:
    """Sessions that no ad leads to: of a site, or of one of its markets.

    ``entity`` names them in random streams; ``people`` are the number of the first person and how many there are;
    ``back`` is the origin of those who return, -1 where nobody does; ``market`` the market's number, -1 for none.
    """

    visit: int
    origin: int
    entity: str
    calendar: Calendar
    week: Week
    mean: float
    growth: float
    bots: float = 0.0
    order_rate: float = 0.0
    people: tuple[int, int] = (0, 0)
    back: int = -1
    market: int = -1

    def expected(self, day: int) -> float:
        """Give the expected sessions of a day."""
        return self.mean * (1 + self.growth) ** day * self.calendar.weight(day, self.week.weekdays)


class PlainSite:
    """One website: its parameters, its people and markets, and the states of its pages over time."""

    def __init__(self, traffic: SiteTraffic, number: int, numbering: Numbering, scenario: Scenario) -> None:
        capture = traffic.capture
        self.traffic, self.capture, self.number = traffic, capture, number
        self.population = traffic.population or traffic.website
        self.base = numbering.populations.index(self.population) << 32
        self.scale = 10 ** decimals(traffic.currency)
        self.chances = (1.0, traffic.funnel.view, traffic.funnel.cart, traffic.funnel.checkout)
        self.lost = [capture.lost_by_event.get(name, capture.lost_events) for name in EVENT_NAMES]
        self.fires = [_fires(traffic, event, numbering) for event in EVENT_NAMES]
        self.loads = [capture.loads.get(code, 1) for code in numbering.pixels]
        self.relayed = set() if capture.server is None else {EVENT_NAMES.index(e) for e in capture.server.events}
        self.divided = bool(traffic.markets)
        upto = 0.0
        self.borders = [0]
        """Number inside the population of each market's first person, and behind the last one's last."""
        for market in traffic.markets:
            upto += market.share
            self.borders.append(int(upto * traffic.people + 0.5))
        self.borders[-1] = traffic.people if traffic.markets else 0
        self.sources = [source for source in self._sources(scenario, numbering) if source.mean > 0]
        self.market_of_origin = {source.origin: source.market for source in self.sources if source.market >= 0}
        self.market_of_origin |= {source.back: source.market for source in self.sources if source.market >= 0}
        self._pages: list[tuple[int, tuple[int, ...], bool]] = []
        self._place = 0

    def reach(self, market: str) -> tuple[int, int]:
        """Give the number of the first person of a market, and how many there are; of the whole site for no market."""
        if not market:
            return self.base, self.traffic.people
        place = [known.name for known in self.traffic.markets].index(market)
        return self.base + self.borders[place], self.borders[place + 1] - self.borders[place]

    def market_of(self, person: int) -> int:
        """Give the market in which a person lives, -1 for none."""
        place = person & 0xFFFFFFFF
        return next((n for n, end in enumerate(self.borders[1:]) if place < end), -1)

    def _sources(self, scenario: Scenario, numbering: Numbering) -> Iterator[Source]:
        traffic, junk = self.traffic, self.capture.junk
        keys = [origin.key for origin in numbering.origins]
        site, share = traffic.website, traffic.return_share
        own = Week(traffic.hours, traffic.weekdays, traffic.hours_of_week)
        calendar = Calendar(scenario.start, traffic.offset)
        sessions_each = sum(share**n for n in range(LONGEST_CHAIN + 1))
        first = junk.bots + (1 - junk.bots) / sessions_each if share > 0 else 1.0
        bots = junk.bots / first
        for place, market in enumerate(traffic.markets or [None]):
            name, clock, week, rate, part = "", calendar, own, traffic.order_rate, 1.0
            if market is not None:
                name, part = f" > {market.name}", market.share
                clock = Calendar(scenario.start, fixed_offset(market.utc_offset)[0])
                rate = rate if market.order_rate is None else market.order_rate
                if market.hours_of_week is not None or market.hours is not None or market.weekdays is not None:
                    week = Week(
                        market.hours or traffic.hours, market.weekdays or traffic.weekdays, market.hours_of_week
                    )
            yield Source(
                visit=int(Visit.PERSON),
                origin=keys.index(f"organic > {site}{name}"),
                entity=site + name,
                calendar=clock,
                week=week,
                mean=traffic.organic_sessions * part * first,
                growth=traffic.daily_growth,
                bots=bots,
                order_rate=rate,
                people=self.reach("" if market is None else market.name),
                back=keys.index(f"returning > {site}{name}") if share > 0 else -1,
                market=-1 if market is None else place,
            )
        for kind, visit, mean in (
            ("preview", Visit.PREVIEW, junk.preview_sessions),
            ("foreign", Visit.FOREIGN, junk.foreign_sessions),
        ):
            yield Source(int(visit), keys.index(f"{kind} > {site}"), site, calendar, own, mean, traffic.daily_growth)

    def know_pages(self, history: History, length: int, numbering: Numbering) -> None:
        """Learn which pixels are on the pages, and whether the server's token holds, over the whole run."""
        token = self.capture.server.token if self.capture.server is not None else None
        for _, end, world in history.spans(0, length):
            pixels = tuple(numbering.pixels.index(code) for code in world.websites[self.traffic.website].pixels)
            holds = token is None or (token in world.tokens and not world.tokens[token].revoked)
            self._pages.append((end, pixels, holds))

    def page(self, at: int) -> tuple[tuple[int, ...], bool]:
        """Give the pixels on the page, and whether the token holds; it has to be asked in the order of time."""
        while self._pages[self._place][0] <= at:
            self._place += 1
        _, pixels, holds = self._pages[self._place]
        return pixels, holds


def _fires(traffic: SiteTraffic, event: str, numbering: Numbering) -> list[bool]:
    """Tell for each pixel whether an event fires on it."""
    tags = traffic.capture.tags
    return [not tags or any(t.event == event and t.pixel in {None, code} for t in tags) for code in numbering.pixels]
