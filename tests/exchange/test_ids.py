from __future__ import annotations

import pytest

from pixelsim.exchange.ids import check_ids, inspect_id

TRUE = frozenset({"7654321098765432109", "39089837499752854", "39089837499752864"})


def test_id_is_kept_digit_by_digit():
    finding = inspect_id("7654321098765432109", TRUE)
    assert (finding.status, finding.id) == ("OK", "7654321098765432109")


@pytest.mark.parametrize("text", ['="7654321098765432109"', "'7654321098765432109", " 7654321098765432109 "])
def test_wrapping_against_spreadsheets_is_taken_off(text: str):
    assert inspect_id(text).id == "7654321098765432109"


def test_id_with_a_decimal_point_is_exact_up_to_15_digits():
    assert inspect_id("123456789012345.0") == inspect_id("123456789012345.0")
    assert inspect_id("123456789012345.0").id == "123456789012345"
    assert inspect_id("1850000000000001.0").status == "LIKELY_ROUNDED"
    assert inspect_id("1850000000000001.0", frozenset({"1850000000000001"})).status == "OK"


def test_float_of_a_known_id_is_recognised():
    finding = inspect_id(str(int(float("7654321098765432109"))), TRUE)
    assert finding.status == "LIKELY_ROUNDED"
    assert finding.id == "7654321098765432109"
    assert finding.repaired


def test_scientific_form_with_15_digits_is_repaired_from_one_candidate():
    assert inspect_id("7.65432109876543E+18", TRUE).id == "7654321098765432109"
    assert inspect_id("7.65432109876543E+18").status == "REFUSED"


def test_two_candidates_repair_nothing():
    finding = inspect_id("39089837499752800", TRUE)
    assert finding.status == "LIKELY_ROUNDED"
    assert not finding.repaired
    assert finding.candidates == ("39089837499752854", "39089837499752864")


def test_text_ids_and_short_ids_are_left_alone():
    assert check_ids(["c1", "10000", "0273196"])["status"].tolist() == ["OK"] * 3
    assert check_ids(["0273196"])["id"].tolist() == ["0273196"]
