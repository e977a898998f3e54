"""The data plane: everything that a run carries from step to step, without a clock of its own.

A step is settled at its end: the websites bring forth their traffic, and the collector measures what they sent. What
comes of it goes into a store, in memory or on disk. A plane can be forked, so that several futures start from one past.
"""

from __future__ import annotations

import copy
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, MINUTE
from pixelsim.base.memory import keep_freed_memory
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.audiences import AudienceBook
from pixelsim.traffic.capture import Page
from pixelsim.traffic.collector import Collector
from pixelsim.traffic.delivery import AdGroupTraffic
from pixelsim.traffic.events import Orders
from pixelsim.traffic.feedback import LearningBook, whole_days
from pixelsim.traffic.flow import AdFlow, AdSource, Shown
from pixelsim.traffic.log import ClaimRows, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.people import People
from pixelsim.traffic.setup import (
    all_ad_groups,
    block_days,
    borders_of,
    can_repeat,
    count_modes,
    goals_of,
    ids_return,
    reach_of,
    windows_of,
)
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.sites import Site, SiteStep
from pixelsim.world.world import World

__all__ = ["DataPlane", "Kept", "Store"]


class Store(Protocol):
    """Takes what each step brought forth."""

    def add(self, log: LogRows, claims: ClaimRows, orders: Orders, shown: list[Shown]) -> None:
        """Take the rows of one step."""
        ...

    def fork(self) -> Self:
        """Give a store that has taken the same and goes on for itself."""
        ...


class Kept:
    """A store in memory."""

    def __init__(self) -> None:
        self.log: list[LogRows] = []
        self.claims: list[ClaimRows] = []
        self.orders: list[Orders] = []
        self.shown: list[Shown] = []

    def add(self, log: LogRows, claims: ClaimRows, orders: Orders, shown: list[Shown]) -> None:
        """Take the rows of one step."""
        self.log.append(log)
        self.claims.append(claims)
        self.orders.append(orders)
        self.shown.extend(shown)

    def fork(self) -> Kept:
        """Give a store that has taken the same and goes on for itself."""
        made = Kept()
        for name, taken in vars(self).items():
            setattr(made, name, list(taken))
        return made


