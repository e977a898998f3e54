"""Plain questions about a world, and the delivery status that follows from it."""

from __future__ import annotations

import pytest

from pixelsim.base.clock import HOUR
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AccountStatus,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    AudienceAfter,
    BusinessCenter,
    BusinessRole,
    Campaign,
    DeliveryStatus,
    Effect,
    Link,
    Partnership,
    PaymentMethod,
    PaymentShare,
    Person,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    RelationStatus,
    Unbound,
    World,
    ad_group_status,
    ad_status,
    is_delivering,
    is_scheduled,
)
from pixelsim.world import queries as ask
from pixelsim.world.status import status_borders, status_changes

OK = DeliveryStatus.DELIVERY_OK


def tomb(
    effect: Effect = Effect.NOT_DELIVERING,
    tracking: Effect = Effect.NOT_DELIVERING,
    audiences: AudienceAfter = AudienceAfter.FROZEN,
    until: int | None = None,
) -> Unbound:
    return Unbound(at=0, effect=effect, tracking_only=tracking, audiences=audiences, audience_until=until)


def world(**relations) -> World:
    return World.of(
        BusinessCenter(id="bc_1", name="One"),
        BusinessCenter(id="bc_2", name="Two"),
        Person(id="ann", name="Ann"),
        Person(id="lou", name="Lou", left=True),
        AdAccount(id="acc_1", name="One", owner_bc="bc_1"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc_2"),
        AdAccount(id="acc_3", name="Three"),
        Pixel(code="px", number="1", name="Px", creator="acc_1", owner_bc="bc_1"),
        Pixel(code="px_2", number="2", name="Px 2", creator="acc_2"),
        Campaign(id="camp", account="acc_2", name="Camp"),
        AdGroup(id="ag", campaign="camp", name="Ag", pixel="px", start=10, end=20, review_until=5),
        AdGroup(id="ag_t", campaign="camp", name="Tracking"),
        Ad(id="ad", ad_group="ag", name="Ad", tracking_pixel="px"),
        Ad(id="ad_t", ad_group="ag_t", name="Ad", tracking_pixel="px"),
        Audience(id="aud", account="acc_2", name="Aud", pixel="px"),
        PaymentMethod(id="pay", name="Pay", owner_bc="bc_1"),
        **{"links": {("px", "acc_2"): Link(by_bc="bc_2")}, **relations},
    )


STATES = list(RelationStatus)


@pytest.mark.parametrize("first", [*STATES, None])
@pytest.mark.parametrize("second", [*STATES, None])
def test_the_strongest_state_of_a_partnership_counts_whoever_asked(first, second):
    pairs = {("bc_1", "bc_2"): first, ("bc_2", "bc_1"): second}
    made = world(partnerships={k: Partnership(status=s) for k, s in pairs.items() if s is not None})
    order = [RelationStatus.BOUND, RelationStatus.PENDING, RelationStatus.REJECTED, RelationStatus.REMOVED]
    expected = next((state for state in order if state in {first, second}), None)
    assert ask.partnership_status(made, "bc_1", "bc_2") is expected
    assert ask.partnership_status(made, "bc_2", "bc_1") is expected


def test_the_side_that_was_asked_is_waited_for():
    pending = Partnership(status=RelationStatus.PENDING)
    for asked in (("bc_1", "bc_2"), ("bc_2", "bc_1")):
        made = world(partnerships={asked: pending, asked[::-1]: Partnership(status=RelationStatus.REMOVED)})
        assert ask.waiting_side(made, "bc_1", "bc_2") == ask.waiting_side(made, "bc_2", "bc_1") == asked[1]


@pytest.mark.parametrize("status", [*STATES, None])
def test_a_share_is_in_force_over_a_bound_partnership_only(status):
    partnerships = {} if status is None else {("bc_1", "bc_2"): Partnership(status=status)}
    made = world(partnerships=partnerships, shares={("px", "bc_2"): PixelShare(), ("px_2", "bc_1"): PixelShare()})
    assert ask.share_in_force(made, "px", "bc_2") is (status is RelationStatus.BOUND)
    assert not ask.share_in_force(made, "px", "bc_1")
    assert not ask.share_in_force(made, "px_2", "bc_1")


@pytest.mark.parametrize("status", [*STATES, None])
@pytest.mark.parametrize("role", list(AccountRole))
def test_a_business_centers_role_on_an_account(role, status):
    partnerships = {} if status is None else {("bc_2", "bc_1"): Partnership(status=status)}
    grants = {("bc_1", "acc_2"): AccountGrant(role=role), ("bc_1", "acc_3"): AccountGrant(role=role)}
    made = world(partnerships=partnerships, account_grants=grants)
    assert ask.account_role_of_business(made, "bc_1", "acc_1") is AccountRole.ADMIN
    assert ask.account_role_of_business(made, "bc_1", "acc_2") is (role if status is RelationStatus.BOUND else None)
    assert ask.account_role_of_business(made, "bc_1", "acc_3") is role
    assert ask.account_role_of_business(made, "bc_2", "acc_1") is None
    assert ask.account_role_of_business(made, "bc_2", "nowhere") is None


@pytest.mark.parametrize("role", list(AccountRole))
@pytest.mark.parametrize("cap", list(AccountRole))
def test_a_persons_role_is_capped_by_the_business_centers(role, cap):
    made = world(
        members={("bc_1", "ann"): BusinessRole.STANDARD},
        partnerships={("bc_1", "bc_2"): Partnership()},
        account_grants={("bc_1", "acc_2"): AccountGrant(role=cap)},
        account_people={
            ("acc_2", "ann"): AccountAssignment(role=role, via="bc_1"),
            ("acc_2", "lou"): AccountAssignment(role=role),
            ("acc_3", "ann"): AccountAssignment(role=role),
            ("acc_1", "ann"): AccountAssignment(role=role, via="bc_2"),
        },
    )
    assert ask.account_role_of_person(made, "acc_2", "ann") is min(role, cap, key=lambda held: held.rank)
    assert ask.account_role_of_person(made, "acc_3", "ann") is role
    assert ask.account_role_of_person(made, "acc_2", "lou") is None
    assert ask.account_role_of_person(made, "acc_1", "ann") is None
    assert ask.account_role_of_person(made, "acc_2", "nobody") is None
    assert ask.accounts_of_person(made, "ann") == ["acc_2", "acc_3"]
    unbound = made.without("partnerships", [("bc_1", "bc_2")])
    assert ask.account_role_of_person(unbound, "acc_2", "ann") is None


def test_a_persons_role_in_a_business_center():
    made = world(members={("bc_1", "ann"): BusinessRole.ADMIN, ("bc_1", "lou"): BusinessRole.ADMIN})
    assert ask.business_role(made, "bc_1", "ann") is BusinessRole.ADMIN
    assert ask.business_role(made, "bc_2", "ann") is None
    assert ask.business_role(made, "bc_1", "lou") is None
    assert ask.business_role(made, "bc_1", "nobody") is None


def test_a_persons_level_on_a_pixel_lasts_as_long_as_where_it_comes_from():
    def level(via, **relations):
        held = {("px", "ann"): PixelAssignment(level=PixelLevel.EDIT, via=via)}
        return ask.pixel_level_of_person(world(pixel_people=held, **relations), "px", "ann")

    member = {("bc_1", "ann"): BusinessRole.STANDARD, ("bc_2", "ann"): BusinessRole.STANDARD}
    shared = {"partnerships": {("bc_1", "bc_2"): Partnership()}, "shares": {("px", "bc_2"): PixelShare()}}
    assert level(None) is PixelLevel.EDIT
    assert level("bc_1") is None
    assert level("bc_1", members=member) is PixelLevel.EDIT
    assert level("bc_2", members=member) is None
    assert level("bc_2", members=member, **shared) is PixelLevel.EDIT
    gone = world(pixel_people={("px", "lou"): PixelAssignment(level=PixelLevel.EDIT)})
    assert ask.pixel_level_of_person(gone, "px", "lou") is None
    assert ask.pixel_level_of_person(gone, "px", "ann") is None


def test_which_accounts_reach_a_pixel():
    assert ask.accounts_of_pixel(world(), "px") == ["acc_1", "acc_2"]
    assert ask.accounts_of_pixel(world(links={("px", "acc_1"): Link(by_bc="bc_1")}), "px") == ["acc_1"]
    assert [ask.is_linked(world(), "px", a) for a in ("acc_1", "acc_2", "acc_3")] == [True, True, False]
    assert not ask.is_linked(world(), "nothing", "acc_1")


def test_what_hangs_together_in_an_account():
    made = world()
    assert ask.account_of_ad(made, "ad") == "acc_2"
    assert [g.id for g in ask.ad_groups_of_account(made, "acc_2")] == ["ag", "ag_t"]
    assert ask.ad_groups_of_account(made, "acc_1") == []
    assert [a.id for a in ask.ads_of_ad_group(made, "ag")] == ["ad"]
    gone = made.changed("ad_groups", "ag", deleted=True).changed("ads", "ad", deleted=True)
    assert [g.id for g in ask.ad_groups_of_account(gone, "acc_2")] == ["ag_t"]
    assert ask.ads_of_ad_group(gone, "ag") == []


def users(made: World) -> list[tuple[str, str]]:
    return list(ask.pixel_users(made, "px", "acc_2"))


def test_what_uses_a_pixel_optimisation_first_then_tracking_only():
    made = world()
    assert users(made) == [("ad_group", "ag"), ("ad", "ad_t")]
    assert list(ask.pixel_users(made, "px", "acc_1")) == []
    assert users(made.changed("ad_groups", "ag", deleted=True)) == [("ad", "ad_t")]
    assert users(made.changed("ads", "ad_t", deleted=True)) == [("ad_group", "ag")]
    assert users(made.changed("ad_groups", "ag_t", deleted=True)) == [("ad_group", "ag")]
    assert users(made.changed("campaigns", "camp", deleted=True)) == []
    assert users(made.changed("campaigns", "camp", account="acc_3")) == []


def test_a_chain_of_statuses_first_match_wins():
    """Remove the reasons one after the other, in the stated order, and see the next one come up."""
    made = (
        world(links={}, unbound={("px", "acc_2"): tomb(audiences=AudienceAfter.PAUSE_USERS)})
        .changed("ad_groups", "ag", deleted=True, on=False, denied=True, edited=True, audiences=("aud",), end=8)
        .changed("ad_groups", "ag", dayparting="0" + "1" * 335)
        .changed("ads", "ad", deleted=True)
        .changed("campaigns", "camp", on=False)
        .changed("ad_accounts", "acc_2", status=AccountStatus.DISABLE, payment_method="pay")
    )
    steps = [
        (DeliveryStatus.DELETE, ("ad_groups", "ag", {"deleted": False})),
        (DeliveryStatus.CAMPAIGN_DISABLE, ("campaigns", "camp", {"on": True})),
        (DeliveryStatus.DISABLE, ("ad_groups", "ag", {"on": True})),
        (DeliveryStatus.ACCOUNT_PUNISH, ("ad_accounts", "acc_2", {"status": AccountStatus.ENABLE})),
        (DeliveryStatus.BALANCE_EXCEED, ("ad_accounts", "acc_2", {"payment_method": None})),
        (DeliveryStatus.AUDIT_DENY, ("ad_groups", "ag", {"denied": False})),
        (DeliveryStatus.REAUDIT, ("ad_groups", "ag", {"edited": False})),
        (DeliveryStatus.AUDIT, ("ad_groups", "ag", {"review_until": 0})),
        (DeliveryStatus.PIXEL_UNBIND, ("unbound", ("px", "acc_2"), {"effect": Effect.KEEP_DELIVERING})),
        (DeliveryStatus.ASSET_AUTHORIZATION_LOST, ("ad_groups", "ag", {"audiences": ()})),
        (DeliveryStatus.NOT_START, ("ad_groups", "ag", {"start": 0})),
        (DeliveryStatus.NOT_START, ("ad_groups", "ag", {"end": 2})),
        (DeliveryStatus.TIME_DONE, ("ad_groups", "ag", {"end": None})),
        (DeliveryStatus.NOT_START, ("ad_groups", "ag", {"dayparting": None})),
        (DeliveryStatus.CREATE, ("ads", "ad", {"deleted": False})),
    ]
    for expected, (name, key, changes) in steps:
        assert ad_group_status(made, "ag", 2) is expected
        made = made.changed(name, key, **changes)
    assert ad_group_status(made, "ag", 2) is OK
    assert ad_group_status(made, "ag", 2, budget_left=False) is DeliveryStatus.BUDGET_EXCEED


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (4, DeliveryStatus.AUDIT),
        (5, DeliveryStatus.NOT_START),
        (9, DeliveryStatus.NOT_START),
        (10, OK),
        (19, OK),
        (20, DeliveryStatus.TIME_DONE),
    ],
)
def test_a_start_counts_from_its_own_instant_and_an_end_is_excluded(at, expected):
    assert ad_group_status(world(), "ag", at) is expected
    assert is_delivering(world(), "ag", at) is (expected is OK)
    assert is_scheduled(world(), "ag", at) is (at < 10)


