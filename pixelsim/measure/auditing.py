"""All audits of a run at once, and that of learning: whether ad groups have left it on duplicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.measure.audit import (
    AuditCode,
    AuditFinding,
    audit_ids,
    audit_installs,
    audit_purchases,
    audit_senders,
    audit_tags,
)
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.traffic.learning import LearningRules, Phase, exits_on_duplicates
from pixelsim.traffic.simulate import Simulation

__all__ = ["audit_learning", "audit_run"]

Doubles = NDArray[np.float64]


def audit_learning(simulation: Simulation) -> tuple[AuditFinding, ...]:
    """Find ad groups that count as settled only because conversions of one event were counted more than once (P81).

    Conversions are those that count for the ad group's goal, by the day received, on the days on which it delivered
    since its learning last began. Ad groups that had learned before the run began are left out.
    """
    learning, found = simulation.scenario.traffic.learning, []
    rules = LearningRules(
        calm_conversions=learning.calm_conversions,
        calm_days=learning.calm_days,
        stable_conversions=learning.stable_conversions,
        stable_days=learning.stable_days,
    )
    for number, name in enumerate(simulation.numbering.ad_groups):
        if not len(simulation.phases) or np.all(simulation.phases[:, number] == Phase.STABLE):
            continue
        days = _days_of_learning(simulation, number)
        if not days:
            continue
        counted, true = (_conversions(simulation, number, once=once)[days] for once in (False, True))
        for wrong in exits_on_duplicates([counted], [true], rules):
            sentence = (
                f"ad group {name}: learning exit rests on duplicates "
                f"({wrong.counted:g} conversions counted in the week up to day {days[wrong.day - 1] + 1}, "
                f"{wrong.true:g} real)"
            )
            remedy = "do not rely on its learning until every event is counted once"
            found.append(AuditFinding(AuditCode.LEARNING_ON_DUPLICATES, name, wrong.counted, sentence, remedy))
    return tuple(found)


def _days_of_learning(simulation: Simulation, number: int) -> list[int]:
    """Give the days of the run on which an ad group delivered since its learning last began."""
    name = simulation.numbering.ad_groups[number]
    edits = simulation.timeline.relearns(name, 0, simulation.scenario.length)
    first = edits[-1] // DAY + 1 if edits else 0
    shown = {part.at // DAY for part in simulation.shown if part.ad_group == number and part.impressions}
    return sorted(day for day in shown if day >= first)


def _conversions(simulation: Simulation, number: int, *, once: bool) -> Doubles:
    """Count an ad group's conversions for its goal by day of the run, each event once or as often as counted."""
    name, claims = simulation.numbering.ad_groups[number], simulation.claims
    group = simulation.history.now.ad_groups[name]
    goal = EVENT_NAMES.index(group.event) if group.event in EVENT_NAMES else -1
    rows = np.flatnonzero(claims.counted & (claims.ad_group == number) & (claims.event == goal))
    if once:
        rows = rows[np.unique(claims.key[rows], return_index=True)[1]]
    return np.bincount(claims.received[rows] // DAY, minlength=simulation.scenario.days).astype(np.float64)


def audit_run(simulation: Simulation) -> tuple[AuditFinding, ...]:
    """Give everything that the audits find in a run: tags, installations, ids, purchases, senders and learning."""
    return (
        *audit_tags(simulation.scenario),
        *audit_installs(simulation),
        *audit_ids(simulation),
        *audit_purchases(simulation),
        *audit_senders(simulation),
        *audit_learning(simulation),
    )
