"""The picture of when to unshare: access, delivery and spend of the first run, and what all runs come to.

Names, dates and scales are the same for every choice and are drawn once; blocks, marks and figures move.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.money import to_major
from pixelsim.counts import Exactness
from pixelsim.explore.base import WIDTH
from pixelsim.explore.moving import Background
from pixelsim.explore.timing import AFTER_STOP, LONGEST, Key, Timing
from pixelsim.show.digits import number, plus_minus, short
from pixelsim.show.names import Names
from pixelsim.show.story import Block, Kind, Mark, MarkKind, Section, delivery, grants, marks, spend_by_day
from pixelsim.show.style import COLOURS, new_figure, styled
from pixelsim.show.timeline import LINES, LOOKS, ONE_HISTORY, date_axis, date_of
from pixelsim.study.count_run import CountRun
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary

__all__ = ["TimingPicture", "spent_by_day"]

MOST = 14
"""Rows of grants and of ad groups that there is room for, headings included."""
_LEFT, _RIGHT = 0.295, 0.985
"""Edges of the dates, as shares of the picture's width; names stand to the left of them."""
_ROW, _SPEND, _STRIP, _DATES, _LEGEND, _TITLE = 0.235, 0.85, 0.3, 0.42, 0.84, 0.3
"""Heights in inches: a row, the spend of a currency, the strip of marks, dates, the legend, a title."""
_NEAR = 0.035
"""Marks that are nearer to each other than this share of the run are put together."""
_ROOM = 38
"""Characters that there is room for to the left of the dates."""
_EDGE = -_LEFT / (_RIGHT - _LEFT) + 0.01
"""Left edge of the picture, in widths of an axes."""
_BAR = 0.42
"""Length of the whole that outcomes are a part of, in widths of an axes."""
_Floats = NDArray[np.float64]
_Row = tuple[str, str, int]
"""Heading, name, and number among rows of the same name."""


def _cut(text: str, room: int = _ROOM) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _blocks(sections: list[Section]) -> dict[_Row, tuple[Block, ...]]:
    """Give the blocks of rows by heading, name and number among rows of the same name."""
    found: dict[_Row, tuple[Block, ...]] = {}
    for section in sections:
        for row in section.rows:
            again = next(n for n in itertools.count() if (section.heading, row.label, n) not in found)
            found[section.heading, row.label, again] = row.blocks
    return found


def _sections(found: Timing) -> list[Section]:
    names = Names(found.first.simulation.history.now, drawn=True)
    return [*grants(found.first, names, most=1000), *delivery(found.first, names, most=1000)]


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """What stays in the picture, and where what moves belongs."""

    background: Background
    rows: Axes
    spend: dict[str, Axes]
    outcomes: Axes
    places: dict[_Row, float]


