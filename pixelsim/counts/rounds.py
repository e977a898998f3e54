"""Rounds of runs: what ads bring about and earn, with learning going round until it changes nothing any more.

Learning is a feedback from one day's conversions to the next days. Several runs go through a round together, each with
its own random streams, so that what is small in one of them is done at once for all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from pixelsim.counts.cells import by_event
from pixelsim.counts.claims import Claimed, settle
from pixelsim.counts.contests import Credit, Entrant, PoolContests
from pixelsim.counts.draws import grouped
from pixelsim.counts.markets import deal, together
from pixelsim.counts.paid import Paces, PaidCounts, by_people, count_ad_groups, days_shown
from pixelsim.counts.repeated import Repeated
from pixelsim.counts.result import Counts
from pixelsim.counts.run import Run

__all__ = ["Rounds", "go_round"]


class Rounds:
    """The rounds of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        # The first supposition is that nobody converts, which is right for whoever has no access.
        self.phases = run.stage.unconverted
        self.paid: dict[int, PaidCounts] = {}
        self.credit: dict[int, Credit] = {}
        self.contests: dict[tuple[str, str], Claimed] = {}
        self.repeated: dict[tuple[str, str], Repeated] = {}
        self.paces: dict[int, Paces] = {}
        self._won: dict[tuple[str, str], dict[int, Credit]] = {}
        self._settled, self.over = 0, False

    def changed(self) -> list[int]:
        """Take up what learning does now, and give the ad groups that it does something else to."""
        run, supposed = self.run, self.run.stage.learning.paces(self.run.streams, self.phases)
        changed = [n for n in sorted(run.ad_groups) if n not in self.paces or not self.paces[n].same(supposed[n])]
        self.paces |= {number: supposed[number] for number in changed}
        return changed

    def contend(self, brought: dict[int, PaidCounts]) -> list[PoolContests]:
        """Take up what ad groups brought about now, and give the contests that it changes."""
        run, changed = self.run, brought.keys()
        self.paid |= brought
        dealt = {number: self._dealt(number) for number in run.reach}
        for pool, repeating in run.repeating.items():
            if not repeating.leaders or changed & repeating.leaders.keys():
                own = {n: dealt[n][pool] for n, one in repeating.leaders.items() if one.own}
                self.repeated[pool] = repeating.settle({**self.paid, **own})
        pools = [pool for pool, entrants in run.contests.groups.items() if self._moves(pool, entrants, changed)]
        leading = sorted({number for pool in pools for number in run.bringing[pool]})
        heard_of = dict(zip(leading, by_people(run.cells, [self.paid[number] for number in leading]), strict=True))
        asked = []
        for pool in pools:
            mine = {one.number: dealt[one.number][pool] for one in run.contests.groups[pool]}
            led = [share * heard_of[number] for number, share in run.bringing[pool].items()]
            heard = np.sum(led, axis=0) if led else None
            asked.append(run.contests.of_pool(pool, mine, self.repeated.get(pool), heard))
        return asked

    def _moves(self, pool: tuple[str, str], entrants: Sequence[Entrant], changed: AbstractSet[int]) -> bool:
        """Tell whether ad groups that bring about something else now change a contest."""
        repeating = self.run.repeating.get(pool)
        meets = repeating.leaders.keys() if repeating is not None else set()
        return bool(changed & ({one.number for one in entrants} | meets | self.run.bringing[pool].keys()))

    def earn(self, asked: Sequence[PoolContests], claimed: Iterator[Claimed]) -> None:
        """Take up what came out of contests, one after another."""
        for of_pool in asked:
            found = list(itertools.islice(claimed, len(of_pool.contests)))
            self._won[of_pool.pool], self.contests[of_pool.pool] = of_pool.credit(found), found[0]
        self.credit = together(self._won.values())

    def learn(self, phases: NDArray[np.int8]) -> None:
        """Take up the phases of ad groups that follow from what they earned, shape (days, ad groups)."""
        otherwise = np.flatnonzero((phases != self.phases).any(axis=1))
        otherwise = otherwise[otherwise >= self._settled]
        self.over = not len(otherwise)
        if not self.over:
            # Phases follow from days before, so the first day that comes out otherwise than supposed is right now, and
            # stays: later draws of a dense contest can move the credit of earlier days, and must not go round for ever.
            self._settled = int(otherwise[0]) + 1
            self.phases = np.concatenate([self.phases[: self._settled - 1], phases[self._settled - 1 :]])

    def _dealt(self, number: int) -> dict[tuple[str, str], PaidCounts]:
        """Deal out what an ad group brought about to the contests that it takes part in."""
        run, reach = self.run, self.run.reach[number]
        shares = deal(run.streams, run.numbering.ad_groups[number], self.paid[number], [*reach.values()])
        return dict(zip(reach, shares, strict=True))

    def days_of_learning(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Give conversions of each ad group's goal by day, and whether it delivered, shape (days, ad groups)."""
        run, size = self.run, self.phases.shape
        conversions = np.zeros(size)
        earning = [number for number in self.paid if run.goals[number] >= 0 and number in self.credit]
        claims = [self.credit[number].claims[run.goals[number]] for number in earning]
        for places in grouped([one.shape for one in claims]):
            of_cell = by_event(np.stack([claims[place] for place in places]), 1)
            of_day = of_cell.reshape(len(places), size[0], -1).sum(axis=2)
            conversions[:, [earning[place] for place in places]] = of_day.T
        return conversions, days_shown(self.paid, size)

    def result(self) -> Counts:
        """Give all that the run brought forth, once its rounds are over."""
        run = self.run
        return Counts(
            scenario=run.scenario,
            seed=run.streams.root,
            replication=run.streams.replication,
            history=run.timeline.history,
            timeline=run.timeline,
            numbering=run.numbering,
            cells=run.cells,
            sites=tuple(run.sites.values()),
            paid=self.paid,
            credit=self.credit,
            contests=self.contests,
            repeated=self.repeated,
            phases=self.phases,
            goals=run.goals,
        )


def go_round(runs: Sequence[Rounds]) -> None:
    """Let runs go round, all that go on through each round together."""
    going = list(runs)
    while going:
        changed = [(one, one.changed()) for one in going]
        jobs = [
            (one.run.ad_groups[n], one.run.stage.stretches[n], one.paces[n])
            for one, numbers in changed
            for n in numbers
        ]
        brought = iter(count_ad_groups(jobs))
        asked = [
            (one, one.contend(dict(zip(numbers, itertools.islice(brought, len(numbers)), strict=True))))
            for one, numbers in changed
        ]
        claimed = iter(settle([one for _, pools in asked for of_pool in pools for one in of_pool.contests]))
        for one, pools in asked:
            one.earn(pools, claimed)
        _learn(going)
        going = [one for one in going if not one.over]


def _learn(runs: Sequence[Rounds]) -> None:
    """Let ad groups learn from what they earned, in all runs of a scenario at once."""
    for places in grouped([one.run.stage for one in runs]):
        some = [runs[place] for place in places]
        stage, days = some[0].run.stage, [one.days_of_learning() for one in some]
        conversions, shown = (np.stack(of_runs) for of_runs in zip(*days, strict=True))
        for one, phases in zip(some, stage.learning.phases(conversions, shown, stage.edited), strict=True):
            one.learn(phases)
