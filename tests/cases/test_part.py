"""Field cases about partners, and about audiences, which are shared apart from pixels."""

from __future__ import annotations

import networkx as nx
import pytest

from pixelsim.base.clock import DAY, HOUR
from pixelsim.sharing import (
    Cause,
    Rulebook,
    SharingSettings,
    account_may_see,
    apply,
    may_use_audience,
)
from pixelsim.sharing import actions as do
from pixelsim.world import (
    AccountAssignment,
    AccountRole,
    AdAccount,
    Audience,
    BusinessCenter,
    BusinessRole,
    Campaign,
    Link,
    Partnership,
    Person,
    Pixel,
    PixelShare,
    World,
)

RULES = Rulebook()
ADMIN = BusinessRole.ADMIN
OPERATOR = AccountAssignment(role=AccountRole.OPERATOR)


def test_P22_a_partner_uses_the_pixel_and_never_hands_it_on():
    world = World.of(
        *(BusinessCenter(id=key, name=key) for key in ("bc_o", "bc_ag", "bc_sub")),
        *(Person(id=key, name=key) for key in ("owen", "amy", "sue")),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc_o"),
        AdAccount(id="acc_1", name="Agency", owner_bc="bc_ag"),
        AdAccount(id="acc_2", name="Sub-agency", owner_bc="bc_sub"),
        Pixel(code="px_1", number="1", name="One", creator="acc_0", owner_bc="bc_o"),
        members={("bc_o", "owen"): ADMIN, ("bc_ag", "amy"): ADMIN, ("bc_sub", "sue"): ADMIN},
        partnerships={("bc_o", "bc_ag"): Partnership(), ("bc_ag", "bc_sub"): Partnership()},
        shares={("px_1", "bc_ag"): PixelShare()},
    )
    steps = (
        do.LinkPixel(actor="amy", bc="bc_ag", pixel="px_1", account="acc_1"),
        do.SharePixel(actor="amy", bc="bc_ag", pixel="px_1", partner="bc_sub"),
        do.LinkPixel(actor="sue", bc="bc_sub", pixel="px_1", account="acc_2"),
        do.SharePixel(actor="owen", bc="bc_o", pixel="px_1", partner="bc_sub"),
    )
    causes = []
    for action in steps:
        outcome = apply(world, action, RULES, 0)
        world = outcome.world
        causes.append(outcome.decision.cause)
    assert causes == [Cause.ALLOWED, Cause.NO_RESHARE, Cause.NO_ACCESS, Cause.ALLOWED]
    world = apply(world, steps[2], RULES, 0).world
    shares = nx.DiGraph([(world.pixels[pixel].owner_bc, bc) for pixel, bc in world.shares])
    for link in world.links.values():
        assert nx.shortest_path_length(shares, "bc_o", link.by_bc) <= 1
    assert nx.dag_longest_path_length(shares) == 1


@pytest.mark.parametrize(
    ("profile", "cause"),
    [(SharingSettings(links_per_account=1), Cause.ACCOUNT_HAS_TAG), (SharingSettings(), Cause.ALLOWED)],
    ids=["LINKEDIN_LIKE", "TIKTOK_LIKE"],
)
def test_P23_one_tag_for_each_account_is_a_switch(profile, cause):
    world = World.of(
        BusinessCenter(id="bc", name="Brand"),
        Person(id="ann", name="Ann"),
        AdAccount(id="acc_0", name="Creator", owner_bc="bc"),
        AdAccount(id="acc_1", name="One", owner_bc="bc"),
        Pixel(code="tag_1", number="1", name="Tag 1", creator="acc_0", owner_bc="bc"),
        Pixel(code="tag_2", number="2", name="Tag 2", creator="acc_0", owner_bc="bc"),
        members={("bc", "ann"): ADMIN},
        links={("tag_1", "acc_1"): Link(by_bc="bc")},
    )
    link = do.LinkPixel(actor="ann", bc="bc", pixel="tag_2", account="acc_1")
    decision = apply(world, link, Rulebook(settings=profile), 0).decision
    assert decision.cause is cause
    if decision.refused:
        assert dict(decision.facts)["held"] == "tag_1"


