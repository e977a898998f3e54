"""Runs in counts in the shape of runs with events: same rows, same people, same money; nothing untouched moves."""

from __future__ import annotations

import dataclasses
import operator

import numpy as np
import pandas as pd
import pytest
from count_worlds import FOLLOWED, of_counts

from benchmarks.scenarios import ending_of, small
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.counts import count, count_conservation, count_metrics, count_outcomes
from pixelsim.counts.outcomes import count_delivery
from pixelsim.counts.tally import Tally
from pixelsim.measure import metrics, outcomes
from pixelsim.scenario import scenario
from pixelsim.scenario.plan import HumanDelay
from pixelsim.study import run
from pixelsim.traffic.simulate import simulate

TALLIED = [field.name for field in dataclasses.fields(Tally)]


@pytest.fixture(scope="module")
def agency():
    given = scenario("agency")
    return given, simulate(given, 3), count(given, 3)


@pytest.mark.parametrize("level", ["campaign", "ad_group", "ad"])
@pytest.mark.parametrize("by", ["total", "day"])
def test_metrics_have_the_rows_of_events(agency, by, level) -> None:
    _, events, counts = agency
    expected, found = metrics(events, by=by, level=level), count_metrics(counts, by=by, level=level)
    assert [*expected.columns, "exactness"] == list(found.columns)
    keys = expected.columns.drop("value")
    pd.testing.assert_frame_equal(found[keys], expected[keys], check_dtype=False)
    assert (found["value"].isna() == expected["value"].isna()).all()


def test_days_add_up_to_the_total(agency) -> None:
    _, _, counts = agency
    keys = ["viewer", "surface", "metric", "event", "object"]
    total = count_metrics(counts).dropna(subset="value").set_index(keys)["value"]
    by_day = count_metrics(counts, by="day").dropna(subset="value").groupby(keys)["value"].sum()
    pd.testing.assert_series_equal(by_day.sort_index(), total.sort_index(), check_names=False)
    of_brand = total.xs("brand").drop("attributed events (campaign level)", level="metric")
    one, other = (of_brand.xs(surface) for surface in ("Events Manager", "Ads Manager"))
    assert one.tolist() == other.tolist(), "a quantity is one number on both surfaces"


def test_reports_as_of_a_day(agency) -> None:
    _, events, counts = agency
    early, late = (count_metrics(counts, "brand", as_of=day) for day in (10, 35))
    assert (late["value"] >= early["value"]).all()
    states = metrics(events, "brand", as_of=10)["state"]
    assert early["state"].tolist() == states.tolist()
    with pytest.raises(InputError, match="a whole day"):
        count_metrics(counts, "brand", as_of=10.3)


def test_unknown_viewer(agency) -> None:
    with pytest.raises(UnknownNameError, match="viewer 'nobody' does not exist"):
        count_metrics(agency[2], "nobody")


def test_outcomes_have_the_rows_of_events(agency) -> None:
    _, events, counts = agency
    expected, found = outcomes(events), count_outcomes(counts)
    keys = ["outcome", "object", "unit", "plane"]
    pd.testing.assert_frame_equal(found[keys], expected[keys], check_dtype=False)
    exact = found.set_index("outcome")["exactness"]
    assert set(exact.loc[["spend", "orphaned spend", "orders"]]) == {"exact"}
    # A person of 200,000 can be touched twice, so what is credited rests on the closed form.
    assert exact["conversions attributed"].iloc[0] == "approximate"


def test_people_do_the_same() -> None:
    """Delays, refusals and retries are drawn by the same streams: same change log, same refusals, same access."""
    given = scenario("ending_unshare_first")
    delays = {person: HumanDelay(median_hours=20.0, sigma=1.0) for person in ("client_admin", "agency_buyer")}
    given = given.replace(plan=given.plan.replace(delays=delays), policy="strict")
    events, counts = run(given, seed=4), run(given, seed=4, detail="counts")
    pd.testing.assert_frame_equal(events.change_log(), counts.change_log())
    pd.testing.assert_frame_equal(events.refused(), counts.refused())
    assert len(counts.refused()) > 0
    both = [one.responses().query("kind == 'access'")["value"].tolist() for one in (events, counts)]
    assert both[0] == both[1]
    with pytest.raises(InputError, match="events where a log is asked for"):
        counts.log()


def test_hops_are_conserved(agency) -> None:
    table = count_conservation(agency[2]).iloc[0]
    assert table["sent"] == table["lost"] + table["received"]
    assert table["received"] == table["kept"] + table["merged"] + table["dropped"]
    assert table["kept"] == table["attributed"] + table["unattributed"]


def test_delivery_adds_up_to_the_outcomes(agency) -> None:
    delivery = count_delivery(agency[2]).groupby("account")[["spend", "orphaned_spend"]].sum()
    found = count_outcomes(agency[2]).set_index(["outcome", "object"])["value"]
    for account, row in delivery.iterrows():
        assert row["spend"] == pytest.approx(found["spend", account])
        assert row["orphaned_spend"] == pytest.approx(found["orphaned spend", account])


def test_the_same_seed_gives_the_same_counts() -> None:
    given = small(days=8, steps=ending_of("agency", stop=5.0, unshare=3.3), policy="continue")
    assert of_counts(count(given, 9, 2)) == of_counts(count(given, 9, 2))
    assert of_counts(count(given, 9, 2)) != of_counts(count(given, 9, 3))


@pytest.mark.parametrize(("stop", "unshare"), [(5.0, 3.0), (5.0, 3.37), (4.21, None)])
def test_what_no_change_touches_does_not_move(stop, unshare) -> None:
    """The second agency has a pixel of its own and leads to another website; and before the change nobody moves."""
    same = {"days": 8, "own_pixel": True, "policy": "continue", "websites": ("shop", "other")}
    one, other = count(small(**same), 5), count(small(**same, steps=ending_of("agency", stop=stop, unshare=unshare)), 5)
    names = one.numbering.ad_groups
    second, brand, agency = (names.index(f"{who}_group") for who in ("second", "brand", "agency"))
    assert np.array_equal(one.credit[second].claims, other.credit[second].claims)
    for unmoved in (second, brand):
        for name in ("impressions", "spend", *(f"followed.{f}" for f in FOLLOWED), *(f"tally.{f}" for f in TALLIED)):
            pair = [operator.attrgetter(name)(run.paid[unmoved]) for run in (one, other)]
            assert np.array_equal(*pair), name
    assert np.array_equal(one.sites[0].sources[0].sessions, other.sites[0].sources[0].sessions)
    first = int(min(stop, unshare or stop))
    before = one.paid[agency].rows.cell < first
    for name in FOLLOWED:
        pair = [getattr(run.paid[agency].followed, name) for run in (one, other)]
        assert np.array_equal(pair[0][before], pair[1][: before.sum()]), name
    assert other.paid[agency].spend.sum() < one.paid[agency].spend.sum()


def test_a_replication_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="a whole number of at least 0"):
        count(small(), -1)
