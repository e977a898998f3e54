"""What luck does not touch about a run: what people do, calendar, numbers, pages, tables, and who meets whom.

Where no delay of people is drawn, it is the same for all runs of a scenario, and is kept for those used last.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, MINUTE
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Span, Timeline
from pixelsim.counts.cells import Cells, Hours, ShapedDay
from pixelsim.counts.contests import Entrant
from pixelsim.counts.copies import CopyFates
from pixelsim.counts.kernels import DelayTable, delay_table
from pixelsim.counts.learning import LearningCounts
from pixelsim.counts.markets import Region, regions_of
from pixelsim.counts.organic import SourcePlan, market_traffic, plans_of
from pixelsim.counts.pages import Pages
from pixelsim.counts.sessions import SessionEvents
from pixelsim.counts.stretches import Stretches
from pixelsim.counts.visitors import JUNK, Visitors, kinds_of
from pixelsim.scenario.capture import Capture
from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.people import People
from pixelsim.traffic.setup import all_ad_groups, count_modes, goals_of, reach_of, timeline_of, windows_of
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["AdGroupStage", "SiteStage", "Stage"]

Longs = NDArray[np.int64]

MOST = 8
"""Scenarios that are kept, with the worlds that people made of them and a few short tables for each entity."""
_KEPT: OrderedDict[int, Stage] = OrderedDict()


@dataclass(frozen=True, slots=True, eq=False)
class SiteStage:
    """One website.

    Parameters
    ----------
    traffic, markets
        Its parameters, and those of each of its markets.
    sizes
        People of each market, or of the whole, shape (markets,).
    fates
        What becomes of copies.
    pages, sources
        Its pages through time, and where its sessions come from.
    """

    traffic: SiteTraffic
    markets: tuple[SiteTraffic, ...]
    sizes: Longs
    fates: CopyFates
    pages: Pages
    sources: tuple[SourcePlan, ...]

    @property
    def population(self) -> str:
        """Name of the people who come here."""
        return self.traffic.population or self.traffic.website

    def market(self, name: str) -> int:
        """Give the place of a market among the site's own, -1 for no name."""
        return [market.name for market in self.traffic.markets].index(name) if name else -1

    def events(self, streams: Streams) -> tuple[SessionEvents, tuple[SessionEvents, ...]]:
        """Draw the people, and give what happens in sessions of all of them, and of each market's."""
        name, capture = self.population, self.traffic.capture
        if not self.markets:
            everybody = Visitors.draw(streams, name, self.traffic.people, capture)
            return SessionEvents(self.traffic, everybody, self.fates), ()
        parts = [
            Visitors.draw(streams, f"{name} > {market.name}", size, capture)
            for market, size in zip(self.traffic.markets, self.sizes.tolist(), strict=True)
        ]
        of_markets = (SessionEvents(*some, self.fates) for some in zip(self.markets, parts, strict=True))
        return SessionEvents(self.traffic, Visitors.together(parts), self.fates), tuple(of_markets)


@dataclass(frozen=True, slots=True, eq=False)
class AdGroupStage:
    """One ad group.

    Parameters
    ----------
    delivery, number
        Its rates and its number.
    days, currency
        Days on the clock of its account, and the account's currency.
    market
        Place of the only market that it reaches among its website's own, -1 for everybody.
    pixel, heard
        Its pixel, if it has one; and the pixel for which its sessions are told apart.
    windows
        Attribution window in ms of each kind of touch.
    tables
        Where its orders fall, by kind of touch.
    width
        How many lags lie in its own windows, or in those of some ad group on its pixel.
    entrants
        What it brings into contests where it has a pixel, one for each part of its people.
    reach
        Share of each of these parts, by region and pixel.
    """

    delivery: AdDelivery
    number: int
    days: LocalDays
    currency: str
    market: int
    pixel: str | None
    heard: str | None
    windows: tuple[int, ...]
    tables: tuple[DelayTable, ...]
    width: int
    entrants: tuple[Entrant, ...]
    reach: dict[tuple[str, str], float]


