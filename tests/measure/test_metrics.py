"""The five metrics of R24 to R27 as each viewer reads them, against a recount of the decoded log with pandas."""

from __future__ import annotations

import pandas as pd
import pytest
from crowded_run import PIXEL

from pixelsim.base.errors import UnknownNameError
from pixelsim.measure.metrics import COLUMNS, Metric, metrics

EVENTS = ["PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase"]
OFFSETS = {"brand": "05:30:00", "agency": "-08:00:00", "outsider": "09:00:00"}
FIVE = [
    ("Events Manager", "total events", "R24"),
    ("Events Manager", "attributed events", "R25"),
    ("Ads Manager", "total events", "R26"),
    ("Ads Manager", "attributed events", "R26"),
    ("Ads Manager", "attributed events (campaign level)", "R27"),
]


def recount(frame: pd.DataFrame, when: str, viewer: str, by: str, objects: str | None = None) -> dict[tuple, int]:
    """Count rows of a frame by event name, object and day on the viewer's clock, leaving zeros out."""
    keys = [frame["event"].astype(str)]
    keys.append(frame[objects].astype(str) if objects else pd.Series("", index=frame.index))
    local = (frame[when].dt.tz_convert("UTC") + pd.Timedelta(OFFSETS[viewer])).dt.tz_localize(None).dt.floor("D")
    keys.append(local if by == "day" else pd.Series(pd.NaT, index=frame.index).astype("datetime64[us]"))
    sizes = frame.groupby(
        [k.rename(n) for k, n in zip(keys, ("event", "object", "day"), strict=True)], dropna=False
    ).size()
    return {(e, o, None if pd.isna(d) else d): int(n) for (e, o, d), n in sizes.items() if n}


def read(table: pd.DataFrame) -> dict[tuple, int]:
    """Give the values of rows by event name, object and day, leaving zeros out."""
    rows = zip(table["event"], table["object"], table["day"], table["value"], strict=True)
    return {(e, o, None if pd.isna(d) else d): int(v) for e, o, d, v in rows if v != 0}


def only(table: pd.DataFrame, surface: str, metric: str) -> pd.DataFrame:
    return table[(table["surface"] == surface) & (table["metric"] == metric)]


@pytest.mark.parametrize("by", ["total", "day"])
@pytest.mark.parametrize("basis", ["interaction", "event"])
@pytest.mark.parametrize("viewer", ["brand", "agency"])
def test_each_figure_equals_a_recount_of_the_log(tell, viewer, basis, by):
    story = tell(again=True, day_basis=basis)
    table = story.run.metrics(viewer, by=by)
    log = story.log
    kept, credited = log[log["fate"] == "kept"], log[log["credit"] == "credited"]
    when = "touch_at" if basis == "interaction" else "at"
    assert read(only(table, "Events Manager", "total events")) == recount(kept, "at", viewer, by)
    assert read(only(table, "Ads Manager", "total events")) == recount(kept, "at", viewer, by)
    assert read(only(table, "Events Manager", "attributed events")) == recount(credited, "at", viewer, by)
    assert read(only(table, "Ads Manager", "attributed events")) == recount(credited, when, viewer, by)
    campaigns = {g.id: g.campaign for g in story.run.scenario.structure.ad_groups}
    own = credited[credited["account"] == f"acc_{viewer}"].assign(campaign=lambda f: f["ad_group"].map(campaigns))
    assert read(only(table, "Ads Manager", Metric.CAMPAIGN)) == recount(own, when, viewer, by, "campaign")
    assert sum(recount(kept, "at", viewer, by).values()) > 1000


@pytest.mark.parametrize("level", ["campaign", "ad_group", "ad"])
@pytest.mark.parametrize("scope", ["pixel", "account"])
@pytest.mark.parametrize("viewer", ["brand", "agency"])
def test_campaign_levels_equal_the_claims_worked_out_by_hand(tell, viewer, scope, level):
    story = tell(scope=scope)
    claims = story.claims()
    own = claims[claims["account"] == f"acc_{viewer}"]
    for by in ("total", "day"):
        table = only(story.run.metrics(viewer, by=by, level=level), "Ads Manager", Metric.CAMPAIGN)
        assert read(table) == recount(own, "touch_at", viewer, by, level)
        assert set(table["object_type"]) == {level}


def test_levels_add_up(tell):
    look = tell(again=True).run.metrics
    sums = [
        only(look("agency", level=level), "Ads Manager", Metric.CAMPAIGN).groupby("event")["value"].sum().to_dict()
        for level in ("campaign", "ad_group", "ad")
    ]
    assert sums[0] == sums[1] == sums[2]
    assert sums[0]["Purchase"] > 0


