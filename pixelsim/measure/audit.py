"""Audits of an installation: what fires how often, for whom, and which figures cannot be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.measure.domains import sites_of_events
from pixelsim.scenario.capture import EVENT_NAMES, Tag
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.dedup import BROWSER, SERVER
from pixelsim.traffic.log import Fate
from pixelsim.traffic.simulate import Simulation
from pixelsim.world.queries import share_in_force
from pixelsim.world.world import World

__all__ = [
    "AuditCode",
    "AuditFinding",
    "InvalidTraffic",
    "audit_ids",
    "audit_installs",
    "audit_purchases",
    "audit_senders",
    "audit_tags",
    "installs",
    "learning_is_reliable",
    "purchase_findings",
    "tag_findings",
]

PURCHASE = EVENT_NAMES.index("Purchase")


class AuditCode(StrEnum):
    """What an audit finds."""

    LOADED_AGAIN = "LOADED_AGAIN"
    """The code of one pixel is loaded several times (P43)."""
    SEVERAL_PIXELS = "SEVERAL_PIXELS"
    """Several pixels hear of the same events (P44)."""
    EMPTY_TAG_TARGET = "EMPTY_TAG_TARGET"
    """A tag names no pixel on pages that carry several (P45)."""
    ID_REPEATS = "ID_REPEATS"
    """Different orders are sent with one event id (P49)."""
    PURCHASES_OVER_VISITORS = "PURCHASES_OVER_VISITORS"
    PURCHASES_OVER_ORDERS = "PURCHASES_OVER_ORDERS"
    """More purchases than can be (P51)."""
    SENDER_WITHOUT_ACCESS = "SENDER_WITHOUT_ACCESS"
    """A server's token is used although its holder has lost the pixel (P29)."""
    LEARNING_ON_DUPLICATES = "LEARNING_ON_DUPLICATES"
    """An ad group counts as settled on conversions that were counted more than once (P81)."""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One finding: what, about which website, pixel or token, how many, and what to do."""

    code: AuditCode
    subject: str
    count: float
    sentence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.sentence}; {self.remedy}"


def installs(simulation: Simulation) -> pd.DataFrame:
    """Count on each website how many times each pixel's code fires for one event in the browser.

    As with a test purchase, only the firings of single events are looked at: those of the event that fired least
    often count, so that a page view which is sent once more does not pass for a second installation.

    Returns
    -------
    DataFrame
        Columns ``website``, ``pixel`` and ``loads``.
    """
    log, numbering = simulation.log, simulation.numbering
    rows = np.flatnonzero(log.channel == BROWSER)
    frame = pd.DataFrame(
        {
            "website": np.array(numbering.sites, dtype=object)[sites_of_events(simulation, log.key[rows])],
            "pixel": np.array(numbering.pixels, dtype=object)[log.pixel[rows]],
            "key": log.key[rows],
        }
    )
    firings = frame.groupby(["website", "pixel", "key"]).size()
    return firings.groupby(level=["website", "pixel"]).min().rename("loads").reset_index()


def audit_installs(simulation: Simulation) -> tuple[AuditFinding, ...]:
    """Tell the same pixel loaded several times from several pixels on one website: the remedies differ (P43, P44)."""
    found = []
    for website, rows in installs(simulation).groupby("website"):
        for pixel, loads in zip(rows["pixel"], rows["loads"], strict=True):
            if loads > 1:
                sentence = f"{website} loads the same pixel {pixel} {loads} times"
                remedy = "remove the extra installations, or send one event id with all of them"
                found.append(AuditFinding(AuditCode.LOADED_AGAIN, str(website), float(loads), sentence, remedy))
        if len(rows) > 1:
            sentence = f"{website} carries {len(rows)} pixels ({', '.join(rows['pixel'])})"
            remedy = "events are never de-duplicated across pixels, so read one of them, or remove the others"
            found.append(AuditFinding(AuditCode.SEVERAL_PIXELS, str(website), float(len(rows)), sentence, remedy))
    return tuple(found)


def tag_findings(website: str, pixels: Sequence[str], tags: Iterable[Tag]) -> tuple[AuditFinding, ...]:
    """Warn of tags that name no pixel on pages that carry several (P45).

    Parameters
    ----------
    website
        Id of the website.
    pixels
        Codes of the pixels on its pages.
    tags
        Its tags.
    """
    if len(pixels) < 2:
        return ()
    return tuple(
        AuditFinding(
            AuditCode.EMPTY_TAG_TARGET,
            website,
            float(len(pixels)),
            f"the tag for {tag.event} on {website} names no pixel, so it fires on all {len(pixels)} of the page",
            f"name one of {', '.join(pixels)}",
        )
        for tag in tags
        if tag.pixel is None
    )


def audit_tags(scenario: Scenario) -> tuple[AuditFinding, ...]:
    """Warn of empty tag targets on all websites of a scenario, as they are at its start (P45)."""
    pixels = {site.id: site.pixels for site in scenario.structure.websites}
    return tuple(
        finding
        for site in scenario.traffic.sites
        for finding in tag_findings(site.website, pixels.get(site.website, ()), site.capture.tags)
    )


def audit_ids(simulation: Simulation) -> tuple[AuditFinding, ...]:
    """Find orders that a pixel received and never counted, since another order's event had the same id (P49)."""
    log, found = simulation.log, []
    by_id = (log.event == PURCHASE) & (log.event_id >= 0)
    for number, pixel in enumerate(simulation.numbering.pixels):
        here = by_id & (log.pixel == number)
        dropped = here & np.isin(log.fate, (Fate.MERGED, Fate.DUPLICATE))
        lost = len(np.setdiff1d(log.key[dropped], log.key[here & (log.fate == Fate.KEPT)]))
        if lost:
            sentence = f"event id repeats across different orders: {lost}"
            remedy = f"send pixel {pixel} an id for each order"
            found.append(AuditFinding(AuditCode.ID_REPEATS, pixel, float(lost), sentence, remedy))
    return tuple(found)