def test_a_deleted_campaign_deletes_what_is_under_it():
    made = world().changed("campaigns", "camp", deleted=True)
    assert ad_group_status(made, "ag", 10) is ad_status(made, "ad", 10) is DeliveryStatus.DELETE


@pytest.mark.parametrize(
    ("name", "key", "changes", "expected"),
    [
        ("ads", "ad", {}, OK),
        ("ads", "ad", {"deleted": True}, DeliveryStatus.DELETE),
        ("ads", "ad", {"on": False}, DeliveryStatus.DISABLE),
        ("ads", "ad", {"waiting": True}, DeliveryStatus.PIXEL_UNBIND),
        ("ad_groups", "ag", {"on": False}, DeliveryStatus.ADGROUP_DISABLE),
        ("ad_groups", "ag", {"waiting": True}, DeliveryStatus.PIXEL_UNBIND),
        ("campaigns", "camp", {"on": False}, DeliveryStatus.CAMPAIGN_DISABLE),
        ("ad_accounts", "acc_2", {"status": AccountStatus.LIMIT}, DeliveryStatus.ACCOUNT_PUNISH),
        ("ad_accounts", "acc_2", {"payment_method": "pay"}, DeliveryStatus.BALANCE_EXCEED),
        ("ad_groups", "ag", {"review_until": 11}, DeliveryStatus.AUDIT),
        ("ad_groups", "ag", {"denied": True}, DeliveryStatus.AUDIT_DENY),
        ("ads", "ad", {"review_until": 11}, DeliveryStatus.AUDIT),
        ("ads", "ad", {"review_until": 10}, OK),
    ],
)
def test_an_ad_has_its_own_status_below_its_ad_groups(name, key, changes, expected):
    made = world().changed(name, key, **changes)
    assert ad_status(made, "ad", 10) is expected
    assert is_delivering(made, "ag", 10) is (expected is OK)


