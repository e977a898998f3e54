from __future__ import annotations

import dataclasses

import pytest
from plan_worlds import client_and_agency, with_ad_group

from pixelsim.base.clock import DAY
from pixelsim.plan.draft import DEEPEST, Draft, State
from pixelsim.plan.people import Availability, Crew, Delays
from pixelsim.plan.replay import check_plan
from pixelsim.plan.steps import StepKind
from pixelsim.sharing import Rulebook, SharingSettings
from pixelsim.sharing import actions as do
from pixelsim.sharing.rulebook import AvailabilitySide
from pixelsim.world import (
    AccountGrant,
    AccountRole,
    BusinessCenter,
    BusinessCenterType,
    BusinessRole,
    Partnership,
    Person,
    PixelAssignment,
    PixelLevel,
    RelationStatus,
    World,
)


def third_party() -> World:
    """The client, its agency, and a third Business Center bc_x with an Admin xena and an ad account acc_x."""
    world = client_and_agency()
    world = world.with_item("business_centers", "bc_x", BusinessCenter(id="bc_x", name="Third"))
    world = world.with_item("people", "xena", Person(id="xena", name="xena"))
    world = world.with_item("members", ("bc_x", "xena"), BusinessRole.ADMIN)
    return world.with_item(
        "ad_accounts", "acc_x", dataclasses.replace(world.ad_accounts["acc_a"], id="acc_x", owner_bc="bc_x")
    )


def drafted(world: World, action: do.Action, rulebook: Rulebook | None = None, **options: object) -> tuple[Draft, str]:
    draft = Draft(world, Crew(rulebook=rulebook or Rulebook(), **options), 0)
    result = draft.achieve(action, StepKind.ACT, why="It is wanted.")
    assert result.ok, result.reason
    check = check_plan(draft.start, draft.listed(), draft.crew.rulebook)
    assert check.failed is None
    assert check.world == draft.world
    return draft, " > ".join(f"{step.who}: {step.title}" for step in draft.listed())


