from __future__ import annotations

import dataclasses

import pytest

from pixelsim.base.clock import DAY
from pixelsim.scenario import PlannedAction, Scenario
from pixelsim.sharing import PRESETS
from pixelsim.show.names import Names
from pixelsim.show.story import Block, Kind, MarkKind, Row, delivery, grants, marks, spend_by_day
from pixelsim.study import Run, run

END = 35 * DAY
AGENCY, BRAND = "Agency's account for the brand", "Brand's account"


def named(one: Run) -> Names:
    return Names(one.simulation.history.now)


def test_grants_end_with_the_unshare_and_changing_ones_come_first(one: Run) -> None:
    (section,) = grants(one, named(one))
    assert section.heading == "Access to pixel Brand's shop"
    assert section.detail == " (BRANDSHOPPIXEL000001)"
    assert section.rows == (
        Row(AGENCY, (Block(0, 15 * DAY, Kind.ACCESS),)),
        Row(BRAND, (Block(0, END, Kind.ACCESS),)),
    )
    assert section.left_out == ""


def test_delivery_tells_each_status_and_delivery_without_access_comes_first(one: Run) -> None:
    first, second = delivery(one, named(one))
    assert (first.heading, second.heading) == (f"Delivery of {AGENCY}", f"Delivery of {BRAND}")
    assert first.rows[0] == Row(
        "Launch, scheduled",
        (
            Block(0, 18 * DAY, Kind.SCHEDULED),
            Block(18 * DAY, 32 * DAY, Kind.ORPHANED),
            Block(32 * DAY, END, Kind.DONE),
        ),
    )
    stopped = (Block(0, 14 * DAY, Kind.DELIVERING), Block(14 * DAY, END, Kind.OFF))
    assert first.rows[1:] == (Row("Prospecting", stopped), Row("Retargeting", stopped))
    assert second.rows == (Row("Brand, always on", (Block(0, END, Kind.DELIVERING),)),)


def test_pausing_shows_pixel_unauthorized_in_the_place_of_orphaned_delivery(agency: Scenario) -> None:
    paused = run(agency.replace(policy=PRESETS["pause"]), seed=7)
    rows = [row for section in delivery(paused, named(paused)) for row in section.rows]
    launch = next(row for row in rows if row.label == "Launch, scheduled")
    # Access goes on day 15, before the launch is due: it never delivers, and stays unauthorised to the end.
    assert [block.kind for block in launch.blocks] == [Kind.SCHEDULED, Kind.UNAUTHORIZED]
    assert launch.blocks[0].end == 15 * DAY


def test_reviews_of_ad_groups_and_of_all_their_ads_have_a_word_of_their_own(agency: Scenario) -> None:
    first, *others = agency.structure.ad_groups
    group = first.replace(review_until_day=2.0)
    ads = tuple(
        dataclasses.replace(ad, review_until=3 * DAY) if ad.ad_group == "retargeting_1" else ad
        for ad in agency.structure.ads
    )
    reviewed = run(agency.replace(structure=agency.structure.replace(ad_groups=(group, *others), ads=ads)), seed=7)
    rows = {row.label: row.blocks for section in delivery(reviewed, named(reviewed)) for row in section.rows}
    assert rows["Brand, always on"] == (Block(0, 2 * DAY, Kind.REVIEW), Block(2 * DAY, END, Kind.DELIVERING))
    assert rows["Retargeting"][:2] == (Block(0, 3 * DAY, Kind.REVIEW), Block(3 * DAY, 14 * DAY, Kind.DELIVERING))


def test_without_an_ad_that_runs_nothing_is_delivered_and_one_ad_less_changes_nothing(agency: Scenario) -> None:
    def switch(day: float, ad: str, to: str) -> PlannedAction:
        action = {"do": "switch", "actor": "agency_buyer", "kind": "ad", "id": ad, "to": to}
        return PlannedAction.model_validate({"day": day, "action": action})

    steps = (
        switch(3, "prospecting_ad_a", "off"),
        switch(5, "retargeting_ad", "off"),
        switch(8, "retargeting_ad", "on"),
    )
    changed = run(agency.replace(plan=agency.plan.replace(steps=(*steps, *agency.plan.steps))), seed=7)
    rows = {row.label: row.blocks for section in delivery(changed, named(changed)) for row in section.rows}
    assert rows["Prospecting"][0] == Block(0, 14 * DAY, Kind.DELIVERING)
    assert rows["Retargeting"][:3] == (
        Block(0, 5 * DAY, Kind.DELIVERING),
        Block(5 * DAY, 8 * DAY, Kind.OTHER),
        Block(8 * DAY, 14 * DAY, Kind.DELIVERING),
    )


