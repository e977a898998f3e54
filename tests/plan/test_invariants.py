"""Each invariant and each law is shown a world or a step that breaks it, made by hand and by no rule."""

from __future__ import annotations

import dataclasses

import pytest
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.plan import invariants
from pixelsim.plan.alphabet import running_world, small_world
from pixelsim.plan.invariants import INVARIANTS, LAWS, runs_now
from pixelsim.sharing import PRESETS, GuardAppliesTo, Label, PartnerMayLink, Rulebook, SharingSettings, apply
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AccountStatus,
    BusinessRole,
    Effect,
    Link,
    Partnership,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    RelationStatus,
    World,
)
from pixelsim.world.relations import AudienceAfter, Unbound

RULES = Rulebook()
STONE = Unbound(at=0, effect=Effect.NOT_DELIVERING, tracking_only=Effect.NOT_DELIVERING, audiences=AudienceAfter.FROZEN)


def fault(rule: str, world: World, rulebook: Rulebook = RULES) -> str | None:
    invariant = next(one for one in INVARIANTS if one.rule == rule)
    return invariant.fault(world, rulebook)


def broken(rule: str, before: World, action: do.Action, after: World, rulebook: Rulebook = RULES) -> str | None:
    law = next(one for one in LAWS if one.rule == rule)
    assert not law.kinds or type(action) in law.kinds
    return law.fault(before, action, after, rulebook)


def test_all_hold_in_good_worlds() -> None:
    for world in (small_world(), running_world(), with_ad_group(client_and_agency(), "g")):
        for invariant in INVARIANTS:
            assert invariant.fault(world, Rulebook(policy=PRESETS["strict"])) is None, invariant.sentence


def test_sharing_or_linking_without_a_business_center_is_a_fault() -> None:
    world = client_and_agency().changed("pixels", "px", owner_bc=None)
    assert fault("R03", world) == "px is given to others though it is in no Business Center"
    assert fault("R03", world.without("shares", [("px", "bc_ag")])) is not None


def test_a_link_over_two_shares_is_a_fault_unless_the_setting_lets_partners_use_admin_access() -> None:
    world = client_and_agency()
    assert fault("R09", world.without("shares", [("px", "bc_ag")])) == (
        "acc_a has px through bc_ag, with whom bc_c does not share it"
    )
    third = world.with_item("links", ("px", "acc_c2"), Link(by_bc="bc_ag"))
    third = third.with_item("ad_accounts", "acc_c2", dataclasses.replace(world.ad_accounts["acc_c"], id="acc_c2"))
    assert "two shares deep" in str(fault("R09", third))
    wide = Rulebook(settings=SharingSettings(partner_may_link=PartnerMayLink.ADMIN_ACCESS))
    assert fault("R09", third, wide) is None


def test_what_is_held_through_a_business_center_needs_membership() -> None:
    world = client_and_agency()
    held = PixelAssignment(level=PixelLevel.VIEW, via="bc_c")
    assert "otto holds px through bc_c" in str(fault("R10", world.with_item("pixel_people", ("px", "otto"), held)))
    assert "otto holds acc_a" in str(fault("R10", world.without("members", [("bc_ag", "otto")])))


def test_a_creator_that_lost_its_link_is_a_fault() -> None:
    assert fault("R11", client_and_agency().with_item("unbound", ("px", "acc_c"), STONE)) == (
        "acc_c created px and lost its link"
    )


def test_spend_without_access_is_a_fault_only_where_the_policy_stops_it() -> None:
    cut = with_ad_group(client_and_agency(), "g").without("links", [("px", "acc_a")])
    assert fault("R13", cut, Rulebook(policy=PRESETS["strict"])) == "g delivers without access to its pixel"
    assert fault("R13", cut, Rulebook(policy=PRESETS["continue"])) is None


def test_what_is_left_of_an_ended_share_is_a_fault() -> None:
    world = client_and_agency()
    assert "at once" in str(fault("R14", world.with_item("unbound", ("px", "acc_a"), STONE)))
    held = PixelAssignment(level=PixelLevel.VIEW, via="bc_ag")
    given = world.with_item("pixel_people", ("px", "otto"), held)
    assert fault("R14", given) is None
    assert "with whom it is not shared" in str(fault("R14", given.without("shares", [("px", "bc_ag")])))


