"""Numbers for ids inside the arrays of one run, in the order of the ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import SiteTraffic
from pixelsim.sharing import actions as do
from pixelsim.world.world import World

__all__ = ["RETURN_AFTER", "Numbering", "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session comes from: a site's organic traffic, or an ad group's click or view.

    ``kind`` is ``"organic"``, ``"preview"``, ``"foreign"`` or ``"returning"`` of a site; or, of an ad group,
    ``"click"`` (the session right after it), ``"after click"``, ``"after engaged view"``, ``"after view"`` (a later
    session with an order). ``market`` names the site's market where it has markets.
    """

    kind: str
    entity: str
    market: str = ""

    @property
    def key(self) -> str:
        """Text that names the random streams of the sessions."""
        return f"{self.kind} > {self.entity}" + (f" > {self.market}" if self.market else "")


OF_EVERY_SITE = ("organic", "preview", "foreign")
SITE_ORIGINS = (*OF_EVERY_SITE, "returning")
RETURN_AFTER = ("after click", "after engaged view", "after view")


@dataclass(frozen=True, slots=True)
class Numbering:
    """The ids of everything that can appear in a run's arrays; a number is a position in these tuples.

    Ad groups and ads that the plan creates later are numbered from the start. ``origins`` lists where sessions come
    from: four for each ad group, then three for each site, then those of markets and of people who come back.
    """

    sites: tuple[str, ...]
    populations: tuple[str, ...]
    pixels: tuple[str, ...]
    accounts: tuple[str, ...]
    ad_groups: tuple[str, ...]
    ads: tuple[str, ...]
    group_account: NDArray[np.int32]
    group_pixel: NDArray[np.int32]
    origins: tuple[Origin, ...]

    @classmethod
    def of(cls, scenario: Scenario, world: World) -> Numbering:
        """Give numbers to everything of a scenario."""
        groups = {key: (group.campaign, group.pixel) for key, group in world.ad_groups.items()}
        campaigns = {key: campaign.account for key, campaign in world.campaigns.items()}
        pixels, ads = set(world.pixels), set(world.ads)
        for step in scenario.plan.steps:
            match step.action:
                case do.CreateCampaign(campaign=campaign, account=account):
                    campaigns.setdefault(campaign, account)
                case do.CreateAdGroup(ad_group=key, campaign=campaign, pixel=pixel):
                    groups.setdefault(key, (campaign, pixel))
                case do.CreateAd(ad=key):
                    ads.add(key)
                case do.CreatePixel(pixel=key):
                    pixels.add(key)
                case _:
                    pass
        accounts = tuple(sorted(world.ad_accounts))
        pixel_ids, group_ids = tuple(sorted(pixels)), tuple(sorted(groups))
        account_of = {key: accounts.index(account) for key, account in campaigns.items() if account in accounts}
        pixel_of: dict[str | None, int] = {key: i for i, key in enumerate(pixel_ids)}
        sites = tuple(sorted(world.websites))
        populations = {s.website: s.population or s.website for s in scenario.traffic.sites}
        origins = [Origin(kind, key) for key in group_ids for kind in ("click", *RETURN_AFTER)]
        return cls(
            sites=sites,
            populations=tuple(sorted({populations.get(site, site) for site in sites})),
            pixels=pixel_ids,
            accounts=accounts,
            ad_groups=group_ids,
            ads=tuple(sorted(ads)),
            group_account=np.array([account_of.get(groups[g][0], -1) for g in group_ids], dtype=np.int32),
            group_pixel=np.array([pixel_of.get(groups[g][1], -1) for g in group_ids], dtype=np.int32),
            origins=(
                *origins,
                *(Origin(kind, site) for site in sites for kind in OF_EVERY_SITE),
                *(origin for site in sorted(scenario.traffic.sites, key=_website) for origin in _more_origins(site)),
            ),
        )

    def origin(self, kind: str, entity: str, market: str = "") -> int:
        """Give the number of an origin."""
        return self.origins.index(Origin(kind, entity, market))


def _website(site: SiteTraffic) -> str:
    return site.website


def _more_origins(site: SiteTraffic) -> Iterator[Origin]:
    """Give the origins of a site's markets, and of the people who come back to it."""
    markets = [market.name for market in site.markets]
    yield from (Origin("organic", site.website, market) for market in markets)
    if site.return_share > 0:
        yield from (Origin("returning", site.website, market) for market in markets or [""])
