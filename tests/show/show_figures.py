"""What a finished picture is checked for, whatever it shows, and scenarios that are quick to run."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from pixelsim.scenario import Scenario
from pixelsim.show.style import styled


def small(found: Scenario) -> Scenario:
    """Give a scenario with little traffic, so that a run takes a few hundredths of a second."""
    sites = tuple(site.replace(organic_sessions=60.0) for site in found.traffic.sites)
    delivery = tuple(d.replace(daily_budget=d.daily_budget / 10) for d in found.traffic.delivery)
    return found.replace(traffic=found.traffic.replace(sites=sites, delivery=delivery))


def texts(figure: Figure) -> list[Text]:
    """Give every text that is drawn; marks outside an axis's limits have texts too, which are not."""
    drawn: list[Text] = []
    draw = Text.draw

    def record(text: Text, renderer: RendererBase, *more: Any, **options: Any) -> None:
        if text.get_visible() and text.get_text().strip():
            drawn.append(text)
        draw(text, renderer, *more, **options)

    with pytest.MonkeyPatch.context() as patched, styled():
        patched.setattr(Text, "draw", record)
        figure.draw_without_rendering()
    return list(dict.fromkeys(drawn))


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Give every text that is drawn with the place it takes, in dots."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = texts(figure)
    with styled():
        return [(text.get_text(), text.get_window_extent(renderer)) for text in found]


def cut_texts(figure: Figure) -> list[str]:
    """List the texts that reach over the edge of the picture, by more than a dot."""
    width, height = figure.bbox.width, figure.bbox.height
    return [
        text for text, box in boxes(figure) if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]


def overlapping_texts(figure: Figure, *, share: float = 0.25) -> list[tuple[str, str]]:
    """List pairs of texts of which more than a share of the smaller one is covered by the other."""
    found = boxes(figure)
    pairs = []
    for i, (one, a) in enumerate(found):
        for other, b in found[i + 1 :]:
            wide = min(a.x1, b.x1) - max(a.x0, b.x0)
            tall = min(a.y1, b.y1) - max(a.y0, b.y0)
            if wide > 0 and tall > 0 and wide * tall > share * min(a.width * a.height, b.width * b.height):
                pairs.append((one, other))
    return pairs
