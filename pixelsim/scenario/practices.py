"""The good practices B1 to B4 as scenarios of any size, each with the usual wrong way beside it.

All of them share one shape of business: Business Centers with an Admin and a media buyer each, ad accounts with one
campaign each, websites that carry pixels. What differs is who creates, owns, shares and links the pixels.
"""

from __future__ import annotations

from collections.abc import Callable

from pixelsim.base.errors import Fault, InputError, UnknownNameError
from pixelsim.scenario.drafting import Draft, step
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.actions import Switch, UnsharePixel
from pixelsim.world.entities import AccountRole, BusinessCenterType

__all__ = ["PRACTICES", "agency_clients", "ending", "many_domains", "one_domain"]

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
    draft = Draft()
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
    draft = Draft()
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

    Right: each client creates and owns its pixel, and gives the agency access to the pixel, and Admin access to its ad
    account, which the creation of events needs (R21).
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
    draft = Draft()
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
            draft.grant(own, key, "agency", AccountRole.ADMIN)
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
    draft = Draft()
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
        return step(stop_day, Switch(actor=buyer, kind="campaign", id=campaign, to="off"), why)

    unshare = UnsharePixel(actor="client_admin", bc="bc_client", pixel=pixel, partner="bc_agency")
    stops = [off(running, "the contract ends")]
    if way in {"right", "unshare_first"}:
        stops.append(off(scheduled, "it would start later"))
    steps = list(stops)
    if way != "never":
        day = stop_day - 3 if way == "unshare_first" else stop_day + 1
        steps.append(step(max(day, 0.0), unshare, "the partner needs the pixel no more"))
    titles = {
        "right": "stop and cancel first, then unshare",
        "unshare_first": "unshare three days before the stop",
        "only_running": "stop only the running campaign",
        "never": "never unshare",
    }
    viewers = [("client", "acc_client"), ("agency", "acc_agency")]
    name = "ending" if way == "right" else f"ending_{way}"
    return draft.scenario(name, f"Ending a relationship: {titles[way]}", viewers, days=days, steps=steps)


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
