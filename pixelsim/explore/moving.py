"""Pictures of which only a part moves: what stays is drawn once, what moves is drawn over it, and packed quickly."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Self

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from numpy.typing import NDArray

from pixelsim.show.style import styled

__all__ = ["Background", "Strip", "keep_words", "quick_png", "quick_strip", "rounded_up", "stacked_png"]

_Canvas: Any = FigureCanvasAgg
"""The canvas without its types, which it has only in part."""
DOTS = 150
"""Dots of the picture for each of its inches."""
_GAP = 24
"""Dots of white between pictures, one above the other."""
_STAYS = "stays"
"""What marks words that stay."""
_ADLER = 65521
"""The modulus of Adler-32."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A picture that is ready to be put above or below others of its width: packed on its own, and once.

    Parameters
    ----------
    height, width
        Dots.
    data
        The lines as blocks of a deflate stream, none of which is the last and none refers to what was before.
    check, size
        Adler-32 and number of the bytes of the lines.
    """

    height: int
    width: int
    data: bytes
    check: int
    size: int

    @classmethod
    def of(cls, dots: Dots) -> Self:
        """Pack dots, lightly: the page is on this machine, and time counts more than size."""
        height, width, _ = dots.shape
        # Each line begins with its filter, 0 for none: to look for a better one takes longer than the rest.
        lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
        lines[:, 1:] = dots.reshape(height, -1)
        packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
        data = packer.compress(lines.data) + packer.flush(zlib.Z_FULL_FLUSH)
        return cls(height, width, data, zlib.adler32(lines.data), lines.size)


@lru_cache(maxsize=8)
def _gap(width: int) -> Strip:
    return Strip.of(np.full((_GAP, width, 3), 255, dtype=np.uint8))


def _checked(first: int, second: int, size: int) -> int:
    """Give the Adler-32 of bytes and others after them, from that of each and the size of the second (RFC 1950)."""
    a = ((first & 0xFFFF) + (second & 0xFFFF) - 1) % _ADLER
    b = ((first >> 16) + (second >> 16) + size * ((first & 0xFFFF) - 1)) % _ADLER
    return b << 16 | a


def stacked_png(*strips: Strip) -> bytes:
    """Put pictures of one width one above the other, as PNG; the same pictures give the same bytes.

    Parameters
    ----------
    *strips
        From top to bottom, at least one; see `quick_strip`.
    """
    width = strips[0].width
    parts = [strips[0]]
    for strip in strips[1:]:
        parts += [_gap(width), strip]
    # 8 bits for each of red, green and blue, not interlaced (PNG specification, third edition, section 11.2.1).
    header = struct.pack(">IIBBBBB", width, sum(part.height for part in parts), 8, 2, 0, 0, 0)
    check = reduce(lambda so_far, part: _checked(so_far, part.check, part.size), parts, 1)
    # A zlib stream: its heading, the blocks, a last one that is empty, and the check (RFC 1950 and 1951).
    data = b"\x78\x01" + b"".join(part.data for part in parts) + b"\x03\x00" + struct.pack(">I", check)
    chunks = (b"IHDR", header), (b"IDAT", data), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


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


def quick_strip(figure: Figure, *scales: object) -> Strip:
    """Draw a figure that is made anew for each choice; axes that are the same in many of them are drawn once.

    What stays are the axes' marks, labels and grids, and words of which `keep_words` says so; all else that is put into
    the axes moves. The same figure gives the same bytes, whatever was drawn before.

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
    return Strip.of(_dots_of(canvas))


def quick_png(figure: Figure, *scales: object) -> bytes:
    """Draw a figure as PNG for a page that is looked at now; see `quick_strip`."""
    return stacked_png(quick_strip(figure, *scales))


def keep_words(ax: Axes) -> None:
    """Let the words stay that are in axes so far, legend and title included: they lie over nothing that moves."""
    for part in ax.get_children():
        if isinstance(part, Text | Legend):
            part.set_gid(_STAYS)


def _kept_words(ax: Axes) -> list[Text | Legend]:
    return [part for part in ax.get_children() if isinstance(part, Text | Legend) and part.get_gid() == _STAYS]


def _staying(ax: Axes) -> tuple[Artist, ...]:
    return (*((ax.patch, ax.xaxis, ax.yaxis) if ax.axison else ()), *_kept_words(ax))


def _moving(figure: Figure) -> Iterator[Artist]:
    yield from (*figure.legends, *figure.texts)
    for ax in figure.axes:
        # Edges lie over what is in the axes, if there are any.
        others = {ax.patch, ax.xaxis, ax.yaxis, *(() if ax.axison else ax.spines.values()), *_kept_words(ax)}
        yield from (artist for artist in ax.get_children() if artist not in others)


def _told(ax: Axes) -> tuple[object, ...]:
    """Give what tells axes apart."""
    words = tuple(
        (part.get_text(), part.get_position())
        if isinstance(part, Text)
        else tuple(text.get_text() for text in part.get_texts())
        for part in _kept_words(ax)
    )
    marks = tuple(tuple(axis.get_ticklocs()) for axis in (ax.xaxis, ax.yaxis)) if ax.axison else ()
    limits = (ax.get_xlim(), ax.get_ylim())
    return (ax.get_position().bounds, *limits, marks, ax.get_xlabel(), ax.get_ylabel(), ax.axison, words)


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
        return stacked_png(Strip.of(_dots_of(self._canvas)))
