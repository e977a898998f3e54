"""Delivery of ads in plain Python: days of a clock, what a budget buys, the ledger of spend, and learning."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from pixelsim.base.clock import DAY, HOUR
from pixelsim.base.money import decimals
from pixelsim.control.timeline import Span
from pixelsim.scenario.traffic import AdDelivery, Learning
from pixelsim.traffic.learning import Phase

__all__ = ["Calendar", "Flow", "LearningPlain", "Shape", "Week", "inverse_normal"]

_NORMAL = NormalDist()


def inverse_normal(uniform: float) -> float:
    """Turn a uniform number into a standard normal one."""
    return _NORMAL.inv_cdf(uniform or 1e-17)


class Calendar:
    """The days of a clock, numbered from 0, the one in which the scenario starts."""

    def __init__(self, start: dt.datetime, offset: int) -> None:
        local = start.astimezone(dt.timezone(dt.timedelta(milliseconds=offset)))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self.origin = -((local - midnight) // dt.timedelta(milliseconds=1))
        self._weekday = local.weekday()

    def weekday(self, day: int) -> int:
        """Give the weekday of a day, Monday is 0."""
        return (self._weekday + day) % 7

    def weight(self, day: int, weekdays: Sequence[float]) -> float:
        """Give the weight of a day, with a mean of 1 over a week."""
        mean = sum(weekdays) / 7
        return weekdays[self.weekday(day)] / (mean or 1.0)


class Shape:
    """How a day's traffic spreads over its hours."""

    def __init__(self, hours: Sequence[float]) -> None:
        self.hours = hours
        total, passed = sum(hours), 0.0
        self._border = [0.0]
        for hour in hours:
            passed += hour
            self._border.append(passed / total)
        self._border[-1] = 1.0

    def share(self, of_day: int) -> float:
        """Give the share of the day's traffic before an instant, in ms since midnight."""
        if of_day >= DAY:
            return 1.0
        hour, rest = divmod(of_day, HOUR)
        low = self._border[hour]
        return low + (self._border[hour + 1] - low) * (rest / HOUR)

    def instant(self, share: float) -> int:
        """Give the instant at which a share of the day's traffic has passed, in ms since midnight."""
        hour = min(bisect_right(self._border, share) - 1, 23)
        low = self._border[hour]
        width = self._border[hour + 1] - low
        return min(int(hour * HOUR + (share - low) * (HOUR / width)), DAY - 1)


class Week:
    """The shapes and the weights of the days of a week, Monday first."""

    def __init__(
        self, hours: Sequence[float], weekdays: Sequence[float], hours_of_week: Sequence[float] | None
    ) -> None:
        if hours_of_week is None:
            self.shapes, self.weekdays = [Shape(hours)] * 7, list(weekdays)
            return
        days = [hours_of_week[24 * day : 24 * day + 24] for day in range(7)]
        self.weekdays = [sum(day) for day in days]
        self.shapes = [Shape(day if sum(day) > 0 else [1.0] * 24) for day in days]


