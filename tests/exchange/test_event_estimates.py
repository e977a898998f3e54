"""What a log of events tells: visits by hour, delays from click to order, order values, copies counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pixelsim.exchange.ad_life import ad_life
from pixelsim.exchange.api_report import report_of_table
from pixelsim.exchange.combine import combine
from pixelsim.exchange.event_estimates import event_estimates
from pixelsim.exchange.event_log import read_event_log
from pixelsim.exchange.event_table import EventTable
from pixelsim.exchange.order_values import mean_value


def log(tmp_path, rows: list[dict[str, object]]) -> EventTable:
    path = tmp_path / "log.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return read_event_log(path)


def row(event: str, at: str, **more: object) -> dict[str, object]:
    names = ("event_id", "visitor", "click_id", "value", "currency", "pixel")
    return {"event": event, "timestamp": at, **dict.fromkeys(names), **more}


def test_delays_follow_the_click_id_else_the_visitors_last_click(tmp_path):
    table = log(
        tmp_path,
        [
            row("PageView", "2025-03-01T10:00:00Z", visitor="v1", click_id="k1"),
            row("PageView", "2025-03-01T10:05:00Z", visitor="v1", click_id="k1"),
            row("PageView", "2025-03-01T11:00:00Z", visitor="v2", click_id="k2"),
            row("PageView", "2025-03-01T12:00:00Z", visitor="v2", click_id="k3"),
            # By its own click id, an hour after the click and not 55 minutes after the second page.
            row("Purchase", "2025-03-01T11:00:00Z", event_id="a", visitor="v1", click_id="k1"),
            # By the visitor's last click.
            row("Purchase", "2025-03-01T12:30:00Z", event_id="b", visitor="v2"),
            # A second order of the same click, a copy, and an order without any click count nothing.
            row("Purchase", "2025-03-01T13:00:00Z", event_id="c", visitor="v2"),
            row("Purchase", "2025-03-01T12:30:05Z", event_id="b", visitor="v2"),
            row("Purchase", "2025-03-01T14:00:00Z", event_id="d", visitor="v9", click_id="k9"),
        ],
    )
    delays = event_estimates([table], offset=0, currency=None).delays
    assert not isinstance(delays, str)
    assert sorted(delays.seconds) == [1800.0, 3600.0]
    # The log ends at 14:00; the clicks were at 12:00 and 10:00.
    assert sorted(delays.seen_for) == [7200.0, 14400.0]


def test_values_are_log_normal_in_one_currency_and_copies_count_once(tmp_path):
    random = np.random.default_rng(1)
    values = np.round(random.lognormal(3.5, 0.6, 300), 2)
    rows = []
    for at, value in enumerate(values):
        stamp = f"2025-03-{1 + at // 24:02d}T{at % 24:02d}:00:00Z"
        rows += [row("Purchase", stamp, event_id=f"e{at}", value=value, currency="EUR")] * 2
    rows.append(row("Purchase", "2025-03-20T00:00:00Z", event_id="x", value=1e6, currency="JPY"))
    table = log(tmp_path, rows)
    found = event_estimates([table], offset=0, currency="EUR")
    assert not isinstance(found.value, str)
    median, sigma = found.value
    assert median.value == pytest.approx(np.exp(np.log(values).mean()))
    assert sigma.value == pytest.approx(np.log(values).std(ddof=1))
    assert median.low < np.exp(3.5) < median.high
    assert sigma.low < 0.6 < sigma.high
    assert median.rows == 300
    assert found.notes == ("300 copies of events with the same id count once",)
    assert "EUR, JPY" in str(event_estimates([table], offset=0, currency=None).value)


def test_hours_are_on_the_websites_clock_and_from_page_views_alone(tmp_path):
    rows = [
        row("PageView", f"2025-03-{day:02d}T{hour:02d}:30:00Z", visitor=f"v{day}-{hour}-{k}")
        for day in range(1, 31)
        for hour in range(24)
        for k in range(3 if hour == 20 else 1)
    ]
    rows += [row("ViewContent", "2025-03-05T02:00:00Z") for _ in range(500)]
    found = event_estimates([log(tmp_path, rows)], offset=-5 * 3_600_000, currency=None)
    assert not isinstance(found.hours, str)
    shares = [part.value for part in found.hours]
    assert int(np.argmax(shares)) == 15
    assert max(shares) == pytest.approx(3 / 26)
    assert not isinstance(found.weekdays, str)
    assert [part.value for part in found.weekdays] == pytest.approx([1.0] * 7)


def test_events_of_a_second_pixel_on_the_page_are_left_out(tmp_path):
    rows = [row("PageView", f"2025-03-01T{h:02d}:00:00Z", pixel=p) for h in range(5) for p in ("P1", "P2")]
    rows.append(row("PageView", "2025-03-01T06:00:00Z", pixel="P2"))
    assert "pixel P2 are used" in event_estimates([log(tmp_path, rows)], offset=0, currency=None).notes[0]


def test_without_events_every_estimate_says_so():
    found = event_estimates([], offset=0, currency=None)
    assert {found.hours, found.weekdays, found.delays, found.value} == {"no file has events"}


def test_mean_value_of_a_report_is_a_ratio_of_sums():
    random = np.random.default_rng(3)
    counts = random.poisson(20, 60)
    values = [float(np.round(random.lognormal(3.0, 0.5, n).sum(), 2)) for n in counts]
    names = ["campaign_id", "stat_time_day", "spend", "complete_payment", "total_complete_payment_value"]
    days = pd.date_range("2025-03-01", periods=60)
    rows = [["c", f"{d:%Y-%m-%d}", "1", str(n), f"{v}"] for d, n, v in zip(days, counts, values, strict=True)]
    report = report_of_table(names, rows, "values")
    assert {"purchases", "purchase_value"} <= set(report.frame.columns)
    found = mean_value(combine([report]))
    assert not isinstance(found, str)
    assert found.value == pytest.approx(sum(values) / counts.sum())
    # Each order's standard deviation over the root of their number, since orders are independent here.
    spread = np.exp(3.0 + 0.125) * np.sqrt(np.exp(0.25) - 1) / np.sqrt(counts.sum())
    assert found.sd == pytest.approx(spread, rel=0.35)


def lives(rows: list[tuple[int, int]], length: int) -> list[list[str]]:
    """Make rows of ads that run from one day to another of a report of so many days."""
    begin = np.datetime64("2025-03-01")
    return [
        ["c", f"ad {k}", str(begin + day), "1", str(100 if first <= day <= last else 0)]
        for k, (first, last) in enumerate(rows)
        for day in range(length)
    ]


def test_lives_that_are_cut_off_are_not_short():
    names = ["campaign_id", "ad_id", "stat_time_day", "spend", "impressions"]
    # Kaplan and Meier by hand: ten ads; five end after 4 days, the rest run on to the last day.
    rows = [(2, 5)] * 5 + [(2, 19)] * 3 + [(16, 19)] * 2
    found = ad_life(report_of_table(names, lives(rows, 20), "ads"))
    assert not isinstance(found, str)
    # At 4 days all ten are at risk, two of them cut off there: survival is 1 - 5/10.
    assert (found.value, found.unit) == (4.0, "days")
    assert "5 of them begin and end in it" in found.source
    longer = ad_life(report_of_table(names, lives([*rows, (2, 19), (2, 19)], 20), "ads"))
    assert longer == "more than half of 12 ads outlive the file"
    assert "5 ads say nothing yet: 10 are needed" in str(ad_life(report_of_table(names, lives(rows[:5], 20), "ads")))
