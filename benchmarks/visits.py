"""The visits in plain SimPy: one process for each, which sends its events as they happen.

The model does not draw a number itself: it is given :class:`Draws`. The reference draws its own; the oracle looks up
those of the product, so that both must come to the same log.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

import simpy

from benchmarks.ads import Calendar, Flow, LearningPlain, Shape, inverse_normal
from benchmarks.platform import Platform
from pixelsim.base.clock import DAY, MINUTE, SECOND
from pixelsim.base.money import decimals
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.capture import EVENT_NAMES, PageViews
from pixelsim.scenario.measurement import WhileNoConsent
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import ConversionDelay, SiteTraffic
from pixelsim.sharing.history import History
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.dedup import BROWSER, SERVER
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.setup import all_ad_groups
from pixelsim.traffic.touches import TouchKind
from pixelsim.world.entities import AdGroup

__all__ = ["Draw", "Draws", "PlainRun", "PlainSite"]

Process = Generator[simpy.Event, object, None]
Draw = Callable[..., float]
"""Draws a uniform number for a purpose, and for some purposes for the place of an event in its session."""

PLACES = (0.0, 0.2, 0.5, 0.8, 1.0)
"""Where in a session the steps of the funnel lie."""
MEAN_LENGTH = 4 * MINUTE
MOST_NAVIGATIONS = 49
PURCHASE = EVENT_NAMES.index("Purchase")
CHECKOUT = EVENT_NAMES.index("InitiateCheckout")
PERSON, BOT = int(Visit.PERSON), int(Visit.BOT)
CLICK = int(TouchKind.CLICK)
RECEIVED, BLOCKED, NO_CONSENT = int(Loss.RECEIVED), int(Loss.BLOCKED), int(Loss.NO_CONSENT)
TOO_SOON, BY_RELAY, REVOKED = int(Loss.LEFT_TOO_SOON), int(Loss.LOST_BY_RELAY), int(Loss.TOKEN_REVOKED)
BLOCKS, REFUSES, LATE, UNTRACKABLE, ELSEWHERE = range(5)


class Draws(Protocol):
    """Where random numbers come from."""

    def sessions(self, site: PlainSite, visit: int) -> Iterator[tuple[int, int]]:
        """Give time and draw number of the sessions of a site that no ad leads to, ascending."""
        ...

    def touches(self, flow: Flow, kind: int) -> Iterator[tuple[int, int, int]]:
        """Give time, place in the day and draw number of an ad group's touches if nothing stopped it, ascending."""
        ...

    def session(self, origin: int, number: int) -> Draw:
        """Give the draws of a session."""
        ...

    def touch(self, flow: Flow, kind: int, number: int) -> Draw:
        """Give the draws of a touch."""
        ...

    def traits(self, site: PlainSite, person: int) -> tuple[float, ...]:
        """Draw the uniform numbers that decide a person's five lasting traits."""
        ...

    def stranger(self, site: PlainSite, origin: int, number: int) -> int:
        """Give somebody who comes once only, in a session of an origin."""
        ...

    def price(self, flow: Flow, day: int) -> float:
        """Draw an ad group's CPM of a day."""
        ...

    def spent(self, flow: Flow, day: int) -> float:
        """Draw the share of its budget that an ad group spends on a day."""
        ...

    def noise(self, ad_group: int, day: int) -> float:
        """Draw the uniform number behind an ad group's price of a day while it learns."""
        ...


class PlainSite:
    """One website: its parameters, and the states of its pages over time."""

    def __init__(self, traffic: SiteTraffic, number: int, numbering: Numbering, scenario: Scenario) -> None:
        capture = traffic.capture
        self.traffic, self.capture, self.number = traffic, capture, number
        self.population = traffic.population or traffic.website
        self.base = numbering.populations.index(self.population) << 32
        self.origin = 4 * len(numbering.ad_groups) + 3 * number
        self.calendar, self.shape = Calendar(scenario.start, traffic.offset), Shape(traffic.hours)
        self.scale = 10 ** decimals(traffic.currency)
        self.chances = (1.0, traffic.funnel.view, traffic.funnel.cart, traffic.funnel.checkout)
        self.lost = [capture.lost_by_event.get(name, capture.lost_events) for name in EVENT_NAMES]
        self.fires = [_fires(traffic, event, numbering) for event in EVENT_NAMES]
        self.loads = [capture.loads.get(code, 1) for code in numbering.pixels]
        self.relayed = set() if capture.server is None else {EVENT_NAMES.index(e) for e in capture.server.events}
        self._pages: list[tuple[int, tuple[int, ...], bool]] = []
        self._place = 0

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

    def mean(self, day: int, sessions: float) -> float:
        """Give the expected sessions of a day."""
        return sessions * (1 + self.traffic.daily_growth) ** day * self.calendar.weight(day, self.traffic.weekdays)