class Flow:
    """One ad group: when it delivers, what its days buy, and what it has spent.

    Parameters
    ----------
    number, delivery, calendar, currency, spans
        Its number, its parameters, its account's clock and currency, and its states over the whole run.
    price, spent
        Draw the CPM and the share of the budget spent of a day.
    """

    def __init__(
        self,
        number: int,
        delivery: AdDelivery,
        calendar: Calendar,
        currency: str,
        spans: Sequence[Span],
        *,
        price: Callable[[Flow, int], float],
        spent: Callable[[Flow, int], float],
    ) -> None:
        self.number, self.delivery, self.calendar = number, delivery, calendar
        self.week = Week(delivery.hours, delivery.weekdays, delivery.hours_of_week)
        self.scale = 10 ** decimals(currency)
        self.clicks: dict[int, int] = {}
        self.impressions: dict[int, int] = {}
        self.spend: dict[int, int] = {}
        self._spans = [(span.start, span.end, span.ads, span.budget) for span in spans if span.delivering]
        self._place = 0
        self._price, self._spent = price, spent
        self.factors: dict[int, float] = {}
        """How much dearer impressions are on each day of the account, since the ad group learns."""
        self._days: list[tuple[int, float]] = []

    def day(self, day: int) -> tuple[int, float]:
        """Give what a day's budget buys, and its CPM in currency units."""
        while len(self._days) <= day:
            new = len(self._days)
            weight = self.calendar.weight(new, self.week.weekdays)
            budget = self.delivery.daily_budget * self.delivery.budget_envelope * weight * self.scale
            cpm = self._price(self, new)
            money = math.floor(budget * self._spent(self, new))
            self._days.append((math.floor(money * 1000 / (cpm * self.scale)), cpm))
        return self._days[day]

    def ads_at(self, at: int) -> tuple[tuple[str, ...], float]:
        """Give the ads in delivery, and the factor on the budget; it has to be asked in the order of time."""
        spans = self._spans
        while self._place < len(spans) and spans[self._place][1] <= at:
            self._place += 1
        if self._place < len(spans) and spans[self._place][0] <= at:
            return spans[self._place][2:]
        return (), 1.0

    def clicked(self, at: int) -> None:
        """Count a click."""
        day = (at - self.calendar.origin) // DAY
        self.clicks[day] = self.clicks.get(day, 0) + 1

    def set_prices(self, begin: int, end: int, factor: float) -> None:
        """Fix the factor on the CPM of the account's days that begin in a stretch, for all of each day."""
        origin = self.calendar.origin
        for day in range((begin - origin) // DAY, (end - 1 - origin) // DAY + 1):
            self.factors.setdefault(day, factor)

    def thinning(self, day: int, budget: float) -> float:
        """Give how many impressions are drawn for one that is bought on a day of the account."""
        return self.delivery.budget_envelope * self.factors[day] / budget

    def close(self, begin: int, end: int) -> int:
        """Book impressions and spend of a stretch, and give the impressions."""
        bought = 0
        for start, stop, _, budget in self._spans:
            at, upto = max(start, begin), min(stop, end)
            while at < upto:
                day, of_day = divmod(at - self.calendar.origin, DAY)
                until = min(upto, at - of_day + DAY)
                bought += self._book(day, of_day, of_day + until - at, budget)
                at = until
        return bought

    def _book(self, day: int, start: int, stop: int, budget: float) -> int:
        total, cpm = self.day(day)
        price = cpm * self.scale / 1000 * self.factors[day]
        shape, drawn = self.week.shapes[self.calendar.weekday(day)], self.thinning(day, budget)
        one, two = (int(_before(total, shape.share(edge)) / drawn) for edge in (start, stop))
        self.impressions[day] = self.impressions.get(day, 0) + two - one
        self.spend[day] = self.spend.get(day, 0) + int(two * price) - int(one * price)
        return two - one


def _before(total: int, share: float) -> int:
    """Count the impressions, in the middle of their places, before a share of the day's traffic."""
    return min(max(math.ceil(total * share - 0.5), 0), total)


@dataclass
class _Learner:
    phase: int
    begun: bool
    age: int = 0
    total: float = 0.0
    days: list[float] = field(default_factory=list)
    inherited: float = 0.0
    calm: bool = False
    stable: bool = False


LEFT = {Phase.LEARNING: 1.0, Phase.CALM: 0.5, Phase.STABLE: 0.0, Phase.LIMITED: 0.5}
"""How much of learning's cost is left in each phase."""


class LearningPlain:
    """The learning phases of all ad groups, a day after the other.

    Parameters
    ----------
    learning
        Thresholds and costs.
    learned, goals, pixels
        By number of the ad group: whether it has learned before, its event (-1: none) and its pixel (-1: none).
    noise
        Draws a uniform number for an ad group and a day.
    """

    def __init__(
        self,
        learning: Learning,
        *,
        learned: Sequence[bool],
        goals: Sequence[int],
        pixels: Sequence[int],
        noise: Callable[[int, int], float],
    ) -> None:
        self._learning, self.goals, self._pixels, self._noise = learning, goals, pixels, noise
        self._states = [_Learner(Phase.STABLE if done else Phase.LEARNING, done, stable=done) for done in learned]
        self._of_pixel: list[dict[int, float]] = []
        self.phases: list[list[int]] = []

    def pace(self, ad_group: int, day: int) -> tuple[float, float]:
        """Give the factor on the CPM and the share of orders that happen, by the state at the day's beginning."""
        left = LEFT[Phase(self._states[ad_group].phase)]
        if left == 0:
            return 1.0, 1.0
        rules = self._learning
        dearer = inverse_normal((1 + self._noise(ad_group, day)) / 2)
        return (
            (1 + left * (rules.cpm_factor - 1)) * math.exp(rules.noise * left * dearer),
            1 - left * (1 - rules.orders_share),
        )

    def end_of_day(self, conversions: Sequence[int], delivered: Sequence[bool], edited: Sequence[bool]) -> None:
        """Take all ad groups through a day; those whose learning an edit of the day restarts begin anew after it."""
        rules = self._learning
        for number, state in enumerate(self._states):
            if not delivered[number]:
                continue
            if not state.begun:
                state.begun = True
                state.inherited = self._inherited(number)
            today = conversions[number] + state.inherited
            state.inherited = 0.0
            state.age += 1
            state.total += today
            state.days = [*state.days, today][-rules.stable_days :]
            state.calm |= state.total >= rules.calm_conversions or state.age >= rules.calm_days
            state.stable |= sum(state.days) >= rules.stable_conversions
            if state.stable:
                state.phase = Phase.STABLE
            elif state.age >= rules.stable_days:
                state.phase = Phase.LIMITED
            else:
                state.phase = Phase.CALM if state.calm else Phase.LEARNING
        today_of: dict[int, float] = {}
        for number, pixel in enumerate(self._pixels):
            today_of[pixel] = today_of.get(pixel, 0.0) + conversions[number]
        self._of_pixel.append(today_of)
        for number, state in enumerate(self._states):
            if edited[number] and state.begun:
                self._states[number] = _Learner(Phase.LEARNING, True, inherited=self._inherited(number))
        self.phases.append([int(state.phase) for state in self._states])

    def _inherited(self, number: int) -> float:
        """Give the share of the pixel's conversions of the last days that counts for an ad group that begins."""
        pixel, week = self._pixels[number], self._of_pixel[-self._learning.stable_days :]
        history = sum(day.get(pixel, 0.0) for day in week) if pixel >= 0 else 0.0
        return self._learning.shared_history * history
