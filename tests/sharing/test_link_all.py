"""Linking many accounts in one call, and reading many."""

from __future__ import annotations

import pytest
from sharing_worlds import DOCUMENTED, market, settings, yes

from pixelsim.sharing import (
    BatchState,
    Cause,
    LinkState,
    PartState,
    Reads,
    coverage_report,
    link_all,
    pixel_report,
    unlink_all,
)
from pixelsim.sharing.actions import GrantAccountAccess, RequestPartnership
from pixelsim.world import AdAccount, World


def many(count: int) -> tuple[World, list[str]]:
    accounts = [f"acc_{number:03d}" for number in range(count)]
    return market(ad_accounts={a: AdAccount(id=a, name=a, owner_bc="bc_brand") for a in accounts}), accounts


def test_R07_up_to_a_hundred_accounts_are_linked_in_one_call():
    world, accounts = many(100)
    batch = link_all(world, "ann", "bc_brand", "px", accounts, DOCUMENTED, 6)
    assert batch.state is BatchState.COMPLETE
    assert [part.account for part in batch.parts] == accounts
    assert {a for code, a in batch.world.links if code == "px"} == {"acc_agency", *accounts}
    assert str(batch) == "complete: 100 ok of 100"
    back = unlink_all(batch.world, "ann", "bc_brand", "px", accounts, DOCUMENTED, 7)
    assert back.state is BatchState.COMPLETE
    assert back.world.links == world.links


@pytest.mark.parametrize("limit", [100, 2])
def test_R07_more_than_the_limit_is_refused_as_a_whole(limit):
    world, accounts = many(limit + 1)
    rulebook = settings(accounts_per_call=limit)
    for call in (link_all, unlink_all):
        batch = call(world, "ann", "bc_brand", "px", accounts, rulebook, 0)
        assert batch.state is BatchState.FAILED
        assert {part.decision.cause for part in batch.parts} == {Cause.TOO_MANY}
        assert batch.world is world
        assert f"{limit + 1} ad accounts in one call are more than {limit}." in str(batch)
    assert link_all(world, "ann", "bc_brand", "px", accounts[:limit], rulebook, 0).state is BatchState.COMPLETE


def test_R07_one_refused_account_does_not_void_the_rest():
    slow = settings(partnership_acceptance=1.0)
    world = yes(market(), RequestPartnership(actor="tom", bc="bc_third", partner="bc_brand"), rulebook=slow)
    world = yes(world, GrantAccountAccess(actor="tom", bc="bc_third", account="acc_third", partner="bc_brand"))
    named = ["acc_brand2", "acc_third", "acc_solo", "nowhere", "acc_brand2"]
    batch = link_all(world, "ann", "bc_brand", "px", named, slow, 0)
    assert batch.state is BatchState.PARTIAL
    assert [part.state for part in batch.parts] == ["ok", "skipped", "refused", "refused", "refused"]
    assert batch.counts == {PartState.OK: 1, PartState.SKIPPED: 1, PartState.UNKNOWN: 0, PartState.REFUSED: 3}
    assert set(batch.world.links) == {("px", "acc_agency"), ("px", "acc_brand2")}
    frame = batch.to_frame()
    assert list(frame["account"]) == named
    assert list(frame["cause"]) == ["ALLOWED", "PENDING", "NO_RIGHT_ON_ACCOUNT", "UNKNOWN_ID", "ALREADY_LINKED"]
    assert frame["remedy"].iloc[1] == "have an Admin of bc_brand approve it"
    assert str(batch).startswith("partial: 1 ok, 1 skipped, 3 refused of 5\n  acc_third: skipped - ")


def test_R07_a_call_for_nothing_is_complete_and_one_that_fails_throughout_has_failed():
    assert link_all(market(), "ann", "bc_brand", "px", [], DOCUMENTED, 0).state is BatchState.COMPLETE
    assert str(link_all(market(), "ann", "bc_brand", "px", [], DOCUMENTED, 0)) == "complete: no ad accounts of 0"
    assert link_all(market(), "ben", "bc_brand", "px", ["acc_brand2"], DOCUMENTED, 0).state is BatchState.FAILED


def test_R11_the_creating_account_is_spared_in_a_call_too():
    batch = unlink_all(market(), "ann", "bc_brand", "px", ["acc_brand", "acc_agency"], DOCUMENTED, 0)
    assert [part.decision.rule for part in batch.parts] == ["R11", "R12"]


def test_coverage_tells_linked_not_linked_and_unknown_apart():
    everything = coverage_report(market(), "px")
    assert everything.counts == {LinkState.LINKED: 2, LinkState.NOT_LINKED: 4, LinkState.UNKNOWN: 0}
    assert {source for _, _, source in everything.rows} == {"pixel side"}
    nothing = coverage_report(market(), "px", readable=Reads(pixels=frozenset(), accounts=frozenset()))
    assert nothing.counts == {LinkState.LINKED: 0, LinkState.NOT_LINKED: 0, LinkState.UNKNOWN: 6}
    assert str(nothing) == "pixel px: 0 linked, 0 not linked, 6 unknown"
    some = coverage_report(
        market(),
        "px",
        accounts=["acc_third", "nowhere"],
        readable=Reads(pixels=frozenset(), accounts=frozenset({"acc_third"})),
    )
    assert some.rows == (("acc_third", LinkState.NOT_LINKED, "account side"), ("nowhere", LinkState.UNKNOWN, ""))
    assert list(some.to_frame().columns) == ["pixel", "account", "state", "source"]
    assert coverage_report(market(), "nothing", accounts=["acc_brand"]).rows == (("acc_brand", LinkState.UNKNOWN, ""),)


def test_pixels_of_several_accounts_are_read_as_far_as_the_person_may():
    report = pixel_report(market(), "max", ["acc_agency", "acc_agency2", "acc_brand"])
    assert report.batch.state is BatchState.PARTIAL
    assert report.rows == (("acc_agency", "px", "Shared with you", "SHARED"),)
    assert "acc_brand: refused - no (R17)" in str(report)
    unread = pixel_report(market(), "max", ["acc_agency"], readable=Reads(accounts=frozenset()))
    assert [part.state for part in unread.batch.parts] == [PartState.UNKNOWN]
    assert unread.to_frame().empty
