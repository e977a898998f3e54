from __future__ import annotations

import dataclasses

import pytest
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY
from pixelsim.plan import Code, Cost, CostCase, Finding, RateEstimator, Severity, Tag, check, check_plan, plan_unshare
from pixelsim.sharing import PRESETS, Rulebook, SharingSettings, apply
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AdAccount,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Link,
    Partnership,
    Person,
    Pixel,
    PixelAssignment,
    PixelLevel,
    PixelShare,
    RelationStatus,
    Token,
    Website,
    World,
)


def by_code(findings: list[Finding], code: Code) -> list[Finding]:
    return [finding for finding in findings if finding.code is code]


def codes(world: World, **options: object) -> set[Code]:
    return {finding.code for finding in check(world, **options)}


def brands(*, owner: str | None = None, agency: bool = False) -> World:
    """Headquarters and two brands, each with an account, a site and a pixel that it owns (or that ``owner`` owns)."""
    kind = BusinessCenterType.AGENCY if agency else BusinessCenterType.DIRECT
    world = World.of(
        BusinessCenter(id="bc_hq", name="HQ", type=kind),
        BusinessCenter(id="bc_1", name="One"),
        BusinessCenter(id="bc_2", name="Two"),
        *(Person(id=name, name=name) for name in ("hana", "ida", "ivan", "hugo")),
        *(AdAccount(id=f"acc_{n}", name="n", owner_bc=f"bc_{n}", created_from_bc=f"bc_{n}") for n in (1, 2)),
        *(
            Pixel(code=f"px_{n}", number=str(n), name="n", creator=f"acc_{n}", owner_bc=owner or f"bc_{n}")
            for n in (1, 2)
        ),
        *(Website(id=f"site_{n}", name="n", domains=(f"{n}.example",), pixels=(f"px_{n}",)) for n in (1, 2)),
        members={
            ("bc_hq", "hana"): BusinessRole.ADMIN,
            ("bc_hq", "hugo"): BusinessRole.ADMIN,
            ("bc_1", "ida"): BusinessRole.ADMIN,
            ("bc_1", "hana"): BusinessRole.ADMIN,
            ("bc_2", "ivan"): BusinessRole.ADMIN,
            ("bc_2", "hana"): BusinessRole.ADMIN,
        },
        partnerships={("bc_1", "bc_hq"): Partnership(), ("bc_2", "bc_hq"): Partnership()},
        account_grants={("bc_hq", f"acc_{n}"): AccountGrant(role=AccountRole.ADMIN) for n in (1, 2)},
    )
    if owner is not None:
        world = world.with_items("shares", {(f"px_{n}", f"bc_{n}"): PixelShare() for n in (1, 2)})
    return world


def test_the_practice_of_an_agency_that_uses_the_brands_pixel_is_recognised() -> None:
    good = by_code(check(with_shared_account(client_and_agency())), Code.FOLLOWS_B3)
    assert [finding.subjects for finding in good] == [("px", "bc_c", "bc_ag")]
    assert good[0].severity is Severity.GOOD
    assert good[0].rule == "B3"
    assert "uses it in acc_c, acc_a" in good[0].sentence
    no_account = client_and_agency().without("links", [("px", "acc_a")])
    assert Code.FOLLOWS_B3 not in codes(no_account)


def test_one_pixel_for_all_regions_with_admin_access_is_recognised() -> None:
    world = client_and_agency().changed("business_centers", "bc_ag", type=BusinessCenterType.DIRECT)
    assert Code.FOLLOWS_B1 not in codes(world)
    granted = world.with_item("account_grants", ("bc_ag", "acc_c"), AccountGrant(role=AccountRole.ADMIN))
    assert by_code(check(granted), Code.FOLLOWS_B1)[0].subjects == ("px", "bc_ag")
    assert Code.FOLLOWS_B1 not in codes(granted.changed("pixels", "px", owner_bc=None))