class TimingPicture:
    """Draws one choice after the other; the rows and the scales are those of the first choice.

    Parameters
    ----------
    base
        The choice whose rows are drawn, and against whose first run outcomes are scaled.
    """

    def __init__(self, base: Timing) -> None:
        self.base = base
        self._stage = lru_cache(maxsize=6)(self._staged)
        self._whole = self._wholes(base)

    @staticmethod
    def _wholes(base: Timing) -> dict[Key, tuple[float, str]]:
        """Give what an outcome is at most or is a part of, with words for it."""
        outcomes = base.first.outcomes()
        keys = list(zip(outcomes["outcome"], outcomes["object"], strict=True))
        value, units = (dict(zip(keys, outcomes[name], strict=True)) for name in ("value", "unit"))
        found: dict[Key, tuple[float, str]] = {}
        for of in sorted(of for outcome, of in keys if outcome == "spend"):
            unit, spent = units["spend", of], value["spend", of]
            earned = value["conversions attributed", of] + value["conversions lost to attribution", of]
            found["orphaned spend", of, unit] = spent, f"of {number(spent)} {unit} spent"
            found["blind days", of, "days"] = base.scenario.days, f"of {base.scenario.days} days"
            found["conversions lost to attribution", of, "conversions"] = earned, f"of {number(earned)} conversions"
            found[AFTER_STOP, of, "days"] = LONGEST, f"of {LONGEST} days"
        tried = len(base.first.simulation.history.records)
        found["refused actions", "all people", "actions"] = max(1, tried), f"of {tried} actions tried"
        return found

    # ---- what stays --------------------------------------------------------------------------------------------------

    def _staged(self, told: str, outcomes: tuple[str, ...]) -> _Stage:
        """Draw what stays, with names of outcomes and what is told over them."""
        run = self.base.first
        sections = _sections(self.base)
        labels = self._labels(sections)
        currencies = list(spent_by_day(run))
        heights = [len(labels) * _ROW, *(_SPEND for _ in currencies), len(outcomes) * _ROW * 1.15]
        total = _TITLE + _STRIP + sum(heights) + 0.1 * len(currencies) + _DATES + _LEGEND + _TITLE + 0.1
        figure = new_figure(WIDTH, total)
        figure.set_layout_engine("none")
        with styled():
            top = _TITLE + _STRIP
            rows = self._axes(figure, top - _STRIP, heights[0] + _STRIP, total)
            rows.set(ylim=(heights[0] / _ROW, -_STRIP / _ROW), xlim=self._ends, yticks=[])
            rows.spines["left"].set_visible(False)
            places = self._write(rows, labels)
            top += heights[0]
            spend = {}
            for currency in currencies:
                spend[currency] = self._axes(figure, top + 0.1, _SPEND, total)
                self._scale(spend[currency], currency)
                top += _SPEND + 0.1
            last = [rows, *spend.values()][-1]
            for ax in (rows, *spend.values()):
                date_axis(ax, run)
                if ax is not last:
                    ax.tick_params(axis="x", bottom=False, labelbottom=False)
                    ax.set_xlabel("")
            top += _DATES
            self._legend(figure, top / total)
            top += _LEGEND + _TITLE
            below = self._axes(figure, top, heights[-1], total)
            below.set(ylim=(len(outcomes), 0), xlim=(0, 1))
            below.set_axis_off()
            for place, name in enumerate(outcomes):
                _name(below, place + 0.5, name)
                below.plot([0, _BAR], [place + 0.5] * 2, color=COLOURS["line"], linewidth=1)
            above: dict[str, Any] = {"size": 10, "weight": "bold", "va": "bottom"}
            simulation = run.simulation
            shown = f"{ONE_HISTORY}: replication {simulation.replication} of seed {simulation.seed}"
            rows.text(_EDGE, 1.02, shown, transform=rows.transAxes, **above)
            below.text(_EDGE, 1.06, told, transform=below.transAxes, **above)
            background = Background(figure)
        return _Stage(background, rows, spend, below, places)

    @property
    def _ends(self) -> tuple[float, float]:
        run = self.base.first
        return date_of(run, 0), date_of(run, run.scenario.length)

    @staticmethod
    def _axes(figure: Figure, top: float, height: float, total: float) -> Axes:
        return figure.add_axes((_LEFT, 1 - (top + height) / total, _RIGHT - _LEFT, height / total))

    @staticmethod
    def _labels(sections: list[Section]) -> list[tuple[str, _Row | None]]:
        """List headings and rows, those that are the first while there is room."""
        found: list[tuple[str, _Row | None]] = []
        heading = ""
        keys = list(_blocks(sections))
        for key in keys:
            wanted = 1 if key[0] == heading else 2
            if len(found) + wanted > MOST:
                break
            if wanted == 2:
                heading = key[0]
                found.append((heading, None))
            found.append((key[1], key))
        left = len(keys) - sum(key is not None for _, key in found)
        return [*found, (f"and {left} more, not drawn", None)] if left else found

    @staticmethod
    def _write(ax: Axes, labels: list[tuple[str, _Row | None]]) -> dict[_Row, float]:
        """Write names to the left of the rows, and give where each row is."""
        for place, (told, key) in enumerate(labels):
            _name(ax, place + 0.55, told, heading=key is None)
        return {key: float(place) for place, (_, key) in enumerate(labels) if key is not None}

    def _scale(self, ax: Axes, currency: str) -> None:
        """Give the axes of a currency its scale: what all budgets of a day come to."""
        scenario, world = self.base.scenario, self.base.first.simulation.history.now
        account = {g.id: world.campaigns[g.campaign].account for g in world.ad_groups.values()}
        budgets = [
            d.daily_budget * d.budget_envelope
            for d in scenario.traffic.delivery
            if d.ad_group in account and world.ad_accounts[account[d.ad_group]].currency == currency
        ]
        ax.set(xlim=self._ends, ylim=(0, 1.05 * max(sum(budgets), 1e-9)))
        ax.yaxis.set_major_locator(MaxNLocator(nbins=3))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        ax.grid(axis="y")
        _name(ax, ax.get_ylim()[1] / 2, f"Spend a day, {currency}", heading=True)

    @staticmethod
    def _legend(figure: Figure, top: float) -> None:
        handles: list[Patch | Line2D] = []
        for kind in Kind:
            colour, hatch, edge = LOOKS[kind]
            handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor=edge, label=kind.value))
        handles.append(Patch(facecolor=COLOURS["spend"], label="spend"))
        for mark in MarkKind:
            colour, style, width = LINES[mark]
            handles.append(Line2D([], [], color=colour, linestyle=style, linewidth=min(width, 2.0), label=mark.value))
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.005, 1 - top), ncols=4, borderaxespad=0)

    # ---- what moves --------------------------------------------------------------------------------------------------

    def png(self, found: Timing) -> bytes:
        """Draw a choice; the same runs give the same bytes."""
        rows = found.rows()
        how = "in counts" if found.in_counts else "event by event"
        runs = "mean and 95 % interval" if len(found.runs) > 1 else "one run"
        several = len({of for _, of, _, _ in rows}) > len({"one account", "all people"})
        names = tuple(f"{outcome}, {of}" if several else outcome for outcome, of, _, _ in rows)
        stage = self._stage(f"What it comes to: {runs}, {how}", names)
        with styled():
            moving = [
                *self._rows(stage, found),
                *self._marks(stage, found),
                *self._spend(stage, found),
                *self._outcomes(stage, found, [summary for *_, summary in rows]),
            ]
        return stage.background.png(moving)

    def _rows(self, stage: _Stage, found: Timing) -> Iterator[Artist]:
        blocks = _blocks(_sections(found))
        kinds: dict[Kind, list[NDArray[np.float64]]] = {}
        for key, place in stage.places.items():
            for block in blocks.get(key, ()):
                start, end = (date_of(found.first, at) for at in (block.start, block.end))
                kinds.setdefault(block.kind, []).append(_box(start, end, place + 0.2, place + 0.9))
        for kind, boxes in kinds.items():
            colour, hatch, edge = LOOKS[kind]
            width = 0.6 if colour == "white" else 0
            look = PolyCollection(boxes, facecolors=colour, edgecolors=edge, hatch=hatch, linewidths=width, zorder=2)
            yield _put(stage.rows, look)

    def _marks(self, stage: _Stage, found: Timing) -> Iterator[Artist]:
        run = found.first
        told = marks(run, Names(run.simulation.history.now, drawn=True))
        for at, kind in dict.fromkeys((mark.at, mark.kind) for mark in told):
            colour, style, width = LINES[kind]
            x = date_of(run, at)
            for ax in (stage.rows, *stage.spend.values()):
                high = ax.get_ylim()[0 if ax is stage.rows else 1]
                line = Line2D([x, x], [0, high], color=colour, linestyle=style, linewidth=width, zorder=3)
                yield _put(ax, line)
        for group in _near(told, _NEAR * run.scenario.length):
            yield from self._mark(stage.rows, found, group)

    @staticmethod
    def _mark(ax: Axes, found: Timing, group: list[Mark]) -> Iterator[Artist]:
        kinds = {mark.kind for mark in group}
        kind = next(k for k in (MarkKind.UNSHARE, MarkKind.REFUSED, MarkKind.ACTION) if k in kinds)
        at = next(mark.at for mark in group if mark.kind is kind)
        numbers = f"{group[0].number}" if len(group) == 1 else f"{group[0].number}–{group[-1].number}"
        dark = kind is MarkKind.UNSHARE
        colour = LINES[kind][0]
        box = {"boxstyle": "round,pad=0.2", "facecolor": colour if dark else "white", "edgecolor": colour}
        x, y = date_of(found.first, at), -0.5 * _STRIP / _ROW
        look: dict[str, Any] = {"size": 7.5, "ha": "center", "va": "center", "zorder": 5}
        yield _put(ax, Text(x, y, numbers, color="white" if dark else colour, bbox=box, **look))

    @staticmethod
    def _spend(stage: _Stage, found: Timing) -> Iterator[Artist]:
        for currency, (at, spend, orphaned) in spent_by_day(found.first).items():
            if currency not in stage.spend:
                continue
            start = [date_of(found.first, begin) for begin in at.tolist()]
            boxes = [_box(x, x + 0.86, 0, y) for x, y in zip(start, spend, strict=True)]
            yield _put(stage.spend[currency], PolyCollection(boxes, facecolors=COLOURS["spend"], linewidths=0))
            colour, hatch, edge = LOOKS[Kind.ORPHANED]
            some = [_box(x, x + 0.86, y, y + z) for x, y, z in zip(start, spend, orphaned, strict=True) if z > 0]
            if some:
                look = PolyCollection(some, facecolors=colour, edgecolors=edge, hatch=hatch, linewidths=0)
                yield _put(stage.spend[currency], look)

    def _outcomes(self, stage: _Stage, found: Timing, summaries: list[Summary]) -> Iterator[Artist]:
        ax = stage.outcomes
        if len(found.runs) > 1:
            above: dict[str, Any] = {"size": 8, "ha": "right", "va": "bottom", "transform": ax.transAxes}
            yield _put(ax, Text(1, 1.06, f"{len(found.runs)} runs", **above))
        for place, (key, summary, exactness) in enumerate(zip(found.keys(), summaries, found.exactness(), strict=True)):
            whole, part = self._whole.get(key, (0.0, ""))
            scale = _BAR / max(whole, summary.mean, 1e-9)
            half = summary.half_width if np.isfinite(summary.half_width) else 0.0
            rough = exactness not in ("", Exactness.EXACT.value)
            colour, y = COLOURS["waiting" if rough else "observed"], [place + 0.5] * 2
            yield _put(ax, Line2D([0, summary.mean * scale], y, color=colour, linewidth=5, solid_capstyle="butt"))
            if half:
                ends = [(summary.mean - half) * scale, (summary.mean + half) * scale]
                yield _put(ax, Line2D(ends, y, color=COLOURS["text"], linewidth=2))
            told = f"{plus_minus(summary.mean, summary.half_width)} {part or key[2]}"
            told += f" ({exactness})" if rough else ""
            yield _put(ax, Text(_BAR + 0.02, y[0], told, size=8, va="center"))