class Stage:
    """All of a run that luck does not touch.

    Parameters
    ----------
    scenario
        What is run.
    timeline
        What people do in the whole run.
    """

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        self.scenario, self.timeline = scenario, timeline
        world = timeline.history.at(-1)
        self.numbering = Numbering.of(scenario, world)
        offsets = {account.utc_offset for account in world.ad_accounts.values()}
        self.cells = Cells.of(scenario.days, scenario.clock, offsets)
        self.timeout = round(scenario.traffic.session_minutes * MINUTE)
        groups = all_ad_groups(scenario, world)
        self.goals = goals_of(groups, self.numbering)
        starts_learned = scenario.traffic.learning.learned_at_start
        learned = [starts_learned and g in world.ad_groups and groups[g].start <= 0 for g in self.numbering.ad_groups]
        self.learning = LearningCounts(scenario.traffic.learning, self.numbering, np.array(learned, dtype=np.bool_))
        specs = {site.website: site for site in scenario.traffic.sites}
        self.sites = {
            key: self._site(specs.get(key) or SiteTraffic(website=key, organic_sessions=0.0))
            for key in self.numbering.sites
        }
        self.regions = self._regions()
        self.windows = windows_of(groups, self.numbering, reach_of(scenario)).by_kind()
        self._once = count_modes(groups, self.numbering, scenario.measurement.count) == CountMode.ONCE
        self.ad_groups = [self._ad_group(delivery) for delivery in scenario.traffic.delivery]

    @classmethod
    def of(cls, scenario: Scenario, streams: Streams) -> Stage:
        """Let people act, and give the stage of a run on this luck."""
        if any(delay.median_hours > 0 and delay.sigma > 0 for delay in scenario.plan.delays.values()):
            return cls(scenario, _acted(scenario, streams))
        # A scenario never changes, and none that is kept here can give its place in memory to another.
        key = id(scenario)
        if key not in _KEPT:
            _KEPT[key] = cls(scenario, _acted(scenario, streams))
            while len(_KEPT) > MOST:
                _KEPT.popitem(last=False)
        _KEPT.move_to_end(key)
        return _KEPT[key]

    def _days(self, offset: int) -> LocalDays:
        clock = self.scenario.clock
        return LocalDays.on(clock.start_offset, clock.start_weekday, offset)

    def _site(self, traffic: SiteTraffic) -> SiteStage:
        history, capture, days = self.timeline.history, traffic.capture, self._days(traffic.offset)
        markets = tuple(market_traffic(traffic, place) for place in range(len(traffic.markets)))
        sources = plans_of(traffic, markets, days, history=history, cells=self.cells, timeout=self.timeout)
        pages = sources[0].pages
        if markets:
            day = ShapedDay(WeekShape.of(traffic), days)
            pages = Pages.of(history, traffic, self.cells, day, traffic.website)
        fates = _fates_of(capture, self.scenario.measurement, self.scenario.traffic.session_minutes)
        return SiteStage(traffic, markets, np.diff(People.of(self.numbering, traffic).bounds), fates, pages, sources)

    def _regions(self) -> dict[tuple[str, str], tuple[Region, ...]]:
        """Divide each population by the markets that the ad groups on each pixel reach."""
        reached: dict[tuple[str, str], list[str]] = {}
        for delivery in self.scenario.traffic.delivery:
            pixel = self.pixel_of(self.numbering.ad_groups.index(delivery.ad_group))
            if pixel is not None:
                reached.setdefault((self.sites[delivery.website].population, pixel), []).append(delivery.market)
        found = {}
        for (population, pixel), markets in reached.items():
            site = next(one for one in self.sites.values() if one.population == population)
            found[population, pixel] = regions_of(population, site.traffic, markets, site.sizes)
        return found

    def pixel_of(self, number: int) -> str | None:
        """Give the pixel of the ad group of a number."""
        uses = int(self.numbering.group_pixel[number])
        return self.numbering.pixels[uses] if uses >= 0 else None

    def _ad_group(self, delivery: AdDelivery) -> AdGroupStage:
        traffic, number = self.scenario.traffic, self.numbering.ad_groups.index(delivery.ad_group)
        account = self.numbering.accounts[self.numbering.group_account[number]]
        world, site = self.timeline.history.now, self.sites[delivery.website]
        days, windows = self._days(world.ad_accounts[account].utc_offset), self.windows[:, number].tolist()
        longest = int(self.windows.max())
        tables = tuple(
            delay_table(
                self.cells, traffic.delay, Hours.of(delivery), days, soon=self.timeout, window=window, longest=longest
            )
            for window in windows
        )
        pixel, place = self.pixel_of(number), site.market(delivery.market)
        regions = [] if pixel is None else self.regions[site.population, pixel]
        regions = [one for one in regions if place < 0 or one.holds(place)]
        day, once = ShapedDay(WeekShape.of(delivery), days), self._once[number]
        held = [] if pixel is None else self.timeline.access(pixel, account, 0, int(self.cells.borders[-1]))
        access = tuple(held)
        return AdGroupStage(
            delivery=delivery,
            number=number,
            days=days,
            currency=world.ad_accounts[account].currency,
            market=place,
            pixel=pixel,
            heard=pixel or site.pages.pixel,
            windows=tuple(windows),
            tables=tables,
            width=self._width(pixel or site.pages.pixel, max(windows)),
            entrants=tuple(
                Entrant(number, delivery.ad_group, account, pixel, one.name, day, tables, once, access)
                for one in regions
                if pixel is not None
            ),
            reach={(one.name, pixel): one.share for one in regions if pixel is not None},
        )

    def _width(self, pixel: str | None, own: int) -> int:
        """Give how many lags lie in the window of some ad group on a pixel, or in one of so many ms of its own."""
        here = self.numbering.group_pixel == (self.numbering.pixels.index(pixel) if pixel is not None else -1)
        return min(self.cells.lags(int(self.windows[:, here].max(initial=own))), len(self.cells))

    @functools.cached_property
    def spans(self) -> dict[int, list[Span]]:
        """Give the states of each ad group over the run."""
        numbers = self.numbering.ad_groups
        return {
            one.number: self.timeline.ad_group(numbers[one.number], 0, self.scenario.length) for one in self.ad_groups
        }

    @functools.cached_property
    def stretches(self) -> dict[int, Stretches]:
        """Give the stretches in which each ad group delivers."""
        return {one.number: Stretches.of(self.spans[one.number], self.cells, one.days.origin) for one in self.ad_groups}

    @functools.cached_property
    def edited(self) -> NDArray[np.bool_]:
        """Tell on which days each ad group is edited so that learning starts anew, shape (days, ad groups)."""
        edited = np.zeros((self.scenario.days, len(self.numbering.ad_groups)), dtype=np.bool_)
        for number, name in enumerate(self.numbering.ad_groups):
            edited[[at // DAY for at in self.timeline.relearns(name, 0, self.scenario.length)], number] = True
        return edited

    @functools.cached_property
    def unconverted(self) -> NDArray[np.int8]:
        """Give the phases of ad groups if nobody converts, int8 of shape (days, ad groups)."""
        shown = np.zeros_like(self.edited)
        for number, states in self.spans.items():
            for span in states:
                if span.delivering:
                    shown[span.start // DAY : -(-span.end // DAY), number] = True
        phases: NDArray[np.int8] = self.learning.phases(np.zeros((1, *shown.shape)), shown[np.newaxis], self.edited)[0]
        return phases

    @functools.cached_property
    def bringing(self) -> dict[tuple[str, str], dict[int, float]]:
        """Give for each contest what ad groups with another pixel, or none, bring; see `_bringing`."""
        return {pool: self._bringing(*pool) for group in self.ad_groups for pool in group.reach}

    def _bringing(self, region: str, pixel: str) -> dict[int, float]:
        """Give the ad groups with another pixel, or none, whose visitors this pixel hears, and their share in a region.

        What their own pixel keeps of their sessions, or any on the pages, stands for what this one keeps of them.
        """
        found = {}
        for group in self.ad_groups:
            site = self.sites[group.delivery.website]
            if group.pixel == pixel or not any(pixel in state.pixels for state in site.pages.states):
                continue
            here = [one for one in self.regions.get((site.population, pixel), ()) if one.name == region]
            shares = [one.share if group.market < 0 else float(one.holds(group.market)) for one in here]
            if sum(shares) > 0:
                found[group.number] = sum(shares)
        return found


def _acted(scenario: Scenario, streams: Streams) -> Timeline:
    """Let the people of a scenario do what they do."""
    env, timeline = simpy.Environment(), timeline_of(scenario)
    ControlPlane(env, timeline.history, scenario.plan, streams, end=scenario.length)
    env.run(until=scenario.length)
    return timeline


@functools.lru_cache(maxsize=64)
def _fates_of(capture: Capture, settings: MeasurementSettings, longest: float) -> CopyFates:
    """Give what becomes of the copies of a website; websites that capture the same share it."""
    return CopyFates.of(capture, settings, (*kinds_of(capture), JUNK), longest)
