"""Several reports: pulls merged, shapes kept apart, campaigns never counted twice, currencies never mixed."""

from __future__ import annotations

import pytest

from pixelsim.base.errors import InputError
from pixelsim.exchange import AdsReport, estimate
from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.combine import campaign_days, combine


def made(rows: list[tuple[str, str, float, int]], source: str, *, names: bool = False, currency: str = "") -> AdsReport:
    """Make a report of campaign, day, spend and impressions."""
    head = [
        "campaign_name" if names else "campaign_id",
        "stat_time_day",
        "spend",
        "impressions",
        "clicks",
        "conversion",
    ]
    cells = [[c, d, f"{s:.2f}", str(i), str(i // 100), str(i // 1000)] for c, d, s, i in rows]
    if currency:
        head, cells = [*head, "currency"], [[*row, currency] for row in cells]
    return report_of_table(head, cells, source)


FIRST = made([("c1", "2025-03-01", 10, 1000), ("c1", "2025-03-02", 20, 2000)], "first")
SECOND = made([("c1", "2025-03-02", 21, 2100), ("c1", "2025-03-03", 30, 3000)], "second")


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_pulls_of_one_shape_are_merged_and_the_later_one_wins(order):
    found = combine(order)
    (report,) = found.reports
    assert report.totals()["spend"] == 10 + 21 + 30
    assert [pull.source for pull in found.pulls[0]] == ["first", "second"]
    # Spend, impressions and clicks of the second day changed.
    assert "later ones changed 3 numbers" in found.notes[0]


def test_reports_of_two_shapes_are_both_used_and_no_campaign_twice():
    other = made([("c1", "2025-03-01", 5, 900), ("c2", "2025-03-01", 7, 700)], "named", names=True)
    more = made([*((f"c{k}", f"2025-03-0{d}", 1, 100) for k in (1, 3) for d in range(1, 5))], "ids")
    days, notes = campaign_days(combine([other, more]))
    assert sorted(days["campaign"].unique()) == ["c1", "c2", "c3"]
    assert days.loc[days["campaign"] == "c1", "spend"].sum() == 4.0
    assert notes == ("named: 1 campaigns are in a report with more rows too (c1); left out",)
    found = estimate(combine([other, more]))
    assert {c.campaign: c.click_rate.source.partition(":")[0] for c in found.campaigns} == {
        "c1": "ids",
        "c2": "named",
        "c3": "ids",
    }


def test_two_currencies_are_refused():
    euro = made([("c1", "2025-03-01", 1, 100)], "euro", currency="EUR")
    dollar = made([("c2", "2025-03-01", 1, 100)], "dollar", currency="USD")
    with pytest.raises(InputError, match="one currency over all reports"):
        combine([euro, dollar])
    assert combine([euro, FIRST]).currency == "EUR"
    with pytest.raises(InputError, match="at least one report"):
        combine([])