class DataPlane:
    """The websites of a run and their collector.

    Parameters
    ----------
    scenario
        What is run.
    timeline
        Grants and statuses as far as they are settled.
    streams
        Random streams of the replication.
    store
        Takes what each step brings forth.
    """

    def __init__(self, scenario: Scenario, timeline: Timeline, streams: Streams, store: Store) -> None:
        keep_freed_memory()
        world = timeline.history.now
        self.scenario, self.timeline, self.store = scenario, timeline, store
        self.numbering = Numbering.of(scenario, world)
        self._block = block_days(scenario)
        groups = all_ad_groups(scenario, world)
        self.audiences = AudienceBook(scenario, world, self.numbering)
        self.learning = LearningBook(
            streams,
            scenario.traffic.learning,
            self.numbering,
            goals=goals_of(groups, self.numbering),
            learned=np.array(
                [
                    scenario.traffic.learning.learned_at_start and g in world.ad_groups and groups[g].start <= 0
                    for g in self.numbering.ad_groups
                ],
                dtype=np.bool_,
            ),
        )
        self.collector = Collector(
            scenario.measurement,
            self.numbering,
            windows_of(groups, self.numbering, reach_of(scenario)),
            count_modes(groups, self.numbering, scenario.measurement.count),
            AccessBook(timeline, self.numbering),
            audiences=self.audiences,
            repeats=can_repeat(scenario),
            ids_return=ids_return(scenario),
        )
        self.sessions = np.zeros(len(self.numbering.sites), dtype=np.int64)
        self.borders = borders_of(scenario)
        self._steps: list[SiteStep] = []
        self._shown: list[Shown] = []
        self._claims_today: list[ClaimRows] = []
        self._delivered_today = np.zeros(len(self.numbering.ad_groups), dtype=np.bool_)
        specs = {site.website: site for site in scenario.traffic.sites}
        self._sites: list[tuple[Site, AdFlow]] = []
        for number, key in enumerate(self.numbering.sites):
            spec = specs.get(key) or SiteTraffic(website=key, organic_sessions=0.0)
            self._sites.append((self._site(streams, spec, number), self._flow(streams, spec)))

    @property
    def sites(self) -> list[Site]:
        """The websites, in the order of their numbers."""
        return [site for site, _ in self._sites]

    def _days(self, offset: int) -> LocalDays:
        clock = self.scenario.clock
        return LocalDays.on(clock.start_offset, clock.start_weekday, offset)

    def _site(self, streams: Streams, spec: SiteTraffic, number: int) -> Site:
        return Site(
            streams,
            spec,
            number,
            self.numbering,
            days=self._days(spec.offset),
            consent=self.scenario.measurement.consent,
            session_length=round(self.scenario.traffic.session_minutes * MINUTE),
            block_days=self._block,
        )

    def _flow(self, streams: Streams, site: SiteTraffic) -> AdFlow:
        """Make the flow of the ad groups that lead to a website."""
        traffic = self.scenario.traffic
        return AdFlow(
            streams,
            [self._source(streams, d, site) for d in traffic.delivery if d.website == site.website],
            traffic.delay,
            people=People.of(self.numbering, site).stretch(),
            ads={key: i for i, key in enumerate(self.numbering.ads)},
            block_days=self._block,
        )

    def _source(self, streams: Streams, delivery: AdDelivery, site: SiteTraffic) -> AdSource:
        number = self.numbering.ad_groups.index(delivery.ad_group)
        account = self.timeline.history.now.ad_accounts[self.numbering.accounts[self.numbering.group_account[number]]]
        days = self._days(account.utc_offset)
        traffic = AdGroupTraffic(streams, delivery, days, account.currency, block_days=self._block)
        if not delivery.market:
            return AdSource(number, delivery, traffic)
        market = [market.name for market in site.markets].index(delivery.market)
        return AdSource(number, delivery, traffic, People.of(self.numbering, site).stretch(market))

    def bring_forth(self, index: int, begin: int, end: int) -> None:
        """Bring forth what happens on one website between two instants in ms."""
        site, flow = self._sites[index]
        groups = [source.delivery.ad_group for source in flow.sources]
        step = flow.step(
            self.timeline.states(groups, begin, end),
            end,
            [self.learning.pace(source.number, begin // DAY) for source in flow.sources],
        )
        made = site.step(step, self._pages(site, begin, end), end)
        self.sessions[index] += made.sessions
        self._shown.extend(step.shown)
        self._steps.append(made)

    def _pages(self, site: Site, begin: int, end: int) -> list[Page]:
        """Give the states of the site's pages by stretch of time.

        The last stretch goes on past the step's end, for the events of sessions that cross it.
        """
        numbers = {code: i for i, code in enumerate(self.numbering.pixels)}
        server = site.traffic.capture.server
        token = server.token if server is not None else None
        pages: list[Page] = []
        for one, two, world in self.timeline.history.spans(begin, end):
            pixels = [numbers[code] for code in world.websites[site.traffic.website].pixels]
            holds = token is None or (token in world.tokens and not world.tokens[token].revoked)
            if pages and (pages[-1].pixels, pages[-1].token) == (pixels, holds):
                # What else changed in the world leaves the pages as they are.
                one = pages.pop().start  # noqa: PLW2901
            pages.append(Page(one, two, pixels, holds))
        last = pages.pop()
        return [*pages, Page(last.start, last.end + DAY, last.pixels, last.token)]

    def settle(self, end: int) -> None:
        """Measure what all websites sent up to an instant in ms, and hand it to the store."""
        steps, self._steps = self._steps, []
        shown, self._shown = self._shown, []
        log, claims = self.collector.collect(
            [step.touches for step in steps], [table for step in steps for table in step.copies], end
        )
        self.store.add(log, claims, Orders.join(step.orders for step in steps), shown)
        self._claims_today.append(claims)
        self._delivered_today[[part.ad_group for part in shown if part.impressions]] = True
        if whole_days(end):
            world = self.timeline.history.at(end - 1)
            self.learning.end_of_day(self._claims_today, self._delivered_today, self._edited(world, end))
            self.audiences.end_of_day(world, end)
            self._claims_today = []
            self._delivered_today = np.zeros(len(self.numbering.ad_groups), dtype=np.bool_)

    def _edited(self, world: World, end: int) -> NDArray[np.bool_]:
        """Tell which ad groups an edit of the day that ends at ``end`` ms has set back in learning."""
        groups = [world.ad_groups.get(key) for key in self.numbering.ad_groups]
        since = [None if group is None else group.learning_from for group in groups]
        return np.array([at is not None and end - DAY <= at < end for at in since], dtype=np.bool_)

    def fork(self, scenario: Scenario, timeline: Timeline) -> DataPlane:
        """Give a plane with the same past that goes on for itself, under another plan with the same past actions.

        Parameters
        ----------
        scenario
            The other scenario, which may differ in plan and policy only.
        timeline
            Its grants and statuses.
        """
        shared = (self.scenario, self.timeline, self.numbering, self.store)
        # What does not change is not copied; tables of columns say so themselves.
        memo = {id(one): one for one in shared} | {id(self.timeline): timeline, id(self.scenario): scenario}
        made = copy.deepcopy(self, memo)
        made.store = self.store.fork()
        return made
