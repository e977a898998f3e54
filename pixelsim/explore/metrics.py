"""The five metrics by viewer, as pure functions: the figures that can be compared, and the bridge between two."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.figure import Figure as Picture

from pixelsim.base.errors import UnknownNameError
from pixelsim.counts import Exactness
from pixelsim.explore.moving import Strip, quick_strip, rounded_up, stacked_png
from pixelsim.measure import Bridge, Figure, Stage, reconcile
from pixelsim.scenario.measurement import AttributedShown
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.bridge import bridge
from pixelsim.show.metrics import metrics_by_viewer
from pixelsim.show.names import Names
from pixelsim.show.style import new_figure, placed, styled
from pixelsim.study.detail import Detail
from pixelsim.study.replicate import Replications, replicate
from pixelsim.study.run import Run, run

__all__ = [
    "SHOWN",
    "MetricsFound",
    "figure_of",
    "figures_of",
    "metrics_found",
    "metrics_picture",
    "readings_figure",
    "showing",
    "shown_as",
    "trust",
]

SHOWN = {
    AttributedShown.ANY_AD_ON_PIXEL.value: "of any ad on the pixel",
    AttributedShown.OWN_ADS.value: "of its own ads only",
}
"""What a receiver is shown as attributed events, by the value of the setting: as the page says, or as the API does."""
_TITLE, _BELOW, _SCALE, _SIDE = 0.45, 0.8, 0.5, 0.2
"""Inches of a title, of a scale with its words and its legend, of a scale alone, and of the edges at both sides."""
_CHARACTER = 0.072
"""Inches that a character of a name takes, bold ones included."""
_STAGES = {
    Stage.HAPPENED: "what happened, in truth",
    Stage.SENT: "copies sent to the pixel",
    Stage.RECEIVED: "copies received by the pixel",
    Stage.TOTAL: "total events (R24, R26)",
    Stage.ATTRIBUTED: "attributed events of all ads (R25, R26)",
}
"""What each figure of a whole pixel is called."""


def figures_of(scenario: Scenario) -> list[tuple[str, str]]:
    """Give the figures that can be compared, as pairs of name and key; the keys are those of :func:`figure_of`.

    They go from the truth to the total and attributed events of the pixel, and on to each account with campaigns and
    each of its campaigns.
    """
    names = Names(scenario.structure.world())
    found = [(told, stage.value) for stage, told in _STAGES.items()]
    for account in scenario.structure.ad_accounts:
        mine = [campaign for campaign in scenario.structure.campaigns if campaign.account == account.id]
        if mine:
            found.append((f"attributed to {names.of('ad_accounts', account.id)}", f"account {account.id}"))
        found += [(f"attributed to campaign {names.of('campaigns', c.id)} (R27)", f"campaign {c.id}") for c in mine]
    return found


def figure_of(scenario: Scenario, key: str, event: str = "Purchase", pixel: str | None = None) -> Figure:
    """Give the figure that a key of :func:`figures_of` names.

    Parameters
    ----------
    scenario
        Where accounts and campaigns come from.
    key
        A stage by its words, ``"account ID"`` or ``"campaign ID"``.
    event
        A standard event.
    pixel
        Code of the pixel; may be left out where there is one only.

    Raises
    ------
    UnknownNameError
        There is no such figure.
    """
    known = [name for _, name in figures_of(scenario)]
    if key not in known:
        raise UnknownNameError("figure", key, known)
    kind, _, of = key.partition(" ")
    if kind == "account":
        return Figure(stage=Stage.ACCOUNT, event=event, pixel=pixel, account=of)
    if kind == "campaign":
        account = next(c.account for c in scenario.structure.campaigns if c.id == of)
        return Figure(stage=Stage.CAMPAIGN, event=event, pixel=pixel, account=account, campaign=of)
    return Figure(stage=Stage(key), event=event, pixel=pixel)


def showing(scenario: Scenario, shown: str) -> Scenario:
    """Give the scenario in which a receiver is shown attributed events of all ads, or of its own only."""
    if scenario.measurement.attributed_shown.value == shown:
        return scenario
    return scenario.vary("measurement.attributed_shown", shown)


def shown_as(one: Run, shown: str) -> Run:
    """Give a run as it would have been read under the other setting of :func:`showing`, which moves no event."""
    return replace(one, simulation=replace(one.simulation, scenario=showing(one.scenario, shown)))


@dataclass(frozen=True, slots=True)
class MetricsFound:
    """What viewers read, and why two figures differ.

    Parameters
    ----------
    many
        Replications, for the means.
    first
        One run with events, for the bridge: it explains one possible history, event by event.
    event, pixel
        Standard event, and code of the pixel.
    names
        Names of the bridge's two figures.
    bridge
        From one figure to the other.
    """

    many: Replications
    first: Run
    event: str
    pixel: str
    names: tuple[str, str]
    bridge: Bridge


def metrics_found(
    scenario: Scenario,
    event: str = "Purchase",
    start: str = Stage.HAPPENED.value,
    end: str = Stage.ATTRIBUTED.value,
    *,
    pixel: str | None = None,
    many: Replications | None = None,
    first: Run | None = None,
    replications: int = 5,
    seed: int = 1,
    detail: Detail = "events",
) -> MetricsFound:
    """Give what viewers read of one event, and the bridge between two figures.

    Parameters
    ----------
    scenario
        What is run.
    event
        A standard event.
    start, end
        Keys of two figures, see :func:`figures_of`.
    pixel
        Code of the pixel; the first one by default.
    many, first
        Runs that are there already; made here by default.
    replications
        How many runs, at least 1.
    seed
        Root seed.
    detail
        In which detail the runs for the means are made; the first is made with events in any case, since only they
        tell why two figures differ.

    Raises
    ------
    UnknownNameError
        There is no such event, pixel or figure.
    InputError
        There is to be no run, or a scenario is refused.
    """
    one = run(scenario, seed=seed) if first is None else first
    pixels = one.simulation.numbering.pixels
    code = pixels[0] if pixel is None and pixels else pixel
    if code not in pixels:
        raise UnknownNameError("pixel", str(code), pixels)
    labels = {key: name for name, key in figures_of(scenario)}
    figures = [figure_of(scenario, key, event, code) for key in (start, end)]
    return MetricsFound(
        many=replicate(scenario, replications, seed=seed, detail=detail) if many is None else many,
        first=one,
        event=event,
        pixel=str(code),
        names=(labels[start], labels[end]),
        bridge=reconcile(one.simulation, *figures),
    )


def trust(found: MetricsFound) -> dict[tuple[str, str], str]:
    """Give the least exactness of each metric, by surface and metric, of runs in counts; nothing of those with events.

    Parameters
    ----------
    found
        What viewers read.
    """
    many, order = found.many, [exactness.value for exactness in Exactness]
    told: dict[tuple[str, str], str] = {}
    columns = (many.names[name] for name in ("surface", "response", "kind", "event", "pixel"))
    for surface, metric, kind, event, pixel, exactness in zip(*columns, many.exactness, strict=False):
        if (kind, event, pixel) == ("metric", found.event, found.pixel):
            key = surface, metric
            told[key] = max(told.get(key, exactness), exactness, key=order.index)
    return told


def readings_figure(found: MetricsFound, width: float) -> Picture:
    """Draw what viewers read, ``width`` inches wide; it is the same whatever bridge is asked for."""
    viewers = len(set(found.many.names["viewer"]) - {""})
    tall = 5 * 0.18 * (viewers + 1.3)
    picture = new_figure(width, _TITLE + tall + _BELOW)
    with styled():
        ax = placed(picture, left=_SIDE, right=_SIDE, top=_TITLE, height=tall)
        metrics_by_viewer(ax, found.many, event=found.event, pixel=found.pixel)
        ax.set_xlim(0, rounded_up(ax.get_xlim()[1]))
        told = trust(found)
        if told:
            rough = [
                f"{exactness.value}: {', '.join(dict.fromkeys(m for (_, m), of in told.items() if of == exactness))}"
                for exactness in Exactness
                if exactness is not Exactness.EXACT and exactness in told.values()
            ]
            lines = [part for line in rough for part in textwrap.wrap(line, 90)]
            ax.set_xlabel("\n".join([f"{ax.get_xlabel()}, in counts", *lines]))
            # The legend stands below the words, and a line of them is 1.35 of its own lines high.
            legend: Any = ax.get_legend()
            legend.borderaxespad += 1.35 * len(lines)
    return picture


def _bridge_strip(found: MetricsFound, width: float) -> Strip:
    tall = 0.32 * (len(found.bridge.steps) + 2)
    picture = new_figure(width, _TITLE + tall + _SCALE)
    with styled():
        ax = placed(picture, left=_SIDE, right=_SIDE, top=_TITLE, height=tall)
        bridge(ax, found.bridge, start=found.names[0], end=found.names[1])
        ax.set_xlim(0, rounded_up(ax.get_xlim()[1]))
        # It has long names beside it, as wide as their words are.
        names = tuple(label.get_text() for label in ax.get_yticklabels())
        left = _SIDE + _CHARACTER * max(len(line) for name in names for line in name.splitlines())
        placed(picture, left=left, right=_SIDE, top=_TITLE, height=tall, ax=ax)
    return quick_strip(picture, names)


def metrics_picture(found: MetricsFound, width: float, readings: Strip | None = None) -> bytes:
    """Draw what viewers read, and below it the bridge, as PNG.

    Parameters
    ----------
    found
        What is drawn.
    width
        Inches.
    readings
        What viewers read, where it is drawn already; see `readings_figure`.
    """
    above = quick_strip(readings_figure(found, width)) if readings is None else readings
    return stacked_png(above, _bridge_strip(found, width))
