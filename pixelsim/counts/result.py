"""What one replication in counts brought forth; metrics, outcomes and audiences read it."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.control.timeline import Timeline
from pixelsim.counts.cells import Cells
from pixelsim.counts.claims import Claimed
from pixelsim.counts.contests import Credit
from pixelsim.counts.copies import HOPS
from pixelsim.counts.draws import stream
from pixelsim.counts.organic import Source
from pixelsim.counts.pages import Pages
from pixelsim.counts.paid import PaidCounts, add_by_cell
from pixelsim.counts.repeated import Repeated
from pixelsim.counts.sessions import PURCHASE, Fates, SessionEvents
from pixelsim.counts.trust import Exactness
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.history import History
from pixelsim.traffic.numbering import Numbering

__all__ = ["Counts", "SiteCounts"]

Longs = NDArray[np.int64]

KEPT, MERGED, DROPPED = (HOPS.index(hop) for hop in ("kept", "merged", "dropped"))


@dataclass(frozen=True, eq=False)
class SiteCounts:
    """What happened on one website.

    Parameters
    ----------
    events, pages
        What happens in its sessions, and its pages through time.
    sources
        What came by itself.
    markets
        What happens in sessions of each market's people; none where it has no markets.
    sizes
        People of each market, or of the whole, shape (markets,).
    """

    events: SessionEvents
    pages: Pages
    sources: tuple[Source, ...]
    markets: tuple[SessionEvents, ...]
    sizes: Longs

    @functools.cached_property
    def shares(self) -> NDArray[np.float64]:
        """Share of each market in the people."""
        return np.asarray(self.sizes / self.sizes.sum())

    def market(self, name: str) -> int:
        """Give the place of a market among the site's own, -1 for no name."""
        return [market.name for market in self.events.traffic.markets].index(name) if name else -1

    def events_in(self, market: int) -> SessionEvents:
        """Give what happens in sessions of a market's people, by its place, or of everybody for -1."""
        return self.events if market < 0 else self.markets[market]


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
    repeated
        What is left without repeats, by population and pixel, where events of different sessions can be repeats.
    phases
        Learning phase of each ad group at the end of each day, codes of `learning.Phase`, shape (days, ad groups).
    goals
        Number of the event that each ad group is optimised for, -1 for one that no site sends.
    judged
        How far figures can be trusted, by what was asked before.
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
    repeated: dict[tuple[str, str], Repeated]
    phases: NDArray[np.int8]
    goals: NDArray[np.int8]
    judged: dict[tuple[int, ...], Exactness] = field(default_factory=dict)

    @property
    def streams(self) -> Streams:
        """Random streams of the replication."""
        return Streams(self.seed, self.replication)

    @functools.cached_property
    def leads(self) -> dict[str, tuple[int, ...]]:
        """Numbers of the ad groups that lead to each website."""
        of_group = {d.ad_group: d.website for d in self.scenario.traffic.delivery}
        names = self.numbering.ad_groups
        return {key: tuple(n for n in self.paid if of_group[names[n]] == key) for key in self.numbering.sites}

    @functools.cached_property
    def reached(self) -> dict[int, int]:
        """Place of the only market that each ad group reaches among its website's own, by number, -1 for everybody."""
        places = {site.events.traffic.website: site.market for site in self.sites}
        numbers = {name: number for number, name in enumerate(self.numbering.ad_groups)}
        return {numbers[d.ad_group]: places[d.website](d.market) for d in self.scenario.traffic.delivery}

    @functools.cached_property
    def carrying(self) -> dict[str, list[SiteCounts]]:
        """Websites on whose pages each pixel is at some time."""
        found: dict[str, list[SiteCounts]] = {code: [] for code in self.numbering.pixels}
        for site in self.sites:
            for code in dict.fromkeys(itertools.chain.from_iterable(state.pixels for state in site.pages.states)):
                found[code].append(site)
        return found

    def paid_of(self, site: SiteCounts) -> list[PaidCounts]:
        """Give what the ad groups that lead to a site brought about."""
        return [self.paid[number] for number in self.leads[site.events.traffic.website]]

    @property
    def sessions(self) -> Longs:
        """Sessions by site and cell."""
        return self._by_site("sessions")

    @property
    def lost_sessions(self) -> Longs:
        """Sessions that the load time of pixels drove away, by site and cell."""
        return self._by_site("lost")

    def _by_site(self, name: str) -> Longs:
        none = np.zeros(len(self.cells), dtype=np.int64)
        total = [
            sum((getattr(one, name) for one in site.sources), start=none)
            + sum(getattr(counts.tally, name) for counts in self.paid_of(site))
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
        found = [self.orders_of(site, stretch) for site in self.sites]
        return sum(int(total.sum()) for total, _ in found), sum(int(seen.sum()) for _, seen in found)

    def orders_of(self, site: SiteCounts, stretch: tuple[int, int] | None = None) -> tuple[Longs, Longs]:
        """Count the orders of a site by cell, and those of them that were seen, shape (cells,)."""
        total, heard = np.zeros((2, len(self.cells)), dtype=np.int64)
        for pages, events in self._events[self.sites.index(site)]:
            bought = events.all[:, PURCHASE]
            total += bought.sum(axis=-1)
            heard += pages.seen(self.streams, site.events.fates, bought)
        if stretch is None:
            return total, heard
        inside = np.zeros(len(self.cells), dtype=np.int64)
        for source in site.sources:
            inside += source.orders(stretch)
        for number in self.leads[site.events.traffic.website]:
            inside += self.paid_orders(number, stretch)
        # Each order of a cell is as likely to be seen as any other, whenever its touch was.
        rng = stream(self.streams, "orders of a stretch", site.events.traffic.website)
        return inside, rng.hypergeometric(heard, total - heard, inside)

    def paid_orders(self, ad_group: int, stretch: tuple[int, int] | None = None) -> Longs:
        """Count by cell the orders that touches of an ad group led to; touches of a stretch of cells, or all."""
        paid = self.paid[ad_group]
        first, last = stretch or (0, len(self.cells))
        here = (paid.rows.cell >= first) & (paid.rows.cell < last)
        return add_by_cell(self.cells, paid.rows.cell[here], paid.followed.orders[here])

    @functools.cached_property
    def copies(self) -> Longs:
        """Copies by pixel, cell, event and hop (of :data:`copies.HOPS`), without those of preview hosts."""
        total = self._tally(self._events)
        for (_, pixel), found in self.repeated.items():
            here = total[self.numbering.pixels.index(pixel)]
            here[..., KEPT] -= found.dropped
            here[..., MERGED] -= found.unmerged
            here[..., DROPPED] += found.dropped + found.unmerged
        return total

    @functools.cached_property
    def previews(self) -> Longs:
        """The copies of preview hosts, which no report shows."""
        total = self._tally([[(one.pages, one.previews) for one in site.sources] for site in self.sites])
        for (_, pixel), found in self.repeated.items():
            here = total[self.numbering.pixels.index(pixel), :, 0]
            here[:, KEPT] -= found.previews
            here[:, DROPPED] += found.previews
        return total

    def _tally(self, events: list[list[tuple[Pages, Fates]]]) -> Longs:
        pixels = self.numbering.pixels
        total = np.zeros((len(pixels), len(self.cells), len(EVENT_NAMES), len(HOPS)), dtype=np.int64)
        numbers = {code: number for number, code in enumerate(pixels)}
        for site, parts in zip(self.sites, events, strict=True):
            for pages, some in parts:
                if some.all.any():
                    for code, found in pages.tally(self.streams, site.events.fates, some).items():
                        total[numbers[code]] += found
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
    def _events(self) -> list[list[tuple[Pages, Fates]]]:
        """Events of each site by cell and fate, previews left out, with the pages that they find."""
        found = []
        for site in self.sites:
            parts = [(one.pages, one.people + one.junk) for one in site.sources]
            paid = [counts.tally for counts in self.paid_of(site)]
            if paid:
                by_ads = Fates(*(sum(getattr(one, name) for one in paid) for name in ("events", "events", "again")))
                if len(parts) == 1 and not site.markets:
                    parts = [(site.pages, parts[0][1] + by_ads)]
                else:
                    parts.append((site.pages, by_ads))
            found.append(parts)
        return found
