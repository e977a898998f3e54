"""The good practices B1 to B4 as scenarios of any size, each with the usual wrong way beside it.

All of them share one shape of business: Business Centers with an Admin and a media buyer each, ad accounts with one
campaign each, websites that carry pixels. What differs is who creates, owns, shares and links the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pixelsim.base.errors import Fault, InputError, UnknownNameError
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
    PixelPersonSpec,
    ShareSpec,
    Structure,
)
from pixelsim.scenario.traffic import AdDelivery, SiteTraffic, Traffic
from pixelsim.sharing.actions import AnyAction, BuildAudience, Switch, UnsharePixel
from pixelsim.world.entities import (
    AccountRole,
    Ad,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Person,
    Pixel,
    PixelLevel,
    Website,
)

__all__ = ["PRACTICES", "agency_clients", "ending", "many_domains", "one_domain"]

SESSIONS = 400.0
"""Organic sessions a day of each site (assumption)."""
BUDGET = 50.0
LOST_PER_SECOND = 0.05
"""Share of sessions lost to a second of load time (assumption), so that the weight of pixels can be compared (Q4)."""
"""Daily budget of each ad group in currency units (assumption)."""
MOST = 200
"""How many of a thing a practice can be asked for (assumption: what still runs in a minute or two)."""


def _sizes(**sizes: int) -> None:
    """Refuse sizes that are no whole numbers from 1 to ``MOST``, all at once."""
    rule = f"a whole number from 1 to {MOST}"
    faults = [
        Fault("$", name, str(size), rule, "choose another size")
        for name, size in sizes.items()
        if not isinstance(size, int) or not 1 <= size <= MOST
    ]
    if faults:
        raise InputError("practice", faults)


@dataclass
class _Draft:
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
    pixel_people: list[PixelPersonSpec] = field(default_factory=list)
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
            pixel_people=tuple(self.pixel_people),
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


def one_domain(*, regions: int = 6, accounts_of_region: int = 3, wrong: bool = False, days: int = 28) -> Scenario:
    """B1: one domain, many products, global markets; headquarters and its regions.

    Right: one pixel on the global site, owned by headquarters, shared with each region, whose Admin gets Admin access
    to the creating ad account for events. Wrong: a pixel for each region, all of them on the one site.

    Parameters
    ----------
    regions
        Number of regional Business Centers.
    accounts_of_region
        Ad accounts of each; headquarters has two.
    wrong
        Whether to take the wrong way.
    days
        Length of the run in days.

    Raises
    ------
    InputError
        A size is not from 1 to 200, or the run has no day.
    """
    _sizes(regions=regions, accounts_of_region=accounts_of_region)
    draft = _Draft()
    draft.business("hq", "Headquarters")
    draft.site("global", "Global site")
    for number in (1, 2):
        draft.account(f"acc_hq_{number}", f"Headquarters {number}", "hq")
    shared = draft.pixel(1, "Global site", "acc_hq_1", "hq", ["global"])
    draft.link(shared, "acc_hq_2", "hq")
    for number in (1, 2):
        draft.campaign(f"acc_hq_{number}", f"Brand {number}", shared, "global")
    for region in range(1, regions + 1):
        key, name = f"region_{region}", f"Region {region}"
        draft.business(key, name)
        accounts = [f"acc_{key}_{n}" for n in range(1, accounts_of_region + 1)]
        for n, account in enumerate(accounts, start=1):
            draft.account(account, f"{name}, account {n}", key)
        if wrong:
            pixel = draft.pixel(1 + region, name, accounts[0], key, ["global"])
            linked = accounts[1:]
        else:
            pixel, linked = shared, accounts
            draft.share(pixel, "hq", key)
            draft.grant("acc_hq_1", "hq", key, AccountRole.ADMIN)
        for account in linked:
            draft.link(pixel, account, key)
        for n, account in enumerate(accounts, start=1):
            draft.campaign(account, f"{name}, campaign {n}", pixel, "global")
        draft.campaign(accounts[0], f"{name}, new campaign", pixel, "global", start=7.0)
        draft.audience(accounts[0], key, pixel)
    title = "One domain, global markets: " + (
        "a pixel for each region on the one site"
        if wrong
        else "one pixel, owned by headquarters, shared with the regions"
    )
    viewers = [("headquarters", "acc_hq_1"), ("region 1", "acc_region_1_1")]
    return draft.scenario("one_domain_wrong" if wrong else "one_domain", title, viewers, days=days)


def many_domains(*, brands: int = 5, domains: int = 12, wrong: bool = False, days: int = 28) -> Scenario:
    """B2: many domains, many products, global markets; brands under one headquarters.

    Right: one pixel on each domain, owned by its brand; headquarters gets Admin access for management. Wrong: one
    pixel, owned by headquarters, on all domains.

    Parameters
    ----------
    brands, domains
        Numbers of brands and of domains, which are dealt out to the brands in turn.
    wrong
        Whether to take the wrong way.
    days
        Length of the run in days.

    Raises
    ------
    InputError
        A size is not from 1 to 200, or the run has no day.
    """
    _sizes(brands=brands, domains=domains)
    draft = _Draft()
    draft.business("hq", "Headquarters")
    draft.account("acc_hq", "Headquarters", "hq")
    sites = [f"domain_{n}" for n in range(1, domains + 1)]
    for n, site in enumerate(sites, start=1):
        draft.site(site, f"Domain {n}")
    for brand in range(1, brands + 1):
        draft.business(f"brand_{brand}", f"Brand {brand}")
    everywhere = draft.pixel(domains + 1, "All domains", "acc_hq", "hq", sites) if wrong else ""
    for n, site in enumerate(sites, start=1):
        brand = (n - 1) % brands + 1
        key, account = f"brand_{brand}", f"acc_{site}"
        draft.account(account, f"Brand {brand}, domain {n}", key)
        if wrong:
            pixel = everywhere
            draft.grant(account, key, "hq", AccountRole.ADMIN)
            draft.link(pixel, account, "hq")
        else:
            pixel = draft.pixel(n, f"Domain {n}", account, key, [site])
            draft.share(pixel, key, "hq")
            draft.grant(account, key, "hq", AccountRole.ADMIN)
        draft.campaign(account, f"Brand {brand}, campaign {n}", pixel, site)
        if n <= brands:
            draft.campaign(account, f"Brand {brand}, new campaign", pixel, site, start=7.0)
            draft.audience(account, key, pixel)
    title = "Many domains: " + (
        "one pixel of headquarters on all domains" if wrong else "one pixel for each domain, owned by its brand"
    )
    viewers = [("headquarters", "acc_hq"), ("brand 1", "acc_domain_1")]
    return draft.scenario("many_domains_wrong" if wrong else "many_domains", title, viewers, days=days)


def agency_clients(*, clients: int = 8, wrong: bool = False, days: int = 28) -> Scenario:
    """B3: an agency buys media for many clients.

    Right: each client creates and owns its pixel, and gives the agency access to its ad account and to the pixel.
    Wrong: the agency creates and owns the pixels in accounts of its own, and clients get a link.

    Parameters
    ----------
    clients
        Number of clients.
    wrong
        Whether to take the wrong way.
    days
        Length of the run in days.

    Raises
    ------
    InputError
        A size is not from 1 to 200, or the run has no day.
    """
    _sizes(clients=clients)
    draft = _Draft()
    draft.business("agency", "Agency", BusinessCenterType.AGENCY)
    viewers = []
    for n in range(1, clients + 1):
        key, name, site = f"client_{n}", f"Client {n}", f"shop_{n}"
        draft.business(key, name)
        draft.site(site, f"{name}'s shop")
        own, bought = f"acc_{key}", f"acc_agency_{n}"
        draft.account(own, f"{name}'s account", key)
        if wrong:
            draft.account(bought, f"Agency for {name}", "agency")
            pixel = draft.pixel(n, f"{name}'s shop", bought, "agency", [site])
            draft.share(pixel, "agency", key)
            draft.link(pixel, own, key)
            draft.campaign(bought, f"{name}, by the agency", pixel, site)
            draft.audience(bought, "agency", pixel)
        else:
            pixel = draft.pixel(n, f"{name}'s shop", own, key, [site])
            draft.share(pixel, key, "agency")
            draft.grant(own, key, "agency", AccountRole.OPERATOR)
            draft.pixel_people.append(
                PixelPersonSpec(pixel=pixel, person=f"{key}_buyer", level=PixelLevel.EDIT, via=f"bc_{key}")
            )
            draft.campaign(own, f"{name}, by the agency", pixel, site)
            draft.audience(own, key, pixel)
        if n == 1:
            viewers = [("client 1", own), ("agency for client 1", bought if wrong else own)]
    title = "An agency and its clients: " + (
        "the agency creates and owns the pixels" if wrong else "each client owns its pixel and gives the agency access"
    )
    return draft.scenario("agency_clients_wrong" if wrong else "agency_clients", title, viewers, days=days)


ENDINGS = ("right", "unshare_first", "only_running", "never")


def ending(*, way: str = "right", stop_day: float = 14.0, days: int = 35) -> Scenario:
    """B4: a client ends its work with an agency that runs one campaign and has another one scheduled.

    Right: stop the running campaign and cancel the scheduled one, unshare a day later. Wrong: unshare three days
    before the stop; stop only the running one; or never unshare.

    Parameters
    ----------
    way
        ``right``, ``unshare_first``, ``only_running`` or ``never``.
    stop_day
        Day on which the agency stops.
    days
        Length of the run in days.

    Raises
    ------
    UnknownNameError
        ``way`` is none of these.
    InputError
        The stop or the unshare would fall after the end.
    """
    if way not in ENDINGS:
        raise UnknownNameError("way of ending", way, ENDINGS)
    draft = _Draft()
    draft.business("client", "Client")
    draft.business("agency", "Agency", BusinessCenterType.AGENCY)
    draft.site("shop", "Client's shop")
    draft.account("acc_client", "Client's account", "client")
    draft.account("acc_agency", "Agency's account", "agency")
    pixel = draft.pixel(1, "Client's shop", "acc_client", "client", ["shop"])
    draft.share(pixel, "client", "agency")
    draft.link(pixel, "acc_agency", "agency")
    draft.campaign("acc_client", "Client, always on", pixel, "shop")
    running = draft.campaign("acc_agency", "Agency, running", pixel, "shop")
    scheduled = draft.campaign("acc_agency", "Agency, scheduled", pixel, "shop", start=stop_day + 4)
    buyer = "agency_buyer"

    def off(campaign: str, why: str) -> PlannedAction:
        return _step(stop_day, Switch(actor=buyer, kind="campaign", id=campaign, to="off"), why)

    unshare = UnsharePixel(actor="client_admin", bc="bc_client", pixel=pixel, partner="bc_agency")
    stops = [off(running, "the contract ends")]
    if way in {"right", "unshare_first"}:
        stops.append(off(scheduled, "it would start later"))
    steps = list(stops)
    if way != "never":
        day = stop_day - 3 if way == "unshare_first" else stop_day + 1
        steps.append(_step(max(day, 0.0), unshare, "the partner needs the pixel no more"))
    titles = {
        "right": "stop and cancel first, then unshare",
        "unshare_first": "unshare three days before the stop",
        "only_running": "stop only the running campaign",
        "never": "never unshare",
    }
    viewers = [("client", "acc_client"), ("agency", "acc_agency")]
    name = "ending" if way == "right" else f"ending_{way}"
    return draft.scenario(name, f"Ending a relationship: {titles[way]}", viewers, days=days, steps=steps)


def _step(day: float, action: AnyAction, why: str) -> PlannedAction:
    return PlannedAction.checked({"day": day, "action": action, "why": why}, "practice")


PRACTICES: dict[str, Callable[[], Scenario]] = {
    "one_domain": one_domain,
    "one_domain_wrong": lambda: one_domain(wrong=True),
    "many_domains": many_domains,
    "many_domains_wrong": lambda: many_domains(wrong=True),
    "agency_clients": agency_clients,
    "agency_clients_wrong": lambda: agency_clients(wrong=True),
    "ending": ending,
    "ending_unshare_first": lambda: ending(way="unshare_first"),
    "ending_only_running": lambda: ending(way="only_running"),
    "ending_never": lambda: ending(way="never"),
}
"""The practices B1 to B4 and their wrong ways, at their usual size, by the names of built-in scenarios."""