def test_an_ad_waiting_or_cut_off_is_still_in_review_first():
    cut = world(links={}, unbound={("px", "acc_2"): tomb()})
    assert ad_status(cut, "ad_t", 0) is DeliveryStatus.PIXEL_UNBIND
    review = cut.changed("ad_groups", "ag_t", review_until=1)
    assert ad_status(review, "ad_t", 0) is DeliveryStatus.AUDIT
    off = cut.changed("ads", "ad_t", on=False)
    assert ad_status(off, "ad_t", 0) is DeliveryStatus.DISABLE


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.parametrize("tracking", list(Effect))
def test_the_effect_of_the_cut_decides_for_optimisation_and_tracking_apart(effect, tracking):
    made = world(links={}, unbound={("px", "acc_2"): tomb(effect, tracking)})
    expected = {Effect.NOT_DELIVERING: DeliveryStatus.PIXEL_UNBIND, Effect.KEEP_DELIVERING: OK}
    assert ad_group_status(made, "ag", 10) is ad_status(made, "ad", 10) is expected[effect]
    assert ad_status(made, "ad_t", 10) is expected[tracking]
    assert ad_group_status(made, "ag_t", 10) is OK


def test_access_that_was_never_there_stops_nothing():
    assert ad_group_status(world(links={}), "ag", 10) is OK
    assert ad_status(world(links={}), "ad_t", 10) is OK


