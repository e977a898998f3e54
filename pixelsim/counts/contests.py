"""Which ad groups compete for which events: all on one pixel and one population, or each account for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.counts.cells import Cells, ShapedDay, Spread
from pixelsim.counts.claims import Claimed, Contest
from pixelsim.counts.contender import Contender
from pixelsim.counts.field import Bins, Field
from pixelsim.counts.kernels import DelayTable
from pixelsim.counts.paid import PaidCounts, by_people
from pixelsim.counts.repeat_credit import no_repeat
from pixelsim.counts.repeated import Repeated, Repeating
from pixelsim.scenario.measurement import InFlight, MeasurementSettings, Scope
from pixelsim.traffic.touches import TouchKind

__all__ = ["Contests", "Credit", "Entrant", "PoolContests", "Public"]

Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """What never changes about an ad group in a contest.

    Parameters
    ----------
    number, name
        Number and id of the ad group.
    account, pixel
        Ids of its account and pixel.
    population
        Name of the people that it touches.
    day
        Hours and clock of its touches.
    tables
        Where its orders fall, by kind of touch.
    once
        Which events count once for each touch.
    access
        Stretches in which its account has access to the pixel, as (from, to) in ms.
    """

    number: int
    name: str
    account: str
    pixel: str
    population: str
    day: ShapedDay
    tables: Sequence[DelayTable]
    once: NDArray[np.bool_]
    access: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Public:
    """A population's people, as far as one pixel hears of them.

    Parameters
    ----------
    people, heard
        How many there are, and how many the pixel can hear of and match.
    visits, once
        Kept and matched events of those whom no ad brought, shape (cells, events), and sessions with any.
    day
        How these events spread over time.
    """

    people: int
    heard: int
    visits: Longs
    once: Longs
    day: Spread


@dataclass(frozen=True, slots=True, eq=False)
class PoolContests:
    """The contests of one population and pixel.

    Parameters
    ----------
    pool
        Population and pixel.
    numbers
        Numbers of the ad groups in each contest.
    contests
        First the one of the pixel, and then, where accounts claim for themselves, one of each account.
    """

    pool: tuple[str, str]
    numbers: list[list[int]]
    contests: list[Contest]

    def credit(self, claimed: Sequence[Claimed]) -> dict[int, Credit]:
        """Give what each ad group earned, from what came out of the contests."""
        over_all = claimed[0]
        # The account's own contest comes last, so that it decides what the account counts.
        claims = {
            number: of_groups
            for numbers, one in zip(self.numbers, claimed, strict=True)
            for number, of_groups in zip(numbers, one.counted, strict=True)
        }
        return {
            number: Credit(claims[number], over_all.counted[place], over_all.lost[place])
            for place, number in enumerate(self.numbers[0])
        }


@dataclass(frozen=True, slots=True, eq=False)
class Credit:
    """What one ad group earned.

    Parameters
    ----------
    claims
        Conversions that its account counts, int64 of shape (events, cells, lags), by the touch's cell.
    credited
        Events that the pixel credits to it over all accounts, of the same shape; one and the same array under scope
        ``pixel``.
    lost
        Purchases that it would have earned had access not ended, by the event's cell.
    """

    claims: Longs
    credited: Longs
    lost: Longs


class Contests:
    """All contests of a run.

    Parameters
    ----------
    streams
        Random streams of the replication.
    settings
        How the platform credits.
    cells
        The cells of the run.
    entrants
        The ad groups that have a pixel.
    publics
        People by population and pixel.
    repeating
        Populations and pixels where events of different sessions can be repeats of one another.
    """

    def __init__(
        self,
        streams: Streams,
        settings: MeasurementSettings,
        cells: Cells,
        *,
        entrants: Iterable[Entrant],
        publics: Mapping[tuple[str, str], Public],
        repeating: Mapping[tuple[str, str], Repeating],
    ) -> None:
        self.streams, self.settings, self.cells, self.publics = streams, settings, cells, publics
        self._repeating = repeating
        self.groups: dict[tuple[str, str], list[Entrant]] = {}
        for entrant in entrants:
            self.groups.setdefault((entrant.population, entrant.pixel), []).append(entrant)

    def of_pool(
        self,
        pool: tuple[str, str],
        counts: Mapping[int, PaidCounts],
        repeated: Repeated | None,
        brought: NDArray[np.float64] | None = None,
    ) -> PoolContests:
        """Give the contests of one population and pixel.

        Parameters
        ----------
        pool
            Population and pixel.
        counts
            What each ad group brought about, by number.
        repeated
            What is left of it without repeats; None where no event can repeat another.
        brought
            Kept and matched copies, on this pixel too, of the sessions of people whom ads with another pixel brought,
            expected, shape (cells, events); None: nobody.
        """
        entrants = self.groups[pool]
        visits = np.stack([self.publics[pool].visits, self.publics[pool].once])
        if repeated is not None:
            counts, visits = {**counts, **repeated.paid}, visits - repeated.gone
        if brought is not None:
            visits = visits + np.rint(brought).astype(np.int64)
        over_all = self._contest(pool, entrants, counts, name=" > ".join(pool), visits=visits, repeated=repeated)
        found = PoolContests(pool, [[one.number for one in entrants]], [over_all])
        if self.settings.scope is Scope.ACCOUNT:
            for account in sorted({one.account for one in entrants}):
                mine = [one for one in entrants if one.account == account]
                # Each account claims from all events, those that follow from the others' touches among them.
                others = by_people(self.cells, [counts[one.number] for one in entrants if one.account != account])
                heard = visits + np.rint(others.sum(axis=0)).astype(np.int64)
                name = " > ".join((*pool, account))
                found.contests.append(self._contest(pool, mine, counts, name=name, visits=heard, repeated=repeated))
                found.numbers.append([one.number for one in mine])
        return found

    def _contest(
        self,
        pool: tuple[str, str],
        entrants: Sequence[Entrant],
        counts: Mapping[int, PaidCounts],
        *,
        name: str,
        visits: Longs,
        repeated: Repeated | None,
    ) -> Contest:
        public, field = self.publics[pool], self._field(self.publics[pool], entrants, counts)
        parties, factors = [0] * len(entrants), None
        if self.settings.scope is Scope.ACCOUNT:
            accounts = sorted({one.account for one in entrants})
            parties = [accounts.index(one.account) for one in entrants]
        numbers = [one.number for one in entrants]
        if repeated is not None and self._repeating[pool].moves_credit(numbers):
            once = np.stack([one.once for one in entrants])
            apart = len(set(parties)) > 1
            factors = no_repeat(self._repeating[pool], repeated, field, once=once, numbers=numbers, apart=apart)
        return Contest(
            self.streams,
            name,
            cells=self.cells,
            field=field,
            contenders=[Contender(one.name, counts[one.number], one.tables, one.once, one.access) for one in entrants],
            visits=visits,
            heard=public.heard,
            parties=parties,
            no_repeat=factors,
        )

    def _field(self, public: Public, entrants: Sequence[Entrant], counts: Mapping[int, PaidCounts]) -> Field:
        """Spread the touches of ad groups over bins."""
        held = [one.access for one in entrants]
        instants = np.array(sorted({at for some in held for span in some for at in span}), dtype=np.int64)
        bins = Bins.of(self.cells, instants)
        touches = [counts[one.number].followed.touches.any(axis=0) for one in entrants]
        # Kinds of touch after the last one that occurs are left out.
        kinds = 1 + int(np.max(np.any(touches, axis=0) * np.arange(len(TouchKind))))
        size = (1, kinds, len(entrants), len(bins))
        with_access, without = np.zeros(size), np.zeros(size)
        access = np.zeros(size[2:], dtype=np.bool_)
        for place, (one, stretches) in enumerate(zip(entrants, held, strict=True)):
            found = counts[one.number]
            rows = found.rows
            of_row = found.followed.touches[:, :kinds].T
            if rows.each_once and rows.all_authorised:
                with_access[0, :, place] = bins.spread_whole(one.day, rows.cell, of_row)
            else:
                for target, chosen in ((with_access, rows.authorised), (without, ~rows.authorised)):
                    if chosen.any():
                        where = (rows.cell[chosen], rows.start[chosen], rows.end[chosen])
                        target[0, :, place] = bins.spread(one.day, *where, of_row[:, chosen])
            for begin, upto in stretches:
                access[place] |= (bins.borders[:-1] >= begin) & (bins.borders[1:] <= upto)
        return Field(
            bins=bins,
            windows=np.array([[table.window for table in one.tables[:kinds]] for one in entrants], dtype=np.int64).T,
            people=np.array([public.people], dtype=np.int64),
            with_access=with_access,
            without=without,
            access=access,
            cut=self.settings.in_flight is InFlight.CUT,
            events=bins.even(public.day)[np.newaxis],
        )
