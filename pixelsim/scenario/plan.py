"""The plan of a scenario: dated actions of people, and how fast people act."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from pixelsim.base.clock import days
from pixelsim.base.errors import InputError
from pixelsim.scenario.base import Input, Weight, figure
from pixelsim.sharing.actions import AnyAction, RemovePartner, Switch, UnlinkPixel, UnsharePixel

__all__ = ["HumanDelay", "Plan", "PlannedAction"]


class HumanDelay(Input):
    """How long a person takes: log-normal by its median and its spread."""

    median_hours: Weight = figure(0.0, "hours", "people act on their date unless a delay is given", assumption=True)
    sigma: Weight = figure(0.0, "ln units", "no spread unless one is given", assumption=True)


class PlannedAction(Input):
    """One step of a plan: on which day who does what.

    ``day`` counts from the scenario's start and may have decimals. Steps of the same instant are done in the order in
    which the plan lists them.
    """

    day: float = Field(ge=0.0)
    action: AnyAction
    why: str = ""

    @property
    def at(self) -> int:
        """Milliseconds since the scenario's start."""
        return days(self.day)


class Plan(Input):
    """Dated actions of people, in the order of ties, and the delay of each person."""

    steps: tuple[PlannedAction, ...] = ()
    delays: dict[str, HumanDelay] = Field(default_factory=dict)

    def _split(self) -> tuple[list[PlannedAction], list[PlannedAction], list[PlannedAction]]:
        unshares = [s for s in self.steps if isinstance(s.action, UnsharePixel | UnlinkPixel | RemovePartner)]
        stops = [s for s in self.steps if isinstance(s.action, Switch) and s.action.to != "on"]
        if not unshares or not stops:
            raise InputError.single(
                "plan",
                field="steps",
                value=f"{len(stops)} stops, {len(unshares)} unshares",
                rule="at least one stop and one unshare, to change their order",
                remedy="add the missing step to the plan",
                place="$.plan.steps",
            )
        return unshares, stops, [s for s in self.steps if s not in unshares and s not in stops]

    def unshare_first(self, days_before_stop: float = 0.0) -> Self:
        """Give the plan in the wrong order: every unshare comes before the first stop.

        Parameters
        ----------
        days_before_stop
            Days from the unshare to the first stop, at least 0; at 0 both are of the same instant, unshare first.

        Raises
        ------
        InputError
            The plan has no stop or no unshare, or the unshare would fall before the scenario's start.
        """
        unshares, stops, rest = self._split()
        first = min(s.day for s in stops)
        _between("days_before_stop", days_before_stop, first, "stop")
        moved = [s.replace(day=first - days_before_stop) for s in unshares]
        return self.replace(steps=(*rest, *moved, *stops))

    def stop_first(self, days_before_unshare: float = 0.0) -> Self:
        """Give the plan in the order of good practice (B4): every stop comes before the first unshare.

        Parameters
        ----------
        days_before_unshare
            Days from the stops to the first unshare, at least 0.

        Raises
        ------
        InputError
            The plan has no stop or no unshare, or the stop would fall before the scenario's start.
        """
        unshares, stops, rest = self._split()
        first = min(s.day for s in unshares)
        _between("days_before_unshare", days_before_unshare, first, "unshare")
        moved = [s.replace(day=min(s.day, first - days_before_unshare)) for s in stops]
        return self.replace(steps=(*rest, *moved, *unshares))

    def also(self, *steps: PlannedAction) -> Self:
        """Give the plan with more steps at its end."""
        return self.replace(steps=(*self.steps, *steps))


def _between(field: str, value: float, last: float, what: str) -> None:
    if not 0 <= value <= last:
        rule = f"between 0 and {last:g}, the day of the first {what}"
        raise InputError.single("plan", field=field, value=value, rule=rule, remedy="choose fewer days")
