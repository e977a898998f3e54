"""One past, several futures: a run up to a date, then on from there under each of several plans or policies.

Traffic of the past is brought forth once. Each branch replays what people did before the date, which is cheap, and
goes on with the drawn blocks and the carried state of the common past. No object of SimPy is copied.
"""

from __future__ import annotations

from collections.abc import Mapping

import simpy

from pixelsim.base.clock import DAY, days
from pixelsim.base.errors import Fault, InputError
from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.scenario.scenario import Scenario
from pixelsim.traffic.kernels import kernels
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.plane import DataPlane, Kept
from pixelsim.traffic.setup import check_run, timeline_of
from pixelsim.traffic.simulate import Simulation, run_clock, simulation_of

__all__ = ["branches"]

SAME = ("start", "days", "structure", "traffic", "measurement", "settings")
"""Fields of a scenario in which branches may not differ, since they shape the common past."""


def branches(
    variants: Mapping[str, Scenario], at_day: float, *, seed: int, replication: int = 0, compiled: bool = False
) -> dict[str, Simulation]:
    """Run several scenarios that have the same past, bringing forth the traffic of that past once.

    Parameters
    ----------
    variants
        Scenarios by name, at least one. They may differ in plan and policy, with nothing different done before the
        date.
    at_day
        Day of the decision, from 0 up to the scenarios' length; what is common is settled up to the last end of a
        step that is no later.
    seed, replication
        As for `simulate`.
    compiled
        Whether Numba's compiled kernels (extra ``fast``) do the heavy loops; the result is the same bytes.

    Returns
    -------
    dict of str to Simulation
        By name, each the same to the last byte as a run from the start on.

    Raises
    ------
    InputError
        The scenarios differ in more than plan and policy, create other objects, or did something else before the
        date; or there are none.
    """
    if not variants:
        raise InputError.single(
            "branch", field="variants", value="none", rule="at least one scenario", remedy="give some"
        )
    for scenario in variants.values():
        check_run(scenario, seed, replication)
    with kernels(compiled=compiled):
        return _branches(variants, at_day, seed, replication)


def _branches(variants: Mapping[str, Scenario], at_day: float, seed: int, replication: int) -> dict[str, Simulation]:
    streams = Streams(seed, replication)
    base = next(iter(variants.values()))
    trunk = DataPlane(base, timeline_of(base), streams, Kept())
    first = sum(border <= days(at_day) for border in trunk.borders)
    _check(variants, at_day, trunk, trunk.borders[first - 1] if first else 0, streams)
    if first:
        run_clock(trunk, streams, last=first)
    found = {}
    for name, scenario in variants.items():
        plane = trunk.fork(scenario, timeline_of(scenario))
        run_clock(plane, streams, first=first)
        found[name] = simulation_of(plane, streams)
    return found


def _check(variants: Mapping[str, Scenario], at_day: float, trunk: DataPlane, until: int, streams: Streams) -> None:
    """Refuse scenarios without a common past."""
    (first, base), *others = variants.items()
    faults = []
    if not 0 <= at_day <= base.days:
        rule = f"from 0 to {base.days} days"
        faults.append(Fault("$.at_day", "at_day", f"{at_day:g}", rule, "choose a day of the run"))
    past = _attempts(base, until, streams)
    for name, scenario in others:
        place = f"$.variants[{name}]"
        for field in SAME:
            if getattr(scenario, field) != getattr(base, field):
                rule = f"the same {field} as {first}"
                faults.append(Fault(place, field, "different", rule, "run it in full, or vary plan and policy only"))
        numbering = Numbering.of(scenario, scenario.structure.world())
        if not _alike(numbering, trunk.numbering):
            rule = f"a plan that creates the same campaigns, ad groups, ads and pixels as {first}'s"
            faults.append(Fault(f"{place}.plan", "plan", "different", rule, "run it in full"))
        elif not faults and _attempts(scenario, until, streams) != past:
            rule = f"the same attempts with the same results as in {first} before day {until / DAY:g}"
            faults.append(Fault(f"{place}.plan", "plan", "different", rule, "choose an earlier day, or run it in full"))
    if faults:
        raise InputError("branch", faults)


def _alike(one: Numbering, other: Numbering) -> bool:
    """Tell whether two numberings give the same numbers to the same ids."""
    return one.origins == other.origins and all(
        getattr(one, name) == getattr(other, name)
        for name in ("sites", "populations", "pixels", "accounts", "ad_groups", "ads")
    )


def _attempts(scenario: Scenario, until: int, streams: Streams) -> list[object]:
    """Let people act up to an instant in ms, without traffic, and give what they tried and what came of it."""
    env = simpy.Environment()
    history = timeline_of(scenario).history
    ControlPlane(env, history, scenario.plan, streams, end=scenario.length)
    if until:
        env.run(until=until)
    return [record for record in history.records if record.at < until]
