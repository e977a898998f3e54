"""Pictures for notebooks: a chart as something that a notebook shows by itself, at the same bytes every time."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pixelsim.show.page import data_uri
from pixelsim.show.style import DOTS, WIDE, figure_png, new_figure, styled

__all__ = ["LEGIBLE", "SCROLLS", "Picture", "chart", "picture_html", "picture_of"]

LEGIBLE = 560
"""CSS pixels that a picture or a table of many columns needs to be read; where there is less room, it scrolls alone."""
SCROLLS = "overflow-x:auto;max-width:100%"
"""Look of a box in which what is too wide for the page scrolls, and nothing beside it."""


def picture_html(png: bytes, width: int, told: str) -> str:
    """Give a picture as HTML: as wide as it is made or as the page, and in a box that scrolls where that is too narrow.

    Parameters
    ----------
    png
        The file's bytes.
    width
        CSS pixels.
    told
        What it shows, for those who cannot see it.
    """
    size = f"width:{width}px;max-width:100%;min-width:{min(LEGIBLE, width)}px"
    shown = f'<img alt="{escape(told, quote=True)}" style="{size}" src="{data_uri(png)}">'
    return f'<div style="{SCROLLS}">{shown}</div>'


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG picture that a notebook shows in its size, or where there is less room as wide as it can be read.

    Parameters
    ----------
    png
        The file's bytes.
    told
        What it shows, for those who cannot see it.
    """

    png: bytes
    told: str = "a chart"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        wide, tall = struct.unpack(">II", self.png[16:24])
        return wide // DOTS, tall // DOTS

    def _repr_html_(self) -> str:
        return picture_html(self.png, self.size[0], self.told)

    def __repr__(self) -> str:
        width, height = self.size
        return f"<picture of {width} x {height}>"


def picture_of(figure: Figure) -> Picture:
    """Give a figure as a picture for a notebook; its titles tell what it shows."""
    titles = (" ".join(ax.get_title(loc="left").split()) for ax in figure.axes)
    told = "; ".join(title for title in titles if title)
    return Picture(figure_png(figure), told) if told else Picture(figure_png(figure))


def chart(draw: Callable[[Axes], object], *, height: float = 4.0, width: float = WIDE) -> Picture:
    """Draw a chart as a picture for a notebook.

    ::

        chart(lambda ax: metrics_by_viewer(ax, replications), height=5)

    Parameters
    ----------
    draw
        Draws on the axes that it is given.
    height, width
        Inches.
    """
    figure = new_figure(width, height)
    with styled():
        draw(figure.subplots())
    return picture_of(figure)
