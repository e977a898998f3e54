from __future__ import annotations

import pytest

from pixelsim.show import chart, funnel, picture_of
from pixelsim.show.style import NARROW, figure_png, new_figure, styled
from pixelsim.study import Run


def test_a_picture_shows_itself_in_css_pixels() -> None:
    figure = new_figure(3, 2)
    picture = picture_of(figure)
    assert picture.png == figure_png(figure)
    assert picture.size == (300, 200)
    assert picture._repr_png_() == (picture.png, {"width": 300, "height": 200})
    assert repr(picture) == "<picture of 300 x 200>"


@pytest.mark.parametrize("width", [NARROW, 6.0])
def test_a_chart_is_what_its_function_draws(width: float, one: Run) -> None:
    figure = new_figure(width, 3)
    with styled():
        funnel(figure.subplots(), one)
    assert chart(lambda ax: funnel(ax, one), height=3, width=width).png == figure_png(figure)