def test_too_many_rows_are_counted_and_not_drawn(one: Run) -> None:
    sections = delivery(one, named(one), most=2)
    # Without access first, then the longest delivery.
    assert [row.label for section in sections for row in section.rows] == ["Launch, scheduled", "Brand, always on"]
    assert sections[-1].left_out == "and 2 more ad groups, not drawn"
    (access,) = grants(one, named(one), most=1)
    assert access.left_out == "and 1 more grant, not drawn"


def test_many_pixels_share_one_heading(agency: Scenario) -> None:
    structure = agency.structure
    pixels = tuple(
        dataclasses.replace(structure.pixels[0], code=f"PIXEL{i:015d}", number=str(i), name=f"Shop {i}")
        for i in range(3)
    )
    more = agency.replace(structure=structure.replace(pixels=(*structure.pixels, *pixels)))
    (section,) = grants(run(more, seed=1), Names(more.structure.world()))
    assert section.heading == "Access: ad account – pixel"
    assert [row.label for row in section.rows] == [
        f"{AGENCY} – Brand's shop",
        f"{BRAND} – Brand's shop",
        *(f"{BRAND} – Shop {i}" for i in range(3)),
    ]


def test_spend_by_day_adds_up_and_its_orphaned_part_is_the_launchs(one: Run) -> None:
    ((currency, table),) = spend_by_day(one).items()
    frame = one.delivery()
    assert currency == "USD"
    assert table["spend"].sum() + table["orphaned"].sum() == pytest.approx(frame["spend"].sum())
    launch = frame[frame["ad_group"] == "launch_1"]
    assert launch["spend"].sum() > 0
    assert table["orphaned"].sum() == pytest.approx(launch["spend"].sum())
    assert set(table.loc[table["orphaned"] > 0, "start"]) == {day * DAY for day in range(18, 32)}


def test_days_of_spend_begin_at_the_accounts_own_midnight(agency: Scenario) -> None:
    accounts = tuple(a.replace(utc_offset="-08:00") if a.id == "acc_brand" else a for a in agency.structure.ad_accounts)
    moved = run(agency.replace(structure=agency.structure.replace(ad_accounts=accounts)), seed=7)
    table = spend_by_day(moved)["USD"]
    # West of UTC the first day of the account began 16 hours before the start, and the next begins 8 hours after it.
    starts = set(table["start"])
    assert {-DAY + 8 * DAY // 24, 8 * DAY // 24} <= starts


def test_each_currency_has_its_own_table(agency: Scenario) -> None:
    accounts = tuple(a.replace(currency="JPY") if a.id == "acc_brand" else a for a in agency.structure.ad_accounts)
    mixed = run(agency.replace(structure=agency.structure.replace(ad_accounts=accounts)), seed=7)
    assert list(spend_by_day(mixed)) == ["JPY", "USD"]


def test_marks_are_numbered_as_in_the_change_log(one: Run, wrong_order: Run) -> None:
    found = marks(one, named(one))
    assert [(m.number, m.at, m.kind) for m in found] == [
        (0, 14 * DAY, MarkKind.ACTION),
        (1, 14 * DAY, MarkKind.ACTION),
        (2, 15 * DAY, MarkKind.UNSHARE),
    ]
    assert found[2].text == "Brand's Admin: unshare pixel “Brand's shop” from Business Center “Agency”"
    refused = marks(wrong_order, named(wrong_order))
    assert [m.number for m in refused] == list(wrong_order.change_log()["number"])
    assert refused[0].kind is MarkKind.REFUSED
    assert refused[0].text.endswith("– refused (R12)")
    assert refused[3].kind is MarkKind.UNSHARE


def test_an_ad_group_named_like_its_campaign_is_named_once(one: Run) -> None:
    from pixelsim.show.story import _group_label

    names = named(one)
    assert _group_label(names, "launch", "launch_1") == "Launch, scheduled"
    assert _group_label(names, "brand_always_on", "launch_1") == "Brand, always on / Launch"
