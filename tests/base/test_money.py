"""Money: whole smallest units, with the decimals of each currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.base.money import decimals, minor_units, to_major


@pytest.mark.parametrize(
    ("currency", "count"),
    [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("VND", 0), ("IDR", 0), ("KWD", 3), ("BHD", 3)],
)
def test_decimals_of_currencies(currency, count):
    assert decimals(currency) == count


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (12.34, "USD", 1234),
        ("12.34", "USD", 1234),
        (Decimal("12.34"), "USD", 1234),
        (0.1 + 0.2, "USD", 30),
        (1.005, "USD", 100),
        (1.015, "USD", 102),
        (1999.5, "JPY", 2000),
        (2000.5, "JPY", 2000),
        (1.2345, "KWD", 1234),
        (-0.01, "USD", -1),
        (1e12, "USD", 10**14),
    ],
)
def test_amounts_become_whole_smallest_units_rounded_half_to_even(amount, currency, minor):
    assert minor_units(amount, currency) == minor


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), "many", ""])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(InputError, match="a finite number"):
        minor_units(amount, "USD")


@settings(derandomize=True, deadline=None)
@given(st.integers(-(10**13), 10**13), st.sampled_from(["USD", "JPY", "KWD"]))
def test_smallest_units_survive_the_way_there_and_back(minor, currency):
    assert minor_units(to_major(minor, currency), currency) == minor
