"""The oracle: the plain SimPy model on the product's own numbers, which must come to the product's log, row by row.

It takes from the product what was drawn: the arrivals of sessions and touches, and the uniform numbers by counter.
All that is made of them it works out again, visit by visit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import special

from benchmarks.ads import Flow
from benchmarks.draws import Draw
from benchmarks.platform import Platform
from benchmarks.sites import PlainSite, Source
from benchmarks.visits import PlainRun
from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.arrivals import ArrivalStream
from pixelsim.traffic.counter import key_of
from pixelsim.traffic.delivery import AdGroupTraffic
from pixelsim.traffic.identity import STRANGER, once_only
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.shapes import DayShape, LocalDays, WeekShape
from pixelsim.traffic.touches import TouchKind
from pixelsim.world.entities import AdGroup

__all__ = ["OracleRun", "ProductDraws", "oracle", "split_mix"]

TRAITS = ("blocks trackers", "refuses consent", "consents late", "cannot be tracked", "checks out elsewhere")
STREAMS = {Visit.PERSON: "organic sessions", Visit.PREVIEW: "preview sessions", Visit.FOREIGN: "foreign sessions"}
FOR_EACH_EVENT = frozenset({"event lost", "server sends", "server loses", "server delay"})


BITS = (1 << 64) - 1


def split_mix(number: int, key: int) -> float:
    """Give the uniform number of a counter by SplitMix64: a Weyl sequence from the key on, and a mixer."""
    mixed = ((number + 1) * 0x9E3779B97F4A7C15 + key) & BITS
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & BITS
    return ((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53


class ProductDraws:
    """The numbers that the product draws for a scenario, seed and replication."""

    def __init__(self, scenario: Scenario, seed: int, replication: int = 0) -> None:
        self._scenario, self._streams = scenario, Streams(seed, replication)
        self._numbering = Numbering.of(scenario, scenario.structure.world())
        self._keys: dict[tuple[str, str], int] = {}

    def _uniform(self, purpose: str, entity: str, number: int) -> float:
        key = self._keys.get((purpose, entity))
        if key is None:
            key = self._keys[purpose, entity] = int(key_of(self._streams, purpose, entity))
        return split_mix(number, key)

    def sessions(self, source: Source) -> Iterator[tuple[int, int]]:
        """Give the drawn arrivals of a site or market."""
        days = LocalDays(source.calendar.origin, source.calendar.weekday(0))
        stream = ArrivalStream(
            self._streams,
            STREAMS[Visit(source.visit)],
            source.entity,
            days=days,
            shape=WeekShape(
                tuple(DayShape.of(shape.hours) for shape in source.week.shapes), tuple(source.week.weekdays)
            ),
            means=lambda first, last: np.array([source.expected(day) for day in range(first, last)]),
        )
        found = stream.until(self._scenario.length)
        return zip(found.at.tolist(), found.number.tolist(), strict=True)

    def touches(self, flow: Flow, kind: int) -> Iterator[tuple[int, int, int]]:
        """Give the drawn touches of an ad group."""
        clock, delivery = self._scenario.clock, flow.delivery
        account = self._numbering.accounts[self._numbering.group_account[flow.number]]
        spec = self._scenario.structure.world().ad_accounts[account]
        days = LocalDays.on(clock.start_offset, clock.start_weekday, spec.utc_offset)
        traffic = AdGroupTraffic(self._streams, delivery, days, spec.currency)
        found = traffic.touches(self._scenario.length)[TouchKind(kind)]
        return zip(found.at.tolist(), found.slot.tolist(), found.number.tolist(), strict=True)

    def session(self, origin: int, number: int) -> Draw:
        """Look a session's numbers up."""
        entity = self._numbering.origins[origin].key

        def draw(purpose: str, place: int = 0) -> float:
            return self._uniform(purpose, entity, number << 8 | place if purpose in FOR_EACH_EVENT else number)

        return draw

    def touch(self, flow: Flow, kind: int, number: int) -> Draw:
        """Look a touch's numbers up."""
        entity = f"{TouchKind(kind).name.lower()} > {flow.delivery.ad_group}"
        return lambda purpose: self._uniform(purpose, entity, number)

    def traits(self, site: PlainSite, person: int) -> tuple[float, ...]:
        """Look a person's traits up."""
        return tuple(self._uniform(trait, site.population, person & 0xFFFFFFFF) for trait in TRAITS)

    def stranger(self, site: PlainSite, origin: int, number: int) -> int:
        """Give the number of somebody who comes once, as the product does."""
        if self._numbering.origins[origin].kind == "click":
            return site.base + STRANGER + (origin // 4 << 20) + number
        return int(once_only(self._numbering, site.population, origin, np.array([number]))[0])

    def price(self, flow: Flow, day: int) -> float:
        """Give the CPM of a day from the drawn normal number."""
        normal = float(self._streams.generator("price of a day", flow.delivery.ad_group).standard_normal(day + 1)[day])
        sigma = flow.delivery.cpm_sigma
        return flow.delivery.cpm * float(np.exp(sigma * normal + sigma**2 / 2))

    def spent(self, flow: Flow, day: int) -> float:
        """Give the share spent of a day from the drawn uniform number."""
        mean, spread = flow.delivery.budget_spent, flow.delivery.budget_spread
        if mean in {0.0, 1.0} or spread == 0:
            return mean
        drawn = self._streams.generator("share of the budget spent", flow.delivery.ad_group).random(day + 1)[day]
        room = mean * (1 - mean)
        weight = room / min(spread**2, 0.99 * room) - 1
        return float(special.betaincinv(mean * weight, (1 - mean) * weight, drawn))

    def noise(self, ad_group: int, day: int) -> float:
        """Look up the number behind the price of a day of learning."""
        return self._uniform("price while learning", self._numbering.ad_groups[ad_group], day)


class _InOrder(Platform):
    """A platform that takes the copies of one instant in the product's order: by event, pixel, channel and id.

    The reference takes them as SimPy hands them over, which is another order only within one and the same millisecond.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._bucket: list[tuple[tuple[int, ...], int]] = []

    def touch(self, at: int, person: int, kind: int, ad_group: int, ad: int, number: int) -> None:
        self.settle(at)
        super().touch(at, person, kind, ad_group, ad, number)

    def lost(self, row: tuple[int, ...]) -> None:
        self._take(row, -1)

    def receive(self, row: tuple[int, ...], match: int) -> None:
        self._take(row, match)

    def _take(self, row: tuple[int, ...], match: int) -> None:
        self.settle(row[1])
        self._bucket.append((row, match))

    def settle(self, now: int) -> None:
        """Take what arrived before this instant."""
        if not self._bucket or self._bucket[0][0][1] >= now:
            return
        bucket, self._bucket = self._bucket, []
        bucket.sort(key=_order)
        for row, match in bucket:
            if row[11]:
                super().lost(row)
            else:
                super().receive(row, match)


def _order(entry: tuple[tuple[int, ...], int]) -> tuple[int, ...]:
    row = entry[0]
    return row[5], row[7], row[8], row[6]


class OracleRun(PlainRun):
    """The plain run with the copies of one instant in a fixed order."""

    def make_platform(self, timeline: Timeline, groups: dict[str, AdGroup]) -> _InOrder:
        """Make the platform that measures the run."""
        return _InOrder(self.scenario, timeline, self.numbering, groups)


def oracle(scenario: Scenario, seed: int, replication: int = 0) -> OracleRun:
    """Run one replication visit by visit on the product's numbers."""
    run = OracleRun(scenario, seed, ProductDraws(scenario, seed, replication), replication)
    run.run()
    return run
