from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.exchange.numerals import currency_of, decide_decimal, parse_number, printed_decimals


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1234.5", ".", 1234.5),
        ("1,234.50", ".", 1234.5),
        ("1.234,50", ",", 1234.5),
        ("1 234,50", ",", 1234.5),
        ("1\u202f234,50", ",", 1234.5),
        ("1'234.50", ".", 1234.5),
        ("12,34,567.8", ".", 1234567.8),
        ("$1,234.50", ".", 1234.5),
        ("1.234,50 €", ",", 1234.5),
        ("R$ 1.234,50", ",", 1234.5),
        ("USD 12.5", ".", 12.5),
        ("₩1,234", ".", 1234.0),
        ("0.31%", ".", 0.31),
        ("0,31 %", ",", 0.31),
        ("-5", ".", -5.0),
        ("−5", ".", -5.0),
        ("-$5.10", ".", -5.1),
        ("(5.10)", ".", -5.1),
        ("1.5e3", ".", 1500.0),
        (" 7 ", None, 7.0),
    ],
)
def test_number_in_every_style(text: str, decimal: str | None, value: float):
    assert parse_number(text, decimal) == value


@pytest.mark.parametrize("text", ["", "-", "--", " - ", "—", "N/A"])
def test_dash_and_empty_are_missing_never_zero(text: str):
    assert math.isnan(parse_number(text, "."))


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("abc", "."),
        ("1,2", "."),
        ("1.2", ","),
        ("1,23,4", "."),
        ("1.2.3", "."),
        ("inf", "."),
        ("1e999", "."),
        ("1_000", "."),
        ("--5", "."),
        ("1.5", None),
        ("1,500", None),
        ("$", "."),
    ],
)
def test_what_is_no_number_in_the_style_is_refused(text: str, decimal: str | None):
    with pytest.raises(ValueError, match=r".*"):
        parse_number(text, decimal)


@pytest.mark.parametrize(
    ("cells", "whole", "decimal"),
    [
        (["0.47", "12"], [], "."),
        (["0,47", "12"], [], ","),
        (["1,234.5"], [], "."),
        (["1.234,5"], [], ","),
        (["1.234.567"], [], ","),
        (["1,234,567"], [], "."),
        (["0.469"], [], "."),
        (["12"], ["1.234"], ","),
        (["12"], ["1,234"], "."),
        (["12"], ["7"], None),
        (["1.234"], [], None),
    ],
)
def test_decimal_mark_is_decided_by_proof(cells: list[str], whole: list[str], decimal: str | None):
    assert decide_decimal(cells, whole).decimal == decimal


def test_contradicting_cells_decide_nothing_and_say_so():
    style = decide_decimal(["0.47", "0,47"])
    assert style.decimal is None
    assert "some numbers prove" in str(style.note)


def test_a_lone_group_of_three_is_said_to_be_open():
    assert "nothing tells" in str(decide_decimal(["1.234", "-"]).note)


@pytest.mark.parametrize(("text", "code"), [("€5", "EUR"), ("5 USD", "USD"), ("$5", None), ("¥5", None), ("₩5", "KRW")])
def test_currency_sign_names_a_currency_only_where_it_is_one(text: str, code: str | None):
    assert currency_of(text) == code


def test_printed_decimals_are_the_most_in_any_cell():
    assert printed_decimals(["2.7", "2.75", "-", "3"], ".") == 2
    assert printed_decimals(["1.234,5"], ",") == 1
    assert printed_decimals(["12"], None) == 0


@settings(derandomize=True, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 4), st.sampled_from([".", ","]))
def test_any_amount_printed_with_thousands_is_read_back(units: int, places: int, decimal: str):
    value = units / 10**places
    shown = f"{value:,.{places}f}"
    if decimal == ",":
        shown = shown.translate(str.maketrans(",.", ".,"))
    assert parse_number(shown, decimal) == float(f"{value:.{places}f}")
