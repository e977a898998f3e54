"""The market that the tests of sharing start from, and two ways to try an action on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelsim.base.clock import DAY
from pixelsim.sharing import Cause, Decision, Rulebook, SharingSettings, apply
from pixelsim.sharing.actions import Action
from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    Ad,
    AdAccount,
    AdGroup,
    Audience,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Campaign,
    Link,
    Partnership,
    PaymentMethod,
    Person,
    Pixel,
    PixelShare,
    Token,
    Website,
    World,
)

DOCUMENTED = Rulebook()
TOKEN, NEW_TOKEN, NO_TOKEN = "tok", "new", "nothing"
"""Ids of the market's token, of one to be made, and of none."""


def settings(**changes: Any) -> Rulebook:
    """Give the documented rulebook with some settings exchanged."""
    return Rulebook(settings=SharingSettings(**changes))


def market(**changes: Mapping[Any, Any]) -> World:
    """Give a brand that shares ``px`` with its agency, an outsider, and what each of them runs.

    ``ann`` is Admin of ``bc_brand`` and of the creating account, ``ben`` its Operator, ``cleo`` its Analyst; ``amy`` is
    Admin of ``bc_agency``, ``max`` runs its ads; ``tom`` is Admin of ``bc_third``; ``lou`` has left. ``px`` is
    ``bc_brand``'s and linked by ``bc_agency`` to ``acc_agency``; ``px_new`` is in no Business Center yet. In
    ``acc_agency`` the ad group ``ag_run`` delivers, ``ag_later`` starts on day 5, and ``ad_track`` uses ``px`` for
    tracking only.
    """
    admin, standard = BusinessRole.ADMIN, BusinessRole.STANDARD
    world = World.of(
        BusinessCenter(id="bc_brand", name="Brand"),
        BusinessCenter(id="bc_agency", name="Agency", type=BusinessCenterType.AGENCY),
        BusinessCenter(id="bc_third", name="Third", type=BusinessCenterType.SELF_SERVICE),
        *(Person(id=name, name=name.title()) for name in ("ann", "ben", "cleo", "amy", "max", "tom")),
        Person(id="lou", name="Lou", left=True),
        AdAccount(id="acc_brand", name="Brand", owner_bc="bc_brand"),
        AdAccount(id="acc_brand2", name="Brand 2", owner_bc="bc_brand"),
        AdAccount(id="acc_agency", name="Agency", owner_bc="bc_agency", created_from_bc="bc_agency"),
        AdAccount(id="acc_agency2", name="Agency 2", owner_bc="bc_agency", created_from_bc="bc_agency"),
        AdAccount(id="acc_third", name="Third", owner_bc="bc_third"),
        AdAccount(id="acc_solo", name="Solo"),
        Website(id="shop", name="Shop", domains=("shop.example",), pixels=("px",)),
        Pixel(code="px", number="7000000000000000001", name="Shop main", creator="acc_brand", owner_bc="bc_brand"),
        Pixel(code="px_new", number="7000000000000000002", name="Shop new", creator="acc_brand"),
        Campaign(id="camp", account="acc_agency", name="Campaign"),
        AdGroup(id="ag_run", campaign="camp", name="Running", pixel="px"),
        AdGroup(id="ag_later", campaign="camp", name="Later", pixel="px", start=5 * DAY),
        AdGroup(id="ag_track", campaign="camp", name="Tracking"),
        Ad(id="ad_run", ad_group="ag_run", name="Running", tracking_pixel="px"),
        Ad(id="ad_later", ad_group="ag_later", name="Later", tracking_pixel="px"),
        Ad(id="ad_track", ad_group="ag_track", name="Tracking", tracking_pixel="px"),
        Audience(id="aud", account="acc_agency", name="Visitors", pixel="px", built_at=-10 * DAY),
        Token(id="tok", pixel="px", holder_bc="bc_agency"),
        PaymentMethod(id="pay", name="Card", owner_bc="bc_brand"),
        members={
            ("bc_brand", "ann"): admin,
            ("bc_brand", "ben"): standard,
            ("bc_brand", "cleo"): standard,
            ("bc_agency", "amy"): admin,
            ("bc_agency", "max"): standard,
            ("bc_third", "tom"): admin,
        },
        account_people={
            ("acc_brand", "ann"): AccountAssignment(role=AccountRole.ADMIN, via="bc_brand"),
            ("acc_brand", "ben"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_brand"),
            ("acc_brand", "cleo"): AccountAssignment(role=AccountRole.ANALYST, via="bc_brand"),
            ("acc_brand2", "ben"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_brand"),
            ("acc_agency", "max"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_agency"),
            ("acc_agency2", "max"): AccountAssignment(role=AccountRole.OPERATOR, via="bc_agency"),
            ("acc_third", "tom"): AccountAssignment(role=AccountRole.ADMIN, via="bc_third"),
            ("acc_solo", "tom"): AccountAssignment(role=AccountRole.ADMIN),
        },
        partnerships={("bc_brand", "bc_agency"): Partnership()},
        shares={("px", "bc_agency"): PixelShare()},
        links={("px", "acc_agency"): Link(by_bc="bc_agency")},
    )
    for name, items in changes.items():
        world = world.with_items(name, items)
    return world


def yes(world: World, *actions: Action, rulebook: Rulebook = DOCUMENTED, at: int = 0) -> World:
    """Do actions that the rules have to allow, and give the world after them."""
    for action in actions:
        outcome = apply(world, action, rulebook, at)
        assert outcome.decision.allowed, f"{action}: {outcome.decision}"
        world = outcome.world
    return world


def no(
    world: World, action: Action, cause: Cause, rule: str, *, rulebook: Rulebook = DOCUMENTED, at: int = 0
) -> Decision:
    """Try an action that the rules have to refuse for a cause; the world stays the very same object."""
    outcome = apply(world, action, rulebook, at)
    decision = outcome.decision
    assert (decision.verdict, decision.cause, decision.rule) == ("no", cause, rule), f"{action}: {decision}"
    assert outcome.world is world
    assert worded(decision)
    return decision


def worded(decision: Decision) -> bool:
    """Whether a decision's sentence and remedies are filled in completely."""
    text = str(decision)
    return decision.reason.endswith(".") and "{" not in text and "}" not in text and "None" not in text
