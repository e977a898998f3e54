"""The relations that the rules of sharing stand on: members, account roles, tokens and payment methods."""

from __future__ import annotations

import dataclasses

import pytest
from sharing_worlds import NEW_TOKEN, NO_TOKEN, TOKEN, market, no, settings, worded, yes

from pixelsim.sharing import Cause, Limits, Rulebook
from pixelsim.sharing.actions import (
    AddMember,
    ApprovePartnership,
    AssignAccount,
    GrantAccountAccess,
    IssueToken,
    LeavePerson,
    RequestPartnership,
    RevokeAccountAccess,
    RevokeToken,
    SetPaymentMethod,
    SharePayment,
    SharePixel,
    UnassignAccount,
    UnsharePayment,
    UnsharePixel,
)
from pixelsim.sharing.tokens import may_send
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    BusinessRole,
    DeliveryStatus,
    Partnership,
    PaymentShare,
    RelationStatus,
    ad_group_status,
    ad_status,
    is_scheduled,
)
from pixelsim.world.queries import account_role_of_person

ADD = AddMember(actor="ann", bc="bc_brand", person="tom")


def test_R10_an_admin_adds_people_and_changes_their_role():
    world = yes(market(), ADD)
    assert world.members["bc_brand", "tom"] is BusinessRole.STANDARD
    no(world, ADD, Cause.ALREADY_SO, "R10")
    raised = yes(world, dataclasses.replace(ADD, role=BusinessRole.ADMIN))
    assert raised.members["bc_brand", "tom"] is BusinessRole.ADMIN
    assert yes(raised, ADD).members["bc_brand", "tom"] is BusinessRole.STANDARD


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"actor": "tom"}, Cause.NOT_A_MEMBER),
        ({"person": "lou"}, Cause.PERSON_LEFT),
        ({"person": "nobody"}, Cause.UNKNOWN_ID),
        ({"bc": "nowhere"}, Cause.UNKNOWN_ID),
    ],
)
def test_R10_adding_a_member_is_refused(changes, cause):
    no(market(), dataclasses.replace(ADD, **changes), cause, "R10")


def test_R10_members_and_admins_have_the_platforms_numbers():
    full = Rulebook(limits=Limits(members_per_business_center=3))
    assert dict(no(market(), ADD, Cause.LIMIT_REACHED, "R10", rulebook=full).facts)["count"] == "3"
    yes(market(), ADD, rulebook=Rulebook(limits=Limits(members_per_business_center=4)))
    raise_ben = dataclasses.replace(ADD, person="ben", role=BusinessRole.ADMIN)
    one = Rulebook(limits=Limits(members_per_business_center=3, admins_per_business_center=1))
    no(market(), raise_ben, Cause.LIMIT_REACHED, "R10", rulebook=one)
    two = Rulebook(limits=Limits(members_per_business_center=3, admins_per_business_center=2))
    yes(market(), raise_ben, rulebook=two)
    documented = Limits()
    assert (documented.members_per_business_center, documented.admins_per_business_center) == (1000, 20)


def test_R10_people_leave_once():
    gone = yes(market(), LeavePerson(actor="ben"))
    no(gone, LeavePerson(actor="ben"), Cause.PERSON_LEFT, "R10")
    no(gone, LeavePerson(actor="nobody"), Cause.UNKNOWN_ID, "R10")
    assert account_role_of_person(gone, "acc_brand", "ben") is None


GRANT = GrantAccountAccess(actor="ann", bc="bc_brand", account="acc_brand2", partner="bc_agency")


def test_R07_a_business_center_reaches_so_many_ad_accounts_unless_it_is_an_agency():
    full = Rulebook(limits=Limits(accounts_per_business_center=2))
    yes(market(), GRANT, rulebook=full)
    third = market(partnerships={("bc_brand", "bc_third"): Partnership()})
    to_third = dataclasses.replace(GRANT, partner="bc_third")
    second = yes(third, to_third, rulebook=full)
    more = dataclasses.replace(to_third, account="acc_brand")
    decision = no(second, more, Cause.LIMIT_REACHED, "R07", rulebook=full)
    assert decision.reason == "Business Center bc_third has 2 ad accounts, the most that the platform allows."
    yes(second, dataclasses.replace(to_third, role=AccountRole.ADMIN), rulebook=full)
    yes(second, more)


