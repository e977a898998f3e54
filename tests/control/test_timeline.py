"""Grants and statuses as intervals: no gaps, no overlaps, and at every instant what the rules say."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY, HOUR
from pixelsim.control import Timeline
from pixelsim.scenario import scenario
from pixelsim.sharing import actions as do
from pixelsim.sharing.history import History
from pixelsim.world.queries import is_linked
from pixelsim.world.status import DeliveryStatus, ad_group_status, ad_status

PIXEL = "BRANDSHOPPIXEL000001"
AGENCY = scenario("agency")
GROUPS = ("brand_always_on_1", "prospecting_1", "retargeting_1", "launch_1")
BUYER = "agency_buyer"


def history_of(policy: str = "documented") -> History:
    one = AGENCY.replace(policy=policy)
    return History(one.structure.world(), one.rulebook)


def switch(kind: str, key: str, to: str) -> do.Switch:
    return do.Switch(actor=BUYER, kind=kind, id=key, to=to)


def spans_of(history: History, group: str, start: float, end: float):
    found = Timeline(history).ad_group(group, round(start * DAY), round(end * DAY))
    return [(span.start / DAY, span.end / DAY, span.status.value, span.ads) for span in found]


def test_a_schedule_turns_delivery_on_and_off_by_the_clock():
    assert spans_of(history_of(), "launch_1", 0, 35) == [
        (0, 18, "NOT_START", ()),
        (18, 32, "DELIVERY_OK", ("launch_ad",)),
        (32, 35, "TIME_DONE", ()),
    ]


def test_a_start_counts_from_its_own_instant_and_an_end_is_excluded():
    spans = Timeline(history_of()).ad_group("launch_1", 18 * DAY - 1, 18 * DAY + 1)
    assert [(s.start, s.end, s.delivering) for s in spans] == [
        (18 * DAY - 1, 18 * DAY, False),
        (18 * DAY, 18 * DAY + 1, True),
    ]
    spans = Timeline(history_of()).ad_group("launch_1", 32 * DAY - 1, 32 * DAY + 1)
    assert [s.delivering for s in spans] == [True, False]


def test_an_action_parts_the_time_and_only_where_it_changes_the_state():
    history = history_of()
    history.attempt(switch("ad", "prospecting_ad_a", "off"), 2 * DAY)
    history.attempt(switch("campaign", "retargeting", "off"), 3 * DAY)
    history.attempt(switch("campaign", "prospecting", "off"), 5 * DAY)
    assert spans_of(history, "prospecting_1", 0, 7) == [
        (0, 2, "DELIVERY_OK", ("prospecting_ad_a", "prospecting_ad_b")),
        (2, 5, "DELIVERY_OK", ("prospecting_ad_b",)),
        (5, 7, "CAMPAIGN_DISABLE", ()),
    ]


def test_an_ad_group_whose_ads_are_all_off_delivers_nothing():
    history = history_of()
    history.attempt(switch("ad", "retargeting_ad", "off"), DAY)
    last = Timeline(history).ad_group("retargeting_1", 0, 2 * DAY)[-1]
    assert (last.status, last.ads, last.delivering) == (DeliveryStatus.DELIVERY_OK, (), False)


def test_access_ends_with_the_unshare_and_spans_say_who_goes_on_without_it():
    history = history_of("continue")
    history.attempt(do.UnsharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency"), 4 * DAY)
    timeline = Timeline(history)
    assert timeline.access(PIXEL, "acc_agency", 0, 9 * DAY) == [(0, 4 * DAY)]
    assert timeline.access(PIXEL, "acc_brand", 0, 9 * DAY) == [(0, 9 * DAY)]
    assert timeline.access(PIXEL, "acc_outsider", 0, 9 * DAY) == []
    spans = timeline.ad_group("prospecting_1", 0, 9 * DAY)
    assert [(s.start, s.end, s.delivering, s.authorised) for s in spans] == [
        (0, 4 * DAY, True, True),
        (4 * DAY, 9 * DAY, True, False),
    ]


def test_access_that_comes_back_is_a_second_interval():
    history = history_of("pause")
    unlink = do.UnlinkPixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, account="acc_agency")
    link = do.LinkPixel(actor="agency_admin", bc="bc_agency", pixel=PIXEL, account="acc_agency")
    history.attempt(unlink, 2 * DAY)
    history.attempt(link, 3 * DAY)
    assert Timeline(history).access(PIXEL, "acc_agency", 0, 5 * DAY) == [(0, 2 * DAY), (3 * DAY, 5 * DAY)]
    assert [row[2] for row in spans_of(history, "retargeting_1", 0, 5)] == [
        "DELIVERY_OK",
        "PIXEL_UNBIND",
        "DELIVERY_OK",
    ]


def test_before_its_creation_an_ad_group_has_no_states():
    history = history_of()
    create = do.CreateAdGroup(
        actor=BUYER, campaign="prospecting", ad_group="new_1", name="New", pixel=PIXEL, event="Purchase"
    )
    history.attempt(create, 3 * DAY)
    history.attempt(do.CreateAd(actor=BUYER, ad_group="new_1", ad="new_ad"), 4 * DAY)
    assert spans_of(history, "new_1", 0, 5) == [(3, 4, "CREATE", ()), (4, 5, "DELIVERY_OK", ("new_ad",))]
    assert spans_of(history, "new_1", 0, 3) == []
    assert list(Timeline(history).ad_groups()) == [*history_of().now.ad_groups, "new_1"]


def test_half_hours_of_the_week_part_a_day():
    # The scenario starts on a Monday at 0:00 UTC; where clocks are 8 hours behind, a morning begins at 14:00 UTC.
    mornings = "0" * 12 + "1" * 12 + "0" * 24
    number = [a.id for a in AGENCY.structure.ad_accounts].index("acc_agency")
    behind = AGENCY.vary(f"structure.ad_accounts[{number}].utc_offset", "-08:00")
    history = History(behind.structure.world(), behind.rulebook)
    history.attempt(do.EditAdGroup(actor=BUYER, ad_group="prospecting_1", dayparting=mornings * 7), DAY)
    spans = Timeline(history).ad_group("prospecting_1", DAY, 3 * DAY)
    assert [(s.start / HOUR, s.end / HOUR, s.status.value, s.delivering) for s in spans] == [
        (24, 24 + 14, "NOT_START", False),
        (24 + 14, 24 + 20, "DELIVERY_OK", True),
        (24 + 20, 48 + 14, "NOT_START", False),
        (48 + 14, 48 + 20, "DELIVERY_OK", True),
        (48 + 20, 72, "NOT_START", False),
    ]


def test_a_review_stops_delivery_and_the_edit_is_found_by_its_instant():
    settings_ = dataclasses.replace(AGENCY.settings, review_minutes=720.0)
    one = AGENCY.replace(settings=settings_)
    history = History(one.structure.world(), one.rulebook)
    edit = do.EditAdGroup(actor=BUYER, ad_group="prospecting_1")
    for day, changes in (
        (1, {"creatives": True}),
        (3, {"budget_factor": 1.2}),
        (4, {"bid_factor": 0.1}),
        (4, {"end": 1}),
    ):
        history.attempt(dataclasses.replace(edit, **changes), day * DAY)
    assert [row[:3] for row in spans_of(history, "prospecting_1", 0, 6)] == [
        (0, 1, "DELIVERY_OK"),
        (1, 1.5, "REAUDIT"),
        (1.5, 3, "DELIVERY_OK"),
        (3, 6, "DELIVERY_OK"),
    ]
    timeline = Timeline(history)
    assert [span.budget for span in timeline.ad_group("prospecting_1", 0, 6 * DAY)] == [1.0, 1.0, 1.0, 1.2]
    assert timeline.relearns("prospecting_1", 0, 6 * DAY) == [DAY, 4 * DAY]
    assert timeline.relearns("prospecting_1", DAY + 1, 4 * DAY) == []
    assert timeline.relearns("launch_1", 0, 6 * DAY) == []


def test_a_new_ad_runs_once_it_was_reviewed_beside_those_that_run_already():
    one = AGENCY.replace(settings=dataclasses.replace(AGENCY.settings, review_minutes=720.0))
    history = History(one.structure.world(), one.rulebook)
    history.attempt(do.CreateAd(actor=BUYER, ad_group="launch_1", ad="second"), 20 * DAY)
    assert [(row[0], row[1], row[3]) for row in spans_of(history, "launch_1", 19, 22)] == [
        (19, 20.5, ("launch_ad",)),
        (20.5, 22, ("launch_ad", "second")),
    ]


def test_nothing_lies_in_an_empty_stretch():
    assert Timeline(history_of()).ad_group("launch_1", 5, 5) == []
    assert Timeline(history_of()).access(PIXEL, "acc_agency", 5, 5) == []


SWITCHES = st.tuples(
    st.sampled_from([("campaign", "prospecting"), ("ad_group", "prospecting_1"), ("ad", "prospecting_ad_a")]),
    st.sampled_from(["on", "off"]),
).map(lambda pair: switch(*pair[0], pair[1]))
SHARING = st.sampled_from(
    [
        do.UnlinkPixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, account="acc_agency"),
        do.UnsharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency", force=True),
        do.SharePixel(actor="brand_admin", bc="bc_brand", pixel=PIXEL, partner="bc_agency"),
        do.LinkPixel(actor="agency_admin", bc="bc_agency", pixel=PIXEL, account="acc_agency"),
    ]
)
ATTEMPTS = st.lists(st.tuples(st.integers(0, 20 * DAY), SWITCHES | SHARING), max_size=8)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(ATTEMPTS, st.sampled_from(["documented", "pause", "continue"]), st.integers(0, 10 * DAY), st.data())
def test_spans_part_the_time_without_gaps_and_agree_with_the_rules(attempts, policy, start, data):
    history = history_of(policy)
    for at, action in sorted(attempts, key=lambda pair: pair[0]):
        history.attempt(action, at)
    end = start + data.draw(st.integers(1, 25 * DAY))
    timeline = Timeline(history)
    for group in ("prospecting_1", "launch_1"):
        spans = timeline.ad_group(group, start, end)
        assert (spans[0].start, spans[-1].end) == (start, end)
        for one, two in itertools.pairwise(spans):
            assert one.end == two.start
            assert (one.status, one.ads, one.authorised) != (two.status, two.ads, two.authorised)
        for span in spans:
            for at in (span.start, (span.start + span.end) // 2, span.end - 1):
                world = history.at(at)
                assert ad_group_status(world, group, at) is span.status
                assert is_linked(world, PIXEL, "acc_agency") == span.authorised
                ok = [a.id for a in world.ads.values() if ad_status(world, a.id, at) is DeliveryStatus.DELIVERY_OK]
                mine = [key for key in ok if world.ads[key].ad_group == group]
                assert list(span.ads) == (sorted(mine) if span.status is DeliveryStatus.DELIVERY_OK else [])
    held = timeline.access(PIXEL, "acc_agency", start, end)
    for at in {start, end - 1, *(a for a, _ in attempts if start <= a < end)}:
        inside = any(one <= at < two for one, two in held)
        assert inside == is_linked(history.at(at), PIXEL, "acc_agency")
    assert all(one[1] < two[0] for one, two in itertools.pairwise(held))


@pytest.mark.parametrize("cut", [1, 7, 18, 20])
def test_two_looks_one_after_the_other_see_what_one_look_sees(cut):
    history = history_of()
    history.attempt(switch("campaign", "prospecting", "off"), 6 * DAY)
    timeline = Timeline(history)
    for group in GROUPS:
        whole = timeline.ad_group(group, 0, 35 * DAY)
        parts = [*timeline.ad_group(group, 0, cut * DAY), *timeline.ad_group(group, cut * DAY, 35 * DAY)]
        merged = [parts[0]]
        for span in parts[1:]:
            last = merged[-1]
            if (last.status, last.ads, last.authorised) == (span.status, span.ads, span.authorised):
                merged[-1] = type(span)(last.start, span.end, span.status, span.ads, span.authorised)
            else:
                merged.append(span)
        assert merged == whole
