"""What an action would stop, before it is done."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import DOCUMENTED, market, settings, yes

from pixelsim.base.clock import DAY
from pixelsim.sharing import PRESETS, Cause, ImpactCode, Rulebook, preview, side_by_side
from pixelsim.sharing.actions import (
    BuildLookalike,
    CreateAd,
    CreateAdGroup,
    DeleteAudience,
    EditPixel,
    LinkPixel,
    SetPaymentMethod,
    SharePayment,
    Switch,
    UnlinkPixel,
    UnsharePayment,
    UnsharePixel,
)
from pixelsim.world import AccountAssignment, AccountRole, AccountStatus, AdGroup, AudienceAfter, DeliveryStatus

UNSHARE = UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_agency")
OK, UNBIND = DeliveryStatus.DELIVERY_OK, DeliveryStatus.PIXEL_UNBIND


def codes(impact):
    return {item.id: item.code for item in impact.affected}


@pytest.mark.parametrize(
    ("preset", "code"),
    [
        ("documented", ImpactCode.UNATTRIBUTED),
        ("strict", ImpactCode.PIXEL_UNAUTHORIZED),
        ("pause", ImpactCode.PIXEL_UNAUTHORIZED),
        ("continue", ImpactCode.UNATTRIBUTED),
    ],
)
def test_an_unshare_is_previewed_even_where_the_guard_holds_it_back(preset, code):
    impact = preview(market(), UNSHARE, Rulebook(policy=PRESETS[preset]), 0)
    assert impact.decision.refused is (preset in {"documented", "strict"})
    tracking = ImpactCode.PIXEL_UNAUTHORIZED if preset == "documented" else code
    assert codes(impact) == {"ag_run": code, "ag_later": code, "ad_track": tracking}
    assert impact.campaigns == ("camp",)
    frame = impact.to_frame()
    assert list(frame["kind"]) == ["ad_group", "ad_group", "ad"]
    assert list(frame["before"]) == ["NOT_START", "DELIVERY_OK", "DELIVERY_OK"]


def test_what_is_off_merely_loses_the_pixel():
    world = yes(market(), Switch(actor="max", kind="ad_group", id="ag_run", to="off"))
    world = world.changed("ad_groups", "ag_later", start=0, end=1)
    assert codes(preview(world, UNSHARE, DOCUMENTED, DAY)) == {
        "ag_run": ImpactCode.LOSES_PIXEL,
        "ag_later": ImpactCode.LOSES_PIXEL,
        "ad_track": ImpactCode.PIXEL_UNAUTHORIZED,
    }


def test_what_is_deleted_is_left_out():
    world = market().changed("ad_groups", "ag_run", deleted=True).changed("ads", "ad_track", deleted=True)
    assert codes(preview(world, UNSHARE, DOCUMENTED, 0)) == {"ag_later": ImpactCode.UNATTRIBUTED}


def test_a_disabled_account_is_named_since_nothing_can_be_changed_there():
    world = market().changed("ad_accounts", "acc_agency", status=AccountStatus.LIMIT)
    assert set(codes(preview(world, UNSHARE, DOCUMENTED, 0)).values()) == {ImpactCode.CANNOT_CHANGE_DISABLED_ACCOUNT}


def test_a_refused_action_touches_nothing():
    impact = preview(market(), dataclasses.replace(UNSHARE, actor="ben"), DOCUMENTED, 0)
    assert (impact.decision.cause, impact.affected) == (Cause.ROLE_TOO_LOW, ())
    assert impact.to_frame().empty
    assert (
        preview(market(), EditPixel(actor="ann", pixel="px", setting="name", value="New"), DOCUMENTED, 0).affected == ()
    )


def test_switching_a_campaign_off_and_linking_again_are_previewed_too():
    off = preview(market(), Switch(actor="max", kind="campaign", id="camp", to="off"), DOCUMENTED, 0)
    assert codes(off) == dict.fromkeys(("ag_run", "ag_later", "ag_track"), ImpactCode.SWITCHED)
    cut = yes(market(), UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True))
    back = preview(cut, LinkPixel(actor="amy", bc="bc_agency", pixel="px", account="acc_agency"), DOCUMENTED, 0)
    assert [(item.id, item.before, item.after) for item in back.affected] == [
        ("ag_later", UNBIND, DeliveryStatus.NOT_START),
        ("ag_run", UNBIND, OK),
    ]


def targeting():
    return yes(
        market(),
        BuildLookalike(actor="max", account="acc_agency", audience="like", seed="aud"),
        CreateAdGroup(actor="max", campaign="camp", ad_group="uses_aud", audiences=("aud",)),
        at=-2 * DAY,
    )


def test_deleting_an_audience_names_its_users_and_those_of_its_lookalikes():
    world = yes(
        targeting(),
        CreateAdGroup(actor="max", campaign="camp", ad_group="uses_like", audiences=("like",)),
        CreateAd(actor="max", ad_group="uses_like", ad="ad_like"),
    )
    impact = preview(world, DeleteAudience(actor="max", audience="aud"), DOCUMENTED, 0)
    assert codes(impact) == {"uses_aud": ImpactCode.SOURCE_DELETED, "uses_like": ImpactCode.SEED_GONE}
    assert {item.id: item.after for item in impact.affected} == {
        "uses_aud": DeliveryStatus.ASSET_AUTHORIZATION_LOST,
        "uses_like": OK,
    }
    dangling = world.with_item("ad_groups", "ag_odd", AdGroup(id="ag_odd", campaign="camp", name="O", audiences=("x",)))
    assert "ag_odd" not in codes(preview(dangling, DeleteAudience(actor="max", audience="aud"), DOCUMENTED, 0))


def test_an_unshare_that_pauses_audiences_names_their_users():
    rulebook = settings(audience_after_access=AudienceAfter.PAUSE_USERS)
    impact = preview(targeting(), UNSHARE, rulebook, 0)
    assert codes(impact)["uses_aud"] is ImpactCode.SOURCE_DELETED


def test_a_payment_method_and_a_pixel_end_side_by_side():
    world = yes(
        market(account_people={("acc_agency", "ann"): AccountAssignment(role=AccountRole.ADMIN)}),
        SharePayment(actor="ann", bc="bc_brand", payment="pay", partner="bc_agency"),
        SetPaymentMethod(actor="ann", account="acc_agency", payment="pay"),
    )
    withdraw = UnsharePayment(actor="ann", bc="bc_brand", payment="pay", partner="bc_agency")
    impact = preview(world, withdraw, DOCUMENTED, 0)
    assert codes(impact) == dict.fromkeys(("ag_run", "ag_later", "ag_track"), ImpactCode.PAYMENT_WITHDRAWN)
    refused = dataclasses.replace(withdraw, partner="bc_third")
    table = side_by_side(world, {"payment": withdraw, "pixel": UNSHARE, "refused": refused}, DOCUMENTED, 0)
    assert table.to_dict("records") == [
        {"account": "acc_agency", "now": "runs", "payment": "stands", "pixel": "runs", "refused": "runs"}
    ]


def test_nothing_runs_without_an_ad():
    world = yes(
        market(),
        Switch(actor="max", kind="ad", id="ad_run", to="off"),
        Switch(actor="max", kind="ad", id="ad_track", to="off"),
    )
    assert list(side_by_side(world, {}, DOCUMENTED, 0)["now"]) == ["stands"]
    again = yes(world, CreateAd(actor="max", ad_group="ag_run", ad="ad_new"))
    assert list(side_by_side(again, {}, DOCUMENTED, 0)["now"]) == ["runs"]
