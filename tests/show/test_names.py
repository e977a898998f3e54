from __future__ import annotations

import dataclasses
import typing

import pytest

from pixelsim.base.clock import DAY
from pixelsim.scenario import Scenario
from pixelsim.sharing import Decision, Verdict, explain
from pixelsim.sharing import actions as do
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.history import Change, differences
from pixelsim.show.names import Names
from pixelsim.study import Run
from pixelsim.world.entities import AdAccount, BusinessCenter, Campaign, Person
from pixelsim.world.relations import Link, Partnership, RelationStatus
from pixelsim.world.world import World

ALL_ACTIONS = typing.get_args(typing.get_args(do.AnyAction)[0])


@pytest.fixture(scope="module")
def world(agency: Scenario) -> World:
    return agency.structure.world()


def test_things_are_called_by_their_names_and_unknown_ones_by_their_ids(world: World) -> None:
    names = Names(world)
    assert names.of("ad_accounts", "acc_agency") == "Agency's account for the brand"
    assert names.of("ad_accounts", "acc_x") == "acc_x"
    assert names.any("brand_admin") == "Brand's Admin"
    assert names.any("nobody") == "nobody"


def test_a_name_that_two_share_is_followed_by_the_id_of_each() -> None:
    world = World.of(
        Campaign(id="c1", account="a", name="Spring"),
        Campaign(id="c2", account="a", name="Spring"),
        Campaign(id="c3", account="a", name="Autumn"),
        AdAccount(id="a", name="Spring"),
    )
    names = Names(world)
    assert [names.of("campaigns", c) for c in ("c1", "c2", "c3")] == ["Spring (c1)", "Spring (c2)", "Autumn"]
    assert names.of("ad_accounts", "a") == "Spring"


def test_the_place_of_an_id_decides_between_kinds_that_share_it() -> None:
    world = World.of(BusinessCenter(id="x", name="Business"), AdAccount(id="x", name="Account"))
    names = Names(world)
    assert names.any("x", "partner") == "Business"
    assert names.any("x", "account") == "Account"


def test_names_that_cannot_be_drawn_give_way_to_ids_in_pictures_only() -> None:
    world = World.of(Campaign(id="c1", account="a", name="春"))
    assert Names(world).of("campaigns", "c1") == "春"
    assert Names(world, drawn=True).of("campaigns", "c1") == "c1"


@pytest.mark.parametrize("kind", ALL_ACTIONS, ids=lambda kind: kind.__name__)
def test_every_action_is_said_with_names_and_without_the_ids_that_have_one(kind: type[do.Action], world: World) -> None:
    ids = {
        "actor": "brand_admin",
        "person": "agency_buyer",
        "bc": "bc_brand",
        "partner": "bc_agency",
        "account": "acc_agency",
        "pixel": "BRANDSHOPPIXEL000001",
        "website": "shop",
        "campaign": "prospecting",
        "ad_group": "prospecting_1",
        "ad": "retargeting_ad",
    }
    values: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        if field.name in ids:
            values[field.name] = ids[field.name]
        elif field.name != "do" and field.default is dataclasses.MISSING:
            values[field.name] = {"kind": "campaign", "id": "prospecting", "to": "off"}.get(
                field.name, f"some {field.name}"
            )
    told = Names(world).action(kind(**values))
    used = {ids[name] for name in values if name in ids and name != "actor"}
    words = set(told.replace("“", " ").replace("”", " ").replace(",", " ").split())
    assert not used & words - {"shop"}, told
    assert "{" not in told


def test_what_is_about_to_be_created_is_called_by_the_name_it_gets(world: World) -> None:
    action = do.CreateCampaign(actor="agency_buyer", account="acc_agency", campaign="c_77", name="Summer")
    told = Names(world).action(action)
    assert told == "create campaign “Summer” in ad account “Agency's account for the brand”"


