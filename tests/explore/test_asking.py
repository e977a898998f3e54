from __future__ import annotations

import pytest

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.asking import QUESTIONS, ask, choices, told
from pixelsim.scenario import Scenario
from pixelsim.sharing import VERBS, Rulebook, SharingSettings, explain
from pixelsim.world.entities import Token
from pixelsim.world.world import World

PIXEL = "BRANDSHOPPIXEL000001"


@pytest.fixture(scope="module")
def world(agency: Scenario) -> World:
    token = Token(id="tok", pixel=PIXEL, holder_bc="bc_agency")
    return agency.structure.world().with_item("tokens", "tok", token)


def test_every_verb_has_its_question() -> None:
    assert set(QUESTIONS) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_offered_question_can_be_asked(verb: str, world: World) -> None:
    question = QUESTIONS[verb]
    seconds = [key for _, key in choices(world, (question.second,))] if question.second else []
    asked = 0
    for _, who in choices(world, question.who):
        for _, first in choices(world, (question.first,)):
            for second in seconds if question.needs_second else [None, *seconds]:
                decision = ask(world, who, verb, first, second)
                on = first if second is None else (first, second)
                assert decision == explain(world, who, verb, on)
                assert {"Answer", "Rule", "Cause", "Why"} <= {name for name, _ in told(world, decision)}
                asked += 1
    assert asked > 0


def test_a_second_thing_that_a_verb_does_not_know_is_left_out(world: World) -> None:
    assert ask(world, "brand_admin", "edit", PIXEL, "acc_brand") == explain(world, "brand_admin", "edit", PIXEL)


def test_the_open_business_center_and_the_rulebook_are_passed_on(world: World) -> None:
    assert ask(world, "agency_admin", "share", PIXEL, "bc_outsider", active_bc="bc_agency").rule == "R09"
    lenient = Rulebook(settings=SharingSettings(recipient_may_edit=True))
    assert not ask(world, "agency_admin", "edit", PIXEL).allowed
    assert ask(world, "agency_admin", "edit", PIXEL, rulebook=lenient).allowed


def test_choices_are_named_and_sorted_and_kinds_are_told_apart(world: World) -> None:
    assert choices(world, ("business_centers",)) == [
        ("Agency", "bc_agency"),
        ("Brand", "bc_brand"),
        ("Outsider", "bc_outsider"),
    ]
    both = choices(world, ("people", "ad_accounts"))
    assert both[0] == ("Agency's Admin", "agency_admin")
    assert both[-1] == ("ad account Brand's account", "acc_brand")
    assert choices(world, ("tokens",)) == [("tok", "tok")]


def test_a_refusal_is_told_with_names_and_all_its_repairs(world: World) -> None:
    decision = ask(world, "outsider_admin", "edit", PIXEL)
    rows = told(world, decision)
    assert rows[0] == ("Answer", "no")
    assert rows[1] == ("Rule", "R21")
    assert [name for name, _ in rows].count("What would help") == len(decision.remedies) == 2
    text = " ".join(value for _, value in rows)
    assert "“Outsider's Admin”" in text
    assert "outsider_admin" not in text


def test_unknown_verbs_and_half_questions_are_refused(world: World) -> None:
    with pytest.raises(UnknownNameError, match="verb 'unshaer' does not exist; did you mean 'unshare'"):
        ask(world, "brand_admin", "unshaer", PIXEL)
    with pytest.raises(InputError, match="a pair of a pixel and an ad account or partner"):
        ask(world, "brand_admin", "link", PIXEL)
