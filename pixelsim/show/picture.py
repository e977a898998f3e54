"""Pictures for notebooks: a chart as something that a notebook shows by itself, at the same bytes every time."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pixelsim.show.style import DOTS, WIDE, figure_png, new_figure, styled

__all__ = ["Picture", "chart", "picture_of"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG picture that a notebook shows in its size.

    Parameters
    ----------
    png
        The file's bytes.
    """

    png: bytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        wide, tall = struct.unpack(">II", self.png[16:24])
        return wide // DOTS, tall // DOTS

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        width, height = self.size
        return self.png, {"width": width, "height": height}

    def __repr__(self) -> str:
        width, height = self.size
        return f"<picture of {width} x {height}>"


def picture_of(figure: Figure) -> Picture:
    """Give a figure as a picture for a notebook."""
    return Picture(figure_png(figure))


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