def test_days_add_up_to_the_total(tell):
    look = tell(again=True).run.metrics
    keys = ["viewer", "surface", "metric", "event", "object"]
    total, days = look(by="total"), look(by="day")
    with_value = days[days["value"].notna()].groupby(keys)["value"].sum()
    pd.testing.assert_series_equal(with_value, total[total["value"].notna()].groupby(keys)["value"].sum())


def test_every_day_of_the_run_has_a_row_zeros_included(tell):
    days = tell(again=True).run.metrics("brand", by="day")
    # Twelve days from midnight UTC are thirteen on a clock five and a half hours ahead.
    expected = pd.date_range("2026-01-05", "2026-01-17", freq="D")
    for (_, _, event, _), rows in days.groupby(["surface", "metric", "event", "object"]):
        assert rows["day"].tolist() == expected.tolist(), event
    assert (days["value"] == 0).any()


def test_clocks_move_events_to_other_days_and_lose_none(tell):
    table = only(tell(again=True).run.metrics(by="day"), "Events Manager", "total events")
    purchase = table[table["event"] == "Purchase"].set_index(["viewer", "day"])["value"]
    brand, agency = purchase["brand"], purchase["agency"]
    assert brand.sum() == agency.sum() > 0
    assert brand.index[0] == agency.index[0] + pd.Timedelta(days=1)
    assert brand.to_dict() != agency.to_dict()
    shown = table.groupby("viewer")["utc_offset"].unique().map(list).to_dict()
    assert shown == {"brand": ["UTC+05:30"], "agency": ["UTC-08:00"], "outsider": ["UTC+09:00"]}


def test_all_five_metrics_are_there_for_everybody_in_their_order(tell):
    table = tell(again=True).run.metrics()
    assert list(table.columns) == list(COLUMNS)
    for viewer in ("brand", "agency"):
        mine = table[table["viewer"] == viewer]
        assert [tuple(x) for x in mine[["surface", "metric", "rule"]].drop_duplicates().to_numpy()] == FIVE
        assert set(mine["account"]) == {f"acc_{viewer}"}
        assert set(mine["pixel"]) == {PIXEL}
        assert (mine.groupby(["surface", "metric", "object"])["event"].apply(list).map(lambda x: x == EVENTS)).all()
    basis = table.groupby(["surface", "metric"])["day_basis"].unique().map(list).to_dict()
    assert basis == {
        ("Events Manager", "total events"): ["event"],
        ("Events Manager", "attributed events"): ["event"],
        ("Ads Manager", "total events"): ["event"],
        ("Ads Manager", "attributed events"): ["interaction"],
        ("Ads Manager", "attributed events (campaign level)"): ["interaction"],
    }


def test_R20_a_revoked_account_keeps_its_campaign_level_and_nothing_else(tell):
    story = tell()
    mine = story.run.metrics("agency")
    gone, kept = mine[mine["metric"] != Metric.CAMPAIGN], mine[mine["metric"] == Metric.CAMPAIGN]
    assert gone["value"].isna().all()
    assert set(gone["rule"]) == {"R20"}
    assert gone["reason"].str.contains("acc_agency").all()
    assert gone["reason"].str.contains("revoked").all()
    assert len(gone) == 4 * len(EVENTS)
    claims = story.claims()
    own = claims[claims["account"] == "acc_agency"]
    assert read(kept) == recount(own, "touch_at", "agency", "total", "campaign")
    assert (kept["reason"] == "").all()
    assert kept["value"].sum() > 0


def test_a_campaign_that_earned_nothing_is_a_zero_not_missing(tell):
    mine = tell().run.metrics("agency")
    launch = mine[mine["object"] == "launch"]
    assert launch["value"].tolist() == [0] * 5
    assert (launch["rule"] == "R27").all()


@pytest.mark.parametrize("by", ["total", "day"])
def test_an_account_that_never_had_access_reads_nothing_with_rule_and_reason(tell, by):
    mine = tell().run.metrics("outsider", by=by)
    assert len(mine) == 5 * len(EVENTS)
    assert mine["value"].isna().all()
    assert set(mine["rule"]) == {"R17"}
    assert (mine["reason"].str.len() > 20).all()
    assert mine["day"].isna().all()


