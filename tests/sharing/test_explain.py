"""One question, one answer: who may do what, and why not."""

from __future__ import annotations

import pytest
from sharing_worlds import TOKEN, market, settings, worded, yes

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.sharing import VERBS, Cause, Reads, Rulebook, explain
from pixelsim.sharing.actions import AssignPixel, RevokeToken, SharePixel, UnlinkPixel
from pixelsim.world import AccountAssignment, AccountRole, BusinessCenterType, BusinessRole, PixelLevel

NOTHING = Reads(pixels=frozenset(), accounts=frozenset())


def ask(who, what, on, world=None, **options):
    decision = explain(world or market(), who, what, on, **options)
    assert worded(decision)
    return decision.verdict.value, decision.rule, decision.cause.value


@pytest.mark.parametrize(
    ("who", "what", "on", "answer"),
    [
        ("cleo", "see", "px", ("yes", "R17", "ALLOWED")),
        ("amy", "see", "px", ("no", "R17", "ASSET_NOT_ASSIGNED")),
        ("tom", "see", "px", ("no", "R17", "NO_ACCESS")),
        ("lou", "see", "px", ("no", "R17", "PERSON_LEFT")),
        ("nobody", "see", "px", ("no", "R17", "UNKNOWN_ID")),
        ("ann", "see", "nothing", ("no", "R17", "UNKNOWN_ID")),
        ("acc_agency", "see", "px", ("yes", "R17", "ALLOWED")),
        ("acc_third", "see", "px", ("no", "R17", "NO_ACCESS")),
        ("cleo", "see", ("px", "acc_brand"), ("yes", "R17", "ALLOWED")),
        ("cleo", "see", ("px", "acc_brand2"), ("no", "R17", "ASSET_NOT_ASSIGNED")),
        ("ben", "see", ("px", "acc_brand2"), ("no", "R17", "OWNED_NOT_LINKED")),
        ("ben", "see", ("px", "nowhere"), ("no", "R17", "UNKNOWN_ID")),
        ("max", "use", ("px", "acc_agency"), ("yes", "R16", "ALLOWED")),
        ("max", "use", "px", ("yes", "R16", "ALLOWED")),
        ("cleo", "use", "px", ("no", "R16", "LEVEL_TOO_LOW")),
        ("amy", "use", "px", ("no", "R16", "ASSET_NOT_ASSIGNED")),
        ("lou", "use", "px", ("no", "R16", "PERSON_LEFT")),
        ("max", "use", "nothing", ("no", "R16", "UNKNOWN_ID")),
        ("acc_agency", "use", "px", ("yes", "R16", "ALLOWED")),
        ("acc_agency2", "use", "px", ("no", "R16", "OWNED_NOT_LINKED")),
        ("max", "build audience", ("px", "acc_agency"), ("yes", "R18", "ALLOWED")),
        ("max", "Build_Audience", ("px", "acc_agency2"), ("no", "R18", "OWNED_NOT_LINKED")),
        ("ann", "edit", "px", ("yes", "R21", "ALLOWED")),
        ("max", "edit", "px", ("no", "R21", "EDITING_NOT_GRANTED")),
        ("ben", "edit", "px_new", ("no", "R21", "EDITING_BEFORE_TRANSFER")),
        ("ann", "edit", "nothing", ("no", "R21", "UNKNOWN_ID")),
        ("ann", "share", "px", ("yes", "R08", "ALLOWED")),
        ("ann", "share", ("px", "bc_third"), ("yes", "R08", "ALLOWED")),
        ("ann", "share", ("px", "bc_agency"), ("no", "R08", "ALREADY_SHARED")),
        ("ann", "share", "px_new", ("no", "R03", "NOT_IN_BC")),
        ("ann", "share", "nothing", ("no", "R08", "UNKNOWN_ID")),
        ("ben", "share", "px", ("no", "R08", "ROLE_TOO_LOW")),
        ("amy", "share", "px", ("no", "R09", "NO_RESHARE")),
        ("tom", "share", "px", ("no", "R08", "NOT_OWNER")),
        ("lou", "share", "px", ("no", "R08", "PERSON_LEFT")),
        ("ann", "unshare", ("px", "bc_agency"), ("no", "R12", "ACTIVE_CAMPAIGNS")),
        ("ann", "unshare", ("px", "bc_third"), ("no", "R14", "NOT_SHARED")),
        ("ann", "link", ("px", "acc_brand2"), ("yes", "R07", "ALLOWED")),
        ("amy", "link", ("px", "acc_agency2"), ("yes", "R09", "ALLOWED")),
        ("ann", "unlink", ("px", "acc_brand"), ("no", "R11", "CREATOR_STAYS")),
        ("ann", "transfer", "px_new", ("yes", "R05", "ALLOWED")),
        ("ann", "transfer", "nothing", ("no", "R04", "UNKNOWN_CODE")),
        ("max", "create campaign", "acc_agency", ("yes", "R16", "ALLOWED")),
        ("max", "create campaign", "acc_brand", ("no", "R16", "ASSET_NOT_ASSIGNED")),
        ("ann", "create pixel", "acc_brand", ("yes", "R02", "ALLOWED")),
        ("ben", "create pixel", "acc_brand", ("no", "R02", "LEVEL_TOO_LOW")),
        ("tok", "send", "px", ("yes", "R14", "ALLOWED")),
        ("tok", "send", "px_new", ("no", "R14", "NO_ACCESS")),
        ("none such", "send", "px", ("no", "R14", "UNKNOWN_ID")),
    ],
)
def test_the_market_is_explained(who, what, on, answer):
    assert ask(who, what, on) == answer


