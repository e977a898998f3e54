"""One replication of a scenario: people and traffic on one SimPy clock.

The control plane acts on its dates. Each website is a process that wakes at step borders and brings forth the traffic
of the step just ended; a collector waits for all of them and measures what they sent. Nothing in the traffic of a step
depends on later actions, so a step can be settled at its end.
"""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from pixelsim.base.streams import Streams
from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.history import History
from pixelsim.traffic.audiences import AudienceDay
from pixelsim.traffic.events import Orders
from pixelsim.traffic.flow import Shown
from pixelsim.traffic.kernels import kernels
from pixelsim.traffic.log import ClaimRows, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.plane import DataPlane, Kept
from pixelsim.traffic.setup import check_run, timeline_of

__all__ = ["Simulation", "run_clock", "simulate", "simulation_of"]

_Process = Generator[simpy.Event, object, None]


@dataclass(frozen=True, eq=False)
class Simulation:
    """All that one replication brought forth; :mod:`pixelsim.measure` reads it.

    Parameters
    ----------
    scenario, seed, replication
        What was run.
    history
        The world, every attempt and every change.
    timeline
        Grants and statuses as intervals.
    numbering
        Names of the numbers in the arrays.
    log_parts, claim_parts
        Events as the pixels saw them, in order of time, and claims of accounts on them: a table for each step.
    orders
        Orders in truth.
    shown
        Impressions, clicks and spend of ad groups by part of an account's day.
    sessions, lost_sessions
        Number of sessions by site, and of those that the load time of pixels drove away.
    market_sessions
        Number of sessions by site and market, an array for each site.
    phases
        Learning phase of each ad group at the end of each day: codes of `learning.Phase`, shape (days, ad groups).
    audiences, members
        Every audience at the end of each day, and the people in each at the end of the run.
    """

    scenario: Scenario
    seed: int
    replication: int
    history: History
    timeline: Timeline
    numbering: Numbering
    log_parts: tuple[LogRows, ...]
    claim_parts: tuple[ClaimRows, ...]
    orders: Orders
    shown: tuple[Shown, ...]
    sessions: NDArray[np.int64]
    lost_sessions: NDArray[np.int64]
    market_sessions: tuple[NDArray[np.int64], ...]
    phases: NDArray[np.int8]
    audiences: tuple[AudienceDay, ...]
    members: dict[str, NDArray[np.int64]]

    @functools.cached_property
    def log(self) -> LogRows:
        """The whole event log as one table, put together when it is first asked for."""
        return LogRows.join(self.log_parts)

    @functools.cached_property
    def claims(self) -> ClaimRows:
        """All claims as one table, put together when they are first asked for."""
        return ClaimRows.join(self.claim_parts)


def run_clock(plane: DataPlane, streams: Streams, *, first: int = 0, last: int | None = None) -> None:
    """Run people and traffic on one SimPy clock, from the scenario's start.

    Parameters
    ----------
    plane
        The data plane; its timeline's history is written by the people.
    streams
        Random streams of the replication.
    first, last
        Numbers of the steps between which traffic is brought forth, ``last`` excluded; people act from the start on,
        since what they did before is the same again.
    """
    env = simpy.Environment()
    clockwork = _Clockwork(env, plane, first, len(plane.borders) if last is None else last)
    ControlPlane(env, plane.timeline.history, plane.scenario.plan, streams, end=plane.scenario.length)
    env.run(until=clockwork.done)


class _Clockwork:
    """The processes of the websites and of the collector."""

    def __init__(self, env: simpy.Environment, plane: DataPlane, first: int, last: int) -> None:
        self._env, self._plane = env, plane
        self._begin = plane.borders[first - 1] if first else 0
        self._borders = plane.borders[first:last]
        self._ready = [env.event() for _ in plane.sites]
        for index in range(len(plane.sites)):
            env.process(self._run_site(index))
        self.done = env.process(self._collect())

    def _run_site(self, index: int) -> _Process:
        """One website: wake at each border, bring forth the step, tell the collector."""
        begin = self._begin
        for border in self._borders:
            yield self._env.timeout(border - self._env.now)
            self._plane.bring_forth(index, begin, border)
            ready, self._ready[index] = self._ready[index], self._env.event()
            ready.succeed()
            begin = border

    def _collect(self) -> _Process:
        for border in self._borders:
            yield self._env.all_of(list(self._ready))
            self._plane.settle(border)


def simulate(scenario: Scenario, seed: int, replication: int = 0, *, compiled: bool = False) -> Simulation:
    """Run one replication of a scenario.

    Parameters
    ----------
    scenario
        What to run; it is not changed.
    seed
        Root seed of the experiment, at least 0.
    replication
        Number of the replication, at least 0.
    compiled
        Whether Numba's compiled kernels (extra ``fast``) do the heavy loops; the result is the same bytes.

    Raises
    ------
    InputError
        The scenario has no website, or the seed or replication is negative.
    MissingExtraError
        The compiled kernels are asked for, and Numba is not installed.
    """
    check_run(scenario, seed, replication)
    streams = Streams(seed, replication)
    with kernels(compiled=compiled):
        plane = DataPlane(scenario, timeline_of(scenario), streams, Kept())
        run_clock(plane, streams)
    return simulation_of(plane, streams)


def simulation_of(plane: DataPlane, streams: Streams) -> Simulation:
    """Give what a plane that kept its rows in memory has brought forth.

    Raises
    ------
    TypeError
        The rows went elsewhere.
    """
    kept = plane.store
    if not isinstance(kept, Kept):
        raise TypeError("the rows of this run are not in memory")
    return Simulation(
        scenario=plane.scenario,
        seed=streams.root,
        replication=streams.replication,
        history=plane.timeline.history,
        timeline=plane.timeline,
        numbering=plane.numbering,
        log_parts=tuple(kept.log),
        claim_parts=tuple(kept.claims),
        orders=Orders.join(kept.orders),
        shown=tuple(kept.shown),
        sessions=plane.sessions,
        lost_sessions=np.array([site.lost_sessions for site in plane.sites], dtype=np.int64),
        market_sessions=tuple(site.market_sessions.copy() for site in plane.sites),
        phases=np.array(plane.learning.phases, dtype=np.int8).reshape(
            len(plane.learning.phases), len(plane.numbering.ad_groups)
        ),
        audiences=tuple(plane.audiences.days),
        members=plane.audiences.members,
    )
