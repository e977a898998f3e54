from __future__ import annotations

import struct

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes

from pixelsim.base.errors import InputError
from pixelsim.show.style import (
    COLOURS,
    NARROW,
    SERIES,
    WIDE,
    drawable,
    figure_png,
    is_wide,
    new_figure,
    root_figure,
    set_title,
    styled,
    write_png,
)

OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


def chunks(png: bytes) -> list[str]:
    """List the kinds of chunk in a PNG file."""
    at, kinds = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kinds.append(png[at + 4 : at + 8].decode("ascii"))
        at += 12 + length
    return kinds


def test_the_same_figure_gives_the_same_bytes_without_date_or_version() -> None:
    def drawn() -> bytes:
        figure = new_figure(4, 2)
        with styled():
            figure.subplots().plot([0, 1, 3], [2, 1, 5])
        return figure_png(figure)

    first = drawn()
    assert first == drawn()
    assert not {"tEXt", "iTXt", "zTXt", "tIME"} & set(chunks(first))


def test_pictures_have_two_dots_for_each_css_pixel() -> None:
    png = figure_png(new_figure(NARROW, 2))
    assert struct.unpack(">II", png[16:24]) == (780, 400)


def test_the_style_leaves_the_settings_of_the_process_alone() -> None:
    with mpl.rc_context({"font.size": 31.0}):
        before = dict(mpl.rcParams)
        with styled():
            assert mpl.rcParams["font.size"] == 9.0
        assert dict(mpl.rcParams) == before


def test_a_users_settings_do_not_change_a_picture() -> None:
    plain = figure_png(new_figure(3, 1))
    with mpl.rc_context({"figure.facecolor": "red", "savefig.facecolor": "red"}):
        assert figure_png(new_figure(3, 1)) == plain


def test_series_are_the_colours_of_okabe_and_ito() -> None:
    assert set(SERIES) == OKABE_ITO
    greys = {colour for colour in COLOURS.values() if len({colour[1:3], colour[3:5], colour[5:]}) == 1}
    assert set(COLOURS.values()) - greys <= OKABE_ITO


def test_names_that_the_font_lacks_give_way_to_the_id() -> None:
    assert drawable("Été à 5 €", "c1") == "Été à 5 €"
    assert drawable("春のキャンペーン", "c1") == "c1"


def test_dollar_signs_in_names_are_no_formula() -> None:
    figure = new_figure(3, 1)
    with styled():
        text = figure.subplots().text(0, 0, "5$ off _x_ 10$ off")
    figure_png(figure)
    assert not text.get_parse_math()


def test_titles_break_where_there_is_no_room() -> None:
    for width, expected in ((WIDE, "One two: three"), (NARROW, "One two\nthree")):
        figure = new_figure(width, 2)
        with styled():
            ax = figure.subplots()
            set_title(ax, "One two", "three")
        assert ax.get_title(loc="left") == expected
        assert is_wide(ax) == (width == WIDE)


def test_an_axes_in_a_subfigure_belongs_to_the_whole_figure() -> None:
    figure = new_figure(WIDE, 2)
    part = figure.subfigures(1, 2)[0]
    assert root_figure(part.subplots()) is figure


def test_an_axes_without_a_figure_is_refused() -> None:
    ax = new_figure(3, 1).subplots()
    assert isinstance(ax, Axes)
    ax.remove()
    with pytest.raises(InputError, match="an axes without a figure"):
        root_figure(ax)


def test_a_picture_is_written_whole(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "deep" / "picture.png"
    figure = new_figure(3, 1)
    assert write_png(figure, path) == path
    assert path.read_bytes() == figure_png(figure)
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]
