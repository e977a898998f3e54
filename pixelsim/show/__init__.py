"""Charts and the report: what came of a scenario, for people to look at."""

from pixelsim.show.charts import access_graph, difference, event_flow, funnel, metrics_by_viewer, timeline
from pixelsim.show.findings import findings
from pixelsim.show.frames import change_log_frame, metrics_frame, outcomes_frame
from pixelsim.show.graph import access_graph_figure
from pixelsim.show.names import Names
from pixelsim.show.picture import Picture, chart, picture_of
from pixelsim.show.report import html_report, write_report
from pixelsim.show.style import NARROW, WIDE, figure_png, new_figure, styled, write_png
from pixelsim.show.timeline import timeline_figure, write_timeline

__all__ = [
    "NARROW",
    "WIDE",
    "Names",
    "Picture",
    "access_graph",
    "access_graph_figure",
    "change_log_frame",
    "chart",
    "difference",
    "event_flow",
    "figure_png",
    "findings",
    "funnel",
    "html_report",
    "metrics_by_viewer",
    "metrics_frame",
    "new_figure",
    "outcomes_frame",
    "picture_of",
    "styled",
    "timeline",
    "timeline_figure",
    "write_png",
    "write_report",
    "write_timeline",
]
