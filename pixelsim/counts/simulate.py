"""One replication of a scenario in counts: the same people on the same clock, at the same cost for any traffic.

People act first, exactly as in the run with events: nothing that they do depends on traffic. What they did cuts the
cells; counts follow. Learning is a feedback from one day's conversions to the next days, and goes round until no phase
changes any more.
"""

from __future__ import annotations

import numpy as np
import simpy
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, MINUTE
from pixelsim.base.errors import InputError
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Span, Timeline
from pixelsim.counts.cells import Cells, Hours, ShapedDay, by_event
from pixelsim.counts.claims import Claimed
from pixelsim.counts.contests import Contests, Credit, Entrant, Public
from pixelsim.counts.copies import CopyFates
from pixelsim.counts.delivery import CountedTraffic
from pixelsim.counts.following import Follower
from pixelsim.counts.kernels import delay_table
from pixelsim.counts.learning import LearningCounts
from pixelsim.counts.pages import Pages
from pixelsim.counts.paid import AdGroupCounts, Paces, PaidCounts, count_ad_groups
from pixelsim.counts.refusals import refusals
from pixelsim.counts.result import Counts, SiteCounts
from pixelsim.counts.sessions import SessionEvents, organic_traffic
from pixelsim.counts.visitors import JUNK, Visitors
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.numbering import Numbering
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
        windows = windows_of(groups, self.numbering, reach_of(scenario)).by_kind()
        once = count_modes(groups, self.numbering, scenario.measurement.count) == CountMode.ONCE
        self.ad_groups: dict[int, AdGroupCounts] = {}
        self.followers: dict[tuple[str, str | None], Follower] = {}
        entrants = []
        for delivery in scenario.traffic.delivery:
            number = self.numbering.ad_groups.index(delivery.ad_group)
            made, entrant = self._ad_group(delivery, number, windows[:, number].tolist(), once[number])
            self.ad_groups[number] = made
            entrants += [entrant] if entrant is not None else []
        self.contests = self._contests(entrants)

    def _days(self, offset: int) -> LocalDays:
        clock = self.scenario.clock
        return LocalDays.on(clock.start_offset, clock.start_weekday, offset)

    def _site(self, traffic: SiteTraffic) -> SiteCounts:
        settings, days = self.scenario.measurement, self._days(traffic.offset)
        visitors = Visitors.draw(self.streams, traffic.population or traffic.website, traffic.people, traffic.capture)
        longest = self.scenario.traffic.session_minutes
        fates = CopyFates.of(traffic.capture, settings, (*visitors.kinds, JUNK), longest)
        events = SessionEvents(traffic, visitors, fates)
        pages = Pages.of(self.timeline.history, traffic, self.cells, days)
        return SiteCounts(events, pages, organic_traffic(self.streams, events, self.cells, days, pages.stays))

    def _ad_group(
        self, delivery: AdDelivery, number: int, windows: list[int], once: NDArray[np.bool_]
    ) -> tuple[AdGroupCounts, Entrant | None]:
        """Make an ad group, and what it brings into a contest where it has a pixel."""
        traffic = self.scenario.traffic
        account = self.numbering.accounts[self.numbering.group_account[number]]
        world, site = self.timeline.history.now, self.sites[delivery.website]
        days = self._days(world.ad_accounts[account].utc_offset)
        soon = round(traffic.session_minutes * MINUTE)
        tables = tuple(
            delay_table(self.cells, traffic.delay, Hours.of(delivery), days, soon=soon, window=window)
            for window in windows
        )
        uses = int(self.numbering.group_pixel[number])
        pixel = self.numbering.pixels[uses] if uses >= 0 else None
        made = AdGroupCounts(
            self.streams,
            delivery,
            CountedTraffic(
                self.streams, delivery, days, world.ad_accounts[account].currency, block_days=self.scenario.days + 2
            ),
            follower=self._follower(delivery.website, pixel),
            table=tables[0],
            windows=windows,
        )
        if pixel is None:
            return made, None
        population, day = site.events.population, ShapedDay(WeekShape.of(delivery), days)
        return made, Entrant(number, delivery.ad_group, account, pixel, population, day, tables, once)

    def _follower(self, website: str, pixel: str | None) -> Follower:
        """Give what follows on a website as a pixel hears of it, the same for all ad groups."""
        if (website, pixel) not in self.followers:
            site = self.sites[website]
            self.followers[website, pixel] = Follower(site.events, site.pages, pixel, self.cells)
        return self.followers[website, pixel]

    def _contests(self, entrants: list[Entrant]) -> Contests:
        publics = {}
        for population, pixel in sorted({(one.population, one.pixel) for one in entrants}):
            sites = [site for site in self.sites.values() if site.events.population == population]
            first = sites[0].events
            visits, once = np.sum([site.kept_visits(self.streams, pixel) for site in sites], axis=0)
            day = ShapedDay(WeekShape.of(first.traffic), self._days(first.traffic.offset))
            publics[population, pixel] = Public(first.traffic.people, first.visitors.heard, visits, once, day)
        return Contests(
            self.streams,
            self.scenario.measurement,
            self.timeline,
            self.cells,
            entrants=entrants,
            publics=publics,
        )

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
        credit: dict[int, Credit] = {}
        contests: dict[tuple[str, str], Claimed] = {}
        paces: dict[int, Paces] = {}
        while True:
            # The first day on which phases come out otherwise than supposed is a day later in each round, at least.
            supposed = self.learning.paces(phases)
            changed = {n for n in self.ad_groups if n not in paces or not paces[n].same(supposed[n])}
            paces |= {number: supposed[number] for number in changed}
            paid |= count_ad_groups({n: self.ad_groups[n] for n in sorted(changed)}, spans, paces)
            for pool, entrants in self.contests.groups.items():
                if any(one.number in changed for one in entrants):
                    won, contests[pool] = self.contests.settle(pool, paid)
                    credit |= won
            found = self.learning.phases(*self._days_of_learning(paid, credit), edited)
            if np.array_equal(found, phases):
                break
            phases = found
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
            phases=phases,
            goals=self.goals,
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
        The scenario has no website, or something that only events can tell; or the seed or replication is negative.
    """
    faults = [*run_faults(scenario, seed, replication), *refusals(scenario)]
    if faults:
        raise InputError(f"scenario {scenario.name}", faults)
    streams = Streams(seed, replication)
    env = simpy.Environment()
    timeline = timeline_of(scenario)
    ControlPlane(env, timeline.history, scenario.plan, streams, end=scenario.length)
    env.run(until=scenario.length)
    return _Run(scenario, timeline, streams).result(seed, replication)