def test_labels_and_visibility_are_held_against_the_plain_mappings(monkeypatch: pytest.MonkeyPatch) -> None:
    world = client_and_agency()
    monkeypatch.setattr(invariants, "label", lambda *_: Label.NONE)
    assert fault("R19", world) == "the owner of px reads ''"
    monkeypatch.setattr(invariants, "label", lambda _w, _p, v: Label.SHARED_BY_YOU if v == "acc_c" else Label.NONE)
    assert fault("R19", world) == "acc_a reads '' beside px"
    monkeypatch.setattr(
        invariants, "account_may_see", lambda *_: apply(world, do.LeavePerson(actor="otto"), RULES, 0).decision
    )
    assert fault("R20", world.without("links", [("px", "acc_a")])) == "whether acc_a sees px does not follow its link"


def test_a_pixel_keeps_creator_number_and_business_center() -> None:
    world = client_and_agency()
    leave = do.LeavePerson(actor="otto")
    for changes in ({"creator": "acc_a"}, {"number": "9"}):
        assert broken("R02", world, leave, world.changed("pixels", "px", **changes)) == (
            "px lost its creator or its number"
        )
    assert broken("R02", world, leave, world.changed("pixels", "px", owner_bc="bc_ag")) == "px left bc_c"
    assert broken("R02", world, leave, world.without("pixels", ["px"])) is not None
    twin = world.with_item("pixels", "py", Pixel(code="py", number="1", name="n", creator="acc_c"))
    assert broken("R02", world, leave, twin) == "two pixels have the same number"
    assert broken("R02", world, leave, world.changed("pixels", "px", name="new")) is None


def test_a_transfer_needs_an_admin_and_a_business_center_that_holds_the_account() -> None:
    world = client_and_agency().changed("pixels", "px", owner_bc=None)

    def to(bc: str, actor: str) -> do.TransferPixel:
        return do.TransferPixel(actor=actor, bc=bc, pixel="px")

    assert broken("R05", world, to("bc_c", "cleo"), world) is None
    assert broken("R05", world, to("bc_c", "colin"), world) == "colin is no Admin of bc_c"
    assert broken("R05", world, to("bc_ag", "anna"), world) == "bc_ag took a pixel of acc_c, which it does not hold"
    granted = world.with_item("account_grants", ("bc_x", "acc_c"), AccountGrant(role=AccountRole.ADMIN))
    granted = granted.with_item("business_centers", "bc_x", world.business_centers["bc_c"])
    granted = granted.with_item("members", ("bc_x", "otto"), BusinessRole.ADMIN)
    assert broken("R05", granted, to("bc_x", "otto"), granted) is not None, "the partnership is missing"
    bound = granted.with_item("partnerships", ("bc_c", "bc_x"), Partnership())
    assert broken("R05", bound, to("bc_x", "otto"), bound) is None


def test_a_link_needs_an_admin_access_or_a_share_in_force() -> None:
    world = client_and_agency()

    def link(bc: str, actor: str, account: str) -> do.LinkPixel:
        return do.LinkPixel(actor=actor, bc=bc, pixel="px", account=account)

    assert broken("R07", world, link("bc_c", "colin", "acc_c"), world) == "colin is no Admin of bc_c"
    assert broken("R07", world, link("bc_c", "cleo", "acc_c"), world) is None
    assert broken("R07", world, link("bc_c", "cleo", "acc_a"), world) == "bc_c has no access to acc_a"
    assert broken("R07", world, link("bc_ag", "anna", "acc_a"), world) is None
    pending = world.with_item("partnerships", ("bc_c", "bc_ag"), Partnership(status=RelationStatus.PENDING))
    assert "nobody shares with it" in str(broken("R07", pending, link("bc_ag", "anna", "acc_a"), pending))


def test_only_an_admin_of_the_owner_shares() -> None:
    world = client_and_agency()
    share = do.SharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag")
    assert broken("R08", world, share, world) is None
    assert broken("R08", world, dataclasses.replace(share, actor="colin"), world) == "colin is no Admin of bc_c"
    assert "does not own" in str(broken("R08", world, dataclasses.replace(share, bc="bc_ag"), world))
    gone = world.changed("people", "cleo", left=True)
    assert broken("R08", gone, share, gone) is not None