def test_P25_audiences_are_shared_inside_one_business_center_whatever_the_pixel():
    world = World.of(
        BusinessCenter(id="bc_a", name="A"),
        BusinessCenter(id="bc_b", name="B"),
        Person(id="m1", name="Runs all three"),
        AdAccount(id="acc_1", name="One", owner_bc="bc_a"),
        AdAccount(id="acc_2", name="Two", owner_bc="bc_a"),
        AdAccount(id="acc_3", name="Three", owner_bc="bc_b"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1", owner_bc="bc_a"),
        Audience(id="aud_1", account="acc_1", name="Visitors", pixel="px_1"),
        partnerships={("bc_a", "bc_b"): Partnership()},
        shares={("px_1", "bc_b"): PixelShare()},
        links={("px_1", "acc_3"): Link(by_bc="bc_b")},
        account_people={(account, "m1"): OPERATOR for account in ("acc_1", "acc_2", "acc_3")},
    )
    inside = apply(world, do.ShareAudience(actor="m1", audience="aud_1", account="acc_2"), RULES, 0)
    assert inside.decision.allowed
    assert inside.world.audiences["aud_1"].shared_with == ("acc_2",)
    across = do.ShareAudience(actor="m1", audience="aud_1", account="acc_3")
    assert account_may_see(world, "acc_3", "px_1").allowed
    assert apply(world, across, RULES, 0).decision.cause is Cause.OTHER_BC
    without = world.without("links", [("px_1", "acc_3")])
    assert apply(without, across, RULES, 0).decision.cause is Cause.OTHER_BC
    own = do.BuildAudience(actor="m1", account="acc_3", audience="aud_3", pixel="px_1")
    assert apply(world, own, RULES, 0).decision.allowed


def shop(**audience) -> World:
    return World.of(
        Person(id="m1", name="Buyer"),
        AdAccount(id="acc_1", name="One"),
        Pixel(code="px_1", number="1", name="One", creator="acc_1"),
        Campaign(id="camp", account="acc_1", name="Camp"),
        Audience(id="aud_1", account="acc_1", name="Visitors", pixel="px_1", **audience),
        account_people={("acc_1", "m1"): OPERATOR},
    )


def test_P74_a_thousand_matched_people_and_ready():
    rulebook = Rulebook(settings=SharingSettings(audience_ready_hours=48.0))

    def use(matched: int, hours: int):
        return may_use_audience(
            shop(built_at=0), "m1", "aud_1", "acc_1", matched=matched, rulebook=rulebook, at=hours * HOUR
        )

    small = use(999, 48)
    assert small.cause is Cause.TOO_SMALL
    assert "has 999 of the 1000 matched people" in small.reason
    assert use(1000, 10).cause is Cause.NOT_READY
    assert use(1000, 48).allowed


def test_P77_an_unused_audience_expires_and_only_a_new_one_helps():
    rulebook = Rulebook(settings=SharingSettings(audience_expiry_days=180.0))
    world = shop(built_at=-500 * DAY, last_used=0)

    def apply_it(before: World, day: int, ad_group: str):
        create = do.CreateAdGroup(
            actor="m1", campaign="camp", ad_group=ad_group, audiences=("aud_1",), end=day * DAY + HOUR
        )
        return apply(before, create, rulebook, day * DAY)

    used = apply_it(world, 179, "ag_1")
    assert used.decision.allowed
    assert apply_it(used.world, 181, "ag_2").decision.allowed
    assert apply_it(used.world, 179 + 180, "ag_2").decision.allowed
    assert apply_it(used.world, 179 + 181, "ag_2").decision.cause is Cause.EXPIRED
    assert apply_it(world, 181, "ag_1").decision.cause is Cause.EXPIRED
    at = 181 * DAY
    share = do.ShareAudience(actor="m1", audience="aud_1", account="acc_1")
    assert apply(world, share, rulebook, at).decision.refused
    assert apply(world, do.DeleteAudience(actor="m1", audience="aud_1"), rulebook, at).decision.allowed
    again = do.BuildAudience(actor="m1", account="acc_1", audience="aud_1", pixel="px_1")
    assert apply(world, again, rulebook, at).decision.cause is Cause.DUPLICATE_ID
    new = do.BuildAudience(actor="m1", account="acc_1", audience="aud_2", pixel="px_1")
    assert apply(world, new, rulebook, at).world.audiences["aud_2"].built_at == at
