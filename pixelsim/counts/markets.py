"""Markets in counts: which parts of a population ad groups reach, and what of an ad group falls to each of them.

Touches of ad groups that reach different people never meet. So people are divided where an ad group reaches one market
only, and each part has a contest of its own; what an ad group that reaches several brings about is dealt out to them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.contests import Credit
from pixelsim.counts.draws import stream
from pixelsim.counts.following import Followed
from pixelsim.counts.paid import PaidCounts
from pixelsim.counts.tally import Tally
from pixelsim.scenario.traffic import SiteTraffic

__all__ = ["Region", "deal", "regions_of", "together"]

Longs = NDArray[np.int64]

PARTS = {"touches": "heard", "landed": "landed_once", "ordered": "ordered_once", "late": "late_once"}
"""What is a part of what, so that it stays so when both are dealt out."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a population: people whom the same ad groups reach.

    Parameters
    ----------
    name
        Names its random streams; that of the population where it is the whole.
    markets
        Places of its markets among the sites' own; None for everybody.
    share
        Share of the population.
    """

    name: str
    markets: tuple[int, ...] | None = None
    share: float = 1.0

    def holds(self, market: int) -> bool:
        """Tell whether it has the people of a market, -1 for everybody."""
        return self.markets is None or market in self.markets


def regions_of(population: str, traffic: SiteTraffic, reached: Iterable[str], sizes: Longs) -> tuple[Region, ...]:
    """Divide a population.

    Parameters
    ----------
    population
        Its name.
    traffic
        A site that its people come to.
    reached
        The only market of each ad group, empty for one that reaches everybody.
    sizes
        People of each market of the site.
    """
    names = [market.name for market in traffic.markets]
    alone = sorted({names.index(name) for name in reached if name})
    if not alone:
        return (Region(population),)
    rest = tuple(place for place in range(len(names)) if place not in alone)
    parts = [(place,) for place in alone] + ([rest] if rest else [])
    return tuple(
        Region(
            " > ".join((population, *(names[place] for place in part))),
            part,
            float(sizes[list(part)].sum() / sizes.sum()),
        )
        for part in parts
    )


def deal(streams: Streams, ad_group: str, counts: PaidCounts, shares: Sequence[float]) -> list[PaidCounts]:
    """Deal out what an ad group brought about to parts of the people whom it reaches.

    Each touch is of somebody drawn at random, so that a part has its share of everything that follows from touches. In
    impressions and spend all parts have the whole.

    Parameters
    ----------
    streams
        Random streams of the replication.
    ad_group, counts
        Its id, and what it brought about.
    shares
        Share of each part in the people, adding up to 1.
    """
    if len(shares) == 1:
        return [counts]
    rng, followed = stream(streams, "people of markets", ad_group), counts.followed
    within, late = followed.within, followed.late
    of_sessions = {"later": late.number, "ordered": within.copies, "ordered_once": within.once}
    of_touches = {**_tables(followed), **of_sessions}
    found = []
    for one, tally in zip(*(_dealt(rng, part, shares) for part in (of_touches, _tables(counts.tally))), strict=True):
        of_part = dataclasses.replace(
            followed,
            within=dataclasses.replace(within, copies=one.pop("ordered"), once=one.pop("ordered_once")),
            late=dataclasses.replace(late, number=one.pop("later")),
            **one,
        )
        found.append(dataclasses.replace(counts, followed=of_part, tally=Tally(**tally)))
    return found


def _tables(of: Followed | Tally) -> dict[str, Longs]:
    """Give the tables among fields by name."""
    told = {field.name: getattr(of, field.name) for field in dataclasses.fields(of)}
    return {name: table for name, table in told.items() if isinstance(table, np.ndarray)}


def _dealt(rng: np.random.Generator, tables: Mapping[str, Longs], shares: Sequence[float]) -> list[dict[str, Longs]]:
    """Deal out the numbers of each table."""
    found: dict[str, Longs] = {}
    for name, number in tables.items():
        part = PARTS.get(name)
        if part is not None:
            found[part] = rng.multinomial(tables[part], shares)
            found[name] = found[part] + rng.multinomial(number - tables[part], shares)
        elif name not in PARTS.values():
            found[name] = rng.multinomial(number, shares)
    return [{name: found[name][..., place] for name in tables} for place in range(len(shares))]


def together(parts: Iterable[Mapping[int, Credit]]) -> dict[int, Credit]:
    """Add up what each ad group earned from the parts of its people."""
    found: dict[int, Credit] = {}
    for part in parts:
        for number, credit in part.items():
            found[number] = _sum(found[number], credit) if number in found else credit
    return found


def _sum(one: Credit, other: Credit) -> Credit:
    credited = _longer(one.credited, other.credited)
    same = one.claims is one.credited and other.claims is other.credited
    return Credit(credited if same else _longer(one.claims, other.claims), credited, one.lost + other.lost)


def _longer(one: Longs, other: Longs) -> Longs:
    """Add two tables up, of which one may have more lags."""
    total = np.zeros(max(one.shape, other.shape), dtype=np.int64)
    for table in (one, other):
        total[..., : table.shape[-1]] += table
    return total
