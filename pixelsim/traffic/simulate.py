"""One replication of a scenario: people and traffic on one SimPy clock.

The control plane acts on its dates. Each website is a process that wakes at step borders and brings forth the traffic
of the step just ended; a collector waits for all of them and measures what they sent. Nothing in the traffic of a step
depends on later actions, so a step can be settled at its end.
"""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, MINUTE, days
from pixelsim.base.errors import InputError
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import EVENT_NAMES, AdDelivery, SiteTraffic
from pixelsim.sharing import actions as do
from pixelsim.sharing.history import History
from pixelsim.traffic import counting
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.audiences import AudienceBook, AudienceDay
from pixelsim.traffic.capture import Page
from pixelsim.traffic.collector import Collector
from pixelsim.traffic.delivery import AdGroupTraffic
from pixelsim.traffic.events import Orders
from pixelsim.traffic.feedback import LearningBook, whole_days
from pixelsim.traffic.flow import AdFlow, AdSource, Shown
from pixelsim.traffic.identity import person_base
from pixelsim.traffic.keys import Finder, latest
from pixelsim.traffic.log import ClaimRows, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.shapes import LocalDays
from pixelsim.traffic.sites import Site, SiteStep
from pixelsim.traffic.touches import Windows
from pixelsim.world.entities import AdGroup, CountMode
from pixelsim.world.world import World

__all__ = ["Simulation", "simulate"]

_Process = Generator[simpy.Event, object, None]

VALUE_EVENTS = frozenset({"Purchase"})
"""Events whose goals count every conversion under ``by_goal``; all others count once."""


@dataclass(frozen=True, eq=False)
class Simulation:
    """All that one replication brought forth; :mod:`pixelsim.measure` reads it.

    Parameters
    ----------
    scenario, seed, replication
        What was run.
    history
        The world, every attempt and every change.
    timeline
        Grants and statuses as intervals.
    numbering
        Names of the numbers in the arrays.
    log_parts
        Events as the pixels saw them, in order of time, a table for each step.
    claims, orders
        Claims of accounts on those events, and orders in truth.
    shown
        Impressions, clicks and spend of ad groups by part of an account's day.
    sessions, lost_sessions
        Number of sessions by site, and of those that the load time of pixels drove away.
    phases
        Learning phase of each ad group at the end of each day: codes of `learning.Phase`, shape (days, ad groups).
    audiences, members
        Every audience at the end of each day, and the people in each at the end of the run.
    """

    scenario: Scenario
    seed: int
    replication: int
    history: History
    timeline: Timeline
    numbering: Numbering
    log_parts: tuple[LogRows, ...]
    claims: ClaimRows
    orders: Orders
    shown: tuple[Shown, ...]
    sessions: NDArray[np.int64]
    lost_sessions: NDArray[np.int64]
    phases: NDArray[np.int8]
    audiences: tuple[AudienceDay, ...]
    members: dict[str, NDArray[np.int64]]

    @functools.cached_property
    def log(self) -> LogRows:
        """The whole event log as one table, put together when it is first asked for."""
        return LogRows.join(self.log_parts)


def can_repeat(scenario: Scenario) -> bool:
    """Tell whether any site sends copies that de-duplication could take for repeats of one another."""
    if scenario.measurement.repeat_seconds > 0:
        return True
    return any(
        capture.server is not None
        or capture.resends_previous
        or capture.id_from == "visitor"
        or any(loads > 1 for loads in capture.loads.values())
        for capture in (site.capture for site in scenario.traffic.sites)
    )


def reach_of(scenario: Scenario) -> dict[str, int]:
    """Give for each ad group how long a click can be found again, in ms: by its id, or by its site's cookie (P89)."""
    by_id = scenario.measurement.click_id_days
    cookies = {site.website: site.capture.cookie_days for site in scenario.traffic.sites}
    return {d.ad_group: days(max(by_id, cookies.get(d.website, 0.0))) for d in scenario.traffic.delivery}


def windows_of(groups: dict[str, AdGroup], numbering: Numbering, reach: dict[str, int]) -> Windows:
    """Give the attribution windows of all ad groups in ms; a click's also ends when it cannot be found again."""
    rows = [groups[key] for key in numbering.ad_groups]
    return Windows(
        np.array([min(g.click_days * DAY, reach.get(g.id, g.click_days * DAY)) for g in rows], dtype=np.int64),
        np.array([g.engaged_view_days * DAY for g in rows], dtype=np.int64),
        np.array([g.view_days * DAY for g in rows], dtype=np.int64),
    )


