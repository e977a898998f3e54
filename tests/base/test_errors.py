"""Errors: one root, one sentence each, and every fault of an input at once."""

from __future__ import annotations

import pickle

import pytest

from pixelsim.base import errors
from pixelsim.base.errors import (
    EnvelopeError,
    Fault,
    InputError,
    MissingExtraError,
    PixelsimError,
    UnknownNameError,
    nearest,
)


def fault(**changes: str) -> Fault:
    parts = {"place": "$.days", "field": "days", "value": "-1", "rule": "at least 1", "remedy": "raise it"} | changes
    return Fault(**parts)


def test_every_error_has_the_one_root():
    kinds = [getattr(errors, name) for name in errors.__all__]
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception)]
    assert {InputError, UnknownNameError, MissingExtraError, EnvelopeError} <= set(found)
    assert all(issubclass(kind, PixelsimError) for kind in found)


def test_fault_says_place_field_value_rule_and_remedy_in_that_order():
    text = str(fault())
    assert text == "$.days: days is '-1', but must be at least 1; raise it."


def test_fault_cuts_long_values_when_shown_and_keeps_them_whole():
    long = "x" * 500
    one = fault(value=long)
    assert one.value == long
    assert "x" * 57 + "..." in str(one)
    assert "x" * 58 not in str(one)
    assert "x" * 60 in str(fault(value="x" * 60))


def test_input_error_with_one_fault_is_one_line_and_with_several_lists_all():
    assert str(InputError("a.toml", [fault()])) == f"a.toml: {fault()}"
    several = InputError("a.toml", [fault(place=f"$.a[{i}]") for i in range(3)])
    lines = str(several).splitlines()
    assert lines[0] == "a.toml: 3 faults"
    assert lines[1:] == [f"  {one}" for one in several.faults]


def test_single_makes_text_of_any_value():
    error = InputError.single("run", field="seed", value=-3, rule="at least 0", remedy="choose another")
    assert error.faults == (Fault("$", "seed", "-3", "at least 0", "choose another"),)


@pytest.mark.parametrize(
    "error",
    [
        InputError("a.toml", [fault(), fault(place="$.x")]),
        UnknownNameError("scenario", "agnecy", ["agency", "ending"]),
        MissingExtraError("reading XLSX files", "openpyxl", "excel"),
        EnvelopeError("too much"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_whole_out_of_another_process(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_unknown_name_offers_the_nearest_names():
    error = UnknownNameError("scenario", "agnecy", ["ending", "agency"])
    assert str(error) == "scenario 'agnecy' does not exist; did you mean 'agency'?"


def test_unknown_name_lists_what_is_known_where_nothing_is_near():
    few = UnknownNameError("viewer", "zzz", ["brand", "agency"])
    assert str(few).endswith("known: brand, agency")
    many = UnknownNameError("viewer", "zzz", [f"name {i}" for i in range(40)])
    assert str(many).endswith("name 11, ...")
    assert str(UnknownNameError("viewer", "zzz", [])).endswith("known: none")


def test_missing_extra_says_what_to_type():
    text = str(MissingExtraError("reading XLSX files", "openpyxl", "excel"))
    assert text == "reading XLSX files needs the package 'openpyxl'; install it with: pip install 'pixelsim[excel]'"


def test_nearest_does_not_depend_on_the_order_of_the_known_names():
    known = ["spend", "spends", "spent", "clicks"]
    assert nearest("spnd", known) == nearest("spnd", reversed(known))
    assert nearest("spnd", known)[0] == "spend"
    assert nearest("qqqq", known) == []
