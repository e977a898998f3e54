"""Field cases about roles, and about what nobody may change."""

from __future__ import annotations

from pixelsim.sharing import BatchState, Cause, PartState, Reads, Rulebook, apply, explain, pixel_report
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    AdAccount,
    AdGroup,
    BusinessCenter,
    BusinessRole,
    Campaign,
    CountMode,
    Person,
    Pixel,
    World,
)

RULES = Rulebook()


def test_P16_a_role_without_an_asset_does_nothing_and_a_higher_role_is_not_the_advice():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        Person(id="m1", name="M1"),
        Person(id="m2", name="M2"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_a"),
        members={("bc_a", "m1"): BusinessRole.STANDARD, ("bc_a", "m2"): BusinessRole.STANDARD},
        account_people={("acc_1", "m2"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_a")},
    )
    first = explain(world, "m1", "CREATE_CAMPAIGN", "acc_1")
    assert first.refused
    assert first.cause is Cause.ASSET_NOT_ASSIGNED
    assert first.remedies == ("have an Admin assign ad account acc_1 to m1",)
    assert explain(world, "m2", "CREATE_CAMPAIGN", "acc_1").allowed
    raised = world.with_item("members", ("bc_a", "m1"), BusinessRole.ADMIN)
    assert explain(raised, "m1", "CREATE_CAMPAIGN", "acc_1").cause is Cause.ASSET_NOT_ASSIGNED
    assigned = world.with_item("account_people", ("acc_1", "m1"), world.account_people["acc_1", "m2"])
    assert explain(assigned, "m1", "CREATE_CAMPAIGN", "acc_1").allowed


def test_P19_one_refused_account_does_not_void_the_report():
    accounts = [f"acc_{number}" for number in range(1, 6)]
    pixels = {account: f"px_{account[-1]}" for account in accounts}
    world = World.of(
        Person(id="m1", name="M1"),
        *(AdAccount(id=key, name=key) for key in accounts),
        *(Pixel(code=code, number=code, name=code, creator=account) for account, code in pixels.items()),
        account_people={
            (account, "m1"): AccountAssignment(role=AccountRole.ANALYST if account == "acc_5" else AccountRole.OPERATOR)
            for account in accounts
        },
    )
    assert explain(world, "m1", "create campaign", "acc_5").cause is Cause.LEVEL_TOO_LOW
    granted = Reads(accounts=frozenset(accounts) - {"acc_3"})
    report = pixel_report(world, "m1", accounts, readable=granted)
    assert report.batch.state is BatchState.PARTIAL
    assert report.batch.counts[PartState.OK] == 4
    assert [part.account for part in report.batch.parts if part.state is PartState.UNKNOWN] == ["acc_3"]
    assert "acc_3: unknown - unknown (R17): the pixels of ad account acc_3 could not be read" in str(report)
    assert [(account, pixel) for account, pixel, _, _ in report.rows] == [
        ("acc_1", "px_1"),
        ("acc_2", "px_2"),
        ("acc_4", "px_4"),
        ("acc_5", "px_5"),
    ]


def test_P20_no_permission_has_three_causes():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        BusinessCenter(id="bc_b", name="B"),
        Person(id="m1", name="M1"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_b"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc_b"),
        AdAccount(id="acc_3", name="Three", owner_bc="bc_a"),
        members={("bc_a", "m1"): BusinessRole.STANDARD, ("bc_b", "m1"): BusinessRole.STANDARD},
        account_people={
            ("acc_2", "m1"): AccountAssignment(role=AccountRole.ANALYST, via="bc_b"),
            ("acc_3", "m1"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_a"),
        },
    )
    causes = {}
    for account in ("acc_1", "acc_2", "acc_3"):
        create = do.CreateCampaign(actor="m1", account=account, campaign="new", active_bc="bc_b")
        causes[account] = apply(world, create, RULES, 0).decision.cause
    assert causes == {"acc_1": Cause.ASSET_NOT_ASSIGNED, "acc_2": Cause.LEVEL_TOO_LOW, "acc_3": Cause.WRONG_BC}


def test_P66_attribution_is_fixed_once_published():
    world = World.of(
        Person(id="m1", name="Buyer"),
        AdAccount(id="acc_1", name="One"),
        Campaign(id="camp", account="acc_1", name="Camp"),
        AdGroup(id="ag_1", campaign="camp", name="Live", click_days=7, view_days=1, count=CountMode.EVERY),
        account_people={("acc_1", "m1"): AccountAssignment(role=AccountRole.ADMIN)},
    )
    change = do.SetAttribution(actor="m1", ad_group="ag_1", click_days=1, view_days=0)
    outcome = apply(world, change, RULES, 0)
    assert outcome.decision.cause is Cause.PUBLISHED
    assert outcome.decision.remedies == ("make a new ad group; it learns from zero",)
    assert outcome.world is world
    thirty = do.CreateAdGroup(actor="m1", campaign="camp", ad_group="ag_2", click_days=30)
    decision = apply(world, thirty, RULES, 0).decision
    assert (decision.cause, dict(decision.facts)["value"]) == (Cause.NOT_ALLOWED_VALUE, "30 days")
    assert decision.remedies == ("choose one of 1, 7, 14, 28",)
    fitting = do.CreateAdGroup(
        actor="m1", campaign="camp", ad_group="ag_2", click_days=28, view_days=7, count=CountMode.ONCE
    )
    made = apply(world, fitting, RULES, 0).world.ad_groups["ag_2"]
    assert (made.click_days, made.view_days, made.count) == (28, 7, CountMode.ONCE)
