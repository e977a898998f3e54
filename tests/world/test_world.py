"""The world as a value: made, changed, compared, and checked for what does not hang together."""

from __future__ import annotations

import copy
import dataclasses

import pytest

from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Link,
    Partnership,
    PaymentMethod,
    Person,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    RelationStatus,
    Token,
    Website,
    World,
    integrity_faults,
)
from pixelsim.world.relations import AudienceAfter, Effect, Unbound
from pixelsim.world.world import ENTITY_FIELDS, RELATION_FIELDS

TOMB = Unbound(at=0, effect=Effect.NOT_DELIVERING, tracking_only=Effect.NOT_DELIVERING, audiences=AudienceAfter.FROZEN)


def sound() -> World:
    return World.of(
        BusinessCenter(id="bc_1", name="One"),
        BusinessCenter(id="bc_2", name="Two"),
        Person(id="ann", name="Ann"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_1", payment_method="pay"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc_2"),
        Website(id="site", name="Site", pixels=("px",)),
        Pixel(code="px", number="1", name="Px", creator="acc_1", owner_bc="bc_1"),
        Campaign(id="camp", account="acc_2", name="Camp"),
        AdGroup(id="ag", campaign="camp", name="Ag", pixel="px", audiences=("aud",)),
        Ad(id="ad", ad_group="ag", name="Ad", tracking_pixel="px"),
        Audience(id="aud", account="acc_2", name="Aud", pixel="px", shared_with=("acc_1",)),
        Token(id="tok", pixel="px", holder_bc="bc_2"),
        PaymentMethod(id="pay", name="Pay", owner_bc="bc_1"),
        members={("bc_1", "ann"): BusinessRole.ADMIN},
        account_people={("acc_1", "ann"): AccountAssignment(role=AccountRole.ADMIN, via="bc_1")},
        partnerships={("bc_1", "bc_2"): Partnership()},
        shares={("px", "bc_2"): PixelShare()},
        links={("px", "acc_2"): Link(by_bc="bc_2")},
        pixel_people={("px", "ann"): PixelAssignment(level=PixelLevel.EDIT, via="bc_1")},
    )


def test_entities_are_filed_under_their_ids_in_any_order():
    world = sound()
    assert set(world.business_centers) == {"bc_1", "bc_2"}
    assert list(world.pixels) == ["px"]
    assert World.of(*reversed([*world.business_centers.values()])).business_centers == world.business_centers
    assert World.of(Person(id="p", name="old"), Person(id="p", name="new")).people["p"].name == "new"
    given = {"p": Person(id="p", name="given")}
    assert set(World.of(Person(id="q", name="Q"), people=given).people) == {"p", "q"}
    assert list(given) == ["p"]
    with pytest.raises(TypeError, match="nothing"):
        World.of(nothing={})


def test_every_mapping_is_an_entity_field_or_a_relation_field():
    names = [field.name for field in dataclasses.fields(World)]
    assert sorted(names) == sorted([*ENTITY_FIELDS, *RELATION_FIELDS])


def test_a_change_makes_a_new_world_and_leaves_the_old_one():
    old = sound()
    held = {field.name: dict(getattr(old, field.name)) for field in dataclasses.fields(World)}
    new = old.with_item("people", "ben", Person(id="ben", name="Ben"))
    new = new.with_items("members", {("bc_2", "ben"): BusinessRole.ADMIN})
    new = new.without("links", [("px", "acc_2"), ("px", "nowhere")])
    new = new.changed("pixels", "px", name="New")
    assert {field.name: getattr(old, field.name) for field in dataclasses.fields(World)} == held
    assert set(new.people) == {"ann", "ben"}
    assert new.members["bc_2", "ben"] is BusinessRole.ADMIN
    assert new.links == {}
    assert new.pixels["px"].name == "New"
    assert new != old


def test_untouched_mappings_are_shared_and_no_change_gives_the_same_world():
    old = sound()
    new = old.changed("pixels", "px", name="New")
    assert [name for name in (*ENTITY_FIELDS, *RELATION_FIELDS) if getattr(new, name) is not getattr(old, name)] == [
        "pixels"
    ]
    assert old.without("links", [("nothing", "nowhere")]) is old
    assert old.with_items("links", {}) is old


def test_a_world_cannot_be_written_to_and_compares_by_content():
    world = sound()
    with pytest.raises(dataclasses.FrozenInstanceError):
        world.people = {}
    assert world == sound()
    assert copy.deepcopy(world) == world
    assert dataclasses.replace(world, people={}).people == {}


def test_a_sound_world_has_no_faults():
    assert integrity_faults(sound()) == []
    assert integrity_faults(World()) == []


