"""One pixel or many, as pure functions: ad accounts that share a pixel get pixels of their own on the same pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, NamedTuple

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.counts.exactness import Exactness, worst
from pixelsim.explore.practice_counts import counted_sales
from pixelsim.explore.practice_pairs import Claim, Contrast, Trust, claims_of, contrasts, pairs_of_runs
from pixelsim.measure import double_counting
from pixelsim.measure.domains import brand_total
from pixelsim.plan.wording import account_of
from pixelsim.scenario.capture import PageWeight
from pixelsim.scenario.measurement import Scope
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.structure import Structure
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.sharing.actions import UnlinkPixel
from pixelsim.show.weight import PageLoad, page_loads
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.replicate import check_replications
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise
from pixelsim.world.entities import Pixel

__all__ = [
    "CLAIMED",
    "COUNTS",
    "Choice",
    "Counted",
    "Designs",
    "both_counted",
    "compare_designs",
    "counted",
    "design",
    "own_pixels",
    "sharers",
    "weighed",
    "with_own",
]

CLAIMED = ("Q3", "Q4", "Q5")
"""The claims that the number of pixels is about: reporting, pages, consistency."""
COUNTS = (
    "orders in truth",
    "orders whose purchase event a pixel kept",
    "purchase events of all pixels added up",
    "conversions that all ad accounts claim",
)
"""Ways to count the same sales."""


def sharers(scenario: Scenario) -> tuple[str, ...]:
    """List the ad accounts that advertise with a pixel which another account created, in the scenario's order."""
    creators = {pixel.code: pixel.creator for pixel in scenario.structure.pixels}
    accounts = {campaign.id: campaign.account for campaign in scenario.structure.campaigns}
    linked = {(link.pixel, link.account) for link in scenario.structure.links}
    found = {
        accounts[group.campaign]
        for group in scenario.structure.ad_groups
        if group.pixel is not None
        and creators[group.pixel] != accounts[group.campaign]
        and (group.pixel, accounts[group.campaign]) in linked
    }
    return tuple(account.id for account in scenario.structure.ad_accounts if account.id in found)


def own_pixels(scenario: Scenario, accounts: Iterable[str]) -> Scenario:
    """Give the scenario in which some ad accounts bring a pixel of their own in the place of the shared one (P14).

    Each new pixel is created by its account, owned by the account's Business Center, and installed beside the shared
    pixel on every page that carries it. The account's ad groups, tracking, tags and audiences move over; its link to
    the shared pixel goes, and so do planned steps that would unlink it. Shares stay, whether anybody needs them or not.

    Parameters
    ----------
    scenario
        A scenario in which these accounts share a pixel.
    accounts
        Ids of ad accounts, all of them among :func:`sharers`.

    Raises
    ------
    UnknownNameError
        An account shares no pixel.
    """
    known = sharers(scenario)
    design = _Design(scenario.structure, scenario.traffic.sites, scenario.plan.steps)
    for account in accounts:
        if account not in known:
            raise UnknownNameError("ad account that shares a pixel", account, known)
        design = _own_pixel(design, account)
    # Checked once, as a whole.
    traffic, plan = scenario.traffic.replace(sites=design.sites), scenario.plan.replace(steps=design.steps)
    return scenario.replace(structure=design.structure, traffic=traffic, plan=plan)


class _Design(NamedTuple):
    """What pixels of accounts' own change in a scenario."""

    structure: Structure
    sites: tuple[SiteTraffic, ...]
    steps: tuple[PlannedAction, ...]


def _new_pixel(structure: Structure, account: str) -> Pixel:
    """Make the account's pixel, both its identifiers unlike those of any other."""
    home = next(a for a in structure.ad_accounts if a.id == account)
    codes, numbers = ({getattr(p, name) for p in structure.pixels} for name in ("code", "number"))
    code = next(c for k in range(1, len(codes) + 2) if (c := f"OWNPIXEL{k:012d}") not in codes)
    number = next(n for k in range(len(numbers) + 1) if (n := str(7_644_201_699_552_700_000 + k)) not in numbers)
    return Pixel(code=code, number=number, name=f"{home.name}'s own", creator=account, owner_bc=home.owner_bc)


