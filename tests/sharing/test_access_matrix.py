"""Everybody's access in one table, and what a departed partner still reaches."""

from __future__ import annotations

import itertools

import pytest
from sharing_worlds import DOCUMENTED, TOKEN, market, yes

from pixelsim.base.errors import UnknownNameError
from pixelsim.sharing import access_matrix, residual_access
from pixelsim.sharing.actions import (
    AddMember,
    AssignAccount,
    AssignPixel,
    GrantAccountAccess,
    RemovePartner,
    RevokeToken,
    SharePayment,
    UnassignAccount,
    UnsharePixel,
)
from pixelsim.world import AccountRole, BusinessRole, Partnership, PixelLevel

REMOVE = RemovePartner(actor="ann", bc="bc_brand", partner="bc_agency", force=True)


def test_the_matrix_has_one_row_for_each_person_account_and_pixel():
    world = market()
    table = access_matrix(world, DOCUMENTED)
    triples = list(itertools.product(sorted(world.pixels), sorted(world.people), sorted(world.ad_accounts)))
    assert list(zip(table["pixel"], table["person"], table["account"], strict=True)) == triples


def test_the_matrix_of_the_market():
    table = access_matrix(market(), DOCUMENTED)
    answers = table[table["pixel"] == "px"].set_index(["person", "account"])
    yes_to = {verb: set(answers.index[answers[verb] == "yes"]) for verb in ("see", "use")}
    assert yes_to == {
        "see": {("ann", "acc_brand"), ("ben", "acc_brand"), ("cleo", "acc_brand"), ("max", "acc_agency")},
        "use": {("ann", "acc_brand"), ("ben", "acc_brand"), ("max", "acc_agency")},
    }
    for verb in ("edit", "share"):
        assert {person for person, _ in answers.index[answers[verb] == "yes"]} == {"ann"}
        assert len(answers[answers[verb] == "yes"]) == len(market().ad_accounts)
    row = answers.loc[("max", "acc_agency2")]
    assert (row["role"], row["use_rule"], row["use_cause"]) == ("OPERATOR", "R16", "OWNED_NOT_LINKED")
    row = answers.loc[("max", "acc_agency")]
    assert (row["label"], row["relation"], row["see_rule"]) == ("Shared with you", "SHARED", "R17")
    assert answers.loc[("amy", "acc_agency"), "share_cause"] == "NO_RESHARE"
    assert answers.loc[("lou", "acc_agency"), "edit_cause"] == "PERSON_LEFT"


def test_an_assigned_pixel_is_seen_whatever_the_account():
    world = yes(market(), AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="amy"))
    table = access_matrix(world, DOCUMENTED)
    amy = table[(table["person"] == "amy") & (table["pixel"] == "px")]
    assert set(amy["see"]) == {"yes"}
    assert set(amy["see_rule"]) == {"R10"}


def reached(world, after, pixel="px"):
    table = residual_access(world, pixel, after=after)
    assert list(table.columns) == ["kind", "who", "reach", "through", "rule", "remedy"]
    return sorted(zip(table["kind"], table["who"], table["reach"], table["through"], strict=True))


def test_nothing_but_the_token_is_left_after_a_partner_was_removed():
    assert reached(yes(market(), REMOVE), "bc_agency") == [("token", "tok", "send events to px", "bc_agency")]
    clean = yes(market(), REMOVE, RevokeToken(actor="ann", token=TOKEN))
    assert residual_access(clean, "px", after="bc_agency").empty


