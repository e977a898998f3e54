"""The learning phase: how far an ad group's delivery has settled, from its conversions by day.

A new ad group learns. It turns *calm* once it has enough conversions or enough days behind it, and *stable* once
enough conversions fall into one week. An ad group that is past its first week without that is *limited* until a
later week has them. An edit that restarts learning sets all of this back.

Days are those of the ad group's own life, numbered from 1; a state is that at the end of the day.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import Fault, InputError

__all__ = [
    "DuplicateExit",
    "LearningPath",
    "LearningRules",
    "LearningState",
    "Phase",
    "begin_learning",
    "deepest_goal",
    "exits_on_duplicates",
    "learn",
    "learn_day",
]

Longs = NDArray[np.int64]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Phase(enum.IntEnum):
    """How settled an ad group's delivery is."""

    LEARNING = 0
    CALM = 1
    STABLE = 2
    LIMITED = 3
    """The first week is over and no week has had enough conversions."""


@dataclass(frozen=True, slots=True)
class LearningRules:
    """The thresholds of learning.

    Parameters
    ----------
    calm_conversions, calm_days
        Conversions, or days, after which delivery is calmer. Defaults 25 and 7 (practitioner article quoting the
        platform's guidance, adrate.io 2026).
    stable_conversions, stable_days
        Conversions within so many days that make it stable. Defaults 50 and 7 (TikTok help page "Learning phase"
        for the 50; the week is practitioners' shorthand).
    inherited_share
        Share in [0, 1] of the pixel's earlier conversions that counts for a new ad group on it. Default 0: that
        shared history helps is claimed, no public figure exists, so that any other value is an assumption.

    Raises
    ------
    InputError
        A threshold is below 1, or the share lies outside [0, 1]; all such faults are listed.
    """

    calm_conversions: int = 25
    calm_days: int = 7
    stable_conversions: int = 50
    stable_days: int = 7
    inherited_share: float = 0.0

    def __post_init__(self) -> None:
        thresholds = ("calm_conversions", "calm_days", "stable_conversions", "stable_days")
        faults = [
            Fault(f"$.{name}", name, str(getattr(self, name)), "a whole number of at least 1", "give a threshold")
            for name in thresholds
            if getattr(self, name) < 1
        ]
        if not 0 <= self.inherited_share <= 1:
            share = str(self.inherited_share)
            faults.append(Fault("$.inherited_share", "inherited_share", share, "a share in [0, 1]", "use 0 for none"))
        if faults:
            raise InputError("learning rules", faults)


@dataclass(frozen=True, slots=True, eq=False)
class LearningState:
    """Where each ad group stands at the end of a day, shape (n,) unless said otherwise.

    Parameters
    ----------
    phase
        Codes of `Phase`, int8.
    age
        Days since learning began or was last restarted, int64.
    total
        Conversions since then, inherited ones included, float64.
    week
        Conversions of the last ``stable_days`` days, the latest last, float64, shape (n, stable_days). Inherited
        ones stand with the first day, so that they leave the week with it.
    inherited
        Conversions inherited that no day has taken up yet, float64.
    calm_day, stable_day
        Age at which each state was first reached, -1 = not yet, int64.
    calm_by_time
        Whether calm came with the days and not with the conversions, bool.
    """

    phase: NDArray[np.int8]
    age: Longs
    total: Doubles
    week: Doubles
    inherited: Doubles
    calm_day: Longs
    stable_day: Longs
    calm_by_time: Mask

    @property
    def in_week(self) -> Doubles:
        """Conversions of the last ``stable_days`` days."""
        return np.asarray(self.week.sum(axis=1))


def begin_learning(history: ArrayLike, rules: LearningRules) -> LearningState:
    """Give the state of new ad groups before their first day.

    Parameters
    ----------
    history
        Conversions that the pixel of each ad group has had (over whatever period the user holds relevant), at least
        0, shape (n,); ``rules.inherited_share`` of them is inherited.
    """
    inherited = rules.inherited_share * np.asarray(history, dtype=np.float64)
    n = len(inherited)
    never = np.full(n, -1, dtype=np.int64)
    return LearningState(
        phase=np.full(n, Phase.LEARNING, dtype=np.int8),
        age=np.zeros(n, dtype=np.int64),
        total=np.zeros(n),
        week=np.zeros((n, rules.stable_days)),
        inherited=inherited,
        calm_day=never,
        stable_day=never,
        calm_by_time=np.zeros(n, dtype=np.bool_),
    )


