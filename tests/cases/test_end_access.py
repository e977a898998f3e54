"""Field cases about ending a relationship, as far as access goes."""

from __future__ import annotations

from pixelsim.base.clock import DAY
from pixelsim.sharing import (
    PRESETS,
    Cause,
    History,
    ImpactCode,
    Rulebook,
    account_may_see,
    apply,
    change_log,
    explain,
    list_pixels,
    orphaned_pixels,
    preview,
    residual_access,
    side_by_side,
)
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AccountStatus,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    BusinessCenter,
    BusinessRole,
    Campaign,
    DeliveryStatus,
    Link,
    Partnership,
    PaymentMethod,
    PaymentShare,
    Person,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    Token,
    Website,
    World,
    ad_group_status,
)

RULES = Rulebook()
ADMIN, STANDARD = BusinessRole.ADMIN, BusinessRole.STANDARD
OPERATOR = AccountRole.OPERATOR
K1 = "k1"


def done(world: World, *actions: do.Action, rulebook: Rulebook = RULES, at: int = 0) -> World:
    for action in actions:
        outcome = apply(world, action, rulebook, at)
        assert outcome.decision.allowed, str(outcome.decision)
        world = outcome.world
    return world


def with_agency(**relations) -> World:
    """Give a client whose agency has an ad account of the client's, and three of the agency's people."""
    return World.of(
        BusinessCenter(id="bc_c", name="Client"),
        BusinessCenter(id="bc_ag", name="Agency"),
        *(Person(id=key, name=key) for key in ("cleo", "p1", "p2", "p3")),
        AdAccount(id="acc_1", name="One", owner_bc="bc_c"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1", owner_bc="bc_c"),
        Token(id="k1", pixel="px_1", holder_bc="bc_ag", revoked=True),
        **{
            "members": {
                ("bc_c", "cleo"): ADMIN,
                ("bc_ag", "p1"): ADMIN,
                ("bc_ag", "p2"): STANDARD,
                ("bc_ag", "p3"): STANDARD,
            },
            "partnerships": {("bc_c", "bc_ag"): Partnership()},
            "shares": {("px_1", "bc_ag"): PixelShare()},
            "account_grants": {("bc_ag", "acc_1"): AccountGrant(role=AccountRole.ADMIN)},
            "account_people": {
                ("acc_1", "p1"): AccountAssignment(role=AccountRole.ADMIN, via="bc_ag"),
                ("acc_1", "p2"): AccountAssignment(role=OPERATOR),
            },
            "pixel_people": {("px_1", "p3"): PixelAssignment(level=PixelLevel.EDIT)},
            **relations,
        },
    )


def residual(world: World) -> set[tuple[str, str]]:
    table = residual_access(world, "px_1", after="bc_ag")
    return set(zip(table["who"], table["reach"], strict=True))


REMOVE = do.RemovePartner(actor="cleo", bc="bc_c", partner="bc_ag")


def test_P28_people_added_by_name_are_left_after_the_partner_is_gone():
    before = with_agency()
    assert {who for who, _ in residual(before)} == {"acc_1", "bc_ag", "p1", "p2", "p3"}
    world = done(before, REMOVE)
    assert residual(world) == {("p2", "run ads on acc_1"), ("p3", "edit px_1")}
    table = residual_access(world, "px_1", after="bc_ag")
    assert set(table["through"]) == {"by name"}
    take_p2 = do.UnassignAccount(actor="cleo", bc="bc_c", account="acc_1", person="p2")
    take_p3 = do.UnassignPixel(actor="cleo", bc="bc_c", pixel="px_1", person="p3")
    assert residual(done(world, take_p2)) == {("p3", "edit px_1")}
    assert residual(done(world, take_p3)) == {("p2", "run ads on acc_1")}
    assert residual_access(done(world, take_p2, take_p3), "px_1", after="bc_ag").empty


def test_P29_access_side_a_server_token_outlives_the_partnership():
    history = History(with_agency().changed("tokens", "k1", revoked=False), RULES)
    history.attempt(REMOVE, 10 * DAY)
    history.attempt(do.RevokeToken(actor="cleo", token=K1), 15 * DAY)
    accepted = [explain(history.at(day * DAY), "k1", "send", "px_1").allowed for day in range(20)]
    assert accepted == [True] * 15 + [False] * 5
    entitled = [("px_1", "bc_ag") in history.at(day * DAY).shares for day in range(20)]
    assert entitled == [True] * 10 + [False] * 10
    assert [day for day in range(20) if accepted[day] and not entitled[day]] == [10, 11, 12, 13, 14]
    reached = [("k1", "send events to px_1") in residual(history.at(day * DAY)) for day in (9, 10, 14, 15)]
    assert reached == [True, True, True, False]


def test_P30_access_side_disconnecting_a_tool_deletes_neither_pixel_nor_token():
    """The tool is a partner that holds a token; what the platform has received is the owner's to read throughout."""
    history = History(with_agency().changed("tokens", "k1", revoked=False), RULES)
    owner_sees = []
    for at, action in ((0, REMOVE), (30 * DAY, do.RevokeToken(actor="cleo", token=K1))):
        assert history.attempt(action, at).decision.allowed
        owner_sees.append(account_may_see(history.now, "acc_1", "px_1").allowed)
    assert owner_sees == [True, True]
    for day, accepted in ((0, True), (1, True), (29, True), (30, False)):
        world = history.at(day * DAY)
        assert "px_1" in world.pixels
        assert list_pixels(world, "p1", "bc_ag").pixels == ()
        assert explain(world, "k1", "send", "px_1").allowed is accepted


def retargeting() -> World:
    return World.of(
        BusinessCenter(id="bc", name="Client"),
        Person(id="ann", name="Ann"),
        AdAccount(id="acc_1", name="One", owner_bc="bc"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc", status=AccountStatus.DISABLE),
        Pixel(code="px_1", number="1", name="One", creator="acc_1", owner_bc="bc"),
        Audience(id="aud_v", account="acc_1", name="Vendor's", pixel="px_1", shared_with=("acc_2",)),
        Audience(id="aud_l", account="acc_1", name="Lookalike", pixel="px_1", seed="aud_v"),
        *(Campaign(id=f"camp_{k}", account="acc_2" if k == "d" else "acc_1", name=k) for k in "vclde"),
        AdGroup(id="ag_v", campaign="camp_v", name="Vendor", audiences=("aud_v",)),
        AdGroup(id="ag_c", campaign="camp_c", name="Client", audiences=("aud_v",)),
        AdGroup(id="ag_l", campaign="camp_l", name="Lookalike", audiences=("aud_l",)),
        AdGroup(id="ag_d", campaign="camp_d", name="Disabled", audiences=("aud_v",)),
        AdGroup(id="ag_e", campaign="camp_e", name="Elsewhere"),
        *(Ad(id=f"ad_{k}", ad_group=f"ag_{k}", name=k) for k in "vclde"),
        account_people={(a, "ann"): AccountAssignment(role=AccountRole.ADMIN) for a in ("acc_1", "acc_2")},
    )


def test_P32_deleting_a_vendors_audience_stops_other_peoples_ads():
    world = retargeting()
    delete = do.DeleteAudience(actor="ann", audience="aud_v")
    impact = preview(world, delete, RULES, 0)
    assert impact.decision.allowed
    assert impact.campaigns == ("camp_c", "camp_d", "camp_l", "camp_v")
    assert {item.campaign: item.code for item in impact.affected} == {
        "camp_v": ImpactCode.SOURCE_DELETED,
        "camp_c": ImpactCode.SOURCE_DELETED,
        "camp_l": ImpactCode.SEED_GONE,
        "camp_d": ImpactCode.CANNOT_CHANGE_DISABLED_ACCOUNT,
    }
    after = done(world, delete)
    lost, runs = DeliveryStatus.ASSET_AUTHORIZATION_LOST, DeliveryStatus.DELIVERY_OK
    assert {key: ad_group_status(after, key, 0) for key in after.ad_groups} == {
        "ag_v": lost,
        "ag_c": lost,
        "ag_l": runs,
        "ag_d": DeliveryStatus.ACCOUNT_PUNISH,
        "ag_e": runs,
    }
    off = do.Switch(actor="ann", kind="campaign", id="camp_d", to="off")
    assert apply(after, off, RULES, 0).decision.cause is Cause.ACCOUNT_DISABLED
    assert Cause.ACCOUNT_DISABLED.value == ImpactCode.CANNOT_CHANGE_DISABLED_ACCOUNT.value


def test_P34_the_kind_of_asset_decides_whether_campaigns_pause():
    accounts = ("acc_1", "acc_2", "acc_3")
    world = World.of(
        BusinessCenter(id="bc_c", name="Client"),
        BusinessCenter(id="bc_ag", name="Agency"),
        Person(id="cleo", name="Cleo"),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc_c"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_ag", payment_method="pm_1"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc_ag", payment_method="pm_1"),
        AdAccount(id="acc_3", name="Own billing", owner_bc="bc_ag"),
        PaymentMethod(id="pm_1", name="Card", owner_bc="bc_c"),
        Pixel(code="px_1", number="1", name="One", creator="acc_0", owner_bc="bc_c"),
        *(Campaign(id=f"camp_{a}", account=a, name=a) for a in accounts),
        *(AdGroup(id=f"ag_{a}", campaign=f"camp_{a}", name=a, pixel="px_1") for a in accounts),
        *(Ad(id=f"ad_{a}", ad_group=f"ag_{a}", name=a, tracking_pixel="px_1") for a in accounts),
        members={("bc_c", "cleo"): ADMIN},
        partnerships={("bc_c", "bc_ag"): Partnership()},
        shares={("px_1", "bc_ag"): PixelShare()},
        links={("px_1", a): Link(by_bc="bc_ag") for a in accounts},
        payment_shares={("pm_1", "bc_ag"): PaymentShare()},
    )
    proceed = Rulebook(policy=PRESETS["continue"])
    endings = {
        "pm_1": do.UnsharePayment(actor="cleo", bc="bc_c", payment="pm_1", partner="bc_ag"),
        "px_1": do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px_1", partner="bc_ag"),
    }
    table = side_by_side(world, endings, proceed, 0)
    assert table.to_dict("records") == [
        {"account": "acc_1", "now": "runs", "pm_1": "stands", "px_1": "runs"},
        {"account": "acc_2", "now": "runs", "pm_1": "stands", "px_1": "runs"},
        {"account": "acc_3", "now": "runs", "pm_1": "runs", "px_1": "runs"},
    ]
    codes = {item.account: item.code for item in preview(world, endings["pm_1"], proceed, 0).affected}
    assert codes == {"acc_1": ImpactCode.PAYMENT_WITHDRAWN, "acc_2": ImpactCode.PAYMENT_WITHDRAWN}
    codes = {item.account: item.code for item in preview(world, endings["px_1"], proceed, 0).affected}
    assert codes == dict.fromkeys(accounts, ImpactCode.UNATTRIBUTED)


def test_P38_access_side_a_pixel_taken_off_the_site_stays_readable_by_its_owner():
    world = World.of(
        BusinessCenter(id="bc", name="Store"),
        Person(id="ann", name="Ann"),
        AdAccount(id="acc_1", name="One", owner_bc="bc"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1", owner_bc="bc"),
        Pixel(code="px_2", number="2", name="Two", creator="acc_2", owner_bc="bc"),
        Website(id="store", name="Store", pixels=("px_1", "px_2")),
        members={("bc", "ann"): ADMIN},
        account_people={("acc_2", "ann"): AccountAssignment(role=AccountRole.ANALYST, via="bc")},
    )
    history = History(world, RULES)
    history.attempt(do.UninstallPixel(actor="ann", website="store", pixel="px_2"), 2 * DAY)
    on_page = [history.at(at).websites["store"].pixels for at in (2 * DAY - 1, 2 * DAY)]
    assert on_page == [("px_1", "px_2"), ("px_1",)]
    for day in range(4):
        assert account_may_see(history.at(day * DAY), "acc_2", "px_2").allowed
        assert explain(history.at(day * DAY), "ann", "see", "px_2").allowed
    log = change_log(history, pixel="px_2")
    assert list(zip(log["at"], log["do"], log["after"], strict=True)) == [(2 * DAY, "uninstall_pixel", '["px_1"]')]


def handover() -> World:
    """Give an ad account that belongs to nobody, run by the agency alone; the client merely looks on."""
    return World.of(
        BusinessCenter(id="bc_ag", name="Agency"),
        BusinessCenter(id="bc_c", name="Client"),
        Person(id="amy", name="Amy"),
        Person(id="cleo", name="Cleo"),
        AdAccount(id="acc_1", name="One"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1"),
        members={("bc_ag", "amy"): ADMIN, ("bc_c", "cleo"): ADMIN},
        account_grants={
            ("bc_ag", "acc_1"): AccountGrant(role=AccountRole.ADMIN),
            ("bc_c", "acc_1"): AccountGrant(role=AccountRole.ANALYST),
        },
        account_people={("acc_1", "amy"): AccountAssignment(role=AccountRole.ADMIN, via="bc_ag")},
    )


def test_P39_transfer_then_verify_then_revoke():
    revoke = do.RevokeAccountAccess(actor="amy", bc="bc_ag", account="acc_1", partner="bc_ag")
    transfer = do.TransferPixel(actor="cleo", bc="bc_c", pixel="px_1")
    raise_client = do.GrantAccountAccess(actor="amy", account="acc_1", partner="bc_c", role=AccountRole.ADMIN)

    first = History(handover(), RULES)
    causes = [first.attempt(action, at).decision.cause for at, action in enumerate((revoke, transfer))]
    assert causes == [Cause.ALLOWED, Cause.NO_ADMIN_LEFT]
    assert orphaned_pixels(first.now) == ["px_1"]

    second = History(handover(), RULES)
    for at, action in enumerate((raise_client, transfer)):
        assert second.attempt(action, at).decision.allowed
    verified = explain(second.now, "cleo", "share", "px_1")
    assert verified.allowed
    assert second.attempt(revoke, 2).decision.allowed
    assert second.now.pixels["px_1"].owner_bc == "bc_c"
    assert orphaned_pixels(second.now) == []
    assert residual_access(second.now, "px_1", after="bc_ag").empty


def test_P39_the_wrong_order_is_found_without_doing_it():
    world = handover()
    revoke = do.RevokeAccountAccess(actor="amy", bc="bc_ag", account="acc_1", partner="bc_ag")
    rehearsed = apply(world, revoke, RULES, 0).world
    transfer = do.TransferPixel(actor="cleo", bc="bc_c", pixel="px_1")
    assert apply(rehearsed, transfer, RULES, 1).decision.cause is Cause.NO_ADMIN_LEFT
    assert world == handover()