UNSHARE = do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag")


def cut(world: World) -> World:
    gone = world.without("links", [("px", "acc_a")]).without("shares", [("px", "bc_ag")])
    return gone.with_item("unbound", ("px", "acc_a"), STONE)


def test_cutting_off_what_runs_breaks_the_law_where_a_guard_watches() -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "g"), "other", "acc_c")
    assert broken("R12", world, UNSHARE, cut(world)) == "acc_a was cut off while g was running"
    unlink = do.UnlinkPixel(actor="cleo", bc="bc_c", pixel="px", account="acc_a")
    assert broken("R12", world, unlink, cut(world)) is not None
    assert broken("R12", world, dataclasses.replace(UNSHARE, force=True), cut(world)) is None
    assert broken("R12", world, UNSHARE, cut(world), Rulebook(policy=PRESETS["continue"])) is None
    api_free = Rulebook(policy=dataclasses.replace(PRESETS["strict"], guard_applies_to=GuardAppliesTo.UI_ONLY))
    assert broken("R12", world, dataclasses.replace(UNSHARE, api=True), cut(world), api_free) is None
    assert broken("R12", world, dataclasses.replace(UNSHARE, api=True), cut(world)) is not None
    stopped = world.changed("ad_groups", "g", on=False)
    assert broken("R12", stopped, UNSHARE, cut(stopped)) is None
    own = world.with_item("links", ("px", "acc_c"), Link(by_bc="bc_c"))
    assert "created px and was unlinked" in str(broken("R12", own, UNSHARE, world))


@pytest.mark.parametrize(
    ("mapping", "key", "changes", "running"),
    [
        ("ad_groups", "g", {}, True),
        ("ad_groups", "g", {"on": False}, False),
        ("ad_groups", "g", {"deleted": True}, False),
        ("ad_groups", "g", {"waiting": True}, False),
        ("ad_groups", "g", {"start": DAY}, False),
        ("ad_groups", "g", {"review_until": DAY}, False),
        ("ad_groups", "g", {"denied": True}, False),
        ("ad_groups", "g", {"dayparting": "0" + "1" * 335}, False),
        ("ad_groups", "g", {"dayparting": "1" + "0" * 335}, True),
        ("ads", "d_g", {"review_until": DAY}, False),
        ("ad_groups", "g", {"end": 0}, False),
        ("ad_groups", "g", {"end": DAY}, True),
        ("campaigns", "c_g", {"on": False}, False),
        ("campaigns", "c_g", {"deleted": True}, False),
        ("ads", "d_g", {"on": False}, False),
        ("ads", "d_g", {"deleted": True}, False),
        ("ad_accounts", "acc_a", {"status": AccountStatus.DISABLE}, False),
    ],
)
def test_running_is_read_off_the_plain_fields(mapping: str, key: str, changes: dict, *, running: bool) -> None:
    world = with_ad_group(client_and_agency(), "g")
    assert runs_now(world.changed(mapping, key, **changes), "g") is running


def test_an_edit_leaves_what_is_fixed_and_needs_an_operator_and_access_for_creatives() -> None:
    world = with_ad_group(client_and_agency(), "g")
    law = next(law for law in LAWS if do.EditAdGroup in law.kinds)
    edit = do.EditAdGroup(actor="otto", ad_group="g", creatives=True)
    after = world.changed("ad_groups", "g", learning_from=0)
    assert law.fault(world, edit, after, RULES) is None
    assert "what is fixed" in str(law.fault(world, edit, after.changed("ad_groups", "g", event="Lead"), RULES))
    cut = world.without("links", [("px", "acc_a")])
    assert law.fault(cut, edit, after, RULES) == "acc_a has no access to px"
    assert law.fault(cut, dataclasses.replace(edit, creatives=False), after, RULES) is None
    stranger = dataclasses.replace(edit, actor="cleo")
    assert law.fault(world, stranger, after, RULES) == "cleo runs no ads in acc_a"