def count_modes(groups: dict[str, AdGroup], numbering: Numbering, default: CountMode) -> NDArray[np.int8]:
    """Give how each ad group counts each event name: codes of :class:`counting.CountMode`, (ad groups, events).

    The ad group's own setting goes first; where that is ``by_goal``, the scenario's setting decides.
    """
    table = np.zeros((len(numbering.ad_groups), len(EVENT_NAMES)), dtype=np.int8)
    for i, key in enumerate(numbering.ad_groups):
        mode = groups[key].count if groups[key].count is not CountMode.BY_GOAL else default
        for j, event in enumerate(EVENT_NAMES):
            once = mode is CountMode.ONCE or (mode is CountMode.BY_GOAL and event not in VALUE_EVENTS)
            table[i, j] = counting.CountMode.ONCE if once else counting.CountMode.EVERY
    return table


def goals_of(groups: dict[str, AdGroup], numbering: Numbering) -> NDArray[np.int8]:
    """Give the number of the event that each ad group is optimised for, -1 for one that no site sends."""
    events = {name: i for i, name in enumerate(EVENT_NAMES)}
    return np.array([events.get(groups[key].event, -1) for key in numbering.ad_groups], dtype=np.int8)


def all_ad_groups(scenario: Scenario, world: World) -> dict[str, AdGroup]:
    """Give every ad group that exists at the start or that the plan creates."""
    groups = dict(world.ad_groups)
    for step in scenario.plan.steps:
        if isinstance(step.action, do.CreateAdGroup):
            made = step.action
            groups.setdefault(
                made.ad_group,
                AdGroup(
                    id=made.ad_group,
                    campaign=made.campaign,
                    name=made.name,
                    pixel=made.pixel,
                    event=made.event,
                    click_days=made.click_days,
                    engaged_view_days=made.engaged_view_days,
                    view_days=made.view_days,
                    count=made.count,
                ),
            )
    return groups


