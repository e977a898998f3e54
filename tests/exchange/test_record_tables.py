"""Accounts, keys, units, rates of exchange, times, versions and funnels beyond the field cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.exchange import read_export
from pixelsim.exchange.accounts import account_in_name, fill_account
from pixelsim.exchange.foreign import in_currency
from pixelsim.exchange.funnel import availability, funnel
from pixelsim.exchange.history import latest_versions, with_history
from pixelsim.exchange.keys import require_key, upsert
from pixelsim.exchange.layouts import align_versions
from pixelsim.exchange.times import read_times
from pixelsim.exchange.units import in_major_units, unit_size


def test_account_in_a_file_name_is_one_long_number():
    assert account_in_name("report_7000000000000000101.csv") == "7000000000000000101"
    assert account_in_name("20250301_20250331_report.csv") is None
    assert account_in_name("7000000000000000101_7000000000000000102.csv") is None


def test_account_asked_for_is_filled_or_compared(write):
    path = write("Account ID,Campaign name,Cost\n101,a,1\n102,b,1\n")
    assert read_export(path).frame["account_id"].tolist() == ["101", "102"]
    with pytest.raises(InputError, match="the account asked for, 101"):
        read_export(path, account="101")
    assert read_export(write("Campaign name,Cost\na,1\n"), account="101").frame["account_id"].tolist() == ["101"]


def test_two_currencies_mean_two_accounts(write):
    with pytest.raises(InputError, match="NO_ACCOUNT_ID"):
        read_export(write("Campaign name,Cost,Currency\na,1,USD\nb,1,EUR\n"))


def test_accounts_by_name_need_the_column_and_every_name():
    frame = pd.DataFrame({"campaign_name": ["a"], "source_row": [2]})
    with pytest.raises(InputError, match="a column of the file"):
        fill_account(frame, "f.csv", {"EU": "101"})
    frame = pd.DataFrame({"account_name": ["EU", "US"], "source_row": [2, 3]})
    with pytest.raises(InputError, match="rows 3"):
        fill_account(frame, "f.csv", {"EU": "101"})


def test_upsert_keeps_what_is_not_replaced_and_its_columns():
    key = ["id", "day"]
    old = pd.DataFrame({"id": ["a", "b"], "day": [1, 1], "x": [1.0, 2.0]})
    new = pd.DataFrame({"id": ["b", "b"], "day": [1, 2], "x": [5.0, 6.0]})
    assert upsert(old, new, key).to_numpy().tolist() == [["a", 1, 1.0], ["b", 1, 5.0], ["b", 2, 6.0]]
    assert upsert(upsert(old, new, key), new, key)["x"].sum() == 12.0


def test_key_must_be_made_of_columns():
    with pytest.raises(InputError, match="no column day"):
        require_key(pd.DataFrame({"id": [1]}), ["id", "day"])
    with pytest.raises(InputError, match="no column"):
        require_key(pd.DataFrame({"id": [1]}), [])


def test_units_are_known_by_name_and_must_meet_a_column():
    assert unit_size("micros") == 1_000_000
    with pytest.raises(UnknownNameError, match="unit of an amount 'pennies'"):
        unit_size("pennies")
    with pytest.raises(InputError, match="a column of the table"):
        in_major_units(pd.DataFrame({"cost": [1.0]}), {"spend": "cents"})


def test_rate_of_the_last_day_before_is_used_and_own_currency_is_one():
    day = pd.Timestamp("2025-03-01")
    frame = pd.DataFrame({"date": [day + pd.Timedelta(days=3), day], "currency": ["GBP", "EUR"], "spend": [10.0, 7.0]})
    rates = pd.DataFrame({"date": [day, day + pd.Timedelta(days=2)], "currency": ["GBP"] * 2, "rate": [1.2, 1.25]})
    read = in_currency(frame, rates, "EUR")
    assert read["spend_eur"].tolist() == [12.5, 7.0]
    assert read["rate_date"].iloc[0] == day + pd.Timedelta(days=2)
    with pytest.raises(InputError, match="none from GBP to EUR"):
        in_currency(frame.assign(date=day - pd.Timedelta(days=1)), rates, "EUR")


def test_times_with_zones_and_gaps():
    read = read_times(["2025-03-01T12:00:00+02:00", "", "2025-03-01"])
    assert read.unit == "iso"
    assert read.instants[0] == np.datetime64("2025-03-01T10:00:00.000")
    assert np.isnat(read.instants[1])
    assert read.rejects.empty
    assert read.instants[2] == np.datetime64("2025-03-01T00:00:00.000")


def test_column_without_any_time_is_refused():
    with pytest.raises(InputError, match="times in one unit"):
        read_times(["x", "0"])
    with pytest.raises(InputError, match="iso in row 3"):
        read_times(["1673031690", "2023-01-06"])


def test_history_before_its_first_version_uses_the_first():
    day = pd.Timestamp("2025-03-01")
    history = pd.DataFrame(
        {"c": ["1", "1"], "n": ["new", "old"], "updated_at": [day + pd.Timedelta(days=9), day + pd.Timedelta(days=5)]}
    )
    assert latest_versions(history, "c")["n"].tolist() == ["new"]
    report = pd.DataFrame({"c": ["1", "1"], "date": [day, day + pd.Timedelta(days=20)]})
    assert with_history(report, history, "c", name="n", version="on_day")["n"].tolist() == ["old", "new"]


def test_history_of_the_warehouse_sample_names_the_report(samples):
    report = read_export(samples / "warehouse_fivetran" / "tiktok_campaign_country_report_data.csv").frame
    history = pd.read_csv(samples / "warehouse_fivetran" / "tiktok_campaign_history_data.csv", dtype=str)
    history.columns = [c.lower() for c in history.columns]
    history["updated_at"] = pd.to_datetime(history["updated_at"])
    named = with_history(report, history, "campaign_id", name="campaign_name")
    assert len(named) == len(report)
    assert named.loc[named["campaign_id"] == "1", "campaign_name"].unique().tolist() == ["campaign name one"]


def test_flags_that_are_none_are_refused_with_their_rows():
    with pytest.raises(InputError) as refused:
        align_versions({"v1": pd.DataFrame({"active": [1, 2]}), "v2": pd.DataFrame({"active": ["maybe"]})})
    assert [f.place for f in refused.value.faults] == ["v1, row 2", "v2, row 1"]
    assert align_versions({}).empty
    with pytest.raises(InputError, match="one column of a name"):
        align_versions({"v1": pd.DataFrame([["1", "2"]], columns=["a", "a"])})


def test_funnel_refuses_people_and_partly_known_steps(write):
    report = read_export(write("Campaign name,Reach,Clicks,Purchases\na,10,5,1\nb,20,5,-\n"))
    assert availability(report, "purchases") == "PARTLY"
    with pytest.raises(InputError, match="purchases is 'PARTLY'"):
        funnel(report, ["clicks", "purchases"])
    with pytest.raises(InputError, match="may be added up"):
        funnel(report, ["reach", "clicks"])