@pytest.mark.parametrize(
    ("audiences", "until", "stopped_at_2", "stopped_at_3"),
    [
        (AudienceAfter.FROZEN, None, False, False),
        (AudienceAfter.LOST, None, False, False),
        (AudienceAfter.DEADLINE, 3, False, True),
        (AudienceAfter.PAUSE_USERS, None, True, True),
    ],
)
def test_audiences_after_access_ended(audiences, until, stopped_at_2, stopped_at_3):
    made = world(links={}, unbound={("px", "acc_2"): tomb(audiences=audiences, until=until)})
    aud = made.audiences["aud"]
    assert ask.audience_stopped(made, aud, 2) is stopped_at_2
    assert ask.audience_stopped(made, aud, 3) is stopped_at_3
    assert not ask.audience_stopped(world(links={}), aud, 3)
    assert not ask.audience_stopped(world(), aud, 3)
    like = made.changed("audiences", "aud", seed="other").audiences["aud"]
    assert not ask.audience_stopped(made, like, 3)
    targeting = made.changed("ad_groups", "ag_t", audiences=("aud",))
    assert (ad_group_status(targeting, "ag_t", 3) is OK) is not stopped_at_3


def test_billing():
    made = world()
    assert ask.is_billed(made, "acc_3")
    assert ask.is_billed(made.changed("ad_accounts", "acc_1", payment_method="pay"), "acc_1")
    lent = made.changed("ad_accounts", "acc_2", payment_method="pay")
    assert not ask.is_billed(lent, "acc_2")
    assert ask.is_billed(lent.with_item("payment_shares", ("pay", "bc_2"), PaymentShare()), "acc_2")
    assert not ask.is_billed(made.changed("ad_accounts", "acc_2", payment_method="nothing"), "acc_2")
    assert not ask.is_billed(made.changed("ad_accounts", "acc_3", payment_method="pay"), "acc_3")