def learn_day(
    state: LearningState,
    conversions: ArrayLike,
    rules: LearningRules,
    *,
    restart: ArrayLike | None = None,
    history: ArrayLike = 0.0,
) -> LearningState:
    """Take the ad groups through one more day.

    Parameters
    ----------
    conversions
        Conversions of the day, at least 0, shape (n,).
    restart
        Which ad groups were edited so that learning starts anew at the beginning of the day, bool, shape (n,).
    history
        Conversions of the pixel from which a restarted ad group inherits, as in `begin_learning`; default none.
    """
    if restart is not None and np.any(restart):
        fresh = begin_learning(np.broadcast_to(np.asarray(history, dtype=np.float64), state.age.shape), rules)
        anew = np.asarray(restart, dtype=np.bool_)
        state = LearningState(
            phase=np.where(anew, fresh.phase, state.phase),
            age=np.where(anew, 0, state.age),
            total=np.where(anew, 0.0, state.total),
            week=np.where(anew[:, np.newaxis], 0.0, state.week),
            inherited=np.where(anew, fresh.inherited, state.inherited),
            calm_day=np.where(anew, -1, state.calm_day),
            stable_day=np.where(anew, -1, state.stable_day),
            calm_by_time=state.calm_by_time & ~anew,
        )
    today = np.asarray(conversions, dtype=np.float64) + state.inherited
    age, total = state.age + 1, state.total + today
    week = np.concatenate([state.week[:, 1:], today[:, np.newaxis]], axis=1)
    by_number, by_time = total >= rules.calm_conversions, age >= rules.calm_days
    turns_calm = (state.calm_day < 0) & (by_number | by_time)
    calm_day = np.where(turns_calm, age, state.calm_day)
    turns_stable = (state.stable_day < 0) & (week.sum(axis=1) >= rules.stable_conversions)
    stable_day = np.where(turns_stable, age, state.stable_day)
    phase = np.where(calm_day >= 0, np.int8(Phase.CALM), np.int8(Phase.LEARNING))
    phase[age >= rules.stable_days] = Phase.LIMITED
    phase[stable_day >= 0] = Phase.STABLE
    return LearningState(
        phase=phase,
        age=age,
        total=total,
        week=week,
        inherited=np.zeros(len(age)),
        calm_day=calm_day,
        stable_day=stable_day,
        calm_by_time=np.where(turns_calm, ~by_number, state.calm_by_time),
    )


@dataclass(frozen=True, slots=True, eq=False)
class LearningPath:
    """The phases of ad groups over days.

    Parameters
    ----------
    phase
        Codes of `Phase` at the end of each day, int8, shape (n, days).
    in_week
        Conversions of the ``stable_days`` days up to each day, inherited ones included, float64, shape (n, days).
    end
        The state at the end of the last day.
    """

    phase: NDArray[np.int8]
    in_week: Doubles
    end: LearningState


def learn(
    conversions: ArrayLike,
    rules: LearningRules | None = None,
    *,
    history: ArrayLike = 0.0,
    restart: ArrayLike | None = None,
) -> LearningPath:
    """Take ad groups through all their days.

    Parameters
    ----------
    conversions
        Conversions by ad group and day, at least 0, shape (n, days).
    rules
        The thresholds; the defaults when left out.
    history
        As in `begin_learning`; a single number holds for all, also at restarts.
    restart
        Whether learning starts anew at the beginning of the day, bool, shape (n, days).

    Raises
    ------
    InputError
        Conversions are not a table by ad group and day, or are negative.
    """
    rules = rules or LearningRules()
    counts = np.asarray(conversions, dtype=np.float64)
    if counts.ndim != 2 or not np.all(counts >= 0):
        raise InputError.single(
            "learn",
            field="conversions",
            value=f"shape {counts.shape}",
            rule="a table by ad group and day of counts of at least 0",
            remedy="give one row for each ad group, and 0 for a day without conversions",
        )
    past = np.broadcast_to(np.asarray(history, dtype=np.float64), counts.shape[:1])
    anew = np.zeros(counts.shape, dtype=np.bool_) if restart is None else np.asarray(restart, dtype=np.bool_)
    state = begin_learning(past, rules)
    phase, in_week = np.empty(counts.shape, dtype=np.int8), np.empty(counts.shape)
    for day in range(counts.shape[1]):
        state = learn_day(state, counts[:, day], rules, restart=anew[:, day], history=past)
        phase[:, day], in_week[:, day] = state.phase, state.in_week
    return LearningPath(phase, in_week, state)


@dataclass(frozen=True, slots=True)
class DuplicateExit:
    """An ad group that counts as stable only because conversions were counted more than once (field case P81)."""

    ad_group: int
    day: int
    counted: float
    true: float

    def __str__(self) -> str:
        return (
            f"ad group {self.ad_group}, day {self.day}: learning exit rests on duplicates "
            f"({self.counted:g} conversions counted in the week, {self.true:g} real)"
        )


def exits_on_duplicates(
    counted: ArrayLike, true: ArrayLike, rules: LearningRules | None = None
) -> tuple[DuplicateExit, ...]:
    """Warn of ad groups that turn stable on raw counts while the de-duplicated ones have not carried them there.

    Parameters
    ----------
    counted, true
        Conversions by ad group and day, as counted and without duplicates, shape (n, days).

    Returns
    -------
    tuple of DuplicateExit
        For each such ad group the first day, counted from 1.
    """
    raw, real = learn(counted, rules), learn(true, rules)
    wrong = (raw.phase == Phase.STABLE) & (real.phase != Phase.STABLE)
    return tuple(
        DuplicateExit(group, day + 1, float(raw.in_week[group, day]), float(real.in_week[group, day]))
        for group, day in zip(np.flatnonzero(wrong.any(axis=1)).tolist(), _first_days(wrong), strict=True)
    )


def _first_days(mask: Mask) -> list[int]:
    """Give the first marked day of each row that has one."""
    days: list[int] = mask[mask.any(axis=1)].argmax(axis=1).tolist() if mask.any() else []
    return days


def deepest_goal(steps: Sequence[tuple[str, float]], threshold: float) -> str | None:
    """Name the deepest step of a funnel that has enough events to learn on (field case P82).

    Parameters
    ----------
    steps
        Name and weekly events of each step, the shallowest first.
    threshold
        Events a week that are enough.

    Returns
    -------
    str or None
        The step's name, or None when no step has enough.
    """
    return next((name for name, count in reversed(steps) if count >= threshold), None)
