"""Field cases about owning, linking and finding a pixel."""

from __future__ import annotations

from pixelsim.sharing import (
    Cause,
    Decision,
    History,
    LinkState,
    PartState,
    Reads,
    Rulebook,
    SharingSettings,
    account_may_see,
    apply,
    coverage_report,
    link_all,
    list_pixels,
    usable_pixels,
    visible_pixels,
)
from pixelsim.sharing import actions as do
from pixelsim.sharing.actions import Action
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AdAccount,
    AdGroup,
    BusinessCenter,
    BusinessRole,
    Campaign,
    Link,
    Partnership,
    Person,
    Pixel,
    Website,
    World,
)
from pixelsim.world.queries import account_role_of_business

RULES = Rulebook()
ADMIN = BusinessRole.ADMIN


def attempt(world: World, action: Action, rulebook: Rulebook = RULES) -> tuple[World, Decision]:
    outcome = apply(world, action, rulebook, 0)
    return outcome.world, outcome.decision


def done(world: World, *actions: Action, rulebook: Rulebook = RULES) -> World:
    for action in actions:
        world, decision = attempt(world, action, rulebook)
        assert decision.allowed, str(decision)
    return world


def test_P01_owned_but_not_linked_is_no_pixel_to_pick():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        Person(id="m1", name="M1"),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc_a"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_a"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc_a"),
        Pixel(code="px_1", number="1", name="Client", creator="acc_0", owner_bc="bc_a"),
        members={("bc_a", "m1"): ADMIN},
    )
    before = usable_pixels(world, "acc_1")
    assert before.pixels == ()
    assert [(pixel, decision.cause) for pixel, decision in before.missing] == [("px_1", Cause.OWNED_NOT_LINKED)]
    linked = done(world, do.LinkPixel(actor="m1", bc="bc_a", pixel="px_1", account="acc_1"))
    assert usable_pixels(linked, "acc_1").pixels == ("px_1",)
    assert usable_pixels(linked, "acc_2").pixels == ()


def test_P03_not_assigned_means_only_the_other_projects_pixel_is_offered():
    world = World.of(
        BusinessCenter(id="bc_a", name="Project A"),
        BusinessCenter(id="bc_b", name="Project B"),
        Person(id="m1", name="Freelancer"),
        Person(id="admin_b", name="Admin of B"),
        AdAccount(id="acc_A", name="A", owner_bc="bc_a"),
        AdAccount(id="acc_B", name="B", owner_bc="bc_b"),
        Pixel(code="px_A", number="1", name="A", creator="acc_A", owner_bc="bc_a"),
        Pixel(code="px_B", number="2", name="B", creator="acc_B", owner_bc="bc_b"),
        Website(id="site_B", name="B", pixels=("px_B",)),
        Campaign(id="camp_B", account="acc_B", name="B"),
        AdGroup(id="ag_B", campaign="camp_B", name="B", pixel="px_B"),
        members={("bc_a", "m1"): ADMIN, ("bc_b", "m1"): BusinessRole.STANDARD, ("bc_b", "admin_b"): ADMIN},
        account_people={("acc_A", "m1"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_a")},
    )
    assert visible_pixels(world, "m1") == ["px_A"]
    install = do.InstallPixel(actor="m1", website="site_B", pixel="px_A")
    same, decision = attempt(world, install)
    assert same is world
    assert decision.cause is Cause.REPLACES_PIXEL
    assert "campaign camp_B of ad account acc_B would lose their signal" in decision.reason
    replaced = done(world, do.InstallPixel(actor="m1", website="site_B", pixel="px_A", replace=True))
    assert replaced.websites["site_B"].pixels == ("px_A",)
    assigned = done(world, do.AssignAccount(actor="admin_b", bc="bc_b", account="acc_B", person="m1"))
    assert visible_pixels(assigned, "m1") == ["px_A", "px_B"]


def test_P05_the_wrong_business_center_shows_none_and_a_hint():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        BusinessCenter(id="bc_b", name="B"),
        Person(id="m1", name="M1"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_a"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1", owner_bc="bc_a"),
        members={("bc_a", "m1"): ADMIN, ("bc_b", "m1"): ADMIN},
    )
    found = list_pixels(world, "m1", active_bc="bc_b")
    assert found.decision.allowed
    assert found.pixels == ()
    assert found.hint == "m1 can see 1 pixel in Business Center bc_a; switch to it"
    assert "px_1" not in str(found)
    assert list_pixels(world, "m1", active_bc="bc_a").pixels == ("px_1",)


def test_P06_links_wait_for_the_approval_and_do_not_fail():
    accounts = [f"acc_{number}" for number in range(1, 5)]
    world = World.of(
        BusinessCenter(id="bc_main", name="Main"),
        BusinessCenter(id="bc_sat", name="Satellite"),
        Person(id="mia", name="Admin of main"),
        Person(id="sam", name="Admin of the satellite"),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc_main"),
        *(AdAccount(id=key, name=key, owner_bc="bc_sat") for key in accounts),
        Pixel(code="px_1", number="1", name="One", creator="acc_0", owner_bc="bc_main"),
        members={("bc_main", "mia"): ADMIN, ("bc_sat", "sam"): ADMIN},
    )
    slow = Rulebook(settings=SharingSettings(partnership_acceptance=1.0))
    history = History(world, slow)

    def usable_in_main() -> int:
        return sum(account_role_of_business(history.now, "bc_main", account) is not None for account in accounts)

    def link_each(at: int) -> list[str]:
        batch = link_all(history.now, "mia", "bc_main", "px_1", accounts, slow, at)
        for part in batch.parts:
            action = do.LinkPixel(actor="mia", bc="bc_main", pixel="px_1", account=part.account)
            assert history.attempt(action, at).decision == part.decision
        return [part.state for part in batch.parts]

    history.attempt(do.RequestPartnership(actor="sam", bc="bc_sat", partner="bc_main"), 0)
    for account in accounts:
        grant = do.GrantAccountAccess(actor="sam", bc="bc_sat", account=account, partner="bc_main")
        assert history.attempt(grant, 1).decision.allowed
    assert usable_in_main() == 0
    assert link_each(2) == [PartState.SKIPPED] * 4
    assert not history.now.links
    history.attempt(do.ApprovePartnership(actor="mia", bc="bc_main", partner="bc_sat"), 3)
    assert usable_in_main() == 4
    assert link_each(4) == [PartState.OK] * 4
    causes = [record.decision.cause for record in history.records if isinstance(record.action, do.LinkPixel)]
    assert causes == [Cause.PENDING] * 4 + [Cause.ALLOWED] * 4


def test_P07_a_read_that_failed_is_unknown_and_not_no_pixel():
    accounts = ("acc_1", "acc_2", "acc_3")
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc_a"),
        *(AdAccount(id=key, name=key, owner_bc="bc_a") for key in accounts),
        Pixel(code="px_1", number="1", name="One", creator="acc_0", owner_bc="bc_a"),
        links={("px_1", "acc_1"): Link(by_bc="bc_a"), ("px_1", "acc_2"): Link(by_bc="bc_a")},
    )
    failed = Reads(pixels=frozenset(), accounts=frozenset({"acc_1"}))
    report = coverage_report(world, "px_1", accounts=accounts, readable=failed)
    assert report.rows == (
        ("acc_1", LinkState.LINKED, "account side"),
        ("acc_2", LinkState.UNKNOWN, ""),
        ("acc_3", LinkState.UNKNOWN, ""),
    )
    assert report.counts[LinkState.NOT_LINKED] == 0
    assert str(report) == "pixel px_1: 1 linked, 0 not linked, 2 unknown"


