"""Field cases of learning, through the simulator: exits that rest on duplicates, and edits that begin it anew."""

from __future__ import annotations

import numpy as np
import pytest
from field_shops import DAY, HOUR, MINUTE, SETTLED, business, clicks, play, visits

from pixelsim.measure import audit_run
from pixelsim.measure.audit import AuditCode
from pixelsim.measure.auditing import audit_learning
from pixelsim.traffic.learning import Phase

# P81: five real conversions a day, each counted twice; stable at 50 in 7 days.

LEARNS = {"learning": SETTLED | {"learned_at_start": False}}


def five_a_day(days: int, *, loads: int, a_day: int = 5, steps: tuple = ()):
    """Give an ad group that earns so many orders a day from its clicks, on a page that loads its pixel so often."""
    one = business(
        days=days,
        sites={"shop": {"capture": {"loads": {"px_1": loads}, "browser_event_id": False}}},
        links=[("px_1", "acc_1")],
        groups={"g_1": {"account": "acc_1", "budget": 50.0}},
        traffic=LEARNS,
        steps=steps,
    )
    at = (np.arange(days)[:, None] * DAY + HOUR + np.arange(a_day) * MINUTE).ravel()
    people = np.arange(len(at))
    return play(one, [visits("shop", at + HOUR, people, ordered=True)], [clicks("g_1", at, people)])


@pytest.mark.parametrize(("loads", "phase"), [(2, Phase.STABLE), (1, Phase.LIMITED)])
def test_P81_duplicates_make_learning_look_finished(loads, phase):
    run = five_a_day(7, loads=loads)
    assert run.simulation.phases[6, 0] == phase
    warned = audit_learning(run.simulation)
    if loads == 1:
        assert warned == ()
        return
    (finding,) = warned
    # Ten a day reach 50 on day 5, when there are 25 real ones.
    assert finding.sentence == (
        "ad group g_1: learning exit rests on duplicates (50 conversions counted in the week up to day 5, 25 real)"
    )
    assert (finding.code, finding.count) == (AuditCode.LEARNING_ON_DUPLICATES, 50)
    assert finding in audit_run(run.simulation)


def test_P79_the_run_leaves_the_learning_phase_as_the_rule_does():
    """Five, eight and three conversions a day; calm at 25 or after 7 days, stable at 50 in 7 days."""
    phases = {a_day: five_a_day(7, loads=1, a_day=a_day).simulation.phases[:, 0] for a_day in (5, 8, 3)}
    calm = {a_day: int(np.argmax(found != Phase.LEARNING)) + 1 for a_day, found in phases.items()}
    assert calm == {5: 5, 8: 4, 3: 7}
    assert {a_day: found[6] for a_day, found in phases.items()} == {
        5: Phase.LIMITED,
        8: Phase.STABLE,
        3: Phase.LIMITED,
    }


def test_P81_after_an_edit_the_count_begins_anew():
    """Duplicates before the edit of day 4 are no ground for what comes after it."""
    edit = (3.5, {"do": "edit_ad_group", "ad_group": "g_1", "targeting": "other"})
    run = five_a_day(8, loads=2, steps=(edit,))
    assert run.simulation.phases[3, 0] == Phase.LEARNING
    # Ten a day from day 5 on: 40 by the end of day 8 are no 50.
    assert run.simulation.phases[:, 0].max() != Phase.STABLE
    assert audit_learning(run.simulation) == ()
    assert audit_learning(five_a_day(8, loads=2).simulation) != ()
