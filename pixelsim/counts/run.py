"""A run in counts before its rounds: what came to each website by itself, its ad groups, and who contends for what."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Mixed, Spread
from pixelsim.counts.contests import Contests, Entrant, Public
from pixelsim.counts.delivery import Envelope
from pixelsim.counts.follower import Follower
from pixelsim.counts.heard import Heard
from pixelsim.counts.markets import Region
from pixelsim.counts.organic import Source, draw_sources
from pixelsim.counts.pages import Pages
from pixelsim.counts.paid import AdGroupCounts
from pixelsim.counts.repeated import Leader, Repeating
from pixelsim.counts.result import SiteCounts
from pixelsim.counts.sessions import SessionEvents
from pixelsim.counts.stage import AdGroupStage, Stage
from pixelsim.scenario.capture import EVENT_NAMES

__all__ = ["Run"]


class Run:
    """A run in the making.

    Parameters
    ----------
    stage
        All of it that luck does not touch.
    streams
        Random streams of the replication.
    sites
        What came to each website by itself.
    envelopes
        What each ad group would deliver if nothing stopped it.
    """

    def __init__(
        self, stage: Stage, streams: Streams, sites: dict[str, SiteCounts], envelopes: Iterable[Envelope]
    ) -> None:
        self.scenario, self.timeline, self.numbering = stage.scenario, stage.timeline, stage.numbering
        self.stage, self.streams, self.sites = stage, streams, sites
        self.cells, self.goals, self.regions, self.bringing = stage.cells, stage.goals, stage.regions, stage.bringing
        self.followers: dict[tuple[object, ...], Follower] = {}
        delivering = zip(stage.ad_groups, envelopes, strict=True)
        self.ad_groups = {group.number: self._ad_group(group, envelope) for group, envelope in delivering}
        self.reach = {group.number: group.reach for group in stage.ad_groups if group.pixel is not None}
        self.repeating = self._repeating()
        self.contests = self._contests([entrant for group in stage.ad_groups for entrant in group.entrants])

    @classmethod
    def begin(cls, wanted: Sequence[tuple[Stage, Streams]]) -> list[Run]:
        """Begin runs of any scenarios, all of whose websites draw together what comes by itself."""
        events = [[(key, site.events(streams)) for key, site in stage.sites.items()] for stage, streams in wanted]
        sources = iter(
            draw_sources(
                [
                    (streams, plan, of_markets[plan.market] if plan.market >= 0 else everybody)
                    for (stage, streams), of_run in zip(wanted, events, strict=True)
                    for key, (everybody, of_markets) in of_run
                    for plan in stage.sites[key].sources
                ]
            )
        )
        envelopes = iter(
            Envelope.together(
                [
                    (streams, group.delivery, group.days, group.currency, stage.cells)
                    for stage, streams in wanted
                    for group in stage.ad_groups
                ]
            )
        )
        found = []
        for (stage, streams), of_run in zip(wanted, events, strict=True):
            sites = {}
            for key, (everybody, of_markets) in of_run:
                site = stage.sites[key]
                came = tuple(itertools.chain.from_iterable(itertools.islice(sources, len(site.sources))))
                sites[key] = SiteCounts(everybody, site.pages, came, of_markets, site.sizes)
            found.append(cls(stage, streams, sites, itertools.islice(envelopes, len(stage.ad_groups))))
        return found

    def _sites_of(self, population: str) -> list[SiteCounts]:
        return [site for site in self.sites.values() if site.events.population == population]

    def _ad_group(self, group: AdGroupStage, envelope: Envelope) -> AdGroupCounts:
        return AdGroupCounts(
            self.streams,
            group.delivery,
            envelope,
            follower=self._follower(group.delivery.website, group),
            table=group.tables[0],
            windows=group.windows,
        )

    def _follower(self, website: str, group: AdGroupStage) -> Follower:
        """Give what follows on a website as a pixel hears of it, the same for all ad groups that reach a market.

        Pixels that keep the same share it, so that their ad groups go through together.
        """
        site = self.sites[website]
        events = site.events_in(group.market)
        classes = site.pages.classes(events.fates, group.heard)
        key = (website, group.market, group.width, classes)
        if key not in self.followers:
            self.followers[key] = Follower(events, site.pages, classes, self.cells, group.width)
        return self.followers[key]

    def _contests(self, entrants: list[Entrant]) -> Contests:
        publics = {
            (region.name, pixel): self._public(region, self._sites_of(population), pixel)
            for (population, pixel), regions in sorted(self.regions.items())
            for region in regions
        }
        return Contests(
            self.streams,
            self.scenario.measurement,
            self.cells,
            entrants=entrants,
            publics=publics,
            repeating=self.repeating,
        )

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
                own = self.stage.pixel_of(number) == pixel
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
