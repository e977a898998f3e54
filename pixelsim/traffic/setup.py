"""What a scenario says about its traffic as a whole, in the form in which the parts of a run want it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY, HOUR, days
from pixelsim.base.errors import Fault, InputError
from pixelsim.control.timeline import Timeline
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.sharing import actions as do
from pixelsim.sharing.history import History
from pixelsim.traffic import counting
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import Windows
from pixelsim.world.entities import AdGroup, CountMode
from pixelsim.world.world import World

__all__ = [
    "BLOCK_VISITS",
    "all_ad_groups",
    "block_days",
    "borders_of",
    "can_repeat",
    "check_run",
    "count_modes",
    "goals_of",
    "ids_return",
    "reach_of",
    "run_faults",
    "timeline_of",
    "visits_a_day",
    "windows_of",
]

VALUE_EVENTS = frozenset({"Purchase"})
"""Events whose goals count every conversion under ``by_goal``; all others count once."""
BLOCK_VISITS = 200_000
"""Most visits that are settled at a time, so that memory does not grow with the traffic of a day."""


def run_faults(scenario: Scenario, seed: int, replication: int) -> list[Fault]:
    """List what speaks against a run, in events or in counts."""
    faults = [
        Fault("$", name, str(value), "a whole number of at least 0", "choose another number")
        for name, value in (("seed", seed), ("replication", replication))
        if value < 0
    ]
    if not scenario.structure.websites:
        rule = "at least one website"
        faults.append(Fault("$.structure.websites", "websites", "none", rule, "add one, and its traffic"))
    return faults


def check_run(scenario: Scenario, seed: int, replication: int) -> None:
    """Refuse a run that cannot be made.

    Raises
    ------
    InputError
        The scenario has no website, or the seed or replication is negative; all at once.
    """
    faults = run_faults(scenario, seed, replication)
    if faults:
        raise InputError(f"scenario {scenario.name}", faults)


def timeline_of(scenario: Scenario) -> Timeline:
    """Give the timeline of a scenario at its start, before anybody has acted."""
    return Timeline(History(scenario.structure.world(), scenario.rulebook))


def visits_a_day(scenario: Scenario) -> float:
    """Give the expected visits of a day, organic and paid, of all sites at the start."""
    traffic = scenario.traffic
    paid = (d.daily_budget * d.budget_spent / d.cpm * 1000 * d.click_rate * d.landing_share for d in traffic.delivery)
    return sum(site.organic_sessions for site in traffic.sites) + sum(paid)


def borders_of(scenario: Scenario) -> list[int]:
    """Give the ends of the steps in ms: every step of the scenario, every day, and more where a day has many visits.

    Learning and audiences advance at the ends of days, which are borders whatever the length of a step. Other borders
    change nothing but speed and memory.
    """
    hours = scenario.traffic.step_hours
    parts = math.ceil(visits_a_day(scenario) * hours / 24 / BLOCK_VISITS)
    step = hours * HOUR // max(parts, 1)
    return sorted({*range(step, scenario.length, step), *range(DAY, scenario.length, DAY), scenario.length})


def block_days(scenario: Scenario) -> int:
    """Give the days drawn at a time: those of the scenario, or fewer where a day has many visits."""
    return max(1, min(scenario.traffic.block_days, int(5 * BLOCK_VISITS / max(visits_a_day(scenario), 1))))


def can_repeat(scenario: Scenario) -> bool:
    """Tell whether any site sends copies that de-duplication could take for repeats of one another."""
    if scenario.measurement.repeat_seconds > 0:
        return True
    return any(
        capture.server is not None
        or capture.resends_previous
        or capture.id_from == "visitor"
        or any(loads > 1 for loads in capture.loads.values())
        for capture in (site.capture for site in scenario.traffic.sites)
    )


def ids_return(scenario: Scenario) -> bool:
    """Tell whether an event id, or an event without one, can come again in a copy that a later step makes.

    Otherwise the copies of an event are all made at once, and only those on their way can meet an earlier one.
    """
    if scenario.measurement.repeat_seconds > 0:
        return True
    return any(
        capture.resends_previous
        or capture.id_from == "visitor"
        or not capture.browser_event_id
        or (capture.server is not None and capture.server.event_id == "missing")
        for capture in (site.capture for site in scenario.traffic.sites)
    )


def reach_of(scenario: Scenario) -> dict[str, int]:
    """Give for each ad group how long a click can be found again, in ms: by its id, or by its site's cookie (P89)."""
    by_id = scenario.measurement.click_id_days
    cookies = {site.website: site.capture.cookie_days for site in scenario.traffic.sites}
    return {d.ad_group: days(max(by_id, cookies.get(d.website, 0.0))) for d in scenario.traffic.delivery}


def windows_of(groups: dict[str, AdGroup], numbering: Numbering, reach: dict[str, int]) -> Windows:
    """Give the attribution windows of all ad groups in ms; a click's also ends when it cannot be found again."""
    rows = [groups[key] for key in numbering.ad_groups]
    return Windows(
        np.array([min(g.click_days * DAY, reach.get(g.id, g.click_days * DAY)) for g in rows], dtype=np.int64),
        np.array([g.engaged_view_days * DAY for g in rows], dtype=np.int64),
        np.array([g.view_days * DAY for g in rows], dtype=np.int64),
    )


def count_modes(groups: dict[str, AdGroup], numbering: Numbering, default: CountMode) -> NDArray[np.int8]:
    """Give how each ad group counts each event name: codes of :class:`counting.CountMode`, (ad groups, events).

    The ad group's own setting goes first; where that is ``by_goal``, the scenario's setting decides.
    """
    table = np.zeros((len(numbering.ad_groups), len(EVENT_NAMES)), dtype=np.int8)
    for i, key in enumerate(numbering.ad_groups):
        mode = groups[key].count if groups[key].count is not CountMode.BY_GOAL else default
        for j, event in enumerate(EVENT_NAMES):
            once = mode is CountMode.ONCE or (mode is CountMode.BY_GOAL and event not in VALUE_EVENTS)
            table[i, j] = counting.CountMode.ONCE if once else counting.CountMode.EVERY
    return table


def goals_of(groups: dict[str, AdGroup], numbering: Numbering) -> NDArray[np.int8]:
    """Give the number of the event that each ad group is optimised for, -1 for one that no site sends."""
    events = {name: i for i, name in enumerate(EVENT_NAMES)}
    return np.array([events.get(groups[key].event, -1) for key in numbering.ad_groups], dtype=np.int8)


def all_ad_groups(scenario: Scenario, world: World) -> dict[str, AdGroup]:
    """Give every ad group that exists at the start or that the plan creates."""
    groups = dict(world.ad_groups)
    for step in scenario.plan.steps:
        if isinstance(step.action, do.CreateAdGroup):
            made = step.action
            groups.setdefault(
                made.ad_group,
                AdGroup(
                    id=made.ad_group,
                    campaign=made.campaign,
                    name=made.name,
                    pixel=made.pixel,
                    event=made.event,
                    click_days=made.click_days,
                    engaged_view_days=made.engaged_view_days,
                    view_days=made.view_days,
                    count=made.count,
                ),
            )
    return groups
