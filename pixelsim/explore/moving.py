"""Pictures of which only a part moves: what stays is drawn once, what moves is drawn over it, and packed quickly."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pixelsim.show.style import styled

__all__ = ["Background", "Dots", "packed", "quick_dots", "quick_png", "rounded_up", "stacked_png"]

_Canvas: Any = FigureCanvasAgg
"""The canvas without its types, which it has only in part."""
DOTS = 150
"""Dots of the picture for each of its inches."""
_GAP = 24
"""Dots of white between pictures, one above the other."""
MOST_SCENES = 16
"""Scenes that are kept, of 3 to 6 MB each; those used longest ago are forgotten first."""
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Ends of scales, in powers of ten."""

Dots = NDArray[np.uint8]
"""Red, green and blue of a picture, shape (height, width, 3)."""
_SCENES: OrderedDict[tuple[object, ...], Any] = OrderedDict()
"""What stays in pictures, by what it says; it makes pictures faster and changes none of their dots."""


@contextlib.contextmanager
def _quickly() -> Iterator[None]:
    """Draw in pixelsim's style inside the block, letters as they are: to fit them to dots takes longer than to draw."""
    parameters: Any = mpl.rcParams
    with styled():
        dict.__setitem__(parameters, "text.hinting", "none")
        yield


def packed(dots: Dots) -> bytes:
    """Give dots as PNG, packed lightly: the page is on this machine, and time counts more than size."""
    height, width, _ = dots.shape
    # Each line begins with its filter, 0 for none: to look for a better one takes longer than the rest.
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    lines[:, 1:] = dots.reshape(height, -1)
    # 8 bits for each of red, green and blue, not interlaced (PNG specification, third edition, section 11.2.1).
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.data, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def stacked_png(*pictures: Dots) -> bytes:
    """Put pictures of one width one above the other, as PNG; the same pictures give the same bytes.

    Parameters
    ----------
    *pictures
        From top to bottom, at least one; see `quick_dots`.
    """
    parts = [pictures[0]]
    for picture in pictures[1:]:
        parts += [np.full((_GAP, *picture.shape[1:]), 255, dtype=np.uint8), picture]
    return packed(np.concatenate(parts))


def _dots_of(canvas: Any) -> Dots:
    shown = np.asarray(canvas.buffer_rgba())
    dots = np.empty((*shown.shape[:2], 3), dtype=np.uint8)
    # A channel at a time is ten times as fast as all of them.
    for channel in range(3):
        dots[..., channel] = shown[..., channel]
    return dots


def rounded_up(value: float) -> float:
    """Give the end of a scale that holds a value, and seldom moves when the value does."""
    if value <= 0:
        return 1.0
    power = float(10.0 ** np.floor(np.log10(value)))
    return next(step * power for step in _STEPS if step * power >= value * (1 - 1e-9))


def quick_dots(figure: Figure, *scales: object) -> Dots:
    """Draw a figure that is made anew for each choice; axes that are the same in many of them are drawn once.

    What stays are the axes' marks, labels and grids; all that is put into the axes moves. The same figure gives
    the same dots, whatever was drawn before.

    Parameters
    ----------
    figure
        Its axes are where they belong, see :func:`~pixelsim.show.style.placed`.
    *scales
        What tells its axes from others of the same places, limits and labels, such as names on an axis.
    """
    with _quickly():
        figure.set_dpi(DOTS)
        canvas = _Canvas(figure)
        renderer = canvas.get_renderer()
        scene = (tuple(figure.get_size_inches()), *(_told(ax) for ax in figure.axes), *scales)
        if scene not in _SCENES:
            renderer.clear()
            for artist in (figure.patch, *(part for ax in figure.axes for part in _staying(ax))):
                artist.draw(renderer)
            _SCENES[scene] = canvas.copy_from_bbox(figure.bbox)
            while len(_SCENES) > MOST_SCENES:
                _SCENES.popitem(last=False)
        _SCENES.move_to_end(scene)
        renderer.restore_region(_SCENES[scene])
        for artist in sorted(_moving(figure), key=lambda one: one.get_zorder()):
            artist.draw(renderer)
    return _dots_of(canvas)


def quick_png(figure: Figure, *scales: object) -> bytes:
    """Draw a figure as PNG for a page that is looked at now; see `quick_dots`."""
    return packed(quick_dots(figure, *scales))


def _staying(ax: Axes) -> tuple[Artist, ...]:
    return (ax.patch, ax.xaxis, ax.yaxis) if ax.axison else ()


def _moving(figure: Figure) -> Iterator[Artist]:
    yield from (*figure.legends, *figure.texts)
    for ax in figure.axes:
        # Edges lie over what is in the axes, if there are any.
        others = {ax.patch, ax.xaxis, ax.yaxis, *(() if ax.axison else ax.spines.values())}
        yield from (artist for artist in ax.get_children() if artist not in others)


def _told(ax: Axes) -> tuple[object, ...]:
    """Give what tells axes apart."""
    return (ax.get_position().bounds, ax.get_xlim(), ax.get_ylim(), ax.get_xlabel(), ax.get_ylabel(), ax.axison)


class Background:
    """What stays in a picture, drawn once.

    Parameters
    ----------
    figure
        All that stays; it keeps its layout from now on.
    """

    def __init__(self, figure: Figure) -> None:
        with _quickly():
            figure.set_dpi(DOTS)
            self._canvas = _Canvas(figure)
            self._canvas.draw()
        # What is added later does not move what is there.
        figure.set_layout_engine("none")
        self._figure = figure
        self._kept = self._canvas.copy_from_bbox(figure.bbox)

    def png(self, moving: Iterable[Artist]) -> bytes:
        """Give the picture with artists over it, those with the lowest z order first; the same give the same bytes."""
        with _quickly():
            self._canvas.restore_region(self._kept)
            for artist in sorted(moving, key=lambda one: one.get_zorder()):
                self._figure.draw_artist(artist)
        return packed(_dots_of(self._canvas))