def test_a_pixel_for_each_brand_with_headquarters_as_admin_is_recognised() -> None:
    found = by_code(check(brands()), Code.FOLLOWS_B2)
    assert found[0].subjects == ("bc_hq", "px_1", "px_2")
    assert Code.FOLLOWS_B2 not in codes(brands(owner="bc_hq"))
    assert Code.FOLLOWS_B2 not in codes(brands().without("account_grants", [("bc_hq", "acc_1")]))


def test_several_pixels_on_one_domain_are_found_also_over_two_sites() -> None:
    world = client_and_agency()
    world = world.with_item("pixels", "py", Pixel(code="py", number="2", name="n", creator="acc_a"))
    both = world.changed("websites", "shop", pixels=("px", "py"))
    assert by_code(check(both), Code.PIXELS_FOR_ONE_DOMAIN)[0].subjects == ("shop", "px", "py")
    two = world.with_item(
        "websites",
        "blog",
        Website(id="blog", name="blog", domains=("blog.example", "shop.example"), pixels=("py", "gone")),
    )
    assert by_code(check(two), Code.PIXELS_FOR_ONE_DOMAIN)[0].subjects == ("blog", "shop", "px", "py")


def test_one_pixel_on_sites_without_a_common_domain_is_found() -> None:
    world = brands().changed("websites", "site_2", pixels=("px_1",))
    assert by_code(check(world), Code.ONE_PIXEL_ON_ALL_DOMAINS)[0].subjects == ("px_1", "site_1", "site_2")
    assert Code.ONE_PIXEL_ON_ALL_DOMAINS not in codes(brands())


def test_an_agency_that_owns_a_brands_pixel_is_a_fault_for_ever_and_a_warning_before_the_transfer() -> None:
    owned = by_code(check(brands(owner="bc_hq", agency=True)), Code.AGENCY_OWNS_PIXEL)
    assert [(finding.severity, finding.subjects) for finding in owned] == [
        (Severity.FAULT, ("px_1", "bc_hq")),
        (Severity.FAULT, ("px_2", "bc_hq")),
    ]
    world = client_and_agency().changed("pixels", "px", creator="acc_a", owner_bc=None)
    early = by_code(check(world), Code.AGENCY_OWNS_PIXEL)[0]
    assert early.severity is Severity.WARNING
    assert "not transferred yet" in early.sentence


def test_headquarters_that_own_every_brands_pixel_are_found() -> None:
    found = by_code(check(brands(owner="bc_hq")), Code.HEADQUARTERS_OWNS_ALL)
    assert found[0].subjects == ("bc_hq", "px_1", "px_2")
    assert Code.HEADQUARTERS_OWNS_ALL not in codes(brands())
    assert Code.HEADQUARTERS_OWNS_ALL not in codes(brands(owner="bc_hq", agency=True))
    assert Code.HEADQUARTERS_OWNS_ALL not in codes(brands(owner="bc_hq").changed("websites", "site_2", pixels=()))


def test_a_share_that_nobody_linked_is_found_while_it_is_in_force() -> None:
    world = client_and_agency().without("links", [("px", "acc_a")])
    assert by_code(check(world), Code.SHARED_TO_NOBODY)[0].subjects == ("px", "bc_ag")
    pending = world.with_item("partnerships", ("bc_c", "bc_ag"), Partnership(status=RelationStatus.PENDING))
    assert Code.SHARED_TO_NOBODY not in codes(pending)
    assert Code.SHARED_TO_NOBODY not in codes(client_and_agency())


def test_a_partner_whose_ads_are_over_is_never_unshared() -> None:
    over = with_ad_group(client_and_agency(), "g", start=-9 * DAY, end=-2 * DAY)
    found = by_code(check(over), Code.NEVER_UNSHARED)
    assert found[0].remedy == "unshare pixel px from bc_ag"
    assert Code.NEVER_UNSHARED not in codes(client_and_agency()), "it has not begun yet"
    assert Code.NEVER_UNSHARED not in codes(with_ad_group(over, "h"))
    assert Code.NEVER_UNSHARED not in codes(with_ad_group(over, "tracks", pixel=None, tracking="px"))
    silent = with_ad_group(over, "tracks", pixel=None, tracking="px").changed("ads", "d_tracks", on=False)
    assert Code.NEVER_UNSHARED in codes(silent)


