"""The report: one HTML page that says what came of a scenario, how sure that is, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from matplotlib.axes import Axes

from pixelsim._version import __version__
from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.show.digits import count
from pixelsim.show.findings import findings
from pixelsim.show.flow import event_flow, funnel, hops
from pixelsim.show.graph import access_graph_figure, graph_of
from pixelsim.show.metrics import metrics_by_viewer, readings
from pixelsim.show.names import Names
from pixelsim.show.page import details, facts, page, paragraph, picture
from pixelsim.show.style import NARROW, WIDE, new_figure, styled
from pixelsim.show.tables import (
    change_log_table,
    metric_table,
    outcome_table,
    parameter_rows,
    refused_table,
)
from pixelsim.show.timeline import ONE_HISTORY, action_lines, timeline_figure
from pixelsim.study.replicate import Replications
from pixelsim.study.run import Run
from pixelsim.world.world import World

__all__ = ["html_report", "write_report"]


def html_report(replications: Replications, run: Run, *, title: str = "") -> str:
    """Give the result of a scenario as one self-contained HTML page.

    It can be opened without a network, read on a phone and printed. Figures of several runs are means with the
    half-width of the mean; pictures and lists of a single run say so.

    Parameters
    ----------
    replications
        Several runs of the scenario.
    run
        One of them, shown as one possible history.
    title
        First heading; the scenario's title by default.

    Raises
    ------
    InputError
        The run is one of another scenario.
    """
    scenario = run.scenario
    if scenario.content_hash != replications.scenario.content_hash:
        raise InputError.single(
            "report",
            field="run",
            value=scenario.name,
            rule=f"a run of the replicated scenario, {replications.scenario.name}",
            remedy="run the same scenario once",
        )
    names = Names(run.simulation.history.now)
    sections = [
        ("short", "In short", _bullets(findings(replications, run))),
        ("timeline", "Timeline", _timeline(run)),
        ("metrics", "What each viewer reads", _metrics(replications, run, names)),
        ("outcomes", "Outcomes", outcome_table(replications, names)),
        ("events", "What became of the events", _events(run)),
        ("access", "Who has access", _access(run)),
        ("actions", "Change log", change_log_table(run, names)),
        ("refused", "Refused actions", refused_table(run, names)),
        ("assumptions", "What the figures rest on", parameter_rows(scenario, names)),
    ]
    lead = facts(_facts(replications, run))
    heading = title or scenario.title or scenario.name
    footer = (
        f"pixelsim {__version__}, scenario {scenario.name} ({scenario.content_hash}), seed {replications.seed}. "
        "A simulation rehearses decisions; it is no forecast, and its figures are only as good as what they rest on."
    )
    return page(heading, lead, sections, footer)


def write_report(replications: Replications, run: Run, path: str | Path, *, title: str = "") -> Path:
    """Write the report as an HTML file, whole or not at all, and give its path; see :func:`html_report`."""
    target = Path(path)
    write_text(target, html_report(replications, run, title=title))
    return target


def _bullets(sentences: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + "</ul>"


def _facts(replications: Replications, run: Run) -> Iterator[tuple[str, str]]:
    scenario = run.scenario
    yield "Scenario", f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name
    yield "Simulated", f"{scenario.days} days from {scenario.start:%d %B %Y %H:%M %Z}"
    yield "Replications", f"{len(replications)}, seed {replications.seed}"
    yield "Shown as one history", f"replication {run.simulation.replication} of seed {run.simulation.seed}"
    yield "Version", f"pixelsim {__version__}, scenario hash {scenario.content_hash}"


def _drawn(draw: Callable[[Axes], Axes], told: str, height: float) -> str:
    """Give a chart in both widths; ``height`` is in inches."""
    wide, narrow = new_figure(WIDE, height), new_figure(NARROW, height)
    with styled():
        draw(wide.subplots())
        draw(narrow.subplots())
    return picture(wide, narrow, told)


def _timeline(run: Run) -> str:
    lines = action_lines(run, 200, most=1000)
    told = f"{ONE_HISTORY}: grants, delivery and spend by day, with every action. {' '.join(lines)}"
    return picture(timeline_figure(run, WIDE), timeline_figure(run, NARROW), told)


def _metrics(replications: Replications, run: Run, names: Names) -> str:
    parts: list[str] = []
    viewers = len({reading.viewer for reading in readings(replications)})
    for code in run.simulation.numbering.pixels:
        found = readings(replications, pixel=code)
        told = "; ".join(f"{r.viewer}, {r.surface}, {r.metric}: {r.text}" for r in found)
        draw = _metric_chart(replications, code)
        parts.append(
            _drawn(draw, f"Purchases of pixel {names.of('pixels', code)}. {told}", 1.3 + 5 * 0.21 * (viewers + 1.6))
        )
    parts.append(
        paragraph(
            "The five metrics of R24 to R27: means ± the half-width of their 95 % interval, and the 5–95 % range of "
            "single runs. A viewer without access reads nothing, which is not 0."
        )
    )
    parts += [
        details(event, metric_table(replications, names, event), opened=event == EVENT_NAMES[-1])
        for event in reversed(EVENT_NAMES)
    ]
    return "".join(parts)


def _metric_chart(replications: Replications, code: str) -> Callable[[Axes], Axes]:
    return lambda ax: metrics_by_viewer(ax, replications, pixel=code)


def _events(run: Run) -> str:
    parts = []
    for code in run.simulation.numbering.pixels:
        parts.append(_drawn(_flow_chart(run, code), _flow_told(run, code), 3.7))
        parts.append(_drawn(_funnel_chart(run, code), "Steps of a purchase as the pixel saw them.", 3.1))
    return "".join(parts)


def _flow_chart(run: Run, code: str) -> Callable[[Axes], Axes]:
    return lambda ax: event_flow(ax, run, pixel=code)


def _funnel_chart(run: Run, code: str) -> Callable[[Axes], Axes]:
    return lambda ax: funnel(ax, run, pixel=code)


def _flow_told(run: Run, code: str) -> str:
    return "; ".join(f"{hop.name} {count(hop.size)}" for hop in hops(run, code))


def _access(run: Run) -> str:
    first, last = run.scenario.structure.world(), run.simulation.history.now
    parts = [paragraph("At the start:"), _graph(first)]
    if last != first:
        parts += [paragraph("At the end:"), _graph(last)]
    return "".join(parts)


def _graph(world: World) -> str:
    graph = graph_of(world)
    names = Names(world)
    told = "; ".join(
        f"{names.of(graph.nodes[one]['kind'], graph.nodes[one]['key'])} → "
        f"{names.of(graph.nodes[other]['kind'], graph.nodes[other]['key'])}: {data['tie'].value}"
        for one, other, data in graph.edges(data=True)
    )
    return picture(access_graph_figure(world, WIDE), access_graph_figure(world, NARROW), told)
