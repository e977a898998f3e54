"""Pictures of which only a part moves: what stays is drawn once, what moves is drawn over it, and packed quickly."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from pixelsim.show.style import styled

__all__ = ["Background", "Dots", "packed", "quick_dots", "quick_png", "rounded_up"]

_Canvas: Any = FigureCanvasAgg
"""The canvas without its types, which it has only in part."""
DOTS = 150
"""Dots of the picture for each of its inches."""
MOST_SCENES = 16
"""Scenes that are kept, of 3 to 6 MB each; those used longest ago are forgotten first."""
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Ends of scales, in powers of ten."""

Dots = NDArray[np.uint8]
"""Red, green and blue of a picture, shape (height, width, 3)."""
_SCENES: OrderedDict[tuple[object, ...], Any] = OrderedDict()
"""What stays in pictures, by what it says; it makes pictures faster and changes none of their dots."""


def packed(dots: Dots) -> bytes:
    """Give dots as PNG, packed lightly: the page is on this machine, and time counts more than size."""
    target = io.BytesIO()
    Image.fromarray(dots).save(target, "PNG", compress_level=1)
    return target.getvalue()


def _dots_of(canvas: Any) -> Dots:
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


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
    with styled():
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
        return packed(_dots_of(self._canvas))