def test_R07_the_owner_of_an_account_gives_a_partner_a_role_and_takes_it_back():
    world = yes(market(), GRANT, at=4)
    assert world.account_grants["bc_agency", "acc_brand2"] == AccountGrant(role=AccountRole.OPERATOR, since=4)
    no(world, GRANT, Cause.ALREADY_SO, "R07")
    world = yes(world, AssignAccount(actor="amy", bc="bc_agency", account="acc_brand2", person="max"))
    take = RevokeAccountAccess(actor="ann", bc="bc_brand", account="acc_brand2", partner="bc_agency")
    after = yes(world, take)
    assert ("acc_brand2", "max") not in after.account_people
    assert ("acc_brand2", "ben") in after.account_people
    no(after, take, Cause.ALREADY_SO, "R07")


def test_R07_a_role_is_raised_in_place_and_never_lowered():
    world = yes(market(), GRANT, dataclasses.replace(GRANT, role=AccountRole.ADMIN))
    decision = no(world, GRANT, Cause.DOWNGRADE, "R07")
    assert decision.remedies == ("revoke the role of bc_agency on ad account acc_brand2, then grant Operator",)


@pytest.mark.parametrize(
    ("changes", "cause", "rule"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW, "R07"),
        ({"account": "acc_third"}, Cause.NOT_OWNER, "R07"),
        ({"account": "acc_solo"}, Cause.NOT_OWNER, "R07"),
        ({"account": "nowhere"}, Cause.UNKNOWN_ID, "R07"),
        ({"partner": "nowhere"}, Cause.UNKNOWN_ID, "R07"),
        ({"partner": "bc_brand"}, Cause.SELF_SHARE, "R08"),
        ({"partner": "bc_third"}, Cause.NOT_PARTNER, "R08"),
        ({"bc": None}, Cause.ASSET_NOT_ASSIGNED, "R07"),
        ({"bc": None, "account": "acc_brand"}, Cause.NOT_OWNER, "R07"),
    ],
)
def test_R07_granting_an_account_role_is_refused(changes, cause, rule):
    no(market(), dataclasses.replace(GRANT, **changes), cause, rule)


def test_R07_an_account_without_a_business_center_is_granted_by_its_own_admins():
    grant = GrantAccountAccess(actor="tom", account="acc_solo", partner="bc_agency")
    world = yes(market(), grant)
    assert ("bc_agency", "acc_solo") in world.account_grants
    no(market(), dataclasses.replace(grant, actor="ann"), Cause.ASSET_NOT_ASSIGNED, "R07")
    take = RevokeAccountAccess(actor="tom", account="acc_solo", partner="bc_agency")
    assert not yes(world, take).account_grants
    no(world, dataclasses.replace(take, partner="nowhere"), Cause.UNKNOWN_ID, "R07")


def test_R07_who_holds_a_role_may_give_it_up():
    world = yes(market(), GRANT)
    up = RevokeAccountAccess(actor="amy", bc="bc_agency", account="acc_brand2", partner="bc_agency")
    assert not yes(world, up).account_grants
    no(world, dataclasses.replace(up, partner="bc_third"), Cause.NOT_OWNER, "R07")
    no(world, dataclasses.replace(up, account="nowhere"), Cause.UNKNOWN_ID, "R07")


ASSIGN = AssignAccount(actor="ann", bc="bc_brand", account="acc_brand", person="cleo")


def test_R16_an_admin_assigns_an_account_to_a_member():
    world = yes(market(), ASSIGN)
    assert world.account_people["acc_brand", "cleo"] == AccountAssignment(role=AccountRole.OPERATOR, via="bc_brand")
    no(world, ASSIGN, Cause.ALREADY_SO, "R16")
    yes(world, dataclasses.replace(ASSIGN, role=AccountRole.ANALYST))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"actor": "ben"}, Cause.ROLE_TOO_LOW),
        ({"account": "nowhere"}, Cause.UNKNOWN_ID),
        ({"person": "nobody"}, Cause.UNKNOWN_ID),
        ({"person": "lou"}, Cause.PERSON_LEFT),
        ({"person": "tom"}, Cause.NOT_A_MEMBER),
        ({"account": "acc_third"}, Cause.ASSET_NOT_ASSIGNED),
        ({"bc": None, "actor": "ben"}, Cause.LEVEL_TOO_LOW),
        ({"bc": "bc_agency", "actor": "amy", "person": "max"}, Cause.ASSET_NOT_ASSIGNED),
    ],
)
def test_R16_assigning_an_account_is_refused(changes, cause):
    no(market(), dataclasses.replace(ASSIGN, **changes), cause, "R16")


def test_R16_a_partner_gives_on_no_more_than_it_holds():
    world = yes(market(), dataclasses.replace(GRANT, role=AccountRole.OPERATOR))
    action = AssignAccount(actor="amy", bc="bc_agency", account="acc_brand2", person="max", role=AccountRole.ADMIN)
    no(world, action, Cause.LEVEL_TOO_LOW, "R16")
    yes(world, dataclasses.replace(action, role=AccountRole.OPERATOR))


