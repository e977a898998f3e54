"""Scenarios to time and to compare: a brand, agencies on its pixel, and an unshare in the middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pixelsim.scenario.capture import Capture, ServerLeg
from pixelsim.scenario.plan import Plan, PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.structure import (
    AccountPersonSpec,
    AccountSpec,
    AdGroupSpec,
    LinkSpec,
    MemberSpec,
    PartnershipSpec,
    ShareSpec,
    Structure,
)
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic, Traffic
from pixelsim.sharing.actions import Switch, UnsharePixel
from pixelsim.world.entities import (
    AccountRole,
    Ad,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Person,
    Pixel,
    Website,
)

__all__ = ["OWN_PIXEL", "SMALL_PIXEL", "busy", "ending_of", "small"]

PIXEL = "BUSYSHOPPIXEL0000001"
SMALL_PIXEL, OWN_PIXEL = "SMALLSHOPPIXEL000001", "SECONDAGENCYPIXEL001"
PAID_SHARE = 0.4
"""Share of the visits that come from ads."""
VIEWS = 0.0002
"""Orders for each impression after an engaged view, and as many after a view, so that all kinds of touch occur."""
DEFAULTS = AdDelivery(ad_group="", website="")


def _structure(
    owners: Sequence[str],
    websites: Sequence[str],
    pixel: str,
    groups: Sequence[AdGroupSpec],
    ads: Sequence[Ad],
    offsets: Mapping[str, str],
) -> Structure:
    """Give a brand that owns one pixel on all websites, and its agencies, each with an account linked to it."""
    return Structure(
        business_centers=tuple(
            BusinessCenter(
                id=f"bc_{owner}",
                name=owner,
                type=BusinessCenterType.AGENCY if n else BusinessCenterType.DIRECT,
                managed=True,
                verified=True,
            )
            for n, owner in enumerate(owners)
        ),
        people=tuple(Person(id=f"{owner}_admin", name=f"{owner}'s Admin") for owner in owners),
        members=tuple(
            MemberSpec(bc=f"bc_{owner}", person=f"{owner}_admin", role=BusinessRole.ADMIN) for owner in owners
        ),
        ad_accounts=tuple(
            AccountSpec(
                id=f"acc_{owner}",
                name=f"{owner}'s account",
                owner_bc=f"bc_{owner}",
                created_from_bc=f"bc_{owner}",
                utc_offset=offsets.get(owner, "+00:00"),
            )
            for owner in owners
        ),
        account_people=tuple(
            AccountPersonSpec(
                account=f"acc_{owner}", person=f"{owner}_admin", role=AccountRole.ADMIN, via=f"bc_{owner}"
            )
            for owner in owners
        ),
        websites=tuple(Website(id=key, name=key, domains=(f"{key}.example",), pixels=(pixel,)) for key in websites),
        pixels=(
            Pixel(
                code=pixel,
                number="7644201699552690001",
                name=pixel,
                creator=f"acc_{owners[0]}",
                owner_bc=f"bc_{owners[0]}",
            ),
        ),
        partnerships=tuple(PartnershipSpec(bc=f"bc_{owners[0]}", partner=f"bc_{owner}") for owner in owners[1:]),
        shares=tuple(ShareSpec(pixel=pixel, partner=f"bc_{owner}") for owner in owners[1:]),
        links=tuple(LinkSpec(pixel=pixel, account=f"acc_{owner}", by_bc=f"bc_{owner}") for owner in owners[1:]),
        campaigns=tuple(
            Campaign(id=f"{owner}_campaign", account=f"acc_{owner}", name=f"{owner}'s campaign") for owner in owners
        ),
        ad_groups=tuple(groups),
        ads=tuple(ads),
    )


def ending_of(
    agency: str, *, pixel: str = SMALL_PIXEL, stop: float | None, unshare: float | None
) -> tuple[PlannedAction, ...]:
    """Give the steps with which an agency's campaign stops and the brand unshares it, each on its day or never."""
    steps = []
    if stop is not None:
        off = Switch(actor=f"{agency}_admin", kind="campaign", id=f"{agency}_campaign", to="off")
        steps.append(PlannedAction(day=stop, action=off, why="the contract ends"))
    if unshare is not None:
        end = UnsharePixel(actor="brand_admin", bc="bc_brand", pixel=pixel, partner=f"bc_{agency}")
        steps.append(PlannedAction(day=unshare, action=end, why="the contract ends"))
    return tuple(steps)


