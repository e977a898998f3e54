from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from show_figures import cut_texts, overlapping_texts

from pixelsim.base.errors import InputError
from pixelsim.show.differences import difference
from pixelsim.show.style import COLOURS, NARROW, WIDE, new_figure, styled
from pixelsim.study.paired import Direction, PairedDifference, paired

BASE = np.array([10.0, 12.0, 11.0, 13.0])
ROWS = {
    "orphaned spend": paired(BASE, BASE + np.array([5.0, 6.0, 4.0, 5.0]), unit="USD", direction=Direction.LOWER),
    "orders": paired(BASE, BASE + np.array([1.0, -1.0, 1.0, -1.0]), unit="orders", direction=Direction.HIGHER),
    "refused actions": paired(BASE, BASE + 1, unit="actions", direction=Direction.LOWER),
}


def drawn(rows: dict[str, PairedDifference], width: float = WIDE) -> Axes:
    figure = new_figure(width, 0.9 * len(rows) + 1)
    with styled():
        ax = figure.subplots()
        assert difference(ax, rows, title="Unshare first minus stop first") is ax
    return ax


def test_each_row_is_drawn_on_its_own_scale_with_a_common_zero() -> None:
    # Differences 5, 6, 4, 5: mean 5, standard deviation sqrt(2/3), so the half-width is 3.182446 * 0.816497 / 2.
    half = 3.182446 * np.sqrt(2 / 3) / 2
    lines = [np.asarray(line.get_xdata(), dtype=float) for line in drawn(ROWS).lines]
    assert any(np.allclose(x, [(5 - half) / (5 + half), 1.0], rtol=1e-6) for x in lines)
    assert sum(np.allclose(x, [0, 0]) for x in lines if len(x) == 2) == len(ROWS)


def test_numbers_unit_and_verdict_stand_beside_each_row() -> None:
    texts = [text.get_text() for text in drawn(ROWS).texts]
    assert "+5.0 ± 1.3 USD: worse, 4 pairs" in texts
    assert "+1 actions: worse, 4 pairs" in texts
    assert any("no difference shown" in text for text in texts)


def test_the_verdict_has_its_colour() -> None:
    colours = [line.get_color() for line in drawn(ROWS).lines if line.get_linewidth() == 3]
    assert colours == [COLOURS["orphaned"], COLOURS["muted"], COLOURS["orphaned"]]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_is_cut_and_none_lies_on_another(width: float) -> None:
    figure = drawn(ROWS, width).figure
    assert cut_texts(figure) == []  # type: ignore[arg-type]
    assert overlapping_texts(figure) == []  # type: ignore[arg-type]


def test_a_single_pair_is_a_point_without_an_interval() -> None:
    ax = drawn({"orders": paired([1.0], [3.0], unit="orders")})
    assert ax.texts[1].get_text() == "+2 orders: undecided, 1 pair"


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(InputError, match="at least one paired difference"):
        difference(new_figure(WIDE, 2).subplots(), {})
