"""Who has access to what, as a picture: businesses, pixels and ad accounts, and what ties them together."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import networkx as nx
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Rectangle

from pixelsim.show.names import Names
from pixelsim.show.style import COLOURS, SERIES, WIDE, is_wide, new_figure, placed, set_title, styled
from pixelsim.world.queries import share_in_force
from pixelsim.world.world import World

__all__ = ["Tie", "access_graph", "access_graph_figure", "graph_of"]

MOST = 24
"""Things of a kind that are drawn; those with the fewest ties are left out, and counted."""


class Tie(StrEnum):
    """What ties two things together; the value is its word in the legend."""

    OWNS = "controls the pixel (R03)"
    SHARED = "shared with the partner (R08)"
    CREATED = "created the pixel (R02)"
    LINKED = "linked: may see and use it (R07, R09)"
    PARTNERS = "partners"
    GRANTED = "role on the ad account"


_LINES: dict[Tie, tuple[str, Any, float]] = {
    Tie.OWNS: (COLOURS["text"], "solid", 2.2),
    Tie.SHARED: (COLOURS["waiting"], "dashed", 1.8),
    Tie.CREATED: (COLOURS["delivering"], "solid", 2.2),
    Tie.LINKED: (COLOURS["access"], "solid", 1.6),
    Tie.PARTNERS: (COLOURS["muted"], "dotted", 1.6),
    Tie.GRANTED: (COLOURS["lost"], "dashdot", 1.6),
}
_KINDS = {"business_centers": "Business Centers", "pixels": "Pixels", "ad_accounts": "Ad accounts"}
_HALF, _TALL = 0.33, 0.62
"""Half of a box's width, and its height, in the units of columns and rows."""
_ROW_INCHES, _ROW_LINES = 0.72, 3
"""Inches of a row, and lines of a name that have room in its box."""
_MANY, _MANY_INCHES, _MANY_LINES = 12, 0.5, 2
"""Rows that are still so tall; and both figures where there are more."""
_HEADINGS, _LINE, _EDGE = 0.2, 0.18, 0.08
"""Inches of the columns' headings, of a line of title or legend, and at both sides."""