UNSHARE = do.UnsharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag")


@pytest.mark.parametrize(
    ("preset", "code", "severity"),
    [
        ("continue", Code.ORPHANED_SPEND, Severity.FAULT),
        ("pause", Code.UNSHARED_BEFORE_STOP, Severity.WARNING),
    ],
)
def test_unsharing_before_the_stop_is_found_afterwards(preset: str, code: Code, severity: Severity) -> None:
    rulebook = Rulebook(policy=PRESETS[preset])
    world = with_ad_group(client_and_agency(), "g")
    after = apply(world, UNSHARE, rulebook, 0).world
    found = by_code(check(after, rulebook), code)
    assert [(finding.subjects, finding.severity) for finding in found] == [(("g",), severity)]
    again = apply(after, do.SharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag"), rulebook, 0).world
    again = apply(again, do.LinkPixel(actor="anna", bc="bc_ag", pixel="px", account="acc_a"), rulebook, 0).world
    assert code not in codes(again)


def test_tokens_and_people_that_outlived_a_share_are_found() -> None:
    key = "tk"
    world = client_and_agency()
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    world = world.with_item("pixel_people", ("px", "otto"), PixelAssignment(level=PixelLevel.EDIT))
    world = world.with_item("account_people", ("acc_c", "anna"), AccountAssignment(role=AccountRole.ANALYST))
    assert Code.TOKENS_LEFT not in codes(world)
    ended = world.without("shares", [("px", "bc_ag")])
    assert by_code(check(ended), Code.TOKENS_LEFT)[0].subjects == ("tk", "bc_ag")
    assert [finding.subjects for finding in by_code(check(ended), Code.PEOPLE_BY_NAME)] == [
        ("anna", "acc_c"),
        ("otto", "px"),
    ]
    own = ended.changed("tokens", key, holder_bc="bc_c")
    assert Code.TOKENS_LEFT not in codes(own)
    assert Code.TOKENS_LEFT not in codes(ended.changed("tokens", key, revoked=True))


def test_sole_admins_and_lost_ones_are_found() -> None:
    world = client_and_agency()
    assert by_code(check(world), Code.SOLE_ADMIN)[0].subjects == ("bc_c", "cleo")
    two = world.with_item("members", ("bc_c", "colin"), BusinessRole.ADMIN)
    assert Code.SOLE_ADMIN not in codes(two)
    gone = world.changed("people", "cleo", left=True)
    lost = by_code(check(gone), Code.PIXEL_WITHOUT_ADMIN)
    assert [finding.subjects for finding in lost] == [("bc_c",)]
    loose = by_code(check(gone.changed("pixels", "px", owner_bc=None)), Code.PIXEL_WITHOUT_ADMIN)
    assert [finding.subjects for finding in loose] == [("px", "acc_c")]


def test_an_empty_tag_target_matters_only_with_several_pixels() -> None:
    world = client_and_agency().changed("websites", "shop", pixels=("px", "py"))
    tags = [Tag(website="shop", name="Step4"), Tag(website="shop", name="Buy", pixel="px"), Tag(website="no", name="x")]
    found = by_code(check(world, tags=tags), Code.EMPTY_TAG_TARGET)
    assert [finding.subjects for finding in found] == [("shop", "Step4")]
    assert Code.EMPTY_TAG_TARGET not in codes(client_and_agency(), tags=tags)


def test_a_share_gives_no_editing_unless_the_setting_or_a_grant_does() -> None:
    world = client_and_agency()
    assert by_code(check(world), Code.NOBODY_EDITS)[0].subjects == ("px", "bc_ag")
    granted = world.with_item("pixel_people", ("px", "otto"), PixelAssignment(level=PixelLevel.EDIT))
    assert Code.NOBODY_EDITS not in codes(granted)
    lenient = Rulebook(settings=SharingSettings(recipient_may_edit=True))
    admin = world.with_item("account_people", ("acc_a", "otto"), AccountAssignment(role=AccountRole.ADMIN, via="bc_ag"))
    assert Code.NOBODY_EDITS not in codes(admin, rulebook=lenient)


def test_a_clean_end_is_recognised_and_an_unclean_one_is_not() -> None:
    world = with_ad_group(with_shared_account(client_and_agency()), "g")
    rulebook = Rulebook()
    plan = plan_unshare(world, "px", from_="bc_ag")
    ended = check_plan(world, plan, rulebook).world
    assert by_code(check(ended), Code.FOLLOWS_B4)[0].subjects == ("bc_c", "bc_ag")
    parted = apply(ended, do.RemovePartner(actor="cleo", bc="bc_c", partner="bc_ag"), rulebook, 0).world
    assert by_code(check(parted), Code.FOLLOWS_B4)[0].subjects == ("bc_c", "bc_ag")
    key = "tk"
    left = parted.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    assert Code.FOLLOWS_B4 not in codes(left)
    restless = with_ad_group(parted, "h")
    assert Code.FOLLOWS_B4 not in codes(restless)
    renewed = parted.with_item("partnerships", ("bc_ag", "bc_c"), Partnership())
    again = apply(renewed, do.SharePixel(actor="cleo", bc="bc_c", pixel="px", partner="bc_ag"), rulebook, 0).world
    assert Code.FOLLOWS_B4 not in codes(again)
    linked = renewed.with_item("links", ("px", "acc_a"), Link(by_bc="bc_c"))
    assert Code.FOLLOWS_B4 not in codes(linked)
    inside = parted.changed("ad_accounts", "acc_a", owner_bc="bc_c")
    assert Code.FOLLOWS_B4 not in codes(inside), "an account of one's own is no partner's"


def test_findings_come_faults_first_and_are_priced_by_the_estimator() -> None:
    rulebook = Rulebook(policy=PRESETS["continue"])
    world = apply(with_ad_group(client_and_agency(), "g"), UNSHARE, rulebook, 0).world
    plain = check(world, rulebook)
    order = [Severity.FAULT, Severity.WARNING, Severity.NOTE, Severity.GOOD]
    ranks = [order.index(finding.severity) for finding in plain]
    assert ranks == sorted(ranks)
    assert str(plain[0]).endswith("Cost: not estimated.")
    priced = check(world, rulebook, estimator=RateEstimator(spend_per_day={"g": 100}))
    assert priced[0].cost is not None
    assert priced[0].cost.amount("USD") == 7 * 100


def test_every_wrong_practice_asks_the_estimator_for_its_own_kind_of_cost() -> None:
    asked: list[str] = []

    class Listener:
        def estimate(self, world: World, case: CostCase) -> Cost | None:
            asked.append(case.kind.value)
            return None

    world = brands(owner="bc_hq", agency=True).changed("websites", "site_2", pixels=("px_1", "px_2"))
    check(world, estimator=Listener())
    assert {"split_signal", "mixed_signal", "relearning"} <= set(asked)


def test_people_who_left_or_belong_to_the_owner_are_not_listed() -> None:
    world = client_and_agency()
    world = world.with_item("account_people", ("acc_c", "colin"), AccountAssignment(role=AccountRole.OPERATOR))
    world = world.with_item("account_people", ("acc_c", "otto"), AccountAssignment(role=AccountRole.OPERATOR))
    world = world.changed("people", "otto", left=True)
    assert Code.PEOPLE_BY_NAME not in codes(world)


def test_a_link_of_an_own_account_alone_is_no_other_user() -> None:
    world = client_and_agency().without("shares", [("px", "bc_ag")])
    world = world.with_item("links", ("px", "acc_a"), Link(by_bc="bc_c"))
    found = check(dataclasses.replace(world, partnerships={}))
    assert Code.HEADQUARTERS_OWNS_ALL not in {finding.code for finding in found}
