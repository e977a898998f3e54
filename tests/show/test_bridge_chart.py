from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from show_figures import cut_texts, overlapping_texts

from pixelsim.measure import Bridge, Figure, reconcile
from pixelsim.show.bridge import bridge
from pixelsim.show.style import NARROW, WIDE, new_figure, styled
from pixelsim.study import Run


@pytest.fixture(scope="module")
def found(one: Run) -> Bridge:
    """From what the agency's ads claim to what the brand's claim: some leave, some come."""
    start, end = (Figure(stage="attributed events of an account", account=name) for name in ("acc_agency", "acc_brand"))
    return reconcile(one.simulation, start, end)


def drawn(found: Bridge, width: float = WIDE) -> Axes:
    figure = new_figure(width, 3.6)
    with styled():
        ax = figure.subplots()
        assert bridge(ax, found, start="claimed by the agency's account", end="claimed by the brand's") is ax
    return ax


def bars(ax: Axes) -> list[tuple[float, float]]:
    """Give the left and the right edge of each bar."""
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches if isinstance(bar, Rectangle)]


def test_each_step_begins_where_the_last_one_ended(found: Bridge) -> None:
    first, *steps, last = bars(drawn(found))
    assert first == (0, found.start_value)
    assert last == (0, found.end_value)
    total = found.start_value
    for (left, right), change in zip(steps, found.steps["change"], strict=True):
        assert {left, right} == {total, total + change}
        total += change
    assert total == found.end_value
    assert {change > 0 for change in found.steps["change"]} == {True, False}


def test_changes_are_signed_and_reasons_stand_without_their_sign(found: Bridge) -> None:
    ax = drawn(found)
    numbers = [text.get_text() for text in ax.texts]
    assert numbers[0] == str(found.start_value)
    assert {text[0] for text in numbers[1:-1]} == {"+", "−"}
    names = [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()]
    assert names[0] == "claimed by the agency's account"
    assert names[-1] == "claimed by the brand's"
    assert not any(name.startswith(("less", "plus")) for name in names)
    assert any(name.startswith("not in the first figure") for name in names)


def test_equal_figures_have_a_bridge_without_steps(one: Run) -> None:
    same = Figure(stage="total events")
    assert len(bars(drawn(reconcile(one.simulation, same, same)))) == 2


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_is_cut_and_none_lies_on_another(width: float, found: Bridge) -> None:
    figure = drawn(found, width).figure
    assert cut_texts(figure) == []  # type: ignore[arg-type]
    assert overlapping_texts(figure) == []  # type: ignore[arg-type]
