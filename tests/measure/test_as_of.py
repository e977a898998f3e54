"""Reports read as of a date: they grow and never shrink, end at the final figures, and say what may still change."""

from __future__ import annotations

import dataclasses
import itertools

import pandas as pd
import pytest
from measured_runs import OFFSETS, VARIANTS, counted, measured

from pixelsim.measure import Figure, Metric, Stage, metrics

KEYS = ["viewer", "surface", "metric", "event", "object", "day"]
LAG = {"held, taken off the page": 11}
ALWAYS = "brand"
"""The creator's viewer, whose access never ends."""


def values(variant: str, viewer: str | None = ALWAYS, **how) -> pd.Series:
    table = metrics(measured(variant), viewer, **how)
    return table.set_index(KEYS)["value"]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("by", ["total", "day"])
def test_figures_grow_with_the_date_on_which_they_are_read(variant, by):
    dates = [0.0, 0.4, 1.0, 2.7, 4.0, 6.5, 7.0, 9.0]
    read = [values(variant, by=by, as_of=date) for date in dates]
    total = [int(r.sum()) for r in read]
    assert total == sorted(total)
    assert total[0] == 0
    assert len(set(total)) > 5
    for earlier, later in itertools.pairwise(read):
        both = earlier.index.intersection(later.index)
        assert (earlier[both] <= later[both]).all()
        assert earlier.drop(both).sum() == 0, "what is not shown any more was nothing"


@pytest.mark.parametrize("variant", VARIANTS)
def test_read_late_enough_they_are_the_final_figures(variant):
    final = metrics(measured(variant), ALWAYS, by="day")
    late = metrics(measured(variant), ALWAYS, by="day", as_of=60.0)
    pd.testing.assert_frame_equal(late, final)
    assert set(final["state"]) == {"final"}
    pd.testing.assert_series_equal(values(variant, as_of=60.0), values(variant))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("as_of", [0.3, 2.0, 3.9, 6.2])
def test_what_is_read_on_a_date_is_what_had_arrived_before_the_lag(variant, as_of):
    for event in ("Purchase", "PageView"):
        read = metrics(measured(variant), ALWAYS, as_of=as_of)
        mine = read[read["event"] == event]
        for stage, surface in ((Stage.TOTAL, "Events Manager"), (Stage.ATTRIBUTED, "Events Manager")):
            (found,) = mine.loc[(mine["metric"] == stage) & (mine["surface"] == surface), "value"]
            assert found == len(counted(variant, Figure(stage=stage, event=event, as_of=as_of)))
        own = mine.loc[mine["metric"] == Metric.CAMPAIGN, "value"].sum()
        figure = Figure(stage=Stage.ACCOUNT, account="acc_brand", event=event, as_of=as_of)
        assert own == len(counted(variant, figure))


@pytest.mark.parametrize("hours", [0.5, 11.0, 30.0])
def test_a_lag_is_the_same_as_reading_so_much_earlier(hours):
    simulation = measured("server leg")
    lagging = dataclasses.replace(
        simulation,
        scenario=simulation.scenario.replace(
            measurement=simulation.scenario.measurement.replace(reporting_lag_hours=hours)
        ),
    )
    for as_of in (2.0, 5.25):
        late = metrics(lagging, ALWAYS, by="day", as_of=as_of).set_index(KEYS)["value"]
        early = values("server leg", by="day", as_of=as_of - hours / 24)
        # Days that the earlier date does not show yet have nothing in the later report.
        shown = early.index.intersection(late.index)
        pd.testing.assert_series_equal(late[shown], early[shown])
        assert late.drop(shown).sum() == 0


def expected_state(variant: str, row: dict, as_of: float) -> str:
    """Tell a day's state by hand: is it over, and could a window of 28 days still bring something in?"""
    start = pd.Timestamp(measured(variant).scenario.start).tz_convert("UTC").tz_localize(None)
    offset = pd.Timedelta(OFFSETS[row["account"]].replace("+", "") + ":00")
    end = (row["day"] + pd.Timedelta(days=1) - offset - start) / pd.Timedelta(days=1)
    newest = as_of - LAG.get(variant, 0) / 24
    if end > newest:
        return "incomplete"
    grows = row["day_basis"] == "interaction" and row["metric"] != Metric.TOTAL
    return "may grow" if grows and end + 28 > newest else "final"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("as_of", [0.2, 3.5, 7.0, 31.5, 40.0])
def test_states_say_what_is_final_what_may_grow_and_what_is_incomplete(variant, as_of):
    table = metrics(measured(variant), ALWAYS, by="day", as_of=as_of)
    rows = table.to_dict("records")
    assert [row["state"] for row in rows] == [expected_state(variant, row, as_of) for row in rows]
    if as_of == 31.5 and variant == "server leg":
        assert set(table["state"]) == {"final", "may grow"}
    if as_of == 3.5:
        assert "incomplete" in set(table["state"])


def test_what_is_final_does_not_change_any_more():
    """Copies that are sent later than the lag would still change the days of their events, so none are here."""
    simulation = measured("no ids, each account claims")
    browser = simulation.log.take(simulation.log.channel == 0)
    assert (browser.at == browser.received).all()
    only = dataclasses.replace(simulation, log_parts=(browser,))
    final = metrics(only, ALWAYS, by="day").set_index(KEYS)["value"]
    seen = 0
    for as_of in (1.5, 4.0, 6.9):
        table = metrics(only, ALWAYS, by="day", as_of=as_of)
        done = table[(table["state"] == "final") & (table["metric"] == Metric.TOTAL)].set_index(KEYS)["value"]
        pd.testing.assert_series_equal(done, final[done.index])
        seen += len(done)
        growing = table[table["state"] != "final"].set_index(KEYS)["value"]
        assert (growing < final[growing.index]).any()
    assert seen > 50


def test_reports_of_an_instant_have_the_access_of_that_instant():
    unshared = 4.25
    for as_of, sees in ((unshared - 0.01, True), (unshared, False), (6.0, False)):
        table = metrics(measured("unshared"), "agency", as_of=as_of)
        above = table[table["metric"] != Metric.CAMPAIGN]
        assert above["value"].notna().all() == sees
        assert set(above["rule"]) == ({"R24", "R25", "R26"} if sees else {"R20"})
        kept = table[table["metric"] == Metric.CAMPAIGN]
        assert kept["value"].notna().all(), "its own campaign reports it keeps"


def test_campaign_reports_after_the_unshare_still_take_in_what_open_windows_bring():
    """In-flight conversions are counted until their windows end, so the account's own figures still grow."""
    reads = [
        metrics(measured("unshared"), "agency", as_of=as_of).query("metric == @Metric.CAMPAIGN.value")["value"].sum()
        for as_of in (4.25, 5.0, 7.0)
    ]
    assert reads[0] < reads[1] < reads[2]


def test_days_of_the_future_are_not_shown():
    table = metrics(measured("server leg"), ALWAYS, by="day", as_of=2.25)
    # 2.25 days after midnight UTC is 11:30 of the third day at UTC+05:30.
    assert table["day"].max() == pd.Timestamp("2026-01-07")
    assert table["day"].min() == pd.Timestamp("2026-01-05")