def _fires(traffic: SiteTraffic, event: str, numbering: Numbering) -> list[bool]:
    """Tell for each pixel whether an event fires on it."""
    tags = traffic.capture.tags
    return [not tags or any(t.event == event and t.pixel in {None, code} for t in tags) for code in numbering.pixels]


class PlainRun:
    """One replication, visit by visit.

    Parameters
    ----------
    scenario, seed, replication
        What is run. The control plane is the product's own, and acts before the first visit, since nothing that
        visitors do changes what people plan.
    draws
        Where random numbers come from.
    """

    def __init__(self, scenario: Scenario, seed: int, draws: Draws, replication: int = 0) -> None:
        self.scenario, self.draws = scenario, draws
        history, timeline = people_act(scenario, seed, replication)
        world = history.at(-1)
        groups = all_ad_groups(scenario, world)
        self.numbering = Numbering.of(scenario, world)
        self.env = simpy.Environment()
        self.platform = self.make_platform(timeline, groups)
        self.sessions = [0] * len(self.numbering.sites)
        self.orders: dict[int, list[int]] = {}
        """By event key: time, time of the touch, person, value, and whether it was seen."""
        self._traits: dict[int, tuple[float, ...]] = {}
        self._timeout_length = round(scenario.traffic.session_minutes * MINUTE)
        self._hold = scenario.measurement.consent is WhileNoConsent.HOLD
        self._ads = {key: number for number, key in enumerate(self.numbering.ads)}
        specs = {site.website: site for site in scenario.traffic.sites}
        self.sites = [
            PlainSite(
                specs.get(key) or SiteTraffic(website=key, organic_sessions=0.0), number, self.numbering, scenario
            )
            for number, key in enumerate(self.numbering.sites)
        ]
        for site in self.sites:
            site.know_pages(history, scenario.length, self.numbering)
        self.flows: list[Flow] = []
        for delivery in scenario.traffic.delivery:
            number = self.numbering.ad_groups.index(delivery.ad_group)
            account = world.ad_accounts[self.numbering.accounts[self.numbering.group_account[number]]]
            flow = Flow(
                number,
                delivery,
                Calendar(scenario.start, account.utc_offset),
                account.currency,
                timeline.ad_group(delivery.ad_group, 0, scenario.length),
                price=draws.price,
                spent=draws.spent,
            )
            self.flows.append(flow)
        learning = scenario.traffic.learning
        self.learning = LearningPlain(
            learning,
            learned=[
                learning.learned_at_start and key in world.ad_groups and world.ad_groups[key].start <= 0
                for key in self.numbering.ad_groups
            ],
            goals=[
                EVENT_NAMES.index(groups[key].event) if groups[key].event in EVENT_NAMES else -1
                for key in self.numbering.ad_groups
            ],
            pixels=self.numbering.group_pixel.tolist(),
            noise=draws.noise,
        )
        self._day = 0
        self._set_prices()
        self._fast, self._slow = _limits(scenario.traffic.delay)

    def make_platform(self, timeline: Timeline, groups: dict[str, AdGroup]) -> Platform:
        """Make the platform that measures the run."""
        return Platform(self.scenario, timeline, self.numbering, groups)

    def run(self) -> PlainRun:
        """Run to the scenario's end."""
        for site in self.sites:
            junk = site.capture.junk
            means = {Visit.PERSON: site.traffic.organic_sessions}
            means |= {Visit.PREVIEW: junk.preview_sessions, Visit.FOREIGN: junk.foreign_sessions}
            for visit, mean in means.items():
                if mean > 0:
                    self.env.process(self._organic(site, int(visit)))
        sites = {site.traffic.website: site for site in self.sites}
        for flow in self.flows:
            delivery = flow.delivery
            rates = (delivery.click_rate, delivery.engaged_view_rate, delivery.view_rate)
            for kind, rate in zip(TouchKind, rates, strict=True):
                if rate > 0:
                    self.env.process(self._touched(flow, sites[delivery.website], int(kind)))
        self.env.run(until=self.scenario.length)
        while self._day < self.scenario.days:
            self._end_of_day()
        return self

    def _organic(self, site: PlainSite, visit: int) -> Process:
        """Sessions that no ad leads to: each is a process of its own."""
        env, draws, people = self.env, self.draws, site.traffic.people
        origin = site.origin if visit == PERSON else site.origin + visit - BOT
        bots = site.capture.junk.bots if visit == PERSON else 0.0
        order_rate = site.traffic.order_rate if visit == PERSON else 0.0
        for at, number in draws.sessions(site, visit):
            if at > env.now:
                yield env.timeout(at - env.now)
            draw = draws.session(origin, number)
            if visit != PERSON or (bots > 0 and draw("bot") < bots):
                kind, ordered = max(visit, BOT), False
                person = draws.stranger(site, origin, number)
            else:
                kind, ordered = PERSON, draw("order") < order_rate
                person = site.base + int(draw("person of a session") * people)
            key = (origin << 34 | number) << 8
            env.process(self._visit(site, 0, self._length(draw), person, ordered, -1, kind, key, draw))

    def _touched(self, flow: Flow, site: PlainSite, kind: int) -> Process:
        """Run the touches of one kind of an ad group, and the visits that follow from them."""
        env, draws, delivery = self.env, self.draws, flow.delivery
        base, people, platform = site.base, site.traffic.people, self.platform
        for at, place, number in draws.touches(flow, kind):
            if at > env.now:
                yield env.timeout(at - env.now)
            ads = flow.ads_at(at)
            if not ads:
                continue
            while self._day < at // DAY:
                self._end_of_day()
            factor, happen = flow.factor_at(at), self.learning.pace(flow.number, self._day)[1]
            if factor > 1 and int((place + 1) / factor) == int(place / factor):
                continue
            draw = draws.touch(flow, kind, number)
            bot = kind == CLICK and delivery.bots > 0 and draw("bot") < delivery.bots
            person = draws.stranger(site, 4 * flow.number, number) if bot else base + int(draw("person") * people)
            ad = self._ads[ads[int(draw("ad") * len(ads))]]
            platform.touch(at, person, kind, flow.number, ad, number)
            orders = kind != CLICK or (not bot and draw("conversion") < delivery.conversion_rate)
            if orders and happen < 1:
                orders = draw("happens") < happen
            delay = self._delay(draw) if orders else -1
            if kind == CLICK:
                flow.clicked(at)
                at_once = 0 <= delay < self._timeout_length
                if at_once or draw("landing") < delivery.landing_share:
                    origin = 4 * flow.number
                    key = (origin << 34 | number) << 8
                    drawn = draws.session(origin, number)
                    visit = BOT if bot else PERSON
                    if at_once:
                        env.process(self._visit(site, 0, delay, person, True, at, visit, key, drawn))
                    else:
                        env.process(self._visit(site, 0, self._length(drawn), person, False, -1, visit, key, drawn))
                if at_once:
                    continue
            if orders:
                origin = 4 * flow.number + 1 + kind
                drawn = draws.session(origin, number)
                length = min(self._length(drawn), delay)
                key = (origin << 34 | number) << 8
                env.process(self._visit(site, delay - length, length, person, True, at, PERSON, key, drawn))

    def _visit(
        self,
        site: PlainSite,
        wait: int,
        length: int,
        person: int,
        ordered: bool,
        touch_at: int,
        visit: int,
        key: int,
        draw: Draw,
    ) -> Process:
        """One visit, from its first page to its last event; ``wait`` ms pass before it begins."""
        env, capture, traffic = self.env, site.capture, site.traffic
        if wait:
            yield env.timeout(wait)
        start = int(env.now)
        if capture.weight.lost_per_second > 0:
            pixels, _ = site.page(start)
            loaded = sum(site.loads[pixel] for pixel in pixels)
            if draw("stays") >= capture.weight.kept_share(loaded):
                return
        self.sessions[site.number] += 1
        depth = draw("depth")
        events = []
        for event, chance in enumerate(site.chances):
            if ordered or depth < chance:
                events.append((int(PLACES[event] * length), event, event))
        if capture.page_views is PageViews.MANUAL:
            del events[0]
        if ordered:
            events.append((length, PURCHASE, PURCHASE))
        if capture.navigations > 0:
            events.extend(self._navigations(site, length, draw))
            events.sort()
        traits = self._traits.get(person)
        if traits is None:
            traits = self._traits[person] = self.draws.traits(site, person)
        granted = 0
        if visit == PERSON and traits[LATE] < capture.late_consent_people:
            score = inverse_normal(draw("consent time"))
            granted = start + int(capture.consent_seconds * math.exp(score) * SECOND)
        before: list[tuple[tuple[int, ...], int]] = []
        for due, event, place in events:
            if start + due > env.now:
                yield env.timeout(start + due - env.now)
            value = -1
            if event == PURCHASE:
                score = inverse_normal(draw("order value"))
                value = round(traffic.value.median * math.exp(traffic.value.sigma * score) * site.scale)
                self.orders[key | place] = [start + due, touch_at, person, value, 0]
            before = self._send(site, person, traits, event, key | place, value, visit, granted, draw, before)

    def _send(
        self,
        site: PlainSite,
        person: int,
        traits: tuple[float, ...],
        event: int,
        key: int,
        value: int,
        visit: int,
        granted: int,
        draw: Draw,
        before: list[tuple[tuple[int, ...], int]],
    ) -> list[tuple[tuple[int, ...], int]]:
        """Send one event to the pixels of the page; give what a next page would send once more."""
        capture, now, place = site.capture, int(self.env.now), key & 255
        loss = TOO_SOON if draw("event lost", place) < site.lost[event] else RECEIVED
        received, visitor, match = now, person, person
        refuses = False
        if visit == PERSON:
            if now < granted:
                if self._hold:
                    received = granted
                else:
                    loss = NO_CONSENT
            refuses = traits[REFUSES] < capture.refusing_people
            if refuses:
                loss = NO_CONSENT
            if traits[BLOCKS] < capture.blocked_people:
                loss = BLOCKED
            if event >= CHECKOUT and traits[ELSEWHERE] < capture.other_checkout:
                visitor = person + (1 << 62)
                if not capture.click_id_passed:
                    match = -1
            if traits[UNTRACKABLE] < capture.untrackable_people:
                match = -1
        of_id = person << 3 | event if capture.id_from == "visitor" else key
        event_id = of_id << 3 if capture.browser_event_id else -1
        pixels, token = site.page(now)
        relayed = None
        if event in site.relayed and visit == PERSON:
            relayed = self._relay(site, key, received, loss, event_id, visitor, token, draw, refuses=refuses)
        sent: list[tuple[tuple[int, ...], int]] = []
        for pixel in pixels:
            if not site.fires[event][pixel]:
                continue
            for load in range(site.loads[pixel]):
                own = event_id | load if load and capture.id_per_load and event_id >= 0 else event_id
                row = (now, received, person, visitor, event, key, own, pixel, BROWSER, value, visit, loss)
                self._arrives(row, match)
            if capture.resends_previous and event == 0:
                again = event_id | 6 if event_id >= 0 else -1
                row = (now, received, person, visitor, event, key, again, pixel, BROWSER, value, visit, loss)
                sent.append((row, match))
            if relayed is not None:
                later, cookie, own, fate = relayed
                self._arrives((now, later, person, cookie, event, key, own, pixel, SERVER, value, visit, fate), match)
        if event != 0:
            return before
        for first, known in before:
            self._arrives((first[0], received, *first[2:]), known)
        return sent

    def _relay(
        self,
        site: PlainSite,
        key: int,
        received: int,
        loss: int,
        event_id: int,
        visitor: int,
        token: bool,
        draw: Draw,
        *,
        refuses: bool,
    ) -> tuple[int, int, int, int] | None:
        """Let the site's server send the event once more, to all pixels alike: time, visitor, event id and loss."""
        server, place = site.capture.server, key & 255
        if server is None or draw("server sends", place) >= server.sent:
            return None
        score = inverse_normal(draw("server delay", place))
        received += int(server.delay_seconds * math.exp(server.delay_sigma * score) * SECOND)
        loss = NO_CONSENT if loss == NO_CONSENT or refuses else RECEIVED
        if draw("server loses", place) < server.lost and loss == RECEIVED:
            loss = BY_RELAY
        if not token and loss == RECEIVED:
            loss = REVOKED
        if server.event_id == "own":
            event_id = key << 3 | 7
        elif server.event_id == "missing":
            event_id = -1
        return received, visitor if server.cookie else -1, event_id, loss

    def _arrives(self, row: tuple[int, ...], match: int) -> None:
        """Let a copy arrive at its time, now or later."""
        if row[11] == RECEIVED and row[4] == PURCHASE:
            self.orders[row[5]][4] = 1
        if row[1] == self.env.now:
            self.arrived(row, match)
        else:
            later = self.env.timeout(row[1] - self.env.now)
            later.callbacks.append(lambda _: self.arrived(row, match))

    def arrived(self, row: tuple[int, ...], match: int) -> None:
        """Hand a copy to the platform."""
        if row[11] == RECEIVED:
            self.platform.receive(row, match)
        else:
            self.platform.lost(row)

    def _navigations(self, site: PlainSite, length: int, draw: Draw) -> list[tuple[int, int, int]]:
        """Give the page views of navigations inside the site, two each where both sides report them."""
        mean = site.capture.navigations
        count = int(math.log1p(-draw("navigations")) / math.log(mean / (1 + mean)))
        twice = 2 if site.capture.page_views is PageViews.BOTH else 1
        count = min(count, MOST_NAVIGATIONS // twice)
        return [
            (int((nth // twice + 1) / (count + 1) * length), 0, (nth + 1) * len(EVENT_NAMES))
            for nth in range(count * twice)
        ]

    def _length(self, draw: Draw) -> int:
        return min(int(-MEAN_LENGTH * math.log1p(-draw("length"))), self._timeout_length - 1)

    def _delay(self, draw: Draw) -> int:
        """Draw the delay from a touch to its order: fast with some chance, else slow, both cut at the limit."""
        delay = self.scenario.traffic.delay
        limit = delay.limit_days * DAY
        fast = draw("part of the delay") < delay.fast_share
        quantile = draw("delay")
        if fast:
            seconds = math.exp(delay.fast_mu + delay.fast_sigma * inverse_normal(quantile * self._fast))
        else:
            seconds = delay.slow_scale * (-math.log1p(-quantile * self._slow)) ** (1 / delay.slow_shape)
        return int(min(seconds * SECOND, limit))

    def _end_of_day(self) -> None:
        """Close the books of a day of the scenario, and let ad groups learn from it."""
        day = self._day
        self.platform.settle((day + 1) * DAY)
        delivered = [False] * len(self.numbering.ad_groups)
        for flow in self.flows:
            delivered[flow.number] = flow.close(day * DAY, (day + 1) * DAY) > 0
        conversions = self.platform.conversions
        goals = self.learning.goals
        counts = [conversions.get((day, number, goal), 0) for number, goal in enumerate(goals)]
        self.learning.end_of_day(counts, delivered)
        self._day += 1
        self._set_prices()

    def _set_prices(self) -> None:
        """Fix the prices of the account days that begin in the scenario's day that has just begun."""
        for flow in self.flows:
            factor = self.learning.pace(flow.number, self._day)[0]
            flow.set_prices(self._day * DAY, (self._day + 1) * DAY, factor)


def people_act(scenario: Scenario, seed: int, replication: int) -> tuple[History, Timeline]:
    """Let the control plane act over the whole run."""
    env = simpy.Environment()
    history = History(scenario.structure.world(), scenario.rulebook)
    ControlPlane(env, history, scenario.plan, Streams(seed, replication))
    env.run(until=scenario.length)
    return history, Timeline(history)


def _limits(delay: ConversionDelay) -> tuple[float, float]:
    """Give the shares of the fast and the slow part of the delay that lie before the limit."""
    seconds = delay.limit_days * DAY / SECOND
    score = (math.log(seconds) - delay.fast_mu) / delay.fast_sigma
    fast = 0.5 * math.erfc(-score / math.sqrt(2))
    return fast, -math.expm1(-((seconds / delay.slow_scale) ** delay.slow_shape))
