from __future__ import annotations

import datetime as dt
import json

import pytest
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY, Clock
from pixelsim.plan import ActionPlan, Condition, Cost, Fallback, Step, StepKind, plan_unshare
from pixelsim.sharing import actions as do
from pixelsim.world import PixelLevel

GOAL = Condition("reach something", lambda _: True)
CLOCK = Clock(dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC))


def step(**changes: object) -> Step:
    values: dict = {
        "number": 1,
        "kind": StepKind.NOTIFY,
        "task": "tell them",
        "why": "They have to know.",
        "rule": "R15",
    }
    return Step(**{**values, **changes})


def test_a_step_is_titled_by_its_action_or_its_task() -> None:
    assert (step().title, step().who) == ("tell them", "")
    acts = step(action=do.LeavePerson(actor="ann"))
    assert (acts.title, acts.who) == ("let ann leave", "ann")


def test_the_table_has_one_row_a_step_with_days_or_calendar_dates() -> None:
    plan = plan_unshare(with_ad_group(client_and_agency(), "g"), "px", from_="bc_ag")
    table = plan.table()
    assert len(table) == len(plan.steps)
    stop = table.set_index("kind").loc["stop"]
    assert (stop["what"], stop["who"], stop["done"], stop["waits_for"]) == ("delete ad group g", "otto", "day 1", "1")
    assert plan.table(CLOCK).set_index("kind").loc["stop", "done"] == "2026-05-05 09:00+00:00"
    assert list(ActionPlan(goal=GOAL, steps=()).table().columns) == list(table.columns)


def test_json_is_plain_and_holds_every_step_and_its_action() -> None:
    plan = plan_unshare(with_ad_group(client_and_agency(), "g"), "px", from_="bc_ag")
    read = json.loads(plan.json())
    assert read["safe"] is True
    assert [entry["number"] for entry in read["steps"]] == [s.number for s in plan.steps]
    stop = next(entry for entry in read["steps"] if entry["kind"] == "stop")
    assert stop["action"] == {"actor": "otto", "do": "switch", "kind": "ad_group", "id": "g", "to": "deleted"}
    assert stop["done_ms"] == DAY
    assert [entry["name"] for entry in read["fallbacks"]] == [f.name for f in plan.fallbacks]
    assert json.loads(plan.json(CLOCK))["steps"][0]["done"] == "2026-05-04 09:00+00:00"


def test_enumerations_and_tuples_become_plain_values() -> None:
    assign = do.AssignPixel(actor="a", bc="b", pixel="p", person="q", level=PixelLevel.EDIT)
    edit = do.EditPixel(actor="a", pixel="p", setting="events", value=("Purchase", "Lead"))
    assert step(action=assign).as_dict()["action"]["level"] == "EDIT"
    assert step(action=edit).as_dict()["action"]["value"] == ["Purchase", "Lead"]


def test_markdown_is_a_checklist_that_says_who_when_why_and_what_else() -> None:
    fallback = Fallback(
        name="force it",
        when_used="the guard refuses",
        consequence="It spends.",
        safe=False,
        steps=(step(),),
        cost=Cost.of({"USD": 700}, None, ""),
    )
    plan = ActionPlan(
        goal=GOAL,
        steps=(
            step(must="an Admin of bc", can=("ann", "ben"), at=DAY),
            step(number=2, must="", waits_for=(1,), waiting="the notice", go_back_to=1, rule=""),
            step(
                number=3, waiting="a week to pass", waits_for=(1, 2), action=do.LeavePerson(actor="ann"), can=("ann",)
            ),
            step(number=4, waiting="the start"),
        ),
        fallbacks=(fallback,),
        safe=False,
        reasons=("Nobody is there.",),
    )
    assert plan.markdown() == str(plan)
    assert (
        plan.markdown()
        == """# Reach something

**Safe: no.**

- Nobody is there.

## Steps, as far as they go

- [ ] **1.** Tell them (day 1)
  - Who: an Admin of bc: ann, ben
  - Why: They have to know. (R15)
- [ ] **2.** Tell them
  - Waits for: step 1: the notice
  - Why: They have to know.
  - If it finds something, or is refused: go back to step 1.
- [ ] **3.** Let ann leave
  - Who: ann
  - Waits for: steps 1, 2: a week to pass
  - Why: They have to know. (R15)
- [ ] **4.** Tell them
  - Waits for: the start
  - Why: They have to know. (R15)

## If that way is closed

- **Force it** (not safe; cost: 7 USD).
  For when the guard refuses. It spends.
  1. Tell them
"""
    )


def test_a_plan_without_steps_says_so_and_findings_come_before_the_steps() -> None:
    assert "There is nothing to do." in ActionPlan(goal=GOAL, steps=()).markdown()
    text = plan_unshare(client_and_agency(), "px", from_="bc_ag").markdown()
    assert text.index("## Before you begin") < text.index("## Steps") < text.index("## If that way is closed")


def test_a_kind_that_a_plan_lacks_is_refused_with_the_kinds_it_has() -> None:
    plan = ActionPlan(goal=GOAL, steps=(step(), step(number=2, kind=StepKind.STOP)))
    assert plan.step("stop").number == 2
    with pytest.raises(LookupError, match="no step of kind 'wait'; its kinds are: notify, stop"):
        plan.step(StepKind.WAIT)
