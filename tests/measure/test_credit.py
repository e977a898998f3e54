"""Credit inside a whole run, steps, grants and all, against credit worked out by hand."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

VARIANTS = [
    *({"scope": a, "in_flight": b} for a, b in itertools.product(("pixel", "account"), ("cut", "until_window_ends"))),
    {"last_instant": False},
    {"again": True},
    {"again": True, "scope": "account", "in_flight": "until_window_ends"},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: " ".join(map(str, v.values())))
def test_every_kept_event_is_credited_as_by_hand(tell, variant):
    story = tell(**variant)
    log, start = story.log.astype(object).to_dict("records"), story.run.scenario.start
    assert {v.reason for v in story.verdicts} >= {"credited", "access_ended", "outside_window", "no_touch"}
    for verdict in story.verdicts:
        row = log[verdict.row]
        expected = verdict.reason
        if verdict.touch is not None and not story.counts[verdict.row, verdict.touch.account]:
            expected = "not_counted_again"
        assert row["credit"] == expected, verdict
        assert (row["refused_account"] if verdict.refused else None) == verdict.refused, verdict
        if verdict.touch is None:
            assert all(pd.isna(row[name]) for name in ("ad_group", "ad", "account", "touch_at", "touch"))
            continue
        touch = verdict.touch
        assert (row["ad_group"], row["ad"], row["account"]) == (touch.ad_group, touch.ad, touch.account)
        assert row["touch_at"] - start == pd.Timedelta(milliseconds=touch.at)
        assert row["touch"] == ("click", "engaged_view", "view")[touch.kind]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: " ".join(map(str, v.values())))
def test_claims_are_those_worked_out_by_hand(tell, variant):
    story = tell(**variant)
    claims, numbering = story.run.simulation.claims, story.run.simulation.numbering
    found = {
        (int(claims.row[i]), numbering.accounts[claims.account[i]]): (
            int(claims.touch_at[i]),
            numbering.ad_groups[claims.ad_group[i]],
            numbering.ads[claims.ad[i]],
            int(claims.kind[i]),
            bool(claims.counted[i]),
        )
        for i in range(len(claims))
    }
    expected = {
        (v.row, account): (touch.at, touch.ad_group, touch.ad, touch.kind, story.counts[v.row, account])
        for v in story.verdicts
        for account, touch in v.claims.items()
    }
    assert len(claims) == len(found)
    assert found == expected


def test_rows_that_were_not_kept_have_no_credit(tell):
    log = tell().log
    assert (log["fate"] != "kept").any()
    assert log.loc[log["fate"] != "kept", ["credit", "ad_group", "touch_at", "refused_account"]].isna().all().all()


def test_scopes_agree_on_what_is_attributed_and_differ_in_who_claims(tell):
    pixel, account = tell(), tell(scope="account")
    assert [v.touch for v in pixel.verdicts] == [v.touch for v in account.verdicts]
    claims = account.run.simulation.claims
    both = len(claims) - len(pixel.run.simulation.claims)
    assert both > 0
    assert both == sum(len(v.claims) > 1 for v in account.verdicts)


def test_cutting_takes_what_the_open_windows_would_still_have_earned(tell):
    cut, until = tell(), tell(in_flight="until_window_ends")
    earned = {
        name: {v.row for v in story.verdicts if v.touch and v.touch.account == "acc_agency"}
        for name, story in (("cut", cut), ("until", until))
    }
    assert earned["cut"] < earned["until"]
    late = earned["until"] - earned["cut"]
    at = cut.run.simulation.log.at
    assert all(at[row] >= 6.25 * 86_400_000 for row in late)
    assert all(v.touch.at < 6.25 * 86_400_000 for v in until.verdicts if v.row in late)
