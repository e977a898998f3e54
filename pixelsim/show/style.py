"""One look for every picture: fonts, colours that colour-blind readers can tell apart, and PNG bytes that never differ.

Colours are those of Okabe and Ito (2008), "Color Universal Design"; each meaning has one colour in all pictures, and
never the colour alone: hatches, marks or words say the same.
"""

from __future__ import annotations

import contextlib
import io
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pixelsim.base.errors import InputError
from pixelsim.base.files import write_bytes

__all__ = [
    "COLOURS",
    "DOTS",
    "NARROW",
    "NO_METADATA",
    "SERIES",
    "STYLE",
    "WIDE",
    "drawable",
    "figure_png",
    "is_wide",
    "new_figure",
    "placed",
    "root_figure",
    "set_title",
    "styled",
    "title_room",
    "write_png",
]

WIDE, NARROW = 10.0, 3.9
"""Widths of pictures in inches: for a screen or a page, and for a phone of 390 CSS pixels."""
DOTS = 2
"""Picture dots for each CSS pixel, so that text stays sharp on dense screens."""
_CSS_PIXELS = 100
"""CSS pixels an inch of a figure stands for."""

NO_METADATA: dict[str, Any] = {"Software": None}
"""What keeps matplotlib from writing its version into a picture."""

COLOURS = {
    "text": "#1A1A1A",
    "muted": "#5F5F5F",
    "line": "#D4D4D4",
    "access": "#0072B2",
    "delivering": "#009E73",
    "orphaned": "#D55E00",
    "waiting": "#E69F00",
    "off": "#BDBDBD",
    "done": "#8C8C8C",
    "spend": "#56B4E9",
    "observed": "#0072B2",
    "lost": "#CC79A7",
    "refused": "#D55E00",
    "unshare": "#000000",
}
"""Colour of each meaning."""
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Colours of things without a meaning of their own, such as viewers, in their order."""

STYLE: dict[str, Any] = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": COLOURS["muted"],
    "axes.labelcolor": COLOURS["text"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=SERIES),
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "text.color": COLOURS["text"],
    # Names are users' text: a campaign called "5$ off, 10$ off" is no formula.
    "text.parse_math": False,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
    "xtick.labelcolor": COLOURS["text"],
    "ytick.labelcolor": COLOURS["text"],
    "grid.color": COLOURS["line"],
    "grid.linewidth": 0.6,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "hatch.linewidth": 0.8,
    "lines.linewidth": 1.4,
    "path.simplify": True,
}
"""The style sheet; used through :func:`styled`, never set for the whole process."""


@cache
def _settings() -> dict[str, Any]:
    """Give all settings of matplotlib in pixelsim's style, checked once."""
    with mpl.rc_context():
        mpl.rcdefaults()
        settings: dict[Any, Any] = STYLE
        mpl.rcParams.update(settings)
        return {name: value for name, value in dict.items(mpl.rcParams) if name != "backend"}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw in pixelsim's style inside the block, and leave the process's settings as they were."""
    parameters: Any = mpl.rcParams
    with mpl.rc_context():
        dict.update(parameters, _settings())
        yield


def new_figure(width: float = WIDE, height: float = 4.0) -> Figure:
    """Give an empty figure in pixelsim's style, without pyplot and so without anything to close.

    Parameters
    ----------
    width, height
        Inches; :data:`WIDE` and :data:`NARROW` are the usual widths.
    """
    with styled():
        figure = Figure(figsize=(width, height), dpi=_CSS_PIXELS, layout="constrained")
        FigureCanvasAgg(figure)
    return figure


def placed(figure: Figure, *, left: float, right: float, top: float, height: float, ax: Axes | None = None) -> Axes:
    """Put axes at a known place, so that nothing has to be measured for the layout.

    Parameters
    ----------
    figure
        Where they are; its layout stays as it is from now on.
    left, right, top
        Inches from the edges of the figure.
    height
        Inches.
    ax
        Axes of the figure that are there already; new ones by default.
    """
    figure.set_layout_engine("none")
    wide, tall = (float(inches) for inches in figure.get_size_inches())
    place = left / wide, 1 - (top + height) / tall, 1 - (left + right) / wide, height / tall
    if ax is None:
        return figure.add_axes(place)
    ax.set_position(place)
    return ax


def root_figure(ax: Axes) -> Figure:
    """Give the whole figure that an axes is in.

    Raises
    ------
    InputError
        The axes is in no figure, or was taken out of it.
    """
    part: Any = ax.figure
    if part is None:
        raise InputError.single(
            "chart", field="ax", value="an axes without a figure", rule="in a figure", remedy="take one of a figure"
        )
    whole: Figure = part.figure
    return whole


def is_wide(ax: Axes) -> bool:
    """Whether there is room for long lines: the figure is no narrow one."""
    return bool(root_figure(ax).get_figwidth() > (WIDE + NARROW) / 2)


def title_room(ax: Axes, narrow: int) -> int:
    """Give the characters that a line of a title has room for, also where a part of the figure is out of sight."""
    return round(7 * root_figure(ax).get_figwidth()) if is_wide(ax) else narrow


def set_title(ax: Axes, *lines: str, narrow: int = 34) -> None:
    """Set a title, in one line where there is room, and else in lines of at most ``narrow`` characters."""
    room, whole = title_room(ax, narrow), ": ".join(lines)
    told = [whole] if is_wide(ax) and len(whole) <= room else lines
    ax.set_title("\n".join(part for line in told for part in textwrap.wrap(line, room)))


def figure_png(figure: Figure) -> bytes:
    """Draw a figure as PNG, twice as many dots as CSS pixels; the same figure gives the same bytes.

    No date and no version is written into the file.
    """
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format="png", dpi=_CSS_PIXELS * DOTS, metadata=NO_METADATA)
    return buffer.getvalue()


def write_png(figure: Figure, path: str | Path) -> Path:
    """Write a figure as a PNG file, whole or not at all, and give its path."""
    target = Path(path)
    write_bytes(target, figure_png(figure))
    return target


@cache
def _drawn_characters() -> frozenset[int]:
    """Give the characters that the style's font has."""
    font = font_manager.get_font(font_manager.findfont(STYLE["font.family"][0]))
    return frozenset(font.get_charmap())


def drawable(text: str, otherwise: str) -> str:
    """Give ``text`` if the style's font has all of its characters, or else ``otherwise``, rather than empty boxes."""
    known = _drawn_characters()
    return text if all(ord(character) in known for character in text) else otherwise
