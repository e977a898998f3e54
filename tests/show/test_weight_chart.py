from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.axes import Axes
from show_figures import cut_texts, overlapping_texts

import pixelsim as ps
from pixelsim.base.errors import InputError
from pixelsim.scenario import practices
from pixelsim.scenario.capture import PageWeight
from pixelsim.show.style import NARROW, WIDE, new_figure, styled
from pixelsim.show.weight import PageLoad, page_loads, page_weight
from pixelsim.study import Run

WEIGHT = PageWeight(milliseconds_per_pixel=100.0, lost_per_second=0.1)
DESIGNS = {
    "one pixel": [PageLoad(1, WEIGHT, (1000, 1000), (10, 12))],
    "many": [PageLoad(5, WEIGHT, (1000, 1000), (50, 54))],
}


def drawn(designs: dict[str, list[PageLoad]], width: float = WIDE) -> Axes:
    figure = new_figure(width, 4)
    with styled():
        ax = figure.subplots()
        assert page_weight(ax, designs) is ax
    return ax


@pytest.fixture(scope="module")
def two_sites() -> Run:
    """Two domains with a pixel each, one of which loads it twice."""
    plain = practices.many_domains(brands=2, domains=2, days=5).plain()
    code = plain["structure"]["websites"][0]["pixels"][0]
    plain["traffic"]["sites"][0]["capture"]["loads"] = {code: 2}
    return ps.run(ps.Scenario.read(plain), seed=3)


def test_pages_of_equal_load_are_put_together_and_nobody_is_lost_on_the_way(two_sites: Run) -> None:
    light, heavy = page_loads(two_sites)
    assert (light.pixels, heavy.pixels) == (1, 2)
    assert (light.milliseconds, heavy.milliseconds) == (80, 160)
    simulation = two_sites.simulation
    assert light.lost + heavy.lost == (simulation.lost_sessions[1], simulation.lost_sessions[0])
    came = simulation.sessions + simulation.lost_sessions
    assert sum(light.came + heavy.came) == came.sum()
    (both,) = page_loads(ps.run(practices.many_domains(brands=2, domains=2, days=5), seed=3))
    # The visitors are the same: loading the pixel twice costs more of them, and brings no other ones.
    assert both.came == (came.sum(),)
    assert both.lost[0] < sum(light.lost + heavy.lost)


def test_before_a_run_the_pages_are_those_of_the_scenario(two_sites: Run) -> None:
    before, after = page_loads(two_sites.scenario), page_loads(two_sites)
    assert [page.milliseconds for page in before] == [page.milliseconds for page in after]
    assert {page.came + page.lost for page in before} == {()}
    assert before[0].lost_share.n == 0


def test_the_share_is_of_those_who_came_and_missing_where_nobody_did() -> None:
    page = PageLoad(2, WEIGHT, (1000, 0), (30, 0)).also(PageLoad(2, WEIGHT, (1000,), (50,)))
    assert page.came == (1000, 0, 1000)
    assert page.lost_share.mean == pytest.approx(0.04)
    assert (page.lost_share.n, page.lost_share.missing) == (2, 1)


def test_the_curve_is_what_the_weight_says() -> None:
    ax = drawn(DESIGNS)
    curve = ax.lines[0]
    # A tenth is lost to each second: after k pixels of 0.1 s, 1 - 0.9 ** (k / 10).
    counts = np.asarray(curve.get_xdata(), dtype=float)
    assert np.asarray(curve.get_ydata(), dtype=float) == pytest.approx(100 * (1 - 0.9 ** (counts / 10)))
    assert counts.max() >= 6


def test_marks_stand_at_their_number_of_pixels_and_are_told_apart_without_colour() -> None:
    ax = drawn(DESIGNS)
    marks = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [  # type: ignore[index]
        (1, pytest.approx(1.1)),
        (5, pytest.approx(5.2)),
    ]
    assert {line.get_marker() for line in marks} == {"o", "s"}
    legend = ax.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    assert told[0] == "100 ms a pixel, 10 % lost a second"
    # Shares 1.0 and 1.2 per cent: half-width 12.7062 times 0.1.
    assert told[1] == "one pixel: 1.1 ± 1.3 % lost, 100 ms added"


def test_one_run_has_no_interval_and_a_page_without_visitors_no_mark() -> None:
    ax = drawn({"one run": [PageLoad(1, WEIGHT, (1000,), (10,))], "nobody": [PageLoad(2, WEIGHT, (0,), (0,))]})
    legend = ax.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    assert told[1:] == ["one run: 1 % lost, 100 ms added", "nobody: 200 ms added"]
    assert math.isfinite(ax.get_ylim()[1])


def test_weightless_pixels_give_a_flat_curve_on_an_axis_that_can_be_read() -> None:
    ax = drawn({"free": [PageLoad(3, PageWeight(lost_per_second=0.0), (1000, 900), (0, 0))]})
    low, high = ax.get_ylim()
    assert low == 0 < high


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_is_cut_and_none_lies_on_another(width: float) -> None:
    figure = drawn(DESIGNS, width).figure
    assert figure is not None
    assert cut_texts(figure) == []  # type: ignore[arg-type]
    assert overlapping_texts(figure) == []  # type: ignore[arg-type]


def test_without_pages_there_is_nothing_to_draw() -> None:
    with pytest.raises(InputError, match="no pages"):
        drawn({"none": []})