def test_P09_linking_needs_rights_on_both_and_either_repair_makes_the_same_link():
    world = World.of(
        BusinessCenter(id="bc_x", name="X"),
        BusinessCenter(id="bc_y", name="Y"),
        Person(id="xia", name="Admin of X"),
        Person(id="yan", name="Admin of Y"),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc_x"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_y"),
        Pixel(code="px_1", number="1", name="One", creator="acc_0", owner_bc="bc_x"),
        members={("bc_x", "xia"): ADMIN, ("bc_y", "yan"): ADMIN},
    )
    link_x = do.LinkPixel(actor="xia", bc="bc_x", pixel="px_1", account="acc_1")
    link_y = do.LinkPixel(actor="yan", bc="bc_y", pixel="px_1", account="acc_1")
    _, refused = attempt(world, link_x)
    assert refused.cause is Cause.NO_RIGHT_ON_ACCOUNT
    assert refused.remedies == (
        "have the owner of ad account acc_1 share the account with bc_x",
        "share pixel px_1 with the Business Center that owns ad account acc_1, and let it link",
    )
    by_account = done(
        world,
        do.RequestPartnership(actor="yan", bc="bc_y", partner="bc_x"),
        do.GrantAccountAccess(actor="yan", bc="bc_y", account="acc_1", partner="bc_x"),
        link_x,
    )
    by_pixel = done(world, do.SharePixel(actor="xia", bc="bc_x", pixel="px_1", partner="bc_y"), link_y)
    assert set(by_account.links) == set(by_pixel.links) == {("px_1", "acc_1")}
    unlink_x = do.UnlinkPixel(actor="xia", bc="bc_x", pixel="px_1", account="acc_1")
    unlink_y = do.UnlinkPixel(actor="yan", bc="bc_y", pixel="px_1", account="acc_1")
    may_unlink = {
        name: [attempt(after, action)[1].allowed for action in (unlink_x, unlink_y)]
        for name, after in (("account shared", by_account), ("pixel shared", by_pixel))
    }
    assert may_unlink == {"account shared": [True, False], "pixel shared": [True, True]}


