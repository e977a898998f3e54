"""A business in the making: what the built-in practices are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pixelsim.scenario.capture import Capture, PageWeight
from pixelsim.scenario.plan import Plan, PlannedAction
from pixelsim.scenario.scenario import Scenario, Viewer
from pixelsim.scenario.structure import (
    AccountGrantSpec,
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
from pixelsim.sharing.actions import AnyAction, BuildAudience
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

__all__ = ["Draft", "step"]

SESSIONS = 400.0
"""Organic sessions a day of each site (assumption)."""
BUDGET = 50.0
"""Daily budget of each ad group in currency units (assumption)."""
LOST_PER_SECOND = 0.05
"""Share of sessions lost to a second of load time (assumption), so that the weight of pixels can be compared (Q4)."""


@dataclass
class Draft:
    """A structure and its traffic in the making."""

    business_centers: list[BusinessCenter] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    ad_accounts: list[AccountSpec] = field(default_factory=list)
    websites: dict[str, Website] = field(default_factory=dict)
    pixels: list[Pixel] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    ad_groups: list[AdGroupSpec] = field(default_factory=list)
    ads: list[Ad] = field(default_factory=list)
    members: list[MemberSpec] = field(default_factory=list)
    account_people: list[AccountPersonSpec] = field(default_factory=list)
    account_grants: list[AccountGrantSpec] = field(default_factory=list)
    partnerships: list[PartnershipSpec] = field(default_factory=list)
    shares: list[ShareSpec] = field(default_factory=list)
    links: list[LinkSpec] = field(default_factory=list)
    delivery: list[AdDelivery] = field(default_factory=list)
    steps: list[PlannedAction] = field(default_factory=list)

    def business(self, key: str, name: str, kind: BusinessCenterType = BusinessCenterType.DIRECT) -> None:
        """Add a Business Center with an Admin and a media buyer."""
        self.business_centers.append(BusinessCenter(id=f"bc_{key}", name=name, type=kind, managed=True, verified=True))
        for role, word in ((BusinessRole.ADMIN, "Admin"), (BusinessRole.STANDARD, "media buyer")):
            person = self.person(key, role)
            self.people.append(Person(id=person, name=f"{name}, {word}"))
            self.members.append(MemberSpec(bc=f"bc_{key}", person=person, role=role))

    @staticmethod
    def person(key: str, role: BusinessRole) -> str:
        """Name a business's Admin or media buyer."""
        return f"{key}_{'admin' if role is BusinessRole.ADMIN else 'buyer'}"

    def account(self, key: str, name: str, owner: str) -> None:
        """Add an ad account of a business; its Admin is Admin there, its media buyer Operator."""
        bc = f"bc_{owner}"
        self.ad_accounts.append(AccountSpec(id=key, name=name, owner_bc=bc, created_from_bc=bc))
        self.assign(key, owner, AccountRole.ADMIN, BusinessRole.ADMIN)
        self.assign(key, owner, AccountRole.OPERATOR, BusinessRole.STANDARD)

    def assign(self, account: str, business: str, role: AccountRole, who: BusinessRole) -> None:
        """Assign an ad account to a business's Admin or media buyer, through that business."""
        person = self.person(business, who)
        self.account_people.append(AccountPersonSpec(account=account, person=person, role=role, via=f"bc_{business}"))

    def site(self, key: str, name: str) -> None:
        """Add a website on a domain of its own."""
        self.websites[key] = Website(id=key, name=name, domains=(f"{key}.example",))

    def pixel(self, number: int, name: str, creator: str, owner: str, sites: Sequence[str]) -> str:
        """Add a pixel that a business owns, and install it on websites."""
        code = f"PIXEL{number:015d}"
        self.pixels.append(
            Pixel(
                code=code,
                number=f"{7_644_201_699_552_690_000 + number}",
                name=name,
                creator=creator,
                owner_bc=f"bc_{owner}",
            )
        )
        for key in sites:
            site = self.websites[key]
            self.websites[key] = Website(id=key, name=site.name, domains=site.domains, pixels=(*site.pixels, code))
        return code

    def share(self, pixel: str, owner: str, partner: str) -> None:
        """Share a pixel with a partner; they become partners unless they are."""
        self.partners(owner, partner)
        self.shares.append(ShareSpec(pixel=pixel, partner=f"bc_{partner}"))

    def partners(self, one: str, other: str) -> None:
        """Make two businesses partners, once."""
        found = PartnershipSpec(bc=f"bc_{one}", partner=f"bc_{other}")
        if found not in self.partnerships:
            self.partnerships.append(found)

    def grant(self, account: str, owner: str, partner: str, role: AccountRole) -> None:
        """Give a partner's business a role on an ad account, and its people with it."""
        self.partners(owner, partner)
        self.account_grants.append(AccountGrantSpec(bc=f"bc_{partner}", account=account, role=role))
        top = AccountRole.ADMIN if role is AccountRole.ADMIN else AccountRole.OPERATOR
        self.assign(account, partner, top, BusinessRole.ADMIN)
        self.assign(account, partner, AccountRole.OPERATOR, BusinessRole.STANDARD)

    def link(self, pixel: str, account: str, by: str) -> None:
        """Link a pixel to an ad account."""
        self.links.append(LinkSpec(pixel=pixel, account=account, by_bc=f"bc_{by}"))

    def campaign(self, account: str, name: str, pixel: str, site: str, *, start: float = 0.0) -> str:
        """Add a campaign with one ad group and one ad that leads to a website."""
        key = f"{account}_campaign_{sum(c.account == account for c in self.campaigns) + 1}"
        self.campaigns.append(Campaign(id=key, account=account, name=name))
        self.ad_groups.append(AdGroupSpec(id=f"{key}_group", campaign=key, name=name, pixel=pixel, start_day=start))
        self.ads.append(Ad(id=f"{key}_ad", ad_group=f"{key}_group", name=f"{name}, spot"))
        self.delivery.append(AdDelivery(ad_group=f"{key}_group", website=site, daily_budget=BUDGET))
        return key

    def audience(self, account: str, business: str, pixel: str) -> None:
        """Let a business's media buyer build the audience of its account on the second day."""
        build = BuildAudience(
            actor=self.person(business, BusinessRole.STANDARD),
            account=account,
            audience=f"{account}_visitors",
            pixel=pixel,
            name="Visitors of 30 days",
        )
        self.steps.append(PlannedAction(day=1.0, action=build, why="every account wants its visitors back"))

    def scenario(
        self,
        name: str,
        title: str,
        viewers: Sequence[tuple[str, str]],
        *,
        days: int,
        steps: Sequence[PlannedAction] = (),
    ) -> Scenario:
        """Put the scenario together."""
        structure = Structure(
            business_centers=tuple(self.business_centers),
            people=tuple(self.people),
            ad_accounts=tuple(self.ad_accounts),
            websites=tuple(self.websites.values()),
            pixels=tuple(self.pixels),
            campaigns=tuple(self.campaigns),
            ad_groups=tuple(self.ad_groups),
            ads=tuple(self.ads),
            members=tuple(self.members),
            account_people=tuple(self.account_people),
            account_grants=tuple(self.account_grants),
            partnerships=tuple(self.partnerships),
            shares=tuple(self.shares),
            links=tuple(self.links),
        )
        capture = Capture(weight=PageWeight(lost_per_second=LOST_PER_SECOND))
        sites = tuple(SiteTraffic(website=key, organic_sessions=SESSIONS, capture=capture) for key in self.websites)
        parts = {
            "name": name,
            "title": title,
            "days": days,
            "structure": structure,
            "traffic": Traffic(sites=sites, delivery=tuple(self.delivery)),
            "viewers": [Viewer(name=who, account=account) for who, account in viewers],
            "plan": Plan(steps=(*self.steps, *steps)),
        }
        return Scenario.read(parts, f"practice {name}")


def step(day: float, action: AnyAction, why: str) -> PlannedAction:
    """Make one step of a plan.

    Raises
    ------
    InputError
        The day is before the start.
    """
    return PlannedAction.checked({"day": day, "action": action, "why": why}, "practice")