def test_R16_a_partner_cannot_change_what_somebody_holds_otherwise_and_the_owner_can():
    world = yes(
        market(members={("bc_agency", "ben"): BusinessRole.STANDARD, ("bc_brand", "tom"): BusinessRole.STANDARD}),
        dataclasses.replace(GRANT, role=AccountRole.ADMIN),
        AssignAccount(actor="amy", bc="bc_agency", account="acc_brand2", person="max"),
    )
    over = AssignAccount(actor="amy", bc="bc_agency", account="acc_brand2", person="ben", role=AccountRole.ANALYST)
    assert "through Business Center bc_brand" in no(world, over, Cause.HELD_OTHERWISE, "R16").reason
    by_name = world.changed("account_people", ("acc_brand2", "ben"), via=None)
    assert "by name" in no(by_name, over, Cause.HELD_OTHERWISE, "R16").reason
    yes(by_name, AssignAccount(actor="ann", bc="bc_brand", account="acc_brand2", person="ben"))
    foreign = UnassignAccount(actor="amy", bc="bc_agency", account="acc_brand2", person="ben")
    no(world, foreign, Cause.NOT_OWNER, "R15a")
    yes(world, dataclasses.replace(foreign, person="max"))
    yes(world, dataclasses.replace(foreign, actor="ann", bc="bc_brand", person="max"))


def test_R15a_an_account_is_taken_away_by_who_gave_it_its_owner_or_its_admin():
    take = UnassignAccount(actor="ann", bc="bc_brand", account="acc_brand", person="ben")
    after = yes(market(), take)
    assert ("acc_brand", "ben") not in after.account_people
    no(after, take, Cause.ALREADY_SO, "R15a")
    yes(market(), dataclasses.replace(take, bc=None))
    no(after, dataclasses.replace(take, bc=None), Cause.ALREADY_SO, "R15a")
    no(market(), dataclasses.replace(take, bc=None, actor="ben"), Cause.LEVEL_TOO_LOW, "R15a")
    no(market(), dataclasses.replace(take, actor="ben"), Cause.ROLE_TOO_LOW, "R15a")
    no(market(), dataclasses.replace(take, actor="tom", bc="bc_third"), Cause.NOT_OWNER, "R15a")
    alone = dataclasses.replace(take, actor="ann", bc="bc_brand", account="acc_solo", person="tom")
    assert "its own Admins" in no(market(), alone, Cause.NOT_OWNER, "R15a").reason
    no(market(), dataclasses.replace(take, account="nowhere"), Cause.UNKNOWN_ID, "R15a")
    no(market(), dataclasses.replace(take, person="nobody"), Cause.UNKNOWN_ID, "R15a")


ISSUE = IssueToken(actor="amy", bc="bc_agency", pixel="px", token=NEW_TOKEN)


def test_R08_a_business_center_that_has_the_pixel_issues_a_token():
    assert yes(market(), ISSUE).tokens["new"].holder_bc == "bc_agency"
    yes(market(), dataclasses.replace(ISSUE, actor="ann", bc="bc_brand"))
    no(market(), dataclasses.replace(ISSUE, actor="tom", bc="bc_third"), Cause.NO_ACCESS, "R08")
    no(market(), dataclasses.replace(ISSUE, pixel="px_new"), Cause.NO_ACCESS, "R08")
    no(market(), dataclasses.replace(ISSUE, pixel="nothing"), Cause.UNKNOWN_ID, "R08")
    no(market(), dataclasses.replace(ISSUE, token=TOKEN), Cause.DUPLICATE_ID, "R08")
    no(market(), dataclasses.replace(ISSUE, actor="max"), Cause.ROLE_TOO_LOW, "R08")