def test_P10_a_pixel_is_transferred_before_it_is_shared():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        BusinessCenter(id="bc_b", name="B"),
        BusinessCenter(id="bc_partner", name="Partner"),
        Person(id="ada", name="Admin of A"),
        Person(id="bob", name="Admin of B"),
        AdAccount(id="acc_1", name="One"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1"),
        members={("bc_a", "ada"): ADMIN, ("bc_b", "bob"): ADMIN},
        account_grants={
            ("bc_a", "acc_1"): AccountGrant(role=AccountRole.ADMIN),
            ("bc_b", "acc_1"): AccountGrant(role=AccountRole.OPERATOR),
        },
    )
    share = do.SharePixel(actor="ada", bc="bc_a", pixel="px_1", partner="bc_partner")
    to_b = do.TransferPixel(actor="bob", bc="bc_b", pixel="px_1")
    to_a = do.TransferPixel(actor="ada", bc="bc_a", pixel="px_1")
    causes = []
    for action in (share, to_b, to_a, share):
        world, decision = attempt(world, action)
        causes.append(decision.cause)
    assert causes == [Cause.NOT_IN_BC, Cause.NEED_ADMIN_ON_OWNER_ACCOUNT, Cause.ALLOWED, Cause.ALLOWED]
    assert world.pixels["px_1"].creator == "acc_1"
    for force in (False, True):
        unlink = do.UnlinkPixel(actor="ada", bc="bc_a", pixel="px_1", account="acc_1", force=force)
        assert attempt(world, unlink)[1].cause is Cause.CREATOR_STAYS


def test_P11_an_owned_pixel_is_asked_for_and_a_transfer_is_never_undone():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        BusinessCenter(id="bc_b", name="B"),
        Person(id="ada", name="Admin of A"),
        Person(id="bob", name="Admin of B"),
        AdAccount(id="acc_1", name="One"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1", owner_bc="bc_a"),
        members={("bc_a", "ada"): ADMIN, ("bc_b", "bob"): ADMIN},
        account_grants={("bc_b", "acc_1"): AccountGrant(role=AccountRole.ADMIN)},
    )
    same, decision = attempt(world, do.TransferPixel(actor="bob", bc="bc_b", pixel="px_1"))
    assert (decision.cause, dict(decision.facts)["owner"]) == (Cause.ALREADY_OWNED, "bc_a")
    assert decision.remedies == ("ask an Admin of bc_a to share it",)
    assert same is world
    same, decision = attempt(world, do.UndoTransfer(actor="ada", bc="bc_a", pixel="px_1"))
    assert decision.cause is Cause.IRREVERSIBLE
    assert same is world


def test_P13_a_repeated_create_makes_no_second_pixel_and_nothing_deletes_one():
    world = World.of(
        Person(id="ann", name="Ann"),
        AdAccount(id="acc_1", name="One"),
        Pixel(code="px_1", number="1", name="shop main", creator="acc_1"),
        account_people={("acc_1", "ann"): AccountAssignment(role=AccountRole.ADMIN)},
    )
    for code, name in (("px_2", "shop main"), ("px_3", "shop main"), ("px_4", "shop  main ")):
        create = do.CreatePixel(actor="ann", account="acc_1", pixel=code, number=code, name=name)
        world, decision = attempt(world, create)
        assert decision.cause is Cause.DUPLICATE_NAME
        assert "use px_1, since pixels cannot be deleted" in decision.remedy
    assert list(world.pixels) == ["px_1"]
    assert not [name for name in do.__all__ if name.startswith("Delete") and "Pixel" in name]


def test_P14_access_side_four_pixels_or_one_shared():
    accounts = [f"acc_{number}" for number in range(1, 5)]
    pixels = [f"px_{number}" for number in range(1, 5)]
    base = World.of(
        BusinessCenter(id="bc", name="Brand"),
        Person(id="ann", name="Ann"),
        *(AdAccount(id=key, name=key, owner_bc="bc") for key in accounts),
        *(
            Pixel(code=code, number=code, name=code, creator=account, owner_bc="bc")
            for code, account in zip(pixels, accounts, strict=True)
        ),
        members={("bc", "ann"): ADMIN},
    )
    apart = base.with_item("websites", "site", Website(id="site", name="Site", pixels=tuple(pixels)))
    one = base.with_item("websites", "site", Website(id="site", name="Site", pixels=("px_1",)))
    one = link_all(one, "ann", "bc", "px_1", accounts[1:], RULES, 0).world

    def seen_on_site(world: World) -> dict[str, list[str]]:
        on_page = world.websites["site"].pixels
        return {a: [p for p in on_page if account_may_see(world, a, p).allowed] for a in accounts}

    assert seen_on_site(apart) == {account: [pixel] for account, pixel in zip(accounts, pixels, strict=True)}
    assert seen_on_site(one) == {account: ["px_1"] for account in accounts}
    assert (len(apart.websites["site"].pixels), len(one.websites["site"].pixels)) == (4, 1)


def test_P06_the_partnership_is_bound_at_once_where_acceptance_takes_no_time():
    world = World.of(
        BusinessCenter(id="bc_main", name="Main"),
        BusinessCenter(id="bc_sat", name="Satellite"),
        Person(id="sam", name="Sam"),
        members={("bc_sat", "sam"): ADMIN},
    )
    bound = done(world, do.RequestPartnership(actor="sam", bc="bc_sat", partner="bc_main"))
    assert bound.partnerships["bc_sat", "bc_main"] == Partnership()
