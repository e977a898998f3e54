"""Decide on a day: what each of several choices leads to, from one and the same past."""

from __future__ import annotations

from collections.abc import Mapping

from pixelsim.scenario.drawing import drawn
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.run import Run
from pixelsim.traffic.branching import branches

__all__ = ["branch"]


def branch(
    variants: Mapping[str, Scenario], *, at_day: float, seed: int = 1, replication: int = 0, compiled: bool = False
) -> dict[str, Run]:
    """Run up to a day once, and from there on under each of several plans or policies.

    Each run is the same to the last byte as one from the start on; only the time for the common past is saved.

    Parameters
    ----------
    variants
        Scenarios by name that may differ in plan and policy, with nothing different done before the day.
    at_day
        Day of the decision, at least 0.
    seed
        Root seed, at least 0.
    replication
        Number of the replication, at least 0.
    compiled
        Whether Numba's compiled kernels (extra ``fast``) do the heavy loops; the result is the same bytes.

    Returns
    -------
    dict of str to Run

    Raises
    ------
    InputError
        The scenarios have no common past up to that day.

    Examples
    --------
    >>> import pixelsim as ps
    >>> late = ps.scenario("agency")
    >>> runs = ps.branch({"as planned": late, "kept": late.vary("plan.steps", [])}, at_day=1, seed=3)
    >>> sorted(runs)
    ['as planned', 'kept']
    """
    made = {name: drawn(scenario, seed, replication) for name, scenario in variants.items()}
    found = branches(made, at_day, seed=seed, replication=replication, compiled=compiled)
    return {name: Run(simulation, given=variants[name]) for name, simulation in found.items()}
