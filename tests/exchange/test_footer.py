from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelsim.exchange.columns import alias_table
from pixelsim.exchange.footer import LastRow, check_totals, is_footer

PATTERNS = alias_table().footer_labels

PLAIN = LastRow(
    label="campaign K",
    rows_above=10,
    keys_empty=False,
    day_missing=False,
    texts_empty=False,
    sums={"spend": 100.0, "impressions": 5000.0},
    cells={"spend": 12.0, "impressions": 700.0},
    largest={"spend": 20.0, "impressions": 900.0},
    filled={"spend": 10, "impressions": 10},
)
SUMS = {"spend": 100.0, "impressions": 5000.0}


def decide(**change: object) -> bool:
    return is_footer(dataclasses.replace(PLAIN, **change), PATTERNS)[0]


@pytest.mark.parametrize(
    "label",
    [
        "Total of 10 results",
        "Total",
        "Grand total",
        "총 10개 결과",
        "全10件の結果",
        "共 10 条结果",
        "总计",
        "合計",
        "Total de 10 resultados",
        "Total: 10 resultados",
        "Gesamt",
        "10 Ergebnisse insgesamt",
        "Total de 10 résultats",
    ],
)
def test_label_in_every_language_with_totals_above_each_row(label: str):
    assert decide(label=label, cells={"spend": 90.0, "impressions": 5000.0})


def test_unknown_language_is_recognised_by_empty_keys_and_sums():
    assert decide(label="Yhteensä kaikki", keys_empty=True, cells=SUMS)


def test_keys_filled_and_no_word_but_every_sum_equal():
    assert decide(label="x", cells=SUMS)


def test_empty_keys_with_other_sums_is_still_a_footer_so_that_it_can_be_refused():
    assert decide(label="x", keys_empty=True, cells={"spend": 110.0, "impressions": 5100.0})


def test_row_without_day_that_sums_up():
    assert decide(label="x", day_missing=True, cells=SUMS)
    assert not decide(label="x", day_missing=True)


def test_campaign_called_total_stays_a_campaign():
    found, note = is_footer(dataclasses.replace(PLAIN, label="Total"), PATTERNS)
    assert not found
    assert "read as data" in str(note)


def test_ordinary_last_row_is_data_without_a_word():
    assert is_footer(PLAIN, PATTERNS) == (False, None)


def test_counts_must_be_equal_to_the_last_unit():
    columns = {"impressions": np.array([5e8, 5e8 - 1.0])}
    assert check_totals({"impressions": 1e9 - 1}, columns, {}).loc[0, "how"] == "equal"
    assert check_totals({"impressions": 1e9}, columns, {}).loc[0, "how"] == "differs"


def test_rounding_of_printed_amounts_is_named_and_bounded():
    rows = {"spend": np.full(300, 0.01)}
    allowed = 0.005 + 5 * 0.01 * np.sqrt(300 / 12)
    for off, how in ((0.0, "equal"), (0.9 * allowed, "rounding"), (1.1 * allowed, "differs")):
        assert check_totals({"spend": 3.0 + off}, rows, {"spend": 2}).loc[0, "how"] == how


def test_amounts_without_decimals_must_be_equal():
    assert check_totals({"spend": 110.0}, {"spend": np.full(10, 10.0)}, {"spend": 0}).loc[0, "how"] == "differs"


def test_empty_total_is_not_compared():
    assert check_totals({"spend": float("nan")}, {"spend": np.ones(3)}, {}).empty
