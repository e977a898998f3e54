"""Learning in counts: from conversions by day to phases, and from phases to the pace of the days after them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.streams import Streams
from pixelsim.counts.paid import Paces
from pixelsim.scenario.traffic import Learning
from pixelsim.traffic.counter import keys_of, uniform
from pixelsim.traffic.feedback import UNSETTLED
from pixelsim.traffic.learning import LearningRules, LearningState, Phase, begin_learning, learn_day
from pixelsim.traffic.numbering import Numbering

__all__ = ["LearningCounts"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LearningCounts:
    """Learning of all ad groups of a run, at the ends of the scenario's days.

    Parameters
    ----------
    learning
        Thresholds and costs.
    numbering
        Numbers of ad groups.
    learned
        Which ad groups have learned before the scenario starts, shape (ad groups,).
    """

    learning: Learning
    numbering: Numbering
    learned: Mask

    @property
    def _rules(self) -> LearningRules:
        given = self.learning
        return LearningRules(
            calm_conversions=given.calm_conversions,
            calm_days=given.calm_days,
            stable_conversions=given.stable_conversions,
            stable_days=given.stable_days,
            inherited_share=given.shared_history,
        )

    def phases(self, conversions: Floats, shown: Mask, edited: Mask) -> NDArray[np.int8]:
        """Give the phase of each ad group at the end of each day of some runs, int8 of shape (runs, days, ad groups).

        Parameters
        ----------
        conversions
            Conversions of the event that each ad group is optimised for, by day, shape (runs, days, ad groups).
        shown
            Whether it delivered anything on the day, of the same shape.
        edited
            Whether it was edited on the day so that learning starts anew with the next, shape (days, ad groups).
        """
        runs, days, groups = conversions.shape
        conversions = conversions.swapaxes(0, 1).reshape(days, -1)
        shown = shown.swapaxes(0, 1).reshape(days, -1)
        edited, learned = np.tile(edited, (1, runs)), np.tile(self.learned, runs)
        rules = self._rules
        state = self._first(rules, learned)
        begun = learned.copy()
        phases = np.empty(conversions.shape, dtype=np.int8)
        for day, today in enumerate(conversions):
            fresh = shown[day] & ~begun
            if fresh.any():
                state = _chosen(fresh, begin_learning(self._history(conversions[:day]), rules), state)
                begun |= fresh
            learns = begun & shown[day]
            # A stable ad group stays so until it is edited, whatever it converts.
            if (learns & (state.phase != Phase.STABLE)).any() or edited.any():
                state = _chosen(learns, learn_day(state, today, rules), state)
            anew = edited[day] & begun
            if anew.any():
                state = _chosen(anew, begin_learning(self._history(conversions[: day + 1]), rules), state)
            phases[day] = state.phase
        return phases.reshape(days, runs, groups).swapaxes(0, 1)

    def _history(self, conversions: Floats) -> Floats:
        """Give the conversions of the last days on each ad group's pixel, whichever account had them."""
        week = conversions[-self._rules.stable_days :].sum(axis=0)
        runs, pixels = len(week) // len(self.learned), len(self.numbering.pixels)
        pixel, known = np.tile(self.numbering.group_pixel, runs), np.tile(self.numbering.group_pixel >= 0, runs)
        pixel = pixel + pixels * np.repeat(np.arange(runs), len(self.learned))
        of_pixel = np.bincount(pixel[known], weights=week[known], minlength=pixels * runs + 1)
        return np.where(known, of_pixel[pixel], 0.0)

    def paces(self, streams: Streams, phases: NDArray[np.int8]) -> list[Paces]:
        """Give for each ad group what learning does to each day, by the phase in which the day before ended.

        Learning makes a day dearer by chance and never cheaper than the best: the noise is the absolute value of a
        normal number, and the one of the run with events.
        """
        before = np.concatenate([self._first(self._rules, self.learned).phase[np.newaxis], phases[:-1]])
        left = UNSETTLED[before]
        noise = np.zeros_like(left)
        day = np.arange(len(left))
        keys = keys_of(streams, "price while learning", self.numbering.ad_groups)
        for group in np.flatnonzero(left.any(axis=0)).tolist():
            drawn = special.erfinv(uniform(day, keys[group]))
            noise[:, group] = np.sqrt(2.0) * self.learning.noise * left[:, group] * drawn
        cpm = (1 + left * (self.learning.cpm_factor - 1)) * np.exp(noise)
        orders = 1 - left * (1 - self.learning.orders_share)
        idle = (~left.any(axis=0)).tolist()
        return [Paces(cpm[:, group], orders[:, group], idle[group]) for group in range(left.shape[1])]

    @staticmethod
    def _first(rules: LearningRules, learned: Mask) -> LearningState:
        state = begin_learning(np.zeros(len(learned)), rules)
        return dataclasses.replace(
            state,
            phase=np.where(learned, np.int8(Phase.STABLE), state.phase),
            stable_day=np.where(learned, 0, state.stable_day),
        )


def _chosen(which: Mask, one: LearningState, other: LearningState) -> LearningState:
    """Take the ad groups of ``which`` from one state and all others from the other."""
    pairs = ((getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(LearningState))
    return LearningState(*(np.where(which.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in pairs))