def graph_of(world: World) -> nx.MultiDiGraph[str]:
    """Give the access graph of a world.

    Nodes are ``"kind:id"`` for Business Centers, pixels and ad accounts; each has its ``kind``, its ``key``, its
    ``layer`` (0 to 2), and the Business Center that it belongs to as ``home`` (None for none). Edges carry a
    :class:`Tie` and run from who gives to who gains.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    businesses = _in_order(world.business_centers)
    pixels, accounts = world.pixels, world.ad_accounts
    homes: dict[str, dict[str, str | None]] = {
        "business_centers": {key: key for key in businesses},
        "pixels": {key: pixels[key].owner_bc or accounts[pixels[key].creator].owner_bc for key in pixels},
        "ad_accounts": {key: account.owner_bc for key, account in accounts.items()},
    }
    place = {bc: i for i, bc in enumerate(businesses)}
    for layer, (kind, home) in enumerate(homes.items()):
        # What belongs together stands at the same height, so that few lines cross.
        for key in sorted(_in_order(home), key=lambda k: place.get(home[k] or "", len(place))):
            graph.add_node(f"{kind}:{key}", kind=kind, key=key, layer=layer, home=home[key])
    for code, pixel in sorted(pixels.items()):
        if pixel.owner_bc is not None:
            graph.add_edge(f"business_centers:{pixel.owner_bc}", f"pixels:{code}", tie=Tie.OWNS)
        graph.add_edge(f"ad_accounts:{pixel.creator}", f"pixels:{code}", tie=Tie.CREATED)
    for code, partner in sorted(world.shares):
        if share_in_force(world, code, partner):
            graph.add_edge(f"pixels:{code}", f"business_centers:{partner}", tie=Tie.SHARED)
    for code, account in sorted(world.links):
        if pixels[code].creator != account:
            graph.add_edge(f"pixels:{code}", f"ad_accounts:{account}", tie=Tie.LINKED)
    for one, other in sorted(world.partnerships):
        graph.add_edge(f"business_centers:{one}", f"business_centers:{other}", tie=Tie.PARTNERS)
    for bc, account in sorted(world.account_grants):
        graph.add_edge(f"business_centers:{bc}", f"ad_accounts:{account}", tie=Tie.GRANTED)
    return graph


def _in_order(keys: Iterable[str]) -> list[str]:
    """Put ids in their order, with the numbers in them by size: 2 before 10."""

    def order(key: str) -> tuple[list[str | int], str]:
        # Text and number take turns; ids such as 1 and 01 are told apart by their text.
        return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", key)], key

    return sorted(keys, key=order)


def _drawn(graph: nx.MultiDiGraph[str]) -> nx.MultiDiGraph[str]:
    """Leave out the nodes with the fewest ties where there are too many of a kind."""
    drawn = graph.copy()
    for kind in _KINDS:
        nodes = [node for node, data in graph.nodes(data=True) if data["kind"] == kind]
        nodes.sort(key=lambda node: (-graph.degree(node), node))
        drawn.remove_nodes_from(nodes[MOST:])
    return drawn


def _rows(graph: nx.MultiDiGraph[str]) -> int:
    layers = [data["layer"] for _, data in graph.nodes(data=True)]
    return max([layers.count(layer) for layer in set(layers)], default=1)


def _row_inches(rows: int) -> float:
    return _ROW_INCHES if rows <= _MANY else _MANY_INCHES


def _ties(graph: nx.MultiDiGraph[str]) -> set[Tie]:
    return {data["tie"] for _, _, data in graph.edges(data=True)}


def _places(graph: nx.MultiDiGraph[str]) -> dict[str, tuple[float, float]]:
    """Lay the kinds out in columns, a column apart and a row apart, from the top."""
    if not graph:
        return {}
    # Given as lists, since networkx's own grouping is by sets, whose order differs from process to process.
    layers: dict[int, list[str]] = {}
    for node, data in graph.nodes(data=True):
        layers.setdefault(data["layer"], []).append(node)
    laid = nx.multipartite_layout(graph, subset_key=layers)
    columns = sorted({round(float(x), 6) for x, _ in laid.values()})
    unit = columns[1] - columns[0] if len(columns) > 1 else 1.0
    return {node: ((float(x) - columns[0]) / unit, -float(y) / unit) for node, (x, y) in laid.items()}


def access_graph(ax: Axes, world: World) -> Axes:
    """Draw who has access to what: Business Centers, pixels and ad accounts in three columns, and their ties.

    What belongs to one business has one colour at the left edge of its box.

    Parameters
    ----------
    ax
        Where to draw.
    world
        The state to show.
    """
    whole = graph_of(world)
    graph, names = _drawn(whole), Names(world, drawn=True)
    places = _places(graph)
    homes = _in_order(world.business_centers)
    wide, rows = is_wide(ax), _rows(graph)
    lines = _ROW_LINES if rows <= _MANY else _MANY_LINES
    # The limits are set below, so nothing has to work them out from each box and arrow.
    for one, other, data in graph.edges(data=True):
        _draw_tie(ax, places[one], places[other], data["tie"], _row_inches(rows))
    for node, data in graph.nodes(data=True):
        x, y = places[node]
        colour = SERIES[homes.index(data["home"]) % len(SERIES)] if data["home"] in homes else COLOURS["off"]
        corner = (x - _HALF, y - _TALL / 2)
        ax.add_artist(Rectangle(corner, 2 * _HALF, _TALL, facecolor="white", edgecolor=COLOURS["muted"], zorder=3))
        ax.add_artist(Rectangle(corner, 0.035, _TALL, facecolor=colour, zorder=4))
        name = names.of(data["kind"], data["key"])
        told = "\n".join(textwrap.wrap(name, 26 if wide else 14, max_lines=lines, placeholder="…"))
        ax.text(x + 0.018, y, told, ha="center", va="center", size=8.5 if wide else 7.5, zorder=5, linespacing=1.1)
    _finish(ax, graph, places)
    left_out = len(whole) - len(graph)
    set_title(ax, "Who has access to what", *([f"{left_out} with the fewest ties are not drawn"] if left_out else []))
    return ax


def _draw_tie(ax: Axes, one: tuple[float, float], other: tuple[float, float], tie: Tie, row_inches: float) -> None:
    """Draw a tie from side to side; two things of one column are tied by a bow at its left."""
    colour, style, width = _LINES[tie]
    (x1, y1), (x2, y2) = one, other
    # Ties of different kinds between the same two boxes end at different heights.
    shift = (list(Tie).index(tie) % 3 - 1) * 0.14
    bow = "arc3,rad=0"
    if x1 == x2:
        # Long bows are flat, so that they stay within the margin.
        bend = min(0.35, 0.4 / (abs(y2 - y1) * row_inches))
        bow = f"arc3,rad={-bend if y1 < y2 else bend}"
        ends = (x1 - _HALF, y1), (x2 - _HALF, y2)
    else:
        side = 1.0 if x2 > x1 else -1.0
        ends = (x1 + side * _HALF, y1 + shift), (x2 - side * _HALF, y2 + shift)
    arrow = "-" if tie is Tie.PARTNERS else "-|>"
    ax.add_artist(
        FancyArrowPatch(
            *ends,
            arrowstyle=arrow,
            connectionstyle=bow,
            mutation_scale=11,
            shrinkA=0,
            shrinkB=0,
            color=colour,
            linestyle=style,
            linewidth=width,
            zorder=2,
        )
    )


def _finish(ax: Axes, graph: nx.MultiDiGraph[str], places: dict[str, tuple[float, float]]) -> None:
    """Set limits, headings of the columns, and the legend."""
    rows = _rows(graph)
    columns: dict[str, list[tuple[float, float]]] = {}
    for node, (x, y) in places.items():
        columns.setdefault(_KINDS[graph.nodes[node]["kind"]], []).append((x, y))
    top = max((y for _, y in places.values()), default=0.0) + 0.5
    low = min((y for _, y in places.values()), default=0.0) - 0.5
    for heading, held in columns.items():
        ax.text(held[0][0], top + 0.02, heading, ha="center", weight="bold", size=8.5, color=COLOURS["muted"])
    ax.set(xlim=(-_HALF - 0.16, max(1, len(columns) - 1) + _HALF + 0.02), ylim=(low, top + 0.28 if rows else 1))
    ax.set_axis_off()
    seen = _ties(graph)
    handles = [
        Line2D([], [], color=colour, linestyle=style, linewidth=width, label=tie.value)
        for tie, (colour, style, width) in _LINES.items()
        if tie in seen
    ]
    if handles:
        ax.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(0, 0),
            borderaxespad=0.2,
            borderpad=0,
            handlelength=3.2,
            ncols=3 if is_wide(ax) else 1,
        )


def access_graph_figure(world: World, width: float = WIDE) -> Figure:
    """Give the access graph of a world, as tall as it needs to be.

    Parameters
    ----------
    world
        The state to show.
    width
        Inches.
    """
    graph = _drawn(graph_of(world))
    legend = len(_ties(graph))
    lines = -(-legend // 3) if width > 6 else legend
    tall, below = _rows(graph) * _row_inches(_rows(graph)) + _HEADINGS, 0.1 + _LINE * lines
    figure = new_figure(width, tall + below)
    with styled():
        ax = access_graph(placed(figure, left=_EDGE, right=_EDGE, top=0, height=tall), world)
        top = 0.12 + _LINE * (ax.get_title(loc="left").count("\n") + 1)
        figure.set_size_inches(width, top + tall + below)
        placed(figure, left=_EDGE, right=_EDGE, top=top, height=tall, ax=ax)
    return figure
