"""When to unshare, as pure functions: the plan for a day, what one run brings, and what several runs say.

A run in counts answers while a slider moves; one with events takes longer and tells the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.counts import Exactness, count_outcome_values
from pixelsim.measure import outcome_values
from pixelsim.plan.wording import account_of
from pixelsim.scenario.plan import Plan, PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import PRESETS
from pixelsim.sharing.actions import Switch, UnlinkPixel, UnsharePixel
from pixelsim.show.names import Names
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail, check_detail
from pixelsim.study.paired import Direction, PairedDifference, correct, paired
from pixelsim.study.replicate import check_replications
from pixelsim.study.run import Run, run_in
from pixelsim.study.statistics import Summary, summarise
from pixelsim.study.window import WHOLE

__all__ = [
    "AFTER_STOP",
    "Brought",
    "Timing",
    "brought",
    "days_range",
    "preset_of",
    "timing",
    "unshare_at",
    "variant",
]

Key = tuple[str, str, str]
"""Outcome, id of its object, unit."""

LONGEST = 14
"""Days before and after the stop that an explorer offers at most."""
AFTER_STOP = "days of access after the stop"
"""The outcome of an unshare that comes late: days on which the other side still reads the pixel."""
SHOWN = ("orphaned spend", "blind days", "conversions lost to attribution")
"""Outcomes of an account that the timing of an unshare moves."""


def _parts(plan: Plan) -> tuple[list[PlannedAction], list[PlannedAction]]:
    """Give the unshares and the stops of a plan.

    Raises
    ------
    InputError
        It lacks the one or the other.
    """
    unshares = [s for s in plan.steps if isinstance(s.action, UnsharePixel | UnlinkPixel)]
    stops = [s for s in plan.steps if isinstance(s.action, Switch) and s.action.to == "off"]
    if not unshares or not stops:
        raise InputError.single(
            "plan",
            field="steps",
            value=f"{len(stops)} stops, {len(unshares)} unshares",
            rule="at least one stop and one unshare, to change the days between them",
            remedy="add the missing step to the plan",
            place="$.plan.steps",
        )
    return unshares, stops


def unshare_at(plan: Plan, days: float) -> Plan:
    """Give the plan with every unshare moved to a number of days after the stop.

    Parameters
    ----------
    plan
        A plan with at least one stop and one unshare.
    days
        Days from the last stop to the unshares, at 0 right after it; negative: from the unshares to the first stop.

    Raises
    ------
    InputError
        The plan lacks a stop or an unshare, or the unshare would fall before the scenario's start.
    """
    if days < 0:
        return plan.unshare_first(-days)
    unshares, stops = _parts(plan)
    day = max(s.day for s in stops) + days
    rest = [s for s in plan.steps if s not in unshares and s not in stops]
    return plan.replace(steps=(*rest, *stops, *(s.replace(day=day) for s in unshares)))


def days_range(scenario: Scenario) -> tuple[int, int]:
    """Give the fewest and the most whole days from the stop to the unshare that fit into a scenario.

    Raises
    ------
    InputError
        The plan lacks a stop or an unshare.
    """
    _, stops = _parts(scenario.plan)
    first, last = min(s.day for s in stops), max(s.day for s in stops)
    room = scenario.days - last
    # An unshare on the very end of the run would be refused as one after it.
    after = int(room) - 1 if room == int(room) else int(room)
    return -min(LONGEST, int(first)), min(LONGEST, max(0, after))


def preset_of(scenario: Scenario) -> str:
    """Name the preset that a scenario's unshare policy is, or the documented one where it is none of them."""
    return next((name for name, policy in PRESETS.items() if policy == scenario.policy), "documented")


def variant(scenario: Scenario, days: int, preset: str) -> Scenario:
    """Give the scenario with its unshares moved and another unshare policy.

    Parameters
    ----------
    scenario
        Its plan has at least one stop and one unshare.
    days
        Days from the stop to the unshare, see :func:`unshare_at`.
    preset
        Name of an unshare policy, one of :data:`~pixelsim.sharing.PRESETS`.

    Raises
    ------
    UnknownNameError
        There is no such preset.
    InputError
        The days do not fit into the scenario.
    """
    if preset not in PRESETS:
        raise UnknownNameError("preset", preset, list(PRESETS))
    return scenario.replace(plan=unshare_at(scenario.plan, days), policy=PRESETS[preset])


@dataclass(frozen=True, slots=True)
class Brought:
    """What one run brought.

    Parameters
    ----------
    values
        Value by outcome, object and unit; only of accounts that lost access in the run, or spent without it.
    exactness
        How far each value can be trusted, in a run in counts; empty in one with events.
    """

    values: Mapping[Key, float]
    exactness: Mapping[Key, Exactness]


