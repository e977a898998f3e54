"""Worlds that the tests of planning share: a client with a pixel, and an agency that runs ads on it."""

from __future__ import annotations

from pixelsim.base.clock import DAY
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    Ad,
    AdAccount,
    AdGroup,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Link,
    Partnership,
    Person,
    Pixel,
    PixelShare,
    Website,
    World,
)

DAYS = DAY


def client_and_agency() -> World:
    """bc_c owns px (created in acc_c); bc_ag has it by share, linked to acc_a; both sides have their people.

    cleo is the client's Admin, colin its Operator on acc_c; anna is the agency's Admin, otto its Operator on acc_a.
    """
    return World.of(
        BusinessCenter(id="bc_c", name="Client"),
        BusinessCenter(id="bc_ag", name="Agency", type=BusinessCenterType.AGENCY),
        *(Person(id=name, name=name) for name in ("cleo", "colin", "anna", "otto")),
        AdAccount(id="acc_c", name="client", owner_bc="bc_c", created_from_bc="bc_c"),
        AdAccount(id="acc_a", name="agency", owner_bc="bc_ag", created_from_bc="bc_ag"),
        Pixel(code="px", number="1", name="shop", creator="acc_c", owner_bc="bc_c"),
        Website(id="shop", name="shop", domains=("shop.example",), pixels=("px",)),
        members={
            ("bc_c", "cleo"): BusinessRole.ADMIN,
            ("bc_c", "colin"): BusinessRole.STANDARD,
            ("bc_ag", "anna"): BusinessRole.ADMIN,
            ("bc_ag", "otto"): BusinessRole.STANDARD,
        },
        account_people={
            ("acc_c", "cleo"): AccountAssignment(role=AccountRole.ADMIN, via="bc_c"),
            ("acc_c", "colin"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_c"),
            ("acc_a", "otto"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_ag"),
        },
        partnerships={("bc_c", "bc_ag"): Partnership()},
        shares={("px", "bc_ag"): PixelShare()},
        links={("px", "acc_a"): Link(by_bc="bc_ag")},
    )


def with_ad_group(
    world: World,
    group: str,
    account: str = "acc_a",
    *,
    pixel: str | None = "px",
    start: int = 0,
    end: int | None = None,
    on: bool = True,
    tracking: str | None = None,
    audiences: tuple[str, ...] = (),
    click_days: int = 7,
    review_until: int = 0,
) -> World:
    """Add a campaign with one ad group and one ad; ids are the group's with c_, and d_ before them."""
    world = world.with_item("campaigns", f"c_{group}", Campaign(id=f"c_{group}", account=account, name=group))
    found = AdGroup(
        id=group,
        campaign=f"c_{group}",
        name=group,
        pixel=pixel,
        start=start,
        end=end,
        on=on,
        audiences=audiences,
        click_days=click_days,
        review_until=review_until,
    )
    world = world.with_item("ad_groups", group, found)
    ad = Ad(id=f"d_{group}", ad_group=group, name=group, tracking_pixel=tracking if pixel is None else pixel)
    return world.with_item("ads", f"d_{group}", ad)


def with_shared_account(world: World) -> World:
    """Let the agency run ads in the client's own account too: otto is Operator there through the agency."""
    world = world.with_item("account_grants", ("bc_ag", "acc_c"), AccountGrant(role=AccountRole.OPERATOR))
    held = AccountAssignment(role=AccountRole.OPERATOR, via="bc_ag")
    return world.with_item("account_people", ("acc_c", "otto"), held)