class _DataPlane:
    """The websites' processes and their collector."""

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, timeline: Timeline, streams: Streams, finder: Finder
    ) -> None:
        world = timeline.history.now
        self.env, self.scenario, self.timeline = env, scenario, timeline
        self.numbering = Numbering.of(scenario, world)
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
            finder=finder,
        )
        self.shown: list[Shown] = []
        self.orders: list[Orders] = []
        self.sessions = np.zeros(len(self.numbering.sites), dtype=np.int64)
        self._steps: list[SiteStep] = []
        step = scenario.traffic.step_hours * HOUR
        # Learning and audiences advance at the ends of days, which are borders whatever the length of a step.
        borders = {*range(step, scenario.length, step), *range(DAY, scenario.length, DAY), scenario.length}
        self._borders = sorted(borders)
        specs = {site.website: site for site in scenario.traffic.sites}
        self._sites: list[tuple[Site, AdFlow]] = []
        for number, key in enumerate(self.numbering.sites):
            spec = specs.get(key) or SiteTraffic(website=key, organic_sessions=0.0)
            self._sites.append((self._site(streams, spec, number), self._flow(streams, spec)))
        self._ready = [env.event() for _ in self._sites]
        processes = [env.process(self._run_site(i)) for i in range(len(self._sites))]
        self.done = env.process(self._collect())
        self._processes = processes

    @property
    def sites(self) -> list[Site]:
        """The websites, in the order of their numbers."""
        return [site for site, _ in self._sites]

    def _days(self, offset: int) -> LocalDays:
        clock = self.scenario.clock
        return LocalDays.on(clock.start_offset, clock.start_weekday, offset)

    def _site(self, streams: Streams, spec: SiteTraffic, number: int) -> Site:
        traffic = self.scenario.traffic
        return Site(
            streams,
            spec,
            number,
            self.numbering,
            days=self._days(spec.offset),
            consent=self.scenario.measurement.consent,
            session_length=round(traffic.session_minutes * MINUTE),
            block_days=traffic.block_days,
        )

    def _flow(self, streams: Streams, site: SiteTraffic) -> AdFlow:
        """Make the flow of the ad groups that lead to a website."""
        traffic = self.scenario.traffic
        return AdFlow(
            streams,
            [self._source(streams, d) for d in traffic.delivery if d.website == site.website],
            traffic.delay,
            people=(person_base(self.numbering, site.population or site.website), site.people),
            ads={key: i for i, key in enumerate(self.numbering.ads)},
            block_days=traffic.block_days,
        )

    def _source(self, streams: Streams, delivery: AdDelivery) -> AdSource:
        number = self.numbering.ad_groups.index(delivery.ad_group)
        account = self.timeline.history.now.ad_accounts[self.numbering.accounts[self.numbering.group_account[number]]]
        days, block = self._days(account.utc_offset), self.scenario.traffic.block_days
        return AdSource(number, delivery, AdGroupTraffic(streams, delivery, days, account.currency, block_days=block))

    def _run_site(self, index: int) -> _Process:
        """One website: wake at each border, bring forth the step, tell the collector."""
        site, flow = self._sites[index]
        begin = 0
        for border in self._borders:
            yield self.env.timeout(border - begin)
            groups = [source.delivery.ad_group for source in flow.sources]
            step = flow.step(
                [self.timeline.ad_group(group, begin, border) for group in groups],
                border,
                [self.learning.pace(source.number, begin // DAY) for source in flow.sources],
            )
            self.shown.extend(step.shown)
            made = site.step(step, self._pages(site, begin, border), border)
            self.sessions[index] += made.sessions
            self._steps.append(made)
            ready, self._ready[index] = self._ready[index], self.env.event()
            ready.succeed()
            begin = border

    def _pages(self, site: Site, begin: int, end: int) -> list[Page]:
        """Give the states of the site's pages by stretch of time.

        The last stretch goes on past the step's end, for the events of sessions that cross it.
        """
        numbers = {code: i for i, code in enumerate(self.numbering.pixels)}
        server = site.traffic.capture.server
        token = server.token if server is not None else None
        pages = []
        for one, two, world in self.timeline.history.spans(begin, end):
            pixels = [numbers[code] for code in world.websites[site.traffic.website].pixels]
            holds = token is None or (token in world.tokens and not world.tokens[token].revoked)
            pages.append(Page(one, two, pixels, holds))
        last = pages.pop()
        return [*pages, Page(last.start, last.end + DAY, last.pixels, last.token)]

    def _collect(self) -> _Process:
        claims, shown = 0, 0
        for border in self._borders:
            yield self.env.all_of(list(self._ready))
            steps, self._steps = self._steps, []
            self.collector.collect([step.touches for step in steps], [step.copies for step in steps], border)
            self.orders.extend(step.orders for step in steps)
            if whole_days(border):
                delivered = np.zeros(len(self.numbering.ad_groups), dtype=np.bool_)
                delivered[[part.ad_group for part in self.shown[shown:] if part.impressions]] = True
                self.learning.end_of_day(self.collector.claims[claims:], delivered)
                self.audiences.end_of_day(self.timeline.history.at(border - 1), border)
                claims, shown = len(self.collector.claims), len(self.shown)


def simulate(scenario: Scenario, seed: int, replication: int = 0, *, finder: Finder = latest) -> Simulation:
    """Run one replication of a scenario.

    Parameters
    ----------
    scenario
        What to run; it is not changed.
    seed
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.
    finder
        How last touches are found: in NumPy, or by the compiled kernel, with the same result.

    Raises
    ------
    InputError
        The scenario has no website, or the seed or replication is negative.
    """
    _check(scenario, seed, replication)
    streams = Streams(seed, replication)
    env = simpy.Environment()
    history = History(scenario.structure.world(), scenario.rulebook)
    timeline = Timeline(history)
    plane = _DataPlane(env, scenario, timeline, streams, finder)
    ControlPlane(env, history, scenario.plan, streams, end=scenario.length)
    env.run(until=plane.done)
    return Simulation(
        scenario=scenario,
        seed=seed,
        replication=replication,
        history=history,
        timeline=timeline,
        numbering=plane.numbering,
        log_parts=tuple(plane.collector.log),
        claims=ClaimRows.join(plane.collector.claims),
        orders=Orders.join(plane.orders),
        shown=tuple(plane.shown),
        sessions=plane.sessions,
        lost_sessions=np.array([site.lost_sessions for site in plane.sites], dtype=np.int64),
        phases=np.array(plane.learning.phases, dtype=np.int8).reshape(
            len(plane.learning.phases), len(plane.numbering.ad_groups)
        ),
        audiences=tuple(plane.audiences.days),
        members=plane.audiences.members,
    )


def _check(scenario: Scenario, seed: int, replication: int) -> None:
    for field, value in (("seed", seed), ("replication", replication)):
        if value < 0:
            raise InputError.single(
                "run", field=field, value=value, rule="a whole number of at least 0", remedy="choose another number"
            )
    if not scenario.structure.websites:
        raise InputError.single(
            f"scenario {scenario.name}",
            field="websites",
            value="none",
            rule="at least one website",
            remedy="add one, and its traffic",
            place="$.structure.websites",
        )
