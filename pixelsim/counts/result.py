"""What one replication in counts brought forth; metrics, outcomes and audiences read it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Timeline
from pixelsim.counts.cells import Cells
from pixelsim.counts.claims import Claimed
from pixelsim.counts.contests import Credit
from pixelsim.counts.copies import HOPS
from pixelsim.counts.draws import stream
from pixelsim.counts.pages import Pages
from pixelsim.counts.paid import PaidCounts, add_by_cell
from pixelsim.counts.sessions import PURCHASE, Fates, Organic, SessionEvents, kept_copies, kept_once
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.history import History
from pixelsim.traffic.numbering import Numbering

__all__ = ["Counts", "SiteCounts"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SiteCounts:
    """What happened on one website.

    Parameters
    ----------
    events, pages
        What happens in its sessions, and its pages through time.
    organic
        What came by itself.
    """

    events: SessionEvents
    pages: Pages
    organic: Organic

    def kept(self, events: Fates, pixel: str) -> NDArray[np.float64]:
        """Give the expected kept copies of events at a pixel, shape (cells, events)."""
        table, share = self.pages.kept(self.events.fates, pixel)
        return np.asarray((events.all * table * (1.0 if share is None else share)).sum(axis=-1))

    def kept_visits(self, streams: Streams, pixel: str) -> tuple[Longs, Longs]:
        """Give the kept and matched events of people whom no ad brought, at a pixel.

        Returns
        -------
        copies, sessions : ndarray of int64, shape (cells, events)
            Kept copies, and sessions with any.
        """
        table, share = self.pages.kept(self.events.fates, pixel)
        matched = self.organic.people.matched
        if share is not None:
            name = f"{self.events.traffic.website} > {pixel}"
            matched = stream(streams, "pixel on the page", name).binomial(matched, share)
        return kept_copies(matched, table), kept_once(matched, table, self.organic.matched)


@dataclass(frozen=True, eq=False)
class Counts:
    """All that one replication brought forth, in counts.

    Parameters
    ----------
    scenario, seed, replication
        What was run.
    history, timeline
        The world, every attempt and every change; grants and statuses as intervals.
    numbering
        Names of the numbers.
    cells
        The cells that everything is counted in.
    sites
        What happened on each website, in the order of their numbers.
    paid
        What each ad group with a delivery brought about, by its number.
    credit
        What each ad group with a delivery and a pixel earned, by its number.
    contests
        The contest of each population and pixel, over all accounts.
    phases
        Learning phase of each ad group at the end of each day, codes of `learning.Phase`, shape (days, ad groups).
    goals
        Number of the event that each ad group is optimised for, -1 for one that no site sends.
    """

    scenario: Scenario
    seed: int
    replication: int
    history: History
    timeline: Timeline
    numbering: Numbering
    cells: Cells
    sites: tuple[SiteCounts, ...]
    paid: dict[int, PaidCounts]
    credit: dict[int, Credit]
    contests: dict[tuple[str, str], Claimed]
    phases: NDArray[np.int8]
    goals: NDArray[np.int8]

    @property
    def streams(self) -> Streams:
        """Random streams of the replication."""
        return Streams(self.seed, self.replication)

    def paid_of(self, site: SiteCounts) -> list[PaidCounts]:
        """Give what the ad groups that lead to a site brought about."""
        website, numbers = site.events.traffic.website, self.numbering.ad_groups
        leads = {d.ad_group for d in self.scenario.traffic.delivery if d.website == website}
        return [counts for number, counts in self.paid.items() if numbers[number] in leads]

    @property
    def sessions(self) -> Longs:
        """Sessions by site and cell."""
        return self._by_site("sessions")

    @property
    def lost_sessions(self) -> Longs:
        """Sessions that the load time of pixels drove away, by site and cell."""
        return self._by_site("lost")

    def _by_site(self, name: str) -> Longs:
        total = [
            getattr(site.organic, name) + sum(getattr(counts.tally, name) for counts in self.paid_of(site))
            for site in self.sites
        ]
        return np.stack(total)

    def orders(self, stretch: tuple[int, int] | None = None) -> tuple[int, int]:
        """Count orders in truth, and those whose purchase event reached a pixel.

        Parameters
        ----------
        stretch
            Cells that count, from one to another (excluded): by the touch that led to an order, by the order itself
            where none did. None: all of them.
        """
        orders = seen = 0
        for site, events in zip(self.sites, self._events, strict=True):
            bought = events.all[:, PURCHASE]
            total, heard = bought.sum(axis=-1), site.pages.seen(self.streams, site.events.fates, bought)
            if stretch is not None:
                inside = self._bought(site, *stretch)
                # Each order of a cell is as likely to be seen as any other, whenever its touch was.
                rng = stream(self.streams, "orders of a stretch", site.events.traffic.website)
                total, heard = inside, rng.hypergeometric(heard, total - heard, inside)
            orders, seen = orders + int(total.sum()), seen + int(heard.sum())
        return orders, seen

    def _bought(self, site: SiteCounts, first: int, last: int) -> Longs:
        """Give the orders by their cell that belong to cells from one to another (excluded)."""
        inside = np.zeros(len(self.cells), dtype=np.int64)
        inside[first:last] = site.organic.people.all[first:last, PURCHASE].sum(axis=-1)
        for counts in self.paid_of(site):
            of_stretch = (counts.rows.cell >= first) & (counts.rows.cell < last)
            inside += add_by_cell(self.cells, counts.rows.cell[of_stretch], counts.followed.orders[of_stretch])
        return inside

    @functools.cached_property
    def copies(self) -> Longs:
        """Copies by pixel, cell, event and hop (of :data:`copies.HOPS`), without those of preview hosts."""
        return self._tally(self._events)

    @functools.cached_property
    def previews(self) -> Longs:
        """The copies of preview hosts, which no report shows."""
        return self._tally([site.organic.previews for site in self.sites])

    def _tally(self, events: list[Fates]) -> Longs:
        pixels = self.numbering.pixels
        total = np.zeros((len(pixels), len(self.cells), len(EVENT_NAMES), len(HOPS)), dtype=np.int64)
        for site, some in zip(self.sites, events, strict=True):
            for number, code in enumerate(pixels):
                total[number] += site.pages.tally(self.streams, site.events.fates, some, code)
        return total

    def by_ad(self, ad_group: int) -> dict[str, Longs]:
        """Deal out what an ad group earned to its ads, those of a stretch of delivery with the same chance each."""
        paid, claims = self.paid[ad_group], self.credit[ad_group].claims
        rng = stream(self.streams, "ads", self.numbering.ad_groups[ad_group])
        ads = sorted({ad for span in paid.spans for ad in span.ads})
        chance = np.zeros((len(self.cells), len(ads)))
        for cell, span, clicks in zip(paid.rows.cell, paid.rows.span, paid.clicks, strict=True):
            shown = paid.spans[span].ads
            for ad in shown:
                chance[cell, ads.index(ad)] += max(int(clicks), 1) / len(shown)
        total = chance.sum(axis=1, keepdims=True)
        chance = np.divide(chance, total, out=np.full_like(chance, 1 / max(len(ads), 1)), where=total > 0)
        dealt = rng.multinomial(claims, chance[:, np.newaxis]) if ads else np.zeros((*claims.shape, 0), dtype=np.int64)
        return {ad: dealt[..., place] for place, ad in enumerate(ads)}

    @functools.cached_property
    def _events(self) -> list[Fates]:
        """Events of each site by cell and fate, previews left out."""
        found = []
        for site in self.sites:
            paid = self.paid_of(site)
            organic = site.organic.people + site.organic.junk
            found.append(
                Fates(
                    organic.all + sum(counts.tally.events for counts in paid),
                    organic.matched,
                    organic.again + sum(counts.tally.again for counts in paid),
                )
            )
        return found