def test_R14_a_token_outlives_the_share_until_holder_or_owner_revokes_it():
    world = yes(market(), UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_agency", force=True))
    assert may_send(world, "tok").allowed
    no(world, dataclasses.replace(ISSUE, token=NO_TOKEN), Cause.NO_ACCESS, "R08")
    for person in ("ann", "amy"):
        revoked = yes(world, RevokeToken(actor=person, token=TOKEN))
        decision = may_send(revoked, "tok")
        assert decision.cause is Cause.NOT_ACCEPTED
        assert worded(decision)
        no(revoked, RevokeToken(actor=person, token=TOKEN), Cause.ALREADY_SO, "R14")
    no(world, RevokeToken(actor="tom", token=TOKEN), Cause.NOT_A_MEMBER, "R14")
    no(world, RevokeToken(actor="max", token=TOKEN), Cause.NOT_A_MEMBER, "R14")
    no(world, RevokeToken(actor="ann", token=NO_TOKEN), Cause.UNKNOWN_ID, "R14")
    assert may_send(world, "nothing").cause is Cause.UNKNOWN_ID


def test_R14_the_owners_own_token_is_the_owners_to_revoke():
    world = yes(market(), dataclasses.replace(ISSUE, actor="ann", bc="bc_brand"))
    no(world, RevokeToken(actor="amy", token=NEW_TOKEN), Cause.NOT_A_MEMBER, "R14")
    no(
        world.changed("pixels", "px", owner_bc=None),
        RevokeToken(actor="amy", token=NEW_TOKEN),
        Cause.NOT_A_MEMBER,
        "R14",
    )
    yes(world, RevokeToken(actor="ann", token=NEW_TOKEN))


LEND = SharePayment(actor="ann", bc="bc_brand", payment="pay", partner="bc_agency")
TAKE = UnsharePayment(actor="ann", bc="bc_brand", payment="pay", partner="bc_agency")
BILL = SetPaymentMethod(actor="ann", account="acc_agency", payment="pay")


def admin_ann():
    return market(account_people={("acc_agency", "ann"): AccountAssignment(role=AccountRole.ADMIN)})


def test_P34_what_is_billed_through_a_withdrawn_method_stands_at_once():
    world = yes(admin_ann(), LEND, BILL, at=3)
    assert world.payment_shares["pay", "bc_agency"] == PaymentShare(since=3)
    assert ad_group_status(world, "ag_run", 3) is DeliveryStatus.DELIVERY_OK
    after = yes(world, TAKE)
    assert ad_group_status(after, "ag_run", 3) is DeliveryStatus.BALANCE_EXCEED
    assert ad_status(after, "ad_run", 3) is DeliveryStatus.BALANCE_EXCEED
    assert ad_status(after, "ad_track", 3) is DeliveryStatus.BALANCE_EXCEED
    assert not is_scheduled(after, "ag_later", 3)
    own = yes(after, dataclasses.replace(BILL, payment=None))
    assert ad_group_status(own, "ag_run", 3) is DeliveryStatus.DELIVERY_OK


def test_P34_an_own_method_needs_no_sharing():
    world = yes(market(), dataclasses.replace(BILL, account="acc_brand"))
    assert world.ad_accounts["acc_brand"].payment_method == "pay"
    no(world, dataclasses.replace(BILL, account="acc_brand"), Cause.ALREADY_SO, "P34")


@pytest.mark.parametrize(
    ("action", "changes", "cause"),
    [
        (LEND, {"actor": "ben"}, Cause.ROLE_TOO_LOW),
        (LEND, {"payment": "nothing"}, Cause.UNKNOWN_ID),
        (LEND, {"partner": "nowhere"}, Cause.UNKNOWN_ID),
        (LEND, {"partner": "bc_brand"}, Cause.SELF_SHARE),
        (LEND, {"partner": "bc_third"}, Cause.NOT_PARTNER),
        (LEND, {"actor": "amy", "bc": "bc_agency", "partner": "bc_brand"}, Cause.NOT_OWNER),
        (TAKE, {}, Cause.NOT_SHARED),
        (TAKE, {"actor": "ben"}, Cause.ROLE_TOO_LOW),
        (BILL, {}, Cause.NOT_SHARED),
        (BILL, {"payment": "nothing"}, Cause.UNKNOWN_ID),
        (BILL, {"actor": "max"}, Cause.LEVEL_TOO_LOW),
        (BILL, {"account": "acc_solo", "actor": "tom"}, Cause.NOT_SHARED),
    ],
)
def test_P34_payment_actions_are_refused(action, changes, cause):
    no(admin_ann(), dataclasses.replace(action, **changes), cause, "P34")


def test_P34_a_method_is_lent_once():
    no(yes(market(), LEND), LEND, Cause.ALREADY_SO, "P34")


@pytest.mark.parametrize(("delay", "status"), [(0.0, RelationStatus.BOUND), (0.5, RelationStatus.PENDING)])
def test_R08_partnership_acceptance_is_a_setting(delay, status):
    rulebook = settings(partnership_acceptance=delay)
    for action in (
        SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third"),
        RequestPartnership(actor="ann", bc="bc_brand", partner="bc_third"),
    ):
        world = yes(market(), action, rulebook=rulebook, at=9)
        assert world.partnerships["bc_brand", "bc_third"] == Partnership(status=status, since=9)
    if status is RelationStatus.PENDING:
        world = yes(world, ApprovePartnership(actor="tom", bc="bc_third", partner="bc_brand"), at=10)
        assert world.partnerships["bc_brand", "bc_third"] == Partnership(status=RelationStatus.BOUND, since=10)
