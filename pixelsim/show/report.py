"""The report: one HTML page that says what came of a scenario, how sure that is, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pixelsim._version import __version__
from pixelsim.base.errors import InputError
from pixelsim.base.files import write_text
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.show.digits import count
from pixelsim.show.findings import findings
from pixelsim.show.flow import event_flow, funnel, funnel_table, hops
from pixelsim.show.graph import access_graph_figure, graph_of
from pixelsim.show.metrics import metrics_by_viewer, readings
from pixelsim.show.names import Names
from pixelsim.show.page import details, facts, page, paragraph, picture
from pixelsim.show.rests import audit_table, order_tables, organic_table
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


def html_report(replications: Replications, run: Run, *, title: str = "", pictures: bool = True) -> str:
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
    pictures
        Whether there are pictures; without them the page is small, made at once, and says in words what they show.

    Raises
    ------
    InputError
        The run is one of another scenario.
    """
    scenario = run.asked
    if scenario.content_hash != replications.scenario.content_hash:
        raise InputError.single(
            "report",
            field="run",
            value=scenario.name,
            rule=f"a run of the replicated scenario, {replications.scenario.name}",
            remedy="run the same scenario once",
        )
    names = Names(run.simulation.history.now)

    def shown(parts: Iterator[_Shown]) -> str:
        return "".join(part.html(pictures) for part in parts)

    metrics = shown(_metrics(replications, run, names)) + _metric_tables(replications, names)
    orders = order_tables(run, names)
    sections = [
        ("short", "In short", _bullets(findings(replications, run))),
        ("timeline", "Timeline", shown(_timeline(run))),
        ("metrics", "What each viewer reads", metrics),
        ("outcomes", "Outcomes", outcome_table(replications, names)),
        *([("orders", "Orders and their value", orders)] if orders else []),
        ("events", "What became of the events", shown(_events(run))),
        ("audit", "Audit", audit_table(run, names)),
        ("access", "Who has access", shown(_access(run))),
        ("actions", "Change log", change_log_table(run, names)),
        ("refused", "Refused actions", refused_table(run, names)),
        ("assumptions", "What the figures rest on", organic_table(run, names) + parameter_rows(scenario, names)),
    ]
    lead = facts(_facts(replications, run))
    heading = title or scenario.title or scenario.name
    footer = (
        f"pixelsim {__version__}, scenario {scenario.name} ({scenario.content_hash}), seed {replications.seed}. "
        "A simulation rehearses decisions; it is no forecast, and its figures are only as good as what they rest on."
    )
    return page(heading, lead, sections, footer)


def write_report(
    replications: Replications, run: Run, path: str | Path, *, title: str = "", pictures: bool = True
) -> Path:
    """Write the report as an HTML file, whole or not at all, and give its path; see :func:`html_report`."""
    target = Path(path)
    write_text(target, html_report(replications, run, title=title, pictures=pictures))
    return target


def _bullets(sentences: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences) + "</ul>"


def _facts(replications: Replications, run: Run) -> Iterator[tuple[str, str]]:
    scenario = run.asked
    yield "Scenario", f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name
    yield "Simulated", f"{scenario.days} days from {scenario.start:%d %B %Y %H:%M %Z}"
    yield "Replications", f"{len(replications)}, seed {replications.seed}"
    yield "Shown as one history", f"replication {run.simulation.replication} of seed {run.simulation.seed}"
    yield "Version", f"pixelsim {__version__}, scenario hash {scenario.content_hash}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture by its width in inches, what it shows in words, and a line of text before it."""

    make: Callable[[float], Figure]
    told: str
    before: str = ""

    def html(self, pictures: bool) -> str:  # noqa: FBT001 - passed on from the report's own option
        before = paragraph(self.before) if self.before else ""
        if not pictures:
            return before + paragraph(self.told)
        return before + picture(self.make(WIDE), self.make(NARROW), self.told)


def _chart(draw: Callable[[Axes], Axes], height: float) -> Callable[[float], Figure]:
    """Give a maker of figures of a height in inches."""

    def make(width: float) -> Figure:
        figure = new_figure(width, height)
        with styled():
            draw(figure.subplots())
        return figure

    return make


def _timeline(run: Run) -> Iterator[_Shown]:
    lines = action_lines(run, 200, most=1000)
    told = f"{ONE_HISTORY}: grants, delivery and spend by day, with every action. {' '.join(lines)}"
    yield _Shown(partial(timeline_figure, run), told)


def _metrics(replications: Replications, run: Run, names: Names) -> Iterator[_Shown]:
    for code in run.simulation.numbering.pixels:
        found = readings(replications, pixel=code)
        viewers = len({reading.viewer for reading in found})
        told = "; ".join(f"{r.viewer}, {r.surface}, {r.metric}: {r.text}" for r in found)
        draw = partial(metrics_by_viewer, result=replications, pixel=code)
        height = 1.3 + 5 * 0.21 * (viewers + 1.6)
        yield _Shown(_chart(draw, height), f"Purchases of pixel {names.of('pixels', code)}. {told}.")


def _metric_tables(replications: Replications, names: Names) -> str:
    note = paragraph(
        "The five metrics of R24 to R27: means ± the half-width of their 95 % interval, and the 5–95 % range of single "
        "runs. A viewer without access reads nothing, which is not 0."
    )
    tables = (
        details(event, metric_table(replications, names, event), opened=event == EVENT_NAMES[-1])
        for event in reversed(EVENT_NAMES)
    )
    return note + "".join(tables)


def _events(run: Run) -> Iterator[_Shown]:
    for code in run.simulation.numbering.pixels:
        flow = "; ".join(f"{hop.name} {count(hop.size)}" for hop in hops(run, code))
        yield _Shown(_chart(partial(event_flow, run=run, pixel=code), 3.7), f"{ONE_HISTORY}: {flow}.")
        table = funnel_table(run, code)
        steps = "; ".join(f"{event} {count(kept)}" for event, kept in zip(table["event"], table["kept"], strict=True))
        yield _Shown(_chart(partial(funnel, run=run, pixel=code), 3.1), f"{ONE_HISTORY}, kept by the pixel: {steps}.")


def _access(run: Run) -> Iterator[_Shown]:
    first, last = run.scenario.structure.world(), run.simulation.history.now
    yield _graph(first, "At the start:")
    if last != first:
        yield _graph(last, "At the end:")


def _graph(world: World, before: str) -> _Shown:
    graph, names = graph_of(world), Names(world)
    called = {node: names.of(data["kind"], data["key"]) for node, data in graph.nodes(data=True)}
    ties = (f"{called[one]} → {called[two]}: {data['tie'].value}" for one, two, data in graph.edges(data=True))
    return _Shown(partial(access_graph_figure, world), f"{'; '.join(ties)}.", before)