def test_a_revoked_token_sends_nothing():
    world = yes(market(), RevokeToken(actor="ann", token=TOKEN))
    assert ask("tok", "send", "px", world) == ("no", "R14", "NOT_ACCEPTED")


def test_a_level_on_the_pixel_shows_its_data():
    world = yes(market(), AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="amy"))
    assert ask("amy", "see", "px", world) == ("yes", "R10", "ALLOWED")
    assert ask("amy", "see", "px", world, readable=NOTHING) == ("yes", "R10", "ALLOWED")


def test_somebody_without_any_business_center_is_told_which_one_it_takes():
    world = market().without("members", [("bc_third", "tom")])
    decision = explain(world, "tom", "share", "px")
    assert (decision.cause, dict(decision.facts)["bc"]) == (Cause.NOT_A_MEMBER, "bc_brand")
    assert ask("tom", "transfer", "nothing", world) == ("no", "R04", "NOT_A_MEMBER")


def two_hats():
    """Give the market in which ann is an Admin of bc_third and a member of bc_agency too."""
    return market(members={("bc_third", "ann"): BusinessRole.ADMIN, ("bc_agency", "ann"): BusinessRole.STANDARD})


@pytest.mark.parametrize(
    ("what", "on"),
    [
        ("share", "px"),
        ("share", ("px", "bc_third")),
        ("link", ("px", "acc_brand2")),
        ("see", "px"),
        ("transfer", "px_new"),
    ],
)
def test_the_wrong_business_center_is_named_with_the_right_one(what, on):
    decision = explain(two_hats(), "ann", what, on, active_bc="bc_third")
    assert decision.cause is Cause.WRONG_BC
    assert decision.remedies == ("switch to Business Center bc_brand",)
    assert explain(two_hats(), "ann", what, on, active_bc="bc_brand").allowed
    assert explain(two_hats(), "ann", what, on).allowed


def test_the_open_business_center_is_asked_first():
    assert ask("ann", "share", "px", active_bc="nowhere") == ("no", "R08", "UNKNOWN_ID")
    assert ask("ann", "see", "px", active_bc="nowhere") == ("no", "R17", "UNKNOWN_ID")
    assert ask("amy", "share", "px", active_bc="bc_agency") == ("no", "R09", "NO_RESHARE")
    assert ask("cleo", "see", "px", active_bc="bc_brand") == ("yes", "R17", "ALLOWED")
    assert ask("max", "create campaign", "acc_agency", active_bc="bc_brand") == ("no", "R16", "WRONG_BC")
    by_name = market(account_people={("acc_brand", "tom"): AccountAssignment(role=AccountRole.ANALYST)})
    assert ask("tom", "see", "px", by_name, active_bc="bc_third") == ("yes", "R17", "ALLOWED")