def spent_by_day(first: Run | CountRun) -> dict[str, tuple[NDArray[np.int64], _Floats, _Floats]]:
    """Give starts of days in ms, spend with access and spend without, by currency; see :func:`spend_by_day`.

    Of a run in counts they are added up here: a table of every ad group takes longer than the picture.
    """
    if isinstance(first, Run):
        tables = spend_by_day(first)
        return {
            currency: (table["start"].to_numpy(np.int64), table["spend"].to_numpy(), table["orphaned"].to_numpy())
            for currency, table in tables.items()
        }
    simulation, clock = first.simulation, first.scenario.clock
    numbering = simulation.numbering
    parts: dict[str, list[tuple[NDArray[np.int64], NDArray[np.bool_], _Floats]]] = {}
    for group, paid in simulation.paid.items():
        account = simulation.history.now.ad_accounts[numbering.accounts[numbering.group_account[group]]]
        begin = paid.rows.start - (paid.rows.start + clock.start_offset + account.utc_offset) % DAY
        spent = paid.spend.astype(np.float64) * to_major(1, account.currency)
        parts.setdefault(account.currency, []).append((begin, paid.rows.authorised, spent))
    found: dict[str, tuple[NDArray[np.int64], _Floats, _Floats]] = {}
    for currency, some in sorted(parts.items()):
        at, place = np.unique(np.concatenate([begin for begin, _, _ in some]), return_inverse=True)
        authorised = np.concatenate([known for _, known, _ in some])
        spend = np.concatenate([money for *_, money in some])
        both = [np.bincount(place, spend * here, len(at)).astype(np.float64) for here in (authorised, ~authorised)]
        found[currency] = at, both[0], both[1]
    return found