def test_reasons_and_remedies_name_names(world: World) -> None:
    names = Names(world)
    decision = explain(world, "outsider_admin", "use", ("BRANDSHOPPIXEL000001", "acc_outsider"))
    assert "acc_outsider" in decision.reason
    assert names.reason(decision) == "ad account “An account without access” has no access to pixel “Brand's shop”."
    assert all("bc_brand" not in remedy and "“Brand”" in remedy for remedy in names.remedies(decision))


def test_blocking_objects_are_named(wrong_order: Run) -> None:
    record = wrong_order.simulation.history.records[0]
    told = Names(wrong_order.simulation.history.now).reason(record.decision)
    assert "“Prospecting”, “Retargeting”" in told
    assert "prospecting_1" not in told


def test_what_a_user_typed_is_never_taken_for_an_id() -> None:
    world = World.of(Campaign(id="950", account="a", name="Nine fifty"), Person(id="x1", name="Xenia"))
    facts = (("audience", "aud"), ("people", "950"), ("minimum", "1000"))
    decision = Decision(Verdict.NO, "R18", Cause.TOO_SMALL, facts)
    assert "has 950 of the 1000" in Names(world).reason(decision)
    unknown = Decision(Verdict.NO, "R16", Cause.UNKNOWN_ID, (("kind", "campaign"), ("id", "x1")))
    assert "'x1' does not exist" in Names(world).reason(unknown)


def test_changes_are_said_by_what_they_change(one: Run) -> None:
    names = Names(one.simulation.history.now)
    first, _, unshare = one.simulation.history.records
    assert [names.change(change) for change in first.changes] == ["campaign “Prospecting”, on: yes → no"]
    told = [names.change(change) for change in unshare.changes]
    assert "share “Brand's shop” – “Agency” ended" in told
    assert "link “Brand's shop” – “Agency's account for the brand” ended" in told
    assert "revoked link “Brand's shop” – “Agency's account for the brand” added" in told


def test_a_relation_that_changes_tells_both_states(world: World) -> None:
    key = ("bc_brand", "bc_agency")
    after = world.with_item("partnerships", key, Partnership(status=RelationStatus.REMOVED))
    (change,) = differences(world, after)
    assert Names(world).change(change) == "partnership “Brand” – “Agency”, status: BOUND → REMOVED"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), ("Purchase", "AddToCart"), "none → Purchase, AddToCart"),
        (None, 5, "none → 5"),
        ("old", "new", "old → new"),
    ],
)
def test_values_are_written_in_words(before: object, after: object, told: str, world: World) -> None:
    change = Change("pixels", "BRANDSHOPPIXEL000001", "events", before, after)
    assert Names(world).change(change) == f"pixel “Brand's shop”, events: {told}"


def test_a_field_that_refers_to_something_names_it(world: World) -> None:
    change = Change("pixels", "BRANDSHOPPIXEL000001", "owner_bc", None, "bc_brand")
    assert Names(world).change(change) == "pixel “Brand's shop”, owner bc: none → “Brand”"


def test_an_edit_tells_its_value_in_words(world: World) -> None:
    names = Names(world)
    events = do.EditPixel(
        actor="brand_admin", pixel="BRANDSHOPPIXEL000001", setting="events", value=("PageView", "Purchase")
    )
    assert names.action(events) == "set events of pixel “Brand's shop” to PageView, Purchase"
    matching = dataclasses.replace(events, setting="advanced_matching", value=True)
    assert names.action(matching) == "set advanced_matching of pixel “Brand's shop” to yes"


def test_a_link_that_is_replaced_tells_both_sides(world: World) -> None:
    change = Change("tokens", "tok", "", Link(by_bc="a"), Link(by_bc="b"))
    assert Names(world).change(change).startswith("token “tok”: Link(")


def test_instants_are_told_as_days_of_the_run(world: World) -> None:
    group = next(iter(world.ad_groups))
    told = Names(world).change(Change("ad_groups", group, "learning_from", None, 14 * DAY + DAY // 2))
    assert told.endswith(", learning from: none → day 14.5")
