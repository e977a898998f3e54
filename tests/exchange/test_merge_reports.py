from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import read_export
from pixelsim.exchange.merge import merge_reports

HEAD = "Campaign name,Ad name,By Day,Cost,Impressions,Conversions\n"
FIRST = HEAD + "c,a1,2025-03-01,10,1000,4\nc,a2,2025-03-01,20,2000,-\nc,a1,2025-03-02,11,1100,1\n"
SECOND = HEAD + "c,a1,2025-03-02,11,1099,5\nc,a2,2025-03-01,20,2000,2\nc,a1,2025-03-03,12,1200,0\n"


@pytest.fixture
def reports(write):
    return [read_export(write(text, name=f"{n}.csv")) for n, text in (("first", FIRST), ("second", SECOND))]


def test_latest_wins_and_nothing_is_counted_twice(reports):
    merged = merge_reports(reports).report
    assert len(merged.frame) == 4
    assert merged.totals().to_dict() == {"spend": 53.0, "impressions": 5299.0, "conversions": 11.0}
    row = merged.frame.loc[(merged.frame["ad_name"] == "a1") & (merged.frame["date"] == "2025-03-02")].iloc[0]
    assert (row["conversions"], row["source"], row["source_row"]) == (5.0, "second.csv", 2)
    assert row["cpa"] == 11 / 5


def test_every_changed_number_is_restated(reports):
    changes = merge_reports(reports).restatements
    found = changes.set_index(["ad_name", "column"])[["before", "after", "difference"]]
    assert found.loc[("a1", "impressions")].tolist() == [1100.0, 1099.0, -1.0]
    assert found.loc[("a1", "conversions")].tolist() == [1.0, 5.0, 4.0]
    assert np.isnan(found.loc[("a2", "conversions"), "before"])
    assert found.loc[("a2", "conversions"), "after"] == 2.0
    assert len(changes) == 3
    assert set(changes["after_source"]) == {"second.csv"}


def test_rows_that_a_later_export_lacks_are_kept_and_said(reports):
    merged = merge_reports(reports).report
    kept = merged.frame.loc[(merged.frame["ad_name"] == "a1") & (merged.frame["date"] == "2025-03-01")]
    assert kept["source"].tolist() == ["first.csv"]
    assert any("1 rows of days in second.csv are not in it any more" in note for note in merged.notes)


def test_order_decides_which_is_latest(reports):
    back = merge_reports(reports[::-1])
    assert back.report.totals()["conversions"] == 4.0 + 1.0 + 0.0
    assert len(back.restatements) == 3


def test_one_report_alone_restates_nothing(reports):
    merged = merge_reports(reports[:1])
    assert merged.restatements.empty
    pd.testing.assert_frame_equal(
        merged.report.frame.drop(columns="source").sort_values("source_row", ignore_index=True), reports[0].frame
    )


def test_unlike_reports_are_refused_with_every_difference(reports, write):
    other = read_export(write("Campaign name,Cost,Currency\nc,1,EUR\n", name="other.csv"))
    with pytest.raises(InputError) as refused:
        merge_reports([reports[0], other])
    assert [f.field for f in refused.value.faults] == ["level", "by_day", "currency", "key"]
    with pytest.raises(InputError, match="at least one report"):
        merge_reports([])


def test_rows_that_share_their_keys_are_refused(write):
    twice = read_export(write(HEAD + "c,a1,2025-03-01,10,1000,4\nc,a1,2025-03-01,20,2000,1\n"))
    with pytest.raises(InputError, match="KEY_TOO_SMALL"):
        merge_reports([twice, twice])
