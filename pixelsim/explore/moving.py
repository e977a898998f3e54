"""Pictures of which only a part moves: what stays is drawn once, what moves is drawn over it, and packed quickly."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pixelsim.show.style import styled

__all__ = ["Background", "quick_png"]

_Canvas: Any = FigureCanvasAgg
"""The canvas without its types, which it has only in part."""
DOTS = 150
"""Dots of the picture for each of its inches."""


def _packed(canvas: Any) -> bytes:
    """Give what is on a canvas as PNG in half the time that an image library takes, which tries filters line by line.

    Every line is the difference from the one above (filter 2 of PNG, ISO/IEC 15948), mostly zeros, packed at level 1.
    """
    colours = np.asarray(canvas.buffer_rgba())[..., :3]
    height, width, _ = colours.shape
    lines = np.full((height, 3 * width + 1), 2, dtype=np.uint8)
    flat = colours.reshape(height, -1)
    lines[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=lines[1:, 1:])
    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.data, 1)), (b"IEND", b""))
    packed = (struct.pack(">I", len(of)) + name + of + struct.pack(">I", zlib.crc32(name + of)) for name, of in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


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
