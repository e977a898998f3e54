"""Learning inside a run: what an ad group's conversions of one day do to its delivery from the next day on.

While an ad group learns, its impressions cost more and its clicks lead to orders less often. Both are thinnings of what
was drawn at the best rates: an impression that is too dear is not bought, and a would-be order does not happen. So all
that learning does not touch stays the same to the last event.

An edit that restarts learning acts at the end of its day of the scenario: until then the ad group delivers as it did,
and the next day is the first of its new life.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.streams import Streams
from pixelsim.scenario.traffic import Learning
from pixelsim.traffic.counter import keys_of, uniform
from pixelsim.traffic.delivery import BEST, Pace
from pixelsim.traffic.learning import LearningRules, LearningState, Phase, begin_learning, learn_day
from pixelsim.traffic.log import ClaimRows
from pixelsim.traffic.numbering import Numbering

__all__ = ["LearningBook", "whole_days"]

UNSETTLED = np.array([1.0, 0.5, 0.0, 0.5])
"""How much of learning's cost is left in each `Phase`: all, half once calm or limited, none once stable.

An assumption; no public figure exists.
"""


class LearningBook:
    """Learning states of all ad groups, advanced at the end of each day of the scenario.

    Parameters
    ----------
    streams
        Random streams of the replication.
    learning
        Thresholds and costs.
    numbering
        Numbers of ad groups.
    goals
        Number of the event that each ad group is optimised for, -1 for none.
    learned
        Which ad groups have learned before the scenario starts.
    """

    def __init__(
        self,
        streams: Streams,
        learning: Learning,
        numbering: Numbering,
        *,
        goals: NDArray[np.int8],
        learned: NDArray[np.bool_],
    ) -> None:
        self._learning, self._numbering, self._goals = learning, numbering, goals
        self._rules = LearningRules(
            calm_conversions=learning.calm_conversions,
            calm_days=learning.calm_days,
            stable_conversions=learning.stable_conversions,
            stable_days=learning.stable_days,
            inherited_share=learning.shared_history,
        )
        count = len(numbering.ad_groups)
        self._state = begin_learning(np.zeros(count), self._rules)
        self._state = dataclasses.replace(
            self._state,
            phase=np.where(learned, np.int8(Phase.STABLE), self._state.phase),
            stable_day=np.where(learned, 0, self._state.stable_day),
        )
        self._begun = learned.copy()
        self._keys = keys_of(streams, "price while learning", numbering.ad_groups)
        self._by_pixel: list[NDArray[np.float64]] = []
        self.phases: list[NDArray[np.int8]] = []

    def pace(self, ad_group: int, day: int) -> Pace:
        """Give what learning does to an ad group on a day, in the state that the day before left."""
        left = float(UNSETTLED[self._state.phase[ad_group]])
        if left == 0:
            return BEST
        learning = self._learning
        drawn = uniform(np.array([day]), self._keys[ad_group])[0]
        # The absolute value of a normal number: learning makes a day dearer by chance, never cheaper than the best.
        noise = np.sqrt(2.0) * learning.noise * left * _half_normal(float(drawn))
        return Pace(
            cpm=(1 + left * (learning.cpm_factor - 1)) * float(np.exp(noise)),
            orders=1 - left * (1 - learning.orders_share),
        )

    def end_of_day(
        self, claims: list[ClaimRows], shown: NDArray[np.bool_], edited: NDArray[np.bool_] | None = None
    ) -> None:
        """Take all ad groups through the day just ended.

        Parameters
        ----------
        claims
            Claims of the day's steps.
        shown
            Which ad groups delivered anything that day, bool of shape (ad groups,).
        edited
            Which ad groups were edited that day so that learning starts anew, bool of shape (ad groups,); None: none.
            They inherit what a new ad group on their pixel would.
        """
        count = len(self._numbering.ad_groups)
        today = np.zeros(count)
        for rows in claims:
            mine = rows.counted & (rows.event == self._goals[rows.ad_group])
            today += np.bincount(rows.ad_group[mine], minlength=count)
        fresh = shown & ~self._begun
        if fresh.any():
            self._state = _chosen(fresh, begin_learning(self._history(), self._rules), self._state)
            self._begun |= fresh
        self._state = _chosen(self._begun & shown, learn_day(self._state, today, self._rules), self._state)
        self._remember(today)
        if edited is not None and (anew := edited & self._begun).any():
            self._state = _chosen(anew, begin_learning(self._history(), self._rules), self._state)
        self.phases.append(self._state.phase.copy())

    def _remember(self, today: NDArray[np.float64]) -> None:
        pixels = self._numbering.group_pixel
        known = pixels >= 0
        of_pixel = np.zeros(len(self._numbering.pixels), dtype=np.float64)
        np.add.at(of_pixel, pixels[known], today[known])
        self._by_pixel = [*self._by_pixel, of_pixel][-self._rules.stable_days :]

    def _history(self) -> NDArray[np.float64]:
        """Give the conversions of the last days on each ad group's pixel, whichever account had them."""
        pixels = self._numbering.group_pixel
        if not self._by_pixel:
            return np.zeros(len(pixels))
        total = np.sum(self._by_pixel, axis=0)
        return np.where(pixels >= 0, total[pixels], 0.0)


def _half_normal(drawn: float) -> float:
    """Turn a uniform number into the absolute value of a normal one over the square root of 2."""
    from scipy import special  # noqa: PLC0415 - slow to import, and needed only where something learns

    return float(special.erfinv(drawn))


def _chosen(which: NDArray[np.bool_], one: LearningState, other: LearningState) -> LearningState:
    """Take the ad groups of ``which`` from one state and all others from the other."""
    columns = {}
    for field in dataclasses.fields(LearningState):
        new, old = getattr(one, field.name), getattr(other, field.name)
        columns[field.name] = np.where(which.reshape(-1, *[1] * (new.ndim - 1)), new, old)
    return LearningState(**columns)


def whole_days(border: int) -> bool:
    """Whether a step border ends a day of the scenario, when learning and audiences advance."""
    return border % DAY == 0
