"""Editing a pixel, what an editor reaches, and the change log."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pandas as pd
import pytest
from sharing_worlds import NEW_TOKEN, NO_TOKEN, market, no, settings, yes

from pixelsim.base.clock import DAY, Clock
from pixelsim.base.errors import InputError
from pixelsim.sharing import Cause, Change, History, Rulebook, change_log, explain, write_change_log
from pixelsim.sharing.actions import (
    Action,
    AddMember,
    AssignAccount,
    AssignPixel,
    CreatePixel,
    EditPixel,
    InstallPixel,
    IssueToken,
    LinkPixel,
    RemoveMember,
    RemovePartner,
    RevokeToken,
    SharePixel,
    Switch,
    TransferPixel,
    UnassignPixel,
    UninstallPixel,
    UnlinkPixel,
    UnsharePixel,
)
from pixelsim.sharing.changelog import COLUMNS
from pixelsim.sharing.editing import REACHED_BY_EDITOR
from pixelsim.world import AccountRole, BusinessRole, CountMode, PixelLevel

EDIT = EditPixel(actor="ann", pixel="px", setting="name", value="New name")
GRANT = AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben", level=PixelLevel.EDIT)


def test_R21_admins_of_the_creating_account_edit():
    assert yes(market(), EDIT).pixels["px"].name == "New name"
    by_name = yes(market(), AssignAccount(actor="ann", account="acc_brand", person="tom", role=AccountRole.ADMIN))
    yes(by_name, dataclasses.replace(EDIT, actor="tom"))


def test_R21_members_granted_pixel_editing_edit_and_viewers_do_not():
    by_ben = dataclasses.replace(EDIT, actor="ben")
    no(market(), by_ben, Cause.EDITING_NOT_GRANTED, "R21")
    no(yes(market(), dataclasses.replace(GRANT, level=PixelLevel.VIEW)), by_ben, Cause.EDITING_NOT_GRANTED, "R21")
    granted = yes(market(), GRANT)
    yes(granted, by_ben)
    taken = yes(granted, UnassignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben"))
    no(taken, by_ben, Cause.EDITING_NOT_GRANTED, "R21")


@pytest.mark.parametrize("person", ["max", "amy", "tom", "cleo"])
def test_R21_a_share_or_link_gives_no_editing_and_both_repairs_are_named(person):
    decision = no(market(), dataclasses.replace(EDIT, actor=person), Cause.EDITING_NOT_GRANTED, "R21")
    assert decision.remedies == (
        f"have an Admin of bc_brand grant {person} pixel editing",
        f"give {person} the Admin role on the creating ad account acc_brand",
    )


def test_R21_before_the_transfer_only_the_creating_account_edits():
    decision = no(
        market(), dataclasses.replace(EDIT, actor="ben", pixel="px_new"), Cause.EDITING_BEFORE_TRANSFER, "R21"
    )
    assert decision.remedies[0] == "give ben the Admin role on the creating ad account acc_brand"
    yes(market(), dataclasses.replace(EDIT, pixel="px_new"))


@pytest.mark.parametrize("setting", [False, True])
@pytest.mark.parametrize("role", list(AccountRole))
def test_R21_whether_a_recipient_may_edit_is_a_setting(role, setting):
    world = market().changed("account_people", ("acc_agency", "max"), role=role)
    action, rulebook = dataclasses.replace(EDIT, actor="max"), settings(recipient_may_edit=setting)
    if setting and role is AccountRole.ADMIN:
        yes(world, action, rulebook=rulebook)
        cut = yes(world, UnlinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_agency", force=True))
        no(cut, action, Cause.EDITING_NOT_GRANTED, "R21", rulebook=rulebook)
    else:
        no(world, action, Cause.EDITING_NOT_GRANTED, "R21", rulebook=rulebook)


def test_R21_editing_by_a_partners_people_needs_the_setting_or_the_owner():
    given = AssignPixel(actor="amy", bc="bc_agency", pixel="px", person="max", level=PixelLevel.EDIT)
    rulebook = settings(partner_admin_may_grant_editing=True)
    world = yes(market(), given, rulebook=rulebook)
    yes(world, dataclasses.replace(EDIT, actor="max"), rulebook=rulebook)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID),
        ({"actor": "nobody"}, Cause.UNKNOWN_ID),
        ({"actor": "lou"}, Cause.PERSON_LEFT),
    ],
)
def test_R21_editing_with_unknown_ids_is_refused(changes, cause):
    no(market(), dataclasses.replace(EDIT, **changes), cause, "R21")


VALUES = {
    "name": ("Another", ("", " ", "x" * 41, "\N{ROCKET} shop", True, ("a",))),
    "first_party_cookies": (False, ("no", 0.5, 1)),
    "advanced_matching": (True, ("yes", ())),
    "events": (("Purchase", "AddToCart"), ("Purchase", True, ("",), ("Purchase", "Purchase"), (1,))),
    "statistic_type": ("once", ("by_goal", "twice", True, ("once",))),
}


@pytest.mark.parametrize("setting", list(VALUES))
def test_R22_an_editor_changes_each_setting_within_its_values(setting):
    good, bad = VALUES[setting]
    world = yes(market(), EditPixel(actor="ann", pixel="px", setting=setting, value=good))
    assert getattr(world.pixels["px"], setting) == good
    no(world, EditPixel(actor="ann", pixel="px", setting=setting, value=good), Cause.ALREADY_SO, "R22")
    for value in bad:
        no(market(), EditPixel(actor="ann", pixel="px", setting=setting, value=value), Cause.NOT_ALLOWED_VALUE, "R22")


def test_R22_the_statistic_type_is_kept_as_its_own_kind():
    world = yes(market(), EditPixel(actor="ann", pixel="px", setting="statistic_type", value="once"))
    assert world.pixels["px"].statistic_type is CountMode.ONCE


@pytest.mark.parametrize("setting", ["creator", "owner_bc", "code", "number", "nothing"])
def test_R22_an_editor_reaches_nothing_else(setting):
    decision = no(
        market(), EditPixel(actor="ann", pixel="px", setting=setting, value="acc_third"), Cause.NOT_ALLOWED_VALUE, "R22"
    )
    assert "statistic_type" in decision.remedy


def test_R22_a_new_name_is_no_other_pixels_of_the_account():
    no(market(), dataclasses.replace(EDIT, value="shop NEW"), Cause.DUPLICATE_NAME, "R22")
    yes(market(), dataclasses.replace(EDIT, value="shop MAIN"))


@pytest.mark.parametrize("place", ["test events", "diagnostics", "change log"])
def test_R22_test_events_diagnostics_and_change_log_are_the_editors(place):
    assert place in REACHED_BY_EDITOR
    assert explain(market(), "ann", place, "px").allowed
    assert explain(market(), "ben", place, "px").cause is Cause.EDITING_NOT_GRANTED
    assert explain(yes(market(), GRANT), "ben", place, "px").allowed


def run(*attempts: tuple[int, Action]) -> History:
    history = History(market(), Rulebook())
    for at, action in attempts:
        history.attempt(action, at, note="test")
    return history


SHARE = SharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third")
LINK = LinkPixel(actor="tom", bc="bc_third", pixel="px", account="acc_third")
UNLINK = UnlinkPixel(actor="tom", bc="bc_third", pixel="px", account="acc_third")
UNSHARE = UnsharePixel(actor="ann", bc="bc_brand", pixel="px", partner="bc_third")
LOGGED: list[tuple[Action, str, str]] = [
    (CreatePixel(actor="ann", account="acc_brand", pixel="px", number="1", name="x"), "", ""),
    (TransferPixel(actor="ann", bc="bc_brand", pixel="px_new"), "pixels", "px_new"),
    (EDIT, "pixels", "px"),
    (GRANT, "pixel_people", "px > ben"),
    (SHARE, "shares", "px > bc_third"),
    (LINK, "links", "px > acc_third"),
    (UNLINK, "links", "px > acc_third"),
    (UNSHARE, "shares", "px > bc_third"),
    (UnassignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben"), "pixel_people", "px > ben"),
    (IssueToken(actor="ann", bc="bc_brand", pixel="px", token=NEW_TOKEN), "tokens", NEW_TOKEN),
    (RevokeToken(actor="ann", token=NEW_TOKEN), "tokens", NEW_TOKEN),
]


def test_R23_every_edit_transfer_share_and_unshare_is_logged_with_before_and_after():
    history = run(*((day * DAY, action) for day, (action, _, _) in enumerate(LOGGED)))
    log = change_log(history)
    for number, (action, kind, key) in enumerate(LOGGED):
        rows = log[log["number"] == number]
        assert set(rows["who"]) == {action.actor}
        assert set(rows["at"]) == {number * DAY}
        assert set(rows["do"]) == {action.do}
        changed = rows[(rows["kind"] == kind) & (rows["id"] == key)]
        assert len(changed) == 1
        assert (changed["before"] != changed["after"]).all()
    edit = log[log["do"] == "edit_pixel"].iloc[0]
    assert (edit["field"], edit["before"], edit["after"]) == ("name", "Shop main", "New name")
    transfer = log[log["do"] == "transfer_pixel"].iloc[0]
    assert (transfer["field"], transfer["after"]) == ("owner_bc", "bc_brand")
    assert pd.isna(transfer["before"])
    unlink = log[(log["do"] == "unlink_pixel") & (log["kind"] == "links")].iloc[0]
    assert json.loads(unlink["before"]) == {"by_bc": "bc_third", "since": 5 * DAY}
    assert pd.isna(unlink["after"])


def test_R23_a_refused_attempt_is_a_row_with_its_reason_and_changes_nothing():
    history = run((0, EDIT), (1, dataclasses.replace(EDIT, actor="max", value="Mine")))
    log = change_log(history)
    assert list(log.columns) == list(COLUMNS)
    assert str(log["at"].dtype) == "int64"
    refused = log[log["decision"] == "no"]
    assert list(refused["cause"]) == ["EDITING_NOT_GRANTED"]
    assert list(refused["kind"]) == [""]
    assert refused[["before", "after"]].isna().all(axis=None)
    assert json.loads(refused["details"].iloc[0]) == {"pixel": "px", "setting": "name", "value": "Mine"}
    assert set(change_log(history, refused=False)["decision"]) == {"yes"}


def test_R23_a_pixels_own_log_holds_what_concerns_it_and_nothing_else():
    history = run(
        (0, EDIT),
        (1, dataclasses.replace(EDIT, pixel="px_new", value="Second")),
        (2, Switch(actor="max", kind="campaign", id="camp", to="off")),
        (3, IssueToken(actor="ann", bc="bc_brand", pixel="px", token=NEW_TOKEN)),
        (4, RevokeToken(actor="ann", token=NEW_TOKEN)),
        (5, RemovePartner(actor="ann", bc="bc_brand", partner="bc_agency", force=True)),
        (6, RevokeToken(actor="ann", token=NO_TOKEN)),
        (7, AssignPixel(actor="ann", bc="bc_brand", pixel="px", person="ben")),
        (8, RemoveMember(actor="ann", bc="bc_brand", person="ben")),
    )
    log = change_log(history, pixel="px")
    assert sorted(set(log["number"])) == [0, 3, 4, 5, 7, 8]
    assert set(log[log["number"] == 5]["kind"]) == {"shares", "links", "unbound"}
    assert sorted(set(change_log(history, pixel="px_new")["number"])) == [1]
    assert change_log(history, pixel="nothing").empty


def test_R23_the_clock_gives_the_calendar():
    clock = Clock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    assert list(change_log(run((DAY, EDIT)), clock=clock)["when"]) == ["2026-03-02T00:00:00+00:00"]
    assert list(change_log(run((DAY, EDIT)))["when"]) == [""]


def test_R23_an_empty_history_gives_an_empty_table_with_its_columns():
    log = change_log(run())
    assert log.empty
    assert list(log.columns) == list(COLUMNS)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-2+3", "@cmd", "\tx"])
def test_R23_csv_runs_no_formula_and_json_keeps_the_value(tmp_path, name):
    history = run((0, dataclasses.replace(EDIT, value=name)))
    table = pd.read_csv(write_change_log(history, tmp_path / "log.csv"), dtype=str, keep_default_na=False)
    expected = name if name == "+1" else f"'{name}"
    assert list(table["after"]) == [expected]
    records = json.loads(write_change_log(history, tmp_path / "log.json").read_text(encoding="utf-8"))
    assert [record["after"] for record in records] == [name]
    assert list(records[0]) == list(COLUMNS)


def test_R23_csv_and_json_hold_the_same_rows(tmp_path):
    history = run(*((day, action) for day, (action, _, _) in enumerate(LOGGED)))
    table = pd.read_csv(write_change_log(history, tmp_path / "log.csv"), dtype=str, keep_default_na=False)
    records = json.loads(write_change_log(history, tmp_path / "log.JSON").read_text(encoding="utf-8"))
    assert [{k: "" if v is None else str(v) for k, v in record.items()} for record in records] == table.to_dict(
        "records"
    )
    only = json.loads(write_change_log(history, tmp_path / "px.json", pixel="px_new").read_text(encoding="utf-8"))
    assert [record["do"] for record in only] == ["transfer_pixel"]


def test_R23_other_endings_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(InputError, match=r"\.csv or \.json"):
        write_change_log(run((0, EDIT)), tmp_path / "log.txt")
    assert list(tmp_path.iterdir()) == []


def test_R23_dates_before_the_last_one_are_refused_with_a_decision():
    history = run((5, EDIT))
    record = history.attempt(dataclasses.replace(EDIT, value="Later"), 4)
    assert (record.decision.cause, record.decision.rule, record.at) == (Cause.CLOCK_BACKWARDS, "R23", 5)
    assert record.changes == ()
    assert history.now.pixels["px"].name == "New name"
    assert history.attempt(dataclasses.replace(EDIT, value="Later"), 5).decision.allowed


def test_R23_actions_of_one_instant_are_done_in_the_order_in_which_they_were_attempted():
    first, second = dataclasses.replace(EDIT, value="One"), dataclasses.replace(EDIT, value="Two")
    for order in ((first, second), (second, first)):
        history = run(*((7, action) for action in order))
        assert history.at(6).pixels["px"].name == "Shop main"
        assert history.at(7).pixels["px"].name == order[-1].value
        assert [record.number for record in history.records] == [0, 1]
    both = run(
        (7, LinkPixel(actor="ann", bc="bc_brand", pixel="px", account="acc_brand2")),
        (7, dataclasses.replace(UNLINK, actor="ann", bc="bc_brand", account="acc_brand2")),
    )
    assert both.versions == 3
    assert [upto - start for start, upto, _ in both.spans(0, 10)] == [7, 3]


def test_R23_spans_cover_an_interval_without_gaps_and_diff_compares_two_instants():
    history = run((0, EDIT), (4, dataclasses.replace(EDIT, value="Two")), (8, dataclasses.replace(EDIT, value="Three")))
    spans = [(start, upto, world.pixels["px"].name) for start, upto, world in history.spans(2, 9)]
    assert spans == [(2, 4, "New name"), (4, 8, "Two"), (8, 9, "Three")]
    assert [(s, u) for s, u, _ in history.spans(9, 20)] == [(9, 20)]
    assert list(history.spans(5, 5)) == []
    assert history.diff(-1, 20) == [Change("pixels", "px", "name", "Shop main", "Three")]
    assert history.diff(0, 3) == []
    assert history.now is history.at(100)


def test_R23_roles_and_lists_are_logged_with_before_and_after_too():
    history = run(
        (0, AddMember(actor="ann", bc="bc_brand", person="ben", role=BusinessRole.ADMIN)),
        (1, InstallPixel(actor="ben", website="shop", pixel="px_new", beside=True)),
    )
    assert [record.changes for record in history.records] == [
        (Change("members", "bc_brand > ben", "", BusinessRole.STANDARD, BusinessRole.ADMIN),),
        (Change("websites", "shop", "pixels", ("px",), ("px", "px_new")),),
    ]
    log = change_log(history)
    assert list(zip(log["before"], log["after"], strict=True)) == [
        ("STANDARD", "ADMIN"),
        ('["px"]', '["px", "px_new"]'),
    ]


PAGE = InstallPixel(actor="ben", website="shop", pixel="px_new")


def test_R02_a_pixel_goes_beside_another_or_replaces_it_but_never_silently():
    decision = no(market(), PAGE, Cause.REPLACES_PIXEL, "R02")
    assert "campaign camp of ad account acc_agency" in decision.reason
    assert yes(market(), dataclasses.replace(PAGE, beside=True)).websites["shop"].pixels == ("px", "px_new")
    assert yes(market(), dataclasses.replace(PAGE, replace=True)).websites["shop"].pixels == ("px_new",)
    bare = market().changed("websites", "shop", pixels=())
    assert yes(bare, PAGE).websites["shop"].pixels == ("px_new",)


def test_R02_who_loses_the_signal_is_named_by_account_where_no_campaign_uses_the_pixel():
    idle = market().changed("campaigns", "camp", deleted=True)
    assert "ad accounts acc_agency, acc_brand would lose" in no(idle, PAGE, Cause.REPLACES_PIXEL, "R02").reason


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"pixel": "px"}, Cause.ALREADY_SO),
        ({"pixel": "px", "replace": True}, Cause.ALREADY_SO),
        ({"pixel": "px", "beside": True}, Cause.ALREADY_SO),
        ({"pixel": "nothing"}, Cause.UNKNOWN_ID),
        ({"website": "nowhere"}, Cause.UNKNOWN_ID),
        ({"actor": "lou"}, Cause.PERSON_LEFT),
    ],
)
def test_R02_installing_is_refused(changes, cause):
    no(market(), dataclasses.replace(PAGE, **changes), cause, "R02")


def test_R02_of_two_pixels_on_a_page_one_can_stay_or_be_taken_off():
    two = market().changed("websites", "shop", pixels=("px", "px_new"))
    assert yes(two, dataclasses.replace(PAGE, replace=True)).websites["shop"].pixels == ("px_new",)
    off = UninstallPixel(actor="ben", website="shop", pixel="px")
    assert yes(two, off).websites["shop"].pixels == ("px_new",)
    no(yes(two, off), off, Cause.ALREADY_SO, "R02")
    no(two, dataclasses.replace(off, website="nowhere"), Cause.UNKNOWN_ID, "R02")
