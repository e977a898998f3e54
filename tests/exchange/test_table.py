from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pixelsim.exchange import read_export
from pixelsim.exchange.columns import alias_table
from pixelsim.exchange.header import find_header
from pixelsim.exchange.table import DuckTable, MemoryTable, open_text, table_of_rows

HEAD = "Campaign name,Ad name,By Day,Cost,Impressions\n"
BODY = "".join(f'"a, b",ad {k % 7},2024-01-{k % 28 + 1:02d},{k}.50,{k * 10}\n' for k in range(500))


def open_both(path, encoding="utf-8"):
    header = find_header(path.read_text(encoding=encoding), alias_table())
    return open_text(path, encoding, header, fast_from=0), open_text(path, encoding, header)


def test_database_and_python_give_the_same_cells(write):
    fast, slow = open_both(write(HEAD + BODY))
    assert isinstance(fast, DuckTable)
    assert isinstance(slow, MemoryTable)
    assert np.array_equal(fast.source_row, slow.source_row)
    for column in range(5):
        left, right = fast.text(column), slow.text(column)
        assert [left.at(r) for r in range(fast.rows)] == [right.at(r) for r in range(slow.rows)]
    for decimal in (".", ",", None):
        left, right = fast.numbers(3, decimal), slow.numbers(3, decimal)
        assert np.array_equal(left.array, right.array, equal_nan=True)
        assert left.bad_rows.tolist() == right.bad_rows.tolist()
        assert left.bad_cells == right.bad_cells
    assert fast.sample(4, 3) == slow.sample(4, 3)
    fast.close()


@pytest.mark.parametrize(
    "odd",
    [
        "c,ad,2024-01-01,1\n",
        "\n",
        '"line\nbreak",ad,2024-01-01,1.00,1\n',
        'c, "ad",2024-01-01,1.00,1\n',
        "c,ad,2024-01-01,1.00,1\r\n",
        "c,a\rd,2024-01-01,1.00,1\n",
        "c,ad,2024-01-01,1.00,1,x\n",
    ],
    ids=["short", "blank", "newline", "space", "returns", "return", "long"],
)
def test_database_steps_aside_for_irregular_text(write, odd):
    fast, _ = open_both(write(HEAD + BODY + odd + BODY))
    assert isinstance(fast, MemoryTable)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_reports_are_equal_both_ways(write, encoding):
    text = "캠페인 이름,일별,비용,노출수\n" + "".join(
        f"캠페인 {k % 3},2024-01-{k % 28 + 1:02d},{'-' if k % 9 == 0 else f'{k}.5'},{k}\n" for k in range(400)
    )
    path = write(text, encoding)
    fast, slow = read_export(path, fast_from=0), read_export(path)
    pd.testing.assert_frame_equal(fast.frame, slow.frame)
    assert fast.notes == slow.notes


@pytest.mark.parametrize(("decimal", "thousands"), [(".", ","), (",", "."), (".", ""), (",", "")])
def test_database_reads_every_number_style(write, decimal, thousands):
    values = [0.5, 12.25, 1234.5, 1234567.75, -3.5, 999999.0]
    shown = [f"{v:,.2f}".translate(str.maketrans({",": thousands, ".": decimal})) for v in values]
    rows = "".join(f'c;{k};2024-01-01;"{s}";7\n' for k, s in enumerate(shown))
    path = write("Campaign name;Ad name;By Day;Cost;Impressions\n" + rows)
    header = find_header(path.read_text(), alias_table())
    table = open_text(path, "utf-8", header, fast_from=0)
    assert isinstance(table, DuckTable)
    assert table.numbers(3, decimal).array.tolist() == values
    table.close()


def test_row_numbers_count_blank_rows_and_rows_of_wrong_length_are_set_apart():
    table = table_of_rows([["a", "1"], [], ["b"], ["c", "2", ""], ["d"]], first_row=5, width=2)
    assert table.source_row.tolist() == [5, 8, 9]
    assert table.ragged == [(7, ["b"])]
    assert table.last_is_ragged
    assert table.columns == [["a", "c", "d"], ["1", "2", ""]]
