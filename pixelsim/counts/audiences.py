"""Audiences in counts: how many different people a number of events comes from, if people are independent."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from pixelsim.base.clock import DAY, HOUR, days
from pixelsim.counts.cells import adding
from pixelsim.counts.draws import stream
from pixelsim.counts.result import Counts, SiteCounts
from pixelsim.counts.returning import Chains, Pairs
from pixelsim.counts.sessions import SessionEvents
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.audiences import AudienceDay
from pixelsim.traffic.people import MOST_RETURNS
from pixelsim.world.entities import Audience
from pixelsim.world.queries import is_linked
from pixelsim.world.relations import AudienceAfter
from pixelsim.world.world import World

__all__ = ["audience_days", "different_people", "people_spread", "usable_from"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


def different_people(visits: Floats, people: int) -> Floats:
    """Give the expected number of different people behind visits that fall on a population at random.

    Each of ``people`` is missed by a visit with the chance 1 - 1 / people, and by all of them with that to the power
    of their number.
    """
    missed = np.exp(np.asarray(visits) * np.log1p(-1 / max(people, 2)))
    return np.asarray(max(people, 1) * (1 - missed))


def chains_with_visits(visits: float, sessions: float, chains: float) -> float:
    """Give the expected number of chains of sessions that hold a visit with an event.

    So many chains have more than n sessions as a geometric series says that ends where chains end, and whose sum is
    the number of sessions; each session has the event with the same chance.

    Parameters
    ----------
    visits
        Sessions with the event.
    sessions, chains
        All sessions, and the chains that they belong to.
    """
    if sessions <= 0:
        return 0.0
    with_event, places = min(visits / sessions, 1.0), np.arange(MOST_RETURNS + 1)
    mean = min(sessions / chains, float(len(places)))
    goes_on = float(optimize.brentq(lambda ratio: float(np.sum(ratio**places)) - mean, 0.0, 1.0))
    return chains * with_event * float(np.sum(((1 - with_event) * goes_on) ** places))


def people_spread(visits: Floats, people: int) -> Floats:
    """Give the standard deviation of the number of different people behind so many visits.

    It is that of occupied boxes for many boxes (Weiss 1958): people * (exp(-x) - (1 + x) exp(-2x)) is the variance,
    with x visits a person.
    """
    each = np.asarray(visits) / max(people, 2)
    return np.sqrt(np.maximum(max(people, 1) * (np.exp(-each) - (1 + each) * np.exp(-2 * each)), 0.0))


def audience_days(counts: Counts) -> list[AudienceDay]:
    """Give every audience at the end of each day, refreshed as in a run with events."""
    return list(_each_day(counts, ()))


def usable_from(counts: Counts) -> dict[str, int]:
    """Give the instant in ms at which each audience could first be targeted, of those that ever could."""
    found: dict[str, int] = {}
    for day in _each_day(counts, found):
        if day.usable:
            found[day.audience] = day.at
    return found


def _each_day(counts: Counts, over: Container[str]) -> Iterator[AudienceDay]:
    """Refresh audiences day by day, as long as they are not among those that are ``over``."""
    wanted = {(a.pixel, a.event) for a in counts.history.now.audiences.values() if a.event in EVENT_NAMES}
    led = _Led.of(counts) if wanted else {}
    visits = {pair: _Visits(counts, led, *pair) for pair in sorted(wanted)}
    left: dict[str, int] = {}
    for day in range(counts.scenario.days):
        at = (day + 1) * DAY
        world = counts.history.at(at - 1)
        for key, audience in sorted(world.audiences.items()):
            if key not in over and not audience.deleted and audience.event in EVENT_NAMES:
                people = visits[audience.pixel, audience.event].people(audience.look_back_days)
                yield _refresh(counts, key, audience, world=world, at=at, people=people[day], left=left)


def _refresh(
    counts: Counts, key: str, audience: Audience, *, world: World, at: int, people: int, left: dict[str, int]
) -> AudienceDay:
    """Refresh one audience, which then has so many people, at the end of a day.

    ``left`` keeps the sizes of those that are not refreshed any more.
    """
    settings = counts.scenario.settings
    ready = at - audience.built_at >= settings.audience_ready_hours * HOUR
    frozen = not is_linked(world, audience.pixel, audience.account)
    if not frozen:
        left[key] = people
    else:
        tombstone = world.unbound.get((audience.pixel, audience.account))
        after = tombstone.audiences if tombstone is not None else AudienceAfter.LOST
        until = tombstone.audience_until if tombstone is not None else None
        if after in {AudienceAfter.LOST, AudienceAfter.PAUSE_USERS} or (until is not None and at >= until):
            left.pop(key, None)
            return AudienceDay(key, at, None, usable=False, frozen=False)
    known = left.get(key, 0)
    return AudienceDay(key, at, known, ready and known >= settings.audience_minimum, frozen=frozen)


@dataclass(slots=True)
class _Public:
    """People of a population or of one market, and their visits with an event.

    Parameters
    ----------
    people, luck
        How many the pixel can hear of and match, and how far their number lies from its mean, in standard deviations:
        one number for all days, since who is in an audience today is in it tomorrow too.
    visits
        Visits of independent people by cell.
    pairs
        Pairs of ``visits`` that one person has after a click, at once and with an order later, by the cell of the first
        and the second's as cells after it, shape (cells, cells).
    chains
        Visits of people who come back, by cell, and the chains that their sessions make.
    """

    people: int
    luck: float
    visits: Floats
    pairs: Floats
    chains: list[tuple[Floats, Chains]] = field(default_factory=list)

    def different(self, first: Longs, last: Longs) -> Floats:
        """Give the different people in stretches of cells from one to another (excluded), shape (stretches,)."""
        came = _within(self.visits, first, last)
        if self.pairs.any():
            came -= Pairs(self.pairs).within(first, last)
        for visits, chains in self.chains:
            told = np.stack([_within(visits, first, last), *chains.of(first, last)], axis=1)
            came += [chains_with_visits(*of_stretch) for of_stretch in told.tolist()]
        known = different_people(came, self.people) + self.luck * people_spread(came, self.people)
        return np.minimum(np.minimum(np.maximum(known, 0.0), came), self.people)


@dataclass(frozen=True, slots=True, eq=False)
class _Led:
    """What the clicks on ads that lead to one website brought about, whatever pixel hears of it.

    Parameters
    ----------
    by_market
        By place of the market that ad groups reach, -1 for everybody: the events of the sessions that they brought, by
        fate, shape (ad groups, cells, events, fates); these sessions, shape (ad groups, cells); and the share of the
        clicks that are of bots, of the same shape.
    returned
        By place of the market: expected orders of a later session whose person landed right after the click, by the
        click's cell and the order's as cells after it, shape (cells, lags).
    """

    by_market: dict[int, tuple[Longs, Longs, Floats]]
    returned: dict[int, Floats]

    @classmethod
    def of(cls, counts: Counts) -> dict[str, _Led]:
        """Add up by cell what rows have, of all ad groups at once, and give it by website."""
        landing = {delivery.ad_group: delivery.landing_share for delivery in counts.scenario.traffic.delivery}
        pools: dict[tuple[str, int], list[int]] = {}
        for website, leads in counts.leads.items():
            for number in leads:
                pools.setdefault((website, counts.reached[number]), []).append(number)
        numbers = list(itertools.chain.from_iterable(pools.values()))
        found = {website: cls({}, {}) for website in counts.leads}
        if not numbers:
            return found
        groups, size = [counts.paid[number] for number in numbers], len(counts.cells)
        rows = [len(paid.rows.cell) for paid in groups]
        cell = np.concatenate([paid.rows.cell for paid in groups])
        place = cell + np.repeat(np.arange(len(groups)) * size, rows)
        clicks, bots = (
            np.bincount(place, weights=np.concatenate(some), minlength=size * len(groups)).reshape(-1, size)
            for some in ([paid.clicks for paid in groups], [paid.followed.bots for paid in groups])
        )
        events, sessions = (
            np.stack(some)
            for some in ([paid.tally.events for paid in groups], [paid.tally.sessions for paid in groups])
        )
        of_bots = bots / np.maximum(clicks, 1)
        landed = np.repeat([landing[counts.numbering.ad_groups[number]] for number in numbers], rows)
        later = np.concatenate([paid.followed.returned[:, :size] for paid in groups]) * landed[:, np.newaxis]
        ends = [0, *itertools.accumulate(map(len, pools.values()))]
        pool = np.repeat(np.repeat(np.arange(len(pools)), np.diff(ends)), rows)
        returned = np.zeros((len(pools), size, size))
        of_pools = adding(cell + pool * size, size * len(pools)) @ later
        returned[:, :, : later.shape[1]] = of_pools.reshape(len(pools), size, -1)
        for number, ((website, market), (one, two)) in enumerate(zip(pools, itertools.pairwise(ends), strict=True)):
            found[website].by_market[market] = events[one:two], sessions[one:two], of_bots[one:two]
            found[website].returned[market] = returned[number]
        return found


class _Visits:
    """Visits with an event that a pixel keeps and matches, of people by population and market, and of strangers."""

    def __init__(self, counts: Counts, led: Mapping[str, _Led], pixel: str, event: str) -> None:
        self._of_day = counts.cells.of_day
        self._publics: dict[str, _Public] = {}
        self._strangers = np.zeros(len(counts.cells))
        self._known: dict[float, list[int]] = {}
        for site in counts.carrying.get(pixel, []):
            self._add(counts, site, led[site.events.traffic.website], pixel, event)

    def _add(self, counts: Counts, site: SiteCounts, led: _Led, pixel: str, event: str) -> None:
        place, population = EVENT_NAMES.index(event), site.events.population
        publics = [self._public(counts, population, site.events, pixel, event)]
        if site.markets:
            names = (f"{population} > {market.name}" for market in site.events.traffic.markets)
            publics = [
                self._public(counts, name, events, pixel, event)
                for name, events in zip(names, site.markets, strict=True)
            ]
        for source, back in itertools.zip_longest(site.sources, site.sources[1:]):
            for some in (source.junk, source.previews):
                if some.all.any():
                    self._strangers += source.kept(some, pixel, place)
            visits = source.kept_visits(counts.streams, pixel)[1][:, place].astype(np.float64)
            public = publics[max(source.market, 0)]
            if source.chains is not None:
                public.chains[-1] = (public.chains[-1][0] + visits, source.chains)
            elif back is not None and back.chains is not None:
                public.chains.append((visits, back.chains))
            else:
                public.visits += visits
        for market, (brought, sessions, bots) in led.by_market.items():
            kept = site.pages.expected(site.events.fates, brought[:, :, place], pixel, place)
            # Of one session, one event counts.
            kept = np.minimum(kept, sessions)
            self._strangers += (kept * bots).sum(axis=0)
            by_people = (kept * (1 - bots)).sum(axis=0) * site.events_in(market).visitors.matched_share
            for share, public in _reached(site, publics, market):
                public.visits += share * by_people
        for market, returned in led.returned.items():
            pairs = returned * _heard_twice(site, site.events_in(market), pixel, event)
            for share, public in _reached(site, publics, market):
                public.pairs += share * pairs

    def _public(self, counts: Counts, name: str, events: SessionEvents, pixel: str, event: str) -> _Public:
        """Give the people of a name; those whom another site of theirs told of are the same."""
        if name not in self._publics:
            rng = stream(counts.streams, f"people with {event}", f"{name} > {pixel}")
            size = len(counts.cells)
            luck = float(rng.standard_normal())
            self._publics[name] = _Public(events.visitors.heard, luck, np.zeros(size), np.zeros((size, size)))
        return self._publics[name]

    def people(self, look_back_days: float) -> list[int]:
        """Give the different people of the last so many days at the end of each day, as far as these are whole."""
        if look_back_days not in self._known:
            ends = np.arange(1, len(self._strangers) // self._of_day + 1)
            first = np.maximum(ends - days(look_back_days) // DAY, 0) * self._of_day
            found = _within(self._strangers, first, ends * self._of_day)
            for public in self._publics.values():
                found += public.different(first, ends * self._of_day)
            self._known[look_back_days] = np.rint(found).astype(np.int64).tolist()
        return self._known[look_back_days]


def _within(of_cell: Floats, first: Longs, last: Longs) -> Floats:
    """Add up what cells have from one to another (excluded)."""
    run = np.append(0.0, np.cumsum(of_cell))
    return np.asarray(run[last] - run[first])


def _reached(site: SiteCounts, publics: Sequence[_Public], market: int) -> Iterable[tuple[float, _Public]]:
    """Give whom ads reach, and the share of what they bring that falls to each."""
    return [(1.0, publics[market])] if market >= 0 else zip(site.shares.tolist(), publics, strict=True)


def _heard_twice(site: SiteCounts, events: SessionEvents, pixel: str, event: str) -> Floats:
    """Give the chance that a pixel hears of an event from both sessions of a person who landed and ordered later.

    Returns
    -------
    ndarray of float64, shape (cells, cells) or (cells, 1)
        By the first session's cell, and the second's as cells after it, or whatever the second's.
    """
    place, fates = EVENT_NAMES.index(event), site.events.fates
    funnel = events.traffic.funnel
    without_order = (min(events.views, 1.0), funnel.view, funnel.cart, funnel.checkout, 0.0)[place]
    with_order = min(events.views, 1.0) if place == 0 else 1.0
    table, share = site.pages.kept(fates, pixel)
    # Where pages stay as they are, all cells have the same.
    any_copy = np.minimum(table[place], 1) * (np.ones((1, 1)) if share is None else share[:, place])
    # What becomes of an event depends on the kind of person, and that is the same twice.
    heard = fates.chances[:-1, place] @ any_copy.T * events.matched[:-1, place, np.newaxis]
    both = (heard.T * events.visitors.shares) @ heard * without_order * with_order
    both = both * site.pages.stays[:, np.newaxis]
    if share is None:
        return np.asarray(both)
    size = len(both)
    at = np.minimum(np.arange(size)[:, np.newaxis] + np.arange(size), size - 1)
    return np.asarray(both[np.arange(size)[:, np.newaxis], at])