GIVE = (
    "cleo: give Business Center bc_ag the role {0} on ad account acc_c > anna: assign ad account acc_c to otto as {0}"
)
ASKED = Rulebook(settings=SharingSettings(partnership_acceptance=1))
CASES = {
    "pending": (
        client_and_agency()
        .without("links", [("px", "acc_a")])
        .with_item("partnerships", ("bc_c", "bc_ag"), Partnership(status=RelationStatus.PENDING)),
        do.LinkPixel(actor="", bc="bc_ag", pixel="px", account="acc_a"),
        "anna: approve the partnership that bc_c asked bc_ag for > anna: link pixel px to ad account acc_a",
    ),
    "pending the other way": (
        client_and_agency()
        .without("links", [("px", "acc_a")])
        .without("partnerships", [("bc_c", "bc_ag")])
        .with_item("partnerships", ("bc_ag", "bc_c"), Partnership(status=RelationStatus.PENDING)),
        do.LinkPixel(actor="", bc="bc_ag", pixel="px", account="acc_a"),
        "cleo: approve the partnership that bc_ag asked bc_c for > anna: link pixel px to ad account acc_a",
    ),
    "no role of the Business Center": (
        client_and_agency(),
        do.AssignAccount(actor="", bc="bc_ag", account="acc_c", person="otto"),
        GIVE.format("Operator"),
    ),
    "too low a role of the Business Center": (
        client_and_agency().with_item("account_grants", ("bc_ag", "acc_c"), AccountGrant(role=AccountRole.ANALYST)),
        do.AssignAccount(actor="", bc="bc_ag", account="acc_c", person="otto", role=AccountRole.ADMIN),
        GIVE.format("Admin"),
    ),
    "a third party's account": (
        third_party(),
        do.LinkPixel(actor="", bc="bc_ag", pixel="px", account="acc_x"),
        "cleo: share pixel px with Business Center bc_x > xena: link pixel px to ad account acc_x",
    ),
    "not shared": (
        third_party(),
        do.LinkPixel(actor="", bc="bc_x", pixel="px", account="acc_x"),
        "cleo: share pixel px with Business Center bc_x > xena: link pixel px to ad account acc_x",
    ),
    "a token without a share": (
        third_party(),
        do.IssueToken(actor="", bc="bc_x", pixel="px", token="t" + "x"),
        "cleo: share pixel px with Business Center bc_x > xena: make the server token tx for pixel px, held by bc_x",
    ),
    "owned and not linked": (
        with_ad_group(client_and_agency().without("links", [("px", "acc_a")]), "g", pixel=None),
        do.CreateAdGroup(actor="", campaign="c_g", ad_group="h", pixel="px"),
        "anna: link pixel px to ad account acc_a > otto: publish ad group h in campaign c_g on pixel px",
    ),
    "the guard": (
        with_ad_group(with_ad_group(client_and_agency(), "g"), "t", pixel=None, tracking="px"),
        do.UnsharePixel(actor="", bc="bc_c", pixel="px", partner="bc_ag"),
        "otto: switch ad group g off > otto: switch ad d_t off > cleo: unshare pixel px from Business Center bc_ag",
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_a_refusal_objects_to_is_repaired_first(name: str) -> None:
    world, action, expected = CASES[name]
    assert drafted(world, action)[1] == expected


def test_a_revoked_link_is_made_again() -> None:
    world = with_ad_group(client_and_agency(), "g", on=False)
    cut = check_plan(
        world, [(0, do.UnlinkPixel(actor="cleo", bc="bc_c", pixel="px", account="acc_a"))], Rulebook()
    ).world
    granted = cut.with_item("account_grants", ("bc_c", "acc_a"), AccountGrant(role=AccountRole.ANALYST))
    _, told = drafted(granted, do.CreateAdGroup(actor="", campaign="c_g", ad_group="h", pixel="px"))
    assert told.startswith("cleo: link pixel px to ad account acc_a > otto: publish ad group h")


def test_where_every_way_is_closed_the_draft_stays_as_it_was() -> None:
    closed = {"cleo": Availability.REFUSES}
    draft = Draft(third_party(), Crew(rulebook=Rulebook(), unavailable=closed), 0)
    link = do.LinkPixel(actor="", bc="bc_c", pixel="px", account="acc_x")
    result = draft.achieve(link, StepKind.ACT, why="")
    assert result.state is State.BLOCKED
    assert draft.steps == []
    assert draft.world == draft.start


def test_an_account_in_no_business_center_has_no_repair() -> None:
    world = third_party().changed("ad_accounts", "acc_x", owner_bc=None)
    draft = Draft(world, Crew(rulebook=Rulebook()), 0)
    result = draft.achieve(do.LinkPixel(actor="", bc="bc_c", pixel="px", account="acc_x"), StepKind.ACT, why="")
    assert result.reason.startswith("Nobody can link pixel px to ad account acc_x (R07)")


def test_a_repair_that_would_need_itself_or_goes_too_deep_is_none() -> None:
    draft = Draft(client_and_agency(), Crew(rulebook=Rulebook()), 0)
    leave = do.LeavePerson(actor="")
    draft._trying.append(leave)
    again = draft.achieve(leave, StepKind.ACT, why="", by="otto")
    assert again.reason == "To let  leave would need itself."
    draft._trying.extend([leave] * DEEPEST)
    assert not draft.achieve(do.AddMember(actor="", bc="bc_c", person="otto"), StepKind.ACT, why="").ok


def test_the_quickest_who_may_is_chosen_and_all_who_may_are_named() -> None:
    world = with_ad_group(client_and_agency(), "g", "acc_c")
    off = do.Switch(actor="", kind="ad_group", id="g", to="off")
    draft, told = drafted(world, off, delays=Delays(people={"colin": DAY // 2}))
    assert told == "colin: switch ad group g off"
    assert draft.listed()[0].can == ("cleo", "colin")
    assert draft.listed()[0].at == DAY // 2
    slow, _ = drafted(world, off, delays=Delays(people={"colin": 0}), unavailable={"colin": Availability.SLOW})
    assert slow.listed()[0].who == "cleo"


def test_steps_are_numbered_by_their_dates_and_point_to_the_new_numbers() -> None:
    draft = Draft(client_and_agency(), Crew(rulebook=Rulebook()), 0)
    late = draft.manual(StepKind.WAIT, "wait", must="all", why="", rule="", takes=5 * DAY)
    draft.manual(StepKind.NOTIFY, "tell", must="all", why="", rule="")
    draft.manual(StepKind.VERIFY, "check", must="all", why="", rule="", after=(late,), go_back_to=late)
    assert [(s.number, s.title, s.waits_for, s.go_back_to) for s in draft.listed()] == [
        (1, "tell", (), None),
        (2, "wait", (), None),
        (3, "check", (2,), 2),
    ]


def test_a_level_that_somebody_holds_is_satisfied() -> None:
    level = PixelAssignment(level=PixelLevel.EDIT, via="bc_c")
    world = client_and_agency().with_item("pixel_people", ("px", "colin"), level)
    draft = Draft(world, Crew(rulebook=ASKED), 0)
    assign = do.AssignPixel(actor="", bc="bc_c", pixel="px", person="colin", level=PixelLevel.EDIT)
    assert draft.achieve(assign, StepKind.ACT, why="").state is State.SATISFIED
    assert draft.steps == []


def test_a_share_that_is_there_already_is_not_made_again() -> None:
    world = client_and_agency().without("links", [("px", "acc_a")])
    _, told = drafted(world, do.LinkPixel(actor="", bc="bc_c", pixel="px", account="acc_a"))
    assert told == "anna: link pixel px to ad account acc_a"


def test_editing_that_nobody_is_near_to_has_no_repair() -> None:
    world = third_party().changed("people", "cleo", left=True)
    draft = Draft(world, Crew(rulebook=Rulebook()), 0)
    edit = do.EditPixel(actor="", pixel="px", setting="first_party_cookies", value=False)
    assert draft.achieve(edit, StepKind.ACT, why="").state is State.BLOCKED


def test_the_second_way_is_taken_where_the_first_is_closed() -> None:
    # The third party may not hold a second pixel, but the owner, once it has the account, meets the same limit.
    limited = Rulebook(settings=SharingSettings(links_per_account=1))
    world = third_party().with_item(
        "pixels", "py", dataclasses.replace(third_party().pixels["px"], code="py", number="2")
    )
    full = world.with_item("links", ("py", "acc_x"), world.links["px", "acc_a"])
    draft = Draft(full, Crew(rulebook=limited), 0)
    link = do.LinkPixel(actor="", bc="bc_c", pixel="px", account="acc_x")
    blocked = draft.achieve(link, StepKind.ACT, why="")
    assert "may hold no more than 1" in blocked.reason
    # Without a share in the way of its Admin, the account is shared with the owner, which links it.
    managed = third_party().with_item(
        "business_centers",
        "bc_x",
        BusinessCenter(id="bc_x", name="Third", type=BusinessCenterType.NORMAL, managed=True),
    )
    both = Rulebook(settings=SharingSettings(availability_side=AvailabilitySide.BOTH_SIDES))
    _, told = drafted(managed, link, both)
    assert told == (
        "xena: ask Business Center bc_c to become a partner of bc_x"
        " > xena: give Business Center bc_c the role Operator on ad account acc_x"
        " > cleo: link pixel px to ad account acc_x"
    )
