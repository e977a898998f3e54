"""The visits in plain SimPy: one process for each, which sends its events as they happen.

The model does not draw a number itself: it is given :class:`benchmarks.draws.Draws`.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import simpy

from benchmarks.ads import Calendar, Flow, LearningPlain, inverse_normal
from benchmarks.draws import Draw, Draws
from benchmarks.platform import Platform
from benchmarks.sending import LATE, PURCHASE, Sender
from benchmarks.sites import LONGEST_CHAIN, PlainSite, Source
from pixelsim.base.clock import DAY, MINUTE, SECOND
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.capture import EVENT_NAMES, PageViews
from pixelsim.scenario.measurement import WhileNoConsent
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import ConversionDelay, SiteTraffic
from pixelsim.sharing.history import History
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.setup import all_ad_groups
from pixelsim.traffic.touches import TouchKind
from pixelsim.world.entities import AdGroup

__all__ = ["PlainRun"]

Process = Generator[simpy.Event, object, None]
PLACES = (0.0, 0.2, 0.5, 0.8, 1.0)
"""Where in a session the steps of the funnel lie."""
MEAN_LENGTH = 4 * MINUTE
MOST_NAVIGATIONS = 49
PERSON, BOT = int(Visit.PERSON), int(Visit.BOT)
CLICK = int(TouchKind.CLICK)


class PlainRun(Sender):
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
        super().__init__(hold=scenario.measurement.consent is WhileNoConsent.HOLD)
        self.scenario, self.draws = scenario, draws
        history, timeline = people_act(scenario, seed, replication)
        world = history.at(-1)
        groups = all_ad_groups(scenario, world)
        self.numbering = Numbering.of(scenario, world)
        self.platform = self.make_platform(timeline, groups)
        self.sessions = [0] * len(self.numbering.sites)
        self.market_sessions: list[list[int]] = []
        self._traits: dict[int, tuple[float, ...]] = {}
        self._timeout_length = round(scenario.traffic.session_minutes * MINUTE)
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
            self.market_sessions.append([0] * len(site.traffic.markets))
        self._timeline = timeline
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
            for source in site.sources:
                self.env.process(self._organic(site, source))
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

    def _organic(self, site: PlainSite, source: Source) -> Process:
        """Sessions that no ad leads to: each is a process of its own."""
        env, draws = self.env, self.draws
        origin, visit, bots, order_rate, back = source.origin, source.visit, source.bots, source.order_rate, source.back
        first, people = source.people
        for at, number in draws.sessions(source):
            if at > env.now:
                yield env.timeout(at - env.now)
            draw = draws.session(origin, number)
            if visit != PERSON or (bots > 0 and draw("bot") < bots):
                kind, ordered = max(visit, BOT), False
                person = draws.stranger(site, origin, number)
            else:
                kind, ordered = PERSON, draw("order") < order_rate
                person = first + int(draw("person of a session") * people)
            key = (origin << 34 | number) << 8
            env.process(self._visit(site, 0, self._length(draw), person, ordered, -1, kind, key, draw))
            if back >= 0 and kind == PERSON:
                self._return(site, source, number, person)

    def _return(self, site: PlainSite, source: Source, number: int, person: int) -> None:
        """Let somebody come back after a session, again and again, each time with the same chance."""
        wait = 0
        for nth in range(1, LONGEST_CHAIN + 1):
            own = number << 3 | nth
            draw = self.draws.session(source.back, own)
            if draw("comes back") >= site.traffic.return_share:
                return
            away = int(-site.traffic.return_days * DAY * math.log1p(-draw("time away")))
            wait += self._timeout_length + away
            ordered = draw("order") < source.order_rate
            key = (source.back << 34 | own) << 8
            length = self._length(draw)
            self.env.process(self._visit(site, wait, length, person, ordered, -1, PERSON, key, draw))

    def _touched(self, flow: Flow, site: PlainSite, kind: int) -> Process:
        """Run the touches of one kind of an ad group, and the visits that follow from them."""
        env, draws, delivery = self.env, self.draws, flow.delivery
        (base, people), platform = site.reach(delivery.market), self.platform
        for at, place, number in draws.touches(flow, kind):
            if at > env.now:
                yield env.timeout(at - env.now)
            ads, budget = flow.ads_at(at)
            if not ads:
                continue
            while self._day < at // DAY:
                self._end_of_day()
            happen = self.learning.pace(flow.number, self._day)[1]
            thinned = flow.thinning((at - flow.calendar.origin) // DAY, budget)
            if thinned > 1 and int((place + 1) / thinned) == int(place / thinned):
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
        env, capture = self.env, site.capture
        if wait:
            yield env.timeout(wait)
        start = int(env.now)
        if capture.weight.lost_per_second > 0:
            pixels, _ = site.page(start)
            loaded = sum(site.loads[pixel] for pixel in pixels)
            if draw("stays") >= capture.weight.kept_share(loaded):
                return
        self.sessions[site.number] += 1
        market = -1
        if site.divided:
            market = site.market_of_origin.get(key >> 42, site.market_of(person))
            if market >= 0:
                self.market_sessions[site.number][market] += 1
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
                value, product, refund = self._order(site, start + due, draw)
                self.orders[key | place] = [start + due, touch_at, person, value, 0, product, market, refund]
            before = self._send(site, person, traits, event, key | place, value, visit, granted, draw, before)

    @staticmethod
    def _order(site: PlainSite, at: int, draw: Draw) -> tuple[int, int, int]:
        """Draw what an order is worth, its product (-1: no products), and when it is refunded (-1: never)."""
        traffic, product = site.traffic, -1
        spec, refunded = traffic.value, traffic.refund_share
        if traffic.products:
            drawn, upto, product = draw("product"), traffic.products[0].share, 0
            while drawn >= upto and product < len(traffic.products) - 1:
                product += 1
                upto += traffic.products[product].share
            spec = traffic.products[product].value
            own = traffic.products[product].refund_share
            refunded = refunded if own is None else own
        value = round(spec.median * math.exp(spec.sigma * inverse_normal(draw("order value"))) * site.scale)
        if refunded == 0 or draw("refund") >= refunded:
            return value, product, -1
        later = -math.log1p(-draw("time to refund")) * traffic.refund_days * DAY
        return value, product, at + int(later)

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
        names = self.numbering.ad_groups
        edited = [bool(self._timeline.relearns(name, day * DAY, (day + 1) * DAY)) for name in names]
        self.learning.end_of_day(counts, delivered, edited)
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