def _own_pixel(design: _Design, account: str) -> _Design:
    structure = design.structure
    pixel = _new_pixel(structure, account)
    mine = {campaign.id for campaign in structure.campaigns if campaign.account == account}
    creators = {p.code: p.creator for p in structure.pixels}
    shared = {g.pixel for g in structure.ad_groups if g.campaign in mine and g.pixel is not None}
    shared = {code for code in shared if creators[code] != account}
    groups = {g.id for g in structure.ad_groups if g.campaign in mine}
    changed = structure.replace(
        pixels=(*structure.pixels, pixel),
        websites=tuple(
            replace(site, pixels=(*site.pixels, pixel.code)) if shared & set(site.pixels) else site
            for site in structure.websites
        ),
        ad_groups=tuple(
            g.replace(pixel=pixel.code) if g.id in groups and g.pixel in shared else g for g in structure.ad_groups
        ),
        ads=tuple(
            replace(ad, tracking_pixel=pixel.code) if ad.ad_group in groups and ad.tracking_pixel in shared else ad
            for ad in structure.ads
        ),
        links=tuple(link for link in structure.links if link.account != account or link.pixel not in shared),
    )
    world = structure.world()
    steps = []
    for step in design.steps:
        action = step.action
        if isinstance(action, UnlinkPixel) and action.account == account and action.pixel in shared:
            continue
        moved: dict[str, Any] = {
            name: pixel.code
            for name in ("pixel", "tracking_pixel")
            if getattr(action, name, None) in shared and account_of(world, action) == account
        }
        steps.append(step.replace(action=replace(action, **moved)) if moved else step)
    return _Design(changed, tuple(_also_tagged(site, shared, pixel.code) for site in design.sites), tuple(steps))


def _also_tagged(site: SiteTraffic, shared: set[str], code: str) -> SiteTraffic:
    """Let every tag that fires for the shared pixel fire for the new one too."""
    tags = site.capture.tags
    more = tuple(tag.replace(pixel=code) for tag in tags if tag.pixel in shared)
    return site.replace(capture=site.capture.replace(tags=(*tags, *more))) if more else site


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen beside the scenario.

    Parameters
    ----------
    own
        How many of :func:`sharers` bring a pixel of their own, the last ones first.
    milliseconds
        Load time that a pixel adds to each page, in ms.
    lost_percent
        Sessions lost to a second of load time, in per cent.
    scope
        Whether a sale is credited once for each pixel, or by each ad account for itself.
    people
        People who can come to each website; None leaves the scenario's.
    """

    own: int
    milliseconds: float
    lost_percent: float
    scope: Scope = Scope.PIXEL
    people: int | None = None


def with_own(scenario: Scenario, own: int) -> Scenario:
    """Give the scenario in which so many of the sharers, the last ones, have pixels of their own.

    Raises
    ------
    InputError
        There are fewer sharers.
    """
    known = sharers(scenario)
    if not 0 <= own <= len(known):
        rule = f"from 0 to {len(known)}, the ad accounts that share a pixel"
        raise InputError.single("pixels", field="own", value=own, rule=rule, remedy="choose one of these")
    return own_pixels(scenario, known[len(known) - own :]) if own else scenario


def weighed(scenario: Scenario, choice: Choice) -> Scenario:
    """Give the scenario with the chosen weight of pixels, people and scope.

    Raises
    ------
    InputError
        A weight is refused.
    """
    weight = {"milliseconds_per_pixel": float(choice.milliseconds), "lost_per_second": choice.lost_percent / 100}
    checked = PageWeight.checked(weight, "page weight")
    sites = tuple(
        site.replace(people=choice.people or site.people, capture=site.capture.replace(weight=checked))
        for site in scenario.traffic.sites
    )
    return scenario.replace(
        traffic=scenario.traffic.replace(sites=sites),
        measurement=scenario.measurement.replace(scope=choice.scope),
    )


def design(scenario: Scenario, choice: Choice, own: int) -> Scenario:
    """Give the scenario with the chosen settings, in which ``own`` of the sharers have pixels of their own.

    Raises
    ------
    InputError
        There are fewer sharers, or a weight is refused.
    """
    return weighed(with_own(scenario, own), choice)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one run of one design brings.

    Parameters
    ----------
    claims
        The measures of the claims Q3 to Q5.
    counts
        The same sales counted in each of the ways of :data:`COUNTS`.
    loads
        What its pages carry.
    trust, trust_counts
        How far claims and counts can be trusted, of a run in counts; nothing of one with events.
    """

    claims: Mapping[Claim, float]
    counts: tuple[float, ...]
    loads: tuple[PageLoad, ...]
    trust: Trust = field(default_factory=dict)
    trust_counts: tuple[Exactness, ...] = ()