def test_borders_are_the_instants_at_which_the_clock_alone_may_change_a_status():
    made = world().changed("ad_groups", "ag", audiences=("aud", "nothing"))
    assert status_borders(made, "ag") == [5, 10, 20]
    cut = made.with_item("unbound", ("px", "acc_2"), tomb(audiences=AudienceAfter.DEADLINE, until=15))
    assert status_borders(cut, "ag") == [5, 10, 15, 20]
    frozen = made.with_item("unbound", ("px", "acc_2"), tomb())
    assert status_borders(frozen.changed("ad_groups", "ag", end=None), "ag") == [5, 10]


def test_the_review_of_an_ad_is_a_border_and_half_hours_are_changes():
    made = world().changed("ads", "ad", review_until=12).changed("ad_groups", "ag", end=2 * HOUR)
    assert status_borders(made, "ag") == [5, 10, 12, 2 * HOUR]
    halves = made.changed("ad_groups", "ag", dayparting="01" * 168)
    assert status_borders(halves, "ag") == status_borders(made, "ag")
    assert status_changes(halves, "ag", 5, HOUR + 1) == [10, 12, HOUR // 2, HOUR]
    shifted = halves.changed("ad_accounts", "acc_2", week_start=-HOUR // 4)
    assert status_changes(shifted, "ag", 5, HOUR) == [10, 12, HOUR // 4, HOUR * 3 // 4]


@pytest.mark.parametrize("status", list(DeliveryStatus))
def test_every_status_has_a_label_and_a_primary_status(status):
    assert status.label
    primary = {
        DeliveryStatus.DELIVERY_OK: "STATUS_DELIVERY_OK",
        DeliveryStatus.DELETE: "STATUS_DELETE",
        DeliveryStatus.TIME_DONE: "STATUS_TIME_DONE",
        DeliveryStatus.DISABLE: "STATUS_DISABLE",
        DeliveryStatus.ADGROUP_DISABLE: "STATUS_DISABLE",
        DeliveryStatus.CAMPAIGN_DISABLE: "STATUS_DISABLE",
    }
    assert status.primary == primary.get(status, "STATUS_NOT_DELIVERY")