def purchase_findings(
    purchases: int,
    visitors: int,
    orders: int | None = None,
    *,
    subject: str = "pixel",
    most_per_visitor: float = 1.0,
    most_per_order: float = 1.0,
) -> tuple[AuditFinding, ...]:
    """Check a number of purchase events against visitors and orders (P51).

    Parameters
    ----------
    purchases, visitors
        Purchase events that count, and distinct visitors, over the same time; at least 0.
    orders
        Orders in the shop; None where they are not known.
    subject
        What the numbers are of.
    most_per_visitor, most_per_order
        Ratios above which the numbers cannot be right. Defaults 1: most visitors buy nothing, and no order is bought
        twice.

    Raises
    ------
    InputError
        A number is negative.
    """
    numbers = {"purchases": purchases, "visitors": visitors, "orders": orders or 0}
    faults = [
        Fault(f"$.{name}", name, str(number), "at least 0", "give a count")
        for name, number in numbers.items()
        if number < 0
    ]
    if faults:
        raise InputError("purchase audit", faults)
    found = []
    remedy = "look for a source that sends purchases by itself; what rests on conversions is unreliable until then"
    for code, name, base, most in (
        (AuditCode.PURCHASES_OVER_VISITORS, "visitors", visitors, most_per_visitor),
        (AuditCode.PURCHASES_OVER_ORDERS, "orders", orders, most_per_order),
    ):
        if base is None or purchases <= most * base:
            continue
        ratio = purchases / base if base else float("inf")
        sentence = f"{subject}: {purchases} purchases for {base} {name}, {ratio:,.4g} each"
        found.append(AuditFinding(code, subject, ratio, sentence, remedy))
    return tuple(found)


def audit_purchases(simulation: Simulation, *, most_per_order: float = 1.0) -> tuple[AuditFinding, ...]:
    """Check each pixel's purchases against its own visitors and the shop's orders (P51).

    Visitors are distinct first-party cookies among all that the pixel kept; orders are those of the websites whose
    events it keeps.
    """
    log, orders = simulation.log, simulation.orders
    found: list[AuditFinding] = []
    kept = log.fate == Fate.KEPT
    site = sites_of_events(simulation, orders.key)
    for number, pixel in enumerate(simulation.numbering.pixels):
        here = kept & (log.pixel == number)
        visitor = log.visitor[here]
        carried = np.unique(sites_of_events(simulation, log.key[here]))
        found.extend(
            purchase_findings(
                int(np.count_nonzero(here & (log.event == PURCHASE))),
                len(np.unique(visitor[visitor >= 0])),
                int(np.count_nonzero(np.isin(site, carried))),
                subject=pixel,
                most_per_order=most_per_order,
            )
        )
    return tuple(found)