def test_availability_and_settings_of_the_rulebook_count():
    world = market().changed("business_centers", "bc_brand", type=BusinessCenterType.NORMAL)
    assert ask("ann", "share", "px", world) == ("no", "R01", "CONDITION_NOT_MET")
    lenient = Rulebook(condition=lambda _: None)
    assert ask("ann", "share", "px", world, rulebook=lenient) == ("yes", "R08", "ALLOWED")
    world = market().changed("account_people", ("acc_agency", "max"), role=AccountRole.ADMIN)
    assert ask("max", "edit", "px", world, rulebook=settings(recipient_may_edit=True)) == ("yes", "R21", "ALLOWED")


@pytest.mark.parametrize(
    ("who", "what", "on", "rule"),
    [
        ("cleo", "see", "px", "R17"),
        ("acc_agency", "see", "px", "R17"),
        ("cleo", "see", ("px", "acc_brand"), "R17"),
        ("max", "use", ("px", "acc_agency"), "R16"),
        ("max", "use", "px", "R16"),
        ("acc_agency", "use", "px", "R16"),
        ("max", "build audience", "px", "R18"),
        ("ann", "edit", "px", "R21"),
        ("ben", "edit", "px", "R21"),
        ("ann", "share", "px", "R08"),
        ("ann", "link", ("px", "acc_brand2"), "R07"),
    ],
)
def test_what_hangs_on_an_unread_side_is_unknown_and_never_a_no(who, what, on, rule):
    assert ask(who, what, on, readable=NOTHING) == ("unknown", rule, "NOT_READABLE")


@pytest.mark.parametrize(
    ("who", "what", "on", "answer"),
    [
        ("lou", "see", "px", "PERSON_LEFT"),
        ("cleo", "use", ("px", "acc_brand"), "LEVEL_TOO_LOW"),
        ("ann", "edit", "nothing", "UNKNOWN_ID"),
        ("lou", "edit", "px", "PERSON_LEFT"),
        ("nobody", "edit", "px", "UNKNOWN_ID"),
        ("ann", "share", "nothing", "UNKNOWN_ID"),
        ("acc_agency", "see", "nothing", "UNKNOWN_ID"),
    ],
)
def test_what_does_not_hang_on_it_is_answered_all_the_same(who, what, on, answer):
    assert ask(who, what, on, readable=NOTHING)[2] == answer


def test_one_readable_side_is_enough():
    accounts = Reads(pixels=frozenset(), accounts=frozenset({"acc_brand", "acc_agency"}))
    assert ask("cleo", "see", "px", readable=accounts) == ("yes", "R17", "ALLOWED")
    assert ask("ann", "edit", "px", readable=accounts) == ("yes", "R21", "ALLOWED")
    assert ask("ben", "edit", "px", readable=accounts) == ("unknown", "R21", "NOT_READABLE")
    pixel = Reads(pixels=frozenset({"px"}), accounts=frozenset())
    assert ask("ben", "edit", "px", readable=pixel) == ("no", "R21", "EDITING_NOT_GRANTED")
    assert ask("max", "use", "px", readable=pixel) == ("yes", "R16", "ALLOWED")
    cut = yes(market(), UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True))
    assert ask("acc_agency", "see", "px", cut, readable=accounts) == ("no", "R20", "REVOKED")


def test_the_creating_accounts_list_must_be_readable_to_prove_its_admin():
    away = Reads(pixels=frozenset(), accounts=frozenset({"acc_agency"}))
    assert ask("ann", "edit", "px", readable=away) == ("unknown", "R21", "NOT_READABLE")


def test_unknown_verbs_and_misfitting_things_are_errors_of_the_caller():
    with pytest.raises(UnknownNameError, match="verb 'shear' does not exist; did you mean 'share'"):
        explain(market(), "ann", "shear", "px")
    for what, on in (("link", "px"), ("edit", ("px", "acc_brand")), ("see", ()), ("share", ("px", "a", "b"))):
        with pytest.raises(InputError, match="explain"):
            explain(market(), "ann", what, on)
    assert len(VERBS) == len(set(VERBS)) == 15


def test_a_pending_partner_is_told_to_wait():
    slow = settings(partnership_acceptance=1.0)
    world = yes(market(), SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third"), rulebook=slow)
    assert ask("tom", "link", ("px", "acc_third"), world) == ("no", "R09", "PENDING")
    assert ask("tom", "use", ("px", "acc_third"), world) == ("no", "R16", "PENDING")


def test_editing_is_explained_by_its_grant():
    world = yes(market(), AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben", level=PixelLevel.EDIT))
    assert ask("ben", "change log", "px", world) == ("yes", "R21", "ALLOWED")
