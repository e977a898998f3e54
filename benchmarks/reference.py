"""The reference: the same model in plain SimPy, which draws its own numbers with :class:`random.Random`.

Written as one would write it without this package: a process for each visit, dictionaries and lists, tuples for rows.
What it draws has the distributions of the product, not its numbers, so the two agree in distribution only; that the
program itself is right is shown by the oracle, which runs it on the product's numbers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from benchmarks.ads import Flow
from benchmarks.draws import Draw
from benchmarks.sites import PlainSite, Source
from benchmarks.visits import PlainRun
from pixelsim.base.clock import DAY
from pixelsim.scenario.scenario import Scenario

__all__ = ["OwnDraws", "reference"]

STRANGER = 1 << 31


class OwnDraws:
    """Random numbers of one generator, in the order in which the run asks for them."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._random = random.Random(seed)
        self._length = scenario.length
        self._strangers = 0
        self._noises: dict[tuple[int, int], float] = {}
        uniform = self._random.random

        def draw(purpose: str, place: int = 0) -> float:  # noqa: ARG001 - the oracle looks its numbers up by these
            return uniform()

        self._draw = draw

    def sessions(self, source: Source) -> Iterator[tuple[int, int]]:
        """Give a Poisson process: gaps are exponential in shares of the day's expected number."""
        gap, calendar = self._random.expovariate, source.calendar
        day, number = 0, 0
        while (begin := calendar.origin + day * DAY) < self._length:
            expected, instant = source.expected(day), source.week.shapes[calendar.weekday(day)].instant
            share = gap(expected) if expected > 0 else 1.0
            while share < 1:
                at = begin + instant(share)
                if at >= 0:
                    yield at, number
                number += 1
                share += gap(expected)
            day += 1

    def touches(self, flow: Flow, kind: int) -> Iterator[tuple[int, int, int]]:
        """Choose impressions, each with the same chance: gaps between the chosen ones are geometric."""
        delivery = flow.delivery
        rate = (delivery.click_rate, delivery.engaged_view_rate, delivery.view_rate)[kind]
        uniform, log = self._random.random, math.log
        per_log = 1 / math.log1p(-min(rate, 1 - 1e-9))
        day, number = 0, 0
        while (begin := flow.calendar.origin + day * DAY) < self._length:
            places, instant = flow.day(day)[0], flow.week.shapes[flow.calendar.weekday(day)].instant
            place = int(log(1 - uniform()) * per_log)
            while place < places:
                at = begin + instant((place + 0.5) / places)
                if at >= 0:
                    yield at, place, number
                number += 1
                place += 1 + int(log(1 - uniform()) * per_log)
            day += 1

    def session(self, origin: int, number: int) -> Draw:  # noqa: ARG002
        """Give the generator itself."""
        return self._draw

    def touch(self, flow: Flow, kind: int, number: int) -> Draw:  # noqa: ARG002
        """Give the generator itself."""
        return self._draw

    def traits(self, site: PlainSite, person: int) -> tuple[float, ...]:  # noqa: ARG002
        """Draw a person's traits, once, when first met."""
        uniform = self._random.random
        return uniform(), uniform(), uniform(), uniform(), uniform()

    def stranger(self, site: PlainSite, origin: int, number: int) -> int:  # noqa: ARG002
        """Give a person nobody has been yet."""
        self._strangers += 1
        return site.base + STRANGER + self._strangers

    def price(self, flow: Flow, day: int) -> float:  # noqa: ARG002
        """Draw a log-normal CPM whose inverse has the mean of one over the parameter."""
        sigma = flow.delivery.cpm_sigma
        return flow.delivery.cpm * math.exp(sigma * self._random.gauss(0, 1) + sigma**2 / 2)

    def spent(self, flow: Flow, day: int) -> float:  # noqa: ARG002
        """Draw a beta share by its mean and standard deviation."""
        mean, spread = flow.delivery.budget_spent, flow.delivery.budget_spread
        if mean in {0.0, 1.0} or spread == 0:
            return mean
        room = mean * (1 - mean)
        weight = room / min(spread**2, 0.99 * room) - 1
        return self._random.betavariate(mean * weight, (1 - mean) * weight)

    def noise(self, ad_group: int, day: int) -> float:
        """Draw a number for each ad group and day, once."""
        known = self._noises.get((ad_group, day))
        if known is None:
            known = self._noises[ad_group, day] = self._random.random()
        return known


def reference(scenario: Scenario, seed: int) -> PlainRun:
    """Run one replication in plain SimPy."""
    return PlainRun(scenario, seed, OwnDraws(scenario, seed)).run()
