from __future__ import annotations

import base64
from html import escape

import pytest

from pixelsim.show import chart, funnel, picture_of
from pixelsim.show.style import NARROW, figure_png, new_figure, styled
from pixelsim.study import Run


def test_a_picture_shows_itself_in_css_pixels() -> None:
    figure = new_figure(3, 2)
    picture = picture_of(figure)
    assert picture.png == figure_png(figure)
    assert picture.size == (300, 200)
    assert repr(picture) == "<picture of 300 x 200>"
    html = picture._repr_html_()
    assert base64.b64decode(html.partition("base64,")[2].partition('"')[0]) == picture.png
    # A small one is as wide as it is, and no wider.
    assert "width:300px;max-width:100%;min-width:300px" in html


def test_a_wide_picture_scrolls_in_a_box_of_its_own_and_is_told(one: Run) -> None:
    picture = chart(lambda ax: funnel(ax, one))
    html = picture._repr_html_()
    assert html.startswith('<div style="overflow-x:auto;max-width:100%"><img ')
    assert "width:1000px;max-width:100%;min-width:560px" in html
    figure = new_figure()
    with styled():
        title = funnel(figure.subplots(), one).get_title(loc="left")
    assert picture.told == " ".join(title.split())
    assert f'alt="{escape(picture.told)}"' in html


@pytest.mark.parametrize("width", [NARROW, 6.0])
def test_a_chart_is_what_its_function_draws(width: float, one: Run) -> None:
    figure = new_figure(width, 3)
    with styled():
        funnel(figure.subplots(), one)
    assert chart(lambda ax: funnel(ax, one), height=3, width=width).png == figure_png(figure)