def learning_is_reliable(findings: Iterable[AuditFinding]) -> bool:
    """Tell whether a learning phase that ended on a number of conversions can be trusted (P51, P81)."""
    wrong = {AuditCode.PURCHASES_OVER_ORDERS, AuditCode.PURCHASES_OVER_VISITORS, AuditCode.LOADED_AGAIN}
    return not any(finding.code in wrong for finding in findings)


def audit_senders(simulation: Simulation) -> tuple[AuditFinding, ...]:
    """Count what servers sent, and the platform accepted, with tokens whose holders no longer have the pixel (P29)."""
    log, numbering, found = simulation.log, simulation.numbering, []
    accepted = (log.channel == SERVER) & (log.loss == Loss.RECEIVED)
    site = np.full(len(log), -1, dtype=np.int64)
    site[accepted] = sites_of_events(simulation, log.key[accepted])
    for spec in simulation.scenario.traffic.sites:
        token = spec.capture.server.token if spec.capture.server is not None else None
        if token is None:
            continue
        mine = accepted & (site == numbering.sites.index(spec.website))
        without = _without_access(simulation, token, mine)
        if without:
            holder = simulation.history.now.tokens[token].holder_bc
            sentence = f"{without} events from a party without access (token {token} of {holder})"
            found.append(
                AuditFinding(AuditCode.SENDER_WITHOUT_ACCESS, token, float(without), sentence, "revoke the token")
            )
    return tuple(found)


def _without_access(simulation: Simulation, token: str, mine: NDArray[np.bool_]) -> int:
    """Count the marked rows that happened while the token's holder neither owned the pixel nor had it shared."""
    log, count = simulation.log, 0
    for begin, end, world in simulation.history.spans(0, simulation.scenario.length):
        if token in world.tokens and not _holds(world, token):
            count += int(np.count_nonzero(mine & (log.at >= begin) & (log.at < end)))
    return count


def _holds(world: World, token: str) -> bool:
    """Whether the holder of a token owns its pixel, or is a partner that it is shared with."""
    found = world.tokens[token]
    pixel = world.pixels.get(found.pixel)
    owns = pixel is not None and pixel.owner_bc == found.holder_bc
    return owns or share_in_force(world, found.pixel, found.holder_bc)


@dataclass(frozen=True, slots=True)
class InvalidTraffic:
    """Shares of traffic that are not people's: what a list of known machines can tell, and what it cannot (P101).

    Parameters
    ----------
    simple, clever
        Shares in [0, 1] of general and of sophisticated invalid traffic; the rest is valid.

    Raises
    ------
    InputError
        A share lies outside [0, 1], or together they are more than 1.
    """

    simple: float
    clever: float

    def __post_init__(self) -> None:
        faults = [
            Fault(f"$.{name}", name, str(share), "a share in [0, 1]", "write 12.3 % as 0.123")
            for name, share in (("simple", self.simple), ("clever", self.clever))
            if not 0 <= share <= 1
        ]
        if not faults and self.simple + self.clever > 1:
            total = str(self.simple + self.clever)
            faults.append(Fault("$", "simple and clever", total, "at most 1 together", "make them shares of all"))
        if faults:
            raise InputError("invalid traffic", faults)

    def after_filter(self, count: int, *, caught_simple: float = 1.0, caught_clever: float = 0.0) -> tuple[int, int]:
        """Give what a filter leaves of ``count`` impressions or visits, and how much of that is still invalid.

        Parameters
        ----------
        count
            All of them, at least 0.
        caught_simple, caught_clever
            Shares of each kind that the filter catches, in [0, 1]; a list catches the simple kind only.
        """
        caught = round(count * (self.simple * caught_simple + self.clever * caught_clever))
        invalid = round(count * (self.simple * (1 - caught_simple) + self.clever * (1 - caught_clever)))
        return count - caught, invalid