def counted(one: Run | CountRun) -> Counted:
    """Give the figures of one run."""
    if isinstance(one, CountRun):
        sales = counted_sales(one.simulation)
        claims, trust = claims_of(one, CLAIMED, sales)
        orders, copies, claimed = sales.exactness
        values = (float(sales.orders), float(sales.seen), float(sum(sales.of_pixels)), sales.claimed)
        return Counted(claims, values, page_loads(one), trust, (orders, orders, copies, claimed))
    claims, _ = claims_of(one, CLAIMED)
    total, books = brand_total(one.simulation), double_counting(one.simulation)["value"]
    counts = (books.loc["orders in truth"], total.distinct, total.added, books.loc["claimed conversions"])
    return Counted(claims, tuple(float(value) for value in counts), page_loads(one))


@dataclass(frozen=True, slots=True)
class Designs:
    """A shared pixel and a design with more pixels, and what their runs brought.

    Parameters
    ----------
    shared, many
        The scenarios.
    runs
        What each pair of runs brought, the shared pixel first.
    detail
        How they were run.
    """

    shared: Scenario
    many: Scenario
    runs: Sequence[tuple[Counted, Counted]] = field(default_factory=tuple)
    detail: Detail = "events"

    def claims(self) -> list[Contrast]:
        """Compare the designs by the claims Q3 to Q5, many pixels first: "better" says that the shared pixel is."""
        trust = [one.trust for pair in self.runs for one in pair] if self.detail == "counts" else []
        return contrasts([many.claims for _, many in self.runs], [shared.claims for shared, _ in self.runs], trust)

    def counts(self) -> list[tuple[str, Summary, Summary, str]]:
        """Give each way to count the sales, with the shared pixel and with many.

        The last is how far it can be trusted, of runs in counts; empty for runs with events.
        """
        counted = self.detail == "counts"
        return [
            (
                told,
                summarise([shared.counts[i] for shared, _ in self.runs]),
                summarise([many.counts[i] for _, many in self.runs]),
                worst(one.trust_counts[i] for pair in self.runs for one in pair).value if counted else "",
            )
            for i, told in enumerate(COUNTS)
        ]

    def loads(self) -> tuple[tuple[PageLoad, ...], tuple[PageLoad, ...]]:
        """Give what the pages carry, with the shared pixel and with many, and the sessions of all runs."""
        if not self.runs:
            return page_loads(self.shared), page_loads(self.many)
        shared, many = (
            tuple(reduce(PageLoad.also, pages) for pages in zip(*(one.loads for one in side), strict=True))
            for side in zip(*self.runs, strict=True)
        )
        return shared, many


def both_counted(found: Designs, seed: int, replications: Sequence[int]) -> list[tuple[Counted, Counted]]:
    """Run both designs on the same luck, once for each replication, the shared pixel first."""
    runs = pairs_of_runs(found.shared, found.many, found.detail, seed, replications)
    return [(counted(shared), counted(many)) for shared, many in runs]


def compare_designs(
    scenario: Scenario, choice: Choice, *, replications: int = 5, seed: int = 1, detail: Detail = "events"
) -> Designs:
    """Run a shared pixel, and pixels of some ad accounts' own, several times on the same luck.

    Parameters
    ----------
    scenario
        A scenario in which ad accounts share a pixel.
    choice
        How many bring their own, and what pixels weigh.
    replications
        How many pairs of runs, at least 1.
    seed
        Root seed, at least 0.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic.

    Raises
    ------
    InputError
        See :func:`design`; also fewer replications than 1.
    """
    check_replications(replications)
    check_detail(detail)
    found = Designs(design(scenario, choice, 0), design(scenario, choice, choice.own), detail=detail)
    return replace(found, runs=tuple(both_counted(found, seed, range(replications))))
