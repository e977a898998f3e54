"""Pictures of which only a part moves: what stays is drawn once, what moves is drawn over it, and packed quickly."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pixelsim.show.style import styled

__all__ = ["Background", "quick_png"]

_Canvas: Any = FigureCanvasAgg
"""The canvas without its types, which it has only in part."""
DOTS = 150
"""Dots of the picture for each of its inches."""


def _packed(canvas: Any) -> bytes:
    """Give what is on a canvas as PNG, packed lightly: the page is on this machine, and time counts more than size."""
    packed, colours = io.BytesIO(), np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
    Image.fromarray(colours).save(packed, "PNG", compress_level=1)
    return packed.getvalue()


def quick_png(figure: Figure) -> bytes:
    """Draw a figure as PNG for a page that is looked at now; the same figure gives the same bytes."""
    with styled():
        figure.set_dpi(DOTS)
        canvas = _Canvas(figure)
        canvas.draw()
    return _packed(canvas)


class Background:
    """What stays in a picture, drawn once.

    Parameters
    ----------
    figure
        All that stays; it keeps its layout from now on.
    """

    def __init__(self, figure: Figure) -> None:
        with styled():
            figure.set_dpi(DOTS)
            self._canvas = _Canvas(figure)
            self._canvas.draw()
        # What is added later does not move what is there.
        figure.set_layout_engine("none")
        self._figure = figure
        self._kept = self._canvas.copy_from_bbox(figure.bbox)

    def png(self, moving: Iterable[Artist]) -> bytes:
        """Give the picture with artists over it, those with the lowest z order first; the same give the same bytes."""
        with styled():
            self._canvas.restore_region(self._kept)
            for artist in sorted(moving, key=lambda one: one.get_zorder()):
                self._figure.draw_artist(artist)
        return _packed(self._canvas)
