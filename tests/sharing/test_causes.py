"""Every cause can be reached, and is worded completely."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Callable

import pytest
from sharing_worlds import DOCUMENTED, TOKEN, market, settings, worded, yes

from pixelsim.base.clock import DAY
from pixelsim.sharing import (
    Cause,
    Decision,
    History,
    Limits,
    Reads,
    Rulebook,
    Verdict,
    decide,
    explain,
    link_all,
    may_use_audience,
)
from pixelsim.sharing import actions as do
from pixelsim.sharing.causes import WORDING
from pixelsim.sharing.decision import allow, refuse, unknown
from pixelsim.world import (
    AccountAssignment,
    AccountGrant,
    AccountRole,
    AudienceAfter,
    BusinessCenterType,
    Pixel,
    PixelAssignment,
    PixelLevel,
)

SHARE = do.SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third")
LINK = do.LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_brand2")
GROUP = do.CreateAdGroup(actor="max", campaign="camp", ad_group="new", pixel="px")
CREATE = do.CreatePixel(actor="ann", account="acc_brand", pixel="px_3", number="3", name="Shop 3")
CUT = do.UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True)
GRANT = do.GrantAccountAccess(actor="ann", bc="bc_brand", account="acc_brand", partner="bc_agency")


def ask(action: do.Action, world=None, rulebook: Rulebook = DOCUMENTED, at: int = 0) -> Decision:
    return decide(market() if world is None else world, action, rulebook, at)


def use(world=None, *, matched: int = 1000, at: int = 0) -> Decision:
    world = world or market()
    return may_use_audience(world, "max", "aud", "acc_agency", matched=matched, rulebook=DOCUMENTED, at=at)


def change(action: do.Action, **changes: object) -> do.Action:
    return dataclasses.replace(action, **changes)


def backwards() -> Decision:
    history = History(market(), DOCUMENTED)
    history.attempt(SHARE, 5)
    return history.attempt(LINK, 4).decision


def pending():
    return yes(market(), SHARE, rulebook=settings(partnership_acceptance=1.0))


def rejected():
    return yes(pending(), do.RejectPartnership(actor="tom", bc="bc_third", partner="bc_brand"))


def orphan():
    solo = Pixel(code="px_s", number="9", name="Solo", creator="acc_solo")
    return yes(market(pixels={"px_s": solo}), do.LeavePerson(actor="tom"))


def shown(kind: BusinessCenterType, *, managed: bool):
    return market().changed("business_centers", "bc_brand", type=kind, managed=managed)


def gone():
    return yes(market(), CUT, rulebook=settings(audience_after_access=AudienceAfter.LOST))


EXAMPLES: dict[Cause, Callable[[], Decision]] = {
    Cause.ALLOWED: lambda: ask(SHARE),
    Cause.ACCOUNT_DISABLED: lambda: ask(GROUP, market().changed("ad_accounts", "acc_agency", status="STATUS_LIMIT")),
    Cause.ACCOUNT_HAS_TAG: lambda: ask(CREATE, rulebook=settings(links_per_account=1)),
    Cause.ACTIVE_CAMPAIGNS: lambda: ask(change(CUT, force=False)),
    Cause.ALREADY_LINKED: lambda: ask(change(LINK, account="acc_brand")),
    Cause.ALREADY_OWNED: lambda: ask(do.TransferPixel(actor="ann", bc="bc_brand", pixel="px")),
    Cause.ALREADY_SHARED: lambda: ask(change(SHARE, partner="bc_agency")),
    Cause.ALREADY_SO: lambda: ask(do.Switch(actor="max", kind="campaign", id="camp", to="on")),
    Cause.ASSET_NOT_ASSIGNED: lambda: ask(change(GROUP, actor="ben")),
    Cause.AUDIENCE_GONE: lambda: use(gone()),
    Cause.AUDIENCE_NOT_SHARED: lambda: use(market().changed("audiences", "aud", account="acc_agency2")),
    Cause.CLOCK_BACKWARDS: backwards,
    Cause.CONDITION_NOT_MET: lambda: ask(SHARE, shown(BusinessCenterType.NORMAL, managed=False)),
    Cause.CREATOR_STAYS: lambda: ask(change(CUT, account="acc_brand")),
    Cause.DELETED: lambda: ask(GROUP, market().changed("campaigns", "camp", deleted=True)),
    Cause.DOWNGRADE: lambda: ask(
        GRANT, market(account_grants={("bc_agency", "acc_brand"): AccountGrant(role=AccountRole.ADMIN)})
    ),
    Cause.DUPLICATE_ID: lambda: ask(change(CREATE, pixel="px")),
    Cause.DUPLICATE_NAME: lambda: ask(change(CREATE, name="shop MAIN")),
    Cause.EDITING_BEFORE_TRANSFER: lambda: explain(market(), "ben", "edit", "px_new"),
    Cause.EDITING_NOT_GRANTED: lambda: explain(market(), "ben", "edit", "px"),
    Cause.EXPIRED: lambda: use(at=400 * DAY),
    Cause.HELD_OTHERWISE: lambda: ask(
        do.AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max"),
        market(pixel_people={("px", "max"): PixelAssignment(level=PixelLevel.EDIT)}),
    ),
    Cause.IN_REVIEW: lambda: ask(
        do.Switch(actor="max", kind="ad_group", id="ag_run", to="on"),
        market().changed("ad_groups", "ag_run", on=False, review_until=DAY),
    ),
    Cause.IRREVERSIBLE: lambda: ask(do.UndoTransfer(actor="ann", bc="bc_brand", pixel="px")),
    Cause.LEVEL_TOO_LOW: lambda: explain(market(), "cleo", "create campaign", "acc_brand"),
    Cause.LIMIT_REACHED: lambda: ask(SHARE, rulebook=Rulebook(limits=Limits(partners_per_pixel=1))),
    Cause.NEED_ADMIN_ON_OWNER_ACCOUNT: lambda: ask(do.TransferPixel(actor="tom", bc="bc_third", pixel="px_new")),
    Cause.NOT_ACCEPTED: lambda: explain(yes(market(), do.RevokeToken(actor="ann", token=TOKEN)), "tok", "send", "px"),
    Cause.NOT_ALLOWED_VALUE: lambda: ask(change(GROUP, click_days=30)),
    Cause.NOT_A_MEMBER: lambda: ask(change(SHARE, actor="tom")),
    Cause.NOT_CREATED_FROM_BC: lambda: ask(do.TransferPixel(actor="amy", bc="bc_agency", pixel="px_new")),
    Cause.NOT_IN_BC: lambda: ask(change(SHARE, pixel="px_new")),
    Cause.NOT_LINKED: lambda: ask(change(CUT, account="acc_brand2")),
    Cause.NOT_OWNER: lambda: ask(change(SHARE, actor="tom", bc="bc_third", partner="bc_agency")),
    Cause.NOT_OWN_ACCOUNT: lambda: ask(change(LINK, actor="amy", bc="bc_agency", account="acc_brand2")),
    Cause.NOT_PARTNER: lambda: ask(do.RemovePartner(actor="ann", bc="bc_brand", partner="bc_third")),
    Cause.NOT_READABLE: lambda: explain(
        market(), "cleo", "see", "px", readable=Reads(pixels=frozenset(), accounts=frozenset())
    ),
    Cause.NOT_READY: lambda: use(market().changed("audiences", "aud", built_at=0)),
    Cause.NOT_SHARED: lambda: ask(do.UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third")),
    Cause.NO_ACCESS: lambda: ask(change(LINK, actor="tom", bc="bc_third", account="acc_third")),
    Cause.NO_ADMIN_LEFT: lambda: ask(do.TransferPixel(actor="ann", bc="bc_brand", pixel="px_s"), orphan()),
    Cause.NO_RESHARE: lambda: ask(change(SHARE, actor="amy", bc="bc_agency")),
    Cause.NO_RIGHT_ON_ACCOUNT: lambda: ask(change(LINK, account="acc_third")),
    Cause.OTHER_BC: lambda: ask(do.ShareAudience(actor="max", audience="aud", account="acc_brand")),
    Cause.OWNED_NOT_LINKED: lambda: explain(market(), "acc_brand2", "use", "px"),
    Cause.OWNS_IT: lambda: ask(change(SHARE, actor="amy", bc="bc_agency", partner="bc_brand")),
    Cause.PENDING: lambda: ask(SHARE, pending()),
    Cause.PERSON_LEFT: lambda: ask(change(SHARE, actor="lou")),
    Cause.PUBLISHED: lambda: ask(do.SetAttribution(actor="max", ad_group="ag_run", click_days=1)),
    Cause.REJECTED: lambda: ask(SHARE, rejected()),
    Cause.REPLACES_PIXEL: lambda: ask(do.InstallPixel(actor="ann", website="shop", pixel="px_new")),
    Cause.REVOKED: lambda: ask(GROUP, yes(market(), CUT)),
    Cause.ROLE_TOO_LOW: lambda: ask(change(SHARE, actor="ben")),
    Cause.SELF_SHARE: lambda: ask(change(SHARE, partner="bc_brand")),
    Cause.TOO_MANY: lambda: (
        link_all(market(), "ann", "bc_brand", "px", ["acc_third"] * 101, DOCUMENTED, 0).parts[0].decision
    ),
    Cause.TOO_SMALL: lambda: use(matched=999),
    Cause.TYPE_NOT_ELIGIBLE: lambda: ask(SHARE, shown(BusinessCenterType.NORMAL, managed=True)),
    Cause.UNKNOWN_CODE: lambda: ask(do.TransferPixel(actor="ann", bc="bc_brand", pixel="nothing")),
    Cause.UNKNOWN_ID: lambda: ask(change(SHARE, partner="nowhere")),
    Cause.WRONG_BC: lambda: ask(change(GROUP, active_bc="bc_brand")),
}


@pytest.mark.parametrize("cause", list(Cause), ids=lambda cause: cause.name)
def test_every_cause_is_reached_and_worded(cause):
    decision = EXAMPLES[cause]()
    assert decision.cause is cause
    assert worded(decision)
    expected = {Cause.ALLOWED: Verdict.YES, Cause.NOT_READABLE: Verdict.UNKNOWN}.get(cause, Verdict.NO)
    assert decision.verdict is expected
    assert (decision.allowed, decision.refused) == (expected is Verdict.YES, expected is Verdict.NO)
    named = {name for text in (WORDING[cause].sentence, *WORDING[cause].remedies) for name in names_in(text)}
    facts = {"blocking", "scheduled", *dict(decision.facts)}
    assert named <= facts
    if cause is not Cause.ALLOWED:
        assert decision.remedies
        assert str(decision).startswith(f"{decision.verdict} ({decision.rule}): ")


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_cause_has_a_wording_and_an_example():
    assert set(WORDING) == set(Cause) == set(EXAMPLES)


def test_a_yes_says_so_briefly():
    assert str(allow("R07")) == "yes (R07): Allowed."
    assert allow("R07") is allow("R07")
    assert allow("R07").remedy == ""


def test_a_no_says_why_and_what_repairs_it():
    decision = refuse("R08", Cause.SELF_SHARE, bc="bc_a")
    assert str(decision) == (
        "no (R08): Business Center bc_a cannot share with itself. Remedy: name another Business Center."
    )


def test_a_refusal_by_the_guard_tells_what_blocks_and_what_does_not():
    decision = refuse("R12", Cause.ACTIVE_CAMPAIGNS, ("ag_1",), (), account="acc", pixel="px")
    assert decision.reason == "ag_1 in acc still use pixel px. Scheduled ones that do not block: none."


def test_an_unknown_is_neither_yes_nor_no():
    decision = unknown("R17", Cause.NOT_READABLE, what="it")
    assert not decision.allowed
    assert not decision.refused
    assert str(decision).startswith("unknown (R17): it could not be read")


def test_ids_are_shown_as_they_are_even_with_braces():
    odd = AccountAssignment(role=AccountRole.ANALYST)
    world = market(account_people={("acc_agency", "ann"): odd})
    decision = decide(world, change(GROUP, actor="ann", campaign="{camp}"), DOCUMENTED, 0)
    assert "Campaign '{camp}' does not exist." in decision.reason
