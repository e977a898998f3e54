"""Plans that cannot be carried out: each step is refused with a decision, nothing changes, nothing is thrown."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from pixelsim.base.clock import DAY
from pixelsim.scenario import Plan, PlannedAction
from pixelsim.sharing import Cause
from pixelsim.sharing import actions as do
from pixelsim.sharing.engine import RULES

PIXEL = "BRANDSHOPPIXEL000001"
UNSHARE = do.UnsharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency")


def planned(*steps: tuple[float, do.Action]) -> Plan:
    return Plan(steps=tuple(PlannedAction(day=day, action=action) for day, action in steps))


def test_somebody_who_left_before_the_start_does_nothing(agency, act):
    number = [person.id for person in agency.structure.people].index("brand_admin")
    gone = agency.vary(f"structure.people[{number}].left", True)
    history = act(gone.replace(plan=planned((1, UNSHARE))))
    assert [record.decision.cause for record in history.records] == [Cause.PERSON_LEFT]
    assert history.now == gone.structure.world()


def test_somebody_who_leaves_on_the_way_does_nothing_from_that_instant_on(agency, act):
    leave = do.LeavePerson(actor="brand_admin")
    history = act(agency.replace(plan=planned((2, leave), (2, UNSHARE), (3, UNSHARE), (1, UNSHARE), (4, leave))))
    causes = [
        (record.at // DAY, record.decision.cause) for record in history.records if record.action.actor == "brand_admin"
    ]
    assert causes[0] == (1, Cause.ACTIVE_CAMPAIGNS), "the guard, while the Admin is still there"
    later = [cause for day, cause in causes if day >= 2]
    assert later.count(Cause.ALLOWED) == 1, "the leaving itself"
    assert set(later) == {Cause.ALLOWED, Cause.PERSON_LEFT}


def test_a_business_shares_neither_with_itself_nor_in_a_circle(agency, act):
    share = do.SharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_brand")
    back = do.SharePixel(actor="agency_admin", bc="bc_agency", pixel=PIXEL, partner="bc_brand")
    itself = do.RequestPartnership(actor="brand_admin", bc="bc_brand", partner="bc_brand")
    history = act(agency.replace(plan=planned((1, share), (1, back), (1, itself))))
    assert [record.decision.cause for record in history.records] == [Cause.SELF_SHARE, Cause.OWNS_IT, Cause.SELF_SHARE]
    assert history.now == agency.structure.world()


def nowhere(kind: type[do.Action], actor: str) -> do.Action:
    """Make an action whose every id leads nowhere."""
    hints = typing.get_type_hints(kind, include_extras=True)
    values: dict[str, object] = {"actor": actor}
    for field in dataclasses.fields(kind):
        required = field.default is dataclasses.MISSING and field.name != "actor"
        if required and typing.get_origin(hints[field.name]) is typing.Literal:
            values[field.name] = typing.get_args(hints[field.name])[0]
        elif required:
            values[field.name] = "nothing"
    return kind(**values)


@pytest.mark.parametrize("kind", [kind for kind in RULES if kind is not do.LeavePerson], ids=lambda kind: kind.__name__)
def test_ids_that_do_not_exist_are_refused_with_a_decision(agency, act, kind):
    history = act(agency.replace(plan=planned((1, nowhere(kind, "brand_admin")))))
    (record,) = history.records
    assert record.decision.refused
    assert record.decision.cause in {Cause.UNKNOWN_ID, Cause.UNKNOWN_CODE}
    assert "nothing" in record.decision.reason
    assert history.now == agency.structure.world()