def test_ending_access_leaves_switches_alone_and_a_trace_of_each_link() -> None:
    world = with_ad_group(client_and_agency(), "g", on=False)
    assert broken("R15", world, UNSHARE, cut(world)) is None
    assert broken("R15", world, UNSHARE, cut(world).changed("ad_groups", "g", on=True)) is not None
    assert broken("R14", world, UNSHARE, cut(world)) is None
    traceless = cut(world).without("unbound", [("px", "acc_a")])
    assert broken("R14", world, UNSHARE, traceless) == "the link of acc_a to px left no trace"
    assert broken("R14", world, UNSHARE, world) == "bc_ag kept its link to acc_a"
    unlink = do.UnlinkPixel(actor="cleo", bc="bc_c", pixel="px", account="acc_a")
    assert broken("R14", world, unlink, world) is None


def test_taking_a_pixel_from_a_person_touches_nothing_else() -> None:
    held = PixelAssignment(level=PixelLevel.VIEW, via="bc_c")
    world = client_and_agency().with_items("pixel_people", {("px", "colin"): held, ("px", "cleo"): held})
    take = do.UnassignPixel(actor="cleo", bc="bc_c", pixel="px", person="colin")
    one = world.without("pixel_people", [("px", "colin")])
    assert broken("R15a", world, take, one) is None
    assert broken("R15a", world, take, world) is not None
    assert broken("R15a", world, take, one.without("links", [("px", "acc_a")])) is not None


def test_new_ads_and_audiences_need_access_and_an_operator() -> None:
    world = with_ad_group(client_and_agency(), "g")
    make = do.CreateAdGroup(actor="otto", campaign="c_g", ad_group="h", pixel="px")
    after = with_ad_group(world, "h")
    assert broken("R16", world, make, after) is None
    assert broken("R16", world.without("links", [("px", "acc_a")]), make, after) == "acc_a has no access to px"
    assert broken("R16", world, dataclasses.replace(make, actor="anna"), after) == "anna runs no ads in acc_a"
    pixelless = dataclasses.replace(make, pixel=None)
    assert broken("R16", world, pixelless, with_ad_group(world, "h", pixel=None)) is None
    build = do.BuildAudience(actor="otto", account="acc_a", audience="au", pixel="px")
    assert broken("R18", world, build, world) is None
    assert broken("R18", world.without("links", [("px", "acc_a")]), build, world) is not None
    assert broken("R18", world, dataclasses.replace(build, actor="cleo"), world) == "cleo runs no ads there"


def test_who_runs_ads_is_read_off_role_membership_and_the_business_centers_own_role() -> None:
    world = client_and_agency()
    build = do.BuildAudience(actor="otto", account="acc_c", audience="au", pixel="px")
    by_name = world.with_item("account_people", ("acc_c", "otto"), AccountAssignment(role=AccountRole.OPERATOR))
    assert broken("R18", by_name, build, by_name) is None
    analyst = world.with_item("account_people", ("acc_c", "otto"), AccountAssignment(role=AccountRole.ANALYST))
    assert broken("R18", analyst, build, analyst) is not None
    through = world.with_item(
        "account_people", ("acc_c", "otto"), AccountAssignment(role=AccountRole.OPERATOR, via="bc_ag")
    )
    assert broken("R18", through, build, through) is not None
    granted = through.with_item("account_grants", ("bc_ag", "acc_c"), AccountGrant(role=AccountRole.OPERATOR))
    assert broken("R18", granted, build, granted) is None
    seeing = through.with_item("account_grants", ("bc_ag", "acc_c"), AccountGrant(role=AccountRole.ANALYST))
    assert broken("R18", seeing, build, seeing) is not None


def test_editing_needs_admin_of_the_creating_account_or_pixel_editing() -> None:
    world = client_and_agency()
    edit = do.EditPixel(actor="cleo", pixel="px", setting="first_party_cookies", value=False)
    assert broken("R21", world, edit, world) is None
    assert broken("R21", world, dataclasses.replace(edit, actor="colin"), world) == "colin holds no pixel editing"
    level = PixelAssignment(level=PixelLevel.EDIT, via="bc_c")
    granted = world.with_item("pixel_people", ("px", "colin"), level)
    assert broken("R21", granted, dataclasses.replace(edit, actor="colin"), granted) is None
    shared = world.with_item("shares", ("px", "bc_x"), PixelShare())
    assert broken("R21", shared, dataclasses.replace(edit, actor="otto"), shared) is not None