@pytest.mark.parametrize("viewer", ["brand", "agency"])
def test_own_ads_shows_a_receiver_what_its_own_ads_earned_and_the_owner_everything(tell, viewer):
    story = tell(again=True, attributed_shown="own_ads")
    table = story.run.metrics(viewer, by="day")
    credited = story.log[story.log["credit"] == "credited"]
    shown = credited if viewer == "brand" else credited[credited["account"] == "acc_agency"]
    assert read(only(table, "Events Manager", "attributed events")) == recount(shown, "at", viewer, "day")
    assert read(only(table, "Ads Manager", "attributed events")) == recount(shown, "touch_at", viewer, "day")
    assert len(shown) > 100


def test_P61_attributed_events_never_exceed_total_events(tell):
    for scope in ("pixel", "account"):
        table = tell(again=True, scope=scope).run.metrics()
        values = table[table["surface"] == "Events Manager"].pivot_table(
            index=["viewer", "event"], columns="metric", values="value", aggfunc="sum"
        )
        assert (values["attributed events"] <= values["total events"]).all()


def test_P61_scopes_agree_on_the_pixel_and_differ_in_the_sum_of_accounts(tell):
    def figures(scope: str) -> tuple[int, int, int]:
        table = tell(again=True, scope=scope).run.metrics()
        purchase = table[table["event"] == "Purchase"]
        brand = purchase[purchase["viewer"] == "brand"]
        claimed = purchase[purchase["metric"] == Metric.CAMPAIGN]["value"].sum()
        total = only(brand, "Events Manager", "total events")["value"].sum()
        return int(total), int(only(brand, "Events Manager", "attributed events")["value"].sum()), int(claimed)

    pixel, account = figures("pixel"), figures("account")
    assert pixel[:2] == account[:2]
    assert pixel[2] == pixel[1]
    assert account[2] > account[1]


def test_one_viewer_is_a_part_of_all(tell):
    run = tell().run
    whole = run.metrics()
    one = run.metrics("agency")
    pd.testing.assert_frame_equal(whole[whole["viewer"] == "agency"].reset_index(drop=True), one)


def test_an_unknown_viewer_is_refused_with_the_known_ones(tell):
    with pytest.raises(UnknownNameError, match="viewer 'agancy' does not exist; did you mean 'agency'"):
        tell().run.metrics("agancy")


def test_without_viewers_every_account_reads(tell):
    import pixelsim as ps

    run = ps.run(tell().run.scenario.replace(viewers=[]), seed=5)
    assert run.metrics()["viewer"].unique().tolist() == ["acc_agency", "acc_brand", "acc_outsider"]
    values = run.metrics("acc_brand")["value"].tolist()
    assert values == tell().run.metrics("brand")["value"].tolist()


# Reports read at a date.


@pytest.mark.parametrize(("as_of", "may"), [(6.0, True), (6.2499, True), (6.25, False), (9.4, False), (9.5, True)])
def test_access_is_that_of_the_instant_of_reading(tell, as_of, may):
    mine = only(metrics(tell(again=True).run.simulation, "agency", as_of=as_of), "Events Manager", "total events")
    assert mine["value"].notna().all() == may
    assert set(mine["rule"]) == {"R24" if may else "R20"}


def test_a_report_read_earlier_holds_what_was_received_by_then(tell):
    story = tell(again=True, reporting_lag_hours=6.0)
    log = story.log
    newest = pd.Timestamp(story.run.scenario.start) + pd.Timedelta(days=5) - pd.Timedelta(hours=6)
    known = log[(log["fate"] == "kept") & (log["received"] <= newest)]
    credited = known[known["credit"] == "credited"]
    table = metrics(story.run.simulation, "brand", by="day", as_of=5.0)
    assert read(only(table, "Events Manager", "total events")) == recount(known, "at", "brand", "day")
    assert read(only(table, "Ads Manager", "attributed events")) == recount(credited, "touch_at", "brand", "day")
    assert 0 < len(known) < len(log)


def test_states_tell_which_figures_are_final(tell):
    story = tell(again=True)
    assert set(story.run.metrics("brand", by="day")["state"]) == {"final"}
    table = metrics(story.run.simulation, "brand", by="day", as_of=5.0)
    total = only(table, "Events Manager", "total events").groupby("day")["state"].first()
    campaign = only(table, "Ads Manager", Metric.CAMPAIGN).groupby("day")["state"].first()
    # Read at midnight UTC of day 5, which is 05:30 of 10 January on the brand's clock.
    assert total.tolist() == ["final"] * 5 + ["incomplete"]
    assert campaign.tolist() == ["may grow"] * 5 + ["incomplete"]
