"""Warm-up and cool-down: days simulated before and after the days that count, so that both ends are fair.

At the start, people are still without a past; at the end, clicks are still without their orders. A run with a window
is longer on both sides, and its figures are cut back to the days that count (P151): each figure by its own basis, what
was earned by the day of the interaction, what happened by its own day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.errors import Fault, InputError
from pixelsim.counts import Counts
from pixelsim.scenario.drawing import drawn
from pixelsim.scenario.measurement import DayBasis
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.simulate import Simulation

__all__ = ["WHOLE", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """How many days are simulated beside those that count.

    Parameters
    ----------
    warm_up_days
        Days before the scenario's start, a whole number of at least 0. What exists at the start exists from the first
        of them, ad groups that start on day 0 deliver, and all dates of the plan and of schedules stay what they are.
    cool_down_days
        Days after the scenario's end, a whole number of at least 0. Delivery and people go on as they would. At least
        the longest click window lets every conversion of a click come in.

    Raises
    ------
    InputError
        A number is negative or not whole.
    """

    warm_up_days: int = 0
    cool_down_days: int = 0

    def __post_init__(self) -> None:
        faults = [
            Fault("$", name, str(days), "a whole number of days, at least 0", "leave it out, or count in days")
            for name, days in (("warm_up_days", self.warm_up_days), ("cool_down_days", self.cool_down_days))
            if not isinstance(days, int | np.integer) or days < 0
        ]
        if faults:
            raise InputError("run", faults)

    @property
    def whole(self) -> bool:
        """Whether everything simulated counts."""
        return self.warm_up_days == 0 and self.cool_down_days == 0

    def prepared(self, scenario: Scenario, seed: int, replication: int) -> Scenario:
        """Give the scenario of one replication: uncertain parameters drawn, and both ends added.

        Raises
        ------
        InputError
            As for `lengthened`; or a source's spread does not fit its value.
        """
        return self.lengthened(drawn(scenario, seed, replication))

    def lengthened(self, scenario: Scenario) -> Scenario:
        """Give the scenario with both ends added; dates keep their calendar days.

        Raises
        ------
        InputError
            The steps of the traffic do not meet midnight, so that a cut would fall inside of one; or the run would be
            longer than a scenario can be.
        """
        if self.whole:
            return scenario
        step = scenario.traffic.step_hours
        if 24 % step:
            raise InputError.single(
                f"scenario {scenario.name}",
                place="$.traffic.step_hours",
                field="step_hours",
                value=step,
                rule="a divisor of 24 where there is a warm-up or a cool-down",
                remedy="choose 24, 12, 8 or 6",
            )
        longer = {"days": scenario.days + self.warm_up_days + self.cool_down_days}
        if not self.warm_up_days:
            return scenario.replace(**longer)
        shift = self.warm_up_days
        groups = tuple(
            group.model_copy(
                update={
                    "start_day": group.start_day + shift if group.start_day > 0 else 0.0,
                    "end_day": None if group.end_day is None else group.end_day + shift,
                    "review_until_day": group.review_until_day + shift if group.review_until_day > 0 else 0.0,
                }
            )
            for group in scenario.structure.ad_groups
        )
        steps = tuple(planned.model_copy(update={"day": planned.day + shift}) for planned in scenario.plan.steps)
        return scenario.replace(
            start=scenario.start - dt.timedelta(days=shift),
            structure=scenario.structure.model_copy(update={"ad_groups": groups}),
            plan=scenario.plan.model_copy(update={"steps": steps}),
            **longer,
        )

    def bounds(self, simulation: Simulation | Counts) -> tuple[int, int]:
        """Give the days that count as ms since the simulation's start, the end excluded."""
        start = self.warm_up_days * DAY
        return start, simulation.scenario.length - self.cool_down_days * DAY

    def cut(self, simulation: Simulation, basis: DayBasis = DayBasis.INTERACTION) -> Simulation:
        """Give a simulation in which only what counts is left in log, claims, orders and delivery.

        Attempts of people, learning phases and audiences stay whole. A purchase whose touch was passed over counts by
        its own instant, since the log does not keep that touch's.

        Parameters
        ----------
        simulation
            A run of the lengthened scenario.
        basis
            ``interaction``: credited events, claims and orders count by the instant of the touch behind them;
            ``event``: by their own. Whatever has no touch counts by its own instant under both.
        """
        if self.whole:
            return simulation
        start, end = self.bounds(simulation)

        def inside(at: NDArray[np.int64], touch_at: NDArray[np.int64]) -> NDArray[np.bool_]:
            decides = np.where(touch_at >= 0, touch_at, at) if basis is DayBasis.INTERACTION else at
            return np.asarray((decides >= start) & (decides < end), dtype=np.bool_)

        log, claims, orders = simulation.log, simulation.claims, simulation.orders
        return replace(
            simulation,
            log_parts=(log.take(inside(log.at, log.touch_at)),),
            claim_parts=(claims.take(inside(claims.at, claims.touch_at)),),
            orders=orders.take(inside(orders.at, orders.touch_at)),
            shown=tuple(part for part in simulation.shown if start <= part.at < end),
        )


WHOLE = Window()
"""No warm-up and no cool-down."""
