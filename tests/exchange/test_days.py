from __future__ import annotations

import datetime as dt

import pytest

from pixelsim.exchange.days import decide_order, parse_day, parse_hour


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05",
        "2024/1/5",
        "2024.01.05",
        "20240105",
        "2024年1月5日",
        "2024. 1. 5.",
        "05.01.2024",
        "2024-01-05 00:00:00",
    ],
)
def test_day_in_every_style(text: str):
    assert parse_day(text) == dt.date(2024, 1, 5)


@pytest.mark.parametrize(
    "text", ["05/01/2024", "2024-13-01", "2024-02-30", "1899-01-01", "45296", "last week", "2024-01-01 ~ 2024-01-07"]
)
def test_what_is_no_single_day_is_refused(text: str):
    with pytest.raises(ValueError, match=r".*"):
        parse_day(text)


def test_order_of_day_and_month_is_told_by_days_over_twelve():
    assert decide_order(["05/01/2024", "13/01/2024"])[0] == "day first"
    assert decide_order(["01/05/2024", "01/13/2024"])[0] == "month first"
    assert parse_day("05/01/2024", "day first") == dt.date(2024, 1, 5)
    assert parse_day("05/01/2024", "month first") == dt.date(2024, 5, 1)


def test_open_order_follows_the_language_or_stays_open():
    assert decide_order(["05/01/2024"], ["fr"])[0] == "day first"
    order, note = decide_order(["05/01/2024"], ["en"])
    assert order is None
    assert "can be read day first or month first" in str(note)


def test_contradicting_dates_stay_open():
    order, note = decide_order(["13/01/2024", "01/13/2024"], ["fr"])
    assert order is None
    assert "only be read" in str(note)


def test_hour_on_the_accounts_clock():
    assert parse_hour("2021-09-15 5:00:00") == dt.datetime(2021, 9, 15, 5)
    assert parse_hour("-") is None
    for text in ("2021-09-15 24:00", "2021-09-15 10:30", "noon"):
        with pytest.raises(ValueError, match=r".*"):
            parse_hour(text)