def test_everything_that_a_partner_reaches_is_listed():
    world = yes(
        market(),
        AddMember(actor="ann", bc="bc_brand", person="max"),
        AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="max", level=PixelLevel.EDIT),
        AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="amy"),
        AssignAccount(actor="ann", account="acc_brand", person="amy", role=AccountRole.ADMIN),
        GrantAccountAccess(
            actor="ann", bc="bc_brand", account="acc_brand", partner="bc_agency", role=AccountRole.ANALYST
        ),
        AssignAccount(actor="amy", bc="bc_agency", account="acc_brand", person="max", role=AccountRole.ANALYST),
        SharePayment(actor="ann", bc="bc_brand", payment="pay", partner="bc_agency"),
    )
    assert reached(world, "bc_agency") == [
        ("ad account", "acc_agency", "use px", "owner"),
        ("ad account", "acc_brand", "use px", "granted"),
        ("business center", "bc_agency", "link px", "shared"),
        ("payment method", "pay", "be billed through it", "bc_agency"),
        ("person", "amy", "edit px", "by name"),
        ("person", "amy", "run ads on acc_brand", "by name"),
        ("person", "amy", "see px", "bc_agency"),
        ("person", "max", "edit px", "bc_brand"),
        ("person", "max", "run ads on acc_agency", "bc_agency"),
        ("person", "max", "see its data in acc_brand", "bc_agency"),
        ("token", "tok", "send events to px", "bc_agency"),
    ]
    after = yes(world, REMOVE)
    assert reached(after, "bc_agency") == [
        ("payment method", "pay", "be billed through it", "bc_agency"),
        ("person", "amy", "edit px", "by name"),
        ("person", "amy", "run ads on acc_brand", "by name"),
        ("person", "max", "edit px", "bc_brand"),
        ("token", "tok", "send events to px", "bc_agency"),
    ]


def test_a_payment_method_lent_to_others_is_no_concern_of_the_departed():
    world = yes(
        market(partnerships={("bc_brand", "bc_third"): Partnership()}),
        SharePayment(actor="ann", bc="bc_brand", payment="pay", partner="bc_third"),
    )
    assert not [row for row in reached(world, "bc_agency") if row[0] == "payment method"]
    elsewhere = world.changed("payment_methods", "pay", owner_bc="bc_agency")
    assert not [row for row in reached(elsewhere, "bc_third") if row[0] == "payment method"]


def test_unsharing_alone_leaves_roles_on_the_owners_accounts():
    world = yes(
        market(),
        GrantAccountAccess(actor="ann", bc="bc_brand", account="acc_brand", partner="bc_agency"),
        AssignAccount(actor="amy", bc="bc_agency", account="acc_brand", person="max"),
        UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_agency", force=True),
    )
    assert ("person", "max", "run ads on acc_brand", "bc_agency") in reached(world, "bc_agency")
    assert ("ad account", "acc_brand", "use px", "granted") in reached(world, "bc_agency")


def test_a_creating_account_of_the_departed_stays_and_says_so():
    world = market().changed("pixels", "px", creator="acc_agency")
    table = residual_access(yes(world, REMOVE), "px", after="bc_agency")
    row = table[table["kind"] == "ad account"].iloc[0]
    assert (row["who"], row["rule"]) == ("acc_agency", "R11")
    assert row["remedy"] == "none: ad account acc_agency created px, and its link stays"


def test_one_person_is_followed_alone():
    world = market(members={("bc_brand", "max"): BusinessRole.ADMIN})
    assert reached(world, "max") == [
        ("person", "max", "link and share px", "bc_brand"),
        ("person", "max", "run ads on acc_agency", "bc_agency"),
    ]
    assert reached(market(), "lou") == []
    taken = yes(market(), UnassignAccount(actor="amy", bc="bc_agency", account="acc_agency", person="max"))
    assert reached(taken, "max") == []
    assert reached(market(), "ann", "px_new") == [
        ("person", "ann", "edit px_new", "bc_brand"),
        ("person", "ann", "run ads on acc_brand", "bc_brand"),
    ]


def test_unknown_names_are_named_with_their_neighbours():
    with pytest.raises(UnknownNameError, match="pixel 'pz' does not exist; did you mean 'px'"):
        residual_access(market(), "pz", after="bc_agency")
    with pytest.raises(UnknownNameError, match="did you mean 'bc_agency'"):
        residual_access(market(), "px", after="bc_agenc")
