"""Audiences in counts: how many different people a number of events comes from, if people are independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, days
from pixelsim.counts.draws import stream
from pixelsim.counts.paid import add_by_cell
from pixelsim.counts.result import Counts
from pixelsim.counts.sessions import Fates
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.audiences import AudienceDay
from pixelsim.world.entities import Audience
from pixelsim.world.queries import is_linked
from pixelsim.world.relations import AudienceAfter
from pixelsim.world.world import World

__all__ = ["audience_days", "different_people", "people_spread"]

Floats = NDArray[np.float64]


def different_people(visits: Floats, people: int) -> Floats:
    """Give the expected number of different people behind visits that fall on a population at random.

    Each of ``people`` is missed by a visit with the chance 1 - 1 / people, and by all of them with that to the power
    of their number.
    """
    missed = np.exp(np.asarray(visits) * np.log1p(-1 / max(people, 2)))
    return np.asarray(max(people, 1) * (1 - missed))


def people_spread(visits: Floats, people: int) -> Floats:
    """Give the standard deviation of the number of different people behind so many visits.

    It is that of occupied boxes for many boxes (Weiss 1958): people * (exp(-x) - (1 + x) exp(-2x)) is the variance,
    with x visits a person.
    """
    each = np.asarray(visits) / max(people, 2)
    return np.sqrt(np.maximum(max(people, 1) * (np.exp(-each) - (1 + each) * np.exp(-2 * each)), 0.0))


def audience_days(counts: Counts) -> list[AudienceDay]:
    """Give every audience at the end of each day, refreshed as in a run with events."""
    wanted = {(a.pixel, a.event) for a in counts.history.now.audiences.values() if a.event in EVENT_NAMES}
    visits = {pair: _Visits(counts, *pair) for pair in sorted(wanted)}
    left: dict[str, int] = {}
    found: list[AudienceDay] = []
    for day in range(counts.scenario.days):
        at = (day + 1) * DAY
        world = counts.history.at(at - 1)
        for key, audience in sorted(world.audiences.items()):
            if not audience.deleted and audience.event in EVENT_NAMES:
                of_pixel = visits[audience.pixel, audience.event]
                found.append(_refresh(counts, key, audience, world=world, at=at, visits=of_pixel, left=left))
    return found


def _refresh(
    counts: Counts, key: str, audience: Audience, *, world: World, at: int, visits: _Visits, left: dict[str, int]
) -> AudienceDay:
    """Refresh one audience at the end of a day; ``left`` keeps the sizes of those that are not refreshed any more."""
    settings = counts.scenario.settings
    ready = at - audience.built_at >= settings.audience_ready_hours * HOUR
    frozen = not is_linked(world, audience.pixel, audience.account)
    if not frozen:
        left[key] = visits.people(at - days(audience.look_back_days), at)
    else:
        tombstone = world.unbound.get((audience.pixel, audience.account))
        after = tombstone.audiences if tombstone is not None else AudienceAfter.LOST
        until = tombstone.audience_until if tombstone is not None else None
        if after in {AudienceAfter.LOST, AudienceAfter.PAUSE_USERS} or (until is not None and at >= until):
            left.pop(key, None)
            return AudienceDay(key, at, None, usable=False, frozen=False)
    people = left.get(key, 0)
    return AudienceDay(key, at, people, ready and people >= settings.audience_minimum, frozen=frozen)


class _Visits:
    """Visits with an event that a pixel keeps and matches, by day, of people by population and of strangers."""

    def __init__(self, counts: Counts, pixel: str, event: str) -> None:
        place, size = EVENT_NAMES.index(event), counts.scenario.days
        self._of_people: dict[str, tuple[int, Floats]] = {}
        self._strangers = np.zeros(size)
        # One number for all days: who is in an audience today is in it tomorrow too.
        self._luck = {
            site.events.population: float(
                stream(counts.streams, f"people with {event}", f"{site.events.population} > {pixel}").standard_normal()
            )
            for site in counts.sites
        }
        for site in counts.sites:
            visitors, population = site.events.visitors, site.events.population
            strangers = (
                site.kept(site.organic.junk, pixel)[:, place] + site.kept(site.organic.previews, pixel)[:, place]
            )
            visits = site.kept_visits(counts.streams, pixel)[1][:, place].astype(np.float64)
            for paid in counts.paid_of(site):
                kept = site.kept(Fates(paid.tally.events, paid.tally.events, paid.tally.again), pixel)[:, place]
                numbers = paid.clicks, paid.followed.bots
                clicks, bots = (add_by_cell(counts.cells, paid.rows.cell, n[:, np.newaxis]) for n in numbers)
                by_bots = kept * bots / np.maximum(clicks, 1)
                visits = visits + (kept - by_bots) * visitors.matched_share
                strangers = strangers + by_bots
            people, known = self._of_people.get(population, (visitors.heard, np.zeros(size)))
            self._of_people[population] = (people, known + visits.reshape(size, -1).sum(axis=1))
            self._strangers += strangers.reshape(size, -1).sum(axis=1)

    def people(self, since: int, at: int) -> int:
        """Give the different people of whole days between two instants."""
        first, last = max(-(-since // DAY), 0), at // DAY
        found = float(self._strangers[first:last].sum())
        for population, (people, visits) in self._of_people.items():
            came = visits[first:last].sum()
            known = float(different_people(came, people) + self._luck[population] * people_spread(came, people))
            found += min(max(known, 0.0), came, people)
        return round(found)
