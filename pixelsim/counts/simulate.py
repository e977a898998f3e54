"""One replication of a scenario in counts: the same people on the same clock, at the same cost for any traffic.

People act first, exactly as in the run with events: nothing that they do depends on traffic. What they did cuts the
cells; counts follow. Learning is a feedback from one day's conversions to the next days, and goes round until no phase
changes any more.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

import numpy as np
import simpy
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, MINUTE
from pixelsim.base.errors import InputError
from pixelsim.base.memory import keep_freed_memory
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Span, Timeline
from pixelsim.counts.cells import Cells, Hours, Mixed, ShapedDay, Spread, by_event
from pixelsim.counts.claims import Claimed, settle
from pixelsim.counts.contests import Contests, Credit, Entrant, PoolContests, Public
from pixelsim.counts.copies import CopyFates
from pixelsim.counts.delivery import CountedTraffic
from pixelsim.counts.following import Follower
from pixelsim.counts.heard import Heard
from pixelsim.counts.kernels import delay_table
from pixelsim.counts.learning import LearningCounts
from pixelsim.counts.markets import Region, deal, regions_of, together
from pixelsim.counts.organic import Source, SourceMaker, market_traffic
from pixelsim.counts.pages import Pages
from pixelsim.counts.paid import AdGroupCounts, Paces, PaidCounts, count_ad_groups
from pixelsim.counts.repeated import Leader, Repeated, Repeating
from pixelsim.counts.result import Counts, SiteCounts
from pixelsim.counts.sessions import SessionEvents
from pixelsim.counts.visitors import JUNK, Visitors
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.people import People
from pixelsim.traffic.setup import all_ad_groups, count_modes, goals_of, reach_of, run_faults, timeline_of, windows_of
from pixelsim.traffic.shapes import LocalDays, WeekShape

__all__ = ["count"]

Longs = NDArray[np.int64]


class _Run:
    """A run in the making."""

    def __init__(self, scenario: Scenario, timeline: Timeline, streams: Streams) -> None:
        self.scenario, self.timeline, self.streams = scenario, timeline, streams
        world = timeline.history.at(-1)
        self.numbering = Numbering.of(scenario, world)
        offsets = {account.utc_offset for account in world.ad_accounts.values()}
        self.cells = Cells.of(scenario.days, scenario.clock, offsets)
        groups = all_ad_groups(scenario, world)
        self.goals = goals_of(groups, self.numbering)
        starts_learned = scenario.traffic.learning.learned_at_start
        learned = [starts_learned and g in world.ad_groups and groups[g].start <= 0 for g in self.numbering.ad_groups]
        self.learning = LearningCounts(
            streams, scenario.traffic.learning, self.numbering, np.array(learned, dtype=np.bool_)
        )
        specs = {site.website: site for site in scenario.traffic.sites}
        self.sites = {
            key: self._site(specs.get(key) or SiteTraffic(website=key, organic_sessions=0.0))
            for key in self.numbering.sites
        }
        self.regions = self._regions()
        self.windows = windows_of(groups, self.numbering, reach_of(scenario)).by_kind()
        once = count_modes(groups, self.numbering, scenario.measurement.count) == CountMode.ONCE
        self.ad_groups: dict[int, AdGroupCounts] = {}
        self.followers: dict[tuple[object, ...], Follower] = {}
        self.reach: dict[int, dict[tuple[str, str], float]] = {}
        entrants = []
        for delivery in scenario.traffic.delivery:
            number = self.numbering.ad_groups.index(delivery.ad_group)
            made, some = self._ad_group(delivery, number, self.windows[:, number].tolist(), once[number])
            self.ad_groups[number] = made
            entrants += some
        self.repeating = self._repeating()
        self.contests = self._contests(entrants)
        self.bringing = {pool: self._bringing(*pool) for pool in self.contests.groups}

    def _days(self, offset: int) -> LocalDays:
        clock = self.scenario.clock
        return LocalDays.on(clock.start_offset, clock.start_weekday, offset)

    def _site(self, traffic: SiteTraffic) -> SiteCounts:
        settings, days = self.scenario.measurement, self._days(traffic.offset)
        population, capture = traffic.population or traffic.website, traffic.capture
        sizes = np.diff(People.of(self.numbering, traffic).bounds)
        markets = [
            Visitors.draw(self.streams, f"{population} > {market.name}", size, capture)
            for market, size in zip(traffic.markets, sizes.tolist(), strict=False)
        ]
        everybody = (
            Visitors.together(markets) if markets else Visitors.draw(self.streams, population, traffic.people, capture)
        )
        fates = CopyFates.of(capture, settings, (*everybody.kinds, JUNK), self.scenario.traffic.session_minutes)
        events = SessionEvents(traffic, everybody, fates)
        of_markets = tuple(
            SessionEvents(market_traffic(traffic, place), visitors, fates) for place, visitors in enumerate(markets)
        )
        maker = SourceMaker(self.streams, self.timeline.history, self.cells, self._timeout)
        day = ShapedDay(WeekShape.of(traffic), days)
        pages = Pages.of(self.timeline.history, traffic, self.cells, day, traffic.website)
        return SiteCounts(events, pages, tuple(maker.of(events, of_markets, days)), of_markets, sizes)

    @property
    def _timeout(self) -> int:
        """Milliseconds after which a return counts as a new session."""
        return round(self.scenario.traffic.session_minutes * MINUTE)

    def _regions(self) -> dict[tuple[str, str], tuple[Region, ...]]:
        """Divide each population by the markets that the ad groups on each pixel reach."""
        reached: dict[tuple[str, str], list[str]] = {}
        for delivery in self.scenario.traffic.delivery:
            pixel = self._pixel(self.numbering.ad_groups.index(delivery.ad_group))
            if pixel is not None:
                population = self.sites[delivery.website].events.population
                reached.setdefault((population, pixel), []).append(delivery.market)
        found = {}
        for (population, pixel), markets in reached.items():
            site = self._sites_of(population)[0]
            found[population, pixel] = regions_of(population, site.events.traffic, markets, site.sizes)
        return found

    def _pixel(self, number: int) -> str | None:
        uses = int(self.numbering.group_pixel[number])
        return self.numbering.pixels[uses] if uses >= 0 else None

    def _sites_of(self, population: str) -> list[SiteCounts]:
        return [site for site in self.sites.values() if site.events.population == population]

    def _ad_group(
        self, delivery: AdDelivery, number: int, windows: list[int], once: NDArray[np.bool_]
    ) -> tuple[AdGroupCounts, list[Entrant]]:
        """Make an ad group, and what it brings into contests where it has a pixel, one for each part of its people."""
        traffic = self.scenario.traffic
        account = self.numbering.accounts[self.numbering.group_account[number]]
        world, site = self.timeline.history.now, self.sites[delivery.website]
        days = self._days(world.ad_accounts[account].utc_offset)
        soon, longest = self._timeout, int(self.windows.max())
        tables = tuple(
            delay_table(self.cells, traffic.delay, Hours.of(delivery), days, soon=soon, window=window, longest=longest)
            for window in windows
        )
        pixel, place = self._pixel(number), site.market(delivery.market)
        made = AdGroupCounts(
            self.streams,
            delivery,
            CountedTraffic(
                self.streams, delivery, days, world.ad_accounts[account].currency, block_days=self.scenario.days + 2
            ),
            follower=self._follower(delivery.website, place, pixel or site.pages.pixel),
            table=tables[0],
            windows=windows,
        )
        if pixel is None:
            return made, []
        day = ShapedDay(WeekShape.of(delivery), days)
        regions = [one for one in self.regions[site.events.population, pixel] if place < 0 or one.holds(place)]
        self.reach[number] = {(one.name, pixel): one.share for one in regions}
        return made, [
            Entrant(number, delivery.ad_group, account, pixel, region.name, day, tables, once) for region in regions
        ]

    def _follower(self, website: str, market: int, pixel: str | None) -> Follower:
        """Give what follows on a website as a pixel hears of it, the same for all ad groups that reach a market.

        Pixels that keep the same share it, so that their ad groups go through together.
        """
        site, width = self.sites[website], self._width(pixel)
        events = site.events_in(market)
        kept = site.pages.kept(events.fates, pixel) if pixel is not None else None
        table, share = kept or (None, None)
        key = (website, market, width, *(None if some is None else some.tobytes() for some in (table, share)))
        if key not in self.followers:
            self.followers[key] = Follower(events, site.pages, kept, self.cells, width)
        return self.followers[key]

    def _width(self, pixel: str | None) -> int:
        """Give how many lags lie in the window of some ad group on a pixel."""
        here = self.numbering.group_pixel == (self.numbering.pixels.index(pixel) if pixel is not None else -1)
        return min(self.cells.lags(int(self.windows[:, here].max(initial=0))), len(self.cells))

    def _contests(self, entrants: list[Entrant]) -> Contests:
        publics = {
            (region.name, pixel): self._public(region, self._sites_of(population), pixel)
            for (population, pixel), regions in sorted(self.regions.items())
            for region in regions
        }
        return Contests(
            self.streams,
            self.scenario.measurement,
            self.timeline,
            self.cells,
            entrants=entrants,
            publics=publics,
            repeating=self.repeating,
        )

    def _bringing(self, region: str, pixel: str) -> dict[int, float]:
        """Give the ad groups with another pixel, or none, whose visitors this pixel hears, and their share in a region.

        What their own pixel keeps of their sessions, or any on the pages, stands for what this one keeps of them.
        """
        found = {}
        for number, group in self.ad_groups.items():
            site, own = self.sites[group.delivery.website], self._pixel(number)
            if own == pixel or not any(pixel in state.pixels for state in site.pages.states):
                continue
            place = site.market(group.delivery.market)
            here = [one for one in self.regions.get((site.events.population, pixel), ()) if one.name == region]
            shares = [one.share if place < 0 else float(one.holds(place)) for one in here]
            if sum(shares) > 0:
                found[number] = sum(shares)
        return found

    def _repeating(self) -> dict[tuple[str, str], Repeating]:
        """Give the parts of populations and the pixels where events of different sessions can be repeats."""
        found = {}
        for population in sorted({site.events.population for site in self.sites.values()}):
            sites = [site for site in self._sites_of(population) if site.events.fates.repeat_window > 0]
            for pixel in self.numbering.pixels if sites else ():
                for region in self.regions.get((population, pixel), (Region(population),)):
                    found[region.name, pixel] = self._repeating_at(region, sites, pixel)
        return found

    def _repeating_at(self, region: Region, sites: list[SiteCounts], pixel: str) -> Repeating:
        window = max(site.events.fates.repeat_window for site in sites)

        @functools.cache
        def heard(events: SessionEvents, pages: Pages) -> Heard:
            return Heard(events, pages, pixel, window=window, longest=self.scenario.traffic.session_minutes)

        sources = [one for site in sites for one in site.sources if region.holds(one.market)]
        leaders = {}
        for number, group in self.ad_groups.items():
            site = self.sites[group.delivery.website]
            place = site.market(group.delivery.market)
            if site in sites and (place < 0 or region.holds(place)):
                own = self._pixel(number) == pixel
                # What an ad group of this pixel brought about is dealt out to the parts already.
                share = 1.0 if own or place >= 0 else region.share
                leaders[number] = Leader(group, heard(group.follower.events, site.pages), share, own)
        return Repeating(
            self.streams,
            f"{region.name} > {pixel}",
            self.cells,
            self._day(sources),
            pixel,
            window,
            [(one, heard(one.events, one.pages)) for one in sources],
            leaders,
        )

    @staticmethod
    def _day(sources: Sequence[Source]) -> Spread:
        """Give how the events of sources together spread over time."""
        spreads = tuple((max(one.mean, 1e-9), one.day) for one in sources)
        return spreads[0][1] if len(spreads) == 1 else Mixed(spreads)

    def _public(self, region: Region, sites: list[SiteCounts], pixel: str) -> Public:
        """Give the people of a region, and their events on all sites of the population."""
        sources = [[one for one in site.sources if region.holds(one.market)] for site in sites]
        size = (2, len(self.cells), len(EVENT_NAMES))
        visits, once = sum(
            (np.stack(one.kept_visits(self.streams, pixel)) for some in sources for one in some),
            start=np.zeros(size, dtype=np.int64),
        )
        first = sites[0]
        people, heard = int(first.sizes.sum()), first.events.visitors.heard
        if region.markets is not None:
            people = int(first.sizes[list(region.markets)].sum())
            heard = sum(first.markets[place].visitors.heard for place in region.markets)
        return Public(people, heard, visits, once, self._day(sources[0]))

    def result(self, seed: int, replication: int) -> Counts:
        """Count, with learning going round until it changes nothing any more."""
        numbers, length = self.numbering.ad_groups, self.scenario.length
        spans = {number: self.timeline.ad_group(numbers[number], 0, length) for number in self.ad_groups}
        edited = np.zeros((self.scenario.days, len(numbers)), dtype=np.bool_)
        for number, name in enumerate(numbers):
            edited[[at // DAY for at in self.timeline.relearns(name, 0, length)], number] = True
        # The first supposition is that nobody converts, which is right for whoever has no access.
        size = (self.scenario.days, len(numbers))
        phases = self.learning.phases(np.zeros(size), self._days_shown(spans), edited)
        paid: dict[int, PaidCounts] = {}
        won: dict[tuple[str, str], dict[int, Credit]] = {}
        credit: dict[int, Credit] = {}
        contests: dict[tuple[str, str], Claimed] = {}
        repeated: dict[tuple[str, str], Repeated] = {}
        paces: dict[int, Paces] = {}
        settled = 0
        while True:
            supposed = self.learning.paces(phases)
            changed = {n for n in self.ad_groups if n not in paces or not paces[n].same(supposed[n])}
            paces |= {number: supposed[number] for number in changed}
            paid |= count_ad_groups({n: self.ad_groups[n] for n in sorted(changed)}, spans, paces)
            by_people = functools.cache(lambda number, paid=paid: paid[number].by_people(self.cells))
            dealt = {number: self._dealt(number, paid[number]) for number in self.reach}
            for pool, repeating in self.repeating.items():
                if not repeating.leaders or changed & repeating.leaders.keys():
                    own = {n: dealt[n][pool] for n, one in repeating.leaders.items() if one.own}
                    repeated[pool] = repeating.settle({**paid, **own})
            asked: list[PoolContests] = []
            for pool, entrants in self.contests.groups.items():
                meets = self.repeating[pool].leaders.keys() if pool in self.repeating else set()
                if changed & ({one.number for one in entrants} | meets | self.bringing[pool].keys()):
                    mine = {one.number: dealt[one.number][pool] for one in entrants}
                    brought = [share * by_people(n) for n, share in self.bringing[pool].items()]
                    heard = np.sum(brought, axis=0) if brought else None
                    asked.append(self.contests.of_pool(pool, mine, repeated.get(pool), heard))
            claimed = iter(settle([one for of_pool in asked for one in of_pool.contests]))
            for of_pool in asked:
                found_here = list(itertools.islice(claimed, len(of_pool.contests)))
                won[of_pool.pool], contests[of_pool.pool] = of_pool.credit(found_here), found_here[0]
            credit = together(won.values())
            found = self.learning.phases(*self._days_of_learning(paid, credit), edited)
            otherwise = np.flatnonzero((found != phases).any(axis=1))
            otherwise = otherwise[otherwise >= settled]
            if not len(otherwise):
                break
            # Phases follow from days before, so the first day that comes out otherwise than supposed is right now, and
            # stays: later draws of a dense contest can move the credit of earlier days, and must not go round for ever.
            settled = int(otherwise[0]) + 1
            phases = np.concatenate([phases[: settled - 1], found[settled - 1 :]])
        return Counts(
            scenario=self.scenario,
            seed=seed,
            replication=replication,
            history=self.timeline.history,
            timeline=self.timeline,
            numbering=self.numbering,
            cells=self.cells,
            sites=tuple(self.sites.values()),
            paid=paid,
            credit=credit,
            contests=contests,
            repeated=repeated,
            phases=phases,
            goals=self.goals,
        )

    def _dealt(self, number: int, counts: PaidCounts) -> dict[tuple[str, str], PaidCounts]:
        """Deal out what an ad group brought about to the contests that it takes part in."""
        reach = self.reach[number]
        return dict(
            zip(reach, deal(self.streams, self.numbering.ad_groups[number], counts, [*reach.values()]), strict=True)
        )

    def _days_shown(self, spans: dict[int, list[Span]]) -> NDArray[np.bool_]:
        """Tell on which days each ad group is in delivery, shape (days, ad groups)."""
        shown = np.zeros((self.scenario.days, len(self.numbering.ad_groups)), dtype=np.bool_)
        for number, states in spans.items():
            for span in states:
                if span.delivering:
                    shown[span.start // DAY : -(-span.end // DAY), number] = True
        return shown

    def _days_of_learning(
        self, paid: dict[int, PaidCounts], credit: dict[int, Credit]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Give conversions of each ad group's goal by day, and whether it delivered, shape (days, ad groups)."""
        size = (self.scenario.days, len(self.numbering.ad_groups))
        conversions, shown = np.zeros(size), np.zeros(size, dtype=np.bool_)
        for number, counts in paid.items():
            shown[self.cells.day[counts.rows.cell[counts.impressions > 0]], number] = True
            goal = int(self.goals[number])
            if goal >= 0 and number in credit:
                conversions[:, number] = by_event(credit[number].claims[goal]).reshape(size[0], -1).sum(axis=1)
        return conversions, shown


def count(scenario: Scenario, seed: int, replication: int = 0) -> Counts:
    """Run one replication of a scenario in counts.

    Parameters
    ----------
    scenario
        What to run; it is not changed.
    seed
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.

    Raises
    ------
    InputError
        The scenario has no website, or the seed or replication is negative.
    """
    faults = run_faults(scenario, seed, replication)
    if faults:
        raise InputError(f"scenario {scenario.name}", faults)
    keep_freed_memory()
    streams = Streams(seed, replication)
    env = simpy.Environment()
    timeline = timeline_of(scenario)
    ControlPlane(env, timeline.history, scenario.plan, streams, end=scenario.length)
    env.run(until=scenario.length)
    return _Run(scenario, timeline, streams).result(seed, replication)