@pytest.mark.parametrize(
    ("name", "key", "changes", "place", "field", "value"),
    [
        ("ad_accounts", "acc_1", {"owner_bc": "x"}, "ad_accounts[acc_1]", "owner_bc", "x"),
        ("ad_accounts", "acc_1", {"created_from_bc": "x"}, "ad_accounts[acc_1]", "created_from_bc", "x"),
        ("ad_accounts", "acc_1", {"payment_method": "x"}, "ad_accounts[acc_1]", "payment_method", "x"),
        ("websites", "site", {"pixels": ("px", "x")}, "websites[site]", "pixels", "x"),
        ("pixels", "px", {"creator": "x"}, "pixels[px]", "creator", "x"),
        ("campaigns", "camp", {"account": "x"}, "campaigns[camp]", "account", "x"),
        ("ad_groups", "ag", {"campaign": "x"}, "ad_groups[ag]", "campaign", "x"),
        ("ad_groups", "ag", {"audiences": ("x",)}, "ad_groups[ag]", "audiences", "x"),
        ("ads", "ad", {"tracking_pixel": "x"}, "ads[ad]", "tracking_pixel", "x"),
        ("audiences", "aud", {"shared_with": ("x",)}, "audiences[aud]", "shared_with", "x"),
        ("audiences", "aud", {"seed": "x"}, "audiences[aud]", "seed", "x"),
        ("tokens", "tok", {"holder_bc": "x"}, "tokens[tok]", "holder_bc", "x"),
        ("payment_methods", "pay", {"owner_bc": "x"}, "payment_methods[pay]", "owner_bc", "x"),
        ("people", "ann", {"id": "x"}, "people[ann]", "id", "x"),
        ("pixels", "px", {"code": "x"}, "pixels[px]", "code", "x"),
        ("account_people", ("acc_1", "ann"), {"via": "x"}, "account_people[acc_1 > ann]", "via", "x"),
        ("pixel_people", ("px", "ann"), {"via": "x"}, "pixel_people[px > ann]", "via", "x"),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_fault(name, key, changes, place, field, value):
    faults = integrity_faults(sound().changed(name, key, **changes))
    assert (place, field, value) in {(fault.place, fault.field, fault.value) for fault in faults}
    assert all(str(fault).endswith(".") for fault in faults)


def found(world: World) -> list[tuple[str, str]]:
    return [(fault.place, fault.remedy) for fault in integrity_faults(world)]


def test_contradictions_are_faults():
    world = sound()
    twin = world.with_item("pixels", "px2", Pixel(code="px2", number="1", name="Twin", creator="acc_2"))
    assert found(twin) == [("pixels[px2]", "give each pixel its own (R02)")]
    alone = world.with_item("partnerships", ("bc_1", "bc_1"), Partnership())
    assert found(alone) == [("partnerships[bc_1 > bc_1]", "remove it (R08)")]
    to_owner = world.with_item("shares", ("px", "bc_1"), PixelShare())
    assert found(to_owner) == [("shares[px > bc_1]", "transfer the pixel first, or remove it (R03, R08)")]
    early = world.changed("pixels", "px", owner_bc=None)
    assert [place for place, _ in found(early)] == ["shares[px > bc_2]", "links[px > acc_2]"]
    unmet = world.without("partnerships", [("bc_1", "bc_2")])
    assert found(unmet) == [
        ("shares[px > bc_2]", "add the partnership (R08)"),
        ("links[px > acc_2]", "share the pixel first (R09)"),
    ]
    waiting = world.changed("partnerships", ("bc_1", "bc_2"), status=RelationStatus.PENDING)
    assert found(waiting) == [("links[px > acc_2]", "share the pixel first (R09)")]
    both = world.with_item("unbound", ("px", "acc_2"), TOMB)
    assert found(both) == [("unbound[px > acc_2]", "remove one of the two (R20)")]
    creator = world.with_item("unbound", ("px", "acc_1"), TOMB)
    assert found(creator) == [("unbound[px > acc_1]", "remove the tombstone (R11)")]
    own = world.with_item("links", ("px", "acc_1"), Link(by_bc="bc_2"))
    assert found(own) == []


def test_unknown_pixels_in_relations_are_reported_once_and_not_followed():
    world = sound().with_item("shares", ("x", "bc_2"), PixelShare())
    world = world.with_item("links", ("x", "acc_2"), Link(by_bc="bc_1")).with_item("unbound", ("x", "acc_1"), TOMB)
    assert {place for place, _ in found(world)} == {"shares[x > bc_2]", "links[x > acc_2]", "unbound[x > acc_1]"}
    assert len(found(world)) == 3


def test_an_empty_id_is_a_fault():
    assert [fault.place for fault in integrity_faults(World.of(Person(id="", name="Nobody")))] == ["people[]"]


@pytest.mark.parametrize(
    ("kind", "agency"),
    [
        (BusinessCenterType.NORMAL, False),
        (BusinessCenterType.DIRECT, False),
        (BusinessCenterType.AGENCY, True),
        (BusinessCenterType.SELF_SERVICE, False),
        (BusinessCenterType.SELF_SERVICE_AGENCY, True),
    ],
)
def test_which_types_are_agencies(kind, agency):
    assert kind.is_agency is agency


def test_roles_are_ordered():
    admin, operator, analyst = AccountRole.ADMIN, AccountRole.OPERATOR, AccountRole.ANALYST
    assert [role.rank for role in (admin, operator, analyst)] == [3, 2, 1]
    assert [(a, b) for a in AccountRole for b in AccountRole if a.at_least(b)] == [
        (admin, admin),
        (admin, operator),
        (admin, analyst),
        (operator, operator),
        (operator, analyst),
        (analyst, analyst),
    ]