def brought(one: Run | CountRun) -> Brought:
    """Give what the timing of an unshare moves, of one run."""
    found: dict[Key, float] = {}
    exactness: dict[Key, Exactness] = {}
    if isinstance(one, CountRun):
        for counted in count_outcome_values(one.simulation):
            key = counted.outcome.outcome, counted.outcome.object, counted.outcome.unit
            found[key], exactness[key] = counted.outcome.value, counted.exactness
    else:
        found = {(o.outcome, o.object, o.unit): o.value for o in outcome_values(one.simulation)}
    touched = {account for _, account in one.simulation.history.now.unbound}
    touched |= {of for (outcome, of, _), value in found.items() if outcome in SHOWN and value > 0}
    values: dict[Key, float] = {}
    for account in sorted(touched):
        values |= {key: value for key, value in found.items() if key[0] in SHOWN and key[1] == account}
        values[AFTER_STOP, account, "days"] = _access_after_stop(one, account)
    refused = next((key, value) for key, value in found.items() if key[0] == "refused actions")
    values[refused[0]] = refused[1]
    return Brought(values, {key: exactness.get(key, Exactness.EXACT) for key in values} if exactness else {})


def _access_after_stop(one: Run | CountRun, account: str) -> float:
    """Give the days from the account's last planned stop to the end of its access, of the pixel it kept longest."""
    simulation, length = one.simulation, one.scenario.length
    world = simulation.history.now
    _, stops = _parts(one.scenario.plan)
    mine = [step.at for step in stops if account_of(world, step.action) == account]
    last = max(mine or [step.at for step in stops])
    left = [
        sum(end - max(start, last) for start, end in simulation.timeline.access(pixel, account, last, length))
        for pixel, of in world.unbound
        if of == account
    ]
    return max(left, default=0) / DAY


@dataclass(frozen=True, slots=True)
class Timing:
    """What runs say about one day and one policy.

    Parameters
    ----------
    scenario
        The variant that was run.
    first
        Its first run, for the picture.
    runs
        What each run brought.
    """

    scenario: Scenario
    first: Run | CountRun
    runs: Sequence[Brought] = ()

    @property
    def in_counts(self) -> bool:
        """Whether the runs are in counts, and not event by event."""
        return isinstance(self.first, CountRun)

    def keys(self) -> list[Key]:
        """List outcome, object and unit of all that any of the runs brought."""
        return list(dict.fromkeys(key for one in self.runs for key in one.values))

    def rows(self) -> list[tuple[str, str, str, Summary]]:
        """Give outcome, name of its object, unit and summary; an account without the outcome in a run has 0 there."""
        names = Names(self.first.simulation.history.now)
        return [(key[0], names.any(key[1]), key[2], summarise(self._column(key))) for key in self.keys()]

    def exactness(self) -> list[str]:
        """Give the least exactness of each row over the runs; that of events is none."""
        order = list(Exactness)
        found = [[one.exactness[key] for one in self.runs if key in one.exactness] for key in self.keys()]
        return [max(some, key=order.index).value if some else "" for some in found]

    def _column(self, key: Key) -> list[float]:
        return [one.values.get(key, 0.0) for one in self.runs]

    def values(self, outcome: str, of: str) -> list[float]:
        """Give one outcome of one object, by id, run by run, so that choices can be compared in pairs.

        Raises
        ------
        UnknownNameError
            There is no such outcome.
        """
        fits = [key for key in self.keys() if key[:2] == (outcome, of)]
        if not fits:
            known = sorted(f"{key[0]} of {key[1]}" for key in self.keys())
            raise UnknownNameError("outcome", f"{outcome} of {of}", known)
        return self._column(fits[0])

    def summary(self, outcome: str, of: str) -> Summary:
        """Give the summary of one outcome of one object, by id.

        Raises
        ------
        UnknownNameError
            There is no such outcome.
        """
        return summarise(self.values(outcome, of))

    def against(self, other: Timing) -> list[PairedDifference]:
        """Give the paired difference of each row from another choice, all judged together (Holm); lower is better.

        Parameters
        ----------
        other
            The choice to compare with, run with the same seed; as many runs as both have are compared.
        """
        pairs = min(len(self.runs), len(other.runs))
        differences = {
            key: paired(other._column(key)[:pairs], self._column(key)[:pairs], direction=Direction.LOWER, unit=key[2])
            for key in self.keys()
        }
        return list(correct(differences).values())


def timing(
    scenario: Scenario,
    days: int,
    preset: str = "documented",
    *,
    replications: int = 10,
    seed: int = 1,
    detail: Detail = "events",
) -> Timing:
    """Run one choice of day and policy several times.

    Parameters
    ----------
    scenario, days, preset
        See :func:`variant`.
    replications
        How many runs, at least 1.
    seed
        Root seed.
    detail
        ``"events"``, or ``"counts"`` for a cost that does not depend on traffic; see :func:`pixelsim.study.run`.

    Raises
    ------
    UnknownNameError, InputError
        See :func:`variant`; also fewer replications than 1, or a scenario that cannot be counted.
    """
    check_replications(replications)
    changed = variant(scenario, days, preset)
    check_detail(detail)
    first = run_in(detail, changed, seed, 0, WHOLE)
    rest = (run_in(detail, changed, seed, k, WHOLE) for k in range(1, replications))
    return Timing(changed, first, (brought(first), *(brought(one) for one in rest)))
