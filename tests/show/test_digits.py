from __future__ import annotations

import math

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from pixelsim.show.digits import count, given, money, number, plus_minus, short

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (1078.43, "1,078"),
        (64.07, "64.1"),
        (0.836653, "0.837"),
        (0.0095, "0.00950"),
        (-3.14159, "−3.14"),
        (-0.00000000012, "−1.20e−10"),
        (123456789.4, "123,456,789"),
        (NAN, "–"),
        (math.inf, "–"),
    ],
)
def test_numbers_have_three_significant_digits_and_missing_ones_a_dash(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.05, "0.05"), (120.0, "120"), (4.03, "4.03"), (0.4511, "0.4511"), (1866734.0, "1,866,734")]
)
def test_given_numbers_keep_their_digits_and_no_empty_zeros(value: float, text: str) -> None:
    assert given(value) == text


@pytest.mark.parametrize(
    ("mean", "half_width", "text"),
    [
        (1078.33, 6.41, "1,078.3 ± 6.4"),
        (1078.33, 35.2, "1,078 ± 35"),
        (0.83665, 0.00421, "0.8367 ± 0.0042"),
        (14, 0, "14"),
        (14.5, NAN, "14.5"),
        (0.0, 1.5, "0.0 ± 1.5"),
        (NAN, NAN, "–"),
    ],
)
def test_means_are_written_to_the_place_of_the_half_width(mean: float, half_width: float, text: str) -> None:
    assert plus_minus(mean, half_width) == text


def test_differences_carry_their_sign() -> None:
    assert plus_minus(2.84, 3.2, sign=True) == "+2.8 ± 3.2"
    assert plus_minus(-2.84, 3.2, sign=True) == "−2.8 ± 3.2"
    assert plus_minus(0.0, 0.0, sign=True) == "0"
    assert plus_minus(0.4, 64.0, sign=True) == "0 ± 64"


@pytest.mark.parametrize(("value", "text"), [(950, "950"), (1200, "1.2k"), (-45e6, "−45M"), (2.5e9, "2.5B"), (0, "0")])
def test_marks_on_axes_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_counts_are_whole_and_money_names_its_currency() -> None:
    assert count(14527) == "14,527"
    assert count(NAN) == "–"
    assert money(1078.43, "USD") == "1,078 USD"
    assert money(NAN, "USD") == "–"


@examples(st.floats(-1e9, 1e9), st.floats(1e-4, 1e6))
@settings(derandomize=True, deadline=None)
def test_what_is_written_is_within_a_twentieth_of_the_half_width(mean: float, half_width: float) -> None:
    written, _, half = plus_minus(mean, half_width).replace(",", "").replace("−", "-").partition(" ± ")
    assert abs(float(written) - mean) <= 0.051 * half_width + 1e-6 * abs(mean)
    assert abs(float(half) - half_width) <= 0.051 * half_width