def _name(ax: Axes, y: float, told: str, *, heading: bool = False) -> None:
    """Write a name to the left of the dates; a heading has nothing beside it and may be longer."""
    look: dict[str, Any] = {"weight": "bold", "color": COLOURS["muted"]} if heading else {}
    text = _cut(told, 2 * _ROOM) if heading else _cut(told)
    ax.text(_EDGE, y, text, size=8, va="center", transform=ax.get_yaxis_transform(), **look)


def _box(left: float, right: float, low: float, high: float) -> NDArray[np.float64]:
    return np.array([(left, low), (right, low), (right, high), (left, high)])


def _put(ax: Axes, artist: Any) -> Artist:
    """Put an artist into an axes without making it a part of it, so that it is gone when it has been drawn."""
    artist.axes = ax
    artist.set_figure(ax.figure)
    if not artist.is_transform_set():
        artist.set_transform(ax.transData)
    artist.set_clip_path(None) if isinstance(artist, Text) else artist.set_clip_box(ax.bbox)
    found: Artist = artist
    return found


def _near(found: list[Mark], length: float) -> Iterator[list[Mark]]:
    """Put marks together that would overlap."""
    group: list[Mark] = []
    for mark in found:
        if group and mark.at - group[0].at > length:
            yield group
            group = []
        group.append(mark)
    if group:
        yield group
