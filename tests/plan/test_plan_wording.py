from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pytest
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.plan.wording import account_of, describe, must, stop_first_text
from pixelsim.sharing import Rulebook, StopFirst, UnsharePolicy
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action, AnyAction
from pixelsim.world import AccountRole, Audience, Token

KINDS: tuple[type[Action], ...] = get_args(get_args(AnyAction)[0])


def filled(kind: type[Action]) -> Action:
    """Fill every field of an action: ids are ``<field>_1``, the rest keeps its default or gets its first value."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name == "do":
            continue
        if field.name == "kind":
            values["kind"] = "ad_group"
        elif field.name == "to":
            values["to"] = "off"
        elif field.name == "setting":
            values["setting"] = "name"
        elif field.default is dataclasses.MISSING:
            values[field.name] = f"{field.name}_1"
    return kind(**values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_action_is_described_in_words_that_name_its_ids(kind: type[Action]) -> None:
    action = filled(kind)
    text = describe(action)
    assert text[0].islower()
    assert not re.search(r"[{}]|\.$", text)
    named = [
        f.name
        for f in dataclasses.fields(kind)
        if f.default is dataclasses.MISSING
        and f.name not in {"actor", "bc", "number", "name", "kind", "to", "setting", "value"}
    ]
    for name in named:
        assert f"{name}_1" in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_action_says_who_must_do_it_even_where_nothing_exists_yet(kind: type[Action]) -> None:
    if kind is do.LeavePerson:
        assert must(client_and_agency(), filled(kind)) == ""
    else:
        assert must(client_and_agency(), filled(kind))


def test_an_action_of_a_kind_without_a_sentence_is_described_by_its_fields() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class SharePayment(Action):
        do: Literal["share_payment"] = "share_payment"
        method: str

    assert describe(SharePayment(actor="ann", method="pm_1")) == "share payment (method pm_1)"


def test_ways_and_dates_are_said() -> None:
    unshare = do.UnsharePixel(actor="a", bc="b", pixel="px", partner="p", api=True)
    assert describe(unshare) == "unshare pixel px from Business Center p through the API"
    assert describe(dataclasses.replace(unshare, api=False, force=True)).endswith("p, past the guard")
    later = do.CreateAdGroup(actor="a", campaign="c", ad_group="g", pixel="px", start=2 * DAY)
    assert describe(later) == "publish ad group g in campaign c on pixel px, to start on day 2"
    assert describe(dataclasses.replace(later, start=0)).endswith("on pixel px")
    assert describe(do.Switch(actor="a", kind="ad_group", id="g", to="deleted")) == "delete ad group g"
    assert describe(do.SetTrackingPixel(actor="a", ad="d", pixel=None)) == "set the tracking pixel of ad d to none"
    assert describe(do.InstallPixel(actor="a", website="w", pixel="px", replace=True)).endswith(
        "in place of what it carries"
    )
    assign = do.AssignAccount(actor="a", account="acc", person="p", role=AccountRole.ANALYST)
    assert describe(assign) == "assign ad account acc to p as Analyst"


def test_an_edit_is_told_part_by_part() -> None:
    edit = do.EditAdGroup(actor="a", ad_group="g")
    parts = {
        "budget times 1.2": {"budget_factor": 1.2},
        "bid times 0.5": {"bid_factor": 0.5},
        "target au and bu": {"audiences": ("au", "bu")},
        "target no audience": {"audiences": ()},
        "other ages": {"targeting": "age"},
        "other targeting": {"targeting": "other"},
        "other creatives": {"creatives": True},
        "end on day 3": {"end": 3 * DAY},
        "other hours of the week": {"dayparting": "1" * 336},
        "nothing": {},
    }
    for words, changes in parts.items():
        assert describe(dataclasses.replace(edit, **changes)) == f"edit ad group g: {words}"
    both = dataclasses.replace(edit, budget_factor=2.0, creatives=True)
    assert describe(both) == "edit ad group g: budget times 2, other creatives"


def test_the_practice_is_told_as_the_setting_reads_it() -> None:
    assert stop_first_text(Rulebook()).startswith("stop what is in delivery and cancel what is scheduled first")
    lenient = Rulebook(policy=dataclasses.replace(UnsharePolicy(), stop_first=StopFirst.UNDER_PACING))
    assert stop_first_text(lenient).startswith("stop what spends less than planned and cancel what is scheduled first")


def test_the_account_of_an_action_is_found_through_what_it_names() -> None:
    world = with_ad_group(client_and_agency(), "g")
    world = world.with_item("audiences", "au", Audience(id="au", account="acc_a", name="au", pixel="px"))
    for action in (
        do.Switch(actor="x", kind="campaign", id="c_g", to="off"),
        do.Switch(actor="x", kind="ad_group", id="g", to="off"),
        do.Switch(actor="x", kind="ad", id="d_g", to="off"),
        do.SetTrackingPixel(actor="x", ad="d_g", pixel=None),
        do.SetAttribution(actor="x", ad_group="g"),
        do.EditAdGroup(actor="x", ad_group="g", creatives=True),
        do.CreateAd(actor="x", ad_group="g", ad="d2"),
        do.CreateAdGroup(actor="x", campaign="c_g", ad_group="g2"),
        do.CreateCampaign(actor="x", account="acc_a", campaign="c2"),
        do.AssignAccount(actor="x", account="acc_a", person="otto"),
        do.ShareAudience(actor="x", audience="au", account="acc_c"),
    ):
        assert account_of(world, action) == "acc_a", action
    assert account_of(world, do.AssignAccount(actor="x", bc="bc_ag", account="acc_a", person="otto")) is None
    assert account_of(world, do.SharePixel(actor="x", bc="bc_c", pixel="px", partner="bc_ag")) is None


def test_who_must_do_it_is_a_role_on_the_right_thing() -> None:
    world = with_ad_group(client_and_agency(), "g")
    key = "tk"
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    assert (
        must(world, do.Switch(actor="x", kind="ad_group", id="g", to="off"))
        == "an Admin or Operator of ad account acc_a"
    )
    assert must(world, do.CreatePixel(actor="x", account="acc_c", pixel="p", number="2", name="n")) == (
        "an Admin of ad account acc_c"
    )
    assert must(world, do.UnsharePixel(actor="x", bc="bc_c", pixel="px", partner="bc_ag")) == "an Admin of bc_c"
    assert must(world, do.RevokeToken(actor="x", token=key)) == "an Admin of bc_ag or of the pixel's owner"
    assert must(world, do.InstallPixel(actor="x", website="shop", pixel="px")) == "whoever maintains website shop"
    assert must(world, do.EditPixel(actor="x", pixel="px", setting="name", value="n")) == "an editor of pixel px"
