"""Good practice and its usual wrong way, as pure functions: who controls, reads and edits, and what the claims come to.

What a Business Center reads is what its people read in any ad account on which they have a role (R17): headquarters
that own no campaign still read the reports of the accounts on which they are Admins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pixelsim.base.errors import Fault, InputError, UnknownNameError
from pixelsim.counts import CountReading
from pixelsim.counts.exactness import Exactness, worst
from pixelsim.explore.practice_counts import Key
from pixelsim.explore.practice_facts import Fact, facts, people_of
from pixelsim.explore.practice_pairs import Claim, Contrast, Trust, claims_of, contrasts, pairs_of_runs
from pixelsim.measure.metrics import Metric, Reading
from pixelsim.scenario.practices import agency_clients, many_domains, one_domain
from pixelsim.scenario.scenario import Scenario, Viewer
from pixelsim.sharing import account_may_see
from pixelsim.show.metrics import METRICS
from pixelsim.show.names import Names
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.replicate import check_replications
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise
from pixelsim.world.queries import accounts_of_person, accounts_of_pixel

__all__ = [
    "BUSINESSES",
    "Business",
    "Fact",
    "Measured",
    "Size",
    "Ways",
    "both_measured",
    "compare_ways",
    "facts",
    "measured",
    "reads",
    "ways",
]

PURCHASE = "Purchase"
KEYS: tuple[Key, ...] = tuple((surface.value, metric.value, rule) for surface, metric, rule in METRICS)
"""The five metrics."""


@dataclass(frozen=True, slots=True)
class Size:
    """A number of a business that can be chosen: its parameter, its word, its usual value, and the most offered."""

    name: str
    label: str
    usual: int
    most: int


@dataclass(frozen=True, slots=True)
class Business:
    """A kind of business with its good practice.

    Parameters
    ----------
    rule, title
        Id of the practice, and the business in words.
    right, wrong
        Both ways in words.
    parties
        Ids of the Business Centers that are looked at: one of each kind.
    sizes
        The numbers that can be chosen.
    make
        Gives the scenario for sizes and ``wrong``.
    """

    rule: str
    title: str
    right: str
    wrong: str
    parties: tuple[str, ...]
    sizes: tuple[Size, ...]
    make: Callable[..., Scenario]


BUSINESSES = {
    "one_domain": Business(
        rule="B1",
        title="one domain, global markets",
        right="one pixel, owned by headquarters",
        wrong="a pixel for each region",
        parties=("bc_hq", "bc_region_1"),
        sizes=(Size("regions", "regions", 3, 8), Size("accounts_of_region", "ad accounts of a region", 1, 3)),
        make=one_domain,
    ),
    "many_domains": Business(
        rule="B2",
        title="many domains, many brands",
        right="a pixel for each domain, owned by its brand",
        wrong="one pixel of headquarters on all domains",
        parties=("bc_hq", "bc_brand_1"),
        sizes=(Size("domains", "domains", 4, 12), Size("brands", "brands", 2, 8)),
        make=many_domains,
    ),
    "agency_clients": Business(
        rule="B3",
        title="an agency and its clients",
        right="each client owns its pixel",
        wrong="the agency owns the pixels",
        parties=("bc_client_1", "bc_agency"),
        sizes=(Size("clients", "clients", 3, 12),),
        make=agency_clients,
    ),
}
"""Businesses with a good practice, by the name of their built-in scenario; ending one (B4) is about time, not size."""


def ways(business: str, sizes: Mapping[str, int] | None = None) -> tuple[Scenario, Scenario]:
    """Give the right and the wrong way of a business.

    Parameters
    ----------
    business
        One of :data:`BUSINESSES`.
    sizes
        Numbers by name; those left out take their usual value.

    Raises
    ------
    UnknownNameError
        There is no such business, or it has no such size.
    InputError
        A size is not from 1 to 200, or there are more brands than domains.
    """
    if business not in BUSINESSES:
        raise UnknownNameError("business", business, list(BUSINESSES))
    found = BUSINESSES[business]
    numbers = {size.name: size.usual for size in found.sizes}
    for name in sizes or {}:
        if name not in numbers:
            raise UnknownNameError("size", name, list(numbers))
    numbers |= dict(sizes or {})
    if numbers.get("brands", 0) > numbers.get("domains", 0):
        rule = f"at most the number of domains, {numbers['domains']}"
        fault = Fault("$", "brands", str(numbers["brands"]), rule, "add domains, or take brands away")
        raise InputError("practice", [fault])
    make = partial(found.make, **numbers)
    return make(wrong=False), make(wrong=True)


# ---- what runs bring ---------------------------------------------------------------------------------------------


Read = Callable[[str, int, bool], Iterable[tuple[Key, float, Exactness | None]]]
"""Gives what is read from an ad account of the pixel of a number, of its campaigns only or everything: by metric, with
its exactness of a run in counts.
"""


def _read_events(one: Run, event: str) -> Read:
    reading = Reading(one.simulation, "total", "campaign", None)

    def read(account: str, pixel: int, campaigns: bool) -> Iterator[tuple[Key, float, None]]:  # noqa: FBT001
        for table in reading.of_viewer(Viewer(name=account, account=account), pixel):
            key: Key = (table["surface"].iloc[0], table["metric"].iloc[0], table["rule"].iloc[0])
            if not campaigns or key[1] == Metric.CAMPAIGN:
                yield key, float(table.loc[table["event"] == event, "value"].sum()), None

    return read


def _read_counts(one: CountRun, event: str) -> Read:
    reading = CountReading(one.simulation, event=event)

    def read(account: str, pixel: int, campaigns: bool) -> Iterator[tuple[Key, float, Exactness]]:  # noqa: FBT001
        for row in reading.of_viewer(Viewer(name=account, account=account), pixel, campaigns_only=campaigns):
            if row.value is not None:
                yield (row.surface, row.metric, row.rule), float(row.value), Exactness(row.exactness)

    return read


def reads(
    one: Run | CountRun, bcs: Sequence[str], event: str = PURCHASE
) -> tuple[dict[tuple[str, Key], float], dict[tuple[str, Key], Exactness]]:
    """Give what the people of Business Centers read at the end of a run: the five metrics of R24 to R27.

    Totals are added up over the pixels they read, attributed events of the campaign level over the campaigns of the ad
    accounts on which they have a role.

    Parameters
    ----------
    one
        The run.
    bcs
        Ids of the Business Centers.
    event
        A standard event.

    Returns
    -------
    values : dict
        Events by Business Center and by surface, metric and rule; NaN, never 0, where they read no pixel.
    trust : dict
        How far they can be trusted, of a run in counts.
    """
    simulation = one.simulation
    world = simulation.history.now
    read: Read = _read_counts(one, event) if isinstance(one, CountRun) else _read_events(one, event)
    found = {(bc, key): float("nan") for bc in bcs for key in KEYS}
    trust: dict[tuple[str, Key], Exactness] = {}
    for bc in bcs:
        seats = {account for person in people_of(world, bc) for account in accounts_of_person(world, person)}
        for number, code in enumerate(simulation.numbering.pixels):
            fits = [a for a in accounts_of_pixel(world, code) if a in seats and account_may_see(world, a, code).allowed]
            for place, account in enumerate(fits):
                # A pixel's totals are the same from every account, and are counted once.
                for key, value, exactness in read(account, number, place > 0):
                    before = found[bc, key]
                    found[bc, key] = value if math.isnan(before) else before + value
                    if exactness is not None:
                        trust[bc, key] = worst((exactness, trust.get((bc, key), Exactness.EXACT)))
    return found, trust


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of one way brings.

    Parameters
    ----------
    claims, reads
        The claims Q1 to Q5, and what each party reads, by Business Center and metric.
    trust, trust_reads
        How far they can be trusted, of a run in counts; nothing of one with events.
    """

    claims: Mapping[Claim, float]
    reads: Mapping[tuple[str, Key], float]
    trust: Trust = field(default_factory=dict)
    trust_reads: Mapping[tuple[str, Key], Exactness] = field(default_factory=dict)