def busy(visits: int = 100_000, *, ad_groups: int = 50, days: int = 14, server: bool = True) -> Scenario:
    """Build the scenario that is timed.

    Parameters
    ----------
    visits
        Visits a day, organic and paid together.
    ad_groups
        Ad groups, dealt out to the brand's account and the two agencies' in turn.
    days
        Length of the run in days; the first agency stops in the middle, and is unshared half a day later.
    server
        Whether the shop's server sends every event once more with the browser's event id, so that half of the copies
        are merged.
    """
    owners = ("brand", "agency_1", "agency_2")
    groups = [(f"{owners[n % 3]}_group_{n:03d}", owners[n % 3]) for n in range(ad_groups)]
    # A visit needs a click that reaches the page, a click its impressions, and impressions their price.
    clicks = PAID_SHARE * visits / ad_groups / DEFAULTS.landing_share
    budget = clicks / DEFAULTS.click_rate / 1000 * DEFAULTS.cpm / DEFAULTS.budget_spent
    structure = _structure(
        owners,
        ["shop"],
        PIXEL,
        [AdGroupSpec(id=key, campaign=f"{owner}_campaign", name=key, pixel=PIXEL) for key, owner in groups],
        [Ad(id=f"{key}_ad_{letter}", ad_group=key, name=f"spot {letter}") for key, _ in groups for letter in "ab"],
        {},
    )
    site = SiteTraffic(
        website="shop",
        organic_sessions=(1 - PAID_SHARE) * visits,
        people=20 * visits,
        capture=Capture(server=ServerLeg() if server else None),
    )
    delivery = tuple(
        AdDelivery(ad_group=key, website="shop", daily_budget=budget, engaged_view_rate=VIEWS, view_rate=VIEWS)
        for key, _ in groups
    )
    return Scenario.read(
        {
            "name": "busy",
            "title": "A brand's pixel with two agencies, one of which leaves in the middle",
            "days": days,
            "structure": structure,
            "traffic": Traffic(sites=(site,), delivery=delivery),
            "plan": Plan(steps=ending_of("agency_1", pixel=PIXEL, stop=days / 2, unshare=days / 2 + 0.5)),
        },
        "benchmark scenario",
    )


WINDOWS = {"brand": (7, 1, 1), "agency": (28, 7, 7), "second": (1, 1, 0)}
"""Windows of the ad groups of a small scenario in days: click, engaged view, view."""


def small(
    *,
    days: int = 6,
    websites: Sequence[str] = ("shop",),
    site: Mapping[str, Any] | None = None,
    capture: Mapping[str, Any] | None = None,
    delivery: Mapping[str, Any] | None = None,
    traffic: Mapping[str, Any] | None = None,
    offsets: Mapping[str, str] | None = None,
    steps: Sequence[PlannedAction] = (),
    own_pixel: bool = False,
    **parts: Any,
) -> Scenario:
    """Build a scenario of a few hundred visits in which few people meet many ads, so that everything occurs.

    Parameters
    ----------
    days
        Length of the run in days.
    websites
        Ids of the websites, all with the one pixel.
    site, capture, delivery, traffic
        Fields of every site, of its capture, of every ad group's delivery and of the traffic that differ from the
        small scenario's own.
    offsets
        Clocks of the accounts of ``brand``, ``agency`` and ``second``.
    steps
        What people do.
    own_pixel
        Whether the second agency has a pixel of its own on every website, which its ad group uses.
    parts
        Other fields of the scenario, such as ``policy``, ``measurement`` and ``start``.
    """
    owners = tuple(WINDOWS)
    groups = [
        AdGroupSpec(
            id=f"{owner}_group",
            campaign=f"{owner}_campaign",
            name=owner,
            pixel=OWN_PIXEL if own_pixel and owner == "second" else SMALL_PIXEL,
            click_days=click,
            engaged_view_days=engaged,
            view_days=view,
        )
        for owner, (click, engaged, view) in WINDOWS.items()
    ]
    ads = [Ad(id=f"{g.id}_ad_{letter}", ad_group=g.id, name=f"spot {letter}") for g in groups for letter in "ab"]
    structure = _structure(owners, websites, SMALL_PIXEL, groups, ads, offsets or {})
    if own_pixel:
        second = Pixel(
            code=OWN_PIXEL, number="7644201699552690002", name=OWN_PIXEL, creator="acc_second", owner_bc="bc_second"
        )
        structure = structure.replace(
            pixels=(*structure.pixels, second),
            websites=tuple(
                Website(id=w.id, name=w.name, domains=w.domains, pixels=(*w.pixels, OWN_PIXEL))
                for w in structure.websites
            ),
        )
    own_site = {"organic_sessions": 60.0, "people": 150, "order_rate": 0.1, **(site or {})}
    own_delivery = {
        "daily_budget": 8.0,
        "click_rate": 0.02,
        "conversion_rate": 0.2,
        "engaged_view_rate": 0.002,
        "view_rate": 0.004,
        **(delivery or {}),
    }
    return Scenario.read(
        {
            "name": "small",
            "days": days,
            "structure": structure,
            "traffic": {
                "sites": [{"website": key, **own_site, "capture": dict(capture or {})} for key in websites],
                "delivery": [
                    {"ad_group": group.id, "website": websites[n % len(websites)], **own_delivery}
                    for n, group in enumerate(groups)
                ],
                **(traffic or {}),
            },
            "plan": Plan(steps=tuple(steps)),
            **parts,
        },
        "small scenario",
    )