def measured(one: Run | CountRun, parties: Sequence[str]) -> Measured:
    """Give the figures of one run.

    Parameters
    ----------
    one
        The run.
    parties
        Ids of the Business Centers whose reading is asked for.
    """
    (claims, trust), (values, trust_reads) = claims_of(one), reads(one, parties)
    return Measured(claims, values, trust, trust_reads)


@dataclass(frozen=True, slots=True)
class Ways:
    """The right and the wrong way of a business, and what their runs brought.

    Parameters
    ----------
    business
        One of :data:`BUSINESSES`.
    right, wrong
        The scenarios.
    runs
        What each pair of runs brought, the right way first.
    detail
        How they were run.
    """

    business: str
    right: Scenario
    wrong: Scenario
    runs: Sequence[tuple[Measured, Measured]] = field(default_factory=tuple)
    detail: Detail = "events"

    def sizes(self) -> list[tuple[str, int, int]]:
        """Give how many there are of a thing, under the right and the wrong way."""
        worlds = [way.structure.world() for way in (self.right, self.wrong)]
        counted = {
            "Business Centers": [len(w.business_centers) for w in worlds],
            "ad accounts": [len(w.ad_accounts) for w in worlds],
            "websites": [len(w.websites) for w in worlds],
            "pixels": [len(w.pixels) for w in worlds],
            "pixels on a page, most": [max(len(site.pixels) for site in w.websites.values()) for w in worlds],
        }
        return [(what, right, wrong) for what, (right, wrong) in counted.items()]

    def structure(self) -> list[tuple[str, Fact, Fact]]:
        """Give name of the Business Center, and what it can do under the right and the wrong way, fact by fact."""
        names = Names(self.right.structure.world())
        return [
            (names.of("business_centers", bc), right, wrong)
            for bc in BUSINESSES[self.business].parties
            for right, wrong in zip(*(self._facts(way, bc) for way in (self.right, self.wrong)), strict=True)
        ]

    @staticmethod
    def _facts(way: Scenario, bc: str) -> list[Fact]:
        return facts(way.structure.world(), bc, way.rulebook)

    def readings(self) -> list[tuple[str, Key, Summary, Summary, str]]:
        """Give name of the Business Center, metric, and what its people read under the right and the wrong way.

        The last is how far it can be trusted, of runs in counts; empty for runs with events.
        """
        names = Names(self.right.structure.world())
        return [
            (
                names.of("business_centers", bc),
                key,
                summarise([right.reads[bc, key] for right, _ in self.runs]),
                summarise([wrong.reads[bc, key] for _, wrong in self.runs]),
                self.trust(bc, key),
            )
            for bc in BUSINESSES[self.business].parties
            for key in KEYS
        ]

    def trust(self, bc: str, key: Key) -> str:
        """Give how far what a Business Center (by id) reads can be trusted, of runs in counts; else nothing."""
        if self.detail == "events":
            return ""
        known = (one.trust_reads.get((bc, key), Exactness.EXACT) for pair in self.runs for one in pair)
        return worst(known).value

    def claims(self) -> list[Contrast]:
        """Compare the ways by the claims Q1 to Q5, the wrong way first: "better" says that the right way is."""
        trust = [one.trust for pair in self.runs for one in pair] if self.detail == "counts" else []
        return contrasts([wrong.claims for _, wrong in self.runs], [right.claims for right, _ in self.runs], trust)

    def claim(self, claim: str, begins: str) -> Contrast:
        """Give one measure by its claim and the beginning of its name.

        Raises
        ------
        UnknownNameError
            There is no such measure.
        """
        known = self.claims()
        for found in known:
            if found.claim.claim == claim and found.claim.measure.startswith(begins):
                return found
        raise UnknownNameError("measure", f"{claim} {begins}", [f"{c.claim.claim} {c.claim.measure}" for c in known])


def both_measured(found: Ways, seed: int, replications: Sequence[int]) -> list[tuple[Measured, Measured]]:
    """Run both ways on the same luck, once for each replication, the right way first."""
    parties = BUSINESSES[found.business].parties
    runs = pairs_of_runs(found.right, found.wrong, found.detail, seed, replications)
    return [(measured(right, parties), measured(wrong, parties)) for right, wrong in runs]


def compare_ways(
    business: str,
    sizes: Mapping[str, int] | None = None,
    *,
    replications: int = 5,
    seed: int = 1,
    detail: Detail = "events",
) -> Ways:
    """Run the right and the wrong way of a business several times on the same luck.

    Parameters
    ----------
    business, sizes
        See :func:`ways`.
    replications
        How many pairs of runs, at least 1.
    seed
        Root seed, at least 0.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic.

    Raises
    ------
    UnknownNameError, InputError
        See :func:`ways`; also fewer replications than 1.
    """
    right, wrong = ways(business, sizes)
    check_replications(replications)
    check_detail(detail)
    found = Ways(business, right, wrong, detail=detail)
    return replace(found, runs=tuple(both_measured(found, seed, range(replications))))
